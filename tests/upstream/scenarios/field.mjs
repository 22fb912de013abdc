// What services, relays and proxies were seen to do in the field. `section` says where and when.
import { TEXT, WHOLE } from "./text.mjs";

const compressed = ["gzip", "deflate", "br"].flatMap((encoding) => [
	{ name: `encoding-${encoding}`, section: "Nginx and corporate proxies, 2023", about: `a stream as ${encoding}, which nobody asked for`, answer: TEXT, encoding, expect: WHOLE },
	{ name: `encoding-${encoding}-json`, section: "Nginx and corporate proxies, 2023", about: `… and a whole answer`, answer: TEXT, encoding, whole: true, expect: WHOLE },
]);

const openai = (message, more) => ({ error: { message, type: "invalid_request_error", param: null, code: null, ...more } });
const GEMINI = "You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.";
const google = (quotas, retryDelay) => [{ error: { code: 429, message: GEMINI, status: "RESOURCE_EXHAUSTED", details: [
	{ "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: quotas.map(([quotaId, quotaValue]) => ({ quotaMetric: "generativelanguage.googleapis.com/generate_content_free_tier_requests", quotaId, quotaDimensions: { location: "global", model: "gemini-2.5-pro" }, quotaValue })) },
	{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay },
] } }];
const minimax = (code, message) => ({ id: "04", choices: null, base_resp: { status_code: code, status_msg: message } });
const inAnHour = (record, seconds) => new Date(record.wallMs + 3_600_000 + seconds * 1000).toUTCString();

const refusals = [
	{ name: "429-gemini-minute", section: "Gemini, 2025", about: "requests of the minute, in the words of an empty account", status: 429, body: google([["GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "5"]], "34s"), expect: { errorKind: "budget", httpStatus: 429, providerMessage: "You exceeded your current quota", retryAfter: 34 } },
	{ name: "429-gemini-day", section: "Gemini, 2025", about: "requests of the day; the delay that it names is no help", status: 429, body: google([["GenerateContentInputTokensPerModelPerMinute-FreeTier", "250000"], ["GenerateRequestsPerDayPerProjectPerModel-FreeTier", "25"]], "12s"), expect: { errorKind: "budget", httpStatus: 429, providerMessage: "You exceeded your current quota" } },
	{ name: "429-too-large", section: "OpenAI, 2024", about: "a prompt larger than the tokens of a whole minute", status: 429, body: openai("Request too large for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Requested 30601. The input or output tokens must be reduced in order to run successfully.", { type: "tokens", code: "rate_limit_exceeded" }), expect: { errorKind: "promptTooLong", httpStatus: 429, providerMessage: "Request too large" } },
	{ name: "429-retry-after-unix", section: "relays with GitHub's manners, 2024", about: "Retry-After as Unix time", status: 429, headers: (record) => ({ "retry-after": String(Math.floor(record.wallMs / 1000) + 40) }), body: openai("Too many requests"), expect: { errorKind: "budget", httpStatus: 429, retryAfter: 40 } },
	{ name: "429-retry-after-unix-ms", section: "relays, 2024", about: "… in milliseconds", status: 429, headers: (record) => ({ "retry-after": String(record.wallMs + 40_000) }), body: openai("Too many requests"), expect: { errorKind: "budget", httpStatus: 429, retryAfter: 40 } },
	{ name: "429-retry-after-other-clock", section: "RFC 9110, 6.6.1", about: "Retry-After as a date by a clock that is an hour ahead, as Date says", status: 429, headers: (record) => ({ date: inAnHour(record, 0), "retry-after": inAnHour(record, 40) }), body: openai("Too many requests"), expect: { errorKind: "budget", httpStatus: 429, retryAfter: 40 } },
	{ name: "429-retry-after-0", section: "Cloudflare AI Gateway, 2024", about: "Retry-After: 0", status: 429, headers: { "retry-after": "0" }, body: openai("slow down"), expect: { errorKind: "budget", httpStatus: 429, providerMessage: "slow down" } },
	{ name: "429-limits", section: "OpenAI, 2023", about: "the tokens of the minute are used up, the requests of the day are not", status: 429, headers: { "x-ratelimit-remaining-requests": "99", "x-ratelimit-reset-requests": "24h0m0s", "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "40s" }, body: openai("Rate limit exceeded", { type: "tokens" }), expect: { errorKind: "budget", httpStatus: 429, retryAfter: 40 } },
	{ name: "429-limits-anthropic", section: "Anthropic, 2024", about: "headers with moments", status: 429, headers: (record) => ({ "anthropic-ratelimit-requests-remaining": "0", "anthropic-ratelimit-requests-reset": new Date(record.wallMs + 50_000).toISOString() }), body: openai("Rate limit exceeded"), expect: { errorKind: "budget", httpStatus: 429, retryAfter: 50 } },
	{ name: "429-limits-openrouter", section: "OpenRouter, 2025", about: "X-RateLimit-Reset as Unix time in milliseconds", status: 429, headers: (record) => ({ "x-ratelimit-limit": "20", "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(record.wallMs + 30_000) }), body: openai("Rate limit exceeded: free-models-per-min"), expect: { errorKind: "budget", httpStatus: 429, retryAfter: 30 } },
	{ name: "400-key-google", section: "Gemini, 2024", about: "a wrong key, as 400", status: 400, body: [{ error: { code: 400, message: "API key not valid. Please pass a valid API key.", status: "INVALID_ARGUMENT", details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID", domain: "googleapis.com" }] } }], expect: { errorKind: "auth", httpStatus: 400, providerMessage: "API key not valid" } },
	{ name: "400-key-xai", section: "xAI, 2025", about: "a wrong key, as 400, the code in words", status: 400, body: { code: "Client specified an invalid argument", error: "Incorrect API key provided: xa***ey. You can obtain an API key from https://console.x.ai." }, expect: { errorKind: "auth", httpStatus: 400, providerMessage: "Incorrect API key" } },
	{ name: "503-retry-after", section: "Hugging Face, 2024", about: "a model that loads, and when it will be there", status: 503, headers: { "retry-after": "30" }, body: openai("Model is currently loading"), expect: { errorKind: "upstream", httpStatus: 503, retryAfter: 30, asked: 1 } },
	{ name: "500-should-not-retry", section: "OpenAI, 2023", about: "x-should-retry: false", status: 500, headers: { "x-should-retry": "false" }, body: openai("The server had an error"), expect: { errorKind: "upstream", httpStatus: 500, asked: 1 } },
	{ name: "308-elsewhere", section: "services that moved, 2023", about: "a redirect, which is not followed", status: 308, headers: { location: "https://api.example.com/v1/chat/completions?key=secret" }, body: "", expect: { errorKind: "upstream", httpStatus: 308 } },
	{ name: "error-in-choice", section: "OpenRouter, 2025", about: "the error of the provider behind it inside the choice", events: [{ json: { id: "x", choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: "error", error: { code: 429, message: "Rate limit exceeded: slow down" } }] } }], expect: { errorKind: "budget", providerMessage: "slow down" } },
	{ name: "error-in-choice-json", section: "OpenRouter, 2025", about: "… of a whole answer", body: { id: "x", choices: [{ index: 0, message: { role: "assistant", content: "" }, finish_reason: "error", error: { code: 429, message: "Rate limit exceeded: slow down" } }] }, expect: { errorKind: "budget", providerMessage: "slow down" } },
	{ name: "minimax-balance", section: "MiniMax, 2025", about: "base_resp inside a 200", events: [{ json: minimax(1008, "insufficient balance") }], expect: { errorKind: "forbidden", providerMessage: "insufficient balance", asked: 1 } },
	{ name: "minimax-rate", section: "MiniMax, 2025", about: "… for the requests of the minute", body: minimax(1002, "rate limit, please try again later"), expect: { errorKind: "budget", providerMessage: "rate limit" } },
	{ name: "minimax-key", section: "MiniMax, 2025", about: "… for the key", body: minimax(2049, "invalid api key"), expect: { errorKind: "auth", providerMessage: "invalid api key" } },
	{ name: "error-control-sequences", section: "relays that pass a terminal's output on, 2024", about: "words with control sequences", status: 400, body: openai("bad \u001b[31mred\u001b[0m \u001b]0;title\u0007word"), expect: { errorKind: "upstream", httpStatus: 400 } },
];

const part = (text) => ({ type: "text", text });
const delta = (content, finish = null) => ({ json: { id: "x", choices: [{ index: 0, delta: { content }, finish_reason: finish }] } });
const message = (content, finish = null) => ({ json: { id: "x", choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: finish }] } });
const THINKING = { type: "thinking", thinking: [part("First I look, "), part("then I leap.")] };
const PARTS = [THINKING, part("alpha "), { type: "reference", reference_ids: [1] }, part("beta")];
const ORPHAN = "Okay, the user says hi.\n</think>\n\n";

const shapes = [
	{ name: "parts", section: "Mistral (Magistral), 2025", about: "content as a list of parts, thoughts and references among them", events: [delta(PARTS), delta(" gamma", "stop")], expect: { text: "alpha beta gamma", finish: "stop", reasoning: "First I look, then I leap." } },
	{ name: "parts-json", section: "Mistral (Magistral), 2025", about: "… of a whole answer", body: { choices: [{ index: 0, message: { role: "assistant", content: PARTS }, finish_reason: "stop" }] }, expect: { text: "alpha beta", finish: "stop", reasoning: "First I look, then I leap." } },
	{ name: "parts-strings", section: "relays of Anthropic's models, 2024", about: "strings among the parts", body: { choices: [{ index: 0, message: { role: "assistant", content: ["alpha ", part("beta")] }, finish_reason: "stop" }] }, expect: { text: "alpha beta", finish: "stop" } },
	{ name: "message-stream", section: "relays of ERNIE and Spark, 2024", about: "message instead of delta, with the next piece", events: ["Hel", "lo ", "world"].map((text, at) => message(text, at === 2 ? "stop" : null)), expect: { text: "Hello world", finish: "stop" } },
	{ name: "message-stream-cumulative", section: "DashScope (Qwen), 2024", about: "… with all of the text so far", events: ["", "Hel", "Hello ", "Hello world", "Hello world"].map((text, at) => message(text, at === 4 ? "stop" : null)), expect: { text: "Hello world", finish: "stop" } },
	{ name: "think-orphan", section: "DeepSeek-R1 and QwQ behind vLLM, 2025", about: "</think> without its opening tag, which was in the prompt", answer: `${ORPHAN}Hello!`, granularity: "word", expect: { text: "Hello!", finish: "stop", reasoning: "Okay, the user says hi.\n" } },
	{ name: "think-orphan-json", section: "DeepSeek-R1 and QwQ behind vLLM, 2025", about: "… in a whole answer", answer: `${ORPHAN}Hello!`, whole: true, expect: { text: "Hello!", finish: "stop", reasoning: "Okay, the user says hi.\n" } },
	{ name: "think-told", section: "any model that is asked about it", about: "an answer about the tags keeps them", answer: "`<think>` opens and `</think>` closes; the </think> tag stands alone.", expect: { text: "`<think>` opens and `</think>` closes; the </think> tag stands alone.", finish: "stop" } },
];

const empty = [
	{ name: "empty-tool-calls", section: "Qwen and Llama behind vLLM, 2024", about: "a call of a tool that nobody offered, and no text", events: [
		{ json: { id: "x", choices: [{ index: 0, delta: { role: "assistant", content: null }, finish_reason: null }] } },
		{ json: { id: "x", choices: [{ index: 0, delta: { tool_calls: [{ index: 0, id: "c", type: "function", function: { name: "f", arguments: "{}" } }] }, finish_reason: null }] } },
		{ json: { id: "x", choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }] } },
	], expect: { text: "", finish: "stop" } },
	{ name: "empty-think-unclosed", section: "Qwen3 behind Ollama, 2025", about: "thoughts whose tag is never closed, and no text", events: [delta("<think>Hello! How are you?"), delta("", "stop")], expect: { text: "", finish: "stop", reasoning: "Hello! How are you?" } },
	{ name: "empty-reasoning", section: "DeepSeek-R1, 2025", about: "reasoning alone", events: [{ json: { id: "x", choices: [{ index: 0, delta: { reasoning_content: "Hm." }, finish_reason: "stop" }] } }], expect: { text: "", finish: "stop", reasoning: "Hm." } },
	{ name: "empty-length", section: "GPT-5 and o3, 2025", about: "max_tokens used up by reasoning", whole: true, answer: "", finish: "length", expect: { text: "", finish: "length" } },
	{ name: "empty-filter", section: "Azure, 2024", about: "all of the answer is filtered", whole: true, answer: "", finish: "content_filter", expect: { text: "", finish: "filter" } },
];

export const fieldScenarios = [
	...empty,
	...refusals,
	...shapes,
	...compressed,
	{ name: "encoding-identity", section: "Java relays, 2024", about: "Content-Encoding: identity", answer: TEXT, headers: { "content-encoding": "identity" }, expect: WHOLE },
	{ name: "status-201", section: "relays in front of serverless models, 2024", about: "a whole answer as 201 Created", answer: TEXT, whole: true, status: 201, expect: WHOLE },
	{ name: "status-202", section: "relays in front of serverless models, 2024", about: "a stream as 202 Accepted", answer: TEXT, status: 202, expect: WHOLE },
	{ name: "encoding-error", section: "Nginx, 2023", about: "a compressed error", status: 400, encoding: "gzip", body: { error: { message: "The model quux is retired.", code: "model_retired" } }, expect: { errorKind: "upstream", httpStatus: 400, providerMessage: "quux is retired" } },
];
