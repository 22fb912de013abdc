/*
 * The table of dialects, at the end, and the functions that write their bodies. To add one, see src/README.md.
 */
#include "eke/upstream/dialect.h"

#include <string.h>

#include "eke/base/json_writer.h"
#include "eke/base/limits.h"
#include "eke/base/url.h"

static void put_text(struct json_writer *w, const char *key, const char *text, size_t len)
{
	json_put_kstringn(w, key, text, len);
}

bool request_model_reasons(const char *model)
{
	const char *slash = model ? strrchr(model, '/') : NULL;
	const char *name = slash ? slash + 1 : model;

	if (!name)
		return false;
	if (name[0] == 'o' && name[1] >= '1' && name[1] <= '9')
		return true;
	return !strncmp(name, "gpt-5", 5) && strncmp(name, "gpt-5-chat", 10);
}

/* What every dialect has; the name of the limit differs. */
static void put_common(struct json_writer *w, const struct request_spec *spec, const char *limit_key, size_t max_stop)
{
	if (spec->max_tokens > 0)
		json_put_kint(w, limit_key, spec->max_tokens);
	if (spec->temperature >= 0) {
		json_put_kdouble(w, "temperature", spec->temperature);
	}
	if (spec->stop_count && max_stop) {
		json_begin_array(w, "stop");
		for (size_t i = 0; i < spec->stop_count && i < max_stop; i++)
			json_put_string(w, spec->stop[i]);
		json_end_array(w);
	}
	json_put_kbool(w, "stream", spec->stream);
}

static void put_stream_options(struct json_writer *w, const struct request_spec *spec)
{
	if (!spec->stream || !spec->stream_options)
		return;
	json_begin_object(w, "stream_options");
	json_put_kbool(w, "include_usage", true);
	json_end_object(w);
}

static void put_chat(struct json_writer *w, const struct request_spec *spec)
{
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
	if (request_model_reasons(spec->model)) {
		struct request_spec allowed = *spec;

		allowed.temperature = -1;
		put_common(w, &allowed, "max_completion_tokens", 0);
	} else {
		put_common(w, spec, "max_tokens", LIMIT_STOP);
	}
	put_stream_options(w, spec);
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
