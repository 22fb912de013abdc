/*
 * Document synchronisation: whatever the edits, what eke sends to the service is the text that the editor shows. The model is a
 * JavaScript string; what eke has is read from the prompts that it sends.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { extractHole } from '../upstream/models.mjs';
import { configFor, startServer, withUpstream } from './harness.mjs';

/* Numbers from 0 to below n, the same for the same seed (mulberry32). */
function randomFrom(seed) {
	return (n) => {
		seed = (seed + 0x6d2b79f5) | 0;
		let x = Math.imul(seed ^ (seed >>> 15), 1 | seed);
		x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
		return ((x ^ (x >>> 14)) >>> 0) % n;
	};
}

async function start(t, params) {
	const upstream = await withUpstream(t, { answer: () => '' });
	const eke = await startServer(t, { config: configFor(upstream) });

	const { capabilities } = await eke.initialize(params);
	return { upstream, eke, capabilities };
}

/* What eke has of the document around its cursor, as the service sees it. */
async function seen(upstream, doc) {
	const before = upstream.counted.length;

	await doc.complete();
	assert.equal(upstream.counted.length, before + 1, 'the service was not asked');
	const { prefix, suffix } = extractHole(upstream.counted.at(-1).body);
	return [prefix, suffix];
}

const around = (doc) => [doc.text.slice(0, doc.cursor), doc.text.slice(doc.cursor)];

const ATOMS = ['a', 'b', 'x1', ' ', '\t', '\n', '\n', '\r\n', '\r', 'é', 'e\u0301', '你', '😀', '👩‍👩‍👧', '\u2028', '\u007f', '(', '}', '"', '\\'];

function randomText(random, most) {
	return Array.from({ length: random(most) }, () => ATOMS[random(ATOMS.length)]).join('');
}

/* An offset that a position can name: not inside a pair of surrogates, nor of CR and LF. */
function randomOffset(random, text) {
	let at = random(text.length + 1);

	while (/[\ud800-\udbff]/.test(text[at - 1] ?? '') && /[\udc00-\udfff]/.test(text[at] ?? ''))
		at--;
	return text[at - 1] === '\r' && text[at] === '\n' ? at - 1 : at;
}

function randomEdit(random, doc) {
	const offsets = [randomOffset(random, doc.text), randomOffset(random, doc.text)].sort((a, b) => a - b);
	const grows = doc.text.length < 400;

	if (random(40) === 0) {
		doc.text = randomText(random, 60);
		return { text: doc.text };
	}
	return doc.edit(offsets[0], grows && random(3) ? offsets[0] : offsets[1], randomText(random, grows ? 12 : 3));
}

for (const unit of ['utf-16', 'utf-8']) {
	test(`random edits, ${unit}`, async (t) => {
		const { upstream, eke } = await start(t, { capabilities: { general: { positionEncodings: [unit] } } });

		for (const seed of [1, 2, 3, 4]) {
			const random = randomFrom(seed);
			const doc = await eke.open(randomText(random, 80), { unit });
			for (let round = 0; round < 40; round++) {
				doc.send(Array.from({ length: random(6) }, () => randomEdit(random, doc)), doc.version + 1 + random(3));
				doc.cursor = randomOffset(random, doc.text);
				assert.deepEqual(await seen(upstream, doc), around(doc), `seed ${seed}, round ${round}`);
			}
		}
	});
}

/* What the client offers, and what eke takes of it. */
const encodings = [[undefined, 'utf-16'], [[], 'utf-16'], [['utf-32', 'utf-8', 'utf-16'], 'utf-8'], [['utf-16', 'utf-8'], 'utf-16'], [['utf-32'], 'utf-16']];

test('the position encoding is the first that both know', async (t) => {
	for (const [positionEncodings, unit] of encodings) {
		const { upstream, eke, capabilities } = await start(t, { capabilities: { general: { positionEncodings } } });
		const doc = await eke.open('/* ü😀 */ ret‸\n', { unit });

		assert.equal(capabilities.positionEncoding, unit);
		assert.deepEqual(await seen(upstream, doc), around(doc));
	}
});

const at = (line, character) => ({ line, character });
const range = (l1, c1, l2, c2) => ({ start: at(l1, c1), end: at(l2, c2) });

/* Text, content changes, and the text after them. */
const edits = [
	['an insertion past the end of its line', 'ab\ncd', [{ range: range(0, 99, 0, 99), text: 'X' }], 'abX\ncd'],
	['an insertion past the end of the text', 'ab\ncd', [{ range: range(99, 0, 99, 0), text: 'X' }], 'ab\ncdX'],
	['a deletion past the end of the text', 'ab\ncd', [{ range: range(0, 1, 99, 99), text: '' }], 'a'],
	['past the end of a line that ends with CRLF', 'ab\r\ncd', [{ range: range(0, 99, 0, 99), text: 'X' }], 'abX\r\ncd'],
	['into an empty document', '', [{ range: range(0, 0, 0, 0), text: 'ab\n' }], 'ab\n'],
	['the last line, which is empty', 'ab\n', [{ range: range(1, 0, 1, 0), text: 'X' }], 'ab\nX'],
	['CR alone ends a line', 'ab\rcd', [{ range: range(1, 1, 1, 1), text: 'X' }], 'ab\rcXd'],
	['a line separator does not', 'ab\u2028cd', [{ range: range(0, 4, 0, 4), text: 'X' }], 'ab\u2028cXd'],
	['nor does a vertical tab', 'a\vb\fc\u0085d', [{ range: range(0, 6, 0, 6), text: 'X' }], 'a\vb\fc\u0085Xd'],
	['an LF behind a CR', 'ab\rcd', [{ range: range(1, 0, 1, 0), text: '\n' }, { range: range(1, 0, 1, 0), text: 'X' }], 'ab\r\nXcd'],
	['a CR taken from CRLF', 'ab\r\ncd', [{ range: range(0, 2, 1, 0), text: '\n' }, { range: range(1, 0, 1, 1), text: '' }], 'ab\nd'],
	['inside a pair of surrogates', 'a😀b', [{ range: range(0, 4, 0, 4), text: 'X' }], 'a😀bX'],
	['each change sees the former', 'abc', [{ range: range(0, 0, 0, 1), text: '' }, { range: range(0, 0, 0, 1), text: '' }, { range: range(0, 1, 0, 1), text: 'X' }], 'cX'],
	['all of it, and then a part', 'abc', [{ text: 'new\ntext' }, { range: range(1, 0, 1, 4), text: 'X' }], 'new\nX'],
	['rangeLength is ignored', 'abc', [{ range: range(0, 1, 0, 2), rangeLength: 77, text: 'X' }], 'aXc'],
	['nothing', 'abc', [], 'abc'],
	['nothing in place of nothing', 'abc', [{ range: range(0, 1, 0, 1), text: '' }], 'abc'],
	['all of it by nothing', 'abc', [{ text: '' }], ''],
];

test('edits', async (t) => {
	const { upstream, eke } = await start(t);

	for (const [name, before, contentChanges, after] of edits) {
		await t.test(name, async () => {
			const doc = await eke.open(before);
			doc.send(contentChanges);
			doc.text = after;
			for (const cursor of [0, after.length]) {
				doc.cursor = cursor;
				assert.deepEqual(await seen(upstream, doc), around(doc));
			}
		});
	}
});

test('a position of a completion past the end of its line or of the text', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open('ab\r\ncd\nef');

	for (const [position, prefix] of [[at(0, 99), 'ab'], [at(1, 99), 'ab\r\ncd'], [at(99, 0), 'ab\r\ncd\nef'], [at(2, 2147483647), 'ab\r\ncd\nef']]) {
		await doc.complete({ position });
		assert.equal(extractHole(upstream.counted.at(-1).body).prefix, prefix);
	}
});

test('versions with gaps, backwards, missing and null', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open('a');

	for (const version of [2, 100, 100, 3, null, -5, 2 ** 31]) {
		doc.send([doc.edit(doc.text.length, doc.text.length, 'x')], version);
		assert.deepEqual(await seen(upstream, doc), around(doc), `version ${version}`);
	}
	eke.notify('textDocument/didChange', { textDocument: { uri: doc.uri }, contentChanges: [doc.edit(0, 0, 'y')] });
	assert.deepEqual(await seen(upstream, doc), around(doc));
});

test('5000 edits in one message', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open('');
	const changes = [];

	for (let n = 0; n < 5000; n++)
		changes.push(doc.edit(n % 2 ? 0 : doc.text.length, n % 2 ? 1 : doc.text.length, n % 2 ? '' : `${n % 10}`));
	doc.cursor = doc.text.length;
	doc.send(changes);
	assert.deepEqual(await seen(upstream, doc), around(doc));
});

test('200 documents open, edited in turns, and closed', async (t) => {
	const { upstream, eke } = await start(t);
	const docs = [];

	for (let n = 0; n < 200; n++)
		docs.push(await eke.open(`document ${n}‸ end`));
	for (const doc of docs)
		doc.type(` of ${docs.length}`);
	for (const doc of docs.filter((_, n) => n % 7 === 0))
		assert.deepEqual(await seen(upstream, doc), around(doc));
	for (const doc of docs.slice(1))
		doc.close();
	assert.deepEqual(await seen(upstream, docs[0]), around(docs[0]));
	await assert.rejects(docs[1].complete(), { code: -32602 });
	/* Closed and opened again. */
	docs[1].text = 'another text';
	docs[1].cursor = 7;
	docs[1].open();
	assert.deepEqual(await seen(upstream, docs[1]), around(docs[1]));
	/* Opened twice: the later text counts. */
	docs[0].text = 'opened twice';
	docs[0].cursor = 6;
	docs[0].open();
	docs[0].type(' and edited');
	assert.deepEqual(await seen(upstream, docs[0]), around(docs[0]));
});

test('one document under several names is several documents', async (t) => {
	const { upstream, eke } = await start(t);
	const uris = ['file:///a/b.c', 'file:///a/B.c', 'untitled:Untitled-1', 'file:///a/%C3%BC.c', 'vscode-notebook-cell:/x.ipynb#W0', 'file:///C:/x.c'];
	const docs = [];

	for (const uri of uris)
		docs.push(await eke.open(`text of ${uri}`, { uri }));
	for (const doc of docs)
		assert.deepEqual(await seen(upstream, doc), around(doc));
});

test('a document over 16 MiB is known but not kept', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open('x'.repeat(17 * 1024 * 1024));

	assert.equal(await doc.complete(), null);
	doc.type('y');
	assert.equal(await doc.complete(), null);
	await eke.waitForNotification('window/logMessage', ({ message }) => /too large/.test(message));
	assert.equal(upstream.counted.length, 0);
	/* Another is not disturbed, and with a small text it is kept again. */
	const other = await eke.open('int x = ‸;');
	assert.deepEqual(await seen(upstream, other), around(other));
	doc.text = 'small';
	doc.cursor = 5;
	doc.send([{ text: doc.text }]);
	assert.deepEqual(await seen(upstream, doc), around(doc));
});

test('after an edit that makes no sense there are no completions until the whole text comes', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open('int x;');

	doc.send([{ range: { start: at(0, 0) }, text: 'x' }]);
	assert.equal(await doc.complete(), null);
	doc.type('y');
	assert.equal(await doc.complete(), null);
	assert.equal(upstream.counted.length, 0);
	doc.send([{ text: doc.text }]);
	assert.deepEqual(await seen(upstream, doc), around(doc));
	/* The harness reports that edit as the breach of contract that it is. */
	assert.match(eke.audit.problems.shift(), /didChange/);
});

test('only so much of a large document is sent, the text around the cursor', async (t) => {
	const { upstream, eke } = await start(t);
	const lines = Array.from({ length: 20_000 }, (_, n) => `int variable_${n} = ${n};`);
	const doc = await eke.open(`${lines.slice(0, 10_000).join('\n')}\nint here‸\n${lines.slice(10_000).join('\n')}\n`);

	doc.type(' = ');
	const [prefix, suffix] = await seen(upstream, doc);
	const [before, after] = around(doc);
	assert.ok(before.endsWith(prefix) && prefix.length > 3000 && prefix.length <= 6000, `prefix of ${prefix.length}`);
	assert.ok(after.startsWith(suffix) && suffix.length > 1000 && suffix.length <= 2000, `suffix of ${suffix.length}`);
	assert.ok(prefix.startsWith('int variable_'), 'the prefix begins with a line');
});

test('didSave and workspace folders are taken', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open('int x‸;');

	eke.notify('textDocument/didSave', { textDocument: { uri: doc.uri } });
	eke.notify('workspace/didChangeWorkspaceFolders', { event: { added: [{ uri: 'file:///w', name: 'w' }], removed: [] } });
	assert.deepEqual(await seen(upstream, doc), around(doc));
	eke.notify('textDocument/didSave', { textDocument: { uri: doc.uri }, text: doc.text });
	doc.type('1');
	assert.deepEqual(await seen(upstream, doc), around(doc));
});

test('thousands of edits of a document of many megabytes, in one message', async (t) => {
	const { upstream, eke } = await start(t);
	const lines = 1 << 21;
	const doc = await eke.open(`${'x y z\n'.repeat(lines)}end\n`);
	const contentChanges = Array.from({ length: 5000 }, (_, i) => {
		const at = { line: (i * 1000003) % lines, character: 1 };
		return { range: { start: at, end: at }, text: 'w' };
	});
	const at = { line: lines, character: 3 };

	eke.notify('textDocument/didChange', { textDocument: { uri: doc.uri, version: doc.version + 1 }, contentChanges: [...contentChanges, { range: { start: at, end: at }, text: ' of it' }] });
	await eke.request('textDocument/inlineCompletion', { textDocument: { uri: doc.uri }, position: { line: lines, character: 9 }, context: { triggerKind: 1 } });
	assert.equal(upstream.counted.length, 1);
	assert.ok(extractHole(upstream.counted[0].body).prefix.endsWith('x y z\nend of it'));
});
