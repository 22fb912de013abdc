#ifndef EKE_UPSTREAM_FETCH_H
#define EKE_UPSTREAM_FETCH_H
/*
 * Fetches a JSON document from an endpoint, such as its models or its count of requests: an exchange (exchange.h) that
 * is not counted and not repeated. A kind says where the document is and what it means.
 */
#include "eke/base/json.h"
#include "upstream_private.h"

struct fetch_kind {
	const char *what; /* the document, for sentences: "its models" */
	const char *path; /* "/models" */
	bool at_origin;   /* the path follows the host; else the base URL */
	const char *body; /* JSON to POST; NULL: GET */
	bool raw_key; /* Authorization is the key alone; a refusal of that does not make the key a wrong one */
	/* Copies what it needs into `own`; false if the document is something else. */
	bool (*decode)(void *own, const struct json *value);
	/* Once, unless cancelled. */
	void (*told)(void *own, const struct err *err);
	/* At the turn's end, also after a cancellation. */
	void (*release)(void *own);
};

/* The number (never 0) is for fetch_cancel(). `kind` must outlive it, `own` is released. */
uint64_t fetch_start(struct upstream *upstream, struct endpoint *endpoint, const struct fetch_kind *kind, void *own);
void fetch_cancel(struct upstream *upstream, uint64_t id);

#endif
