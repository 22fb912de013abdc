#ifndef EKE_UPSTREAM_LOCAL_H
#define EKE_UPSTREAM_LOCAL_H
/*
 * Looks for model servers on this machine: Ollama at port 11434, llama.cpp at 8080, LM Studio at 1234, or at the
 * addresses in the environment variable EKE_LOCAL_SERVERS, separated by commas (empty: no search). Sends GET /v1/models
 * to each, without a key and never through a proxy, and asks a llama.cpp server whether its model fills in the middle.
 * The search takes at most LOCAL_SEARCH_MS and blocks nobody.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/io/loop.h"
#include "eke/upstream/local_server.h"
#include "eke/upstream/upstream.h"

#define LOCAL_SEARCH_MS 1000

struct local_search;

/* false: EKE_LOCAL_SERVERS is empty. */
bool local_search_is_wanted(void);
/* Calls fn once, from the loop, when all servers have answered or the time is up, unless the search is freed first. */
struct local_search *local_search_start(struct upstream *upstream, loop_fn *fn, void *ctx);
/* The servers found so far, in the order of the addresses; NULL past the end. They live as long as the search. */
const struct local_server *local_search_at(const struct local_search *search, size_t index);
/* The first server that has a model for chats. NULL: none. */
const struct local_server *local_search_usable(const struct local_search *search);
void local_search_free(struct local_search *search);

#endif
