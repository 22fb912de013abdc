/*
 * The typist's hands. One object, struct rhythm, in the caller's storage; nothing to release.
 */
#include "trace_rhythm.h"

#include "eke/base/attrs.h"

#define PAUSE_MIN_MS 20.0
/* Some words come faster than others. */
#define BURST_SHARE 0.25
#define BURST_FACTOR 0.65
/* The tail of every distribution of this kind: a hesitation before any key. */
#define HESITATION_SHARE 0.05
#define HESITATION_MS 330
#define HESITATION_SIGMA 0.5
/* Thinking, in seconds, before a block and, shorter, before some lines. */
#define THINK_BLOCK_SHARE 0.9
#define THINK_BLOCK_MIN 1.0
#define THINK_BLOCK_MAX 20.0
#define THINK_LINE_SHARE 0.25
#define THINK_LINE_MIN 1.0
#define THINK_LINE_MAX 5.0

static const struct {
	double median, sigma;
} pauses[RHYTHM_KEYS] = {
	[RHYTHM_WITHIN] = { 105, 0.35 },
	[RHYTHM_WORD] = { 160, 0.50 },
	[RHYTHM_MARK] = { 170, 0.50 },
	[RHYTHM_ENTER] = { 220, 0.50 },
	[RHYTHM_LINE] = { 380, 0.60 },
	[RHYTHM_BLOCK] = { 600, 0.60 },
	[RHYTHM_NOTICE] = { 420, 0.40 },
	[RHYTHM_BACKSPACE] = { 120, 0.25 },
	[RHYTHM_MOVE] = { 1300, 0.40 },
};

void rhythm_init(struct rhythm *rhythm, uint64_t seed, int64_t steady_ms, double pace)
{
	*rhythm = (struct rhythm){ .rng = { seed }, .steady_ms = steady_ms, .pace = pace, .burst = 1.0 };
}

/* Short ones are as frequent as long ones: log-uniform, in milliseconds. */
static double think(struct rng *rng, double share, double min, double max)
{
	double drawn = rng_unit(rng);
	double length = rng_unit(rng);

	return drawn < share ? 1000.0 * min * pow(max / min, length) : 0.0;
}

int64_t rhythm_pause(struct rhythm *rhythm, enum rhythm_key key)
{
	double pause;

	if (rhythm->steady_ms)
		return rhythm->steady_ms;
	if (key != RHYTHM_WITHIN)
		rhythm->burst = rng_unit(&rhythm->rng) < BURST_SHARE ? BURST_FACTOR : 1.0;
	pause = rhythm->pace * rhythm->burst * rng_lognormal(&rhythm->rng, pauses[key].median, pauses[key].sigma);
	if (rng_unit(&rhythm->rng) < HESITATION_SHARE)
		pause += rhythm->pace * rng_lognormal(&rhythm->rng, HESITATION_MS, HESITATION_SIGMA);
	if (key == RHYTHM_BLOCK)
		pause += think(&rhythm->rng, THINK_BLOCK_SHARE, THINK_BLOCK_MIN, THINK_BLOCK_MAX);
	else if (key == RHYTHM_LINE)
		pause += think(&rhythm->rng, THINK_LINE_SHARE, THINK_LINE_MIN, THINK_LINE_MAX);
	return (int64_t)(pause < PAUSE_MIN_MS ? PAUSE_MIN_MS : pause);
}
