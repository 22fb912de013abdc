// The server worked from outside: a shell, a Vim test, another process. Not recorded, not counted.
//
//   GET  /__requests[?wait=N]   the records; with wait, when N counted requests are there
//   GET  /__scenarios           the catalogue
//   POST /__control             {"reset": true, "next": [scenario…], "default": scenario|null,
//                                "push": [id, text], "end": id, "cut": id, "release": id|"all"}

import { knownScenarios } from "./scenario.mjs";

export async function answerControl(upstream, request, response, url) {
	const say = (status, value) => {
		response.writeHead(status, { "content-type": "application/json" });
		response.end(`${JSON.stringify(value)}\n`);
	};
	try {
		if (request.method === "GET" && url.pathname === "/__requests") {
			const wait = url.searchParams.get("wait");
			if (wait !== null) await upstream.waitForRequests(Number(wait));
			return say(200, upstream.requests);
		}
		if (request.method === "GET" && url.pathname === "/__scenarios") return say(200, knownScenarios());
		if (request.method === "POST" && url.pathname === "/__control") {
			const chunks = [];
			for await (const chunk of request) chunks.push(chunk);
			await obey(upstream, JSON.parse(Buffer.concat(chunks).toString()));
			return say(200, { queued: upstream.queued, requests: upstream.requests.length, counted: upstream.counted.length });
		}
		return say(404, { error: `no ${request.method} ${url.pathname}` });
	} catch (error) {
		return say(400, { error: error.message });
	}
}

const ORDERS = {
	reset: (upstream, value) => value && upstream.reset(),
	next: (upstream, value) => upstream.next(...[value].flat()),
	default: (upstream, value) => upstream.setDefault(value),
	push: (upstream, [id, text]) => record(upstream, id).push(text),
	end: (upstream, id) => record(upstream, id).end(),
	cut: (upstream, id) => record(upstream, id).cut(),
	release: (upstream, id) => (id === "all" ? upstream.requests : [record(upstream, id)]).forEach((one) => one.release()),
};

async function obey(upstream, orders) {
	for (const order of Object.keys(orders)) {
		if (!Object.hasOwn(ORDERS, order)) throw new Error(`no order ${JSON.stringify(order)}; there are ${Object.keys(ORDERS).join(", ")}`);
	}
	for (const [order, act] of Object.entries(ORDERS)) {
		if (Object.hasOwn(orders, order)) await act(upstream, orders[order]);
	}
}

function record(upstream, id) {
	const found = upstream.requests.find((one) => one.id === id);
	if (!found) throw new Error(`there is no request ${id}`);
	return found;
}
