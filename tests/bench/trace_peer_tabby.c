/*
 * Tabby's way (clients/tabby-agent/src/codeCompletion: debouncer.ts, cache.ts, latencyTracker.ts, index.ts): a
 * debounce that adapts to the typing and to the place and shrinks by the mean response time; a cache of exact texts
 * into which each answer is put for up to 50 positions ahead on its line and the beginning of the next. Hits are
 * debounced, too. A key ends the running request. Before the first response the mean is no number, and neither is the
 * delay: then it asks at once.
 */
#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "trace_judge.h"
#include "trace_peer.h"
#include "trace_rng.h"
#include "trace_tabby_delay.h"
#include "virtual_loop.h"

#define ENTRIES 100
#define TTL_MS INT64_C(300000)
#define FORWARD_MAX 50

struct entry {
	uint64_t key;
	char *text; /* owned; NULL: free */
	size_t len;
	int64_t stored_ms;
	uint64_t used;
};

struct tabby {
	struct trace_editor *editor;
	struct timer *timer;
	struct peer_keys keys;
	struct entry entries[ENTRIES];
	uint64_t uses;
	struct tabby_delay delay;
	bool hit; /* after the debounce the cache's answer is shown, no question sent */
	struct peer_request request;
	int64_t sent_ms;
	bool told; /* the response's time is in the mean */
};

static void put(struct tabby *t, uint64_t key, const char *text, size_t len)
{
	struct entry *entry = &t->entries[0];

	for (size_t i = 0; i < ENTRIES; i++) {
		struct entry *other = &t->entries[i];

		if (other->text && other->key == key) {
			entry = other;
			break;
		}
		if (!other->text || (entry->text && other->used < entry->used))
			entry = other;
	}
	free(entry->text);
	*entry = (struct entry){ key, xmalloc(len + 1), len, virtual_loop_now(t->editor->loop), ++t->uses };
	memcpy(entry->text, text, len);
}

static struct entry *find(struct tabby *t)
{
	const struct trace_editor *e = t->editor;
	uint64_t key = peer_key_with(peer_key_before(&t->keys, &e->text, e->cursor), e);

	for (size_t i = 0; i < ENTRIES; i++) {
		struct entry *entry = &t->entries[i];

		if (entry->text && entry->key == key &&
		    virtual_loop_now(t->editor->loop) - entry->stored_ms < TTL_MS)
			return entry;
	}
	return NULL;
}

/* For a place so many bytes further on. */
static void put_ahead(struct tabby *t, const char *text, size_t len, size_t ahead)
{
	const struct trace_editor *e = t->editor;
	uint64_t before = rng_hash(peer_key_before(&t->keys, &e->text, e->cursor), text, ahead);

	put(t, peer_key_with(before, e), text + ahead, len - ahead);
}

/* The answer at the cursor, and at the places that typing will come to. */
static void keep(struct tabby *t, const char *text, size_t len)
{
	const char *end = memchr(text, '\n', len);
	size_t line = end ? (size_t)(end - text) + 1 : len;
	size_t next = line;

	for (size_t ahead = 0; ahead < line && ahead < FORWARD_MAX; ahead++)
		put_ahead(t, text, len, ahead);
	if (!end || !memchr(end + 1, '\n', len - line))
		return;
	while (next < len && memchr(" \t", text[next], 2))
		next++;
	put_ahead(t, text, len, line - 1);
	put_ahead(t, text, len, line);
	put_ahead(t, text, len, next);
}

static void changed(void *ctx, bool done)
{
	struct tabby *t = ctx;

	if (done && t->request.failed) {
		put_ahead(t, "", 0, 0);
		return;
	}
	if (!t->told)
		tabby_delay_responded(&t->delay, virtual_loop_now(t->editor->loop) - t->sent_ms);
	t->told = true;
	keep(t, t->request.text.data, t->request.shown);
	t->editor->show(t->editor, t->request.text.data, t->request.shown);
}

static void on_paused(void *ctx)
{
	struct tabby *t = ctx;
	struct entry *entry = t->hit ? find(t) : NULL;

	if (entry) {
		size_t len = entry->len;
		char *text = xmalloc(len + 1);

		memcpy(text, entry->text, len);
		keep(t, text, len);
		t->editor->show(t->editor, text, len);
		free(text);
		return;
	}
	t->sent_ms = virtual_loop_now(t->editor->loop);
	t->told = false;
	peer_request_send(&t->request, t->editor, NULL, 0);
}

static void *tabby_start(const struct trace_client_kind *kind, struct trace_editor *editor, bool counted)
{
	struct tabby *t = xcalloc(1, sizeof(*t));

	(void)kind;
	(void)counted;
	t->editor = editor;
	t->timer = timer_new(editor->loop, on_paused, t);
	tabby_delay_init(&t->delay);
	peer_request_init(&t->request, editor->net, changed, t);
	return t;
}

static void tabby_stop(void *client)
{
	struct tabby *t = client;

	timer_free(t->timer);
	peer_request_release(&t->request);
	peer_keys_release(&t->keys);
	for (size_t i = 0; i < ENTRIES; i++)
		free(t->entries[i].text);
	free(t);
}

static void tabby_opened(void *client, const char *uri, const char *language)
{
	struct tabby *t = client;

	(void)uri;
	(void)language;
	t->keys.valid = 0;
}

static void tabby_edit(void *client, size_t at, size_t removed, const char *text, size_t len)
{
	struct tabby *t = client;

	(void)removed;
	(void)text;
	(void)len;
	peer_keys_edited(&t->keys, at);
}

static void tabby_ask(void *client)
{
	struct tabby *t = client;
	const struct trace_editor *e = t->editor;

	t->hit = find(t) != NULL;
	timer_start(t->timer, tabby_delay_next(&t->delay, virtual_loop_now(e->loop), e->text.data, e->text.len, e->cursor,
					       !t->hit));
}

static void tabby_cancel(void *client)
{
	struct tabby *t = client;

	timer_stop(t->timer);
	peer_request_abort(&t->request);
}

const struct trace_client_kind trace_tabby = {
	.key = "adaptive",
	.name = "adaptive debounce, typed-through cache (Tabby)",
	.start = tabby_start,
	.stop = tabby_stop,
	.opened = tabby_opened,
	.closed = tabby_cancel,
	.edit = tabby_edit,
	.ask = tabby_ask,
	.cancel = tabby_cancel,
};
