#ifndef EKE_GATEWAY_DIGEST_H
#define EKE_GATEWAY_DIGEST_H
/*
 * SHA-256: of requests, so that the same one is known again, and of tokens, so that comparing them tells nothing by the
 * time it takes.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gateway_digest {
	uint8_t bytes[32];
};

void gateway_digest_make(unsigned char kind, const char *data, size_t len, struct gateway_digest *out);
/* Takes as long whatever the bytes are. */
bool gateway_digest_same(const struct gateway_digest *a, const struct gateway_digest *b);

#endif
