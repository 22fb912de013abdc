#ifndef EKE_COMPLETE_FEEDBACK_H
#define EKE_COMPLETE_FEEDBACK_H
/*
 * What the user has been doing, as far as admission wants to know: the rhythm of the typing, and per document whether
 * the last suggestion was followed or typed over, and how many requests one line has had. In memory; no clock. For
 * the engine's own files.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/strbuf.h"
#include "recent.h"

struct feedback;

/* Of one document. Lives until LIMIT_FEEDBACK_DOCUMENTS others push it out: at least to the next feedback_of_doc(). */
struct doc_feedback {
	char *uri;
	unsigned rejected; /* suggestions in a row that were not wanted */
	size_t line; /* of the last request */
	unsigned requests; /* in a row */
	size_t offset; /* where the last suggestion was offered */
	uint64_t revision; /* ... and of which text */
	struct strbuf offered; /* ... and its text; empty: none, or its fate is known */
	struct recent recent; /* the answers that suggestions came from */
	size_t strayed_at; /* where the typing left a suggestion last; 0: nowhere */
};

struct feedback *feedback_new(void);
void feedback_free(struct feedback *feedback);

/* A key was struck, or something that looks like it. */
void feedback_keystroke(struct feedback *feedback, int64_t now_ms);
/* Between two keystrokes, smoothed; 0: not known yet. */
int64_t feedback_gap_ms(const struct feedback *feedback);

/* The document's, made if need be. */
struct doc_feedback *feedback_of_doc(struct feedback *feedback, const char *uri);
/* The one used last, or NULL. */
struct doc_feedback *feedback_latest(struct feedback *feedback);
/* A suggestion is offered at an offset of the document's text, of which `revision` is told apart from others. */
void doc_feedback_offer(struct doc_feedback *doc, size_t offset, uint64_t revision, const char *text, size_t len);
/* The cursor is at an offset, behind `before` (its last bytes): was the suggestion followed? */
void doc_feedback_observe(struct doc_feedback *doc, size_t offset, const char *before, size_t before_len);
/*
 * How many bytes of the last suggestion are left at an offset, if `text` goes on as it does from there; 0: it is
 * another, or there is none.
 */
size_t doc_feedback_remaining(const struct doc_feedback *doc, size_t offset, const char *text, size_t len);
/*
 * The cursor stands in the word in which the typing left a suggestion: a slip of the finger, as likely as not, that the
 * next keys take back. `before` ends at the offset.
 */
bool doc_feedback_is_astray(const struct doc_feedback *doc, size_t offset, const char *before, size_t before_len);
/* The client says what became of it. */
void doc_feedback_accepted(struct doc_feedback *doc);
void doc_feedback_rejected(struct doc_feedback *doc);
/* A request is made from this line. */
void doc_feedback_requested(struct doc_feedback *doc, size_t line);
/* How often in a row it was this line. */
unsigned doc_feedback_requests_on(const struct doc_feedback *doc, size_t line);

#endif
