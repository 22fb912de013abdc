/*
 * The session/update notifications.
 */
#include "acp_private.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/json_writer.h"
#include "eke/base/mem.h"
#include "eke/base/rfc3339.h"

/* What is shown as the size of a context of which no plan says how large it is: that of most models in use. */
#define USUAL_CONTEXT 128000

struct json_writer *acp_update_begin(const struct acp_session *session, const char *kind)
{
	struct json_writer *w = rpc_notify_begin(session->acp->rpc, "session/update");

	json_begin_object(w, NULL);
	json_put_kstring(w, "sessionId", session->id);
	json_begin_object(w, "update");
	json_put_kstring(w, "sessionUpdate", kind);
	return w;
}

void acp_update_end(const struct acp_session *session, struct json_writer *w)
{
	json_end_object(w);
	json_end_object(w);
	rpc_notify_end(session->acp->rpc);
}

void acp_send_chunk(const struct acp_session *session, const char *kind, const char *message, const char *text,
	size_t len)
{
	struct json_writer *w;

	if (!len)
		return;
	w = acp_update_begin(session, kind);
	json_begin_object(w, "content");
	json_put_kstring(w, "type", "text");
	json_put_kstringn(w, "text", text, len);
	json_end_object(w);
	if (message)
		json_put_kstring(w, "messageId", message);
	acp_update_end(session, w);
}

void acp_send_title(struct acp_session *session, const char *title)
{
	struct json_writer *w;
	char time[24];

	if (session->title && !strcmp(session->title, title))
		return;
	free(session->title);
	session->title = xstrdup(title);
	rfc3339_format(clock_wall_ms() / 1000, time, sizeof(time));
	w = acp_update_begin(session, "session_info_update");
	json_put_kstring(w, "title", title);
	json_put_kstring(w, "updatedAt", time);
	acp_update_end(session, w);
}

static void write_meta(const struct acp_session *session, const struct config_endpoint *endpoint,
	const struct conversation_answer *answer, struct json_writer *w)
{
	json_begin_object(w, "_meta");
	json_begin_object(w, "eke");
	json_put_key(w, "budget");
	budget_write(session->acp->app.budget, endpoint, w);
	if (answer) {
		json_put_kstring(w, "endpoint", answer->chat->endpoint);
		json_put_kstring(w, "model", answer->chat->answer->model);
		json_put_kbool(w, "estimated", answer->chat->usage_estimated);
	}
	if (answer && answer->trimmed_count) {
		json_begin_array(w, "trimmed");
		for (size_t i = 0; i < answer->trimmed_count; i++)
			json_put_string(w, answer->trimmed[i]);
		json_end_array(w);
	}
	json_end_object(w);
	json_end_object(w);
}

void acp_send_usage(struct acp_session *session, const struct config_endpoint *endpoint,
	const struct conversation_answer *answer)
{
	int64_t cap = endpoint->plan->max_prompt_tokens;
	int64_t size = cap ? cap : USUAL_CONTEXT;
	struct json_writer *w;

	if (answer)
		session->used = answer->chat->usage.prompt_tokens + answer->chat->usage.completion_tokens;
	w = acp_update_begin(session, "usage_update");
	/* What has no room in a prompt is left out of the next one. */
	json_put_kint(w, "used", session->used < size ? session->used : size);
	json_put_kint(w, "size", size);
	write_meta(session, endpoint, answer, w);
	acp_update_end(session, w);
}

static const char *hint_of(const struct command *command)
{
	switch (command->needs) {
	case COMMAND_NEEDS_NOTHING:
		return "what to say, in your words";
	case COMMAND_NEEDS_SELECTION:
	case COMMAND_NEEDS_FILE:
		return "a file or a part of one, and what to heed";
	case COMMAND_NEEDS_DIFF:
		return "what to heed; what is staged goes along";
	}
	return "";
}

static void write_command(struct json_writer *w, const char *name, const char *description, const char *hint)
{
	json_begin_object(w, NULL);
	json_put_kstring(w, "name", name);
	json_put_kstring(w, "description", description);
	if (hint) {
		json_begin_object(w, "input");
		json_put_kstring(w, "hint", hint);
		json_end_object(w);
	}
	json_end_object(w);
}

static bool has_command(const struct command_set *commands, const char *name)
{
	for (size_t i = 0; i < commands_count(commands); i++)
		if (!strcmp(commands_at(commands, i)->name, name))
			return true;
	return false;
}

void acp_send_commands(const struct acp_session *session)
{
	const struct acp *acp = session->acp;
	const struct command_set *commands = conversations_commands(acp->app.conversations);
	struct json_writer *w = acp_update_begin(session, "available_commands_update");

	json_begin_array(w, "availableCommands");
	for (size_t i = 0; i < commands_count(commands); i++) {
		const struct command *c = commands_at(commands, i);

		write_command(w, c->name, c->description, hint_of(c));
	}
	if (acp->can_write && !has_command(commands, "edit"))
		write_command(w, "edit", "Change a file, or some of its lines", "path or path:10-20, and what to change");
	if (!has_command(commands, "budget"))
		write_command(w, "budget", "What is left of each endpoint's budget; costs nothing", NULL);
	json_end_array(w);
	acp_update_end(session, w);
}
