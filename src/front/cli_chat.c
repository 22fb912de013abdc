/*
 * `eke chat`: a message in a conversation, the answer streamed to standard output. The conversation is kept, as an
 * editor's is (unless privacy.history is false), and --continue goes on with the last one. What the user should know
 * besides the answer goes to standard error.
 *
 * struct chat_command lives as long as the command: it looks for the chat to go on with, asks, and waits until the
 * answer is in the file.
 */
#include "cli_private.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eke/base/clock.h"
#include "eke/base/json_writer.h"
#include "eke/base/mem.h"
#include "eke/base/process.h"
#include "eke/budget/format_time.h"
#include "eke/budget/report.h"
#include "eke/chat/history_json.h"
#include "eke/chat/notice.h"
#include "eke/front/terminal.h"
#include "cli_chat_args.h"
#include "cli_screen.h"
#include "cli_wait.h"

/* How long the end of an answer may wait for other processes that write, and how often it is looked whether it does. */
#define KEEPING_MS 5000
#define KEEPING_STEP_MS 20

struct chat_command {
	struct app app;
	struct chat_args words;
	const struct command *command; /* NULL: none */
	char *folder;                  /* the workspace's */
	char *chat_id;                 /* to go on with; NULL: a new one */
	uint64_t look;
	bool looked_everywhere; /* not only for chats of this folder */
	uint64_t id;
	int code;
	struct screen *screen;
	struct cli_wait *wait;
	struct strbuf text; /* a commit message, which is printed when it is whole */
	int tty; /* where the user is asked whether another endpoint may be used */
	struct watch *tty_watch; /* NULL: none does */
	struct timer *keeping;
	int64_t keeping_since;
};

/* --- the end --- */

static void stop_when_kept(void *ctx)
{
	struct chat_command *c = ctx;

	if (conversations_busy(c->app.conversations) && clock_mono_ms() - c->keeping_since < KEEPING_MS)
		timer_start(c->keeping, KEEPING_STEP_MS);
	else
		loop_stop(c->app.loop);
}

static void stop(struct chat_command *c, int code)
{
	c->code = code;
	c->keeping_since = clock_mono_ms();
	/* Not at once: what is under way ends with the loop's turn. */
	timer_start(c->keeping, 0);
}

static bool is_commit(const struct chat_command *c)
{
	return c->command && c->command->needs == COMMAND_NEEDS_DIFF;
}

/* The message local_only: models like to put it into a fence, though asked not to. */
static void print_message(const struct chat_command *c)
{
	const char *text = c->text.data;
	size_t len = c->text.len;
	size_t fence;

	while (len && strchr(" \t\r\n", text[len - 1]))
		len--;
	for (; len && strchr(" \t\r\n", *text); text++)
		len--;
	fence = strspn(text, "`");
	if (fence >= 3 && len > 2 * fence && !memcmp(text + len - fence, text, fence) && memchr(text, '\n', len - fence)) {
		const char *first = memchr(text, '\n', len);

		len -= (size_t)(first + 1 - text) + fence;
		text = first + 1;
		while (len && text[len - 1] == '\n')
			len--;
	}
	screen_add(c->screen, false, text, len);
}

static void end_output(struct chat_command *c)
{
	if (c->words.json)
		return;
	if (is_commit(c))
		print_message(c);
	screen_end(c->screen);
}

/* --- the answer --- */

static void on_delta(void *ctx, bool reasoning, const char *text, size_t len)
{
	struct chat_command *c = ctx;

	if (c->words.json || is_commit(c) || (reasoning && !screen_shows_thoughts(c->screen))) {
		if (reasoning)
			cli_wait_thinks(c->wait);
		else if (is_commit(c))
			strbuf_add(&c->text, text, len);
		return;
	}
	cli_wait_end(c->wait);
	screen_add(c->screen, reasoning, text, len);
}

static void print_json(const struct chat_command *c, const struct conversation_answer *told)
{
	const struct chat_answer *answer = told->chat;
	struct json_writer w;
	struct strbuf out;

	strbuf_init(&out, 8 * LIMIT_ANSWER);
	json_writer_init(&w, &out);
	json_begin_object(&w, NULL);
	json_put_kstringn(&w, "text", answer->answer->text, answer->answer->text_len);
	json_put_kstring(&w, "finishReason", history_finish_name(answer->answer->finish));
	notice_write(answer->answer, &w);
	json_put_kstring(&w, "model", answer->answer->model);
	json_put_kstring(&w, "endpoint", answer->endpoint);
	/* Of a chat that is not kept they would name nothing. */
	if (c->app.config->history) {
		json_put_kstring(&w, "chatId", told->begun.chat_id);
		json_put_kstring(&w, "turnId", told->begun.turn_id);
	}
	json_begin_object(&w, "usage");
	json_put_kint(&w, "promptTokens", answer->usage.prompt_tokens);
	json_put_kint(&w, "completionTokens", answer->usage.completion_tokens);
	json_put_kint(&w, "totalTokens", answer->usage.total_tokens);
	json_put_kbool(&w, "estimated", answer->usage_estimated);
	json_end_object(&w);
	if (told->trimmed_count) {
		json_begin_array(&w, "trimmed");
		for (size_t i = 0; i < told->trimmed_count; i++)
			json_put_string(&w, told->trimmed[i]);
		json_end_array(&w);
	}
	json_put_key(&w, "budget");
	budget_write(c->app.budget, answer->endpoint_config, &w);
	json_end_object(&w);
	json_writer_end(&w);
	strbuf_addch(&out, '\n');
	terminal_write_json(&out);
	strbuf_release(&out);
}

/* "free: 41 of 60 left, the next resets at 14:05": the tightest window that speaks for the plan. */
static void print_budget(struct chat_command *c, const struct chat_answer *answer)
{
	const struct budget_report_window *tightest = NULL;
	struct budget_report report;
	char words[160];

	budget_report(c->app.budget, answer->endpoint_config, &report);
	for (size_t i = 0; i < report.count; i++)
		if (report.windows[i].general &&
		    (!tightest || report.windows[i].state.remaining < tightest->state.remaining))
			tightest = &report.windows[i];
	if (!tightest || !tightest->state.used || report.state == BUDGET_BLOCKED) {
		budget_describe(c->app.budget, answer->endpoint_config, words, sizeof(words));
		terminal_note("eke: %s: %s\n", answer->endpoint, words);
		return;
	}
	format_time_at(tightest->state.reset_at, clock_wall_ms() / 1000, words, sizeof(words));
	terminal_note("eke: %s: %lld of %lld left, %s %s\n", answer->endpoint, (long long)tightest->state.remaining,
		(long long)tightest->state.limit, tightest->resets_at_once ? "all again" : "the next resets", words);
}

static void print_notes(struct chat_command *c, const struct conversation_answer *told)
{
	struct strbuf notice;

	for (size_t i = 0; i < told->trimmed_count; i++)
		terminal_note("eke: not sent: %s\n", told->trimmed[i]);
	strbuf_init(&notice, KIB(8));
	if (notice_describe(told->chat->answer, &notice))
		terminal_note("eke: %s\n", notice.data);
	strbuf_release(&notice);
	cli_note_ledger(&c->app, told->chat->endpoint_config);
	if (plan_is_counted(told->chat->endpoint_config->plan) && isatty(STDERR_FILENO))
		print_budget(c, told->chat);
}

static void on_done(void *ctx, const struct conversation_answer *told, const struct err *err)
{
	struct chat_command *c = ctx;

	cli_wait_end(c->wait);
	if (told && is_commit(c)) {
		/* What came piece by piece may have turned out to be reasoning. */
		strbuf_reset(&c->text);
		strbuf_add(&c->text, told->chat->answer->text, told->chat->answer->text_len);
	}
	end_output(c);
	c->id = 0;
	if (!told) {
		cli_complain(err);
		stop(c, cli_code(err));
		return;
	}
	if (c->words.json)
		print_json(c, told);
	else
		print_notes(c, told);
	stop(c, told->chat->answer->finish == CALL_TRUNCATED || !notice_has_text(told->chat->answer) ? CLI_FAILED : CLI_OK);
}

/* --- may the next endpoint be used? --- */

static void end_question(struct chat_command *c)
{
	int fd = c->tty;

	watch_free(c->tty_watch);
	c->tty_watch = NULL;
	c->tty = -1;
	close(fd);
}

static void on_reply(void *ctx, int events)
{
	struct chat_command *c = ctx;
	char line[64];
	ssize_t n = read(c->tty, line, sizeof(line));

	(void)events;
	end_question(c);
	cli_wait_begin(c->wait);
	conversations_go_on(c->app.conversations, c->id, n > 0 && (line[0] == 'y' || line[0] == 'Y'));
}

/* Asks the person at the terminal; where there is none the answer is no. */
static void on_ask(void *ctx, const struct config_endpoint *other, const struct err *err)
{
	struct chat_command *c = ctx;

	cli_wait_end(c->wait);
	c->tty = isatty(STDERR_FILENO) ? open("/dev/tty", O_RDWR | O_CLOEXEC) : -1;
	if (c->tty < 0) {
		conversations_go_on(c->app.conversations, c->id, false);
		return;
	}
	terminal_prompt(c->tty, "eke: %s. Use %s instead? [y/N] ", err->message, other->name);
	c->tty_watch = watch_new(c->app.loop, c->tty, on_reply, c);
	watch_set(c->tty_watch, WATCH_READ);
}

/* What has come of an answer is kept, whatever signal ends it. */
static void end_by_signal(struct chat_command *c, const char *how, int code)
{
	if (c->tty_watch)
		end_question(c);
	conversations_query_cancel(c->app.conversations, c->look);
	conversations_cancel(c->app.conversations, c->id);
	cli_wait_end(c->wait);
	end_output(c);
	terminal_note("eke: %s\n", how);
	stop(c, code);
}

static void on_interrupt(void *ctx)
{
	end_by_signal(ctx, "interrupted", CLI_INTERRUPTED);
}

static void on_terminate(void *ctx)
{
	end_by_signal(ctx, "terminated", EXIT_TERMINATED);
}

static void on_hangup(void *ctx)
{
	end_by_signal(ctx, "the terminal hung up", EXIT_HUNG_UP);
}

/* --- asking --- */

static void ask(struct chat_command *c)
{
	struct conversation_callbacks callbacks = { .delta = on_delta, .ask = on_ask, .done = on_done, .ctx = c };
	struct conversation_question question = { .chat_id = c->chat_id,
						  .prompt = c->words.message.data,
						  .command = c->words.command,
						  .context = c->words.items,
						  .context_count = c->words.count,
						  .folder = c->folder,
						  .model = c->words.model,
						  .temperature = -1 };
	struct err err = ERR_INIT;

	c->id = conversations_ask(c->app.conversations, &question, &callbacks, &err);
	if (c->id)
		return;
	cli_complain(&err);
	stop(c, cli_code(&err));
}

static void look(struct chat_command *c, const char *folder);

static void on_list(void *ctx, const struct conversations_reply *reply, const struct err *err)
{
	struct chat_command *c = ctx;
	struct err none;

	c->look = 0;
	if (!err && reply->list->count) {
		c->chat_id = xstrdup(reply->list->items[0].id);
		ask(c);
		return;
	}
	if (!err && !c->looked_everywhere) {
		c->looked_everywhere = true;
		look(c, NULL);
		return;
	}
	if (!err)
		err_set(&none, ERR_INVALID_PARAMS, "there is no chat to continue%s",
			c->app.config->history ? "" : ": privacy.history is false, so none is kept");
	cli_complain(err ? err : &none);
	stop(c, CLI_FAILED);
}

static void look(struct chat_command *c, const char *folder)
{
	struct conversations_query query = { .verb = CONVERSATIONS_LIST, .workspace = folder, .limit = 1 };

	c->look = conversations_query(c->app.conversations, &query, on_list, c);
}

/*
 * The working directory, or what of it and above is the top of a repository: as an editor would have it as its folder.
 */
static char *find_folder(void)
{
	char *here = getcwd(NULL, 0);
	char *folder = here ? xstrdup(here) : NULL;
	size_t len = here ? strlen(here) : 0;

	while (len > 1) {
		char *git = xasprintf("%.*s/.git", (int)len, here);
		bool found = !access(git, F_OK);

		free(git);
		if (found) {
			folder[len] = '\0';
			break;
		}
		while (len > 1 && here[len - 1] != '/')
			len--;
		while (len > 1 && here[len - 1] == '/')
			len--;
	}
	free(here);
	return folder;
}

static void on_trouble(void *ctx, const char *sentence)
{
	(void)ctx;
	terminal_note("eke: %s\n", sentence);
}

static void run(struct chat_command *c)
{
	conversations_on_trouble(c->app.conversations, on_trouble, c);
	loop_on_signal(c->app.loop, SIGINT, on_interrupt, c);
	loop_on_signal(c->app.loop, SIGTERM, on_terminate, c);
	if (!process_ignores(SIGHUP))
		loop_on_signal(c->app.loop, SIGHUP, on_hangup, c);
	c->wait = cli_wait_new(c->app.loop);
	if (c->words.go_on)
		look(c, c->folder);
	else
		ask(c);
	loop_run(c->app.loop);
}

/* Looks up the command and reads standard input; CLI_OK, or a code after a complaint. */
static int prepare(struct chat_command *c)
{
	struct err err;
	bool ok = true;

	if (c->words.command)
		ok = (c->command = commands_find(conversations_commands(c->app.conversations), c->words.command, &err)) != NULL;
	ok = ok && chat_args_read(&c->words, c->command, &err);
	ok = ok && (!c->words.input_file || workspace_may_send_path(c->app.workspace, c->words.input_file, &err));
	if (ok && !c->command && !c->words.message.data[strspn(c->words.message.data, " \t\r\n")]) {
		err_set(&err, ERR_INVALID_PARAMS, "there is no message: give it as an argument or on standard input");
		ok = false;
	}
	if (!ok)
		cli_complain(&err);
	return ok ? CLI_OK : CLI_FAILED;
}

int cli_chat(const struct app_options *options, int argc, char **argv)
{
	struct chat_command c = { .code = CLI_OK };

	if (!cli_start(&c.app, options))
		return CLI_FAILED;
	chat_args_init(&c.words);
	strbuf_init(&c.text, LIMIT_ANSWER);
	c.keeping = timer_new(c.app.loop, stop_when_kept, &c);
	c.code = chat_args_take(&c.words, argc, argv);
	c.folder = find_folder();
	if (c.folder)
		workspace_add_folder(c.app.workspace, c.folder);
	if (c.code == CLI_OK)
		c.code = prepare(&c);
	if (c.code == CLI_OK) {
		cli_offer_local(&c.app);
		c.screen = screen_new(is_commit(&c));
		run(&c);
	}
	cli_wait_free(c.wait);
	timer_free(c.keeping);
	screen_free(c.screen);
	strbuf_release(&c.text);
	chat_args_release(&c.words);
	free(c.folder);
	free(c.chat_id);
	app_release(&c.app);
	return c.code;
}
