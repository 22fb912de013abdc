/*
 * Limits out of sentences. The text becomes a short list of terms (limit_terms.h: a number, "requests", "per", "hour",
 * "limit", …, anything else), in which four shapes are looked for:
 *
 *	200 requests per day      60次/小时      Limit: 3 / min      10 per 60s
 *	每日200次请求              daily limit of 200                1分钟内最多请求3次
 *	RPM: 3                    requests per min (RPM): Limit 3
 *	3 RPM
 */
#include "eke/upstream/stated_limit.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/upstream/retry_after.h"
#include "limit_terms.h"

/* --- shapes --- */

/* A limit that makes sense; "0 requests" and a year of milliseconds do not. */
static bool accept(int64_t limit, int64_t times, int64_t unit, struct stated_limit *out)
{
	if (limit < 1 || limit > LIMIT_WINDOW_ENTRIES || times < 1 || times > LIMIT_STATED_PERIOD / unit)
		return false;
	out->limit = limit;
	out->period = times * unit;
	out->day = out->day || (unit == SECONDS_A_DAY && times == 1);
	return true;
}

static bool is_per(enum term_kind kind)
{
	return kind == TERM_PER || kind == TERM_PER_WEAK;
}

/* "per day", "/ 24小时", "in the last hour", "daily" at *i; moves *i behind it. */
static bool take_period(const struct terms *m, size_t *i, int64_t *times, int64_t *unit)
{
	size_t at = *i;
	int others = 0;

	*times = 1;
	if (m->at[at].kind == TERM_SPAN) {
		*unit = m->at[at].number;
		*i = at + 1;
		return true;
	}
	if (!is_per(m->at[at].kind))
		return false;
	while (is_per(m->at[at].kind) || (m->at[at].kind == TERM_OTHER && others++ < 2))
		at++;
	if (m->at[at].kind == TERM_NUMBER)
		*times = m->at[at++].number;
	if (m->at[at].kind != TERM_UNIT)
		return false;
	*unit = m->at[at].number;
	*i = at + 1;
	return true;
}

/* What the words before i are about: the nearest term of one of the kinds within so many, or TERM_OTHER. */
static enum term_kind nearest(const struct terms *m, size_t i, size_t within, enum term_kind a, enum term_kind b)
{
	for (size_t n = 0; n < within && i-- > 0; n++)
		if (m->at[i].kind == a || m->at[i].kind == b)
			return m->at[i].kind;
	return TERM_OTHER;
}

static bool is_used(const struct terms *m, size_t i)
{
	return nearest(m, i, 2, TERM_USED, TERM_LIMIT) == TERM_USED;
}

/* "200 requests per day", "Limit: 3 / min", and "3 RPM". */
static bool number_first(const struct terms *m, size_t i, struct stated_limit *out)
{
	int64_t limit = m->at[i].number;
	bool counted = nearest(m, i, 4, TERM_LIMIT, TERM_LIMIT) == TERM_LIMIT &&
		nearest(m, i, TERMS_MAX, TERM_COUNT, TERM_TOKENS) != TERM_TOKENS;
	int64_t times;
	int64_t unit;
	size_t at = i + 1;

	if (is_used(m, i))
		return false;
	if (m->at[at].kind == TERM_RATE)
		return accept(limit, 1, m->at[at].number, out);
	for (; at < i + 4 && (m->at[at].kind == TERM_OTHER || m->at[at].kind == TERM_COUNT); at++)
		counted = counted || m->at[at].kind == TERM_COUNT;
	return counted && take_period(m, &at, &times, &unit) && accept(limit, times, unit, out);
}

/* The number that a period at `from` limits: "200次", "limit of 200", "的请求次数上限为200". */
static bool number_behind(
	const struct terms *m, size_t from, bool counted, int64_t times, int64_t unit, struct stated_limit *out)
{
	bool limited = false;

	for (size_t at = from; at < from + 10 && at < m->count; at++) {
		switch (m->at[at].kind) {
		case TERM_LIMIT:
			limited = true;
			break;
		case TERM_COUNT:
			counted = true;
			break;
		case TERM_NUMBER:
			if (is_used(m, at))
				return false;
			if (m->at[at + 1].kind != TERM_COUNT && !limited)
				return false;
			/* A number that begins a period of its own is that period's. */
			if (m->at[at + 1].kind == TERM_UNIT)
				return false;
			return accept(m->at[at].number, times, unit, out);
		case TERM_STOP:
			/* "… on requests per min. Limit: 3" */
			if (!counted || limited)
				return false;
			break;
		case TERM_TOKENS:
		case TERM_UNIT:
			return false;
		case TERM_OTHER:
		case TERM_SPAN:
		case TERM_RATE:
		case TERM_PER:
		case TERM_PER_WEAK:
		case TERM_WITHIN:
		case TERM_USED:
			break;
		}
	}
	return false;
}

/* "每日200次", "1分钟内最多请求3次", "daily limit of 200", "requests per min: limit 3". */
static bool period_first(const struct terms *m, size_t i, struct stated_limit *out)
{
	const struct term *at = &m->at[i];
	bool counted = i && m->at[i - 1].kind == TERM_COUNT;
	int64_t times;
	int64_t unit;
	size_t from = i;

	if (i && m->at[i - 1].kind == TERM_TOKENS)
		return false;
	if (at->kind == TERM_NUMBER && m->at[i + 1].kind == TERM_UNIT && m->at[i + 2].kind == TERM_WITHIN)
		return number_behind(m, i + 3, counted, at->number, m->at[i + 1].number, out);
	if (at->kind != TERM_PER && at->kind != TERM_SPAN)
		return false;
	return take_period(m, &from, &times, &unit) && number_behind(m, from, counted, times, unit, out);
}

/* "RPM: 3", "(RPM): Limit 3, Used 3" */
static bool rate_first(const struct terms *m, size_t i, struct stated_limit *out)
{
	size_t at = i + 1;

	while (at < i + 4 && (m->at[at].kind == TERM_OTHER || m->at[at].kind == TERM_LIMIT))
		at++;
	return m->at[at].kind == TERM_NUMBER && !is_used(m, at) && accept(m->at[at].number, 1, m->at[i].number, out);
}

static void find_limit(const char *words, struct stated_limit *out)
{
	struct terms m;

	limit_terms_find(&m, words);
	for (size_t i = 0; i < m.count; i++) {
		bool found = false;

		if (m.at[i].kind == TERM_RATE)
			found = rate_first(&m, i, out);
		else if (m.at[i].kind == TERM_NUMBER)
			found = number_first(&m, i, out) || period_first(&m, i, out);
		else
			found = period_first(&m, i, out);
		if (found)
			return;
	}
}

/* --- words that stand for themselves --- */

static const char *const money_words[] = {
	"insufficient_quota", "insufficient_user_quota", "exceeded your current quota", "quota is not enough",
	"quota exhausted", "credit", "balance", "余额", "欠费", "额度", NULL,
};
static const char *const rate_words[] = { "rate limit", "rate_limit", "too many requests", "too_many_requests", NULL };
static const char *const day_words[] = {
	"每日", "每天", "零点", "per day", "per-day", "perday", "byday", "(RPD)", "next day", "daily", "tomorrow", "明天", "明日",
	"次日", "今日", "今天", "当日", NULL,
};
/* Times of the day, unless a digit stands before them ("10:00:00", "10点"). */
static const char *const midnights[] = { "00:00", "24:00", "0点", "0:00", NULL };
static const char *const model_words[] = {
	"this model", "per model", "per-model", "for model ", "ByModel", "PerModel", "该模型", "此模型", "当前模型", NULL,
};
/* Which models a key may use is no limit of one. */
static const char *const choice_words[] = { "limited to use", "限制使用", NULL };

static bool has_any(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcasestr(text, *words))
			return true;
	return false;
}

static bool names_midnight(const char *text)
{
	for (const char *const *w = midnights; *w; w++)
		for (const char *hit = text; (hit = strstr(hit, *w)); hit++)
			if (hit == text || (!isdigit((unsigned char)hit[-1]) && hit[-1] != ':'))
				return true;
	return false;
}

/* "gpt-5-nano-ca模型免费API", "模型gpt-4o每日": a name beside the word, in the same breath. */
static bool names_model_in_chinese(const char *text)
{
	static const char word[] = "模型";

	for (const char *hit = text; (hit = strstr(hit, word)); hit += strlen(word)) {
		const char *behind = hit + strlen(word);
		const char *before = hit;

		while (before > text && before[-1] == ' ')
			before--;
		while (*behind == ' ')
			behind++;
		if (isalnum((unsigned char)*behind) || (before > text && isalnum((unsigned char)before[-1])))
			return true;
	}
	return false;
}

/* OpenAI: "Rate limit reached for gpt-4o in organization org-x on …" */
static bool names_model_in_english(const char *text)
{
	const char *hit = strcasestr(text, "limit reached for ");
	const char *name = hit ? hit + strlen("limit reached for ") : NULL;

	return name && *name && !strncmp(name + strcspn(name, " "), " in organization", strlen(" in organization"));
}

void stated_limit_read(const char *words, const char *labels, struct stated_limit *out)
{
	const char *types = labels ? labels : "";

	*out = (struct stated_limit){ .day = has_any(words, day_words) || has_any(types, day_words) ||
					     names_midnight(words) };
	find_limit(words, out);
	if (!has_any(words, choice_words))
		out->per_model = has_any(words, model_words) || names_model_in_chinese(words) ||
				 names_model_in_english(words);
	/*
	 * A rate limit that names money too ("add 10 credits to raise it"), or says how long to wait, is still a rate
	 * limit, unless the label says otherwise.
	 */
	out->money = has_any(words, money_words) || has_any(types, money_words);
	out->quota = has_any(types, money_words) ||
		     (out->money && !out->day && !out->limit && !has_any(words, rate_words) &&
		      !has_any(types, rate_words) && !retry_after_words(words, 1));
}
