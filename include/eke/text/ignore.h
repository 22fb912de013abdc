#ifndef EKE_TEXT_IGNORE_H
#define EKE_TEXT_IGNORE_H
/*
 * Which files never leave the machine: built-in rules for files that hold secrets, then patterns of the user's in
 * gitignore's syntax (gitignore(5), git 2.39: *, **, ?, [classes], leading and trailing /, ! to negate, \ to escape;
 * the last matching rule wins; what lies in an ignored directory cannot be taken back by a later negation).
 *
 * String matching alone: nothing is read, links are not followed. Built-in rules ignore ASCII case, others do not.
 * Time is bounded for all rules together (LIMIT_IGNORE_STEPS): a file that they take longer for is ignored.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/attrs.h"
#include "eke/base/err.h"

struct ignore;

/*
 * Where a rule comes from. A rule of the workspace (its settings, files in it) can only ignore more: its negations take
 * back nothing but its own kind's rules, so that a cloned repository cannot open the user's secrets.
 */
enum ignore_source {
	IGNORE_USER,
	IGNORE_WORKSPACE,
};

/* Holds the built-in rules. */
RETURNS_NONNULL MUST_USE struct ignore *ignore_new(void);
void ignore_free(struct ignore *ig);

/*
 * Adds one line of gitignore syntax; an empty one and a comment add nothing. `dir` is the absolute path of the
 * directory that the pattern belongs to: it applies to what lies below, and is anchored there if it has a slash that
 * is not its last character. NULL: it applies anywhere, "src/gen/" means any such directory, and only a leading slash
 * anchors, to the file system's root. Add an outer directory's patterns before an inner one's. To take rules away
 * make a new struct ignore. false and ERR_CONFIG, nothing added: not closed [, \ at the end, too long, too many.
 */
bool ignore_add(struct ignore *ig, enum ignore_source source, const char *dir, const char *pattern, struct err *err);

/*
 * The same, with where the line stands, for ignore_find(): a file's path or a setting's name. Borrowed, and must
 * outlive ig.
 */
bool ignore_add_from(struct ignore *ig, enum ignore_source source, const char *dir, const char *where,
	const char *pattern, struct err *err);

/* A rule that ignores a file: as it was written, living as long as ig. */
struct ignore_hit {
	const char *rule;
	const char *where; /* as it was added; NULL: built in, or not said */
	bool gave_up;      /* the rules take too long; this is the one that was looked at last */
};

/*
 * Whether the file at `path` (absolute, or relative for dir-less rules) is ignored, and by which rule: as it was
 * written, living as long as ig; rule may be NULL.
 */
bool ignore_match(const struct ignore *ig, const char *path, const char **rule);
/* The same; `hit` is filled if it is ignored. */
bool ignore_find(const struct ignore *ig, const char *path, struct ignore_hit *hit);
/* The same for the path part of a URI of any scheme: untitled:/x/.env is a secret too, untitled:Untitled-1 is not. */
bool ignore_match_uri(const struct ignore *ig, const char *uri, const char **rule);

#endif
