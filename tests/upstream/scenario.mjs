// What a scenario may say. A scenario is data: how one request is answered. Every field is optional; the empty scenario is a
// well-behaved OpenAI endpoint. An unknown field or value is an error of the test, and is thrown.

import { SEEN_COMMENTS } from "./sse.mjs";

const isCount = (value) => Number.isInteger(value) && value >= 0;
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const oneOf = (...values) => (value) => values.includes(value);
const isFlag = (value) => typeof value === "boolean";
const isText = (value) => typeof value === "string";
const orNull = (check) => (value) => value === null || check(value);

/** field: [what it takes, what it does, check] */
export const FIELDS = {
	name: ["string", "what the catalogue and the records call it", isText],
	section: ["string", "where the behaviour is known from", isText],
	about: ["string", "one line for a person", isText],
	expect: ["object", "what a good client makes of it (README.md)", isObject],
	base: ["name", "another scenario to start from", isText],
	choose: ["(record) => scenario", "decided when the request is known", (value) => typeof value === "function"],

	status: ["number", "HTTP status", (value) => isCount(value) && value >= 200 && value <= 599],
	headers: ["object or (record) => object", "more headers, or others", (value) => isObject(value) || typeof value === "function"],
	body: ["string, Buffer, object or null", "this instead of an answer; an object becomes JSON, null is an empty body",
		(value) => value === null || isText(value) || typeof value === "object"],
	whole: ["true", "one JSON object although a stream was asked for", isFlag],
	stream: ["true", "a stream although an object was asked for", isFlag],
	leadingEmptyLines: ["n", "empty lines before the first byte of a body or stream", isCount],
	keepOpen: ["\"announce\" or \"drop\"", "say Connection: close, or close without saying it, after the answer", oneOf("announce", "drop")],
	encoding: ["gzip, deflate or br", "the body compressed although nobody asked, and named in Content-Encoding", oneOf("gzip", "deflate", "br")],
	framing: ["\"close\"", "HTTP/1.1: the end of the connection ends the body, no chunks", oneOf("close")],

	answer: ["string, string[] or (record, index) => either", "the text", (value) => isText(value) || Array.isArray(value) || typeof value === "function"],
	granularity: ["token, char, word, line, whole or n", "how the text is cut into deltas", (value) => oneOf("token", "char", "word", "line", "whole")(value) || (isCount(value) && value > 0)],
	events: ["array of {json}, {data}, {line}, {raw} or {bytes}", "the events themselves instead of composed ones", Array.isArray],
	holdEvents: ["true", "the test pushes: record.push(text), record.end()", isFlag],
	flood: ["n or {events, text, writeBytes}", "n prepared events in large writes (writeBytes 0: one write each)", (value) => isCount(value) || isObject(value)],
	delayMs: ["n", "between events, for a person to look at", isCount],

	role: ["first, every or never", "where the role comes", oneOf("first", "every", "never")],
	contentNull: ["true", "content null beside the role, amid the text, and at the end", isFlag],
	emptyChoices: ["true or list of azure, first, middle, last", "chunks with \"choices\": []", (value) => value === true || (Array.isArray(value) && value.every(oneOf("azure", "first", "middle", "last")))],
	deltaExtra: ["object", "more keys in each delta", isObject],
	reasoning: ["reasoning_content, reasoning or think", "thinking before the text; think: inline, the tags cut over chunks", oneOf("reasoning_content", "reasoning", "think")],
	reasoningText: ["string or string[]", "what it thinks", (value) => isText(value) || Array.isArray(value)],
	finish: ["string, null or \"absent\"", "finish reason; null: it never comes; absent: the key never comes", orNull(isText)],
	pendingFinish: ["null or \"\"", "finish reason before the end", oneOf(null, "")],
	finishWithText: ["true", "the last text and the finish reason in one chunk", isFlag],
	usage: ["none, chunk, everyChunk or zeros", "default: a chunk if stream_options.include_usage", oneOf("none", "chunk", "everyChunk", "zeros")],
	promptTokens: ["n", "what usage says of the prompt, instead of a guess", isCount],
	pseudoError200: ["true", "the \"200 OK\" error that is none, before the end", isFlag],
	done: ["string, {raw} or null", "instead of [DONE]", (value) => value === null || isText(value) || isObject(value)],
	errorInStream: ["n", "an error after n pieces of text (0: first thing); nothing follows but `done`, if given", isCount],
	errorPayload: ["object", "the error's JSON", isObject],
	errorField: ["true", "the error as a field named error", isFlag],
	errorEvent: ["string", "the error's event type", isText],

	eol: ["lf, crlf or cr", "line ends of the stream", oneOf("lf", "crlf", "cr")],
	bom: ["true", "a byte order mark first", isFlag],
	space: ["false", "no blank after the colon", isFlag],
	comments: ["true or string[]", "comments between events", (value) => isFlag(value) || Array.isArray(value)],
	extraFields: ["true", "id, retry, unknown fields, fields without colon, events without data", isFlag],
	eventType: ["string", "an event: line with each event", isText],
	multiLineData: ["true", "the JSON over several data: lines", isFlag],
	jsonIndent: ["string", "blanks inside the JSON", isText],
	arrayPayload: ["true", "several chunks in one JSON array", isFlag],
	noBlankLineAtEof: ["true, \"line\" or \"data\"", "the stream ends without the blank line, or also without the line end", oneOf(true, "line", "data")],

	splitBytes: ["n", "the stream in writes of n bytes", (value) => isCount(value) && value > 0],
	splitAt: ["array of offsets", "the stream cut there", (value) => Array.isArray(value) && value.every(isCount)],
	stall: ["\"head\", \"firstByte\" or n", "nothing more before the head, the first byte, after n events, until record.release()", (value) => oneOf("head", "firstByte")(value) || isCount(value)],
	cutBeforeHead: ["true", "the connection is closed instead of answered", isFlag],
	cutAfter: ["n", "the connection is closed after n events", isCount],
	cutInside: ["true", "… and half of the next event or body", isFlag],
	reset: ["true", "closed with a reset (RST), not an end (FIN)", isFlag],
};

/** The catalogue, filled by scenarios.mjs. */
const known = new Map();

/** Adds to the catalogue. Throws for a bad scenario or a name that is taken. */
export function defineScenario(scenario) {
	check(scenario);
	if (!scenario.name || known.has(scenario.name)) throw new Error(`scenario name ${JSON.stringify(scenario.name)} is missing or taken`);
	if (!/^[\w.-]+$/.test(scenario.name)) throw new Error(`scenario name ${JSON.stringify(scenario.name)}: letters, digits, "-", "." and "_" only`);
	known.set(scenario.name, Object.freeze(scenario));
	return scenario;
}

export function knownScenarios() {
	return Array.from(known.values());
}

function check(scenario) {
	if (!isObject(scenario)) throw new TypeError(`a scenario is an object or a name, not ${JSON.stringify(scenario)}`);
	for (const [field, value] of Object.entries(scenario)) {
		if (!Object.hasOwn(FIELDS, field)) throw new Error(`scenario field ${JSON.stringify(field)} is unknown`);
		const [takes, , good] = FIELDS[field];
		if (!good(value)) throw new Error(`scenario field ${field} takes ${takes}, not ${JSON.stringify(value)}`);
	}
}

/**
 * A scenario from what a test, a header or a model name says: an object, a name, or names joined by "+", later ones winning.
 * Throws if it does not exist.
 */
export function findScenario(what) {
	if (typeof what !== "string") {
		check(what);
		return what.base === undefined ? what : { ...findScenario(what.base), ...what, base: undefined };
	}
	const parts = what.split("+").map((name) => {
		if (!known.has(name)) throw new Error(`there is no scenario ${JSON.stringify(name)}; see node tests/upstream/main.mjs --list`);
		return known.get(name);
	});
	if (parts.length === 1) return parts[0];
	return Object.assign({}, ...parts, { name: what, expect: parts[0].expect });
}

/** With the defaults filled in, and `choose` decided. */
export function resolveScenario(what, record) {
	let scenario = findScenario(what);
	if (scenario.choose) {
		const chosen = scenario.choose(record);
		scenario = { ...scenario, choose: undefined, ...typeof chosen === "string" ? findScenario(chosen) : chosen, name: scenario.name };
	}
	const given = Object.fromEntries(Object.entries(scenario).filter(([, value]) => value !== undefined));
	check(given);
	if (given.encoding && (given.holdEvents || given.flood)) throw new Error("encoding: only of an answer that is known in advance");
	if (given.holdEvents && given.stall === "head") throw new Error("holdEvents with stall \"head\": hold with stall \"firstByte\" instead");
	return {
		name: "", status: 200, headers: {}, leadingEmptyLines: 0, role: "first", contentNull: false, reasoningText: "Let me think about it.",
		pendingFinish: null, eol: "lf", space: true, delayMs: 0,
		...given,
		emptyChoices: given.emptyChoices === true ? ["first", "middle", "last"] : given.emptyChoices ?? [],
		comments: given.comments === true ? SEEN_COMMENTS : given.comments || [],
	};
}
