/*
 * Differences of two texts. struct side is one of them, cut into lines, without those that both begin and end with;
 * both sides live for one call.
 */
#include "eke/text/diff.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/utf.h"
#include "eke/text/lines.h"

struct side {
	const char *text;
	size_t len;
	size_t *starts; /* of the lines, in the text, and the end: count + 1 */
	size_t count;
};

static void side_init(struct side *s, const char *text, size_t len, size_t start, size_t end)
{
	*s = (struct side){ .text = text, .len = len };
	s->starts = xcalloc(lines_count(text + start, end - start) + 2, sizeof(*s->starts));
	for (size_t at = start; at < end; at += lines_skip(text + at, end - at, 1))
		s->starts[s->count++] = at;
	s->starts[s->count] = end;
}

static size_t line_len(const struct side *s, size_t line)
{
	return s->starts[line + 1] - s->starts[line];
}

static bool same_line(const struct side *a, size_t i, const struct side *b, size_t j)
{
	return line_len(a, i) == line_len(b, j) && !memcmp(a->text + a->starts[i], b->text + b->starts[j], line_len(a, i));
}

size_t diff_same_head(const char *a, const char *b, size_t most)
{
	size_t n = 0;

	while (n + 64 <= most && !memcmp(a + n, b + n, 64))
		n += 64;
	while (n < most && a[n] == b[n])
		n++;
	return n;
}

size_t diff_same_tail(const char *a_end, const char *b_end, size_t most)
{
	size_t n = 0;

	while (n + 64 <= most && !memcmp(a_end - n - 64, b_end - n - 64, 64))
		n += 64;
	while (n < most && a_end[-(ptrdiff_t)n - 1] == b_end[-(ptrdiff_t)n - 1])
		n++;
	return n;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Both sides, without the whole lines that both begin with, and those that both then end with. */
static void sides_init(struct side *a, const char *a_text, size_t a_len, struct side *b, const char *b_text,
		       size_t b_len)
{
	size_t head = diff_same_head(a_text, b_text, smaller(a_len, b_len));
	const char *lf = memrchr(a_text, '\n', head);
	size_t tail;

	head = lf ? (size_t)(lf - a_text) + 1 : 0;
	tail = diff_same_tail(a_text + a_len, b_text + b_len, smaller(a_len, b_len) - head);
	lf = memchr(a_text + a_len - tail, '\n', tail);
	tail = lf ? (size_t)(a_text + a_len - lf) - 1 : 0;
	side_init(a, a_text, a_len, head, a_len - tail);
	side_init(b, b_text, b_len, head, b_len - tail);
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
	size_t most = smaller(e->end - e->start, e->new_end - e->new_start);
	size_t n = diff_same_head(a->text + e->start, b->text + e->new_start, most);

	while (n && !(is_cut(a->text, a->len, e->start + n) && is_cut(b->text, b->len, e->new_start + n)))
		n--;
	e->start += n;
	e->new_start += n;
	most -= n;
	n = diff_same_tail(a->text + e->end, b->text + e->new_end, most);
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

/*
 * Where the paths of d steps end: x[d][i] lines of a are behind the one on diagonal k = 2 * i - d, 0 <= i <= d. A path
 * of d - 1 steps becomes one of d by a line of b that is new (down; i stays) or one of a that goes (i + 1).
 */
struct paths {
	uint32_t **x;
	size_t d;
};

static bool goes_down(const uint32_t *last, size_t d, size_t i)
{
	return !i || (i < d && last[i - 1] < last[i]);
}

/* Follows the path backwards from the end of both; marks the lines that stay: keep[i] is b's line, or SIZE_MAX. */
static void trace_back(const struct paths *p, size_t n, size_t m, size_t *keep)
{
	size_t x = n;
	size_t y = m;

	for (size_t d = p->d; d > 0; d--) {
		const uint32_t *last = p->x[d - 1];
		size_t i = (x + d - y) / 2;
		bool down = goes_down(last, d, i);
		size_t from = down ? last[i] : last[i - 1];

		while (x > from + !down)
			keep[--x] = --y;
		x -= !down;
		y -= down;
	}
	while (x)
		keep[--x] = --y;
}

/* Makes the ends of p->d steps out of those before. Is one the end of both texts? */
static bool step(struct paths *p, const struct side *a, const struct side *b)
{
	const uint32_t *last = p->d ? p->x[p->d - 1] : NULL;
	uint32_t *ends = xcalloc(p->d + 1, sizeof(*ends));

	p->x[p->d] = ends;
	for (size_t i = 0; i <= p->d; i++) {
		size_t x = !last ? 0 : goes_down(last, p->d, i) ? last[i] : last[i - 1] + 1;
		ptrdiff_t y = (ptrdiff_t)(x + p->d) - 2 * (ptrdiff_t)i;

		while (y >= 0 && x < a->count && (size_t)y < b->count && same_line(a, x, b, (size_t)y)) {
			x++;
			y++;
		}
		ends[i] = (uint32_t)x;
		if (x >= a->count && y >= (ptrdiff_t)b->count)
			return true;
	}
	return false;
}

/* False if it would take more than the steps that are allowed. */
static bool find_kept(const struct side *a, const struct side *b, size_t *keep)
{
	size_t most = smaller(a->count + b->count, LIMIT_DIFF_STEPS);
	struct paths p = { .x = xcalloc(most + 1, sizeof(*p.x)) };
	bool found = step(&p, a, b);

	while (!found && p.d < most) {
		p.d++;
		found = step(&p, a, b);
	}
	if (found)
		trace_back(&p, a->count, b->count, keep);
	for (size_t d = 0; d <= p.d; d++)
		free(p.x[d]);
	free(p.x);
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

	sides_init(&a, old_text, old_len, &b, new_text, new_len);
	keep = xcalloc(a.count + 1, sizeof(*keep));
	for (size_t i = 0; i < a.count; i++)
		keep[i] = SIZE_MAX;
	if (find_kept(&a, &b, keep))
		collect(&a, &b, keep, &edits);
	else
		add(&edits, &a, 0, a.count, &b, 0, b.count);
	free(keep);
	free(a.starts);
	free(b.starts);
	*count = edits.count;
	return edits.list;
}
