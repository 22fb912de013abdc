/*
 * Phrases that chat models say instead of completing, as tables: the openings heard most often from the
 * small models in English and Chinese, and a rule for any other sentence.
 */
#include "talk.h"

#include <string.h>

#include "eke/base/attrs.h"

#define SENTENCE_WORDS 5
#define PLACEHOLDER_MAX 100
#define PROSE_LINES 4 /* with text, above the cursor's and below it */

/* Openings that are talk even in the middle of prose. */
static const char *const assistant[] = {
	"sure!",
	"sure,",
	"sure.",
	"certainly!",
	"certainly,",
	"certainly.",
	"of course!",
	"absolutely!",
	"i'm sorry, but",
	"i am sorry, but",
	"i’m sorry, but",
	"sorry, but i",
	"as an ai",
	"here's the completion",
	"here is the completion",
	"here's the text to insert",
	"here is the text to insert",
	"<|im_start|>",
	"当然！",
	"当然，",
	"好的，",
	"好的！",
	"抱歉，",
	"对不起，",
	"很抱歉",
};

/* Openings that no program has. */
static const char *const talk[] = {
	"here is ",
	"here's ",
	"here are ",
	"here’s ",
	"i'm sorry",
	"i am sorry",
	"i’m sorry",
	"i cannot ",
	"i can't ",
	"i'm unable",
	"i am unable",
	"it looks like ",
	"it seems ",
	"it appears ",
	"the completion ",
	"the missing ",
	"the code ",
	"the text ",
	"the function ",
	"the answer ",
	"the following ",
	"the provided ",
	"the given ",
	"the document ",
	"the mark ",
	"the cursor ",
	"this code ",
	"this function ",
	"this will ",
	"this snippet ",
	"this completes ",
	"this implementation ",
	"this is ",
	"based on ",
	"to complete ",
	"to insert ",
	"to finish ",
	"below is ",
	"you can ",
	"you could ",
	"you should ",
	"your code ",
	"let me ",
	"i'll ",
	"i will ",
	"i would ",
	"i have ",
	"i've ",
	"i think ",
	"let's ",
	"okay, ",
	"ok, ",
	"unfortunately",
	"there is no ",
	"there is nothing",
	"there's nothing",
	"no completion",
	"no text ",
	"nothing to ",
	"nothing is missing",
	"explanation:",
	"note that ",
	"given the ",
	"given that ",
	"in this ",
	"in the above",
	"we need ",
	"we can ",
	"please ",
	"assuming ",
	"since the ",
	"after the ",
	"as you ",
	"if you ",
	"以下是",
	"这是",
	"这里是",
	"这段代码",
	"这个函数",
	"该函数",
	"该代码",
	"上面的代码",
	"上述代码",
	"根据",
	"您可以",
	"你可以",
	"补全",
	"代码如下",
	"无需",
	"没有需要",
	"不需要",
};

/* What a comment says that stands for code, if the answer says nothing else. */
static const char *const placeholders[] = {
	"your code",
	"code here",
	"code goes",
	"rest of the",
	"remaining code",
	"existing code",
	"implementation here",
	"implementation goes",
	"logic here",
	"你的代码",
	"您的代码",
	"其余代码",
	"现有代码",
};

static const char *const labels[] = {
	"completion:",
	"answer:",
	"output:",
	"code:",
	"text to insert:",
	"insert:",
	"result:",
	"补全：",
	"答案：",
};

static bool any_begins(const char *s, size_t len, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (starts_with(s, len, words[i]))
			return true;
	}
	return false;
}

static void trim(const char **s, size_t *len)
{
	while (*len && (**s == ' ' || **s == '\t' || **s == '\n')) {
		++*s;
		--*len;
	}
	while (*len && ((*s)[*len - 1] == ' ' || (*s)[*len - 1] == '\t' || (*s)[*len - 1] == '\n'))
		--*len;
}

/* Capital letter, words, and nothing that programs are made of. */
static bool is_prose(const char *s, size_t len)
{
	size_t words = 0;

	if (len < 2 || s[0] < 'A' || s[0] > 'Z')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] && strchr("{};=<>[]()\\|&$#@_\"", s[i]))
			return false;
		words += s[i] != ' ' && (!i || s[i - 1] == ' ');
	}
	return words >= SENTENCE_WORDS;
}

/* ... and a full stop or colon. */
static bool is_sentence(const char *s, size_t len)
{
	return len && memchr(".:!?", s[len - 1], 4) && is_prose(s, len);
}

/* A line of text[from..to) is prose, and stands neither in a comment nor in a string. */
static bool shows_prose(const struct post_context *c, const struct strbuf *text, struct syntax_state state,
	size_t from, size_t to)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = text->data, .len = text->len, .state = state };

	while (from < to) {
		struct line line;
		size_t next = line_at(text->data, text->len, from, &line);
		const char *s = text->data + line.start;
		size_t pos;

		while (w.at < from && syntax_next(&w, &pos) != SYNTAX_END)
			;
		trim(&s, &line.len);
		if (w.state.where == SYNTAX_IN_CODE && is_prose(s, line.len))
			return true;
		from = next;
	}
	return false;
}

/* Where the lines with text above the cursor's begin that are looked at. */
static size_t above_from(const struct post_context *c)
{
	size_t from = (size_t)(c->head - c->prefix.data);

	for (size_t n = 0; from && n < PROSE_LINES;) {
		size_t end = from - 1;

		from = post_line_start(c->prefix.data, end);
		n += !is_all_blank(c->prefix.data + from, end - from);
	}
	return from;
}

/* One of the lines around the cursor is prose, though the language is a program's: a manual page, a description. */
static bool is_among_prose(const struct post_context *c)
{
	const struct syntax_state start = { .where = SYNTAX_IN_CODE };
	size_t below = c->after_count < PROSE_LINES ? c->after_count : PROSE_LINES;
	const struct line *last = below ? &c->after[below - 1] : NULL;

	return shows_prose(c, &c->prefix, start, above_from(c), c->prefix.len) ||
	       (last && shows_prose(c, &c->suffix, c->at, c->after[0].start, last->start + last->len));
}

/* As sentences begin: "ok, Pid" and "in this" are code. */
static bool begins_talk(const char *line, size_t len)
{
	return len && !(line[0] >= 'a' && line[0] <= 'z') && any_begins(line, len, talk, ARRAY_LEN(talk));
}

bool talk_is_line(const struct post_context *c, const char *line, size_t len)
{
	trim(&line, &len);
	if (any_begins(line, len, assistant, ARRAY_LEN(assistant)))
		return true;
	if (!post_in_code(c) || (c->syntax->flags & SYNTAX_MARKUP))
		return false;
	/* "name: words" and bare words are what such files are made of. */
	if (c->syntax->flags & SYNTAX_KEYS)
		return begins_talk(line, len) && is_sentence(line, len) && !is_among_prose(c);
	return (begins_talk(line, len) || is_sentence(line, len)) && !is_among_prose(c);
}

bool talk_is_all(const struct post_context *c, const char *text, size_t len)
{
	bool any = false;

	for (size_t at = 0; at < len;) {
		struct line line;
		size_t next = line_at(text, len, at, &line);

		if (skip_blanks(text + at, line.len) < line.len) {
			if (!talk_is_line(c, text + at, line.len))
				return false;
			any = true;
		}
		at = next;
	}
	return any;
}

bool talk_is_placeholder(const struct post_context *c, const char *line, size_t len)
{
	size_t body = 0;

	trim(&line, &len);
	if (len > PLACEHOLDER_MAX || !post_is_code(c) || !syntax_line_is_comment(c->syntax, line, len))
		return false;
	while (body < len && memchr("/*#-<!;% \t", line[body], 10))
		body++;
	line += body;
	len -= body;
	return starts_with(line, len, "...") || starts_with(line, len, "…");
}

bool talk_is_label(const char *line, size_t len)
{
	trim(&line, &len);
	/* In bold, too. */
	while (len > 4 && line[0] == '*' && line[len - 1] == '*') {
		line++;
		len -= 2;
	}
	for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
		if (len == strlen(labels[i]) && starts_with(line, len, labels[i]))
			return true;
	}
	return false;
}

bool talk_is_all_placeholder(const struct post_context *c, const char *text, size_t len)
{
	trim(&text, &len);
	if (len > PLACEHOLDER_MAX || memchr(text, '\n', len) || c->in_comment || !post_in_code(c) ||
		!syntax_line_is_comment(c->syntax, text, len))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (any_begins(text + i, len - i, placeholders, ARRAY_LEN(placeholders)))
			return true;
	}
	return false;
}
