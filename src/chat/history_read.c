/*
 * Reading conversations. Everything is copied out of the file within one transaction; the caller releases it.
 */
#include "history_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/process.h"
#include "eke/base/strbuf.h"
#include "history_schema.h"

/* A word of fewer characters the index does not have. */
#define TRIGRAM 3

/* --- lifetimes --- */

static void turn_release(struct history_turn *turn)
{
	for (size_t i = 0; i < turn->attachment_count; i++) {
		free(turn->attachments[i].key);
		free(turn->attachments[i].text);
	}
	free(turn->attachments);
	free(turn->text);
	free(turn->command);
	free(turn->question);
	free(turn->model);
	free(turn->endpoint);
	free(turn->reasoning);
}

static void entry_release(struct history_entry *entry)
{
	free(entry->title);
	free(entry->workspace);
}

void history_drop_turns(struct history_chat *chat, size_t from)
{
	while (chat->count > from)
		turn_release(&chat->turns[--chat->count]);
}

void history_chat_release(struct history_chat *chat)
{
	history_drop_turns(chat, 0);
	free(chat->turns);
	entry_release(&chat->entry);
	*chat = (struct history_chat){ .count = 0 };
}

void history_list_release(struct history_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		entry_release(&list->items[i]);
	free(list->items);
	free(list->cursor);
	*list = (struct history_list){ .count = 0 };
}

struct history_turn *history_add_turn(struct history_chat *chat)
{
	struct history_turn *turn;

	/* Room for a power of two. */
	if (!(chat->count & (chat->count - 1)))
		chat->turns = xreallocarray(chat->turns, chat->count ? 2 * chat->count : 1, sizeof(*chat->turns));
	turn = &chat->turns[chat->count++];
	*turn = (struct history_turn){ .number = 0 };
	return turn;
}

/* --- rows --- */

static char *take_text(struct store *store, int column)
{
	const char *text = store_text(store, column);

	return text ? xstrdup(text) : NULL;
}

static void take_entry(struct store *store, struct history_entry *out)
{
	const char *id = store_text(store, 1);

	snprintf(out->id, sizeof(out->id), "%s", id ? id : "");
	out->title = xstrdup(store_text(store, 2) ? store_text(store, 2) : "");
	out->workspace = take_text(store, 3);
	out->created_ms = store_int(store, 4);
	out->updated_ms = store_int(store, 5);
	out->turns = store_int(store, 6);
	out->usage = (struct history_usage){ store_int(store, 7), store_int(store, 8), store_int(store, 9) != 0 };
}

static enum call_finish finish_of(int64_t stored)
{
	return stored >= CALL_STOP && stored <= CALL_TRUNCATED ? (enum call_finish)stored : CALL_TRUNCATED;
}

static void take_turns(struct history *h, int64_t chat, int64_t answering, struct history_chat *out)
{
	struct store *store = h->store;

	store_start(store, SQL_TURNS);
	store_put_int(store, chat);
	while (store_next(store)) {
		struct history_turn *turn = history_add_turn(out);

		turn->number = store_int(store, 0);
		turn->role = store_int(store, 1) ? HISTORY_MODEL : HISTORY_USER;
		turn->created_ms = store_int(store, 2);
		turn->state = store_int(store, 3) == HISTORY_DONE ? HISTORY_DONE :
			      turn->number == answering		  ? HISTORY_WRITING : HISTORY_INTERRUPTED;
		turn->command = take_text(store, 4);
		turn->question = take_text(store, 5);
		turn->finish = turn->state == HISTORY_DONE ? finish_of(store_int(store, 6)) : CALL_TRUNCATED;
		turn->model = take_text(store, 7);
		turn->endpoint = take_text(store, 8);
		turn->reasoning = take_text(store, 9);
		turn->usage = (struct history_usage){ store_int(store, 10), store_int(store, 11), store_int(store, 12) != 0 };
	}
}

/* Moves *at to the turn of that number; both go upwards. False: it is not shown. */
static bool seek(const struct history_chat *chat, size_t *at, int64_t number)
{
	while (*at < chat->count && chat->turns[*at].number < number)
		(*at)++;
	return *at < chat->count && chat->turns[*at].number == number;
}

static void end_text(struct history_turn *turn, struct strbuf *text)
{
	if (turn)
		turn->text = strbuf_detach(text, &turn->len);
	strbuf_reset(text);
}

static void take_pieces(struct history *h, int64_t chat, struct history_chat *out)
{
	struct history_turn *turn = NULL;
	struct strbuf text;
	size_t at = 0;

	strbuf_init(&text, LIMIT_CHAT_PROMPT + LIMIT_ANSWER);
	store_start(h->store, SQL_PIECES);
	store_put_int(h->store, chat);
	while (store_next(h->store)) {
		if (!seek(out, &at, store_int(h->store, 0)))
			continue;
		if (turn != &out->turns[at])
			end_text(turn, &text);
		turn = &out->turns[at];
		strbuf_adds(&text, store_text(h->store, 1));
	}
	end_text(turn, &text);
	strbuf_release(&text);
	for (size_t i = 0; i < out->count; i++)
		if (!out->turns[i].text)
			out->turns[i].text = xstrdup("");
}

static void take_attachments(struct history *h, int64_t chat, struct history_chat *out)
{
	size_t at = 0;

	store_start(h->store, SQL_ATTACHMENTS);
	store_put_int(h->store, chat);
	while (store_next(h->store)) {
		struct history_turn *turn;
		struct history_attachment *a;

		if (!seek(out, &at, store_int(h->store, 0)))
			continue;
		turn = &out->turns[at];
		turn->attachments = xreallocarray(turn->attachments, turn->attachment_count + 1, sizeof(*turn->attachments));
		a = &turn->attachments[turn->attachment_count++];
		*a = (struct history_attachment){ .selection = store_int(h->store, 1) != 0,
						  .key = take_text(h->store, 2),
						  .text = take_text(h->store, 3) };
		a->len = a->text ? strlen(a->text) : 0;
	}
}

bool history_read(struct history *h, const char *id, struct history_chat *out, int64_t *number, bool *busy)
{
	int64_t answering;

	store_start(h->store, SQL_CHAT);
	store_put_text(h->store, id);
	if (!store_next(h->store))
		return false;
	*number = store_int(h->store, 0);
	take_entry(h->store, &out->entry);
	answering = store_type(h->store, 10) == STORE_INT ? store_int(h->store, 10) : 0;
	*busy = answering && process_lives((pid_t)store_int(h->store, 12), store_int(h->store, 13));
	take_turns(h, *number, *busy ? answering : 0, out);
	take_pieces(h, *number, out);
	take_attachments(h, *number, out);
	return true;
}

enum store_result history_get(struct history *h, const char *id, struct history_chat *out, struct err *refusal)
{
	enum store_result result = history_open(h, STORE_READ);
	struct history_chat chat = { .count = 0 };
	int64_t number;
	bool busy;

	if (result != STORE_OK)
		return result;
	if (!history_read(h, id, &chat, &number, &busy))
		err_set(refusal, ERR_INVALID_PARAMS, "there is no chat \"%.32s\"", id);
	result = store_commit(h->store);
	if (result == STORE_OK)
		*out = chat;
	else
		history_chat_release(&chat);
	return result;
}

/* --- lists --- */

/* "updated.number" */
static bool parse_cursor(const char *cursor, int64_t *updated, int64_t *number, struct err *err)
{
	char *end = NULL;

	*updated = *number = INT64_MAX;
	if (!cursor)
		return true;
	if (*cursor >= '0' && *cursor <= '9') {
		*updated = strtoll(cursor, &end, 10);
		if (*end == '.' && end[1] >= '0' && end[1] <= '9') {
			*number = strtoll(end + 1, &end, 10);
			if (!*end)
				return true;
		}
	}
	err_set(err, ERR_INVALID_PARAMS, "the cursor is not valid: use one that chat/list returned");
	return false;
}

struct words {
	struct strbuf patterns[HISTORY_WORDS]; /* for LIKE */
	struct strbuf match;                   /* for the index; empty: no word is long enough */
	bool in_match[HISTORY_WORDS];
	size_t count;
};

static void add_pattern(struct strbuf *out, const char *word, size_t len)
{
	strbuf_addch(out, '%');
	for (size_t i = 0; i < len; i++) {
		if (strchr("%_\\", word[i]))
			strbuf_addch(out, '\\');
		strbuf_addch(out, word[i]);
	}
	strbuf_addch(out, '%');
}

static size_t characters(const char *word, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)word[i] & 0xC0) != 0x80;
	return n;
}

/* FTS5's string: in quotes, those in it doubled. */
static bool add_match(struct strbuf *out, const char *word, size_t len)
{
	if (characters(word, len) < TRIGRAM)
		return false;
	strbuf_adds(out, out->len ? " AND \"" : "\"");
	for (size_t i = 0; i < len; i++) {
		if (word[i] == '"')
			strbuf_addch(out, '"');
		strbuf_addch(out, word[i]);
	}
	strbuf_addch(out, '"');
	return true;
}

static void take_words(struct words *words, const char *text)
{
	static const char blanks[] = " \t\r\n";

	*words = (struct words){ .count = 0 };
	strbuf_init(&words->match, KIB(64));
	for (size_t i = 0; i < HISTORY_WORDS; i++)
		strbuf_init(&words->patterns[i], KIB(64));
	for (text += strspn(text, blanks); *text; text += strspn(text, blanks)) {
		size_t len = words->count == HISTORY_WORDS - 1 ? strlen(text) : strcspn(text, blanks);
		size_t bare = len;

		while (strchr(blanks, text[bare - 1]))
			bare--;
		add_pattern(&words->patterns[words->count], text, bare);
		words->in_match[words->count++] = add_match(&words->match, text, bare);
		text += len;
	}
	for (size_t i = words->count; i < HISTORY_WORDS; i++)
		strbuf_addch(&words->patterns[i], '%');
}

static void release_words(struct words *words)
{
	strbuf_release(&words->match);
	for (size_t i = 0; i < HISTORY_WORDS; i++)
		strbuf_release(&words->patterns[i]);
}

static void start_list(struct history *h, const struct history_list_spec *spec, const struct words *words,
	int64_t updated, int64_t number)
{
	unsigned sql = !words->count ? SQL_LIST : words->match.len ? SQL_SEARCH : SQL_SCAN;

	store_start(h->store, sql);
	store_put_int(h->store, updated);
	store_put_int(h->store, number);
	store_put_text(h->store, spec->workspace);
	/* One more, to see whether there is another page. */
	store_put_int(h->store, (int64_t)spec->limit + 1);
	for (size_t i = 0; sql != SQL_LIST && i < HISTORY_WORDS; i++)
		store_put_text(h->store, words->patterns[i].data);
	if (sql != SQL_SEARCH)
		return;
	store_put_text(h->store, words->match.data);
	/* The index knows the cases of all letters, LIKE those of ASCII only. */
	for (size_t i = 0; i < HISTORY_WORDS; i++)
		store_put_text(h->store, words->in_match[i] ? "%" : words->patterns[i].data);
}

static void take_list(struct history *h, size_t limit, struct history_list *out)
{
	int64_t number = 0;
	size_t room = 0;

	while (store_next(h->store)) {
		struct history_entry *last = out->count ? &out->items[out->count - 1] : NULL;

		if (last && out->count == limit) {
			out->cursor = xasprintf("%lld.%lld", (long long)last->updated_ms, (long long)number);
			return;
		}
		if (out->count == room) {
			room = room ? 2 * room : 64;
			out->items = xreallocarray(out->items, room, sizeof(*out->items));
		}
		number = store_int(h->store, 0);
		take_entry(h->store, &out->items[out->count++]);
	}
}

enum store_result history_list(
	struct history *h, const struct history_list_spec *spec, struct history_list *out, struct err *refusal)
{
	struct history_list list = { .count = 0 };
	struct words words;
	enum store_result result;
	int64_t updated;
	int64_t number;

	if (!parse_cursor(spec->cursor, &updated, &number, refusal))
		return STORE_OK;
	result = history_open(h, STORE_READ);
	if (result != STORE_OK)
		return result;
	take_words(&words, spec->words ? spec->words : "");
	start_list(h, spec, &words, updated, number);
	take_list(h, spec->limit, &list);
	release_words(&words);
	result = store_commit(h->store);
	if (result == STORE_OK)
		*out = list;
	else
		history_list_release(&list);
	return result;
}
