/*
 * What goes along with a chat, a commit message and an edit by itself: declarations of what its code names, from files
 * that may be sent; what of it is said; and how it is turned off and left out.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { configFor, makeHome, run, startServer, withUpstream } from './harness.mjs';

const READER = 'class Reader:\n    def __init__(self, path):\n        self.path = path\n\n    def read_header(self, count):\n        return count\n\n    def close_all(self):\n        pass\n';
const MAIN = 'from lib.reader import Reader\n\ndef first(path):\n    reader = Reader(path)\n    return reader.read_header(1)\n';
const FILES = { 'lib/reader.py': READER, 'main.py': MAIN, 'other.py': 'def unrelated(x):\n    return x\n' };

function write(root, files) {
	for (const [name, text] of Object.entries(files)) {
		mkdirSync(dirname(join(root, name)), { recursive: true });
		writeFileSync(join(root, name), text);
	}
}

async function start(t, { files = FILES, endpoint, rest, answer = () => 'Yes.' } = {}) {
	const upstream = await withUpstream(t, { answer });
	const eke = await startServer(t, { config: configFor(upstream, endpoint, rest) });
	const root = join(eke.home, 'work');

	write(root, files);
	await eke.initialize({ workspaceFolders: [{ uri: `file://${root}`, name: 'work' }] });
	return { upstream, eke, root };
}

const range = (a, b, c, d) => ({ start: { line: a, character: b }, end: { line: c, character: d } });
const asked = (upstream) => upstream.requests.at(-1).body.messages.at(-1).content;
const selection = (eke, lines = range(3, 0, 5, 0)) => ({ kind: 'selection', uri: eke.uri('main.py'), range: lines });

test('declarations of what a selection names go along, before it, and are said', async (t) => {
	const { upstream, eke } = await start(t);

	for (const open of [false, true]) {
		if (open)
			await eke.open(MAIN, { uri: eke.uri('main.py'), languageId: 'python' });
		const { context, chatId, trimmed } = await eke.send('Why?', { context: [selection(eke)] });
		const content = asked(upstream);

		assert.match(content, /^Declared in lib\/reader\.py \(this file imports it\):\n```python\nclass Reader:\n[^`]*def read_header\(self, count\):\n/);
		assert.match(content, /\n```\n\nSelection in main\.py, lines 4-5:\n```python\n4 \| {5}reader = Reader\(path\)\n[^`]*```\n\nWhy\?$/);
		assert.match(content, /Declared in main\.py \(the rest of this file\):\n```python\nfrom lib\.reader import Reader\n/);
		assert.doesNotMatch(content, /unrelated/);
		const reader = context.find(({ path }) => path === 'lib/reader.py');
		assert.deepEqual([reader.sources, reader.reason], [['imports'], 'this file imports it']);
		assert.equal(trimmed, undefined);
		const { turns } = await eke.request('chat/get', { chatId });
		assert.ok(turns[0].context.some(({ name }) => name === 'Declared in lib/reader.py (this file imports it)'), JSON.stringify(turns[0].context));
		/* Asked again it is what it was. */
		await eke.request('chat/regenerate', { chatId });
		assert.equal(asked(upstream), content);
	}
});

test('commands, attached files and mentions: what is there already does not come twice', async (t) => {
	const { upstream, eke } = await start(t);

	await eke.send('', { command: 'explain', context: [selection(eke)] });
	assert.match(asked(upstream), /def read_header\(self, count\):/);
	await eke.send('Why? @main.py');
	assert.match(asked(upstream), /^Declared in lib\/reader\.py[^]*File main\.py:/);
	const { context } = await eke.send('Why? @main.py @lib/reader.py');
	assert.equal(context, undefined);
	assert.doesNotMatch(asked(upstream), /Declared in/);
});

test('a file of any folder of the workspace is mentioned, also with the name of its folder', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const eke = await startServer(t, { config: configFor(upstream) });
	const folder = (name) => ({ uri: `file://${join(eke.home, name)}`, name });

	write(join(eke.home, 'api'), { 'same.py': 'of_api = 1\n', 'web/x.py': 'below_api = 1\n' });
	write(join(eke.home, 'web'), { 'same.py': 'of_web = 1\n', 'only.py': 'only_web = 1\n', 'x.py': 'x_of_web = 1\n' });
	write(join(eke.home, 'secret'), { 'no.py': 'outside = 1\n' });
	await eke.initialize({ workspaceFolders: [folder('api'), folder('web')] });
	for (const [words, found] of [
		['@same.py', 'of_api'],
		['@only.py', 'only_web'],
		['@web/same.py', 'of_web'],
		['@api/same.py', 'of_api'],
		['@web/x.py', 'below_api'], // a path as it is goes before a folder's name
		['@web/only.py:1?', 'only_web'],
	]) {
		await eke.send(`Why? ${words}`);
		assert.match(asked(upstream), new RegExp(`${found} = 1`), words);
		assert.equal(asked(upstream).match(/ = 1/g).length, 1, words);
	}
	for (const words of ['@secret/no.py', '@web/../secret/no.py', '@we/only.py', '@web/']) {
		await eke.send(`Why? ${words}`);
		assert.doesNotMatch(asked(upstream), / = 1/, words);
	}
});

test('not with a plain question, and not where it is turned off', async (t) => {
	const { upstream, eke } = await start(t);

	await eke.open(MAIN, { uri: eke.uri('main.py'), languageId: 'python' });
	assert.equal((await eke.send('What is read_header of Reader?')).context, undefined);
	assert.equal(asked(upstream), 'What is read_header of Reader?');
	await eke.notify('workspace/didChangeConfiguration', { settings: { eke: { chat: { contextTokens: 0 } } } });
	assert.equal((await eke.send('Why?', { context: [selection(eke)] })).context, undefined);
	assert.doesNotMatch(asked(upstream), /Declared in/);
});

test('nothing goes along from a file that may not be sent', async (t) => {
	const { upstream, eke } = await start(t, { files: { ...FILES, '.gitignore': 'lib/\n' } });

	await eke.send('Why?', { context: [selection(eke)] });
	assert.doesNotMatch(asked(upstream), /lib\/reader\.py|class Reader/);
});

test('a commit message: declarations of what the diff names', async (t) => {
	const { upstream, eke, root } = await start(t);
	const git = (...args) => execFileSync('git', ['-c', 'user.name=me', '-c', 'user.email=me@example.org', ...args], { cwd: root, stdio: 'pipe' });

	git('init', '-q');
	git('add', '.');
	git('commit', '-qm', 'first');
	write(root, { 'main.py': MAIN.replace('read_header(1)', 'read_header(2)') });
	git('add', 'main.py');
	const { context } = await eke.send('', { command: 'commit' });
	assert.match(asked(upstream), /^Declared in lib\/reader\.py [^]*def read_header\(self, count\):[^]*What is staged \(git diff --cached\):\n```diff\n/);
	assert.ok(context.length);
	const changed = [{ kind: 'changes', uri: eke.uri('main.py') }];
	await eke.send('', { command: 'commit', context: changed });
	assert.match(asked(upstream), /^Declared in lib\/reader\.py [^]*What is to be committed \(git diff HEAD\)/);
});

test('an edit: declarations of what the text names', async (t) => {
	const { upstream, eke } = await start(t, { answer: () => '<edit>    return reader.read_header(2)\n</edit>' });
	const doc = await eke.open(MAIN, { uri: eke.uri('main.py'), languageId: 'python' });
	const propose = () => eke.request('edit/propose', { textDocument: { uri: doc.uri }, range: range(4, 0, 5, 0), instruction: 'read two' });
	const { edit, context } = await propose();

	assert.equal(edit.documentChanges[0].edits.length, 1);
	assert.ok(context.some(({ path, text }) => path === 'lib/reader.py' && /def read_header\(self, count\):/.test(text)));
	assert.match(asked(upstream), /^What the project has elsewhere of what the file names:\n\nDeclared in lib\/reader\.py [^]*\n```\n\nFile: .*main\.py\n/);
	/* What changes meanwhile is told, too, while files are read. */
	const call = eke.start('edit/propose', { textDocument: { uri: doc.uri }, range: range(4, 0, 5, 0), instruction: 'read two' });
	call.cancel();
	await call.answer.then(() => {}, (error) => assert.equal(error.code, -32800));
	await eke.notify('workspace/didChangeConfiguration', { settings: { eke: { chat: { contextTokens: 0 } } } });
	assert.equal((await propose()).context, undefined);
	assert.match(asked(upstream), /^File: /);
});

test('it is the first to go where the plan caps prompts, and takes at most a quarter', async (t) => {
	const members = Array.from({ length: 300 }, (_, i) => `    def read_header_${i}(self, count):\n        pass\n`).join('\n');
	const plans = { capped: { windows: [], maxPromptTokens: 1200 } };
	const uses = Array.from({ length: 300 }, (_, i) => `reader.read_header_${i}`).join('\n');
	const { upstream, eke } = await start(t, { files: { 'lib/reader.py': `class Reader:\n${members}`, 'main.py': MAIN, 'big.txt': 'word '.repeat(40).concat('\n').repeat(60) }, endpoint: { plan: 'capped' }, rest: { plans } });
	const { context, trimmed } = await eke.send(`Why?\n${uses.slice(0, 600)}`, { context: [selection(eke)] });

	assert.ok(context.reduce((sum, { tokens }) => sum + tokens, 0) <= 300, JSON.stringify(context));
	assert.equal(trimmed, undefined);
	assert.match(asked(upstream), /^Declared in lib\/reader\.py/);
	const full = await eke.send('Why?', { context: [selection(eke), { kind: 'file', uri: eke.uri('big.txt') }] });
	assert.doesNotMatch(asked(upstream), /Declared in/);
	assert.ok(full.trimmed.some((line) => /^Declared in lib\/reader\.py .*\(about \d+ tokens\)$/.test(line)), JSON.stringify(full.trimmed));
	assert.match(asked(upstream), /File big\.txt/);
});

test('eke chat -f', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const home = makeHome(t, configFor(upstream));
	const root = join(home, 'work');

	write(root, { ...FILES, '.git/HEAD': 'ref: refs/heads/main\n' });
	const { code, stderr } = await run(t, ['chat', '-f', 'main.py', 'Why?'], { home, cwd: root });
	assert.equal(code, 0, stderr);
	assert.match(asked(upstream), /^Declared in lib\/reader\.py[^]*File main\.py:/);
});
