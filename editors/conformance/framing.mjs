/* LSP's base protocol: messages in a stream of bytes, and the other way. Strict about what an adapter may send. */

const SEPARATOR = Buffer.from('\r\n\r\n');

/** The bytes of a message. */
export function frame(message) {
	const body = Buffer.from(JSON.stringify(message));
	return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
}

/** Cuts what is pushed into messages, and gives each to a function. */
export class Framing {
	#onMessage;
	#pending = Buffer.alloc(0);

	constructor(onMessage) {
		this.#onMessage = onMessage;
	}

	push(data) {
		this.#pending = Buffer.concat([this.#pending, data]);
		for (;;) {
			const at = this.#pending.indexOf(SEPARATOR);
			if (at < 0) return;
			const header = this.#pending.subarray(0, at).toString('latin1');
			const length = Number(/^Content-Length: *(\d+)$/im.exec(header)?.[1] ?? NaN);
			if (Number.isNaN(length)) throw new Error(`no Content-Length in ${JSON.stringify(header)}`);
			const start = at + SEPARATOR.length;
			if (this.#pending.length < start + length) return;
			const body = this.#pending.subarray(start, start + length).toString('utf8');
			this.#pending = this.#pending.subarray(start + length);
			this.#onMessage(JSON.parse(body));
		}
	}
}
