/*
 * A random killer. Some servers share a state directory; each is asked for chats and completions, and killed (SIGKILL) at any
 * moment, again and again. Now and then the file of the answers is damaged while nobody runs. What must hold:
 *
 *	- the ledger counts every request that the service got, and of each killed process at most one that it did not get;
 *	- a chat whose answer was given is there, whole, and what a dead process left of one is a beginning of it;
 *	- every process that starts says nothing of a fault in itself, and answers.
 *
 *	node tests/torture/torture.mjs [SECONDS [SEED]]
 *
 * The same seed makes the same choices; when they meet what is a matter of time.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startUpstream } from '../upstream/upstream.mjs';
import { Program, within } from '../e2e/support/program.mjs';
import { frame, Splitter } from '../e2e/support/wire.mjs';

const SERVERS = 4;

/** mulberry32 */
function makeRandom(seed) {
	let state = seed >>> 0;

	return (below) => {
		state = (state + 0x6D2B79F5) >>> 0;
		let t = Math.imul(state ^ (state >>> 15), state | 1);
		t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) % below;
	};
}

/* A server that may die at any time: what it has not answered by then is never answered. */
class Mortal {
	#splitter = new Splitter('content-length');
	#waiting = new Map();
	#id = 0;

	constructor(home) {
		this.program = new Program({ home, args: ['serve'] });
		this.program.child.stdout.on('data', (bytes) => {
			for (const text of this.#splitter.feed(bytes)) {
				const message = JSON.parse(text);
				this.#waiting.get(message.id)?.(message);
				this.#waiting.delete(message.id);
			}
		});
		this.program.closed.then(() => {
			for (const resolve of this.#waiting.values()) resolve(null);
		});
	}

	notify(method, params) {
		this.program.child.stdin.write(frame['content-length'](JSON.stringify({ jsonrpc: '2.0', method, params })));
	}

	/** Resolves to the response, or to null if it died first. */
	request(method, params) {
		const id = ++this.#id;

		if (this.program.end)
			return Promise.resolve(null);
		const answer = new Promise((resolve) => this.#waiting.set(id, resolve));
		this.program.child.stdin.write(frame['content-length'](JSON.stringify({ jsonrpc: '2.0', id, method, params })));
		return within(answer, () => `${method} was not answered\n${this.program.log}`, 60_000);
	}

	async kill() {
		this.program.kill('SIGKILL');
		const code = await this.program.exit(); /* which looks for signs of faults */
		assert.ok(code === 'SIGKILL' || code === 0, `exit code ${code}\n${this.program.log}`);
	}
}

/* The answer to a prompt is made of it, so that it can be checked by whoever reads it later. */
const answerTo = (prompt) => `Answer to ${prompt}: ${'word '.repeat(prompt.length * 20)}end`;

/** Runs it for so long. Resolves to what was done. */
export async function torture({ seconds, seed = Date.now() >>> 0, say = () => {} }) {
	const random = makeRandom(seed);
	const upstream = await startUpstream({ answer: ({ body }) => answerTo(body.messages?.at(-1).content.slice(0, 40) ?? 'x') });
	const home = mkdtempSync(join(tmpdir(), 'eke-torture-'));
	const plans = { counted: { windows: [{ scope: 'machine', limit: 100_000, period: '30d' }] } };
	const done = { seed, kills: 0, chats: 0, kept: 0, completions: 0, requests: 0, damages: 0 };
	const kept = new Map(); /* chatId: prompt */
	let number = 0;
	let pace = 0; /* ms that a start and an answer take, on this machine now */

	mkdirSync(join(home, 'work'));
	writeFileSync(join(home, 'config.json'), JSON.stringify({
		endpoints: [{ name: 'test', baseUrl: `${upstream.url}/v1`, plan: 'counted', models: { chat: 'chatty', completion: 'coder' } }], plans, completion: { debounceMs: 0 },
	}));

	async function life(turns) {
		const server = new Mortal(home);

		if (!await server.request('initialize', { processId: process.pid, capabilities: {} }))
			return;
		server.notify('initialized', {});
		let due;
		const ends = new Promise((resolve) => { due = resolve; setTimeout(resolve, random(10 * pace)); }).then(() => server.kill());
		for (let i = 0; i < turns; i++) {
			const prompt = `question ${++number}`;

			if (random(3)) {
				const response = await server.request('chat/send', { prompt });
				if (!response)
					break;
				assert.ok(response.result, JSON.stringify(response.error));
				assert.equal(response.result.text, answerTo(prompt));
				kept.set(response.result.chatId, prompt);
				done.chats++;
				/* What was told is kept by then: it may die now. */
				if (!random(4)) {
					due();
					break;
				}
			} else {
				const uri = `file://${home}/work/${prompt.replace(' ', '')}.c`;
				server.notify('textDocument/didOpen', { textDocument: { uri, languageId: 'c', version: 1, text: `int f${number}() { ret }\n` } });
				if (!await server.request('textDocument/inlineCompletion', { textDocument: { uri }, position: { line: 0, character: `int f${number}() { ret`.length }, context: { triggerKind: 1 } }))
					break;
				done.completions++;
			}
		}
		await ends;
		done.kills++;
	}

	/* Damages what is no count: the file must be repaired, and lose no more than the damage took. */
	function damage() {
		const name = 'answers.db';
		const path = join(home, 'state', name);

		if (!readdirSync(join(home, 'state')).includes(name))
			return;
		const bytes = readFileSync(path);
		for (let i = 0; i < 64 && bytes.length; i++) bytes[random(bytes.length)] = random(256);
		writeFileSync(path, bytes);
		done.damages++;
	}

	async function check() {
		const server = new Mortal(home);

		assert.ok(await server.request('initialize', { processId: process.pid, capabilities: {} }), server.program.log);
		server.notify('initialized', {});
		const { result } = await server.request('budget/get', {});
		const { used } = result.budgets[0].windows[0];
		/* It is counted before it leaves: of each that was killed one may not have left. */
		assert.ok(used >= upstream.counted.length && used <= upstream.counted.length + done.kills,
			`seed ${seed}: ${used} in the ledger, ${upstream.counted.length} at the service, ${done.kills} kills`);
		for (const [chatId, prompt] of kept) {
			const chat = (await server.request('chat/get', { chatId })).result;
			assert.ok(chat, `seed ${seed}: ${prompt} is lost`);
			assert.deepEqual(chat.turns.map(({ text }) => text), [prompt, answerTo(prompt)], `seed ${seed}`);
		}
		const { chats } = (await server.request('chat/list', { limit: 10_000 })).result;
		for (const { chatId } of chats) {
			const { turns } = (await server.request('chat/get', { chatId })).result;
			if (turns[1])
				assert.ok(answerTo(turns[0].text).startsWith(turns[1].text), `seed ${seed}: ${turns[1].text}`);
		}
		done.kept = chats.length;
		await server.request('shutdown');
		server.notify('exit');
		assert.equal(await server.program.exit(), 0, server.program.log);
	}

	async function measure() {
		const before = performance.now();
		const server = new Mortal(home);

		await server.request('initialize', { processId: process.pid, capabilities: {} });
		await server.request('chat/complete', { messages: [{ role: 'user', content: 'x' }] });
		pace = Math.ceil(performance.now() - before);
		await server.kill();
		done.kills++;
	}

	try {
		await measure();
		/* From now on, as on a busy machine the first start alone may take that long; and at least once. */
		const until = Date.now() + seconds * 1000;
		do {
			await Promise.all(Array.from({ length: SERVERS }, () => life(1 + random(12))));
			await check();
			if (!random(4))
				damage();
			done.requests = upstream.counted.length;
			say(done);
		} while (Date.now() < until);
		return done;
	} finally {
		await upstream.close();
		rmSync(home, { recursive: true, force: true });
	}
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const done = await torture({ seconds: Number(process.argv[2] ?? 60), seed: process.argv[3] ? Number(process.argv[3]) : undefined });

	console.log(`torture: ${done.kills} kills, ${done.chats} chats, ${done.completions} completions, ${done.requests} requests, ${done.damages} damaged files: nothing was lost (seed ${done.seed})`);
}
