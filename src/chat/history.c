/*
 * The file of conversations, and everything that is written to it. struct history is a store with the process's own
 * mark, by which chats that are being answered are known to belong to it.
 *
 * A text is a row of pieces. While an answer comes each piece is what came since the last one; at its end they are
 * replaced by larger ones, cut at lines, and these are what is indexed: a word that is looked for is found if it lies
 * within one of them. What is dropped is marked `gone`; history_step.c deletes it.
 */
#include "eke/chat/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/process.h"
#include "eke/base/utf.h"
#include "history_private.h"
#include "history_schema.h"

/* Of text that is complete. */
#define PIECE KIB(4)
struct history *history_new(bool in_memory)
{
	struct history *h = xcalloc(1, sizeof(*h));

	h->store = in_memory ? store_new_in_memory(&history_schema) : store_new(&history_schema);
	return h;
}

void history_free(struct history *h)
{
	if (!h)
		return;
	store_free(h->store);
	free(h);
}

bool history_exists(const struct history *h)
{
	return store_exists(h->store);
}

bool history_take_trouble(struct history *h, struct store_trouble *out)
{
	return store_take_trouble(h->store, out);
}

static int64_t random_number(void)
{
	int64_t n;

	if (getentropy(&n, sizeof(n)) < 0) {
		log_broken("the system has no random numbers");
		abort();
	}
	return n;
}

void history_new_id(char out[HISTORY_ID])
{
	snprintf(out, HISTORY_ID, "%016llx", (unsigned long long)random_number());
}

enum store_result history_open(struct history *h, enum store_mode mode)
{
	if (!h->pid) {
		h->writer = random_number();
		h->pid = getpid();
		h->started = process_started(h->pid);
	}
	return store_begin(h->store, mode);
}

void history_place_release(struct history_place *place)
{
	free(place->entry.title);
	free(place->entry.workspace);
	*place = (struct history_place){ .chat = 0 };
}

/* --- statements with a number or two --- */

void history_run(struct history *h, unsigned sql, int64_t n)
{
	store_start(h->store, sql);
	store_put_int(h->store, n);
	store_run(h->store);
}

static void run2(struct history *h, unsigned sql, int64_t n, int64_t value)
{
	store_start(h->store, sql);
	store_put_int(h->store, n);
	store_put_int(h->store, value);
	store_run(h->store);
}

/* The first column of the first row; 0: none. */
static int64_t ask2(struct history *h, unsigned sql, int64_t n, int64_t value)
{
	store_start(h->store, sql);
	store_put_int(h->store, n);
	if (value)
		store_put_int(h->store, value);
	return store_next(h->store) ? store_int(h->store, 0) : 0;
}

/* --- texts --- */

static void put_piece(struct history *h, int64_t turn, const char *text, size_t len)
{
	char *piece = xstrndup(text, len);

	store_start(h->store, SQL_PIECE_PUT);
	store_put_int(h->store, turn);
	store_put_text(h->store, piece);
	store_run(h->store);
	free(piece);
}

/* Cut behind a line where there is one, else behind a character. */
static void put_text(struct history *h, int64_t turn, const char *text, size_t len)
{
	while (len) {
		size_t n = utf8_cut(text, len, PIECE);
		const char *line = n < len ? memrchr(text, '\n', n) : NULL;

		if (line)
			n = (size_t)(line + 1 - text);
		if (!n)
			n = len < PIECE ? len : PIECE;
		put_piece(h, turn, text, n);
		text += n;
		len -= n;
	}
}

/* --- a question --- */

/* `command` and `question` are the user's; NULL: none. */
static int64_t put_turn(
	struct history *h, int64_t chat, enum history_role role, const char *command, const char *question)
{
	store_start(h->store, SQL_TURN_PUT);
	store_put_int(h->store, chat);
	store_put_int(h->store, role);
	store_put_int(h->store, clock_wall_ms());
	store_put_int(h->store, role == HISTORY_MODEL ? HISTORY_WRITING : HISTORY_DONE);
	store_put_text(h->store, command);
	store_put_text(h->store, question);
	return store_next(h->store) ? store_int(h->store, 0) : 0;
}

static int64_t put_question(struct history *h, int64_t chat, const struct history_question *q)
{
	int64_t turn = put_turn(h, chat, HISTORY_USER, q->command, q->question);

	put_text(h, turn, q->text, strlen(q->text));
	for (size_t i = 0; i < q->attachment_count; i++) {
		store_start(h->store, SQL_ATTACHMENT_PUT);
		store_put_int(h->store, turn);
		store_put_int(h->store, q->attachments[i].selection);
		store_put_text(h->store, q->attachments[i].key);
		store_put_text(h->store, q->attachments[i].text);
		store_run(h->store);
	}
	return turn;
}

static int64_t put_chat(struct history *h, const struct history_question *q, struct history_entry *entry)
{
	if (q->new_id)
		snprintf(entry->id, sizeof(entry->id), "%s", q->new_id);
	else
		history_new_id(entry->id);
	store_start(h->store, SQL_CHAT_PUT);
	store_put_text(h->store, entry->id);
	store_put_text(h->store, q->title);
	store_put_text(h->store, q->workspace);
	store_put_int(h->store, clock_wall_ms());
	return store_next(h->store) ? store_int(h->store, 0) : 0;
}

/* The question as its turn in what fits() is shown. Its strings are copies. */
static void show_question(struct history_chat *chat, const struct history_question *q)
{
	struct history_turn *turn = history_add_turn(chat);

	turn->role = HISTORY_USER;
	turn->created_ms = clock_wall_ms();
	turn->text = xstrdup(q->text);
	turn->len = strlen(q->text);
	turn->question = q->question ? xstrdup(q->question) : NULL;
	turn->command = q->command ? xstrdup(q->command) : NULL;
	turn->attachments = xcalloc(q->attachment_count, sizeof(*turn->attachments));
	turn->attachment_count = q->attachment_count;
	for (size_t i = 0; i < q->attachment_count; i++) {
		const struct history_attachment *a = &q->attachments[i];

		turn->attachments[i] = (struct history_attachment){ .selection = a->selection,
								    .key = a->key ? xstrdup(a->key) : NULL,
								    .text = xstrndup(a->text, a->len),
								    .len = a->len };
	}
}

/* The index of the turn with that number; chat->count: none, or not of that role. */
static size_t find_turn(const struct history_chat *chat, int64_t number, enum history_role role)
{
	size_t i = 0;

	while (i < chat->count && (chat->turns[i].number != number || chat->turns[i].role != role))
		i++;
	return i;
}

static bool parse_number(const char *text, int64_t *out)
{
	char *end;

	*out = strtoll(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end;
}

/* Makes the chat what it would be with this question; false with err if it cannot be. */
static bool prepare(struct history_chat *chat, const struct history_question *q, struct history_place *place,
	struct err *err)
{
	size_t at = chat->count;

	if (q->again) {
		while (at && chat->turns[at - 1].role != HISTORY_USER)
			at--;
		if (!at) {
			err_set(err, ERR_INVALID_PARAMS, "this chat has no question yet");
			return false;
		}
		place->question = chat->turns[at - 1].number;
		place->former = at < chat->count ? chat->turns[at].number : 0;
		history_drop_turns(chat, at);
		return true;
	}
	if (q->edit) {
		int64_t number;

		at = parse_number(q->edit, &number) ? find_turn(chat, number, HISTORY_USER) : chat->count;
		if (at == chat->count) {
			err_set(err, ERR_INVALID_PARAMS, "the chat has no user turn \"%.32s\"", q->edit);
			return false;
		}
		place->question = number;
		history_drop_turns(chat, at);
	}
	if (chat->count + 2 > LIMIT_CHAT_TURNS) {
		err_set(err, ERR_INVALID_PARAMS, "a chat has at most %d turns: start a new one", LIMIT_CHAT_TURNS);
		return false;
	}
	show_question(chat, q);
	return true;
}

static void claim(struct history *h, const struct history_place *place)
{
	store_start(h->store, SQL_CLAIM);
	store_put_int(h->store, place->chat);
	store_put_int(h->store, place->answer);
	store_put_int(h->store, h->writer);
	store_put_int(h->store, h->pid);
	store_put_int(h->store, h->started);
	store_put_int(h->store, clock_wall_ms());
	store_run(h->store);
}

static void write_question(struct history *h, const struct history_question *q, struct history_place *place)
{
	if (place->is_new)
		place->chat = put_chat(h, q, &place->entry);
	if (q->edit)
		run2(h, SQL_DROP_FROM, place->chat, place->question);
	if (!q->again)
		place->question = put_question(h, place->chat, q);
	place->answer = put_turn(h, place->chat, HISTORY_MODEL, NULL, NULL);
	claim(h, place);
	history_run(h, SQL_CHAT_COUNT, place->chat);
}

/* Within a transaction: reads, asks, writes. False with err: it is refused. */
static bool begin(struct history *h, const struct history_question *q, struct history_place *place, struct err *err)
{
	struct history_chat chat = { .count = 0 };
	bool busy = false;
	bool ok = true;

	place->is_new = !q->id;
	if (q->id && !history_read(h, q->id, &chat, &place->chat, &busy)) {
		err_set(err, ERR_INVALID_PARAMS, "there is no chat \"%.32s\"", q->id);
		ok = false;
	} else if (busy) {
		err_set(err, ERR_INVALID_REQUEST,
			"this chat is being answered: wait, or cancel that request");
		ok = false;
	}
	ok = ok && prepare(&chat, q, place, err) && q->fits(q->ctx, &chat, err);
	if (ok) {
		place->entry = chat.entry;
		place->entry.title = xstrdup(place->is_new ? q->title : chat.entry.title);
		place->entry.workspace = NULL;
		write_question(h, q, place);
	}
	history_chat_release(&chat);
	return ok;
}

enum store_result history_begin(
	struct history *h, const struct history_question *question, struct history_place *out, struct err *refusal)
{
	enum store_result result = history_open(h, STORE_WRITE);
	struct history_place place = { .chat = 0 };

	if (result != STORE_OK)
		return result;
	if (!begin(h, question, &place, refusal)) {
		store_rollback(h->store);
		return STORE_OK;
	}
	result = store_commit(h->store);
	if (result == STORE_OK)
		*out = place;
	else
		history_place_release(&place);
	return result;
}

/* --- its answer --- */

/* Is the turn still to be written by us? The chat may have been deleted, or its file replaced. */
static bool is_there(struct history *h, const struct history_place *place)
{
	return ask2(h, SQL_IS_THERE, place->answer, h->writer) != 0;
}

/* The first text of the answer: a former one makes room for it. */
static void take_place(struct history *h, struct history_place *place)
{
	if (place->former)
		history_run(h, SQL_DROP_TURN, place->former);
	history_run(h, SQL_CHAT_COUNT, place->chat);
}

enum store_result history_append(struct history *h, struct history_place *place, const char *text, size_t len)
{
	enum store_result result = history_open(h, STORE_WRITE);

	if (result != STORE_OK)
		return result;
	if (is_there(h, place)) {
		put_piece(h, place->answer, text, len);
		if (!place->pieces)
			take_place(h, place);
	}
	result = store_commit(h->store);
	if (result == STORE_OK)
		place->pieces++;
	return result;
}

static void write_end(struct history *h, const struct history_place *place, const struct history_end *end)
{
	char *reasoning = end->reasoning_len ? xstrndup(end->reasoning, end->reasoning_len) : NULL;

	store_start(h->store, SQL_TURN_END);
	store_put_int(h->store, place->answer);
	store_put_int(h->store, end->state);
	store_put_int(h->store, end->state == HISTORY_DONE ? end->finish : CALL_TRUNCATED);
	store_put_text(h->store, end->model);
	store_put_text(h->store, end->endpoint);
	store_put_text(h->store, reasoning);
	store_put_int(h->store, end->usage.prompt_tokens);
	store_put_int(h->store, end->usage.completion_tokens);
	store_put_int(h->store, end->usage.estimated);
	store_run(h->store);
	free(reasoning);
	store_start(h->store, SQL_USED);
	store_put_int(h->store, place->chat);
	store_put_int(h->store, end->usage.prompt_tokens);
	store_put_int(h->store, end->usage.completion_tokens);
	store_put_int(h->store, end->usage.estimated);
	store_run(h->store);
}

enum store_result history_end(struct history *h, struct history_place *place, const struct history_end *end)
{
	enum store_result result = history_open(h, STORE_WRITE);
	bool nothing = end->state != HISTORY_DONE && !end->len;

	if (result != STORE_OK)
		return result;
	if (is_there(h, place)) {
		history_run(h, SQL_PIECES_DROP, place->answer);
		if (nothing) {
			history_run(h, SQL_DROP_TURN, place->answer);
		} else {
			put_text(h, place->answer, end->text, end->len);
			write_end(h, place, end);
		}
		history_run(h, SQL_RELEASE, place->chat);
		if (nothing)
			history_run(h, SQL_CHAT_COUNT, place->chat);
		else
			take_place(h, place);
		run2(h, SQL_TOUCH, place->chat, clock_wall_ms());
	}
	return store_commit(h->store);
}

/* --- renaming, deleting --- */

static void no_such_chat(const char *id, struct err *err)
{
	err_set(err, ERR_INVALID_PARAMS, "there is no chat \"%.32s\"", id);
}

enum store_result history_rename(struct history *h, const char *id, const char *title, struct err *refusal)
{
	enum store_result result = history_open(h, STORE_WRITE);

	if (result != STORE_OK)
		return result;
	store_start(h->store, SQL_RENAME);
	store_put_text(h->store, id);
	store_put_text(h->store, title);
	if (!store_next(h->store))
		no_such_chat(id, refusal);
	store_run(h->store);
	return store_commit(h->store);
}

enum store_result history_delete(struct history *h, const char *id, struct err *refusal)
{
	enum store_result result = history_open(h, STORE_WRITE);
	int64_t chat;

	if (result != STORE_OK)
		return result;
	store_start(h->store, SQL_DELETE);
	store_put_text(h->store, id);
	chat = store_next(h->store) ? store_int(h->store, 0) : 0;
	store_run(h->store);
	if (chat)
		run2(h, SQL_DROP_FROM, chat, 0);
	else
		no_such_chat(id, refusal);
	return store_commit(h->store);
}
