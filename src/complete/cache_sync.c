/*
 * When the disk cache is read and written. Reading happens where the result is needed, in microseconds: at a document's
 * first request, and when the file has changed since. Writing waits in a queue for a timer, so that no keystroke waits
 * for it, and a queue that cannot be written is dropped: a cache may lose.
 *
 * Objects: *documents* remember how far their rows were read; *ops* are the queue; *stored rows* tell which row an item
 * of the cache is, for as long as there is room; a *claim* is a model request that is about to be sent, and belongs to
 * its caller.
 */
#include "cache_sync.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/complete/disk_cache.h"

/* From a change to its writing: what belongs together comes together. */
#define WRITE_AFTER_MS 15
/* Another process writes: a transaction takes far less. */
#define BUSY_MS 5
#define CLAIM_TRIES 20 /* then the request is sent without a claim: somebody waits */
#define WRITE_TRIES 200
/* Between two looks at another process's claim. */
#define POLL_MS 50
/* A disk cache that cannot be used is left alone for so long. */
#define REST_MS 60000
/* After the start, when nobody waits. */
#define PURGE_AFTER_MS 500

struct document {
	char *uri;
	struct disk_cache_id seen;
	int64_t version; /* of the disk cache, when it was read; 0: unknown */
};

enum op_kind { OP_KEEP, OP_RELEASE, OP_USE, OP_DROP };

struct op {
	enum op_kind kind;
	char *uri; /* for KEEP and RELEASE, like the key */
	struct cache_key key;
	char *text;
	size_t len;
	unsigned rank;
	int64_t at_ms;
	uint64_t item;
	struct disk_cache_id id; /* for USE and DROP; after a KEEP, its row */
};

struct stored_row {
	uint64_t item; /* 0: free */
	struct disk_cache_id id;
	bool used; /* ... and the disk cache knows it */
};

enum claim_state {
	CLAIM_TRYING,
	CLAIM_WAITING, /* for another process's answer */
	CLAIM_OURS, /* others can see it */
	CLAIM_ALONE, /* others cannot: there is no disk cache */
};

struct claim {
	struct cache_sync *sync;
	enum claim_state state;
	char *uri;
	struct cache_key key;
	int64_t lease_ms;
	int64_t give_up_ms; /* monotonic; when the other is waited for no more; 0: never waited */
	int tries;
	struct timer *timer;
	struct claim_callbacks callbacks;
};

struct cache_sync {
	struct loop *loop;
	struct cache *cache;
	uint64_t *last_item;
	struct disk_cache *disk;
	bool configured, history, purge;
	int64_t rest_until_ms;
	char *told; /* the last trouble */
	struct document documents[LIMIT_DISK_CACHE_DOCUMENTS]; /* the one used last first */
	size_t document_count;
	struct op queue[LIMIT_DISK_CACHE_QUEUE];
	size_t op_count, op_bytes;
	int tries;
	struct timer *write_timer;
	struct stored_row *rows; /* LIMIT_CACHE_ENTRIES; NULL until there is one */
	size_t next_row;
	bool purge_due;
	struct timer *purge_timer;
};

static void on_write_time(void *ctx);
static void on_purge_time(void *ctx);

struct cache_sync *cache_sync_new(struct loop *loop, struct cache *cache, uint64_t *last_item)
{
	struct cache_sync *s = xcalloc(1, sizeof(*s));

	s->loop = loop;
	s->cache = cache;
	s->last_item = last_item;
	s->disk = disk_cache_new(NULL);
	s->write_timer = timer_new(loop, on_write_time, s);
	s->purge_timer = timer_new(loop, on_purge_time, s);
	return s;
}

static bool is_usable(const struct cache_sync *s)
{
	return s->history && clock_mono_ms() >= s->rest_until_ms;
}

/* Takes a transaction's result in: tells what is wrong once, and leaves a broken disk cache alone for a while. */
static void note(struct cache_sync *s, enum store_result result)
{
	struct store_trouble trouble;

	if (result == STORE_FAILED)
		s->rest_until_ms = clock_mono_ms() + REST_MS;
	if (!disk_cache_take_trouble(s->disk, &trouble) || (s->told && !strcmp(s->told, trouble.sentence)))
		return;
	free(s->told);
	s->told = xstrdup(trouble.sentence);
	log_info("%s", trouble.sentence);
}

/* --- stored rows --- */

static void note_row(struct cache_sync *s, uint64_t item, struct disk_cache_id id)
{
	if (!id.file)
		return;
	if (!s->rows)
		s->rows = xcalloc(LIMIT_CACHE_ENTRIES, sizeof(s->rows[0]));
	s->rows[s->next_row] = (struct stored_row){ .item = item, .id = id };
	s->next_row = (s->next_row + 1) % LIMIT_CACHE_ENTRIES;
}

/* The next row of an item from `at` on, or NULL. */
static struct stored_row *find_row(struct cache_sync *s, uint64_t item, size_t at)
{
	for (; s->rows && at < LIMIT_CACHE_ENTRIES; at++)
		if (s->rows[at].item == item)
			return &s->rows[at];
	return NULL;
}

/* --- the queue --- */

static void op_release(struct op *op)
{
	free(op->uri);
	free(op->text);
}

static void queue_remove(struct cache_sync *s, size_t at)
{
	s->op_bytes -= s->queue[at].len;
	op_release(&s->queue[at]);
	s->op_count--;
	memmove(&s->queue[at], &s->queue[at + 1], (s->op_count - at) * sizeof(s->queue[0]));
}

static void queue_clear(struct cache_sync *s)
{
	while (s->op_count)
		queue_remove(s, s->op_count - 1);
	s->tries = 0;
	timer_stop(s->write_timer);
}

static void queue_add(struct cache_sync *s, const struct op *op)
{
	while (
		s->op_count && (s->op_count == LIMIT_DISK_CACHE_QUEUE || s->op_bytes + op->len > LIMIT_DISK_CACHE_QUEUE_BYTES))
		queue_remove(s, 0);
	s->queue[s->op_count++] = *op;
	s->op_bytes += op->len;
	if (!timer_is_running(s->write_timer))
		timer_start(s->write_timer, WRITE_AFTER_MS);
}

static void write_op(struct disk_cache *disk, struct op *op)
{
	struct disk_cache_answer answer = {
		.uri = op->uri, .key = op->key, .rank = op->rank, .text = op->text, .len = op->len, .at_ms = op->at_ms
	};

	switch (op->kind) {
	case OP_KEEP:
		op->id = disk_cache_put(disk, &answer);
		return;
	case OP_RELEASE:
		disk_cache_release(disk, op->uri, &op->key);
		return;
	case OP_USE:
		disk_cache_use(disk, op->id);
		return;
	case OP_DROP:
		disk_cache_drop(disk, op->id);
		return;
	}
}

static enum store_result write_queue(struct cache_sync *s)
{
	enum store_result result = disk_cache_begin(s->disk);

	if (result == STORE_OK) {
		for (size_t i = 0; i < s->op_count; i++)
			write_op(s->disk, &s->queue[i]);
		result = disk_cache_end(s->disk);
	}
	note(s, result);
	return result;
}

static void on_write_time(void *ctx)
{
	struct cache_sync *s = ctx;
	enum store_result result = is_usable(s) ? write_queue(s) : STORE_FAILED;

	if (result == STORE_BUSY && ++s->tries < WRITE_TRIES) {
		timer_start(s->write_timer, BUSY_MS);
		return;
	}
	if (result != STORE_OK)
		log_debug("%zu changes to the store of completions are lost", s->op_count);
	for (size_t i = 0; result == STORE_OK && i < s->op_count; i++)
		if (s->queue[i].kind == OP_KEEP)
			note_row(s, s->queue[i].item, s->queue[i].id);
	queue_clear(s);
}

void cache_sync_keep(
	struct cache_sync *s, const char *uri, const struct cache_key *key, const struct cache_answer *answer)
{
	struct op op = { .kind = OP_KEEP, .key = *key, .rank = answer->rank, .item = answer->item };

	if (!is_usable(s) || answer->len > LIMIT_COMPLETION_TEXT)
		return;
	op.uri = xstrdup(uri);
	op.text = xstrndup(answer->len ? answer->text : "", answer->len);
	op.len = answer->len;
	op.at_ms = clock_wall_ms();
	queue_add(s, &op);
}

void cache_sync_used(struct cache_sync *s, uint64_t item)
{
	struct stored_row *m = is_usable(s) ? find_row(s, item, 0) : NULL;

	if (!m || m->used)
		return;
	m->used = true;
	queue_add(s, &(struct op){ .kind = OP_USE, .id = m->id });
}

void cache_sync_rejected(struct cache_sync *s, uint64_t item)
{
	if (!is_usable(s))
		return;
	for (size_t i = s->op_count; i-- > 0;)
		if (s->queue[i].kind == OP_KEEP && s->queue[i].item == item)
			queue_remove(s, i);
	for (struct stored_row *m = find_row(s, item, 0); m; m = find_row(s, item, (size_t)(m - s->rows) + 1)) {
		m->item = 0;
		queue_add(s, &(struct op){ .kind = OP_DROP, .id = m->id });
	}
}

/* --- documents --- */

static void document_release(struct document *doc)
{
	free(doc->uri);
}

/* The document's, first in the list from now on. */
static struct document *document_of(struct cache_sync *s, const char *uri)
{
	struct document doc = { .version = 0 };
	size_t at = 0;

	while (at < s->document_count && strcmp(s->documents[at].uri, uri) != 0)
		at++;
	if (at < s->document_count) {
		doc = s->documents[at];
	} else {
		doc.uri = xstrdup(uri);
		if (s->document_count == LIMIT_DISK_CACHE_DOCUMENTS)
			document_release(&s->documents[--at]);
		else
			s->document_count++;
	}
	memmove(&s->documents[1], &s->documents[0], at * sizeof(doc));
	s->documents[0] = doc;
	return &s->documents[0];
}

static void on_row(void *ctx, const struct disk_cache_row *row)
{
	struct cache_sync *s = ctx;
	struct cache_answer answer = { .text = row->text,
		.len = row->len,
		.item = *s->last_item += CACHE_RANKS,
		.rank = row->rank,
		.complete = true,
		.stored_ms = clock_mono_ms() - row->age_ms };

	if (cache_put(s->cache, &row->key, &answer))
		note_row(s, answer.item, row->id);
}

static enum store_result load(struct cache_sync *s, struct document *doc)
{
	int64_t version = disk_cache_version(s->disk);
	enum store_result result = disk_cache_load(s->disk, doc->uri, &doc->seen, on_row, s);

	note(s, result);
	/* Taken before, so that nothing that came meanwhile is missed. */
	doc->version = result == STORE_OK ? version : 0;
	return result;
}

void cache_sync_refresh(struct cache_sync *s, const char *uri)
{
	struct document *doc;

	if (!is_usable(s))
		return;
	doc = document_of(s, uri);
	if (!doc->version || doc->version != disk_cache_version(s->disk))
		load(s, doc);
}

/* --- claims --- */

static void claim_release(void *p)
{
	struct claim *claim = p;

	free(claim->uri);
	free(claim);
}

static void claim_ask(struct claim *claim, enum claim_state state)
{
	claim->state = state;
	claim->callbacks.send(claim->callbacks.ctx, claim->give_up_ms != 0);
}

static void claim_wait(struct claim *claim)
{
	claim->state = CLAIM_WAITING;
	if (!claim->give_up_ms) {
		log_debug("another process has this request under way");
		claim->give_up_ms = clock_mono_ms() + LIMIT_DISK_CACHE_WAIT_MS;
	}
	timer_start(claim->timer, POLL_MS);
}

static bool is_waited_out(const struct claim *claim)
{
	return claim->give_up_ms && clock_mono_ms() >= claim->give_up_ms;
}

static void claim_busy(struct claim *claim)
{
	if (++claim->tries < CLAIM_TRIES)
		timer_start(claim->timer, BUSY_MS);
	else
		claim_ask(claim, CLAIM_ALONE);
}

static void claim_try(void *ctx)
{
	struct claim *claim = ctx;
	struct cache_sync *s = claim->sync;
	enum store_result result = STORE_FAILED;
	enum disk_cache_claim outcome = DISK_CACHE_MINE;
	struct document *doc = NULL;

	if (is_usable(s)) {
		doc = document_of(s, claim->uri);
		result = disk_cache_claim(
			s->disk, claim->uri, &claim->key, &doc->seen, claim->lease_ms, is_waited_out(claim), &outcome);
		note(s, result);
	}
	if (result == STORE_OK)
		claim->tries = 0;
	if (result == STORE_OK && outcome == DISK_CACHE_ANSWERED)
		result = load(s, doc);
	if (result == STORE_BUSY)
		claim_busy(claim);
	else if (result == STORE_FAILED)
		claim_ask(claim, CLAIM_ALONE);
	else if (outcome == DISK_CACHE_OTHERS)
		claim_wait(claim);
	else if (outcome == DISK_CACHE_ANSWERED)
		claim->callbacks.answered(claim->callbacks.ctx);
	else
		claim_ask(claim, CLAIM_OURS);
}

static void on_claim_time(void *ctx)
{
	struct claim *claim = ctx;
	bool others = false;

	/* A busy disk cache is asked again when it is time to claim. */
	if (claim->state == CLAIM_WAITING && !is_waited_out(claim) && is_usable(claim->sync) &&
		disk_cache_is_others(claim->sync->disk, claim->uri, &claim->key, &others) == STORE_OK && others)
		claim_wait(claim);
	else
		claim_try(claim);
}

struct claim *claim_start(struct cache_sync *s, const char *uri, const struct cache_key *key, int64_t lease_ms,
	const struct claim_callbacks *callbacks)
{
	struct claim *claim = xcalloc(1, sizeof(*claim));

	claim->sync = s;
	claim->uri = xstrdup(uri);
	claim->key = *key;
	claim->lease_ms = lease_ms < LIMIT_DISK_CACHE_WAIT_MS ? lease_ms : LIMIT_DISK_CACHE_WAIT_MS;
	claim->callbacks = *callbacks;
	claim->timer = timer_new(s->loop, on_claim_time, claim);
	loop_defer(s->loop, claim_try, claim);
	return claim;
}

void claim_end(struct claim *claim)
{
	struct cache_sync *s = claim->sync;

	loop_undefer(s->loop, claim_try, claim);
	timer_free(claim->timer);
	if (claim->state == CLAIM_OURS && is_usable(s))
		queue_add(s, &(struct op){ .kind = OP_RELEASE, .uri = xstrdup(claim->uri), .key = claim->key });
	/* A callback of it may be on the stack. */
	loop_defer_free(s->loop, claim, claim_release);
}

/* --- settings and the end --- */

static void on_purge_time(void *ctx)
{
	struct cache_sync *s = ctx;

	if (disk_cache_purge(s->disk) == STORE_BUSY)
		timer_start(s->purge_timer, PURGE_AFTER_MS);
	else
		s->purge_due = false;
}

void cache_sync_configure(struct cache_sync *s, bool history, bool purge)
{
	if (s->configured && s->history == history && s->purge == purge)
		return;
	s->configured = true;
	s->history = history;
	s->purge = purge;
	s->purge_due = purge && disk_cache_exists();
	timer_stop(s->purge_timer);
	if (!history)
		queue_clear(s);
	if (s->purge_due)
		timer_start(s->purge_timer, PURGE_AFTER_MS);
}

void cache_sync_free(struct cache_sync *s)
{
	if (!s)
		return;
	if (s->op_count && is_usable(s) && write_queue(s) != STORE_OK)
		log_debug("%zu changes to the store of completions are lost", s->op_count);
	if (s->purge_due && disk_cache_purge(s->disk) != STORE_OK)
		log_debug("the store of completions is busy, and removed next time");
	queue_clear(s);
	for (size_t i = 0; i < s->document_count; i++)
		document_release(&s->documents[i]);
	timer_free(s->write_timer);
	timer_free(s->purge_timer);
	disk_cache_free(s->disk);
	free(s->rows);
	free(s->told);
	free(s);
}
