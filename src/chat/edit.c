/*
 * Edits under way. A struct proposal lives from edits_start() to its end; it keeps copies of what it asked about, as
 * the document may change meanwhile, and remembers the document by URI and revision.
 */
#include "eke/chat/edit.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/list.h"
#include "eke/base/mem.h"
#include "eke/chat/edit_text.h"
#include "eke/text/buffer.h"
#include "eke/text/diff.h"
#include "eke/text/outbound.h"
#include "eke/upstream/call.h"
#include "eke/upstream/choose.h"
#include "eke/upstream/tokens.h"

#include "edit_material.h"
#include "retrieved.h"

/* Bytes of instruction, range and what is around it that are looked at for names. */
#define RETRIEVE_FOR KIB(64)

struct proposal {
	uint64_t id;
	struct edits *edits;
	struct endpoint *endpoint; /* ref */
	char *uri;
	uint64_t revision;
	int64_t version;
	char *model; /* NULL: the endpoint's own choice */
	struct edit_material material;
	struct edit_messages messages; /* the prompt; first without what is retrieved */
	struct strbuf answer;
	struct strbuf text; /* what of the answer is the replacement */
	size_t told;        /* bytes of it */
	size_t looked;      /* bytes of the answer, when the text was last taken out of it */
	uint64_t call;
	struct edit_callbacks callbacks;
	uint64_t preparing; /* the retriever's number; 0: nothing is */
	struct snippets retrieved;
	struct proposal *next;
};

struct edits {
	struct upstream *upstream;
	struct docs *docs;
	struct workspace *workspace;
	struct retriever *retriever; /* borrowed, or NULL */
	struct config *config; /* ref */
	struct proposal *proposals;
	uint64_t last_id;
};

struct edits *edits_new(struct upstream *upstream, struct docs *docs, struct workspace *workspace)
{
	struct edits *edits = xcalloc(1, sizeof(*edits));

	edits->upstream = upstream;
	edits->docs = docs;
	edits->workspace = workspace;
	return edits;
}

void edits_use(struct edits *edits, struct retriever *retriever)
{
	edits->retriever = retriever;
}

static void proposal_release(void *p)
{
	struct proposal *e = p;

	edit_material_release(&e->material);
	edit_messages_release(&e->messages);
	strbuf_release(&e->answer);
	strbuf_release(&e->text);
	snippets_release(&e->retrieved);
	free(e->uri);
	free(e->model);
	free(e);
}

static void proposal_end(struct proposal *e)
{
	list_unlink(e->edits->proposals, e);
	call_cancel(e->edits->upstream, e->call);
	if (e->preparing)
		retriever_cancel(e->edits->retriever, e->preparing);
	endpoint_unref(e->endpoint);
	loop_defer_free(upstream_loop(e->edits->upstream), e, proposal_release);
}

void edits_free(struct edits *edits)
{
	if (!edits)
		return;
	while (edits->proposals)
		proposal_end(edits->proposals);
	config_unref(edits->config);
	free(edits);
}

void edits_configure(struct edits *edits, struct config *config)
{
	config_ref(config);
	config_unref(edits->config);
	edits->config = config;
}

void edits_cancel(struct edits *edits, uint64_t id)
{
	struct proposal *e = edits->proposals;

	while (e && e->id != id)
		e = e->next;
	if (e)
		proposal_end(e);
}

/* --- the answer --- */

static bool extract(struct proposal *e, bool whole)
{
	struct edit_answer_input in = {
		.answer = e->answer.data,
		.answer_len = e->answer.len,
		.whole = whole,
		.tag_number = e->messages.tag_number,
		.selected = e->material.selected.data,
		.selected_len = e->material.selected.len,
		.crlf = e->material.crlf,
	};

	return edit_extract(&in, &e->text);
}

static void tell(struct proposal *e)
{
	if (!e->callbacks.delta || e->text.len <= e->told)
		return;
	e->callbacks.delta(e->callbacks.ctx, e->text.data + e->told, e->text.len - e->told);
	e->told = e->text.len;
}

static void on_delta(void *ctx, bool reasoning, const char *text, size_t len)
{
	struct proposal *e = ctx;

	if (reasoning)
		return;
	strbuf_add(&e->answer, text, len);
	/* Each look is at all of the answer: it grows by a 64th between two, or a large one is read thousands of times. */
	if (!e->callbacks.delta || e->answer.len - e->looked < e->looked / 64)
		return;
	e->looked = e->answer.len;
	if (extract(e, false))
		tell(e);
}

static void finish(struct proposal *e, const struct edit_proposal *proposal, const struct err *err)
{
	struct edit_callbacks callbacks = e->callbacks;

	proposal_end(e);
	callbacks.done(callbacks.ctx, proposal, err);
}

/* The differences as edits of the document, whose text is as it was. */
static void propose(struct proposal *e, const struct doc *doc)
{
	const struct text_buffer *buffer = doc_text(doc); /* allowed: positions in it */
	enum position_encoding encoding = docs_encoding(e->edits->docs);
	size_t count;
	const struct strbuf *selected = &e->material.selected;
	struct diff_edit *diffs = diff_texts(selected->data, selected->len, e->text.data, e->text.len, &count);
	struct edit_change *changes = xcalloc(count + 1, sizeof(*changes));
	struct endpoint *endpoint = endpoint_ref(e->endpoint);
	struct edit_proposal proposal = {
		.uri = e->uri,
		.version = e->version,
		.changes = changes,
		.count = count,
		.text = e->text.data,
		.text_len = e->text.len,
		.endpoint = endpoint_config(endpoint),
		.retrieved = &e->retrieved,
	};

	for (size_t i = 0; i < count; i++)
		changes[i] = (struct edit_change){
			.range = { text_buffer_position(buffer, e->material.start + diffs[i].start, encoding),
				   text_buffer_position(buffer, e->material.start + diffs[i].end, encoding) },
			.text = e->text.data + diffs[i].new_start,
			.len = diffs[i].new_end - diffs[i].new_start,
		};
	free(diffs);
	finish(e, &proposal, NULL);
	free(changes);
	endpoint_unref(endpoint);
}

static void on_done(void *ctx, const struct call_answer *answer, const struct err *err)
{
	struct proposal *e = ctx;
	const struct doc *doc = docs_find(e->edits->docs, e->uri);
	struct err trouble;

	e->call = 0;
	if (answer) {
		strbuf_reset(&e->answer);
		strbuf_add(&e->answer, answer->text, answer->text_len);
	}
	if (!answer) {
		trouble = *err;
	} else if (answer->finish == CALL_TRUNCATED || answer->finish == CALL_LENGTH) {
		err_set(&trouble, ERR_UPSTREAM, "the answer ended in the middle of the edit: select a smaller range");
	} else if (!extract(e, true)) {
		err_set(&trouble, ERR_UPSTREAM, "the model answered with talk instead of an edit: say more exactly what is to "
			"be changed, or use another model");
	} else if (!doc || doc_revision(doc) != e->revision) {
		tell(e);
		err_set(&trouble, ERR_CONTENT_MODIFIED, "the document changed while the edit was prepared: try again");
	} else {
		tell(e);
		propose(e, doc);
		return;
	}
	finish(e, NULL, &trouble);
}

/* --- the question --- */

static bool write_prompt(struct proposal *e, const char *context, struct edit_messages *out, struct err *err)
{
	const struct plan *plan = endpoint_config(e->endpoint)->plan;
	struct edit_limits limits = {
		.scales = upstream_token_scales(e->edits->upstream),
		.endpoint = endpoint_name(e->endpoint),
		.model = e->model,
		.plan = plan->name,
		.cap = (size_t)plan->max_prompt_tokens,
		.answer_language = e->edits->config->chat.language,
	};

	return edit_material_write(&e->material, &limits, context, out, err);
}

static void send(struct proposal *e)
{
	struct call_callbacks callbacks = { .delta = on_delta, .done = on_done, .ctx = e };
	const struct request_message messages[] = {
		{ "system", e->messages.system.data, e->messages.system.len },
		{ "user", e->messages.user.data, e->messages.user.len },
	};
	struct call_spec spec = {
		.endpoint = e->endpoint,
		.purpose = CALL_CHAT,
		.request = { .dialect = dialect_chat(),
			     .model = e->model,
			     .messages = messages,
			     .message_count = ARRAY_LEN(messages),
			     .max_tokens = e->edits->config->chat.max_tokens,
			     .temperature = 0,
			     .stream = true,
			     .stream_options = endpoint_config(e->endpoint)->stream_options },
	};

	e->call = call_start(e->edits->upstream, &spec, &callbacks);
	edit_messages_release(&e->messages); /* but for the number in the tags */
}

/* --- what goes along of other places --- */

static void choose_retrieved(struct proposal *e)
{
	const struct edit_material *m = &e->material;
	struct retrieved_spec spec = { .retriever = e->edits->retriever,
				       .config = e->edits->config,
				       .uri = e->uri,
				       .prompt_cap = endpoint_config(e->endpoint)->plan->max_prompt_tokens };
	struct strbuf text;

	strbuf_init(&text, RETRIEVE_FOR);
	strbuf_addf(&text, "%s\n", m->instruction);
	strbuf_add(&text, m->selected.data, m->selected.len);
	strbuf_add(&text, m->before.data, m->before.len);
	strbuf_add(&text, m->after.data, m->after.len);
	spec.text = text.data;
	spec.len = text.len;
	retrieved_choose(&spec, &e->retrieved);
	strbuf_release(&text);
}

/* The prompt again with what was retrieved; if it would be too long, it stays as it is. */
static void add_retrieved(struct proposal *e)
{
	struct edit_messages messages;
	struct strbuf context;
	struct err too_long;

	choose_retrieved(e);
	strbuf_init(&context, LIMIT_CONTEXT_PIECE);
	for (size_t i = 0; i < e->retrieved.count; i++) {
		retrieved_write(&e->retrieved.items[i], &context);
		strbuf_addch(&context, '\n');
	}
	if (context.len && write_prompt(e, context.data, &messages, &too_long)) {
		edit_messages_release(&e->messages);
		e->messages = messages;
	} else {
		snippets_release(&e->retrieved);
	}
	strbuf_release(&context);
}

static void on_prepared(void *ctx)
{
	struct proposal *e = ctx;

	e->preparing = 0;
	add_retrieved(e);
	send(e);
}

/* Asks once the files are read that its code may name. */
static void send_prepared(struct proposal *e)
{
	struct edits *edits = e->edits;

	if (edits->retriever && edits->config->chat.context_tokens)
		e->preparing = retriever_prepare(edits->retriever, e->uri, on_prepared, e);
	if (!e->preparing)
		send(e);
}

uint64_t edits_start(struct edits *edits, const struct edit_request *request, const struct edit_callbacks *callbacks,
	struct err *err)
{
	const struct doc *doc = docs_find(edits->docs, request->uri);
	const struct text_buffer *text;
	struct endpoint *endpoint;
	const char *model;
	struct choice choice;
	struct proposal *e;

	if (!doc || !doc_is_kept(doc)) {
		err_set(err, ERR_INVALID_PARAMS, doc ? "the document is too large to be edited, or its text was lost" :
						       "the document is not open: send textDocument/didOpen first");
		return 0;
	}
	text = outbound_document(edits->workspace, doc, err);
	if (!text)
		return 0;
	upstream_choose(edits->upstream, CHOOSE_CHAT, BUDGET_EXPLICIT, 0, &choice);
	endpoint = request->endpoint || !choice.endpoint ? upstream_find(edits->upstream, request->endpoint, err) :
							   choice.endpoint;
	if (!endpoint)
		return 0;
	model = request->model ? request->model : endpoint_chat_model(endpoint);
	e = xcalloc(1, sizeof(*e));
	e->id = ++edits->last_id;
	e->edits = edits;
	e->endpoint = endpoint_ref(endpoint);
	e->uri = xstrdup(request->uri);
	e->revision = doc_revision(doc);
	e->version = doc_version(doc);
	e->model = model ? xstrdup(model) : NULL;
	e->callbacks = *callbacks;
	edit_material_take(&e->material, doc, text, docs_encoding(edits->docs), &request->range, request->instruction);
	strbuf_init(&e->messages.system, 0);
	strbuf_init(&e->messages.user, 0);
	strbuf_init(&e->answer, LIMIT_ANSWER);
	strbuf_init(&e->text, LIMIT_ANSWER);
	e->next = edits->proposals;
	edits->proposals = e;
	if (write_prompt(e, NULL, &e->messages, err)) {
		send_prepared(e);
		return e->id;
	}
	proposal_end(e);
	return 0;
}
