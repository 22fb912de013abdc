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
	for (size_t i = 0; i < e->fallback_count; i++)
		json_put_string(w, e->fallback_urls[i]);
	json_end_array(w);
	put_key(w, &e->key);
	json_put_kstring(w, "plan", e->plan->name);
	json_begin_object(w, "models");
	put_if_set(w, "chat", e->chat_model);
	put_if_set(w, "completion", e->completion_model);
	json_end_object(w);
	json_put_kstring(w, "completionApi", config_completion_api_name(e->completion_api));
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

static void put_completion(struct json_writer *w, const struct config *config)
{
	static const char *const triggers[] = { "auto", "manual", "off" };
	const struct config_completion *c = &config->completion;

	json_begin_object(w, "completion");
	json_put_kstring(w, "trigger", triggers[c->trigger]);
	json_put_key(w, "debounceMs");
	if (c->debounce_ms == DEBOUNCE_ADAPTIVE)
		json_put_string(w, "adaptive");
	else
		json_put_int(w, c->debounce_ms);
	json_put_kint(w, "maxLines", c->max_lines);
	json_put_kint(w, "candidates", c->candidates);
	json_put_kdouble(w, "reserve", c->reserve);
	json_put_kbool(w, "offline", c->offline);
	json_begin_object(w, "languages");
	for (size_t i = 0; i < 2; i++) {
		for (const struct json *l = json_first(config->languages[i]); l; l = json_next(l)) {
			if (i == 0 && json_get(config->languages[1], json_key(l)))
				continue;
			json_put_key(w, json_key(l));
			json_put_tree(w, l);
		}
	}
	json_end_object(w);
	json_end_object(w);
}

/* The editor's count more than the file's. */
static void put_commands(struct json_writer *w, const struct config *config)
{
	json_begin_object(w, "commands");
	for (const struct json *c = json_first(config->commands[0]); c; c = json_next(c))
		if (!json_get(config->commands[1], json_key(c)))
			json_put_kstring(w, json_key(c), json_string(c));
	for (const struct json *c = json_first(config->commands[1]); c; c = json_next(c))
		json_put_kstring(w, json_key(c), json_string(c));
	json_end_object(w);
}

static void put_chat(struct json_writer *w, const struct config *config)
{
	const struct config_chat *chat = &config->chat;

	json_begin_object(w, "chat");
	put_if_set(w, "system", chat->system);
	json_put_key(w, "temperature");
	if (chat->temperature < 0)
		json_put_null(w);
	else
		json_put_double(w, chat->temperature);
	json_put_key(w, "maxTokens");
	if (chat->max_tokens)
		json_put_int(w, chat->max_tokens);
	else
		json_put_null(w);
	json_put_kstring(w, "language", chat->language);
	put_commands(w, config);
	json_end_object(w);
}

/* Without what stands before the host: there may be a password. */
static void put_ledger(struct json_writer *w, const char *redis)
{
	const char *at = redis ? strrchr(redis, '@') : NULL;
	const char *host = redis ? strstr(redis, "://") : NULL;
	char *masked = NULL;

	if (at)
		masked = xasprintf("%.*s********%s", host && host < at ? (int)(host + 3 - redis) : 0, redis, at);
	json_begin_object(w, "ledger");
	json_put_kstring(w, "redis", masked ? masked : redis);
	json_end_object(w);
	free(masked);
}

void config_print(const struct config *config, struct strbuf *out)
{
	static const char *const exhausted[] = { "never", "ask", "auto" };
	struct strbuf compact;
	struct json_writer w;

	strbuf_init(&compact, LIMIT_CONFIG_FILE * 2);
	json_writer_init(&w, &compact);
	json_begin_object(&w, NULL);
	json_begin_array(&w, "endpoints");
	for (size_t i = 0; i < config->endpoint_count; i++)
		put_endpoint(&w, &config->endpoints[i]);
	json_end_array(&w);
	json_begin_object(&w, "plans");
	for (size_t i = 0; i < config->plan_count; i++)
		put_plan(&w, &config->plans[i]);
	json_end_object(&w);
	json_put_kstring(&w, "whenExhausted", exhausted[config->when_exhausted]);
	put_completion(&w, config);
	put_chat(&w, config);
	json_begin_object(&w, "privacy");
	json_begin_array(&w, "ignore");
	for (const char **p = config->ignore; *p; p++)
		json_put_string(&w, *p);
	json_end_array(&w);
	json_put_kbool(&w, "history", config->history);
	json_end_object(&w);
	put_ledger(&w, config->ledger_redis);
	json_begin_object(&w, "log");
	json_put_kstring(&w, "level", config->log_level ? config->log_level : "info");
	json_end_object(&w);
	json_end_object(&w);
	json_writer_end(&w);
	indent_json(&compact, out);
	strbuf_release(&compact);
}
