/*
 * A child process and its output. It is over when the child was reaped and its output has ended; a child that leaves a
 * background process with the pipe open (an agent that it started) is over when it is reaped and the pipe is empty.
 */
#include "eke/io/proc.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/printable.h"
#include "loop_private.h"

/* What shells exit with. */
#define CANNOT_RUN 126
#define NOT_FOUND 127

/* Chunks of its errors that are read when it has ended: what it left running may say more for ever. */
#define MOST_LAST_READS 16

extern char **environ;

struct proc {
	struct loop *loop;
	char *name; /* for messages */
	proc_fn *fn;
	void *ctx;
	ev_child child;
	int fd; /* read end, or -1 */
	struct watch *watch;
	int errors_fd; /* likewise; -1: standard error is ours */
	struct watch *errors_watch;
	struct timer *timer;
	struct strbuf output;
	struct strbuf errors;
	struct err err;
	int seconds;
	bool confined;
};

static void proc_release(void *p)
{
	struct proc *proc = p;

	if (proc->fd >= 0)
		close(proc->fd);
	if (proc->errors_fd >= 0)
		close(proc->errors_fd);
	strbuf_release(&proc->output);
	strbuf_release(&proc->errors);
	free(proc->name);
	free(proc);
}

static void proc_dispose(struct proc *proc)
{
	ev_child_stop(loop_ev(proc->loop), &proc->child);
	watch_free(proc->watch);
	watch_free(proc->errors_watch);
	timer_free(proc->timer);
	loop_defer_free(proc->loop, proc, proc_release);
}

static void finish(struct proc *proc)
{
	bool ok = proc->err.kind == ERR_NONE;

	proc_dispose(proc);
	proc->fn(proc->ctx, ok ? &proc->output : NULL, &proc->err);
}

static void finish_deferred(void *ctx)
{
	finish(ctx);
}

/* Reads once; false if there is nothing now, or if it has ended. *n is 0 where nothing came. */
static bool read_some(int fd, char *chunk, size_t room, size_t *n, bool *ended)
{
	ssize_t got = read(fd, chunk, room);

	*ended = got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN);
	*n = got > 0 ? (size_t)got : 0;
	return got > 0 || (got < 0 && errno == EINTR);
}

static bool read_output(struct proc *proc, bool *ended)
{
	char chunk[4096];
	size_t n;

	if (!read_some(proc->fd, chunk, sizeof(chunk), &n, ended))
		return false;
	if (strbuf_add(&proc->output, chunk, n) || proc->err.kind != ERR_NONE)
		return true;
	err_set(&proc->err, ERR_CONFIG, "the command '%s' printed more than %zu bytes", proc->name, proc->output.max);
	/* It would print on for as long as it is read. */
	if (ev_is_active(&proc->child))
		kill(proc->child.pid, SIGKILL);
	return true;
}

static void on_output(void *ctx, int events)
{
	struct proc *proc = ctx;
	bool ended;

	(void)events;
	read_output(proc, &ended);
	if (ended)
		watch_set(proc->watch, WATCH_NONE);
}

/* What does not fit is read and dropped, so that the command can go on. */
static bool read_errors(struct proc *proc, bool *ended)
{
	char chunk[4096];
	size_t room = proc->errors.max - proc->errors.len;
	size_t n;

	if (!read_some(proc->errors_fd, chunk, sizeof(chunk), &n, ended))
		return false;
	strbuf_add(&proc->errors, chunk, n < room ? n : room);
	return true;
}

static void on_errors(void *ctx, int events)
{
	struct proc *proc = ctx;
	bool ended;

	(void)events;
	read_errors(proc, &ended);
	if (ended)
		watch_set(proc->errors_watch, WATCH_NONE);
}

/* The line that says why: git's "fatal: …", or else the first. Borrowed from `errors`. */
static const char *find_reason(const struct strbuf *errors, size_t *len)
{
	const char *reason = strstr(errors->data, "fatal: ");

	if (!reason || (reason > errors->data && reason[-1] != '\n'))
		reason = errors->data;
	*len = strcspn(reason, "\n");
	return reason;
}

static void tell_exit_code(struct proc *proc, int code)
{
	struct strbuf shown;
	const char *reason;
	size_t len;

	strbuf_init(&shown, 4 * LIMIT_COMMAND_ERRORS);
	reason = find_reason(&proc->errors, &len);
	printable_add_stripped(&shown, reason, len);
	err_set(&proc->err, ERR_CONFIG, "the command '%s' failed with exit code %d%s%.300s", proc->name, code,
		shown.len ? ": " : "", shown.data);
	strbuf_release(&shown);
}

static void on_exit_of_child(struct ev_loop *ev, ev_child *w, int events)
{
	struct proc *proc = w->data;
	int status = w->rstatus;
	bool ended;

	(void)ev;
	(void)events;
	/* The number is no longer this child's. */
	ev_child_stop(loop_ev(proc->loop), &proc->child);
	/* Not for ever: what it left running may print on. */
	while (proc->err.kind == ERR_NONE && read_output(proc, &ended))
		continue;
	for (size_t i = 0; proc->errors_fd >= 0 && i < MOST_LAST_READS && read_errors(proc, &ended); i++)
		continue;
	if (proc->errors.len)
		log_debug("the command '%s' said: %s", proc->name, proc->errors.data);
	if (proc->err.kind != ERR_NONE)
		;
	else if (WIFSIGNALED(status))
		err_set(&proc->err, ERR_CONFIG, "the command '%s' was ended by signal %d", proc->name, WTERMSIG(status));
	else if (WEXITSTATUS(status) == CANNOT_RUN && proc->confined)
		err_set(&proc->err, ERR_CONFIG, "the command '%s' cannot be run in a sandbox: \"sandbox\": \"off\" in the "
			"configuration runs it without one", proc->name);
	else if (WEXITSTATUS(status) == NOT_FOUND)
		err_set(&proc->err, ERR_CONFIG, "the command '%s' was not found: is it installed and in PATH?", proc->name);
	else if (WEXITSTATUS(status))
		tell_exit_code(proc, WEXITSTATUS(status));
	finish(proc);
}

static void on_timeout(void *ctx)
{
	struct proc *proc = ctx;

	err_set(&proc->err, ERR_CONFIG, "the command '%s' gave no result within %d s", proc->name, proc->seconds);
	kill(proc->child.pid, SIGKILL);
	finish(proc);
}

/*
 * Where the program is; NULL and errno if there is none. As execvp(3) looks it up, but for entries of PATH that are
 * relative to the working directory.
 */
static char *find_program(const char *name)
{
	const char *path = getenv("PATH");
	int error = ENOENT;

	if (name[0] == '/')
		return xstrdup(name);
	if (strchr(name, '/')) {
		errno = EINVAL;
		return NULL;
	}
	for (path = path ? path : "/usr/local/bin:/usr/bin:/bin"; *path && *name;) {
		size_t len = strcspn(path, ":");
		char *full = xasprintf("%.*s/%s", (int)len, path, name);
		struct stat st;

		if (*path == '/' && !stat(full, &st) && S_ISREG(st.st_mode)) {
			if (!access(full, X_OK))
				return full;
			error = EACCES;
		}
		free(full);
		path += len + (path[len] == ':');
	}
	errno = error;
	return NULL;
}

/* Ours with `added`; the strings are borrowed, the array is to be freed. */
static char **environment(const char *const *added)
{
	size_t room = 1;
	size_t count = 0;
	char **env;

	for (char **e = environ; e && *e; e++)
		room++;
	for (const char *const *e = added; e && *e; e++)
		room++;
	env = xcalloc(room, sizeof(*env));
	for (const char *const *e = added; e && *e; e++)
		env[count++] = (char *)(uintptr_t)*e;
	for (char **e = environ; e && *e; e++) {
		size_t len = strcspn(*e, "=") + 1;
		bool replaced = false;

		for (const char *const *a = added; a && *a && !replaced; a++)
			replaced = !strncmp(*a, *e, len);
		if (!replaced)
			env[count++] = *e;
	}
	return env;
}

/* 0 or an errno. */
static int spawn_free(pid_t *pid, const char *program, const struct proc_spec *spec, char **env, const int out[2])
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out[0], STDOUT_FILENO);
	if (out[1] >= 0)
		posix_spawn_file_actions_adddup2(&actions, out[1], STDERR_FILENO);
	posix_spawnattr_init(&attr);
	/* We ignore these; the child must not inherit that. */
	sigemptyset(&none);
	sigaddset(&none, SIGPIPE);
	sigaddset(&none, SIGXFSZ);
	posix_spawnattr_setsigdefault(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	error = posix_spawn(pid, program, &actions, &attr, spec->argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/*
 * The same in a sandbox, which posix_spawn() cannot set up. Nobody waits for that: a child that cannot be, says so by
 * its exit code, as a shell does.
 */
static int spawn_confined(pid_t *pid, const char *program, const struct proc_spec *spec, char **env, const int out[2])
{
	int input;

	*pid = fork();
	if (*pid)
		return *pid < 0 ? errno : 0;
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (input >= 0 && dup2(input, STDIN_FILENO) >= 0 && dup2(out[0], STDOUT_FILENO) >= 0 &&
		(out[1] < 0 || dup2(out[1], STDERR_FILENO) >= 0) && !sandbox_enter(spec->sandbox, program))
		execve(program, spec->argv, env);
	_exit(CANNOT_RUN);
}

/* Starts the child with its output on out[0] and its errors on out[1] (-1: on ours); 0 or an errno. */
static int spawn(struct proc *proc, const struct proc_spec *spec, const int out[2])
{
	char *program = find_program(spec->argv[0]);
	char **env;
	pid_t pid;
	int error;

	if (!program)
		return errno;
	env = environment(spec->env);
	error = (spec->sandbox ? spawn_confined : spawn_free)(&pid, program, spec, env, out);
	free(program);
	free(env);
	if (error)
		return error;
	ev_child_init(&proc->child, on_exit_of_child, pid, 0);
	proc->child.data = proc;
	ev_child_start(loop_ev(proc->loop), &proc->child);
	return 0;
}

static void tell_not_started(struct proc *proc, int error)
{
	if (error == ENOENT && *proc->name && proc->name[0] != '/')
		err_set(&proc->err, ERR_CONFIG, "the command '%s' was not found: is it installed and in PATH?", proc->name);
	else if (error == EINVAL)
		err_set(&proc->err, ERR_CONFIG,
			"the command '%s' is relative to a folder: give its absolute path, or a name that is in PATH", proc->name);
	else
		err_set(&proc->err, ERR_CONFIG, "cannot run the command '%s': %s", proc->name, strerror(error));
}

/* A pipe to read from without waiting; returns the end to write to, or -1. */
static int make_pipe(int *read_end)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	*read_end = fds[0];
	return fds[1];
}

static struct watch *watch_for_reading(struct proc *proc, int fd, watch_fn *fn)
{
	struct watch *watch = watch_new(proc->loop, fd, fn, proc);

	watch_set(watch, WATCH_READ);
	return watch;
}

struct proc *proc_run(struct loop *loop, const struct proc_spec *spec, proc_fn *fn, void *ctx)
{
	struct proc *proc = xcalloc(1, sizeof(*proc));
	int out[2] = { -1, -1 };
	int error;

	proc->loop = loop;
	proc->name = xstrdup(spec->argv[0]);
	proc->fn = fn;
	proc->ctx = ctx;
	proc->seconds = spec->seconds;
	proc->confined = spec->sandbox != NULL;
	proc->fd = -1;
	proc->errors_fd = -1;
	ev_child_init(&proc->child, on_exit_of_child, 0, 0);
	strbuf_init(&proc->output, spec->max_output);
	strbuf_init(&proc->errors, LIMIT_COMMAND_ERRORS);
	out[0] = make_pipe(&proc->fd);
	if (out[0] >= 0 && spec->hears_errors)
		out[1] = make_pipe(&proc->errors_fd);
	error = out[0] < 0 || (spec->hears_errors && out[1] < 0) ? errno : spawn(proc, spec, out);
	for (size_t i = 0; i < ARRAY_LEN(out); i++)
		if (out[i] >= 0)
			close(out[i]);
	if (error) {
		tell_not_started(proc, error);
		loop_defer(loop, finish_deferred, proc);
		return proc;
	}
	proc->watch = watch_for_reading(proc, proc->fd, on_output);
	if (proc->errors_fd >= 0)
		proc->errors_watch = watch_for_reading(proc, proc->errors_fd, on_errors);
	proc->timer = timer_new(loop, on_timeout, proc);
	timer_start(proc->timer, (int64_t)spec->seconds * 1000);
	return proc;
}

void proc_cancel(struct proc *proc)
{
	if (!proc)
		return;
	loop_undefer(proc->loop, finish_deferred, proc);
	if (ev_is_active(&proc->child))
		kill(proc->child.pid, SIGKILL);
	proc_dispose(proc);
}
