#ifndef EKE_GATEWAY_RESPONSE_HEAD_H
#define EKE_GATEWAY_RESPONSE_HEAD_H
/*
 * Status and headers of a response: what of the endpoint's reaches the client, and what the gateway adds.
 */
#include "response.h"

#define JSON_TYPE "application/json"
#define STREAM_TYPE "text/event-stream"

/* Takes over the endpoint's: status, and the headers that are passed on. */
void response_keep_head(struct forward *f, const struct http_head *head);
/* That content type instead of the endpoint's, unless it is the same but for its parameters. */
void response_set_type(struct forward *f, const char *type);
/* Puts what was kept into the reply, with what is left of the budget. */
void response_put_headers(struct forward *f);
/* What is left, in OpenAI's headers. */
void response_put_limits(const struct forward *f);
/* `unit` follows the number. */
void response_put_number(struct gateway_request *request, const char *name, long long n, const char *unit);

#endif
