/*
 * No object: a child enters, and what it was allowed lasts until its end. Everything between fork() and execve()
 * happens here without the heap and without the C library's directories, since another thread (libcurl's resolver) may
 * have held a lock when the child was made.
 *
 * Landlock can only allow. What is hidden is left out: of each directory on the way to it, the other entries are
 * allowed one by one. That execve() wants a right for the program's interpreter, too, opens a hole: ld.so starts any
 * program that it can read. seccomp closes it, as no process can be made to run that in.
 *
 * The constants are the kernel's (linux/landlock.h, linux/seccomp.h, linux/filter.h), written here as its headers are
 * missing for musl, and those of Debian 12 know no more than version 2.
 */
#include "eke/base/sandbox.h"

#ifndef __linux__

#include <errno.h>

int sandbox_landlock_version(void)
{
	return 0;
}

bool sandbox_has_seccomp(void)
{
	return false;
}

int sandbox_enter(const struct sandbox *sandbox, const char *program)
{
	(void)sandbox;
	(void)program;
	return 0;
}

#else

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "eke/base/attrs.h"

/* --- Landlock --- */

/* The same numbers on all architectures that we are built for. */
#define NR_LANDLOCK_CREATE_RULESET 444
#define NR_LANDLOCK_ADD_RULE 445
#define NR_LANDLOCK_RESTRICT_SELF 446
#define LANDLOCK_CREATE_RULESET_VERSION 1u
#define LANDLOCK_RULE_PATH_BENEATH 1

#define FS_EXECUTE (UINT64_C(1) << 0)
#define FS_WRITE_FILE (UINT64_C(1) << 1)
#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR (UINT64_C(1) << 3)
#define FS_ALL_1 ((UINT64_C(1) << 13) - 1)   /* the four above, removing and making */
#define FS_REFER (UINT64_C(1) << 13)         /* version 2 */
#define FS_TRUNCATE (UINT64_C(1) << 14)      /* 3 */
#define NET_BIND_TCP (UINT64_C(1) << 0)      /* 4 */
#define NET_CONNECT_TCP (UINT64_C(1) << 1)   /* 4 */
#define SCOPE_ABSTRACT_UNIX (UINT64_C(1) << 0) /* 6 */
#define SCOPE_SIGNAL (UINT64_C(1) << 1)      /* 6 */

struct ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};

struct path_beneath_attr {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed));

/* As getdents64(2) fills it in. */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

struct rules {
	const struct sandbox *sandbox;
	int fd;
	char path[PATH_MAX]; /* of the directory that is being looked through, without a slash at the end */
};

int sandbox_landlock_version(void)
{
	long version = syscall(NR_LANDLOCK_CREATE_RULESET, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);

	return version > 0 ? (int)version : 0;
}

/* `flags`: O_NOFOLLOW or 0. What is not there, or has no place in a rule, is not allowed. */
static void allow(int rules, int at, const char *name, int flags, uint64_t access)
{
	struct path_beneath_attr rule = { .allowed_access = access };

	rule.parent_fd = openat(at, name, O_PATH | O_CLOEXEC | flags);
	if (rule.parent_fd < 0)
		return;
	syscall(NR_LANDLOCK_ADD_RULE, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0u);
	close(rule.parent_fd);
}

enum where { NOT_HIDDEN, IS_HIDDEN, HIDES_SOMETHING };

static enum where look(const struct rules *rules, const char *name, size_t len)
{
	size_t above = strlen(rules->path);
	enum where found = NOT_HIDDEN;

	for (const char *const *hidden = rules->sandbox->hidden; *hidden; hidden++) {
		const char *rest = *hidden + above + 1;

		if (strncmp(*hidden, rules->path, above) != 0 || (*hidden)[above] != '/' || strncmp(rest, name, len) != 0)
			continue;
		if (!rest[len])
			return IS_HIDDEN;
		if (rest[len] == '/')
			found = HIDES_SOMETHING;
	}
	return found;
}

/* As deep as the hidden paths are. */
static void show_others(struct rules *rules, int dir) /* NOLINT(misc-no-recursion) */
{
	_Alignas(struct entry) char entries[4096];
	size_t above = strlen(rules->path);
	long n;

	while ((n = syscall(SYS_getdents64, dir, entries, sizeof(entries))) > 0) {
		for (long at = 0; at < n; at += ((const struct entry *)(const void *)(entries + at))->length) {
			const struct entry *entry = (const struct entry *)(const void *)(entries + at);
			size_t len = strlen(entry->name);
			enum where where = look(rules, entry->name, len);
			int below;

			if (!strcmp(entry->name, ".") || !strcmp(entry->name, "..") || where == IS_HIDDEN)
				continue;
			/* What a link points to is allowed by its own name, or is hidden. */
			if (where == NOT_HIDDEN)
				allow(rules->fd, dir, entry->name, O_NOFOLLOW, FS_READ_FILE);
			if (where != HIDES_SOMETHING || above + len + 2 > sizeof(rules->path))
				continue;
			below = openat(dir, entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (below < 0)
				continue;
			rules->path[above] = '/';
			memcpy(rules->path + above + 1, entry->name, len + 1);
			show_others(rules, below);
			rules->path[above] = '\0';
			close(below);
		}
	}
}

/* The interpreter that the kernel loads for the program (ld.so), which needs the right to be run as well. */
static void allow_interpreter(int rules, const char *program)
{
	int fd = open(program, O_RDONLY | O_CLOEXEC);
	char path[PATH_MAX];
	Elf64_Ehdr head;
	Elf64_Phdr part;

	if (fd >= 0 && pread(fd, &head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
		!memcmp(head.e_ident, ELFMAG, SELFMAG) &&
		head.e_ident[EI_CLASS] == ELFCLASS64 && head.e_phentsize == sizeof(part)) {
		for (unsigned i = 0; i < head.e_phnum; i++) {
			off_t at = (off_t)(head.e_phoff + i * sizeof(part));

			if (pread(fd, &part, sizeof(part), at) != (ssize_t)sizeof(part))
				break;
			if (part.p_type != PT_INTERP || !part.p_filesz || part.p_filesz > sizeof(path))
				continue;
			if (pread(fd, path, part.p_filesz, (off_t)part.p_offset) == (ssize_t)part.p_filesz &&
				!path[part.p_filesz - 1])
				allow(rules, AT_FDCWD, path, 0, FS_EXECUTE | FS_READ_FILE);
			break;
		}
	}
	if (fd >= 0)
		close(fd);
}

static int restrict_files(const struct sandbox *sandbox, const char *program, int version)
{
	struct ruleset_attr attr = { .handled_access_fs = FS_ALL_1 };
	struct rules rules = { .sandbox = sandbox, .path = "" };
	size_t size = offsetof(struct ruleset_attr, handled_access_net);
	int root;
	int error = 0;

	if (version >= 2)
		attr.handled_access_fs |= FS_REFER;
	if (version >= 3)
		attr.handled_access_fs |= FS_TRUNCATE;
	if (version >= 4) {
		attr.handled_access_net = NET_BIND_TCP | NET_CONNECT_TCP;
		size = offsetof(struct ruleset_attr, scoped);
	}
	if (version >= 6) {
		attr.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
		size = sizeof(attr);
	}
	rules.fd = (int)syscall(NR_LANDLOCK_CREATE_RULESET, &attr, size, 0u);
	if (rules.fd < 0)
		return errno;
	/* Names may be listed anywhere: they are no contents. */
	allow(rules.fd, AT_FDCWD, "/", 0, FS_READ_DIR);
	root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root >= 0) {
		show_others(&rules, root);
		close(root);
	}
	for (const char *const *shown = sandbox->shown; *shown; shown++)
		allow(rules.fd, AT_FDCWD, *shown, 0, FS_READ_FILE);
	allow(rules.fd, AT_FDCWD, "/dev/null", 0, FS_READ_FILE | FS_WRITE_FILE);
	allow(rules.fd, AT_FDCWD, program, 0, FS_READ_FILE | FS_EXECUTE);
	allow_interpreter(rules.fd, program);
	if (syscall(NR_LANDLOCK_RESTRICT_SELF, rules.fd, 0u))
		error = errno;
	close(rules.fd);
	return error;
}

/* --- seccomp --- */

#if defined __x86_64__
#define ARCHITECTURE 0xC000003Eu /* AUDIT_ARCH_X86_64 */
#elif defined __aarch64__
#define ARCHITECTURE 0xC00000B7u /* AUDIT_ARCH_AARCH64 */
#elif defined __riscv && __riscv_xlen == 64
#define ARCHITECTURE 0xC00000F3u /* AUDIT_ARCH_RISCV64 */
#endif

#ifdef ARCHITECTURE

#define SECCOMP_SET_MODE_FILTER 1
#define SECCOMP_GET_ACTION_AVAIL 2
#define RET_KILL_PROCESS 0x80000000u
#define RET_ERRNO 0x00050000u
#define RET_ALLOW 0x7FFF0000u

/* struct seccomp_data */
#define AT_NUMBER 0
#define AT_ARCHITECTURE 4
#define AT_FIRST_ARGUMENT 16 /* its lower half: these architectures are little-endian */

struct instruction {
	uint16_t code;
	uint8_t if_true;
	uint8_t if_false;
	uint32_t k;
};

struct filter {
	unsigned short length;
	const struct instruction *instructions;
};

#define LOAD(offset) { 0x20, 0, 0, (offset) }                  /* BPF_LD | BPF_W | BPF_ABS */
#define SKIP_UNLESS(value, n) { 0x15, 0, (n), (uint32_t)(value) } /* BPF_JMP | BPF_JEQ | BPF_K */
#define SKIP_IF_BITS(bits, n) { 0x45, (n), 0, (uint32_t)(bits) } /* BPF_JMP | BPF_JSET | BPF_K */
#define RETURN(what) { 0x06, 0, 0, (what) }                    /* BPF_RET | BPF_K */
#define REFUSE(number, error) SKIP_UNLESS(number, 1), RETURN(RET_ERRNO | (error))

/* Threads may be made, processes not; a C library that meets ENOSYS at clone3() makes them by clone(). */
static const struct instruction instructions[] = {
	LOAD(AT_ARCHITECTURE),
	{ 0x15, 1, 0, ARCHITECTURE },
	RETURN(RET_KILL_PROCESS),
	LOAD(AT_NUMBER),
#ifdef __x86_64__
	{ 0x35, 0, 1, 0x40000000u }, /* BPF_JGE: the calls of x32 */
	RETURN(RET_ERRNO | ENOSYS),
	REFUSE(SYS_fork, EPERM),
	REFUSE(SYS_vfork, EPERM),
#endif
	REFUSE(435 /* clone3 */, ENOSYS),
	REFUSE(SYS_socket, EPERM),
	REFUSE(SYS_socketpair, EPERM),
	REFUSE(SYS_ptrace, EPERM),
	REFUSE(425 /* io_uring_setup, which makes sockets, too */, ENOSYS),
	SKIP_UNLESS(SYS_clone, 3),
	LOAD(AT_FIRST_ARGUMENT),
	SKIP_IF_BITS(CLONE_THREAD, 1),
	RETURN(RET_ERRNO | EPERM),
	RETURN(RET_ALLOW),
};

bool sandbox_has_seccomp(void)
{
	uint32_t action = RET_ERRNO;

	return !syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0u, &action);
}

static int restrict_calls(void)
{
	const struct filter filter = { ARRAY_LEN(instructions), instructions };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0u, &filter) ? errno : 0;
}

#else

bool sandbox_has_seccomp(void)
{
	return false;
}

static int restrict_calls(void)
{
	return 0;
}

#endif

int sandbox_enter(const struct sandbox *sandbox, const char *program)
{
	int version = sandbox_landlock_version();
	bool seccomp = sandbox_has_seccomp();
	int error = 0;

	if ((version || seccomp) && prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL))
		return errno;
	if (version)
		error = restrict_files(sandbox, program, version);
	if (!error && seccomp)
		error = restrict_calls();
	return error;
}

#endif
