#ifndef EKE_TEXT_LINES_H
#define EKE_TEXT_LINES_H
/*
 * Line terminators as LSP 3.18 has them ("Text Documents"): \n, \r\n and a \r alone. Pure functions over bytes; text
 * need neither be terminated nor valid. A \r that is the last byte is a terminator: whoever holds text in pieces does
 * not cut between \r and \n.
 */
#include <stddef.h>

/* How many terminators s holds. */
size_t lines_count(const char *s, size_t len);
/* Offset behind the n-th terminator, n >= 1; len if there are fewer. */
size_t lines_skip(const char *s, size_t len, size_t n);
/* Bytes before the first terminator; len if there is none. */
size_t lines_first_end(const char *s, size_t len);
/* Offset behind the last terminator; 0 if there is none. */
size_t lines_last_start(const char *s, size_t len);

#endif
