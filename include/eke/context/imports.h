#ifndef EKE_CONTEXT_IMPORTS_H
#define EKE_CONTEXT_IMPORTS_H
/*
 * What a file imports, and which files of its workspace that may be, by the rules of its language as far as these can
 * be known without its tools. A table; pure: whether a file is there is the caller's to find out.
 */
#include <stdbool.h>
#include <stddef.h>

struct import_style;

/* NULL: nothing is known of how this language imports. */
const struct import_style *import_style_of(const char *language);

/*
 * The length of the import statement that begins at the beginning of text, a line's start: up to the end of its last
 * line, without the line end. 0: none begins here. *seen: how many bytes of the text say so, its end counting as one.
 */
size_t import_statement(const struct import_style *style, const char *text, size_t len, size_t *seen);

#define IMPORT_TARGETS_MAX 64
#define IMPORT_TARGET_SIZE 128

/* What statements import, as paths: "a/b" for Python's a.b and Rust's crate::a::b; "./a" is beside the file. */
struct import_targets {
	char path[IMPORT_TARGETS_MAX][IMPORT_TARGET_SIZE];
	size_t count;
};

/* Appends those of the statement; what is too long or one too many is left out. */
void import_targets_add(
	const struct import_style *style, const char *statement, size_t len, struct import_targets *targets);

/* Returns true when it wants no more. `path` is absolute and has no "." or ".." in it. */
typedef bool import_path_fn(void *ctx, const char *path);

/*
 * Hands every file that the target may be to `fn`, the likeliest first, until that returns true, which this then
 * returns. `file` is the path of the importing file; none outside of `folder`, in which it lies, is handed out.
 */
bool import_resolve(const struct import_style *style, const char *target, const char *file, const char *folder,
	import_path_fn *fn, void *ctx);

/* What is not found by import_resolve() may lie anywhere beneath the folder: in a module, in a directory of -I. */
bool import_style_looks_below(const struct import_style *style);
/* As import_resolve(), with the target's path beginning in this directory or in one that languages have there. */
bool import_resolve_below(const struct import_style *style, const char *target, const char *directory,
	const char *folder, import_path_fn *fn, void *ctx);

/* Files in one directory see each other without importing anything (Go, Java). */
bool import_style_shares_directory(const struct import_style *style);

#endif
