/*
 * Differences of two texts. struct side is a text cut into lines, with a hash each; both live for one call.
 */
#include "eke/text/diff.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/hash.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/utf.h"
#include "eke/text/lines.h"

struct side {
	const char *text;
	size_t len;
	size_t *starts; /* of the lines, and the end: count + 1 */
	uint64_t *hashes;
	size_t count;
};

static void side_init(struct side *s, const char *text, size_t len)
{
	size_t lines = lines_count(text, len) + 1;

	*s = (struct side){ .text = text, .len = len };
	s->starts = xcalloc(lines + 1, sizeof(*s->starts));
	s->hashes = xcalloc(lines, sizeof(*s->hashes));
	for (size_t at = 0; at < len;) {
		size_t next = at + lines_skip(text + at, len - at, 1);

		s->starts[s->count] = at;
		s->hashes[s->count++] = hash_fnv64(HASH_FNV64, text + at, next - at);
		at = next;
	}
	s->starts[s->count] = len;
}

static void side_release(struct side *s)
{
	free(s->starts);
	free(s->hashes);
}

static size_t line_len(const struct side *s, size_t line)
{
	return s->starts[line + 1] - s->starts[line];
}

static bool same_line(const struct side *a, size_t i, const struct side *b, size_t j)
{
	return a->hashes[i] == b->hashes[j] && line_len(a, i) == line_len(b, j) &&
	       !memcmp(a->text + a->starts[i], b->text + b->starts[j], line_len(a, i));
}

/* --- the edits so far --- */

struct edits {
	struct diff_edit *list;
	size_t count;
	size_t cap;
};

/* May the text be cut at this offset? */
static bool is_cut(const char *s, size_t len, size_t at)
{
	if (!utf8_is_boundary(s, len, at))
		return false;
	return !(at && at < len && s[at - 1] == '\r' && s[at] == '\n');
}

/* Takes off what both sides begin and end with. */
static void narrow(const struct side *a, const struct side *b, struct diff_edit *e)
{
	size_t n = 0;
	size_t most = e->end - e->start < e->new_end - e->new_start ? e->end - e->start : e->new_end - e->new_start;

	while (n < most && a->text[e->start + n] == b->text[e->new_start + n])
		n++;
	while (n && !(is_cut(a->text, a->len, e->start + n) && is_cut(b->text, b->len, e->new_start + n)))
		n--;
	e->start += n;
	e->new_start += n;
	most -= n;
	for (n = 0; n < most && a->text[e->end - n - 1] == b->text[e->new_end - n - 1]; n++)
		continue;
	while (n && !(is_cut(a->text, a->len, e->end - n) && is_cut(b->text, b->len, e->new_end - n)))
		n--;
	e->end -= n;
	e->new_end -= n;
}

/* Lines [i, i_end) of a become [j, j_end) of b. */
static void add(struct edits *edits, const struct side *a, size_t i, size_t i_end, const struct side *b, size_t j,
		size_t j_end)
{
	struct diff_edit e = { a->starts[i], a->starts[i_end], b->starts[j], b->starts[j_end] };

	if (i == i_end && j == j_end)
		return;
	narrow(a, b, &e);
	if (e.start == e.end && e.new_start == e.new_end)
		return;
	if (edits->count == edits->cap) {
		edits->cap = edits->cap ? 2 * edits->cap : 8;
		edits->list = xreallocarray(edits->list, edits->cap, sizeof(*edits->list));
	}
	edits->list[edits->count++] = e;
}

/* --- the shortest script --- */

/* Where the paths of d steps end, by diagonal: v[k] for -d <= k <= d, kept for each d. */
struct paths {
	size_t **v;
	size_t d;
};

/* Follows the paths backwards; marks the lines that stay: keep[i] is b's line, or SIZE_MAX. */
static void trace_back(const struct paths *p, size_t n, size_t m, size_t *keep)
{
	size_t x = n;
	size_t y = m;

	for (size_t d = p->d; d > 0; d--) {
		const size_t *v = p->v[d - 1] + d; /* v[k] of the step before: k from -(d-1) */
		ptrdiff_t k = (ptrdiff_t)x - (ptrdiff_t)y;
		bool down = k == -(ptrdiff_t)d || (k != (ptrdiff_t)d && v[k - 1] < v[k + 1]);
		ptrdiff_t before = down ? k + 1 : k - 1;
		size_t from_x = v[before];
		size_t from_y = (size_t)((ptrdiff_t)from_x - before);
		size_t start_x = down ? from_x : from_x + 1;

		while (x > start_x) {
			keep[--x] = --y;
		}
		x = from_x;
		y = from_y;
	}
	while (x)
		keep[--x] = --y;
}

/* False if it would take more than the steps that are allowed. */
static bool find_kept(const struct side *a, const struct side *b, size_t *keep)
{
	size_t n = a->count;
	size_t m = b->count;
	size_t most = n + m < LIMIT_DIFF_STEPS ? n + m : LIMIT_DIFF_STEPS;
	struct paths p = { .v = xcalloc(most + 1, sizeof(*p.v)) };
	bool found = false;

	for (p.d = 0; p.d <= most; p.d++) {
		/* One more on each side, so that the step after can look beyond. */
		size_t *v = xcalloc(2 * p.d + 3, sizeof(*v));
		const size_t *last = p.d ? p.v[p.d - 1] + p.d : NULL;
		ptrdiff_t d = (ptrdiff_t)p.d;

		p.v[p.d] = v;
		v += d + 1;
		for (ptrdiff_t k = -d; k <= d && !found; k += 2) {
			bool down = k == -d || (k != d && last[k - 1] < last[k + 1]);
			size_t x = !d ? 0 : down ? last[k + 1] : last[k - 1] + 1;
			ptrdiff_t y = (ptrdiff_t)x - k;

			while (y >= 0 && x < n && (size_t)y < m && same_line(a, x, b, (size_t)y)) {
				x++;
				y++;
			}
			v[k] = x;
			found = x >= n && y >= (ptrdiff_t)m;
		}
		if (found)
			break;
	}
	if (found)
		trace_back(&p, n, m, keep);
	for (size_t d = 0; d <= most; d++)
		free(p.v[d]);
	free(p.v);
	return found;
}

static void collect(const struct side *a, const struct side *b, const size_t *keep, struct edits *edits)
{
	size_t i = 0;
	size_t j = 0;

	for (size_t x = 0; x < a->count; x++) {
		if (keep[x] == SIZE_MAX)
			continue;
		add(edits, a, i, x, b, j, keep[x]);
		i = x + 1;
		j = keep[x] + 1;
	}
	add(edits, a, i, a->count, b, j, b->count);
}

struct diff_edit *diff_texts(const char *old_text, size_t old_len, const char *new_text, size_t new_len, size_t *count)
{
	struct edits edits = { NULL, 0, 0 };
	struct side a;
	struct side b;
	size_t *keep;

	side_init(&a, old_text, old_len);
	side_init(&b, new_text, new_len);
	keep = xcalloc(a.count + 1, sizeof(*keep));
	for (size_t i = 0; i < a.count; i++)
		keep[i] = SIZE_MAX;
	if (find_kept(&a, &b, keep))
		collect(&a, &b, keep, &edits);
	else
		add(&edits, &a, 0, a.count, &b, 0, b.count);
	free(keep);
	side_release(&a);
	side_release(&b);
	*count = edits.count;
	return edits.list;
}
