/*
 * The whole prompt of the chat emulation, as it is sent. A second session, in which nothing is kept, says what that
 * costs.
 */
#include "context_typing.h"

#include <stdlib.h>
#include <string.h>

#include "context_session.h"
#include "eke/base/attrs.h"
#include "eke/base/mem.h"
#include "eke/complete/excerpt.h"
#include "eke/complete/prompt.h"
#include "eke/context/names.h"

#define LINES_OUT 24
#define NEXT_LINES 5

static const size_t steps[] = { 0, 1, 3, 5, 2, 6, 4 }; /* lines that are written before each request */

static void place_move(struct place *place)
{
	struct excerpt_input in = { .before = place->text,
		.before_len = place->cursor,
		.after = place->text + place->cursor,
		.after_len = place->len - place->cursor };
	struct excerpt excerpt;

	excerpt_choose(&in, &excerpt);
	place->from = place->cursor - excerpt.prefix_len;
	place->to = place->cursor + excerpt.suffix_len;
}

static void write_lines(struct session *s, const struct place *place, size_t len)
{
	struct doc_edit edit = { .has_range = true, .text = place->text + place->cursor, .len = len };

	for (size_t i = 0; i < place->cursor; i++)
		edit.range.start.line += place->text[i] == '\n';
	edit.range.end = edit.range.start;
	docs_change(s->docs, s->uri, 2, &edit, 1);
	session_read(s);
}

static void choose(struct session *s, const struct place *place, size_t tokens, bool keep, struct snippets *out)
{
	struct retrieval in = session_retrieval(s, place, tokens);

	in.keep = keep;
	retriever_choose(s->retriever, &in, out);
}

static void write_prompt(const struct place *place, const struct snippets *snippets, size_t cap, struct strbuf *out)
{
	struct prompt_input in = { .path = place->file->path,
		.language = place->file->language,
		.prefix = place->text + place->from,
		.prefix_len = place->cursor - place->from,
		.suffix = place->text + place->cursor,
		.suffix_len = place->to - place->cursor,
		.write_on = true,
		.from_start = !place->from,
		.max_tokens = cap,
		.context = snippets };
	struct request_message messages[PROMPT_MESSAGES];
	struct prompt prompt;
	size_t count;

	prompt_init(&prompt);
	prompt_build(&in, &prompt);
	count = prompt_messages(&prompt, messages);
	for (size_t i = 0; i < count; i++)
		strbuf_add(out, messages[i].content, messages[i].content_len);
	prompt_release(&prompt);
}

static size_t count_shown(const struct place *place, const struct snippets *snippets)
{
	const char *next = place->text + place->cursor;
	size_t len = project_lines(next, place->len - place->cursor, NEXT_LINES);
	size_t shown = 0;
	size_t at = 0;
	size_t start;
	size_t n;

	while (names_next(next, len, &at, &start, &n)) {
		char name[NAME_LEN_MAX + 1];
		bool is_there = false;

		if (n < NAME_LEN_MIN + 1 || n > NAME_LEN_MAX)
			continue;
		memcpy(name, next + start, n);
		name[n] = '\0';
		if (context_has_word(place->text + place->from, place->cursor - place->from, name))
			continue;
		for (size_t i = 0; i < snippets->count && !is_there; i++)
			is_there = context_has_word(snippets->items[i].text, snippets->items[i].len, name);
		shown += is_there;
	}
	return shown;
}

/* The text as it is with the lines that are written so far. */
static void set_text(struct place *place, const char *whole, size_t whole_len, size_t begin, size_t written, size_t out)
{
	memcpy(place->text, whole, begin + written);
	memcpy(place->text + begin + written, whole + begin + out, whole_len - begin - out);
	place->len = whole_len - out + written;
	place->cursor = begin + written;
	place_move(place);
}

static size_t count_same(const struct strbuf *a, const struct strbuf *b)
{
	size_t same = 0;

	while (same < a->len && same < b->len && a->data[same] == b->data[same])
		same++;
	return same;
}

static void run(struct typing *typing, const struct place *place, size_t cap, size_t c, bool keep)
{
	char *whole = place->file->text;
	size_t whole_len = place->file->len;
	size_t begin = place->cursor;
	size_t out = project_lines(whole + begin, whole_len - begin, LINES_OUT);
	struct place now = *place;
	struct session session;
	struct strbuf last;
	size_t written = 0;

	now.text = xmalloc(whole_len + 1);
	strbuf_init(&last, 1 << 20);
	set_text(&now, whole, whole_len, begin, 0, out);
	session_open(&session, &now);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		size_t len = project_lines(whole + begin + written, out - written, steps[i]);
		struct place ahead = now;
		struct snippets snippets;
		struct strbuf prompt;

		/* What is written is what stands there in the whole text. */
		ahead.text = whole;
		if (len)
			write_lines(&session, &ahead, len);
		written += len;
		set_text(&now, whole, whole_len, begin, written, out);
		choose(&session, &now, session_room(&now, cap), keep, &snippets);
		ahead.cursor = now.cursor;
		ahead.from = now.from;
		ahead.len = begin + out;
		*(keep ? &typing->shown[c] : &typing->afresh[c]) += count_shown(&ahead, &snippets);
		strbuf_init(&prompt, 1 << 20);
		write_prompt(&now, &snippets, cap, &prompt);
		typing->bytes[c] += keep && i ? prompt.len : 0;
		typing->shared[c] += keep && i ? count_same(&prompt, &last) : 0;
		snippets_release(&snippets);
		strbuf_release(&last);
		last = prompt;
	}
	session_close(&session);
	strbuf_release(&last);
	free(now.text);
}

void typing_measure(struct typing *typing, const struct place *place, const size_t caps[TYPING_CAPS])
{
	for (size_t c = 0; c < TYPING_CAPS; c++) {
		run(typing, place, caps[c], c, true);
		run(typing, place, caps[c], c, false);
	}
}
