/*
 * What providers say of their limits: every text of providers.md 1.6 and 3.4 and of tests/upstream/scenarios, and the
 * wordings of other providers and limiters; then the headers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/base/strbuf.h"
#include "eke/upstream/stated_limit.h"

#define HOUR 3600
#define DAY 86400

#define BUY "如有更多需求，请访问 https://buyca.shop 购买付费API。"
#define MASKED_KEY "(当前请求使用的ApiKey: sk-KaQ****hsdA)【如果您遇到问题，欢迎加入QQ群咨询：123456789】"

static const struct {
	const char *words;
	const char *labels;
	struct stated_limit is;
} cases[] = {
	/* chatanywhere */
	{ "免费API限制每日200次请求，请00:00后再试，" BUY "The free account is limited to 200 requests per day. Please try again "
	  "after 00:00 the next day. If you have additional requirements, please visit https://buyca.shop to purchase a "
	  "premium key.", "chatanywhere_error 429 TOO_MANY_REQUESTS ", { .limit = 200, .period = DAY, .day = true } },
	{ "The free account is limited to 200 requests per day. Please try again after 00:00 the next day.", NULL,
	  { .limit = 200, .period = DAY, .day = true } },
	{ "该模型免费API限制每日3次请求，请00:00后再试，" BUY "The free account for this model is limited to 3 requests per day.",
	  NULL, { .limit = 3, .period = DAY, .day = true, .per_model = true } },
	{ "The free account for this model is limited to 3 requests per day.", NULL,
	  { .limit = 3, .period = DAY, .day = true, .per_model = true } },
	{ "gpt-5-nano-ca模型免费API限制每日200次请求，请00:00后再试。" MASKED_KEY, NULL,
	  { .limit = 200, .period = DAY, .day = true, .per_model = true } },
	{ "too many requests", NULL, { .limit = 0 } },
	{ "免费API限制每小时60次请求，请稍后再试", NULL, { .limit = 60, .period = HOUR } },
	{ "免费API限制每24小时150次请求", NULL, { .limit = 150, .period = DAY } },
	{ "The free account is limited to 60 requests per hour.", NULL, { .limit = 60, .period = HOUR } },
	{ "The free account is limited to 150 requests per 24 hours.", NULL, { .limit = 150, .period = DAY } },
	{ "限速60请求/小时/IP&Key", NULL, { .limit = 60, .period = HOUR } },
	{ "当前系统负载较高，请稍后再试", NULL, { .limit = 0 } },
	{ "免费API限制使用gpt-3.5-turbo，gpt-4 和 embeddings模型，" BUY "The free account is limited to use gpt-3.5-turbo, gpt-4 and "
	  "embeddings.", NULL, { .limit = 0 } },
	{ "免费API限制模型输入token小于4096，" BUY "The number of prompt tokens for free accounts is limited to 4096." MASKED_KEY,
	  NULL, { .limit = 0 } },
	{ "余额不足", NULL, { .money = true, .quota = true } },
	{ "OpenAI response error", "insufficient_quota insufficient_quota ", { .money = true, .quota = true } },
	{ "ApiKey错误", NULL, { .limit = 0 } },
	{ "limit to use gpt-3.5-turbo and embeddings\n", NULL, { .limit = 0 } },
	/* OpenAI */
	{ "Rate limit reached for gpt-4o-mini in organization org-x on requests per min (RPM): Limit 3, Used 3, "
	  "Requested 1. Please try again in 20s. You can increase your rate limit at "
	  "https://platform.openai.com/account/billing.",
	  "requests rate_limit_exceeded ", { .limit = 3, .period = 60, .per_model = true } },
	{ "Rate limit reached for gpt-4o in organization org-x on requests per day (RPD): Limit 10,000, Used 10,000, "
	  "Requested 1. Please try again in 8.64s.", NULL,
	  { .limit = 10000, .period = DAY, .day = true, .per_model = true } },
	{ "Rate limit reached for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Used 29000, Requested "
	  "2000.", NULL, { .per_model = true } },
	{ "Rate limit reached for default-gpt-3.5-turbo in organization org-x on requests per min. Limit: 3 / min. Please "
	  "try again in 20s. Contact us through our help center.", NULL, { .limit = 3, .period = 60, .per_model = true } },
	{ "Rate limit reached for default-gpt-3.5-turbo in organization org-x on requests per min. Limit: 3. Please try "
	  "again in 20s.", NULL, { .limit = 3, .period = 60, .per_model = true } },
	{ "Rate limit reached for default-gpt-3.5-turbo in organization org-x on tokens per min. Limit: 40000 / min. "
	  "Current: 41000 / min.", NULL, { .per_model = true } },
	{ "You exceeded your current quota, please check your plan and billing details.",
	  "insufficient_quota insufficient_quota ", { .money = true, .quota = true } },
	{ "slow down", "requests slow_down ", { .limit = 0 } },
	{ "This model's maximum context length is 4097 tokens. However, your messages resulted in 5000 tokens.",
	  "context_length_exceeded ", { .per_model = true } },
	/* others */
	{ "Requests to the ChatCompletions_Create Operation under Azure OpenAI API have exceeded call rate limit.", "429 ",
	  { .limit = 0 } },
	{ "当前分组上游负载已饱和，请稍后再试 (request id: 2024010112000012345)", "one_api_error 429 ", { .limit = 0 } },
	{ "您已达到请求数限制：1分钟内最多请求3次", NULL, { .limit = 3, .period = 60 } },
	{ "您已达到总请求数限制：5分钟内最多请求1000次，包括失败次数，请检查您的请求是否正确", NULL, { .limit = 1000, .period = 300 } },
	{ "Rate limit reached for model `llama3` in organization `org_1` service tier `on_demand` on requests per day "
	  "(RPD): Limit 1000, Used 1000, Requested 1. Please try again in 1m26.4s.", NULL,
	  { .limit = 1000, .period = DAY, .day = true, .per_model = true } },
	{ "request reached organization max RPM: 3, please try again after 1 seconds", NULL, { .limit = 3, .period = 60 } },
	{ "Rate limit of 150 per 86400s exceeded for UserByModelByDay. Please wait 45312 seconds before retrying.", NULL,
	  { .limit = 150, .period = DAY, .day = true, .per_model = true } },
	{ "Rate limit of 10 per 60s exceeded for UserByModelByMinute. Please wait 60 seconds before retrying.", NULL,
	  { .limit = 10, .period = 60, .per_model = true } },
	{ "You are using a Trial key, which is limited to 40 API calls / minute.", NULL, { .limit = 40, .period = 60 } },
	{ "You are using a Trial key, which is limited to 1000 API calls / month.", NULL, { .limit = 0 } },
	{ "This request would exceed your organization's rate limit of 50 requests per minute (org: x, model: y).", NULL,
	  { .limit = 50, .period = 60 } },
	{ "This request would exceed the rate limit for your organization of 40,000 input tokens per minute.", NULL,
	  { .limit = 0 } },
	{ "Rate limit exceeded: 5 per 1 minute", NULL, { .limit = 5, .period = 60 } },
	{ "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day", "429 ",
	  { .limit = 1000, .period = DAY, .day = true, .money = true } },
	{ "Rate limit exceeded: free-models-per-min. ", "429 ", { .limit = 0 } },
	{ "Request was rejected due to rate limiting. Details:RPM limit reached.", NULL, { .limit = 0 } },
	{ "Quota exceeded for metric: generate_content_free_tier_requests, limit: 20\nPlease retry in 37.5s.", NULL,
	  { .limit = 0 } },
	{ "You exceeded your current quota. Please retry in 37.5s.", "429 RESOURCE_EXHAUSTED ", { .money = true } },
	{ "您的账户已欠费，请充值后重试。", "1113 ", { .money = true, .quota = true } },
	{ "今日免费额度已用完", NULL, { .day = true, .money = true } },
	{ "429 Too Many Requests", NULL, { .limit = 0 } },
	{ "", NULL, { .limit = 0 } },
	/* shapes */
	{ "60 requests per hour", NULL, { .limit = 60, .period = HOUR } },
	{ "60 requests an hour", NULL, { .limit = 60, .period = HOUR } },
	{ "at most 60 requests every hour", NULL, { .limit = 60, .period = HOUR } },
	{ "at most 60 requests in the last hour", NULL, { .limit = 60, .period = HOUR } },
	{ "limited to 60 req/h", NULL, { .limit = 60, .period = HOUR } },
	{ "max 20 requests per 10 minutes", NULL, { .limit = 20, .period = 600 } },
	{ "1,000 REQUESTS PER DAY", NULL, { .limit = 1000, .period = DAY, .day = true } },
	{ "200 free requests daily", NULL, { .limit = 200, .period = DAY, .day = true } },
	{ "Daily limit of 200 reached", NULL, { .limit = 200, .period = DAY, .day = true } },
	{ "hourly request limit (60) reached", NULL, { .limit = 60, .period = HOUR } },
	{ "limit of 3 RPM", NULL, { .limit = 3, .period = 60 } },
	{ "Limit: 3 / min", NULL, { .limit = 3, .period = 60 } },
	{ "60次/小时", NULL, { .limit = 60, .period = HOUR } },
	{ "200次/天", NULL, { .limit = 200, .period = DAY, .day = true } },
	{ "150次/24小时", NULL, { .limit = 150, .period = DAY } },
	{ "每小时最多 60 次", NULL, { .limit = 60, .period = HOUR } },
	{ "每天的请求次数上限为200", NULL, { .limit = 200, .period = DAY, .day = true } },
	{ "每 10 分钟限 20 次调用", NULL, { .limit = 20, .period = 600 } },
	{ "已达到该模型每分钟3次的限制", NULL, { .limit = 3, .period = 60, .per_model = true } },
	{ "模型gpt-4o每日限5次", NULL, { .limit = 5, .period = DAY, .day = true, .per_model = true } },
	{ "次日再试", NULL, { .day = true } },
	{ "请在0点后再试", NULL, { .day = true } },
	{ "resets at 00:00 UTC", NULL, { .day = true } },
	/* none of it */
	{ "请在10点后再试", NULL, { .limit = 0 } },
	{ "resets at 10:00:00, id 2024-01-02T10:00:00", NULL, { .limit = 0 } },
	{ "Please try again in 20 s. Limit 3", NULL, { .limit = 0 } },
	{ "You used 3 requests in the last minute", NULL, { .limit = 0 } },
	{ "You used 3 requests in the last minute. Limit: 60 requests per minute", NULL, { .limit = 60, .period = 60 } },
	{ "daily token limit of 10000", NULL, { .day = true } },
	{ "gpt-4-60 requests per hour", NULL, { .limit = 0 } },
	{ "model 3.5 requests per hour", NULL, { .limit = 0 } },
	{ "limited to 0 requests per day", NULL, { .day = true } },
	{ "limited to 99999999999999999999 requests per hour", NULL, { .limit = 0 } },
	{ "limited to 100001 requests per hour", NULL, { .limit = 0 } },
	{ "limited to 100000 requests per hour", NULL, { .limit = 100000, .period = HOUR } },
	{ "5 requests per 9999999999 days", NULL, { .limit = 0 } },
	{ "5 requests per 0 hours", NULL, { .limit = 0 } },
	{ "see 3/4 hours of video", NULL, { .limit = 0 } },
};

static void test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct stated_limit got;
		const struct stated_limit *is = &cases[i].is;

		stated_limit_read(cases[i].words, cases[i].labels, &got);
		if (got.limit != is->limit || got.period != is->period || got.day != is->day ||
		    got.per_model != is->per_model || got.money != is->money || got.quota != is->quota)
			fail_msg("case %zu, %s: limit %lld, period %lld, day %d, per_model %d, money %d, quota %d", i,
				 cases[i].words, (long long)got.limit, (long long)got.period, got.day, got.per_model, got.money,
				 got.quota);
	}
}

/* A long text, of marks and of names, ends somewhere. */
static void test_long(void **state)
{
	static char text[40000];
	struct stated_limit got;

	(void)state;
	for (size_t i = 0; i + 8 < sizeof(text); i += 8)
		memcpy(text + i, "request ", 8);
	memcpy(text + 20000, "60 requests per hour ", 21);
	stated_limit_read(text, NULL, &got);
	assert_int_equal(got.limit, 0);
	memcpy(text, "60 requests per hour ", 21);
	stated_limit_read(text, text, &got);
	assert_int_equal(got.limit, 60);
}

/* Each piece of a name with dots is looked at once: else these would take an hour. */
static void test_names(void **state)
{
	static const char *const units[] = { "a.b.", "a_b_", "a-", "www." };
	struct stated_limit got;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		struct strbuf text;

		strbuf_init(&text, MIB(8));
		strbuf_adds(&text, "60 requests per hour ");
		while (text.len < MIB(4))
			strbuf_adds(&text, units[i]);
		strbuf_adds(&text, " 00:00");
		stated_limit_read(text.data, NULL, &got);
		assert_int_equal(got.limit, 60);
		assert_true(got.day);
		strbuf_release(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("stated_limit", tests, NULL, NULL);
}
