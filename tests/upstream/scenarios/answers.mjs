// What chunks say (providers.md 3.2).
import { TEXT, THOUGHT, WHOLE } from "./text.mjs";

const chunk = (choice, more) => ({ json: { id: "chatcmpl-x", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, ...choice }], ...more } });
const stop = chunk({ delta: {}, finish_reason: "stop" });
const done = { data: "[DONE]" };
const say = (content) => chunk({ delta: { content }, finish_reason: null });

export const answerScenarios = [
	{ name: "plain", section: "3.2", about: "well-behaved OpenAI", answer: TEXT, expect: WHOLE },
	{ name: "stream-always", section: "3.4", about: "a stream, also for who asked for an object", answer: TEXT, stream: true, expect: WHOLE },
	{ name: "one-chunk", section: "1.7 (#41)", about: "the whole text in one delta", answer: TEXT, granularity: "whole", expect: WHOLE },
	{ name: "char-chunks", section: "3.2", about: "a delta a character", answer: TEXT, granularity: "char", expect: WHOLE },
	{ name: "surrogate-halves", section: "3.7", about: "a delta a UTF-16 unit: \\ud83d in one chunk, \\ude00 in the next; the emoji may be lost, the stream may not", answer: TEXT, granularity: 1, expect: { contains: ["Hello, wörld: 你好 ", "!\nA \"second\" line\\path, and\n\tthe last one."], finish: "stop" } },
	{ name: "empty-answer", section: "3.2", about: "no text at all, finished", answer: "", expect: { text: "", finish: "stop" } },

	{ name: "role-every", section: "3.2", about: "the role in every chunk", answer: TEXT, role: "every", expect: WHOLE },
	{ name: "role-never", section: "3.2", about: "the role in no chunk", answer: TEXT, role: "never", expect: WHOLE },
	{ name: "content-null", section: "3.2, 3.8", about: "\"content\": null first, amid the text and last", answer: TEXT, contentNull: true, expect: WHOLE },
	{ name: "delta-unknown-keys", section: "3.2, 3.8", about: "refusal, function_call, tool_calls, obfuscation, logprobs in each delta", answer: TEXT, deltaExtra: { refusal: null, function_call: null, tool_calls: null, obfuscation: "x7Rq", annotations: [] }, expect: WHOLE },
	{ name: "choices-empty", section: "1.7 (#238), 3.2", about: "\"choices\": [] first, in the middle and last", answer: TEXT, emptyChoices: true, expect: WHOLE },
	{ name: "choices-empty-azure", section: "3.2", about: "Azure's first chunk with prompt_filter_results", answer: TEXT, emptyChoices: ["azure"], expect: WHOLE },
	{ name: "choices-missing", section: "3.2", about: "chunks with no choices key, or choices null", events: [{ json: { id: "x", object: "chat.completion.chunk" } }, say("Hello, "), { json: { id: "x", choices: null } }, say("world."), stop, done], expect: { text: "Hello, world.", finish: "stop" } },

	{ name: "usage-chunk", section: "3.2", about: "a usage chunk although nobody asked", answer: TEXT, usage: "chunk", expect: { ...WHOLE, usage: true } },
	{ name: "usage-every", section: "3.2", about: "vLLM's continuous usage", answer: TEXT, usage: "everyChunk", expect: { ...WHOLE, usage: true } },
	{ name: "usage-zeros", section: "3.2", about: "Ollama's usage of zeros in every chunk: as good as none", answer: TEXT, usage: "zeros", expect: { ...WHOLE, usage: false } },
	{ name: "usage-never", section: "3.2", about: "no usage though asked", answer: TEXT, usage: "none", expect: { ...WHOLE, usage: false } },

	{ name: "reasoning-content", section: "1.7, 3.2", about: "thinking in delta.reasoning_content", answer: TEXT, reasoning: "reasoning_content", reasoningText: THOUGHT, expect: { ...WHOLE, reasoning: THOUGHT } },
	{ name: "reasoning-content-null", section: "1.7, 3.2", about: "… beside \"content\": null, as DeepSeek has it", answer: TEXT, reasoning: "reasoning_content", reasoningText: THOUGHT, contentNull: true, expect: { ...WHOLE, reasoning: THOUGHT } },
	{ name: "reasoning", section: "3.2", about: "thinking in delta.reasoning (Ollama, OpenRouter)", answer: TEXT, reasoning: "reasoning", reasoningText: THOUGHT, expect: { ...WHOLE, reasoning: THOUGHT } },
	{ name: "reasoning-think", section: "3.2", about: "<think> in the content, the tags cut over chunks", answer: TEXT, reasoning: "think", reasoningText: THOUGHT, expect: { ...WHOLE, reasoning: THOUGHT } },
	{ name: "reasoning-think-chars", section: "3.2", about: "… a character at a time", answer: [..."<think>", ...THOUGHT, ..."</think>", ...TEXT], expect: { ...WHOLE, reasoning: THOUGHT } },

	{ name: "tool-calls", section: "3.2", about: "tool call deltas nobody asked for: id repeated, index left out, arguments in pieces", events: [
		say("One moment."),
		chunk({ delta: { tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name: "look", arguments: "" } }] }, finish_reason: null }),
		chunk({ delta: { tool_calls: [{ index: 0, id: "call_1", function: { arguments: "{\"at\":" } }] }, finish_reason: null }),
		chunk({ delta: { tool_calls: [{ function: { arguments: "1}" } }] }, finish_reason: null }),
		chunk({ delta: {}, finish_reason: "tool_calls" }), done,
	], expect: { text: "One moment.", finish: "stop" } },
	{ name: "choices-two", section: "3.2", about: "two choices interleaved by index; the first counts", events: [
		say("He"), chunk({ index: 1, delta: { content: "Go" }, finish_reason: null }), say("llo"), chunk({ index: 1, delta: { content: "odbye" }, finish_reason: null }),
		chunk({ index: 1, delta: {}, finish_reason: "length" }), stop, done,
	], expect: { text: "Hello", finish: "stop" } },
	{ name: "string-traps", section: "3.7", about: "\\u0000, \\u2028, \\u001b, lone surrogates, raw invalid UTF-8, duplicate keys and large numbers in chunks; the stream goes on", events: [
		say("start "), say("a\u2028b\u001b[0m "),
		{ data: "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"nul \\u0000 \"},\"finish_reason\":null}]}" },
		{ data: "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lone \\ud83d \"},\"finish_reason\":null}]}" },
		{ bytes: Buffer.from("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"raw \xff\xc3 \"},\"finish_reason\":null}]}\n\n", "latin1") },
		{ data: "{\"id\":1,\"id\":2,\"created\":9007199254740993e300,\"choices\":[{\"index\":0,\"delta\":{\"content\":\"dup \"},\"finish_reason\":null}]}" },
		say("end"), stop, done,
	], expect: { contains: ["start ", "dup ", "end"], finish: "stop" } },
	{ name: "chunk-garbage", section: "design 4.12", about: "an event in the middle that is no JSON, one that is the wrong kind of JSON", events: [
		say("Hello, "), { data: "{\"choices\":[{\"delta\":{\"content\":\"lost" }, { data: "42" }, { data: "null" }, { data: "[]" }, { data: "{\"choices\":{\"0\":1}}" }, { data: "{\"choices\":[7]}" }, { data: "{\"choices\":[{\"delta\":3}]}" }, say("world."), stop, done,
	], expect: { text: "Hello, world.", finish: "stop" } },
	{ name: "wrong-types", section: "3.2", about: "content a number or an array, finish_reason a number, usage a string", events: [
		say("Hello, "), chunk({ delta: { content: 7 }, finish_reason: null }), chunk({ delta: { content: [] }, finish_reason: 0 }), chunk({ delta: { content: "world." }, finish_reason: null }, { usage: "many" }), stop, done,
	], expect: { text: "Hello, world.", finish: "stop" } },
	{ name: "big-chunk", section: "3.3", about: "one delta of 200 KiB, over one-api's 64 KiB line", answer: ["0123456789abcdef".repeat(12800)], expect: { text: "0123456789abcdef".repeat(12800), finish: "stop" } },
	{ name: "deep-chunk", section: "3.7", about: "a chunk nested 5000 deep between good ones", events: [
		say("Hello, "), { data: `${"[".repeat(5000)}${"]".repeat(5000)}` }, say("world."), stop, done,
	], expect: { text: "Hello, world.", finish: "stop" } },
];
