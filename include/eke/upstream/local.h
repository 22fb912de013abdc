#ifndef EKE_UPSTREAM_LOCAL_H
#define EKE_UPSTREAM_LOCAL_H
/*
 * Looks for servers of models on this machine: Ollama at port 11434, llama.cpp at 8080, LM Studio at 1234, or at the
 * addresses that the environment variable EKE_LOCAL_SERVERS lists, separated by commas (empty: nowhere). Each is asked
 * GET /v1/models, without a key and never through a proxy; a llama.cpp server also whether it fills in the middle. That
 * takes at most LOCAL_SEARCH_MS, during which nobody waits.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/io/loop.h"
#include "eke/upstream/local_server.h"
#include "eke/upstream/upstream.h"

#define LOCAL_SEARCH_MS 1000

struct local_search;

/* false: EKE_LOCAL_SERVERS says to look nowhere. */
bool local_search_is_wanted(void);
/* fn is called once, from the loop, when all have answered or the time is up; unless freed. */
struct local_search *local_search_start(struct upstream *upstream, loop_fn *fn, void *ctx);
/* What was found by now, in the order of the addresses; NULL past the end. Lives as long as the search. */
const struct local_server *local_search_at(const struct local_search *search, size_t index);
/* The first that can be used: one of its models can chat. NULL: none. */
const struct local_server *local_search_usable(const struct local_search *search);
void local_search_free(struct local_search *search);

#endif
