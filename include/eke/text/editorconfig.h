#ifndef EKE_TEXT_EDITORCONFIG_H
#define EKE_TEXT_EDITORCONFIG_H
/*
 * What the .editorconfig files above a file (https://spec.editorconfig.org) say about its indentation. They are looked
 * at whenever something is asked, and read when one has come, gone or changed, or another file is asked about.
 *
 * The workspace brings these files, so they are looked over before the library sees them: it opens what has the name,
 * whatever it is, and it makes regular expressions of patterns, in buffers of its own. If one of them is no regular
 * file or too large, or a pattern is too long (limits.h), none is read, and the log says why.
 */
#include <stdbool.h>

#include "eke/base/attrs.h"

struct editorconfig;

RETURNS_NONNULL MUST_USE struct editorconfig *editorconfig_new(void);
void editorconfig_free(struct editorconfig *ec);
/*
 * By spaces, not tabs, and columns of one level, 1 to 16: what the files do not say stays. True if they say by which of
 * the two. A document that is no local file has none, nor has any if eke was built without the library.
 */
bool editorconfig_apply(struct editorconfig *ec, const char *uri, bool *insert_spaces, unsigned *tab_size);

#endif
