/*
 * Requests and keys for trace_peer_*.c; a fixed debounce, which needs nothing else.
 */
#include "trace_peer.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "trace_judge.h"
#include "trace_rng.h"

/* --- keys --- */

void peer_keys_release(struct peer_keys *keys)
{
	free(keys->states);
}

void peer_keys_edited(struct peer_keys *keys, size_t at)
{
	if (keys->valid > at)
		keys->valid = at;
}

uint64_t peer_key_before(struct peer_keys *keys, const struct strbuf *text, size_t at)
{
	if (at >= keys->cap) {
		keys->cap = 2 * at + 1024;
		keys->states = xreallocarray(keys->states, keys->cap, sizeof(keys->states[0]));
		keys->states[0] = RNG_HASH_START;
	}
	for (; keys->valid < at; keys->valid++)
		keys->states[keys->valid + 1] = rng_hash(keys->states[keys->valid], text->data + keys->valid, 1);
	return keys->states[at];
}

uint64_t peer_key_with(uint64_t before, const struct trace_editor *editor)
{
	const struct strbuf *text = &editor->text;

	return rng_hash(rng_mix(before), text->data + editor->cursor, text->len - editor->cursor);
}

/* --- requests --- */

void peer_request_init(struct peer_request *r, struct sim_net *net, void (*changed)(void *ctx, bool done), void *ctx)
{
	*r = (struct peer_request){ .net = net, .changed = changed, .ctx = ctx };
	strbuf_init(&r->text, LIMIT_COMPLETION);
}

void peer_request_release(struct peer_request *r)
{
	peer_request_abort(r);
	strbuf_release(&r->text);
}

static void on_grown(void *ctx, const char *text, size_t len)
{
	struct peer_request *r = ctx;
	size_t first = judge_first_line(text, len);
	const char *last = memrchr(text, '\n', len);
	size_t shown = r->shown;

	if (first < len)
		r->shown = (size_t)(last - text);
	strbuf_reset(&r->text);
	strbuf_add(&r->text, text, len);
	if (r->shown > shown)
		r->changed(r->ctx, false);
}

static void on_done(void *ctx, int status, const char *text, size_t len)
{
	struct peer_request *r = ctx;

	r->id = 0;
	r->failed = status != 200;
	strbuf_reset(&r->text);
	strbuf_add(&r->text, text, len);
	r->shown = len;
	r->changed(r->ctx, true);
}

void peer_request_send(struct peer_request *r, const struct trace_editor *editor, const char *typed, size_t typed_len)
{
	struct sim_callbacks callbacks = { .grown = on_grown, .done = on_done, .ctx = r };
	struct strbuf prefix;
	struct sim_question question = {
		.suffix = editor->text.data + editor->cursor,
		.suffix_len = editor->text.len - editor->cursor,
	};

	peer_request_abort(r);
	r->shown = 0;
	r->failed = false;
	strbuf_reset(&r->text);
	strbuf_init(&prefix, LIMIT_DOCUMENT);
	strbuf_add(&prefix, editor->text.data, editor->cursor);
	strbuf_add(&prefix, typed, typed_len);
	question.prefix = prefix.data;
	question.prefix_len = prefix.len;
	r->id = sim_net_ask(r->net, &question, &callbacks);
	strbuf_release(&prefix);
}

void peer_request_abort(struct peer_request *r)
{
	sim_net_abort(r->net, r->id);
	r->id = 0;
}

/* --- a fixed debounce and no cache: codeium.vim, windsurf.vim --- */

struct fixed {
	const struct trace_client_kind *kind;
	struct trace_editor *editor;
	struct timer *timer;
	struct peer_request request;
};

static void fixed_changed(void *ctx, bool done)
{
	struct fixed *f = ctx;

	(void)done;
	f->editor->show(f->editor, f->request.text.data, f->request.shown);
}

static void fixed_paused(void *ctx)
{
	struct fixed *f = ctx;

	peer_request_send(&f->request, f->editor, NULL, 0);
}

static void *fixed_start(const struct trace_client_kind *kind, struct trace_editor *editor, bool counted)
{
	struct fixed *f = xcalloc(1, sizeof(*f));

	(void)counted;
	f->kind = kind;
	f->editor = editor;
	f->timer = timer_new(editor->loop, fixed_paused, f);
	peer_request_init(&f->request, editor->net, fixed_changed, f);
	return f;
}

static void fixed_stop(void *client)
{
	struct fixed *f = client;

	timer_free(f->timer);
	peer_request_release(&f->request);
	free(f);
}

static void fixed_opened(void *client, const char *uri, const char *language)
{
	(void)client;
	(void)uri;
	(void)language;
}

static void fixed_cancel(void *client)
{
	struct fixed *f = client;

	timer_stop(f->timer);
	peer_request_abort(&f->request);
}

static void fixed_ask(void *client)
{
	struct fixed *f = client;

	timer_start(f->timer, f->kind->delay_ms);
}

#define FIXED(ms, its_key, its_name)                                                                                 \
	{                                                                                                            \
		.key = its_key, .name = its_name, .delay_ms = ms, .start = fixed_start, .stop = fixed_stop,           \
		.opened = fixed_opened, .closed = fixed_cancel, .ask = fixed_ask, .cancel = fixed_cancel              \
	}

const struct trace_client_kind trace_every_key = FIXED(0, "every-key", "asks at every key");
const struct trace_client_kind trace_fixed_75 = FIXED(75, "fixed-75", "75 ms debounce (windsurf.vim)");
const struct trace_client_kind trace_fixed_150 = FIXED(150, "fixed-150", "150 ms debounce");
