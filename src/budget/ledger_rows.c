/*
 * Requests in the ledger's tables. A struct ledger_rows is the caller's: rows that were read, with the names of their
 * models apart, because few models make many requests.
 */
#include "eke/budget/ledger_rows.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/mem.h"
#include "eke/budget/limit_window.h"
#include "ledger_private.h"

#define HOUR_MS INT64_C(3600000)
#define TIDY_MS HOUR_MS
#define USAGE_TURN_MS INT64_C(600000)
/* Corrections are of a day or two; windows of a month are not corrected. */
#define CORRECTION_KEPT_MS (INT64_C(32) * 24 * HOUR_MS)
/* What a provider may report about one hour. */
#define USAGE_MOST INT64_C(100000)

static void put_key_hash(struct store *store, const struct key_hash *key_hash)
{
	store_put_blob(store, key_hash->bytes, sizeof(key_hash->bytes));
}

/* --- reading --- */

static uint16_t intern(struct ledger_rows *log, const char *model)
{
	size_t i = log->model_count;

	while (i && strncmp(log->models[i - 1], model, LIMIT_BUDGET_MODEL - 1))
		i--;
	if (i)
		return (uint16_t)(i - 1);
	if (log->model_count == log->model_cap) {
		log->model_cap = log->model_cap ? 2 * log->model_cap : 4;
		log->models = xreallocarray(log->models, log->model_cap, sizeof(log->models[0]));
	}
	/* More models than anybody has: they count as the last. */
	if (log->model_count == UINT16_MAX)
		return UINT16_MAX - 1;
	memset(log->models[log->model_count], 0, LIMIT_BUDGET_MODEL);
	memcpy(log->models[log->model_count], model, strnlen(model, LIMIT_BUDGET_MODEL - 1));
	return (uint16_t)log->model_count++;
}

static void append(struct ledger_rows *log, const struct ledger_row *row)
{
	if (log->count == log->cap) {
		log->cap = log->cap ? 2 * log->cap : 64;
		log->rows = xreallocarray(log->rows, log->cap, sizeof(log->rows[0]));
	}
	log->rows[log->count++] = *row;
}

void ledger_rows_read(struct ledger *ledger, const struct account *account, const struct key_hash *key_hash,
		      int64_t from, struct ledger_rows *log)
{
	struct store *store = ledger->open;

	log->count = log->model_count = 0;
	store_start(store, SQL_REQUESTS);
	store_put_int(store, from - ledger->shift);
	store_put_text(store, account->service);
	store_put_text(store, account->plan);
	put_key_hash(store, key_hash);
	while (store_next(store)) {
		struct ledger_row row = { .at = store_int(store, 0) + ledger->shift,
					  .weight = (int32_t)store_int(store, 1),
					  .machine = store_int(store, 2),
					  .key = store_int(store, 3) };

		row.model = intern(log, store_text(store, 4));
		append(log, &row);
	}
}

void ledger_rows_release(struct ledger_rows *log)
{
	free(log->rows);
	free(log->models);
	memset(log, 0, sizeof(*log));
}

int64_t *ledger_rows_times(const struct ledger_rows *log, const struct plan_window *window, int64_t from, size_t *count)
{
	bool *counted = xcalloc(log->model_count + 1, sizeof(*counted));
	size_t most = 0;
	size_t n = 0;
	int64_t less = 0; /* to be taken away from what follows … */
	int64_t less_until = 0; /* … in the same hour */
	int64_t *times;

	for (size_t i = 0; i < log->model_count; i++)
		counted[i] = limit_window_counts_model(window, log->models[i]);
	for (size_t i = 0; i < log->count; i++)
		most += log->rows[i].weight > 0 ? (size_t)log->rows[i].weight : 0;
	times = xcalloc(most + 1, sizeof(*times));
	for (size_t i = 0; i < log->count; i++) {
		const struct ledger_row *e = &log->rows[i];
		int64_t weight = e->weight;

		if (e->at < from || !counted[e->model] || !(window->scope == PLAN_SCOPE_KEY ? e->key : e->machine))
			continue;
		if (e->at >= less_until)
			less = 0;
		if (weight < 0) {
			less = -weight;
			less_until = e->at + HOUR_MS;
		}
		for (; weight > 0; weight--) {
			if (less)
				less--;
			else
				times[n++] = e->at;
		}
	}
	free(counted);
	*count = n;
	return times;
}

/* --- writing --- */

static void add_row(struct ledger *ledger, uint64_t id, int64_t at, int64_t keep_until, const struct account *account,
		    const struct key_hash *key_hash, const char *model, int64_t weight)
{
	struct store *store = ledger->open;

	store_start(store, SQL_ADD_REQUEST);
	store_put_int(store, (int64_t)id);
	store_put_int(store, at);
	store_put_int(store, keep_until);
	store_put_text(store, account->service);
	store_put_text(store, account->plan);
	put_key_hash(store, key_hash);
	store_put_text(store, model);
	store_put_int(store, weight);
}

void ledger_rows_add(struct ledger *ledger, uint64_t id, const struct account *account, const struct key_hash *key_hash,
		     const char *model, int64_t keep_until)
{
	char *cut = xstrndup(model, strnlen(model, LIMIT_BUDGET_MODEL - 1));

	add_row(ledger, id, ledger->now, keep_until, account, key_hash, cut, 1);
	store_put_text(ledger->open, NULL);
	store_run(ledger->open);
	free(cut);
}

void ledger_rows_drop(struct ledger *ledger, uint64_t id)
{
	store_start(ledger->open, SQL_DROP_REQUEST);
	store_put_int(ledger->open, (int64_t)id);
	store_run(ledger->open);
}

void ledger_rows_tidy(struct ledger *ledger)
{
	/* tidied_at in the future is one of a clock that was wrong. */
	if (ledger->tidied_at <= ledger->now && ledger->now - ledger->tidied_at < TIDY_MS)
		return;
	store_start(ledger->open, SQL_DROP_OLD);
	store_put_int(ledger->open, ledger->now);
	store_run(ledger->open);
	ledger_put_fact(ledger, "tidied_at", ledger->now);
}

/* --- the provider's counter --- */

bool ledger_rows_take_usage_turn(struct ledger *ledger, const struct key_hash *key_hash)
{
	struct store *store = ledger->open;
	int64_t asked = INT64_MIN;

	store_start(store, SQL_USAGE_ASKED);
	put_key_hash(store, key_hash);
	while (store_next(store))
		asked = store_int(store, 0);
	if (asked != INT64_MIN && ledger->now - asked < USAGE_TURN_MS)
		return false;
	store_start(store, SQL_PUT_USAGE_ASKED);
	put_key_hash(store, key_hash);
	store_put_int(store, ledger->now);
	store_run(store);
	return true;
}

static int64_t count_ours(struct ledger *ledger, const struct key_hash *key_hash, int64_t start)
{
	int64_t ours = 0;

	store_start(ledger->open, SQL_COUNT_HOUR);
	put_key_hash(ledger->open, key_hash);
	store_put_int(ledger->open, start);
	store_put_int(ledger->open, start + HOUR_MS);
	while (store_next(ledger->open))
		ours = store_int(ledger->open, 0);
	return ours;
}

void ledger_rows_correct(struct ledger *ledger, const struct account *account, const struct key_hash *key_hash,
			 const struct budget_usage_hour *hours, size_t count)
{
	struct store *store = ledger->open;

	for (size_t i = 0; i < count; i++) {
		int64_t start = hours[i].start * 1000;
		int64_t end = start + HOUR_MS;
		int64_t theirs = hours[i].count < 0 ? 0 : hours[i].count > USAGE_MOST ? USAGE_MOST : hours[i].count;
		int64_t more = theirs - count_ours(ledger, key_hash, start);
		uint64_t id;

		store_start(store, SQL_DROP_CORRECTION);
		put_key_hash(store, key_hash);
		store_put_int(store, start);
		store_run(store);
		if (start > ledger->now || !more || (more < 0 && ledger->now - end < USAGE_TURN_MS))
			continue;
		/*
		 * Nobody knows when in the hour: as late as can be what counts against us, as early as can be what counts
		 * for us.
		 */
		id = ledger_new_id();
		add_row(ledger, id,
			more < 0		? start
			: end - 1 < ledger->now ? end - 1
						: ledger->now,
			end + CORRECTION_KEPT_MS, account, key_hash, "", more);
		store_put_int(store, start);
		store_run(store);
	}
}

/* --- keys of endpoints --- */

void ledger_rows_note_key(struct ledger *ledger, const char *endpoint, const struct key_hash *key_hash)
{
	store_start(ledger->open, SQL_PUT_ENDPOINT_KEY);
	store_put_text(ledger->open, endpoint);
	put_key_hash(ledger->open, key_hash);
	store_run(ledger->open);
}

bool ledger_rows_noted_key(struct ledger *ledger, const char *endpoint, struct key_hash *key_hash)
{
	bool found = false;

	store_start(ledger->open, SQL_ENDPOINT_KEY);
	store_put_text(ledger->open, endpoint);
	while (store_next(ledger->open)) {
		size_t len;
		const void *data = store_blob(ledger->open, 0, &len);

		if (len != sizeof(key_hash->bytes))
			continue;
		memcpy(key_hash->bytes, data, len);
		found = true;
	}
	return found;
}
