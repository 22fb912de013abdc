/*
 * The ledger's file, and what stands in for it. A struct ledger holds two stores at most: the file, and while that
 * cannot be used a copy in memory. A transaction uses one of them; ledger->open is it.
 */
#include "eke/budget/ledger.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "ledger_private.h"
#include "ledger_sql.h"

/* How often a file that could not be used is looked at. */
#define LOOK_AGAIN_MS 60000
/* At the end there is no later; so many tries take some milliseconds. */
#define LAST_TRIES 2000

struct ledger *ledger_new(void)
{
	struct ledger *ledger = xcalloc(1, sizeof(*ledger));

	ledger->file = store_new(&ledger_schema);
	return ledger;
}

/* --- memory, where the file fails --- */

static void hear_trouble(struct ledger *ledger)
{
	static const char local_only[] =
		"; until it can be used this process counts for itself, and half of each window counts "
		"as used until one period is over";
	struct store_trouble trouble;

	if (!store_take_trouble(ledger->file, &trouble))
		return;
	switch (trouble.kind) {
	case STORE_DAMAGED:
		snprintf(ledger->notice, sizeof(ledger->notice),
			 "%.360s; half of each window counts as used until one period is over", trouble.sentence);
		break;
	case STORE_NEWER:
	case STORE_UNUSABLE:
	case STORE_NO_DIRECTORY:
		snprintf(ledger->notice, sizeof(ledger->notice), "%.360s%s", trouble.sentence, local_only);
		break;
	case STORE_REMOTE:
		snprintf(ledger->notice, sizeof(ledger->notice), "%.500s", trouble.sentence);
		break;
	}
	/* Once a minute it is found unusable again. */
	if (!ledger->trouble_told || ledger->told != trouble.kind)
		log_warn("%s", ledger->notice);
	ledger->trouble_told = true;
	ledger->told = trouble.kind;
}

static void go_to_memory(struct ledger *ledger)
{
	ledger->looked_mono = clock_mono_ms();
	if (ledger->memory)
		return;
	ledger->memory = store_new_in_memory(&ledger_schema);
	store_copy(ledger->file, ledger->memory);
	if (store_begin(ledger->memory, STORE_WRITE) != STORE_OK)
		return;
	ledger->open = ledger->memory;
	ledger_put_fact(ledger, "known_since", clock_wall_ms());
	ledger->open = NULL;
	if (store_commit(ledger->memory) != STORE_OK)
		log_broken("the ledger of requests cannot even be kept in memory");
}

/* --- back to the file --- */

/* The hash of the same key under the file's salt, where the key is known. */
static void translate_key_hash(const struct ledger *ledger, const uint8_t from[KEY_SALT_BYTES], const void *data,
			       size_t len, struct key_hash *key_hash)
{
	memset(key_hash, 0, sizeof(*key_hash));
	if (len != sizeof(key_hash->bytes))
		return;
	memcpy(key_hash->bytes, data, len);
	for (unsigned i = 0; i < ledger->digest_count; i++) {
		struct key_hash old;

		key_hash_make(from, &ledger->digests[i], &old);
		if (!key_hash_same(&old, key_hash))
			continue;
		key_hash_make(ledger->salt, &ledger->digests[i], key_hash);
		return;
	}
}

/* Copies a row of `columns` from memory into the statement of the file; column `key` is the hash of one. */
static void copy_row(struct ledger *ledger, enum ledger_statement to, int columns, int key,
		     const uint8_t salt[KEY_SALT_BYTES])
{
	store_start(ledger->file, to);
	for (int i = 0; i < columns; i++) {
		struct key_hash key_hash;
		size_t len;

		switch (store_type(ledger->memory, i)) {
		case STORE_NULL:
			store_put_text(ledger->file, NULL);
			break;
		case STORE_INT:
		case STORE_DOUBLE:
			store_put_int(ledger->file, store_int(ledger->memory, i));
			break;
		case STORE_TEXT:
			store_put_text(ledger->file, store_text(ledger->memory, i));
			break;
		case STORE_BLOB:
			store_blob(ledger->memory, i, &len);
			if (i == key && len) {
				translate_key_hash(ledger, salt, store_blob(ledger->memory, i, &len), len, &key_hash);
				store_put_blob(ledger->file, key_hash.bytes, sizeof(key_hash.bytes));
			} else {
				store_put_blob(ledger->file, store_blob(ledger->memory, i, &len), len);
			}
			break;
		}
	}
	store_run(ledger->file);
}

/* What was added in memory since the file failed goes into the transaction on the file. */
static void bring_back(struct ledger *ledger)
{
	static const struct {
		enum ledger_statement from, to;
		int columns, key, date;
	} tables[] = { { SQL_ALL_REQUESTS, SQL_COPY_REQUEST, 9, 5, 1 },
		       { SQL_ALL_COOLDOWNS, SQL_PUT_COOLDOWN, 10, 1, 3 },
		       { SQL_ALL_LEARNED, SQL_PUT_LEARNED, 7, -1, 6 },
		       { SQL_OUTBOX_ALL, SQL_OUTBOX_PUT, 6, 3, 5 } };
	struct ledger memory = { .open = ledger->memory };
	struct ledger_clock clock;

	if (store_begin(ledger->memory, STORE_READ) != STORE_OK)
		return;
	ledger_read_facts(&memory, &clock);
	for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
		store_start(ledger->memory, tables[t].from);
		while (store_next(ledger->memory))
			if (store_int(ledger->memory, tables[t].date) >= memory.known_since)
				copy_row(ledger, tables[t].to, tables[t].columns, tables[t].key, memory.salt);
	}
	store_rollback(ledger->memory);
}

/*
 * Somebody has removed or renamed the file: what it held, which nobody else may have by now, goes into the next one as
 * what was counted in memory does.
 */
static void carry_over(struct ledger *ledger)
{
	if (ledger->memory || !store_was_replaced(ledger->file))
		return;
	ledger->memory = store_new_in_memory(&ledger_schema);
	if (store_copy(ledger->file, ledger->memory)) {
		ledger->carries = true;
		return;
	}
	store_free(ledger->memory);
	ledger->memory = NULL;
}

/* --- transactions --- */

static void rollback(struct ledger *ledger)
{
	store_rollback(ledger->open);
	ledger->open = NULL;
}

static enum store_result begin_file(struct ledger *ledger, enum store_mode mode, bool may_date)
{
	enum store_result result = store_begin(ledger->file, mode);

	hear_trouble(ledger);
	if (result == STORE_FAILED) {
		ledger->carries = false;
		go_to_memory(ledger);
	}
	if (result != STORE_OK)
		return result;
	ledger->open = ledger->file;
	ledger_take_up(ledger, mode);
	/* A new file in the place of a damaged one: whoever comes first writes down when that was, or takes it for now. */
	if (ledger->known_since < 0 && may_date) {
		rollback(ledger);
		result = begin_file(ledger, STORE_WRITE, false);
		return result == STORE_BUSY ? begin_file(ledger, mode, false) : result;
	}
	if (ledger->known_since < 0)
		ledger->known_since = ledger->now;
	if (ledger->memory)
		bring_back(ledger);
	return STORE_OK;
}

enum store_result ledger_begin(struct ledger *ledger, enum store_mode mode)
{
	enum store_result result = STORE_FAILED;
	bool look;

	assert(!ledger->open);
	carry_over(ledger);
	look = ledger->memory && (ledger->carries || clock_mono_ms() - ledger->looked_mono >= LOOK_AGAIN_MS);
	if (!ledger->memory || look)
		result = begin_file(ledger, look ? STORE_WRITE : mode, true);
	if (result != STORE_FAILED)
		return result;
	if (store_begin(ledger->memory, mode) != STORE_OK)
		return STORE_BUSY;
	ledger->open = ledger->memory;
	ledger_take_up(ledger, mode);
	return STORE_OK;
}

enum store_result ledger_commit(struct ledger *ledger)
{
	struct store *store = ledger->open;
	enum store_result result = store_commit(store);

	ledger->open = NULL;
	if (store == ledger->memory)
		return result == STORE_OK ? STORE_OK : STORE_BUSY;
	hear_trouble(ledger);
	if (result == STORE_FAILED) {
		go_to_memory(ledger);
		return STORE_BUSY;
	}
	if (result == STORE_OK && ledger->memory) {
		if (ledger->carries)
			log_info("ledger.db was removed or replaced while eke was running; what it held is in the new "
				 "one");
		else
			log_info("the ledger of requests can be used again; what was counted meanwhile is in it");
		ledger->carries = false;
		store_free(ledger->memory);
		ledger->memory = NULL;
		ledger->notice[0] = '\0';
		ledger->trouble_told = false;
	}
	return result;
}

/* --- the end --- */

/* The last chance for what is in memory alone. */
static void save_memory(struct ledger *ledger)
{
	enum store_result result = STORE_BUSY;

	carry_over(ledger);
	if (!ledger->memory)
		return;
	ledger->looked_mono = clock_mono_ms() - LOOK_AGAIN_MS;
	for (int tries = 0; tries < LAST_TRIES && result == STORE_BUSY && ledger->memory; tries++) {
		result = ledger_begin(ledger, STORE_WRITE);
		if (result == STORE_OK)
			result = ledger_commit(ledger);
	}
	if (ledger->memory)
		log_info("the ledger of requests cannot be used: what this process counted is lost");
}

void ledger_free(struct ledger *ledger)
{
	if (!ledger)
		return;
	if (!ledger->open)
		save_memory(ledger);
	store_free(ledger->memory);
	store_free(ledger->file);
	free(ledger);
}

/* --- what is said about it --- */

bool ledger_exists(struct ledger *ledger)
{
	return ledger->memory || store_exists(ledger->file);
}

int64_t ledger_version(struct ledger *ledger)
{
	return store_version(ledger->memory ? ledger->memory : ledger->file);
}

const char *ledger_watched_path(const struct ledger *ledger)
{
	return ledger->memory || !store_is_open(ledger->file) ? NULL : store_path(ledger->file);
}

int64_t ledger_now(const struct ledger *ledger)
{
	return ledger->now;
}

int64_t ledger_known_since(const struct ledger *ledger)
{
	return ledger->known_since;
}

int64_t ledger_local_only_since(const struct ledger *ledger)
{
	if (!ledger->local_only || ledger->has_met)
		return 0;
	return ledger->local_only_since ? ledger->local_only_since : ledger->now;
}

bool ledger_is_partitioned(const struct ledger *ledger)
{
	return ledger->local_only && ledger->has_met;
}

void ledger_set_local_only(struct ledger *ledger, bool local_only)
{
	ledger->local_only = local_only;
}

void ledger_note_local_only(struct ledger *ledger, bool local_only)
{
	if (local_only == (ledger->local_only_since != 0))
		return;
	ledger->local_only_since = local_only ? ledger->now : 0;
	ledger_put_fact(ledger, "alone_since", ledger->local_only_since);
}

uint64_t ledger_new_id(void)
{
	uint64_t id;

	key_random(&id, sizeof(id));
	/* Positive in SQLite, too, and never 0. */
	return (id & INT64_MAX) | 1;
}

void ledger_key_hash(struct ledger *ledger, const struct key_digest *digest, struct key_hash *out)
{
	unsigned i = 0;

	while (i < ledger->digest_count && !key_digest_same(&ledger->digests[i], digest))
		i++;
	if (i == ledger->digest_count && i < ARRAY_LEN(ledger->digests))
		ledger->digests[ledger->digest_count++] = *digest;
	/* A file without salt has no key hashes either, so any will do. */
	key_hash_make(ledger->salt, digest, out);
}

const char *ledger_path(const struct ledger *ledger)
{
	return store_path(ledger->file);
}

bool ledger_is_shared(const struct ledger *ledger)
{
	return !ledger->memory;
}

const char *ledger_notice(const struct ledger *ledger)
{
	return ledger->notice[0] ? ledger->notice : NULL;
}
