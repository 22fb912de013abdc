/*
 * By libcrypto, as in budget/key_hash.c.
 */
#include "digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "eke/base/log.h"

void gateway_digest_make(unsigned char kind, const char *data, size_t len, struct gateway_digest *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!ctx || !EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) || !EVP_DigestUpdate(ctx, &kind, 1) ||
		!EVP_DigestUpdate(ctx, data, len) || !EVP_DigestFinal_ex(ctx, out->bytes, NULL)) {
		log_broken("libcrypto has no SHA-256");
		abort();
	}
	EVP_MD_CTX_free(ctx);
}

bool gateway_digest_same(const struct gateway_digest *a, const struct gateway_digest *b)
{
	return !CRYPTO_memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}
