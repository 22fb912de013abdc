/*
 * The gate between files and prompts. It keeps nothing: a text belongs to its document or to the caller.
 */
#include "eke/text/outbound.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/paths.h"
#include "eke/base/strbuf.h"
#include "eke/base/utf.h"
#include "eke/text/uri.h"

const struct text_buffer *outbound_document(struct workspace *workspace, const struct doc *doc, struct err *err)
{
	if (!workspace_may_send(workspace, doc_uri(doc), err))
		return NULL;
	if (doc_is_kept(doc))
		return doc_text(doc);
	err_set(err, ERR_INVALID_PARAMS, "the document is too large, or its text was lost");
	return NULL;
}

/* For sentences. */
static void set_shown(
	const struct workspace *workspace, const char *uri, enum err_kind kind, const char *what, struct err *err)
{
	char *shown = workspace_show(workspace, uri);

	err_set(err, kind, "%.300s %s", shown, what);
	free(shown);
}

static struct text_buffer *buffer_of(
	const struct workspace *workspace, const char *uri, const char *text, size_t len, struct err *err)
{
	struct text_buffer *buffer;
	struct strbuf valid;

	if (memchr(text, '\0', len)) {
		set_shown(workspace, uri, ERR_INVALID_PARAMS, "is not a text file", err);
		return NULL;
	}
	strbuf_init(&valid, 3 * LIMIT_DOCUMENT);
	utf8_append_valid(&valid, text, len);
	buffer = text_buffer_new();
	text_buffer_set(buffer, valid.data, valid.len);
	strbuf_release(&valid);
	return buffer;
}

struct text_buffer *outbound_text(
	struct workspace *workspace, const char *uri, const char *text, size_t len, struct err *err)
{
	return workspace_may_send(workspace, uri, err) ? buffer_of(workspace, uri, text, len, err) : NULL;
}

struct text_buffer *outbound_file(struct workspace *workspace, const char *uri, struct err *err)
{
	struct text_buffer *buffer = NULL;
	struct strbuf text;
	char *path;

	if (!workspace_may_send(workspace, uri, err))
		return NULL;
	path = uri_to_path(uri);
	strbuf_init(&text, LIMIT_DOCUMENT);
	if (!path)
		set_shown(workspace, uri, ERR_INVALID_PARAMS, "is neither an open document nor a file", err);
	else if (file_read(path, LIMIT_DOCUMENT, &text, err))
		buffer = buffer_of(workspace, uri, text.data, text.len, err);
	else
		err->kind = ERR_INVALID_PARAMS;
	strbuf_release(&text);
	free(path);
	return buffer;
}

/* Below its folder, a link leads nowhere that was asked for. */
static bool is_in_place(const char *path, const char *folder)
{
	size_t len = strcmp(folder, "/") ? strlen(folder) : 0;
	char *real = realpath(path, NULL);
	char *top = realpath(folder, NULL);
	size_t top_len = top && strcmp(top, "/") ? strlen(top) : 0;
	bool ok = real && top && !strncmp(real, top, top_len) && !strcmp(real + top_len, path + len);

	free(real);
	free(top);
	return ok;
}

bool outbound_workspace_file(
	struct workspace *workspace, const char *path, size_t max, struct strbuf *out, struct err *err)
{
	const char *folder = workspace_folder_of(workspace, path);
	struct strbuf text;
	bool ok = false;

	if (!folder || !is_in_place(path, folder)) {
		err_set(err, ERR_INVALID_PARAMS, "%.300s is not a file of the workspace", path);
		return false;
	}
	if (!workspace_may_send_path(workspace, path, err))
		return false;
	strbuf_init(&text, max);
	if (!file_read(path, max, &text, err))
		err->kind = ERR_INVALID_PARAMS;
	else if (memchr(text.data, '\0', text.len))
		err_set(err, ERR_INVALID_PARAMS, "%.300s is not a text file", path);
	else
		ok = true;
	if (ok)
		utf8_append_valid(out, text.data, text.len);
	strbuf_release(&text);
	return ok;
}
