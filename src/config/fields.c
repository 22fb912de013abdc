/*
 * The tables, and the writers of those fields that are not printed as they were decoded: because they are put together
 * from file and editor, have a form of their own, or may hold a secret. Static data only.
 */
#include "fields.h"

#include <string.h>

#include "eke/base/json.h"
#include "eke/base/json_writer.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/config/config.h"

#define AT(member) offsetof(struct config, member)

static const char *const trigger_names[] = { "auto", "manual", "off", NULL };
static const char *const when_exhausted_names[] = { "never", "ask", "auto", NULL };
static const char *const sandbox_names[] = { "auto", "off", NULL };

/* --- writers --- */

/* An object of the file with that of the editor laid over it. */
static void put_merged(struct json_writer *w, const char *key, const struct json *const trees[2])
{
	json_begin_object(w, key);
	for (size_t i = 0; i < 2; i++) {
		for (const struct json *m = json_first(trees[i]); m; m = json_next(m)) {
			if (i == 0 && json_get(trees[1], json_key(m)))
				continue;
			json_put_key(w, json_key(m));
			json_put_tree(w, m);
		}
	}
	json_end_object(w);
}

static void put_languages(struct json_writer *w, const char *key, const void *object)
{
	const struct config *config = object;

	put_merged(w, key, config->languages);
}

static void put_commands(struct json_writer *w, const char *key, const void *object)
{
	const struct config *config = object;

	put_merged(w, key, config->commands);
}

static void put_debounce(struct json_writer *w, const char *key, const void *object)
{
	const struct config *config = object;

	if (config->completion.debounce_ms == DEBOUNCE_ADAPTIVE)
		json_put_kstring(w, key, "adaptive");
	else
		json_put_kint(w, key, config->completion.debounce_ms);
}

static void put_ignore(struct json_writer *w, const char *key, const void *object)
{
	const struct config *config = object;

	json_begin_array(w, key);
	for (const char **p = config->ignore; *p; p++)
		json_put_string(w, *p);
	json_end_array(w);
}

static void put_origins(struct json_writer *w, const char *key, const void *object)
{
	const struct config_gateway *gateway = &((const struct config *)object)->gateway;

	json_begin_array(w, key);
	for (size_t i = 0; i < gateway->origin_count; i++)
		json_put_string(w, gateway->origins[i]);
	json_end_array(w);
}

static void put_log_level(struct json_writer *w, const char *key, const void *object)
{
	int level = ((const struct config *)object)->log_level;

	json_put_kstring(w, key, log_level_names[level == CONFIG_LOG_LEVEL_UNSET ? LOG_INFO : level]);
}

/* --- tables --- */

static const struct decode_field context_fields[] = {
	{ .name = "imports", .type = DECODE_BOOL, .offset = AT(completion.context.imports) },
	{ .name = "similar", .type = DECODE_BOOL, .offset = AT(completion.context.similar) },
	{ .name = "edits", .type = DECODE_BOOL, .offset = AT(completion.context.edits) },
	{ .name = "outline", .type = DECODE_BOOL, .offset = AT(completion.context.outline) },
	{ .name = "notebook", .type = DECODE_BOOL, .offset = AT(completion.context.notebook) },
	{ .name = "maxTokens", .type = DECODE_INT, .offset = AT(completion.context.max_tokens), .min = 0, .max = 100000 },
	{ .name = NULL },
};

static const struct decode_field completion_fields[] = {
	{ .name = "trigger", .type = DECODE_ENUM, .offset = AT(completion.trigger), .names = trigger_names },
	{ .name = "debounceMs", .type = DECODE_ANY, .offset = AT(given.debounce_ms), .put = put_debounce },
	{ .name = "maxLines", .type = DECODE_INT, .offset = AT(completion.max_lines), .min = 1, .max = 200 },
	{ .name = "candidates", .type = DECODE_INT, .offset = AT(completion.candidates), .min = 1, .max = 3 },
	{ .name = "reserve", .type = DECODE_DOUBLE, .offset = AT(completion.reserve), .min = 0, .max = 1 },
	{ .name = "offline", .type = DECODE_BOOL, .offset = AT(completion.offline) },
	{ .name = "languages", .type = DECODE_OBJECT, .offset = AT(given.languages), .put = put_languages },
	{ .name = "context", .type = DECODE_OBJECT, .sub = context_fields },
	{ .name = NULL },
};

static const struct decode_field chat_fields[] = {
	{ .name = "system", .type = DECODE_STRING, .offset = AT(chat.system), .omit_unset = true },
	{ .name = "temperature", .type = DECODE_DOUBLE, .offset = AT(chat.temperature), .min = 0, .max = 2 },
	{ .name = "maxTokens", .type = DECODE_INT, .offset = AT(chat.max_tokens), .min = 1, .max = 10000000 },
	{ .name = "language", .type = DECODE_STRING, .offset = AT(chat.language) },
	{ .name = "contextTokens", .type = DECODE_INT, .offset = AT(chat.context_tokens), .min = 0, .max = 100000 },
	{ .name = "commands", .type = DECODE_OBJECT, .offset = AT(given.commands), .put = put_commands },
	{ .name = NULL },
};

static const struct decode_field privacy_fields[] = {
	{ .name = "ignore", .type = DECODE_ARRAY, .offset = AT(given.ignore), .put = put_ignore },
	{ .name = "history", .type = DECODE_BOOL, .offset = AT(history) },
	{ .name = NULL },
};

static const struct decode_field ledger_fields[] = {
	{ .name = "redis", .type = DECODE_STRING, .offset = AT(ledger_redis), .put = config_put_redis },
	{ .name = NULL },
};

static const struct decode_field gateway_fields[] = {
	{ .name = "anyModel", .type = DECODE_BOOL, .offset = AT(gateway.any_model) },
	{ .name = "cacheSeconds", .type = DECODE_INT, .offset = AT(gateway.cache_seconds), .min = 0, .max = 86400 },
	{ .name = "origins", .type = DECODE_ARRAY, .offset = AT(given.origins), .put = put_origins },
	{ .name = NULL },
};

static const struct decode_field log_fields[] = {
	{ .name = "level", .type = DECODE_ENUM, .offset = AT(log_level), .names = log_level_names, .put = put_log_level },
	{ .name = NULL },
};

/* What an editor may set, which the file may, too. */
#define SETTINGS                                                                 \
	{ .name = "completion", .type = DECODE_OBJECT, .sub = completion_fields }, \
	{ .name = "chat", .type = DECODE_OBJECT, .sub = chat_fields },             \
	{ .name = "privacy", .type = DECODE_OBJECT, .sub = privacy_fields },       \
	{ .name = "log", .type = DECODE_OBJECT, .sub = log_fields }

const struct decode_field config_file_fields[] = {
	{ .name = "$schema", .type = DECODE_ANY, .offset = AT(given.schema) },
	{ .name = "endpoints", .type = DECODE_ARRAY, .offset = AT(given.endpoints), .put = config_put_endpoints },
	{ .name = "plans", .type = DECODE_OBJECT, .offset = AT(given.plans), .put = config_put_plans },
	{ .name = "whenExhausted", .type = DECODE_ENUM, .offset = AT(when_exhausted), .names = when_exhausted_names },
	SETTINGS,
	{ .name = "gateway", .type = DECODE_OBJECT, .sub = gateway_fields },
	{ .name = "ledger", .type = DECODE_OBJECT, .sub = ledger_fields },
	{ .name = "sandbox", .type = DECODE_ENUM, .offset = AT(sandbox), .names = sandbox_names },
	{ .name = NULL },
};

const struct decode_field config_settings_fields[] = { SETTINGS, { .name = NULL } };
