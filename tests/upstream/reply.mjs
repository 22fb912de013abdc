// One answer: a scenario and a request in, the calls on the wire out, in order.

import * as zlib from "node:zlib";
import { Composer } from "./compose.mjs";
import { countTokens, splitPieces } from "./pieces.mjs";
import { SseEncoder } from "./sse.mjs";
import { ClientGone } from "./wire.mjs";

const COMPRESS = { gzip: zlib.gzipSync, deflate: zlib.deflateSync, br: zlib.brotliCompressSync };
const CORS = { "access-control-allow-origin": "*" };
const FLOOD_WRITE_BYTES = 64 * 1024;

/**
 * Answers a request to a completion route.
 * @param {object} scenario resolved (scenario.mjs)
 * @param {import("./record.mjs").UpstreamRecord} record
 * @param {import("./wire.mjs").Wire} wire
 * @param {{dialect: object, answer: Function, keepAlive: boolean}} context
 */
export async function reply(scenario, record, wire, context) {
	if (scenario.stall === "head") await wire.wait(record.released);
	if (scenario.cutBeforeHead) return wire.cut(scenario);
	if (scenario.body !== undefined) return replyBody(scenario, record, wire, context, scenario.body);

	const { body } = record;
	const ctx = {
		id: `chatcmpl-eke${record.id}`,
		model: body.model ?? "eke-test",
		choices: Number.isInteger(body.n) && body.n > 0 ? Math.min(body.n, 16) : 1,
		promptTokens: scenario.promptTokens ?? countTokens(promptText(body)),
		usageAsked: body.stream_options?.include_usage === true,
	};
	const makesUp = scenario.answer === undefined && (scenario.holdEvents || scenario.events || scenario.flood);
	const { choices, reason } = makesUp ? { choices: [[]], reason: "stop" } : await answerOf(scenario, record, context, ctx);
	if (!(record.streams || scenario.stream) || scenario.whole) {
		const answers = choices.map((pieces) => wholeAnswer(scenario, pieces, reason));
		const completion = choices.reduce((sum, pieces) => sum + pieces.length, 0);
		const usage = scenario.usage === "none" ? null : { prompt_tokens: ctx.promptTokens, completion_tokens: completion, total_tokens: ctx.promptTokens + completion };
		return replyBody(scenario, record, wire, context, context.dialect.whole(ctx, answers, usage));
	}
	return replyStream(scenario, record, wire, context, { ctx, choices, reason });
}

function promptText(body) {
	const messages = Array.isArray(body.messages) ? body.messages : [];
	const contents = messages.map(({ content }) => (typeof content === "string" ? content : JSON.stringify(content)));
	return [...contents, body.prompt, body.suffix, body.input_prefix, body.input_suffix].filter((text) => typeof text === "string").join("");
}

/** The text in pieces, per choice. A scenario's own text is not cut by the request's stop and max_tokens; the model's is. */
async function answerOf(scenario, record, context, ctx) {
	const own = scenario.answer !== undefined;
	const answer = own ? scenario.answer : context.answer;
	const choices = [];
	let reason = "stop";
	for (let index = 0; index < ctx.choices; index++) {
		const said = typeof answer === "function" ? await answer(record, index) : answer;
		if (typeof said !== "string" && !Array.isArray(said)) throw new TypeError(`answer(): a string or strings, not ${JSON.stringify(said)}`);
		const thinks = scenario.reasoning === "think" ? splitThink(scenario.reasoningText) : [];
		let pieces = [...thinks, ...splitPieces(said, scenario.granularity)];
		if (!own) {
			const limited = limit(pieces, record.body);
			pieces = limited.pieces;
			if (limited.cut) reason = "length";
		}
		choices.push(pieces);
	}
	return { choices, reason };
}

function splitThink(reasoning) {
	return ["<th", "ink>", ...splitPieces(reasoning), "</thi", "nk>"];
}

function limit(pieces, body) {
	const stops = [body.stop ?? []].flat();
	const text = pieces.join("");
	const ends = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
	if (ends.length > 0) {
		let left = Math.min(...ends);
		const kept = [];
		for (const piece of pieces) {
			if (left <= 0) break;
			kept.push(piece.slice(0, left));
			left -= piece.length;
		}
		pieces = kept;
	}
	const max = body.max_completion_tokens ?? body.max_tokens ?? body.n_predict ?? Infinity;
	return max >= 0 && pieces.length > max ? { pieces: pieces.slice(0, max), cut: true } : { pieces, cut: false };
}

function wholeAnswer(scenario, pieces, reason) {
	const finish = scenario.finish === undefined ? reason : scenario.finish;
	const answer = { text: pieces.join(""), finish: finish === "absent" ? null : finish };
	if (scenario.reasoning && scenario.reasoning !== "think")
		Object.assign(answer, { reasoning: [scenario.reasoningText].flat().join(""), reasoningField: scenario.reasoning });
	return answer;
}

function headersOf(scenario, record, context, defaults) {
	const own = typeof scenario.headers === "function" ? scenario.headers(record) : scenario.headers;
	const headers = { "x-request-id": `req-eke${record.id}`, ...CORS, ...defaults };
	if (!context.keepAlive || scenario.keepOpen === "announce" || scenario.framing === "close") headers.connection = "close";
	if (scenario.encoding) headers["content-encoding"] = scenario.encoding;
	return { ...headers, ...own };
}

async function finish(scenario, record, wire) {
	wire.end();
	if (scenario.keepOpen !== "drop") return;
	await record.closed;
	wire.request.socket.destroy();
}

/** A body that is no stream: JSON, HTML, plain text, nothing. */
export async function replyBody(scenario, record, wire, context, body) {
	const isJson = typeof body === "object" && body !== null && !Buffer.isBuffer(body);
	const content = isJson ? JSON.stringify(body) : body ?? "";
	const plain = Buffer.concat([Buffer.from("\n".repeat(scenario.leadingEmptyLines)), Buffer.from(content)]);
	const bytes = scenario.encoding ? COMPRESS[scenario.encoding](plain) : plain;
	const defaults = isJson ? { "content-type": "application/json" } : {};
	if (scenario.framing !== "close") defaults["content-length"] = bytes.length;
	prepareFraming(scenario, wire);
	wire.head(scenario.status, headersOf(scenario, record, context, defaults));
	if (scenario.stall !== undefined && scenario.stall !== "head") {
		wire.flushHead();
		await wire.wait(record.released);
	}
	if (scenario.cutInside) {
		await wire.writeFlushed(bytes.subarray(0, Math.floor(bytes.length / 2)));
		return wire.cut(scenario);
	}
	if (scenario.splitBytes || scenario.splitAt) await wire.writeSplit(bytes, scenario);
	else if (bytes.length > 0) await wire.write(bytes);
	return finish(scenario, record, wire);
}

/** Without a length and without chunks, Node ends the body with the connection. */
function prepareFraming(scenario, wire) {
	if (scenario.framing === "close" && !wire.isHttp2) wire.response.removeHeader("transfer-encoding");
}

async function replyStream(scenario, record, wire, context, { ctx, choices, reason }) {
	const composer = new Composer(context.dialect, scenario, ctx);
	const encoder = new SseEncoder(scenario);
	const flood = scenario.flood === undefined ? null : floodBuffers(scenario.flood, composer, encoder);
	const defaults = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };
	if (scenario.framing !== "close") defaults["transfer-encoding"] = "chunked";
	prepareFraming(scenario, wire);
	wire.head(scenario.status, headersOf(scenario, record, context, defaults));
	wire.flushHead();
	if (scenario.holdEvents) return holdStream(scenario, record, wire, composer, encoder);
	if (scenario.stall === "firstByte") await wire.wait(record.released);
	if (flood) {
		await wire.flood(flood);
		return finish(scenario, record, wire);
	}
	const events = encoder.encodeAll(composer.all(choices, reason));
	for (const step of steps(scenario, scenario.encoding ? [COMPRESS[scenario.encoding](Buffer.concat(events))] : events)) {
		if (step.cut) return wire.cut(scenario);
		if (step.stall) await wire.wait(record.released);
		else if (step.split) await wire.writeSplit(step.bytes, scenario);
		else await wire.write(step.bytes);
		if (step.bytes && scenario.delayMs > 0) await wire.pause(scenario.delayMs);
	}
	return finish(scenario, record, wire);
}

/** What happens in which order: writes, one stall, one cut. Split streams are cut without regard to where events end. */
function steps(scenario, events) {
	const { stall, cutAfter } = scenario;
	for (const [field, at] of [["stall", stall], ["cutAfter", cutAfter]]) {
		if (typeof at === "number" && at > events.length) throw new Error(`${field} ${at}: the stream has only ${events.length} events`);
	}
	const out = [];
	events.push(Buffer.alloc(0));
	for (const [at, bytes] of events.entries()) {
		if (at === stall) out.push({ stall: true });
		if (at === cutAfter) {
			if (scenario.cutInside) out.push({ bytes: bytes.subarray(0, Math.floor(bytes.length / 2)) });
			out.push({ cut: true });
			break;
		}
		if (bytes.length > 0) out.push({ bytes });
	}
	if (!scenario.splitBytes && !scenario.splitAt) return out;
	const merged = [];
	for (const step of out) {
		if (step.bytes && merged.at(-1)?.split) merged.at(-1).bytes = Buffer.concat([merged.at(-1).bytes, step.bytes]);
		else merged.push(step.bytes ? { split: true, bytes: step.bytes } : step);
	}
	return merged;
}

function floodBuffers(flood, composer, encoder) {
	const { events = flood, text = "word ", writeBytes = FLOOD_WRITE_BYTES } = typeof flood === "number" ? {} : flood;
	const spell = (list) => list.map((event) => encoder.encode(event)).join("");
	const head = Buffer.from(encoder.prologue() + spell(composer.begin()));
	const first = Buffer.from(spell(composer.text(text)));
	const one = Buffer.from(spell(composer.text(text)));
	composer.pieces = events;
	const tail = Buffer.from(spell(composer.finish("stop")));
	if (writeBytes === 0) return [head, first, ...new Array(Math.max(events - 1, 0)).fill(one), tail].filter((bytes) => bytes.length > 0);
	const all = Buffer.concat([head, first, Buffer.alloc(one.length * Math.max(events - 1, 0), one), tail]);
	const out = [];
	for (let from = 0; from < all.length; from += writeBytes) out.push(all.subarray(from, from + writeBytes));
	return out;
}

/** The test says what comes when. Calls are carried out in the order they were made; each resolves when its bytes are written. */
async function holdStream(scenario, record, wire, composer, encoder) {
	let tail = scenario.stall === undefined ? Promise.resolve() : wire.wait(record.released);
	let began = false;
	let over;
	const ended = new Promise((resolve) => {
		over = resolve;
	});
	const put = async (bytes) => {
		if (bytes.length === 0) return undefined;
		if (scenario.splitBytes || scenario.splitAt) await wire.writeSplit(bytes, scenario);
		else await wire.write(bytes);
		return record.writtenAt.at(-1);
	};
	const putEvents = async (events) => {
		if (!began) {
			began = true;
			await put(Buffer.from(encoder.prologue()));
		}
		let at;
		for (const event of events) at = await put(Buffer.from(encoder.encode(event)));
		return at;
	};
	const queue = (work) => {
		/* To a client that is gone, nothing is written and nothing is wrong: a test asks record.aborted. */
		tail = tail.then(work).catch((error) => {
			if (!(error instanceof ClientGone)) over(Promise.reject(error));
		});
		return tail;
	};
	record.attach({
		push: (text, index) => queue(() => putEvents(composer.text(text, index))),
		pushRaw: (bytes) => queue(() => put(Buffer.from(bytes))),
		end: (reason) => queue(async () => {
			await putEvents(composer.finish(reason));
			await finish(scenario, record, wire);
			over();
		}),
		cut: () => queue(async () => {
			await wire.cut(scenario);
			over();
		}),
	});
	await wire.wait(ended);
}
