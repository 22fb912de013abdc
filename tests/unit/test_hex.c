/*
 * The small helpers of base: hexadecimal digits, FNV-1a against its published vectors, lists.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "eke/base/hash.h"
#include "eke/base/hex.h"
#include "eke/base/list.h"

static void test_hex(void **state)
{
	static const char *const bad[] = { "",	 "0",	   "00010",   "0001020", "00 102",
					   "0x0102", "00g102", "000102 ", "00010203" };
	uint8_t bytes[3] = { 7, 7, 7 };
	char text[HEX_SIZE(3)];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(hex_decode(bad[i], bytes, sizeof(bytes)));
	assert_memory_equal(bytes, "\7\7\7", 3);
	assert_true(hex_decode("00fFa9", bytes, sizeof(bytes)));
	assert_memory_equal(bytes, "\x00\xFF\xA9", 3);
	hex_encode(bytes, sizeof(bytes), text);
	assert_string_equal(text, "00ffa9");
	hex_encode(bytes, 0, text);
	assert_string_equal(text, "");
}

static void test_numbers(void **state)
{
	static const uint64_t numbers[] = { 0, 1, 0x0123456789ABCDEF, INT64_MAX, UINT64_MAX };
	char text[HEX_SIZE(8)];
	uint64_t n = 5;

	(void)state;
	hex_from_u64(0x0123456789ABCDEF, text);
	assert_string_equal(text, "0123456789abcdef");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		hex_from_u64(numbers[i], text);
		assert_true(hex_to_u64(text, &n));
		assert_true(n == numbers[i]);
	}
	assert_false(hex_to_u64("123456789abcdef", &n));
	assert_true(n == UINT64_MAX);
}

/* Of draft-eastlake-fnv, appendix C. */
static void test_fnv(void **state)
{
	(void)state;
	assert_true(hash_fnv64(HASH_FNV64, "", 0) == UINT64_C(0xcbf29ce484222325));
	assert_true(hash_fnv64(HASH_FNV64, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
	assert_true(hash_fnv64(HASH_FNV64, "foobar", 6) == UINT64_C(0x85944171f73967e8));
	assert_true(hash_fnv64(hash_fnv64(HASH_FNV64, "foo", 3), "bar", 3) == UINT64_C(0x85944171f73967e8));
	assert_true(hash_fnv32(HASH_FNV32, "foobar", 6) == UINT32_C(0xbf9cf968));
}

struct item {
	char name;
	struct item *next;
};

static void check(const struct item *head, const char *names)
{
	for (; *names; names++, head = head->next)
		assert_int_equal(head->name, *names);
	assert_null(head);
}

static void test_list(void **state)
{
	struct item items[] = { { 'a', NULL }, { 'b', NULL }, { 'c', NULL } };
	struct item *head = NULL;

	(void)state;
	for (int i = 0; i < 3; i++)
		list_append(head, &items[i]);
	check(head, "abc");
	list_unlink(head, &items[1]);
	check(head, "ac");
	list_append(head, &items[1]);
	list_unlink(head, &items[0]);
	check(head, "cb");
	list_unlink(head, &items[1]);
	list_unlink(head, &items[2]);
	check(head, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_hex), cmocka_unit_test(test_numbers),
					    cmocka_unit_test(test_fnv), cmocka_unit_test(test_list) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
