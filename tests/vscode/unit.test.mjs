// The extension's parts that know nothing of VS Code, and what is made from the contract. Needs editors/vscode/node_modules;
// `make test` skips this, loudly, where npm cannot get it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const extension = join(root, 'editors/vscode');
const skip = !existsSync(join(extension, 'node_modules/.ready')) && 'editors/vscode/node_modules is not there: make test says why';

/* A module of the extension, as JavaScript; `others`: the texts of modules that take the place of those of these names. */
async function load(name, others = {}) {
	const { build } = createRequire(join(extension, 'package.json'))('esbuild');
	const outfile = join(root, 'build/vscode/unit', `${name.replaceAll('/', '-')}.mjs`);
	await build({
		entryPoints: [join(extension, 'src', `${name}.ts`)],
		outfile,
		bundle: true,
		platform: 'node',
		format: 'esm',
		mainFields: ['module', 'main'],
		logLevel: 'error',
		plugins: [{
			name: 'others',
			setup(build) {
				build.onResolve({ filter: /./ }, ({ path }) => (path in others ? { path, namespace: 'others' } : undefined));
				build.onLoad({ filter: /./, namespace: 'others' }, ({ path }) => ({ contents: others[path] }));
			},
		}],
	});
	return import(pathToFileURL(outfile));
}

test('the manifest has the settings of the schema, and words for all that it names', { skip }, () => {
	execFileSync(process.execPath, [join(extension, 'tools/manifest.mjs'), '--check'], { stdio: 'pipe' });
	const read = (name) => readFileSync(join(extension, name), 'utf8');
	const used = [...new Set([...read('package.json').matchAll(/"%([\w.]+)%"/g)].map(([, key]) => key))].sort();
	for (const file of ['package.nls.json', 'package.nls.zh-cn.json'])
		assert.deepEqual(Object.keys(JSON.parse(read(file))).sort(), used, file);
});

test('every text of the source has a Chinese one', { skip }, () => {
	const ts = createRequire(join(extension, 'package.json'))('typescript');
	const bundle = JSON.parse(readFileSync(join(extension, 'l10n/bundle.l10n.zh-cn.json'), 'utf8'));
	const files = execFileSync('find', [join(extension, 'src'), '-name', '*.ts'], { encoding: 'utf8' }).trim().split('\n');
	const used = new Set();
	const served = new Set(); // texts of the server's
	for (const file of files) {
		const visit = (node) => {
			const isText = ts.isCallExpression(node) && node.expression.getText(source) === 'vscode.l10n.t';
			if (isText && ts.isStringLiteral(node.arguments[0])) used.add(node.arguments[0].text);
			if (ts.isVariableDeclaration(node) && node.name.getText(source) === 'SERVED') for (const { text } of node.initializer.elements) served.add(text);
			ts.forEachChild(node, visit);
		};
		const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
		visit(source);
	}
	const server = execFileSync('cat', ['src/chat/builtin_commands.c', 'src/chat/diff.c', 'src/upstream/wire_error.c'], { cwd: root, encoding: 'utf8' }).replace(/"\s*\n\s*"/g, '');
	assert.ok(served.size > 30);
	assert.deepEqual([...served].filter((text) => !server.includes(`"${text}"`)), [], 'the server says it in other words');
	const meant = [...server.matchAll(/"((?:The|This|A) [^"%]{30,}\.)"/g)].map(([, text]) => text);
	assert.deepEqual(meant.filter((text) => !served.has(text)), [], 'not known here');
	for (const text of served) used.add(text);
	assert.deepEqual([...used].filter((text) => !(text in bundle)), [], 'without a translation');
	assert.deepEqual(Object.keys(bundle).filter((text) => !used.has(text)), [], 'not used any more');
	for (const [text, translated] of Object.entries(bundle))
		assert.deepEqual((translated.match(/\{\d\}/g) ?? []).sort(), (text.match(/\{\d\}/g) ?? []).sort(), text);
});

test('what the server says of an error is said in Chinese, and nothing is lost', { skip }, async () => {
	const bundle = JSON.parse(readFileSync(join(extension, 'l10n/bundle.l10n.zh-cn.json'), 'utf8'));
	const t = (text, ...values) => (globalThis.l10nBundle?.[text] ?? text).replace(/\{(\d)\}/g, (_, i) => values[i]);
	globalThis.l10n = { t, get bundle() { return globalThis.l10nBundle; } };
	const { noticeOf, nothingLeft, reasonOf, sentence, sentenceOfStatus, served, servedTitle } = await load('sentences', {
		vscode: "export const l10n = globalThis.l10n; export const env = { language: 'zh-cn' };", 'vscode-languageclient/node': 'export class ResponseError {}',
	});
	const unset = 'the key of endpoint test is read from the environment variable A, which is not set';
	const used = 'the plan p allows 60 requests an hour and all are used; the next may go at 14:05';
	const refused = 'The API key was refused; check the key, and that baseUrl is the address of the provider that issued it.';
	const retryAt = '2026-11-24T04:05:00Z';
	const budgets = [{ endpoint: 'test', plan: 'p', state: 'low', windows: [{ scope: 'machine', limit: 60, used: 57, remaining: 3, resetAt: retryAt }] }];
	assert.equal(sentence(unset, { kind: 'auth', endpoint: 'test' }), `T${unset.slice(1)}`);
	assert.equal(sentence('api.example could not be reached'), 'api.example could not be reached');
	assert.equal(sentence(refused, { kind: 'auth', endpoint: 'test', providerMessage: '无效的令牌' }), `${refused} test says: 无效的令牌`);
	assert.equal(servedTitle('eke: Fix: no x'), 'eke: Fix: no x');
	const cut = 'the answer was cut off here: the connection to a broke (reset): try again';
	const nothing = 'nothing is staged: run git add first';
	assert.equal(sentence(nothing, { kind: 'invalidParams' }), 'Nothing is staged: run git add first');
	assert.equal(noticeOf(cut, 'truncated'), `T${cut.slice(1)}`);
	assert.equal(noticeOf(undefined, 'stop'), undefined);
	// A service that says "later" has not used anything up.
	const blocked = { ...budgets[0], state: 'blocked', blockedUntil: retryAt, reason: "The provider's request limit is reached." };
	assert.match(nothingLeft(blocked), /^No request can go to test until/);
	assert.match(nothingLeft({ ...blocked, state: 'exhausted' }), /^No requests are left at test until/);
	assert.match(nothingLeft({ ...blocked, windows: [{ ...budgets[0].windows[0], remaining: 0 }] }), /^No requests are left at test until/);
	assert.equal(reasonOf(blocked.reason), blocked.reason);
	globalThis.l10nBundle = bundle;
	assert.equal(sentence(nothing, { kind: 'invalidParams' }), bundle[nothing]);
	assert.equal(noticeOf(cut, 'truncated'), `${bundle['cut off: the connection broke']} (the connection to a broke (reset): try again)`);
	assert.equal(noticeOf('the answer reached its maximum length', 'length'), bundle['cut off at the limit on tokens']);
	assert.equal(noticeOf('of some new kind', 'stop'), 'of some new kind');
	assert.equal(reasonOf(blocked.reason), bundle["The provider's request limit is reached; wait before you try again."]);
	assert.equal(reasonOf('The service said: 200 a day.'), 'The service said: 200 a day.');
	assert.equal(reasonOf(''), '');
	assert.match(sentence(unset, { kind: 'auth', endpoint: 'test' }), /^test 的 API 密钥缺失.*（?.*environment variable A/);
	assert.match(sentence(used, { kind: 'budget', endpoint: 'test', retryAt }), /^test 暂时不能发送请求，\S+ \d\d:05 恢复。$/);
	assert.equal(sentence(refused, { kind: 'auth', endpoint: 'test', providerMessage: '无效的令牌' }), `${bundle[refused]} test 的原话：无效的令牌`);
	assert.equal(sentence('of some new kind', { kind: 'new' }), 'of some new kind');
	assert.equal(sentence('no data', undefined), 'no data');
	assert.equal(served('Explain'), '解释');
	assert.equal(served('My own command'), 'My own command');
	assert.equal(servedTitle('eke: Fix: no x'), 'eke: 修复: no x');
	assert.equal(sentenceOfStatus({ state: 'idle', message: 'test: 3 of 60 left', budgets }), '');
	assert.match(sentenceOfStatus({ state: 'warning', message: 'test: the last 3', budgets }), /留给聊天/);
	assert.match(sentenceOfStatus({ state: 'error', kind: 'auth', message: `${refused.slice(0, -1)}. test says: bad`, budgets }), /^API 密钥被拒绝.*test says: bad$/);
	assert.match(sentenceOfStatus({ state: 'offline', kind: 'noEndpoint', message: 'no endpoint is configured', budgets: [] }), /^尚未设置任何服务/);
	delete globalThis.l10nBundle;
});

test('files for @: in either case, by their letters where nothing has the word, what is open first', { skip }, async () => {
	const searched = [];
	globalThis.files = { found: [], searched, open: [] };
	const { findFiles } = await load('attach', {
		vscode: `
			const { files } = globalThis;
			export class TabInputText { constructor(uri) { this.uri = uri; } }
			export const window = { tabGroups: { all: [{ get tabs() { return [...files.open.map((uri) => ({ input: new TabInputText(uri) })), { input: {} }]; } }] } };
			export const workspace = {
				asRelativePath: (uri) => uri,
				getWorkspaceFolder: (uri) => !uri.startsWith('/'),
				findFiles: async (glob) => (files.searched.push(glob), files.found.shift() ?? []),
			};`,
		'vscode-languageclient/node': 'export class LanguageClient {}; export const CloseAction = {}, ErrorAction = {}, MessageType = {}, RevealOutputChannelOn = {}, ShowMessageNotification = {}; export class ResponseError {}; export class StreamMessageReader {}; export class StreamMessageWriter {};',
	});
	globalThis.files.found = [['docs/readme/of.c', 'src/my_readme.txt', 'src/README.md', 'README.md']];
	globalThis.files.open = ['src/README.md', '/elsewhere/readme', 'src/other.c'];
	assert.deepEqual([...(await findFiles('Readme')).keys()], ['src/README.md', 'README.md', 'src/my_readme.txt', 'docs/readme/of.c']);
	globalThis.files.found = [[], ['src/needle.ts']];
	assert.deepEqual([...(await findFiles('n1l')).keys()], ['src/needle.ts']);
	assert.deepEqual(searched, ['**/*[rR][eE][aA][dD][mM][eE]*', '**/*[nN]1[lL]*', '**/*[nN]*1*[lL]*']);
	globalThis.files.found = [['b.c']];
	assert.deepEqual([...(await findFiles('')).keys()], ['src/other.c', 'src/README.md', 'b.c']);
	assert.equal(searched.at(-1), '**/*');
	delete globalThis.files;
});

test('what the status bar says', { skip }, async () => {
	const { clock, left, tightest, until, when } = await load('budget');
	const window = (limit, remaining, more = {}) => ({
		scope: 'machine',
		limit,
		used: limit - remaining,
		remaining,
		resetAt: '2026-11-24T04:05:00Z',
		...more,
	});
	const status = (budget) => ({ state: 'idle', message: '', budgets: [{ endpoint: 'a', plan: 'p', state: 'ok', ...budget }] });
	const now = Date.parse('2026-11-24T03:52:30Z');
	assert.equal(left(status({ windows: [window(60, 37), window(200, 190)] }), now), '37/60');
	assert.match(left(status({ windows: [window(60, 0)] }), now), /^0\/60 · \d\d:05 \(13 min\)$/);
	assert.match(left(status({ windows: [window(60, 0)] }), now + 3_600_000), /^0\/60 · \d\d:05$/);
	assert.match(left(status({ windows: [], blockedUntil: '2026-11-24T06:00:00Z' }), now), /^\d\d:00 \(2 h 8 min\)$/);
	assert.equal(left(status({ windows: [] }), now), '');
	assert.equal(left({ state: 'idle', message: '', budgets: [] }, now), '');
	// Five a day of one model do not hide the sixty an hour of the others.
	assert.equal(tightest({ windows: [window(5, 0, { models: ['gpt-4o'] }), window(60, 30)] }).limit, 60);
	assert.equal(until('2026-11-24T03:52:31Z', now), '1 min');
	assert.equal(until('2026-11-24T04:52:30Z', now), '1 h');
	// Not before it has come: the minute of the server's sentences.
	assert.match(clock('2026-11-24T04:05:00Z'), /:05$/);
	assert.match(clock('2026-11-24T04:05:01Z'), /:06$/);
	assert.match(when('2026-11-24T04:05:00Z', now, 'en'), /^\d\d:05$/);
	assert.match(when('2026-11-26T04:05:00Z', now, 'zh-cn'), /^周[三四五] \d\d:05$/);
	const midnight = new Date(2026, 10, 25, 0, 0);
	assert.equal(when(new Date(midnight - 30_000).toISOString(), +midnight - 3_600_000, 'en'), 'Wed 00:00');
	assert.match(when('2026-12-24T04:05:00Z', now, 'en'), /^Dec 2\d \d\d:05$/);
});

test('code without a selection takes the place of what it is a new version of', { skip }, async () => {
	const { placeIn } = await load('place');
	const file = '#include <a.h>\n\nint a(void)\n{\n\treturn 1;\n}\n\nint b(void)\n{\n\treturn 2;\n}\n\nint c(void)\n{\n\treturn 3;\n}\n';
	const place = (code, text = file) => {
		const found = placeIn(text, code);
		return found && [found.start, found.end];
	};
	assert.deepEqual(place('int b(void)\n{\n\tint x = 7;\n\n\tcheck(x);\n\treturn x;\n}\n'), [7, 11]);
	assert.deepEqual(place('int b(void)\n{\n\tint x = 7;\n\n\tcheck(x);\n\treturn x;\n}\n', file.replaceAll('\n', '\r\n')), [7, 11]);
	assert.deepEqual(place('int a(void)\n{\n\treturn 1;\n}\n\nint b(void)\n{\n\treturn 5;\n}\n'), [2, 11]);
	assert.deepEqual(place(file.replace('#include <a.h>', '#include <b.h>\n#include <c.h>') + '\nint d;\n'), [0, 16], 'the whole file, its first line another');
	for (const code of ['', '\n', 'int z;', 'int b(void);', '{\n\treturn 9;\n}', 'int new_one(void)\n{\n\treturn 4;\n}\n', 'int b(void)\n{\n\t// ... as before\n}\n'])
		assert.equal(place(code), undefined, code);
	assert.equal(place('case 1:\n\tbreak;\n', 'case 1:\n\tbreak;\ncase 2:\n\tx;\ncase 1:\n\tbreak;\nx\ny\nz\n'), undefined, 'there are two');
	assert.equal(place('x\n'.repeat(3000), 'y\n'.repeat(3000)), undefined, 'too long');
});

test('a crash is followed by longer and longer pauses, the sixth within three minutes by none', { skip }, async () => {
	const { Crashes } = await load('crashes');
	const crashes = new Crashes();
	assert.deepEqual([1, 2, 3, 4, 5, 6].map((at) => crashes.note(at * 1000, 500)), [500, 1000, 2000, 4000, 8000, undefined]);
	assert.equal(crashes.count, 6);
	assert.equal(crashes.note(400_000, 500), 500);
});

test('the program: by setting, beside the extension, on the PATH', { skip }, async () => {
	const { findProgram } = await load('program');
	const folder = mkdtempSync(join(tmpdir(), 'eke-program-'));
	const program = (path) => {
		mkdirSync(dirname(path), { recursive: true });
		writeFileSync(path, '#!/bin/sh\n');
		chmodSync(path, 0o755);
		return path;
	};
	const own = join(folder, 'extension');
	assert.deepEqual(await findProgram([], own, folder), { missing: 'eke' });
	const onPath = program(join(folder, 'eke'));
	assert.deepEqual(await findProgram([], own, `/nowhere:${folder}`), { program: onPath, arguments: ['serve'] });
	const beside = program(join(own, 'bin/eke'));
	assert.deepEqual(await findProgram([], own, folder), { program: beside, arguments: ['serve'] });
	const given = program(join(folder, 'other eke'));
	assert.deepEqual(await findProgram([given, 'serve', '-x'], own, folder), { program: given, arguments: ['serve', '-x'] });
	assert.deepEqual(await findProgram(['eke', 'serve'], own, folder), { program: onPath, arguments: ['serve'] });
	writeFileSync(join(folder, 'text'), '');
	assert.deepEqual(await findProgram([join(folder, 'text')], own, folder), { missing: join(folder, 'text') });
	assert.deepEqual(await findProgram([folder], own, folder), { missing: folder });
});

test('a service is added to the configuration, whose comments and order stay', { skip }, async () => {
	const { endpointsOf, otherService, SERVICES, withService } = await load('services');
	const [chatanywhere, , , ollama] = SERVICES;
	const made = withService('', chatanywhere);
	assert.deepEqual(JSON.parse(made).endpoints[0].key, { env: 'EKE_KEY_CHATANYWHERE' });
	const mine = '{\n\t// mine\n\t"endpoints": [\n\t\t{ "name": "a", "baseUrl": "https://a", "key": { "env": "A" } }, // first\n\t],\n}\n';
	const both = withService(mine, ollama);
	assert.match(both, /\/\/ mine\n[^]*\/\/ first/);
	assert.deepEqual(endpointsOf(both), [
		{ name: 'a', baseUrl: 'https://a', variable: 'A' },
		{ name: 'ollama', baseUrl: 'http://127.0.0.1:11434' },
	]);
	assert.equal(otherService('https://api.my-host.example/v1').variable, 'EKE_KEY_MY_HOST_EXAMPLE');
	assert.equal(otherService('host.example').endpoint.baseUrl, 'host.example');
	assert.throws(() => otherService(''));
	for (const text of ['', '{', '[]', '{"endpoints": 3}', '{"endpoints": [null]}']) assert.ok(Array.isArray(endpointsOf(text)), text);
	// The real program takes what was written.
	const eke = process.env.EKE_BIN ?? join(root, 'build/eke');
	const folder = mkdtempSync(join(tmpdir(), 'eke-services-'));
	for (const service of [...SERVICES, otherService('https://api.my-host.example/v1')]) {
		const path = join(folder, `${service.id}.json`);
		writeFileSync(path, withService('', service));
		const printed = execFileSync(eke, ['--config', path, 'config', '--print'], { encoding: 'utf8', env: { ...process.env, HOME: folder } });
		assert.match(printed, new RegExp(service.endpoint.name), service.id);
	}
});

test('an answer is cut into blocks that cannot change any more', { skip }, async () => {
	const { Blocks } = await load('webview/blocks');
	const pieces = (text, size = text.length) => {
		const blocks = new Blocks();
		const found = [];
		for (let at = 0; at < text.length; at += size) found.push(...blocks.add(text.slice(at, at + size)));
		return [...found, blocks.tail].filter(Boolean);
	};
	assert.deepEqual(pieces('one\n\ntwo\n\nthr'), ['one\n\n', 'two\n\nthr']); // "thr" may become a list's part yet
	assert.deepEqual(pieces('one\n\ntwo\n\nthree\n'), ['one\n\n', 'two\n\n', 'three\n']);
	assert.deepEqual(pieces('a\n```c\nx;\n\ny;\n```\nb\n'), ['a\n', '```c\nx;\n\ny;\n```\n', 'b\n']);
	assert.deepEqual(pieces('````\n```\n\nx\n````\n\ny\n'), ['````\n```\n\nx\n````\n', '\ny\n']);
	assert.deepEqual(pieces('- a\n\n  more\n\nb\n'), ['- a\n\n  more\n\n', 'b\n']);
	// A fence within a list is the list's.
	assert.deepEqual(pieces('1. a\n\n   ```c\n   x;\n   ```\n2. b\n'), ['1. a\n\n   ```c\n   x;\n   ```\n2. b\n']);
	// However it is cut when it comes, the same is left.
	const text = '# T\n\npara\n\n```js\na\n\nb\n```\n\n1. x\n\n   y\n\nlast\n\nend\n';
	for (const size of [1, 2, 3, 7]) assert.deepEqual(pieces(text, size), pieces(text), String(size));
});

test('a block without end is cut, so that what comes is not made anew as a whole', { skip }, async () => {
	const { Blocks } = await load('webview/blocks');
	const paragraph = 'A sentence which never ends. '.repeat(20_000);
	const list = '- an item\n'.repeat(20_000);
	const table = `|a|\n|---|\n${'| cell |\n'.repeat(2_000)}`;
	for (const text of [paragraph, list]) {
		const blocks = new Blocks();
		const found = [];
		for (const piece of text.match(/[^]{1,4000}/g)) {
			found.push(...blocks.add(piece));
			assert.ok(blocks.tail.length < 30_000, `${blocks.tail.length}`);
		}
		assert.equal(found.join('') + blocks.tail, text);
	}
	const whole = new Blocks();
	assert.deepEqual(whole.add(table), []); // half a table is none
});

test('the code of a fence that is open comes in pieces; what may be its end is waited for', { skip }, async () => {
	const { Blocks } = await load('webview/blocks');
	const blocks = new Blocks();
	assert.deepEqual(blocks.add('Look:\n```c\nint x;\n``'), ['Look:\n']);
	assert.equal(blocks.code(0), 'int x;\n');
	assert.equal(blocks.code(7), '');
	assert.deepEqual(blocks.add('`\nAnd'), ['```c\nint x;\n```\n']);
	assert.equal(blocks.code(0), undefined);
	assert.equal(blocks.tail, 'And');
});

test('the one edit of a change: no more than differs, and no half of a character', { skip }, async () => {
	const { difference } = await load('preview', {
		vscode: 'export const TextEdit = { replace: (range, newText) => ({ ...range, newText }) }; export class Range { constructor(start, end) { Object.assign(this, { start, end }); } }',
	});
	const whole = (text) => [...text].every((char) => !/[\ud800-\udfff]/u.test(char));
	for (const [now, then] of [
		['', 'a'], ['a', ''], ['abc', 'abc'], ['aaa', 'aa'], ['a😀b', 'a😁b'], ['😀', '😀😀'], ['😀😀', '😀'], ['x😀', 'x🨀'], ['𠀀𠀁', '𠀁𠀁'], ['a😀', 'a'], ['\ud83d!', '😀!'],
	]) {
		const { start, end, newText } = difference({ getText: () => now, positionAt: (offset) => offset }, then);
		assert.equal(now.slice(0, start) + newText + now.slice(end), then);
		if (!whole(now)) continue;
		for (const part of [now.slice(0, start), now.slice(start, end), now.slice(end), newText]) assert.ok(whole(part), `${now} ${then}`);
	}
	const { start, end, newText } = difference({ getText: () => 'one two three', positionAt: (offset) => offset }, 'one 2 three');
	assert.deepEqual([start, end, newText], [4, 7, '2']);
});

test('what went along with a question is known after a reload by its place; a text is not kept', { skip }, async () => {
	const { Along } = await load('along');
	const kept = new Map();
	const memory = { get: (name, otherwise) => structuredClone(kept.get(name)) ?? otherwise, update: async (name, value) => void kept.set(name, structuredClone(value)) };
	const selection = { key: 'a1', label: 'a.c:2', icon: 'selection', detail: 'a.c', text: 'int secret;', context: { kind: 'selection', uri: 'file:///a.c', range: {} } };
	const terminal = { key: 'a2', label: 'terminal', icon: 'terminal', detail: 'secret', context: { kind: 'text', name: 'terminal', text: 'secret' } };
	const before = new Along(memory);
	const ask = (turnId, attachments) => {
		const turn = { key: `t${turnId}`, turnId, role: 'user', text: 'x', context: attachments.map(({ label }) => label) };
		before.note(turn, attachments);
		before.keep(turn);
		assert.deepEqual(before.of(turn), attachments);
		return { ...turn, key: 'another' };
	};
	const [one, both, none] = [ask('7', [selection]), ask('9', [selection, terminal]), ask('11', [])];
	const after = new Along(memory);
	assert.deepEqual(after.of(one), [{ key: 'a1', label: 'a.c:2', icon: 'selection', detail: 'a.c', context: selection.context }]);
	assert.equal(after.of(both), undefined);
	assert.deepEqual(after.of(none), []);
	assert.doesNotMatch(JSON.stringify([...kept]), /secret/);
	for (let i = 0; i < 300; i++) ask(`of many ${i}`, [selection]);
	assert.equal(kept.get('eke.chat.along').length, 200);
});

test('the conversation as text', { skip }, async () => {
	const { transcript } = await load('view');
	const question = { key: '1', role: 'user', text: 'Why?', command: 'explain' };
	assert.equal(transcript([question, { key: '2', role: 'assistant', text: 'Be' }], ''), '## You\n\n/explain Why?\n\n## eke\n\nBe');
	const answer = { key: '2', role: 'assistant', text: 'Because.', model: 'm', finishReason: 'length', trimmed: ['a file'] };
	assert.equal(
		transcript([question, answer], 'And'),
		'## You\n\n/explain Why?\n\n## eke · m\n\nBecause.\n\n> a file\n\n> cut off at the limit on tokens\n\n## You\n\nAnd',
	);
	// What was stopped has an end of the server's, too, that would be said twice.
	assert.match(transcript([question, { key: '2', role: 'assistant', text: 'Be', finishReason: 'truncated', isCancelled: true }], ''), /Be\n\n> stopped\n\n## You/);
});

test('the README says how many lines of code there are', () => {
	const readme = readFileSync(join(extension, 'README.md'), 'utf8');
	const count = (folder) =>
		readdirSync(join(extension, folder))
			.filter((name) => name.endsWith('.ts'))
			.flatMap((name) => readFileSync(join(extension, folder, name), 'utf8').split('\n'))
			.filter((line) => !/^\s*($|\/\/|\/?\*)/.test(line)).length;
	const said = (folder) => Number(new RegExp(`\`${folder}/\\*\\.ts\` \\| (\\d+) \\|`).exec(readme)?.[1]);
	for (const folder of ['src', 'src/webview']) assert.equal(said(folder), count(folder), folder);
});

test('TypeScript finds nothing to complain about', { skip }, () => {
	execFileSync(process.execPath, [join(extension, 'node_modules/typescript/bin/tsc'), '-p', extension], { stdio: 'pipe' });
});
