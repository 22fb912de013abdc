/*
 * The prompt of the chat emulation. What is learned from those who came before (Continue's hole filler,
 * minuet, Cody): a hole in a whole document is understood by the smallest models; they repeat the
 * cursor's line unless it is shown to them once more with the request not to; two examples, one inside
 * a line and one of several lines, do more than ten rules; tags around the answer are kept more
 * reliably than "no explanations" is, and give a stop sequence.
 *
 * Objects: struct prompt owns its two strings; everything else is borrowed for a call.
 */
#include "eke/complete/prompt.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "eke/base/limits.h"
#include "eke/base/utf.h"
#include "eke/code/indent.h"

#define LINE_SHOWN 160          /* bytes of the cursor's line that are shown again, on each side */
#define PATH_SHOWN 256
#define LANGUAGE_SHOWN 64
#define MESSAGE_OVERHEAD 12     /* tokens of roles and separators of two messages */
/* The marks that a service puts around and between the windows: begin, prefix, suffix, middle, each once. */
#define FIM_OVERHEAD 4

void prompt_init(struct prompt *p)
{
	*p = (struct prompt){ .mark = 0 };
	strbuf_init(&p->system, LIMIT_COMPLETION);
	strbuf_init(&p->user, LIMIT_PROMPT);
}

void prompt_release(struct prompt *p)
{
	if (!p)
		return;
	strbuf_release(&p->system);
	strbuf_release(&p->user);
}

static bool has_mark(const char *s, size_t len, const char *word, size_t word_len)
{
	const char *end = s + len;

	while ((s = memchr(s, '<', (size_t)(end - s)))) {
		const char *name = s + 1;

		if (name < end && *name == '/')
			name++;
		if ((size_t)(end - name) >= word_len && !strncasecmp(name, word, word_len))
			return true;
		s++;
	}
	return false;
}

static bool context_has_mark(const struct snippets *context, const char *word, size_t len)
{
	for (size_t i = 0; context && i < context->count; i++)
		if (has_mark(context->items[i].text, context->items[i].len, word, len) ||
			has_mark(context->items[i].path, strlen(context->items[i].path), word, len))
			return true;
	return false;
}

static bool mark_is_free(const struct prompt_input *in, unsigned mark)
{
	static const char *const names[] = { "document", "cursor", "completion", "context" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char word[32];
		size_t n = (size_t)(mark ? snprintf(word, sizeof(word), "%s%u", names[i], mark) :
					   snprintf(word, sizeof(word), "%s", names[i]));

		if (has_mark(in->prefix, in->prefix_len, word, n) || has_mark(in->suffix, in->suffix_len, word, n) ||
			context_has_mark(in->context, word, n))
			return false;
		if (in->path && has_mark(in->path, strlen(in->path), word, n))
			return false;
		if (in->language && has_mark(in->language, strlen(in->language), word, n))
			return false;
	}
	return true;
}

/* The tags with their number, for formats. */
struct tags {
	char n[12];
};

static void add_system(struct strbuf *sb, const struct prompt_input *in, const struct tags *t)
{
	const char *n = t->n;

	strbuf_addf(sb,
		    "You are the completion engine inside a code editor. You are shown a document with the "
		    "mark <CURSOR%s/> where the user is typing. You answer with the text to insert at the "
		    "mark, between <completion%s> and </completion%s>, and nothing else.\n"
		    "\n"
		    "- The text is inserted verbatim. Never repeat what stands before the mark, not even the "
		    "beginning of its line. Never repeat what stands after it: closing brackets, the rest of "
		    "the line, the lines below.\n"
		    "- Continue exactly at the mark, also inside a word, a string or a comment. If the mark "
		    "is behind a finished line, begin with a line break.\n"
		    "- Write the whole statement or block that the user is in the middle of%s\n"
		    "- Every line after the first carries its full indentation, in the document's style.\n"
		    "- Use names, idioms and language of the document. Write real code: no placeholders, no "
		    "explanations, no markdown fences.\n"
		    "- If nothing is missing at the mark, answer <completion%s></completion%s>.\n",
		    n, n, n,
		    in->write_on ? ", and then go on with what follows it, as far as the document lets it be foreseen." :
				   ", then stop. Do not begin the next one.",
		    n, n);
	strbuf_addf(sb,
		    "\n"
		    "Example, a closing bracket is already there:\n"
		    "<document%s>\n"
		    "function area(r) {\n"
		    "  return Math.round(<CURSOR%s/>);\n"
		    "}\n"
		    "</document%s>\n"
		    "Answer:\n"
		    "<completion%s>Math.PI * r ** 2</completion%s>\n"
		    "\n"
		    "Example, several lines, the first is indented already:\n"
		    "<document%s>\n"
		    "def mean(values):\n"
		    "    \"\"\"Arithmetic mean, 0 for no values.\"\"\"\n"
		    "    <CURSOR%s/>\n"
		    "\n"
		    "print(mean([1, 2]))\n"
		    "</document%s>\n"
		    "Answer:\n"
		    "<completion%s>if not values:\n"
		    "        return 0\n"
		    "    return sum(values) / len(values)</completion%s>\n",
		    n, n, n, n, n, n, n, n, n, n);
}

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

static void add_task(struct strbuf *sb, const struct prompt_input *in, const struct tags *t)
{
	size_t left;
	size_t right;
	const char *line;
	size_t lines = in->max_lines ? in->max_lines : LIMIT_COMPLETION_LINES;

	cursor_line(in, &left, &right);
	line = in->prefix + in->prefix_len - left;
	if (is_blank(line, left) && is_blank(in->suffix, right)) {
		strbuf_addf(sb, "The mark is on an empty line%s.\n",
			    left ? " that is indented already: do not begin with blanks" : "");
	} else {
		size_t skip = left > LINE_SHOWN ? left - LINE_SHOWN : 0;

		while (skip < left && !utf8_is_boundary(line, left, skip))
			skip++;
		strbuf_adds(sb, "The line with the mark, of which nothing may be repeated:\n");
		strbuf_add(sb, line + skip, left - skip);
		strbuf_addf(sb, "<CURSOR%s/>", t->n);
		strbuf_add(sb, in->suffix, utf8_cut(in->suffix, right, LINE_SHOWN));
		strbuf_addch(sb, '\n');
	}
	if (in->candidates > 1)
		strbuf_addf(sb,
			    "Give %zu answers that differ from the first line on, the likeliest first, each in its own "
			    "<completion%s>…</completion%s>, with nothing between them.\n",
			    in->candidates, t->n, t->n);
	if (in->single_line)
		strbuf_addf(sb, "Answer with the rest of this line only, as <completion%s>…</completion%s>.",
			    t->n, t->n);
	else
		strbuf_addf(sb,
			    "Answer with what belongs at the mark, at most %zu line%s, as "
			    "<completion%s>…</completion%s>.",
			    lines, lines == 1 ? "" : "s", t->n, t->n);
}

/* Control characters and quotes would forge an attribute. */
static void add_attribute(struct strbuf *sb, const char *value)
{
	for (; *value; value++)
		strbuf_addch(sb, (unsigned char)*value < 0x20 || strchr("\"<>\x7F", *value) ? '?' : *value);
}

static void add_context(struct strbuf *sb, const struct snippets *context, const struct tags *t)
{
	if (!context || !context->count)
		return;
	strbuf_adds(sb, "Parts of the project, for its names and ways. They are there already: do not write them again. "
					"Lines with … stand for what is left out.\n");
	for (size_t i = 0; i < context->count; i++) {
		const struct snippet *s = &context->items[i];

		strbuf_addf(sb, "<context%s %s=\"", t->n, s->role == ROLE_CHANGES ? "changed" : "path");
		add_attribute(sb, s->path);
		strbuf_adds(sb, "\">\n");
		strbuf_add(sb, s->text, s->len);
		strbuf_addf(sb, "</context%s>\n", t->n);
	}
	strbuf_addch(sb, '\n');
}

static void add_user(struct strbuf *sb, const struct prompt_input *in, const struct tags *t)
{
	struct indent indent = { 0 };

	add_context(sb, in->context, t);
	add_field(sb, "File", in->path && *in->path ? in->path : "untitled", PATH_SHOWN);
	if (in->language && *in->language)
		add_field(sb, "Language", in->language, LANGUAGE_SHOWN);
	indent_learn(&indent, syntax_of(in->language), in->prefix, in->prefix_len);
	indent_learn(&indent, syntax_of(in->language), in->suffix, in->suffix_len);
	if (indent_is_tabs(&indent, in->insert_spaces))
		strbuf_adds(sb, "Indentation: tabs\n");
	else
		strbuf_addf(sb, "Indentation: %zu spaces\n", indent_unit(&indent, in->insert_spaces, in->tab_size));
	strbuf_addf(sb, "\n<document%s>\n", t->n);
	strbuf_add(sb, in->prefix, in->prefix_len);
	strbuf_addf(sb, "<CURSOR%s/>", t->n);
	strbuf_add(sb, in->suffix, in->suffix_len);
	strbuf_addf(sb, "\n</document%s>\n\n", t->n);
	add_task(sb, in, t);
}

/*
 * The longest beginning of s, or end of s if `tail`, of at most `tokens`. Bisection: the estimate grows
 * with the text.
 */
static size_t fit(const char *s, size_t len, size_t tokens, bool tail)
{
	size_t lo = 0;
	size_t hi = len;

	while (lo < hi) {
		size_t mid = lo + (hi - lo + 1) / 2;

		if (prompt_tokens(tail ? s + len - mid : s, mid) <= tokens)
			lo = mid;
		else
			hi = mid - 1;
	}
	if (!tail)
		return utf8_cut(s, len, lo);
	while (lo && !utf8_is_boundary(s, len, len - lo))
		lo--;
	return lo;
}

/* Cuts the windows of `in` so that they take at most `room` tokens. */
static void shrink(struct prompt_input *in, size_t room)
{
	size_t before = prompt_tokens(in->prefix, in->prefix_len);
	size_t after = prompt_tokens(in->suffix, in->suffix_len);
	size_t keep;

	if (before + after <= room)
		return;
	keep = fit(in->suffix, in->suffix_len, before < room - room / 4 ? room - before : room / 4, false);
	after = prompt_tokens(in->suffix, keep);
	in->suffix_len = keep;
	if (before + after > room) {
		keep = fit(in->prefix, in->prefix_len, room - after, true);
		in->prefix += in->prefix_len - keep;
		in->prefix_len = keep;
	}
}

bool prompt_cut_excerpt(struct prompt_input *in, size_t *tokens)
{
	if (in->max_tokens && in->max_tokens <= FIM_OVERHEAD)
		return false;
	if (in->max_tokens)
		shrink(in, in->max_tokens - FIM_OVERHEAD);
	*tokens = FIM_OVERHEAD + prompt_tokens(in->prefix, in->prefix_len) + prompt_tokens(in->suffix, in->suffix_len);
	return true;
}

static void write_messages(const struct prompt_input *in, struct prompt *p, const struct tags *t)
{
	strbuf_reset(&p->system);
	strbuf_reset(&p->user);
	add_system(&p->system, in, t);
	add_user(&p->user, in, t);
	p->tokens = MESSAGE_OVERHEAD + prompt_tokens(p->system.data, p->system.len) +
		    prompt_tokens(p->user.data, p->user.len);
}

bool prompt_build(const struct prompt_input *in, struct prompt *p)
{
	struct prompt_input cut = *in;
	struct snippets fewer;
	struct tags t = { "" };
	bool fits;

	p->mark = 0;
	while (!mark_is_free(in, p->mark))
		p->mark++;
	if (p->mark)
		snprintf(t.n, sizeof(t.n), "%u", p->mark);
	snprintf(p->stop_text, sizeof(p->stop_text), "</completion%s>", t.n);
	p->stop[0] = p->stop_text;
	p->stop_count = in->candidates > 1 ? 0 : 1;

	write_messages(in, p, &t);
	/*
	 * The line that is shown twice grows and shrinks with the windows: a second round takes what the
	 * first left over.
	 */
	for (int round = 0; round < 3 && in->max_tokens && p->tokens > in->max_tokens; round++) {
		size_t windows =
			prompt_tokens(cut.prefix, cut.prefix_len) + prompt_tokens(cut.suffix, cut.suffix_len);
		size_t excess = p->tokens - in->max_tokens + 2;

		shrink(&cut, windows > excess ? windows - excess : 0);
		write_messages(&cut, p, &t);
	}
	p->prefix_len = cut.prefix_len;
	p->suffix_len = cut.suffix_len;
	fits = !p->user.full && !p->system.full && (!in->max_tokens || p->tokens <= in->max_tokens);
	if (!in->context || (fits && cut.prefix_len == in->prefix_len && cut.suffix_len == in->suffix_len))
		return fits;
	/* The current text goes before all context. */
	cut = *in;
	fewer = *in->context;
	fewer.count /= 2;
	cut.context = fewer.count ? &fewer : NULL;
	return prompt_build(&cut, p);
}
