#ifndef EKE_BASE_RFC3339_H
#define EKE_BASE_RFC3339_H
/*
 * A moment as text, as RFC 3339 and the protocol have it.
 */
#include <stddef.h>
#include <stdint.h>

#define RFC3339_SIZE 21

/* UTC with seconds, "2026-11-24T03:00:00Z", into RFC3339_SIZE bytes; "" for a year of five digits. */
void rfc3339_format(int64_t unix_seconds, char *out, size_t size);
/* "2026-11-24T03:00:00Z", "2026-11-24T03:00:00.5+02:00" to Unix seconds, fractions dropped; 0: it is none. */
int64_t rfc3339_parse(const char *text);

#endif
