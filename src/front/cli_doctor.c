/*
 * `eke doctor`: is everything there that a first request needs? Configuration, key, proxy, TLS, endpoint,
 * models; each checked by doing it, none by a request that a plan counts (GET /models is not). Every complaint
 * says what to do.
 */
#include "cli_private.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/mem.h"
#include "eke/base/sandbox.h"
#include "eke/chat/git.h"
#include "eke/front/gateways.h"
#include "eke/front/terminal.h"
#include "eke/store/kept.h"
#include "eke/upstream/http.h"
#include "eke/upstream/models.h"

struct doctor {
	struct app app;
	size_t index; /* of the endpoint that is asked */
	int64_t asked_ms;
	bool key_waiting;
	int problems;
	size_t gateways; /* that run */
};

enum verdict { GOOD, NOTE, BAD };

static void say(struct doctor *d, enum verdict verdict, const char *fmt, ...) PRINTF_LIKE(3, 4);

static void say(struct doctor *d, enum verdict verdict, const char *fmt, ...)
{
	static const struct {
		const char *word;
		const char *colour;
		const char *gap;
	} looks[] = { { "ok", "32", "   " }, { "note", "33", " " }, { "BAD", "31", "  " } };
	struct strbuf sentence;
	va_list ap;

	strbuf_init(&sentence, KIB(64));
	va_start(ap, fmt);
	strbuf_vaddf(&sentence, fmt, ap);
	va_end(ap);
	terminal_sgr(looks[verdict].colour);
	terminal_print("%s", looks[verdict].word);
	terminal_sgr("0");
	terminal_print("%s%s\n", looks[verdict].gap, sentence.data);
	strbuf_release(&sentence);
	d->problems += verdict == BAD;
}

static void on_warning(void *ctx, const char *sentence)
{
	say(ctx, NOTE, "configuration: %s", sentence);
}

static bool check_config(struct doctor *d)
{
	struct err err;
	const struct config *config;

	if (!app_load(&d->app, on_warning, d, &err)) {
		say(d, BAD, "configuration: %s", err.message);
		return false;
	}
	config = d->app.config;
	if (config->from_environment)
		say(d, GOOD, "configuration: one endpoint from the environment%s%s", config->file_exists ? ", beside " : "",
		    config->file_exists ? config->path : "");
	else if (config->file_exists)
		say(d, GOOD, "configuration: %s, %zu endpoint%s", config->path, config->endpoint_count,
		    config->endpoint_count == 1 ? "" : "s");
	if (!config->endpoint_count)
		say(d, BAD, "configuration: no endpoint. Set OPENAI_API_KEY (and OPENAI_BASE_URL), or write %s, for example:\n"
			    "       { \"endpoints\": [ { \"baseUrl\": \"https://api.chatanywhere.tech\", "
			    "\"key\": { \"env\": \"CHATANYWHERE_KEY\" } } ] }",
		    config->path ? config->path : "a file and name it in EKE_CONFIG");
	return true;
}

/* Where nothing is configured: would a server on this machine do? */
static void check_local(struct doctor *d)
{
	struct local_search *search = cli_search_local(&d->app);
	const struct local_server *server;
	struct local_choice choice;
	struct strbuf advice;
	char where[128];
	char models[320];

	if (!search)
		return;
	if (!local_search_at(search, 0))
		say(d, NOTE, "local: no Ollama, llama.cpp or LM Studio answers on this machine");
	for (size_t i = 0; (server = local_search_at(search, i)); i++) {
		local_server_describe(server, where, sizeof(where));
		local_server_list_models(server, models, sizeof(models));
		if (!local_server_choose(server, &choice)) {
			say(d, NOTE, "local: %s, but has no model that can chat%s", where,
			    server->kind == LOCAL_OLLAMA ? "; for example: ollama pull qwen2.5-coder" : "");
			continue;
		}
		strbuf_init(&advice, KIB(8));
		app_keep_local(&d->app, server, ":\n       ", &advice);
		say(d, GOOD, "local: %s, with %s. To use it, %s", where, models, advice.data);
		strbuf_release(&advice);
	}
	local_search_free(search);
}

/* By opening the ledger, which is what a first request under a counted plan does. */
static void check_state(struct doctor *d)
{
	struct budget_ledger ledger;

	cli_sync_ledger(&d->app);
	budget_ledger(d->app.budget, &ledger);
	if (!ledger.shared)
		say(d, BAD, "state: %s", ledger.notice);
	else if (ledger.others && !ledger.others_answer)
		say(d, BAD, "state: %s", ledger.notice);
	else if (ledger.notice)
		say(d, NOTE, "state: %s", ledger.notice);
	else
		say(d, GOOD, "state: requests are counted in %s%s%s", ledger.path, ledger.others ? " and at " : "",
		    ledger.others ? ledger.others : "");
}

static void say_kept(void *ctx, const char *path, const char *sentence)
{
	(void)path;
	say(ctx, NOTE, "state: %s", sentence);
}

/* --- git --- */

struct git_check {
	struct loop *loop;
	bool ok;
	struct err err;
};

static void on_git(void *ctx, const struct strbuf *output, const struct err *err)
{
	struct git_check *check = ctx;

	check->ok = output != NULL;
	check->err = *err;
	loop_stop(check->loop);
}

static bool git_works(struct git_check *check, const struct own_files *hidden)
{
	git_version(check->loop, hidden, on_git, check);
	loop_run(check->loop);
	return check->ok;
}

/* By running it. */
static void check_git(struct doctor *d)
{
	const struct own_files *hidden = workspace_private(d->app.workspace);
	struct git_check check = { .loop = d->app.loop };
	int landlock = sandbox_landlock_version();
	bool seccomp = sandbox_has_seccomp();

	if (!git_works(&check, NULL))
		say(d, NOTE, "git: commit messages cannot be written, as %s", check.err.message);
	else if (!hidden)
		say(d, NOTE, "git: runs without a sandbox, as \"sandbox\" in the configuration is \"off\"");
	else if (!landlock && !seccomp)
		say(d, NOTE, "git: runs without a sandbox, as this system has neither Landlock nor seccomp");
	else if (!git_works(&check, hidden))
		say(d, NOTE, "git: runs without a sandbox, as it cannot be run in one: is it a script "
			     "that starts another program?");
	else if (!landlock)
		say(d, NOTE, "git: runs sandboxed by seccomp alone, as this system has no Landlock: "
			     "no other program, no network");
	else
		say(d, GOOD, "git: runs sandboxed (Landlock ABI %d%s): no writing, no other program%s, no reading of keys",
		    landlock, seccomp ? ", seccomp" : "", seccomp ? ", no network" : landlock >= 4 ? ", no TCP" : "");
}

/* --- gateways --- */

struct gateway_check {
	struct doctor *doctor;
	const char *address;
	int status; /* of its answer; 0: none */
};

static void on_gateway_head(void *ctx, const struct http_head *head)
{
	((struct gateway_check *)ctx)->status = head->status;
}

static void on_gateway_done(void *ctx, enum http_outcome outcome, const struct err *err)
{
	struct gateway_check *check = ctx;

	(void)outcome;
	(void)err;
	loop_stop(check->doctor->app.loop);
}

/* By GET /healthz, which needs no key. One at a Unix socket, or behind TLS of its own, is not asked. */
static void check_gateway(void *ctx, const struct json *record)
{
	static const char *const headers[] = { NULL };
	struct gateway_check check = { .doctor = ctx, .address = json_string(json_get(record, "address")) };
	struct http_callbacks callbacks = { .head = on_gateway_head, .done = on_gateway_done, .ctx = &check };
	struct http *http;
	char *url;

	check.doctor->gateways++;
	if (!check.address || strncmp(check.address, "http://", strlen("http://")) != 0) {
		say(check.doctor, GOOD, "gateway: %s runs", check.address ? check.address : "one");
		return;
	}
	http = http_new(check.doctor->app.loop);
	url = xasprintf("%.*s/healthz", (int)(strlen(check.address) - strlen("/v1")), check.address);
	http_start(http,
		   &(struct http_request){ .method = "GET",
					   .url = url,
					   .headers = headers,
					   .loopback = true,
					   .connect_timeout = 2,
					   .first_byte_timeout = 2,
					   .idle_timeout = 2 },
		   &callbacks);
	loop_run(check.doctor->app.loop);
	if (check.status == 200)
		say(check.doctor, GOOD, "gateway: %s answers", check.address);
	else
		say(check.doctor, BAD, "gateway: %s does not answer, though its process runs; stop that and start it again",
		    check.address);
	free(url);
	http_free(http);
}

static void check_gateways(struct doctor *d)
{
	gateways_each(check_gateway, d);
	if (!d->gateways)
		say(d, NOTE, "gateway: %s", gateways_are_built() ?
			"none runs; 'eke gateway' starts one for programs that speak OpenAI's API" :
			"this eke was built without libmicrohttpd, which that needs");
}

static void check_proxy(struct doctor *d)
{
	static const char *const names[] = { "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" };
	bool any = false;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);
		const char *at = value ? strrchr(value, '@') : NULL;

		if (!value || !*value)
			continue;
		any = true;
		say(d, NOTE, "proxy: %s is set, requests go through %s", names[i], at ? at + 1 : value);
	}
	if (!any)
		say(d, GOOD, "proxy: none in the environment");
}

static const char *source_of(const struct config_key *key)
{
	switch (key->source) {
	case KEY_NONE:
		return "none";
	case KEY_ENV:
		return "environment";
	case KEY_FILE:
		return "file";
	case KEY_COMMAND:
		return "command";
	case KEY_LITERAL:
		return "configuration file";
	}
	return "";
}

static void check_endpoint(void *ctx);

static void next_endpoint(struct doctor *d)
{
	d->index++;
	check_endpoint(d);
}

static bool has_model(const char *const *ids, size_t count, const char *model)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(ids[i], model))
			return true;
	return false;
}

static void on_models(void *ctx, const char *const *ids, size_t count, const struct err *err)
{
	struct doctor *d = ctx;
	struct endpoint *e = upstream_at(d->app.upstream, d->index);
	const char *models[] = { endpoint_chat_model(e), endpoint_completion_model(e) };

	if (err && err->http_status == 404) {
		say(d, NOTE, "%s: reached; it has no list of models, so the model names are not checked", endpoint_name(e));
	} else if (err) {
		say(d, BAD, "%s: %s", endpoint_name(e), err->message);
		if (err->provider_message[0])
			terminal_print("       it says: %s\n", err->provider_message);
	} else {
		say(d, GOOD, "%s: answered in %lld ms, offers %zu models", endpoint_name(e),
		    (long long)(clock_mono_ms() - d->asked_ms), count);
	}
	for (size_t i = 0; !err && i < ARRAY_LEN(models); i++) {
		if (i && !strcmp(models[0], models[1]))
			continue;
		if (has_model(ids, count, models[i]))
			say(d, GOOD, "%s: the model %s is there", endpoint_name(e), models[i]);
		else
			say(d, NOTE, "%s: the model %s is not in its list; 'eke models' shows what is", endpoint_name(e),
				models[i]);
	}
	next_endpoint(d);
}

static void check_endpoint(void *ctx)
{
	struct doctor *d = ctx;
	struct endpoint *e = upstream_at(d->app.upstream, d->index);
	const char *key = NULL;
	struct err err;

	if (!e) {
		loop_stop(d->app.loop);
		return;
	}
	switch (endpoint_key(e, &key, &err)) {
	case ENDPOINT_KEY_PENDING:
		endpoint_key_wait(e, check_endpoint, d);
		return;
	case ENDPOINT_KEY_FAILED:
		say(d, BAD, "%s: %s", endpoint_name(e), err.message);
		next_endpoint(d);
		return;
	case ENDPOINT_KEY_READY:
		break;
	}
	say(d, GOOD, "%s: %s, plan %s", endpoint_name(e), endpoint_url(e)->base, endpoint_config(e)->plan->name);
	if (endpoint_url(e)->in_clear)
		say(d, NOTE, "%s: plain http: everybody in the network between this machine and %s can read the key and the "
			     "text, and change the answers; use it in a network that you trust, or put TLS in front of the server",
		    endpoint_name(e), endpoint_url(e)->host);
	if (key)
		say(d, GOOD, "%s: a key of %zu characters (%s)", endpoint_name(e), strlen(key),
		    source_of(&endpoint_config(e)->key));
	else
		say(d, endpoint_url(e)->loopback ? GOOD : NOTE, "%s: no key is configured", endpoint_name(e));
	d->asked_ms = clock_mono_ms();
	models_start(d->app.upstream, e, on_models, d);
}

int cli_doctor(const struct app_options *options, int argc, char **argv)
{
	struct app_options quiet = *options;
	struct doctor d = { .problems = 0 };

	if (argc)
		return cli_unknown("doctor", argv[0]);
	quiet.default_log_level = "broken";
	terminal_print("eke %s\n", EKE_VERSION);
	app_init(&d.app, &quiet);
	if (check_config(&d) && !upstream_count(d.app.upstream))
		check_local(&d);
	check_state(&d);
	cli_look_at_chats();
	kept_each(say_kept, &d);
	check_git(&d);
	check_proxy(&d);
	check_gateways(&d);
	if (upstream_count(d.app.upstream)) {
		loop_defer(d.app.loop, check_endpoint, &d);
		loop_run(d.app.loop);
	}
	app_release(&d.app);
	if (d.problems)
		terminal_print("%d problem%s\n", d.problems, d.problems == 1 ? "" : "s");
	return d.problems ? CLI_FAILED : CLI_OK;
}
