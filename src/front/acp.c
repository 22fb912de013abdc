/*
 * The ACP front end: its beginning and end, and the table of its methods. Each method's handler is in the file of its
 * subject (acp_private.h lists them); server.h says what ends the program. Clients kill without warning, too: whatever
 * is worth keeping is written to the history as it comes.
 */
#include "eke/front/acp.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/decode.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "acp_private.h"

#define PROTOCOL_VERSION 1

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
	err_set(err, ERR_NOT_INITIALIZED, "the first request must be initialize");
	return false;
}

/* --- the program --- */

/* The protocol has no messages outside of an answer. */
static void on_trouble(void *ctx, const char *sentence)
{
	struct acp *acp = ctx;

	free(acp->trouble);
	acp->trouble = xstrdup(sentence);
	acp_tell_trouble(acp);
}

static void release(struct acp *acp)
{
	acp_sessions_free(acp);
	acp_models_free(acp->models);
	server_release(&acp->server);
	app_release(&acp->app);
	free(acp->trouble);
}

/* The client's end is a good one. */
static int exit_code(void *ctx)
{
	(void)ctx;
	return 0;
}

int acp_serve(const struct app_options *options)
{
	struct acp acp = { .initialized = false };
	struct rpc_config config = { .dialect = RPC_ACP, .methods = methods, .admit = admit, .ctx = &acp };
	int out = server_claim_stdout();
	int code;

	if (out < 0)
		return 1;
	app_init(&acp.app, options);
	server_init(&acp.server, acp.app.loop);
	server_start_stdio(&acp.server, out, &config, exit_code);
	acp.rpc = acp.server.rpc;
	conversations_on_trouble(acp.app.conversations, on_trouble, &acp);
	load(&acp);
	acp.models = acp_models_new(&acp);
	code = server_run(&acp.server);
	release(&acp);
	return code;
}
