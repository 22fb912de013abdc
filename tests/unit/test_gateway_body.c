/*
 * The one member of a request's body that the gateway changes: every other byte stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "../../src/gateway/body.h"

static const struct {
	const char *json;
	const char *value; /* of "model", as it stands there; NULL: none, or several */
	const char *set;   /* the object with the model "new"; NULL: it cannot be */
} bodies[] = {
	{ "{}", NULL, "{\"model\":\"new\"}" },
	{ " { } ", NULL, " {\"model\":\"new\" } " },
	{ "{\"a\":1}", NULL, "{\"model\":\"new\",\"a\":1}" },
	{ "{\"model\":\"old\"}", "\"old\"", "{\"model\":\"new\"}" },
	{ "{ \"model\" : \"old\" , \"a\":[1.50, \"x\"]}\n", "\"old\"", "{ \"model\" : \"new\" , \"a\":[1.50, \"x\"]}\n" },
	{ "{\"a\":{\"model\":\"x\"},\"model\":\"\\\"}\",\"b\":null}", "\"\\\"}\"",
	  "{\"a\":{\"model\":\"x\"},\"model\":\"new\",\"b\":null}" },
	{ "{\"a\":\"\\\\\",\"model\":\"o\"}", "\"o\"", "{\"a\":\"\\\\\",\"model\":\"new\"}" },
	{ "{\"a\":[[],{},\"]\"],\"b\":-1e5,\"c\":true,\"model\":null}", "null",
	  "{\"a\":[[],{},\"]\"],\"b\":-1e5,\"c\":true,\"model\":\"new\"}" },
	{ "{\"models\":1,\"mode\":2}", NULL, "{\"model\":\"new\",\"models\":1,\"mode\":2}" },
	{ "{\"model\":\"a\",\"model\":\"b\"}", NULL, NULL },
};

static void test_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		const char *json = bodies[i].json;
		size_t from = 0;
		size_t to = 0;
		struct strbuf out;
		bool found = gateway_body_find(json, strlen(json), "model", &from, &to);

		assert_int_equal(found, bodies[i].value != NULL);
		if (found) {
			assert_int_equal(to - from, strlen(bodies[i].value));
			assert_memory_equal(json + from, bodies[i].value, to - from);
		}
		strbuf_init(&out, KIB(1));
		assert_int_equal(gateway_body_set_string(json, strlen(json), "model", "new", &out), bodies[i].set != NULL);
		assert_string_equal(out.data, bodies[i].set ? bodies[i].set : "");
		strbuf_release(&out);
	}
}

static const struct {
	const char *json;
	const char *set;     /* with true as the value of "model" */
	const char *removed; /* NULL: it cannot be */
} changes[] = {
	{ "{}", "{\"model\":true}", "{}" },
	{ "{\"a\":1}", "{\"model\":true,\"a\":1}", "{\"a\":1}" },
	{ "{\"model\":1}", "{\"model\":true}", "{}" },
	{ "{ \"model\" : 1 }", "{ \"model\" : true }", "{}" },
	{ "{\"a\":1 , \"model\":{\"x\":[1,2]}}", "{\"a\":1 , \"model\":true}", "{\"a\":1 }" },
	{ "{\"model\" : \"x\" , \"a\":1}", "{\"model\" : true , \"a\":1}", "{ \"a\":1}" },
	{ "{\"a\":1,\"model\":\"x\",\"b\":2}", "{\"a\":1,\"model\":true,\"b\":2}", "{\"a\":1,\"b\":2}" },
	{ "{\"model\":\"a\",\"model\":\"b\"}", NULL, NULL },
};

static void test_changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		const char *json = changes[i].json;
		struct strbuf out;

		strbuf_init(&out, KIB(1));
		assert_int_equal(gateway_body_set(json, strlen(json), "model", "true", &out), changes[i].set != NULL);
		assert_string_equal(out.data, changes[i].set ? changes[i].set : "");
		strbuf_reset(&out);
		assert_int_equal(gateway_body_remove(json, strlen(json), "model", &out), changes[i].removed != NULL);
		assert_string_equal(out.data, changes[i].removed ? changes[i].removed : "");
		strbuf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_changes),
	};

	return cmocka_run_group_tests_name("gateway_body", tests, NULL, NULL);
}
