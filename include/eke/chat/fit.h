#ifndef EKE_CHAT_FIT_H
#define EKE_CHAT_FIT_H
/*
 * From what a chat consists of to what is sent: everything that belongs to one turn of the user becomes one message,
 * and where the endpoint's plan caps prompts, what is too much is left out. Pure but for memory.
 *
 * What is always kept (system messages, question, selection) has its tokens first. Of the rest, what goes with the
 * question may have three quarters, or all that the history does not need; it is shared out fairly: small blocks
 * whole, large ones cut at a line to equal shares. The history keeps its newest turns (trim.h).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/chat/trim.h"
#include "eke/upstream/dialect.h"
#include "eke/upstream/tokens.h"

/* Borrowed for the call. */
struct fit_spec {
	const struct request_message *messages;
	const enum trim_class *classes; /* one for each; an attachment, and a part of the question, belong to the next */
	size_t count;
	const struct token_scales *scales;
	const char *endpoint;
	const char *model;
	const char *plan;
	size_t cap; /* tokens; 0: none */
};

struct fit {
	struct request_message *messages;
	size_t count;
	char **trimmed; /* sentences for the user */
	size_t trimmed_count;
	char **texts; /* of the messages */
};

/* ERR_PROMPT_TOO_LONG if what is always kept is too long already; *out is untouched then. Else fit_release() it. */
bool fit_prompt(const struct fit_spec *spec, struct fit *out, struct err *err);
void fit_release(struct fit *fit);
/* Classes by the roles alone: the question is the user's last message, and what stands behind it. */
void fit_classes(const struct request_message *messages, size_t count, enum trim_class *out);

/*
 * Shares `room` out among `count` that want so much each: who wants no more than an equal share gets all of it, and
 * what is left over is shared among the others.
 */
void fit_share(const size_t *wanted, size_t count, size_t room, size_t *given);

#endif
