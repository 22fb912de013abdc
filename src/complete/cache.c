/*
 * The typed-through cache. Why: a request is the scarce thing, and most positions a user is at are
 * inside an answer already paid for.
 *
 * Objects: struct cache owns a fixed array of entries; each owns its text. Entries are chained in
 * buckets by the hash of what precedes the cursor, and in one list by use. Indices instead of pointers:
 * NONE ends a chain. All live as long as the cache.
 */
#include "eke/complete/cache.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/code/closers.h"
#include "cache_key.h"

#define NONE UINT32_MAX
#define CLOSERS_MAX 4 /* that an editor may have put right of the cursor */

struct entry {
	uint64_t before; /* the key's two halves */
	uint64_t after;
	char *text;
	size_t len;
	uint64_t item;
	int64_t stored_ms;
	bool complete;
	unsigned char rank;
	uint32_t chain; /* next in its bucket, or in the free list */
	uint32_t newer;
	uint32_t older;
};

struct cache {
	struct entry *entries;
	uint32_t max_entries;
	size_t max_bytes;
	uint32_t *buckets;
	uint32_t bucket_mask;
	uint32_t free_head;
	uint32_t newest;
	uint32_t oldest;
	size_t count;
	size_t bytes;
	struct cache_powers powers;
};

struct cache *cache_new(size_t max_entries, size_t max_bytes)
{
	struct cache *c = xcalloc(1, sizeof(*c));
	uint32_t buckets = 16;

	if (!max_entries || max_entries > UINT32_MAX / 4)
		max_entries = LIMIT_CACHE_ENTRIES;
	c->max_entries = (uint32_t)max_entries;
	c->max_bytes = max_bytes ? max_bytes : LIMIT_CACHE_BYTES;
	while (buckets < 2 * c->max_entries)
		buckets *= 2;
	c->bucket_mask = buckets - 1;
	c->buckets = xcalloc(buckets, sizeof(*c->buckets));
	c->entries = xcalloc(c->max_entries, sizeof(*c->entries));
	cache_powers_init(&c->powers);
	cache_clear(c);
	return c;
}

void cache_free(struct cache *c)
{
	if (!c)
		return;
	cache_clear(c);
	free(c->entries);
	free(c->buckets);
	free(c);
}

void cache_clear(struct cache *c)
{
	for (uint32_t i = 0; i < c->max_entries; i++) {
		free(c->entries[i].text);
		c->entries[i] = (struct entry){ .chain = i + 1 < c->max_entries ? i + 1 : NONE };
	}
	for (uint32_t i = 0; i <= c->bucket_mask; i++)
		c->buckets[i] = NONE;
	c->free_head = 0;
	c->newest = NONE;
	c->oldest = NONE;
	c->count = 0;
	c->bytes = 0;
}

size_t cache_count(const struct cache *c)
{
	return c->count;
}

size_t cache_bytes(const struct cache *c)
{
	return c->bytes;
}

static size_t cost(size_t len)
{
	return len + sizeof(struct entry);
}

static void list_remove(struct cache *c, uint32_t i)
{
	struct entry *e = &c->entries[i];

	*(e->newer == NONE ? &c->newest : &c->entries[e->newer].older) = e->older;
	*(e->older == NONE ? &c->oldest : &c->entries[e->older].newer) = e->newer;
}

static void list_push(struct cache *c, uint32_t i)
{
	struct entry *e = &c->entries[i];

	e->newer = NONE;
	e->older = c->newest;
	*(c->newest == NONE ? &c->oldest : &c->entries[c->newest].newer) = i;
	c->newest = i;
}

static void touch(struct cache *c, uint32_t i)
{
	list_remove(c, i);
	list_push(c, i);
}

static void drop(struct cache *c, uint32_t i)
{
	struct entry *e = &c->entries[i];
	uint32_t *link = &c->buckets[e->before & c->bucket_mask];

	while (*link != i)
		link = &c->entries[*link].chain;
	*link = e->chain;
	list_remove(c, i);
	c->bytes -= cost(e->len);
	c->count--;
	free(e->text);
	e->text = NULL;
	e->chain = c->free_head;
	c->free_head = i;
}

static uint32_t lookup(const struct cache *c, const struct cache_key *key, unsigned rank)
{
	uint64_t before = cache_key_before(key);
	uint64_t after = cache_key_after(key);
	uint32_t i = c->buckets[before & c->bucket_mask];

	while (i != NONE &&
	       (c->entries[i].before != before || c->entries[i].after != after || c->entries[i].rank != rank))
		i = c->entries[i].chain;
	return i;
}

bool cache_put(struct cache *c, const struct cache_key *key, const struct cache_answer *answer)
{
	uint32_t i = lookup(c, key, answer->rank);
	size_t len = answer->len;
	char *copy;
	struct entry *e;

	if (len > c->max_bytes || cost(len) > c->max_bytes) {
		if (i != NONE)
			drop(c, i);
		return false;
	}
	/* Copied before anything goes: the text may be an entry's own. */
	copy = xstrndup(answer->text ? answer->text : "", len);
	if (i != NONE)
		drop(c, i);
	while (c->free_head == NONE || c->bytes + cost(len) > c->max_bytes)
		drop(c, c->oldest);
	i = c->free_head;
	e = &c->entries[i];
	c->free_head = e->chain;
	*e = (struct entry){
		.before = cache_key_before(key),
		.after = cache_key_after(key),
		.text = copy,
		.len = len,
		.item = answer->item,
		.stored_ms = answer->stored_ms,
		.complete = answer->complete,
		.rank = (unsigned char)answer->rank,
	};
	e->chain = c->buckets[e->before & c->bucket_mask];
	c->buckets[e->before & c->bucket_mask] = i;
	list_push(c, i);
	c->bytes += cost(len);
	c->count++;
	return true;
}

/* The text from `typed` on. */
static struct cache_hit hit_of(const struct entry *e, size_t typed)
{
	size_t at = typed < e->len ? typed : e->len;
	struct cache_hit hit = {
		.text = e->text + at,
		.len = e->len - at,
		.rank = e->rank,
		.item = e->item,
		.complete = e->complete,
		.typed = typed,
		.stored_ms = e->stored_ms,
	};

	cache_key_put(&hit.key, e->before, e->after);
	return hit;
}

bool cache_get(const struct cache *c, const struct cache_key *key, unsigned rank, struct cache_hit *out)
{
	uint32_t i = lookup(c, key, rank);

	if (i == NONE)
		return false;
	*out = hit_of(&c->entries[i], 0);
	return true;
}

void cache_forget(struct cache *c, const struct cache_key *key)
{
	for (unsigned rank = 0; rank < CACHE_RANKS; rank++) {
		uint32_t i = lookup(c, key, rank);

		if (i != NONE)
			drop(c, i);
	}
}

void cache_forget_item(struct cache *c, uint64_t item)
{
	uint32_t i = c->newest;

	while (i != NONE) {
		uint32_t older = c->entries[i].older;

		if (c->entries[i].item == item)
			drop(c, i);
		i = older;
	}
}

/* --- what the editor may have added right of the cursor --- */

static size_t blanks_with_line_end(const char *s, size_t len)
{
	size_t i = 0;
	bool line_end = false;

	while (i < len && (s[i] == ' ' || s[i] == '\t' || s[i] == '\r' || s[i] == '\n'))
		line_end |= s[i++] == '\n';
	return line_end ? i : 0;
}

/*
 * A way to read what follows the cursor: `skip` blanks and then `closers` characters are the editor's.
 */
struct reading {
	size_t skip;
	size_t closers;
	uint64_t after;
};

#define READINGS_MAX (2 * (CLOSERS_MAX + 1))

static size_t readings(const struct cache_context *context, uint64_t seed, struct reading *out)
{
	const char *s = context->suffix;
	size_t len = context->suffix_len;
	size_t skips[2] = { 0, blanks_with_line_end(s, len) };
	size_t n = 0;

	for (size_t k = 0; k < 2; k++) {
		size_t skip = skips[k];

		if (k && (!skip || skip == len || !closer_is(s[skip])))
			break;
		for (size_t closers = 0; closers <= CLOSERS_MAX; closers++) {
			size_t used = skip + closers;

			if (used > len || (closers && !closer_is(s[used - 1])))
				break;
			out[n++] = (struct reading){ skip, closers, cache_after_key(seed, s + used, len - used) };
		}
	}
	return n;
}

/* --- finding --- */

struct search {
	const struct cache_context *context;
	int64_t now_ms;
	enum cache_status status;
	struct cache_hit hit;
	uint32_t entry;
	size_t typed; /* at the winner */
	/* All hits with different texts, in the order of their being found; or NULL. */
	struct cache_hit *all;
	size_t all_count;
	size_t all_max;
};

/* HIT is better than PENDING, that than NOTHING, that than MISS; of equals the first one found. */
static int worth(enum cache_status status)
{
	switch (status) {
	case CACHE_MISS:
		return 0;
	case CACHE_NOTHING:
		return 1;
	case CACHE_INCOMPLETE:
		return 2;
	case CACHE_HIT:
		return 3;
	}
	return 0;
}

static enum cache_status judge(const struct search *s, const struct entry *e, size_t typed_len,
			       const struct reading *r, size_t *rest_len)
{
	const char *typed = s->context->prefix + s->context->prefix_len - typed_len;
	const char *rest;

	*rest_len = 0;
	if (e->complete && !e->len) {
		bool here = !typed_len && !r->skip && !r->closers;

		return here && s->now_ms - e->stored_ms < LIMIT_CACHE_NEGATIVE_MS ? CACHE_NOTHING : CACHE_MISS;
	}
	if (memcmp(typed, e->text, typed_len < e->len ? typed_len : e->len) != 0)
		return CACHE_MISS;
	if (typed_len >= e->len) {
		if (e->complete)
			return CACHE_MISS;
		return !r->closers || closers_cut(typed, typed_len, s->context->suffix + r->skip, r->closers, "", rest_len)
			? CACHE_INCOMPLETE
			: CACHE_MISS;
	}
	rest = e->text + typed_len;
	*rest_len = e->len - typed_len;
	if (r->skip && !memchr(typed, '\n', typed_len))
		return CACHE_MISS;
	if (r->closers && !closers_cut(typed, typed_len, s->context->suffix + r->skip, r->closers, rest, rest_len))
		return CACHE_MISS;
	if (r->skip) {
		size_t end = *rest_len;

		while (end && (rest[end - 1] == ' ' || rest[end - 1] == '\t'))
			end--;
		if (end && rest[end - 1] == '\n') {
			end--;
			*rest_len = end && rest[end - 1] == '\r' ? end - 1 : end;
		}
	}
	return *rest_len ? CACHE_HIT : CACHE_NOTHING;
}

static bool same_text(const struct cache_hit *a, const struct cache_hit *b)
{
	return a->len == b->len && !memcmp(a->text, b->text, a->len);
}

/* Adds a hit unless its text is there. */
static void collect(struct search *s, const struct cache_hit *hit)
{
	for (size_t i = 0; i < s->all_count; i++)
		if (same_text(&s->all[i], hit))
			return;
	if (s->all_count < s->all_max)
		s->all[s->all_count++] = *hit;
}

static void consider(struct search *s, struct cache *c, uint32_t i, size_t typed_len, const struct reading *r)
{
	const struct entry *e = &c->entries[i];
	size_t rest_len;
	enum cache_status status = judge(s, e, typed_len, r, &rest_len);
	struct cache_hit hit = hit_of(e, typed_len);
	bool better;

	hit.len = status == CACHE_HIT ? rest_len : 0;
	hit.cut = status == CACHE_HIT && r->closers && !r->skip ? e->len - typed_len - rest_len : 0;
	if (status == CACHE_HIT && s->all)
		collect(s, &hit);
	better = worth(status) > worth(s->status) ||
		 (status == CACHE_HIT && s->status == CACHE_HIT && typed_len == s->typed &&
		  e->rank < c->entries[s->entry].rank);
	if (!better)
		return;
	s->status = status;
	s->entry = i;
	s->typed = typed_len;
	s->hit = hit;
}

/* Walks back over what was typed; without s->all only as far as the winner. */
static void walk(struct cache *c, struct search *s)
{
	const struct cache_context *context = s->context;
	struct reading ways[READINGS_MAX];
	uint64_t seed;
	size_t way_count;
	struct cache_tail tail;

	if (!c->count)
		return;
	seed = cache_seed(context);
	way_count = readings(context, seed, ways);
	cache_tail_init(&tail, context->prefix, context->prefix_len);
	for (size_t typed = 0; typed <= LIMIT_CACHE_TYPED && (s->all || s->status != CACHE_HIT); typed++) {
		uint64_t before = cache_before_key(seed, &tail);

		for (uint32_t i = c->buckets[before & c->bucket_mask]; i != NONE; i = c->entries[i].chain) {
			if (c->entries[i].before != before)
				continue;
			for (size_t w = 0; w < way_count; w++) {
				if (c->entries[i].after == ways[w].after)
					consider(s, c, i, typed, &ways[w]);
			}
		}
		/*
		 * A word that there is nothing here outweighs older answers: they were known when it was asked
		 * for.
		 */
		if (!tail.end || (!typed && s->status == CACHE_NOTHING))
			return;
		cache_tail_back(&tail, &c->powers);
	}
}

enum cache_status cache_find(
	struct cache *c, const struct cache_context *context, int64_t now_ms, struct cache_hit *out)
{
	struct search s = { .context = context, .now_ms = now_ms, .status = CACHE_MISS, .entry = NONE };

	walk(c, &s);
	if (s.status == CACHE_MISS)
		return CACHE_MISS;
	touch(c, s.entry);
	if (out)
		*out = s.hit;
	return s.status;
}

size_t cache_find_all(
	struct cache *c, const struct cache_context *context, int64_t now_ms, struct cache_hit *out, size_t max)
{
	struct search s = {
		.context = context, .now_ms = now_ms, .status = CACHE_MISS, .entry = NONE, .all = out, .all_max = max
	};
	size_t at = 0;

	walk(c, &s);
	if (s.status != CACHE_HIT)
		return 0;
	touch(c, s.entry);
	/* The winner goes first, in the place of its like: a bucket's chain has the ranks in any order. */
	while (at + 1 < s.all_count && !same_text(&out[at], &s.hit))
		at++;
	memmove(out + 1, out, at * sizeof(*out));
	out[0] = s.hit;
	return s.all_count;
}
