#ifndef EKE_FRONT_CLI_CHAT_ARGS_H
#define EKE_FRONT_CLI_CHAT_ARGS_H
/*
 * What the command line of `eke chat` asks for.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/err.h"
#include "eke/base/limits.h"
#include "eke/base/strbuf.h"
#include "eke/chat/commands.h"
#include "eke/chat/context.h"

struct chat_args {
	const char *command; /* NULL: none; borrowed from argv, as the next */
	const char *model;
	bool json;
	bool go_on; /* --continue */
	struct strbuf message;
	struct strbuf input; /* what came on standard input, to be attached */
	char *input_file;    /* that standard input was read from; NULL: none, or it is no file; owned */
	struct context_item items[LIMIT_CONTEXT_ITEMS];
	char *uris[LIMIT_CONTEXT_ITEMS];
	size_t count;
};

void chat_args_init(struct chat_args *words);
void chat_args_release(struct chat_args *words);
/* CLI_OK, or CLI_USAGE or CLI_FAILED after a complaint. Reads nothing but argv. */
int chat_args_take(struct chat_args *words, int argc, char **argv);
/*
 * Reads standard input where it is the message, or goes with it. `command` is what words->command names. False with err
 * if it cannot be read.
 */
bool chat_args_read(struct chat_args *words, const struct command *command, struct err *err);

#endif
