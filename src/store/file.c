/*
 * Databases as files. The only state is a switch for tests. A database must not be open in this process while it is
 * renamed: SQLite deletes and truncates the log and the shared memory by name.
 */
#include "eke/store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/vfs.h>
#else
#include <sys/mount.h>
#include <sys/param.h>
#endif

#include "eke/base/attrs.h"
#include "eke/base/clock.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"

/* Damaged files of one second; more are a broken machine. */
#define ASIDE_TRIES 100

static char *directory_of(const char *path)
{
	const char *name = path_basename(path);

	return name == path ? xstrdup(".") : xstrndup(path, (size_t)(name - path));
}

bool file_make_directory(const char *path, struct err *err)
{
	char *dir = directory_of(path);
	struct stat st;
	bool ok;

	for (char *slash = strchr(dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		/* What fails here shows below. */
		(void)mkdir(dir, 0700);
		*slash = '/';
	}
	ok = !mkdir(dir, 0700) || errno == EEXIST;
	if (ok && stat(dir, &st) < 0) {
		ok = false;
	} else if (ok && !S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		ok = false;
	}
	if (!ok)
		err_set(err, ERR_INTERNAL, "the directory %s cannot be made: %s", dir, strerror(errno));
	free(dir);
	return ok;
}

bool file_make(const char *path, bool *made, struct err *err)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	*made = false;
	if (fd < 0 && errno == ENOENT) {
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
		*made = fd >= 0;
		/* Somebody was faster: theirs is as good. */
		if (fd < 0 && errno == EEXIST)
			return true;
	}
	if (fd < 0 || fstat(fd, &st) < 0) {
		err_set(err, ERR_INTERNAL, "%s cannot be written: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	close(fd);
	if (S_ISREG(st.st_mode))
		return true;
	err_set(err, ERR_INTERNAL, "%s is not a regular file", path);
	return false;
}

struct file_id file_identify(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return (struct file_id){ .inode = 0 };
	return (struct file_id){ .device = st.st_dev, .inode = st.st_ino };
}

bool file_is_missing(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

bool file_same(struct file_id a, struct file_id b)
{
	return a.inode && a.device == b.device && a.inode == b.inode;
}

bool file_system_is_remote(unsigned long magic)
{
	/*
	 * FUSE is not among them: encrypted homes are, and there one machine writes. 9P is what Windows' drives are in WSL,
	 * whose locks do not reach the other side.
	 */
	static const unsigned long remote[] = {
		0x6969,     /* NFS */
		0x517B,     /* SMB */
		0xFF534D42, /* CIFS */
		0xFE534D42, /* SMB2 */
		0x5346414F, /* AFS */
		0x6B414653, /* AFS of the kernel */
		0x73757245, /* Coda */
		0x564C,     /* NCP */
		0x01021997, /* 9P */
		0x00C36400, /* Ceph */
		0x0BD00BD0, /* Lustre */
		0x47504653, /* GPFS */
		0x19830326, /* BeeGFS */
		0x01161970, /* GFS2 */
		0x7461636F, /* OCFS2 */
		0x786F4256, /* shared folders of VirtualBox */
	};

	for (size_t i = 0; i < ARRAY_LEN(remote); i++)
		if (remote[i] == magic)
			return true;
	return false;
}

static bool remote_for_test;

void file_set_remote_for_test(bool remote)
{
	remote_for_test = remote;
}

bool file_is_remote(const char *path)
{
	char *dir = directory_of(path);
	struct statfs fs;
	bool known = !statfs(dir, &fs);

	free(dir);
	if (remote_for_test)
		return true;
	if (!known)
		return false;
#ifdef __linux__
	/* Signed and of the machine's word where the numbers are of 32 bits. */
	return file_system_is_remote((unsigned long)fs.f_type & 0xFFFFFFFFUL);
#else
	return !(fs.f_flags & MNT_LOCAL);
#endif
}

bool file_lock_directory(const char *path, int *fd)
{
	char *dir = directory_of(path);

	*fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	if (*fd < 0 || !flock(*fd, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK)
		return true;
	close(*fd);
	*fd = -1;
	return false;
}

void file_unlock_directory(int fd)
{
	if (fd >= 0)
		close(fd);
}

bool file_share_directory(const char *path, int *fd)
{
	if (*fd < 0) {
		char *dir = directory_of(path);

		*fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		free(dir);
	}
	return *fd < 0 || !flock(*fd, LOCK_SH | LOCK_NB) || errno != EWOULDBLOCK;
}

void file_unshare_directory(int fd)
{
	if (fd >= 0)
		flock(fd, LOCK_UN);
}

/* The first free name for what is set aside now; NULL if there is none. */
static char *free_name(const char *path)
{
	time_t now = (time_t)(clock_wall_ms() / 1000);
	char stamp[32];
	struct tm tm;

	if (!gmtime_r(&now, &tm) || !strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm))
		return NULL;
	for (int i = 1; i <= ASIDE_TRIES; i++) {
		char *name = i == 1 ? xasprintf("%s.damaged-%s", path, stamp) :
				      xasprintf("%s.damaged-%s-%d", path, stamp, i);

		if (!file_identify(name).inode)
			return name;
		free(name);
	}
	errno = EEXIST;
	return NULL;
}

bool file_set_aside(const char *path, char *name, size_t size)
{
	static const char *const parts[] = { "-wal", "-shm" };
	char *aside = free_name(path);

	if (!aside)
		return false;
	/* The log first: left behind, it would be taken for the new file's. */
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		char *from = xasprintf("%s%s", path, parts[i]);
		char *to = xasprintf("%s%s", aside, parts[i]);
		bool ok = !rename(from, to) || errno == ENOENT;

		free(from);
		free(to);
		if (!ok) {
			free(aside);
			return false;
		}
	}
	if (rename(path, aside) < 0) {
		free(aside);
		return false;
	}
	snprintf(name, size, "%s", path_basename(aside));
	free(aside);
	return true;
}

static bool copy_bytes(const char *from, const char *to)
{
	char buffer[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t n = -1;

	while (out >= 0 && (n = read(in, buffer, sizeof(buffer))) > 0)
		if (write(out, buffer, (size_t)n) != n) {
			n = -1;
			break;
		}
	if (out >= 0 && !n && fsync(out) < 0)
		n = -1;
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return !n;
}

bool file_copy(const char *path, const char *to)
{
	char *from_log = xasprintf("%s-wal", path);
	char *to_log = xasprintf("%s-wal", to);
	bool ok = copy_bytes(path, to) && (copy_bytes(from_log, to_log) || errno == ENOENT);

	free(from_log);
	free(to_log);
	return ok;
}

void file_remove_logs(const char *path)
{
	static const char *const parts[] = { "-wal", "-shm", "-journal" };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		char *name = xasprintf("%s%s", path, parts[i]);

		unlink(name);
		free(name);
	}
}

void file_remove(const char *path)
{
	unlink(path);
	file_remove_logs(path);
}

bool file_copy_aside(const char *path, char *name, size_t size)
{
	char *aside = free_name(path);
	bool ok = aside && file_copy(path, aside);

	if (aside && !ok) {
		int error = errno;

		file_remove(aside);
		errno = error;
	}
	if (ok)
		snprintf(name, size, "%s", path_basename(aside));
	free(aside);
	return ok;
}
