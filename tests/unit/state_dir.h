#ifndef EKE_TESTS_STATE_DIR_H
#define EKE_TESTS_STATE_DIR_H
/*
 * A state directory for one test: EKE_STATE_DIR names one that does not exist yet, in a temporary directory that goes
 * with the test.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eke/base/mem.h"

static char *state_dir;

/* A path in it; free(). */
static inline char *in_state_dir(const char *name)
{
	return xasprintf("%s/%s", state_dir, name);
}

static inline void state_dir_begin(void)
{
	char template[] = "/tmp/eke-unit-XXXXXX";
	const char *made = mkdtemp(template);

	if (!made)
		abort();
	state_dir = xasprintf("%s/state", made);
	setenv("EKE_STATE_DIR", state_dir, 1);
}

static inline void remove_tree(const char *path)
{
	DIR *d = opendir(path);

	for (struct dirent *e; d && (e = readdir(d));) {
		char *name = xasprintf("%s/%s", path, e->d_name);

		if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") && unlink(name) < 0)
			remove_tree(name);
		free(name);
	}
	if (d)
		closedir(d);
	rmdir(path);
}

static inline void state_dir_end(void)
{
	*strrchr(state_dir, '/') = '\0';
	remove_tree(state_dir);
	free(state_dir);
	state_dir = NULL;
	unsetenv("EKE_STATE_DIR");
}

/* Writes bytes into a file of it, at an offset. */
static inline void write_in_state_dir(const char *name, const void *data, size_t len, off_t at)
{
	char *path = in_state_dir(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || pwrite(fd, data, len, at) != (ssize_t)len)
		abort();
	close(fd);
	free(path);
}

/* How many files of it begin so; logs and shared memory of databases left out. */
static inline int count_in_state_dir(const char *prefix)
{
	DIR *d = opendir(state_dir);
	int n = 0;

	for (struct dirent *e; d && (e = readdir(d));)
		n += !strncmp(e->d_name, prefix, strlen(prefix)) && !strstr(e->d_name, "-wal") && !strstr(e->d_name, "-shm");
	if (d)
		closedir(d);
	return n;
}

#endif
