/*
 * Plans that cap prompts: what of a conversation is sent, what is told of the rest, and what is not sent at all.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { getEncoding } from 'js-tiktoken';

import { configFor, makeHome, run, startServer, withUpstream } from './harness.mjs';

const CAP = 1000;
const plans = { capped: { windows: [{ scope: 'machine', limit: 60, period: '1h' }], maxPromptTokens: CAP } };

const vocabulary = getEncoding('cl100k_base');
/* As OpenAI's cookbook counts. */
const count = (messages) => messages.reduce((sum, { role, content }) => sum + 3 + vocabulary.encode(role).length + vocabulary.encode(content).length, 3);

/* Some sixty tokens of prose. */
const prose = (n) => `Part ${n}: the ring buffer keeps the last values in an array of fixed size, and two indices say where the next one `
	+ 'is written and where the oldest one is read; when they meet, the buffer is either full or empty, which a counter tells apart. Is that so?';
const SYSTEM = { role: 'system', content: 'Answer in one sentence.' };

/** `turns` questions with their answers, and one more question. */
const conversation = (turns, question = 'And what if it is full?') => [
	SYSTEM,
	...Array.from({ length: turns }, (_, n) => [{ role: 'user', content: prose(2 * n) }, { role: 'assistant', content: prose(2 * n + 1) }]).flat(),
	{ role: 'user', content: question },
];

async function start(t, endpoint = {}) {
	const upstream = await withUpstream(t);
	const eke = await startServer(t, { config: configFor(upstream, { plan: 'capped', ...endpoint }, { plans }) });

	await eke.initialize();
	return { upstream, eke };
}

async function failure(call) {
	return call.then((result) => assert.fail(`a result instead of an error: ${JSON.stringify(result)}`), (error) => error);
}

test('the oldest turns are left out, as many as must be', async (t) => {
	const { upstream, eke } = await start(t);
	const messages = conversation(12);
	const { trimmed } = await eke.chat(messages);
	const { messages: sent } = upstream.requests[0].body;
	const history = sent.slice(1, -1);

	assert.deepEqual([sent[0], sent.at(-1)], [SYSTEM, messages.at(-1)]);
	assert.deepEqual(history, messages.slice(-1 - history.length, -1), 'the newest, in their order');
	assert.equal(history[0].role, 'user', 'whole turns');
	/* A turn more would be too long by the guess, and the guess is at most a fifth above the truth. */
	assert.ok(count(sent) <= CAP, `${count(sent)} tokens`);
	assert.ok(count(sent) + count(messages.slice(1, 3)) > CAP / 1.2, `${count(sent)} tokens`);
	assert.equal(trimmed.length, 1);
	const [, n, tokens] = /^(\d+) messages from the beginning of the conversation \(about (\d+) tokens\)$/.exec(trimmed[0]) ?? [];
	assert.equal(Number(n), messages.length - sent.length);
	const truth = count(messages) - count(sent);
	assert.ok(tokens >= truth && tokens <= truth * 1.2, `${tokens} for ${truth}`);
});

test('what fits is sent as it is, and so is everything without a cap', async (t) => {
	const { upstream, eke } = await start(t);
	const short = conversation(3);

	assert.equal((await eke.chat(short)).trimmed, undefined);
	assert.deepEqual(upstream.requests[0].body.messages, short);
	const free = await start(t, { plan: 'unlimited' });
	const long = conversation(100);
	assert.equal((await free.eke.chat(long)).trimmed, undefined);
	assert.deepEqual(free.upstream.requests[0].body.messages, long);
});

test('system messages stay, wherever they stand, and so does an answer that is to be continued', async (t) => {
	const { upstream, eke } = await start(t);
	const middle = { role: 'system', content: 'Be polite.' };
	const messages = [...conversation(12).slice(0, 6), middle, ...conversation(12).slice(6), { role: 'assistant', content: 'Then the' }];

	await eke.chat(messages);
	const { messages: sent } = upstream.requests[0].body;
	assert.ok(sent.length < messages.length);
	assert.deepEqual([sent[0], sent[1]], [SYSTEM, middle]);
	assert.deepEqual(sent.slice(-2), messages.slice(-2));
});

test('a question that is too long alone is not sent, and spends nothing', async (t) => {
	const { upstream, eke } = await start(t);
	const question = Array.from({ length: 30 }, (_, n) => prose(n)).join('\n');
	const { code, message, data } = await failure(eke.chat(conversation(3, question)));
	const [, tokens] = /^the question alone has about (\d+) tokens; the plan capped allows 1000: /.exec(message) ?? [];

	assert.deepEqual([code, data.kind, data.endpoint], [-32803, 'promptTooLong', 'test']);
	const truth = vocabulary.encode(question).length;
	assert.ok(tokens >= truth && tokens <= truth * 1.2, message);
	assert.equal(upstream.requests.length, 0);
	assert.equal((await eke.request('budget/get', {})).budgets[0].windows[0].used, 0);
	/* The next one is none the worse for it. */
	assert.equal((await eke.chat('hello')).finishReason, 'stop');
});

test('so it is with a question and a system message that are too long together', async (t) => {
	const { upstream, eke } = await start(t);
	const half = Array.from({ length: 10 }, (_, n) => prose(n)).join('\n');
	const { message } = await failure(eke.chat([{ role: 'system', content: half }, { role: 'user', content: half }]));

	assert.match(message, /^the question and the system message have about 1\d\d\d tokens; the plan capped allows 1000: /);
	assert.equal(upstream.requests.length, 0);
});

test('a refusal of what was believed to fit teaches', async (t) => {
	const { upstream, eke } = await start(t);
	const messages = conversation(12);
	const lengths = [];

	upstream.next('403-tokens', '403-tokens');
	for (let n = 0; n < 2; n++) {
		const { data } = await failure(eke.chat(messages));
		assert.deepEqual([data.kind, data.httpStatus], ['promptTooLong', 403]);
	}
	await eke.chat(messages);
	lengths.push(...upstream.requests.map(({ body }) => body.messages.length));
	assert.ok(lengths[0] > lengths[2], `${lengths}`);
	assert.equal(lengths.length, 3);
});

test('usage teaches, too: with a smaller count more is sent', async (t) => {
	const { upstream, eke } = await start(t);
	const messages = conversation(12);

	upstream.script(({ body }) => ({ answer: 'Yes.', promptTokens: Math.round(count(body.messages) * 0.7) }));
	for (let n = 0; n < 40; n++)
		await eke.chat(messages);
	const [first, last] = [upstream.requests[0], upstream.requests.at(-1)].map(({ body }) => body.messages);
	assert.ok(last.length > first.length, `${first.length}, ${last.length}`);
	assert.ok(count(last) * 0.7 <= CAP);
	/* For this model only. */
	await eke.chat(messages, { model: 'other' });
	assert.equal(upstream.requests.at(-1).body.messages.length, first.length);
});

test('eke chat says it, too', async (t) => {
	const upstream = await withUpstream(t);
	const home = makeHome(t, configFor(upstream, { plan: 'capped' }, { plans }));
	const { code, stdout, stderr } = await run(t, ['chat', Array.from({ length: 30 }, (_, n) => prose(n)).join('\n')], { home });

	assert.deepEqual([code, stdout], [1, '']);
	assert.match(stderr, /the question alone has about \d+ tokens; the plan capped allows 1000: shorten it, or use another endpoint/);
	assert.equal(upstream.requests.length, 0);
});

/* --- completions --- */

/* Some four thousand tokens of code, each file different from the next. */
const code = (n) => Array.from({ length: 200 }, (_, line) => `int value_${n}_${line} = compute_${line}(input[${line}], ${n});`).join('\n');

/** Asks by hand in a new document of that number; resolves to the messages that were sent. */
async function completeIn(eke, upstream, n) {
	const before = upstream.requests.length;
	const doc = await eke.open(`${code(n)}\nint total_${n} = ‸\n${code(n + 1000)}\n`);

	await doc.complete();
	return upstream.requests[before].body.messages;
}

test('completions are cut to the cap as the endpoint counts, not as eke guesses', async (t) => {
	const { upstream, eke } = await start(t);

	upstream.script(({ body }) => ({ answer: '<completion>1;</completion>', promptTokens: Math.round(count(body.messages) * 1.45) }));
	const first = count(await completeIn(eke, upstream, 0));
	assert.ok(first <= CAP && first > CAP / 1.3, `${first} tokens`);
	assert.ok(first * 1.45 > CAP, 'the guess is too low for this endpoint');
	for (let n = 1; n < 4; n++) {
		const truth = count(await completeIn(eke, upstream, n)) * 1.45;
		assert.ok(truth <= CAP && truth > CAP / 1.3, `${truth} tokens`);
	}
});

test('a completion that is refused for its length teaches', async (t) => {
	const { upstream, eke } = await start(t);

	upstream.next('403-tokens');
	const first = count(await completeIn(eke, upstream, 0));
	const second = count(await completeIn(eke, upstream, 1));
	assert.ok(second < first * 0.97, `${first}, ${second}`);
	assert.equal((await eke.request('budget/get', {})).budgets[0].windows[0].used, 2);
});
