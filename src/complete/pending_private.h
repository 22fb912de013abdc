#ifndef EKE_COMPLETE_PENDING_PRIVATE_H
#define EKE_COMPLETE_PENDING_PRIVATE_H
/*
 * What pending.c, which has the life of these requests, and pending_answer.c share.
 */
#include "eke/base/err.h"
#include "eke/complete/cache.h"
#include "eke/io/loop.h"
#include "eke/post/post.h"
#include "cursor_context.h"
#include "decide.h"
#include "pending.h"

enum pending_state {
	PENDING_NEW, /* decided at the turn's end */
	PENDING_PAUSING, /* for the typing to pause */
	PENDING_REQUESTED, /* waits for `inflight` */
};

struct pending {
	uint64_t id;
	struct engine *engine;
	enum pending_state state;
	bool automatic;
	bool whole;
	bool insert_spaces;
	unsigned tab_size;
	bool project_style;
	struct cursor_context context;
	struct post_context *surroundings; /* of context; NULL: not needed yet */
	uint64_t revision; /* of the document, when it was asked for */
	struct range range;
	char *selected; /* or NULL */
	struct err err; /* why it fails, or what failed before it was answered otherwise; kind ERR_NONE: nothing */
	bool declined;
	struct timer *timer; /* of the pause; in PENDING_REQUESTED, of an early answer */
	int64_t early_at_ms; /* when that is given at the latest; 0: not useful yet */
	struct inflight *inflight;
	const struct inflight *answered_by; /* while it is answered from what came of that */
	bool joined; /* the model request was sent by another, for a context before this one */
	size_t told; /* bytes of the text that delta() has told */
	bool waits_for_more; /* than was offered here before */
	struct engine_callbacks callbacks;
	struct pending *next;
};

/* Unlinks it; the memory goes at the turn's end. Its model request goes on, or not. */
void pending_end(struct pending *p);

/* --- pending_answer.c --- */

/* Answers, and ends it. Of the first, nothing beyond `most` bytes is shown. */
void pending_answer(struct pending *p, const struct cache_hit *hits, size_t count, size_t most);
/* Likewise with what the open documents tell; it stands in engine->offline_text. */
void pending_answer_offline(struct pending *p);
/* Answers with nothing; err: why, or NULL. */
void pending_answer_nothing(struct pending *p, const struct err *err);
/* It was tried and failed: the open documents may know something, too. */
void pending_fail(struct pending *p, const struct err *err);
/* Tells what of the item's text was not told yet. */
void pending_tell(struct pending *p, const struct cache_hit *hit);
/*
 * How much of a text is shown at once: the block, but never less than what was shown of it before. The rest is in the
 * cache when the user gets there.
 */
size_t pending_shown(struct pending *p, const struct cache_hit *hit);
/* What decides about it. */
struct decision_input pending_input(const struct pending *p);
/* Worked out when there is something to show. */
const struct post_context *pending_surroundings(struct pending *p);

#endif
