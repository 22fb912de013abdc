/*
 * The end of a conversation's input: its owner is told once that no request waits any more.
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

#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/rpc/rpc.h"

struct fixture {
	struct loop *loop;
	struct rpc *rpc;
	int out;
	uint64_t ticket; /* of the last request that waits */
	int idle;
};

static struct rpc_result *on_now(void *ctx, struct rpc_request *request, const struct json *params)
{
	(void)ctx;
	(void)params;
	return rpc_reply_null(request);
}

static struct rpc_result *on_later(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct fixture *f = ctx;

	(void)params;
	f->ticket = rpc_ticket(request);
	return rpc_pending(request, NULL, NULL);
}

static const struct rpc_method methods[] = {
	{ "now", on_now, NULL },
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
	fail_msg("the reader is not gone");
}

static void on_idle(void *ctx)
{
	struct fixture *f = ctx;

	f->idle++;
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct rpc_config config = {
		.methods = methods, .admit = admit, .ctx = f, .broken = on_broken, .idle = on_idle, .end_ctx = f
	};

	log_set_level(LOG_BROKEN);
	f->out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	f->loop = loop_new();
	f->rpc = rpc_new(f->loop, f->out, &config);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	rpc_free(f->rpc);
	loop_free(f->loop);
	close(f->out);
	free(f);
	return 0;
}

static void end_turn(void *ctx)
{
	loop_stop(((struct fixture *)ctx)->loop);
}

static void turn(struct fixture *f)
{
	loop_defer(f->loop, end_turn, f);
	loop_run(f->loop);
}

static void feed(struct fixture *f, const char *text)
{
	rpc_feed(f->rpc, text, strlen(text));
}

/* Not before the last answer, and not from within the call that gives it. */
static void test_after_the_last_answer(void **state)
{
	struct fixture *f = *state;

	feed(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"now\"}\n");
	turn(f);
	assert_int_equal(f->idle, 0);
	feed(f, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"later\"}\n");
	rpc_feed_end(f->rpc);
	turn(f);
	assert_int_equal(f->idle, 0);
	assert_true(rpc_answer_null(f->rpc, f->ticket));
	assert_int_equal(f->idle, 0);
	turn(f);
	assert_int_equal(f->idle, 1);
	turn(f);
	assert_int_equal(f->idle, 1);
}

static void test_nothing_in_flight(void **state)
{
	struct fixture *f = *state;

	rpc_feed_end(f->rpc);
	assert_int_equal(f->idle, 0);
	turn(f);
	assert_int_equal(f->idle, 1);
}

/* Whoever frees the conversation first is not called any more. */
static void test_freed_before(void **state)
{
	struct fixture *f = *state;

	rpc_feed_end(f->rpc);
	rpc_free(f->rpc);
	f->rpc = NULL;
	turn(f);
	assert_int_equal(f->idle, 0);
}

#define END_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		END_TEST(test_after_the_last_answer),
		END_TEST(test_nothing_in_flight),
		END_TEST(test_freed_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
