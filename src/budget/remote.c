/*
 * The shared ledger as the budget sees it: whether it can be asked, who waits for its answer, and what is asked.
 *
 * A struct waiting is a request that waits for an answer, for as long as the URL's time-out at most; a connection that
 * does not answer in that time counts as dead, because one that hangs would make every request wait. Where the
 * connection breaks, those who wait ask again on the next one.
 */
#include "remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/hex.h"
#include "eke/base/list.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "outbox.h"
#include "remote_private.h"
#include "remote_session.h"
#include "spares.h"

/* News are asked for at most so often, and only while somebody looks. */
#define LOOK_EVERY_MS 5000
/* Who reports and ends waits for no longer. */
#define SYNC_MS 2000
/* The two are in step by then, or the connection is of no use: much may have to be told. */
#define MEETING_MS 20000
/* A machine that has asked nothing for so long gives its spares back. */
#define IDLE_MS 60000

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
	uint64_t id = w->id;
	char why[64];

	if (w->asked) {
		snprintf(why, sizeof(why), "no answer within %d ms", remote->url.timeout_ms);
		remote->late = true;
		redis_fail(remote->redis, why);
	}
	w = find(remote, id);
	if (w)
		tell(remote, w, REMOTE_SILENT, NULL);
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
	ledger_set_local_only(remote->budget->ledger, state == REMOTE_AWAY);
	budget_drop_views(remote->budget);
	budget_note_change(remote->budget);
}

void remote_become_ready(struct remote *remote)
{
	timer_stop(remote->meets);
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
	ledger_note_local_only(budget->ledger, true);
}

static void go_away(struct remote *remote)
{
	static const struct budget_work work = { .write = write_local_only,
						 .give_up = session_give_up,
						 .for_remote = true };

	set_state(remote, REMOTE_AWAY);
	jobs_do(remote->budget, &work, NULL);
	while (remote->waiting)
		tell(remote, remote->waiting, REMOTE_SILENT, NULL);
	end_syncs(remote);
}

static void on_meeting_too_late(void *ctx)
{
	struct remote *remote = ctx;

	remote->late = true;
	redis_fail(remote->redis, "it does not answer");
}

static void on_up(void *ctx)
{
	struct remote *remote = ctx;

	timer_start(remote->meets, MEETING_MS);
	session_begin(remote);
}

static void on_down(void *ctx, const char *why, bool again)
{
	struct remote *remote = ctx;
	bool waits = again && !remote->late;

	timer_stop(remote->meets);
	session_end(remote);
	snprintf(remote->notice, sizeof(remote->notice),
		 "the ledger shared at %.250s does not answer (%.120s); until it does, what other machines may use "
		 "counts as "
		 "used",
		 remote->url.shown, why);
	if (!remote->told_away && (!waits || remote->lost)) {
		log_warn("%s", remote->notice);
		remote->told_away = true;
	}
	remote->lost = remote->late = false;
	if (!waits) {
		go_away(remote);
		return;
	}
	/* The next connection is being made: those who wait ask there. */
	set_state(remote, REMOTE_CONNECTING);
	for (struct waiting *w = remote->waiting; w; w = w->next)
		w->asked = false;
}

/* --- admissions --- */

void remote_prepare(struct remote *remote, const struct account *account)
{
	struct ledger *ledger = remote->budget->ledger;

	replica_note_key(ledger, remote->salt, &account->key);
	ledger_note_local_only(ledger, false);
	outbox_look(ledger);
}

/* In milliseconds, within what may be believed. */
static int64_t bounded_wait(int64_t wait)
{
	const int64_t most = (int64_t)LIMIT_RETRY_SECONDS * 1000;

	return wait < 0 ? 0 : wait > most ? most : wait;
}

static void read_granted_spares(struct remote *remote, const struct redis_reply *reply)
{
	struct remote_spares *granted = &remote->granted;
	char hex[HEX_SIZE(8)];

	*granted = (struct remote_spares){ .until = redis_reply_int(reply, A_SPARES_UNTIL), .offset = remote->offset };
	memcpy(granted->salt, remote->salt, sizeof(granted->salt));
	if (granted->until < 0 || granted->until > redis_reply_int(reply, A_NOW) + 2 * SPARE_MS)
		granted->until = 0;
	for (const char *p = redis_reply_text(reply, A_SPARES); strlen(p) >= sizeof(hex) - 1; p += strspn(p, " ")) {
		memcpy(hex, p, sizeof(hex) - 1);
		hex[sizeof(hex) - 1] = '\0';
		if (granted->count == LIMIT_SPARES || !hex_to_u64(hex, &granted->ids[granted->count]))
			return;
		granted->count++;
		p += sizeof(hex) - 1;
	}
}

static void on_verdict(void *ctx, uint64_t id, const struct redis_reply *reply)
{
	struct remote *remote = ctx;
	int64_t window = redis_reply_int(reply, A_WINDOW);
	int64_t said = redis_reply_int(reply, A_VERDICT);
	enum remote_verdict verdict = said == 2 ? REMOTE_SPARE : said ? REMOTE_YES : REMOTE_NO;
	struct remote_denial denial;
	struct waiting *w;

	if (!session_check(remote, reply))
		return;
	denial = (struct remote_denial){ .wait_ms = bounded_wait(redis_reply_int(reply, A_WAIT)),
					 .window = window > 0 && window <= LIMIT_REPORT_WINDOWS ? (int)window - 1 : -1,
					 .in_doubt = window < 0 };
	remote->in_doubt = verdict == REMOTE_NO && denial.in_doubt;
	read_granted_spares(remote, reply);
	session_take_events(remote, reply);
	w = find(remote, id);
	if (w)
		tell(remote, w, verdict, &denial);
}

const struct remote_spares *remote_granted_spares(const struct remote *remote)
{
	return &remote->granted;
}

void remote_ask(struct remote *remote, uint64_t id, const struct remote_admission *admission)
{
	begin_waiting(remote, id)->asked = true;
	/* Where nothing more can be asked the time-out answers. */
	redis_call(remote->redis, &admission->args, on_verdict, remote, id);
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

	if (!session_check(remote, reply))
		return;
	session_take_events(remote, reply);
	w = find(remote, id);
	if (w)
		tell(remote, w, REMOTE_ASK, NULL);
}

void remote_refresh(struct remote *remote, uint64_t id)
{
	struct redis_args args = { .texts = NULL };

	begin_waiting(remote, id)->asked = true;
	session_begin_call(remote, "news", &args);
	redis_call(remote->redis, &args, on_refreshed, remote, id);
	redis_args_release(&args);
}

void remote_look(struct remote *remote)
{
	redis_start(remote->redis);
	if (remote->state == REMOTE_READY && !remote->looking &&
	    loop_now_ms(remote->budget->loop) - remote->looked_ms >= LOOK_EVERY_MS)
		session_fetch_events(remote);
}

/* --- spares --- */

static void write_given_back(struct budget *budget, void *ctx)
{
	(void)ctx;
	spares_give_back(budget->ledger);
}

void remote_give_back(struct remote *remote)
{
	static const struct budget_work work = { .write = write_given_back };

	if (!timer_is_running(remote->idle))
		return;
	timer_stop(remote->idle);
	jobs_do(remote->budget, &work, NULL);
}

static void on_idle(void *ctx)
{
	struct remote *remote = ctx;
	static const struct budget_work work = { .write = write_given_back };

	/* While nobody can be told they are of more use here. */
	if (remote->state == REMOTE_READY)
		jobs_do(remote->budget, &work, NULL);
}

void remote_note_spares(struct remote *remote)
{
	timer_start(remote->idle, IDLE_MS);
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
	if (remote->state != REMOTE_CONNECTING)
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
	outbox_enable(budget->ledger, true);
	remote->idle = timer_new(budget->loop, on_idle, remote);
	remote->meets = timer_new(budget->loop, on_meeting_too_late, remote);
	return remote;
}

void remote_free(struct remote *remote)
{
	if (!remote)
		return;
	outbox_enable(remote->budget->ledger, false);
	timer_free(remote->idle);
	timer_free(remote->meets);
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
	if (remote->state == REMOTE_AWAY)
		return remote->notice;
	if (remote->state == REMOTE_READY && remote->in_doubt)
		return "the shared ledger has lost what it knew: until all machines that use it have been in touch "
		       "with it, what is "
		       "not known counts as used";
	return NULL;
}
