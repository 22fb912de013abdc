/*
 * What happens when the first endpoint has nothing more to give (whenExhausted), and to answers whose request was cancelled.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { endpointFor, startServer, withUpstream } from './harness.mjs';

const PLANS = { two: { windows: [{ scope: 'machine', limit: 2, period: '1h' }] }, other: { windows: [{ scope: 'machine', limit: 2, period: '1h' }] } };

/* A counted endpoint of two requests an hour, and one more. */
async function start(t, { whenExhausted, second = {}, answer } = {}) {
	const [first, next] = [await withUpstream(t, { answer: answer ?? (() => 'from the first') }), await withUpstream(t, { answer: () => 'from the second' })];
	const eke = await startServer(t, {
		config: {
			endpoints: [endpointFor(first, { name: 'free', plan: 'two' }), endpointFor(next, { name: 'paid', ...second })],
			plans: PLANS, ...(whenExhausted ? { whenExhausted } : {}), completion: { debounceMs: 0, reserve: 0, offline: false },
		},
	});

	await eke.initialize();
	return { first, next, eke };
}

const chats = async (eke, n) => {
	const endpoints = [];

	for (let i = 0; i < n; i++)
		endpoints.push((await eke.chat(`question ${i}`).catch(({ data }) => data)).endpoint);
	return endpoints;
};

test('never: the first endpoint\'s own refusal, which says until when', async (t) => {
	const { next, eke } = await start(t);

	await chats(eke, 2);
	const error = await eke.chat('one more').catch((e) => e);
	assert.equal(error.code, -32803);
	assert.equal(error.data.kind, 'budget');
	assert.equal(error.data.endpoint, 'free');
	assert.ok(Date.parse(error.data.retryAt) > Date.now());
	assert.equal(next.requests.length, 0);
});

test('auto: the next endpoint, for chats and completions', async (t) => {
	const { first, next, eke } = await start(t, { whenExhausted: 'auto' });

	assert.deepEqual(await chats(eke, 4), ['free', 'free', 'paid', 'paid']);
	const doc = await eke.open('int tot‸\n');
	await doc.complete({ automatic: true });
	assert.deepEqual([first.counted.length, next.counted.length], [2, 3]);
	await (await eke.open('int other\u2038\n')).complete();
	assert.deepEqual([first.counted.length, next.counted.length], [2, 4]);
	/* Who names an endpoint gets that one or its refusal. */
	await assert.rejects(eke.chat('named', { endpoint: 'free' }), { code: -32803 });
});

test('auto: also where the service refuses before eke does', async (t) => {
	const { first, next, eke } = await start(t, { whenExhausted: 'auto' });

	first.next('429-hourly');
	assert.deepEqual(await chats(eke, 2), ['paid', 'paid']);
	assert.deepEqual([first.counted.length, next.counted.length], [1, 2]);
});

test('auto, by hand: a completion that the service refuses is asked of the next', async (t) => {
	const { first, next, eke } = await start(t, { whenExhausted: 'auto' });
	const doc = await eke.open('int tot‸\n');

	first.next('429-hourly');
	await doc.complete();
	assert.deepEqual([first.counted.length, next.counted.length], [1, 1]);
});

for (const [name, second] of [['the same plan', { plan: 'two' }], ['the same service', { plan: 'other' }]]) {
	test(`never from one counted key to another of ${name}`, async (t) => {
		const upstream = await withUpstream(t);
		const eke = await startServer(t, {
			config: {
				endpoints: [endpointFor(upstream, { name: 'free', plan: 'two' }), endpointFor(upstream, { name: 'again', ...second })],
				plans: PLANS, whenExhausted: 'auto',
			},
		});

		await eke.initialize();
		assert.deepEqual(await chats(eke, 3), ['free', 'free', 'free']);
		assert.equal(upstream.counted.length, 2);
	});
}

test('a counted endpoint of another service is used, and counted', async (t) => {
	const { next, eke } = await start(t, { whenExhausted: 'auto', second: { plan: 'other' } });

	assert.deepEqual(await chats(eke, 5), ['free', 'free', 'paid', 'paid', 'free']);
	assert.equal(next.counted.length, 2);
});

test('ask: the user is asked once, and yes holds', async (t) => {
	const { next, eke } = await start(t, { whenExhausted: 'ask' });
	const asked = [];

	eke.onRequest('window/showMessageRequest', ({ message, actions }) => {
		asked.push(message);
		return actions[0];
	});
	assert.deepEqual(await chats(eke, 4), ['free', 'free', 'paid', 'paid']);
	assert.equal(asked.length, 1);
	assert.match(asked[0], /paid/);
	assert.equal(next.counted.length, 2);
});

for (const [name, answer] of [['no', ({ actions }) => actions[1]], ['null', () => null], ['an error', () => { throw new Error('cannot show'); }]]) {
	test(`ask: ${name} is no`, async (t) => {
		const { next, eke } = await start(t, { whenExhausted: 'ask' });

		eke.onRequest('window/showMessageRequest', answer);
		assert.deepEqual(await chats(eke, 3), ['free', 'free', 'free']);
		/* Completions are no occasion to ask. */
		const doc = await eke.open('int tot‸\n');
		assert.equal(await doc.complete({ automatic: true }), null);
		assert.equal(next.requests.length, 0);
	});
}

test('ask: a client that knows no questions', async (t) => {
	const { next, eke } = await start(t, { whenExhausted: 'ask' });

	assert.deepEqual(await chats(eke, 3), ['free', 'free', 'free']);
	assert.equal(next.requests.length, 0);
});

test('ask: cancelled while the user thinks', async (t) => {
	const { next, eke } = await start(t, { whenExhausted: 'ask' });
	let answer;
	const shown = new Promise((resolve) => {
		eke.onRequest('window/showMessageRequest', (params) => new Promise((done) => {
			answer = () => done(params.actions[0]);
			resolve();
		}));
	});

	await chats(eke, 2);
	const call = eke.startChat('one more');
	await shown;
	call.cancel();
	await assert.rejects(call.answer, { code: -32800 });
	answer();
	await eke.settle();
	assert.equal(next.requests.length, 0);
});

/* --- cancelled, but paid for --- */

test('a chat cancelled under a counted plan comes in, and is there for the same question', async (t) => {
	const { first, eke } = await start(t);

	first.next({ holdEvents: true });
	const call = eke.startChat('why?');
	const [record] = await first.waitForRequests(1);
	await record.push('Because ');
	await eke.waitForDelta(call.streamToken);
	call.cancel();
	await assert.rejects(call.answer, (e) => e.code === -32800 && e.data.text === 'Because ');
	/* Asked again while it is still coming … */
	const again = eke.startChat('why?');
	await eke.waitForDelta(again.streamToken, (value) => value.text === 'Because ');
	again.cancel();
	await assert.rejects(again.answer, { code: -32800 });
	await record.push('of the tide.');
	await record.end();
	await record.closed;
	assert.equal(record.aborted, false);
	/* … and when it is there. */
	assert.equal((await eke.chat('why?')).message.content, 'Because of the tide.');
	assert.equal(first.counted.length, 1);
	/* Once: who asks once more wants another answer. */
	assert.equal((await eke.chat('why?')).message.content, 'from the first');
	assert.equal(first.counted.length, 2);
});

test('… but not for another question', async (t) => {
	const { first, eke } = await start(t);

	first.next({ holdEvents: true });
	const call = eke.startChat('why?');
	const [record] = await first.waitForRequests(1);
	call.cancel();
	await assert.rejects(call.answer, { code: -32800 });
	await record.push('Because.');
	await record.end();
	await record.closed;
	assert.equal((await eke.chat('why?', { model: 'another' })).message.content, 'from the first');
	assert.equal(first.counted.length, 2);
});
