/*
 * A draft goes on as the text did elsewhere; here something may stand behind the cursor already: what the editor closed
 * by itself, the end of the same statement, the lines that follow. Pure functions over texts.
 */
#include "fit.h"

#include <string.h>

#include "eke/code/syntax.h"
#include "eke/text/lines.h"

/* Of s[0..len), without blanks around. */
static const char *trim(const char *s, size_t *len)
{
	while (*len && strchr(" \t\r\n", *s)) {
		s++;
		--*len;
	}
	while (*len && strchr(" \t\r\n", s[*len - 1]))
		--*len;
	return s;
}

/* Where the first line of the draft must end for `rest` to follow it: before what is in both. */
static size_t fit_rest(const char *s, size_t len, const char *rest, size_t rest_len)
{
	struct syntax_stack open = { .depth = 0 };
	struct token token;
	size_t at = 0;

	/* What begins as the rest does would stand there twice. */
	while (at < len && (s[at] == ' ' || s[at] == '\t'))
		at++;
	if (at < len) {
		token_next(s, len, &at, &token);
		if (token.end - token.text <= rest_len && !memcmp(s + token.text, rest, token.end - token.text))
			return 0;
	}
	for (size_t i = 0; i < len; i++) {
		size_t left = len - i;

		if (left <= rest_len && !memcmp(s + i, rest, left))
			return i;
		if (strchr("([{", s[i])) {
			syntax_push(&open, s[i], i);
		} else if (strchr(")]}", s[i])) {
			if (!syntax_pop(&open, s[i]))
				return i; /* it closes what was open before the cursor: the rest does that */
		} else if (s[i] == rest[0] && !open.depth && strchr("\"'`;,", s[i])) {
			return i;
		}
	}
	return len;
}

/* The next line with text at *at, without blanks around; false at the end. */
static bool text_line(const char *s, size_t len, size_t *at, const char **line, size_t *line_len)
{
	while (*at < len) {
		size_t n = lines_first_end(s + *at, len - *at);

		*line = s + *at;
		*line_len = n;
		*at += n + 1;
		*line = trim(*line, line_len);
		if (*line_len)
			return true;
	}
	return false;
}

size_t offline_fit(const struct offline_draft *draft, const char *after, size_t after_len, bool at_start)
{
	const char *s = draft->text->data;
	size_t len = draft->text->len;
	size_t first = lines_first_end(s, len);
	size_t rest_end = lines_first_end(after, after_len);
	size_t rest_len = rest_end;
	const char *rest = trim(after, &rest_len);
	size_t at = rest_end;
	const char *there;
	size_t there_len;

	if (rest_len)
		return fit_rest(s, first, rest, rest_len);
	if (!text_line(after, after_len, &at, &there, &there_len))
		return len;
	for (size_t start = 0; start < len;) {
		size_t n = lines_first_end(s + start, len - start);
		size_t line_len = n;
		const char *line = trim(s + start, &line_len);

		/* Its beginning is enough: the draft may end in the middle of that line. */
		if ((start || at_start) && line_len && line_len <= there_len && !memcmp(line, there, line_len))
			return start ? start - 1 : 0;
		start += n + 1;
	}
	return len;
}
