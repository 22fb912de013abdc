/*
 * What `eke gateway` costs between a client and an endpoint: time a request, requests and events a second, as ratios to a direct
 * connection and to nginx as a plain proxy in the same run; and whether 500 streams at once stay small and get their turns. Prints
 * lines as bench.h has them.
 *
 *     node tests/bench/gateway.mjs EKE
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const STREAMS = 500;
const EVENTS = 100;
const ROUNDS = 600;   /* requests one by one, each way */
const TOGETHER = 32;  /* requests at once, for the rate */
const RATED = 3000;   /* of these */
/* The last one is what .ci/deps unpacks. */
const NGINX = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/sbin/nginx', fileURLToPath(new URL('../../build/.deps/nginx/usr/sbin/nginx', import.meta.url))].find(existsSync);

const [eke] = process.argv.slice(2);
const home = mkdtempSync(join(tmpdir(), 'eke-bench-gateway-'));
const children = [];

function figure(key, what, unit, measured, baseline, kind = 'none', goal = 0) {
	console.log(['figure', key, what, unit, measured, baseline?.[0] ?? '-', baseline?.[1] ?? 0, kind, goal].join('\t'));
}

async function start(command, args, env = {}) {
	const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env.PATH, HOME: home, ...env } });

	children.push(child);
	const ended = once(child, 'exit').then(() => {
		throw new Error(`${command} ended`);
	});
	ended.catch(() => {});
	return { child, line: String((await Promise.race([once(child.stdout, 'data'), ended]))[0]).trim() };
}

/* --- ways to the endpoint --- */

async function startNginx(port) {
	const dir = join(home, 'nginx');
	const listen = 20000 + (process.pid % 20000);

	mkdirSync(dir);
	writeFileSync(join(dir, 'nginx.conf'), `worker_processes 1; daemon off; pid ${dir}/pid; error_log ${dir}/error.log;
events { worker_connections 4096; }
http { access_log off; client_body_temp_path ${dir}/b; proxy_temp_path ${dir}/p; fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
upstream endpoint { server 127.0.0.1:${port}; keepalive 64; keepalive_requests 1000000; }
server { listen 127.0.0.1:${listen} backlog=2048; keepalive_requests 1000000; location / { proxy_pass http://endpoint; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; proxy_read_timeout 600; } } }`);
	const child = spawn(NGINX, ['-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')], { stdio: 'ignore' });

	children.push(child);
	/* It is up when it answers. */
	for (let i = 0; i < 200; i++) {
		const up = await post({ port: listen, agent: new Agent(), headers: {} }, '{"stream":false}').catch(() => null);
		if (up)
			return listen;
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	throw new Error(`nginx does not answer: ${readFileSync(join(dir, 'error.log'), 'utf8')}`);
}

function post(way, body, onData = () => {}) {
	return new Promise((resolve, reject) => {
		const sent = request({ host: '127.0.0.1', port: way.port, path: '/v1/chat/completions', method: 'POST', agent: way.agent,
			headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...way.headers } }, (response) => {
			if (response.statusCode !== 200)
				reject(new Error(`status ${response.statusCode}`));
			response.on('data', onData).on('end', () => resolve(response)).on('error', reject);
		});
		sent.on('error', reject).end(body);
	});
}

const plain = (n) => JSON.stringify({ model: 'm', messages: [{ role: 'user', content: `question ${n}` }] });

function median(values) {
	return values.sort((a, b) => a - b)[values.length >> 1];
}

/* Microseconds a request, one by one, the ways in turns: what other programs do disturbs all alike. */
async function latencies(ways) {
	const times = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));

	for (let n = 0; n < ROUNDS; n++) {
		for (const [name, way] of Object.entries(ways)) {
			const began = process.hrtime.bigint();
			await post(way, plain(n));
			if (n >= 50)
				times[name].push(Number(process.hrtime.bigint() - began) / 1e3);
		}
	}
	return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]));
}

/* Requests a second, TOGETHER at a time; the best of three. */
async function rate(way) {
	let best = 0;

	for (let pass = 0; pass < 3; pass++) {
		const began = process.hrtime.bigint();
		let left = RATED;
		await Promise.all(Array.from({ length: TOGETHER }, async () => {
			while (left-- > 0)
				await post(way, plain(left));
		}));
		best = Math.max(best, RATED / (Number(process.hrtime.bigint() - began) / 1e9));
	}
	return best;
}

/* So many streams at once: how long all take, and how far the slowest was when half of all bytes had come. */
async function streams(way, count, events) {
	const got = new Array(count).fill(0);
	const body = JSON.stringify({ model: 'm', stream: true, messages: [], x_together: count, x_events: events });
	let total = 0;
	let expected = Infinity;
	let least = null;
	let length = 0;
	const began = process.hrtime.bigint();

	await Promise.all(got.map((_, i) => post(way, body, (data) => {
		got[i] += data.length;
		total += data.length;
		/* The size of an event is known from the first. */
		length ||= data.indexOf('\n\n') + 2;
		expected = count * events * length;
		if (least === null && total >= expected / 2)
			least = Math.min(...got) / (total / count);
	})));
	const seconds = Number(process.hrtime.bigint() - began) / 1e9;
	if (Math.min(...got) !== Math.max(...got))
		throw new Error('a stream is not whole');
	return { rate: (count * events) / seconds, least };
}

/* MiB of a process that its pages have been at most. */
function peak(pid) {
	return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

async function main() {
	const upstream = await start(process.execPath, [fileURLToPath(new URL('gateway-upstream.mjs', import.meta.url))]);
	const port = Number(upstream.line);
	const env = { EKE_CONFIG: join(home, 'config.json'), EKE_STATE_DIR: join(home, 'state') };
	const plans = { counted: { windows: [{ scope: 'machine', limit: 100_000, period: '1h' }] } };
	const endpoint = { baseUrl: `http://127.0.0.1:${port}`, models: { chat: 'm' } };

	writeFileSync(env.EKE_CONFIG, JSON.stringify({ plans, endpoints: [{ ...endpoint, name: 'free', plan: 'unlimited' }, { ...endpoint, name: 'counted', plan: 'counted' }] }));
	const token = spawnSync(eke, ['gateway', '--token'], { env, encoding: 'utf8' }).stdout.trim();
	const gateway = await start(eke, ['gateway', '--listen', '127.0.0.1:0', '--log-level', 'warn'], env);
	const agent = () => new Agent({ keepAlive: true, maxSockets: 1000 });
	const ways = {
		direct: { port, agent: agent(), headers: {} },
		eke: { port: Number(new URL(gateway.line).port), agent: agent(), headers: { authorization: `Bearer ${token}` } },
	};
	if (NGINX)
		ways.nginx = { port: await startNginx(port), agent: agent(), headers: {} };
	else
		console.log('note\tgateway: nginx is not here, so that there is no comparison with it');

	const time = await latencies(ways);
	const added = time.eke - time.direct;
	figure('gateway-time', 'gateway: a request, its time', 'µs', time.eke, ['direct', time.direct]);
	if (NGINX)
		figure('gateway-added', 'gateway: time added to a request', 'µs', added, ['nginx', time.nginx - time.direct], 'ratio', 3);
	const rates = {};
	for (const name of Object.keys(ways))
		rates[name] = await rate(ways[name]);
	figure('gateway-rate', 'gateway: requests, 32 at a time', '/s', rates.eke, ['direct', rates.direct]);
	if (NGINX)
		figure('gateway-rate-nginx', 'gateway: the same', '/s', rates.eke, ['nginx', rates.nginx]);

	const before = peak(gateway.child.pid);
	const many = {};
	for (const name of Object.keys(ways))
		many[name] = await streams(ways[name], STREAMS, EVENTS);
	figure('gateway-streams', `gateway: events of ${STREAMS} streams at once`, '/s', many.eke.rate, ['direct', many.direct.rate]);
	if (NGINX)
		figure('gateway-streams-nginx', 'gateway: the same', '/s', many.eke.rate, ['nginx', many.nginx.rate]);
	figure('gateway-fair', 'gateway: the slowest of them at half time, of the mean', '', many.eke.least, ['direct', many.direct.least], 'min', 0.5);
	figure('gateway-memory', 'gateway: memory (peak) with them, more than before', 'MiB', peak(gateway.child.pid) - before, undefined, 'max', 64);
}

try {
	await main();
} finally {
	for (const child of children)
		child.kill('SIGTERM');
	rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}
process.exit();
