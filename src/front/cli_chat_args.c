/*
 * Words, files and standard input of `eke chat`. Files are told to the engine by their URIs: it reads them, and it says
 * which may leave the machine.
 */
#include "cli_chat_args.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eke/front/terminal.h"
#include "eke/text/uri.h"
#include "cli_private.h"

/* Until who waits for it is told that standard input is wanted. */
#define INPUT_PATIENCE_MS 2000
/* What is to go along with a message, from who is no pipe of a shell, begins within this. */
#define INPUT_BEGINS_MS 5000

void chat_args_init(struct chat_args *words)
{
	*words = (struct chat_args){ .command = NULL };
	strbuf_init(&words->message, LIMIT_CHAT_PROMPT);
	strbuf_init(&words->input, LIMIT_CONTEXT_PIECE);
}

void chat_args_release(struct chat_args *words)
{
	strbuf_release(&words->message);
	strbuf_release(&words->input);
	free(words->input_file);
	for (size_t i = 0; i < words->count; i++)
		free(words->uris[i]);
}

static bool add_item(struct chat_args *words, struct context_item item, char *uri, struct err *err)
{
	if (words->count == LIMIT_CONTEXT_ITEMS) {
		free(uri);
		err_set(err, ERR_INVALID_PARAMS, "at most %d files are allowed", LIMIT_CONTEXT_ITEMS);
		return false;
	}
	item.uri = uri;
	words->uris[words->count] = uri;
	words->items[words->count++] = item;
	return true;
}

/* Is there something to read, or the end, within that time? */
static bool input_comes(int milliseconds)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

	return isatty(STDIN_FILENO) || poll(&in, 1, milliseconds) != 0;
}

/* Who started us may have left a pipe open that nothing will ever come from: they should be able to see it. */
static void wait_for_input(void)
{
	if (!input_comes(INPUT_PATIENCE_MS))
		terminal_note("eke: reading standard input until it ends; use </dev/null if there is none\n");
}

/* The rules for files hold for one that the shell opened, too. */
static void note_input_file(struct chat_args *words)
{
	struct stat st;

	if (!words->input_file && !fstat(STDIN_FILENO, &st) && S_ISREG(st.st_mode))
		words->input_file = realpath("/dev/stdin", NULL);
}

static bool read_stdin(struct chat_args *words, struct strbuf *out, struct err *err)
{
	note_input_file(words);
	wait_for_input();
	for (;;) {
		char chunk[8192];
		ssize_t n = read(STDIN_FILENO, chunk, sizeof(chunk));

		if (n == 0)
			return true;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || !strbuf_add(out, chunk, (size_t)n)) {
			err_set(err, ERR_CONFIG, "cannot read standard input: %s",
				n < 0 ? strerror(errno) : "it is too long for a prompt");
			return false;
		}
	}
}

static bool attach_input(struct chat_args *words, struct err *err)
{
	struct context_item item = { .kind = CONTEXT_TEXT, .name = "Standard input" };

	if (!words->input.data[strspn(words->input.data, " \t\r\n")])
		return true;
	item.text = words->input.data;
	item.len = words->input.len;
	return add_item(words, item, NULL, err);
}

static bool add_file(struct chat_args *words, const char *path, struct err *err)
{
	struct context_item item = { .kind = CONTEXT_FILE };
	char *full;
	char *uri;

	if (!strcmp(path, "-"))
		return read_stdin(words, &words->input, err) && attach_input(words, err);
	full = realpath(path, NULL);
	uri = full ? uri_from_path(full) : NULL;
	free(full);
	if (uri)
		return add_item(words, item, uri, err);
	err_set(err, ERR_CONFIG, "cannot read %s: %s", path, strerror(errno));
	return false;
}

/* The value of an option that takes one, as -x VALUE or --long=VALUE; NULL: it has none. */
static const char *value_of(const char *word, const char *next, int *used)
{
	const char *equals = !strncmp(word, "--", 2) ? strchr(word, '=') : NULL;

	*used = equals ? 0 : 1;
	return equals ? equals + 1 : next;
}

static bool is_option(const char *word, const char *brief, const char *name)
{
	size_t n = strlen(name);

	return !strcmp(word, brief) || (!strncmp(word, name, n) && (!word[n] || word[n] == '='));
}

int chat_args_take(struct chat_args *words, int argc, char **argv)
{
	bool only_message = false;
	struct err err;
	bool ok = true;

	for (int i = 0; i < argc && ok; i++) {
		const char *word = argv[i];
		char option = only_message || word[0] != '-' || !word[1] ? '\0' :
			      is_option(word, "-f", "--file")             ? 'f' :
			      is_option(word, "-m", "--model")            ? 'm' :
			      is_option(word, "-c", "--command")          ? 'c' : '-';

		if (!option) {
			ok = strbuf_addf(&words->message, "%s%s", words->message.len ? " " : "", word);
			if (!ok)
				err_set(&err, ERR_PROMPT_TOO_LONG, "the message is too long");
		} else if (option != '-') {
			int used;
			const char *value = value_of(word, argv[i + 1], &used);

			if (!value) {
				terminal_note("eke chat: %s needs a value; see 'eke chat --help'\n", word);
				return CLI_USAGE;
			}
			i += used;
			if (option == 'f')
				ok = add_file(words, value, &err);
			else
				*(option == 'm' ? &words->model : &words->command) = value;
		} else if (!strcmp(word, "--json")) {
			words->json = true;
		} else if (!strcmp(word, "--continue")) {
			words->go_on = true;
		} else if (!strcmp(word, "--")) {
			only_message = true;
		} else {
			return cli_unknown("chat", word);
		}
	}
	if (!ok)
		cli_complain(&err);
	return ok ? CLI_OK : CLI_FAILED;
}

/* Is what comes on standard input what a person would have typed? */
static bool is_message(const struct chat_args *words, const struct command *command)
{
	return !words->message.len && (!command || command->needs_input || command->input_will_do);
}

/*
 * Is something coming in beside the message? What a shell's pipe brings belongs to it, however slow the program before
 * it is: a message without it would be another one, and be paid for. Programs that start us leave a socket open instead
 * (sshd, Node.js), often without ever writing to it; then the message goes without, and that is said.
 */
static bool input_begins(void)
{
	struct stat st;

	if (fstat(STDIN_FILENO, &st) < 0)
		return false;
	if (S_ISFIFO(st.st_mode) || input_comes(INPUT_PATIENCE_MS))
		return true;
	terminal_note("eke: waiting for standard input; use </dev/null if there is none\n");
	if (input_comes(INPUT_BEGINS_MS - INPUT_PATIENCE_MS))
		return true;
	terminal_note("eke: nothing came on standard input: the message goes without it; -f - waits for it\n");
	return false;
}

bool chat_args_read(struct chat_args *words, const struct command *command, struct err *err)
{
	bool terminal = isatty(STDIN_FILENO);
	bool message = is_message(words, command);

	/* What is staged is all that is needed, and hooks of git have odd standard inputs. */
	if (words->input.len || (command && command->needs == COMMAND_NEEDS_DIFF))
		return true;
	if (terminal && (!message || (command && words->count)))
		return true;
	if (!message && !terminal && !input_begins())
		return true;
	if (terminal)
		terminal_note("Your message, then Ctrl-D:\n");
	if (message)
		return read_stdin(words, &words->message, err);
	return read_stdin(words, &words->input, err) && attach_input(words, err);
}
