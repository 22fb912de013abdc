/*
 * Plays a transcript: tells a driver what the user does, plays the server, and checks what the adapter sends and shows. README.md
 * describes transcripts and drivers.
 *
 * Nothing here waits for a time to pass. A step waits for what it says to become true, until a deadline; that something does not
 * happen is checked after a request of the server has been answered behind it.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';

import { Mirror, units } from './mirror.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const CURSOR = '‸';
const DEADLINE = 10_000;

/** All transcripts: { name, why, steps, … }, by file name. */
export async function transcripts() {
	const folder = join(here, 'transcripts');
	const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).sort();
	return Promise.all(
		files.map(async (file) => ({
			name: file.replace('.json', ''),
			...JSON.parse(await readFile(join(folder, file), 'utf8')),
		})),
	);
}

/** Is every member of the pattern in the value? Strings of the form /…/ are regular expressions. */
export function matches(pattern, value) {
	if (typeof pattern === 'string' && /^\/.*\/$/s.test(pattern))
		return typeof value === 'string' && new RegExp(pattern.slice(1, -1), 's').test(value);
	if (Array.isArray(pattern))
		return Array.isArray(value) && pattern.length === value.length && pattern.every((p, i) => matches(p, value[i]));
	if (pattern !== null && typeof pattern === 'object')
		return (
			value !== null &&
			typeof value === 'object' &&
			Object.entries(pattern).every(([key, p]) => matches(p, value[key]))
		);
	return isDeepStrictEqual(pattern, value);
}

/** A text with a mark where the cursor is. */
function unmark(marked) {
	const at = marked.indexOf(CURSOR);
	return { text: marked.replace(CURSOR, ''), before: at < 0 ? marked : marked.slice(0, at) };
}

const short = (value) => JSON.stringify(value)?.slice(0, 300);

class Play {
	#transcript;
	#driver;
	#server;
	#socket = null;
	#waiting = new Set();
	#named = new Map();
	#places = new Map(); // of completion requests, by id: their line, with a mark
	#serial = 1000;
	messages = []; // of the editor, in order: { message, taken }
	starts = 0;
	pid = 0;
	mirror = new Mirror();
	inFlight = new Map();
	broken = null;
	initialized = false;
	replies = new Map();

	constructor(transcript, driver) {
		this.#transcript = transcript;
		this.#driver = driver;
	}

	async run() {
		this.folder = await mkdtemp(join(tmpdir(), 'eke-conformance-'));
		const path = join(this.folder, 'runner.sock');
		this.#server = createServer((socket) => this.#connected(socket));
		await new Promise((resolve) => this.#server.listen(path, resolve));
		const { command, editor = {}, settings = {} } = this.#transcript;
		try {
			await this.#driver.start({
				command: command ?? [process.execPath, join(here, 'server.mjs'), path],
				folder: this.folder,
				options: editor,
				settings,
			});
			await this.#steps(this.#transcript.steps);
			await this.#end();
		} finally {
			await this.#driver.stop();
			this.#socket?.destroy();
			this.#server.close();
			await rm(this.folder, { recursive: true, force: true });
		}
	}

	/* What holds at the end of every transcript. */
	async #end() {
		if (!this.#socket || !this.initialized) return;
		await this.#sync();
		for (const { uri } of this.mirror.documents.values()) if (uri.startsWith('file:')) await this.#agree(uri);
	}

	/* The server's copy of a document is what the editor has. */
	async #agree(uri) {
		const path = decodeURIComponent(new URL(uri).pathname);
		const differs = async () => {
			const text = await this.#driver.text(path);
			const mirrored = this.mirror.documents.get(uri)?.text.replace(/\r\n/g, '\n');
			return mirrored === text || mirrored === `${text}\n` ? null : { server: mirrored, editor: text };
		};
		let difference;
		await this.#until(
			`the server has the text of ${path}`,
			async () => !(difference = await differs()),
			() => short(difference),
		);
	}

	// --- the server's side ---

	#connected(socket) {
		this.#socket = socket;
		this.starts++;
		this.mirror = new Mirror();
		this.inFlight = new Map();
		this.initialized = false;
		let rest = '';
		socket.setEncoding('utf8');
		socket.on('data', (data) => {
			const lines = (rest + data).split('\n');
			rest = lines.pop();
			for (const line of lines) this.#heard(socket, JSON.parse(line));
			this.#poke();
		});
		socket.on('error', () => {});
		socket.on('close', () => {
			if (this.#socket === socket) this.#socket = null;
			this.#poke();
		});
		this.#poke();
	}

	#heard(socket, { started, message, end }) {
		if (started) this.pid = started;
		if (end) this.ended = true;
		if (!message || socket !== this.#socket) return;
		try {
			this.#check(message);
		} catch (error) {
			this.broken ??= error;
		}
		this.messages.push({ message, taken: false, process: this.starts });
	}

	#check(message) {
		const { jsonrpc, id, method, params } = message;
		if (jsonrpc !== '2.0') throw new Error(`no JSON-RPC 2.0: ${short(message)}`);
		if (method === undefined) {
			this.replies.set(id, message);
			return;
		}
		if (id !== undefined && method !== '$/cancelRequest') this.#asked(message);
		else if (method === '$/cancelRequest' && (id !== undefined || params?.id === undefined))
			throw new Error(`$/cancelRequest has its id in params: ${short(message)}`);
		else if (method === '$/cancelRequest') this.#cancelled(params.id);
		else if (!this.initialized && method !== 'exit') throw new Error(`${method} before the answer to initialize`);
		else if (/^textDocument\/did(Open|Change|Close|Save)$/.test(method)) this.mirror.take(method, params);
	}

	#asked({ id, method, params }) {
		if (!this.initialized && method !== 'initialize') throw new Error(`${method} before the answer to initialize`);
		if (this.inFlight.has(id)) throw new Error(`id ${id} is in use`);
		this.inFlight.set(id, method);
		const manual = this.#transcript.manual ?? [];
		if (manual.includes(method)) return;
		if (method === 'initialize') this.#initialize(id, params);
		else if (method === 'textDocument/inlineCompletion') this.#place(id, params);
		else if (method === 'shutdown' || method === 'workspace/executeCommand') this.#reply(id, { result: null });
		else if (method === 'budget/get') this.#reply(id, { result: { budgets: this.#transcript.budgets ?? [] } });
	}

	#cancelled(id) {
		if (this.inFlight.has(id) && !(this.#transcript.manual ?? []).includes('$/cancelRequest'))
			this.#reply(id, { error: { code: -32800, message: 'cancelled by the client' } });
	}

	#initialize(id, params) {
		const offered = params.capabilities?.general?.positionEncodings ?? ['utf-16'];
		const encoding =
			this.#transcript.encoding ?? offered.find((one) => ['utf-8', 'utf-16'].includes(one)) ?? 'utf-16';
		if (encoding !== 'utf-16' && !offered.includes(encoding))
			throw new Error(`${encoding} is not offered: ${offered}`);
		this.mirror.encoding = encoding;
		const { protocol = 1, version = '0.1.0', flags = {} } = this.#transcript.server ?? {};
		const eke =
			protocol === null
				? {}
				: { eke: { protocol, chat: true, models: true, streaming: true, chats: true, ...flags } };
		this.#reply(id, {
			result: {
				capabilities: {
					positionEncoding: encoding,
					textDocumentSync: { openClose: true, change: 2, save: { includeText: false } },
					inlineCompletionProvider: {},
					executeCommandProvider: { commands: ['eke.accept', 'eke.reject'] },
					workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
					experimental: eke,
				},
				serverInfo: { name: 'eke', version },
			},
		});
		this.initialized = true;
	}

	/* A completion is asked for; like eke, the one before is answered with null if nothing holds it. */
	#place(id, params) {
		this.#places.set(id, this.mirror.place(params.textDocument.uri, params.position).marked);
		for (const [other, method] of this.inFlight)
			if (
				other !== id &&
				method === 'textDocument/inlineCompletion' &&
				![...this.#named.values()].includes(other)
			)
				this.#reply(other, { result: null });
	}

	#tell(command) {
		this.#socket?.write(`${JSON.stringify(command)}\n`);
	}

	#send(message) {
		this.#tell({ message: { jsonrpc: '2.0', ...message } });
	}

	#reply(id, answer) {
		this.inFlight.delete(id);
		this.#send({ id, ...answer });
	}

	#up() {
		return this.#until('the server is started and initialized', () => this.initialized);
	}

	/* Behind it, the editor has handled all that was sent before. */
	async #sync() {
		await this.#up();
		const id = ++this.#serial;
		this.#send({ id, method: 'conformance/sync', params: {} });
		await this.#until('the editor refuses a request it does not know', () => this.replies.has(id));
		if (this.replies.get(id).error?.code !== -32601)
			throw new Error(`an unknown request is answered with -32601, not ${short(this.replies.get(id))}`);
	}

	// --- waiting ---

	#poke() {
		for (const wake of [...this.#waiting]) wake();
	}

	/* Until the condition holds: looked at after every event, and every 20 ms for what only the driver can see. */
	async #until(what, condition, state = () => '', deadline = DEADLINE) {
		const end = Date.now() + deadline;
		for (;;) {
			if (this.broken) throw this.broken;
			if (await condition()) return;
			if (Date.now() > end) throw new Error(`never happened: ${what}. ${await state()}`);
			await new Promise((resolve) => {
				const wake = () => {
					clearTimeout(timer);
					this.#waiting.delete(wake);
					resolve();
				};
				const timer = setTimeout(wake, 20);
				this.#waiting.add(wake);
			});
		}
	}

	/* The first message not yet taken that fits; those before it stay. */
	async #message(what, fits) {
		let found;
		await this.#until(
			what,
			() => {
				found = this.messages.find((entry) => !entry.taken && fits(entry.message));
				return found !== undefined;
			},
			() =>
				`sent: ${this.messages
					.filter((m) => !m.taken)
					.slice(-8)
					.map((m) => short(m.message))
					.join('\n')}`,
		);
		found.taken = true;
		return found.message;
	}

	// --- steps ---

	async #steps(steps) {
		for (const [i, step] of steps.entries()) {
			const [kind] = Object.keys(step);
			if (!(kind in this.#kinds)) throw new Error(`unknown step ${kind}`);
			try {
				await this.#kinds[kind](step[kind], step);
			} catch (error) {
				const picture = this.#driver.picture ? `\n${await this.#driver.picture()}` : '';
				error.message = `step ${i + 1}, ${short(step)}: ${error.message}${picture.trimEnd()}`;
				throw error;
			}
		}
	}

	#kinds = {
		file: async (marked, { name, bytes }) => {
			const { text, before } = unmark(marked);
			const path = join(this.folder, name);
			await writeFile(path, text.repeat(bytes ? Math.ceil(bytes / text.length) : 1));
			const lines = before.split(/\r\n|\n/);
			await this.#driver.open(path, { line: lines.length - 1, column: [...lines.at(-1)].length });
		},
		type: (text) => this.#driver.type(text),
		press: (key) => this.#driver.press(key),
		keys: (text) => this.#driver.keys(text),
		commands: (text) => this.#driver.commands(text),
		agree: async () => {
			for (const { uri } of this.mirror.documents.values()) await this.#agree(uri);
		},
		do: (command, { with: argument, lines }) => this.#driver.command(command, argument, lines),
		choose: (title) => this.#driver.choose(title),
		ask: async (marked, { as, trigger }) => {
			const message = await this.#message(
				`a completion is asked for at ${marked}`,
				({ id, method }) =>
					method === 'textDocument/inlineCompletion' &&
					this.inFlight.has(id) &&
					this.#places.get(id) === marked,
			);
			const kind = message.params.context?.triggerKind;
			if (trigger && kind !== trigger) throw new Error(`triggerKind is ${kind}`);
			this.#named.set(as, message.id);
			this.#named.set(`${as}.params`, message.params);
		},
		expect: async (pattern, { as, where }) => {
			const refers = (one) =>
				Object.entries(where ?? {}).every(
					([path, name]) =>
						path.split('.').reduce((object, key) => object?.[key], one) === this.#named.get(name),
				);
			const message = await this.#message(
				`the editor sends ${short(pattern)}`,
				(one) => matches(pattern, one) && refers(one),
			);
			if (as) {
				this.#named.set(as, message.id);
				this.#named.set(`${as}.params`, message.params);
			}
		},
		never: async (pattern) => {
			await this.#sync();
			const found = this.messages.find(({ message, taken }) => !taken && matches(pattern, message));
			if (found) throw new Error(`sent: ${short(found.message)}`);
		},
		answer: (name, { items, incomplete, result, error }) => {
			const id = this.#named.get(name);
			this.#named.delete(name);
			if (error) return this.#reply(id, { error });
			return this.#reply(id, {
				result: items
					? { items: items.map((item) => this.#item(item, name)), ...(incomplete && { isIncomplete: true }) }
					: (result ?? null),
			});
		},
		initialize: (name) => this.#initialize(this.#named.get(name), this.#named.get(`${name}.params`)),
		delta: (text, { of, times = 1 }) => {
			const { streamToken: token } = this.#named.get(`${of}.params`);
			if (token === undefined) throw new Error('no streamToken was sent');
			for (let i = 0; i < times; i++)
				this.#send({ method: '$/progress', params: { token, value: { kind: 'delta', text } } });
		},
		notify: async (message) => {
			await this.#up();
			this.#send(message);
		},
		request: async (message, { as }) => {
			await this.#up();
			this.#named.set(as, ++this.#serial);
			this.#send({ id: this.#serial, ...message });
		},
		edit: (edits, { name, as, before = 0 }) => {
			const { uri, text, version } = this.mirror.named(name);
			const place = ([line, column]) => ({
				line,
				character: units([...text.split(/\r?\n/)[line]].slice(0, column).join(''), this.mirror.encoding),
			});
			const changes = edits.map(({ from, to, text: newText }) => ({
				range: { start: place(from), end: place(to) },
				newText,
			}));
			return this.#kinds.request(
				{
					method: 'workspace/applyEdit',
					params: {
						edit: {
							documentChanges: [{ textDocument: { uri, version: version - before }, edits: changes }],
						},
					},
				},
				{ as },
			);
		},
		reply: async (name, { with: pattern }) => {
			const id = this.#named.get(name);
			await this.#until('the editor replies', () => this.replies.has(id));
			if (!matches(pattern, this.replies.get(id))) throw new Error(`the reply is ${short(this.replies.get(id))}`);
		},
		crash: (status, { stderr, signal }) => {
			this.#crashed = this.starts;
			if (stderr) this.#tell({ stderr });
			this.#tell(signal ? { kill: signal } : { exit: status });
		},
		started: async (count) => {
			await this.#until(
				`the server is started ${count} times`,
				() => this.starts >= count && this.initialized,
				() => `${this.starts} starts`,
				60_000,
			);
			if (this.starts > count) throw new Error(`${this.starts} starts`);
		},
		gone: () => this.#until('the server is gone', () => this.#socket === null),
		sync: () => this.#sync(),
		document: async (text, { name }) => {
			await this.#until(
				`the server has ${short(text)}`,
				() => this.mirror.named(name)?.text === text,
				() => `it has ${short(this.mirror.named(name)?.text)}`,
			);
		},
		see: (what) => this.#see(what),
		still: async (what) => {
			await this.#sync();
			await this.#see(what, 0);
		},
	};
	#crashed = 0;

	/* An item of the transcript as one of the protocol: left and right are code points around the cursor. */
	#item({ text, left = 0, right = 0, id = 'c1' }, name) {
		const { textDocument, position } = this.#named.get(`${name}.params`);
		const { content, at } = this.mirror.place(textDocument.uri, position);
		const wide = (string) => units(string, this.mirror.encoding);
		const start = position.character - wide([...content.slice(0, at)].slice(left ? -left : Infinity).join(''));
		const end = position.character + wide([...content.slice(at)].slice(0, right).join(''));
		return {
			insertText: text,
			range: { start: { line: position.line, character: start }, end: { line: position.line, character: end } },
			command: { title: 'Accept', command: 'eke.accept', arguments: [id] },
		};
	}

	async #see(what, deadline) {
		for (const [name, expected] of Object.entries(what)) {
			const look = {
				ghost: () => this.#driver.ghost(),
				message: () => this.#driver.messages(),
				status: () => this.#driver.status(),
				chat: () => this.#driver.chat(),
				text: async () => {
					const { text, before } = await this.#driver.buffer();
					return expected.includes(CURSOR) ? before + CURSOR + text.slice(before.length) : text;
				},
			}[name];
			let seen;
			await this.#until(
				`${name} is ${short(expected)}`,
				async () => matches(expected, (seen = await look())),
				() => `It is ${short(seen)}`,
				deadline,
			);
		}
	}
}

/** Plays one transcript; throws an error that says which step failed and how. */
export function play(transcript, driver) {
	return new Play(transcript, driver).run();
}
