/*
 * Unwrapping. An answer is looked at as a slice that gets narrower: behind the thinking, before special
 * tokens, between tags, between fences. Only the decoding of entities makes a copy. For a growing
 * answer every decision rests on a beginning that does not change any more, so that what was returned
 * for a shorter answer stays right (post.c keeps back the line that is not complete).
 */
#include "eke/post/extract.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "eke/post/talk.h"

#define TAG_MAX 128 /* bytes of an opening tag with attributes */
#define INFO_MAX 40 /* bytes of a fence's info string */
#define PARTIAL_CLOSE 5

struct slice {
	const char *s;
	size_t len;
};

static void narrow(struct slice *t, size_t from, size_t to)
{
	t->s += from;
	t->len = to - from;
}

/* Where `word` is, in any case of letters; false if nowhere. */
static bool find(const struct slice *t, const char *word, size_t from, size_t *at)
{
	size_t n = strlen(word);

	for (size_t i = from; i + n <= t->len; i++) {
		const char *next = memchr(t->s + i, word[0], t->len - i);

		if (!next || (size_t)(next - t->s) + n > t->len)
			return false;
		i = (size_t)(next - t->s);
		if (!strncasecmp(next, word, n)) {
			*at = i;
			return true;
		}
	}
	return false;
}

static size_t blanks(const struct slice *t)
{
	size_t i = 0;

	while (i < t->len && (t->s[i] == ' ' || t->s[i] == '\t' || t->s[i] == '\n'))
		i++;
	return i;
}

/* A document about such words. */
static bool in_document(const struct post_context *c, const char *word)
{
	struct slice prefix = { c->prefix.data, c->prefix.len };
	struct slice suffix = { c->suffix.data, c->suffix.len };
	size_t at;

	return find(&prefix, word, 0, &at) || find(&suffix, word, 0, &at);
}

/* --- thinking, special tokens --- */

/* False if the thinking has not ended. completion_tag is NULL if there can be none. */
static bool drop_thinking(const struct post_context *c, struct slice *t, const char *completion_tag)
{
	static const char *const tags[][2] = {
		{ "<think>", "</think>" }, { "<thinking>", "</thinking>" }, { "<reasoning>", "</reasoning>" }
	};
	size_t end;
	size_t tag;

	for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
		size_t from = blanks(t);

		if (post_starts(t->s + from, t->len - from, tags[i][0])) {
			if (!find(t, tags[i][1], from, &end))
				return false;
			narrow(t, end + strlen(tags[i][1]), t->len);
		}
	}
	/* Some servers keep the opening tag to themselves. */
	if (completion_tag && !in_document(c, "</think>") && find(t, "</think>", 0, &end) &&
	    (!find(t, completion_tag, 0, &tag) || tag > end))
		narrow(t, end + strlen("</think>"), t->len);
	return true;
}

/* Ends the text before the first token that only a model's template has. */
static void end_at_special(const struct post_context *c, struct slice *t, bool *closed)
{
	static const char *const tokens[] = {
		"</think>",     "<|endoftext|>", "<|im_end|>",
		"<|im_start|>", "<|fim_",        "<|file_sep",
		"<|repo_name",  "<|eot_id|>",    "<|end_of_text|>",
		"<|end|>",      "<|cursor|>",    "<fim_prefix>",
		"<fim_suffix>", "<fim_middle>",  "<file_sep>",
		"<EOT>",        "</s>",          "<｜end▁of▁sentence｜>",
		"<｜fim▁",
	};

	for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
		size_t at;

		if (!find(t, tokens[i], 0, &at) || in_document(c, tokens[i]))
			continue;
		/* "</s>" is also HTML's strikethrough. */
		if ((c->syntax->flags & SYNTAX_MARKUP) && !strcmp(tokens[i], "</s>"))
			continue;
		narrow(t, 0, at);
		*closed = true;
	}
}

/* --- tags --- */

/* If an opening tag `name` (as "<completion") is at `at`: the offset behind its ">". */
static bool open_tag(const struct slice *t, const char *name, size_t at, size_t *after)
{
	size_t i = at + strlen(name);

	if (i < t->len && t->s[i] != '>' && t->s[i] != ' ')
		return false;
	for (; i < t->len && i - at < TAG_MAX && t->s[i] != '\n'; i++) {
		if (t->s[i] == '>') {
			*after = i + 1;
			return true;
		}
	}
	return false;
}

static bool find_open(const struct slice *t, const char *name, size_t from, size_t *at, size_t *after)
{
	while (find(t, name, from, at)) {
		if (open_tag(t, name, *at, after))
			return true;
		from = *at + 1;
	}
	return false;
}

struct names {
	char open[32];
	char close[32];
	char document_open[32];
	char document_close[32];
};

static void make_names(struct names *n, unsigned mark)
{
	char number[12] = "";

	if (mark)
		snprintf(number, sizeof(number), "%u", mark);
	snprintf(n->open, sizeof(n->open), "<completion%s", number);
	snprintf(n->close, sizeof(n->close), "</completion%s>", number);
	snprintf(n->document_open, sizeof(n->document_open), "<document%s>", number);
	snprintf(n->document_close, sizeof(n->document_close), "</document%s>", number);
}

/*
 * Narrows to the first tag's content that is not blank. Models also repeat the opening tag where the
 * closing one should be. Without an opening tag a closing one still ends the text: the prompt may have
 * been taken for the answer's beginning.
 */
static bool take_tagged(struct slice *t, const struct names *n, bool *closed)
{
	size_t from = 0;
	size_t at;
	size_t after;
	size_t end;
	size_t next;
	size_t next_after;
	bool found = false;
	struct slice content = *t;

	while (find_open(t, n->open, from, &at, &after)) {
		bool more = find_open(t, n->open, after, &next, &next_after);
		bool ends = find(t, n->close, after, &end);

		found = true;
		if (ends && more && next < end)
			end = next;
		else if (!ends)
			end = more ? next : t->len;
		content = *t;
		narrow(&content, after, end);
		*closed = ends || more;
		if (!post_blank(content.s, content.len) || !more)
			break;
		from = next;
	}
	if (!found && find(t, n->close, 0, &end)) {
		narrow(&content, 0, end);
		*closed = true;
	}
	*t = content;
	return found;
}

/* The whole document, with the answer in its place. */
static void take_document(struct slice *t, const struct names *n)
{
	size_t from = blanks(t);
	size_t end;

	if (!post_starts(t->s + from, t->len - from, n->document_open))
		return;
	from += strlen(n->document_open);
	if (from < t->len && t->s[from] == '\n')
		from++;
	narrow(t, from, t->len);
	if (find(t, n->document_close, 0, &end))
		narrow(t, 0, end && t->s[end - 1] == '\n' ? end - 1 : end);
}

/* A stop sequence of which some servers let a beginning through. */
static void drop_partial_close(struct slice *t, const char *close)
{
	size_t n = strlen(close);

	while (--n >= PARTIAL_CLOSE) {
		if (t->len >= n && !memcmp(t->s + t->len - n, close, n)) {
			t->len -= n;
			return;
		}
	}
}

/* --- fences --- */

/* If a fence begins at `at`, after blanks: its character's count; *mark is where it is. */
static size_t fence_at(const struct slice *t, size_t at, size_t *mark)
{
	size_t n = 0;

	while (at < t->len && (t->s[at] == ' ' || t->s[at] == '\t'))
		at++;
	*mark = at;
	while (at + n < t->len && (t->s[at] == '`' || t->s[at] == '~') && t->s[at + n] == t->s[at])
		n++;
	return n >= 3 ? n : 0;
}

/* Where the next line that begins with a fence is. */
static bool find_fence(const struct slice *t, size_t from, size_t *line, size_t *mark, size_t *count)
{
	for (size_t at = from; at < t->len;) {
		const char *lf = memchr(t->s + at, '\n', t->len - at);

		*count = fence_at(t, at, mark);
		if (*count) {
			*line = at;
			return true;
		}
		if (!lf)
			return false;
		at = (size_t)(lf - t->s) + 1;
	}
	return false;
}

/* An info string: one word of a language's name, perhaps with {attributes} behind it. */
static bool is_info(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && (post_is_word(s[i]) || memchr("+#-./:", s[i], 6)))
		i++;
	while (i < len && s[i] == ' ')
		i++;
	return i <= INFO_MAX && (i == len || s[i] == '{');
}

/*
 * Narrows to what a fence at `mark` encloses, to the end if it is not closed. The closing one is a line
 * of its own, indented no more than the opening one (docstrings have fences, too), or ends the opening
 * line itself. In a growing text a last line without an end is not known yet.
 */
static void take_fenced(struct slice *t, size_t line, size_t mark, size_t count, bool growing, bool *closed)
{
	size_t from = mark + count;
	const char *lf = memchr(t->s + from, '\n', t->len - from);
	size_t line_end = lf ? (size_t)(lf - t->s) : t->len;
	size_t end = t->len;
	size_t end_mark;

	if (is_info(t->s + from, line_end - from)) {
		from = line_end < t->len ? line_end + 1 : t->len;
	} else {
		for (size_t i = from; i + count <= line_end; i++) {
			if (!memcmp(t->s + i, t->s + mark, count)) {
				*closed = true;
				narrow(t, from, i);
				return;
			}
		}
	}
	for (size_t at = from; at < t->len;) {
		size_t n = fence_at(t, at, &end_mark);

		lf = memchr(t->s + at, '\n', t->len - at);
		line_end = lf ? (size_t)(lf - t->s) : t->len;
		if (n >= count && (lf || !growing) && end_mark - at <= mark - line &&
		    post_blank(t->s + end_mark + n, line_end - end_mark - n)) {
			end = at;
			*closed = true;
			break;
		}
		at = line_end + 1;
	}
	/* The line end before the closing fence is the fence's. */
	if (*closed && end > from && t->s[end - 1] == '\n')
		end--;
	narrow(t, from, end);
}

static bool info_is_prose(const struct slice *t, size_t from)
{
	static const char *const infos[] = { "markdown\n", "md\n", "text\n", "plaintext\n", "txt\n" };

	for (size_t i = 0; i < ARRAY_LEN(infos); i++) {
		if (post_starts(t->s + from, t->len - from, infos[i]))
			return true;
	}
	return false;
}

/* Takes fences off. */
static void unfence(const struct post_context *c, struct slice *t, bool wrapped, bool *closed)
{
	size_t line;
	size_t mark;
	size_t count;
	size_t first = blanks(t);
	bool growing = c->in->finish == POST_OPEN && !*closed;
	struct syntax_walk w = { .syntax = c->syntax, .s = t->s, .state = c->at };
	size_t pos;
	bool at_start;

	if (!find_fence(t, 0, &line, &mark, &count))
		return;
	at_start = mark == first;
	if (!post_is_code(c)) {
		/* Fences are text here, but for one around everything that says it is. */
		if (!wrapped && at_start && info_is_prose(t, mark + count))
			take_fenced(t, line, mark, count, growing, closed);
		return;
	}
	if (c->in_comment && wrapped)
		return;
	if (at_start || post_is_talk(c, t->s, line) || post_is_label(t->s, line)) {
		take_fenced(t, line, mark, count, growing, closed);
		return;
	}
	/*
	 * Text first: a fence outside of comments and strings closes what the prompt was taken to have
	 * opened.
	 */
	for (;;) {
		w.len = line;
		while (syntax_next(&w, &pos) != SYNTAX_END)
			;
		if (w.state.where == SYNTAX_IN_CODE)
			break;
		if (!find_fence(t, mark + count, &line, &mark, &count))
			return;
	}
	narrow(t, 0, line);
	*closed = true;
}

/* `x + 1` as a whole, where the language has no such strings. */
static void drop_inline_code(const struct post_context *c, struct slice *t)
{
	size_t from = blanks(t);
	size_t end = t->len;

	if (!(c->syntax->flags & (SYNTAX_CHAR | SYNTAX_INDENT)) || (c->syntax->flags & SYNTAX_UNKNOWN) ||
	    !post_in_code(c))
		return;
	while (end > from && (t->s[end - 1] == ' ' || t->s[end - 1] == '\n'))
		end--;
	if (end - from < 3 || t->s[from] != '`' || t->s[end - 1] != '`' ||
	    memchr(t->s + from + 1, '`', end - from - 2) || memchr(t->s + from, '\n', end - from))
		return;
	narrow(t, from + 1, end - 1);
}

/* --- entities --- */

/* Tags make some models write XML. Not where the document itself has entities. */
static void add_decoded(const struct post_context *c, const struct slice *t, struct strbuf *out)
{
	static const struct {
		const char *entity;
		char c;
	} entities[] = {
		{ "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' }, { "&quot;", '"' }, { "&#39;", '\'' }
	};
	bool decode[ARRAY_LEN(entities)];
	size_t i = 0;

	for (size_t k = 0; k < ARRAY_LEN(entities); k++)
		decode[k] = post_in_code(c) && !(c->syntax->flags & SYNTAX_MARKUP) &&
			    !in_document(c, entities[k].entity);
	while (i < t->len) {
		const char *amp = memchr(t->s + i, '&', t->len - i);
		size_t n = amp ? (size_t)(amp - t->s) - i : t->len - i;
		size_t k;

		strbuf_add(out, t->s + i, n);
		i += n;
		if (i == t->len)
			return;
		for (k = 0; k < ARRAY_LEN(entities); k++) {
			if (decode[k] && post_starts(t->s + i, t->len - i, entities[k].entity))
				break;
		}
		if (k < ARRAY_LEN(entities)) {
			strbuf_addch(out, entities[k].c);
			i += strlen(entities[k].entity);
		} else {
			strbuf_addch(out, '&');
			i++;
		}
	}
}

/* --- together --- */

/* Drops a label's line. True if the first line with text is talk. */
static bool opens_with_talk(const struct post_context *c, struct slice *t)
{
	size_t from = blanks(t);
	const char *lf = memchr(t->s + from, '\n', t->len - from);
	size_t end = lf ? (size_t)(lf - t->s) : t->len;

	if (lf && post_in_code(c) && post_is_label(t->s + from, end - from)) {
		narrow(t, end + 1, t->len);
		return opens_with_talk(c, t);
	}
	return post_is_talk(c, t->s + from, end - from);
}

enum post_extract_result post_extract(const struct post_context *c, const char *raw, size_t len,
				      struct post_extract *info, struct strbuf *out)
{
	struct slice t = { raw, len };
	struct names names;

	*info = (struct post_extract){ .closed = false };
	make_names(&names, c->in->mark);
	if (!drop_thinking(c, &t, c->in->source == POST_CHAT ? names.open : NULL))
		return POST_EXTRACT_NOTHING;
	if (c->in->source == POST_CHAT) {
		info->wrapped = take_tagged(&t, &names, &info->closed);
		if (c->in->finish != POST_OPEN && !info->closed)
			drop_partial_close(&t, names.close);
		take_document(&t, &names);
	}
	end_at_special(c, &t, &info->closed);
	unfence(c, &t, info->wrapped || c->in->source == POST_FIM, &info->closed);
	if (opens_with_talk(c, &t))
		return POST_EXTRACT_TALK;
	if (info->closed || c->in->finish != POST_OPEN)
		drop_inline_code(c, &t);
	if (post_blank(t.s, t.len))
		return POST_EXTRACT_NOTHING;
	add_decoded(c, &t, out);
	return POST_EXTRACT_TEXT;
}
