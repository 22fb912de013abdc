/*
 * The guess. Text is cut into pieces as cl100k's and o200k's splitting expressions do (tiktoken, openai_public.py),
 * and a piece costs what such pieces cost on average in source code and prose, a little more for safety. A vocabulary
 * itself would be some megabytes.
 *
 * The scales, one for each pair of endpoint and model, live as long as the struct, in the order of their last use. A
 * scale is the smoothed mean and mean deviation of truth / raw, as TCP keeps of round trips (RFC 6298), and the highest
 * of late, which sinks to the mean slowly: the deviation alone would forget a kind of text that is rarely sent.
 *
 * Costs are in quarters of a token. They were fitted to what js-tiktoken counts in this repository, Python's and Rust's
 * libraries, and vim's tutors; tests/e2e/tokens.test.mjs has the bounds.
 */
#include "eke/upstream/tokens.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/utf.h"

#define QUARTERS 4

/*
 * Of a scale: how much of an observation goes into the mean at least, and how much of its distance to the mean the peak
 * loses with each; how many deviations above the mean count as safe; and what is added to all that.
 */
#define SMOOTHING (1.0 / 16)
#define SINKING (1.0 / 128)
#define DEVIATIONS 2
#define MARGIN 0.02
/* The highest factor is this much above the peak, or 1. */
#define PEAK_ABOVE 0.05
/* Before the first observation. */
#define FIRST_MEAN 1.0
#define FIRST_DEVIATION 0.1
/* How far above the cap a refused prompt is taken to be. */
#define REFUSED_ABOVE 1.05

/* What stands before a word. */
enum lead {
	LEAD_NONE,
	LEAD_SPACE,
	LEAD_MARK,   /* a tab or a punctuation mark, which is part of its piece */
	LEAD_INSIDE, /* a digit, or a letter of another kind */
};

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_letter(char c)
{
	return is_upper(c) || is_lower(c);
}

static bool is_mark(char c)
{
	return (unsigned char)c < 0x80 && !is_blank(c) && !is_digit(c) && !is_letter(c);
}

/* Words behind a space are what vocabularies are made of; the same word behind anything else is often cut. */
static size_t lower_cost(size_t n, enum lead lead)
{
	if (lead == LEAD_SPACE)
		return n <= 4 ? 4 : n <= 8 ? 5 : n <= 12 ? 6 : n - 6;
	return n <= 2 ? 4 + (lead == LEAD_MARK) : n <= 7 ? 5 : n <= 9 ? 7 : n - 1;
}

static size_t upper_cost(size_t n)
{
	return n <= 1 ? 4 : n == 2 ? 5 : n <= 4 ? 6 : n <= 7 ? 8 : n + 2;
}

/* Letters, hump by hump: camelCase is two. Returns how many. */
static size_t letters(const char *s, size_t len, enum lead lead, size_t *cost)
{
	size_t i = 0;
	size_t humps = lead == LEAD_INSIDE;

	while (i < len && is_letter(s[i])) {
		size_t from = i;

		while (i < len && is_upper(s[i]))
			i++;
		if (i - from > 1) {
			*cost += upper_cost(i - from);
			lead = LEAD_NONE;
			from = i;
		}
		while (i < len && is_lower(s[i]))
			i++;
		if (i > from)
			*cost += lower_cost(i - from, lead);
		/* What goes on inside a word is rarely a word of the vocabulary. */
		if (humps++ && i > from + 1)
			*cost += 1;
		lead = LEAD_INSIDE;
	}
	return i;
}

/* Punctuation and the line ends right behind it. */
static size_t marks(const char *s, size_t len, size_t *cost)
{
	size_t i = 0;
	size_t different = 0;
	size_t same = 0;

	for (; i < len && is_mark(s[i]); i++) {
		same = i && s[i] == s[i - 1] ? same + 1 : 0;
		/* Rulers of one character are one token, or few. */
		if (same < 4 || same % 16 == 0)
			different++;
	}
	*cost += different <= 2 ? 4 : 4 + (different - 2) * 3 / 2;
	while (i < len && (s[i] == '\n' || s[i] == '\r'))
		i++;
	return i;
}

/*
 * Blanks in a row: line ends are one token, the indentation behind them another. The last blank is kept apart for what
 * follows; `absorbed`: that takes it in.
 */
static size_t blanks_cost(const char *s, size_t len, bool absorbed, bool last)
{
	size_t tail = 0;
	size_t cost = 0;

	while (tail < len && s[len - 1 - tail] != '\n' && s[len - 1 - tail] != '\r')
		tail++;
	if (tail < len)
		cost += QUARTERS + (len - tail) / 16 * QUARTERS;
	if (tail > absorbed)
		cost += QUARTERS + (tail - absorbed) / 16 * QUARTERS;
	if (tail > 1 && !absorbed && !last)
		cost += QUARTERS;
	return cost;
}

static size_t blanks(const char *s, size_t len, size_t *cost, enum lead *lead)
{
	size_t n = 0;
	char last;
	bool absorbed;

	while (n < len && is_blank(s[n]))
		n++;
	last = s[n - 1];
	/* A space goes to the word or the marks behind it, a tab to a word. */
	absorbed = n < len && ((last == ' ' && !is_digit(s[n])) || (last == '\t' && !is_mark(s[n]) && !is_digit(s[n])));
	*lead = absorbed ? (last == ' ' ? LEAD_SPACE : LEAD_MARK) : LEAD_NONE;
	*cost += blanks_cost(s, n, absorbed, n == len);
	return n;
}

/* A character beyond ASCII. */
static size_t other(const char *s, size_t len, size_t *cost)
{
	uint32_t cp;
	size_t n = utf8_decode(s, len, &cp);

	if (cp < 0x250) /* Latin: they cut the words they are in */
		*cost += 7;
	else if (cp >= 0x400 && cp < 0x530) /* Cyrillic */
		*cost += 3;
	else if (cp >= 0x2000 && cp < 0x3000) /* signs */
		*cost += 6;
	else
		*cost += cp < 0x10000 ? 5 : 12;
	return n;
}

size_t tokens_estimate(const char *text, size_t len)
{
	size_t cost = 0;
	size_t i = 0;
	enum lead lead = LEAD_NONE;

	while (i < len) {
		const char *s = text + i;
		size_t left = len - i;
		size_t digits = 0;

		if (is_blank(*s)) {
			i += blanks(s, left, &cost, &lead);
			continue;
		}
		if (is_letter(*s)) {
			i += letters(s, left, lead, &cost);
		} else if (is_digit(*s)) {
			while (digits < left && is_digit(s[digits]))
				digits++;
			cost += (digits + 2) / 3 * QUARTERS;
			i += digits;
			lead = LEAD_INSIDE;
			continue;
		} else if (!is_mark(*s)) {
			i += other(s, left, &cost);
		} else if (lead != LEAD_SPACE && left > 1 && is_letter(s[1])) {
			/* One mark belongs to the word behind it. */
			i += 1 + letters(s + 1, left - 1, LEAD_MARK, &cost);
		} else {
			i += marks(s, left, &cost);
		}
		lead = LEAD_NONE;
	}
	cost += cost / 20;
	return (cost + QUARTERS - 1) / QUARTERS;
}

size_t tokens_estimate_messages(const struct request_message *messages, size_t count)
{
	size_t tokens = TOKENS_PER_PROMPT;

	for (size_t i = 0; i < count; i++)
		tokens += TOKENS_PER_MESSAGE + tokens_estimate(messages[i].content, messages[i].content_len);
	return tokens;
}

/* --- scales --- */

struct scale {
	char *endpoint; /* owned, as the next */
	char *model;
	int64_t count;    /* answers learned from */
	double mean;      /* of truth / raw, the last ones counting most */
	double deviation; /* mean distance from it, likewise */
	double peak;      /* the highest of late, sinking to the mean */
};

struct token_scales {
	struct scale at[LIMIT_TOKEN_SCALES]; /* used longest ago first */
	size_t count;
};

struct token_scales *token_scales_new(void)
{
	return xcalloc(1, sizeof(struct token_scales));
}

static void scale_release(struct scale *scale)
{
	free(scale->endpoint);
	free(scale->model);
}

void token_scales_free(struct token_scales *scales)
{
	if (!scales)
		return;
	for (size_t i = 0; i < scales->count; i++)
		scale_release(&scales->at[i]);
	free(scales);
}

/* Its index; `count` if there is none. */
static size_t find(const struct token_scales *scales, const char *endpoint, const char *model)
{
	size_t i = 0;

	while (i < scales->count && (strcmp(scales->at[i].endpoint, endpoint) || strcmp(scales->at[i].model, model)))
		i++;
	return i;
}

/* The pair's scale, made if there is none, as the one used last. */
static struct scale *use(struct token_scales *scales, const char *endpoint, const char *model)
{
	size_t at = find(scales, endpoint, model);
	struct scale scale;

	if (at < scales->count) {
		scale = scales->at[at];
	} else {
		scale = (struct scale){ .endpoint = xstrdup(endpoint),
					.model = xstrdup(model),
					.mean = FIRST_MEAN,
					.deviation = FIRST_DEVIATION };
		if (scales->count < LIMIT_TOKEN_SCALES) {
			scales->count++;
		} else {
			scale_release(&scales->at[0]);
			at = 0;
		}
	}
	memmove(&scales->at[at], &scales->at[at + 1], (scales->count - at - 1) * sizeof(scale));
	scales->at[scales->count - 1] = scale;
	return &scales->at[scales->count - 1];
}

static double clamp(double value, double low, double high)
{
	return value < low ? low : value > high ? high : value;
}

/* What a raw estimate is multiplied by. The deviation alone never makes us more careful than at first. */
static double factor(const struct scale *scale)
{
	double safe = fmax(scale->mean + DEVIATIONS * scale->deviation, scale->peak);
	double highest = fmax(1, scale->peak + PEAK_ABOVE);

	return clamp(fmin(safe, highest) + MARGIN, TOKENS_SCALE_MIN, TOKENS_SCALE_MAX);
}

size_t tokens_of(const struct token_scales *scales, const char *endpoint, const char *model, size_t raw)
{
	size_t at = find(scales, endpoint, model);

	return at < scales->count ? (size_t)ceil((double)raw * factor(&scales->at[at])) : raw;
}

size_t tokens_room(const struct token_scales *scales, const char *endpoint, const char *model, size_t tokens)
{
	size_t at = find(scales, endpoint, model);
	size_t raw;

	if (at == scales->count)
		return tokens;
	raw = (size_t)floor((double)tokens / factor(&scales->at[at]));
	/* What rounding took away or added. */
	while (tokens_of(scales, endpoint, model, raw + 1) <= tokens)
		raw++;
	while (raw && tokens_of(scales, endpoint, model, raw) > tokens)
		raw--;
	return raw;
}

void tokens_learn(struct token_scales *scales, const char *endpoint, const char *model, size_t raw, int64_t truth)
{
	struct scale *scale;
	double ratio;
	double share;

	if (raw < TOKENS_LEARN_MIN || truth < TOKENS_LEARN_MIN)
		return;
	scale = use(scales, endpoint, model);
	ratio = clamp((double)truth / (double)raw, TOKENS_SCALE_MIN, TOKENS_SCALE_MAX);
	scale->count++;
	share = fmax(1.0 / (double)(scale->count + 1), SMOOTHING);
	scale->deviation += share * (fabs(ratio - scale->mean) - scale->deviation);
	scale->mean += share * (ratio - scale->mean);
	scale->peak = ratio > scale->peak ? ratio : scale->peak + SINKING * (scale->mean - scale->peak);
}

void tokens_refused(struct token_scales *scales, const char *endpoint, const char *model, size_t raw, int64_t cap)
{
	struct scale *scale;
	double ratio;

	if (raw < TOKENS_LEARN_MIN || cap < TOKENS_LEARN_MIN || tokens_of(scales, endpoint, model, raw) > (size_t)cap)
		return;
	scale = use(scales, endpoint, model);
	ratio = clamp((double)cap / (double)raw * REFUSED_ABOVE, TOKENS_SCALE_MIN, TOKENS_SCALE_MAX);
	if (!scale->count)
		scale->count = 1;
	scale->peak = fmax(scale->peak, ratio);
}
