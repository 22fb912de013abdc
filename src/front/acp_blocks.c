/*
 * A prompt's content blocks taken apart: the words, and what goes with them. Text blocks make one text; where a file
 * stands in the middle of a sentence (a mention), its name does, too. Nothing is read here. Files that the words name
 * by an @ are added when it is known that they are wanted.
 *
 * Clients name parts of files by the fragments of URIs in many ways (#L10, #L10-20, #L10:20, #L10-L20, #L10C1-L20C3).
 */
#include "acp_private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/json.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/text/uri.h"

void acp_blocks_init(struct acp_blocks *blocks)
{
	*blocks = (struct acp_blocks){ .count = 0 };
	strbuf_init(&blocks->text, LIMIT_CHAT_PROMPT);
	strbuf_init(&blocks->left_out, KIB(16));
}

void acp_blocks_release(struct acp_blocks *blocks)
{
	for (size_t i = 0; i < blocks->count; i++) {
		struct acp_piece *piece = &blocks->pieces[i];

		free(piece->uri);
		free(piece->path);
		free(piece->name);
		free(piece->text);
	}
	free(blocks->pieces);
	strbuf_release(&blocks->text);
	strbuf_release(&blocks->left_out);
}

/* --- lines --- */

static const char *number(const char *s, int64_t *out)
{
	int64_t n = 0;

	if (!isdigit((unsigned char)*s))
		return NULL;
	for (; isdigit((unsigned char)*s) && n < INT32_MAX; s++)
		n = n * 10 + (*s - '0');
	*out = n;
	return isdigit((unsigned char)*s) ? NULL : s;
}

/* "10", "L10", "L10C3": the line; NULL if that is not what is there. */
static const char *one_line(const char *s, int64_t *out)
{
	int64_t column;

	s = number(s + (*s == 'L'), out);
	if (s && *s == 'C')
		s = number(s + 1, &column);
	return s;
}

bool acp_parse_lines(const char *text, int64_t *first, int64_t *last)
{
	int64_t from;
	int64_t to;
	const char *s = *text == '#' || *text == ':' ? one_line(text + 1, &from) : NULL;

	if (!s || !from)
		return false;
	to = from;
	if (*s == '-' || *s == ':')
		s = one_line(s + 1, &to);
	if (!s || *s || !to)
		return false;
	*first = from < to ? from : to;
	*last = from < to ? to : from;
	return true;
}

/* --- commands --- */

size_t acp_command_name(const char *text, const char **rest)
{
	size_t n = 0;

	if (*text != '/')
		return 0;
	while (isalnum((unsigned char)text[1 + n]) || (text[1 + n] && strchr("_-", text[1 + n])))
		n++;
	if (!n || (text[1 + n] && !isspace((unsigned char)text[1 + n])))
		return 0;
	*rest = text + 1 + n;
	while (isspace((unsigned char)**rest))
		(*rest)++;
	return n;
}

/* --- blocks --- */

void acp_blocks_leave_out(struct acp_blocks *blocks, const char *why)
{
	strbuf_addf(&blocks->left_out, "%s%s", blocks->left_out.len ? "; " : "", why);
}

static bool has_place(const struct acp_blocks *blocks, struct err *err)
{
	if (blocks->count < LIMIT_CONTEXT_ITEMS)
		return true;
	err_set(err, ERR_INVALID_PARAMS, "at most %d attachments are allowed", LIMIT_CONTEXT_ITEMS);
	return false;
}

static struct acp_piece *add_piece(struct acp_blocks *out)
{
	struct acp_piece *piece;

	out->pieces = xreallocarray(out->pieces, out->count + 1, sizeof(*out->pieces));
	piece = &out->pieces[out->count++];
	*piece = (struct acp_piece){ .uri = NULL };
	return piece;
}

/* Its place among the words: within a sentence the name stands for it. */
static void mention(struct acp_blocks *out, const char *name)
{
	if (out->text.len && out->text.data[out->text.len - 1] == ' ')
		strbuf_adds(&out->text, name);
}

/* Where the resource lies; false: it is no file of this machine. */
static bool take_place(struct acp *acp, struct acp_piece *piece, const char *uri)
{
	size_t len = strcspn(uri, "?#");
	const char *fragment = strchr(uri, '#');

	piece->uri = xstrndup(uri, len);
	piece->path = uri_to_path(piece->uri);
	if (!piece->path) {
		free(piece->uri);
		piece->uri = NULL;
		return false;
	}
	piece->has_lines = fragment && acp_parse_lines(fragment, &piece->first, &piece->last);
	piece->name = workspace_show(acp->app.workspace, piece->uri);
	return true;
}

static bool take_link(struct acp *acp, const struct json *block, struct acp_blocks *out, struct err *err)
{
	const char *uri = json_string(json_get(block, "uri"));
	const char *name = json_string(json_get(block, "name"));
	struct acp_piece piece = { .uri = NULL };
	size_t len;

	if (!uri || !name) {
		err_set(err, ERR_INVALID_PARAMS, "a resource_link must have uri and name, both strings");
		return false;
	}
	if (!take_place(acp, &piece, uri)) {
		/* Not ours to fetch; the model is told that it was meant. */
		mention(out, name);
		strbuf_addf(&out->text, "%s<%s>", out->text.len ? " " : "", uri);
		return true;
	}
	/* A session's folder has no path below itself. */
	mention(out, *piece.name ? piece.name : name);
	len = strlen(piece.path);
	if (len && piece.path[len - 1] == '/') {
		/* A folder: its name is all that goes along. */
		free(piece.uri);
		free(piece.path);
		free(piece.name);
		return true;
	}
	*add_piece(out) = piece;
	return true;
}

static bool take_embedded(struct acp *acp, const struct json *block, struct acp_blocks *out, struct err *err)
{
	const struct json *resource = json_get(block, "resource");
	const char *uri = json_string(json_get(resource, "uri"));
	const char *text = json_string(json_get(resource, "text"));
	struct acp_piece piece = { .uri = NULL };

	if (!uri || (!text && !json_string(json_get(resource, "blob")))) {
		err_set(err, ERR_INVALID_PARAMS, "a resource must have uri and text, both strings");
		return false;
	}
	if (!text) {
		char *why = xasprintf("%.200s is not a text file", path_basename(uri));

		acp_blocks_leave_out(out, why);
		free(why);
		return true;
	}
	if (take_place(acp, &piece, uri)) {
		mention(out, piece.name);
		/* The path alone means all of the file; with a fragment it is what that names. */
		piece.whole = !strchr(uri, '#');
	} else {
		piece.name = xstrdup(uri);
		mention(out, path_basename(uri));
	}
	piece.len = strlen(text);
	piece.text = xstrndup(text, piece.len);
	*add_piece(out) = piece;
	return true;
}

static bool take_text(const struct json *block, struct acp_blocks *out, struct err *err)
{
	const char *text = json_string(json_get(block, "text"));

	if (!text) {
		err_set(err, ERR_INVALID_PARAMS, "a text block's text must be a string, not %s",
			json_type_name(json_get(block, "text")));
		return false;
	}
	strbuf_adds(&out->text, text);
	return true;
}

static bool is_text(const struct json *block)
{
	const char *type = json_string(json_get(block, "type"));

	return type && !strcmp(type, "text");
}

static bool take_block(struct acp *acp, const struct json *block, struct acp_blocks *out, struct err *err)
{
	const char *type = json_string(json_get(block, "type"));

	if (is_text(block))
		return take_text(block, out, err);
	if (!has_place(out, err))
		return false;
	if (type && !strcmp(type, "resource_link"))
		return take_link(acp, block, out, err);
	if (type && !strcmp(type, "resource"))
		return take_embedded(acp, block, out, err);
	if (type && (!strcmp(type, "image") || !strcmp(type, "audio")))
		err_set(err, ERR_INVALID_PARAMS, "only text can be sent: remove the %s", type);
	else
		err_set(err, ERR_INVALID_PARAMS, "a content block must be text, resource_link or resource, not %.50s",
			type ? type : "without a type");
	return false;
}

static bool is_blank(const struct strbuf *text)
{
	return !text->data[strspn(text->data, " \t\r\n")];
}

/* Who sends files without any words means them: their names are the message then. */
static void name_pieces(const struct json *prompt, struct acp_blocks *out)
{
	out->has_words = !is_blank(&out->text);
	if (out->has_words)
		return;
	strbuf_reset(&out->text);
	for (size_t i = 0; i < out->count; i++)
		strbuf_addf(&out->text, "%s%s", i ? ", " : "", out->pieces[i].name);
	/* Folders are no pieces. */
	for (const struct json *block = json_first(prompt); block; block = json_next(block)) {
		const char *name = json_string(json_get(block, "name"));

		if (!out->count && name)
			strbuf_addf(&out->text, "%s%s", out->text.len ? ", " : "", name);
	}
}

bool acp_blocks_take(struct acp *acp, const struct json *prompt, struct acp_blocks *out, struct err *err)
{
	const struct json *before = NULL;

	if (!json_first(prompt) || json_is_object(prompt)) {
		err_set(err, ERR_INVALID_PARAMS, "params.prompt must be an array of content blocks");
		return false;
	}
	for (const struct json *block = json_first(prompt); block; block = json_next(block)) {
		/* Texts side by side are paragraphs; around a mention they are one sentence. */
		if (before && is_text(before) && is_text(block) && out->text.len && out->text.data[out->text.len - 1] != '\n')
			strbuf_addch(&out->text, '\n');
		if (!take_block(acp, block, out, err))
			return false;
		before = block;
	}
	name_pieces(prompt, out);
	if (is_blank(&out->text) && out->left_out.len) {
		err_set(err, ERR_INVALID_PARAMS, "%s", out->left_out.data);
		return false;
	}
	if (out->text.full) {
		err_set(err, ERR_PROMPT_TOO_LONG, "the prompt is too long: at most %zu bytes are sent", LIMIT_CHAT_PROMPT);
		return false;
	}
	return true;
}

/* --- files by their paths --- */

bool acp_piece_is_file(const struct acp_piece *piece)
{
	return piece->path && (piece->whole || !piece->text);
}

bool acp_blocks_know(const struct acp_blocks *blocks, const char *path)
{
	for (size_t i = 0; i < blocks->count; i++) {
		const struct acp_piece *piece = &blocks->pieces[i];

		if (piece->text && acp_piece_is_file(piece) && !strcmp(piece->path, path))
			return true;
	}
	return false;
}

bool acp_blocks_mention(struct acp_blocks *blocks, const char *uri, struct err *err)
{
	struct acp_piece piece = { .uri = xstrdup(uri), .path = uri_to_path(uri), .mentioned = true };
	bool there = !piece.path;
	bool ok;

	for (size_t i = 0; i < blocks->count && !there; i++)
		there = acp_piece_is_file(&blocks->pieces[i]) && !strcmp(blocks->pieces[i].path, piece.path);
	ok = there || has_place(blocks, err);
	if (ok && !there) {
		*add_piece(blocks) = piece;
	} else {
		free(piece.uri);
		free(piece.path);
	}
	return ok;
}
