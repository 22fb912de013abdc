/*
 * JSON out: every text is compared as a whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/json_writer.h"
#include "eke/base/mem.h"

#define S(text) text, sizeof(text) - 1
#define R "\xEF\xBF\xBD"

static const struct {
	const char *in;
	size_t len;
	const char *out;
} strings[] = {
	{ S(""), "\"\"" },
	{ S("plain"), "\"plain\"" },
	{ S("\"\\/"), "\"\\\"\\\\/\"" },
	{ S("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"" },
	{ S("\x01\x1F\x7F"), "\"\\u0001\\u001f\\u007f\"" },
	{ S("a\0b"), "\"a\\u0000b\"" },
	{ S("\xC3\xA4\xE4\xBD\xA0\xF0\x9F\x98\x80"), "\"\xC3\xA4\xE4\xBD\xA0\xF0\x9F\x98\x80\"" },
	{ S("a\xFF\nb\xE4\xBD"), "\"a" R "\\nb" R "\"" },
	{ S("\xED\xA0\x80"), "\"" R R R "\"" },
	{ S("\"\xFF\""), "\"\\\"" R "\\\"\"" },
};

static void test_strings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
		char *in = xmalloc(strings[i].len);
		struct strbuf out;
		struct json_writer w;

		memcpy(in, strings[i].in, strings[i].len);
		strbuf_init(&out, 200);
		json_writer_init(&w, &out);
		json_put_stringn(&w, in, strings[i].len);
		json_writer_end(&w);
		assert_string_equal(out.data, strings[i].out);
		strbuf_release(&out);
		free(in);
	}
}

static const struct {
	double d;
	const char *out;
} doubles[] = {
	{ 0, "0" },
	{ -0.0, "-0" },
	{ 1, "1" },
	{ 0.1, "0.1" },
	{ 0.34, "0.34" },
	{ 1.0 / 3, "0.3333333333333333" },
	{ 0.1 + 0.2, "0.30000000000000004" },
	{ 123456789, "123456789" },
	{ 1e21, "1e+21" },
	{ -2.5e-7, "-2.5e-07" },
	{ DBL_MAX, "1.7976931348623157e+308" },
	{ 5e-324, "4.94066e-324" },
	{ INFINITY, "null" },
	{ -INFINITY, "null" },
	{ NAN, "null" },
};

static void test_doubles(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(doubles); i++) {
		struct strbuf out;
		struct json_writer w;

		strbuf_init(&out, 200);
		json_writer_init(&w, &out);
		json_begin_object(&w, NULL);
		json_put_kdouble(&w, "d", doubles[i].d);
		json_end_object(&w);
		json_writer_end(&w);
		strbuf_consume(&out, strlen("{\"d\":"));
		strbuf_truncate(&out, out.len - 1);
		assert_string_equal(out.data, doubles[i].out);
		strbuf_release(&out);
	}
}

static void test_structure(void **state)
{
	struct strbuf out;
	struct json_writer w;

	(void)state;
	strbuf_init(&out, 1000);
	strbuf_adds(&out, "before ");
	json_writer_init(&w, &out);
	json_begin_object(&w, NULL);
	json_begin_array(&w, "list");
	json_begin_array(&w, NULL);
	json_end_array(&w);
	json_begin_object(&w, NULL);
	json_end_object(&w);
	json_put_int(&w, INT64_MIN);
	json_put_int(&w, INT64_MAX);
	json_put_bool(&w, true);
	json_put_null(&w);
	json_put_string(&w, NULL);
	json_put_raw(&w, S("{\"raw\": 1}"));
	json_end_array(&w);
	json_begin_object(&w, "a \"key\"\n");
	json_put_kint(&w, "i", -5);
	json_put_kbool(&w, "b", false);
	json_put_kstring(&w, "s", "x");
	json_put_kstring(&w, "n", NULL);
	json_end_object(&w);
	json_put_key(&w, "raw");
	json_put_raw(&w, S("1e5"));
	json_put_kint(&w, "last", 0);
	json_end_object(&w);
	json_writer_end(&w);
	assert_string_equal(out.data,
		"before {\"list\":[[],{},-9223372036854775808,9223372036854775807,true,null,null,{\"raw\": 1}],"
		"\"a \\\"key\\\"\\n\":{\"i\":-5,\"b\":false,\"s\":\"x\",\"n\":null},\"raw\":1e5,\"last\":0}");
	strbuf_release(&out);
}

/* As deep as it goes: a comma of one level is not another's. */
static void test_depth(void **state)
{
	struct strbuf out;
	struct strbuf wanted;
	struct json_writer w;

	(void)state;
	strbuf_init(&out, 1000);
	strbuf_init(&wanted, 1000);
	json_writer_init(&w, &out);
	for (int i = 0; i < JSON_WRITER_DEPTH - 1; i++) {
		json_begin_array(&w, NULL);
		json_put_int(&w, i);
		strbuf_addf(&wanted, "%s[%d", i ? "," : "", i);
	}
	for (int i = 0; i < JSON_WRITER_DEPTH - 1; i++) {
		json_put_bool(&w, true);
		json_end_array(&w);
		strbuf_adds(&wanted, ",true]");
	}
	json_writer_end(&w);
	assert_string_equal(out.data, wanted.data);
	strbuf_release(&out);
	strbuf_release(&wanted);
}

/* A buffer that is too small is marked, whatever is written. */
static void test_full(void **state)
{
	(void)state;
	for (size_t max = 0; max <= 14; max++) {
		struct strbuf out;
		struct json_writer w;

		strbuf_init(&out, max);
		json_writer_init(&w, &out);
		json_begin_object(&w, NULL);
		json_put_kstring(&w, "key", "text");
		json_end_object(&w);
		json_writer_end(&w);
		assert_int_equal(out.full, max < strlen("{\"key\":\"text\"}"));
		assert_true(out.len <= max);
		strbuf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings), cmocka_unit_test(test_doubles), cmocka_unit_test(test_structure),
		cmocka_unit_test(test_depth),	cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
