/*
 * `make demo` as it runs without a terminal: the story to its end, the same each time, and a sentence where something is wrong.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startUpstream } from '../upstream/upstream.mjs';

const EKE_BIN = process.env.EKE_BIN || fileURLToPath(new URL('../../build/debug/eke', import.meta.url));
const DEMO = fileURLToPath(new URL('../demo/demo.mjs', import.meta.url));
const KEY = 'sk-demo-0123456789';

/** Runs the demo with only `extra` of what could name an endpoint. */
function run(extra = {}) {
	const env = { ...process.env, EKE_BIN, ...extra };
	for (const name of Object.keys(env)) if (/^(OPENAI_|EKE_)/.test(name) && name !== 'EKE_BIN' && !(name in extra)) delete env[name];
	return new Promise((resolve) => {
		execFile(process.execPath, [DEMO], { env }, (error, stdout, stderr) => resolve({ status: error ? error.code : 0, stdout, stderr }));
	});
}

test('with nothing configured: the loopback upstream, and every number as it must be', async () => {
	const { status, stdout, stderr } = await run();
	assert.equal(stderr, '');
	assert.equal(status, 0);
	assert.match(stdout, /LOOPBACK UPSTREAM: no key, no network, no model/);
	assert.match(stdout, /loopback: 60 of 60 requests left +0 keys, 0 requests/);
	assert.match(stdout, /1 request brought the rest of the function/);
	assert.match(stdout, /\d+ \| {5}if \(!\[limit_window_resets_at_once\(f->window->kind\)\) \{\]\n +~ \| +\/\* Nothing to wait for/);
	assert.match(stdout, /loopback: 59 of 60 requests left +5 keys, 1 request\n/);
	assert.match(stdout, /67 keys, 1 request\. Its answer served every key since\./);
	assert.match(stdout, /src\/budget\/limit_window\.c is whole again, byte for byte/);
	assert.match(stdout, /you  Why is every request counted[^]*eke  No model here[^]*as\s+JSON-RPC\.\n/);
	assert.match(stdout, /eke \* loopback: 58 of 60 requests left\n/);
	assert.match(stdout, /68 keys: 1 request\. One chat: 1 request\.\n/);
	assert.match(stdout, /OPENAI_API_KEY=[^]*build\/eke doctor[^]*editors\/README\.md/);
});

test('without a terminal: no colours, no motion, lines of 80 columns, the same each time', async () => {
	const runs = await Promise.all([run(), run({ NO_COLOR: '1' })]);
	assert.doesNotMatch(runs[0].stdout, /[\x00-\x09\x0b-\x1f]/);
	assert.deepEqual(runs[0].stdout.split('\n').filter((line) => line.length > 80), []);
	assert.equal(runs[0].stdout, runs[1].stdout);
});

test('with a key in the environment: that endpoint, labelled so, and the key is not shown', async (t) => {
	const answer = ({ body }) => (/CURSOR/.test(JSON.stringify(body.messages)) ? '<completion>size_t i = 0; i < 1; i++) {\n\t}</completion>' : 'Because.');
	const upstream = await startUpstream({ key: KEY, answer });
	t.after(() => upstream.close());
	const { status, stdout, stderr } = await run({ OPENAI_BASE_URL: upstream.url, OPENAI_API_KEY: KEY, EKE_PLAN: 'chatanywhere-free' });
	assert.equal(stderr, '');
	assert.equal(status, 0);
	assert.ok(stdout.includes(`REAL API: ${upstream.url}, plan chatanywhere-free`), stdout);
	assert.match(stdout, /eke {2}Because\.\n/);
	assert.match(stdout, /environment: 58 of 60 requests left\n/);
	assert.match(stdout, /keys: 1 request\. One chat: 1 request\.\n/);
	assert.equal(upstream.counted.length, 2);
	assert.ok(!stdout.includes(KEY));
});

for (const [name, scenario, sentence] of [
	['the key is refused', '401-apikey', /demo: eke offered nothing to go on with: The API key was refused/],
	['the day\'s requests are used up', '429-daily', /demo: eke offered nothing to go on with: The provider's limit/],
	['there is nothing to add', { answer: '<completion></completion>' }, /demo: eke offered nothing to go on with: the model had nothing to add/],
]) {
	test(`it fails with a sentence where ${name}`, async (t) => {
		const upstream = await startUpstream({ scenario });
		t.after(() => upstream.close());
		const { status, stderr } = await run({ EKE_BASE_URL: upstream.url, EKE_API_KEY: KEY });
		assert.equal(status, 1);
		assert.match(stderr, sentence);
		assert.ok(!stderr.includes(KEY));
	});
}

test('it fails with a sentence where there is no program, or another one', async () => {
	const missing = await run({ EKE_BIN: '/nowhere/eke' });
	assert.equal(missing.status, 1);
	assert.match(missing.stderr, /demo: \/nowhere\/eke is not there: run make first/);
	const other = await run({ EKE_BIN: '/bin/true' });
	assert.equal(other.status, 1);
	assert.match(other.stderr, /demo: \/bin\/true config --print did not work/);
});
