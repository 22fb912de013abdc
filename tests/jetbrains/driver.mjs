/*
 * The plugin, as a driver for editors/conformance: a Java program that does what its first lines of standard input say, see
 * editors/jetbrains/src/test/java/eke/test/Remote.java.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export class JavaDriver {
	#child;
	#waiting = new Map();
	#id = 0;
	#words = '';

	/**
	 * command: the program that hosts the editor, with its arguments; env: more variables for it; keep: one process for all that is
	 * played with this driver, until end().
	 */
	constructor(command, env = {}, { keep = false } = {}) {
		this.program = command;
		this.env = env;
		this.keep = keep;
	}

	async start({ command, folder, options = {}, settings = {} }) {
		if (!this.#child) this.#launch();
		await this.call('start', { command, folder, options, settings });
	}

	#launch() {
		const [program, ...rest] = this.program;
		this.#child = spawn(program, rest, { env: { ...process.env, ...this.env }, stdio: ['pipe', 'pipe', 'pipe'] });
		this.#child.stderr.setEncoding('utf8').on('data', (text) => {
			this.#words = (this.#words + text).slice(-20_000);
		});
		this.#child.stdin.on('error', () => {});
		createInterface({ input: this.#child.stdout }).on('line', (line) => {
			if (!line.startsWith('{')) return;
			const { id, result, error } = JSON.parse(line);
			const { resolve, reject } = this.#waiting.get(id);
			this.#waiting.delete(id);
			if (error) reject(new Error(error));
			else resolve(result);
		});
		this.exited = new Promise((resolve) => {
			this.#child.on('exit', (status, signal) => {
				for (const { reject } of this.#waiting.values()) reject(new Error(`Java ended: ${status ?? signal}`));
				this.#waiting.clear();
				resolve();
			});
		});
	}

	call(method, params = {}) {
		const id = ++this.#id;
		return new Promise((resolve, reject) => {
			this.#waiting.set(id, { resolve, reject });
			this.#child.stdin.write(`${JSON.stringify({ id, method, params })}\n`);
		});
	}

	open(path, { line, column }) {
		return this.call('open', { path, line, column });
	}

	type(text) {
		return this.call('type', { text });
	}

	press(key) {
		return this.call('press', { key });
	}

	command(name, argument, lines) {
		return this.call('command', { name, with: argument, lines });
	}

	async choose(title) {
		const end = Date.now() + 10_000;
		while (!(await this.call('choose', { title })))
			if (Date.now() > end) throw new Error(`"${title}" was never offered`);
	}

	ghost() {
		return this.call('ghost');
	}

	buffer() {
		return this.call('buffer');
	}

	text(path) {
		return this.call('text', { path });
	}

	messages() {
		return this.call('messages');
	}

	status() {
		return this.call('status');
	}

	chat() {
		return this.call('chat');
	}

	/** What the program said on standard error. */
	picture() {
		return this.#words;
	}

	async stop() {
		if (!this.#child) return;
		await this.call('stop').catch(() => {});
		if (!this.keep) await this.end();
	}

	/** Ends the process. */
	async end() {
		if (!this.#child) return;
		this.#child.stdin.end();
		const timer = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
		await this.exited;
		clearTimeout(timer);
		this.#child = undefined;
	}
}
