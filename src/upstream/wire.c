/*
 * Chunks and whole answers into facts. Called once per token of a stream, so each object is walked once, its keys
 * compared as they come, instead of being searched for every field.
 */
#include "eke/upstream/wire.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "eke/base/limits.h"

static bool is(const char *key, const char *name)
{
	return !strcmp(key, name);
}

static bool says_something(const char *s)
{
	return s && *s;
}

/* --- parts of a choice --- */

static const struct {
	const char *reason;
	enum wire_finish finish;
} finishes[] = {
	{ "stop", WIRE_STOP },
	{ "length", WIRE_LENGTH },
	{ "max_tokens", WIRE_LENGTH },
	{ "model_length", WIRE_LENGTH }, /* Mistral: the context is full */
	{ "content_filter", WIRE_FILTER },
	{ "sensitive", WIRE_FILTER },    /* Zhipu */
	{ "safety", WIRE_FILTER },
	{ "error", WIRE_ERROR },
	{ "network_error", WIRE_ERROR }, /* Zhipu */
	{ "abort", WIRE_ERROR },         /* vLLM */
	{ "insufficient_system_resource", WIRE_ERROR }, /* DeepSeek */
};

static enum wire_finish finish_of(const char *reason)
{
	if (!says_something(reason))
		return WIRE_OPEN;
	for (size_t i = 0; i < ARRAY_LEN(finishes); i++)
		if (!strcasecmp(reason, finishes[i].reason))
			return finishes[i].finish;
	return WIRE_STOP;
}

static int64_t count_of(const struct json *j)
{
	int64_t n;

	return json_int(j, &n) && n > 0 ? n : 0;
}

static void take_usage(const struct json *usage, struct wire_usage *out)
{
	struct wire_usage found = { 0 };

	for (const struct json *m = json_is_object(usage) ? json_first(usage) : NULL; m; m = json_next(m)) {
		const char *key = json_key(m);

		if (is(key, "prompt_tokens"))
			found.prompt_tokens = count_of(m);
		else if (is(key, "completion_tokens"))
			found.completion_tokens = count_of(m);
		else if (is(key, "total_tokens"))
			found.total_tokens = count_of(m);
	}
	if (!found.prompt_tokens && !found.completion_tokens && !found.total_tokens)
		return;
	if (!found.total_tokens)
		found.total_tokens = found.prompt_tokens + found.completion_tokens;
	found.present = true;
	*out = found;
}

/* --- content in parts --- */

static bool is_among(const char *word, const char *const *words)
{
	while (word && *words && strcmp(word, *words))
		words++;
	return word && *words;
}

/* A string, or whatever holds one: {"text"}, {"value"}, or a list of such. */
static void add_strings(const struct json *value, struct strbuf *out, int depth)
{
	static const char *const members[] = { "text", "value", "thinking", "refusal", "content" };

	if (!value || depth > 4)
		return;
	if (json_string(value))
		strbuf_adds(out, json_string(value));
	for (const struct json *e = json_is_array(value) ? json_first(value) : NULL; e; e = json_next(e))
		add_strings(e, out, depth + 1);
	for (size_t i = 0; json_is_object(value) && i < ARRAY_LEN(members); i++) {
		const struct json *member = json_get_present(value, members[i]);

		if (!member)
			continue;
		add_strings(member, out, depth + 1);
		return;
	}
}

static void add_part(const struct json *part, struct strbuf *text, struct strbuf *reasoning)
{
	static const char *const texts[] = { "text", "output_text", "refusal", NULL };
	static const char *const thoughts[] = {
		"thinking", "reasoning", "thought", "reasoning_text", "summary_text", NULL,
	};
	const char *type = json_string(json_get(part, "type"));
	bool thought = false;

	json_bool(json_get(part, "thought"), &thought); /* Gemini */
	if (is_among(type, thoughts) || thought)
		add_strings(json_get_present(part, "summary") ? json_get(part, "summary") : part, reasoning, 0);
	else if (json_string(part) || !type || is_among(type, texts))
		add_strings(part, text, 0);
}

void wire_parts_add(const struct json *parts, struct strbuf *text, struct strbuf *reasoning)
{
	if (json_is_object(parts))
		add_part(parts, text, reasoning);
	for (const struct json *part = json_is_array(parts) ? json_first(parts) : NULL; part; part = json_next(part))
		add_part(part, text, reasoning);
}

/* "delta" or "message". */
static void take_message(const struct json *message, struct wire_chunk *out)
{
	const char *refusal = NULL;

	for (const struct json *m = json_first(message); m; m = json_next(m)) {
		const char *key = json_key(m);

		if (is(key, "content")) {
			if (json_is_array(m) || json_is_object(m))
				out->parts = m;
			else if (json_string(m))
				out->text = json_string(m);
		} else if (is(key, "reasoning_content") || is(key, "reasoning")) {
			if (!says_something(out->reasoning) && json_string(m))
				out->reasoning = json_string(m);
		} else if (is(key, "refusal")) {
			refusal = json_string(m);
		} else if (is(key, "tool_calls") || is(key, "function_call")) {
			out->calls_tool |= json_first(m) != NULL;
		}
	}
	if (says_something(refusal) && !says_something(out->text))
		out->text = refusal;
}

static bool is_first_choice(const struct json *choice)
{
	int64_t index;

	return json_is_object(choice) && (!json_int(json_get(choice, "index"), &index) || index == 0);
}

static void take_choice(const struct json *choice, struct wire_chunk *out)
{
	const struct json *delta = NULL;
	const struct json *message = NULL;
	const char *text = NULL;

	for (const struct json *m = json_first(choice); m; m = json_next(m)) {
		const char *key = json_key(m);

		if (is(key, "delta"))
			delta = json_is_object(m) ? m : NULL;
		else if (is(key, "message"))
			message = json_is_object(m) ? m : NULL;
		else if (is(key, "text"))
			text = json_string(m);
		else if (is(key, "finish_reason"))
			out->finish = finish_of(json_string(m));
		else if (is(key, "error"))
			out->is_error = true; /* perhaps: wire_decode() looks */
		else if (is(key, "usage")) /* Moonshot */
			take_usage(m, &out->usage);
	}
	out->is_whole = message && !delta;
	if (delta || message)
		take_message(delta ? delta : message, out);
	if (text && !says_something(out->text))
		out->text = text;
}

/* --- llama.cpp's own shape: content beside stop, no choices --- */

static void take_llamacpp(const struct json *value, struct wire_chunk *out)
{
	bool stop = false;
	bool flag;
	const char *type = json_string(json_get(value, "stop_type"));

	out->is_answer = true;
	out->text = json_string(json_get(value, "content"));
	if (!json_bool(json_get(value, "stop"), &stop) || !stop)
		return;
	out->finish = type && !strcmp(type, "limit") ? WIRE_LENGTH : WIRE_STOP;
	if (json_bool(json_get(value, "stopped_limit"), &flag) && flag) /* before stop_type */
		out->finish = WIRE_LENGTH;
	out->usage.prompt_tokens = count_of(json_get(value, "tokens_evaluated"));
	out->usage.completion_tokens = count_of(json_get(value, "tokens_predicted"));
	out->usage.total_tokens = out->usage.prompt_tokens + out->usage.completion_tokens;
	out->usage.present = out->usage.total_tokens > 0;
}

/* --- errors --- */

int64_t wire_code_number(const struct json *code)
{
	const char *s = json_string(code);
	int64_t n;

	if (s)
		return strtoll(s, NULL, 10);
	return json_int(code, &n) ? n : 0;
}

/* The value of "error": does it say that something is wrong? */
static bool is_real_error(const struct json *error)
{
	bool flag;

	if (json_string(error))
		return says_something(json_string(error));
	if (json_bool(error, &flag))
		return flag;
	if (json_is_array(error))
		return json_count(error) > 0;
	if (!json_is_object(error) || !json_first(error))
		return false;
	/* chatanywhere sends an error "200 OK" without a message beside good answers. */
	return wire_code_number(json_get(error, "code")) != 200 ||
	       says_something(json_string(json_get(error, "message")));
}

static bool is_bare_error(const struct json *value)
{
	const struct json *detail = json_get_present(value, "detail");

	return (detail && json_count(detail) + says_something(json_string(detail)) > 0) ||
	       says_something(json_string(json_get(value, "message"))) ||
	       says_something(json_string(json_get(value, "msg"))) ||
	       says_something(json_string(json_get(value, "error_msg")));
}

/* The error of the choice that counts. */
static const struct json *find_choice_error(const struct json *choices)
{
	for (const struct json *choice = json_is_array(choices) ? json_first(choices) : NULL; choice;
	     choice = json_next(choice))
		if (is_first_choice(choice))
			return is_real_error(json_get(choice, "error")) ? json_get(choice, "error") : NULL;
	return NULL;
}

const struct json *wire_error_find(const struct json *value)
{
	const struct json *error;
	const struct json *errors;

	if (json_is_array(value))
		value = json_first(value);
	if (!json_is_object(value))
		return NULL;
	error = json_get(value, "error");
	if (is_real_error(error))
		return error;
	errors = json_get(value, "errors");
	if (json_is_array(errors) && json_first(errors))
		return json_first(errors);
	if (wire_code_number(json_get(json_get(value, "base_resp"), "status_code")))
		return json_get(value, "base_resp");
	error = find_choice_error(json_get(value, "choices"));
	if (error)
		return error;
	if (json_get(value, "choices") || json_string(json_get(value, "content")))
		return NULL;
	return is_bare_error(value) ? value : NULL;
}

/* --- the whole --- */

static void take_choices(const struct json *choices, struct wire_chunk *out)
{
	for (const struct json *choice = json_first(choices); choice; choice = json_next(choice)) {
		if (!is_first_choice(choice))
			continue;
		take_choice(choice, out);
		return;
	}
}

void wire_decode(const struct json *value, struct wire_chunk *out)
{
	bool has_content = false;
	bool may_be_error = json_is_array(value);

	*out = (struct wire_chunk){ .finish = WIRE_OPEN };
	for (const struct json *m = json_is_object(value) ? json_first(value) : NULL; m; m = json_next(m)) {
		const char *key = json_key(m);

		switch (key[0]) {
		case 'b':
			may_be_error |= is(key, "base_resp");
			break;
		case 'c':
			if (is(key, "choices")) {
				/* one-api has been seen with null for an empty list. */
				out->is_answer = json_is_array(m) || json_is_null(m);
				take_choices(m, out);
			} else if (is(key, "content")) {
				has_content = json_is_string(m);
			}
			break;
		case 'd':
			may_be_error |= is(key, "detail");
			break;
		case 'e':
			may_be_error |= is(key, "error") || is(key, "errors") || is(key, "error_msg");
			break;
		case 'm':
			if (is(key, "model"))
				out->model = says_something(json_string(m)) ? json_string(m) : NULL;
			else
				may_be_error |= is(key, "message") || is(key, "msg");
			break;
		case 'u':
			if (is(key, "usage"))
				take_usage(m, &out->usage);
			break;
		default:
			break;
		}
	}
	if (has_content && !out->is_answer)
		take_llamacpp(value, out);
	out->is_error = (may_be_error || out->is_error) && wire_error_find(value);
	/* The last chunk of some servers has usage and not even an empty list of choices. */
	out->is_answer |= out->usage.present && !out->is_error;
}

enum wire_body wire_sniff(const char *bytes, size_t len)
{
	static const char bom[] = "\xEF\xBB\xBF";
	size_t n = len < 3 ? len : 3;

	if (n && !memcmp(bytes, bom, n)) {
		bytes += n;
		len -= n;
	}
	while (len && strchr(" \t\r\n", *bytes) && *bytes) {
		bytes++;
		len--;
	}
	if (!len)
		return WIRE_BODY_UNKNOWN;
	switch (*bytes) {
	case '{':
	case '[':
		return WIRE_BODY_JSON;
	case '<':
		return WIRE_BODY_HTML;
	default:
		return WIRE_BODY_SSE;
	}
}

static const char *model_id(const struct json *model)
{
	static const char *const names[] = { "id", "name", "model" };

	if (json_string(model))
		return json_string(model);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *id = json_string(json_get(model, names[i]));

		if (says_something(id))
			return id;
	}
	return NULL;
}

bool wire_models_decode(const struct json *value, void (*fn)(void *ctx, const char *id), void *ctx)
{
	const struct json *list = value;
	size_t n = 0;

	if (json_is_object(value)) {
		list = json_get_present(value, "data");
		if (!list)
			list = json_get_present(value, "models");
	}
	if (!json_is_array(list))
		return false;
	for (const struct json *m = json_first(list); m && n < LIMIT_MODELS; m = json_next(m)) {
		const char *id = model_id(m);

		if (!says_something(id))
			continue;
		fn(ctx, id);
		n++;
	}
	return true;
}
