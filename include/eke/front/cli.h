#ifndef EKE_FRONT_CLI_H
#define EKE_FRONT_CLI_H
/*
 * The terminal commands. Each takes the words behind its name, prints to standard output, complains to standard
 * error, and returns the program's exit code.
 */
#include "eke/front/app.h"

/* Exit codes of the commands (protocol/README.md, "Commands"). */
enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
	CLI_BUDGET = 3,
	CLI_INTERRUPTED = EXIT_INTERRUPTED,
};

typedef int cli_fn(const struct app_options *options, int argc, char **argv);

cli_fn cli_chat;     /* [-c COMMAND] [-f FILE]… [-m MODEL] [--json] [--continue] [MESSAGE] */
cli_fn cli_complete; /* FILE:LINE:COL */
cli_fn cli_models;
cli_fn cli_status;   /* [--json] [--unblock] */
cli_fn cli_doctor;
cli_fn cli_config; /* --path | --print | --schema */

#endif
