/*
 * The connection. A struct redis lives as long as the shared ledger is configured; each attempt has a struct link,
 * which is what hiredis knows: it outlives the attempt by the rest of a turn, because hiredis may be on the stack when
 * it ends.
 *
 * hiredis frees its context by itself when a connection breaks, and calls back a last time for each command; so whoever
 * is called back asks first whether its link is still the one in use.
 */
#include "redis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/budget/redis_script.h"
#include "eke/io/resolve.h"

/* --- arguments --- */

static void add_text(struct redis_args *args, char *text)
{
	if (args->count == args->cap) {
		args->cap = args->cap ? 2 * args->cap : 32;
		args->texts = xreallocarray(args->texts, args->cap, sizeof(args->texts[0]));
	}
	args->texts[args->count++] = text;
}

static char *clean(char *text)
{
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = '?';
	return text;
}

void redis_args_add(struct redis_args *args, const char *text)
{
	add_text(args, xstrdup(text));
}

void redis_args_add_int(struct redis_args *args, int64_t n)
{
	add_text(args, xasprintf("%lld", (long long)n));
}

void redis_args_add_line(struct redis_args *args, const char *text)
{
	add_text(args, clean(xstrdup(text)));
}

void redis_args_append_line(struct redis_args *args, char before, const char *text)
{
	char **last = &args->texts[args->count - 1];
	size_t len = strlen(*last);
	char *whole = xasprintf("%s%c%s", *last, before, text);

	clean(whole + len + 1);
	free(*last);
	*last = whole;
}

void redis_args_release(struct redis_args *args)
{
	for (size_t i = 0; i < args->count; i++)
		free(args->texts[i]);
	free(args->texts);
	*args = (struct redis_args){ .texts = NULL };
}

#ifdef HAVE_HIREDIS

#include <hiredis/async.h>

/* From the first step to the script: more than any network needs. */
#define CONNECT_SECONDS 5
#define FIRST_PAUSE_MS 250
#define LONGEST_PAUSE_MS 15000

static const char *const script_keys[] = { "{eke}:meta", "{eke}:events", "{eke}:log", "{eke}:data", "{eke}:expiry" };

enum state {
	IDLE,       /* never tried */
	LOOKING_UP, /* the host's addresses */
	CONNECTING, /* to one of them */
	GREETING,   /* password, database, script */
	UP,
	PAUSING, /* until the next try */
};

struct redis {
	struct loop *loop; /* borrowed */
	const struct redis_url *url; /* borrowed */
	struct redis_events events;
	void *ctx;
	enum state state;
	struct link *link; /* in use, or NULL */
	struct resolve *resolve;
	char *addresses[LIMIT_REDIS_ADDRESSES]; /* owned; those left are from `address` on */
	size_t address_count, address;
	struct timer *timer; /* of the attempt, or of the pause */
	int64_t pause_ms;
	size_t calls; /* under way */
	char sha[41];
};

struct link {
	struct loop *loop;
	struct redis *redis;   /* NULL: no longer in use */
	redisAsyncContext *ac; /* NULL: hiredis has freed it */
	struct watch *watch;
	int events;
};

struct call {
	redis_reply_fn *fn;
	void *ctx;
	uint64_t tag;
};

bool redis_is_built(void)
{
	return true;
}

/* --- hiredis on our loop --- */

static void on_descriptor(void *ctx, int events)
{
	struct link *link = ctx;

	if (link->ac && events & WATCH_READ)
		redisAsyncHandleRead(link->ac);
	if (link->ac && events & WATCH_WRITE)
		redisAsyncHandleWrite(link->ac);
	if (link->ac && link->redis && link->ac->c.reader->len > LIMIT_REDIS_REPLY)
		redis_fail(link->redis, "it sends an answer that is too long");
}

static void set_events(struct link *link, int events)
{
	link->events = events;
	watch_set(link->watch, events);
}

static void add_read(void *data)
{
	struct link *link = data;

	set_events(link, link->events | WATCH_READ);
}

static void delete_read(void *data)
{
	struct link *link = data;

	set_events(link, link->events & ~WATCH_READ);
}

static void add_write(void *data)
{
	struct link *link = data;

	set_events(link, link->events | WATCH_WRITE);
}

static void delete_write(void *data)
{
	struct link *link = data;

	set_events(link, link->events & ~WATCH_WRITE);
}

/* At the end of the turn in which the link went out of use. */
static void link_free(void *p)
{
	struct link *link = p;

	if (link->ac)
		redisAsyncFree(link->ac);
	free(link);
}

/* hiredis frees its context. */
static void clean_up(void *data)
{
	struct link *link = data;

	watch_free(link->watch);
	link->watch = NULL;
	link->ac = NULL;
}

/* The link goes out of use. */
static void unlink_it(struct redis *redis)
{
	struct link *link = redis->link;

	if (!link)
		return;
	redis->link = NULL;
	link->redis = NULL;
	if (link->ac)
		set_events(link, WATCH_NONE);
	loop_defer_free(link->loop, link, link_free);
}

static struct link *link_new(struct redis *redis, redisAsyncContext *ac)
{
	struct link *link = xcalloc(1, sizeof(*link));

	link->loop = redis->loop;
	link->redis = redis;
	link->ac = ac;
	link->watch = watch_new(redis->loop, ac->c.fd, on_descriptor, link);
	ac->data = link;
	ac->ev.data = link;
	ac->ev.addRead = add_read;
	ac->ev.delRead = delete_read;
	ac->ev.addWrite = add_write;
	ac->ev.delWrite = delete_write;
	ac->ev.cleanup = clean_up;
	return link;
}

/* The redis whose link this is, if it is in use. */
static struct redis *redis_of(const redisAsyncContext *ac)
{
	const struct link *link = ac->data;

	return link ? link->redis : NULL;
}

/* --- up and down --- */

static void attempt(struct redis *redis);
static void try_address(void *ctx);

static void forget_addresses(struct redis *redis)
{
	for (size_t i = 0; i < redis->address_count; i++)
		free(redis->addresses[i]);
	redis->address_count = redis->address = 0;
}

static void stop(struct redis *redis)
{
	loop_undefer(redis->loop, try_address, redis);
	resolve_cancel(redis->resolve);
	redis->resolve = NULL;
	unlink_it(redis);
	forget_addresses(redis);
	timer_stop(redis->timer);
	redis->calls = 0;
}

void redis_fail(struct redis *redis, const char *why)
{
	char reason[256];

	if (redis->state == IDLE || redis->state == PAUSING)
		return;
	/* It may be hiredis's own, which ends with the link. */
	snprintf(reason, sizeof(reason), "%s", why);
	stop(redis);
	redis->state = PAUSING;
	timer_start(redis->timer, redis->pause_ms);
	redis->pause_ms = 2 * redis->pause_ms < LONGEST_PAUSE_MS ? 2 * redis->pause_ms : LONGEST_PAUSE_MS;
	redis->events.down(redis->ctx, reason);
}

void redis_worked(struct redis *redis)
{
	redis->pause_ms = FIRST_PAUSE_MS;
}

static void on_timer(void *ctx)
{
	struct redis *redis = ctx;

	if (redis->state == PAUSING)
		attempt(redis);
	else
		redis_fail(redis, "it does not answer");
}

/* --- greeting --- */

static bool is_error(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_ERROR;
}

static void on_greeting(redisAsyncContext *ac, void *data, void *unused)
{
	struct redis *redis = redis_of(ac);
	const redisReply *reply = data;

	(void)unused;
	if (redis && reply && is_error(reply))
		redis_fail(redis, reply->str);
}

static void on_script(redisAsyncContext *ac, void *data, void *unused)
{
	struct redis *redis = redis_of(ac);
	const redisReply *reply = data;

	(void)unused;
	if (!redis || !reply)
		return;
	if (reply->type != REDIS_REPLY_STRING || reply->len != sizeof(redis->sha) - 1) {
		redis_fail(redis, is_error(reply) ? reply->str : "it does not speak Redis's protocol");
		return;
	}
	memcpy(redis->sha, reply->str, sizeof(redis->sha));
	timer_stop(redis->timer);
	redis->state = UP;
	redis->events.up(redis->ctx);
}

static void greet(struct redis *redis)
{
	const struct redis_url *url = redis->url;
	redisAsyncContext *ac = redis->link->ac;

	redis->state = GREETING;
	if (url->user)
		redisAsyncCommand(ac, on_greeting, NULL, "AUTH %s %s", url->user, url->password);
	else if (url->password)
		redisAsyncCommand(ac, on_greeting, NULL, "AUTH %s", url->password);
	if (url->db)
		redisAsyncCommand(ac, on_greeting, NULL, "SELECT %d", url->db);
	redisAsyncCommand(ac, on_script, NULL, "SCRIPT LOAD %s", redis_script);
}

/* --- connecting --- */

/* The next address, or the end of the attempt. */
static void next_address(struct redis *redis, const char *why)
{
	redis->address++;
	if (redis->address < redis->address_count) {
		unlink_it(redis);
		loop_defer(redis->loop, try_address, redis);
		return;
	}
	redis_fail(redis, why);
}

static void on_connected(const redisAsyncContext *ac, int status)
{
	struct redis *redis = redis_of(ac);

	if (!redis)
		return;
	if (status == REDIS_OK)
		greet(redis);
	else
		next_address(redis, ac->errstr[0] ? ac->errstr : "no connection");
}

static void on_disconnected(const redisAsyncContext *ac, int status)
{
	struct redis *redis = redis_of(ac);

	(void)status;
	if (redis)
		redis_fail(redis, ac->errstr && ac->errstr[0] ? ac->errstr : "it closed the connection");
}

static void try_address(void *ctx)
{
	struct redis *redis = ctx;
	const struct redis_url *url = redis->url;
	redisAsyncContext *ac = url->path ? redisAsyncConnectUnix(url->path) :
					    redisAsyncConnect(redis->addresses[redis->address], url->port);

	redis->state = CONNECTING;
	if (!ac) {
		redis_fail(redis, "no memory");
		return;
	}
	if (ac->err) {
		char why[128];

		snprintf(why, sizeof(why), "%s", ac->errstr);
		redisAsyncFree(ac);
		next_address(redis, why);
		return;
	}
	redis->link = link_new(redis, ac);
	redisAsyncSetConnectCallback(ac, on_connected);
	redisAsyncSetDisconnectCallback(ac, on_disconnected);
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
	if (!redis)
		return;
	/* Nobody hears the answers, but what a program tells at its end is heard there. */
	if (redis->state == UP && redis->calls) {
		struct link *link = redis->link;

		link->redis = NULL;
		redisAsyncHandleWrite(link->ac);
	}
	stop(redis);
	timer_free(redis->timer);
	free(redis);
}

void redis_start(struct redis *redis)
{
	if (redis->state == IDLE)
		attempt(redis);
}

/* --- calls --- */

static void on_reply(redisAsyncContext *ac, void *data, void *privdata)
{
	struct redis *redis = redis_of(ac);
	struct call call = *(struct call *)privdata;
	const redisReply *reply = data;

	free(privdata);
	if (!redis || !reply)
		return;
	redis->calls--;
	if (is_error(reply))
		redis_fail(redis, reply->str);
	else
		call.fn(call.ctx, call.tag, data);
}

bool redis_call(struct redis *redis, const struct redis_args *args, redis_reply_fn *fn, void *ctx, uint64_t tag)
{
	size_t count = 3 + ARRAY_LEN(script_keys) + args->count;
	const char **argv;
	size_t *lengths;
	struct call *call;
	size_t n = 0;

	if (redis->state != UP || redis->calls >= LIMIT_REDIS_CALLS)
		return false;
	argv = xcalloc(count, sizeof(*argv));
	lengths = xcalloc(count, sizeof(*lengths));
	argv[n++] = "EVALSHA";
	argv[n++] = redis->sha;
	argv[n++] = "5";
	for (size_t i = 0; i < ARRAY_LEN(script_keys); i++)
		argv[n++] = script_keys[i];
	for (size_t i = 0; i < args->count; i++)
		argv[n++] = args->texts[i];
	for (size_t i = 0; i < n; i++)
		lengths[i] = strlen(argv[i]);
	call = xcalloc(1, sizeof(*call));
	*call = (struct call){ fn, ctx, tag };
	redis->calls++;
	if (redisAsyncCommandArgv(redis->link->ac, on_reply, call, (int)n, argv, lengths) != REDIS_OK) {
		/* It is disconnecting: that is told by itself. */
		redis->calls--;
		free(call);
	}
	free(argv);
	free(lengths);
	return true;
}

/* A struct redis_reply is hiredis's redisReply. */
static const redisReply *element(const struct redis_reply *list, size_t i)
{
	const redisReply *reply = (const void *)list;

	return reply->type == REDIS_REPLY_ARRAY && i < reply->elements ? reply->element[i] : NULL;
}

size_t redis_reply_count(const struct redis_reply *list)
{
	const redisReply *reply = (const void *)list;

	return reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
}

int64_t redis_reply_int(const struct redis_reply *list, size_t i)
{
	const redisReply *e = element(list, i);

	return e && e->type == REDIS_REPLY_INTEGER ? e->integer : 0;
}

const char *redis_reply_text(const struct redis_reply *list, size_t i)
{
	const redisReply *e = element(list, i);

	return e && e->type == REDIS_REPLY_STRING && e->str ? e->str : "";
}

#else

bool redis_is_built(void)
{
	return false;
}

struct redis *redis_new(struct loop *loop, const struct redis_url *url, const struct redis_events *events, void *ctx)
{
	(void)loop, (void)url, (void)events, (void)ctx;
	return NULL;
}

void redis_free(struct redis *redis)
{
	(void)redis;
}

void redis_start(struct redis *redis)
{
	(void)redis;
}

void redis_fail(struct redis *redis, const char *why)
{
	(void)redis, (void)why;
}

void redis_worked(struct redis *redis)
{
	(void)redis;
}

bool redis_call(struct redis *redis, const struct redis_args *args, redis_reply_fn *fn, void *ctx, uint64_t tag)
{
	(void)redis, (void)args, (void)fn, (void)ctx, (void)tag;
	return false;
}

size_t redis_reply_count(const struct redis_reply *reply)
{
	(void)reply;
	return 0;
}

int64_t redis_reply_int(const struct redis_reply *reply, size_t i)
{
	(void)reply, (void)i;
	return 0;
}

const char *redis_reply_text(const struct redis_reply *reply, size_t i)
{
	(void)reply, (void)i;
	return "";
}

#endif
