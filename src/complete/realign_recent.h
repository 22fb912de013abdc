#ifndef EKE_COMPLETE_REALIGN_RECENT_H
#define EKE_COMPLETE_REALIGN_RECENT_H
/*
 * Answers that were left and are come back to. For the engine's own files.
 */
#include <stdbool.h>

#include "eke/complete/cache.h"
#include "cursor_context.h"

struct engine;

/*
 * An answer that was followed, and then left for another word or other lines, goes on as the typing does: its rest,
 * with the user's names, is kept for this context, so that it can be typed through from here. False if there is none.
 */
bool realign_recent(
	struct engine *engine, const struct cursor_context *context, const struct cache_context *cache_context);

#endif
