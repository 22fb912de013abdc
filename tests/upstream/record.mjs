// One request as this server got it, and the handles a test has on its answer. Lives as long as the server.

import { deferred } from "./clock.mjs";

export class UpstreamRecord {
	#released = deferred();
	#closed = deferred();
	#stream = null;
	#parsed = null;

	constructor(fields) {
		/** Number of the request on this server, from 1. */
		this.id = fields.id;
		this.method = fields.method;
		/** Without the query. */
		this.path = fields.path;
		this.query = fields.query;
		/** Names in lower case. */
		this.headers = fields.headers;
		this.httpVersion = fields.httpVersion;
		/** Number of the connection on this server, from 1. */
		this.connectionId = fields.connectionId;
		/** Route name of routes.mjs, or "unknown". */
		this.route = fields.route;
		/** Whether chatanywhere would count it: a POST for an answer. */
		this.counted = fields.counted;
		/** Monotonic ns: head here, body complete. */
		this.at = fields.at;
		/** The same moment by the wall clock, in ms. */
		this.wallMs = Date.now();
		this.receivedAt = undefined;
		/** The body's bytes. */
		this.rawBytes = Buffer.alloc(0);
		/** Name of the scenario that answers, "" for none. */
		this.scenario = "";
		/** HTTP status sent, undefined before it is. */
		this.status = undefined;
		/** Monotonic ns just before each write of the body; without splitBytes and flood a write is an event. */
		this.writtenAt = [];
		/** The answer left completely. */
		this.finished = false;
		/** The client closed before the answer was complete. */
		this.aborted = false;
		/** When it closed (monotonic ns), aborted or not. */
		this.closedAt = undefined;
	}

	/** The body as text. */
	get rawBody() {
		return this.rawBytes.toString("utf8");
	}

	/** The body parsed; undefined if it is empty or no strict JSON in valid UTF-8 (then `bodyError` says why). */
	get body() {
		this.#parse();
		return this.#parsed.value;
	}

	get bodyError() {
		this.#parse();
		return this.#parsed.error;
	}

	#parse() {
		if (this.#parsed) return;
		this.#parsed = {};
		if (this.rawBytes.length === 0) return;
		try {
			this.#parsed.value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.rawBytes));
		} catch (error) {
			this.#parsed.error = error.message;
		}
	}

	/** Whether the request asks for a stream. */
	get streams() {
		return this.body?.stream === true;
	}

	/** A held stream: sends one piece of text (of choice `index`). Resolves to the time of its write, in monotonic ns. */
	push(text, index = 0) {
		return this.#held().push(text, index);
	}

	/** A held stream: sends text as it is, e.g. "data: {…}\n\n" or half of it. */
	pushRaw(bytes) {
		return this.#held().pushRaw(bytes);
	}

	/** A held stream: finish reason, usage, [DONE] and the end, as the scenario has them. */
	end(finish = "stop") {
		return this.#held().end(finish);
	}

	/** A held stream: closes the connection in the middle. */
	cut() {
		return this.#held().cut();
	}

	/** Lets a stalled answer go on. May be called before it stalls. */
	release() {
		this.#released.resolve();
	}

	/** Resolves when the answer has left or the client is gone. */
	get closed() {
		return this.#closed.promise;
	}

	/** For the server: resolves at release(). */
	get released() {
		return this.#released.promise;
	}

	#held() {
		if (!this.#stream) throw new Error(`request ${this.id} (${this.method} ${this.path}) has no held stream: its scenario needs holdEvents, its body "stream": true`);
		return this.#stream;
	}

	/** For the server. */
	attach(stream) {
		this.#stream = stream;
	}

	/** For the server. */
	markClosed(at) {
		this.closedAt = at;
		this.#closed.resolve(this);
	}

	/** What GET /__requests shows. The key is not. */
	toJSON() {
		const headers = { ...this.headers };
		if (headers.authorization) headers.authorization = headers.authorization.replace(/[^\s]{1,}$/, "***");
		const { id, method, path, query, httpVersion, connectionId, route, counted, at, receivedAt, scenario, status, writtenAt, finished, aborted } = this;
		return { id, method, path, query, headers, httpVersion, connectionId, route, counted, at, receivedAt, body: this.body ?? this.rawBody, scenario, status, writtenAt, finished, aborted };
	}
}
