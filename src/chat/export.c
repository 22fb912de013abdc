/*
 * Writing conversations. No state.
 */
#include "export.h"

#include "eke/base/json_writer.h"
#include "eke/base/rfc3339.h"
#include "eke/chat/history_json.h"

static void add_time(struct strbuf *out, int64_t ms)
{
	char time[24];

	rfc3339_format(ms / 1000, time, sizeof(time));
	strbuf_adds(out, time);
}

static void end_line(struct strbuf *out)
{
	if (out->len && out->data[out->len - 1] != '\n')
		strbuf_addch(out, '\n');
}

static void add_turn(struct strbuf *out, const struct history_turn *turn)
{
	bool asked = turn->role == HISTORY_USER;

	strbuf_addf(out, "\n## %s\n\n", asked ? "You" : turn->model ? turn->model : "Answer");
	if (turn->command)
		strbuf_addf(out, "/%s\n\n", turn->command);
	for (size_t i = 0; i < turn->attachment_count; i++) {
		strbuf_add(out, turn->attachments[i].text, turn->attachments[i].len);
		strbuf_adds(out, "\n\n");
	}
	strbuf_add(out, turn->text, turn->len);
	end_line(out);
	if (turn->state == HISTORY_WRITING)
		strbuf_adds(out, "\n*(being written)*\n");
	else if (!asked && turn->finish == CALL_TRUNCATED)
		strbuf_adds(out, "\n*(broken off)*\n");
	else if (!asked && turn->finish == CALL_LENGTH)
		strbuf_adds(out, "\n*(cut at its maximum length)*\n");
	else if (!asked && turn->finish == CALL_FILTER)
		strbuf_adds(out, "\n*(cut by the provider's content filter)*\n");
}

bool export_markdown(const struct history_chat *chat, struct strbuf *out)
{
	strbuf_addf(out, "# %s\n\n", chat->entry.title);
	add_time(out, chat->entry.created_ms);
	strbuf_adds(out, " to ");
	add_time(out, chat->entry.updated_ms);
	strbuf_adds(out, "\n");
	for (size_t i = 0; i < chat->count; i++)
		add_turn(out, &chat->turns[i]);
	return !out->full;
}

bool export_json(const struct history_chat *chat, struct strbuf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	history_write_chat(chat, true, &w);
	json_writer_end(&w);
	strbuf_addch(out, '\n');
	return !out->full;
}
