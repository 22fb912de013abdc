#ifndef EKE_GATEWAY_RESPONSE_H
#define EKE_GATEWAY_RESPONSE_H
/*
 * What a client gets of a request that goes on to an endpoint, while it is there; and what is kept of it for when it is
 * not. forward.c calls these in the order in which things happen.
 */
#include "eke/base/err.h"
#include "eke/upstream/exchange.h"
#include "ask.h"
#include "body.h"
#include "catalogue.h"
#include "convert.h"
#include "gateway_private.h"
#include "judge.h"
#include "kept.h"
#include "wait.h"

struct forward {
	struct gateway *gateway;
	struct gateway_request *request; /* NULL: the client is gone */
	enum gateway_route route;
	struct ask ask;
	struct gateway_digest key;
	struct endpoint *endpoint; /* ref; NULL before the first send */
	char *model; /* as it is sent */
	unsigned quirks; /* of the model, as it is sent */
	unsigned changed; /* of them, those for which members of the client's were changed */
	bool is_ours; /* the model: the client's is none that there is */
	uint64_t exchange; /* 0: none is under way */
	size_t sent_len; /* of the request's body, as it went out */
	bool counted;
	struct catalogue_pending models; /* before it is sent, where lists of models decide */
	struct waiting waiting;
	struct err refusal; /* while it waits: what it would have been told */
	int64_t wait_until_ms; /* of clock_mono_ms(); 0: its client does not wait for the budget */

	/* the response */
	int status; /* of the endpoint; 0: none yet */
	char *headers; /* for the client: name, NUL, value, NUL, …, NUL; NULL: none yet */
	struct convert *convert; /* NULL: bytes pass as they are */
	struct judge *judge; /* NULL: nobody counts, or it is no 200 */
	bool cut; /* a response of 2xx did not come to its end */
	bool begun; /* the reply's form is known, and `headers` are final */
	bool head_sent; /* the present client has it */
	bool is_kept; /* `body` has all that was delivered, for the same request */
	bool whole; /* it is complete, and an answer */
	struct strbuf body;
	struct forward *next;
};

/* A response of 2xx begins. */
void response_head(struct forward *f, const struct http_head *head);
/* Is it one? `broken`: it did not come to its end. As exchange.h's judge(). */
bool response_judge(struct forward *f, const struct err *broken, struct err *err, struct stated_limit *stated);
/* Its bytes. False: the client is behind; go on when it has drained. */
bool response_bytes(struct forward *f, const char *data, size_t len);
/* A response that is none of 2xx: status and body reach the client as they are. */
void response_refused(struct forward *f, const struct http_head *head, const char *body, size_t len);
/* It is over; err says why it is not whole, or is NULL. */
void response_end(struct forward *f, const struct err *err);
/* It never got an answer: why, in OpenAI's form. */
void response_fail(struct forward *f, const struct err *err);
/* An error of the gateway's own. */
void response_own(struct forward *f, int status, const char *type, const char *code, const char *message, bool final);
/* A comment, to who reads a stream: nothing has come yet. */
void response_comment(struct forward *f, const char *text);
/* A client came for a response that is under way: it gets what there is. */
void response_catch_up(struct forward *f);
/* All of a response, from kept.c. */
void response_kept(struct forward *f, const struct kept_response *kept);
/* Keeps it, if it is whole and worth that: its client has gone, or it is to be cached. */
void response_keep(struct forward *f);
/* How long a response to this request is cached; 0: not. */
int64_t response_cache_ms(const struct forward *f);

#endif
