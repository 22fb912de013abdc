#ifndef EKE_BUDGET_KEY_HASH_H
#define EKE_BUDGET_KEY_HASH_H
/*
 * Keys as the ledger knows them. A key's digest (SHA-256) stands for it in memory, so that nothing here holds the key
 * itself; on disk stands its hash, the SHA-256 of the ledger's random salt and that digest, which tells nothing to
 * whoever has not both the file and the key.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_DIGEST_BYTES 32
#define KEY_HASH_BYTES 32
#define KEY_SALT_BYTES 16

struct key_digest {
	uint8_t bytes[KEY_DIGEST_BYTES];
};

struct key_hash {
	uint8_t bytes[KEY_HASH_BYTES];
};

/* Of an endpoint without a key (NULL) the service stands for it. */
void key_digest_make(const char *key, const char *service, struct key_digest *out);
bool key_digest_same(const struct key_digest *a, const struct key_digest *b);
void key_hash_make(const uint8_t salt[KEY_SALT_BYTES], const struct key_digest *digest, struct key_hash *out);
bool key_hash_same(const struct key_hash *a, const struct key_hash *b);
/* Bytes that nobody can guess, at most 256. */
void key_random(void *out, size_t len);

#endif
