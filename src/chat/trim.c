/*
 * The choice of what is left out. A turn is what lies between two answers of the model, with the second of them; system
 * messages belong to none. No state.
 */
#include "eke/chat/trim.h"

#include <stdio.h>

size_t trim_least(const struct trim_item *items, size_t count)
{
	size_t tokens = 0;

	for (size_t i = 0; i < count; i++)
		if (items[i].class == TRIM_SYSTEM || items[i].class == TRIM_QUESTION)
			tokens += items[i].tokens;
	return tokens;
}

/* Where the turn that has item i ends: before the first of the user's items behind an answer. */
static size_t turn_end(const struct trim_item *items, size_t count, size_t i)
{
	bool answered = false;

	for (; i < count; i++) {
		if (items[i].class == TRIM_SYSTEM)
			continue;
		if (answered && !items[i].from_model)
			return i;
		answered = items[i].from_model;
	}
	return count;
}

static bool has_question(const struct trim_item *items, size_t from, size_t to)
{
	while (from < to && items[from].class != TRIM_QUESTION)
		from++;
	return from < to;
}

static void drop(const struct trim_item *item, bool *keep, struct trim_cut *cut, size_t *total)
{
	*keep = false;
	*total -= item->tokens;
	if (item->class == TRIM_ATTACHMENT) {
		cut->attachments++;
		cut->attachment_tokens += item->tokens;
	} else {
		cut->messages++;
		cut->message_tokens += item->tokens;
	}
}

void trim_choose(const struct trim_item *items, size_t count, size_t max, bool *keep, struct trim_cut *cut)
{
	size_t total = 0;
	size_t end;

	*cut = (struct trim_cut){ .messages = 0 };
	for (size_t i = 0; i < count; i++) {
		keep[i] = true;
		total += items[i].tokens;
	}
	for (size_t from = 0; from < count && total > max; from = end) {
		bool asking;

		end = turn_end(items, count, from);
		asking = has_question(items, from, end);
		for (size_t i = from; i < end; i++)
			if (items[i].class == TRIM_HISTORY || (items[i].class == TRIM_ATTACHMENT && !asking))
				drop(&items[i], &keep[i], cut, &total);
	}
	for (size_t i = count; i-- > 0 && total > max;)
		if (items[i].class == TRIM_ATTACHMENT && keep[i])
			drop(&items[i], &keep[i], cut, &total);
}

size_t trim_describe(const struct trim_cut *cut, char lines[TRIM_LINES][TRIM_LINE_SIZE])
{
	size_t n = 0;

	if (cut->messages)
		snprintf(lines[n++], TRIM_LINE_SIZE, "%zu message%s from the beginning of the conversation (about %zu tokens)",
			 cut->messages, cut->messages == 1 ? "" : "s", cut->message_tokens);
	if (cut->attachments)
		snprintf(lines[n++], TRIM_LINE_SIZE, "%zu attachment%s (about %zu tokens)", cut->attachments,
			 cut->attachments == 1 ? "" : "s", cut->attachment_tokens);
	return n;
}
