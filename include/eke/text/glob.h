#ifndef EKE_TEXT_GLOB_H
#define EKE_TEXT_GLOB_H
/*
 * gitignore's wildcards, matched without backtracking over more than one star at a time: at worst pattern length times
 * text length. Characters are Unicode ones: ? and [..] take one character, not one byte. Pure functions.
 */
#include <stdbool.h>
#include <stddef.h>

/* NULL if pattern is well-formed, else what is wrong, for a message: "has no closing ]". */
const char *glob_problem(const char *pattern);
/*
 * Whether a well-formed pattern matches all of path. *, ? and classes match inside a component; a component **
 * matches any number of them, at the end at least one. `fold` ignores ASCII case. *left are the characters that may
 * still be compared (each element of a class is one, too); at 0 the answer is false, whatever it would be.
 */
bool glob_match(const char *pattern, const char *path, size_t path_len, bool fold, size_t *left);

#endif
