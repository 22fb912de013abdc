/*
 * What must hold for every conversation, whatever it is about: each message is as protocol/ says, each request is answered
 * exactly once, pieces of an answer come while their request is in flight, and together they are the answer.
 */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';

import Ajv from 'ajv';

import { compile } from '../../../protocol/validate.mjs';
import { COVERAGE } from './coverage.mjs';

/* One for all conversations of this process. */
const contract = compile(Ajv);

process.on('exit', () => {
	mkdirSync(COVERAGE, { recursive: true });
	writeFileSync(`${COVERAGE}${basename(process.argv[1] ?? 'none')}.json`, JSON.stringify(contract.coverage()));
});

/**
 * What is wrong with a message from eke, or null.
 * @param {Object} message
 * @param {string|null} method of the request that it answers; null: one that has none
 */
export const problemOf = (message, method) => contract.validate('serverToClient', message, () => method);

/** Watches one conversation. Ids are compared as JSON text. */
/* Do the pieces make the answer? What was told as text may have turned out to be reasoning: then the text begins anew. */
function areAll(told, text, reasoning) {
	if (told.text === text)
		return told.reasoning === reasoning;
	return told.text.endsWith(text) && told.text.length + told.reasoning.length === text.length + reasoning.length;
}

export class Audit {
	constructor() {
		this.inFlight = new Map(); /* id: { method, token, text, reasoning } */
		this.asked = new Map(); /* eke's own requests: id: { method } */
		this.work = new Map(); /* work done progress, by token: begun or ended */
		this.problems = [];
	}

	#check(direction, message) {
		const pending = direction === 'serverToClient' ? this.inFlight : this.asked;
		const problem = contract.validate(direction, message, (id) => pending.get(JSON.stringify(id))?.method);

		if (problem)
			this.#complain(direction, message, problem);
	}

	#complain(direction, message, problem) {
		this.problems.push(`${direction}: ${problem}\n\t${JSON.stringify(message).slice(0, 1000)}`);
	}

	/** A message to eke. */
	sent(message) {
		this.#check('clientToServer', message);
		if ('method' in message && 'id' in message)
			this.inFlight.set(JSON.stringify(message.id), { method: message.method, token: message.params?.streamToken, text: '', reasoning: '' });
		if (!('method' in message))
			this.asked.delete(JSON.stringify(message.id));
	}

	/** A message from eke. */
	received(message) {
		this.#check('serverToClient', message);
		if (message.method === '$/progress')
			this.#progress(message);
		if ('method' in message && 'id' in message)
			this.asked.set(JSON.stringify(message.id), { method: message.method });
		if (!('method' in message))
			this.#response(message);
	}

	/* LSP's: begin, any number of reports, end; each once, and an end for each begin. */
	#workDone(message) {
		const { token, value } = message.params;
		const state = this.work.get(token);

		if (value.kind === 'begin' ? state !== undefined : state !== 'begun')
			this.#complain('serverToClient', message, `${value.kind} of work that is ${state ?? 'not begun'}`);
		this.work.set(token, value.kind === 'end' ? 'ended' : 'begun');
	}

	#progress(message) {
		const { token, value } = message.params;
		if (value.kind !== 'delta')
			return this.#workDone(message);
		const request = [...this.inFlight.values()].find((r) => r.token === token);

		if (!request)
			return this.#complain('serverToClient', message, 'a piece for no request in flight');
		request.text += value.text ?? '';
		request.reasoning += value.reasoning ?? '';
	}

	#response(message) {
		const id = JSON.stringify(message.id);
		const request = this.inFlight.get(id);
		const { error, result } = message;

		this.inFlight.delete(id);
		if (!request || request.token === undefined || !['chat/complete', 'chat/send', 'chat/regenerate'].includes(request.method))
			return;
		if (error && !(error.data?.text ?? '').startsWith(request.text))
			this.#complain('serverToClient', message, `the answer lacks what was told: ${request.text}`);
		if (result && !areAll(request, result.message?.content ?? result.text, result.reasoning ?? ''))
			this.#complain('serverToClient', message, `the pieces were ${JSON.stringify([request.text, request.reasoning])}`);
	}

	/** Throws if anything was wrong, or a request was not answered. */
	finish() {
		const open = [...this.inFlight].map(([id, { method }]) => `${method} (${id}) was not answered`);

		const going = [...this.work].filter(([, state]) => state === 'begun').map(([token]) => `work ${token} did not end`);

		assert.deepEqual([...this.problems, ...open, ...going], []);
	}
}
