#ifndef EKE_CHAT_MENTIONS_H
#define EKE_CHAT_MENTIONS_H
/*
 * Files that a prompt mentions: @src/main.c, @"a file.c", with lines @main.c:10-20, @main.c:10, @main.c#L10-L20. Pure:
 * what a word could mean, not what is there. For context.c.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MENTION_NAMES 4

/* One word of the prompt. */
struct mention {
	const char *end; /* of it; before the first call: the prompt */
	struct {
		char *path;          /* relative, without .. in it */
		int64_t first, last; /* lines, from 1; 0: all */
	} names[MENTION_NAMES]; /* what it could mean, the likeliest first */
	size_t count;
};

/* The next, or false. Each is to be released. */
bool mention_next(struct mention *mention);
void mention_release(struct mention *mention);

#endif
