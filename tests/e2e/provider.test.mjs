/*
 * What a provider says of its limits and of its own count of requests, and what eke makes of it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { configFor, makeHome, startServer, withUpstream } from './harness.mjs';

const KEY = 'sk-0123456789abcdef0123456789abcdef';
const HOUR = 3600_000;
const SHANGHAI = 8 * HOUR;

/* By its plan the loopback upstream is a relay that leads to chatanywhere. */
const config = (upstream, more) => configFor(upstream, { plan: 'chatanywhere-free', key: { env: 'TEST_KEY' }, ...more });

async function start(t, upstream, home = makeHome(t, config(upstream))) {
	const eke = await startServer(t, { home, env: { TEST_KEY: KEY } });

	await eke.initialize();
	return eke;
}

const budgetOf = async (eke) => (await eke.request('budget/get', {})).budgets[0];
const windowOf = async (eke, scope) => (await budgetOf(eke)).windows.find((w) => w.scope === scope);

/* --- stated limits --- */

const nextMidnight = (now) => Math.ceil((now + SHANGHAI) / (24 * HOUR)) * 24 * HOUR - SHANGHAI;

test('a limit that a refusal states is learned, and holds until the provider\'s midnight', async (t) => {
	const upstream = await withUpstream(t);
	const eke = await start(t, upstream);
	const before = Date.now();

	upstream.next('429-daily');
	await assert.rejects(eke.chat('hello'), (e) => e.data.kind === 'budget');
	const { state, windows, blockedUntil } = await budgetOf(eke);
	assert.equal(state, 'blocked');
	assert.deepEqual(windows.map(({ limit }) => limit), [60, 60, 200]);
	assert.equal(windows[2].used, 1);
	/* Unless the day has just ended. */
	assert.ok([nextMidnight(before), nextMidnight(Date.now())].includes(Date.parse(blockedUntil)), blockedUntil);
	await assert.rejects(eke.chat('hello'), (e) => e.data.kind === 'budget' && Date.parse(e.data.retryAt) === Date.parse(blockedUntil));
	assert.equal(upstream.counted.length, 1);
});

test('… of one model: the others go on', async (t) => {
	const upstream = await withUpstream(t);
	const eke = await start(t, upstream);

	upstream.next('429-daily-model');
	await assert.rejects(eke.chat('hello', { model: 'dear' }), (e) => e.data.kind === 'budget');
	await assert.rejects(eke.chat('hello', { model: 'dear' }), (e) => e.data.kind === 'budget');
	assert.equal(upstream.counted.length, 1);
	await eke.chat('hello', { model: 'cheap' });
	const learned = (await budgetOf(eke)).windows.at(-1);
	assert.deepEqual([learned.models, learned.limit, learned.used], [['dear'], 3, 1]);
});

for (const [name, scenario] of [['by a 429', '429-insufficient-quota'], ['inside a stream', 'error-first-quota']]) {
	test(`a used-up quota, said ${name}, blocks nothing`, async (t) => {
		const upstream = await withUpstream(t);
		const eke = await start(t, upstream);

		upstream.next(scenario);
		await assert.rejects(eke.chat('hello'));
		const { state, windows, blockedUntil } = await budgetOf(eke);
		assert.deepEqual([state, windows.length, blockedUntil], ['ok', 2, undefined]);
		await eke.chat('hello');
		assert.equal(upstream.counted.length, 2);
	});
}

/* --- the provider's own count --- */

/** The upstream has counted `count` requests in the hour of the first one. */
function countsMore(upstream, count) {
	upstream.script(({ route }) => {
		if (route !== 'usage')
			return undefined;
		const at = new Date(Math.floor(upstream.counted[0].wallMs / HOUR) * HOUR + SHANGHAI);

		return { body: [{ time: `${at.toISOString().slice(0, 13).replace('T', ' ')}:00:00`, model: 'chatty', count }] };
	});
}

const asked = (upstream) => upstream.requests.filter(({ route }) => route === 'usage');

/* What eke has sent by now has arrived. */
async function arrived(eke) {
	await eke.request('models/list', {});
	await eke.request('models/list', {});
}

test('the provider\'s own count is asked for once, by one of all processes, and corrects ours', async (t) => {
	const upstream = await withUpstream(t);
	const eke = await start(t, upstream);
	const other = await start(t, upstream, eke.home);

	countsMore(upstream, 17);
	await eke.chat('hello');
	const { headers } = await upstream.waitFor(({ route }) => route === 'usage');
	assert.equal(headers.authorization, KEY, 'the key alone');
	await arrived(eke);
	assert.equal((await windowOf(eke, 'key')).used, 17);
	assert.equal((await windowOf(other, 'key')).used, 17);
	await eke.chat('again');
	await other.chat('and again');
	await arrived(eke);
	await arrived(other);
	assert.equal(asked(upstream).length, 1);
	assert.equal((await windowOf(other, 'key')).used, 19);
});

test('a refusal is a reason to ask, too', async (t) => {
	const upstream = await withUpstream(t);
	const eke = await start(t, upstream);

	countsMore(upstream, 60);
	upstream.next('429-hourly');
	await assert.rejects(eke.chat('hello'));
	await upstream.waitFor(({ route }) => route === 'usage');
	await arrived(eke);
	assert.equal((await windowOf(eke, 'key')).used, 60);
});

test('an answer does not wait for the count, and a count that is refused changes nothing', async (t) => {
	const upstream = await withUpstream(t);
	const eke = await start(t, upstream);

	upstream.script(({ route }) => (route === 'usage' ? { stall: 'head', status: 500, body: 'no' } : undefined));
	await eke.chat('hello');
	const record = await upstream.waitFor(({ route }) => route === 'usage');
	await eke.chat('again');
	record.release();
	await record.closed;
	await arrived(eke);
	assert.equal((await windowOf(eke, 'key')).used, 2);
});

test('eke ends while the count is on its way', async (t) => {
	const upstream = await withUpstream(t);
	const eke = await start(t, upstream);

	upstream.script(({ route }) => (route === 'usage' ? { stall: 'head', body: [] } : undefined));
	await eke.chat('hello');
	await upstream.waitFor(({ route }) => route === 'usage');
	await eke.stop();
});

test('a service that has no such count is not asked, nor is an endpoint without a key', async (t) => {
	const upstream = await withUpstream(t);
	const plans = { mine: { windows: [{ scope: 'key', limit: 60, period: '1h' }] } };

	for (const endpoint of [{ plan: 'mine' }, { plan: 'unlimited' }, { key: undefined }]) {
		const eke = await start(t, upstream, makeHome(t, { ...config(upstream, endpoint), plans }));

		await eke.chat('hello');
		await arrived(eke);
	}
	assert.equal(upstream.counted.length, 3);
	assert.equal(asked(upstream).length, 0);
});
