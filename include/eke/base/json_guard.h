#ifndef EKE_BASE_JSON_GUARD_H
#define EKE_BASE_JSON_GUARD_H
/*
 * The pass over a JSON text before cJSON parses it. Pure; works in place and never changes the length.
 */
#include "eke/base/json.h"

/*
 * Checks text[0..len): strings end, escapes are JSON's, no raw NUL, nesting within LIMIT_JSON_DEPTH, and under
 * JSON_STRICT valid UTF-8, numbers to the letter, and no control character but JSON's blanks. Rewrites \u0000 and
 * lone surrogate escapes to \ufffd. It is no validator of the rest of the grammar: cJSON is. Under JSON_LENIENT a
 * text without a backslash or NUL passes unlooked at: cJSON's own limits do there. Returns false with err ERR_PARSE.
 */
bool json_guard(char *text, size_t len, enum json_source source, struct err *err);

/*
 * Is text[0..len) one JSON number (RFC 8259, 6), to the letter? cJSON takes more, and an id is echoed as it came.
 */
bool json_is_number_text(const char *text, size_t len);

/*
 * Turns JSON with comments (// and slash-star) and trailing commas into JSON by writing spaces over them, so
 * that offsets and line numbers stay. For the configuration file.
 */
void json_strip_comments(char *text, size_t len);

#endif
