/*
 * Field tables: every type with every kind of value, ranges, and the sentences that name the member.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/decode.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"

struct inner {
	int64_t line;
	const char *name;
};

struct outer {
	bool b;
	int64_t i;
	int64_t any_int;
	double d;
	double any_double;
	const char *s;
	const struct json *o;
	const struct json *a;
	const struct json *x;
	struct inner inner;
	enum { RED, GREEN } colour;
};

static const char *const colours[] = { "red", "green", NULL };

static const struct decode_field inner_table[] = {
	{ .name = "line", .type = DECODE_INT, .required = true, .offset = offsetof(struct inner, line), .min = 0,
	  .max = 2147483647 },
	{ .name = "name", .type = DECODE_STRING, .offset = offsetof(struct inner, name) },
	{ .name = NULL },
};

static const struct decode_field table[] = {
	{ .name = "b", .type = DECODE_BOOL, .offset = offsetof(struct outer, b) },
	{ .name = "i", .type = DECODE_INT, .offset = offsetof(struct outer, i), .min = -5, .max = 5 },
	{ .name = "anyInt", .type = DECODE_INT, .offset = offsetof(struct outer, any_int) },
	{ .name = "d", .type = DECODE_DOUBLE, .offset = offsetof(struct outer, d), .min = 0, .max = 0.5 },
	{ .name = "anyDouble", .type = DECODE_DOUBLE, .offset = offsetof(struct outer, any_double) },
	{ .name = "s", .type = DECODE_STRING, .offset = offsetof(struct outer, s) },
	{ .name = "o", .type = DECODE_OBJECT, .offset = offsetof(struct outer, o) },
	{ .name = "a", .type = DECODE_ARRAY, .offset = offsetof(struct outer, a) },
	{ .name = "x", .type = DECODE_ANY, .offset = offsetof(struct outer, x) },
	{ .name = "inner", .type = DECODE_OBJECT, .offset = offsetof(struct outer, inner), .sub = inner_table },
	{ .name = "colour", .type = DECODE_ENUM, .offset = offsetof(struct outer, colour), .names = colours },
	{ .name = NULL },
};

static const struct decode_field required_table[] = {
	{ .name = "s", .type = DECODE_STRING, .required = true, .offset = offsetof(struct outer, s) },
	{ .name = "inner", .type = DECODE_OBJECT, .required = true, .offset = offsetof(struct outer, inner),
	  .sub = inner_table },
	{ .name = NULL },
};

static const struct json *parse(struct json_pool *pool, const char *text)
{
	char *copy = xstrdup(text);
	struct err err = ERR_INIT;
	const struct json *tree = json_parse(pool, copy, strlen(copy), JSON_STRICT, &err);

	free(copy);
	assert_non_null(tree);
	return tree;
}

static const struct {
	const char *text;
	const char *path;
	const char *message; /* NULL: decodes */
} cases[] = {
	{ "{}", "", NULL },
	{ "{\"b\":null,\"i\":null,\"d\":null,\"s\":null,\"o\":null,\"a\":null,\"x\":null,\"inner\":null}", "", NULL },
	{ "{\"unknown\":1,\"S\":5}", "", NULL },

	{ "{\"b\":true}", "", NULL },
	{ "{\"b\":0}", "", "b must be true or false, not this number" },
	{ "{\"b\":\"true\"}", "p", "p.b must be true or false, not a string" },

	{ "{\"i\":-5}", "", NULL },
	{ "{\"i\":5.0}", "", NULL },
	{ "{\"i\":6}", "", "i must be a whole number from -5 to 5" },
	{ "{\"i\":-6}", "p.q", "p.q.i must be a whole number from -5 to 5" },
	{ "{\"i\":1.5}", "", "i must be a whole number from -5 to 5" },
	{ "{\"i\":1e999}", "", "i must be a whole number from -5 to 5" },
	{ "{\"i\":\"5\"}", "", "i must be a whole number from -5 to 5, not a string" },
	{ "{\"i\":[5]}", "", "i must be a whole number from -5 to 5, not an array" },
	{ "{\"i\":true}", "", "i must be a whole number from -5 to 5, not a boolean" },
	{ "{\"anyInt\":-9007199254740992}", "", NULL },
	{ "{\"anyInt\":9007199254740994}", "", "anyInt must be a whole number, not this number" },
	{ "{\"anyInt\":0.5}", "", "anyInt must be a whole number, not this number" },
	{ "{\"anyInt\":{}}", "", "anyInt must be a whole number, not an object" },

	{ "{\"d\":0}", "", NULL },
	{ "{\"d\":0.5}", "", NULL },
	{ "{\"d\":0.50001}", "", "d must be a number from 0 to 0.5" },
	{ "{\"d\":-1e-9}", "", "d must be a number from 0 to 0.5" },
	{ "{\"d\":1e999}", "", "d must be a number from 0 to 0.5" },
	{ "{\"d\":\"\"}", "", "d must be a number from 0 to 0.5, not a string" },
	{ "{\"anyDouble\":-1e300}", "", NULL },
	{ "{\"anyDouble\":false}", "", "anyDouble must be a number, not a boolean" },

	{ "{\"s\":\"\"}", "", NULL },
	{ "{\"s\":1}", "params", "params.s must be a string, not this number" },
	{ "{\"s\":{}}", "params", "params.s must be a string, not an object" },

	{ "{\"colour\":\"green\"}", "", NULL },
	{ "{\"colour\":\"Green\"}", "p", "p.colour must be one of red, green, not \"Green\"" },
	{ "{\"colour\":1}", "", "colour must be a string, not this number" },

	{ "{\"o\":{}}", "", NULL },
	{ "{\"o\":[]}", "", "o must be an object, not an array" },
	{ "{\"a\":[]}", "", NULL },
	{ "{\"a\":{}}", "", "a must be an array, not an object" },
	{ "{\"a\":\"x\"}", "", "a must be an array, not a string" },
	{ "{\"x\":[1]}", "", NULL },
	{ "{\"x\":false}", "", NULL },

	{ "{\"inner\":{\"line\":0}}", "", NULL },
	{ "{\"inner\":{\"line\":2147483647,\"name\":\"n\"}}", "", NULL },
	{ "{\"inner\":{}}", "params", "params.inner.line is missing: it must be a whole number" },
	{ "{\"inner\":{\"line\":null}}", "", "inner.line is missing: it must be a whole number" },
	{ "{\"inner\":{\"line\":2147483648}}", "params",
	  "params.inner.line must be a whole number from 0 to 2147483647" },
	{ "{\"inner\":{\"line\":\"3\"}}", "params",
	  "params.inner.line must be a whole number from 0 to 2147483647, not a string" },
	{ "{\"inner\":{\"line\":1,\"name\":2}}", "", "inner.name must be a string, not this number" },
	{ "{\"inner\":[]}", "", "inner must be an object, not an array" },
	{ "{\"inner\":7}", "", "inner must be an object, not this number" },
};

static void test_cases(void **state)
{
	struct json_pool *pool = json_pool_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct outer out = { 0 };
		struct err err = ERR_INIT;
		bool ok = decode(parse(pool, cases[i].text), table, cases[i].path, &out, &err);

		if (ok != !cases[i].message)
			fail_msg("%s: %s", cases[i].text, ok ? "was taken" : err.message);
		assert_int_equal(err.kind, ok ? ERR_NONE : ERR_INVALID_PARAMS);
		if (!ok)
			assert_string_equal(err.message, cases[i].message);
	}
	json_pool_free(pool);
}

static void test_values(void **state)
{
	struct json_pool *pool = json_pool_new();
	struct err err = ERR_INIT;
	struct outer out = { 0 };
	const struct json *tree =
		parse(pool, "{\"b\":true,\"i\":-3,\"anyInt\":1e3,\"d\":0.25,\"anyDouble\":-7,\"s\":\"text\",\"o\":{\"k\":1},"
			    "\"a\":[1,2],\"x\":null,\"inner\":{\"line\":9,\"name\":\"n\"},"
			    "\"colour\":\"green\"}");

	(void)state;
	assert_true(decode(tree, table, "", &out, &err));
	assert_true(out.b);
	assert_int_equal(out.i, -3);
	assert_int_equal(out.any_int, 1000);
	assert_true(fabs(out.d - 0.25) < 1e-12 && fabs(out.any_double + 7) < 1e-12);
	assert_string_equal(out.s, "text");
	assert_int_equal(json_count(out.o), 1);
	assert_int_equal(json_count(out.a), 2);
	assert_null(out.x);
	assert_int_equal(out.inner.line, 9);
	assert_string_equal(out.inner.name, "n");
	assert_int_equal(out.colour, GREEN);
	json_pool_free(pool);
}

/* What is absent or null leaves the default. */
static void test_defaults(void **state)
{
	static const char *const texts[] = {
		"{}",
		"{\"b\":null,\"i\":null,\"d\":null,\"s\":null,\"inner\":null,\"x\":null}",
		"{\"inner\":{\"line\":4,\"name\":null}}",
	};
	struct json_pool *pool = json_pool_new();

	(void)state;
	for (size_t i = 0; i <= ARRAY_LEN(texts); i++) {
		const struct json *tree = i < ARRAY_LEN(texts) ? parse(pool, texts[i]) : NULL;
		struct outer out = { .b = true, .i = 4, .d = 0.5, .s = "default", .inner = { 4, "inner" } };
		struct err err = ERR_INIT;

		assert_true(decode(tree, table, "", &out, &err));
		assert_true(out.b);
		assert_int_equal(out.i, 4);
		assert_true(fabs(out.d - 0.5) < 1e-12);
		assert_string_equal(out.s, "default");
		assert_int_equal(out.inner.line, 4);
		assert_string_equal(out.inner.name, "inner");
		assert_null(out.x);
	}
	json_pool_free(pool);
}

static const struct {
	const char *text;
	const char *message;
} required[] = {
	{ "{\"s\":\"\",\"inner\":{\"line\":1}}", NULL },
	{ "{}", "params.s is missing: it must be a string" },
	{ "{\"s\":null}", "params.s is missing: it must be a string" },
	{ "{\"s\":\"x\"}", "params.inner is missing: it must be an object" },
	{ "{\"s\":\"x\",\"inner\":{}}", "params.inner.line is missing: it must be a whole number" },
	{ NULL, "params.s is missing: it must be a string" },
};

static void test_required(void **state)
{
	struct json_pool *pool = json_pool_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(required); i++) {
		struct outer out = { 0 };
		struct err err = ERR_INIT;
		const struct json *tree = required[i].text ? parse(pool, required[i].text) : NULL;

		assert_int_equal(decode(tree, required_table, "params", &out, &err), !required[i].message);
		assert_string_equal(err.message, required[i].message ? required[i].message : "");
	}
	json_pool_free(pool);
}

/* A path that is too long is cut; nothing else happens. */
static void test_long_path(void **state)
{
	struct json_pool *pool = json_pool_new();
	struct outer out = { 0 };
	struct err err = ERR_INIT;
	char path[400];

	(void)state;
	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_false(decode(parse(pool, "{\"inner\":{\"line\":\"\"}}"), table, path, &out, &err));
	assert_memory_equal(err.message, path, 100);
	assert_non_null(strstr(err.message, " must be a whole number"));
	json_pool_free(pool);
}

static void test_unknown(void **state)
{
	struct json_pool *pool = json_pool_new();
	const struct json *tree = parse(pool, "{\"b\":1,\"B\":2,\"i\":3,\"zz\":4,\"\":5,\"inner\":{\"q\":1}}");
	const struct json *at = decode_unknown(tree, table, NULL);

	(void)state;
	assert_string_equal(json_key(at), "B");
	at = decode_unknown(tree, table, at);
	assert_string_equal(json_key(at), "zz");
	at = decode_unknown(tree, table, at);
	assert_string_equal(json_key(at), "");
	assert_null(decode_unknown(tree, table, at));
	assert_null(decode_unknown(NULL, table, NULL));
	assert_null(decode_unknown(parse(pool, "{}"), table, NULL));
	/* What is no object has no members. */
	assert_null(decode_unknown(parse(pool, "[1,{\"x\":2}]"), table, NULL));
	assert_null(decode_unknown(parse(pool, "\"x\""), table, NULL));
	json_pool_free(pool);
}

static void put_twice(struct json_writer *w, const char *key, const void *object)
{
	const struct outer *o = object;

	json_put_kint(w, key, 2 * o->any_int);
}

/* Back: numbers out of range and NULL strings are null, or left out; trees are; .put has its own way. */
static void test_encode(void **state)
{
	static const struct decode_field fields[] = {
		{ .name = "b", .type = DECODE_BOOL, .offset = offsetof(struct outer, b) },
		{ .name = "i", .type = DECODE_INT, .offset = offsetof(struct outer, i), .min = 1, .max = 5 },
		{ .name = "j", .type = DECODE_INT, .offset = offsetof(struct outer, i), .min = 1, .max = 5,
		  .omit_unset = true },
		{ .name = "d", .type = DECODE_DOUBLE, .offset = offsetof(struct outer, d), .min = 0, .max = 1 },
		{ .name = "s", .type = DECODE_STRING, .offset = offsetof(struct outer, s) },
		{ .name = "x", .type = DECODE_ANY, .offset = offsetof(struct outer, x) },
		{ .name = "colour", .type = DECODE_ENUM, .offset = offsetof(struct outer, colour), .names = colours },
		{ .name = "inner", .type = DECODE_OBJECT, .offset = offsetof(struct outer, inner), .sub = inner_table },
		{ .name = "twice", .type = DECODE_ANY, .put = put_twice },
		{ .name = NULL },
	};
	static const struct {
		struct outer object;
		const char *text;
	} encoded[] = {
		{ { .b = true, .i = 3, .d = 0.5, .s = "t", .any_int = 4, .inner = { 7, "n" }, .colour = GREEN },
		  "{\"b\":true,\"i\":3,\"j\":3,\"d\":0.5,\"s\":\"t\",\"colour\":\"green\","
		  "\"inner\":{\"line\":7,\"name\":\"n\"},\"twice\":8}" },
		{ { .d = -1 },
		  "{\"b\":false,\"i\":null,\"d\":null,\"s\":null,\"colour\":\"red\","
		  "\"inner\":{\"line\":0,\"name\":null},\"twice\":0}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(encoded); i++) {
		struct json_writer w;
		struct strbuf out;

		strbuf_init(&out, KIB(1));
		json_writer_init(&w, &out);
		json_begin_object(&w, NULL);
		encode(&w, fields, &encoded[i].object);
		json_end_object(&w);
		json_writer_end(&w);
		assert_string_equal(out.data, encoded[i].text);
		strbuf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),    cmocka_unit_test(test_values),    cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_required), cmocka_unit_test(test_long_path), cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_encode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
