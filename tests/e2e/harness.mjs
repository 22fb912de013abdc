/*
 * The real program in a test's hands: a client that speaks to it through vscode-jsonrpc, or in bytes. Every message both ways is
 * checked against protocol/, and after the test eke must end as it should, with nothing left over (support/ has the parts).
 *
 *	const upstream = await withUpstream(t);
 *	const eke = await startServer(t, { config: configFor(upstream) });
 *	await eke.initialize();
 *	const doc = await eke.open('int main() { ret‸ }');
 *	assert.equal((await doc.complete()).items[0].insertText, 'urn 0;');
 *
 * Nothing here sleeps: what a test waits for is an event, and 20 s without it are a failure.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import rpc from 'vscode-jsonrpc/node.js';

import { startUpstream } from '../upstream/upstream.mjs';
import { Audit, problemOf } from './support/audit.mjs';
import { Document } from './support/document.mjs';
import { makeHome, Program, run, within } from './support/program.mjs';
import { frame, LineReader, LineWriter, Splitter } from './support/wire.mjs';

export { makeHome, run, startProgram, within } from './support/program.mjs';

/** A test upstream (tests/upstream) that closes with the test. */
export async function withUpstream(t, options) {
	const upstream = await startUpstream(options);

	t.after(() => upstream.close());
	return upstream;
}

/** An endpoint of the configuration for a test upstream. */
export const endpointFor = (upstream, more) => ({
	name: 'test', baseUrl: `${upstream.url}/v1`, plan: 'unlimited', models: { chat: 'chatty', completion: 'coder' }, ...more,
});

/** A configuration with that one endpoint, and no waiting for more keystrokes. */
export function configFor(upstream, more = {}, rest = {}) {
	return { endpoints: [endpointFor(upstream, more)], completion: { debounceMs: 0 }, ...rest };
}

/** As a user does who has another address or plan: refusals for limits are forgotten, on the client's machine. */
export async function unblock(t, client) {
	const { code, stderr } = await run(t, ['status', '--unblock'], { home: client.home });

	assert.equal(code, 0, stderr);
}

const serve = (t, { config, home = makeHome(t, config), env, args = [] }) => new Program({ home, env, args: ['serve', ...args] });

/**
 * Starts `eke serve` and a client. After the test it is stopped and looked over, unless the test did that.
 * @param {Object} t the test
 * @param {{config?: Object|string, home?: string, env?: Object, args?: string[], framing?: 'content-length'|'lines'}} [options]
 * @returns {Promise<Client>}
 */
export async function startServer(t, options = {}) {
	const client = new Client(serve(t, options), options.framing ?? 'content-length');

	t.after(() => client.stop());
	return client;
}

/** The same for tests that write the bytes themselves. They must end it: `await raw.exit()`. */
export function startRaw(t, options = {}) {
	const raw = new RawClient(serve(t, options), options.framing ?? 'content-length');

	t.after(() => raw.program.kill());
	return raw;
}

/* vscode-jsonrpc's ends of the pipes. */
function makeEnds({ stdout, stdin }, framing) {
	if (framing === 'lines')
		return [new LineReader(stdout), new LineWriter(stdin)];
	return [new rpc.StreamMessageReader(stdout), new rpc.StreamMessageWriter(stdin)];
}

class Client {
	#connection;
	#waiters = new Set();
	#stopped = null;
	#documents = 0;

	constructor(program, framing) {
		const [reader, writer] = makeEnds(program.child, framing);

		this.program = program;
		this.audit = new Audit();
		/** Notifications that nobody has waited for. */
		this.notifications = [];
		this.#connection = rpc.createMessageConnection(this.#tapReader(reader), this.#tapWriter(writer));
		/* The tap has them all: some vscode-jsonrpc would keep to itself. */
		this.#connection.onNotification(() => {});
		this.#connection.onUnhandledProgress(() => {});
		this.#connection.onError(([error]) => this.audit.problems.push(`vscode-jsonrpc: ${error.stack}`));
		this.#connection.listen();
		program.closed.then(() => this.#failWaiters());
	}

	#tapReader(reader) {
		const listen = reader.listen.bind(reader);

		reader.listen = (callback) => listen((message) => {
			this.audit.received(message);
			if ('method' in message)
				this.#notified(message);
			callback(message);
		});
		return reader;
	}

	#tapWriter(writer) {
		const write = writer.write.bind(writer);

		writer.write = (message) => {
			this.audit.sent(message);
			return write(message);
		};
		return writer;
	}

	#notified({ method, params }) {
		for (const waiter of this.#waiters) {
			if (waiter.method !== method || !waiter.predicate(params))
				continue;
			this.#waiters.delete(waiter);
			waiter.resolve(params);
			return;
		}
		this.notifications.push({ method, params });
	}

	#failWaiters() {
		for (const { method, reject } of this.#waiters)
			reject(new Error(`eke ended instead of sending ${method}\n${this.program.log}`));
	}

	get home() {
		return this.program.home;
	}

	/** The URI of a file in the client's working directory, which need not exist. */
	uri(name) {
		return `file://${join(this.home, 'work', name)}`;
	}

	/** Replaces the configuration file: an object, or the text or bytes as they are. */
	writeConfig(config) {
		const asIs = typeof config === 'string' || Buffer.isBuffer(config);

		writeFileSync(join(this.home, 'config.json'), asIs ? config : JSON.stringify(config));
	}

	/** initialize and initialized. Resolves to the result. */
	async initialize(params = {}) {
		const result = await this.request('initialize', {
			processId: process.pid, clientInfo: { name: 'e2e', version: '1' }, rootUri: null, capabilities: {}, ...params,
		});

		this.notify('initialized', {});
		return result;
	}

	/** Resolves to the result, or rejects with vscode-jsonrpc's ResponseError. */
	request(method, params) {
		return this.start(method, params).answer;
	}

	/** The same in two parts: { answer, cancel() }. */
	start(method, params) {
		const source = new rpc.CancellationTokenSource();
		const given = params === undefined ? [] : [params];
		const answer = within(this.#connection.sendRequest(method, ...given, source.token), () => `${method} was not answered\n${this.program.log}`);

		answer.catch(() => {}); /* whoever awaits it gets it */
		return { answer, cancel: () => source.cancel() };
	}

	/** Answers eke's requests of that method from now on: answer(params) gives the result, or throws. */
	onRequest(method, answer) {
		this.#connection.onRequest(method, answer);
	}

	notify(method, params) {
		return this.#connection.sendNotification(method, ...(params === undefined ? [] : [params]));
	}

	/** Resolves to the params of the first notification of that kind, past or to come, that nobody has waited for before. */
	waitForNotification(method, predicate = () => true) {
		const at = this.notifications.findIndex((n) => n.method === method && predicate(n.params));

		if (at >= 0)
			return Promise.resolve(this.notifications.splice(at, 1)[0].params);
		const found = new Promise((resolve, reject) => this.#waiters.add({ method, predicate, resolve, reject }));
		return within(found, () => `${method} (${predicate}) did not come\n${this.program.log}`);
	}

	/** Those of that method that came so far and that nobody has waited for; they count as waited for. */
	takeNotifications(method) {
		const taken = this.notifications.filter((n) => n.method === method).map((n) => n.params);

		this.notifications = this.notifications.filter((n) => n.method !== method);
		return taken;
	}

	/** After this, whatever eke had to say to what was sent before has come. */
	async settle() {
		await this.request('budget/get', {});
	}

	/**
	 * Opens a document. ‸ in the text is where its cursor is, else that is the end.
	 * @param {string} text
	 * @param {{uri?: string, languageId?: string, version?: number, unit?: 'utf-16'|'utf-8'}} [options]
	 */
	async open(text, options = {}) {
		const doc = new Document(this, text, { uri: this.uri(`file${++this.#documents}.c`), languageId: 'c', version: 1, unit: 'utf-16', ...options });

		await doc.open();
		return doc;
	}

	/**
	 * chat/complete in two parts: { answer, cancel(), streamToken }.
	 * @param {string|Object[]} messages a string is one from the user
	 * @param {{streamToken?: number|string|null}} [options] null: not streamed; and whatever else params may have
	 */
	startChat(messages, { streamToken = `chat-${Math.random()}`, ...more } = {}) {
		const list = typeof messages === 'string' ? [{ role: 'user', content: messages }] : messages;
		const token = streamToken === null ? {} : { streamToken };

		return { ...this.start('chat/complete', { messages: list, ...token, ...more }), streamToken };
	}

	/** Resolves to the result of a chat/complete. */
	chat(messages, options) {
		return this.startChat(messages, options).answer;
	}

	/**
	 * chat/send in two parts: { answer, cancel(), streamToken }.
	 * @param {string} prompt
	 * @param {Object} [params] whatever else params may have
	 */
	startSend(prompt, { streamToken = `send-${Math.random()}`, ...more } = {}) {
		return { ...this.start('chat/send', { prompt, streamToken, ...more }), streamToken };
	}

	/** Resolves to the result of a chat/send. */
	send(prompt, params) {
		return this.startSend(prompt, params).answer;
	}

	/** A piece of the answer with that token. */
	waitForDelta(streamToken, predicate = () => true) {
		return this.waitForNotification('$/progress', ({ token, value }) => token === streamToken && predicate(value));
	}

	/** Everything that came for that token so far. */
	text(streamToken) {
		return this.notifications.filter((n) => n.method === '$/progress' && n.params.token === streamToken)
			.map((n) => n.params.value.text ?? '').join('');
	}

	/** shutdown, exit, and the checks. Rejects if anything was wrong; once. */
	stop() {
		this.#stopped ??= this.#stop();
		return this.#stopped;
	}

	async #stop() {
		try {
			if (!this.program.end) {
				await this.request('shutdown');
				this.notify('exit');
			}
			assert.equal(await this.program.exit(), 0, `exit code\n${this.program.log}`);
			this.audit.finish();
		} finally {
			this.program.kill();
			this.#connection.dispose();
		}
	}

	/** For tests that end it in another way: the exit code, and the checks. */
	ended() {
		this.#stopped = this.program.exit().then((code) => {
			this.audit.finish();
			this.#connection.dispose();
			return code;
		});
		return this.#stopped;
	}
}

/* The id of a response as it was written: JSON.parse would round 9007199254740993 and turn 1.50 into 1.5. */
const rawId = (text) => /^\{"jsonrpc":"2\.0","id":("(?:[^"\\]|\\.)*"|[^,"]+),/.exec(text)?.[1];

class RawClient {
	#splitter;
	#queue = [];
	#wake = () => {};
	#inFlight = new Map(); /* id as it was written: method */

	constructor(program, framing) {
		this.program = program;
		this.framing = framing;
		this.#splitter = new Splitter(framing);
		program.child.stdout.on('data', (bytes) => {
			this.#queue.push(...this.#splitter.feed(bytes));
			this.#wake();
		});
		program.closed.then(() => this.#wake());
	}

	/** Bytes as they are. Resolves when the pipe has taken them. */
	write(bytes) {
		return new Promise((resolve) => {
			this.program.child.stdin.write(bytes, resolve);
		});
	}

	/** One message, whatever its text. */
	send(text) {
		return this.write(frame[this.framing](text));
	}

	/** One well-formed request; the id is JSON text. */
	request(id, method, params) {
		const text = `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)}${params === undefined ? '' : `,"params":${JSON.stringify(params)}`}}`;

		this.expect(id, method);
		return this.send(text);
	}

	/** Says that a request of that id is on its way, in whatever bytes. */
	expect(id, method) {
		this.#inFlight.set(id, method);
	}

	notify(method, params) {
		return this.send(JSON.stringify({ jsonrpc: '2.0', method, params }));
	}

	/** initialize and initialized, and their answer. */
	async initialize() {
		await this.request('"initialize"', 'initialize', { processId: null, capabilities: {} });
		const { message } = await this.response('"initialize"');
		await this.notify('initialized', {});
		return message.result;
	}

	/**
	 * The next message: { text, message, id }, id as it was written. Undefined when eke has ended.
	 * @param {{keep?: boolean}} [options] keep: an error that names the id of a request that goes on
	 */
	async next({ keep = false } = {}) {
		while (!this.#queue.length && !this.program.end)
			await within(new Promise((resolve) => (this.#wake = resolve)), () => `no message came\n${this.program.log}`);
		if (!this.#queue.length)
			return undefined;
		const text = this.#queue.shift();
		const message = JSON.parse(text);
		const id = rawId(text);
		/* For an id of which no request is known, only the errors that any request may get. */
		assert.equal(problemOf(message, this.#inFlight.get(id) ?? null), null, text);
		if (!keep)
			this.#inFlight.delete(id);
		return { text, message, id };
	}

	/** The next response. Notifications before it are skipped. */
	async nextResponse(options) {
		for (let got; (got = await this.next(options));)
			if (!('method' in got.message))
				return got;
		throw new Error(`eke ended instead of answering\n${this.program.log}`);
	}

	/** The next response, which must have that id. */
	async response(id) {
		const got = await this.nextResponse();

		assert.equal(got.id, id, got.text);
		return got;
	}

	/** The next response, which must be an error with that id and code. */
	async error(id, code) {
		const { message, text } = await this.response(id);

		assert.equal(message.error?.code, code, text);
		return message.error;
	}

	/** A request that works: the stream is in step. */
	async ping(id = '"ping"') {
		await this.request(id, 'budget/get', {});
		const { message } = await this.response(id);
		assert.ok(Array.isArray(message.result?.budgets));
	}

	/** The end of input. */
	endInput() {
		this.program.child.stdin.end();
	}

	/** shutdown and exit, and their answer. */
	async shutDown() {
		await this.request('"shutdown"', 'shutdown');
		await this.response('"shutdown"');
		await this.notify('exit');
		assert.equal(await this.exit(), 0);
	}

	/** Resolves to the exit code; no response may be left, nor half a message. */
	async exit() {
		const code = await this.program.exit();

		assert.deepEqual(this.#queue.filter((text) => !('method' in JSON.parse(text))), [], 'responses too many');
		assert.equal(this.#splitter.bytes.length, 0, `half a message at the end: ${this.#splitter.bytes.subarray(0, 1000)}`);
		assert.deepEqual([...this.#inFlight], [], 'requests without answer');
		return code;
	}
}
