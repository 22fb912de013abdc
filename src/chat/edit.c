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
#include "eke/base/utf.h"
#include "eke/chat/edit_text.h"
#include "eke/text/buffer.h"
#include "eke/text/diff.h"
#include "eke/text/outbound.h"
#include "eke/text/uri.h"
#include "eke/upstream/call.h"
#include "eke/upstream/choose.h"
#include "eke/upstream/tokens.h"
#include "retrieved.h"

/* Directories and name that a prompt shows. */
#define SHORT_PATH_PARTS 3
/* What of the document is shown around the range, if the plan's cap lets it. */
#define AROUND KIB(6)
#define AROUND_LEAST 400
/* So much of it is looked at for names. */
#define RETRIEVE_FOR KIB(64)

struct proposal {
	uint64_t id;
	struct edits *edits;
	struct endpoint *endpoint; /* ref */
	char *uri;
	uint64_t revision;
	int64_t version;
	size_t start; /* of the range, bytes */
	struct strbuf selected;
	bool crlf;
	unsigned tag_number;
	struct strbuf answer;
	struct strbuf text;
	size_t told;
	uint64_t call;
	struct edit_callbacks callbacks;
	struct material *material; /* of the prompt, until it is sent */
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

/* Everything that the prompt is made of, but for how much of the document is around. */
struct material {
	struct strbuf before;
	struct strbuf after;
	char *path;
	char *language;
	char *instruction;
	char *model;
	char *context; /* blocks, or NULL */
};

static void material_free(struct material *m)
{
	if (!m)
		return;
	strbuf_release(&m->before);
	strbuf_release(&m->after);
	free(m->path);
	free(m->language);
	free(m->instruction);
	free(m->model);
	free(m->context);
	free(m);
}

static void proposal_release(void *p)
{
	struct proposal *e = p;

	strbuf_release(&e->selected);
	strbuf_release(&e->answer);
	strbuf_release(&e->text);
	material_free(e->material);
	snippets_release(&e->retrieved);
	free(e->uri);
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
		.tag_number = e->tag_number,
		.selected = e->selected.data,
		.selected_len = e->selected.len,
		.crlf = e->crlf,
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
	struct diff_edit *diffs =
		diff_texts(e->selected.data, e->selected.len, e->text.data, e->text.len, &count);
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
			.range = { text_buffer_position(buffer, e->start + diffs[i].start, encoding),
				   text_buffer_position(buffer, e->start + diffs[i].end, encoding) },
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

static const char *short_path(const char *path)
{
	const char *from = path + strlen(path);
	int slashes = 0;

	while (from > path && (from[-1] != '/' || ++slashes < SHORT_PATH_PARTS))
		from--;
	return from;
}

static bool ends_with_crlf_lines(const struct strbuf *text)
{
	const char *lf = memchr(text->data, '\n', text->len);

	return lf && lf > text->data && lf[-1] == '\r';
}

static void take(struct proposal *e, const struct doc *doc, const struct text_buffer *buffer,
	const struct edit_request *request)
{
	const struct range *range = &request->range;
	const char *model = request->model ? request->model : endpoint_chat_model(e->endpoint);
	struct material *m = xcalloc(1, sizeof(*m));
	enum position_encoding encoding = docs_encoding(e->edits->docs);
	size_t start = text_buffer_offset(buffer, range->start, encoding);
	size_t end = text_buffer_offset(buffer, range->end, encoding);

	if (end < start) {
		size_t swap = start;

		start = end;
		end = swap;
	}
	e->start = start;
	e->revision = doc_revision(doc);
	e->version = doc_version(doc);
	strbuf_init(&e->selected, LIMIT_CHAT_PROMPT);
	text_buffer_copy(buffer, start, end, &e->selected);
	strbuf_init(&m->before, AROUND);
	strbuf_init(&m->after, AROUND);
	text_buffer_before(buffer, start, AROUND, &m->before);
	text_buffer_after(buffer, end, AROUND, &m->after);
	m->path = uri_path_part(e->uri);
	m->language = doc_language(doc) ? xstrdup(doc_language(doc)) : NULL;
	m->instruction = xstrdup(request->instruction);
	m->model = model ? xstrdup(model) : NULL;
	e->material = m;
	e->crlf = ends_with_crlf_lines(&e->selected) || ends_with_crlf_lines(&m->before) ||
		  ends_with_crlf_lines(&m->after);
}

/*
 * Writes the prompt with as much of the document around as the cap allows; false with ERR_PROMPT_TOO_LONG if not even
 * the range fits.
 */
static bool write_prompt(struct proposal *e, struct strbuf *system, struct strbuf *user, struct err *err)
{
	const struct material *m = e->material;
	const struct plan *plan = endpoint_config(e->endpoint)->plan;
	size_t cap = (size_t)plan->max_prompt_tokens;
	size_t tokens = 0;

	for (size_t around = AROUND; around >= AROUND_LEAST; around = around * 2 / 3) {
		size_t before = m->before.len < around ? m->before.len : around;
		size_t after = utf8_cut(m->after.data, m->after.len, around / 2);
		const char *from = m->before.data + m->before.len - before;
		struct edit_prompt_input in = {
			.path = short_path(m->path),
			.language = m->language,
			.selected = e->selected.data,
			.selected_len = e->selected.len,
			.after = m->after.data,
			.after_len = after,
			.instruction = m->instruction,
			.context = m->context,
			.answer_language = e->edits->config->chat.language,
		};
		struct request_message messages[2];

		while (before && !utf8_is_boundary(m->before.data, m->before.len, m->before.len - before)) {
			from++;
			before--;
		}
		in.before = from;
		in.before_len = before;
		strbuf_reset(system);
		strbuf_reset(user);
		e->tag_number = edit_prompt(&in, system, user);
		messages[0] = (struct request_message){ "system", system->data, system->len };
		messages[1] = (struct request_message){ "user", user->data, user->len };
		tokens = tokens_of(upstream_token_scales(e->edits->upstream), endpoint_name(e->endpoint), m->model,
				   tokens_estimate_messages(messages, ARRAY_LEN(messages)));
		if (!e->selected.full && !user->full && (!cap || tokens <= cap))
			return true;
	}
	err_set(err, ERR_PROMPT_TOO_LONG, "the selected text has about %zu tokens with its instruction; the plan %s allows "
		"%zu: select less, or use another endpoint", tokens, plan->name, cap);
	return false;
}

static bool fits(struct proposal *e, struct err *err)
{
	struct strbuf system;
	struct strbuf user;
	bool ok;

	strbuf_init(&system, KIB(16));
	strbuf_init(&user, LIMIT_CHAT_PROMPT);
	ok = write_prompt(e, &system, &user, err);
	strbuf_release(&system);
	strbuf_release(&user);
	return ok;
}

/* Without what was retrieved it fits: edits_start() has seen that. */
static void send(struct proposal *e)
{
	struct call_callbacks callbacks = { .delta = on_delta, .done = on_done, .ctx = e };
	struct strbuf system;
	struct strbuf user;
	struct request_message messages[2];
	struct call_spec spec;
	struct err err;

	strbuf_init(&system, KIB(16));
	strbuf_init(&user, LIMIT_CHAT_PROMPT);
	if (!write_prompt(e, &system, &user, &err)) {
		snippets_release(&e->retrieved);
		free(e->material->context);
		e->material->context = NULL;
		write_prompt(e, &system, &user, &err);
	}
	messages[0] = (struct request_message){ "system", system.data, system.len };
	messages[1] = (struct request_message){ "user", user.data, user.len };
	spec = (struct call_spec){
		.endpoint = e->endpoint,
		.purpose = CALL_CHAT,
		.request = { .dialect = dialect_chat(),
			     .model = e->material->model,
			     .messages = messages,
			     .message_count = ARRAY_LEN(messages),
			     .max_tokens = e->edits->config->chat.max_tokens,
			     .temperature = 0,
			     .stream = true,
			     .stream_options = endpoint_config(e->endpoint)->stream_options },
	};
	e->call = call_start(e->edits->upstream, &spec, &callbacks);
	strbuf_release(&system);
	strbuf_release(&user);
	material_free(e->material);
	e->material = NULL;
}

/* --- what goes along of other places --- */

static void retrieve(struct proposal *e)
{
	const struct material *m = e->material;
	struct retrieved_spec spec = { .retriever = e->edits->retriever,
				       .config = e->edits->config,
				       .uri = e->uri,
				       .prompt_cap = endpoint_config(e->endpoint)->plan->max_prompt_tokens };
	struct strbuf text;
	struct strbuf blocks;

	strbuf_init(&text, RETRIEVE_FOR);
	strbuf_addf(&text, "%s\n", m->instruction);
	strbuf_add(&text, e->selected.data, e->selected.len);
	strbuf_add(&text, m->before.data, m->before.len);
	strbuf_add(&text, m->after.data, m->after.len);
	spec.text = text.data;
	spec.len = text.len;
	retrieved_choose(&spec, &e->retrieved);
	strbuf_init(&blocks, LIMIT_CONTEXT_PIECE);
	for (size_t i = 0; i < e->retrieved.count; i++) {
		retrieved_write(&e->retrieved.items[i], &blocks);
		strbuf_addch(&blocks, '\n');
	}
	if (blocks.len)
		e->material->context = strbuf_detach(&blocks, NULL);
	strbuf_release(&blocks);
	strbuf_release(&text);
}

static void on_prepared(void *ctx)
{
	struct proposal *e = ctx;

	e->preparing = 0;
	retrieve(e);
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
	e = xcalloc(1, sizeof(*e));
	e->id = ++edits->last_id;
	e->edits = edits;
	e->endpoint = endpoint_ref(endpoint);
	e->uri = xstrdup(request->uri);
	e->callbacks = *callbacks;
	strbuf_init(&e->answer, LIMIT_ANSWER);
	strbuf_init(&e->text, LIMIT_ANSWER);
	e->next = edits->proposals;
	edits->proposals = e;
	take(e, doc, text, request);
	if (fits(e, err)) {
		send_prepared(e);
		return e->id;
	}
	proposal_end(e);
	return 0;
}
