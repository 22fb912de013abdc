/*
 * Prompt and answer of an edit. Two pure functions.
 */
#include "eke/chat/edit_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/mem.h"
#include "eke/base/utf.h"

struct slice {
	const char *s;
	size_t len;
};

/* --- the prompt --- */

/* Marks the number of each tag in the text: 0 for "edit>", 12 for "edit12>". */
static void mark_numbers(const char *s, size_t len, bool *used, size_t count)
{
	const char *end = s + len;

	while ((s = memchr(s, 'e', (size_t)(end - s)))) {
		const char *digits = s + strlen("edit");
		size_t number = 0;

		if (end - s < (ptrdiff_t)strlen("edit>") || memcmp(s, "edit", strlen("edit")) != 0) {
			s++;
			continue;
		}
		s = digits;
		for (; s < end && *s >= '0' && *s <= '9' && number < count; s++)
			number = number * 10 + (size_t)(*s - '0');
		if (s < end && *s == '>' && number < count && (s == digits || *digits != '0'))
			used[number] = true;
	}
}

/* The smallest number that no text has. Each that is taken stands somewhere, so that there are not more than that. */
static unsigned free_number(const struct edit_prompt_input *in)
{
	const struct slice texts[] = {
		{ in->before, in->before_len },
		{ in->selected, in->selected_len },
		{ in->after, in->after_len },
		{ in->instruction, strlen(in->instruction) },
		{ in->context ? in->context : "", in->context ? strlen(in->context) : 0 },
	};
	size_t count = 1;
	unsigned number = 0;
	bool *used;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		count += texts[i].len / strlen("edit>");
	used = xcalloc(count + 1, sizeof(*used));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		mark_numbers(texts[i].s, texts[i].len, used, count);
	while (used[number])
		number++;
	free(used);
	return number;
}

unsigned edit_prompt(const struct edit_prompt_input *in, struct strbuf *system, struct strbuf *user)
{
	char n[12] = "";
	unsigned tag_number = free_number(in);

	if (tag_number)
		snprintf(n, sizeof(n), "%u", tag_number);
	strbuf_addf(system,
		    "You edit a part of a file inside an editor. The part is shown between <edit%s> and </edit%s>, the text "
		    "around it for context. You answer with the new text of the part, all of it, between <edit%s> and "
		    "</edit%s>, and nothing else.\n"
		    "\n"
		    "- Do what the instruction says, and change nothing that it does not ask for: names, comments, blank "
		    "lines and formatting stay as they are.\n"
		    "- The text is put into the file verbatim: no markdown fences, no explanations, no line numbers, no "
		    "placeholders for what is left out.\n"
		    "- Keep the indentation of the part's first line and the style of the file.\n"
		    "- Never repeat the text before or after the part.\n"
		    "- If nothing is to be changed, answer with the part as it is.\n",
		    n, n, n, n);
	if (in->answer_language)
		strbuf_addf(system, "- Comments and texts that you add are in %s.\n", in->answer_language);
	if (in->context)
		strbuf_addf(user, "What the project has elsewhere of what the file names:\n\n%s\n", in->context);
	strbuf_addf(user, "File: %s\n", in->path ? in->path : "untitled");
	if (in->language && *in->language)
		strbuf_addf(user, "Language: %s\n", in->language);
	strbuf_adds(user, "\n");
	strbuf_add(user, in->before, in->before_len);
	strbuf_addf(user, "<edit%s>", n);
	strbuf_add(user, in->selected, in->selected_len);
	strbuf_addf(user, "</edit%s>", n);
	strbuf_add(user, in->after, in->after_len);
	strbuf_addf(user, "\n\nInstruction: %s\n", in->instruction);
	if (!in->selected_len)
		strbuf_adds(user, "The part is empty: answer with what is to be inserted there.\n");
	return tag_number;
}

/* --- the answer --- */

/* How many bytes at the end of s may be the beginning of `word`. */
static size_t partial(const struct slice *t, const char *word)
{
	size_t n = strlen(word) - 1;

	for (n = n < t->len ? n : t->len; n; n--)
		if (!memcmp(t->s + t->len - n, word, n))
			return n;
	return 0;
}

/* Narrows to what is between the tags; *closed tells whether the closing one was there. False: no opening tag. */
static bool between_tags(struct slice *t, unsigned tag_number, bool *closed)
{
	char open[24];
	char close[24];
	const char *at;
	const char *end;

	snprintf(open, sizeof(open), tag_number ? "<edit%u>" : "<edit>", tag_number);
	snprintf(close, sizeof(close), tag_number ? "</edit%u>" : "</edit>", tag_number);
	at = memmem(t->s, t->len, open, strlen(open));
	if (!at)
		return false;
	at += strlen(open);
	t->len -= (size_t)(at - t->s);
	t->s = at;
	end = memmem(t->s, t->len, close, strlen(close));
	*closed = end != NULL;
	if (end)
		t->len = (size_t)(end - t->s);
	else
		t->len -= partial(t, close);
	return true;
}

static bool line_is_fence(const char *line, size_t len)
{
	while (len && (*line == ' ' || *line == '\t')) {
		line++;
		len--;
	}
	return len >= 3 && (!memcmp(line, "```", 3) || !memcmp(line, "~~~", 3));
}

/* Narrows to the content of the first fence; false if there is none that ends. */
static bool inside_fence(struct slice *t)
{
	size_t start = 0;
	bool inside = false;

	for (size_t at = 0; at < t->len;) {
		const char *lf = memchr(t->s + at, '\n', t->len - at);
		size_t end = lf ? (size_t)(lf - t->s) : t->len;

		if (line_is_fence(t->s + at, end - at)) {
			if (inside) {
				t->len = at - start;
				t->s += start;
				return true;
			}
			inside = true;
			start = end + (lf != NULL);
		}
		at = end + 1;
	}
	return false;
}

static bool is_line_end(char c)
{
	return c == '\n' || c == '\r';
}

/* A fence right inside the tags, and the line ends that models put behind the opening and before the closing tag. */
static void trim(struct slice *t, const struct edit_answer_input *in, bool closed)
{
	struct slice fenced = *t;
	size_t blanks = 0;
	bool selected_begins = in->selected_len && is_line_end(in->selected[0]);
	bool selected_ends = in->selected_len && is_line_end(in->selected[in->selected_len - 1]);

	while (blanks < t->len && is_line_end(t->s[blanks]))
		blanks++;
	if (closed && line_is_fence(t->s + blanks, t->len - blanks) && inside_fence(&fenced))
		*t = fenced;
	if (!selected_begins && in->selected_len)
		while (t->len && is_line_end(*t->s)) {
			t->s++;
			t->len--;
		}
	/* The last line end is decided at the end; until then it is held back. */
	if (!selected_ends || !closed)
		while (t->len && is_line_end(t->s[t->len - 1]))
			t->len--;
}

static void add_with_line_ends(struct strbuf *out, const struct slice *t, bool crlf)
{
	for (size_t i = 0; i < t->len; i++) {
		bool pair = t->s[i] == '\r' && i + 1 < t->len && t->s[i + 1] == '\n';

		if (!is_line_end(t->s[i])) {
			strbuf_addch(out, t->s[i]);
			continue;
		}
		strbuf_adds(out, crlf ? "\r\n" : "\n");
		i += pair;
	}
}

static bool may_be_fence(const struct slice *t)
{
	size_t i = 0;

	while (i < t->len && (is_line_end(t->s[i]) || t->s[i] == ' ' || t->s[i] == '\t'))
		i++;
	return i == t->len || t->s[i] == '`' || t->s[i] == '~';
}

bool edit_extract(const struct edit_answer_input *in, struct strbuf *out)
{
	struct slice t = { in->answer, in->answer_len };
	bool ends = in->selected_len && is_line_end(in->selected[in->selected_len - 1]);
	bool closed = false;
	bool tagged = between_tags(&t, in->tag_number, &closed);

	strbuf_reset(out);
	if (!tagged && !in->whole)
		return false;
	/* Without tags a fence is the next best sign; prose without either is no replacement. */
	if (!tagged && !inside_fence(&t))
		return false;
	t.len = utf8_cut(t.s, t.len, t.len);
	/* It may be a fence that begins here: then its content will be the text. */
	if (!closed && !in->whole && may_be_fence(&t))
		return false;
	trim(&t, in, closed || in->whole);
	add_with_line_ends(out, &t, in->crlf);
	if (in->whole && ends && out->len && out->data[out->len - 1] != '\n')
		strbuf_adds(out, in->crlf ? "\r\n" : "\n");
	return true;
}
