/*
 * Lookups of hosts: addresses, names, names that nobody has, and the end of one that is not wanted any more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/io/resolve.h"

static struct loop *loop;
static char told[512];

static void on_found(void *ctx, const char *const *addresses, size_t count, const char *why)
{
	char *out = ctx;
	size_t len = 0;

	assert_string_equal(told, "");
	assert_true(!count == (why != NULL));
	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(out + len, sizeof(told) - len, "%s ", addresses[i]);
	if (why)
		snprintf(told, sizeof(told), "!%s", why);
	loop_stop(loop);
}

static const char *look_up(const char *host, size_t max)
{
	told[0] = '\0';
	resolve_host(loop, host, max, 15, on_found, told);
	assert_string_equal(told, "");
	loop_run(loop);
	return told;
}

static void test_addresses(void **state)
{
	(void)state;
	assert_string_equal(look_up("127.0.0.1", 4), "127.0.0.1 ");
	assert_string_equal(look_up("fe80::1", 1), "fe80::1 ");
}

static void test_names(void **state)
{
	(void)state;
	assert_non_null(strstr(look_up("localhost", 8), "1 "));
	assert_int_equal(strchr(look_up("localhost", 1), ' ') - told, strlen(told) - 1);
	/* RFC 6761: that top-level domain has no names. */
	assert_int_equal(look_up("nobody.invalid", 8)[0], '!');
	assert_true(strlen(told) > 5);
}

static void test_cancel(void **state)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost", "nobody.invalid" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		told[0] = '\0';
		resolve_cancel(resolve_host(loop, hosts[i], 4, 15, on_found, told));
	}
	resolve_cancel(NULL);
	assert_string_equal(look_up("127.0.0.2", 4), "127.0.0.2 ");
}

static int setup(void **state)
{
	(void)state;
	loop = loop_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_addresses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
