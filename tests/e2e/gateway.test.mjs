/*
 * `eke gateway`: what goes through it, what it refuses, and that the clients of the field (the openai package of today and
 * of 2023, LangChain, the AI SDK) work with it and do not burn the budget by asking again.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';

import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, streamText } from 'ai';
import OpenAI from 'openai';
import OpenAI2023 from 'openai-2023';

import { endpointFor, run, withUpstream, within } from './harness.mjs';
import { chat, logged, start } from './support/gateway.mjs';

const HELLO = chat().messages;

/** A request whose Host and other headers are as they are given. */
function raw(port, path, headers) {
	return new Promise((resolve, reject) => {
		httpRequest({ host: '127.0.0.1', port, path, headers }, (response) => {
			response.resume().on('end', () => resolve(response));
		}).on('error', reject).end();
	});
}


/* --- through --- */

test('what is asked goes on untouched, what is answered comes back byte for byte', async (t) => {
	const upstream = await withUpstream(t);
	const { call } = await start(t, { upstream });
	const body = '{ "messages" : [{"role":"user","content":[{"type":"text","text":"\\u00e4"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}],\n'
		+ ' "model":"chatty", "tools":[{"type":"function","function":{"name":"f","parameters":{}}}], "seed":1, "logprobs":true, "n":2, "x_unknown":{"a":[1.50,1e3]} }';
	const through = await call('/v1/chat/completions', { body });
	const text = await through.text();

	assert.equal(through.status, 200);
	assert.equal(upstream.requests.at(-1).rawBody, body);
	const direct = await fetch(`${upstream.url}/v1/chat/completions`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
	const normal = (s) => s.replace(/eke\d+/g, 'ekeN');
	assert.equal(normal(text), normal(await direct.text()));
	assert.equal(through.headers.get('content-type'), direct.headers.get('content-type'));
	assert.match(through.headers.get('x-request-id'), /^req-/);
});

for (const scenario of ['crlf', 'comments', 'usage-chunk', 'reasoning-content', 'one-byte']) {
	test(`a stream, byte for byte: ${scenario}`, async (t) => {
		const upstream = await withUpstream(t);
		const { call } = await start(t, { upstream });
		const body = chat({ model: `scenario/${scenario}`, stream: true });
		const through = await call('/v1/chat/completions', { body });
		const direct = await fetch(`${upstream.url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
		const normal = (s) => s.replace(/eke\d+/g, 'ekeN');

		assert.equal(normal(await through.text()), normal(await direct.text()));
		assert.match(through.headers.get('content-type'), /text\/event-stream/);
	});
}

for (const [scenario, status] of [['400-json', 400], ['401-apikey', 401], ['403-model', 403], ['404-model', 404], ['502-html', 502]]) {
	test(`the endpoint's refusal keeps status and body: ${scenario}`, async (t) => {
		const upstream = await withUpstream(t);
		const { call } = await start(t, { upstream });
		const body = chat({ model: `scenario/${scenario}` });
		const through = await call('/v1/chat/completions', { body });
		const direct = await fetch(`${upstream.url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });

		assert.equal(through.status, status);
		assert.equal(await through.text(), await direct.text());
	});
}

test('base URLs as clients build them', async (t) => {
	const upstream = await withUpstream(t);
	const { call } = await start(t, { upstream });

	for (const path of ['/v1/chat/completions', '/chat/completions', '//v1//chat/completions/', '/v1/v1/chat/completions', '/v1/chat/completions/chat/completions', '/v1/chat/completions/v1/chat/completions', '/v1/models/chat/completions', '/v1/chat/completions?api-version=1', '/v1/completions', '/completions']) {
		const body = path.includes('chat') ? chat() : { model: 'coder', prompt: 'int ' };
		assert.equal((await call(path, { body })).status, 200, path);
		assert.equal(upstream.requests.at(-1).path, path.includes('chat') ? '/v1/chat/completions' : '/v1/completions');
	}
	for (const [path, status, method, allow = null] of [['/v1/audio/speech', 404, 'POST'], ['/v1/chat', 404, 'POST'], ['/', 404, 'GET'], ['/v1', 404, 'GET'],
		['/v1/chat/completions', 405, 'GET', 'POST, OPTIONS'], ['/v1/models', 405, 'DELETE', 'GET, HEAD, OPTIONS']]) {
		const response = await call(path, { method });
		assert.deepEqual([response.status, response.headers.get('allow')], [status, allow], path);
		assert.equal((await response.json()).error.type, 'invalid_request_error');
	}
});

test('models: of all endpoints, one by its id, and which endpoint a model means', async (t) => {
	const [one, two] = [await withUpstream(t, { models: ['m', 'only-one'] }), await withUpstream(t, { models: ['m', 'only-two', 'listed-two'] })];
	const endpoints = [endpointFor(one, { name: 'one', models: { chat: 'm' } }), endpointFor(two, { name: 'two', models: { chat: 'only-two' } })];
	const { call } = await start(t, { endpoints });
	const list = await (await call('/v1/models')).json();

	assert.deepEqual([list.object, list.data.map(({ id, owned_by }) => [id, owned_by])], ['list', [['m', 'one'], ['only-one', 'one'], ['two/m', 'two'], ['only-two', 'two'], ['listed-two', 'two']]]);
	assert.equal((await (await call('/v1/models/two/m')).json()).owned_by, 'two');
	assert.equal((await (await call('/v1/models/only-one')).json()).object, 'model');
	assert.equal((await call('/v1/models/none')).status, 404);
	for (const [model, upstream, sent] of [['two/m', two, 'm'], ['only-two', two, 'only-two'], ['listed-two', two, 'listed-two'], ['two/listed-two', two, 'listed-two'], ['anything', one, 'anything'], [undefined, one, 'm'], ['one/a/b', one, 'a/b']]) {
		assert.equal((await call('/v1/chat/completions', { body: chat({ model }) })).status, 200);
		assert.equal(upstream.requests.at(-1).body.model, sent);
	}
});

test('a request that is none', async (t) => {
	const upstream = await withUpstream(t);
	const { call } = await start(t, { upstream });

	for (const body of ['', '{', '[]', '"x"', '{"model":1}', '{"model":"a","model":"b"}', '{"model":"a","mod\\u0065l":"b"}', '{"mod\\u0065l":"test/b"}'])
		assert.equal((await call('/v1/chat/completions', { body, method: 'POST' })).status, 400, body);
	const large = await call('/v1/chat/completions', { body: JSON.stringify(chat({ pad: 'x'.repeat(17 * 1024 * 1024) })) });
	assert.equal(large.status, 413);
	assert.equal(upstream.counted.length, 0);
});

/* --- the budget --- */

test('the hour is spent from the ledger of all, and then it is a 429 of our own', async (t) => {
	const upstream = await withUpstream(t);
	const { call, home } = await start(t, { upstream, plan: 'few' });

	assert.equal((await run(t, ['chat', 'one from the terminal'], { home })).code, 0);
	const second = await call('/v1/chat/completions', { body: chat() });
	await second.text();
	assert.deepEqual([second.status, second.headers.get('x-ratelimit-limit-requests'), second.headers.get('x-ratelimit-remaining-requests')], [200, '2', '0']);
	const third = await call('/v1/chat/completions', { body: chat() });
	const { error } = await third.json();
	assert.deepEqual([third.status, error.code, third.headers.get('x-should-retry')], [429, 'rate_limit_exceeded', 'false']);
	assert.match(error.message, /allows 2 requests an hour and all are used/);
	assert.ok(Number(third.headers.get('retry-after')) > 3500);
	assert.equal(upstream.counted.length, 2);
});

test('whenExhausted holds here, too', async (t) => {
	const [one, two] = [await withUpstream(t), await withUpstream(t)];
	const endpoints = [endpointFor(one, { name: 'one', plan: 'few' }), endpointFor(two, { name: 'two', models: { chat: 'other' } })];
	const { call } = await start(t, { endpoints, rest: { whenExhausted: 'auto' } });

	for (let i = 0; i < 3; i++)
		assert.equal((await call('/v1/chat/completions', { body: chat() })).status, 200);
	assert.deepEqual([one.counted.length, two.counted.length, two.counted[0].body.model], [2, 1, 'other']);
	assert.equal((await call('/v1/chat/completions', { body: chat({ model: 'one/chatty' }) })).status, 429);
});

for (const [name, body] of [['plain', chat()], ['streamed', chat({ stream: true })]]) {
	test(`a client that goes away: the same request gets the answer, and spends nothing (${name})`, async (t) => {
		const upstream = await withUpstream(t, { answer: () => 'the one answer' });
		const { call, base, token, program } = await start(t, { upstream, plan: 'many' });
		const gone = new AbortController();
		const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };

		upstream.next({ stall: 'head' });
		const first = fetch(`${base}/chat/completions`, { method: 'POST', headers, body: JSON.stringify(body), signal: gone.signal }).then(() => 'answered', ({ name }) => name);
		const [record] = await upstream.waitForRequests(1);
		gone.abort();
		assert.equal(await first, 'AbortError');
		await logged(program, /the client went away/);
		/* Once more while it is under way, and once more when it is over. */
		const again = call('/v1/chat/completions', { body });
		await logged(program, /the same request again/);
		record.release();
		assert.match((await (await again).text()).replace(/"\}.*?"content":"/gs, ''), /the one answer/);
		assert.equal(record.aborted, false);
		assert.equal(upstream.counted.length, 1);
		/* Another request is another one. */
		assert.equal((await call('/v1/chat/completions', { body: { ...body, seed: 2 } })).status, 200);
		assert.equal(upstream.counted.length, 2);
	});
}

test('an answer that breaks off is not kept for the next try', async (t) => {
	const upstream = await withUpstream(t);
	const { call, program } = await start(t, { upstream, plan: 'many' });
	const body = chat({ stream: true });

	upstream.next('cut-after-text');
	const response = await call('/v1/chat/completions', { body });
	await assert.rejects(response.text());
	const again = await call('/v1/chat/completions', { body });
	assert.match(await again.text(), /\[DONE\]/);
	assert.equal(upstream.counted.length, 2);
	assert.doesNotMatch(program.stderr, /the same request again/);
});

test('large images pass, and a path cannot write into the log', async (t) => {
	const upstream = await withUpstream(t);
	const { call, program } = await start(t, { upstream });
	const url = `data:image/png;base64,${'A'.repeat(8 * 1024 * 1024)}`;

	assert.equal((await call('/v1/chat/completions', { body: chat({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] }) })).status, 200);
	assert.equal((await call('/v1/x%0A2026-01-01T00:00:00.000Z%20eke[1]%20info:%20made%20up%1B[2J')).status, 404);
	await logged(program, /made up/);
	assert.doesNotMatch(program.stderr, /^2026-01-01|\x1B/m);
});

test('where nothing is counted, a client that goes away ends its request', async (t) => {
	const upstream = await withUpstream(t);
	const { base, token } = await start(t, { upstream });
	const gone = new AbortController();

	upstream.next({ stall: 'head' });
	const first = fetch(`${base}/chat/completions`, {
		method: 'POST', headers: { authorization: `Bearer ${token}` }, body: JSON.stringify(chat()), signal: gone.signal,
	}).catch(() => {});
	const [record] = await upstream.waitForRequests(1);
	gone.abort();
	await first;
	await within(record.closed, () => 'the request to the endpoint goes on');
	assert.equal(record.aborted, true);
});

/* --- safety --- */

test('only with the token', async (t) => {
	const upstream = await withUpstream(t);
	const { call, home, token } = await start(t, { upstream });

	for (const key of ['', `${token}0`, token.slice(1), token.replace(/./, 'x'), 'sk-1'])
		assert.equal((await call('/v1/models', { key })).status, 401, key);
	assert.equal((await call('/v1/models', { headers: { authorization: token } })).status, 401);
	for (const scheme of ['bearer', 'BEARER', 'Bearer '])
		assert.equal((await call('/v1/models', { headers: { authorization: `${scheme} ${token}` } })).status, 200, scheme);
	for (const [method, path, key] of [['GET', '/healthz', ''], ['HEAD', '/healthz', ''], ['HEAD', '/v1/models', token], ['OPTIONS', '/v1/models', '']])
		assert.ok((await call(path, { method, key })).ok, `${method} ${path}`);
	assert.match((await call('/healthz', { key: '' })).headers.get('content-type'), /^text\/plain/);
	assert.equal(statSync(join(home, 'state', 'gateway-token')).mode & 0o777, 0o600);
	assert.equal((await run(t, ['gateway', '--token'], { home })).stdout, `${token}\n`);
	assert.equal(upstream.counted.length, 0);
});

test('not under another name, and not for pages that nobody allowed', async (t) => {
	const upstream = await withUpstream(t);
	const { port, token, call, program } = await start(t, { upstream, args: ['--allow-origin', 'https://page.example'] });
	const authorization = `Bearer ${token}`;

	for (const [host, status] of [['localhost', 200], [`127.0.0.1:${port}`, 200], ['[::1]:1', 200], ['evil.example', 421], [`localhost.evil.example:${port}`, 421], ['127.0.0.1.evil.example', 421]])
		assert.equal((await raw(port, '/v1/models', { host, authorization })).statusCode, status, host);
	for (const origin of ['https://evil.example', 'null', 'https://page.example.evil.example', 'http://page.example'])
		assert.equal((await raw(port, '/v1/models', { host: 'localhost', authorization, origin })).statusCode, 403, origin);
	await logged(program, /a page of the origin https:\/\/evil\.example was refused/);
	const allowed = await call('/v1/models', { headers: { origin: 'https://page.example' } });
	assert.deepEqual([allowed.status, allowed.headers.get('access-control-allow-origin')], [200, 'https://page.example']);
	const preflight = await call('/v1/chat/completions', {
		method: 'OPTIONS', key: '', headers: { origin: 'https://page.example', 'access-control-request-headers': 'authorization,x-stainless-os', 'access-control-request-private-network': 'true' },
	});
	assert.deepEqual([preflight.status, preflight.headers.get('access-control-allow-headers')], [204, 'authorization,x-stainless-os']);
	assert.equal(preflight.headers.get('access-control-allow-private-network'), 'true');
	assert.equal((await raw(port, '/v1/models', { host: 'localhost', authorization })).headers['access-control-allow-origin'], undefined);
});

test('the endpoint\'s key stays here, and the client\'s does not go there', async (t) => {
	const upstream = await withUpstream(t, { key: 'sk-of-the-endpoint' });
	const { call, token } = await start(t, { upstream, endpoints: [endpointFor(upstream, { key: 'sk-of-the-endpoint' })] });
	const response = await call('/v1/chat/completions', { body: chat() });

	assert.equal(response.status, 200);
	assert.ok(![JSON.stringify([...response.headers]), await response.text()].join().includes('sk-of-the-endpoint'));
	assert.equal(upstream.requests.at(-1).headers.authorization, 'Bearer sk-of-the-endpoint');
	assert.ok(!JSON.stringify(upstream.requests.at(-1).headers).includes(token));
});

test('words that are wrong', async (t) => {
	const config = { endpoints: [{ baseUrl: 'localhost:1' }] };

	for (const [args, code, message] of [
		[['--listen', '0.0.0.0:8484'], 2, /addresses of this machine alone/], [['--listen', 'example.com'], 2, /addresses of this machine alone/],
		[['--listen', '127.0.0.1:x'], 2, /ADDRESS:PORT/], [['--port'], 2, /option --port/], [['--listen'], 2, /option --listen/],
	]) {
		const result = await run(t, ['gateway', ...args], { config });
		assert.equal(result.code, code, result.stderr);
		assert.match(result.stderr, message);
	}
	assert.match((await run(t, ['gateway'], { config: {} })).stderr, /no endpoint is configured/);
});

test('a stop lets a stream end', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'one two three' });
	const { call, program } = await start(t, { upstream });

	upstream.next({ stall: 2 });
	const response = await call('/v1/chat/completions', { body: chat({ stream: true }) });
	program.isStopping = true;
	program.kill('SIGTERM');
	await logged(program, /terminated by a signal/);
	upstream.counted[0].release();
	assert.match(await response.text(), /\[DONE\]/);
});

test('a slow reader holds up nothing but its own stream', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'word '.repeat(50_000) });
	const { port, token, call } = await start(t, { upstream });
	const body = JSON.stringify(chat({ stream: true }));
	const slow = httpRequest({ host: '127.0.0.1', port, path: '/v1/chat/completions', method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } });

	slow.end(body);
	const [response] = await once(slow, 'response');
	upstream.setDefault(null);
	assert.equal((await call('/v1/models')).status, 200);
	let bytes = 0;
	for await (const piece of response)
		bytes += piece.length;
	assert.ok(bytes > 1_000_000, `${bytes}`);
});

/* --- the clients of the field --- */

/* node-fetch 2, which it has, takes the end of any chunked answer for a premature one there. */
const premature = process.versions.node.startsWith('18.') && 'node-fetch 2 cannot read streams in Node 18';

for (const [name, Client, skip] of [['openai', OpenAI, false], ['openai of 2023', OpenAI2023, premature]]) {
	test(`${name}: chats, streams, models, embeddings`, { skip }, async (t) => {
		const upstream = await withUpstream(t);
		const { base, token } = await start(t, { upstream });
		const client = new Client({ baseURL: base, apiKey: token });
		const answer = await client.chat.completions.create({ model: 'chatty', messages: HELLO });

		assert.match(answer.choices[0].message.content, /loopback test upstream/);
		let text = '';
		for await (const chunk of await client.chat.completions.create({ model: 'chatty', messages: HELLO, stream: true }))
			text += chunk.choices[0]?.delta?.content ?? '';
		assert.equal(text, answer.choices[0].message.content);
		const models = [];
		for await (const model of client.models.list())
			models.push(model.id);
		assert.deepEqual(models, (await (await fetch(`${upstream.url}/v1/models`)).json()).data.map(({ id }) => id));
		assert.equal((await client.models.retrieve(models[0])).id, models[0]);
		const { data } = await client.embeddings.create({ model: 'embed', input: ['one', 'two'], encoding_format: 'float' });
		assert.equal(data.length, 2);
	});

	test(`${name}: does not ask again when the hour is spent`, async (t) => {
		const upstream = await withUpstream(t);
		const { base, token, program } = await start(t, { upstream, plan: 'few' });
		const client = new Client({ baseURL: base, apiKey: token, maxRetries: 5 });

		for (let i = 0; i < 2; i++)
			await client.chat.completions.create({ model: 'chatty', messages: HELLO });
		await assert.rejects(client.chat.completions.create({ model: 'chatty', messages: HELLO }), (error) => {
			assert.deepEqual([error.status, error.code], [429, 'rate_limit_exceeded']);
			assert.match(error.message, /all are used/);
			return true;
		});
		assert.equal(upstream.counted.length, 2);
		await logged(program, /completions: 429/);
		assert.equal(program.stderr.match(/completions: 429/g).length, 1);
	});

	test(`${name}: its retries after a time-out spend one request`, async (t) => {
		const upstream = await withUpstream(t, { answer: () => 'late' });
		const { base, token, program } = await start(t, { upstream, plan: 'many' });
		const client = new Client({ baseURL: base, apiKey: token, maxRetries: 4, timeout: 1000 });

		upstream.next({ stall: 'head' });
		const answer = client.chat.completions.create({ model: 'chatty', messages: HELLO });
		await logged(program, /the same request again/);
		upstream.counted[0].release();
		assert.equal((await answer).choices[0].message.content, 'late');
		assert.equal(upstream.counted.length, 1);
	});
}

test('LangChain: plain, streamed, and what the endpoint refuses is not asked again', async (t) => {
	const upstream = await withUpstream(t);
	const { base, token } = await start(t, { upstream, plan: 'few' });
	const model = new ChatOpenAI({ model: 'chatty', apiKey: token, configuration: { baseURL: base }, maxRetries: 6 });
	const whole = await model.invoke('hello');
	let text = '';

	for await (const chunk of await model.stream('hello'))
		text += chunk.content;
	assert.match(text, /loopback test upstream/);
	assert.match(whole.content, /loopback test upstream/);
	await assert.rejects(model.invoke('hello'), /all are used/);
	assert.equal(upstream.counted.length, 2);
});

test('LangChain: tools, streamed and not, from an endpoint that does the other', async (t) => {
	const upstream = await withUpstream(t);
	const { base, token } = await start(t, { upstream });
	const look = { type: 'function', function: { name: 'look', description: 'look', parameters: { type: 'object', properties: { at: { type: 'number' } } } } };
	const model = new ChatOpenAI({ model: 'chatty', apiKey: token, configuration: { baseURL: base } }).bindTools([look]);
	const call = { id: 'call_9', type: 'function', function: { name: 'look', arguments: '{"at":9}' } };

	upstream.next({ base: 'tool-calls', stream: true });
	const whole = await model.invoke('hello');
	assert.deepEqual(whole.tool_calls.map(({ name, args }) => [name, args]), [['look', { at: 1 }]]);
	assert.equal(upstream.counted[0].body.tools[0].function.name, 'look');
	upstream.next({ body: { id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: null, tool_calls: [call] }, finish_reason: 'tool_calls', logprobs: null }], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } } });
	let streamed;
	for await (const chunk of await model.stream('hello'))
		streamed = streamed ? streamed.concat(chunk) : chunk;
	assert.deepEqual(streamed.tool_calls.map(({ name, args }) => [name, args]), [['look', { at: 9 }]]);
	assert.equal(streamed.usage_metadata.total_tokens, 3);
});

for (const [name, refusal, more] of [
	['bad gateways', '502-html'], ['refusals', '429-hourly'], ['a web page instead of an answer', 'html-200'], ['no answer at all', 'empty-200'],
	['half an answer, properly ended', 'json-broken-200'], ['an error that says 200', 'json-error-200'], ['an answer that breaks off', 'cut-inside-json'],
	['a connection that breaks', 'cut-before-head'], ['a stream that breaks off', 'cut-after-text', { stream: true }],
	['a stream that is an error', 'error-first', { stream: true }], ['a stream that is a page', 'html-200', { stream: true }],
	['a stream instead of an object, which breaks off', { base: 'cut-after-text', stream: true }], ['an object instead of a stream, which is an error', 'json-error-200', { stream: true }],
]) {
	test(`ten attempts of one request, as AutoGPT makes them, meet ${name}: they spend two at most`, async (t) => {
		const upstream = await withUpstream(t, { scenario: refusal });
		const { call } = await start(t, { upstream, plan: 'many' });

		for (let attempt = 0; attempt < 10; attempt++)
			await call('/v1/chat/completions', { body: { model: 'chatty', messages: HELLO, temperature: 0, max_tokens: 100, ...more } }).then((response) => response.text()).catch(() => {});
		assert.ok(upstream.counted.length <= 2, `${upstream.counted.length}`);
		/* Another request is asked, and when the service is well again so is the answer. */
		upstream.setDefault('plain');
		if (refusal !== '429-hourly')
			assert.match(await (await call('/v1/chat/completions', { body: chat({ ...more, seed: 1 }) })).text(), /Hello/);
	});
}

test('ten attempts of one request for embeddings meet a web page: they spend two', async (t) => {
	const upstream = await withUpstream(t, { scenario: 'html-200' });
	const { call } = await start(t, { upstream, plan: 'many' });

	for (let attempt = 0; attempt < 10; attempt++)
		await (await call('/v1/embeddings', { body: { model: 'text-embedding-ada-002', input: 'one' } })).text();
	assert.equal(upstream.counted.length, 2);
});

test('a limit that is told within a 200 is one: nothing goes out until it ends', async (t) => {
	const upstream = await withUpstream(t, { scenario: 'error-first-429' });
	const { call } = await start(t, { upstream, plan: 'many' });
	const told = await call('/v1/chat/completions', { body: chat({ stream: true }) });

	assert.match(await told.text(), /"error"/);
	assert.equal(told.status, 200);
	const next = await call('/v1/chat/completions', { body: chat({ seed: 1 }) });
	assert.deepEqual([next.status, (await next.json()).error.code], [429, 'rate_limit_exceeded']);
	assert.equal(upstream.counted.length, 1);
});

test('a call of a tool is an answer: the same request again is asked again', async (t) => {
	const call_1 = { id: 'c1', type: 'function', function: { name: 'look', arguments: '{}' } };
	const body = { id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: null, tool_calls: [call_1] }, finish_reason: null }] };
	const upstream = await withUpstream(t, { scenario: { body } });
	const { call } = await start(t, { upstream, plan: 'many' });

	for (let attempt = 0; attempt < 4; attempt++)
		assert.equal((await (await call('/v1/chat/completions', { body: chat() })).json()).choices[0].message.tool_calls.length, 1);
	assert.equal(upstream.counted.length, 4);
});

test('the AI SDK: plain and streamed', async (t) => {
	const upstream = await withUpstream(t);
	const { base, token } = await start(t, { upstream, plan: 'few' });
	const eke = createOpenAICompatible({ name: 'eke', baseURL: base, apiKey: token });
	const { text } = await generateText({ model: eke('chatty'), prompt: 'hello' });
	let streamed = '';

	for await (const piece of streamText({ model: eke('chatty'), prompt: 'hello' }).textStream)
		streamed += piece;
	assert.equal(streamed, text);
	assert.match(text, /loopback test upstream/);
	await assert.rejects(generateText({ model: eke('chatty'), prompt: 'hello' }), /all are used/);
	assert.equal(upstream.counted.length, 2);
});
