/*
 * The queue. Each job belongs to it from the moment it is made until it is done or given up; it owns its ctx.
 */
#include "jobs.h"

#include <stdlib.h>

#include "eke/base/clock.h"
#include "eke/base/list.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "budget_private.h"
#include "watch.h"

/* Between tries while another process writes: so long, and up to so much more, so that they do not meet again. */
#define RETRY_MS 1
#define RETRY_SPREAD_MS 4
/* A write takes a fraction of a millisecond: after this the other process hangs. */
#define GIVE_UP_MS 5000
/* Where there is no later; so many tries take some milliseconds. */
#define LAST_TRIES 2000

struct job {
	const struct budget_work *work;
	void *ctx;
	int64_t since_mono;
	struct job *next;
};

static struct job *job_new(const struct budget_work *work, void *ctx)
{
	struct job *job = xcalloc(1, sizeof(*job));

	job->work = work;
	job->ctx = ctx;
	job->since_mono = clock_mono_ms();
	return job;
}

static void job_free(struct job *job)
{
	if (job->work->free_fn)
		job->work->free_fn(job->ctx);
	free(job);
}

static enum store_result run(struct budget *budget, const struct job *job)
{
	const struct budget_work *work = job->work;
	enum store_result result;

	if (work->run)
		return work->run(budget, job->ctx);
	result = ledger_begin(budget->ledger, STORE_WRITE);
	if (result != STORE_OK)
		return result;
	work->write(budget, job->ctx);
	result = ledger_commit(budget->ledger);
	if (result != STORE_OK)
		return result;
	budget_note_change(budget);
	budget_watch(budget, true);
	if (work->after)
		work->after(budget, job->ctx);
	else if (budget->remote)
		remote_push(budget->remote);
	return result;
}

static struct job *take_first(struct budget *budget)
{
	struct job *job = budget->jobs;

	budget->jobs = job->next;
	return job;
}

static void schedule_retry(struct budget *budget)
{
	unsigned char random;

	key_random(&random, 1);
	timer_start(budget->retry, RETRY_MS + random % (RETRY_SPREAD_MS + 1));
}

static void give_up(struct budget *budget, const struct job *job)
{
	if (job->work->give_up)
		job->work->give_up(budget, job->ctx);
	else
		log_warn("the ledger of requests was locked by another process for %d s: what one request came to is not in it",
			 GIVE_UP_MS / 1000);
}

void jobs_pump(void *ctx)
{
	struct budget *budget = ctx;

	while (budget->jobs) {
		struct job *job = budget->jobs;
		bool done = run(budget, job) == STORE_OK;

		if (!done && clock_mono_ms() - job->since_mono < GIVE_UP_MS) {
			schedule_retry(budget);
			return;
		}
		/* What it did may have changed the list behind it. */
		take_first(budget);
		if (!done)
			give_up(budget, job);
		job_free(job);
	}
}

void jobs_do(struct budget *budget, const struct budget_work *work, void *ctx)
{
	struct job *job = job_new(work, ctx);

	if (!budget->jobs && run(budget, job) == STORE_OK) {
		job_free(job);
		return;
	}
	if (!budget->jobs)
		schedule_retry(budget);
	list_append(budget->jobs, job);
}

void jobs_append(struct budget *budget, const struct budget_work *work, void *ctx)
{
	struct job *job = job_new(work, ctx);

	list_append(budget->jobs, job);
	loop_undefer(budget->loop, jobs_pump, budget);
	loop_defer(budget->loop, jobs_pump, budget);
}

static bool insist(struct budget *budget, const struct job *job)
{
	enum store_result result = STORE_BUSY;

	for (int tries = 0; tries < LAST_TRIES && result == STORE_BUSY; tries++)
		result = run(budget, job);
	return result == STORE_OK;
}

bool jobs_insist(struct budget *budget, const struct budget_work *work, void *ctx)
{
	struct job *job = job_new(work, ctx);
	bool done = insist(budget, job);

	job_free(job);
	return done;
}

void jobs_drop_remote(struct budget *budget)
{
	struct job **at = &budget->jobs;

	while (*at) {
		struct job *job = *at;

		if (!job->work->for_remote) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		job_free(job);
	}
}

void jobs_finish(struct budget *budget)
{
	while (budget->jobs) {
		struct job *job = take_first(budget);

		/* Nobody waits for a reservation any more, nor for what comes from other machines. */
		if (job->work->write && !job->work->for_remote)
			insist(budget, job);
		job_free(job);
	}
	loop_undefer(budget->loop, jobs_pump, budget);
}
