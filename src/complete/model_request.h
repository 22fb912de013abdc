#ifndef EKE_COMPLETE_MODEL_REQUEST_H
#define EKE_COMPLETE_MODEL_REQUEST_H
/*
 * One request for a completion to a model, from the prompt to the cached answer. It has an (empty) cache entry from
 * model_request_new() on, which grows with the answer: a later request of the editor that the entry covers finds it and
 * can wait for the rest. For the engine's own files.
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/complete/cache.h"
#include "eke/complete/symbol_renames.h"
#include "eke/config/config.h"
#include "eke/context/retriever.h"
#include "eke/upstream/upstream.h"
#include "cursor_context.h"

struct model_request;
struct post_context;

struct model_request_callbacks {
	/* More of the answer is in the cache. */
	void (*grown)(void *ctx, struct model_request *request);
	/* This complete answer is in the cache, and will not change. Borrowed. */
	void (*kept)(void *ctx, const struct cache_key *key, const struct cache_answer *answer);
	/* Once, the last: the whole answer is in the cache, or err. The request ends after it. */
	void (*done)(void *ctx, struct model_request *request, const struct err *err);
	void *ctx;
};

/* Borrowed for the call, but for upstream and cache, which must outlive the request. */
struct model_request_params {
	uint64_t id; /* also the first item's, in the cache; the other candidates have the next ones, up to CACHE_RANKS */
	struct upstream *upstream;
	struct cache *cache;
	struct endpoint *endpoint;
	struct config *config; /* a reference is taken */
	struct retriever *retriever; /* as upstream and cache; NULL: nothing goes along from elsewhere */
	const struct cursor_context *context;
	const char *path; /* of the document, as the prompt shows it */
	bool automatic;
	bool insert_spaces;
	unsigned tab_size;
	bool project_style;
};

/*
 * Builds the prompt and the cache entry; nothing is sent before model_request_send(). NULL with ERR_PROMPT_TOO_LONG if
 * the plan's cap on prompts leaves no room for any text.
 */
struct model_request *model_request_new(
	const struct model_request_params *params, const struct model_request_callbacks *callbacks, struct err *err);
/* Adds to the prompt what the retriever has for it by now. Before it is sent; keys in the cache do not depend on it. */
void model_request_add_context(struct model_request *request);
/*
 * What would go along with such a request now, and how long its prompt would be, in tokens. Nothing is made.
 * snippets_release() in any case.
 */
void model_request_preview(const struct model_request_params *params, struct snippets *context, size_t *tokens);
/* Sends it, once. Callbacks come later, from the loop. */
void model_request_send(struct model_request *request);
/* Ends it: no more callbacks, nothing of it in the cache. */
void model_request_cancel(struct model_request *request);

/* Is it one of its items in the cache? */
bool model_request_has_item(const struct model_request *request, uint64_t item);
/* What its answer was fitted to, if that is this cursor; else, or if nothing has come yet, NULL. Borrowed. */
const struct post_context *model_request_surroundings(
	const struct model_request *request, const struct cursor_context *context);
/* Borrowed from the request. */
struct endpoint *model_request_endpoint(const struct model_request *request);
/* "endpoint/model": whose answers these are, for the cache. */
const char *model_request_model_id(const struct model_request *request);
/*
 * Also stores the first candidate, from byte `at` of the entry under `from` on, under key `to`, with `renames` applied;
 * what comes later goes there too. False if `from` is no key of this request, or the candidate is too short.
 */
bool model_request_add_key(struct model_request *request, const struct cache_key *from, size_t at,
	const struct cache_key *to, const struct symbol_renames *renames);
/* Its answer's key in the cache. */
const struct cache_key *model_request_key(const struct model_request *request);
/* Until when it may be without an answer at all, ms. */
int64_t model_request_timeout_ms(const struct model_request *request);
/* It was sent, and its plan counts requests: the answer is paid for, whether anybody waits or not. */
bool model_request_is_paid(const struct model_request *request);
/* model_request_model_id() of a request to this endpoint; the caller frees it. */
char *model_request_model_id_of(const struct endpoint *endpoint);

#endif
