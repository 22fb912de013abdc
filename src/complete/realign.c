/*
 * Two texts side by side, word by word; and the end of one, looked for in the other.
 */
#include "eke/complete/realign.h"

#include <stdbool.h>
#include <string.h>

#include "eke/code/words.h"

/* An anchor has at least so many bytes in words, and at most so many lines. */
#define ANCHOR_WORDS 10
#define ANCHOR_LINES 4

struct side {
	const char *s;
	size_t len;
	size_t at;
};

static size_t word_start(const struct side *side)
{
	size_t at = side->at;

	while (at && is_word_char(side->s[at - 1]))
		at--;
	return at;
}

static size_t word_end(const struct side *side, size_t at)
{
	while (at < side->len && is_word_char(side->s[at]))
		at++;
	return at;
}

/* Moves behind the words that differ, and notes them; false if these are no two words, each of which has ended. */
static bool skip_words(struct side *a, struct side *t, struct realign_words *words)
{
	size_t a_start = word_start(a);
	size_t t_start = word_start(t);
	size_t a_end = word_end(a, a_start);
	size_t t_end = word_end(t, t_start);

	if (a_end == a_start || t_end == t_start || a_end == a->len || t_end == t->len || words->count == REALIGN_WORDS_MAX)
		return false;
	words->at[words->count].answer = a_start;
	words->at[words->count].answer_len = a_end - a_start;
	words->at[words->count].typed = t_start;
	words->at[words->count++].typed_len = t_end - t_start;
	a->at = a_end;
	t->at = t_end;
	return true;
}

size_t realign_by_words(
	const char *answer, size_t len, const char *typed, size_t typed_len, struct realign_words *words)
{
	struct side a = { answer, len, 0 };
	struct side t = { typed, typed_len, 0 };
	bool agreed = true; /* something else than blanks is the same since the last word that differs */

	words->count = 0;
	for (;;) {
		while (a.at < len && t.at < typed_len && answer[a.at] == typed[t.at]) {
			agreed = agreed || (typed[t.at] != ' ' && typed[t.at] != '\t');
			a.at++;
			t.at++;
		}
		if (t.at == typed_len)
			return agreed && a.at < len ? a.at : REALIGN_NEVER;
		if (a.at == len || !agreed || !skip_words(&a, &t, words))
			return REALIGN_NEVER;
		agreed = false;
	}
}

/* Where the line before the one that begins at `at` begins. */
static size_t line_before(const char *s, size_t at)
{
	at--;
	while (at && s[at - 1] != '\n')
		at--;
	return at;
}

static size_t word_bytes(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += is_word_char(s[i]);
	return n;
}

/* How often the lines begin a line of the answer that starts behind `from`; `end` gets the offset behind the first. */
static unsigned count_lines(const struct side *answer, size_t from, const char *lines, size_t len, size_t *end)
{
	unsigned n = 0;

	for (size_t at = from; at < answer->len; at++) {
		if (answer->s[at] != '\n' || answer->len - at - 1 < len || memcmp(answer->s + at + 1, lines, len) != 0)
			continue;
		if (!n++)
			*end = at + 1 + len;
	}
	return n;
}

size_t realign_by_lines(const char *answer, size_t len, size_t reached, const char *before, size_t before_len)
{
	struct side a = { answer, len, 0 };
	size_t start = before_len;
	size_t end = 0;

	while (start && before[start - 1] != '\n')
		start--;
	for (unsigned lines = 1; lines <= ANCHOR_LINES && start; lines++) {
		size_t anchor_len = before_len - start;

		if (word_bytes(before + start, anchor_len) >= ANCHOR_WORDS) {
			unsigned n = count_lines(&a, reached, before + start, anchor_len, &end);

			if (n <= 1)
				return n && end < len ? end : REALIGN_NEVER;
		}
		start = line_before(before, start);
	}
	return REALIGN_NEVER;
}
