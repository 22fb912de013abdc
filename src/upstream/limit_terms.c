/*
 * Two tables of words, and a lexer: letters make an English word, a digit begins a number, everything else is looked up
 * character by character. A new wording is a row.
 */
#include "limit_terms.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "eke/base/attrs.h"

#define DAY SECONDS_A_DAY

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

static void add_term(struct terms *m, enum term_kind kind, int64_t number)
{
	if (m->count < TERMS_MAX)
		m->at[m->count++] = (struct term){ kind, number };
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/*
 * A word of letters; one with digits in it is a name, of a model say. Returns where it ends. *plain: so far no name has
 * digits; "a.b.c" is read once.
 */
static const char *take_word(struct terms *m, const char *s, const char **plain)
{
	const char *end = s;
	bool digits = false;

	for (; s >= *plain && is_name_char(*end); end++)
		digits = digits || isdigit((unsigned char)*end);
	if (digits) {
		add_term(m, TERM_OTHER, 0);
		return end;
	}
	if (end > *plain)
		*plain = end;
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

void limit_terms_find(struct terms *m, const char *s)
{
	const char *plain = s;

	m->count = 0;
	while (*s) {
		unsigned char c = (unsigned char)*s;

		if (isalpha(c)) {
			s = take_word(m, s, &plain);
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
