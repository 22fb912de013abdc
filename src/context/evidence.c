/*
 * The excerpt says which names are around the cursor; chunks of other places are compared with that; what is known of
 * each name becomes a vector, and that a probability.
 */
#include "eke/context/evidence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/text/lines.h"

#define NEAR_LINES 10.0f /* back from the cursor, in which what a line is about fades */
#define BEHIND_LINES 4.0f /* the same for lines behind it */
#define BEHIND_SHARE 0.6f
#define FAR_LINES 150.0f
#define CLOSE 0.02f /* of evidence.near: farther names do not say what a place is about */
#define LOGARITHMS 64

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

/* What each of a name's many occurrences in chunks asks for: small, and apart from the rest. */
struct weight {
	float rarity;
	float near; /* evidence.near, times rarity */
};

/* What is known of a name. */
struct fact {
	uint32_t chunks; /* how many chunks of all files have it */
	float alike;
	float here; /* how near to the cursor a chunk of the file has it */
	uint16_t uses;
	uint16_t flags; /* bits 1 << EVIDENCE_… of those that are true or not */
};

/*
 * The words of the names around the cursor, by their hashes: a bit for each hash, and values for those alone whose bit
 * is set, in the order of the hashes.
 */
#define PART_WORDS ((UINT16_MAX + 1) / 64)

struct parts {
	uint64_t set[PART_WORDS];
	uint16_t before[PART_WORDS]; /* bits that are set in the words before this one */
	float *values; /* how much the excerpt's end is about it */
};

struct work {
	struct evidence *evidence;
	const struct names *names;
	const struct context_file *files;
	size_t file_count;
	struct fact *facts; /* by name, as the next two */
	struct weight *weights;
	float *alike_elsewhere;
	uint32_t *close; /* names that stand near to the cursor */
	size_t close_count;
	size_t chunk_count;
	struct parts parts;
	float alike_all; /* what a chunk with all names around the cursor would have */
	size_t cursor_line;
};

static void raise(float *value, float to)
{
	if (*value < to)
		*value = to;
}

/* --- the excerpt --- */

/* A name in it. */
struct seen {
	uint32_t id;
	float near;
};

struct sight {
	struct seen *items;
	size_t count;
	size_t room;
};

static void see(
	struct sight *sight, struct names *names, const char *text, size_t len, bool backwards, float fade, float share)
{
	size_t lines = backwards ? lines_count(text, len) : 0;
	size_t at = 0;
	size_t line_at = 0;
	size_t line = 0;
	size_t weighed = SIZE_MAX;
	float weight = 0;
	size_t start;
	size_t n;

	while (names_next(text, len, &at, &start, &n)) {
		uint32_t id = names_add(names, text + start, n);

		for (; line_at < start; line_at++)
			line += text[line_at] == '\n';
		if (!id)
			continue;
		if (line != weighed)
			weight = share * expf(-(float)(backwards ? lines - line : line) / fade);
		weighed = line;
		if (sight->count == sight->room) {
			sight->room = sight->room ? 2 * sight->room : 512;
			sight->items = xreallocarray(sight->items, sight->room, sizeof(*sight->items));
		}
		sight->items[sight->count++] = (struct seen){ id, weight };
	}
}

/* The names of the excerpt are numbered before arrays are made for all. */
static void see_excerpt(struct work *w, struct names *names, const struct context_cursor *cursor)
{
	struct evidence *e = w->evidence;
	struct sight sight = { .items = NULL };

	see(&sight, names, cursor->before, cursor->before_len, true, cursor->flat ? INFINITY : NEAR_LINES, 1);
	see(&sight, names, cursor->after, cursor->after_len, false, BEHIND_LINES, BEHIND_SHARE);
	e->count = (size_t)names_last(names) + 1;
	e->likely = xcalloc(e->count, sizeof(*e->likely));
	e->near = xcalloc(e->count, sizeof(*e->near));
	e->shown = xcalloc(e->count, sizeof(*e->shown));
	e->features = e->keep_features ? xcalloc(e->count, sizeof(*e->features)) : NULL;
	w->facts = xcalloc(e->count, sizeof(*w->facts));
	w->weights = xcalloc(e->count, sizeof(*w->weights));
	w->alike_elsewhere = xcalloc(e->count, sizeof(*w->alike_elsewhere));
	w->close = xcalloc(sight.count + 1, sizeof(*w->close));
	for (size_t i = 0; i < sight.count; i++) {
		const struct seen *seen = &sight.items[i];
		float before = e->near[seen->id];

		e->shown[seen->id] = true;
		if (before >= seen->near)
			continue;
		e->near[seen->id] = seen->near;
		if (before < CLOSE && seen->near >= CLOSE)
			w->close[w->close_count++] = seen->id;
	}
	free(sight.items);
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

		w->chunk_count += d->chunk_count;
		for (size_t i = 0; i < d->use_count; i++)
			w->facts[d->uses[i].name].chunks += d->uses[i].chunks;
		for (size_t i = 0; w->files[f].role == ROLE_CURRENT && i < d->count; i++) {
			const struct piece *piece = &d->pieces[i];

			if (piece->kind != PIECE_CHUNK || !is_hidden(&w->files[f], piece))
				continue;
			w->chunk_count--;
			for (uint32_t k = 0; k < piece->name_count; k++)
				w->facts[d->names[piece->first_name + k]].chunks--;
		}
	}
}

static float rarity_of(const struct work *w, uint32_t chunks)
{
	return logf(1.0f + (float)w->chunk_count / (1.0f + (float)chunks));
}

/* Most names are in few chunks: their logarithms are the same. */
static void weigh_names(struct work *w)
{
	float known[LOGARITHMS];

	for (uint32_t chunks = 0; chunks < LOGARITHMS; chunks++)
		known[chunks] = rarity_of(w, chunks);
	for (size_t id = 1; id < w->evidence->count; id++) {
		uint32_t chunks = w->facts[id].chunks;
		float rarity = chunks < LOGARITHMS ? known[chunks] : rarity_of(w, chunks);

		w->weights[id] = (struct weight){ rarity, rarity * w->evidence->near[id] };
	}
}

/* NULL: no name around the cursor has this part. */
static float *part_value(const struct parts *parts, uint16_t part)
{
	uint64_t set = parts->set[part / 64];
	uint64_t bit = UINT64_C(1) << part % 64;

	return set & bit ? &parts->values[parts->before[part / 64] + __builtin_popcountll(set & (bit - 1))] : NULL;
}

static void make_room_for_parts(struct parts *parts)
{
	size_t count = 0;

	for (size_t i = 0; i < PART_WORDS; i++) {
		parts->before[i] = (uint16_t)count;
		if (parts->set[i])
			count += (size_t)__builtin_popcountll(parts->set[i]);
	}
	parts->values = xcalloc(count + 1, sizeof(*parts->values));
}

static void weigh_excerpt(struct work *w)
{
	const struct evidence *e = w->evidence;

	for (size_t i = 0; i < w->close_count; i++) {
		uint32_t id = w->close[i];
		const struct name *name = names_at(w->names, id);

		w->alike_all += w->weights[id].near;
		for (unsigned k = 0; k < name->part_count; k++)
			w->parts.set[name->parts[k] / 64] |= UINT64_C(1) << name->parts[k] % 64;
	}
	make_room_for_parts(&w->parts);
	for (size_t i = 0; i < w->close_count; i++) {
		const struct name *name = names_at(w->names, w->close[i]);

		for (unsigned k = 0; k < name->part_count; k++)
			raise(part_value(&w->parts, name->parts[k]), e->near[w->close[i]]);
	}
}

static float alike(const struct work *w, const uint32_t *ids, uint32_t count)
{
	const struct weight *weights_of = w->weights;
	float sum = 0;
	float all = 0;

	for (uint32_t k = 0; k < count; k++) {
		all += weights_of[ids[k]].rarity;
		sum += weights_of[ids[k]].near;
	}
	return sum > 0 && w->alike_all > 0 ? sum / sqrtf(all * w->alike_all) : 0;
}

static float nearness(const struct work *w, const struct piece *piece)
{
	float lines = fabsf((float)piece->line - (float)w->cursor_line);

	return expf(-lines / FAR_LINES);
}

static void take_here(struct work *w, const uint32_t *ids, const struct piece *piece, float best)
{
	float near = nearness(w, piece);

	for (uint32_t k = 0; k < piece->name_count; k++) {
		struct fact *fact = &w->facts[ids[k]];

		raise(&fact->alike, best);
		raise(&fact->here, near);
		fact->uses += fact->uses < UINT16_MAX;
	}
}

static void take_elsewhere(struct work *w, const uint32_t *ids, uint32_t count, float best)
{
	float *alike_elsewhere = w->alike_elsewhere;

	for (uint32_t k = 0; best > 0 && k < count; k++)
		raise(&alike_elsewhere[ids[k]], best);
}

static void set(struct work *w, uint32_t id, enum evidence_feature feature)
{
	w->facts[id].flags |= (uint16_t)(1u << feature);
}

static void take_statement(struct work *w, const struct context_file *file, const struct piece *piece)
{
	static const enum evidence_feature declared[] = {
		[ROLE_CURRENT] = EVIDENCE_DECLARED_HERE,
		[ROLE_ABOVE] = EVIDENCE_DECLARED_HERE,
		[ROLE_IMPORTED] = EVIDENCE_DECLARED_IMPORTED,
		[ROLE_BESIDE] = EVIDENCE_DECLARED_BESIDE,
		[ROLE_OPEN] = EVIDENCE_DECLARED_BESIDE,
		[ROLE_CHANGES] = EVIDENCE_CHANGED,
	};
	const uint32_t *ids = file->digest->names + piece->first_name;

	if (piece->kind == PIECE_EDIT || (piece->kind == PIECE_IMPORT && file->role == ROLE_CURRENT)) {
		for (uint32_t k = 0; k < piece->name_count; k++)
			set(w, ids[k], piece->kind == PIECE_EDIT ? EVIDENCE_CHANGED : EVIDENCE_IMPORTED);
	} else if (piece->declares) {
		set(w, piece->declares, declared[file->role]);
		if (file->role != ROLE_CURRENT && piece->underscored)
			set(w, piece->declares, EVIDENCE_PRIVATE);
	}
}

static void take_pieces(struct work *w, const struct context_file *file)
{
	const struct digest *d = file->digest;
	float before = 0;

	for (size_t i = 0; i < d->count; i++) {
		const struct piece *piece = &d->pieces[i];
		const uint32_t *ids = d->names + piece->first_name;
		float own;
		float best;

		if (piece->kind != PIECE_CHUNK) {
			take_statement(w, file, piece);
			continue;
		}
		own = alike(w, ids, piece->name_count);
		/* What follows a place like this one is what comes here. */
		best = own > before ? own : before;
		before = own;
		if (is_hidden(file, piece))
			continue;
		if (file->role == ROLE_CURRENT)
			take_here(w, ids, piece, best);
		else
			take_elsewhere(w, ids, piece->name_count, best);
	}
}

/* --- the model --- */

static float shared_parts(const struct work *w, uint32_t id)
{
	const struct name *name = names_at(w->names, id);
	float sum = 0;

	for (unsigned k = 0; k < name->part_count; k++) {
		const float *value = part_value(&w->parts, name->parts[k]);

		sum += value ? *value : 0;
	}
	return name->part_count ? sum / (float)name->part_count : 0;
}

static void conclude(struct work *w)
{
	struct evidence *e = w->evidence;
	float known[LOGARITHMS];

	for (uint32_t chunks = 0; chunks < LOGARITHMS; chunks++)
		known[chunks] = logf(1 + (float)chunks);
	for (uint32_t id = 1; id < e->count; id++) {
		const struct fact *fact = &w->facts[id];
		float f[EVIDENCE_FEATURES];
		float z = 0;

		if (e->shown[id] || (!fact->chunks && !fact->flags))
			continue;
		for (size_t k = 0; k < EVIDENCE_FEATURES; k++)
			f[k] = fact->flags & 1u << k ? 1 : 0;
		f[EVIDENCE_BIAS] = 1;
		f[EVIDENCE_USES] = fact->uses < LOGARITHMS ? known[fact->uses] : logf(1 + (float)fact->uses);
		f[EVIDENCE_NEAR] = fact->here;
		f[EVIDENCE_ALIKE] = fact->alike;
		f[EVIDENCE_ALIKE_ELSEWHERE] = w->alike_elsewhere[id];
		f[EVIDENCE_COMMON] = fact->chunks < LOGARITHMS ? known[fact->chunks] : logf(1 + (float)fact->chunks);
		f[EVIDENCE_PARTS] = shared_parts(w, id);
		for (size_t k = 0; k < EVIDENCE_FEATURES; k++)
			z += weights[k] * f[k];
		e->likely[id] = 1 / (1 + expf(-z));
		if (e->features)
			memcpy(e->features[id], f, sizeof(f));
	}
}

void evidence_gather(struct evidence *evidence, struct names *names, const struct context_cursor *cursor,
	const struct context_file *files, size_t file_count)
{
	struct work w = { .evidence = evidence, .names = names, .files = files, .file_count = file_count };

	see_excerpt(&w, names, cursor);
	count_chunks(&w);
	weigh_names(&w);
	weigh_excerpt(&w);
	for (size_t f = 0; f < file_count; f++) {
		if (files[f].role == ROLE_CURRENT) {
			const struct digest *d = files[f].digest;
			size_t end = files[f].hide_from + cursor->before_len;

			w.cursor_line = digest_line_at(d, end);
		}
		take_pieces(&w, &files[f]);
	}
	conclude(&w);
	free(w.facts);
	free(w.weights);
	free(w.alike_elsewhere);
	free(w.close);
	free(w.parts.values);
}

void evidence_release(struct evidence *evidence)
{
	free(evidence->likely);
	free(evidence->near);
	free(evidence->shown);
	free(evidence->features);
}
