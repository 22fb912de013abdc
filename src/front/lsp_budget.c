/*
 * budget/get: what is left of each endpoint's plan.
 */
#include "lsp_private.h"

#include "eke/base/json_writer.h"
#include "eke/base/limits.h"

void lsp_write_budgets(const struct lsp *lsp, struct json_writer *w)
{
	json_begin_array(w, "budgets");
	for (size_t i = 0; i < upstream_count(lsp->app.upstream); i++)
		budget_write(lsp->app.budget, endpoint_config(upstream_at(lsp->app.upstream, i)), w);
	json_end_array(w);
}

struct rpc_result *lsp_budget_get(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct lsp *lsp = ctx;
	struct json_writer w;
	struct strbuf result;

	(void)params;
	lsp_refresh(lsp);
	strbuf_init(&result, MIB(1));
	json_writer_init(&w, &result);
	json_begin_object(&w, NULL);
	lsp_write_budgets(lsp, &w);
	json_end_object(&w);
	json_writer_end(&w);
	return rpc_reply(request, &result);
}
