/*
 * Parameters that a model does not take, and how it thinks aloud: learned from the first refusal or answer, and known to
 * all processes from then on.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { configFor, makeHome, run, startServer, withUpstream } from './harness.mjs';

const error = (message, more = {}) => ({ status: 400, body: { error: { message, type: 'invalid_request_error', param: null, code: null, ...more } } });
const NAMES = ['max_tokens', 'max_completion_tokens', 'temperature', 'stop', 'stream_options'];
const sent = ({ body }) => NAMES.filter((name) => name in body);

/** A service that refuses the first of the parameters that a request has, as `words` says. */
const refuses = (params, words) => ({ body }) => {
	const param = params.find((name) => name in body);

	return param ? words(param) : { answer: '<completion>w * h</completion>', granularity: 'line' };
};
const openai = (param) => error(`Unsupported parameter: '${param}' is not supported with this model.${param === 'max_tokens' ? " Use 'max_completion_tokens' instead." : ''}`, { param, code: 'unsupported_parameter' });
const value = (param) => error(`Unsupported value: '${param}' does not support 0.2 with this model. Only the default (1) value is supported.`, { param, code: 'unsupported_value' });
const fastapi = (param) => ({ status: 422, body: { detail: [{ type: 'extra_forbidden', loc: ['body', param], msg: 'Extra inputs are not permitted', input: 1 }] } });
const xai = (param) => error(`Argument not supported on this model: ${param}`);
const SPOKEN = { chat: { temperature: 0.2, maxTokens: 99 } };
const start = async (t, upstream, home = makeHome(t, configFor(upstream, { completionApi: 'chat', models: { chat: 'alias', completion: 'alias' } }, SPOKEN))) => {
	const eke = await startServer(t, { home });

	await eke.initialize();
	return { eke, home };
};

for (const [name, params, words, left] of [
	['a reasoning model behind an alias', ['max_tokens', 'temperature', 'stop'], openai, ['max_completion_tokens', 'stream_options']],
	['one that takes no temperature', ['temperature', 'stop'], value, ['max_tokens', 'stream_options']],
	['one that knows no stream_options, of vLLM', ['stream_options'], fastapi, ['max_tokens', 'temperature']],
	['one that takes no limit', ['max_tokens', 'max_completion_tokens'], fastapi, ['temperature', 'stream_options']],
]) {
	test(`${name}: the first chat is sent again without it, the next ones are right`, async (t) => {
		const upstream = await withUpstream(t, { scenario: { choose: refuses(params, words) } });
		const { eke, home } = await start(t, upstream);

		assert.match((await eke.chat('hello')).message.content, /w \* h/);
		assert.equal(upstream.counted.length, 2);
		await eke.chat('again');
		assert.equal(upstream.counted.length, 3);
		assert.deepEqual(sent(upstream.counted[2]), left);

		/* Another process knows it from the start. */
		assert.ok(existsSync(join(home, 'state', 'models.db')));
		await run(t, ['chat', 'and here'], { home });
		assert.equal(upstream.counted.length, 4);
		assert.deepEqual(sent(upstream.counted[3]), left);
	});
}

test('completions: one by hand is sent again, an automatic one teaches', async (t) => {
	for (const automatic of [false, true]) {
		const upstream = await withUpstream(t, { scenario: { choose: refuses(['max_tokens', 'temperature', 'stop'], openai) } });
		const { eke } = await start(t, upstream);
		const doc = await eke.open('def area(w, h):\n    return ‸\n', { uri: eke.uri('a.py') });

		if (automatic) {
			await doc.suggestion({ automatic: true });
			assert.equal(upstream.counted.length, 1);
		}
		assert.equal(await doc.suggestion(), 'w * h');
		assert.equal(upstream.counted.length, 2);
		assert.deepEqual(sent(upstream.counted[1]), ['stream_options']);
	}
});

test('stop is refused by name where the word means something else, too', async (t) => {
	const upstream = await withUpstream(t, { scenario: { choose: refuses(['stop'], xai) } });
	const { eke } = await start(t, upstream);
	const doc = await eke.open('def area(w, h):\n    return ‸\n', { uri: eke.uri('a.py') });

	assert.equal(await doc.suggestion(), 'w * h');
	assert.ok(!sent(upstream.counted[1]).includes('stop'));
	assert.ok(sent(upstream.counted[1]).includes('max_tokens'));
});

test('a model that cannot stream is asked for whole answers', async (t) => {
	const upstream = await withUpstream(t, { scenario: { choose: ({ body }) => (body.stream ? error('Your organization must be verified to stream this model.', { param: 'stream', code: 'unsupported_value' }) : { answer: 'Yes.' }) } });
	const { eke } = await start(t, upstream);

	for (const text of ['one', 'two'])
		assert.equal((await eke.chat(text)).message.content, 'Yes.');
	assert.equal(upstream.counted.length, 3);
	assert.deepEqual(upstream.counted.map(({ body }) => body.stream), [true, undefined, false]);
});

test('a refusal of something else is not sent again', async (t) => {
	const upstream = await withUpstream(t, { scenario: error('The messages may not stop here; this is not supported.') });
	const { eke } = await start(t, upstream);

	await assert.rejects(eke.chat('hello'), /rejected/);
	assert.equal(upstream.counted.length, 1);
});

test('a model that thinks aloud before it says so: commit message, edit and completion have none of it', async (t) => {
	const upstream = await withUpstream(t, { scenario: { holdEvents: true } });
	const home = makeHome(t, configFor(upstream, { completionApi: 'chat' }));
	const say = async (n, first, second) => {
		const record = (await upstream.waitForRequests(n)).at(-1);

		await record.push(first);
		await record.push('\n</think>\n\n');
		await record.push(second);
		await record.end();
	};
	const folder = join(home, 'work');

	mkdirSync(folder, { recursive: true });
	execFileSync('sh', ['-c', 'git init -q . && echo "int a;" > a.c && git add a.c'], { cwd: folder });
	const commit = run(t, ['chat', '-m', 'one', '-c', 'commit'], { home });
	await say(1, 'Okay, the diff adds a.\n', 'Add a');
	assert.equal((await commit).stdout, 'Add a\n');

	const { eke } = await start(t, upstream, home);
	const doc = await eke.open('def area(w, h):\n    return ‸\n', { uri: eke.uri('a.py') });
	const completion = doc.suggestion();
	await say(2, 'It goes between <completion> and </completion>. So:\n', '<completion>w * h</completion>');
	assert.equal(await completion, 'w * h');
});

test('a model that begins in its reasoning: told as reasoning from the second answer on', async (t) => {
	const upstream = await withUpstream(t, { scenario: { holdEvents: true } });
	const { eke } = await start(t, upstream);

	for (const [n, told] of [[0, 'text'], [1, 'reasoning']]) {
		const { answer, streamToken } = eke.startChat(`question ${n}`);
		const record = (await upstream.waitForRequests(n + 1)).at(-1);

		await record.push('Hm, hm.\n');
		assert.deepEqual((await eke.waitForDelta(streamToken)).value, { kind: 'delta', [told]: 'Hm, hm.\n' });
		await record.push('</think>\n\nYes.');
		await record.end();
		const { message, reasoning } = await answer;
		assert.deepEqual([message.content, reasoning], ['Yes.', 'Hm, hm.\n']);
	}
});
