/*
 * How an answer meets what stands right of the cursor, as editors with auto-pairs leave it, and what becomes of text
 * that is not shown at once: through the real server, by the documents that come of it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { configFor, startServer, withUpstream } from './harness.mjs';

async function start(t, answer, { languageId, text, plan } = {}) {
	const upstream = await withUpstream(t, { answer: () => `<completion>${answer}</completion>` });
	const eke = await startServer(t, {
		config: configFor(upstream, plan ? { plan: 'few' } : {}, {
			completion: { debounceMs: 0 },
			...(plan && { plans: { few: { windows: [{ scope: 'machine', limit: 60, period: '1h' }] } } }),
		}),
	});

	await eke.initialize();
	return { upstream, eke, doc: await eke.open(text, { languageId }) };
}

/* The document's text when the item is taken as a client takes it. */
function taken(doc, { insertText, range }) {
	const lines = doc.text.split('\n');
	const offset = ({ line, character }) => lines.slice(0, line).join('\n').length + (line ? 1 : 0) + character;

	return doc.text.slice(0, offset(range.start)) + insertText + doc.text.slice(offset(range.end));
}

const pairs = [
	['rust', 'fn fibonacci(‸)\n', 'n: u32) -> u32 {\n    n\n}', 'fn fibonacci(n: u32) -> u32 {\n    n\n}\n'],
	['python', 'print(‸)\n', 'x, end="")', 'print(x, end="")\n'],
	['c', '\tprintf("‸");\n', '%d\\n", n);', '\tprintf("%d\\n", n);\n'],
	['c', '\tprintf("‸")\n', '%d\\n", n);\n\treturn n;', '\tprintf("%d\\n", n);\n\treturn n;\n'],
	['javascript', 'foo(() => {‸})\n', '\n  bar();\n})', 'foo(() => {\n  bar();\n})\n'],
	['go', 'func f() int {‸}\n', '\n\treturn 1\n}', 'func f() int {\n\treturn 1\n}\n'],
	['python', 'x = dict(‸)\n', '\n    a=1,\n    b=2,\n)', 'x = dict(\n    a=1,\n    b=2,\n)\n'],
	['c', 'struct a x = {‸};\n', '\n\t.x = 1,\n\t.y = 2,\n};', 'struct a x = {\n\t.x = 1,\n\t.y = 2,\n};\n'],
];

for (const [languageId, text, answer, expected] of pairs) {
	test(`closers of the editor: ${text.trim()}`, async (t) => {
		const { doc } = await start(t, answer, { languageId, text });
		const { items: [item] } = await doc.complete();

		assert.equal(taken(doc, item), expected);
	});
}

test('an answer that was there before the editor closed the bracket keeps its line breaks', async (t) => {
	const { upstream, doc } = await start(t, '{\n\treturn 1\n}', { languageId: 'go', text: 'func f() int ‸\n' });

	await doc.complete();
	doc.type('{');
	doc.replace(doc.cursor, doc.cursor, '}');
	doc.cursor = doc.text.indexOf('{') + 1;
	const { items: [item] } = await doc.complete({ automatic: true });
	assert.equal(taken(doc, item), 'func f() int {\n\treturn 1\n}\n');
	assert.equal(upstream.counted.length, 1);
});

test('an answer that was there before the editor closed the bracket goes on behind it', async (t) => {
	const { upstream, doc } = await start(t, ' fibonacci(n: u32) -> u32 {\n    n\n}', { languageId: 'rust', text: 'fn‸\n' });

	await doc.complete();
	doc.type(' fibonacci(');
	doc.replace(doc.cursor, doc.cursor, ')');
	doc.cursor = doc.text.indexOf('(') + 1;
	const { items: [item] } = await doc.complete({ automatic: true });
	assert.equal(taken(doc, item), 'fn fibonacci(n: u32) -> u32 {\n    n\n}\n');
	assert.equal(upstream.counted.length, 1);
});

test('what goes on behind the block is kept for when the cursor gets there', async (t) => {
	const { upstream, doc } = await start(t, 'return a + b\n\n\ndef sub(a, b):\n    return a - b', {
		languageId: 'python', text: 'def add(a, b):\n    ‸', plan: true,
	});

	assert.equal(await doc.suggestion(), 'return a + b');
	doc.type('return a + b');
	assert.equal(await doc.suggestion({ automatic: true }), '\n\n\ndef sub(a, b):\n    return a - b');
	assert.equal(upstream.counted.length, 1);
});
