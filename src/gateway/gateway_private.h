#ifndef EKE_GATEWAY_GATEWAY_PRIVATE_H
#define EKE_GATEWAY_GATEWAY_PRIVATE_H
/*
 * What the files of the gateway share. A request goes from routes.c, which decides who may ask and for what, to
 * models.c or forward.c.
 */
#include "eke/front/app.h"
#include "eke/front/server.h"
#include "http_server.h"
#include "options.h"

struct catalogue;
struct clients;
struct forward;
struct kept;
struct model_list;
struct wait_queue;

struct gateway {
	struct app app;
	struct server server;
	struct gateway_server *http;
	struct gateway_options options;
	struct clients *clients;
	char *base;       /* its base URL */
	bool checks_host; /* the Host header must name this machine */
	int64_t started_at;
	char *recorded;   /* for `eke status`, the last time */
	struct timer *look;
	struct forward *forwards;
	struct catalogue *catalogue;
	struct kept *kept;
	struct wait_queue *waiting;
	struct model_list *model_lists;
};

/* What the client asks for. */
enum gateway_route { GATEWAY_CHAT, GATEWAY_COMPLETIONS, GATEWAY_EMBEDDINGS, GATEWAY_MODELS };

#endif
