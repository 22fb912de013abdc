#ifndef EKE_STORE_FILE_H
#define EKE_STORE_FILE_H
/*
 * A store's database as a file on disk: made readable for its user alone, recognised by device and inode when another
 * one is put under its name, renamed when it is damaged.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "eke/base/err.h"

/* The identity of the file that a path names at a moment. */
struct file_id {
	dev_t device;
	ino_t inode; /* 0: none */
};

/* Makes the directory of `path`, 0700, and its parents. ERR_INTERNAL with path and reason. */
bool file_make_directory(const char *path, struct err *err);
/* Makes the file, 0600, if there is none; *made tells. */
bool file_make(const char *path, bool *made, struct err *err);
/* Of zeros: there is none, or it cannot be told. */
struct file_id file_identify(const char *path);
/* There is surely none: the system said so, and not that it cannot look now. */
bool file_is_missing(const char *path);
bool file_same(struct file_id a, struct file_id b);

/* Is the directory of `path` on a file system of another machine? */
bool file_is_remote(const char *path);
/* For tests: true, and every path counts as remote; false, and the system is asked again. */
void file_set_remote_for_test(bool remote);
/* By Linux' number for the kind of a file system (statfs(2), linux/magic.h). */
bool file_system_is_remote(unsigned long magic);

/*
 * Locks the directory of `path` against other processes that would make or rename databases in it. *fd goes to
 * file_unlock_directory(). False: another process holds the lock. On file systems without such locks it is true and
 * nobody is kept out.
 */
bool file_lock_directory(const char *path, int *fd);
void file_unlock_directory(int fd);
/*
 * The lock of those who write, any number at a time, but not while another process has the one above. The descriptor is
 * kept from one time to the next: -1 at first, and close() ends it. False: another process has it.
 */
bool file_share_directory(const char *path, int *fd);
void file_unshare_directory(int fd);

/*
 * Renames a database (with -wal and -shm) to "<path>.damaged-YYYYMMDD-HHMMSS" (-2, -3, … if that exists); `name` gets
 * the last part of it. Nobody in this process may have it open. False with errno.
 */
bool file_set_aside(const char *path, char *name, size_t size);
/*
 * The same with a copy: the database stays where it is, and may be open. file_copy() copies it (with -wal) to `to`;
 * file_remove() removes one (with -wal and -shm).
 */
bool file_copy_aside(const char *path, char *name, size_t size);
bool file_copy(const char *path, const char *to);
void file_remove(const char *path);
/* What SQLite keeps beside the file of that name, and not the file. */
void file_remove_logs(const char *path);

#endif
