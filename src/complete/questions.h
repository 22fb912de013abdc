#ifndef EKE_COMPLETE_QUESTIONS_H
#define EKE_COMPLETE_QUESTIONS_H
/*
 * The questions that are being asked, and what each is good for. For the engine's own files.
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "ask.h"

struct engine;

/* A question under way and what it is good for. */
struct question {
	struct engine *engine;
	struct ask *ask;
	struct claim *claim; /* of the right to ask it, among processes */
	char *uri;
	bool automatic;
	bool used; /* something of it was shown: it is not in vain, even if nobody waits */
	struct timer *abort_timer;
	struct question *next;
};

/* NULL with err if it cannot be asked. */
struct question *question_start(struct engine *engine, const struct ask_wanted *wanted, struct err *err);
struct question *question_find(const struct engine *engine, uint64_t item);
/* An automatic question of this document is under way. */
bool question_is_open(const struct engine *engine, const char *uri);
/*
 * One that waited for it waits no more. If it was the last, the question goes on if it is paid for (src/README.md, rule
 * 7); else it is aborted, unless somebody else joins it within the time between two keystrokes: editors cancel their
 * request at each key, and the next may want the same.
 */
void question_abandon(struct question *question);
/*
 * The newest request in this document rests on `except` (or on none): others that nobody waits for and that cost
 * nothing are aborted, even if something of them was shown.
 */
void questions_sweep(struct engine *engine, const char *uri, const struct question *except);
void questions_free(struct engine *engine);

#endif
