/*
 * Greedy, by worth for a token, which is within 63 % of the best for sums that only shrink (Nemhauser, Wolsey, Fisher
 * 1978). Lazy (Minoux 1978): a candidate's worth can only have shrunk since it was computed, so it is computed again
 * when it comes up, and only then.
 */
#include "eke/context/packing.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/code/words.h"
#include "eke/text/lines.h"
#include "packing_private.h"

/* What a change of the last minutes is worth by itself. */
#define CHANGE_WORTH 0.15f
#define KEPT_BONUS 1.3f
/* Left for the text around the cursor, which grows as the user types: else the last block would have to go at once. */
#define SPARE(tokens) ((tokens) / 20)
#define PRICE_SHARE(tokens) ((tokens) / 8 * 7) /* of the room: what is taken then has the price */
#define TELLING_NAME 6 /* bytes */
/* Below that for a token nothing goes along. */
#define RATIO_MIN 0.00001f
/* Candidates for so many times the room are put in order at first. */
#define FIRST_TIMES 3
#define RATIO_CLASSES 512

const char *const context_source_names[CONTEXT_SOURCES] = {
	[CONTEXT_SOURCE_IMPORTS] = "imports",
	[CONTEXT_SOURCE_SIMILAR] = "similar",
	[CONTEXT_SOURCE_EDITS] = "edits",
	[CONTEXT_SOURCE_OUTLINE] = "outline",
	[CONTEXT_SOURCE_NOTEBOOK] = "notebook",
};

enum context_source packing_source_of(const struct context_file *file, const struct piece *piece)
{
	switch (file->role) {
	case ROLE_CHANGES:
		return CONTEXT_SOURCE_EDITS;
	case ROLE_ABOVE:
		return CONTEXT_SOURCE_NOTEBOOK;
	case ROLE_CURRENT:
		return piece->kind == PIECE_CHUNK ? CONTEXT_SOURCE_SIMILAR : CONTEXT_SOURCE_OUTLINE;
	case ROLE_IMPORTED:
	case ROLE_BESIDE:
	case ROLE_OPEN:
		break;
	}
	return piece->kind == PIECE_CHUNK ? CONTEXT_SOURCE_SIMILAR : CONTEXT_SOURCE_IMPORTS;
}

bool packing_may_show(const struct context_file *file, const struct piece *piece)
{
	if (file->role == ROLE_CURRENT && piece->start < file->hide_to && piece->end > file->hide_from)
		return false;
	/* What other files import says nothing here. */
	if (piece->kind == PIECE_IMPORT)
		return file->role == ROLE_CURRENT || file->role == ROLE_ABOVE;
	if (file->role != ROLE_CURRENT && file->role != ROLE_ABOVE && piece->file_local)
		return false;
	/* Of files that are not open only what they declare. */
	return piece->kind != PIECE_CHUNK || (file->role != ROLE_IMPORTED && file->role != ROLE_BESIDE);
}

/* A name of several words, or a long one, is hardly the same by chance. */
static bool is_telling(const struct name *name)
{
	return name->part_count > 1 || name->len >= TELLING_NAME;
}

/* How sure it is that the piece declares what the text means. */
static float declares_worth(const struct packing_work *w, const struct context_file *file, const struct piece *piece)
{
	const struct digest *d = file->digest;
	const struct evidence *e = &w->evidence;
	const struct piece *parent = piece->parent ? &d->pieces[piece->parent - 1] : NULL;
	bool far = file->role == ROLE_OPEN || file->role == ROLE_BESIDE;
	bool parent_named = parent && parent->declares && e->shown[parent->declares];
	float worth = far ? 0.5f : 1;

	if (piece->kind == PIECE_IMPORT) {
		worth = 0;
		for (uint32_t k = 0; k < piece->name_count; k++)
			worth += 0.3f * e->near[d->names[piece->first_name + k]];
		return worth;
	}
	if (!piece->declares)
		return 0;
	/* Of a type that is named all members help, those that are named most. */
	if (e->near[piece->declares] == 0)
		return parent_named ? worth / 8 : 0;
	if (far && !parent_named && !is_telling(names_at(w->in->names, piece->declares)))
		return 0;
	return parent && !parent_named ? worth / 2 : worth;
}

/* Its first line stands in the text already. */
static bool is_there(const struct context_cursor *cursor, const struct digest *d, const struct piece *piece)
{
	const char *line = d->text + piece->start;
	size_t len = lines_first_end(line, piece->end - piece->start);
	size_t blanks = skip_blanks(line, len);

	return memmem(cursor->before, cursor->before_len, line + blanks, len - blanks) != NULL;
}

static bool may_declare(const struct packing_work *w, const struct context_file *file, const struct piece *piece)
{
	if (piece->kind == PIECE_CHUNK || piece->kind == PIECE_EDIT)
		return false;
	return declares_worth(w, file, piece) > 0 && !is_there(&w->in->cursor, file->digest, piece);
}

const struct piece *packing_piece_at(const struct packing_work *w, size_t file, size_t piece)
{
	return &w->in->files[file].digest->pieces[piece];
}

static bool is_taken(const struct packing_work *w, size_t file, size_t piece)
{
	return w->taken[file] && w->taken[file][piece];
}

static bool was_kept(const struct packing_work *w, uint32_t hash)
{
	const struct packing_kept *kept = w->in->kept;
	size_t low = 0;
	size_t high = kept ? kept->count : 0;

	if (!(w->kept[hash % KEPT_FILTER / 64] & UINT64_C(1) << hash % 64))
		return false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (kept->hashes[middle] == hash)
			return true;
		if (kept->hashes[middle] < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

float packing_worth_of(const struct packing_work *w, const struct context_file *file, const struct piece *piece)
{
	const struct digest *d = file->digest;
	const struct evidence *e = &w->evidence;
	const float *likely = e->likely;
	const uint32_t *ids = d->names + piece->first_name;
	float worth = 0;

	if (w->in->declarations)
		return declares_worth(w, file, piece);
	for (uint32_t k = 0; k < piece->name_count; k++)
		worth += likely[ids[k]];
	if (piece->declares)
		worth += PACKING_DECLARED_NEAR * e->near[piece->declares];
	if (piece->kind == PIECE_EDIT)
		worth += CHANGE_WORTH;
	return worth;
}

static size_t cost_of(const struct packing_work *w, const struct packing_candidate *c)
{
	const struct piece *piece = packing_piece_at(w, c->file, c->piece);
	size_t cost = piece->tokens + PIECE_TOKENS;

	if (piece->parent && !is_taken(w, c->file, piece->parent - 1))
		cost += packing_piece_at(w, c->file, piece->parent - 1)->tokens;
	return w->taken[c->file] ? cost : cost + w->in->tokens_per_file;
}

/* The line of a file is shared by what else of it goes along. */
static float rate(const struct packing_work *w, struct packing_candidate *c, bool first)
{
	const struct context_file *file = &w->in->files[c->file];
	const struct piece *piece = &file->digest->pieces[c->piece];
	size_t cost = first ? piece->tokens + PIECE_TOKENS : cost_of(w, c);

	float ratio;

	c->worth = packing_worth_of(w, file, piece);
	ratio = c->worth / (float)(cost ? cost : 1);
	return was_kept(w, piece->hash) ? ratio * KEPT_BONUS : ratio;
}

/* --- the heap --- */

static size_t tokens_left(const struct packing_work *w)
{
	size_t most = w->in->tokens - (w->in->declarations ? 0 : SPARE(w->in->tokens));

	return most > w->out->tokens ? most - w->out->tokens : 0;
}

static void sift_down(struct packing_work *w, size_t at)
{
	struct packing_node moved = w->heap[at];

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= w->count)
			break;
		if (child + 1 < w->count && w->heap[child + 1].ratio > w->heap[child].ratio)
			child++;
		if (w->heap[child].ratio <= moved.ratio)
			break;
		w->heap[at] = w->heap[child];
		at = child;
	}
	w->heap[at] = moved;
}

static void pop(struct packing_work *w)
{
	w->heap[0] = w->heap[--w->count];
	if (w->count)
		sift_down(w, 0);
}

static void order(struct packing_work *w)
{
	for (size_t i = w->count / 2; i-- > 0;)
		sift_down(w, i);
}

static struct packing_candidate *candidate_of(const struct packing_work *w, size_t at)
{
	return &w->candidates[w->heap[at].candidate];
}

/* Whatever else is taken: it costs no less. */
static size_t least_cost(const struct packing_work *w, size_t at)
{
	const struct packing_candidate *c = candidate_of(w, at);

	return packing_piece_at(w, c->file, c->piece)->tokens + PIECE_TOKENS;
}

/* Ratios in steps of a half of their power of two. */
static size_t ratio_class(float ratio)
{
	uint32_t bits;

	memcpy(&bits, &ratio, sizeof(bits));
	return bits >> 22 & (RATIO_CLASSES - 1);
}

/* Most candidates never come up: only the best are put in order, and the rest when these are used up. */
static void set_rest_aside(struct packing_work *w)
{
	size_t tokens[RATIO_CLASSES] = { 0 };
	size_t class = RATIO_CLASSES;
	size_t sum = 0;
	size_t best = 0;

	for (size_t i = 0; i < w->count; i++)
		tokens[ratio_class(w->heap[i].ratio)] += least_cost(w, i);
	while (class && sum < FIRST_TIMES * tokens_left(w))
		sum += tokens[--class];
	w->bar = RATIO_MIN;
	for (size_t i = 0; i < w->count; i++) {
		struct packing_node c = w->heap[i];

		if (ratio_class(c.ratio) < class) {
			if (w->bar < c.ratio)
				w->bar = c.ratio;
			continue;
		}
		w->heap[i] = w->heap[best];
		w->heap[best++] = c;
	}
	w->rest_at = best;
	w->rest_count = w->count - best;
	w->count = best;
}

static void bring_rest(struct packing_work *w)
{
	size_t left = tokens_left(w);

	for (size_t i = 0; i < w->rest_count; i++)
		if (least_cost(w, w->rest_at + i) <= left)
			w->heap[w->count++] = w->heap[w->rest_at + i];
	w->rest_count = 0;
	order(w);
}

static void gather(struct packing_work *w)
{
	const struct packing_input *in = w->in;
	size_t most = 0;

	for (size_t f = 0; f < in->file_count; f++)
		most += in->files[f].digest->count;
	w->heap = xreallocarray(NULL, most + 1, sizeof(*w->heap));
	w->candidates = xreallocarray(NULL, most + 1, sizeof(*w->candidates));

	for (size_t i = 0; in->kept && i < in->kept->count; i++) {
		uint32_t hash = in->kept->hashes[i];

		w->kept[hash % KEPT_FILTER / 64] |= UINT64_C(1) << hash % 64;
	}
	for (size_t f = 0; f < in->file_count; f++) {
		const struct context_file *file = &in->files[f];

		for (size_t i = 0; file->sendable && i < file->digest->count; i++) {
			const struct piece *piece = &file->digest->pieces[i];
			struct packing_candidate c = {
				.file = (uint32_t)f, .piece = (uint32_t)i, .source = packing_source_of(file, piece)
			};
			bool fits = piece->tokens + PIECE_TOKENS <= in->tokens;
			float ratio;

			if (!fits || !(in->sources & 1u << c.source) || !packing_may_show(file, piece) || is_taken(w, f, i))
				continue;
			if (in->declarations && !may_declare(w, file, piece))
				continue;
			ratio = rate(w, &c, true);
			if (ratio < RATIO_MIN)
				continue;
			w->candidates[w->count] = c;
			w->heap[w->count] = (struct packing_node){ ratio, (uint32_t)w->count };
			w->count++;
		}
	}
	w->fitting = tokens_left(w);
	set_rest_aside(w);
	order(w);
}

/* --- taking --- */

void packing_mark(struct packing_work *w, const struct packing_candidate *c, size_t piece, float worth)
{
	const struct digest *d = w->in->files[c->file].digest;
	const struct piece *p = &d->pieces[piece];
	struct packing *out = w->out;

	if (!w->taken[c->file])
		w->taken[c->file] = xcalloc(d->count, sizeof(**w->taken));
	for (uint32_t k = 0; k < p->name_count; k++)
		w->evidence.likely[d->names[p->first_name + k]] = 0;
	if (p->declares)
		w->evidence.near[p->declares] = 0;
	if (out->count == w->item_room) {
		w->item_room = w->item_room ? 2 * w->item_room : 64;
		w->items = xreallocarray(w->items, w->item_room, sizeof(*w->items));
	}
	w->items[out->count++] = (struct packed){ c->file, piece, c->source, worth, w->block };
	w->taken[c->file][piece] = (uint32_t)out->count;
}

static void take(struct packing_work *w, const struct packing_candidate *c, size_t cost)
{
	const struct piece *piece = packing_piece_at(w, c->file, c->piece);

	w->out->tokens += cost;
	if (piece->parent && !is_taken(w, c->file, piece->parent - 1))
		packing_mark(w, c, piece->parent - 1, 0);
	packing_mark(w, c, c->piece, c->worth);
}

/* Most candidates are never taken: once half of the room is gone, those that do not fit into the rest are let go. */
static void thin_out(struct packing_work *w)
{
	size_t left = tokens_left(w);
	size_t count = 0;

	if (left > w->fitting / 2)
		return;
	w->fitting = left;
	for (size_t i = 0; i < w->count; i++)
		if (least_cost(w, i) <= left)
			w->heap[count++] = w->heap[i];
	w->count = count;
	order(w);
}

static void fill(struct packing_work *w)
{
	float price = 0;

	for (;;) {
		size_t left = tokens_left(w);
		struct packing_node *top = &w->heap[0];
		struct packing_node before;
		struct packing_candidate *c;
		size_t cost;

		if (w->rest_count && (!w->count || top->ratio <= w->bar)) {
			bring_rest(w);
			continue;
		}
		if (!w->count)
			break;
		c = candidate_of(w, 0);
		if (is_taken(w, c->file, c->piece) || least_cost(w, 0) > left) {
			pop(w);
			continue;
		}
		before = *top;
		top->ratio = rate(w, c, false);
		if (top->ratio < RATIO_MIN) {
			pop(w);
			continue;
		}
		if (top->ratio < before.ratio) {
			sift_down(w, 0);
			if (top->candidate != before.candidate)
				continue;
		}
		cost = cost_of(w, c);
		if (cost <= left) {
			if (w->out->tokens < PRICE_SHARE(w->in->tokens) || !price)
				price = top->ratio;
			take(w, c, cost);
		}
		pop(w);
		if (cost <= left)
			thin_out(w);
	}
	/* In a small rest of the room the best of the new pieces says nothing of what room is worth. */
	if (w->stay_tokens > w->in->tokens / 2)
		price = w->in->price;
	w->out->price = w->out->tokens < PRICE_SHARE(w->in->tokens) ? 0 : price;
}

size_t packing_block_end(const struct packing *packing, size_t first)
{
	const struct packed *items = packing->items;
	size_t end = first;

	while (end < packing->count && items[end].file == items[first].file && items[end].block == items[first].block)
		end++;
	return end;
}

/* Blocks that stay, then what was taken, by file, then by piece. */
static void finish(struct packing_work *w)
{
	struct packed *items = xcalloc(w->out->count + 1, sizeof(*items));
	size_t n = 0;

	for (; n < w->staying; n++)
		items[n] = w->items[n];
	for (size_t f = 0; f < w->in->file_count; f++)
		for (size_t i = 0; w->taken[f] && i < w->in->files[f].digest->count; i++)
			if (w->taken[f][i] > w->staying && w->taken[f][i] <= w->out->count)
				items[n++] = w->items[w->taken[f][i] - 1];
	free(w->items);
	w->out->items = items;
}

void pack(const struct packing_input *input, struct packing *out)
{
	struct packing_work w = { .in = input, .out = out };

	*out = (struct packing){ .items = NULL };
	if (!input->file_count || !input->tokens)
		return;
	evidence_gather(&w.evidence, input->names, &input->cursor, input->files, input->file_count);
	w.taken = xcalloc(input->file_count, sizeof(*w.taken));
	packing_let_stay(&w);
	gather(&w);
	fill(&w);
	packing_stay_still(&w);
	finish(&w);
	for (size_t f = 0; f < input->file_count; f++)
		free(w.taken[f]);
	free(w.taken);
	free(w.heap);
	free(w.candidates);
	evidence_release(&w.evidence);
}

void packing_release(struct packing *packing)
{
	free(packing->items);
	*packing = (struct packing){ .items = NULL };
}
