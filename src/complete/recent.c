/*
 * The last answers, by their keys. A struct recent is a value in its struct doc_feedback.
 */
#include "recent.h"

#include <string.h>

#include "eke/base/limits.h"

/* Makes it the last one. */
static void to_front(struct recent *recent, size_t entry)
{
	struct recent_entry moved = recent->entries[entry];

	memmove(recent->entries + 1, recent->entries, entry * sizeof(moved));
	recent->entries[0] = moved;
}

void recent_touch(struct recent *recent, const struct cache_hit *hit, size_t offset)
{
	size_t at = 0;

	while (at < recent->count &&
		(recent->entries[at].rank != hit->rank || !cache_key_equal(&recent->entries[at].key, &hit->key)))
		at++;
	if (at == recent->count) {
		/* A new one takes the place of the oldest. */
		if (at == RECENT_ENTRIES)
			at--;
		else
			recent->count++;
		recent->entries[at] = (struct recent_entry){ .key = hit->key, .rank = hit->rank };
	}
	recent->entries[at].offset = offset - hit->typed;
	if (recent->entries[at].reached < hit->typed)
		recent->entries[at].reached = hit->typed;
	to_front(recent, at);
}

/* Is all but what was typed behind it as it was when the answer was given? */
static bool is_same_place(const struct recent_entry *entry, const struct cache_context *here, size_t typed)
{
	struct cache_context context = *here;
	struct cache_key key;

	context.prefix_len -= typed;
	cache_key_make(&context, &key);
	return cache_key_equal(&key, &entry->key);
}

bool recent_find(const struct recent *recent, const struct cache *cache, const struct cache_context *here,
	size_t offset, struct recent_match *out)
{
	const char *before = here->prefix;
	size_t len = here->prefix_len;

	for (size_t i = 0; i < recent->count; i++) {
		const struct recent_entry *entry = &recent->entries[i];
		size_t typed = offset - entry->offset;
		const struct cache_hit *answer = &out->answer;

		if (offset <= entry->offset || typed > len || typed > LIMIT_CACHE_TYPED || !is_same_place(entry, here, typed) ||
			!cache_get(cache, &entry->key, entry->rank, &out->answer))
			continue;
		out->entry = i;
		out->typed = before + len - typed;
		out->at = realign_by_words(answer->text, answer->len, out->typed, typed, &out->words);
		if (out->at == REALIGN_NEVER) {
			out->words.count = 0;
			out->at = realign_by_lines(answer->text, answer->len, entry->reached, before, len);
		}
		if (out->at != REALIGN_NEVER)
			return true;
	}
	return false;
}

void recent_move(struct recent *recent, size_t entry, const struct cache_key *here, size_t offset)
{
	recent->entries[entry] = (struct recent_entry){ .key = *here, .offset = offset };
}
