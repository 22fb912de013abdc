/*
 * A waypoint may be gone on from if nothing changed in the bytes that decided what was found before it; and be joined
 * if nothing changed behind it, nor in the chunk that is open there.
 */
#include "waypoints.h"

#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/text/diff.h"

#define SPACING KIB(2) /* bytes from one to the next */
#define GROW 16
/* How far the lexer looks beyond where it stands: a regular expression's 300 bytes are the most. */
#define LOOK_AHEAD 512
#define DEPTH_MAX 6

struct waypoint {
	uint32_t at; /* as in struct digest_walk, ... */
	uint32_t line;
	uint32_t seen; /* with the lexer's part */
	uint32_t pieces; /* so many there were */
	uint32_t names;
	uint32_t depth;
	struct chunk chunk;
	struct scope scopes[DEPTH_MAX];
};

static struct waypoint *add(struct digest *d, size_t count)
{
	size_t first = d->waypoint_count;
	size_t room = (first + GROW - 1) / GROW;
	size_t needed = (first + count + GROW - 1) / GROW;

	if (needed > room)
		d->waypoints = xreallocarray(d->waypoints, needed * GROW, sizeof(*d->waypoints));
	d->waypoint_count += count;
	return &d->waypoints[first];
}

/* The lexer is where the walk is, in plain code: what its state holds beside that says nothing. */
static bool is_simple(const struct digest_walk *w)
{
	const struct syntax_state *state = &w->lexer.state;

	return w->lexer.at == w->at && state->where == SYNTAX_IN_CODE && !state->quote && !state->triple &&
		!state->ends_here && !state->no_value && !state->delimiter[0] && !state->elements && !state->nested;
}

void waypoints_note(struct digest_walk *w)
{
	struct digest *d = w->digest;
	size_t last = d->waypoint_count ? d->waypoints[d->waypoint_count - 1].at : 0;
	size_t seen = w->at + LOOK_AHEAD > w->seen ? w->at + LOOK_AHEAD : w->seen;
	struct waypoint *p;

	/* Perl's quoting words look ahead as far as they like. */
	if (w->at < last + SPACING || w->depth > DEPTH_MAX || !is_simple(w) || (d->syntax->flags & SYNTAX_PERL))
		return;
	p = add(d, 1);
	*p = (struct waypoint){ .at = (uint32_t)w->at,
		.line = (uint32_t)w->line,
		.seen = (uint32_t)seen,
		.pieces = (uint32_t)d->count,
		.names = (uint32_t)d->name_count,
		.depth = (uint32_t)w->depth,
		.chunk = w->chunk };
	memcpy(p->scopes, w->scopes, w->depth * sizeof(*p->scopes));
}

size_t waypoints_cut(struct digest *d)
{
	if (d->waypoint_count)
		d->waypoints = xreallocarray(d->waypoints, d->waypoint_count, sizeof(*d->waypoints));
	return d->waypoint_count * sizeof(*d->waypoints);
}

/* The walk stands there. */
static void stand(struct digest_walk *w, const struct waypoint *p)
{
	w->lexer.at = p->at;
	w->lexer.state = (struct syntax_state){ .where = SYNTAX_IN_CODE };
	w->at = p->at;
	w->line = p->line;
	w->seen = p->seen;
	w->chunk = p->chunk;
	memcpy(w->scopes, p->scopes, p->depth * sizeof(*p->scopes));
	w->depth = p->depth;
}

/* --- the beginning --- */

static void go_on_from(struct digest_walk *w, const struct digest *before, size_t count)
{
	struct digest *d = w->digest;
	const struct waypoint *p = &before->waypoints[count - 1];

	memcpy(d->pieces, before->pieces, p->pieces * sizeof(*d->pieces));
	d->count = p->pieces;
	memcpy(d->names, before->names, p->names * sizeof(*d->names));
	d->name_count = p->names;
	memcpy(add(d, count), before->waypoints, count * sizeof(*p));
	stand(w, p);
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

void waypoints_begin(struct waypoints_reuse *reuse, struct digest_walk *w, const struct digest *before)
{
	const struct digest *d = w->digest;
	size_t head;
	size_t count = 0;

	*reuse = (struct waypoints_reuse){ .before = NULL };
	if (!before || before->syntax != d->syntax || before->style != d->style)
		return;
	digest_walk_reserve(w, before->count + 1, before->name_count + 1);
	head = diff_same_head(before->text, d->text, smaller(before->len, d->len));
	while (count < before->waypoint_count && before->waypoints[count].seen <= head)
		count++;
	if (count)
		go_on_from(w, before, count);
	reuse->moved = (ptrdiff_t)d->whole - (ptrdiff_t)before->whole;
	/* Of texts that were cut one has an end that the other has not. */
	if ((ptrdiff_t)before->len + reuse->moved <= (ptrdiff_t)head || (ptrdiff_t)d->len - reuse->moved <= (ptrdiff_t)head)
		return;
	reuse->before = before;
	reuse->end = smaller(before->len, (size_t)((ptrdiff_t)d->len - reuse->moved));
	reuse->is_whole = reuse->end == before->len && (ptrdiff_t)reuse->end + reuse->moved == (ptrdiff_t)d->len;
	reuse->tail = reuse->end -
		diff_same_tail(before->text + reuse->end, d->text + reuse->end + reuse->moved,
			smaller(reuse->end, (size_t)((ptrdiff_t)reuse->end + reuse->moved)) - head);
	/* The byte before it must be the same, too. */
	while (count < before->waypoint_count && before->waypoints[count].at <= reuse->tail)
		count++;
	reuse->next = count;
}

/* --- the end --- */

/* How far things are from where they were. Sums are modulo 2^32. */
struct move {
	uint32_t bytes;
	uint32_t lines;
	uint32_t pieces;
	uint32_t names;
};

static bool is_there(const struct waypoints_reuse *reuse, const struct waypoint *p, const struct digest_walk *w)
{
	uint32_t bytes = (uint32_t)(w->at - p->at);
	uint32_t lines = (uint32_t)(w->line - p->line);
	const struct chunk *a = &p->chunk;
	const struct chunk *b = &w->chunk;

	if (!is_simple(w) || p->depth != w->depth || a->lines != b->lines)
		return false;
	for (size_t i = 0; i < w->depth; i++)
		if (p->scopes[i].indent != w->scopes[i].indent || p->scopes[i].kind != w->scopes[i].kind)
			return false;
	return !a->lines ||
		(a->start >= reuse->tail && a->start + bytes == b->start && a->end + bytes == b->end &&
			a->line + lines == b->line && a->last + lines == b->last && a->indent == b->indent);
}

/* The type that a member behind the waypoint, where the walk stands, belongs to. */
static uint16_t moved_parent(const struct waypoint *p, const struct digest_walk *w, uint16_t parent, uint32_t pieces)
{
	if (!parent)
		return 0;
	for (size_t i = 0; i < p->depth; i++)
		if (p->scopes[i].piece == parent)
			return w->scopes[i].piece;
	return (uint16_t)(parent + pieces);
}

/* Another one, at or behind it. */
static struct waypoint moved_waypoint(
	const struct waypoint *p, const struct digest_walk *w, const struct waypoint *other, const struct move *move)
{
	struct waypoint to = *other;

	to.at += move->bytes;
	to.line += move->lines;
	to.seen += move->bytes;
	if (to.seen < w->seen)
		to.seen = (uint32_t)w->seen;
	to.pieces += move->pieces;
	to.names += move->names;
	to.chunk.start += move->bytes;
	to.chunk.end += move->bytes;
	to.chunk.line += move->lines;
	to.chunk.last += move->lines;
	for (size_t i = 0; i < to.depth; i++)
		to.scopes[i].piece = moved_parent(p, w, to.scopes[i].piece, move->pieces);
	return to;
}

/* From p, where the walk stands, to that waypoint, or NULL: to the end. */
static void take(
	struct digest_walk *w, const struct digest *before, const struct waypoint *p, const struct waypoint *last)
{
	struct digest *d = w->digest;
	struct move move = { (uint32_t)(w->at - p->at), (uint32_t)(w->line - p->line), (uint32_t)(d->count - p->pieces),
		(uint32_t)(d->name_count - p->names) };
	size_t pieces = last ? last->pieces : before->count;
	size_t names = (last ? last->names : before->name_count) - p->names;
	const struct waypoint *end = last ? last + 1 : before->waypoints + before->waypoint_count;
	struct waypoint to = *p;

	digest_walk_reserve(w, pieces - p->pieces, names);
	for (size_t i = p->pieces; i < pieces; i++) {
		struct piece *piece = &d->pieces[d->count++];

		*piece = before->pieces[i];
		piece->start += move.bytes;
		piece->end += move.bytes;
		piece->line += move.lines;
		piece->first_name += move.names;
		piece->parent = moved_parent(p, w, piece->parent, move.pieces);
	}
	memcpy(d->names + d->name_count, before->names + p->names, names * sizeof(*d->names));
	d->name_count += names;
	for (const struct waypoint *q = p; q < end; q++) {
		to = moved_waypoint(p, w, q, &move);
		/* They become no denser with each change. */
		if (!d->waypoint_count || to.at >= d->waypoints[d->waypoint_count - 1].at + SPACING / 2)
			*add(d, 1) = to;
	}
	if (last) {
		stand(w, &to);
	} else {
		w->at = w->lexer.at = d->len;
		w->chunk.lines = 0;
	}
}

bool waypoints_join(struct waypoints_reuse *reuse, struct digest_walk *w)
{
	const struct digest *before = reuse->before;
	const struct waypoint *p;
	size_t room; /* so many pieces there may have been */
	size_t last;
	bool whole;

	if (!before)
		return false;
	while (reuse->next < before->waypoint_count &&
		(ptrdiff_t)before->waypoints[reuse->next].at + reuse->moved < (ptrdiff_t)w->at)
		reuse->next++;
	if (reuse->next == before->waypoint_count)
		return false;
	p = &before->waypoints[reuse->next];
	if ((ptrdiff_t)p->at + reuse->moved != (ptrdiff_t)w->at || !is_there(reuse, p, w))
		return false;
	/* Where there are too many pieces, some are left out. */
	room = LIMIT_CONTEXT_PIECES - 1 - w->digest->count + p->pieces;
	room = smaller(room, LIMIT_CONTEXT_PIECES - 1);
	whole = reuse->is_whole && before->count <= room;
	last = before->waypoint_count - 1;
	while (!whole && last > reuse->next &&
		(before->waypoints[last].seen > reuse->end || before->waypoints[last].pieces > room))
		last--;
	if (!whole && last == reuse->next)
		return false;
	take(w, before, p, whole ? NULL : &before->waypoints[last]);
	reuse->before = NULL;
	return whole;
}
