/*
 * The excerpt says which names are around the cursor; chunks of other places are compared with that; what is known of
 * each name becomes a vector, and that a probability.
 */
#include "eke/context/evidence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"

#define NEAR_LINES 10.0f /* back from the cursor, in which what a line is about fades */
#define BEHIND_LINES 4.0f /* the same for lines behind it */
#define BEHIND_SHARE 0.6f
#define FAR_LINES 150.0f
#define PARTS_TABLE 65536

static const float weights[EVIDENCE_FEATURES] = {
	[EVIDENCE_BIAS] = -8.1f,
	[EVIDENCE_USES] = 0.0f,
	[EVIDENCE_NEAR] = 2.7f,
	[EVIDENCE_ALIKE] = 7.5f,
	[EVIDENCE_ALIKE_ELSEWHERE] = 10.0f,
	[EVIDENCE_IMPORTED] = 1.7f,
	[EVIDENCE_DECLARED_HERE] = 1.0f,
	[EVIDENCE_DECLARED_IMPORTED] = 0.1f,
	[EVIDENCE_DECLARED_BESIDE] = -0.4f,
	[EVIDENCE_PRIVATE] = -0.7f,
	[EVIDENCE_PARTS] = 2.8f,
	[EVIDENCE_CHANGED] = 0.1f,
	[EVIDENCE_COMMON] = 0.3f,
};

struct work {
	struct evidence *evidence;
	const struct names *names;
	const struct context_file *files;
	size_t file_count;
	uint32_t *chunks; /* by name: how many chunks of all files have it */
	size_t chunk_count;
	float *rarities; /* by name; 0: not computed yet */
	uint32_t *touched; /* names of which something is known */
	size_t touched_count;
	float *parts; /* by a part's hash: how much the excerpt's end is about it */
	float alike_all; /* what a chunk with all names around the cursor would have */
	size_t cursor_line;
};

/* --- the excerpt --- */

static void see(
	struct evidence *e, struct names *names, const char *text, size_t len, bool backwards, float fade, float share)
{
	size_t lines = 0;
	size_t at = 0;
	size_t line_at = 0;
	size_t line = 0;
	size_t start;
	size_t n;

	for (const char *p = text; backwards && (p = memchr(p, '\n', len - (size_t)(p - text))); p++)
		lines++;
	while (names_next(text, len, &at, &start, &n)) {
		uint32_t id = names_add(names, text + start, n);
		float weight;

		for (; line_at < start; line_at++)
			line += text[line_at] == '\n';
		if (!id || id >= e->count)
			continue;
		weight = share * expf(-(float)(backwards ? lines - line : line) / fade);
		e->shown[id] = true;
		if (e->near[id] < weight)
			e->near[id] = weight;
	}
}

/* The names of the excerpt are in `names` before arrays are made for all. */
static void add_names(struct names *names, const char *text, size_t len)
{
	size_t at = 0;
	size_t start;
	size_t n;

	while (names_next(text, len, &at, &start, &n))
		names_add(names, text + start, n);
}

static void see_excerpt(struct evidence *e, struct names *names, const struct context_cursor *cursor)
{
	add_names(names, cursor->before, cursor->before_len);
	add_names(names, cursor->after, cursor->after_len);
	e->count = (size_t)names_last(names) + 1;
	e->likely = xcalloc(e->count, sizeof(*e->likely));
	e->near = xcalloc(e->count, sizeof(*e->near));
	e->shown = xcalloc(e->count, sizeof(*e->shown));
	e->features = xcalloc(e->count, sizeof(*e->features));
	see(e, names, cursor->before, cursor->before_len, true, NEAR_LINES, 1);
	see(e, names, cursor->after, cursor->after_len, false, BEHIND_LINES, BEHIND_SHARE);
}

/* --- chunks --- */

static bool is_hidden(const struct context_file *file, const struct piece *piece)
{
	return file->role == ROLE_CURRENT && piece->start < file->hide_to && piece->end > file->hide_from;
}

static void count_chunks(struct work *w)
{
	for (size_t f = 0; f < w->file_count; f++) {
		const struct digest *d = w->files[f].digest;

		for (size_t i = 0; i < d->count; i++) {
			const struct piece *piece = &d->pieces[i];

			if (piece->kind != PIECE_CHUNK || is_hidden(&w->files[f], piece))
				continue;
			w->chunk_count++;
			for (uint32_t k = 0; k < piece->name_count; k++)
				w->chunks[d->names[piece->first_name + k]]++;
		}
	}
}

/* Logarithms of all names of all chunks would take longer than the rest. */
static float rarity(const struct work *w, uint32_t id)
{
	if (w->rarities[id] == 0)
		w->rarities[id] = logf(1.0f + (float)w->chunk_count / (1.0f + (float)w->chunks[id]));
	return w->rarities[id];
}

static float *features_of(struct work *w, uint32_t id)
{
	float *f = w->evidence->features[id];

	if (f[EVIDENCE_BIAS] == 0) {
		f[EVIDENCE_BIAS] = 1;
		w->touched[w->touched_count++] = id;
	}
	return f;
}

static void weigh_excerpt(struct work *w)
{
	struct evidence *e = w->evidence;

	for (uint32_t id = 1; id < e->count; id++) {
		const struct name *name;
		float weight;

		if (e->near[id] < 0.02f)
			continue;
		weight = e->near[id] * rarity(w, id);
		w->alike_all += weight;
		name = names_at(w->names, id);
		for (unsigned k = 0; k < name->part_count; k++)
			if (w->parts[name->parts[k]] < e->near[id])
				w->parts[name->parts[k]] = e->near[id];
	}
}

static float alike(const struct work *w, const struct digest *d, const struct piece *piece)
{
	const struct evidence *e = w->evidence;
	float sum = 0;
	float all = 0;

	for (uint32_t k = 0; k < piece->name_count; k++) {
		uint32_t id = d->names[piece->first_name + k];
		float weight = rarity(w, id);

		all += weight;
		sum += e->near[id] * weight;
	}
	return all > 0 && w->alike_all > 0 ? sum / sqrtf(all * w->alike_all) : 0;
}

static void raise(float *value, float to)
{
	if (*value < to)
		*value = to;
}

static float nearness(const struct work *w, const struct piece *piece)
{
	float lines = fabsf((float)piece->line - (float)w->cursor_line);

	return expf(-lines / FAR_LINES);
}

static void take_chunks(struct work *w, const struct context_file *file)
{
	const struct digest *d = file->digest;
	enum evidence_feature feature = file->role == ROLE_CURRENT ? EVIDENCE_ALIKE : EVIDENCE_ALIKE_ELSEWHERE;
	float before = 0;

	for (size_t i = 0; i < d->count; i++) {
		const struct piece *piece = &d->pieces[i];
		bool here = file->role == ROLE_CURRENT;
		float own;
		float best;

		if (piece->kind != PIECE_CHUNK)
			continue;
		own = alike(w, d, piece);
		/* What follows a place like this one is what comes here. */
		best = own > before ? own : before;
		before = own;
		if (is_hidden(file, piece))
			continue;
		for (uint32_t k = 0; k < piece->name_count; k++) {
			float *f = features_of(w, d->names[piece->first_name + k]);

			raise(&f[feature], best);
			if (here) {
				f[EVIDENCE_USES] += 1;
				raise(&f[EVIDENCE_NEAR], nearness(w, piece));
			}
		}
	}
}

/* --- other pieces --- */

static void take_statements(struct work *w, const struct context_file *file)
{
	static const enum evidence_feature declared[] = {
		[ROLE_CURRENT] = EVIDENCE_DECLARED_HERE,
		[ROLE_ABOVE] = EVIDENCE_DECLARED_HERE,
		[ROLE_IMPORTED] = EVIDENCE_DECLARED_IMPORTED,
		[ROLE_BESIDE] = EVIDENCE_DECLARED_BESIDE,
		[ROLE_OPEN] = EVIDENCE_DECLARED_BESIDE,
		[ROLE_CHANGES] = EVIDENCE_CHANGED,
	};
	const struct digest *d = file->digest;

	for (size_t i = 0; i < d->count; i++) {
		const struct piece *piece = &d->pieces[i];
		const uint32_t *ids = d->names + piece->first_name;

		if (piece->kind == PIECE_IMPORT && file->role == ROLE_CURRENT) {
			for (uint32_t k = 0; k < piece->name_count; k++)
				features_of(w, ids[k])[EVIDENCE_IMPORTED] = 1;
		} else if (piece->kind == PIECE_EDIT) {
			for (uint32_t k = 0; k < piece->name_count; k++)
				features_of(w, ids[k])[EVIDENCE_CHANGED] = 1;
		} else if (piece->declares) {
			float *f = features_of(w, piece->declares);

			f[declared[file->role]] = 1;
			if (file->role != ROLE_CURRENT && names_at(w->names, piece->declares)->text[0] == '_')
				f[EVIDENCE_PRIVATE] = 1;
		}
	}
}

/* --- the model --- */

static float shared_parts(const struct work *w, uint32_t id)
{
	const struct name *name = names_at(w->names, id);
	float sum = 0;

	for (unsigned k = 0; k < name->part_count; k++)
		sum += w->parts[name->parts[k]];
	return name->part_count ? sum / (float)name->part_count : 0;
}

static void conclude(struct work *w)
{
	struct evidence *e = w->evidence;

	for (size_t i = 0; i < w->touched_count; i++) {
		uint32_t id = w->touched[i];
		float *f = e->features[id];
		float z = 0;

		if (e->shown[id])
			continue;
		f[EVIDENCE_USES] = logf(1 + f[EVIDENCE_USES]);
		f[EVIDENCE_COMMON] = logf(1 + (float)w->chunks[id]);
		f[EVIDENCE_PARTS] = shared_parts(w, id);
		for (size_t k = 0; k < EVIDENCE_FEATURES; k++)
			z += weights[k] * f[k];
		e->likely[id] = 1 / (1 + expf(-z));
	}
}

void evidence_gather(struct evidence *evidence, struct names *names, const struct context_cursor *cursor,
	const struct context_file *files, size_t file_count)
{
	struct work w = { .evidence = evidence, .names = names, .files = files, .file_count = file_count };

	see_excerpt(evidence, names, cursor);
	w.chunks = xcalloc(evidence->count, sizeof(*w.chunks));
	w.rarities = xcalloc(evidence->count, sizeof(*w.rarities));
	w.touched = xcalloc(evidence->count, sizeof(*w.touched));
	w.parts = xcalloc(PARTS_TABLE, sizeof(*w.parts));
	count_chunks(&w);
	weigh_excerpt(&w);
	for (size_t f = 0; f < file_count; f++) {
		if (files[f].role == ROLE_CURRENT) {
			const char *text = files[f].digest->text;
			size_t end = files[f].hide_from + cursor->before_len;

			end = end < files[f].digest->len ? end : files[f].digest->len;
			for (size_t i = 0; i < end; i++)
				w.cursor_line += text[i] == '\n';
		}
		take_chunks(&w, &files[f]);
		take_statements(&w, &files[f]);
	}
	conclude(&w);
	free(w.chunks);
	free(w.rarities);
	free(w.touched);
	free(w.parts);
}

void evidence_release(struct evidence *evidence)
{
	free(evidence->likely);
	free(evidence->near);
	free(evidence->shown);
	free(evidence->features);
}
