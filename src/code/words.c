/*
 * Words, blanks and lines.
 */
#include "eke/code/words.h"

#include <string.h>
#include <strings.h>

size_t count_word_chars(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += is_word_char(s[i]) && ((unsigned char)s[i] & 0xC0) != 0x80;
	return n;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool is_all_blank(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!is_blank(s[i]) && s[i] != '\n')
			return false;
	}
	return true;
}

size_t skip_blanks(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && is_blank(s[i]))
		i++;
	return i;
}

size_t trimmed_length(const char *s, size_t len)
{
	while (len && (is_blank(s[len - 1]) || s[len - 1] == '\n'))
		len--;
	return len;
}

bool starts_with(const char *s, size_t len, const char *word)
{
	size_t n;

	/* Most differ in the first letter; in ASCII only the case is a difference of 0x20. */
	if (!len || ((*s ^ *word) & ~0x20))
		return !*word;
	n = strlen(word);
	return len >= n && !strncasecmp(s, word, n);
}

bool starts_with_word(const char *s, size_t len, const char *word)
{
	size_t n = strlen(word);

	return len >= n && !memcmp(s, word, n) && (len == n || !is_word_char(s[n]));
}

bool is_same_line(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t i = 0;
	size_t k = 0;

	for (;;) {
		while (i < a_len && is_blank(a[i]))
			i++;
		while (k < b_len && is_blank(b[k]))
			k++;
		if (i == a_len || k == b_len)
			return i == a_len && k == b_len;
		if (a[i++] != b[k++])
			return false;
	}
}

size_t line_at(const char *s, size_t len, size_t start, struct line *line)
{
	const char *lf = memchr(s + start, '\n', len - start);
	size_t end = lf ? (size_t)(lf - s) : len;

	line->start = start;
	line->len = end - start;
	while (line->len && is_blank(s[start + line->len - 1]))
		line->len--;
	return end + 1;
}
