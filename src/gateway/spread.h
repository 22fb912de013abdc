#ifndef EKE_GATEWAY_SPREAD_H
#define EKE_GATEWAY_SPREAD_H
/*
 * A whole answer as the event stream that a client gets which asked for one: for each choice its role, what it says,
 * and why it ended; then the usage, if the client wants it, and [DONE]. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/strbuf.h"

/*
 * Appends the events of json[0..len), an answer of chat completions (`is_chat`) or of the older completions. Bytes that
 * are no answer become one event with an error in OpenAI's form. The text is modified. Returns 200, or the status of
 * that error.
 */
int spread(char *json, size_t len, bool is_chat, bool wants_usage, struct strbuf *out);

/* Appends one event with that data, which has no line breaks. */
void spread_event(struct strbuf *out, const char *data, size_t len);

#endif
