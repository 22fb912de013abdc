/*
 * The score of a cursor context, the bar that the budget sets, and the pause between them. The weights were chosen with
 * the trace player (tests/bench/bench_trace.c): change them there, not by feeling.
 */
#include "eke/complete/admission.h"

#include <stdio.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/post/context.h"

/* The bar without any need to save, and with the bucket all but empty. */
#define BAR_FREE 0.20
#define BAR_SCARCE 0.72
/* A score this much above the bar needs no pause. */
#define CLEAR 0.10

/* Editors send several changes for one keystroke (Enter and the indentation): one request for all of them. */
#define SETTLE_MS 20
#define GAP_DEFAULT_MS 150
#define GAP_MIN_MS 60
#define GAP_MAX_MS 400
/* A pause: that many times the usual gap between two keystrokes. */
#define PAUSE_GAPS 1.6

/* What a longer pause is worth. */
static const struct {
	double gaps;      /* of the rhythm, but at least ... */
	int64_t least_ms;
	double bonus;
} pauses[] = {
	{ PAUSE_GAPS, 100, 0.12 },
	{ 3, 400, 0.25 },
	{ 6, 900, 0.38 },
};

/* A trait of the context. */
struct trait {
	double score;
	const char *why;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Letters at the end of the head that make up a word that is being typed. */
static size_t word_length(const struct post_context *c)
{
	size_t n = 0;

	while (n < c->head_len && is_word_char(c->head[c->head_len - n - 1]))
		n++;
	return n;
}

/* Left of the cursor, in code. */
static struct trait left_of_cursor(const struct post_context *c)
{
	size_t len = c->head_len;
	size_t word = word_length(c);
	char last;

	if (c->head_blank)
		return (struct trait){ 0.70, "at the beginning of a line" };
	if (word)
		return word < 3 ? (struct trait){ 0.22, "at the beginning of a word" } :
				  (struct trait){ 0.30, "inside a word" };
	last = c->head[len - 1];
	if (is_blank(last)) {
		while (len && is_blank(c->head[len - 1]))
			len--;
		if (c->head_len - len > 1)
			return (struct trait){ 0.25, "after several blanks" };
		return (struct trait){ 0.50, "after a word" };
	}
	if (strchr("([{", last))
		return (struct trait){ 0.55, "after an opening bracket" };
	if (strchr(".=>:,&|+-*/<!?~^%@$#\\", last))
		return (struct trait){ 0.42, "after an operator" };
	if (strchr(";}", last))
		return (struct trait){ 0.10, "after a finished statement" };
	if (last == '"' || last == '\'' || last == '`')
		return c->at.where == SYNTAX_IN_STRING ? (struct trait){ 0.32, "at the beginning of a string" } :
							 (struct trait){ 0.15, "after a string" };
	return (struct trait){ 0.25, "after a closing bracket" };
}

/* What stands right of the cursor that a suggestion would fight with. */
static double right_of_cursor(const struct post_context *c, const char **why)
{
	const char *rest = c->suffix.data;

	if (c->rest_blank)
		return 0;
	for (size_t i = 0; i < c->rest_len; i++) {
		if (is_blank(rest[i]) || strchr(")]}>;,:\"'`", rest[i]))
			continue;
		*why = is_word_char(rest[0]) && word_length(c) ? "in the middle of a word" : "with text right of the cursor";
		return is_word_char(rest[0]) && word_length(c) ? -1 : -0.30;
	}
	return -0.05;
}

static struct trait trait_of(const struct admission_context *context)
{
	struct post_input in = { .prefix = context->before,
		.prefix_len = context->before_len,
		.suffix = context->after,
		.suffix_len = context->after_len,
		.language = context->language };
	struct post_context c;
	struct trait t;

	post_context_init(&c, &in);
	t = left_of_cursor(&c);
	if (!post_is_code(&c) || c.in_comment) {
		t.score -= c.head_blank ? 0.15 : 0.10;
		t.why = c.in_comment ? "in a comment" : t.why;
	}
	t.score += right_of_cursor(&c, &t.why);
	if (c.head_blank && !c.prefix.len && !c.suffix.len)
		t = (struct trait){ 0.05, "in an empty document" };
	post_context_release(&c);
	return t;
}

static double clamp(double value, double least, double most)
{
	return value < least ? least : value > most ? most : value;
}

/* 0: spend freely, 1: the last token. */
static double pressure_of(const struct admission_budget *b)
{
	double bucket;

	if (!b->counted)
		return 0;
	bucket = b->burst > 1 ? clamp((b->tokens - 1) / (b->burst - 1), 0, 1) : 0;
	/* A full hour makes up for a bucket that is only half full. */
	return (1 - bucket) * clamp(1.25 - b->level, 0.25, 1);
}

static int64_t gap_of(const struct admission_history *h)
{
	return h->gap_ms ? (int64_t)clamp((double)h->gap_ms, GAP_MIN_MS, GAP_MAX_MS) : GAP_DEFAULT_MS;
}

static int64_t pause_ms(size_t i, int64_t gap)
{
	int64_t ms = (int64_t)(pauses[i].gaps * (double)gap);

	return ms > pauses[i].least_ms ? ms : pauses[i].least_ms;
}

/* The shortest pause that lifts the score over the bar; false if none does. */
static bool find_pause(const struct admission_input *in, double score, double bar, int64_t *delay_ms)
{
	int64_t gap = gap_of(&in->history);

	if (in->debounce_ms != ADMISSION_ADAPTIVE) {
		*delay_ms = in->debounce_ms;
		return score + pauses[ARRAY_LEN(pauses) - 1].bonus >= bar;
	}
	if (score >= bar + CLEAR && !in->history.inflight) {
		*delay_ms = SETTLE_MS;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(pauses); i++) {
		if (score + pauses[i].bonus < bar + (i ? 0 : CLEAR))
			continue;
		*delay_ms = pause_ms(i, gap);
		return true;
	}
	return false;
}

static void say_wait(struct admission *out, int64_t seconds)
{
	if (seconds > 24 * 60 * 60)
		snprintf(out->reason, sizeof(out->reason),
			 "the rest of the budget is kept for chats and for completions that are asked for");
	else
		snprintf(out->reason, sizeof(out->reason),
			 "the pace of the budget: the next automatic request may go out in %lld %s",
			 (long long)(seconds > 120 ? (seconds + 59) / 60 : seconds), seconds > 120 ? "min" : "s");
}

void admission_decide(const struct admission_input *in, struct admission *out)
{
	struct trait t = trait_of(&in->context);
	unsigned rejected = in->history.rejected < 4 ? in->history.rejected : 4;
	unsigned again = in->history.requests_on_line < 4 ? in->history.requests_on_line : 4;

	*out = (struct admission){ .bar = BAR_FREE + (BAR_SCARCE - BAR_FREE) * pressure_of(&in->budget) };
	out->score = clamp(t.score - 0.06 * rejected - 0.10 * again - (in->history.astray ? 0.20 : 0), 0, 1);
	if (in->budget.counted && in->budget.tokens < 1) {
		say_wait(out, (in->budget.wait_ms + 999) / 1000);
		return;
	}
	/* Below nothing: not even a long pause makes sense of it. */
	out->admitted = t.score >= 0 && find_pause(in, out->score, out->bar, &out->delay_ms);
	snprintf(out->reason, sizeof(out->reason), "%s%s%s%s%s", t.why,
		 in->history.astray ? ", typed otherwise than suggested" : "",
		 rejected ? ", after suggestions that were not wanted" : "", again ? ", asked on this line before" : "",
		 out->admitted ? "" : ": not worth a request");
}
