/*
 * One table of the commands. Manual and completions are checked against its words (tests/tools/check-source).
 */
#include "eke/front/help.h"

#include <string.h>

#include "eke/base/attrs.h"
#include "eke/front/terminal.h"

/* Where the text of an option begins. */
#define OPTION_COLUMN 28
#define COLUMNS 80

struct option {
	const char *words; /* "-c, --command NAME" */
	const char *text;  /* is wrapped, as `about` */
};

struct command {
	const char *name;
	const char *arguments; /* behind the name and the options; "" if there are none */
	const char *summary;   /* one line of at most 68 columns */
	const char *about;
	struct option options[7]; /* up to the first without words; beside those of all commands */
};

static const struct command commands[] = {
	{ "serve", "", "language server (LSP 3.18) on standard input and output; the default",
	  "Serves completion and chat to an editor that starts this as a child process: "
	  "JSON-RPC 2.0 on standard input and output, framed by Content-Length headers, or "
	  "one message a line if the first byte is \"{\". protocol/README.md in the sources "
	  "describes the methods.",
	  { { "--stdio", "accepted and ignored" } } },
	{ "acp", "", "agent for clients of the Agent Client Protocol (Zed, JetBrains)",
	  "Serves the Agent Client Protocol, version 1, on standard input and output, one "
	  "message a line: for Zed, JetBrains AI Assistant, CodeCompanion, avante.nvim, "
	  "agent-shell.",
	  { { NULL, NULL } } },
	{ "chat", " [MESSAGE]", "send a message to a model and stream its answer",
	  "Sends MESSAGE to the model and streams the answer. Without MESSAGE standard input "
	  "is the message; with one, standard input goes along. @src/main.c in the message "
	  "attaches that file. Exit code 3: the budget is used up.",
	  { { "-c, --command NAME", "explain, problems, optimize, refactor, document, "
				    "tests, fix, write: about the files or standard input; "
				    "commit: a message for the staged changes; ask; or one "
				    "of chat.commands in the configuration" },
	    { "-f, --file FILE", "attach this file; - is standard input. Several are allowed" },
	    { "-m, --model MODEL", "use this model instead of the configured one" },
	    { "--json", "print one JSON object when the answer is complete" },
	    { "--continue", "continue the last chat of this repository, else the last of all" },
	    { NULL, NULL } } },
	{ "complete", " FILE:LINE:COL", "print the completion at a position of a file",
	  "Prints the completion at a position of a file, as an editor would show it there. "
	  "LINE and COL count from 1; COL is that of the character behind the cursor.",
	  { { "--explain", "send nothing; print whether a request would be made while typing, and what would go "
			   "along with it" },
	    { NULL, NULL } } },
	{ "gateway", "", "OpenAI-compatible endpoint on this machine, with the same budget",
	  "Serves OpenAI's HTTP API on this machine, for programs that take a base URL and an "
	  "API key. Requests go to the configured endpoints and count against the same budget "
	  "as all others. Prints the base URL and runs until a signal ends it.",
	  { { "--listen ADDRESS:PORT", "listen there instead of 127.0.0.1:8484; port 0 is any free port. "
					"unix:PATH is a Unix socket. Other machines only with TLS" },
	    { "--tls-cert FILE", "certificate (PEM, with its chain) for TLS" },
	    { "--tls-key FILE", "its key" },
	    { "--allow-origin ORIGIN", "allow web pages of this origin. Several are allowed" },
	    { "--token [NAME]", "print the API key that clients must send, or that of the client "
				"NAME, and exit" },
	    { "--revoke NAME", "make the API key of the client NAME invalid, and exit" } } },
	{ "models", "", "list the models of the endpoints",
	  "Lists the models that the configured endpoints offer: a line each, the model's "
	  "name and the endpoint's, with a tab between them.",
	  { { NULL, NULL } } },
	{ "status", "", "show what is left of each plan",
	  "Shows what is left of each endpoint's plan, for all eke processes of the user on "
	  "this machine. Sends nothing, and runs no key command.",
	  { { "--json", "print one JSON object" },
	    { "--unblock", "first forget the refusals of providers: after a change of address or plan" } } },
	{ "doctor", "", "check configuration, key, proxy, TLS and endpoint",
	  "Checks the configuration, the ledger, the key, the proxy, TLS and the endpoint, and "
	  "says how to correct what is wrong. Spends no counted request.",
	  { { NULL, NULL } } },
	{ "config", " --path|--print|--schema", "show the configuration, its file's path or its JSON Schema",
	  "Shows the configuration: one of these.",
	  { { "--path", "path of the configuration file" },
	    { "--print", "the configuration in use, with defaults and environment and with keys masked" },
	    { "--schema", "the JSON Schema of the file" } } },
};

static const struct option common[] = {
	{ "--config FILE", "use this configuration file" },
	{ "--log-level LEVEL", "broken, warn, info, debug or io" },
	{ "--log-file FILE", "log to this file instead of standard error" },
	{ "--version", "print the version" },
	{ "--help", "print this; eke COMMAND --help is about one command" },
};

/* Words from `column` on, in lines that end before COLUMNS; the cursor is there already. */
static void print_wrapped(const char *text, unsigned column)
{
	unsigned at = column;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (at > column && at + 1 + len >= COLUMNS) {
			terminal_print("\n%*s", (int)column, "");
			at = column;
		}
		terminal_print("%s%.*s", at > column ? " " : "", (int)len, text);
		at += (at > column) + (unsigned)len;
		text += len + (text[len] == ' ');
	}
	terminal_print("\n");
}

static void print_option(const struct option *option)
{
	terminal_print("  %-*s", OPTION_COLUMN - 2, option->words);
	print_wrapped(option->text, OPTION_COLUMN);
}

static void print_common(const char *title)
{
	terminal_print("\n%s:\n", title);
	for (size_t i = 0; i < ARRAY_LEN(common); i++)
		print_option(&common[i]);
}

void help_print(void)
{
	terminal_print("eke makes counted model access last: inline completion and chat for editors,\n"
		       "from any OpenAI-compatible API.\n"
		       "\n"
		       "Usage: eke [OPTION]... [COMMAND] [ARGUMENT]...\n"
		       "\n"
		       "Commands:\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		terminal_print("  %-10s%s\n", commands[i].name, commands[i].summary);
	print_common("Options");
	terminal_print("\nExit codes: 0 success, 1 failure, 2 wrong usage, 3 budget used up.\n");
}

static void print_command(const struct command *command)
{
	const struct option *options = command->options;

	terminal_print("Usage: eke %s [OPTION]...%s\n\n", command->name, command->arguments);
	print_wrapped(command->about, 0);
	if (options[0].words)
		terminal_print("\nOptions:\n");
	for (size_t i = 0; i < ARRAY_LEN(command->options) && options[i].words; i++)
		print_option(&options[i]);
	print_common("Options of every command");
}

bool help_print_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, name) != 0)
			continue;
		print_command(&commands[i]);
		return true;
	}
	return false;
}
