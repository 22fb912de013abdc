/*
 * `eke gateway`: HTTP itself (RFC 9110, 9112), byte by byte over a socket, as clients that others wrote send it; and bodies that
 * are odd but right, or wrong.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { withUpstream, within } from './harness.mjs';
import { chat, start } from './support/gateway.mjs';

const BODY = JSON.stringify(chat());
const bytesOf = (text) => (typeof text === 'string' ? Buffer.from(text) : text);

/** A connection: `send(bytes)`, and `response()`, the next one as { status, headers, body } (latin1); `closed`. */
async function open(t, port) {
	const socket = connect(port, '127.0.0.1');
	let buffer = '';
	let ended = false;
	const state = { socket, send: (bytes) => socket.write(bytesOf(bytes)), closed: once(socket, 'close') };

	t.after(() => socket.destroy());
	socket.on('error', () => {});
	socket.on('data', (data) => { buffer += data.toString('latin1'); });
	socket.on('end', () => { ended = true; });
	await once(socket, 'connect');
	const until = async (look) => {
		for (;;) {
			const found = look();
			if (found !== undefined)
				return found;
			assert.ok(!ended, `the connection ended after ${buffer}`);
			await within(Promise.race([once(socket, 'data'), once(socket, 'end')]), () => `no more than ${JSON.stringify(buffer)}`);
		}
	};
	const take = (length) => {
		const text = buffer.slice(0, length);
		buffer = buffer.slice(length);
		return text;
	};

	state.response = async ({ head = false } = {}) => {
		const end = await until(() => (buffer.includes('\r\n\r\n') ? buffer.indexOf('\r\n\r\n') + 4 : undefined));
		const [line, ...lines] = take(end).trimEnd().split('\r\n');
		const headers = Object.fromEntries(lines.map((l) => [l.slice(0, l.indexOf(':')).toLowerCase(), l.slice(l.indexOf(':') + 1).trim()]));
		const status = Number(line.split(' ')[1]);
		let body = '';
		if (head || status === 204 || status < 200) {
			/* No body. */
		} else if (headers['content-length'] !== undefined) {
			const length = Number(headers['content-length']);
			await until(() => (buffer.length >= length ? true : undefined));
			body = take(length);
		} else if (headers['transfer-encoding'] === 'chunked') {
			for (;;) {
				const at = await until(() => (buffer.includes('\r\n') ? buffer.indexOf('\r\n') : undefined));
				const size = parseInt(take(at + 2), 16);
				await until(() => (buffer.length >= size + 2 ? true : undefined));
				body += take(size + 2).slice(0, size);
				if (!size)
					break;
			}
		} else {
			await until(() => (ended ? true : undefined));
			body = take(buffer.length);
		}
		return { status, headers, body, line };
	};
	return state;
}

async function setUp(t, options) {
	const upstream = await withUpstream(t, options);
	const gateway = await start(t, { upstream });
	const fixed = `Host: localhost\r\nAuthorization: Bearer ${gateway.token}\r\n`;
	const post = (body, more = '', { path = '/v1/chat/completions', version = '1.1' } = {}) => Buffer.concat([
		Buffer.from(`POST ${path} HTTP/${version}\r\n${fixed}Content-Length: ${bytesOf(body).length}\r\n${more}\r\n`), bytesOf(body),
	]);
	const ask = async (bytes, how) => {
		const connection = await open(t, gateway.port);

		connection.send(bytes);
		return connection.response(how);
	};

	return { ...gateway, upstream, fixed, post, ask };
}

/* --- messages --- */

test('HTTP/1.0, with and without Host: whole and streamed, and the connection ends', async (t) => {
	const { port, post, fixed } = await setUp(t);

	for (const stream of [false, true]) {
		const connection = await open(t, port);
		connection.send(post(JSON.stringify(chat({ stream })), '', { version: '1.0' }));
		const { status, headers, body } = await connection.response();
		assert.deepEqual([status, headers['transfer-encoding']], [200, undefined]);
		assert.match(body, stream ? /\[DONE\]/ : /loopback test upstream/);
		await within(connection.closed, () => 'it stays open');
	}
	const connection = await open(t, port);
	connection.send(`GET /v1/models HTTP/1.0\r\n${fixed.replace(/^Host.*\r\n/, '')}\r\n`);
	assert.equal((await connection.response()).status, 200);
});

test('a chunked body, one that comes after 100 Continue, and one that comes in pieces', async (t) => {
	const { port, fixed, ask } = await setUp(t);
	const head = `POST /v1/chat/completions HTTP/1.1\r\n${fixed}`;

	assert.equal((await ask(`${head}Transfer-Encoding: chunked\r\n\r\n5;x=y\r\n${BODY.slice(0, 5)}\r\n${(BODY.length - 5).toString(16)}\r\n${BODY.slice(5)}\r\n0\r\n\r\n`)).status, 200);
	const connection = await open(t, port);
	connection.send(`${head}Expect: 100-continue\r\nContent-Length: ${BODY.length}\r\n\r\n`);
	assert.equal((await connection.response()).status, 100);
	connection.send(BODY.slice(0, 7));
	connection.send(BODY.slice(7));
	assert.equal((await connection.response()).status, 200);
});

test('requests one behind the other on one connection, sent ahead or not, get their responses in order', async (t) => {
	const { port, post, fixed } = await setUp(t);
	const connection = await open(t, port);

	connection.send(Buffer.concat([post(JSON.stringify(chat({ stream: true }))), Buffer.from(`GET /v1/models HTTP/1.1\r\n${fixed}\r\n`), post(BODY)]));
	assert.match((await connection.response()).body, /\[DONE\]/);
	assert.equal(JSON.parse((await connection.response()).body).object, 'list');
	assert.equal(JSON.parse((await connection.response()).body).object, 'chat.completion');
	for (let i = 0; i < 20; i++) {
		connection.send(i % 2 ? post('{', '') : post(BODY));
		assert.equal((await connection.response()).status, i % 2 ? 400 : 200);
	}
	connection.send(post(BODY, 'Connection: close\r\n'));
	assert.equal((await connection.response()).headers.connection, 'close');
	await within(connection.closed, () => 'it stays open');
});

test('HEAD is GET without a body; the rest of the methods is refused, and says which are there', async (t) => {
	const { port, fixed } = await setUp(t, { models: ['chatty'] });
	const connection = await open(t, port);

	for (const [line, status, allow] of [
		['HEAD /v1/models', 200], ['HEAD /v1/models/chatty', 200], ['HEAD /v1/models/none', 404], ['HEAD /healthz', 200], ['HEAD /v1/chat/completions', 405, 'POST, OPTIONS'],
		['OPTIONS /v1/chat/completions', 204, 'GET, HEAD, POST, OPTIONS'], ['OPTIONS *', 204, 'GET, HEAD, POST, OPTIONS'],
	]) {
		connection.send(`${line} HTTP/1.1\r\n${fixed}\r\n`);
		const { status: got, headers } = await connection.response({ head: true });
		assert.deepEqual([got, headers.allow], [status, allow], line);
	}
	for (const [line, status, allow] of [
		['PUT /v1/chat/completions', 405, 'POST, OPTIONS'], ['PATCH /v1/embeddings', 405, 'POST, OPTIONS'], ['TRACE /v1/completions', 405, 'POST, OPTIONS'],
		['MADEUP /v1/models', 405, 'GET, HEAD, OPTIONS'], ['POST /healthz', 405, 'GET, HEAD, OPTIONS'], ['DELETE /v1/files', 404],
	]) {
		connection.send(`${line} HTTP/1.1\r\n${fixed}Content-Length: 0\r\n\r\n`);
		const { status: got, headers, body } = await connection.response();
		assert.deepEqual([got, headers.allow], [status, allow], line);
		assert.equal(JSON.parse(body).error.type, 'invalid_request_error');
	}
});

test('the absolute form of an address, whose host counts', async (t) => {
	const { ask, fixed } = await setUp(t);

	assert.equal((await ask(`GET http://localhost:1/v1/models HTTP/1.1\r\n${fixed}\r\n`)).status, 200);
	assert.equal((await ask(`GET HTTP://127.0.0.1/healthz HTTP/1.1\r\n${fixed}\r\n`)).status, 200);
	assert.equal((await ask(`GET http://evil.example/v1/models HTTP/1.1\r\n${fixed}\r\n`)).status, 421);
});

test('a head with two meanings is refused, and its connection ends', async (t) => {
	const { port, fixed, post, upstream } = await setUp(t);
	const two = `${fixed}Content-Length: 5\r\n`;

	for (const bytes of [
		post(BODY, 'Host: evil.example\r\n'), post(BODY, 'Authorization: Bearer other\r\n'), post(BODY, 'Content-Length: 5\r\n'),
		`POST /v1/chat/completions HTTP/1.1\r\n${two}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
	]) {
		const connection = await open(t, port);
		connection.send(bytes);
		const { status, headers, body } = await connection.response();
		assert.deepEqual([status, headers.connection, JSON.parse(body).error.code], [400, 'close', 'ambiguous_request']);
		await within(connection.closed, () => 'it stays open');
	}
	assert.equal(upstream.counted.length, 0);
});

test('blanks around the values of headers are none of them', async (t) => {
	const { port, token } = await setUp(t);
	const connection = await open(t, port);
	const send = async (authorization, wait) => {
		connection.send(`POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization:${authorization}\r\nX-Eke-Wait:${wait}\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`);
		return (await connection.response()).status;
	};

	assert.equal(await send(`  Bearer   ${token} \t`, ' 5 '), 200);
	for (const wait of ['5s', '-1', '+5', '1.5', '0x10', '', '99999999999999999999'])
		assert.equal(await send(`Bearer ${token}`, wait), 400, wait);
});

/* --- bodies --- */

test('the content type does not matter; a body that is compressed is refused', async (t) => {
	const { ask, post, upstream } = await setUp(t);

	for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-8', '']) {
		assert.equal((await ask(post(BODY, type && `Content-Type: ${type}\r\n`))).status, 200, type);
		assert.match(upstream.counted.at(-1).headers['content-type'], /^application\/json/);
	}
	assert.equal((await ask(post(BODY, 'Content-Encoding: identity\r\n'))).status, 200);
	const refused = await ask(post(gzipSync(BODY), 'Content-Encoding: gzip\r\n'));
	assert.deepEqual([refused.status, JSON.parse(refused.body).error.code], [415, 'unsupported_encoding']);
});

test('what is written stays as it is written: long numbers, escapes, members that come twice', async (t) => {
	const { ask, post, upstream } = await setUp(t);
	const messages = '"messages":[{"role":"user","content":"\\ud83d \\u0000 \\/ \\u00e4"}]';

	for (const body of [
		`{"model":"chatty","seed":123456789012345678901234567890,"temperature":1.0000000000000000001,"x":1e400,"y":-0.0,${messages}}`,
		`\n{ "model" : "chatty" ,${messages}\t}\r\n`, `{"model":"chatty","metadata":{"a":1,"a":2},"temperature":1,"temperature":0,${messages}}`,
	]) {
		assert.equal((await ask(post(body))).status, 200);
		assert.equal(upstream.counted.at(-1).rawBody, body);
	}
	/* As nearly everybody reads it, the last one counts. */
	const streamed = await ask(post(`{"model":"chatty","stream":false,"stream":true,${messages}}`));
	assert.match(streamed.headers['content-type'], /event-stream/);
	assert.match(streamed.body, /\[DONE\]/);
});

test('no model, null and an empty one are the first endpoint\'s; a byte order mark is none of the body', async (t) => {
	const { ask, post, upstream } = await setUp(t);

	for (const model of ['', '"model":null,', '"model":"",']) {
		assert.equal((await ask(post(`{${model}"messages":[{"role":"user","content":"x"}]}`))).status, 200, model);
		assert.equal(upstream.counted.at(-1).body.model, 'chatty');
	}
	assert.equal((await ask(post(`\ufeff${BODY}`))).status, 200);
	assert.equal(upstream.counted.at(-1).rawBody, BODY);
});

test('what is wrong with a body is said', async (t) => {
	const { ask, post, upstream } = await setUp(t);

	for (const [body, words] of [
		['', /empty/], ['{"model":"chatty",}', /byte 1[78]/], ['{"model":NaN}', /byte 9/], ['[]', /object/], [Buffer.from('{"model":"\xff"}', 'latin1'), /UTF-8/],
		[`{"x":${'['.repeat(5000)}${']'.repeat(5000)}}`, /nest|deep/], ['{"model":1}', /model must be a string/], ['{"model":"a","model":"b"}', /model.*twice|twice.*model/],
		[`${BODY}{}`, /byte/],
	]) {
		const { status, body: text } = await ask(post(body));
		const { error } = JSON.parse(text);
		assert.deepEqual([status, error.type, error.code], [400, 'invalid_request_error', 'invalid_json'], String(body).slice(0, 40));
		assert.match(error.message, words);
	}
	assert.equal(upstream.counted.length, 0);
});

/* --- what comes back --- */

test('a redirect of the endpoint does not lead the client away from the budget', async (t) => {
	const { ask, post, upstream } = await setUp(t, { scenario: '308-elsewhere' });
	const { status, headers, body } = await ask(post(BODY));

	assert.deepEqual([status, headers.location], [502, undefined]);
	assert.match(JSON.parse(body).error.message, /baseUrl/);
	assert.equal(upstream.counted.length, 1);
});

test('models whose ids have slashes, blanks and percent signs', async (t) => {
	const ids = ['chatty', 'meta-llama/Llama-3.1-8B', 'a b', 'x:free', '100%', 'ü/ö'];
	const { ask, fixed } = await setUp(t, { models: ids });

	for (const id of ids)
		for (const path of [id.split('/').map(encodeURIComponent).join('/'), encodeURIComponent(id), `test/${encodeURIComponent(id)}`]) {
			const { status, body } = await ask(`GET /v1/models/${path} HTTP/1.1\r\n${fixed}\r\n`);
			assert.equal(status, 200, path);
			assert.equal(JSON.parse(Buffer.from(body, 'latin1').toString()).id, path.startsWith('test/') ? `test/${id}` : id);
		}
});
