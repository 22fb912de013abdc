// 200 without a stream although one was asked for (providers.md 3.1, 3.4).
import { TEXT, THOUGHT, WHOLE } from "./text.mjs";

const HTML = "<!DOCTYPE html>\n<html><head><title>Sign in to the network</title></head><body><h1>Welcome to Hotel Wi-Fi</h1></body></html>\n";

export const bodyScenarios = [
	{ name: "json-whole", section: "1.2, 3.4", about: "a whole chat.completion (a model that does not stream)", answer: TEXT, whole: true, expect: { ...WHOLE, usage: true } },
	{ name: "json-whole-empty-lines", section: "3.1", about: "… after empty lines (DeepSeek under load)", answer: TEXT, whole: true, leadingEmptyLines: 40, expect: WHOLE },
	{ name: "json-whole-as-event-stream", section: "3.4", about: "… that says text/event-stream", answer: TEXT, whole: true, headers: { "content-type": "text/event-stream" }, expect: WHOLE },
	{ name: "json-whole-one-byte", section: "3.4", about: "… a byte at a time", answer: TEXT, whole: true, splitBytes: 1, expect: WHOLE },
	{ name: "json-whole-reasoning", section: "3.2", about: "… with reasoning_content", answer: TEXT, whole: true, reasoning: "reasoning_content", reasoningText: THOUGHT, expect: { ...WHOLE, reasoning: THOUGHT } },
	{ name: "json-whole-length", section: "3.2", about: "… cut by max_tokens", answer: TEXT, whole: true, finish: "length", expect: { text: TEXT, finish: "length" } },
	{ name: "json-error-200", section: "3.4", about: "an error object with status 200", body: { error: { message: "当前分组上游负载已饱和，请稍后再试 (request id: 20240101)", type: "upstream_error", param: "", code: "bad_response_status_code" } }, expect: { errorKind: "upstream", providerMessage: "当前分组上游负载已饱和" } },
	{ name: "json-error-200-quota", section: "1.6 (#119)", about: "… insufficient_quota with null siblings", body: { object: null, data: null, error: { message: "OpenAI response error", type: "insufficient_quota", param: null, code: "insufficient_quota" } }, expect: { errorKind: "budget", providerMessage: "OpenAI response error" } },
	{ name: "json-broken-200", section: "3.4", about: "half an object, properly ended", body: "{\"id\":\"chatcmpl-1\",\"choices\":[{\"mess", headers: { "content-type": "application/json" }, expect: { errorKind: "protocol" } },
	{ name: "json-unrelated-200", section: "3.4", about: "an object that is neither answer nor error", body: { status: "ok", uptime: 12 }, expect: { errorKind: "protocol" } },
	{ name: "html-200", section: "3.4", about: "an HTML page (captive portal)", body: HTML, headers: { "content-type": "text/html" }, expect: { errorKind: "upstream" } },
	{ name: "html-200-as-event-stream", section: "3.4", about: "… that says text/event-stream", body: `\n\n${HTML}`, headers: { "content-type": "text/event-stream" }, expect: { errorKind: "upstream" } },
	{ name: "text-200", section: "3.4", about: "plain text", body: "pong\n", headers: { "content-type": "text/plain" }, expect: { errorKind: "protocol" } },
	{ name: "binary-200", section: "design 4.12", about: "bytes that mean nothing", body: Buffer.from(Array.from({ length: 512 }, (_, at) => (at * 89 + 131) & 255)), headers: { "content-type": "application/octet-stream" }, expect: { errorKind: "protocol" } },
	{ name: "empty-200", section: "3.4", about: "no body", body: null, headers: { "content-type": "text/event-stream" }, expect: { errorKind: "protocol" } },
	{ name: "blank-200", section: "3.1", about: "nothing but empty lines and comments", events: [{ raw: "\n\n: keep-alive\n\n\n" }], expect: { errorKind: "protocol" } },
	{ name: "done-only", section: "3.3", about: "nothing but [DONE]", events: [{ data: "[DONE]" }], expect: { errorKind: "protocol" } },
];
