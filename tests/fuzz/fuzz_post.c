/*
 * Post-processing keeps its promises (complete/post.h) for any windows and any answer. The input is
 * four fields between NUL bytes: options (letters: f FIM, s single line, c cut, t tabs, a digit n: 3n
 * lines), language id, the document with the character U+2038 at the cursor, the answer. Missing ones
 * are empty; invalid UTF-8 is repaired first, as the callers do.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/strbuf.h"
#include "eke/base/utf.h"
#include "eke/code/words.h"
#include "eke/post/context.h"
#include "eke/post/post.h"
#include "../../src/post/balance.h"

#define CURSOR "\xE2\x80\xB8"
#define BYTEWISE 400 /* longer answers grow by lines only: each step costs a whole run */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void die(const char *what, const struct strbuf *a, const struct strbuf *b)
{
	fprintf(stderr, "post: %s\n[%s]\n[%s]\n", what, a->data, b ? b->data : "");
	abort();
}

static void check_text(const struct post_input *in, enum post_verdict verdict, const struct strbuf *out)
{
	struct post_context *c = post_context_new(in);
	size_t lines = 1;
	size_t max = in->max_lines ? in->max_lines : LIMIT_COMPLETION_LINES;

	if ((verdict == POST_INSERT) != (out->len > 0))
		die("verdict and text disagree", out, NULL);
	if (utf8_valid_prefix(out->data, out->len) != out->len)
		die("invalid UTF-8", out, NULL);
	for (size_t i = 0; i < out->len; i++)
		lines += out->data[i] == '\n';
	if (lines > (in->single_line ? 1 : max))
		die("too many lines", out, NULL);
	if (post_first_block(c, out->data, out->len) > out->len || post_first_useful(c, out->data, out->len) > out->len)
		die("more useful than there is", out, NULL);
	post_context_free(c);
}

static size_t behind_blanks(const char *s, size_t len, size_t at)
{
	while (at < len && memchr(" \t\r\n", s[at], 4))
		at++;
	return at;
}

/* The text is not what the suffix begins with. */
static void check_not_there(const struct post_input *in, const struct strbuf *out)
{
	size_t line = in->prefix_len;
	size_t words = 0;
	size_t i = 0;
	size_t k = 0;
	bool below;
	bool rest;

	while (line && in->prefix[line - 1] != '\n' && in->prefix[line - 1] != '\r')
		line--;
	while (i < in->suffix_len && (in->suffix[i] == ' ' || in->suffix[i] == '\t'))
		i++;
	rest = i < in->suffix_len && in->suffix[i] != '\n' && in->suffix[i] != '\r';
	below = out->data[0] == '\n' || out->data[0] == '\r' ||
		behind_blanks(in->prefix, in->prefix_len, line) == in->prefix_len;
	for (i = 0; i < out->len; i++) {
		char c = out->data[i];

		words += (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
	}
	if (!(rest || below) || (below && words < 4))
		return;
	i = 0;
	while ((i = behind_blanks(out->data, out->len, i)) < out->len) {
		k = behind_blanks(in->suffix, in->suffix_len, k);
		if (k == in->suffix_len || in->suffix[k++] != out->data[i++])
			return;
	}
	/* A word that another begins with is none of it. */
	if (k < in->suffix_len && is_word_char(in->suffix[k]) && is_word_char(out->data[out->len - 1]))
		return;
	die("it is there already", out, NULL);
}

/* A line begins with a fence. */
static bool has_fence(const struct strbuf *out)
{
	size_t at = 0;

	while (at < out->len) {
		size_t text = behind_blanks(out->data, out->len, at);
		const char *lf = memchr(out->data + text, '\n', out->len - text);

		if (!strncmp(out->data + text, "```", 3) || !strncmp(out->data + text, "~~~", 3))
			return true;
		at = lf ? (size_t)(lf - out->data) + 1 : out->len;
	}
	return false;
}

static void check_again(const struct post_input *in, const struct strbuf *out)
{
	struct post_input again = *in;
	struct strbuf answer;
	struct strbuf second;

	/* Text with our tags or a fence in it cannot be put in as such: as an answer it is wrapped in them. */
	if (strcasestr(out->data, "<completion") || strcasestr(out->data, "</compl") || has_fence(out))
		return;
	/* In its tags: a bare one may be taken for talk. */
	strbuf_init(&answer, LIMIT_COMPLETION);
	if (in->source == POST_CHAT)
		strbuf_adds(&answer, "<completion>");
	strbuf_add(&answer, out->data, out->len);
	if (in->source == POST_CHAT)
		strbuf_adds(&answer, "</completion>");
	again.answer = answer.data;
	again.answer_len = answer.len;
	again.finish = POST_STOP;
	strbuf_init(&second, LIMIT_COMPLETION_TEXT);
	if (post_process(&again, &second) != POST_INSERT || second.len != out->len ||
	    memcmp(second.data, out->data, out->len) != 0)
		die("not the same again", out, &second);
	strbuf_release(&answer);
	strbuf_release(&second);
}

/*
 * What leaves is not worse formed together with its surroundings than what came: of a bare answer, in which nothing is
 * wrapping, that ended by itself and was not cut for its length.
 */
static void check_balance(const struct post_input *in, const struct strbuf *out)
{
	struct post_context *c;
	struct strbuf whole;
	size_t lines = 1;

	if (in->source != POST_FIM || in->finish != POST_STOP || in->single_line ||
		memchr(in->answer, '\r', in->answer_len))
		return;
	for (size_t i = 0; i < in->answer_len; i++) {
		if (strchr("<`~|", in->answer[i]))
			return;
		lines += in->answer[i] == '\n';
	}
	if (lines > (in->max_lines ? in->max_lines : LIMIT_COMPLETION_LINES))
		return;
	c = post_context_new(in);
	strbuf_init(&whole, LIMIT_COMPLETION);
	post_add_lf(&whole, in->answer, in->answer_len);
	if (post_is_code(c) && balance_disorder(c, out->data, out->len) > balance_disorder(c, whole.data, whole.len))
		die("worse formed than it came", &whole, out);
	strbuf_release(&whole);
	post_context_free(c);
}

static void check_growing(const struct post_input *in, const struct strbuf *final)
{
	struct post_input open = *in;
	struct strbuf out;
	struct strbuf before;

	open.finish = POST_OPEN;
	strbuf_init(&out, LIMIT_COMPLETION_TEXT);
	strbuf_init(&before, LIMIT_COMPLETION_TEXT);
	for (size_t n = 1; n <= in->answer_len; n++) {
		enum post_verdict verdict;

		if (in->answer_len > BYTEWISE && in->answer[n - 1] != '\n' && n != in->answer_len)
			continue;
		open.answer_len = n;
		verdict = post_process(&open, &out);
		if (verdict != POST_INSERT && verdict != POST_WAIT)
			die("a growing answer is given up", &out, NULL);
		check_text(&open, verdict, &out);
		if (verdict == POST_WAIT)
			continue;
		if (out.len < before.len || memcmp(out.data, before.data, before.len) != 0)
			die("what was shown changed", &before, &out);
		if (out.len > final->len || memcmp(out.data, final->data, out.len) != 0)
			die("what was shown is not in the end", &out, final);
		strbuf_reset(&before);
		strbuf_add(&before, out.data, out.len);
	}
	strbuf_release(&out);
	strbuf_release(&before);
}

/* The field of data that begins at *at, repaired; *at moves behind it. */
static void take(const uint8_t *data, size_t size, size_t *at, struct strbuf *out)
{
	size_t from = *at;

	while (*at < size && data[*at])
		++*at;
	strbuf_init(out, LIMIT_DOCUMENT);
	utf8_append_valid(out, (const char *)data + from, *at - from);
	if (*at < size)
		++*at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct post_input in = { .insert_spaces = true, .finish = POST_STOP };
	struct strbuf options;
	struct strbuf language;
	struct strbuf document;
	struct strbuf answer;
	struct strbuf out;
	const char *cursor;
	size_t at = 0;
	enum post_verdict verdict;

	if (size > 8192)
		return 0;
	take(data, size, &at, &options);
	take(data, size, &at, &language);
	take(data, size, &at, &document);
	take(data, size, &at, &answer);
	for (size_t i = 0; i < options.len; i++) {
		char c = options.data[i];

		if (c == 'f')
			in.source = POST_FIM;
		else if (c == 's')
			in.single_line = true;
		else if (c == 'c')
			in.finish = POST_CUT;
		else if (c == 't')
			in.insert_spaces = false;
		else if (c >= '0' && c <= '9')
			in.max_lines = 3 * (size_t)(c - '0');
	}
	cursor = strstr(document.data, CURSOR);
	in.language = language.data;
	in.prefix = document.data;
	in.prefix_len = cursor ? (size_t)(cursor - document.data) : document.len;
	in.suffix = cursor ? cursor + strlen(CURSOR) : "";
	in.suffix_len = strlen(in.suffix);
	in.answer = answer.data;
	in.answer_len = answer.len;

	strbuf_init(&out, LIMIT_COMPLETION_TEXT);
	verdict = post_process(&in, &out);
	if (verdict == POST_WAIT)
		die("an answer that has ended waits", &out, NULL);
	check_text(&in, verdict, &out);
	if (verdict == POST_INSERT) {
		check_again(&in, &out);
		check_not_there(&in, &out);
		check_balance(&in, &out);
	}
	check_growing(&in, &out);
	strbuf_release(&out);
	strbuf_release(&options);
	strbuf_release(&language);
	strbuf_release(&document);
	strbuf_release(&answer);
	return 0;
}
