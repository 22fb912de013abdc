/*
 * The one place that says what a right suggestion is.
 */
#include "trace_judge.h"

#include <string.h>

size_t judge_first_line(const char *text, size_t len)
{
	size_t at = 0;
	const char *end;

	while (at < len && memchr(" \t\n", text[at], 3))
		at++;
	end = memchr(text + at, '\n', len - at);
	return end ? (size_t)(end - text) : len;
}

enum judge_verdict judge(const char *shown, size_t shown_len, const char *next, size_t next_len)
{
	size_t line;

	if (!shown_len)
		return JUDGE_NONE;
	line = judge_first_line(shown, shown_len);
	if (line > next_len || memcmp(shown, next, line))
		return JUDGE_WRONG;
	if (line < shown_len && (line == next_len || next[line] != '\n'))
		return JUDGE_WRONG;
	return JUDGE_RIGHT;
}
