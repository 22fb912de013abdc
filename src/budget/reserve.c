/*
 * Reservations and what becomes of them. A reservation lives from budget_reserve() to its end: withdrawn, given back,
 * answered, spent or refused. What is to be written of it are copies (struct settlement), because the reservation, the
 * endpoint and the configuration may be gone when their turn comes.
 */
#include "reserve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/list.h"
#include "eke/base/mem.h"
#include "eke/budget/admit.h"
#include "eke/budget/format_time.h"
#include "eke/budget/provider_limits.h"
#include "eke/budget/settlement.h"
#include "budget_private.h"
#include "outbox.h"
#include "replica.h"
#include "spares.h"
#include "watch.h"

/* Of a ledger that is shared with other machines: what of it a reservation has behind it. */
enum phase {
	PHASE_FIRST, /* nothing */
	PHASE_ASKED, /* admitted and recorded here; the answer is awaited */
	PHASE_SPARE, /* they said yes, in place of a spare */
	PHASE_DENIED, /* they said no: its record goes, and the reason is looked for */
	PHASE_LOCAL_ONLY, /* they do not answer: decided here */
};

struct reservation {
	uint64_t id;
	struct budget *budget;
	struct account account;
	struct plan *plan; /* owned */
	char endpoint[64];
	char model[LIMIT_BUDGET_MODEL];
	enum budget_use use;
	double reserve;
	bool granted;
	bool recorded; /* there is a row in the ledger */
	bool under_cooldown; /* its end tells something about a cooldown */
	enum phase phase;
	bool was_asked; /* they may have its record */
	bool was_late;  /* our ledger said no, and was brought up to date for it */
	struct remote_admission admission; /* made in the transaction, asked after it */
	struct remote_denial denial;
	int64_t sent_at;  /* Unix ms */
	budget_fn *fn;
	void *ctx;
	struct reservation *next;
};

static void grant_uncounted(void *ctx);

static void reservation_free(struct reservation *r)
{
	list_unlink(r->budget->reservations, r);
	loop_undefer(r->budget->loop, grant_uncounted, r);
	if (r->budget->remote)
		remote_forget(r->budget->remote, r->id);
	remote_release_admission(&r->admission);
	free(r->plan);
	free(r);
}

static struct reservation *find(struct budget *budget, uint64_t id)
{
	struct reservation *r = budget->reservations;

	while (r && r->id != id)
		r = r->next;
	return r;
}

/* --- reserving --- */

/* Marks the cooldowns that this request finds out about. */
static void note_probe(struct budget *budget, const struct snapshot *s, struct reservation *r)
{
	for (size_t i = 0; i < s->cooldown_count; i++) {
		struct cooldown *b = &s->cooldowns[i];

		if (!admit_cooldown_concerns(s, b, r->model) || cooldown_judge(b, r->use, s->now) != COOLDOWN_PROBE)
			continue;
		b->probe = r->id;
		b->probe_until = s->now + COOLDOWN_PROBE_MS;
		provider_limits_put_cooldown(budget->ledger, r->account.service, b);
	}
}

/* Is there a cooldown, over or not, whose fate the end of this request decides? */
static bool concerns_a_cooldown(const struct snapshot *s, const struct reservation *r)
{
	for (size_t i = 0; i < s->cooldown_count; i++)
		if (admit_cooldown_concerns(s, &s->cooldowns[i], r->model))
			return true;
	return false;
}

/* Are the other machines to be asked? */
static bool asks(const struct reservation *r)
{
	return r->budget->remote && r->phase == PHASE_FIRST && plan_is_counted(r->plan);
}

/* Decides within a transaction; false with err. */
static bool decide(struct budget *budget, struct reservation *r, struct err *err)
{
	struct admit_request request = { .endpoint = r->endpoint, .model = r->model, .use = r->use, .reserve = r->reserve };
	struct snapshot s = { .plan = r->plan };
	struct key_hash key_hash;
	bool ok;

	if (asks(r))
		remote_prepare(budget->remote, &r->account);
	ledger_key_hash(budget->ledger, &r->account.key, &key_hash);
	snapshot_read(&s, budget->ledger, &r->account, &key_hash, r->plan);
	if (s.partitioned)
		s.spares = spares_count(budget->ledger, &r->account, r->model);
	ok = admit(&s, &request, err);
	if (ok) {
		r->sent_at = s.now;
		r->under_cooldown = concerns_a_cooldown(&s, r);
		r->recorded = plan_is_counted(r->plan);
		note_probe(budget, &s, r);
		ledger_rows_tidy(budget->ledger);
	}
	if (ok && r->recorded)
		ledger_rows_add(budget->ledger, r->id, &r->account, &key_hash, r->model, snapshot_keep_until(&s, r->model));
	if (ok && asks(r))
		remote_make_admission(budget->remote, r->id, &r->account, r->model, r->use, r->reserve, &s, &r->admission);
	snapshot_release(&s);
	return ok;
}

/* It was recorded here before the others answered: as if it had not been. */
static void take_back(struct budget *budget, struct reservation *r)
{
	struct settlement about = { .id = r->id, .account = r->account, .plan = r->plan };

	ledger_rows_drop(budget->ledger, r->id);
	settle_spent(budget->ledger, &about);
}

/* The others said no, and our ledger, which has by now what they wrote, sees no reason. */
static void deny_as_told(const struct reservation *r, struct err *err)
{
	int64_t now = clock_wall_ms();
	int64_t at = (now + r->denial.wait_ms + 999) / 1000;
	bool key = r->denial.window >= 0 && (size_t)r->denial.window < r->plan->window_count &&
		   r->plan->windows[r->denial.window].scope == PLAN_SCOPE_KEY;
	char when[96];

	format_time_when(at, now / 1000, when, sizeof(when));
	if (r->denial.in_doubt)
		err_set(err, ERR_BUDGET,
			"the shared ledger has lost what it knew, and not all machines that use it have been in touch "
			"with it since: "
			"what they may have used counts as used; start eke on them, or wait: the next may go %s",
			when);
	else
		err_set(err, ERR_BUDGET,
			"all machines that share the ledger have used what the plan %s allows; the next may go %s",
			r->plan->name, when);
	err->retry_at = at;
	memcpy(err->endpoint, r->endpoint, sizeof(err->endpoint));
	snprintf(err->blocked_scope, sizeof(err->blocked_scope), "%s", key ? "key" : "machine");
}

/* By the shared ledger, though our own admits it? */
static bool is_denied(struct budget *budget, const struct reservation *r)
{
	if (r->phase == PHASE_SPARE)
		return !spares_count(budget->ledger, &r->account, r->model);
	return r->phase == PHASE_DENIED;
}

/* One that the others count already becomes this one, which is told first: they never count less than what is sent. */
static void spend_spare(struct budget *budget, const struct reservation *r)
{
	uint64_t spare = 0;

	if (r->phase == PHASE_SPARE || ledger_is_partitioned(budget->ledger))
		spare = spares_take(budget->ledger, &r->account, r->model);
	if (spare)
		outbox_add_removal(budget->ledger, spare);
}

/* Decides within a transaction, by what the shared ledger said, or without it. False with err. */
static bool decide_in_phase(struct budget *budget, struct reservation *r, struct err *err)
{
	bool ok;

	ok = decide(budget, r, err);
	if (ok && is_denied(budget, r)) {
		take_back(budget, r);
		deny_as_told(r, err);
		ok = false;
	}
	if (!budget->remote)
		return ok;
	if (r->phase == PHASE_LOCAL_ONLY)
		ledger_note_local_only(budget->ledger, true);
	if (ok && r->phase != PHASE_FIRST) {
		outbox_add_request(budget->ledger, r->id);
		if (r->recorded)
			spend_spare(budget, r);
	}
	/* The call may have arrived there all the same, or its record with all others. */
	if (!ok && r->was_asked && (r->phase != PHASE_FIRST || r->was_late))
		outbox_add_removal(budget->ledger, r->id);
	return ok;
}

static enum store_result run_reserve(struct budget *budget, void *ctx_id)
{
	uint64_t id = *(const uint64_t *)ctx_id;
	struct reservation *r = find(budget, id);
	enum store_result result;
	struct err err;
	budget_fn *fn;
	void *ctx;
	bool ok = false;

	/* It was withdrawn, or its turn came twice. */
	if (!r || r->granted)
		return STORE_OK;
	if (asks(r) && remote_state(budget->remote) == REMOTE_CONNECTING) {
		remote_await(budget->remote, id);
		return STORE_OK;
	}
	if (asks(r) && remote_state(budget->remote) == REMOTE_AWAY)
		r->phase = PHASE_LOCAL_ONLY;
	if (budget->remote)
		ledger_set_local_only(budget->ledger, r->phase == PHASE_LOCAL_ONLY);
	result = ledger_begin(budget->ledger, STORE_WRITE);
	if (result == STORE_OK) {
		if (r->recorded)
			take_back(budget, r);
		ok = decide_in_phase(budget, r, &err);
		result = ledger_commit(budget->ledger);
	}
	if (budget->remote)
		ledger_set_local_only(budget->ledger, remote_state(budget->remote) == REMOTE_AWAY);
	if (result != STORE_OK)
		return result;
	budget_watch(budget, true);
	if (ok && asks(r)) {
		r->phase = PHASE_ASKED;
		r->was_asked = true;
		remote_ask(budget->remote, id, &r->admission);
		remote_push(budget->remote);
		return STORE_OK;
	}
	/* Somebody may have given back what it knows of. */
	if (!ok && asks(r) && !r->was_late) {
		r->was_late = true;
		remote_refresh(budget->remote, id);
		return STORE_OK;
	}
	fn = r->fn;
	ctx = r->ctx;
	r->granted = ok;
	if (ok)
		budget_note_change(budget);
	else
		reservation_free(r);
	if (budget->remote)
		remote_push(budget->remote);
	fn(ctx, id, ok ? NULL : &err);
	return STORE_OK;
}

static void give_up_reserve(struct budget *budget, void *ctx_id)
{
	uint64_t id = *(const uint64_t *)ctx_id;
	struct reservation *r = find(budget, id);
	struct err err;
	budget_fn *fn;
	void *ctx;

	if (!r)
		return;
	err_set(&err, ERR_INTERNAL,
		"the ledger of requests is locked by another process: end the eke that hangs, or set EKE_STATE_DIR");
	memcpy(err.endpoint, r->endpoint, sizeof(err.endpoint));
	fn = r->fn;
	ctx = r->ctx;
	reservation_free(r);
	fn(ctx, id, &err);
}

/* In its turn, by its id: it may be withdrawn meanwhile. */
static void decide_later(struct reservation *r, enum phase phase)
{
	static const struct budget_work work = { .run = run_reserve, .give_up = give_up_reserve, .free_fn = free };
	uint64_t *id = xmalloc(sizeof(*id));

	*id = r->id;
	r->phase = phase;
	jobs_append(r->budget, &work, id);
}

/* What the shared ledger has let this machine keep for the time when it cannot be asked. */
struct kept_spares {
	struct account account;
	char model[LIMIT_BUDGET_MODEL];
	struct remote_spares granted;
};

static void write_spares(struct budget *budget, void *ctx)
{
	const struct kept_spares *kept = ctx;

	if (replica_knows(budget->ledger, kept->granted.salt))
		spares_put(budget->ledger, &kept->account, kept->model, kept->granted.ids, kept->granted.count,
			kept->granted.until - kept->granted.offset, kept->granted.until);
}

static void keep_spares(const struct reservation *r)
{
	static const struct budget_work work = { .write = write_spares, .free_fn = free };
	const struct remote_spares *granted = remote_granted_spares(r->budget->remote);
	struct kept_spares *kept;

	remote_note_spares(r->budget->remote);
	if (!granted->until)
		return;
	kept = xcalloc(1, sizeof(*kept));
	kept->account = r->account;
	kept->granted = *granted;
	memcpy(kept->model, r->model, sizeof(kept->model));
	jobs_do(r->budget, &work, kept);
}

void budget_hear(struct budget *budget, uint64_t reservation, enum remote_verdict verdict,
	const struct remote_denial *denial)
{
	struct reservation *r = find(budget, reservation);

	if (!r)
		return;
	switch (verdict) {
	case REMOTE_YES:
		r->granted = true;
		budget_note_change(budget);
		keep_spares(r);
		r->fn(r->ctx, r->id, NULL);
		return;
	case REMOTE_SPARE:
		r->denial = *denial;
		keep_spares(r);
		decide_later(r, PHASE_SPARE);
		return;
	case REMOTE_NO:
		r->denial = *denial;
		decide_later(r, PHASE_DENIED);
		return;
	case REMOTE_SILENT:
		decide_later(r, PHASE_LOCAL_ONLY);
		return;
	case REMOTE_ASK:
		decide_later(r, PHASE_FIRST);
		return;
	}
}

/* Nothing to count, and no ledger that could hold a cooldown. */
static void grant_uncounted(void *ctx)
{
	struct reservation *r = ctx;

	r->granted = true;
	r->sent_at = clock_wall_ms();
	r->fn(r->ctx, r->id, NULL);
}

uint64_t budget_reserve(struct budget *budget, const struct budget_request *request, budget_fn *fn, void *ctx)
{
	struct reservation *r = xcalloc(1, sizeof(*r));

	*r = (struct reservation){ .id = ledger_new_id(), .budget = budget, .plan = plan_copy(request->endpoint->plan),
				   .use = request->use, .reserve = request->reserve, .fn = fn, .ctx = ctx,
				   .next = budget->reservations };
	account_make(request->endpoint, request->key, &r->account);
	snprintf(r->endpoint, sizeof(r->endpoint), "%s", request->endpoint->name);
	snprintf(r->model, sizeof(r->model), "%s", request->model);
	budget->reservations = r;
	if (!plan_is_counted(r->plan) && !ledger_exists(budget->ledger))
		loop_defer(budget->loop, grant_uncounted, r);
	else
		decide_later(r, PHASE_FIRST);
	return r->id;
}

/* --- the ends of a reservation --- */

static void settlement_free(void *ctx)
{
	struct settlement *settlement = ctx;

	free(settlement->plan);
	free(settlement);
}

static void write_refunded(struct budget *budget, void *settlement)
{
	settle_refunded(budget->ledger, settlement);
}

static void write_answered(struct budget *budget, void *settlement)
{
	settle_answered(budget->ledger, settlement);
}

static void write_spent(struct budget *budget, void *settlement)
{
	settle_spent(budget->ledger, settlement);
}

static void write_refused(struct budget *budget, void *settlement)
{
	settle_refused(budget->ledger, settlement);
}

static const struct budget_work refunded = { .write = write_refunded, .free_fn = settlement_free };
static const struct budget_work answered = { .write = write_answered, .free_fn = settlement_free };
static const struct budget_work spent = { .write = write_spent, .free_fn = settlement_free };
static const struct budget_work refused = { .write = write_refused, .free_fn = settlement_free };

/* The reservation is over; what its end says is written, unless it says nothing. */
static void end(struct reservation *r, const struct budget_work *work, const struct budget_refusal *refusal, bool says)
{
	struct budget *budget = r->budget;
	struct settlement *settlement = NULL;

	if (says) {
		settlement = xcalloc(1, sizeof(*settlement));
		settlement->id = r->id;
		settlement->account = r->account;
		settlement->plan = plan_copy(r->plan);
		settlement->sent_at = r->sent_at;
		memcpy(settlement->model, r->model, sizeof(settlement->model));
		memcpy(settlement->endpoint, r->endpoint, sizeof(settlement->endpoint));
		if (refusal)
			settlement_set_refusal(settlement, refusal);
	}
	reservation_free(r);
	if (settlement)
		jobs_do(budget, work, settlement);
}

void budget_withdraw(struct budget *budget, uint64_t reservation)
{
	struct reservation *r = find(budget, reservation);

	if (r && (r->granted || r->was_asked))
		budget_refund(budget, reservation);
	else if (r)
		reservation_free(r);
}

void budget_refund(struct budget *budget, uint64_t reservation)
{
	struct reservation *r = find(budget, reservation);

	if (r)
		end(r, &refunded, NULL, r->recorded || r->under_cooldown);
}

void budget_answered(struct budget *budget, uint64_t reservation)
{
	struct reservation *r = find(budget, reservation);

	if (r)
		end(r, &answered, NULL, r->under_cooldown);
}

void budget_spent(struct budget *budget, uint64_t reservation)
{
	struct reservation *r = find(budget, reservation);

	if (r)
		end(r, &spent, NULL, r->under_cooldown);
}

void budget_refused(struct budget *budget, uint64_t reservation, const struct budget_refusal *refusal)
{
	struct reservation *r = find(budget, reservation);

	if (!r)
		return;
	if (refusal->quota)
		budget_spent(budget, reservation);
	else
		end(r, &refused, refusal, true);
}

/* --- all of them --- */

void reservations_go_local_only(struct budget *budget)
{
	for (struct reservation *r = budget->reservations; r; r = r->next)
		if (!r->granted && r->phase != PHASE_LOCAL_ONLY)
			decide_later(r, PHASE_LOCAL_ONLY);
}

void reservations_free(struct budget *budget)
{
	while (budget->reservations)
		reservation_free(budget->reservations); /* NOLINT(clang-analyzer-unix.Malloc): it takes itself off the list */
}
