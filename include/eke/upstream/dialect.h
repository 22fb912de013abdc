#ifndef EKE_UPSTREAM_DIALECT_H
#define EKE_UPSTREAM_DIALECT_H
/*
 * The dialects in which endpoints are asked: one table, dialect.c, and the bodies of requests. Pure: facts in, strict
 * JSON out. A field that a dialect does not know is not sent, since some servers refuse what they do not know. The
 * answers of all dialects are told apart by their shape, see wire.h.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/strbuf.h"
#include "eke/upstream/quirks.h"

struct json_writer;
struct request_spec;

/* A host that speaks a dialect by itself, and models that are sure to be there. */
struct dialect_host {
	const char *domain; /* it or a host under it */
	const char *chat_model;
	const char *completion_model;
};

#define DIALECT_HOSTS 2

struct dialect {
	const char *name; /* as the configuration's completionApi has it */
	const char *path; /* of the request: "/chat/completions" */
	bool at_origin;   /* the path follows the host; else the base URL */
	bool fills_in;    /* it takes prefix and suffix; else messages */
	bool takes_extras; /* and other files beside them */
	/* Writes the members of the body. */
	void (*put)(struct json_writer *w, const struct request_spec *spec);
	struct dialect_host hosts[DIALECT_HOSTS]; /* completions there go by this dialect unless the configuration says */
};

/* "chat", which every endpoint speaks. */
const struct dialect *dialect_chat(void);
/* NULL: there is none of that name. */
const struct dialect *dialect_named(const char *name);
/* The names for a sentence: "chat, completions, …". Appends. */
void dialect_list(struct strbuf *out);
/* The dialect of completions at this host, and its models where the configuration names none. Never fails. */
const struct dialect *dialect_of_host(const char *host, const struct dialect_host **models);

struct request_message {
	const char *role;    /* "system", "user", "assistant" */
	const char *content; /* UTF-8; invalid bytes go out as U+FFFD */
	size_t content_len;
};

/* One other file for context, where the dialect can carry it (llama.cpp's input_extra). */
struct request_extra {
	const char *filename;
	const char *text;
	size_t len;
};

/* What to ask. Everything is borrowed for the call. */
struct request_spec {
	const struct dialect *dialect;
	const char *model; /* may be NULL for llamacpp-infill */
	/* chat */
	const struct request_message *messages;
	size_t message_count;
	/* those that fill in the middle */
	const char *prefix;
	size_t prefix_len;
	const char *suffix; /* an empty one is not sent, but to llama.cpp */
	size_t suffix_len;
	const char *path; /* of the document, for those that name files; or NULL */
	const struct request_extra *extras;
	size_t extra_count;
	/* all */
	const char *const *stop;
	size_t stop_count;   /* beyond LIMIT_STOP they are not sent, but to llama.cpp */
	int64_t max_tokens;  /* 0: not sent */
	double temperature;  /* negative: not sent */
	bool stream;
	bool stream_options; /* with stream: ask for the usage chunk, where the dialect has it */
	unsigned quirks;     /* what the model does not take (quirks.h) */
};

/* Appends the body to out; out->full tells that it did not fit. */
void request_write(const struct request_spec *spec, struct strbuf *out);

/*
 * Takes out of a body that was written what the model does not take. False: it had none of it, and nothing changed.
 */
bool request_amend(struct strbuf *body, unsigned quirks);

/*
 * The quirks that a model's name tells: of OpenAI's reasoning models, also behind prefixes ("openai/o3-mini",
 * "azure:gpt-5").
 */
unsigned request_quirks_of_name(const char *model);

#endif
