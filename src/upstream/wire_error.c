/*
 * The meaning of endpoints' errors: from status, labels and words (error_body.h) to a kind and a sentence.
 * The words that tell one meaning of a status from another are tables. Everything lives for the call.
 */
#include "eke/upstream/wire_error.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/budget/format_time.h"
#include "eke/upstream/error_body.h"
#include "eke/upstream/retry_after.h"

struct facts {
	int status;     /* of HTTP, or inside a stream what the body names */
	bool in_stream; /* HTTP said it was a success */
	struct error_body body;
	struct stated_limit stated;
};

static const char *const context_words[] = {
	"context_length_exceeded", "exceed_context_size", "maximum context length", "context length", "context window",
	"available context size", "prompt is too long", "input is too long", "prompt too long", "too many tokens",
	"input length", "上下文长度", "输入长度", NULL,
};
/* What says so beside a 429, where "too many tokens" may be those of a minute. */
static const char *const too_large_words[] = {
	"request too large", "context_length_exceeded", "maximum context length", "prompt is too long", "input is too long",
	"reduce your message size", "tokens must be reduced", "reduce the length", NULL,
};

static bool has_any(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcasestr(text, *words))
			return true;
	return false;
}

static bool mentions(const struct facts *f, const char *const *words)
{
	return has_any(f->body.labels.data, words) || has_any(f->body.words.data, words);
}

/* --- status and kind --- */

/* Statuses that codes, types and, if those say nothing, words stand for inside a stream. The first that fits counts. */
static const struct {
	const char *word;
	int status;
} named[] = {
	{ "rate_limit", 429 }, { "rate limit", 429 }, { "too_many_requests", 429 }, { "too many requests", 429 },
	{ "slow_down", 429 }, { "insufficient_quota", 429 }, { "credit_balance", 429 }, { "context_length", 400 },
	{ "context_size", 400 }, { "invalid_api_key", 401 }, { "authentication", 401 }, { "unauthorized", 401 },
	{ "permission", 403 }, { "forbidden", 403 }, { "model_not_found", 404 }, { "not_found", 404 },
	{ "overloaded", 503 }, { "unavailable", 503 }, { "timeout", 504 }, { "timed out", 504 }, { "server_error", 500 },
	{ "internal", 500 }, { "invalid_request", 400 },
};

static int status_of_words(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(named); i++)
		if (strcasestr(text, named[i].word))
			return named[i].status;
	return 0;
}

static int find_status(const struct facts *f, int http_status)
{
	int status = f->in_stream ? f->body.code : http_status;

	if (!status)
		status = status_of_words(f->body.labels.data);
	if (!status)
		status = status_of_words(f->body.words.data);
	return status ? status : http_status;
}

static bool has_three_digits(const char *text)
{
	for (const char *p = text; *p; p++)
		if (isdigit((unsigned char)p[0]) && isdigit((unsigned char)p[1]) && isdigit((unsigned char)p[2]))
			return true;
	return false;
}

/* "token" alone may be the key: it must be limited, and counted or said to be of the prompt. */
static bool is_token_limit(const struct facts *f)
{
	static const char *const limit_words[] = {
		"limit", "exceed", "maximum", "too long", "too many", "at most", "限制", "小于", "超过", "超出", "上限", NULL,
	};
	static const char *const prompt_words[] = { "prompt", "input", "输入", "提示", NULL };
	const char *text = f->body.words.data;

	return strcasestr(text, "token") && has_any(text, limit_words) &&
	       (has_any(text, prompt_words) || has_three_digits(text));
}

/* Is it about money? What names both money and a rate is about the rate, if the status says so too. */
static bool is_money(const struct facts *f)
{
	return f->status == 402 || (f->status == 429 ? f->stated.quota : f->stated.money);
}

/* "Limit 30000, Requested 30601": the first number that stands behind the word; 0: there is none. */
static double number_behind(const char *text, const char *word)
{
	double number = 0;

	for (const char *hit = text; !(number > 0) && (hit = strcasestr(hit, word)); hit++)
		number = strtod(hit + strlen(word) + strspn(hit + strlen(word), ": "), NULL);
	return number;
}

/* More than the limit admits even when nothing of it is used: waiting does not help. */
static bool is_too_large(const struct facts *f)
{
	double limit = number_behind(f->body.words.data, "limit");
	double requested = number_behind(f->body.words.data, "requested");

	return mentions(f, too_large_words) || (limit > 0 && requested > limit);
}

/* Is a word of `of` near an earlier or later one of `what`, within so many bytes? */
static bool are_near(const char *text, const char *const *what, const char *const *of)
{
	enum { NEAR = 40 };
	char around[2 * NEAR + 24];

	for (; *what; what++) {
		for (const char *hit = text; (hit = strcasestr(hit, *what)); hit++) {
			const char *from = hit - text > NEAR ? hit - NEAR : text;

			snprintf(around, sizeof(around), "%.*s", (int)(hit - from) + NEAR + (int)strlen(*what), from);
			if (has_any(around, of))
				return true;
		}
	}
	return false;
}

/* Services that answer a wrong key with 400 (Google, xAI) or 403. */
static bool is_bad_key(const struct facts *f)
{
	static const char *const labels[] = {
		"API_KEY_INVALID", "invalid_api_key", "InvalidApiKey", "invalid_authentication", "authentication_error",
		"UNAUTHENTICATED", NULL,
	};
	static const char *const keys[] = {
		"api key", "api-key", "apikey", "api_key", "access key", "access token", "subscription key", "密钥", "令牌", NULL,
	};
	static const char *const bad[] = {
		"invalid", "incorrect", "not valid", "wrong", "expired", "revoked", "not found", "not exist", "doesn't exist",
		"missing", "not provided", "malformed", "无效", "错误", "过期", "不存在", "不正确", NULL,
	};

	return has_any(f->body.labels.data, labels) || are_near(f->body.words.data, keys, bad);
}

static enum err_kind kind_of(const struct facts *f)
{
	bool is_context = mentions(f, context_words);

	switch (f->status) {
	case 401:
		return ERR_AUTH;
	case 408:
	case 504:
	case 524:
		return ERR_TIMEOUT;
	case 413:
		return ERR_PROMPT_TOO_LONG;
	case 429:
		return is_too_large(f) ? ERR_PROMPT_TOO_LONG : ERR_BUDGET;
	default:
		break;
	}
	if (f->body.is_page)
		return ERR_UPSTREAM;
	if ((f->status == 400 || f->status == 403) && !is_context && is_bad_key(f))
		return ERR_AUTH;
	switch (f->status) {
	case 402:
		return ERR_FORBIDDEN;
	case 403:
		return !is_money(f) && (is_context || is_token_limit(f)) ? ERR_PROMPT_TOO_LONG : ERR_FORBIDDEN;
	case 400:
	case 422:
	case 500:
		return is_context ? ERR_PROMPT_TOO_LONG : ERR_UPSTREAM;
	default:
		return is_context && f->in_stream ? ERR_PROMPT_TOO_LONG : ERR_UPSTREAM;
	}
}

/* --- the sentence --- */

static const char *say_auth(const struct facts *f)
{
	static const char *const suspended[] = { "suspend", "banned", "disabled", "deactivated", "封禁", "禁用", NULL };
	static const char *const model[] = { "limit to use", "限制使用", NULL };

	if (mentions(f, suspended))
		return "The provider has suspended this API key; get a new one from it.";
	if (mentions(f, model))
		return "The provider refused the API key for this model; choose another model, or use another key.";
	return "The API key was refused; check the key, and that baseUrl is the address of the provider that issued it.";
}

static const char *say_forbidden(const struct facts *f)
{
	static const char *const region[] = { "country", "region", "territory", NULL };
	static const char *const filter[] = { "error code: 10", NULL };

	if (is_money(f))
		return "The balance does not cover this request (providers charge the prompt and max_tokens in advance); set a "
			"smaller maxTokens, or top up.";
	if (mentions(f, region))
		return "The provider does not serve this country or network; use another endpoint.";
	if (mentions(f, filter))
		return "A filter in front of the provider took this program for a bot; set a User-Agent in the headers of "
			"this endpoint.";
	return "The provider does not allow this model or path with this key; check the model, and baseUrl: a wrong "
		"base URL (for example one without /v1) gets the same answer.";
}

static const char *say_upstream(const struct facts *f)
{
	static const char *const stream_options[] = { "stream_options", NULL };
	static const char *const no_infill[] = {
		"does not support insert", "infill is not supported", "suffix is not", NULL,
	};

	if (f->body.is_page)
		return f->status >= 500 ? "A gateway in front of the provider answered with an error page; try again later." :
			"The address answered with a web page instead of the API; check baseUrl, or whether a proxy or a login "
			"page is in between.";
	if (mentions(f, no_infill))
		return "This model cannot fill in the middle; set completionApi to chat, or choose another model.";
	if (mentions(f, stream_options))
		return "The provider does not know stream_options; set streamOptions to false for this endpoint.";
	if (f->status >= 300 && f->status < 400)
		return "The address redirects to another one, but does not say to which; check baseUrl.";
	if (f->status == 404)
		return "The provider knows no such path or model; check baseUrl and the model.";
	if (f->status == 407)
		return "The proxy requires a user name and a password; put them into the endpoint's proxy setting.";
	if (f->status == 503 || f->status == 529)
		return "The provider is overloaded or not ready; try again later.";
	if (f->status >= 500)
		return "The provider had an internal error; try again later.";
	if (f->status >= 400)
		return "The provider rejected the request; its message says why.";
	return "The provider ended the answer with an error; try again.";
}

/* What names a target or a time. False: there is no such thing to say. */
static bool say_where_or_when(const struct facts *f, const struct wire_error_input *in, int64_t retry_at,
			      struct err *err)
{
	char time[48];

	if (f->status >= 300 && f->status < 400 && in->location) {
		err_set(err, ERR_UPSTREAM,
			"The address redirects to %.300s, where eke does not take a key by itself; if that is the right one, set "
			"baseUrl to it.",
			in->location);
		return true;
	}
	if ((f->status != 503 && f->status != 529) || !retry_at || f->body.is_page)
		return false;
	format_time_in(retry_at - in->clock.now, time, sizeof(time));
	err_set(err, ERR_UPSTREAM, "The provider is overloaded or not ready; try again %s.", time);
	return true;
}

static void say_budget(const struct facts *f, int64_t now, int64_t retry_at, struct err *err)
{
	char time[48];

	if (is_money(f))
		err_set(err, ERR_BUDGET, "The account's quota or credit is used up; waiting does not help: top up, or use "
			"another endpoint.");
	else if (retry_at) {
		format_time_in(retry_at - now, time, sizeof(time));
		err_set(err, ERR_BUDGET, "The provider's request limit is reached; try again %s.", time);
	} else if (f->stated.day)
		err_set(err, ERR_BUDGET, "The provider's limit for the day is reached; it resets at midnight in the provider's "
			"time zone.");
	else
		err_set(err, ERR_BUDGET, "The provider's request limit is reached; wait before you try again.");
}

static void say(const struct facts *f, const struct wire_error_input *in, int64_t retry_at, struct err *err)
{
	enum err_kind kind = kind_of(f);
	const char *what = NULL;

	if (kind == ERR_BUDGET) {
		say_budget(f, in->clock.now, retry_at, err);
		return;
	}
	if (kind == ERR_UPSTREAM && say_where_or_when(f, in, retry_at, err))
		return;
	if (kind == ERR_AUTH)
		what = say_auth(f);
	else if (kind == ERR_FORBIDDEN)
		what = say_forbidden(f);
	else if (kind == ERR_PROMPT_TOO_LONG)
		what = "The prompt is longer than the provider accepts for this key or model; send less context, or start "
			"a new chat.";
	else if (kind == ERR_TIMEOUT)
		what = "The provider did not answer in time; try again later.";
	else
		what = say_upstream(f);
	err_set(err, kind, "%s", what);
}

/* --- time and scope --- */

/* The limit that the refusal is about: one that is used up, or whose name the refusal has. */
static int64_t limit_reset(const struct rate_limits *limits, const struct facts *f)
{
	static const char *const tokens[] = { "token", "TPM", NULL };

	if (limits->used_up)
		return limits->used_up;
	if (mentions(f, tokens))
		return limits->tokens;
	return limits->unknown ? limits->unknown : limits->requests;
}

/* 0 also for what is now: a service that says that has not waited for its own limit. */
static int64_t stated_time(const struct wire_error_input *in, const struct facts *f)
{
	int64_t now = in->clock.now;
	int64_t at = retry_after_ms(in->retry_after_ms, now);

	if (at <= now)
		at = retry_after_seconds(in->retry_after, in->clock);
	if (at > now || f->status != 429)
		return at;
	/* Google tells a minute also where a day is used up. */
	if (f->body.details.is_rate && f->body.details.day)
		return 0;
	at = retry_after_words(f->body.words.data, now);
	if (at <= now && f->body.details.retry_seconds > 0)
		at = retry_after_span(f->body.details.retry_seconds, now);
	return at > now || f->stated.day ? at : limit_reset(&in->limits, f);
}

static int64_t when(const struct wire_error_input *in, const struct facts *f)
{
	int64_t at = stated_time(in, f);

	return at > in->clock.now ? at : 0;
}

/* The letters IP as a word of their own, in whatever language surrounds them. */
static bool mentions_ip(const char *text)
{
	for (const char *p = text; (p = strstr(p, "IP")); p += 2)
		if ((p == text || !isalnum((unsigned char)p[-1])) && !isalnum((unsigned char)p[2]))
			return true;
	return false;
}

static const char *scope_of(const struct facts *f)
{
	if (f->status != 429 || is_too_large(f))
		return "";
	if (mentions_ip(f->body.words.data))
		return "machine";
	return is_money(f) ? "key" : "";
}

/* Is the model named? As it was asked for, or without what stands before its last slash. */
static bool names_model(const struct facts *f, const char *model)
{
	const char *slash = model ? strrchr(model, '/') : NULL;
	const char *name = slash ? slash + 1 : model;
	size_t len = name ? strlen(name) : 0;

	if (len < 3)
		return false;
	for (const char *hit = f->body.words.data; (hit = strcasestr(hit, name)); hit++)
		if ((hit == f->body.words.data || !isalnum((unsigned char)hit[-1])) && !isalnum((unsigned char)hit[len]) &&
		    !(hit[len] == '-' && isalnum((unsigned char)hit[len + 1])))
			return true;
	return false;
}

static void read_limit(struct facts *f, const struct wire_error_input *in)
{
	const struct error_details *details = &f->body.details;

	stated_limit_read(f->body.words.data, f->body.labels.data, &f->stated);
	if (f->status == 429)
		f->stated.per_model = f->stated.per_model || names_model(f, in->model);
	if (!details->is_rate)
		return;
	/* The words of these are of an account and its billing, whatever limit is meant. */
	f->stated.money = f->stated.quota = false;
	f->stated.day = details->day;
	f->stated.per_model = f->stated.per_model || details->per_model;
	f->stated.limit = details->limit;
	f->stated.period = details->period;
}

void wire_error_decode(const struct wire_error_input *in, struct err *err, struct stated_limit *stated)
{
	struct facts f = { .in_stream = in->status >= 200 && in->status < 300 };
	const struct strbuf *shown;
	int64_t retry_at;

	error_body_init(&f.body, in->body, in->len, in->content_type);
	f.status = find_status(&f, in->status);
	read_limit(&f, in);
	retry_at = when(in, &f);
	say(&f, in, retry_at, err);
	err->http_status = f.status;
	err->retry_at = retry_at;
	*stated = f.stated;
	stated->quota = (err->kind == ERR_BUDGET || err->kind == ERR_FORBIDDEN) && is_money(&f);
	snprintf(err->blocked_scope, sizeof(err->blocked_scope), "%s", scope_of(&f));
	shown = f.body.words.len ? &f.body.words : &f.body.labels;
	err_set_provider(err, shown->data, shown->len);
	error_body_release(&f.body);
}
