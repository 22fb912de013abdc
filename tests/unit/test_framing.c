/*
 * Framing, both kinds. Each stream of the table is fed whole, cut in two at every place, and byte by byte, and must
 * give the same: "m:text" for a message, "r:id:kind" for one that was refused, "g" for garbage.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/rpc/framing.h"

static void on_message(void *ctx, char *text, size_t len)
{
	struct strbuf *seen = ctx;

	strbuf_adds(seen, "m:");
	strbuf_add(seen, text, len);
	strbuf_addch(seen, '|');
	/* The callee may scribble. */
	memset(text, '#', len);
}

static void on_refused(void *ctx, const struct peek *peek, const struct err *err)
{
	assert_int_equal(err->kind, ERR_INVALID_REQUEST);
	assert_true(strlen(err->message) > 0);
	strbuf_addf(ctx, "r:%s|", peek->id_kind == PEEK_ID_VALID ? peek->id : "-");
}

static void on_garbage(void *ctx, const struct err *err)
{
	assert_int_equal(err->kind, ERR_PARSE);
	assert_true(strlen(err->message) > 0);
	strbuf_adds(ctx, "g|");
}

static struct framing *make(struct strbuf *seen)
{
	struct framing_callbacks callbacks = {
		.message = on_message, .refused = on_refused, .garbage = on_garbage, .ctx = seen
	};

	return framing_new(&callbacks);
}

#define S(text) text, sizeof(text) - 1
#define LENGTH(n) "Content-Length: " #n "\r\n"
#define FIFTY "01234567890123456789012345678901234567890123456789"
#define LONG FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY

static const struct {
	const char *name;
	const char *in;
	size_t len;
	enum framing_kind kind;
	const char *events;
} cases[] = {
	/* headers */
	{ "one", S(LENGTH(2) "\r\n{}"), FRAMING_HEADERS, "m:{}|" },
	{ "two", S(LENGTH(2) "\r\n{}" LENGTH(3) "\r\n{ }"), FRAMING_HEADERS, "m:{}|m:{ }|" },
	{ "bare line feeds", S("Content-Length: 2\n\n{}Content-Length: 3\n\n{ }"), FRAMING_HEADERS, "m:{}|m:{ }|" },
	{ "any case, any blanks", S("content-LENGTH:2\r\n\r\n{}Content-Length \t: \t2 \t\r\n\r\n[]"), FRAMING_HEADERS,
	  "m:{}|m:[]|" },
	{ "other fields", S("X: y\r\n" LENGTH(2) "Z:\r\n\r\n{}"), FRAMING_HEADERS, "m:{}|" },
	{ "utf-8", S("Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n" LENGTH(2) "\r\n{}"), FRAMING_HEADERS,
	  "m:{}|" },
	{ "utf8, as older editors write", S(LENGTH(2) "Content-Type: x; charset=\"UTF8\"\r\n\r\n{}"), FRAMING_HEADERS,
	  "m:{}|" },
	{ "no charset", S(LENGTH(2) "Content-Type: application/json\r\n\r\n{}"), FRAMING_HEADERS, "m:{}|" },
	{ "another charset", S(LENGTH(8) "Content-Type: x; charset=utf-16\r\n\r\n{\"id\":3}" LENGTH(2) "\r\n{}"),
	  FRAMING_HEADERS, "r:3|m:{}|" },
	{ "another charset, nothing in it", S(LENGTH(0) "Content-Type: x;charset=x\r\n\r\n" LENGTH(2) "\r\n{}"),
	  FRAMING_HEADERS, "r:-|m:{}|" },
	{ "the charset holds for one message",
	  S("Content-Type: x; charset=latin1\r\n" LENGTH(2) "\r\n{}" LENGTH(2) "\r\n[]"), FRAMING_HEADERS, "r:-|m:[]|" },
	{ "no bytes", S(LENGTH(0) "\r\n" LENGTH(2) "\r\n{}"), FRAMING_HEADERS, "m:|m:{}|" },
	{ "leading zeros", S(LENGTH(0002) "\r\n{}"), FRAMING_HEADERS, "m:{}|" },
	{ "of two lengths the last", S(LENGTH(9) LENGTH(2) "\r\n{}"), FRAMING_HEADERS, "m:{}|" },
	{ "blanks before the first", S("\r\n \t\n" LENGTH(2) "\r\n{}"), FRAMING_HEADERS, "m:{}|" },
	{ "line ends between", S(LENGTH(2) "\r\n{}\r\n\n" LENGTH(2) "\r\n[]\n"), FRAMING_HEADERS, "m:{}|m:[]|" },
	{ "anything in the body", S(LENGTH(22) "\r\nContent-Length: 5\r\n\r\n\0" LENGTH(1) "\r\n1"), FRAMING_HEADERS,
	  "m:Content-Length: 5\r\n\r\n\0|m:1|" },
	{ "UTF-8 counts as bytes", S(LENGTH(6) "\r\n\"\xF0\x9F\x98\x80\""), FRAMING_HEADERS, "m:\"\xF0\x9F\x98\x80\"|" },
	{ "nothing", S(""), FRAMING_UNKNOWN, "" },
	{ "only blanks", S(" \r\n\t\n"), FRAMING_UNKNOWN, "" },

	/* garbage between */
	{ "no colon", S("hello\r\n" LENGTH(2) "\r\n{}"), FRAMING_HEADERS, "g|m:{}|" },
	{ "a text of many lines", S("Traceback:\n  at x\n  at y: z\nend\n\n\n" LENGTH(2) "\r\n{}"), FRAMING_HEADERS,
	  "g|m:{}|" },
	{ "behind a message", S(LENGTH(2) "\r\n{}oops\n" LENGTH(2) "\r\n[]"), FRAMING_HEADERS, "m:{}|g|m:[]|" },
	{ "a header begins within the line", S("oops\nwarning: Content-Length: 2\r\n\r\n{}"), FRAMING_HEADERS, "g|m:{}|" },
	{ "behind a NUL", S("oops\n\0\xFF\0Content-Length: 2\r\n\r\n{}"), FRAMING_HEADERS, "g|m:{}|" },
	{ "a NUL in a header", S("X: \0\r\n" LENGTH(2) "\r\n{}"), FRAMING_HEADERS, "g|m:{}|" },
	{ "no length", S("X: y\r\n\r\n{}\r\n" LENGTH(2) "\r\n[]"), FRAMING_HEADERS, "g|m:[]|" },
	{ "a length that is none", S("Content-Length: two\r\n\r\n{}\r\n" LENGTH(2) "\r\n[]"), FRAMING_HEADERS, "g|m:[]|" },
	{ "an empty length", S("Content-Length:\r\n" LENGTH(2) "\r\n[]"), FRAMING_HEADERS, "g|m:[]|" },
	{ "a negative length", S("Content-Length: -2\r\n" LENGTH(2) "\r\n[]"), FRAMING_HEADERS, "g|m:[]|" },
	{ "a length with more behind", S("Content-Length: 2x\r\n" LENGTH(2) "\r\n[]"), FRAMING_HEADERS, "g|m:[]|" },
	{ "broken twice", S("oops\nContent-Length: x\r\n" LENGTH(2) "\r\n[]"), FRAMING_HEADERS, "g|g|m:[]|" },
	{ "the body was longer than said", S(LENGTH(2) "\r\n{} and more\r\n" LENGTH(2) "\r\n[]"), FRAMING_HEADERS,
	  "m:{}|g|m:[]|" },
	{ "a line too long", S("X: " LONG "\r\n" LENGTH(2) "\r\n{}"), FRAMING_HEADERS, "g|m:{}|" },
	{ "a long line with a header at its end", S(LONG "Content-Length: 2\r\n\r\n{}"), FRAMING_HEADERS, "g|m:{}|" },
	{ "a long line of garbage with one", S("oops\n" LONG LONG "Content-Length: 2\r\n\r\n{}"), FRAMING_HEADERS,
	  "g|m:{}|" },
	{ "a header in the middle of a long line", S(FIFTY FIFTY FIFTY "Content-Length: 2 " FIFTY FIFTY "\n" LENGTH(2)
	  "\r\n{}"), FRAMING_HEADERS, "g|g|m:{}|" },
	{ "a length of many digits", S("Content-Length: 00000000000000000000000000000000000000000000000002\r\n\r\n{}"),
	  FRAMING_HEADERS, "m:{}|" },
	{ "too many fields",
	  S("A:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\n"
	    "\r\n" LENGTH(2) "\r\n{}"), FRAMING_HEADERS, "g|m:{}|" },
	{ "a byte order mark", S("\xEF\xBB\xBF" LENGTH(2) "\r\n{}\n" LENGTH(2) "\r\n[]"), FRAMING_HEADERS, "g|m:[]|" },

	/* the end within a message */
	{ "half a message", S(LENGTH(5) "\r\n{}"), FRAMING_HEADERS, "g|" },
	{ "half a refused one", S(LENGTH(5) "Content-Type: x; charset=x\r\n\r\n{}"), FRAMING_HEADERS, "g|" },
	{ "half a header", S(LENGTH(5)), FRAMING_HEADERS, "g|" },
	{ "half a header line", S("Content-Len"), FRAMING_HEADERS, "g|" },
	{ "a header and no body", S(LENGTH(5) "\r\n"), FRAMING_HEADERS, "g|" },
	{ "more digits than a number has",
	  S("Content-Length: 99999999999999999999999999\r\n\r\n{\"id\":1}" LENGTH(2) "\r\n{}"), FRAMING_HEADERS, "g|" },

	/* lines */
	{ "a line", S("{}\n"), FRAMING_LINES, "m:{}|" },
	{ "lines", S("{}\n{\"a\":1}\r\n[]\n"), FRAMING_LINES, "m:{}|m:{\"a\":1}\r|m:[]|" },
	{ "a list", S("[]\n"), FRAMING_LINES, "m:[]|" },
	{ "blank lines", S("\n \n{}\n\n \t\r\n[]\n"), FRAMING_LINES, "m:{}|m:[]|" },
	{ "blanks before", S("  \t{}\n"), FRAMING_LINES, "m:{}|" },
	{ "no line end", S("{}\n[]"), FRAMING_LINES, "m:{}|m:[]|" },
	{ "blanks at the end", S("{}\n  "), FRAMING_LINES, "m:{}|" },
	{ "any text is a message once it is lines", S("{}\noops\n" LENGTH(2)), FRAMING_LINES,
	  "m:{}|m:oops|m:Content-Length: 2\r|" },
	{ "a NUL", S("{\0}\n\0\n"), FRAMING_LINES, "m:{\0}|m:\0|" },
};

static void feed_pieces(struct strbuf *seen, size_t i, size_t first, size_t rest)
{
	struct framing *f = make(seen);
	size_t at = 0;
	size_t n = first;

	assert_int_equal(framing_kind_of(f), FRAMING_UNKNOWN);
	while (at < cases[i].len) {
		/* A block of just this size, so that reading past its end is noticed. */
		char *piece = xmalloc(n);

		memcpy(piece, cases[i].in + at, n);
		framing_feed(f, piece, n);
		free(piece);
		at += n;
		n = rest < cases[i].len - at ? rest : cases[i].len - at;
	}
	assert_int_equal(framing_kind_of(f), cases[i].kind);
	framing_end(f);
	framing_free(f);
}

/* Events may hold NULs: the table's string then ends before its length. */
static void check(size_t i, size_t first, size_t rest)
{
	struct strbuf seen;

	strbuf_init(&seen, KIB(64));
	feed_pieces(&seen, i, first, rest);
	for (size_t n = 0; n < seen.len; n++)
		if (!seen.data[n])
			seen.data[n] = '0';
	if (memcmp(seen.data, cases[i].events, strlen(cases[i].events)) ||
	    (!memchr(cases[i].in, 0, cases[i].len) && seen.len != strlen(cases[i].events)))
		fail_msg("%s, in pieces of %zu and %zu: %s", cases[i].name, first, rest, seen.data);
	strbuf_release(&seen);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (size_t first = 1; first <= cases[i].len; first++)
			check(i, first, SIZE_MAX);
		check(i, cases[i].len < 3 ? cases[i].len : 3, 7);
		check(i, cases[i].len ? 1 : 0, 1);
	}
}

/* NULs are bytes like others in a message. */
static void test_nul(void **state)
{
	struct strbuf seen;
	struct framing *f = make(&seen);

	(void)state;
	strbuf_init(&seen, 100);
	framing_feed(f, S("Content-Length: 3\r\n\r\n\"\0\""));
	assert_int_equal(seen.len, 6);
	assert_memory_equal(seen.data, "m:\"\0\"|", 6);
	framing_free(f);
	strbuf_reset(&seen);
	f = make(&seen);
	framing_feed(f, S("{\0}\n"));
	assert_int_equal(seen.len, 6);
	assert_memory_equal(seen.data, "m:{\0}|", 6);
	framing_free(f);
	strbuf_release(&seen);
}

/* Feeds "before", then n times 'x', then "after". */
static void feed_large(struct strbuf *seen, const char *before, size_t n, const char *after)
{
	struct framing *f = make(seen);
	char *chunk = xmalloc(LIMIT_READ_CHUNK);

	framing_feed(f, before, strlen(before));
	memset(chunk, 'x', LIMIT_READ_CHUNK);
	while (n) {
		size_t piece = n < LIMIT_READ_CHUNK ? n : LIMIT_READ_CHUNK;

		framing_feed(f, chunk, piece);
		n -= piece;
	}
	framing_feed(f, after, strlen(after));
	framing_end(f);
	framing_free(f);
	free(chunk);
}

static void on_length(void *ctx, char *text, size_t len)
{
	(void)text;
	strbuf_addf(ctx, "%zu|", len);
}

/* Messages at the limit and over it: the stream stays in step, and the answer finds its id on either side. */
static void test_large(void **state)
{
	static const size_t over[] = { 1, 100 };
	struct strbuf seen;
	char header[64];

	(void)state;
	strbuf_init(&seen, KIB(1));
	for (size_t i = 0; i < ARRAY_LEN(over); i++) {
		size_t len = LIMIT_MESSAGE + over[i];
		size_t xs = len - strlen("{\"id\":42,\"a\":\"\"}");

		strbuf_reset(&seen);
		snprintf(header, sizeof(header), "Content-Length: %zu\r\n\r\n{\"id\":42,\"a\":\"", len);
		feed_large(&seen, header, xs, "\"}Content-Length: 2\r\n\r\n{}");
		assert_string_equal(seen.data, "r:42|m:{}|");

		strbuf_reset(&seen);
		snprintf(header, sizeof(header), "Content-Length: %zu\r\n\r\n{\"a\":\"", len);
		feed_large(&seen, header, xs, "\",\"id\":42}Content-Length: 2\r\n\r\n{}");
		assert_string_equal(seen.data, "r:42|m:{}|");

		strbuf_reset(&seen);
		feed_large(&seen, "{\"id\":42,\"a\":\"", xs, "\"}\n{}\n");
		assert_string_equal(seen.data, "r:42|m:{}|");

		strbuf_reset(&seen);
		feed_large(&seen, "{\"a\":\"", xs, "\",\"id\":42}\n{}");
		assert_string_equal(seen.data, "r:42|m:{}|");

		strbuf_reset(&seen);
		feed_large(&seen, "{\"id\":42,\"a\":\"", xs, "\"}");
		assert_string_equal(seen.data, "r:42|");
	}
	strbuf_release(&seen);
}

static void test_largest(void **state)
{
	struct strbuf seen;
	struct framing_callbacks callbacks = {
		.message = on_length, .refused = on_refused, .garbage = on_garbage, .ctx = &seen
	};
	char header[64];
	char wanted[64];
	char *text = xmalloc(LIMIT_MESSAGE);
	struct framing *f = framing_new(&callbacks);

	(void)state;
	strbuf_init(&seen, KIB(1));
	memset(text, 'x', LIMIT_MESSAGE);
	snprintf(header, sizeof(header), "Content-Length: %zu\r\n\r\n", LIMIT_MESSAGE);
	snprintf(wanted, sizeof(wanted), "%zu|2|", LIMIT_MESSAGE);
	framing_feed(f, header, strlen(header));
	framing_feed(f, text, LIMIT_MESSAGE);
	framing_feed(f, S("Content-Length: 2\r\n\r\n{}"));
	assert_string_equal(seen.data, wanted);
	framing_free(f);

	strbuf_reset(&seen);
	f = framing_new(&callbacks);
	text[0] = '{';
	framing_feed(f, text, LIMIT_MESSAGE);
	framing_feed(f, S("\n{}\n"));
	assert_string_equal(seen.data, wanted);
	framing_free(f);
	framing_free(NULL);
	free(text);
	strbuf_release(&seen);
}

/* What goes out comes back in, in both kinds; before the first byte came in, with headers. */
static void test_out(void **state)
{
	static const char *const texts[] = { "1", "{}", "{\"a\":\"\xE4\xBD\xA0\"}", "\"0123456789\"" };
	static const enum framing_kind kinds[] = { FRAMING_UNKNOWN, FRAMING_HEADERS, FRAMING_LINES };

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
			struct strbuf out;
			char wanted[100];
			size_t start;

			strbuf_init(&out, 1000);
			framing_begin(&out);
			strbuf_adds(&out, texts[i]);
			framing_finish(&out, kinds[k], &start);
			if (kinds[k] == FRAMING_LINES)
				snprintf(wanted, sizeof(wanted), "%s\n", texts[i]);
			else
				snprintf(wanted, sizeof(wanted), "Content-Length: %zu\r\n\r\n%s", strlen(texts[i]), texts[i]);
			assert_int_equal(out.len - start, strlen(wanted));
			assert_memory_equal(out.data + start, wanted, strlen(wanted));
			strbuf_release(&out);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases), cmocka_unit_test(test_nul), cmocka_unit_test(test_large),
		cmocka_unit_test(test_largest), cmocka_unit_test(test_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
