#ifndef EKE_BASE_ERR_H
#define EKE_BASE_ERR_H
/*
 * What went wrong, for a person and for a program: a kind, and a sentence that says what happened, where, and
 * what to do. Passed as the last parameter, `struct err *err`, untouched on success; plain storage without
 * ownership, so it can be copied and kept. NULL is not accepted: whoever calls decides to log it or to return it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"

/*
 * The kinds. The second group is the contract's `data.kind` (protocol/README.md, "Errors"); the first are JSON-RPC's
 * own conditions. Their JSON-RPC codes are chosen in one function, rpc_error_code().
 */
enum err_kind {
	ERR_NONE = 0,
	ERR_INTERNAL,        /* a bug or the machine's fault (disk, memory, descriptors) */
	ERR_PARSE,           /* not JSON */
	ERR_INVALID_REQUEST, /* JSON, but no JSON-RPC message we may take now */
	ERR_METHOD_NOT_FOUND,
	ERR_INVALID_PARAMS,
	ERR_NOT_FOUND, /* a thing of the client's or ours that is addressed by an id or a path: a session, a file */
	ERR_NOT_INITIALIZED,
	ERR_CANCELLED,        /* the client asked for it */
	ERR_CONTENT_MODIFIED, /* the document moved on */

	ERR_BUDGET,          /* the plan or the provider's rate limit says no */
	ERR_AUTH,            /* no key, or a key that is refused */
	ERR_FORBIDDEN,       /* the key may not use this model or path, or its balance is gone */
	ERR_PROMPT_TOO_LONG, /* the provider's cap on prompt tokens */
	ERR_UPSTREAM,        /* the provider answered with an error of its own */
	ERR_NETWORK,         /* it could not be reached, or the connection broke */
	ERR_TIMEOUT,
	ERR_PROTOCOL, /* it answered with something that is not its API */
	ERR_CONFIG,
	ERR_NO_ENDPOINT,
	ERR_IGNORED, /* an ignore or secret rule keeps this file here */
};

struct strbuf;

struct err {
	enum err_kind kind;
	char message[LIMIT_ERR_MESSAGE];
	/* What clients get beside the message: the members of the protocol's error data. */
	char endpoint[64];                         /* name in the configuration, or "" */
	int http_status;                           /* 0: none */
	char provider_message[LIMIT_ERR_PROVIDER]; /* without control sequences, or "" */
	int64_t retry_at;                          /* Unix seconds; 0: unknown */
	char blocked_scope[16];                    /* "machine", "key" or "" */
};

#define ERR_INIT { .kind = ERR_NONE }

/* Sets kind and message, and clears the rest. */
void err_set(struct err *err, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Puts "<text>: " before the message; the rest stays. */
void err_prefix(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Stores what the provider said: valid UTF-8, without control sequences, trimmed, and cut on a character. */
void err_set_provider(struct err *err, const char *text, size_t len);
/*
 * Appends message and, where the provider said something else, its words, in one line without a full stop at its end:
 * "The provider rejected the request. free says: no such model".
 */
void err_describe(const struct err *err, struct strbuf *out);
/* The same into out[size], cut on a character with "…". */
void err_describe_short(const struct err *err, char *out, size_t size);
/* "budget", "promptTooLong", … as the contract's data.kind, or NULL for the kinds that have none. */
const char *err_kind_name(enum err_kind kind);

#endif
