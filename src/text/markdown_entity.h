#ifndef EKE_TEXT_MARKDOWN_ENTITY_H
#define EKE_TEXT_MARKDOWN_ENTITY_H
/*
 * Character references of HTML, as far as Markdown for terminals needs them: numbers, and the names of HTML 4.01 with
 * the common ones of HTML 5 (html.spec.whatwg.org, "Named character references").
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a reference, with "&". */
#define MD_ENTITY_MOST 32

/* What is between "&" and ";": stores the character; false: it is none. May be a control character. */
bool md_entity(const char *name, size_t len, uint32_t *cp);

#endif
