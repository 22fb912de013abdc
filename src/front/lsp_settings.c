/*
 * The configuration as an editor sees it: loaded at the start, again when its file or the editor's settings
 * change. A new one that is wrong is reported, and the old one stays in force.
 */
#include "lsp_private.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/json_writer.h"
#include "eke/base/limits.h"
#include "eke/base/log.h"

static void on_warning(void *ctx, const char *sentence)
{
	struct lsp *lsp = ctx;

	if (lsp->client_ready) {
		log_warn("configuration: %s", sentence);
		return;
	}
	/* Shown once the client can take it. */
	if (lsp->warnings.len)
		strbuf_addch(&lsp->warnings, '\n');
	strbuf_addf(&lsp->warnings, "eke configuration: %s", sentence);
}

void lsp_load(struct lsp *lsp)
{
	struct err err = ERR_INIT;

	if (app_load(&lsp->app, on_warning, lsp, &err)) {
		lsp->config_err.kind = ERR_NONE;
		lsp->trouble.kind = ERR_NONE;
	} else {
		log_warn("%s", err.message);
		lsp->config_err = err;
		lsp_show_message(lsp, LSP_MESSAGE_ERROR, err.message);
	}
}

void lsp_explain(struct lsp *lsp, struct err *err)
{
	const struct local_server *local;
	char where[128];

	if (err->kind != ERR_NO_ENDPOINT || upstream_count(lsp->app.upstream))
		return;
	if (lsp->config_err.kind != ERR_NONE) {
		*err = lsp->config_err;
		return;
	}
	local = lsp_local_found(lsp);
	if (local) {
		local_server_describe(local, where, sizeof(where));
		err_set(err, ERR_NO_ENDPOINT, "no endpoint is configured, but %s: 'eke doctor' says how to use it", where);
	}
	lsp_local_look(lsp, true);
}

void lsp_refresh(struct lsp *lsp)
{
	if (!app_config_changed(&lsp->app))
		return;
	log_info("the configuration file has changed");
	lsp_load(lsp);
	lsp_update_status(lsp);
}

void lsp_take_settings(struct lsp *lsp, const struct json *settings)
{
	struct strbuf text;
	struct json_writer w;

	if (!json_is_object(settings))
		return;
	strbuf_init(&text, LIMIT_CONFIG_FILE);
	json_writer_init(&w, &text);
	json_put_tree(&w, settings);
	free(lsp->app.settings);
	lsp->app.settings = strbuf_detach(&text, NULL);
	lsp_load(lsp);
}

void lsp_did_change_configuration(void *ctx, const struct json *params)
{
	struct lsp *lsp = ctx;

	lsp_take_settings(lsp, json_get_present(json_get(params, "settings"), "eke"));
	lsp_update_status(lsp);
}
