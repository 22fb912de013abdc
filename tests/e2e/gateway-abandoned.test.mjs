/*
 * `eke gateway`: requests whose clients have gone while they were under way. They are paid, so they go on for the same request
 * again; but they take no place and no memory from those that somebody waits for.
 */
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';

import OpenAI from 'openai';

import { run, withUpstream, within } from './harness.mjs';
import { chat, logged, start } from './support/gateway.mjs';

/* As many transfers as eke has under way at a time. */
const PLACES = 1024;
const plans = { plenty: { windows: [{ scope: 'machine', limit: 5000, period: '1h' }] } };

/**
 * Requests for these bodies that reach the endpoint, which does not answer, and are given up by their clients. (The fetch() of
 * Node 18 keeps the connection of a request that was aborted.)
 */
async function abandon({ port, token, program, upstream }, bodies) {
	const before = upstream.counted.length;
	const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
	const requests = bodies.map((body) => {
		const request = httpRequest({ host: '127.0.0.1', port, path: '/v1/chat/completions', method: 'POST', headers, agent: false });

		request.on('error', () => {});
		return request.end(JSON.stringify(body));
	});

	await upstream.waitForRequests(before + bodies.length);
	for (const request of requests)
		request.destroy();
	await logged(program, /the client went away/, before + bodies.length);
}

test('when every place is taken, the request that was abandoned first gives way to a new one, and stays counted', async (t) => {
	const upstream = await withUpstream(t, { scenario: { stall: 'head' }, answer: () => 'at last' });
	const gateway = await start(t, { upstream, plan: 'plenty', plans });
	const { home, base, token, program } = gateway;
	const client = new OpenAI({ baseURL: base, apiKey: token, maxRetries: 0 });

	for (let seed = 0; seed < PLACES; seed += 256)
		await abandon(gateway, Array.from({ length: 256 }, (_, i) => chat({ seed: seed + i })));
	const oldest = upstream.counted.filter(({ body }) => body.seed < 256);
	const others = upstream.counted.filter(({ body }) => body.seed >= 256);

	upstream.setDefault(null);
	const answer = await client.chat.completions.create(chat({ seed: PLACES }));
	assert.equal(answer.choices[0].message.content, 'at last');
	await within(Promise.race(oldest.map(({ closed }) => closed)), () => 'none of the oldest ended');
	assert.equal(oldest.filter(({ aborted }) => aborted).length, 1);
	assert.equal(others.filter(({ aborted }) => aborted).length, 0);
	await logged(program, /gives way to others/);
	/* All that were sent are counted, the one that ended, too. */
	const { budgets } = JSON.parse((await run(t, ['status', '--json'], { home })).stdout);
	assert.equal(budgets[0].windows[0].used, PLACES + 1);
	/* The others still answer the same request. */
	others[0].release();
	assert.equal((await client.chat.completions.create(others[0].body)).choices[0].message.content, 'at last');
	assert.equal(upstream.counted.length, PLACES + 1);
});

test('what is abandoned holds so much memory together and no more', async (t) => {
	const upstream = await withUpstream(t, { scenario: { stall: 'head' } });
	const gateway = await start(t, { upstream, plan: 'plenty', plans });
	const large = (seed) => chat({ seed, pad: 'x'.repeat(12 * 1024 * 1024) });

	/* Five are 60 MiB, of 64. */
	for (let seed = 0; seed < 6; seed++)
		await abandon(gateway, [large(seed)]);
	await within(upstream.counted[0].closed, () => 'the first one goes on');
	assert.deepEqual(upstream.counted.map(({ aborted }) => aborted), [true, false, false, false, false, false]);
});

test('with few open files allowed, many streams at once are served all the same', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'whole' });
	const { call } = await start(t, { upstream, shell: 'ulimit -S -n 256; exec "$@"' });
	const streams = await Promise.all(Array.from({ length: 300 }, async (_, seed) => (await call('/v1/chat/completions', { body: chat({ seed, stream: true }) })).text()));

	for (const text of streams)
		assert.match(text, /\[DONE\]/);
});
