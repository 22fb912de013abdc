#ifndef EKE_BASE_DARWIN_H
#define EKE_BASE_DARWIN_H
/*
 * What the sources use and macOS's C library lacks, under other names there. The Makefile has this file included before
 * every source on macOS, and with DARWIN=yes on any system, so that these can be tried where there is no Mac.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

static inline void *darwin_memrchr(const void *s, int c, size_t len)
{
	const unsigned char *bytes = s;

	while (len--) {
		if (bytes[len] == (unsigned char)c)
			return (void *)(uintptr_t)(bytes + len);
	}
	return NULL;
}

/* The pointer is volatile, so that a compiler cannot know that nobody reads what was written. */
static inline void darwin_explicit_bzero(void *s, size_t len)
{
	volatile unsigned char *bytes = s;

	while (len--)
		bytes[len] = 0;
}

/* With O_CLOEXEC or 0. Unlike Linux's it leaves a moment in which another thread's child inherits the ends. */
static inline int darwin_pipe2(int fds[2], int flags)
{
	if (pipe(fds) < 0)
		return -1;
	if (flags & O_CLOEXEC) {
		fcntl(fds[0], F_SETFD, FD_CLOEXEC);
		fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	}
	return 0;
}

#define memrchr darwin_memrchr
#define explicit_bzero darwin_explicit_bzero
#define pipe2 darwin_pipe2
#ifdef __APPLE__
#define st_mtim st_mtimespec
#endif

#endif
