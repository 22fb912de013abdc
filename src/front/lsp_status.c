/*
 * eke/didChangeStatus: one word and one sentence for a status bar, and the budgets. Sent when it differs from
 * the last, so never for a keystroke that changes nothing.
 */
#include "lsp_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/json_writer.h"

static void describe(const struct lsp *lsp, const char **state, char *message, size_t size)
{
	const struct upstream *upstream = lsp->app.upstream;
	struct endpoint *first = upstream_at(upstream, 0);
	char budget[80];

	if (lsp->config_err.kind != ERR_NONE) {
		*state = "error";
		snprintf(message, size, "%s", lsp->config_err.message);
		return;
	}
	if (!first) {
		*state = "offline";
		snprintf(message, size, "no endpoint is configured");
		return;
	}
	budget_describe(lsp->app.budget, endpoint_config(first), budget, sizeof(budget));
	snprintf(message, size, "%s: %s", endpoint_name(first), budget);
	if (upstream_busy(upstream)) {
		*state = "busy";
		return;
	}
	*state = "idle";
	if (lsp->trouble.kind == ERR_NONE)
		return;
	*state = lsp->trouble.kind == ERR_BUDGET ? "warning" : lsp->trouble.kind == ERR_NETWORK ? "offline" : "error";
	snprintf(message, size, "%s", lsp->trouble.message);
}

static char *compose(const struct lsp *lsp)
{
	char message[LIMIT_ERR_MESSAGE];
	const char *state = NULL;
	struct json_writer w;
	struct strbuf text;

	describe(lsp, &state, message, sizeof(message));
	strbuf_init(&text, MIB(1));
	json_writer_init(&w, &text);
	json_begin_object(&w);
	json_put_kstring(&w, "state", state);
	json_put_kstring(&w, "message", message);
	lsp_write_budgets(lsp, &w);
	json_end_object(&w);
	json_writer_end(&w);
	return strbuf_detach(&text, NULL);
}

void lsp_update_status(struct lsp *lsp)
{
	char *status;

	if (!lsp->client_ready || lsp->state != LSP_INITIALIZED)
		return;
	status = compose(lsp);
	if (lsp->status && !strcmp(lsp->status, status)) {
		free(status);
		return;
	}
	free(lsp->status);
	lsp->status = status;
	json_put_raw(rpc_notify_begin(lsp->rpc, "eke/didChangeStatus"), status, strlen(status));
	rpc_notify_end(lsp->rpc);
}

void lsp_note_outcome(struct lsp *lsp, const struct err *err)
{
	if (err)
		lsp->trouble = *err;
	else
		lsp->trouble.kind = ERR_NONE;
	lsp_update_status(lsp);
}
