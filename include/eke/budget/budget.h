#ifndef EKE_BUDGET_BUDGET_H
#define EKE_BUDGET_BUDGET_H
/*
 * The only way to an endpoint: a request is sent only with a reservation from here. All windows of the
 * endpoint's plan must admit it; automatic requests must also leave the reserve alone and keep quiet while the
 * provider blocks.
 *
 * This edition counts in the memory of one process; the ledger that all processes share comes behind the same
 * functions.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/base/json_writer.h"
#include "eke/config/config.h"

struct budget;

enum budget_use {
	BUDGET_AUTOMATIC, /* nobody asked for this very request */
	BUDGET_EXPLICIT,  /* chat, a manual trigger */
};

/* What a reservation is for; borrowed. */
struct budget_request {
	const struct config_endpoint *endpoint;
	const char *model;
	enum budget_use use;
	double reserve; /* share of each window for explicit requests */
};

struct budget *budget_new(void);
void budget_free(struct budget *budget);

/* Counts the request. False with ERR_BUDGET, retry_at and a sentence if a window or a block says no. */
MUST_USE bool budget_reserve(struct budget *budget, const struct budget_request *request, uint64_t *reservation,
	struct err *err);
/* For a request that provably never left. */
void budget_refund(struct budget *budget, uint64_t reservation);
/*
 * The provider refused for its rate limit: automatic requests wait till err->retry_at, or a minute. What is left of the
 * budget shows it.
 */
void budget_block(struct budget *budget, const struct config_endpoint *endpoint, const struct err *err);
/* A request was answered: no block holds any more. */
void budget_unblock(struct budget *budget, const struct config_endpoint *endpoint);

/* Writes the contract's Budget object of an endpoint. */
void budget_write(const struct budget *budget, const struct config_endpoint *endpoint, struct json_writer *w);
/* Of an endpoint, for people: "unlimited", "41 of 60 requests left". */
void budget_describe(const struct budget *budget, const struct config_endpoint *endpoint, char *out, size_t size);

#endif
