/*
 * Bytes of both framings: for tests that write bytes themselves, and the one message a line framing for vscode-jsonrpc,
 * which knows only the other.
 */
import assert from 'node:assert/strict';

import rpc from 'vscode-jsonrpc/node.js';

/** Text in, bytes out. */
export const frame = {
	lines: (text) => Buffer.from(`${text}\n`),
	'content-length': (text) => Buffer.from(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`),
};

/** Messages' texts out of bytes, taken in one framing and no other. Strict: eke writes exactly these headers. */
export class Splitter {
	constructor(framing) {
		this.framing = framing;
		this.bytes = Buffer.alloc(0);
	}

	/** Adds bytes; returns the texts that are complete. */
	feed(bytes) {
		const texts = [];

		this.bytes = Buffer.concat([this.bytes, bytes]);
		for (let text; (text = this.#next()) !== null;)
			texts.push(text);
		return texts;
	}

	#next() {
		const line = this.framing === 'lines';
		const head = this.bytes.indexOf(line ? '\n' : '\r\n\r\n');

		if (head < 0)
			return null;
		if (line)
			return this.#take(0, head, head + 1);
		const match = /^Content-Length: (\d+)$/.exec(this.bytes.toString('latin1', 0, head));
		assert.ok(match, `not the header that clients know: ${this.bytes.toString('utf8', 0, head)}`);
		const end = head + 4 + Number(match[1]);
		return end > this.bytes.length ? null : this.#take(head + 4, end, end);
	}

	#take(from, to, rest) {
		const text = new TextDecoder('utf-8', { fatal: true }).decode(this.bytes.subarray(from, to));

		this.bytes = this.bytes.subarray(rest);
		return text;
	}
}

/** vscode-jsonrpc's reader for one message a line. */
export class LineReader extends rpc.AbstractMessageReader {
	constructor(stream) {
		super();
		this.stream = stream;
	}

	listen(callback) {
		const splitter = new Splitter('lines');
		const onData = (bytes) => splitter.feed(bytes).forEach((text) => callback(JSON.parse(text)));

		this.stream.on('data', onData).on('close', () => this.fireClose());
		return { dispose: () => this.stream.off('data', onData) };
	}
}

/** … and its writer. */
export class LineWriter extends rpc.AbstractMessageWriter {
	constructor(stream) {
		super();
		this.stream = stream;
	}

	write(message) {
		return new Promise((resolve, reject) => {
			this.stream.write(frame.lines(JSON.stringify(message)), (error) => (error ? reject(error) : resolve()));
		});
	}

	end() {
		this.stream.end();
	}
}
