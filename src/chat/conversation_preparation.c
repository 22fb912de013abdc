/*
 * Two steps, each left out where there is nothing to do: git says what is staged; the retriever reads the files that
 * the question's code may name.
 */
#include "conversation_preparation.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/chat/chat.h"
#include "diff.h"
#include "retrieved.h"

/* Bytes of a question's text that are looked at for names. */
#define RETRIEVE_FOR KIB(64)

void preparation_note(struct preparation *p, char *note)
{
	p->notes = xreallocarray(p->notes, p->note_count + 1, sizeof(*p->notes));
	p->notes[p->note_count++] = note;
}

static void finish(void *ctx)
{
	struct preparation *p = ctx;

	p->done(p->ctx, NULL);
}

/* --- what its code names --- */

static void add_retrieved(struct preparation *p)
{
	struct attachments *blocks = &p->question.blocks;
	struct retrieved_spec spec = {
		.retriever = p->c->retriever, .config = p->c->config, .uri = p->about, .prompt_cap = p->prompt_cap
	};
	struct strbuf text;

	strbuf_init(&text, RETRIEVE_FOR);
	strbuf_adds(&text, p->question.prompt);
	for (size_t i = 0; i < blocks->count; i++) {
		strbuf_addch(&text, '\n');
		strbuf_add(&text, blocks->items[i].text, blocks->items[i].len);
	}
	spec.text = text.data;
	spec.len = text.len;
	retrieved_choose(&spec, &p->retrieved);
	retrieved_attach(&p->retrieved, blocks);
	strbuf_release(&text);
}

static void on_read(void *ctx)
{
	struct preparation *p = ctx;

	p->retrieving = 0;
	add_retrieved(p);
	finish(p);
}

/* False if nothing is to be waited for. */
static bool retrieve_start(struct preparation *p, const char *uri)
{
	if (!p->c->retriever || !p->c->config->chat.context_tokens || !uri)
		return false;
	p->about = xstrdup(uri);
	p->retrieving = retriever_prepare(p->c->retriever, uri, on_read, p);
	return p->retrieving != 0;
}

/* --- what is staged --- */

static void on_diff(void *ctx, const struct strbuf *text, const char *const *kept, const struct err *err)
{
	struct preparation *p = ctx;
	const char *name =
		p->question.changed ? "What is to be committed (git diff HEAD)" : "What is staged (git diff --cached)";
	struct diff *diff = p->diff;
	struct err trouble;
	char *uri;

	p->diff = NULL;
	if (err) {
		p->done(p->ctx, err);
		return;
	}
	for (; *kept; kept++)
		preparation_note(p, xstrdup(*kept));
	if (!context_add_text(&p->question.blocks, name, "diff", text->data, text->len, &trouble)) {
		p->done(p->ctx, &trouble);
		return;
	}
	uri = retrieved_diff_uri(diff_top(diff), text->data, text->len);
	if (!retrieve_start(p, uri))
		finish(p);
	free(uri);
}

bool preparation_start(struct preparation *p, struct conversations *c, const struct conversation_question *asked,
	preparation_fn *done, void *ctx, struct err *err)
{
	struct chat_request request = { .endpoint = asked->endpoint };
	const char *folder = asked->folder ? asked->folder : workspace_folder(c->workspace, 0);
	struct context_sources sources = { .docs = c->docs,
					   .workspace = c->workspace,
					   .texts = asked->texts,
					   .text_count = asked->text_count,
					   .folder = folder };

	*p = (struct preparation){ .c = c, .done = done, .ctx = ctx };
	if (asked->again) {
		/* The question is in the file. */
		if (!asked->chat_id)
			err_set(err, ERR_INVALID_PARAMS, "chatId is missing");
		else
			loop_defer(c->loop, finish, p);
		return asked->chat_id != NULL;
	}
	if (!question_prepare(&p->question, asked, &sources, c->commands, err))
		return false;
	p->prompt_cap = chat_prompt_cap(c->chat, &request);
	if (p->question.wants_diff)
		p->diff = diff_start(
			c->loop, c->workspace, folder, (const char *const *)p->question.changed, on_diff, p);
	else if (!retrieve_start(p, p->question.blocks.uri))
		loop_defer(c->loop, finish, p);
	return true;
}

void preparation_cancel(struct preparation *p)
{
	diff_cancel(p->diff);
	p->diff = NULL;
	if (p->retrieving)
		retriever_cancel(p->c->retriever, p->retrieving);
	p->retrieving = 0;
	loop_undefer(p->c->loop, finish, p);
}

void preparation_release(struct preparation *p)
{
	question_release(&p->question);
	snippets_release(&p->retrieved);
	for (size_t i = 0; i < p->note_count; i++)
		free(p->notes[i]);
	free(p->notes);
	free(p->about);
}
