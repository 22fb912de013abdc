// The packed extension and the real eke in the real workbench: what a user does, seen on the screen. Pictures of each are kept in
// build/vscode/pictures.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { knowsModel } from '../upstream/models.mjs';
import { startUpstream } from '../upstream/upstream.mjs';
import { CUT, KNOWN } from '../editors/session.mjs';
import { root, unavailable, until, Workbench } from './workbench.mjs';

const skip = unavailable();
if (skip) console.error(`\n*** SKIPPED, nothing was tested in VS Code's workbench: ${skip} ***\n`);
const run = promisify(execFile);
const EKE = process.env.EKE_BIN ?? join(root, 'build/eke');

/* The place in a text with a mark, as line and column. */
function place(marked) {
	const before = marked.slice(0, marked.indexOf('‸')).split('\n');
	return [before.length - 1, before.at(-1).length];
}

const ANSWER = 'Read **this**:\n\n```c\nint zwei;\n```\n\nSee [there](https://example.com) ![x](https://example.com/x.png)\n';

describe("eke in VS Code's workbench", { skip }, () => {
	let workbench;
	let upstream;
	let window;
	let folder;
	let home;
	let answer = () => ANSWER;
	let failures = 0;

	/* The configuration, with a plan of so many requests. */
	async function configure(limit) {
		const windows = [{ scope: 'machine', limit, period: '1h', kind: 'sliding' }];
		const endpoint = { name: 'test', baseUrl: `${upstream.url}/v1`, plan: 'mine', models: { chat: 'chatty', completion: 'coder' } };
		const config = {
			endpoints: [{ ...endpoint, key: { env: 'EKE_KEY_TEST' } }],
			plans: { mine: { windows } },
			completion: { debounceMs: 0, offline: false, reserve: 0 },
		};
		await writeFile(join(home, 'config.json'), JSON.stringify(config));
	}

	before(async () => {
		home = await mkdtemp(join(tmpdir(), 'eke-home-'));
		folder = join(home, 'project');
		await mkdir(folder);
		await mkdir(join(home, 'state'));
		const knows = knowsModel(KNOWN, { maxLines: 24, otherwise: (...about) => answer(...about) });
		upstream = await startUpstream({ answer: knows });
		await configure(60);
		const env = { EKE_CONFIG: join(home, 'config.json'), EKE_STATE_DIR: join(home, 'state'), EKE_KEY_TEST: 'sk-of-the-environment' };
		workbench = await Workbench.start({ env });
		await workbench.settings({ 'eke.command': [EKE, 'serve'], 'editor.codeLens': false });
		await writeFile(join(folder, 'first.c'), 'int main(void)\n{\n\treturn 0;\n}\n');
		window = await workbench.open(folder);
		// VS Code makes its part for ghost text some time after the first editor; until then it asks for none.
		await window.openFile(join(folder, 'first.c'));
		await window.state('running', (state) => state === 'running');
		await window.finish('editor.action.inlineSuggest.trigger');
	});
	after(async () => {
		await workbench?.stop();
		await upstream?.close();
		await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
	});
	beforeEach(async () => {
		answer = () => ANSWER;
		upstream.script(() => undefined);
		await window.closeAll();
		await window.run('notifications.clearAll');
	});

	async function open(name, marked) {
		const path = join(folder, name);
		await writeFile(path, marked.replace('‸', ''));
		await window.openFile(path, ...place(marked));
		return path;
	}
	const see = (what, condition, deadline) =>
		until(what, condition, { deadline, state: () => window.picture(`failure-${++failures}`) });
	const ghost = (expected) => see(`the ghost ${expected}`, async () => (await window.ghost()) === expected);
	const text = (path, expected) => see(`the text ${expected}`, async () => (await window.text(path)) === expected);
	const status = (pattern) => see(`the status ${pattern}`, async () => pattern.test(await window.status()));
	const message = (pattern) => see(`the message ${pattern}`, async () => pattern.test(await window.messages()));
	const chat = () => window.chat();
	const chatText = () => chat().locator('main').innerText();
	const said = (pattern) => see(`the chat says ${pattern}`, async () => pattern.test(await chatText()));
	async function ask(question) {
		await window.openChat();
		await window.type(question, 'Shift+Enter');
		await window.press('Enter');
	}

	test('the key is asked for, kept by VS Code, and reaches the service; it is in no file', async () => {
		await window.openFile(join(folder, 'first.c'));
		await window.run('eke.setKey');
		await window.answer('test');
		const field = window.page.locator('.quick-input-widget input[type="password"]');
		await field.waitFor();
		await field.fill('sk-very-secret');
		await window.press('Enter');
		await field.waitFor({ state: 'hidden' });
		await see('eke has it', async () => {
			const { stdout } = await run('sh', ['-c', `for p in $(pgrep -f '^${EKE} serve'); do tr '\\0' '\\n' < /proc/$p/environ; done`]);
			return stdout.includes('EKE_KEY_TEST=sk-very-secret');
		});
		await window.state('running', (state) => state === 'running');
		await ask('Is there a key?');
		await said(/int zwei/);
		assert.equal(upstream.requests.at(-1).headers.authorization, 'Bearer sk-very-secret');
		const { stdout } = await run('grep', ['-rlF', 'sk-very-secret', home, workbench.folder]).catch((error) => error);
		assert.equal(stdout.trim(), '');
		await window.run('eke.chat.new');
	});

	test('ghost text: typed through, by word, by line, and all of it; one request', async () => {
		const before = upstream.counted.length;
		const path = await open('sum.c', CUT);
		await window.type('for (');
		await ghost('int i = 0; i < count; i++)\n        total += values[i];');
		await window.picture('ghost');
		await status(/eke \d\d\/60/);
		await window.type('i');
		await ghost('nt i = 0; i < count; i++)\n        total += values[i];');
		await window.press('Control+ArrowRight');
		await ghost(' i = 0; i < count; i++)\n        total += values[i];');
		await window.press('Control+Alt+ArrowRight');
		await see('a line is taken', async () => (await window.buffer()).before.endsWith('i++)\n'));
		await ghost('        total += values[i];');
		await window.press('Tab'); // as everywhere in VS Code: before code, it indents
		await ghost('    total += values[i];');
		await window.press('Tab');
		await ghost('total += values[i];');
		await window.press('Tab');
		await text(path, CUT.replace('‸', 'for (int i = 0; i < count; i++)\n\t\ttotal += values[i];'));
		assert.equal(upstream.counted.length - before, 1);
		await window.save();
		await see('it is saved', async () => (await readFile(path, 'utf8')).includes('values[i];'));
	});

	test('in an untitled file and in a cell of a notebook there is ghost text, too', async () => {
		const content = CUT.replace('‸', '');
		await window.api(async (vscode, content) => {
			const document = await vscode.workspace.openTextDocument({ language: 'c', content });
			const editor = await vscode.window.showTextDocument(document);
			const line = content.split('\n').indexOf('\t');
			editor.selection = new vscode.Selection(line, 1, line, 1);
		}, content);
		await window.page.locator('.editor-instance .monaco-editor.focused').first().waitFor();
		await window.type('for (');
		await ghost('int i = 0; i < count; i++)\n        total += values[i];').catch(async (error) => {
			await window.run('eke.explainCompletion');
			await message(/./);
			throw new Error(`${error.message} ${await window.messages()}`);
		});
		await window.closeAll();
		const cell = { cell_type: 'code', execution_count: null, metadata: { vscode: { languageId: 'c' } }, outputs: [], source: [content] };
		const notebook = { cells: [cell], metadata: { language_info: { name: 'c' } }, nbformat: 4, nbformat_minor: 5 };
		await writeFile(join(folder, 'n.ipynb'), JSON.stringify(notebook));
		await window.api(async (vscode, path) => {
			const document = await vscode.workspace.openNotebookDocument(vscode.Uri.file(path));
			await vscode.window.showNotebookDocument(document);
			await vscode.commands.executeCommand('notebook.cell.edit');
			const editor = vscode.window.activeTextEditor;
			const line = document.cellAt(0).document.getText().split('\n').indexOf('\t');
			editor.selection = new vscode.Selection(line, 1, line, 1);
		}, join(folder, 'n.ipynb'));
		await window.page.locator('.notebook-editor .monaco-editor.focused').first().waitFor();
		await window.type('for (');
		await see('ghost text in the cell', () => window.page.locator('.notebook-editor .ghost-text-decoration').count());
		await window.picture('notebook');
	});

	test('a chat: streamed, stopped, asked again; Markdown, and nothing remote', async () => {
		await window.openFile(join(folder, 'first.c'));
		await window.run('eke.chat.new');
		upstream.next({ holdEvents: true });
		await ask('What is this?');
		const held = await see('the question', () => upstream.requests.at(-1)?.body?.messages?.at(-1)?.content.includes('What is this?') && upstream.requests.at(-1));
		await held.push('One **two');
		await said(/One/);
		await held.push('** three\n\n```c\nint x');
		await said(/int x/);
		assert.equal(await chat().locator('main strong').innerText(), 'two');
		await window.picture('chat-streaming');
		await chat().locator('button.send').click();
		await said(/stopped/);
		// What was paid for is not asked for again: the rest of it is the answer.
		await held.push(';\n```\n\nand the rest');
		await held.end();
		await chat().locator('button.regenerate').last().click();
		await said(/and the rest/);
		await ask('And else?');
		await said(/And else\?[^]*int zwei/);
		assert.equal(await chat().locator('main img').count(), 0);
		assert.equal(await chat().locator('main a').count(), 2);
		await window.picture('chat-light');
		await window.configure({ 'workbench.colorTheme': 'Default Dark Modern' });
		await see('it is dark', () => chat().locator('body.vscode-dark').count());
		await window.picture('chat-dark');
		await window.configure({ 'workbench.colorTheme': 'Default High Contrast' });
		await see('it has contrast', () => chat().locator('body.vscode-high-contrast').count());
		await window.picture('chat-contrast');
		await window.configure({ 'workbench.colorTheme': undefined });
	});

	test('what the model writes as HTML is text', async () => {
		answer = () => '<img src=x onerror="document.title=1"><script>document.title=2</script>\n\n[a](javascript:alert(1)) <b>bold</b>';
		await ask('Write HTML');
		await said(/<b>bold<\/b>/);
		assert.equal(await chat().locator('main script, main img, main b, main a[href^="javascript"]').count(), 0);
	});

	test('lines that were asked about: the code of the answer is looked at, and takes their place', async () => {
		const path = await open('two.c', 'int one;\nint two;\nint three;\n‸');
		await window.select(1, 2);
		await window.run('eke.ask');
		await chat().locator('.chips .chip', { hasText: 'two.c:2' }).waitFor();
		await window.openChat();
		await window.type('Call it zwei');
		await window.picture('chat-chips');
		await window.press('Enter');
		await said(/Call it zwei[^]*int zwei/);
		await chat().locator('button.apply').last().click();
		await window.preview();
		await see('the difference', () => window.page.locator('.char-insert, .line-insert').count());
		await window.picture('preview');
		assert.match(await window.text(path), /int two;/);
		await window.finish('eke.preview.accept');
		await text(path, 'int one;\nint zwei;\nint three;\n');
	});

	test('a change that is discarded leaves the file as it is; so does closing it', async () => {
		const path = await open('three.c', 'int one;\nint two;\n‸');
		for (const command of ['eke.preview.discard', 'workbench.action.closeActiveEditor']) {
			answer = () => '```c\nint drei;\n```';
			await window.openFile(path);
			await window.select(0, 1);
			await window.run('eke.refactor');
			await window.preview();
			await window.run(command);
			await see('it is closed', () => window.api((vscode) => vscode.window.tabGroups.activeTabGroup.tabs.length === 1));
			assert.equal(await window.text(path), 'int one;\nint two;\n');
		}
	});

	test('an instruction about the selection', async () => {
		const path = await open('four.c', 'int one;\nint two;\n‸');
		answer = () => '```c\nlong one;\n```';
		await window.select(0, 1);
		await window.run('eke.edit');
		await window.answer('make it long');
		await window.preview();
		await window.page.locator('.modified-in-monaco-diff-editor .monaco-editor.focused, .monaco-editor.modified-in-monaco-diff-editor.focused').waitFor();
		await window.page.locator('.editor-actions .codicon-check').waitFor();
		await window.press('Control+Enter');
		await text(path, 'long one;\nint two;\n');
	});

	test('a command from the context menu answers in the chat', async () => {
		await open('five.c', 'int one;\nint two;\n‸');
		await window.select(0, 1);
		await window.page.locator('.editor-instance .view-line').first().click({ button: 'right', position: { x: 20, y: 5 } });
		const menu = window.page.locator('.monaco-menu .action-item', { hasText: 'eke' }).first();
		await menu.hover();
		await window.page.locator('.monaco-menu .action-item', { hasText: 'Explain' }).first().waitFor();
		await window.picture('context-menu');
		await window.press('Escape', 'Escape');
		await window.select(0, 1);
		await window.run('eke.explain');
		await said(/\/explain[^]*int zwei/);
	});

	test('the lightbulb has our actions; Explain answers in the chat', async () => {
		const path = await open('six.c', 'int one;\nint two;\n‸');
		const titles = await until('actions', async () => {
			const found = await window.api(async (vscode, path) => {
				const range = new vscode.Range(0, 0, 1, 0);
				const list = await vscode.commands.executeCommand('vscode.executeCodeActionProvider', vscode.Uri.file(path), range);
				return list.map(({ title, command }) => [title, command?.command]);
			}, path);
			return found.some(([title]) => /eke/.test(title)) && found;
		});
		assert.deepEqual(titles.find(([title]) => /Explain/.test(title))?.[1], 'eke.inChat');
		assert.deepEqual(titles.find(([title]) => /Fix/.test(title))?.[1], 'eke.command');
	});

	test('a commit message for what is staged, in a real repository', async () => {
		const git = (...args) => run('git', ['-c', 'user.name=n', '-c', 'user.email=e@example.com', ...args], { cwd: folder });
		await git('init', '-q');
		await writeFile(join(folder, 'new.c'), 'int n;\n');
		await git('add', 'new.c');
		answer = () => 'feat: add n';
		const found = (vscode) => vscode.extensions.getExtension('vscode.git')?.exports?.getAPI(1).repositories.length;
		await window.run('git.openRepository', folder);
		await see('the repository', () => window.api(found));
		await window.run('workbench.view.scm');
		await window.run('eke.commitMessage');
		const value = (vscode) => vscode.extensions.getExtension('vscode.git').exports.getAPI(1).repositories[0].inputBox.value;
		await see('the message', async () => (await window.api(value)) === 'feat: add n');
		await window.picture('commit-message');
	});

	test('after a reload of the window in the middle of an answer the conversation is there', async () => {
		await window.openFile(join(folder, 'first.c'));
		await window.run('eke.chat.new');
		await ask('First?');
		await said(/First\?[^]*int zwei/);
		upstream.next({ holdEvents: true });
		await ask('Second?');
		const held = await see('the question', () => upstream.requests.at(-1)?.body?.messages?.at(-1)?.content.includes('Second?') && upstream.requests.at(-1));
		await held.push('Half of it');
		await said(/Half of it/);
		await window.reload();
		await window.openChat();
		await said(/First\?[^]*int zwei[^]*Second\?/);
		await held.end();
	});

	test('history: found by its words, renamed, and gone on with', async () => {
		await window.openFile(join(folder, 'first.c'));
		answer = () => 'About zebras.';
		await window.run('eke.chat.new');
		await ask('Which animal has stripes?');
		await said(/zebras/);
		await window.run('eke.chat.new');
		await window.run('eke.chat.history');
		const input = window.page.locator('.quick-input-widget input').first();
		await input.waitFor();
		await input.fill('zebras');
		const row = window.page.locator('.quick-input-list .monaco-list-row', { hasText: 'Which animal' }).first();
		await row.waitFor();
		await see('nothing else', async () => (await window.page.locator('.quick-input-list .monaco-list-row').count()) === 1);
		await window.picture('history');
		await window.press('Enter');
		await said(/stripes\?[^]*zebras/);
	});

	test('the server is killed: it is started again, and the next question is answered', async () => {
		await window.openFile(join(folder, 'first.c'));
		await window.state('running', (state) => state === 'running');
		const { stdout } = await run('pgrep', ['-f', `^${EKE} serve`]);
		for (const pid of stdout.trim().split('\n')) process.kill(Number(pid), 'SIGKILL');
		await message(/eke ended \(status SIGKILL\)/);
		await window.picture('killed');
		await window.state('running', (state) => state === 'running');
		await window.run('eke.chat.new');
		await ask('Still there?');
		await said(/Still there\?[^]*int zwei/);
	});

	test('a file of 2 MB, and an answer of 1 MB', async () => {
		const line = 'static const char *const words = "0123456789 abcdefghijklmnopqrstuvwxyz";\n';
		const path = await open('big.c', `${line.repeat(28_000)}‸`);
		await window.type('static');
		await text(path, `${line.repeat(28_000)}static`);
		answer = () => `${'A paragraph of some words, and `code` in it.\n\n'.repeat(22_000)}The end.`;
		const isQuestion = ({ body }) => body?.messages?.at(-1)?.content.includes('Write a lot');
		upstream.script((record) => (isQuestion(record) ? { granularity: 100 } : undefined));
		await window.run('eke.chat.new');
		const begin = Date.now();
		await ask('Write a lot');
		// To look at all of its text takes the page longer than to show it: its end is enough.
		const isWhole = () => chat().locator('main').evaluate((main) => (main.lastElementChild?.querySelector('.body')?.lastElementChild?.textContent ?? '').trimEnd().endsWith('The end.'));
		await see('the end of the answer', isWhole, 120_000);
		const took = Date.now() - begin;
		await window.type('still quick');
		const typed = Date.now();
		await see('what is typed', async () => (await chat().locator('footer textarea').inputValue()) === 'still quick');
		console.log(`# an answer of 1 MB: ${took} ms until all of it is shown; typing then shows after ${Date.now() - typed} ms`);
		await chat().locator('footer textarea').fill('');
	});

	test('the budget is used up: told once, the status says when, completions are silent', async () => {
		await window.openFile(join(folder, 'first.c'));
		await window.run('eke.chat.new');
		await configure(upstream.counted.length > 3 ? 3 : 1); // it is read when something is asked
		await ask('One more?');
		await said(/used up|are used|limit/i);
		assert.equal(await chat().locator('footer textarea').inputValue(), 'One more?');
		await window.picture('exhausted-chat');
		await status(/eke 0\/\d · \d\d:\d\d/);
		await message(/No requests are left at test until/);
		await window.picture('exhausted');
		await window.page.locator('.statusbar-item[id*="eke"]').first().hover();
		await see('the hover', () => window.page.locator('.monaco-hover', { hasText: 'test' }).count());
		await window.picture('hover');
		await chat().locator('footer textarea').fill('');
		await configure(60);
		await ask('And now?');
		await said(/And now\?[^]*int zwei/);
		assert.doesNotMatch(await chatText(), /are used/);
		await status(/\d+\/60$/);
	});

	test('the menu behind the status', async () => {
		await window.openFile(join(folder, 'first.c'));
		await window.page.locator('.statusbar-item[id*="eke"]').first().click();
		await window.page.locator('.quick-input-list .monaco-list-row', { hasText: 'Pause' }).first().waitFor();
		await window.picture('menu');
		await window.answer('Turn off for c');
		await see('it is off', () =>
			window.api((vscode) => vscode.workspace.getConfiguration('eke').get('completion.languages')?.c === false),
		);
		await window.configure({ 'eke.completion.languages': undefined });
	});

	test('no process is left behind', async () => {
		await window.close();
		await workbench.stop();
		workbench = undefined;
		await until('there is none', async () => !(await run('pgrep', ['-f', `^${EKE} serve`]).catch(() => null)));
	});
});
