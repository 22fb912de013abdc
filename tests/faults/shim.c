/*
 * Preloaded into eke (LD_PRELOAD): one call of one function of the C library fails, once, as the system lets it fail.
 *
 *	EKE_FAULT=name:n     the n-th call of that function fails, from 1; "name:0" none
 *	EKE_FAULT_COUNT=file where the number of calls of each function is written when the program ends
 *
 * What is printed for people (descriptors 0 to 2) does not fail.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum function {
	OPEN, READ, PREAD, WRITE, PWRITE, FSYNC, FDATASYNC, FTRUNCATE, RENAME, UNLINK, MKDIR, FSTAT, STAT, MMAP,
	FLOCK, FCNTL, SOCKET, CONNECT, SEND, RECV, PIPE2, FCHMOD, FUNCTIONS
};

static const struct {
	const char *name;
	int error;
} functions[FUNCTIONS] = {
	[OPEN] = { "open", EMFILE },
	[READ] = { "read", EIO },
	[PREAD] = { "pread", EIO },
	[WRITE] = { "write", ENOSPC },
	[PWRITE] = { "pwrite", ENOSPC },
	[FSYNC] = { "fsync", EIO },
	[FDATASYNC] = { "fdatasync", EIO },
	[FTRUNCATE] = { "ftruncate", EIO },
	[RENAME] = { "rename", EACCES },
	[UNLINK] = { "unlink", EACCES },
	[MKDIR] = { "mkdir", EACCES },
	[FSTAT] = { "fstat", EIO },
	[STAT] = { "stat", EACCES },
	[MMAP] = { "mmap", ENOMEM },
	[FLOCK] = { "flock", ENOLCK },
	[FCNTL] = { "fcntl", ENOLCK },
	[SOCKET] = { "socket", EMFILE },
	[CONNECT] = { "connect", ECONNREFUSED },
	[SEND] = { "send", ECONNRESET },
	[RECV] = { "recv", ECONNRESET },
	[PIPE2] = { "pipe2", EMFILE },
	[FCHMOD] = { "fchmod", EPERM },
};

static unsigned long counts[FUNCTIONS];
static int wanted = -1;
static unsigned long wanted_call;

static void __attribute__((constructor)) begin(void)
{
	const char *fault = getenv("EKE_FAULT");
	const char *colon = fault ? strchr(fault, ':') : NULL;

	size_t len = colon ? (size_t)(colon - fault) : 0;

	for (int i = 0; colon && i < FUNCTIONS; i++)
		if (strlen(functions[i].name) == len && !strncmp(functions[i].name, fault, len))
			wanted = i;
	wanted_call = colon ? strtoul(colon + 1, NULL, 10) : 0;
	memset(counts, 0, sizeof(counts));
}

static void __attribute__((destructor)) end(void)
{
	const char *path = getenv("EKE_FAULT_COUNT");
	FILE *file;

	wanted = -1;
	file = path ? fopen(path, "we") : NULL;
	for (int i = 0; file && i < FUNCTIONS; i++)
		fprintf(file, "%s %lu\n", functions[i].name, counts[i]);
	if (file)
		fclose(file);
}

/* Is this the call that fails? errno is set then. */
static int fails(enum function function)
{
	unsigned long n = __atomic_add_fetch(&counts[function], 1, __ATOMIC_RELAXED);

	if ((int)function != wanted || n != wanted_call)
		return 0;
	errno = functions[function].error;
	return 1;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define OPEN_LIKE(name) \
	int name(const char *path, int flags, ...) \
	{ \
		va_list ap; \
		int mode; \
\
		va_start(ap, flags); \
		mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, int) : 0; \
		va_end(ap); \
		return fails(OPEN) ? -1 : NEXT(name)(path, flags, mode); \
	}
OPEN_LIKE(open)
OPEN_LIKE(open64)

#define PLAIN(function, failure, type, name, params, args) \
	type name params \
	{ \
		return fails(function) ? failure : NEXT(name) args; \
	}
#define BEYOND(function, type, name, params, args) \
	type name params \
	{ \
		return fd > 2 && fails(function) ? -1 : NEXT(name) args; \
	}

BEYOND(READ, ssize_t, read, (int fd, void *bytes, size_t len), (fd, bytes, len))
BEYOND(WRITE, ssize_t, write, (int fd, const void *bytes, size_t len), (fd, bytes, len))
PLAIN(PREAD, -1, ssize_t, pread, (int fd, void *bytes, size_t len, off_t at), (fd, bytes, len, at))
PLAIN(PREAD, -1, ssize_t, pread64, (int fd, void *bytes, size_t len, off64_t at), (fd, bytes, len, at))
PLAIN(PWRITE, -1, ssize_t, pwrite, (int fd, const void *bytes, size_t len, off_t at), (fd, bytes, len, at))
PLAIN(PWRITE, -1, ssize_t, pwrite64, (int fd, const void *bytes, size_t len, off64_t at), (fd, bytes, len, at))
PLAIN(FSYNC, -1, int, fsync, (int fd), (fd))
PLAIN(FDATASYNC, -1, int, fdatasync, (int fd), (fd))
PLAIN(FTRUNCATE, -1, int, ftruncate, (int fd, off_t len), (fd, len))
PLAIN(FTRUNCATE, -1, int, ftruncate64, (int fd, off64_t len), (fd, len))
PLAIN(RENAME, -1, int, rename, (const char *from, const char *to), (from, to))
PLAIN(UNLINK, -1, int, unlink, (const char *path), (path))
PLAIN(MKDIR, -1, int, mkdir, (const char *path, mode_t mode), (path, mode))
PLAIN(STAT, -1, int, stat, (const char *path, struct stat *st), (path, st))
PLAIN(STAT, -1, int, stat64, (const char *path, struct stat64 *st), (path, st))
BEYOND(FSTAT, int, fstat, (int fd, struct stat *st), (fd, st))
BEYOND(FSTAT, int, fstat64, (int fd, struct stat64 *st), (fd, st))
PLAIN(FLOCK, -1, int, flock, (int fd, int how), (fd, how))
PLAIN(SOCKET, -1, int, socket, (int domain, int type, int protocol), (domain, type, protocol))
PLAIN(CONNECT, -1, int, connect, (int fd, const struct sockaddr *to, socklen_t len), (fd, to, len))
PLAIN(SEND, -1, ssize_t, send, (int fd, const void *bytes, size_t len, int flags), (fd, bytes, len, flags))
PLAIN(RECV, -1, ssize_t, recv, (int fd, void *bytes, size_t len, int flags), (fd, bytes, len, flags))
PLAIN(PIPE2, -1, int, pipe2, (int fds[2], int flags), (fds, flags))
PLAIN(FCHMOD, -1, int, fchmod, (int fd, mode_t mode), (fd, mode))

/* Memory without a file is malloc's, which ends the program when there is none. */
#define MMAP_LIKE(name, offset) \
	void *name(void *at, size_t len, int prot, int flags, int fd, offset from) \
	{ \
		return fd >= 0 && fails(MMAP) ? MAP_FAILED : NEXT(name)(at, len, prot, flags, fd, from); \
	}
MMAP_LIKE(mmap, off_t)
MMAP_LIKE(mmap64, off64_t)

#define FCNTL_LIKE(name) \
	int name(int fd, int what, ...) \
	{ \
		va_list ap; \
		void *argument; \
\
		va_start(ap, what); \
		argument = va_arg(ap, void *); \
		va_end(ap); \
		return (what == F_SETLK || what == F_SETLKW) && fails(FCNTL) ? -1 : NEXT(name)(fd, what, argument); \
	}
FCNTL_LIKE(fcntl)
FCNTL_LIKE(fcntl64)
