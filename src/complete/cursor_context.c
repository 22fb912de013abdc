/*
 * Contexts are taken from the document when a completion is asked for, and compared and sent later, when the
 * document may have changed: so they hold copies, of a few KiB.
 */
#include "cursor_context.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/text/buffer.h"
#include "eke/text/outbound.h"
#include "eke/text/uri.h"

static void cursor_context_init(struct cursor_context *context, const char *uri, const char *language)
{
	*context = (struct cursor_context){ .uri = xstrdup(uri) };
	context->language = xstrdup(language);
	strbuf_init(&context->before, LIMIT_PREFIX_EXCERPT + LIMIT_CACHE_TYPED + LIMIT_COMPLETION);
	strbuf_init(&context->after, LIMIT_SUFFIX_EXCERPT);
}

void cursor_context_empty(struct cursor_context *context, const char *uri)
{
	cursor_context_init(context, uri, "");
}

bool cursor_context_take(struct cursor_context *context, struct workspace *workspace, const struct doc *doc,
	const struct cursor_context_spec *spec, enum position_encoding encoding, struct err *err)
{
	const struct text_buffer *text = outbound_document(workspace, doc, err);
	bool selected = spec->selected_text != NULL;
	size_t start;
	size_t end;

	cursor_context_init(context, spec->uri, doc_language(doc));
	if (!text)
		return false;
	start = text_buffer_offset(text, selected ? spec->selected_range.start : spec->position, encoding);
	end = selected ? text_buffer_offset(text, spec->selected_range.end, encoding) : start;
	context->offset = start;
	context->line = (size_t)(spec->position.line > 0 ? spec->position.line : 0);
	text_buffer_before(text, start, LIMIT_PREFIX_EXCERPT + LIMIT_CACHE_TYPED, &context->before);
	if (selected)
		strbuf_adds(&context->before, spec->selected_text);
	text_buffer_after(text, end, LIMIT_SUFFIX_EXCERPT, &context->after);
	return true;
}

void cursor_context_copy(struct cursor_context *to, const struct cursor_context *from)
{
	cursor_context_init(to, from->uri, from->language);
	to->offset = from->offset;
	to->line = from->line;
	strbuf_add(&to->before, from->before.data, from->before.len);
	strbuf_add(&to->after, from->after.data, from->after.len);
}

void cursor_context_release(struct cursor_context *context)
{
	free(context->uri);
	free(context->language);
	strbuf_release(&context->before);
	strbuf_release(&context->after);
}

struct cache_context cursor_context_for_cache(const struct cursor_context *context, const char *model_id)
{
	return (struct cache_context){ .model_id = model_id,
		.uri = context->uri,
		.prefix = context->before.data,
		.prefix_len = context->before.len,
		.suffix = context->after.data,
		.suffix_len = context->after.len };
}
