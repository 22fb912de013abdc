#ifndef EKE_UPSTREAM_UPSTREAM_H
#define EKE_UPSTREAM_UPSTREAM_H
/*
 * All endpoints of the configuration, and the connections to them. Calls (call.h) go through it.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/err.h"
#include "eke/budget/budget.h"
#include "eke/config/config.h"
#include "eke/io/loop.h"
#include "eke/upstream/endpoint.h"
#include "eke/upstream/http.h"
#include "eke/upstream/tokens.h"

struct upstream;

/* Without endpoints until upstream_configure(). The budget is borrowed. */
struct upstream *upstream_new(struct loop *loop, struct budget *budget);
/* Ends calls under way; no callbacks. */
void upstream_free(struct upstream *upstream);
/* Takes the endpoints of a configuration. If one is wrong: false with ERR_CONFIG, and the former ones stay. */
bool upstream_configure(struct upstream *upstream, struct config *config, struct err *err);

struct loop *upstream_loop(const struct upstream *upstream);
/* How its endpoints count tokens, as far as is known (tokens.h). */
struct token_scales *upstream_token_scales(const struct upstream *upstream);
/* What was learned of a model there (quirks.h). */
unsigned upstream_quirks(const struct upstream *upstream, const struct endpoint *endpoint, const char *model);
/* A refusal told more of them. Of "streams only" and "no streams" the newer one holds. */
void upstream_learn_quirks(
	struct upstream *upstream, const struct endpoint *endpoint, const char *model, unsigned found);
size_t upstream_count(const struct upstream *upstream);
/* In order of preference; NULL past the end. */
struct endpoint *upstream_at(const struct upstream *upstream, size_t index);
/* NULL: the first. NULL with ERR_NO_ENDPOINT and a sentence if there is none, or none of that name. */
struct endpoint *upstream_find(const struct upstream *upstream, const char *name, struct err *err);

/* What the budget would say of a request to this endpoint and model now; `reserve` as in struct call_spec. */
void upstream_look(struct upstream *upstream, struct endpoint *endpoint, const char *model, enum budget_use use,
	double reserve, struct budget_view *out);

/*
 * Connects to the first endpoint, with TLS, so that the next request does not have to; nothing happens if there was
 * traffic within the last minute, or for plain http on the loopback, where connecting takes no time. It sends HEAD for
 * the server's root without a key, which no provider counts.
 */
void upstream_prewarm(struct upstream *upstream);

/*
 * make_room is called from the loop when a request comes for which there is no place (LIMIT_TRANSFERS). True: it has
 * ended one that nobody waits for. NULL: nobody can.
 */
void upstream_on_full(struct upstream *upstream, bool (*make_room)(void *ctx), void *ctx);

/* As http_keep_above(). */
void upstream_keep_above(struct upstream *upstream, int least);

/* Calls under way that someone waits for. */
size_t upstream_busy(const struct upstream *upstream);
/* fn is called at the end of a turn in which a call began or ended. One listener, or NULL. */
void upstream_on_change(struct upstream *upstream, loop_fn *fn, void *ctx);

#endif
