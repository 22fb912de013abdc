/*
 * The ACP front end: the agent's life from start to exit code, and the table of its methods. Each method's handler is
 * in the file of its subject (acp_private.h lists them).
 *
 * The program ends when the client closes its end (requests under way may go on for a moment, so that a script that
 * pipes requests in gets its answers), by SIGTERM, or because nobody reads its output any more. Clients kill without
 * warning, too: whatever is worth keeping is in the history as it comes.
 */
#include "eke/front/acp.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "eke/base/decode.h"
#include "eke/base/log.h"
#include "acp_private.h"

/* How long requests may go on after the input has ended, and how long the last messages may take to be read. */
#define END_GRACE_MS 5000
#define END_FLUSH_MS 1000

#define PROTOCOL_VERSION 1

static void end(struct acp *acp, int code)
{
	acp->exit_code = code;
	loop_stop(acp->app.loop);
}

void acp_check_end(struct acp *acp)
{
	if (acp->ending && !rpc_in_flight(acp->rpc))
		end(acp, 0);
}

/* --- configuration --- */

static void on_warning(void *ctx, const char *sentence)
{
	(void)ctx;
	log_warn("configuration: %s", sentence);
}

static void load(struct acp *acp)
{
	struct err err = ERR_INIT;

	acp->config_err.kind = ERR_NONE;
	if (app_load(&acp->app, on_warning, NULL, &err))
		return;
	log_warn("%s", err.message);
	acp->config_err = err;
}

void acp_reload(struct acp *acp)
{
	load(acp);
	acp_models_reset(acp->models);
	for (struct acp_session *s = acp->sessions; s; s = s->next) {
		acp_send_commands(s);
		acp_send_options(s);
	}
}

void acp_refresh(struct acp *acp)
{
	if (!app_config_changed(&acp->app))
		return;
	log_info("the configuration file has changed");
	acp_reload(acp);
}

void acp_explain(const struct acp *acp, struct err *err)
{
	if (err->kind == ERR_NO_ENDPOINT && acp->config_err.kind != ERR_NONE && !upstream_count(acp->app.upstream))
		*err = acp->config_err;
}

/* --- initialize --- */

struct initialize_params {
	struct {
		struct {
			bool read;
			bool write;
		} fs;
	} capabilities;
	struct {
		const char *name;
		const char *version;
	} client;
};

static const struct decode_field fs_fields[] = {
	{ .name = "readTextFile", .type = DECODE_BOOL, .offset = 0 },
	{ .name = "writeTextFile", .type = DECODE_BOOL, .offset = sizeof(bool) },
	{ .name = NULL },
};

static const struct decode_field capabilities_fields[] = {
	{ .name = "fs", .type = DECODE_OBJECT, .offset = 0, .sub = fs_fields },
	{ .name = NULL },
};

static const struct decode_field client_fields[] = {
	{ .name = "name", .type = DECODE_STRING, .offset = 0 },
	{ .name = "version", .type = DECODE_STRING, .offset = sizeof(const char *) },
	{ .name = NULL },
};

/* protocolVersion is not decoded: whatever the client offers, this is what there is. */
static const struct decode_field initialize_fields[] = {
	{ .name = "clientCapabilities", .type = DECODE_OBJECT,
	  .offset = offsetof(struct initialize_params, capabilities), .sub = capabilities_fields },
	{ .name = "clientInfo", .type = DECODE_OBJECT, .offset = offsetof(struct initialize_params, client),
	  .sub = client_fields },
	{ .name = NULL },
};

static void put_empty(struct json_writer *w, const char *key)
{
	json_begin_object(w, key);
	json_end_object(w);
}

static void write_capabilities(struct json_writer *w)
{
	json_begin_object(w, "agentCapabilities");
	json_put_kbool(w, "loadSession", true);
	json_begin_object(w, "promptCapabilities");
	json_put_kbool(w, "image", false);
	json_put_kbool(w, "audio", false);
	json_put_kbool(w, "embeddedContext", true);
	json_end_object(w);
	json_begin_object(w, "mcpCapabilities");
	json_put_kbool(w, "http", false);
	json_put_kbool(w, "sse", false);
	json_end_object(w);
	json_begin_object(w, "sessionCapabilities");
	put_empty(w, "list");
	put_empty(w, "delete");
	put_empty(w, "resume");
	put_empty(w, "close");
	json_end_object(w);
	json_end_object(w);
}

static struct rpc_result *on_initialize(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct acp *acp = ctx;
	struct initialize_params p = { .client = { NULL, NULL } };
	struct json_writer w;
	struct strbuf result;
	struct err err;

	if (!decode(params, initialize_fields, "params", &p, &err))
		return rpc_fail(request, &err);
	acp->initialized = true;
	acp->can_read = p.capabilities.fs.read;
	acp->can_write = p.capabilities.fs.write;
	log_debug("eke %s for %s %s", EKE_VERSION, p.client.name ? p.client.name : "an unnamed client",
		p.client.version ? p.client.version : "");
	strbuf_init(&result, KIB(16));
	json_writer_init(&w, &result);
	json_begin_object(&w, NULL);
	json_put_kint(&w, "protocolVersion", PROTOCOL_VERSION);
	write_capabilities(&w);
	json_begin_object(&w, "agentInfo");
	json_put_kstring(&w, "name", "eke");
	json_put_kstring(&w, "title", "eke");
	json_put_kstring(&w, "version", EKE_VERSION);
	json_end_object(&w);
	json_begin_array(&w, "authMethods");
	json_end_array(&w);
	json_end_object(&w);
	json_writer_end(&w);
	return rpc_reply(request, &result);
}

/* Keys are the configuration's business: there is nothing to do, whatever method a client takes for one of ours. */
static struct rpc_result *on_authenticate(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct strbuf result;

	(void)ctx;
	(void)params;
	strbuf_init(&result, 2);
	strbuf_adds(&result, "{}");
	return rpc_reply(request, &result);
}

/* --- the table --- */

static const struct rpc_method methods[] = {
	{ .name = "initialize", .request = on_initialize },
	{ .name = "authenticate", .request = on_authenticate },
	{ .name = "session/new", .request = acp_session_new },
	{ .name = "session/load", .request = acp_session_load },
	{ .name = "session/resume", .request = acp_session_resume },
	{ .name = "session/list", .request = acp_session_list },
	{ .name = "session/close", .request = acp_session_close },
	{ .name = "session/delete", .request = acp_session_delete },
	{ .name = "session/set_config_option", .request = acp_set_config_option },
	{ .name = "session/prompt", .request = acp_session_prompt },
	{ .name = "session/cancel", .notification = acp_session_cancel },
	{ .name = NULL },
};

static bool admit(void *ctx, const struct rpc_method *method, bool is_request, struct err *err)
{
	struct acp *acp = ctx;

	(void)is_request;
	if (acp->initialized || !method || method->request == on_initialize)
		return true;
	err_set(err, ERR_NOT_INITIALIZED, "the first message must be the request initialize");
	return false;
}

/* --- the client's end of the line --- */

static void on_input(void *ctx, const char *bytes, size_t len)
{
	struct acp *acp = ctx;

	rpc_feed(acp->rpc, bytes, len);
}

static void on_end_of_grace(void *ctx)
{
	struct acp *acp = ctx;

	rpc_cancel_all(acp->rpc);
	end(acp, 0);
}

static void on_input_end(void *ctx, int reason)
{
	struct acp *acp = ctx;

	if (reason)
		log_warn("standard input cannot be read: %s", strerror(reason));
	rpc_feed_end(acp->rpc);
	acp->ending = true;
	timer_start(acp->end_timer, END_GRACE_MS);
	acp_check_end(acp);
}

static void on_broken(void *ctx)
{
	end(ctx, 0);
}

static void on_terminate(void *ctx)
{
	log_info("terminated by a signal");
	end(ctx, EXIT_TERMINATED);
}

static void on_interrupt(void *ctx)
{
	log_info("interrupted by a signal");
	end(ctx, EXIT_INTERRUPTED);
}

/* --- the program --- */

static void release(struct acp *acp)
{
	acp_sessions_free(acp);
	acp_models_free(acp->models);
	rpc_finish(acp->rpc, END_FLUSH_MS);
	rpc_free(acp->rpc);
	pump_free(acp->pump);
	timer_free(acp->end_timer);
	app_release(&acp->app);
}

int acp_serve(const struct app_options *options)
{
	struct acp acp = { .exit_code = 0 };
	struct rpc_config config = {
		.dialect = RPC_ACP, .methods = methods, .admit = admit, .broken = on_broken, .ctx = &acp
	};
	struct pump_callbacks input = { .bytes = on_input, .end = on_input_end, .ctx = &acp };
	int out = stdio_claim_stdout();

	if (out < 0) {
		log_warn("standard output cannot be used: %s", strerror(errno));
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	app_init(&acp.app, options);
	acp.rpc = rpc_new(acp.app.loop, out, &config);
	acp.end_timer = timer_new(acp.app.loop, on_end_of_grace, &acp);
	load(&acp);
	acp.models = acp_models_new(&acp);
	loop_on_signal(acp.app.loop, SIGTERM, on_terminate, &acp);
	loop_on_signal(acp.app.loop, SIGINT, on_interrupt, &acp);
	acp.pump = pump_new(acp.app.loop, STDIN_FILENO, &input);
	loop_run(acp.app.loop);
	release(&acp);
	close(out);
	return acp.exit_code;
}
