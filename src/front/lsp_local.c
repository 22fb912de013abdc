/*
 * A server of models on this machine, where nothing is configured. struct lsp_local lives from the first look to the
 * end of the program: what the last search found, the one under way, and the question to the user, which is asked once.
 * Nothing looks by itself after the start; who asks for something makes it look again.
 */
#include "lsp_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/rpc/outgoing.h"
#include "eke/upstream/local.h"

/* The answer that means yes. */
#define CONSENT "Use it"

/* Between looks that requests give rise to. */
#define AGAIN_MS 15000

struct lsp_local {
	struct lsp *lsp;
	struct local_search *found; /* the last that ended; NULL: none did */
	struct local_search *search; /* under way, or NULL */
	bool offered;
	uint64_t asking;      /* the client; 0: not */
	int64_t again_at_ms;  /* monotonic */
};

void lsp_local_free(struct lsp *lsp)
{
	struct lsp_local *l = lsp->local;

	if (!l)
		return;
	lsp->local = NULL;
	rpc_call_cancel(lsp->rpc, l->asking);
	local_search_free(l->search);
	local_search_free(l->found);
	free(l);
}

/* Nothing is configured, and that is no mistake. */
static bool is_free(const struct lsp *lsp)
{
	return !upstream_count(lsp->app.upstream) && lsp->config_err.kind == ERR_NONE;
}

const struct local_server *lsp_local_found(const struct lsp *lsp)
{
	if (!lsp->local || !lsp->local->found || !is_free(lsp))
		return NULL;
	return local_search_usable(lsp->local->found);
}

static void put_in_force(struct lsp *lsp, const struct local_server *server)
{
	struct strbuf text;

	strbuf_init(&text, KIB(8));
	strbuf_addf(&text, "%s is used until this session ends. To keep it, ", local_server_title(server));
	app_keep_local(&lsp->app, server, ": ", &text);
	app_use_local(&lsp->app, server);
	lsp_load(lsp);
	lsp_update_status(lsp);
	if (upstream_count(lsp->app.upstream))
		lsp_show_message(lsp, LSP_MESSAGE_INFO, text.data);
	strbuf_release(&text);
}

static void on_consent(void *ctx, const struct json *result, const struct err *err)
{
	struct lsp_local *l = ctx;
	const char *title = json_string(json_get(result, "title"));
	const struct local_server *server = lsp_local_found(l->lsp);

	l->asking = 0;
	if (err)
		log_info("the client did not answer whether to use the server on this machine: %s", err->message);
	if (server && title && !strcmp(title, CONSENT))
		put_in_force(l->lsp, server);
}

static void put_action(struct json_writer *w, const char *title)
{
	json_begin_object(w, NULL);
	json_put_kstring(w, "title", title);
	json_end_object(w);
}

static void offer(struct lsp_local *l, const struct local_server *server)
{
	struct json_writer *w = rpc_call_begin(l->lsp->rpc, "window/showMessageRequest");
	char models[320];
	char text[512];

	l->offered = true;
	local_server_list_models(server, models, sizeof(models));
	snprintf(text, sizeof(text), "%s answers on this machine, with %s. Use it for completions and chat?",
		 local_server_title(server), models);
	json_begin_object(w, NULL);
	json_put_kint(w, "type", LSP_MESSAGE_INFO);
	json_put_kstring(w, "message", text);
	json_begin_array(w, "actions");
	put_action(w, CONSENT);
	put_action(w, "Not now");
	json_end_array(w);
	json_end_object(w);
	l->asking = rpc_call_end(l->lsp->rpc, on_consent, l);
}

static void on_searched(void *ctx)
{
	struct lsp_local *l = ctx;
	const struct local_server *server;

	local_search_free(l->found);
	l->found = l->search;
	l->search = NULL;
	server = lsp_local_found(l->lsp);
	log_debug("server of models on this machine: %s", server ? local_server_title(server) : "none");
	if (server && !l->offered && l->lsp->state == LSP_INITIALIZED)
		offer(l, server);
	lsp_update_status(l->lsp);
}

void lsp_local_look(struct lsp *lsp, bool asked_for)
{
	int64_t now = clock_mono_ms();
	struct lsp_local *l = lsp->local;

	if (!lsp->client_ready || !is_free(lsp) || !local_search_is_wanted() || (l && l->search))
		return;
	if (!l) {
		l = xcalloc(1, sizeof(*l));
		l->lsp = lsp;
		lsp->local = l;
	}
	if (asked_for && now < l->again_at_ms)
		return;
	if (asked_for)
		l->again_at_ms = now + AGAIN_MS;
	l->search = local_search_start(lsp->app.upstream, on_searched, l);
}
