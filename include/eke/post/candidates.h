#ifndef EKE_POST_CANDIDATES_H
#define EKE_POST_CANDIDATES_H
/*
 * Several suggestions out of one request: the chat emulation asks for each in tags of its own, one after the other
 * (prompt.h, `candidates`), and here the answer is cut into them. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#define CANDIDATES_MAX 3

struct candidate {
	const char *text; /* a slice of the answer with its closing tag, for post_process() */
	size_t len;
	bool closed; /* nothing that comes later belongs to it */
};

/*
 * Cuts answer[0..len) behind each "</completionN>", N being `tag_number` or nothing. At most `wanted` slices, not
 * more than CANDIDATES_MAX; of one alone the whole answer. What holds nothing but blanks is none.
 */
size_t candidates_split(const char *answer, size_t len, unsigned tag_number, size_t wanted, struct candidate *out);

#endif
