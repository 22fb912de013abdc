#ifndef EKE_FRONT_SERVER_H
#define EKE_FRONT_SERVER_H
/*
 * The life of a front end that serves until somebody ends it: exit code, signals, and for those that speak JSON-RPC on
 * standard input and output the client's end of the line. The front ends share this header and app.h.
 *
 * A server ends by SIGTERM or SIGINT, by server_stop(), when its client closes standard input, or when nobody reads
 * standard output any more. After the end of the input, requests under way may go on for END_GRACE_MS, so that a script
 * that pipes requests in gets its answers; then they are cancelled.
 */
#include "eke/io/loop.h"
#include "eke/rpc/rpc.h"

struct pump;

struct server {
	struct loop *loop; /* borrowed */
	int exit_code;
	loop_fn *reload; /* at SIGHUP; NULL: that ends it */
	void *reload_ctx;
	bool had_terminal;
	/* Of servers on standard input and output; else NULL and -1. */
	struct rpc *rpc;
	struct pump *pump;
	struct timer *grace;
	int out;
	int (*code)(void *ctx);
	void *ctx;
};

/*
 * Ends the program by SIGTERM, SIGINT and SIGHUP from now on, with EXIT_TERMINATED, EXIT_INTERRUPTED or EXIT_HUNG_UP;
 * SIGHUP not where it is ignored (nohup).
 */
void server_init(struct server *server, struct loop *loop);

/* SIGHUP calls fn instead, as daemons have it, unless it is the hangup of the program's terminal. */
void server_on_reload(struct server *server, loop_fn *fn, void *ctx);

/*
 * First of all in a program that speaks on standard output: takes that for itself (io/pump.h). The descriptor, for
 * server_start_stdio(); -1 after a warning in the log.
 */
int server_claim_stdout(void);

/*
 * Sets server->rpc; input is read from server_run() on. `out` is the server's from now on. `config` needs no .broken,
 * .idle and .end_ctx. `code` says with which exit code the program ends where its client ends it; it gets config->ctx.
 */
void server_start_stdio(struct server *server, int out, const struct rpc_config *config, int (*code)(void *ctx));
/* Runs the loop until the end. Returns the exit code. */
int server_run(struct server *server);
void server_stop(struct server *server, int exit_code);
/* Gives the reader a moment to take the last messages, then closes all. */
void server_release(struct server *server);

#endif
