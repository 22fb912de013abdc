/*
 * chat/complete, models/list and budget/get: what is asked, what comes back from a service in whatever state, how often it is
 * asked again, and when not at all.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';

import { scenarios } from '../upstream/scenarios.mjs';
import { configFor, endpointFor, run, startServer, withUpstream } from './harness.mjs';

async function start(t, { upstream: options, endpoint, rest } = {}) {
	const upstream = await withUpstream(t, options);
	const eke = await startServer(t, { config: configFor(upstream, endpoint, rest) });

	await eke.initialize();
	return { upstream, eke };
}

/* The error that a request ends with. */
async function failure(call) {
	let result;

	try {
		result = await call;
	} catch (error) {
		return error;
	}
	throw new Error(`a result instead of an error: ${JSON.stringify(result)}`);
}

/* --- the catalogue of oddities --- */

/* Where the contract leaves more room than the catalogue: an empty balance is both. */
const KINDS = { '403-insufficient-quota-odd': ['budget', 'forbidden'] };

const among = (value, expected) => assert.ok([expected].flat().includes(value), `${value} is not ${expected}`);

function checkAnswer({ message, finishReason, reasoning, usage }, expect) {
	if (expect.contains)
		expect.contains.forEach((part) => assert.ok(message.content.includes(part), part));
	else
		assert.equal(message.content, expect.text);
	among(finishReason, expect.finish);
	assert.equal(reasoning, expect.reasoning || undefined);
	assert.equal(usage.totalTokens, usage.promptTokens + usage.completionTokens);
	if (expect.usage !== undefined)
		assert.equal(usage.estimated, !expect.usage);
}

function checkError({ code, message, data }, expect, record) {
	assert.equal(code, -32803);
	among(data.kind, KINDS[record.scenario] ?? expect.errorKind);
	assert.equal(data.httpStatus, expect.httpStatus ?? data.httpStatus);
	assert.ok(message.length > 15 && !/[\n\r]/.test(message), message);
	assert.equal(data.endpoint, expect.stalls ? 'hasty' : 'test');
	if (expect.providerMessage)
		assert.ok(data.providerMessage.includes(expect.providerMessage), data.providerMessage);
	if (expect.retryAfter !== undefined)
		assert.ok(Math.abs((Date.parse(data.retryAt) - record.wallMs) / 1000 - expect.retryAfter) <= 1.5, `${data.retryAt} for ${expect.retryAfter} s`);
}

/* How often a service is asked that answers like this each time: what may pass is tried twice. */
function timesAsked(expect) {
	const settled = !expect.errorKind || ['budget', 'auth', 'forbidden', 'promptTooLong', 'timeout'].includes([expect.errorKind].flat()[0]);
	const status = expect.httpStatus ?? 200;

	if (expect.asked)
		return expect.asked;
	return (settled || (status >= 300 && status < 500)) && status < 500 ? 1 : 2;
}

test('every scenario of the catalogue', { concurrency: 40 }, async (t) => {
	const upstream = await withUpstream(t);
	const hasty = endpointFor(upstream, { name: 'hasty', timeouts: { connect: 10, firstByte: 1.5, idle: 1.5 } });
	const config = { endpoints: [endpointFor(upstream), hasty] };
	const shared = await startServer(t, { config });

	await shared.initialize();
	assert.ok(scenarios.length > 140);
	await Promise.all(scenarios.map(({ name, expect }) => t.test(name, async (t2) => {
		/* After a refusal for the budget nobody asks for a while: each has a machine of its own. */
		const eke = [expect.errorKind].flat().includes('budget') ? await startServer(t2, { config }) : shared;

		if (eke !== shared)
			await eke.initialize();
		const call = eke.chat(`to ${name}`, { model: `scenario/${name}`, endpoint: expect.stalls ? 'hasty' : 'test' });
		const result = expect.errorKind ? await failure(call) : await call;
		const asked = upstream.requests.filter((record) => record.body?.model === `scenario/${name}`);
		if (expect.errorKind)
			checkError(result, expect, asked.at(-1));
		else
			checkAnswer(result, expect);
		/* libcurl repeats by itself what it sent on a connection that it had kept and that was closed then. */
		if (/-before-head$/.test(name))
			assert.ok(asked.length >= 2);
		else
			assert.equal(asked.length, timesAsked(expect));
	})));
});

/* --- what is asked --- */

test('the request as the service gets it', async (t) => {
	const { upstream, eke } = await start(t);
	const messages = [
		{ role: 'system', content: 'Answer in one word.' },
		{ role: 'user', content: 'Capital of "France"?\n\t\\ 你好 😀' },
		{ role: 'assistant', content: '' },
		{ role: 'user', content: 'Again.' },
	];

	await eke.chat(messages, { model: 'other', maxTokens: 16, temperature: 0.25 });
	const [{ method, path, headers, body }] = upstream.requests;
	assert.deepEqual([method, path], ['POST', '/v1/chat/completions']);
	assert.match(headers['content-type'], /^application\/json/);
	assert.equal(headers.authorization, undefined);
	assert.deepEqual(body, {
		model: 'other', messages, max_tokens: 16, temperature: 0.25, stream: true, stream_options: { include_usage: true },
	});
});

test('what is not said comes from the configuration', async (t) => {
	const { upstream, eke } = await start(t, { endpoint: { streamOptions: false }, rest: { chat: { temperature: 1.5, maxTokens: 99 } } });

	await eke.chat('hello');
	const { model, temperature, max_tokens: maxTokens, stream_options: streamOptions } = upstream.requests[0].body;
	assert.deepEqual([model, temperature, maxTokens, streamOptions], ['chatty', 1.5, 99, undefined]);
});

test('nor more than that', async (t) => {
	const { upstream, eke } = await start(t);

	await eke.chat('hello');
	assert.deepEqual(Object.keys(upstream.requests[0].body).sort(), ['messages', 'model', 'stream', 'stream_options']);
});

test('the endpoint by its name', async (t) => {
	const [one, two] = [await withUpstream(t), await withUpstream(t)];
	const eke = await startServer(t, { config: { endpoints: [endpointFor(one, { name: 'one' }), endpointFor(two, { name: 'two' })] } });

	await eke.initialize();
	assert.equal((await eke.chat('hello', { endpoint: 'two' })).endpoint, 'two');
	assert.equal((await eke.chat('hello')).endpoint, 'one');
	assert.deepEqual([one.counted.length, two.counted.length], [1, 1]);
	const { data, message } = await failure(eke.chat('hello', { endpoint: 'three' }));
	assert.equal(data.kind, 'noEndpoint');
	assert.match(message, /three/);
});

test('without an endpoint', async (t) => {
	const eke = await startServer(t);

	await eke.initialize();
	for (const call of [eke.chat('hello'), eke.request('models/list', {})])
		assert.equal((await failure(call)).data.kind, 'noEndpoint');
	assert.deepEqual(await eke.request('budget/get', {}), { budgets: [] });
});

test('a prompt of a few megabytes, and one that is too long', async (t) => {
	const { upstream, eke } = await start(t, { upstream: { answer: (record) => String(record.body.messages[0].content.length) } });
	const long = 'ab\n'.repeat(1024 * 1024);

	assert.equal((await eke.chat(long)).message.content, String(long.length));
	const { code, data } = await failure(eke.chat([{ role: 'user', content: long.repeat(3) }]));
	assert.deepEqual([code, data.kind], [-32803, 'promptTooLong']);
	assert.equal(upstream.counted.length, 1);
});

/* --- streaming --- */

test('each piece is told as it comes', async (t) => {
	const { upstream, eke } = await start(t);

	upstream.next({ holdEvents: true });
	const { answer, streamToken } = eke.startChat('hello', { streamToken: 'piece by piece' });
	const [record] = await upstream.waitForRequests(1);
	for (const piece of ['A', ' ring', ' buffer\n', '😀', ' is…']) {
		await record.push(piece);
		assert.equal((await eke.waitForDelta(streamToken)).value.text, piece);
	}
	await record.end();
	assert.equal((await answer).message.content, 'A ring buffer\n😀 is…');
});

test('without a token nothing is streamed', async (t) => {
	const { eke } = await start(t);

	await eke.chat('hello', { streamToken: null });
	assert.deepEqual(eke.takeNotifications('$/progress'), []);
});

test('many chats at once', async (t) => {
	const { eke } = await start(t, { upstream: { answer: (record) => `${record.body.messages[0].content} `.repeat(200) } });
	const names = Array.from({ length: 50 }, (_, n) => `chat ${n}`);
	const answers = await Promise.all(names.map((name) => eke.chat(name)));

	/* The harness has seen that each one's pieces make its answer. */
	assert.deepEqual(answers.map(({ message }) => message.content), names.map((name) => `${name} `.repeat(200)));
});

test('cancelled: what had arrived is in data.text, and the call is aborted', async (t) => {
	const { upstream, eke } = await start(t);

	upstream.next({ holdEvents: true });
	const { answer, cancel, streamToken } = eke.startChat('count to a thousand');
	const [record] = await upstream.waitForRequests(1);
	await record.push('1 2 3 4');
	await eke.waitForDelta(streamToken);
	cancel();
	const { code, data } = await failure(answer);
	assert.deepEqual([code, data.text], [-32800, '1 2 3 4']);
	await record.closed;
	assert.ok(record.aborted);
	await eke.waitForNotification('eke/didChangeStatus', ({ state }) => state === 'idle');
});

test('a token that is in use already', async (t) => {
	const { upstream, eke } = await start(t);

	upstream.next({ stall: 'firstByte' });
	const first = eke.startChat('one', { streamToken: 1 });
	const [record] = await upstream.waitForRequests(1);
	record.release();
	await first.answer;
	assert.ok((await eke.chat('two', { streamToken: 1 })).message.content);
});

test('busy while it works, idle after', async (t) => {
	const { eke } = await start(t);

	await eke.chat('hello');
	await eke.settle();
	assert.deepEqual(eke.takeNotifications('eke/didChangeStatus').map(({ state }) => state), ['idle', 'busy', 'idle']);
});

test('what eke does, for who traces', async (t) => {
	const { eke } = await start(t);

	await eke.chat('hello');
	assert.deepEqual(eke.takeNotifications('$/logTrace'), []);
	eke.notify('$/setTrace', { value: 'verbose' });
	await eke.chat('hello');
	await eke.waitForNotification('$/logTrace', ({ message }) => /POST/.test(message));
	eke.notify('$/setTrace', { value: 'off' });
	await eke.settle();
	eke.takeNotifications('$/logTrace');
	await eke.chat('hello');
	assert.deepEqual(eke.takeNotifications('$/logTrace'), []);
});

/* --- asking again --- */

const PASSING = ['500-server', '502-html', '503-loading', 'html-200', 'empty-200', 'reset-before-head', 'cut-before-head', 'error-first'];

test('trouble that passes is met by asking once more', { concurrency: PASSING.length }, async (t) => {
	await Promise.all(PASSING.map((scenario) => t.test(scenario, async (t2) => {
		const { upstream, eke } = await start(t2);

		upstream.next(scenario, 'plain');
		assert.equal((await eke.chat('hello')).finishReason, 'stop');
		assert.equal(upstream.counted.length, 2);
		assert.deepEqual(upstream.counted[0].rawBody, upstream.counted[1].rawBody);
	})));
});

for (const scenario of ['400-json', '401-apikey', '403-model', '404-model', '429-daily', '429-retry-after']) {
	test(`${scenario} is not asked again`, async (t) => {
		const { upstream, eke } = await start(t);

		upstream.next(scenario, 'plain');
		await failure(eke.chat('hello'));
		assert.deepEqual([upstream.counted.length, upstream.queued], [1, 1]);
	});
}

test('asked again after a pause that differs between processes', async (t) => {
	const upstream = await withUpstream(t);
	const prompts = Array.from({ length: 8 }, (_, i) => `question ${i}`);

	upstream.next(...prompts.map(() => '500-server'));
	await Promise.all(prompts.map((prompt) => run(t, ['chat', prompt], { config: configFor(upstream) }).then(({ code }) => assert.equal(code, 0))));
	const pauses = prompts.map((prompt) => {
		const [first, second] = upstream.counted.filter(({ body }) => body.messages.at(-1).content === prompt);
		return second.wallMs - first.wallMs;
	});
	for (const pause of pauses)
		assert.ok(pause >= 990, `${pauses}`);
	/* Up to half a second is drawn by lot: that eight come this close is one chance in 300,000. */
	assert.ok(Math.max(...pauses) - Math.min(...pauses) > 60, `${pauses}`);
});

test('after the first piece nothing is asked again', async (t) => {
	const { upstream, eke } = await start(t);

	upstream.next({ base: 'cut-after-text' }, 'plain');
	const { finishReason, message } = await eke.chat('hello');
	assert.deepEqual([finishReason, message.content], ['truncated', 'Hello, ']);
	assert.deepEqual([upstream.counted.length, upstream.queued], [1, 1]);
});

test('cancelled while it waits to ask again', async (t) => {
	const { upstream, eke } = await start(t);

	upstream.next('500-server');
	const { answer, cancel } = eke.startChat('hello');
	await (await upstream.waitForRequests(1))[0].closed;
	await eke.settle();
	cancel();
	assert.equal((await failure(answer)).code, -32800);
	assert.equal(upstream.counted.length, 1);
});

/* A port of this machine where nobody listens. */
async function deadUrl() {
	const server = createServer().listen(0, '127.0.0.1');

	await once(server, 'listening');
	const { port } = server.address();
	server.close();
	await once(server, 'close');
	return `http://127.0.0.1:${port}/v1`;
}

const hourly = (limit, more) => ({ windows: [{ scope: 'machine', limit, period: '1h', ...more }] });

test('an address that refuses connections: the next one is asked, and nothing is counted for it', async (t) => {
	const dead = await deadUrl();
	const plans = { few: hourly(5) };
	const upstream = await withUpstream(t);
	const eke = await startServer(t, {
		config: configFor(upstream, { baseUrl: dead, fallbackUrls: [dead, `${upstream.url}/v1`], plan: 'few' }, { plans }),
	});

	await eke.initialize();
	for (const used of [1, 2]) {
		const { budget, finishReason } = await eke.chat('hello');
		assert.deepEqual([finishReason, budget.windows[0].used], ['stop', used]);
	}
	assert.equal(upstream.counted.length, 2);
});

test('no address answers', async (t) => {
	const dead = await deadUrl();
	const eke = await startServer(t, {
		config: { endpoints: [{ name: 'gone', baseUrl: dead, fallbackUrls: [dead], plan: 'few' }], plans: { few: hourly(5) } },
	});

	await eke.initialize();
	const { data, message } = await failure(eke.chat('hello'));
	assert.equal(data.kind, 'network');
	assert.match(message, /127\.0\.0\.1/);
	assert.equal((await eke.request('budget/get', {})).budgets[0].windows[0].used, 0);
	assert.equal((await eke.waitForNotification('eke/didChangeStatus', ({ state }) => state === 'offline')).message, message);
});

test('a service in trouble: its other address is asked at once', async (t) => {
	const [bad, good] = [await withUpstream(t, { scenario: '502-html' }), await withUpstream(t)];
	const eke = await startServer(t, { config: configFor(bad, { fallbackUrls: [`${good.url}/v1`] }) });

	await eke.initialize();
	assert.equal((await eke.chat('hello')).finishReason, 'stop');
	assert.deepEqual([bad.counted.length, good.counted.length], [1, 1]);
});

/* --- the budget --- */

test('two of two are used: the third is refused, and so are completions', async (t) => {
	const { upstream, eke } = await start(t, { endpoint: { plan: 'two' }, rest: { plans: { two: hourly(2) }, completion: { debounceMs: 0 } } });
	const doc = await eke.open('int main(void) { ret‸');

	for (const [used, state] of [[1, 'ok'], [2, 'exhausted']]) {
		const { budget } = await eke.chat('hello');
		assert.deepEqual([budget.plan, budget.windows[0].used, budget.windows[0].remaining], ['two', used, 2 - used]);
		if (state === 'exhausted')
			assert.equal(budget.state, state);
	}
	const { code, message, data } = await failure(eke.chat('hello'));
	assert.deepEqual([code, data.kind, data.endpoint, data.blockedScope], [-32803, 'budget', 'test', 'machine']);
	assert.match(message, /two/);
	const wait = (Date.parse(data.retryAt) - Date.now()) / 1000;
	assert.ok(wait > 3500 && wait <= 3601, `retry in ${wait} s`);
	assert.equal(await doc.complete({ automatic: true }), null);
	assert.equal(await doc.complete(), null);
	assert.equal(upstream.counted.length, 2);
	const [budget] = (await eke.request('budget/get', {})).budgets;
	assert.deepEqual([budget.state, budget.windows[0].resetAt], ['exhausted', data.retryAt]);
});

test('asking again is counted, too', async (t) => {
	const { upstream, eke } = await start(t, { endpoint: { plan: 'few' }, rest: { plans: { few: hourly(3) } } });

	upstream.next('500-server', 'plain', '500-server');
	assert.equal((await eke.chat('hello')).budget.windows[0].used, 2);
	/* One is left: for the first try, not for a second. */
	await failure(eke.chat('hello'));
	assert.equal(upstream.counted.length, 3);
});

test('windows of some models, and of keys', async (t) => {
	const windows = [{ scope: 'machine', models: ['big*'], limit: 1, period: '1d' }, { scope: 'key', limit: 100, period: '1h' }];
	const { upstream, eke } = await start(t, { endpoint: { plan: 'mixed' }, rest: { plans: { mixed: { windows } } } });
	const [unused] = (await eke.request('budget/get', {})).budgets;

	assert.deepEqual(unused.windows.map(({ remaining }) => remaining), [1, 100]);
	/* Nothing to wait for: a time that is not in the future. */
	assert.ok(unused.windows.every(({ resetAt }) => Date.parse(resetAt) <= Date.now()));
	const { budget } = await eke.chat('hello', { model: 'big-one' });
	assert.deepEqual(budget.windows.map(({ used, models }) => [used, models]), [[1, ['big*']], [1, undefined]]);
	const { data } = await failure(eke.chat('hello', { model: 'big-two' }));
	assert.deepEqual([data.kind, data.blockedScope], ['budget', 'machine']);
	await eke.chat('hello', { model: 'small' });
	assert.equal(upstream.counted.length, 2);
});

test('endpoints that share a plan share the machine\'s windows, not the key\'s', async (t) => {
	const upstream = await withUpstream(t);
	const windows = [{ scope: 'machine', limit: 3, period: '1h' }, { scope: 'key', limit: 2, period: '1h' }];
	const endpoints = ['one', 'two'].map((name) => endpointFor(upstream, { name, plan: 'both', key: { env: `KEY_${name}` } }));
	const eke = await startServer(t, {
		config: { endpoints, plans: { both: { windows } } }, env: { KEY_one: 'sk-number-one', KEY_two: 'sk-number-two' },
	});

	await eke.initialize();
	await eke.chat('hello', { endpoint: 'one' });
	await eke.chat('hello', { endpoint: 'one' });
	assert.equal((await failure(eke.chat('hello', { endpoint: 'one' }))).data.blockedScope, 'key');
	await eke.chat('hello', { endpoint: 'two' });
	assert.equal((await failure(eke.chat('hello', { endpoint: 'two' }))).data.blockedScope, 'machine');
	assert.equal(upstream.counted.length, 3);
});

/* --- models --- */

test('models/list', async (t) => {
	const [one, two] = [await withUpstream(t, { models: ['a', 'b'] }), await withUpstream(t, { models: ['c'] })];
	const eke = await startServer(t, { config: { endpoints: [endpointFor(one, { name: 'one' }), endpointFor(two, { name: 'two' })] } });
	const ids = async (params) => (await eke.request('models/list', params)).models.map(({ id, endpoint }) => `${endpoint}:${id}`).sort();

	await eke.initialize();
	assert.deepEqual(await ids({}), ['one:a', 'one:b', 'two:c']);
	assert.deepEqual(await ids({ endpoint: 'two' }), ['two:c']);
	assert.equal((await failure(ids({ endpoint: 'three' }))).data.kind, 'noEndpoint');
	/* One that is away does not hide the other's. */
	await one.close();
	assert.deepEqual(await ids({}), ['two:c']);
	assert.equal((await failure(ids({ endpoint: 'one' }))).data.kind, 'network');
});

const answersForModels = [
	['429-daily', 'budget'], ['401-suspended', 'auth'], ['403-model', 'forbidden'], ['500-server', 'upstream'], ['text-200', 'protocol'],
	['json-unrelated-200', 'protocol'], ['html-200', 'protocol'], ['stall-first-byte', 'timeout'],
];

test('models/list of services in trouble', async (t) => {
	const { upstream, eke } = await start(t, { endpoint: { timeouts: { firstByte: 0.3, idle: 0.3 } } });

	for (const [scenario, kind] of answersForModels) {
		await t.test(scenario, async () => {
			upstream.script(() => scenario);
			const { data } = await failure(eke.request('models/list', {}));
			assert.deepEqual([data.kind, data.endpoint], [kind, 'test']);
		});
	}
});

test('models/list of a service that wants a key', async (t) => {
	const { eke } = await start(t, { upstream: { key: 'sk-needed' } });

	assert.equal((await failure(eke.request('models/list', {}))).data.kind, 'auth');
});
