/*
 * Each event repeats what the answer says of itself (id, created, model, …), as OpenAI's do. The whole text of a choice
 * is one delta: how it came is not known.
 */
#include "spread.h"

#include <string.h>

#include "eke/base/json.h"
#include "eke/base/json_writer.h"
#include "eke/base/limits.h"
#include "eke/upstream/wire.h"
#include "openai_error.h"

/* What stands in every event. */
struct stream {
	struct strbuf *out;
	const struct json *answer;
	bool is_chat;
	bool wants_usage;
	struct strbuf event;
};

void spread_event(struct strbuf *out, const char *data, size_t len)
{
	strbuf_adds(out, "data: ");
	strbuf_add(out, data, len);
	strbuf_adds(out, "\n\n");
}

static bool is(const struct json *member, const char *name)
{
	return !strcmp(json_key(member), name);
}

static void put_member(struct json_writer *w, const struct json *member)
{
	json_put_key(w, json_key(member));
	json_put_tree(w, member);
}

/* Up to its list of choices, which is begun. */
static void begin_event(struct stream *s, struct json_writer *w)
{
	strbuf_reset(&s->event);
	json_writer_init(w, &s->event);
	json_begin_object(w, NULL);
	json_put_kstring(w, "object", s->is_chat ? "chat.completion.chunk" : "text_completion");
	for (const struct json *m = json_first(s->answer); m; m = json_next(m))
		if (!is(m, "object") && !is(m, "choices") && !is(m, "usage") && !is(m, "error"))
			put_member(w, m);
	json_begin_array(w, "choices");
}

/* `usage` may be NULL: not yet. */
static void end_event(struct stream *s, struct json_writer *w, const struct json *usage)
{
	json_end_array(w);
	if (s->wants_usage) {
		json_put_key(w, "usage");
		json_put_tree(w, usage);
	}
	json_end_object(w);
	json_writer_end(w);
	spread_event(s->out, s->event.data, s->event.len);
}

static void put_tool_calls(struct json_writer *w, const struct json *calls)
{
	int64_t index = 0;

	json_begin_array(w, "tool_calls");
	for (const struct json *call = json_first(calls); call; call = json_next(call), index++) {
		json_begin_object(w, NULL);
		json_put_kint(w, "index", index);
		for (const struct json *m = json_is_object(call) ? json_first(call) : NULL; m; m = json_next(m))
			if (!is(m, "index"))
				put_member(w, m);
		json_end_object(w);
	}
	json_end_array(w);
}

/* The delta that begins a choice: its role, and content although it is empty, as clients expect of the first one. */
static void put_role(struct json_writer *w, const struct json *message)
{
	const char *role = json_string(json_get(message, "role"));

	json_begin_object(w, "delta");
	json_put_kstring(w, "role", role ? role : "assistant");
	if (json_is_string(json_get(message, "content")))
		json_put_kstring(w, "content", "");
	json_end_object(w);
}

static void put_message(struct json_writer *w, const struct json *message)
{
	json_begin_object(w, "delta");
	for (const struct json *m = json_first(message); m; m = json_next(m)) {
		if (is(m, "role") || json_is_null(m))
			continue;
		if (is(m, "tool_calls") && json_is_array(m))
			put_tool_calls(w, m);
		else
			put_member(w, m);
	}
	json_end_object(w);
}

enum step { STEP_ROLE, STEP_SAYS, STEP_END };

static void put_choice(struct stream *s, const struct json *choice, int64_t index, enum step step)
{
	const struct json *message = json_get(choice, "message");
	const struct json *logprobs = json_get(choice, "logprobs");
	const struct json *reason = json_get(choice, "finish_reason");
	const char *text = json_string(json_get(choice, "text"));
	struct json_writer w;

	json_int(json_get(choice, "index"), &index);
	begin_event(s, &w);
	json_begin_object(&w, NULL);
	json_put_kint(&w, "index", index);
	if (!s->is_chat) {
		json_put_kstring(&w, "text", text ? text : "");
	} else if (step == STEP_ROLE) {
		put_role(&w, message);
	} else if (step == STEP_SAYS) {
		put_message(&w, message);
	} else {
		json_begin_object(&w, "delta");
		json_end_object(&w);
	}
	json_put_key(&w, "logprobs");
	json_put_tree(&w, step == STEP_SAYS || !s->is_chat ? logprobs : NULL);
	json_put_key(&w, "finish_reason");
	if (step == STEP_END && json_is_string(reason) && *json_string(reason))
		json_put_tree(&w, reason);
	else if (step == STEP_END)
		json_put_string(&w, "stop");
	else
		json_put_null(&w);
	/* What else it says, once. */
	for (const struct json *m = step == STEP_END ? json_first(choice) : NULL; m; m = json_next(m))
		if (!is(m, "index") && !is(m, "message") && !is(m, "text") && !is(m, "logprobs") && !is(m, "finish_reason"))
			put_member(&w, m);
	json_end_object(&w);
	end_event(s, &w, NULL);
}

static void put_answer(struct stream *s)
{
	const struct json *usage = json_get_present(s->answer, "usage");
	int64_t index = 0;
	struct json_writer w;

	for (const struct json *c = json_first(json_get(s->answer, "choices")); c; c = json_next(c), index++) {
		if (!json_is_object(c))
			continue;
		/* Of the older completions each event has a reason, in OpenAI's types: there is one. */
		for (int step = s->is_chat ? STEP_ROLE : STEP_END; step <= STEP_END; step++)
			put_choice(s, c, index, (enum step)step);
	}
	if (s->wants_usage && usage) {
		begin_event(s, &w);
		end_event(s, &w, usage);
	}
	strbuf_adds(s->out, "data: [DONE]\n\n");
}

int spread(char *json, size_t len, bool is_chat, bool wants_usage, struct strbuf *out)
{
	struct json_pool *pool = json_pool_new();
	struct stream s = { .out = out, .is_chat = is_chat, .wants_usage = wants_usage };
	struct wire_chunk facts = { 0 };
	struct err ignored;
	int status = 200;

	s.answer = json_parse(pool, json, len, JSON_LENIENT, &ignored);
	if (json_is_array(s.answer))
		s.answer = json_first(s.answer);
	strbuf_init(&s.event, 2 * LIMIT_BODY);
	if (json_is_object(s.answer))
		wire_decode(s.answer, &facts);
	if (json_is_object(s.answer) && json_is_array(json_get(s.answer, "choices")) && !facts.is_error) {
		put_answer(&s);
	} else if (facts.is_error) {
		status = openai_error_write(s.answer, &s.event);
		spread_event(out, s.event.data, s.event.len);
	} else {
		openai_error_put(&s.event, "upstream_error", "no_answer", "The endpoint's answer is not one of OpenAI's API.");
		spread_event(out, s.event.data, s.event.len);
		status = 502;
	}
	strbuf_release(&s.event);
	json_pool_free(pool);
	return status;
}
