/*
 * JSX: tags, the text between them, and code in braces in both; and code in template strings, which nests as that does.
 */
#include "syntax_private.h"

#define TAG_NAME_MAX 40

void syntax_nest(struct syntax_state *st, enum syntax_where back, char quote)
{
	if (st->nested == SYNTAX_NESTED_MAX)
		return;
	st->outer[st->nested].quote = quote;
	st->outer[st->nested].where = back;
	st->outer[st->nested].elements = st->elements;
	st->outer[st->nested++].braces = 0;
	st->where = SYNTAX_IN_CODE;
	st->elements = 0;
	st->no_value = false;
}

bool syntax_is_tag(const struct syntax_walk *w)
{
	char next = w->at + 1 < w->len ? w->s[w->at + 1] : '\0';

	if (next == '/')
		return w->at + 2 < w->len && (w->s[w->at + 2] == '>' || is_word(w->s[w->at + 2]));
	return next == '>' || ((next | 0x20) >= 'a' && (next | 0x20) <= 'z');
}

void syntax_enter_tag(struct syntax_walk *w)
{
	struct syntax_state *st = &w->state;

	if (w->s[w->at + 1] != '/') {
		st->where = SYNTAX_IN_TAG;
		w->at++;
		return;
	}
	for (size_t i = 0; w->at < w->len && w->s[w->at] != '>' && w->s[w->at] != '\n' && i < TAG_NAME_MAX; i++)
		w->at++;
	if (w->at < w->len && w->s[w->at] == '>')
		w->at++;
	st->elements -= st->elements > 0;
	st->where = st->elements ? SYNTAX_IN_TEXT : SYNTAX_IN_CODE;
	st->no_value = true;
}

bool syntax_step_tag(struct syntax_walk *w, enum syntax_event *event)
{
	struct syntax_state *st = &w->state;
	char c = w->s[w->at++];

	if (c == '"' || c == '\'') {
		const char *end = memchr(w->s + w->at, c, w->len - w->at);

		w->at = end ? (size_t)(end - w->s) + 1 : w->len;
	} else if (c == '{') {
		syntax_nest(st, SYNTAX_IN_TAG, '\0');
		*event = SYNTAX_OPEN;
		return true;
	} else if (c == '/' && w->at < w->len && w->s[w->at] == '>') {
		w->at++;
		st->where = st->elements ? SYNTAX_IN_TEXT : SYNTAX_IN_CODE;
		st->no_value = true;
	} else if (c == '>') {
		st->elements += st->elements < UINT8_MAX;
		st->where = SYNTAX_IN_TEXT;
	}
	return false;
}

bool syntax_step_text(struct syntax_walk *w, enum syntax_event *event)
{
	if (w->s[w->at] == '<' && syntax_is_tag(w)) {
		syntax_enter_tag(w);
	} else if (w->s[w->at++] == '{') {
		syntax_nest(&w->state, SYNTAX_IN_TEXT, '\0');
		*event = SYNTAX_OPEN;
		return true;
	}
	return false;
}
