/*
 * A struct git lives from its start to its one callback. Git is run twice: the first time it lists the names of what is
 * configured, which runs nothing; the second time each filter that the repository itself defines is switched off, with
 * all the rest by which a repository has git run a program when it shows changes. Those are (git 2.30 to 2.50):
 *
 *	core.fsmonitor                      a program, or git's own daemon
 *	filter.*.clean, .process            for files of the work tree, and `required`, which makes their absence fatal
 *	diff.external, diff.*.command       --no-ext-diff
 *	diff.*.textconv                     --no-textconv
 *	a promisor remote's URL, vcs, uploadpack, core.sshCommand, core.gitProxy, credential.helper, core.askPass
 *	                                    for objects that are missing: GIT_NO_LAZY_FETCH, and for a git that does not
 *	                                    know that, GIT_ALLOW_PROTOCOL, which comes before what protocol.* says
 *	hooks (post-index-change), core.hooksPath, hook.*.command (from 2.54)
 *	                                    when an index was looked through and is written
 *	a submodule's own configuration     --ignore-submodules=dirty looks only at the commit that is checked out
 *	core.pager, pager.*                 only on a terminal, but --no-pager all the same
 *
 * Besides, git runs in a sandbox (base/sandbox.h), which stops what this list forgets. A git that cannot be run so, and
 * one that has to run filters which the user has set up, runs without.
 *
 * core.worktree could make files of elsewhere those of the repository, and diff.orderFile is a file to read.
 */
#include "eke/chat/git.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"

/* What stands in front of each command. */
static const char *const options[] = {
	"--no-pager", "--no-optional-locks", "--literal-pathspecs",
	"-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false",
	"-c", "diff.autoRefreshIndex=false", "-c", "diff.orderFile=/dev/null",
};

static const char *const environment[] = {
	"GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none", "GIT_PROTOCOL_FROM_USER=0", "GIT_OPTIONAL_LOCKS=0",
	"GIT_TERMINAL_PROMPT=0", "GIT_PAGER=cat", NULL,
};

struct git {
	struct loop *loop;
	char *top;
	char **words; /* of the caller; ends with NULL */
	char **hidden; /* ends with NULL; NULL: no sandbox */
	struct strbuf names; /* of filters: each a string with its NUL */
	struct err trouble; /* of the list */
	bool reads_files;
	bool has_own_filters; /* the user's or the machine's */
	struct proc *proc;
	proc_fn *fn;
	void *ctx;
};

static void free_strings(char **strings)
{
	for (char **string = strings; string && *string; string++)
		free(*string);
	free(strings);
}

static void git_release(void *p)
{
	struct git *git = p;

	free_strings(git->words);
	free_strings(git->hidden);
	free(git->top);
	strbuf_release(&git->names);
	free(git);
}

void git_cancel(struct git *git)
{
	if (!git)
		return;
	proc_cancel(git->proc);
	loop_defer_free(git->loop, git, git_release);
}

static void finish(struct git *git, const struct strbuf *output, const struct err *err)
{
	loop_defer_free(git->loop, git, git_release);
	git->fn(git->ctx, output, err);
}

static void add(char ***argv, size_t *count, char *word)
{
	*argv = xreallocarray(*argv, *count + 2, sizeof(**argv));
	(*argv)[(*count)++] = word;
	(*argv)[*count] = NULL;
}

/* --- what git is kept from --- */

/* In the user's home; git reads none of it for a diff. */
static const char *const secrets[] = {
	".ssh", ".gnupg", ".password-store", ".local/share/keyrings", ".aws", ".azure", ".kube", ".docker",
	".config/gcloud", ".config/gh",
	".netrc", ".git-credentials", ".config/git/credentials", ".npmrc", ".pypirc", ".pgpass",
};

static void hide(char ***hidden, size_t *count, const char *path)
{
	char *real = path ? realpath(path, NULL) : NULL;

	if (real && strcmp(real, "/") != 0)
		add(hidden, count, real);
	else
		free(real);
}

static char **hide_all(const struct own_files *own)
{
	char *home = path_home();
	char **hidden = NULL;
	size_t count = 0;

	add(&hidden, &count, xstrdup("/proc"));
	hide(&hidden, &count, own->config);
	hide(&hidden, &count, own->state);
	for (size_t i = 0; i < own->key_count; i++)
		hide(&hidden, &count, own->keys[i]);
	for (size_t i = 0; home && i < ARRAY_LEN(secrets); i++) {
		char *path = xasprintf("%s/%s", home, secrets[i]);

		hide(&hidden, &count, path);
		free(path);
	}
	free(home);
	return hidden;
}

/* --- running it --- */

/* Runs the words with the options before them and every filter of git->names switched off. */
static void run(struct git *git, const char *const *words, bool confined, proc_fn *fn)
{
	static const char *const off[] = { "clean=", "smudge=", "process=", "required=false" };
	const char *shown[] = { git->top, NULL };
	struct sandbox sandbox = { .hidden = (const char *const *)git->hidden, .shown = shown };
	struct proc_spec spec = {
		.env = environment,
		.max_output = LIMIT_DIFF,
		.seconds = LIMIT_DIFF_SECONDS,
		.hears_errors = true,
		.sandbox = confined && git->hidden ? &sandbox : NULL,
	};
	char **argv = NULL;
	size_t count = 0;

	add(&argv, &count, xstrdup("git"));
	add(&argv, &count, xstrdup("-C"));
	add(&argv, &count, xstrdup(*git->top ? git->top : "/"));
	add(&argv, &count, xasprintf("--work-tree=%s", *git->top ? git->top : "/"));
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		add(&argv, &count, xstrdup(options[i]));
	for (size_t at = 0; at < git->names.len; at += strlen(git->names.data + at) + 1) {
		for (size_t i = 0; i < ARRAY_LEN(off); i++) {
			add(&argv, &count, xstrdup("-c"));
			add(&argv, &count, xasprintf("filter.%s.%s", git->names.data + at, off[i]));
		}
	}
	for (; *words; words++)
		add(&argv, &count, xstrdup(*words));
	spec.argv = argv;
	git->proc = proc_run(git->loop, &spec, fn, git);
	for (size_t i = 0; i < count; i++)
		free(argv[i]);
	free(argv);
}

static void on_output(void *ctx, const struct strbuf *output, const struct err *err)
{
	struct git *git = ctx;

	git->proc = NULL;
	finish(git, output, err);
}

static bool is_known(const struct strbuf *names, const char *name, size_t len)
{
	for (size_t at = 0; at < names->len; at += strlen(names->data + at) + 1)
		if (strlen(names->data + at) == len && !memcmp(names->data + at, name, len))
			return true;
	return false;
}

/*
 * The filter's name, if `key` is of a filter. What follows the last dot is the variable; names may have dots of their
 * own. False if the name cannot be given in an option: it would end at its "=".
 */
static bool take_filter(struct strbuf *names, const char *key, struct err *err)
{
	static const char section[] = "filter.";
	const char *name = key + strlen(section);
	const char *dot = strrchr(key, '.');
	size_t len;

	if (strncmp(key, section, strlen(section)) != 0 || dot < name)
		return true;
	len = (size_t)(dot - name);
	if (is_known(names, name, len))
		return true;
	if (memchr(name, '=', len)) {
		err_set(err, ERR_CONFIG, "the repository's configuration has the filter \"%.*s\", which eke would have to run: "
			"remove it", (int)(len < 100 ? len : 100), name);
		return false;
	}
	if (strbuf_add(names, name, len) && strbuf_addch(names, '\0'))
		return true;
	err_set(err, ERR_CONFIG, "the repository's configuration has too many filters");
	return false;
}

/* "SCOPE\0KEY\0" again and again. What is not the user's or the machine's is the repository's. */
static bool take_filters(struct git *git, const struct strbuf *output, struct err *err)
{
	const char *at = output->data;
	const char *end = at + output->len;

	while (at < end) {
		const char *scope = at;
		const char *key = scope + strlen(scope) + 1;

		if (key >= end)
			break;
		at = key + strlen(key) + 1;
		if (!strcmp(scope, "system") || !strcmp(scope, "global") || !strcmp(scope, "command"))
			git->has_own_filters = git->has_own_filters || !strncmp(key, "filter.", strlen("filter."));
		else if (!take_filter(&git->names, key, err))
			return false;
	}
	return true;
}

static void list(struct git *git);

/* Is there no list because of the sandbox, or of what is in the repository? git's version needs none. */
static void on_version(void *ctx, const struct strbuf *output, const struct err *err)
{
	struct git *git = ctx;

	git->proc = NULL;
	(void)err;
	if (output) {
		finish(git, NULL, &git->trouble);
		return;
	}
	log_info("git cannot be run in a sandbox here, and runs without: is it a script that starts another program?");
	free_strings(git->hidden);
	git->hidden = NULL;
	list(git);
}

static const char *const version[] = { "--version", NULL };

static void on_names(void *ctx, const struct strbuf *output, const struct err *err)
{
	struct git *git = ctx;

	git->proc = NULL;
	if (!output && git->hidden) {
		git->trouble = *err;
		run(git, version, true, on_version);
	} else if (!output) {
		finish(git, NULL, err);
	} else if (!take_filters(git, output, &git->trouble)) {
		finish(git, NULL, &git->trouble);
	} else {
		/* The user's own filters are other programs, and may keep things. */
		run(git, (const char *const *)git->words, !git->reads_files || !git->has_own_filters, on_output);
	}
}

static void list(struct git *git)
{
	static const char *const words[] = { "config", "-z", "--show-scope", "--name-only", "--list", NULL };

	run(git, words, true, on_names);
}

static struct git *git_new(struct loop *loop, const struct git_spec *spec, proc_fn *fn, void *ctx)
{
	struct git *git = xcalloc(1, sizeof(*git));
	size_t count = 0;

	*git = (struct git){
		.loop = loop,
		.top = xstrdup(spec->top),
		.hidden = spec->hidden ? hide_all(spec->hidden) : NULL,
		.reads_files = spec->reads_files,
		.fn = fn,
		.ctx = ctx,
	};
	strbuf_init(&git->names, LIMIT_GIT_FILTERS);
	for (const char *const *word = spec->words; *word; word++)
		add(&git->words, &count, xstrdup(*word));
	return git;
}

struct git *git_run(struct loop *loop, const struct git_spec *spec, proc_fn *fn, void *ctx)
{
	struct git *git = git_new(loop, spec, fn, ctx);

	list(git);
	return git;
}

struct git *git_version(struct loop *loop, const struct own_files *hidden, proc_fn *fn, void *ctx)
{
	struct git *git = git_new(loop, &(struct git_spec){ .top = "/", .words = version, .hidden = hidden }, fn, ctx);

	run(git, version, true, on_output);
	return git;
}
