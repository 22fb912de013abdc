// The program of `make portable`, if that was run, in a root that holds nothing else: it needs no library, and finds the certificates
// where each distribution has them. chroot needs root.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { withUpstream } from './harness.mjs';

const EKE = fileURLToPath(new URL('../../build/portable/eke', import.meta.url));
const skip = !existsSync(EKE) ? 'make portable was not run' : process.getuid() !== 0 && 'chroot needs root';

const PLACES = {
	Debian: '/etc/ssl/certs/ca-certificates.crt', Fedora: '/etc/pki/tls/certs/ca-bundle.crt', Alpine: '/etc/ssl/cert.pem',
	NixOS: '/etc/ssl/certs/ca-bundle.crt',
};
const VARIABLES = ['NIX_SSL_CERT_FILE', 'SSL_CERT_FILE', 'CURL_CA_BUNDLE'];

test('in a root with nothing but certificates', { skip }, async (t) => {
	const upstream = await withUpstream(t, { tls: true });
	const root = mkdtempSync(join(tmpdir(), 'eke-portable-'));

	t.after(() => rmSync(root, { recursive: true, force: true }));
	copyFileSync(EKE, join(root, 'eke'));
	mkdirSync(join(root, 'home'));
	const chat = (env = {}) => new Promise((resolve) => {
		const child = spawn('chroot', [root, '/eke', 'chat', 'hello'], {
			env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, HOME: '/home', EKE_BASE_URL: upstream.url, EKE_MODEL: 'm', ...env },
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		let stderr = '';

		child.stdout.resume();
		child.stderr.on('data', (text) => (stderr += text));
		child.on('error', (error) => resolve({ code: -1, stderr: String(error) }));
		child.on('close', (code) => resolve({ code, stderr }));
	});
	const put = (path) => {
		mkdirSync(dirname(join(root, path)), { recursive: true });
		copyFileSync(upstream.caFile, join(root, path));
	};

	const without = await chat();
	assert.notEqual(without.code, 0);
	assert.match(without.stderr, /no certificates were found on this system/);
	for (const [name, path] of Object.entries(PLACES)) {
		put(path);
		assert.deepEqual(await chat(), { code: 0, stderr: '' }, name);
		rmSync(join(root, path));
	}
	put('/own.pem');
	for (const name of VARIABLES)
		assert.deepEqual(await chat({ [name]: '/own.pem' }), { code: 0, stderr: '' }, name);
});

test('it is static', { skip }, () => {
	const program = readFileSync(EKE);
	const types = Array.from({ length: program.readUInt16LE(56) }, (_, i) => program.readUInt32LE(Number(program.readBigUInt64LE(32)) + i * program.readUInt16LE(54)));

	assert.ok(!types.includes(3), 'no PT_INTERP: it asks for no loader');
});
