/*
 * `eke gateway`: answers in the form that the client asked for, requests that wait for the budget, and answers and refusals
 * that are kept for the same request.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';

import { ChatOpenAI } from '@langchain/openai';
import OpenAI from 'openai';

import { endpointFor, run, withUpstream, within } from './harness.mjs';
import { chat, logged, start } from './support/gateway.mjs';

const TEXT = 'Hello, wörld: 你好 😀!\nA "second" line\\path, and\n\tthe last one.';
const TOOL = { type: 'function', function: { name: 'look', parameters: { type: 'object', properties: { at: { type: 'number' } } } } };

/** The chunks of an event stream, whose end must be marked. */
function chunksOf(text) {
	const data = text.split('\n\n').filter((event) => event.startsWith('data: ')).map((event) => event.slice(6));

	assert.equal(data.at(-1), '[DONE]', text);
	return data.slice(0, -1).map((json) => JSON.parse(json));
}

/* --- from a stream to an object --- */

for (const scenario of ['stream-always', 'stream-always+crlf+one-byte', 'stream-always+choices-empty', 'stream-always+role-never', 'stream-always+usage-zeros', 'stream-always+content-type-json', 'stream-always+comment-first']) {
	test(`an object from an endpoint that only streams: ${scenario}`, async (t) => {
		const upstream = await withUpstream(t);
		const { call } = await start(t, { upstream });
		const response = await call('/v1/chat/completions', { body: chat({ model: `scenario/${scenario}` }) });
		const answer = await response.json();

		assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'application/json']);
		assert.deepEqual([answer.object, answer.choices.length, answer.choices[0].finish_reason], ['chat.completion', 1, 'stop']);
		assert.deepEqual([answer.choices[0].message.role, answer.choices[0].message.content], ['assistant', TEXT]);
	});
}

test('tools, reasoning, usage and several choices survive the way from a stream to an object', async (t) => {
	const upstream = await withUpstream(t);
	const { call } = await start(t, { upstream });
	const ask = async (more) => (await call('/v1/chat/completions', { body: chat(more) })).json();

	upstream.next({ base: 'tool-calls', stream: true });
	const tools = await ask({ tools: [TOOL] });
	assert.equal(tools.choices[0].finish_reason, 'tool_calls');
	assert.deepEqual(tools.choices[0].message.tool_calls, [{ id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at":1}' } }]);
	assert.equal(tools.choices[0].message.content, 'One moment.');
	upstream.next({ base: 'choices-two', stream: true });
	const two = await ask({ n: 2 });
	assert.deepEqual(two.choices.map(({ index, message, finish_reason }) => [index, message.content, finish_reason]), [[0, 'Hello', 'stop'], [1, 'Goodbye', 'length']]);
	upstream.next({ base: 'reasoning-content', stream: true, usage: 'chunk' });
	const thinks = await ask({});
	assert.ok(thinks.choices[0].message.reasoning_content.length > 5);
	assert.equal(thinks.choices[0].message.content, TEXT);
	assert.ok(thinks.usage.completion_tokens > 0 && thinks.usage.total_tokens > thinks.usage.completion_tokens);
});

test('an object from a stream that fails: its error with a status, or what had come', async (t) => {
	const upstream = await withUpstream(t);
	const { call } = await start(t, { upstream });
	const statuses = { 'error-first-429': 429, 'error-first': 500, 'error-field': 500, 'done-only': 502, 'blank-200': 502, 'html-200': 502, 'empty-200': 502 };

	for (const [scenario, status] of Object.entries(statuses)) {
		upstream.next({ base: scenario, stream: true });
		const response = await call('/v1/chat/completions', { body: chat() });
		const { error } = await response.json();
		assert.equal(response.status, status, scenario);
		assert.equal(typeof error.message, 'string', scenario);
	}
	for (const scenario of ['error-after-text', 'cut-after-text', 'eof-midway', 'done-forged-midway']) {
		upstream.next({ base: scenario, stream: true });
		const response = await call('/v1/chat/completions', { body: chat() });
		const answer = await response.json();
		assert.deepEqual([response.status, answer.choices[0].finish_reason], [200, 'length'], scenario);
		assert.match(answer.choices[0].message.content, /^Hello, /);
	}
});

/* --- from an object to a stream --- */

for (const scenario of ['json-whole', 'json-whole-as-event-stream', 'json-whole-one-byte', 'json-whole-empty-lines']) {
	test(`a stream from an endpoint that never streams: ${scenario}`, async (t) => {
		const upstream = await withUpstream(t);
		const { call } = await start(t, { upstream });
		const response = await call('/v1/chat/completions', { body: chat({ model: `scenario/${scenario}`, stream: true, stream_options: { include_usage: true } }) });
		const chunks = chunksOf(await response.text());
		const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));

		assert.match(response.headers.get('content-type'), /^text\/event-stream/);
		assert.ok(chunks.every(({ object, id }) => object === 'chat.completion.chunk' && id === chunks[0].id));
		assert.equal(deltas[0].role, 'assistant');
		assert.equal(deltas.map(({ content }) => content ?? '').join(''), TEXT);
		assert.deepEqual([chunks.at(-2).choices[0].finish_reason, chunks.at(-1).choices], ['stop', []]);
		assert.ok(chunks.at(-1).usage.total_tokens > 0);
		assert.ok(chunks.slice(0, -1).every(({ usage }) => usage === null));
	});
}

test('a stream of more choices, calls or members than anybody asks for is refused, and holds nobody up', async (t) => {
	const upstream = await withUpstream(t);
	const { call } = await start(t, { upstream });
	const many = Array.from({ length: 20_000 }, (_, i) => i);
	const streams = [
		many.map((index) => ({ choices: [{ index, delta: { content: 'x' } }] })),
		many.map((index) => ({ choices: [{ index: 0, delta: { tool_calls: [{ index, id: `call_${index}`, function: { arguments: 'x' } }] } }] })),
		many.map((index) => ({ choices: [{ index: 0, delta: { [`member${index}`]: 1 } }] })),
	];

	for (const chunks of streams) {
		upstream.next({ stream: true, events: [{ raw: chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('') }] });
		const response = await call('/v1/chat/completions', { body: chat({ seed: streams.indexOf(chunks) }) });
		assert.deepEqual([response.status, (await response.json()).error.code], [502, 'answer_too_large']);
	}
});

test('tools and several choices survive the way from an object to a stream, as the openai package reads it', async (t) => {
	const upstream = await withUpstream(t);
	const { base, token } = await start(t, { upstream });
	const client = new OpenAI({ baseURL: base, apiKey: token });
	const call = { id: 'call_9', type: 'function', function: { name: 'look', arguments: '{"at":9}' } };

	upstream.next({ body: { id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [
		{ index: 0, message: { role: 'assistant', content: null, tool_calls: [call] }, finish_reason: 'tool_calls', logprobs: null },
		{ index: 1, message: { role: 'assistant', content: 'B' }, finish_reason: 'length', logprobs: null },
	] } });
	const { choices } = await client.chat.completions.stream({ model: 'chatty', messages: chat().messages, tools: [TOOL], n: 2 }).finalChatCompletion();
	assert.deepEqual(choices[0].message.tool_calls.map(({ id, function: f }) => [id, f.name, f.arguments]), [['call_9', 'look', '{"at":9}']]);
	assert.deepEqual(choices.map(({ finish_reason }) => finish_reason), ['tool_calls', 'length']);
	assert.equal(choices[1].message.content, 'B');
});

test('a stream from an object that is an error, or no answer', async (t) => {
	const upstream = await withUpstream(t);
	const { call } = await start(t, { upstream });

	for (const scenario of ['json-error-200', 'json-broken-200', 'json-unrelated-200']) {
		const response = await call('/v1/chat/completions', { body: chat({ model: `scenario/${scenario}`, stream: true }) });
		const text = await response.text();
		assert.equal(typeof JSON.parse(text.slice(text.indexOf('{'))).error.message, 'string', scenario);
	}
});

test('the older completions in both directions', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'int main(void)' });
	const { call } = await start(t, { upstream });
	const body = { model: 'coder', prompt: 'x' };

	upstream.next({ stream: true });
	const whole = await (await call('/v1/completions', { body })).json();
	assert.deepEqual([whole.object, whole.choices[0].text, whole.choices[0].finish_reason], ['text_completion', 'int main(void)', 'stop']);
	upstream.next({ whole: true });
	const chunks = chunksOf(await (await call('/v1/completions', { body: { ...body, stream: true } })).text());
	assert.equal(chunks.map(({ choices }) => choices[0].text).join(''), 'int main(void)');
	assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop');
});

/* --- what an endpoint does not take --- */

for (const [scenario, body, sent] of [
	['400-stream-required', {}, { stream: true, stream_options: { include_usage: true } }],
	['400-stream-unsupported', { stream: true, stream_options: { include_usage: true } }, { stream: false, stream_options: undefined }],
	['400-stream-options', { stream: true, stream_options: { include_usage: true } }, { stream: true, stream_options: undefined }],
]) {
	test(`a form that is refused is learned: ${scenario}`, async (t) => {
		const upstream = await withUpstream(t, { scenario });
		const { call, home, program } = await start(t, { upstream });

		for (let i = 0; i < 2; i++) {
			const response = await call('/v1/chat/completions', { body: chat(body) });
			const text = await response.text();
			assert.equal(response.status, 200, text);
			const said = body.stream ? chunksOf(text).map(({ choices }) => choices[0]?.delta.content ?? '').join('') : JSON.parse(text).choices[0].message.content;
			assert.equal(said, TEXT);
		}
		/* The first was sent twice, the second once. */
		assert.equal(upstream.counted.length, 3);
		const { stream, stream_options } = upstream.counted.at(-1).body;
		assert.deepEqual({ stream, stream_options }, sent);
		/* That is known after the configuration was loaded again, and to the rest of eke. */
		program.kill('SIGHUP');
		await logged(program, /loaded again/);
		assert.equal((await call('/v1/chat/completions', { body: chat({ ...body, seed: 1 }) })).status, 200);
		assert.equal((await run(t, ['chat', 'hello'], { home })).code, 0);
		assert.equal(upstream.counted.length, 5);
	});
}

test('what the terminal learned the gateway knows, and the reverse is told of parameters', async (t) => {
	const upstream = await withUpstream(t, { scenario: '400-stream-unsupported' });
	const { call, home } = await start(t, { upstream });

	assert.equal((await run(t, ['chat', 'hello'], { home })).code, 0);
	assert.equal(upstream.counted.length, 2);
	assert.equal((await call('/v1/chat/completions', { body: chat({ stream: true }) })).status, 200);
	assert.equal(upstream.counted.length, 3);
});

/** A reasoning model: refuses the first of the parameters that a request has. */
const reasons = ({ body }) => {
	const param = ['max_tokens', 'temperature', 'stop'].find((name) => name in body);

	return param ? { status: 400, body: { error: { message: `Unsupported parameter: '${param}' is not supported with this model.${param === 'max_tokens' ? " Use 'max_completion_tokens' instead." : ''}`, type: 'invalid_request_error', param, code: 'unsupported_parameter' } } } : 'plain';
};

test('a parameter that the model does not take: the refusal is the client\'s, who chose both; the rest of eke learns from it', async (t) => {
	const upstream = await withUpstream(t, { scenario: { choose: reasons } });
	const { call, home } = await start(t, { upstream, rest: { chat: { maxTokens: 99, temperature: 0.2 } } });
	const body = chat({ max_tokens: 5, temperature: 0.5 });

	for (let i = 1; i <= 2; i++) {
		const refused = await call('/v1/chat/completions', { body });
		assert.deepEqual([refused.status, (await refused.json()).error.param], [400, 'max_tokens']);
		assert.deepEqual(upstream.counted.at(-1).body, body);
		assert.equal(upstream.counted.length, i);
	}
	assert.equal((await run(t, ['chat', 'hello'], { home })).code, 0);
	assert.equal(upstream.counted.length, 3);
	/* A value that is wrong says nothing of the model. */
	upstream.setDefault({ status: 400, body: { error: { message: 'max_tokens is too large: 1000000', type: 'invalid_request_error', param: 'max_tokens', code: null } } });
	assert.equal((await call('/v1/chat/completions', { body: chat({ model: 'another', max_tokens: 1e6 }) })).status, 400);
	upstream.setDefault('plain');
	assert.equal((await run(t, ['chat', '-m', 'another', 'hello'], { home })).code, 0);
	assert.equal(upstream.counted.at(-1).body.max_tokens, 99);
});

test('a model that we chose: its limit has the name that it knows, its temperature is left out, and that is said', async (t) => {
	const upstream = await withUpstream(t, { scenario: { choose: reasons }, models: ['chatty'] });
	const { call } = await start(t, { upstream, rest: { gateway: { anyModel: true } } });
	const body = '{"model":"gpt-4-turbo", "max_tokens":7,"messages":[{"role":"user","content":"x"}],"temperature":0.20, "seed":1}';

	for (let i = 0; i < 2; i++) {
		const response = await call('/v1/chat/completions', { body });
		assert.deepEqual([response.status, response.headers.get('x-eke-changed')], [200, 'max_tokens, temperature']);
		const { model, max_tokens, max_completion_tokens, temperature, seed } = upstream.counted.at(-1).body;
		assert.deepEqual([model, max_tokens, max_completion_tokens, temperature, seed], ['chatty', undefined, 7, undefined, 1]);
		assert.equal(upstream.counted.length, 2 + i);
	}
	/* What a text means is not changed: where it is to stop. */
	const refused = await call('/v1/chat/completions', { body: chat({ model: 'gpt-4', stop: ['x'] }) });
	assert.deepEqual([refused.status, (await refused.json()).error.param], [400, 'stop']);
	/* The same model, named by the client, is asked as the client asks. */
	assert.equal((await call('/v1/chat/completions', { body: chat({ max_tokens: 7 }) })).status, 400);
});

test('a refusal that has nothing to do with the form is passed on, once', async (t) => {
	const upstream = await withUpstream(t);
	const { call } = await start(t, { upstream });

	for (const scenario of ['400-json', '400-arguments', '404-model', '400-detail-list'])
		assert.ok((await call('/v1/chat/completions', { body: chat({ model: `scenario/${scenario}`, stream: true }) })).status >= 400, scenario);
	assert.equal(upstream.counted.length, 4);
	/* A relay's word for whom it asks has "stream" in it. */
	upstream.setDefault({ status: 400, body: { error: { message: 'Upstream error: the upstream provider refused the request', type: 'upstream_error' } } });
	for (const stream of [true, false])
		assert.equal((await call('/v1/chat/completions', { body: chat({ stream }) })).status, 400);
	assert.equal(upstream.counted.length, 6);
});

test('streamOptions: false of an endpoint holds here, too', async (t) => {
	const upstream = await withUpstream(t);
	const { call } = await start(t, { endpoints: [endpointFor(upstream, { streamOptions: false })] });

	assert.equal((await call('/v1/chat/completions', { body: chat({ stream: true, stream_options: { include_usage: true } }) })).status, 200);
	assert.equal(upstream.counted[0].body.stream_options, undefined);
});

/* --- waiting --- */

const ONE_A_MOMENT = { moment: { windows: [{ scope: 'machine', limit: 1, period: '2s' }] }, long: { windows: [{ scope: 'machine', limit: 1, period: '30m' }] } };

test('X-Eke-Wait waits for the budget: with comments in a stream, in silence without', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'in time' });
	const { call } = await start(t, { upstream, plan: 'moment', plans: ONE_A_MOMENT });
	const headers = { 'x-eke-wait': '60' };

	assert.equal((await call('/v1/chat/completions', { body: chat() })).status, 200);
	const streamed = call('/v1/chat/completions', { body: chat({ stream: true, seed: 1 }), headers });
	const response = await streamed;
	assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'text/event-stream']);
	const text = await response.text();
	assert.match(text, /^: waiting for the budget\n\n/);
	assert.equal(chunksOf(text).map(({ choices }) => choices[0].delta.content ?? '').join(''), 'in time');
	const plain = await call('/v1/chat/completions', { body: chat({ seed: 2 }), headers });
	assert.equal((await plain.json()).choices[0].message.content, 'in time');
	assert.equal(upstream.counted.length, 3);
});

test('who waits is served in the order of arrival', async (t) => {
	const upstream = await withUpstream(t);
	const { call, program } = await start(t, { upstream, plan: 'moment', plans: ONE_A_MOMENT });
	const waiting = [];

	await call('/v1/chat/completions', { body: chat() });
	for (let seed = 1; seed <= 3; seed++) {
		waiting.push(call('/v1/chat/completions', { body: chat({ seed }), headers: { 'x-eke-wait': '60' } }));
		await logged(program, /waits \d+ s/, seed);
	}
	for (const { status } of await Promise.all(waiting))
		assert.equal(status, 200);
	assert.deepEqual(upstream.counted.map(({ body }) => body.seed), [undefined, 1, 2, 3]);
});

test('a place that frees is for who waits, not for who comes at that moment', async (t) => {
	const upstream = await withUpstream(t);
	const plans = { moment: { windows: [{ scope: 'machine', limit: 2, period: '2s' }] } };
	const { call, program } = await start(t, { upstream, plan: 'moment', plans });
	const waiting = [];

	for (let seed = 1; seed <= 2; seed++)
		await call('/v1/chat/completions', { body: chat({ seed }) });
	for (let seed = 3; seed <= 4; seed++) {
		waiting.push(call('/v1/chat/completions', { body: chat({ seed }), headers: { 'x-eke-wait': '60' } }));
		await logged(program, /waits \d+ s/, seed - 2);
	}
	/* Somebody asks all the time: also in the moment in which both places are free. */
	for (let seed = 100; upstream.counted.length < 4; seed++)
		await (await call('/v1/chat/completions', { body: chat({ seed }) })).text();
	assert.deepEqual(upstream.counted.map(({ body }) => body.seed), [1, 2, 3, 4]);
	for (const { status } of await Promise.all(waiting))
		assert.equal(status, 200);
});

test('who waits for one model holds up nobody whose model has something left', async (t) => {
	const upstream = await withUpstream(t);
	const plans = { two: { windows: [{ scope: 'machine', models: ['*', '!*embed*'], limit: 5, period: '1h' }, { scope: 'machine', models: ['*embed*'], limit: 1, period: '30m' }] } };
	const { call, program } = await start(t, { upstream, plan: 'two', plans });
	const embed = (input) => call('/v1/embeddings', { body: { model: 'text-embedding', input }, headers: { 'x-eke-wait': '3600' } });

	assert.equal((await embed('one')).status, 200);
	const waits = embed('two');
	await logged(program, /waits \d+ s/);
	for (let seed = 0; seed < 5; seed++)
		assert.equal((await call('/v1/chat/completions', { body: chat({ seed }) })).status, 200);
	assert.equal((await call('/v1/chat/completions', { body: chat({ seed: 5 }) })).status, 429);
	assert.equal(program.stderr.match(/waits \d+ s/g).length, 1, 'it was tried in vain');
	program.isStopping = true;
	program.kill('SIGTERM');
	assert.equal((await waits).status, 503);
});

test('an error after the wait has begun is an event', async (t) => {
	const upstream = await withUpstream(t);
	const { call } = await start(t, { upstream, plan: 'moment', plans: ONE_A_MOMENT });

	await call('/v1/chat/completions', { body: chat() });
	upstream.next('400-json');
	const text = await (await call('/v1/chat/completions', { body: chat({ stream: true }), headers: { 'x-eke-wait': '60' } })).text();
	const event = JSON.parse(text.split('\n\n').find((line) => line.startsWith('data: ')).slice(6));
	assert.match(event.error.message, /was expecting double-quote/);
});

test('no wait that is too short, wrong or one too many; who goes away waits no more', async (t) => {
	const upstream = await withUpstream(t);
	const { call, base, token, program } = await start(t, { upstream, plan: 'long', plans: ONE_A_MOMENT });
	const headers = { 'x-eke-wait': '3600' };
	const gone = new AbortController();

	await call('/v1/chat/completions', { body: chat() });
	for (const [wait, status] of [['60', 429], ['0', 429], ['x', 400], ['-1', 400], ['3601', 400]])
		assert.equal((await call('/v1/chat/completions', { body: chat(), headers: { 'x-eke-wait': wait } })).status, status, wait);
	const first = fetch(`${base}/chat/completions`, { method: 'POST', headers: { ...headers, authorization: `Bearer ${token}` }, body: JSON.stringify(chat({ stream: true })), signal: gone.signal });
	await (await first).body.getReader().read();
	gone.abort();
	const waiting = [];
	for (let seed = 1; seed <= 64; seed++)
		waiting.push(call('/v1/chat/completions', { body: chat({ seed }), headers }));
	await logged(program, /waits \d+ s/, 65);
	const refused = await call('/v1/chat/completions', { body: chat({ seed: 65 }), headers });
	assert.equal(refused.status, 429);
	assert.ok(Number(refused.headers.get('retry-after')) > 1000);
	/* At the end of the program they get an answer, too. */
	program.isStopping = true;
	program.kill('SIGTERM');
	for (const { status } of await Promise.all(waiting))
		assert.equal(status, 503);
	assert.equal(upstream.counted.length, 1);
});

/* --- kept --- */

test('answers at temperature 0 are kept if the configuration says so, for requests that are the same byte for byte', async (t) => {
	let n = 0;
	const upstream = await withUpstream(t, { answer: () => `answer ${n++}` });
	const { call } = await start(t, { upstream, plan: 'many', rest: { gateway: { cacheSeconds: 60 } } });
	const said = async (body) => /answer \d/.exec(await (await call('/v1/chat/completions', { body })).text())[0];

	const plain = await said(chat({ temperature: 0 }));
	assert.equal(await said(chat({ temperature: 0 })), plain);
	const again = await call('/v1/chat/completions', { body: chat({ temperature: 0 }) });
	assert.equal(again.headers.get('x-eke-kept'), 'answer');
	const streamed = await (await call('/v1/chat/completions', { body: chat({ temperature: 0, stream: true }) })).text();
	assert.equal(await (await call('/v1/chat/completions', { body: chat({ temperature: 0, stream: true }) })).text(), streamed);
	assert.equal(upstream.counted.length, 2);
	for (const body of [chat({ temperature: 0.5 }), chat({ temperature: 0.5 }), chat(), chat(), chat({ temperature: 0, seed: 1 }), chat({ temperature: 0, model: 'other' })])
		await said(body);
	assert.equal(upstream.counted.length, 8);
	upstream.next('500-server');
	assert.equal((await call('/v1/chat/completions', { body: chat({ temperature: 0, seed: 2 }) })).status, 500);
	assert.equal((await call('/v1/chat/completions', { body: chat({ temperature: 0, seed: 2 }) })).status, 200);
});

test('without the configuration nothing is kept', async (t) => {
	const upstream = await withUpstream(t);
	const { call } = await start(t, { upstream, plan: 'many' });

	for (let i = 0; i < 2; i++)
		await (await call('/v1/chat/completions', { body: chat({ temperature: 0 }) })).text();
	assert.equal(upstream.counted.length, 2);
});

test('a client that goes away in the middle of a stream finds all of it, also when it is over', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'one two three' });
	const { call, token, port, program } = await start(t, { upstream, plan: 'many' });
	const body = chat({ stream: true });

	upstream.next({ stall: 3 });
	const request = httpRequest({ host: '127.0.0.1', port, path: '/v1/chat/completions', method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } });
	request.end(JSON.stringify(body));
	const [response] = await once(request, 'response');
	await once(response, 'data');
	request.destroy();
	await logged(program, /the client went away/);
	upstream.counted[0].release();
	await within(upstream.counted[0].closed, () => 'the answer did not end');
	for (let i = 0; i < 2; i++) {
		const chunks = chunksOf(await (await call('/v1/chat/completions', { body })).text());
		assert.equal(chunks.map(({ choices }) => choices[0].delta.content ?? '').join(''), 'one two three');
		/* Once: the second is a request of its own. */
		assert.equal(upstream.counted.length, 1 + i);
	}
});

test('a refusal that came twice is not asked for again by retries', async (t) => {
	const upstream = await withUpstream(t, { scenario: '502-html' });
	const { call } = await start(t, { upstream, plan: 'many' });
	const seen = [];

	for (let i = 0; i < 6; i++) {
		const response = await call('/v1/chat/completions', { body: chat() });
		seen.push([response.status, response.headers.get('x-eke-kept'), await response.text() !== '']);
		if (i >= 2)
			assert.ok(Number(response.headers.get('retry-after')) > 50 && response.headers.get('x-should-retry') === 'false');
	}
	assert.deepEqual(seen, [[502, null, true], [502, null, true], ...Array(4).fill([502, 'refusal', true])]);
	assert.equal(upstream.counted.length, 2);
	/* Another request is asked, and refusals that differ are not the same. */
	assert.equal((await call('/v1/chat/completions', { body: chat({ seed: 1 }) })).status, 502);
	for (const scenario of ['400-json', '404-model', '500-server', '503-overloaded', '400-context']) {
		upstream.next(scenario);
		assert.equal((await call('/v1/chat/completions', { body: chat({ seed: 2 }) })).headers.get('x-eke-kept'), null, scenario);
	}
	assert.equal(upstream.counted.length, 8);
});

/* --- models --- */

test('anyModel: a model that nobody has is the first endpoint\'s own', async (t) => {
	const upstream = await withUpstream(t, { models: ['chatty', 'listed'] });
	const { call, token, base } = await start(t, { upstream, rest: { gateway: { anyModel: true } } });
	const client = new ChatOpenAI({ model: 'gpt-4-turbo-2024-04-09', apiKey: token, configuration: { baseURL: base } });

	assert.match((await client.invoke('hello')).content, /loopback test upstream/);
	assert.equal(upstream.counted.at(-1).body.model, 'chatty');
	for (const [model, sent] of [['chatty', 'chatty'], ['listed', 'listed'], ['test/other', 'other'], ['gpt-9', 'chatty']]) {
		assert.equal((await call('/v1/chat/completions', { body: chat({ model }) })).status, 200);
		assert.equal(upstream.counted.at(-1).body.model, sent, model);
	}
});

test('embeddings have a quota of their own where the plan says so, and both forms pass', async (t) => {
	const window = { scope: 'machine', limit: 1, period: '1h' };
	const plans = { classes: { windows: [{ ...window, models: ['*', '!*embed*'] }, { ...window, models: ['*embed*'], limit: 2 }] } };
	const upstream = await withUpstream(t);
	const { call } = await start(t, { upstream, plan: 'classes', plans });
	const embed = (more) => call('/v1/embeddings', { body: { model: 'text-embedding-ada-002', input: ['one', 'two'], ...more } });

	assert.equal((await call('/v1/chat/completions', { body: chat() })).status, 200);
	assert.equal((await call('/v1/chat/completions', { body: chat({ seed: 1 }) })).status, 429);
	const [floats, base64] = [await (await embed()).json(), await (await embed({ encoding_format: 'base64' })).json()];
	assert.ok(floats.data.every(({ embedding }) => embedding.every(Number.isFinite)));
	for (const [i, { embedding }] of base64.data.entries()) {
		const bytes = Buffer.from(embedding, 'base64');
		assert.deepEqual([...new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))], floats.data[i].embedding);
	}
	const refused = await embed({ input: 'three' });
	assert.deepEqual([refused.status, (await refused.json()).error.code], [429, 'rate_limit_exceeded']);
	assert.equal(upstream.counted.length, 3);
});
