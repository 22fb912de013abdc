/*
 * What stands right of the cursor on its line: the answer ends where it repeats that, closes the string that ends
 * there, or takes the place of closers that an editor put there.
 */
#include "overlap.h"

#include <string.h>

#include "eke/code/blocks.h"
#include "balance.h"

#define REPLACED_MAX 16 /* closers right of the cursor that an editor may have put there */
#define WORK_MAX ((size_t)1024 * 1024) /* bytes of text that are read to find where the rest of the line begins in it */

/* Closing brackets, quotes and what ends a statement. */
static bool is_closers(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!strchr(")]}>\"'`;, \t", s[i]))
			return false;
	}
	return len > 0;
}

/* "<" in s without their ">"; negative: the reverse. "->", "=>", "<=", "<<" and ">=" are none. */
static long open_angles(const char *s, size_t len)
{
	long n = 0;

	for (size_t i = 0; i < len; i++) {
		bool before = i && strchr("-=< ", s[i - 1]);
		bool after = i + 1 < len && strchr("=< ", s[i + 1]);

		if (s[i] == '<' && !after)
			n++;
		else if (s[i] == '>' && !before && !(after && s[i + 1] == '='))
			n--;
	}
	return n;
}

/* s[0..len) has an opening bracket for this closing one. */
static bool opens_itself(const char *s, size_t len, char closer)
{
	long n = 0;

	if (!strchr(")]}", closer))
		return false;
	for (size_t i = 0; i < len; i++)
		n += s[i] == syntax_opener_of(closer) ? 1 : s[i] == closer ? -1 : 0;
	return n > 0;
}

/* Would the text with the rest of the line behind it be worse than text[0..cut)? */
static bool overlap_is_real(
	const struct post_context *c, const struct strbuf *t, size_t cut, size_t len, bool whole_rest)
{
	const char *tail = t->data + cut;
	size_t words = count_word_chars(tail, len);
	struct balance whole = balance_of(c, t->data, t->len);
	struct balance before = balance_of(c, t->data, cut);
	bool in_code = post_is_code(c) && (c->at.where == SYNTAX_IN_CODE || !(c->at.triple || c->in_comment));

	/* It closes what it opened itself. */
	if (in_code ? before.surplus + before.open > whole.surplus + whole.open ||
				(before.own > 0 && whole.surplus >= before.surplus && whole.own < before.own)
				: opens_itself(t->data, cut, tail[0]))
		return false;
	if (in_code && whole.surplus > before.surplus)
		return true;
	if (in_code && !words && strchr(")]}", tail[0]))
		return false;
	if (tail[0] == '>' && !words)
		return open_angles(c->head, c->head_len) > 0 && open_angles(t->data, t->len) < 0;
	/* Inside of a word that stands there already. */
	if (!cut && !whole_rest)
		return is_word_char(t->data[t->len - 1]) && words == count_word_chars(t->data, t->len) &&
			!(len < c->rest_len && is_word_char(c->suffix.data[len]));
	if (!words)
		return whole_rest || len > 1;
	if (whole_rest)
		return words + (size_t)(len > words) >= 2;
	/* ", b" of ", b)" */
	if (tail[0] == ',' && len < c->rest_len && !is_word_char(c->suffix.data[len]))
		return true;
	return words >= 3 && len > 3;
}

/* Cuts what the end of t and the rest of the line have in common: the longest that it can be. */
static void drop_rest(const struct post_context *c, struct strbuf *t)
{
	size_t work = 0;
	size_t skip = skip_blanks(c->suffix.data, c->rest_len);
	size_t end = trimmed_length(t->data, t->len);
	size_t rest_end = trimmed_length(c->suffix.data, c->rest_len);

	for (size_t i = 0; i < end; i++) {
		size_t len = end - i;

		for (int trimmed = 0; trimmed < 2; trimmed++) {
			size_t from = trimmed ? skip : 0;

			if (from >= rest_end || len > rest_end - from || memcmp(t->data + i, c->suffix.data + from, len) != 0)
				continue;
			if (i && t->data[i - 1] == '\\')
				continue;
			/* A run of one character has thousands of them. */
			work += t->len;
			if (work > WORK_MAX)
				return;
			if (!overlap_is_real(c, t, i, len, len == rest_end - from))
				continue;
			strbuf_truncate(t, i);
			return;
		}
	}
}

/* Where text on the cursor's line has to end because text follows there; t's length: anywhere. */
static size_t end_on_line(const struct post_context *c, const struct strbuf *t)
{
	size_t rest = trimmed_length(c->suffix.data, c->rest_len);
	size_t skip = skip_blanks(c->suffix.data, c->rest_len);
	size_t n = rest - skip;
	bool code = post_is_code(c);

	/* A line that ends as the cursor's does, and more behind it: that is the lines below, or what comes after them. */
	for (size_t pos = 0; n && pos < t->len; pos++) {
		const char *lf = memchr(t->data + pos, '\n', t->len - pos);
		size_t end;

		if (!lf)
			break;
		pos = (size_t)(lf - t->data);
		end = trimmed_length(t->data, pos);
		if (end < n || memcmp(t->data + end - n, c->suffix.data + skip, n) != 0)
			continue;
		end -= n;
		if (count_word_chars(c->suffix.data + skip, n) || !code ||
			balance_disorder(c, t->data, end) < balance_disorder(c, t->data, t->len) ||
			balance_disorder(c, t->data, end) == 0)
			return end >= skip && !memcmp(t->data + end - skip, c->suffix.data, skip) ? end - skip : end;
	}
	return t->len;
}

/* How much of s, closers, the text has from `at` on, in this order, whatever is between them. */
static size_t closers_in(const struct strbuf *t, size_t at, const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && at < t->len) {
		if (s[n] == ' ' || s[n] == '\t')
			n++;
		else if (t->data[at++] == s[n])
			n++;
	}
	return n;
}

/* Nothing after the cursor is left without its opener where the text takes the place of `replaced` bytes. */
static bool keeps_balance(const struct post_context *c, const struct strbuf *t, size_t replaced)
{
	struct post_context without;
	struct balance b;

	post_context_narrow(&without, c, replaced);
	b = balance_of(&without, t->data, t->len);
	return !b.surplus && b.end.where == SYNTAX_IN_CODE;
}

size_t overlap_replaced(const struct post_context *c, const struct strbuf *t)
{
	size_t rest = trimmed_length(c->suffix.data, c->rest_len);
	size_t skip = skip_blanks(c->suffix.data, rest);
	size_t end = balance_end(c, t->data, t->len, true);
	size_t replaced;

	if (end == t->len || rest - skip > REPLACED_MAX || !is_closers(c->suffix.data + skip, rest - skip))
		return 0;
	/* Without more behind them its closers are simply left out. */
	if (is_closers(t->data + end, trimmed_length(t->data, t->len) - end))
		return 0;
	/* All that the text has, or as much as leaves the rest in order. */
	replaced = skip + closers_in(t, end, c->suffix.data + skip, rest - skip);
	while (replaced > skip && !keeps_balance(c, t, replaced))
		replaced--;
	return replaced > skip ? replaced : 0;
}

void overlap_fit_rest(const struct post_context *c, struct strbuf *t)
{
	bool code = post_is_code(c);

	if (code) {
		drop_rest(c, t);
		if (overlap_replaced(c, t))
			return;
	}
	strbuf_truncate(t, end_on_line(c, t));
	drop_rest(c, t);
	if (code)
		strbuf_truncate(t, balance_end(c, t->data, t->len, true));
}
