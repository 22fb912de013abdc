/*
 * The last answers, by their keys. A struct trail is a value in its habit.
 */
#include "trail.h"

#include <string.h>

#include "eke/base/limits.h"

/* Makes it the last one. */
static void to_front(struct trail *trail, size_t step)
{
	struct trail_step moved = trail->steps[step];

	memmove(trail->steps + 1, trail->steps, step * sizeof(moved));
	trail->steps[0] = moved;
}

void trail_follow(struct trail *trail, const struct cache_hit *hit, size_t offset)
{
	size_t at = 0;

	while (at < trail->count &&
	       (trail->steps[at].rank != hit->rank || !cache_key_equal(&trail->steps[at].key, &hit->key)))
		at++;
	if (at == trail->count) {
		/* A new one takes the place of the oldest. */
		if (at == TRAIL_STEPS)
			at--;
		else
			trail->count++;
		trail->steps[at] = (struct trail_step){ .key = hit->key, .rank = hit->rank };
	}
	trail->steps[at].offset = offset - hit->typed;
	if (trail->steps[at].reached < hit->typed)
		trail->steps[at].reached = hit->typed;
	to_front(trail, at);
}

/* Is all but what was typed behind it as it was when the answer was given? */
static bool is_same_place(const struct trail_step *step, const struct cache_context *here, size_t typed)
{
	struct cache_context context = *here;
	struct cache_key key;

	context.prefix_len -= typed;
	cache_key_make(&context, &key);
	return cache_key_equal(&key, &step->key);
}

bool trail_find(const struct trail *trail, const struct cache *cache, const struct cache_context *here, size_t offset,
	struct trail_match *out)
{
	const char *before = here->prefix;
	size_t len = here->prefix_len;

	for (size_t i = 0; i < trail->count; i++) {
		const struct trail_step *step = &trail->steps[i];
		size_t typed = offset - step->offset;
		const struct cache_hit *answer = &out->answer;

		if (offset <= step->offset || typed > len || typed > LIMIT_CACHE_TYPED ||
		    !is_same_place(step, here, typed) || !cache_get(cache, &step->key, step->rank, &out->answer))
			continue;
		out->step = i;
		out->typed = before + len - typed;
		out->at = rejoin_find(answer->text, answer->len, out->typed, typed, &out->words);
		if (out->at == REJOIN_NEVER) {
			out->words.count = 0;
			out->at = rejoin_anchor(answer->text, answer->len, step->reached, before, len);
		}
		if (out->at != REJOIN_NEVER)
			return true;
	}
	return false;
}

void trail_move(struct trail *trail, size_t step, const struct cache_key *here, size_t offset)
{
	trail->steps[step] = (struct trail_step){ .key = *here, .offset = offset };
}
