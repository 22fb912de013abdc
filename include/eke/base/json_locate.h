#ifndef EKE_BASE_JSON_LOCATE_H
#define EKE_BASE_JSON_LOCATE_H
/*
 * Where in a JSON text a member stands, so that a message about a file can name the line. Pure.
 */
#include <stddef.h>

/* The line (from 1) on which byte `at` of the text stands. */
size_t text_line_of(const char *text, size_t len, size_t at);
/*
 * The line on which the member that `path` names ("endpoints[1].timeouts.connect") begins, or the deepest part
 * of the path that is there. The text must have passed json_parse().
 */
size_t json_line_of(const char *text, size_t len, const char *path);

#endif
