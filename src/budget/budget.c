/*
 * Reservations and what becomes of them. A reservation lives from budget_reserve() to its end; what must be written in
 * the ledger is a job, done at once if the ledger is free and else a few milliseconds later, in order. Jobs own copies
 * of all they need, because the reservation, the endpoint and the configuration may be gone by then.
 */
#include "eke/budget/budget.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/budget/admit.h"
#include "eke/budget/outcome.h"
#include "eke/budget/service.h"
#include "eke/budget/verdicts.h"
#include "eke/budget/words.h"
#include "budget_private.h"
#include "mirror.h"
#include "watch.h"

/* Between tries while another process writes: so long, and up to so much more, so that they do not meet again. */
#define RETRY_MS 1
#define RETRY_SPREAD_MS 4
/* A write takes a fraction of a millisecond: after this the other process hangs. */
#define GIVE_UP_MS 5000
/* At the end of the program there is no later; so many tries take some milliseconds. */
#define LAST_TRIES 2000
/* Hours of usage in one correction: the provider is asked for a day. */
#define USAGE_HOURS 48

/* Of a ledger that is shared with other machines: what of it a reservation has behind it. */
enum phase {
	PHASE_FIRST,  /* nothing */
	PHASE_ASKED,  /* admitted and recorded here; the answer is awaited */
	PHASE_DENIED, /* they said no: its record goes, and the reason is looked for */
	PHASE_ALONE,  /* they do not answer: decided here */
};

struct reservation {
	uint64_t id;
	struct budget *budget;
	struct party party;
	struct plan *plan; /* owned */
	char endpoint[64];
	char model[LIMIT_BUDGET_MODEL];
	enum budget_use use;
	double reserve;
	bool granted;
	bool recorded;    /* there is an entry */
	bool under_block; /* its end tells something about a block */
	enum phase phase;
	bool was_asked; /* they may have its record */
	bool was_late;  /* our ledger said no, and was brought up to date for it */
	struct remote_question question; /* made in the transaction, asked after it */
	struct remote_denial denial;
	int64_t sent_at;  /* Unix ms */
	budget_fn *fn;
	void *ctx;
	struct reservation *next;
};

enum job_kind {
	JOB_RESERVE,
	JOB_REFUND,   /* drop the entry */
	JOB_ANSWERED, /* lift blocks */
	JOB_SPENT,    /* give up the probe */
	JOB_REFUSED,  /* block, learn */
	JOB_NOTE_KEY,
	JOB_CORRECT,
	JOB_FORGET, /* all blocks */
	JOB_WORK,
};

/* Something to be written. */
struct job {
	enum job_kind kind;
	/* Of JOB_RESERVE the id alone, of the last four no more than party and endpoint. */
	struct outcome about;
	struct budget_usage_hour hours[USAGE_HOURS];
	size_t hour_count;
	int64_t since_mono;
	struct budget_work work; /* of JOB_WORK */
	void *work_ctx;
	struct job *next;
};

/* --- life --- */

static void on_retry(void *ctx);
static void on_wake(void *ctx);
static void pump(void *ctx);
static void grant_uncounted(void *ctx);

struct budget *budget_new(struct loop *loop)
{
	struct budget *budget = xcalloc(1, sizeof(*budget));

	budget->loop = loop;
	budget->ledger = ledger_new();
	budget->jobs_end = &budget->jobs;
	budget->retry = timer_new(loop, on_retry, budget);
	budget->wake = timer_new(loop, on_wake, budget);
	return budget;
}

static void reservation_free(struct reservation *r)
{
	struct reservation **at = &r->budget->reservations;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	loop_undefer(r->budget->loop, grant_uncounted, r);
	if (r->budget->remote)
		remote_forget(r->budget->remote, r->id);
	remote_release_question(&r->question);
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

static void job_free(struct job *job)
{
	if (job->work.free_fn)
		job->work.free_fn(job->work_ctx);
	free(job->about.plan);
	free(job);
}

static enum store_result run_job(struct budget *budget, struct job *job);

/* Takes the first job out. */
static struct job *take_job(struct budget *budget)
{
	struct job *job = budget->jobs;

	budget->jobs = job->next;
	if (!budget->jobs)
		budget->jobs_end = &budget->jobs;
	return job;
}

/* The ledger is no longer shared. */
static void drop_remote(struct budget *budget)
{
	for (struct job **at = &budget->jobs; *at;) {
		struct job *job = *at;

		if (job->kind != JOB_WORK) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		job_free(job);
	}
	budget->jobs_end = &budget->jobs;
	while (*budget->jobs_end)
		budget->jobs_end = &(*budget->jobs_end)->next;
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
	/* What ended while another process wrote is worth a few more tries. Nobody waits for a reservation any more. */
	while (budget->jobs) {
		struct job *job = take_job(budget);
		int tries = LAST_TRIES;

		while (job->kind != JOB_RESERVE && job->kind != JOB_WORK && run_job(budget, job) == STORE_BUSY && --tries)
			continue;
		job_free(job);
	}
	while (budget->reservations)
		reservation_free(budget->reservations);
	drop_remote(budget);
	loop_undefer(budget->loop, pump, budget);
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
	loop_undefer(budget->loop, budget->changed, budget->changed_ctx);
	loop_defer(budget->loop, budget->changed, budget->changed_ctx);
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

/* --- jobs --- */

static void schedule_retry(struct budget *budget)
{
	unsigned char random;

	key_random(&random, 1);
	timer_start(budget->retry, RETRY_MS + random % (RETRY_SPREAD_MS + 1));
}

static struct job *job_new(enum job_kind kind)
{
	struct job *job = xcalloc(1, sizeof(*job));

	job->kind = kind;
	job->since_mono = clock_mono_ms();
	return job;
}

/* A job about the end of a reservation, which it leaves as it is. */
static struct job *job_about(enum job_kind kind, const struct reservation *r)
{
	struct job *job = job_new(kind);

	job->about.id = r->id;
	job->about.party = r->party;
	job->about.plan = plan_copy(r->plan);
	job->about.sent_at = r->sent_at;
	memcpy(job->about.model, r->model, sizeof(job->about.model));
	memcpy(job->about.endpoint, r->endpoint, sizeof(job->about.endpoint));
	return job;
}

static void append_job(struct budget *budget, struct job *job)
{
	*budget->jobs_end = job;
	budget->jobs_end = &job->next;
}

/* Does it now, or in its turn. */
static void do_job(struct budget *budget, struct job *job)
{
	if (!budget->jobs && run_job(budget, job) == STORE_OK) {
		job_free(job);
		return;
	}
	if (!budget->jobs)
		schedule_retry(budget);
	append_job(budget, job);
}

/* Another process has held the ledger for seconds, or it failed in a way that nothing helps. */
static void give_up(struct budget *budget, struct job *job)
{
	struct reservation *r = job->kind == JOB_RESERVE ? find(budget, job->about.id) : NULL;
	struct err err;
	budget_fn *fn;
	void *ctx;

	if (job->kind == JOB_WORK) {
		remote_stumble(budget->remote);
		return;
	}
	if (!r) {
		log_warn("the ledger of requests was locked by another process for %d s: an entry is missing",
			 GIVE_UP_MS / 1000);
		return;
	}
	err_set(&err, ERR_INTERNAL,
		"the ledger of requests is locked by another process: end the eke that hangs, or set EKE_STATE_DIR");
	memcpy(err.endpoint, r->endpoint, sizeof(err.endpoint));
	fn = r->fn;
	ctx = r->ctx;
	reservation_free(r);
	fn(ctx, job->about.id, &err);
}

static void pump(void *ctx)
{
	struct budget *budget = ctx;

	while (budget->jobs) {
		struct job *job = budget->jobs;

		if (run_job(budget, job) == STORE_OK) {
			/* A reservation that was made has told it and may have changed the list behind this one. */
			take_job(budget);
			job_free(job);
		} else if (clock_mono_ms() - job->since_mono >= GIVE_UP_MS) {
			take_job(budget);
			give_up(budget, job);
			job_free(job);
		} else {
			schedule_retry(budget);
			return;
		}
	}
}

static void on_retry(void *ctx)
{
	pump(ctx);
}

/* --- keys --- */

const struct key_digest *budget_noted_key(const struct budget *budget, const char *endpoint)
{
	for (unsigned i = 0; i < budget->noted_count; i++)
		if (!strncmp(budget->noted[i].endpoint, endpoint, sizeof(budget->noted[i].endpoint) - 1))
			return &budget->noted[i].digest;
	return NULL;
}

void budget_note_key(struct budget *budget, const struct config_endpoint *endpoint, const char *key)
{
	const struct key_digest *known = budget_noted_key(budget, endpoint->name);
	struct noted_key *slot;
	struct job *job;

	if (!key)
		return;
	job = job_new(JOB_NOTE_KEY);
	party_make(endpoint, key, &job->about.party);
	if (known && key_digest_same(known, &job->about.party.key)) {
		job_free(job);
		return;
	}
	snprintf(job->about.endpoint, sizeof(job->about.endpoint), "%s", endpoint->name);
	slot = &budget->noted[0];
	for (unsigned i = 0; i < budget->noted_count; i++)
		if (known == &budget->noted[i].digest)
			slot = &budget->noted[i];
	if (!known && budget->noted_count < ARRAY_LEN(budget->noted))
		slot = &budget->noted[budget->noted_count++];
	memcpy(slot->endpoint, job->about.endpoint, sizeof(slot->endpoint));
	slot->digest = job->about.party.key;
	/* Others need to know only where there is something to show; a refusal writes it down, too. */
	if (plan_is_counted(endpoint->plan))
		do_job(budget, job);
	else
		job_free(job);
}

/* --- reserving --- */

/* Marks the blocks that this request finds out about. */
static void mark_probe(struct budget *budget, const struct snapshot *s, struct reservation *r)
{
	for (size_t i = 0; i < s->block_count; i++) {
		struct block *b = &s->blocks[i];

		if (!admit_block_concerns(s, b, r->model) || block_judge(b, r->use, s->now) != BLOCK_PROBE)
			continue;
		b->probe = r->id;
		b->probe_until = s->now + BLOCK_PROBE_MS;
		verdicts_put_block(budget->ledger, r->party.service, b);
	}
}

/* Is there a block, over or not, whose fate the end of this request decides? */
static bool concerns_a_block(const struct snapshot *s, const struct reservation *r)
{
	for (size_t i = 0; i < s->block_count; i++)
		if (admit_block_concerns(s, &s->blocks[i], r->model))
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
	struct key_mark mark;
	bool ok;

	if (asks(r))
		remote_prepare(budget->remote, &r->party);
	ledger_mark(budget->ledger, &r->party.key, &mark);
	snapshot_read(&s, budget->ledger, &r->party, &mark, r->plan);
	ok = admit(&s, &request, err);
	if (ok) {
		r->sent_at = s.now;
		r->under_block = concerns_a_block(&s, r);
		r->recorded = plan_is_counted(r->plan);
		mark_probe(budget, &s, r);
		entries_tidy(budget->ledger);
	}
	if (ok && r->recorded)
		entries_add(budget->ledger, r->id, &r->party, &mark, r->model, snapshot_keep_until(&s, r->model));
	if (ok && asks(r))
		remote_make_question(budget->remote, r->id, &r->party, r->model, r->use, r->reserve, &s, &r->question);
	snapshot_release(&s);
	return ok;
}

/* It was recorded here before the others answered: as if it had not been. */
static void take_back(struct budget *budget, struct reservation *r)
{
	struct outcome about = { .id = r->id, .party = r->party, .plan = r->plan };

	entries_drop(budget->ledger, r->id);
	outcome_spent(budget->ledger, &about);
}

/* The others said no, and our ledger, which has by now what they wrote, sees no reason. */
static void deny_as_told(const struct reservation *r, struct err *err)
{
	int64_t now = clock_wall_ms();
	int64_t at = (now + r->denial.wait_ms + 999) / 1000;
	bool key = r->denial.window >= 0 && (size_t)r->denial.window < r->plan->window_count &&
		   r->plan->windows[r->denial.window].scope == PLAN_SCOPE_KEY;
	char when[96];

	words_when(at, now / 1000, when, sizeof(when));
	err_set(err, ERR_BUDGET, "all machines that share the ledger have used what the plan %s allows; the next may go %s",
		r->plan->name, when);
	err->retry_at = at;
	memcpy(err->endpoint, r->endpoint, sizeof(err->endpoint));
	snprintf(err->blocked_scope, sizeof(err->blocked_scope), "%s", key ? "key" : "machine");
}

/* The transaction of a reservation that has been to the shared ledger, or cannot go there. */
static bool decide_again(struct budget *budget, struct reservation *r, struct err *err)
{
	bool ok;

	if (r->recorded)
		take_back(budget, r);
	ok = decide(budget, r, err);
	if (r->phase == PHASE_DENIED && ok) {
		take_back(budget, r);
		deny_as_told(r, err);
		return false;
	}
	if (r->phase == PHASE_ALONE && budget->remote) {
		mirror_begin_alone(budget->ledger);
		/* The question may arrive there all the same. */
		if (ok)
			mirror_owe_request(budget->ledger, r->id);
		else if (r->was_asked)
			mirror_owe_gone(budget->ledger, r->id);
	}
	return ok;
}

static enum store_result run_reserve(struct budget *budget, struct job *job)
{
	struct reservation *r = find(budget, job->about.id);
	enum store_result result;
	struct err err;
	uint64_t id = job->about.id;
	budget_fn *fn;
	void *ctx;
	bool ok = false;

	/* It was withdrawn. */
	if (!r)
		return STORE_OK;
	if (asks(r) && remote_state(budget->remote) == REMOTE_STARTING) {
		remote_await(budget->remote, id);
		return STORE_OK;
	}
	if (asks(r) && remote_state(budget->remote) == REMOTE_AWAY)
		r->phase = PHASE_ALONE;
	if (budget->remote)
		mirror_set_alone(budget->ledger, r->phase == PHASE_ALONE);
	result = ledger_begin(budget->ledger, STORE_WRITE);
	if (result == STORE_OK) {
		ok = r->phase == PHASE_FIRST ? decide(budget, r, &err) : decide_again(budget, r, &err);
		result = ledger_commit(budget->ledger);
	}
	if (budget->remote)
		mirror_set_alone(budget->ledger, remote_state(budget->remote) == REMOTE_AWAY);
	if (result != STORE_OK)
		return result;
	budget_watch(budget, true);
	if (ok && asks(r)) {
		r->phase = PHASE_ASKED;
		r->was_asked = true;
		remote_ask(budget->remote, id, &r->question);
		remote_release_question(&r->question);
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

/* Once more, in its turn. */
static void try_again(struct budget *budget, struct reservation *r, enum phase phase)
{
	struct job *job = job_new(JOB_RESERVE);

	r->phase = phase;
	job->about.id = r->id;
	append_job(budget, job);
	loop_undefer(budget->loop, pump, budget);
	loop_defer(budget->loop, pump, budget);
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
		r->fn(r->ctx, r->id, NULL);
		return;
	case REMOTE_NO:
		r->denial = *denial;
		try_again(budget, r, PHASE_DENIED);
		return;
	case REMOTE_SILENT:
		try_again(budget, r, PHASE_ALONE);
		return;
	case REMOTE_ASK:
		try_again(budget, r, PHASE_FIRST);
		return;
	}
}

/* Nothing to count, and no ledger that could hold a block. */
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
	struct job *job;

	*r = (struct reservation){ .id = ledger_new_id(), .budget = budget, .plan = plan_copy(request->endpoint->plan),
				   .use = request->use, .reserve = request->reserve, .fn = fn, .ctx = ctx,
				   .next = budget->reservations };
	party_make(request->endpoint, request->key, &r->party);
	snprintf(r->endpoint, sizeof(r->endpoint), "%s", request->endpoint->name);
	snprintf(r->model, sizeof(r->model), "%s", request->model);
	budget->reservations = r;
	if (!plan_is_counted(r->plan) && !ledger_exists(budget->ledger)) {
		loop_defer(budget->loop, grant_uncounted, r);
		return r->id;
	}
	job = job_new(JOB_RESERVE);
	job->about.id = r->id;
	append_job(budget, job);
	loop_undefer(budget->loop, pump, budget);
	loop_defer(budget->loop, pump, budget);
	return r->id;
}

/* --- the ends of a reservation --- */

void budget_withdraw(struct budget *budget, uint64_t reservation)
{
	struct reservation *r = find(budget, reservation);

	if (r && (r->granted || r->was_asked))
		budget_refund(budget, reservation);
	else if (r)
		reservation_free(r);
}

static void end(struct budget *budget, struct reservation *r, enum job_kind kind, bool matters)
{
	struct job *job = matters ? job_about(kind, r) : NULL;

	reservation_free(r);
	if (job)
		do_job(budget, job);
}

void budget_refund(struct budget *budget, uint64_t reservation)
{
	struct reservation *r = find(budget, reservation);

	if (r)
		end(budget, r, JOB_REFUND, r->recorded || r->under_block);
}

void budget_answered(struct budget *budget, uint64_t reservation)
{
	struct reservation *r = find(budget, reservation);

	if (r)
		end(budget, r, JOB_ANSWERED, r->under_block);
}

void budget_spent(struct budget *budget, uint64_t reservation)
{
	struct reservation *r = find(budget, reservation);

	if (r)
		end(budget, r, JOB_SPENT, r->under_block);
}

void budget_refused(struct budget *budget, uint64_t reservation, const struct budget_refusal *refusal)
{
	struct reservation *r = find(budget, reservation);
	struct job *job;

	if (!r)
		return;
	if (refusal->quota) {
		budget_spent(budget, reservation);
		return;
	}
	job = job_about(JOB_REFUSED, r);
	outcome_set_refusal(&job->about, refusal);
	reservation_free(r);
	do_job(budget, job);
}

static void write_job(struct budget *budget, struct job *job)
{
	struct key_mark known;
	struct key_mark mark;

	ledger_mark(budget->ledger, &job->about.party.key, &mark);
	switch (job->kind) {
	case JOB_RESERVE:
		break;
	case JOB_REFUND:
		outcome_refunded(budget->ledger, &job->about);
		break;
	case JOB_ANSWERED:
		outcome_answered(budget->ledger, &job->about);
		break;
	case JOB_SPENT:
		outcome_spent(budget->ledger, &job->about);
		break;
	case JOB_REFUSED:
		outcome_refused(budget->ledger, &job->about);
		break;
	case JOB_NOTE_KEY:
		if (!entries_noted_key(budget->ledger, job->about.endpoint, &known) || !key_mark_same(&known, &mark))
			entries_note_key(budget->ledger, job->about.endpoint, &mark);
		break;
	case JOB_CORRECT:
		entries_correct(budget->ledger, &job->about.party, &mark, job->hours, job->hour_count);
		break;
	case JOB_FORGET:
		verdicts_drop_all_blocks(budget->ledger);
		break;
	case JOB_WORK:
		job->work.write(budget, job->work_ctx);
		break;
	}
}

static enum store_result run_job(struct budget *budget, struct job *job)
{
	enum store_result result;

	if (job->kind == JOB_RESERVE)
		return run_reserve(budget, job);
	result = ledger_begin(budget->ledger, STORE_WRITE);
	if (result != STORE_OK)
		return result;
	write_job(budget, job);
	result = ledger_commit(budget->ledger);
	if (result != STORE_OK)
		return result;
	budget_note_change(budget);
	budget_watch(budget, true);
	if (job->kind == JOB_WORK && job->work.after)
		job->work.after(budget, job->work_ctx);
	else if (budget->remote)
		remote_push(budget->remote);
	return result;
}

void budget_do(struct budget *budget, const struct budget_work *work, void *ctx)
{
	struct job *job = job_new(JOB_WORK);

	job->work = *work;
	job->work_ctx = ctx;
	do_job(budget, job);
}

bool budget_share(struct budget *budget, const char *url, struct err *err)
{
	struct redis_url parsed;

	if (url && budget->shared_url && !strcmp(url, budget->shared_url))
		return true;
	drop_remote(budget);
	/* Those who waited for it. */
	for (struct reservation *r = budget->reservations; r; r = r->next)
		if (!r->granted && r->phase != PHASE_ALONE)
			try_again(budget, r, PHASE_ALONE);
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

/* --- the rest --- */

bool budget_forget_blocks(struct budget *budget)
{
	struct job *job = job_new(JOB_FORGET);
	int tries = LAST_TRIES;
	bool done;

	while (run_job(budget, job) != STORE_OK && --tries)
		continue;
	done = tries && ledger_is_shared(budget->ledger);
	job_free(job);
	return done;
}

bool budget_wants_usage(struct budget *budget, const struct config_endpoint *endpoint, const char *key)
{
	struct key_mark mark;
	struct party party;
	bool mine;

	party_make(endpoint, key, &party);
	if (!key || !plan_is_counted(endpoint->plan) || !service_is_chatanywhere(party.service) ||
	    ledger_begin(budget->ledger, STORE_WRITE) != STORE_OK)
		return false;
	ledger_mark(budget->ledger, &party.key, &mark);
	mine = entries_take_usage_turn(budget->ledger, &mark);
	return ledger_commit(budget->ledger) == STORE_OK && mine;
}

void budget_correct(struct budget *budget, const struct config_endpoint *endpoint, const char *key,
	const struct budget_usage_hour *hours, size_t count)
{
	struct job *job;

	if (!plan_is_counted(endpoint->plan) || !count)
		return;
	job = job_new(JOB_CORRECT);
	party_make(endpoint, key, &job->about.party);
	/* The newest count most. */
	if (count > USAGE_HOURS) {
		hours += count - USAGE_HOURS;
		count = USAGE_HOURS;
	}
	memcpy(job->hours, hours, count * sizeof(*hours));
	job->hour_count = count;
	do_job(budget, job);
}
