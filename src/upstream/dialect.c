/*
 * The table of dialects, at the end, and the functions that write their bodies. To add one, see src/README.md.
 */
#include "eke/upstream/dialect.h"

#include <string.h>

#include "eke/base/json.h"
#include "eke/base/json_writer.h"
#include "eke/base/limits.h"
#include "eke/base/url.h"
#include "eke/upstream/fim_template.h"

static void put_text(struct json_writer *w, const char *key, const char *text, size_t len)
{
	json_put_kstringn(w, key, text, len);
}

static bool is_reasoning_name(const char *name)
{
	if (name[0] == 'o' && name[1] >= '1' && name[1] <= '9')
		return true;
	return !strncmp(name, "gpt-5", 5) && strncmp(name, "gpt-5-chat", 10);
}

unsigned request_quirks_of_name(const char *model)
{
	for (const char *name = model; name; name = strpbrk(name, "/:")) {
		name += *name == '/' || *name == ':';
		if (is_reasoning_name(name))
			return QUIRKS_REASONING;
	}
	return 0;
}

static unsigned quirks_of_spec(const struct request_spec *spec)
{
	return spec->quirks | request_quirks_of_name(spec->model);
}

static void put_stop(struct json_writer *w, const struct request_spec *spec, size_t most)
{
	if (!spec->stop_count || !most || (spec->quirks & QUIRK_NO_STOP))
		return;
	json_begin_array(w, "stop");
	for (size_t i = 0; i < spec->stop_count && i < most; i++)
		json_put_string(w, spec->stop[i]);
	json_end_array(w);
}

/* What every dialect has; the name of the limit differs. */
static void put_common(struct json_writer *w, const struct request_spec *spec, const char *limit_key, size_t max_stop)
{
	if (spec->max_tokens > 0 && !(spec->quirks & QUIRK_NO_LIMIT))
		json_put_kint(w, limit_key, spec->max_tokens);
	if (spec->temperature >= 0 && !(spec->quirks & QUIRK_NO_TEMPERATURE))
		json_put_kdouble(w, "temperature", spec->temperature);
	put_stop(w, spec, max_stop);
	json_put_kbool(w, "stream", spec->stream && !(spec->quirks & QUIRK_NO_STREAM));
}

static void put_stream_options(struct json_writer *w, const struct request_spec *spec)
{
	if (!spec->stream || !spec->stream_options || (spec->quirks & (QUIRK_NO_STREAM | QUIRK_NO_STREAM_OPTIONS)))
		return;
	json_begin_object(w, "stream_options");
	json_put_kbool(w, "include_usage", true);
	json_end_object(w);
}

static void put_chat(struct json_writer *w, const struct request_spec *spec)
{
	struct request_spec allowed = *spec;

	json_put_kstring(w, "model", spec->model);
	json_begin_array(w, "messages");
	for (size_t i = 0; i < spec->message_count; i++) {
		const struct request_message *m = &spec->messages[i];

		json_begin_object(w, NULL);
		json_put_kstring(w, "role", m->role);
		put_text(w, "content", m->content, m->content_len);
		json_end_object(w);
	}
	json_end_array(w);
	allowed.quirks = quirks_of_spec(spec);
	put_common(w, &allowed, allowed.quirks & QUIRK_COMPLETION_TOKENS ? "max_completion_tokens" : "max_tokens",
		   LIMIT_STOP);
	put_stream_options(w, &allowed);
}

/* An empty suffix says nothing, and servers without the field refuse even that. */
static void put_fim(struct json_writer *w, const struct request_spec *spec)
{
	json_put_kstring(w, "model", spec->model);
	put_text(w, "prompt", spec->prefix, spec->prefix_len);
	if (spec->suffix_len)
		put_text(w, "suffix", spec->suffix, spec->suffix_len);
	put_common(w, spec, "max_tokens", LIMIT_STOP);
}

static void put_infill(struct json_writer *w, const struct request_spec *spec)
{
	if (spec->model)
		json_put_kstring(w, "model", spec->model);
	put_text(w, "input_prefix", spec->prefix, spec->prefix_len);
	put_text(w, "input_suffix", spec->suffix, spec->suffix_len);
	json_begin_array(w, "input_extra");
	for (size_t i = 0; i < spec->extra_count; i++) {
		json_begin_object(w, NULL);
		json_put_kstring(w, "filename", spec->extras[i].filename);
		put_text(w, "text", spec->extras[i].text, spec->extras[i].len);
		json_end_object(w);
	}
	json_end_array(w);
	json_put_kstring(w, "prompt", "");
	/* The next request has most of its prompt in common with this one. */
	json_put_kbool(w, "cache_prompt", true);
	put_common(w, spec, "n_predict", spec->stop_count);
}

static void put_fim_with_options(struct json_writer *w, const struct request_spec *spec)
{
	put_fim(w, spec);
	put_stream_options(w, spec);
}

/* The prompt is ours, with the tokens of the model. */
static void put_raw(struct json_writer *w, const struct request_spec *spec)
{
	const char *const *stops = fim_template_stops(spec->model);
	struct request_spec ended = *spec;
	struct strbuf prompt;

	strbuf_init(&prompt, LIMIT_PROMPT);
	fim_template_write(spec, &prompt);
	json_put_kstring(w, "model", spec->model);
	put_text(w, "prompt", prompt.data, prompt.len);
	strbuf_release(&prompt);
	ended.stop = stops;
	for (ended.stop_count = 0; stops[ended.stop_count];)
		ended.stop_count++;
	put_common(w, &ended, "max_tokens", LIMIT_STOP);
	put_stream_options(w, spec);
}

/* The first is for hosts that no row names. */
static const struct dialect dialects[] = {
	{ .name = "chat", .path = "/chat/completions", .put = put_chat },
	{ .name = "completions", .path = "/completions", .fills_in = true, .put = put_fim_with_options },
	/* It has no stream_options and sends the usage anyway. */
	{ .name = "mistral-fim", .path = "/fim/completions", .fills_in = true, .put = put_fim,
	  .hosts = { { "codestral.mistral.ai", "codestral-latest", "codestral-latest" },
		     { "mistral.ai", "mistral-small-latest", "codestral-latest" } } },
	{ .name = "deepseek-fim", .path = "/beta/completions", .at_origin = true, .fills_in = true,
	  .put = put_fim_with_options, .hosts = { { "deepseek.com", "deepseek-chat", "deepseek-chat" } } },
	{ .name = "fim-tokens", .path = "/completions", .fills_in = true, .takes_extras = true, .put = put_raw },
	{ .name = "llamacpp-infill", .path = "/infill", .at_origin = true, .fills_in = true, .takes_extras = true,
	  .put = put_infill },
};

const struct dialect *dialect_chat(void)
{
	return &dialects[0];
}

const struct dialect *dialect_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(dialects); i++)
		if (!strcmp(dialects[i].name, name))
			return &dialects[i];
	return NULL;
}

void dialect_list(struct strbuf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(dialects); i++)
		strbuf_addf(out, "%s%s", i ? ", " : "", dialects[i].name);
}

const struct dialect *dialect_of_host(const char *host, const struct dialect_host **models)
{
	static const struct dialect_host elsewhere = { NULL, "gpt-4o-mini", "gpt-4o-mini" };

	for (size_t i = 0; i < ARRAY_LEN(dialects); i++) {
		for (const struct dialect_host *h = dialects[i].hosts; h < dialects[i].hosts + DIALECT_HOSTS; h++) {
			if (!h->domain || !host_is_under(host, h->domain))
				continue;
			*models = h;
			return &dialects[i];
		}
	}
	*models = &elsewhere;
	return dialect_chat();
}

void request_write(const struct request_spec *spec, struct strbuf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w, NULL);
	spec->dialect->put(&w, spec);
	json_end_object(&w);
	json_writer_end(&w);
}

/* --- what was written already --- */

/* The name that a member has in a body for that model; NULL: it has no place there. */
static const char *amended_name(const char *name, unsigned quirks)
{
	static const struct {
		const char *name;
		unsigned quirks;
	} out[] = {
		{ "max_tokens", QUIRK_NO_LIMIT }, { "max_completion_tokens", QUIRK_NO_LIMIT },
		{ "temperature", QUIRK_NO_TEMPERATURE }, { "stop", QUIRK_NO_STOP },
		{ "stream_options", QUIRK_NO_STREAM_OPTIONS | QUIRK_NO_STREAM }, { "stream", QUIRK_NO_STREAM },
	};

	for (size_t i = 0; i < ARRAY_LEN(out); i++)
		if (!strcmp(name, out[i].name) && (quirks & out[i].quirks))
			return NULL;
	return (quirks & QUIRK_COMPLETION_TOKENS) && !strcmp(name, "max_tokens") ? "max_completion_tokens" : name;
}

bool request_amend(struct strbuf *body, unsigned quirks)
{
	struct json_pool *pool = json_pool_new();
	struct strbuf copy;
	struct strbuf out;
	struct json_writer w;
	struct err ignored;
	const struct json *value;
	bool changed = false;

	/* Parsing changes it. */
	strbuf_init(&copy, body->max);
	strbuf_init(&out, body->max);
	strbuf_add(&copy, body->data, body->len);
	value = json_parse(pool, copy.data, copy.len, JSON_LENIENT, &ignored);
	json_writer_init(&w, &out);
	json_begin_object(&w, NULL);
	for (const struct json *m = json_is_object(value) ? json_first(value) : NULL; m; m = json_next(m)) {
		const char *name = amended_name(json_key(m), quirks);

		changed |= !name || strcmp(name, json_key(m)) != 0;
		if (!name)
			continue;
		json_put_key(&w, name);
		json_put_tree(&w, m);
	}
	json_end_object(&w);
	json_writer_end(&w);
	if (changed) {
		strbuf_reset(body);
		strbuf_add(body, out.data, out.len);
	}
	strbuf_release(&copy);
	strbuf_release(&out);
	json_pool_free(pool);
	return changed;
}
