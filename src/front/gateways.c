/*
 * One file a process, named by its number, replaced as a whole.
 */
#include "eke/front/gateways.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/base/strbuf.h"
#include "eke/store/file.h"

#define DIRECTORY "gateways"
#define END ".json"

bool gateways_are_built(void)
{
#ifdef HAVE_MICROHTTPD
	return true;
#else
	return false;
#endif
}

static char *directory(void)
{
	char *state = path_state();
	char *path = state ? xasprintf("%s/" DIRECTORY, state) : NULL;

	free(state);
	return path;
}

static char *file_of(long pid)
{
	char *dir = directory();
	char *path = dir ? xasprintf("%s/%ld" END, dir, pid) : NULL;

	free(dir);
	return path;
}

bool gateways_write(const char *json, size_t len)
{
	char *path = file_of((long)getpid());
	char *new_path = path ? xasprintf("%s.new", path) : NULL;
	struct err ignored;
	int fd = -1;
	bool ok = false;

	if (new_path) {
		/* What fails here fails below. */
		(void)file_make_directory(path, &ignored);
		fd = open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
		ok = fd >= 0 && write(fd, json, len) == (ssize_t)len;
		if (fd >= 0)
			close(fd);
		ok = ok && !rename(new_path, path);
	}
	free(new_path);
	free(path);
	return ok;
}

void gateways_remove(void)
{
	char *path = file_of((long)getpid());

	if (path)
		unlink(path);
	free(path);
}

/* The process whose file that is, or 0. */
static long pid_of(const char *name)
{
	char *end;
	long pid = strtol(name, &end, 10);

	return pid > 0 && !strcmp(end, END) ? pid : 0;
}

static void read_one(const char *dir, const char *name, void (*fn)(void *ctx, const struct json *record), void *ctx)
{
	char *path = xasprintf("%s/%s", dir, name);
	struct json_pool *pool = json_pool_new();
	const struct json *record;
	struct strbuf text;
	struct err ignored;

	strbuf_init(&text, LIMIT_GATEWAY_RECORD);
	if (kill((pid_t)pid_of(name), 0) && errno == ESRCH) {
		unlink(path);
	} else if (file_read(path, LIMIT_GATEWAY_RECORD, &text, &ignored)) {
		record = json_parse(pool, text.data, text.len, JSON_STRICT, &ignored);
		if (json_is_object(record))
			fn(ctx, record);
	}
	strbuf_release(&text);
	json_pool_free(pool);
	free(path);
}

void gateways_each(void (*fn)(void *ctx, const struct json *record), void *ctx)
{
	char *path = directory();
	DIR *dir = path ? opendir(path) : NULL;

	for (const struct dirent *e; dir && (e = readdir(dir));)
		if (pid_of(e->d_name))
			read_one(path, e->d_name, fn, ctx);
	if (dir)
		closedir(dir);
	free(path);
}
