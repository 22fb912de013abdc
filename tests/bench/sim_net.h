#ifndef EKE_TESTS_BENCH_SIM_NET_H
#define EKE_TESTS_BENCH_SIM_NET_H
/*
 * The network and the provider of the trace player: every question counts from the moment it is sent, is answered
 * after a while by the model, token by token, and is refused with 429 when the hour's count is full. What is
 * aborted has counted all the same.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "eke/io/loop.h"
#include "sim_model.h"

struct sim_net;

struct sim_net_settings {
	uint64_t seed;
	/* To the first token: log-normal, cut to [min, max]. sigma 0: always the median. */
	double latency_ms, sigma, latency_min_ms, latency_max_ms;
	double tokens_per_second; /* of four bytes; 0: the whole answer at once */
	int64_t limit;            /* questions in any hour; 0: as many as you like */
	FILE *log;                /* gets a line for each question; NULL: none */
};

struct sim_callbacks {
	/* What came, all of it up to now. */
	void (*grown)(void *ctx, const char *text, size_t len);
	/* Once, the last. status is 200 or 429; then there is no text. */
	void (*done)(void *ctx, int status, const char *text, size_t len);
	void *ctx;
};

struct sim_counts {
	size_t sent;
	size_t refused;    /* of them, with 429 */
	size_t aborted;    /* of them, before their answer was whole */
	size_t lost;       /* of them, about a text that is not what the typist has in mind */
	size_t ahead;      /* of them, about a place that is not the cursor's */
};

/* The model is borrowed. */
struct sim_net *sim_net_new(struct loop *loop, const struct sim_net_settings *settings, const struct sim_model *model);
/* Whoever waits for an answer must be gone. */
void sim_net_free(struct sim_net *net);
/* The number (never 0) is for sim_net_abort(). Callbacks come from the loop only. */
uint64_t sim_net_ask(struct sim_net *net, const struct sim_question *question, const struct sim_callbacks *callbacks);
/* No more callbacks. Unknown numbers are fine. */
void sim_net_abort(struct sim_net *net, uint64_t id);
struct sim_counts sim_net_counts(const struct sim_net *net);
/* Questions that could be sent now. */
int64_t sim_net_left(const struct sim_net *net);
/* What no client can know: would the first line of the answer be right? */
bool sim_net_would_be_right(const struct sim_net *net, const struct sim_question *question);

#endif
