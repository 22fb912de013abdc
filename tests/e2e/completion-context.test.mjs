/*
 * What goes along with a completion's prompt from elsewhere than the text around the cursor: from where, in which form for
 * which dialect, what never does, and how to see and how to turn it off.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { extractHole, knowsModel } from '../upstream/models.mjs';
import { configFor, makeHome, run, startServer, withUpstream } from './harness.mjs';

const READER = 'class Reader:\n    def __init__(self, path):\n        self.path = path\n\n    def read_header(self, count):\n        return count\n';
const MAIN = 'from lib.reader import Reader\n\ndef test_header():\n    reader = Reader("x")\n    header = reader.‸\n';
const WHOLE = `${MAIN.replace('‸', 'read_header(3)')}`;

function write(root, files) {
	for (const [name, text] of Object.entries(files)) {
		mkdirSync(dirname(join(root, name)), { recursive: true });
		writeFileSync(join(root, name), text);
	}
}

async function start(t, { endpoint = {}, completion = {}, rest = {}, files = { 'lib/reader.py': READER }, answer = knowsModel(WHOLE) } = {}) {
	const upstream = await withUpstream(t, { answer });
	const eke = await startServer(t, { config: configFor(upstream, endpoint, { completion: { debounceMs: 0, offline: false, ...completion }, ...rest }) });
	const root = join(eke.home, 'project');

	write(root, files);
	await eke.initialize({ workspaceFolders: [{ uri: `file://${root}`, name: 'project' }] });
	return { upstream, eke, root, open: (text, name = 'main.py', more) => eke.open(text, { uri: `file://${root}/${name}`, languageId: 'python', ...more }) };
}

const user = (record) => record.body.messages.at(-1).content;
/** The snippets of a prompt of the chat emulation, by their paths. */
const snippets = (content) => Object.fromEntries([...content.matchAll(/^<context\d* (?:path|changed)="(.*)">\n([\s\S]*?)^<\/context\d*>$/gm)].map(([, path, text]) => [path, text]));
const explain = (eke, doc) => eke.request('completion/explain', { textDocument: { uri: doc.uri }, position: doc.position() });

test('declarations of what the file imports go along, before the document', async (t) => {
	const { upstream, eke, open } = await start(t);
	const doc = await open(MAIN);

	assert.equal(await doc.suggestion(), 'read_header(3)');
	const content = user(upstream.counted[0]);
	const found = snippets(content);
	assert.match(found['lib/reader.py'], /^class Reader:\n[\s\S]*^ {4}def read_header\(self, count\):$/m);
	assert.ok(content.indexOf('<context') < content.indexOf('\nFile: main.py\n'), content);
	assert.deepEqual(extractHole(upstream.counted[0].body), { ...extractHole(upstream.counted[0].body), prefix: doc.text.slice(0, doc.cursor), suffix: doc.text.slice(doc.cursor) });
	assert.doesNotMatch(content, new RegExp(eke.home));
});

const projects = [
	['an alias of tsconfig.json', 'src/main/use.ts', "import { FrameReader } from '@app/reader';\n\nconst reader = new FrameReader();\nreader.read‸\n", { 'src/app/reader.ts': 'export class FrameReader {\n  readHeader(count: number): string { return ""; }\n}\n' }, /readHeader\(count: number\)/],
	['a directory that only the build knows', 'src/use.c', '#include <frame/reader.h>\n\nint test_header(struct frame_reader *reader)\n{\n\treturn frame_read‸\n}\n', { 'lib/api/frame/reader.h': 'int frame_read_header(struct frame_reader *reader, int count);\n' }, /int frame_read_header/],
	['another module', 'app/src/main/java/com/acme/app/Main.java', 'package com.acme.app;\n\nimport com.acme.frame.FrameReader;\n\npublic class Main {\n    int test(FrameReader reader) {\n        return reader.read‸\n    }\n}\n', { 'core/src/main/java/com/acme/frame/FrameReader.java': 'package com.acme.frame;\n\npublic class FrameReader {\n    public int readHeader(int count) { return count; }\n}\n' }, /readHeader\(int count\)/],
	['a static member', 'src/com/acme/Main.java', 'package com.acme;\n\nimport static com.acme.util.Pick.pickFrame;\n\npublic class Main {\n    int test() {\n        return pickFr‸\n    }\n}\n', { 'src/com/acme/util/Pick.java': 'package com.acme.util;\n\npublic class Pick {\n    public static int pickFrame(String name) { return 1; }\n}\n' }, /pickFrame\(String name\)/],
	['another crate', 'crates/app/src/main.rs', 'use frame_core::reader::FrameReader;\n\nfn main() {\n    let reader = FrameReader::new();\n    reader.read_‸\n}\n', { 'crates/core/src/reader.rs': 'pub struct FrameReader {}\n\nimpl FrameReader {\n    pub fn read_header(&self, count: usize) -> usize { count }\n}\n' }, /fn read_header/],
	['an item of a module', 'src/main.rs', 'mod inner;\nuse crate::inner::deep::FRAME_LIMIT;\n\nfn main() {\n    let limit = FRAME_‸\n}\n', { 'src/inner/mod.rs': 'pub mod deep;\n', 'src/inner/deep.rs': 'pub const FRAME_LIMIT: usize = 4;\n' }, /const FRAME_LIMIT: usize/],
];

for (const [what, name, text, files, declared] of projects) {
	test(`imports are found in ${what}`, async (t) => {
		const { eke, root } = await start(t, { files });
		const languageId = { ts: 'typescript', c: 'c', java: 'java', rs: 'rust' }[name.split('.').at(-1)];
		const { context } = await explain(eke, await eke.open(text, { uri: `file://${root}/${name}`, languageId }));
		const found = context.find(({ text: shown }) => declared.test(shown));

		assert.ok(found, JSON.stringify(context, null, 1));
		assert.equal(found.reason, 'this file imports it');
	});
}

test('lines of open documents and recent changes go along', async (t) => {
	const { upstream, open } = await start(t, { files: {} });
	const other = await open('def test_footer():\n    reader = Reader("y")\n    footer = reader.read_footer(7)\n    check(foter)\n', 'other.py');

	await other.replace(other.text.indexOf('foter'), other.text.indexOf('foter') + 5, 'footer');
	const doc = await open(MAIN);
	await doc.complete();
	const content = user(upstream.counted[0]);
	assert.match(content, /^ {4}footer = reader\.read_footer\(7\)$/m);
	assert.match(content, /^<context changed="other\.py">\n@@ -4,1 \+4,1 @@\n- {4}check\(foter\)\n\+ {4}check\(footer\)\n<\/context>$/m);
});

test('the rest of the file beyond the window goes along as an outline', async (t) => {
	const { upstream, open } = await start(t, { files: {}, endpoint: { plan: 'big' }, rest: { plans: { big: { windows: [], maxPromptTokens: 8192 } } } });
	const lines = Array.from({ length: 500 }, (_, i) => `value_${i} = ${i}`).join('\n');
	const doc = await open(`from json import dumps_header\n\ndef header_of(reader, count):\n    pass\n\n${lines}\ndef test_header(reader):\n    header = ‸\n`);

	await doc.complete();
	const found = snippets(user(upstream.counted[0]));
	assert.match(found['main.py'], /^from json import dumps_header$/m);
	assert.match(found['main.py'], /^def header_of\(reader, count\):$/m);
	assert.doesNotMatch(found['main.py'], /def test_header/);
});

test('cells above in a notebook go along', async (t) => {
	const { upstream, eke, root } = await start(t, { files: {} });
	const cell = (text, n) => eke.open(text, { uri: `vscode-notebook-cell:${root}/n.ipynb#W${n}`, languageId: 'python' });

	await cell('header_frame = load_header("x")\n', 0);
	await (await cell('header_frame.‸', 1)).complete();
	assert.match(snippets(user(upstream.counted[0]))['n.ipynb'], /load_header/);
});

test('cells above are those of the notebook\'s order, whatever came when', async (t) => {
	const upstream = await withUpstream(t, { answer: knowsModel(WHOLE) });
	const eke = await startServer(t, { config: configFor(upstream, {}, { completion: { debounceMs: 0, offline: false } }) });
	const { capabilities } = await eke.initialize({ capabilities: { notebookDocument: { synchronization: {} } } });
	const uri = `file://${eke.home}/n.ipynb`;
	const cell = (n) => `vscode-notebook-cell:${eke.home}/n.ipynb#W${n}`;
	const item = (n, text) => ({ uri: cell(n), languageId: 'python', version: 1, text });
	const cells = (...numbers) => numbers.map((n) => ({ kind: 2, document: cell(n) }));
	const last = 'header_frame.';
	let version = 1;
	const change = (change) => eke.notify('notebookDocument/didChange', { notebookDocument: { uri, version: ++version }, change: { cells: change } });
	const shown = async () => {
		const { context } = await eke.request('completion/explain', { textDocument: { uri: cell(3) }, position: { line: 0, character: last.length } });
		return context.filter(({ sources }) => sources.includes('notebook')).map(({ text }) => text.match(/load_(\w+)/)[1]).sort();
	};

	assert.deepEqual(capabilities.notebookDocumentSync, { notebookSelector: [{ notebook: '*' }] });
	eke.notify('notebookDocument/didOpen', {
		notebookDocument: { uri, notebookType: 'jupyter-notebook', version, cells: cells(1, 3, 2) },
		cellTextDocuments: [item(2, 'header_frame = load_below("y")\n'), item(1, 'header_frame = load_above("x")\n'), item(3, last)],
	});
	assert.deepEqual(await shown(), ['above']);
	/* One is put in at the top, after the others were opened. */
	change({ structure: { array: { start: 0, deleteCount: 0, cells: cells(4) }, didOpen: [item(4, 'header_frame = load_top("z")\n')] } });
	assert.deepEqual(await shown(), ['above', 'top']);
	/* The one below moves up: taken out, then put in. */
	change({ structure: { array: { start: 3, deleteCount: 1 } } });
	change({ structure: { array: { start: 0, deleteCount: 0, cells: cells(2) } } });
	assert.deepEqual(await shown(), ['above', 'below', 'top']);
	/* A text changes, and a cell goes. */
	change({ textContent: [{ document: { uri: cell(1), version: 2 }, changes: [{ text: 'header_frame = load_again("x")\n' }] }] });
	change({ structure: { array: { start: 1, deleteCount: 1 }, didClose: [{ uri: cell(4) }] } });
	eke.notify('notebookDocument/didSave', { notebookDocument: { uri } });
	assert.deepEqual(await shown(), ['again', 'below']);
	/* What is wrong with it is said, and harms nothing. */
	eke.notify('notebookDocument/didChange', { notebookDocument: { uri: `${uri}x`, version: 1 }, change: {} });
	eke.notify('notebookDocument/didClose', { notebookDocument: { uri }, cellTextDocuments: [1, 2, 3].map((n) => ({ uri: cell(n) })) });
	await assert.rejects(shown(), /not open/);
	await eke.waitForNotification('window/logMessage', ({ message }) => /n\.ipynbx is not open/.test(message));
	assert.equal(upstream.requests.length, 0);
});

test('of too many notebooks the cells are documents as others are, and that is said', async (t) => {
	const { upstream, eke } = await start(t, { files: {} });
	const open = (uri, text) => eke.notify('notebookDocument/didOpen', {
		notebookDocument: { uri, notebookType: 'jupyter-notebook', version: 1, cells: [{ kind: 2, document: `${uri}#1` }] },
		cellTextDocuments: text ? [{ uri: `${uri}#1`, languageId: 'python', version: 1, text }] : [],
	});

	for (let i = 0; i < 1024; i++)
		open(`file:///n${i}.ipynb`);
	open('file:///n5.ipynb');
	open('file:///one_too_many.ipynb', 'value = ');
	await eke.waitForNotification('window/logMessage', ({ message }) => /cells of file:\/\/\/one_too_many\.ipynb is not kept/.test(message));
	await eke.request('textDocument/inlineCompletion', {
		textDocument: { uri: 'file:///one_too_many.ipynb#1' }, position: { line: 0, character: 8 }, context: { triggerKind: 1 },
	});
	assert.equal(extractHole(upstream.counted[0].body).prefix, 'value = ');
	assert.deepEqual(eke.notifications.filter(({ params }) => /n5\.ipynb/.test(params?.message)), []);
});

test('nothing goes along from a file that may not be sent, from behind a link, or from outside of the workspace', async (t) => {
	const outside = 'def reader_outside(header):\n    pass\n';
	const { upstream, eke, root, open } = await start(t, {
		files: {
			'lib/reader.py': READER, '.gitignore': 'kept.py\n', 'kept.py': 'def reader_kept(header):\n    pass\n',
			'reader_ours.py': 'def reader_ours(header):\n    pass\n', '../outside.py': outside, '../beside/module.py': outside,
			'data.py': `reader_data = "\0${'header '.repeat(10)}"\n`, 'huge.py': `def reader_huge(header): pass\n${'# header\n'.repeat(40000)}`,
		},
		rest: { privacy: { ignore: ['reader_ours.py'] } },
	});

	symlinkSync('../outside.py', join(root, 'linked.py'));
	symlinkSync('../beside', join(root, 'beside'));
	await eke.open('READER_SECRET=header\n', { uri: `file://${root}/.env`, languageId: 'plaintext' });
	const doc = await open(`import kept, reader_ours, linked, data, huge\nfrom beside import module\nfrom .. import outside\n${MAIN}`);
	await doc.complete();
	const content = user(upstream.counted[0]);
	assert.match(content, /read_header\(self/);
	assert.doesNotMatch(content, /reader_(kept|ours|outside|data|huge)\(|READER_SECRET/);
	/* Open, it is the user's to show. */
	const shown = await eke.open(outside, { uri: `file://${eke.home}/outside.py`, languageId: 'python' });
	doc.type('x');
	await doc.complete();
	assert.match(user(upstream.counted[1]), /^<context path="outside\.py">\ndef reader_outside/m);
	assert.ok(shown);
});

test('a file that changes is read again', async (t) => {
	const { upstream, root, eke, open } = await start(t);
	const doc = await open(MAIN);

	await doc.complete();
	/* Open in the editor, its text there counts at once. */
	await open('class Reader:\n    def read_header_again(self):\n        pass\n', 'lib/reader.py');
	doc.type('x');
	await doc.complete();
	assert.match(user(upstream.counted[1]), /read_header_again/);
	assert.doesNotMatch(user(upstream.counted[1]), /read_header\(self/);
	assert.ok(root && eke);
});

test('completion.context turns sources off', async (t) => {
	const { upstream, open, eke } = await start(t, { completion: { context: { imports: false } } });
	const doc = await open(MAIN);

	await doc.complete();
	assert.doesNotMatch(user(upstream.counted[0]), /read_header/);
	await eke.notify('workspace/didChangeConfiguration', { settings: { eke: { completion: { context: { imports: true, maxTokens: 0 } } } } });
	doc.type('x');
	await doc.complete();
	assert.doesNotMatch(user(upstream.counted[1]), /<context/);
	await eke.notify('workspace/didChangeConfiguration', { settings: { eke: { completion: { context: { imports: true } } } } });
	doc.type('y');
	await doc.complete();
	assert.match(user(upstream.counted[2]), /read_header/);
});

for (const source of ['imports', 'similar', 'edits', 'outline', 'notebook']) {
	test(`completion.context.${source}: false leaves out that source and no other`, async (t) => {
		const { eke, open, root } = await start(t);
		const other = await open('def test_footer():\n    reader = Reader("y")\n    footer = reader.read_footer(7)\n    check(foter)\n', 'other.py');
		const cell = (name, text) => eke.open(text, { uri: `vscode-notebook-cell:${root}/n.ipynb#${name}`, languageId: 'python' });
		const filler = Array.from({ length: 400 }, (_, i) => `    note_${i} = ${i}\n`).join('');

		await other.replace(other.text.indexOf('foter'), other.text.indexOf('foter') + 5, 'footer');
		await cell('1', 'def read_header(count):\n    return count\n');
		const docs = source === 'notebook'
			? [await cell('2', 'header = read_‸\n')]
			: [await open(`${MAIN.split('\n')[0]}\n\ndef read_trailer(reader):\n    return reader\n\ndef fill():\n${filler}\n${MAIN.slice(MAIN.indexOf('\n') + 1)}`)];
		const sources = async () => new Set((await explain(eke, docs[0])).context.flatMap((item) => item.sources));
		const all = await sources();

		assert.ok(all.has(source), [...all].join(' '));
		await eke.notify('workspace/didChangeConfiguration', { settings: { eke: { completion: { context: { [source]: false } } } } });
		const fewer = await sources();
		assert.ok(!fewer.has(source), [...fewer].join(' '));
		assert.ok(fewer.size || all.size === 1);
	});
}

test('a FIFO beside the document or imported by it is passed over', async (t) => {
	const { eke, root, open } = await start(t);

	execFileSync('mkfifo', [join(root, 'pipe.py'), join(root, 'lib/more.py')]);
	const { context } = await explain(eke, await open(`import pipe\nfrom lib import more\n${MAIN}`));
	assert.deepEqual(context.filter(({ path }) => /pipe|more/.test(path)), []);
	assert.ok(context.some(({ path }) => path === 'lib/reader.py'));
});

test('an answer is found again although the context has changed', async (t) => {
	const { upstream, open } = await start(t);
	const doc = await open(MAIN);

	assert.equal(await doc.suggestion(), 'read_header(3)');
	const other = await open('reader = Reader("z")\nheader = reader.other\n', 'other.py');
	await other.type('_thing');
	assert.equal(await doc.suggestion(), 'read_header(3)');
	assert.equal(upstream.counted.length, 1);
});

test('what the last prompt showed just so comes first in the next, so that both begin alike', async (t) => {
	const { upstream, open } = await start(t, { files: {} });
	const helper = (name) => open(`def read_header_${name}(count):\n    header_${name} = count_${name}(count)\n    return header_${name}\n`, `${name}.py`);
	const [one] = [await helper('one'), await helper('two')];
	const doc = await open('def test_header(count):\n    header = read_header_‸\n');
	const order = (record) => [...user(record).matchAll(/^<context\d* path="(.*)">$/gm)].map(([, path]) => path);

	await doc.complete();
	await one.replace(one.text.indexOf('return'), one.text.indexOf('return'), 'check(header_one)\n    ');
	doc.type('x');
	await doc.complete();
	assert.deepEqual(order(upstream.counted[0]), ['two.py', 'one.py']);
	/* The one that was edited last would be the first. */
	assert.deepEqual(order(upstream.counted[1]), ['two.py', 'one.py']);
});

test('while a user types, prompts begin alike: what is new goes behind what went along before', async (t) => {
	const source = (name) => readFileSync(new URL(`../../src/context/${name}`, import.meta.url), 'utf8');
	const files = ['digest.c', 'evidence.c', 'names.c', 'changes.c', 'related.c', 'snippets.c'];
	const { upstream, eke, root } = await start(t, { endpoint: { plan: 'small' }, rest: { plans: { small: { windows: [], maxPromptTokens: 4096 } } }, files: Object.fromEntries(files.map((name) => [name, source(name)])) });
	const lines = source('retriever.c').split('\n');
	const language = { languageId: 'c' };

	for (const name of files.slice(0, 3))
		await eke.open(source(name), { uri: `file://${root}/${name}`, ...language });
	const doc = await eke.open(`${lines.slice(0, 130).join('\n')}\n‸\n${lines.slice(190).join('\n')}`, { uri: `file://${root}/retriever.c`, ...language });
	for (let at = 130; at < 190; at += 6) {
		await doc.type(`${lines.slice(at, at + 6).join('\n')}\n`);
		await doc.complete();
	}
	const prompts = upstream.counted.map(({ body }) => body.messages.map(({ content }) => content).join('\0'));
	const shares = prompts.slice(1).map((now, i) => {
		let same = 0;

		while (same < now.length && now[same] === prompts[i][same])
			same++;
		return same / now.length;
	});
	assert.equal(prompts.length, 10);
	assert.ok(shares.reduce((a, b) => a + b) / shares.length > 0.5, shares.map((share) => share.toFixed(2)).join(' '));
});

test('the plan caps the whole prompt, and the text around the cursor goes first', async (t) => {
	const members = Array.from({ length: 2000 }, (_, i) => `    def read_header_${i}(self, count):\n        pass\n`).join('\n');
	const cap = 1500;
	const { upstream, open, eke } = await start(t, {
		endpoint: { plan: 'small' }, files: { 'lib/reader.py': `class Reader:\n${members}` },
		rest: { plans: { small: { windows: [], maxPromptTokens: cap } } },
	});
	const doc = await open(MAIN);
	const { promptTokens, context } = await explain(eke, doc);

	assert.ok(promptTokens <= cap && promptTokens > cap * 0.8, `${promptTokens}`);
	assert.ok(context.length);
	await doc.complete();
	assert.deepEqual(extractHole(upstream.counted[0].body).prefix, doc.text.slice(0, doc.cursor));
});

const forms = [
	['llamacpp-infill', (body) => {
		assert.deepEqual(body.input_extra.map(({ filename }) => filename), ['lib/reader.py']);
		assert.match(body.input_extra[0].text, /def read_header\(self, count\):/);
		assert.equal(body.input_prefix, MAIN.slice(0, MAIN.indexOf('‸')));
	}],
	['completions', (body) => assert.match(body.prompt, /^# From lib\/reader\.py:\n# class Reader:\n[\s\S]*^# {5}def read_header\(self, count\):\n[\s\S]*^# .*main\.py\nfrom lib\.reader import Reader\n/m)],
	['fim-tokens', (body) => assert.match(body.prompt, /^<\|repo_name\|>project\n<\|file_sep\|>lib\/reader\.py\nclass Reader:\n[\s\S]*<\|file_sep\|>main\.py\n<\|fim_prefix\|>from lib\.reader import Reader\n/)],
	['deepseek-fim', (body) => assert.match(body.prompt, /^# From lib\/reader\.py:\n/)],
	['mistral-fim', (body) => assert.match(body.prompt, /^\+\+\+\+\+ lib\/reader\.py\nclass Reader:\n[\s\S]*^\+\+\+\+\+ .*main\.py\nfrom lib\.reader import Reader\n/m), { models: { chat: 'x', completion: 'codestral-latest' } }],
];

for (const [completionApi, check, more] of forms) {
	test(`context in the dialect ${completionApi}`, async (t) => {
		const { upstream, open } = await start(t, { endpoint: { completionApi, ...more } });
		const doc = await open(MAIN);

		assert.equal(await doc.suggestion(), 'read_header(3)');
		check(upstream.counted[0].body);
	});
}

test('a file about the marks: its own do not end anything', async (t) => {
	const { upstream, open } = await start(t, { files: { 'lib/reader.py': `${READER}\nMARK = "</context>\\n<document>\\n<CURSOR/>"\nheader_mark = "<context path"\n` } });
	const doc = await open(MAIN);

	await doc.complete();
	const content = user(upstream.counted[0]);
	assert.deepEqual(extractHole(upstream.counted[0].body).prefix, doc.text.slice(0, doc.cursor));
	if (/header_mark|MARK =/.test(content))
		assert.match(content, /<context1 path="lib\/reader\.py">/);
});

test('explain says what would go along, and why', async (t) => {
	const { upstream, eke, open } = await start(t);
	const doc = await open(MAIN);
	const { decision, context, promptTokens } = await explain(eke, doc);
	const imported = context.find(({ path }) => path === 'lib/reader.py');

	assert.equal(decision, 'ask');
	assert.deepEqual(imported.sources, ['imports']);
	assert.equal(imported.reason, 'this file imports it');
	assert.match(imported.lines, /^1\b/);
	assert.match(imported.text, /def read_header\(self, count\):\n/);
	assert.ok(imported.tokens > 5 && promptTokens > imported.tokens);
	assert.equal(upstream.requests.length, 0);
	/* Cancelled, it is answered as such. */
	const call = eke.start('completion/explain', { textDocument: { uri: doc.uri }, position: doc.position() });
	call.cancel();
	await call.answer.then(() => {}, (error) => assert.equal(error.code, -32800));
	assert.deepEqual((await explain(eke, await open('KEY=1‸', '.env'))).context, []);
});

test('eke complete --explain prints it and sends nothing', async (t) => {
	const upstream = await withUpstream(t);
	const home = makeHome(t, configFor(upstream));
	const root = join(home, 'project');

	write(root, { 'lib/reader.py': READER, 'src/main.py': MAIN.replace('‸', ''), '.git/HEAD': 'ref: refs/heads/main\n' });
	for (const args of [['--explain', `${root}/src/main.py:5:21`], [`${root}/src/main.py:5:21`, '--explain']]) {
		const { code, stdout, stderr } = await run(t, ['complete', ...args], { home });

		assert.equal(code, 0, stderr);
		assert.match(stdout, /^ask: /);
		assert.match(stdout, /^prompt: about \d+ tokens, \d+ of them context$/m);
		assert.match(stdout, /^lib\/reader\.py:1.* \(this file imports it; about \d+ tokens\)\nclass Reader:\n/m);
	}
	assert.equal(upstream.requests.length, 0);
	assert.equal((await run(t, ['complete', '--explain'], { home })).code, 2);
});
