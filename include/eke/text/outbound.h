#ifndef EKE_TEXT_OUTBOUND_H
#define EKE_TEXT_OUTBOUND_H
/*
 * The text of files for prompts. What is to be sent comes from here alone: each function asks the workspace's rules
 * (workspace.h) first and hands out no text that they keep on this machine. tests/tools/check-source lets the code that
 * writes prompts take a document's text from nowhere else.
 *
 * All fail with ERR_IGNORED and the rule, or with ERR_INVALID_PARAMS.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/attrs.h"
#include "eke/base/err.h"
#include "eke/base/strbuf.h"
#include "eke/text/buffer.h"
#include "eke/text/docs.h"
#include "eke/text/workspace.h"

/* An open document's text, borrowed from it. ERR_INVALID_PARAMS: the document is not kept (doc_is_kept()). */
const struct text_buffer *outbound_document(struct workspace *workspace, const struct doc *doc, struct err *err);
/*
 * The file's text as somebody has told it: the client, or a tool. ERR_INVALID_PARAMS: it holds a NUL. Invalid UTF-8
 * becomes U+FFFD. text_buffer_free().
 */
MUST_USE struct text_buffer *outbound_text(
	struct workspace *workspace, const char *uri, const char *text, size_t len, struct err *err);
/* The file's text on the disk, at most LIMIT_DOCUMENT bytes. text_buffer_free(). */
MUST_USE struct text_buffer *outbound_file(struct workspace *workspace, const char *uri, struct err *err);
/*
 * The text of a file that nobody named: only of a regular one of at most `max` bytes that lies in a folder of the
 * workspace, and to which no symbolic link below that leads. Appended to `out`, which has room for 3 * max: invalid
 * UTF-8 becomes U+FFFD.
 */
MUST_USE bool outbound_workspace_file(
	struct workspace *workspace, const char *path, size_t max, struct strbuf *out, struct err *err);

#endif
