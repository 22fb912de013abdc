/*
 * git's word on what is staged. A struct diff lives from its start to its one callback. The text is taken apart by the
 * lines "diff --git", of which there is one for each file, and which cannot stand in a hunk (git-diff(1), "Generating
 * patch text with -p").
 */
#include "diff.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/chat/git.h"

#define SECTION "diff --git "

struct diff {
	struct loop *loop;
	struct workspace *workspace;
	char *folder; /* or NULL */
	char *top;    /* of the repository, or NULL */
	bool staged;  /* else of files */
	struct git *git;
	diff_fn *fn;
	void *ctx;
};

static void on_nothing(void *ctx);

static void diff_release(void *p)
{
	struct diff *diff = p;

	free(diff->folder);
	free(diff->top);
	free(diff);
}

const char *diff_top(const struct diff *diff)
{
	return diff->top;
}

void diff_cancel(struct diff *diff)
{
	if (!diff)
		return;
	git_cancel(diff->git);
	loop_undefer(diff->loop, on_nothing, diff);
	loop_defer_free(diff->loop, diff, diff_release);
}

static void finish(struct diff *diff, const struct strbuf *text, const char *const *kept, const struct err *err)
{
	diff->git = NULL;
	loop_defer_free(diff->loop, diff, diff_release);
	diff->fn(diff->ctx, text, kept, err);
}

/* --- what may leave --- */

/* A path as git writes it, in quotes with escapes where it has odd characters; `end` behind it. free(). */
static char *take_path(const char *at, const char *end)
{
	struct strbuf path;

	if (*at != '"')
		return xstrndup(at, (size_t)(end - at));
	strbuf_init(&path, LIMIT_URI);
	for (at++; at < end && *at != '"'; at++) {
		static const char names[] = "abtnvfr";
		static const char meant[] = "\a\b\t\n\v\f\r";
		const char *name;

		if (*at != '\\' || at + 1 >= end) {
			strbuf_addch(&path, *at);
			continue;
		}
		at++;
		name = strchr(names, *at);
		if (*at >= '0' && *at <= '3' && end - at > 2 && strspn(at, "01234567") >= 3) {
			strbuf_addch(&path, (char)((at[0] - '0') * 64 + (at[1] - '0') * 8 + (at[2] - '0')));
			at += 2;
		} else {
			strbuf_addch(&path, name ? meant[name - names] : *at);
		}
	}
	return strbuf_detach(&path, NULL);
}

/* The path of a line that begins so, without git's a/ or b/; NULL if the section has none such before its hunks. */
static char *path_of_line(const char *section, const char *end, const char *what, const char *prefix)
{
	size_t len = strlen(what);

	for (const char *line = section; line < end; ) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));

		eol = eol ? eol : end;
		if (line[0] == '@')
			return NULL;
		if ((size_t)(eol - line) > len && !memcmp(line, what, len)) {
			const char *tab = memchr(line, '\t', (size_t)(eol - line));
			char *path = take_path(line + len, tab ? tab : eol);
			size_t skip = strlen(prefix);

			if (!strncmp(path, prefix, skip)) {
				memmove(path, path + skip, strlen(path + skip) + 1);
				return path;
			}
			free(path); /* /dev/null */
		}
		line = eol + 1;
	}
	return NULL;
}

/* "diff --git a/P b/P", where a file has no other line with its name (a new mode, an empty file). */
static char *path_of_head(const char *section, const char *end)
{
	const char *names = section + strlen(SECTION);
	const char *eol = memchr(names, '\n', (size_t)(end - names));
	size_t len = (size_t)((eol ? eol : end) - names);
	char *path = take_path(names, names + (len ? (len - 1) / 2 : 0));

	if (!strncmp(path, "a/", 2))
		memmove(path, path + 2, strlen(path + 2) + 1);
	return path;
}

static bool may_leave(struct workspace *workspace, const char *top, char *path, struct err *err)
{
	char *full = path ? xasprintf("%s/%s", top, path) : NULL;
	bool ok = !full || workspace_may_send_path(workspace, full, err);

	free(full);
	free(path);
	return ok;
}

static bool section_may_leave(
	struct workspace *workspace, const char *top, const char *section, const char *end, struct err *err)
{
	return may_leave(workspace, top, path_of_head(section, end), err) &&
	       may_leave(workspace, top, path_of_line(section, end, "--- ", "a/"), err) &&
	       may_leave(workspace, top, path_of_line(section, end, "+++ ", "b/"), err) &&
	       may_leave(workspace, top, path_of_line(section, end, "rename from ", ""), err) &&
	       may_leave(workspace, top, path_of_line(section, end, "rename to ", ""), err) &&
	       may_leave(workspace, top, path_of_line(section, end, "copy from ", ""), err);
}

/* Where the next section begins, or the end. */
static const char *next_section(const char *at, const char *end)
{
	while (at < end) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));

		at = eol ? eol + 1 : end;
		if ((size_t)(end - at) > strlen(SECTION) && !memcmp(at, SECTION, strlen(SECTION)))
			return at;
	}
	return end;
}

void diff_filter(struct workspace *workspace, const char *top, const char *text, size_t len, struct strbuf *out,
	char ***kept)
{
	const char *end = text + len;
	const char *next;
	size_t n = 0;

	*kept = xcalloc(1, sizeof(**kept));
	for (const char *at = text; at < end; at = next) {
		struct err err;

		next = next_section(at, end);
		if ((size_t)(end - at) <= strlen(SECTION) || memcmp(at, SECTION, strlen(SECTION)) != 0)
			continue;
		if (section_may_leave(workspace, top, at, next, &err)) {
			strbuf_add(out, at, (size_t)(next - at));
			continue;
		}
		*kept = xreallocarray(*kept, n + 2, sizeof(**kept));
		(*kept)[n++] = xasprintf("changes to a file: %s", err.message);
		(*kept)[n] = NULL;
	}
}

/* --- git --- */

static void on_output(void *ctx, const struct strbuf *output, const struct err *err)
{
	struct diff *diff = ctx;
	struct strbuf text;
	struct err why;
	char **kept = NULL;
	bool ok;

	if (!output) {
		why = *err;
		why.kind = ERR_INVALID_PARAMS;
		err_prefix(&why, diff->staged ? "the staged changes cannot be read" : "the files' changes cannot be read");
		finish(diff, NULL, NULL, &why);
		return;
	}
	strbuf_init(&text, LIMIT_DIFF);
	diff_filter(diff->workspace, diff->top, output->data, output->len, &text, &kept);
	ok = text.len > 0;
	if (!ok && *kept)
		err_set(&why, ERR_IGNORED, "no %schange may leave this machine: %.400s", diff->staged ? "staged " : "", *kept);
	else if (!ok)
		err_set(&why, ERR_INVALID_PARAMS, diff->staged ? "nothing is staged: run git add first" :
			"these files have no changes since the last commit: run git add on new files first");
	finish(diff, ok ? &text : NULL, (const char *const *)kept, ok ? NULL : &why);
	for (char **line = kept; *line; line++)
		free(*line);
	free(kept);
	strbuf_release(&text);
}

static void on_nothing(void *ctx)
{
	struct diff *diff = ctx;
	struct err err;

	if (diff->folder)
		err_set(&err, ERR_INVALID_PARAMS, "there is no git repository at %s", diff->folder);
	else
		err_set(&err, ERR_INVALID_PARAMS, "no folder is open: open the one of the repository");
	finish(diff, NULL, NULL, &err);
}

/* The directory at or above the folder that holds .git; NULL if there is none. */
static char *find_top(const char *folder)
{
	char *dir = xstrdup(folder);

	for (;;) {
		char *git = xasprintf("%s/.git", dir);
		char *slash = strrchr(dir, '/');
		struct stat st;
		bool found = !stat(git, &st);

		free(git);
		if (found)
			return dir;
		if (!slash || !*dir)
			break;
		*slash = '\0';
	}
	free(dir);
	return NULL;
}

static struct git *run_git(struct diff *diff, const char *const *paths)
{
	static const char *const head[] = {
		"diff", "--no-color", "--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/",
		"--submodule=short", "--ignore-submodules=dirty",
	};
	size_t count = 0;
	const char **words;
	struct git *git;

	while (paths && paths[count])
		count++;
	words = xcalloc(ARRAY_LEN(head) + count + 3, sizeof(*words));
	memcpy(words, head, sizeof(head));
	words[ARRAY_LEN(head)] = diff->staged ? "--cached" : "HEAD";
	words[ARRAY_LEN(head) + 1] = "--";
	for (size_t i = 0; i < count; i++)
		words[ARRAY_LEN(head) + 2 + i] = paths[i];
	git = git_run(diff->loop,
		&(struct git_spec){ .top = diff->top, .words = words, .reads_files = !diff->staged,
			.hidden = workspace_private(diff->workspace) },
		on_output, diff);
	free(words);
	return git;
}

struct diff *diff_start(struct loop *loop, struct workspace *workspace, const char *folder, const char *const *paths,
	diff_fn *fn, void *ctx)
{
	struct diff *diff = xcalloc(1, sizeof(*diff));

	*diff = (struct diff){ .loop = loop, .workspace = workspace, .fn = fn, .ctx = ctx, .staged = !paths };
	diff->folder = folder ? xstrdup(folder) : NULL;
	/* Files tell which repository they are in; where one has no folder, git says so. */
	diff->top = paths ? find_top(*paths) : folder ? find_top(folder) : NULL;
	if (diff->top)
		diff->git = run_git(diff, paths);
	else
		loop_defer(loop, on_nothing, diff);
	return diff;
}
