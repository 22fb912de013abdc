/*
 * The event stream parser: each stream of the table is fed whole, cut in two at every place, and byte by
 * byte, and must give the same events.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/upstream/sse.h"

struct seen {
	struct strbuf text; /* "(type)data;" each, "!" before the data of an error line */
	size_t stop_after;  /* events; 0: never */
	size_t count;
};

static bool on_event(void *ctx, struct sse_event *event)
{
	struct seen *seen = ctx;

	assert_int_equal(event->data[event->len], 0);
	strbuf_addf(&seen->text, "(%s)%s", event->type, event->is_error_field ? "!" : "");
	strbuf_add(&seen->text, event->data, event->len);
	strbuf_addch(&seen->text, ';');
	/* The callee may scribble. */
	memset(event->data, 'X', event->len);
	return ++seen->count != seen->stop_after;
}

#define S(text) text, sizeof(text) - 1

static const struct {
	const char *name;
	const char *in;
	size_t len;
	const char *events;
} cases[] = {
	{ "one event", S("data: {\"a\":1}\n\n"), "(){\"a\":1};" },
	{ "no blank behind the colon", S("data:{\"a\":1}\n\ndata:[DONE]\n\n"), "(){\"a\":1};()[DONE];" },
	{ "only one blank is taken", S("data:  x \n\n"), "() x ;" },
	{ "a tab is no blank", S("data:\tx\n\n"), "()\tx;" },
	{ "CRLF", S("data: a\r\n\r\ndata: b\r\n\r\n"), "()a;()b;" },
	{ "CR", S("data: a\r\rdata: b\r\r"), "()a;()b;" },
	{ "line ends mixed", S("data: a\r\n\ndata: b\n\r\ndata: c\r\r\ndata: d\n\r"), "()a;()b;()c;()d;" },
	{ "CR CR LF is two line ends", S("data: a\r\r\ndata: b\n\n"), "()a;()b;" },
	{ "LF CR is two line ends", S("data: a\n\rdata: b\n\n"), "()a;()b;" },
	{ "byte order mark", S("\xEF\xBB\xBF" "data: a\n\n"), "()a;" },
	{ "one mark only", S("\xEF\xBB\xBF\xEF\xBB\xBF" "data: a\n\ndata: b\n\n"), "()b;" },
	{ "a mark later is part of the name", S("data: a\n\n\xEF\xBB\xBF" "data: b\n\n"), "()a;" },
	{ "a mark and a line end", S("\xEF\xBB\xBF\ndata: a\n\n"), "()a;" },
	{ "half a mark", S("\xEF\xBB" "data: a\n\ndata: b\n\n"), "()b;" },
	{ "comments", S(": keep-alive\n\n: OPENROUTER PROCESSING\n\n:PING\ndata: a\n: ping - 2024\n\n:\n\n"), "()a;" },
	{ "empty lines before the first event", S("\n\n\r\n\ndata: a\n\n"), "()a;" },
	{ "data in lines", S("data: {\ndata: \"a\"\ndata:}\n\n"), "(){\n\"a\"\n};" },
	{ "empty data lines count inside", S("data: a\ndata\ndata:\ndata: b\n\n"), "()a\n\n\nb;" },
	{ "empty data is no event", S("data:\n\ndata: \n\ndata\n\ndata: a\n\n"), "()a;" },
	{ "an event without data is none", S("event: ping\n\ndata: a\n\n"), "()a;" },
	{ "type", S("event: error\ndata: a\n\ndata: b\n\n"), "(error)a;()b;" },
	{ "type behind the data, the last one counts", S("data: a\nevent: x\nevent:y\n\n"), "(y)a;" },
	{ "type emptied", S("event: x\nevent\ndata: a\n\n"), "()a;" },
	{ "type too long",
	  S("event: 0123456789012345678901234567890123456789012345678901234567890123456789\ndata: a\n\n"), "()a;" },
	{ "id, retry and unknown fields", S("id: 1\nretry: 10\nfoo: bar\nfoo\ndata: a\n\n"), "()a;" },
	{ "names are told apart by case and length", S("Data: a\ndata2: b\ndat: c\n data: d\ndata : e\n\ndata: f\n\n"),
	  "()f;" },
	{ "no end line", S("data: a\n\ndata: [DONE]"), "()a;()[DONE];" },
	{ "no blank line", S("data: a\n\ndata: {\"b\":1}\n"), "()a;(){\"b\":1};" },
	{ "ends in CR", S("data: a\r"), "()a;" },
	{ "ends within a name", S("data: a\n\ndat"), "()a;" },
	{ "llama.cpp's error line", S("error: {\"code\":500}\n\n"), "()!{\"code\":500};" },
	{ "an error line is an event of its own", S("data: a\nerror: b\ndata: c\n\n"), "()a;()!b;()c;" },
	{ "an error in lines", S("error: a\nerror: b\n\n"), "()!a\nb;" },
	{ "colons in the value", S("data: a:b: c\n\n"), "()a:b: c;" },
	{ "UTF-8", S("data: \xE4\xBD\xA0\xE5\xA5\xBD\xF0\x9F\x98\x80\n\n"), "()\xE4\xBD\xA0\xE5\xA5\xBD\xF0\x9F\x98\x80;" },
	{ "bytes that are no UTF-8", S("data: \xFF\xC3\n\n"), "()\xFF\xC3;" },
	{ "a whole body that is no stream", S("{\"a\":1}"), "" },
	{ "nothing", S(""), "" },
	{ "only line ends", S("\r\n\r\n\n\r"), "" },
};

static void feed_pieces(struct seen *seen, const char *in, size_t len, size_t first, size_t rest)
{
	struct sse *sse = sse_new(on_event, seen);
	size_t at = 0;
	size_t n = first;

	while (at < len) {
		/* A block of just this size, so that reading past its end is noticed. */
		char *piece = xmalloc(n);

		memcpy(piece, in + at, n);
		assert_true(sse_feed(sse, piece, n));
		free(piece);
		at += n;
		n = rest < len - at ? rest : len - at;
	}
	sse_end(sse);
	assert_false(sse_overflowed(sse));
	sse_free(sse);
}

static void check(size_t i, size_t first, size_t rest)
{
	struct seen seen = { 0 };

	strbuf_init(&seen.text, KIB(64));
	feed_pieces(&seen, cases[i].in, cases[i].len, first, rest);
	if (strcmp(seen.text.data, cases[i].events))
		print_message("%s, cut at %zu\n", cases[i].name, first);
	assert_string_equal(seen.text.data, cases[i].events);
	strbuf_release(&seen.text);
}

static void test_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(i, cases[i].len, 1);
}

static void test_every_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t cut = 1; cut < cases[i].len; cut++)
			check(i, cut, cases[i].len - cut);
}

static void test_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t n = 1; n <= 3 && n <= cases[i].len; n++)
			check(i, n, n);
}

/* An event is there as soon as its last line end is, whatever kind that is. */
static void test_at_once(void **state)
{
	static const struct {
		const char *in;
		size_t events;
	} steps[] = {
		{ "data: a\n", 0 }, { "\n", 1 }, { "data: b\r", 1 }, { "\r", 2 }, { "\ndata: c\r\n", 2 }, { "\r", 3 }, {
		  "\n", 3 },
	};
	struct seen seen = { 0 };
	struct sse *sse = sse_new(on_event, &seen);

	(void)state;
	strbuf_init(&seen.text, KIB(1));
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		assert_true(sse_feed(sse, steps[i].in, strlen(steps[i].in)));
		assert_int_equal(seen.count, steps[i].events);
	}
	sse_end(sse);
	assert_int_equal(seen.count, 3);
	assert_string_equal(seen.text.data, "()a;()b;()c;");
	sse_free(sse);
	strbuf_release(&seen.text);
}

static void test_stop(void **state)
{
	struct seen seen = { .stop_after = 2 };
	struct sse *sse = sse_new(on_event, &seen);

	(void)state;
	strbuf_init(&seen.text, KIB(1));
	assert_false(sse_feed(sse, S("data: a\n\ndata: b\n\ndata: c\n\n")));
	assert_false(sse_feed(sse, S("data: d\n\n")));
	sse_end(sse);
	assert_false(sse_overflowed(sse));
	assert_string_equal(seen.text.data, "()a;()b;");
	sse_free(sse);
	strbuf_release(&seen.text);
}

/* The callee stops it at the data before an error line: the error is not taken either. */
static void test_stop_before_error_line(void **state)
{
	struct seen seen = { .stop_after = 1 };
	struct sse *sse = sse_new(on_event, &seen);

	(void)state;
	strbuf_init(&seen.text, KIB(1));
	assert_false(sse_feed(sse, S("data: a\nerror: b\n\n")));
	sse_end(sse);
	assert_string_equal(seen.text.data, "()a;");
	sse_free(sse);
	strbuf_release(&seen.text);
}

static void test_end_is_the_end(void **state)
{
	struct seen seen = { 0 };
	struct sse *sse = sse_new(on_event, &seen);

	(void)state;
	strbuf_init(&seen.text, KIB(1));
	assert_true(sse_feed(sse, S("data: a")));
	sse_end(sse);
	sse_end(sse);
	assert_false(sse_feed(sse, S("data: b\n\n")));
	assert_string_equal(seen.text.data, "()a;");
	sse_free(sse);
	strbuf_release(&seen.text);
}

static bool count_bytes(void *ctx, struct sse_event *event)
{
	*(size_t *)ctx += event->len;
	return true;
}

enum shape { ONE_PIECE, NO_LINE_END, IN_PIECES, MANY_LINES };

/* Feeds `size` bytes of data in a shape; returns what sse_feed said at the end. */
static bool feed_big(struct sse *sse, size_t size, enum shape shape)
{
	char *bytes = xmalloc(size + 16);
	bool ok = true;
	size_t n;

	memset(bytes, 'a', size + 16);
	memcpy(bytes, "data:", 5);
	if (shape == MANY_LINES) {
		for (n = 0; ok && n < size; n += 1024 + 1) {
			bytes[5 + 1024] = '\n';
			ok = sse_feed(sse, bytes, 5 + 1024 + 1);
		}
		ok = ok && sse_feed(sse, "\n", 1);
		free(bytes);
		return ok;
	}
	n = 5 + size;
	if (shape != NO_LINE_END) {
		memcpy(bytes + n, "\n\n", 2);
		n += 2;
	}
	for (size_t at = 0; ok && at < n;) {
		size_t piece = shape == IN_PIECES && n - at > 1000 ? 1000 : n - at;

		ok = sse_feed(sse, bytes + at, piece);
		at += piece;
	}
	free(bytes);
	return ok;
}

static void test_limits(void **state)
{
	static const struct {
		size_t size;
		enum shape shape;
		bool ok;
	} big[] = {
		{ LIMIT_SSE_LINE - 5, ONE_PIECE, true },
		{ LIMIT_SSE_LINE - 4, ONE_PIECE, false },
		{ LIMIT_SSE_LINE - 5, IN_PIECES, true },
		{ LIMIT_SSE_LINE - 4, IN_PIECES, false },
		{ LIMIT_SSE_LINE - 5, NO_LINE_END, true },
		{ LIMIT_SSE_LINE - 4, NO_LINE_END, false },
		{ LIMIT_SSE_EVENT - KIB(8), MANY_LINES, true },
		{ LIMIT_SSE_EVENT + KIB(8), MANY_LINES, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(big); i++) {
		size_t bytes = 0;
		struct sse *sse = sse_new(count_bytes, &bytes);

		assert_int_equal(feed_big(sse, big[i].size, big[i].shape), big[i].ok);
		assert_int_equal(sse_overflowed(sse), !big[i].ok);
		sse_end(sse);
		assert_int_equal(bytes > 0, big[i].ok);
		if (!big[i].ok)
			assert_false(sse_feed(sse, S("data: a\n\n")));
		sse_free(sse);
	}
}

static void test_free_null(void **state)
{
	size_t bytes = 0;
	struct sse *sse = sse_new(count_bytes, &bytes);

	(void)state;
	assert_true(sse_feed(sse, NULL, 0));
	assert_true(sse_feed(sse, S("data: half")));
	sse_free(sse);
	sse_free(NULL);
	assert_int_equal(bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_stop_before_error_line),
		cmocka_unit_test(test_end_is_the_end),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_free_null),
	};

	return cmocka_run_group_tests_name("sse", tests, NULL, NULL);
}
