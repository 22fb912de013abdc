/*
 * Which file a prompt is to change, and what is to be done with it: the words of /edit, or the edit instruction of the
 * prompt's command, and the file that goes along. What is found goes into the prompt's struct acp_edit.
 */
#include "acp_private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/text/uri.h"

const struct acp_piece *acp_edit_attached(const struct acp_blocks *blocks)
{
	const struct acp_piece *found = NULL;

	for (size_t i = 0; i < blocks->count; i++) {
		if (!blocks->pieces[i].path)
			continue;
		if (found)
			return NULL;
		found = &blocks->pieces[i];
	}
	return found;
}

/* The first word, quotes around it taken away; *rest is what follows. NULL: there is none. */
static char *first_word(const char *words, const char **rest)
{
	const char *from = words + (*words == '@');
	bool quoted = *from == '"';
	size_t len;

	from += quoted;
	len = quoted ? strcspn(from, "\"\n") : strcspn(from, " \t\r\n");
	if (!len)
		return NULL;
	*rest = from + len + (quoted && from[len] == '"');
	while (isspace((unsigned char)**rest))
		(*rest)++;
	return xstrndup(from, len);
}

/* "src/x.c:10-20": cuts the lines off. */
static void take_lines(struct acp_edit *e, char *word)
{
	for (char *at = word; (at = strpbrk(at, ":#")) != NULL; at++) {
		if (!acp_parse_lines(at, &e->first, &e->last))
			continue;
		e->has_lines = true;
		*at = '\0';
		return;
	}
}

/* The path in the words of /edit. The file that was attached may stand there once more, by its name. */
static bool take_path(struct acp_prompt *prompt, struct acp_edit *e, const struct acp_piece *attached,
	const char **words, struct err *err)
{
	const char *rest = NULL;
	char *word = first_word(*words, &rest);
	struct acp_edit named = { .path = NULL };

	if (word)
		take_lines(&named, word);
	if (attached && (!word || strcmp(word, attached->name) != 0)) {
		free(word);
		return true;
	}
	if (!word) {
		err_set(err, ERR_INVALID_PARAMS, "the file is missing: /edit PATH INSTRUCTION");
		return false;
	}
	*words = rest;
	if (!attached)
		e->path = word[0] == '/' ? xstrdup(word) : xasprintf("%s/%s", prompt->session->cwd, word);
	if (named.has_lines) {
		e->has_lines = true;
		e->first = named.first;
		e->last = named.last;
	}
	free(word);
	return true;
}

bool acp_edit_prepare(struct acp_prompt *prompt, const struct acp_piece *attached, const char *instruction,
	struct err *err)
{
	struct workspace *workspace = prompt->acp->app.workspace;
	struct acp_edit *e = prompt->edit;
	const char *words = prompt->words;
	char *uri;

	if (attached) {
		e->path = xstrdup(attached->path);
		e->has_lines = attached->has_lines;
		e->first = attached->first;
		e->last = attached->last;
	}
	if (!instruction && !take_path(prompt, e, attached, &words, err))
		return false;
	if (!instruction && !*words) {
		err_set(err, ERR_INVALID_PARAMS, "the instruction is missing: /edit PATH INSTRUCTION");
		return false;
	}
	e->instruction = instruction ? xasprintf("%s%s%s", instruction, *words ? "\n" : "", words) : xstrdup(words);
	uri = uri_from_path(e->path);
	e->shown = workspace_show(workspace, uri ? uri : e->path);
	free(uri);
	return workspace_may_send_path(workspace, e->path, err);
}

const char *acp_edit_instruction(const struct acp_prompt *prompt)
{
	const struct command_set *commands = conversations_commands(prompt->acp->app.conversations);
	const struct command *command;
	struct err ignored;

	if (!prompt->command || prompt->own_command)
		return NULL;
	command = commands_find(commands, prompt->command, &ignored);
	return command ? command->edit_instruction : NULL;
}
