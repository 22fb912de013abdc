#ifndef EKE_CHAT_CHAT_H
#define EKE_CHAT_CHAT_H
/*
 * Chat: messages in, an answer streamed out. This is the stateless form (chat/complete): the caller holds the
 * conversation.
 *
 * A request that names no endpoint goes on to the next when the first has nothing more to give (upstream/choose.h). An
 * answer that was paid for is not thrown away when its request is cancelled: it comes in to its end, and is there for
 * whoever asks the same again.
 */
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/chat/trim.h"
#include "eke/config/config.h"
#include "eke/upstream/call.h"
#include "eke/upstream/upstream.h"

/* Borrowed for the call. */
struct chat_request {
	const char *endpoint; /* NULL: the first */
	const char *model;    /* NULL: the endpoint's */
	const struct request_message *messages;
	/*
	 * What each of them is (fit.h): then the parts of one turn are sent as one message. NULL: as their roles say, and
	 * each is a message.
	 */
	const enum trim_class *classes;
	size_t count; /* at least 1 */
	double temperature; /* negative: the configuration's */
	int64_t max_tokens; /* 0: the configuration's */
};

struct chat_answer {
	const char *endpoint;
	const struct config_endpoint *endpoint_config; /* valid during the callback */
	struct endpoint *source; /* its endpoint; a reference to it keeps the two above */
	const struct call_answer *answer;
	bool usage_estimated; /* the endpoint did not say; see `usage` */
	struct wire_usage usage;
	/* What of the conversation was not sent, since the plan caps prompts: sentences for the user. */
	const char *const *trimmed;
	size_t trimmed_count;
};

struct chat_callbacks {
	void (*delta)(void *ctx, bool reasoning, const char *text, size_t len);
	/*
	 * The first endpoint refused (err says why and until when); the other would serve. Ask the user, then call
	 * chat_go_on(). NULL: nobody can be asked.
	 */
	void (*ask)(void *ctx, const struct config_endpoint *other, const struct err *err);
	/* Once, the last: an answer, or err. */
	void (*done)(void *ctx, const struct chat_answer *answer, const struct err *err);
	void *ctx;
};

struct chat;

/* The upstream is borrowed. */
struct chat *chat_new(struct upstream *upstream);
/* Requests under way end without a word. */
void chat_free(struct chat *chat);
void chat_configure(struct chat *chat, struct config *config);
/*
 * A number for chat_cancel(). 0 with err set if it cannot be asked: no endpoint, or ERR_PROMPT_TOO_LONG where system
 * messages and question alone have more tokens than the plan's cap. Older messages are left out to keep to that
 * (trim.h): the question is the last message of the user.
 */
uint64_t chat_start(struct chat *chat, const struct chat_request *request, const struct chat_callbacks *callbacks,
	struct err *err);
/* Whether chat_start() would take it; nothing is sent. */
bool chat_fits(struct chat *chat, const struct chat_request *request, struct err *err);
/* The most tokens of its prompt, by the plan of who would be asked; 0: none. */
int64_t chat_prompt_cap(struct chat *chat, const struct chat_request *request);
void chat_cancel(struct chat *chat, uint64_t id);
/* The user's answer. Yes: also the next ones need not be asked for until the first endpoint has something again. */
void chat_go_on(struct chat *chat, uint64_t id, bool yes);

#endif
