/*
 * Making a question. Its owner's storage; nothing outlives the call but what it holds.
 */
#include "question.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/text/uri.h"
#include "title.h"

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static bool take_context(struct question *question, const struct conversation_question *q,
	const struct context_sources *sources, struct err *err)
{
	size_t bytes = strlen(question->prompt);

	for (size_t i = 0; i < q->context_count; i++)
		if (!context_add(&question->blocks, sources, &q->context[i], err))
			return false;
	if (!context_add_mentions(&question->blocks, sources, question->prompt, err))
		return false;
	for (size_t i = 0; i < question->blocks.count; i++)
		bytes += question->blocks.items[i].len;
	if (bytes <= LIMIT_CHAT_PROMPT)
		return true;
	err_set(err, ERR_PROMPT_TOO_LONG,
		"the prompt and its attachments have %zu bytes; at most %zu are sent",
		bytes, LIMIT_CHAT_PROMPT);
	return false;
}

/* The files whose changes go along. */
static bool take_changed(struct question *question, const struct conversation_question *q, struct err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < q->context_count; i++) {
		char *path = q->context[i].kind == CONTEXT_CHANGES ? uri_to_path(q->context[i].uri) : NULL;

		if (q->context[i].kind != CONTEXT_CHANGES)
			continue;
		if (!path || !question->wants_diff) {
			free(path);
			err_set(err, ERR_INVALID_PARAMS, question->wants_diff ? "%.400s is not a file" :
				"the changes to %.400s can only be attached with a command that needs a diff, such as commit",
				q->context[i].uri);
			return false;
		}
		question->changed = xreallocarray(question->changed, n + 2, sizeof(*question->changed));
		question->changed[n++] = path;
		question->changed[n] = NULL;
	}
	return true;
}

static bool is_blank(const char *text)
{
	return !text[strspn(text, " \t\r\n")];
}

static bool has_what_it_needs(const struct question *question, const struct command *command, struct err *err)
{
	bool input = !is_blank(question->prompt);
	const char *lacks = NULL;

	switch (command->needs) {
	case COMMAND_NEEDS_SELECTION:
		if (command_quotes_selection(command) ? !question->blocks.selected : !question->blocks.count && !(input &&
			command->input_will_do))
			lacks = command->input_will_do ? "a comment or a description to work from: select one, or type it" :
							 "something to work on: select some code, or attach a file";
		break;
	case COMMAND_NEEDS_FILE:
		if (!question->blocks.path)
			lacks = "a file: attach one, or mention it as @path";
		break;
	case COMMAND_NEEDS_DIFF:
	case COMMAND_NEEDS_NOTHING:
		break;
	}
	if (!lacks && command->needs_input && !input)
		lacks = "a question";
	if (lacks)
		err_set(err, ERR_INVALID_PARAMS, "the command %s needs %s", command->name, lacks);
	return !lacks;
}

static bool take_command(struct question *question, const struct command *command, struct err *err)
{
	struct command_values values = { .selection = question->blocks.selected,
					 .file = question->blocks.path,
					 .language = question->blocks.language,
					 .head = question->blocks.head,
					 .input = question->prompt };
	struct strbuf text;
	bool ok = has_what_it_needs(question, command, err);

	if (!ok)
		return false;
	strbuf_init(&text, LIMIT_CHAT_PROMPT);
	ok = command_expand(command, &values, &text);
	if (ok) {
		question->command = xstrdup(command->name);
		question->text = strbuf_detach(&text, NULL);
		question->wants_diff = command->needs == COMMAND_NEEDS_DIFF;
	} else {
		err_set(err, ERR_PROMPT_TOO_LONG, "the command %s makes the prompt too long", command->name);
	}
	strbuf_release(&text);
	return ok;
}

static char *workspace_key(const char *folder)
{
	char *uri = folder ? uri_from_path(folder) : NULL;
	char *key = uri ? uri_key(uri) : NULL;

	free(uri);
	return key;
}

bool question_prepare(struct question *question, const struct conversation_question *q,
	const struct context_sources *sources, const struct command_set *commands, struct err *err)
{
	const struct command *command = q->command ? commands_find(commands, q->command, err) : NULL;

	context_init(&question->blocks);
	question->prompt = xstrdup(q->prompt ? q->prompt : "");
	if (q->edit_turn_id && !q->chat_id) {
		err_set(err, ERR_INVALID_PARAMS, "chatId is missing: a turn can be replaced in a chat only");
		return false;
	}
	if ((q->command && !command) || !take_context(question, q, sources, err))
		return false;
	if (command && !take_command(question, command, err))
		return false;
	if (!take_changed(question, q, err))
		return false;
	if (!command && is_blank(question->prompt)) {
		err_set(err, ERR_INVALID_PARAMS, "the prompt is empty");
		return false;
	}
	question->title = title_make(question->prompt, command && !command->needs_input ? command->title : NULL,
		question->blocks.path);
	question->workspace = workspace_key(sources->folder);
	question->edit = copy(q->edit_turn_id);
	return true;
}

void question_release(struct question *question)
{
	free(question->prompt);
	free(question->text);
	free(question->command);
	free(question->title);
	free(question->workspace);
	free(question->edit);
	for (char **path = question->changed; path && *path; path++)
		free(*path);
	free(question->changed);
	context_release(&question->blocks);
}
