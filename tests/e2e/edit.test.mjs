/*
 * edit/propose: an instruction and a range in, a streamed replacement and the smallest edits out.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { configFor, endpointFor, startServer, withUpstream } from './harness.mjs';

const TEXT = `int sum(int n)
{
	int total = 0;

	for (int i = 0; i < n; i++)
		total += i;
	return total;
}
`;

async function start(t, { answer, endpoint = {}, rest = {}, initialize } = {}) {
	const upstream = await withUpstream(t, { answer });
	const eke = await startServer(t, { config: configFor(upstream, endpoint, rest) });

	await eke.initialize(initialize);
	return { upstream, eke };
}

/* The range of some text in a document. */
function rangeOf(doc, text) {
	const at = doc.text.indexOf(text);

	assert.ok(at >= 0);
	return doc.range(at, at + text.length);
}

const propose = (eke, doc, text, instruction, more = {}) =>
	eke.start('edit/propose', { textDocument: { uri: doc.uri }, range: rangeOf(doc, text), instruction, ...more });

/* As an editor applies them: all positions are those of the text before. */
function apply(doc, { documentChanges: [{ textDocument, edits }] }) {
	const offset = ({ line, character }) => {
		const lines = doc.text.split('\n');
		const units = (s) => (doc.unit === 'utf-8' ? Buffer.from(s) : s);
		const before = lines.slice(0, line).reduce((sum, l) => sum + l.length + 1, 0);
		return before + (doc.unit === 'utf-8' ? units(lines[line]).subarray(0, character).toString().length : character);
	};
	let text = doc.text;

	assert.deepEqual(textDocument, { uri: doc.uri, version: doc.version });
	for (const { range, newText } of [...edits].reverse())
		text = text.slice(0, offset(range.start)) + newText + text.slice(offset(range.end));
	return text;
}

const LOOP = '\tfor (int i = 0; i < n; i++)\n\t\ttotal += i;\n';

test('the smallest edits make exactly the proposed text', async (t) => {
	const better = LOOP.replace('int i = 0', 'int i = 1').replace('i < n', 'i <= n');
	const { upstream, eke } = await start(t, { answer: () => `<edit>${better}</edit>` });
	const doc = await eke.open(TEXT);
	const { edit, text, budget } = await propose(eke, doc, LOOP, 'sum from 1 to n').answer;

	assert.equal(text, better);
	assert.equal(apply(doc, edit), TEXT.replace(LOOP, better));
	assert.equal(edit.documentChanges[0].edits.length, 1);
	assert.ok(edit.documentChanges[0].edits[0].newText.length < 20, JSON.stringify(edit));
	assert.equal(budget.state, 'unlimited');
	const [{ body }] = upstream.counted;
	assert.match(body.messages[1].content, /Instruction: sum from 1 to n/);
	assert.match(body.messages[1].content, /<edit>\tfor[^]*<\/edit>\treturn total;/);
	assert.equal(body.temperature, 0);
});

for (const unit of ['utf-16', 'utf-8']) {
	test(`beyond ASCII, with CRLF, in ${unit}`, async (t) => {
		const { eke } = await start(t, {
			answer: () => '<edit>\t/* Gr\u00fc\u00dfe \u{1f600} */ b();\n</edit>',
			initialize: unit === 'utf-8' ? { capabilities: { general: { positionEncodings: ['utf-8'] } } } : undefined,
		});
		const doc = await eke.open('\u{1f600}\r\n\t/* Gr\u00fc\u00dfe \u{1f600} */ a();\r\nend\r\n', { unit });
		const { edit, text } = await propose(eke, doc, '\t/* Gr\u00fc\u00dfe \u{1f600} */ a();\r\n', 'b').answer;

		assert.equal(text, '\t/* Gr\u00fc\u00dfe \u{1f600} */ b();\r\n');
		assert.equal(apply(doc, edit), doc.text.replace('a()', 'b()'));
	});
}

test('an empty range is a place to insert at; no change is no edit', async (t) => {
	const { eke } = await start(t, { answer: ({ body }) => (/nothing/.test(body.messages[1].content) ? `<edit>${LOOP}</edit>` : '<edit>/* new */\n</edit>') });
	const doc = await eke.open(TEXT);
	const at = doc.position(0);
	const { edit, text } = await eke.request('edit/propose', { textDocument: { uri: doc.uri }, range: { start: at, end: at }, instruction: 'a comment' });

	assert.equal(apply(doc, edit), text + TEXT);
	const same = await propose(eke, doc, LOOP, 'nothing').answer;
	assert.deepEqual(same.edit.documentChanges[0].edits, []);
	assert.equal(same.text, LOOP);
});

test('the replacement is streamed without its tags', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open(TEXT);

	upstream.next({ holdEvents: true });
	const call = propose(eke, doc, LOOP, 'x', { streamToken: 'e' });
	const [record] = await upstream.waitForRequests(1);
	await record.push('Sure: <ed');
	await record.push('it>\twhile (n)\n');
	assert.equal((await eke.waitForDelta('e')).value.text, '\twhile (n)');
	await record.push('\t\tn--;\n</ed');
	assert.equal((await eke.waitForDelta('e')).value.text, '\n\t\tn--;');
	await record.push('it> Done.');
	await record.end();
	assert.equal((await call.answer).text, '\twhile (n)\n\t\tn--;\n');
});

test('refused when the document changed under it', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open(TEXT);

	for (const change of [() => doc.replace(0, 3, 'long'), () => doc.close()]) {
		upstream.next({ holdEvents: true });
		const call = propose(eke, doc, LOOP, 'x');
		const record = (await upstream.waitForRequests(upstream.requests.length + 1)).at(-1);
		change();
		await eke.settle();
		await record.push('<edit>y</edit>');
		await record.end();
		await assert.rejects(call.answer, { code: -32801, data: { text: 'y\n' } });
	}
	await assert.rejects(propose(eke, doc, LOOP, 'x').answer, { code: -32602, message: /not open/ });
});

test('cancelled: what had arrived', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open(TEXT);

	upstream.next({ holdEvents: true });
	const call = propose(eke, doc, LOOP, 'x', { streamToken: 1 });
	const [record] = await upstream.waitForRequests(1);
	await record.push('<edit>half');
	await eke.waitForDelta(1);
	call.cancel();
	await assert.rejects(call.answer, (e) => e.code === -32800 && e.data.text === 'half');
	await record.closed;
	assert.equal(record.aborted, true);
});

const failures = [
	['talk', { answer: 'I would rather not.' }, 'upstream', /talk/],
	['a truncated answer', { base: 'finish-length', answer: '<edit>half' }, 'upstream', /ended in the middle/],
	['a refused key', '401-apikey', 'auth', /key/],
	['a limit', '429-hourly', 'budget', /./],
	['a model that is not allowed', '403-model', 'forbidden', /model/],
	['a prompt that is too long', '403-tokens', 'promptTooLong', /./],
	['no answer', { stall: 'head' }, 'timeout', /./],
];

for (const [name, scenario, kind, words] of failures) {
	test(`fails with a reason: ${name}`, async (t) => {
		const { upstream, eke } = await start(t, { endpoint: { timeouts: { connect: 10, firstByte: 1, idle: 1 } } });
		const doc = await eke.open(TEXT);

		upstream.next(scenario);
		const error = await propose(eke, doc, LOOP, 'x').answer.catch((e) => e);
		assert.equal(error.code, -32803);
		assert.equal(error.data.kind, kind);
		assert.match(error.message, words);
	});
}

test('what passes is asked once more, and then it is an error', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open(TEXT);

	for (const [scenario, kind] of [['cut-before-head', 'network'], ['text-200', 'protocol']]) {
		upstream.setDefault(scenario);
		await assert.rejects(propose(eke, doc, LOOP, 'x').answer, (e) => e.data.kind === kind);
	}
	assert.ok(upstream.counted.length >= 4);
});

test('a configuration that is wrong is the reason', async (t) => {
	const eke = await startServer(t, { config: { endpoints: [{}] } });

	await eke.initialize();
	const doc = await eke.open(TEXT);
	await assert.rejects(propose(eke, doc, LOOP, 'x').answer, (e) => e.data.kind === 'config' && /baseUrl/.test(e.message));
});

test('secrets, missing endpoints, wrong params', async (t) => {
	const { upstream, eke } = await start(t);
	const secret = await eke.open('KEY=1\n', { uri: eke.uri('.env') });

	await assert.rejects(propose(eke, secret, 'KEY', 'x').answer, (e) => e.data.kind === 'ignored');
	await assert.rejects(propose(eke, secret, 'KEY', 'x', { endpoint: 'none' }).answer, (e) => e.data.kind === 'ignored');
	const doc = await eke.open(TEXT);
	await assert.rejects(propose(eke, doc, LOOP, 'x', { endpoint: 'none' }).answer, (e) => e.data.kind === 'noEndpoint');
	await assert.rejects(eke.request('edit/propose', { textDocument: { uri: doc.uri }, instruction: 'x' }), { code: -32602 });
	eke.audit.problems.shift();
	assert.equal(upstream.requests.length, 0);
});

test('the plan\'s cap: less around, and a range that is too long is refused without a request', async (t) => {
	const { upstream, eke } = await start(t, {
		answer: () => '<edit>x</edit>', endpoint: { plan: 'short' },
		rest: { plans: { short: { windows: [], maxPromptTokens: 900 } } },
	});
	const doc = await eke.open(`${TEXT.repeat(60)}/* here */\n${TEXT.repeat(60)}`);
	const size = ({ body }) => body.messages.reduce((sum, { content }) => sum + content.length, 0);

	await propose(eke, doc, '/* here */', 'x').answer;
	assert.ok(size(upstream.counted[0]) < 900 * 4, `${size(upstream.counted[0])}`);
	await assert.rejects(propose(eke, doc, doc.text.slice(0, 6000), 'x').answer, (e) => e.data.kind === 'promptTooLong' && /select less/.test(e.message));
	assert.equal(upstream.counted.length, 1);
});

test('a large replacement, in thousands of pieces', async (t) => {
	const large = Array.from({ length: 20000 }, (_, i) => `\tint line_${i} = value(${i}) + ${i * 7};\n`).join('');
	const { eke } = await start(t, { answer: () => `<edit>${large}</edit>` });
	const doc = await eke.open(TEXT);
	const call = propose(eke, doc, LOOP, 'x', { streamToken: 'e' });
	const { text, edit } = await call.answer;

	assert.equal(text, large);
	assert.equal(apply(doc, edit), TEXT.replace(LOOP, large));
	/* It grew in sight. */
	assert.ok(eke.notifications.filter(({ method, params }) => method === '$/progress' && params.token === 'e').length > 20);
	assert.equal(eke.text('e'), large);
});
