/*
 * One ledger for all processes of a machine: who may ask when several editors and terminals count together, what a refusal means for all of
 * them, and what becomes of the count when a process dies or its file is bad. A home directory is a machine here.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, watch, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { endpointFor, makeHome, run, startProgram, startServer, unblock, withUpstream } from './harness.mjs';
import { EKE } from './support/program.mjs';
import { startProxy } from './support/proxy.mjs';

const HOURLY = (limit, more) => ({ windows: [{ scope: 'machine', limit, period: '1h', ...more }] });

/** A configuration with endpoints of that plan, for several processes. */
function machine(t, upstream, limit, { endpoints = [{}], plan = HOURLY(limit), rest } = {}) {
	return makeHome(t, {
		endpoints: endpoints.map((more) => endpointFor(upstream, { plan: 'mine', ...more })), plans: { mine: plan }, completion: { debounceMs: 0 }, ...rest,
	});
}

async function editor(t, home, options) {
	const eke = await startServer(t, { home, ...options });

	await eke.initialize();
	return eke;
}

/** Resolves when a file in the directory changes next. */
function wrote(directory) {
	return new Promise((resolve) => {
		const watcher = watch(directory, () => {
			watcher.close();
			resolve();
		});
	});
}

/** A request by somebody else with that key. */
async function fetchChat(upstream, key) {
	const body = { model: 'any', messages: [{ role: 'user', content: 'hello' }] };
	const { statusCode } = await new Promise((resolve, reject) => {
		const sent = request(`${upstream.url}/v1/chat/completions`, {
			method: 'POST', ca: readFileSync(upstream.caFile), servername: 'api.chatanywhere.tech',
			headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
		}, (answer) => answer.resume().on('end', () => resolve(answer)));

		sent.on('error', reject).end(JSON.stringify(body));
	});
	assert.equal(statusCode, 200);
}

const used = async (eke) => (await eke.request('budget/get', {})).budgets[0].windows[0].used;
const status = async (t, home) => JSON.parse((await run(t, ['status', '--json'], { home })).stdout);

async function refused(call) {
	const error = await call.then((result) => assert.fail(`let through: ${JSON.stringify(result)}`), (e) => e);

	assert.equal(error.data?.kind, 'budget', error.message);
	return error;
}

/* --- counting together --- */

test('eight editors and 60 requests an hour: exactly 60 arrive', async (t) => {
	const upstream = await withUpstream(t);
	const home = machine(t, upstream, 60);
	const editors = await Promise.all(Array.from({ length: 8 }, () => editor(t, home)));
	const before = Date.now();
	const outcomes = await Promise.all(editors.flatMap((eke) => Array.from({ length: 15 }, (_, i) => eke.chat(`chat ${i}`).then(() => null, (e) => e))));
	const errors = outcomes.filter(Boolean);

	assert.deepEqual(errors.filter(({ data }) => data?.kind !== 'budget'), []);
	assert.equal(errors.length, 60);
	assert.equal(upstream.counted.length, 60);
	for (const { data, message } of errors) {
		assert.deepEqual([data.kind, data.blockedScope, data.endpoint], ['budget', 'machine', 'test']);
		const wait = Date.parse(data.retryAt) - before;
		assert.ok(wait > 3_590_000 && wait < 3_640_000, data.retryAt);
		assert.match(message, /the plan mine allows 60 requests an hour and all are used; the next may go (on \w+ )?at \d\d:\d\d \(in /);
	}
	for (const eke of editors)
		assert.equal(await used(eke), 60);
	/* A terminal, too. */
	const { code, stderr } = await run(t, ['chat', 'one more'], { home });
	assert.equal(code, 3);
	assert.match(stderr, /all are used; the next may go (on \w+ )?at/);
	assert.equal(upstream.counted.length, 60);
});

test('twelve terminals at once and five requests: five are answered', async (t) => {
	const upstream = await withUpstream(t);
	const home = machine(t, upstream, 5);
	const runs = await Promise.all(Array.from({ length: 12 }, () => run(t, ['chat', 'hello'], { home })));

	assert.deepEqual(runs.map(({ code }) => code).sort(), [0, 0, 0, 0, 0, 3, 3, 3, 3, 3, 3, 3]);
	assert.equal(upstream.counted.length, 5);
});

test('spellings of one address are one service', async (t) => {
	const upstream = await withUpstream(t, { tls: false });
	const { port } = new URL(upstream.url);
	const spellings = [`http://localhost:${port}/v1`, `http://localhost.:${port}`, `LOCALHOST:${port}/v1/chat/completions`];
	const plans = { p0: HOURLY(3), p1: HOURLY(3), p2: HOURLY(3) };
	const home = makeHome(t, { endpoints: spellings.map((baseUrl, i) => endpointFor(upstream, { name: `e${i}`, baseUrl, plan: `p${i}` })), plans });
	const eke = await editor(t, home);

	for (let i = 0; i < spellings.length; i++)
		await eke.chat('hello', { endpoint: `e${i}` });
	const { budgets } = await status(t, home);
	assert.deepEqual(budgets.map(({ windows }) => windows[0].used), [3, 3, 3]);
	for (let i = 0; i < spellings.length; i++)
		await refused(eke.chat('one more', { endpoint: `e${i}` }));
	assert.equal(upstream.counted.length, 3);
});

test('several keys of a machine share its window, each has its own beside it', async (t) => {
	const upstream = await withUpstream(t);
	const plan = { windows: [{ scope: 'machine', limit: 4, period: '1h' }, { scope: 'key', limit: 3, period: '1h' }] };
	const env = { ONE: 'sk-the-first-key', TWO: 'sk-the-second-key' };
	const home = machine(t, upstream, 0, { plan, endpoints: [{ name: 'one', key: { env: 'ONE' } }, { name: 'two', key: { env: 'TWO' } }] });
	const [a, b] = [await editor(t, home, { env }), await editor(t, home, { env })];

	for (const eke of [a, b, a])
		await eke.chat('hello', { endpoint: 'one' });
	assert.equal((await refused(b.chat('hello', { endpoint: 'one' }))).data.blockedScope, 'key');
	await b.chat('hello', { endpoint: 'two' });
	assert.equal((await refused(a.chat('hello', { endpoint: 'two' }))).data.blockedScope, 'machine');
	assert.equal(upstream.counted.length, 4);
	/* A process that has no key yet shows the right ones all the same. */
	const { budgets } = await status(t, home);
	assert.deepEqual(budgets.map(({ windows }) => windows.map((w) => w.used)), [[4, 3], [4, 1]]);
	for (const file of readdirSync(join(home, 'state')))
		assert.doesNotMatch(readFileSync(join(home, 'state', file), 'latin1'), /the-first-key|the-second-key/, file);
});

test('what never left is given back, for everybody', async (t) => {
	const upstream = await withUpstream(t);
	const home = machine(t, upstream, 1, { endpoints: [{ baseUrl: 'http://127.0.0.1:1/v1' }] });
	const [a, b] = [await editor(t, home), await editor(t, home)];

	for (const eke of [a, b]) {
		await assert.rejects(eke.chat('hello'), ({ data }) => data.kind === 'network');
		assert.equal(await used(b), 0);
	}
});

test('a plan that counts nothing makes no ledger', async (t) => {
	const upstream = await withUpstream(t);
	const home = makeHome(t, { endpoints: [endpointFor(upstream)] });
	const eke = await editor(t, home);

	await eke.chat('hello');
	assert.equal((await eke.request('budget/get', {})).budgets[0].state, 'unlimited');
	await eke.stop();
	assert.ok(!existsSync(join(home, 'state')));
});

test('an editor\'s status shows what another spends, and says it once', async (t) => {
	const upstream = await withUpstream(t);
	const home = machine(t, upstream, 5);
	const [a, b] = [await editor(t, home), await editor(t, home)];

	assert.match((await a.waitForNotification('eke/didChangeStatus')).message, /5 of 5 requests left/);
	await b.chat('hello');
	const { message, budgets } = await a.waitForNotification('eke/didChangeStatus');
	assert.match(message, /4 of 5 requests left/);
	assert.equal(budgets[0].windows[0].used, 1);
	/* Keystrokes that change nothing say nothing. */
	const doc = await a.open('');
	for (const character of 'int x')
		doc.type(character);
	await a.settle();
	assert.deepEqual(a.takeNotifications('eke/didChangeStatus'), []);
});

test('the provider\'s own count of a key corrects ours, and is asked seldom', async (t) => {
	const key = 'sk-used-elsewhere-too';
	const upstream = await withUpstream(t, { tls: { names: ['api.chatanywhere.tech'] }, key });
	const proxy = await startProxy(t, { port: upstream.port });
	const plan = { windows: [{ scope: 'machine', limit: 10, period: '1d' }, { scope: 'key', limit: 10, period: '1d' }] };
	const endpoint = { baseUrl: 'https://api.chatanywhere.tech', caFile: upstream.caFile, key: { env: 'KEY' }, proxy: proxy.url };
	const home = machine(t, upstream, 0, { plan, endpoints: [endpoint] });
	const [a, b] = [await editor(t, home, { env: { KEY: key } }), await editor(t, home, { env: { KEY: key } })];
	const asked = () => upstream.requests.filter(({ path }) => path.endsWith('/query/usage_details'));
	const windows = async () => (await b.request('budget/get', {})).budgets[0].windows.map((w) => w.used);

	/* Another machine has spent seven. */
	for (let i = 0; i < 7; i++)
		await fetchChat(upstream, key);
	await a.chat('hello');
	while ((await windows())[1] < 8)
		await b.waitForNotification('eke/didChangeStatus');
	/* They count for the key, not for this machine. */
	assert.deepEqual(await windows(), [1, 8]);
	await b.chat('hello');
	await a.chat('hello');
	assert.equal((await refused(b.chat('hello'))).data.blockedScope, 'key');
	assert.equal(asked().length, 1);
	assert.equal(asked()[0].headers.authorization, key);
	assert.deepEqual(proxy.requests.filter(({ target }) => target !== 'api.chatanywhere.tech:443'), []);
});

/* --- refusals --- */

for (const scenario of ['429-daily', '429-empty', '429-retry-after', '429-html', 'error-first-429']) {
	test(`a refusal holds for the whole machine: ${scenario}`, async (t) => {
		const upstream = await withUpstream(t);
		const home = machine(t, upstream, 60);
		const [a, b] = [await editor(t, home), await editor(t, home)];

		upstream.next(scenario);
		const first = await refused(a.chat('hello'));
		const { data, message } = await refused(b.chat('hello'));
		assert.match(message, / No request goes out until then: /);
		assert.ok(Date.parse(data.retryAt) > Date.now());
		assert.equal(data.blockedScope, 'machine');
		if (first.data.retryAt)
			assert.equal(data.retryAt, first.data.retryAt);
		/* Completions ask another model; not every refusal is for that, too. */
		const doc = await b.open('int tot‸');
		if (scenario !== '429-retry-after')
			assert.equal(await doc.complete({ automatic: true }), null);
		assert.equal((await run(t, ['chat', 'hello'], { home })).code, 3);
		assert.equal(upstream.counted.length, 1);
		const [budget] = (await b.request('budget/get', {})).budgets;
		assert.equal(budget.state, scenario === '429-retry-after' ? 'ok' : 'blocked');
		assert.equal(budget.blockedUntil, data.retryAt);
		assert.ok(budget.reason.length > 10);
		/* With another address or plan. */
		await unblock(t, a);
		await b.chat('hello');
		assert.equal(upstream.counted.length, 2);
	});
}

test('no credit is no rate limit: nobody waits', async (t) => {
	const upstream = await withUpstream(t);
	const home = machine(t, upstream, 60);
	const eke = await editor(t, home);

	upstream.next('429-insufficient-quota');
	await refused(eke.chat('hello'));
	await eke.chat('hello');
	assert.equal(upstream.counted.length, 2);
});

test('a block with an end is over then, and the status says so by itself', async (t) => {
	const upstream = await withUpstream(t);
	const home = machine(t, upstream, 60);
	const [a, b] = [await editor(t, home), await editor(t, home)];

	upstream.next({ status: 429, headers: { 'retry-after': '3' }, body: { error: { message: 'slow down', type: 'x', code: null } } });
	await refused(a.chat('hello'));
	await b.waitForNotification('eke/didChangeStatus', ({ budgets }) => budgets[0].state === 'blocked');
	for (const eke of [a, b])
		await eke.waitForNotification('eke/didChangeStatus', ({ state, budgets }) => state === 'idle' && budgets[0].state === 'ok' && budgets[0].windows[0].used === 1);
	await b.chat('hello');
	assert.equal(upstream.counted.length, 2);
});

test('a paid key is not held by what a free one is told', async (t) => {
	const upstream = await withUpstream(t);
	const env = { FREE: 'sk-a-free-key', PAID: 'sk-a-paid-key' };
	const home = machine(t, upstream, 60, { endpoints: [{ name: 'free', key: { env: 'FREE' } }, { name: 'paid', plan: 'unlimited', key: { env: 'PAID' } }] });
	const [a, b] = [await editor(t, home, { env }), await editor(t, home, { env })];

	upstream.next('429-daily');
	await refused(a.chat('hello', { endpoint: 'free' }));
	await b.chat('hello', { endpoint: 'paid' });
	/* Its own refusals are its own. */
	upstream.next('429-dynamic');
	await refused(b.chat('hello', { endpoint: 'paid' }));
	await refused(a.chat('hello', { endpoint: 'paid' }));
	assert.equal(upstream.counted.length, 3);
});

/* --- processes that die --- */

test('killed while a request is under way: it stays counted, and the ledger whole', async (t) => {
	const upstream = await withUpstream(t);
	const home = machine(t, upstream, 60);

	for (let round = 1; round <= 12; round++) {
		upstream.next({ stall: 'head' });
		const program = startProgram(t, { args: ['chat', 'hello'], home });
		program.child.stdin.end();
		/* When the request is there; or when the ledger is written, a moment earlier: in the middle of whatever it does then. */
		await (round % 3 ? upstream.waitForRequests(round - Math.floor(round / 3)) : wrote(join(home, 'state')));
		program.kill('SIGKILL');
		await program.closed;
		upstream.requests.at(-1)?.release?.();
		const { budgets: [budget], ledger } = await status(t, home);
		assert.ok(budget.windows[0].used >= upstream.counted.length, `${budget.windows[0].used} of ${upstream.counted.length}`);
		assert.ok(budget.windows[0].used <= round, `${budget.windows[0].used} of ${round}`);
		assert.equal(ledger.notice, undefined);
	}
	assert.deepEqual(readdirSync(join(home, 'state')).filter((name) => /damaged/.test(name)), []);
});

test('the turn of finding out is not lost with who has it', async (t) => {
	const upstream = await withUpstream(t);
	const home = machine(t, upstream, 60);
	const a = await editor(t, home);

	upstream.next({ status: 429, body: null });
	await refused(a.chat('hello'));
	const [{ state, blockedUntil }] = (await status(t, home)).budgets;
	assert.equal(state, 'blocked');
	assert.ok(Math.abs(Date.parse(blockedUntil) - Date.now() - 60_000) < 15_000, blockedUntil);
});

/* --- files that are bad --- */

test('a damaged ledger: set aside, said, and counted carefully', async (t) => {
	const upstream = await withUpstream(t);
	const home = machine(t, upstream, 10);

	mkdirSync(join(home, 'state'));
	writeFileSync(join(home, 'state', 'ledger.db'), 'This is no database but a letter, and it goes on for a while so that it is long enough.');
	const [a, b] = [await editor(t, home), await editor(t, home)];
	const [budget] = (await a.request('budget/get', {})).budgets;
	assert.equal(budget.windows[0].used, 5);
	assert.match(budget.reason, /half of each window counts as used until one period is over/);
	await b.settle();
	const said = [a, b].flatMap((eke) => eke.takeNotifications('window/logMessage'));
	assert.equal(said.length, 1);
	assert.match(said[0].message, /the ledger of requests was damaged .*it is kept as ledger\.db\.damaged-\d{8}-\d{6}, and a new one is begun/);
	assert.equal(readdirSync(join(home, 'state')).filter((name) => /^ledger\.db\.damaged-\d{8}-\d{6}$/.test(name)).length, 1);
	/* Half of it is left, for both together. */
	for (const eke of [a, b, a, b, a])
		await eke.chat('hello');
	await refused(b.chat('hello'));
	assert.equal(upstream.counted.length, 5);
});

test('a state directory that cannot be written: said, and counted carefully by each', async (t) => {
	const upstream = await withUpstream(t);
	const home = machine(t, upstream, 4);
	/* Where not even root can make a file. */
	const env = { EKE_STATE_DIR: '/proc/self' };
	const eke = await editor(t, home, { env });
	const sentence = /the ledger of requests: \/proc\/self\/ledger\.db cannot be written: .*this process counts for itself/;

	await eke.chat('hello');
	await eke.chat('hello');
	await refused(eke.chat('hello'));
	assert.match((await eke.waitForNotification('window/logMessage')).message, sentence);
	const chat = await run(t, ['chat', 'hello'], { home, env });
	assert.equal(chat.code, 0);
	assert.match(chat.stderr, sentence);
	const shown = await run(t, ['status'], { home, env });
	assert.match(shown.stdout, sentence);
	const forgotten = await run(t, ['status', '--unblock'], { home, env });
	assert.equal(forgotten.code, 1);
	assert.match(forgotten.stderr, sentence);
	const doctor = await run(t, ['doctor'], { home, env });
	assert.match(doctor.stdout, /^BAD +state: the ledger of requests: /m);
	assert.equal(doctor.code, 1);
});

test('a state directory that is moved away while two editors run: they go on with one new one, and with their count', async (t) => {
	const upstream = await withUpstream(t);
	const home = machine(t, upstream, 5);
	const [a, b] = [await editor(t, home), await editor(t, home)];

	await a.chat('hello');
	await b.chat('hello');
	renameSync(join(home, 'state'), join(home, 'state.old'));
	for (const eke of [a, b, a])
		await eke.chat('hello');
	await refused(b.chat('hello'));
	assert.equal(await used(a), 5);
});

/* --- eke status --- */

test('eke status: windows, resets, blocks, the file', async (t) => {
	const upstream = await withUpstream(t);
	const plan = { windows: [{ scope: 'machine', limit: 60, period: '1h' }, { scope: 'key', models: ['big*', 'huge'], limit: 5, period: '1d', kind: 'calendar' }] };
	const home = machine(t, upstream, 0, { plan, endpoints: [{}, { name: 'paid', plan: 'unlimited' }] });
	const eke = await editor(t, home);
	const text = async () => (await run(t, ['status'], { home, env: { TZ: 'UTC' } })).stdout;

	assert.match(await text(), /^test: plan mine, ok\n {2}machine, 60 requests an hour +0 of 60 used\n {2}key, 5 requests a day of big\* and 1 more +0 of 5 used, resets in (\d+:)?\d\d:\d\d (on \w+ )?at 00:00\npaid: plan unlimited, unlimited\nledger: .*\/state\/ledger\.db\n$/);
	await eke.chat('hello');
	assert.match(await text(), /60 requests an hour +1 of 60 used, more in (59:\d\d|1:00:0\d) (on \w+ )?at \d\d:\d\d\n/);
	upstream.next({ status: 429, headers: { 'retry-after': '20' }, body: { error: { message: 'slow down', type: 'x', code: null } } });
	await refused(eke.chat('hello'));
	const blocked = await text();
	assert.match(blocked, /^test: plan mine, blocked\n/);
	assert.match(blocked, /\n {2}no requests for 00:[12]\d, until then: (on \w+ )?at \d\d:\d\d\n {2}\S.*\n {2}with another address or plan: eke status --unblock\n/);
	assert.doesNotMatch(blocked, /\x1b|█|░/);
	/* One countdown: what was said at the refusal grows old. */
	assert.doesNotMatch(blocked, /again in|wait before/);
	await assert.rejects(eke.chat('hello'), ({ message }) => /until then: (on \w+ )?at \d\d:\d\d \(in \d+ s\)/.test(message) && !/again in|wait before/.test(message));
	const { budgets, ledger } = await status(t, home);
	assert.deepEqual(budgets, (await eke.request('budget/get', {})).budgets);
	assert.deepEqual(ledger, { path: join(home, 'state', 'ledger.db'), shared: true });
	const after = await run(t, ['status', '--unblock'], { home });
	assert.equal(after.code, 0);
	assert.match(after.stdout, /^test: plan mine, ok\n/);
});

test('eke status without an endpoint', async (t) => {
	const { code, stdout } = await run(t, ['status'], { config: '{}' });

	assert.equal(code, 0);
	assert.match(stdout, /^no endpoint is configured: 'eke doctor' says what to do\n/);
});

test('eke status runs no key command', async (t) => {
	const upstream = await withUpstream(t);
	const home = machine(t, upstream, 5, { endpoints: [{ key: { command: ['touch', 'ran'] } }] });

	assert.equal((await run(t, ['status'], { home })).code, 0);
	assert.ok(!existsSync(join(home, 'work', 'ran')));
});

test('eke status on a terminal: bars and colours, and none where they are not wanted', async (t) => {
	const upstream = await withUpstream(t);
	const home = machine(t, upstream, 10);
	/* script(1) gives it a terminal. */
	const shown = async (env) => {
		const base = { PATH: process.env.PATH, HOME: home, EKE_CONFIG: join(home, 'config.json'), EKE_STATE_DIR: join(home, 'state'), LC_ALL: 'C.UTF-8', COLUMNS: '100' };
		const { stdout } = await promisify(execFile)('script', ['-qec', `${EKE} status`, '/dev/null'], { env: { ...base, ...env } });
		return stdout;
	};

	for (let i = 0; i < 9; i++)
		assert.equal((await run(t, ['chat', 'hello'], { home })).code, 0);
	assert.match(await shown({}), /\x1b\[33mlow\x1b\[0m[^]*\x1b\[33m█{18,27}░{2,3}\x1b\[0m {2}9 of 10 used/);
	assert.match(await shown({ NO_COLOR: '1' }), /mine, low\r?\n.* {2}█{18,27}░{2,3} {2}9 of 10 used/);
	assert.match(await shown({ NO_COLOR: '1', LC_ALL: 'C' }), / {2}#{18,27}\.{2,3} {2}9 of 10 used/);
	/* Too narrow for a bar. */
	assert.match(await shown({ NO_COLOR: '1', COLUMNS: '60' }), /an hour {2}9 of 10 used/);
	assert.equal((await run(t, ['chat', 'hello'], { home })).code, 0);
	assert.match(await shown({}), /\x1b\[31mexhausted\x1b\[0m/);
});
