/*
 * JSON-RPC's error object.
 */
#include "eke/rpc/error.h"

#include "eke/base/rfc3339.h"

int rpc_error_code(enum err_kind kind, enum rpc_dialect dialect)
{
	bool acp = dialect == RPC_ACP;

	switch (kind) {
	case ERR_PARSE:
		return -32700;
	case ERR_INVALID_REQUEST:
		return -32600;
	case ERR_METHOD_NOT_FOUND:
		return -32601;
	case ERR_INVALID_PARAMS:
		return -32602;
	case ERR_NONE:
	case ERR_INTERNAL:
		return -32603;
	case ERR_NOT_INITIALIZED:
		return acp ? -32600 : -32002;
	case ERR_NOT_FOUND:
		return acp ? -32002 : -32602;
	case ERR_CANCELLED:
		return -32800;
	case ERR_CONTENT_MODIFIED:
		return -32801;
	case ERR_AUTH:
		return acp ? -32000 : -32803;
	case ERR_BUDGET:
	case ERR_FORBIDDEN:
	case ERR_PROMPT_TOO_LONG:
	case ERR_UPSTREAM:
	case ERR_NETWORK:
	case ERR_TIMEOUT:
	case ERR_PROTOCOL:
	case ERR_CONFIG:
	case ERR_NO_ENDPOINT:
	case ERR_IGNORED:
		return -32803;
	}
	return -32603;
}

static void write_data(struct json_writer *w, const struct err *err, const char *text, size_t text_len)
{
	const char *kind = err_kind_name(err->kind);
	char time[24];

	json_begin_object(w, "data");
	if (kind)
		json_put_kstring(w, "kind", kind);
	if (err->endpoint[0])
		json_put_kstring(w, "endpoint", err->endpoint);
	if (err->http_status)
		json_put_kint(w, "httpStatus", err->http_status);
	if (err->provider_message[0])
		json_put_kstring(w, "providerMessage", err->provider_message);
	if (err->retry_at) {
		rfc3339_format(err->retry_at, time, sizeof(time));
		json_put_kstring(w, "retryAt", time);
	}
	if (err->blocked_scope[0])
		json_put_kstring(w, "blockedScope", err->blocked_scope);
	if (text) {
		json_put_kstringn(w, "text", text, text_len);
	}
	json_end_object(w);
}

void rpc_write_error(struct json_writer *w, const struct err *err, enum rpc_dialect dialect, const char *text,
	size_t text_len)
{
	json_begin_object(w, NULL);
	json_put_kint(w, "code", rpc_error_code(err->kind, dialect));
	json_put_kstring(w, "message", err->message);
	if (err_kind_name(err->kind) || text)
		write_data(w, err, text, text_len);
	json_end_object(w);
}
