/*
 * `eke chat`: one question, the answer streamed to standard output. Files named with -f go before the question.
 */
#include "cli_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eke/base/json_writer.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/text/language.h"

struct chat_command {
	struct app app;
	bool json;
	const char *model;
	uint64_t id;
	int code;
	struct strbuf prompt;
	struct strbuf text;
	bool last_is_newline;
	int tty; /* on which a question waits for its reply */
	struct watch *tty_watch; /* NULL: none does */
};

static void on_delta(void *ctx, bool reasoning, const char *text, size_t len)
{
	struct chat_command *c = ctx;

	if (reasoning)
		return;
	strbuf_add(&c->text, text, len);
	if (c->json)
		return;
	cli_print_text(text, len);
	c->last_is_newline = text[len - 1] == '\n';
}

static void print_json(const struct chat_command *c, const struct chat_answer *answer)
{
	static const char *const finish[] = { "stop", "length", "filter", "truncated" };
	struct json_writer w;
	struct strbuf out;

	strbuf_init(&out, 8 * LIMIT_ANSWER);
	json_writer_init(&w, &out);
	json_begin_object(&w);
	json_put_key(&w, "text");
	json_put_stringn(&w, answer->answer->text, answer->answer->text_len);
	json_put_kstring(&w, "finishReason", finish[answer->answer->finish]);
	json_put_kstring(&w, "model", answer->answer->model);
	json_put_kstring(&w, "endpoint", answer->endpoint);
	json_put_key(&w, "usage");
	json_begin_object(&w);
	json_put_kint(&w, "promptTokens", answer->usage.prompt_tokens);
	json_put_kint(&w, "completionTokens", answer->usage.completion_tokens);
	json_put_kint(&w, "totalTokens", answer->usage.total_tokens);
	json_put_kbool(&w, "estimated", answer->usage_estimated);
	json_end_object(&w);
	if (answer->trimmed_count) {
		json_put_key(&w, "trimmed");
		json_begin_array(&w);
		for (size_t i = 0; i < answer->trimmed_count; i++)
			json_put_string(&w, answer->trimmed[i]);
		json_end_array(&w);
	}
	json_put_key(&w, "budget");
	budget_write(c->app.budget, answer->endpoint_config, &w);
	json_end_object(&w);
	json_writer_end(&w);
	printf("%s\n", out.data);
	strbuf_release(&out);
}

/* What the user should know besides the text, on standard error. */
static void print_notes(struct chat_command *c, const struct chat_answer *answer)
{
	char left[160];

	for (size_t i = 0; i < answer->trimmed_count; i++)
		fprintf(stderr, "eke: not sent, since the plan caps prompts: %s\n", answer->trimmed[i]);
	if (answer->answer->finish == CALL_TRUNCATED)
		fprintf(stderr, "eke: the answer broke off here%s%s\n", answer->answer->trouble ? ": " : "",
			answer->answer->trouble ? answer->answer->trouble->message : "");
	else if (answer->answer->finish == CALL_LENGTH)
		fprintf(stderr, "eke: the answer was cut at its maximum length\n");
	else if (answer->answer->finish == CALL_FILTER)
		fprintf(stderr, "eke: the provider's content filter cut the answer\n");
	cli_note_ledger(&c->app, answer->endpoint_config);
	if (!plan_is_counted(answer->endpoint_config->plan) || !isatty(STDERR_FILENO))
		return;
	budget_describe(c->app.budget, answer->endpoint_config, left, sizeof(left));
	fprintf(stderr, "eke: %s, %s\n", answer->endpoint, left);
}

static void on_done(void *ctx, const struct chat_answer *answer, const struct err *err)
{
	struct chat_command *c = ctx;

	if (!c->json && c->text.len && !c->last_is_newline)
		putchar('\n');
	if (answer) {
		if (c->json)
			print_json(c, answer);
		else
			print_notes(c, answer);
		c->code = answer->answer->finish == CALL_TRUNCATED ? CLI_FAILED : CLI_OK;
	} else {
		cli_complain(err);
		c->code = cli_code(err);
	}
	fflush(stdout);
	loop_stop(c->app.loop);
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
	chat_go_on(c->app.chat, c->id, n > 0 && (line[0] == 'y' || line[0] == 'Y'));
}

/* Asks the person at the terminal; where there is none the answer is no. */
static void on_ask(void *ctx, const struct config_endpoint *other, const struct err *err)
{
	struct chat_command *c = ctx;

	c->tty = isatty(STDERR_FILENO) ? open("/dev/tty", O_RDWR | O_CLOEXEC) : -1;
	if (c->tty < 0) {
		chat_go_on(c->app.chat, c->id, false);
		return;
	}
	dprintf(c->tty, "eke: %s. Use %s instead? [y/N] ", err->message, other->name);
	c->tty_watch = watch_new(c->app.loop, c->tty, on_reply, c);
	watch_set(c->tty_watch, WATCH_READ);
}

static void on_interrupt(void *ctx)
{
	struct chat_command *c = ctx;

	if (c->tty_watch)
		end_question(c);
	chat_cancel(c->app.chat, c->id);
	if (c->text.len && !c->last_is_newline && !c->json)
		putchar('\n');
	fprintf(stderr, "eke: interrupted\n");
	c->code = 130;
	loop_stop(c->app.loop);
}

static bool read_stdin(struct strbuf *out, struct err *err)
{
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

/* Longest run of backquotes in text: a fence around it must be longer. */
static size_t longest_fence(const char *text)
{
	size_t longest = 2;

	while ((text = strchr(text, '`'))) {
		size_t n = strspn(text, "`");

		longest = n > longest ? n : longest;
		text += n;
	}
	return longest;
}

static bool add_file(struct chat_command *c, const char *path, struct err *err)
{
	const struct language *language = language_of_path(path);
	struct strbuf text;
	char *full = realpath(path, NULL);
	char *uri = full ? xasprintf("file://%s", full) : NULL;
	bool ok;

	strbuf_init(&text, LIMIT_CHAT_PROMPT);
	ok = !uri || engine_may_send(c->app.engine, uri, err);
	if (!ok)
		err_prefix(err, "%s", path);
	ok = ok && (strcmp(path, "-") ? file_read(path, LIMIT_CHAT_PROMPT, &text, err) : read_stdin(&text, err));
	if (ok) {
		int fence = (int)longest_fence(text.data) + 1;

		ok = strbuf_addf(&c->prompt, "%s:\n%.*s%s\n%s%s%.*s\n\n", strcmp(path, "-") ? path_basename(path) : "Input",
				 fence, "````````````````````````````````", language ? language->id : "", text.data,
				 text.len && text.data[text.len - 1] != '\n' ? "\n" : "", fence,
				 "````````````````````````````````");
		if (!ok)
			err_set(err, ERR_PROMPT_TOO_LONG, "%s makes the prompt too long", path);
	}
	strbuf_release(&text);
	free(uri);
	free(full);
	return ok;
}

/* Words of the command line into the command; CLI_OK or an exit code. */
static int take_words(struct chat_command *c, int argc, char **argv)
{
	struct strbuf message;
	bool only_message = false;
	struct err err;
	bool ok = true;

	strbuf_init(&message, LIMIT_CHAT_PROMPT);
	for (int i = 0; i < argc && ok; i++) {
		const char *word = argv[i];
		bool takes_value = !only_message && (!strcmp(word, "-f") || !strcmp(word, "-m"));

		if (takes_value && i + 1 == argc) {
			strbuf_release(&message);
			return cli_usage("chat", word);
		}
		if (takes_value && word[1] == 'f') {
			ok = add_file(c, argv[++i], &err);
		} else if (takes_value) {
			c->model = argv[++i];
		} else if (!only_message && !strcmp(word, "--json")) {
			c->json = true;
		} else if (!only_message && !strcmp(word, "--")) {
			only_message = true;
		} else if (!only_message && word[0] == '-' && word[1]) {
			strbuf_release(&message);
			return cli_usage("chat", word);
		} else {
			strbuf_addf(&message, "%s%s", message.len ? " " : "", word);
		}
	}
	if (ok && !message.len) {
		if (isatty(STDIN_FILENO))
			fprintf(stderr, "Your question, then Ctrl-D:\n");
		ok = read_stdin(&message, &err);
	}
	if (ok && !message.data[strspn(message.data, " \t\r\n")] && !c->prompt.len) {
		err_set(&err, ERR_INVALID_PARAMS, "there is no question: give it as an argument or on standard input");
		ok = false;
	}
	if (ok && !strbuf_add(&c->prompt, message.data, message.len)) {
		err_set(&err, ERR_PROMPT_TOO_LONG, "the question is too long");
		ok = false;
	}
	strbuf_release(&message);
	if (!ok)
		cli_complain(&err);
	return ok ? CLI_OK : CLI_FAILED;
}

static void ask(struct chat_command *c)
{
	struct chat_callbacks callbacks = { .delta = on_delta, .ask = on_ask, .done = on_done, .ctx = c };
	const char *system = c->app.config->chat.system;
	struct request_message messages[2];
	struct chat_request request = { .model = c->model, .messages = messages, .temperature = -1 };
	struct err err;

	if (system)
		messages[request.count++] = (struct request_message){ "system", system, strlen(system) };
	messages[request.count++] = (struct request_message){ "user", c->prompt.data, c->prompt.len };
	c->id = chat_start(c->app.chat, &request, &callbacks, &err);
	if (!c->id) {
		cli_complain(&err);
		c->code = cli_code(&err);
		return;
	}
	loop_on_signal(c->app.loop, SIGINT, on_interrupt, c);
	loop_run(c->app.loop);
}

int cli_chat(const struct app_options *options, int argc, char **argv)
{
	struct chat_command c = { .code = CLI_FAILED };

	if (!cli_start(&c.app, options))
		return CLI_FAILED;
	strbuf_init(&c.prompt, LIMIT_CHAT_PROMPT);
	strbuf_init(&c.text, LIMIT_ANSWER);
	c.code = take_words(&c, argc, argv);
	if (c.code == CLI_OK) {
		cli_offer_local(&c.app);
		ask(&c);
	}
	strbuf_release(&c.prompt);
	strbuf_release(&c.text);
	app_release(&c.app);
	return c.code;
}
