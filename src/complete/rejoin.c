/*
 * Two texts side by side, word by word. No objects.
 */
#include "eke/complete/rejoin.h"

#include <stdbool.h>

#include "eke/complete/post_context.h"

/* Words that may differ; more of them, and it is another text. */
#define WORDS_MOST 4

struct side {
	const char *s;
	size_t len;
	size_t at;
};

static size_t word_start(const struct side *side)
{
	size_t at = side->at;

	while (at && post_is_word(side->s[at - 1]))
		at--;
	return at;
}

static size_t word_end(const struct side *side, size_t at)
{
	while (at < side->len && post_is_word(side->s[at]))
		at++;
	return at;
}

/* Moves behind the words that differ; false if these are no two words, each of which has ended. */
static bool skip_words(struct side *a, struct side *t)
{
	size_t a_start = word_start(a);
	size_t t_start = word_start(t);
	size_t a_end = word_end(a, a_start);
	size_t t_end = word_end(t, t_start);

	if (a_end == a_start || t_end == t_start || a_end == a->len || t_end == t->len)
		return false;
	a->at = a_end;
	t->at = t_end;
	return true;
}

size_t rejoin_find(const char *answer, size_t len, const char *typed, size_t typed_len)
{
	struct side a = { answer, len, 0 };
	struct side t = { typed, typed_len, 0 };
	unsigned words = 0;
	bool agreed = true; /* something else than blanks is the same since the last word that differs */

	for (;;) {
		while (a.at < len && t.at < typed_len && answer[a.at] == typed[t.at]) {
			agreed = agreed || (typed[t.at] != ' ' && typed[t.at] != '\t');
			a.at++;
			t.at++;
		}
		if (t.at == typed_len)
			return agreed && a.at < len ? a.at : REJOIN_NEVER;
		if (a.at == len || !agreed || ++words > WORDS_MOST || !skip_words(&a, &t))
			return REJOIN_NEVER;
		agreed = false;
	}
}
