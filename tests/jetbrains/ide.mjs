#!/usr/bin/env node
/*
 * The plugin among the platform's own parts, booted without a display: keys and what else wants them, carets, read-only files, soft
 * wraps, consoles, menus, intentions, diffs, the settings page, the status bar, and a project that is opened, closed and opened
 * again with its tool window. `make test-jetbrains-platform`. EKE_PICTURES names a folder to put pictures into.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import { CUT, EKE, KNOWN, open, withEke } from '../editors/session.mjs';
import { until } from '../editors/terminal.mjs';
import { knowsModel } from '../upstream/models.mjs';
import { commandOf, realEditor } from './real.mjs';

const real = realEditor();
after(() => real.end());

const picture = (name) => (process.env.EKE_PICTURES ? join(process.env.EKE_PICTURES, `${name}.png`) : '');
/* One line or both: what is there in time. */
const GHOST = /^int i = 0; i < count; i\+\+(\n\t\ttotal \+= values\[i\];)?$/;
const TAKEN = /\tfor \(int i = 0; i < count; i\+\+\)\n/;
const timeout = 120_000;
const ANSWER = `Not as it is: \`total\` begins at nothing, and the loop ends before \`count\`.

- An **overflow** is possible with large values.
- \`count\` may be negative; then the sum is 0.

\`\`\`c
long sum(const int *values, size_t count)
{
	long total = 0;

	for (size_t i = 0; i < count; i++)
		total += values[i];
	return total;
}
\`\`\``;

async function start(t, more) {
	const { folder, upstream, env } = await withEke(t, more);
	t.after(() => real.stop());
	await real.start({ command: commandOf(env), folder });
	return { folder, upstream, env };
}

async function shown() {
	await until('ghost text', async () => GHOST.test(await real.ghost()), { state: async () => `${await real.ghost()} ${await real.messages()}` });
	return real.ghost();
}

/** In a C file, with ghost text behind `for (`. */
async function suggested(t, more) {
	const started = await start(t, more);
	await open(real, started.folder, 'sum.c', CUT);
	await real.type('for (');
	return { ...started, ghost: await shown() };
}

const key = (stroke) => real.call('key', { stroke });

describe('keys of the keymap', () => {
	test('Tab takes a completion, and indents where there is none', { timeout }, async (t) => {
		await start(t).then(({ folder }) => open(real, folder, 'sum.c', CUT));
		assert.notEqual(await key('TAB'), 'eke.Accept');
		assert.match((await real.buffer()).before, /\t( {4}|\t)$/);
	});

	test('a word, and the rest by Tab', { timeout }, async (t) => {
		await suggested(t);
		assert.equal(await key('ctrl RIGHT'), 'eke.AcceptWord');
		assert.match((await real.buffer()).before, /for \(int$/);
		assert.equal(await key('TAB'), 'eke.Accept');
		assert.match((await real.buffer()).text, TAKEN);
	});

	test('a line', { timeout }, async (t) => {
		await suggested(t);
		assert.equal(await key('ctrl alt RIGHT'), 'eke.AcceptLine');
		assert.match((await real.buffer()).before, /for \(int i = 0; i < count; i\+\+\)?$/);
	});

	test('Escape takes it away, and does not take the next one', { timeout }, async (t) => {
		await suggested(t);
		assert.equal(await key('ESCAPE'), 'EditorEscape');
		assert.equal(await real.ghost(), null);
		assert.equal(await real.call('perform', { action: 'eke.Accept' }), false);
		assert.equal(await key('alt BACK_SLASH'), 'eke.Suggest');
		await shown();
	});

	test('with the list of completions open: Tab, Enter and Escape are its', { timeout }, async (t) => {
		const { ghost } = await suggested(t);
		assert.equal(await real.call('lookup', { items: ['integer', 'internal'] }), true);
		assert.equal(await real.call('lookup.open'), true);
		assert.equal(await real.ghost(), ghost);
		assert.equal(await real.call('perform', { action: 'eke.Accept' }), false);
		// Without a screen the list is no hint that the platform would close.
		assert.notEqual(await key('ESCAPE'), 'EditorEscape');
		assert.equal(await real.ghost(), ghost);
		assert.equal(await key('TAB'), 'EditorChooseLookupItemReplace');
		assert.match((await real.buffer()).before, /for \(integer$/);
		assert.equal(await real.ghost(), null);
	});

	test('with the list open, the key of its own takes the completion', { timeout }, async (t) => {
		await suggested(t);
		await real.call('lookup', { items: ['integer', 'internal'] });
		assert.equal(await key('alt shift ENTER'), 'eke.AcceptAlways');
		assert.match((await real.buffer()).text, TAKEN);
		assert.equal(await real.call('lookup.open'), false);
	});

	test('within a live template: nothing is drawn, Tab goes to its next field', { timeout }, async (t) => {
		const { upstream } = await suggested(t);
		const counted = upstream.counted.length;
		await real.call('template', { text: '$FIRST$ = $SECOND$;' });
		assert.equal(await real.call('template.open'), true);
		assert.equal(await real.ghost(), null);
		await real.type('x');
		assert.equal(await key('TAB'), 'NextTemplateVariable');
		assert.match((await real.buffer()).text, /x = second;/);
		assert.equal(await key('TAB'), 'NextTemplateVariable');
		assert.equal(await real.call('template.open'), false);
		assert.equal(upstream.counted.length, counted, 'nothing was asked meanwhile');
	});
});

describe('focus and files', () => {
	test('what has lost the focus shows nothing; with it again it is asked; a file that is saved is told', { timeout }, async (t) => {
		const { folder, env } = await withEke(t);
		t.after(() => real.stop());
		const log = join(folder, 'eke.log');
		await real.start({ command: commandOf(env, [EKE, 'serve', '--log-level', 'io', '--log-file', log]), folder });
		await open(real, folder, 'sum.c', CUT);
		await real.type('for (');
		await shown();
		await real.call('focus', { gained: false });
		assert.equal(await real.ghost(), null);
		await real.call('focus', { gained: true });
		await shown();
		await real.call('save');
		assert.match(await readFile(join(folder, 'sum.c'), 'utf8'), /for \(\)/);
		await until('the server is told', async () => /"textDocument\/didSave"/.test(await readFile(log, 'utf8')));
	});
});

describe('where nothing is drawn', () => {
	test('several carets: none; with one again it is back', { timeout }, async (t) => {
		await suggested(t);
		assert.equal(await real.call('carets', { offset: 3 }), 2);
		assert.equal(await real.ghost(), null);
		assert.equal(await real.call('perform', { action: 'eke.Accept' }), false);
		assert.equal(await key('ESCAPE'), 'EditorEscape', 'the first caret stays');
		assert.equal(await real.call('carets'), 1);
		await shown();
	});

	test('a file that cannot be written', { timeout }, async (t) => {
		const { folder, upstream } = await start(t);
		await open(real, folder, 'sum.c', CUT);
		await until('ghost text', () => real.ghost());
		await real.call('readOnly', { on: true });
		t.after(() => real.call('readOnly', { on: false }).catch(() => {}));
		const counted = upstream.counted.length;
		await real.call('caret', { offset: 30 });
		assert.equal(await real.call('perform', { action: 'eke.Suggest' }), false, 'nothing could be shown');
		assert.equal(await real.ghost(), null);
		assert.equal(upstream.counted.length, counted);
	});

	test('a console', { timeout }, async (t) => {
		const { folder } = await start(t);
		await open(real, folder, 'sum.c', CUT);
		const console = await real.call('console', { text: 'for (' });
		assert.deepEqual(console, { kind: 'CONSOLE', text: 'for (', known: false, suggest: false });
	});
});

describe('what is painted', () => {
	for (const scheme of ['Default', 'Darcula'])
		test(`ghost text, in the scheme ${scheme}`, { timeout }, async (t) => {
			await suggested(t);
			await real.call('scheme', { name: scheme });
			t.after(() => real.call('scheme', { name: 'Default' }));
			const drawn = await real.call('paint', { path: picture(`ghost-${scheme}`) });
			await real.press('dismiss');
			const without = await real.call('paint', { path: picture(`no-ghost-${scheme}`) });
assert.ok(drawn.ghost > 10 && without.ghost === 0, `${drawn.ghost} pixels with, ${without.ghost} without`);
			assert.ok(without.changed > 150, `${without.changed} pixels are others`);
		});

	test('soft wraps: the ghost is where the caret is, and Tab takes it', { timeout }, async (t) => {
		const { folder } = await start(t);
		await open(real, folder, 'sum.c', CUT);
		assert.equal(await real.call('wrap', { columns: 24 }), true);
		await real.type('for (');
		await shown();
		await real.call('paint', { path: picture('wrap') });
		const [inlay] = await real.call('inlays');
		assert.equal(inlay.offset, (await real.buffer()).before.length);
		assert.ok(inlay.width > 10 && inlay.x >= 0 && inlay.y >= 0, JSON.stringify(inlay));
		assert.equal(await key('TAB'), 'eke.Accept');
		assert.match((await real.buffer()).text, TAKEN);
	});
});

describe('menus, intentions, changes', () => {
	test("the editor's menu has the server's commands and the user's own", { timeout }, async (t) => {
		const { folder } = await start(t);
		await open(real, folder, 'sum.c', CUT);
		await until('the commands are known', async () => {
			const titles = await real.call('editorMenu');
			return titles.length > 8 && titles;
		}, { state: async () => JSON.stringify(await real.call('editorMenu')) });
		const titles = await real.call('editorMenu');
		assert.ok(titles.some((title) => /explain/i.test(title)), titles.join());
	});

	test('Alt+Enter: an edit by instruction, shown and made', { timeout }, async (t) => {
		const { folder } = await start(t, { answer: () => '```c\nint nothing;\n```' });
		await open(real, folder, 'small.c', 'int ‸some;\n');
		assert.deepEqual(await real.call('intentions'), []);
		await real.call('select', { start: 0, end: 9 });
		assert.deepEqual((await real.call('intentions')).sort(), ['eke: edit selection…', 'eke: explain selection', 'eke: fix selection']);
		await real.call('readOnly', { on: true });
		assert.deepEqual(await real.call('intentions'), ['eke: explain selection']);
		await real.call('readOnly', { on: false });
		await real.call('watch');
		await real.call('intentions', { choose: 'eke: edit selection…', answer: 'make it nothing' });
		await until('the diff', async () => (await real.call('shown')).length > 0, { state: () => real.messages() });
		assert.deepEqual(await real.call('shown'), ['int some;\n', 'int nothing;\n']);
	});

	test('a change is shown as a diff, made as one step, and undone', { timeout }, async (t) => {
		const { folder } = await start(t);
		await open(real, folder, 'small.c', 'int ‸some;\nint more;\n');
		assert.equal(await real.call('review.open', { start: 0, end: 10, text: 'long some;\n' }), 'Apply from Chat: small.c');
		assert.deepEqual(await real.call('review.texts'), ['int some;\nint more;\n', 'long some;\nint more;\n']);
		assert.equal(await real.call('review.apply'), true);
		assert.equal((await real.buffer()).text, 'long some;\nint more;');
		assert.equal(await real.call('undo'), true);
		assert.equal((await real.buffer()).text, 'int some;\nint more;');
		await real.call('review.open', { start: 0, end: 10, text: 'long some;\n' });
		await real.call('review.cancel');
		assert.equal((await real.buffer()).text, 'int some;\nint more;');
	});

	test('the commit message of what is chosen in the dialogue', { timeout }, async (t) => {
		const { folder, upstream } = await start(t, { answer: () => '```\nsum: start at nothing\n```' });
		const git = (...args) => execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], { cwd: folder });
		await writeFile(join(folder, 'a.c'), 'int a;\n');
		await writeFile(join(folder, 'b.c'), 'int b;\n');
		git('init', '-q');
		git('add', 'a.c', 'b.c');
		git('commit', '-qm', 'start');
		await writeFile(join(folder, 'a.c'), 'int a_changed;\n');
		await writeFile(join(folder, 'b.c'), 'int b_changed;\n');
		await open(real, folder, 'sum.c', CUT);
		assert.equal(await real.call('commit', { files: [join(folder, 'a.c')] }), true);
		await until('the message', () => real.call('commit.message'));
		assert.equal(await real.call('commit.message'), 'sum: start at nothing');
		const sent = JSON.stringify(upstream.requests.map(({ body }) => body).filter((request) => request?.model === 'chatty'));
		assert.match(sent, /a_changed/);
		assert.doesNotMatch(sent, /b_changed/);
	});
});

describe('the settings page', () => {
	const KEY = 'sk-jetbrains-4711-secret';

	test('the key goes to the password store and by the environment, nowhere else', { timeout }, async (t) => {
		const { folder, upstream, env } = await withEke(t);
		await writeFile(env.EKE_CONFIG, JSON.stringify({ completion: { debounceMs: 0, offline: false } }));
		t.after(() => real.stop());
		await real.start({ command: commandOf(env), folder });
		await open(real, folder, 'sum.c', CUT);
		await real.call('settings.open');
		t.after(async () => {
			await real.call('settings.set', { label: 'API key:', value: '' });
			await real.call('settings.set', { label: 'Base URL:', value: '' });
			await real.call('settings.apply');
			await real.call('settings.close');
		});
		await until('the password store has answered', () => real.call('settings.ready'));
		assert.equal(await real.call('settings.get', { label: 'API key:' }), '');
		assert.equal(await real.call('settings.get', { label: 'Tab takes' }), true);
		assert.equal(await real.call('settings.set', { label: 'Base URL:', value: `${upstream.url}/v1` }), true);
		await real.call('settings.set', { label: 'API key:', value: KEY });
		await real.call('settings.paint', { path: picture('settings') });
		const [former] = await real.call('children');
		assert.equal(await real.call('settings.apply'), false);
		await until('another process', async () => {
			const children = await real.call('children');
			return children.length === 1 && children[0] !== former;
		});
		await real.type('for (');
		await shown();
		assert.ok(upstream.counted.every(({ headers }) => headers.authorization === `Bearer ${KEY}`));
		const [child] = await real.call('children');
		assert.match(await readFile(`/proc/${child}/environ`, 'latin1'), new RegExp(`EKE_API_KEY=${KEY}\\0`));
		assert.doesNotMatch(await readFile(`/proc/${child}/cmdline`, 'latin1'), /4711/);
		// All that the IDE keeps, and the project's folder.
		const home = await real.call('settings.save');
		const kept = await contents(home);
		assert.ok(kept.some(({ path, text }) => path.endsWith('eke.xml') && text.includes(upstream.url)), kept.map(({ path }) => path).join('\n'));
		for (const { path, text } of [...kept, ...(await contents(folder))]) assert.doesNotMatch(text, /4711-secret/, path);
		await real.call('settings.reset');
		await until('the password store has answered', () => real.call('settings.ready'));
		assert.equal(await real.call('settings.get', { label: 'API key:' }), KEY);
	});

	test('what is no JSON is refused, and nothing is changed', { timeout }, async (t) => {
		await start(t);
		await real.call('settings.open');
		t.after(() => real.call('settings.close'));
		await until('the password store has answered', () => real.call('settings.ready'));
		await real.call('settings.set', { label: 'Model:', value: 'other' });
		await real.call('settings.set', { label: 'More settings, as JSON:', value: '{ "chat": ' });
		await assert.rejects(real.call('settings.apply'), /is no JSON object/);
		await real.call('settings.reset');
		assert.equal(await real.call('settings.get', { label: 'Model:' }), '');
	});
});

async function contents(folder) {
	const found = [];
	for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
		const path = join(entry.parentPath ?? entry.path, entry.name);
		if (entry.isFile()) found.push({ path, text: await readFile(path, 'latin1') });
	}
	return found;
}

describe('a project', () => {
	test('opened: the status bar; a chat in the tool window; closed: nothing is left; opened again: the chat is there', { timeout }, async (t) => {
		const { folder, upstream, env } = await withEke(t, { answer: knowsModel(KNOWN, { maxLines: 24, otherwise: () => ANSWER }) });
		const settings = { chat: { commands: { shorten: 'Make this shorter:\n{selection}' } } };
		await real.start({ command: commandOf(env), folder, settings });
		await real.stop();
		const path = join(folder, 'project');
		await mkdir(join(path, '.idea'), { recursive: true });
		await writeFile(join(path, '.idea/misc.xml'), '<?xml version="1.0" encoding="UTF-8"?>\n<project version="4" />\n');
		await until('the former process has ended', async () => (await real.call('children')).length === 0);

		await real.call('project.open', { path });
		await until('the startup has put it there', () => real.call('widget'));
		await open(real, path, 'sum.c', CUT);
		await until('the server runs', async () => (await real.call('children')).length === 1);
		await real.type('for (');
		await shown();
		await until('the budget', async () => (await real.call('widget')).texts.includes('eke 59/60'), { state: async () => JSON.stringify(await real.call('widget')) });
		await real.call('widget', { path: picture('widget') });
		const menu = await real.call('menu');
		assert.deepEqual(menu.slice(0, 2), ['Requests That Are Left', 'Why (No) Completion Here?']);
		await real.call('menu', { choose: 'Requests' });
		await until('the budget in words', async () => /59 of 60|59\/60/.test(await real.messages()), { state: () => real.messages() });
		await real.call('menu', { choose: 'Stop Suggesting' });
		assert.ok((await real.call('menu')).includes('Suggest While Typing'));
		await real.call('menu', { choose: 'Suggest While Typing' });

		await real.call('tool.open');
		assert.deepEqual(await real.call('tool.shown'), []);
		upstream.next({ holdEvents: true });
		await real.call('tool.ask', { text: 'What is this?' });
		const record = (await upstream.waitForRequests(2))[1];
		await record.push('Half of');
		await until('it streams', async () => /Half of/.test((await real.call('tool.shown'))[1] ?? ''));
		await record.push(' an answer.');
		await record.end();
		await until('the answer', async () => !(await real.call('tool.answering')));
		assert.match((await real.call('tool.shown'))[1], /Half of an answer\./);
		await real.call('tool.ask', { text: 'Can sum() be wrong?' });
		await until('the answer', async () => !(await real.call('tool.answering')) && (await real.call('tool.shown')).length === 4);
		for (const dark of [false, true]) {
			const ground = await real.call('look', { dark });
			assert.ok(dark ? ground < 100 : ground > 200, `${ground}`);
			await real.call('tool.paint', { path: picture(dark ? 'tool-dark' : 'tool') });
		}
		await real.call('look', { dark: false });
		// The content goes, and is made anew: the conversation is the service's.
		await real.call('tool.close');
		await real.call('tool.open');
		assert.match((await real.call('tool.shown'))[1], /Half of an answer\./);

		const [child] = await real.call('children');
		await real.call('project.close');
		await until('the child has ended', async () => (await real.call('children')).length === 0);
		assert.ok(child > 0);
		await until('nothing holds what belonged to it', () => real.call('project.gone'), { state: () => real.call('project.holder') });

		await real.call('project.open', { path });
		await real.call('tool.open');
		await until('the conversation', async () => /Half of an answer\./.test((await real.call('tool.shown'))[1] ?? ''), {
			state: async () => JSON.stringify(await real.call('tool.shown')),
		});
		assert.equal((await real.call('tool.shown'))[0].trim(), 'What is this?');

		await open(real, path, 'sum.c', CUT);
		await real.call('select', { start: 0, end: 18 });
		const before = (await real.call('tool.shown')).length;
		let own;
		await until("the user's own command is in the menu", async () => {
			own = (await real.call('editorMenu')).find((title) => /shorten/i.test(title));
			return own;
		}, { state: async () => JSON.stringify(await real.call('editorMenu')) });
		await real.call('editorMenu', { choose: own });
		await until('the answer', async () => !(await real.call('tool.answering')) && (await real.call('tool.shown')).length === before + 2);
		assert.equal((await real.call('tool.shown')).at(-2).trim(), '/shorten');
		assert.match(upstream.requests.at(-1).body.messages.at(-1).content, /Make this shorter:[^]*#include <stdio\.h>/);
		await real.call('project.close');
		await until('the child has ended', async () => (await real.call('children')).length === 0);
	});
});
