/*
 * The typed-through cache: a user who types, goes back, accepts and edits elsewhere, simulated on a
 * document; and the cache as a container.
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
#include "eke/base/strbuf.h"
#include "eke/base/utf.h"
#include "eke/complete/cache.h"

/* A document with a cursor. */
struct editor {
	struct strbuf before;
	struct strbuf after;
	struct cache *cache;
	const char *model_id;
	const char *uri;
	int64_t now;
};

static void editor_open(struct editor *e, const char *before, const char *after)
{
	*e = (struct editor){ .model_id = "free/gpt-4o-mini", .uri = "file:///a.c", .now = 1000 };
	strbuf_init(&e->before, MIB(1));
	strbuf_init(&e->after, MIB(1));
	strbuf_adds(&e->before, before);
	strbuf_adds(&e->after, after);
	e->cache = cache_new(0, 0);
}

static void editor_close(struct editor *e)
{
	cache_free(e->cache);
	strbuf_release(&e->before);
	strbuf_release(&e->after);
}

static struct cache_context context_at(const struct editor *e)
{
	return (struct cache_context){ e->model_id, e->uri, e->before.data, e->before.len, e->after.data, e->after.len };
}

static void type(struct editor *e, const char *text)
{
	strbuf_adds(&e->before, text);
}

static void backspace(struct editor *e, size_t n)
{
	strbuf_truncate(&e->before, e->before.len - n);
}

/* What the editor puts behind the cursor by itself. */
static void auto_close(struct editor *e, const char *text)
{
	strbuf_splice(&e->after, 0, 0, text, strlen(text));
}

static bool put(struct cache *c, const struct cache_key *key, const char *text, size_t len, uint64_t item,
		bool complete, int64_t now)
{
	struct cache_answer a = { .text = text, .len = len, .item = item, .complete = complete, .stored_ms = now };

	return cache_put(c, key, &a);
}

static void store(struct editor *e, const char *text, uint64_t item, bool complete)
{
	struct cache_context p = context_at(e);
	struct cache_key key;

	cache_key_make(&p, &key);
	assert_true(put(e->cache, &key, text, strlen(text), item, complete, e->now));
}

static enum cache_status find(struct editor *e, struct cache_hit *hit)
{
	struct cache_context p = context_at(e);

	return cache_find(e->cache, &p, e->now, hit);
}

#define assert_hit(e, want) assert_hit_at(e, want, __LINE__)

static void assert_hit_at(struct editor *e, const char *want, int line)
{
	struct cache_hit hit = { .len = 0 };
	enum cache_status status = find(e, &hit);

	if (status != CACHE_HIT || hit.len != strlen(want) || memcmp(hit.text, want, hit.len) != 0)
		fail_msg("line %d: status %d, [%.*s], wanted [%s]", line, (int)status, (int)hit.len,
			 hit.text ? hit.text : "", want);
}

#define assert_status(e, want) assert_int_equal(find(e, NULL), want)

static const char answer[] = "items.filter((x) => x.ok);\n  return 计算(items[0], \"é😀\");";

static void test_every_prefix_hits(void **state)
{
	struct editor e;

	(void)state;
	editor_open(&e, "function f() {\n  const a = ", "\n}\n");
	store(&e, answer, 7, true);
	for (size_t n = 0; n < strlen(answer); n++) {
		struct cache_hit hit;

		if (!utf8_is_boundary(answer, strlen(answer), n))
			continue;
		strbuf_truncate(&e.before, strlen("function f() {\n  const a = "));
		strbuf_add(&e.before, answer, n);
		assert_hit(&e, answer + n);
		assert_int_equal(find(&e, &hit), CACHE_HIT);
		assert_int_equal(hit.item, 7);
		assert_int_equal(hit.typed, n);
		assert_int_equal(hit.stored_ms, 1000);
		assert_true(hit.complete);
	}
	/* All of it accepted: it has nothing to say about what comes next. */
	strbuf_truncate(&e.before, strlen("function f() {\n  const a = "));
	type(&e, answer);
	assert_status(&e, CACHE_MISS);
	editor_close(&e);
}

static void test_typing_and_going_back(void **state)
{
	struct editor e;

	(void)state;
	editor_open(&e, "int x = ", ";\n");
	store(&e, "compute(1)", 1, true);
	type(&e, "com");
	assert_hit(&e, "pute(1)");
	type(&e, "b");
	assert_status(&e, CACHE_MISS);
	backspace(&e, 1);
	assert_hit(&e, "pute(1)");
	backspace(&e, 3);
	assert_hit(&e, "compute(1)");
	/* Before the place it was asked for nothing is known. */
	backspace(&e, 1);
	assert_status(&e, CACHE_MISS);
	type(&e, " ");
	assert_hit(&e, "compute(1)");
	/*
	 * Where an answer of its own is known for a later place, that counts; going back finds the older
	 * one.
	 */
	type(&e, "com");
	store(&e, "bine(2)", 2, true);
	assert_hit(&e, "bine(2)");
	type(&e, "bin");
	assert_hit(&e, "e(2)");
	backspace(&e, 4);
	assert_hit(&e, "mpute(1)");
	type(&e, "mp");
	assert_hit(&e, "ute(1)");
	editor_close(&e);
}

static void test_accepting(void **state)
{
	struct editor e;

	(void)state;
	editor_open(&e, "void f(void)\n{\n\t", "\n}\n");
	store(&e, "one();\n\ttwo(a, b);\n\tthree();", 1, true);
	type(&e, "one();\n\t");
	assert_hit(&e, "two(a, b);\n\tthree();");
	type(&e, "two");
	assert_hit(&e, "(a, b);\n\tthree();");
	type(&e, "(a, b);\n\tthree();");
	assert_status(&e, CACHE_MISS);
	editor_close(&e);
}

static void test_what_a_place_depends_on(void **state)
{
	struct editor e;
	struct strbuf far;

	(void)state;
	strbuf_init(&far, MIB(1));
	while (far.len < LIMIT_CACHE_TAIL + LIMIT_CACHE_TYPED)
		strbuf_addf(&far, "line %zu of many;\n", far.len);
	editor_open(&e, far.data, far.data);
	store(&e, "answer", 1, true);
	assert_hit(&e, "answer");

	/* Another document, another model. */
	e.uri = "file:///b.c";
	assert_status(&e, CACHE_MISS);
	e.uri = "file:///a.c";
	e.model_id = "paid/gpt-4o";
	assert_status(&e, CACHE_MISS);
	e.model_id = "free/gpt-4o-mini";
	assert_hit(&e, "answer");

	/* Edits far above and far below, and a window that begins elsewhere. */
	strbuf_splice(&e.before, 0, 5, "another line\n", 13);
	assert_hit(&e, "answer");
	strbuf_consume(&e.before, 100);
	assert_hit(&e, "answer");
	strbuf_truncate(&e.after, LIMIT_CACHE_HEAD + 8);
	assert_hit(&e, "answer");
	type(&e, "ans");
	assert_hit(&e, "wer");
	backspace(&e, 3);

	/* Edits nearby. */
	strbuf_splice(&e.before, e.before.len - LIMIT_CACHE_TAIL, 1, "?", 1);
	assert_status(&e, CACHE_MISS);
	strbuf_splice(&e.before, e.before.len - LIMIT_CACHE_TAIL, 1, far.data + far.len - LIMIT_CACHE_TAIL, 1);
	assert_hit(&e, "answer");
	strbuf_splice(&e.after, LIMIT_CACHE_HEAD - 1, 1, "?", 1);
	assert_status(&e, CACHE_MISS);
	strbuf_release(&far);
	editor_close(&e);
}

/* Where the document begins is part of the place. */
static void test_short_documents(void **state)
{
	struct editor e;

	(void)state;
	editor_open(&e, "", "");
	store(&e, "#include <stdio.h>", 1, true);
	assert_hit(&e, "#include <stdio.h>");
	type(&e, "#inc");
	assert_hit(&e, "lude <stdio.h>");
	strbuf_reset(&e.before);
	type(&e, "x");
	assert_status(&e, CACHE_MISS);
	type(&e, "#");
	assert_status(&e, CACHE_MISS);
	editor_close(&e);
}

static void test_reach(void **state)
{
	struct editor e;
	char *text = xcalloc(1, LIMIT_CACHE_TYPED + 100);

	(void)state;
	for (size_t i = 0; i < LIMIT_CACHE_TYPED + 99; i++)
		text[i] = (char)('a' + i * 7 % 26);
	editor_open(&e, "start ", "");
	store(&e, text, 1, true);
	strbuf_add(&e.before, text, LIMIT_CACHE_TYPED);
	assert_hit(&e, text + LIMIT_CACHE_TYPED);
	strbuf_add(&e.before, text + LIMIT_CACHE_TYPED, 1);
	assert_status(&e, CACHE_MISS);
	free(text);
	editor_close(&e);
}

static void test_growing(void **state)
{
	struct editor e;
	struct cache_hit hit;

	(void)state;
	editor_open(&e, "x = ", "\n");
	/* The request is under way: everybody who comes can join it. */
	store(&e, "", 5, false);
	assert_int_equal(find(&e, &hit), CACHE_INCOMPLETE);
	assert_int_equal(hit.item, 5);
	assert_int_equal(hit.len, 0);
	assert_false(hit.complete);
	type(&e, "co");
	assert_int_equal(find(&e, &hit), CACHE_INCOMPLETE);
	assert_int_equal(hit.typed, 2);
	backspace(&e, 2);
	store(&e, "compute(", 5, false);
	assert_hit(&e, "compute(");
	type(&e, "compute");
	assert_int_equal(find(&e, &hit), CACHE_HIT);
	assert_false(hit.complete);
	type(&e, "(");
	assert_status(&e, CACHE_INCOMPLETE);
	/* What is typed does not agree any more. */
	backspace(&e, 2);
	type(&e, "i");
	assert_status(&e, CACHE_MISS);
	/* A complete answer with text left is better than to wait for a newer one. */
	strbuf_reset(&e.before);
	type(&e, "x = ");
	store(&e, "compute(1)", 5, true);
	type(&e, "com");
	store(&e, "", 6, false);
	assert_hit(&e, "pute(1)");
	editor_close(&e);
}

static void test_nothing_to_say(void **state)
{
	struct editor e;
	struct cache_hit hit;

	(void)state;
	editor_open(&e, "x = 1;", "\n");
	store(&e, "", 3, true);
	assert_int_equal(find(&e, &hit), CACHE_NOTHING);
	assert_int_equal(hit.item, 3);
	/* It says nothing about the next place. */
	type(&e, " ");
	assert_status(&e, CACHE_MISS);
	backspace(&e, 1);
	e.now += LIMIT_CACHE_NEGATIVE_MS - 1;
	assert_status(&e, CACHE_NOTHING);
	e.now += 1;
	assert_status(&e, CACHE_MISS);
	editor_close(&e);
}

static void test_auto_closed(void **state)
{
	static const struct {
		const char *answer;  /* known before typing */
		const char *typed;
		const char *closed;  /* put behind the cursor by the editor */
		enum cache_status status;
		const char *rest;
	} table[] = {
		{ "foo(a, b);\n\tbar();", "foo(", ")", CACHE_HIT, "a, b" },
		{ "foo(a, b);\n\tbar();", "foo(a", ")", CACHE_HIT, ", b" },
		{ "foo(g(a), b);", "foo(", ")", CACHE_HIT, "g(a), b" },
		{ "foo(g(a), b);", "foo(g(", "))", CACHE_HIT, "a" },
		{ "foo(g(a), b);", "foo(g(a)", ")", CACHE_HIT, ", b" },
		{ "puts(\"hello\");", "puts(\"", "\")", CACHE_HIT, "hello" },
		{ "puts(\"say \\\"hi\\\"\");", "puts(\"say ", "\")", CACHE_HIT, "\\\"hi\\\"" },
		{ "puts(\"hello\");", "puts(\"hello\"", ")", CACHE_NOTHING, "" },
		{ "a[i].b = '(';", "a[", "]", CACHE_HIT, "i" },
		{ "Map<String, List<X>> m;", "Map<", ">", CACHE_HIT, "String, List<X>" },
		{ "f({ a: 1 });", "f({", "})", CACHE_HIT, " a: 1 " },
		/* Typed over: the rest again, nothing is behind the cursor any more. */
		{ "foo(a, b);\n\tbar();", "foo(a, b)", "", CACHE_HIT, ";\n\tbar();" },
		/* Nothing between the brackets, nothing to show there. */
		{ "foo();\n\tbar();", "foo(", ")", CACHE_NOTHING, "" },
		/* Not what was opened. */
		{ "foo(a, b);", "foo(", "]", CACHE_MISS, "" },
		{ "foo(a, b);", "foo", ")", CACHE_MISS, "" },
		{ "foo(a, b);", "foo(", "))", CACHE_MISS, "" },
		/* An answer that does not get to the closer. */
		{ "foo(a,\n\tb", "foo(", ")", CACHE_HIT, "a,\n\tb" },
		/* Enter between two brackets. */
		{ "{\n\t\ta();\n\t}\n\tb();", "{\n\t\t", "\n\t}", CACHE_HIT, "a();" },
		{ "f(() => {\n\t\ta();\n\t\tb();\n\t});", "f(() => {\n\t\t", "\n\t})", CACHE_HIT, "a();\n\t\tb();" },
		{ "{\n\t\ta();\n\t}", "{", "\n\t}", CACHE_MISS, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct editor e;

		editor_open(&e, "void f(void)\n{\n\t", "\n}\n");
		store(&e, table[i].answer, 1, true);
		type(&e, table[i].typed);
		auto_close(&e, table[i].closed);
		if (table[i].status == CACHE_HIT)
			assert_hit(&e, table[i].rest);
		else if (find(&e, NULL) != table[i].status)
			fail_msg("case %zu: status %d", i, (int)find(&e, NULL));
		editor_close(&e);
	}
}

/* Asked for between two brackets, then Enter: the closing one moves down. */
static void test_enter_between_brackets(void **state)
{
	struct editor e;

	(void)state;
	editor_open(&e, "f({", "});\n");
	store(&e, "\n  a: 1,\n  b: 2,\n", 1, true);
	type(&e, "\n  ");
	auto_close(&e, "\n");
	assert_hit(&e, "a: 1,\n  b: 2,");
	editor_close(&e);
}

static void test_crlf(void **state)
{
	struct editor e;

	(void)state;
	editor_open(&e, "{\r\n\t", "\r\n}\r\n");
	store(&e, "a();\r\n\tb();", 1, true);
	type(&e, "a();\r\n\t");
	assert_hit(&e, "b();");
	editor_close(&e);
}

static void test_forget(void **state)
{
	struct editor e;
	struct cache_context p;
	struct cache_key key;

	(void)state;
	editor_open(&e, "a", "");
	store(&e, "1", 1, true);
	type(&e, "b");
	store(&e, "2", 2, true);
	type(&e, "c");
	store(&e, "3", 2, true);
	assert_int_equal(cache_count(e.cache), 3);
	cache_forget_item(e.cache, 2);
	assert_int_equal(cache_count(e.cache), 1);
	assert_status(&e, CACHE_MISS);
	backspace(&e, 2);
	assert_hit(&e, "1");
	p = context_at(&e);
	cache_key_make(&p, &key);
	cache_forget(e.cache, &key);
	cache_forget(e.cache, &key);
	assert_status(&e, CACHE_MISS);
	assert_int_equal(cache_count(e.cache), 0);
	assert_int_equal(cache_bytes(e.cache), 0);
	cache_free(NULL);
	editor_close(&e);
}

static void key_of(int i, struct cache_key *key)
{
	char prefix[32];
	struct cache_context p = { "w", "u", prefix, 0, "", 0 };

	p.prefix_len = (size_t)snprintf(prefix, sizeof(prefix), "%d", i);
	cache_key_make(&p, key);
}

static bool has(struct cache *c, int i)
{
	char prefix[32];
	struct cache_context p = { "w", "u", prefix, 0, "", 0 };

	p.prefix_len = (size_t)snprintf(prefix, sizeof(prefix), "%d", i);
	return cache_find(c, &p, 0, NULL) == CACHE_HIT;
}

static void test_get(void **state)
{
	struct editor e;
	struct cache_context here;
	struct cache_key key, elsewhere, other_text;
	struct cache_hit hit;

	(void)state;
	editor_open(&e, "int ", ";\n");
	here = context_at(&e);
	cache_key_make(&here, &key);
	assert_false(cache_get(e.cache, &key, 0, &hit));
	store(&e, "total = 0", 7, false);
	type(&e, "tot");
	assert_int_equal(find(&e, &hit), CACHE_HIT);
	assert_true(cache_key_equal(&hit.key, &key));
	assert_int_equal(hit.rank, 0);
	/* Whatever is typed. */
	assert_true(cache_get(e.cache, &key, 0, &hit));
	assert_int_equal(hit.len, strlen("total = 0"));
	assert_memory_equal(hit.text, "total = 0", hit.len);
	assert_int_equal(hit.item, 7);
	assert_int_equal(hit.typed, 0);
	assert_false(hit.complete);
	assert_false(cache_get(e.cache, &key, 1, &hit));
	here = context_at(&e);
	cache_key_make(&here, &elsewhere);
	here.suffix_len = 1;
	cache_key_make(&here, &other_text);
	assert_false(cache_key_equal(&key, &elsewhere));
	assert_true(cache_key_same_after(&key, &elsewhere));
	assert_false(cache_key_same_after(&elsewhere, &other_text));
	assert_false(cache_get(e.cache, &elsewhere, 0, &hit));
	editor_close(&e);
}

static void test_least_recently_used_go(void **state)
{
	struct cache *c = cache_new(4, 0);
	struct cache_key key;

	(void)state;
	for (int i = 0; i < 4; i++) {
		key_of(i, &key);
		assert_true(put(c, &key, "text", 4, 1, true, 0));
	}
	assert_true(has(c, 0));
	key_of(4, &key);
	assert_true(put(c, &key, "text", 4, 1, true, 0));
	assert_int_equal(cache_count(c), 4);
	assert_true(has(c, 0));
	assert_false(has(c, 1));
	assert_true(has(c, 2) && has(c, 3) && has(c, 4));
	/* Replacing is no growth. */
	assert_true(put(c, &key, "other", 5, 1, true, 0));
	assert_int_equal(cache_count(c), 4);
	cache_clear(c);
	assert_int_equal(cache_count(c), 0);
	assert_false(has(c, 4));
	cache_free(c);
}

static void test_bytes(void **state)
{
	struct cache *c = cache_new(0, 4000);
	struct cache_key key;
	char text[4000] = "";

	(void)state;
	memset(text, 'x', sizeof(text));
	for (int i = 0; i < 50; i++) {
		key_of(i, &key);
		assert_true(put(c, &key, text, 1000, 1, true, 0));
		assert_in_range(cache_bytes(c), 1000, 4000);
	}
	assert_in_range(cache_count(c), 2, 3);
	assert_true(has(c, 49));
	/* Too large by itself: not kept, and neither is what it would replace. */
	assert_false(put(c, &key, text, sizeof(text), 1, true, 0));
	assert_false(has(c, 49));
	/* A text of the cache's own. */
	key_of(1, &key);
	assert_true(put(c, &key, text, 3000, 1, true, 0));
	{
		struct cache_hit hit;
		struct cache_context p = { "w", "u", "1", 1, "", 0 };

		assert_int_equal(cache_find(c, &p, 0, &hit), CACHE_HIT);
		key_of(2, &key);
		assert_true(put(c, &key, hit.text, hit.len, 1, true, 0));
		assert_true(has(c, 2));
		assert_false(has(c, 1));
	}
	cache_free(c);
}

/* Keys can be stored: they are these bytes on every machine. */
static void test_key_bytes(void **state)
{
	struct cache_context p = { "free/gpt-4o-mini", "file:///a.c", "int x = ", 8, ";\n", 2 };
	struct cache_key a;
	struct cache_key b;
	char hex[40] = "";

	(void)state;
	cache_key_make(&p, &a);
	for (int i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", a.bytes[i]);
	assert_string_equal(hex, "6c8c3a466a7014de92c1c3fed7abc85d");
	/* The two halves do not mix the two texts. */
	p.prefix = "int x =";
	p.prefix_len = 7;
	p.suffix = " ;\n";
	p.suffix_len = 3;
	cache_key_make(&p, &b);
	assert_memory_not_equal(a.bytes, b.bytes, 8);
	assert_memory_not_equal(a.bytes + 8, b.bytes + 8, 8);
}

/* The rolling hash agrees with the one made anew, at every place of a text longer than the tail. */
static void test_rolling(void **state)
{
	struct editor e;
	struct strbuf text;

	(void)state;
	strbuf_init(&text, MIB(1));
	for (int i = 0; i < 400; i++)
		strbuf_addf(&text, "%d\t\xC3\xA9 ", i * i);
	editor_open(&e, "", "tail");
	for (size_t at = 0; at + 700 < text.len; at += 61) {
		cache_clear(e.cache);
		strbuf_reset(&e.before);
		strbuf_add(&e.before, text.data, at);
		{
			struct cache_context p = context_at(&e);
			struct cache_key key;

			cache_key_make(&p, &key);
			assert_true(put(e.cache, &key, text.data + at, 700, 1, true, 0));
		}
		for (size_t typed = 1; typed < 700; typed += 97) {
			struct cache_hit hit;

			strbuf_truncate(&e.before, at);
			strbuf_add(&e.before, text.data + at, typed);
			assert_int_equal(find(&e, &hit), CACHE_HIT);
			assert_int_equal(hit.typed, typed);
		}
	}
	strbuf_release(&text);
	editor_close(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_prefix_hits),
		cmocka_unit_test(test_typing_and_going_back),
		cmocka_unit_test(test_accepting),
		cmocka_unit_test(test_what_a_place_depends_on),
		cmocka_unit_test(test_short_documents),
		cmocka_unit_test(test_reach),
		cmocka_unit_test(test_growing),
		cmocka_unit_test(test_nothing_to_say),
		cmocka_unit_test(test_auto_closed),
		cmocka_unit_test(test_enter_between_brackets),
		cmocka_unit_test(test_crlf),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_least_recently_used_go),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_key_bytes),
		cmocka_unit_test(test_rolling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
