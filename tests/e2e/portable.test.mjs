// The program of `make portable`, if that was run, in a root that holds nothing else: it needs no library, and finds the certificates
// where each distribution has them. chroot needs root.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { withUpstream } from './harness.mjs';

const EKE = fileURLToPath(new URL('../../build/portable/eke', import.meta.url));
const skip = !existsSync(EKE) ? 'make portable was not run' : process.getuid() !== 0 && 'chroot needs root';

/*
 * Where distributions keep the certificates that they trust, as their packages lay them out: files, and links (->) that end at them.
 * #: the certificate, #HASH: a link to it by its name's hash.
 */
const LAYOUTS = {
	'Debian, a bundle alone': { '/etc/ssl/certs/ca-certificates.crt': '#' },
	'Debian, by hash': { '/etc/ssl/certs/ours.pem': '#', '/etc/ssl/certs/#HASH': 'ours.pem' },
	'Fedora': {
		'/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem': '#',
		'/etc/pki/tls/certs/ca-bundle.crt': '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
		'/etc/pki/tls/cert.pem': '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', '/etc/ssl/certs': '../pki/tls/certs',
	},
	'Fedora, by hash': {
		'/etc/pki/ca-trust/extracted/pem/directory-hash/ours.pem': '#',
		'/etc/pki/ca-trust/extracted/pem/directory-hash/#HASH': 'ours.pem', '/etc/ssl/certs': '/etc/pki/ca-trust/extracted/pem/directory-hash',
	},
	'Fedora, by hashes whose links lead nowhere': {
		'/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem': '#', '/etc/pki/tls/certs/#HASH': 'ours.pem',
		'/etc/pki/tls/certs/ca-bundle.crt': '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', '/etc/ssl/certs': '/etc/pki/tls/certs',
	},
	'Alpine': { '/etc/ssl/certs/ca-certificates.crt': '#', '/etc/ssl/cert.pem': 'certs/ca-certificates.crt' },
	'Alpine, without the bundle of Debian\'s name': { '/etc/ssl/cert.pem': '#' },
	'NixOS': {
		'/nix/store/0-nss-cacert/etc/ssl/certs/ca-bundle.crt': '#',
		'/nix/store/1-etc/etc/ssl/certs/ca-certificates.crt': '/nix/store/0-nss-cacert/etc/ssl/certs/ca-bundle.crt',
		'/nix/store/1-etc/etc/ssl/certs/ca-bundle.crt': '/nix/store/0-nss-cacert/etc/ssl/certs/ca-bundle.crt', '/etc/static': '/nix/store/1-etc/etc',
		'/etc/ssl/certs/ca-certificates.crt': '/etc/static/ssl/certs/ca-certificates.crt', '/etc/ssl/certs/ca-bundle.crt': '/etc/static/ssl/certs/ca-bundle.crt',
	},
	'NixOS, the second name alone': {
		'/nix/store/0-nss-cacert/etc/ssl/certs/ca-bundle.crt': '#', '/etc/ssl/certs/ca-bundle.crt': '/nix/store/0-nss-cacert/etc/ssl/certs/ca-bundle.crt',
	},
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
	const hash = (await promisify(execFile)('openssl', ['x509', '-hash', '-noout', '-in', upstream.caFile])).stdout.trim();
	const put = (path, what = '#') => {
		const at = join(root, path.replace('#HASH', `${hash}.0`));

		mkdirSync(dirname(at), { recursive: true });
		if (what === '#')
			copyFileSync(upstream.caFile, at);
		else
			symlinkSync(what, at);
	};

	const without = await chat();
	assert.notEqual(without.code, 0);
	assert.match(without.stderr, /no certificates were found on this system/);
	for (const [name, layout] of Object.entries(LAYOUTS)) {
		for (const [path, what] of Object.entries(layout))
			put(path, what);
		assert.deepEqual(await chat(), { code: 0, stderr: '' }, name);
		for (const folder of ['etc', 'nix'])
			rmSync(join(root, folder), { recursive: true, force: true });
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
