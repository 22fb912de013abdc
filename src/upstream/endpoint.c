/*
 * Endpoints. A key comes from the environment at once, from a file at once, or from a command a little later;
 * it is kept in memory, registered with the log as a secret, and looked up again after the endpoint refused it.
 */
#include "eke/upstream/endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "eke/base/clock.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/base/secret.h"
#include "eke/base/url.h"
#include "eke/io/proc.h"
#include "eke/upstream/refusals.h"

struct pending {
	loop_fn *fn;
	void *ctx;
	struct pending *next;
};

struct endpoint {
	unsigned refs;
	struct loop *loop;
	struct config *config; /* ref */
	const struct config_endpoint *settings;
	size_t url_now; /* index into settings->urls */
	const struct dialect *completion_dialect;
	const char *chat_model;
	const char *completion_model;
	char *key;          /* NULL: not known (yet), or none needed */
	struct proc *proc;  /* the key command, while it runs */
	struct err key_err; /* why there is no key */
	struct pending *pending; /* they wait for the key */
	struct refusals refusals;
	struct timespec key_changed; /* of the key's file, when the last of them was noted */
};

static bool settle_models(struct endpoint *e, const char *path, struct err *err)
{
	const struct config_endpoint *settings = e->settings;
	const struct dialect_host *models;

	e->completion_dialect = dialect_of_host(settings->urls[0].host, &models);
	e->chat_model = settings->chat_model ? settings->chat_model : models->chat_model;
	e->completion_model = settings->completion_model;
	/* A host that is known has a model for completions; another is sure to have the one that chats ask for. */
	if (!e->completion_model)
		e->completion_model = models->domain || !settings->chat_model ? models->completion_model : settings->chat_model;
	if (strcmp(settings->completion_api, COMPLETION_API_AUTO))
		e->completion_dialect = dialect_named(settings->completion_api);
	if (!e->completion_dialect) {
		struct strbuf names;

		strbuf_init(&names, LIMIT_ERR_MESSAGE);
		dialect_list(&names);
		err_set(err, ERR_CONFIG, "%s.completionApi must be one of %s, %s, not \"%.64s\"", path, COMPLETION_API_AUTO,
			names.data, settings->completion_api);
		strbuf_release(&names);
		return false;
	}
	return true;
}

/* The values of an address's query may be keys; short ones and versions are none. */
static void keep_query_secret(const char *query)
{
	for (const char *at = query; *at;) {
		size_t len = 1 + strcspn(at + 1, "&");
		size_t name = strcspn(at, "=");

		if (name + 1 < len && strncmp(at + 1, "api-version", strlen("api-version")) != 0) {
			char *value = xstrndup(at + name + 1, len - name - 1);

			log_add_secret(value);
			free(value);
		}
		at += len;
	}
}

struct endpoint *endpoint_new(struct loop *loop, struct config *config, const struct config_endpoint *settings,
	const char *path, struct err *err)
{
	struct endpoint *e = xcalloc(1, sizeof(*e));

	e->refs = 1;
	e->loop = loop;
	e->config = config_ref(config);
	e->settings = settings;
	for (size_t i = 0; i < settings->url_count; i++)
		keep_query_secret(settings->urls[i].query);
	if (settle_models(e, path, err))
		return e;
	endpoint_unref(e);
	return NULL;
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
	while (endpoint->pending)
		endpoint_key_unwait(endpoint, endpoint->pending->fn, endpoint->pending->ctx);
	endpoint_key_forget(endpoint);
	refusals_release(&endpoint->refusals);
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

const struct dialect *endpoint_completion_dialect(const struct endpoint *endpoint)
{
	return endpoint->completion_dialect;
}

const struct base_url *endpoint_url(const struct endpoint *endpoint)
{
	return &endpoint->settings->urls[endpoint->url_now];
}

size_t endpoint_url_index(const struct endpoint *endpoint)
{
	return endpoint->url_now;
}

size_t endpoint_url_count(const struct endpoint *endpoint)
{
	return endpoint->settings->url_count;
}

void endpoint_use_url(struct endpoint *endpoint, size_t index)
{
	endpoint->url_now = index % endpoint->settings->url_count;
}

/* --- the key --- */

/*
 * The first line of text without what is around a key by mistake: a byte order mark (editors of Windows), blanks, and a
 * pair of quotes (the value of a variable in a .env file or a service's unit).
 */
static struct url_piece bare_key(const char *text)
{
	static const char bom[] = "\xEF\xBB\xBF";
	const char *from = text + (strncmp(text, bom, strlen(bom)) ? 0 : strlen(bom));
	size_t len;

	from += strspn(from, " \t\r\n");
	len = strcspn(from, "\r\n");
	while (len && (from[len - 1] == ' ' || from[len - 1] == '\t'))
		len--;
	if (len >= 2 && strchr("\"'`", *from) && from[len - 1] == *from) {
		from++;
		len -= 2;
	}
	return (struct url_piece){ from, len };
}

/* Takes the key; false if that cannot be sent in a header. */
static bool take_key(struct endpoint *e, const char *text, const char *source, struct err *err)
{
	struct url_piece bare = bare_key(text);
	const char *from = bare.s;
	size_t len = bare.len;

	if (!len) {
		err_set(err, ERR_AUTH, "the key of endpoint %s is empty: %s", endpoint_name(e), source);
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (from[i] > ' ' && from[i] < 0x7F && len <= LIMIT_KEY)
			continue;
		err_set(err, ERR_AUTH, "the key of endpoint %s has characters that a key cannot have, or is too long: %s",
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
		secret_mask(err->message);
		err_prefix(err, "the key of endpoint %s", endpoint_name(e));
		err->kind = ERR_AUTH;
	}
	explicit_bzero(text.data, text.len);
	strbuf_release(&text);
	free(path);
	return ok;
}

/* Others can be set, too; but what is no variable, and has no such name, may be the key. */
static bool is_variable_name(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

	return name[0] > '9' && !name[strspn(name, allowed)] && !secret_is_likely(name, strlen(name));
}

static bool key_from_environment(struct endpoint *e, struct err *err)
{
	const char *name = e->settings->key.value;
	const char *value = getenv(name);
	char source[160];

	if ((!value || !*value) && !is_variable_name(name)) {
		err_set(err, ERR_AUTH, "the key of endpoint %s: \"env\" must be the name of an environment variable that holds "
			"the key; what it has looks like a key itself", endpoint_name(e));
		return false;
	}
	if (!value || !*value) {
		err_set(err, ERR_AUTH, "the key of endpoint %s is read from the environment variable %s, which is not set",
			endpoint_name(e), name);
		return false;
	}
	snprintf(source, sizeof(source), "see the environment variable %.100s", name);
	return take_key(e, value, source, err);
}

static void tell_pending(struct endpoint *e)
{
	struct pending *list = e->pending;

	e->pending = NULL;
	while (list) {
		struct pending *w = list;

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
		secret_mask(e->key_err.message);
		err_prefix(&e->key_err, "the key of endpoint %s", endpoint_name(e));
		e->key_err.kind = ERR_AUTH;
	}
	/* A callback may release the endpoint. */
	endpoint_ref(e);
	tell_pending(e);
	/* All that waited have the error; the next request runs the command again. */
	e->key_err.kind = ERR_NONE;
	endpoint_unref(e);
}

static void start_key_command(struct endpoint *e)
{
	char *argv[LIMIT_KEY_ARGS + 1] = { NULL };
	struct proc_spec spec = { .argv = argv, .max_output = LIMIT_KEY, .seconds = LIMIT_KEY_COMMAND_SECONDS };

	for (size_t i = 0; e->settings->key.command[i]; i++)
		argv[i] = path_expand(e->settings->key.command[i]);
	e->proc = proc_run(e->loop, &spec, on_key_command, e);
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
	struct pending **at = &endpoint->pending;
	struct pending *w = xcalloc(1, sizeof(*w));

	while (*at)
		at = &(*at)->next;
	w->fn = fn;
	w->ctx = ctx;
	*at = w;
}

void endpoint_key_unwait(struct endpoint *endpoint, loop_fn *fn, void *ctx)
{
	for (struct pending **at = &endpoint->pending; *at; at = &(*at)->next) {
		struct pending *w = *at;

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

/* --- what it refused --- */

/* When the key's file was written; zeroes: there is none. */
static struct timespec key_changed(const struct endpoint *e)
{
	struct timespec none = { 0 };
	struct stat st;
	char *path;
	int failed;

	if (e->settings->key.source != KEY_FILE)
		return none;
	path = path_expand(e->settings->key.value);
	failed = stat(path, &st);
	free(path);
	return failed ? none : st.st_mtim;
}

bool endpoint_note_refusal(struct endpoint *e, const char *model, const struct err *err, bool quota)
{
	e->key_changed = key_changed(e);
	return refusals_note(&e->refusals, model, err, quota);
}

void endpoint_note_answer(struct endpoint *e, const char *model)
{
	refusals_end(&e->refusals, model);
}

const struct err *endpoint_refusal(struct endpoint *e, const char *model)
{
	const struct err *found = refusals_find(&e->refusals, model, clock_wall_ms() / 1000);
	struct timespec changed;

	if (!found)
		return NULL;
	changed = key_changed(e);
	if (changed.tv_sec == e->key_changed.tv_sec && changed.tv_nsec == e->key_changed.tv_nsec)
		return found;
	refusals_end_all(&e->refusals);
	endpoint_key_forget(e);
	return NULL;
}
