// A certificate authority for one run and a server certificate by it, made with the openssl command in a temporary folder.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/**
 * @param {{names?: string[], ips?: string[]}} [options] what the certificate is valid for; give others to test that clients look
 * @returns {Promise<{caFile: string, key: Buffer, cert: Buffer, dispose: () => Promise<void>}>}
 */
export async function makeCertificates({ names = ["localhost"], ips = ["127.0.0.1", "::1"] } = {}) {
	const dir = await mkdtemp(join(tmpdir(), "eke-upstream-"));
	const file = (name) => join(dir, name);
	const openssl = (...args) => run("openssl", args, { cwd: dir });
	try {
		const alternatives = [...names.map((name) => `DNS:${name}`), ...ips.map((ip) => `IP:${ip}`)].join(",");
		await writeFile(file("server.ext"), `subjectAltName=${alternatives}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n`);
		await Promise.all([
			openssl("req", "-x509", ...NEW_KEY, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=eke test CA",
				"-addext", "keyUsage=critical,keyCertSign,cRLSign"),
			openssl("req", "-new", ...NEW_KEY, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=eke test upstream"),
		]);
		await openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "2", "-out", "server.pem",
			"-days", "2", "-extfile", "server.ext");
		const [key, cert] = await Promise.all([readFile(file("server.key")), readFile(file("server.pem"))]);
		return { caFile: file("ca.pem"), key, cert, dispose: () => rm(dir, { recursive: true, force: true }) };
	} catch (error) {
		await rm(dir, { recursive: true, force: true });
		throw error;
	}
}
