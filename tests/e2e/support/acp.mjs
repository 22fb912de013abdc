/*
 * An ACP client in a test's hands: the official SDK's, with every line both ways checked against the SDK's schema.json, and
 * what eke sends also for members that the schema does not have. It keeps a small file system for fs/*, answers questions
 * for permission as the test says, and collects what it is told.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';

import * as sdk from '@agentclientprotocol/sdk';
import Ajv2020 from 'ajv/dist/2020.js';

import { makeHome, Program, within } from './program.mjs';

const SCHEMA = JSON.parse(readFileSync(new URL('../node_modules/@agentclientprotocol/sdk/schema/v1/schema.json', import.meta.url)));
/* Its formats and annotations are not JSON Schema's. */
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema(SCHEMA, 'acp');

const validators = new Map();
function validator(pointer) {
	if (!validators.has(pointer))
		validators.set(pointer, ajv.compile({ $ref: `acp#${pointer}` }));
	return validators.get(pointer);
}

/* $defs of a method, by who handles it. */
const DEFS = { request: {}, response: {}, notification: {} };
for (const [name, def] of Object.entries(SCHEMA.$defs)) {
	const method = def['x-method'];
	const kind = name.endsWith('Request') ? 'request' : name.endsWith('Response') ? 'response' : 'notification';

	if (method)
		DEFS[kind][`${def['x-side'] === 'protocol' ? '' : `${def['x-side']} `}${method}`] = name;
}

/* A part of the schema, compiled once. */
const compiled = new WeakMap();
function accepts(part, value) {
	if (!compiled.has(part))
		compiled.set(part, ajv.compile({ ...part, $defs: SCHEMA.$defs }));
	return compiled.get(part)(value);
}

const resolve = (node) => (node.$ref ? resolve(SCHEMA.$defs[node.$ref.split('/').at(-1)]) : node);

/* Every schema that speaks about the value: references followed, alternatives that it meets. */
function parts(node, value) {
	const schema = resolve(node);
	const fits = (alternative) => {
		const tag = Object.entries(resolve(alternative).properties ?? {}).find(([, p]) => 'const' in p);
		return tag ? value?.[tag[0]] === tag[1].const : accepts(alternative, value);
	};

	return [schema, ...(schema.allOf ?? []).flatMap((s) => parts(s, value)),
		...[...(schema.oneOf ?? []), ...(schema.anyOf ?? [])].filter(fits).flatMap((s) => parts(s, value))];
}

/** The paths of members that no schema knows. */
export function strangers(node, value, path = '') {
	if (value === null || typeof value !== 'object')
		return [];
	const all = parts(node, value);

	if (Array.isArray(value)) {
		const items = all.map((s) => s.items).find((s) => s);
		return items ? value.flatMap((v, i) => strangers(items, v, `${path}/${i}`)) : [];
	}
	return Object.entries(value).flatMap(([key, v]) => {
		const known = all.map((s) => s.properties?.[key]).find((s) => s !== undefined);

		if (key === '_meta')
			return [];
		if (known === undefined)
			return all.some((s) => s.additionalProperties) || !all.some((s) => s.properties) ? [] : [`${path}/${key}`];
		return typeof known === 'object' ? strangers(known, v, `${path}/${key}`) : [];
	});
}

/* Kinds of updates that belong to a turn, or to the replay of one. */
const OF_A_TURN = new Set(['user_message_chunk', 'agent_message_chunk', 'agent_thought_chunk', 'tool_call', 'tool_call_update', 'usage_update']);

/** "request session/new", …: what all connections of this process have seen. */
export const METHODS = new Set();

/** Watches the lines of one connection. */
export class AcpAudit {
	constructor() {
		this.problems = [];
		this.sent = new Map(); /* the client's requests in flight: id as JSON: { method, params } */
		this.asked = new Map(); /* eke's */
	}

	#complain(direction, message, problem) {
		this.problems.push(`${direction}: ${problem}\n\t${JSON.stringify(message).slice(0, 1500)}`);
	}

	#valid(direction, message, def, value, strict) {
		const check = validator(`/$defs/${def}`);

		if (!check(value))
			this.#complain(direction, message, `${def}: ${ajv.errorsText(check.errors).slice(0, 500)}`);
		const odd = strict ? strangers({ $ref: `#/$defs/${def}` }, value) : [];
		if (odd.length)
			this.#complain(direction, message, `${def} has no ${odd}`);
	}

	/* `to` is who handles it. */
	#message(direction, message, to, theirs, mine, strict) {
		const id = JSON.stringify(message.id);
		const whole = validator('');

		if (!whole(message))
			this.#complain(direction, message, `no message of the schema: ${ajv.errorsText(whole.errors).slice(0, 300)}`);
		if ('method' in message) {
			const kind = 'id' in message ? 'request' : 'notification';
			const def = DEFS[kind][`${to} ${message.method}`] ?? DEFS[kind][message.method];

			METHODS.add(`${kind} ${message.method}`);
			if (def)
				this.#valid(direction, message, def, message.params, strict);
			else if (strict)
				this.#complain(direction, message, `no ${kind} of this protocol`);
			if (kind === 'request')
				mine.set(id, { method: message.method, params: message.params });
			return;
		}
		const request = theirs.get(id);
		theirs.delete(id);
		if (!request && !(strict && message.error && message.id === null))
			this.#complain(direction, message, 'an answer to no request');
		if (('result' in message) === ('error' in message))
			this.#complain(direction, message, 'neither result nor error, or both');
		if (message.error)
			this.#valid(direction, message, 'Error', message.error, strict);
		else if (request && DEFS.response[`${to === 'agent' ? 'client' : 'agent'} ${request.method}`])
			this.#valid(direction, message, DEFS.response[`${to === 'agent' ? 'client' : 'agent'} ${request.method}`], message.result, strict);
	}

	toEke(message, { lax = false } = {}) {
		if (lax) { /* what a client of another mind sends: only what comes back is checked */
			if ('method' in message && 'id' in message)
				this.sent.set(JSON.stringify(message.id), { method: message.method, params: message.params });
			return;
		}
		this.#message('to eke', message, 'agent', this.asked, this.sent, false);
	}

	fromEke(message) {
		if (message.method === 'session/update') {
			const { sessionId, update } = message.params;
			const going = [...this.sent.values()].some(({ method, params }) =>
				params?.sessionId === sessionId && ['session/prompt', 'session/load'].includes(method));

			if (OF_A_TURN.has(update.sessionUpdate) && !going)
				this.#complain('from eke', message, 'an update of a turn while there is none');
		}
		this.#message('from eke', message, 'client', this.sent, this.asked, true);
	}

	finish() {
		assert.deepEqual([...this.problems, ...[...this.sent].map(([id, { method }]) => `${method} (${id}) was not answered`)], []);
	}
}

export class AcpClient {
	#waiters = new Set();
	#connection;
	#stopped;
	#rest = '';

	/** @param {{home, env, args, capabilities}} options */
	constructor({ home, env, args = [], command = 'acp' }) {
		this.program = new Program({ home, env, args: [command, ...args] });
		this.audit = new AcpAudit();
		/** All session/update params, in their order. */
		this.updates = [];
		/** What fs/read_text_file knows that the disk does not: path to text, or an Error. */
		this.buffers = new Map();
		/** What was written by fs/write_text_file. */
		this.written = [];
		this.reads = [];
		this.permissions = [];
		/** (params) => outcome, or a promise of it. */
		this.onPermission = () => ({ outcome: 'cancelled' });
		/** (params) => content. */
		this.onRead = ({ path }) => {
			const text = this.buffers.get(path);
			if (typeof text !== 'string')
				throw text ?? sdk.RequestError.resourceNotFound(path);
			return text;
		};
		this.onWrite = ({ path, content }) => {
			this.written.push({ path, content });
			this.buffers.set(path, content);
		};
		this.#connect();
	}

	#connect() {
		const { stdin, stdout } = this.program.child;
		const tapped = new PassThrough();
		const out = new Writable({
			write: (chunk, _, done) => {
				for (const line of chunk.toString().split('\n').filter(Boolean))
					this.audit.toEke(JSON.parse(line));
				stdin.write(chunk, () => done());
			},
		});

		stdout.on('data', (chunk) => {
			this.#take(chunk);
			tapped.write(chunk);
		}).on('end', () => tapped.end());
		this.#connection = sdk.client({ name: 'e2e' })
			.onRequest('session/request_permission', async ({ params }) => {
				this.permissions.push(params);
				this.#tell('permission', params);
				return { outcome: await this.onPermission(params) };
			})
			.onRequest('fs/read_text_file', async ({ params }) => {
				this.reads.push(params.path);
				this.#tell('read', params);
				return { content: await this.onRead(params) };
			})
			.onRequest('fs/write_text_file', async ({ params }) => {
				await this.onWrite(params);
				return {};
			})
			.onNotification('session/update', () => {})
			.connect(sdk.ndJsonStream(Writable.toWeb(out), Readable.toWeb(tapped)));
		this.agent = this.#connection.agent;
		this.program.closed.then(() => {
			for (const w of this.#waiters)
				w.reject(new Error(`eke ended instead of sending ${w.what}\n${this.program.log}`));
		});
	}

	/* Bytes of eke's standard output: lines of JSON, and nothing else. */
	#take(chunk) {
		const lines = (this.#rest + chunk.toString('latin1')).split('\n');

		this.#rest = lines.pop();
		for (const line of lines) {
			const text = Buffer.from(line, 'latin1').toString('utf8');
			let message;

			try {
				message = JSON.parse(text);
			} catch (error) {
				this.audit.problems.push(`no protocol on standard output: ${text} (${error})`);
				continue;
			}
			this.audit.fromEke(message);
			if (message.method === 'session/update') {
				this.updates.push(message.params);
				this.#tell('update', message.params);
			} else if (!('method' in message)) {
				this.#tell('response', message);
			}
		}
	}

	#tell(what, value) {
		for (const waiter of [...this.#waiters]) {
			if (waiter.what === what && waiter.predicate(value)) {
				this.#waiters.delete(waiter);
				waiter.resolve(value);
			}
		}
	}

	/** The next of that kind: update, permission, read, response. */
	next(what, predicate = () => true) {
		return within(new Promise((resolve, reject) => this.#waiters.add({ what, predicate, resolve, reject })),
			() => `no ${what} (${predicate}) came\n${this.program.log}`);
	}

	/** An update of that kind of a session, past or to come. */
	async update(sessionId, kind, predicate = () => true) {
		const fits = (u) => u.sessionId === sessionId && u.update.sessionUpdate === kind && predicate(u.update);

		return (this.updates.find(fits) ?? await this.next('update', fits)).update;
	}

	/** All of that kind so far. */
	of(sessionId, kind) {
		return this.updates.filter((u) => u.sessionId === sessionId && u.update.sessionUpdate === kind).map((u) => u.update);
	}

	/** The text of the messages so far. */
	text(sessionId, kind = 'agent_message_chunk') {
		return this.of(sessionId, kind).map(({ content }) => content.text).join('');
	}

	request(method, params, options) {
		const answer = within(this.agent.request(method, params, options), () => `${method} was not answered\n${this.program.log}`);

		answer.catch(() => {});
		return answer;
	}

	notify(method, params) {
		return this.agent.notify(method, params);
	}

	/** A line as it is. Only what eke says to it is checked. */
	raw(message) {
		const text = typeof message === 'string' ? message : JSON.stringify(message);

		try {
			this.audit.toEke(JSON.parse(text), { lax: true });
		} catch {
			/* that it is no JSON is the point */
		}
		this.program.child.stdin.write(`${text}\n`);
	}

	/** The same, and the response, whatever it is. */
	async ask(message) {
		const answer = this.next('response', ({ id }) => JSON.stringify(id) === JSON.stringify(message.id));

		this.raw(message);
		return answer;
	}

	initialize({ read = true, write = true, ...more } = {}) {
		return this.request('initialize', {
			protocolVersion: 1, clientInfo: { name: 'e2e', version: '1' },
			clientCapabilities: { fs: { readTextFile: read, writeTextFile: write }, terminal: false }, ...more,
		});
	}

	get cwd() {
		return join(this.program.home, 'work');
	}

	/** A new session's id. */
	async session(cwd = this.cwd) {
		return (await this.request('session/new', { cwd, mcpServers: [] })).sessionId;
	}

	/** { answer, cancel(), abort() }: by session/cancel, by $/cancel_request. */
	start(sessionId, prompt) {
		const aborter = new AbortController();
		const blocks = typeof prompt === 'string' ? [{ type: 'text', text: prompt }] : prompt;

		return {
			answer: this.request('session/prompt', { sessionId, prompt: blocks }, { cancellationSignal: aborter.signal }),
			cancel: () => this.notify('session/cancel', { sessionId }),
			abort: () => aborter.abort(),
		};
	}

	/** Resolves to { stopReason }. */
	prompt(sessionId, prompt) {
		return this.start(sessionId, prompt).answer;
	}

	/** Closes eke's input, and checks everything. */
	stop(code = 0) {
		this.#stopped ??= this.#stop(code);
		return this.#stopped;
	}

	async #stop(code) {
		try {
			this.program.child.stdin.end();
			assert.equal(await this.program.exit(), code, `exit code\n${this.program.log}`);
			assert.equal(this.#rest, '', 'half a line at the end');
			this.audit.finish();
		} finally {
			this.program.kill();
			this.#connection.close();
		}
	}

	/** For tests that end it in their own way. */
	async ended() {
		this.#stopped = this.program.exit();
		const code = await this.#stopped;

		assert.deepEqual(this.audit.problems, []);
		this.#connection.close();
		return code;
	}
}

/** Starts `eke acp` and initializes it. After the test it is stopped and looked over, unless the test did that. */
export async function startAcp(t, { config, home = makeHome(t, config), env, args, initialize = {} } = {}) {
	const client = new AcpClient({ home, env, args });

	t.after(() => client.stop());
	if (initialize)
		client.initialized = await client.initialize(initialize);
	return client;
}
