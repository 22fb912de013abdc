/*
 * What an editor gets for its request: of the texts that are known, how much is shown at once, and which text of the
 * document it replaces.
 */
#include "pending_private.h"

#include <string.h>

#include "eke/base/limits.h"
#include "eke/post/post.h"
#include "eke/text/lines.h"
#include "cache_sync.h"
#include "engine_private.h"
#include "inflight.h"

struct decision_input pending_input(const struct pending *p)
{
	return (struct decision_input){
		.context = &p->context, .automatic = p->automatic, .insert_spaces = p->insert_spaces, .tab_size = p->tab_size
	};
}

void pending_answer_nothing(struct pending *p, const struct err *err)
{
	struct engine_callbacks callbacks = p->callbacks;

	pending_end(p);
	callbacks.done(callbacks.ctx, NULL, 0, err);
}

void pending_tell(struct pending *p, const struct cache_hit *hit)
{
	if (!p->callbacks.delta || hit->len <= p->told)
		return;
	if (p->selected && !p->told)
		p->callbacks.delta(p->callbacks.ctx, p->selected, strlen(p->selected));
	p->callbacks.delta(p->callbacks.ctx, hit->text + p->told, hit->len - p->told);
	p->told = hit->len;
}

/* As much of a text as completion.maxLines lets be pending_shown, without a line end. */
static size_t cut_lines(const struct pending *p, const char *text, size_t len)
{
	size_t most = (size_t)p->engine->config->completion.max_lines;

	if (lines_count(text, len) < most)
		return len;
	len = lines_skip(text, len, most);
	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	return len;
}

const struct post_context *pending_surroundings(struct pending *p)
{
	struct post_input in = {
		.prefix = p->context.before.data,
		.prefix_len = p->context.before.len,
		.suffix = p->context.after.data,
		.suffix_len = p->context.after.len,
		.language = p->context.language,
		.insert_spaces = p->insert_spaces,
		.tab_size = p->tab_size,
		.project_style = p->project_style,
	};
	const struct post_context *known = p->answered_by ? model_request_surroundings(p->answered_by->request, &p->context)
													  : NULL;

	if (!known && !p->surroundings)
		p->surroundings = post_context_new(&in);
	return known ? known : p->surroundings;
}

/*
 * The range that an item replaces: closers that the editor put right of the cursor, if the text goes on behind its own.
 * They are ASCII, of one unit in any encoding.
 */
static struct range range_of(struct pending *p, const char *text, size_t len)
{
	struct range range = p->range;

	range.end.character += (int64_t)post_replaced(pending_surroundings(p), text, len);
	return range;
}

size_t pending_shown(struct pending *p, const struct cache_hit *hit)
{
	const struct doc_feedback *doc = feedback_of_doc(p->engine->feedback, p->context.uri);
	size_t before = doc_feedback_remaining(doc, p->context.offset, hit->text, hit->len);
	size_t block = p->whole ? hit->len : post_first_block(pending_surroundings(p), hit->text, hit->len);

	return cut_lines(p, hit->text, block > before ? block : before);
}

/* A closer right of the cursor cuts no complete answer that can take its place. */
static struct cache_hit uncut(struct pending *p, struct cache_hit hit)
{
	if (hit.cut && hit.complete && post_replaced(pending_surroundings(p), hit.text, hit.len + hit.cut))
		hit.len += hit.cut;
	return hit;
}

void pending_answer(struct pending *p, const struct cache_hit *hits, size_t count, size_t most)
{
	struct engine_callbacks callbacks = p->callbacks;
	struct doc_feedback *doc = feedback_of_doc(p->engine->feedback, p->context.uri);
	struct engine_item items[ENGINE_ITEMS] = { { .id = 0 } };
	struct strbuf texts[ENGINE_ITEMS];
	struct cache_hit head = uncut(p, hits[0]);
	struct cache_hit hit;
	size_t first;
	size_t len;

	head.len = head.len < most ? head.len : most;
	first = pending_shown(p, &head);
	for (size_t i = 0; i < count; i++) {
		strbuf_init(&texts[i], LIMIT_COMPLETION_TEXT + LIMIT_COMPLETION);
		if (p->selected)
			strbuf_adds(&texts[i], p->selected);
		hit = i ? uncut(p, hits[i]) : head;
		len = i ? pending_shown(p, &hit) : first;
		strbuf_add(&texts[i], hit.text, len);
		items[i] = (struct engine_item){
			.id = hit.item,
			.text = texts[i].data,
			.len = texts[i].len,
			.range = range_of(p, hit.text, len),
			.offline = hit.text == p->engine->offline_text.data,
			.growing = !hit.complete && inflight_find(p->engine, hit.item),
		};
	}
	pending_tell(p, &head);
	cache_sync_used(p->engine->sync, hits[0].item);
	doc_feedback_offer(doc, p->context.offset, p->revision, hits[0].text, first);
	if (count && !items[0].offline)
		recent_touch(&doc->recent, &hits[0], p->context.offset);
	pending_end(p);
	callbacks.done(callbacks.ctx, items, count, p->err.kind != ERR_NONE ? &p->err : NULL);
	for (size_t i = 0; i < count; i++)
		strbuf_release(&texts[i]);
}

void pending_answer_offline(struct pending *p)
{
	struct engine *engine = p->engine;
	struct cache_hit hit = {
		.text = engine->offline_text.data, .len = engine->offline_text.len, .item = engine->last_id += CACHE_RANKS
	};

	pending_answer(p, &hit, 1, SIZE_MAX);
}

void pending_fail(struct pending *p, const struct err *err)
{
	struct decision_input in = pending_input(p);
	struct offline_verdict verdict;

	p->err = *err;
	if (engine_look_offline(p->engine, &in, OFFLINE_LIKELY, &verdict))
		pending_answer_offline(p);
	else
		pending_answer_nothing(p, &p->err);
}
