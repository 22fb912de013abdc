/*
 * JSON in. Each trap of cJSON that src/base/json_guard.c closes has a line in the tables: what must be refused,
 * and what must come out repaired.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/json.h"
#include "eke/base/json_writer.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"

#define S(text) text, sizeof(text) - 1
#define R "\xEF\xBF\xBD"

/* Parses a copy in a block of just this size, so that a read past its end is noticed. */
static const struct json *parse(struct json_pool *pool, const char *text, size_t len, enum json_source source,
	struct err *err)
{
	char *copy = xmalloc(len);
	const struct json *tree;

	memcpy(copy, text, len);
	tree = json_parse(pool, copy, len, source, err);
	memset(copy, '#', len);
	free(copy);
	return tree;
}

/* What is written when the tree is written again; NULL: must be refused. */
static const struct {
	const char *in;
	size_t len;
	const char *strict;
	const char *lenient;
} texts[] = {
	/* the values */
	{ S("null"), "null", "null" },
	{ S(" \t\r\n true \t\r\n "), "true", "true" },
	{ S("false"), "false", "false" },
	{ S("\"\""), "\"\"", "\"\"" },
	{ S("[]"), "[]", "[]" },
	{ S("{}"), "{}", "{}" },
	{ S("[ 1 , \"a\" , { \"k\" : [ ] } , null ]"), "[1,\"a\",{\"k\":[]},null]", "[1,\"a\",{\"k\":[]},null]" },
	{ S("{\"\":0,\"a b\":{\"c\":[true,false]}}"), "{\"\":0,\"a b\":{\"c\":[true,false]}}",
	  "{\"\":0,\"a b\":{\"c\":[true,false]}}" },

	/* escapes */
	{ S("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "\"\\\"\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\"" },
	{ S("\"\\u0041\\u00e4\\u4F60\\uD83D\\uDE00\""), "\"A\xC3\xA4\xE4\xBD\xA0\xF0\x9F\x98\x80\"",
	  "\"A\xC3\xA4\xE4\xBD\xA0\xF0\x9F\x98\x80\"" },
	{ S("\"\\ud83d\\ude00\""), "\"\xF0\x9F\x98\x80\"", "\"\xF0\x9F\x98\x80\"" },
	{ S("{\"\\u0061\":1}"), "{\"a\":1}", "{\"a\":1}" },
	/* \u0000 would end the string */
	{ S("\"a\\u0000b\""), "\"a" R "b\"", "\"a" R "b\"" },
	{ S("{\"a\\u0000b\":1}"), "{\"a" R "b\":1}", "{\"a" R "b\":1}" },
	/* lone surrogates would make the whole text malformed */
	{ S("\"\\ud800\""), "\"" R "\"", "\"" R "\"" },
	{ S("\"\\uDFFF\""), "\"" R "\"", "\"" R "\"" },
	{ S("\"\\udc00\\ud800\""), "\"" R R "\"", "\"" R R "\"" },
	{ S("\"\\ud800\\ud800\\udc00\""), "\"" R "\xF0\x90\x80\x80\"", "\"" R "\xF0\x90\x80\x80\"" },
	{ S("\"\\ud800x\""), "\"" R "x\"", "\"" R "x\"" },
	{ S("\"\\ud800\\n\""), "\"" R "\\n\"", "\"" R "\\n\"" },
	{ S("\"\\ud800\\u0041\""), "\"" R "A\"", "\"" R "A\"" },
	{ S("\"\\ud800\\u0000\""), "\"" R R "\"", "\"" R R "\"" },
	/* the other half is not text of this string */
	{ S("[\"\\ud83d\",\"\\ude00\"]"), "[\"" R "\",\"" R "\"]", "[\"" R "\",\"" R "\"]" },
	{ S("\"\\\\ud800\""), "\"\\\\ud800\"", "\"\\\\ud800\"" },
	{ S("\"\\ufffe\\uffff\""), "\"\xEF\xBF\xBE\xEF\xBF\xBF\"", "\"\xEF\xBF\xBE\xEF\xBF\xBF\"" },
	/* cJSON reads \uZZZZ as 0, and other escapes not at all or as the letter */
	{ S("\"\\uZZZZ\""), NULL, NULL },
	{ S("\"\\u12\""), NULL, NULL },
	{ S("\"\\u12G4\""), NULL, NULL },
	{ S("\"\\u"), NULL, NULL },
	{ S("\"\\ud800\\u12"), NULL, NULL },
	{ S("\"\\ud800\\uZZZZ\""), NULL, NULL },
	{ S("\"\\U0041\""), NULL, NULL },
	{ S("\"\\x41\""), NULL, NULL },
	{ S("\"\\'\""), NULL, NULL },
	{ S("\"\\\0\""), NULL, NULL },
	{ S("\"\\"), NULL, NULL },
	{ S("\"\\\""), NULL, NULL },

	/* raw control characters */
	{ S("\"a\nb\tc\x01" "d\""), NULL, "\"a\\nb\\tc\\u0001d\"" },
	{ S("\"a\nb\\n\""), NULL, "\"a\\nb\\n\"" },
	{ S("\"a\x7F" "b\""), "\"a\\u007fb\"", "\"a\\u007fb\"" },
	{ S("\"a\0b\""), NULL, NULL },
	{ S("1\0"), NULL, NULL },
	{ S("\0"), NULL, NULL },
	{ S("[1,\0]"), NULL, NULL },
	/* cJSON takes everything up to a blank as a blank */
	{ S("[\x01]"), NULL, "[]" },
	{ S("{\x0B\"a\":1}"), NULL, "{\"a\":1}" },
	{ S("\xC2\xA0" "1"), NULL, NULL },

	/* invalid UTF-8 */
	{ S("\"\xFF\""), NULL, "\"" R "\"" },
	{ S("\"\xE4\xBD\""), NULL, "\"" R "\"" },
	{ S("\"\xED\xA0\x80\""), NULL, "\"" R R R "\"" },
	{ S("{\"\xC3\":\"\\n\xC3\"}"), NULL, "{\"" R "\":\"\\n" R "\"}" },
	{ S("\xFF"), NULL, NULL },
	{ S("\"\xF4\x8F\xBF\xBF\""), "\"\xF4\x8F\xBF\xBF\"", "\"\xF4\x8F\xBF\xBF\"" },

	/* a byte order mark is tolerated */
	{ S("\xEF\xBB\xBF{}"), "{}", "{}" },
	{ S("\xEF\xBB\xBF\xEF\xBB\xBF{}"), NULL, NULL },
	{ S("\xFE\xFF\0{\0}"), NULL, NULL },

	/* trailing bytes */
	{ S("{}{}"), NULL, NULL },
	{ S("1 2"), NULL, NULL },
	{ S("nullnull"), NULL, NULL },
	{ S("{} x"), NULL, NULL },
	{ S("[]]"), NULL, NULL },

	/* no JSON */
	{ S(""), NULL, NULL },
	{ S(" "), NULL, NULL },
	{ S("nul"), NULL, NULL },
	{ S("True"), NULL, NULL },
	{ S("NaN"), NULL, NULL },
	{ S("Infinity"), NULL, NULL },
	{ S("-Infinity"), NULL, NULL },
	{ S("'a'"), NULL, NULL },
	{ S("\"a"), NULL, NULL },
	{ S("["), NULL, NULL },
	{ S("[1"), NULL, NULL },
	{ S("[1,"), NULL, NULL },
	{ S("[1,]"), NULL, NULL },
	{ S("[,1]"), NULL, NULL },
	{ S("[1 2]"), NULL, NULL },
	{ S("[1}"), NULL, NULL },
	{ S("{"), NULL, NULL },
	{ S("{\"a\""), NULL, NULL },
	{ S("{\"a\":"), NULL, NULL },
	{ S("{\"a\":1"), NULL, NULL },
	{ S("{\"a\":1,}"), NULL, NULL },
	{ S("{\"a\" 1}"), NULL, NULL },
	{ S("{a:1}"), NULL, NULL },
	{ S("{1:1}"), NULL, NULL },
	{ S("{\"a\":1 \"b\":2}"), NULL, NULL },
	{ S("// c\n1"), NULL, NULL },

	/* numbers */
	{ S("[0,-0,1,-1,1e3,1E+2,12.5,-0.25]"), "[0,0,1,-1,1000,100,12.5,-0.25]", "[0,0,1,-1,1000,100,12.5,-0.25]" },
	{ S("[9007199254740992,-9007199254740992]"), "[9007199254740992,-9007199254740992]",
	  "[9007199254740992,-9007199254740992]" },
	{ S("[1e300,1.5e-300,123456789012345678901]"), "[1e+300,1.5e-300,1.2345678901234568e+20]",
	  "[1e+300,1.5e-300,1.2345678901234568e+20]" },
	/* More than a double holds cannot be written as a number. */
	{ S("1e999"), "null", "null" },
	{ S("-1e999"), "null", "null" },
	/* strtod() takes more than JSON */
	{ S("01"), NULL, "1" },
	{ S("[1.]"), NULL, "[1]" },
	{ S("-.5"), NULL, "-0.5" },
	{ S("+1"), NULL, NULL },
	{ S(".5"), NULL, NULL },
	{ S("-"), NULL, NULL },
	{ S("0x10"), NULL, NULL },
	{ S("1e"), NULL, NULL },
	{ S("1-1"), NULL, NULL },
};

static void check_text(size_t i, enum json_source source, const char *wanted)
{
	struct json_pool *pool = json_pool_new();
	struct err err = ERR_INIT;
	const struct json *tree = parse(pool, texts[i].in, texts[i].len, source, &err);
	struct strbuf out;
	struct json_writer w;

	if (!wanted != !tree)
		fail_msg("%s was %s: %s", texts[i].in, tree ? "taken" : "refused", err.message);
	if (!tree) {
		assert_int_equal(err.kind, ERR_PARSE);
		assert_true(strlen(err.message) > 0);
		json_pool_free(pool);
		return;
	}
	assert_int_equal(err.kind, ERR_NONE);
	strbuf_init(&out, 1000);
	json_writer_init(&w, &out);
	json_put_tree(&w, tree);
	json_writer_end(&w);
	assert_string_equal(out.data, wanted);
	strbuf_release(&out);
	json_pool_free(pool);
}

static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		check_text(i, JSON_STRICT, texts[i].strict);
		check_text(i, JSON_LENIENT, texts[i].lenient);
	}
}

/* Errors say where: the byte is what a person's line is computed from. */
static const struct {
	const char *in;
	size_t len;
	const char *message;
} errors[] = {
	{ S("[1,x]"), "malformed JSON at byte 3" },
	{ S("{} x"), "unexpected text behind the JSON value, at byte 2" },
	{ S("[\"a\nb\"]"), "unescaped control character 0x0a in a JSON string at byte 3" },
	{ S("[\"a\\qb\"]"), "bad escape in a JSON string at byte 3" },
	{ S("[\"a\\u123\"]"), "bad \\u escape in a JSON string at byte 3" },
	{ S("[\"\xFF\"]"), "JSON text is not valid UTF-8 at byte 2" },
	{ S("[1,\0]"), "NUL byte in JSON at byte 3" },
	{ S("[1,\x02]"), "control character 0x02 in JSON at byte 3" },
	{ S("[1,01]"), "malformed number in JSON at byte 3" },
	{ S("[1,\"a]"), "the string that begins at byte 3 does not end" },
};

static void test_errors_say_where(void **state)
{
	struct json_pool *pool = json_pool_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		struct err err = ERR_INIT;

		assert_null(parse(pool, errors[i].in, errors[i].len, JSON_STRICT, &err));
		assert_non_null(strstr(err.message, errors[i].message));
	}
	json_pool_free(pool);
}

static void nest(struct strbuf *text, char open, size_t depth, const char *inner, char close)
{
	strbuf_reset(text);
	for (size_t i = 0; i < depth; i++) {
		if (open == '{')
			strbuf_adds(text, "{\"k\":");
		else
			strbuf_addch(text, open);
	}
	strbuf_adds(text, inner);
	for (size_t i = 0; i < depth; i++)
		strbuf_addch(text, close);
}

static void test_depth(void **state)
{
	struct json_pool *pool = json_pool_new();
	struct strbuf text;

	(void)state;
	strbuf_init(&text, MIB(1));
	for (size_t depth = 1; depth < 3000; depth += depth < 120 || depth > 130 ? 17 : 1) {
		for (const char *kind = "[]{}"; *kind; kind += 2) {
			bool fits = depth <= LIMIT_JSON_DEPTH;
			struct err err = ERR_INIT;

			nest(&text, kind[0], depth, "\"\\n\"", kind[1]);
			assert_int_equal(parse(pool, text.data, text.len, JSON_STRICT, &err) != NULL, fits);
			assert_int_equal(err.kind, fits ? ERR_NONE : ERR_PARSE);
			assert_int_equal(parse(pool, text.data, text.len, JSON_LENIENT, &err) != NULL, fits);
			json_pool_reset(pool);
		}
	}
	/* Brackets inside strings are not nesting, and closed ones do not add up. */
	strbuf_reset(&text);
	strbuf_adds(&text, "[\"");
	for (int i = 0; i < 1000; i++)
		strbuf_adds(&text, "[{");
	strbuf_adds(&text, "\"");
	for (int i = 0; i < 1000; i++)
		strbuf_adds(&text, ",[{}]");
	strbuf_adds(&text, "]");
	{
		struct err err = ERR_INIT;

		assert_int_equal(json_count(parse(pool, text.data, text.len, JSON_STRICT, &err)), 1001);
	}
	/* Any depth at all ends in an error for an endpoint's text too, not in a stack that overflows. */
	nest(&text, '[', 200000, "", ']');
	{
		struct err err = ERR_INIT;

		assert_null(parse(pool, text.data, text.len, JSON_LENIENT, &err));
		assert_int_equal(err.kind, ERR_PARSE);
	}
	strbuf_release(&text);
	json_pool_free(pool);
}

/* What is too deep for the writer is written as null; the text stays valid. */
static void test_put_deep_tree(void **state)
{
	struct json_pool *pool = json_pool_new();
	struct strbuf text;
	struct strbuf wanted;
	struct strbuf out;

	(void)state;
	strbuf_init(&text, KIB(64));
	strbuf_init(&wanted, KIB(64));
	strbuf_init(&out, KIB(64));
	for (size_t depth = 1; depth <= LIMIT_JSON_DEPTH; depth++) {
		size_t kept = depth < JSON_WRITER_DEPTH - 1 ? depth : JSON_WRITER_DEPTH - 1;
		struct json_writer w;
		struct err err = ERR_INIT;
		const struct json *tree;

		nest(&text, '{', depth, "1", '}');
		tree = parse(pool, text.data, text.len, JSON_STRICT, &err);
		assert_non_null(tree);
		nest(&wanted, '{', kept, kept < depth ? "null" : "1", '}');
		strbuf_reset(&out);
		json_writer_init(&w, &out);
		json_put_tree(&w, tree);
		json_writer_end(&w);
		assert_string_equal(out.data, wanted.data);
		/* The levels above count. */
		strbuf_reset(&out);
		json_writer_init(&w, &out);
		json_begin_array(&w, NULL);
		json_begin_array(&w, NULL);
		json_put_tree(&w, tree);
		json_end_array(&w);
		json_end_array(&w);
		json_writer_end(&w);
		assert_non_null(parse(pool, out.data, out.len, JSON_STRICT, &err));
		json_pool_reset(pool);
	}
	strbuf_release(&text);
	strbuf_release(&wanted);
	strbuf_release(&out);
	json_pool_free(pool);
}

static void test_look_ups(void **state)
{
	static const char text[] = "{\"a\":1,\"A\":2,\"a\":3,\"n\":null,\"s\":\"x\",\"l\":[1,\"a\",null],\"o\":{\"a\":{}},"
				   "\"t\":true,\"f\":false,\"d\":1.5}";
	struct json_pool *pool = json_pool_new();
	struct err err = ERR_INIT;
	const struct json *j = parse(pool, S(text), JSON_STRICT, &err);
	int64_t n = 0;
	double d = 0;
	bool b = false;

	(void)state;
	assert_true(json_is_object(j) && !json_is_array(j) && !json_is_string(j));
	assert_int_equal(json_count(j), 10);
	/* case-sensitive; of duplicates the first */
	assert_true(json_int(json_get(j, "a"), &n));
	assert_int_equal(n, 1);
	assert_true(json_int(json_get(j, "A"), &n));
	assert_int_equal(n, 2);
	assert_null(json_get(j, "S"));
	assert_null(json_get(j, ""));
	/* null is there, but not present */
	assert_true(json_is_null(json_get(j, "n")));
	assert_null(json_get_present(j, "n"));
	assert_non_null(json_get_present(j, "a"));
	assert_false(json_is_null(json_get(j, "missing")));
	/* of other types */
	assert_null(json_get(json_get(j, "l"), "a"));
	assert_null(json_get(json_get(j, "s"), "x"));
	assert_null(json_string(json_get(j, "a")));
	assert_false(json_int(json_get(j, "s"), &n));
	assert_false(json_bool(json_get(j, "a"), &b));
	assert_false(json_number(json_get(j, "t"), &d));
	assert_int_equal(n, 2);
	assert_true(json_bool(json_get(j, "t"), &b) && b);
	assert_true(json_bool(json_get(j, "f"), &b) && !b);
	assert_true(json_number(json_get(j, "d"), &d) && fabs(d - 1.5) < 1e-9);
	assert_false(json_int(json_get(j, "d"), &n));
	/* walking */
	assert_string_equal(json_key(json_first(j)), "a");
	assert_string_equal(json_key(json_next(json_first(j))), "A");
	assert_null(json_key(j));
	assert_null(json_key(json_first(json_get(j, "l"))));
	assert_int_equal(json_count(json_get(j, "l")), 3);
	assert_null(json_first(json_get(j, "s")));
	assert_int_equal(json_count(json_get(j, "s")), 0);
	json_pool_free(pool);
}

static void test_absent(void **state)
{
	int64_t n = 5;
	double d = 5;
	bool b = true;

	(void)state;
	assert_false(json_is_object(NULL) || json_is_array(NULL) || json_is_string(NULL) || json_is_number(NULL) ||
		     json_is_null(NULL));
	assert_null(json_get(NULL, "a"));
	assert_null(json_get_present(NULL, "a"));
	assert_null(json_string(NULL));
	assert_null(json_first(NULL));
	assert_null(json_next(NULL));
	assert_null(json_key(NULL));
	assert_int_equal(json_count(NULL), 0);
	assert_false(json_int(NULL, &n) || json_number(NULL, &d) || json_bool(NULL, &b));
	assert_true(n == 5 && fabs(d - 5) < 1e-9 && b);
	json_pool_free(NULL);
}

static const struct {
	const char *text;
	bool is_int;
	int64_t value;
} integers[] = {
	{ "0", true, 0 },
	{ "-0", true, 0 },
	{ "1.0", true, 1 },
	{ "1e2", true, 100 },
	{ "9007199254740992", true, INT64_C(9007199254740992) },
	{ "-9007199254740992", true, INT64_C(-9007199254740992) },
	{ "9007199254740994", false, 0 },
	{ "9223372036854775808", false, 0 },
	{ "1e19", false, 0 },
	{ "1e999", false, 0 },
	{ "-1e999", false, 0 },
	{ "0.5", false, 0 },
	{ "1e-5", false, 0 },
};

static void test_integers(void **state)
{
	struct json_pool *pool = json_pool_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(integers); i++) {
		struct err err = ERR_INIT;
		const struct json *j = parse(pool, integers[i].text, strlen(integers[i].text), JSON_STRICT, &err);
		int64_t n = 77;

		assert_true(json_is_number(j));
		assert_int_equal(json_int(j, &n), integers[i].is_int);
		assert_int_equal(n, integers[i].is_int ? integers[i].value : 77);
	}
	json_pool_free(pool);
}

static const struct {
	const char *text;
	const char *name;
} names[] = {
	{ "{}", "an object" }, { "[]", "an array" },  { "\"\"", "a string" },   { "1", "a number" },
	{ "null", "null" },    { "true", "a boolean" }, { "false", "a boolean" },
};

static void test_type_names(void **state)
{
	struct json_pool *pool = json_pool_new();
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_string_equal(
			json_type_name(parse(pool, names[i].text, strlen(names[i].text), JSON_STRICT, &err)), names[i].name);
	assert_string_equal(json_type_name(NULL), "nothing");
	json_pool_free(pool);
}

/* Trees of one pool live together until it is reset, however large they are; then its memory serves again. */
static void test_pool(void **state)
{
	struct json_pool *pool = json_pool_new();
	struct json_pool *other = json_pool_new();
	struct err err = ERR_INIT;
	const struct json *kept = parse(other, S("{\"kept\":[1,2,3]}"), JSON_STRICT, &err);
	char *large = xmalloc(KIB(100));

	(void)state;
	memset(large, 'x', KIB(100));
	large[0] = large[KIB(100) - 1] = '"';
	for (int round = 0; round < 5; round++) {
		const struct json *small = parse(pool, S("{\"a\":\"first\"}"), JSON_STRICT, &err);
		const struct json *big = parse(pool, large, KIB(100), JSON_STRICT, &err);
		const struct json *last = NULL;

		assert_null(parse(pool, S("{\"a\":[1,2,\"x\",}"), JSON_STRICT, &err));
		for (int i = 0; i < 500; i++)
			last = parse(pool, S("[1,{\"k\":\"some text\"},[[]]]"), JSON_STRICT, &err);
		assert_string_equal(json_string(json_get(small, "a")), "first");
		assert_int_equal(strlen(json_string(big)), KIB(100) - 2);
		assert_string_equal(json_string(json_get(json_next(json_first(last)), "k")), "some text");
		json_pool_reset(pool);
		json_pool_reset(pool);
	}
	assert_int_equal(json_count(json_get(kept, "kept")), 3);
	free(large);
	json_pool_free(pool);
	json_pool_free(other);
}

/* Small values are large in memory: a text of the permitted size cannot fill it. */
static void test_pool_limit(void **state)
{
	const size_t len = MIB(6) + 1;
	struct json_pool *pool = json_pool_new();
	char *text = xmalloc(len);

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct err err = ERR_INIT;

		for (size_t at = 0; at < len; at += 2) {
			text[at] = at ? ',' : '[';
			if (at + 1 < len)
				text[at + 1] = '1';
		}
		text[len - 1] = ']';
		assert_null(json_parse(pool, text, len, i ? JSON_STRICT : JSON_LENIENT, &err));
		assert_non_null(strstr(err.message, "too many JSON values"));
		json_pool_reset(pool);
		assert_non_null(parse(pool, S("[1]"), JSON_STRICT, &err));
	}
	free(text);
	json_pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),      cmocka_unit_test(test_errors_say_where),
		cmocka_unit_test(test_depth),      cmocka_unit_test(test_put_deep_tree),
		cmocka_unit_test(test_look_ups),   cmocka_unit_test(test_absent),
		cmocka_unit_test(test_integers),   cmocka_unit_test(test_type_names),
		cmocka_unit_test(test_pool),       cmocka_unit_test(test_pool_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
