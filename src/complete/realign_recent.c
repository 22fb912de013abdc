/*
 * The recent, the document and the cache put together.
 */
#include "realign_recent.h"

#include "eke/base/limits.h"
#include "eke/code/syntax.h"
#include "eke/text/buffer.h"
#include "engine_private.h"
#include "inflight.h"

/* Has the document the word? */
static bool is_known(const struct engine *engine, const struct cursor_context *context, const char *word, size_t len)
{
	const struct doc *doc = docs_find(engine->docs, context->uri);
	struct strbuf text;
	const struct text_buffer *buffer = doc ? doc_text(doc) : NULL; /* allowed: it is searched, and nothing of it sent */
	bool known = true;

	strbuf_init(&text, 2 * LIMIT_SYMBOL_SEARCH);
	if (buffer && text_buffer_before(buffer, context->offset, LIMIT_SYMBOL_SEARCH, &text) &&
		text_buffer_after(buffer, context->offset, LIMIT_SYMBOL_SEARCH, &text))
		known = symbol_occurs(word, len, text.data, text.len);
	strbuf_release(&text);
	return known;
}

/*
 * Names that the answer declares and goes on with, which the document does not have, are the model's own; the user has
 * given them others.
 */
static void choose_names(const struct engine *engine, const struct cursor_context *context,
	const struct recent_match *match, struct symbol_renames *out)
{
	const struct cache_hit *answer = &match->answer;
	unsigned not_code = SYNTAX_PROSE | SYNTAX_MARKUP | SYNTAX_KEYS | SYNTAX_UNKNOWN;
	const char *line = match->typed; /* the answer may begin within one */
	struct strbuf text;
	size_t head;

	out->count = 0;
	if (!match->words.count || syntax_of(context->language)->flags & not_code)
		return;
	while (line > context->before.data && line[-1] != '\n')
		line--;
	head = (size_t)(match->typed - line);
	strbuf_init(&text, SIZE_MAX / 2);
	strbuf_add(&text, line, head);
	strbuf_add(&text, answer->text, answer->len);
	for (size_t i = 0; i < match->words.count; i++) {
		const char *model = answer->text + match->words.at[i].answer;
		const char *user = match->typed + match->words.at[i].typed;
		size_t model_len = match->words.at[i].answer_len;
		size_t user_len = match->words.at[i].typed_len;

		if (symbol_is_renamable(model, model_len) && symbol_is_renamable(user, user_len) &&
			!symbol_is_typo(model, model_len, user, user_len) &&
			symbol_is_declared(text.data, text.len, head + match->words.at[i].answer, model_len) &&
			!is_known(engine, context, model, model_len))
			symbol_renames_add(out, model, model_len, user, user_len);
	}
	strbuf_release(&text);
}

/* Keeps the rest of an answer under a key, too; of one that still grows also what comes. */
static bool keep_rest(struct engine *engine, const struct cursor_context *context, const struct recent_entry *entry,
	const struct recent_match *match, const struct cache_key *key)
{
	const struct cache_hit *hit = &match->answer;
	struct cache_answer rest = { .item = hit->item, .complete = true, .stored_ms = hit->stored_ms };
	struct inflight *inflight = hit->complete ? NULL : inflight_find(engine, hit->item);
	struct symbol_renames renames;
	struct strbuf text;
	bool ok;

	choose_names(engine, context, match, &renames);
	if (!hit->complete)
		return inflight && model_request_add_key(inflight->request, &entry->key, match->at, key, &renames);
	strbuf_init(&text, LIMIT_COMPLETION_TEXT);
	symbol_renames_apply(&renames, hit->text + match->at, hit->len - match->at, &text);
	rest.text = text.data;
	rest.len = text.len;
	ok = cache_put(engine->cache, key, &rest);
	strbuf_release(&text);
	return ok;
}

bool realign_recent(
	struct engine *engine, const struct cursor_context *context, const struct cache_context *cache_context)
{
	struct recent *recent = &feedback_of_doc(engine->feedback, context->uri)->recent;
	struct recent_match match;
	struct cache_key here;

	cache_key_make(cache_context, &here);
	if (!recent_find(recent, engine->cache, cache_context, context->offset, &match) ||
		!keep_rest(engine, context, &recent->entries[match.entry], &match, &here))
		return false;
	recent_move(recent, match.entry, &here, context->offset);
	return true;
}
