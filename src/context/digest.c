/*
 * A walk over the lines (digest_walk.c) in steps, which takes over what it can from the digest before (waypoints.c).
 */
#include "eke/context/digest.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/code/words.h"
#include "eke/text/lines.h"
#include "digest_walk.h"
#include "waypoints.h"

#define STEP_BYTES KIB(16) /* about a millisecond */

struct digester {
	struct digest_walk walk;
	struct waypoints_reuse reuse;
};

static struct digest *begin(char *text, size_t len, size_t whole, const char *language)
{
	struct digest *d = xcalloc(1, sizeof(*d));

	if (len > LIMIT_CONTEXT_FILE) {
		const char *lf = memrchr(text, '\n', LIMIT_CONTEXT_FILE);

		len = lf ? (size_t)(lf - text) + 1 : 0;
	}
	d->text = xreallocarray(text, len + 1, 1);
	d->text[len] = '\0';
	d->len = len;
	d->whole = whole;
	d->syntax = syntax_of(language);
	d->style = import_style_of(language);
	return d;
}

struct digester *digester_new(
	struct names *names, const char *language, char *text, size_t len, size_t whole, const struct digest *before)
{
	struct digester *g = xcalloc(1, sizeof(*g));

	digest_walk_begin(&g->walk, begin(text, len, whole, language), names);
	waypoints_begin(&g->reuse, &g->walk, before);
	return g;
}

bool digester_step(struct digester *g)
{
	struct digest_walk *w = &g->walk;
	size_t until = w->lexer.at + STEP_BYTES;

	while (w->at < w->digest->len && w->digest->count < LIMIT_CONTEXT_PIECES) {
		if (!digest_walk_lex(w, until))
			return false;
		if (waypoints_join(&g->reuse, w))
			break;
		waypoints_note(w);
		digest_walk_line(w);
	}
	return true;
}

static void count_uses(struct digest *d, const struct names *names)
{
	uint32_t *at = xcalloc((size_t)names_last(names) + 1, sizeof(*at)); /* in uses[], plus one */
	size_t room = 0;

	for (size_t i = 0; i < d->count; i++) {
		const struct piece *piece = &d->pieces[i];

		if (piece->kind != PIECE_CHUNK)
			continue;
		d->chunk_count++;
		for (uint32_t k = 0; k < piece->name_count; k++) {
			uint32_t id = d->names[piece->first_name + k];

			if (!at[id]) {
				if (d->use_count == room) {
					room = room ? 2 * room : 64;
					d->uses = xreallocarray(d->uses, room, sizeof(*d->uses));
				}
				d->uses[d->use_count++] = (struct name_use){ .name = id };
				at[id] = (uint32_t)d->use_count;
			}
			d->uses[at[id] - 1].chunks++;
		}
	}
	free(at);
	if (d->use_count)
		d->uses = xreallocarray(d->uses, d->use_count, sizeof(*d->uses));
}

/* Nothing is added any more. */
static struct digest *finish(struct digest *d)
{
	d->pieces = xreallocarray(d->pieces, d->count, sizeof(*d->pieces));
	d->names = xreallocarray(d->names, d->name_count, sizeof(*d->names));
	d->bytes = sizeof(*d) + d->len + d->count * sizeof(*d->pieces) + d->name_count * sizeof(*d->names) +
		d->use_count * sizeof(*d->uses) + waypoints_cut(d);
	return d;
}

struct digest *digester_finish(struct digester *g)
{
	struct digest *d = g->walk.digest;

	while (!digester_step(g))
		continue;
	digest_walk_end(&g->walk);
	count_uses(d, g->walk.names);
	free(g);
	return finish(d);
}

void digester_free(struct digester *g)
{
	if (!g)
		return;
	digest_free(g->walk.digest);
	free(g);
}

struct digest *digest_new(struct names *names, const char *language, const char *text, size_t len)
{
	return digester_finish(digester_new(names, language, xstrndup(text, len), len, len, NULL));
}

struct digest *digest_of_diff(struct names *names, const char *text, size_t len)
{
	struct digest_walk w;
	size_t at = 0;
	size_t number = 0;
	struct digest *d = begin(xstrndup(text, len), len, len, NULL);

	digest_walk_begin(&w, d, names);
	while (at < d->len) {
		size_t start = at;
		size_t first = number;

		do {
			const char *lf = memchr(d->text + at, '\n', d->len - at);

			at = lf ? (size_t)(lf - d->text) + 1 : d->len;
			number++;
		} while (at < d->len && !starts_with(d->text + at, d->len - at, "@@"));
		digest_walk_add(&w, PIECE_EDIT, start, at, first, number - first);
	}
	return finish(d);
}

size_t digest_line_at(const struct digest *d, size_t at)
{
	size_t low = 0;
	size_t high = d->count;

	if (at > d->len)
		at = d->len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (d->pieces[middle].start <= at)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return lines_count(d->text, at);
	return d->pieces[low - 1].line + lines_count(d->text + d->pieces[low - 1].start, at - d->pieces[low - 1].start);
}

void digest_free(struct digest *digest)
{
	if (!digest)
		return;
	free(digest->text);
	free(digest->pieces);
	free(digest->names);
	free(digest->uses);
	free(digest->waypoints);
	free(digest);
}
