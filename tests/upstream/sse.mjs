// Events to bytes, with every spelling of providers.md 3.1 that a scenario asks for. No I/O.

const ENDS = { lf: "\n", crlf: "\r\n", cr: "\r" };
const BOM = "\uFEFF";

/** The comments met in the wild. Some stand alone before a blank line, some directly before the data. */
export const SEEN_COMMENTS = [": keep-alive\n\n", ": OPENROUTER PROCESSING\n\n", ": PING\n\n", ":\n", ": ping - 2023-10-01 00:00:00+00:00\n\n", ":no blank\n"];

export class SseEncoder {
	/** @param {object} scenario normalised (scenario.mjs) */
	constructor(scenario) {
		this.scenario = scenario;
		this.eol = ENDS[scenario.eol];
		this.count = 0;
	}

	/** What stands before the first event. */
	prologue() {
		return (this.scenario.bom ? BOM : "") + this.eol.repeat(this.scenario.leadingEmptyLines);
	}

	#field(name, value) {
		return `${name}:${this.scenario.space ? " " : ""}${value}${this.eol}`;
	}

	#decoration() {
		const { comments, extraFields } = this.scenario;
		let out = "";
		if (comments.length > 0) out += comments[this.count % comments.length].replaceAll("\n", this.eol);
		if (extraFields) {
			out += this.#field("id", this.count) + this.#field("retry", 3000) + this.#field("x-unknown", "data: {") + `nocolon${this.eol}`;
			/* An event whose data is empty is not dispatched; nor is one without data. */
			if (this.count === 1) out += `${this.eol}data${this.eol}${this.eol}data:${this.eol}${this.eol}event: nothing${this.eol}${this.eol}`;
		}
		return out;
	}

	/** One event of compose.mjs as text. The events { bytes } and { raw } go out as they are. */
	encode(event) {
		if (event.bytes !== undefined) return event.bytes;
		if (event.raw !== undefined) return event.raw;
		const { scenario } = this;
		let out = this.#decoration();
		this.count++;
		if (event.line !== undefined) return `${out}${event.line}${this.eol}${this.eol}`;
		const type = event.type ?? scenario.eventType;
		if (type) out += this.#field("event", type);
		if (event.json === undefined) return out + this.#field("data", event.data) + this.eol;
		const value = scenario.arrayPayload && !Array.isArray(event.json) ? [event.json] : event.json;
		const text = JSON.stringify(value, null, scenario.multiLineData ? 1 : scenario.jsonIndent);
		for (const line of text.split("\n")) out += this.#field("data", line);
		return out + this.eol;
	}

	/**
	 * All events of a stream that is known in advance.
	 * @returns {Buffer[]} one per event; the first holds the prologue
	 */
	encodeAll(events) {
		const { scenario } = this;
		const grouped = scenario.arrayPayload ? groupJson(events, 3) : events;
		const out = grouped.map((event) => Buffer.from(this.encode(event)));
		const prologue = Buffer.from(this.prologue());
		if (prologue.length > 0) out.unshift(Buffer.concat([prologue, ...out.splice(0, 1)]));
		if (scenario.noBlankLineAtEof && out.length > 0) {
			const ends = scenario.noBlankLineAtEof === "data" ? 2 : 1;
			out.push(out.pop().subarray(0, -ends * this.eol.length));
		}
		return out;
	}
}

function groupJson(events, size) {
	const out = [];
	for (const event of events) {
		const last = out.at(-1);
		if (event.json === undefined) out.push(event);
		else if (last?.json && last.json.length < size) last.json.push(event.json);
		else out.push({ json: [event.json] });
	}
	return out;
}
