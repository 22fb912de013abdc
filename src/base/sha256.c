/*
 * libcrypto looks an algorithm up by its name each time that one is begun with EVP_sha256(), which takes longer than
 * the digest of something short. So what was found is kept for the life of the program.
 */
#include "eke/base/sha256.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "eke/base/log.h"

void sha256_make(const void *a, size_t a_len, const void *b, size_t b_len, uint8_t out[SHA256_BYTES])
{
	static EVP_MD *algorithm;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!algorithm)
		algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!ctx || !algorithm || !EVP_DigestInit_ex(ctx, algorithm, NULL) || !EVP_DigestUpdate(ctx, a, a_len) ||
	    !EVP_DigestUpdate(ctx, b, b_len) || !EVP_DigestFinal_ex(ctx, out, NULL)) {
		log_broken("libcrypto has no SHA-256");
		abort();
	}
	EVP_MD_CTX_free(ctx);
}
