// Starts the llama.cpp server that tests/llama/setup prepared, and the real eke against it.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

// The client library is one of the end-to-end tests' own.
const require = createRequire(new URL('../e2e/package.json', import.meta.url));

const root = fileURLToPath(new URL('../../', import.meta.url));
const EKE = process.env.EKE ?? join(root, 'build/debug/eke');
const START_SECONDS = 60;

/** Why the server cannot be had on this machine (a sentence), or false. */
export function unavailable() {
	const reason = join(root, 'build/llama/unavailable');
	return existsSync(reason) && readFileSync(reason, 'utf8').trim();
}

async function freePort() {
	const server = createServer();
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address();
	server.close();
	await once(server, 'close');
	return port;
}

/** Starts the server; resolves to { baseUrl, stop() } once it says that it listens. */
export async function startLlama() {
	const port = await freePort();
	const args = ['-m', join(root, 'build/llama/table.gguf'), '--alias', 'table', '--host', '127.0.0.1', '--port', String(port), '-c', '8192', '-t', '1', '-np', '2'];
	const child = spawn(join(root, 'build/llama/llama-server'), args, { stdio: ['ignore', 'pipe', 'pipe'] });
	const exited = once(child, 'exit');
	const said = [];
	await new Promise((resolve, reject) => {
		const fail = (what) => reject(new Error(`llama-server ${what}:\n${said.slice(-10).join('\n')}`));
		const timer = setTimeout(() => fail(`says nothing for ${START_SECONDS} s`), START_SECONDS * 1000);
		for (const stream of [child.stdout, child.stderr]) {
			createInterface(stream).on('line', (line) => {
				said.push(line);
				if (/listening on http/.test(line)) {
					clearTimeout(timer);
					resolve();
				}
			});
		}
		exited.then(([code]) => fail(`ended with ${code}`));
	});
	return {
		baseUrl: `http://127.0.0.1:${port}/v1`,
		async stop() {
			child.kill('SIGTERM');
			await exited;
		},
	};
}

/** A home with nothing in it but a configuration whose one endpoint is `baseUrl`. */
function makeHome(baseUrl, completionApi) {
	const home = mkdtempSync(join(tmpdir(), 'eke-llama-'));
	const config = join(home, 'config.json');
	writeFileSync(config, JSON.stringify({
		endpoints: [{ name: 'llama', baseUrl, plan: 'unlimited', models: { chat: 'table', completion: 'table' }, completionApi }],
		completion: { offline: false, debounceMs: 0 },
	}));
	const env = { PATH: process.env.PATH, HOME: home, EKE_CONFIG: config, EKE_STATE_DIR: join(home, 'state') };
	return { home, env };
}

/** Runs a command of eke to its end: { status, stdout, stderr }. */
export function runEke(baseUrl, args, input = '') {
	const { home, env } = makeHome(baseUrl, 'chat');
	const result = spawnSync(EKE, args, { cwd: home, env, input, encoding: 'utf8', timeout: 60000 });
	rmSync(home, { recursive: true, force: true });
	return { status: result.status, stdout: result.stdout, stderr: result.stderr };
}

/** Runs `eke doctor` where nothing is configured, and the only server that it may find is `baseUrl`. */
export function findWithDoctor(baseUrl) {
	const home = mkdtempSync(join(tmpdir(), 'eke-llama-'));
	const env = { PATH: process.env.PATH, HOME: home, EKE_LOCAL_SERVERS: baseUrl };
	const { stdout } = spawnSync(EKE, ['doctor'], { cwd: home, env, encoding: 'utf8', timeout: 60000 });
	rmSync(home, { recursive: true, force: true });
	return stdout;
}

/**
 * Starts `eke serve` and initializes it.
 *
 * request(method, params) and notify(method, params) speak to it; stop() shuts it down and resolves to
 * { code, stderr }.
 */
export async function startEke(baseUrl, completionApi) {
	const rpc = require('vscode-jsonrpc/node');
	const { home, env } = makeHome(baseUrl, completionApi);
	const child = spawn(EKE, ['serve'], { cwd: home, env, stdio: 'pipe' });
	const exited = once(child, 'exit');
	const stderr = [];
	child.stderr.on('data', (chunk) => stderr.push(chunk));
	const connection = rpc.createMessageConnection(new rpc.StreamMessageReader(child.stdout), new rpc.StreamMessageWriter(child.stdin));
	const progress = new Map();
	connection.onNotification('$/progress', ({ token, value }) => progress.get(token)?.(value));
	connection.listen();
	const initialized = await connection.sendRequest('initialize', {
		processId: process.pid, rootUri: null, capabilities: { textDocument: { inlineCompletion: {} } },
	});
	await connection.sendNotification('initialized', {});
	return {
		capabilities: initialized.capabilities,
		request: (method, params) => connection.sendRequest(method, params),
		notify: (method, params) => connection.sendNotification(method, params),
		onProgress: (token, handler) => progress.set(token, handler),
		kill: () => child.kill('SIGKILL'),
		async stop() {
			await connection.sendRequest('shutdown');
			await connection.sendNotification('exit');
			const [code] = await exited;
			connection.dispose();
			rmSync(home, { recursive: true, force: true });
			return { code, stderr: Buffer.concat(stderr).toString() };
		},
	};
}
