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
#include "unwrap_private.h"

#define TAG_MAX 128 /* bytes of an opening tag with attributes */
#define PARTIAL_CLOSE 5
#define TOKEN_MAX 40 /* bytes of the name of a template's token */

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

struct syntax_state slice_state(const struct post_context *c, const struct slice *t, size_t at)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = t->s, .len = at, .state = c->at };
	size_t pos;

	while (syntax_next(&w, &pos) != SYNTAX_END)
		;
	return w.state;
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
		size_t from = slice_blanks(t);

		if (starts_with(t->s + from, t->len - from, tags[i][0])) {
			if (!find(t, tags[i][1], from, &end))
				return false;
			slice_narrow(t, end + strlen(tags[i][1]), t->len);
		}
	}
	/* Some servers keep the opening tag to themselves. */
	if (completion_tag && !in_document(c, "</think>") && find(t, "</think>", 0, &end) &&
		(!find(t, completion_tag, 0, &tag) || tag > end))
		slice_narrow(t, end + strlen("</think>"), t->len);
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

/* Inline code is about the token; behind a fence it ends the answer. */
static bool is_quoted(const struct slice *t, size_t at)
{
	return at && t->s[at - 1] == '`' && (at < 2 || t->s[at - 2] != '`');
}

/*
 * Ends the text before the first token that only a model's template has. A document, or a string in the answer, may be
 * about such tokens.
 */
static void end_at_token(const struct post_context *c, struct slice *t, bool *closed)
{
	for (size_t i = 0; i < t->len; i++) {
		struct syntax_state state;
		char token[TOKEN_MAX + 16];
		size_t n;

		if (t->s[i] != '<' && t->s[i] != '[')
			continue;
		n = template_token(t->s + i, t->len - i);
		if (!n || n >= sizeof(token))
			continue;
		memcpy(token, t->s + i, n);
		token[n] = '\0';
		/* "<s>" and "</s>" are also HTML's strikethrough, and more. */
		if (in_document(c, token) || is_quoted(t, i) ||
			((c->syntax->flags & (SYNTAX_MARKUP | SYNTAX_ELEMENTS)) && token[1] != '|' && n <= 4))
			continue;
		state = slice_state(c, t, i);
		if (state.where == SYNTAX_IN_STRING && c->at.where != SYNTAX_IN_STRING && i + n < t->len &&
			memchr(t->s + i + n, state.quote, t->len - i - n))
			continue;
		slice_narrow(t, 0, i);
		/* What comes may yet close the string around it. */
		*closed = c->in->finish != POST_OPEN || state.where != SYNTAX_IN_STRING;
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

static void make_names(struct names *n, unsigned tag_number)
{
	char number[12] = "";

	if (tag_number)
		snprintf(number, sizeof(number), "%u", tag_number);
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
			slice_narrow(&content, after, end);
			*closed = ends || more;
			found = true;
			if (!is_all_blank(content.s, content.len))
				break;
		}
	}
	if (!found && find(t, n->close, 0, &end)) {
		slice_narrow(&content, 0, end);
		*closed = true;
	}
	*t = content;
	return found;
}

/* The whole document, with the answer in its place. */
static void take_document(struct slice *t, const struct names *n)
{
	size_t from = slice_blanks(t);
	size_t end;

	if (!starts_with(t->s + from, t->len - from, n->document_open))
		return;
	from += strlen(n->document_open);
	if (from < t->len && t->s[from] == '\n')
		from++;
	slice_narrow(t, from, t->len);
	if (find(t, n->document_close, 0, &end))
		slice_narrow(t, 0, end && t->s[end - 1] == '\n' ? end - 1 : end);
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

/* Is that all a beginning of one? */
static bool begins_entity(const char *s, size_t len)
{
	for (size_t k = 0; k < ARRAY_LEN(entities); k++) {
		if (len < strlen(entities[k].name) && !memcmp(s, entities[k].name, len))
			return true;
	}
	return false;
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
		if (growing && begins_entity(t->s + i, t->len - i))
			break;
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

/* What comes may yet show that the text is not escaped: the lines before the first entity are the same both ways. */
static void add_before_entities(const struct slice *t, struct strbuf *out)
{
	size_t end = 0;

	while (end < t->len && t->s[end] != '&')
		end++;
	while (end && t->s[end - 1] != '\n')
		end--;
	strbuf_add(out, t->s, end);
}

/* --- together --- */

/* Drops a label's line. True if the text is talk: of an answer in tags, which may be about talk, all of its lines. */
static bool is_talk(const struct post_context *c, struct slice *t, bool wrapped)
{
	size_t from = slice_blanks(t);
	const char *lf = memchr(t->s + from, '\n', t->len - from);
	size_t end = lf ? (size_t)(lf - t->s) : t->len;

	if (wrapped)
		return talk_is_all(c, t->s, t->len);
	if (lf && post_in_code(c) && talk_is_label(t->s + from, end - from)) {
		slice_narrow(t, end + 1, t->len);
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
	make_names(&names, c->in->tag_number);
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
	unwrap_fences(c, &t, info);
	if (is_talk(c, &t, info->wrapped || c->in->source == POST_FIM))
		return UNWRAP_TALK;
	if (info->closed || !open)
		unwrap_inline_code(c, &t);
	if (is_all_blank(t.s, t.len))
		return UNWRAP_NOTHING;
	if (!is_escaped(c, &t, open && !info->closed))
		strbuf_add(&draft->text, t.s, t.len);
	else if (info->closed || !open)
		add_decoded(&t, &draft->text);
	else
		add_before_entities(&t, &draft->text);
	return draft->text.len ? UNWRAP_TEXT : UNWRAP_NOTHING;
}
