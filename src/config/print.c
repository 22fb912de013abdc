/*
 * The merged configuration for people: "eke config --print". Every value that is in force, keys masked.
 */
#include "eke/config/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/json_writer.h"
#include "eke/base/mem.h"
#include "eke/base/secret.h"
#include "eke/base/strbuf.h"
#include "fields.h"

#define MASK SECRET_MASK

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

/* --- what is not printed as it was decoded --- */

static bool is_harmless(const char *parameter)
{
	static const char *const names[] = { "api-version=", "timeout=", "db=" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strncmp(parameter, names[i], strlen(names[i])))
			return true;
	return false;
}

/* An address as it was written, but for the values of its query, which may be keys; some are known to be none. */
static void put_url(struct json_writer *w, const char *text)
{
	const char *at = text + strcspn(text, "?");
	struct strbuf out;

	strbuf_init(&out, 2 * LIMIT_URL);
	strbuf_add(&out, text, (size_t)(at - text));
	while (*at) {
		size_t len = 1 + strcspn(at + 1, "&");
		size_t name = strcspn(at, "=");

		if (is_harmless(at + 1) || name >= len)
			strbuf_add(&out, at, len);
		else
			strbuf_addf(&out, "%.*s=" MASK, (int)name, at);
		at += len;
	}
	json_put_string(w, out.data);
	strbuf_release(&out);
}

void config_put_base_url(struct json_writer *w, const char *key, const void *object)
{
	json_put_key(w, key);
	put_url(w, ((const struct config_endpoint *)object)->base_url);
}

void config_put_fallback_urls(struct json_writer *w, const char *key, const void *object)
{
	const struct config_endpoint *e = object;

	json_begin_array(w, key);
	for (size_t i = 1; i < e->url_count; i++)
		put_url(w, e->fallback_urls[i - 1]);
	json_end_array(w);
}

/* Masked where somebody pasted the key itself. `key` is NULL in a list, `text` where there is none. */
static void put_masked(struct json_writer *w, const char *key, const char *text)
{
	char *shown = text ? xstrdup(text) : NULL;

	if (shown)
		secret_mask(shown);
	if (key)
		json_put_key(w, key);
	json_put_string(w, shown);
	free(shown);
}

void config_put_key(struct json_writer *w, const char *key, const void *object)
{
	const struct config_key *k = &((const struct config_endpoint *)object)->key;

	switch (k->source) {
	case KEY_NONE:
		return;
	case KEY_LITERAL:
		json_put_kstring(w, key, MASK);
		return;
	case KEY_ENV:
	case KEY_FILE:
		json_begin_object(w, key);
		put_masked(w, k->source == KEY_ENV ? "env" : "file", k->value);
		json_end_object(w);
		return;
	case KEY_COMMAND:
		json_begin_object(w, key);
		json_begin_array(w, "command");
		/* Its arguments may be secrets themselves; the program says enough. */
		put_masked(w, NULL, k->command[0]);
		if (k->command[1])
			json_put_string(w, "…");
		json_end_array(w);
		json_end_object(w);
		return;
	}
}

void config_put_plan_name(struct json_writer *w, const char *key, const void *object)
{
	json_put_kstring(w, key, ((const struct config_endpoint *)object)->plan->name);
}

/* Headers may carry keys. */
void config_put_headers(struct json_writer *w, const char *key, const void *object)
{
	const struct config_endpoint *e = object;

	json_begin_object(w, key);
	for (size_t i = 0; i < e->header_count; i++)
		json_put_kstring(w, e->headers[i].name, MASK);
	json_end_object(w);
}

void config_put_key_header(struct json_writer *w, const char *key, const void *object)
{
	put_masked(w, key, ((const struct config_endpoint *)object)->key_header);
}

void config_put_ca_file(struct json_writer *w, const char *key, const void *object)
{
	put_masked(w, key, ((const struct config_endpoint *)object)->ca_file);
}

/* Without what stands before the host, which may be a password. */
void config_put_redis(struct json_writer *w, const char *key, const void *object)
{
	const char *redis = ((const struct config *)object)->ledger_redis;
	const char *at = redis ? strrchr(redis, '@') : NULL;
	const char *host = redis ? strstr(redis, "://") : NULL;
	char *shown;

	if (!redis) {
		json_put_kstring(w, key, NULL);
		return;
	}
	if (at)
		shown = xasprintf("%.*s" MASK "%s", host && host < at ? (int)(host + 3 - redis) : 0, redis, at);
	else
		shown = xstrdup(redis);
	secret_mask(shown);
	json_put_key(w, key);
	put_url(w, shown);
	free(shown);
}

/* It may hold a password. */
void config_put_proxy(struct json_writer *w, const char *key, const void *object)
{
	json_put_kstring(w, key, ((const struct config_endpoint *)object)->proxy ? MASK : NULL);
}

void config_put_models(struct json_writer *w, const char *key, const void *object)
{
	const struct plan_window *window = object;

	json_begin_array(w, key);
	for (const char *const *m = window->models; *m; m++)
		json_put_string(w, *m);
	json_end_array(w);
}

void config_put_period(struct json_writer *w, const char *key, const void *object)
{
	char period[32];

	snprintf(period, sizeof(period), "%llds", (long long)((const struct plan_window *)object)->period);
	json_put_kstring(w, key, period);
}

/* --- lists --- */

/* An object of its own; key is NULL in a list. */
static void put_object(
	struct json_writer *w, const char *key, const struct decode_field *fields, const void *object)
{
	json_begin_object(w, key);
	encode(w, fields, object);
	json_end_object(w);
}

void config_put_windows(struct json_writer *w, const char *key, const void *object)
{
	const struct plan *plan = object;

	json_begin_array(w, key);
	for (size_t i = 0; i < plan->window_count; i++)
		put_object(w, NULL, config_window_fields, &plan->windows[i]);
	json_end_array(w);
}

void config_put_endpoints(struct json_writer *w, const char *key, const void *object)
{
	const struct config *config = object;

	json_begin_array(w, key);
	for (size_t i = 0; i < config->endpoint_count; i++)
		put_object(w, NULL, config_endpoint_fields, &config->endpoints[i]);
	json_end_array(w);
}

void config_put_plans(struct json_writer *w, const char *key, const void *object)
{
	const struct config *config = object;

	json_begin_object(w, key);
	for (size_t i = 0; i < config->plan_count; i++)
		put_object(w, config->plans[i].name, config_plan_fields, &config->plans[i]);
	json_end_object(w);
}

void config_print(const struct config *config, struct strbuf *out)
{
	struct strbuf compact;
	struct json_writer w;

	strbuf_init(&compact, LIMIT_CONFIG_FILE * 2);
	json_writer_init(&w, &compact);
	put_object(&w, NULL, config_file_fields, config);
	json_writer_end(&w);
	indent_json(&compact, out);
	strbuf_release(&compact);
}
