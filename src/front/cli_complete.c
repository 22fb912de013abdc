/*
 * `eke complete FILE:LINE:COL`: what an editor would be offered at a position of a file, on standard output.
 * Goes through the same document store and engine as an editor's request.
 */
#include "cli_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/base/utf.h"
#include "eke/front/terminal.h"
#include "eke/text/buffer.h"
#include "eke/text/language.h"
#include "eke/text/uri.h"

struct complete_command {
	struct app app;
	bool explain;
	int code;
};

static void on_done(void *ctx, const struct engine_item *items, size_t count, const struct err *err)
{
	struct complete_command *c = ctx;

	if (count) {
		terminal_write(items[0].text, items[0].len);
		terminal_write("\n", 1);
	} else if (err) {
		cli_complain(err);
	} else {
		terminal_note("eke: nothing to suggest here\n");
	}
	c->code = err ? cli_code(err) : CLI_OK;
	loop_stop(c->app.loop);
}

/* What would be done, and what would go along with it. */
static void on_explained(void *ctx, const struct engine_explanation *e)
{
	struct complete_command *c = ctx;

	terminal_print("%s: %s\n", e->decision, e->reason);
	if (e->prompt_tokens)
		terminal_print("prompt: about %zu tokens, %zu of them context\n", e->prompt_tokens, e->context.tokens);
	for (size_t i = 0; i < e->context.count; i++) {
		const struct snippet *s = &e->context.items[i];

		terminal_print("\n%s%s%s (%s; about %zu tokens)\n", s->path, *s->lines ? ":" : "", s->lines,
			context_role_reason(s->role), s->tokens);
		terminal_write(s->text, s->len);
	}
	c->code = CLI_OK;
	loop_stop(c->app.loop);
}

/* A number from 1 to INT32_MAX in text[0..len). */
static bool parse_number(const char *text, size_t len, int64_t *out)
{
	int64_t n = 0;

	if (!len || len > 9)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		n = n * 10 + (text[i] - '0');
	}
	*out = n;
	return n > 0;
}

/* "FILE:LINE:COL" from the right, as FILE may hold colons; path is owned by the caller. */
static bool parse_position(const char *word, char **path, int64_t *line, int64_t *column)
{
	const char *second = strrchr(word, ':');
	const char *first = second;

	while (first && first > word && *--first != ':')
		continue;
	if (!second || first <= word || *first != ':' || !parse_number(first + 1, (size_t)(second - first - 1), line) ||
	    !parse_number(second + 1, strlen(second + 1), column))
		return false;
	*path = xstrndup(word, (size_t)(first - word));
	return true;
}

/* Columns are characters here, as editors show them; the engine wants bytes. */
static int64_t byte_column(const struct text_buffer *text, int64_t line, int64_t column)
{
	struct strbuf content;
	size_t at = 0;

	strbuf_init(&content, LIMIT_DOCUMENT);
	text_buffer_line(text, (size_t)line - 1, &content);
	while (at < content.len && --column) {
		uint32_t cp;

		at += utf8_decode(content.data + at, content.len - at, &cp);
	}
	strbuf_release(&content);
	return (int64_t)at;
}

/* `full` is the path made absolute. */
static bool open_file(struct complete_command *c, const char *path, const char *full, char **uri, struct err *err)
{
	const struct language *language = language_of_path(path);
	struct strbuf bytes;
	struct strbuf text;
	bool ok;

	strbuf_init(&bytes, LIMIT_DOCUMENT);
	strbuf_init(&text, 3 * LIMIT_DOCUMENT);
	ok = file_read(path, LIMIT_DOCUMENT, &bytes, err);
	if (ok) {
		utf8_append_valid(&text, bytes.data, bytes.len);
		*uri = uri_from_path(full);
		docs_set_encoding(c->app.docs, POSITION_UTF8);
		docs_open(c->app.docs, *uri, language ? language->id : "plaintext", 1, text.data, text.len);
	}
	strbuf_release(&bytes);
	strbuf_release(&text);
	return ok;
}

/* The repository that holds the file, else the directory that it is in: where an editor would have been opened. */
static void add_folder(struct complete_command *c, const char *full)
{
	size_t own = (size_t)(strrchr(full, '/') - full);
	size_t len = own;
	bool found = false;
	char *folder;

	while (len && !found) {
		char *git = xasprintf("%.*s/.git", (int)len, full);
		struct stat st;

		found = !stat(git, &st);
		free(git);
		while (!found && full[--len] != '/')
			continue;
	}
	folder = xstrndup(full, found ? len : own ? own : 1);
	workspace_add_folder(c->app.workspace, folder);
	free(folder);
}

static void complete_at(
	struct complete_command *c, const char *path, const char *full, int64_t line, int64_t column)
{
	struct engine_callbacks callbacks = { .done = on_done, .ctx = c };
	struct engine_request request = { .position = { .line = line - 1 }, .whole = true, .insert_spaces = true };
	const struct text_buffer *text;
	char *uri = NULL;
	struct err err;

	add_folder(c, full);
	if (!open_file(c, path, full, &uri, &err)) {
		cli_complain(&err);
		return;
	}
	text = doc_text(docs_find(c->app.docs, uri));
	if (!text || (size_t)line > text_buffer_line_count(text)) {
		terminal_note("eke: %s has %zu lines, not %lld\n", path, text ? text_buffer_line_count(text) : 0,
			(long long)line);
	} else {
		request.uri = uri;
		request.project_style =
			editorconfig_apply(c->app.editorconfig, uri, &request.insert_spaces, &request.tab_size);
		request.position.character = byte_column(text, line, column);
		if (c->explain && !engine_explain(c->app.engine, uri, request.position, on_explained, c, &err)) {
			cli_complain(&err);
			free(uri);
			return;
		}
		if (!c->explain)
			engine_complete(c->app.engine, &request, &callbacks);
		loop_run(c->app.loop);
	}
	free(uri);
}

static void run(struct complete_command *c, const char *path, int64_t line, int64_t column)
{
	char *full = realpath(path, NULL);
	struct err err;

	if (!full) {
		err_set(&err, ERR_CONFIG, "cannot read %s: %s", path, strerror(errno));
		cli_complain(&err);
		return;
	}
	complete_at(c, path, full, line, column);
	free(full);
}

int cli_complete(const struct app_options *options, int argc, char **argv)
{
	struct complete_command c = { .code = CLI_FAILED };
	int64_t line;
	int64_t column;
	char *path;

	if (argc && !strcmp(argv[0], "--explain")) {
		c.explain = true;
		argc--;
		argv++;
	} else if (argc == 2 && !strcmp(argv[1], "--explain")) {
		c.explain = true;
		argc--;
	}
	if (!argc)
		return cli_missing("complete", "FILE:LINE:COL");
	if (argc > 1)
		return cli_unknown("complete", argv[1]);
	if (!parse_position(argv[0], &path, &line, &column)) {
		terminal_note("eke complete: %s is not a position FILE:LINE:COL; line and column count from 1; "
				"see 'eke complete --help'\n", argv[0]);
		return CLI_USAGE;
	}
	if (cli_start(&c.app, options)) {
		if (!c.explain)
			cli_offer_local(&c.app);
		run(&c, path, line, column);
		if (upstream_count(c.app.upstream))
			cli_note_ledger(&c.app, endpoint_config(upstream_at(c.app.upstream, 0)));
		app_release(&c.app);
	}
	free(path);
	return c.code;
}
