/*
 * The retriever with documents open, and what a prompt has room for.
 */
#include "context_session.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/complete/prompt.h"
#include "eke/context/names.h"
#include "eke/text/uri.h"

static void on_ready(void *ctx)
{
	loop_stop(ctx);
}

bool context_has_word(const char *text, size_t len, const char *word)
{
	size_t n = strlen(word);
	size_t at = 0;
	size_t start;
	size_t name_len;

	while (names_next(text, len, &at, &start, &name_len))
		if (name_len == n && !memcmp(text + start, word, n))
			return true;
	return false;
}

struct retrieval session_retrieval(const struct session *s, const struct place *place, size_t tokens)
{
	return (struct retrieval){ .uri = s->uri,
		.from = place->from,
		.to = place->to,
		.cursor = { place->text + place->from, place->cursor - place->from, place->text + place->cursor,
			place->to - place->cursor, false },
		.sources = (1u << CONTEXT_SOURCES) - 1,
		.tokens = tokens,
		.tokens_per_file = PROMPT_TOKENS_PER_SNIPPET };
}

/* What the frame and the excerpt leave of the cap. */
size_t session_room(const struct place *place, size_t cap)
{
	struct prompt_input in = { .path = place->file->path,
		.language = place->file->language,
		.prefix = place->text + place->from,
		.prefix_len = place->cursor - place->from,
		.suffix = place->text + place->cursor,
		.suffix_len = place->to - place->cursor,
		.write_on = true };
	struct prompt prompt;
	size_t tokens;

	prompt_init(&prompt);
	in.from_start = !place->from;
	prompt_build(&in, &prompt);
	tokens = prompt.tokens;
	prompt_release(&prompt);
	return tokens < cap ? cap - tokens : 0;
}

static void on_text(void *ctx, const struct docs_event *event)
{
	retriever_observe(ctx, event);
}

static void open_file(struct session *s, const struct place *place, size_t file)
{
	const struct project_file *f = place->open[file];
	const struct edit *edit = NULL;
	char *uri = uri_from_path(f->path);

	for (size_t i = 0; i < place->edit_count; i++)
		if (place->edits[i].file == file)
			edit = &place->edits[i];
	if (edit) {
		char *text = xstrndup(f->text, f->len);
		struct doc_edit change = { .has_range = true, .text = f->text + edit->start, .len = edit->end - edit->start };

		memmove(text + edit->start, text + edit->end, f->len - edit->end);
		docs_open(s->docs, uri, f->language, 1, text, f->len - change.len);
		for (size_t i = 0; i < edit->start; i++)
			change.range.start.line += f->text[i] == '\n';
		change.range.end = change.range.start;
		docs_change(s->docs, uri, 2, &change, 1);
		free(text);
	} else {
		docs_open(s->docs, uri, f->language, 1, f->text, f->len);
	}
	free(uri);
}

void session_read(struct session *s)
{
	for (int i = 0; i < 50; i++) {
		if (!retriever_prepare(s->retriever, s->uri, on_ready, s->loop))
			break;
		loop_run(s->loop);
	}
}

void session_open(struct session *s, const struct place *place)
{
	s->loop = loop_new();
	s->docs = docs_new();
	s->workspace = workspace_new(NULL);
	workspace_add_folder(s->workspace, place->project->root);
	s->retriever = retriever_new(s->loop, s->docs, s->workspace);
	docs_observe(s->docs, on_text, s->retriever);
	for (size_t i = 0; i < place->open_count; i++)
		open_file(s, place, i);
	s->uri = uri_from_path(place->file->path);
	docs_open(s->docs, s->uri, place->file->language, 1, place->text, place->len);
	session_read(s);
}

void session_close(struct session *s)
{
	docs_observe(s->docs, NULL, NULL);
	retriever_free(s->retriever);
	docs_free(s->docs);
	workspace_free(s->workspace);
	loop_free(s->loop);
	free(s->uri);
}
