/*
 * The reader, on a pipe and on a file, and the descriptor that belongs to the protocol.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/io/pump.h"

struct fixture {
	struct loop *loop;
	struct pump *pump;
	int fds[2];
	struct strbuf got;
	int ends;
	int reason;
	bool free_at_first;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->loop = loop_new();
	strbuf_init(&f->got, MIB(1));
	*state = f;
	return pipe2(f->fds, O_CLOEXEC);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	pump_free(f->pump);
	loop_free(f->loop);
	strbuf_release(&f->got);
	close(f->fds[0]);
	if (f->fds[1] >= 0)
		close(f->fds[1]);
	free(f);
	return 0;
}

static void on_bytes(void *ctx, const char *data, size_t len)
{
	struct fixture *f = ctx;

	assert_in_range(len, 1, LIMIT_READ_CHUNK);
	strbuf_add(&f->got, data, len);
	if (!f->free_at_first)
		return;
	pump_free(f->pump);
	f->pump = NULL;
	loop_stop(f->loop);
}

static void on_end(void *ctx, int reason)
{
	struct fixture *f = ctx;

	f->ends++;
	f->reason = reason;
	loop_stop(f->loop);
}

static void start(struct fixture *f, int fd)
{
	struct pump_callbacks callbacks = { .bytes = on_bytes, .end = on_end, .ctx = f };

	f->pump = pump_new(f->loop, fd, &callbacks);
}

static void close_writer(void *ctx)
{
	struct fixture *f = ctx;

	close(f->fds[1]);
	f->fds[1] = -1;
}

static void end_loop(void *ctx)
{
	loop_stop(((struct fixture *)ctx)->loop);
}

/* The descriptor stays blocking, as others may share it; the loop does not. */
static void test_pipe(void **state)
{
	struct fixture *f = *state;

	start(f, f->fds[0]);
	assert_int_equal(fcntl(f->fds[0], F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(write(f->fds[1], "one", 3), 3);
	assert_string_equal(f->got.data, "");
	assert_int_equal(write(f->fds[1], "two\0", 4), 4);
	loop_defer(f->loop, close_writer, f);
	loop_run(f->loop);
	assert_int_equal(f->got.len, 7);
	assert_memory_equal(f->got.data, "onetwo\0", 7);
	assert_int_equal(f->ends, 1);
	assert_int_equal(f->reason, 0);
	/* Once. */
	loop_defer(f->loop, end_loop, f);
	loop_run(f->loop);
	assert_int_equal(f->ends, 1);
}

/* More than one chunk, from a file, which epoll cannot watch. */
static void test_file(void **state)
{
	struct fixture *f = *state;
	int fd = memfd_create("input", MFD_CLOEXEC);
	size_t len = 3 * LIMIT_READ_CHUNK + 5;
	char *text = xmalloc(len);

	memset(text, 'x', len);
	text[len - 1] = '.';
	assert_int_equal(pwrite(fd, text, len, 0), (ssize_t)len);
	start(f, fd);
	loop_run(f->loop);
	assert_int_equal(f->got.len, len);
	assert_memory_equal(f->got.data, text, len);
	assert_int_equal(f->ends, 1);
	assert_int_equal(f->reason, 0);
	free(text);
	close(fd);
}

static void test_freed_in_callback(void **state)
{
	struct fixture *f = *state;

	f->free_at_first = true;
	start(f, f->fds[0]);
	assert_int_equal(write(f->fds[1], "x", 1), 1);
	loop_run(f->loop);
	close_writer(f);
	loop_defer(f->loop, end_loop, f);
	loop_run(f->loop);
	assert_string_equal(f->got.data, "x");
	assert_int_equal(f->ends, 0);
	pump_free(NULL);
}

static bool same_file(int a, int b)
{
	struct stat x;
	struct stat y;

	return !fstat(a, &x) && !fstat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* What was descriptor 1 is moved, and 1 is standard error. Put back at the end: cmocka writes there. */
static void test_claim_stdout(void **state)
{
	int before = dup(STDOUT_FILENO);
	int saved_error = dup(STDERR_FILENO);
	int error = memfd_create("stderr", MFD_CLOEXEC);
	int claimed;

	(void)state;
	assert_true(before >= 0 && saved_error >= 0 && error >= 0);
	assert_true(dup2(error, STDERR_FILENO) >= 0);
	claimed = stdio_claim_stdout();
	if (claimed < 3 || !same_file(claimed, before) || !same_file(STDOUT_FILENO, error) ||
	    !(fcntl(claimed, F_GETFD) & FD_CLOEXEC)) {
		dup2(before, STDOUT_FILENO);
		dup2(saved_error, STDERR_FILENO);
		fail_msg("standard output was not moved aside");
	}
	dup2(before, STDOUT_FILENO);
	dup2(saved_error, STDERR_FILENO);
	assert_true(same_file(claimed, STDOUT_FILENO));
	close(claimed);
	close(before);
	close(saved_error);
	close(error);
}

#define PUMP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PUMP_TEST(test_pipe),
		PUMP_TEST(test_file),
		PUMP_TEST(test_freed_in_callback),
		cmocka_unit_test(test_claim_stdout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
