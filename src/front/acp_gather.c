/*
 * What goes with a prompt: first the files that its blocks name are read, one after the other; then, unless the prompt
 * is an edit, those that its words mention. The texts belong to the prompt's blocks.
 */
#include "acp_private.h"

#include <stdlib.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"

void acp_gather_free(struct acp_prompt *prompt)
{
	acp_client_call_cancel(prompt->gather.call);
	prompt->gather.call = NULL;
}

/* A client's files are as large as it likes. */
static bool has_room(const struct acp_blocks *blocks, size_t len)
{
	size_t total = len;

	for (size_t i = 0; i < blocks->count; i++)
		total += blocks->pieces[i].len;
	return total <= LIMIT_DOCUMENTS_BYTES;
}

static void on_piece(void *ctx, const char *text, size_t len, const struct err *err)
{
	struct acp_prompt *prompt = ctx;
	struct acp_piece *piece = &prompt->blocks.pieces[prompt->gather.next++];
	struct err full;

	prompt->gather.call = NULL;
	if (!err && !has_room(&prompt->blocks, len)) {
		err_set(&full, ERR_PROMPT_TOO_LONG, "the attached files are too large: the limit is %zu bytes in all",
			LIMIT_DOCUMENTS_BYTES);
		acp_prompt_fail(prompt, &full);
		return;
	}
	/* What is wrong with a file that cannot be read is said by who needs it. */
	if (!err) {
		piece->text = xstrndup(text, len);
		piece->len = len;
		piece->whole = true;
	}
	acp_gather_start(prompt);
}

/* The conversation engine knows what the words mention, but not what the client knows of it. */
static void take_mentions(struct acp_prompt *prompt)
{
	const struct app *app = &prompt->acp->app;
	struct context_sources sources = {
		.docs = app->docs, .workspace = app->workspace, .folder = prompt->session->cwd
	};
	struct context_mention mention = { .end = prompt->words };
	bool ok = true;
	struct err err;

	prompt->gather.mentions_taken = true;
	while (ok && prompt->acp->can_read && context_next_mention(&sources, &mention)) {
		ok = acp_blocks_mention(&prompt->blocks, mention.uri, &err);
		free(mention.uri);
	}
	if (ok)
		acp_gather_start(prompt);
	else
		acp_prompt_fail(prompt, &err);
}

void acp_gather_start(struct acp_prompt *prompt)
{
	const struct acp *acp = prompt->acp;
	const struct acp_blocks *blocks = &prompt->blocks;
	struct err err;

	for (; prompt->gather.next < blocks->count; prompt->gather.next++) {
		const struct acp_piece *piece = &blocks->pieces[prompt->gather.next];

		if (!piece->path)
			continue;
		/* It would be refused later, too; but then the client would have been asked to read it. */
		if (!workspace_may_send(acp->app.workspace, piece->uri, &err)) {
			acp_prompt_fail(prompt, &err);
			return;
		}
		if (piece->text || !acp->can_read || acp_blocks_know(blocks, piece->path))
			continue;
		prompt->gather.call = acp_read(prompt->session, piece->path, on_piece, prompt);
		return;
	}
	if (prompt->gather.mentions_taken)
		acp_answer_start(prompt);
	else if (!acp_edit_start(prompt))
		take_mentions(prompt);
}
