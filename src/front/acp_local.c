/*
 * A server of models on this machine, where nothing is configured: looked for when the first prompt comes, since
 * before that there is nobody to ask, and offered once. The search lives as long as the prompt that waits for it.
 */
#include "acp_private.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/json_writer.h"
#include "eke/base/mem.h"
#include "eke/upstream/local.h"

struct acp_local {
	struct local_search *search;
	acp_local_fn *fn;
	char *question; /* NULL: not asked */
	struct acp_client_call *call;
};

void acp_local_free(struct acp_prompt *prompt)
{
	struct acp_local *l = prompt->local;

	if (!l)
		return;
	local_search_free(l->search);
	acp_client_call_cancel(l->call);
	free(l->question);
	free(l);
	prompt->local = NULL;
}

static void go_on(struct acp_prompt *prompt)
{
	acp_local_fn *fn = prompt->local->fn;

	acp_local_free(prompt);
	fn(prompt);
}

static void write_tool(const struct acp_prompt *prompt, struct json_writer *w)
{
	json_put_kstring(w, "title", prompt->local->question);
	json_put_kstring(w, "kind", "other");
}

/* It is in force from now on; how to keep it is told beside the answer. */
static void put_in_force(struct acp_prompt *prompt, const struct local_server *server)
{
	struct acp *acp = prompt->acp;
	struct strbuf text;

	strbuf_init(&text, KIB(8));
	strbuf_addf(&text, "%s is used until eke ends. To keep it, ", local_server_title(server));
	app_keep_local(&acp->app, server, ": ", &text);
	app_use_local(&acp->app, server);
	acp_reload(acp);
	acp_send_chunk(prompt->session, "agent_thought_chunk", NULL, text.data, text.len);
	strbuf_release(&text);
}

static void on_permission(void *ctx, const char *option)
{
	struct acp_prompt *prompt = ctx;
	bool yes = option && !strcmp(option, "use");

	prompt->local->call = NULL;
	acp_tool_end(prompt, yes, NULL);
	if (yes)
		put_in_force(prompt, local_search_usable(prompt->local->search));
	go_on(prompt);
}

static void on_searched(void *ctx)
{
	static const struct acp_permission options[] = {
		{ "use", "Use it", "allow_once" },
		{ "no", "Not now", "reject_once" },
	};
	struct acp_prompt *prompt = ctx;
	struct acp_local *l = prompt->local;
	const struct local_server *server = local_search_usable(l->search);
	char models[320];

	if (!server) {
		go_on(prompt);
		return;
	}
	prompt->acp->local_offered = true;
	local_server_list_models(server, models, sizeof(models));
	l->question = xasprintf("No endpoint is configured, but %s answers on this machine, with %s. Use it?",
				local_server_title(server), models);
	acp_tool_begin(prompt, "endpoint", write_tool);
	l->call = acp_ask_permission(
		&(struct acp_question){ prompt, write_tool, options, ARRAY_LEN(options) }, on_permission, prompt);
}

bool acp_local_look(struct acp_prompt *prompt, acp_local_fn *fn)
{
	struct acp *acp = prompt->acp;

	if (upstream_count(acp->app.upstream) || acp->config_err.kind != ERR_NONE || acp->local_offered ||
	    !local_search_is_wanted())
		return false;
	prompt->local = xcalloc(1, sizeof(*prompt->local));
	prompt->local->fn = fn;
	prompt->local->search = local_search_start(acp->app.upstream, on_searched, prompt);
	return true;
}
