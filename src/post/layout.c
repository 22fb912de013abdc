/*
 * What a text is indented with, and whether that is another way than the document's.
 */
#include "layout.h"

#include <string.h>

#include "eke/base/attrs.h"

size_t layout_leading_spaces(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && s[n] == ' ')
		n++;
	return n < len && s[n] == '\t' ? 0 : n;
}

/* Does some line of the document begin with exactly these blanks? */
static bool document_has_blanks(const struct post_context *c, const char *s, size_t n)
{
	const struct strbuf *sides[] = { &c->prefix, &c->suffix };

	for (size_t k = 0; k < ARRAY_LEN(sides); k++) {
		const struct strbuf *side = sides[k];

		for (size_t at = k ? c->rest_len + 1 : 0; at < side->len;) {
			const char *lf = memchr(side->data + at, '\n', side->len - at);
			size_t len = (lf ? (size_t)(lf - side->data) : side->len) - at;

			if (len > n && skip_blanks(side->data + at, len) == n && !memcmp(side->data + at, s, n))
				return true;
			at += len + 1;
		}
	}
	return false;
}

bool layout_is_foreign(const struct post_context *c, const char *s, size_t len)
{
	size_t bytes = skip_blanks(s, len);
	size_t spaces = layout_leading_spaces(s, len);

	if (!c->sure || !bytes || bytes == len || (c->syntax->flags & SYNTAX_PROSE))
		return false;
	/* The client says that it is right, and the cursor's line does not contradict. */
	if (c->in->tab_size && !c->columns && c->in->insert_spaces == (s[0] == ' '))
		return false;
	if (c->tabs ? spaces < TAB_SPACES_MIN : !memchr(s, '\t', bytes) || (c->syntax->flags & SYNTAX_TABS))
		return false;
	return !document_has_blanks(c, s, bytes);
}

/*
 * Looks at all lines of the text that are indented. One that is not so in the other way, or is aligned by blanks behind
 * tabs, shows that both are meant. Lines in parentheses have no say.
 */
static void look_for_foreign(const struct post_context *c, const struct strbuf *t, size_t from, struct layout *l)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = t->data, .len = t->len, .state = c->at };
	struct syntax_stack own = { .depth = 0 };

	while (from <= t->len && !l->mixed) {
		struct line line;
		size_t next = line_at(t->data, t->len, from, &line);
		size_t bytes = skip_blanks(t->data + from, line.len);
		enum syntax_event event;
		size_t pos;

		while (w.at < from && (event = syntax_next(&w, &pos)) != SYNTAX_END) {
			if (event == SYNTAX_OPEN)
				syntax_push(&own, t->data[pos], pos);
			else if (event == SYNTAX_CLOSE)
				syntax_pop(&own, t->data[pos]);
		}
		if (bytes && bytes < line.len && !(own.depth && own.opener[own.depth - 1] == '(')) {
			l->mixed = !layout_is_foreign(c, t->data + from, line.len) ||
				   (t->data[from] == '\t' && memchr(t->data + from, ' ', bytes));
			l->foreign = !l->mixed;
		}
		from = next;
	}
}

size_t layout_columns(const struct post_context *c, const struct layout *l, const char *s, size_t len)
{
	size_t spaces = layout_leading_spaces(s, len);

	if (!l->foreign || !layout_is_foreign(c, s, len))
		return post_columns(c, s, len, NULL);
	/* A tab is a level. */
	if (!c->tabs) {
		size_t tabs = 0;

		while (s[tabs] == '\t')
			tabs++;
		return tabs * c->unit + layout_leading_spaces(s + tabs, len - tabs);
	}
	return spaces / l->space_unit * c->unit + spaces % l->space_unit;
}

size_t layout_guess_unit(const struct post_context *c, size_t spaces)
{
	if (spaces % 4 == 0 && c->unit != 2)
		return 4;
	if (spaces % c->unit == 0)
		return c->unit;
	return spaces % 2 ? c->unit : 2;
}

/*
 * The second line that decides: the next one of t from `at` on that has text and begins in code. Comments stand where
 * they like: the first of them decides where nothing else comes.
 */
static void find_second(struct syntax_walk *w, size_t at, struct layout *l)
{
	size_t pos;

	while (at <= w->len) {
		struct line line;
		size_t next = line_at(w->s, w->len, at, &line);

		while (w->at < at && syntax_next(w, &pos) != SYNTAX_END)
			;
		at = next;
		if (line.len == skip_blanks(w->s + line.start, line.len) || syntax_is_fixed(&w->state) ||
			w->state.where == SYNTAX_IN_BLOCK_COMMENT)
			continue;
		l->only_comments = syntax_line_is_comment(w->syntax, w->s + line.start, line.len);
		if (!l->more || !l->only_comments)
			l->second = line;
		l->more = true;
		if (!l->only_comments)
			return;
	}
}

void layout_look(const struct post_context *c, const struct strbuf *t, struct layout *l)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = t->data, .len = t->len, .state = c->at };
	struct line line;
	size_t at = 0;

	*l = (struct layout){ .space_unit = c->unit };
	while (at <= t->len) {
		at = line_at(t->data, t->len, at, &l->first);
		if (skip_blanks(t->data + l->first.start, l->first.len) < l->first.len)
			break;
	}
	/* The first line that is indented with spaces shows the model's level. */
	for (size_t i = at; i <= t->len;) {
		size_t next = line_at(t->data, t->len, i, &line);
		size_t spaces = layout_leading_spaces(t->data + line.start, line.len);

		if (spaces >= TAB_SPACES_MIN && spaces < line.len) {
			l->space_unit = layout_guess_unit(c, spaces);
			break;
		}
		i = next;
	}
	find_second(&w, at, l);
	if (l->more)
		look_for_foreign(c, t, at <= t->len ? at : t->len, l);
	l->given = layout_columns(c, l, t->data + l->first.start, l->first.len);
	if (l->more)
		l->columns = layout_columns(c, l, t->data + l->second.start, l->second.len);
}
