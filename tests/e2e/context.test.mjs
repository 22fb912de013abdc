/*
 * What goes with a question in a conversation: selections, files, mentions, diagnostics, commands; what may not; and what of
 * it is left out where the plan caps prompts.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { getEncoding } from 'js-tiktoken';

import { configFor, startServer, withUpstream } from './harness.mjs';

/* A server whose workspace is its working directory, with files in it. */
async function start(t, { files = {}, endpoint, rest, init } = {}) {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const eke = await startServer(t, { config: configFor(upstream, endpoint, rest) });
	const root = join(eke.home, 'work');
	const write = (name, text) => {
		mkdirSync(dirname(join(root, name)), { recursive: true });
		writeFileSync(join(root, name), text);
	};

	for (const [name, text] of Object.entries(files))
		write(name, text);
	await eke.initialize(init ?? { workspaceFolders: [{ uri: `file://${root}`, name: 'work' }] });
	return { upstream, eke, root, write };
}

const failure = (call) => call.then((result) => assert.fail(`a result instead of an error: ${JSON.stringify(result)}`), (error) => error);
const range = (a, b, c, d) => ({ start: { line: a, character: b }, end: { line: c, character: d } });
const asked = (upstream) => upstream.requests.at(-1).body.messages.at(-1).content;

const RING = '#include "ring.h"\n\nint ring_push(struct ring *r, int x)\n{\n\treturn r->items[r->n++] = x;\n}\n';
const NUMBERED = '1 | #include "ring.h"\n2 | \n3 | int ring_push(struct ring *r, int x)\n4 | {\n5 | \treturn r->items[r->n++] = x;\n6 | }\n';

/* --- what is sent --- */

test('a file, a part of it, a selection, text, diagnostics', async (t) => {
	const { upstream, eke } = await start(t, { files: { 'src/ring.c': RING } });
	const uri = eke.uri('src/ring.c');

	await eke.send('Why?', {
		context: [
			{ kind: 'file', uri }, { kind: 'file', uri, range: range(3, 1, 4, 3) }, { kind: 'selection', uri, range: range(2, 4, 2, 13) },
			{ kind: 'text', name: 'The log', text: 'it said\n```' }, { kind: 'file', uri },
			{
				kind: 'diagnostics', uri, items: [
					{ range: range(4, 8, 4, 9), message: 'no bounds check', severity: 2, source: 'lint', code: 7 }, { range: range(0, 0, 0, 1), message: 'never used' },
				],
			},
			{ kind: 'diagnostics', uri },
		],
	});
	assert.equal(asked(upstream), [
		`File src/ring.c:\n\`\`\`c\n${NUMBERED}\`\`\``,
		'File src/ring.c, lines 4-5:\n```c\n4 | {\n5 | \treturn r->items[r->n++] = x;\n```',
		'The log:\n````\nit said\n```\n````',
		'Diagnostics of src/ring.c:\n```\n5:9 warning: no bounds check (lint 7)\n1:1 never used\n```',
		'Selection in src/ring.c, line 3:\n```c\n3 | ring_push\n```',
		'Why?',
	].join('\n\n'));
	assert.doesNotMatch(asked(upstream), /<(pre|code|br)\b/);
});

test('diagnostics of a range, and a selection of nothing, which is its line', async (t) => {
	const { upstream, eke } = await start(t, { files: { 'a.c': 'one\ntwo\nthree\n' } });
	const uri = eke.uri('a.c');
	const items = [0, 1, 2].map((n) => ({ range: range(n, 0, n, 1), message: `m${n}` }));

	await eke.send('Why?', { context: [{ kind: 'diagnostics', uri, range: range(1, 0, 2, 0), items }, { kind: 'selection', uri, range: range(1, 2, 1, 2) }] });
	assert.equal(asked(upstream), 'Diagnostics of a.c:\n```\n2:1 m1\n3:1 m2\n```\n\nSelection in a.c, line 2:\n```c\n2 | two\n```\n\nWhy?');
});

test('an open document wins over the disk, saved or not, and positions are the client\'s', async (t) => {
	const { upstream, eke } = await start(t, { files: { 'a.py': 'old = 1\n' } });
	const doc = await eke.open('x = "😀"; y = 2\n', { uri: eke.uri('a.py'), languageId: 'python' });

	await eke.send('Why?', { context: [{ kind: 'selection', uri: doc.uri, range: range(0, 4, 0, 8) }, { kind: 'file', uri: doc.uri }] });
	assert.equal(asked(upstream), 'File a.py:\n```python\n1 | x = "😀"; y = 2\n```\n\nSelection in a.py, line 1:\n```python\n1 | "😀"\n```\n\nWhy?');
	await eke.send('And @a.py?');
	assert.match(asked(upstream), /1 \| x = "😀"/);
	const untitled = await eke.open('loose', { uri: 'untitled:Untitled-1', languageId: 'plaintext' });
	await eke.send('Why?', { context: [{ kind: 'file', uri: untitled.uri }] });
	assert.match(asked(upstream), /^File Untitled-1:\n```plaintext\n1 \| loose\n```/);
});

test('mentions', async (t) => {
	const files = { 'src/ring.c': RING, 'a file.txt': 'with blanks\n', 'deep/er/x.py': 'pass\n', Makefile: 'all:\n' };
	const { upstream, eke, root } = await start(t, { files });
	const cases = [
		['Look at @src/ring.c.', ['File src/ring.c:']], ['(@src/ring.c), @deep/er/x.py!', ['File src/ring.c:', 'File deep/er/x.py:']], ['@"a file.txt"?', ['File a file.txt:']],
		['@src/ring.c:3-4 and @src/ring.c:1', ['File src/ring.c, lines 3-4:', 'File src/ring.c, line 1:']], ['@src/ring.c#L3-L4', ['File src/ring.c, lines 3-4:']],
		['@"a file.txt":1', ['File a file.txt, line 1:']], ['@Makefile @./Makefile', ['File Makefile:']], ['me@src/ring.c @param @none.c @/etc/passwd @../config.json @src @', []],
	];

	symlinkSync('/etc/passwd', join(root, 'link'));
	for (const [prompt, expected] of [...cases, ['@link', []]]) {
		await eke.send(prompt);
		assert.deepEqual([...asked(upstream).matchAll(/^File .*:$/gm)].map(([name]) => name), expected, prompt);
		assert.ok(asked(upstream).endsWith(prompt));
	}
});

test('what went along stays in the conversation, the newest of it only', async (t) => {
	const { upstream, eke, write } = await start(t, { files: { 'a.c': 'int old;\n', 'b.c': 'int b;\n' } });
	const { chatId } = await eke.send('One: @a.c @b.c');

	write('a.c', 'int new;\n');
	await eke.send('Two: @a.c', { chatId });
	const [, first, , second] = upstream.requests[1].body.messages;
	assert.equal(first.content, 'File b.c:\n```c\n1 | int b;\n```\n\nOne: @a.c @b.c');
	assert.equal(second.content, 'File a.c:\n```c\n1 | int new;\n```\n\nTwo: @a.c');
	/* Asked again it is what it was. */
	write('a.c', 'int newer;\n');
	await eke.request('chat/regenerate', { chatId });
	assert.deepEqual(upstream.requests[2].body.messages, upstream.requests[1].body.messages);
	const { turns } = await eke.request('chat/get', { chatId });
	assert.deepEqual(turns[0].context, [{ name: 'File a.c' }, { name: 'File b.c' }]);
});

test('files that cannot go', async (t) => {
	const { upstream, eke } = await start(t, { files: { 'binary.dat': Buffer.from([1, 0, 2]), 'huge.txt': 'x'.repeat(1024 * 1024 + 1), 'latin1.txt': Buffer.from('caf\xe9\n', 'latin1') } });

	for (const [name, reason] of [['none.c', /none\.c/], ['binary.dat', /not a text file/], ['huge.txt', /1048577 bytes.*attach a part/], ['.', /./]]) {
		const { code, message } = await failure(eke.send('Why?', { context: [{ kind: 'file', uri: eke.uri(name) }] }));
		assert.equal(code, -32602);
		assert.match(message, reason);
	}
	for (const uri of ['https://example.org/x.c', 'nonsense'])
		assert.equal((await failure(eke.send('Why?', { context: [{ kind: 'file', uri }] }))).code, -32602);
	assert.equal(upstream.requests.length, 0);
	await eke.send('Why?', { context: [{ kind: 'file', uri: eke.uri('latin1.txt') }] });
	assert.match(asked(upstream), /caf\uFFFD/);
	/* A part of a large one goes. */
	await eke.send('Why?', { context: [{ kind: 'text', text: 'x' }, { kind: 'selection', uri: eke.uri('huge.txt'), range: range(0, 5, 0, 8) }] });
	assert.match(asked(upstream), /1 \| xxx\n/);
});

/* --- what stays here --- */

test('ignore rules: built in, the user\'s, .gitignore, .ekeignore; each is named', async (t) => {
	const files = {
		'.env': 'SECRET=hunter2', '.gitignore': 'build/\n*.log\n!keep.log\n!.env\n!*.own\n', '.ekeignore': 'private.c\n', 'sub/.gitignore': '/only-here.c\n',
		'build/x.c': 'hunter2', 'a.log': 'hunter2', 'keep.log': 'fine', 'private.c': 'hunter2', 'sub/only-here.c': 'hunter2', 'only-here.c': 'fine', 'notes.own': 'hunter2', 'sub/fine.c': 'fine',
	};
	const { upstream, eke, root } = await start(t, { files, rest: { privacy: { ignore: ['*.own'] } } });
	const cases = [
		['.env', /^\.env stays on this machine: the built-in rule "\.env"/], ['build/x.c', /the rule "build\/" of .*work\/\.gitignore$/], ['a.log', /"\*\.log" of .*\.gitignore/],
		['private.c', /"private\.c" of .*\.ekeignore$/], ['sub/only-here.c', /"\/only-here\.c" of .*sub\/\.gitignore$/], ['notes.own', /"\*\.own" of privacy\.ignore in your settings$/],
	];

	symlinkSync(join(root, '.env'), join(root, 'innocent.txt'));
	for (const [name, reason] of [...cases, ['innocent.txt', /"\.env"/]]) {
		const uri = eke.uri(name);
		const ways = [
			{ context: [{ kind: 'file', uri }] }, { context: [{ kind: 'selection', uri, range: range(0, 0, 0, 3) }] },
			{ context: [{ kind: 'diagnostics', uri, items: [{ range: range(0, 0, 0, 1), message: 'x' }] }] },
		];
		for (const way of ways) {
			const { code, data, message } = await failure(eke.send('Why?', way));
			assert.deepEqual([code, data.kind], [-32803, 'ignored'], name);
			assert.match(message, reason);
		}
		assert.equal((await failure(eke.send(`What is in @${name}?`))).data.kind, 'ignored', name);
	}
	assert.equal(upstream.requests.length, 0);
	for (const name of ['keep.log', 'only-here.c', 'sub/fine.c']) {
		await eke.send(`@${name}`);
		assert.match(asked(upstream), /\| fine/, name);
	}
	/* An open document is no exception. */
	const doc = await eke.open('SECRET=hunter2', { uri: eke.uri('build/open.c') });
	assert.equal((await failure(eke.send('Why?', { context: [{ kind: 'file', uri: doc.uri }] }))).data.kind, 'ignored');
	assert.equal(await doc.complete(), null);
	await eke.waitForNotification('window/showMessage', ({ message }) => /build\/open\.c stays on this machine: the rule "build\/"/.test(message));
	assert.ok(upstream.requests.every(({ rawBody }) => !/hunter2/.test(rawBody)));
});

test('folders that come and go', async (t) => {
	const { upstream, eke, root } = await start(t, { files: { 'one/.gitignore': 'x.c\n', 'one/x.c': 'x' }, init: {} });
	const folder = { uri: `file://${root}/one`, name: 'one' };
	const ask = () => eke.send('Why?', { context: [{ kind: 'file', uri: eke.uri('one/x.c') }] });

	await ask();
	eke.notify('workspace/didChangeWorkspaceFolders', { event: { added: [folder], removed: [] } });
	assert.equal((await failure(ask())).data.kind, 'ignored');
	eke.notify('workspace/didChangeWorkspaceFolders', { event: { added: [], removed: [folder] } });
	await ask();
	assert.equal(upstream.requests.length, 2);
});

/* --- commands --- */

test('each command\'s prompt, with what it needs', async (t) => {
	const { upstream, eke } = await start(t, { files: { 'ring.c': RING, 'x.test.ts': 'import { test } from "vitest";\n', 'x.py': 'import unittest\n' } });
	const { commands } = await eke.request('chat/commands', {});
	const selection = (name) => ({ context: [{ kind: 'selection', uri: eke.uri(name) }] });

	assert.deepEqual(commands.map(({ name }) => name), ['explain', 'problems', 'optimize', 'refactor', 'document', 'tests', 'fix', 'commit', 'ask', 'write']);
	for (const { name, needs, title } of commands.filter(({ name }) => name !== 'commit')) {
		if (needs === 'selection') {
			const { code, message } = await failure(eke.send('', { command: name }));
			assert.equal(code, -32602);
			assert.match(message, new RegExp(`the command ${name} needs`));
		}
		const { title: chatTitle, chatId } = await eke.send('and be quick', { command: name, ...selection('ring.c') });
		assert.match(asked(upstream), /^Selection in ring\.c:\n```c\n1 \| #include/);
		assert.match(asked(upstream), /and be quick$/);
		assert.doesNotMatch(asked(upstream), /\{[a-z]+\}/);
		assert.equal(chatTitle, name === 'ask' ? 'and be quick' : `${title}: and be quick`);
		const { turns: [turn] } = await eke.request('chat/get', { chatId });
		assert.deepEqual([turn.command, turn.text], [name, 'and be quick']);
	}
	assert.match((await failure(eke.send('', { command: 'ask' }))).message, /needs a question/);
	await eke.send('a function that adds', { command: 'write' });
	assert.match(asked(upstream), /a function that adds$/);
	for (const [name, framework] of [['ring.c', 'cmocka'], ['x.test.ts', 'Vitest'], ['x.py', 'unittest']]) {
		await eke.send('', { command: 'tests', ...selection(name) });
		assert.ok(asked(upstream).includes(`with ${framework}.`), name);
	}
	await eke.send('', { command: 'explain', context: [{ kind: 'file', uri: eke.uri('ring.c') }] });
	assert.match(asked(upstream), /the attached C code/);
	await eke.send('', { command: 'explain', context: [{ kind: 'text', text: 'mov eax, 1' }] });
	assert.match(asked(upstream), /the attached code/);
});

test('commands of the user\'s own', async (t) => {
	const commands = {
		shorten: 'Make this {language} shorter:\n{selection}\n{input}', explain: 'Mine: {file}', 'review-it': 'Review {diff}', hello: 'Say hello {nobody} { "json": 1 }',
	};
	const { upstream, eke } = await start(t, { files: { 'a.c': 'int a;\nint b;\n' }, rest: { chat: { commands } } });
	const uri = eke.uri('a.c');

	await eke.waitForNotification('window/showMessage', ({ message }) => /chat\.commands\.hello: \{nobody\} is no placeholder/.test(message));
	const listed = (await eke.request('chat/commands', {})).commands;
	assert.deepEqual(listed.map(({ name, needs }) => `${name} ${needs}`).filter((line) => Object.keys(commands).some((name) => line.startsWith(`${name} `))),
		['explain file', 'shorten selection', 'review-it diff', 'hello none']);
	await eke.send('now', { command: 'shorten', context: [{ kind: 'selection', uri, range: range(0, 4, 0, 5) }] });
	assert.ok(asked(upstream).endsWith('Make this C shorter:\na\nnow'));
	assert.match((await failure(eke.send('', { command: 'shorten', context: [{ kind: 'file', uri }] }))).message, /needs something to work on/);
	await eke.send('', { command: 'explain', context: [{ kind: 'file', uri }] });
	assert.ok(asked(upstream).endsWith('Mine: a.c'));
	assert.match((await failure(eke.send('', { command: 'explain' }))).message, /needs a file/);
	await eke.send('you', { command: 'hello' });
	assert.equal(asked(upstream), 'Say hello {nobody} { "json": 1 }\n\nyou');
	for (const bad of [{ 'a b': 'x' }, { '': 'x' }, { x: 5 }, { x: '' }]) {
		eke.writeConfig(configFor(upstream, {}, { chat: { commands: bad } }));
		eke.notify('textDocument/didSave', { textDocument: { uri } });
		await eke.waitForNotification('window/showMessage', ({ type, message }) => type === 1 && /chat\.commands/.test(message));
		eke.writeConfig(configFor(upstream));
		eke.notify('textDocument/didSave', { textDocument: { uri } });
		await eke.settle();
	}
	eke.takeNotifications('window/logMessage');
});

const git = (root, ...args) => execFileSync('git', ['-c', 'user.name=me', '-c', 'user.email=me@example.org', ...args], { cwd: root, stdio: 'pipe' });

test('commit: what is staged, without what stays here', async (t) => {
	const { upstream, eke, root, write } = await start(t, { files: { 'a.c': 'int a;\n', 'with blank.txt': 'x\n' } });

	assert.match((await failure(eke.send('', { command: 'commit' }))).message, /no git repository/);
	git(root, 'init', '-q');
	const nothing = await failure(eke.send('', { command: 'commit' }));
	assert.deepEqual([nothing.code, nothing.message], [-32602, 'nothing is staged: run git add first']);
	write('.env', 'SECRET=hunter2\n');
	git(root, 'add', '-f', '.env');
	const secret = await failure(eke.send('', { command: 'commit' }));
	assert.equal(secret.data.kind, 'ignored');
	git(root, 'add', 'a.c', 'with blank.txt');
	write('not-staged.c', 'int n;\n');
	const { trimmed, title } = await eke.send('', { command: 'commit' });
	assert.match(asked(upstream), /^What is staged \(git diff --cached\):\n```diff\ndiff --git a\/a\.c b\/a\.c\n/);
	assert.match(asked(upstream), /\+int a;\n[^]*with blank\.txt[^]*Conventional Commits/);
	assert.doesNotMatch(asked(upstream), /hunter2|\.env|not-staged/);
	assert.equal(trimmed.length, 1);
	assert.match(trimmed[0], /^changes to a file: \.env stays on this machine: the built-in rule/);
	assert.equal(title, 'Commit message');
	/* What the repository would have git run is not run. */
	git(root, 'config', 'diff.external', 'touch ran');
	await eke.send('', { command: 'commit' });
	assert.match(asked(upstream), /\+int a;/);
	assert.ok(!existsSync(join(root, 'ran')));
	const call = eke.startSend('', { command: 'commit' });
	call.cancel();
	assert.equal((await failure(call.answer)).code, -32800);
});

test('commit: what is staged in the repository that is named', async (t) => {
	const { upstream, eke, root, write } = await start(t, { files: { 'a.c': 'int a;\n', 'lib/b.c': 'int b;\n' } });
	const folder = pathToFileURL(join(root, 'lib')).href;

	for (const place of [root, join(root, 'lib')]) {
		git(place, 'init', '-q');
		git(place, 'add', '*.c');
	}
	write('lib/b.h', 'int not_staged;\n');
	await eke.send('', { command: 'commit', folder });
	assert.match(asked(upstream), /\+int b;/);
	assert.doesNotMatch(asked(upstream), /int a;|not_staged/);
	await eke.send('what is in @b.h?', { folder });
	assert.match(asked(upstream), /int not_staged;/);
	await eke.send('', { command: 'commit' });
	assert.match(asked(upstream), /\+int a;/);
	const nowhere = await failure(eke.send('', { command: 'commit', folder: 'vscode-vfs://github/lib' }));
	assert.deepEqual([nowhere.code, nowhere.message], [-32602, 'params.folder is no folder of this machine: vscode-vfs://github/lib']);
});

test('commit: what some files have that the last commit has not', async (t) => {
	const { upstream, eke, root, write } = await start(t, { files: { 'a.c': 'int a;\n', 'b [x].c': 'int b;\n', 'c.c': 'int c;\n', '.env': 'A=1\n' } });
	const changes = (...names) => names.map((name) => ({ kind: 'changes', uri: pathToFileURL(join(root, name)).href }));

	assert.match((await failure(eke.send('', { command: 'commit', context: changes('a.c') }))).message, /no git repository/);
	git(root, 'init', '-q');
	git(root, 'add', '-f', '.');
	git(root, 'commit', '-qm', 'first');
	const nothing = await failure(eke.send('', { command: 'commit', context: changes('a.c') }));
	assert.match(nothing.message, /^these files have no changes since the last commit/);
	for (const name of ['a.c', 'b [x].c', 'c.c']) write(name, `int changed_${name[0]};\n`);
	write('.env', 'A=hunter2\n');
	git(root, 'add', 'c.c');
	const { trimmed } = await eke.send('', { command: 'commit', context: changes('a.c', 'b [x].c', '.env') });
	assert.match(asked(upstream), /^What is to be committed \(git diff HEAD\):\n```diff\ndiff --git a\/a\.c b\/a\.c\n/);
	assert.match(asked(upstream), /\+int changed_a;[^]*\+int changed_b;/);
	assert.doesNotMatch(asked(upstream), /hunter2|changed_c/);
	assert.match(trimmed[0], /^changes to a file: \.env stays on this machine/);
	const wrong = await failure(eke.send('What is this?', { context: changes('a.c') }));
	assert.deepEqual([wrong.code, /such as commit$/.test(wrong.message)], [-32602, true]);
});

/* --- caps --- */

const CAP = 1500;
const plans = { capped: { windows: [{ scope: 'machine', limit: 60, period: '1h' }], maxPromptTokens: CAP } };
const vocabulary = getEncoding('cl100k_base');
const count = (messages) => messages.reduce((sum, { role, content }) => sum + 3 + vocabulary.encode(role).length + vocabulary.encode(content).length, 3);
const lines = (n, what) => Array.from({ length: n }, (_, i) => `int ${what}_${i}(void); /* declared here */\n`).join('');

test('files share what there is, cut at lines, and trimmed says how', async (t) => {
	const { upstream, eke } = await start(t, { files: { 'big.c': lines(300, 'big'), 'large.c': lines(200, 'large'), 'small.c': lines(5, 'small') }, endpoint: { plan: 'capped' }, rest: { plans } });
	const uri = eke.uri('big.c');
	const { trimmed } = await eke.send('Why? @big.c @large.c @small.c', { context: [{ kind: 'selection', uri, range: range(250, 0, 255, 0) }] });
	const text = asked(upstream);
	const shown = (name) => [...text.matchAll(new RegExp(`\\d+ \\| int ${name}_`, 'g'))].length;

	assert.ok(count(upstream.requests[0].body.messages) <= CAP);
	assert.ok(count(upstream.requests[0].body.messages) > CAP * 0.75);
	assert.equal(shown('small'), 5);
	const [big, large] = [shown('big') - 5, shown('large')];
	assert.ok(Math.abs(big - large) <= 4, `${big} and ${large} lines`);
	assert.match(text, new RegExp(`\\(${300 - big} more lines left out\\)\n\`\`\``));
	assert.match(text, /Selection in big\.c, lines 251-255:\n```c\n251 \| int big_250/);
	assert.equal(trimmed.length, 2);
	assert.match(trimmed[0], new RegExp(`^File big\\.c: ${300 - big} of 300 lines \\(about \\d+ tokens\\)$`));
	assert.match(trimmed[1], new RegExp(`^File large\\.c: ${200 - large} of 200 lines`));
});

test('a long history goes before the files do, but not all of it', async (t) => {
	const { upstream, eke } = await start(t, { files: { 'big.c': lines(300, 'big') }, endpoint: { plan: 'capped' }, rest: { plans } });
	let chatId;

	for (let n = 0; n < 12; n++)
		({ chatId } = await eke.send(`Question ${n}: ${'what about the ring buffer and its indices '.repeat(8)}?`, chatId ? { chatId } : {}));
	const { trimmed } = await eke.send('Why? @big.c', { chatId });
	const { messages } = upstream.requests.at(-1).body;

	assert.ok(count(messages) <= CAP);
	assert.equal(messages[0].role, 'system');
	assert.ok(messages.length >= 4, `${messages.length} messages`);
	assert.match(messages.at(-3).content, /^Question 11/);
	assert.match(trimmed[0], /^\d+ messages from the beginning of the conversation/);
	assert.match(trimmed[1], /^File big\.c: \d+ of 300 lines/);
	/* What is trimmed was not lost. */
	assert.equal((await eke.request('chat/get', { chatId })).turns.length, 26);
});

test('a selection that is too long alone: nothing is sent or kept', async (t) => {
	const { upstream, eke } = await start(t, { files: { 'big.c': lines(300, 'big') }, endpoint: { plan: 'capped' }, rest: { plans } });
	const { chatId } = await eke.send('One?');
	const context = [{ kind: 'selection', uri: eke.uri('big.c') }];

	for (const params of [{ context }, { context, chatId }]) {
		const { data, message } = await failure(eke.send('Why?', params));
		assert.equal(data.kind, 'promptTooLong');
		assert.match(message, /^the question with its selection alone has about \d+ tokens; the plan capped allows 1500/);
	}
	assert.equal(upstream.requests.length, 1);
	const { chats } = await eke.request('chat/list', {});
	assert.deepEqual(chats.map(({ turns }) => turns), [2]);
	assert.equal((await failure(eke.send('x'.repeat(9 * 1024 * 1024)))).data.kind, 'promptTooLong');
});
