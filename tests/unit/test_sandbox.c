/*
 * git in the sandbox, in repositories that have it run something, and without any of the guards of chat/git.c: nothing
 * is run, written or asked in the network, and what is hidden stays so. Each attack is first seen to work outside.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/io/proc.h"

struct fixture {
	struct loop *loop;
	char *dir; /* without links */
	char *repository;
	char *pwned;
	struct strbuf output;
	bool ok;
	struct err err;
};

static void on_result(void *ctx, const struct strbuf *output, const struct err *err)
{
	struct fixture *f = ctx;

	f->ok = output != NULL;
	strbuf_reset(&f->output);
	if (output)
		strbuf_add(&f->output, output->data, output->len);
	f->err = *err;
	loop_stop(f->loop);
}

static bool run_argv(struct fixture *f, const char *const *argv, const struct sandbox *sandbox)
{
	char *home = xasprintf("HOME=%s", f->dir);
	const char *env[] = { home, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", NULL };
	const struct proc_spec spec = {
		.argv = (char *const *)(uintptr_t)argv, .env = env, .max_output = MIB(1), .seconds = 20, .sandbox = sandbox,
	};

	proc_run(f->loop, &spec, on_result, f);
	loop_run(f->loop);
	free(home);
	return f->ok;
}

/* A command of the shell in the repository. */
static void sh(struct fixture *f, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void sh(struct fixture *f, const char *fmt, ...)
{
	struct strbuf command;
	va_list ap;

	strbuf_init(&command, KIB(16));
	strbuf_addf(&command, "exec 2>&1; set -e; cd '%s'; ", f->repository);
	va_start(ap, fmt);
	strbuf_vaddf(&command, fmt, ap);
	va_end(ap);
	if (!run_argv(f, (const char *const[]){ "sh", "-c", command.data, NULL }, NULL))
		fail_msg("%s: %s", command.data, f->err.message);
	strbuf_release(&command);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	char dir[] = "/tmp/eke-sandbox-XXXXXX";

	f->loop = loop_new();
	assert_non_null(mkdtemp(dir));
	f->dir = realpath(dir, NULL);
	f->repository = xasprintf("%s/repository", f->dir);
	f->pwned = xasprintf("%s/pwned", f->dir);
	strbuf_init(&f->output, MIB(1));
	assert_int_equal(mkdir(f->repository, 0700), 0);
	sh(f, "git init -q; git config user.name me; git config user.email me@example.org; echo one >a; git add a; "
		"git commit -qm first; echo two >a; git add a; echo three >a");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sh(f, "rm -rf '%s'", f->dir);
	loop_free(f->loop);
	strbuf_release(&f->output);
	free(f->pwned);
	free(f->repository);
	free(f->dir);
	free(f);
	return 0;
}

static const char *const nothing[] = { NULL };

static bool is_confined(void)
{
	if (sandbox_landlock_version() && sandbox_has_seccomp())
		return true;
	print_message("this system has not both Landlock and seccomp\n");
	return false;
}

static bool git(struct fixture *f, const char *const *words, const struct sandbox *sandbox)
{
	const char *argv[16] = { "git", "-C", f->repository };

	for (size_t i = 0; words[i]; i++)
		argv[3 + i] = words[i];
	return run_argv(f, argv, sandbox);
}

static void test_reads(void **state)
{
	struct fixture *f = *state;
	const struct sandbox sandbox = { .hidden = nothing, .shown = nothing };

	assert_true(git(f, (const char *const[]){ "diff", "--cached", NULL }, &sandbox));
	assert_non_null(strstr(f->output.data, "+two"));
	assert_true(git(f, (const char *const[]){ "diff", NULL }, &sandbox));
	assert_non_null(strstr(f->output.data, "+three"));
	assert_true(git(f, (const char *const[]){ "config", "--list", NULL }, &sandbox));
}

static void test_starts_nothing(void **state)
{
	static const struct {
		const char *name;
		const char *make; /* of the shell; $PWN is a command */
		const char *words[8];
	} attacks[] = {
		{ "diff.external", "git config diff.external \"$PWN\"", { "diff", "--cached" } },
		{ "textconv", "git config diff.x.textconv \"$PWN; cat\"; echo '* diff=x' >.gitattributes",
			{ "diff", "--cached" } },
		{ "filter", "git config filter.x.clean \"$PWN; cat\"; echo '* filter=x' >.gitattributes", { "diff" } },
		{ "process", "git config filter.x.process \"$PWN\"; echo '* filter=x' >.gitattributes", { "diff" } },
		{ "fsmonitor", "git config core.fsmonitor \"$PWN; false\"", { "diff" } },
		{ "a lazy fetch", "git config core.repositoryFormatVersion 1; git config extensions.partialClone o; "
			"git config remote.o.url . ; git config remote.o.promisor true; git config remote.o.uploadpack \"$PWN;\"; "
			"id=$(git rev-parse HEAD:a); rm -f .git/objects/$(echo $id | cut -c1-2)/$(echo $id | cut -c3-)",
			{ "diff", "--cached" } },
		{ "an alias", "git config alias.x \"!$PWN\"", { "x" } },
		{ "a hook", "mkdir -p .git/hooks; printf '#!/bin/sh\\n%s\\n' \"$PWN\" >.git/hooks/post-index-change; "
			"chmod +x .git/hooks/post-index-change",
			{ "update-index", "--refresh", "-q" } },
	};
	struct fixture *f = *state;
	const struct sandbox sandbox = { .hidden = nothing, .shown = nothing };

	if (!is_confined())
		skip();
	for (size_t i = 0; i < ARRAY_LEN(attacks); i++) {
		for (int confined = 1; confined >= 0; confined--) {
			sh(f, "rm -rf ../r2; cp -a . ../r2; PWN='touch %s'; %s", f->pwned, attacks[i].make);
			unlink(f->pwned);
			git(f, attacks[i].words, confined ? &sandbox : NULL);
			if ((access(f->pwned, F_OK) == 0) == (confined != 0))
				fail_msg("%s: %s", attacks[i].name, confined ? "was run" : "is no attack");
			unlink(f->pwned);
			sh(f, "rm -rf .git .gitattributes a; cp -a ../r2/. .");
		}
	}
}

/* The interpreter may be run, as git needs it, and could start what it can read. */
static void test_interpreter_starts_nothing(void **state)
{
	struct fixture *f = *state;
	const struct sandbox sandbox = { .hidden = nothing, .shown = nothing };
	char interpreter[128];

	if (!is_confined())
		skip();
	sh(f, "for i in /lib64/ld-linux-*.so.* /lib/ld-linux-*.so.*; do if [ -x $i ]; then echo $i; break; fi; done");
	if (!f->output.len)
		skip();
	snprintf(interpreter, sizeof(interpreter), "%.*s", (int)(f->output.len - 1), f->output.data);
	/* git gives it the file's path as its first argument; further ones are names for touch. */
	sh(f, "mkdir d; echo >d/x; git add d; git commit -qm second; cp \"$(command -v touch)\" d/x; git add d; "
		"git reset -q a; git checkout -q a; git config diff.external %s", interpreter);
	git(f, (const char *const[]){ "diff", "--cached", NULL }, NULL);
	sh(f, "ls");
	if (!strstr(f->output.data, "100"))
		fail_msg("it is no attack: %s", f->output.data);
	sh(f, "rm -f 100*");
	git(f, (const char *const[]){ "diff", "--cached", NULL }, &sandbox);
	sh(f, "ls");
	assert_null(strstr(f->output.data, "100"));
}

static void test_writes_nothing(void **state)
{
	struct fixture *f = *state;
	const struct sandbox sandbox = { .hidden = nothing, .shown = nothing };
	char *file = xasprintf("--file=%s", f->pwned);
	char *output = xasprintf("--output=%s", f->pwned);

	if (!is_confined()) {
		free(file);
		free(output);
		skip();
	}
	git(f, (const char *const[]){ "config", file, "a.b", "c", NULL }, &sandbox);
	git(f, (const char *const[]){ "diff", output, NULL }, &sandbox);
	assert_int_equal(access(f->pwned, F_OK), -1);
	assert_false(git(f, (const char *const[]){ "init", "-q", f->pwned, NULL }, &sandbox));
	assert_false(git(f, (const char *const[]){ "config", "x.y", "z", NULL }, &sandbox));
	assert_false(git(f, (const char *const[]){ "update-ref", "refs/heads/x", "HEAD", NULL }, &sandbox));
	sh(f, "git for-each-ref refs/heads/x; git config x.y || true");
	assert_string_equal(f->output.data, "");
	free(file);
	free(output);
}

static void test_connects_nowhere(void **state)
{
	struct fixture *f = *state;
	const struct sandbox sandbox = { .hidden = nothing, .shown = nothing };
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char url[64];

	if (!is_confined()) {
		close(fd);
		skip();
	}
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	snprintf(url, sizeof(url), "git://127.0.0.1:%d/x", ntohs(address.sin_port));
	assert_false(git(f, (const char *const[]){ "ls-remote", url, NULL }, &sandbox));
	assert_int_equal(accept(fd, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	close(fd);
}

static void test_hides(void **state)
{
	struct fixture *f = *state;
	char *deep = xasprintf("%s/a/b/secret", f->dir);
	char *file = xasprintf("%s/a/key", f->dir);
	char *shown_path = xasprintf("%s/a/b/secret/shown", f->dir);
	const char *const hidden[] = { "/proc", deep, file, "/nonexistent/x", NULL };
	const char *const shown[] = { shown_path, NULL };
	const struct sandbox sandbox = { .hidden = hidden, .shown = shown };
	static const struct {
		const char *path;
		bool seen;
	} files[] = {
		{ "a/other", true }, { "a/b/other", true }, { "a/b/secretary", true }, { "a/key.pub", true },
		{ "to-other", true }, { "a/b/secret/shown/x", true },
		{ "a/b/secret/x", false }, { "a/b/secret/more/x", false }, { "a/key", false },
		{ "to-key", false }, { "to-secret/x", false }, { "a/b/../key", false },
	};

	if (!sandbox_landlock_version()) {
		print_message("this system has no Landlock\n");
	} else {
		sh(f, "cd ..; mkdir -p a/b/secret/more a/b/secret/shown; for i in a/other a/b/other a/b/secretary a/key "
			"a/key.pub a/b/secret/x a/b/secret/more/x a/b/secret/shown/x; do printf '[x]\\n\\ty = seen\\n' >$i; done; "
			"ln -s a/key to-key; ln -s a/b/secret to-secret; ln -s a/other to-other");
		for (size_t i = 0; i < ARRAY_LEN(files); i++) {
			char *option = xasprintf("--file=%s/%s", f->dir, files[i].path);

			if (git(f, (const char *const[]){ "config", option, "x.y", NULL }, &sandbox) != files[i].seen)
				fail_msg("%s is %s", files[i].path, files[i].seen ? "not seen" : "seen");
			free(option);
		}
		assert_false(git(f, (const char *const[]){ "config", "--file=/proc/self/environ", "--list", NULL }, &sandbox));
	}
	free(deep);
	free(file);
	free(shown_path);
}

/* One that starts another cannot be run, and says so. */
static void test_script(void **state)
{
	struct fixture *f = *state;
	const struct sandbox sandbox = { .hidden = nothing, .shown = nothing };
	char *script = xasprintf("%s/script", f->dir);
	const char *const argv[] = { script, NULL };

	if (!sandbox_landlock_version()) {
		free(script);
		skip();
	}
	sh(f, "printf '#!/bin/sh\\necho hello\\n' >'%s'; chmod +x '%s'", script, script);
	assert_true(run_argv(f, argv, NULL));
	assert_false(run_argv(f, argv, &sandbox));
	assert_non_null(strstr(f->err.message, "cannot be run in a sandbox"));
	free(script);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reads, setup, teardown),
		cmocka_unit_test_setup_teardown(test_starts_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_interpreter_starts_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_writes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_connects_nowhere, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hides, setup, teardown),
		cmocka_unit_test_setup_teardown(test_script, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
