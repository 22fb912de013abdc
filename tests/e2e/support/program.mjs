/*
 * The program under test as a process: where it is, the environment it gets, and how it must end.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The program: what `make debug` builds, with sanitizers, unless EKE_BIN names another. */
export const EKE = process.env.EKE_BIN || fileURLToPath(new URL('../../../build/debug/eke', import.meta.url));

/** Milliseconds for whatever a test waits for; only a failure takes that long. */
export const PATIENCE = 20_000;

const SIGNS_OF_FAULTS = [
	[/(Address|Leak|UndefinedBehavior)Sanitizer|^\S+:\d+:\d+: runtime error:/m, 'a sanitizer complains'],
	[/ broken: /, 'eke found a fault in itself'],
];

/**
 * The promise, but no longer than a test should wait.
 * @param {Promise} promise
 * @param {() => string} complaint what to say when it takes too long
 */
export async function within(promise, complaint, milliseconds = PATIENCE) {
	let timer;
	const late = new Promise((_, reject) => {
		timer = setTimeout(() => reject(new Error(`${complaint()} within ${milliseconds / 1000} s`)), milliseconds);
	});
	try {
		return await Promise.race([promise, late]);
	} finally {
		clearTimeout(timer);
	}
}

/* Removed when all is over: hooks of a test run in their order, and what still runs there writes until it is stopped. */
const homes = [];
process.once('exit', () => homes.forEach((home) => rmSync(home, { recursive: true, force: true })));

/**
 * A directory of its own for a test; with config.json if there is a configuration (an object, or text as it is).
 * @param {Object} _t the test, as everything here takes it first
 */
export function makeHome(_t, config) {
	const home = mkdtempSync(join(tmpdir(), 'eke-e2e-'));

	homes.push(home);
	mkdirSync(join(home, 'work'));
	if (config !== undefined)
		writeFileSync(join(home, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
	return home;
}

/* Nothing of the machine's but what a process needs: no keys, no proxies, no configuration. */
function environment(home, env) {
	const kept = ['PATH', 'LANG', 'TMPDIR', 'LD_LIBRARY_PATH'].filter((name) => process.env[name] !== undefined);

	return {
		...Object.fromEntries(kept.map((name) => [name, process.env[name]])),
		HOME: home,
		EKE_CONFIG: join(home, 'config.json'),
		EKE_STATE_DIR: join(home, 'state'),
		EKE_LOCAL_SERVERS: '', /* what runs on the machine is no part of a test */
		ASAN_OPTIONS: 'detect_leaks=1:exitcode=99',
		UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
		...env,
	};
}

/** A running eke. */
export class Program {
	/** @param {{home: string, args?: string[], env?: Object, shell?: string}} options args: the command and its arguments; shell: a script that starts it with "$@" */
	constructor({ home, args = ['serve'], env = {}, shell }) {
		const [command, words] = shell ? ['sh', ['-c', shell, 'sh', ...args]] : [EKE, args];

		this.home = home;
		this.stderr = '';
		this.end = null;
		this.child = spawn(command, words, { cwd: join(home, 'work'), env: environment(home, env), stdio: 'pipe' });
		this.closed = once(this.child, 'close').then(([code, signal]) => (this.end = { code, signal }));
		this.child.stdin.on('error', () => {}); /* it may end before it has read everything */
		this.wake = () => {};
		this.child.stderr.setEncoding('utf8').on('data', (data) => {
			this.stderr += data;
			this.wake();
		});
	}

	/** Resolves when standard error has had a match. */
	async stderrHas(words) {
		while (!words.test(this.stderr))
			await within(new Promise((resolve) => (this.wake = resolve)), () => `${words} was not said\n${this.log}`);
	}

	/** The last of what it logged, for messages. */
	get log() {
		return `--- eke's standard error\n${this.stderr.slice(-4000)}`;
	}

	/** Resolves when it has ended, with its exit code or the signal that killed it. Checks what must hold for any end. */
	async exit() {
		const { code, signal } = await within(this.closed, () => `eke did not end\n${this.log}`);

		for (const [sign, what] of SIGNS_OF_FAULTS) {
			const at = this.stderr.search(sign);
			assert.equal(at, -1, `${what}: ${this.stderr.slice(at, at + 4000)}`);
		}
		return signal ?? code;
	}

	kill(signal = 'SIGKILL') {
		if (!this.end)
			this.child.kill(signal);
	}
}

/**
 * Starts a command, which is killed after the test if it still runs then.
 * @param {Object} t the test
 * @param {{args: string[], config?: Object|string, home?: string, env?: Object, shell?: string}} options
 */
export function startProgram(t, { args, config, home = makeHome(t, config), env, shell }) {
	const program = new Program({ home, args, env, shell });

	t.after(() => program.kill());
	return program;
}

/**
 * Runs a command to its end.
 * @param {Object} t the test
 * @param {string[]} args
 * @param {{config?: Object|string, home?: string, env?: Object, input?: string}} [options]
 * @returns {Promise<{code: number|string, stdout: string, stderr: string, home: string}>}
 */
export async function run(t, args, { input = '', ...options } = {}) {
	const program = startProgram(t, { args, ...options });
	let stdout = '';

	program.child.stdout.setEncoding('utf8').on('data', (data) => (stdout += data));
	program.child.stdin.end(input);
	return { code: await program.exit(), stdout, stderr: program.stderr, home: program.home };
}
