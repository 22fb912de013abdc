#ifndef EKE_BASE_HASH_H
#define EKE_BASE_HASH_H
/*
 * FNV-1a (draft-eastlake-fnv): a hash for tables in memory. Not for what an attacker may choose, and its low bits alone
 * order poorly.
 */
#include <stddef.h>
#include <stdint.h>

#define HASH_FNV64 UINT64_C(0xCBF29CE484222325)
#define HASH_FNV32 UINT32_C(0x811C9DC5)

/* The hash of `len` bytes behind those of `seed`: HASH_FNV64, or what an earlier call returned. */
static inline uint64_t hash_fnv64(uint64_t seed, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		seed = (seed ^ p[i]) * UINT64_C(0x100000001B3);
	return seed;
}

/* The same in 32 bits, from HASH_FNV32 on. */
static inline uint32_t hash_fnv32(uint32_t seed, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		seed = (seed ^ p[i]) * UINT32_C(0x01000193);
	return seed;
}

#endif
