#ifndef EKE_UPSTREAM_EXCHANGE_H
#define EKE_UPSTREAM_EXCHANGE_H
/*
 * One request to an endpoint and its response (RFC 9110, 3.3 and 3.4), whatever both hold: key, budget, address and
 * retries are settled here, and the bytes are handed on as they come. What they mean is for the one who asks: call.h
 * decodes answers of models on top of this.
 *
 * - A request counts from the moment it leaves: with a model it waits for a reservation of the budget first. How the
 *   response ends settles it: given back, answered, refused by the provider, or spent.
 * - An address that provably was not reached is replaced by the next, and the reservation is given back.
 * - 400, 401, 403 and 429 are never asked again as they were; a request that was refused for a parameter may be mended.
 *   A 5xx, a web page, a broken connection or an answer that is none is asked again once, if the caller wants that and
 *   the service does not say that it is too early, from the same budget.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/budget/budget.h"
#include "eke/upstream/http.h"
#include "eke/upstream/stated_limit.h"
#include "eke/upstream/upstream.h"

/* Everything is borrowed for the call of exchange_start(), but for what says otherwise. */
struct exchange_spec {
	struct endpoint *endpoint;  /* a reference is taken */
	const char *model;          /* whose budget pays; NULL: the request is not counted */
	enum budget_use use;        /* with a model */
	double reserve;             /* share of each window for explicit requests; with a model */
	const char *method;         /* "GET", "POST", …; must live as long as the exchange */
	const char *path;           /* with its query: "/chat/completions" */
	bool at_origin;             /* the path follows the host; else the base URL */
	const char *const *headers; /* "Name: value", ends with NULL; NULL: none. They replace Accept and Content-Type */
	struct strbuf *body;        /* moved; NULL: none */
	bool raw_key; /* Authorization is the key alone; a refusal of that does not make the key a wrong one */
	bool retry;   /* see above */
};

#define EXCHANGE_MENDS 2

/* All may be NULL but `done`. From the loop only, never after exchange_cancel(). */
struct exchange_callbacks {
	/* A response with a status of 2xx begins; `head` lives until done() has returned, or restart() is called. */
	void (*head)(void *ctx, const struct http_head *head);
	/* Its body as it comes. */
	void (*bytes)(void *ctx, const char *data, size_t len);
	/*
	 * The response is over; `broken` says why it is not whole, or is NULL. Returns true if it is what was asked for;
	 * otherwise sets err, and *stated if the provider refused for its limits after all. NULL: a response that is whole
	 * is what was asked for.
	 */
	bool (*judge)(void *ctx, const struct err *broken, struct err *err, struct stated_limit *stated);
	/* The request is sent once more: forget what came. */
	void (*restart)(void *ctx);
	/*
	 * The response is an error: `body` as far as it came where the status is no 2xx, else the error's words. May change
	 * the request's body so that the service will take it; true: it is sent once more, from the same budget. Called at
	 * most EXCHANGE_MENDS times.
	 */
	bool (*mend)(void *ctx, int status, const char *body, size_t len, struct strbuf *request);
	/* A response with another status, as far as it came; done() follows with what it means. */
	void (*refused)(void *ctx, const struct http_head *head, const char *body, size_t len);
	/* Once, the last. err is NULL, or says why there is no response of 2xx. */
	void (*done)(void *ctx, const struct err *err);
	void *ctx;
};

/* The number (never 0) is for the functions below, for which unknown numbers are fine. */
uint64_t exchange_start(struct upstream *upstream, const struct exchange_spec *spec,
	const struct exchange_callbacks *callbacks);
/* Has it gone out? Then it is spent, whatever becomes of it. */
bool exchange_is_sent(const struct upstream *upstream, uint64_t id);
/* Ends it; no more callbacks. */
void exchange_cancel(struct upstream *upstream, uint64_t id);
/* Hands out no bytes while it is paused (http_pause()). */
void exchange_pause(struct upstream *upstream, uint64_t id, bool paused);
/*
 * Ends the exchange as answered, although its response has not ended; no more callbacks. `drain`: the rest of the
 * response is read and dropped, so that the connection can be used again; otherwise the connection is closed.
 */
void exchange_finish(struct upstream *upstream, uint64_t id, bool drain);
/*
 * Ends an exchange whose 2xx is under way as if the response had ended now: well, or by `broken`. judge() and done()
 * are called, or it is sent once more.
 */
void exchange_conclude(struct upstream *upstream, uint64_t id, const struct err *broken);

#endif
