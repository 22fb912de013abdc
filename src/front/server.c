/*
 * The life of a server. A struct server is embedded in its front end and lives as long. Whatever ends it sets the exit
 * code and stops the loop.
 */
#include "eke/front/server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "eke/base/log.h"
#include "eke/base/process.h"
#include "eke/front/app.h"
#include "eke/io/pump.h"

/* How long requests may go on after the input has ended, and how long the last messages may take to be read. */
#define END_GRACE_MS 5000
#define END_FLUSH_MS 1000

void server_stop(struct server *server, int exit_code)
{
	server->exit_code = exit_code;
	loop_stop(server->loop);
}

static void on_terminate(void *ctx)
{
	log_info("terminated by a signal");
	server_stop(ctx, EXIT_TERMINATED);
}

static void on_interrupt(void *ctx)
{
	log_info("interrupted by a signal");
	server_stop(ctx, EXIT_INTERRUPTED);
}

static bool has_terminal(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void on_hangup(void *ctx)
{
	struct server *server = ctx;

	/* Somebody sent it: the terminal is still there, or there never was one. */
	if (server->reload && (!server->had_terminal || has_terminal())) {
		server->reload(server->reload_ctx);
		return;
	}
	log_info("ended by the hangup of the terminal");
	server_stop(server, EXIT_HUNG_UP);
}

void server_on_reload(struct server *server, loop_fn *fn, void *ctx)
{
	server->reload = fn;
	server->reload_ctx = ctx;
	server->had_terminal = has_terminal();
}

void server_init(struct server *server, struct loop *loop)
{
	*server = (struct server){ .loop = loop, .out = -1 };
	process_keep_writing();
	loop_on_signal(loop, SIGTERM, on_terminate, server);
	loop_on_signal(loop, SIGINT, on_interrupt, server);
	if (!process_ignores(SIGHUP))
		loop_on_signal(loop, SIGHUP, on_hangup, server);
}

/* --- standard input and output --- */

int server_claim_stdout(void)
{
	int out = stdio_claim_stdout();

	if (out < 0)
		log_warn("standard output cannot be used: %s", strerror(errno));
	return out;
}

/* The client ended it: nobody reads any more, or its input has ended and all requests are answered. */
static void on_client_end(void *ctx)
{
	struct server *server = ctx;

	server_stop(server, server->code(server->ctx));
}

static void on_end_of_grace(void *ctx)
{
	struct server *server = ctx;

	rpc_cancel_all(server->rpc);
	on_client_end(server);
}

static void on_input(void *ctx, const char *bytes, size_t len)
{
	struct server *server = ctx;

	rpc_feed(server->rpc, bytes, len);
}

static void on_input_end(void *ctx, int reason)
{
	struct server *server = ctx;

	if (reason)
		log_warn("standard input cannot be read: %s", strerror(reason));
	timer_start(server->grace, END_GRACE_MS);
	rpc_feed_end(server->rpc);
}

void server_start_stdio(struct server *server, int out, const struct rpc_config *config, int (*code)(void *ctx))
{
	struct rpc_config full = *config;

	full.broken = on_client_end;
	full.idle = on_client_end;
	full.end_ctx = server;
	server->out = out;
	server->code = code;
	server->ctx = config->ctx;
	server->rpc = rpc_new(server->loop, out, &full);
	server->grace = timer_new(server->loop, on_end_of_grace, server);
}

/* --- the run --- */

int server_run(struct server *server)
{
	struct pump_callbacks input = { .bytes = on_input, .end = on_input_end, .ctx = server };

	if (server->rpc)
		server->pump = pump_new(server->loop, STDIN_FILENO, &input);
	loop_run(server->loop);
	return server->exit_code;
}

void server_release(struct server *server)
{
	if (!server->rpc)
		return;
	rpc_finish(server->rpc, END_FLUSH_MS);
	rpc_free(server->rpc);
	pump_free(server->pump);
	timer_free(server->grace);
	close(server->out);
}
