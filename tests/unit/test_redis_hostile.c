/*
 * A server that is not a Redis, or no longer: answers that nobody asked for, lists of two thousand million elements,
 * events without an end, times that overflow. Each request is answered all the same, soon, and by the local ledger.
 *
 * The server is a child process: it greets as a Redis would, and answers each operation of the script as a case says.
 */
#include "gate.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "../../src/budget/redis.h"

#define HELLO "*2\r\n$32\r\n0123456789abcdef0123456789abcdef\r\n:1795489200000\r\n"
#define LIST(now, seq, more, wait, window, spares, until) \
	"*8\r\n:0\r\n:" now "\r\n:" seq "\r\n:" more "\r\n:" wait "\r\n:" window "\r\n" spares "\r\n:" until "\r\n"
#define TIME "1795489200000"
#define NONE "$0\r\n"
#define IN_STEP LIST(TIME, "1", "0", "0", "0", NONE, "0")
#define MOST "9223372036854775807"

struct hostile {
	const char *hello, *join, *reserve; /* what is answered to them */
	const char *why; /* the reason for its end that is logged; NULL: it is not ended */
};
static const struct hostile cases[] = {
	/* Taken for the answer to the next call. */
	{ HELLO ":1\r\n", IN_STEP, IN_STEP, "it answers something else" },
	{ HELLO, IN_STEP ":1\r\n$1\r\nx\r\n", IN_STEP, "it sends an answer that nobody asked for" },
	{ "*2147483647\r\n", IN_STEP, IN_STEP, "it sends an answer that is too long" },
	{ HELLO, "*2147483647\r\n", IN_STEP, "it sends an answer that is too long" },
	{ HELLO, "*1025\r\n", IN_STEP, "it sends an answer that is too long" },
	{ HELLO, "*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", IN_STEP, "it sends an answer that is too long" },
	/* The request does not wait for the end of it. */
	{ HELLO, "$2147483647\r\n", IN_STEP, NULL },
	{ HELLO, ":1\r\n", IN_STEP, "it answers something else" },
	{ HELLO, "*8\r\n$1\r\nx\r\n$1\r\nx\r\n:1\r\n:0\r\n:0\r\n:0\r\n:0\r\n:0\r\n", IN_STEP, "it answers something else" },
	{ "*2\r\n$1\r\nx\r\n:1\r\n", IN_STEP, IN_STEP, "what it keeps is not a ledger of eke's" },
	{ "*2\r\n$32\r\n0123456789abcdef0123456789abcdef\r\n:" MOST "\r\n", IN_STEP, IN_STEP, "is not a ledger of eke's" },
	{ HELLO, LIST(TIME, "1", "1", "0", "0", NONE, "0"), IN_STEP, "it never comes to an end" },
	{ HELLO, LIST(MOST, "1", "0", "0", "0", NONE, "0"), IN_STEP, "it answers something else" },
	{ HELLO, LIST("-1", "1", "0", "0", "0", NONE, "0"), IN_STEP, "it answers something else" },
	{ HELLO, LIST(TIME, MOST, "1", "0", "0", NONE, "0"), IN_STEP, "it answers something else" },
	{ HELLO, LIST(TIME, "-5", "0", "0", "0", NONE, "0"), IN_STEP, "it answers something else" },
	{ HELLO, "+OK\r\n", IN_STEP, "it answers something else" },
	{ HELLO, "HTTP/1.1 400 Bad Request\r\n\r\n", IN_STEP, "Protocol error" },
	{ HELLO, IN_STEP, LIST(TIME, "1", "0", MOST, "1", NONE, "0"), NULL },
	{ HELLO, IN_STEP, LIST(TIME, "1", "0", "-" MOST, MOST, NONE, MOST), NULL },
	{ HELLO, IN_STEP, LIST(TIME, "1", "0", "5000", "-1", "$9\r\nzzzz zzzz", "-7"), NULL },
	{ HELLO, IN_STEP, "-ERR it has no room\r\n", "ERR it has no room" },
	/* Again and again. */
	{ HELLO, IN_STEP, "-NOSCRIPT No matching script.\r\n", "NOSCRIPT" },
};

/* --- the server --- */

/* One command: its words that matter. False: the client is gone. */
static bool read_command(FILE *in, char *name, size_t size, char *operation, size_t operation_size)
{
	char line[64];
	long count;

	if (!fgets(line, sizeof(line), in) || *line != '*')
		return false;
	count = strtol(line + 1, NULL, 10);
	*operation = '\0';
	for (long i = 0; i < count; i++) {
		char *word;
		size_t len;

		if (!fgets(line, sizeof(line), in) || *line != '$')
			return false;
		len = (size_t)strtol(line + 1, NULL, 10);
		word = xcalloc(1, len + 3);
		if (fread(word, 1, len + 2, in) != len + 2)
			return false;
		word[len] = '\0';
		if (i == 0)
			snprintf(name, size, "%s", word);
		/* EVALSHA, the hash, six keys. */
		if (i == 9)
			snprintf(operation, operation_size, "%s", word);
		free(word);
	}
	return true;
}

static void serve(int fd, const struct hostile *c)
{
	FILE *in = fdopen(fd, "r");
	char name[32], operation[32];

	while (read_command(in, name, sizeof(name), operation, sizeof(operation))) {
		const char *answer = IN_STEP;

		if (!strcmp(name, "PING"))
			answer = "+PONG\r\n";
		else if (!strcmp(name, "SCRIPT"))
			answer = "$40\r\n0123456789012345678901234567890123456789\r\n";
		else if (!strcmp(operation, "hello"))
			answer = c->hello;
		else if (!strcmp(operation, "join"))
			answer = c->join;
		else if (!strcmp(operation, "reserve"))
			answer = c->reserve;
		if (send(fd, answer, strlen(answer), MSG_NOSIGNAL) < 0)
			break;
	}
	fclose(in);
}

static pid_t start_server(const char *path, const struct hostile *c)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 4), 0);
	pid = fork();
	if (!pid) {
		int client;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while ((client = accept(listener, NULL, NULL)) >= 0)
			serve(client, c);
		_exit(0);
	}
	close(listener);
	return pid;
}

/* --- the cases --- */

static void check(const struct hostile *c, size_t i, const char *path)
{
	pid_t server = start_server(path, c);
	char *url = xasprintf("unix://%s?timeout=300", path);
	int64_t began = clock_mono_ms();
	int64_t now;
	struct err err;
	uint64_t id;

	strbuf_reset(&lines);
	if (!budget_share(first, url, &err))
		fail_msg("%s", err.message);
	id = ask(first, A, "m", ASKED, 0, &err);
	if (id) {
		budget_refund(first, id);
	} else {
		assert_int_equal(err.kind, ERR_BUDGET);
		now = clock_wall_ms() / 1000;
		if (err.retry_at < now - 1 || err.retry_at > now + LIMIT_RETRY_SECONDS + 1)
			fail_msg("case %zu: retry at %lld", i, (long long)err.retry_at);
	}
	if (clock_mono_ms() - began > 5000)
		fail_msg("case %zu: it took %lld ms", i, (long long)(clock_mono_ms() - began));
	if (c->why && !strstr(lines.data, c->why))
		fail_msg("case %zu: the log has: %s", i, lines.data);
	if (!c->why && lines.data && strstr(lines.data, "does not answer"))
		fail_msg("case %zu: the log has: %s", i, lines.data);
	assert_true(budget_share(first, NULL, &err));
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	free(url);
}

static void test_hostile(void **state)
{
	char *path = xasprintf("%s.sock", state_dir);

	(void)state;
	if (!redis_is_built())
		skip();
	signal(SIGPIPE, SIG_IGN);
	/* Times are waited for. */
	clock_unset_for_test();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(&cases[i], i, path);
	unlink(path);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(test_hostile, setup, teardown) };

	zone_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
