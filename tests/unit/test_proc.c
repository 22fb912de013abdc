/*
 * Commands: what they print, and each way in which they go wrong. The commands are of every POSIX system.
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
#include <sys/stat.h>
#include <unistd.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/io/proc.h"

struct fixture {
	struct loop *loop;
	struct timer *guard;
	struct strbuf output;
	bool ok;
	int calls;
	struct err err;
};

static void on_guard(void *ctx)
{
	struct fixture *f = ctx;

	loop_stop(f->loop);
	fail_msg("waited too long");
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	signal(SIGPIPE, SIG_IGN);
	f->loop = loop_new();
	f->guard = timer_new(f->loop, on_guard, f);
	timer_start(f->guard, 20000);
	strbuf_init(&f->output, MIB(1));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	timer_free(f->guard);
	loop_free(f->loop);
	strbuf_release(&f->output);
	free(f);
	return 0;
}

static void on_result(void *ctx, const struct strbuf *output, const struct err *err)
{
	struct fixture *f = ctx;

	f->calls++;
	f->ok = output != NULL;
	strbuf_reset(&f->output);
	if (output)
		strbuf_add(&f->output, output->data, output->len);
	f->err = *err;
	loop_stop(f->loop);
}

static struct proc *start(struct fixture *f, const char *const *argv, size_t max, int seconds)
{
	const struct proc_spec spec = { .argv = (char *const *)(uintptr_t)argv, .max_output = max, .seconds = seconds };

	return proc_run(f->loop, &spec, on_result, f);
}

#define SH(script) { "sh", "-c", script, NULL }

static const struct {
	const char *argv[5];
	const char *output; /* NULL: fails */
	const char *message;
} runs[] = {
	{ { "echo", "a key", NULL }, "a key\n", NULL },
	{ { "printf", "%s", "no line end", NULL }, "no line end", NULL },
	{ { "true", NULL }, "", NULL },
	{ SH("printf 'a\\nb\\n'; printf c"), "a\nb\nc", NULL },
	/* standard input is empty */
	{ { "cat", NULL }, "", NULL },
	/* it does not inherit that we ignore a broken pipe */
	{ SH("sh -c 'kill -s PIPE $$; echo alive'; echo $?"), "141\n", NULL },
	/* its output has ended before it has */
	{ SH("echo early; exec >&-; read x < /dev/null; exit 0"), "early\n", NULL },
	/* something that it leaves running holds the pipe: what was printed till its end counts */
	{ SH("tail -f /dev/null & echo $!"), "PID", NULL },
	{ SH("yes > /dev/null & echo $!"), "PID", NULL },

	{ { "false", NULL }, NULL, "the command 'false' failed with exit code 1" },
	{ SH("echo partial; exit 77"), NULL, "the command 'sh' failed with exit code 77" },
	{ SH("kill -s KILL $$"), NULL, "the command 'sh' was ended by signal 9" },
	{ SH("kill -s TERM $$"), NULL, "the command 'sh' was ended by signal 15" },
	{ SH("exec no-such-program-here 2> /dev/null"), NULL, "the command 'sh' was not found" },
	{ { "no-such-program-here", "x", NULL }, NULL, "the command 'no-such-program-here' was not found" },
	{ { "./program", NULL }, NULL, "the command './program' is relative to a folder" },
	{ { "bin/program", NULL }, NULL, "the command 'bin/program' is relative to a folder" },
	{ { "/nonexistent/program", NULL }, NULL, "cannot run the command '/nonexistent/program': No such file" },
	{ { "/", NULL }, NULL, "cannot run the command '/': Permission denied" },
	{ { "", NULL }, NULL, "cannot run the command ''" },
	{ SH("yes"), NULL, "the command 'sh' printed more than 4096 bytes" },
	{ SH("yes | head -c 5000"), NULL, "the command 'sh' printed more than 4096 bytes" },
	{ SH("yes x | head -c 4097; exit 3"), NULL, "printed more than 4096 bytes" },
};

/* What a command says on standard error is for the sentence and the log, not for a terminal. */
static void test_errors(void **state)
{
	static const struct {
		const char *script;
		const char *said; /* behind its exit code, 3; NULL: it prints "out" */
	} cases[] = {
		{ "echo warning >&2; echo out", NULL },
		{ "exit 3", "" },
		{ "echo one >&2; echo two >&2; exit 3", ": one" },
		{ "echo warning: fatal: no >&2; echo 'fatal: yes' >&2; exit 3", ": warning: fatal: no" },
		{ "echo warning >&2; echo 'fatal: yes' >&2; echo more >&2; exit 3", ": fatal: yes" },
		{ "printf 'a\\033]0;t\\007b\\302\\2332Jc\\342\\200\\256d\\n' >&2; exit 3", ": abcd" },
		{ "yes | head -c 1000000 >&2; echo out", NULL },
		{ "yes no | head -c 1000000 >&2; exit 3", ": no" },
		{ "yes >&2 & echo out", NULL },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *const argv[] = { "sh", "-c", cases[i].script, NULL };
		const struct proc_spec spec = {
			.argv = (char *const *)(uintptr_t)argv, .max_output = KIB(4), .seconds = 10, .hears_errors = true,
		};

		proc_run(f->loop, &spec, on_result, f);
		loop_run(f->loop);
		assert_int_equal(f->ok, !cases[i].said);
		if (f->ok) {
			assert_string_equal(f->output.data, "out\n");
		} else {
			char *wanted = xasprintf("the command 'sh' failed with exit code 3%s", cases[i].said);

			assert_string_equal(f->err.message, wanted);
			free(wanted);
		}
	}
}

/* The working directory may be a stranger's workspace, whatever PATH says. */
static void test_working_directory(void **state)
{
	static const char *const paths[] = {
		".:/bin:/usr/bin", ":/bin:/usr/bin", "/bin:/usr/bin:", "/bin::/usr/bin", "here:/bin"
	};
	const char *const argv[] = { "program-here", NULL };
	struct fixture *f = *state;
	char dir[] = "/tmp/eke-proc-XXXXXX";
	char *before = xstrdup(getenv("PATH"));
	int fd;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(mkdir("here", 0700), 0);
	for (size_t i = 0; i < 2; i++) {
		fd = open(i ? "here/program-here" : "program-here", O_WRONLY | O_CREAT, 0700);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, "#!/bin/sh\necho stranger\n", 24), 24);
		close(fd);
	}
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		setenv("PATH", paths[i], 1);
		start(f, argv, 4096, 15);
		loop_run(f->loop);
		assert_false(f->ok);
		assert_non_null(strstr(f->err.message, "was not found"));
	}
	/* What is the user's own: an absolute directory. */
	setenv("PATH", dir, 1);
	start(f, argv, 4096, 15);
	loop_run(f->loop);
	assert_true(f->ok);
	setenv("PATH", before, 1);
	free(before);
	assert_int_equal(unlink("program-here") | unlink("here/program-here") | rmdir("here") | chdir("/") | rmdir(dir), 0);
}

static void test_environment(void **state)
{
	const char *const argv[] = { "sh", "-c", "echo $EKE_TEST_A,$EKE_TEST_B,$EKE_TEST_AB", NULL };
	const char *const env[] = { "EKE_TEST_A=new", "EKE_TEST_B=", NULL };
	const struct proc_spec spec = {
		.argv = (char *const *)(uintptr_t)argv, .env = env, .max_output = 100, .seconds = 15
	};
	struct fixture *f = *state;

	setenv("EKE_TEST_A", "old", 1);
	setenv("EKE_TEST_B", "old", 1);
	setenv("EKE_TEST_AB", "stays", 1);
	proc_run(f->loop, &spec, on_result, f);
	loop_run(f->loop);
	assert_string_equal(f->output.data, "new,,stays\n");
}

static void kill_left_over(struct strbuf *output)
{
	char *end;
	long pid = strtol(output->data, &end, 10);

	assert_true(pid > 1 && *end == '\n');
	assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
	strbuf_reset(output);
	strbuf_adds(output, "PID");
}

static void test_runs(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(runs); i++) {
		f->calls = 0;
		assert_non_null(start(f, runs[i].argv, 4096, 15));
		/* From the loop, never from within. */
		assert_int_equal(f->calls, 0);
		loop_run(f->loop);
		assert_int_equal(f->calls, 1);
		if (f->ok != !runs[i].message)
			fail_msg("command %zu: %s", i, f->ok ? "succeeded" : f->err.message);
		if (!f->ok) {
			assert_int_equal(f->err.kind, ERR_CONFIG);
			if (!strstr(f->err.message, runs[i].message))
				fail_msg("command %zu: %s", i, f->err.message);
			continue;
		}
		assert_int_equal(f->err.kind, ERR_NONE);
		if (!strcmp(runs[i].output, "PID"))
			kill_left_over(&f->output);
		assert_string_equal(f->output.data, runs[i].output);
	}
}

/* Exactly as much as is allowed. */
static void test_largest_output(void **state)
{
	static const char *const argv[] = SH("yes | head -c 100000");
	struct fixture *f = *state;

	start(f, argv, 100000, 15);
	loop_run(f->loop);
	assert_true(f->ok);
	assert_int_equal(f->output.len, 100000);
}

/* What prints on behind a child that is gone does not hold us. */
static void test_endless_left_over(void **state)
{
	static const char *const argv[] = SH("yes & echo $!");
	struct fixture *f = *state;

	start(f, argv, 4096, 15);
	loop_run(f->loop);
	assert_int_equal(f->calls, 1);
	/* Which of the two it was when the child ended is a race; yes itself dies of its broken pipe. */
	assert_true(f->ok || strstr(f->err.message, "printed more than 4096 bytes"));
}

static void test_timeout(void **state)
{
	static const char *const argv[] = SH("echo early; exec tail -f /dev/null");
	struct fixture *f = *state;
	int64_t before = clock_mono_ms();

	start(f, argv, 4096, 1);
	loop_run(f->loop);
	assert_false(f->ok);
	assert_int_equal(f->calls, 1);
	assert_int_equal(f->err.kind, ERR_CONFIG);
	assert_string_equal(f->err.message, "the command 'sh' gave no result within 1 s");
	assert_true(clock_mono_ms() - before >= 1000);
}

static void end_loop(void *ctx)
{
	loop_stop(((struct fixture *)ctx)->loop);
}

/* Its read end closes: the writer that the test is sees the death of the command. */
static void test_cancel(void **state)
{
	struct fixture *f = *state;
	char path[] = "/tmp/test-proc-XXXXXX";
	char *script;
	int fd;

	assert_non_null(mkdtemp(path));
	script = xasprintf("exec 3< %s/fifo; echo up; exec tail -f /dev/null", path);
	{
		const char *argv[] = SH(NULL);
		char *fifo = xasprintf("%s/fifo", path);
		struct proc *proc;
		struct timer *timer = timer_new(f->loop, end_loop, f);

		argv[2] = script;
		assert_int_equal(mkfifo(fifo, 0600), 0);
		proc = start(f, argv, 4096, 15);
		fd = open(fifo, O_WRONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		timer_start(timer, 1);
		loop_run(f->loop);
		proc_cancel(proc);
		/* Till it is dead, nobody has the other end open. */
		while (write(fd, "x", 1) == 1)
			continue;
		assert_int_equal(errno, EPIPE);
		timer_start(timer, 1);
		loop_run(f->loop);
		assert_int_equal(f->calls, 0);
		timer_free(timer);
		close(fd);
		unlink(fifo);
		free(fifo);
	}
	rmdir(path);
	free(script);
}

/* Of one that could not even start, and of one that has ended but was not heard of. */
static void test_cancel_early(void **state)
{
	static const char *const missing[] = { "/nonexistent/program", NULL };
	static const char *const quick[] = { "true", NULL };
	struct fixture *f = *state;

	proc_cancel(NULL);
	proc_cancel(start(f, missing, 4096, 15));
	proc_cancel(start(f, quick, 4096, 15));
	loop_defer(f->loop, end_loop, f);
	loop_run(f->loop);
	assert_int_equal(f->calls, 0);
}

/* Several at once, each with its own answer. */
static void test_many(void **state)
{
	static const char *const argv[] = { "echo", "x", NULL };
	struct fixture *f = *state;

	for (int i = 0; i < 8; i++)
		start(f, argv, 100, 15);
	while (f->calls < 8) {
		loop_run(f->loop);
		assert_true(f->ok);
		assert_string_equal(f->output.data, "x\n");
	}
	assert_int_equal(f->calls, 8);
}

#define PROC_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROC_TEST(test_runs),	 PROC_TEST(test_largest_output), PROC_TEST(test_endless_left_over),
		PROC_TEST(test_timeout), PROC_TEST(test_cancel),	 PROC_TEST(test_cancel_early),
		PROC_TEST(test_many),	 PROC_TEST(test_working_directory), PROC_TEST(test_environment),
		PROC_TEST(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
