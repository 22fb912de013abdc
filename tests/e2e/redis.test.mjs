/*
 * One ledger for several machines, through a real Redis (ledger.redis): a home directory is a machine here. How many requests arrive in all, and
 * what happens without the server.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { test as plainTest } from 'node:test';

import { endpointFor, makeHome, run, startServer, within, withUpstream } from './harness.mjs';
import { nobodysAddress, withoutRedis, withRedis } from './support/redis.mjs';

const test = (name, fn) => plainTest(name, { skip: withoutRedis }, fn);

const machine = (t, upstream, redis, limit, more = {}) => makeHome(t, {
	endpoints: [endpointFor(upstream, { plan: 'mine', ...more })], plans: { mine: { windows: [{ scope: 'machine', limit, period: '1h' }] } },
	completion: { debounceMs: 0 }, ledger: { redis },
});

async function editor(t, home, options) {
	const eke = await startServer(t, { home, ...options });

	await eke.initialize();
	return eke;
}

const budget = async (eke) => (await eke.request('budget/get', {})).budgets[0];
const refusals = (outcomes) => outcomes.filter((outcome) => outcome?.data?.kind === 'budget').length;
const race = (editors, each) => Promise.all(editors.flatMap((eke) => Array.from({ length: each }, (_, i) => eke.chat(`chat ${i}`).catch((e) => e))));

/* Resolves when its log has such a line, behind what it had at `from`. */
async function logged(eke, pattern, from = 0) {
	const { child } = eke.program;
	let check;
	const found = new Promise((resolve) => {
		check = () => pattern.test(eke.program.stderr.slice(from)) && resolve();
		child.stderr.on('data', check);
		check();
	});

	await within(found, () => `no line like ${pattern}\n${eke.program.log}`);
	child.stderr.off('data', check);
}

test('two machines, one Redis, ten requests an hour: exactly ten arrive', async (t) => {
	const [upstream, redis] = [await withUpstream(t), await withRedis(t)];
	const homes = [machine(t, upstream, redis.url, 10), machine(t, upstream, redis.url, 10)];
	/* Two processes on each. */
	const editors = await Promise.all([...homes, ...homes].map((home) => editor(t, home)));
	const outcomes = await race(editors, 6);

	assert.equal(refusals(outcomes), 14);
	assert.equal(upstream.counted.length, 10);
	assert.deepEqual(outcomes.filter((o) => o instanceof Error && o.data?.kind !== 'budget'), []);
	/* A terminal on a third machine, which has never asked. */
	const home = machine(t, upstream, redis.url, 10);
	const { code, stderr } = await run(t, ['chat', 'one more'], { home });
	assert.equal(code, 3);
	assert.match(stderr, /the plan mine allows 10 requests an hour and all are used; the next may go (on \w+ )?at/);
	assert.equal(upstream.counted.length, 10);
	const { budgets, ledger } = JSON.parse((await run(t, ['status', '--json'], { home })).stdout);
	assert.deepEqual([budgets[0].windows[0].used, budgets[0].windows[0].remaining], [10, 0]);
	assert.deepEqual([ledger.others, ledger.othersAnswer], [`redis://127.0.0.1:${redis.port}/0`, true]);
	const { stdout } = await run(t, ['doctor'], { home });
	assert.match(stdout, new RegExp(`ok +state: requests are counted in .* and at redis://127.0.0.1:${redis.port}/0`));
});

/*
 * Between eke and Redis. `waits` is called with each call of the script that is a hello or a reserve, and a function that lets its connection go
 * on; true: what is sent there is held until then.
 */
async function withRelay(t, redis, waits) {
	const relay = createServer((client) => {
		const server = createConnection(redis.port, '127.0.0.1');
		let [held, seen] = [null, ''];
		const goOn = () => {
			held.forEach((data) => server.write(data));
			held = null;
		};

		client.on('data', (data) => {
			const operation = /\$\d+\r\n(hello|reserve)\r\n/.exec(seen += data.toString('latin1'))?.[1];

			if (operation) {
				seen = '';
				held ??= waits(operation, goOn) ? [] : null;
			}
			if (held)
				held.push(data);
			else
				server.write(data);
		}).on('close', () => server.destroy()).on('error', () => {});
		server.on('data', (data) => client.write(data)).on('close', () => client.destroy()).on('error', () => {});
		t.after(() => client.destroy());
	}).listen(0, '127.0.0.1');

	await once(relay, 'listening');
	t.after(() => relay.close());
	return redis.url.replace(`:${redis.port}/`, `:${relay.address().port}/`);
}

test('what a machine tells of a request that is still asked about does not grant it', async (t) => {
	const [upstream, redis] = [await withUpstream(t), await withRedis(t)];
	const questions = [];
	let asked;
	const relay = await withRelay(t, redis, (operation, goOn) => {
		questions.push({ operation, goOn });
		asked?.();
		/* The first hello waits, and the first request. */
		return questions.filter((question) => question.operation === operation).length === 1;
	});
	const question = (operation) => within(new Promise((resolve) => {
		asked = () => questions.some((q) => q.operation === operation) && resolve(questions.find((q) => q.operation === operation));
		asked();
	}), () => `nobody says ${operation}`);
	const home = machine(t, upstream, relay, 1);
	const [slow, first] = [await editor(t, home), await editor(t, home)];
	const other = await editor(t, machine(t, upstream, redis.url, 1));
	const outcome = (eke) => eke.chat('hello').catch((e) => e);

	/* It has said hello, and does not know yet that its machine knows this Redis. */
	const late = outcome(slow);
	const hello = await question('hello');
	const early = outcome(first);
	const reserve = await question('reserve');
	await other.chat('the only one');
	hello.goOn();
	assert.equal((await late).data?.kind, 'budget');
	reserve.goOn();
	assert.equal((await early).data?.kind, 'budget');
	assert.equal(upstream.counted.length, 1);
});

test('one key on two machines', async (t) => {
	const [upstream, redis] = [await withUpstream(t), await withRedis(t)];
	const config = {
		endpoints: [endpointFor(upstream, { plan: 'mine', key: { env: 'KEY' } })],
		plans: { mine: { windows: [{ scope: 'key', limit: 4, period: '1h' }] } }, completion: { debounceMs: 0 }, ledger: { redis: redis.url },
	};
	const [one, two] = await Promise.all([0, 1].map(() => editor(t, makeHome(t, config), { env: { KEY: 'sk-one-key-for-both' } })));
	const other = await editor(t, makeHome(t, config), { env: { KEY: 'sk-another-key' } });

	assert.equal(refusals(await race([one, two], 4)), 4);
	assert.equal(upstream.counted.length, 4);
	assert.equal((await one.chat('x').catch((e) => e)).data.blockedScope, 'key');
	await other.chat('another key, another count');
});

test('a refusal on one machine stops the other', async (t) => {
	const [upstream, redis] = [await withUpstream(t), await withRedis(t)];
	const [one, two] = await Promise.all([0, 1].map(() => editor(t, machine(t, upstream, redis.url, 50))));

	await two.chat('in step');
	upstream.next('429-hourly');
	const refusal = await one.chat('too much').catch((e) => e);
	assert.equal(refusal.data.kind, 'budget');
	/* Its next question follows the news on the same connection; then Redis has both. */
	const before = upstream.counted.length;
	await one.chat('blocked').catch((e) => e);
	const outcome = await two.chat('me too?').catch((e) => e);
	assert.equal(outcome.data?.kind, 'budget', JSON.stringify(outcome));
	assert.equal(upstream.counted.length, before);
});

test('Redis dies: what is not known counts as used; it comes back: all are counted', async (t) => {
	const limit = 40;
	const [upstream, redis] = [await withUpstream(t), await withRedis(t)];
	const homes = [machine(t, upstream, redis.url, limit), machine(t, upstream, redis.url, limit)];
	const [one, two] = await Promise.all(homes.map((home) => editor(t, home)));

	await one.chat('first');
	await two.chat('second');
	const marks = [one, two].map((eke) => eke.program.stderr.length);
	await redis.kill();
	await Promise.all([one, two].map((eke) => logged(eke, /does not answer \(/)));
	/* Each may still send what Redis has counted for it beforehand, and no more. */
	const outcomes = await race([one, two], 10);
	const more = upstream.counted.length - 2;
	assert.equal(refusals(outcomes), 20 - more);
	assert.ok(more >= 4 && more <= 16, `${more}`);
	assert.match(outcomes.find((o) => o instanceof Error).message, /what is left of 40 requests an hour counts as used by the other machines/);
	assert.match((await budget(one)).reason, /^The shared ledger at redis:\/\/127.0.0.1:\d+\/0 does not answer; until it does, what is left counts as used by the other machines\.$/);

	await redis.start();
	await Promise.all([one, two].map((eke, i) => logged(eke, /answers again/, marks[i])));
	/* One line for each change of state. */
	assert.equal(one.program.stderr.match(/does not answer \(/g).length, 1);
	for (let i = 0; i < 6; i++)
		await race([one, two], 10);
	assert.ok(upstream.counted.length <= limit && upstream.counted.length >= limit - 4, `${upstream.counted.length}`);
	for (const eke of [one, two])
		assert.equal((await budget(eke)).reason, undefined);
});

for (const [name, prepare, said] of [
	['a wrong password', async (t) => (await withRedis(t, { password: 'the-right-one' })).url.replace('the-right-one', 'the-wrong-one'), /WRONGPASS/],
	['an address where nobody listens', () => nobodysAddress(), /Connection refused/],
	['a host that nobody has', async () => 'redis://nobody.invalid:6379', /nobody\.invalid.*does not answer \(\S/],
]) {
	test(`${name}: one clear warning, and eke works`, async (t) => {
		const upstream = await withUpstream(t);
		const home = machine(t, upstream, await prepare(t), 10);
		const eke = await editor(t, home);

		for (let i = 0; i < 3; i++)
			await eke.chat(`question ${i}`);
		assert.match(eke.program.stderr, said);
		assert.equal(eke.program.stderr.match(/does not answer \(/g).length, 1);
		assert.match((await budget(eke)).reason, /does not answer/);
		const doctor = await run(t, ['doctor'], { home });
		assert.match(doctor.stdout, /BAD +state: the ledger shared at redis:\/\/[^ ]* does not answer \(/);
		for (const text of [eke.program.stderr, doctor.stdout, doctor.stderr, JSON.stringify(eke.notifications)])
			assert.ok(!text.includes('the-wrong-one'));
	});
}

test('an address that is none: a warning, the local ledger, no password shown', async (t) => {
	const upstream = await withUpstream(t);
	const home = machine(t, upstream, 'rediss://me:my-secret-word@host', 1);

	const { code, stderr } = await run(t, ['chat', 'hello'], { home });
	assert.equal(code, 0);
	assert.match(stderr, /ledger\.redis: rediss:\/\/ \(TLS\) is not supported: use a tunnel/);
	assert.equal((await run(t, ['chat', 'hello'], { home })).code, 3);
	const { stdout } = await run(t, ['config', '--print'], { home });
	assert.equal(JSON.parse(stdout).ledger.redis, 'rediss://********@host');
	assert.ok(!`${stderr}${stdout}`.includes('my-secret-word'));
});

test('nothing is told to Redis that says whose key it is', async (t) => {
	const [upstream, redis] = [await withUpstream(t), await withRedis(t)];
	const home = machine(t, upstream, redis.url, 10, { key: { env: 'KEY' } });
	const key = 'sk-nobody-but-the-endpoint';

	await run(t, ['chat', 'hello'], { home, env: { KEY: key } });
	const socket = createConnection(redis.port, '127.0.0.1');
	let dump = '';
	const end = new Promise((resolve) => socket.setEncoding('latin1').on('data', (data) => (dump += data)).on('close', resolve));
	socket.end('HGETALL {eke}:data\r\nHGETALL {eke}:meta\r\nQUIT\r\n');
	await within(end, () => 'Redis did not answer');
	assert.match(dump, /mine\n[0-9a-f]{64}\nchatty/);
	assert.ok(!dump.includes(key));
	assert.ok(!dump.includes(createHash('sha256').update(key).digest('hex')));
	assert.ok(!readFileSync(join(home, 'state', 'ledger.db')).includes(key));
});
