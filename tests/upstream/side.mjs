// The routes that are not completions, and what a strict endpoint refuses before it answers any.

import { createHash } from "node:crypto";
import { countTokens } from "./pieces.mjs";

const CORS_PREFLIGHT = {
	"access-control-allow-methods": "GET, POST, HEAD, OPTIONS", "access-control-allow-headers": "*", "access-control-max-age": "600",
};
const DIMENSIONS = 8;
const HOUR_MS = 3600_000;
const SHANGHAI_MS = 8 * HOUR_MS;

/** @returns {{status?: number, headers?: object, body: any}} the parts of a scenario */
export function sideAnswer(upstream, record) {
	switch (record.route) {
	case "models": return { body: { object: "list", data: upstream.options.models.map((id) => modelEntry(id, upstream.options.owner)) } };
	case "usage": return { body: usageRows(upstream, record) };
	case "balance": return { body: { balanceTotal: 0, balanceUsed: 0 } };
	case "embeddings": return { body: embeddings(record.body) };
	case "options": return { status: 204, headers: CORS_PREFLIGHT, body: null };
	case "head": return { body: null };
	default: throw new Error(`no answer for route ${record.route}`);
	}
}

const modelEntry = (id, owner = "eke-test-upstream") => ({ id, object: "model", created: 1700000000, owned_by: owner, permission: [] });

/** One row an hour and model, as chatanywhere has them (providers.md 1.5): what this server counted itself. */
function usageRows(upstream, record) {
	const { model = "%", hours = 24 } = record.body;
	const like = new RegExp(`^${model.split("%").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join(".*")}$`);
	const since = Date.now() - hours * HOUR_MS;
	const rows = new Map();
	for (const counted of upstream.counted) {
		const name = counted.body?.model ?? "";
		if (!like.test(name) || counted.wallMs < since) continue;
		const time = `${new Date(Math.floor(counted.wallMs / HOUR_MS) * HOUR_MS + SHANGHAI_MS).toISOString().slice(0, 13).replace("T", " ")}:00:00`;
		const key = `${time} ${name}`;
		const row = rows.get(key) ?? { time, model: name, promptTokens: 0, completionTokens: 0, totalTokens: 0, count: 0, cost: 0 };
		row.promptTokens += countTokens(counted.rawBody);
		row.completionTokens += counted.writtenAt.length;
		row.totalTokens = row.promptTokens + row.completionTokens;
		row.count++;
		rows.set(key, row);
	}
	return Array.from(rows.values());
}

/** Vectors from a hash. The openai library asks for base64 unless told otherwise. */
function embeddings(body) {
	const inputs = [body.input].flat();
	const data = inputs.map((input, index) => {
		const hash = createHash("sha256").update(String(input)).digest();
		const vector = Float32Array.from({ length: DIMENSIONS }, (_, at) => hash[at] / 128 - 1);
		const embedding = body.encoding_format === "base64" ? Buffer.from(vector.buffer).toString("base64") : Array.from(vector);
		return { object: "embedding", index, embedding };
	});
	const tokens = countTokens(inputs.join(""));
	return { object: "list", data, model: body.model, usage: { prompt_tokens: tokens, total_tokens: tokens } };
}

const refusal = (message, code = null) => ({
	name: "400-request", status: 400, body: { error: { message, type: "invalid_request_error", param: null, code } },
});

/** A scenario if the endpoint would refuse the body, else null. Strict: what passes here is right. */
export function refuseBody(record) {
	const { route } = record;
	if (record.method !== "POST" || route === "balance") return null;
	if (record.bodyError !== undefined) return "400-json";
	const { body } = record;
	if (typeof body !== "object" || body === null || Array.isArray(body)) return refusal("the request body must be a JSON object");
	if (!/^application\/json\b/.test(record.headers["content-type"] ?? "")) return refusal(`content-type is ${JSON.stringify(record.headers["content-type"] ?? "")}, not application/json`);
	if (route === "usage") return null;
	if (route !== "infill" && typeof body.model !== "string") return refusal("you must provide a model parameter");
	const problem = { chat: badChat, completions: badPrompt, "mistral-fim": badPrompt, "deepseek-fim": badPrompt, infill: badInfill }[route]?.(body) ?? badCommon(body);
	return problem ? refusal(problem) : null;
}

function badChat({ messages }) {
	if (!Array.isArray(messages) || messages.length === 0) return "messages must be an array that is not empty";
	for (const [at, message] of messages.entries()) {
		if (!["system", "developer", "user", "assistant", "tool", "function"].includes(message?.role)) return `messages[${at}].role is ${JSON.stringify(message?.role)}`;
		const { content } = message;
		if (typeof content !== "string" && !Array.isArray(content) && !(message.role === "assistant" && message.tool_calls)) return `messages[${at}].content is ${JSON.stringify(content)}`;
	}
	return null;
}

function badPrompt({ prompt, suffix }) {
	if (typeof prompt !== "string" && !Array.isArray(prompt)) return "prompt must be a string";
	if (suffix !== undefined && suffix !== null && typeof suffix !== "string") return "suffix must be a string";
	return null;
}

function badInfill(body) {
	for (const field of ["input_prefix", "input_suffix"]) {
		if (typeof body[field] !== "string") return `${field} must be a string`;
	}
	const extra = body.input_extra ?? [];
	if (!Array.isArray(extra) || extra.some((file) => typeof file?.text !== "string")) return "input_extra must be an array of {filename, text}";
	return null;
}

function badCommon(body) {
	for (const field of ["max_tokens", "max_completion_tokens", "n"]) {
		if (body[field] !== undefined && body[field] !== null && !(Number.isInteger(body[field]) && body[field] >= 1)) return `${field} must be a positive integer, not ${JSON.stringify(body[field])}`;
	}
	for (const field of ["temperature", "top_p"]) {
		if (body[field] !== undefined && body[field] !== null && !(body[field] >= 0 && body[field] <= 2)) return `${field} must be a number from 0 to 2, not ${JSON.stringify(body[field])}`;
	}
	if (body.stream !== undefined && body.stream !== null && typeof body.stream !== "boolean") return "stream must be a boolean";
	const stops = [body.stop ?? []].flat();
	if (stops.length > 4 || stops.some((stop) => typeof stop !== "string" || stop === "")) return "stop must be a string or up to 4 of them, none empty";
	if (body.stream_options !== undefined && body.stream_options !== null && body.stream !== true) return "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
	return null;
}
