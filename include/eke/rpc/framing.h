#ifndef EKE_RPC_FRAMING_H
#define EKE_RPC_FRAMING_H
/*
 * From bytes to messages, both ways of the base protocol: "Content-Length: N" headers (LSP 3.18, "Base
 * Protocol") and one message a line (ACP, and people with a terminal), chosen by the first byte that is no
 * blank: '{' or '[' means lines. No I/O. Whatever arrives, the stream stays in step: a message over
 * LIMIT_MESSAGE is skipped to its end, and after a broken header the next "Content-Length:" is looked for.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/err.h"
#include "eke/base/strbuf.h"
#include "eke/rpc/peek.h"

enum framing_kind { FRAMING_UNKNOWN, FRAMING_HEADERS, FRAMING_LINES };

struct framing_callbacks {
	/* One message; text may be changed and is gone after the call. */
	void (*message)(void *ctx, char *text, size_t len);
	/* One that was too large, or of a charset that is not UTF-8: skipped; `peek` has its id. */
	void (*refused)(void *ctx, const struct peek *peek, const struct err *err);
	/* Bytes that are no message. */
	void (*garbage)(void *ctx, const struct err *err);
	void *ctx;
};

struct framing;

struct framing *framing_new(const struct framing_callbacks *callbacks);
void framing_free(struct framing *f);
/* Before the first byte: one message a line, whatever that byte is. */
void framing_force_lines(struct framing *f);
/* Must not be called from within a callback. */
void framing_feed(struct framing *f, const char *bytes, size_t len);
/* End of the stream: a last line without line end is a message, half a message is garbage. */
void framing_end(struct framing *f);
enum framing_kind framing_kind_of(const struct framing *f);

/*
 * A message under way out: the caller inits `out`, lets framing_begin() leave room, appends the JSON text, and
 * framing_finish() makes of it the whole message, in one buffer. `*start` is where the message begins in out->data.
 */
/* "Content-Length: " and up to 12 digits, "\r\n\r\n": LIMIT_OUT_QUEUE has fewer. */
#define FRAMING_ROOM 32
void framing_begin(struct strbuf *out);
void framing_finish(struct strbuf *out, enum framing_kind kind, size_t *start);

#endif
