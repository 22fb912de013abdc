#ifndef EKE_TESTS_BENCH_TRACE_TABBY_DELAY_H
#define EKE_TESTS_BENCH_TRACE_TABBY_DELAY_H
/*
 * Tabby's adaptive debounce (clients/tabby-agent/src/codeCompletion/debouncer.ts) as a function of its own, for
 * trace_peer_tabby.c and its test. Milliseconds. No I/O, no clock.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define TABBY_GAPS 100
#define TABBY_RESPONSES 10

struct tabby_delay {
	double base;
	int64_t last_ms;
	double gaps[TABBY_GAPS];
	size_t gap_count; /* all that ever came */
	double responses[TABBY_RESPONSES];
	size_t response_count;
};

static inline void tabby_delay_init(struct tabby_delay *d)
{
	*d = (struct tabby_delay){ .base = 200 };
}

static inline double tabby_mean(const double *values, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += values[i];
	return sum / (double)count;
}

static inline void tabby_delay_responded(struct tabby_delay *d, int64_t took_ms)
{
	d->responses[d->response_count++ % TABBY_RESPONSES] = (double)took_ms;
}

static inline double tabby_clamp(double value, double min, double max)
{
	return value < min ? min : value > max ? max : value;
}

static inline bool tabby_is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* JavaScript's /^\W*$/. */
static inline bool tabby_no_word(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (tabby_is_word(s[i]))
			return false;
	return true;
}

/* 0 to 1: how good a place for a suggestion this is. */
static inline double tabby_score(const char *text, size_t len, size_t cursor)
{
	const char *end = memchr(text + cursor, '\n', len - cursor);
	size_t right = end ? (size_t)(end - text) - cursor : len - cursor;

	return (cursor && tabby_is_word(text[cursor - 1]) ? 0.0 : 0.5) + (tabby_no_word(text + cursor, right) ? 0.4 : 0.0) +
	       (tabby_no_word(text + cursor, len - cursor) ? 0.1 : 0.0);
}

/* A key was struck: how long to wait. `to_ask`: a question would follow, and the mean response time counts. */
static inline int64_t tabby_delay_next(
	struct tabby_delay *d, int64_t now_ms, const char *text, size_t len, size_t cursor, bool to_ask)
{
	double gap = (double)(now_ms - d->last_ms);
	double delay;
	size_t kept;

	d->last_ms = now_ms;
	if (gap <= 400)
		d->gaps[d->gap_count++ % TABBY_GAPS] = gap;
	kept = d->gap_count < TABBY_GAPS ? d->gap_count : TABBY_GAPS;
	if (gap <= 400 && kept > 20)
		d->base = tabby_clamp(tabby_mean(d->gaps, kept), 100, 400);
	delay = (3.0 - 1.5 * tabby_score(text, len, cursor)) * d->base;
	if (!to_ask)
		return (int64_t)tabby_clamp(delay, 100, 1000);
	/* The mean of nothing is no number, and JavaScript's timer takes that for 1 ms. */
	if (!d->response_count)
		return 1;
	kept = d->response_count < TABBY_RESPONSES ? d->response_count : TABBY_RESPONSES;
	return (int64_t)tabby_clamp(delay - tabby_mean(d->responses, kept), 100, 1000);
}

#endif
