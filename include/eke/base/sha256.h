#ifndef EKE_BASE_SHA256_H
#define EKE_BASE_SHA256_H
/*
 * SHA-256 (FIPS 180-4), by libcrypto, which libcurl has loaded anyway. What cannot fail but for a broken library ends
 * the program: a digest that is not one would mix up keys.
 */
#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

/* Of a[0..a_len), and b[0..b_len) behind it. */
void sha256_make(const void *a, size_t a_len, const void *b, size_t b_len, uint8_t out[SHA256_BYTES]);

#endif
