#ifndef EKE_TESTS_REDIS_SERVER_H
#define EKE_TESTS_REDIS_SERVER_H
/*
 * A real redis-server (or valkey-server) for one test: on a socket in a temporary directory, without a file of its own,
 * ended with the test. Nothing here knows of a server that the system may run.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "eke/base/mem.h"

struct redis_server {
	char dir[32];
	char *socket;
	char *url;
	pid_t pid; /* 0: not running */
	int output;
};

/* Is there one on this machine? Where CI runs there must be. */
static inline bool redis_server_exists(void)
{
	static const char *const names[] = { "redis-server", "valkey-server" };
	char *path = xstrdup(getenv("PATH") ? getenv("PATH") : "");
	bool found = false;
	char *rest = path;

	for (char *dir; (dir = strtok_r(rest, ":", &rest));) {
		for (size_t i = 0; i < 2; i++) {
			char *file = xasprintf("%s/%s", dir, names[i]);

			found = found || !access(file, X_OK);
			free(file);
		}
	}
	free(path);
	if (!found) {
		fprintf(stderr, "NO redis-server AND NO valkey-server HERE: the shared ledger is not tested\n");
		if (getenv("CI"))
			abort();
	}
	return found;
}

static inline void redis_server_run(const char *name, const struct redis_server *server, const char *password)
{
	execlp(name, name, "--port", "0", "--unixsocket", server->socket, "--dir", server->dir, "--save", "",
	       "--appendonly", "no", "--requirepass", password ? password : "", (char *)NULL);
}

/* Comes back when it takes connections. `password` NULL: none. */
static inline void redis_server_start(struct redis_server *server, const char *password)
{
	char line[512];
	FILE *output;
	bool ready = false;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		abort();
	server->pid = fork();
	if (!server->pid) {
		dup2(fds[1], STDOUT_FILENO);
		redis_server_run("redis-server", server, password);
		redis_server_run("valkey-server", server, password);
		_exit(127);
	}
	close(fds[1]);
	server->output = fds[0];
	output = fdopen(dup(fds[0]), "r");
	while (!ready && fgets(line, sizeof(line), output))
		ready = strstr(line, "eady to accept connections at") != NULL;
	fclose(output);
	if (!ready)
		abort();
}

static inline void redis_server_stop(struct redis_server *server)
{
	if (!server->pid)
		return;
	kill(server->pid, SIGKILL);
	/* libev may have been faster: then there is no such child. */
	waitpid(server->pid, NULL, 0);
	close(server->output);
	server->pid = 0;
}

static inline void redis_server_init(struct redis_server *server)
{
	memset(server, 0, sizeof(*server));
	snprintf(server->dir, sizeof(server->dir), "/tmp/eke-redis-XXXXXX");
	if (!mkdtemp(server->dir))
		abort();
	server->socket = xasprintf("%s/redis.sock", server->dir);
	/* A sanitized program on a busy machine is slow; no test wants a time-out but those that say so. */
	server->url = xasprintf("unix://%s?timeout=20000", server->socket);
}

static inline void redis_server_release(struct redis_server *server)
{
	redis_server_stop(server);
	unlink(server->socket);
	rmdir(server->dir);
	free(server->socket);
	free(server->url);
}

#endif
