#ifndef EKE_COMPLETE_INFLIGHT_H
#define EKE_COMPLETE_INFLIGHT_H
/*
 * The model requests that are under way, and who profits of each. For the engine's own files.
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "model_request.h"

struct engine;

/* A model request under way. */
struct inflight {
	struct engine *engine;
	struct model_request *request;
	struct claim *claim; /* so that no two processes send the same request */
	uint64_t preparing; /* the retriever's number while files are read; 0: not */
	char *uri;
	bool automatic;
	bool used; /* something of it was shown: it is not in vain, even if nobody waits */
	struct timer *abort_timer;
	struct inflight *next;
};

/* NULL with err if the request cannot be made. */
struct inflight *inflight_start(struct engine *engine, const struct model_request_params *params, struct err *err);
struct inflight *inflight_find(const struct engine *engine, uint64_t item);
/* Is an automatic request for this document under way? */
bool inflight_any_automatic(const struct engine *engine, const char *uri);
/*
 * One that waited for it waits no more. If it was the last, the model request goes on if it is paid for (src/README.md,
 * rule 7); else it is aborted, unless somebody else joins it within the time between two keystrokes: editors cancel
 * their request at each key, and the next may want the same.
 */
void inflight_abandon(struct inflight *inflight);
/* No more requests can be under way: the oldest that nobody waits for ends. False: there is none. */
bool inflight_make_room(void *engine);
/*
 * The newest request in this document rests on `except` (or on none): others that nobody waits for and that cost
 * nothing are aborted, even if something of them was shown.
 */
void inflight_sweep(struct engine *engine, const char *uri, const struct inflight *except);
void inflight_free_all(struct engine *engine);

#endif
