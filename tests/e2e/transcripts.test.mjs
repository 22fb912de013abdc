/*
 * Replays protocol/transcripts/*.txt against the real program, once in each framing.
 *
 * A transcript is a list of blocks that lines of --- separate. Lines with # are comments, empty ones are skipped. A block is
 *
 *	> text    sent to eke as one message, just as it stands; its lines are joined
 *	< JSON    the next response that eke sends (or the next notification of that method). "*" stands for any value, a key
 *	          that ends with ? may be missing
 *	= exit N  eke must end with that status, and have sent no further response
 *
 * and before the first block, "@ silent-upstream" configures an endpoint that takes connections and never answers.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const EKE = process.env.EKE_BIN || fileURLToPath(new URL('../../build/debug/eke', import.meta.url));
const FOLDER = fileURLToPath(new URL('../../protocol/transcripts/', import.meta.url));
const PATIENCE = 20_000; /* milliseconds for one message; only a failure takes that long */

/* A number as id is compared as it was written: JSON.parse would round 9007199254740993 and turn 1.50 into 1.5. */
const parse = (text) => JSON.parse(text.replace(/"id":\s*(-?[0-9][0-9.eE+-]*)/, '"id":{"number":"$1"}'));

function parseTranscript(text) {
	const blocks = [];
	const options = new Set();
	let block = null;

	text.split('\n').forEach((line, n) => {
		const where = `line ${n + 1}`;
		if (line === '---') {
			block = null;
		} else if (line.startsWith('@ ')) {
			options.add(line.slice(2));
		} else if (line !== '' && !line.startsWith('#')) {
			const match = /^([<>=]) (.*)$/.exec(line);
			assert.ok(match, `${where}: not a line of a transcript: ${line}`);
			if (!block)
				blocks.push(block = { kind: match[1], text: '', where });
			assert.equal(match[1], block.kind, `${where}: --- is missing before`);
			block.text += match[2];
		}
	});
	return { blocks, options };
}

function matches(pattern, value) {
	if (pattern === '*')
		return value !== undefined;
	if (pattern === null || typeof pattern !== 'object')
		return pattern === value;
	if (value === null || typeof value !== 'object' || Array.isArray(pattern) !== Array.isArray(value))
		return false;
	const known = Object.keys(pattern).map((key) => key.replace(/\?$/, ''));
	const missing = Object.keys(pattern).some((key) => !key.endsWith('?') && !(key in value));
	return !missing && Object.keys(value).every((key) => known.includes(key) && matches(pattern[key] ?? pattern[`${key}?`] ?? null, value[key]));
}

/* Messages out of bytes, taken in one framing and no other. */
class Reader {
	constructor(framing) {
		this.framing = framing;
		this.bytes = Buffer.alloc(0);
	}

	/* The next whole message's text, or null. */
	next() {
		return this.framing === 'lines' ? this.nextLine() : this.nextFramed();
	}

	nextLine() {
		const end = this.bytes.indexOf('\n');
		return end < 0 ? null : this.take(0, end, end + 1);
	}

	nextFramed() {
		const head = this.bytes.indexOf('\r\n\r\n');
		if (head < 0)
			return null;
		const match = /^Content-Length: (\d+)$/.exec(this.bytes.toString('latin1', 0, head));
		assert.ok(match, `not the header that clients know: ${this.bytes.toString('utf8', 0, head)}`);
		const end = head + 4 + Number(match[1]);
		return end > this.bytes.length ? null : this.take(head + 4, end, end);
	}

	take(from, to, rest) {
		const text = this.bytes.toString('utf8', from, to);
		this.bytes = this.bytes.subarray(rest);
		return text;
	}
}

const frame = {
	lines: (text) => `${text}\n`,
	'content-length': (text) => `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
};

/* The environment, less whatever would configure an endpoint or a way to it. */
function environment(home) {
	const kept = Object.entries(process.env).filter(([name]) => !/^(EKE|OPENAI|XDG)_|_KEY$|_TOKEN$|_proxy$/i.test(name));
	return { ...Object.fromEntries(kept), HOME: home, EKE_CONFIG: join(home, 'config.json'), EKE_STATE_DIR: join(home, 'state'), EKE_LOCAL_SERVERS: '' };
}

class Server {
	constructor(framing, home) {
		this.frame = frame[framing];
		this.reader = new Reader(framing);
		this.stderr = '';
		this.child = spawn(EKE, ['serve'], { env: environment(home), stdio: 'pipe' });
		this.closed = once(this.child, 'close').then(([code, signal]) => (this.end = { code, signal }));
		this.child.stdin.on('error', () => {}); /* it may end before it has read everything */
		this.child.stderr.on('data', (data) => (this.stderr += data));
		this.child.stdout.on('data', (data) => {
			this.reader.bytes = Buffer.concat([this.reader.bytes, data]);
			this.wake?.();
		});
	}

	send(text) {
		this.child.stdin.write(this.frame(text));
	}

	/* The next message that is for this block: any response, or the notification of that method. */
	async receive(method) {
		for (;;) {
			const text = this.reader.next();
			if (text === null) {
				assert.ok(!this.end, `eke ended (${JSON.stringify(this.end)}) instead of sending a message`);
				await this.more();
				continue;
			}
			const message = parse(text);
			if (!('method' in message) || message.method === method)
				return message;
		}
	}

	more() {
		return within(Promise.race([new Promise((resolve) => (this.wake = resolve)), this.closed]), 'no message came');
	}

	async exit() {
		const { code, signal } = await within(this.closed, 'eke did not end');
		for (let text; (text = this.reader.next()) !== null;)
			assert.ok('method' in parse(text), `a response too many: ${text}`);
		assert.equal(this.reader.bytes.length, 0, `half a message at the end: ${this.reader.bytes}`);
		return signal ?? code;
	}
}

/* The promise, but no longer than a test should wait. */
async function within(promise, complaint) {
	let timer;
	const late = new Promise((_, reject) => {
		timer = setTimeout(() => reject(new Error(`${complaint} within ${PATIENCE / 1000} s`)), PATIENCE);
	});
	try {
		return await Promise.race([promise, late]);
	} finally {
		clearTimeout(timer);
	}
}

async function playBlock(server, block) {
	if (block.kind === '>') {
		server.send(block.text);
	} else if (block.kind === '<') {
		const pattern = parse(block.text);
		const message = await server.receive(pattern.method);
		assert.ok(matches(pattern, message), `expected ${block.text}\ngot ${JSON.stringify(message)}`);
	} else {
		const status = Number(/^exit (\d+)$/.exec(block.text)?.[1]);
		assert.equal(await server.exit(), status, 'exit status');
	}
}

/* An endpoint that takes connections and is silent; resolves to its port. */
async function silentUpstream(t) {
	const sockets = new Set();
	const upstream = createServer((socket) => {
		sockets.add(socket);
		socket.on('error', () => {});
	});

	upstream.listen(0, '127.0.0.1');
	await once(upstream, 'listening');
	t.after(() => {
		for (const socket of sockets)
			socket.destroy();
		upstream.close();
	});
	return upstream.address().port;
}

async function configuration(t, options) {
	if (!options.has('silent-upstream'))
		return {};
	const port = await silentUpstream(t);
	return { endpoints: [{ name: 'silent', baseUrl: `http://127.0.0.1:${port}/v1`, plan: 'unlimited', models: { chat: 'none' } }] };
}

async function replay(t, text, framing) {
	const { blocks, options } = parseTranscript(text);
	const home = mkdtempSync(join(tmpdir(), 'eke-transcript-'));

	t.after(() => rmSync(home, { recursive: true, force: true }));
	writeFileSync(join(home, 'config.json'), JSON.stringify(await configuration(t, options)));
	const server = new Server(framing, home);
	t.after(() => server.child.kill('SIGKILL'));
	for (const block of blocks) {
		try {
			await playBlock(server, block);
		} catch (error) {
			error.message = `${block.where}: ${error.message}\n--- eke's log\n${server.stderr}`;
			throw error;
		}
	}
	assert.ok(server.end, 'the transcript does not end with = exit');
	assert.doesNotMatch(server.stderr, / broken: /, 'eke found a fault in itself');
}

const transcripts = readdirSync(FOLDER).filter((name) => name.endsWith('.txt')).sort();

test('there are transcripts and a program to replay them on', () => {
	assert.ok(transcripts.length >= 5, `found ${transcripts.length}`);
	assert.ok(existsSync(EKE), `${EKE} is missing: make debug builds it`);
});

for (const name of transcripts)
	for (const framing of Object.keys(frame))
		test(`${name}, ${framing}`, (t) => replay(t, readFileSync(join(FOLDER, name), 'utf8'), framing));
