/*
 * What the system knows of processes that are not our children.
 */
#include "eke/base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Fields behind the name, which is the second and may hold anything. */
#define STATE_FIELD 3
#define STARTED_FIELD 22

/* False if the system does not tell. */
static bool read_stat(pid_t pid, char *state, int64_t *started)
{
	char path[64];
	char line[1024];
	const char *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, line, sizeof(line) - 1);
	close(fd);
	if (n <= 0)
		return false;
	line[n] = '\0';
	at = strrchr(line, ')');
	if (!at || at[1] != ' ')
		return false;
	*state = at[2];
	for (int field = STATE_FIELD - 1; at && field < STARTED_FIELD; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		return false;
	*started = strtoll(at + 1, NULL, 10);
	return true;
}

int64_t process_started(pid_t pid)
{
	int64_t started = 0;
	char state;

	return read_stat(pid, &state, &started) ? started : 0;
}

bool process_lives(pid_t pid, int64_t started)
{
	int64_t began;
	char state;

	if (pid <= 0 || (kill(pid, 0) < 0 && errno == ESRCH))
		return false;
	if (!read_stat(pid, &state, &began))
		return true;
	return state != 'Z' && state != 'X' && (!started || !began || began == started);
}

void process_keep_writing(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

void process_allow_files(unsigned long count)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur == RLIM_INFINITY || files.rlim_cur >= count)
		return;
	files.rlim_cur = files.rlim_max == RLIM_INFINITY || files.rlim_max >= count ? count : files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

bool process_ignores(int signum)
{
	struct sigaction now;

	return !sigaction(signum, NULL, &now) && now.sa_handler == SIG_IGN;
}
