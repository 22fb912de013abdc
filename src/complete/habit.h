#ifndef EKE_COMPLETE_HABIT_H
#define EKE_COMPLETE_HABIT_H
/*
 * What the user has been doing, as far as admission wants to know: the rhythm of the typing, and per document whether
 * the last suggestion was followed or typed over, and how often one line was asked about. In memory; no clock. For
 * the engine's own files.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/strbuf.h"
#include "trail.h"

struct habits;

/* Of one document; lives until others push it out (LIMIT_HABITS), at least until the next habits_of(). */
struct habit {
	char *uri;
	unsigned rejected; /* suggestions in a row that were not wanted */
	size_t line;       /* that was asked about last */
	unsigned asked;    /* in a row */
	size_t offset;     /* where the last suggestion was offered */
	struct strbuf offered; /* ... and its text; empty: none, or its fate is known */
	struct trail trail;    /* the answers that suggestions came from */
	size_t strayed_at;     /* where the typing left a suggestion last; 0: nowhere */
};

struct habits *habits_new(void);
void habits_free(struct habits *habits);

/* A key was struck, or something that looks like it. */
void habits_tick(struct habits *habits, int64_t now_ms);
/* Between two keystrokes, smoothed; 0: not known yet. */
int64_t habits_gap_ms(const struct habits *habits);

/* The document's, made if need be. */
struct habit *habits_of(struct habits *habits, const char *uri);
/* The one used last, or NULL. */
struct habit *habits_latest(struct habits *habits);
/* A suggestion is offered at an offset. */
void habit_offer(struct habit *habit, size_t offset, const char *text, size_t len);
/* The cursor is at an offset, behind `before` (its last bytes): was the suggestion followed? */
void habit_observe(struct habit *habit, size_t offset, const char *before, size_t before_len);
/*
 * How many bytes of the last suggestion are left at an offset, if `text` goes on as it does from there; 0: it is
 * another, or there is none.
 */
size_t habit_remaining(const struct habit *habit, size_t offset, const char *text, size_t len);
/*
 * The cursor stands in the word in which the typing left a suggestion: a slip of the finger, as likely as not, that the
 * next keys take back. `before` ends at the offset.
 */
bool habit_is_astray(const struct habit *habit, size_t offset, const char *before, size_t before_len);
/* The client says what became of it. */
void habit_accepted(struct habit *habit);
void habit_rejected(struct habit *habit);
/* A request is made from this line. */
void habit_asked(struct habit *habit, size_t line);
/* How often in a row it was this line. */
unsigned habit_asked_on(const struct habit *habit, size_t line);

#endif
