#ifndef EKE_CHAT_TRIM_H
#define EKE_CHAT_TRIM_H
/*
 * What of a conversation is sent when all of it has more tokens than the plan allows (plan.max_prompt_tokens). Pure:
 * items with their tokens go in, and out comes which of them to send. The cap is one on the prompt; the answer needs no
 * room in it.
 */
#include <stdbool.h>
#include <stddef.h>

enum trim_class {
	TRIM_SYSTEM,     /* always kept */
	TRIM_HISTORY,    /* what was said before */
	TRIM_ATTACHMENT, /* a file, a selection, … that goes with the user's message behind it */
	TRIM_RETRIEVED,  /* likewise, but nobody attached it: the first to go. For fit.h alone */
	TRIM_QUESTION,   /* what is asked now, and what must stand behind it; always kept */
};

/* One part of the prompt, in the order of sending. */
struct trim_item {
	enum trim_class class;
	bool from_model; /* an answer: what comes behind it begins a new turn */
	size_t tokens;   /* with what frames it */
};

/* What was left out. */
struct trim_cut {
	size_t messages; /* of the history */
	size_t message_tokens;
	size_t attachments;
	size_t attachment_tokens;
};

/* What is always kept has so many tokens. */
size_t trim_least(const struct trim_item *items, size_t count);
/*
 * Sets keep[] for each item, so that what is kept has at most `max` tokens, which is not less than trim_least(). The
 * oldest turns go first, each as a whole: the user's messages, their attachments and the answer. When no history is
 * left, the question's own attachments go, the last one first.
 */
void trim_choose(const struct trim_item *items, size_t count, size_t max, bool *keep, struct trim_cut *cut);

#define TRIM_LINES 2
#define TRIM_LINE_SIZE 112
/* In words: "2 messages from the beginning of the conversation (about 1800 tokens)". Returns how many lines. */
size_t trim_describe(const struct trim_cut *cut, char lines[TRIM_LINES][TRIM_LINE_SIZE]);

#endif
