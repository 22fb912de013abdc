#ifndef EKE_CONTEXT_WAYPOINTS_H
#define EKE_CONTEXT_WAYPOINTS_H
/*
 * Where a walk stood at some of its lines. A walk over the text as it is after a change goes on from the last one
 * before the change, and where it stands behind the change as the one before did, all the rest is taken over from its
 * digest. The new digest is the same as without. For digest.c.
 */
#include <stdbool.h>
#include <stddef.h>

#include "digest_walk.h"

/* What may be taken over. */
struct waypoints_reuse {
	const struct digest *before; /* borrowed; NULL: nothing */
	ptrdiff_t moved; /* how far what is behind the change is from where it was */
	size_t tail; /* where in its text what is the same behind the change begins ... */
	size_t end; /* ... and ends ... */
	bool is_whole; /* ... which is where both texts end */
	size_t next; /* its waypoint that may come next */
};

/* Takes a walk that begins as far as it can; `before`: a digest with the same names, or NULL. */
void waypoints_begin(struct waypoints_reuse *reuse, struct digest_walk *walk, const struct digest *before);
/* The walk, which stands before a line, may move on. True if it has taken over all the rest and is at its end. */
bool waypoints_join(struct waypoints_reuse *reuse, struct digest_walk *walk);
/* Remembers where the walk stands, if it is time for that and simple. */
void waypoints_note(struct digest_walk *walk);
/* No more are added; returns what they take in memory. */
size_t waypoints_cut(struct digest *digest);

#endif
