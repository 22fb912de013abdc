/*
 * The conversation in the Agent Client Protocol's dialect: framing, envelope, cancellation both ways.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/rpc/outgoing.h"
#include "eke/rpc/rpc.h"

struct fixture {
	struct loop *loop;
	struct rpc *rpc;
	int fds[2];
	struct strbuf got; /* what came out and was not looked at yet */
};

static struct rpc_result *on_null(void *ctx, struct rpc_request *request, const struct json *params)
{
	(void)ctx;
	(void)params;
	return rpc_reply_null(request);
}

static struct rpc_result *on_later(void *ctx, struct rpc_request *request, const struct json *params)
{
	(void)ctx;
	(void)params;
	return rpc_pending(request, NULL, NULL);
}

static const struct rpc_method methods[] = {
	{ "null", on_null, NULL },
	{ "later", on_later, NULL },
	{ NULL, NULL, NULL },
};

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
	fail_msg("the pipe broke");
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct rpc_config config = {
		.dialect = RPC_ACP, .methods = methods, .admit = admit, .broken = on_broken, .end_ctx = f, .ctx = f
	};

	*state = f;
	log_set_level(LOG_BROKEN);
	if (pipe2(f->fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	f->loop = loop_new();
	f->rpc = rpc_new(f->loop, f->fds[1], &config);
	strbuf_init(&f->got, KIB(64));
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	rpc_free(f->rpc);
	loop_free(f->loop);
	strbuf_release(&f->got);
	close(f->fds[0]);
	close(f->fds[1]);
	free(f);
	return 0;
}

static void feed(struct fixture *f, const char *text)
{
	rpc_feed(f->rpc, text, strlen(text));
}

/* What came out begins with this; the rest of that line is taken too. "": nothing came out. */
static void expect(struct fixture *f, const char *beginning)
{
	char chunk[4096];
	char *end;
	ssize_t n;

	while ((n = read(f->fds[0], chunk, sizeof(chunk))) > 0)
		strbuf_add(&f->got, chunk, (size_t)n);
	if (!*beginning) {
		assert_string_equal(f->got.data, "");
		return;
	}
	end = strchr(f->got.data, '\n');
	if (!end || strncmp(f->got.data, beginning, strlen(beginning)) != 0)
		fail_msg("got %s\nnot %s", f->got.data, beginning);
	strbuf_consume(&f->got, (size_t)(end - f->got.data) + 1);
}

#define CALL(id, method, params) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"" method "\"" params "}\n"
#define NOTE(method, params) "{\"jsonrpc\":\"2.0\",\"method\":\"" method "\"" params "}\n"
#define RESULT(id, result) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":" result "}\n"

static void test_acp(void **state)
{
	struct fixture *f = *state;

	/* Lines, whatever comes first; a client may leave out "jsonrpc", but not write another. */
	feed(f, "Content-Length: 3\n{\"id\":1,\"method\":\"null\"}\n{\"jsonrpc\":\"1.0\",\"id\":2,\"method\":\"null\"}\n");
	expect(f, "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700");
	expect(f, RESULT("1", "null"));
	expect(f, "{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-32600");
	feed(f, CALL("\"a\\u0062\"", "later", ",\"params\":{\"cancel\":\"yes\"}") CALL("9007199254740993", "later", "")
		CALL("null", "later", ""));
	expect(f, "");
	/* LSP's name, another id, LSP's form: nobody is meant. */
	feed(f, NOTE("$/cancelRequest", ",\"params\":{\"requestId\":null}")
		NOTE("$/cancel_request", ",\"params\":{\"requestId\":9007199254740992}")
		NOTE("$/cancel_request", ",\"params\":{\"id\":null}") NOTE("$/cancel_request", ""));
	expect(f, "");
	feed(f, NOTE("$/cancel_request", ",\"params\":{\"requestId\":9007199254740993}")
		NOTE("$/cancel_request", ",\"params\":{\"\\u0072equestI\\u0064\":null}")
		NOTE("$/cancel_request", ",\"params\":{\"_meta\":{},\"requestId\":\"a\\u0062\"}"));
	expect(f, "{\"jsonrpc\":\"2.0\",\"id\":9007199254740993,\"error\":{\"code\":-32800");
	expect(f, "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32800");
	expect(f, "{\"jsonrpc\":\"2.0\",\"id\":\"a\\u0062\",\"error\":{\"code\":-32800");
	expect(f, "");
}

/* --- requests of our own --- */

static void on_response(void *ctx, const struct json *result, const struct err *err)
{
	(void)ctx;
	(void)result;
	(void)err;
	fail_msg("answered after it was cancelled");
}

static void test_acp_call(void **state)
{
	struct fixture *f = *state;
	struct json_writer *w = rpc_call_begin(f->rpc, "fs/read_text_file");
	uint64_t id;

	json_begin_object(w, NULL);
	json_end_object(w);
	id = rpc_call_end(f->rpc, on_response, f);
	expect(f, CALL("1", "fs/read_text_file", ",\"params\":{}"));
	rpc_call_cancel(f->rpc, id);
	expect(f, NOTE("$/cancel_request", ",\"params\":{\"requestId\":1}"));
	feed(f, "{\"id\":1,\"result\":{}}\n");
	expect(f, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_acp, setup, teardown),
		cmocka_unit_test_setup_teardown(test_acp_call, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
