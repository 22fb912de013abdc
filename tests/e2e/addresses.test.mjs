/*
 * Addresses as services and homes have them: queries, Azure's deployments, plain http in a private network.
 */
import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';

import { configFor, makeHome, run, startServer, withUpstream } from './harness.mjs';
import { startProxy } from './support/proxy.mjs';

const KEY = 'sk-test-0123456789abcdef';

async function start(t, config, options = {}) {
	const eke = await startServer(t, { config, ...options });

	await eke.initialize();
	return eke;
}

/* Notes the paths and headers, and passes on without the deployment. */
async function relay(t, upstream, host = '127.0.0.1') {
	const seen = [];
	const server = createServer((incoming, response) => {
		seen.push({ path: incoming.url, headers: incoming.headers });
		const path = incoming.url.replace(/^\/openai\/deployments\/[^/]*/, '/v1').replace(/\?.*/, '');
		const onward = request({ host: '127.0.0.1', port: upstream.port, method: incoming.method, path, headers: incoming.headers }, (answer) => {
			response.writeHead(answer.statusCode, answer.headers);
			answer.pipe(response);
		});

		incoming.pipe(onward);
	});

	server.listen(0, host);
	await once(server, 'listening');
	t.after(() => {
		server.closeAllConnections();
		server.close();
	});
	return { seen, port: server.address().port };
}

test('a query goes behind every path, and a key in it is shown nowhere', async (t) => {
	const upstream = await withUpstream(t);
	const { seen, port } = await relay(t, upstream);
	const config = configFor(upstream, { baseUrl: `http://127.0.0.1:${port}/v1/chat/completions?api-version=2024-10-21&code=s3cret-word-of-mine`, completionApi: 'completions' });
	const eke = await start(t, config, { args: ['--log-level', 'io'] });
	const doc = await eke.open('int main(void) { ret‸');

	await eke.chat('hello');
	await doc.complete();
	await eke.request('models/list', {});
	const query = '?api-version=2024-10-21&code=s3cret-word-of-mine';
	assert.deepEqual(seen.map(({ path }) => path), [`/v1/chat/completions${query}`, `/v1/completions${query}`, `/v1/models${query}`]);
	await eke.stop();
	assert.doesNotMatch(eke.program.stderr, /s3cret-word/);
	const home = makeHome(t, config);
	const printed = await run(t, ['config', '--print'], { home });
	assert.match(printed.stdout, /api-version=2024-10-21&code=/);
	assert.doesNotMatch(printed.stdout, /s3cret-word/);
	for (const command of [['doctor'], ['status']])
		assert.doesNotMatch(JSON.stringify(await run(t, command, { home })), /s3cret-word/);
});

test('Azure: a deployment, its api-version and the key in api-key', async (t) => {
	const upstream = await withUpstream(t, { tls: { names: ['mine.openai.azure.com', 'mine.services.ai.azure.com', 'api.example'] } });
	const proxy = await startProxy(t, { port: upstream.port });
	const endpoint = { caFile: upstream.caFile, proxy: proxy.url, key: KEY };
	const hosts = [
		['https://mine.openai.azure.com/openai/v1', {}, KEY, undefined],
		['https://mine.services.ai.azure.com/openai/v1', {}, KEY, undefined],
		['https://mine.openai.azure.com/openai/v1', { key: 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln' }, undefined, 'Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln'],
		['https://api.example/v1', {}, undefined, `Bearer ${KEY}`],
		['https://api.example/v1', { keyHeader: 'api-key' }, KEY, undefined],
	];

	for (const [baseUrl, more, apiKey, authorization] of hosts) {
		const eke = await start(t, configFor(upstream, { ...endpoint, baseUrl: baseUrl.replace('/openai/v1', '/v1'), ...more }));

		await eke.chat('hello');
		const { headers } = upstream.counted.at(-1);
		assert.deepEqual([headers['api-key'], headers.authorization], [apiKey, authorization]);
	}

	const plain = await withUpstream(t);
	const { seen, port } = await relay(t, plain);
	const eke = await start(t, configFor(plain, { baseUrl: `http://127.0.0.1:${port}/openai/deployments/gpt4/chat/completions?api-version=2024-10-21`, key: KEY }));
	await eke.chat('hello');
	assert.deepEqual([seen[0].path, seen[0].headers['api-key']], ['/openai/deployments/gpt4/chat/completions?api-version=2024-10-21', KEY]);
});

test('plain http to a private network needs a word in the user\'s own file', async (t) => {
	const upstream = await withUpstream(t, { key: KEY });
	const proxy = await startProxy(t, { port: upstream.port });

	for (const host of ['192.168.1.5:11434', '10.0.0.7', '172.16.9.9', '[fd12::1]:8080', 'box.local', 'gpu.lan:8000']) {
		const endpoint = { baseUrl: `http://${host}/v1`, key: KEY, proxy: proxy.url };
		const eke = await start(t, configFor(upstream, { ...endpoint, allowPlainHttp: true }));

		assert.equal((await eke.chat('hello')).finishReason, 'stop');
		assert.equal(proxy.requests.at(-1).target, `http://${host}/v1/chat/completions`);

		for (const more of [{}, { allowPlainHttp: false }]) {
			const refused = await run(t, ['chat', 'hello'], { home: makeHome(t, configFor(upstream, { ...endpoint, ...more })) });
			assert.notEqual(refused.code, 0);
			assert.match(refused.stderr, /baseUrl: http:\/\/ would send the key and your text unencrypted; for a server in a network that you trust, set allowPlainHttp/);
		}
	}
	const elsewhere = await run(t, ['chat', 'hello'], { home: makeHome(t, configFor(upstream, { baseUrl: 'http://api.example/v1', allowPlainHttp: true })) });
	assert.match(elsewhere.stderr, /allowPlainHttp is for hosts in a private network/);
});

test('neither an editor, nor a workspace, nor the environment can allow it', async (t) => {
	const upstream = await withUpstream(t);
	const eke = await startServer(t, { config: configFor(upstream) });
	const other = { endpoints: [{ name: 'test', baseUrl: 'http://192.168.1.5/v1', allowPlainHttp: true }], allowPlainHttp: true };

	await eke.initialize({ initializationOptions: { eke: other } });
	eke.notify('workspace/didChangeConfiguration', { settings: { eke: other } });
	assert.equal((await eke.chat('hello')).finishReason, 'stop');
	assert.equal(upstream.counted.length, 1);
	const refused = await run(t, ['chat', 'hello'], { home: makeHome(t), env: { EKE_BASE_URL: 'http://192.168.1.5/v1', EKE_API_KEY: KEY } });
	assert.match(refused.stderr, /EKE_BASE_URL.*in your own configuration file/);
});

const mine = Object.values(networkInterfaces()).flat().find(({ address, family, internal }) => !internal && ((family === 'IPv4' && /^(10|192\.168|172\.(1[6-9]|2\d|3[01]))\./.test(address)) || /^f[cd]/.test(address)));

test('a server on this machine\'s address in a private network, and what eke doctor says of it', { skip: !mine && 'there is no such network here' }, async (t) => {
	const upstream = await withUpstream(t, { key: KEY });
	const { port } = await relay(t, upstream, mine.address);
	const host = mine.family === 'IPv6' ? `[${mine.address}]` : mine.address;
	const home = makeHome(t, configFor(upstream, { baseUrl: `${host}:${port}`, key: KEY, allowPlainHttp: true }));
	const proxy = await startProxy(t, { port: upstream.port });
	const env = { http_proxy: proxy.url, all_proxy: proxy.url };

	assert.equal((await run(t, ['chat', 'hello'], { home, env })).code, 0);
	assert.deepEqual(proxy.requests, []);
	const doctor = await run(t, ['doctor'], { home, env });
	assert.match(doctor.stdout, new RegExp(`note test: plain http: everybody in the network between this machine and ${mine.address} can read the key and the text`));
});
