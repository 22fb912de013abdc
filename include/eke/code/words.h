#ifndef EKE_CODE_WORDS_H
#define EKE_CODE_WORDS_H
/*
 * Measures of text that hold for any language: words, blanks, lines. Pure functions over bytes with LF line ends.
 */
#include <stdbool.h>
#include <stddef.h>

/* A byte of a word: letter, digit, underscore, or any byte beyond ASCII. */
static inline bool is_word_char(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || (c & 0x80);
}

/* Letters, digits and underscores, counting a character beyond ASCII as one. */
size_t count_word_chars(const char *s, size_t len);
/* Only blanks, tabs and line ends. */
bool is_all_blank(const char *s, size_t len);
/* The number of the first byte that is neither blank nor tab; len if there is none. */
size_t skip_blanks(const char *s, size_t len);
/* How much of s is left without the blanks, tabs and line ends at its end. */
size_t trimmed_length(const char *s, size_t len);
/* True if s begins with `word`, in any case of ASCII letters. */
bool starts_with(const char *s, size_t len, const char *word);
/* True if s begins with the word, and no letter follows. */
bool starts_with_word(const char *s, size_t len, const char *word);
/* True if the two are the same but for blanks and tabs. */
bool is_same_line(const char *a, size_t a_len, const char *b, size_t b_len);

/* A line, without its line end and without blanks at its end. */
struct line {
	size_t start;
	size_t len;
};

/*
 * The line of s[0..len) that begins at `start`; returns where the next one begins, len + 1 after the last.
 */
size_t line_at(const char *s, size_t len, size_t start, struct line *line);

#endif
