/*
 * "--name VALUE" and "--name=VALUE".
 */
#include "options.h"

#include <string.h>

#include "eke/base/attrs.h"
#include "eke/front/terminal.h"

/* The value of the option at argv[*i], which moves on to it; NULL: it is another option, or its value is missing. */
static const char *value_of(const char *name, int argc, char **argv, int *i)
{
	size_t len = strlen(name);

	if (strncmp(argv[*i], name, len) != 0)
		return NULL;
	if (argv[*i][len] == '=')
		return argv[*i] + len + 1;
	if (argv[*i][len] || *i + 1 == argc || !argv[*i + 1])
		return NULL;
	return argv[++*i];
}

static bool add_origin(struct gateway_options *options, const char *origin)
{
	if (options->origin_count == LIMIT_GATEWAY_ORIGINS) {
		terminal_note("eke gateway: at most %d origins are allowed\n", LIMIT_GATEWAY_ORIGINS);
		return false;
	}
	options->origins[options->origin_count++] = origin;
	return true;
}

static bool take_listen(struct gateway_options *options, const char *text)
{
	if (listener_parse(text, &options->listen))
		return true;
	terminal_note("eke gateway: --listen takes ADDRESS:PORT, such as 127.0.0.1:8484 or [::1]:8484, or unix:PATH\n");
	return false;
}

/* Do they fit together? */
static bool check(const struct gateway_options *options)
{
	if (!options->certificate != !options->key) {
		terminal_note("eke gateway: --tls-cert and --tls-key go together\n");
		return false;
	}
	if (listener_is_local(&options->listen) || options->certificate)
		return true;
	terminal_note("eke gateway: without --tls-cert and --tls-key, --listen takes addresses of this machine alone "
				  "(127.0.0.1, ::1, unix:PATH): the token would cross the network for everybody to read\n");
	return false;
}

bool gateway_options_read(struct gateway_options *options, int argc, char **argv)
{
	*options = (struct gateway_options){ .listen = { .host = "127.0.0.1", .port = 8484 } };
	for (int i = 0; i < argc; i++) {
		const char *value;

		if (!strcmp(argv[i], "--token")) {
			options->print_token = true;
			if (i + 1 < argc && argv[i + 1][0] != '-')
				options->client = argv[++i];
		} else if ((value = value_of("--token", argc, argv, &i))) {
			options->print_token = true;
			options->client = value;
		} else if ((value = value_of("--revoke", argc, argv, &i))) {
			options->revoke = value;
		} else if ((value = value_of("--listen", argc, argv, &i))) {
			if (!take_listen(options, value))
				return false;
		} else if ((value = value_of("--allow-origin", argc, argv, &i))) {
			if (!add_origin(options, value))
				return false;
		} else if ((value = value_of("--tls-cert", argc, argv, &i))) {
			options->certificate = value;
		} else if ((value = value_of("--tls-key", argc, argv, &i))) {
			options->key = value;
		} else {
			terminal_note("eke gateway: unknown or incomplete option %s; see 'eke gateway --help'\n", argv[i]);
			return false;
		}
	}
	return options->print_token || options->revoke || check(options);
}
