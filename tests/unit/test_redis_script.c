/*
 * The script, in a real server: windows, cooldowns, what is given back, what is told twice, what is told to whom. Times
 * are set by what is pushed, because the server's clock cannot be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/budget/redis.h"
#include "eke/base/attrs.h"
#include "eke/base/log.h"
#include "eke/base/strbuf.h"
#include "redis_server.h"

static struct redis_server server;
static struct redis_url url;
static struct loop *loop;
static struct redis *redis;
static char salt[64];
static int64_t now; /* of the server, about */
static int64_t have; /* until when the spares of who asks may be sent, as it was told */

/* The last answer. */
static struct {
	int64_t verdict, seq, more, wait, window, spares, spares_until;
	struct strbuf news; /* members and values, '\n' shown as '|' */
} told;

static void on_up(void *ctx)
{
	(void)ctx;
	loop_stop(loop);
}

static void on_down(void *ctx, const char *why, bool again)
{
	(void)ctx;
	(void)again;
	fail_msg("%s", why);
}

static void on_hello(void *ctx, uint64_t tag, const struct redis_reply *reply)
{
	(void)ctx;
	(void)tag;
	assert_int_equal(redis_reply_count(reply), 2);
	snprintf(salt, sizeof(salt), "%s", redis_reply_text(reply, 0));
	now = redis_reply_int(reply, 1);
	loop_stop(loop);
}

static void on_answer(void *ctx, uint64_t tag, const struct redis_reply *reply)
{
	(void)ctx;
	(void)tag;
	told.verdict = redis_reply_int(reply, 0);
	assert_true(redis_reply_int(reply, 1) >= now);
	told.seq = redis_reply_int(reply, 2);
	told.more = redis_reply_int(reply, 3);
	told.wait = redis_reply_int(reply, 4);
	told.window = redis_reply_int(reply, 5);
	strbuf_reset(&told.news);
	told.spares = (int64_t)(strlen(redis_reply_text(reply, 6)) + 1) / 3; /* ids of two digits */
	told.spares_until = redis_reply_int(reply, 7);
	for (size_t i = 8; i < redis_reply_count(reply); i++)
		strbuf_addf(&told.news, "%s;", redis_reply_text(reply, i));
	for (size_t i = 0; i < told.news.len; i++)
		if (told.news.data[i] == '\n')
			told.news.data[i] = '|';
	loop_stop(loop);
}

/* Calls with the words of `texts` behind the four that each call has; frees them. */
static void call(const char *op, const char *origin, int64_t cursor, struct redis_args *texts)
{
	struct redis_args args = { .texts = NULL };

	redis_args_add(&args, op);
	redis_args_add(&args, salt);
	redis_args_add(&args, origin);
	redis_args_add_int(&args, cursor);
	for (size_t i = 0; texts && i < texts->count; i++)
		redis_args_add(&args, texts->texts[i]);
	assert_true(redis_call(redis, &args, on_answer, NULL, 0));
	redis_args_release(&args);
	if (texts)
		redis_args_release(texts);
	loop_run(loop);
}

/* Words that are separated by blanks; "-" is an empty one. */
static void add_words(struct redis_args *args, const char *words)
{
	while (*words) {
		size_t len = strcspn(words, " ");
		char *word = xstrndup(words, len);

		redis_args_add(args, strcmp(word, "-") ? word : "");
		free(word);
		words += len + (words[len] == ' ');
	}
}

static void hello(void)
{
	struct redis_args args = { .texts = NULL };

	add_words(&args, "hello 0123456789abcdef0123456789abcdef - 0 -");
	redis_call(redis, &args, on_hello, NULL, 0);
	redis_args_release(&args);
	loop_run(loop);
}

static int setup(void **state)
{
	static const struct redis_events events = { on_up, on_down };
	struct err err;

	*state = NULL;
	if (!redis_is_built() || !redis_server_exists())
		return 0;
	signal(SIGPIPE, SIG_IGN);
	redis_server_init(&server);
	redis_server_start(&server, NULL);
	assert_true(redis_url_parse(server.url, &url, &err));
	loop = loop_new();
	redis = redis_new(loop, &url, &events, NULL);
	strbuf_init(&told.news, MIB(1));
	redis_start(redis);
	loop_run(loop);
	hello();
	*state = &server;
	return 0;
}

static int teardown(void **state)
{
	if (!*state)
		return 0;
	redis_free(redis);
	loop_free(loop);
	redis_url_release(&url);
	strbuf_release(&told.news);
	redis_server_release(&server);
	return 0;
}

/*
 * A machine asks about a request, and offers ids for spares; its windows are "scope kind limit kept period from to
 * patterns" (',' for a new pattern).
 */
static int64_t reserve_with(const char *origin, const char *const *spares, size_t spare_count, const char *id,
	bool explicit, const char *who, const char *windows)
{
	struct redis_args args = { .texts = NULL };

	redis_args_add(&args, id);
	redis_args_add(&args, explicit ? "1" : "0");
	redis_args_add_int(&args, 172800000);
	add_words(&args, who);
	redis_args_add_int(&args, have);
	redis_args_add_int(&args, (int64_t)spare_count);
	for (size_t i = 0; i < spare_count; i++)
		redis_args_add(&args, spares[i]);
	for (size_t i = 0; i < args.count; i++)
		assert_non_null(args.texts[i]);
	add_words(&args, windows);
	for (size_t i = 0; i < args.count; i++)
		for (char *p = args.texts[i]; *p; p++)
			*p = (char)(*p == ',' ? '\n' : *p);
	call("reserve", origin, 0, &args);
	return told.verdict;
}

static int64_t reserve(const char *id, bool explicit, const char *who, const char *windows)
{
	return reserve_with("me", NULL, 0, id, explicit, who, windows);
}

/* Requests of the past; "id:secondsAgo service plan key model" */
static void push_request(const char *origin, const char *id, int64_t ago_ms, const char *who)
{
	struct redis_args args = { .texts = NULL };

	redis_args_add(&args, "r");
	redis_args_add(&args, id);
	redis_args_add_int(&args, now - ago_ms);
	redis_args_add_int(&args, 172800000);
	add_words(&args, who);
	call("push", origin, 0, &args);
}

#define WHO "service plan key model"
#define HOUR "machine sliding 3 0 3600000 0 0 *"

static void test_sliding(void **state)
{
	if (!*state)
		skip();
	push_request("me", "01", 3500000, WHO);
	push_request("me", "02", 60000, WHO);
	push_request("me", "03", 4000000, WHO); /* no longer counts */
	assert_int_equal(reserve("11", true, WHO, HOUR), 1);
	assert_int_equal(reserve("12", true, WHO, HOUR), 0);
	assert_int_equal(told.window, 1);
	/* When the oldest leaves; the server has gone on meanwhile. */
	assert_in_range(told.wait, 80000, 100000);
	/* The same request again is the same request. */
	assert_int_equal(reserve("11", true, WHO, HOUR), 1);
	assert_int_equal(reserve("12", true, WHO, HOUR), 0);
	/* Of two windows the one that says no for longest. */
	assert_int_equal(reserve("13", true, WHO, HOUR " machine sliding 1 0 7200000 0 0 *"), 0);
	assert_int_equal(told.window, 2);
	assert_in_range(told.wait, 7190000, 7200000);
	/* Another window, another count. */
	assert_int_equal(reserve("14", true, WHO, "machine sliding 4 0 3600000 0 0 *"), 1);
}

static void test_reserve_share(void **state)
{
	if (!*state)
		skip();
	assert_int_equal(reserve("01", false, WHO, "machine sliding 3 1 3600000 0 0 *"), 1);
	assert_int_equal(reserve("02", false, WHO, "machine sliding 3 1 3600000 0 0 *"), 1);
	assert_int_equal(reserve("03", false, WHO, "machine sliding 3 1 3600000 0 0 *"), 0);
	assert_in_range(told.wait, 3590000, 3600000);
	assert_int_equal(reserve("04", true, WHO, HOUR), 1);
	assert_int_equal(reserve("05", true, WHO, HOUR), 0);
	/* All of it is kept. */
	assert_int_equal(reserve("06", false, WHO, "machine sliding 9 9 3600000 0 0 *"), 0);
}

static void test_calendar(void **state)
{
	char today[96], early[96], late[96];

	if (!*state)
		skip();
	/* A day that began an hour ago; and clocks that still show yesterday, or tomorrow already. */
	snprintf(today, sizeof(today), "machine calendar 2 0 86400000 %lld %lld *", (long long)now - 3600000,
		(long long)now + 82800000);
	snprintf(early, sizeof(early), "machine calendar 2 0 86400000 %lld %lld *", (long long)now - 90000000,
		(long long)now - 3600000);
	snprintf(late, sizeof(late), "machine calendar 2 0 86400000 %lld %lld *", (long long)now + 82800000,
		(long long)now + 169200000);
	push_request("me", "01", 3700000, WHO); /* yesterday */
	push_request("me", "02", 3500000, WHO);
	assert_int_equal(reserve("11", true, WHO, today), 1);
	assert_int_equal(reserve("12", true, WHO, today), 0);
	assert_in_range(told.wait, 82700000, 82800000);
	assert_int_equal(reserve("13", true, WHO, early), 0);
	assert_in_range(told.wait, 82700000, 82800000);
	assert_int_equal(reserve("14", true, WHO, late), 0);
	assert_in_range(told.wait, 82700000, 82800000);
}

static void push_words(const char *origin, const char *kind, const char *second, const char *third, int64_t goes)
{
	struct redis_args args = { .texts = NULL };

	redis_args_add(&args, kind);
	redis_args_add(&args, second);
	if (third)
		redis_args_add(&args, third);
	if (goes)
		redis_args_add_int(&args, goes);
	call("push", origin, 0, &args);
}

static void redis_cli(const char *a, const char *b, const char *c, const char *d)
{
	pid_t pid = fork();

	if (!pid) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		dup2(null, STDOUT_FILENO);
		execlp("redis-cli", "redis-cli", "-s", server.socket, a, b, c, d, (char *)NULL);
		execlp("valkey-cli", "valkey-cli", "-s", server.socket, a, b, c, d, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

static void say_hello(const char *words)
{
	struct redis_args args = { .texts = NULL };

	add_words(&args, words);
	redis_call(redis, &args, on_hello, NULL, 0);
	redis_args_release(&args);
	loop_run(loop);
}

/* What comes late, or from one who knows less, lets nothing through twice. */
static void test_late(void **state)
{
	static const char one[] = "machine sliding 1 0 3600000 0 0 *";
	static const char key_one[] = "key sliding 1 0 3600000 0 0 *";

	if (!*state)
		skip();
	/* Sent in place of a spare, and told; its question comes after that, when all is used. */
	push_request("me", "01", 0, WHO);
	push_request("me", "02", 0, WHO);
	assert_int_equal(reserve("01", true, WHO, one), 0);
	push_words("me", "g", "02", NULL, 0);
	assert_int_equal(reserve("03", true, WHO, one), 0);
	/* Told again by a machine that does not know whose key it was, and dates it earlier. */
	push_request("me", "04", 0, "s2 p2 k2 m");
	push_request("you", "04", 3599990, "s2 p2 - m");
	assert_int_equal(reserve("05", true, "s3 p3 k2 m", key_one), 0);
	assert_in_range(told.wait, 3500000, 3600000);
}

/* A server without memory throws single keys away: whichever it is, the ledger is one that nobody knew. */
static void test_evicted(void **state)
{
	static const char *const keys[] = { "{eke}:meta", "{eke}:events", "{eke}:log", "{eke}:data", "{eke}:expiry",
		"{eke}:log:s:service", "{eke}:log:p:plan", "{eke}:log:sp:service\nplan", "{eke}:log:k:key" };
	char words[160];

	if (!*state)
		skip();
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		push_request("me", "01", 1000, WHO);
		assert_int_equal(reserve("02", true, WHO, HOUR), 1);
		redis_cli("DEL", keys[i], NULL, NULL);
		if (reserve("03", true, WHO, HOUR) != -1)
			fail_msg("%s: %lld", keys[i], (long long)told.verdict);
		snprintf(words, sizeof(words), "hello %032zx me 7 %s them", i, salt);
		say_hello(words);
		snprintf(words, sizeof(words), "%032zx", i);
		assert_string_equal(salt, words);
		/* Nothing that was left counts. */
		if (reserve("03", true, WHO, HOUR) || told.window != -1)
			fail_msg("%s: %lld %lld", keys[i], (long long)told.verdict, (long long)told.window);
		assert_int_equal(told.window, -1);
		call("join", "me", 0, NULL);
		call("join", "them", 0, NULL);
		assert_int_equal(reserve("03", true, WHO, HOUR), 1);
	}
	say_hello("hello ffffffffffffffffffffffffffffffff me 7 eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee others");
	redis_cli("DEL", "{eke}:awaited", NULL, NULL);
	assert_int_equal(reserve("04", true, WHO, HOUR), -1);
}

/* What a machine may send while it cannot ask is counted for all others beforehand. */
static void test_spares(void **state)
{
	static const char *const mine[] = { "b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "b9", "ba", "bb", "bc",
		"bd", "be", "bf" };
	static const char *const yours[] = { "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "ca", "cb", "cc",
		"cd", "ce", "cf" };
	static const char sixty[] = "machine sliding 60 0 3600000 0 0 *";
	int64_t before, first;
	char name[8];
	int yes = 0;

	if (!*state)
		skip();
	/* A quarter of what is left, shared by those who are there. */
	assert_int_equal(reserve_with("me", mine, 16, "a1", true, WHO, sixty), 1);
	assert_int_equal(told.spares, 14);
	assert_in_range(told.spares_until, now + 590000, now + 620000);
	first = told.spares_until;
	assert_int_equal(reserve_with("you", yours, 16, "a2", true, WHO, sixty), 1);
	assert_int_equal(told.spares, 5);
	/* The answer was lost: the next tells it again, by a later date. */
	before = told.spares_until;
	assert_int_equal(reserve_with("you", yours, 16, "a3", true, WHO, sixty), 1);
	assert_int_equal(told.spares, 5);
	assert_true(told.spares_until > before);
	/* No change, nothing said. */
	have = told.spares_until;
	assert_int_equal(reserve_with("you", yours, 16, "a4", true, WHO, sixty), 1);
	assert_int_equal(told.spares_until, 0);
	/* You may have all but what I may send; of your own spares too what you do not give back. */
	for (int i = 0; i < 70; i++) {
		char id[8];

		snprintf(id, sizeof(id), "d%02x", (unsigned)i);
		yes += reserve_with("you", yours, 16, id, true, WHO, sixty) == 1;
		have = told.spares_until ? told.spares_until : have;
	}
	assert_int_equal(yes, 60 - 4 - 14 - 5);
	assert_int_equal(told.spares, 0);
	push_words("you", "g", "c4", NULL, 0);
	assert_int_equal(reserve_with("you", yours, 16, "e1", true, WHO, sixty), 1);
	assert_int_equal(reserve_with("you", yours, 16, "e2", true, WHO, sixty), 0);
	/* I may still have mine: each in place of one. */
	have = first;
	for (int i = 0; i < 14; i++) {
		assert_int_equal(reserve_with("me", mine, 16, "f0", true, WHO, sixty), 2);
		push_words("me", "g", mine[i], NULL, 0);
		snprintf(name, sizeof(name), "e%02x", (unsigned)i);
		push_request("me", name, 0, WHO);
	}
	assert_int_equal(reserve_with("me", mine, 16, "f0", true, WHO, sixty), 0);
	have = 0;
	/* A small limit has none. */
	assert_int_equal(reserve_with("me", mine, 16, "a5", true, "s2 p2 k2 m", "machine sliding 19 0 3600000 0 0 *"), 1);
	assert_int_equal(told.spares, 0);
}

/* A machine comes that knew another ledger: until those who shared that have come, too, nothing is let through. */
static void test_doubt(void **state)
{
	if (!*state)
		skip();
	assert_int_equal(reserve("a1", true, WHO, HOUR), 1);
	say_hello("hello ffffffffffffffffffffffffffffffff me 7 eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee them me");
	assert_string_equal(salt, "0123456789abcdef0123456789abcdef");
	call("join", "me", 0, NULL);
	assert_int_equal(reserve("a2", true, WHO, HOUR), 0);
	assert_int_equal(told.window, -1);
	assert_in_range(told.wait, 3590000, 3600000);
	call("join", "them", 0, NULL);
	assert_int_equal(reserve("a2", true, WHO, HOUR), 1);
	/* One that has been here is not waited for. */
	say_hello("hello ffffffffffffffffffffffffffffffff me 7 eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee them me");
	assert_int_equal(reserve("a3", true, WHO, HOUR), 1);
	/* One that comes alone is: it has not told yet what it knows. */
	say_hello("hello ffffffffffffffffffffffffffffffff you 7 eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
	assert_int_equal(reserve("a4", true, WHO, "machine sliding 9 0 3600000 0 0 *"), 0);
	assert_int_equal(told.window, -1);
	call("join", "you", 0, NULL);
	assert_int_equal(reserve("a4", true, WHO, "machine sliding 9 0 3600000 0 0 *"), 1);
}

/* An older copy of the data has come back: it is no longer the ledger that anybody knew. */
static void test_older_copy(void **state)
{
	if (!*state)
		skip();
	assert_int_equal(reserve("a1", true, WHO, HOUR), 1);
	call("news", "me", 1000, NULL);
	assert_int_equal(told.verdict, -1);
	say_hello("hello ffffffffffffffffffffffffffffffff me 1000 0123456789abcdef0123456789abcdef");
	assert_string_equal(salt, "ffffffffffffffffffffffffffffffff");
	call("news", "you", 0, NULL);
	assert_string_equal(told.news.data, "mme;me;");
	/* Others have written since the server started with the copy: the numbers have grown past what was known. */
	say_hello("hello - me 1 ffffffffffffffffffffffffffffffff");
	redis_cli("HSET", "{eke}:meta", "run", "before");
	redis_cli("HSET", "{eke}:meta", "run:me", "before");
	say_hello("hello - you 0 ffffffffffffffffffffffffffffffff");
	call("join", "me", 0, NULL);
	for (int i = 0; i < 9; i++)
		assert_int_equal(reserve("b1", true, WHO, HOUR), 1);
	say_hello("hello 99999999999999999999999999999999 me 7 ffffffffffffffffffffffffffffffff you");
	assert_string_equal(salt, "99999999999999999999999999999999");
	/* Once it has come, its number may grow with the others'. */
	say_hello("hello 1 me 1 99999999999999999999999999999999");
	assert_string_equal(salt, "99999999999999999999999999999999");
}

/* Who counts with whom. */
static void test_scopes(void **state)
{
	static const struct {
		const char *who, *window;
		bool admitted;
	} cases[] = {
		{ "s1 p1 k1 m", "machine sliding 2 0 3600000 0 0 *", true },
		{ "s1 p2 k2 m", "machine sliding 2 0 3600000 0 0 *", true }, /* the same service */
		{ "s1 p3 k3 m", "machine sliding 2 0 3600000 0 0 *", false },
		{ "s2 p1 k3 m", "machine sliding 2 0 3600000 0 0 *", true }, /* with the first by the plan */
		{ "s3 p1 k3 m", "machine sliding 2 0 3600000 0 0 *", false },
		{ "s9 p9 k1 m", "key sliding 2 0 3600000 0 0 *", true },
		{ "s8 p8 k1 m", "key sliding 2 0 3600000 0 0 *", false },
		{ "s8 p8 - m", "key sliding 1 0 3600000 0 0 *", true }, /* whose key is not known counts with nobody */
		{ "s8 p7 - m", "key sliding 1 0 3600000 0 0 *", true },
		{ "s7 p6 k7 gpt-4o-mini", "machine sliding 1 0 3600000 0 0 gpt-4o*,o1", true },
		{ "s7 p6 k7 gpt-4o", "machine sliding 1 0 3600000 0 0 gpt-4o-mini", false },
		{ "s7 p6 k7 gpt-4o", "machine sliding 1 0 3600000 0 0 gpt-4o-maxi", true },
		{ "s7 p6 k7 other", "machine sliding 1 0 3600000 0 0 o1,other", true },
		{ "s7 p6 k7 o1", "machine sliding 1 0 3600000 0 0 gpt-4o*,o1", false },
		{ "s6 p5 k6 a.b", "machine sliding 1 0 3600000 0 0 a.b", true },
		{ "s6 p5 k6 a.b", "machine sliding 1 0 3600000 0 0 axb", true },
		{ "s5 p4 k5 axb", "machine sliding 1 0 3600000 0 0 *", true },
		{ "s5 p4 k5 a.b", "machine sliding 1 0 3600000 0 0 a.b", true },
		{ "s6 p5 k6 a.b", "machine sliding 2 0 3600000 0 0 *.*", false },
	};

	if (!*state)
		skip();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char id[24];
		bool admitted;

		snprintf(id, sizeof(id), "%02zx", i + 1);
		admitted = reserve(id, true, cases[i].who, cases[i].window) == 1;
		if (admitted != cases[i].admitted)
			fail_msg("case %zu: %s, %s", i, cases[i].who, cases[i].window);
	}
}

static void test_gone(void **state)
{
	if (!*state)
		skip();
	assert_int_equal(reserve("01", true, WHO, "machine sliding 1 0 3600000 0 0 *"), 1);
	assert_int_equal(reserve("02", true, WHO, "machine sliding 1 0 3600000 0 0 *"), 0);
	push_words("me", "g", "01", NULL, 0);
	assert_int_equal(reserve("02", true, WHO, "machine sliding 1 0 3600000 0 0 *"), 1);
	/* Twice, and what nobody knows. */
	push_words("me", "g", "01", NULL, 0);
	push_words("me", "g", "77", NULL, 0);
	assert_int_equal(reserve("03", true, WHO, "machine sliding 1 0 3600000 0 0 *"), 0);
	/* What was given back before it arrived does not come. */
	assert_int_equal(reserve("77", true, WHO, "machine sliding 9 0 3600000 0 0 *"), 0);
	push_request("me", "01", 1000, WHO);
	assert_int_equal(reserve("04", true, WHO, "machine sliding 2 0 3600000 0 0 *"), 1);
	assert_int_equal(reserve("05", true, WHO, "machine sliding 2 0 3600000 0 0 *"), 0);
}

/* "set_at until stated tries probe probe_until message", times in ms from now. */
static void push_block(
	const char *name, int64_t set_at, int64_t until, int stated, const char *probe, int64_t probe_until)
{
	char value[160];

	snprintf(value, sizeof(value), "%lld\n%lld\n%d\n1\n%s\n%lld\nNo.", (long long)(now + set_at),
		(long long)(now + until), stated, probe, (long long)(now + probe_until));
	push_words("other", "b", name, value, now + until + 3600000);
}

#define ROOMY "machine sliding 99 0 3600000 0 0 *"

static void test_blocks(void **state)
{
	if (!*state)
		skip();
	push_block("service\n\n", -1000, 60000, 1, "", 0);
	assert_int_equal(reserve("01", true, WHO, ROOMY), 0);
	assert_int_equal(told.window, 0);
	assert_in_range(told.wait, 30000, 60000);
	assert_int_equal(reserve("02", true, "elsewhere plan key model", ROOMY), 1);
	/* An older word does not count, a newer one does; also that it is over. */
	push_block("service\n\n", -2000, 90000000, 1, "", 0);
	assert_int_equal(reserve("03", true, WHO, ROOMY), 0);
	assert_in_range(told.wait, 30000, 60000);
	push_block("service\n\n", -900, -10, 1, "", 0);
	assert_int_equal(reserve("04", false, WHO, ROOMY), 1);
	push_block("service\n\n", -800, 60000, 1, "", 0);
	push_words("other", "u", "service\n\n", NULL, now - 900);
	assert_int_equal(reserve("05", true, WHO, ROOMY), 0);
	push_words("other", "u", "service\n\n", NULL, now - 700);
	assert_int_equal(reserve("06", true, WHO, ROOMY), 1);
	/* Of a key, of a model. */
	push_block("service\nkey\n", -600, 60000, 1, "", 0);
	assert_int_equal(reserve("07", true, WHO, ROOMY), 0);
	assert_int_equal(reserve("08", true, "service plan key2 model", ROOMY), 1);
	push_block("service\n\nbig", -500, 60000, 1, "", 0);
	assert_int_equal(reserve("09", true, "service plan key2 big", ROOMY), 0);
	assert_int_equal(reserve("0a", true, "service plan key2 small", ROOMY), 1);
}

/* The time of a cooldown of unknown end is up: one request of all machines finds out, and a person asked for it. */
static void test_probe(void **state)
{
	if (!*state)
		skip();
	push_block("service\n\n", -70000, -1000, 0, "", 0);
	assert_int_equal(reserve("01", false, WHO, ROOMY), 0);
	assert_int_equal(reserve("02", true, WHO, ROOMY), 1);
	assert_int_equal(reserve("03", true, WHO, ROOMY), 0);
	assert_in_range(told.wait, 100000, 120000);
	assert_int_equal(reserve("02", true, WHO, ROOMY), 1);
	/* The one that was to find out did not. */
	push_block("service\n\n", -70000, -1000, 0, "02", -10);
	assert_int_equal(reserve("04", true, WHO, ROOMY), 1);
	/* Nobody has asked for an hour. */
	push_block("service\n\n", -70000, -3600001, 0, "", 0);
	assert_int_equal(reserve("05", false, WHO, ROOMY), 1);
}

static void test_news(void **state)
{
	int64_t cursor;

	if (!*state)
		skip();
	assert_int_equal(reserve("01", true, WHO, ROOMY), 1);
	assert_string_equal(told.news.data ? told.news.data : "", "");
	call("news", "other", 0, NULL);
	assert_int_equal(strncmp(told.news.data, "r01;me|", 7), 0);
	assert_non_null(strstr(told.news.data, "|172800000|service|plan|key|model;"));
	cursor = told.seq;
	call("news", "other", cursor, NULL);
	assert_int_equal(told.news.len, 0);
	/* Who wrote it does not hear it. */
	call("news", "me", 0, NULL);
	assert_int_equal(told.news.len, 0);
	push_words("me", "g", "01", NULL, 0);
	push_words("me", "l", "service\n86400\n*", "200\n1\nUTC\n5", now + 1000000);
	call("news", "other", cursor, NULL);
	assert_string_equal(told.news.data, "g01;me;lservice|86400|*;me|200|1|UTC|5;");
	/* More than one answer takes. */
	for (int i = 0; i < 300; i++) {
		char id[16];

		snprintf(id, sizeof(id), "f%03d", i);
		push_request("me", id, 300 - i, WHO);
	}
	call("news", "other", told.seq, NULL);
	assert_int_equal(told.more, 0);
	call("news", "other", cursor, NULL);
	assert_int_equal(told.more, 1);
	call("news", "other", told.seq, NULL);
	assert_int_equal(told.more, 0);
	assert_non_null(strstr(told.news.data, "rf299;"));
	assert_null(strstr(told.news.data, "rf200;"));
}

/* What nobody counts any more goes by itself, and a salt that is another means another ledger. */
static void test_tidy(void **state)
{
	if (!*state)
		skip();
	push_request("me", "01", 172800000, WHO);
	call("news", "other", 0, NULL);
	assert_int_equal(told.news.len, 0);
	push_words("me", "l", "service\n1\n*", "1\n0\n\n5", now - 1);
	call("news", "other", 0, NULL);
	assert_int_equal(told.news.len, 0);
	snprintf(salt, sizeof(salt), "another");
	call("news", "me", 0, NULL);
	assert_int_equal(told.verdict, -1);
	hello();
	assert_string_equal(salt, "0123456789abcdef0123456789abcdef");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sliding),
		TEST(test_reserve_share),
		TEST(test_calendar),
		TEST(test_spares),
		TEST(test_late),
		TEST(test_evicted),
		TEST(test_doubt),
		TEST(test_older_copy),
		TEST(test_scopes),
		TEST(test_gone),
		TEST(test_blocks),
		TEST(test_probe),
		TEST(test_news),
		TEST(test_tidy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
