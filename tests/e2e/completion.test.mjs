/*
 * textDocument/inlineCompletion: what is asked of the service and in which dialect, what comes back to the editor, and when
 * nothing is asked at all.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { extractHole, knowsModel } from '../upstream/models.mjs';
import { configFor, startServer, unblock, withUpstream } from './harness.mjs';

const KNOWN = `int sum(int n)
{
	int total = 0;

	for (int i = 0; i < n; i++) {
		total += i;
		log_step(i, total);
	}
	return total;
}
`;

async function start(t, { answer = knowsModel(KNOWN), endpoint = {}, completion = {}, rest = {}, initialize } = {}) {
	const upstream = await withUpstream(t, { answer });
	const eke = await startServer(t, {
		config: configFor(upstream, endpoint, { completion: { debounceMs: 0, ...completion }, ...rest }),
	});

	await eke.initialize(initialize);
	return { upstream, eke };
}

/* KNOWN up to some text in it, and with what follows some other text. */
const opened = (upTo, rest = '') => `${KNOWN.slice(0, KNOWN.indexOf(upTo) + upTo.length)}‸${rest}`;
const after = (text) => KNOWN.slice(KNOWN.indexOf(text) + text.length);

/* --- the answer --- */

const BODY = 'for (int i = 0; i < n; i++) {\n\t\ttotal += i;\n\t\tlog_step(i, total);\n\t}\n\treturn total;\n}';

for (const form of ['tagged', 'bare', 'fenced', 'echoing']) {
	test(`the chat emulation, answers that are ${form}`, async (t) => {
		const { upstream, eke } = await start(t, { answer: knowsModel(KNOWN, { form }) });
		const line = await eke.open(opened('int tot', '\n\n\tfor (int i = 0; i < n; i++) {\n'));
		const block = await eke.open(opened('int total = 0;\n\n\t', '\n'));

		assert.equal(await line.suggestion(), 'al = 0;');
		assert.equal(await block.suggestion(), BODY);
		const { path, body } = upstream.counted[0];
		assert.equal(path, '/v1/chat/completions');
		assert.deepEqual([body.model, body.stream, body.temperature], ['coder', true, 0]);
		const [system, ...turns] = body.messages.map(({ role }) => role);
		assert.equal(system, 'system');
		turns.forEach((role, i) => assert.equal(role, i % 2 ? 'assistant' : 'user'));
		assert.match(body.messages.at(-1).content, /^Language: c$/m);
		/* Of a file in no folder of the workspace the name alone. */
		assert.match(body.messages.at(-1).content, /^File: [^/\n]+\.c$/m);
		assert.doesNotMatch(body.messages.at(-1).content, new RegExp(eke.home));
	});
}

test('a model that repeats the line anyway is asked to, and what it repeats comes off', async (t) => {
	const asked = (record) => record.body.messages.at(-1).content;
	const answer = (record) => {
		const line = /begin the answer with all that stands before the mark on it:\n(.*)<CURSOR\/>/.exec(asked(record))?.[1] ?? '';

		return `<completion>${line}${knowsModel(KNOWN, { form: 'bare' })(record, 0)}</completion>`;
	};
	const { upstream, eke } = await start(t, { answer, endpoint: { models: { chat: 'x', completion: 'claude-sonnet-4' } } });

	assert.equal(await (await eke.open(opened('int tot', '\n\n\tfor (int i = 0; i < n; i++) {\n'))).suggestion(), 'al = 0;');
	assert.match(asked(upstream.counted[0]), /begin the answer with all that stands before the mark on it:\n\tint tot<CURSOR\/>/);
	assert.equal(await (await eke.open(opened('\t\ttotal += ', '\n'))).suggestion(), 'i;\n\t\tlog_step(i, total);\n\t}');
	assert.equal(await (await eke.open(opened('int total = 0;\n\n\t', '\n'))).suggestion(), BODY);
	assert.doesNotMatch(asked(upstream.counted[2]), /begin the answer with/);
});

const dialects = [
	['completions', '/v1/completions', 'completions'],
	['mistral-fim', '/v1/fim/completions', 'mistral-fim'],
	['deepseek-fim', '/beta/completions', 'deepseek-fim'],
	['fim-tokens', '/v1/completions', 'completions'],
	['llamacpp-infill', '/infill', 'infill'],
];

for (const [completionApi, path, route] of dialects) {
	test(`the dialect ${completionApi}`, async (t) => {
		const { upstream, eke } = await start(t, { endpoint: { completionApi } });
		const doc = await eke.open(opened('int tot', '\n\n\tfor (int i'));

		assert.equal(await doc.suggestion(), 'al = 0;');
		const [record] = upstream.counted;
		assert.deepEqual([record.path, record.route], [path, route]);
		assert.deepEqual(extractHole(record.body, record.route), { prefix: doc.text.slice(0, doc.cursor), suffix: doc.text.slice(doc.cursor) });
		/* Typed through, and elsewhere a new one. */
		doc.type('al');
		assert.equal(await doc.suggestion(), ' = 0;');
		assert.equal(upstream.counted.length, 1);
	});
}

for (const scenario of ['json-whole', 'crlf', 'one-byte', 'reasoning-content', 'reasoning-think', 'choices-empty-azure']) {
	test(`a service that is ${scenario}`, async (t) => {
		const { upstream, eke } = await start(t);
		const doc = await eke.open(opened('int tot'));

		upstream.next({ base: scenario, answer: knowsModel(KNOWN) });
		assert.match(await doc.suggestion(), /^al = 0;/);
	});
}

test('the range is always there, empty and at the cursor', async (t) => {
	const { eke } = await start(t);
	const { eke: bytes } = await start(t, { initialize: { capabilities: { general: { positionEncodings: ['utf-8'] } } } });

	for (const [client, unit, character] of [[eke, 'utf-16', 17], [bytes, 'utf-8', 20]]) {
		const doc = await client.open('/* ü😀 */\tint tot‸\n', { unit });
		const position = { line: 0, character };
		const { items } = await doc.complete();
		assert.deepEqual(items[0].range, { start: position, end: position });
	}
});

test('a document with CRLF gets CRLF', async (t) => {
	const { eke } = await start(t, { answer: () => `<completion>${BODY}</completion>` });
	const doc = await eke.open(opened('int total = 0;\n\n\t', '\n').replaceAll('\n', '\r\n'));

	assert.equal(await doc.suggestion(), BODY.replaceAll('\n', '\r\n'));
});

test('maxLines', async (t) => {
	const { upstream, eke } = await start(t, { answer: () => BODY, completion: { maxLines: 2 } });
	const doc = await eke.open(opened('int total = 0;\n\n\t', '\n'));

	assert.ok((await doc.suggestion()).split('\n').length <= 2);
	assert.equal(extractHole(upstream.counted[0].body).lines, 2);
});

test('nothing to add is null', async (t) => {
	const { upstream, eke } = await start(t, { answer: () => '<completion></completion>' });
	const doc = await eke.open(opened('return total;'));

	assert.equal(await doc.complete({ automatic: true }), null);
	/* Known now, but who asks by hand gets another try. */
	assert.equal(await doc.complete({ automatic: true }), null);
	assert.equal(upstream.counted.length, 1);
	assert.equal(await doc.complete(), null);
	assert.equal(upstream.counted.length, 2);
});

test('what is selected in the completion menu is extended', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open('int sum(int n)\n{\n\tint to‸\n}\n');
	const range = { start: { line: 2, character: 5 }, end: { line: 2, character: 7 } };
	const { items } = await doc.complete({ selectedCompletionInfo: { range, text: 'total' } });

	assert.ok(items[0].insertText.startsWith('total = 0;'), items[0].insertText);
	assert.deepEqual(items[0].range, range);
	assert.ok(extractHole(upstream.counted[0].body).prefix.endsWith('int total'));
	await assert.rejects(doc.complete({ selectedCompletionInfo: { range } }), { code: -32602 });
	/* The harness reports that one as the breach of contract that it is. */
	assert.match(eke.audit.problems.shift(), /selectedCompletionInfo/);
});

test('a document that is not open', async (t) => {
	const { eke } = await start(t);
	const doc = await eke.open('int ');

	doc.close();
	await assert.rejects(doc.complete(), { code: -32602, message: /not open/ });
	await assert.rejects(doc.complete({ automatic: true }), { code: -32602 });
});

/* --- one request, many keystrokes --- */

test('typing through an answer asks nothing more', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open(opened('int total = 0;\n\n\t', '\n'));
	const from = doc.cursor;
	const whole = await doc.suggestion({ automatic: true });

	assert.equal(whole, BODY);
	for (let n = 1; n < whole.length; n++) {
		doc.type(whole[n - 1]);
		assert.equal(await doc.suggestion({ automatic: n % 2 === 0 }), whole.slice(n));
	}
	for (let n = whole.length - 2; n >= 0; n -= 3) {
		doc.replace(from + n, doc.cursor, '');
		/* Going back, as much of it as belongs to the block there. */
		const again = await doc.suggestion({ automatic: true });
		assert.ok(again && whole.slice(n).startsWith(again), again);
	}
	assert.equal(upstream.counted.length, 1);
});

test('an edit elsewhere does not lose the answer, one at the cursor does', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open(`/* 1 */\n${'\n'.repeat(600)}${opened('int tot')}`);

	assert.match(await doc.suggestion(), /^al = 0;/);
	doc.edit(3, 4, '2');
	doc.send([{ range: doc.range(3, 4), text: '2' }]);
	doc.cursor = doc.text.length;
	assert.match(await doc.suggestion(), /^al = 0;/);
	assert.equal(upstream.counted.length, 1);
	doc.type('?');
	await doc.complete();
	assert.equal(upstream.counted.length, 2);
});

test('an accepted word or line', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open(opened('int total = 0;\n\n\t', '\n'));
	const { items: [item] } = await doc.complete();

	eke.notify('textDocument/didShowCompletion', { item });
	eke.notify('textDocument/didPartiallyAcceptCompletion', { item, acceptedLength: 4 });
	doc.type(BODY.slice(0, 4));
	assert.equal(await doc.suggestion(), BODY.slice(4));
	doc.type(BODY.slice(4, 30));
	assert.equal(await doc.suggestion(), BODY.slice(30));
	assert.equal(await eke.request('workspace/executeCommand', { command: 'eke.accept', arguments: item.command.arguments }), null);
	assert.equal(upstream.counted.length, 1);
});

test('a rejected item is not offered again', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open(opened('int tot'));
	const { items: [item] } = await doc.complete();

	assert.equal(await eke.request('workspace/executeCommand', { command: 'eke.reject', arguments: item.command.arguments }), null);
	await doc.complete();
	assert.equal(upstream.counted.length, 2);
	for (const args of [['none'], [], [1], [{}], undefined])
		assert.equal(await eke.request('workspace/executeCommand', { command: 'eke.reject', arguments: args }), null);
});

test('the same place asked twice is one request, and the older one is answered at once', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open(opened('int tot'));

	upstream.next({ holdEvents: true });
	const first = doc.startComplete({ automatic: true });
	const [record] = await upstream.waitForRequests(1);
	const second = doc.startComplete({ automatic: true });
	assert.equal(await first.answer, null);
	await record.push('<completion>al;</completion>');
	await record.end();
	assert.equal((await second.answer).items[0].insertText, 'al;');
	assert.equal(upstream.counted.length, 1);
});

test('an answer that still streams is joined', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open(opened('int total = 0;\n\n\t', '\n'));

	upstream.next({ holdEvents: true });
	const first = doc.startComplete({ automatic: true, streamToken: 'first' });
	const [record] = await upstream.waitForRequests(1);
	await record.push('<completion>for (int i = 0; i < n; i++) {\n\t\ttotal += i;\n');
	await eke.waitForDelta('first');
	doc.type('for (');
	const second = doc.startComplete({ automatic: true });
	assert.equal(await first.answer, null);
	await record.push('\t}</completion>');
	await record.end();
	assert.equal((await second.answer).items[0].insertText, 'int i = 0; i < n; i++) {\n\t\ttotal += i;\n\t}');
	assert.equal(upstream.counted.length, 1);
});

test('a superseded request is answered at once, and aborted if it cost nothing', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open(opened('int tot', '\n}\n\n/* the end */\n'));

	upstream.next({ stall: 'head' });
	const first = doc.startComplete({ automatic: true });
	const [record] = await upstream.waitForRequests(1);
	doc.cursor = doc.text.length;
	const second = doc.startComplete({ automatic: true });
	assert.equal(await first.answer, null);
	await record.closed;
	assert.ok(record.aborted);
	await second.answer;
	assert.equal(upstream.counted.length, 2);
});

test('who types on while nothing has come yet waits for what is on its way', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open(opened('int tot'));

	upstream.next({ stall: 'firstByte' });
	const first = doc.startComplete({ automatic: true });
	const [record] = await upstream.waitForRequests(1);
	doc.type('al');
	const second = doc.startComplete({ automatic: true });
	assert.equal(await first.answer, null);
	record.release();
	assert.match((await second.answer).items[0].insertText, /^ = 0;/);
	assert.equal(upstream.counted.length, 1);
});

test('… and is asked for anew if that turns out to be something else', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open(opened('int tot'));

	upstream.next({ stall: 'firstByte', answer: '<completion>ally_else();</completion>' });
	const first = doc.startComplete({ automatic: true });
	const [record] = await upstream.waitForRequests(1);
	doc.type('al');
	const second = doc.startComplete();
	assert.equal(await first.answer, null);
	doc.type(' ');
	const third = doc.startComplete();
	assert.equal(await second.answer, null);
	record.release();
	assert.match((await third.answer).items[0].insertText, /^= 0;/);
	assert.equal(upstream.counted.length, 2);
});

test('another document\'s request is not superseded', async (t) => {
	const { upstream, eke } = await start(t);
	const docs = [await eke.open(opened('int tot')), await eke.open(opened('total +='))];

	upstream.next({ stall: 'firstByte' });
	const first = docs[0].startComplete({ automatic: true });
	const [record] = await upstream.waitForRequests(1);
	assert.match(await docs[1].suggestion({ automatic: true }), /^ i;/);
	record.release();
	assert.match((await first.answer).items[0].insertText, /^al = 0;/);
});

test('the text of an item is streamed as its lines come', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open(opened('int total = 0;\n\n\t', '\n'));

	upstream.next({ holdEvents: true });
	const call = doc.startComplete({ streamToken: 7 });
	const [record] = await upstream.waitForRequests(1);
	await record.push('<completion>for (;;) {\n');
	assert.equal((await eke.waitForDelta(7)).value.text.trimEnd(), 'for (;;) {');
	await record.push('\t\tbreak;\n\t}</completion>');
	await record.end();
	assert.equal((await call.answer).items[0].insertText, 'for (;;) {\n\t\tbreak;\n\t}');
});

/* --- cancelling --- */

test('cancelled under a plan without limits: the call is aborted', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open(opened('int tot'));

	upstream.next({ holdEvents: true });
	const call = doc.startComplete();
	const [record] = await upstream.waitForRequests(1);
	await record.push('<completion>al');
	call.cancel();
	await assert.rejects(call.answer, { code: -32800 });
	await record.closed;
	assert.ok(record.aborted);
	assert.match(await doc.suggestion(), /^al = 0;/);
	assert.equal(upstream.counted.length, 2);
});

const counted = (limit, more = {}) => ({
	endpoint: { plan: 'few', ...more },
	rest: { plans: { few: { windows: [{ scope: 'machine', limit, period: '1h' }] } } },
});

test('cancelled under a counted plan: what was paid for is kept', async (t) => {
	const { upstream, eke } = await start(t, counted(60));
	const doc = await eke.open(opened('int tot'));

	upstream.next({ holdEvents: true });
	const call = doc.startComplete();
	const [record] = await upstream.waitForRequests(1);
	call.cancel();
	await assert.rejects(call.answer, { code: -32800 });
	await record.push('<completion>al = 1;</completion>');
	await record.end();
	await record.closed;
	assert.equal(record.aborted, false);
	assert.equal(await doc.suggestion(), 'al = 1;');
	assert.equal(upstream.counted.length, 1);
	assert.equal((await eke.request('budget/get', {})).budgets[0].windows[0].used, 1);
});

/* --- when nothing is asked --- */

test('debounced: only the last of a burst is asked, and who asks by hand does not wait', async (t) => {
	const { upstream, eke } = await start(t, { completion: { debounceMs: 200 } });
	const doc = await eke.open(opened('int t'));
	const calls = [];

	for (const character of 'ota') {
		doc.type(character);
		calls.push(doc.startComplete({ automatic: true }));
	}
	const answers = await Promise.all(calls.map(({ answer }) => answer));
	assert.deepEqual(answers.slice(0, 2), [null, null]);
	assert.match(answers[2].items[0].insertText, /^l = 0;/);
	assert.equal(upstream.counted.length, 1);

	/* By hand, while another waits for its time. */
	const other = await eke.open(opened('log_st'));
	const waiting = other.startComplete({ automatic: true });
	assert.match(await other.suggestion(), /^ep\(i, total\);/);
	assert.equal(await waiting.answer, null);
	assert.equal(upstream.counted.length, 2);

	/* The document changed meanwhile: an answer could be shown to nobody. */
	const edited = await eke.open(opened('return to'));
	const late = edited.startComplete({ automatic: true });
	edited.type('x');
	assert.equal(await late.answer, null);
	assert.equal(upstream.counted.length, 2);
});

const declined = [
	['trigger off', { trigger: 'off' }, [null, null]],
	['trigger manual', { trigger: 'manual' }, [null, 'al = 0;']],
	['the language is off', { languages: { c: false } }, [null, 'al = 0;']],
	['all languages are off', { languages: { '*': false } }, [null, 'al = 0;']],
	['all other languages are off', { languages: { '*': false, c: true } }, ['al = 0;', 'al = 0;']],
];

for (const [name, completion, expected] of declined) {
	test(name, async (t) => {
		const { upstream, eke } = await start(t, { completion });
		const first = async (options) => (await (await eke.open(opened('int tot'))).suggestion(options))?.split('\n')[0] ?? null;

		assert.deepEqual([await first({ automatic: true }), await first()], expected);
		assert.equal(upstream.counted.length, expected.filter(Boolean).length);
		assert.deepEqual(eke.takeNotifications('window/showMessage'), []);
	});
}

const secrets = ['.env', '.env.local', 'server.pem', 'id_rsa', 'id_ed25519', '.npmrc', '.netrc', 'private.key', 'notes.own', 'sub/deep/.env', 'hidden/x.c'];

test('files that look like secrets, or that are ignored, are never sent', async (t) => {
	const { upstream, eke } = await start(t, { rest: { privacy: { ignore: ['*.own', 'hidden/'] } } });

	for (const name of secrets) {
		await t.test(name, async () => {
			const doc = await eke.open('SECRET=hunter2\nint tot‸', { uri: eke.uri(name) });
			assert.equal(await doc.complete({ automatic: true }), null);
			assert.deepEqual(eke.takeNotifications('window/showMessage'), []);
			assert.equal(await doc.complete(), null);
			await eke.waitForNotification('window/showMessage', ({ message }) => /this machine/.test(message));
		});
	}
	const doc = await eke.open(opened('int tot'));
	assert.ok(await doc.complete());
	assert.equal(upstream.requests.length, 1);
	assert.doesNotMatch(upstream.requests[0].rawBody, /hunter2/);
});

/* --- trouble --- */

const toolCall = { index: 0, id: 'call_1', type: 'function', function: { name: 'read_file', arguments: '{}' } };
const silent = {
	'thoughts alone': [{ base: 'reasoning-content', reasoningText: 'Hm.', answer: '' }, /sent no text, only what it thought: use another model/],
	'a call of a tool': [
		{ events: [
			{ json: { choices: [{ index: 0, delta: { tool_calls: [toolCall] }, finish_reason: null }] } },
			{ json: { choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] } },
			{ data: '[DONE]' },
		] },
		/sent no text, only a call of a tool: use another model/,
	],
};

for (const [name, [scenario, said]] of Object.entries(silent)) for (const automatic of [false, true]) {
	test(`an answer of ${name} is said, ${automatic ? 'in the status' : 'in a message, too'}`, async (t) => {
		const { upstream, eke } = await start(t);
		const doc = await eke.open(opened('int total '));

		upstream.next(scenario);
		assert.equal(await doc.complete({ automatic }), null);
		const { message } = await eke.waitForNotification('eke/didChangeStatus', ({ state }) => state === 'error');
		assert.match(message, said);
		if (!automatic)
			assert.match((await eke.waitForNotification('window/showMessage')).message, said);
		await eke.settle();
		assert.deepEqual(eke.takeNotifications('window/showMessage'), []);
	});
}

test('an error while typing: null, and the status says why', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open(opened('int tot'));

	upstream.setDefault('500-server');
	for (const character of 'al ') {
		assert.equal(await doc.complete({ automatic: true }), null);
		doc.type(character);
	}
	await eke.settle();
	const states = eke.takeNotifications('eke/didChangeStatus');
	/* Changes that come quicker than they can be told are told together. */
	assert.deepEqual([...new Set(states.map(({ state }) => state))], ['idle', 'busy', 'error']);
	assert.equal(states.at(-1).state, 'error');
	assert.ok(states.at(-1).message.length > 10);
	assert.deepEqual(eke.takeNotifications('window/showMessage'), []);
	/* Chat is asked once more; completions are not. */
	assert.equal(upstream.counted.length, 3);
	upstream.setDefault(null);
	assert.match(await doc.suggestion({ automatic: true }), /^= 0;/);
	await eke.waitForNotification('eke/didChangeStatus', ({ state }) => state === 'idle');
});

const troubles = [['500-server', 'error'], ['401-apikey', 'error'], ['429-daily', 'warning'], ['403-tokens', 'error'], ['cut-before-head', 'offline'], ['text-200', 'error']];

for (const [scenario, state] of troubles) {
	test(`an error for who asked by hand: null and a message, ${scenario}`, async (t) => {
		const { upstream, eke } = await start(t);
		const doc = await eke.open(opened('int tot'));

		upstream.next(scenario);
		assert.equal(await doc.complete(), null);
		const { type, message } = await eke.waitForNotification('window/showMessage');
		assert.equal(type, 2);
		const status = await eke.waitForNotification('eke/didChangeStatus', (s) => s.state !== 'idle' && s.state !== 'busy');
		assert.deepEqual([status.state, status.message], [state, message]);
		assert.equal(upstream.counted.length, 1);
		/* Nothing of it is remembered as an answer. */
		await unblock(t, eke);
		assert.match(await doc.suggestion(), /^al = 0;/);
	});
}

test('after a 429 nothing is asked, by hand neither, until it is over or forgotten', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open(opened('int tot'));

	upstream.next('429-daily');
	assert.equal(await doc.complete({ automatic: true }), null);
	assert.equal(await doc.complete({ automatic: true }), null);
	assert.equal(upstream.counted.length, 1);
	const { budgets: [budget] } = await eke.request('budget/get', {});
	assert.equal(budget.state, 'blocked');
	assert.ok(Date.parse(budget.blockedUntil) > Date.now());
	assert.equal(await doc.complete(), null);
	assert.match((await eke.waitForNotification('window/showMessage')).message, /No request goes out until then/);
	assert.equal(upstream.counted.length, 1);
	await unblock(t, eke);
	assert.match(await doc.suggestion(), /^al = 0;/);
	assert.equal((await eke.request('budget/get', {})).budgets[0].state, 'unlimited');
});

test('the reserve is left by what is asked while typing', async (t) => {
	const { upstream, eke } = await start(t, counted(4));
	const ask = async (automatic) => (await eke.open(opened('int tot'))).complete({ automatic });

	/* 4 an hour, a third of it reserved: 2 while typing, 2 by hand, and none. */
	assert.ok(await ask(true) && await ask(true));
	assert.equal(await ask(true), null);
	assert.equal(upstream.counted.length, 2);
	await eke.waitForNotification('eke/didChangeStatus', ({ state }) => state === 'warning');
	assert.ok(await ask(false) && await ask(false));
	assert.equal(await ask(false), null);
	assert.match((await eke.waitForNotification('window/showMessage')).message, /few/);
	const { budgets: [{ state, windows: [window] }] } = await eke.request('budget/get', {});
	assert.deepEqual([state, window.limit, window.used, window.remaining], ['exhausted', 4, 4, 0]);
	assert.equal(upstream.counted.length, 4);
});

test('without an endpoint', async (t) => {
	const eke = await startServer(t);

	await eke.initialize();
	const doc = await eke.open('int tot‸');
	assert.equal(await doc.complete({ automatic: true }), null);
	assert.deepEqual(eke.takeNotifications('window/showMessage'), []);
	assert.equal(await doc.complete(), null);
	assert.match((await eke.waitForNotification('window/showMessage')).message, /no endpoint/i);
	const { state, kind } = await eke.waitForNotification('eke/didChangeStatus');
	assert.deepEqual([state, kind], ['offline', 'noEndpoint']);
});

test('a prompt is cut to what the plan takes', async (t) => {
	const { upstream, eke } = await start(t, {
		answer: () => 'x', endpoint: { plan: 'short' }, rest: { plans: { short: { windows: [], maxPromptTokens: 1200 } } },
	});
	const doc = await eke.open(`${KNOWN.repeat(200)}‸${KNOWN.repeat(50)}`);

	await doc.complete();
	const size = upstream.counted[0].body.messages.reduce((sum, { content }) => sum + content.length, 0);
	assert.ok(size > 1200 && size < 1200 * 4, `${size} characters`);
	const { prefix, suffix } = extractHole(upstream.counted[0].body);
	assert.ok(doc.text.slice(0, doc.cursor).endsWith(prefix) && doc.text.slice(doc.cursor).startsWith(suffix));
});

test('a fill-in-the-middle prompt is cut to what the plan takes', async (t) => {
	const { upstream, eke } = await start(t, {
		answer: () => 'x', endpoint: { plan: 'short', completionApi: 'mistral-fim' },
		rest: { plans: { short: { windows: [], maxPromptTokens: 300 } } },
	});
	const doc = await eke.open(`${KNOWN.repeat(200)}‸${KNOWN.repeat(50)}`);

	await doc.complete();
	const { prompt, suffix } = upstream.counted[0].body;
	const size = prompt.length + suffix.length;
	assert.ok(size > 300 && size < 300 * 4, `${size} characters`);
	assert.ok(prompt.length > suffix.length && suffix.length > 0);
	assert.ok(doc.text.slice(0, doc.cursor).endsWith(prompt) && doc.text.slice(doc.cursor).startsWith(suffix));
});

test('after the last request of the hour the answers that are known still come', async (t) => {
	const { upstream, eke } = await start(t, counted(1));
	const doc = await eke.open(opened('int tot'));

	assert.match(await doc.suggestion(), /^al = 0;/);
	doc.type('al');
	assert.match(await doc.suggestion({ automatic: true }), /^ = 0;/);
	assert.equal(upstream.counted.length, 1);
});

/* --- the engine's own decisions --- */

test('the first useful piece is the answer, and the rest comes without another request', async (t) => {
	const { upstream, eke } = await start(t, counted(60));
	const doc = await eke.open(opened('int total = 0;\n\n\t', '\n'));

	upstream.next({ holdEvents: true });
	const call = doc.startComplete({ automatic: true });
	const [record] = await upstream.waitForRequests(1);
	await record.push('<completion>for (;;) {\n\t\ttick();\n\t}\n\tstop();\n\tre');
	assert.equal((await call.answer).items[0].insertText, 'for (;;) {\n\t\ttick();\n\t}');
	doc.type('for (;;) {\n\t\ttick();\n\t}');
	const rest = doc.startComplete({ automatic: true });
	await record.push('turn 7;\n</completion>');
	await record.end();
	assert.match((await rest.answer).items[0].insertText, /^\n\tstop\(\);/);
	doc.type('\n\tstop();\n\t');
	assert.equal(await doc.suggestion({ automatic: true }), 'return 7;');
	assert.equal(upstream.counted.length, 1);
});

test('asked again at the same place, it grows while the answer comes; then all of it is there without another request', async (t) => {
	const { upstream, eke } = await start(t, counted(60));
	const doc = await eke.open(opened('int total = 0;\n\n\t', '\n'));

	upstream.next({ holdEvents: true });
	const call = doc.startComplete({ automatic: true });
	const [record] = await upstream.waitForRequests(1);
	await record.push('<completion>tick();\n\ttack();\n');
	const first = await call.answer;
	assert.deepEqual([first.items[0].insertText, first.isIncomplete], ['tick();', true]);
	const second = await doc.complete({ automatic: true });
	assert.deepEqual([second.items[0].insertText, second.isIncomplete], ['tick();\n\ttack();', true]);
	const third = doc.startComplete({ automatic: true });
	await record.push('\ttock();\n');
	assert.equal((await third.answer).items[0].insertText, 'tick();\n\ttack();\n\ttock();');
	const last = doc.startComplete({ automatic: true });
	await record.push('\treturn total;</completion>');
	await record.end();
	assert.deepEqual(await last.answer.then(({ items, isIncomplete }) => [items[0].insertText, isIncomplete]), [
		'tick();\n\ttack();\n\ttock();\n\treturn total;',
		undefined,
	]);
	assert.match(await doc.suggestion({ automatic: true }), /return total;$/);
	assert.equal(upstream.counted.length, 1);
});

test('… also where requests are free, unless the typing goes another way', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open(opened('int total = 0;\n\n\t', '\n'));

	upstream.next({ holdEvents: true });
	const call = doc.startComplete({ automatic: true });
	const [record] = await upstream.waitForRequests(1);
	await record.push('<completion>tick();\n\ttack();\n');
	assert.equal((await call.answer).items[0].insertText, 'tick();');
	doc.type('tick();\n\tt');
	assert.equal((await doc.complete({ automatic: true })).items[0].insertText, 'ack();');
	assert.equal(record.aborted, false);
	doc.type('ool();\n\t');
	await doc.complete({ automatic: true });
	await record.closed;
	assert.equal(record.aborted, true);
	assert.equal(upstream.counted.length, 2);
});

test('another name than suggested: the rest of the answer is not lost', async (t) => {
	const { upstream, eke } = await start(t, { answer: () => '<completion>al = sum(first, last);\n\treturn total;</completion>' });
	const doc = await eke.open(opened('int tot'));

	assert.match(await doc.suggestion({ automatic: true }), /^al = sum/);
	doc.type('al = add(');
	assert.equal(await doc.suggestion({ automatic: true }), 'first, last);\n\treturn total;');
	doc.type('first, l');
	assert.equal(await doc.suggestion({ automatic: true }), 'ast);\n\treturn total;');
	assert.equal(upstream.counted.length, 1);
});

test('another name while the answer still streams: what comes later goes on behind it', async (t) => {
	const { upstream, eke } = await start(t, counted(60));
	const doc = await eke.open(opened('int total = 0;\n\n\t', '\n'));

	upstream.next({ holdEvents: true });
	const call = doc.startComplete({ automatic: true });
	const [record] = await upstream.waitForRequests(1);
	await record.push('<completion>int first = one(total);\n\n\tif (first) {\n');
	assert.equal((await call.answer).items[0].insertText, 'int first = one(total);');
	doc.type('int start = one(');
	assert.match((await doc.complete({ automatic: true })).items[0].insertText, /^total\);/);
	doc.type('total);\n\n\tif (start)');
	const rest = doc.startComplete({ automatic: true });
	await record.push('\t\ttick();\n\t\ttack();\n\t}\n\tstop();</completion>');
	await record.end();
	assert.match((await rest.answer).items[0].insertText, /^ \{\n\t\ttick\(\);\n\t\ttack\(\);\n\t\}/);
	doc.type(' {\n\t\ttick();\n\t\ttack();\n\t}\n\tst');
	assert.equal(await doc.suggestion({ automatic: true }), 'op();');
	assert.equal(upstream.counted.length, 1);
});

const RUN = 'int run(const char *path, int flags)\n{\n\tint ‸\n}\n';
const FIRST = ['first = load(path);\n\n\tif (!first)\n\t\t', 'return -1;\n\tfirst_of(path, "first", first);\n\treturn 0;'];

test('a name of the user\'s goes on in what is left of the answer', async (t) => {
	const { upstream, eke } = await start(t, { answer: () => `<completion>${FIRST.join('')}</completion>` });
	const doc = await eke.open(RUN);

	assert.equal(await doc.suggestion({ automatic: true }), 'first = load(path);');
	doc.type('start = ');
	assert.equal(await doc.suggestion({ automatic: true }), 'load(path);');
	doc.type('load(path);');
	assert.match(await doc.suggestion({ automatic: true }), /^\n\n\tif \(!start\)\n\t\treturn -1;/);
	doc.type('\n\n\tif (!start)\n\t\treturn -1;\n\tf');
	assert.match(await doc.suggestion({ automatic: true }), /^irst_of\(path, "first", start\);/);
	assert.equal(upstream.counted.length, 1);
});

test('… also while it streams, and once more', async (t) => {
	const { upstream, eke } = await start(t, counted(60));
	const doc = await eke.open(RUN);

	upstream.next({ holdEvents: true });
	const call = doc.startComplete({ automatic: true });
	const [record] = await upstream.waitForRequests(1);
	await record.push(`<completion>${FIRST[0]}`);
	assert.equal((await call.answer).items[0].insertText, 'first = load(path);');
	doc.type('start = load(');
	assert.equal(await doc.suggestion({ automatic: true }), 'path);');
	doc.type('path);\n\n\tif (!');
	const rest = doc.startComplete({ automatic: true });
	await record.push(`${FIRST[1]}</completion>`);
	await record.end();
	assert.match((await rest.answer).items[0].insertText, /^start\)\n\t\treturn -1;/);
	/* Another value than the answer's: the names before it stay the user's. */
	doc.type('start)\n\t\treturn EOF;\n\tfirst_of(pat');
	assert.match(await doc.suggestion({ automatic: true }), /^h, "first", start\);/);
	assert.equal(upstream.counted.length, 1);
});

for (const [why, text, typed] of [
	['the document has the name already', RUN.replace('int run', 'extern int first;\n\nint run'), 'start = '],
	['it looks like a slip of the finger', RUN, 'frist = '],
	['nothing is declared', RUN.replace('int ‸', 'flags = 1 + ‸'), 'start = '],
])
	test(`no name is changed where ${why}`, async (t) => {
		const { eke } = await start(t, { answer: () => `<completion>${FIRST.join('')}</completion>` });
		const doc = await eke.open(text);

		await doc.suggestion({ automatic: true });
		doc.type(`${typed}load(path);`);
		assert.match(await doc.suggestion({ automatic: true }), /if \(!first\)/);
	});

test('lines that the answer does not have: it goes on where the text agrees with it again', async (t) => {
	const answer = 'int first = one(total);\n\n\tlog_step(first, total);\n\twhile (first < total) {\n\t\tfirst += two();\n\t}\n\treturn first;';
	const { upstream, eke } = await start(t, { ...counted(60), answer: () => `<completion>${answer}</completion>` });
	const doc = await eke.open(opened('int total = 0;\n\n\t', '\n'));

	assert.equal(await doc.suggestion({ automatic: true }), 'int first = one(total);');
	doc.type('int first = one(total);\n\tint second[8] = { 0 };\n\n\tlog_step(first, total);\n\twh');
	assert.match((await doc.complete({ automatic: true })).items[0].insertText, /^ile \(first < total\) \{\n/);
	assert.equal(upstream.counted.length, 1);
});

test('the rest of an answer is for the text that it was given for', async (t) => {
	const { upstream, eke } = await start(t, { answer: () => '<completion>al = sum(first, last);\n\treturn total;</completion>' });
	const doc = await eke.open(opened('int tot'));

	assert.match(await doc.suggestion({ automatic: true }), /^al = sum/);
	/* As an editor does that closes brackets by itself. */
	doc.type('al = add()');
	doc.cursor -= 1;
	await doc.complete({ automatic: true });
	assert.equal(upstream.counted.length, 2);
});

test('candidates: several items from one request', async (t) => {
	const { upstream, eke } = await start(t, {
		answer: () => '<completion>al = 0;</completion>\n<completion>al = n;</completion><completion>al = 0;</completion>',
		completion: { candidates: 3 },
	});
	const doc = await eke.open(opened('int tot'));
	const texts = (result) => result.items.map(({ insertText }) => insertText);

	assert.deepEqual(texts(await doc.complete()), ['al = 0;', 'al = n;']);
	assert.match(upstream.counted[0].body.messages.at(-1).content, /3 answers/);
	assert.equal(upstream.counted[0].body.stop, undefined);
	doc.type('al = ');
	const { items } = await doc.complete();
	assert.deepEqual(items.map(({ insertText }) => insertText), ['0;', 'n;']);
	assert.equal(new Set(items.map(({ command }) => command.arguments[0])).size, 2);
	await eke.request('workspace/executeCommand', { command: 'eke.reject', arguments: items[0].command.arguments });
	assert.deepEqual(texts(await doc.complete()), ['n;']);
	doc.type('n');
	assert.deepEqual(texts(await doc.complete()), [';']);
	assert.equal(upstream.counted.length, 1);
});

test('explain: what would be done, and nothing is', async (t) => {
	const { upstream, eke } = await start(t, { completion: { debounceMs: 'adaptive' } });
	const explain = (doc) => eke.request('completion/explain', { textDocument: { uri: doc.uri }, position: doc.position() });
	const fresh = await eke.open(opened('int total = 0;\n\n\t', '\n'));
	const middle = await eke.open('int to‸tal = 0;\n');
	const asked = await explain(fresh);
	const declined = await explain(middle);

	assert.deepEqual([asked.decision, declined.decision], ['ask', 'decline']);
	assert.ok(asked.score > declined.score, `${asked.score} ${declined.score}`);
	assert.match(declined.reason, /middle of a word/);
	assert.equal(asked.budget.state, 'unlimited');
	assert.equal(upstream.requests.length, 0);
	await fresh.complete();
	assert.equal((await explain(fresh)).decision, 'cache');
	assert.match((await explain(await eke.open('KEY=1‸', { uri: eke.uri('.env') }))).reason, /this machine/);
	await assert.rejects(eke.request('completion/explain', { textDocument: { uri: eke.uri('none.c') }, position: { line: 0, character: 0 } }), { code: -32602 });
	assert.equal(upstream.requests.length, 1);
});

test('typed at speed: no pause is waited for at a good place, and who types on is served by what is on its way', async (t) => {
	const { upstream, eke } = await start(t, { completion: { debounceMs: 'adaptive' } });
	const doc = await eke.open(opened('int total = 0;\n\n\t', '\n'));

	upstream.next({ stall: 'firstByte' });
	const calls = [doc.startComplete({ automatic: true })];
	const [record] = await upstream.waitForRequests(1);
	for (const character of 'for (') {
		calls.at(-1).cancel();
		doc.type(character);
		calls.push(doc.startComplete({ automatic: true }));
	}
	record.release();
	assert.match((await calls.at(-1).answer).items[0].insertText, /^int i = 0;/);
	assert.equal(upstream.counted.length, 1);
});
