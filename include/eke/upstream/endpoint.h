#ifndef EKE_UPSTREAM_ENDPOINT_H
#define EKE_UPSTREAM_ENDPOINT_H
/*
 * An endpoint of the configuration, made ready for use: its models and dialect settled, its key found. Counted; a call
 * under way keeps its endpoint over a reload of the configuration.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/err.h"
#include "eke/config/config.h"
#include "eke/io/loop.h"
#include "eke/upstream/dialect.h"

struct endpoint;

/*
 * NULL with ERR_CONFIG if completionApi names no dialect; `path` ("endpoints[0]") names the place. Keeps a reference to
 * the configuration.
 */
struct endpoint *endpoint_new(struct loop *loop, struct config *config, const struct config_endpoint *settings,
	const char *path, struct err *err);
struct endpoint *endpoint_ref(struct endpoint *endpoint);
void endpoint_unref(struct endpoint *endpoint);

const struct config_endpoint *endpoint_config(const struct endpoint *endpoint);
const char *endpoint_name(const struct endpoint *endpoint);
/* Never NULL: the configuration's, else the default for the host. */
const char *endpoint_chat_model(const struct endpoint *endpoint);
const char *endpoint_completion_model(const struct endpoint *endpoint);
/* In which completions are asked for, "auto" resolved. */
const struct dialect *endpoint_completion_dialect(const struct endpoint *endpoint);

/*
 * The address in use, and the step to the next after it could not be reached; false after the last (it then is
 * the first again).
 */
const struct base_url *endpoint_url(const struct endpoint *endpoint);
size_t endpoint_url_index(const struct endpoint *endpoint);
size_t endpoint_url_count(const struct endpoint *endpoint);
void endpoint_use_url(struct endpoint *endpoint, size_t index);

/* --- the key --- */

enum endpoint_key {
	ENDPOINT_KEY_READY,
	ENDPOINT_KEY_PENDING, /* its command runs: endpoint_key_wait() */
	ENDPOINT_KEY_FAILED,
};
/*
 * *key is NULL for an endpoint that needs none; else borrowed until the endpoint changes. err: ERR_AUTH with a
 * sentence.
 */
enum endpoint_key endpoint_key(struct endpoint *endpoint, const char **key, struct err *err);
/* fn is called from the loop when endpoint_key() has more to say. */
void endpoint_key_wait(struct endpoint *endpoint, loop_fn *fn, void *ctx);
void endpoint_key_unwait(struct endpoint *endpoint, loop_fn *fn, void *ctx);
/* It was refused: look it up again next time. */
void endpoint_key_forget(struct endpoint *endpoint);

/* --- what it refused --- */

/*
 * A request for that model ended with err (refusals.h); `quota`: because the account is empty. True: automatic requests
 * wait from now on until something changes: the configuration (then this is another endpoint), the key's file, or an
 * answer to a request that was made by hand.
 */
bool endpoint_note_refusal(struct endpoint *endpoint, const char *model, const struct err *err, bool quota);
void endpoint_note_answer(struct endpoint *endpoint, const char *model);
/* Why an automatic request for that model must wait; NULL: it need not. Borrowed until the next of these calls. */
const struct err *endpoint_refusal(struct endpoint *endpoint, const char *model);

#endif
