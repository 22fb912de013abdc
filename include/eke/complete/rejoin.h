#ifndef EKE_COMPLETE_REJOIN_H
#define EKE_COMPLETE_REJOIN_H
/*
 * An answer that was not followed to the letter is not lost: it holds again where the typing agrees with it again.
 * Pure.
 */
#include <stddef.h>

#define REJOIN_NEVER ((size_t)-1)

/*
 * Another word was typed where the answer had one. What was typed since the answer's place is `typed`. The offset in
 * the answer from which on it goes on behind that, or REJOIN_NEVER: they differ in more than a few words, the last word
 * that differs is still being typed, or nothing but blanks behind it says that they agree again.
 */
size_t rejoin_find(const char *answer, size_t len, const char *typed, size_t typed_len);

/*
 * Lines were typed that the answer does not have, or does not have in this order. `before` ends at the cursor. The
 * offset in the answer behind the last lines before the cursor (the one that is being typed among them), or
 * REJOIN_NEVER: behind `reached`, up to where the typing had followed the answer, they are not there, or not only once,
 * or too short to tell.
 */
size_t rejoin_anchor(const char *answer, size_t len, size_t reached, const char *before, size_t before_len);

#endif
