#ifndef EKE_FRONT_GATEWAY_PRIVATE_H
#define EKE_FRONT_GATEWAY_PRIVATE_H
/*
 * What the files of the gateway share. A request goes from gateway_routes.c, which decides who may ask and for what, to
 * gateway_models.c or gateway_forward.c.
 */
#include "eke/base/hex.h"
#include "eke/front/app.h"
#include "eke/front/server.h"
#include "gateway_server.h"

#define GATEWAY_TOKEN_BYTES 32

struct forward;
struct model_list;

struct gateway {
	struct app app;
	struct server server;
	struct gateway_server *http;
	char token[HEX_SIZE(GATEWAY_TOKEN_BYTES)];
	const char *origins[LIMIT_GATEWAY_ORIGINS]; /* of web pages that may ask; from argv */
	size_t origin_count;
	struct forward *forwards;
	struct model_list *model_lists;
	bool stopping; /* when the last request is over */
};

/* What the client asks for. */
enum gateway_route { GATEWAY_CHAT, GATEWAY_COMPLETIONS, GATEWAY_EMBEDDINGS };

/* gateway_routes.c; ctx is the gateway. */
void gateway_on_request(void *ctx, struct gateway_request *request);
/*
 * Replies with an error in OpenAI's form. `final`: asking again does not help, so the client's library is told not to.
 */
void gateway_fail(struct gateway_request *request, int status, const char *type, const char *code, const char *message,
	bool final);
/* One line in the log: no content. */
void gateway_log(const struct gateway_request *request, int status, const char *endpoint);

/* gateway_models.c. `id` is that of one model, or NULL for the list. */
void gateway_models(struct gateway *gateway, struct gateway_request *request, const char *id);
void gateway_models_free_all(struct gateway *gateway);

/* gateway_forward.c */
void gateway_forward(struct gateway *gateway, struct gateway_request *request, enum gateway_route route);
void gateway_forward_free_all(struct gateway *gateway);

#endif
