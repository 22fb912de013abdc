/*
 * What is installed so that `eke gateway` starts by itself: systemd's units under a real user manager, and launchd's agent, as far
 * as it can be read here.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, symlinkSync, watch, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { endpointFor, makeHome, run, withUpstream, within } from './harness.mjs';
import { EKE } from './support/program.mjs';

const SERVICE = fileURLToPath(new URL('../../src/gateway/service/', import.meta.url));
const SYSTEMD = '/usr/lib/systemd/systemd';
const unit = (name) => readFileSync(join(SERVICE, name), 'utf8').replaceAll('@BINDIR@', dirname(EKE));

/** Why a user manager cannot be run here; false: it can. A namespace of its own keeps it from the machine's /run. */
function whyNoManager() {
	if (!existsSync(SYSTEMD))
		return 'systemd is not here';
	if (spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs tmpfs /run']).status !== 0)
		return 'this user may not make a mount namespace';
	return false;
}

/** Resolves when the file is there. */
async function appears(directory, name) {
	const watcher = watch(directory);

	try {
		while (!existsSync(join(directory, name)))
			await once(watcher, 'change');
	} finally {
		watcher.close();
	}
}

test('systemd: the socket of a user manager starts the gateway with the first request, and a stop is a proper end', { skip: whyNoManager() }, async (t) => {
	const upstream = await withUpstream(t);
	const home = makeHome(t, { endpoints: [endpointFor(upstream)] });
	const units = join(home, '.config/systemd/user');
	const log = join(home, 'log');
	const token = (await run(t, ['gateway', '--token'], { home })).stdout.trim();
	const drop = (name, text) => {
		mkdirSync(join(units, `${name}.d`), { recursive: true });
		writeFileSync(join(units, `${name}.d/test.conf`), text);
	};

	mkdirSync(join(units, 'sockets.target.wants'), { recursive: true });
	for (const name of ['eke-gateway.service', 'eke-gateway.socket'])
		writeFileSync(join(units, name), unit(name));
	symlinkSync('../eke-gateway.socket', join(units, 'sockets.target.wants/eke-gateway.socket'));
	drop('eke-gateway.socket', `[Socket]\nListenStream=\nListenStream=${home}/eke.sock\n`);
	drop('eke-gateway.service', `[Service]\nStandardError=append:${log}\nStandardOutput=append:${log}\n`
		+ ['EKE_CONFIG', 'EKE_STATE_DIR', 'ASAN_OPTIONS'].map((name) => `Environment=${name}=${{ EKE_CONFIG: join(home, 'config.json'), EKE_STATE_DIR: join(home, 'state'), ASAN_OPTIONS: 'detect_leaks=0' }[name]}\n`).join(''));
	/* The manager wants a machine that systemd booted, and a directory for its own sockets. */
	const manager = spawn('unshare', ['-m', 'sh', '-c', `mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system /run/user/0 && chmod 700 /run/user/0 && exec ${SYSTEMD} --user --unit=basic.target --log-target=console`], {
		env: { PATH: process.env.PATH, HOME: home, XDG_RUNTIME_DIR: '/run/user/0' }, stdio: ['ignore', 'pipe', 'pipe'],
	});
	let said = '';
	const ended = once(manager, 'exit');
	manager.stderr.on('data', (data) => { said += data; });
	manager.stdout.resume();
	t.after(() => manager.kill('SIGKILL'));

	await within(appears(home, 'eke.sock'), () => `no socket\n${said}`);
	assert.ok(!existsSync(log), 'it runs before anybody asks');
	const ask = request({ socketPath: join(home, 'eke.sock'), path: '/v1/models', headers: { host: 'localhost', authorization: `Bearer ${token}` } });
	ask.end();
	const [response] = await within(once(ask, 'response'), () => `no answer\n${said}`);
	response.resume();
	assert.equal(response.statusCode, 200);
	assert.match((await run(t, ['status'], { home })).stdout, /gateway/);
	manager.kill('SIGTERM');
	await within(ended, () => `the manager does not end\n${said}`);
	assert.doesNotMatch((await run(t, ['status'], { home })).stdout, /gateway/);
	assert.doesNotMatch(said, /eke-gateway.*(fail|error)/i);
});

test('systemd finds nothing wrong with the units', { skip: !existsSync('/usr/bin/systemd-analyze') && 'systemd-analyze is not here' }, (t) => {
	const home = makeHome(t);
	const files = ['eke-gateway.service', 'eke-gateway.socket'].map((name) => {
		writeFileSync(join(home, name), unit(name));
		return join(home, name);
	});
	const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--user', '--man=no', ...files], { env: { PATH: process.env.PATH, HOME: home, XDG_RUNTIME_DIR: home }, encoding: 'utf8' });

	assert.deepEqual([status, stderr], [0, '']);
});

test('launchd\'s agent is a property list that starts the gateway', { skip: spawnSync('python3', ['-c', 'import plistlib']).status !== 0 && 'python3 is not here' }, () => {
	const { stdout, status, stderr } = spawnSync('python3', ['-c', 'import json, plistlib, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))'], { input: unit('eke.gateway.plist'), encoding: 'utf8' });

	assert.equal(status, 0, stderr);
	const agent = JSON.parse(stdout);
	assert.equal(agent.Label, 'eke.gateway');
	assert.deepEqual(agent.ProgramArguments.slice(0, 2), [EKE, 'gateway']);
	assert.deepEqual([agent.RunAtLoad, agent.KeepAlive], [true, { Crashed: true }]);
});
