/*
 * What does not take what eke writes, or gives without an end, holds nothing else up.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { makeHome, startRaw } from './harness.mjs';
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
