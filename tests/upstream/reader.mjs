// A reference reader for the tests of this folder: what a client that does everything right makes of an answer. Written from the
// specifications and on its own, so that the catalogue's expectations are checked by something else than what emits them.

/** Events by the WHATWG rules, and at the end of the stream a last one without its blank line. */
function* events(bytes) {
	let text = new TextDecoder().decode(bytes); /* takes the BOM away */
	if (!/(\r\n|\n|\r)$/.test(text)) text += "\n";
	let data = [];
	for (const line of [...text.split(/\r\n|\n|\r/), ""]) {
		if (line === "") {
			if (data.join("\n") !== "") yield data.join("\n");
			data = [];
		}
		const [, field, value] = /^([^:]*)(?:: ?(.*))?$/s.exec(line);
		if (field === "data") data.push(value ?? "");
		if (field === "error") yield JSON.stringify({ error: JSON.parse(value) });
	}
}

const FINISH = { stop: "stop", length: "length", content_filter: "filter", error: "truncated" };

/** @returns {{text: string, reasoning: string, finish: string, error: any, understood: boolean, usage: boolean}} */
export function readAnswer(bytes) {
	const answer = { text: "", reasoning: "", finish: "truncated", error: null, understood: false, usage: false };
	const start = bytes.toString("latin1").trimStart()[0];
	if (start === "<") return { ...answer, error: "html" };
	const payloads = start === "{" || start === "[" ? [bytes.toString()] : events(bytes);
	for (const payload of payloads) {
		if (payload.startsWith("[DONE]")) break;
		let value;
		try {
			value = JSON.parse(payload);
		} catch {
			continue;
		}
		for (const object of [value].flat()) take(answer, object);
		if (answer.error) break;
	}
	const think = /^<think>([^]*?)<\/think>/.exec(answer.text) ?? /^([^`]*?)<\/think>\n+/.exec(answer.text) ?? /^<think>([^]*)$/.exec(answer.text);
	if (think) {
		answer.reasoning = think[1];
		answer.text = answer.text.slice(think[0].length);
	}
	return answer;
}

function take(answer, object) {
	if (typeof object !== "object" || object === null) return;
	const first = Array.isArray(object.choices) ? object.choices[0] : undefined;
	const minimax = object.base_resp?.status_code ? object.base_resp : undefined;
	const error = object.error ?? minimax ?? first?.error;
	const isPseudo = error?.code === "200 OK" && error.message === "";
	if (error && !isPseudo) {
		answer.error = error;
		answer.finish = "truncated";
		return;
	}
	if (object.usage?.prompt_tokens > 0) answer.usage = true;
	if (Array.isArray(object.choices)) answer.understood = true;
	const choice = Array.isArray(object.choices) ? object.choices.find((one) => (one?.index ?? 0) === 0) : undefined;
	if (typeof object.content === "string") {
		answer.understood = true;
		answer.text += object.content;
		if (object.stop === true) answer.finish = object.stop_type === "limit" ? "length" : "stop";
	}
	if (!choice) return;
	const part = choice.delta ?? choice.message ?? {};
	const content = part.content ?? choice.text;
	if (choice.message && content && answer.text && content.startsWith(answer.text)) answer.text = content;
	else if (typeof content === "string") answer.text += content;
	if (Array.isArray(content)) {
		for (const part of content) {
			if (part?.type === "thinking") answer.reasoning += part.thinking.map(({ text }) => text).join("");
			else answer.text += typeof part === "string" ? part : part?.text ?? "";
		}
	}
	const reasoning = part.reasoning_content ?? part.reasoning;
	if (typeof reasoning === "string") answer.reasoning += reasoning;
	const finish = choice.finish_reason;
	if (typeof finish === "string" && finish !== "") answer.finish = FINISH[finish] ?? "stop";
}
