#ifndef EKE_TEXT_WORKSPACE_H
#define EKE_TEXT_WORKSPACE_H
/*
 * The folders that the user works in, and which files may leave the machine: the one place that decides it, for
 * completions and for chats. eke's own files never may (own_files.h). The rules, in the order of ignore.h: the built-in
 * ones, the user's own (privacy.ignore), and the .gitignore and .ekeignore files from the folder down to the file,
 * which can only keep more back.
 *
 * Ignore files are read when a file below them is asked about, and looked at again at most once a second. Folders are
 * few (one window's); a file that lies in none has the built-in and the user's rules alone.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/attrs.h"
#include "eke/base/err.h"
#include "eke/config/config.h"

struct own_files;
struct workspace;

/* Without folders. `config_path`: of the configuration's file, where the command line names one; else NULL. */
RETURNS_NONNULL MUST_USE struct workspace *workspace_new(const char *config_path);
void workspace_free(struct workspace *ws);
/* Takes privacy.ignore, and a reference; patterns that are malformed are reported and left out. */
void workspace_configure(struct workspace *ws, struct config *config, config_warn_fn *warn, void *warn_ctx);

/*
 * A folder, by an absolute path or by a file: URI. The same folder twice is one. False if it is neither, or one too
 * many (LIMIT_FOLDERS).
 */
bool workspace_add_folder(struct workspace *ws, const char *path_or_uri);
void workspace_remove_folder(struct workspace *ws, const char *path_or_uri);
/*
 * Absolute paths without a slash at the end, in the order of adding; NULL past the end. Borrowed until one is removed.
 */
const char *workspace_folder(const struct workspace *ws, size_t index);
/* The innermost folder that the path lies in, or NULL. */
const char *workspace_folder_of(const struct workspace *ws, const char *path);

/*
 * May the file leave the machine? False with ERR_IGNORED and a sentence that names the rule and where it stands, or
 * says that the file is eke's own. Of a file that is a link, what it links to must be allowed, too.
 */
bool workspace_may_send(struct workspace *ws, const char *uri, struct err *err);
bool workspace_may_send_path(struct workspace *ws, const char *path, struct err *err);
/*
 * eke's own files, which a program that works on somebody's repository must not read, either. NULL if such programs are
 * to run without a sandbox (the configuration's "sandbox"). Borrowed until the next configuration.
 */
const struct own_files *workspace_private(const struct workspace *ws);
/* The path to show for a file: below its folder if it lies in one, else whole. free(). */
RETURNS_NONNULL MUST_USE char *workspace_show(const struct workspace *ws, const char *uri);
/*
 * The path that leaves the machine with a file's text: below its folder if it lies in one, else its name alone, without
 * the user's directories. free().
 */
RETURNS_NONNULL MUST_USE char *workspace_show_outside(const struct workspace *ws, const char *uri);

#endif
