/*
 * A conversation as messages. No state.
 */
#include "assemble.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/chat/context.h"

/* Where the configuration has no chat.system. */
static const char system_prompt[] =
	"You are the programming assistant in a text editor. Answer to the point, in Markdown; put code into fenced blocks "
	"that name their language. Files and selections are attached in fenced blocks; a number and \" | \" before a line "
	"count it and are no part of it: leave them out of code that you write.";

static void add(struct assembled *a, const char *role, enum trim_class class, const char *text, size_t len)
{
	/* Room for a power of two. */
	if (!(a->count & (a->count - 1))) {
		size_t room = a->count ? 2 * a->count : 1;

		a->messages = xreallocarray(a->messages, room, sizeof(*a->messages));
		a->classes = xreallocarray(a->classes, room, sizeof(*a->classes));
		a->texts = xreallocarray(a->texts, room, sizeof(*a->texts));
	}
	a->texts[a->count] = xstrndup(text, len);
	a->messages[a->count] = (struct request_message){ role, a->texts[a->count], len };
	a->classes[a->count++] = class;
}

static void add_system(struct assembled *a, const struct config *config)
{
	const char *own = config->chat.system;
	const char *language = config->chat.language;
	struct strbuf text;

	strbuf_init(&text, LIMIT_CONFIG_FILE);
	strbuf_adds(&text, own ? own : system_prompt);
	if (language && *language)
		strbuf_addf(&text, "%sAnswer in this language, whatever the question's is: %s.", text.len ? "\n" : "",
			language);
	if (text.len)
		add(a, "system", TRIM_SYSTEM, text.data, text.len);
	strbuf_release(&text);
}

/* Does a later turn bring the same, as it is by then? */
static bool is_superseded(const struct history_chat *chat, size_t turn, const char *key)
{
	if (!key)
		return false;
	for (size_t i = turn + 1; i < chat->count; i++)
		for (size_t j = 0; j < chat->turns[i].attachment_count; j++)
			if (chat->turns[i].attachments[j].key && !strcmp(chat->turns[i].attachments[j].key, key))
				return true;
	return false;
}

static const char *question_text(const struct history_turn *turn)
{
	return turn->question ? turn->question : turn->text;
}

/* In the order in which they are sent. */
enum { PLACE_RETRIEVED, PLACE_ATTACHED, PLACE_SELECTION, PLACES };

static int place_of(const struct history_attachment *item)
{
	if (item->selection)
		return PLACE_SELECTION;
	if (item->key && !strncmp(item->key, CONTEXT_RETRIEVED, strlen(CONTEXT_RETRIEVED)))
		return PLACE_RETRIEVED;
	return PLACE_ATTACHED;
}

static void add_attachments(struct assembled *a, const struct history_chat *chat, size_t at, bool is_last)
{
	static const enum trim_class classes[PLACES] = { TRIM_RETRIEVED, TRIM_ATTACHMENT, TRIM_ATTACHMENT };
	const struct history_turn *turn = &chat->turns[at];

	/* The selection last: next to the question, and never left out. */
	for (int place = 0; place < PLACES; place++)
		for (size_t i = 0; i < turn->attachment_count; i++) {
			const struct history_attachment *item = &turn->attachments[i];

			bool asked = is_last && place == PLACE_SELECTION;

			if (place_of(item) == place && !is_superseded(chat, at, item->key))
				add(a, "user", asked ? TRIM_QUESTION : classes[place], item->text, item->len);
		}
}

static bool is_answered(const struct history_chat *chat, size_t at)
{
	return at + 1 < chat->count && chat->turns[at + 1].role == HISTORY_MODEL && chat->turns[at + 1].len;
}

static size_t bytes_of(const struct history_turn *turn)
{
	size_t bytes = strlen(question_text(turn));

	if (turn->role == HISTORY_MODEL)
		return turn->len;
	for (size_t i = 0; i < turn->attachment_count; i++)
		bytes += turn->attachments[i].len;
	return bytes;
}

/* The first turn of those that are not too many bytes in all. */
static size_t first_turn(const struct history_chat *chat)
{
	size_t at = chat->count - 1;
	size_t bytes = bytes_of(&chat->turns[at]);

	while (at && bytes + bytes_of(&chat->turns[at - 1]) <= LIMIT_CHAT_PROMPT)
		bytes += bytes_of(&chat->turns[--at]);
	while (at < chat->count - 1 && chat->turns[at].role == HISTORY_MODEL)
		at++;
	return at;
}

void assemble(const struct history_chat *chat, const struct config *config, struct assembled *out)
{
	*out = (struct assembled){ .left_out = first_turn(chat) };
	add_system(out, config);
	for (size_t at = out->left_out; at < chat->count; at++) {
		const struct history_turn *turn = &chat->turns[at];
		bool is_last = at + 1 == chat->count;
		const char *text = question_text(turn);

		if (turn->role == HISTORY_MODEL) {
			if (turn->len)
				add(out, "assistant", TRIM_HISTORY, turn->text, turn->len);
			continue;
		}
		if (!is_last && !is_answered(chat, at))
			continue;
		add_attachments(out, chat, at, is_last);
		add(out, "user", is_last ? TRIM_QUESTION : TRIM_HISTORY, text, strlen(text));
	}
}

void assembled_release(struct assembled *a)
{
	for (size_t i = 0; i < a->count; i++)
		free(a->texts[i]);
	free(a->texts);
	free(a->messages);
	free(a->classes);
	*a = (struct assembled){ .count = 0 };
}
