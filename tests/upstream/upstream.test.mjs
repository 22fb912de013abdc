// The test upstream itself: that the bytes are those that scenarios claim, and that records, queue, holds and connections are right.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as zlib from "node:zlib";

import { catalogueTable } from "./catalogue.mjs";
import { monotonicNs } from "./clock.mjs";
import { echoModel, extractHole, knowsModel } from "./models.mjs";
import { splitPieces } from "./pieces.mjs";
import { readAnswer } from "./reader.mjs";
import { FIELDS } from "./scenario.mjs";
import { scenarios } from "./scenarios.mjs";
import { TEXT, THOUGHT } from "./scenarios/text.mjs";
import { startUpstream } from "./upstream.mjs";

const DECOMPRESS = { gzip: zlib.gunzipSync, deflate: zlib.inflateSync, br: zlib.brotliDecompressSync };
const HERE = fileURLToPath(new URL(".", import.meta.url));
const CHAT = "/v1/chat/completions";
const hello = (more) => ({ model: "m", messages: [{ role: "user", content: "hello" }], stream: true, ...more });

/** One request. Chunks are what the socket delivered; `error` is set if the connection broke. */
function ask(upstream, { method = "POST", path = CHAT, body = hello(), headers = {}, agent, onResponse, onChunk, raw } = {}) {
	const client = upstream.url.startsWith("https") ? https : http;
	const bytes = raw ?? (method === "POST" ? Buffer.from(JSON.stringify(body)) : Buffer.alloc(0));
	return new Promise((resolve) => {
		const answer = { status: undefined, headers: {}, chunks: [], error: null };
		const over = (error) => {
			answer.error ??= error ?? null;
			answer.bytes = Buffer.concat(answer.chunks);
			const decompress = DECOMPRESS[answer.headers["content-encoding"]];
			if (decompress) answer.bytes = decompress(answer.bytes);
			answer.text = answer.bytes.toString();
			resolve(answer);
		};
		const request = client.request(upstream.url + path, { method, agent: agent ?? false, headers: { "content-type": "application/json", "content-length": bytes.length, ...headers } }, (response) => {
			Object.assign(answer, { status: response.statusCode, headers: response.headers });
			onResponse?.(request, response);
			response.on("data", (chunk) => {
				answer.chunks.push(chunk);
				onChunk?.(request, answer);
			});
			response.on("end", () => over());
			response.on("error", over);
		});
		request.on("error", over);
		request.end(bytes);
	});
}

/** A server for one test; closed after it, and broken scenario code fails the test there. */
async function started(t, options) {
	const upstream = await startUpstream(options);
	t.after(() => upstream.close());
	return upstream;
}

async function streamed(t, scenario, body) {
	const upstream = await started(t);
	upstream.next(scenario);
	return (await ask(upstream, { body: hello(body) })).text;
}

const datas = (text) => text.split("\n\n").filter(Boolean).map((event) => event.replace(/^data: /, "")).map((data) => (data === "[DONE]" ? data : JSON.parse(data)));

describe("a well-behaved answer", () => {
	test("streams chunks, a finish reason and [DONE]", async (t) => {
		const chunks = datas(await streamed(t, { answer: ["a", "b"] }));
		assert.deepEqual(chunks.map((chunk) => chunk.choices?.[0]), [
			{ index: 0, delta: { role: "assistant", content: "" }, logprobs: null, finish_reason: null },
			{ index: 0, delta: { content: "a" }, logprobs: null, finish_reason: null },
			{ index: 0, delta: { content: "b" }, logprobs: null, finish_reason: null },
			{ index: 0, delta: {}, logprobs: null, finish_reason: "stop" },
			undefined,
		]);
		assert.equal(chunks[0].object, "chat.completion.chunk");
		assert.equal(chunks.at(-1), "[DONE]");
	});

	test("sends usage only if asked, null before", async (t) => {
		const without = datas(await streamed(t, { answer: ["a"] }));
		assert.ok(without.every((chunk) => chunk === "[DONE]" || !("usage" in chunk)));
		const chunks = datas(await streamed(t, { answer: ["a", "b"] }, { stream_options: { include_usage: true } }));
		assert.deepEqual(chunks.slice(0, -2).map((chunk) => chunk.usage), [null, null, null, null]);
		assert.deepEqual(chunks.at(-2).choices, []);
		assert.deepEqual(chunks.at(-2).usage, { prompt_tokens: 2, completion_tokens: 2, total_tokens: 4 });
	});

	test("is one object without stream", async (t) => {
		const upstream = await started(t);
		upstream.next({ answer: "whole" });
		const answer = await ask(upstream, { body: hello({ stream: false }) });
		assert.equal(answer.headers["content-type"], "application/json");
		assert.equal(Number(answer.headers["content-length"]), answer.bytes.length);
		const object = JSON.parse(answer.text);
		assert.equal(object.object, "chat.completion");
		assert.equal(object.choices[0].message.content, "whole");
		assert.equal(object.choices[0].finish_reason, "stop");
		assert.equal(object.usage.total_tokens, object.usage.prompt_tokens + object.usage.completion_tokens);
	});

	test("obeys stop, max_tokens and n", async (t) => {
		const upstream = await started(t, { answer: (record, index) => [`${index}one`, " two", " three"] });
		const say = async (more) => readAnswer((await ask(upstream, { body: hello(more) })).bytes);
		assert.deepEqual(await say({ max_tokens: 2 }).then(({ text, finish }) => ({ text, finish })), { text: "0one two", finish: "length" });
		assert.deepEqual(await say({ stop: [" th", "x"] }).then(({ text, finish }) => ({ text, finish })), { text: "0one two", finish: "stop" });
		assert.equal((await say({ stop: "wo" })).text, "0one t");
		const two = datas((await ask(upstream, { body: hello({ n: 2 }) })).text);
		assert.equal(two.filter((chunk) => chunk.choices?.[0].index === 1).map((chunk) => chunk.choices[0].delta.content ?? "").join(""), "1one two three");
	});
});

describe("routes and dialects", () => {
	let upstream;
	before(async () => {
		upstream = await startUpstream({ answer: () => ["x", "y"] });
	});
	after(() => upstream.close());
	const post = async (path, body) => (await ask(upstream, { path, body: { model: "m", stream: true, ...body } })).text;

	for (const path of ["/chat/completions", "/v1/chat/completions"]) {
		test(`POST ${path} is chat`, async () => {
			assert.equal(datas(await post(path, hello()))[1].choices[0].delta.content, "x");
		});
	}
	for (const path of ["/completions", "/v1/completions", "/beta/completions"]) {
		test(`POST ${path} has choices[0].text`, async () => {
			const chunks = datas(await post(path, { prompt: "a", suffix: "b" }));
			assert.deepEqual(chunks.map((chunk) => chunk.choices?.[0].text), ["x", "y", "", undefined]);
			assert.equal(chunks[0].object, "text_completion");
			assert.equal(chunks[2].choices[0].finish_reason, "stop");
		});
	}
	test("POST /v1/fim/completions is chat-shaped", async () => {
		assert.equal(datas(await post("/v1/fim/completions", { prompt: "a", suffix: "b" }))[1].choices[0].delta.content, "x");
	});
	test("POST /infill is llama.cpp's own, without [DONE]", async () => {
		const chunks = datas(await post("/infill", { input_prefix: "a", input_suffix: "b", input_extra: [{ filename: "f", text: "t" }] }));
		assert.deepEqual(chunks.map(({ content, stop }) => ({ content, stop })), [{ content: "x", stop: false }, { content: "y", stop: false }, { content: "", stop: true }]);
		assert.ok(chunks.every((chunk) => !("choices" in chunk)));
	});
	test("whole objects of the FIM dialects", async () => {
		assert.equal(JSON.parse(await post("/infill", { stream: false, input_prefix: "", input_suffix: "" })).content, "xy");
		assert.equal(JSON.parse(await post("/v1/completions", { stream: false, prompt: "" })).choices[0].text, "xy");
		assert.equal(JSON.parse(await post("/v1/fim/completions", { stream: false, prompt: "" })).choices[0].message.content, "xy");
	});
	test("GET models, with and without /v1", async () => {
		for (const path of ["/models", "/v1/models"]) {
			const list = JSON.parse((await ask(upstream, { method: "GET", path })).text);
			assert.equal(list.object, "list");
			assert.ok(list.data.some((model) => model.id === "gpt-4o-mini"));
		}
	});
	test("embeddings as numbers and as base64", async () => {
		const numbers = JSON.parse(await post("/v1/embeddings", { input: ["a", "b"], stream: undefined })).data;
		const packed = JSON.parse(await post("/v1/embeddings", { input: "a", encoding_format: "base64", stream: undefined })).data;
		assert.equal(numbers.length, 2);
		assert.notDeepEqual(numbers[0].embedding, numbers[1].embedding);
		assert.deepEqual(Array.from(new Float32Array(new Uint8Array(Buffer.from(packed[0].embedding, "base64")).buffer)), numbers[0].embedding);
	});
	test("usage_details counts what it served, by LIKE pattern", async (t) => {
		const counting = await started(t, { key: "sk-1" });
		const headers = { authorization: "Bearer sk-1" };
		for (const model of ["gpt-a", "gpt-a", "other"]) await ask(counting, { headers, body: hello({ model }) });
		const rows = async (model, authorization) => JSON.parse((await ask(counting, { path: "/v1/query/usage_details", headers: { authorization }, body: { model, hours: 24 } })).text);
		const sum = (list) => list.reduce((total, row) => total + row.count, 0);
		assert.equal(sum(await rows("gpt%", "sk-1")), 2);
		assert.equal(sum(await rows("%", "Bearer sk-1")), 3);
		assert.match((await rows("%", "sk-1"))[0].time, /^\d{4}-\d\d-\d\d \d\d:00:00$/);
		assert.equal((await rows("%", "sk-2")).error.code, "401 UNAUTHORIZED");
	});
	test("HEAD and OPTIONS on anything", async () => {
		assert.equal((await ask(upstream, { method: "HEAD", path: "/what/ever" })).status, 200);
		const preflight = await ask(upstream, { method: "OPTIONS", path: CHAT });
		assert.equal(preflight.status, 204);
		assert.equal(preflight.headers["access-control-allow-origin"], "*");
	});
	test("wrong paths and methods as the real ones say it", async () => {
		const unknown = await ask(upstream, { path: "/v1/nothing" });
		assert.equal(unknown.status, 404);
		assert.equal(JSON.parse(unknown.text).error.message, "Invalid URL (POST /v1/nothing)");
		for (const path of ["/v1/chat/", "/v1/chat", "/v1"]) assert.match(JSON.parse((await ask(upstream, { path })).text).error.message, /limited to use gpt-3.5-turbo/);
		assert.equal((await ask(upstream, { method: "GET", path: CHAT })).status, 405);
	});
	test("refuses what a strict endpoint refuses", async () => {
		const refused = async (options, message) => {
			const answer = await ask(upstream, options);
			assert.equal(answer.status, 400, answer.text);
			assert.match(JSON.parse(answer.text).error.message, message);
		};
		await refused({ raw: Buffer.from("{\"model\":\"m\",}") }, /double-quote/);
		await refused({ raw: Buffer.from("{\"model\":\"\xff\"}", "latin1") }, /double-quote/);
		await refused({ body: [] }, /JSON object/);
		await refused({ body: hello({ messages: [] }) }, /messages/);
		await refused({ body: hello({ messages: [{ role: "me", content: "" }] }) }, /role/);
		await refused({ body: hello({ model: undefined }) }, /model/);
		await refused({ body: hello({ stop: ["a", "b", "c", "d", "e"] }) }, /stop/);
		await refused({ body: hello({ max_tokens: 0 }) }, /max_tokens/);
		await refused({ body: hello({ stream: false, stream_options: { include_usage: true } }) }, /stream_options/);
		await refused({ path: "/infill", body: { input_prefix: "" } }, /input_suffix/);
		await refused({ headers: { "content-type": "text/plain" } }, /content-type/);
	});
	test("refuses a wrong key", async (t) => {
		const locked = await started(t, { key: "sk-right" });
		const wrong = await ask(locked, { headers: { authorization: "Bearer sk-wrong" } });
		assert.equal(wrong.status, 401);
		assert.equal(JSON.parse(wrong.text).error.message, "ApiKey错误");
		assert.equal((await ask(locked)).status, 401);
		assert.equal((await ask(locked, { method: "GET", path: "/v1/models" })).status, 401);
		assert.equal((await ask(locked, { headers: { authorization: "Bearer sk-right" } })).status, 200);
	});
});

describe("bytes of the oddities", () => {
	const has = (name, scenario, pattern) => test(name, async (t) => {
		assert.match(await streamed(t, scenario), pattern);
	});
	has("lone CR", { eol: "cr", answer: "a" }, /^(data: [^\r\n]+\r\r)+$/);
	has("CR LF", { eol: "crlf", answer: "a" }, /^(data: [^\r\n]+\r\n\r\n)+$/);
	has("no space", { space: false, answer: "a" }, /^(data:[{[][^\n]+\n\n)+$/);
	has("empty lines first", { leadingEmptyLines: 3, answer: "a" }, /^\n\n\ndata: /);
	has("comments", { comments: true, answer: [..."abcdef"] }, /^: keep-alive\n\ndata: [^]*: OPENROUTER PROCESSING\n\ndata: [^]*: PING\n\ndata: [^]*\n\n:\ndata: [^]*: ping - [^\n]*\n\ndata: [^]*\n:no blank\ndata: /);
	has("multi-line data", { multiLineData: true, answer: "a" }, /^data: \{\ndata: {2}"id"[^]*\ndata: \}\n\n/);
	has("arrays", { arrayPayload: true, answer: ["a", "b"] }, /^data: \[\{[^]*"a"[^]*"b"[^]*\}\]\n\ndata: \[\{[^]*"stop"[^]*\}\]\n\ndata: \[DONE\]\n\n$/);
	has("unknown fields", { extraFields: true, answer: "a" }, /^id: 0\nretry: 3000\nx-unknown: data: \{\nnocolon\ndata: [^]*\n\ndata\n\ndata:\n\nevent: nothing\n\n/);
	has("event type", { eventType: "message", answer: "a" }, /^event: message\ndata: \{/);
	has("no blank line at the end", { noBlankLineAtEof: "line", answer: "a" }, /[^\n]\ndata: \[DONE\]\n$|\n\ndata: \[DONE\]\n$/);
	has("no line end at the end", { noBlankLineAtEof: "data", answer: "a" }, /data: \[DONE\]$/);
	has("error field", "error-field", /^error: \{"code":500,[^\n]+\n\n$/);
	has("error event", "error-event", /^event: error\ndata: \{"error":/);
	has("error with [DONE]", "error-first-done", /^data: \{"error":[^\n]+\n\ndata: \[DONE\]\n\n$/);
	has("pseudo error", { pseudoError200: true, answer: "a" }, /data: \{"error":\{"message":"","type":"chatanywhere_error","param":null,"code":"200 OK"\}\}\n\ndata: \[DONE\]\n\n$/);
	has("role in every chunk", { role: "every", answer: ["a", "b"] }, /^(data: \{[^\n]*"delta":\{"role":"assistant"[^\n]*\n\n){4}data: \[DONE\]/);
	has("null content", { contentNull: true, answer: ["a", "b"] }, /"role":"assistant","content":null[^]*"content":"a"[^]*"content":null[^]*"content":"b"[^]*"content":null\},"logprobs":null,"finish_reason":"stop"/);
	has("empty choices", { emptyChoices: ["first", "azure"], answer: "a" }, /^data: \{"id":"","object":"","created":0,"model":"","choices":\[\],"prompt_filter_results"[^\n]*\n\ndata: \{[^\n]*"choices":\[\]/);
	has("finish absent", { finish: "absent", done: null, answer: "a" }, /^(?![^]*finish_reason)[^]*"content":"a"[^\n]*\n\n$/);
	has("finish null", { finish: null, answer: "a" }, /"content":"a"\},"logprobs":null,"finish_reason":null\}\]\}\n\ndata: \[DONE\]\n\n$/);
	has("finish pending empty", { pendingFinish: "", answer: "a" }, /"content":"a"\},"logprobs":null,"finish_reason":""/);
	has("finish with text", { finishWithText: true, answer: ["a", "b"] }, /"content":"b"\},"logprobs":null,"finish_reason":"stop"\}\]\}\n\ndata: \[DONE\]/);
	has("usage everywhere", { usage: "everyChunk", answer: "a" }, /^(data: \{[^\n]*"usage":\{"prompt_tokens":2,[^\n]*\n\n){3}data: \[DONE\]/);
	has("usage of zeros", { usage: "zeros", answer: "a" }, /"usage":\{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0\}/);
	has("[DONE] variants", { done: { raw: "data:[DONE]\n\n" }, answer: "a" }, /\}\n\ndata:\[DONE\]\n\n$/);
	has("tags cut over chunks", { reasoning: "think", reasoningText: "t", answer: "a" }, /"<th"[^]*"ink>"[^]*"t"[^]*"<\/thi"[^]*"nk>"[^]*"a"/);
	has("reasoning first", { reasoning: "reasoning", reasoningText: "t", answer: "a" }, /"delta":\{"reasoning":"t"\}[^]*"content":"a"/);

	test("byte order mark", async (t) => {
		const upstream = await started(t);
		upstream.next("bom");
		assert.deepEqual([...(await ask(upstream)).bytes.subarray(0, 5)], [0xef, 0xbb, 0xbf, 0x64, 0x61]);
	});
	test("raw bytes that are no UTF-8", async (t) => {
		const upstream = await started(t);
		upstream.next("string-traps");
		assert.ok((await ask(upstream)).bytes.includes(Buffer.from([0x72, 0x61, 0x77, 0x20, 0xff, 0xc3, 0x20])));
	});
	test("a head without a chunked body on framing close", async (t) => {
		const upstream = await started(t);
		upstream.next("http-close-delimited");
		const answer = await ask(upstream);
		assert.equal(answer.headers["transfer-encoding"], undefined);
		assert.equal(answer.headers["content-length"], undefined);
		assert.equal(readAnswer(answer.bytes).text, TEXT);
	});
});

describe("the catalogue", () => {
	let upstream;
	before(async () => {
		upstream = await startUpstream();
	});
	after(() => upstream.close());

	for (const scenario of scenarios) {
		test(scenario.name, async () => {
			const { expect } = scenario;
			assert.ok(expect && scenario.about && scenario.section, "says what it is, whence, and what to expect");
			const body = hello({ model: `scenario/${scenario.name}`, ...scenario.name.includes("stream-unsupported") && { stream: false } });
			const pending = ask(upstream, { body, onChunk: expect.stalls && !expect.errorKind ? (request, answer) => {
				const { text, finish } = readAnswer(Buffer.concat(answer.chunks));
				if (text === expect.text && finish === expect.finish) request.destroy(new Error("gave up"));
			} : undefined });
			if (expect.stalls && expect.errorKind) {
				const record = await upstream.waitFor((one) => one.scenario === scenario.name);
				assert.deepEqual(record.writtenAt, []);
				record.release();
				assert.equal(readAnswer((await pending).bytes).text, TEXT);
				return;
			}
			const answer = await pending;
			const read = readAnswer(answer.bytes);
			if (expect.errorKind) {
				if (expect.errorKind === "network") return assert.ok(answer.error, "the connection broke");
				assert.equal(answer.error, null);
				assert.equal(answer.status, expect.httpStatus ?? 200);
				if (expect.providerMessage) assert.ok(answer.text.includes(JSON.stringify(expect.providerMessage).slice(1, -1)), answer.text);
				if (expect.errorKind === "protocol") assert.deepEqual([read.text, read.understood, read.error], ["", false, null]);
				else if (answer.status === 200) assert.ok(read.error);
				return;
			}
			assert.equal(answer.status, scenario.status ?? 200);
			if (expect.contains) expect.contains.forEach((part) => assert.ok(read.text.includes(part), part));
			else assert.equal(read.text, expect.text);
			assert.equal(read.reasoning, expect.reasoning ?? "");
			if (expect.usage !== undefined) assert.equal(read.usage, expect.usage);
			assert.ok([expect.finish].flat().includes(read.finish), read.finish);
		});
	}

	test("covers every field that a scenario can have", () => {
		const used = new Set(scenarios.flatMap((scenario) => Object.keys(scenario)));
		const forTests = ["base", "holdEvents", "delayMs", "jsonIndent", "promptTokens"];
		assert.deepEqual(Object.keys(FIELDS).filter((field) => !used.has(field) && !forTests.includes(field)), []);
	});

	test("the other dialects carry the same texts", async () => {
		const paths = { "/v1/completions": { prompt: "a" }, "/v1/fim/completions": { prompt: "a" }, "/infill": { input_prefix: "", input_suffix: "" } };
		for (const [path, more] of Object.entries(paths)) {
			for (const { name, expect } of scenarios.filter((one) => one.answer && one.expect.text !== undefined && !one.expect.reasoning && !one.expect.stalls && !one.splitBytes)) {
				const { bytes } = await ask(upstream, { path, body: { model: `scenario/${name}`, stream: true, ...more } });
				assert.equal(readAnswer(bytes).text, expect.text, `${path} ${name}`);
			}
		}
	});

	test("is the table in README.md", () => {
		const readme = readFileSync(join(HERE, "README.md"), "utf8");
		assert.ok(readme.includes(catalogueTable()), "paste the output of: node tests/upstream/main.mjs --list");
	});
});

describe("choosing", () => {
	test("by queue, header, model, script and default, in that order of arrival", async (t) => {
		const upstream = await started(t, { scenario: { answer: "default" } });
		const say = async (options) => readAnswer((await ask(upstream, options)).bytes).text;
		upstream.script((record) => (record.headers["x-mine"] ? { answer: "script" } : undefined));
		upstream.next({ answer: "first" }, { answer: "second" });
		assert.equal(await say({ headers: { "x-scenario": "{\"answer\":\"header\"}" } }), "header");
		assert.equal(await say({ body: hello({ model: "scenario/plain+one-byte" }) }), TEXT);
		assert.equal(await say(), "first");
		assert.equal(JSON.parse((await ask(upstream, { method: "GET", path: "/v1/models" })).text).object, "list");
		assert.equal(await say({ headers: { "x-mine": "1" } }), "second");
		assert.equal(await say({ headers: { "x-mine": "1" } }), "script");
		assert.equal(await say(), "default");
		assert.equal(upstream.queued, 0);
		assert.deepEqual(upstream.counted.map((record) => record.scenario), ["", "plain+one-byte", "", "", "", ""]);
	});

	test("names joined by + combine, base derives", async (t) => {
		assert.match(await streamed(t, "crlf+no-space+comments"), /^: keep-alive\r\n\r\ndata:\{[^]*\r\n\r\n$/);
		assert.match(await streamed(t, { base: "crlf", space: false }), /^data:\{[^]*\r\n\r\n$/);
	});

	test("mistakes are thrown where they are made", async (t) => {
		const upstream = await started(t);
		assert.throws(() => upstream.next("no-such"), /there is no scenario "no-such"/);
		assert.throws(() => upstream.next({ anwser: "typo" }), /field "anwser" is unknown/);
		assert.throws(() => upstream.next({ eol: "\n" }), /eol takes lf, crlf or cr/);
		await assert.rejects(startUpstream({ http2: true }), /needs tls/);
		await assert.rejects(startUpstream({ prot: 1 }), /no option "prot"/);
	});

	test("broken scenario code fails: 500, waiters and close()", async (t) => {
		const upstream = await startUpstream();
		t.after(() => upstream.close().catch(() => {}));
		const stderr = t.mock.method(process.stderr, "write", () => true);
		upstream.next({ answer: () => { throw new Error("my mistake"); } });
		const waiting = assert.rejects(upstream.waitForRequests(2), /the upstream broke: my mistake/);
		const answer = await ask(upstream);
		stderr.mock.restore();
		assert.equal(answer.status, 500);
		assert.match(answer.text, /my mistake/);
		await waiting;
		await assert.rejects(upstream.close(), /test upstream: my mistake/);
	});

	test("from a shell: /__control and /__requests", async (t) => {
		const upstream = await started(t);
		const control = (body) => ask(upstream, { path: "/__control", body });
		assert.deepEqual(JSON.parse((await control({ next: ["429-daily", { answer: "hi" }] })).text), { queued: 2, requests: 0, counted: 0 });
		const waiting = ask(upstream, { method: "GET", path: "/__requests?wait=2" });
		assert.equal((await ask(upstream, { headers: { authorization: "Bearer sk-secret" } })).status, 429);
		assert.equal(readAnswer((await ask(upstream)).bytes).text, "hi");
		const records = JSON.parse((await waiting).text);
		assert.deepEqual(records.map(({ path, scenario, body }) => [path, scenario, body.messages[0].content]), [[CHAT, "429-daily", "hello"], [CHAT, "", "hello"]]);
		assert.ok(!JSON.stringify(records).includes("sk-secret"));
		assert.equal((await control({ nxt: [] })).status, 400);
		assert.equal((await control({ next: "no-such" })).status, 400);
		assert.deepEqual(JSON.parse((await control({ reset: true })).text), { queued: 0, requests: 0, counted: 0 });
		assert.ok(JSON.parse((await ask(upstream, { method: "GET", path: "/__scenarios" })).text).length === scenarios.length);
	});

	test("held streams from a shell", async (t) => {
		const upstream = await started(t);
		await ask(upstream, { path: "/__control", body: { next: { holdEvents: true } } });
		const pending = ask(upstream);
		const [{ id }] = await upstream.waitForRequests(1);
		for (const order of [{ push: [id, "a"] }, { push: [id, "b"] }, { end: id }]) assert.equal((await ask(upstream, { path: "/__control", body: order })).status, 200);
		assert.equal(readAnswer((await pending).bytes).text, "ab");
	});
});

describe("records", () => {
	test("hold what came and when", async (t) => {
		const upstream = await started(t);
		const before = monotonicNs();
		await ask(upstream, { path: `${CHAT}?api-version=1`, headers: { authorization: "Bearer k", "x-odd": "1" }, body: hello({ stream: false }) });
		const record = await upstream.waitFor((one) => one.finished);
		const { method, path, query, route, counted, connectionId, status, aborted } = record;
		assert.deepEqual({ method, path, query, route, counted, connectionId, status, aborted }, { method: "POST", path: CHAT, query: "?api-version=1", route: "chat", counted: true, connectionId: 1, status: 200, aborted: false });
		assert.equal(record.headers["x-odd"], "1");
		assert.equal(record.headers.authorization, "Bearer k");
		assert.deepEqual(record.body, hello({ stream: false }));
		assert.equal(record.rawBody, JSON.stringify(record.body));
		assert.ok(before < record.at && record.at <= record.receivedAt && record.receivedAt <= record.writtenAt[0] && record.writtenAt[0] <= monotonicNs());
		assert.equal(upstream.requests[0], record);
	});

	test("have one time a write, and a write is an event", async (t) => {
		const upstream = await started(t);
		upstream.next({ answer: ["a", "b", "c"] });
		const { chunks } = await ask(upstream);
		const [record] = upstream.requests;
		assert.equal(record.writtenAt.length, 6);
		assert.deepEqual(record.writtenAt, [...record.writtenAt].sort((a, b) => a - b));
		assert.ok(chunks.length <= 6);
	});

	test("tell a client that went away", async (t) => {
		const upstream = await started(t);
		upstream.next({ holdEvents: true });
		const pending = ask(upstream, { onChunk: (request) => request.destroy() });
		const [record] = await upstream.waitForRequests(1);
		await record.push("a");
		await pending;
		await record.closed;
		assert.equal(record.aborted, true);
		assert.equal(record.finished, false);
		assert.equal(await upstream.waitFor((one) => one.aborted), record);
		assert.equal(await record.push("into the void"), undefined);
	});

	test("a client that goes before its body is complete", async (t) => {
		const upstream = await started(t);
		const request = http.request(upstream.url + CHAT, { method: "POST", headers: { "content-length": 100, expect: "100-continue" } });
		request.on("error", () => {});
		request.on("continue", () => request.destroy());
		request.flushHeaders();
		const record = await upstream.waitFor((one) => one.path === CHAT);
		assert.equal(record.aborted, true);
		assert.equal(record.receivedAt, undefined);
	});

	test("waiting ends with the server", async () => {
		const upstream = await startUpstream();
		const waiting = assert.rejects(upstream.waitForRequests(1), /the upstream was closed; got 0 requests/);
		await upstream.close();
		await waiting;
		await assert.rejects(upstream.waitFor(() => false), /is closed/);
	});
});

describe("holds, stalls and cuts", () => {
	test("a held stream sends what the test pushes, when it does", async (t) => {
		const upstream = await started(t);
		upstream.next({ holdEvents: true });
		const arrivals = new EventEmitter();
		let status;
		let text;
		const pending = ask(upstream, {
			onResponse(request, response) {
				status = response.statusCode;
				arrivals.emit("some");
			},
			onChunk(request, answer) {
				({ text } = readAnswer(Buffer.concat(answer.chunks)));
				arrivals.emit("some");
			},
		});
		const until = async (arrived) => {
			while (!arrived()) await once(arrivals, "some");
		};
		await until(() => status === 200);
		const [record] = await upstream.waitForRequests(1);
		assert.equal(record.writtenAt.length, 0);
		for (const [piece, soFar] of [["one", "one"], [" two", "one two"]]) {
			const at = await record.push(piece);
			assert.equal(at, record.writtenAt.at(-1));
			await until(() => text === soFar);
		}
		record.pushRaw("data: {\"choices\":[{\"index\":0,\"delta\":{\"con");
		record.pushRaw("tent\":\" three\"}}]}\n\n");
		await record.end("length");
		const read = readAnswer((await pending).bytes);
		assert.equal(read.text, "one two three");
		assert.equal(read.finish, "length");
		assert.ok(record.finished);
	});

	test("a held stream can be cut", async (t) => {
		const upstream = await started(t);
		upstream.next({ holdEvents: true });
		const pending = ask(upstream);
		const [record] = await upstream.waitForRequests(1);
		record.push("a");
		await record.cut();
		const answer = await pending;
		assert.ok(answer.error);
		assert.equal(readAnswer(answer.bytes).text, "a");
		await record.closed;
		assert.equal(record.aborted, false);
	});

	test("push without holdEvents says so", async (t) => {
		const upstream = await started(t);
		await ask(upstream);
		assert.throws(() => upstream.requests[0].push("x"), /no held stream/);
	});

	for (const [stall, before] of [["head", 0], ["firstByte", 0], [2, 2]]) {
		test(`stall ${stall} until release()`, async (t) => {
			const upstream = await started(t);
			upstream.next({ answer: TEXT, stall });
			const pending = ask(upstream);
			const [record] = await upstream.waitForRequests(1);
			/* It gets as far as it will before the loop has turned; nothing in it waits for anything else. */
			await new Promise((resolve) => setImmediate(resolve));
			assert.equal(record.writtenAt.length, before);
			assert.equal(record.status, stall === "head" ? undefined : 200);
			record.release();
			assert.equal(readAnswer((await pending).bytes).text, TEXT);
		});
	}

	test("a stall ends with the client", async (t) => {
		const upstream = await started(t);
		upstream.next("stall-head");
		const request = http.request(upstream.url + CHAT, { method: "POST", headers: { "content-type": "application/json" } });
		request.on("error", () => {});
		request.end(JSON.stringify(hello()));
		const [record] = await upstream.waitForRequests(1);
		request.destroy();
		await record.closed;
		assert.equal(record.aborted, true);
	});

	test("a cut keeps what was written before", async (t) => {
		const upstream = await started(t);
		upstream.next({ answer: new Array(500).fill("piece "), role: "never", cutAfter: 400 });
		const answer = await ask(upstream);
		assert.ok(answer.error);
		assert.equal(readAnswer(answer.bytes).text, "piece ".repeat(400));
	});

	test("a place that does not exist fails", async (t) => {
		const upstream = await startUpstream();
		t.after(() => upstream.close().catch(() => {}));
		t.mock.method(process.stderr, "write", () => true);
		upstream.next({ answer: ["a"], cutAfter: 99 });
		await ask(upstream);
		await assert.rejects(upstream.close(), /cutAfter 99: the stream has only 4 events/);
	});
});

describe("writes", () => {
	test("split into n bytes, and at offsets", async (t) => {
		const upstream = await started(t);
		upstream.next({ answer: "ab", splitBytes: 1 }, { answer: "ab", splitAt: [3, 10] });
		const one = await ask(upstream);
		assert.equal(upstream.requests[0].writtenAt.length, one.bytes.length);
		const at = await ask(upstream);
		assert.equal(upstream.requests[1].writtenAt.length, 3);
		assert.deepEqual(datas(at.text).map((chunk) => chunk.choices), datas(one.text).map((chunk) => chunk.choices));
	});

	test("reach the client one at a time", async (t) => {
		const upstream = await started(t);
		upstream.next("one-byte");
		const { chunks, bytes } = await ask(upstream);
		/* The kernel may merge neighbours, not all of them. */
		assert.ok(chunks.length > bytes.length / 4, `${chunks.length} reads for ${bytes.length} bytes`);
	});

	for (const writeBytes of [65536, 0]) {
		test(`flood with writeBytes ${writeBytes}`, async (t) => {
			const upstream = await started(t);
			upstream.next({ flood: { events: 30000, text: "tok ", writeBytes } });
			const read = readAnswer((await ask(upstream, { body: hello({ stream_options: { include_usage: true } }) })).bytes);
			assert.equal(read.text, "tok ".repeat(30000));
			assert.equal(read.finish, "stop");
			assert.equal(read.usage, true);
		});
	}

	test("flood waits for a slow reader", async (t) => {
		const upstream = await started(t);
		upstream.next({ flood: { events: 100000, text: "tok " } });
		let pause;
		const paused = new Promise((resolve) => {
			pause = resolve;
		});
		const pending = ask(upstream, { onResponse: (request, response) => {
			/* Behind ask(), whose listener starts the flow. */
			queueMicrotask(() => {
				response.pause();
				pause(response);
			});
		} });
		const response = await paused;
		const record = await upstream.waitFor((one) => one.writtenAt.length > 0);
		for (let turns = 0; turns < 100; turns++) await new Promise((resolve) => setImmediate(resolve));
		assert.equal(record.finished, false);
		response.resume();
		assert.equal(readAnswer((await pending).bytes).text.length, 400000);
	});
});

describe("connections", () => {
	test("are kept alive and numbered", async (t) => {
		const upstream = await started(t);
		const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
		t.after(() => agent.destroy());
		for (let count = 0; count < 3; count++) await ask(upstream, { agent });
		assert.deepEqual(upstream.requests.map((record) => record.connectionId), [1, 1, 1]);
		await ask(upstream);
		assert.equal(upstream.requests[3].connectionId, 2);
		assert.equal(upstream.connections, 2);
	});

	test("are not kept with keepAlive false", async (t) => {
		const upstream = await started(t, { keepAlive: false });
		const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
		t.after(() => agent.destroy());
		assert.equal((await ask(upstream, { agent })).headers.connection, "close");
		await ask(upstream, { agent });
		assert.equal(upstream.connections, 2);
	});

	test("are dropped without a word", async (t) => {
		const upstream = await started(t);
		const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
		t.after(() => agent.destroy());
		upstream.next("http-close-silent");
		const closed = new Promise((resolve) => {
			agent.on("free", (socket) => socket.on("close", resolve));
		});
		const answer = await ask(upstream, { agent });
		assert.equal(answer.headers.connection, "keep-alive");
		await closed;
		assert.equal(upstream.requests[0].aborted, false);
	});

	test("TLS with an own CA", async (t) => {
		const upstream = await started(t, { tls: true });
		assert.match(upstream.url, /^https:\/\/127\.0\.0\.1:\d+$/);
		const refused = await ask(upstream);
		assert.equal(refused.error.code, "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
		const agent = new https.Agent({ ca: readFileSync(upstream.caFile) });
		const answer = await ask(upstream, { agent });
		assert.equal(answer.error, null);
		assert.equal(answer.status, 200);
		assert.equal(upstream.requests.length, 1);
		assert.equal(typeof upstream.requests[0].connectionId, "number");
	});

	test("TLS for another name is refused by who looks", async (t) => {
		const upstream = await started(t, { tls: { names: ["elsewhere.example"], ips: [] } });
		const answer = await ask(upstream, { agent: new https.Agent({ ca: readFileSync(upstream.caFile) }) });
		assert.equal(answer.error.code, "ERR_TLS_CERT_ALTNAME_INVALID");
	});

	test("HTTP/2 by ALPN, HTTP/1.1 for who cannot", async (t) => {
		const upstream = await started(t, { tls: true, http2: true });
		const ca = readFileSync(upstream.caFile);
		const session = http2.connect(upstream.url, { ca });
		t.after(() => session.destroy());
		const request = (scenario) => new Promise((resolve) => {
			const stream = session.request({ ":method": "POST", ":path": CHAT, "content-type": "application/json", "x-scenario": scenario });
			const chunks = [];
			let error = null;
			stream.on("data", (chunk) => chunks.push(chunk));
			stream.on("error", (broke) => {
				error = broke;
			});
			stream.on("close", () => resolve({ bytes: Buffer.concat(chunks), error }));
			stream.end(JSON.stringify(hello()));
		});
		const answers = await Promise.all(["plain", "one-byte", "cut-after-text", "429-daily", "flood"].map(request));
		assert.equal(readAnswer(answers[0].bytes).text, TEXT);
		assert.equal(readAnswer(answers[1].bytes).text, TEXT);
		assert.equal(readAnswer(answers[2].bytes).text, "Hello, ");
		assert.ok(answers[2].error);
		assert.equal(JSON.parse(answers[3].bytes).error.code, "429 TOO_MANY_REQUESTS");
		assert.equal(readAnswer(answers[4].bytes).text.length, 100000);
		assert.deepEqual(upstream.requests.map(({ httpVersion, connectionId }) => [httpVersion, connectionId]), new Array(5).fill(["2.0", 1]));
		const old = await ask(upstream, { agent: new https.Agent({ ca }) });
		assert.equal(old.status, 200);
		assert.deepEqual([upstream.requests[5].httpVersion, upstream.requests[5].connectionId, upstream.connections], ["1.1", 2, 2]);
	});

	test("an HTTP/2 client that goes away", async (t) => {
		const upstream = await started(t, { tls: true, http2: true });
		upstream.next({ holdEvents: true });
		const session = http2.connect(upstream.url, { ca: readFileSync(upstream.caFile) });
		t.after(() => session.destroy());
		const stream = session.request({ ":method": "POST", ":path": CHAT, "content-type": "application/json" });
		stream.on("error", () => {});
		stream.end(JSON.stringify(hello()));
		const [record] = await upstream.waitForRequests(1);
		await record.push("a");
		stream.close(http2.constants.NGHTTP2_CANCEL);
		await record.closed;
		assert.equal(record.aborted, true);
	});

	test("Expect: 100-continue", async (t) => {
		const upstream = await started(t);
		const status = await new Promise((resolve, reject) => {
			const request = http.request(upstream.url + CHAT, { method: "POST", headers: { "content-type": "application/json", expect: "100-continue" } }, (response) => {
				response.resume();
				resolve(response.statusCode);
			});
			request.on("continue", () => request.end(JSON.stringify(hello())));
			request.on("error", reject);
			request.flushHeaders();
		});
		assert.equal(status, 200);
	});
});

describe("models", () => {
	const record = (body, route = "chat") => ({ body, route });

	test("pieces joined are the text", () => {
		const text = `${TEXT}${THOUGHT}\u0301\ud83d  \t\r\n x`;
		for (const granularity of [undefined, "token", "char", "word", "line", "whole", 1, 7]) {
			assert.equal(splitPieces(text, granularity).join(""), text, String(granularity));
		}
		assert.deepEqual(splitPieces("int main(void)\n{\n\treturn 0;\n}\n"), ["int", " main", "(", "void", ")", "\n", "{", "\n\t", "return", " 0", ";", "\n", "}", "\n"]);
		assert.throws(() => splitPieces("x", "page"), /granularity/);
	});

	test("echo says what it is and what it got", () => {
		const text = echoModel()(record({ model: "gpt-x", messages: [{ role: "system", content: "be brief" }, { role: "user", content: "What is this?\nMore." }] }));
		assert.match(text, /`gpt-x`/);
		assert.match(text, /loopback test upstream/);
		assert.match(text, /without weights/);
		assert.match(text, /2 messages, 27 characters/);
		assert.match(text, /begins: `What is this\?`/);
		const comment = "/* 3 characters before the cursor; eke's test upstream has no model to go on with */";
		assert.equal(echoModel()(record({ prompt: "abc" }, "completions")), comment);
		assert.equal(echoModel()(emulation("abc", "")), `<completion>${comment}</completion>`);
	});

	const FILE = "#include <stdio.h>\n\nint main(void)\n{\n\tint a = 1;\n\tint b = 2;\n\tprintf(\"%d\\n\", a + b);\n\treturn 0;\n}\n";
	const cut = FILE.indexOf("b = 2");
	const emulation = (prefix, suffix, { mark = "", task = "at most 24 lines" } = {}) => record({ model: "m", messages: [
		{ role: "system", content: "Example:\n<document>\nx<CURSOR/>y\n</document>\n" },
		{ role: "user", content: `File: a.c\nIndentation: tabs\n\n<document${mark}>\n${prefix}<CURSOR${mark}/>${suffix}\n</document${mark}>\n\nAnswer with what belongs at the mark, ${task}, as <completion${mark}>…</completion${mark}>.` },
	] });

	test("knows goes on where the prefix ends", () => {
		const model = knowsModel(FILE, { maxLines: 2 });
		const expected = "b = 2;\n\tprintf(\"%d\\n\", a + b);";
		assert.equal(model(record({ prompt: FILE.slice(0, cut), suffix: "" }, "completions")), expected);
		assert.equal(model(record({ input_prefix: FILE.slice(0, cut), input_suffix: "", prompt: "" }, "infill")), expected);
		assert.equal(model(record({ prompt: "<|fim_prefix|>something else\n\tint a = 1;\n\tint <|fim_suffix|>\n<|fim_middle|>" }, "completions")), expected);
		assert.equal(model(record({ prompt: "nothing of it" }, "completions")), "");
		assert.match(model(record({ model: "m", messages: [{ role: "user", content: "hi" }] })), /test upstream/);
	});

	test("knows answers the chat emulation, in each form that models do", () => {
		const prefix = FILE.slice(0, cut);
		const suffix = FILE.slice(FILE.indexOf("\n\tprintf"));
		const say = (form, ask) => knowsModel(FILE, { form })(ask);
		assert.equal(say("tagged", emulation(prefix, suffix)), "<completion>b = 2;</completion>");
		assert.equal(say("tagged", emulation(prefix, suffix, { mark: "2" })), "<completion2>b = 2;</completion2>");
		assert.equal(say("bare", emulation(prefix, "", { task: "at most 3 lines" })), FILE.slice(cut, FILE.indexOf("\n}")));
		assert.equal(say("bare", emulation(prefix, "\n", { task: "at most 1 line" })), "b = 2;");
		assert.equal(say("fenced", emulation(prefix, suffix)), "```\nb = 2;\n```\n");
		assert.equal(say("echoing", emulation(prefix, suffix)), "\tint b = 2;\n\tprintf(\"%d\\n\", a + b);");
		assert.equal(say("bare", emulation(FILE.slice(0, FILE.indexOf("\n\tprintf")), suffix)), "");
		assert.throws(() => knowsModel(FILE, { form: "sung" }), /tagged, bare, fenced, echoing/);
	});

	test("what is asked in the emulation is found as prompt.h says", () => {
		assert.deepEqual(extractHole(emulation("a\n", "\nb", { mark: "7", task: "at most 5 lines" }).body), { prefix: "a\n", suffix: "\nb", mark: "7", lines: 5 });
		assert.equal(extractHole(record({ messages: [{ role: "user", content: "<document>\nx<CURSOR/>\n</document>\n\nAnswer with the rest of this line only, as …" }] }).body).lines, 1);
		assert.equal(extractHole({ messages: [{ role: "user", content: "hello" }] }), null);
	});

	test("knows takes an own extractHole, many texts, a file", async (t) => {
		const dir = await mkdtemp(join(tmpdir(), "eke-upstream-test-"));
		t.after(() => rm(dir, { recursive: true }));
		await writeFile(join(dir, "known.c"), FILE);
		const own = { extractHole: (body) => ({ prefix: body.messages[0].content, suffix: "" }), maxLines: 1 };
		assert.equal(knowsModel(["other text, other text", FILE], own)(record({ messages: [{ content: "int main(" }] })), "void)");
		assert.equal(knowsModel({ file: join(dir, "known.c") }, own)(record({ messages: [{ content: "int main(" }] })), "void)");
		assert.throws(() => knowsModel({ file: join(dir, "none.c") }), /ENOENT/);
	});
});

describe("main.mjs", () => {
	test("serves, logs, and stops on SIGTERM", async () => {
		const child = spawn(process.execPath, [join(HERE, "main.mjs"), "--scenario", "crlf", "--delay-ms", "1"], { stdio: ["ignore", "pipe", "pipe"] });
		const lines = createInterface({ input: child.stdout });
		const url = (await lines[Symbol.asyncIterator]().next()).value;
		assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
		const { text } = await ask({ url });
		assert.ok(text.endsWith("data: [DONE]\r\n\r\n"));
		const logged = await createInterface({ input: child.stderr })[Symbol.asyncIterator]().next();
		assert.match(logged.value, /^1 POST \/v1\/chat\/completions m stream \[crlf\] -> 200, \d+ writes, [\d.]+ ms, done$/);
		child.kill("SIGTERM");
		const code = await new Promise((resolve) => child.on("close", resolve));
		assert.equal(code, 0);
	});

	test("lists, helps and refuses", async () => {
		const run = promisify(execFile);
		const main = join(HERE, "main.mjs");
		assert.equal((await run(process.execPath, [main, "--list"])).stdout, catalogueTable());
		assert.match((await run(process.execPath, [main, "--help"])).stdout, /x-scenario/);
		await assert.rejects(run(process.execPath, [main, "--port", "x"]), /a number from 0 to 65535/);
		await assert.rejects(run(process.execPath, [main, "--scenario", "none"]), /there is no scenario/);
	});
});
