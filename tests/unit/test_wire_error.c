/*
 * Errors as endpoints send them: which kind they are, and what the user is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/base/utf.h"
#include "eke/upstream/wire_error.h"

#define NOW INT64_C(1700000000)

/* chatanywhere's shape. */
#define CA(message, code) \
	"{\"error\":{\"message\":\"" message "\",\"type\":\"chatanywhere_error\",\"param\":null,\"code\":\"" code "\"}}"

#define DAILY "免费API限制每日200次请求，请00:00后再试，如有更多需求，请访问 https://buyca.shop 购买付费API。" \
	"The free account is limited to 200 requests per day. Please try again after 00:00 the next day."
#define MODEL "免费API限制使用gpt-3.5-turbo，gpt-4 和 embeddings模型。" \
	"The free account is limited to use gpt-3.5-turbo, gpt-4 and embeddings."
#define TOKENS "免费API限制模型输入token小于4096，如有更多需求，请访问 https://buyca.shop 购买付费API。" \
	"The number of prompt tokens for free accounts is limited to 4096."
#define OPENAI_RPM "Rate limit reached for gpt-4o-mini in organization org-x on requests per min (RPM): " \
	"Limit 3, Used 3, Requested 1. " \
	"Please try again in 20s. You can increase your rate limit at https://platform.openai.com/account/billing."
#define TOO_LARGE "Request too large for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, " \
	"Requested 30601. The input or output tokens must be reduced in order to run successfully."
#define OPENAI_QUOTA "You exceeded your current quota, please check your plan and billing details."

static const struct {
	int status;
	const char *body;
	enum err_kind kind;
	const char *says;     /* part of the sentence */
	const char *provider; /* all of provider_message */
	int http_status;      /* 0: as status */
	int wait;             /* retry_at - NOW; 0: retry_at is 0 */
	const char *scope;    /* NULL: "" */
} cases[] = {
	/* 429 */
	{ 429, CA(DAILY, "429 TOO_MANY_REQUESTS"), ERR_BUDGET, "limit for the day", DAILY, 0, 0, NULL },
	{ 429, CA("该模型免费API限制每日3次请求，请00:00后再试", "429 TOO_MANY_REQUESTS"), ERR_BUDGET, "limit for the day",
	  "该模型免费API限制每日3次请求，请00:00后再试", 0, 0, NULL },
	{ 429, "too many requests", ERR_BUDGET, "wait before", "too many requests", 0, 0, NULL },
	{ 429, "", ERR_BUDGET, "wait before", "", 0, 0, NULL },
	{ 429, "{\"error\":{\"message\":\"当前分组上游负载已饱和，请稍后再试 (request id: 1)\","
	  "\"type\":\"one_api_error\",\"code\":\"x\"}}", ERR_BUDGET, "wait before", "当前分组上游负载已饱和，请稍后再试 (request id: 1)",
	  0, 0, NULL },
	{ 429, "{\"error\":{\"message\":\"" OPENAI_RPM "\",\"type\":\"requests\",\"code\":\"rate_limit_exceeded\"}}",
	  ERR_BUDGET, "again in 20 s", OPENAI_RPM, 0, 20, NULL },
	{ 429, "{\"error\":{\"message\":\"Try again in 6m0s\",\"code\":null}}", ERR_BUDGET, "again in 6 min",
	  "Try again in 6m0s", 0, 360, NULL },
	{ 429, "{\"error\":{\"message\":\"" OPENAI_QUOTA "\",\"type\":\"insufficient_quota\","
	  "\"param\":null,\"code\":\"insufficient_quota\"}}", ERR_BUDGET, "waiting does not help", OPENAI_QUOTA, 0, 0,
	  "key" },
	{ 429, "{\"error\":{\"code\":\"1113\",\"message\":\"您的账户已欠费，请充值后重试。\"}}", ERR_BUDGET, "waiting does not help",
	  "您的账户已欠费，请充值后重试。", 0, 0, "key" },
	{ 429, "{\"error\":{\"message\":\"Rate limit exceeded: free-models-per-day. Add 10 credits to unlock more\","
	  "\"code\":429}}", ERR_BUDGET, "limit for the day",
	  "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock more", 0, 0, NULL },
	{ 429, "[{\"error\":{\"code\":429,\"message\":\"You exceeded your current quota. Please retry in 37.5s.\","
	  "\"status\":\"RESOURCE_EXHAUSTED\"}}]", ERR_BUDGET, "again in 38 s",
	  "You exceeded your current quota. Please retry in 37.5s.", 0, 38, NULL },
	{ 429, "{\"error\":{\"message\":\"同一IP请求过多\"}}", ERR_BUDGET, "wait before", "同一IP请求过多", 0, 0, "machine" },
	{ 429, "{\"error\":{\"message\":\"TOO MANY from this IP.\"}}", ERR_BUDGET, "wait before",
	  "TOO MANY from this IP.", 0, 0, "machine" },
	{ 429, "{\"error\":{\"message\":\"SHIPPED\"}}", ERR_BUDGET, "wait before", "SHIPPED", 0, 0, NULL },
	{ 429, "<html><head><title>429 Too Many Requests</title></head></html>", ERR_BUDGET, "wait before",
	  "429 Too Many Requests", 0, 0, NULL },
	/* A limit per minute, in the words of an account that is empty. */
	{ 429, "[{\"error\":{\"code\":429,\"message\":\"" OPENAI_QUOTA "\",\"status\":\"RESOURCE_EXHAUSTED\",\"details\":["
	  "{\"violations\":[{\"quotaId\":\"GenerateRequestsPerMinutePerProjectPerModel-FreeTier\",\"quotaValue\":\"5\"}]},"
	  "{\"retryDelay\":\"33.2s\"}]}}]", ERR_BUDGET, "again in 34 s", OPENAI_QUOTA, 0, 34, NULL },
	{ 429, "{\"error\":{\"message\":\"" OPENAI_QUOTA "\",\"details\":[{\"retryDelay\":\"20s\"},{\"violations\":["
	  "{\"quotaId\":\"GenerateContentInputTokensPerModelPerMinute-FreeTier\",\"quotaValue\":\"250000\"},"
	  "{\"quotaId\":\"GenerateRequestsPerDayPerProjectPerModel-FreeTier\",\"quotaValue\":\"25\"}]}]}}", ERR_BUDGET,
	  "limit for the day", OPENAI_QUOTA, 0, 0, NULL },
	/* More than the limit will ever admit. */
	{ 429, "{\"error\":{\"message\":\"" TOO_LARGE "\",\"type\":\"tokens\",\"code\":\"rate_limit_exceeded\"}}",
	  ERR_PROMPT_TOO_LONG, "less context", TOO_LARGE, 0, 0, NULL },
	{ 429, "{\"error\":{\"message\":\"on tokens per minute (TPM): Limit 6000, Requested 7152\"}}", ERR_PROMPT_TOO_LONG,
	  "less context", "on tokens per minute (TPM): Limit 6000, Requested 7152", 0, 0, NULL },
	{ 429, "{\"message\":\"Rate limit reached: Limit 6000, Used 0, Requested 7152\"}", ERR_PROMPT_TOO_LONG,
	  "less context", "Rate limit reached: Limit 6000, Used 0, Requested 7152", 0, 0, NULL },
	{ 429, "{\"error\":{\"message\":\"(TPM): Limit 10000, Used 9000, Requested 2000. Please try again in 6s.\"}}",
	  ERR_BUDGET, "again in 6 s", "(TPM): Limit 10000, Used 9000, Requested 2000. Please try again in 6s.", 0, 6,
	  NULL },
	{ 429, "{\"message\":\"Too many tokens, please wait before trying again.\"}", ERR_BUDGET, "wait before",
	  "Too many tokens, please wait before trying again.", 0, 0, NULL },
	/* 403 */
	{ 403, CA(MODEL, "403 FORBIDDEN"), ERR_FORBIDDEN, "wrong base URL", MODEL, 0, 0, NULL },
	{ 403, CA(TOKENS "(当前请求使用的ApiKey: sk-KaQ****hsdA)【如果您遇到问题，欢迎加入QQ群咨询】", "403 FORBIDDEN"), ERR_PROMPT_TOO_LONG,
	  "less context", TOKENS "(当前请求使用的ApiKey: sk-KaQ****hsdA)【如果您遇到问题，欢迎加入QQ群咨询】", 0, 0, NULL },
	{ 403, CA("余额不足", "403 FORBIDDEN"), ERR_FORBIDDEN, "max_tokens in advance", "余额不足", 0, 0, NULL },
	{ 403, "{\"error\":{\"message\":\"token quota is not enough, token remain quota: 100000, need quota: 200000\","
	  "\"type\":\"new_api_error\",\"code\":\"pre_consume_token_quota_failed\"}}", ERR_FORBIDDEN, "balance",
	  "token quota is not enough, token remain quota: 100000, need quota: 200000", 0, 0, NULL },
	{ 403, "{\"error\":{\"message\":\"access token limited\"}}", ERR_FORBIDDEN, "wrong base URL",
	  "access token limited", 0, 0, NULL },
	{ 403, "{\"error\":{\"message\":\"Country, region, or territory not supported\","
	  "\"code\":\"unsupported_country_region_territory\"}}", ERR_FORBIDDEN, "network",
	  "Country, region, or territory not supported", 0, 0, NULL },
	{ 403, "error code: 1010", ERR_FORBIDDEN, "User-Agent", "error code: 1010", 0, 0, NULL },
	{ 403, "", ERR_FORBIDDEN, "wrong base URL", "", 0, 0, NULL },
	{ 403, "<!DOCTYPE html><html><head><TITLE>Attention\n  Required! | Cloudflare</TITLE></head></html>",
	  ERR_UPSTREAM, "web page", "Attention Required! | Cloudflare", 0, 0, NULL },
	{ 402, "{\"error\":{\"message\":\"Insufficient Balance\","
	  "\"type\":\"unknown_error\",\"code\":\"invalid_request_error\"}}", ERR_FORBIDDEN, "balance",
	  "Insufficient Balance", 0, 0, NULL },
	{ 402, "", ERR_FORBIDDEN, "balance", "", 0, 0, NULL },
	/* 401 */
	{ 401, "{\"error\":{\"type\":\"chatanywhere_error\",\"message\":\"ApiKey错误\",\"code\":\"401 UNAUTHORIZED\"}}",
	  ERR_AUTH, "baseUrl", "ApiKey错误", 0, 0, NULL },
	{ 401, CA("The api key has been suspended", "401 UNAUTHORIZED"), ERR_AUTH, "suspended",
	  "The api key has been suspended", 0, 0, NULL },
	{ 401, "limit to use gpt-3.5-turbo and embeddings\n", ERR_AUTH, "another model",
	  "limit to use gpt-3.5-turbo and embeddings", 0, 0, NULL },
	{ 401, "", ERR_AUTH, "refused", "", 0, 0, NULL },
	{ 401, "<html><title>Login</title></html>", ERR_AUTH, "refused", "Login", 0, 0, NULL },
	/* the prompt */
	{ 400, "{\"error\":{\"message\":\"This model's maximum context length "
	  "is 4097 tokens.\",\"type\":\"invalid_request_error\","
	  "\"param\":\"messages\",\"code\":\"context_length_exceeded\"}}", ERR_PROMPT_TOO_LONG, "less context",
	  "This model's maximum context length is 4097 tokens.", 0, 0, NULL },
	{ 400, "{\"error\":{\"code\":400,\"message\":\"the request exceeds the "
	  "available context size, try increasing it\",\"type\":\"exceed_context_size_error\",\"n_ctx\":256}}",
	  ERR_PROMPT_TOO_LONG, "less context", "the request exceeds the available context size, try increasing it", 0,
	  0, NULL },
	{ 500, "{\"error\":{\"message\":\"x\",\"type\":\"exceed_context_size_error\"}}", ERR_PROMPT_TOO_LONG,
	  "less context", "x", 0, 0, NULL },
	{ 413, "<html><head><title>413 Request Entity Too Large</title></head></html>", ERR_PROMPT_TOO_LONG,
	  "less context", "413 Request Entity Too Large", 0, 0, NULL },
	{ 413, "", ERR_PROMPT_TOO_LONG, "less context", "", 0, 0, NULL },
	/* time */
	{ 408, "", ERR_TIMEOUT, "in time", "", 0, 0, NULL },
	{ 504, "<html><head><title>504 Gateway Time-out</title></head></html>", ERR_TIMEOUT, "in time",
	  "504 Gateway Time-out", 0, 0, NULL },
	{ 524, "error code: 524", ERR_TIMEOUT, "in time", "error code: 524", 0, 0, NULL },
	/* the others */
	{ 400, CA("Unexpected character ('}' (code 125)): was expecting double-quote to start field name",
	  "400 BAD_REQUEST"), ERR_UPSTREAM, "rejected",
	  "Unexpected character ('}' (code 125)): was expecting double-quote to start field name", 0, 0, NULL },
	{ 400, "{\"error\":{\"message\":\"Unknown parameter: stream_options\"}}", ERR_UPSTREAM, "streamOptions",
	  "Unknown parameter: stream_options", 0, 0, NULL },
	{ 400, "{\"error\":\"registry.ollama.ai/library/llama3 does not support insert\"}", ERR_UPSTREAM,
	  "completionApi", "registry.ollama.ai/library/llama3 does not support insert", 0, 0, NULL },
	{ 501, "{\"error\":{\"code\":501,\"message\":\"Infill is not supported "
	  "by this model\",\"type\":\"not_supported_error\"}}", ERR_UPSTREAM, "completionApi",
	  "Infill is not supported by this model", 0, 0, NULL },
	{ 404, "{\"detail\":\"Not Found\"}", ERR_UPSTREAM, "path or model", "Not Found", 0, 0, NULL },
	{ 404, "{\"error\":{\"message\":\"model 'x' not found\",\"type\":\"api_error\",\"param\":null,\"code\":null}}",
	  ERR_UPSTREAM, "path or model", "model 'x' not found", 0, 0, NULL },
	{ 409, "{\"message\":\"conflict\"}", ERR_UPSTREAM, "rejected", "conflict", 0, 0, NULL },
	{ 422, "{\"detail\":[{\"loc\":[\"body\",\"x\"],\"msg\":\"field required\","
	  "\"type\":\"value_error\"},{\"msg\":\"extra forbidden\"},\"z\"]}", ERR_UPSTREAM, "rejected",
	  "field required: extra forbidden: z", 0, 0, NULL },
	{ 422, "{\"object\":\"error\",\"message\":{\"detail\":[{\"msg\":\"bad\"}]},\"type\":\"x\"}", ERR_UPSTREAM,
	  "rejected", "{\"object\":\"error\",\"message\":{\"detail\":[{\"msg\":\"bad\"}]},\"type\":\"x\"}", 0, 0,
	  NULL },
	{ 400, "{\"error\":{\"message\":{\"msg\":\"bad\"}}}", ERR_UPSTREAM, "rejected", "bad", 0, 0, NULL },
	{ 400, "{\"msg\":\"bad\",\"code\":7}", ERR_UPSTREAM, "rejected", "bad", 0, 0, NULL },
	{ 400, "{\"errors\":[{\"message\":\"first\"},{\"message\":\"second\"}]}", ERR_UPSTREAM, "rejected",
	  "first", 0, 0, NULL },
	{ 400, "{\"errors\":[\"first\"]}", ERR_UPSTREAM, "rejected", "first", 0, 0, NULL },
	{ 400, "[{\"error\":{\"code\":400,\"message\":\"API key not valid\",\"status\":\"INVALID_ARGUMENT\"}}]",
	  ERR_AUTH, "refused", "API key not valid", 0, 0, NULL },
	/* A wrong key by another status than 401: Google, xAI, MiniMax, Volcengine. */
	{ 400, "{\"error\":{\"message\":\"bad\",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\","
	  "\"reason\":\"API_KEY_INVALID\"}]}}", ERR_AUTH, "refused", "bad", 0, 0, NULL },
	{ 400, "{\"code\":\"Client specified an invalid argument\",\"error\":\"Incorrect API key provided: xa***ey.\"}",
	  ERR_AUTH, "refused", "Incorrect API key provided: xa***ey.", 0, 0, NULL },
	{ 403, "{\"error\":{\"message\":\"The API key has expired.\"}}", ERR_AUTH, "refused", "The API key has expired.", 0,
	  0,
	  NULL },
	{ 403, "{\"message\":\"无效的令牌\"}", ERR_AUTH, "refused", "无效的令牌", 0, 0, NULL },
	{ 403, "{\"error\":{\"message\":\"This API key may not use the model gpt-5.\"}}", ERR_FORBIDDEN, "wrong base URL",
	  "This API key may not use the model gpt-5.", 0, 0, NULL },
	{ 400, "{\"error\":{\"message\":\"invalid value of n\"}}", ERR_UPSTREAM, "rejected", "invalid value of n", 0, 0,
	  NULL },
	{ 400, "{\"error\":[{\"message\":\"listed\"}]}", ERR_UPSTREAM, "rejected", "listed", 0, 0, NULL },
	{ 400, "{\"error\":{\"message\":\"\",\"type\":\"odd_error\",\"code\":17}}", ERR_UPSTREAM, "rejected",
	  "odd_error 17", 0, 0, NULL },
	{ 400, "{\"error\":\"invalid_grant\",\"error_description\":\"in words\"}", ERR_UPSTREAM, "rejected",
	  "invalid_grant: in words", 0, 0, NULL },
	{ 400, "{\"foo\":1}", ERR_UPSTREAM, "rejected", "{\"foo\":1}", 0, 0, NULL },
	{ 400, "{\"error\":", ERR_UPSTREAM, "rejected", "{\"error\":", 0, 0, NULL },
	{ 400, " \n", ERR_UPSTREAM, "rejected", "", 0, 0, NULL },
	{ 400, "data: {\"error\":{\"message\":\"framed\"}}\n\n", ERR_UPSTREAM, "rejected", "framed", 0, 0, NULL },
	{ 400, "error:{\"code\":400,\"message\":\"framed\"}\n\n", ERR_UPSTREAM, "rejected", "framed", 0, 0, NULL },
	{ 429, "{\"error\":{\"message\":\"Provider returned error\","
	  "\"code\":429,\"metadata\":{\"raw\":\"x is rate-limited\",\"provider_name\":\"X\"}}}", ERR_BUDGET,
	  "wait before", "Provider returned error: x is rate-limited", 0, 0, NULL },
	{ 500, "{\"error\":{\"message\":\"That model is currently overloaded\","
	  "\"type\":\"server_error\",\"param\":null,\"code\":null}}", ERR_UPSTREAM, "internal error",
	  "That model is currently overloaded", 0, 0, NULL },
	{ 503, "{\"error\":{\"code\":503,\"message\":\"Loading model\",\"type\":\"unavailable_error\"}}", ERR_UPSTREAM,
	  "not ready", "Loading model", 0, 0, NULL },
	{ 502, "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center>nginx</center></body></html>",
	  ERR_UPSTREAM, "gateway", "502 Bad Gateway", 0, 0, NULL },
	{ 502, "<html><body><h1 class=\"x\">Bad</h1></body>", ERR_UPSTREAM, "gateway", "Bad", 0, 0, NULL },
	{ 502, "<html><title>cut", ERR_UPSTREAM, "gateway", "", 0, 0, NULL },
	{ 502, "<", ERR_UPSTREAM, "gateway", "", 0, 0, NULL },
	{ 200, "<html><title>Welcome</title></html>", ERR_UPSTREAM, "web page", "Welcome", 0, 0, NULL },
	{ 520, "", ERR_UPSTREAM, "internal error", "", 0, 0, NULL },
	{ 301, "", ERR_UPSTREAM, "redirects to another", "", 0, 0, NULL },
	{ 407, "", ERR_UPSTREAM, "proxy", "", 0, 0, NULL },
	{ 418, "", ERR_UPSTREAM, "rejected", "", 0, 0, NULL },
	/* inside a stream the body decides */
	{ 200, "{\"error\":{\"message\":\"boom\",\"type\":\"server_error\",\"code\":null}}", ERR_UPSTREAM,
	  "internal error", "boom", 500, 0, NULL },
	{ 200, "{\"error\":{\"message\":\"boom\"}}", ERR_UPSTREAM, "ended the answer", "boom", 200, 0, NULL },
	{ 200, CA(DAILY, "429 TOO_MANY_REQUESTS"), ERR_BUDGET, "limit for the day", DAILY, 429, 0, NULL },
	{ 200, "{\"error\":{\"message\":\"slow\",\"type\":\"rate_limit_error\",\"code\":null}}", ERR_BUDGET,
	  "wait before", "slow", 429, 0, NULL },
	{ 200, "{\"error\":{\"message\":\"Rate limit reached, try again in 3s\"}}", ERR_BUDGET, "again in 3 s",
	  "Rate limit reached, try again in 3s", 429, 3, NULL },
	{ 200, "{\"error\":{\"message\":\"x\",\"code\":429}}", ERR_BUDGET, "wait before", "x", 429, 0, NULL },
	{ 200, "{\"object\":null,\"data\":null,\"error\":{\"message\":\"OpenAI response error\","
	  "\"type\":\"insufficient_quota\",\"param\":null,\"code\":\"insufficient_quota\"}}", ERR_BUDGET,
	  "waiting does not help", "OpenAI response error", 429, 0, "key" },
	{ 200, "{\"error\":{\"message\":\"x\",\"code\":\"invalid_api_key\"}}", ERR_AUTH, "refused", "x", 401, 0, NULL },
	{ 200, CA(TOKENS, "403 FORBIDDEN"), ERR_PROMPT_TOO_LONG, "less context", TOKENS, 403, 0, NULL },
	{ 200, "{\"error\":{\"message\":\"x\",\"code\":\"context_length_exceeded\"}}", ERR_PROMPT_TOO_LONG,
	  "less context", "x", 400, 0, NULL },
	{ 200, "{\"error\":{\"message\":\"maximum context length is 1\"}}", ERR_PROMPT_TOO_LONG, "less context",
	  "maximum context length is 1", 200, 0, NULL },
	{ 200, "{\"error\":{\"message\":\"x\",\"code\":\"504\"}}", ERR_TIMEOUT, "in time", "x", 504, 0, NULL },
	{ 200, "{\"error\":{\"message\":\"x\",\"type\":\"overloaded_error\"}}", ERR_UPSTREAM, "overloaded", "x", 503, 0,
	  NULL },
	{ 200, "{\"error\":\"internal error\",\"code\":502}", ERR_UPSTREAM, "internal error", "internal error", 502,
	  0, NULL },
	{ 200, "{\"code\":502,\"message\":\"x\",\"type\":\"y\"}", ERR_UPSTREAM, "internal error", "x", 502, 0, NULL },
	{ 200, "{\"error\":{\"message\":\"x\",\"status_code\":403}}", ERR_FORBIDDEN, "wrong base URL", "x", 403, 0, NULL },
	{ 200,
	  "{\"id\":\"x\",\"choices\":null,\"base_resp\":{\"status_code\":1008,\"status_msg\":\"insufficient balance\"}}",
	  ERR_FORBIDDEN, "balance", "insufficient balance", 402, 0, NULL },
	{ 200, "{\"base_resp\":{\"status_code\":1002,\"status_msg\":\"rate limit\"}}", ERR_BUDGET, "wait before",
	  "rate limit",
	  429, 0, NULL },
	{ 200, "{\"base_resp\":{\"status_code\":2049,\"status_msg\":\"invalid api key\"}}", ERR_AUTH, "refused",
	  "invalid api key", 401, 0, NULL },
	{ 200, "{\"choices\":[{\"index\":0,\"delta\":{},\"error\":{\"code\":502,\"message\":\"upstream is gone\"}}]}",
	  ERR_UPSTREAM, "internal error", "upstream is gone", 502, 0, NULL },
	{ 200, "{\"error_code\":18,\"error_msg\":\"Open api qps request limit reached\"}", ERR_UPSTREAM, "ended the answer",
	  "Open api qps request limit reached", 200, 0, NULL },
	/* but not against HTTP */
	{ 502, "{\"error\":{\"message\":\"x\",\"code\":429}}", ERR_UPSTREAM, "internal error", "x", 502, 0, NULL },
};

static void decode_both(struct wire_error_input in, const char *body, size_t len, struct err *err,
	struct stated_limit *stated)
{
	/* Just this size, so that reading past its end is noticed. */
	char *copy = xmalloc(len);

	if (len)
		memcpy(copy, body, len);
	in.body = copy;
	in.len = len;
	in.clock = (struct retry_clock){ NOW, in.clock.server };
	wire_error_decode(&in, err, stated);
	free(copy);
}

static void decode_body(struct wire_error_input in, const char *body, size_t len, struct err *err)
{
	struct stated_limit stated;

	decode_both(in, body, len, err, &stated);
}

static void test_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = ERR_INIT;
		int http_status = cases[i].http_status ? cases[i].http_status : cases[i].status;

		decode_body((struct wire_error_input){ .status = cases[i].status }, cases[i].body, strlen(cases[i].body), &err);
		if (err.kind != cases[i].kind || !strstr(err.message, cases[i].says) || strcmp(err.provider_message,
			cases[i].provider) ||
		    err.http_status != http_status)
			print_message("%d %s\n -> %d, %s\n", cases[i].status, cases[i].body, err.http_status, err.message);
		assert_int_equal(err.kind, cases[i].kind);
		assert_non_null(strstr(err.message, cases[i].says));
		assert_string_equal(err.provider_message, cases[i].provider);
		assert_int_equal(err.http_status, http_status);
		assert_int_equal(err.retry_at, cases[i].wait ? NOW + cases[i].wait : 0);
		assert_string_equal(err.blocked_scope, cases[i].scope ? cases[i].scope : "");
		assert_string_equal(err.endpoint, "");
	}
}

static void test_headers(void **state)
{
	static const struct {
		struct wire_error_input in;
		const char *body;
		int64_t retry_at;
		const char *says;
	} headers[] = {
		{ { .status = 429, .retry_after = "30" }, "", NOW + 30, "again in 30 s" },
		{ { .status = 429, .retry_after = "600" }, "", NOW + 600, "again in 10 min" },
		{ { .status = 429, .retry_after = "30", .retry_after_ms = "1500" }, "", NOW + 2, "again in 2 s" },
		{ { .status = 429, .retry_after = "Tue, 14 Nov 2023 22:14:20 GMT" }, "", NOW + 60, "again in 60 s" },
		{ { .status = 429, .retry_after = "0" }, "", 0, "wait before" },
		{ { .status = 429, .retry_after = "0" }, "try again in 20s", NOW + 20, "again in 20 s" },
		/* Unix time in seconds or milliseconds, and a clock of the server's that is an hour ahead of ours. */
		{ { .status = 429, .retry_after = "1700000040" }, "", NOW + 40, "again in 40 s" },
		{ { .status = 429, .retry_after = "1700000040500" }, "", NOW + 41, "again in 41 s" },
		{ { .status = 429, .retry_after = "1699990000" }, "", 0, "wait before" },
		{ { .status = 429, .retry_after = "Tue, 14 Nov 2023 23:14:20 GMT", .clock.server = NOW + 3600 }, "", NOW + 60,
		  "again in 60 s" },
		{ { .status = 429, .retry_after = "1700003640", .clock.server = NOW + 3600 }, "", NOW + 40, "again in 40 s" },
		{ { .status = 429, .retry_after = "2023-11-14T22:14:20Z" }, "", NOW + 60, "again in 60 s" },
		{ { .status = 429, .retry_after = "soon", .retry_after_ms = "" }, "", 0, "wait before" },
		{ { .status = 429, .limits = { .used_up = NOW + 360 } }, "", NOW + 360, "again in 6 min" },
		{ { .status = 429, .limits = { .unknown = NOW + 360 } }, "", NOW + 360, "again in 6 min" },
		{ { .status = 429, .limits = { .used_up = NOW + 360 } }, "try again in 20s", NOW + 20, "again in 20 s" },
		{ { .status = 429, .limits = { .used_up = NOW + 360 }, .retry_after = "5" }, "try again in 20s", NOW + 5,
		  "again in 5 s" },
		/* Nothing says zero, but the words say which it is. */
		{ { .status = 429, .limits = { .requests = NOW + 86400, .tokens = NOW + 7 } }, "tokens per min (TPM)", NOW + 7,
		  "again in 7 s" },
		/* Words about a day yield to a header, and win over a counter that is reset every minute. */
		{ { .status = 429, .retry_after = "30" }, CA(DAILY, "429"), NOW + 30, "again in 30 s" },
		{ { .status = 429, .limits = { .used_up = NOW + 1 } }, CA(DAILY, "429"), 0, "limit for the day" },
		{ { .status = 503, .retry_after = "30" }, "", NOW + 30, "not ready; try again in 30 s" },
		{ { .status = 308, .location = "https://api.example.com/v1" }, "", 0,
		  "redirects to https://api.example.com/v1," },
		{ { .status = 302 }, "", 0, "check baseUrl" },
		{ { .status = 503, .limits = { .used_up = NOW + 30 } }, "try again in 5s", 0, "overloaded" },
		{ { .status = 502, .content_type = "text/html; charset=utf-8" }, "garbage <html><title>t</title>", 0,
		  "gateway" },
		{ { .status = 404, .content_type = "text/html" }, "404 page not found", 0, "path or model" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		struct err err = ERR_INIT;

		decode_body(headers[i].in, headers[i].body, strlen(headers[i].body), &err);
		if (err.retry_at != headers[i].retry_at || !strstr(err.message, headers[i].says))
			print_message("case %zu: %s\n", i, err.message);
		assert_int_equal(err.retry_at, headers[i].retry_at);
		assert_non_null(strstr(err.message, headers[i].says));
	}
}

/* Whose limit it is: the model's that was asked for, or the account's. */
static void test_models(void **state)
{
	static const struct {
		int status;
		const char *model, *body;
		bool per_model;
	} models[] = {
		{ 429, "google/gemma-3:free", "{\"error\":{\"message\":\"gemma-3:free is temporarily rate-limited upstream\"}}",
		  true },
		{ 429, "llama-3.3-70b", "Rate limit reached for model `llama-3.3-70b` in organization `org_x`", true },
		{ 429, "gpt-4o", "Rate limit reached for gpt-4o-mini", false },
		{ 429, "gpt-4o", "Rate limit reached", false },
		{ 429, "gpt-4o", "{\"error\":{\"message\":\"x\",\"details\":[{\"violations\":[{\"quotaId\":"
		  "\"GenerateRequestsPerMinutePerProjectPerModel\",\"quotaDimensions\":{\"model\":\"gemini-2.5-flash\"}}]}]}}",
		  true },
		{ 429, NULL, "Rate limit reached for x", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(models); i++) {
		struct wire_error_input in = { .status = models[i].status, .model = models[i].model };
		struct stated_limit stated;
		struct err err;

		decode_both(in, models[i].body, strlen(models[i].body), &err, &stated);
		if (stated.per_model != models[i].per_model)
			print_message("case %zu\n", i);
		assert_int_equal(stated.per_model, models[i].per_model);
	}
}

static void test_keys(void **state)
{
	static const struct {
		const char *body;
		const char *provider;
	} keys[] = {
		{ "Incorrect API key provided: sk-abcdefghijklmnop1234. See x",
		  "Incorrect API key provided: sk-********************. See x" },
		{ "{\"error\":{\"message\":\"key sk-proj-AbC_123-xyz789 and sk-KaQ****hsdA\"}}",
		  "key sk-******************* and sk-KaQ****hsdA" },
		{ "key=sk-proj-****************wxyz", "key=sk-proj-****************wxyz" },
		{ "key=sk-****abcdefghijklmnop", "key=sk-********************" },
		{ "\"sk-aaaaaaaaaaaaaaaa\"", "\"sk-****************\"" },
		{ "(sk-aaaaaaaaaaaaaaaa)", "(sk-****************)" },
		{ "a risk-management-plan, sk-learn", "a risk-management-plan, sk-learn" },
		{ "held 0123456789abcdef", "held ****************" },
		{ "{\"error\":{\"message\":\"\",\"type\":\"sk-aaaaaaaaaaaaaaaa\"}}", "sk-****************" },
	};

	(void)state;
	log_add_secret("0123456789abcdef");
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct err err = ERR_INIT;

		decode_body((struct wire_error_input){ .status = 401 }, keys[i].body, strlen(keys[i].body), &err);
		assert_string_equal(err.provider_message, keys[i].provider);
	}
}

static void test_quota(void **state)
{
	static const struct {
		int status;
		const char *body;
		bool quota;
	} quotas[] = {
		{ 429, "{\"error\":{\"message\":\"" OPENAI_QUOTA "\",\"code\":\"insufficient_quota\"}}", true },
		{ 429, "{\"error\":{\"message\":\"x\",\"type\":\"insufficient_quota\"}}", true },
		{ 429, "{\"error\":{\"message\":\"" OPENAI_RPM "\",\"type\":\"requests\"}}", false },
		{ 429, CA(DAILY, "429 TOO_MANY_REQUESTS"), false },
		{ 429, "", false },
		{ 403, CA("余额不足", "403 FORBIDDEN"), true },
		{ 403, CA(MODEL, "403 FORBIDDEN"), false },
		{ 402, "", true },
		{ 401, "{\"error\":{\"message\":\"no credit\"}}", false },
		{ 502, "the load balancer has no balance", false },
		{ 200, "{\"error\":{\"message\":\"x\",\"code\":\"insufficient_quota\"}}", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(quotas); i++) {
		struct stated_limit stated;
		struct err err = ERR_INIT;

		decode_both((struct wire_error_input){ .status = quotas[i].status }, quotas[i].body,
			    strlen(quotas[i].body), &err, &stated);
		if (stated.quota != quotas[i].quota)
			print_message("case %zu: %s\n", i, err.message);
		assert_int_equal(stated.quota, quotas[i].quota);
	}
}

/* Bytes that are no text, and more than fits. */
static void test_odd_bytes(void **state)
{
	struct err err = ERR_INIT;
	struct strbuf body;

	(void)state;
	decode_body((struct wire_error_input){ .status = 500 }, "a\xFF" "b\xE4\xBD", 5, &err);
	assert_string_equal(err.provider_message, "a\xEF\xBF\xBD" "b\xEF\xBF\xBD");
	decode_body((struct wire_error_input){ .status = 500 }, "{\"error\":{\"message\":\"a\xFF\\u0000\"}}", 32, &err);
	assert_string_equal(err.provider_message, "a\xEF\xBF\xBD\xEF\xBF\xBD");
	decode_body((struct wire_error_input){ .status = 500 }, "\0\0", 2, &err);
	assert_string_equal(err.provider_message, "");
	strbuf_init(&body, MIB(1));
	strbuf_adds(&body, "{\"error\":{\"message\":\"");
	for (size_t i = 0; i < KIB(20); i++)
		strbuf_adds(&body, "\xE4\xBD\xA0");
	strbuf_adds(&body, "\"}}");
	decode_body((struct wire_error_input){ .status = 500 }, body.data, body.len, &err);
	assert_in_range(strlen(err.provider_message), LIMIT_ERR_PROVIDER - 4, LIMIT_ERR_PROVIDER - 1);
	assert_int_equal(utf8_valid_prefix(err.provider_message, strlen(err.provider_message)),
		strlen(err.provider_message));
	strbuf_release(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_models),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_quota),
		cmocka_unit_test(test_odd_bytes),
	};

	return cmocka_run_group_tests_name("wire_error", tests, NULL, NULL);
}
