/*
 * eke/didChangeStatus: one word and one sentence for a status bar, and the budgets. Sent when it differs from
 * the last, so never for a keystroke that changes nothing.
 */
#include "lsp_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/json_writer.h"

/* Somebody who writes as fast as we read is told about in the next status, all the same. */
#define COMPOSE_TRIES 3

/*
 * One line per endpoint of all that a person would call a change. When an unused window is full again is always
 * now, and no change.
 */
static void add_budgets(const struct lsp *lsp, struct strbuf *out)
{
	for (size_t i = 0; i < upstream_count(lsp->app.upstream); i++) {
		const struct config_endpoint *e = endpoint_config(upstream_at(lsp->app.upstream, i));
		struct budget_report r;

		budget_report(lsp->app.budget, e, &r);
		strbuf_addf(out, "%s %s %d %lld %s", e->name, e->plan->name, (int)r.state, (long long)r.blocked_until,
			    r.reason);
		for (size_t k = 0; k < r.count; k++)
			strbuf_addf(out, " %lld/%lld@%lld", (long long)r.windows[k].state.used,
				    (long long)r.windows[k].state.limit,
				    r.windows[k].state.used ? (long long)r.windows[k].state.reset_at : 0);
		strbuf_addch(out, '\n');
	}
}

/* Nothing can be asked for until something passes. */
static bool is_stuck(const struct budget_report *report)
{
	return report->state == BUDGET_EXHAUSTED || report->state == BUDGET_BLOCKED;
}

/* Only what is kept for chats and manual completions is left; says so. */
static bool is_down_to_reserve(const struct lsp *lsp, struct endpoint *endpoint, char *message, size_t size)
{
	struct budget_view view;

	upstream_look(lsp->app.upstream, endpoint, endpoint_completion_model(endpoint), BUDGET_AUTOMATIC,
		      lsp->app.config->completion.reserve, &view);
	if (!view.counted || view.automatic > 0 || view.window.remaining <= 0)
		return false;
	snprintf(message, size, "%s: the last %lld of %lld requests are kept for chat and manual completions",
		 endpoint_name(endpoint), (long long)view.window.remaining, (long long)view.window.limit);
	return true;
}

static void describe_nothing(const struct lsp *lsp, char *message, size_t size)
{
	const struct local_server *local = lsp_local_found(lsp);
	const char *path = lsp->app.config->path;
	char where[128];

	if (!local) {
		snprintf(message, size, "no endpoint is configured");
		return;
	}
	local_server_describe(local, where, sizeof(where));
	snprintf(message, size, "no endpoint is configured, but %s: put it into %s ('eke doctor' shows how)", where,
		 path ? path : "a configuration file");
}

/* *kind: of the error that the state is about, as the contract names it; NULL: of none. */
static void describe(const struct lsp *lsp, const char **state, const char **kind, char *message, size_t size)
{
	const struct upstream *upstream = lsp->app.upstream;
	struct endpoint *first = upstream_at(upstream, 0);
	const struct err *trouble = &lsp->trouble;
	struct budget_report report;
	char budget[160];

	*kind = NULL;
	if (lsp->config_err.kind != ERR_NONE) {
		*state = "error";
		*kind = err_kind_name(lsp->config_err.kind);
		snprintf(message, size, "%s", lsp->config_err.message);
		return;
	}
	if (!first) {
		*state = "offline";
		*kind = err_kind_name(ERR_NO_ENDPOINT);
		describe_nothing(lsp, message, size);
		return;
	}
	budget_report(lsp->app.budget, endpoint_config(first), &report);
	budget_describe(lsp->app.budget, endpoint_config(first), budget, sizeof(budget));
	snprintf(message, size, "%s: %s", endpoint_name(first), budget);
	if (upstream_busy(upstream)) {
		*state = "busy";
		return;
	}
	*state = is_stuck(&report) || is_down_to_reserve(lsp, first, message, size) ? "warning" : "idle";
	/* A refusal for the budget is over when there is some again. */
	if (trouble->kind == ERR_NONE ||
	    (trouble->kind == ERR_BUDGET && trouble->retry_at && trouble->retry_at <= clock_wall_ms() / 1000))
		return;
	*state = trouble->kind == ERR_BUDGET ? "warning" : trouble->kind == ERR_NETWORK ? "offline" : "error";
	*kind = err_kind_name(trouble->kind);
	err_describe_short(trouble, message, size);
}

/* The notification's params; *key gets what must differ for them to be worth sending. Both are the caller's. */
static char *compose(const struct lsp *lsp, char **key)
{
	char message[LIMIT_ERR_MESSAGE];
	const char *state = NULL;
	const char *kind;
	struct json_writer w;
	struct strbuf facts;
	struct strbuf text;

	describe(lsp, &state, &kind, message, sizeof(message));
	strbuf_init(&facts, MIB(1));
	strbuf_addf(&facts, "%s\n%s\n", state, message);
	add_budgets(lsp, &facts);
	*key = strbuf_detach(&facts, NULL);
	strbuf_init(&text, MIB(1));
	json_writer_init(&w, &text);
	json_begin_object(&w, NULL);
	json_put_kstring(&w, "state", state);
	json_put_kstring(&w, "message", message);
	if (kind)
		json_put_kstring(&w, "kind", kind);
	lsp_write_budgets(lsp, &w);
	json_end_object(&w);
	json_writer_end(&w);
	return strbuf_detach(&text, NULL);
}

/* Other processes may write while we read: what is said of the ledger must fit together. */
static char *compose_at_one_time(const struct lsp *lsp, char **key)
{
	for (int tries = 1;; tries++) {
		int64_t version = budget_version(lsp->app.budget);
		char *status = compose(lsp, key);

		if (tries == COMPOSE_TRIES || budget_version(lsp->app.budget) == version)
			return status;
		free(status);
		free(*key);
	}
}

void lsp_update_status(struct lsp *lsp)
{
	char *status;
	char *key;

	if (!lsp->client_ready || lsp->state != LSP_INITIALIZED)
		return;
	status = compose_at_one_time(lsp, &key);
	if (lsp->status && !strcmp(lsp->status, key)) {
		free(key);
	} else {
		free(lsp->status);
		lsp->status = key;
		json_put_raw(rpc_notify_begin(lsp->rpc, "eke/didChangeStatus"), status, strlen(status));
		rpc_notify_end(lsp->rpc);
	}
	free(status);
}

bool lsp_is_endpoints(const struct err *err)
{
	return err_kind_name(err->kind) && err->kind != ERR_IGNORED && err->kind != ERR_PROMPT_TOO_LONG;
}

void lsp_note_outcome(struct lsp *lsp, const struct err *err)
{
	if (err)
		lsp->trouble = *err;
	else
		lsp->trouble.kind = ERR_NONE;
	lsp_update_status(lsp);
}
