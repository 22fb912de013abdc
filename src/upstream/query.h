#ifndef EKE_UPSTREAM_QUERY_H
#define EKE_UPSTREAM_QUERY_H
/*
 * A question to an endpoint besides completions and chats (its models, its own count): one request without reservation,
 * retry or other address, and a whole JSON answer. Each kind says how it is asked and what the answer means.
 */
#include "eke/base/json.h"
#include "upstream_private.h"

struct query_kind {
	const char *what; /* for sentences: "its models" */
	const char *path; /* "/models" */
	bool at_origin;   /* the path follows the host; else the base URL */
	const char *body; /* JSON to POST; NULL: GET */
	bool raw_key; /* Authorization is the key alone; a refusal of that does not make the key a wrong one */
	/* Takes what it needs from the answer's JSON into own; false if that is something else. */
	bool (*decode)(void *own, const struct json *value);
	/* Once, unless cancelled. */
	void (*told)(void *own, const struct err *err);
	/* At the turn's end, also after a cancellation. */
	void (*release)(void *own);
};

/* The number (never 0) is for query_cancel(). `kind` must outlive it, `own` is released. */
uint64_t query_start(struct upstream *upstream, struct endpoint *endpoint, const struct query_kind *kind, void *own);
void query_cancel(struct upstream *upstream, uint64_t id);

#endif
