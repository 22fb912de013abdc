/*
 * Limits out of sentences. The text becomes a short list of terms (a number, "requests", "per", "hour", "limit", …,
 * anything else), in which four shapes are looked for:
 *
 *	200 requests per day      60次/小时      Limit: 3 / min      10 per 60s
 *	每日200次请求              daily limit of 200                1分钟内最多请求3次
 *	RPM: 3                    requests per min (RPM): Limit 3
 *	3 RPM
 *
 * Numbers inside names (gpt-4o), clocks (00:00), fractions and ids are no numbers. No state; the list lives for a call.
 */
#include "eke/upstream/stated_limit.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/upstream/retry_after.h"

#define TERMS_MAX 400
#define DAY 86400

enum term_kind {
	TERM_OTHER,
	TERM_NUMBER,
	TERM_UNIT, /* hour: `number` is its seconds */
	TERM_SPAN, /* "daily": per and unit in one */
	TERM_RATE, /* RPM: requests, per and unit in one */
	TERM_COUNT, /* what is counted is requests */
	TERM_TOKENS, /* ... or something else */
	TERM_PER,
	TERM_PER_WEAK, /* "in", "a", "/": per, if a number of requests stands before */
	TERM_WITHIN, /* 内, behind a time */
	TERM_LIMIT,
	TERM_USED, /* the next number is no limit */
	TERM_STOP, /* a sentence ends */
};

struct term {
	enum term_kind kind;
	int64_t number;
};

struct terms {
	struct term at[TERMS_MAX + 1]; /* closed by a TERM_STOP */
	size_t count;
};

static const struct word {
	const char *text;
	enum term_kind kind;
	int64_t number;
} english[] = {
	{ "request", TERM_COUNT, 0 },
	{ "requests", TERM_COUNT, 0 },
	{ "req", TERM_COUNT, 0 },
	{ "reqs", TERM_COUNT, 0 },
	{ "call", TERM_COUNT, 0 },
	{ "calls", TERM_COUNT, 0 },
	{ "queries", TERM_COUNT, 0 },
	{ "token", TERM_TOKENS, 0 },
	{ "tokens", TERM_TOKENS, 0 },
	{ "tpm", TERM_TOKENS, 0 },
	{ "tpd", TERM_TOKENS, 0 },
	{ "images", TERM_TOKENS, 0 },
	{ "characters", TERM_TOKENS, 0 },
	{ "credits", TERM_TOKENS, 0 },
	{ "per", TERM_PER, 0 },
	{ "every", TERM_PER, 0 },
	{ "each", TERM_PER, 0 },
	{ "in", TERM_PER_WEAK, 0 },
	{ "within", TERM_PER_WEAK, 0 },
	{ "a", TERM_PER_WEAK, 0 },
	{ "an", TERM_PER_WEAK, 0 },
	{ "limit", TERM_LIMIT, 0 },
	{ "limits", TERM_LIMIT, 0 },
	{ "limited", TERM_LIMIT, 0 },
	{ "max", TERM_LIMIT, 0 },
	{ "maximum", TERM_LIMIT, 0 },
	{ "exceeded", TERM_LIMIT, 0 },
	{ "quota", TERM_LIMIT, 0 },
	{ "used", TERM_USED, 0 },
	{ "requested", TERM_USED, 0 },
	{ "current", TERM_USED, 0 },
	{ "remaining", TERM_USED, 0 },
	{ "made", TERM_USED, 0 },
	{ "sent", TERM_USED, 0 },
	{ "second", TERM_UNIT, 1 },
	{ "seconds", TERM_UNIT, 1 },
	{ "sec", TERM_UNIT, 1 },
	{ "secs", TERM_UNIT, 1 },
	{ "s", TERM_UNIT, 1 },
	{ "minute", TERM_UNIT, 60 },
	{ "minutes", TERM_UNIT, 60 },
	{ "min", TERM_UNIT, 60 },
	{ "mins", TERM_UNIT, 60 },
	{ "m", TERM_UNIT, 60 },
	{ "hour", TERM_UNIT, 3600 },
	{ "hours", TERM_UNIT, 3600 },
	{ "hr", TERM_UNIT, 3600 },
	{ "hrs", TERM_UNIT, 3600 },
	{ "h", TERM_UNIT, 3600 },
	{ "day", TERM_UNIT, DAY },
	{ "days", TERM_UNIT, DAY },
	{ "d", TERM_UNIT, DAY },
	{ "week", TERM_UNIT, 7 * DAY },
	{ "daily", TERM_SPAN, DAY },
	{ "hourly", TERM_SPAN, 3600 },
	{ "rps", TERM_RATE, 1 },
	{ "rpm", TERM_RATE, 60 },
	{ "rph", TERM_RATE, 3600 },
	{ "rpd", TERM_RATE, DAY },
};

/* Of words with the same beginning the longer one first. */
static const struct word chinese[] = {
	{ "每", TERM_PER, 0 },
	{ "今日", TERM_SPAN, DAY },
	{ "当日", TERM_SPAN, DAY },
	{ "单日", TERM_SPAN, DAY },
	{ "今天", TERM_SPAN, DAY },
	{ "当天", TERM_SPAN, DAY },
	{ "一天", TERM_SPAN, DAY },
	{ "一小时", TERM_SPAN, 3600 },
	{ "一分钟", TERM_SPAN, 60 },
	{ "秒钟", TERM_UNIT, 1 },
	{ "秒", TERM_UNIT, 1 },
	{ "分钟", TERM_UNIT, 60 },
	{ "小时", TERM_UNIT, 3600 },
	{ "天", TERM_UNIT, DAY },
	{ "日", TERM_UNIT, DAY },
	{ "周", TERM_UNIT, 7 * DAY },
	{ "内", TERM_WITHIN, 0 },
	{ "请求", TERM_COUNT, 0 },
	{ "调用", TERM_COUNT, 0 },
	{ "次", TERM_COUNT, 0 },
	{ "限制", TERM_LIMIT, 0 },
	{ "限额", TERM_LIMIT, 0 },
	{ "限", TERM_LIMIT, 0 },
	{ "最多", TERM_LIMIT, 0 },
	{ "至多", TERM_LIMIT, 0 },
	{ "上限", TERM_LIMIT, 0 },
	{ "不超过", TERM_LIMIT, 0 },
	{ "已使用", TERM_USED, 0 },
	{ "已用", TERM_USED, 0 },
	{ "剩余", TERM_USED, 0 },
	{ "。", TERM_STOP, 0 },
	{ "；", TERM_STOP, 0 },
	{ "！", TERM_STOP, 0 },
};

/* --- terms --- */

static void add_term(struct terms *m, enum term_kind kind, int64_t number)
{
	if (m->count < TERMS_MAX)
		m->at[m->count++] = (struct term){ kind, number };
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* A word of letters; one with digits in it is a name, of a model say. Returns where it ends. */
static const char *take_word(struct terms *m, const char *s)
{
	const char *end = s;
	bool digits = false;

	for (; is_name_char(*end); end++)
		digits = digits || isdigit((unsigned char)*end);
	if (digits) {
		add_term(m, TERM_OTHER, 0);
		return end;
	}
	for (end = s; isalpha((unsigned char)*end);)
		end++;
	for (size_t i = 0; i < ARRAY_LEN(english); i++) {
		size_t n = strlen(english[i].text);

		if (n == (size_t)(end - s) && !strncasecmp(english[i].text, s, n)) {
			add_term(m, english[i].kind, english[i].number);
			return end;
		}
	}
	add_term(m, TERM_OTHER, 0);
	return end;
}

static bool is_thousands(const char *s)
{
	return s[0] == ',' && isdigit((unsigned char)s[1]) && isdigit((unsigned char)s[2]) &&
	       isdigit((unsigned char)s[3]) && !isdigit((unsigned char)s[4]);
}

/* A whole number. Clocks, dates, fractions, ids and what is too large are something else. Returns where it ends. */
static const char *take_number(struct terms *m, const char *s)
{
	int64_t value = 0;
	bool sane = true;

	for (; isdigit((unsigned char)*s) || is_thousands(s); s++) {
		if (*s == ',')
			continue;
		sane = sane && value <= INT32_MAX;
		if (sane)
			value = value * 10 + (*s - '0');
	}
	if ((strchr(":.-_", *s) && *s && isalnum((unsigned char)s[1])) || !sane) {
		while (is_name_char(*s) || *s == ':')
			s++;
		add_term(m, TERM_OTHER, 0);
		return s;
	}
	add_term(m, TERM_NUMBER, value);
	return s;
}

static const char *take_character(struct terms *m, const char *s)
{
	for (size_t i = 0; i < ARRAY_LEN(chinese); i++) {
		size_t n = strlen(chinese[i].text);

		if (!strncmp(s, chinese[i].text, n)) {
			add_term(m, chinese[i].kind, chinese[i].number);
			return s + n;
		}
	}
	add_term(m, TERM_OTHER, 0);
	for (s++; ((unsigned char)*s & 0xC0) == 0x80;)
		s++;
	return s;
}

static void find_terms(struct terms *m, const char *s)
{
	m->count = 0;
	while (*s) {
		unsigned char c = (unsigned char)*s;

		if (isalpha(c)) {
			s = take_word(m, s);
		} else if (isdigit(c)) {
			s = take_number(m, s);
		} else if (c >= 0x80) {
			s = take_character(m, s);
		} else {
			if (c == '/')
				add_term(m, TERM_PER_WEAK, 0);
			else if (c == ';' || c == '\n' || c == '!' || (c == '.' && isspace((unsigned char)s[1])))
				add_term(m, TERM_STOP, 0);
			s++;
		}
	}
	m->at[m->count] = (struct term){ TERM_STOP, 0 };
}

/* --- shapes --- */

/* A limit that makes sense; "0 requests" and a year of milliseconds do not. */
static bool accept(int64_t limit, int64_t times, int64_t unit, struct stated_limit *out)
{
	if (limit < 1 || limit > LIMIT_WINDOW_ENTRIES || times < 1 || times > LIMIT_STATED_PERIOD / unit)
		return false;
	out->limit = limit;
	out->period = times * unit;
	out->day = out->day || (unit == DAY && times == 1);
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

	find_terms(&m, words);
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
