/*
 * An event stream goes through the SSE parser event by event. Any other body is collected and parsed when it is
 * complete. Both end in take_chunk(). The JSON trees of events live in a pool that is reset after each event.
 */
#include "eke/upstream/answer.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/json.h"
#include "eke/base/json_writer.h"
#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/printable.h"
#include "eke/upstream/message_stream.h"
#include "eke/upstream/sse.h"
#include "eke/upstream/stencil.h"
#include "eke/upstream/think.h"
#include "eke/upstream/wire_error.h"

struct answer {
	const char *name;
	enum wire_body kind;
	struct strbuf collected; /* what is no event stream, or not known to be one yet */
	struct sse *sse;
	struct json_pool *pool;
	struct stencil stencil;
	struct think think;
	struct message_stream messages[2]; /* their text, their reasoning */
	bool any_delta; /* with text or reasoning */
	struct strbuf text;
	struct strbuf reasoning;
	char *model;
	enum wire_finish finish;
	struct wire_usage usage;
	bool done_mark;  /* "[DONE]" came */
	size_t progress; /* events, or bytes that are no blanks; comments are none */
	bool calls_tool;
	bool any_answer; /* something had the shape of an answer */
	struct err error; /* kind ERR_NONE: none */
	struct stated_limit stated;
	int64_t now;      /* Unix seconds, of the bytes that are being taken in */
};

static bool on_event(void *ctx, struct sse_event *event);

struct answer *answer_new(const char *name, bool thinks_inside)
{
	struct answer *a = xcalloc(1, sizeof(*a));

	a->name = name;
	a->kind = WIRE_BODY_UNKNOWN;
	a->pool = json_pool_new();
	json_pool_limit(a->pool, LIMIT_ANSWER_VALUES);
	stencil_init(&a->stencil);
	if (thinks_inside)
		think_init_inside(&a->think);
	else
		think_init(&a->think);
	message_stream_init(&a->messages[0]);
	message_stream_init(&a->messages[1]);
	strbuf_init(&a->collected, LIMIT_BODY);
	strbuf_init(&a->text, LIMIT_ANSWER);
	strbuf_init(&a->reasoning, LIMIT_ANSWER);
	return a;
}

void answer_free(struct answer *a)
{
	if (!a)
		return;
	sse_free(a->sse);
	json_pool_free(a->pool);
	stencil_release(&a->stencil);
	message_stream_release(&a->messages[0]);
	message_stream_release(&a->messages[1]);
	strbuf_release(&a->collected);
	strbuf_release(&a->text);
	strbuf_release(&a->reasoning);
	free(a->model);
	free(a);
}

static void take_text(struct answer *a, const char *text, size_t len)
{
	if (think_is_through(&a->think))
		strbuf_add(&a->text, text, len);
	else
		think_feed(&a->think, text, len, &a->text, &a->reasoning);
}

/* An error object inside an answer; the first counts. */
static void take_error(struct answer *a, char *body, size_t len)
{
	struct wire_error_input in = { .status = 200, .body = body, .len = len, .clock = { a->now, 0 } };

	if (a->error.kind == ERR_NONE)
		wire_error_decode(&in, &a->error, &a->stated);
}

static void take_error_value(struct answer *a, const struct json *value)
{
	struct strbuf text;
	struct json_writer w;

	strbuf_init(&text, LIMIT_SSE_EVENT);
	json_writer_init(&w, &text);
	json_put_tree(&w, value);
	take_error(a, text.data, text.len);
	strbuf_release(&text);
}

/* What one chunk says, of either kind, into the two. */
static void gather(const struct wire_chunk *chunk, struct strbuf *text, struct strbuf *reasoning)
{
	if (chunk->reasoning)
		strbuf_adds(reasoning, chunk->reasoning);
	if (chunk->text)
		strbuf_adds(text, chunk->text);
	wire_parts_add(chunk->parts, text, reasoning);
}

/* Messages repeat what came in others or in deltas. */
static void take_message(struct answer *a, const struct wire_chunk *chunk, const struct strbuf *text,
			 const struct strbuf *reasoning)
{
	bool last = chunk->finish != WIRE_OPEN;
	struct strbuf more;

	if (a->any_delta)
		return;
	strbuf_init(&more, LIMIT_ANSWER);
	message_stream_take(&a->messages[0], text->data, text->len, last, &more);
	take_text(a, more.data, more.len);
	message_stream_take(&a->messages[1], reasoning->data, reasoning->len, last, &a->reasoning);
	strbuf_release(&more);
}

/* A message, or content in parts. */
static void take_gathered(struct answer *a, const struct wire_chunk *chunk)
{
	struct strbuf text;
	struct strbuf reasoning;

	strbuf_init(&text, LIMIT_ANSWER);
	strbuf_init(&reasoning, LIMIT_ANSWER);
	gather(chunk, &text, &reasoning);
	if (chunk->is_whole) {
		take_message(a, chunk, &text, &reasoning);
	} else {
		a->any_delta |= text.len || reasoning.len;
		strbuf_add(&a->reasoning, reasoning.data, reasoning.len);
		take_text(a, text.data, text.len);
	}
	strbuf_release(&text);
	strbuf_release(&reasoning);
}

/* Names of models go to terminals. free(). */
static char *printable_name(const char *model)
{
	struct strbuf name;

	strbuf_init(&name, LIMIT_SSE_EVENT);
	printable_add_stripped(&name, model, strlen(model));
	return strbuf_detach(&name, NULL);
}

/* Adds what a value says. Returns its text if it says nothing else, or NULL. */
static const char *take_chunk(struct answer *a, const struct json *value)
{
	struct wire_chunk chunk;

	wire_decode(value, &chunk);
	a->any_answer = a->any_answer || chunk.is_answer;
	if (chunk.model && !a->model)
		a->model = printable_name(chunk.model);
	if (chunk.usage.present)
		a->usage = chunk.usage;
	a->calls_tool |= chunk.calls_tool;
	if (chunk.is_whole || chunk.parts) {
		take_gathered(a, &chunk);
	} else {
		a->any_delta |= (chunk.text && *chunk.text) || (chunk.reasoning && *chunk.reasoning);
		if (chunk.reasoning)
			strbuf_adds(&a->reasoning, chunk.reasoning);
		if (chunk.text)
			take_text(a, chunk.text, strlen(chunk.text));
	}
	if (chunk.finish != WIRE_OPEN)
		a->finish = chunk.finish;
	if (chunk.is_error)
		take_error_value(a, value);
	if (!chunk.is_answer || chunk.is_error || chunk.is_whole || chunk.parts || chunk.usage.present ||
	    chunk.finish != WIRE_OPEN || (chunk.reasoning && *chunk.reasoning))
		return NULL;
	return chunk.text;
}

/* One value, or an array of them (llama.cpp). */
static bool take_json(struct answer *a, char *text, size_t len, struct err *err)
{
	const struct json *value = json_parse(a->pool, text, len, JSON_LENIENT, err);
	const char *only_text = NULL;

	if (json_is_array(value))
		for (const struct json *e = json_first(value); e; e = json_next(e))
			take_chunk(a, e);
	else if (value)
		only_text = take_chunk(a, value);
	if (only_text)
		stencil_learn(&a->stencil, text, len, only_text);
	json_pool_reset(a->pool);
	return value != NULL;
}

static bool is_done_mark(const struct sse_event *event)
{
	const char *s = event->data + strspn(event->data, " \t");

	return !strncmp(s, "[DONE]", strlen("[DONE]"));
}

static bool on_event(void *ctx, struct sse_event *event)
{
	struct answer *a = ctx;
	const char *text;
	size_t text_len;
	struct err err;

	a->progress++;
	/* What follows the end mark is noise. */
	if (a->done_mark)
		return true;
	text = event->is_error_field || *event->type ? NULL :
						       stencil_match(&a->stencil, event->data, event->len, &text_len);
	if (text) {
		take_text(a, text, text_len);
		return !answer_is_too_large(a);
	}
	if (is_done_mark(event)) {
		a->done_mark = true;
		return true;
	}
	if (event->is_error_field || !strcmp(event->type, "error"))
		take_error(a, event->data, event->len);
	else if (!take_json(a, event->data, event->len, &err))
		log_warn("endpoint %s: dropped a piece of a stream: %s", a->name, err.message);
	return !answer_is_too_large(a);
}

static size_t count_blanks(const char *bytes, size_t len)
{
	size_t n = 0;

	while (n < len && (bytes[n] == ' ' || bytes[n] == '\t' || bytes[n] == '\r' || bytes[n] == '\n'))
		n++;
	return n;
}

void answer_feed(struct answer *a, const char *bytes, size_t len, int64_t now)
{
	a->now = now;
	if (a->kind == WIRE_BODY_SSE) {
		sse_feed(a->sse, bytes, len);
		return;
	}
	/* Blanks before the beginning are nothing to keep, or to look through again and again. */
	if (!a->collected.len) {
		size_t blanks = count_blanks(bytes, len);

		bytes += blanks;
		len -= blanks;
	}
	a->progress += count_blanks(bytes, len) < len;
	strbuf_add(&a->collected, bytes, len);
	if (a->kind != WIRE_BODY_UNKNOWN)
		return;
	a->kind = wire_sniff(a->collected.data, a->collected.len);
	if (a->kind != WIRE_BODY_SSE)
		return;
	a->sse = sse_new(on_event, a);
	sse_feed(a->sse, a->collected.data, a->collected.len);
	strbuf_release(&a->collected);
}

/* Sets the error, unless there is one: nothing usable came. */
static void miss(struct answer *a, const char *what)
{
	if (a->error.kind != ERR_NONE)
		return;
	err_set(&a->error, ERR_PROTOCOL, "%s %s", a->name, what);
	a->error.http_status = 200;
}

void answer_end(struct answer *a, bool whole, int64_t now)
{
	struct err err;

	a->now = now;
	if (a->kind == WIRE_BODY_JSON && !take_json(a, a->collected.data, a->collected.len, &err) && whole)
		miss(a, "sent something that is not JSON of this API: check baseUrl");
	if (a->kind == WIRE_BODY_HTML && whole)
		take_error(a, a->collected.data, a->collected.len);
	if (a->sse)
		sse_end(a->sse);
	think_end(&a->think, &a->text, &a->reasoning);
	if (!whole || answer_is_usable(a))
		return;
	if (a->any_answer)
		miss(a, "ended its response before any text came: try again");
	else
		miss(a, "sent nothing that is an answer: check baseUrl and the model");
}

const struct strbuf *answer_text(const struct answer *a)
{
	return &a->text;
}

const struct strbuf *answer_reasoning(const struct answer *a)
{
	return &a->reasoning;
}

const char *answer_model(const struct answer *a)
{
	return a->model;
}

enum wire_finish answer_finish(const struct answer *a)
{
	return a->finish;
}

bool answer_calls_tool(const struct answer *a)
{
	return a->calls_tool;
}

struct wire_usage answer_usage(const struct answer *a)
{
	return a->usage;
}

const struct err *answer_error(const struct answer *a)
{
	return a->error.kind != ERR_NONE ? &a->error : NULL;
}

const struct stated_limit *answer_stated_limit(const struct answer *a)
{
	return &a->stated;
}

enum wire_body answer_kind(const struct answer *a)
{
	return a->kind;
}

bool answer_has_begun(const struct answer *a)
{
	return a->any_answer;
}

bool answer_moved(const struct answer *a, size_t *from)
{
	*from = a->think.moved;
	return a->think.orphan;
}

size_t answer_progress(const struct answer *a)
{
	return a->progress;
}

bool answer_is_too_long(const struct answer *a)
{
	return a->collected.full || (a->sse && sse_overflowed(a->sse));
}

bool answer_never_closed(const struct answer *a)
{
	return a->think.implied;
}

bool answer_is_over(const struct answer *a)
{
	return a->done_mark;
}

bool answer_is_too_large(const struct answer *a)
{
	return a->text.full || a->reasoning.full || answer_is_too_long(a);
}

bool answer_is_usable(const struct answer *a)
{
	return a->text.len || a->reasoning.len || a->finish == WIRE_STOP || a->finish == WIRE_LENGTH ||
	       a->finish == WIRE_FILTER;
}
