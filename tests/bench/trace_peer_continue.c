/*
 * Continue's way (core/autocomplete: CompletionProvider, AutocompleteLruCache, GeneratorReuseManager): a pause of 350
 * ms, then a cache under the text before the cursor alone, in which the longest known beginning counts; then the
 * running answer, if what was typed agrees with it; else a new one, which ends the running one. A key does not end
 * the running answer, but what comes after it is shown only if the next pause finds that it still fits.
 */
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "trace_peer.h"

#define DELAY_MS 350
#define ENTRIES 1000

struct entry {
	uint64_t key;
	size_t len; /* of the text before the cursor */
	char *text; /* owned; NULL: free */
	size_t text_len;
	uint64_t used;
};

struct continue_client {
	struct trace_editor *editor;
	struct timer *timer;
	struct peer_keys keys;
	struct entry entries[ENTRIES];
	uint64_t uses;
	struct peer_request request;
	struct strbuf asked; /* the text before the cursor, when the running answer was asked for */
	bool waiting;        /* the editor's request is the running answer's */
};

/* The entry of the longest known beginning of the text before the cursor. */
static struct entry *find(struct continue_client *c)
{
	const struct trace_editor *e = c->editor;
	struct entry *best = NULL;

	peer_key_before(&c->keys, &e->text, e->cursor);
	for (size_t i = 0; i < ENTRIES; i++) {
		struct entry *entry = &c->entries[i];

		if (entry->text && entry->len <= e->cursor && c->keys.states[entry->len] == entry->key &&
		    (!best || entry->len > best->len))
			best = entry;
	}
	return best;
}

/* What is left of it after what was typed since; false if it does not fit. */
static bool show_cached(struct continue_client *c)
{
	const struct trace_editor *e = c->editor;
	struct entry *entry = find(c);
	size_t typed;

	if (!entry)
		return false;
	typed = e->cursor - entry->len;
	if (typed >= entry->text_len || memcmp(entry->text, e->text.data + entry->len, typed))
		return false;
	entry->used = ++c->uses;
	c->editor->show(c->editor, entry->text + typed, entry->text_len - typed);
	return true;
}

static void put(struct continue_client *c, const char *text, size_t len)
{
	uint64_t key = peer_key_before(&c->keys, &c->editor->text, c->editor->cursor);
	struct entry *entry = &c->entries[0];

	for (size_t i = 0; i < ENTRIES; i++) {
		struct entry *other = &c->entries[i];

		if (other->text && other->key == key && other->len == c->editor->cursor) {
			entry = other;
			break;
		}
		if (!other->text || (entry->text && other->used < entry->used))
			entry = other;
	}
	free(entry->text);
	*entry = (struct entry){ key, c->editor->cursor, xmalloc(len + 1), len, ++c->uses };
	memcpy(entry->text, text, len);
}

/* Does the running answer, or the last one, go on from here? *typed: bytes of it that stand in the text. */
static bool fits(const struct continue_client *c, size_t *typed)
{
	const struct trace_editor *e = c->editor;

	if (!c->asked.len || e->cursor < c->asked.len || memcmp(e->text.data, c->asked.data, c->asked.len))
		return false;
	*typed = e->cursor - c->asked.len;
	return *typed <= c->request.text.len && !memcmp(e->text.data + c->asked.len, c->request.text.data, *typed);
}

static void changed(void *ctx, bool done)
{
	struct continue_client *c = ctx;
	size_t typed;

	if (!c->waiting || !fits(c, &typed) || c->request.shown <= typed)
		return;
	c->editor->show(c->editor, c->request.text.data + typed, c->request.shown - typed);
	if (done)
		put(c, c->request.text.data + typed, c->request.shown - typed);
}

static void on_paused(void *ctx)
{
	struct continue_client *c = ctx;
	size_t typed;

	if (show_cached(c))
		return;
	c->waiting = true;
	if ((c->request.id || c->request.shown) && fits(c, &typed)) {
		changed(c, !c->request.id);
		return;
	}
	strbuf_reset(&c->asked);
	strbuf_add(&c->asked, c->editor->text.data, c->editor->cursor);
	peer_request_send(&c->request, c->editor, NULL, 0);
}

static void *continue_start(const struct trace_client_kind *kind, struct trace_editor *editor, bool counted)
{
	struct continue_client *c = xcalloc(1, sizeof(*c));

	(void)kind;
	(void)counted;
	c->editor = editor;
	c->timer = timer_new(editor->loop, on_paused, c);
	strbuf_init(&c->asked, LIMIT_DOCUMENT);
	peer_request_init(&c->request, editor->net, changed, c);
	return c;
}

static void continue_stop(void *client)
{
	struct continue_client *c = client;

	timer_free(c->timer);
	peer_request_release(&c->request);
	strbuf_release(&c->asked);
	peer_keys_release(&c->keys);
	for (size_t i = 0; i < ENTRIES; i++)
		free(c->entries[i].text);
	free(c);
}

static void continue_opened(void *client, const char *uri, const char *language)
{
	struct continue_client *c = client;

	(void)uri;
	(void)language;
	c->keys.valid = 0;
	strbuf_reset(&c->asked);
}

static void continue_edit(void *client, size_t at, size_t removed, const char *text, size_t len)
{
	struct continue_client *c = client;

	(void)removed;
	(void)text;
	(void)len;
	peer_keys_edited(&c->keys, at);
}

static void continue_ask(void *client)
{
	struct continue_client *c = client;

	timer_start(c->timer, DELAY_MS);
}

static void continue_cancel(void *client)
{
	struct continue_client *c = client;

	timer_stop(c->timer);
	if (c->waiting && c->request.shown && !c->request.failed) {
		size_t typed;

		/* Kinder than the program: what was shown is kept. */
		if (fits(c, &typed) && c->request.shown > typed)
			put(c, c->request.text.data + typed, c->request.shown - typed);
	}
	c->waiting = false;
}

const struct trace_client_kind trace_continue = {
	.key = "continue",
	.name = "350 ms, prefix cache (Continue)",
	.start = continue_start,
	.stop = continue_stop,
	.opened = continue_opened,
	.closed = continue_cancel,
	.edit = continue_edit,
	.ask = continue_ask,
	.cancel = continue_cancel,
};
