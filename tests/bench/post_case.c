/*
 * Asking the post-processor as src/complete/model_request.c does, and showing what came of it.
 */
#include "post_case.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/complete/excerpt.h"
#include "eke/complete/prompt.h"

/* Length is no cut here: what is measured is what happens to a text. */
#define LINES_MAX 4000

void post_case_open(struct post_case *c)
{
	struct excerpt_input in = {
		.before = c->before, .before_len = c->before_len, .after = c->after, .after_len = c->after_len
	};
	struct prompt_input asked = { .path = c->path, .language = c->language };
	struct excerpt excerpt;
	struct prompt prompt;

	excerpt_choose(&in, &excerpt);
	asked.prefix = excerpt.prefix;
	asked.prefix_len = excerpt.prefix_len;
	asked.suffix = excerpt.suffix;
	asked.suffix_len = excerpt.suffix_len;
	prompt_init(&prompt);
	prompt_build(&asked, &prompt);
	c->input = (struct post_input){
		.tag_number = prompt.tag_number,
		.prefix = excerpt.prefix,
		.prefix_len = excerpt.prefix_len,
		.suffix = excerpt.suffix,
		.suffix_len = excerpt.suffix_len,
		.language = c->language,
		.max_lines = LINES_MAX,
		.insert_spaces = c->insert_spaces,
		.tab_size = c->tab_size,
	};
	prompt_release(&prompt);
}

static size_t count_lines(const char *text, size_t len)
{
	size_t lines = 1;

	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	return lines;
}

void post_case_show(FILE *to, const char *label, const char *text, size_t len, int lines)
{
	size_t count = count_lines(text, len);
	size_t most = (size_t)abs(lines);
	size_t skip = lines < 0 && count > most ? count - most : 0;

	if (!lines)
		most = count;
	for (size_t n = 0; n < skip + most && n < count; n++) {
		const char *end = memchr(text, '\n', len);
		size_t line = end ? (size_t)(end - text) : len;

		if (n >= skip) {
			fprintf(to, "  %-7s|", n == skip ? label : "");
			for (size_t i = 0; i < line; i++) {
				if (text[i] == '\t')
					fputs("→       ", to);
				else if (text[i] == '\r')
					fputs("␍", to);
				else
					fputc(text[i], to);
			}
			fputc('\n', to);
		}
		line += end != NULL;
		text += line;
		len -= line;
	}
	if (count > skip + most)
		fprintf(to, "  %-7s|… %zu more lines\n", "", count - skip - most);
}

/* Appends, without blanks before line ends; all at the end of what out holds counts. */
static void add_trimmed(struct strbuf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\n')
			while (out->len && memchr(" \t\r", out->data[out->len - 1], 3))
				strbuf_truncate(out, out->len - 1);
		strbuf_addch(out, s[i]);
	}
}

static void write_around(const struct post_case *c, const char *s, size_t len, struct strbuf *out)
{
	const struct post_input *in = &c->input;
	size_t left = in->prefix_len;
	const char *end = memchr(in->suffix, '\n', in->suffix_len);

	while (left && in->prefix[left - 1] != '\n')
		left--;
	add_trimmed(out, in->prefix + left, in->prefix_len - left);
	add_trimmed(out, s, len);
	add_trimmed(out, in->suffix, end ? (size_t)(end - in->suffix) + 1 : in->suffix_len);
}

bool post_case_same_but_blanks(const struct post_case *c, const char *a, size_t a_len, const char *b, size_t b_len)
{
	struct strbuf x;
	struct strbuf y;
	bool same;

	strbuf_init(&x, SIZE_MAX / 2);
	strbuf_init(&y, SIZE_MAX / 2);
	write_around(c, a, a_len, &x);
	write_around(c, b, b_len, &y);
	same = x.len == y.len && !memcmp(x.data, y.data, x.len);
	strbuf_release(&x);
	strbuf_release(&y);
	return same;
}

size_t post_case_replaced(const struct post_input *in, const struct strbuf *out)
{
	struct post_context *c = post_context_new(in);
	size_t replaced = out->len ? post_replaced(c, out->data, out->len) : 0;

	post_context_free(c);
	return replaced;
}

bool post_case_same(const struct post_input *in, const struct strbuf *out,
		    const char *wanted, size_t wanted_len)
{
	size_t replaced = post_case_replaced(in, out);
	const char *kept = in->suffix + replaced;
	size_t kept_len = in->suffix_len - replaced;
	bool same;
	struct strbuf a;
	struct strbuf b;

	strbuf_init(&a, SIZE_MAX);
	strbuf_init(&b, SIZE_MAX);
	strbuf_add(&a, out->data, out->len);
	strbuf_add(&a, kept, kept_len);
	strbuf_add(&b, wanted, wanted_len);
	strbuf_add(&b, in->suffix, in->suffix_len);
	same = a.len == b.len && !memcmp(a.data, b.data, a.len);
	strbuf_release(&a);
	strbuf_release(&b);
	return same;
}

/* The line at s without blanks at its end; the bytes to the next one. */
static size_t trimmed_line(const char *s, size_t len, size_t *next)
{
	const char *end = memchr(s, '\n', len);
	size_t n = end ? (size_t)(end - s) : len;

	*next = n + (end != NULL);
	while (n && strchr(" \t\r", s[n - 1]))
		n--;
	return n;
}

size_t post_case_same_lines(const char *text, size_t len, const char *truth, size_t truth_len)
{
	size_t lines = 0;

	while (len && truth_len) {
		size_t next;
		size_t truth_next;
		size_t n = trimmed_line(text, len, &next);

		if (n != trimmed_line(truth, truth_len, &truth_next) || memcmp(text, truth, n) != 0)
			break;
		lines++;
		text += next;
		len -= next;
		truth += truth_next;
		truth_len -= truth_next;
	}
	return lines;
}
