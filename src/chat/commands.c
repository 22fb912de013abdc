/*
 * The table of commands, and what becomes of a prompt's placeholders. A struct command_set is made from a configuration
 * and lives as long; strings of the user's commands are its own, or borrowed from the configuration that it holds.
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
#include "frameworks.h"

#define DESCRIPTION_MOST 100

static const struct command builtin[] = {
	{ .name = "explain",
	  .title = "Explain",
	  .description = "What the code does, and why it does it so.",
	  .needs = COMMAND_NEEDS_SELECTION,
	  .prompt =
		  "Explain the attached {language} code to a programmer who has never seen it.\n"
		  "Begin with one or two sentences on what it is for. Then follow it in its own order, by what each part "
		  "achieves and why it is done that way, not line by line: what goes in, what comes out, what it changes, "
		  "and what happens when something fails. Refer to line numbers instead of repeating code. End with what is "
		  "surprising or easy to break, if there is such a thing." },
	{ .name = "problems",
	  .title = "Find problems",
	  .description = "Bugs and weaknesses of the code, the worst first, each with its remedy.",
	  .needs = COMMAND_NEEDS_SELECTION,
	  .prompt =
		  "Review the attached {language} code as a careful colleague would, and find what is wrong with it: wrong "
		  "results, crashes, unhandled errors and edge cases, leaks, races, security holes.\n"
		  "Give a numbered list, the worst first. For each: the lines, the input or situation in which it goes "
		  "wrong, what happens then, and the smallest change that cures it, as code. Leave out matters of taste, and "
		  "do not guess at code that you cannot see: say what you would have to check. If nothing is wrong, say so "
		  "in one sentence." },
	{ .name = "optimize",
	  .title = "Optimize",
	  .description = "The same, faster or with less memory.",
	  .needs = COMMAND_NEEDS_SELECTION,
	  .prompt =
		  "Make the attached {language} code faster, or let it use less memory, without changing what it does or how "
		  "it is called.\n"
		  "Answer with the whole new code first, in one fenced block that can take the old one's place. Below it, for "
		  "each change: what it saves, in terms of complexity, allocations or input and output, and when that "
		  "matters. Do not trade readability for what cannot be measured; if it is good as it is, say so instead." },
	{ .name = "refactor",
	  .title = "Refactor",
	  .description = "The same code, better to read and to change.",
	  .needs = COMMAND_NEEDS_SELECTION,
	  .prompt =
		  "Refactor the attached {language} code: clear names, small functions with one purpose each, no repetition, "
		  "early returns, no dead code. Its behaviour, its interface, and the style of the code around it stay.\n"
		  "Answer with the whole new code first, in one fenced block that can take the old one's place. Below it a "
		  "short list of what was changed and what it is good for." },
	{ .name = "document",
	  .title = "Document",
	  .description = "The same code with documentation comments.",
	  .needs = COMMAND_NEEDS_SELECTION,
	  .prompt =
		  "Document the attached {language} code in the form that is usual for its language (docstrings, JSDoc, "
		  "Javadoc, rustdoc, Doxygen, ...) or that the file already has.\n"
		  "Say of each public part what it does, its parameters, result and errors, and what a caller must know; "
		  "inside functions comment only what the code does not say, above all why. Answer with one fenced block and "
		  "nothing else: the code with its comments, not one character of the code itself changed." },
	{ .name = "tests",
	  .title = "Write tests",
	  .description = "Unit tests in the framework that the file seems to use.",
	  .needs = COMMAND_NEEDS_SELECTION,
	  .prompt =
		  "Write unit tests for the attached {language} code with {framework}.\n"
		  "Cover what it is for, its edge cases (empty, one, many, limits, invalid input), and each way in which it "
		  "fails; one behaviour to a test, with a name that says which. Use tables of cases where cases differ in "
		  "data only. Call the code as it is and mock only what reaches outside the process. Answer with one fenced "
		  "block that is a complete test file, imports included; below it, only what the tests showed to be wrong "
		  "or untestable in the code." },
	{ .name = "fix",
	  .title = "Fix",
	  .description = "The corrected code, and what was wrong.",
	  .needs = COMMAND_NEEDS_SELECTION,
	  .prompt =
		  "Fix the attached {language} code. If diagnostics are attached, they say what is wrong; else find it "
		  "yourself.\n"
		  "Answer with the corrected code first, in one fenced block that can take the old one's place: all of it, "
		  "and changed only where it must be. Then say in a few sentences what was wrong, why this cures it, and "
		  "what else should be looked at because of it." },
	{ .name = "commit",
	  .title = "Commit message",
	  .description = "A message for what is staged, in the form of Conventional Commits.",
	  .needs = COMMAND_NEEDS_DIFF,
	  .prompt =
		  "Write the commit message for the attached diff, by Conventional Commits 1.0.0.\n"
		  "First line: type(scope): description. The type is feat, fix, docs, style, refactor, perf, test, build, "
		  "ci, chore or revert; the scope, one word for the part that is concerned, may be left out; the "
		  "description is in the imperative, in lower case, without a full stop, and the line has at most 72 "
		  "characters. Where it is not obvious why, a blank line and a body follow, wrapped at 72 columns, that "
		  "say why and not how. Put ! after the type, and a footer \"BREAKING CHANGE: ...\", only if the diff "
		  "breaks its users. Name no issue that the diff does not name.\n"
		  "Answer with the one message and nothing else: no fence, no quotes, no remark." },
	{ .name = "ask",
	  .title = "Ask",
	  .description = "A question, about what is attached or in general.",
	  .needs = COMMAND_NEEDS_NOTHING,
	  .needs_input = true,
	  .prompt =
		  "Answer the question below. Where something is attached, lean on it, and name the file and lines that the "
		  "answer rests on; if it is not enough to be sure, say what is missing instead of guessing. The answer "
		  "comes first, reasons after it.\n\n{input}" },
	{ .name = "write",
	  .title = "Write code",
	  .description = "Code from a comment or a description.",
	  .needs = COMMAND_NEEDS_SELECTION,
	  .input_will_do = true,
	  .prompt =
		  "Write {language} code that does what the attached comment, or the text below, describes.\n"
		  "Follow the indentation, naming, error handling and libraries of the file where they can be seen, and use "
		  "nothing that has to be installed unless the file uses it already. Answer with one fenced block and "
		  "nothing else, complete enough to be put below the comment and run; assumptions that you had to make go "
		  "into a short comment at its top." },
};

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
			 "chat.commands.%.64s: %.*s stays as it is; what is replaced is {selection}, {file}, {language}, {diff}, "
			 "{input}, {framework}",
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
	for (size_t i = 0; i < ARRAY_LEN(builtin); i++)
		put(set, &builtin[i]);
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
	err_set(err, ERR_INVALID_PARAMS, "there is no command \"%.64s\"; there are %s", name, names.data);
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
