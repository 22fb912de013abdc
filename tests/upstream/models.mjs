// Small "models" for this server: deterministic, without weights, and honest about it.

import { readFileSync } from "node:fs";

/** First line, shortened. */
function firstLine(text, most = 72) {
	const line = text.trimStart().split("\n", 1)[0].trimEnd();
	return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

function textOf(content) {
	if (typeof content === "string") return content;
	if (!Array.isArray(content)) return "";
	return content.map((part) => part.text ?? "").join("");
}

const plural = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

/**
 * Says what it received. The default answer.
 * @returns {(record: import("./record.mjs").UpstreamRecord) => string}
 */
export function echoModel() {
	return (record) => {
		const { body, route } = record;
		const hole = extractHole(body, route);
		if (hole) {
			const text = `/* ${plural(hole.prefix.length, "character")} before the cursor; eke's test upstream has no model to go on with */`;
			return hole.mark === undefined ? text : FORMS.tagged(text, hole);
		}
		const texts = body.messages.map((message) => textOf(message.content));
		const last = textOf(body.messages.findLast((message) => message.role === "user")?.content);
		const size = texts.reduce((sum, text) => sum + text.length, 0);
		const name = body.model ? `\`${body.model}\`` : "no model in particular";
		return `You asked for ${name}. What answers is **eke's loopback test upstream**: a small server without weights, which only says what it received.\n\n`
			+ `- ${plural(body.messages.length, "message")}, ${plural(size, "character")} in all\n`
			+ `- the last one from you begins: \`${firstLine(last).replaceAll("`", "'") || "(nothing)"}\`\n\n`
			+ `Set \`OPENAI_API_KEY\` to hear from a real one.\n`;
	};
}

/** The document in the prompt of the chat emulation, as include/eke/complete/prompt.h writes it: mark, prefix, suffix. */
const EMULATION = /^<document(\d*)>\n([\s\S]*?)<CURSOR\1\/>([\s\S]*?)\n<\/document\1>$/m;

/** Tokens of models trained for it, where a prompt carries both halves (llama.cpp's and vLLM's /v1/completions). */
const FIM_TOKENS = /^[^]*?<\|?fim_prefix\|?>([^]*?)<\|?fim_suffix\|?>([^]*?)<\|?fim_middle\|?>$/;

/**
 * What a request for a completion asks to fill, or null if it is none (then it is a chat).
 * @param {object} body
 * @param {string} [route] of routes.mjs
 * @returns {{prefix: string, suffix: string, mark?: string, lines?: number}|null} mark: the number in the emulation's tags
 */
export function extractHole(body, route = "chat") {
	if (route === "infill") return { prefix: `${body.input_prefix ?? ""}${body.prompt ?? ""}`, suffix: body.input_suffix ?? "" };
	if (route !== "chat") {
		const prompt = typeof body.prompt === "string" ? body.prompt : "";
		const [, prefix = prompt, suffix = body.suffix ?? ""] = FIM_TOKENS.exec(prompt) ?? [];
		return { prefix, suffix };
	}
	const user = textOf(body.messages?.findLast((message) => message.role === "user")?.content);
	const found = EMULATION.exec(user);
	if (!found) return null;
	const [whole, mark, prefix, suffix] = found;
	const task = user.slice(found.index + whole.length);
	const lines = /rest of this line only/.test(task) ? 1 : Number(/at most (\d+) line/.exec(task)?.[1] ?? Infinity);
	return { prefix, suffix, mark, lines };
}

/** The ways in which models answer the emulation. */
const FORMS = {
	tagged: (text, { mark }) => `<completion${mark}>${text}</completion${mark}>`,
	bare: (text) => text,
	fenced: (text) => `\`\`\`\n${text}\n\`\`\`\n`,
	echoing: (text, { prefix, suffix }) => `${prefix.slice(prefix.lastIndexOf("\n") + 1)}${text}${suffix.split("\n").slice(0, 2).join("\n")}`,
};

/**
 * Knows some text by heart: goes on from the cursor as the text does after the longest tail of the prefix that occurs in it, up to
 * where the suffix begins. Says nothing if no tail of `minMatch` characters does.
 * @param {string|string[]|{file: string}|{files: string[]}} known
 * @param {object} [options]
 * @param {number} [options.maxLines]
 * @param {number} [options.minMatch]
 * @param {"tagged"|"bare"|"fenced"|"echoing"} [options.form] of answers to the chat emulation
 * @param {typeof extractHole} [options.extractHole]
 * @param {Function} [options.otherwise] answers what is no completion; by default it echoes
 */
export function knowsModel(known, options = {}) {
	const { maxLines = 12, minMatch = 8, form = "tagged", extractHole: extract = extractHole, otherwise = echoModel() } = options;
	if (!Object.hasOwn(FORMS, form)) throw new Error(`knowsModel: form is one of ${Object.keys(FORMS).join(", ")}`);
	const files = known.files ?? (known.file === undefined ? null : [known.file]);
	const texts = files ? files.map((file) => readFileSync(file, "utf8")) : [known].flat();
	return (record, index) => {
		const hole = extract(record.body, record.route);
		if (hole === null) return otherwise(record, index);
		let best = { length: minMatch - 1, rest: "" };
		for (const text of texts) {
			const found = longestTail(hole.prefix, text);
			if (found.length > best.length) best = found;
		}
		const most = Math.min(maxLines, hole.lines ?? Infinity);
		const text = untilSuffix(best.rest, hole.suffix).split("\n").slice(0, most).join("\n").trimEnd();
		return hole.mark === undefined ? text : FORMS[form](text, hole);
	};
}

/** A tail of n characters occurs only if those shorter do: halve the interval. */
function longestTail(prefix, text) {
	let known = 0;
	let least = 1;
	let most = Math.min(prefix.length, text.length);
	while (least <= most) {
		const length = (least + most) >> 1;
		if (text.includes(prefix.slice(-length))) {
			known = length;
			least = length + 1;
		} else {
			most = length - 1;
		}
	}
	if (known === 0) return { length: 0, rest: "" };
	return { length: known, rest: text.slice(text.indexOf(prefix.slice(-known)) + known) };
}

const SUFFIX_COMPARED = 64;

function untilSuffix(rest, suffix) {
	if (suffix.trim() === "") return rest;
	const at = rest.indexOf(suffix.slice(0, SUFFIX_COMPARED));
	return at < 0 ? rest : rest.slice(0, at);
}
