/*
 * The set of chat commands that a configuration gives, and the expansion of a prompt's placeholders. A struct
 * command_set holds a reference to its configuration. The strings of the user's commands are borrowed from it, or owned
 * by the set.
 */
#include "eke/chat/commands.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/utf.h"
#include "eke/text/language.h"
#include "builtin_commands.h"
#include "frameworks.h"

#define DESCRIPTION_MOST 100

struct command_set {
	struct config *config; /* ref */
	struct command *items;
	size_t count;
	char **owned; /* strings */
	size_t owned_count;
};

static const char *const placeholders[] = { "selection", "file", "language", "diff", "input", "framework" };

/* At a '{': the length of a word in braces, both included; 0 if that is not what stands there. */
static size_t placeholder_at(const char *text)
{
	size_t n = 1;

	while (islower((unsigned char)text[n]))
		n++;
	return n > 1 && text[n] == '}' ? n + 1 : 0;
}

static bool is_placeholder(const char *at, size_t len, const char *name)
{
	return strlen(name) == len - 2 && !memcmp(at + 1, name, len - 2);
}

static bool is_known(const char *at, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(placeholders); i++)
		if (is_placeholder(at, len, placeholders[i]))
			return true;
	return false;
}

static bool has_placeholder(const char *prompt, const char *name)
{
	for (const char *p = prompt; (p = strchr(p, '{')); p++) {
		size_t len = placeholder_at(p);

		if (len && is_placeholder(p, len, name))
			return true;
	}
	return false;
}

/* --- the user's --- */

static const char *own(struct command_set *set, char *text)
{
	set->owned = xreallocarray(set->owned, set->owned_count + 1, sizeof(*set->owned));
	set->owned[set->owned_count++] = text;
	return text;
}

static enum command_needs needs_of(const char *prompt)
{
	return has_placeholder(prompt, "diff") ? COMMAND_NEEDS_DIFF :
	       has_placeholder(prompt, "selection") ? COMMAND_NEEDS_SELECTION :
	       has_placeholder(prompt, "file") ? COMMAND_NEEDS_FILE : COMMAND_NEEDS_NOTHING;
}

static void warn_unknown(const char *name, const char *prompt, config_warn_fn *warn, void *warn_ctx)
{
	char sentence[256];

	for (const char *p = prompt; (p = strchr(p, '{')); p++) {
		size_t len = placeholder_at(p);

		if (!len || is_known(p, len))
			continue;
		snprintf(sentence, sizeof(sentence),
			 "chat.commands.%.64s: %.*s is no placeholder and is kept as text; there are {selection}, {file}, "
			 "{language}, {diff}, {input}, {framework}",
			 name, (int)(len < 64 ? len : 64), p);
		warn(warn_ctx, sentence);
	}
}

/* The prompt's first line, as far as it goes. */
static char *describe(const char *prompt)
{
	size_t len = strcspn(prompt, "\r\n");
	size_t cut = utf8_cut(prompt, len, DESCRIPTION_MOST);

	return cut < len ? xasprintf("%.*s…", (int)cut, prompt) : xstrndup(prompt, len);
}

static char *title_of(const char *name)
{
	char *title = xstrdup(name);

	title[0] = (char)toupper((unsigned char)title[0]);
	return title;
}

static void put(struct command_set *set, const struct command *command)
{
	size_t at = 0;

	while (at < set->count && strcmp(set->items[at].name, command->name) != 0)
		at++;
	set->items[at] = *command;
	set->count += at == set->count;
}

static void add_users(struct command_set *set, const struct json *commands, config_warn_fn *warn, void *warn_ctx)
{
	for (const struct json *j = json_first(commands); j; j = json_next(j)) {
		const char *prompt = json_string(j);
		struct command command = { .name = json_key(j), .prompt = prompt };

		if (set->count == LIMIT_COMMANDS)
			return;
		if (warn)
			warn_unknown(command.name, prompt, warn, warn_ctx);
		command.title = own(set, title_of(command.name));
		command.description = own(set, describe(prompt));
		command.needs = needs_of(prompt);
		put(set, &command);
	}
}

struct command_set *commands_new(struct config *config, config_warn_fn *warn, void *warn_ctx)
{
	struct command_set *set = xcalloc(1, sizeof(*set));

	set->config = config_ref(config);
	set->items = xcalloc(LIMIT_COMMANDS, sizeof(*set->items));
	for (size_t i = 0; i < builtin_command_count; i++)
		put(set, &builtin_commands[i]);
	for (size_t i = 0; i < ARRAY_LEN(config->commands); i++)
		add_users(set, config->commands[i], warn, warn_ctx);
	return set;
}

void commands_free(struct command_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->owned_count; i++)
		free(set->owned[i]);
	free(set->owned);
	free(set->items);
	config_unref(set->config);
	free(set);
}

/* --- looking --- */

size_t commands_count(const struct command_set *set)
{
	return set->count;
}

const struct command *commands_at(const struct command_set *set, size_t index)
{
	return index < set->count ? &set->items[index] : NULL;
}

const struct command *commands_find(const struct command_set *set, const char *name, struct err *err)
{
	struct strbuf names;

	for (size_t i = 0; i < set->count; i++)
		if (!strcmp(set->items[i].name, name))
			return &set->items[i];
	strbuf_init(&names, LIMIT_ERR_MESSAGE / 2);
	for (size_t i = 0; i < set->count; i++)
		strbuf_addf(&names, "%s%s", i ? ", " : "", set->items[i].name);
	err_set(err, ERR_INVALID_PARAMS, "unknown command \"%.64s\"; the commands are %s", name, names.data);
	strbuf_release(&names);
	return NULL;
}

const char *command_needs_name(enum command_needs needs)
{
	switch (needs) {
	case COMMAND_NEEDS_NOTHING:
		return "none";
	case COMMAND_NEEDS_SELECTION:
		return "selection";
	case COMMAND_NEEDS_FILE:
		return "file";
	case COMMAND_NEEDS_DIFF:
		return "diff";
	}
	return "none";
}

bool command_quotes_selection(const struct command *command)
{
	return has_placeholder(command->prompt, "selection");
}

/* --- expansion --- */

static const char *language_name(const char *id)
{
	const struct language *language = id ? language_by_id(id) : NULL;

	return language ? language->name : id ? id : "";
}

static const char *value_of(const char *at, size_t len, const struct command_values *v)
{
	if (is_placeholder(at, len, "selection"))
		return v->selection ? v->selection : "";
	if (is_placeholder(at, len, "file"))
		return v->file ? v->file : "";
	if (is_placeholder(at, len, "language"))
		return language_name(v->language);
	if (is_placeholder(at, len, "diff"))
		return "(the diff of what is staged is attached)";
	if (is_placeholder(at, len, "input"))
		return v->input ? v->input : "";
	if (is_placeholder(at, len, "framework"))
		return framework_of(v->language, v->head);
	return NULL;
}

bool command_expand(const struct command *command, const struct command_values *values, struct strbuf *out)
{
	const char *from = command->prompt;
	const char *p = from;

	while ((p = strchr(p, '{'))) {
		size_t len = placeholder_at(p);
		const char *value = len ? value_of(p, len, values) : NULL;

		if (!value) {
			p++;
			continue;
		}
		strbuf_add(out, from, (size_t)(p - from));
		strbuf_adds(out, value);
		p += len;
		/* "attached {language} code" of no known language. */
		if (!*value && *p == ' ' && out->len && out->data[out->len - 1] == ' ')
			p++;
		from = p;
	}
	strbuf_adds(out, from);
	if (values->input && *values->input && !has_placeholder(command->prompt, "input"))
		strbuf_addf(out, "\n\n%s", values->input);
	return !out->full;
}
