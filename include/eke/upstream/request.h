#ifndef EKE_UPSTREAM_REQUEST_H
#define EKE_UPSTREAM_REQUEST_H
/*
 * The bodies of requests, per dialect (upstream.md 3.5). Pure: facts in, JSON text out, strict JSON always
 * (the seed's provider runs a strict parser). A field that a dialect does not know is not sent, since some
 * servers refuse what they do not know.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/strbuf.h"
#include "eke/upstream/wire.h"

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
	enum wire_api api;
	const char *model; /* may be NULL for WIRE_LLAMACPP_INFILL */
	/* WIRE_CHAT */
	const struct request_message *messages;
	size_t message_count;
	/* the FIM dialects */
	const char *prefix;
	size_t prefix_len;
	const char *suffix; /* an empty one is not sent, but to llama.cpp */
	size_t suffix_len;
	const struct request_extra *extras;
	size_t extra_count;
	/* all */
	const char *const *stop;
	size_t stop_count;   /* beyond LIMIT_STOP they are not sent, but to llama.cpp */
	int64_t max_tokens;  /* 0: not sent */
	double temperature;  /* negative: not sent */
	bool stream;
	bool stream_options; /* with stream: ask for the usage chunk, where the dialect has it */
};

/* Appends the body to out; out->full tells that it did not fit. */
void request_write(const struct request_spec *spec, struct strbuf *out);

/*
 * Is it one of OpenAI's reasoning models (o1, o3, o4-mini, gpt-5 and their kin)? They refuse max_tokens (theirs is
 * max_completion_tokens, which counts the reasoning too), stop, and any temperature of the caller's;
 * request_write() sees to that. Source: OpenAI API reference, "Reasoning models".
 */
bool request_model_reasons(const char *model);

#endif
