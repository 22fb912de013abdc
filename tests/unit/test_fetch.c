/*
 * Fetches, over real sockets: the test upstream (tests/upstream) is a child of this program. What it served is what its
 * own count says; a wrong key is an error; a cancelled one calls nobody.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/upstream/call.h"
#include "eke/upstream/models.h"
#include "eke/upstream/usage.h"
#include "upstream_fixture.h"

struct fixture {
	struct upstream_fixture u; /* the first, for the callbacks */
	/* what came back */
	struct usage_hour hours[LIMIT_USAGE_HOURS];
	size_t hour_count;
	size_t model_count;
	struct err err;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	upstream_setup(&f->u);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	upstream_teardown(&f->u);
	free(f);
	return 0;
}

static void test_offered(void **state)
{
	static const struct {
		const char *base;
		bool offered;
	} bases[] = {
		{ "https://api.chatanywhere.tech/v1", true },
		{ "api.chatanywhere.org", true },
		{ "https://API.ChatAnywhere.com.cn", true },
		{ "https://api.chatanywhere.cn/v1/chat/completions", true },
		{ "https://chatanywhere.tech.example.com", false },
		{ "https://notchatanywhere.tech", false },
		{ "https://api.openai.com/v1", false },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(bases); i++) {
		snprintf(f->u.base, sizeof(f->u.base), "%s", bases[i].base);
		assert_int_equal(usage_is_offered(upstream_endpoint(&f->u, UPSTREAM_KEY)), bases[i].offered);
	}
}

static void on_usage(void *ctx, const struct usage_hour *hours, size_t count, const struct err *err)
{
	struct fixture *f = ctx;

	f->hour_count = count;
	if (count)
		memcpy(f->hours, hours, count * sizeof(*hours));
	f->err = err ? *err : (struct err)ERR_INIT;
	upstream_came(&f->u);
}

static void on_models(void *ctx, const char *const *ids, size_t count, const struct err *err)
{
	struct fixture *f = ctx;

	assert_true(err ? !ids : ids && ids[0][0]);
	f->model_count = count;
	f->err = err ? *err : (struct err)ERR_INIT;
	upstream_came(&f->u);
}

static void on_chat(void *ctx, const struct call_answer *answer, const struct err *err)
{
	if (!answer)
		fail_msg("%s", err->message);
	upstream_came(ctx);
}

static void chat(struct fixture *f, struct endpoint *endpoint, const char *model)
{
	static const struct request_message message = { "user", "hello", 5 };
	struct call_spec spec = {
		.endpoint = endpoint,
		.purpose = CALL_CHAT,
		.request = { .dialect = dialect_chat(), .model = model, .messages = &message, .message_count = 1,
			     .stream = true, .temperature = -1 },
	};
	struct call_callbacks callbacks = { .done = on_chat, .ctx = f };

	call_start(f->u.upstream, &spec, &callbacks);
}

static void test_usage(void **state)
{
	struct fixture *f = *state;
	struct endpoint *endpoint = upstream_endpoint(&f->u, UPSTREAM_KEY);
	int64_t now = clock_wall_ms() / 1000;
	int64_t requests = 0;

	assert_false(usage_is_offered(endpoint));
	assert_true(usage_start(f->u.upstream, endpoint, on_usage, f) != 0);
	upstream_wait(&f->u, 1);
	assert_int_equal(f->err.kind, ERR_NONE);
	assert_int_equal(f->hour_count, 0);

	chat(f, endpoint, "one");
	chat(f, endpoint, "two");
	chat(f, endpoint, "two");
	upstream_wait(&f->u, 3);
	usage_start(f->u.upstream, endpoint, on_usage, f);
	upstream_wait(&f->u, 1);
	assert_int_equal(f->err.kind, ERR_NONE);
	/* Two, if the hour has just ended. */
	assert_in_range(f->hour_count, 1, 2);
	for (size_t i = 0; i < f->hour_count; i++) {
		requests += f->hours[i].count;
		assert_int_equal(f->hours[i].start % 3600, 0);
		assert_in_range(f->hours[i].start, now - 3600, now + 3600);
	}
	assert_int_equal(requests, 3);
}

static void test_models(void **state)
{
	struct fixture *f = *state;
	struct endpoint *endpoint = upstream_endpoint(&f->u, UPSTREAM_KEY);

	models_start(f->u.upstream, endpoint, on_models, f);
	upstream_wait(&f->u, 1);
	assert_int_equal(f->err.kind, ERR_NONE);
	assert_true(f->model_count > 0);
}

static void test_wrong_key(void **state)
{
	struct fixture *f = *state;
	struct endpoint *endpoint = upstream_endpoint(&f->u, "sk-another-key");

	usage_start(f->u.upstream, endpoint, on_usage, f);
	upstream_wait(&f->u, 1);
	assert_int_equal(f->err.kind, ERR_AUTH);
	assert_int_equal(f->err.http_status, 401);
	assert_string_equal(f->err.endpoint, endpoint_name(endpoint));
	models_start(f->u.upstream, endpoint, on_models, f);
	upstream_wait(&f->u, 1);
	assert_int_equal(f->err.kind, ERR_AUTH);
}

static void never(void *ctx, const struct usage_hour *hours, size_t count, const struct err *err)
{
	(void)ctx;
	(void)hours;
	(void)count;
	fail_msg("told although cancelled: %s", err ? err->message : "");
}

static void test_cancelled(void **state)
{
	struct fixture *f = *state;
	struct endpoint *endpoint = upstream_endpoint(&f->u, UPSTREAM_KEY);
	uint64_t id = usage_start(f->u.upstream, endpoint, never, f);

	usage_cancel(f->u.upstream, id);
	usage_cancel(f->u.upstream, id);
	usage_cancel(f->u.upstream, 0);
	/* Its neighbour is not. */
	id = usage_start(f->u.upstream, endpoint, never, f);
	models_start(f->u.upstream, endpoint, on_models, f);
	usage_cancel(f->u.upstream, id);
	upstream_wait(&f->u, 1);
	assert_int_equal(f->err.kind, ERR_NONE);
	/* Under way when everything ends. */
	usage_start(f->u.upstream, endpoint, never, f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_offered, setup, teardown),
		cmocka_unit_test_setup_teardown(test_usage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_models, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_key, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancelled, setup, teardown),
	};

	return cmocka_run_group_tests_name("fetch", tests, NULL, NULL);
}
