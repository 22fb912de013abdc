/*
 * The cursor's surroundings, worked out. A struct post_context owns the two normalised excerpts; the stages borrow it.
 */
#include "eke/post/context.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/code/blocks.h"
#include "eke/code/indent.h"

#define TAB_COLUMNS 8
#define SURE_LINES 4 /* that are indented the same way show what a document indents with */
#define NEW_DOCUMENT 200 /* bytes of a document of which nothing can be learned yet */

void post_add_lf(struct strbuf *out, const char *s, size_t len)
{
	size_t i = 0;

	while (i < len) {
		const char *cr = memchr(s + i, '\r', len - i);
		size_t n = cr ? (size_t)(cr - s) - i : len - i;

		strbuf_add(out, s + i, n);
		i += n;
		if (i < len) {
			strbuf_addch(out, '\n');
			i += i + 1 < len && s[i + 1] == '\n' ? 2 : 1;
		}
	}
}

size_t post_columns(const struct post_context *c, const char *s, size_t len, size_t *bytes)
{
	size_t columns = 0;
	size_t i = 0;

	for (; i < len && (s[i] == ' ' || s[i] == '\t'); i++)
		columns = s[i] == ' ' ? columns + 1 : columns - columns % c->tab + c->tab;
	if (bytes)
		*bytes = i;
	return columns;
}

void post_add_indent(const struct post_context *c, struct strbuf *out, size_t columns)
{
	for (; c->tabs && columns >= c->tab; columns -= c->tab)
		strbuf_addch(out, '\t');
	for (; columns; columns--)
		strbuf_addch(out, ' ');
}

size_t post_line_start(const char *s, size_t pos)
{
	const char *lf = memrchr(s, '\n', pos);

	return lf ? (size_t)(lf - s) + 1 : 0;
}

bool post_between_brackets(const struct post_context *c)
{
	size_t i = skip_blanks(c->suffix.data, c->rest_len);
	size_t n = c->head_len;

	while (n && (c->head[n - 1] == ' ' || c->head[n - 1] == '\t'))
		n--;
	return n && i < c->rest_len && memchr(")]}", c->suffix.data[i], 3) &&
		c->head[n - 1] == syntax_opener_of(c->suffix.data[i]);
}

bool post_is_code(const struct post_context *c)
{
	return !(c->syntax->flags & SYNTAX_PROSE);
}

bool post_in_code(const struct post_context *c)
{
	return post_is_code(c) && !c->in_comment && c->at.where == SYNTAX_IN_CODE;
}

bool post_has_before(const struct post_context *c, const char *line, size_t len)
{
	for (size_t at = 0; at < c->prefix.len;) {
		struct line before;
		size_t next = line_at(c->prefix.data, c->prefix.len, at, &before);

		if (is_same_line(line, len, c->prefix.data + at, before.len))
			return true;
		at = next;
	}
	return false;
}

/* The cursor is in a rule of a Makefile: behind its target, or below a line of its recipe. */
static bool is_recipe(const struct post_context *c)
{
	const char *line = c->head_blank ? c->prefix.data + c->above.start : c->head;
	size_t len = c->head_blank ? c->above.len : c->head_len;
	const char *colon = memchr(line, ':', len);

	if (len && line[0] == '\t')
		return true;
	if (len && line[0] == '#')
		return false;
	return colon && line[0] != ' ' && (colon + 1 == line + len || colon[1] != '=') &&
		!memchr(line, '=', (size_t)(colon - line)) && !memchr(line, '(', (size_t)(colon - line));
}

static void set_indentation(struct post_context *c)
{
	struct indent indent = { 0 };
	bool spaces = c->in->insert_spaces && !(c->syntax->flags & SYNTAX_TABS);
	size_t bytes = skip_blanks(c->head, c->head_len);
	bool mixed;
	size_t lines;

	indent_learn(&indent, c->syntax, c->prefix.data, c->prefix.len);
	indent_learn(&indent, c->syntax, c->suffix.data, c->suffix.len);
	mixed = indent_is_mixed(&indent);
	lines = indent.tabs + indent.spaces;
	/* The cursor's line wins. */
	if (bytes && c->head[0] == '\t') {
		indent.tabs = SIZE_MAX;
	} else if (bytes > 1 && !memchr(c->head, '\t', bytes) && !(c->syntax->flags & SYNTAX_TABS)) {
		indent.tabs = 0;
		indent.spaces++;
		if (!indent.step && (bytes == 2 || bytes == 4))
			indent.step = bytes;
	}
	/* Of a Makefile only recipes need their tab. */
	if ((c->syntax->flags & (SYNTAX_TABS | SYNTAX_SHELL)) == (SYNTAX_TABS | SYNTAX_SHELL) && !is_recipe(c))
		mixed = true;
	/* The cursor's line, enough others, the language, the project where no line says anything, or the client where
	   there is next to nothing yet. */
	c->sure = !mixed &&
		(bytes || lines >= SURE_LINES || (c->syntax->flags & SYNTAX_TABS) ||
			(c->in->project_style && !lines) ||
			(!c->in->insert_spaces && c->prefix.len + c->suffix.len < NEW_DOCUMENT));
	c->tabs = indent_is_tabs(&indent, spaces);
	c->unit = indent_unit(&indent, spaces, c->in->tab_size);
	c->tab = c->tabs && !mixed ? c->unit : TAB_COLUMNS;
	c->columns = post_columns(c, c->head, c->head_len, NULL);
}

static void set_line(struct post_context *c)
{
	const char *lf = memrchr(c->prefix.data, '\n', c->prefix.len);
	const char *end = memchr(c->suffix.data, '\n', c->suffix.len);

	c->head = lf ? lf + 1 : c->prefix.data;
	c->head_len = (size_t)(c->prefix.data + c->prefix.len - c->head);
	c->head_blank = is_all_blank(c->head, c->head_len);
	c->rest_len = end ? (size_t)(end - c->suffix.data) : c->suffix.len;
	c->rest_blank = is_all_blank(c->suffix.data, c->rest_len);
	c->whole_lines = c->head_blank && !c->rest_blank;
}

/* The last line with text that ends before `end`, the start of a line; false: there is none. */
static bool line_before(const struct post_context *c, size_t end, struct line *line)
{
	while (end) {
		size_t start = post_line_start(c->prefix.data, end - 1);

		line_at(c->prefix.data, end - 1, start, line);
		if (skip_blanks(c->prefix.data + start, line->len) < line->len)
			return true;
		end = start;
	}
	return false;
}

/* A bracket by itself begins the block of what stands above it. */
static bool line_opens(const struct post_context *c, const struct line *line)
{
	const char *s = c->prefix.data + line->start;
	size_t len = trimmed_length(s, line->len);
	struct line above;

	if (len && skip_blanks(s, len) + 1 == len && line_before(c, line->start, &above) &&
		block_is_level(c->syntax, c->prefix.data + above.start, above.len))
		return false;
	return block_opens(c->syntax, s, line->len);
}

static void look_above(struct post_context *c)
{
	struct line line = { .start = (size_t)(c->head - c->prefix.data), .len = c->head_len };

	c->head_opens = line_opens(c, &line);
	if (!line_before(c, line.start, &line))
		return;
	c->above = line;
	c->above_opens = line_opens(c, &line);
}

/* Does a closing bracket that begins its line stand below the line of its opener, or with what is inside? */
static void learn_closer(const struct post_context *c, size_t opener, size_t closer, size_t *below, size_t *inside)
{
	const char *s = c->prefix.data;
	size_t own = post_line_start(s, closer);
	size_t other = post_line_start(s, opener);
	size_t columns;
	size_t base;

	if (own == other || !is_all_blank(s + own, closer - own))
		return;
	columns = post_columns(c, s + own, closer - own, NULL);
	base = post_columns(c, s + other, opener - other, NULL);
	*below += columns == base;
	*inside += columns > base;
}

/* The indentation of the line of the prefix that pos is in. */
static size_t line_columns(const struct post_context *c, size_t pos)
{
	size_t start = post_line_start(c->prefix.data, pos);

	return post_columns(c, c->prefix.data + start, pos - start, NULL);
}

/* Is the line at `start` in these columns a guard of the one before: "f(x)", and below it "when is_list(x) ->"? */
static bool is_guard(const struct post_context *c, size_t start, size_t columns, const struct line *before)
{
	const char *s = c->prefix.data + start;
	const char *head = c->prefix.data + before->start;
	size_t at = skip_blanks(s, c->prefix.len - start);
	size_t blanks = skip_blanks(head, before->len);
	size_t len = code_length(c->syntax, head, before->len);

	return starts_with_word(s + at, c->prefix.len - start - at, "when") && len && head[len - 1] == ')' &&
		!starts_with_word(head + blanks, before->len - blanks, "case") &&
		line_columns(c, before->start + blanks) < columns;
}

/* The indentation of the statement that a line with these columns ends, where words alone open its block. */
static size_t statement_columns(const struct post_context *c, size_t start, size_t columns)
{
	struct line line;

	while (line_before(c, start, &line) && (block_goes_on(c->syntax, c->prefix.data + line.start, line.len) ||
		is_guard(c, start, columns, &line))) {
		start = line.start;
		columns = line_columns(c, start + skip_blanks(c->prefix.data + start, line.len));
	}
	return columns;
}

/* What is open at the cursor; a line that ends a bracket begins, as a statement, where that was opened. */
static void walk_prefix(struct post_context *c)
{
	size_t head = (size_t)(c->head - c->prefix.data);
	size_t below = 0;
	size_t inside = 0;
	struct syntax_walk w = { .syntax = c->syntax, .s = c->prefix.data, .len = c->prefix.len };
	enum syntax_event event;
	size_t pos;

	c->base = c->columns;
	c->above_columns = post_columns(c, c->prefix.data + c->above.start, c->above.len, NULL);
	while ((event = syntax_next(&w, &pos)) != SYNTAX_END) {
		size_t depth = c->open.depth;
		size_t line;

		if (event == SYNTAX_OPEN)
			syntax_push(&c->open, c->prefix.data[pos], pos);
		else if (event == SYNTAX_CLOSE && syntax_pop(&c->open, c->prefix.data[pos]) && depth == c->open.depth + 1)
			learn_closer(c, c->open.pos[c->open.depth], pos, &below, &inside);
		if (event != SYNTAX_CLOSE || depth == c->open.depth)
			continue;
		line = post_line_start(c->prefix.data, pos);
		if (line == head)
			c->base = line_columns(c, c->open.pos[c->open.depth]);
		else if (line == c->above.start)
			c->above_columns = line_columns(c, c->open.pos[c->open.depth]);
	}
	/* Arguments go on: "for x <- xs," and "it y,". */
	if (c->head_blank && !c->open.depth && c->above.len && c->prefix.data[c->above.start + c->above.len - 1] == ',' &&
		c->above_columns < c->columns)
		c->base = c->above_columns;
	/* Who opens a block with a bracket has shown where it belongs. */
	if (c->head_len && !strchr("{([", c->head[c->head_len - 1]))
		c->base = statement_columns(c, head, c->base);
	if (c->above.len && !strchr("{([", c->prefix.data[c->above.start + c->above.len - 1]))
		c->above_columns = statement_columns(c, c->above.start, c->above_columns);
	c->closers_inside = inside > below;
	for (size_t i = 0; i < c->open.depth; i++)
		c->open_columns[i] = line_columns(c, c->open.pos[i]);
	c->at = w.state;
	c->in_comment = c->at.where == SYNTAX_IN_LINE_COMMENT || c->at.where == SYNTAX_IN_BLOCK_COMMENT ||
		(c->at.where == SYNTAX_IN_STRING && c->at.triple) ||
		(!c->head_blank && syntax_line_is_comment(c->syntax, c->head, c->head_len));
	/* "What to do", "The value of": what is written there opens no block. */
	if (c->head_blank && c->in_comment)
		c->above_opens = false;
}

/*
 * The opener below `depth` that a closer belongs to: one whose line is indented as the closer's, else the innermost
 * that is not indented more; SIZE_MAX: it is not in the excerpt.
 */
static size_t opener_of(const struct post_context *c, const struct post_closer *closer, size_t depth)
{
	char opener = syntax_opener_of(closer->closer);
	bool by_columns = closer->begins_line && !c->closers_inside;
	size_t found = SIZE_MAX;

	for (size_t i = depth; i-- > 0;) {
		if (c->open.opener[i] != opener || (by_columns && c->open_columns[i] > closer->columns))
			continue;
		if (found == SIZE_MAX)
			found = i;
		if (!by_columns)
			break;
		if (c->open_columns[i] == closer->columns)
			return i;
	}
	return found;
}

/* Only blanks or a comment stand behind the bracket at pos on its line. */
static bool ends_line(const struct post_context *c, size_t pos)
{
	size_t start = post_line_start(c->prefix.data, pos);
	struct line line;

	line_at(c->prefix.data, c->prefix.len, start, &line);
	return start + code_length(c->syntax, c->prefix.data + start, line.len) == pos + 1;
}

/* Closers after the cursor without an opener there, outwards. */
static void walk_suffix(struct post_context *c)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = c->suffix.data, .len = c->suffix.len, .state = c->at };
	struct syntax_stack own = { .depth = 0 };
	enum syntax_event event;
	size_t depth = c->open.depth;
	size_t pos;
	size_t line = 0;
	bool first = true;

	while ((event = syntax_next(&w, &pos)) != SYNTAX_END && c->closer_count < ARRAY_LEN(c->closers)) {
		struct post_closer *closer;

		if (event == SYNTAX_NEWLINE) {
			line = pos + 1;
			first = false;
		} else if (event == SYNTAX_OPEN) {
			syntax_push(&own, w.s[pos], pos);
		} else if (event == SYNTAX_CLOSE && !syntax_pop(&own, w.s[pos])) {
			closer = &c->closers[c->closer_count++];
			closer->closer = w.s[pos];
			closer->pos = pos;
			closer->on_line = first;
			closer->begins_line = is_all_blank(w.s + line, pos - line) && (!first || c->head_blank);
			closer->columns = first ? c->columns : post_columns(c, w.s + line, pos - line, NULL);
			closer->opener = opener_of(c, closer, depth);
			if (closer->opener != SIZE_MAX) {
				closer->pinned = closer->begins_line && !c->closers_inside &&
					ends_line(c, c->open.pos[closer->opener]) && c->open_columns[closer->opener] == closer->columns;
				depth = closer->opener;
			}
		}
	}
}

static void list_lines_after(struct post_context *c)
{
	size_t at = c->whole_lines ? 0 : c->rest_len + 1;

	while (at < c->suffix.len && c->after_count < POST_LINES_AFTER) {
		struct line line;
		size_t next = line_at(c->suffix.data, c->suffix.len, at, &line);

		if (line.len)
			c->after[c->after_count++] = line;
		at = next;
	}
	if (c->after_count)
		c->after_columns = (c->after[0].start ? 0 : c->columns) +
			post_columns(c, c->suffix.data + c->after[0].start, c->after[0].len, NULL);
}

static bool has_crlf(const char *s, size_t len, bool *crlf)
{
	const char *lf = memchr(s, '\n', len);

	if (lf)
		*crlf = lf > s && lf[-1] == '\r';
	return lf != NULL;
}

static void take_texts(struct post_context *c, const struct post_input *in)
{
	*c = (struct post_context){ .in = in, .syntax = syntax_of(in->language) };
	strbuf_init(&c->prefix, LIMIT_DOCUMENT);
	strbuf_init(&c->suffix, LIMIT_DOCUMENT);
	post_add_lf(&c->prefix, in->prefix, in->prefix_len);
	post_add_lf(&c->suffix, in->suffix, in->suffix_len);
	if (!has_crlf(in->prefix, in->prefix_len, &c->crlf))
		has_crlf(in->suffix, in->suffix_len, &c->crlf);
}

void post_context_init(struct post_context *c, const struct post_input *in)
{
	take_texts(c, in);
	set_line(c);
	look_above(c);
	set_indentation(c);
	walk_prefix(c);
	walk_suffix(c);
	list_lines_after(c);
}

void post_context_narrow(struct post_context *out, const struct post_context *c, size_t replaced)
{
	*out = *c;
	out->suffix.data += replaced;
	out->suffix.len -= replaced;
	out->closer_count = 0;
	walk_suffix(out);
}

struct post_context *post_context_new(const struct post_input *in)
{
	struct post_context *c = xcalloc(1, sizeof(*c));

	post_context_init(c, in);
	c->in = NULL;
	return c;
}

void post_context_free(struct post_context *c)
{
	if (!c)
		return;
	post_context_release(c);
	free(c);
}

void post_context_release(struct post_context *c)
{
	strbuf_release(&c->prefix);
	strbuf_release(&c->suffix);
}
