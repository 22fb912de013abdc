#ifndef EKE_STORE_KEPT_H
#define EKE_STORE_KEPT_H
/*
 * What was kept of databases that were damaged: files of the state directory, whichever process found the damage and
 * whenever, until the user deletes them.
 */
#include <stddef.h>

#include "eke/base/strbuf.h"

/*
 * Calls fn for each, the oldest first: its path, and a sentence that names it: "chats.db was damaged on 2026-01-02;
 * what it held is kept as /…/chats.db.damaged-20260102-030405: …". Both are borrowed for the call. At most LIMIT_KEPT.
 */
void kept_each(void (*fn)(void *ctx, const char *path, const char *sentence), void *ctx);

#endif
