/*
 * The budget as a thing: its life, who listens to it, keys, the provider's own count, and whether the ledger is shared
 * with other machines. Reservations are reserve.c, the order of writing jobs.c, what is left report.c.
 */
#include "eke/budget/budget.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/mem.h"
#include "eke/budget/provider_limits.h"
#include "eke/config/service.h"
#include "budget_private.h"
#include "redis.h"
#include "reserve.h"
#include "watch.h"

/* Hours of usage in one correction: the provider is asked for a day. */
#define USAGE_HOURS 48

/* --- life --- */

static void on_wake(void *ctx);

struct budget *budget_new(struct loop *loop)
{
	struct budget *budget = xcalloc(1, sizeof(*budget));

	budget->loop = loop;
	budget->ledger = ledger_new();
	budget->retry = timer_new(loop, jobs_pump, budget);
	budget->wake = timer_new(loop, on_wake, budget);
	return budget;
}

/* The ledger is no longer shared. */
static void drop_remote(struct budget *budget)
{
	jobs_drop_remote(budget);
	remote_free(budget->remote);
	budget->remote = NULL;
	free(budget->shared_url);
	budget->shared_url = NULL;
}

void budget_free(struct budget *budget)
{
	if (!budget)
		return;
	budget_on_change(budget, NULL, NULL);
	if (budget->remote)
		remote_give_back(budget->remote);
	jobs_finish(budget);
	reservations_free(budget);
	drop_remote(budget);
	budget_drop_views(budget);
	budget_watch_free(budget);
	timer_free(budget->retry);
	timer_free(budget->wake);
	ledger_free(budget->ledger);
	free(budget);
}

void budget_on_change(struct budget *budget, loop_fn *fn, void *ctx)
{
	if (budget->changed)
		loop_undefer(budget->loop, budget->changed, budget->changed_ctx);
	budget->changed = fn;
	budget->changed_ctx = ctx;
	if (!fn) {
		timer_stop(budget->wake);
		budget->wake_at = 0;
	}
}

void budget_note_change(struct budget *budget)
{
	if (!budget->changed)
		return;
	loop_defer_last(budget->loop, budget->changed, budget->changed_ctx);
}

static void on_wake(void *ctx)
{
	struct budget *budget = ctx;

	budget->wake_at = 0;
	budget_note_change(budget);
}

void budget_note_change_at(struct budget *budget, int64_t at_ms)
{
	int64_t now = clock_wall_ms();

	if (!budget->changed || at_ms <= now || (budget->wake_at && budget->wake_at <= at_ms))
		return;
	budget->wake_at = at_ms;
	timer_start(budget->wake, at_ms - now);
}

const char *budget_state_name(enum budget_state state)
{
	switch (state) {
	case BUDGET_OK:
		return "ok";
	case BUDGET_LOW:
		return "low";
	case BUDGET_EXHAUSTED:
		return "exhausted";
	case BUDGET_BLOCKED:
		return "blocked";
	case BUDGET_UNLIMITED:
		return "unlimited";
	}
	return "";
}

/* --- keys --- */

const struct key_digest *budget_noted_key(const struct budget *budget, const char *endpoint)
{
	for (unsigned i = 0; i < budget->noted_count; i++)
		if (!strncmp(budget->noted[i].endpoint, endpoint, sizeof(budget->noted[i].endpoint) - 1))
			return &budget->noted[i].digest;
	return NULL;
}

static void write_key(struct budget *budget, void *ctx)
{
	const struct noted_key *noted = ctx;
	struct key_hash known;
	struct key_hash key_hash;

	ledger_key_hash(budget->ledger, &noted->digest, &key_hash);
	if (!ledger_rows_noted_key(budget->ledger, noted->endpoint, &known) || !key_hash_same(&known, &key_hash))
		ledger_rows_note_key(budget->ledger, noted->endpoint, &key_hash);
}

void budget_note_key(struct budget *budget, const struct config_endpoint *endpoint, const char *key)
{
	static const struct budget_work work = { .write = write_key, .free_fn = free };
	struct noted_key *slot = &budget->noted[0];
	const struct key_digest *known;
	struct noted_key *copy;
	struct account account;

	if (!key)
		return;
	known = budget_noted_key(budget, endpoint->name);
	account_make(endpoint, key, &account);
	if (known && key_digest_same(known, &account.key))
		return;
	for (unsigned i = 0; i < budget->noted_count; i++)
		if (known == &budget->noted[i].digest)
			slot = &budget->noted[i];
	if (!known && budget->noted_count < ARRAY_LEN(budget->noted))
		slot = &budget->noted[budget->noted_count++];
	snprintf(slot->endpoint, sizeof(slot->endpoint), "%s", endpoint->name);
	slot->digest = account.key;
	/* Others need to know only where there is something to show; a refusal writes it down, too. */
	if (!plan_is_counted(endpoint->plan))
		return;
	copy = xmalloc(sizeof(*copy));
	*copy = *slot;
	jobs_do(budget, &work, copy);
}

/* --- other machines --- */

bool budget_share(struct budget *budget, const char *url, struct err *err)
{
	struct redis_url parsed;

	if (url && budget->shared_url && !strcmp(url, budget->shared_url))
		return true;
	drop_remote(budget);
	reservations_go_local_only(budget);
	if (!url)
		return true;
	if (!redis_url_parse(url, &parsed, err))
		return false;
	if (!redis_is_built()) {
		redis_url_release(&parsed);
		err_set(err, ERR_CONFIG,
			"ledger.redis: this eke was built without hiredis, so its ledger is this machine's alone; install "
			"hiredis with its headers and build eke again");
		return false;
	}
	budget->shared_url = xstrdup(url);
	budget->remote = remote_new(budget, &parsed);
	budget_drop_views(budget);
	return true;
}

void budget_sync(struct budget *budget, loop_fn *fn, void *ctx)
{
	if (budget->remote)
		remote_sync(budget->remote, fn, ctx);
	else
		loop_defer(budget->loop, fn, ctx);
}

/* --- corrections --- */

static void write_no_cooldowns(struct budget *budget, void *ctx)
{
	(void)ctx;
	provider_limits_drop_cooldowns(budget->ledger);
}

bool budget_end_cooldowns(struct budget *budget)
{
	static const struct budget_work work = { .write = write_no_cooldowns };

	return jobs_insist(budget, &work, NULL) && ledger_is_shared(budget->ledger);
}

bool budget_wants_usage(struct budget *budget, const struct config_endpoint *endpoint, const char *key)
{
	struct key_hash key_hash;
	struct account account;
	bool mine;

	account_make(endpoint, key, &account);
	if (!key || !plan_is_counted(endpoint->plan) || !service_is_chatanywhere(account.service) ||
	    ledger_begin(budget->ledger, STORE_WRITE) != STORE_OK)
		return false;
	ledger_key_hash(budget->ledger, &account.key, &key_hash);
	mine = ledger_rows_take_usage_turn(budget->ledger, &key_hash);
	return ledger_commit(budget->ledger) == STORE_OK && mine;
}

/* What the provider has counted. */
struct usage {
	struct account account;
	struct budget_usage_hour hours[USAGE_HOURS];
	size_t count;
};

static void write_usage(struct budget *budget, void *ctx)
{
	const struct usage *usage = ctx;
	struct key_hash key_hash;

	ledger_key_hash(budget->ledger, &usage->account.key, &key_hash);
	ledger_rows_correct(budget->ledger, &usage->account, &key_hash, usage->hours, usage->count);
}

void budget_correct(struct budget *budget, const struct config_endpoint *endpoint, const char *key,
	const struct budget_usage_hour *hours, size_t count)
{
	static const struct budget_work work = { .write = write_usage, .free_fn = free };
	struct usage *usage;

	if (!plan_is_counted(endpoint->plan) || !count)
		return;
	/* The newest count most. */
	if (count > USAGE_HOURS) {
		hours += count - USAGE_HOURS;
		count = USAGE_HOURS;
	}
	usage = xcalloc(1, sizeof(*usage));
	account_make(endpoint, key, &usage->account);
	memcpy(usage->hours, hours, count * sizeof(*hours));
	usage->count = count;
	jobs_do(budget, &work, usage);
}
