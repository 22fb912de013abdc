/*
 * eke's own engine as a client: what front/app.c wires together and front/lsp_*.c does for an editor, without the
 * messages. Its loop and its calls are the simulated ones (virtual_loop.h, sim_call.h), all else is the program. It
 * keeps its state in a directory of its own, which goes with it.
 */
#include "trace_client.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eke/base/mem.h"
#include "eke/budget/budget.h"
#include "eke/complete/engine.h"
#include "eke/text/docs.h"
#include "eke/upstream/upstream.h"
#include "sim_call.h"
#include "virtual_loop.h"

struct eke {
	struct trace_editor *editor;
	struct budget *budget;
	struct upstream *upstream;
	struct docs *docs;
	struct workspace *workspace;
	struct engine *engine;
	struct config *config; /* ref */
	char directory[64];    /* state and configuration; removed at the end */
	char *uri;
	int64_t version;
	uint64_t waiting; /* the request under way, 0: none */
	uint64_t item;    /* the last one that came */
	struct trace_client_report report;
};

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "trace: %s: %s\n", what, why);
	abort();
}

static void make_directory(struct eke *eke, bool counted)
{
	char *path;
	FILE *file;

	snprintf(eke->directory, sizeof(eke->directory), "/tmp/eke-trace-XXXXXX");
	if (!mkdtemp(eke->directory))
		die("no directory for the state", eke->directory);
	path = xasprintf("%s/config.json", eke->directory);
	file = fopen(path, "w");
	if (!file)
		die("no configuration", path);
	fprintf(file,
		"{\"endpoints\": [{\"name\": \"free\", \"baseUrl\": \"https://api.chatanywhere.tech/v1\","
		"\"key\": {\"env\": \"EKE_TRACE_KEY\"}, \"plan\": \"%s\","
		"\"models\": {\"completion\": \"gpt-4o-mini\"}, \"completionApi\": \"chat\"}]}\n",
		counted ? "chatanywhere-free" : "unlimited");
	fclose(file);
	setenv("EKE_TRACE_KEY", "sk-trace", 1);
	setenv("EKE_STATE_DIR", eke->directory, 1);
	free(path);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void warn(void *ctx, const char *sentence)
{
	(void)ctx;
	(void)sentence;
}

static void *eke_start(const struct trace_client_kind *kind, struct trace_editor *editor, bool counted)
{
	struct eke *eke = xcalloc(1, sizeof(*eke));
	char *path;
	struct err err;

	(void)kind;
	eke->editor = editor;
	make_directory(eke, counted);
	sim_call_use(editor->net);
	path = xasprintf("%s/config.json", eke->directory);
	eke->config = config_load(path, NULL, warn, NULL, &err);
	free(path);
	if (!eke->config)
		die("the configuration", err.message);
	eke->budget = budget_new(editor->loop);
	eke->upstream = upstream_new(editor->loop, eke->budget);
	eke->docs = docs_new();
	eke->workspace = workspace_new(NULL);
	eke->engine = engine_new(editor->loop, eke->upstream, eke->docs, eke->workspace);
	if (!upstream_configure(eke->upstream, eke->config, &err))
		die("the endpoint", err.message);
	workspace_configure(eke->workspace, eke->config, warn, NULL);
	engine_configure(eke->engine, eke->config);
	return eke;
}

static void eke_stop(void *client)
{
	struct eke *eke = client;

	engine_free(eke->engine);
	workspace_free(eke->workspace);
	docs_free(eke->docs);
	upstream_free(eke->upstream);
	budget_free(eke->budget);
	config_unref(eke->config);
	virtual_loop_advance(eke->editor->loop, virtual_loop_now(eke->editor->loop));
	nftw(eke->directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(eke->uri);
	free(eke);
}

static void eke_opened(void *client, const char *uri, const char *language)
{
	struct eke *eke = client;
	const struct strbuf *text = &eke->editor->text;

	free(eke->uri);
	eke->uri = xstrdup(uri);
	eke->version = 1;
	if (docs_open(eke->docs, uri, language, eke->version, text->data, text->len) != DOCS_OK)
		die("not opened", uri);
}

static void eke_closed(void *client)
{
	struct eke *eke = client;

	docs_close(eke->docs, eke->uri);
}

/* As an editor counts: lines, and UTF-16 units in a line. By itself, so that eke's own count is checked. */
static struct position position_of(const struct strbuf *text, size_t offset)
{
	struct position p = { 0, 0 };
	const char *line = text->data;
	const char *end = text->data + offset;
	const char *next;

	while ((next = memchr(line, '\n', (size_t)(end - line)))) {
		p.line++;
		line = next + 1;
	}
	for (; line < end; line++)
		p.character += ((unsigned char)*line & 0xC0) == 0x80 ? 0 : (unsigned char)*line >= 0xF0 ? 2 : 1;
	return p;
}

/* False if there is no such place. */
static bool offset_of(const struct strbuf *text, struct position p, size_t *offset)
{
	size_t at = 0;
	int64_t column = 0;

	for (int64_t line = 0; line < p.line; line++) {
		const char *end = memchr(text->data + at, '\n', text->len - at);

		if (!end)
			return false;
		at = (size_t)(end - text->data) + 1;
	}
	while (column < p.character && at < text->len && text->data[at] != '\n') {
		column += (unsigned char)text->data[at] >= 0xF0 ? 2 : 1;
		at++;
		while (at < text->len && ((unsigned char)text->data[at] & 0xC0) == 0x80)
			at++;
	}
	*offset = at;
	return column == p.character;
}

static void eke_edit(void *client, size_t at, size_t removed, const char *text, size_t len)
{
	struct eke *eke = client;
	const struct strbuf *old = &eke->editor->text;
	struct doc_edit edit = {
		.has_range = true,
		.range = { position_of(old, at), position_of(old, at + removed) },
		.text = text,
		.len = len,
	};

	if (docs_change(eke->docs, eke->uri, ++eke->version, &edit, 1) != DOCS_OK)
		die("not changed", eke->uri);
}

/* --- answers --- */

/*
 * A range is right if it is on the cursor's line, holds the cursor, and what it replaces up to the cursor is the
 * beginning of the item's text (LSP 3.18, InlineCompletionItem); nothing after the cursor may go.
 */
static bool insertion(const struct eke *eke, const struct engine_item *item, size_t *skip)
{
	const struct trace_editor *e = eke->editor;
	size_t start;
	size_t end;

	if (item->range.start.line != item->range.end.line || !offset_of(&e->text, item->range.start, &start) ||
	    !offset_of(&e->text, item->range.end, &end) || end != e->cursor || start > end || end - start > item->len ||
	    memcmp(e->text.data + start, item->text, end - start))
		return false;
	*skip = end - start;
	return true;
}

static void on_done(void *ctx, const struct engine_item *item, size_t count, const struct err *err)
{
	struct eke *eke = ctx;
	size_t skip;

	(void)err;
	if (!eke->waiting) {
		eke->report.late_answers++;
		return;
	}
	eke->waiting = 0;
	if (!count)
		return;
	if (!insertion(eke, item, &skip)) {
		eke->report.wrong_ranges++;
		return;
	}
	eke->item = item->id;
	eke->editor->show(eke->editor, item->text + skip, item->len - skip);
	engine_feedback(eke->engine, item->id, ENGINE_SHOWN);
}

static void eke_ask(void *client)
{
	struct eke *eke = client;
	struct engine_request request = {
		.uri = eke->uri,
		.position = position_of(&eke->editor->text, eke->editor->cursor),
		.automatic = true,
		.insert_spaces = eke->editor->insert_spaces,
		.tab_size = 4,
	};
	struct engine_callbacks callbacks = { .done = on_done, .ctx = eke };

	eke->waiting = engine_complete(eke->engine, &request, &callbacks);
}

static void eke_cancel(void *client)
{
	struct eke *eke = client;

	if (eke->waiting)
		engine_cancel(eke->engine, eke->waiting);
	eke->waiting = 0;
}

static void eke_accepted(void *client, bool all)
{
	struct eke *eke = client;

	engine_feedback(eke->engine, eke->item, all ? ENGINE_ACCEPTED : ENGINE_PARTLY_ACCEPTED);
}

static void eke_report(const void *client, struct trace_client_report *out)
{
	const struct eke *eke = client;

	*out = eke->report;
	out->refused_by_budget = sim_call_refused_by_budget();
}

const struct trace_client_kind trace_eke = {
	.key = "eke",
	.name = "eke",
	.start = eke_start,
	.stop = eke_stop,
	.opened = eke_opened,
	.closed = eke_closed,
	.edit = eke_edit,
	.ask = eke_ask,
	.cancel = eke_cancel,
	.accepted = eke_accepted,
	.report = eke_report,
};
