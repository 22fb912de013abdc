/*
 * A server on this machine for the terminal commands, where nothing is configured. The loop runs for the search alone.
 */
#include "cli_private.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "eke/front/terminal.h"

static void on_searched(void *ctx)
{
	loop_stop(ctx);
}

struct local_search *cli_search_local(struct app *app)
{
	struct local_search *search;

	if (!local_search_is_wanted())
		return NULL;
	search = local_search_start(app->upstream, on_searched, app->loop);
	loop_run(app->loop);
	return search;
}

static bool says_yes(const char *question)
{
	FILE *tty = isatty(STDERR_FILENO) ? fopen("/dev/tty", "r+e") : NULL;
	char line[64] = "";

	if (!tty)
		return false;
	terminal_prompt(fileno(tty), "eke: %s [y/N] ", question);
	if (!fgets(line, sizeof(line), tty))
		line[0] = '\0';
	fclose(tty);
	return line[0] == 'y' || line[0] == 'Y';
}

static void no_warning(void *ctx, const char *sentence)
{
	(void)ctx;
	(void)sentence;
}

static void offer(struct app *app, const struct local_server *server)
{
	char question[768];
	char models[320];
	char where[128];
	struct strbuf advice;
	struct err err;

	local_server_describe(server, where, sizeof(where));
	local_server_list_models(server, models, sizeof(models));
	snprintf(question, sizeof(question), "no endpoint is configured, but %s, with %s. Use it this time?", where,
		 models);
	/* The warnings were said when it was loaded first. */
	if (says_yes(question) && app_use_local(app, server)) {
		if (!app_load(app, no_warning, NULL, &err))
			cli_complain(&err);
		return;
	}
	strbuf_init(&advice, KIB(8));
	app_keep_local(app, server, ":\n", &advice);
	terminal_note("eke: %s, with %s; to use it, %s\n", where, models, advice.data);
	strbuf_release(&advice);
}

void cli_offer_local(struct app *app)
{
	struct local_search *search;
	const struct local_server *server;

	if (upstream_count(app->upstream))
		return;
	search = cli_search_local(app);
	server = search ? local_search_usable(search) : NULL;
	if (server)
		offer(app, server);
	local_search_free(search);
}
