#ifndef EKE_COMPLETE_ADMISSION_H
#define EKE_COMPLETE_ADMISSION_H
/*
 * Is an automatic completion worth a request here, and how long must the typing pause before it is made? Pure.
 *
 * The cursor context gets a score from 0 to 1: how likely a suggestion is welcome there. The budget sets a bar: low
 * with no limit or a full burst bucket, higher the emptier the bucket is. Where the score clears the bar, a request is
 * made almost at once; below the bar, a pause in the typing adds to the score, the longer the more. What no pause lifts
 * over the bar is declined. The pause follows the user's rhythm and never the model's latency: while a slow answer is
 * under way, no other request is made for it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the cursor is. Borrowed; valid UTF-8. */
struct admission_context {
	const char *before; /* the end of what precedes the cursor */
	size_t before_len;
	const char *after;
	size_t after_len;
	const char *language; /* LSP language id */
};

/* What happened in this document lately. */
struct admission_history {
	unsigned rejected; /* suggestions in a row that were turned down or typed over */
	unsigned requests_on_line; /* requests that were made from the cursor's line, one after the other */
	bool astray;     /* the typing left a suggestion within this word */
	bool inflight; /* an automatic request of this document is under way, and does not lead here */
	int64_t gap_ms;    /* between keystrokes, smoothed; 0: not known */
};

/* What there is to spend on automatic requests. */
struct admission_budget {
	bool counted;      /* else nothing of the below */
	double tokens;     /* requests that may be made now (budget/pace.h) */
	double burst;      /* their maximum */
	double level;      /* share of the automatic budget that is left, 0 to 1 */
	int64_t wait_ms; /* until the next token, if there is none */
};

/* The user's own setting: a request after a pause of so many milliseconds, whatever the score. */
#define ADMISSION_ADAPTIVE (-1)

struct admission_input {
	struct admission_context context;
	struct admission_history history;
	struct admission_budget budget;
	int64_t debounce_ms; /* or ADMISSION_ADAPTIVE */
};

struct admission {
	bool admitted;
	int64_t delay_ms; /* of pause before the request */
	double score;     /* of the context, without the pause */
	double bar;       /* what score and pause must reach */
	char reason[160]; /* for people: completion/explain, the log */
};

void admission_decide(const struct admission_input *in, struct admission *out);

#endif
