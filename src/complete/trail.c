/*
 * The last answers, by their keys. No objects: struct trail is a value in its habit.
 */
#include "trail.h"

#include <string.h>

#include "eke/complete/rejoin.h"

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

/* From where on an answer goes on, or REJOIN_NEVER. */
static size_t goes_on(const struct trail_step *step, const struct cache_hit *answer, size_t offset, const char *before,
		      size_t before_len)
{
	size_t typed = offset - step->offset;
	size_t at = REJOIN_NEVER;

	if (offset > step->offset && typed <= before_len)
		at = rejoin_find(answer->text, answer->len, before + before_len - typed, typed);
	if (at == REJOIN_NEVER)
		at = rejoin_anchor(answer->text, answer->len, step->reached, before, before_len);
	return at;
}

bool trail_find(const struct trail *trail, const struct cache *cache, const struct cache_key *here, size_t offset,
		const char *before, size_t before_len, struct trail_match *out)
{
	for (size_t i = 0; i < trail->count; i++) {
		const struct trail_step *step = &trail->steps[i];

		if (!cache_key_same_after(&step->key, here) || !cache_get(cache, &step->key, step->rank, &out->answer))
			continue;
		out->step = i;
		out->at = goes_on(step, &out->answer, offset, before, before_len);
		if (out->at != REJOIN_NEVER)
			return true;
	}
	return false;
}

void trail_move(struct trail *trail, size_t step, const struct cache_key *here, size_t offset)
{
	trail->steps[step] = (struct trail_step){ .key = *here, .offset = offset };
}
