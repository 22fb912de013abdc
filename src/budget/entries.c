/*
 * Requests in the ledger's tables. A struct entry_log is the caller's: rows that were read, with the names of their
 * models apart, because few models make many requests.
 */
#include "eke/budget/entries.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/mem.h"
#include "eke/budget/window.h"
#include "ledger_private.h"

#define HOUR_MS INT64_C(3600000)
#define TIDY_MS HOUR_MS
#define USAGE_TURN_MS INT64_C(600000)
/* Corrections are of a day or two; windows of a month are not corrected. */
#define CORRECTION_KEPT_MS (INT64_C(32) * 24 * HOUR_MS)
/* What a provider may report about one hour. */
#define USAGE_MOST INT64_C(100000)

static void put_mark(struct store *store, const struct key_mark *mark)
{
	store_put_blob(store, mark->bytes, sizeof(mark->bytes));
}

/* --- reading --- */

static uint16_t intern(struct entry_log *log, const char *model)
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

static void log_add(struct entry_log *log, const struct entry *entry)
{
	if (log->count == log->cap) {
		log->cap = log->cap ? 2 * log->cap : 64;
		log->entries = xreallocarray(log->entries, log->cap, sizeof(log->entries[0]));
	}
	log->entries[log->count++] = *entry;
}

void entries_read(struct ledger *ledger, const struct account *account, const struct key_mark *mark, int64_t from,
		  struct entry_log *log)
{
	struct store *store = ledger->open;

	log->count = log->model_count = 0;
	store_start(store, SQL_REQUESTS);
	store_put_int(store, from - ledger->shift);
	store_put_text(store, account->service);
	store_put_text(store, account->plan);
	put_mark(store, mark);
	while (store_next(store)) {
		struct entry entry = { .at = store_int(store, 0) + ledger->shift,
				       .weight = (int32_t)store_int(store, 1),
				       .machine = store_int(store, 2),
				       .key = store_int(store, 3) };

		entry.model = intern(log, store_text(store, 4));
		log_add(log, &entry);
	}
}

void entry_log_release(struct entry_log *log)
{
	free(log->entries);
	free(log->models);
	memset(log, 0, sizeof(*log));
}

int64_t *entry_log_times(const struct entry_log *log, const struct plan_window *window, int64_t from, size_t *count)
{
	bool *counted = xcalloc(log->model_count + 1, sizeof(*counted));
	size_t most = 0;
	size_t n = 0;
	int64_t less = 0;       /* to be taken away from what follows … */
	int64_t less_until = 0; /* … in the same hour */
	int64_t *times;

	for (size_t i = 0; i < log->model_count; i++)
		counted[i] = window_counts_model(window, log->models[i]);
	for (size_t i = 0; i < log->count; i++)
		most += log->entries[i].weight > 0 ? (size_t)log->entries[i].weight : 0;
	times = xcalloc(most + 1, sizeof(*times));
	for (size_t i = 0; i < log->count; i++) {
		const struct entry *e = &log->entries[i];
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
		    const struct key_mark *mark, const char *model, int64_t weight)
{
	struct store *store = ledger->open;

	store_start(store, SQL_ADD_REQUEST);
	store_put_int(store, (int64_t)id);
	store_put_int(store, at);
	store_put_int(store, keep_until);
	store_put_text(store, account->service);
	store_put_text(store, account->plan);
	put_mark(store, mark);
	store_put_text(store, model);
	store_put_int(store, weight);
}

void entries_add(struct ledger *ledger, uint64_t id, const struct account *account, const struct key_mark *mark,
		 const char *model, int64_t keep_until)
{
	char *cut = xstrndup(model, strnlen(model, LIMIT_BUDGET_MODEL - 1));

	add_row(ledger, id, ledger->now, keep_until, account, mark, cut, 1);
	store_put_text(ledger->open, NULL);
	store_run(ledger->open);
	free(cut);
}

void entries_drop(struct ledger *ledger, uint64_t id)
{
	store_start(ledger->open, SQL_DROP_REQUEST);
	store_put_int(ledger->open, (int64_t)id);
	store_run(ledger->open);
}

void entries_tidy(struct ledger *ledger)
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

bool entries_take_usage_turn(struct ledger *ledger, const struct key_mark *mark)
{
	struct store *store = ledger->open;
	int64_t asked = INT64_MIN;

	store_start(store, SQL_USAGE_ASKED);
	put_mark(store, mark);
	while (store_next(store))
		asked = store_int(store, 0);
	if (asked != INT64_MIN && ledger->now - asked < USAGE_TURN_MS)
		return false;
	store_start(store, SQL_PUT_USAGE_ASKED);
	put_mark(store, mark);
	store_put_int(store, ledger->now);
	store_run(store);
	return true;
}

static int64_t count_ours(struct ledger *ledger, const struct key_mark *mark, int64_t start)
{
	int64_t ours = 0;

	store_start(ledger->open, SQL_COUNT_HOUR);
	put_mark(ledger->open, mark);
	store_put_int(ledger->open, start);
	store_put_int(ledger->open, start + HOUR_MS);
	while (store_next(ledger->open))
		ours = store_int(ledger->open, 0);
	return ours;
}

void entries_correct(struct ledger *ledger, const struct account *account, const struct key_mark *mark,
		     const struct budget_usage_hour *hours, size_t count)
{
	struct store *store = ledger->open;

	for (size_t i = 0; i < count; i++) {
		int64_t start = hours[i].start * 1000;
		int64_t end = start + HOUR_MS;
		int64_t theirs = hours[i].count < 0 ? 0 : hours[i].count > USAGE_MOST ? USAGE_MOST : hours[i].count;
		int64_t more = theirs - count_ours(ledger, mark, start);
		uint64_t id;

		store_start(store, SQL_DROP_CORRECTION);
		put_mark(store, mark);
		store_put_int(store, start);
		store_run(store);
		if (start > ledger->now || !more || (more < 0 && ledger->now - end < USAGE_TURN_MS))
			continue;
		/*
		 * Nobody knows when in the hour: as late as can be what counts against us, as early as can be what counts
		 * for us.
		 */
		id = ledger_new_id();
		add_row(ledger, id, more < 0 ? start : end - 1 < ledger->now ? end - 1 : ledger->now,
			end + CORRECTION_KEPT_MS, account, mark, "", more);
		store_put_int(store, start);
		store_run(store);
	}
}

/* --- keys of endpoints --- */

void entries_note_key(struct ledger *ledger, const char *endpoint, const struct key_mark *mark)
{
	store_start(ledger->open, SQL_PUT_ENDPOINT_KEY);
	store_put_text(ledger->open, endpoint);
	put_mark(ledger->open, mark);
	store_run(ledger->open);
}

bool entries_noted_key(struct ledger *ledger, const char *endpoint, struct key_mark *mark)
{
	bool found = false;

	store_start(ledger->open, SQL_ENDPOINT_KEY);
	store_put_text(ledger->open, endpoint);
	while (store_next(ledger->open)) {
		size_t len;
		const void *data = store_blob(ledger->open, 0, &len);

		if (len != sizeof(mark->bytes))
			continue;
		memcpy(mark->bytes, data, len);
		found = true;
	}
	return found;
}
