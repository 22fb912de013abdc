/*
 * Making blocks. A *source* is a file's text for the time of one call: a document's, the caller's or the disk's.
 * Blocks, and what commands want to know of them, belong to struct attachments.
 */
#include "eke/chat/context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/text/buffer.h"
#include "eke/text/language.h"
#include "eke/text/outbound.h"
#include "eke/text/uri.h"
#include "attachment.h"
#include "mentions.h"

/* Of a file, to see what it imports. */
#define HEAD KIB(8)
#define NAME_MOST 200
/* What names begin with. */
#define SELECTION_IN "Selection in "
#define FILE_IS "File "
/* A block beside its text: numbers, fence, name. */
#define BLOCK_MOST (8 * LIMIT_CONTEXT_PIECE)

struct source {
	const struct text_buffer *text; /* a document's, or `own` */
	struct text_buffer *own;
	char *shown; /* path for people */
	const char *language; /* languageId or NULL; borrowed */
	enum position_encoding encoding;
};

void context_init(struct attachments *blocks)
{
	*blocks = (struct attachments){ .count = 0 };
}

void context_release(struct attachments *blocks)
{
	for (size_t i = 0; i < blocks->count; i++) {
		free(blocks->items[i].key);
		free(blocks->items[i].text);
	}
	free(blocks->items);
	free(blocks->selected);
	free(blocks->path);
	free(blocks->uri);
	free(blocks->language);
	free(blocks->head);
	context_init(blocks);
}

/* --- a file's text --- */

static void source_release(struct source *source)
{
	text_buffer_free(source->own);
	free(source->shown);
}

static const struct context_text *find_text(const struct context_sources *from, const char *uri)
{
	const struct context_text *found = NULL;
	char *key = from->text_count ? uri_key(uri) : NULL;

	for (size_t i = 0; key && !found && i < from->text_count; i++) {
		char *other = uri_key(from->texts[i].uri);

		if (other && !strcmp(other, key))
			found = &from->texts[i];
		free(other);
	}
	free(key);
	return found;
}

static const char *language_for(const struct source *source, const struct context_item *item, const struct doc *doc)
{
	const struct language *language;
	struct strbuf line;

	if (item->language || doc)
		return item->language ? item->language : doc_language(doc);
	language = language_of_path(source->shown);
	if (!language) {
		strbuf_init(&line, KIB(1));
		text_buffer_line(source->text, 0, &line);
		language = language_of_first_line(line.data, line.len);
		strbuf_release(&line);
	}
	return language ? language->id : NULL;
}

/* The text of item->uri. To be released in any case. */
static bool source_open(struct source *source, const struct context_sources *from, const struct context_item *item,
	struct err *err)
{
	const struct context_text *given = find_text(from, item->uri);
	struct doc *doc = docs_find(from->docs, item->uri);

	*source = (struct source){ .encoding = docs_encoding(from->docs) };
	source->shown = workspace_show(from->workspace, item->uri);
	if (given)
		source->own = outbound_text(from->workspace, item->uri, given->text, given->len, err);
	else if (doc && doc_is_kept(doc))
		source->text = outbound_document(from->workspace, doc, err);
	else
		source->own = outbound_file(from->workspace, item->uri, err);
	if (source->own)
		source->text = source->own;
	if (source->text)
		source->language = language_for(source, item, doc);
	return source->text != NULL;
}

/* --- blocks --- */

/* Is b, which comes behind a, the same text of the same thing? */
static bool is_same(const struct attachment *a, const struct attachment *b)
{
	bool as_file = a->selection && !b->selection;
	size_t skip_a = as_file ? strlen(SELECTION_IN) : 0;
	size_t skip_b = as_file ? strlen(FILE_IS) : 0;

	return b->len >= skip_b && a->len - skip_a == b->len - skip_b &&
	       !memcmp(a->text + skip_a, b->text + skip_b, b->len - skip_b);
}

/* Adds it, unless the same is there. Takes key and text. */
static bool put(struct attachments *blocks, bool selection, char *key, struct strbuf *text, struct err *err)
{
	struct attachment block = { .selection = selection, .key = key };

	block.text = strbuf_detach(text, &block.len);
	for (size_t i = 0; i < blocks->count; i++) {
		if (is_same(&blocks->items[i], &block)) {
			free(block.key);
			free(block.text);
			return true;
		}
	}
	if (blocks->count == LIMIT_CONTEXT_ITEMS) {
		free(block.key);
		free(block.text);
		err_set(err, ERR_INVALID_PARAMS, "at most %d attachments are allowed", LIMIT_CONTEXT_ITEMS);
		return false;
	}
	blocks->items = xreallocarray(blocks->items, blocks->count + 1, sizeof(*blocks->items));
	blocks->items[blocks->count++] = block;
	return true;
}

struct piece {
	size_t start, end;   /* bytes */
	size_t first, last;  /* lines, from 1 */
	bool whole;
};

static size_t line_start(const struct text_buffer *text, size_t line)
{
	size_t start;
	size_t end;

	text_buffer_line_range(text, line, &start, &end);
	return start;
}

/* Of a file whole lines, of a selection what is selected; an empty selection is the line it is on. */
static struct piece piece_of(const struct source *source, const struct context_item *item)
{
	const struct text_buffer *text = source->text;
	struct piece piece = { .end = text_buffer_len(text), .first = 1, .whole = !item->has_range };
	struct position from;
	struct position to;

	if (item->has_range) {
		size_t a = text_buffer_offset(text, item->range.start, source->encoding);
		size_t b = text_buffer_offset(text, item->range.end, source->encoding);

		piece.start = a < b ? a : b;
		piece.end = a < b ? b : a;
	}
	from = text_buffer_position(text, piece.start, POSITION_UTF8);
	to = text_buffer_position(text, piece.end, POSITION_UTF8);
	if (to.line > from.line && !to.character)
		to.line--;
	if (item->has_range && (item->kind != CONTEXT_SELECTION || piece.start == piece.end)) {
		piece.start = line_start(text, (size_t)from.line);
		piece.end = line_start(text, (size_t)to.line + 1);
	}
	piece.first = (size_t)from.line + 1;
	piece.last = (size_t)to.line + 1;
	return piece;
}

static void remember(
	struct attachments *blocks, const struct source *source, const char *uri, const struct strbuf *selected)
{
	struct strbuf head;

	/* The first selection counts most, then the first file. */
	if (blocks->selected || (blocks->path && !selected))
		return;
	free(blocks->path);
	free(blocks->uri);
	free(blocks->language);
	free(blocks->head);
	blocks->uri = xstrdup(uri);
	strbuf_init(&head, HEAD);
	text_buffer_after(source->text, 0, HEAD, &head);
	blocks->head = strbuf_detach(&head, NULL);
	blocks->path = xstrdup(source->shown);
	blocks->language = source->language ? xstrdup(source->language) : NULL;
	if (selected)
		blocks->selected = xstrndup(selected->data, selected->len);
}

static char *name_of(const struct source *source, const struct context_item *item, const struct piece *piece)
{
	const char *what = item->kind == CONTEXT_SELECTION ? SELECTION_IN : FILE_IS;
	char *shown = attachment_name(source->shown, NAME_MOST);
	char *name = piece->whole ? xasprintf("%s%s", what, shown) :
		     piece->first == piece->last ? xasprintf("%s%s, line %zu", what, shown, piece->first) :
						   xasprintf("%s%s, lines %zu-%zu", what, shown, piece->first, piece->last);

	free(shown);
	return name;
}

static char *key_of(const struct context_item *item, const struct piece *piece)
{
	char *uri = uri_key(item->uri);
	char *key = xasprintf("%s %s %zu-%zu", item->kind == CONTEXT_SELECTION ? "selection" : "file", uri ? uri : "",
			      piece->whole ? 0 : piece->first, piece->whole ? 0 : piece->last);

	free(uri);
	return key;
}

static bool add_file(struct attachments *blocks, const struct context_sources *from, const struct context_item *item,
	struct err *err)
{
	bool selection = item->kind == CONTEXT_SELECTION;
	struct source source;
	struct piece piece;
	struct strbuf body;
	struct strbuf out;
	bool ok = source_open(&source, from, item, err);

	if (!ok) {
		source_release(&source);
		return false;
	}
	piece = piece_of(&source, item);
	strbuf_init(&body, LIMIT_CONTEXT_PIECE);
	strbuf_init(&out, BLOCK_MOST);
	ok = text_buffer_copy(source.text, piece.start, piece.end, &body);
	if (ok) {
		struct attachment_spec spec = { .name = name_of(&source, item, &piece),
					   .language = source.language,
					   .text = body.data,
					   .len = body.len,
					   .first_line = piece.first };

		ok = attachment_write(&spec, &out);
		free((char *)(uintptr_t)spec.name);
	}
	if (!ok)
		err_set(err, ERR_INVALID_PARAMS,
			"%s has %zu bytes; at most %zu can be attached: attach a part of it",
			source.shown, piece.end - piece.start, LIMIT_CONTEXT_PIECE);
	if (ok)
		remember(blocks, &source, item->uri, selection ? &body : NULL);
	ok = ok && put(blocks, selection, key_of(item, &piece), &out, err);
	strbuf_release(&body);
	strbuf_release(&out);
	source_release(&source);
	return ok;
}

/* --- text and diagnostics --- */

/* Takes key. */
static bool add_block(struct attachments *blocks, const char *name, const char *language, const char *text,
	size_t len, char *key, struct err *err)
{
	char *shown = attachment_name(name, NAME_MOST);
	struct attachment_spec spec = { .name = shown, .language = language, .text = text, .len = len };
	struct strbuf out;
	bool ok;

	strbuf_init(&out, BLOCK_MOST);
	ok = attachment_write(&spec, &out);
	if (ok)
		ok = put(blocks, false, key, &out, err);
	else
		free(key);
	strbuf_release(&out);
	free(shown);
	return ok;
}

static bool add_text(struct attachments *blocks, const struct context_sources *from,
	const struct context_item *item, struct err *err)
{
	const char *name = item->name && *item->name ? item->name : "Text";

	if (item->uri && !workspace_may_send(from->workspace, item->uri, err))
		return false;
	if (item->len > LIMIT_CONTEXT_PIECE) {
		err_set(err, ERR_INVALID_PARAMS, "%.100s has %zu bytes; at most %zu can be attached", name,
			item->len, LIMIT_CONTEXT_PIECE);
		return false;
	}
	return add_block(blocks, name, item->language, item->text ? item->text : "", item->len, NULL, err);
}

bool context_add_text(struct attachments *blocks, const char *name, const char *language, const char *text,
	size_t len, struct err *err)
{
	return add_block(blocks, name, language, text, len, NULL, err);
}

void context_add_retrieved(struct attachments *blocks, char *key, struct strbuf *text)
{
	struct err err;

	put(blocks, false, key, text, &err);
}

static void add_diagnostic(struct strbuf *out, const struct context_diagnostic *d)
{
	static const char *const severities[] = { "", "error: ", "warning: ", "information: ", "hint: " };
	bool known = d->severity >= CONTEXT_ERROR && d->severity <= CONTEXT_HINT;

	strbuf_addf(out, "%lld:%lld %s%s", (long long)d->range.start.line + 1, (long long)d->range.start.character + 1,
		    severities[known ? d->severity : 0], d->message);
	if (d->source || d->code)
		strbuf_addf(out, " (%s%s%s)", d->source ? d->source : "", d->source && d->code ? " " : "",
			    d->code ? d->code : "");
	strbuf_addch(out, '\n');
}

static bool add_diagnostics(struct attachments *blocks, const struct context_sources *from,
	const struct context_item *item, struct err *err)
{
	char *shown = workspace_show(from->workspace, item->uri);
	char *name = xasprintf("Diagnostics of %s", shown);
	char *key = uri_key(item->uri);
	struct strbuf text;
	bool ok = workspace_may_send(from->workspace, item->uri, err);

	strbuf_init(&text, LIMIT_CONTEXT_PIECE);
	for (size_t i = 0; ok && i < item->diagnostic_count; i++) {
		const struct context_diagnostic *d = &item->diagnostics[i];

		if (!item->has_range || (d->range.end.line >= item->range.start.line &&
					 d->range.start.line <= item->range.end.line))
			add_diagnostic(&text, d);
	}
	if (ok && text.len)
		ok = add_block(blocks, name, NULL, text.data, text.len, xasprintf("diagnostics %s", key ? key : ""), err);
	strbuf_release(&text);
	free(shown);
	free(name);
	free(key);
	return ok;
}

bool context_add(struct attachments *blocks, const struct context_sources *sources, const struct context_item *item,
	struct err *err)
{
	switch (item->kind) {
	case CONTEXT_SELECTION:
	case CONTEXT_FILE:
		return add_file(blocks, sources, item, err);
	case CONTEXT_TEXT:
		return add_text(blocks, sources, item, err);
	case CONTEXT_DIAGNOSTICS:
		return add_diagnostics(blocks, sources, item, err);
	case CONTEXT_CHANGES:
		break; /* git tells, see diff.c */
	}
	return true;
}

/* --- @file --- */

static bool is_file(const struct context_sources *sources, const char *path, const char *folder)
{
	char *uri = uri_from_path(path);
	bool found = uri && docs_find(sources->docs, uri);
	char *real = found ? NULL : realpath(path, NULL);
	char *top = real ? realpath(folder, NULL) : NULL;
	size_t len = top ? strlen(top) : 0;
	struct stat st;

	/* A link must not lead out of the folder. */
	if (top && !strncmp(real, top, len) && (real[len] == '/' || !strcmp(top, "/")))
		found = !stat(real, &st) && S_ISREG(st.st_mode);
	free(top);
	free(real);
	free(uri);
	return found;
}

/* The URI of the file of that name in a folder, or NULL. */
static char *file_below(const struct context_sources *sources, const char *folder, const char *name)
{
	char *path = xasprintf("%s/%s", strcmp(folder, "/") ? folder : "", name);
	char *uri = is_file(sources, path, folder) ? uri_from_path(path) : NULL;

	free(path);
	return uri;
}

/* The name without the folder's own in front of it, as editors show it where they have several folders; or NULL. */
static const char *name_below(const char *name, const char *folder)
{
	const char *slash = strrchr(folder, '/');
	const char *base = slash ? slash + 1 : folder;
	size_t len = strlen(base);

	return len && !strncmp(name, base, len) && name[len] == '/' ? name + len + 1 : NULL;
}

/* The URI of the file that is meant, or NULL: in the chat's folder, a workspace folder, by such a folder's name. */
static char *find_file(const struct context_sources *sources, const char *name)
{
	char *uri = sources->folder ? file_below(sources, sources->folder, name) : NULL;
	const char *folder;

	for (size_t i = 0; !uri && (folder = workspace_folder(sources->workspace, i)); i++)
		uri = file_below(sources, folder, name);
	for (size_t i = 0; !uri && (folder = workspace_folder(sources->workspace, i)); i++) {
		const char *rest = name_below(name, folder);

		uri = rest ? file_below(sources, folder, rest) : NULL;
	}
	return uri;
}

bool context_next_mention(const struct context_sources *sources, struct context_mention *out)
{
	struct mention mention = { .end = out->end };

	out->uri = NULL;
	while (!out->uri && out->words < LIMIT_MENTIONS && mention_next(&mention)) {
		out->words++;
		for (size_t i = 0; !out->uri && i < mention.count; i++) {
			out->uri = find_file(sources, mention.names[i].path);
			out->has_range = mention.names[i].first > 0;
			out->range = (struct range){ { mention.names[i].first - 1, 0 }, { mention.names[i].last, 0 } };
		}
		mention_release(&mention);
	}
	out->end = mention.end;
	return out->uri != NULL;
}

static struct context_item file_item(const struct context_mention *mention)
{
	return (struct context_item){
		.kind = CONTEXT_FILE, .uri = mention->uri, .has_range = mention->has_range, .range = mention->range
	};
}

bool context_add_mentions(struct attachments *blocks, const struct context_sources *sources, const char *prompt,
	struct err *err)
{
	struct context_mention mention = { .end = prompt };
	bool ok = true;

	while (ok && context_next_mention(sources, &mention)) {
		struct context_item item = file_item(&mention);

		ok = context_add(blocks, sources, &item, err);
		free(mention.uri);
	}
	return ok;
}
