/*
 * Sessions in which nothing was asked yet. The history does not have them, but clients keep their ids, and load them
 * after a restart. An empty file for each in acp-sessions/ of the state directory says that it was ours; it goes with
 * the first prompt, with session/delete, or after a while. Nothing is kept where privacy.history is false.
 */
#include "acp_private.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eke/base/clock.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/store/file.h"

#define FOLDER "acp-sessions"
#define KEPT_SECONDS (30 * 86400)

static bool is_id(const char *id)
{
	return strlen(id) == HISTORY_ID - 1 && strspn(id, "0123456789abcdef") == HISTORY_ID - 1;
}

/* NULL: there is no place for it. */
static char *path_of(const char *id)
{
	char *state = is_id(id) ? path_state() : NULL;
	char *path = state ? xasprintf("%s/" FOLDER "/%s", state, id) : NULL;

	free(state);
	return path;
}

static void remove_old(const char *path)
{
	char *directory = xstrndup(path, (size_t)(path_basename(path) - path));
	int64_t now = clock_wall_ms() / 1000;
	DIR *dir = opendir(directory);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		struct stat st;

		if (is_id(entry->d_name) && !fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
		    S_ISREG(st.st_mode) && now - st.st_mtim.tv_sec > KEPT_SECONDS)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
	free(directory);
}

void acp_unprompted_add(const struct acp *acp, const char *id)
{
	char *path = acp->app.config->history ? path_of(id) : NULL;
	struct err err;
	int fd = -1;

	if (path && file_make_directory(path, &err)) {
		remove_old(path);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	}
	/* Only a restart before the first prompt would need it. */
	if (fd < 0 && path)
		log_debug("session %s is not noted at %s", id, path);
	if (fd >= 0)
		close(fd);
	free(path);
}

bool acp_unprompted_has(const char *id)
{
	char *path = path_of(id);
	bool found = path && !access(path, F_OK);

	free(path);
	return found;
}

void acp_unprompted_remove(const char *id)
{
	char *path = path_of(id);

	if (path)
		unlink(path);
	free(path);
}
