/*
 * The growable string: its maximum at every edge, splices against a plain model, and that every buffer stays
 * terminated.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/base/strbuf.h"

static void expect(const struct strbuf *sb, const char *text, bool full)
{
	assert_string_equal(sb->data, text);
	assert_int_equal(sb->len, strlen(text));
	assert_int_equal(sb->full, full);
	assert_true(sb->len <= sb->max);
	assert_true(sb->cap == 0 || sb->cap > sb->len);
}

static void test_empty(void **state)
{
	struct strbuf sb;
	size_t len = 7;
	char *s;

	(void)state;
	strbuf_init(&sb, 10);
	expect(&sb, "", false);
	assert_int_equal(sb.cap, 0);
	assert_true(strbuf_add(&sb, "", 0));
	assert_true(strbuf_add(&sb, NULL, 0));
	assert_true(strbuf_addf(&sb, "%s", ""));
	strbuf_consume(&sb, 0);
	strbuf_truncate(&sb, 0);
	assert_true(strbuf_splice(&sb, 0, 0, NULL, 0));
	strbuf_reset(&sb);
	expect(&sb, "", false);
	s = strbuf_detach(&sb, &len);
	assert_string_equal(s, "");
	assert_int_equal(len, 0);
	free(s);
	strbuf_release(&sb);
	strbuf_release(&sb);
	expect(&sb, "", false);
}

/* What is added to an empty buffer of which maximum, and whether it fits. */
static const struct {
	size_t max;
	const char *first;
	const char *second;
	const char *result;
	bool fits;
} adds[] = {
	{ 0, "", "", "", true },
	{ 0, "", "a", "", false },
	{ 1, "", "a", "a", true },
	{ 1, "a", "", "a", true },
	{ 1, "a", "b", "a", false },
	{ 5, "abc", "de", "abcde", true },
	{ 5, "abc", "def", "abc", false },
	{ SIZE_MAX, "abc", "def", "abcdef", true },
	{ SIZE_MAX - 1, "abc", "def", "abcdef", true },
};

enum how { ADD, ADDS, ADDF, ADDCH, SPLICE, HOWS };

static bool add(struct strbuf *sb, enum how how, const char *s)
{
	bool ok = true;

	switch (how) {
	case ADD:
		return strbuf_add(sb, s, strlen(s));
	case ADDS:
		return strbuf_adds(sb, s);
	case ADDF:
		return strbuf_addf(sb, "%s", s);
	case ADDCH:
		/* Character by character only as a whole: all or nothing is each call's promise. */
		if (!strbuf_reserve(sb, strlen(s)))
			return false;
		for (; *s; s++)
			ok = strbuf_addch(sb, *s) && ok;
		return ok;
	case SPLICE:
		return strbuf_splice(sb, sb->len, 0, s, strlen(s));
	case HOWS:
		break;
	}
	return false;
}

static void test_maximum(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(adds); i++) {
		for (int how = ADD; how < HOWS; how++) {
			struct strbuf sb;

			strbuf_init(&sb, adds[i].max);
			assert_true(add(&sb, (enum how)how, adds[i].first));
			assert_int_equal(add(&sb, (enum how)how, adds[i].second), adds[i].fits);
			expect(&sb, adds[i].result, !adds[i].fits);
			/* Full is only a mark: what fits is still taken. */
			if (adds[i].fits || sb.max == sb.len) {
				strbuf_release(&sb);
				continue;
			}
			assert_true(strbuf_addch(&sb, '!'));
			assert_true(sb.full);
			strbuf_reset(&sb);
			expect(&sb, "", false);
			strbuf_release(&sb);
		}
	}
}

static void test_reserve(void **state)
{
	struct strbuf sb;
	const char *data;

	(void)state;
	strbuf_init(&sb, 1000);
	assert_true(strbuf_reserve(&sb, 1000));
	expect(&sb, "", false);
	data = sb.data;
	for (int i = 0; i < 1000; i++)
		assert_true(strbuf_addch(&sb, 'x'));
	assert_ptr_equal(sb.data, data);
	assert_false(strbuf_reserve(&sb, 1));
	assert_true(sb.full);
	assert_true(strbuf_reserve(&sb, 0));
	strbuf_reset(&sb);
	assert_ptr_equal(sb.data, data);
	assert_false(strbuf_reserve(&sb, SIZE_MAX));
	strbuf_release(&sb);
}

static void test_bytes(void **state)
{
	struct strbuf sb;
	struct strbuf other;
	size_t len;
	char *s;

	(void)state;
	strbuf_init(&sb, 100);
	strbuf_init(&other, 50);
	assert_true(strbuf_add(&sb, "a\0b", 3));
	assert_true(strbuf_addf(&sb, "%d%c", 42, 'z'));
	assert_memory_equal(sb.data, "a\0b42z", 7);
	strbuf_consume(&sb, 2);
	expect(&sb, "b42z", false);
	strbuf_truncate(&sb, 3);
	expect(&sb, "b42", false);
	strbuf_adds(&other, "gone");
	strbuf_move(&other, &sb);
	expect(&other, "b42", false);
	assert_int_equal(other.max, 100);
	expect(&sb, "", false);
	s = strbuf_detach(&other, &len);
	assert_int_equal(len, 3);
	assert_string_equal(s, "b42");
	expect(&other, "", false);
	free(s);
	strbuf_consume(&other, 0);
	strbuf_release(&sb);
	strbuf_release(&other);
}

/* Every replacement of every stretch of a short text, with every length of new text. */
static void test_splice(void **state)
{
	static const char text[] = "abcdef";
	static const char fresh[] = "UVWXYZ12";
	const size_t max = 10;

	(void)state;
	for (size_t at = 0; at <= 6; at++) {
		for (size_t old = 0; at + old <= 6; old++) {
			for (size_t n = 0; n <= 8; n++) {
				bool fits = 6 - old + n <= max;
				char wanted[20] = "";
				struct strbuf sb;

				memcpy(wanted, text, at);
				memcpy(wanted + at, fresh, n);
				memcpy(wanted + at + n, text + at + old, 6 - at - old);
				strbuf_init(&sb, max);
				assert_true(strbuf_adds(&sb, text));
				assert_int_equal(strbuf_splice(&sb, at, old, fresh, n), fits);
				expect(&sb, fits ? wanted : text, !fits);
				strbuf_release(&sb);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty), cmocka_unit_test(test_maximum), cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_bytes), cmocka_unit_test(test_splice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
