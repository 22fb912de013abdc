#ifndef EKE_CHAT_CONVERSATION_PREPARATION_H
#define EKE_CHAT_CONVERSATION_PREPARATION_H
/*
 * From what a client asks to a question that can be written down: with what git says is staged, if its command wants
 * that, and with what its code names of other files. For conversation_turn.c.
 */
#include "conversations_private.h"
#include "question.h"

/* Called once, from the loop; err: it cannot be asked. */
typedef void preparation_fn(void *ctx, const struct err *err);

struct preparation {
	struct question question;  /* what it ends in, as the next two */
	struct snippets retrieved; /* what goes along that nobody attached */
	char **notes;              /* sentences on what stays here; owned */
	size_t note_count;
	/* While it lasts. */
	struct conversations *c; /* borrowed */
	struct diff *diff;
	uint64_t retrieving; /* the retriever's number; 0: nothing is */
	char *about;         /* URI of the file that it is about; NULL: none */
	int64_t prompt_cap;  /* tokens; 0: none */
	preparation_fn *done;
	void *ctx;
};

/* False with err, and no call of `done`, if it cannot be asked. To be released in any case. */
bool preparation_start(struct preparation *p, struct conversations *c, const struct conversation_question *asked,
	preparation_fn *done, void *ctx, struct err *err);
/* Takes the note over. */
void preparation_note(struct preparation *p, char *note);
/* `done` is not called any more. */
void preparation_cancel(struct preparation *p);
/* After its end, or preparation_cancel(). */
void preparation_release(struct preparation *p);

#endif
