/*
 * The scanner for ids: each text is fed whole, cut in two at every place, and byte by byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/rpc/peek.h"

#define S(text) text, sizeof(text) - 1

#define NONE PEEK_ID_ABSENT, ""
#define BAD PEEK_ID_INVALID, NULL
#define ID(text) PEEK_ID_VALID, text

static const struct {
	unsigned level;
	const char *in;
	size_t len;
	enum peek_id kind;
	const char *id;
} cases[] = {
	{ 1, S("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\"}"), ID("1") },
	{ 1, S("{\"id\":1}"), ID("1") },
	{ 1, S(" \r\n{ \"id\" \t:\r\n 12 \t, \"b\" : 2 }"), ID("12") },
	{ 1, S("{\"method\":\"x\",\"params\":{\"id\":2},\"id\":1}"), ID("1") },
	{ 1, S("{\"params\":{\"id\":2}}"), NONE },
	{ 1, S("{\"params\":[{\"id\":2},\"id\"]}"), NONE },
	{ 1, S("{}"), NONE },
	{ 1, S(""), NONE },
	{ 1, S("[{\"id\":1}]"), NONE },
	{ 1, S("[\"id\",1]"), NONE },
	{ 1, S("\"id\""), NONE },
	{ 1, S("{\"a\":\"id\",\"b\":1}"), NONE },
	{ 1, S("{\"id \":1,\"Id\":2,\"ID\":3,\"idx\":4,\"i\":5,\"\":6}"), NONE },
	{ 1, S("{\"a\":\"\\\"id\\\":7\",\"id\":8}"), ID("8") },
	{ 1, S("{\"a\":\"x\\\\\",\"id\":8}"), ID("8") },
	{ 1, S("{\"a\":\"}{][,:\",\"id\":8}"), ID("8") },
	{ 1, S("{\"a\":[[{\"b\":[1,2]}],{}],\"id\":8}"), ID("8") },

	/* Strings and numbers are echoed as they came. */
	{ 1, S("{\"id\":\"a\"}"), ID("\"a\"") },
	{ 1, S("{\"id\":\"\"}"), ID("\"\"") },
	{ 1, S("{\"id\":\" a, b} \"}"), ID("\" a, b} \"") },
	{ 1, S("{\"id\":\"a\\\"b\\\\\"}"), ID("\"a\\\"b\\\\\"") },
	{ 1, S("{\"id\":\"\\u00e4\\ud800\\u0000\"}"), ID("\"\\u00e4\\ud800\\u0000\"") },
	{ 1, S("{\"id\":\"\xE4\xBD\xA0\"}"), ID("\"\xE4\xBD\xA0\"") },
	{ 1, S("{\"id\":-0}"), ID("-0") },
	{ 1, S("{\"id\":1.50}"), ID("1.50") },
	{ 1, S("{\"id\":1E+2}"), ID("1E+2") },
	{ 1, S("{\"id\":123456789012345678901234567890}"), ID("123456789012345678901234567890") },
	{ 1, S("{\"id\":null}"), ID("null") },

	/* The first counts, as in json.h. */
	{ 1, S("{\"id\":1,\"id\":2}"), ID("1") },
	{ 1, S("{\"id\":[],\"id\":2}"), BAD },

	/* The key in escapes is the same key. */
	{ 1, S("{\"\\u0069d\":1}"), ID("1") },
	{ 1, S("{\"i\\u0064\":1}"), ID("1") },
	{ 1, S("{\"\\u0069\\u0064\":1}"), ID("1") },
	{ 1, S("{\"\\u0069\\u0064x\":1}"), NONE },
	{ 1, S("{\"\\u0069\\u0065\":1,\"\\u1069d\":2,\"\\u0069\\\\u0064\":3,\"\\id\":4}"), NONE },

	/* no ids */
	{ 1, S("{\"id\":true}"), BAD },
	{ 1, S("{\"id\":{}}"), BAD },
	{ 1, S("{\"id\":{\"id\":1}}"), BAD },
	{ 1, S("{\"id\":[1,2]}"), BAD },
	{ 1, S("{\"id\":[]}"), BAD },
	{ 1, S("{\"id\":01}"), BAD },
	{ 1, S("{\"id\":1.}"), BAD },
	{ 1, S("{\"id\":+1}"), BAD },
	{ 1, S("{\"id\":}"), BAD },
	{ 1, S("{\"id\":nul}"), BAD },
	{ 1, S("{\"id\":nulll}"), BAD },
	{ 1, S("{\"id\":null\0}"), BAD },

	/* What is no JSON may be found anywhere, but a valid id is JSON. */
	{ 1, S("{\"id\":\"a"), BAD },
	{ 1, S("{\"id\":\"a\\"), BAD },
	{ 1, S("{\"id\":\"a\" \"b\"}"), BAD },
	{ 1, S("{\"id\":\"a\"b\"}"), BAD },
	{ 1, S("{\"id\":\"a\nb\"}"), BAD },
	{ 1, S("{\"id\":\"\\q\"}"), BAD },
	{ 1, S("{\"id\":\"\\u12\"}"), BAD },
	{ 1, S("{\"id\":\"\xFF\"}"), BAD },
	{ 1, S("{\"id\":\"\0\"}"), BAD },
	{ 1, S("{\"id\":\"\\\"}"), BAD },
	{ 1, S("{\"id\":12"), ID("12") },
	{ 1, S("]]}}{\"id\":12"), ID("12") },

	/* one level deeper, for a cancellation */
	{ 2, S("{\"method\":\"$/cancelRequest\",\"params\":{\"id\":5}}"), ID("5") },
	{ 2, S("{\"id\":1,\"params\":{\"a\":{\"id\":3},\"id\":\"x\"},\"id\":2}"), ID("\"x\"") },
	{ 2, S("{\"id\":1,\"params\":[\"id\",5]}"), NONE },
	{ 2, S("{\"id\":1,\"params\":[\"id\"],\"x\":{\"a\":7}}"), NONE },
	{ 2, S("{\"id\":1}"), NONE },
};

static void feed(struct peek *p, const char *bytes, size_t len)
{
	char *exact = xmalloc(len);

	memcpy(exact, bytes, len);
	peek_feed(p, exact, len);
	free(exact);
}

static void check(const struct peek *p, size_t i)
{
	if (p->id_kind != cases[i].kind)
		fail_msg("%s gives kind %d", cases[i].in, (int)p->id_kind);
	if (!cases[i].id)
		return;
	assert_string_equal(p->id, cases[i].id);
	assert_int_equal(p->id_len, strlen(cases[i].id));
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct peek p;

		for (size_t cut = 0; cut <= cases[i].len; cut++) {
			peek_init(&p, cases[i].level);
			feed(&p, cases[i].in, cut);
			feed(&p, cases[i].in + cut, cases[i].len - cut);
			peek_end(&p);
			check(&p, i);
		}
		peek_init(&p, cases[i].level);
		for (size_t at = 0; at < cases[i].len; at++)
			feed(&p, cases[i].in + at, 1);
		peek_end(&p);
		check(&p, i);
	}
}

/* "{"id":<blanks><id of len bytes><blanks>}" */
static void feed_long(struct peek *p, size_t blanks, size_t len)
{
	char *text = xmalloc(blanks + len);

	memset(text, ' ', blanks);
	peek_init(p, 1);
	peek_feed(p, S("{\"id\":"));
	peek_feed(p, text, blanks);
	memset(text, 'x', len);
	text[0] = text[len - 1] = '"';
	peek_feed(p, text, len);
	memset(text, '\n', blanks);
	peek_feed(p, text, blanks);
	peek_feed(p, S("}"));
	peek_end(p);
	free(text);
}

static void test_longest(void **state)
{
	static const size_t lengths[] = { 2, LIMIT_ID - 1, LIMIT_ID, LIMIT_ID + 1, LIMIT_ID + 2, 100000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		for (size_t blanks = 0; blanks < 1000; blanks += 333) {
			bool fits = lengths[i] <= LIMIT_ID;
			struct peek p;

			feed_long(&p, blanks, lengths[i]);
			assert_int_equal(p.id_kind, fits ? PEEK_ID_VALID : PEEK_ID_INVALID);
			assert_true(strlen(p.id) <= LIMIT_ID);
			if (fits)
				assert_int_equal(p.id_len, lengths[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases), cmocka_unit_test(test_longest) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
