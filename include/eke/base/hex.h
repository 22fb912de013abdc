#ifndef EKE_BASE_HEX_H
#define EKE_BASE_HEX_H
/*
 * Bytes as hexadecimal digits, and back.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters of `n` bytes, with the NUL. */
#define HEX_SIZE(n) (2 * (n) + 1)

/* Writes HEX_SIZE(len) characters: lower case, ended by NUL. */
void hex_encode(const void *bytes, size_t len, char *out);
/* False, and `out` untouched, unless `text` is exactly `len` bytes; digits of either case. */
bool hex_decode(const char *text, void *out, size_t len);
/* A number as 16 digits, the highest first, and back. */
void hex_from_u64(uint64_t n, char out[HEX_SIZE(8)]);
bool hex_to_u64(const char *text, uint64_t *out);

#endif
