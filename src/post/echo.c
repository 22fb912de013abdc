/*
 * Echoes of the prefix. Models repeat all of it, the block that the cursor is in, the cursor's line, the word that it
 * is in, or only the quote that was typed; blanks they get wrong, so matching ignores them. Code repeats itself, too:
 * what a right continuation could look like is left alone. Each kind is taken off until none is left, so that the
 * result has no echo to find.
 */
#include "echo.h"

#include <stdio.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/code/blocks.h"
#include "balance.h"
#include "echo_private.h"

#define ROUNDS 16
#define LINES_BACK 240 /* how far back an echo may begin */
#define SHORT_WORDS 4 /* ... if the beginning of the cursor's line is among them */
#define LINES_WORDS 8 /* word characters an echo of whole lines must have */
#define LINE_WORDS 16 /* ... of the line above alone */
#define SIBLING_LINES 3 /* lines of an echo that begins with a neighbour of the cursor's line, and … */
#define SIBLING_WORDS 40 /* … their word characters: less may be a line written twice */
#define PHRASE_WORDS 12 /* word characters of a repeated end of the line */
#define AGAIN_WORDS 3       /* word characters of a suggestion that is said again */
#define WORD_MIN 2 /* letters of the word under the cursor */

enum match echo_match(const char *p, size_t p_len, const char *t, size_t t_len, size_t *end)
{
	size_t i = 0;
	size_t k = 0;
	size_t last = 0;

	for (;;) {
		while (i < p_len && is_blank_char(p[i]))
			i++;
		if (i == p_len) {
			*end = last;
			return MATCH_FULL;
		}
		while (k < t_len && is_blank_char(t[k]))
			k++;
		if (k == t_len) {
			*end = i;
			return MATCH_PARTIAL;
		}
		if (p[i] != t[k])
			return MATCH_NO;
		i++;
		last = ++k;
	}
}

static size_t skip_spaces(const struct strbuf *t, size_t at)
{
	return at + skip_blanks(t->data + at, t->len - at);
}

/* --- the cursor mark --- */

static size_t cursor_mark(const struct post_context *c, const struct strbuf *t, size_t from, size_t *len)
{
	char mark[32];
	char bare[32];

	if (c->in->tag_number) {
		snprintf(mark, sizeof(mark), "<CURSOR%u/>", c->in->tag_number);
		snprintf(bare, sizeof(bare), "<CURSOR%u>", c->in->tag_number);
	} else {
		snprintf(mark, sizeof(mark), "<CURSOR/>");
		snprintf(bare, sizeof(bare), "<CURSOR>");
	}
	for (size_t i = from; i < t->len; i++) {
		const char *lt = memchr(t->data + i, '<', t->len - i);

		if (!lt)
			break;
		i = (size_t)(lt - t->data);
		if (starts_with(lt, t->len - i, mark)) {
			*len = strlen(mark);
			return i;
		}
		if (starts_with(lt, t->len - i, bare)) {
			*len = strlen(bare);
			return i;
		}
	}
	return t->len;
}

/*
 * Before a mark in the first line stands the cursor's line; any other mark is where the model would
 * leave the cursor.
 */
static void drop_cursor_marks(const struct post_context *c, struct strbuf *t)
{
	size_t len = 0;
	size_t at = cursor_mark(c, t, 0, &len);
	size_t end;

	if (at < t->len && !memchr(t->data, '\n', at) && at &&
		(is_all_blank(t->data, at) ||
			(!c->head_blank && echo_match(c->head, c->head_len, t->data, at, &end) == MATCH_FULL && end + 1 >= at)))
		strbuf_consume(t, at + len);
	while ((at = cursor_mark(c, t, 0, &len)) < t->len)
		strbuf_splice(t, at, len, "", 0);
}

/* --- whole lines and the cursor's line --- */

/* Marks at the beginning of a line that models like to repeat with its text. */
static bool is_line_mark(const struct post_context *c, const char *s, size_t len)
{
	static const char *const marks[] = { "-", "*", "+", ">", "|", "@", "///", "/**", "/*", "\"\"\"", "'''", "#", "##",
		"###", "####", "<" };

	for (int k = 0; k < 2; k++) {
		if (c->syntax->line[k] && len == strlen(c->syntax->line[k]) && !memcmp(s, c->syntax->line[k], len))
			return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		if (len == strlen(marks[i]) && !memcmp(s, marks[i], len))
			return true;
	}
	return false;
}

/*
 * Is repeating p, which reaches to the cursor, an echo rather than a continuation that looks the same? Whole lines are
 * one if they begin outside of the cursor's block, or are too many to be written twice.
 */
static bool significant(const struct post_context *c, const char *p, size_t len, bool whole_lines)
{
	size_t words = count_word_chars(p, len);

	if (whole_lines) {
		const char *lf = memchr(p, '\n', len);
		size_t lines = 0;

		/* Lines and the beginning of the cursor's line: nothing goes on like that. */
		if (!c->head_blank)
			return words >= SHORT_WORDS;
		if (!lf)
			return false;
		/* Lines that the cursor's is inside of. A tag may be so of its like. */
		if (post_is_code(c) && post_columns(c, p, len, NULL) < c->columns &&
			!(c->syntax->flags & (SYNTAX_MARKUP | SYNTAX_ELEMENTS)))
			return words >= WORD_MIN;
		if (words < LINES_WORDS)
			return false;
		if (post_is_code(c) && post_columns(c, p, len, NULL) < c->columns)
			return true;
		if (p == c->prefix.data + c->above.start)
			return words >= LINE_WORDS;
		for (size_t i = 0; i < len; i++)
			lines += p[i] == '\n';
		return lines >= SIBLING_LINES && words >= SIBLING_WORDS;
	}
	if (words)
		return true;
	while (len && is_blank_char(*p)) {
		p++;
		len--;
	}
	while (len && is_blank_char(p[len - 1]))
		len--;
	return is_line_mark(c, p, len);
}

/* The line's beginning again, blanks and all: "  --" + "  --x". Without a word it must be so to the letter. */
static bool is_same_start(const struct post_context *c, const struct strbuf *t, size_t end)
{
	bool blanks = c->head[0] == ' ' || c->head[0] == '\t';

	return blanks && end < t->len && t->len > c->head_len && !memcmp(t->data, c->head, c->head_len);
}

/*
 * Does the document double the mark that the cursor's line is made of, as in "%% x" and "## x"? If none of its lines
 * has it, those do whose language is known for it.
 */
static bool is_mark_doubled(const struct post_context *c, const char *mark, size_t len)
{
	const struct strbuf *texts[] = { &c->prefix, &c->suffix };
	bool single = false;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		for (size_t at = 0; at < texts[i]->len;) {
			struct line line;
			size_t next = line_at(texts[i]->data, texts[i]->len, at, &line);
			const char *s = texts[i]->data + at + skip_blanks(texts[i]->data + at, line.len);
			size_t n = line.len - (size_t)(s - (texts[i]->data + at));

			if (n > len && !memcmp(s, mark, len) && s != mark) {
				if (n > 2 * len && !memcmp(s + len, mark, len) && s[2 * len] == ' ')
					return true;
				single = true;
			}
			at = next;
		}
	}
	return !single && len == 1 && (*mark == '%' || *mark == ';');
}

/* "- " + "- x". Without the blank "#" + "# x" may be meant, but for comments. */
static bool is_mark_again(const struct post_context *c, const struct strbuf *t, size_t end)
{
	bool blank = is_blank_char(c->head[c->head_len - 1]);
	size_t at = skip_blanks(c->head, c->head_len);

	return significant(c, c->head, c->head_len, false) && end < t->len && is_blank_char(t->data[end]) &&
		(blank || (syntax_line_is_comment(c->syntax, c->head + at, c->head_len - at) &&
				  !is_mark_doubled(c, c->head + at, c->head_len - at)));
}

bool echo_cut(const struct post_context *c, struct strbuf *t, size_t end)
{
	size_t next = skip_spaces(t, end);

	if (c->head_blank) {
		/* The echo ended with a whole line. */
		if (next < t->len && t->data[next] != '\n')
			return false;
		strbuf_consume(t, next < t->len ? next + 1 : next);
		return true;
	}
	if (is_blank_char(c->head[c->head_len - 1])) {
		size_t last = c->head_len;

		while (is_blank_char(c->head[last - 1]))
			last--;
		/* "if " is not repeated by "iffy". */
		if (is_word_char(c->head[last - 1]) && end < t->len && is_word_char(t->data[end]))
			return false;
		end = next;
	}
	strbuf_consume(t, end);
	return true;
}

static bool line_is_blank(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && (s[i] == ' ' || s[i] == '\t'))
		i++;
	return i == len || s[i] == '\n';
}

/*
 * Text follows on the line: what the answer says behind the echo closes what the document closes there, or nothing.
 * Else "x[" + "x[1] = 2" is no echo.
 */
static bool agrees_with_rest(const struct post_context *c, const struct strbuf *t, size_t from)
{
	size_t k = skip_blanks(c->suffix.data, c->rest_len);
	size_t i;

	if (c->head_blank || c->rest_blank || !post_is_code(c))
		return true;
	for (i = from + balance_end(c, t->data + from, t->len - from, true); i < t->len && k < c->rest_len; i++, k++) {
		if (t->data[i] == '\n')
			return true;
		if (t->data[i] != c->suffix.data[k])
			return false;
	}
	return true;
}

/* The cursor is below a line that opens a block: a bracket may come again. */
static bool is_below_opener(const struct post_context *c)
{
	return c->head_blank && c->above_columns < c->columns;
}

/* The bracket comes again, and nothing closes it. */
static bool opens_again(const struct post_context *c, const struct strbuf *t, size_t end)
{
	struct balance whole = balance_of(c, t->data, t->len);
	struct balance rest = balance_of(c, t->data + end, t->len - end);

	return whole.open + whole.orphans > rest.open + rest.orphans;
}

/*
 * An echo that begins at a line's start, the farthest first: a longer echo contains the shorter ones.
 * `undecided` is set if the text could become one.
 */
static bool drop_lines(const struct post_context *c, struct strbuf *t, bool growing, bool *undecided)
{
	/* Below the cursor's line stands one that begins like it. */
	bool below = !c->head_blank && t->len && t->data[0] == '\n' && !is_blank_char(c->head[c->head_len - 1]);
	const char *text = c->prefix.data;
	size_t len = c->prefix.len;
	size_t from = len;
	size_t head = (size_t)(c->head - text);

	if (below)
		return false;
	for (size_t lines = 0; from && lines < LINES_BACK; from--)
		lines += text[from - 1] == '\n';
	for (; from < len; from++) {
		bool whole = from < head;
		size_t end;

		if (from && text[from - 1] != '\n')
			continue;
		/* A blank line matches nothing by itself: begin with text. */
		if (line_is_blank(text + from, len - from))
			continue;
		switch (echo_match(text + from, len - from, t->data, t->len, &end)) {
		case MATCH_NO:
			break;
		case MATCH_PARTIAL:
			if (growing) {
				*undecided = true;
				return false;
			}
			/* All of it is lines above, and the cursor's line is what it did not get to. */
			if (whole && !c->head_blank && from + end >= head && count_word_chars(t->data, t->len) >= LINES_WORDS &&
				significant(c, text + from, head - from, true)) {
				strbuf_reset(t);
				return true;
			}
			/* Its end was cut off. Else it is an answer that looks like the line's beginning. */
			if (!whole && c->in->finish == POST_CUT && count_word_chars(t->data, t->len) >= PHRASE_WORDS) {
				strbuf_reset(t);
				return true;
			}
			break;
		case MATCH_FULL:
			if (!whole && !count_word_chars(text + from, len - from)) {
				if (!is_same_start(c, t, end) && !is_mark_again(c, t, end))
					break;
			} else if (!significant(c, text + from, len - from, whole)) {
				if (!whole || !is_below_opener(c))
					break;
				/* Only the whole tells whether what it opens again is closed. */
				if (growing) {
					*undecided = true;
					return false;
				}
				if (!opens_again(c, t, end))
					break;
			}
			if (!agrees_with_rest(c, t, end))
				break;
			if (echo_cut(c, t, end))
				return true;
			break;
		}
	}
	return false;
}

/*
 * The answer is the line above, which stands there twice already, and nothing else: the same thing said again.
 */
static bool is_said_again(const struct post_context *c, const struct strbuf *t)
{
	const char *s = c->prefix.data;
	size_t end = c->above.start;
	struct line before = { 0, 0 };

	if (!c->head_blank || !c->above.len || count_word_chars(t->data, t->len) < AGAIN_WORDS || c->whole_lines ||
		!is_same_line(t->data, trimmed_length(t->data, t->len), s + c->above.start, c->above.len))
		return false;
	while (end && !before.len) {
		size_t start = post_line_start(s, end - 1);

		line_at(s, end - 1, start, &before);
		end = start;
	}
	return is_same_line(s + before.start, before.len, s + c->above.start, c->above.len);
}

/* --- together --- */

bool echo_drop(const struct post_context *c, struct draft *draft, bool wrapped)
{
	struct strbuf *text = &draft->text;

	drop_cursor_marks(c, text);
	if (draft->growing && echo_may_show_block(c, text))
		return false;
	for (int i = 0; i < ROUNDS; i++) {
		bool undecided = false;

		if (echo_drop_header(c, draft, wrapped))
			continue;
		if (drop_lines(c, text, draft->growing, &undecided)) {
			if (c->head_blank && text->len) {
				strbuf_consume(text, echo_skip_blank_lines(text, 0));
				echo_learn_shift(c, draft);
			}
			continue;
		}
		if (undecided)
			return false;
		if (!echo_drop_word(c, text))
			break;
	}
	if (is_said_again(c, text)) {
		/* Of a growing text another line may follow. */
		if (draft->growing)
			return false;
		strbuf_reset(text);
	}
	return true;
}
