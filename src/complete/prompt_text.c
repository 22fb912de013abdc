/*
 * What is learned from those who came before (Continue's hole filler, minuet, Cody): a hole in a whole document is
 * understood by the smallest models; they repeat the cursor's line unless it is shown to them once more with the
 * request not to; examples do more than ten rules, and most as turns of the conversation, in the form of the question;
 * tags around the answer are kept more reliably than "no explanations" is, and give a stop sequence.
 *
 * Some models repeat the line whatever they are told. Of these it is asked, and what is repeated comes off the answer
 * (Chi et al., "Copilot Arena", 2025): prompt_input.repeats_line.
 */
#include "prompt_text.h"

#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/base/utf.h"
#include "eke/code/indent.h"
#include "eke/code/syntax.h"

#define LINE_SHOWN 160 /* bytes of the cursor's line that are shown again, on each side */
#define PATH_SHOWN 256
#define LANGUAGE_SHOWN 64

void prompt_text_system(struct strbuf *sb, const struct prompt_input *in, const char *n)
{
	strbuf_addf(sb,
		"You are the completion engine inside a code editor. You are shown a document with the "
		"mark <CURSOR%s/> where the user is typing. You answer with the text to insert at the "
		"mark, between <completion%s> and </completion%s>, and nothing else.\n"
		"\n"
		"- The text is inserted verbatim. %s"
		"Never repeat what stands after it: closing brackets, the rest of the line, the lines below.\n"
		"- Continue exactly at the mark, also inside a word, a string or a comment. If the mark "
		"is behind a finished line, begin with a line break.\n"
		"- Write the whole statement or block that the user is in the middle of. The question says how far to go on.\n"
		"- Every line after the first carries its full indentation, in the document's style.\n"
		"- Use names, idioms and language of the document. Write real code: no placeholders, no "
		"explanations, no markdown fences.\n"
		"- If nothing is missing at the mark, answer <completion%s></completion%s>.\n",
		n, n, n,
		in->repeats_line ? "It begins with what stands before the mark on its line, where the question says so. "
						 : "Never repeat what stands before the mark, not even the beginning of its line. ",
		n, n);
}

/* --- the question --- */

/* One line of the header: control characters would forge others. */
static void add_field(struct strbuf *sb, const char *name, const char *value, size_t max)
{
	size_t len = strlen(value);
	size_t skip = 0;

	if (len > max) {
		skip = len - max;
		while (skip < len && !utf8_is_boundary(value, len, skip))
			skip++;
	}
	strbuf_addf(sb, "%s: ", name);
	for (; value[skip]; skip++)
		strbuf_addch(sb, (unsigned char)value[skip] < 0x20 || value[skip] == 0x7F ? '?' : value[skip]);
	strbuf_addch(sb, '\n');
}

static bool is_blank(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] != ' ' && s[i] != '\t')
			return false;
	}
	return true;
}

/* The cursor's line, left and right of the cursor, without its end. */
static void cursor_line(const struct prompt_input *in, size_t *left, size_t *right)
{
	*left = 0;
	*right = 0;
	while (*left < in->prefix_len && !memchr("\r\n", in->prefix[in->prefix_len - *left - 1], 2))
		++*left;
	while (*right < in->suffix_len && !memchr("\r\n", in->suffix[*right], 2))
		++*right;
}

/* Is there text behind the mark, beside closers on its line? */
static bool goes_on_behind(const struct prompt_input *in)
{
	for (size_t i = 0; i < in->suffix_len; i++)
		if (!strchr(" \t\r\n)]}>;,\"'`", in->suffix[i]))
			return true;
	return false;
}

/* A comment or string that goes on over lines is believed only if it is seen from the document's beginning. */
static const char *inside_of(const struct prompt_input *in)
{
	const struct syntax *syntax = syntax_of(in->language);
	struct syntax_walk walk = { .syntax = syntax, .s = in->prefix, .len = in->prefix_len };
	size_t line = 0;
	size_t pos;

	if (syntax->flags & (SYNTAX_PROSE | SYNTAX_UNKNOWN | SYNTAX_MARKUP))
		return NULL;
	while (syntax_next(&walk, &pos) != SYNTAX_END)
		continue;
	switch (walk.state.where) {
	case SYNTAX_IN_LINE_COMMENT:
		return "a comment; if the comment is finished, begin with a line break";
	case SYNTAX_IN_BLOCK_COMMENT:
		return in->from_start ? "a comment" : NULL;
	case SYNTAX_IN_STRING:
		while (line < in->prefix_len && in->prefix[in->prefix_len - line - 1] != '\n')
			line++;
		return in->from_start ||
				(!walk.state.triple && memchr(in->prefix + in->prefix_len - line, walk.state.quote, line))
			? "a string"
			: NULL;
	case SYNTAX_IN_CODE:
	case SYNTAX_IN_TAG:
	case SYNTAX_IN_TEXT:
		break;
	}
	return NULL;
}

/* Shorter beginnings of a line are not asked to be repeated: what is repeated could not be told from what is meant. */
#define REPEATED_MIN 6

static bool asks_to_repeat(const struct prompt_input *in, const char *line, size_t left)
{
	size_t blanks = 0;

	while (blanks < left && (line[blanks] == ' ' || line[blanks] == '\t'))
		blanks++;
	return in->repeats_line && left - blanks >= REPEATED_MIN && left <= LINE_SHOWN;
}

static void add_extent(struct strbuf *sb, const struct prompt_input *in)
{
	if (in->single_line)
		return;
	if (!in->write_on)
		strbuf_adds(sb, "Stop when the statement or block at the mark is complete.\n");
	else if (goes_on_behind(in))
		strbuf_adds(sb, "Stop where the text after the mark goes on.\n");
	else
		strbuf_adds(sb, "Then go on with what follows, as far as it can be foreseen.\n");
}

static void add_task(struct strbuf *sb, const struct prompt_input *in, const char *n)
{
	size_t left;
	size_t right;
	const char *line;
	size_t lines = in->max_lines ? in->max_lines : LIMIT_COMPLETION_LINES;
	const char *inside = inside_of(in);

	cursor_line(in, &left, &right);
	if (inside)
		strbuf_addf(sb, "The mark is inside %s.\n", inside);
	line = in->prefix + in->prefix_len - left;
	if (is_blank(line, left) && is_blank(in->suffix, right)) {
		strbuf_addf(
			sb, "The mark is on an empty line%s.\n", left ? " that is indented already: do not begin with blanks" : "");
	} else {
		size_t skip = left > LINE_SHOWN ? left - LINE_SHOWN : 0;

		while (skip < left && !utf8_is_boundary(line, left, skip))
			skip++;
		strbuf_adds(sb,
			asks_to_repeat(in, line, left)
				? "The line with the mark; begin the answer with all that stands before the mark on it:\n"
				: "The line with the mark, of which nothing may be repeated:\n");
		strbuf_add(sb, line + skip, left - skip);
		strbuf_addf(sb, "<CURSOR%s/>", n);
		strbuf_add(sb, in->suffix, utf8_cut(in->suffix, right, LINE_SHOWN));
		strbuf_addch(sb, '\n');
	}
	add_extent(sb, in);
	if (in->candidates > 1)
		strbuf_addf(sb,
			"Give %zu answers that differ from the first line on, the likeliest first, each in its own "
			"<completion%s>…</completion%s>, with nothing between them.\n",
			in->candidates, n, n);
	if (in->single_line)
		strbuf_addf(sb, "Answer with the rest of this line only, as <completion%s>…</completion%s>.", n, n);
	else
		strbuf_addf(sb,
			"Answer with what belongs at the mark, at most %zu line%s, as "
			"<completion%s>…</completion%s>.",
			lines, lines == 1 ? "" : "s", n, n);
}

/* Control characters and quotes would forge an attribute. */
static void add_attribute(struct strbuf *sb, const char *value)
{
	for (; *value; value++)
		strbuf_addch(sb, (unsigned char)*value < 0x20 || strchr("\"<>\x7F", *value) ? '?' : *value);
}

static void add_context(struct strbuf *sb, const struct snippets *context, const char *n)
{
	if (!context || !context->count)
		return;
	strbuf_adds(sb,
		"Parts of the project, for its names and ways. They are there already: do not write them again. "
		"Lines with … stand for what is left out.\n");
	for (size_t i = 0; i < context->count; i++) {
		const struct snippet *s = &context->items[i];

		strbuf_addf(sb, "<context%s %s=\"", n, s->role == ROLE_CHANGES ? "changed" : "path");
		add_attribute(sb, s->path);
		strbuf_adds(sb, "\">\n");
		strbuf_add(sb, s->text, s->len);
		strbuf_addf(sb, "</context%s>\n", n);
	}
	strbuf_addch(sb, '\n');
}

void prompt_text_user(struct strbuf *sb, const struct prompt_input *in, const char *n)
{
	struct indent indent = { 0 };

	add_context(sb, in->context, n);
	add_field(sb, "File", in->path && *in->path ? in->path : "untitled", PATH_SHOWN);
	if (in->language && *in->language)
		add_field(sb, "Language", in->language, LANGUAGE_SHOWN);
	indent_learn(&indent, syntax_of(in->language), in->prefix, in->prefix_len);
	indent_learn(&indent, syntax_of(in->language), in->suffix, in->suffix_len);
	if (indent_is_tabs(&indent, in->insert_spaces))
		strbuf_adds(sb, "Indentation: tabs\n");
	else
		strbuf_addf(sb, "Indentation: %zu spaces\n", indent_unit(&indent, in->insert_spaces, in->tab_size));
	strbuf_addf(sb, "\n<document%s>\n", n);
	strbuf_add(sb, in->prefix, in->prefix_len);
	strbuf_addf(sb, "<CURSOR%s/>", n);
	strbuf_add(sb, in->suffix, in->suffix_len);
	strbuf_addf(sb, "\n</document%s>\n\n", n);
	add_task(sb, in, n);
}

/* --- examples --- */

static const struct {
	const char *path, *language, *prefix, *suffix, *answer;
	bool spaces;
	unsigned tab_size;
} examples[PROMPT_EXAMPLES] = {
	/* A closing bracket is there already. */
	{ "shapes.js", "javascript", "function area(r) {\n  return Math.round(", ");\n}\n\narea(2);\n",
		"Math.PI * r ** 2", true, 2 },
	/* Several lines; the first is indented already. */
	{ "stats.py", "python", "def mean(values):\n    \"\"\"Arithmetic mean, 0 for no values.\"\"\"\n    ",
		"\n\nprint(mean([1, 2]))\n", "if not values:\n        return 0\n    return sum(values) / len(values)", true,
		4 },
	/* Behind a finished comment. */
	{ "max.c", "c", "/* The larger of the two. */", "\n\nint main(void)\n{\n\treturn max(0, 1);\n}\n",
		"\nstatic int max(int a, int b)\n{\n\treturn a > b ? a : b;\n}", false, 0 },
	/* Inside a word. */
	{ "Cart.java", "java", "double total(List<Item> items) {\n    return items.stream().mapTo", ".sum();\n}\n",
		"Double(Item::price)", true, 4 },
};

void prompt_text_example(
	size_t index, struct strbuf *question, struct strbuf *answer, const struct prompt_input *in, const char *n)
{
	struct prompt_input example = {
		.path = examples[index].path,
		.language = examples[index].language,
		.prefix = examples[index].prefix,
		.prefix_len = strlen(examples[index].prefix),
		.suffix = examples[index].suffix,
		.suffix_len = strlen(examples[index].suffix),
		.max_lines = in->max_lines,
		.write_on = in->write_on,
		.insert_spaces = examples[index].spaces,
		.tab_size = examples[index].tab_size,
		.from_start = true,
		.repeats_line = in->repeats_line,
	};
	size_t left;
	size_t right;

	prompt_text_user(question, &example, n);
	cursor_line(&example, &left, &right);
	strbuf_addf(answer, "<completion%s>", n);
	if (asks_to_repeat(&example, example.prefix + example.prefix_len - left, left))
		strbuf_add(answer, example.prefix + example.prefix_len - left, left);
	strbuf_addf(answer, "%s</completion%s>", examples[index].answer, n);
}
