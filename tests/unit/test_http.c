/* upstream/http: no callback comes from within the call that started the work, however soon a transfer ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above */
#include <cmocka.h>

#include "eke/io/loop.h"
#include "eke/upstream/http.h"

struct fixture {
	struct loop *loop;
	struct http *http;
	int done;
	enum http_outcome outcome;
};

static void on_done(void *ctx, enum http_outcome outcome, const struct err *err)
{
	struct fixture *f = ctx;

	(void)err;
	f->done++;
	f->outcome = outcome;
	loop_stop(f->loop);
}

/* libcurl refuses it as soon as it is told of it: only http and https are allowed. */
static uint64_t start(struct fixture *f)
{
	struct http_callbacks callbacks = { .done = on_done, .ctx = f };
	struct http_request request = { .method = "GET", .url = "gopher://127.0.0.1/", .connect_timeout = 5,
					.first_byte_timeout = 5, .idle_timeout = 5 };

	return http_start(f->http, &request, &callbacks);
}

static void test_refused_at_once(void **state)
{
	struct fixture f = { .loop = loop_new() };

	(void)state;
	f.http = http_new(f.loop);
	assert_int_not_equal(start(&f), 0);
	assert_int_equal(f.done, 0);
	loop_run(f.loop);
	assert_int_equal(f.done, 1);
	assert_int_equal(f.outcome, HTTP_UNSENT);
	assert_int_equal(http_active(f.http), 0);
	http_free(f.http);
	loop_free(f.loop);
}

static void stop(void *ctx)
{
	loop_stop(ctx);
}

static void test_cancelled_before_the_turn_ends(void **state)
{
	struct fixture f = { .loop = loop_new() };

	(void)state;
	f.http = http_new(f.loop);
	http_cancel(f.http, start(&f));
	loop_defer(f.loop, stop, f.loop);
	loop_run(f.loop);
	assert_int_equal(f.done, 0);
	assert_int_equal(http_active(f.http), 0);
	http_free(f.http);
	loop_free(f.loop);
}

static void test_freed_before_the_turn_ends(void **state)
{
	struct fixture f = { .loop = loop_new() };

	(void)state;
	f.http = http_new(f.loop);
	start(&f);
	http_free(f.http);
	loop_free(f.loop);
	assert_int_equal(f.done, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused_at_once),
		cmocka_unit_test(test_cancelled_before_the_turn_ends),
		cmocka_unit_test(test_freed_before_the_turn_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
