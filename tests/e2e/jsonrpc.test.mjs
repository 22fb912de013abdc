/*
 * JSON-RPC: which messages are taken, which are refused and how, ids as they were written, cancellation, and JSON that other
 * parsers stumble over.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { extractHole } from '../upstream/models.mjs';
import { configFor, startRaw, startServer, withUpstream } from './harness.mjs';

/* What is sent, the id of its answer, and the code. */
const refused = [
	['no JSON', '{"jsonrpc":"2.0","id":1,"method":', 'null', -32700],
	['a word', 'hello', 'null', -32700],
	['single quotes', "{'jsonrpc':'2.0','id':1,'method':'budget/get'}", 'null', -32700],
	['a comma too many', '{"jsonrpc":"2.0","id":1,"method":"budget/get",}', 'null', -32700],
	['a comment', '{"jsonrpc":"2.0","id":1,"method":"budget/get"/*x*/}', 'null', -32700],
	['trailing bytes', '{"jsonrpc":"2.0","id":1,"method":"budget/get"} x', 'null', -32700],
	['two messages in one', '{"jsonrpc":"2.0","id":1,"method":"budget/get"}{"jsonrpc":"2.0","id":2,"method":"budget/get"}', 'null', -32700],
	['NaN', '{"jsonrpc":"2.0","id":1,"method":"budget/get","params":{"x":NaN}}', 'null', -32700],
	['a number with a leading zero', '{"jsonrpc":"2.0","id":1,"method":"budget/get","params":{"x":01}}', 'null', -32700],
	['a number that begins with its point', '{"jsonrpc":"2.0","id":1,"method":"budget/get","params":{"x":.5}}', 'null', -32700],
	['a number with a plus', '{"jsonrpc":"2.0","id":1,"method":"budget/get","params":{"x":+5}}', 'null', -32700],
	['half a number', '{"jsonrpc":"2.0","id":1,"method":"budget/get","params":{"x":1.e}}', 'null', -32700],
	['a bad escape', '{"jsonrpc":"2.0","id":1,"method":"budget/get","params":{"x":"\\x"}}', 'null', -32700],
	['half an escape', '{"jsonrpc":"2.0","id":1,"method":"budget/get","params":{"x":"\\u12"}}', 'null', -32700],
	['a tab in a string', '{"jsonrpc":"2.0","id":1,"method":"budget/get","params":{"x":"\t"}}', 'null', -32700],
	['depth 10000', `{"jsonrpc":"2.0","id":1,"method":"budget/get","params":{"x":${'['.repeat(10000)}${']'.repeat(10000)}}}`, 'null', -32700],
	['depth 10000 of objects', `${'{"a":'.repeat(10000)}1${'}'.repeat(10000)}`, 'null', -32700],
	['depth without end', '['.repeat(100000), 'null', -32700],

	['a number', '42', 'null', -32600],
	['a string', '"x"', 'null', -32600],
	['null', 'null', 'null', -32600],
	['a batch', '[{"jsonrpc":"2.0","id":1,"method":"budget/get"}]', 'null', -32600],
	['an empty batch', '[]', 'null', -32600],
	['no version', '{"id":1,"method":"budget/get"}', '1', -32600],
	['version 1.0', '{"jsonrpc":"1.0","id":1,"method":"budget/get"}', '1', -32600],
	['a version that is a number', '{"jsonrpc":2.0,"id":1,"method":"budget/get"}', '1', -32600],
	['a key in another case', '{"JSONRPC":"2.0","id":1,"method":"budget/get"}', '1', -32600],
	['a method that is a number', '{"jsonrpc":"2.0","id":1,"method":5}', '1', -32600],
	['a method that is null', '{"jsonrpc":"2.0","id":1,"method":null}', '1', -32600],
	['a method that is very long', `{"jsonrpc":"2.0","id":1,"method":"${'x'.repeat(5000)}"}`, '1', -32600],
	['neither method nor result', '{"jsonrpc":"2.0","id":1}', '1', -32600],
	['an empty object', '{}', 'null', -32600],
	['id true', '{"jsonrpc":"2.0","id":true,"method":"budget/get"}', 'null', -32600],
	['id object', '{"jsonrpc":"2.0","id":{"a":1},"method":"budget/get"}', 'null', -32600],
	['id array', '{"jsonrpc":"2.0","id":[1],"method":"budget/get"}', 'null', -32600],
	['an id with a leading zero', '{"jsonrpc":"2.0","id":01,"method":"budget/get"}', 'null', -32700],
	['a very long id', `{"jsonrpc":"2.0","id":"${'i'.repeat(5000)}","method":"budget/get"}`, 'null', -32600],
	['a very long number as id', `{"jsonrpc":"2.0","id":${'1'.repeat(5000)},"method":"budget/get"}`, 'null', -32600],
	['a second initialize', '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}', '1', -32600],

	['an unknown method', '{"jsonrpc":"2.0","id":1,"method":"textDocument/hover","params":{}}', '1', -32601],
	['an empty method', '{"jsonrpc":"2.0","id":1,"method":""}', '1', -32601],
	['a notification as a request', '{"jsonrpc":"2.0","id":1,"method":"textDocument/didOpen"}', '1', -32601],
	['a method in another case', '{"jsonrpc":"2.0","id":1,"method":"Budget/Get"}', '1', -32601],
	['a method that asks for bytes', '{"jsonrpc":"2.0","id":1,"method":"%s%n\\u0000"}', '1', -32601],

	['params that are a string', '{"jsonrpc":"2.0","id":1,"method":"budget/get","params":"x"}', '1', -32602],
	['params that are a number', '{"jsonrpc":"2.0","id":1,"method":"budget/get","params":0}', '1', -32602],
	['params that are false', '{"jsonrpc":"2.0","id":1,"method":"budget/get","params":false}', '1', -32602],
	['params that are an array with elements', '{"jsonrpc":"2.0","id":1,"method":"budget/get","params":[{}]}', '1', -32602],
	['chat without messages', '{"jsonrpc":"2.0","id":1,"method":"chat/complete"}', '1', -32602],
	['chat with no message', '{"jsonrpc":"2.0","id":1,"method":"chat/complete","params":{"messages":[]}}', '1', -32602],
	['chat with null messages', '{"jsonrpc":"2.0","id":1,"method":"chat/complete","params":{"messages":null}}', '1', -32602],
	['a message without role', '{"jsonrpc":"2.0","id":1,"method":"chat/complete","params":{"messages":[{"content":"x"}]}}', '1', -32602],
	['a message of a tool', '{"jsonrpc":"2.0","id":1,"method":"chat/complete","params":{"messages":[{"role":"tool","content":"x"}]}}', '1', -32602],
	['a message with parts', '{"jsonrpc":"2.0","id":1,"method":"chat/complete","params":{"messages":[{"role":"user","content":[]}]}}', '1', -32602],
	['a message that is a string', '{"jsonrpc":"2.0","id":1,"method":"chat/complete","params":{"messages":["x"]}}', '1', -32602],
	['a temperature of 3', '{"jsonrpc":"2.0","id":1,"method":"chat/complete","params":{"messages":[{"role":"user","content":"x"}],"temperature":3}}', '1', -32602],
	['no tokens at all', '{"jsonrpc":"2.0","id":1,"method":"chat/complete","params":{"messages":[{"role":"user","content":"x"}],"maxTokens":0}}', '1', -32602],
	['a model that is a number', '{"jsonrpc":"2.0","id":1,"method":"chat/complete","params":{"messages":[{"role":"user","content":"x"}],"model":1}}', '1', -32602],
	['models of endpoint 5', '{"jsonrpc":"2.0","id":1,"method":"models/list","params":{"endpoint":5}}', '1', -32602],
	['an unknown command', '{"jsonrpc":"2.0","id":1,"method":"workspace/executeCommand","params":{"command":"eke.fly"}}', '1', -32602],
	['no command', '{"jsonrpc":"2.0","id":1,"method":"workspace/executeCommand","params":{}}', '1', -32602],
	['arguments that are an object', '{"jsonrpc":"2.0","id":1,"method":"workspace/executeCommand","params":{"command":"eke.accept","arguments":{}}}', '1', -32602],
	['a completion without position', '{"jsonrpc":"2.0","id":1,"method":"textDocument/inlineCompletion","params":{"textDocument":{"uri":"file:///x"}}}', '1', -32602],
	['a completion at a negative line', '{"jsonrpc":"2.0","id":1,"method":"textDocument/inlineCompletion","params":{"textDocument":{"uri":"file:///x"},"position":{"line":-1,"character":0}}}', '1', -32602],
	['a completion in no document', '{"jsonrpc":"2.0","id":1,"method":"textDocument/inlineCompletion","params":{"position":{"line":0,"character":0}}}', '1', -32602],
	['a completion in a document that is not open', '{"jsonrpc":"2.0","id":1,"method":"textDocument/inlineCompletion","params":{"textDocument":{"uri":"file:///x"},"position":{"line":0,"character":0}}}', '1', -32602],
	['chat with no such endpoint', '{"jsonrpc":"2.0","id":1,"method":"chat/complete","params":{"messages":[{"role":"user","content":"x"}],"endpoint":"moon"}}', '1', -32803],
];

for (const framing of ['content-length', 'lines']) {
	test(`refusals, ${framing}`, async (t) => {
		const raw = startRaw(t, { framing });

		await raw.initialize();
		for (const [name, text, id, code] of refused) {
			await t.test(name, async () => {
				raw.expect(id, JSON.parse(/"method":("[^"]*")/.exec(text)?.[1] ?? 'null'));
				await raw.send(text);
				const { message } = await raw.error(id, code);
				assert.ok(message.length > 10 && !/[\n\r\0]/.test(message), message);
				await raw.ping();
			});
		}
		await raw.shutDown();
	});
}

test('invalid UTF-8 is refused', async (t) => {
	const raw = startRaw(t);

	await raw.initialize();
	for (const bytes of ['\xff', '\xc3', '\xed\xa0\x80', '\xc0\x80', '\xf5\x80\x80\x80', '\xe2\x82']) {
		const text = Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"budget/get","params":{"x":"${bytes}"}}`, 'latin1');
		await raw.write(`Content-Length: ${text.length}\r\n\r\n`);
		await raw.write(text);
		await raw.error('null', -32700);
	}
	await raw.ping();
	await raw.shutDown();
});

/* Messages that ask for nothing: no answer at all, and the next request works. */
const ignored = [
	['an unknown notification', '{"jsonrpc":"2.0","method":"textDocument/willSave","params":{}}'],
	['an optional notification', '{"jsonrpc":"2.0","method":"$/somethingOfTheClient","params":{}}'],
	['a request as a notification', '{"jsonrpc":"2.0","method":"budget/get"}'],
	['a notification with wrong params', '{"jsonrpc":"2.0","method":"textDocument/didOpen","params":5}'],
	['a response to nothing', '{"jsonrpc":"2.0","id":99,"result":null}'],
	['an error for nothing', '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}'],
	['the cancellation of nothing', '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":77}}'],
	['a cancellation without id', '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{}}'],
	['a cancellation without params', '{"jsonrpc":"2.0","method":"$/cancelRequest"}'],
	['the cancellation of nothing, Vim\'s form', '{"jsonrpc":"2.0","method":"$/cancelRequest","id":77}'],
	['edits of a document that is not open', '{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":"file:///no"},"contentChanges":[{"text":"x"}]}}'],
	['the end of one that is not open', '{"jsonrpc":"2.0","method":"textDocument/didClose","params":{"textDocument":{"uri":"file:///no"}}}'],
	['a saved one that is not open', '{"jsonrpc":"2.0","method":"textDocument/didSave","params":{"textDocument":{"uri":"file:///no"}}}'],
	['an item that never was', '{"jsonrpc":"2.0","method":"textDocument/didShowCompletion","params":{"item":{"insertText":"x","command":{"arguments":["x"]}}}}'],
	['settings that are none', '{"jsonrpc":"2.0","method":"workspace/didChangeConfiguration","params":{"settings":[]}}'],
	['a trace of an unknown kind', '{"jsonrpc":"2.0","method":"$/setTrace","params":{"value":"loud"}}'],
	['a second initialized', '{"jsonrpc":"2.0","method":"initialized","params":{}}'],
];

test('messages without an answer', async (t) => {
	const raw = startRaw(t);

	await raw.initialize();
	for (const [name, text] of ignored) {
		await t.test(name, async () => {
			await raw.send(text);
			await raw.ping();
		});
	}
	await raw.shutDown();
});

/* Ids as written; they come back digit for digit. */
const ids = [
	'0', '-1', '9007199254740993', '9223372036854775807', '-9223372036854775808', '123456789012345678901234567890', '1.50', '1e5', '-0.0',
	'1E+2', '""', '"7"', '"\\u0041\\n\\"\\\\"', '"\\ud800"', `"${'x'.repeat(200)}"`, '"ö😀"', 'null',
];

for (const framing of ['content-length', 'lines']) {
	test(`ids are echoed as they came, ${framing}`, async (t) => {
		const raw = startRaw(t, { framing });

		await raw.initialize();
		for (const id of ids) {
			await raw.request(id, 'budget/get', {});
			await raw.response(id);
			await raw.request(id, 'no/method', {});
			await raw.error(id, -32601);
		}
		await raw.shutDown();
	});
}

test('an id that stands behind its params, and blanks around it', async (t) => {
	const raw = startRaw(t);

	await raw.initialize();
	raw.expect('9007199254740993', 'budget/get');
	await raw.send(' {"params" : {"id": 1, "x": [{"id": 2}], "y": "\\"id\\":3"} , "method" : "budget/get" , "id" : \t9007199254740993 \n, "jsonrpc" : "2.0"}');
	await raw.response('9007199254740993');
	await raw.shutDown();
});

/* Of duplicate keys the first counts, for the id as for the rest. */
test('duplicate keys', async (t) => {
	const raw = startRaw(t);

	await raw.initialize();
	raw.expect('1', 'budget/get');
	await raw.send('{"jsonrpc":"2.0","id":1,"id":2,"method":"budget/get","method":"no/method"}');
	await raw.response('1');
	await raw.shutDown();
});

test('the forms of no params', async (t) => {
	const raw = startRaw(t);
	let n = 0;

	for (const method of ['initialize', 'budget/get', 'shutdown']) {
		for (const params of method === 'budget/get' ? ['', ',"params":null', ',"params":[]', ',"params":{}', ',"params": [ ] '] : [',"params":null']) {
			const id = String(++n);
			raw.expect(id, method);
			await raw.send(`{"jsonrpc":"2.0","id":${id},"method":"${method}"${params}}`);
			assert.ok('result' in (await raw.response(id)).message);
		}
	}
	await raw.send('{"jsonrpc":"2.0","method":"exit","params":[]}');
	assert.equal(await raw.exit(), 0);
});

test('before initialize and after shutdown', async (t) => {
	const raw = startRaw(t);

	for (const method of ['budget/get', 'chat/complete', 'shutdown', 'no/method']) {
		await raw.request('1', method, {});
		await raw.error('1', -32002);
	}
	/* Dropped: the document is not open afterwards. */
	await raw.notify('textDocument/didOpen', { textDocument: { uri: 'file:///early.c', languageId: 'c', version: 1, text: 'int ' } });
	await raw.initialize();
	await raw.request('1', 'textDocument/inlineCompletion', { textDocument: { uri: 'file:///early.c' }, position: { line: 0, character: 4 } });
	await raw.error('1', -32602);
	await raw.request('2', 'shutdown');
	await raw.response('2');
	for (const method of ['budget/get', 'initialize', 'shutdown', 'no/method']) {
		await raw.request('3', method, {});
		await raw.error('3', -32600);
	}
	await raw.notify('textDocument/didOpen', {});
	await raw.notify('exit');
	assert.equal(await raw.exit(), 0);
});

const chat = (content) => ({ messages: [{ role: 'user', content }] });

test('shutdown answers what is under way', async (t) => {
	const upstream = await withUpstream(t, { scenario: { stall: 'head' } });
	const raw = startRaw(t, { config: configFor(upstream) });

	await raw.initialize();
	await raw.request('1', 'chat/complete', chat('one'));
	await upstream.waitForRequests(1);
	await raw.request('2', 'shutdown');
	const answers = [(await raw.nextResponse()).id, (await raw.nextResponse()).id];
	assert.deepEqual(answers.sort(), ['1', '2']);
	await raw.notify('exit');
	assert.equal(await raw.exit(), 0);
});

test('an id in use is refused, and free again after the answer', async (t) => {
	const upstream = await withUpstream(t);
	const raw = startRaw(t, { config: configFor(upstream) });

	upstream.next({ holdEvents: true });
	await raw.initialize();
	await raw.request('5', 'chat/complete', chat('one'));
	const [record] = await upstream.waitForRequests(1);
	await raw.send('{"jsonrpc":"2.0","id":5,"method":"budget/get"}');
	const { message } = await raw.nextResponse({ keep: true });
	assert.equal(message.error.code, -32600);
	/* As text: these are other ids. */
	for (const other of ['"5"', '5.0', '5e0']) {
		await raw.request(other, 'budget/get', {});
		await raw.response(other);
	}
	await record.push('done');
	await record.end();
	assert.equal((await raw.response('5')).message.result.message.content, 'done');
	await raw.request('5', 'budget/get', {});
	await raw.response('5');
	await raw.shutDown();
});

const cancellations = [
	['LSP', '7', '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":7}}'],
	['Vim', '7', '{"jsonrpc":"2.0","method":"$/cancelRequest","id":7}'],
	['Vim, with null params', '7', '{"jsonrpc":"2.0","method":"$/cancelRequest","id":7,"params":null}'],
	['a string', '"a b"', '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":"a b"}}'],
	['int64', '9007199254740993', '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":9007199254740993}}'],
	['int64, Vim', '-9223372036854775808', '{"jsonrpc":"2.0","method":"$/cancelRequest","id":-9223372036854775808}'],
	['a fraction, with other members', '1.50', '{"jsonrpc":"2.0","params":{"x":{"id":3},"id": 1.50 ,"y":1},"method":"$/cancelRequest"}'],
];

test('cancellation', async (t) => {
	const upstream = await withUpstream(t, { scenario: { stall: 'head' } });
	const raw = startRaw(t, { config: configFor(upstream) });
	let asked = 0;

	await raw.initialize();
	for (const [name, id, text] of cancellations) {
		await t.test(name, async () => {
			await raw.request(id, 'chat/complete', chat(name));
			const record = (await upstream.waitForRequests(++asked)).at(-1);
			/* Ids that are near. */
			for (const other of ['"7"', '70', '9007199254740992', '"9007199254740993"', '1.5', '"a"'])
				await raw.send(`{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":${other}}}`);
			await raw.ping();
			await raw.send(text);
			await raw.error(id, -32800);
			await raw.send(text);
			await raw.ping();
			await record.closed;
			assert.ok(record.aborted);
		});
	}
	await raw.shutDown();
});

test('every request that takes time can be cancelled', async (t) => {
	const upstream = await withUpstream(t);
	const eke = await startServer(t, { config: configFor(upstream) });

	upstream.script(() => ({ stall: 'firstByte' }));
	await eke.initialize();
	const doc = await eke.open('int main(void) { ret‸ }');
	for (const start of [() => eke.startChat('hello'), () => doc.startComplete(), () => eke.start('models/list', {})]) {
		const before = upstream.requests.length;
		const call = start();
		await upstream.waitFor((record) => record.id > before);
		call.cancel();
		await assert.rejects(call.answer, { code: -32800 });
	}
	/* At once, before anything was done. */
	const call = eke.startChat('hello');
	call.cancel();
	await assert.rejects(call.answer, { code: -32800 });
});

/* --- text that goes through: what a client writes is what the service gets, and back --- */

const strings = [
	['NUL', '"a\\u0000b"', 'a\ufffdb'],
	['a lone high surrogate', '"a\\ud83db"', 'a\ufffdb'],
	['a lone low surrogate', '"a\\ude00b"', 'a\ufffdb'],
	['surrogates the wrong way round', '"\\ude00\\ud83d"', '\ufffd\ufffd'],
	['a high surrogate at the end', '"\\ud83d"', '\ufffd'],
	['a high surrogate and another escape', '"\\ud83d\\n"', '\ufffd\n'],
	['a pair', '"\\ud83d\\ude00"', '😀'],
	['a pair in upper case', '"\\uD83D\\uDE00"', '😀'],
	['every short escape', '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\/\b\f\n\r\t'],
	['escaped letters', '"\\u0041\\u00e9\\u4f60"', 'Aé你'],
	['line separators', '"\\u2028\u2029"', '\u2028\u2029'],
	['DEL and C1', '"\\u007f\\u0080"', '\u007f\u0080'],
	['noncharacters', '"\\uffff\\ufffe"', '\uffff\ufffe'],
	['a format', '"%s%n%100000d"', '%s%n%100000d'],
	['nothing but a quote', '"\\""', '"'],
];

test('strings that others stumble over', async (t) => {
	const upstream = await withUpstream(t, { answer: (record) => record.body.messages[0].content });
	const raw = startRaw(t, { config: configFor(upstream) });
	const uri = 'file:///text.c';

	await raw.initialize();
	for (const [n, [name, json, expected]] of strings.entries()) {
		await t.test(name, async () => {
			const id = String(n);
			raw.expect(id, 'chat/complete');
			await raw.send(`{"jsonrpc":"2.0","id":${id},"method":"chat/complete","params":{"messages":[{"role":"user","content":${json}}]}}`);
			assert.equal((await raw.response(id)).message.result.message.content, expected);
			assert.equal(upstream.counted.at(-1).body.messages[0].content, expected);
		});
	}
	/* The same in a document: a column must not shift. */
	for (const [name, json, expected] of strings) {
		await raw.send(`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"${uri}","languageId":"c","version":1,"text":${json}}}}`);
		await raw.request('"c"', 'textDocument/inlineCompletion', {
			textDocument: { uri }, position: { line: expected.split(/\r|\n/).length - 1, character: expected.split(/\r|\n/).at(-1).length }, context: { triggerKind: 1 },
		});
		await raw.response('"c"');
		const hole = extractHole(upstream.counted.at(-1).body);
		assert.deepEqual([name, hole.prefix, hole.suffix], [name, expected, '']);
		await raw.notify('textDocument/didClose', { textDocument: { uri } });
	}
	await raw.shutDown();
});

test('numbers and tokens at their limits', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'yes' });
	const raw = startRaw(t, { config: configFor(upstream) });

	await raw.initialize();
	for (const token of ['0', '-5', '2147483647', '"tok\\n\\u00e9"', '""']) {
		await raw.request('1', 'chat/complete', { ...chat('x'), streamToken: JSON.parse(token) });
		let got;
		do
			got = await raw.next();
		while (got.message.method !== '$/progress');
		assert.equal(JSON.stringify(got.message.params.token), JSON.stringify(JSON.parse(token)));
		await raw.response('1');
	}
	for (const position of ['{"line":1e400,"character":0}', '{"line":0.5,"character":0}', '{"line":99999999999,"character":0}', '{"line":"0","character":0}']) {
		raw.expect('1', 'textDocument/inlineCompletion');
		await raw.send(`{"jsonrpc":"2.0","id":1,"method":"textDocument/inlineCompletion","params":{"textDocument":{"uri":"file:///x"},"position":${position}}}`);
		await raw.error('1', -32602);
	}
	await raw.shutDown();
});

test('more requests at once than eke has room for are still each answered', async (t) => {
	const upstream = await withUpstream(t, { scenario: { stall: 'head' } });
	const raw = startRaw(t, { config: configFor(upstream) });
	const n = 1100;
	const answers = new Set();

	await raw.initialize();
	for (let id = 0; id < n; id++)
		raw.request(String(id), 'chat/complete', chat('x'));
	await raw.request('"shutdown"', 'shutdown');
	while (answers.size <= n)
		answers.add((await raw.nextResponse()).id);
	await raw.notify('exit');
	assert.equal(await raw.exit(), 0);
});
