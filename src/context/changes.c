/*
 * A document's text is copied when it is opened, and again when the changes made to it since then are old. What a diff
 * shows therefore reaches back to the opening, or RECENT_MS at least.
 */
#include "changes.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/list.h"
#include "eke/base/mem.h"
#include "eke/text/buffer.h"
#include "eke/text/diff.h"
#include "eke/text/lines.h"
#include "eke/text/outbound.h"

#define RECENT_MS (10 * 60 * 1000)
#define BEFORE_MAX KIB(128) /* of one document */
#define HUNK_LINES 16 /* of either side that are shown */
#define HUNKS_MAX 12
#define CLOSED_MAX 8 /* documents that were closed after changes */

struct changes {
	struct change *first;
	uint64_t opened;
	size_t bytes;
	size_t closed;
};

struct changes *changes_new(void)
{
	return xcalloc(1, sizeof(struct changes));
}

static void forget_before(struct changes *changes, struct change *c)
{
	if (c->before)
		changes->bytes -= c->before_len;
	free(c->before);
	c->before = NULL;
	c->before_len = 0;
}

static void change_free(struct changes *changes, struct change *c)
{
	forget_before(changes, c);
	free(c->uri);
	free(c->diff);
	free(c);
}

void changes_free(struct changes *changes)
{
	struct change *next;

	if (!changes)
		return;
	for (struct change *c = changes->first; c; c = next) {
		next = c->next;
		change_free(changes, c);
	}
	free(changes);
}

struct change *changes_first(const struct changes *changes)
{
	return changes->first;
}

static struct change *find(const struct changes *changes, const char *uri)
{
	struct change *c = changes->first;

	while (c && strcmp(c->uri, uri) != 0)
		c = c->next;
	return c;
}

const struct change *changes_find(const struct changes *changes, const char *uri)
{
	return find(changes, uri);
}

bool change_is_recent(const struct change *change)
{
	return change->edited_ms != INT64_MIN && clock_mono_ms() - change->edited_ms < RECENT_MS;
}

static void keep_before(struct changes *changes, struct change *c, const struct doc *doc)
{
	const struct text_buffer *text = doc_text(doc); /* allowed: it is compared with, and shown only if that may be */
	size_t len = text ? text_buffer_len(text) : 0;
	struct strbuf copy;

	forget_before(changes, c);
	if (!text || len > BEFORE_MAX || changes->bytes + len > LIMIT_CONTEXT_SNAPSHOTS)
		return;
	strbuf_init(&copy, BEFORE_MAX);
	text_buffer_copy(text, 0, len, &copy);
	c->before = strbuf_detach(&copy, &c->before_len);
	changes->bytes += c->before_len;
}

static void forget_closed(struct changes *changes)
{
	struct change *last = NULL;

	for (struct change *c = changes->first; c; c = c->next)
		if (!c->is_open)
			last = c;
	if (!last || changes->closed <= CLOSED_MAX)
		return;
	list_unlink(changes->first, last);
	change_free(changes, last);
	changes->closed--;
}

/* The last one changed is the first. */
static void move_to_front(struct changes *changes, struct change *c)
{
	list_unlink(changes->first, c);
	c->next = changes->first;
	changes->first = c;
}

static void take_whole(struct changes *changes, const struct doc *doc)
{
	struct change *c = find(changes, doc_uri(doc));

	if (!c) {
		c = xcalloc(1, sizeof(*c));
		c->uri = xstrdup(doc_uri(doc));
		c->edited_ms = INT64_MIN;
		list_append(changes->first, c);
	} else if (!c->is_open) {
		changes->closed--;
		free(c->diff);
		c->diff = NULL;
		c->compared = false;
	} else if (c->edited_ms != INT64_MIN || c->before) {
		/* Clients without incremental changes send the whole text at each. */
		c->edited_ms = clock_mono_ms();
		c->compared = false;
		move_to_front(changes, c);
		return;
	}
	if (!c->is_open)
		c->opened = ++changes->opened;
	c->is_open = true;
	keep_before(changes, c, doc);
}

static void take_edit(struct changes *changes, const struct doc *doc)
{
	struct change *c = find(changes, doc_uri(doc));

	if (!c)
		return;
	if (c->edited_ms != INT64_MIN && !change_is_recent(c))
		keep_before(changes, c, doc);
	c->edited_ms = clock_mono_ms();
	c->compared = false;
	move_to_front(changes, c);
}

static void take_end(struct changes *changes, const struct doc *doc)
{
	struct change *c = find(changes, doc_uri(doc));
	const struct text_buffer *text = doc_text(doc); /* allowed: likewise */
	struct strbuf now;

	if (!c)
		return;
	if (!change_is_recent(c) || !c->before || !text || text_buffer_len(text) > BEFORE_MAX) {
		list_unlink(changes->first, c);
		change_free(changes, c);
		return;
	}
	strbuf_init(&now, BEFORE_MAX);
	text_buffer_copy(text, 0, text_buffer_len(text), &now);
	change_compare(c, now.data, now.len, false);
	strbuf_release(&now);
	forget_before(changes, c);
	c->is_open = false;
	changes->closed++;
	forget_closed(changes);
}

void changes_observe(struct changes *changes, const struct docs_event *event)
{
	switch (event->kind) {
	case DOCS_WHOLE:
		take_whole(changes, event->doc);
		break;
	case DOCS_EDITED:
		take_edit(changes, event->doc);
		break;
	case DOCS_LOST:
	case DOCS_CLOSED:
		take_end(changes, event->doc);
		break;
	}
}

/* --- the diff --- */

/* Whole lines around [start, end); an empty range at a line's start is no line. */
static void whole_lines(const char *text, size_t len, size_t *start, size_t *end)
{
	const char *lf;

	if (*start == *end && (!*start || text[*start - 1] == '\n'))
		return;
	while (*start && text[*start - 1] != '\n')
		--*start;
	if (*end > *start && text[*end - 1] == '\n')
		return;
	lf = memchr(text + *end, '\n', len - *end);
	*end = lf ? (size_t)(lf - text) + 1 : len;
}

static size_t add_lines(struct strbuf *out, char mark, const char *text, size_t start, size_t end)
{
	size_t lines = 0;

	while (start < end) {
		size_t len = lines_first_end(text + start, end - start);

		if (lines++ < HUNK_LINES) {
			strbuf_addch(out, mark);
			strbuf_add(out, text + start, len);
			strbuf_addch(out, '\n');
		}
		start += lines_skip(text + start, end - start, 1);
	}
	return lines;
}

static void add_diff(const struct change *change, const char *text, size_t len, bool removing, struct strbuf *out)
{
	size_t count;
	struct diff_edit *edits = change->before ? diff_texts(change->before, change->before_len, text, len, &count) : NULL;
	size_t shown = 0;
	size_t line = 0; /* of `before` and of the text, and where they begin */
	size_t new_line = 0;
	size_t at = 0;
	size_t new_at = 0;

	for (size_t i = 0; edits && i < count && shown < HUNKS_MAX; i++) {
		struct diff_edit e = edits[i];
		struct strbuf hunk;
		size_t taken;
		size_t given;

		whole_lines(change->before, change->before_len, &e.start, &e.end);
		whole_lines(text, len, &e.new_start, &e.new_end);
		line += lines_count(change->before + at, e.start - at);
		new_line += lines_count(text + new_at, e.new_start - new_at);
		at = e.start;
		new_at = e.new_start;
		strbuf_init(&hunk, LIMIT_CONTEXT_FILE);
		taken = add_lines(&hunk, '-', change->before, e.start, e.end);
		given = add_lines(&hunk, '+', text, e.new_start, e.new_end);
		if (taken || (given && !removing)) {
			strbuf_addf(out, "@@ -%zu,%zu +%zu,%zu @@\n", line + (taken > 0), taken, new_line + (given > 0), given);
			strbuf_add(out, hunk.data, hunk.len);
			shown++;
		}
		strbuf_release(&hunk);
	}
	free(edits);
}

bool change_compare(struct change *change, const char *text, size_t len, bool removing)
{
	struct strbuf diff;

	if (!change->is_open || (change->compared && change->removing == removing))
		return false;
	strbuf_init(&diff, LIMIT_CONTEXT_FILE);
	add_diff(change, text, len, removing, &diff);
	free(change->diff);
	change->diff = diff.len ? strbuf_detach(&diff, NULL) : NULL;
	strbuf_release(&diff);
	change->compared = true;
	change->removing = removing;
	return true;
}

/* Does the hunk's head "@@ -a,b +c,d @@" say that its new lines hold this one? */
static bool holds_line(const char *hunk, size_t line)
{
	const char *plus = strchr(hunk, '+');
	char *end;
	size_t first = plus ? strtoul(plus + 1, &end, 10) : 0;
	size_t count = plus && *end == ',' ? strtoul(end + 1, NULL, 10) : 1;

	return plus && line >= first && line <= first + count;
}

void change_add_hunks(const char *diff, size_t line, struct strbuf *out)
{
	while (*diff) {
		const char *next = strstr(diff, "\n@@ ");
		size_t len = next ? (size_t)(next + 1 - diff) : strlen(diff);

		if (!line || !holds_line(diff, line))
			strbuf_add(out, diff, len);
		diff += len;
	}
}
