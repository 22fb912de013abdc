/*
 * Limits out of sentences. The text becomes a short list of marks (a number, "requests", "per", "hour", "limit", …,
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

#define MARKS_MAX 400
#define DAY 86400

enum mark_kind {
	MARK_OTHER,
	MARK_NUMBER,
	MARK_UNIT,   /* hour: `number` is its seconds */
	MARK_SPAN,   /* "daily": per and unit in one */
	MARK_RATE,   /* RPM: requests, per and unit in one */
	MARK_COUNT,  /* what is counted is requests */
	MARK_TOKENS, /* ... or something else */
	MARK_PER,
	MARK_PER_WEAK, /* "in", "a", "/": per, if a number of requests stands before */
	MARK_WITHIN,   /* 内, behind a time */
	MARK_LIMIT,
	MARK_USED, /* the next number is no limit */
	MARK_STOP, /* a sentence ends */
};

struct mark {
	enum mark_kind kind;
	int64_t number;
};

struct marks {
	struct mark at[MARKS_MAX + 1]; /* closed by a MARK_STOP */
	size_t count;
};

static const struct word {
	const char *text;
	enum mark_kind kind;
	int64_t number;
} english[] = {
	{ "request", MARK_COUNT, 0 }, { "requests", MARK_COUNT, 0 }, { "req", MARK_COUNT, 0 }, { "reqs", MARK_COUNT, 0 },
	{ "call", MARK_COUNT, 0 }, { "calls", MARK_COUNT, 0 }, { "queries", MARK_COUNT, 0 },
	{ "token", MARK_TOKENS, 0 }, { "tokens", MARK_TOKENS, 0 }, { "tpm", MARK_TOKENS, 0 }, { "tpd", MARK_TOKENS, 0 },
	{ "images", MARK_TOKENS, 0 }, { "characters", MARK_TOKENS, 0 }, { "credits", MARK_TOKENS, 0 },
	{ "per", MARK_PER, 0 }, { "every", MARK_PER, 0 }, { "each", MARK_PER, 0 },
	{ "in", MARK_PER_WEAK, 0 }, { "within", MARK_PER_WEAK, 0 }, { "a", MARK_PER_WEAK, 0 }, { "an", MARK_PER_WEAK, 0 },
	{ "limit", MARK_LIMIT, 0 }, { "limits", MARK_LIMIT, 0 }, { "limited", MARK_LIMIT, 0 }, { "max", MARK_LIMIT, 0 },
	{ "maximum", MARK_LIMIT, 0 }, { "exceeded", MARK_LIMIT, 0 }, { "quota", MARK_LIMIT, 0 },
	{ "used", MARK_USED, 0 }, { "requested", MARK_USED, 0 }, { "current", MARK_USED, 0 }, { "remaining", MARK_USED, 0 },
	{ "made", MARK_USED, 0 }, { "sent", MARK_USED, 0 },
	{ "second", MARK_UNIT, 1 }, { "seconds", MARK_UNIT, 1 }, { "sec", MARK_UNIT, 1 }, { "secs", MARK_UNIT, 1 },
	{ "s", MARK_UNIT, 1 }, { "minute", MARK_UNIT, 60 }, { "minutes", MARK_UNIT, 60 }, { "min", MARK_UNIT, 60 },
	{ "mins", MARK_UNIT, 60 }, { "m", MARK_UNIT, 60 }, { "hour", MARK_UNIT, 3600 }, { "hours", MARK_UNIT, 3600 },
	{ "hr", MARK_UNIT, 3600 }, { "hrs", MARK_UNIT, 3600 }, { "h", MARK_UNIT, 3600 }, { "day", MARK_UNIT, DAY },
	{ "days", MARK_UNIT, DAY }, { "d", MARK_UNIT, DAY }, { "week", MARK_UNIT, 7 * DAY },
	{ "daily", MARK_SPAN, DAY }, { "hourly", MARK_SPAN, 3600 },
	{ "rps", MARK_RATE, 1 }, { "rpm", MARK_RATE, 60 }, { "rph", MARK_RATE, 3600 }, { "rpd", MARK_RATE, DAY },
};

/* Of words with the same beginning the longer one first. */
static const struct word chinese[] = {
	{ "每", MARK_PER, 0 },
	{ "今日", MARK_SPAN, DAY }, { "当日", MARK_SPAN, DAY }, { "单日", MARK_SPAN, DAY }, { "今天", MARK_SPAN, DAY },
	{ "当天", MARK_SPAN, DAY }, { "一天", MARK_SPAN, DAY }, { "一小时", MARK_SPAN, 3600 }, { "一分钟", MARK_SPAN, 60 },
	{ "秒钟", MARK_UNIT, 1 }, { "秒", MARK_UNIT, 1 }, { "分钟", MARK_UNIT, 60 }, { "小时", MARK_UNIT, 3600 },
	{ "天", MARK_UNIT, DAY }, { "日", MARK_UNIT, DAY }, { "周", MARK_UNIT, 7 * DAY },
	{ "内", MARK_WITHIN, 0 }, { "请求", MARK_COUNT, 0 }, { "调用", MARK_COUNT, 0 }, { "次", MARK_COUNT, 0 },
	{ "限制", MARK_LIMIT, 0 }, { "限额", MARK_LIMIT, 0 }, { "限", MARK_LIMIT, 0 }, { "最多", MARK_LIMIT, 0 },
	{ "至多", MARK_LIMIT, 0 }, { "上限", MARK_LIMIT, 0 }, { "不超过", MARK_LIMIT, 0 },
	{ "已使用", MARK_USED, 0 }, { "已用", MARK_USED, 0 }, { "剩余", MARK_USED, 0 },
	{ "。", MARK_STOP, 0 }, { "；", MARK_STOP, 0 }, { "！", MARK_STOP, 0 },
};

/* --- marks --- */

static void add_mark(struct marks *m, enum mark_kind kind, int64_t number)
{
	if (m->count < MARKS_MAX)
		m->at[m->count++] = (struct mark){ kind, number };
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* A word of letters; one with digits in it is a name, of a model say. Returns where it ends. */
static const char *take_word(struct marks *m, const char *s)
{
	const char *end = s;
	bool digits = false;

	for (; is_name_char(*end); end++)
		digits = digits || isdigit((unsigned char)*end);
	if (digits) {
		add_mark(m, MARK_OTHER, 0);
		return end;
	}
	for (end = s; isalpha((unsigned char)*end);)
		end++;
	for (size_t i = 0; i < ARRAY_LEN(english); i++) {
		size_t n = strlen(english[i].text);

		if (n == (size_t)(end - s) && !strncasecmp(english[i].text, s, n)) {
			add_mark(m, english[i].kind, english[i].number);
			return end;
		}
	}
	add_mark(m, MARK_OTHER, 0);
	return end;
}

static bool is_thousands(const char *s)
{
	return s[0] == ',' && isdigit((unsigned char)s[1]) && isdigit((unsigned char)s[2]) &&
	       isdigit((unsigned char)s[3]) && !isdigit((unsigned char)s[4]);
}

/* A whole number. Clocks, dates, fractions, ids and what is too large are something else. Returns where it ends. */
static const char *take_number(struct marks *m, const char *s)
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
		add_mark(m, MARK_OTHER, 0);
		return s;
	}
	add_mark(m, MARK_NUMBER, value);
	return s;
}

static const char *take_character(struct marks *m, const char *s)
{
	for (size_t i = 0; i < ARRAY_LEN(chinese); i++) {
		size_t n = strlen(chinese[i].text);

		if (!strncmp(s, chinese[i].text, n)) {
			add_mark(m, chinese[i].kind, chinese[i].number);
			return s + n;
		}
	}
	add_mark(m, MARK_OTHER, 0);
	for (s++; ((unsigned char)*s & 0xC0) == 0x80;)
		s++;
	return s;
}

static void mark_all(struct marks *m, const char *s)
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
				add_mark(m, MARK_PER_WEAK, 0);
			else if (c == ';' || c == '\n' || c == '!' || (c == '.' && isspace((unsigned char)s[1])))
				add_mark(m, MARK_STOP, 0);
			s++;
		}
	}
	m->at[m->count] = (struct mark){ MARK_STOP, 0 };
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

static bool is_per(enum mark_kind kind)
{
	return kind == MARK_PER || kind == MARK_PER_WEAK;
}

/* "per day", "/ 24小时", "in the last hour", "daily" at *i; moves *i behind it. */
static bool take_period(const struct marks *m, size_t *i, int64_t *times, int64_t *unit)
{
	size_t at = *i;
	int others = 0;

	*times = 1;
	if (m->at[at].kind == MARK_SPAN) {
		*unit = m->at[at].number;
		*i = at + 1;
		return true;
	}
	if (!is_per(m->at[at].kind))
		return false;
	while (is_per(m->at[at].kind) || (m->at[at].kind == MARK_OTHER && others++ < 2))
		at++;
	if (m->at[at].kind == MARK_NUMBER)
		*times = m->at[at++].number;
	if (m->at[at].kind != MARK_UNIT)
		return false;
	*unit = m->at[at].number;
	*i = at + 1;
	return true;
}

/* What the words before i are about: the nearest mark of one of the kinds within so many, or MARK_OTHER. */
static enum mark_kind nearest(const struct marks *m, size_t i, size_t within, enum mark_kind a, enum mark_kind b)
{
	for (size_t n = 0; n < within && i-- > 0; n++)
		if (m->at[i].kind == a || m->at[i].kind == b)
			return m->at[i].kind;
	return MARK_OTHER;
}

static bool is_used(const struct marks *m, size_t i)
{
	return nearest(m, i, 2, MARK_USED, MARK_LIMIT) == MARK_USED;
}

/* "200 requests per day", "Limit: 3 / min", and "3 RPM". */
static bool number_first(const struct marks *m, size_t i, struct stated_limit *out)
{
	int64_t limit = m->at[i].number;
	bool counted = nearest(m, i, 4, MARK_LIMIT, MARK_LIMIT) == MARK_LIMIT &&
		       nearest(m, i, MARKS_MAX, MARK_COUNT, MARK_TOKENS) != MARK_TOKENS;
	int64_t times;
	int64_t unit;
	size_t at = i + 1;

	if (is_used(m, i))
		return false;
	if (m->at[at].kind == MARK_RATE)
		return accept(limit, 1, m->at[at].number, out);
	for (; at < i + 4 && (m->at[at].kind == MARK_OTHER || m->at[at].kind == MARK_COUNT); at++)
		counted = counted || m->at[at].kind == MARK_COUNT;
	return counted && take_period(m, &at, &times, &unit) && accept(limit, times, unit, out);
}

/* The number that a period at `from` limits: "200次", "limit of 200", "的请求次数上限为200". */
static bool number_behind(const struct marks *m, size_t from, bool counted, int64_t times, int64_t unit,
			  struct stated_limit *out)
{
	bool limited = false;

	for (size_t at = from; at < from + 10 && at < m->count; at++) {
		switch (m->at[at].kind) {
		case MARK_LIMIT:
			limited = true;
			break;
		case MARK_COUNT:
			counted = true;
			break;
		case MARK_NUMBER:
			if (is_used(m, at))
				return false;
			if (m->at[at + 1].kind != MARK_COUNT && !limited)
				return false;
			/* A number that begins a period of its own is that period's. */
			if (m->at[at + 1].kind == MARK_UNIT)
				return false;
			return accept(m->at[at].number, times, unit, out);
		case MARK_STOP:
			/* "… on requests per min. Limit: 3" */
			if (!counted || limited)
				return false;
			break;
		case MARK_TOKENS:
		case MARK_UNIT:
			return false;
		case MARK_OTHER:
		case MARK_SPAN:
		case MARK_RATE:
		case MARK_PER:
		case MARK_PER_WEAK:
		case MARK_WITHIN:
		case MARK_USED:
			break;
		}
	}
	return false;
}

/* "每日200次", "1分钟内最多请求3次", "daily limit of 200", "requests per min: limit 3". */
static bool period_first(const struct marks *m, size_t i, struct stated_limit *out)
{
	const struct mark *at = &m->at[i];
	bool counted = i && m->at[i - 1].kind == MARK_COUNT;
	int64_t times;
	int64_t unit;
	size_t from = i;

	if (i && m->at[i - 1].kind == MARK_TOKENS)
		return false;
	if (at->kind == MARK_NUMBER && m->at[i + 1].kind == MARK_UNIT && m->at[i + 2].kind == MARK_WITHIN)
		return number_behind(m, i + 3, counted, at->number, m->at[i + 1].number, out);
	if (at->kind != MARK_PER && at->kind != MARK_SPAN)
		return false;
	return take_period(m, &from, &times, &unit) && number_behind(m, from, counted, times, unit, out);
}

/* "RPM: 3", "(RPM): Limit 3, Used 3" */
static bool rate_first(const struct marks *m, size_t i, struct stated_limit *out)
{
	size_t at = i + 1;

	while (at < i + 4 && (m->at[at].kind == MARK_OTHER || m->at[at].kind == MARK_LIMIT))
		at++;
	return m->at[at].kind == MARK_NUMBER && !is_used(m, at) && accept(m->at[at].number, 1, m->at[i].number, out);
}

static void find_limit(const char *words, struct stated_limit *out)
{
	struct marks m;

	mark_all(&m, words);
	for (size_t i = 0; i < m.count; i++) {
		bool found = false;

		if (m.at[i].kind == MARK_RATE)
			found = rate_first(&m, i, out);
		else if (m.at[i].kind == MARK_NUMBER)
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
