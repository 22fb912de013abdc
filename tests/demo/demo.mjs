/*
 * `make demo`: the real server, build/eke, completes a real file of this repository while somebody types, and answers a chat.
 *
 * Where the environment names an endpoint (OPENAI_API_KEY, OPENAI_BASE_URL or EKE_BASE_URL, as eke itself reads them), that one
 * is asked; else the loopback upstream of tests/upstream is, which has no model. The user's configuration and state are not touched.
 *
 * This is a check, too: what does not happen is said in a sentence, and the exit status is 1. Every number shown was measured.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { extractHole, knowsModel } from '../upstream/models.mjs';
import { startUpstream } from '../upstream/upstream.mjs';
import { Client } from './client.mjs';
import { Editor, halfWritten } from './editor.mjs';
import { editorLines, Terminal, Wrapped } from './terminal.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const EKE = process.env.EKE_BIN || join(ROOT, 'build/eke');
const FILE = 'src/budget/limit_window.c';
const FUNCTION = 'limit_window_evaluate';
const QUESTION = 'Why is every request counted one by one, and no token bucket used?';

/* What a person types before looking up, and how far they then type along the ghost before they take the rest. */
const KEYS_BEFORE = 5;
const LINES_ALONG = 1;
const KEYS_ALONG = 12;
const PATIENCE = { loopback: 20_000, real: 90_000 };
/* The upstream's pace, per token, where somebody watches. */
const CODE_TOKEN_MS = 9;
const CHAT_TOKEN_MS = 22;
const PLAIN_TOKEN_MS = 1;
/* Milliseconds between keys: a quick typist. Below eke's debounce (150 ms), as typing is. */
const RHYTHM = [62, 85, 74, 110, 58, 92, 70, 101, 66, 80];
const TYPO_MS = 110;

const terminal = new Terminal();
const isLoopback = !['OPENAI_API_KEY', 'OPENAI_BASE_URL', 'OPENAI_API_BASE', 'EKE_BASE_URL'].some((name) => process.env[name]);
const pause = (ms) => (terminal.live ? sleep(ms) : undefined);
const plural = (n, what) => `${n} ${what}${n === 1 ? '' : 's'}`;

/** The comment that opens a C file, as running text. */
function openingComment(source) {
	return /^\/\*([\s\S]*?)\*\//.exec(source)[1].replace(/^[ \t]*\*[ \t]?/gm, '').trim().replace(/\s+/g, ' ');
}

/** A server without a model, for people without a key: completions go on as the file does; a chat is answered out of its comment. */
function startLoopback(source) {
	const chat = () => `No model here: this is the loopback upstream, reading aloud from ${FILE}: "${openingComment(source)}" `
		+ 'The answer still came the whole way: over HTTP, as a stream of tokens, through eke, as JSON-RPC.';
	return startUpstream({ answer: knowsModel(source, { maxLines: 24, otherwise: chat }) }).then((upstream) => upstream.script((record) => ({
		delayMs: !terminal.live ? PLAIN_TOKEN_MS : extractHole(record.body) ? CODE_TOKEN_MS : CHAT_TOKEN_MS,
	})));
}

/** The child's environment: nothing of the user's but what names a real endpoint. */
function environment(folder, upstream) {
	const env = { ...process.env, EKE_CONFIG: join(folder, 'config.json'), EKE_STATE_DIR: join(folder, 'state') };
	if (!upstream) return env;
	for (const name of Object.keys(env)) if (/^(OPENAI_|EKE_(API_KEY|BASE_URL|PLAN|MODEL)$)/.test(name)) delete env[name];
	const endpoint = { name: 'loopback', baseUrl: upstream.url, plan: 'chatanywhere-free', models: { chat: 'none', completion: 'none' } };
	writeFileSync(env.EKE_CONFIG, JSON.stringify({ endpoints: [endpoint] }));
	return env;
}

/** One run: what was started and what was measured. */
class Demo {
	constructor({ client, upstream, source, endpoint }) {
		this.client = client;
		this.upstream = upstream;
		this.source = source;
		this.endpoint = endpoint;
		this.status = null;
		this.sent = [];
		this.answerMs = [];
		client.on('eke/didChangeStatus', (status) => {
			this.status = status;
			this.redraw();
		});
		/* In verbose trace eke tells of each request as it goes out; the question for the service's own count is none. */
		client.on('$/logTrace', ({ message }) => {
			const url = /^POST (\S+)(?<!\/query\/usage_details)$/.exec(message)?.[1];
			if (url) this.sent.push(url);
		});
	}

	/** Requests so far: as the upstream recorded them; with a real API, as eke said that it sent them. */
	get requests() {
		return this.upstream ? this.upstream.counted.length : this.sent.length;
	}

	async initialize() {
		const began = performance.now();
		const { serverInfo, capabilities } = await this.client.request('initialize', {
			processId: process.pid, clientInfo: { name: 'eke demo' }, rootUri: pathToFileURL(ROOT).href,
			capabilities: { textDocument: { inlineCompletion: {} } }, trace: 'verbose',
			/* What the open document tells by itself would hide an endpoint that gives nothing. */
			initializationOptions: { eke: { completion: { offline: false } } },
		});
		this.startMs = performance.now() - began;
		this.version = serverInfo.version;
		if (!capabilities.inlineCompletionProvider) throw new Error('eke offers no inline completion');
		this.client.notify('initialized', {});
		await this.#settle();
	}

	title() {
		const ready = terminal.live ? `, ready in ${this.startMs.toFixed(0)} ms` : '';
		terminal.print(terminal.line([['bold', `eke ${this.version}`], [null, `: the real server${ready}. The editor is played by a script.`]]));
		const [label, text] = this.upstream
			? ['LOOPBACK UPSTREAM', ': no key, no network, no model: it knows one file by heart.']
			: ['REAL API', `: ${this.endpoint.baseUrl}, plan ${this.endpoint.plan}, named by your environment.`];
		terminal.print(terminal.line([['loud', label], [null, text]]));
		if (!terminal.live) terminal.print();
	}

	/* --- the editor on the screen --- */

	openEditor() {
		const { text, at, rest, from, below, height } = halfWritten(this.source, FUNCTION);
		this.rest = rest;
		this.editor = new Editor(this.client, { uri: pathToFileURL(join(ROOT, FILE)).href, languageId: 'c', text, at });
		this.view = { from, below, height: Math.min(height, terminal.rows - 4) };
		this.editor.onGrowth = () => this.redraw();
		this.editor.open();
	}

	statusLine() {
		const { dot } = terminal.signs;
		const left = ` eke ${dot} ${this.status?.message}`;
		const right = `${plural(this.editor.keys, 'key')}, ${plural(this.requests, 'request')} `;
		const gap = ' '.repeat(Math.max(terminal.columns - left.length - right.length, 2));
		return terminal.line([['bar', `${left}${gap}${right}`]]);
	}

	redraw() {
		if (!terminal.live || !this.editor || this.closed) return;
		const lines = editorLines(terminal, this.editor, this.view);
		terminal.draw([terminal.rule(FILE), ...lines, this.statusLine(), terminal.line([['bold', this.caption ?? '']])]);
	}

	/** What is happening now; without a terminal also the picture. */
	async say(caption, ms) {
		this.caption = caption;
		this.redraw();
		if (!terminal.live) {
			terminal.print(caption);
			for (const line of editorLines(terminal, this.editor, this.view)) terminal.print(line);
			terminal.print(this.statusLine().trim());
			terminal.print();
		}
		await pause(ms);
	}

	/* --- the story --- */

	#key(n) {
		return pause(RHYTHM[n % RHYTHM.length]);
	}

	/** Keys about which nothing is known yet: nobody waits for an answer before the last. */
	async typeBefore() {
		const answers = [];
		for (const key of this.rest.slice(0, KEYS_BEFORE)) {
			answers.push(this.editor.type(key));
			this.redraw();
			await this.#key(answers.length);
		}
		this.caption = 'A pause: eke asks, and the answer streams in ...';
		this.redraw();
		const { item } = (await Promise.all(answers)).at(-1);
		if (!item) throw new Error(`eke offered nothing to go on with: ${await this.#reason()}`);
	}

	async #reason() {
		await this.#settle();
		if (this.status.state !== 'idle') return this.status.message;
		return 'the model had nothing to add here (EKE_MODEL=... asks another)';
	}

	/** Notifications that were on their way have come when this resolves. */
	#settle() {
		return this.client.request('budget/get', {});
	}

	/** One key of what the ghost says; the rest of the ghost must still be there, from what eke has. */
	async typeAlong(key) {
		const rest = this.editor.ghost.text.slice(key.length);
		const answer = this.editor.type(key);
		/* Drawn with the answer, as editors do; without it if it is slow. */
		await Promise.race([answer, sleep(15)]);
		this.redraw();
		this.answerMs.push((await answer).ms);
		if (this.editor.ghost?.text !== rest) throw new Error(`after ${JSON.stringify(key)}, typed along, eke did not offer the rest`);
	}

	async typo() {
		const { text } = this.editor.ghost;
		const lost = this.editor.type(text[0] === 'y' ? 't' : 'y');
		this.caption = 'A typo, and Backspace ...';
		this.redraw();
		await pause(TYPO_MS);
		const { ms } = await this.editor.backspace();
		await lost;
		this.redraw();
		this.answerMs.push(ms);
		if (this.editor.ghost?.text !== text) throw new Error('after a typo and Backspace, eke did not offer the same text again');
	}

	async complete() {
		await this.say('A half-written function. Somebody types ...', 1100);
		await this.typeBefore();
		await this.say(`${plural(this.requests, 'request')} brought the rest of the function. Typing on, through it ...`, 1000);
		const along = keysAlong(this.editor.ghost.text);
		for (const [n, key] of along.entries()) {
			await this.typeAlong(key);
			await this.#key(n);
			/* Not where a late Backspace could cost a request that somebody pays. */
			if (n === along.length - 5 && this.upstream) await this.typo();
		}
		const median = this.answerMs.sort((a, b) => a - b)[this.answerMs.length >> 1];
		const speed = terminal.live ? ` (median ${median.toFixed(1)} ms)` : '';
		await this.say(`${this.editor.keys} keys, ${plural(this.requests, 'request')}. Its answer served every key since${speed}.`, 1800);
		await this.editor.accept();
		if (this.upstream && this.editor.text !== this.source) throw new Error(`${FILE} did not become what it was`);
		this.typing = { keys: this.editor.keys, requests: this.requests };
		await this.say(`Tab. ${this.upstream ? `${FILE} is whole again, byte for byte.` : 'Accepted.'}`, 1200);
		this.closed = true;
	}

	async chat() {
		const content = `${FILE}:\n\`\`\`c\n${this.source}\`\`\`\n\n${QUESTION}`;
		const messages = [{ role: 'system', content: 'Answer in at most three sentences.' }, { role: 'user', content }];
		const answer = new Wrapped(terminal, 5);
		let pieces = 0;
		let text = '';
		let began = 0;
		let firstMs = 0;

		if (terminal.live) terminal.print();
		terminal.print(terminal.rule('Chat'));
		terminal.print(`${terminal.style('you', 'you')}  ${QUESTION}`);
		await pause(500);
		terminal.write(`  ${terminal.style('eke', 'eke')}  `);
		this.client.on('$/progress', ({ token, value }) => {
			if (token !== 'chat' || !value.text) return;
			if (pieces++ === 0) firstMs = performance.now() - began;
			text += value.text;
			answer.add(value.text);
		});
		began = performance.now();
		const result = await this.client.request('chat/complete', { messages, streamToken: 'chat' });
		answer.end();
		const streamed = pieces >= (this.upstream ? 2 : 1) && text === result.message.content;
		if (!streamed) throw new Error(`the chat's stream is not its answer (${plural(pieces, 'piece')})`);
		if (result.finishReason !== 'stop') throw new Error(`the chat's answer ended with ${result.finishReason}`);
		const notes = this.upstream ? [] : [result.model];
		if (terminal.live) notes.push(`first words after ${firstMs.toFixed(0)} ms`, `${pieces} pieces`);
		if (notes.length > 0) terminal.print(terminal.style('dim', `     ${notes.join(', ')}`));
		terminal.print();
		await pause(900);
	}

	/** What a status bar shows: eke's own words. */
	async showStatus() {
		const { budgets } = await this.#settle();
		const { dot } = terminal.signs;
		if (this.status?.state !== 'idle') throw new Error(`eke's status is ${this.status?.state}: ${this.status?.message}`);
		terminal.print(terminal.live ? terminal.style('bar', ` eke ${dot} ${this.status.message} `) : `eke ${dot} ${this.status.message}`);
		terminal.print();
		if (!this.upstream) return;
		const { used } = budgets[0].windows[0];
		const sent = this.sent.length;
		if (used === this.requests && sent === this.requests) return;
		throw new Error(`eke counted ${used} requests and says that it sent ${sent}, the upstream got ${this.requests}`);
	}

	closing() {
		const { keys, requests } = this.typing;
		const row = (what, text, note) => terminal.print(`${terminal.style('bold', what.padEnd(11))}${text.padEnd(20)}${note}`);
		const forChat = plural(this.requests - requests, 'request');
		terminal.print(terminal.style('good', `${plural(keys, 'key')}: ${plural(requests, 'request')}. One chat: ${forChat}.`));
		terminal.print();
		if (this.upstream) row('A key', 'OPENAI_API_KEY=...', 'and make demo again (OPENAI_BASE_URL: where)');
		else row('A chat', 'build/eke chat Hi', 'one answer in the terminal');
		row('A check', 'build/eke doctor', 'key, proxy, TLS, endpoint; spends nothing');
		row('An editor', 'editors/README.md', 'Neovim, Helix, Emacs, any with LSP');
	}
}

/** The keys to type along a ghost: some lines and a bit, or half of a short one. Enter brings the next line's indentation along. */
function keysAlong(ghost) {
	const keys = ghost.match(/\n[ \t]*|[^]/g);
	let lines = 0;
	const until = keys.findIndex((key) => key.startsWith('\n') && ++lines === LINES_ALONG);
	return until < 0 || until + KEYS_ALONG >= keys.length ? keys.slice(0, keys.length >> 1) : keys.slice(0, until + 1 + KEYS_ALONG);
}

/** The endpoint that eke will use, in its own words. */
function endpointOf(env) {
	const run = spawnSync(EKE, ['config', '--print'], { env, encoding: 'utf8' });
	if (run.status !== 0 || run.stdout === '') throw new Error(run.stderr?.trim() || `${EKE} config --print did not work`);
	return JSON.parse(run.stdout).endpoints[0];
}

async function main() {
	const folder = mkdtempSync(join(tmpdir(), 'eke-demo-'));
	const source = readFileSync(join(ROOT, FILE), 'utf8');
	const upstream = isLoopback ? await startLoopback(source) : null;
	let client = null;
	/* Whatever ends this program; the upstream ends with it. */
	process.on('exit', () => {
		terminal.release();
		client?.kill();
		rmSync(folder, { recursive: true, force: true });
	});
	process.on('SIGINT', () => process.exit(130));
	process.on('SIGTERM', () => process.exit(143));
	process.on('SIGHUP', () => process.exit(129));
	process.stdout.on('error', () => process.exit(1));

	try {
		if (!existsSync(EKE)) throw new Error(`${EKE} is not there: run make first`);
		const env = environment(folder, upstream);
		const endpoint = endpointOf(env);
		client = new Client({ command: EKE, env, patience: upstream ? PATIENCE.loopback : PATIENCE.real });
		const demo = new Demo({ client, upstream, source, endpoint });
		await demo.initialize();
		demo.title();
		demo.openEditor();
		await demo.complete();
		await demo.chat();
		await demo.showStatus();
		demo.closing();
		const code = await client.close();
		if (code !== 0) throw new Error(`eke ended with status ${code}`);
	} catch (error) {
		terminal.release();
		process.exitCode = 1;
		process.stderr.write(`\ndemo: ${error.message}\n${client?.log ? `demo: eke's log ends with\n${client.log}\n` : ''}`);
		client?.kill();
	} finally {
		await upstream?.close();
	}
}

await main();
