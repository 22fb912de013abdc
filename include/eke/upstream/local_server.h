#ifndef EKE_UPSTREAM_LOCAL_SERVER_H
#define EKE_UPSTREAM_LOCAL_SERVER_H
/*
 * A server of models on this machine: what it is, by its answers, which of its models is good for what, and what is
 * said of it. Pure. Sources: Ollama (openai.go: owned_by is the model's namespace, "library" for its own; no models:
 * "data": null; the templates of ollama.com/library with a .Suffix), llama.cpp (tools/server: owned_by "llamacpp";
 * /infill answers 501 where the model cannot, before it looks at the body), LM Studio (owned_by "organization_owner").
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/json.h"
#include "eke/base/limits.h"
#include "eke/base/strbuf.h"
#include "eke/config/config.h"

enum local_kind {
	LOCAL_OTHER, /* speaks OpenAI's API, and does not say what it is */
	LOCAL_OLLAMA,
	LOCAL_LLAMACPP,
	LOCAL_LM_STUDIO,
};

struct local_server {
	char address[LIMIT_URL]; /* as it goes into a configuration: "http://127.0.0.1:11434" */
	enum local_kind kind;
	bool infill;             /* llama.cpp: its model fills in the middle */
	char **models;           /* ids, owned */
	size_t model_count;
};

void local_server_release(struct local_server *server);
/*
 * Takes kind and models from the answer to GET /v1/models. False if that is none. `server` has its address, by whose
 * port is guessed what the answer does not tell.
 */
bool local_server_decode(struct local_server *server, const struct json *answer);

/* "Ollama", "llama.cpp", "LM Studio", "A model server". */
const char *local_server_title(const struct local_server *server);

/* What would be asked there; borrowed from the server. */
struct local_choice {
	const char *name; /* of the endpoint */
	const char *chat;
	const char *completion;
	const char *api; /* the name of a dialect */
};
/* False: none of its models can chat, or it has none. */
bool local_server_choose(const struct local_server *server, struct local_choice *out);
/* The same as an endpoint, for config_use_local(). To be released; false, and untouched, likewise. */
bool local_server_settings(const struct local_server *server, struct config_local *out);

/* "Ollama answers at 127.0.0.1:11434", cut to size. */
void local_server_describe(const struct local_server *server, char *out, size_t size);
/* "the model a", "the models a, b and 3 more", cut to size. */
void local_server_list_models(const struct local_server *server, char *out, size_t size);
/* Appends the configuration that makes it permanent, one line of JSON. */
void local_server_snippet(const struct local_server *server, struct strbuf *out);

#endif
