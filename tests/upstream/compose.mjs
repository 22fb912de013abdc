// What an answer says, event by event, before it becomes bytes: role, reasoning, text, finish, usage, [DONE], with the oddities of
// providers.md 3.2 and 3.3 that a scenario asks for. An event is { json } | { data } | { line }; sse.mjs spells it.

import { splitPieces } from "./pieces.mjs";

const AZURE_FIRST = {
	id: "", object: "", created: 0, model: "", choices: [],
	prompt_filter_results: [{ prompt_index: 0, content_filter_results: { hate: { filtered: false, severity: "safe" } } }],
};
const PSEUDO_ERROR = { error: { message: "", type: "chatanywhere_error", param: null, code: "200 OK" } };

export class Composer {
	/**
	 * @param {object} dialect of dialects.mjs
	 * @param {object} scenario normalised (scenario.mjs)
	 * @param {{id: string, model: string, choices: number, promptTokens: number, usageAsked: boolean}} ctx
	 */
	constructor(dialect, scenario, ctx) {
		this.dialect = dialect;
		this.scenario = scenario;
		this.ctx = ctx;
		this.pieces = 0;
		this.began = false;
		this.usage = scenario.usage ?? (ctx.usageAsked ? "chunk" : "none");
	}

	#usage() {
		const count = this.usage === "zeros" ? 0 : this.pieces;
		const prompt = this.usage === "zeros" ? 0 : this.ctx.promptTokens;
		return { prompt_tokens: prompt, completion_tokens: count, total_tokens: prompt + count };
	}

	#chunk(piece) {
		const { scenario } = this;
		if (scenario.role === "every") piece.role ??= "assistant";
		if (scenario.finish === "absent") delete piece.finish;
		else if (!piece.finish) piece.finish = scenario.pendingFinish;
		const json = this.dialect.chunk(this.ctx, piece);
		if (!json) return [];
		if (this.usage === "everyChunk" || this.usage === "zeros") json.usage = this.#usage();
		else if (this.usage === "chunk") json.usage = null;
		return [{ json }];
	}

	/** Events before the first text. Given once, by the first of begin(), text() and finish() that is called. */
	begin() {
		if (this.began) return [];
		this.began = true;
		const { scenario } = this;
		const out = [];
		if (scenario.emptyChoices.includes("azure")) out.push({ json: AZURE_FIRST });
		if (scenario.emptyChoices.includes("first")) out.push({ json: this.dialect.emptyChunk(this.ctx) });
		for (let index = 0; index < this.ctx.choices; index++) {
			if (scenario.role !== "never")
				out.push(...this.#chunk({ index, role: "assistant", content: scenario.contentNull ? null : "" }));
			if (scenario.reasoning && scenario.reasoning !== "think") {
				for (const reasoning of splitPieces(scenario.reasoningText)) {
					const piece = { index, reasoning, reasoningField: scenario.reasoning };
					if (scenario.contentNull) piece.content = null;
					out.push(...this.#chunk(piece));
				}
			}
		}
		return out;
	}

	/** Events for one piece of text. */
	text(content, index = 0) {
		const out = this.begin();
		out.push(...this.#chunk({ index, content, extra: this.scenario.deltaExtra }));
		this.pieces++;
		if (this.pieces === 1) {
			if (this.scenario.emptyChoices.includes("middle")) out.push({ json: this.dialect.emptyChunk(this.ctx) });
			if (this.scenario.contentNull) out.push(...this.#chunk({ index, content: null }));
		}
		return out;
	}

	/**
	 * Events after the text.
	 * @param {string} reason finish reason, if the scenario does not have its own
	 * @param {string[]} [last] per choice, a last piece of text to send together with the finish reason
	 */
	finish(reason, last) {
		const { scenario, dialect } = this;
		const out = this.begin();
		const finish = scenario.finish === undefined ? reason : scenario.finish;
		const usesFinish = finish !== null && finish !== "absent";
		for (let index = 0; index < this.ctx.choices; index++) {
			if (last) {
				this.pieces++;
				out.push(...this.#chunk({ index, content: last[index], finish: usesFinish ? finish : undefined }));
			} else if (usesFinish) {
				out.push(...this.#chunk({ index, finish, ...scenario.contentNull && { content: null } }));
			}
		}
		if (scenario.emptyChoices.includes("last")) out.push({ json: dialect.emptyChunk(this.ctx) });
		if (this.usage === "chunk") {
			if (dialect.sendsDone) out.push({ json: dialect.emptyChunk(this.ctx, { usage: this.#usage() }) });
		}
		if (scenario.pseudoError200) out.push({ json: PSEUDO_ERROR });
		out.push(...this.#done(dialect.sendsDone));
		return out;
	}

	#done(byDefault) {
		const { done } = this.scenario;
		if (done === undefined) return byDefault ? [{ data: "[DONE]" }] : [];
		if (done === null) return [];
		return [typeof done === "string" ? { data: done } : done];
	}

	/** Events of an error in the stream: nothing follows but, if the scenario says so, its [DONE]. */
	error() {
		const { scenario } = this;
		const json = scenario.errorPayload;
		const event = scenario.errorField ? { line: `error: ${JSON.stringify(json.error ?? json)}` } : { json, type: scenario.errorEvent };
		return [event, ...this.#done(false)];
	}

	/**
	 * All events of an answer that is known in advance.
	 * @param {string[][]} choices the pieces, per choice
	 * @param {string} reason
	 */
	all(choices, reason) {
		const { scenario } = this;
		if (scenario.events) return scenario.events;
		if (scenario.errorInStream === 0) return this.error();
		const out = this.begin();
		const ends = scenario.finishWithText && choices.every((pieces) => pieces.length > 0);
		const longest = Math.max(...choices.map((pieces) => pieces.length));
		for (let at = 0; at < longest; at++) {
			choices.forEach((pieces, index) => {
				if (at < pieces.length - (ends ? 1 : 0)) out.push(...this.text(pieces[at], index));
			});
			if (at + 1 === scenario.errorInStream) return [...out, ...this.error()];
		}
		if (scenario.errorInStream !== undefined) throw new Error(`errorInStream ${scenario.errorInStream}: the answer has only ${longest} pieces`);
		out.push(...this.finish(reason, ends ? choices.map((pieces) => pieces.at(-1)) : undefined));
		return out;
	}
}
