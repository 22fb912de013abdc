/*
 * Bytes: how messages are told apart, what happens to those that are not well-formed or too large, and how the program ends
 * with its input, its output and its client.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { configFor, startRaw, startServer, withUpstream } from './harness.mjs';

const FRAMINGS = ['content-length', 'lines'];
const budgetGet = (id) => `{"jsonrpc":"2.0","id":${id},"method":"budget/get"}`;
const headed = (text, more = '') => `Content-Length: ${Buffer.byteLength(text)}\r\n${more}\r\n${text}`;
const MIB = 1024 * 1024;

for (const framing of FRAMINGS) {
	test(`vscode-jsonrpc is understood, ${framing}`, async (t) => {
		const eke = await startServer(t, { framing });

		assert.equal((await eke.initialize()).serverInfo.name, 'eke');
		assert.deepEqual(await eke.request('budget/get', {}), { budgets: [] });
	});

	test(`a byte a write, ${framing}`, async (t) => {
		const raw = startRaw(t, { framing });
		const text = '{"jsonrpc":"2.0","id":"ö😀","method":"budget/get"}';
		const bytes = Buffer.from(framing === 'lines' ? `${text}\n` : headed(text));

		await raw.initialize();
		raw.expect('"ö😀"', 'budget/get');
		for (const byte of bytes)
			await raw.write(Buffer.of(byte));
		const { message } = await raw.response('"ö😀"');
		assert.deepEqual(message.result, { budgets: [] });
		await raw.shutDown();
	});

	test(`many messages in one write, ${framing}`, async (t) => {
		const raw = startRaw(t, { framing });
		const ids = Array.from({ length: 500 }, (_, n) => n);
		const bytes = ids.map((id) => budgetGet(id)).map((text) => (framing === 'lines' ? `${text}\n` : headed(text)));

		await raw.initialize();
		for (const id of ids)
			raw.expect(String(id), 'budget/get');
		await raw.write(bytes.join(''));
		for (const id of ids)
			await raw.response(String(id));
		await raw.shutDown();
	});

	test(`blanks before the first message do not decide, ${framing}`, async (t) => {
		const raw = startRaw(t, { framing });

		await raw.write(' \r\n\t\n');
		await raw.initialize();
		await raw.shutDown();
	});

	test(`a message of 64 MiB is refused, and the stream stays in step, ${framing}`, async (t) => {
		/* What was freed must not count. */
		const raw = startRaw(t, { framing, env: { ASAN_OPTIONS: 'detect_leaks=1:exitcode=99:quarantine_size_mb=1' } });
		const filler = Buffer.alloc(MIB, 'x');
		const head = Buffer.from('{"jsonrpc":"2.0","id":"large","method":"textDocument/didOpen","params":{"text":"');
		const tail = Buffer.from('"}}');

		await raw.initialize();
		const before = peakMemory(raw);
		if (framing === 'content-length')
			await raw.write(`Content-Length: ${head.length + 64 * MIB + tail.length}\r\n\r\n`);
		await raw.write(head);
		for (let n = 0; n < 64; n++)
			await raw.write(filler);
		await raw.write(tail);
		if (framing === 'lines')
			await raw.write('\n');
		assert.match((await raw.error('"large"', -32600)).message, /33554432/);
		await raw.ping();
		/* A line's length is not known before its end: it is collected up to the limit. */
		const allowed = framing === 'lines' ? 33 + 64 : 8;
		assert.ok(peakMemory(raw) - before < allowed * MIB, `took ${Math.round((peakMemory(raw) - before) / MIB)} MiB`);
		await raw.shutDown();
	});

	test(`the id of a refused message is found behind its bulk, ${framing}`, async (t) => {
		const raw = startRaw(t, { framing });

		await raw.initialize();
		await raw.send(`{"jsonrpc":"2.0","method":"x","params":{"id":1,"text":"${'\\"id\\":2,'.repeat(4 * MIB)}"},"id":9007199254740993}`);
		await raw.error('9007199254740993', -32600);
		await raw.shutDown();
	});
}

/* Bytes of memory at most so far. */
function peakMemory(raw) {
	const status = readFileSync(`/proc/${raw.program.child.pid}/status`, 'utf8');
	return Number(/VmHWM:\s*(\d+) kB/.exec(status)[1]) * 1024;
}

const goodHeaders = [
	['lower case', (text) => `content-length: ${text.length}\r\n\r\n${text}`],
	['upper case', (text) => `CONTENT-LENGTH: ${text.length}\r\n\r\n${text}`],
	['no blank', (text) => `Content-Length:${text.length}\r\n\r\n${text}`],
	['many blanks', (text) => `Content-Length :\t  ${text.length} \t\r\n\r\n${text}`],
	['leading zeros', (text) => `Content-Length: 000${text.length}\r\n\r\n${text}`],
	['line feeds alone', (text) => `Content-Length: ${text.length}\n\n${text}`],
	['a type behind', (text) => headed(text, 'Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n')],
	['a type before', (text) => `Content-Type: application/vscode-jsonrpc; charset=utf8\r\nContent-Length: ${text.length}\r\n\r\n${text}`],
	['a charset in quotes and upper case', (text) => headed(text, 'content-type: application/json;charset="UTF-8"\r\n')],
	['a type without charset', (text) => headed(text, 'Content-Type: application/json\r\n')],
	['unknown fields', (text) => `X-One: 1\r\n${headed(text, 'X-Two: a:b:c\r\n')}`],
	['empty lines before', (text) => `\r\n\r\n${headed(text)}`],
];

test('headers in many forms', async (t) => {
	const raw = startRaw(t);

	await raw.initialize();
	for (const [n, [name, make]] of goodHeaders.entries()) {
		await t.test(name, async () => {
			raw.expect(String(n), 'budget/get');
			await raw.write(make(budgetGet(n)));
			assert.deepEqual((await raw.response(String(n))).message.result, { budgets: [] });
		});
	}
	await raw.shutDown();
});

const garbage = [
	['a line that is no field', 'what is this\r\n'],
	['no Content-Length', 'X-Other: 5\r\n\r\n'],
	['a length that is no number', 'Content-Length: many\r\n\r\n'],
	['a negative length', 'Content-Length: -5\r\n\r\n'],
	['an empty length', 'Content-Length:\r\n\r\n'],
	['a line without end', `X-Long: ${'x'.repeat(5000)}\r\n`],
	['too many lines', 'X-A: b\r\n'.repeat(100)],
	['a NUL', 'X-A: b\0c\r\n'],
	['binary', Buffer.from(Array.from({ length: 256 }, (_, n) => 255 - n)).toString('latin1') + '\r\n'],
	['JSON without a header', '{"jsonrpc":"2.0","id":1,"method":"budget/get"}\r\n'],
	['a length that is too short for its message', `Content-Length: 10\r\n\r\n${budgetGet(1)}\r\n`],
];

test('after garbage the next message is found', async (t) => {
	const raw = startRaw(t);

	await raw.initialize();
	for (const [name, bytes] of garbage) {
		await t.test(name, async () => {
			await raw.write(Buffer.from(bytes, 'latin1'));
			await raw.request('"after"', 'budget/get', {});
			/* One complaint or several, and then the answer. */
			for (let got; (got = await raw.next()).id !== '"after"';)
				if (!('method' in got.message))
					assert.deepEqual([got.id, got.message.error.code], ['null', -32700], got.text);
			await raw.ping();
		});
	}
	await raw.shutDown();
});

test('a message in another charset is skipped', async (t) => {
	const raw = startRaw(t);
	const text = budgetGet(7);

	await raw.initialize();
	await raw.write(`Content-Length: ${text.length}\r\nContent-Type: application/json; charset=utf-16\r\n\r\n${text}`);
	assert.match((await raw.error('7', -32600)).message, /utf-8/);
	await raw.ping();
	await raw.shutDown();
});

test('an empty message, and a line of blanks', async (t) => {
	const raw = startRaw(t);
	const lines = startRaw(t, { framing: 'lines' });

	await raw.initialize();
	await raw.write('Content-Length: 0\r\n\r\n');
	await raw.error('null', -32700);
	await raw.ping();
	await raw.shutDown();

	await lines.initialize();
	await lines.write('\n \t\r\n\n');
	await lines.ping();
	await lines.write(`${budgetGet(1)}\r\n`);
	lines.expect('1', 'budget/get');
	await lines.response('1');
	await lines.shutDown();
});

/* --- ends of the program --- */

for (const framing of FRAMINGS) {
	test(`the end of input ends it: 1 without shutdown, 0 after it, ${framing}`, async (t) => {
		const [running, shut, silent] = [startRaw(t, { framing }), startRaw(t, { framing }), startRaw(t, { framing })];

		await running.initialize();
		running.endInput();
		assert.equal(await running.exit(), 1);

		await shut.initialize();
		await shut.request('1', 'shutdown');
		await shut.response('1');
		shut.endInput();
		assert.equal(await shut.exit(), 0);

		silent.endInput();
		assert.equal(await silent.exit(), 1);
	});

	test(`requests in flight at the end of input are still answered, ${framing}`, async (t) => {
		const upstream = await withUpstream(t);
		const raw = startRaw(t, { framing, config: configFor(upstream) });

		upstream.next({ holdEvents: true });
		await raw.initialize();
		await raw.request('1', 'chat/complete', { messages: [{ role: 'user', content: 'hello' }] });
		const [record] = await upstream.waitForRequests(1);
		raw.endInput();
		await record.push('at last');
		await record.end();
		assert.equal((await raw.response('1')).message.result.message.content, 'at last');
		assert.equal(await raw.exit(), 1);
	});

	test(`half a message at the end, ${framing}`, async (t) => {
		const raw = startRaw(t, { framing });

		await raw.initialize();
		await raw.write(framing === 'lines' ? budgetGet(5) : headed(budgetGet(5)).slice(0, -1));
		if (framing === 'lines') /* complete but for its line end */
			raw.expect('5', 'budget/get');
		raw.endInput();
		if (framing === 'lines')
			await raw.response('5');
		else
			await raw.error('null', -32700);
		assert.equal(await raw.exit(), 1);
	});
}

test('an answer that never comes does not keep it alive after the end of input', async (t) => {
	const upstream = await withUpstream(t);
	const raw = startRaw(t, { config: configFor(upstream) });

	upstream.next({ holdEvents: true });
	await raw.initialize();
	await raw.request('1', 'chat/complete', { messages: [{ role: 'user', content: 'hello' }] });
	const [record] = await upstream.waitForRequests(1);
	await record.push('half');
	raw.endInput();
	assert.equal((await raw.error('1', -32800)).data?.text, 'half');
	assert.equal(await raw.exit(), 1);
	await record.closed;
	assert.ok(record.aborted);
});

test('exit without shutdown, and before initialize', async (t) => {
	const [running, fresh] = [startRaw(t), startRaw(t)];

	await running.initialize();
	await running.notify('exit');
	assert.equal(await running.exit(), 1);
	await fresh.notify('exit');
	assert.equal(await fresh.exit(), 1);
});

for (const [signal, code] of [['SIGTERM', 143], ['SIGINT', 130], ['SIGHUP', 129]]) {
	test(`${signal} ends it, whatever is under way`, async (t) => {
		const upstream = await withUpstream(t);
		const raw = startRaw(t, { config: configFor(upstream) });

		upstream.next({ stall: 'head' });
		await raw.initialize();
		raw.notify('textDocument/didOpen', { textDocument: { uri: 'file:///a.c', languageId: 'c', version: 1, text: 'int ' } });
		raw.send('{"jsonrpc":"2.0","id":1,"method":"chat/complete","params":{"messages":[{"role":"user","content":"x"}]}}');
		await upstream.waitForRequests(1);
		raw.program.kill(signal);
		assert.equal(await raw.program.exit(), code);
	});
}

test('a client that closes its end of our output', async (t) => {
	const raw = startRaw(t);

	await raw.initialize();
	raw.program.child.stdout.destroy();
	raw.send(budgetGet(1));
	assert.equal(await raw.program.exit(), 1);
});

test('a client that stops reading while an answer streams', async (t) => {
	const upstream = await withUpstream(t);
	const raw = startRaw(t, { config: configFor(upstream), env: { ASAN_OPTIONS: 'detect_leaks=1:exitcode=99:quarantine_size_mb=1' } });
	let pieces = '';

	upstream.next({ flood: { events: 20_000, text: `${'word '.repeat(20)}` } });
	await raw.initialize();
	const before = peakMemory(raw);
	raw.program.child.stdout.pause();
	await raw.request('1', 'chat/complete', { messages: [{ role: 'user', content: 'x' }], streamToken: 's' });
	const [record] = await upstream.waitForRequests(1);
	await record.closed;
	raw.program.child.stdout.resume();
	for (let got; (got = await raw.next());) {
		if (got.message.method === '$/progress')
			pieces += got.message.params.value.text;
		if (got.id === '1') {
			assert.equal(got.message.result.message.content, pieces);
			break;
		}
	}
	assert.equal(pieces.length, 20_000 * 100);
	assert.ok(peakMemory(raw) - before < 32 * MIB, `took ${Math.round((peakMemory(raw) - before) / MIB)} MiB`);
	await raw.shutDown();
});

/* --- the client's process --- */

test('it ends when the process named as processId does', async (t) => {
	const parent = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
	const [running, shut] = [startRaw(t), startRaw(t)];

	t.after(() => parent.kill());
	for (const raw of [running, shut]) {
		await raw.request('1', 'initialize', { processId: parent.pid, capabilities: {} });
		await raw.response('1');
	}
	await shut.request('2', 'shutdown');
	await shut.response('2');
	parent.stdin.end();
	await once(parent, 'exit');
	assert.equal(await running.exit(), 1);
	assert.equal(await shut.exit(), 0);
});

test('a processId of no process is no reason to end', async (t) => {
	const ended = spawn('true');

	await once(ended, 'exit');
	for (const processId of [ended.pid, 2 ** 31 - 1, null]) {
		const raw = startRaw(t);
		await raw.request('1', 'initialize', { processId, capabilities: {} });
		await raw.response('1');
		await raw.ping();
		await raw.shutDown();
	}
});

/* Of a program as it is installed: sanitizers have a memory of their own. */
const RELEASE = process.env.EKE_BIN || fileURLToPath(new URL('../../build/eke', import.meta.url));

test('a message of many values holds no memory when it is answered', { skip: !existsSync('/proc/self/smaps') && 'no /proc' }, async (t) => {
	const child = spawn(RELEASE, ['serve', '--config', '/nonexistent'], { env: { PATH: process.env.PATH }, stdio: ['pipe', 'pipe', 'ignore'] });
	const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
	let id = 0;
	const ask = async (method, params) => {
		child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params })}\n`);
		for (;;) {
			const { value } = await lines.next();
			assert.ok(value, 'eke ended');
			if (JSON.parse(value).id === id)
				break;
		}
		return Number(/^RssAnon:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]);
	};

	t.after(() => child.kill('SIGKILL'));
	const before = await ask('initialize', { processId: null, capabilities: {} });
	/* A block of this size, freed, makes glibc keep much of what is freed after it. */
	await ask('unknown/text', { text: 'x'.repeat(16 * MIB) });
	await ask('unknown/values', { values: new Array(300_000).fill(1) });
	const after = await ask('budget/get', {});
	assert.ok(after - before < 4096, `${before} KiB before, ${after} KiB after`);
	child.stdin.end();
	await once(child, 'close');
});
