#ifndef EKE_TESTS_BENCH_TRACE_RNG_H
#define EKE_TESTS_BENCH_TRACE_RNG_H
/*
 * Chance that is the same at every run: a generator with a seed (splitmix64: Steele, Lea, Flood, OOPSLA 2014), and a
 * hash (FNV-1a, mixed) for draws that must come out alike whoever asks first.
 */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline uint64_t rng_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline uint64_t rng_next(struct rng *r)
{
	return rng_mix(r->state += UINT64_C(0x9e3779b97f4a7c15));
}

/* Of 53 bits, in [0, 1). */
static inline double rng_unit_of(uint64_t bits)
{
	return (double)(bits >> 11) / 9007199254740992.0;
}

static inline double rng_unit(struct rng *r)
{
	return rng_unit_of(rng_next(r));
}

/* Below n, which is not 0. */
static inline size_t rng_below(struct rng *r, size_t n)
{
	return (size_t)(rng_next(r) % n);
}

static inline double rng_lognormal(struct rng *r, double median, double sigma)
{
	double u = 1.0 - rng_unit(r);
	double v = rng_unit(r);

	return median * exp(sigma * sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v));
}

#define RNG_HASH_START UINT64_C(0xcbf29ce484222325)

/* Can be continued: the state after some bytes is the seed for the next. Mix it before use. */
static inline uint64_t rng_hash(uint64_t state, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		state = (state ^ (unsigned char)s[i]) * UINT64_C(0x100000001b3);
	return state;
}

#endif
