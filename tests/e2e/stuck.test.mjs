/*
 * What does not take what eke writes, or gives without an end, holds nothing else up.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { configFor, endpointFor, makeHome, startRaw, startServer, withUpstream } from './harness.mjs';
import { EKE, within } from './support/program.mjs';
import { frame, Splitter } from './support/wire.mjs';

const MANY = 400;

/* --- a log that nobody reads --- */

/* Starts eke with that as its standard error; { child, ask(n): resolves when n more requests are answered } */
function startWith(t, stderr, args = []) {
	const home = makeHome(t, {});
	const child = spawn(EKE, ['serve', '--log-level', 'io', ...args], {
		cwd: join(home, 'work'), stdio: ['pipe', 'pipe', stderr],
		env: { PATH: process.env.PATH, HOME: home, EKE_CONFIG: join(home, 'config.json'), EKE_STATE_DIR: join(home, 'state'), EKE_LOCAL_SERVERS: '' },
	});
	const splitter = new Splitter('content-length');
	const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
	let answered = 0;
	let id = 0;
	let wake = () => {};

	t.after(() => child.kill('SIGKILL'));
	child.stdout.on('data', (bytes) => {
		answered += splitter.feed(bytes).length;
		wake();
	});
	const send = (method, params) => child.stdin.write(frame['content-length'](JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params })));
	return {
		child, ended, home,
		async ask(n, filler = 'x') {
			for (let i = 0; i < n; i++)
				send(id ? 'budget/get' : 'initialize', id ? { filler } : { capabilities: {} });
			await within(new Promise((resolve) => {
				wake = () => answered >= id && resolve();
				wake();
			}), () => `${answered} of ${id} requests were answered`);
		},
	};
}

/* Everything that is in the pipe now. */
function drain(fd) {
	const chunk = Buffer.alloc(1 << 20);
	let text = '';

	for (;;) {
		try {
			const n = readSync(fd, chunk);
			if (!n)
				return text;
			text += chunk.toString('utf8', 0, n);
		} catch (error) {
			assert.equal(error.code, 'EAGAIN');
			return text;
		}
	}
}

function checkLog(text) {
	const lines = text.split('\n');

	assert.equal(lines.pop(), '', 'the last line is whole');
	for (const line of lines)
		assert.match(line, /^\d{4}-\d\d-\d\dT[\d:.]+Z eke\[\d+\] \w+: /);
	return lines;
}

test('a pipe that nobody reads: all is answered, what was lost is counted, and a signal ends it', async (t) => {
	const home = makeHome(t);
	const path = join(home, 'fifo');

	execFileSync('mkfifo', [path]);
	/* Two, since the child's end is made a blocking one. */
	const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
	const writer = openSync(path, constants.O_WRONLY);
	const eke = startWith(t, writer);

	await eke.ask(MANY, 'y'.repeat(3000));
	const first = drain(fd);
	assert.ok(first.length >= 30_000);
	await eke.ask(3);
	const all = checkLog(first + drain(fd));
	const lost = all.map((line) => /warn: (\d+) lines of the log were lost here/.exec(line)?.[1]).filter(Boolean).map(Number);
	const sum = lost.reduce((a, b) => a + b, 0);
	assert.ok(lost.length);
	/* A line for each message in and out, and some more. */
	assert.ok(all.length + sum >= 2 * (MANY + 3), `${all.length} lines and ${sum} lost`);
	await eke.ask(MANY, 'y'.repeat(3000));
	eke.child.kill('SIGTERM');
	assert.equal(await within(eke.ended, () => 'it did not end'), 143);
	closeSync(writer);
	closeSync(fd);
});

test('a socket that nobody reads', async (t) => {
	const raw = startRaw(t, { args: ['--log-level', 'io'] });

	raw.program.child.stderr.pause();
	await raw.initialize();
	for (let i = 1; i <= MANY; i++) {
		await raw.request(`${i}`, 'budget/get', { filler: 'y'.repeat(3000) });
		await raw.response(`${i}`);
	}
	raw.program.child.stderr.resume();
	raw.program.kill('SIGTERM');
	assert.equal(await raw.program.exit(), 143);
	checkLog(raw.program.stderr);
});

test('a closed standard error, a FIFO as log file, and a full disk', async (t) => {
	const home = makeHome(t);
	const path = join(home, 'fifo');

	execFileSync('mkfifo', [path]);
	const refused = startWith(t, 'ignore', ['--log-file', path]);
	assert.equal(await within(refused.ended, () => 'it waits for a reader of its log'), 2);
	const full = startWith(t, 'ignore', ['--log-file', '/dev/full']);
	await full.ask(20);
	full.child.kill('SIGTERM');
	assert.equal(await full.ended, 143);
	const ends = startWith(t, 'pipe');
	ends.child.stderr.destroy();
	await ends.ask(MANY);
	ends.child.kill('SIGTERM');
	assert.equal(await ends.ended, 143);
});

/* --- responses without an end --- */

const event = (content, finish = null) => `data: ${JSON.stringify({ object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content }, finish_reason: finish }] })}\n\n`;

/* A server whose answers write(response) makes; `closed` resolves for the first that eke closed. */
async function startWriter(t, write, { status = 200, headers = { 'content-type': 'text/event-stream' } } = {}) {
	let close;
	const closed = new Promise((resolve) => (close = resolve));
	const server = createServer((request, response) => {
		request.resume();
		response.on('close', close);
		response.writeHead(status, headers);
		write(response);
	});

	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.after(() => {
		server.close();
		server.closeAllConnections();
	});
	return { closed, url: `http://127.0.0.1:${server.address().port}` };
}

/* Writes the text again and again, for as long as somebody listens. */
function repeat(response, text, every) {
	const timer = setInterval(() => response.write(text), every);

	response.on('close', () => clearInterval(timer));
}

async function ask(t, server, endpoint = {}) {
	const eke = await startServer(t, { config: configFor(server, endpoint) });

	await eke.initialize();
	return { eke, call: eke.startChat('Why?') };
}

for (const [what, text] of [['comments', ': still here\n\n'], ['blank lines', '\n\n'], ['empty events', 'event: ping\n\n'], ['blanks', ' ']]) {
	test(`${what} alone keep no request open`, async (t) => {
		const server = await startWriter(t, (response) => repeat(response, text, 20));
		const { call } = await ask(t, server, { timeouts: { firstByte: 2, idle: 0.5 } });

		await assert.rejects(call.answer, ({ data, message }) => data.kind === 'timeout' && /sends no answer/.test(message));
		await server.closed;
	});

	test(`${what} after a piece of the answer: the piece is kept`, async (t) => {
		const server = await startWriter(t, (response) => {
			response.write(event('Because'));
			repeat(response, text, 20);
		});
		const { call } = await ask(t, server, { timeouts: { firstByte: 10, idle: 1 } });
		const { message, finishReason } = await call.answer;

		assert.deepEqual([message.content, finishReason], ['Because', 'truncated']);
		await server.closed;
	});
}

test('an answer that goes on and on ends when its whole time is over', async (t) => {
	const server = await startWriter(t, (response) => repeat(response, event('word '), 20));
	const { call } = await ask(t, server, { timeouts: { total: 1 } });
	const { message, finishReason } = await call.answer;

	assert.match(message.content, /^(word )+$/);
	assert.equal(finishReason, 'truncated');
	await server.closed;
});

/* Writes the text again and again, as fast as it is taken. */
function flood(response, text) {
	const more = () => {
		while (!response.destroyed && response.write(text))
			continue;
	};

	response.on('drain', () => setImmediate(more));
	more();
}

for (const [what, write, words] of [['goes on and on', (response) => flood(response, 'e'.repeat(65_536)), /e{20}/], ['does not end', () => {}, /no more/], ['is dripped', (response) => repeat(response, ' ', 100), /no more/]]) {
	test(`an error whose body ${what} is told all the same`, async (t) => {
		const server = await startWriter(t, (response) => {
			response.write(`{"error":{"message":"no more${what === 'goes on and on' ? '' : '"}}'}`);
			write(response);
		}, { status: 400, headers: { 'content-type': 'application/json' } });
		const { call } = await ask(t, server);

		await assert.rejects(call.answer, ({ data }) => data?.httpStatus === 400 && words.test(data.providerMessage));
		await server.closed;
	});
}

test('an answer that was compressed a thousandfold is none', async (t) => {
	for (const status of [200, 429]) {
		const body = gzipSync(Buffer.alloc(64 << 20, '\n'));
		const server = await startWriter(t, (response) => response.end(body), { status, headers: { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' } });
		const { eke, call } = await ask(t, server);

		await assert.rejects(call.answer, status === 200 ? /compressed more than 500 times/ : ({ data }) => data?.httpStatus === 429);
		await eke.stop();
	}
});

test('an answer that is compressed well is one', async (t) => {
	const body = gzipSync(Buffer.from(`${event('words ').repeat(60_000)}${event('.', 'stop')}data: [DONE]\n\n`));
	const server = await startWriter(t, (response) => response.end(body), { headers: { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' } });
	const { call } = await ask(t, server);

	assert.match((await call.answer).message.content, /words \.$/);
});

test('events that say nothing are no answer for ever', async (t) => {
	const server = await startWriter(t, (response) => flood(response, `data: {"choices":[],"padding":"${'x'.repeat(1 << 20)}"}\n\n`));
	const { call } = await ask(t, server);

	await assert.rejects(call.answer, ({ data, message }) => data.kind === 'protocol' && /more than 256 MiB/.test(message));
	await server.closed;
});

/* As many as can be under way, and as many files may be open. */
const PLACES = 1024;
const files = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' })) || Infinity;

test('requests that nobody waits for any more give way to new ones', { skip: files < PLACES + 200 && `only ${files} files may be open` }, async (t) => {
	let [seen, came, hung] = [0, null, true];
	const server = await startWriter(t, (response) => {
		if (hung)
			response.flushHeaders();
		else
			response.end(`${event('Because.', 'stop')}data: [DONE]\n\n`);
		seen++;
		came?.();
	});
	const arrived = (n) => within(new Promise((resolve) => {
		came = () => seen >= n && resolve();
		came();
	}), () => `${seen} of ${n} requests arrived`, 60_000);
	const config = {
		endpoints: [endpointFor(server, { plan: 'mine' }), endpointFor(server, { name: 'other' })],
		plans: { mine: { windows: [{ scope: 'machine', limit: 100, period: '1h' }] } }, completion: { debounceMs: 0 },
	};

	const eke = await startServer(t, { config });
	await eke.initialize();
	/* Some that are paid for, and that nobody waits for any more. */
	for (let i = 0; i < 3; i++) {
		const doc = await eke.open(`int f${i}() { ret }\n`);
		const call = eke.start('textDocument/inlineCompletion', { textDocument: { uri: doc.uri }, position: { line: 0, character: 14 }, context: { triggerKind: 1 } });
		await arrived(i + 1);
		call.cancel();
		await assert.rejects(call.answer);
	}
	for (let i = 3; i < PLACES; i++) eke.chat('Wait.', { endpoint: 'other', streamToken: null }).catch(() => {});
	await arrived(PLACES);
	hung = false;
	assert.equal((await eke.chat('Why?')).message.content, 'Because.');
});

for (const [what, finish] of [['with a reason', 'stop'], ['without one', null]]) {
	test(`a stream left open after [DONE], ${what}, is closed`, async (t) => {
		const server = await startWriter(t, (response) => {
			response.write(`${event('Because.', finish)}data: [DONE]\n\n`);
			repeat(response, ': still here\n\n', 20);
		});
		const { call } = await ask(t, server);

		assert.equal((await call.answer).message.content, 'Because.');
		await within(server.closed, () => 'the connection was not closed', 5000);
	});
}

for (const [what, text] of [['a line', `data: "${'x'.repeat(5 << 20)}`], ['a comment', `: ${'x'.repeat(5 << 20)}`], ['an event', `data: ${'x'.repeat(3 << 20)}\n`.repeat(2)]]) {
	test(`${what} that is too long is an error`, async (t) => {
		const server = await startWriter(t, (response) => response.write(text));
		const { call } = await ask(t, server);

		await assert.rejects(call.answer, ({ data, message }) => data.kind === 'protocol' && /line of more than/.test(message));
	});
}

/* Resolves to the longest time, in ms, that eke took to answer something else until `done`. */
async function slowest(eke, done) {
	let longest = 0;
	let over = false;

	done.then(() => (over = true), () => (over = true));
	while (!over) {
		const before = performance.now();

		await eke.settle();
		longest = Math.max(longest, performance.now() - before);
	}
	return longest;
}

const ones = `data: [${'1,'.repeat(1_500_000)}1]\n\n`;
for (const [what, text] of [['blank lines', '\n'.repeat(8 << 20)], ['blanks', ' '.repeat(8 << 20)], ['events of numbers', ones.repeat(3)], ['events of lists', `data: ${'['.repeat(100)}${'[],'.repeat(900_000)}1${']'.repeat(100)}\n\n`.repeat(3)],
	['small events', event('x').repeat(30_000)], ['comments', ':\n'.repeat(4 << 20)]]) {
	test(`8 MiB of ${what} hold nothing else up`, async (t) => {
		const server = await startWriter(t, (response) => {
			response.write(text);
			response.end(`${event('Because.', 'stop')}data: [DONE]\n\n`);
		});
		const { eke, call } = await ask(t, server);
		const longest = await slowest(eke, call.answer);

		assert.match((await call.answer).message.content, /Because\.$/);
		/* With sanitizers, which make it ten times slower, and on a machine under load; it was some 40 s. */
		assert.ok(longest < 3000, `${Math.round(longest)} ms`);
		eke.takeNotifications('window/logMessage');
	});
}

/* --- a file that may not grow --- */

test('a limit on the size of files (SIGXFSZ) ends neither a server nor a command', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Because.' });
	const home = makeHome(t, configFor(upstream, { plan: 'counted' }, { plans: { counted: { windows: [{ scope: 'machine', limit: 60, period: '1h' }] } } }));
	const limited = (...args) => spawn('sh', ['-c', 'ulimit -f 8; exec "$@"', 'sh', EKE, ...args], {
		cwd: join(home, 'work'), stdio: ['pipe', 'pipe', 'pipe'],
		env: { PATH: process.env.PATH, HOME: home, EKE_CONFIG: join(home, 'config.json'), EKE_STATE_DIR: join(home, 'state'), EKE_LOCAL_SERVERS: '' },
	});
	const chat = limited('chat', 'Why?');
	let said = '';

	chat.stdin.end();
	chat.stdout.on('data', (data) => (said += data));
	assert.deepEqual(await within(once(chat, 'close'), () => 'it did not end'), [0, null]);
	assert.equal(said, 'Because.\n');
	const server = limited('serve', '--log-file', join(home, 'log'), '--log-level', 'io');
	const splitter = new Splitter('content-length');
	const answers = [];
	let wake;
	server.stdout.on('data', (bytes) => {
		answers.push(...splitter.feed(bytes));
		wake?.();
	});
	const send = (id, method, params) => server.stdin.write(frame['content-length'](JSON.stringify({ jsonrpc: '2.0', id, method, params })));
	send(1, 'initialize', { capabilities: {} });
	for (let id = 2; id < 12; id++) send(id, 'chat/send', { prompt: `Why ${id}? ${'x'.repeat(2000)}` });
	await within(new Promise((resolve) => (wake = () => answers.filter((a) => /"result"/.test(a.text ?? a)).length >= 11 && resolve())), () => `${answers.length} answers`);
	server.kill('SIGTERM');
	assert.deepEqual(await within(once(server, 'close'), () => 'it did not end'), [143, null]);
});
