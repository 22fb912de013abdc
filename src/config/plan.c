/*
 * Plans: the built-in ones, and those of the configuration. The numbers and their history are in the provider's README
 * (chatanywhere/GPT_API_free): 60 an hour per IP and key until 2024-03, since 2024-06 200 a day with caps per
 * class of model.
 */
#include "eke/config/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/decode.h"
#include "eke/base/mem.h"
#include "eke/base/zone.h"
#include "endpoints.h"
#include "fields.h"

#define HOUR 3600
#define DAY 86400
#define CHINA "Asia/Shanghai"

static const char *const all_models[] = { "*", NULL };
/* "gpt and embedding counted separately" (chatanywhere's README since 2024-04). */
static const char *const all_but_embeddings[] = { "*", "!*embed*", NULL };
static const char *const embeddings[] = { "*embed*", NULL };
static const char *const five_a_day[] = { "gpt-5", "gpt-5-chat*", "gpt-5.*", "gpt-4o", "gpt-4.1", NULL };
static const char *const thirty_a_day[] = { "deepseek-r1", "deepseek-v3", "deepseek-v3-2-exp", NULL };

static const struct plan builtin[] = {
	{ .name = "chatanywhere-free",
	  .windows = { { PLAN_SCOPE_MACHINE, all_models, 60, HOUR, PLAN_SLIDING, NULL },
		       { PLAN_SCOPE_KEY, all_models, 60, HOUR, PLAN_SLIDING, NULL } },
	  .window_count = 2,
	  .max_prompt_tokens = 4096 },
	{ .name = "chatanywhere-free-daily",
	  .windows = { { PLAN_SCOPE_MACHINE, all_but_embeddings, 200, DAY, PLAN_CALENDAR, CHINA },
		       { PLAN_SCOPE_KEY, all_but_embeddings, 200, DAY, PLAN_CALENDAR, CHINA },
		       { PLAN_SCOPE_MACHINE, embeddings, 200, DAY, PLAN_CALENDAR, CHINA },
		       { PLAN_SCOPE_KEY, embeddings, 200, DAY, PLAN_CALENDAR, CHINA },
		       { PLAN_SCOPE_MACHINE, five_a_day, 5, DAY, PLAN_CALENDAR, CHINA },
		       { PLAN_SCOPE_KEY, five_a_day, 5, DAY, PLAN_CALENDAR, CHINA },
		       { PLAN_SCOPE_MACHINE, thirty_a_day, 30, DAY, PLAN_CALENDAR, CHINA },
		       { PLAN_SCOPE_KEY, thirty_a_day, 30, DAY, PLAN_CALENDAR, CHINA } },
	  .window_count = 8,
	  .max_prompt_tokens = 4096 },
	{ .name = "unlimited" },
};

const struct plan *plan_builtin(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(builtin); i++)
		if (!strcmp(builtin[i].name, name))
			return &builtin[i];
	return NULL;
}

bool plan_is_counted(const struct plan *plan)
{
	return plan->window_count > 0;
}

/* Copies a string to *at, which moves behind it; NULL stays NULL. Without a block (*at NULL) it only counts. */
static const char *copy_string(const char *text, char **at, size_t *bytes)
{
	size_t size = text ? strlen(text) + 1 : 0;
	char *copy = *at;

	*bytes += size;
	if (!text || !copy)
		return NULL;
	memcpy(copy, text, size);
	*at += size;
	return copy;
}

struct plan *plan_copy(const struct plan *plan)
{
	size_t patterns = 0;
	size_t bytes = 0;
	char *none = NULL;
	struct plan *copy;
	const char **list;
	char *at;

	copy_string(plan->name, &none, &bytes);
	for (size_t i = 0; i < plan->window_count; i++) {
		copy_string(plan->windows[i].time_zone, &none, &bytes);
		for (size_t n = 0; plan->windows[i].models[n]; n++, patterns++)
			copy_string(plan->windows[i].models[n], &none, &bytes);
		patterns++;
	}
	copy = xmalloc(sizeof(*copy) + patterns * sizeof(*list) + bytes);
	*copy = *plan;
	list = (const char **)(copy + 1);
	at = (char *)(list + patterns);
	copy->name = copy_string(plan->name, &at, &bytes);
	for (size_t i = 0; i < plan->window_count; i++) {
		copy->windows[i].time_zone = copy_string(plan->windows[i].time_zone, &at, &bytes);
		copy->windows[i].models = list;
		for (size_t n = 0; plan->windows[i].models[n]; n++)
			*list++ = copy_string(plan->windows[i].models[n], &at, &bytes);
		*list++ = NULL;
	}
	return copy;
}

/* By the enums. */
static const char *const kind_names[] = { "sliding", "calendar", NULL };
static const char *const scope_names[] = { "machine", "key", NULL };

const char *plan_kind_name(enum plan_kind kind)
{
	return kind_names[kind];
}

bool plan_kind_from_name(const char *name, enum plan_kind *kind)
{
	for (size_t i = 0; kind_names[i]; i++) {
		if (strcmp(kind_names[i], name))
			continue;
		*kind = (enum plan_kind)i;
		return true;
	}
	return false;
}

bool plan_kind_has_zone(enum plan_kind kind)
{
	switch (kind) {
	case PLAN_SLIDING:
		return false;
	case PLAN_CALENDAR:
		return true;
	}
	return false;
}

bool plan_parse_period(const char *text, int64_t *seconds)
{
	static const struct {
		const char *unit;
		int64_t seconds;
	} units[] = { { "s", 1 }, { "m", 60 }, { "h", HOUR }, { "d", DAY } };
	char *end;
	long n = strtol(text, &end, 10);

	/* strtol() also takes blanks and signs. */
	if (*text < '0' || *text > '9' || n <= 0 || n > 366L * DAY)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strcmp(end, units[i].unit) || n > 366L * DAY / units[i].seconds)
			continue;
		*seconds = n * units[i].seconds;
		return true;
	}
	return false;
}

/* What the tables decode into. The plan and the window come first: for encode() these will do. */
struct window_given {
	struct plan_window window;
	const struct json *models;
	const char *period;
};

struct plan_given {
	struct plan plan;
	const struct json *windows;
};

#define WINDOW_AT(member) offsetof(struct window_given, member)

const struct decode_field config_window_fields[] = {
	{ .name = "scope", .type = DECODE_ENUM, .required = true, .offset = WINDOW_AT(window.scope), .names = scope_names },
	{ .name = "models", .type = DECODE_ARRAY, .offset = WINDOW_AT(models), .put = config_put_models },
	{ .name = "limit", .type = DECODE_INT, .required = true, .offset = WINDOW_AT(window.limit), .min = 1,
	  .max = LIMIT_WINDOW_ENTRIES },
	{ .name = "period", .type = DECODE_STRING, .required = true, .offset = WINDOW_AT(period),
	  .put = config_put_period },
	{ .name = "kind", .type = DECODE_ENUM, .offset = WINDOW_AT(window.kind), .names = kind_names },
	{ .name = "timeZone", .type = DECODE_STRING, .offset = WINDOW_AT(window.time_zone), .omit_unset = true },
	{ .name = NULL },
};

const struct decode_field config_plan_fields[] = {
	{ .name = "windows", .type = DECODE_ARRAY, .required = true, .offset = offsetof(struct plan_given, windows),
	  .put = config_put_windows },
	{ .name = "maxPromptTokens", .type = DECODE_INT, .offset = offsetof(struct plan_given, plan.max_prompt_tokens),
	  .min = 1, .max = 100000000, .omit_unset = true },
	{ .name = NULL },
};

/* All but the models. */
static bool decode_window(const struct json *value, const char *path, struct plan_window *out, struct err *err)
{
	struct window_given given = { .window = { .models = out->models } };
	struct plan_window *window = &given.window;

	if (!json_is_object(value)) {
		err_set(err, ERR_INVALID_PARAMS, "%s must be an object, not %s", path, json_type_name(value));
		return false;
	}
	if (!decode(value, config_window_fields, path, &given, err))
		return false;
	if (!plan_parse_period(given.period, &window->period)) {
		err_set(err, ERR_INVALID_PARAMS, "%s.period must be a time such as \"1h\", \"30m\" or \"1d\", not \"%s\"",
			path, given.period);
		return false;
	}
	if (!plan_kind_has_zone(window->kind)) {
		window->time_zone = NULL;
	} else if (!window->time_zone) {
		window->time_zone = "UTC";
	} else if (!zone_is_known(window->time_zone)) {
		err_set(err, ERR_INVALID_PARAMS,
			"%s.timeZone must be the name of a time zone that this system knows, such as \"Asia/Shanghai\" or "
			"\"UTC\", not \"%s\"",
			path, window->time_zone);
		return false;
	}
	*out = *window;
	return true;
}

/* Copies a window's pattern list behind `used` in the block and ends it with NULL. */
static bool decode_models(const struct json *list, const char *path, const char **block, size_t *used, struct err *err)
{
	for (const struct json *e = json_first(list); e; e = json_next(e)) {
		if (!json_string(e)) {
			err_set(err, ERR_INVALID_PARAMS, "%s.models must be a list of strings", path);
			return false;
		}
		block[(*used)++] = json_string(e);
	}
	block[(*used)++] = NULL;
	return true;
}

bool plan_decode(const struct json *value, const char *name, struct plan *plan, const char ***models, struct err *err)
{
	struct plan_given given = { .windows = NULL };
	size_t used = 0;
	size_t total = 0;
	size_t n = 0;
	const char **block;
	char path[128];

	snprintf(path, sizeof(path), "plans.%s", name);
	if (!json_is_object(value)) {
		err_set(err, ERR_INVALID_PARAMS, "%s must be an object, not %s", path, json_type_name(value));
		return false;
	}
	if (!decode(value, config_plan_fields, path, &given, err))
		return false;
	if (json_count(given.windows) > LIMIT_PLAN_WINDOWS) {
		err_set(err, ERR_INVALID_PARAMS, "%s.windows must have at most %d entries", path, LIMIT_PLAN_WINDOWS);
		return false;
	}
	for (const struct json *w = json_first(given.windows); w; w = json_next(w))
		total += json_count(json_get_present(w, "models")) + 1;
	block = xcalloc(total, sizeof(*block));
	*plan = (struct plan){ .name = name, .max_prompt_tokens = given.plan.max_prompt_tokens };
	for (const struct json *w = json_first(given.windows); w; w = json_next(w), n++) {
		const struct json *list = json_get_present(w, "models");

		snprintf(path, sizeof(path), "plans.%s.windows[%zu]", name, n);
		plan->windows[n].models = json_first(list) ? (const char *const *)&block[used] : all_models;
		if (!decode_window(w, path, &plan->windows[n], err) || !decode_models(list, path, block, &used, err)) {
			free(block);
			return false;
		}
	}
	plan->window_count = n;
	*models = block;
	return true;
}

void config_warn_plans(const struct json *plans, config_warn_fn *warn, void *warn_ctx)
{
	char prefix[128];

	for (const struct json *p = json_first(plans); p; p = json_next(p)) {
		size_t n = 0;

		snprintf(prefix, sizeof(prefix), "plans.%s.", json_key(p));
		config_warn_unknown(p, config_plan_fields, prefix, warn, warn_ctx);
		for (const struct json *w = json_first(json_get(p, "windows")); w; w = json_next(w)) {
			snprintf(prefix, sizeof(prefix), "plans.%s.windows[%zu].", json_key(p), n++);
			config_warn_unknown(w, config_window_fields, prefix, warn, warn_ctx);
		}
	}
}
