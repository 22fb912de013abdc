/*
 * What happens between the budget and the script in Redis. A connection that comes up is a session: the two meet
 * (hello), what is owed is told (push), what others wrote is heard (news), and then requests may be asked about. A step
 * that writes into the local ledger is a work of the budget's (jobs_do()), because another process may hold it; each
 * knows its session, so that what belongs to a connection that is gone ends there.
 *
 * A struct waiting is a request that waits for an answer, for as long as the URL's time-out at most; then the
 * connection counts as dead, because one that hangs would make every request wait.
 */
#include "remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/list.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/zone.h"
#include "budget_private.h"
#include "mirror.h"

/* News are asked for at most so often, and only while somebody looks. */
#define LOOK_EVERY_MS 5000
/* Who reports and ends waits for no longer. */
#define SYNC_MS 2000

/* Words that each call begins with. */
#define CALL_WORDS 4

/* The answer's elements (redis_script.lua), and where the news begin. */
enum { A_VERDICT, A_NOW, A_SEQ, A_MORE, A_WAIT, A_WINDOW, A_NEWS };

struct waiting {
	struct remote *remote;
	uint64_t id;
	bool asked;
	struct timer *timer;
	struct waiting *next;
};

struct sync {
	struct remote *remote;
	struct timer *timer;
	loop_fn *fn;
	void *ctx;
	struct sync *next;
};

struct remote {
	struct budget *budget; /* borrowed */
	struct redis_url url;
	struct redis *redis;
	enum remote_state state;
	uint64_t session; /* counts connections and their ends */
	bool told_away;   /* the log has it that it is away … */
	bool told_ready;  /* … or that it is there */
	char notice[LIMIT_ERR_MESSAGE];

	char salt[MIRROR_SALT];
	char origin[MIRROR_ORIGIN];
	int64_t cursor; /* the last event that is in the local ledger */
	int64_t offset; /* the shared clock less ours, ms */
	bool pushing;
	bool looking;
	int64_t looked_ms; /* loop_now_ms() */

	struct waiting *waiting;
	struct sync *syncs;
};

static void fetch_news(struct remote *remote);
static void on_pushed(void *ctx, uint64_t session, const struct redis_reply *reply);

/* --- who waits --- */

static void waiting_free(struct remote *remote, struct waiting *w)
{
	list_unlink(remote->waiting, w);
	timer_free(w->timer);
	free(w);
}

static struct waiting *find(struct remote *remote, uint64_t id)
{
	struct waiting *w = remote->waiting;

	while (w && w->id != id)
		w = w->next;
	return w;
}

static void tell(struct remote *remote, struct waiting *w, enum remote_verdict verdict,
		 const struct remote_denial *denial)
{
	uint64_t id = w->id;

	waiting_free(remote, w);
	budget_hear(remote->budget, id, verdict, denial);
}

static void on_too_late(void *ctx)
{
	struct waiting *w = ctx;
	struct remote *remote = w->remote;
	char why[64];

	if (!w->asked) {
		tell(remote, w, REMOTE_SILENT, NULL);
		return;
	}
	snprintf(why, sizeof(why), "no answer within %d ms", remote->url.timeout_ms);
	redis_fail(remote->redis, why);
}

static struct waiting *begin_waiting(struct remote *remote, uint64_t id)
{
	struct waiting *w = xcalloc(1, sizeof(*w));

	*w = (struct waiting){ .remote = remote, .id = id, .next = remote->waiting };
	w->timer = timer_new(remote->budget->loop, on_too_late, w);
	timer_start(w->timer, remote->url.timeout_ms);
	remote->waiting = w;
	return w;
}

void remote_forget(struct remote *remote, uint64_t id)
{
	struct waiting *w = find(remote, id);

	if (w)
		waiting_free(remote, w);
}

static void sync_free(struct sync *s)
{
	timer_free(s->timer);
	free(s);
}

static void end_syncs(struct remote *remote)
{
	while (remote->syncs) {
		struct sync *s = remote->syncs;

		remote->syncs = s->next;
		loop_defer(remote->budget->loop, s->fn, s->ctx);
		sync_free(s);
	}
}

/* --- states --- */

static void set_state(struct remote *remote, enum remote_state state)
{
	remote->state = state;
	mirror_set_local_only(remote->budget->ledger, state == REMOTE_AWAY);
	budget_drop_views(remote->budget);
	budget_note_change(remote->budget);
}

static void become_ready(struct remote *remote)
{
	remote->notice[0] = '\0';
	if (remote->told_away)
		log_info("the ledger shared at %s answers again; what was counted here meanwhile is in it", remote->url.shown);
	else if (!remote->told_ready)
		log_info("the ledger of requests is shared at %s", remote->url.shown);
	remote->told_away = false;
	remote->told_ready = true;
	set_state(remote, REMOTE_READY);
	for (struct waiting *w = remote->waiting, *next; w; w = next) {
		next = w->next;
		tell(remote, w, REMOTE_ASK, NULL);
	}
	end_syncs(remote);
	remote_push(remote);
}

static void write_local_only(struct budget *budget, void *ctx)
{
	(void)ctx;
	mirror_begin_local_only(budget->ledger);
}

/* Of a work: as long as it cannot be done, nothing that others write can be believed. */
static void give_up(struct budget *budget, void *ctx)
{
	(void)ctx;
	redis_fail(budget->remote->redis, "this machine's own ledger is locked");
}

static void on_down(void *ctx, const char *why)
{
	static const struct budget_work work = { .write = write_local_only, .give_up = give_up, .for_remote = true };
	struct remote *remote = ctx;

	remote->session++;
	remote->pushing = remote->looking = false;
	snprintf(remote->notice, sizeof(remote->notice),
		 "the ledger shared at %.250s does not answer (%.120s); until it does, half of each window counts as used",
		 remote->url.shown, why);
	if (!remote->told_away)
		log_warn("%s", remote->notice);
	remote->told_away = true;
	set_state(remote, REMOTE_AWAY);
	jobs_do(remote->budget, &work, NULL);
	while (remote->waiting)
		tell(remote, remote->waiting, REMOTE_SILENT, NULL);
	end_syncs(remote);
}

/* --- works --- */

/* One step of a session in the local ledger. */
struct step {
	struct remote *remote;
	uint64_t session;
	struct redis_args texts; /* to be applied, or to be told */
	int64_t cursor;
	int64_t upto;
	bool more;
	bool is_last; /* of the news at the beginning */
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

#define STEP_WORK(write_fn, after_fn) \
	{ .write = (write_fn), .after = (after_fn), .give_up = give_up, .free_fn = step_free, .for_remote = true }

static bool is_over(const struct step *step)
{
	return step->session != step->remote->session;
}

/* CALL_WORDS of them. */
static void begin_call(const struct remote *remote, const char *operation, struct redis_args *args)
{
	redis_args_add(args, operation);
	redis_args_add(args, remote->salt);
	redis_args_add(args, remote->origin);
	redis_args_add_int(args, remote->cursor);
}

/* Takes note of the clock; false, and the session is over, if this is not the ledger that we met. */
static bool take_answer(struct remote *remote, const struct redis_reply *reply)
{
	if (redis_reply_count(reply) < A_NEWS || redis_reply_int(reply, A_VERDICT) < 0) {
		redis_fail(remote->redis, redis_reply_count(reply) < A_NEWS ? "it answers something else" :
									      "it has lost what it knew");
		return false;
	}
	remote->offset = redis_reply_int(reply, A_NOW) - clock_wall_ms();
	redis_worked(remote->redis);
	return true;
}

/* --- news --- */

static void write_news(struct budget *budget, void *ctx)
{
	const struct step *step = ctx;

	if (is_over(step))
		return;
	for (size_t i = 0; i + 1 < step->texts.count; i += 2)
		mirror_apply(budget->ledger, step->remote->offset, step->texts.texts[i], step->texts.texts[i + 1]);
	mirror_put_cursor(budget->ledger, step->cursor);
	if (step->is_last && !step->more)
		mirror_end_local_only(budget->ledger);
}

static void after_news(struct budget *budget, void *ctx)
{
	const struct step *step = ctx;
	struct remote *remote = step->remote;

	(void)budget;
	if (is_over(step))
		return;
	if (step->more)
		fetch_news(remote);
	else if (remote->state != REMOTE_READY)
		become_ready(remote);
}

/* Has the news of an answer written into the local ledger. Without any there is nothing to write. */
static void take_news(struct remote *remote, const struct redis_reply *reply)
{
	static const struct budget_work work = STEP_WORK(write_news, after_news);
	size_t count = redis_reply_count(reply);
	struct step *step;

	remote->cursor = redis_reply_int(reply, A_SEQ);
	if (count == A_NEWS && remote->state == REMOTE_READY && !redis_reply_int(reply, A_MORE))
		return;
	step = step_new(remote);
	step->cursor = remote->cursor;
	step->more = redis_reply_int(reply, A_MORE) != 0;
	step->is_last = remote->state != REMOTE_READY;
	for (size_t i = A_NEWS; i + 1 < count; i += 2) {
		redis_args_add(&step->texts, redis_reply_text(reply, i));
		redis_args_add(&step->texts, redis_reply_text(reply, i + 1));
	}
	jobs_do(remote->budget, &work, step);
}

static void on_news(void *ctx, uint64_t session, const struct redis_reply *reply)
{
	struct remote *remote = ctx;

	(void)session;
	remote->looking = false;
	if (take_answer(remote, reply))
		take_news(remote, reply);
}

static void fetch_news(struct remote *remote)
{
	struct redis_args args = { .texts = NULL };

	remote->looked_ms = loop_now_ms(remote->budget->loop);
	begin_call(remote, "news", &args);
	remote->looking = redis_call(remote->redis, &args, on_news, remote, remote->session);
	redis_args_release(&args);
}

void remote_look(struct remote *remote)
{
	redis_start(remote->redis);
	if (remote->state == REMOTE_READY && !remote->looking &&
	    loop_now_ms(remote->budget->loop) - remote->looked_ms >= LOOK_EVERY_MS)
		fetch_news(remote);
}

/* --- pushing --- */

static void read_owed(struct budget *budget, void *ctx)
{
	struct step *step = ctx;

	redis_args_release(&step->texts);
	if (is_over(step))
		return;
	begin_call(step->remote, "push", &step->texts);
	step->more = mirror_read_owed(budget->ledger, step->remote->offset, &step->texts, &step->upto);
}

static void write_paid(struct budget *budget, void *ctx)
{
	const struct step *step = ctx;

	mirror_paid(budget->ledger, step->upto);
}

static void push(struct remote *remote);

static void after_paid(struct budget *budget, void *ctx)
{
	const struct step *step = ctx;
	struct remote *remote = step->remote;

	if (is_over(step))
		return;
	remote->pushing = false;
	if (step->more || mirror_owes(budget->ledger))
		push(remote);
	else if (remote->state != REMOTE_READY)
		fetch_news(remote);
}

/* Has what was told forgotten. */
static void forget_owed(struct remote *remote, int64_t upto, bool more)
{
	static const struct budget_work work = STEP_WORK(write_paid, after_paid);
	struct step *step = step_new(remote);

	step->upto = upto;
	step->more = more;
	jobs_do(remote->budget, &work, step);
}

static void send_owed(struct budget *budget, void *ctx)
{
	const struct step *step = ctx;
	struct remote *remote = step->remote;

	(void)budget;
	if (is_over(step))
		return;
	/* Nothing, or nothing that the others could make sense of. */
	if (step->texts.count == CALL_WORDS) {
		forget_owed(remote, step->upto, step->more);
		return;
	}
	/* The number that comes back says what was told: twice that, and whether there is more. */
	remote->pushing = redis_call(remote->redis, &step->texts, on_pushed, remote,
				     (uint64_t)step->upto * 2 + step->more);
}

static void on_pushed(void *ctx, uint64_t tag, const struct redis_reply *reply)
{
	struct remote *remote = ctx;

	if (!take_answer(remote, reply))
		return;
	forget_owed(remote, (int64_t)(tag / 2), tag % 2);
	/* At the beginning news are fetched when all is told. */
	if (remote->state == REMOTE_READY)
		take_news(remote, reply);
}

static void push(struct remote *remote)
{
	static const struct budget_work work = STEP_WORK(read_owed, send_owed);

	remote->pushing = true;
	jobs_do(remote->budget, &work, step_new(remote));
}

void remote_push(struct remote *remote)
{
	if (remote->state == REMOTE_READY && !remote->pushing && mirror_owes(remote->budget->ledger))
		push(remote);
}

/* --- meeting --- */

static void write_meeting(struct budget *budget, void *ctx)
{
	const struct step *step = ctx;
	struct remote *remote = step->remote;

	if (!is_over(step))
		mirror_meet(budget->ledger, remote->salt, remote->origin, &remote->cursor);
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

	(void)session;
	if (redis_reply_count(reply) != 2 || strlen(salt) != MIRROR_SALT - 1) {
		redis_fail(remote->redis, "what it keeps is not a ledger of eke's");
		return;
	}
	memcpy(remote->salt, salt, MIRROR_SALT);
	remote->offset = redis_reply_int(reply, 1) - clock_wall_ms();
	jobs_do(remote->budget, &work, step_new(remote));
}

static void on_up(void *ctx)
{
	struct remote *remote = ctx;
	uint8_t random[KEY_SALT_BYTES];
	struct redis_args args = { .texts = NULL };
	char salt[MIRROR_SALT];

	remote->session++;
	key_random(random, sizeof(random));
	hex_encode(random, sizeof(random), salt);
	redis_args_add(&args, "hello");
	redis_args_add(&args, salt);
	redis_args_add(&args, "");
	redis_args_add(&args, "0");
	redis_call(remote->redis, &args, on_hello, remote, remote->session);
	redis_args_release(&args);
}

/* --- questions --- */

void remote_prepare(struct remote *remote, const struct account *account)
{
	struct ledger *ledger = remote->budget->ledger;

	mirror_know_key(ledger, remote->salt, &account->key);
	mirror_end_local_only(ledger);
	mirror_look_for_owed(ledger);
}

static void add_window(const struct plan_window *w, int64_t kept, int64_t shared_now, struct redis_args *args)
{
	struct limit_window_span span;

	/* By the shared clock, because that is what requests are dated by there. */
	limit_window_span(w, shared_now, zone_offset, &span);
	redis_args_add(args, w->scope == PLAN_SCOPE_KEY ? "key" : "machine");
	redis_args_add(args, plan_kind_name(w->kind));
	redis_args_add_int(args, w->limit);
	redis_args_add_int(args, kept);
	redis_args_add_int(args, w->period * 1000);
	redis_args_add_int(args, span.from);
	redis_args_add_int(args, span.to);
	redis_args_add_line(args, w->models[0]);
	for (const char *const *model = w->models + 1; w->models[0] && *model; model++)
		redis_args_append_line(args, '\n', *model);
}

void remote_make_question(struct remote *remote, uint64_t id, const struct account *account, const char *model,
			  enum budget_use use, double reserve, const struct snapshot *s, struct remote_question *out)
{
	int64_t shared_now = s->now + remote->offset;
	char key_hash[HEX_SIZE(KEY_HASH_BYTES)];
	char hex[HEX_SIZE(8)];

	remote_release_question(out);
	mirror_key_hash(remote->salt, &account->key, key_hash);
	hex_from_u64(id, hex);
	begin_call(remote, "reserve", &out->args);
	redis_args_add(&out->args, hex);
	redis_args_add(&out->args, use == BUDGET_EXPLICIT ? "1" : "0");
	redis_args_add_int(&out->args, snapshot_keep_until(s, model) - s->now);
	redis_args_add_line(&out->args, account->service);
	redis_args_add_line(&out->args, account->plan);
	redis_args_add(&out->args, key_hash);
	redis_args_add_line(&out->args, model);
	for (size_t i = 0; i < s->windows.count; i++) {
		const struct plan_window *w = &s->windows.windows[i].window;
		int64_t kept = use == BUDGET_AUTOMATIC ? limit_window_reserved(w->limit, reserve) : 0;

		if (limit_window_counts_model(w, model))
			add_window(w, kept, shared_now, &out->args);
	}
}

void remote_release_question(struct remote_question *question)
{
	redis_args_release(&question->args);
}

static void on_verdict(void *ctx, uint64_t id, const struct redis_reply *reply)
{
	struct remote *remote = ctx;
	struct remote_denial denial;
	struct waiting *w;

	if (!take_answer(remote, reply))
		return;
	denial = (struct remote_denial){ .wait_ms = redis_reply_int(reply, A_WAIT),
					 .window = (int)redis_reply_int(reply, A_WINDOW) - 1 };
	take_news(remote, reply);
	w = find(remote, id);
	if (w)
		tell(remote, w, redis_reply_int(reply, A_VERDICT) ? REMOTE_YES : REMOTE_NO, &denial);
}

void remote_ask(struct remote *remote, uint64_t id, const struct remote_question *question)
{
	begin_waiting(remote, id)->asked = true;
	/* Where nothing more can be asked the time-out answers. */
	redis_call(remote->redis, &question->args, on_verdict, remote, id);
}

void remote_await(struct remote *remote, uint64_t id)
{
	begin_waiting(remote, id);
	redis_start(remote->redis);
}

static void on_refreshed(void *ctx, uint64_t id, const struct redis_reply *reply)
{
	struct remote *remote = ctx;
	struct waiting *w;

	if (!take_answer(remote, reply))
		return;
	take_news(remote, reply);
	w = find(remote, id);
	if (w)
		tell(remote, w, REMOTE_ASK, NULL);
}

void remote_refresh(struct remote *remote, uint64_t id)
{
	struct redis_args args = { .texts = NULL };

	begin_waiting(remote, id)->asked = true;
	begin_call(remote, "news", &args);
	redis_call(remote->redis, &args, on_refreshed, remote, id);
	redis_args_release(&args);
}

/* --- in step --- */

static void on_sync_too_late(void *ctx)
{
	const struct sync *s = ctx;
	struct remote *remote = s->remote;

	redis_fail(remote->redis, "no answer within 2 s");
	end_syncs(remote);
}

static void begin_sync(struct remote *remote)
{
	if (remote->state != REMOTE_STARTING)
		end_syncs(remote);
	else
		redis_start(remote->redis);
}

void remote_sync(struct remote *remote, loop_fn *fn, void *ctx)
{
	struct sync *s = xcalloc(1, sizeof(*s));

	*s = (struct sync){ .remote = remote, .fn = fn, .ctx = ctx, .next = remote->syncs };
	s->timer = timer_new(remote->budget->loop, on_sync_too_late, s);
	timer_start(s->timer, SYNC_MS);
	remote->syncs = s;
	begin_sync(remote);
}

/* --- life --- */

struct remote *remote_new(struct budget *budget, struct redis_url *url)
{
	static const struct redis_events events = { on_up, on_down };
	struct remote *remote = xcalloc(1, sizeof(*remote));

	remote->budget = budget;
	remote->url = *url;
	memset(url, 0, sizeof(*url));
	remote->redis = redis_new(budget->loop, &remote->url, &events, remote);
	mirror_use(budget->ledger, true);
	return remote;
}

void remote_free(struct remote *remote)
{
	if (!remote)
		return;
	mirror_use(remote->budget->ledger, false);
	redis_free(remote->redis);
	while (remote->waiting)
		waiting_free(remote, remote->waiting);
	while (remote->syncs) {
		struct sync *s = remote->syncs;

		remote->syncs = s->next;
		sync_free(s);
	}
	redis_url_release(&remote->url);
	free(remote);
}

enum remote_state remote_state(const struct remote *remote)
{
	return remote->state;
}

const char *remote_shown(const struct remote *remote)
{
	return remote->url.shown;
}

const char *remote_notice(const struct remote *remote)
{
	return remote->state == REMOTE_AWAY ? remote->notice : NULL;
}
