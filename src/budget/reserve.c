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
#include "eke/budget/settlement.h"

#include "replica.h"
#include "reservation.h"
#include "spares.h"
#include "watch.h"

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
	if (reservation_asks(r) && remote_state(budget->remote) == REMOTE_CONNECTING) {
		remote_await(budget->remote, id);
		return STORE_OK;
	}
	if (reservation_asks(r) && remote_state(budget->remote) == REMOTE_AWAY)
		r->phase = PHASE_LOCAL_ONLY;
	if (budget->remote)
		ledger_set_local_only(budget->ledger, r->phase == PHASE_LOCAL_ONLY);
	result = ledger_begin(budget->ledger, STORE_WRITE);
	if (result == STORE_OK) {
		if (r->recorded)
			reservation_take_back(r);
		ok = reservation_decide(r, &err);
		result = ledger_commit(budget->ledger);
	}
	if (budget->remote)
		ledger_set_local_only(budget->ledger, remote_state(budget->remote) == REMOTE_AWAY);
	if (result != STORE_OK)
		return result;
	budget_watch(budget, true);
	if (ok && reservation_asks(r)) {
		r->phase = PHASE_ASKED;
		r->was_asked = true;
		remote_ask(budget->remote, id, &r->admission);
		remote_push(budget->remote);
		return STORE_OK;
	}
	/* Somebody may have given back what it knows of. */
	if (!ok && reservation_asks(r) && !r->was_late) {
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
