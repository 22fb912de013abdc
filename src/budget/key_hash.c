/*
 * Random numbers are the system's own: to begin with libcrypto's takes longer than all that is needed here.
 */
#include "eke/budget/key_hash.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "eke/base/log.h"
#include "eke/base/sha256.h"

void key_digest_make(const char *key, const char *service, struct key_digest *out)
{
	static const char none[] = "no key: ";

	/* No key contains a blank. */
	if (key)
		sha256_make(key, strlen(key), "", 0, out->bytes);
	else
		sha256_make(none, strlen(none), service, strlen(service), out->bytes);
}

bool key_digest_same(const struct key_digest *a, const struct key_digest *b)
{
	return !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

void key_hash_make(const uint8_t salt[KEY_SALT_BYTES], const struct key_digest *d, struct key_hash *out)
{
	sha256_make(salt, KEY_SALT_BYTES, d->bytes, sizeof(d->bytes), out->bytes);
}

bool key_hash_same(const struct key_hash *a, const struct key_hash *b)
{
	return !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

void key_random(void *out, size_t len)
{
	if (!getentropy(out, len))
		return;
	log_broken("the system has no random numbers");
	abort();
}
