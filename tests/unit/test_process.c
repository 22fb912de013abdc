/*
 * Processes by number and time of their beginning: this one, one that lives, one that is over, and a number used again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "eke/base/process.h"

static void test_this_one(void **state)
{
	int64_t started = process_started(getpid());

	(void)state;
	assert_true(started >= 0);
	assert_true(process_lives(getpid(), started));
	assert_true(process_lives(getpid(), 0));
#ifdef __linux__
	assert_true(started > 0);
	/* The number is used again: that one is over. */
	assert_false(process_lives(getpid(), started + 1));
#endif
	assert_false(process_lives(0, 0));
	assert_false(process_lives(-1, 0));
	assert_int_equal(process_started(-1), 0);
}

static void test_another(void **state)
{
	int ends[2];
	int64_t started;
	siginfo_t info;
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		/* Until the other end is closed. */
		close(ends[1]);
		_exit((int)read(ends[0], &c, 1));
	}
	started = process_started(pid);
	assert_true(process_lives(pid, started));
	close(ends[1]);
	/* Over, but not waited for: a zombie. */
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
#ifdef __linux__
	assert_false(process_lives(pid, started));
#endif
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(process_lives(pid, started));
	assert_false(process_lives(pid, 0));
	close(ends[0]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_this_one),
		cmocka_unit_test(test_another),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
