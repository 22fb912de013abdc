#ifndef EKE_COMPLETE_REALIGN_H
#define EKE_COMPLETE_REALIGN_H
/*
 * Finds where a recent answer goes on although the user did not type it to the letter: past words that were typed
 * differently, or past lines that the answer does not have. Pure.
 */
#include <stddef.h>

#define REALIGN_NEVER ((size_t)-1)
/* With more words that differ it is another text. */
#define REALIGN_WORDS_MAX 4

/* The words that differ: their offsets and lengths in the answer and in what was typed, bytes. */
struct realign_words {
	size_t count;
	struct {
		size_t answer, answer_len;
		size_t typed, typed_len;
	} at[REALIGN_WORDS_MAX];
};

/*
 * For other words typed where the answer had its own. `typed` is what was typed since the answer began. Returns the
 * offset in the answer of what comes next, with the words that differ. Returns REALIGN_NEVER if more than
 * REALIGN_WORDS_MAX differ, if the last of them is still being typed, or if nothing but blanks follows it: then nothing
 * says yet that the two agree again.
 */
size_t realign_by_words(
	const char *answer, size_t len, const char *typed, size_t typed_len, struct realign_words *words);

/*
 * For lines typed that the answer does not have, or has in another order. `before` ends at the cursor; `reached` is the
 * offset up to which the typing had followed the answer. Finds the last lines before the cursor, the one being typed
 * among them, in the answer from `reached` on, and returns the offset behind them. Returns REALIGN_NEVER if they are
 * not there, are there more than once, or are too short to tell.
 */
size_t realign_by_lines(const char *answer, size_t len, size_t reached, const char *before, size_t before_len);

#endif
