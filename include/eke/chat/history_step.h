#ifndef EKE_CHAT_HISTORY_STEP_H
#define EKE_CHAT_HISTORY_STEP_H
/*
 * What can wait, in the file of conversations: the index of their words, and the deletion of what was dropped.
 */
#include <stdbool.h>

#include "eke/base/attrs.h"
#include "eke/chat/history.h"
#include "eke/store/store.h"

/* A step of what can wait: a few milliseconds at most. *more: there is more to do. */
MUST_USE enum store_result history_step(struct history *h, bool *more);

#endif
