/*
 * Endpoints. A key comes from the environment at once, from a file at once, or from a command a little later;
 * it is kept in memory, registered with the log as a secret, and looked up again after the endpoint refused it.
 */
#include "eke/upstream/endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/io/proc.h"

struct waiter {
	loop_fn *fn;
	void *ctx;
	struct waiter *next;
};

struct endpoint {
	unsigned refs;
	struct loop *loop;
	struct config *config; /* ref */
	const struct config_endpoint *settings;
	struct base_url urls[1 + LIMIT_FALLBACK_URLS];
	size_t url_count;
	size_t url_now;
	enum wire_api completion_api;
	const char *chat_model;
	const char *completion_model;
	char *key;          /* NULL: not known (yet), or none needed */
	struct proc *proc;  /* the key command, while it runs */
	struct err key_err; /* why there is no key */
	struct waiter *waiters;
};

/* Models that are sure to be there, where the configuration names none. */
static const struct {
	const char *domain;
	const char *chat;
	const char *completion;
	enum wire_api completion_api;
} hosts[] = {
	{ "codestral.mistral.ai", "codestral-latest", "codestral-latest", WIRE_MISTRAL_FIM },
	{ "mistral.ai", "mistral-small-latest", "codestral-latest", WIRE_MISTRAL_FIM },
	{ "deepseek.com", "deepseek-chat", "deepseek-chat", WIRE_DEEPSEEK_FIM },
	{ NULL, "gpt-4o-mini", "gpt-4o-mini", WIRE_CHAT },
};

static enum wire_api resolve_api(enum completion_api wanted, enum wire_api by_host)
{
	switch (wanted) {
	case COMPLETION_AUTO:
		return by_host;
	case COMPLETION_CHAT:
		return WIRE_CHAT;
	case COMPLETION_COMPLETIONS:
		return WIRE_COMPLETIONS;
	case COMPLETION_MISTRAL_FIM:
		return WIRE_MISTRAL_FIM;
	case COMPLETION_DEEPSEEK_FIM:
		return WIRE_DEEPSEEK_FIM;
	case COMPLETION_LLAMACPP_INFILL:
		return WIRE_LLAMACPP_INFILL;
	}
	return by_host;
}

static void settle_models(struct endpoint *e)
{
	size_t i = 0;

	while (hosts[i].domain && !host_is_under(e->urls[0].host, hosts[i].domain))
		i++;
	e->completion_api = resolve_api(e->settings->completion_api, hosts[i].completion_api);
	e->chat_model = e->settings->chat_model ? e->settings->chat_model : hosts[i].chat;
	e->completion_model = e->settings->completion_model ? e->settings->completion_model : hosts[i].completion;
}

struct endpoint *endpoint_new(struct loop *loop, struct config *config, const struct config_endpoint *settings,
	const char *path, struct err *err)
{
	struct endpoint *e = xcalloc(1, sizeof(*e));

	e->refs = 1;
	e->loop = loop;
	e->config = config_ref(config);
	e->settings = settings;
	for (size_t i = 0; i <= settings->fallback_count; i++) {
		const char *text = i ? settings->fallback_urls[i - 1] : settings->base_url;

		if (!base_url_parse(text, &e->urls[i], err)) {
			if (i)
				err_prefix(err, "%s.fallbackUrls[%zu]", path, i - 1);
			else
				err_prefix(err, "%s.baseUrl", path);
			endpoint_unref(e);
			return NULL;
		}
		e->url_count++;
	}
	settle_models(e);
	return e;
}

struct endpoint *endpoint_ref(struct endpoint *endpoint)
{
	endpoint->refs++;
	return endpoint;
}

void endpoint_unref(struct endpoint *endpoint)
{
	if (!endpoint || --endpoint->refs)
		return;
	proc_cancel(endpoint->proc);
	while (endpoint->waiters)
		endpoint_key_unwait(endpoint, endpoint->waiters->fn, endpoint->waiters->ctx);
	for (size_t i = 0; i < endpoint->url_count; i++)
		base_url_release(&endpoint->urls[i]);
	endpoint_key_forget(endpoint);
	config_unref(endpoint->config);
	free(endpoint);
}

const struct config_endpoint *endpoint_config(const struct endpoint *endpoint)
{
	return endpoint->settings;
}

const char *endpoint_name(const struct endpoint *endpoint)
{
	return endpoint->settings->name;
}

const char *endpoint_chat_model(const struct endpoint *endpoint)
{
	return endpoint->chat_model;
}

const char *endpoint_completion_model(const struct endpoint *endpoint)
{
	return endpoint->completion_model;
}

enum wire_api endpoint_completion_api(const struct endpoint *endpoint)
{
	return endpoint->completion_api;
}

const struct base_url *endpoint_url(const struct endpoint *endpoint)
{
	return &endpoint->urls[endpoint->url_now];
}

size_t endpoint_url_index(const struct endpoint *endpoint)
{
	return endpoint->url_now;
}

size_t endpoint_url_count(const struct endpoint *endpoint)
{
	return endpoint->url_count;
}

void endpoint_use_url(struct endpoint *endpoint, size_t index)
{
	endpoint->url_now = index % endpoint->url_count;
}

/* --- the key --- */

/* Takes the first line of text as the key; false if that cannot be sent in a header. */
static bool take_key(struct endpoint *e, const char *text, const char *source, struct err *err)
{
	const char *from = text + strspn(text, " \t\r\n");
	size_t len = strcspn(from, "\r\n");

	while (len && (from[len - 1] == ' ' || from[len - 1] == '\t'))
		len--;
	if (!len) {
		err_set(err, ERR_AUTH, "the key of endpoint %s is empty: %s", endpoint_name(e), source);
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (from[i] > ' ' && from[i] < 0x7F && len <= LIMIT_KEY)
			continue;
		err_set(err, ERR_AUTH, "the key of endpoint %s has characters that no key has, or is too long: %s",
			endpoint_name(e), source);
		return false;
	}
	e->key = xstrndup(from, len);
	log_add_secret(e->key);
	return true;
}

static bool key_from_file(struct endpoint *e, struct err *err)
{
	char *path = path_expand(e->settings->key.value);
	struct strbuf text;
	bool ok;

	strbuf_init(&text, 2 * LIMIT_KEY);
	ok = file_read(path, LIMIT_KEY, &text, err);
	if (ok) {
		ok = take_key(e, text.data, path, err);
	} else {
		err_prefix(err, "the key of endpoint %s", endpoint_name(e));
		err->kind = ERR_AUTH;
	}
	explicit_bzero(text.data, text.len);
	strbuf_release(&text);
	free(path);
	return ok;
}

static bool key_from_environment(struct endpoint *e, struct err *err)
{
	const char *name = e->settings->key.value;
	const char *value = getenv(name);
	char source[160];

	if (!value || !*value) {
		err_set(err, ERR_AUTH, "the key of endpoint %s is to be in the environment variable %s, which is not set",
			endpoint_name(e), name);
		return false;
	}
	snprintf(source, sizeof(source), "see the environment variable %.100s", name);
	return take_key(e, value, source, err);
}

static void tell_waiters(struct endpoint *e)
{
	struct waiter *list = e->waiters;

	e->waiters = NULL;
	while (list) {
		struct waiter *w = list;

		list = w->next;
		w->fn(w->ctx);
		free(w);
	}
}

static void on_key_command(void *ctx, const struct strbuf *output, const struct err *err)
{
	struct endpoint *e = ctx;

	e->proc = NULL;
	if (output) {
		take_key(e, output->data, "look at what its command prints", &e->key_err);
		explicit_bzero(output->data, output->len);
	} else {
		e->key_err = *err;
		err_prefix(&e->key_err, "the key of endpoint %s", endpoint_name(e));
		e->key_err.kind = ERR_AUTH;
	}
	/* A waiter may let go of the endpoint. */
	endpoint_ref(e);
	tell_waiters(e);
	/* Said to all who waited; the next request runs the command again. */
	e->key_err.kind = ERR_NONE;
	endpoint_unref(e);
}

static void start_key_command(struct endpoint *e)
{
	char *argv[LIMIT_KEY_ARGS + 1] = { NULL };

	for (size_t i = 0; e->settings->key.command[i]; i++)
		argv[i] = i ? xstrdup(e->settings->key.command[i]) : path_expand(e->settings->key.command[i]);
	e->proc = proc_run(e->loop, argv, LIMIT_KEY, LIMIT_KEY_COMMAND_SECONDS, on_key_command, e);
	for (size_t i = 0; argv[i]; i++)
		free(argv[i]);
}

enum endpoint_key endpoint_key(struct endpoint *e, const char **key, struct err *err)
{
	bool ok = true;

	if (!e->key) {
		switch (e->settings->key.source) {
		case KEY_NONE:
			break;
		case KEY_ENV:
			ok = key_from_environment(e, err);
			break;
		case KEY_FILE:
			ok = key_from_file(e, err);
			break;
		case KEY_LITERAL:
			ok = take_key(e, e->settings->key.value, "see the configuration", err);
			break;
		case KEY_COMMAND:
			if (e->key_err.kind != ERR_NONE) {
				*err = e->key_err;
				ok = false;
				break;
			}
			if (!e->proc)
				start_key_command(e);
			return ENDPOINT_KEY_PENDING;
		}
	}
	if (!ok) {
		snprintf(err->endpoint, sizeof(err->endpoint), "%s", endpoint_name(e));
		return ENDPOINT_KEY_FAILED;
	}
	*key = e->key;
	return ENDPOINT_KEY_READY;
}

void endpoint_key_wait(struct endpoint *endpoint, loop_fn *fn, void *ctx)
{
	struct waiter **at = &endpoint->waiters;
	struct waiter *w = xcalloc(1, sizeof(*w));

	while (*at)
		at = &(*at)->next;
	w->fn = fn;
	w->ctx = ctx;
	*at = w;
}

void endpoint_key_unwait(struct endpoint *endpoint, loop_fn *fn, void *ctx)
{
	for (struct waiter **at = &endpoint->waiters; *at; at = &(*at)->next) {
		struct waiter *w = *at;

		if (w->fn != fn || w->ctx != ctx)
			continue;
		*at = w->next;
		free(w);
		return;
	}
}

void endpoint_key_forget(struct endpoint *endpoint)
{
	if (!endpoint->key)
		return;
	explicit_bzero(endpoint->key, strlen(endpoint->key));
	free(endpoint->key);
	endpoint->key = NULL;
}
