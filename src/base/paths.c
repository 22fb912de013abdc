/*
 * Locations by the XDG specification, with the overrides that tests and packagers need, and the one way files are read.
 */
#include "eke/base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eke/base/mem.h"

static const char *env_nonempty(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

char *path_home(void)
{
	const char *home = env_nonempty("HOME");
	const struct passwd *pw;

	if (home)
		return xstrdup(home);
	pw = getpwuid(getuid());
	return pw && pw->pw_dir && *pw->pw_dir ? xstrdup(pw->pw_dir) : NULL;
}

/* $override, else $xdg/<rest>, else ~/<fallback>/<rest>. */
static char *locate(const char *override, const char *xdg, const char *fallback, const char *rest)
{
	const char *value = env_nonempty(override);
	char *home;
	char *path;

	if (value)
		return path_expand(value);
	value = env_nonempty(xdg);
	/* The specification: a relative path there is invalid and to be ignored. */
	if (value && value[0] == '/')
		return xasprintf("%s/%s", value, rest);
	home = path_home();
	if (!home)
		return NULL;
	path = xasprintf("%s/%s/%s", home, fallback, rest);
	free(home);
	return path;
}

char *path_config(void)
{
	return locate("EKE_CONFIG", "XDG_CONFIG_HOME", ".config", "eke/config.json");
}

char *path_state(void)
{
	return locate("EKE_STATE_DIR", "XDG_STATE_HOME", ".local/state", "eke");
}

char *path_expand(const char *path)
{
	char *home;
	char *full;

	if (path[0] != '~' || path[1] != '/')
		return xstrdup(path);
	home = path_home();
	if (!home)
		return xstrdup(path);
	full = xasprintf("%s%s", home, path + 1);
	free(home);
	return full;
}

char *path_beside(const char *file, const char *path)
{
	size_t folder = (size_t)(path_basename(file) - file);

	if (path[0] == '/' || !strncmp(path, "~/", 2))
		folder = 0;
	return xasprintf("%.*s%s", (int)folder, file, path);
}

const char *path_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool read_all(int fd, size_t max, struct strbuf *out)
{
	size_t start = out->len;

	for (;;) {
		char chunk[16 * 1024];
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		if (out->len - start + (size_t)n > max || !strbuf_add(out, chunk, (size_t)n)) {
			errno = EFBIG;
			return false;
		}
	}
}

bool file_read(const char *path, size_t max, struct strbuf *out, struct err *err)
{
	size_t start = out->len;
	struct stat st;
	bool ok = false;
	int fd;

	/* O_NONBLOCK: opening a FIFO that someone left there must not hang. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0) {
		err_set(err, ERR_CONFIG, "cannot read %s: %s", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		err_set(err, ERR_CONFIG, "cannot read %s: it is not a regular file", path);
	} else if (!read_all(fd, max, out)) {
		strbuf_truncate(out, start);
		if (errno == EFBIG)
			err_set(err, ERR_CONFIG, "cannot read %s: it is larger than %zu bytes", path, max);
		else
			err_set(err, ERR_CONFIG, "cannot read %s: %s", path, strerror(errno));
	} else {
		ok = true;
	}
	if (fd >= 0)
		close(fd);
	return ok;
}
