/*
 * The least that a program needs to talk to `eke serve`: the child process, Content-Length framing both ways, and requests
 * that find their answers. It lives as long as the process that it starts.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const STDERR_KEPT = 4000;

export class Client {
	#child;
	#in = Buffer.alloc(0);
	#lastId = 0;
	#pending = new Map();
	#listeners = new Map();
	#stderr = '';
	#over;

	/** @param {{command: string, env: object, patience: number}} options patience: ms that an answer may take */
	constructor({ command, env, patience }) {
		this.#child = spawn(command, ['serve'], { env, stdio: ['pipe', 'pipe', 'pipe'] });
		this.patience = patience;
		this.#child.stdout.on('data', (bytes) => this.#take(bytes));
		this.#child.stderr.on('data', (bytes) => {
			this.#stderr = (this.#stderr + bytes).slice(-STDERR_KEPT);
		});
		/* A write to a process that has ended: its end is reported below. */
		this.#child.stdin.on('error', () => {});
		this.#child.on('error', (error) => this.#end(`${command} cannot be started: ${error.message}`));
		this.#child.on('close', (code, signal) => this.#end(`${command} ended with ${signal ?? `status ${code}`}`));
	}

	/** The end of what the server wrote to standard error. */
	get log() {
		return this.#stderr.trim();
	}

	/** Calls fn(params) for each notification of that method. */
	on(method, fn) {
		this.#listeners.set(method, fn);
	}

	notify(method, params) {
		this.#send({ jsonrpc: '2.0', method, params });
	}

	/** Resolves to the result; rejects with the server's sentence, or if the server has ended or is too slow. */
	request(method, params) {
		const id = ++this.#lastId;
		if (this.#over) return Promise.reject(new Error(this.#over));
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => {
				this.#pending.delete(id);
				reject(new Error(`eke did not answer ${method} within ${this.patience / 1000} s`));
			}, this.patience);
			this.#pending.set(id, { resolve, reject, timer, method });
			this.#send({ jsonrpc: '2.0', id, method, params });
		});
	}

	/** Shuts the server down as LSP has it; resolves to its exit status. */
	async close() {
		const closed = once(this.#child, 'close');
		await this.request('shutdown');
		this.notify('exit');
		const [code] = await closed;
		return code;
	}

	kill() {
		this.#child.kill('SIGKILL');
	}

	#send(message) {
		const body = Buffer.from(JSON.stringify(message));
		this.#child.stdin.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]));
	}

	#take(bytes) {
		this.#in = Buffer.concat([this.#in, bytes]);
		for (;;) {
			const head = this.#in.indexOf('\r\n\r\n');
			if (head < 0) return;
			const length = Number(/^content-length:\s*(\d+)/im.exec(this.#in.toString('latin1', 0, head))?.[1]);
			const end = head + 4 + length;
			if (!(this.#in.length >= end)) return;
			const message = JSON.parse(this.#in.toString('utf8', head + 4, end));
			this.#in = this.#in.subarray(end);
			this.#dispatch(message);
		}
	}

	#dispatch(message) {
		if (message.method !== undefined) {
			this.#listeners.get(message.method)?.(message.params);
			return;
		}
		const waiting = this.#pending.get(message.id);
		if (!waiting) return;
		this.#pending.delete(message.id);
		clearTimeout(waiting.timer);
		if (message.error) waiting.reject(new Error(`eke refused ${waiting.method}: ${message.error.message}`));
		else waiting.resolve(message.result);
	}

	#end(why) {
		this.#over ??= why;
		for (const { reject, timer } of this.#pending.values()) {
			clearTimeout(timer);
			reject(new Error(this.#over));
		}
		this.#pending.clear();
	}
}
