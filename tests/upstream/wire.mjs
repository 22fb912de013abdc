// The way out: when bytes leave, and that they leave one write at a time. One Wire per response; knows nothing of events.
//
// Nothing here sleeps. Every wait also ends when the client goes away, by throwing ClientGone, which the server takes as the end of
// the request and not as an error.

import { constants as http2 } from "node:http2";
import { deferred, monotonicNs } from "./clock.mjs";

export class ClientGone extends Error {}

/** As HTTP/1.1 frames it. */
function chunk(bytes) {
	return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
}

export class Wire {
	#gone = deferred();
	#timer = null;
	#closed = false;
	#ended = false;
	#unsent = 0;
	#drained = null;
	#sent = () => {
		this.#unsent--;
		if (this.#unsent === 0) this.#drained?.resolve();
	};

	constructor(request, response, record) {
		this.request = request;
		this.response = response;
		this.record = record;
		this.isHttp2 = request.httpVersionMajor >= 2;
		this.wasCut = false;
		/* The rejection is met by whoever waits; with nobody waiting it is no error. */
		this.#gone.promise.catch(() => {});
		response.on("error", () => {});
		response.on("finish", () => {
			/* On HTTP/2 Node says "finish" of every stream that is over. */
			record.finished = this.#ended && !(this.isHttp2 && request.stream.rstCode !== 0);
		});
		response.on("close", () => {
			this.#closed = true;
			clearTimeout(this.#timer);
			record.aborted = !record.finished && !this.wasCut;
			record.markClosed(monotonicNs());
			this.#gone.reject(new ClientGone());
		});
	}

	/** Waits for a promise or for the client to go. */
	wait(promise) {
		return Promise.race([promise, this.#gone.promise]);
	}

	/** For people to look at; the timer goes with the connection. */
	pause(ms) {
		return this.wait(new Promise((resolve) => {
			this.#timer = setTimeout(resolve, ms);
		}));
	}

	/** The head. HTTP/1.1's connection headers are left out on HTTP/2, which forbids them. */
	head(status, headers) {
		this.record.status = status;
		if (this.isHttp2) headers = Object.fromEntries(Object.entries(headers).filter(([name]) => !/^(connection|transfer-encoding)$/i.test(name)));
		this.chunked = headers["transfer-encoding"] === "chunked";
		this.response.writeHead(status, headers);
	}

	flushHead() {
		this.response.flushHeaders();
	}

	#check() {
		if (this.#closed || this.response.destroyed) throw new ClientGone();
	}

	/** One write. Resolves at once unless the client reads too slowly; then when it has caught up. */
	async write(bytes) {
		this.#check();
		this.record.writtenAt.push(monotonicNs());
		this.#unsent++;
		const more = this.response.write(bytes, this.#sent);
		/* Node corks the pieces of a chunk until the next tick; without this two events would share one write. */
		if (!this.isHttp2) this.response.socket?.uncork();
		if (!more) await this.wait(new Promise((resolve) => this.response.once("drain", resolve)));
	}

	/** One write, resolved when the kernel or the HTTP/2 session has it and the loop has turned once. */
	async writeFlushed(bytes) {
		this.#check();
		this.record.writtenAt.push(monotonicNs());
		await this.wait(new Promise((resolve, reject) => {
			this.response.write(bytes, (error) => (error ? reject(new ClientGone()) : resolve()));
			if (!this.isHttp2) this.response.socket?.uncork();
		}));
		await this.wait(new Promise((resolve) => setImmediate(resolve)));
	}

	/** In writes of n bytes, or cut at the offsets. */
	async writeSplit(bytes, { splitBytes, splitAt }) {
		if (splitAt) {
			let from = 0;
			for (const to of [...splitAt, bytes.length]) {
				const end = Math.min(to, bytes.length);
				if (end > from) await this.writeFlushed(bytes.subarray(from, end));
				from = Math.max(from, end);
			}
			return;
		}
		for (let from = 0; from < bytes.length; from += splitBytes)
			await this.writeFlushed(bytes.subarray(from, from + splitBytes));
	}

	/**
	 * Prepared buffers as fast as the client takes them. On HTTP/1.1 they go to the socket in chunks that were framed before, because
	 * framing by Node costs more than the write.
	 * @param {Buffer[]} buffers one write each; the same one may come often
	 */
	async flood(buffers) {
		this.#check();
		const raw = this.chunked;
		const target = raw ? this.response.socket : this.response;
		const framed = new Map(buffers.map((buffer) => [buffer, raw ? chunk(buffer) : buffer]));
		const { writtenAt } = this.record;
		writtenAt.push(monotonicNs());
		for (const buffer of buffers) {
			this.#check();
			if (!target.write(framed.get(buffer))) await this.wait(new Promise((resolve) => target.once("drain", resolve)));
		}
		writtenAt.push(monotonicNs());
	}

	end() {
		this.#check();
		this.#ended = true;
		this.response.end();
	}

	/** For the server's own failure: an error if the head has not left, else the connection is closed. Never throws. */
	fail(status, value) {
		if (this.#closed) return;
		if (this.response.headersSent) {
			this.wasCut = true;
			if (this.isHttp2) this.request.stream.close(http2.NGHTTP2_INTERNAL_ERROR);
			else this.request.socket.destroy();
			return;
		}
		this.head(status, { "content-type": "application/json" });
		this.#ended = true;
		this.response.end(JSON.stringify(value));
	}

	/** Closes the connection (HTTP/2: breaks off the stream). What was written before has left. */
	async cut({ reset = false } = {}) {
		this.#check();
		this.wasCut = true;
		if (this.#unsent > 0) {
			this.#drained = deferred();
			await this.wait(this.#drained.promise);
		}
		const { socket, stream } = this.request;
		if (this.isHttp2) stream.close(http2.NGHTTP2_INTERNAL_ERROR);
		else if (reset) socket.resetAndDestroy();
		else socket.destroy();
	}
}
