/*
 * The way to the service: connections, TLS, proxies, keys, addresses, headers and time-outs.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

import { configFor, makeHome, startServer, unblock, withUpstream } from './harness.mjs';
import { startProxy } from './support/proxy.mjs';

const KEY = 'sk-test-0123456789abcdef';

async function start(t, upstream, endpoint, options = {}) {
	const eke = await startServer(t, { config: configFor(upstream, endpoint), ...options });

	await eke.initialize();
	return eke;
}

async function failure(call) {
	const outcome = await call.then((result) => ({ result }), (error) => ({ error }));

	assert.ok(outcome.error, `a result instead of an error: ${JSON.stringify(outcome.result)}`);
	return outcome.error;
}

/* --- connections --- */

test('one connection for one request after the other', async (t) => {
	const upstream = await withUpstream(t);
	const eke = await start(t, upstream);
	const doc = await eke.open('int main(void) { ret‸');

	await eke.chat('one');
	await eke.chat('two');
	await doc.complete();
	await eke.request('models/list', {});
	assert.equal(upstream.requests.length, 4);
	assert.equal(upstream.connections, 1);
});

test('chats at the same time do not wait for each other', async (t) => {
	const upstream = await withUpstream(t, { scenario: { stall: 'firstByte' } });
	const eke = await start(t, upstream);
	const calls = Array.from({ length: 20 }, (_, n) => eke.chat(`chat ${n}`));
	const records = await upstream.waitForRequests(20);

	records.forEach((record) => record.release());
	assert.equal((await Promise.all(calls)).length, 20);
});

for (const scenario of ['http-close-announced', 'http-close-silent', 'http-close-delimited']) {
	test(`the next request after ${scenario}`, async (t) => {
		const upstream = await withUpstream(t, { scenario });
		const eke = await start(t, upstream);

		for (const text of ['one', 'two', 'three'])
			assert.equal((await eke.chat(text)).finishReason, 'stop');
		assert.equal(upstream.counted.length, 3);
	});
}

/* --- TLS --- */

test('TLS with a certificate authority of one\'s own', async (t) => {
	const upstream = await withUpstream(t, { tls: true, key: KEY });
	const eke = await start(t, upstream, { caFile: upstream.caFile, key: KEY });

	assert.equal((await eke.chat('hello')).finishReason, 'stop');
	assert.equal(upstream.counted[0].httpVersion, '1.1');
});

test('the authority from the environment', async (t) => {
	const upstream = await withUpstream(t, { tls: true });

	for (const name of ['SSL_CERT_FILE', 'CURL_CA_BUNDLE']) {
		const eke = await start(t, upstream, {}, { env: { [name]: upstream.caFile } });
		assert.equal((await eke.chat('hello')).finishReason, 'stop');
	}
});

test('HTTP/2: many chats on one connection', async (t) => {
	const upstream = await withUpstream(t, { tls: true, http2: true, scenario: { stall: 'firstByte' } });
	const eke = await start(t, upstream, { caFile: upstream.caFile });
	const calls = Array.from({ length: 10 }, (_, n) => eke.chat(`chat ${n}`));
	const records = await upstream.waitForRequests(10);

	records.forEach((record) => record.release());
	await Promise.all(calls);
	assert.deepEqual(new Set(records.map(({ httpVersion }) => httpVersion)), new Set(['2.0']));
	assert.equal(upstream.connections, 1);
});

test('certificates that nobody vouches for, or that are for another name', async (t) => {
	const unknown = await withUpstream(t, { tls: true });
	const other = await withUpstream(t, { tls: { names: ['other.example'], ips: [] } });

	for (const [upstream, endpoint] of [[unknown, {}], [unknown, { caFile: other.caFile }], [other, { caFile: other.caFile }]]) {
		const eke = await start(t, upstream, { key: KEY, ...endpoint });
		const { code, message, data } = await failure(eke.chat('hello'));
		assert.deepEqual([code, data.kind], [-32803, 'network']);
		assert.match(message, /certificate of 127\.0\.0\.1:\d+ could not be verified/);
		assert.match(message, /caFile/);
		assert.equal(upstream.requests.length, 0);
	}
});

test('a caFile and a variable that begin with ~', async (t) => {
	const upstream = await withUpstream(t, { tls: true });
	const home = makeHome(t);

	copyFileSync(upstream.caFile, join(home, 'corp.pem'));
	for (const [endpoint, env] of [[{ caFile: '~/corp.pem' }, {}], [{}, { SSL_CERT_FILE: '~/corp.pem' }], [{}, { CURL_CA_BUNDLE: '~/corp.pem' }]]) {
		const eke = await start(t, upstream, endpoint, { env: { HOME: home, ...env } });

		assert.equal((await eke.chat('hello')).finishReason, 'stop');
	}
});

test('a Content-Encoding that there is not is told once and then left alone', async (t) => {
	const upstream = await withUpstream(t, { scenario: { headers: { 'content-encoding': 'utf-8' } } });
	const eke = await start(t, upstream);

	for (const text of ['one', 'two'])
		assert.equal((await eke.chat(text)).finishReason, 'stop');
	assert.equal(upstream.counted.length, 3);
});

test('a caFile that is not there', async (t) => {
	const upstream = await withUpstream(t, { tls: true });
	const eke = await start(t, upstream, { caFile: '/nonexistent/ca.pem' });

	assert.equal((await failure(eke.chat('hello'))).data.kind, 'network');
});

test('the connection is made ahead of need, and shows no key', async (t) => {
	const upstream = await withUpstream(t, { tls: true, key: KEY });
	const eke = await start(t, upstream, { caFile: upstream.caFile, key: KEY, headers: { 'x-secret': 'header' } });
	const ahead = await upstream.waitFor(({ method }) => method === 'HEAD');

	await ahead.closed;
	assert.deepEqual([ahead.path, ahead.headers.authorization, ahead.headers['x-secret']], ['/', undefined, undefined]);
	await eke.settle();
	await eke.chat('hello');
	assert.deepEqual([upstream.counted[0].connectionId, upstream.connections], [ahead.connectionId, 1]);
	assert.equal(upstream.requests.filter(({ method }) => method === 'HEAD').length, 1);
});

test('nothing is connected to before the editor is ready, nor without TLS', async (t) => {
	const [plain, tls] = [await withUpstream(t), await withUpstream(t, { tls: true })];
	const waiting = await startServer(t, { config: configFor(tls, { caFile: tls.caFile }) });
	const eke = await start(t, plain);

	await waiting.request('initialize', { processId: null, capabilities: {} });
	await eke.open('int x');
	await eke.settle();
	await eke.chat('hello');
	assert.equal(plain.requests.length, 1);
	assert.equal(tls.connections, 0);
});

/* --- proxies --- */

test('a proxy from the environment', async (t) => {
	const upstream = await withUpstream(t, { tls: { names: ['service.example'] }, key: KEY });
	const proxy = await startProxy(t, { port: upstream.port });

	for (const name of ['https_proxy', 'HTTPS_PROXY', 'all_proxy']) {
		const before = proxy.requests.length;
		const eke = await start(t, upstream, { baseUrl: 'https://service.example/v1', caFile: upstream.caFile, key: KEY }, { env: { [name]: proxy.url } });
		assert.equal((await eke.chat('hello')).finishReason, 'stop');
		const seen = proxy.requests.slice(before);
		assert.ok(seen.length >= 1);
		for (const { method, target, headers } of seen) {
			assert.deepEqual([method, target], ['CONNECT', 'service.example:443']);
			assert.doesNotMatch(JSON.stringify(headers), new RegExp(KEY));
		}
	}
});

test('no_proxy', async (t) => {
	const upstream = await withUpstream(t, { tls: { names: ['service.invalid'] } });
	const proxy = await startProxy(t, { port: upstream.port });
	const env = { https_proxy: proxy.url, no_proxy: 'other.example,.invalid' };
	const endpoint = { baseUrl: 'https://service.invalid/v1', caFile: upstream.caFile, timeouts: { connect: 1 } };
	const eke = await start(t, upstream, endpoint, { env });

	/* There is no way to such a name but the proxy. */
	assert.match((await failure(eke.chat('hello'))).data.kind, /network|timeout/);
	assert.deepEqual(proxy.requests, []);
});

test('a service on this machine is reached without a proxy, which could read the key', async (t) => {
	const upstream = await withUpstream(t, { key: KEY });
	const proxy = await startProxy(t, { port: upstream.port });
	const env = { http_proxy: proxy.url, https_proxy: proxy.url, all_proxy: proxy.url, HTTP_PROXY: proxy.url, ALL_PROXY: proxy.url };

	for (const host of ['127.0.0.1', 'localhost', '127.1.2.3']) {
		const baseUrl = `http://${host}:${upstream.port}/v1`;
		for (const [endpoint, more] of [[{}, { env }], [{ proxy: proxy.url }, {}], [{ proxy: proxy.url }, { env: { ...env, no_proxy: 'other.example' } }],
			[{ proxy: proxy.url.replace('http', 'socks5h') }, {}]]) {
			const eke = await start(t, upstream, { baseUrl, key: KEY, ...endpoint }, more);

			/* Not every machine has each of these addresses. */
			await eke.chat('hello').catch((error) => assert.equal(error.data.kind, 'network'));
			assert.deepEqual(proxy.requests, []);
			if (endpoint.proxy)
				assert.match(JSON.stringify(eke.notifications), /endpoints\[0\]\.proxy is not used/);
		}
	}
	assert.ok(upstream.counted.length >= 8);
});

test('the endpoint\'s own proxy goes before no_proxy', async (t) => {
	const upstream = await withUpstream(t, { tls: { names: ['service.example'] } });
	const proxy = await startProxy(t, { port: upstream.port });
	const endpoint = { baseUrl: 'https://service.example/v1', caFile: upstream.caFile, proxy: proxy.url };

	for (const name of ['no_proxy', 'NO_PROXY']) {
		const before = proxy.requests.length;
		const eke = await start(t, upstream, endpoint, { env: { [name]: 'localhost,.example' } });

		assert.equal((await eke.chat('hello')).finishReason, 'stop');
		assert.ok(proxy.requests.length > before);
	}
});

test('a proxy that wants a password', async (t) => {
	const upstream = await withUpstream(t, { tls: { names: ['service.example'] } });
	const proxy = await startProxy(t, { port: upstream.port, credentials: 'me:s3cret-word' });
	const endpoint = { baseUrl: 'https://service.example/v1', caFile: upstream.caFile };
	const eke = await start(t, upstream, { ...endpoint, proxy: `http://me:s3cret-word@${proxy.host}` }, { args: ['--log-level', 'io'] });
	const without = await start(t, upstream, { ...endpoint, proxy: proxy.url });

	assert.equal((await eke.chat('hello')).finishReason, 'stop');
	assert.doesNotMatch(eke.program.stderr, /s3cret-word/);
	const { data, message } = await failure(without.chat('hello'));
	assert.equal(data.kind, 'network');
	assert.match(message, /^the proxy wants a user name and a password to reach service\.example/);
});

test('a proxy that lets nobody through', async (t) => {
	const upstream = await withUpstream(t, { tls: { names: ['service.example'] } });
	const proxy = await startProxy(t, { port: upstream.port, refuses: 403 });
	const eke = await start(t, upstream, { baseUrl: 'https://service.example/v1', caFile: upstream.caFile, proxy: proxy.url });
	const { data, message } = await failure(eke.chat('hello'));

	assert.equal(data.kind, 'network');
	assert.match(message, /^the proxy refused to connect to service\.example \(status 403\)/);
});

test('a proxy that is not there', async (t) => {
	const upstream = await withUpstream(t);
	const server = createServer().listen(0, '127.0.0.1');

	await once(server, 'listening');
	const { port } = server.address();
	server.close();
	await once(server, 'close');
	const eke = await start(t, upstream, { baseUrl: 'https://service.example/v1' }, { env: { https_proxy: `http://127.0.0.1:${port}` } });
	const { data, message } = await failure(eke.chat('hello'));
	assert.equal(data.kind, 'network');
	assert.match(message, /proxy/);
});

/* --- keys --- */

test('a key from the environment, a file, a command, or written out', async (t) => {
	const upstream = await withUpstream(t, { key: KEY });
	const home = makeHome(t);
	const file = join(home, 'key');

	writeFileSync(file, `\n  ${KEY}\r\nsecond line\n`, { mode: 0o600 });
	const [marked, quoted] = [join(home, 'marked'), join(home, 'quoted')];
	writeFileSync(marked, `\uFEFF${KEY}\r\n`, { mode: 0o600 });
	writeFileSync(quoted, `\uFEFF"${KEY}"\n`, { mode: 0o600 });
	writeFileSync(join(home, 'show'), `#!/bin/sh\necho "$1-0123456789abcdef"\necho more\n`);
	chmodSync(join(home, 'show'), 0o755);
	const ways = [
		[{ env: 'MY_KEY' }, { MY_KEY: KEY }],
		[{ file }],
		[{ file: '~/key' }, { HOME: home }],
		[{ command: [join(home, 'show'), 'sk-test'] }],
		[{ command: ['~/show', 'sk-test'] }, { HOME: home }],
		[{ command: ['printf', '%s', KEY] }],
		[{ command: ['cat', '~/key'] }, { HOME: home }],
		[{ env: 'MY_KEY' }, { MY_KEY: `"${KEY}"` }],
		[{ env: 'MY_KEY' }, { MY_KEY: ` '${KEY}' ` }],
		[{ env: 'MY_KEY' }, { MY_KEY: `\uFEFF${KEY}` }],
		[{ file: marked }],
		[{ file: quoted }],
		[KEY],
	];
	for (const [key, env] of ways) {
		const eke = await start(t, upstream, { key }, { env });
		assert.equal((await eke.chat('hello')).finishReason, 'stop');
		if (key === KEY)
			assert.match((await eke.waitForNotification('window/showMessage')).message, /endpoints\[0\]\.key is written out/);
	}
	assert.equal(upstream.counted.length, ways.length);
});

/* Keys that cannot be had: where from, and what the message says. */
const missing = [
	[{ env: 'NOT_SET' }, /NOT_SET, which is not set/],
	[{ env: 'EMPTY' }, /EMPTY/],
	[{ env: 'BLANK' }, /empty/],
	[{ env: 'ODD' }, /characters that a key cannot have/],
	[{ env: 'LONG' }, /too long/],
	[{ file: '/nonexistent/key' }, /\/nonexistent\/key/],
	[{ file: '/tmp' }, /\/tmp/],
	[{ command: ['false'] }, /'false' failed with exit code 1/],
	[{ command: ['sh', '-c', 'echo sk-not-this-one; exit 3'] }, /exit code 3/],
	[{ command: ['sh', '-c', 'kill -9 $$'] }, /signal 9/],
	[{ command: ['/nonexistent/pass'] }, /'\/nonexistent\/pass'/],
	[{ command: ['no-such-program-as-this'] }, /no-such-program-as-this/],
	[{ command: ['true'] }, /empty/],
	[{ command: ['head', '-c', '1000000', '/dev/zero'] }, /more than 4096 bytes/],
	[{ command: ['yes'] }, /more than 4096 bytes/],
];

test('keys that cannot be had', { concurrency: 4 }, async (t) => {
	const upstream = await withUpstream(t);
	const env = { EMPTY: '', BLANK: ' \n', ODD: 'sk-ünter', LONG: 'k'.repeat(5000) };

	await Promise.all(missing.map(([key, expected]) => t.test(JSON.stringify(key), async (t2) => {
		const eke = await start(t2, upstream, { key }, { env });
		const { code, message, data } = await failure(eke.chat('hello'));
		assert.deepEqual([code, data.kind, data.endpoint], [-32803, 'auth', 'test']);
		assert.match(message, expected);
		assert.doesNotMatch(message + eke.program.stderr, /not-this-one/);
		assert.equal((await failure(eke.request('models/list', {}))).data.kind, 'auth');
	})));
	assert.equal(upstream.requests.length, 0);
});

test('a command that takes its time runs once for all who wait', async (t) => {
	const upstream = await withUpstream(t, { key: KEY });
	const home = makeHome(t);
	const [fifo, ran] = [join(home, 'fifo'), join(home, 'ran')];

	execFileSync('mkfifo', [fifo]);
	const eke = await start(t, upstream, { key: { command: ['sh', '-c', `echo x >> ${ran}; cat ${fifo}`] } });
	const doc = await eke.open('int main(void) { ret‸');
	const calls = [eke.chat('one'), eke.chat('two'), doc.complete(), eke.request('models/list', {})];
	const given = eke.startChat('given up');
	/* Opens when the command has opened its end. */
	const end = await open(fifo, 'w');
	await eke.settle();
	given.cancel();
	assert.equal((await failure(given.answer)).code, -32800);
	await end.write(`${KEY}\n`);
	await end.close();
	await Promise.all(calls);
	await eke.chat('three');
	assert.equal(readFileSync(ran, 'utf8'), 'x\n');
	assert.equal(upstream.counted.length, 4);
});

test('a key that was refused is looked up again', async (t) => {
	const upstream = await withUpstream(t, { key: KEY });
	const home = makeHome(t);
	const file = join(home, 'key');

	writeFileSync(file, 'sk-old-old-old-old');
	const eke = await start(t, upstream, { key: { file } });
	assert.equal((await failure(eke.chat('hello'))).data.kind, 'auth');
	writeFileSync(file, KEY);
	assert.equal((await eke.chat('hello')).finishReason, 'stop');
});

test('the key is in no log, no error and no message', async (t) => {
	const upstream = await withUpstream(t);
	const log = join(makeHome(t), 'log');
	const options = { args: ['--log-level', 'io'], env: { THE_KEY: KEY } };
	const eke = await start(t, upstream, { key: { env: 'THE_KEY' } }, options);
	const filed = await start(t, upstream, { key: { env: 'THE_KEY' } }, { ...options, args: ['--log-level', 'io', '--log-file', log] });
	/* A service that says the key back. */
	const said = (status) => ({ status, body: { error: { message: `Incorrect API key provided: ${KEY}`, type: 'x', code: null } } });

	for (const client of [eke, filed]) {
		client.notify('$/setTrace', { value: 'verbose' });
		for (const status of [401, 403, 429, 400]) {
			upstream.next(said(status));
			const error = await failure(client.chat('hello'));
			assert.equal(upstream.counted.at(-1).headers.authorization, `Bearer ${KEY}`);
			assert.doesNotMatch(JSON.stringify([error.message, error.data]), new RegExp(KEY));
			await unblock(t, client);
		}
		upstream.next(said(400));
		const doc = await client.open('int main(void) { ret‸');
		assert.equal(await doc.complete(), null);
		await client.chat('hello');
		await client.settle();
		assert.doesNotMatch(JSON.stringify(client.notifications), new RegExp(KEY));
		await client.stop();
		assert.doesNotMatch(client.program.stderr, new RegExp(KEY));
	}
	assert.match(eke.program.stderr, / io: sent /);
	assert.ok(existsSync(log));
	assert.match(readFileSync(log, 'utf8'), / io: sent /);
	assert.doesNotMatch(readFileSync(log, 'utf8'), new RegExp(KEY));
	assert.equal(filed.program.stderr, '');
});

test('a redirect does not take the key along', async (t) => {
	const [upstream, elsewhere] = [await withUpstream(t), await withUpstream(t)];
	const eke = await start(t, upstream, { key: KEY });

	const targets = [
		[`${elsewhere.url}/v1/chat/completions?token=secret#x`, `${elsewhere.url}/v1/chat/completions`],
		['/v2/chat/completions?a=1', `${upstream.url}/v2/chat/completions`],
		['//me:secret@api.example.com/v1', 'http://api.example.com/v1'],
		['https://\u0085api.example.com/v1', 'https://'],
	];
	for (const [location, named] of targets) {
		upstream.next({ status: 307, headers: { location }, body: '' });
		const { data, message } = await failure(eke.chat('hello'));
		assert.equal(data.httpStatus, 307);
		assert.ok(message.includes(`redirects to ${named}`), message);
		assert.doesNotMatch(message, /secret|\u0085/);
	}
	assert.equal(elsewhere.requests.length, 0);
});

/* --- addresses and headers --- */

const forms = (port) => [
	`http://127.0.0.1:${port}`, `http://127.0.0.1:${port}/`, `http://127.0.0.1:${port}/v1`, `http://127.0.0.1:${port}/v1/`,
	`http://127.0.0.1:${port}/v1/chat/completions`, `127.0.0.1:${port}`, `localhost:${port}/v1`, ` http://LOCALHOST:${port}//v1 `,
];

test('the base URL in every form', async (t) => {
	const upstream = await withUpstream(t);
	const endpoints = forms(upstream.port).map((baseUrl, n) => ({ name: `e${n}`, baseUrl }));
	const eke = await startServer(t, { config: { endpoints } });

	await eke.initialize();
	for (const { name } of endpoints) {
		assert.equal((await eke.chat('hello', { endpoint: name })).endpoint, name);
		assert.equal(upstream.counted.at(-1).path, '/v1/chat/completions');
		assert.ok((await eke.request('models/list', { endpoint: name })).models.length);
	}
});

for (const baseUrl of ['http://service.example/v1', 'ftp://127.0.0.1/v1', 'http://user:pass@127.0.0.1/v1', 'not a url', '']) {
	test(`an address that is refused: ${JSON.stringify(baseUrl)}`, async (t) => {
		const eke = await startServer(t, { config: { endpoints: [{ baseUrl, key: KEY }] } });

		await eke.initialize();
		const { type, message } = await eke.waitForNotification('window/showMessage', (m) => /baseUrl/.test(m.message));
		assert.equal(type, 1);
		assert.match(message, /config\.json.*endpoints\[0\]\.baseUrl/);
		await eke.waitForNotification('eke/didChangeStatus', ({ state }) => state === 'error');
		await failure(eke.chat('hello'));
	});
}

test('headers', async (t) => {
	const upstream = await withUpstream(t);
	const eke = await start(t, upstream, { key: KEY, headers: { 'X-Title': 'eke', 'User-Agent': 'mine/1' } });
	const plain = await start(t, upstream);

	await eke.chat('hello');
	await eke.request('models/list', {});
	await plain.chat('hello');
	for (const { headers } of upstream.requests.slice(0, 2))
		assert.deepEqual([headers['x-title'], headers['user-agent'], headers.authorization], ['eke', 'mine/1', `Bearer ${KEY}`]);
	const { headers } = upstream.requests[2];
	assert.match(headers['user-agent'], /eke/);
	assert.deepEqual([headers.expect, headers.authorization, headers['transfer-encoding']], [undefined, undefined, undefined]);
	assert.equal(Number(headers['content-length']), upstream.requests[2].rawBytes.length);
});

/* --- time-outs --- */

/* A port that takes connections and says nothing. */
async function silent(t) {
	const sockets = [];
	const server = createServer((socket) => sockets.push(socket.on('error', () => {}))).listen(0, '127.0.0.1');

	await once(server, 'listening');
	t.after(() => {
		server.close();
		sockets.forEach((socket) => socket.destroy());
	});
	return server.address().port;
}

test('time-outs: a TLS handshake that goes nowhere', async (t) => {
	const upstream = await withUpstream(t);
	const eke = await start(t, upstream, { baseUrl: `https://127.0.0.1:${await silent(t)}/v1`, timeouts: { connect: 0.2 }, plan: 'chatanywhere-free' });
	const { data, message } = await failure(eke.chat('hello'));

	assert.equal(data.kind, 'timeout');
	assert.match(message, /timeouts\.connect/);
	/* It never left: nothing is counted. */
	assert.equal((await eke.request('budget/get', {})).budgets[0].windows[0].used, 0);
});

test('time-outs: no answer, and an answer that stops', async (t) => {
	const upstream = await withUpstream(t);
	const eke = await start(t, upstream, { timeouts: { firstByte: 0.2, idle: 0.2 } });

	upstream.next({ stall: 'head' });
	const { data, message } = await failure(eke.chat('hello'));
	assert.equal(data.kind, 'timeout');
	assert.match(message, /timeouts\.firstByte/);
	await eke.waitForNotification('eke/didChangeStatus', (status) => status.state === 'error' && status.message === message);
	upstream.next('stall-after-text');
	assert.equal((await eke.chat('hello')).finishReason, 'truncated');
	await eke.waitForNotification('eke/didChangeStatus', (status) => status.state === 'error' && /timeouts\.idle/.test(status.message));
	assert.equal(upstream.counted.length, 2);
	await Promise.all(upstream.counted.map(({ closed }) => closed));
	assert.ok(upstream.counted.every(({ aborted }) => aborted));
});

/* --- connections that were kept and are dead --- */

/*
 * A server that answers the first request of a connection, and ends the connection at each later one as `end` does it, without a
 * byte. `requests`: all that came in.
 */
async function startForgetful(t, end) {
	const requests = [];
	const server = createHttpServer(async (request, response) => {
		const chunks = [];

		for await (const chunk of request) chunks.push(chunk);
		request.socket.seen = (request.socket.seen ?? 0) + 1;
		requests.push({ method: request.method, url: request.url, seen: request.socket.seen });
		if (request.socket.seen > 1) {
			end(request.socket);
			return;
		}
		response.writeHead(200, { 'content-type': 'application/json' });
		response.end(JSON.stringify({ object: 'chat.completion', choices: [{ index: 0, message: { role: 'assistant', content: 'urn 0;' }, finish_reason: 'stop' }] }));
	});

	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.after(() => {
		server.close();
		server.closeAllConnections();
	});
	return { requests, url: `http://127.0.0.1:${server.address().port}` };
}

for (const [how, end] of [['an end', (socket) => socket.destroy()], ['a reset', (socket) => socket.resetAndDestroy()], ['a half-closed end', (socket) => socket.end()]]) {
	test(`a kept connection that is dead, by ${how}: sent again, and each counted`, async (t) => {
		const server = await startForgetful(t, end);
		const plans = { counted: { windows: [{ scope: 'machine', limit: 60, period: '1h' }] } };
		const eke = await startServer(t, { config: configFor(server, { plan: 'counted' }, { plans }) });
		const used = async () => (await eke.request('budget/get', {})).budgets[0].windows[0].used;

		await eke.initialize();
		for (let n = 1; n <= 3; n++) {
			assert.equal((await eke.chat(`hello ${n}`)).message.content, 'urn 0;');
			assert.equal(await used(), server.requests.length);
			const doc = await eke.open(`int f${n}() { ret‸ }`);
			assert.equal((await doc.complete()).items[0].insertText, 'urn 0;');
			assert.equal(await used(), server.requests.length);
		}
		/* Of each two one is on a dead connection. */
		assert.ok(server.requests.length > 6 && server.requests.length <= 12, `${server.requests.length} requests`);
		assert.ok(server.requests.every(({ seen }) => seen <= 2));
	});
}

test('many kept connections that are dead at once', async (t) => {
	const server = await startForgetful(t, (socket) => socket.destroy());
	const plans = { counted: { windows: [{ scope: 'machine', limit: 200, period: '1h' }] } };
	const eke = await startServer(t, { config: configFor(server, { plan: 'counted' }, { plans }) });

	await eke.initialize();
	for (let round = 0; round < 3; round++)
		await Promise.all(Array.from({ length: 8 }, (_, n) => eke.chat(`hello ${round} ${n}`)));
	assert.equal((await eke.request('budget/get', {})).budgets[0].windows[0].used, server.requests.length);
	assert.ok(server.requests.length <= 48, `${server.requests.length} requests`);
});
