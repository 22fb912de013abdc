// The shapes of the answers (providers.md 3.2 and 3.5), one object per dialect. A dialect says what a piece of an answer looks
// like; compose.mjs says which pieces there are, sse.mjs how they are spelt in bytes.
//
// A piece: { index, role?, content?, reasoning?, finish?, extra? }. finish undefined: the key is left out. A dialect returns
// null for a piece that it has no way to say (a role in a text completion).

/** Fixed, so that answers are the same on every run. */
const CREATED = 1700000000;

function chatChunk(ctx, piece) {
	const delta = {};
	if (piece.role !== undefined) delta.role = piece.role;
	if (piece.content !== undefined) delta.content = piece.content;
	if (piece.reasoning !== undefined) delta[piece.reasoningField] = piece.reasoning;
	const choice = { index: piece.index, delta: Object.assign(delta, piece.extra), logprobs: null };
	if (piece.finish !== undefined) choice.finish_reason = piece.finish;
	return {
		id: ctx.id, object: "chat.completion.chunk", created: CREATED, model: ctx.model,
		system_fingerprint: "fp_eke_test", choices: [choice],
	};
}

/** A piece without text or end, such as the role that opens a chat: nothing to say in the other dialects. */
const isChatOnly = (piece) => !piece.finish && (piece.content === undefined || (piece.role !== undefined && !piece.content));

function textChunk(ctx, piece) {
	if (isChatOnly(piece)) return null;
	const choice = { text: piece.content ?? "", index: piece.index, logprobs: null };
	if (piece.finish !== undefined) choice.finish_reason = piece.finish;
	return { id: ctx.id, object: "text_completion", created: CREATED, model: ctx.model, choices: [choice] };
}

function wholeOf(ctx, object, choices, usage) {
	const whole = { id: ctx.id, object, created: CREATED, model: ctx.model, choices };
	if (usage) whole.usage = usage;
	return whole;
}

const chat = {
	sendsDone: true,
	chunk: chatChunk,
	emptyChunk: (ctx, extra) => ({
		id: ctx.id, choices: [], created: CREATED, model: ctx.model, object: "chat.completion.chunk",
		system_fingerprint: "fp_eke_test", ...extra,
	}),
	whole: (ctx, answers, usage) => wholeOf(ctx, "chat.completion", answers.map((answer, index) => {
		const message = { role: "assistant", content: answer.text, refusal: null };
		if (answer.reasoning) message[answer.reasoningField] = answer.reasoning;
		return { index, message, logprobs: null, finish_reason: answer.finish };
	}), usage),
};

const text = {
	sendsDone: true,
	chunk: textChunk,
	emptyChunk: (ctx, extra) => ({
		id: ctx.id, object: "text_completion", created: CREATED, model: ctx.model, choices: [], ...extra,
	}),
	whole: (ctx, answers, usage) => wholeOf(ctx, "text_completion", answers.map((answer, index) => (
		{ text: answer.text, index, logprobs: null, finish_reason: answer.finish })), usage),
};

/** llama.cpp's own: no choices, no [DONE]; the last object says "stop": true. */
const infill = {
	sendsDone: false,
	chunk(ctx, piece) {
		if (isChatOnly(piece)) return null;
		const chunk = { index: piece.index, content: piece.content ?? "", tokens: [], stop: Boolean(piece.finish), id_slot: 0 };
		if (piece.finish) Object.assign(chunk, { model: ctx.model, stop_type: piece.finish === "length" ? "limit" : "eos", truncated: false });
		return chunk;
	},
	emptyChunk: () => ({ index: 0, content: "", tokens: [], stop: false, id_slot: 0 }),
	whole: (ctx, answers) => ({
		index: 0, content: answers[0].text, tokens: [], id_slot: 0, stop: true, model: ctx.model,
		stop_type: answers[0].finish === "length" ? "limit" : "eos", truncated: false,
	}),
};

/** By the name of the route (routes.mjs). Mistral's FIM is chat-shaped; DeepSeek's is a text completion. */
export const dialects = { chat, completions: text, "mistral-fim": chat, "deepseek-fim": text, infill };
