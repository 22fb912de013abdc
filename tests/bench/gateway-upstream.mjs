/*
 * The endpoint of tests/bench/gateway.mjs, in a process of its own. A plain request is answered at once. Streams wait until as many
 * as the path's query says are there; then each gets its events in turn, one by one, so that no stream is ahead of another here.
 * Prints its port.
 */
import { createServer } from 'node:http';

const PLAIN = JSON.stringify({ id: 'b', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: 'x'.repeat(400) }, finish_reason: 'stop' }] });
const EVENT = `data: ${JSON.stringify({ id: 'b', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content: ' token' }, finish_reason: null }] })}\n\n`;
const waiting = [];

/* Not faster than the clients read: a slow one must not make this process hold everything. */
async function drained(response) {
	if (response.writableNeedDrain)
		await new Promise((resolve) => response.once('drain', resolve));
}

async function pour(streams, events) {
	for (let i = 0; i < events; i++) {
		for (const stream of streams)
			stream.write(EVENT);
		await Promise.all(streams.map(drained));
		await new Promise(setImmediate);
	}
	for (const stream of streams)
		stream.end('data: [DONE]\n\n');
}

const server = createServer(async (request, response) => {
	let text = '';
	for await (const piece of request)
		text += piece;
	const body = JSON.parse(text);

	if (!body.stream) {
		response.writeHead(200, { 'content-type': 'application/json', 'content-length': PLAIN.length });
		response.end(PLAIN);
		return;
	}
	response.writeHead(200, { 'content-type': 'text/event-stream' });
	response.flushHeaders();
	waiting.push(response);
	if (waiting.length >= body.x_together)
		pour(waiting.splice(0), body.x_events);
});

server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', 2048, () => console.log(server.address().port));
