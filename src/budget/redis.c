/*
 * The connection. hiredis writes commands and reads answers (its blocking interface on a socket that does not block);
 * what was asked, in which order, and what may be answered is kept here. A struct redis lives as long as the shared
 * ledger is configured; its context, watch and calls as long as one connection.
 *
 * Answers come in the order of the calls, so the first call of the queue is the one that an answer belongs to.
 * Callbacks may end the connection: whoever calls one looks afterwards whether it is still the same (`connections`
 * counts them).
 */
#include "redis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/list.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/budget/redis_script.h"
#include "eke/io/resolve.h"
#include "redis_reply.h"

#ifdef HAVE_HIREDIS

#include <hiredis/hiredis.h>
#include <sys/socket.h>

/* From the first step to the script: more than any network needs. */
#define CONNECT_SECONDS 5
#define FIRST_PAUSE_MS 250
#define LONGEST_PAUSE_MS 15000

static const char *const script_keys[] = { "{eke}:meta", "{eke}:events", "{eke}:log",
					   "{eke}:data", "{eke}:expiry", "{eke}:awaited" };

enum state {
	IDLE,       /* never tried */
	LOOKING_UP, /* the host's addresses */
	CONNECTING, /* to one of them */
	GREETING,   /* password, database, script */
	UP,
	PAUSING, /* until the next try */
};

struct call {
	redis_reply_fn *fn; /* NULL: of the greeting */
	void *ctx;
	uint64_t tag;
	struct redis_args args; /* owned; for calling again */
	bool is_load; /* SCRIPT LOAD */
	bool again; /* the script was loaded again for it */
	struct call *next;
};

struct redis {
	struct loop *loop; /* borrowed */
	const struct redis_url *url; /* borrowed */
	struct redis_events events;
	void *ctx;
	enum state state;
	redisContext *context; /* NULL: no connection */
	struct watch *watch;
	unsigned connections;
	size_t unfinished; /* bytes of an answer that is not whole yet */
	struct call *calls; /* in their order */
	size_t call_count;
	struct resolve *resolve;
	char *addresses[LIMIT_REDIS_ADDRESSES]; /* owned; those left are from `address` on */
	size_t address_count, address;
	struct timer *timer; /* of the attempt, or of the pause */
	int64_t pause_ms; /* before the next try; 0: it worked, and there is none */
	int64_t up_ms; /* since when it is up, loop_now_ms() */
	char sha[41];
};

bool redis_is_built(void)
{
	return true;
}

/* --- up and down --- */

static void attempt(struct redis *redis);
static void try_address(void *ctx);
static void on_ready(void *ctx, int events);

static void call_free(struct call *call)
{
	redis_args_release(&call->args);
	free(call);
}

static void disconnect(struct redis *redis)
{
	redis->connections++;
	watch_free(redis->watch);
	redis->watch = NULL;
	if (redis->context)
		redisFree(redis->context);
	redis->context = NULL;
	redis->unfinished = 0;
	while (redis->calls) {
		struct call *call = redis->calls;

		redis->calls = call->next;
		call_free(call);
	}
	redis->call_count = 0;
}

static void stop(struct redis *redis)
{
	loop_undefer(redis->loop, try_address, redis);
	resolve_cancel(redis->resolve);
	redis->resolve = NULL;
	disconnect(redis);
	for (size_t i = 0; i < redis->address_count; i++)
		free(redis->addresses[i]);
	redis->address_count = redis->address = 0;
	timer_stop(redis->timer);
}

void redis_fail(struct redis *redis, const char *why)
{
	char reason[256];
	bool again = !redis->pause_ms && loop_now_ms(redis->loop) - redis->up_ms >= FIRST_PAUSE_MS;

	if (redis->state == IDLE || redis->state == PAUSING)
		return;
	/* It may be hiredis's own, which ends with the context. */
	snprintf(reason, sizeof(reason), "%s", why);
	stop(redis);
	redis->state = PAUSING;
	if (!again && !redis->pause_ms)
		redis->pause_ms = FIRST_PAUSE_MS;
	timer_start(redis->timer, again ? 0 : redis->pause_ms);
	redis->pause_ms = again ? FIRST_PAUSE_MS : 2 * redis->pause_ms;
	if (redis->pause_ms > LONGEST_PAUSE_MS)
		redis->pause_ms = LONGEST_PAUSE_MS;
	redis->events.down(redis->ctx, reason, again);
}

void redis_worked(struct redis *redis)
{
	redis->pause_ms = 0;
}

static void on_timer(void *ctx)
{
	struct redis *redis = ctx;

	if (redis->state == PAUSING)
		attempt(redis);
	else
		redis_fail(redis, "it does not answer");
}

/* --- sending --- */

static void want_write(struct redis *redis)
{
	watch_set(redis->watch, WATCH_READ | WATCH_WRITE);
}

static void append_call(struct redis *redis, struct call *call)
{
	list_append(redis->calls, call);
	redis->call_count++;
	want_write(redis);
}

static void append_load(struct redis *redis)
{
	struct call *load = xcalloc(1, sizeof(*load));

	load->is_load = true;
	redisAppendCommand(redis->context, "SCRIPT LOAD %s", redis_script);
	append_call(redis, load);
}

static void append_script(struct redis *redis, struct call *call)
{
	size_t count = 3 + ARRAY_LEN(script_keys) + call->args.count;
	const char **argv = xcalloc(count, sizeof(*argv));
	size_t *lengths = xcalloc(count, sizeof(*lengths));
	char number_of_keys[8];
	size_t n = 0;

	snprintf(number_of_keys, sizeof(number_of_keys), "%zu", ARRAY_LEN(script_keys));
	argv[n++] = "EVALSHA";
	argv[n++] = redis->sha;
	argv[n++] = number_of_keys;
	for (size_t i = 0; i < ARRAY_LEN(script_keys); i++)
		argv[n++] = script_keys[i];
	for (size_t i = 0; i < call->args.count; i++)
		argv[n++] = call->args.texts[i];
	for (size_t i = 0; i < n; i++)
		lengths[i] = strlen(argv[i]);
	redisAppendCommandArgv(redis->context, (int)n, argv, lengths);
	append_call(redis, call);
	free(argv);
	free(lengths);
}

static void append_greeting(struct redis *redis)
{
	const struct redis_url *url = redis->url;

	if (url->user)
		redisAppendCommand(redis->context, "AUTH %s %s", url->user, url->password);
	else if (url->password)
		redisAppendCommand(redis->context, "AUTH %s", url->password);
	else
		/* Says NOAUTH in its own words; the script would be too long for whoever has not said who he is. */
		redisAppendCommand(redis->context, "PING");
	append_call(redis, xcalloc(1, sizeof(struct call)));
	if (url->db) {
		redisAppendCommand(redis->context, "SELECT %d", url->db);
		append_call(redis, xcalloc(1, sizeof(struct call)));
	}
	append_load(redis);
}

/* --- hearing --- */

/* The server has forgotten the script (SCRIPT FLUSH, a restart): it gets it again, and the call behind it. */
static bool call_again(struct redis *redis, struct call *call, const redisReply *reply)
{
	if (!call->fn || call->again || strncmp(reply->str, "NOSCRIPT", 8))
		return false;
	call->again = true;
	append_load(redis);
	append_script(redis, call);
	return true;
}

static void take_loaded(struct redis *redis, const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_STRING || reply->len != sizeof(redis->sha) - 1) {
		redis_fail(redis, "it does not speak Redis's protocol");
		return;
	}
	memcpy(redis->sha, reply->str, sizeof(redis->sha));
	if (redis->state != GREETING)
		return;
	timer_stop(redis->timer);
	redis->state = UP;
	redis->up_ms = loop_now_ms(redis->loop);
	redis->events.up(redis->ctx);
}

static void take_reply(struct redis *redis, const redisReply *reply)
{
	struct call *call = redis->calls;

	if (!call) {
		redis_fail(redis, "it sends an answer that nobody asked for");
		return;
	}
	redis->calls = call->next;
	redis->call_count--;
	if (reply->type == REDIS_REPLY_ERROR) {
		if (call_again(redis, call, reply))
			return;
		redis_fail(redis, reply->str);
	} else if (call->is_load) {
		take_loaded(redis, reply);
	} else if (call->fn) {
		call->fn(call->ctx, call->tag, (const void *)reply);
	}
	call_free(call);
}

/* Takes all answers that are whole. */
static void take_replies(struct redis *redis)
{
	unsigned connection = redis->connections;
	void *reply = NULL;

	while (connection == redis->connections) {
		if (redisGetReplyFromReader(redis->context, &reply) != REDIS_OK) {
			redis_fail(redis, redis->context->err == REDIS_ERR_OOM ? "it sends an answer that is too long"
									       : redis->context->errstr);
			return;
		}
		if (!reply)
			return;
		redis->unfinished = 0;
		take_reply(redis, reply);
		freeReplyObject(reply);
	}
}

static void read_some(struct redis *redis)
{
	size_t before = redis->context->reader->len - redis->context->reader->pos;
	unsigned connection = redis->connections;

	if (redisBufferRead(redis->context) != REDIS_OK) {
		redis_fail(redis,
			   redis->context->err == REDIS_ERR_EOF ? "it closed the connection" : redis->context->errstr);
		return;
	}
	redis->unfinished += redis->context->reader->len - redis->context->reader->pos - before;
	take_replies(redis);
	if (connection == redis->connections && redis->unfinished > LIMIT_REDIS_REPLY)
		redis_fail(redis, "it sends an answer that is too long");
}

static void write_some(struct redis *redis)
{
	int done = 0;

	if (redisBufferWrite(redis->context, &done) != REDIS_OK)
		redis_fail(redis, redis->context->errstr);
	else if (done)
		watch_set(redis->watch, WATCH_READ);
}

/* --- connecting --- */

/* The next address, or the end of the attempt. */
static void next_address(struct redis *redis, const char *why)
{
	redis->address++;
	if (redis->address < redis->address_count) {
		disconnect(redis);
		loop_defer(redis->loop, try_address, redis);
		return;
	}
	redis_fail(redis, why);
}

/* The socket can be written: it is connected, or has failed. */
static void finish_connecting(struct redis *redis)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(redis->context->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error) {
		next_address(redis, error ? strerror(error) : "no connection");
		return;
	}
	redis->state = GREETING;
	append_greeting(redis);
}

static void on_ready(void *ctx, int events)
{
	struct redis *redis = ctx;
	unsigned connection = redis->connections;

	if (redis->state == CONNECTING) {
		finish_connecting(redis);
		return;
	}
	if (events & WATCH_READ)
		read_some(redis);
	if (connection == redis->connections && events & WATCH_WRITE)
		write_some(redis);
}

static void try_address(void *ctx)
{
	struct redis *redis = ctx;
	const struct redis_url *url = redis->url;
	redisContext *context = url->path ? redisConnectUnixNonBlock(url->path)
					  : redisConnectNonBlock(redis->addresses[redis->address], url->port);
	char why[128];

	redis->state = CONNECTING;
	if (!context || context->err) {
		snprintf(why, sizeof(why), "%s", context ? context->errstr : "no memory");
		if (context)
			redisFree(context);
		next_address(redis, why);
		return;
	}
	redis_reply_bound(context->reader);
	redis->context = context;
	redis->watch = watch_new(redis->loop, context->fd, on_ready, redis);
	watch_set(redis->watch, WATCH_WRITE);
}

static void on_addresses(void *ctx, const char *const *addresses, size_t count, const char *why)
{
	struct redis *redis = ctx;

	redis->resolve = NULL;
	if (!count) {
		redis_fail(redis, why);
		return;
	}
	for (size_t i = 0; i < count; i++)
		redis->addresses[redis->address_count++] = xstrdup(addresses[i]);
	try_address(redis);
}

static void attempt(struct redis *redis)
{
	redis->state = LOOKING_UP;
	timer_start(redis->timer, CONNECT_SECONDS * 1000);
	if (redis->url->path)
		loop_defer(redis->loop, try_address, redis);
	else
		redis->resolve = resolve_host(redis->loop, redis->url->host, LIMIT_REDIS_ADDRESSES, CONNECT_SECONDS,
					      on_addresses, redis);
}

/* --- life --- */

struct redis *redis_new(struct loop *loop, const struct redis_url *url, const struct redis_events *events, void *ctx)
{
	struct redis *redis = xcalloc(1, sizeof(*redis));

	redis->loop = loop;
	redis->url = url;
	redis->events = *events;
	redis->ctx = ctx;
	redis->pause_ms = FIRST_PAUSE_MS;
	redis->timer = timer_new(loop, on_timer, redis);
	if (url->password)
		log_add_secret(url->password);
	return redis;
}

void redis_free(struct redis *redis)
{
	int done;

	if (!redis)
		return;
	/* Nobody hears the answers, but what a program tells at its end is heard there. */
	if (redis->state == UP && redis->calls)
		(void)redisBufferWrite(redis->context, &done);
	stop(redis);
	timer_free(redis->timer);
	free(redis);
}

void redis_start(struct redis *redis)
{
	if (redis->state == IDLE)
		attempt(redis);
}

bool redis_call(struct redis *redis, const struct redis_args *args, redis_reply_fn *fn, void *ctx, uint64_t tag)
{
	struct call *call;

	if (redis->state != UP || redis->call_count >= LIMIT_REDIS_CALLS)
		return false;
	call = xcalloc(1, sizeof(*call));
	call->fn = fn;
	call->ctx = ctx;
	call->tag = tag;
	redis_args_copy(&call->args, args);
	append_script(redis, call);
	return true;
}

#endif
