/*
 * What is refused for good is not asked again with every keystroke, is said once, and is asked again when something
 * changed.
 */
import assert from 'node:assert/strict';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { configFor, makeHome, startServer, withUpstream } from './harness.mjs';

const KEY = 'sk-test-0123456789abcdef';
const TEXT = 'def mean(values):\n    total = 0\n    for v in values:\n        ';
const refused = (status, message, more = {}) => ({ status, body: { error: { message, ...more } } });

async function start(t, { scenario, endpoint = {}, home } = {}) {
	const upstream = await withUpstream(t, { scenario, answer: () => 'total += v' });
	const config = configFor(upstream, { completionApi: 'chat', ...endpoint }, { completion: { debounceMs: 0, offline: false } });
	const eke = await startServer(t, home ? { home: makeHome(t, config) } : { config });

	await eke.initialize();
	return { upstream, eke, doc: await eke.open(`${TEXT}‸`, { uri: eke.uri('a.py') }) };
}

/** Types, with an automatic request behind each character. */
async function type(doc, text) {
	for (const character of text) {
		doc.type(character);
		await doc.complete({ automatic: true });
	}
}

const FOR_GOOD = {
	'a wrong key': refused(401, 'Incorrect API key provided'),
	'a wrong key, by 400': refused(400, 'API key not valid. Please pass a valid API key.'),
	'an empty account': refused(402, 'Insufficient Balance'),
	'an empty account, by 429': refused(429, 'You exceeded your current quota, please check your plan and billing details.', { type: 'insufficient_quota', code: 'insufficient_quota' }),
	'a model that is not there': refused(404, 'The model `gpt-9` does not exist', { code: 'model_not_found' }),
	'a model that the key may not use': refused(403, 'This key may not use that model'),
};

for (const [name, scenario] of Object.entries(FOR_GOOD)) {
	test(`${name}: one automatic request, and it is said once`, async (t) => {
		const { upstream, eke, doc } = await start(t, { scenario });

		await type(doc, 'total += v\n    return total');
		assert.equal(upstream.counted.length, 1);
		await eke.settle();
		const said = eke.takeNotifications('eke/didChangeStatus').filter(({ state }) => state === 'error' || state === 'warning');
		assert.equal(said.length, 1, JSON.stringify(said));

		/* By hand it is tried, and an answer ends it. */
		await doc.complete();
		assert.equal(upstream.counted.length, 2);
		upstream.setDefault(null);
		assert.ok(await doc.complete());
		doc.type(' ');
		await type(doc, '/ l');
		assert.ok(upstream.counted.length > 3);
	});
}

test('a request that is wrong again and again is not sent for ever', async (t) => {
	const { upstream, doc } = await start(t, { scenario: refused(400, 'something about this request') });

	await type(doc, 'total += v\n    return total');
	assert.equal(upstream.counted.length, 3);
});

test('a service that names a time is left alone until then', async (t) => {
	const { upstream, doc } = await start(t, { scenario: { ...refused(503, 'loading'), headers: { 'retry-after': '120' } } });

	await type(doc, 'total += v');
	assert.equal(upstream.counted.length, 1);
});

test('another key in the file', async (t) => {
	const home = makeHome(t);
	const file = join(home, 'key');

	writeFileSync(file, 'sk-wrong-0123456789\n', { mode: 0o600 });
	const { upstream, doc } = await start(t, {
		scenario: { choose: ({ headers }) => (headers.authorization === `Bearer ${KEY}` ? { answer: 'total += v' } : refused(400, 'API key not valid')) },
		endpoint: { key: { file } },
	});

	await type(doc, 'tota');
	assert.equal(upstream.counted.length, 1);
	writeFileSync(file, `${KEY}\n`);
	utimesSync(file, new Date(), new Date(Date.now() + 5000));
	await type(doc, 'l');
	assert.equal(upstream.counted.at(-1).headers.authorization, `Bearer ${KEY}`);
});

test('a limit of one model leaves the others alone', async (t) => {
	const { upstream, eke } = await start(t, { scenario: { choose: ({ body }) => (body.model === 'busy' ? refused(429, 'Rate limit reached for model `busy` in organization `org_x` on requests per minute') : { answer: 'Yes.' }) } });

	await assert.rejects(eke.chat('hello', { model: 'busy' }), (error) => error.data.kind === 'budget');
	await assert.rejects(eke.chat('hello', { model: 'busy' }), (error) => error.data.kind === 'budget');
	assert.equal(upstream.counted.length, 1);
	assert.equal((await eke.chat('hello', { model: 'free' })).message.content, 'Yes.');
	assert.equal(upstream.counted.length, 2);
});
