/*
 * The program on a terminal of its own: util-linux's script makes one.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { EKE, within } from './program.mjs';

const quote = (word) => `'${word.replaceAll("'", "'\\''")}'`;

/**
 * Starts it. What is typed goes in by type(); shown() resolves when the screen has had some text.
 * @param {Object} t the test, after which it is killed
 * @param {string} home
 * @param {string[]} args
 * @param {{columns?: number, env?: Object}} [options]
 */
export function startOnTerminal(t, home, args, { columns = 80, env = {} } = {}) {
	const command = `stty -echo cols ${columns}; exec ${[EKE, ...args].map(quote).join(' ')}`;
	const child = spawn('script', ['-qefc', command, '/dev/null'], {
		cwd: join(home, 'work'), stdio: ['pipe', 'pipe', 'inherit'],
		env: {
			PATH: process.env.PATH, HOME: home, EKE_CONFIG: join(home, 'config.json'), EKE_STATE_DIR: join(home, 'state'),
			EKE_LOCAL_SERVERS: '', TERM: 'xterm', SHELL: '/bin/sh', ...env,
		},
	});
	const terminal = { text: '', wake: () => {} };

	t.after(() => child.kill('SIGKILL'));
	child.stdout.setEncoding('utf8').on('data', (data) => {
		terminal.text += data;
		terminal.wake();
	});
	const closed = once(child, 'close');
	terminal.type = (text) => child.stdin.write(text);
	terminal.shown = async (text) => {
		while (!terminal.text.includes(text))
			await within(new Promise((resolve) => (terminal.wake = resolve)), () => `${text} was not shown: ${terminal.text}`);
	};
	/* The exit code; script itself says 128 more for a signal. */
	terminal.exit = async () => (await within(closed, () => `it did not end: ${terminal.text}`))[0];
	return terminal;
}

/** Runs it to its end: { code, text }. */
export async function onTerminal(t, home, args, options) {
	const terminal = startOnTerminal(t, home, args, options);
	const code = await terminal.exit();

	return { code, text: terminal.text };
}
