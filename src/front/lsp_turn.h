#ifndef EKE_FRONT_LSP_TURN_H
#define EKE_FRONT_LSP_TURN_H
/*
 * A chat that is being answered to the client, whichever engine answers it. For lsp_chat.c and lsp_conversation.c.
 */
#include "lsp_private.h"

/* Of an engine. */
struct lsp_turn_kind {
	void (*go_on)(struct lsp *lsp, uint64_t id, bool yes);
	void (*cancel)(struct lsp *lsp, uint64_t id);
};

struct lsp_turn {
	struct lsp *lsp;
	const struct lsp_turn_kind *kind;
	uint64_t ticket;
	uint64_t id; /* the engine's */
	struct lsp_progress *progress;
	struct strbuf text; /* so far: what a cancelled request still gets */
	uint64_t asking;    /* the client, whether another endpoint may be used; 0: not */
	struct lsp_turn *next;
};

/* `token`: streamToken, or NULL. */
struct lsp_turn *lsp_turn_new(
	struct lsp *lsp, const struct rpc_request *request, const struct json *token, const struct lsp_turn_kind *kind);
/* The engine's number; 0: it did not start, err says why, and the turn is over. */
MUST_USE struct rpc_result *lsp_turn_start(struct lsp_turn *turn, struct rpc_request *request, uint64_t id,
	struct err *err);
/* Callbacks for the engine; the context is the turn. */
void lsp_turn_on_delta(void *ctx, bool reasoning, const char *text, size_t len);
void lsp_turn_on_ask(void *ctx, const struct config_endpoint *other, const struct err *err);
/* The engine is done: first lsp_turn_finish() (trouble NULL: none), then one of the two, which end the turn. */
void lsp_turn_finish(struct lsp_turn *turn, const struct err *trouble);
void lsp_turn_answer(struct lsp_turn *turn, struct strbuf *result);
void lsp_turn_fail(struct lsp_turn *turn, const struct err *err);

/* Members of a result that is begun: all but the text and what is one method's own. */
void lsp_write_answer(struct lsp *lsp, const struct chat_answer *answer, const char *const *trimmed, size_t count,
	struct json_writer *w);

#endif
