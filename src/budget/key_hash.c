/*
 * Digests, by libcrypto, which libcurl has loaded anyway. What cannot fail but for a broken library ends
 * the program: a digest that is not one would mix up keys.
 */
#include "eke/budget/key_hash.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/log.h"

static void die(void)
{
	log_broken("libcrypto has no SHA-256 or no random numbers");
	abort();
}

static void digest(const void *a, size_t a_len, const void *b, size_t b_len, uint8_t out[32])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!ctx || !EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) || !EVP_DigestUpdate(ctx, a, a_len) ||
	    !EVP_DigestUpdate(ctx, b, b_len) || !EVP_DigestFinal_ex(ctx, out, NULL))
		die();
	EVP_MD_CTX_free(ctx);
}

void key_digest_make(const char *key, const char *service, struct key_digest *out)
{
	static const char none[] = "no key: ";

	/* No key contains a blank. */
	if (key)
		digest(key, strlen(key), "", 0, out->bytes);
	else
		digest(none, strlen(none), service, strlen(service), out->bytes);
}

bool key_digest_same(const struct key_digest *a, const struct key_digest *b)
{
	return !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

void key_hash_make(const uint8_t salt[KEY_SALT_BYTES], const struct key_digest *d, struct key_hash *out)
{
	digest(salt, KEY_SALT_BYTES, d->bytes, sizeof(d->bytes), out->bytes);
}

bool key_hash_same(const struct key_hash *a, const struct key_hash *b)
{
	return !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

void key_random(void *out, size_t len)
{
	if (RAND_bytes(out, (int)len) != 1)
		die();
}
