#ifndef EKE_COMPLETE_EXCERPT_H
#define EKE_COMPLETE_EXCERPT_H
/*
 * What of a document goes into a request: a piece before and a piece after the cursor, under byte caps.
 * Pure; the results are slices of the input.
 *
 * The prefix excerpt does not move with every keystroke. Its start is not "cap bytes back" but a line of
 * the document's own choosing: among the lines that begin in the first quarter of the allowed range
 * (the farthest from the cursor) the one that is least indented, and of those the one whose text has
 * the smallest hash. Typing shifts the range by a byte at a time, so the same line wins until it leaves
 * the range, on average every eighth of the cap; edits above the range change nothing at all, and no
 * absolute offset is needed. (This is winnowing: Schleimer, Wilkerson, Aiken, SIGMOD 2003.)
 * Provider-side prompt caches and our own prompts profit, and the least indented line is where a
 * declaration begins. Without a line start in the range (minified files) a character is chosen by the
 * hash of what follows it. The suffix excerpt starts at the cursor and ends at a line's end where one is
 * in its second half.
 */
#include <stdbool.h>
#include <stddef.h>

struct excerpt_input {
	const char *before; /* valid UTF-8 up to the cursor; its last prefix_max + 4 bytes are enough */
	size_t before_len;
	const char *after; /* valid UTF-8 from the cursor; its first suffix_max + 4 bytes are enough */
	size_t after_len;
	size_t prefix_max; /* bytes; 0: LIMIT_PREFIX_EXCERPT */
	size_t suffix_max; /* bytes; 0: LIMIT_SUFFIX_EXCERPT */
};

/*
 * Borrowed from the input. Of a longer text the prefix is never shorter than three quarters of its cap
 * (less three bytes), the suffix never shorter than half of it (likewise).
 */
struct excerpt {
	const char *prefix;
	size_t prefix_len;
	const char *suffix;
	size_t suffix_len;
	bool prefix_cut; /* the input has more before it */
	bool suffix_cut; /* the input has more after it */
};

void excerpt_choose(const struct excerpt_input *in, struct excerpt *out);

#endif
