/*
 * Endpoints and plans: from the file, or one endpoint from the environment. Everything is borrowed from the
 * tree or static; environment strings are copied into the tree's pool by nobody: getenv()'s live as long as the
 * process does not change them, and eke does not.
 */
#include "endpoints.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/decode.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/config/service.h"
#include "fields.h"

/* What the table decodes into. The endpoint comes first: for encode() a struct config_endpoint will do. */
struct endpoint_given {
	struct config_endpoint endpoint;
	const struct json *fallback_urls;
	const struct json *key;
	const struct json *headers;
	const char *plan;
};

#define AT(member) offsetof(struct endpoint_given, member)
#define IN(member) offsetof(struct endpoint_given, endpoint.member)

static const struct decode_field models_fields[] = {
	{ .name = "chat", .type = DECODE_STRING, .offset = IN(chat_model), .omit_unset = true },
	{ .name = "completion", .type = DECODE_STRING, .offset = IN(completion_model), .omit_unset = true },
	{ .name = NULL },
};

static const struct decode_field timeouts_fields[] = {
	{ .name = "connect", .type = DECODE_DOUBLE, .offset = IN(connect_timeout), .min = 0.01, .max = 3600 },
	{ .name = "firstByte", .type = DECODE_DOUBLE, .offset = IN(first_byte_timeout), .min = 0.01, .max = 3600 },
	{ .name = "idle", .type = DECODE_DOUBLE, .offset = IN(idle_timeout), .min = 0.01, .max = 3600 },
	{ .name = "total", .type = DECODE_DOUBLE, .offset = IN(total_timeout), .min = 0.01, .max = 86400 },
	{ .name = NULL },
};

const struct decode_field config_endpoint_fields[] = {
	{ .name = "name", .type = DECODE_STRING, .offset = IN(name) },
	{ .name = "baseUrl", .type = DECODE_STRING, .required = true, .offset = IN(base_url),
	  .put = config_put_base_url },
	{ .name = "fallbackUrls", .type = DECODE_ARRAY, .offset = AT(fallback_urls), .put = config_put_fallback_urls },
	{ .name = "key", .type = DECODE_ANY, .offset = AT(key), .put = config_put_key },
	{ .name = "plan", .type = DECODE_STRING, .offset = AT(plan), .put = config_put_plan_name },
	{ .name = "models", .type = DECODE_OBJECT, .sub = models_fields },
	{ .name = "completionApi", .type = DECODE_STRING, .offset = IN(completion_api) },
	{ .name = "streamOptions", .type = DECODE_BOOL, .offset = IN(stream_options) },
	{ .name = "headers", .type = DECODE_OBJECT, .offset = AT(headers), .put = config_put_headers },
	{ .name = "proxy", .type = DECODE_STRING, .offset = IN(proxy), .put = config_put_proxy },
	{ .name = "allowPlainHttp", .type = DECODE_BOOL, .offset = IN(allow_plain_http) },
	{ .name = "keyHeader", .type = DECODE_STRING, .offset = IN(key_header), .put = config_put_key_header },
	{ .name = "caFile", .type = DECODE_STRING, .offset = IN(ca_file), .put = config_put_ca_file },
	{ .name = "timeouts", .type = DECODE_OBJECT, .sub = timeouts_fields },
	{ .name = NULL },
};

static bool fail(struct err *err, const char *path, const char *member, const char *what)
{
	err_set(err, ERR_INVALID_PARAMS, "%s%s %s", path, member, what);
	return false;
}

static bool decode_command(const struct json *list, const char *path, struct config_key *key, struct err *err)
{
	size_t n = 0;

	for (const struct json *e = json_first(list); e; e = json_next(e)) {
		if (!json_string(e) || n == LIMIT_KEY_ARGS)
			return fail(err, path, ".key.command", "must be a list of at most 32 strings");
		key->command[n++] = json_string(e);
	}
	if (!n || !*key->command[0])
		return fail(err, path, ".key.command", "must name a program, such as [\"pass\", \"show\", \"api-key\"]");
	key->source = KEY_COMMAND;
	return true;
}

static bool decode_key(const struct json *value, const char *path, struct config_key *key, struct err *err)
{
	static const char wanted[] =
		"must be {\"env\": \"NAME\"}, {\"file\": \"PATH\"} or {\"command\": [\"PROGRAM\", …]}";

	if (!value)
		return true;
	if (json_string(value)) {
		key->source = KEY_LITERAL;
		key->value = json_string(value);
		return true;
	}
	if (json_count(value) != 1 || !json_is_object(value))
		return fail(err, path, ".key", wanted);
	if (json_is_array(json_get(value, "command")))
		return decode_command(json_get(value, "command"), path, key, err);
	key->value = json_string(json_get(value, "env"));
	key->source = KEY_ENV;
	if (!key->value) {
		key->value = json_string(json_get(value, "file"));
		key->source = KEY_FILE;
	}
	return key->value && *key->value ? true : fail(err, path, ".key", wanted);
}

/* A header may not smuggle in a second one, nor replace what eke must control. */
static bool is_header_allowed(const char *name, const char *value)
{
	static const char *const ours[] = { "authorization", "content-length", "content-type", "host", "transfer-encoding",
					    "connection" };

	if (!*name || strpbrk(name, ": \t\r\n") || strpbrk(value, "\r\n"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (!strcasecmp(ours[i], name))
			return false;
	return true;
}

static bool decode_headers(const struct json *headers, const char *path, struct config_endpoint *e, struct err *err)
{
	for (const struct json *h = json_first(headers); h; h = json_next(h)) {
		const char *value = json_string(h);

		if (e->header_count == LIMIT_HEADERS)
			return fail(err, path, ".headers", "must have at most 16 entries");
		if (!value || !is_header_allowed(json_key(h), value))
			return fail(err, path, ".headers",
				    "must map header names to strings, without those that eke sets itself");
		e->headers[e->header_count++] = (struct config_header){ json_key(h), value };
	}
	return true;
}

static bool decode_fallback_urls(const struct json *urls, const char *path, struct config_endpoint *e, struct err *err)
{
	for (const struct json *u = json_first(urls); u; u = json_next(u)) {
		size_t n = e->url_count - 1;

		if (!json_string(u) || n == LIMIT_FALLBACK_URLS)
			return fail(err, path, ".fallbackUrls", "must be a list of at most 4 strings");
		if (!base_url_parse(json_string(u), e->allow_plain_http, &e->urls[e->url_count], err)) {
			err_prefix(err, "%s.fallbackUrls[%zu]", path, n);
			return false;
		}
		e->fallback_urls[n] = json_string(u);
		e->url_count++;
	}
	return true;
}

static const struct plan *find_plan(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->plan_count; i++)
		if (!strcmp(config->plans[i].name, name))
			return &config->plans[i];
	return plan_builtin(name);
}

/* `place` names it: "endpoints[0].baseUrl". */
static bool set_base_url(struct config_endpoint *e, const char *text, const char *place, const char *member,
	struct err *err)
{
	if (!base_url_parse(text, e->allow_plain_http, &e->urls[0], err)) {
		err_prefix(err, "%s%s", place, member);
		return false;
	}
	e->base_url = text;
	e->url_count = 1;
	return true;
}

static bool set_plan(const struct config *config, struct config_endpoint *e, const char *plan, const char *path,
		     const char *member, struct err *err)
{
	e->plan = find_plan(config, plan ? plan : service_default_plan(&e->urls[0]));
	if (e->plan) {
		service_of(&e->urls[0], e->plan, e->service);
		return true;
	}
	err_set(err, ERR_INVALID_PARAMS, "%s%s: unknown plan \"%s\", neither in \"plans\" nor built in", path,
		member, plan);
	return false;
}

static void set_defaults(struct config_endpoint *e)
{
	*e = (struct config_endpoint){ .completion_api = COMPLETION_API_AUTO,
				       .stream_options = true,
				       .connect_timeout = 10,
				       .first_byte_timeout = 60,
				       .idle_timeout = 60,
				       .total_timeout = 3600 };
}

/* Wherever eke was started, by an editor often in some project: it is the same file. */
static void find_path(struct config *config, const char **path)
{
	char *full = path_beside(config->path, *path);

	*path = full;
	config->paths[config->path_count++] = full;
}

static void find_paths(struct config *config, struct config_endpoint *e)
{
	if (e->key.source == KEY_FILE)
		find_path(config, &e->key.value);
	else if (e->key.source == KEY_COMMAND && strchr(e->key.command[0], '/'))
		find_path(config, &e->key.command[0]);
	if (e->ca_file && *e->ca_file)
		find_path(config, &e->ca_file);
}

static bool decode_endpoint(struct config *config, const struct json *value, const char *path, struct err *err)
{
	struct config_endpoint *e = &config->endpoints[config->endpoint_count];
	struct endpoint_given given = { .key = NULL };

	if (!json_is_object(value)) {
		err_set(err, ERR_INVALID_PARAMS, "%s must be an object, not %s", path, json_type_name(value));
		return false;
	}
	set_defaults(&given.endpoint);
	given.endpoint.name = "default";
	if (!decode(value, config_endpoint_fields, path, &given, err))
		return false;
	/* From here on it is the configuration's, which releases what it owns. */
	*e = given.endpoint;
	config->endpoint_count++;
	if (!*e->name || strlen(e->name) >= sizeof(err->endpoint))
		return fail(err, path, ".name", "must have 1 to 63 bytes");
	if (config_endpoint_named(config, e->name) != e)
		return fail(err, path, ".name", "must be different for each endpoint");
	if (e->key_header && !is_header_allowed(e->key_header, ""))
		return fail(err, path, ".keyHeader", "must be the name of a header that eke does not set itself");
	if (!decode_key(given.key, path, &e->key, err))
		return false;
	find_paths(config, e);
	return decode_headers(given.headers, path, e, err) &&
	       set_base_url(e, e->base_url, path, ".baseUrl", err) &&
	       decode_fallback_urls(given.fallback_urls, path, e, err) &&
	       set_plan(config, e, given.plan, path, ".plan", err);
}

bool config_decode_endpoints(struct config *config, const struct json *endpoints, struct err *err)
{
	char path[32];
	size_t n = 0;

	for (const struct json *e = json_first(endpoints); e; e = json_next(e)) {
		snprintf(path, sizeof(path), "endpoints[%zu]", n++);
		if (config->endpoint_count == LIMIT_ENDPOINTS)
			return fail(err, path, ":", "at most 16 endpoints are allowed");
		if (!decode_endpoint(config, e, path, err))
			return false;
	}
	return true;
}

bool config_decode_plans(struct config *config, const struct json *plans, struct err *err)
{
	for (const struct json *p = json_first(plans); p; p = json_next(p)) {
		size_t n = config->plan_count;

		if (n == LIMIT_PLANS)
			return fail(err, "plans", "", "must have at most 32 entries");
		if (!plan_decode(p, json_key(p), &config->plans[n], &config->plan_models[n], err))
			return false;
		config->plan_count++;
	}
	return true;
}

static const char *env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

bool config_endpoint_from_environment(struct config *config, struct err *err)
{
	struct config_endpoint *e = &config->endpoints[0];
	const char *url_name = "EKE_BASE_URL";
	const char *url = env(url_name);
	const char *key_name = "EKE_API_KEY";

	if (!url && env("EKE_API_KEY")) {
		err_set(err, ERR_CONFIG,
			"EKE_API_KEY is set but EKE_BASE_URL is not: set it to the address that the key is for");
		return false;
	}
	if (!url) {
		key_name = "OPENAI_API_KEY";
		url_name = env("OPENAI_BASE_URL") ? "OPENAI_BASE_URL" : "OPENAI_API_BASE";
		url = env(url_name);
		if (!url && env(key_name))
			url = "https://api.openai.com/v1";
	}
	if (!url)
		return true;
	set_defaults(e);
	e->name = "environment";
	if (env(key_name))
		e->key = (struct config_key){ .source = KEY_ENV, .value = key_name };
	e->chat_model = env("EKE_MODEL");
	e->completion_model = env("EKE_MODEL");
	config->endpoint_count = 1;
	config->from_environment = true;
	if (set_base_url(e, url, "the environment variable ", url_name, err) &&
	    set_plan(config, e, env("EKE_PLAN"), "the environment variable ", "EKE_PLAN", err))
		return true;
	err->kind = ERR_CONFIG;
	return false;
}

static char *copy_of(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static void local_copy(const struct config_local *from, struct config_local *to)
{
	*to = (struct config_local){ .name = copy_of(from->name),
				     .base_url = copy_of(from->base_url),
				     .chat_model = copy_of(from->chat_model),
				     .completion_model = copy_of(from->completion_model),
				     .completion_api = from->completion_api };
}

void config_local_release(struct config_local *local)
{
	free(local->name);
	free(local->base_url);
	free(local->chat_model);
	free(local->completion_model);
	*local = (struct config_local){ .name = NULL };
}

bool config_use_local(struct config *config, const struct config_local *local, struct err *err)
{
	struct config_endpoint *e = &config->endpoints[0];

	if (config->endpoint_count || !local->base_url)
		return true;
	local_copy(local, &config->local);
	set_defaults(e);
	e->name = config->local.name;
	e->chat_model = config->local.chat_model;
	e->completion_model = config->local.completion_model;
	if (config->local.completion_api)
		e->completion_api = config->local.completion_api;
	config->endpoint_count = 1;
	return set_base_url(e, config->local.base_url, "the address of the server on this machine", "", err) &&
	       set_plan(config, e, "unlimited", "", "", err);
}

void config_warn_endpoints(const struct json *endpoints, config_warn_fn *warn, void *warn_ctx)
{
	char sentence[256];
	char prefix[32];
	size_t n = 0;

	for (const struct json *e = json_first(endpoints); e; e = json_next(e), n++) {
		snprintf(prefix, sizeof(prefix), "endpoints[%zu].", n);
		config_warn_unknown(e, config_endpoint_fields, prefix, warn, warn_ctx);
		if (json_string(json_get(e, "key"))) {
			snprintf(sentence, sizeof(sentence),
				 "%skey is written out in the file: better name an environment variable, a file or a command, "
				 "such as {\"env\": \"NAME\"}", prefix);
			warn(warn_ctx, sentence);
		}
	}
}

void config_warn_proxies(const struct config *config, config_warn_fn *warn, void *warn_ctx)
{
	char sentence[256];

	for (size_t i = 0; i < config->endpoint_count; i++) {
		const struct config_endpoint *e = &config->endpoints[i];

		if (!e->proxy || !e->urls[0].loopback || e->urls[0].tls)
			continue;
		snprintf(sentence, sizeof(sentence),
			"endpoints[%zu].proxy is not used: it could read the key and your text, and %.100s is on this machine", i,
			e->urls[0].address);
		warn(warn_ctx, sentence);
	}
}
