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

/* Beside its tokens: the line that tells that something is left out before it. */
#define PIECE_TOKENS 2
/* What the declaration of a name is worth that stands right before the cursor already: how it is used. */
#define DECLARED_NEAR 0.15f
/* What a change of the last minutes is worth by itself. */
#define CHANGE_WORTH 0.15f
#define KEPT_BONUS 1.3f
/* Below that for a token nothing goes along. */
#define RATIO_MIN 0.00002f

const char *const context_source_names[CONTEXT_SOURCES] = {
	[CONTEXT_SOURCE_IMPORTS] = "imports",
	[CONTEXT_SOURCE_SIMILAR] = "similar",
	[CONTEXT_SOURCE_EDITS] = "edits",
	[CONTEXT_SOURCE_OUTLINE] = "outline",
	[CONTEXT_SOURCE_NOTEBOOK] = "notebook",
};

struct candidate {
	uint32_t file;
	uint32_t piece;
	enum context_source source;
	float ratio; /* worth for a token, as last computed */
	float worth;
};

struct work {
	const struct packing_input *in;
	struct evidence evidence;
	struct candidate *heap; /* the best first */
	size_t count;
	size_t room;
	bool **taken; /* by file and piece; NULL: none of the file */
	struct packing *out;
};

static enum context_source source_of(const struct context_file *file, const struct piece *piece)
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

/* In C and its kin, what only its own file can name. */
static bool is_file_local(const struct digest *d, const struct piece *piece)
{
	const char *line = d->text + piece->start;
	size_t len = piece->end - piece->start;

	return (d->syntax->flags & SYNTAX_CHAR) && piece->kind == PIECE_DECLARATION &&
		starts_with_word(line, len, "static") && !memmem(line, len, "inline", 6);
}

static bool is_candidate(const struct context_file *file, const struct piece *piece)
{
	if (file->role == ROLE_CURRENT && piece->start < file->hide_to && piece->end > file->hide_from)
		return false;
	/* What other files import says nothing here. */
	if (piece->kind == PIECE_IMPORT)
		return file->role == ROLE_CURRENT || file->role == ROLE_ABOVE;
	if (file->role != ROLE_CURRENT && file->role != ROLE_ABOVE && is_file_local(file->digest, piece))
		return false;
	/* Of files that are not open only what they declare. */
	return piece->kind != PIECE_CHUNK || (file->role != ROLE_IMPORTED && file->role != ROLE_BESIDE);
}

static const struct piece *piece_at(const struct work *w, size_t file, size_t piece)
{
	return &w->in->files[file].digest->pieces[piece];
}

static bool is_taken(const struct work *w, size_t file, size_t piece)
{
	return w->taken[file] && w->taken[file][piece];
}

static bool was_kept(const struct work *w, uint32_t hash)
{
	const struct packing_kept *kept = w->in->kept;
	size_t low = 0;
	size_t high = kept ? kept->count : 0;

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

static float new_worth(const struct work *w, const struct digest *d, const struct piece *piece)
{
	const struct evidence *e = &w->evidence;
	float worth = 0;

	for (uint32_t k = 0; k < piece->name_count; k++)
		worth += e->likely[d->names[piece->first_name + k]];
	if (piece->declares)
		worth += DECLARED_NEAR * e->near[piece->declares];
	if (piece->kind == PIECE_EDIT)
		worth += CHANGE_WORTH;
	return worth;
}

static size_t cost_of(const struct work *w, const struct candidate *c)
{
	const struct piece *piece = piece_at(w, c->file, c->piece);
	size_t cost = piece->tokens + PIECE_TOKENS;

	if (piece->parent && !is_taken(w, c->file, piece->parent - 1))
		cost += piece_at(w, c->file, piece->parent - 1)->tokens;
	return w->taken[c->file] ? cost : cost + w->in->tokens_per_file;
}

/* The line of a file is shared by what else of it goes along. */
static void rate(const struct work *w, struct candidate *c, bool first)
{
	const struct digest *d = w->in->files[c->file].digest;
	const struct piece *piece = &d->pieces[c->piece];
	size_t cost = first ? piece->tokens + PIECE_TOKENS : cost_of(w, c);

	c->worth = new_worth(w, d, piece);
	c->ratio = c->worth / (float)(cost ? cost : 1);
}

/* --- the heap --- */

static void sift_down(struct work *w, size_t at)
{
	struct candidate moved = w->heap[at];

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

static void pop(struct work *w)
{
	w->heap[0] = w->heap[--w->count];
	if (w->count)
		sift_down(w, 0);
}

static void gather(struct work *w)
{
	const struct packing_input *in = w->in;

	for (size_t f = 0; f < in->file_count; f++) {
		const struct context_file *file = &in->files[f];

		for (size_t i = 0; file->sendable && i < file->digest->count; i++) {
			const struct piece *piece = &file->digest->pieces[i];
			struct candidate c = { .file = (uint32_t)f, .piece = (uint32_t)i, .source = source_of(file, piece) };

			if (!(in->sources & 1u << c.source) || !is_candidate(file, piece))
				continue;
			rate(w, &c, true);
			if (was_kept(w, piece->hash))
				c.ratio *= KEPT_BONUS;
			if (c.ratio < RATIO_MIN)
				continue;
			if (w->count == w->room) {
				w->room = w->room ? 2 * w->room : 256;
				w->heap = xreallocarray(w->heap, w->room, sizeof(*w->heap));
			}
			w->heap[w->count++] = c;
		}
	}
	for (size_t i = w->count / 2; i-- > 0;)
		sift_down(w, i);
}

/* --- taking --- */

static void mark(struct work *w, const struct candidate *c, size_t piece, float worth)
{
	const struct digest *d = w->in->files[c->file].digest;
	const struct piece *p = &d->pieces[piece];
	struct packing *out = w->out;

	if (!w->taken[c->file])
		w->taken[c->file] = xcalloc(d->count, sizeof(bool));
	w->taken[c->file][piece] = true;
	for (uint32_t k = 0; k < p->name_count; k++)
		w->evidence.likely[d->names[p->first_name + k]] = 0;
	if (p->declares)
		w->evidence.near[p->declares] = 0;
	out->items = xreallocarray(out->items, out->count + 1, sizeof(*out->items));
	out->items[out->count++] = (struct packed){ c->file, piece, c->source, worth };
}

static void take(struct work *w, const struct candidate *c, size_t cost)
{
	const struct piece *piece = piece_at(w, c->file, c->piece);

	w->out->tokens += cost;
	if (piece->parent && !is_taken(w, c->file, piece->parent - 1))
		mark(w, c, piece->parent - 1, 0);
	mark(w, c, c->piece, c->worth);
}

static void fill(struct work *w)
{
	while (w->count) {
		struct candidate *top = &w->heap[0];
		struct candidate before = *top;
		size_t cost;

		if (is_taken(w, top->file, top->piece)) {
			pop(w);
			continue;
		}
		rate(w, top, false);
		if (was_kept(w, piece_at(w, top->file, top->piece)->hash))
			top->ratio *= KEPT_BONUS;
		if (top->ratio < RATIO_MIN) {
			pop(w);
			continue;
		}
		if (top->ratio < before.ratio) {
			sift_down(w, 0);
			if (top->file != before.file || top->piece != before.piece)
				continue;
		}
		cost = cost_of(w, top);
		if (w->out->tokens + cost <= w->in->tokens)
			take(w, top, cost);
		pop(w);
	}
}

static int by_place(const void *a, const void *b)
{
	const struct packed *x = a;
	const struct packed *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return x->piece < y->piece ? -1 : x->piece > y->piece;
}

void pack(const struct packing_input *input, struct packing *out)
{
	struct work w = { .in = input, .out = out };

	*out = (struct packing){ .items = NULL };
	if (!input->file_count || !input->tokens)
		return;
	evidence_gather(&w.evidence, input->names, &input->cursor, input->files, input->file_count);
	w.taken = xcalloc(input->file_count, sizeof(*w.taken));
	gather(&w);
	fill(&w);
	if (out->count)
		qsort(out->items, out->count, sizeof(*out->items), by_place);
	for (size_t f = 0; f < input->file_count; f++)
		free(w.taken[f]);
	free(w.taken);
	free(w.heap);
	evidence_release(&w.evidence);
}

void packing_release(struct packing *packing)
{
	free(packing->items);
	*packing = (struct packing){ .items = NULL };
}
