#ifndef EKE_COMPLETE_REJOIN_H
#define EKE_COMPLETE_REJOIN_H
/*
 * An answer that was right but for a name is not lost: when the user has typed another word where it had one, and goes
 * on as it does, the rest of it holds again. Pure.
 */
#include <stddef.h>

#define REJOIN_NEVER ((size_t)-1)

/*
 * What was typed since the answer was offered is `typed`. The offset in the answer from which on it goes on behind
 * that, or REJOIN_NEVER: they differ in more than a few words, the last word that differs is still being typed, or
 * nothing but blanks behind it says that they agree again.
 */
size_t rejoin_find(const char *answer, size_t len, const char *typed, size_t typed_len);

#endif
