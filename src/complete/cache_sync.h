#ifndef EKE_COMPLETE_CACHE_SYNC_H
#define EKE_COMPLETE_CACHE_SYNC_H
/*
 * What this process's cache shares with other processes and with later ones, through complete/disk_cache.h:
 * answers go there a moment after they came, and come from there when a document needs a completion; a model
 * request that another process has in flight is waited for instead of sent again. For the engine's own files.
 *
 * Nothing here fails: where the disk cache is busy, broken or not wanted (privacy.history false), each process is by
 * itself.
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/complete/cache.h"
#include "eke/io/loop.h"

struct cache_sync;

/*
 * All is borrowed. *last_item: the engine's last number; each row gets one, CACHE_RANKS above it, as a model
 * request's answers do. Opens nothing.
 */
struct cache_sync *cache_sync_new(struct loop *loop, struct cache *cache, uint64_t *last_item);
/* Writes what waits to be written, if that is possible now. No claim is left. */
void cache_sync_free(struct cache_sync *sync);
/*
 * Without history nothing is read or written any more. `purge`: what is there, of all workspaces, is removed, soon;
 * that is for their owner to say, not for a workspace.
 */
void cache_sync_configure(struct cache_sync *sync, bool history, bool purge);

/* Before a document's answers are looked for: takes in what the disk cache has for it and what others added since. */
void cache_sync_refresh(struct cache_sync *sync, const char *uri);

/* An answer is complete. Copied. */
void cache_sync_keep(
	struct cache_sync *sync, const char *uri, const struct cache_key *key, const struct cache_answer *answer);
/* An item was shown; another was turned down. Any item of the cache. */
void cache_sync_used(struct cache_sync *sync, uint64_t item);
void cache_sync_rejected(struct cache_sync *sync, uint64_t item);

/* --- claims --- */

struct claim;

/* One of them, once, from the loop. */
struct claim_callbacks {
	/* Send the request. `waited`: another process had it for a while; perhaps nobody wants the answer any more. */
	void (*send)(void *ctx, bool waited);
	/* Another process got the answer: it is in the cache. */
	void (*answered)(void *ctx);
	void *ctx;
};

/* A model request that is to be sent; `lease_ms`: how long other processes are to wait for us. */
struct claim *claim_start(struct cache_sync *sync, const char *uri, const struct cache_key *key, int64_t lease_ms,
	const struct claim_callbacks *callbacks);
/* The request is over, or not sent after all. What cache_sync_keep() was given before is there for others first. */
void claim_end(struct claim *claim);

#endif
