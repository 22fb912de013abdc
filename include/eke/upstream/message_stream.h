#ifndef EKE_UPSTREAM_MESSAGE_STREAM_H
#define EKE_UPSTREAM_MESSAGE_STREAM_H
/*
 * Streams whose chunks have a whole "message" instead of a "delta". In some each has the next piece of the text, in
 * others all of the text so far; some repeat the whole text at the end. The second chunk that says something tells
 * which. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/strbuf.h"

struct message_stream {
	enum {
		MESSAGE_UNDECIDED,
		MESSAGE_APPENDED,
		MESSAGE_CUMULATIVE,
	} kind;
	struct strbuf seen; /* the text so far */
	size_t repeats;     /* of it, while undecided */
};

void message_stream_init(struct message_stream *m);
void message_stream_release(struct message_stream *m);
/* Appends to `out` what a message adds to the text. `last`: the answer ends with it. */
void message_stream_take(struct message_stream *m, const char *text, size_t len, bool last, struct strbuf *out);

#endif
