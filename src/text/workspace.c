/*
 * The workspace's folders and rules. All rules are in one struct ignore: the lasting ones first, then those of the
 * ignore files, as the directories that hold them come up. *dirs* are the directories that were looked at; they, the
 * rules and the names that rules point to are thrown away together when a file has changed, and come again by need.
 */
#include "eke/text/workspace.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/base/strbuf.h"
#include "eke/text/ignore.h"
#include "eke/text/lines.h"
#include "eke/text/own_files.h"
#include "eke/text/uri.h"

#define LOOK_EVERY_MS 1000
#define USERS "privacy.ignore"

static const char *const ignore_files[] = { ".gitignore", ".ekeignore" };

/* Of a file, to see that it is another now; all 0: there is none. */
struct stamp {
	int64_t mtime_ns;
	int64_t size;
	int64_t inode;
};

struct dir {
	char *path; /* "" is the root */
	char *names[ARRAY_LEN(ignore_files)]; /* whole paths; rules point to them */
	struct stamp stamps[ARRAY_LEN(ignore_files)];
	int64_t looked_ms;
};

struct workspace {
	char *folders[LIMIT_FOLDERS];
	size_t folder_count;
	struct config *config; /* ref; or NULL */
	struct own_files own;
	struct ignore *ignore;
	struct dir *dirs;
	size_t dir_count;
	size_t dir_room;
	/* The last answer, which holds for a moment: a keystroke asks twice. */
	char *last;
	int64_t last_ms;
	bool last_ok;
	struct err last_err;
};

struct workspace *workspace_new(const char *config_path)
{
	struct workspace *ws = xcalloc(1, sizeof(*ws));

	own_files_init(&ws->own, config_path);
	ws->ignore = ignore_new();
	return ws;
}

static void forget_dirs(struct workspace *ws)
{
	for (size_t i = 0; i < ws->dir_count; i++) {
		free(ws->dirs[i].path);
		for (size_t j = 0; j < ARRAY_LEN(ignore_files); j++)
			free(ws->dirs[i].names[j]);
	}
	ws->dir_count = 0;
	free(ws->last);
	ws->last = NULL;
}

/* Back to the lasting rules. */
static void reset_rules(struct workspace *ws, config_warn_fn *warn, void *warn_ctx)
{
	struct err err;

	ignore_free(ws->ignore);
	forget_dirs(ws);
	ws->ignore = ignore_new();
	for (const char **pattern = ws->config ? ws->config->ignore : NULL; pattern && *pattern; pattern++)
		if (!ignore_add_from(ws->ignore, IGNORE_USER, NULL, USERS, *pattern, &err) && warn)
			warn(warn_ctx, err.message);
}

void workspace_free(struct workspace *ws)
{
	if (!ws)
		return;
	ignore_free(ws->ignore);
	forget_dirs(ws);
	free(ws->dirs);
	for (size_t i = 0; i < ws->folder_count; i++)
		free(ws->folders[i]);
	config_unref(ws->config);
	own_files_release(&ws->own);
	free(ws);
}

void workspace_configure(struct workspace *ws, struct config *config, config_warn_fn *warn, void *warn_ctx)
{
	config_ref(config);
	config_unref(ws->config);
	ws->config = config;
	own_files_configure(&ws->own, config);
	reset_rules(ws, warn, warn_ctx);
}

/* --- folders --- */

/* Without slashes at the end; NULL if it is no absolute path. */
static char *folder_path(const char *path_or_uri)
{
	char *path = path_or_uri[0] == '/' ? xstrdup(path_or_uri) : uri_to_path(path_or_uri);
	size_t len = path ? strlen(path) : 0;

	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';
	return path;
}

static size_t find_folder(const struct workspace *ws, const char *path)
{
	size_t i = 0;

	while (i < ws->folder_count && strcmp(ws->folders[i], path) != 0)
		i++;
	return i;
}

bool workspace_add_folder(struct workspace *ws, const char *path_or_uri)
{
	char *path = folder_path(path_or_uri);

	if (path && find_folder(ws, path) < ws->folder_count) {
		free(path);
		return true;
	}
	if (!path || ws->folder_count == LIMIT_FOLDERS) {
		free(path);
		return false;
	}
	ws->folders[ws->folder_count++] = path;
	reset_rules(ws, NULL, NULL);
	return true;
}

void workspace_remove_folder(struct workspace *ws, const char *path_or_uri)
{
	char *path = folder_path(path_or_uri);
	size_t at = path ? find_folder(ws, path) : ws->folder_count;

	free(path);
	if (at == ws->folder_count)
		return;
	free(ws->folders[at]);
	ws->folder_count--;
	memmove(&ws->folders[at], &ws->folders[at + 1], (ws->folder_count - at) * sizeof(ws->folders[0]));
	reset_rules(ws, NULL, NULL);
}

const char *workspace_folder(const struct workspace *ws, size_t index)
{
	return index < ws->folder_count ? ws->folders[index] : NULL;
}

static bool lies_in(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return !strcmp(folder, "/") ? path[0] == '/' : !strncmp(path, folder, len) && path[len] == '/';
}

/* The longest or the shortest of the folders that the path lies in. */
static const char *folder_of(const struct workspace *ws, const char *path, bool outermost)
{
	const char *found = NULL;

	for (size_t i = 0; i < ws->folder_count; i++) {
		const char *folder = ws->folders[i];

		if (lies_in(path, folder) && (!found || (strlen(folder) < strlen(found)) == outermost))
			found = folder;
	}
	return found;
}

const char *workspace_folder_of(const struct workspace *ws, const char *path)
{
	return folder_of(ws, path, false);
}

char *workspace_show(const struct workspace *ws, const char *uri)
{
	char *path = uri_path_part(uri);
	const char *folder = workspace_folder_of(ws, path);
	char *shown;

	if (!folder)
		return path;
	shown = xstrdup(path + strlen(folder) + (strcmp(folder, "/") != 0));
	free(path);
	return shown;
}

/* --- ignore files --- */

static struct stamp stamp_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return (struct stamp){ .inode = 0 };
	return (struct stamp){ .mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
			       .size = st.st_size,
			       .inode = (int64_t)st.st_ino };
}

static bool same_stamp(struct stamp a, struct stamp b)
{
	return a.mtime_ns == b.mtime_ns && a.size == b.size && a.inode == b.inode;
}

static void add_lines(struct workspace *ws, const struct dir *dir, const char *name, const struct strbuf *text)
{
	size_t at = text->len >= 3 && !memcmp(text->data, "\xEF\xBB\xBF", 3) ? 3 : 0;
	struct err err;

	while (at < text->len) {
		size_t len = lines_first_end(text->data + at, text->len - at);
		char *line = xstrndup(text->data + at, len);

		if (!ignore_add_from(ws->ignore, IGNORE_WORKSPACE, *dir->path ? dir->path : "/", name, line, &err))
			log_info("%s: %s", name, err.message);
		free(line);
		at += lines_skip(text->data + at, text->len - at, 1);
	}
}

/* A file that is there and cannot be read keeps nothing back, and the log says so. */
static void read_rules(struct workspace *ws, const struct dir *dir, const char *name)
{
	struct strbuf text;
	struct err err;

	strbuf_init(&text, LIMIT_IGNORE_FILE);
	if (file_read(name, LIMIT_IGNORE_FILE, &text, &err))
		add_lines(ws, dir, name, &text);
	else
		log_warn("an ignore file is not applied: %s", err.message);
	strbuf_release(&text);
}

static struct dir *find_dir(struct workspace *ws, const char *path, size_t len)
{
	for (size_t i = 0; i < ws->dir_count; i++)
		if (!strncmp(ws->dirs[i].path, path, len) && !ws->dirs[i].path[len])
			return &ws->dirs[i];
	return NULL;
}

static void add_dir(struct workspace *ws, const char *path, size_t len, int64_t now)
{
	struct dir *dir;

	if (ws->dir_count == ws->dir_room) {
		ws->dir_room = ws->dir_room ? 2 * ws->dir_room : 16;
		ws->dirs = xreallocarray(ws->dirs, ws->dir_room, sizeof(*ws->dirs));
	}
	dir = &ws->dirs[ws->dir_count++];
	*dir = (struct dir){ .path = xstrndup(path, len), .looked_ms = now };
	for (size_t i = 0; i < ARRAY_LEN(ignore_files); i++) {
		dir->names[i] = xasprintf("%s/%s", dir->path, ignore_files[i]);
		dir->stamps[i] = stamp_of(dir->names[i]);
		if (dir->stamps[i].inode)
			read_rules(ws, dir, dir->names[i]);
	}
}

static bool has_changed(const struct dir *dir)
{
	for (size_t i = 0; i < ARRAY_LEN(ignore_files); i++)
		if (!same_stamp(dir->stamps[i], stamp_of(dir->names[i])))
			return true;
	return false;
}

/* The rules of the directories from the outermost folder down to the file are in force; false: begin again. */
static bool take_dirs(struct workspace *ws, const char *path, int64_t now)
{
	const char *folder = folder_of(ws, path, true);
	size_t len = folder && strcmp(folder, "/") ? strlen(folder) : 0;

	while (folder && path[len] == '/') {
		struct dir *dir = find_dir(ws, path, len);

		if (dir && now - dir->looked_ms >= LOOK_EVERY_MS) {
			if (has_changed(dir))
				return false;
			dir->looked_ms = now;
		}
		if (!dir && ws->dir_count == LIMIT_IGNORE_DIRS)
			return false;
		if (!dir)
			add_dir(ws, path, len, now);
		len += strspn(path + len, "/");
		len += strcspn(path + len, "/");
	}
	return true;
}

/* --- the answer --- */

static const char *show_path(const struct workspace *ws, const char *path)
{
	const char *folder = workspace_folder_of(ws, path);
	const char *shown = folder ? path + strlen(folder) : path;

	return folder && *shown == '/' ? shown + 1 : shown;
}

static void tell(const struct workspace *ws, const char *path, const struct ignore_hit *hit, struct err *err)
{
	const char *shown = show_path(ws, path);
	bool is_file = hit->where && strcmp(hit->where, USERS) != 0;

	if (!hit->where)
		err_set(err, ERR_IGNORED, "%s stays on this machine: the built-in rule \"%s\" for files that hold secrets",
			shown,
			hit->rule);
	else
		err_set(err, ERR_IGNORED, "%s stays on this machine: the rule \"%s\" of %s%s", shown, hit->rule, hit->where,
			is_file ? "" : " in your settings");
}

static bool check(struct workspace *ws, const char *path, struct err *err)
{
	int64_t now = clock_mono_ms();
	struct ignore_hit hit;

	if (path[0] == '/' && !take_dirs(ws, path, now)) {
		reset_rules(ws, NULL, NULL);
		if (!take_dirs(ws, path, now))
			log_info("%s is nested too deep: the ignore files above it are not read", path);
	}
	if (!ignore_find(ws->ignore, path, &hit))
		return true;
	tell(ws, path, &hit, err);
	return false;
}

bool workspace_may_send_path(struct workspace *ws, const char *path, struct err *err)
{
	int64_t now = clock_mono_ms();
	const char *own = path[0] == '/' ? own_files_find(&ws->own, path) : NULL;
	char *real;
	bool ok;

	if (own) {
		err_set(err, ERR_IGNORED, "%s stays on this machine: %s", show_path(ws, path), own);
		return false;
	}
	if (ws->last && now - ws->last_ms < LOOK_EVERY_MS && !strcmp(ws->last, path)) {
		if (!ws->last_ok)
			*err = ws->last_err;
		return ws->last_ok;
	}
	ok = check(ws, path, err);
	real = ok && path[0] == '/' ? realpath(path, NULL) : NULL;
	if (real && strcmp(real, path) != 0)
		ok = check(ws, real, err);
	free(real);
	free(ws->last);
	ws->last = xstrdup(path);
	ws->last_ms = now;
	ws->last_ok = ok;
	if (!ok)
		ws->last_err = *err;
	return ok;
}

bool workspace_may_send(struct workspace *ws, const char *uri, struct err *err)
{
	char *path = uri_path_part(uri);
	bool ok = workspace_may_send_path(ws, path, err);

	free(path);
	return ok;
}
