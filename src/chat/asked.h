#ifndef EKE_CHAT_ASKED_H
#define EKE_CHAT_ASKED_H
/*
 * A copy of what was asked: to ask another endpoint the same, and to know it when it is asked again. For chat.c.
 */
#include <stdbool.h>

#include "eke/chat/chat.h"

struct asked {
	char *endpoint; /* or NULL */
	char *model;    /* or NULL */
	struct request_message *messages; /* owned; their strings are `strings` */
	enum trim_class *classes; /* owned */
	char **strings;
	size_t count;
	double temperature;
	int64_t max_tokens;
};

void asked_copy(struct asked *asked, const struct chat_request *request);
void asked_release(struct asked *asked);
/* Is the request the same? */
bool asked_is(const struct asked *asked, const struct chat_request *request);

#endif
