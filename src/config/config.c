/*
 * Loading and merging. A struct config keeps the trees of its file and of the editor's settings alive in its pool, and
 * borrows every string from them. Both are decoded by the tables of fields.h; the editor's settings come second and can
 * set the fields of config_settings_fields only.
 */
#include "eke/config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eke/base/decode.h"
#include "eke/base/json_guard.h"
#include "eke/base/json_locate.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/base/secret.h"
#include "endpoints.h"
#include "fields.h"

static bool set_debounce(struct config *config, const struct json *value, struct err *err)
{
	int64_t n;

	if (!value)
		return true;
	if (json_string(value) && !strcmp(json_string(value), "adaptive")) {
		config->completion.debounce_ms = DEBOUNCE_ADAPTIVE;
		return true;
	}
	if (!json_int(value, &n) || n < 0 || n > 10000) {
		err_set(err, ERR_INVALID_PARAMS,
			"completion.debounceMs must be \"adaptive\" or a number of milliseconds from 0 to 10000");
		return false;
	}
	config->completion.debounce_ms = n;
	return true;
}

static bool add_ignore(struct config *config, const struct json *list, bool is_file, struct err *err)
{
	size_t n = 0;

	while (config->ignore[n])
		n++;
	for (const struct json *e = json_first(list); e; e = json_next(e)) {
		if (!json_string(e) || n == LIMIT_IGNORE_PATTERNS) {
			err_set(err, ERR_INVALID_PARAMS, "privacy.ignore must be a list of at most %d strings",
				LIMIT_IGNORE_PATTERNS);
			return false;
		}
		/* A workspace may bring its editor's settings along: it must not let files go that their owner keeps back. */
		if (!is_file && json_string(e)[0] == '!') {
			log_warn("the editor's privacy.ignore can only add patterns: ignored \"%s\"", json_string(e));
			continue;
		}
		config->ignore = xreallocarray(config->ignore, n + 2, sizeof(*config->ignore));
		config->ignore[n++] = json_string(e);
		config->ignore[n] = NULL;
	}
	return true;
}

/* What a browser sends as Origin: scheme and host, and no path. */
static bool is_origin(const char *text)
{
	const char *host = text ? strstr(text, "://") : NULL;

	return host && host > text && host[3] && !strpbrk(host + 3, "/ \t?#");
}

static bool take_origins(struct config_gateway *gateway, const struct json *list, struct err *err)
{
	for (const struct json *e = json_first(list); e; e = json_next(e)) {
		if (gateway->origin_count == LIMIT_GATEWAY_ORIGINS || !is_origin(json_string(e))) {
			err_set(err, ERR_INVALID_PARAMS,
				"gateway.origins must be a list of at most %d origins such as \"https://page.example\"",
				LIMIT_GATEWAY_ORIGINS);
			return false;
		}
		gateway->origins[gateway->origin_count++] = json_string(e);
	}
	return true;
}

static bool check_languages(const struct json *languages, struct err *err)
{
	bool b;

	for (const struct json *l = json_first(languages); l; l = json_next(l)) {
		if (json_bool(l, &b))
			continue;
		err_set(err, ERR_INVALID_PARAMS, "completion.languages.%.64s must be true or false", json_key(l));
		return false;
	}
	return true;
}

static bool check_commands(const struct json *commands, struct err *err)
{
	if (json_count(commands) > LIMIT_USER_COMMANDS) {
		err_set(err, ERR_INVALID_PARAMS, "chat.commands must have at most %d entries", LIMIT_USER_COMMANDS);
		return false;
	}
	for (const struct json *c = json_first(commands); c; c = json_next(c)) {
		const char *name = json_key(c);
		size_t len = strlen(name);

		if (!len || len > LIMIT_COMMAND_NAME || strcspn(name, " \t\r\n") < len) {
			err_set(err, ERR_INVALID_PARAMS,
				"chat.commands: \"%.64s\" is not a valid name: it must have 1 to %d bytes and no blanks", name,
				LIMIT_COMMAND_NAME);
			return false;
		}
		if (!json_string(c) || !*json_string(c)) {
			err_set(err, ERR_INVALID_PARAMS,
				"chat.commands.%.64s must be a prompt, a string that is not empty, not %s", name,
				json_string(c) ? "an empty one" : json_type_name(c));
			return false;
		}
	}
	return true;
}

/* Decodes one tree over what the former set. On failure the configuration is partly changed. */
static bool merge(struct config *config, const struct json *tree, bool is_file, struct err *err)
{
	const struct config_given *given = &config->given;

	config->given = (struct config_given){ .schema = NULL };
	if (!is_file)
		config->history = true;
	if (!decode(tree, is_file ? config_file_fields : config_settings_fields, "", config, err) ||
	    !set_debounce(config, given->debounce_ms, err) || !check_languages(given->languages, err) ||
	    !check_commands(given->commands, err) || !add_ignore(config, given->ignore, is_file, err))
		return false;
	if (is_file)
		config->owner_history = config->history;
	config->history = config->history && config->owner_history;
	config->languages[is_file ? 0 : 1] = given->languages;
	config->commands[is_file ? 0 : 1] = given->commands;
	return !is_file ||
	       (take_origins(&config->gateway, given->origins, err) && config_decode_plans(config, given->plans, err) &&
		config_decode_endpoints(config, given->endpoints, err));
}

void config_warn_unknown(const struct json *tree, const struct decode_field *table, const char *prefix,
	config_warn_fn *warn, void *warn_ctx)
{
	const struct json *unknown = NULL;
	char sentence[256];

	while ((unknown = decode_unknown(tree, table, unknown))) {
		snprintf(sentence, sizeof(sentence), "%s%.100s is unknown and ignored", prefix, json_key(unknown));
		secret_mask(sentence);
		warn(warn_ctx, sentence);
	}
	for (const struct decode_field *f = table; f->name; f++) {
		char path[128];

		snprintf(path, sizeof(path), "%s%s.", prefix, f->name);
		if (f->sub)
			config_warn_unknown(json_get(tree, f->name), f->sub, path, warn, warn_ctx);
	}
}

/*
 * Turns a decoder's "member.path must …" into "file:line: member.path must …". What it repeats of the file may be a key
 * that was pasted into the wrong field.
 */
static void name_place(const char *path, const struct strbuf *text, struct err *err)
{
	char member[LIMIT_ERR_MESSAGE];
	char sentence[LIMIT_ERR_MESSAGE];

	snprintf(sentence, sizeof(sentence), "%s", err->message);
	snprintf(member, sizeof(member), "%.*s", (int)strcspn(sentence, ": "), sentence);
	secret_mask(sentence);
	err_set(err, ERR_CONFIG, "%s:%zu: %s", path, json_line_of(text->data, text->len, member), sentence);
}

void config_name_place(const struct config *config, struct err *err)
{
	struct err unreadable;
	struct strbuf text;

	if (config->from_environment || !config->file_exists)
		return;
	strbuf_init(&text, LIMIT_CONFIG_FILE);
	if (file_read(config->path, LIMIT_CONFIG_FILE, &text, &unreadable)) {
		json_strip_comments(text.data, text.len);
		name_place(config->path, &text, err);
	}
	strbuf_release(&text);
}

static bool parse_file(struct config *config, config_warn_fn *warn, void *warn_ctx, struct err *err)
{
	const struct json *tree;
	struct strbuf text;
	struct strbuf copy; /* the parser may change what it parses */
	bool ok = false;

	strbuf_init(&text, LIMIT_CONFIG_FILE);
	strbuf_init(&copy, LIMIT_CONFIG_FILE);
	if (!file_read(config->path, LIMIT_CONFIG_FILE, &text, err))
		goto out;
	if (text.len >= 3 && !memcmp(text.data, "\xEF\xBB\xBF", 3))
		memset(text.data, ' ', 3);
	json_strip_comments(text.data, text.len);
	/* An empty file is one in which everything has its default. */
	if (strspn(text.data, " \t\r\n") == text.len) {
		ok = true;
		goto out;
	}
	strbuf_add(&copy, text.data, text.len);
	tree = json_parse(config->pool, copy.data, copy.len, JSON_STRICT, err);
	if (!tree) {
		char sentence[LIMIT_ERR_MESSAGE];
		const char *at = strstr(err->message, "at byte ");

		snprintf(sentence, sizeof(sentence), "%s", err->message);
		secret_mask(sentence);
		err_set(err, ERR_CONFIG, "%s:%zu: %s", config->path,
			at ? text_line_of(text.data, text.len, strtoul(at + 8, NULL, 10)) : 1, sentence);
		goto out;
	}
	if (!json_is_object(tree)) {
		err_set(err, ERR_CONFIG, "%s:1: the file must hold an object, not %s", config->path, json_type_name(tree));
		goto out;
	}
	if (!merge(config, tree, true, err)) {
		name_place(config->path, &text, err);
		goto out;
	}
	if (warn) {
		config_warn_unknown(tree, config_file_fields, "", warn, warn_ctx);
		config_warn_endpoints(json_get(tree, "endpoints"), warn, warn_ctx);
		config_warn_proxies(config, warn, warn_ctx);
		config_warn_plans(json_get(tree, "plans"), warn, warn_ctx);
	}
	ok = true;
out:
	strbuf_release(&text);
	strbuf_release(&copy);
	return ok;
}

static bool parse_settings(
	struct config *config, const char *settings, config_warn_fn *warn, void *warn_ctx, struct err *err)
{
	char *copy = xstrdup(settings);
	const struct json *tree = json_parse(config->pool, copy, strlen(copy), JSON_STRICT, err);
	bool ok = tree && merge(config, tree, false, err);

	free(copy);
	if (!ok) {
		secret_mask(err->message);
		err_prefix(err, "the editor's eke settings");
		err->kind = ERR_CONFIG;
	} else if (warn) {
		config_warn_unknown(tree, config_settings_fields, "the editor's setting ", warn, warn_ctx);
	}
	return ok;
}

struct config *config_defaults(void)
{
	struct config *config = xcalloc(1, sizeof(*config));

	config->refs = 1;
	config->pool = json_pool_new();
	config->ignore = xcalloc(1, sizeof(*config->ignore));
	config->completion = (struct config_completion){ .trigger = TRIGGER_AUTO,
							 .debounce_ms = DEBOUNCE_ADAPTIVE,
							 .max_lines = 24,
							 .candidates = 1,
							 .reserve = 0.34,
							 .offline = true,
							 .context = { true, true, true, true, true, LIMIT_CONTEXT_TOKENS } };
	config->chat.temperature = -1;
	config->chat.context_tokens = LIMIT_CHAT_CONTEXT_TOKENS;
	config->history = true;
	config->owner_history = true;
	config->log_level = CONFIG_LOG_LEVEL_UNSET;
	return config;
}

struct config *config_load(
	const char *path, const char *settings, config_warn_fn *warn, void *warn_ctx, struct err *err)
{
	struct config *config = config_defaults();

	config->path = path ? path_expand(path) : path_config();
	config->file_exists = config->path && !access(config->path, F_OK);
	if ((config->file_exists || path) && !parse_file(config, warn, warn_ctx, err))
		goto fail;
	if (!config->endpoint_count && !config_endpoint_from_environment(config, err)) {
		secret_mask(err->message);
		goto fail;
	}
	if (settings && !parse_settings(config, settings, warn, warn_ctx, err))
		goto fail;
	return config;
fail:
	config_unref(config);
	return NULL;
}

struct config *config_ref(struct config *config)
{
	config->refs++;
	return config;
}

void config_unref(struct config *config)
{
	if (!config || --config->refs)
		return;
	for (size_t i = 0; i < config->plan_count; i++)
		free(config->plan_models[i]);
	for (size_t i = 0; i < config->endpoint_count; i++)
		for (size_t u = 0; u < config->endpoints[i].url_count; u++)
			base_url_release(&config->endpoints[i].urls[u]);
	for (size_t i = 0; i < config->path_count; i++)
		free(config->paths[i]);
	json_pool_free(config->pool);
	config_local_release(&config->local);
	free(config->ignore);
	free(config->path);
	free(config);
}

bool config_language_enabled(const struct config *config, const char *language_id)
{
	bool enabled = true;

	/* The editor's word counts more. */
	if (!json_bool(json_get(config->languages[1], language_id), &enabled) &&
	    !json_bool(json_get(config->languages[0], language_id), &enabled) &&
	    !json_bool(json_get(config->languages[1], "*"), &enabled))
		json_bool(json_get(config->languages[0], "*"), &enabled);
	return enabled;
}

const struct config_endpoint *config_endpoint_named(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->endpoint_count; i++)
		if (!strcmp(config->endpoints[i].name, name))
			return &config->endpoints[i];
	return NULL;
}
