#ifndef EKE_UPSTREAM_ANSWER_H
#define EKE_UPSTREAM_ANSWER_H
/*
 * The body of a 200 response, put together as its bytes come: an event stream, or a whole JSON value, told apart by the
 * first byte. No clock, no I/O; bytes may be cut anywhere. What cannot be understood is dropped with a warning if the
 * rest still is an answer; if there is no rest, it becomes the error.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/base/strbuf.h"
#include "eke/upstream/stated_limit.h"
#include "eke/upstream/wire.h"

struct answer;

/* `name` is the endpoint's, for messages; borrowed. `thinks_inside`: see think_init_inside(). */
struct answer *answer_new(const char *name, bool thinks_inside);
void answer_free(struct answer *answer);
/* `now` is Unix seconds, for errors that say how long to wait. */
void answer_feed(struct answer *answer, const char *bytes, size_t len, int64_t now);
/* No more bytes. `whole`: the response came to its regular end. */
void answer_end(struct answer *answer, bool whole, int64_t now);

/* What has come so far. The reasoning only grows; the text may once begin anew, see answer_moved(). */
const struct strbuf *answer_text(const struct answer *answer);
const struct strbuf *answer_reasoning(const struct answer *answer);
/*
 * True once it has turned out that the text so far was reasoning (think.h): it was moved to the reasoning, where it
 * begins at *from, and the text began anew.
 */
bool answer_moved(const struct answer *answer, size_t *from);
/* `thinks_inside` was true, and the reasoning never ended. */
bool answer_never_closed(const struct answer *answer);
/* As the endpoint names it, or NULL. */
const char *answer_model(const struct answer *answer);
enum wire_finish answer_finish(const struct answer *answer);
/* Some models call tools that nobody offered. */
bool answer_calls_tool(const struct answer *answer);
struct wire_usage answer_usage(const struct answer *answer);
/* The error in the body, or NULL. After answer_end() there is one if the body was no answer. */
const struct err *answer_error(const struct answer *answer);
/* The limit that this error states. */
const struct stated_limit *answer_stated_limit(const struct answer *answer);

/* Something that has the shape of an answer came, with a text or without. */
bool answer_has_begun(const struct answer *answer);
/* What the first byte that is no blank shows it to be. */
enum wire_body answer_kind(const struct answer *answer);
/* The end mark has come: nothing more will. */
bool answer_is_over(const struct answer *answer);
/* A number that changes when something comes that is neither a comment nor blanks. */
size_t answer_progress(const struct answer *answer);
/* A line of the stream, or a body that is not a stream, was longer than eke takes, and is lost. */
bool answer_is_too_long(const struct answer *answer);
/* More than eke takes has come; the rest is lost. */
bool answer_is_too_large(const struct answer *answer);
/* What has come is worth keeping: text, reasoning, or a proper end. */
bool answer_is_usable(const struct answer *answer);

#endif
