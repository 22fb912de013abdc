/*
 * The table shared_mark: from one hash of a key to the other. No state but that.
 */
#include "shared_keys.h"

#include <string.h>

#include "ledger_private.h"

static void make(const char *salt, const struct key_digest *digest, struct key_hash *out)
{
	uint8_t bytes[KEY_SALT_BYTES] = { 0 };

	(void)hex_decode(salt, bytes, sizeof(bytes));
	key_hash_make(bytes, digest, out);
}

void shared_key_make(const char *salt, const struct key_digest *digest, char out[SHARED_KEY_SIZE])
{
	struct key_hash hash;

	make(salt, digest, &hash);
	hex_encode(hash.bytes, sizeof(hash.bytes), out);
}

static bool translate(struct ledger *ledger, enum ledger_statement statement, const struct key_hash *from,
		      struct key_hash *out)
{
	bool found = false;

	store_start(ledger->open, statement);
	store_put_blob(ledger->open, from->bytes, sizeof(from->bytes));
	while (store_next(ledger->open)) {
		size_t len;
		const void *data = store_blob(ledger->open, 0, &len);

		if (len != sizeof(out->bytes))
			continue;
		memcpy(out->bytes, data, len);
		found = true;
	}
	return found;
}

bool shared_key_note(struct ledger *ledger, const char *salt, const struct key_digest *digest, struct key_hash *local,
		     struct key_hash *shared)
{
	struct key_hash known;

	ledger_key_hash(ledger, digest, local);
	make(salt, digest, shared);
	if (translate(ledger, SQL_SHARED_HASH, local, &known) && key_hash_same(&known, shared))
		return false;
	store_start(ledger->open, SQL_PUT_SHARED_HASH);
	store_put_blob(ledger->open, local->bytes, sizeof(local->bytes));
	store_put_blob(ledger->open, shared->bytes, sizeof(shared->bytes));
	store_run(ledger->open);
	return true;
}

bool shared_key_of(struct ledger *ledger, const struct key_hash *local, char out[SHARED_KEY_SIZE])
{
	struct key_hash shared;

	if (!translate(ledger, SQL_SHARED_HASH, local, &shared))
		return false;
	hex_encode(shared.bytes, sizeof(shared.bytes), out);
	return true;
}

bool shared_key_local(struct ledger *ledger, const char *text, struct key_hash *out)
{
	struct key_hash shared;

	if (!hex_decode(text, shared.bytes, sizeof(shared.bytes)))
		return false;
	*out = shared;
	translate(ledger, SQL_LOCAL_HASH, &shared, out);
	return true;
}

void shared_keys_forget(struct ledger *ledger)
{
	store_start(ledger->open, SQL_DROP_SHARED_HASHES);
	store_run(ledger->open);
}
