#ifndef EKE_BASE_SECRET_H
#define EKE_BASE_SECRET_H
/*
 * What a key looks like. For messages that repeat what somebody wrote into a field: a key that was pasted into the
 * wrong one must not be shown. It is a guess by form; keys that are known are masked in the log by log_add_secret().
 */
#include <stdbool.h>
#include <stddef.h>

/* Instead of what may be a secret. */
#define SECRET_MASK "********"

/* Is the text as a whole likely a key? Names of variables, of plans and of files are not. */
bool secret_is_likely(const char *text, size_t len);
/* Puts SECRET_MASK for every word of the text that is likely a key; words end at blanks, quotes, brackets and /:.,;= */
void secret_mask(char *text);

#endif
