/*
 * The conversation, over a pipe, with a small table of methods. Input is lines where framing does not matter: an
 * answer is then a line that can be compared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eke/base/json_writer.h"
#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/rpc/error.h"
#include "eke/rpc/rpc.h"
#include "eke/rpc/stream.h"

#define PIPE_SIZE 4096

struct fixture {
	struct loop *loop;
	struct rpc *rpc;
	struct timer *guard;
	int fds[2];
	struct strbuf got;   /* what came out and was not looked at yet */
	struct strbuf calls; /* what handlers saw */
	uint64_t ticket;     /* of the last request that waits */
	bool refuse;
	int broken;
	struct watch *reader;
	size_t stop_at;
};

/* --- the methods --- */

/* {"count": members of params} */
static struct rpc_result *on_echo(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct strbuf out;
	struct json_writer w;

	(void)ctx;
	assert_true(!params || json_is_object(params));
	strbuf_init(&out, KIB(1));
	json_writer_init(&w, &out);
	json_begin_object(&w, NULL);
	json_put_kint(&w, "count", (int64_t)json_count(params));
	json_end_object(&w);
	json_writer_end(&w);
	return rpc_reply(request, &out);
}

static struct rpc_result *on_null(void *ctx, struct rpc_request *request, const struct json *params)
{
	(void)ctx;
	(void)params;
	return rpc_reply_null(request);
}

static struct rpc_result *on_fail(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct err err;

	(void)ctx;
	(void)params;
	err_set(&err, ERR_BUDGET, "none left");
	err.retry_at = 1795489200;
	return rpc_fail(request, &err);
}

static void on_cancel(void *ctx, uint64_t ticket)
{
	struct fixture *f = ctx;

	strbuf_addf(&f->calls, "cancel%s;", ticket == f->ticket ? "" : " of another");
}

static void on_cancel_answer(void *ctx, uint64_t ticket)
{
	struct fixture *f = ctx;
	struct err err;

	err_set(&err, ERR_CANCELLED, "with what had arrived");
	assert_true(rpc_answer_error(f->rpc, ticket, &err, "part\n", 5));
}

static struct rpc_result *on_later(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct fixture *f = ctx;
	const char *kind = json_string(json_get(params, "cancel"));

	f->ticket = rpc_ticket(request);
	if (!kind)
		return rpc_pending(request, NULL, NULL);
	return rpc_pending(request, strcmp(kind, "answer") ? on_cancel : on_cancel_answer, f);
}

static void on_note(void *ctx, const struct json *params)
{
	struct fixture *f = ctx;

	strbuf_addf(&f->calls, "note %zu;", json_count(params));
}

static const struct rpc_method methods[] = {
	{ "echo", on_echo, NULL },   { "null", on_null, NULL }, { "fail", on_fail, NULL },
	{ "later", on_later, NULL }, { "note", NULL, on_note }, { "both", on_null, on_note },
	{ NULL, NULL, NULL },
};

static bool admit(void *ctx, const struct rpc_method *method, bool is_request, struct err *err)
{
	struct fixture *f = ctx;

	if (!f->refuse || (method && method->request == on_echo && is_request))
		return true;
	err_set(err, ERR_NOT_INITIALIZED, "not yet");
	return false;
}

static void on_broken(void *ctx)
{
	struct fixture *f = ctx;

	f->broken++;
	loop_stop(f->loop);
}

/* --- around them --- */

static void on_guard(void *ctx)
{
	struct fixture *f = ctx;

	loop_stop(f->loop);
	fail_msg("waited too long");
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct rpc_config config = { .methods = methods, .admit = admit, .broken = on_broken, .end_ctx = f, .ctx = f };

	*state = f;
	signal(SIGPIPE, SIG_IGN);
	log_set_level(LOG_BROKEN);
	if (pipe2(f->fds, O_CLOEXEC) < 0 || fcntl(f->fds[1], F_SETPIPE_SZ, PIPE_SIZE) != PIPE_SIZE)
		return -1;
	fcntl(f->fds[0], F_SETFL, O_NONBLOCK);
	f->loop = loop_new();
	f->rpc = rpc_new(f->loop, f->fds[1], &config);
	f->guard = timer_new(f->loop, on_guard, f);
	timer_start(f->guard, 20000);
	strbuf_init(&f->got, MIB(128));
	strbuf_init(&f->calls, KIB(64));
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	rpc_free(f->rpc);
	watch_free(f->reader);
	timer_free(f->guard);
	loop_free(f->loop);
	strbuf_release(&f->got);
	strbuf_release(&f->calls);
	if (f->fds[0] >= 0)
		close(f->fds[0]);
	close(f->fds[1]);
	free(f);
	return 0;
}

static void feed(struct fixture *f, const char *text)
{
	char *exact = xmalloc(strlen(text));

	memcpy(exact, text, strlen(text));
	rpc_feed(f->rpc, exact, strlen(text));
	free(exact);
}

static void read_all(struct fixture *f)
{
	char chunk[65536];
	ssize_t n;

	while ((n = read(f->fds[0], chunk, sizeof(chunk))) > 0)
		strbuf_add(&f->got, chunk, (size_t)n);
}

static void end_loop(void *ctx)
{
	loop_stop(((struct fixture *)ctx)->loop);
}

static void turn(struct fixture *f)
{
	loop_defer(f->loop, end_loop, f);
	loop_run(f->loop);
}

static void on_readable(void *ctx, int events)
{
	struct fixture *f = ctx;

	(void)events;
	read_all(f);
	if (f->got.len >= f->stop_at)
		loop_stop(f->loop);
}

/* Lets the loop run until at least so many bytes wait to be looked at. */
static void run_until(struct fixture *f, size_t bytes)
{
	f->stop_at = bytes;
	if (!f->reader)
		f->reader = watch_new(f->loop, f->fds[0], on_readable, f);
	watch_set(f->reader, WATCH_READ);
	loop_run(f->loop);
	watch_set(f->reader, WATCH_NONE);
}

/* What came out begins with this; the rest of that line is taken too. "" : nothing came out. */
static void expect(struct fixture *f, const char *beginning)
{
	char *end;

	read_all(f);
	if (!*beginning) {
		assert_string_equal(f->got.data, "");
		return;
	}
	end = strchr(f->got.data, '\n');
	if (!end || strncmp(f->got.data, beginning, strlen(beginning)))
		fail_msg("got %s\nnot %s", f->got.data, beginning);
	strbuf_consume(&f->got, (size_t)(end - f->got.data) + 1);
}

static void expect_calls(struct fixture *f, const char *calls)
{
	assert_string_equal(f->calls.data, calls);
	strbuf_reset(&f->calls);
}

/* --- one message, one answer --- */

#define CALL(id, method, params) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"" method "\"" params "}\n"
#define NOTE(method, params) "{\"jsonrpc\":\"2.0\",\"method\":\"" method "\"" params "}\n"
#define RESULT(id, result) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":" result "}\n"
#define ERROR(id, code) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"error\":{\"code\":" code ",\"message\":\""
#define LONG_ID "0123456789012345678901234567890123456789012345678901234567890123"

static const struct {
	const char *in;
	const char *out; /* its beginning; "": no answer */
	const char *calls;
} messages[] = {
	{ CALL("1", "echo", ",\"params\":{\"a\":1,\"b\":2}"), RESULT("1", "{\"count\":2}"), "" },
	/* the forms of "no params" */
	{ CALL("1", "echo", ""), RESULT("1", "{\"count\":0}"), "" },
	{ CALL("1", "echo", ",\"params\":null"), RESULT("1", "{\"count\":0}"), "" },
	{ CALL("1", "echo", ",\"params\":[]"), RESULT("1", "{\"count\":0}"), "" },
	{ CALL("1", "echo", ",\"params\":{}"), RESULT("1", "{\"count\":0}"), "" },
	{ CALL("1", "echo", ",\"params\":[1]"), ERROR("1", "-32602"), "" },
	{ CALL("1", "echo", ",\"params\":5"), ERROR("1", "-32602"), "" },
	{ CALL("1", "echo", ",\"params\":\"x\""), ERROR("1", "-32602"), "" },
	{ CALL("1", "null", ""), RESULT("1", "null"), "" },
	{ CALL("1", "both", ""), RESULT("1", "null"), "" },
	{ CALL("1", "fail", ""),
	  ERROR("1", "-32803") "none left\",\"data\":{\"kind\":\"budget\",\"retryAt\":\"2026-11-24T03:00:00Z\"}}}\n", "" },

	/* ids come back as they came */
	{ CALL("\"a b\"", "null", ""), RESULT("\"a b\"", "null"), "" },
	{ CALL("\"\\u00e4\\/\\ud800\"", "null", ""), RESULT("\"\\u00e4\\/\\ud800\"", "null"), "" },
	{ CALL("12345678901234567890123", "null", ""), RESULT("12345678901234567890123", "null"), "" },
	{ CALL("1.50", "null", ""), RESULT("1.50", "null"), "" },
	{ CALL(" -0 ", "null", ""), RESULT("-0", "null"), "" },
	{ CALL("null", "null", ""), RESULT("null", "null"), "" },
	{ CALL("\"" LONG_ID LONG_ID LONG_ID "\"", "null", ""), RESULT("\"" LONG_ID LONG_ID LONG_ID "\"", "null"), "" },
	{ "{\"jsonrpc\":\"2.0\",\"method\":\"null\",\"params\":{\"id\":7},\"id\":8}\n", RESULT("8", "null"), "" },
	{ "{\"jsonrpc\":\"2.0\",\"\\u0069d\":8,\"method\":\"null\"}\n", RESULT("8", "null"), "" },
	{ CALL("[1]", "null", ""), ERROR("null", "-32600"), "" },
	{ CALL("{}", "null", ""), ERROR("null", "-32600"), "" },
	{ CALL("true", "null", ""), ERROR("null", "-32600"), "" },
	{ CALL("\"" LONG_ID LONG_ID LONG_ID LONG_ID "\"", "null", ""), ERROR("null", "-32600"), "" },

	/* methods */
	{ CALL("1", "none", ""), ERROR("1", "-32601"), "" },
	{ CALL("1", "", ""), ERROR("1", "-32601"), "" },
	{ CALL("1", "Echo", ""), ERROR("1", "-32601"), "" },
	{ CALL("1", "note", ""), ERROR("1", "-32601") "note is a notification", "" },
	{ CALL("1", LONG_ID LONG_ID "x", ""), ERROR("1", "-32600"), "" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}\n", ERROR("1", "-32600"), "" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":null}\n", ERROR("1", "-32600"), "" },

	/* notifications have no answer, whatever becomes of them */
	{ NOTE("note", ",\"params\":{\"a\":1}"), "", "note 1;" },
	{ NOTE("note", ""), "", "note 0;" },
	{ NOTE("note", ",\"params\":[]"), "", "note 0;" },
	{ NOTE("both", ""), "", "note 0;" },
	{ NOTE("note", ",\"params\":[1]"), "", "" },
	{ NOTE("echo", ""), "", "" },
	{ NOTE("none", ""), "", "" },
	{ NOTE("$/cancelRequest", ",\"params\":{\"id\":99}"), "", "" },
	{ NOTE("$/cancelRequest", ",\"params\":{\"id\":[1]}"), "", "" },
	{ NOTE("$/cancelRequest", ""), "", "" },
	{ CALL("99", "$/cancelRequest", ""), "", "" },

	/* responses to nothing we asked */
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}\n", "", "" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":\"x\"}}\n", "", "" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":1,\"message\":\"x\"}}\n", "", "" },

	/* no messages */
	{ "{\"jsonrpc\":\"2.0\",\"id\":1}\n", ERROR("1", "-32600"), "" },
	{ "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"null\"}\n", ERROR("1", "-32600"), "" },
	{ "{\"jsonrpc\":2.0,\"id\":1,\"method\":\"null\"}\n", ERROR("1", "-32600"), "" },
	{ "{\"id\":1,\"method\":\"null\"}\n", ERROR("1", "-32600"), "" },
	{ "[]\n", ERROR("null", "-32600"), "" },
	{ "[" "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"null\"}" "]\n", ERROR("null", "-32600"), "" },
	{ "5\n", ERROR("null", "-32600"), "" },
	{ "null\n", ERROR("null", "-32600"), "" },
	{ "{\n", ERROR("null", "-32700"), "" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"null\"\n", ERROR("null", "-32700"), "" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"null\"}}\n", ERROR("null", "-32700"), "" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"nu\xFFll\"}\n", ERROR("null", "-32700"), "" },
	{ "oops\n", ERROR("null", "-32700"), "" },
};

static void test_messages(void **state)
{
	struct fixture *f = *state;

	feed(f, CALL("1", "null", ""));
	expect(f, RESULT("1", "null"));
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		feed(f, messages[i].in);
		expect(f, messages[i].out);
		expect(f, "");
		expect_calls(f, messages[i].calls);
		assert_int_equal(rpc_in_flight(f->rpc), 0);
	}
	/* All at once, without a line end at the end. */
	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		feed(f, messages[i].in);
	rpc_feed(f->rpc, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"null\"}", 40);
	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		if (*messages[i].out)
			expect(f, messages[i].out);
	expect(f, "");
	rpc_feed_end(f->rpc);
	expect(f, RESULT("1", "null"));
}

/* Answers are framed as the input is; before any input, with headers. */
static void test_headers(void **state)
{
	struct fixture *f = *state;
	struct json_writer *w;

	w = rpc_notify_begin(f->rpc, "hello");
	json_begin_object(w, NULL);
	json_put_kstring(w, "a", "\xE4\xBD\xA0");
	json_end_object(w);
	rpc_notify_end(f->rpc);
	feed(f, "Content-Length: 40\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"null\"}");
	feed(f, "oops\nContent-Length: 2\r\nContent-Type: x; charset=utf-16\r\n\r\n{}Content-Length: 0\r\n\r\n");
	read_all(f);
	{
		static const char wanted[] = "Content-Length: 55\r\n\r\n"
					     "{\"jsonrpc\":\"2.0\",\"method\":\"hello\",\"params\":{\"a\":\"\xE4\xBD\xA0\"}}"
					     "Content-Length: 38\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}";
		static const char *const codes[] = { "-32700", "-32600", "-32700" };
		const char *at;

		assert_memory_equal(f->got.data, wanted, sizeof(wanted) - 1);
		at = f->got.data + sizeof(wanted) - 1;
		/* the garbage, the charset, and the message of no bytes */
		for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
			char *end;
			char beginning[100];
			unsigned long n;

			assert_memory_equal(at, "Content-Length: ", 16);
			n = strtoul(at + 16, &end, 10);
			assert_memory_equal(end, "\r\n\r\n", 4);
			snprintf(beginning, sizeof(beginning), "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":%s,",
				 codes[i]);
			assert_memory_equal(end + 4, beginning, strlen(beginning));
			at = end + 4 + n;
		}
		assert_string_equal(at, "");
	}
}

static void test_admit(void **state)
{
	struct fixture *f = *state;

	f->refuse = true;
	feed(f, CALL("1", "null", "") CALL("2", "none", "") NOTE("note", "") CALL("3", "echo", ""));
	expect(f, ERROR("1", "-32002") "not yet");
	expect(f, ERROR("2", "-32002") "not yet");
	expect(f, RESULT("3", "{\"count\":0}"));
	expect(f, "");
	expect_calls(f, "");
}

/* --- answers that come later --- */

static void answer(struct fixture *f, uint64_t ticket, const char *json, bool taken)
{
	struct strbuf result;

	strbuf_init(&result, 100);
	strbuf_adds(&result, json);
	assert_int_equal(rpc_answer(f->rpc, ticket, &result), taken);
	assert_int_equal(result.len, 0);
}

static void test_later(void **state)
{
	struct fixture *f = *state;
	struct err err;
	uint64_t first;

	feed(f, CALL("1", "later", ""));
	first = f->ticket;
	feed(f, CALL("\"1\"", "later", ""));
	assert_int_equal(rpc_in_flight(f->rpc), 2);
	expect(f, "");
	answer(f, f->ticket, "[1,2]", true);
	expect(f, RESULT("\"1\"", "[1,2]"));
	answer(f, first, "{}", true);
	expect(f, RESULT("1", "{}"));
	/* Once: the ticket is worth nothing any more. */
	answer(f, first, "{}", false);
	assert_false(rpc_answer_null(f->rpc, first));
	err_set(&err, ERR_TIMEOUT, "late");
	assert_false(rpc_answer_error(f->rpc, first, &err, NULL, 0));
	assert_false(rpc_answer_null(f->rpc, 0));
	assert_false(rpc_answer_null(f->rpc, UINT64_MAX));
	expect(f, "");
	assert_int_equal(rpc_in_flight(f->rpc), 0);
	/* Nor does the next request with this id have anything to do with it. */
	feed(f, CALL("1", "later", ""));
	assert_int_not_equal(f->ticket, first);
	assert_false(rpc_answer_null(f->rpc, first));
	assert_true(rpc_answer_null(f->rpc, f->ticket));
	expect(f, RESULT("1", "null"));
	feed(f, CALL("1", "later", ""));
	assert_true(rpc_answer_error(f->rpc, f->ticket, &err, "so far\xFF", 7));
	expect(f, ERROR("1", "-32803") "late\",\"data\":{\"kind\":\"timeout\",\"text\":\"so far\xEF\xBF\xBD\"}}}\n");
	expect(f, "");
}

static void test_duplicate_id(void **state)
{
	struct fixture *f = *state;

	feed(f, CALL("1", "later", "") CALL("1", "null", "") CALL("1", "later", "") CALL("1.0", "null", ""));
	expect(f, ERROR("1", "-32600"));
	expect(f, ERROR("1", "-32600"));
	expect(f, RESULT("1.0", "null"));
	assert_int_equal(rpc_in_flight(f->rpc), 1);
	assert_true(rpc_answer_null(f->rpc, f->ticket));
	expect(f, RESULT("1", "null"));
	feed(f, CALL("1", "null", ""));
	expect(f, RESULT("1", "null"));
	expect(f, "");
}

#define CANCELLED(id) ERROR(id, "-32800")

static const struct {
	const char *call;
	const char *cancel;
	const char *out;
	const char *calls;
} cancels[] = {
	/* LSP's form, Vim's form */
	{ CALL("1", "later", ""), NOTE("$/cancelRequest", ",\"params\":{\"id\":1}"), CANCELLED("1"), "" },
	{ CALL("1", "later", ""), CALL("1", "$/cancelRequest", ""), CANCELLED("1"), "" },
	{ CALL("1", "later", ""), CALL("1", "$/cancelRequest", ",\"params\":{}"), CANCELLED("1"), "" },
	{ CALL("1", "later", ""), CALL("7", "$/cancelRequest", ",\"params\":{\"id\":1}"), CANCELLED("1"), "" },
	{ CALL("\"x\"", "later", ""), NOTE("$/cancelRequest", ",\"params\":{\"id\":\"x\"}"), CANCELLED("\"x\""), "" },
	/* the owner is told, and may answer itself */
	{ CALL("1", "later", ",\"params\":{\"cancel\":\"tell\"}"), NOTE("$/cancelRequest", ",\"params\":{\"id\":1}"),
	  CANCELLED("1"), "cancel;" },
	{ CALL("1", "later", ",\"params\":{\"cancel\":\"answer\"}"), NOTE("$/cancelRequest", ",\"params\":{\"id\":1}"),
	  CANCELLED("1") "with what had arrived\",\"data\":{\"text\":\"part\\n\"}}}\n", "" },
	/* twice is once */
	{ CALL("1", "later", ",\"params\":{\"cancel\":\"tell\"}"),
	  NOTE("$/cancelRequest", ",\"params\":{\"id\":1}") NOTE("$/cancelRequest", ",\"params\":{\"id\":1}"),
	  CANCELLED("1"), "cancel;" },
	/* of another request */
	{ CALL("1", "later", ",\"params\":{\"cancel\":\"tell\"}"), NOTE("$/cancelRequest", ",\"params\":{\"id\":2}"), "",
	  "" },
	{ CALL("1", "later", ""), NOTE("$/cancelRequest", ",\"params\":{\"id\":\"1\"}"), "", "" },
	{ CALL("1", "later", ""), NOTE("$/cancelRequest", ",\"params\":[1]"), "", "" },
	{ CALL("1", "later", ""), CALL("2", "$/cancelRequest", ""), "", "" },
};

static void test_cancel(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cancels); i++) {
		bool cancelled = *cancels[i].out;

		feed(f, cancels[i].call);
		feed(f, cancels[i].cancel);
		expect(f, cancels[i].out);
		expect(f, "");
		expect_calls(f, cancels[i].calls);
		/* An answer that comes after is dropped. */
		assert_int_equal(rpc_in_flight(f->rpc), !cancelled);
		assert_int_equal(rpc_answer_null(f->rpc, f->ticket), !cancelled);
		read_all(f);
		strbuf_reset(&f->got);
	}
}

static void test_cancel_all(void **state)
{
	struct fixture *f = *state;

	rpc_cancel_all(f->rpc);
	feed(f, CALL("1", "later", "") CALL("2", "later", ",\"params\":{\"cancel\":\"answer\"}")
			CALL("3", "later", ",\"params\":{\"cancel\":\"tell\"}"));
	assert_int_equal(rpc_in_flight(f->rpc), 3);
	rpc_cancel_all(f->rpc);
	assert_int_equal(rpc_in_flight(f->rpc), 0);
	expect(f, CANCELLED("3"));
	expect(f, CANCELLED("2") "with what had arrived");
	expect(f, CANCELLED("1"));
	expect(f, "");
	expect_calls(f, "cancel;");
}

/* Requests that still wait go with the conversation; their owners are not called. */
static void test_free_in_flight(void **state)
{
	struct fixture *f = *state;

	feed(f, CALL("1", "later", ",\"params\":{\"cancel\":\"tell\"}") CALL("2", "later", ""));
	rpc_free(f->rpc);
	rpc_free(NULL);
	f->rpc = NULL;
	turn(f);
	expect(f, "");
	expect_calls(f, "");
}

static void test_too_many(void **state)
{
	struct fixture *f = *state;
	char call[128];

	feed(f, CALL("\"first\"", "null", ""));
	expect(f, RESULT("\"first\"", "null"));
	for (int i = 0; i < LIMIT_REQUESTS_IN_FLIGHT; i++) {
		snprintf(call, sizeof(call), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"later\"}\n", i);
		feed(f, call);
	}
	expect(f, "");
	assert_int_equal(rpc_in_flight(f->rpc), LIMIT_REQUESTS_IN_FLIGHT);
	feed(f, CALL("\"over\"", "later", "") CALL("\"over\"", "null", ""));
	expect(f, ERROR("\"over\"", "-32603"));
	expect(f, ERROR("\"over\"", "-32603"));
	assert_true(rpc_answer_null(f->rpc, f->ticket));
	expect(f, RESULT("1023", "null"));
	feed(f, CALL("\"again\"", "null", ""));
	expect(f, RESULT("\"again\"", "null"));
	expect(f, "");
}

/* --- streams --- */

struct sink {
	struct fixture *f;
	struct rpc_stream *stream;
	int count;
};

static void emit(void *ctx, const char *text, size_t text_len, const char *reasoning, size_t reasoning_len)
{
	struct sink *sink = ctx;
	struct json_writer *w;

	assert_true(text_len || reasoning_len);
	sink->count++;
	w = rpc_notify_begin(sink->f->rpc, "d");
	json_begin_object(w, NULL);
	json_put_kstringn(w, "t", text, text_len);
	json_put_kstringn(w, "r", reasoning, reasoning_len);
	json_end_object(w);
	rpc_notify_end(sink->f->rpc);
}

#define DELTA(text, reasoning) \
	"{\"jsonrpc\":\"2.0\",\"method\":\"d\",\"params\":{\"t\":\"" text "\",\"r\":\"" reasoning "\"}}\n"

static void start_lines(struct fixture *f)
{
	feed(f, CALL("0", "null", ""));
	expect(f, RESULT("0", "null"));
}

static void test_stream(void **state)
{
	struct fixture *f = *state;
	struct sink sink = { .f = f };

	start_lines(f);
	sink.stream = rpc_stream_new(f->rpc, KIB(1), emit, &sink);
	/* What is added in one turn goes out as one, at its end. */
	rpc_stream_add(sink.stream, false, "a", 1);
	rpc_stream_add(sink.stream, true, "x", 1);
	rpc_stream_add(sink.stream, false, "b", 1);
	expect(f, "");
	turn(f);
	expect(f, DELTA("ab", "x"));
	turn(f);
	expect(f, "");
	rpc_stream_add(sink.stream, true, "y", 1);
	turn(f);
	expect(f, DELTA("", "y"));
	/* Nothing added, nothing sent. */
	rpc_stream_add(sink.stream, false, "", 0);
	turn(f);
	rpc_stream_finish(sink.stream);
	expect(f, "");
	/* The rest goes out before the answer that follows, and not again. */
	rpc_stream_add(sink.stream, false, "c", 1);
	rpc_stream_finish(sink.stream);
	expect(f, DELTA("c", ""));
	turn(f);
	expect(f, "");
	/* Freed with something left: it is not sent. */
	rpc_stream_add(sink.stream, false, "d", 1);
	rpc_stream_free(sink.stream);
	rpc_stream_free(NULL);
	turn(f);
	expect(f, "");
}

/* More than fits between two turns is cut: the answer is complete by itself. */
static void test_stream_limit(void **state)
{
	struct fixture *f = *state;
	struct sink sink = { .f = f };

	start_lines(f);
	sink.stream = rpc_stream_new(f->rpc, 4, emit, &sink);
	rpc_stream_add(sink.stream, true, "xyz!", 4);
	rpc_stream_add(sink.stream, false, "abc", 3);
	rpc_stream_add(sink.stream, false, "def", 3);
	turn(f);
	expect(f, DELTA("abc", "xyz!"));
	/* Behind a gap there is nothing. */
	rpc_stream_add(sink.stream, false, "ghi", 3);
	turn(f);
	expect(f, "");
	rpc_stream_free(sink.stream);
}

/* A client that does not read: deltas merge, answers are kept, and all goes out when it reads again. */
static void test_stream_congested(void **state)
{
	struct fixture *f = *state;
	struct sink sinks[2] = { { .f = f }, { .f = f } };
	const size_t len = LIMIT_OUT_HIGH_WATER + PIPE_SIZE;
	char *large = xmalloc(len);
	struct json_writer *w;

	start_lines(f);
	for (int i = 0; i < 2; i++)
		sinks[i].stream = rpc_stream_new(f->rpc, KIB(64), emit, &sinks[i]);
	memset(large, 'x', len);
	w = rpc_notify_begin(f->rpc, "large");
	json_begin_object(w, NULL);
	json_put_kstringn(w, "x", large, len);
	json_end_object(w);
	rpc_notify_end(f->rpc);
	assert_true(rpc_congested(f->rpc));
	for (int i = 0; i < 100; i++) {
		rpc_stream_add(sinks[0].stream, false, "a", 1);
		rpc_stream_add(sinks[1].stream, true, "b", 1);
		turn(f);
	}
	assert_int_equal(sinks[0].count + sinks[1].count, 0);
	/* An answer waits in the queue, behind what its stream still had. */
	rpc_stream_finish(sinks[0].stream);
	assert_int_equal(sinks[0].count, 1);
	feed(f, CALL("1", "null", ""));
	rpc_stream_add(sinks[0].stream, false, "late", 4);
	turn(f);
	assert_int_equal(sinks[0].count, 1);
	run_until(f, len + 400);
	turn(f);
	assert_false(rpc_congested(f->rpc));
	expect(f, "{\"jsonrpc\":\"2.0\",\"method\":\"large\"");
	expect(f, "{\"jsonrpc\":\"2.0\",\"method\":\"d\",\"params\":{\"t\":\"aaaaaaaaaaaaaaaaaaaaaaaa");
	expect(f, RESULT("1", "null"));
	/* Of the two that waited each sends one, of all its pieces. */
	assert_int_equal(sinks[0].count, 2);
	assert_int_equal(sinks[1].count, 1);
	read_all(f);
	assert_non_null(strstr(f->got.data, DELTA("late", "")));
	assert_non_null(strstr(f->got.data, "{\"t\":\"\",\"r\":\"bbbbbbbbbbbbbbb"));
	for (int i = 0; i < 2; i++)
		rpc_stream_free(sinks[i].stream);
	free(large);
}

/* Streams may outlive the conversation, and then say nothing. */
static void test_stream_orphans(void **state)
{
	struct fixture *f = *state;
	struct sink sinks[3] = { { .f = f }, { .f = f }, { .f = f } };

	for (int i = 0; i < 3; i++) {
		sinks[i].stream = rpc_stream_new(f->rpc, 100, emit, &sinks[i]);
		rpc_stream_add(sinks[i].stream, false, "a", 1);
	}
	rpc_stream_free(sinks[1].stream);
	rpc_free(f->rpc);
	f->rpc = NULL;
	rpc_stream_finish(sinks[0].stream);
	turn(f);
	rpc_stream_add(sinks[0].stream, false, "b", 1);
	turn(f);
	rpc_stream_free(sinks[0].stream);
	rpc_stream_free(sinks[2].stream);
	for (int i = 0; i < 3; i++)
		assert_int_equal(sinks[i].count, 0);
	expect(f, "");
}

/* --- the reader is gone --- */

static void test_broken(void **state)
{
	struct fixture *f = *state;
	struct sink sink = { .f = f };

	start_lines(f);
	sink.stream = rpc_stream_new(f->rpc, 100, emit, &sink);
	feed(f, CALL("1", "later", ""));
	close(f->fds[0]);
	f->fds[0] = -1;
	feed(f, CALL("2", "null", ""));
	assert_int_equal(f->broken, 0);
	loop_run(f->loop);
	assert_int_equal(f->broken, 1);
	/* Nothing more is told, nothing falls over. */
	feed(f, CALL("3", "null", "") "oops\n");
	rpc_stream_add(sink.stream, false, "a", 1);
	turn(f);
	rpc_stream_finish(sink.stream);
	assert_true(rpc_answer_null(f->rpc, f->ticket));
	rpc_finish(f->rpc, 1000);
	turn(f);
	assert_int_equal(f->broken, 1);
	rpc_stream_free(sink.stream);
}

static void test_finish(void **state)
{
	struct fixture *f = *state;

	start_lines(f);
	for (int i = 0; i < 200; i++)
		feed(f, CALL("\"a rather long id of a request\"", "null", ""));
	rpc_finish(f->rpc, 5);
	read_all(f);
	assert_in_range(f->got.len, 1, PIPE_SIZE);
	while (f->got.len < 200 * strlen(RESULT("\"a rather long id of a request\"", "null"))) {
		rpc_finish(f->rpc, 5);
		read_all(f);
	}
	for (int i = 0; i < 200; i++)
		expect(f, RESULT("\"a rather long id of a request\"", "null"));
	expect(f, "");
}

/* --- codes --- */

static const struct {
	enum err_kind kind;
	int code;
	int acp; /* 0: the same */
} codes[] = {
	{ ERR_NONE, -32603, 0 },
	{ ERR_INTERNAL, -32603, 0 },
	{ ERR_PARSE, -32700, 0 },
	{ ERR_INVALID_REQUEST, -32600, 0 },
	{ ERR_METHOD_NOT_FOUND, -32601, 0 },
	{ ERR_INVALID_PARAMS, -32602, 0 },
	{ ERR_NOT_FOUND, -32602, -32002 },
	{ ERR_NOT_INITIALIZED, -32002, -32600 },
	{ ERR_CANCELLED, -32800, 0 },
	{ ERR_CONTENT_MODIFIED, -32801, 0 },
	{ ERR_BUDGET, -32803, 0 },
	{ ERR_AUTH, -32803, -32000 },
	{ ERR_FORBIDDEN, -32803, 0 },
	{ ERR_PROMPT_TOO_LONG, -32803, 0 },
	{ ERR_UPSTREAM, -32803, 0 },
	{ ERR_NETWORK, -32803, 0 },
	{ ERR_TIMEOUT, -32803, 0 },
	{ ERR_PROTOCOL, -32803, 0 },
	{ ERR_CONFIG, -32803, 0 },
	{ ERR_NO_ENDPOINT, -32803, 0 },
	{ ERR_IGNORED, -32803, 0 },
};

static void test_codes(void **state)
{
	struct err err;
	struct strbuf out;
	struct json_writer w;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		assert_int_equal(rpc_error_code(codes[i].kind, RPC_LSP), codes[i].code);
		assert_int_equal(rpc_error_code(codes[i].kind, RPC_ACP), codes[i].acp ? codes[i].acp : codes[i].code);
	}
	err_set(&err, ERR_BUDGET, "wait");
	err.http_status = 429;
	err.retry_at = 1795489200;
	memcpy(err.endpoint, "free", 5);
	memcpy(err.blocked_scope, "machine", 8);
	err_set_provider(&err, "\"no\"\n", 5);
	strbuf_init(&out, 1000);
	json_writer_init(&w, &out);
	rpc_write_error(&w, &err, RPC_LSP, "", 0);
	json_writer_end(&w);
	assert_string_equal(out.data,
			    "{\"code\":-32803,\"message\":\"wait\",\"data\":{\"kind\":\"budget\",\"endpoint\":\"free\","
			    "\"httpStatus\":429,\"providerMessage\":\"\\\"no\\\"\",\"retryAt\":\"2026-11-24T03:00:00Z\","
			    "\"blockedScope\":\"machine\",\"text\":\"\"}}");
	strbuf_reset(&out);
	err_set(&err, ERR_INVALID_PARAMS, "x");
	json_writer_init(&w, &out);
	rpc_write_error(&w, &err, RPC_LSP, NULL, 0);
	assert_string_equal(out.data, "{\"code\":-32602,\"message\":\"x\"}");
	strbuf_release(&out);
}

#define RPC_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RPC_TEST(test_messages),
		RPC_TEST(test_headers),
		RPC_TEST(test_admit),
		RPC_TEST(test_later),
		RPC_TEST(test_duplicate_id),
		RPC_TEST(test_cancel),
		RPC_TEST(test_cancel_all),
		RPC_TEST(test_free_in_flight),
		RPC_TEST(test_too_many),
		RPC_TEST(test_stream),
		RPC_TEST(test_stream_limit),
		RPC_TEST(test_stream_congested),
		RPC_TEST(test_stream_orphans),
		RPC_TEST(test_broken),
		RPC_TEST(test_finish),
		cmocka_unit_test(test_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
