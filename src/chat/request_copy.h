#ifndef EKE_CHAT_REQUEST_COPY_H
#define EKE_CHAT_REQUEST_COPY_H
/*
 * A copy of what was asked: to ask another endpoint the same, and to know it when it is asked again. For chat.c.
 */
#include <stdbool.h>

#include "eke/chat/chat.h"

struct request_copy {
	char *endpoint; /* or NULL */
	char *model;    /* or NULL */
	struct request_message *messages; /* owned; their strings are `strings` */
	enum trim_class *classes; /* owned */
	char **strings;
	size_t count;
	double temperature;
	int64_t max_tokens;
};

void request_copy_copy(struct request_copy *asked, const struct chat_request *request);
void request_copy_release(struct request_copy *asked);
/* Is the request the same? */
bool request_copy_is(const struct request_copy *asked, const struct chat_request *request);

#endif
