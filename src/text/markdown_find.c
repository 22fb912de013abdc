/*
 * Each mark looks for its partner behind it. Three answers: here it is; there is none, so that the mark is text; not to
 * be said yet. CommonMark's rules for delimiter runs, cut down to what can be told from the mark onwards: the partner
 * of a run is the next one of the same length that can close, runs of other lengths within pair among themselves.
 */
#include "markdown_find.h"

#include <string.h>

#include "eke/base/ascii.h"

/* Runs of other lengths that are open within one. */
#define MAX_OPEN 8

size_t md_run_at(const struct span *t, size_t at)
{
	size_t n = 1;

	while (at + n < t->len && t->s[at + n] == t->s[at])
		n++;
	return n;
}

bool md_is_word_at(const struct span *t, size_t at)
{
	return at < t->len && ((unsigned char)t->s[at] >= 0x80 || ascii_is_alnum(t->s[at]));
}

enum found md_find_code_end(const struct span *t, size_t at, size_t n, size_t *end)
{
	while (at < t->len) {
		const char *next = memchr(t->s + at, '`', t->len - at);
		size_t k;

		if (!next)
			break;
		at = (size_t)(next - t->s);
		k = md_run_at(t, at);
		if (k == n && (at + k < t->len || t->final)) {
			*end = at;
			return FOUND;
		}
		at += k;
	}
	return t->final ? NONE : NOT_YET;
}

/*
 * Behind a code span, if one begins at `at`; else behind its backquotes. `dead`: lengths of runs that have no partner,
 * so that they are not looked for again.
 */
static enum found skip_code(const struct span *t, size_t *at, uint64_t *dead)
{
	size_t n = md_run_at(t, *at);
	uint64_t bit = n < 64 ? (uint64_t)1 << n : 0;
	size_t end;
	enum found found = *dead & bit ? NONE : md_find_code_end(t, *at + n, n, &end);

	if (found == NOT_YET)
		return NOT_YET;
	if (found == NONE)
		*dead |= bit;
	*at = found == FOUND ? end + n : *at + n;
	return FOUND;
}

struct open_runs {
	size_t lengths[MAX_OPEN];
	size_t count;
};

/* What is left of a closing run when those within have closed. */
static size_t close_inner(struct open_runs *open, size_t run)
{
	while (open->count && open->lengths[open->count - 1] <= run)
		run -= open->lengths[--open->count];
	return run;
}

enum found md_find_partner(const struct span *t, size_t at, size_t n, size_t *end)
{
	struct open_runs open = { .count = 0 };
	uint64_t dead = 0;
	char c = t->s[at];

	at += n;
	while (at < t->len) {
		bool can_close;
		size_t rest;
		size_t k;

		if (t->s[at] == '\\') {
			at += 2;
			continue;
		}
		if (t->s[at] == '`') {
			if (skip_code(t, &at, &dead) == NOT_YET)
				return NOT_YET;
			continue;
		}
		if (t->s[at] != c) {
			at++;
			continue;
		}
		k = md_run_at(t, at);
		if (at + k == t->len && !t->final)
			return NOT_YET;
		can_close = !ascii_is_blank(t->s[at - 1]) && (c != '_' || !md_is_word_at(t, at + k));
		if (can_close && k == n) {
			*end = at;
			return FOUND;
		}
		rest = can_close ? close_inner(&open, k) : k;
		if (rest == n && rest < k) {
			*end = at + k - rest;
			return FOUND;
		}
		if (rest == k && open.count < MAX_OPEN && at + k < t->len && !ascii_is_blank(t->s[at + k]))
			open.lengths[open.count++] = k;
		at += k;
	}
	return t->final ? NONE : NOT_YET;
}

/* The closing bracket of the label that begins at `at`. */
static enum found find_label_end(const struct span *t, size_t at, size_t *end)
{
	uint64_t dead = 0;
	size_t depth = 1;

	while (at < t->len) {
		switch (t->s[at]) {
		case '\\':
			at += 2;
			continue;
		case '`':
			if (skip_code(t, &at, &dead) == NOT_YET)
				return NOT_YET;
			continue;
		case '[':
			depth++;
			break;
		case ']':
			if (!--depth) {
				*end = at;
				return FOUND;
			}
			break;
		}
		at++;
	}
	return t->final ? NONE : NOT_YET;
}

/* The address and an optional title behind "](". */
static enum found find_url(const struct span *t, size_t at, struct md_link *out)
{
	size_t depth = 1;

	out->url = at;
	for (; at < t->len && !ascii_is_blank(t->s[at]); at++) {
		depth += t->s[at] == '(';
		depth -= t->s[at] == ')';
		if (!depth) {
			out->url_end = at;
			out->end = at + 1;
			return FOUND;
		}
	}
	out->url_end = at;
	while (at < t->len && ascii_is_blank(t->s[at]))
		at++;
	if (at < t->len && t->s[at] != '"' && t->s[at] != '\'' && t->s[at] != ')')
		return NONE;
	for (; at < t->len; at++) {
		if (t->s[at] == ')') {
			out->end = at + 1;
			return FOUND;
		}
	}
	return t->final ? NONE : NOT_YET;
}

enum found md_find_link(const struct span *t, size_t at, struct md_link *out)
{
	enum found found = find_label_end(t, at + 1, &out->label_end);

	if (found != FOUND)
		return found;
	out->label = at + 1;
	if (out->label_end + 1 == t->len)
		return t->final ? NONE : NOT_YET;
	if (t->s[out->label_end + 1] != '(')
		return NONE;
	return find_url(t, out->label_end + 2, out);
}
