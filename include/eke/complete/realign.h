#ifndef EKE_COMPLETE_REALIGN_H
#define EKE_COMPLETE_REALIGN_H
/*
 * An answer that was not followed to the letter is not lost: it holds again where the typing agrees with it again.
 * Pure.
 */
#include <stddef.h>

#define REALIGN_NEVER ((size_t)-1)
/* Words that may differ; more of them, and it is another text. */
#define REALIGN_WORDS_MAX 4

/* Words that differ: where, and how long, in the answer and in what was typed. */
struct realign_words {
	size_t count;
	struct {
		size_t answer, answer_len;
		size_t typed, typed_len;
	} at[REALIGN_WORDS_MAX];
};

/*
 * Another word was typed where the answer had one. What was typed since the answer's offset is `typed`. The offset in
 * the answer from which on it goes on behind that, and the words that differ; or REALIGN_NEVER: there are more than a
 * few of those, the last one is still being typed, or nothing but blanks behind it says that they agree again.
 */
size_t realign_by_words(
	const char *answer, size_t len, const char *typed, size_t typed_len, struct realign_words *words);

/*
 * Lines were typed that the answer does not have, or does not have in this order. `before` ends at the cursor. The
 * offset in the answer behind the last lines before the cursor (the one that is being typed among them), or
 * REALIGN_NEVER: behind `reached`, up to where the typing had followed the answer, they are not there, or not only
 * once, or too short to tell.
 */
size_t realign_by_lines(const char *answer, size_t len, size_t reached, const char *before, size_t before_len);

#endif
