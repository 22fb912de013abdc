/*
 * The merged configuration for people: "eke config --print". Every value that is in force, keys masked.
 */
#include "eke/config/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/json_writer.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "endpoints.h"
#include "fields.h"

/* Breaks compact JSON into indented lines. Works on any valid JSON text without blanks outside strings. */
static void indent_json(const struct strbuf *compact, struct strbuf *out)
{
	bool in_string = false;
	int depth = 0;

	for (size_t i = 0; i < compact->len; i++) {
		char c = compact->data[i];
		bool opens = !in_string && (c == '{' || c == '[');
		bool closes = !in_string && (c == '}' || c == ']');
		bool empty = opens && (compact->data[i + 1] == '}' || compact->data[i + 1] == ']');

		if (closes && !strchr("{[", compact->data[i - 1])) {
			depth--;
			strbuf_addf(out, "\n%*s", 2 * depth, "");
		}
		strbuf_addch(out, c);
		if (in_string && c == '\\')
			strbuf_addch(out, compact->data[++i]);
		else if (c == '"')
			in_string = !in_string;
		if (opens && !empty)
			depth++;
		if ((opens && !empty) || (!in_string && c == ','))
			strbuf_addf(out, "\n%*s", 2 * depth, "");
		if (!in_string && c == ':')
			strbuf_addch(out, ' ');
	}
	strbuf_addch(out, '\n');
}

/* Leaves out what is not set, as the schema does not know null there. */
static void put_if_set(struct json_writer *w, const char *name, const char *value)
{
	if (value)
		json_put_kstring(w, name, value);
}

static void put_key(struct json_writer *w, const struct config_key *key)
{
	if (key->source == KEY_NONE)
		return;
	json_put_key(w, "key");
	switch (key->source) {
	case KEY_NONE:
		return;
	case KEY_LITERAL:
		json_put_string(w, "********");
		return;
	case KEY_ENV:
	case KEY_FILE:
		json_begin_object(w, NULL);
		json_put_kstring(w, key->source == KEY_ENV ? "env" : "file", key->value);
		json_end_object(w);
		return;
	case KEY_COMMAND:
		json_begin_object(w, NULL);
		json_begin_array(w, "command");
		/* Its arguments may be secrets themselves; the program says enough. */
		json_put_string(w, key->command[0]);
		if (key->command[1])
			json_put_string(w, "…");
		json_end_array(w);
		json_end_object(w);
		return;
	}
}

static void put_endpoint(struct json_writer *w, const struct config_endpoint *e)
{
	json_begin_object(w, NULL);
	json_put_kstring(w, "name", e->name);
	json_put_kstring(w, "baseUrl", e->base_url);
	json_begin_array(w, "fallbackUrls");
	for (size_t i = 1; i < e->url_count; i++)
		json_put_string(w, e->fallback_urls[i - 1]);
	json_end_array(w);
	put_key(w, &e->key);
	json_put_kstring(w, "plan", e->plan->name);
	json_begin_object(w, "models");
	put_if_set(w, "chat", e->chat_model);
	put_if_set(w, "completion", e->completion_model);
	json_end_object(w);
	json_put_kstring(w, "completionApi", e->completion_api);
	json_put_kbool(w, "streamOptions", e->stream_options);
	json_begin_object(w, "headers");
	/* Headers may carry keys too. */
	for (size_t i = 0; i < e->header_count; i++)
		json_put_kstring(w, e->headers[i].name, "********");
	json_end_object(w);
	json_put_kstring(w, "proxy", e->proxy ? "********" : NULL);
	json_put_kstring(w, "caFile", e->ca_file);
	json_begin_object(w, "timeouts");
	json_put_kdouble(w, "connect", e->connect_timeout);
	json_put_kdouble(w, "firstByte", e->first_byte_timeout);
	json_put_kdouble(w, "idle", e->idle_timeout);
	json_end_object(w);
	json_end_object(w);
}

static void put_plan(struct json_writer *w, const struct plan *plan)
{
	json_begin_object(w, plan->name);
	json_begin_array(w, "windows");
	for (size_t i = 0; i < plan->window_count; i++) {
		const struct plan_window *window = &plan->windows[i];
		char period[32];

		json_begin_object(w, NULL);
		json_put_kstring(w, "scope", window->scope == PLAN_SCOPE_KEY ? "key" : "machine");
		json_begin_array(w, "models");
		for (const char *const *m = window->models; *m; m++)
			json_put_string(w, *m);
		json_end_array(w);
		json_put_kint(w, "limit", window->limit);
		snprintf(period, sizeof(period), "%llds", (long long)window->period);
		json_put_kstring(w, "period", period);
		json_put_kstring(w, "kind", plan_kind_name(window->kind));
		if (window->time_zone)
			json_put_kstring(w, "timeZone", window->time_zone);
		json_end_object(w);
	}
	json_end_array(w);
	if (plan->max_prompt_tokens)
		json_put_kint(w, "maxPromptTokens", plan->max_prompt_tokens);
	json_end_object(w);
}

void config_put_endpoints(struct json_writer *w, const char *key, const void *object)
{
	const struct config *config = object;

	json_begin_array(w, key);
	for (size_t i = 0; i < config->endpoint_count; i++)
		put_endpoint(w, &config->endpoints[i]);
	json_end_array(w);
}

void config_put_plans(struct json_writer *w, const char *key, const void *object)
{
	const struct config *config = object;

	json_begin_object(w, key);
	for (size_t i = 0; i < config->plan_count; i++)
		put_plan(w, &config->plans[i]);
	json_end_object(w);
}

void config_print(const struct config *config, struct strbuf *out)
{
	struct strbuf compact;
	struct json_writer w;

	strbuf_init(&compact, LIMIT_CONFIG_FILE * 2);
	json_writer_init(&w, &compact);
	json_begin_object(&w, NULL);
	encode(&w, config_file_fields, config);
	json_end_object(&w);
	json_writer_end(&w);
	indent_json(&compact, out);
	strbuf_release(&compact);
}
