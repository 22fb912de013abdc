#ifndef EKE_BASE_SANDBOX_H
#define EKE_BASE_SANDBOX_H
/*
 * A program that reads what strangers made (git in their repository) is kept from everything that it does not need: it
 * writes no file, starts no other program, opens no socket, and does not read what is hidden from it. Whatever talks it
 * into something, that is all it can do.
 *
 * Linux: Landlock for files and programs (landlock(7), from version 1; what a later version can do is used where the
 * kernel has it), seccomp for processes and sockets (seccomp(2); x86-64, ARM64 and RISC-V). Each is used alone where
 * the other is missing; elsewhere there is neither.
 */
#include <stdbool.h>

struct sandbox {
	/* Absolute, without links; each ends with NULL. A hidden file or directory is hidden with all below it; what is
	 * shown is seen all the same, with all below it. */
	const char *const *hidden;
	const char *const *shown;
};

/* The version of Landlock that the kernel has; 0: none. */
int sandbox_landlock_version(void);
bool sandbox_has_seccomp(void);
/*
 * For a child between fork() and execve() of `program` (absolute): makes system calls alone. It may block, as a file
 * system that does not answer does. 0, or the errno of what the system has but refused.
 */
int sandbox_enter(const struct sandbox *sandbox, const char *program);

#endif
