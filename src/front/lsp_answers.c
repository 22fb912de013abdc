/*
 * Answers as files: the one way in which every editor can show a text. They are in answers/ of the state directory, for
 * the user local_only, and go after a week; with privacy.history false they go when the program ends.
 */
#include "lsp_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "eke/base/clock.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/store/file.h"
#include "lsp_action.h"

#define KEPT_SECONDS (7 * 86400)
#define SUFFIX ".md"
/* Of one second and one command. */
#define TRIES 100

static void remove_old(const char *directory)
{
	int64_t now = clock_wall_ms() / 1000;
	DIR *dir = opendir(directory);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name);
		struct stat st;

		if (len > strlen(SUFFIX) && !strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX) &&
		    !fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode) &&
		    now - st.st_mtim.tv_sec > KEPT_SECONDS)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
}

/* Letters, digits and what else no file system minds. */
static char *plain_name(const char *name)
{
	char *plain = xstrdup(name);

	for (char *p = plain; *p; p++)
		if (*p == '/' || *p == '\\' || *p == '.' || (unsigned char)*p <= ' ')
			*p = '-';
	return plain;
}

static int make_file(const char *directory, const char *name, char **path)
{
	time_t now = (time_t)(clock_wall_ms() / 1000);
	char *plain = plain_name(name);
	char at[32] = "";
	struct tm tm;
	int fd = -1;

	if (gmtime_r(&now, &tm))
		strftime(at, sizeof(at), "%Y%m%d-%H%M%S", &tm);
	errno = EEXIST;
	for (int i = 0; i < TRIES && fd < 0 && errno == EEXIST; i++) {
		free(*path);
		*path = i ? xasprintf("%s/%s-%s-%d" SUFFIX, directory, at, plain, i + 1) :
			    xasprintf("%s/%s-%s" SUFFIX, directory, at, plain);
		fd = open(*path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	}
	free(plain);
	return fd;
}

static bool write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

static void remember(struct lsp *lsp, const char *path)
{
	lsp->passing_answers =
		xreallocarray(lsp->passing_answers, lsp->passing_answer_count + 1, sizeof(*lsp->passing_answers));
	lsp->passing_answers[lsp->passing_answer_count++] = xstrdup(path);
}

char *lsp_keep_answer(struct lsp *lsp, const char *name, const char *text, size_t len, struct err *err)
{
	char *state = path_state();
	char *directory = state ? xasprintf("%s/answers", state) : NULL;
	char *path = directory ? xasprintf("%s/x", directory) : NULL;
	int fd = -1;
	bool ok = false;

	if (!path) {
		err_set(err, ERR_INTERNAL, "there is no home directory to keep the answer in");
	} else if (file_make_directory(path, err)) {
		remove_old(directory);
		fd = make_file(directory, name, &path);
		ok = fd >= 0 && write_all(fd, text, len);
		if (!ok)
			err_set(err, ERR_INTERNAL, "%s cannot be written: %s", path, strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	if (ok && !lsp->app.config->history)
		remember(lsp, path);
	if (!ok) {
		free(path);
		path = NULL;
	}
	free(directory);
	free(state);
	return path;
}

void lsp_answers_free(struct lsp *lsp)
{
	for (size_t i = 0; i < lsp->passing_answer_count; i++) {
		unlink(lsp->passing_answers[i]);
		free(lsp->passing_answers[i]);
	}
	free(lsp->passing_answers);
}
