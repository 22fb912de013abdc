/*
 * A socket's file is made under a mask that keeps everybody else out, and is removed at the end.
 */
#include "listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/base/url.h"

#define DEFAULT_HOST "127.0.0.1"
#define DEFAULT_PORT 8484
#define BACKLOG 512
/* The first of the descriptors that systemd hands over. */
#define LISTEN_FDS_START 3

bool listener_parse(const char *text, struct listener_address *out)
{
	static const char scheme[] = "unix:";
	bool is_unix = !strncmp(text, scheme, sizeof(scheme) - 1);
	struct url_parts parts;

	*out = (struct listener_address){ .port = DEFAULT_PORT };
	if (is_unix || text[0] == '/' || text[0] == '~') {
		char *path = path_expand(is_unix ? text + sizeof(scheme) - 1 : text);
		int n = snprintf(out->unix_path, sizeof(out->unix_path), "%s", path);

		free(path);
		return n > 0 && (size_t)n < sizeof(out->unix_path);
	}
	if (url_split(text, strlen(text), &parts) != URL_OK || !parts.host.len || parts.host.len >= sizeof(out->host))
		return false;
	if (parts.port.s && url_piece_is(parts.port, "0"))
		out->port = 0;
	else if (parts.port.s && !url_port(parts.port, &out->port))
		return false;
	snprintf(out->host, sizeof(out->host), "%.*s", (int)parts.host.len, parts.host.s);
	if (!strcmp(out->host, "localhost"))
		snprintf(out->host, sizeof(out->host), DEFAULT_HOST);
	return true;
}

bool listener_is_local(const struct listener_address *address)
{
	return address->unix_path[0] || host_is_loopback(address->host);
}

/* What it is bound to. */
static bool describe(struct listener *l)
{
	struct sockaddr_storage name = { 0 };
	socklen_t len = sizeof(name);
	char host[INET6_ADDRSTRLEN] = "";

	if (getsockname(l->fd, (struct sockaddr *)&name, &len))
		return false;
	if (name.ss_family == AF_UNIX) {
		const struct sockaddr_un *un = (const struct sockaddr_un *)&name;

		l->is_unix = true;
		snprintf(l->address, sizeof(l->address), "%s", un->sun_path);
	} else if (name.ss_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&name;

		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
		snprintf(l->address, sizeof(l->address), "[%s]:%u", host, (unsigned)ntohs(v6->sin6_port));
	} else if (name.ss_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)&name;

		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
		snprintf(l->address, sizeof(l->address), "%s:%u", host, (unsigned)ntohs(v4->sin_port));
	}
	l->is_loopback = host_is_loopback(host);
	return l->address[0] != '\0';
}

/* --- from systemd --- */

bool listener_inherit(struct listener *out, struct err *err)
{
	const char *pid = getenv("LISTEN_PID");
	const char *fds = getenv("LISTEN_FDS");
	int is_listening = 0;
	socklen_t len = sizeof(is_listening);

	if (!pid || !fds || strtol(pid, NULL, 10) != (long)getpid() || strtol(fds, NULL, 10) < 1)
		return false;
	*out = (struct listener){ .fd = LISTEN_FDS_START };
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (getsockopt(out->fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &len) || !is_listening || !describe(out) ||
		fcntl(out->fd, F_SETFD, FD_CLOEXEC) || fcntl(out->fd, F_SETFL, O_NONBLOCK))
		err_set(err, ERR_CONFIG, "LISTEN_FDS is set, but descriptor 3 is no listening socket of TCP or Unix");
	else
		return true;
	out->fd = -1;
	return true;
}

/* --- of our own --- */

/* The flags that Linux takes at once are not known everywhere. */
static int open_socket(int family)
{
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0 || (!fcntl(fd, F_SETFD, FD_CLOEXEC) && !fcntl(fd, F_SETFL, O_NONBLOCK)))
		return fd;
	close(fd);
	return -1;
}

static bool bind_tcp(const struct listener_address *address, struct listener *l)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)address->port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)address->port) };
	bool is_v6 = inet_pton(AF_INET6, address->host, &v6.sin6_addr) == 1;
	int on = 1;

	if (!is_v6 && inet_pton(AF_INET, address->host, &v4.sin_addr) != 1) {
		errno = EADDRNOTAVAIL;
		return false;
	}
	l->fd = open_socket(is_v6 ? AF_INET6 : AF_INET);
	if (l->fd < 0)
		return false;
	setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (is_v6)
		return !setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) &&
			!bind(l->fd, (const struct sockaddr *)&v6, sizeof(v6));
	return !bind(l->fd, (const struct sockaddr *)&v4, sizeof(v4));
}

/* Removes a socket that nobody listens at. */
static void clear_stale(const struct sockaddr_un *name)
{
	struct stat st;
	int fd;

	if (lstat(name->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return;
	fd = open_socket(AF_UNIX);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)name, sizeof(*name)) && errno == ECONNREFUSED)
		unlink(name->sun_path);
	close(fd);
}

static bool bind_unix(const struct listener_address *address, struct listener *l)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	mode_t mask;
	bool ok;

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", address->unix_path);
	l->fd = open_socket(AF_UNIX);
	if (l->fd < 0)
		return false;
	clear_stale(&name);
	mask = umask(0177);
	ok = !bind(l->fd, (const struct sockaddr *)&name, sizeof(name));
	umask(mask);
	if (ok)
		l->unlink_path = xstrdup(address->unix_path);
	return ok;
}

bool listener_open(const struct listener_address *address, struct listener *out, struct err *err)
{
	bool is_unix = address->unix_path[0] != '\0';

	*out = (struct listener){ .fd = -1 };
	if ((is_unix ? bind_unix(address, out) : bind_tcp(address, out)) && !listen(out->fd, BACKLOG) && describe(out))
		return true;
	if (is_unix)
		err_set(err, ERR_CONFIG, "cannot listen at %s: %s", address->unix_path, strerror(errno));
	else
		err_set(err, ERR_CONFIG, "cannot listen at %s port %u: %s", address->host, address->port, strerror(errno));
	listener_release(out);
	return false;
}

void listener_release(struct listener *l)
{
	if (l->fd >= 0)
		close(l->fd);
	if (l->unlink_path)
		unlink(l->unlink_path);
	free(l->unlink_path);
	l->unlink_path = NULL;
	l->fd = -1;
}
