#ifndef EKE_RPC_ERROR_H
#define EKE_RPC_ERROR_H
/*
 * From struct err to JSON-RPC's error object: the one place where codes are chosen (JSON-RPC 2.0, 5.1; LSP 3.18
 * "ErrorCodes"; protocol/README.md, "Errors"; Agent Client Protocol 1, "ErrorCode").
 */
#include <stddef.h>

#include "eke/base/err.h"
#include "eke/base/json_writer.h"

/* What a conversation is of. Protocols over JSON-RPC differ in some codes, and in how requests are cancelled. */
enum rpc_dialect { RPC_LSP, RPC_ACP };

int rpc_error_code(enum err_kind kind, enum rpc_dialect dialect);
/*
 * Writes {code, message, data?}. `text` (may be NULL) is data.text: what of an answer had arrived.
 */
void rpc_write_error(struct json_writer *w, const struct err *err, enum rpc_dialect dialect, const char *text,
	size_t text_len);

#endif
