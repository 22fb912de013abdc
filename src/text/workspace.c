/*
 * The workspace's folders and rules. All rules are in one struct ignore: the lasting ones first, then those of the
 * ignore files, as the directories that hold them come up. *dirs* are the directories that were looked at; they, the
 * rules, the names that rules point to and the *verdicts* are thrown away together when a file has changed, and come
 * again by need. A directory's rules concern only what lies in it, so that those of one more change no verdict.
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
	uint32_t hash; /* of the path */
	char *names[ARRAY_LEN(ignore_files)]; /* whole paths; rules point to them */
	struct stamp stamps[ARRAY_LEN(ignore_files)];
	int64_t looked_ms;
};

/* What the rules say of a path. It holds until a file with rules has changed. */
struct verdict {
	char *path;      /* NULL: none */
	char *message;   /* NULL: it may leave */
	int64_t looked_ms; /* for changed files */
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
	size_t ignore_bytes; /* of ignore files that were read */
	struct verdict verdicts[LIMIT_IGNORE_VERDICTS]; /* by a path's hash; the newer takes the place */
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
	ws->ignore_bytes = 0;
	for (size_t i = 0; i < LIMIT_IGNORE_VERDICTS; i++) {
		free(ws->verdicts[i].path);
		free(ws->verdicts[i].message);
		ws->verdicts[i] = (struct verdict){ .path = NULL };
	}
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

const struct own_files *workspace_private(const struct workspace *ws)
{
	return ws->config && ws->config->sandbox == SANDBOX_OFF ? NULL : &ws->own;
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

char *workspace_show_outside(const struct workspace *ws, const char *uri)
{
	char *path = uri_path_part(uri);
	char *shown = workspace_folder_of(ws, path) ? workspace_show(ws, uri) : xstrdup(path_basename(path));

	free(path);
	return shown;
}

/* --- ignore files --- */

/* FNV-1a. */
static uint32_t hash_of(const char *bytes, size_t len)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 16777619u;
	return hash;
}

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

/* Lines that cannot be taken are told by their number: there may be very many. */
static void add_lines(struct workspace *ws, const struct dir *dir, const char *name, const struct strbuf *text)
{
	size_t at = text->len >= 3 && !memcmp(text->data, "\xEF\xBB\xBF", 3) ? 3 : 0;
	size_t refused = 0;
	struct err first;
	struct err err;

	while (at < text->len) {
		size_t len = lines_first_end(text->data + at, text->len - at);
		char *line = xstrndup(text->data + at, len);

		if (!ignore_add_from(ws->ignore, IGNORE_WORKSPACE, *dir->path ? dir->path : "/", name, line, &err) &&
			!refused++)
			first = err;
		free(line);
		at += lines_skip(text->data + at, text->len - at, 1);
	}
	if (refused)
		log_info("%s: %s (%zu such lines)", name, first.message, refused);
}

/* A file that is there and cannot be read keeps nothing back, and the log says so. */
static void read_rules(struct workspace *ws, const struct dir *dir, const char *name)
{
	struct strbuf text;
	struct err err;

	strbuf_init(&text, LIMIT_IGNORE_FILE);
	if (ws->ignore_bytes >= LIMIT_IGNORE_BYTES) {
		log_warn("%s is not applied: the ignore files have more than %zu bytes together", name, LIMIT_IGNORE_BYTES);
	} else if (file_read(name, LIMIT_IGNORE_FILE, &text, &err)) {
		ws->ignore_bytes += text.len;
		add_lines(ws, dir, name, &text);
	} else {
		log_warn("an ignore file is not applied: %s", err.message);
	}
	strbuf_release(&text);
}

static struct dir *find_dir(struct workspace *ws, const char *path, size_t len)
{
	uint32_t hash = hash_of(path, len);

	for (size_t i = 0; i < ws->dir_count; i++)
		if (ws->dirs[i].hash == hash && !strncmp(ws->dirs[i].path, path, len) && !ws->dirs[i].path[len])
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
	*dir = (struct dir){ .path = xstrndup(path, len), .hash = hash_of(path, len), .looked_ms = now };
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

	if (hit->gave_up)
		err_set(err, ERR_IGNORED,
			"%.200s stays on this machine: the ignore rules are too many or too complicated to be checked in time, "
			"such as \"%.60s\" of %.100s", shown, hit->rule, hit->where ? hit->where : "eke's own");
	else if (!hit->where)
		err_set(err, ERR_IGNORED, "%.200s stays on this machine: the built-in rule \"%s\" for files that hold secrets",
			shown,
			hit->rule);
	else
		err_set(err, ERR_IGNORED, "%.200s stays on this machine: the rule \"%s\" of %s%s", shown, hit->rule, hit->where,
			is_file ? "" : " in your settings");
}

/* Directories between the outermost folder and the file. */
static size_t depth_of(const struct workspace *ws, const char *path)
{
	const char *folder = folder_of(ws, path, true);
	size_t depth = 0;

	for (const char *at = folder ? path + strlen(folder) : ""; *at; at++)
		depth += *at == '/' && at[1] != '/';
	return depth;
}

static bool judge(struct workspace *ws, const char *path, struct err *err)
{
	struct ignore_hit hit;

	if (!ignore_find(ws->ignore, path, &hit))
		return true;
	tell(ws, path, &hit, err);
	return false;
}

static bool check(struct workspace *ws, const char *path, struct err *err)
{
	struct verdict *verdict = &ws->verdicts[hash_of(path, strlen(path)) % LIMIT_IGNORE_VERDICTS];
	int64_t now = clock_mono_ms();
	bool known = verdict->path && !strcmp(verdict->path, path);
	bool fresh = known && now - verdict->looked_ms < LOOK_EVERY_MS;

	if (!fresh && depth_of(ws, path) > LIMIT_IGNORE_DEPTH) {
		err_set(err, ERR_IGNORED,
			"%.200s stays on this machine: it is nested too deep for its ignore files to be read", show_path(ws, path));
		return false;
	}
	if (!fresh && path[0] == '/' && !take_dirs(ws, path, now)) {
		reset_rules(ws, NULL, NULL);
		take_dirs(ws, path, now);
	}
	if (!verdict->path || strcmp(verdict->path, path) != 0) {
		bool ok = judge(ws, path, err);

		free(verdict->path);
		free(verdict->message);
		*verdict = (struct verdict){ .path = xstrdup(path), .message = ok ? NULL : xstrdup(err->message) };
	}
	if (!fresh)
		verdict->looked_ms = now;
	if (verdict->message)
		err_set(err, ERR_IGNORED, "%s", verdict->message);
	return !verdict->message;
}

bool workspace_may_send_path(struct workspace *ws, const char *path, struct err *err)
{
	char *real = path[0] == '/' ? realpath(path, NULL) : NULL;
	const char *own = path[0] == '/' ? own_files_find(&ws->own, path, real) : NULL;
	bool ok = !own && check(ws, path, err);

	if (own)
		err_set(err, ERR_IGNORED, "%.200s stays on this machine: %s", show_path(ws, path), own);
	else if (ok && real && strcmp(real, path) != 0)
		ok = check(ws, real, err);
	free(real);
	return ok;
}

bool workspace_may_send(struct workspace *ws, const char *uri, struct err *err)
{
	char *path = uri_path_part(uri);
	bool ok = workspace_may_send_path(ws, path, err);

	free(path);
	return ok;
}
