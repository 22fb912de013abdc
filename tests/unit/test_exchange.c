/*
 * Exchanges over real sockets: requests go out as they are, and responses come back as they are, byte for byte, also
 * those that refuse. The loopback API is a child of this program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "eke/upstream/exchange.h"
#include "upstream_fixture.h"

#define CHAT "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}"

struct fixture {
	struct upstream_fixture u; /* the first */
	uint64_t id;
	/* what came */
	int heads, restarts, refusals, ends;
	int status;
	char type[64];
	char retry_after[64];
	struct strbuf body;
	struct err err;
	bool stop_early; /* at the first bytes */
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	upstream_setup(&f->u);
	strbuf_init(&f->body, LIMIT_BODY);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	upstream_teardown(&f->u);
	strbuf_release(&f->body);
	free(f);
	return 0;
}

static void take_head(struct fixture *f, const struct http_head *head)
{
	f->status = head->status;
	snprintf(f->type, sizeof(f->type), "%s", http_header(head, "content-type"));
	snprintf(f->retry_after, sizeof(f->retry_after), "%s",
		 http_header(head, "retry-after") ? http_header(head, "retry-after") : "");
	assert_null(http_header(head, "no-such-header"));
}

static void on_head(void *ctx, const struct http_head *head)
{
	struct fixture *f = ctx;
	bool found = false;
	const char *name;
	const char *value;

	f->heads++;
	take_head(f, head);
	for (size_t at = 0; http_header_next(head, &at, &name, &value);)
		found |= !strcasecmp(name, "Content-Type") && !strcmp(value, f->type);
	assert_true(found);
}

static void on_bytes(void *ctx, const char *data, size_t len)
{
	struct fixture *f = ctx;

	assert_int_equal(f->heads, 1 + f->restarts);
	strbuf_add(&f->body, data, len);
	if (!f->stop_early)
		return;
	assert_true(exchange_is_sent(f->u.upstream, f->id));
	exchange_finish(f->u.upstream, f->id, true);
	upstream_came(&f->u);
}

static void on_restart(void *ctx)
{
	struct fixture *f = ctx;

	f->restarts++;
	strbuf_reset(&f->body);
}

static void on_refused(void *ctx, const struct http_head *head, const char *body, size_t len)
{
	struct fixture *f = ctx;

	f->refusals++;
	take_head(f, head);
	strbuf_add(&f->body, body, len);
}

static void on_done(void *ctx, const struct err *err)
{
	struct fixture *f = ctx;

	f->ends++;
	f->err = err ? *err : (struct err)ERR_INIT;
	upstream_came(&f->u);
}

/* Sends it, and waits for its end. */
static void ask(struct fixture *f, struct exchange_spec spec, const char *body, const char *scenario)
{
	struct exchange_callbacks callbacks = { .head = on_head, .bytes = on_bytes, .restart = on_restart,
						.refused = on_refused, .done = on_done, .ctx = f };
	char *header = xasprintf("x-scenario: %s", scenario ? scenario : "");
	const char *headers[] = { scenario ? header : NULL, NULL };
	struct strbuf copy;

	spec.endpoint = upstream_endpoint(&f->u, UPSTREAM_KEY);
	spec.headers = headers;
	if (body) {
		strbuf_init(&copy, LIMIT_BODY);
		strbuf_adds(&copy, body);
		spec.body = &copy;
	}
	f->heads = f->restarts = f->refusals = f->ends = 0;
	strbuf_reset(&f->body);
	f->id = exchange_start(f->u.upstream, &spec, &callbacks);
	assert_false(exchange_is_sent(f->u.upstream, f->id));
	free(header);
	upstream_wait(&f->u, 1);
	assert_false(exchange_is_sent(f->u.upstream, f->id));
}

static void test_streamed(void **state)
{
	struct fixture *f = *state;

	ask(f, (struct exchange_spec){ .model = "m", .method = "POST", .path = "/chat/completions" }, CHAT, "crlf");
	assert_int_equal(f->err.kind, ERR_NONE);
	assert_int_equal(f->status, 200);
	assert_non_null(strstr(f->type, "text/event-stream"));
	assert_int_equal(f->heads + f->ends, 2);
	assert_int_equal(f->refusals, 0);
	/* The framing is still there. */
	assert_memory_equal(f->body.data, "data: {", 7);
	assert_non_null(strstr(f->body.data, "\r\n\r\ndata: [DONE]\r\n"));
}

static void test_methods(void **state)
{
	struct fixture *f = *state;

	ask(f, (struct exchange_spec){ .method = "GET", .path = "/models" }, NULL, NULL);
	assert_int_equal(f->status, 200);
	assert_non_null(strstr(f->body.data, "\"data\""));
	/* Nothing there takes it, and says so. */
	ask(f, (struct exchange_spec){ .method = "DELETE", .path = "/models?x=y" }, NULL, NULL);
	assert_int_equal(f->refusals, 1);
	assert_in_range(f->status, 404, 405);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *scenario;
		int status;
		enum err_kind kind;
		const char *body; /* part of it */
	} refusals[] = {
		{ "401-apikey", 401, ERR_AUTH, "{" }, { "404-model", 404, ERR_UPSTREAM, "{" },
		{ "502-html", 502, ERR_UPSTREAM, "<html" }, { "500-server", 500, ERR_UPSTREAM, "" },
		/* The last, as nothing goes out after it. */
		{ "429-retry-after", 429, ERR_BUDGET, "{" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		ask(f, (struct exchange_spec){ .model = "m", .method = "POST", .path = "/chat/completions" }, CHAT,
		    refusals[i].scenario);
		assert_int_equal(f->refusals, 1);
		assert_int_equal(f->ends, 1);
		assert_int_equal(f->heads + f->restarts, 0);
		assert_int_equal(f->status, refusals[i].status);
		assert_int_equal(f->err.kind, refusals[i].kind);
		assert_int_equal(f->err.http_status, refusals[i].status);
		assert_non_null(strstr(f->body.data, refusals[i].body));
		assert_int_equal(f->retry_after[0] != 0, refusals[i].status == 429);
	}
}

static void test_retry(void **state)
{
	const struct exchange_spec once_more = {
		.model = "m", .method = "POST", .path = "/chat/completions", .retry = true
	};
	struct fixture *f = *state;

	ask(f, once_more, CHAT, "502-html");
	assert_int_equal(f->restarts, 1);
	assert_int_equal(f->refusals, 1);
	assert_int_equal(f->status, 502);
	ask(f, once_more, CHAT, "429-retry-after");
	assert_int_equal(f->restarts, 0);
	assert_int_equal(f->refusals, 1);
}

static void test_finished_early(void **state)
{
	struct fixture *f = *state;

	f->stop_early = true;
	ask(f, (struct exchange_spec){ .model = "m", .method = "POST", .path = "/chat/completions" }, CHAT, NULL);
	f->stop_early = false;
	assert_true(f->body.len > 0);
	assert_int_equal(f->ends, 0);
	/* Not from the one before. */
	ask(f, (struct exchange_spec){ .method = "GET", .path = "/models" }, NULL, NULL);
	assert_int_equal(f->heads, 1);
	assert_int_equal(f->ends, 1);
}

static void test_unreachable(void **state)
{
	struct fixture *f = *state;

	snprintf(f->u.base, sizeof(f->u.base), "http://127.0.0.1:1");
	ask(f, (struct exchange_spec){ .model = "m", .method = "POST", .path = "/chat/completions" }, CHAT, NULL);
	assert_int_equal(f->err.kind, ERR_NETWORK);
	assert_string_equal(f->err.endpoint, "environment");
	assert_int_equal(f->heads + f->refusals, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_streamed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_methods, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_retry, setup, teardown),
		cmocka_unit_test_setup_teardown(test_finished_early, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unreachable, setup, teardown),
	};

	return cmocka_run_group_tests_name("exchange", tests, NULL, NULL);
}
