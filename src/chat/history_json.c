/*
 * Conversations as the protocol has them (protocol/README.md, chat/get and chat/list). No state.
 */
#include "eke/chat/history_json.h"

#include <stdio.h>

#include "eke/base/rfc3339.h"

const char *history_finish_name(enum call_finish finish)
{
	switch (finish) {
	case CALL_STOP:
		return "stop";
	case CALL_LENGTH:
		return "length";
	case CALL_FILTER:
		return "filter";
	case CALL_TRUNCATED:
		return "truncated";
	}
	return "truncated";
}

static void write_time(struct json_writer *w, const char *key, int64_t ms)
{
	char time[24];

	rfc3339_format(ms / 1000, time, sizeof(time));
	json_put_kstring(w, key, time);
}

static void write_usage(struct json_writer *w, const struct history_usage *usage)
{
	json_begin_object(w, "usage");
	json_put_kint(w, "promptTokens", usage->prompt_tokens);
	json_put_kint(w, "completionTokens", usage->completion_tokens);
	json_put_kint(w, "totalTokens", usage->prompt_tokens + usage->completion_tokens);
	json_put_kbool(w, "estimated", usage->estimated);
	json_end_object(w);
}

static void write_if(struct json_writer *w, const char *key, const char *value)
{
	if (value)
		json_put_kstring(w, key, value);
}

/* Members of an object that is begun. */
static void write_members(const struct history_entry *entry, struct json_writer *w)
{
	json_put_kstring(w, "chatId", entry->id);
	json_put_kstring(w, "title", entry->title);
	write_time(w, "createdAt", entry->created_ms);
	write_time(w, "updatedAt", entry->updated_ms);
	write_if(w, "workspace", entry->workspace);
	write_usage(w, &entry->usage);
}

void history_write_entry(const struct history_entry *entry, struct json_writer *w)
{
	json_begin_object(w, NULL);
	write_members(entry, w);
	json_put_kint(w, "turns", entry->turns);
	json_end_object(w);
}

/* What an attachment is, by the first line of its text. */
static void write_name(struct json_writer *w, const struct history_attachment *a)
{
	size_t len = 0;

	while (len < a->len && a->text[len] != '\n')
		len++;
	len -= len && a->text[len - 1] == ':';
	json_put_stringn(w, a->text, len);
}

static void write_attachments(const struct history_turn *turn, bool texts, struct json_writer *w)
{
	json_begin_array(w, "context");
	for (size_t i = 0; i < turn->attachment_count; i++) {
		json_begin_object(w, NULL);
		json_put_key(w, "name");
		write_name(w, &turn->attachments[i]);
		if (texts) {
			json_put_kstringn(w, "text", turn->attachments[i].text, turn->attachments[i].len);
		}
		json_end_object(w);
	}
	json_end_array(w);
}

static void write_turn(const struct history_turn *turn, bool texts, struct json_writer *w)
{
	bool asked = turn->role == HISTORY_USER;
	char id[24];

	json_begin_object(w, NULL);
	snprintf(id, sizeof(id), "%lld", (long long)turn->number);
	json_put_kstring(w, "turnId", id);
	json_put_kstring(w, "role", asked ? "user" : "assistant");
	json_put_kstringn(w, "text", turn->text, turn->len);
	write_time(w, "createdAt", turn->created_ms);
	write_if(w, "command", turn->command);
	if (turn->attachment_count)
		write_attachments(turn, texts, w);
	write_if(w, "model", turn->model);
	write_if(w, "endpoint", turn->endpoint);
	write_if(w, "reasoning", turn->reasoning);
	if (!asked && turn->state != HISTORY_WRITING)
		json_put_kstring(w, "finishReason", history_finish_name(turn->finish));
	if (turn->state == HISTORY_INTERRUPTED)
		json_put_kbool(w, "interrupted", true);
	if (turn->state == HISTORY_WRITING)
		json_put_kbool(w, "writing", true);
	if (!asked && turn->state == HISTORY_DONE)
		write_usage(w, &turn->usage);
	json_end_object(w);
}

void history_write_chat(const struct history_chat *chat, bool texts, struct json_writer *w)
{
	json_begin_object(w, NULL);
	write_members(&chat->entry, w);
	json_begin_array(w, "turns");
	for (size_t i = 0; i < chat->count; i++)
		write_turn(&chat->turns[i], texts, w);
	json_end_array(w);
	json_end_object(w);
}
