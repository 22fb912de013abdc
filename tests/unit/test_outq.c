/*
 * The write queue, in front of a pipe whose reader is the test: nothing is taken before the test reads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/io/outq.h"

/* What a pipe holds: the smallest that the system makes. */
#define PIPE_SIZE 4096

struct fixture {
	struct loop *loop;
	struct outq *q;
	struct timer *guard;
	int fds[2];
	int drained;
	int broken;
	int reason;
	struct strbuf got;
	size_t stop_at; /* bytes read */
	struct watch *reader;
};

static void on_guard(void *ctx)
{
	struct fixture *f = ctx;

	loop_stop(f->loop);
	fail_msg("waited too long");
}

static void on_drained(void *ctx)
{
	struct fixture *f = ctx;

	assert_false(outq_congested(f->q));
	f->drained++;
}

static void on_broken(void *ctx, int reason)
{
	struct fixture *f = ctx;

	f->broken++;
	f->reason = reason;
	loop_stop(f->loop);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct outq_callbacks callbacks = { .drained = on_drained, .broken = on_broken, .ctx = f };

	*state = f;
	signal(SIGPIPE, SIG_IGN);
	if (pipe2(f->fds, O_CLOEXEC) < 0 || fcntl(f->fds[1], F_SETPIPE_SZ, PIPE_SIZE) != PIPE_SIZE)
		return -1;
	fcntl(f->fds[0], F_SETFL, O_NONBLOCK);
	f->loop = loop_new();
	f->q = outq_new(f->loop, f->fds[1], &callbacks);
	f->guard = timer_new(f->loop, on_guard, f);
	timer_start(f->guard, 20000);
	strbuf_init(&f->got, MIB(128));
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	outq_free(f->q);
	watch_free(f->reader);
	timer_free(f->guard);
	loop_free(f->loop);
	strbuf_release(&f->got);
	if (f->fds[0] >= 0)
		close(f->fds[0]);
	close(f->fds[1]);
	free(f);
	return 0;
}

static void read_all(struct fixture *f)
{
	char chunk[65536];
	ssize_t n;

	while ((n = read(f->fds[0], chunk, sizeof(chunk))) > 0)
		strbuf_add(&f->got, chunk, (size_t)n);
}

static void on_readable(void *ctx, int events)
{
	struct fixture *f = ctx;

	(void)events;
	read_all(f);
	if (f->got.len >= f->stop_at)
		loop_stop(f->loop);
}

/* Lets the loop run until so many bytes in all, or some more, have arrived. */
static void run_until(struct fixture *f, size_t bytes)
{
	f->stop_at = bytes;
	if (!f->reader)
		f->reader = watch_new(f->loop, f->fds[0], on_readable, f);
	watch_set(f->reader, WATCH_READ);
	if (f->got.len < bytes)
		loop_run(f->loop);
	watch_set(f->reader, WATCH_NONE);
	assert_true(f->got.len >= bytes);
}

static void end_loop(void *ctx)
{
	loop_stop(((struct fixture *)ctx)->loop);
}

/* One turn of the loop. */
static void turn(struct fixture *f)
{
	loop_defer(f->loop, end_loop, f);
	loop_run(f->loop);
}

/* A message of len bytes that begins with its number. */
static bool write_message(struct fixture *f, unsigned number, size_t len)
{
	char *text = xmalloc(len);
	bool ok;

	for (size_t i = 0; i < len; i++)
		text[i] = (char)(i < 4 ? number >> (8 * i) : number + i);
	ok = outq_write(f->q, text, len);
	memset(text, '#', len);
	free(text);
	return ok;
}

/* Every byte of messages `from` to `to`, each of len bytes, has arrived, in order; forgets them. */
static void expect_messages(struct fixture *f, unsigned from, unsigned to, size_t len)
{
	const char *at = f->got.data;

	assert_int_equal(f->got.len, (to - from) * len);
	for (unsigned number = from; number < to; number++)
		for (size_t i = 0; i < len; i++)
			if (*at++ != (char)(i < 4 ? number >> (8 * i) : number + i))
				fail_msg("byte %zu of message %u is wrong", i, number);
	strbuf_reset(&f->got);
}

static void test_at_once(void **state)
{
	struct fixture *f = *state;

	assert_true(write_message(f, 0, 100));
	assert_true(outq_write(f->q, "", 0));
	assert_true(write_message(f, 1, 100));
	/* No turn of the loop was needed. */
	read_all(f);
	expect_messages(f, 0, 2, 100);
	assert_false(outq_congested(f->q));
}

static const struct {
	size_t len;
	unsigned count;
	bool congests;
} bursts[] = {
	{ 1000, 1, false },
	{ PIPE_SIZE, 1, false },
	{ PIPE_SIZE + 1, 1, false },
	{ 1000, 50, false },
	{ 10000, 26, false },
	{ LIMIT_OUT_HIGH_WATER + PIPE_SIZE, 1, false },
	{ LIMIT_OUT_HIGH_WATER + PIPE_SIZE + 1, 1, true },
	{ 10000, 30, true },
	{ MIB(1), 5, true },
};

static void test_bursts(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(bursts); i++) {
		f->drained = 0;
		for (unsigned n = 0; n < bursts[i].count; n++)
			assert_true(write_message(f, n, bursts[i].len));
		assert_int_equal(outq_congested(f->q), bursts[i].congests);
		/* A reader that does not read changes nothing. */
		turn(f);
		assert_int_equal(outq_congested(f->q), bursts[i].congests);
		assert_int_equal(f->drained, 0);
		run_until(f, bursts[i].count * bursts[i].len);
		expect_messages(f, 0, bursts[i].count, bursts[i].len);
		turn(f);
		assert_int_equal(f->drained, bursts[i].congests);
		assert_false(outq_congested(f->q));
	}
	assert_int_equal(f->broken, 0);
}

/* Written to while it drains, for long: order holds. */
static void test_steady(void **state)
{
	struct fixture *f = *state;
	const size_t len = 3000;

	for (unsigned n = 0; n < 2000; n++) {
		assert_true(write_message(f, n, len));
		if (n % 3 == 0) {
			read_all(f);
			turn(f);
		}
	}
	run_until(f, 2000 * len);
	expect_messages(f, 0, 2000, len);
}

/* What was taken already does not count against the limit. */
static void test_limit_counts_what_waits(void **state)
{
	struct fixture *f = *state;
	const size_t len = MIB(1);
	const size_t fill = LIMIT_OUT_QUEUE / len;
	size_t got = 0;

	for (unsigned n = 0; n < fill; n++)
		assert_true(write_message(f, n, len));
	run_until(f, fill * len / 4);
	got = f->got.len;
	for (unsigned n = 0; n < got / len - 1; n++)
		assert_true(write_message(f, (unsigned)fill + n, len));
	run_until(f, (fill + got / len - 1) * len);
	expect_messages(f, 0, (unsigned)(fill + got / len - 1), len);
	assert_int_equal(f->broken, 0);
}

/* Over the limit: broken for good, told once, from the loop. */
static void test_over_the_limit(void **state)
{
	struct fixture *f = *state;
	unsigned n = 0;

	while (write_message(f, n, MIB(1)))
		n++;
	assert_int_equal(n, LIMIT_OUT_QUEUE / MIB(1));
	assert_int_equal(f->broken, 0);
	assert_false(outq_write(f->q, "x", 1));
	loop_run(f->loop);
	assert_int_equal(f->broken, 1);
	assert_int_equal(f->reason, 0);
	turn(f);
	assert_int_equal(f->broken, 1);
	outq_finish(f->q, 1000);
}

static void test_reader_gone_before(void **state)
{
	struct fixture *f = *state;

	close(f->fds[0]);
	f->fds[0] = -1;
	assert_false(outq_write(f->q, "x", 1));
	assert_int_equal(f->broken, 0);
	loop_run(f->loop);
	assert_int_equal(f->broken, 1);
	assert_int_equal(f->reason, EPIPE);
	assert_false(outq_write(f->q, "x", 1));
	turn(f);
	assert_int_equal(f->broken, 1);
}

static void test_reader_gone_meanwhile(void **state)
{
	struct fixture *f = *state;

	assert_true(write_message(f, 0, MIB(1)));
	turn(f);
	close(f->fds[0]);
	f->fds[0] = -1;
	loop_run(f->loop);
	assert_int_equal(f->broken, 1);
	assert_int_equal(f->reason, EPIPE);
	assert_int_equal(f->drained, 0);
	assert_false(outq_write(f->q, "x", 1));
}

/* Freed before the loop could tell: it does not. */
static void test_freed_while_broken(void **state)
{
	struct fixture *f = *state;

	close(f->fds[0]);
	f->fds[0] = -1;
	assert_false(outq_write(f->q, "x", 1));
	outq_free(f->q);
	f->q = NULL;
	turn(f);
	assert_int_equal(f->broken, 0);
}

/* The pipe is not blocking while the queue has it, and as it was before afterwards. */
static void test_flags(void **state)
{
	struct fixture *f = *state;

	assert_true(fcntl(f->fds[1], F_GETFL) & O_NONBLOCK);
	outq_free(f->q);
	outq_free(NULL);
	f->q = NULL;
	assert_false(fcntl(f->fds[1], F_GETFL) & O_NONBLOCK);
}

/* At the end without a loop: all of it, if somebody reads. */
static void test_finish(void **state)
{
	struct fixture *f = *state;

	outq_finish(f->q, 1000);
	assert_true(write_message(f, 0, PIPE_SIZE + 1000));
	/* Nobody reads: it gives up. */
	outq_finish(f->q, 10);
	read_all(f);
	assert_int_equal(f->got.len, PIPE_SIZE);
	outq_finish(f->q, 10000);
	read_all(f);
	expect_messages(f, 0, 1, PIPE_SIZE + 1000);
	close(f->fds[0]);
	f->fds[0] = -1;
	assert_false(outq_write(f->q, "x", 1));
	outq_finish(f->q, 10000);
}

#define OUTQ_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OUTQ_TEST(test_at_once),
		OUTQ_TEST(test_bursts),
		OUTQ_TEST(test_steady),
		OUTQ_TEST(test_limit_counts_what_waits),
		OUTQ_TEST(test_over_the_limit),
		OUTQ_TEST(test_reader_gone_before),
		OUTQ_TEST(test_reader_gone_meanwhile),
		OUTQ_TEST(test_freed_while_broken),
		OUTQ_TEST(test_flags),
		OUTQ_TEST(test_finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
