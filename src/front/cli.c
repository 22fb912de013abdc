/*
 * Shared by the terminal commands: starting up and complaining.
 */
#include "eke/front/cli.h"

#include "eke/base/process.h"
#include "eke/chat/history.h"
#include "eke/front/terminal.h"
#include "cli_private.h"

void cli_complain(const struct err *err)
{
	terminal_note("eke: %s\n", err->message);
	if (err->provider_message[0])
		terminal_note("eke: %s says: %s\n", err->endpoint[0] ? err->endpoint : "it", err->provider_message);
}

int cli_code(const struct err *err)
{
	return err->kind == ERR_BUDGET ? CLI_BUDGET : CLI_FAILED;
}

void cli_note_ledger(struct app *app, const struct config_endpoint *endpoint)
{
	struct budget_ledger ledger;

	if (!plan_is_counted(endpoint->plan))
		return;
	budget_ledger(app->budget, &ledger);
	if (ledger.notice)
		terminal_note("eke: %s\n", ledger.notice);
}

static void stop_waiting(void *ctx)
{
	loop_stop(ctx);
}

void cli_sync_ledger(struct app *app)
{
	budget_sync(app->budget, stop_waiting, app->loop);
	loop_run(app->loop);
}

static void warn(void *ctx, const char *sentence)
{
	(void)ctx;
	terminal_note("eke: configuration: %s\n", sentence);
}

bool cli_start(struct app *app, const struct app_options *options)
{
	struct app_options quiet = *options;
	struct err err;

	process_keep_writing();
	/* What matters is said in the command's own words. */
	quiet.default_log_level = "broken";
	app_init(app, &quiet);
	if (app_load(app, warn, NULL, &err))
		return true;
	cli_complain(&err);
	app_release(app);
	return false;
}

int cli_unknown(const char *command, const char *word)
{
	terminal_note("eke %s: %s %s; see 'eke %s --help'\n", command,
		word[0] == '-' && word[1] ? "unknown option" : "unexpected argument", word, command);
	return CLI_USAGE;
}

int cli_missing(const char *command, const char *what)
{
	terminal_note("eke %s: %s is missing; see 'eke %s --help'\n", command, what, command);
	return CLI_USAGE;
}

/* Reading meets damage, the next transaction repairs it, and one more shows that it is good. */
#define LOOKS 3

void cli_look_at_chats(void)
{
	static const struct history_list_spec spec = { .limit = 100 };
	struct history *h = history_new(false);
	enum store_result result = STORE_FAILED;

	for (int i = 0; i < LOOKS && result == STORE_FAILED && history_exists(h); i++) {
		struct history_list list;
		struct store_trouble trouble;
		struct err refusal;

		result = history_list(h, &spec, &list, &refusal);
		if (result == STORE_OK)
			history_list_release(&list);
		else if (!history_take_trouble(h, &trouble) || trouble.kind != STORE_DAMAGED)
			break;
	}
	history_free(h);
}
