#ifndef EKE_BASE_PRINTABLE_H
#define EKE_BASE_PRINTABLE_H
/*
 * Text from outside (a model's, a provider's, file names, configuration) made safe to show. Pure.
 *
 * Control characters are C0 but for line ends and tabs, DEL, C1 (ECMA-48), and the twelve characters with the property
 * Bidi_Control (Unicode 15, UAX 9), which make a text look like another one.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/strbuf.h"

bool printable_is_control(uint32_t cp);
/* Appends text with U+FFFD for each control character and for bytes that are no UTF-8. */
void printable_add(struct strbuf *out, const char *text, size_t len);
/* Appends JSON (valid UTF-8) with \uXXXX for each control character: the same value. Line ends stay. */
void printable_add_json(struct strbuf *out, const char *json, size_t len);
/*
 * Appends text without control characters and whole control sequences (ECMA-48 5.4, 5.6: "\033[31m",
 * "\033]0;title\007", their C1 forms); bytes that are no UTF-8 become U+FFFD. For sentences of a provider.
 */
void printable_add_stripped(struct strbuf *out, const char *text, size_t len);
/* A line of a log: overwrites control characters, line ends and tabs with blanks, bytes that are no UTF-8 with "?". */
void printable_blank(char *line);

#endif
