/*
 * Requests to the client: what goes out, and what its answers do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/rpc/outgoing.h"

struct fixture {
	struct loop *loop;
	struct rpc *rpc;
	int fds[2];
	struct strbuf calls; /* what became of our requests */
};

static struct rpc_result *on_null(void *ctx, struct rpc_request *request, const struct json *params)
{
	(void)ctx;
	(void)params;
	return rpc_reply_null(request);
}

static const struct rpc_method methods[] = { { "null", on_null, NULL }, { NULL, NULL, NULL } };

static bool admit(void *ctx, const struct rpc_method *method, bool is_request, struct err *err)
{
	(void)ctx;
	(void)method;
	(void)is_request;
	(void)err;
	return true;
}

static void on_broken(void *ctx)
{
	(void)ctx;
	fail_msg("nobody reads");
}

static void on_response(void *ctx, const struct json *result, const struct err *err)
{
	struct fixture *f = ctx;

	if (err)
		strbuf_addf(&f->calls, "error: %s;", err->message);
	else
		strbuf_addf(&f->calls, "result: %s;", json_string(result) ? json_string(result) : json_type_name(result));
}

static uint64_t ask(struct fixture *f)
{
	struct json_writer *w = rpc_call_begin(f->rpc, "window/ask");

	json_begin_object(w, NULL);
	json_end_object(w);
	return rpc_call_end(f->rpc, on_response, f);
}

static void feed(struct fixture *f, const char *line)
{
	rpc_feed(f->rpc, line, strlen(line));
}

static void expect(struct fixture *f, const char *line)
{
	char got[4096];
	ssize_t n = read(f->fds[0], got, sizeof(got) - 1);

	got[n > 0 ? n : 0] = '\0';
	assert_string_equal(got, line);
}

static void expect_calls(struct fixture *f, const char *calls)
{
	assert_string_equal(f->calls.data, calls);
	strbuf_reset(&f->calls);
}

static int setup(void **state)
{
	static struct fixture f;
	struct rpc_config config = { .methods = methods, .admit = admit, .broken = on_broken, .end_ctx = &f, .ctx = &f };

	log_set_level(LOG_BROKEN);
	if (pipe2(f.fds, O_CLOEXEC) < 0)
		return -1;
	fcntl(f.fds[0], F_SETFL, O_NONBLOCK);
	f.loop = loop_new();
	f.rpc = rpc_new(f.loop, f.fds[1], &config);
	strbuf_init(&f.calls, KIB(4));
	/* The first byte chooses the framing: lines. */
	feed(&f, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"null\"}\n");
	expect(&f, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":null}\n");
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	rpc_free(f->rpc);
	loop_free(f->loop);
	strbuf_release(&f->calls);
	close(f->fds[0]);
	close(f->fds[1]);
	return 0;
}

static void test_answers(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f), 1);
	assert_int_equal(ask(f), 2);
	expect(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"window/ask\",\"params\":{}}\n"
		  "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"window/ask\",\"params\":{}}\n");
	/* A request of the client's may have the same id; answers come in any order, and count once. */
	feed(f, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"null\"}\n");
	expect(f, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":null}\n");
	feed(f, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":\"yes\"}\n{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":\"again\"}\n");
	expect_calls(f, "result: yes;");
	feed(f, "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":0}\n{\"jsonrpc\":\"2.0\",\"id\":1.5,\"result\":0}\n"
		"{\"jsonrpc\":\"2.0\",\"id\":-1,\"result\":0}\n{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":0}\n");
	expect_calls(f, "");
	feed(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,\"message\":\"no such method\"}}\n");
	expect_calls(f, "error: the client answered: no such method;");
	ask(f);
	feed(f, "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":null}\n");
	expect_calls(f, "result: null;");
}

static void test_cancel(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f), 1);
	expect(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"window/ask\",\"params\":{}}\n");
	rpc_call_cancel(f->rpc, 1);
	expect(f, "{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{\"id\":1}}\n");
	rpc_call_cancel(f->rpc, 1);
	rpc_call_cancel(f->rpc, 77);
	feed(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}\n");
	expect(f, "");
	expect_calls(f, "");
}

/* A client that answers nothing is not asked for ever. */
static void test_bound(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < LIMIT_CALLS_TO_CLIENT; i++)
		assert_int_not_equal(ask(f), 0);
	assert_int_equal(ask(f), 0);
	feed(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}\n");
	expect_calls(f, "result: null;");
	assert_int_not_equal(ask(f), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bound, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
