#ifndef EKE_CHAT_COMMANDS_H
#define EKE_CHAT_COMMANDS_H
/*
 * Chat commands: a name for a prompt. The built-in ones stand in src/chat/builtin_commands.c; the user's own
 * (chat.commands) add to them and replace those of the same name. A prompt may hold these placeholders:
 *
 *     {selection}  the selected text
 *     {file}       the path of the current file, which is attached
 *     {language}   that file's language
 *     {framework}  the test framework that the file seems to use
 *     {diff}       what is staged, which is attached
 *     {input}      what the user typed with the command; without {input} it is put behind the prompt
 *
 * Anything else in braces is ordinary text; it is reported as a possible slip.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/err.h"
#include "eke/base/strbuf.h"
#include "eke/config/config.h"

enum command_needs {
	COMMAND_NEEDS_NOTHING,
	COMMAND_NEEDS_SELECTION, /* a file, or text, will do */
	COMMAND_NEEDS_FILE,      /* a selection will do */
	COMMAND_NEEDS_DIFF,      /* something staged, in a git repository */
};

struct command {
	const char *name;
	const char *title;       /* "Explain" */
	const char *description; /* a sentence */
	enum command_needs needs;
	bool input_will_do; /* what the user types will do for what it needs */
	bool needs_input;
	const char *prompt; /* of a chat, with placeholders */
	/* Asked of the edit engine where the answer is to replace the text; NULL: the command answers in a chat only. */
	const char *edit_instruction;
	const char *code_action_kind; /* LSP CodeActionKind of that edit; NULL: none */
};

struct command_set;

/* The built-in ones and those of the configuration, of which a reference is taken. */
struct command_set *commands_new(struct config *config, config_warn_fn *warn, void *warn_ctx);
void commands_free(struct command_set *set);
size_t commands_count(const struct command_set *set);
const struct command *commands_at(const struct command_set *set, size_t index);
/* NULL with ERR_INVALID_PARAMS, which lists them, if there is none of that name. */
const struct command *commands_find(const struct command_set *set, const char *name, struct err *err);
/* "selection", … */
const char *command_needs_name(enum command_needs needs);
/* Does the prompt quote the selection itself? Then nothing else will do for it. */
bool command_quotes_selection(const struct command *command);

/* What stands for the placeholders; all may be NULL. */
struct command_values {
	const char *selection;
	const char *file;     /* its path */
	const char *language; /* languageId */
	const char *head;     /* the beginning of the file: what it imports */
	const char *input;
};

/* Appends the prompt with everything in its place; false if it does not fit. */
bool command_expand(const struct command *command, const struct command_values *values, struct strbuf *out);

#endif
