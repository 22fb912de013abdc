/*
 * GitHub Copilot's neighbouring tabs (Jaccard similarity of 60-line windows), llama.vim's ring of chunks, Continue's
 * definitions of imported names, recently edited ranges, and all of Continue's together.
 */
#include "context_peers.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/hash.h"
#include "eke/base/mem.h"
#include "eke/context/digest.h"
#include "eke/context/imports.h"
#include "eke/context/names.h"
#include "eke/upstream/tokens.h"

#define WINDOW_LINES 60 /* Copilot's FixedWindowSizeJaccardMatcher */
#define TAB_SNIPPETS 4
#define CHUNK_LINES 64 /* llama.vim: g:llama_config.ring_chunk_size */
#define CHUNKS 16 /* ring_n_chunks */
#define CHUNK_ALIKE_NEW 0.9
#define CHUNK_ALIKE_HERE 0.5
#define NEAR_BEFORE 5 /* Continue: lines around the cursor whose names are looked up */
#define NEAR_BEHIND 3
#define DEFINITION_LINES 50

/* --- lines and sets of words --- */

struct text {
	const char *s;
	size_t len;
	size_t *starts; /* of lines, and the end */
	size_t lines;
};

static void text_init(struct text *t, const char *s, size_t len)
{
	*t = (struct text){ .s = s, .len = len };
	t->starts = xcalloc(len + 2, sizeof(*t->starts));
	for (size_t at = 0; at < len;) {
		const char *lf = memchr(s + at, '\n', len - at);

		t->starts[t->lines++] = at;
		at = lf ? (size_t)(lf - s) + 1 : len;
	}
	t->starts[t->lines] = len;
}

static size_t line_of(const struct text *t, size_t offset)
{
	size_t line = 0;

	while (line + 1 < t->lines && t->starts[line + 1] <= offset)
		line++;
	return line;
}

#define SET_SLOTS 4096

struct set {
	uint32_t slots[SET_SLOTS];
	size_t count;
};

static void set_add(struct set *set, const char *s, size_t len)
{
	size_t at = 0;
	size_t start;
	size_t n;

	while (names_next(s, len, &at, &start, &n)) {
		uint32_t hash = hash_fnv32(HASH_FNV32, s + start, n) | 1;
		size_t slot = hash % SET_SLOTS;

		while (set->slots[slot] && set->slots[slot] != hash)
			slot = (slot + 1) % SET_SLOTS;
		if (!set->slots[slot] && set->count < SET_SLOTS / 2) {
			set->slots[slot] = hash;
			set->count++;
		}
	}
}

static bool set_has(const struct set *set, uint32_t hash)
{
	size_t slot = hash % SET_SLOTS;

	while (set->slots[slot] && set->slots[slot] != hash)
		slot = (slot + 1) % SET_SLOTS;
	return set->slots[slot] == hash;
}

static double jaccard(const struct set *a, const struct set *b)
{
	size_t both = 0;

	for (size_t i = 0; i < SET_SLOTS; i++)
		both += a->slots[i] && set_has(b, a->slots[i]);
	return a->count + b->count ? (double)both / (double)(a->count + b->count - both) : 0;
}

/* True if it is full. */
static bool append(struct strbuf *out, const char *s, size_t len, size_t tokens)
{
	size_t have = tokens_estimate(out->data, out->len);

	if (have >= tokens)
		return true;
	if (have + tokens_estimate(s, len) > tokens) {
		size_t low = 0;
		size_t high = len;

		while (low < high) {
			size_t mid = low + (high - low + 1) / 2;

			if (have + tokens_estimate(s, mid) <= tokens)
				low = mid;
			else
				high = mid - 1;
		}
		strbuf_add(out, s, low);
		return true;
	}
	strbuf_add(out, s, len);
	strbuf_addch(out, '\n');
	return false;
}

/* --- Copilot --- */

struct snippet {
	double score;
	const char *s;
	size_t len;
};

static int best_first(const void *a, const void *b)
{
	const struct snippet *x = a;
	const struct snippet *y = b;

	return (x->score < y->score) - (x->score > y->score);
}

static void fill_tabs(const struct place *place, size_t tokens, struct rng *rng, struct strbuf *out)
{
	struct set *here = xcalloc(1, sizeof(*here));
	struct set *there = xcalloc(1, sizeof(*there));
	struct snippet best[OPEN_FILES];
	struct text own;
	size_t line;
	size_t first;

	(void)rng;
	text_init(&own, place->text, place->len);
	line = line_of(&own, place->cursor);
	first = line > WINDOW_LINES ? line - WINDOW_LINES : 0;
	set_add(here, own.s + own.starts[first], place->cursor - own.starts[first]);
	for (size_t i = 0; i < place->open_count; i++) {
		struct text t;

		best[i] = (struct snippet){ .score = -1 };
		text_init(&t, place->open[i]->text, place->open[i]->len);
		for (size_t from = 0; from < t.lines; from++) {
			size_t to = from + WINDOW_LINES < t.lines ? from + WINDOW_LINES : t.lines;
			double score;

			memset(there, 0, sizeof(*there));
			set_add(there, t.s + t.starts[from], t.starts[to] - t.starts[from]);
			score = jaccard(here, there);
			if (score > best[i].score)
				best[i] = (struct snippet){ score, t.s + t.starts[from], t.starts[to] - t.starts[from] };
			if (to == t.lines)
				break;
		}
		free(t.starts);
	}
	qsort(best, place->open_count, sizeof(best[0]), best_first);
	for (size_t i = 0; i < place->open_count && i < TAB_SNIPPETS; i++)
		if (append(out, best[i].s, best[i].len, tokens))
			break;
	free(own.starts);
	free(here);
	free(there);
}

/* --- llama.vim --- */

struct ring {
	struct snippet chunks[CHUNKS];
	size_t count;
};

static double alike(const struct snippet *a, const char *s, size_t len)
{
	struct set *x = xcalloc(1, sizeof(*x));
	struct set *y = xcalloc(1, sizeof(*y));
	double score;

	set_add(x, a->s, a->len);
	set_add(y, s, len);
	score = jaccard(x, y);
	free(x);
	free(y);
	return score;
}

static void ring_remove(struct ring *ring, const char *s, size_t len, double most)
{
	size_t kept = 0;

	for (size_t i = 0; i < ring->count; i++)
		if (alike(&ring->chunks[i], s, len) <= most)
			ring->chunks[kept++] = ring->chunks[i];
	ring->count = kept;
}

static void ring_add(struct ring *ring, const struct text *t, size_t line)
{
	size_t from = line > CHUNK_LINES / 2 ? line - CHUNK_LINES / 2 : 0;
	size_t to = from + CHUNK_LINES < t->lines ? from + CHUNK_LINES : t->lines;
	const char *s = t->s + t->starts[from];
	size_t len = t->starts[to] - t->starts[from];

	ring_remove(ring, s, len, CHUNK_ALIKE_NEW);
	if (ring->count == CHUNKS)
		memmove(ring->chunks, ring->chunks + 1, --ring->count * sizeof(ring->chunks[0]));
	ring->chunks[ring->count++] = (struct snippet){ 0, s, len };
}

/* Chunks where the user was: in each open file on entering it, where it was changed, and in the file at hand. */
static void fill_ring(const struct place *place, size_t tokens, struct rng *rng, struct strbuf *out)
{
	struct ring ring = { .count = 0 };
	struct text own;
	struct text texts[OPEN_FILES];
	size_t line;

	text_init(&own, place->text, place->len);
	line = line_of(&own, place->cursor);
	for (size_t i = 0; i < place->open_count; i++) {
		text_init(&texts[i], place->open[i]->text, place->open[i]->len);
		ring_add(&ring, &texts[i], texts[i].lines ? rng_below(rng, texts[i].lines) : 0);
	}
	for (size_t i = 0; i < place->edit_count; i++) {
		const struct text *t = &texts[place->edits[i].file];

		ring_add(&ring, t, line_of(t, place->edits[i].start));
	}
	for (int i = 0; i < 4; i++)
		ring_add(&ring, &own, own.lines ? rng_below(rng, own.lines) : 0);
	{
		size_t from = line > CHUNK_LINES / 2 ? line - CHUNK_LINES / 2 : 0;
		size_t to = from + CHUNK_LINES < own.lines ? from + CHUNK_LINES : own.lines;

		ring_remove(&ring, own.s + own.starts[from], own.starts[to] - own.starts[from], CHUNK_ALIKE_HERE);
	}
	while (ring.count && !append(out, ring.chunks[ring.count - 1].s, ring.chunks[ring.count - 1].len, tokens))
		ring.count--;
	for (size_t i = 0; i < place->open_count; i++)
		free(texts[i].starts);
	free(own.starts);
}

/* --- Continue --- */

struct definitions {
	const struct place *place;
	const struct set *near; /* names around the cursor */
	const struct set *imported; /* names in import statements */
	bool second; /* those imported, whether they are named around the cursor or not */
	size_t tokens;
	struct strbuf *out;
	bool full;
};

static size_t definition_end(const struct digest *d, const struct piece *piece)
{
	struct text t;
	size_t line;
	size_t indent = strspn(d->text + piece->start, " \t");
	size_t end;

	text_init(&t, d->text, d->len);
	line = line_of(&t, piece->start);
	end = line + 1;
	while (end < t.lines && end < line + DEFINITION_LINES) {
		const char *s = d->text + t.starts[end];
		size_t n = strspn(s, " \t");

		if (s[n] != '\n' && n <= indent && !strchr(")}]{", s[n]))
			break;
		end++;
	}
	end = t.starts[end < t.lines ? end : t.lines];
	free(t.starts);
	return end;
}

static bool take_definitions(void *ctx, const char *path)
{
	struct definitions *defs = ctx;
	const struct project *project = defs->place->project;
	const struct project_file *file = NULL;
	struct names *names;
	struct digest *d;

	for (size_t i = 0; i < project->count && !file; i++)
		if (!strcmp(project->files[i].path, path))
			file = &project->files[i];
	if (!file || !file->text || file == defs->place->file)
		return false;
	names = names_new();
	d = digest_new(names, file->language, file->text, file->len);
	for (size_t i = 0; i < d->count && !defs->full; i++) {
		const struct piece *piece = &d->pieces[i];
		const struct name *name = piece->declares ? names_at(names, piece->declares) : NULL;
		uint32_t hash;

		if (!name || piece->kind != PIECE_DECLARATION)
			continue;
		hash = hash_fnv32(HASH_FNV32, name->text, name->len) | 1;
		if (set_has(defs->near, hash) == defs->second || (defs->second && !set_has(defs->imported, hash)))
			continue;
		defs->full = append(defs->out, d->text + piece->start, definition_end(d, piece) - piece->start, defs->tokens);
	}
	digest_free(d);
	names_free(names);
	return true;
}

static void fill_imports(const struct place *place, size_t tokens, struct rng *rng, struct strbuf *out)
{
	const struct import_style *style = import_style_of(place->file->language);
	struct import_targets *targets = xcalloc(1, sizeof(*targets));
	struct set *near = xcalloc(1, sizeof(*near));
	struct set *imported = xcalloc(1, sizeof(*imported));
	struct definitions defs = { .place = place, .near = near, .imported = imported, .tokens = tokens, .out = out };
	struct text own;
	size_t line;
	size_t from;
	size_t to;

	(void)rng;
	text_init(&own, place->text, place->len);
	line = line_of(&own, place->cursor);
	from = line > NEAR_BEFORE ? line - NEAR_BEFORE : 0;
	to = line + NEAR_BEHIND < own.lines ? line + NEAR_BEHIND : own.lines;
	set_add(near, own.s + own.starts[from], own.starts[to] - own.starts[from]);
	for (size_t i = 0; style && i < own.lines; i++) {
		size_t seen;
		size_t n = import_statement(style, own.s + own.starts[i], own.len - own.starts[i], &seen);

		if (!n)
			continue;
		import_targets_add(style, own.s + own.starts[i], n, targets);
		set_add(imported, own.s + own.starts[i], n);
	}
	for (int round = 0; round < 2; round++) {
		defs.second = round == 1;
		for (size_t i = 0; i < targets->count && !defs.full; i++)
			import_resolve(style, targets->path[i], place->file->path, place->project->root, take_definitions, &defs);
	}
	free(own.starts);
	free(targets);
	free(near);
	free(imported);
}

static void fill_edits(const struct place *place, size_t tokens, struct rng *rng, struct strbuf *out)
{
	(void)rng;
	for (size_t i = 0; i < place->edit_count; i++) {
		const struct edit *edit = &place->edits[i];

		if (append(out, place->open[edit->file]->text + edit->start, edit->end - edit->start, tokens))
			return;
	}
}

static void fill_continue(const struct place *place, size_t tokens, struct rng *rng, struct strbuf *out)
{
	fill_imports(place, tokens, rng, out);
	fill_edits(place, tokens, rng, out);
	fill_tabs(place, tokens, rng, out);
}

const struct peer peers[PEERS] = {
	{ "neighbouring tabs (Copilot)", fill_tabs },
	{ "ring of chunks (llama.vim)", fill_ring },
	{ "imported definitions (Continue)", fill_imports },
	{ "recent edits", fill_edits },
	{ "definitions, edits, tabs", fill_continue },
};
