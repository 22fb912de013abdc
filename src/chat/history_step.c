/*
 * What can wait, in the file of conversations, in small steps, since taking a long text into the index or out of it
 * takes its time.
 */
#include "eke/chat/history_step.h"

#include "history_private.h"
#include "history_schema.h"

/* Numbers from a statement's first column, and flags from its second; at most 8. */
static size_t take_rows(struct history *h, unsigned sql, int64_t *numbers, bool *flags)
{
	size_t n = 0;

	store_start(h->store, sql);
	while (n < 8 && store_next(h->store)) {
		flags[n] = store_type(h->store, 1) == STORE_INT && store_int(h->store, 1);
		numbers[n++] = store_int(h->store, 0);
	}
	return n;
}

static int64_t changes(struct history *h)
{
	store_start(h->store, SQL_CHANGES);
	return store_next(h->store) ? store_int(h->store, 0) : 0;
}

/* Merges some parts of the index (FTS5, "The 'merge' Command"); false: there was nothing to merge. */
static bool merge(struct history *h)
{
	int64_t before = changes(h);

	store_start(h->store, SQL_MERGE);
	store_run(h->store);
	return changes(h) - before >= 2;
}

static size_t drop_gone(struct history *h)
{
	int64_t pieces[8];
	bool indexed[8];
	size_t n = take_rows(h, SQL_GONE, pieces, indexed);

	for (size_t i = 0; i < n; i++) {
		if (indexed[i])
			history_run(h, SQL_UNINDEX, pieces[i]);
		history_run(h, SQL_PIECE_DROP, pieces[i]);
	}
	if (n)
		return n;
	store_start(h->store, SQL_GONE_TURNS);
	store_run(h->store);
	store_start(h->store, SQL_GONE_CHATS);
	store_run(h->store);
	return 0;
}

static size_t index_fresh(struct history *h)
{
	int64_t pieces[8];
	bool indexed[8];
	size_t n = take_rows(h, SQL_UNINDEXED, pieces, indexed);

	for (size_t i = 0; i < n; i++) {
		history_run(h, SQL_INDEX, pieces[i]);
		history_run(h, SQL_INDEXED, pieces[i]);
	}
	return n;
}

enum store_result history_step(struct history *h, bool *more)
{
	enum store_result result = history_open(h, STORE_WRITE);
	bool merged;
	bool changed;

	if (result != STORE_OK)
		return result;
	/* First what is left to merge: the more parts there are, the longer it takes. */
	merged = h->merging && merge(h);
	changed = !merged && (drop_gone(h) || index_fresh(h));
	result = store_commit(h->store);
	if (result == STORE_OK)
		h->merging = merged || changed;
	*more = result == STORE_OK && (merged || changed);
	return result;
}
