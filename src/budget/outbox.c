/*
 * The outbox in the ledger's table `owed`: what has changed, by kind and name; the facts are read when it is sent, so
 * that several changes of one thing are sent once. A struct outbox_row is a copy of a row, because reading what it
 * names takes another statement.
 */
#include "outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "ledger_private.h"
#include "shared_keys.h"

#define DAY_MS INT64_C(86400000)

/* Numbers in the table; SQL_OUTBOX_PUT_* of ledger_sql.c has them, too. */
enum change { CHANGE_REQUEST, CHANGE_REMOVAL, CHANGE_COOLDOWN, CHANGE_LEARNED };

/* --- adding --- */

void outbox_enable(struct ledger *ledger, bool shared)
{
	ledger->is_shared = shared;
	ledger->local_only = false;
}

static void add(struct ledger *ledger, enum change change, int64_t id, const char *service,
		const struct cooldown *cooldown, const char *model)
{
	bool has_key = cooldown && !cooldown->machine;
	struct store *store = ledger->open;

	store_start(store, SQL_OUTBOX_PUT);
	store_put_int(store, change);
	store_put_int(store, id);
	store_put_text(store, service);
	store_put_blob(store, has_key ? cooldown->key.bytes : (const uint8_t *)"",
		       has_key ? sizeof(cooldown->key.bytes) : 0);
	store_put_text(store, model);
	store_put_int(store, ledger->now);
	store_run(store);
	ledger->outbox_pending = true;
}

static void drop(struct ledger *ledger, enum change change, uint64_t id)
{
	store_start(ledger->open, SQL_OUTBOX_EMPTY);
	store_put_int(ledger->open, change);
	store_put_int(ledger->open, (int64_t)id);
	store_run(ledger->open);
}

void outbox_add_request(struct ledger *ledger, uint64_t id)
{
	if (!ledger->is_shared)
		return;
	drop(ledger, CHANGE_REMOVAL, id);
	add(ledger, CHANGE_REQUEST, (int64_t)id, "", NULL, "");
}

void outbox_add_removal(struct ledger *ledger, uint64_t id)
{
	if (!ledger->is_shared)
		return;
	drop(ledger, CHANGE_REQUEST, id);
	add(ledger, CHANGE_REMOVAL, (int64_t)id, "", NULL, "");
}

void outbox_add_cooldown(struct ledger *ledger, const char *service, const struct cooldown *cooldown)
{
	if (ledger->is_shared)
		add(ledger, CHANGE_COOLDOWN, 0, service, cooldown, cooldown->model);
}

static void add_all(struct ledger *ledger, enum ledger_statement statement)
{
	store_start(ledger->open, statement);
	store_put_int(ledger->open, ledger->now);
	store_run(ledger->open);
	ledger->outbox_pending = true;
}

void outbox_add_all_cooldowns(struct ledger *ledger)
{
	if (ledger->is_shared)
		add_all(ledger, SQL_OUTBOX_PUT_COOLDOWNS);
}

void outbox_add_learned(struct ledger *ledger, const char *service, const struct learned_limit *limit)
{
	if (ledger->is_shared)
		add(ledger, CHANGE_LEARNED, limit->period, service, NULL, limit->model);
}

void outbox_add_key(struct ledger *ledger, const struct key_hash *local)
{
	store_start(ledger->open, SQL_OUTBOX_PUT_KEY);
	store_put_int(ledger->open, ledger->now);
	store_put_blob(ledger->open, local->bytes, sizeof(local->bytes));
	store_run(ledger->open);
	ledger->outbox_pending = true;
}

void outbox_add_everything(struct ledger *ledger)
{
	add_all(ledger, SQL_OUTBOX_PUT_REQUESTS);
	add_all(ledger, SQL_OUTBOX_PUT_COOLDOWNS);
	add_all(ledger, SQL_OUTBOX_PUT_LEARNED);
}

/* --- looking --- */

bool outbox_is_pending(const struct ledger *ledger)
{
	return ledger->is_shared && ledger->outbox_pending;
}

void outbox_look(struct ledger *ledger)
{
	store_start(ledger->open, SQL_OUTBOX_ANY);
	while (store_next(ledger->open))
		ledger->outbox_pending = true;
}

static bool has(struct ledger *ledger, enum change change, uint64_t id, const char *service, const uint8_t *key,
		size_t key_len, const char *model)
{
	struct store *store = ledger->open;
	bool found = false;

	store_start(store, SQL_OUTBOX_HAS);
	store_put_int(store, change);
	store_put_int(store, (int64_t)id);
	store_put_text(store, service);
	store_put_blob(store, key, key_len);
	store_put_text(store, model);
	while (store_next(store))
		found = true;
	return found;
}

bool outbox_has_removal(struct ledger *ledger, uint64_t id)
{
	return has(ledger, CHANGE_REMOVAL, id, "", (const uint8_t *)"", 0, "");
}

bool outbox_has_cooldown(struct ledger *ledger, const char *service, const struct cooldown *cooldown)
{
	return has(ledger, CHANGE_COOLDOWN, 0, service, cooldown->key.bytes,
		   cooldown->machine ? 0 : sizeof(cooldown->key.bytes), cooldown->model);
}

/* --- sending --- */

struct outbox_row {
	int64_t number;
	enum change change;
	int64_t id;
	int64_t at;
	struct cooldown about; /* key and model */
	char service[LIMIT_SERVICE];
};

static size_t read_rows(struct ledger *ledger, struct outbox_row *rows)
{
	struct store *store = ledger->open;
	size_t n = 0;

	store_start(store, SQL_OUTBOX_LIST);
	store_put_int(store, LIMIT_REDIS_OWED);
	while (store_next(store) && n < LIMIT_REDIS_OWED) {
		struct outbox_row *row = &rows[n++];
		size_t len;
		const void *key;

		*row = (struct outbox_row){ .number = store_int(store, 0),
					    .change = (enum change)store_int(store, 1),
					    .id = store_int(store, 2),
					    .at = store_int(store, 6) };
		snprintf(row->service, sizeof(row->service), "%s", store_text(store, 3));
		snprintf(row->about.model, sizeof(row->about.model), "%s", store_text(store, 5));
		key = store_blob(store, 4, &len);
		row->about.machine = len != sizeof(row->about.key.bytes);
		if (!row->about.machine)
			memcpy(row->about.key.bytes, key, len);
	}
	return n;
}

static void add_id(struct redis_args *args, const char *kind, int64_t id)
{
	char text[HEX_SIZE(8)];

	hex_from_u64((uint64_t)id, text);
	redis_args_add(args, kind);
	redis_args_add(args, text);
}

static void add_request(struct ledger *ledger, const struct outbox_row *row, int64_t offset, struct redis_args *args)
{
	struct store *store = ledger->open;
	char shared[SHARED_KEY_SIZE];
	struct key_hash local = { .bytes = { 0 } };
	size_t key_at = 0;

	store_start(store, SQL_ONE_REQUEST);
	store_put_int(store, row->id);
	while (store_next(store)) {
		size_t len;
		const void *key = store_blob(store, 4, &len);

		add_id(args, "r", row->id);
		redis_args_add_int(args, store_int(store, 0) + offset);
		redis_args_add_int(args, store_int(store, 1) - store_int(store, 0));
		redis_args_add_line(args, store_text(store, 2));
		redis_args_add_line(args, store_text(store, 3));
		key_at = args->count;
		redis_args_add(args, "");
		redis_args_add_line(args, store_text(store, 5));
		if (len == sizeof(local.bytes))
			memcpy(local.bytes, key, len);
	}
	if (!key_at || !shared_key_of(ledger, &local, shared))
		return;
	free(args->texts[key_at]);
	args->texts[key_at] = xstrdup(shared);
}

/* Its name behind the 'b': false if its key is not known there. */
static bool name_cooldown(struct ledger *ledger, const struct outbox_row *row, char *out, size_t size)
{
	char shared[SHARED_KEY_SIZE] = "";

	if (!row->about.machine && !shared_key_of(ledger, &row->about.key, shared))
		return false;
	snprintf(out, size, "%s\n%s\n%s", row->service, shared, row->about.model);
	return true;
}

static void add_cooldown(struct ledger *ledger, const struct outbox_row *row, int64_t offset, struct redis_args *args)
{
	struct store *store = ledger->open;
	char name[LIMIT_SERVICE + 2 * KEY_HASH_BYTES + LIMIT_BUDGET_MODEL + 4];
	bool found = false;

	if (!name_cooldown(ledger, row, name, sizeof(name)))
		return;
	store_start(store, SQL_ONE_COOLDOWN);
	store_put_text(store, row->service);
	store_put_blob(store, row->about.key.bytes, row->about.machine ? 0 : sizeof(row->about.key.bytes));
	store_put_text(store, row->about.model);
	while (store_next(store)) {
		char facts[192];
		char probe[HEX_SIZE(8)] = "";
		int64_t until = store_int(store, 1) + offset;
		int64_t probe_until = store_int(store, 5) ? store_int(store, 5) + offset : 0;

		found = true;
		if (store_int(store, 4))
			hex_from_u64((uint64_t)store_int(store, 4), probe);
		snprintf(facts, sizeof(facts), "%lld\n%lld\n%d\n%lld\n%s\n%lld",
			 (long long)(store_int(store, 0) + offset), (long long)until, store_int(store, 2) != 0,
			 (long long)store_int(store, 3), probe, (long long)probe_until);
		redis_args_add(args, "b");
		redis_args_add(args, name);
		redis_args_add(args, facts);
		redis_args_append_line(args, '\n', store_text(store, 6));
		redis_args_add_int(args, (until > probe_until ? until : probe_until) + COOLDOWN_STALE_MS);
	}
	if (found)
		return;
	redis_args_add(args, "u");
	redis_args_add(args, name);
	redis_args_add_int(args, row->at + offset);
}

static void add_learned(struct ledger *ledger, const struct outbox_row *row, int64_t offset, struct redis_args *args)
{
	struct store *store = ledger->open;
	char name[LIMIT_SERVICE + LIMIT_BUDGET_MODEL + 24];

	snprintf(name, sizeof(name), "%s\n%lld\n%s", row->service, (long long)row->id, row->about.model);
	store_start(store, SQL_ONE_LEARNED);
	store_put_text(store, row->service);
	store_put_text(store, row->about.model);
	store_put_int(store, row->id);
	while (store_next(store)) {
		char facts[LIMIT_ZONE_NAME + 64];
		int64_t seen_at = store_int(store, 3) + offset;

		snprintf(facts, sizeof(facts), "%lld\n%.15s\n%.63s\n%lld", (long long)store_int(store, 0),
			 store_text(store, 1), store_text(store, 2), (long long)seen_at);
		redis_args_add(args, "l");
		redis_args_add(args, name);
		redis_args_add(args, facts);
		redis_args_add_int(args, seen_at + LEARNED_DAYS * DAY_MS);
	}
}

bool outbox_read(struct ledger *ledger, int64_t offset, struct redis_args *args, int64_t *upto)
{
	struct outbox_row *rows = xcalloc(LIMIT_REDIS_OWED, sizeof(*rows));
	size_t count = read_rows(ledger, rows);

	*upto = count ? rows[count - 1].number : 0;
	for (size_t i = 0; i < count; i++) {
		switch (rows[i].change) {
		case CHANGE_REQUEST:
			add_request(ledger, &rows[i], offset, args);
			break;
		case CHANGE_REMOVAL:
			add_id(args, "g", rows[i].id);
			break;
		case CHANGE_COOLDOWN:
			add_cooldown(ledger, &rows[i], offset, args);
			break;
		case CHANGE_LEARNED:
			add_learned(ledger, &rows[i], offset, args);
			break;
		}
	}
	free(rows);
	if (count < LIMIT_REDIS_OWED)
		ledger->outbox_pending = false;
	return count == LIMIT_REDIS_OWED;
}

void outbox_acknowledge(struct ledger *ledger, int64_t upto)
{
	store_start(ledger->open, SQL_OUTBOX_ACKNOWLEDGED);
	store_put_int(ledger->open, upto);
	store_run(ledger->open);
}
