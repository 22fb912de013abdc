/*
 * A real redis-server (or valkey-server) of a test's own: on a free port of the loopback, without a file, ended with the test. Nothing here
 * knows of one that the system may run.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { within } from './program.mjs';

const NAMES = ['redis-server', 'valkey-server'];
const server = NAMES.find((name) => !spawnSync(name, ['--version']).error);

if (!server)
	console.error(`NEITHER ${NAMES.join(' NOR ')} IS HERE: the shared ledger is not tested`);

/** For a test's options: why it cannot run here, or false. Where CI runs it must. */
export const withoutRedis = !server && !process.env.CI ? 'there is no redis-server' : false;

async function freePort() {
	const probe = createServer().listen(0, '127.0.0.1');

	await once(probe, 'listening');
	const { port } = probe.address();
	probe.close();
	await once(probe, 'close');
	return port;
}

export class Redis {
	#dir = mkdtempSync(join(tmpdir(), 'eke-redis-'));
	#child = null;

	constructor(port, password) {
		this.port = port;
		this.password = password;
	}

	/** The address, with a time-out that no busy machine reaches. */
	get url() {
		return `redis://${this.password ? `:${this.password}@` : ''}127.0.0.1:${this.port}/0?timeout=15000`;
	}

	/** Resolves when it takes connections; false if somebody took the port meanwhile. */
	async start() {
		let said = '';
		const child = spawn(server, [
			'--port', `${this.port}`, '--bind', '127.0.0.1', '--dir', this.#dir, '--save', '', '--appendonly', 'no', '--requirepass', this.password ?? '',
		], { stdio: ['ignore', 'pipe', 'inherit'] });
		const ready = new Promise((resolve) => {
			child.stdout.setEncoding('utf8').on('data', (data) => /eady to accept connections/.test(said += data) && resolve(true));
			child.once('close', () => resolve(false));
		});

		this.#child = child;
		return within(ready, () => `redis-server did not start: ${said}`);
	}

	/** As a power cut would: what it knew is gone. */
	async kill() {
		const child = this.#child;

		this.#child = null;
		if (!child || child.exitCode !== null || child.signalCode !== null)
			return;
		child.kill('SIGKILL');
		await once(child, 'close');
	}

	async close() {
		await this.kill();
		rmSync(this.#dir, { recursive: true, force: true });
	}
}

/** A running one that ends with the test. */
export async function withRedis(t, { password } = {}) {
	for (let tries = 0; tries < 5; tries++) {
		const redis = new Redis(await freePort(), password);

		t.after(() => redis.close());
		if (await redis.start())
			return redis;
	}
	throw new Error('no free port for redis-server');
}

/** An address where nobody listens. */
export const nobodysAddress = async () => `redis://127.0.0.1:${await freePort()}`;
