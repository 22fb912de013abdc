/*
 * `eke gateway`: where it listens (loopback, a Unix socket, TLS, a socket that systemd opened), clients by name, clients that
 * are slow or many, and what `eke status` and `eke doctor` say of it.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

import { makeCertificates } from '../upstream/tls.mjs';
import { endpointFor, makeHome, run, withUpstream, within } from './harness.mjs';
import { chat, logged, start } from './support/gateway.mjs';
import { EKE, Program } from './support/program.mjs';

/** One request by Node's own client: { status, text }. */
function send(request, options, body) {
	return new Promise((resolve, reject) => {
		const sent = request(options, async (response) => {
			let text = '';
			for await (const piece of response)
				text += piece;
			resolve({ status: response.statusCode, text });
		});
		sent.on('error', reject).end(body);
	});
}

test('a new user, who has no directory for state yet, gets a token, a gateway and its line in the status', async (t) => {
	const upstream = await withUpstream(t);
	const home = makeHome(t, { endpoints: [endpointFor(upstream)] });
	const env = { EKE_STATE_DIR: join(home, 'none', 'of', 'these') };

	assert.match((await run(t, ['gateway', '--token', 'named'], { home, env: { EKE_STATE_DIR: join(home, 'nor', 'these') } })).stdout, /^[0-9a-f]{32,}\n$/);
	assert.match((await run(t, ['gateway', '--token'], { home, env })).stdout, /^[0-9a-f]{32,}\n$/);
	const program = new Program({ home, env, args: ['gateway', '--listen', '127.0.0.1:0'] });
	await within(once(program.child.stdout, 'data'), () => program.log);
	assert.match((await run(t, ['status'], { home, env })).stdout, /gateway/);
	program.kill('SIGTERM');
	assert.equal(await program.exit(), 143);
	assert.equal(statSync(env.EKE_STATE_DIR).mode & 0o777, 0o700);
});

/* --- where it listens --- */

test('a Unix socket: for its owner alone, whatever the Host header says, and gone at the end', async (t) => {
	const upstream = await withUpstream(t);
	const home = makeHome(t);
	const path = join(home, 'eke.sock');
	const { token, program, base } = await start(t, { upstream, listen: `unix:${path}` });
	const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };

	assert.equal(base, `unix:${path}`);
	assert.equal(statSync(path).mode & 0o777, 0o600);
	for (const host of ['localhost', 'anything']) {
		const { status, text } = await send(httpRequest, { socketPath: path, path: '/v1/chat/completions', method: 'POST', headers: { ...headers, host } }, JSON.stringify(chat()));
		assert.equal(status, 200);
		assert.match(text, /loopback test upstream/);
	}
	assert.equal((await send(httpRequest, { socketPath: path, path: '/v1/models' })).status, 401);
	/* Another one cannot take its place, */
	const second = await run(t, ['gateway', '--listen', path], { home: program.home });
	assert.deepEqual([second.code, /cannot listen at .*in use/.test(second.stderr)], [1, true]);
	program.kill('SIGKILL');
	await program.closed;
	assert.ok(existsSync(path));
	/* but one that nobody listens at is replaced, and is removed at a proper end. */
	const third = new Program({ args: ['gateway', '--listen', path], home: program.home });
	await within(once(third.child.stdout, 'data'), () => third.log);
	third.kill('SIGTERM');
	assert.equal(await third.exit(), 143);
	assert.ok(!existsSync(path));
});

/* libmicrohttpd has TLS by GnuTLS, which the program of `make portable` is built without. */
const tlsLess = /\/portable\//.test(EKE) && 'the program of make portable has no TLS of its own gateway';

async function tlsFiles(t) {
	const home = makeHome(t);
	const certificates = await makeCertificates({ names: ['eke.example'], ips: ['127.0.0.1'] });
	const [cert, key] = [join(home, 'cert.pem'), join(home, 'key.pem')];

	t.after(certificates.dispose);
	writeFileSync(cert, certificates.cert);
	writeFileSync(key, certificates.key);
	return { cert, key, caFile: certificates.caFile };
}

test('TLS: then another address and name are fine', { skip: tlsLess }, async (t) => {
	const upstream = await withUpstream(t);
	const { cert, key, caFile } = await tlsFiles(t);
	const { base, token } = await start(t, { upstream, listen: '0.0.0.0:0', args: ['--tls-cert', cert, `--tls-key=${key}`] });

	assert.match(base, /^https:\/\/0\.0\.0\.0:\d+\/v1$/);
	const options = { host: '127.0.0.1', port: new URL(base).port, ca: readFileSync(caFile), servername: 'eke.example',
		headers: { authorization: `Bearer ${token}`, host: 'eke.example', 'content-type': 'application/json' } };
	const streamed = await send(httpsRequest, { ...options, path: '/v1/chat/completions', method: 'POST' }, JSON.stringify(chat({ stream: true })));
	assert.equal(streamed.status, 200);
	assert.match(streamed.text, /\[DONE\]/);
	await assert.rejects(send(httpRequest, { host: '127.0.0.1', port: options.port, path: '/healthz' }));
});

test('what is wrong with --listen, --tls-cert and --tls-key is said', async (t) => {
	const upstream = await withUpstream(t);
	const { cert, key } = await tlsFiles(t);

	for (const [args, code, message] of [
		[['--listen', '0.0.0.0:0'], 2, /without --tls-cert and --tls-key/], [['--tls-cert', cert], 2, /go together/],
		[['--tls-cert', key, '--tls-key', cert], 1, tlsLess ? /has no TLS for its gateway/ : /is the certificate PEM/],
		[['--tls-cert', '/none', '--tls-key', key], 1, /cannot read \/none/],
		[['--listen', `unix:/${'x'.repeat(200)}`], 2, /unix:PATH/],
	]) {
		const result = await run(t, ['gateway', '--listen', '127.0.0.1:0', ...args], { config: { endpoints: [endpointFor(upstream)] } });
		assert.equal(result.code, code, `${args} ${result.stderr}`);
		assert.match(result.stderr, message);
	}
});

const ACTIVATE = '/usr/bin/systemd-socket-activate';

test('a socket that systemd opened', { skip: !existsSync(ACTIVATE) && 'systemd-socket-activate is not here' }, async (t) => {
	const upstream = await withUpstream(t);
	const home = makeHome(t, { endpoints: [endpointFor(upstream)] });
	const token = (await run(t, ['gateway', '--token'], { home })).stdout.trim();
	const path = join(home, 'activated.sock');
	const program = new Program({ home, args: [EKE, 'gateway'], shell: `exec ${ACTIVATE} -l ${path} -E EKE_CONFIG -E EKE_STATE_DIR -E HOME -E ASAN_OPTIONS "$@"` });

	while (!existsSync(path))
		await within(once(program.child.stderr, 'data'), () => `no socket\n${program.log}`);
	const { status } = await send(httpRequest, { socketPath: path, path: '/v1/models', headers: { authorization: `Bearer ${token}` } });
	assert.equal(status, 200);
	program.kill('SIGTERM');
	assert.equal(await program.exit(), 143);
});

test('a descriptor of systemd that is none', async (t) => {
	const upstream = await withUpstream(t);
	const home = makeHome(t, { endpoints: [endpointFor(upstream)] });
	const program = new Program({ home, args: [EKE, 'gateway', '--listen', '127.0.0.1:0'], shell: 'exec 3</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"' });

	assert.equal(await program.exit(), 1);
	assert.match(program.stderr, /descriptor 3 is no listening socket/);
	/* What is meant for another process is not for this one. */
	const other = await start(t, { upstream, shell: 'LISTEN_FDS=1 LISTEN_PID=1 exec "$@"' });
	assert.equal((await other.call('/healthz')).status, 200);
});

/* --- clients by name --- */

test('clients by name: a token each, told apart in the status and the log, and taken back', async (t) => {
	const upstream = await withUpstream(t);
	const { call, home, token, program, base } = await start(t, { upstream, plan: 'few' });
	const tokenOf = async (name) => (await run(t, ['gateway', '--token', name], { home })).stdout.trim();
	const [bot, extension] = [await tokenOf('autogpt'), await tokenOf('browser-extension')];

	assert.equal(await tokenOf('autogpt'), bot);
	assert.equal(new Set([token, bot, extension]).size, 3);
	assert.equal(statSync(join(home, 'state', 'gateway-tokens', 'autogpt')).mode & 0o777, 0o600);
	/* Made while it runs. */
	for (const key of [bot, bot, extension])
		await (await call('/v1/chat/completions', { body: chat(), key })).text();
	await logged(program, /chat\/completions: 200 from test for autogpt/, 2);
	await logged(program, /chat\/completions: 429 for browser-extension/);
	/* It writes every two seconds. */
	const seen = async () => JSON.parse((await run(t, ['status', '--json'], { home })).stdout).gateways;
	let gateways = await seen();
	while (!gateways[0]?.clients.some(({ refused }) => refused))
		gateways = await seen();
	assert.deepEqual(gateways.map(({ address, pid }) => [address, pid]), [[base, program.child.pid]]);
	assert.deepEqual(gateways[0].clients.map(({ name, requests, sent, refused }) => [name, requests, sent, refused]).sort(), [['autogpt', 2, 2, 0], ['browser-extension', 1, 0, 1]]);
	const { stdout } = await run(t, ['status'], { home });
	assert.match(stdout, new RegExp(`gateway: ${base}`));
	assert.match(stdout, /autogpt: 2 requests, 2 sent/);
	assert.ok(![stdout, JSON.stringify(gateways), program.stderr].join().includes(bot));

	assert.equal((await run(t, ['gateway', '--revoke', 'autogpt'], { home })).code, 0);
	assert.equal((await call('/v1/models', { key: bot })).status, 401);
	assert.equal((await call('/v1/models', { key: extension })).status, 200);
	assert.notEqual(await tokenOf('autogpt'), bot);
	for (const [args, code] of [[['--revoke', 'nobody'], 1], [['--token', '../x'], 2], [['--token', 'x'.repeat(40)], 2], [['--revoke'], 2]])
		assert.equal((await run(t, ['gateway', ...args], { home })).code, code, `${args}`);
});

test('the doctor knows whether a gateway runs and answers', async (t) => {
	const upstream = await withUpstream(t);
	const { home, base, program } = await start(t, { upstream });

	assert.match((await run(t, ['doctor'], { home })).stdout, new RegExp(`ok +gateway: ${base} answers`));
	program.kill('SIGSTOP');
	const { stdout } = await run(t, ['doctor'], { home });
	assert.match(stdout, new RegExp(`BAD +gateway: ${base} does not answer`));
	program.kill('SIGCONT');
	const alone = await run(t, ['doctor'], { config: { endpoints: [endpointFor(upstream)] } });
	assert.match(alone.stdout, /note +gateway: none runs/);
	/* One that was killed is not told of. */
	const killed = new Program({ args: ['gateway', '--listen', '127.0.0.1:0'], home });
	await within(once(killed.child.stdout, 'data'), () => killed.log);
	killed.kill('SIGKILL');
	await once(killed.child, 'exit');
	assert.equal(JSON.parse((await run(t, ['status', '--json'], { home })).stdout).gateways.length, 1);
});

/* --- slow and many --- */

/** A connection that has sent `text`; resolves to what came until it was closed. */
function converse(port, text) {
	const socket = connect(Number(port), '127.0.0.1');
	let got = '';

	socket.setEncoding('utf8');
	socket.on('error', () => {});
	socket.on('data', (piece) => { got += piece; });
	socket.write(text);
	return { socket, closed: once(socket, 'close').then(() => got) };
}

test('a client that never ends its request is cut off, and holds nobody else up', async (t) => {
	const upstream = await withUpstream(t);
	const { port, call, program } = await start(t, { upstream });
	const began = Date.now();
	const head = converse(port, 'GET /v1/models HTTP/1.1\r\nHost: localhost\r\n');
	/* A byte now and then keeps libmicrohttpd's own limit from ever being reached. */
	const drip = setInterval(() => head.socket.write('X'), 500);

	for (let i = 0; i < 20; i++)
		converse(port, 'POST /v1/chat').socket.unref();
	assert.equal((await call('/v1/models')).status, 200);
	await within(head.closed, () => 'a slow head is not cut off');
	clearInterval(drip);
	assert.ok(Date.now() - began > 8000, 'it was cut off at once');
	await logged(program, /took too long/);
});

test('heads that are too large, too many, or no HTTP', async (t) => {
	const upstream = await withUpstream(t);
	const { port, call } = await start(t, { upstream });

	for (const text of [`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`, `GET / HTTP/1.1\r\nHost: localhost\r\n${'A: b\r\n'.repeat(20_000)}\r\n`, '\x16\x03\x01\x02\x00garbage\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n']) {
		const answer = await within(converse(port, text).closed, () => `no end of ${text.slice(0, 40)}`);
		assert.doesNotMatch(answer, /^HTTP\/1\.1 200/);
	}
	assert.equal((await call('/healthz')).status, 200);
});

test('more connections than it takes wait, and are served when others close', async (t) => {
	const upstream = await withUpstream(t);
	const { port, call } = await start(t, { upstream });
	const sockets = [];

	/* Idle ones that have been served once hold a connection each. */
	for (let i = 0; i < 600; i++) {
		const { socket } = converse(port, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
		await within(once(socket, 'data'), () => `connection ${i} was not served`);
		sockets.push(socket);
	}
	const late = call('/healthz');
	sockets.slice(0, 10).forEach((socket) => socket.destroy());
	assert.equal((await within(late, () => 'a connection was never free')).status, 200);
	sockets.forEach((socket) => socket.destroy());
});

test('bodies take memory only of who has a token, and only so much together', async (t) => {
	const upstream = await withUpstream(t);
	const { call, port, token, program } = await start(t, { upstream });
	const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${program.child.pid}/status`, 'utf8'))[1]) / 1024;
	const large = JSON.stringify(chat({ pad: 'x'.repeat(15 * 1024 * 1024) }));
	const open = (key) => {
		const request = httpRequest({ host: '127.0.0.1', port, path: '/v1/chat/completions', method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-length': large.length } });
		/* All but the end, so that it is held; resolves when that has left. */
		return { request, sent: new Promise((resolve) => request.write(large.slice(0, -1), resolve)), answer: once(request, 'response').then(([response]) => response.resume().statusCode) };
	};
	const before = memory();
	const strangers = Array.from({ length: 12 }, () => open('nobody'));

	await Promise.all(strangers.map(({ sent }) => sent));
	assert.equal((await call('/healthz')).status, 200);
	assert.ok(memory() - before < 60, `${memory() - before} MiB for strangers`);
	const clients = Array.from({ length: 12 }, () => open(token));
	await Promise.all(clients.map(({ sent }) => sent));
	[...strangers, ...clients].forEach(({ request }) => request.end(large.slice(-1)));
	assert.deepEqual(new Set(await Promise.all(strangers.map(({ answer }) => answer))), new Set([401]));
	const statuses = await Promise.all(clients.map(({ answer }) => answer));
	assert.ok(statuses.includes(503) && statuses.includes(200), `${statuses}`);
	assert.equal((await call('/v1/chat/completions', { body: chat() })).status, 200);
});

test('thousands of requests, many at a time, over connections that are kept', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'x' });
	const { port, token, call } = await start(t, { upstream });
	const agent = new Agent({ keepAlive: true, maxSockets: 64 });
	const options = { host: '127.0.0.1', port, agent, path: '/v1/chat/completions', method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } };
	let left = 1500;

	t.after(() => agent.destroy());
	await Promise.all(Array.from({ length: 32 }, async () => {
		while (left-- > 0)
			assert.equal((await send(httpRequest, options, JSON.stringify(chat({ seed: left })))).status, 200);
	}));
	assert.equal((await call('/healthz')).status, 200);
	assert.equal(upstream.counted.length, 1500);
});

test('the configuration is taken again at SIGHUP, and the former stays if it is wrong', async (t) => {
	const upstream = await withUpstream(t);
	const { home, call, program } = await start(t, { upstream });
	const config = (gateway) => writeFileSync(join(home, 'config.json'), JSON.stringify({ endpoints: [endpointFor(upstream)], gateway }));
	const origin = 'https://new.example';

	assert.equal((await call('/v1/models', { headers: { origin } })).status, 403);
	config({ origins: [origin] });
	program.kill('SIGHUP');
	await logged(program, /was loaded again/);
	assert.equal((await call('/v1/models', { headers: { origin } })).status, 200);
	config({ origins: 'x' });
	program.kill('SIGHUP');
	await logged(program, /former configuration stays: .*gateway\.origins/);
	assert.equal((await call('/v1/models', { headers: { origin } })).status, 200);
});
