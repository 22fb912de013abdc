/*
 * How the local ledger and the shared one get in step. A connection that comes up is a session: the two meet (hello),
 * all that the outbox holds is sent (push), all that others wrote is taken in (join), and then requests may be asked
 * about.
 *
 * A step that writes into the local ledger is a work of the budget's (jobs_do()), because another process may hold the
 * file; each knows its session, so that what belongs to a connection that is gone ends there.
 */
#include "remote_session.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/hex.h"
#include "eke/base/mem.h"
#include "outbox.h"
#include "remote_private.h"

/* What a server may claim: its clock at the most, ms (in the year 5138), and the number of an event. */
#define LATEST_MS INT64_C(100000000000000)
#define LAST_EVENT (INT64_C(1) << 53)

/* One step of a session in the local ledger. */
struct step {
	struct remote *remote;
	uint64_t session;
	struct redis_args texts; /* to be applied, or to be sent */
	int64_t cursor;
	int64_t upto;
	bool more;
	bool is_last; /* of the events at the beginning */
};

static struct step *step_new(struct remote *remote)
{
	struct step *step = xcalloc(1, sizeof(*step));

	step->remote = remote;
	step->session = remote->session;
	return step;
}

static void step_free(void *ctx)
{
	struct step *step = ctx;

	redis_args_release(&step->texts);
	free(step);
}

void session_give_up(struct budget *budget, void *ctx)
{
	(void)ctx;
	redis_fail(budget->remote->redis, "this machine's own ledger is locked");
}

#define STEP_WORK(write_fn, after_fn) \
	{ \
		.write = (write_fn), .after = (after_fn), .give_up = session_give_up, .free_fn = step_free, \
		.for_remote = true \
	}

static bool is_over(const struct step *step)
{
	return step->session != step->remote->session;
}

void session_begin_call(const struct remote *remote, const char *operation, struct redis_args *args)
{
	redis_args_add(args, operation);
	redis_args_add(args, remote->salt);
	redis_args_add(args, remote->identity.origin);
	redis_args_add_int(args, remote->identity.cursor);
}

bool session_check(struct remote *remote, const struct redis_reply *reply)
{
	int64_t now = redis_reply_int(reply, A_NOW);
	int64_t seq = redis_reply_int(reply, A_SEQ);

	if (redis_reply_count(reply) < A_EVENTS || now <= 0 || now > LATEST_MS || seq < 0 || seq > LAST_EVENT) {
		redis_fail(remote->redis, "it answers something else");
		return false;
	}
	if (redis_reply_int(reply, A_VERDICT) < 0) {
		remote->lost = true;
		redis_fail(remote->redis, "it has lost what it knew");
		return false;
	}
	remote->offset = now - clock_wall_ms();
	redis_worked(remote->redis);
	return true;
}

/* --- events --- */

static void write_events(struct budget *budget, void *ctx)
{
	const struct step *step = ctx;

	if (is_over(step))
		return;
	for (size_t i = 0; i + 1 < step->texts.count; i += 2)
		replica_apply(budget->ledger, step->remote->offset, step->texts.texts[i], step->texts.texts[i + 1]);
	replica_put_cursor(budget->ledger, step->cursor);
	if (step->is_last && !step->more)
		ledger_note_local_only(budget->ledger, false);
}

static void after_events(struct budget *budget, void *ctx)
{
	const struct step *step = ctx;
	struct remote *remote = step->remote;

	(void)budget;
	if (is_over(step))
		return;
	if (step->more)
		session_fetch_events(remote);
	else if (remote->state != REMOTE_READY)
		remote_become_ready(remote);
}

void session_take_events(struct remote *remote, const struct redis_reply *reply)
{
	static const struct budget_work work = STEP_WORK(write_events, after_events);
	size_t count = redis_reply_count(reply);
	bool more = redis_reply_int(reply, A_MORE) != 0;
	struct step *step;

	if (more && (redis_reply_int(reply, A_SEQ) <= remote->identity.cursor || ++remote->pages > LIMIT_REDIS_PAGES)) {
		redis_fail(remote->redis, "it never comes to an end of what others wrote");
		return;
	}
	if (!more)
		remote->pages = 0;
	remote->identity.cursor = redis_reply_int(reply, A_SEQ);
	/* Without any there is nothing to write. */
	if (count == A_EVENTS && remote->state == REMOTE_READY && !more)
		return;
	step = step_new(remote);
	step->cursor = remote->identity.cursor;
	step->more = more;
	step->is_last = remote->state != REMOTE_READY;
	for (size_t i = A_EVENTS; i + 1 < count; i += 2) {
		redis_args_add(&step->texts, redis_reply_text(reply, i));
		redis_args_add(&step->texts, redis_reply_text(reply, i + 1));
	}
	jobs_do(remote->budget, &work, step);
}

static void on_events(void *ctx, uint64_t session, const struct redis_reply *reply)
{
	struct remote *remote = ctx;

	(void)session;
	remote->looking = false;
	if (session_check(remote, reply))
		session_take_events(remote, reply);
}

void session_fetch_events(struct remote *remote)
{
	struct redis_args args = { .texts = NULL };

	remote->looked_ms = loop_now_ms(remote->budget->loop);
	/* At the beginning it also says that this machine has told all it knows. */
	session_begin_call(remote, remote->state == REMOTE_READY ? "news" : "join", &args);
	remote->looking = redis_call(remote->redis, &args, on_events, remote, remote->session);
	redis_args_release(&args);
}

/* --- pushing --- */

static void read_outbox(struct budget *budget, void *ctx)
{
	struct step *step = ctx;

	redis_args_release(&step->texts);
	if (is_over(step))
		return;
	session_begin_call(step->remote, "push", &step->texts);
	step->more = outbox_read(budget->ledger, step->remote->offset, &step->texts, &step->upto);
}

static void write_acknowledged(struct budget *budget, void *ctx)
{
	const struct step *step = ctx;

	outbox_acknowledge(budget->ledger, step->upto);
}

static void push(struct remote *remote);

static void after_acknowledged(struct budget *budget, void *ctx)
{
	const struct step *step = ctx;
	struct remote *remote = step->remote;

	if (is_over(step))
		return;
	remote->pushing = false;
	if (step->more || outbox_is_pending(budget->ledger))
		push(remote);
	else if (remote->state != REMOTE_READY)
		session_fetch_events(remote);
}

static void acknowledge(struct remote *remote, int64_t upto, bool more)
{
	static const struct budget_work work = STEP_WORK(write_acknowledged, after_acknowledged);
	struct step *step = step_new(remote);

	step->upto = upto;
	step->more = more;
	jobs_do(remote->budget, &work, step);
}

static void on_pushed(void *ctx, uint64_t tag, const struct redis_reply *reply)
{
	struct remote *remote = ctx;

	if (!session_check(remote, reply))
		return;
	acknowledge(remote, (int64_t)(tag / 2), tag % 2);
	/* At the beginning events are fetched when all is sent. */
	if (remote->state == REMOTE_READY)
		session_take_events(remote, reply);
}

static void send_outbox(struct budget *budget, void *ctx)
{
	const struct step *step = ctx;
	struct remote *remote = step->remote;

	(void)budget;
	if (is_over(step))
		return;
	/* Nothing, or nothing that the others could make sense of. */
	if (step->texts.count == CALL_WORDS) {
		acknowledge(remote, step->upto, step->more);
		return;
	}
	/* The number that comes back says what was sent: twice that, and whether there is more. */
	remote->pushing =
		redis_call(remote->redis, &step->texts, on_pushed, remote, (uint64_t)step->upto * 2 + step->more);
}

static void push(struct remote *remote)
{
	static const struct budget_work work = STEP_WORK(read_outbox, send_outbox);

	remote->pushing = true;
	jobs_do(remote->budget, &work, step_new(remote));
}

void remote_push(struct remote *remote)
{
	if (remote->state == REMOTE_READY && !remote->pushing && outbox_is_pending(remote->budget->ledger))
		push(remote);
}

/* --- meeting --- */

static void write_meeting(struct budget *budget, void *ctx)
{
	const struct step *step = ctx;
	struct remote *remote = step->remote;

	if (!is_over(step))
		replica_meet(budget->ledger, remote->salt, &remote->identity);
}

static void after_meeting(struct budget *budget, void *ctx)
{
	const struct step *step = ctx;

	(void)budget;
	if (!is_over(step))
		push(step->remote);
}

static void on_hello(void *ctx, uint64_t session, const struct redis_reply *reply)
{
	static const struct budget_work work = STEP_WORK(write_meeting, after_meeting);
	struct remote *remote = ctx;
	const char *salt = redis_reply_text(reply, 0);
	int64_t now = redis_reply_int(reply, 1);

	(void)session;
	if (redis_reply_count(reply) != 2 || strlen(salt) != SHARED_SALT_SIZE - 1 || now <= 0 || now > LATEST_MS) {
		redis_fail(remote->redis, "what it keeps is not a ledger of eke's");
		return;
	}
	memcpy(remote->salt, salt, SHARED_SALT_SIZE);
	remote->offset = now - clock_wall_ms();
	jobs_do(remote->budget, &work, step_new(remote));
}

static void read_identity(struct budget *budget, void *ctx)
{
	const struct step *step = ctx;

	if (!is_over(step))
		replica_read_identity(budget->ledger, &step->remote->identity);
}

static void say_hello(struct budget *budget, void *ctx)
{
	const struct step *step = ctx;
	struct remote *remote = step->remote;
	struct redis_args args = { .texts = NULL };
	uint8_t random[KEY_SALT_BYTES];
	char salt[SHARED_SALT_SIZE];

	(void)budget;
	if (is_over(step))
		return;
	key_random(random, sizeof(random));
	hex_encode(random, sizeof(random), salt);
	redis_args_add(&args, "hello");
	redis_args_add(&args, salt);
	redis_args_add(&args, remote->identity.origin);
	redis_args_add_int(&args, remote->identity.cursor);
	redis_args_add(&args, remote->identity.known_salt);
	for (size_t i = 0; i < remote->identity.member_count; i++)
		redis_args_add(&args, remote->identity.members[i]);
	redis_call(remote->redis, &args, on_hello, remote, remote->session);
	redis_args_release(&args);
}

void session_begin(struct remote *remote)
{
	static const struct budget_work work = STEP_WORK(read_identity, say_hello);

	remote->session++;
	remote->pages = 0;
	jobs_do(remote->budget, &work, step_new(remote));
}

void session_end(struct remote *remote)
{
	remote->session++;
	remote->pushing = remote->looking = false;
}
