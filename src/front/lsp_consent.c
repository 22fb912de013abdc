/*
 * The question whether another endpoint may be used, put to the user by the client.
 */
#include "lsp_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/rpc/outgoing.h"

/* The beginning of the answer that means yes. */
#define CONSENT "Use "

bool lsp_is_consent(const struct json *result, const struct err *err)
{
	const char *title = json_string(json_get(result, "title"));

	if (err)
		log_info("the client did not answer which endpoint to use: %s", err->message);
	return title && !strncmp(title, CONSENT, strlen(CONSENT));
}

uint64_t lsp_ask_consent(
	struct lsp *lsp, const struct config_endpoint *other, const struct err *err, rpc_response_fn *fn, void *ctx)
{
	struct json_writer *w = rpc_call_begin(lsp->rpc, "window/showMessageRequest");
	char text[LIMIT_ERR_MESSAGE + 128];

	json_begin_object(w, NULL);
	json_put_kint(w, "type", LSP_MESSAGE_WARNING);
	snprintf(text, sizeof(text), "%s. Use %s instead until then?", err->message, other->name);
	json_put_kstring(w, "message", text);
	json_begin_array(w, "actions");
	json_begin_object(w, NULL);
	snprintf(text, sizeof(text), CONSENT "%s", other->name);
	json_put_kstring(w, "title", text);
	json_end_object(w);
	json_begin_object(w, NULL);
	json_put_kstring(w, "title", "Not now");
	json_end_object(w);
	json_end_array(w);
	json_end_object(w);
	return rpc_call_end(lsp->rpc, fn, ctx);
}
