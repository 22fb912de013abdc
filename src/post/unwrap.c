/*
 * Unwrapping. An answer is looked at as a slice that gets narrower: behind the thoughts, between tags, between fences,
 * before the template's tokens. Only the decoding of entities makes a copy. For a growing answer every decision rests
 * on a beginning that does not change any more, so that what was returned for a shorter answer stays right (post.c
 * keeps back the line that is not complete).
 */
#include "unwrap.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "eke/base/attrs.h"
#include "talk.h"

#define TAG_MAX 128 /* bytes of an opening tag with attributes */
#define INFO_MAX 40 /* bytes of a fence's info string */
#define PARTIAL_CLOSE 5
#define TOKEN_MAX 40 /* bytes of the name of a template's token */

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
	static const char *const tags[][2] = { { "<think>", "</think>" }, { "<thinking>", "</thinking>" },
		{ "<reasoning>", "</reasoning>" } };
	size_t end;
	size_t tag;

	for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
		size_t from = blanks(t);

		if (starts_with(t->s + from, t->len - from, tags[i][0])) {
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

/* The length of a token's name: letters, digits, and what templates put between words; 0: none. */
static size_t token_name(const char *s, size_t len)
{
	static const char *const fillers[] = { "▁", "_", "-", "|" };
	size_t i = 0;

	while (i < len && i < TOKEN_MAX) {
		size_t k = 0;

		if ((s[i] >= '0' && s[i] <= '9') || ((s[i] | 0x20) >= 'a' && (s[i] | 0x20) <= 'z')) {
			i++;
			continue;
		}
		while (k < ARRAY_LEN(fillers) && !starts_with(s + i, len - i, fillers[k]))
			k++;
		if (k == ARRAY_LEN(fillers))
			break;
		i += strlen(fillers[k]);
	}
	return i;
}

/*
 * If a token of a model's template begins at s, its length: <|word|>, <｜word｜>, <fim_word>, </fim_word>,
 * <start_of_word>, <end_of_word>, <PRE>, [INST] and [/INST], <word> of StarCoder's files, the end of a sequence.
 */
static size_t template_token(const char *s, size_t len)
{
	static const char *const bars[] = { "|", "｜" };
	static const char *const names[] = { "fim_", "start_of_", "end_of_", "PRE>", "SUF>", "MID>", "EOT>", "EOS>", "BOS>",
		"file_sep", "repo_name", "reponame>", "filename>", "gh_stars>", "s>", "eos>", "bos>", "pad>", "unk>",
		"endoftext>", "think>", "INST>" };
	size_t n;

	if (starts_with(s, len, "[INST]"))
		return 6;
	if (starts_with(s, len, "[/INST]"))
		return 7;
	if (len < 3 || s[0] != '<')
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(bars); i++) {
		size_t bar = strlen(bars[i]);

		if (!starts_with(s + 1, len - 1, bars[i]))
			continue;
		n = token_name(s + 1 + bar, len - 1 - bar);
		/* The name takes an ASCII bar in. */
		if (!i && n > 1 && s[1 + bar + n - 1] == '|')
			return 1 + bar + n < len && s[1 + bar + n] == '>' ? n + bar + 2 : 0;
		n += 1 + bar;
		return i && n > 1 + bar && starts_with(s + n, len - n, "｜>") ? n + strlen("｜>") : 0;
	}
	n = s[1] == '/' ? 2 : 1;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t k = strlen(names[i]);

		/* Capitals are part of the name. */
		if (len - n < k || memcmp(s + n, names[i], k) != 0)
			continue;
		if (names[i][k - 1] == '>')
			return n + k;
		k += n + token_name(s + n + k, len - n - k);
		return k < len && s[k] == '>' ? k + 1 : 0;
	}
	return 0;
}

/*
 * Ends the text before the first token that only a model's template has. A document, or a string in the answer, may be
 * about such tokens.
 */
static void end_at_token(const struct post_context *c, struct slice *t, bool *closed)
{
	for (size_t i = 0; i < t->len; i++) {
		struct syntax_walk w = { .syntax = c->syntax, .s = t->s, .state = c->at };
		char token[TOKEN_MAX + 16];
		size_t n;
		size_t pos;

		if (t->s[i] != '<' && t->s[i] != '[')
			continue;
		n = template_token(t->s + i, t->len - i);
		if (!n || n >= sizeof(token))
			continue;
		memcpy(token, t->s + i, n);
		token[n] = '\0';
		/* "<s>" and "</s>" are also HTML's strikethrough, and more. */
		if (in_document(c, token) ||
			((c->syntax->flags & (SYNTAX_MARKUP | SYNTAX_ELEMENTS)) && token[1] != '|' && n <= 4))
			continue;
		w.len = i;
		while (syntax_next(&w, &pos) != SYNTAX_END)
			;
		if (w.state.where == SYNTAX_IN_STRING && c->at.where != SYNTAX_IN_STRING && i + n < t->len &&
			memchr(t->s + i + n, w.state.quote, t->len - i - n))
			continue;
		narrow(t, 0, i);
		*closed = true;
		return;
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

/* Only blanks stand before `at` on its line. */
static bool begins_line(const struct slice *t, size_t at)
{
	while (at && (t->s[at - 1] == ' ' || t->s[at - 1] == '\t'))
		at--;
	return !at || t->s[at - 1] == '\n';
}

/*
 * Narrows to the content of the tag that the answer is in: the first that is not blank and begins a line, else the
 * first that is closed, as models also speak of the tags before they use them; and some repeat the opening tag where
 * the closing one should be. Without an opening tag a closing one still ends the text: the prompt may have been taken
 * for the answer's beginning. In a growing answer a tag in the middle of a line is only known when it is closed.
 */
static bool take_tagged(struct slice *t, const struct names *n, bool growing, bool *closed)
{
	struct slice content = *t;
	size_t from = 0;
	size_t at;
	size_t after;
	size_t end;
	bool found = false;

	for (int strict = 1; strict >= 0 && !found; strict--) {
		for (from = 0; find_open(t, n->open, from, &at, &after); from = after) {
			size_t next;
			size_t next_after;
			bool more = find_open(t, n->open, after, &next, &next_after);
			bool ends = find(t, n->close, after, &end);
			bool proper = ends && !(more && next < end);

			if (strict && !begins_line(t, at) && !proper)
				continue;
			if (growing && !begins_line(t, at) && !proper)
				return false;
			if (!proper)
				end = more ? next : t->len;
			content = *t;
			narrow(&content, after, end);
			*closed = ends || more;
			found = true;
			if (!is_all_blank(content.s, content.len))
				break;
		}
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

	if (!starts_with(t->s + from, t->len - from, n->document_open))
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

	while (i < len && (is_word_char(s[i]) || memchr("+#-./:", s[i], 6)))
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
			is_all_blank(t->s + end_mark + n, line_end - end_mark - n)) {
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
		if (starts_with(t->s + from, t->len - from, infos[i]))
			return true;
	}
	return false;
}

/* Does the last line of text before a fence, s[0..len), speak of what comes? */
static bool leads_in(const char *s, size_t len)
{
	len = trimmed_length(s, len);
	return len &&
		(s[len - 1] == ':' || s[len - 1] == '.' || s[len - 1] == '!' ||
			(len >= 3 && (!memcmp(s + len - 3, "：", 3) || !memcmp(s + len - 3, "。", 3))));
}

/* A fence that names a language opens; any other does where what stands before it is talk. */
static bool fence_opens(const struct post_context *c, const struct slice *t, size_t line, size_t mark, size_t count)
{
	const char *lf = memchr(t->s + mark, '\n', t->len - mark);
	size_t info = (lf ? (size_t)(lf - t->s) : t->len) - mark - count;
	size_t next;
	size_t next_mark;
	size_t next_count;

	if (!is_all_blank(t->s + mark + count, info) && is_info(t->s + mark + count, info))
		return true;
	return talk_is_line(c, t->s, line) || talk_is_label(t->s, line) ||
		(leads_in(t->s, line) && find_fence(t, mark + count, &next, &next_mark, &next_count));
}

/* The fence names nothing, or the document's language. */
static bool info_is_own(const struct post_context *c, const struct slice *t, size_t from)
{
	const char *id = c->in->language ? c->in->language : "";
	size_t n = strlen(id);

	if (from < t->len && t->s[from] == '\n')
		return true;
	return n && from + n < t->len && starts_with(t->s + from, t->len - from, id) && t->s[from + n] == '\n';
}

/* All of the text is one fence, from its first line to its last. */
static bool is_all_fenced(const struct slice *t, size_t line, size_t mark, size_t count)
{
	struct slice inner = *t;
	bool closed = false;

	take_fenced(&inner, line, mark, count, false, &closed);
	if (!closed)
		return false;
	for (const char *s = inner.s + inner.len; s < t->s + t->len; s++) {
		if (!strchr(" \t\n`~", *s))
			return false;
	}
	return true;
}

/* The last line is a fence, and the only one. */
static bool ends_with_fence(const struct slice *t)
{
	size_t len = trimmed_length(t->s, t->len);
	const char *lf = memrchr(t->s, '\n', len);
	size_t line;
	size_t mark;
	size_t count;

	return lf && find_fence(t, 0, &line, &mark, &count) && line == (size_t)(lf - t->s) + 1 && mark + count == len;
}

/* Takes fences off. */
static void unfence(
	const struct post_context *c, struct slice *t, const struct unwrap_info *info, bool fim, bool *closed)
{
	size_t line;
	size_t mark;
	size_t count;
	size_t first = blanks(t);
	bool growing = c->in->finish == POST_OPEN && !*closed;
	bool wrapped = info->wrapped || fim;
	struct syntax_walk w = { .syntax = c->syntax, .s = t->s, .state = c->at };
	size_t pos;
	bool at_start;

	if (!find_fence(t, 0, &line, &mark, &count))
		return;
	at_start = mark == first;
	if (!post_is_code(c)) {
		/* Fences are text here, but for one around everything that says it is, or that talk leads to. */
		bool all = at_start &&
			(info_is_prose(t, mark + count) ||
				(is_all_fenced(t, line, mark, count) && info_is_own(c, t, mark + count)));
		bool led_to = !at_start && fence_opens(c, t, line, mark, count) && leads_in(t->s, line);

		if (!wrapped && (all || led_to))
			take_fenced(t, line, mark, count, growing, closed);
		return;
	}
	/* Inside of tags only what encloses everything is wrapping. */
	if (wrapped) {
		if (at_start && !c->in_comment && (growing || is_all_fenced(t, line, mark, count)))
			take_fenced(t, line, mark, count, growing, closed);
		else if (fim)
			goto closing;
		return;
	}
	if (at_start || fence_opens(c, t, line, mark, count)) {
		take_fenced(t, line, mark, count, growing, closed);
		return;
	}
closing:
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

/* `x + 1` as a whole, where neither the language nor the document has such a thing. */
static void drop_inline_code(const struct post_context *c, struct slice *t)
{
	size_t from = blanks(t);
	size_t end = t->len;

	if (!(c->syntax->flags & (SYNTAX_CHAR | SYNTAX_INDENT)) || (c->syntax->flags & SYNTAX_UNKNOWN) ||
		strchr(c->syntax->quotes, '`') || !post_in_code(c) || memchr(c->prefix.data, '`', c->prefix.len) ||
		memchr(c->suffix.data, '`', c->suffix.len))
		return;
	while (end > from && (t->s[end - 1] == ' ' || t->s[end - 1] == '\n'))
		end--;
	if (end - from < 3 || t->s[from] != '`' || t->s[end - 1] != '`' || memchr(t->s + from + 1, '`', end - from - 2) ||
		memchr(t->s + from, '\n', end - from))
		return;
	narrow(t, from + 1, end - 1);
}

/* --- entities --- */

struct entity {
	const char *name;
	char c;
};

static const struct entity entities[] = {
	{ "&lt;", '<' },
	{ "&gt;", '>' },
	{ "&amp;", '&' },
	{ "&quot;", '"' },
	{ "&#39;", '\'' },
};

static const struct entity *entity_at(const char *s, size_t len)
{
	for (size_t k = 0; k < ARRAY_LEN(entities); k++) {
		if (starts_with(s, len, entities[k].name))
			return &entities[k];
	}
	return NULL;
}

/*
 * Tags make some models write XML: then nothing in the answer is written as itself, and an entity stands where code is,
 * not text.
 */
static bool is_escaped(const struct post_context *c, const struct slice *t, bool growing)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = t->s, .state = c->at };
	bool in_code = false;
	size_t pos;

	if (!post_in_code(c) || (c->syntax->flags & (SYNTAX_MARKUP | SYNTAX_ELEMENTS | SYNTAX_UNKNOWN | SYNTAX_KEYS)))
		return false;
	for (size_t i = 0; i < t->len; i++) {
		if (t->s[i] == '<' || t->s[i] == '>')
			return false;
		if (t->s[i] != '&')
			continue;
		if (!entity_at(t->s + i, t->len - i))
			return false;
		w.len = i;
		while (syntax_next(&w, &pos) != SYNTAX_END)
			;
		/* Of what is still to come, some may stand in code. */
		in_code |= growing || w.state.where == SYNTAX_IN_CODE;
	}
	return in_code;
}

static void add_decoded(const struct slice *t, struct strbuf *out)
{
	for (size_t i = 0; i < t->len;) {
		const struct entity *entity = entity_at(t->s + i, t->len - i);

		strbuf_addch(out, entity ? entity->c : t->s[i]);
		i += entity ? strlen(entity->name) : 1;
	}
}

/* --- together --- */

/* Drops a label's line. True if the text is talk: of an answer in tags, which may be about talk, all of its lines. */
static bool is_talk(const struct post_context *c, struct slice *t, bool wrapped)
{
	size_t from = blanks(t);
	const char *lf = memchr(t->s + from, '\n', t->len - from);
	size_t end = lf ? (size_t)(lf - t->s) : t->len;

	if (wrapped) {
		for (size_t at = from; at < t->len;) {
			struct line line;
			size_t next = line_at(t->s, t->len, at, &line);

			if (line.len && !talk_is_line(c, t->s + at, line.len))
				return false;
			at = next;
		}
		return from < t->len;
	}
	if (lf && post_in_code(c) && talk_is_label(t->s + from, end - from)) {
		narrow(t, end + 1, t->len);
		return is_talk(c, t, false);
	}
	return talk_is_line(c, t->s + from, end - from);
}

/* Line ends before and behind the content belong to the tags. */
static bool is_framed(const struct slice *t)
{
	size_t end = t->len;

	while (end && (t->s[end - 1] == ' ' || t->s[end - 1] == '\t'))
		end--;
	return t->len && t->s[0] == '\n' && end > 1 && t->s[end - 1] == '\n';
}

enum unwrap_result unwrap(
	const struct post_context *c, const char *raw, size_t len, struct unwrap_info *info, struct draft *draft)
{
	struct slice t = { raw, len };
	struct names names;
	bool open = c->in->finish == POST_OPEN;

	*info = (struct unwrap_info){ .closed = false };
	strbuf_reset(&draft->text);
	make_names(&names, c->in->mark);
	if (!drop_thinking(c, &t, c->in->source == POST_CHAT ? names.open : NULL))
		return UNWRAP_NOTHING;
	if (c->in->source == POST_CHAT) {
		info->wrapped = take_tagged(&t, &names, open, &info->closed);
		if (!open && !info->closed)
			drop_partial_close(&t, names.close);
		take_document(&t, &names);
	}
	/* What stands before a closing tag is no token of the end. */
	if (!info->wrapped || !info->closed)
		end_at_token(c, &t, &info->closed);
	draft->framed = info->wrapped && info->closed && is_framed(&t);
	unfence(c, &t, info, c->in->source == POST_FIM, &info->closed);
	if (post_is_code(c) && !c->in_comment && ends_with_fence(&t))
		narrow(&t, 0, (size_t)((const char *)memrchr(t.s, '\n', trimmed_length(t.s, t.len)) - t.s));
	if (is_talk(c, &t, info->wrapped || c->in->source == POST_FIM))
		return UNWRAP_TALK;
	if (info->closed || !open)
		drop_inline_code(c, &t);
	if (is_all_blank(t.s, t.len))
		return UNWRAP_NOTHING;
	if (!is_escaped(c, &t, open && !info->closed))
		strbuf_add(&draft->text, t.s, t.len);
	else if (info->closed || !open)
		add_decoded(&t, &draft->text);
	/* What comes may yet show that it is not escaped. */
	return draft->text.len ? UNWRAP_TEXT : UNWRAP_NOTHING;
}
