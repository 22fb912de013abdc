#ifndef EKE_UPSTREAM_CALL_H
#define EKE_UPSTREAM_CALL_H
/*
 * A prompt to a model and its answer as it comes: an exchange (exchange.h) whose request is written in a dialect and
 * whose response is decoded. A chat may be asked once more, before anything came of its answer; completions never are.
 * After the first piece the text is kept whatever happens.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/upstream/dialect.h"
#include "eke/upstream/upstream.h"
#include "eke/upstream/wire.h"

enum call_purpose {
	CALL_CHAT,
	CALL_COMPLETION_EXPLICIT,
	CALL_COMPLETION_AUTOMATIC,
};

struct call_spec {
	struct endpoint *endpoint; /* a reference is taken */
	enum call_purpose purpose;
	double reserve;            /* config_completion.reserve */
	struct request_spec request; /* borrowed for the call of call_start(); model set */
};

/* Why the answer's text ends where it ends. */
enum call_finish {
	CALL_STOP,
	CALL_LENGTH,
	CALL_FILTER,
	CALL_TRUNCATED, /* no reason was given: the stream broke, or ended without one */
};

/* A whole answer; borrowed for the callback. */
struct call_answer {
	const char *text;
	size_t text_len;
	const char *reasoning;
	size_t reasoning_len;
	bool calls_tool; /* though none was offered */
	enum call_finish finish;
	const char *model; /* as the endpoint names it, else as asked */
	struct wire_usage usage;
	const struct err *trouble; /* why it was truncated, or NULL */
};

struct call_callbacks {
	/*
	 * Text as it comes. May be NULL. Rarely, text that was told turns out to be reasoning (think.h): then what follows
	 * is a text that begins anew, and only the whole answer below is right.
	 */
	void (*delta)(void *ctx, bool reasoning, const char *text, size_t len);
	/* Once, the last: an answer, or err. */
	void (*done)(void *ctx, const struct call_answer *answer, const struct err *err);
	void *ctx;
};

/* The number (never 0) is for call_cancel(). Callbacks come from the loop only. */
uint64_t call_start(struct upstream *upstream, const struct call_spec *spec, const struct call_callbacks *callbacks);
/* Has it gone out under a plan that counts? Then it is spent, whatever becomes of it. */
bool call_is_paid(const struct upstream *upstream, uint64_t id);
/* Ends it; no more callbacks. Unknown numbers are fine. */
void call_cancel(struct upstream *upstream, uint64_t id);

#endif
