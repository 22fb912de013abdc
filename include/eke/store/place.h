#ifndef EKE_STORE_PLACE_H
#define EKE_STORE_PLACE_H
/*
 * Where a store's file is, and what is done to it as a file: made for its user alone, recognised when somebody put
 * another in its place, set aside when it is damaged.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "eke/base/err.h"

/* Which file a name stands for at a moment. */
struct place_id {
	dev_t device;
	ino_t inode; /* 0: none */
};

/* Makes the directory of `path`, 0700, and its parents. ERR_INTERNAL with path and reason. */
bool place_make_directory(const char *path, struct err *err);
/* Makes the file, 0600, if there is none; *made tells. */
bool place_make_file(const char *path, bool *made, struct err *err);
struct place_id place_identify(const char *path);
bool place_same(struct place_id a, struct place_id b);

/* Is the directory of `path` on a file system of another machine? */
bool place_is_remote(const char *path);
/* In tests: from now on all of them are, or again as the system says. */
void place_set_remote_for_test(bool remote);
/* By Linux' number for the kind of a file system (statfs(2), linux/magic.h). Pure. */
bool place_kind_is_remote(unsigned long magic);

/*
 * Holds off others who would make or set aside files in the directory of `path`: *fd is to be given to
 * place_unlock(). False: somebody does. Where the file system has no such lock nobody is held off.
 */
bool place_lock(const char *path, int *fd);
void place_unlock(int fd);

/*
 * Renames a database (with -wal and -shm) to "<path>.damaged-YYYYMMDD-HHMMSS" (-2, -3, … if that exists); `name` gets
 * the last part of it. Nobody in this process may have it open. False with errno.
 */
bool place_set_aside(const char *path, char *name, size_t size);

#endif
