/*
 * The choice of the excerpts. Two pure functions, one for each side of the cursor. The start
 * of the prefix is content-defined (see the header), so nothing has to be remembered between calls.
 */
#include "eke/complete/excerpt.h"

#include <stdint.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/utf.h"

#define HASHED_LINE 64 /* bytes of a line that decide, so that the line under the cursor is not among them */
#define HASHED_CHARS 16
#define CLOSER_PENALTY 1000
#define TAB_COLUMNS 8

/* FNV-1a with a final mix: the low bits of FNV alone order poorly. */
static uint64_t hash_bytes(const char *s, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * UINT64_C(0x100000001b3);
	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	return h ^ h >> 32;
}

static bool is_line_start(const char *s, size_t at)
{
	if (!at)
		return true;
	return s[at - 1] == '\n' || (s[at - 1] == '\r' && s[at] != '\n');
}

/*
 * How good a beginning the line at `at` is: its indentation, the smaller the better; lines that only
 * end something are poor. False for a blank line.
 */
static bool line_rank(const char *s, size_t len, size_t at, size_t *rank)
{
	size_t columns = 0;

	while (at < len && (s[at] == ' ' || s[at] == '\t'))
		columns += s[at++] == '\t' ? TAB_COLUMNS : 1;
	if (at == len || s[at] == '\n' || s[at] == '\r')
		return false;
	*rank = columns + (memchr(")]}", s[at], 3) ? CLOSER_PENALTY : 0);
	return true;
}

static size_t line_hash_length(const char *s, size_t len, size_t at)
{
	size_t n = 0;

	while (n < HASHED_LINE && at + n < len && s[at + n] != '\n' && s[at + n] != '\r')
		n++;
	return n;
}

/* The winner among the line starts in [lo, hi]; false if there is none. */
static bool best_line(const char *s, size_t len, size_t lo, size_t hi, size_t *best)
{
	bool found = false;
	size_t best_rank = 0;
	uint64_t best_hash = 0;

	for (size_t i = lo; i <= hi && i < len; i++) {
		size_t rank;
		uint64_t hash;

		if (!is_line_start(s, i) || !line_rank(s, len, i, &rank))
			continue;
		hash = hash_bytes(s + i, line_hash_length(s, len, i));
		if (found && (rank > best_rank || (rank == best_rank && hash >= best_hash)))
			continue;
		found = true;
		best_rank = rank;
		best_hash = hash;
		*best = i;
	}
	return found;
}

static size_t best_character(const char *s, size_t len, size_t lo, size_t hi)
{
	size_t best = len;
	uint64_t best_hash = 0;

	for (size_t i = lo; i <= hi && i < len; i++) {
		uint64_t hash;

		if (!utf8_is_boundary(s, len, i))
			continue;
		hash = hash_bytes(s + i, len - i < HASHED_CHARS ? len - i : HASHED_CHARS);
		if (best < len && hash >= best_hash)
			continue;
		best = i;
		best_hash = hash;
	}
	return best;
}

static size_t prefix_start(const char *s, size_t len, size_t max)
{
	size_t lo;
	size_t hi;
	size_t at;

	if (len <= max)
		return 0;
	lo = len - max;
	hi = lo + max / 4;
	if (best_line(s, len, lo, hi, &at))
		return at;
	return best_character(s, len, lo, hi);
}

static size_t suffix_end(const char *s, size_t len, size_t max)
{
	if (len <= max)
		return len;
	for (size_t n = max; n > max / 2; n--) {
		if (s[n - 1] == '\n' || (s[n - 1] == '\r' && s[n] != '\n'))
			return n;
	}
	return utf8_cut(s, len, max);
}

void excerpt_choose(const struct excerpt_input *in, struct excerpt *out)
{
	size_t start = prefix_start(in->before, in->before_len, in->prefix_max ? in->prefix_max : LIMIT_PREFIX_EXCERPT);
	size_t end = suffix_end(in->after, in->after_len, in->suffix_max ? in->suffix_max : LIMIT_SUFFIX_EXCERPT);

	*out = (struct excerpt){
		.prefix = in->before + start,
		.prefix_len = in->before_len - start,
		.suffix = in->after,
		.suffix_len = end,
		.prefix_cut = start > 0,
		.suffix_cut = end < in->after_len,
	};
}
