/*
 * Plans: the built-in ones against the provider's published numbers, periods, and those that a user writes.
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
#include "eke/config/plan.h"

/* A window as "scope models limit/period kind timeZone;". */
static void describe(const struct plan *plan, struct strbuf *out)
{
	strbuf_reset(out);
	for (size_t i = 0; i < plan->window_count; i++) {
		const struct plan_window *w = &plan->windows[i];

		strbuf_adds(out, w->scope == PLAN_SCOPE_KEY ? "key " : "machine ");
		for (const char *const *m = w->models; *m; m++)
			strbuf_addf(out, "%s%s", m == w->models ? "" : ",", *m);
		strbuf_addf(out, " %lld/%lld %s %s;", (long long)w->limit, (long long)w->period,
			    plan_kind_name(w->kind), w->time_zone ? w->time_zone : "-");
	}
}

#define FIVE "gpt-5,gpt-5-chat*,gpt-5.*,gpt-4o,gpt-4.1"
#define THIRTY "deepseek-r1,deepseek-v3,deepseek-v3-2-exp"
#define DAILY "calendar Asia/Shanghai;"

static const struct {
	const char *name;
	const char *windows; /* NULL: no such plan */
	int64_t max_prompt_tokens;
} builtin[] = {
	{ "chatanywhere-free", "machine * 60/3600 sliding -;key * 60/3600 sliding -;", 4096 },
	{ "chatanywhere-free-daily",
	  "machine *,!*embed* 200/86400 " DAILY "key *,!*embed* 200/86400 " DAILY "machine *embed* 200/86400 " DAILY
	  "key *embed* 200/86400 " DAILY "machine " FIVE " 5/86400 " DAILY "key " FIVE
	  " 5/86400 " DAILY "machine " THIRTY " 30/86400 " DAILY "key " THIRTY " 30/86400 " DAILY, 4096 },
	{ "unlimited", "", 0 },
	{ "", NULL, 0 },
	{ "Unlimited", NULL, 0 },
	{ "chatanywhere", NULL, 0 },
};

static void test_builtin(void **state)
{
	struct strbuf out;

	(void)state;
	strbuf_init(&out, KIB(4));
	for (size_t i = 0; i < ARRAY_LEN(builtin); i++) {
		const struct plan *plan = plan_builtin(builtin[i].name);

		if (!builtin[i].windows) {
			assert_null(plan);
			continue;
		}
		assert_string_equal(plan->name, builtin[i].name);
		describe(plan, &out);
		assert_string_equal(out.data, builtin[i].windows);
		assert_int_equal(plan->max_prompt_tokens, builtin[i].max_prompt_tokens);
		assert_int_equal(plan_is_counted(plan), *builtin[i].windows != '\0');
	}
	strbuf_release(&out);
}

static const struct {
	const char *text;
	int64_t seconds; /* 0: none */
} periods[] = {
	{ "60s", 60 },		 { "1s", 1 },	     { "30m", 1800 }, { "1h", 3600 },	 { "24h", 86400 },
	{ "1d", 86400 },	 { "366d", 31622400 }, { "31622400s", 31622400 }, { "0060s", 60 },
	/* none */
	{ "", 0 },		 { "h", 0 },	     { "1", 0 },      { "1H", 0 },	 { "1hour", 0 },
	{ "1 h", 0 },		 { " 1h", 0 },	     { "1h ", 0 },    { "+1h", 0 },	 { "-1h", 0 },
	{ "0h", 0 },		 { "1.5h", 0 },	     { "1w", 0 },     { "1h30m", 0 },	 { "0x10s", 0 },
	{ "367d", 0 },		 { "31622401s", 0 }, { "8785h", 0 },  { "99999999999999999999d", 0 },
	{ "9223372036854775807d", 0 },
};

static void test_periods(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(periods); i++) {
		int64_t seconds = -7;

		if (plan_parse_period(periods[i].text, &seconds) != (periods[i].seconds > 0))
			fail_msg("\"%s\" was%s taken", periods[i].text, periods[i].seconds ? " not" : "");
		assert_int_equal(seconds, periods[i].seconds ? periods[i].seconds : -7);
	}
}

#define WINDOW "\"scope\":\"machine\",\"limit\":5,\"period\":\"1m\""

static const struct {
	const char *text;
	const char *windows; /* NULL: refused */
	const char *message;
} plans[] = {
	{ "{\"windows\":[]}", "", NULL },
	{ "{\"windows\":[{" WINDOW "}]}", "machine * 5/60 sliding -;", NULL },
	{ "{\"windows\":[{" WINDOW ",\"models\":[]}]}", "machine * 5/60 sliding -;", NULL },
	{ "{\"windows\":[{" WINDOW ",\"models\":null,\"kind\":null,\"timeZone\":null}]}",
	  "machine * 5/60 sliding -;", NULL },
	{ "{\"windows\":[{" WINDOW ",\"models\":[\"a*\",\"b\"]},{" WINDOW ",\"models\":[\"*\"]},{" WINDOW
	  "},{" WINDOW ",\"models\":[\"c\"]}]}",
	  "machine a*,b 5/60 sliding -;machine * 5/60 sliding -;machine * 5/60 sliding -;machine c 5/60 sliding -;", NULL },
	{ "{\"windows\":[{\"scope\":\"key\",\"limit\":100000,\"period\":\"366d\","
	  "\"kind\":\"sliding\",\"timeZone\":\"x\"}]}",
	  "key * 100000/31622400 sliding -;", NULL },
	{ "{\"windows\":[{" WINDOW ",\"kind\":\"calendar\"}]}", "machine * 5/60 calendar UTC;", NULL },
	{ "{\"windows\":[{" WINDOW ",\"kind\":\"calendar\",\"timeZone\":\"Asia/Tokyo\"}],\"maxPromptTokens\":9}",
	  "machine * 5/60 calendar Asia/Tokyo;", NULL },

	{ "[]", NULL, "plans.p must be an object, not an array" },
	{ "null", NULL, "plans.p must be an object, not null" },
	{ "{}", NULL, "plans.p.windows is missing" },
	{ "{\"windows\":{}}", NULL, "plans.p.windows must be an array, not an object" },
	{ "{\"windows\":[],\"maxPromptTokens\":100000001}", NULL, "plans.p.maxPromptTokens must be a whole number from 1" },
	{ "{\"windows\":[{" WINDOW "},null]}", NULL, "plans.p.windows[1] must be an object, not null" },
	{ "{\"windows\":[{" WINDOW "},[]]}", NULL, "plans.p.windows[1] must be an object, not an array" },
	{ "{\"windows\":[{\"limit\":5,\"period\":\"1m\"}]}", NULL, "plans.p.windows[0].scope is missing" },
	{ "{\"windows\":[{\"scope\":\"key\",\"period\":\"1m\"}]}", NULL, "plans.p.windows[0].limit is missing" },
	{ "{\"windows\":[{\"scope\":\"key\",\"limit\":5}]}", NULL, "plans.p.windows[0].period is missing" },
	{ "{\"windows\":[{\"scope\":\"Key\",\"limit\":5,\"period\":\"1m\"}]}", NULL,
	  "plans.p.windows[0].scope must be one of machine, key, not \"Key\"" },
	{ "{\"windows\":[{\"scope\":\"key\",\"limit\":100001,\"period\":\"1m\"}]}", NULL,
	  "plans.p.windows[0].limit must be a whole number from 1 to 100000" },
	{ "{\"windows\":[{\"scope\":\"key\",\"limit\":5,\"period\":60}]}", NULL,
	  "plans.p.windows[0].period must be a string" },
	{ "{\"windows\":[{\"scope\":\"key\",\"limit\":5,\"period\":\"1w\"}]}", NULL,
	  "plans.p.windows[0].period must be a time such as \"1h\", \"30m\" or \"1d\", not \"1w\"" },
	{ "{\"windows\":[{" WINDOW "},{" WINDOW ",\"kind\":\"rolling\"}]}", NULL,
	  "plans.p.windows[1].kind must be one of sliding, calendar, not \"rolling\"" },
	{ "{\"windows\":[{" WINDOW ",\"kind\":\"calendar\",\"timeZone\":\"Mars/Olympus\"}]}", NULL,
	  "plans.p.windows[0].timeZone must be the name of a time zone that this system knows, such as "
	  "\"Asia/Shanghai\" or \"UTC\", not \"Mars/Olympus\"" },
	{ "{\"windows\":[{" WINDOW ",\"models\":{\"a\":1,\"b\":2}}]}", NULL, "plans.p.windows[0].models must be an array" },
	{ "{\"windows\":[{" WINDOW ",\"models\":[\"a\",null]}]}", NULL,
	  "plans.p.windows[0].models must be a list of strings" },
};

static void test_decode(void **state)
{
	struct json_pool *pool = json_pool_new();
	struct strbuf out;

	(void)state;
	strbuf_init(&out, KIB(4));
	for (size_t i = 0; i < ARRAY_LEN(plans); i++) {
		char *text = xstrdup(plans[i].text);
		struct err err = ERR_INIT;
		struct plan plan = { .name = "untouched" };
		const char **models = NULL;
		const struct json *tree = json_parse(pool, text, strlen(text), JSON_STRICT, &err);
		bool ok;

		free(text);
		assert_non_null(tree);
		ok = plan_decode(tree, "p", &plan, &models, &err);
		if (ok != !plans[i].message)
			fail_msg("%s: %s", plans[i].text, ok ? "was taken" : err.message);
		if (!ok) {
			assert_int_equal(err.kind, ERR_INVALID_PARAMS);
			assert_non_null(strstr(err.message, plans[i].message));
			assert_null(models);
			continue;
		}
		assert_string_equal(plan.name, "p");
		describe(&plan, &out);
		assert_string_equal(out.data, plans[i].windows);
		free(models);
	}
	strbuf_release(&out);
	json_pool_free(pool);
}

/* A copy says the same when its original is gone. */
static void test_copy(void **state)
{
	static const char *const names[] = { "chatanywhere-free", "chatanywhere-free-daily", "unlimited" };
	struct strbuf a;
	struct strbuf b;

	(void)state;
	strbuf_init(&a, KIB(4));
	strbuf_init(&b, KIB(4));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct plan *first = plan_copy(plan_builtin(names[i]));
		struct plan *second = plan_copy(first);

		describe(plan_builtin(names[i]), &a);
		free(first);
		assert_string_equal(second->name, names[i]);
		assert_int_equal(second->max_prompt_tokens, plan_builtin(names[i])->max_prompt_tokens);
		describe(second, &b);
		assert_string_equal(a.data, b.data);
		free(second);
	}
	strbuf_release(&a);
	strbuf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builtin),
		cmocka_unit_test(test_periods),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
