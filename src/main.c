/*
 * From argv to a front end. Options may stand before or behind the command's name; what is not an option of all
 * commands is left to the command.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eke/base/attrs.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/base/zone.h"
#include "eke/front/acp.h"
#include "eke/front/app.h"
#include "eke/front/cli.h"
#include "eke/front/help.h"
#include "eke/front/lsp.h"
#include "eke/front/terminal.h"
#include "eke/gateway/gateway.h"
#include "eke/io/pump.h"

static int no_words(const char *name, int argc, char **argv)
{
	if (argc)
		terminal_note("eke %s: unexpected argument %s; see 'eke %s --help'\n", name, argv[0], name);
	return argc ? CLI_USAGE : CLI_OK;
}

static int serve(const struct app_options *options, int argc, char **argv)
{
	int code = no_words("serve", argc, argv);

	return code == CLI_OK ? lsp_serve(options) : code;
}

static int acp(const struct app_options *options, int argc, char **argv)
{
	int code = no_words("acp", argc, argv);

	return code == CLI_OK ? acp_serve(options) : code;
}

static const struct {
	const char *name;
	cli_fn *run;
} commands[] = {
	{ "serve", serve },           { "acp", acp },           { "chat", cli_chat },
	{ "complete", cli_complete }, { "models", cli_models }, { "status", cli_status },
	{ "doctor", cli_doctor },     { "config", cli_config }, { "gateway", gateway_serve },
};

/*
 * An option of all commands at argv[i]: its value, and *words it takes; NULL if it is none, or "" if the value
 * is missing.
 */
static const char *option_value(int argc, char **argv, int i, const char *name, int *words)
{
	size_t n = strlen(name);

	if (strncmp(argv[i], name, n))
		return NULL;
	*words = 1;
	if (argv[i][n] == '=')
		return argv[i] + n + 1;
	if (argv[i][n])
		return NULL;
	*words = 2;
	return i + 1 < argc ? argv[i + 1] : "";
}

/* Takes the common options out of argv, up to "--". The number of words left, or -1 after a complaint. */
static int take_options(int argc, char **argv, struct app_options *options)
{
	struct {
		const char *name;
		const char **value;
	} known[] = {
		{ "--config", &options->config_path },
		{ "--log-level", &options->log_level },
		{ "--log-file", &options->log_file },
	};
	int kept = 0;

	for (int i = 0; i < argc && argv[i];) {
		const char *value = NULL;
		int words = 1;
		size_t k = 0;

		if (!strcmp(argv[i], "--")) {
			while (i < argc)
				argv[kept++] = argv[i++];
			break;
		}
		for (; k < ARRAY_LEN(known); k++) {
			value = option_value(argc, argv, i, known[k].name, &words);
			if (value)
				break;
		}
		if (!value) {
			/* Some clients add --stdio to every server; it says what is so anyway. */
			if (strcmp(argv[i], "--stdio"))
				argv[kept++] = argv[i];
			i++;
			continue;
		}
		if (!*value) {
			terminal_note("eke: %s needs a value\n", known[k].name);
			return -1;
		}
		*known[k].value = value;
		i += words;
	}
	argv[kept] = NULL;
	return kept;
}

static bool set_log_file(const char *name)
{
	char *path = path_expand(name);
	bool ok = log_set_file(path);

	free(path);
	return ok;
}

static bool apply_log_options(const struct app_options *options)
{
	enum log_level level;

	if (options->log_level) {
		if (!log_level_parse(options->log_level, &level)) {
			terminal_note("eke: --log-level must be broken, warn, info, debug or io, not %s\n", options->log_level);
			return false;
		}
		log_set_level(level);
	}
	if (options->log_file && !set_log_file(options->log_file)) {
		terminal_note("eke: cannot write to %s: %s\n", options->log_file, strerror(errno));
		return false;
	}
	return true;
}

static bool is_help(const char *word)
{
	return !strcmp(word, "--help") || !strcmp(word, "-h");
}

static int unknown(const char *name)
{
	terminal_note("eke: unknown command %s; see 'eke --help'\n", name);
	return CLI_USAGE;
}

/* Of one command, or NULL. */
static int help(const char *name)
{
	if (!name)
		help_print();
	else if (!help_print_command(name))
		return unknown(name);
	return CLI_OK;
}

static int run(int argc, char **argv)
{
	struct app_options options = { .default_log_level = "info" };
	const char *name;

	argc = take_options(argc, argv, &options);
	if (argc < 0 || !apply_log_options(&options))
		return CLI_USAGE;
	name = argc ? argv[0] : "serve";
	if (is_help(name) || !strcmp(name, "help"))
		return help(argc > 1 && argv[1][0] != '-' ? argv[1] : NULL);
	if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
		terminal_print("eke %s\n", EKE_VERSION);
		return CLI_OK;
	}
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (is_help(argv[i]))
			return help(name);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (!strcmp(commands[i].name, name))
			return commands[i].run(&options, argc ? argc - 1 : 0, argv + (argc > 0));
	return unknown(name);
}

/* A full disk or a closed descriptor is no success; a reader that had enough needs no message. */
static int check_stdout(int code)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	if (!fflush(stdout) && !ferror(stdout))
		return code;
	if (poll(&out, 1, 0) < 0 || !(out.revents & (POLLERR | POLLHUP)))
		terminal_note("eke: the output could not be written completely\n");
	return code == CLI_OK ? CLI_FAILED : code;
}

int main(int argc, char **argv)
{
	char **words;
	int code;

	stdio_fill();
	/* Before there is any thread. */
	zone_init();
	words = xcalloc((size_t)argc + 1, sizeof(*words));
	for (int i = 1; i < argc; i++)
		words[i - 1] = argv[i];
	code = check_stdout(run(argc > 0 ? argc - 1 : 0, words));
	free(words);
	log_shutdown();
	return code;
}
