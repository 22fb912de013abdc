/*
 * Fences around an answer, and inline code. In a document that has fences itself they are text.
 */
#include "unwrap_private.h"

#include <string.h>

#include "eke/base/attrs.h"
#include "talk.h"

#define INFO_MAX 40 /* bytes of a fence's info string */

/* If a fence begins at `at`, after blanks: its character's count; *mark is where it is. */
static size_t fence_at(const struct slice *t, size_t at, size_t *mark)
{
	size_t n = 0;

	while (at < t->len && (t->s[at] == ' ' || t->s[at] == '\t'))
		at++;
	*mark = at;
	while (at + n < t->len && (t->s[at] == '`' || t->s[at] == '~') && t->s[at + n] == t->s[at])
		n++;
	return n >= 3 ? n : 0;
}

/* Where the next line that begins with a fence is. */
static bool find_fence(const struct slice *t, size_t from, size_t *line, size_t *mark, size_t *count)
{
	for (size_t at = from; at < t->len;) {
		const char *lf = memchr(t->s + at, '\n', t->len - at);

		*count = fence_at(t, at, mark);
		if (*count) {
			*line = at;
			return true;
		}
		if (!lf)
			return false;
		at = (size_t)(lf - t->s) + 1;
	}
	return false;
}

/* An info string: one word of a language's name, perhaps with {attributes} behind it. */
static bool is_info(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && (is_word_char(s[i]) || memchr("+#-./:", s[i], 6)))
		i++;
	while (i < len && s[i] == ' ')
		i++;
	return i <= INFO_MAX && (i == len || s[i] == '{');
}

/* The fence at `mark` opens lines of code, or code on its own line. */
static bool encloses(const struct slice *t, size_t mark, size_t count)
{
	const char *s = t->s + mark + count;
	const char *lf = memchr(s, '\n', t->len - mark - count);
	size_t len = lf ? (size_t)(lf - s) : t->len - mark - count;

	return is_info(s, len) || memmem(s, len, t->s + mark, count);
}

/*
 * Narrows to what a fence at `mark` encloses, to the end if it is not closed. The closing one is a line
 * of its own, indented no more than the opening one (docstrings have fences, too), or ends the opening
 * line itself. In a growing text a last line without an end is not known yet.
 */
static void take_fenced(struct slice *t, size_t line, size_t mark, size_t count, bool growing, bool *closed)
{
	size_t from = mark + count;
	const char *lf = memchr(t->s + from, '\n', t->len - from);
	size_t line_end = lf ? (size_t)(lf - t->s) : t->len;
	size_t end = t->len;
	size_t end_mark;

	if (is_info(t->s + from, line_end - from)) {
		from = line_end < t->len ? line_end + 1 : t->len;
	} else {
		for (size_t i = from; i + count <= line_end; i++) {
			if (!memcmp(t->s + i, t->s + mark, count)) {
				*closed = true;
				slice_narrow(t, from, i);
				return;
			}
		}
	}
	for (size_t at = from; at < t->len;) {
		size_t n = fence_at(t, at, &end_mark);

		lf = memchr(t->s + at, '\n', t->len - at);
		line_end = lf ? (size_t)(lf - t->s) : t->len;
		if (n >= count && (lf || !growing) && end_mark - at <= mark - line &&
			is_all_blank(t->s + end_mark + n, line_end - end_mark - n)) {
			end = at;
			*closed = true;
			break;
		}
		at = line_end + 1;
	}
	/* The line end before the closing fence is the fence's. */
	if (*closed && end > from && t->s[end - 1] == '\n')
		end--;
	slice_narrow(t, from, end);
}

static bool info_is_prose(const struct slice *t, size_t from)
{
	static const char *const infos[] = { "markdown\n", "md\n", "text\n", "plaintext\n", "txt\n" };

	for (size_t i = 0; i < ARRAY_LEN(infos); i++) {
		if (starts_with(t->s + from, t->len - from, infos[i]))
			return true;
	}
	return false;
}

/* Does the last line of text before a fence, s[0..len), speak of what comes? */
static bool leads_in(const char *s, size_t len)
{
	len = trimmed_length(s, len);
	return len &&
		(s[len - 1] == ':' || s[len - 1] == '.' || s[len - 1] == '!' ||
			(len >= 3 && (!memcmp(s + len - 3, "：", 3) || !memcmp(s + len - 3, "。", 3))));
}

/* A fence that names a language opens; any other does where what stands before it is talk. */
static bool fence_opens(const struct post_context *c, const struct slice *t, size_t line, size_t mark, size_t count)
{
	const char *lf = memchr(t->s + mark, '\n', t->len - mark);
	size_t info = (lf ? (size_t)(lf - t->s) : t->len) - mark - count;
	size_t next;
	size_t next_mark;
	size_t next_count;

	if (!is_all_blank(t->s + mark + count, info) && is_info(t->s + mark + count, info))
		return true;
	return talk_is_line(c, t->s, line) || talk_is_label(t->s, line) ||
		(leads_in(t->s, line) && find_fence(t, mark + count, &next, &next_mark, &next_count));
}

/* The fence names nothing, or the document's language. */
static bool info_is_own(const struct post_context *c, const struct slice *t, size_t from)
{
	const char *id = c->in->language ? c->in->language : "";
	size_t n = strlen(id);

	if (from < t->len && t->s[from] == '\n')
		return true;
	return n && from + n < t->len && starts_with(t->s + from, t->len - from, id) && t->s[from + n] == '\n';
}

/* All of the text is one fence, from its first line to its last. */
static bool is_all_fenced(const struct slice *t, size_t line, size_t mark, size_t count)
{
	struct slice inner = *t;
	bool closed = false;

	take_fenced(&inner, line, mark, count, false, &closed);
	if (!closed)
		return false;
	for (const char *s = inner.s + inner.len; s < t->s + t->len; s++) {
		if (!strchr(" \t\n`~", *s))
			return false;
	}
	return true;
}

/* The last line is a fence, the only one, and stands in code: docstrings underline with them. */
static bool ends_with_fence(const struct post_context *c, const struct slice *t)
{
	size_t len = trimmed_length(t->s, t->len);
	const char *lf = memrchr(t->s, '\n', len);
	size_t line;
	size_t mark;
	size_t count;

	return lf && find_fence(t, 0, &line, &mark, &count) && line == (size_t)(lf - t->s) + 1 && mark + count == len &&
	       slice_state(c, t, line).where == SYNTAX_IN_CODE;
}

/* Takes fences off. */
static void unfence(
	const struct post_context *c, struct slice *t, const struct unwrap_info *info, bool fim, bool *closed)
{
	size_t line;
	size_t mark;
	size_t count;
	size_t first = slice_blanks(t);
	bool growing = c->in->finish == POST_OPEN && !*closed;
	bool wrapped = info->wrapped || fim;
	bool at_start;

	if (!find_fence(t, 0, &line, &mark, &count))
		return;
	at_start = mark == first;
	if (!post_is_code(c)) {
		/* Fences are text here, but for one around everything that says it is, or that talk leads to. */
		bool all = at_start &&
			(info_is_prose(t, mark + count) ||
				(is_all_fenced(t, line, mark, count) && info_is_own(c, t, mark + count)));
		bool led_to = !at_start && fence_opens(c, t, line, mark, count) && leads_in(t->s, line);

		if (!wrapped && (all || led_to))
			take_fenced(t, line, mark, count, growing, closed);
		return;
	}
	/* Inside of tags only what the text begins with is wrapping. */
	if (wrapped) {
		if (at_start && !c->in_comment && encloses(t, mark, count))
			take_fenced(t, line, mark, count, growing, closed);
		else if (growing && at_start && !memchr(t->s + mark, '\n', t->len - mark))
			slice_narrow(t, 0, 0);
		else if (fim)
			goto closing;
		return;
	}
	if (at_start || fence_opens(c, t, line, mark, count)) {
		take_fenced(t, line, mark, count, growing, closed);
		return;
	}
closing:
	/*
	 * Text first: a fence outside of comments and strings closes what the prompt was taken to have
	 * opened.
	 */
	while (slice_state(c, t, line).where != SYNTAX_IN_CODE) {
		if (!find_fence(t, mark + count, &line, &mark, &count))
			return;
	}
	slice_narrow(t, 0, line);
	*closed = true;
}

void unwrap_inline_code(const struct post_context *c, struct slice *t)
{
	size_t from = slice_blanks(t);
	size_t end = t->len;

	if (!(c->syntax->flags & (SYNTAX_CHAR | SYNTAX_INDENT)) || (c->syntax->flags & SYNTAX_UNKNOWN) ||
		strchr(c->syntax->quotes, '`') || !post_in_code(c) || memchr(c->prefix.data, '`', c->prefix.len) ||
		memchr(c->suffix.data, '`', c->suffix.len))
		return;
	while (end > from && (t->s[end - 1] == ' ' || t->s[end - 1] == '\n'))
		end--;
	if (end - from < 3 || t->s[from] != '`' || t->s[end - 1] != '`' || memchr(t->s + from + 1, '`', end - from - 2) ||
		memchr(t->s + from, '\n', end - from))
		return;
	slice_narrow(t, from + 1, end - 1);
}

void unwrap_fences(const struct post_context *c, struct slice *t, struct unwrap_info *info)
{
	bool growing;
	const char *lf;

	unfence(c, t, info, c->in->source == POST_FIM, &info->closed);
	growing = c->in->finish == POST_OPEN && !info->closed;
	if (!post_is_code(c) || c->in_comment || !ends_with_fence(c, t))
		return;
	/* A growing text may go on behind it, and keeps the line end of what is shown meanwhile. */
	lf = memrchr(t->s, '\n', trimmed_length(t->s, t->len));
	slice_narrow(t, 0, (size_t)(lf - t->s) + growing);
}
