/*
 * llama.vim's way (autoload/llama.vim): no debounce; one request at a time, and while it runs the next try comes 100 ms
 * later; never ended by a key, and kept wherever the cursor is by then. A place is looked for in the cache, then up to
 * 128 bytes back. When a hint is shown, the place behind it is asked for as well. Answers of 128 tokens at the most.
 */
#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "trace_peer.h"
#include "trace_rng.h"

#define ENTRIES 250
#define BACK_MAX 128
#define RETRY_MS 100
#define SUFFIX_ON_LINE_MAX 8
#define ANSWER_MAX (128 * 4)

struct entry {
	uint64_t key;
	char *text; /* owned; NULL: free */
	size_t len;
	uint64_t stored;
};

struct llama {
	struct trace_editor *editor;
	struct timer *retry;
	struct peer_keys keys;
	struct entry entries[ENTRIES];
	uint64_t stores;
	bool maybe[4096]; /* is there an entry whose key ends so? */
	struct peer_request request;
	uint64_t asked; /* the key of the request */
	struct strbuf hint; /* shown now */
};

static struct entry *find(struct llama *l, uint64_t key)
{
	for (size_t i = 0; l->maybe[key % ARRAY_LEN(l->maybe)] && i < ENTRIES; i++)
		if (l->entries[i].text && l->entries[i].key == key)
			return &l->entries[i];
	return NULL;
}

static void put(struct llama *l, uint64_t key, const char *text, size_t len)
{
	struct entry *entry = find(l, key);

	for (size_t i = 0; !entry && i < ENTRIES; i++)
		if (!l->entries[i].text)
			entry = &l->entries[i];
	if (!entry) {
		entry = &l->entries[0];
		for (size_t i = 1; i < ENTRIES; i++)
			if (l->entries[i].stored < entry->stored)
				entry = &l->entries[i];
	}
	free(entry->text);
	*entry = (struct entry){ key, xmalloc(len + 1), len, ++l->stores };
	l->maybe[key % ARRAY_LEN(l->maybe)] = true;
	memcpy(entry->text, text, len);
}

static uint64_t key_after(struct llama *l, const char *typed, size_t len)
{
	const struct trace_editor *e = l->editor;

	return peer_key_with(rng_hash(peer_key_before(&l->keys, &e->text, e->cursor), typed, len), e);
}

/* The longest rest of an answer that was stored at the cursor or before it. */
static bool look_up(struct llama *l)
{
	const struct trace_editor *e = l->editor;
	struct entry *entry = find(l, key_after(l, NULL, 0));

	strbuf_reset(&l->hint);
	if (entry) {
		strbuf_add(&l->hint, entry->text, entry->len);
		return entry->len != 0;
	}
	for (size_t back = 1; back <= BACK_MAX && back <= e->cursor; back++) {
		entry = find(l, peer_key_with(l->keys.states[e->cursor - back], e));
		if (!entry || entry->len <= back || memcmp(entry->text, e->text.data + e->cursor - back, back) ||
		    entry->len - back <= l->hint.len)
			continue;
		strbuf_reset(&l->hint);
		strbuf_add(&l->hint, entry->text + back, entry->len - back);
	}
	return l->hint.len != 0;
}

static void ask(struct llama *l, bool behind_hint)
{
	const struct trace_editor *e = l->editor;
	const char *end = memchr(e->text.data + e->cursor, '\n', e->text.len - e->cursor);
	size_t right = end ? (size_t)(end - e->text.data) - e->cursor : e->text.len - e->cursor;
	size_t typed = behind_hint ? l->hint.len : 0;
	uint64_t key;

	if (l->request.id) {
		timer_start(l->retry, RETRY_MS);
		return;
	}
	key = key_after(l, l->hint.data, typed);
	if (right > SUFFIX_ON_LINE_MAX || find(l, key))
		return;
	l->asked = key;
	peer_request_send(&l->request, e, l->hint.data, typed);
}

static void try_hint(struct llama *l)
{
	if (!look_up(l))
		return;
	l->editor->show(l->editor, l->hint.data, l->hint.len);
	ask(l, true);
}

static void on_retry(void *ctx)
{
	ask(ctx, false);
}

static void changed(void *ctx, bool done)
{
	struct llama *l = ctx;
	size_t len = l->request.text.len < ANSWER_MAX ? l->request.text.len : ANSWER_MAX;

	/* Not streamed: it waits for all of it, or for its 128 tokens. */
	if (!done && l->request.text.len < ANSWER_MAX)
		return;
	peer_request_abort(&l->request);
	if (l->request.failed)
		return;
	put(l, l->asked, l->request.text.data, len);
	if (!l->hint.len)
		try_hint(l);
}

static void *llama_start(const struct trace_client_kind *kind, struct trace_editor *editor, bool counted)
{
	struct llama *l = xcalloc(1, sizeof(*l));

	(void)kind;
	(void)counted;
	l->editor = editor;
	l->retry = timer_new(editor->loop, on_retry, l);
	strbuf_init(&l->hint, LIMIT_COMPLETION);
	peer_request_init(&l->request, editor->net, changed, l);
	return l;
}

static void llama_stop(void *client)
{
	struct llama *l = client;

	timer_free(l->retry);
	peer_request_release(&l->request);
	strbuf_release(&l->hint);
	peer_keys_release(&l->keys);
	for (size_t i = 0; i < ENTRIES; i++)
		free(l->entries[i].text);
	free(l);
}

static void llama_opened(void *client, const char *uri, const char *language)
{
	struct llama *l = client;

	(void)uri;
	(void)language;
	l->keys.valid = 0;
}

static void llama_closed(void *client)
{
	struct llama *l = client;

	timer_stop(l->retry);
	peer_request_abort(&l->request);
}

static void llama_edit(void *client, size_t at, size_t removed, const char *text, size_t len)
{
	struct llama *l = client;

	(void)removed;
	(void)text;
	(void)len;
	peer_keys_edited(&l->keys, at);
}

/* The cursor has moved: the hint goes, the cache may have another, and the place is asked for. */
static void llama_ask(void *client)
{
	struct llama *l = client;

	try_hint(l);
	ask(l, false);
}

static void llama_cancel(void *client)
{
	struct llama *l = client;

	strbuf_reset(&l->hint);
}

const struct trace_client_kind trace_llama_vim = {
	.key = "llama-vim",
	.name = "one at a time, asks ahead (llama.vim)",
	.start = llama_start,
	.stop = llama_stop,
	.opened = llama_opened,
	.closed = llama_closed,
	.edit = llama_edit,
	.ask = llama_ask,
	.cancel = llama_cancel,
};
