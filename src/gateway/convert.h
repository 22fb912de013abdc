#ifndef EKE_GATEWAY_CONVERT_H
#define EKE_GATEWAY_CONVERT_H
/*
 * From what an endpoint answers to what its client asked for: bytes that have the right form already pass as they
 * are; a stream becomes one object, and an object a stream. Which it is, the first byte says: content types are
 * often wrong. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/strbuf.h"

struct convert;

enum convert_mode {
	CONVERT_UNKNOWN, /* nothing but blanks has come */
	CONVERT_PASS,
	CONVERT_GATHER, /* a stream for a client that wants an object: the reply comes at the end */
	CONVERT_SPREAD, /* an object for a client that wants a stream */
	CONVERT_REFUSE, /* a web page: no answer at all */
};

struct convert_wish {
	bool is_chat; /* else the older completions */
	bool stream;
	bool wants_usage; /* in a stream */
};

struct convert *convert_new(const struct convert_wish *wish);
void convert_free(struct convert *convert);
enum convert_mode convert_mode(const struct convert *convert);
/* Takes bytes, and appends what can go to the client already. */
void convert_feed(struct convert *convert, const char *bytes, size_t len, struct strbuf *out);
/* No more bytes: appends the rest. Returns the status of the answer, as gather_end() and spread() do. */
int convert_end(struct convert *convert, struct strbuf *out);

#endif
