/*
 * Which of the answers that were followed goes on at the cursor.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "eke/complete/cache.h"

#include "../../src/complete/recent.h"

#define AFTER "\n}\n"

static struct cache_context context_at(const char *before, const char *after)
{
	return (struct cache_context){ "free/coder", "file:///a.c", before, strlen(before), after, strlen(after) };
}

static struct cache_key key_at(const char *before)
{
	struct cache_context context = context_at(before, AFTER);
	struct cache_key key;

	cache_key_make(&context, &key);
	return key;
}

/* An answer that belongs behind `before`, where it is offered. */
static void offer(struct recent *recent, struct cache *cache, const char *before, const char *text, unsigned rank)
{
	struct cache_key key = key_at(before);
	struct cache_answer answer = { .text = text, .len = strlen(text), .rank = rank, .complete = true };
	struct cache_hit hit;

	assert_true(cache_put(cache, &key, &answer));
	assert_true(cache_get(cache, &key, rank, &hit));
	recent_touch(recent, &hit, strlen(before));
}

static bool find(const struct recent *recent, const struct cache *cache, const char *before, const char *after,
	struct recent_match *match)
{
	struct cache_context here = context_at(before, after);

	return recent_find(recent, cache, &here, here.prefix_len, match);
}

/* NULL: none goes on. */
static void expect(const struct recent *recent, const struct cache *cache, const char *before, const char *rest)
{
	struct recent_match match;
	bool found = find(recent, cache, before, AFTER, &match);

	assert_int_equal(found, rest != NULL);
	if (found) {
		assert_int_equal(match.answer.len - match.at, strlen(rest));
		assert_memory_equal(match.answer.text + match.at, rest, strlen(rest));
	}
}

static void test_found(void **state)
{
	struct cache *cache = cache_new(0, 0);
	struct recent recent = { .count = 0 };

	(void)state;
	expect(&recent, cache, "int a = b;", NULL);
	offer(&recent, cache, "int ", "first = one(a);\n\tlog_second(a, first);\n\tthird();", 0);
	/* Another name, other lines. */
	expect(&recent, cache, "int start = ", "one(a);\n\tlog_second(a, first);\n\tthird();");
	expect(&recent, cache, "int first = one(a);\n\town();\n\tlog_second(a, ", "first);\n\tthird();");
	expect(&recent, cache, "int first = one(a);\n\town();\n\tlog_sec", NULL);
	/* Before its place, and at it. */
	expect(&recent, cache, "in", NULL);
	expect(&recent, cache, "int ", NULL);
	cache_free(cache);
}

/* The text around what was typed must be the one that was asked about. */
static void test_another_text(void **state)
{
	struct cache *cache = cache_new(0, 0);
	struct recent recent = { .count = 0 };
	struct recent_match match;

	(void)state;
	offer(&recent, cache, "int ", "first = one(a);", 0);
	assert_true(find(&recent, cache, "int start = one(", AFTER, &match));
	assert_false(find(&recent, cache, "int start = one(", ")" AFTER, &match));
	assert_false(find(&recent, cache, "var start = one(", AFTER, &match));
	assert_false(find(&recent, cache, "long start = one(", AFTER, &match));
	cache_free(cache);
}

static void test_the_last_one_wins_and_the_oldest_goes(void **state)
{
	struct cache *cache = cache_new(0, 0);
	struct recent recent = { .count = 0 };
	char text[32];

	(void)state;
	offer(&recent, cache, "int ", "first = one(a);", 0);
	offer(&recent, cache, "int ", "first = one(b);", 1);
	expect(&recent, cache, "int start = ", "one(b);");
	offer(&recent, cache, "int ", "first = one(a);", 0);
	assert_int_equal(recent.count, 2);
	expect(&recent, cache, "int start = ", "one(a);");
	for (int i = 0; i < RECENT_ENTRIES - 1; i++) {
		snprintf(text, sizeof(text), "while %d ", i);
		offer(&recent, cache, text, "(true);", 0);
	}
	assert_int_equal(recent.count, RECENT_ENTRIES);
	expect(&recent, cache, "int start = ", "one(a);");
	offer(&recent, cache, "for ", "(;;);", 0);
	expect(&recent, cache, "int start = ", NULL);
	cache_free(cache);
}

/* Lines that were typed through are not found again. */
static void test_reached(void **state)
{
	static const char text[] = "first = one(a);\n\tlog_second(a, first);\n\tlog_second(a, first);\n\tthird();";
	struct cache *cache = cache_new(0, 0);
	struct recent recent = { .count = 0 };
	struct cache_key key = key_at("int ");
	struct cache_hit hit;

	(void)state;
	offer(&recent, cache, "int ", text, 0);
	expect(&recent, cache, "int own;\n\tlog_second(a, ", NULL);
	assert_true(cache_get(cache, &key, 0, &hit));
	hit.typed = strlen("first = one(a);\n\tlog_second");
	recent_touch(&recent, &hit, strlen("int ") + hit.typed);
	assert_int_equal(recent.entries[0].offset, strlen("int "));
	expect(&recent, cache, "int own;\n\tlog_second(a, ", "first);\n\tthird();");
	cache_free(cache);
}

static void test_moved_and_forgotten(void **state)
{
	struct cache *cache = cache_new(0, 0);
	struct recent recent = { .count = 0 };
	struct cache_key here = key_at("int start = ");
	struct cache_answer rest = { .text = "one(a, b);", .len = 10, .complete = true };

	(void)state;
	offer(&recent, cache, "int ", "first = one(a, b);", 0);
	assert_true(cache_put(cache, &here, &rest));
	recent_move(&recent, 0, &here, strlen("int start = "));
	expect(&recent, cache, "int start = two(", "a, b);");
	/* What the cache has no more is found no more. */
	cache_forget(cache, &here);
	expect(&recent, cache, "int start = two(", NULL);
	cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_another_text),
		cmocka_unit_test(test_the_last_one_wins_and_the_oldest_goes),
		cmocka_unit_test(test_reached),
		cmocka_unit_test(test_moved_and_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
