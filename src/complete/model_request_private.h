#ifndef EKE_COMPLETE_MODEL_REQUEST_PRIVATE_H
#define EKE_COMPLETE_MODEL_REQUEST_PRIVATE_H
/*
 * What model_request.c, which makes a request and sends it, and model_request_answer.c, which has what comes back,
 * share.
 */
#include "eke/base/strbuf.h"
#include "eke/complete/excerpt.h"
#include "eke/complete/prompt.h"
#include "eke/complete/symbol_renames.h"
#include "eke/post/post.h"
#include "eke/upstream/call.h"
#include "cursor_context.h"
#include "model_request.h"

/* Where requests are counted an answer may have so many times the lines, and tokens, of one that is shown at once. */
#define MODEL_REQUEST_WRITE_ON 3

/* Cache keys under which one answer is stored, its own among them. */
#define MODEL_REQUEST_KEYS_MAX 8

struct answer_key {
	struct cache_key key;
	size_t from; /* the byte of the answer with which it goes on there */
	struct symbol_renames renames;
};

struct model_request {
	uint64_t id;
	struct upstream *upstream;
	struct cache *cache;
	struct config *config; /* ref */
	struct model_request_callbacks callbacks;
	struct cursor_context context;
	char *model_id;
	char *path; /* as the prompt shows it */
	struct answer_key keys[MODEL_REQUEST_KEYS_MAX]; /* the first is for `context` */
	size_t key_count;
	struct excerpt excerpt; /* slices of context */
	struct post_context *surroundings; /* of excerpt; NULL until it is sent */
	unsigned tag_number;
	enum post_source source;
	bool insert_spaces;
	unsigned tab_size;
	bool project_style;
	bool counted;
	size_t candidate_count; /* candidates */
	struct endpoint *endpoint; /* ref */
	struct call_spec spec; /* borrows from the next two, context and endpoint */
	struct prompt prompt;
	struct retriever *retriever; /* or NULL */
	struct snippets snippets; /* what goes along from elsewhere */
	struct request_extra *extras; /* these, for llama.cpp */
	struct strbuf fim_prefix; /* these, before the prefix */
	struct request_message messages[PROMPT_MESSAGES];
	size_t raw_tokens; /* the prompt's, as guessed; 0: not known */
	bool sent;
	uint64_t call;
	struct strbuf raw;
	struct strbuf texts[CACHE_RANKS]; /* post-processed so far, by candidate */
};

/* The memory goes at the turn's end: its own callback may be on the stack. */
void model_request_end(struct model_request *request);
/* What the cache has of its answer is no more. */
void model_request_forget(struct model_request *request);

/* --- model_request_answer.c --- */

/*
 * Lines that are asked for. Where requests are scarce more than is shown at once: what is written beyond it is there
 * when the user gets to it.
 */
size_t model_request_lines(const struct model_request *request);
/* Works out what surrounds the excerpt, unless that is done. ctx: the request. */
void model_request_prepare_surroundings(void *ctx);
/* Puts what there is of a candidate into the cache. */
void model_request_store(struct model_request *request, size_t rank, bool complete);
/* The callbacks of its call; ctx: the request. */
void model_request_on_delta(void *ctx, bool reasoning, const char *text, size_t len);
void model_request_on_done(void *ctx, const struct call_answer *answer, const struct err *err);

#endif
