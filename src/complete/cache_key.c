/*
 * The hash of the tail is a polynomial modulo 2^61-1 with the first byte's weight 1, so that sliding the tail one byte
 * to the left is one multiplication, which makes the cache's walk back linear.
 */
#include "cache_key.h"

#include <stdbool.h>
#include <string.h>

#include "eke/base/mem.h"

#define MODULUS ((UINT64_C(1) << 61) - 1)
#define BASE UINT64_C(1172036854775783)

__extension__ typedef unsigned __int128 wide;

static uint64_t mul(uint64_t a, uint64_t b)
{
	wide product = (wide)a * b;
	uint64_t sum = (uint64_t)(product & MODULUS) + (uint64_t)(product >> 61);

	return sum >= MODULUS ? sum - MODULUS : sum;
}

static uint64_t add(uint64_t a, uint64_t b)
{
	uint64_t sum = a + b;

	return sum >= MODULUS ? sum - MODULUS : sum;
}

static uint64_t sub(uint64_t a, uint64_t b)
{
	return a >= b ? a - b : a + MODULUS - b;
}

/* Zero bytes must count, too. */
static uint64_t digit(char c)
{
	return (uint64_t)(unsigned char)c + 1;
}

static uint64_t hash_text(const char *s, size_t len)
{
	uint64_t h = 0;

	while (len)
		h = add(mul(h, BASE), digit(s[--len]));
	return h;
}

/* splitmix64's finalizer. */
static uint64_t mix(uint64_t h)
{
	h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
	return h ^ h >> 31;
}

uint64_t cache_seed(const struct cache_context *context)
{
	return mix(
		hash_text(context->model_id, strlen(context->model_id)) ^ mix(hash_text(context->uri, strlen(context->uri))));
}

uint64_t cache_before_key(uint64_t seed, const struct cache_tail *tail)
{
	return mix(seed ^ mix(tail->hash + tail->len));
}

uint64_t cache_after_key(uint64_t seed, const char *s, size_t len)
{
	if (len > LIMIT_CACHE_HEAD)
		len = LIMIT_CACHE_HEAD;
	return mix(~seed ^ mix(hash_text(s, len) + len));
}

void cache_powers_init(struct cache_powers *powers)
{
	powers->of[0] = 1;
	for (size_t i = 1; i < ARRAY_LEN(powers->of); i++)
		powers->of[i] = mul(powers->of[i - 1], BASE);
}

void cache_tail_init(struct cache_tail *tail, const char *text, size_t end)
{
	tail->text = text;
	tail->end = end;
	tail->len = end < LIMIT_CACHE_TAIL ? end : LIMIT_CACHE_TAIL;
	tail->hash = hash_text(text + end - tail->len, tail->len);
}

void cache_tail_back(struct cache_tail *tail, const struct cache_powers *powers)
{
	tail->hash = sub(tail->hash, mul(digit(tail->text[tail->end - 1]), powers->of[tail->len - 1]));
	tail->end--;
	if (tail->end >= LIMIT_CACHE_TAIL)
		tail->hash = add(mul(tail->hash, BASE), digit(tail->text[tail->end - LIMIT_CACHE_TAIL]));
	else
		tail->len = tail->end;
}

static void put_u64(unsigned char *out, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		out[i] = (unsigned char)(value >> 8 * i);
}

static uint64_t get_u64(const unsigned char *in)
{
	uint64_t value = 0;

	for (int i = 7; i >= 0; i--)
		value = value << 8 | in[i];
	return value;
}

void cache_key_put(struct cache_key *key, uint64_t before, uint64_t after)
{
	put_u64(key->bytes, before);
	put_u64(key->bytes + 8, after);
}

uint64_t cache_key_before(const struct cache_key *key)
{
	return get_u64(key->bytes);
}

uint64_t cache_key_after(const struct cache_key *key)
{
	return get_u64(key->bytes + 8);
}

void cache_key_make(const struct cache_context *context, struct cache_key *out)
{
	uint64_t seed = cache_seed(context);
	struct cache_tail tail;

	cache_tail_init(&tail, context->prefix, context->prefix_len);
	cache_key_put(out, cache_before_key(seed, &tail), cache_after_key(seed, context->suffix, context->suffix_len));
}

bool cache_key_equal(const struct cache_key *a, const struct cache_key *b)
{
	return !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool cache_key_same_after(const struct cache_key *a, const struct cache_key *b)
{
	return cache_key_after(a) == cache_key_after(b);
}
