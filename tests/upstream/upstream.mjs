// eke's test upstream: a loopback HTTP server that speaks OpenAI's wire with every oddity known from the field, one scenario per
// request, and records what it got. README.md says how to use it.
//
// One Upstream per server; it owns the sockets, the records and the queue of scenarios. It never sleeps, and holds no timer but
// those of delayMs, which die with their connection.

import http from "node:http";
import http2 from "node:http2";
import https from "node:https";

import { deferred, monotonicNs } from "./clock.mjs";
import { answerControl } from "./control.mjs";
import { echoModel } from "./models.mjs";
import { UpstreamRecord } from "./record.mjs";
import { reply, replyBody } from "./reply.mjs";
import { findRoute } from "./routes.mjs";
import { findScenario, resolveScenario } from "./scenario.mjs";
import "./scenarios.mjs";
import { refuseBody, sideAnswer } from "./side.mjs";
import { makeCertificates } from "./tls.mjs";
import { ClientGone, Wire } from "./wire.mjs";

/**
 * @param {object} [options]
 * @param {number} [options.port] 0: any free one
 * @param {boolean|{names?: string[], ips?: string[]}} [options.tls] a certificate of an own CA, `caFile`; names to test wrong ones
 * @param {boolean} [options.http2] with tls: HTTP/2 by ALPN, HTTP/1.1 for who cannot
 * @param {boolean} [options.keepAlive] default true
 * @param {string} [options.key] demands "Authorization: Bearer KEY"
 * @param {Function} [options.answer] (record, index) => string | string[]; default echoModel()
 * @param {string|object} [options.scenario] for requests that name none
 * @param {string[]} [options.models] what GET /v1/models lists
 * @param {string} [options.owner] who owns them, by that list; a server is known by it
 * @param {boolean} [options.infill] false: a model that cannot fill in the middle, as llama.cpp says it
 * @param {(line: string) => void} [options.log] one line for each answer
 * @returns {Promise<Upstream>}
 */
export async function startUpstream(options = {}) {
	const upstream = new Upstream(options);
	await upstream.listen(options);
	return upstream;
}

const OPTIONS = ["port", "tls", "http2", "keepAlive", "key", "answer", "scenario", "models", "owner", "infill", "log"];

class Upstream {
	#server;
	#sockets = new Set();
	#wires = new Set();
	#ids = new WeakMap();
	#queue = [];
	#script = null;
	#fallback;
	#waiters = new Set();
	#certificates = null;
	#closing = null;
	#lastId = 0;

	constructor(options) {
		for (const name of Object.keys(options)) {
			if (!OPTIONS.includes(name)) throw new Error(`startUpstream: there is no option ${JSON.stringify(name)}`);
		}
		if (options.http2 && !options.tls) throw new Error("startUpstream: http2 needs tls");
		this.options = { keepAlive: true, answer: echoModel(), models: ["gpt-4o-mini", "gpt-4o", "gpt-3.5-turbo", "deepseek-r1"], ...options };
		/** Every request, from when its body is complete, or its client gone before. */
		this.requests = [];
		/** Connections accepted so far (TLS: handshakes done). */
		this.connections = 0;
		/** Handshakes that failed. */
		this.tlsErrors = [];
		/** What scenarios or this server threw. close() rejects if there is any. */
		this.errors = [];
		this.caFile = null;
		this.setDefault(options.scenario ?? null);
	}

	async listen({ port = 0, tls = false, http2: wantsHttp2 = false }) {
		if (tls) {
			this.#certificates = await makeCertificates(tls === true ? {} : tls);
			this.caFile = this.#certificates.caFile;
		}
		/* No idle timer of Node's own: a test that stalls does so on purpose. */
		const settings = { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0, noDelay: true };
		const secure = { ...settings, key: this.#certificates?.key, cert: this.#certificates?.cert };
		const handler = (request, response) => this.#serve(request, response);
		if (!tls) this.#server = http.createServer(settings, handler);
		else if (wantsHttp2) this.#server = http2.createSecureServer({ ...secure, allowHTTP1: true }, handler);
		else this.#server = https.createServer(secure, handler);
		this.#server.timeout = 0;
		this.#countConnections(Boolean(tls));
		this.#server.on("checkContinue", (request, response) => {
			response.writeContinue();
			this.#serve(request, response);
		});
		await new Promise((resolve, reject) => {
			this.#server.once("error", reject);
			this.#server.listen(port, "127.0.0.1", resolve);
		});
		this.port = this.#server.address().port;
		/** Base URL without /v1. */
		this.url = `${tls ? "https" : "http"}://127.0.0.1:${this.port}`;
	}

	#countConnections(tls) {
		const server = this.#server;
		server.on("connection", (socket) => {
			this.#sockets.add(socket);
			socket.on("close", () => this.#sockets.delete(socket));
			socket.on("error", () => {});
		});
		server.on("tlsClientError", (error) => this.tlsErrors.push(error));
		const count = (socket) => this.#ids.set(socket, ++this.connections);
		/* Before Node's own listener, which announces the HTTP/2 session from within the same event. */
		server.prependListener(tls ? "secureConnection" : "connection", count);
		server.on("session", (session) => this.#ids.set(session, this.connections));
	}

	/** Connections open now. */
	get openConnections() {
		return this.#sockets.size;
	}

	/** The requests that a counting provider would count. */
	get counted() {
		return this.requests.filter((record) => record.counted);
	}

	/** Queues scenarios (names or objects), one for each coming counted POST that does not name its own. */
	next(...scenarios) {
		scenarios.forEach(findScenario);
		this.#queue.push(...scenarios);
		return this;
	}

	/** How many queued scenarios nobody has used. */
	get queued() {
		return this.#queue.length;
	}

	/** Decides for any request: (record) => scenario, or undefined to leave it. The queue goes first. */
	script(fn) {
		this.#script = fn;
		return this;
	}

	/** The scenario for requests that nothing else decides; null for none. */
	setDefault(scenario) {
		if (scenario !== null) findScenario(scenario);
		this.#fallback = scenario;
	}

	/** Forgets records, queue, script and default. */
	reset() {
		this.requests.length = 0;
		this.#queue.length = 0;
		this.#script = null;
		this.setDefault(this.options.scenario ?? null);
	}

	/**
	 * Resolves to the first record, old or new, for which `predicate` is true. Asked again whenever a request is complete or over. Rejects
	 * if the server closes or breaks.
	 */
	waitFor(predicate) {
		return this.#waitUntil(() => this.requests.find(predicate), `waitFor(${predicate})`);
	}

	/** Resolves to the counted requests when there are at least n. */
	waitForRequests(n) {
		return this.#waitUntil(() => (this.counted.length >= n ? this.counted : undefined), `waitForRequests(${n})`);
	}

	#waitUntil(look, what) {
		const found = look();
		if (found !== undefined) return Promise.resolve(found);
		if (this.#closing) return Promise.reject(new Error(`${what}: the upstream is closed`));
		const waiter = { look, what, ...deferred() };
		this.#waiters.add(waiter);
		return waiter.promise;
	}

	#changed() {
		for (const waiter of this.#waiters) {
			let found;
			try {
				found = waiter.look();
			} catch (error) {
				this.#waiters.delete(waiter);
				waiter.reject(error);
				continue;
			}
			if (found === undefined) continue;
			this.#waiters.delete(waiter);
			waiter.resolve(found);
		}
	}

	#failWaiters(message, cause) {
		for (const { what, reject } of this.#waiters) reject(new Error(`${what}: ${message}; got ${this.requests.length} requests`, { cause }));
		this.#waiters.clear();
	}

	/** Closes at once, whatever is under way. Rejects if anything broke in here meanwhile. */
	close() {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	async #close() {
		const closed = new Promise((resolve) => {
			this.#server.close(resolve);
		});
		for (const wire of this.#wires) wire.wasCut = true;
		for (const socket of this.#sockets) socket.destroy();
		await closed;
		await this.#certificates?.dispose();
		this.#failWaiters("the upstream was closed");
		if (this.errors.length > 0) throw new AggregateError(this.errors, `test upstream: ${this.errors.map((error) => error.message).join("; ")}`);
	}

	async #serve(request, response) {
		const at = monotonicNs();
		request.on("error", () => {});
		const url = new URL(request.url, "http://upstream");
		const path = url.pathname;
		if (path.startsWith("/__")) return answerControl(this, request, response, url);
		const http2Session = request.httpVersionMajor >= 2 ? request.stream.session : null;
		const record = new UpstreamRecord({
			id: ++this.#lastId, method: request.method, path, query: url.search, headers: { ...request.headers },
			httpVersion: request.httpVersion, connectionId: this.#ids.get(http2Session ?? request.socket), at, ...findRoute(request.method, path),
		});
		const wire = new Wire(request, response, record);
		this.#wires.add(wire);
		record.closed.then(() => {
			this.#wires.delete(wire);
			if (record.receivedAt === undefined) this.requests.push(record);
			this.#log(record);
			this.#changed();
		});
		try {
			record.rawBytes = await wire.wait(readBody(request));
			record.receivedAt = monotonicNs();
			this.requests.push(record);
			const answered = this.#answer(record, wire);
			this.#changed();
			await answered;
		} catch (error) {
			if (!(error instanceof ClientGone)) this.#broke(error, wire);
		}
	}

	#answer(record, wire) {
		const context = { dialect: findRoute(record.method, record.path).dialect, answer: this.options.answer, keepAlive: this.options.keepAlive };
		const scenario = resolveScenario(this.#choose(record), record);
		record.scenario = scenario.name;
		if (scenario.body === undefined && !context.dialect) {
			const side = { ...scenario, ...sideAnswer(this, record) };
			return replyBody(side, record, wire, context, side.body);
		}
		return reply(scenario, record, wire, context);
	}

	/** What the request names goes before what the test queued. A request that the endpoint would refuse is refused and uses up nothing. */
	#choose(record) {
		const refused = this.#refusal(record);
		const named = namedScenario(record);
		if (named !== undefined && (!refused || findScenario(named).body !== undefined)) return named;
		if (refused) return refused;
		if (record.counted && this.#queue.length > 0) return this.#queue.shift();
		return this.#script?.(record) ?? (record.counted ? this.#fallback : null) ?? {};
	}

	#refusal(record) {
		const { route, headers } = record;
		if (route === "options" || route === "head") return null;
		if (route === "unknown") return "404-path";
		if (route === "wrong-method") return "405-method";
		if (this.options.key !== undefined) {
			/* The queries take the bare key (providers.md 1.5). */
			const bare = (route === "usage" || route === "balance") && headers.authorization === this.options.key;
			if (!bare && headers.authorization !== `Bearer ${this.options.key}`) return "401-apikey";
		}
		if (route === "half-path") return "403-model";
		/* llama.cpp looks at the model before it looks at the body. */
		if (route === "infill" && this.options.infill === false) return "501-no-infill";
		return refuseBody(record);
	}

	/** A broken test or server: say so everywhere. */
	#broke(error, wire) {
		this.errors.push(error);
		process.stderr.write(`test upstream: ${error.stack}\n`);
		this.#failWaiters(`the upstream broke: ${error.message}`, error);
		wire.fail(500, { error: { message: `eke's test upstream broke: ${error.message}`, type: "test_upstream_error", param: null, code: null } });
	}

	#log(record) {
		if (!this.options.log) return;
		const what = [record.method, record.path];
		if (record.body?.model) what.push(record.body.model);
		if (record.streams) what.push("stream");
		if (record.scenario) what.push(`[${record.scenario}]`);
		const took = ((record.closedAt - record.at) / 1e6).toFixed(1);
		const end = record.aborted ? "aborted by the client" : "done";
		this.options.log(`${record.id} ${what.join(" ")} -> ${record.status ?? "nothing"}, ${record.writtenAt.length} writes, ${took} ms, ${end}`);
	}
}

/** By header x-scenario (a name, or JSON), or by model "scenario/NAME". */
function namedScenario(record) {
	const header = record.headers["x-scenario"];
	if (header !== undefined) return header.startsWith("{") ? JSON.parse(header) : header;
	const model = record.body?.model;
	return typeof model === "string" && model.startsWith("scenario/") ? model.slice("scenario/".length) : undefined;
}

async function readBody(request) {
	const chunks = [];
	try {
		for await (const chunk of request) chunks.push(chunk);
	} catch (error) {
		throw new ClientGone("closed before its body was complete", { cause: error });
	}
	return Buffer.concat(chunks);
}
