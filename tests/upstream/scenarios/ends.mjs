// How streams end, well or not (providers.md 1.6, 3.3, 3.4). Complete is what had a finish reason; the rest is "truncated".
import { TEXT, WHOLE } from "./text.mjs";

const PIECES = ["Hello", ", ", "world", "!"];
const partial = (pieces) => PIECES.slice(0, pieces).join("");
const vllmError = { error: { object: "error", message: "EngineCore encountered an issue", type: "InternalServerError", param: null, code: 500 } };
const openRouterError = { id: "gen-1", object: "chat.completion.chunk", created: 1, model: "m", error: { code: 502, message: "Provider disconnected unexpectedly" }, choices: [{ index: 0, delta: { content: "" }, finish_reason: "error" }] };

export const endScenarios = [
	{ name: "finish-length", section: "3.2, 3.8", about: "finish_reason length", answer: TEXT, finish: "length", expect: { text: TEXT, finish: "length" } },
	{ name: "finish-filter", section: "3.2", about: "finish_reason content_filter", answer: TEXT, finish: "content_filter", expect: { text: TEXT, finish: "filter" } },
	{ name: "finish-vendor", section: "3.2", about: "a finish reason of the vendor's own", answer: TEXT, finish: "eos_token", expect: WHOLE },
	{ name: "finish-deepseek-resource", section: "3.2", about: "insufficient_system_resource", answer: TEXT, finish: "insufficient_system_resource", expect: { text: TEXT, finish: ["stop", "length", "truncated"] } },
	{ name: "finish-with-text", section: "3.2", about: "the last text and the finish reason in one chunk (Ollama, Mistral)", answer: TEXT, finishWithText: true, expect: WHOLE },
	{ name: "finish-pending-empty", section: "3.2", about: "finish_reason \"\" until the end", answer: TEXT, pendingFinish: "", expect: WHOLE },
	{ name: "finish-missing", section: "3.3", about: "no finish reason, [DONE] as if all were well (one-api forges it)", answer: TEXT, finish: null, done: "[DONE]", expect: { text: TEXT, finish: "truncated" } },
	{ name: "finish-key-absent", section: "3.3", about: "no finish_reason key anywhere, no [DONE]", answer: TEXT, finish: "absent", done: null, expect: { text: TEXT, finish: "truncated" } },
	{ name: "done-missing", section: "3.3", about: "a finish reason, no [DONE]", answer: TEXT, done: null, expect: WHOLE },
	{ name: "done-no-space", section: "3.3", about: "data:[DONE] after data: {…}", answer: TEXT, done: { raw: "data:[DONE]\n\n" }, expect: WHOLE },
	{ name: "done-trailing-blanks", section: "3.3", about: "[DONE] with blanks behind", answer: TEXT, done: "[DONE]  \t", expect: WHOLE },
	{ name: "done-twice", section: "3.3", about: "[DONE] twice, and text behind that does not count", answer: TEXT, done: { raw: "data: [DONE]\n\ndata: [DONE]\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"LATE\"}}]}\n\n" }, expect: WHOLE },
	{ name: "done-forged-midway", section: "3.3", about: "breaks off after some text, with a forged [DONE]", answer: PIECES.slice(0, 2), finish: null, done: "[DONE]", expect: { text: partial(2), finish: "truncated" } },
	{ name: "eof-midway", section: "3.3", about: "a clean end of the body after some text, no finish, no [DONE]", answer: PIECES.slice(0, 3), finish: null, done: null, expect: { text: partial(3), finish: "truncated" } },
	{ name: "ollama-swallowed-error", section: "3.3", about: "text, an empty delta, nothing else", answer: [...PIECES.slice(0, 2), ""], finish: null, done: null, expect: { text: partial(2), finish: "truncated" } },

	{ name: "pseudo-error-200", section: "1.6", about: "chatanywhere's error with code \"200 OK\" and no message, before [DONE]: none at all", answer: TEXT, pseudoError200: true, expect: WHOLE },
	{ name: "error-first", section: "3.4", about: "200, and the first data is an error", errorInStream: 0, errorPayload: vllmError, expect: { errorKind: "upstream", providerMessage: "EngineCore encountered an issue" } },
	{ name: "error-first-done", section: "3.3", about: "… and [DONE] behind it (vLLM)", errorInStream: 0, errorPayload: vllmError, done: "[DONE]", expect: { errorKind: "upstream", providerMessage: "EngineCore encountered an issue" } },
	{ name: "error-first-429", section: "1.6, 3.4", about: "the 429 of chatanywhere inside a 200 stream", errorInStream: 0, errorPayload: { error: { message: "免费API限制每日200次请求，请00:00后再试。The free account is limited to 200 requests per day. Please try again after 00:00 the next day.", type: "chatanywhere_error", param: null, code: "429 TOO_MANY_REQUESTS" } }, expect: { errorKind: "budget", providerMessage: "每日200次请求" } },
	{ name: "error-first-quota", section: "1.6 (#119), 3.4", about: "insufficient_quota inside a 200 stream", errorInStream: 0, errorPayload: { object: null, data: null, error: { message: "OpenAI response error", type: "insufficient_quota", param: null, code: "insufficient_quota" } }, expect: { errorKind: "budget", providerMessage: "OpenAI response error" } },
	{ name: "error-first-string", section: "3.4", about: "{\"error\": \"text\"} as the first data", errorInStream: 0, errorPayload: { error: "model runner has unexpectedly stopped" }, expect: { errorKind: "upstream", providerMessage: "model runner has unexpectedly stopped" } },
	{ name: "error-field", section: "3.1", about: "an \"error: {…}\" line (older llama.cpp)", errorInStream: 0, errorField: true, errorPayload: { error: { code: 500, message: "context shift is disabled", type: "server_error" } }, expect: { errorKind: "upstream", providerMessage: "context shift is disabled" } },
	{ name: "error-event", section: "3.1", about: "event: error", errorInStream: 0, errorEvent: "error", errorPayload: { error: { code: 503, message: "no worker is free", type: "server_error" } }, expect: { errorKind: "upstream", providerMessage: "no worker is free" } },
	{ name: "error-after-text", section: "3.4", about: "an error after some text: the text is kept", answer: PIECES, errorInStream: 2, errorPayload: vllmError, done: "[DONE]", expect: { text: partial(2), finish: "truncated" } },
	{ name: "error-after-text-openrouter", section: "3.4", about: "… in a chunk with finish_reason error", answer: PIECES, errorInStream: 2, errorPayload: openRouterError, done: "[DONE]", expect: { text: partial(2), finish: "truncated" } },
	{ name: "error-field-after-text", section: "3.1", about: "… as an error: line", answer: PIECES, errorInStream: 3, errorField: true, errorPayload: vllmError, expect: { text: partial(3), finish: "truncated" } },
];
