/*
 * Copying the range and what is around it, and writing the prompt: again with less around until it fits.
 */
#include "edit_material.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/utf.h"
#include "eke/chat/edit_text.h"
#include "eke/text/buffer.h"
#include "eke/text/uri.h"

/* Directories and name that a prompt shows. */
#define SHORT_PATH_PARTS 3
/* Bytes of the document that are shown before the range, and half as many behind it, if the plan's cap lets them. */
#define AROUND KIB(6)
#define AROUND_LEAST 400

static bool has_crlf(const struct strbuf *text)
{
	const char *lf = memchr(text->data, '\n', text->len);

	return lf && lf > text->data && lf[-1] == '\r';
}

void edit_material_take(struct edit_material *m, const struct doc *doc, const struct text_buffer *text,
	enum position_encoding encoding, const struct range *range, const char *instruction)
{
	size_t a = text_buffer_offset(text, range->start, encoding);
	size_t b = text_buffer_offset(text, range->end, encoding);
	size_t end = a < b ? b : a;

	*m = (struct edit_material){ .start = a < b ? a : b };
	strbuf_init(&m->selected, LIMIT_CHAT_PROMPT);
	strbuf_init(&m->before, AROUND);
	strbuf_init(&m->after, AROUND);
	text_buffer_copy(text, m->start, end, &m->selected);
	text_buffer_before(text, m->start, AROUND, &m->before);
	text_buffer_after(text, end, AROUND, &m->after);
	m->crlf = has_crlf(&m->selected) || has_crlf(&m->before) || has_crlf(&m->after);
	m->path = uri_path_part(doc_uri(doc));
	m->language = xstrdup(doc_language(doc));
	m->instruction = xstrdup(instruction);
}

void edit_material_release(struct edit_material *m)
{
	strbuf_release(&m->selected);
	strbuf_release(&m->before);
	strbuf_release(&m->after);
	free(m->path);
	free(m->language);
	free(m->instruction);
}

/* --- the prompt --- */

static const char *short_path(const char *path)
{
	const char *from = path + strlen(path);
	int slashes = 0;

	while (from > path && (from[-1] != '/' || ++slashes < SHORT_PATH_PARTS))
		from--;
	return from;
}

/* Where the last `most` bytes begin, at a character's first byte. */
static size_t tail_at(const struct strbuf *text, size_t most)
{
	size_t at = text->len < most ? 0 : text->len - most;

	while (at < text->len && !utf8_is_boundary(text->data, text->len, at))
		at++;
	return at;
}

/* Returns the prompt's tokens. */
static size_t write_around(const struct edit_material *m, const struct edit_limits *limits, const char *context,
	size_t around, struct edit_messages *out)
{
	size_t from = tail_at(&m->before, around);
	struct edit_prompt_input in = {
		.path = short_path(m->path),
		.language = m->language,
		.before = m->before.data + from,
		.before_len = m->before.len - from,
		.selected = m->selected.data,
		.selected_len = m->selected.len,
		.after = m->after.data,
		.after_len = utf8_cut(m->after.data, m->after.len, around / 2),
		.instruction = m->instruction,
		.context = context,
		.answer_language = limits->answer_language,
	};
	size_t estimate = TOKENS_PER_PROMPT + 2 * TOKENS_PER_MESSAGE;

	strbuf_reset(&out->system);
	strbuf_reset(&out->user);
	out->tag_number = edit_prompt(&in, &out->system, &out->user);
	estimate += tokens_estimate(out->system.data, out->system.len) + tokens_estimate(out->user.data, out->user.len);
	return tokens_of(limits->scales, limits->endpoint, limits->model, estimate);
}

bool edit_material_write(const struct edit_material *m, const struct edit_limits *limits, const char *context,
	struct edit_messages *out, struct err *err)
{
	struct edit_messages messages;
	size_t tokens = 0;

	strbuf_init(&messages.system, KIB(16));
	strbuf_init(&messages.user, LIMIT_CHAT_PROMPT);
	for (size_t around = AROUND; around >= AROUND_LEAST; around = around * 2 / 3) {
		tokens = write_around(m, limits, context, around, &messages);
		if (!m->selected.full && !messages.user.full && (!limits->cap || tokens <= limits->cap)) {
			*out = messages;
			return true;
		}
	}
	edit_messages_release(&messages);
	err_set(err, ERR_PROMPT_TOO_LONG, "the selected text has about %zu tokens with its instruction; the plan %s allows "
		"%zu: select less, or use another endpoint", tokens, limits->plan, limits->cap);
	return false;
}

void edit_messages_release(struct edit_messages *messages)
{
	strbuf_release(&messages->system);
	strbuf_release(&messages->user);
}
