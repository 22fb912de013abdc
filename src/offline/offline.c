/*
 * What the offline engine knows: documents, each a list of lines that are kept elsewhere (lines.c). struct
 * offline owns them all; a document lives until it is forgotten or evicted, a closed one as well as an open one. An
 * edit costs what its lines cost. The line being typed is left out of the index until the cursor leaves it: it is no
 * evidence for itself, and a word that is half typed must not become one that is known.
 */
#include "eke/offline/offline.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/code/indent.h"
#include "eke/text/buffer.h"
#include "eke/text/docs.h"
#include "eke/text/lines.h"

#include "match.h"
#include "private.h"

#define DOC_ROOM 64  /* lines a document grows by, at least */
#define DOCS_ROOM 32 /* documents there is room for at first */

struct offline *offline_new(void)
{
	struct offline *offline = xcalloc(1, sizeof(*offline));

	offline_lines_init(&offline->lines);
	offline->pool = xcalloc(1, sizeof(*offline->pool));
	strbuf_init(&offline->hot_text, LINE_BYTES_MAX);
	strbuf_init(&offline->draft, LIMIT_COMPLETION_TEXT);
	return offline;
}

static void doc_free(struct offline_doc *doc)
{
	free(doc->uri);
	free(doc->lines);
	free(doc->slots);
	free(doc);
}

void offline_free(struct offline *offline)
{
	if (!offline)
		return;
	for (size_t i = 0; i < offline->count; i++)
		doc_free(offline->docs[i]);
	free(offline->docs);
	free(offline->by_number);
	free(offline->pool);
	strbuf_release(&offline->hot_text);
	strbuf_release(&offline->draft);
	offline_lines_release(&offline->lines);
	free(offline);
}

struct offline_doc *offline_find(const struct offline *offline, const char *uri)
{
	for (size_t i = 0; i < offline->count; i++) {
		if (!strcmp(offline->docs[i]->uri, uri))
			return offline->docs[i];
	}
	return NULL;
}

static size_t index_of(const struct offline *offline, const struct offline_doc *doc)
{
	size_t i = 0;

	while (offline->docs[i] != doc)
		i++;
	return i;
}

static void touch(struct offline *offline, struct offline_doc *doc)
{
	size_t i = index_of(offline, doc);

	memmove(offline->docs + 1, offline->docs, i * sizeof(offline->docs[0]));
	offline->docs[0] = doc;
}

/* --- the lines of a document --- */

static void set_line(struct offline *offline, struct offline_doc *doc, size_t at, const char *s, size_t len)
{
	size_t text_len = len;
	struct offline_slot *slot = &doc->slots[at];
	const char *text = offline_strip(s, &text_len, &slot->blanks);

	doc->lines[at] = offline_lines_add(&offline->lines, text, text_len, doc->number);
	slot->bytes = (uint16_t)(len + 1 < UINT16_MAX ? len + 1 : UINT16_MAX);
	doc->bytes += slot->bytes;
	offline->bytes += slot->bytes;
}

static void unset_line(struct offline *offline, struct offline_doc *doc, size_t at)
{
	offline_lines_unref(&offline->lines, doc->lines[at]);
	doc->bytes -= doc->slots[at].bytes;
	offline->bytes -= doc->slots[at].bytes;
}

static void reserve(struct offline_doc *doc, size_t count)
{
	if (count <= doc->cap)
		return;
	doc->cap = count + count / 8 + DOC_ROOM;
	doc->lines = xreallocarray(doc->lines, doc->cap, sizeof(doc->lines[0]));
	doc->slots = xreallocarray(doc->slots, doc->cap, sizeof(doc->slots[0]));
}

/* Makes old_count lines new_count of them, none of which is set. */
static void splice_lines(
	struct offline *offline, struct offline_doc *doc, size_t at, size_t old_count, size_t new_count)
{
	size_t rest = doc->count - at - old_count;

	for (size_t i = 0; i < old_count; i++)
		unset_line(offline, doc, at + i);
	reserve(doc, doc->count - old_count + new_count);
	memmove(doc->lines + at + new_count, doc->lines + at + old_count, rest * sizeof(doc->lines[0]));
	memmove(doc->slots + at + new_count, doc->slots + at + old_count, rest * sizeof(doc->slots[0]));
	doc->count = doc->count - old_count + new_count;
}

/* The line at *at of s, which is moved behind its terminator, or to len + 1 behind the last. */
static const char *next_line(const char *s, size_t len, size_t *at, size_t *line_len)
{
	const char *line = s + *at;

	*line_len = lines_first_end(line, len - *at);
	*at += *line_len;
	if (*at < len && s[*at] == '\r' && *at + 1 < len && s[*at + 1] == '\n')
		++*at;
	++*at;
	return line;
}

void offline_settle(struct offline *offline)
{
	struct offline_doc *doc = offline->hot;

	if (!doc)
		return;
	offline->hot = NULL;
	unset_line(offline, doc, offline->hot_line);
	set_line(offline, doc, offline->hot_line, offline->hot_text.data, offline->hot_text.len);
}

/* Makes the line, which is at `at` in the document, the one that is kept as text. */
static void set_aside(struct offline *offline, struct offline_doc *doc, size_t at, const char *s, size_t len)
{
	unset_line(offline, doc, at);
	set_line(offline, doc, at, s, 0);
	doc->lines[at] = LINE_OPAQUE;
	offline->hot = doc;
	offline->hot_line = at;
	strbuf_reset(&offline->hot_text);
	strbuf_add(&offline->hot_text, s, len);
}

void offline_set_aside(struct offline *offline, struct offline_doc *doc, size_t at, const char *s, size_t len)
{
	struct offline_cut cut;
	struct offline_blanks blanks;
	size_t text_len = len;
	const char *text = offline_strip(s, &text_len, &blanks);

	if (offline->hot == doc && doc && offline->hot_line == at)
		return;
	offline_settle(offline);
	if (!doc || at >= doc->count || len > LINE_BYTES_MAX)
		return;
	offline_cut(&offline->lines, text, text_len, &cut);
	if (!cut.opaque && offline_lines_find(&offline->lines, cut.tokens, cut.count) == doc->lines[at])
		set_aside(offline, doc, at, s, len);
}

struct offline_style offline_doc_style(struct offline_doc *doc)
{
	struct indent indent = { 0 };

	if (doc->style_count && doc->count < 2 * doc->style_count)
		return doc->style;
	for (size_t i = 0; i < doc->count; i++) {
		const struct offline_blanks *blanks = &doc->slots[i].blanks;

		if (blanks->tabs)
			indent.tabs++;
		else if (blanks->spaces > 1 && doc->lines[i] != LINE_BLANK && blanks->spaces < 9) {
			indent.spaces++;
			if (!indent.step || blanks->spaces < indent.step)
				indent.step = blanks->spaces;
		}
	}
	doc->style = (struct offline_style){ indent_is_tabs(&indent, true), (unsigned)indent_unit(&indent, true, 0) };
	doc->style_count = doc->count;
	return doc->style;
}

/* --- documents --- */

static void forget(struct offline *offline, struct offline_doc *doc)
{
	size_t i = index_of(offline, doc);

	if (offline->hot == doc)
		offline->hot = NULL;
	for (size_t line = 0; line < doc->count; line++)
		unset_line(offline, doc, line);
	offline->count--;
	memmove(offline->docs + i, offline->docs + i + 1, (offline->count - i) * sizeof(offline->docs[0]));
	offline->by_number[doc->number] = NULL;
	doc_free(doc);
}

/* The document to go first: a closed one, if there is any but this. */
static struct offline_doc *victim(const struct offline *offline, const struct offline_doc *spared)
{
	struct offline_doc *open = NULL;

	for (size_t i = offline->count; i > 0; i--) {
		struct offline_doc *doc = offline->docs[i - 1];

		if (doc == spared)
			continue;
		if (!doc->open)
			return doc;
		if (!open)
			open = doc;
	}
	return open;
}

/* Makes room for more bytes; `spared` stays. */
static void make_room(struct offline *offline, size_t bytes, const struct offline_doc *spared)
{
	while (offline->bytes + bytes > LIMIT_OFFLINE_BYTES || offline->count == LIMIT_OFFLINE_DOCUMENTS) {
		struct offline_doc *doc = victim(offline, spared);

		if (!doc)
			return;
		forget(offline, doc);
	}
}

static void reserve_docs(struct offline *offline)
{
	size_t room = offline->room ? 2 * offline->room : DOCS_ROOM;

	if (offline->count < offline->room)
		return;
	offline->docs = xreallocarray(offline->docs, room, sizeof(struct offline_doc *));
	offline->by_number = xreallocarray(offline->by_number, room, sizeof(struct offline_doc *));
	for (size_t i = offline->room; i < room; i++)
		offline->by_number[i] = NULL;
	offline->room = room;
}

static struct offline_doc *add_doc(struct offline *offline, const char *uri)
{
	struct offline_doc *doc = xcalloc(1, sizeof(*doc));

	reserve_docs(offline);
	while (offline->by_number[doc->number])
		doc->number++;
	doc->uri = xstrdup(uri);
	offline->by_number[doc->number] = doc;
	offline->docs[offline->count++] = doc;
	return doc;
}

void offline_seen(struct offline *offline, const char *uri, const char *language, const char *text, size_t len)
{
	struct offline_doc *doc = offline_find(offline, uri);
	uint32_t *old = NULL;
	size_t old_count = 0;
	size_t lines = lines_count(text, len) + 1;

	if (offline->hot == doc)
		offline->hot = NULL;
	if (len > LIMIT_OFFLINE_DOCUMENT) {
		offline_forget(offline, uri);
		return;
	}
	make_room(offline, len + 1, doc);
	if (!doc) {
		doc = add_doc(offline, uri);
	} else {
		/* Given up only when the new ones are there: most lines stay as they are. */
		old = doc->lines;
		old_count = doc->count;
		offline->bytes -= doc->bytes;
		free(doc->slots);
		doc->lines = NULL;
		doc->slots = NULL;
		doc->cap = 0;
		doc->bytes = 0;
	}
	touch(offline, doc);
	doc->open = true;
	doc->syntax = syntax_of(language);
	doc->count = lines;
	doc->style_count = 0;
	reserve(doc, lines);
	for (size_t i = 0, at = 0; i < lines; i++) {
		size_t n;
		const char *line = next_line(text, len, &at, &n);

		set_line(offline, doc, i, line, n);
	}
	for (size_t i = 0; i < old_count; i++)
		offline_lines_unref(&offline->lines, old[i]);
	free(old);
}

bool offline_edited(struct offline *offline, const char *uri, size_t line, size_t old_count, const char *text,
		    size_t len)
{
	struct offline_doc *doc = offline_find(offline, uri);
	size_t new_count = text ? lines_count(text, len) + 1 : 0;

	if (!doc || line > doc->count || old_count > doc->count - line || doc->count - old_count + new_count == 0)
		return false;
	if (offline->hot && (offline->hot != doc || offline->hot_line < line || offline->hot_line >= line + old_count))
		offline_settle(offline);
	offline->hot = NULL;
	if (doc->bytes + len > LIMIT_OFFLINE_DOCUMENT) {
		forget(offline, doc);
		return true;
	}
	touch(offline, doc);
	splice_lines(offline, doc, line, old_count, new_count);
	for (size_t i = 0, at = 0; i < new_count; i++) {
		size_t n;
		const char *s = next_line(text, len, &at, &n);
		bool typed = old_count == 1 && new_count == 1 && n <= LINE_BYTES_MAX;

		set_line(offline, doc, line + i, s, typed ? 0 : n);
		if (typed)
			set_aside(offline, doc, line, s, n);
	}
	make_room(offline, 0, doc);
	return true;
}

/* The lines that an edit made. */
static void follow_edit(struct offline *offline, const struct docs_event *event)
{
	const struct text_buffer *buffer = doc_text(event->doc);
	bool any = event->new_last_line + 1 != event->first_line;
	struct strbuf text;
	size_t start = 0;
	size_t end = 0;
	size_t unused;

	/* Of what is left out anyway nothing is copied for a keystroke. */
	if (text_buffer_len(buffer) > LIMIT_OFFLINE_DOCUMENT) {
		offline_forget(offline, doc_uri(event->doc));
		return;
	}
	strbuf_init(&text, LIMIT_DOCUMENT);
	if (any) {
		text_buffer_line_range(buffer, event->first_line, &start, &unused);
		text_buffer_line_range(buffer, event->new_last_line, &unused, &end);
		text_buffer_copy(buffer, start, end, &text);
	}
	if (!offline_edited(offline, doc_uri(event->doc), event->first_line, event->old_last_line + 1 - event->first_line,
			    any ? text.data : NULL, text.len)) {
		strbuf_reset(&text);
		text_buffer_copy(buffer, 0, text_buffer_len(buffer), &text);
		offline_seen(offline, doc_uri(event->doc), doc_language(event->doc), text.data, text.len);
	}
	strbuf_release(&text);
}

void offline_follow(struct offline *offline, const struct docs_event *event)
{
	const char *uri = doc_uri(event->doc);
	struct strbuf text;

	switch (event->kind) {
	case DOCS_WHOLE:
		strbuf_init(&text, LIMIT_DOCUMENT);
		text_buffer_copy(doc_text(event->doc), 0, text_buffer_len(doc_text(event->doc)), &text);
		offline_seen(offline, uri, doc_language(event->doc), text.data, text.len);
		strbuf_release(&text);
		return;
	case DOCS_EDITED:
		follow_edit(offline, event);
		return;
	case DOCS_LOST:
		offline_forget(offline, uri);
		return;
	case DOCS_CLOSED:
		offline_closed(offline, uri);
		return;
	}
}

void offline_closed(struct offline *offline, const char *uri)
{
	struct offline_doc *doc = offline_find(offline, uri);

	if (!doc)
		return;
	if (offline->hot == doc)
		offline_settle(offline);
	doc->open = false;
}

void offline_forget(struct offline *offline, const char *uri)
{
	struct offline_doc *doc = offline_find(offline, uri);

	if (doc)
		forget(offline, doc);
}

/* --- figures and tests --- */

struct offline_stats offline_stats(const struct offline *offline)
{
	struct offline_stats stats = { .documents = offline->count,
				       .text = offline->bytes,
				       .different_lines = offline->lines.live,
				       .words = offline->lines.words.live };

	stats.memory = offline_lines_memory(&offline->lines) + sizeof(*offline) + sizeof(*offline->pool) +
		       offline->room * (sizeof(offline->docs[0]) + sizeof(offline->by_number[0]));
	for (size_t i = 0; i < offline->count; i++) {
		const struct offline_doc *doc = offline->docs[i];

		stats.lines += doc->count;
		stats.memory += sizeof(*doc) + doc->cap * (sizeof(doc->lines[0]) + sizeof(doc->slots[0]));
	}
	return stats;
}

bool offline_is_sound(struct offline *offline)
{
	uint32_t *refs;
	bool sound;
	size_t bytes = 0;

	offline_settle(offline);
	sound = offline_lines_are_sound(&offline->lines);
	refs = xcalloc(offline->lines.count, sizeof(refs[0]));
	for (size_t i = 0; i < offline->count; i++) {
		const struct offline_doc *doc = offline->docs[i];
		size_t doc_bytes = 0;

		sound = sound && offline->by_number[doc->number] == doc;
		for (size_t line = 0; line < doc->count; line++) {
			refs[doc->lines[line]]++;
			doc_bytes += doc->slots[line].bytes;
		}
		sound = sound && doc_bytes == doc->bytes;
		bytes += doc_bytes;
	}
	for (uint32_t i = 0; i < offline->lines.count; i++) {
		if (offline_line(&offline->lines, i))
			sound = sound && refs[i] == offline->lines.lines[i]->refs;
		else
			sound = sound && (i <= LINE_OPAQUE || !refs[i]);
	}
	free(refs);
	return sound && bytes == offline->bytes && bytes <= LIMIT_OFFLINE_BYTES + LIMIT_OFFLINE_DOCUMENT;
}

bool offline_holds(struct offline *offline, const char *uri, const char *text, size_t len)
{
	const struct offline_doc *doc = offline_find(offline, uri);

	offline_settle(offline);
	if (!doc || doc->count != lines_count(text, len) + 1)
		return false;
	for (size_t i = 0, at = 0; i < doc->count; i++) {
		struct offline_cut cut;
		struct offline_blanks blanks;
		size_t n;
		const char *line = next_line(text, len, &at, &n);

		line = offline_strip(line, &n, &blanks);
		offline_cut(&offline->lines, line, n, &cut);
		if (doc->lines[i] != (cut.opaque ? LINE_OPAQUE : offline_lines_find(&offline->lines, cut.tokens, cut.count)) ||
		    blanks.tabs != doc->slots[i].blanks.tabs || blanks.spaces != doc->slots[i].blanks.spaces)
			return false;
	}
	return true;
}
