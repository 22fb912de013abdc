#ifndef EKE_GATEWAY_GATHER_H
#define EKE_GATEWAY_GATHER_H
/*
 * An event stream put together as the one object that a client gets which did not ask for a stream: all choices, tool
 * calls, log probabilities, usage, and members that are not known here. Pure.
 *
 * Deltas are merged as OpenAI's own libraries do it: objects member by member; texts that come in pieces are joined;
 * what is said once is replaced; lists of tool calls go by their index, other lists are appended to.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/strbuf.h"

struct gather;

/* `is_chat`: chat completions; else the older completions. */
struct gather *gather_new(bool is_chat);
void gather_free(struct gather *gather);
/* Bytes as they come, cut anywhere. */
void gather_feed(struct gather *gather, const char *bytes, size_t len);
/*
 * No more bytes. Returns the HTTP status of the reply and appends its body to `out`: 200 and the object, or the
 * stream's error with its status, 502 where it names none and where there was no answer at all. An answer that was cut
 * off is given as far as it came, with the finish reason "length": it has been paid for.
 */
int gather_end(struct gather *gather, struct strbuf *out);

#endif
