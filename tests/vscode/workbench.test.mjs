// The packed extension and the real eke in the real workbench: what a user does, seen on the screen. Pictures of each are kept in
// build/vscode/pictures.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { CUT } from '../editors/session.mjs';
import { EKE, Session, skip } from './session.mjs';
import { until } from './workbench.mjs';

const run = promisify(execFile);

describe("eke in VS Code's workbench", { skip }, () => {
	let s;
	let window;
	let upstream;
	let folder;

	before(async () => {
		s = await Session.start();
		({ window, upstream, folder } = s);
	});
	after(() => s?.stop());
	beforeEach(() => s.reset());

	test('the key is asked for, kept by VS Code, and reaches the service; it is in no file', async () => {
		await s.first();
		await window.run('eke.setKey');
		await window.answer('test');
		const field = window.page.locator('.quick-input-widget input[type="password"]');
		await field.waitFor();
		await field.fill('sk-very-secret');
		await window.press('Enter');
		await field.waitFor({ state: 'hidden' });
		await s.see('eke has it', async () => (await s.environment()).includes('EKE_KEY_TEST=sk-very-secret'));
		await window.state('running', (state) => state === 'running');
		await s.ask('Is there a key?');
		await s.said(/int zwei/);
		assert.equal(upstream.requests.at(-1).headers.authorization, 'Bearer sk-very-secret');
		const { stdout } = await run('grep', ['-rlF', 'sk-very-secret', s.home, s.workbench.folder]).catch((error) => error);
		assert.equal(stdout.trim(), '');
		await window.openChat('eke.chat.new');
	});

	test('ghost text: typed through, by word, by line, and all of it; one request', async () => {
		const before = upstream.counted.length;
		const path = await s.open('sum.c', CUT);
		await window.type('for (');
		await s.ghost('int i = 0; i < count; i++)\n        total += values[i];');
		await window.picture('ghost');
		await s.status(/eke \d\d\/60/);
		await window.type('i');
		await s.ghost('nt i = 0; i < count; i++)\n        total += values[i];');
		await window.press('Control+ArrowRight');
		await s.ghost(' i = 0; i < count; i++)\n        total += values[i];');
		await window.press('Control+Alt+ArrowRight');
		await s.see('a line is taken', async () => (await window.buffer()).before.endsWith('i++)\n'));
		await s.ghost('        total += values[i];');
		await window.press('Tab'); // as everywhere in VS Code: before code, it indents
		await s.ghost('    total += values[i];');
		await window.press('Tab');
		await s.ghost('total += values[i];');
		await window.press('Tab');
		await s.text(path, CUT.replace('‸', 'for (int i = 0; i < count; i++)\n\t\ttotal += values[i];'));
		assert.equal(upstream.counted.length - before, 1);
		await window.save();
		await s.see('it is saved', async () => (await readFile(path, 'utf8')).includes('values[i];'));
	});

	test('in an untitled file and in a cell of a notebook there is ghost text, too', async () => {
		const content = CUT.replace('‸', '');
		/* VS Code asks for nothing in an editor that has only just been made: the bracket is typed once more, if none comes. */
		let typed = Date.now();
		const again = async () => {
			if (Date.now() - typed < 3000) return false;
			typed = Date.now();
			await window.press('Backspace');
			await window.type('(');
			return false;
		};
		await window.api(async (vscode, content) => {
			await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'c', content }));
		}, content);
		await window.page.locator('.editor-instance .monaco-editor.focused').first().waitFor();
		await window.goTo(content.split('\n').indexOf('\t'));
		await window.type('for (');
		await s.see('the ghost', async () => (await window.ghost()) === 'int i = 0; i < count; i++)\n        total += values[i];' || again());
		await window.closeAll();
		const cell = { cell_type: 'code', execution_count: null, metadata: { vscode: { languageId: 'c' } }, outputs: [], source: [content] };
		const notebook = { cells: [cell], metadata: { language_info: { name: 'c' } }, nbformat: 4, nbformat_minor: 5 };
		await writeFile(join(folder, 'n.ipynb'), JSON.stringify(notebook));
		await window.api(async (vscode, path) => {
			const document = await vscode.workspace.openNotebookDocument(vscode.Uri.file(path));
			await vscode.window.showNotebookDocument(document);
			await vscode.commands.executeCommand('notebook.cell.edit');
		}, join(folder, 'n.ipynb'));
		await window.page.locator('.notebook-editor .monaco-editor.focused').first().waitFor();
		await window.goTo(content.split('\n').indexOf('\t'));
		await window.type('for (');
		await s.see('ghost text in the cell', async () => (await window.page.locator('.notebook-editor .ghost-text-decoration').count()) > 0 || again());
		await window.picture('notebook');
	});

	test('a chat: streamed, stopped, asked again; Markdown, and nothing remote', async () => {
		await s.newChat();
		upstream.next({ holdEvents: true });
		await s.ask('What is this?');
		const held = await s.asked('What is this?');
		await held.push('One **two');
		await s.said(/One/);
		await held.push('** three\n\n```c\nint x');
		await s.said(/int x/);
		assert.equal(await s.chat().locator('main strong').innerText(), 'two');
		await window.picture('chat-streaming');
		await s.chat().locator('button.send').click();
		await s.said(/stopped/);
		// What was paid for is not asked for again: the rest of it is the answer.
		await held.push(';\n```\n\nand the rest');
		await held.end();
		await s.chat().locator('button.regenerate').last().click();
		await s.said(/and the rest/);
		await s.ask('And else?');
		await s.said(/And else\?[^]*int zwei/);
		assert.equal(await s.chat().locator('main img').count(), 0);
		assert.equal(await s.chat().locator('main a').count(), 2);
		await window.picture('chat-light');
		await window.configure({ 'workbench.colorTheme': 'Default Dark Modern' });
		await s.see('it is dark', () => s.chat().locator('body.vscode-dark').count());
		await window.picture('chat-dark');
		await window.configure({ 'workbench.colorTheme': 'Default High Contrast' });
		await s.see('it has contrast', () => s.chat().locator('body.vscode-high-contrast').count());
		await window.picture('chat-contrast');
		await window.configure({ 'workbench.colorTheme': undefined });
	});

	test('what the model writes as HTML is text', async () => {
		s.answer = () => '<img src=x onerror="document.title=1"><script>document.title=2</script>\n\n[a](javascript:alert(1)) <b>bold</b>';
		await s.ask('Write HTML');
		await s.said(/<b>bold<\/b>/);
		assert.equal(await s.chat().locator('main script, main img, main b, main a[href^="javascript"]').count(), 0);
	});

	test('lines that were asked about: the code of the answer is looked at, and takes their place', async () => {
		const path = await s.open('two.c', 'int one;\nint two;\nint three;\n‸');
		await window.select(1, 2);
		await window.run('eke.ask');
		await s.chat().locator('.chips .chip', { hasText: 'two.c:2' }).waitFor();
		await window.openChat();
		await window.type('Call it zwei');
		await window.picture('chat-chips');
		await window.press('Enter');
		await s.said(/Call it zwei[^]*int zwei/);
		await s.chat().locator('button.apply').last().click();
		await window.preview();
		await s.see('the difference', () => window.page.locator('.char-insert, .line-insert').count());
		await window.picture('preview');
		assert.match(await window.text(path), /int two;/);
		await window.finish('eke.preview.accept');
		await s.text(path, 'int one;\nint zwei;\nint three;\n');
	});

	test('a change that is discarded leaves the file as it is; so does closing it', async () => {
		const path = await s.open('three.c', 'int one;\nint two;\n‸');
		for (const command of ['eke.preview.discard', 'workbench.action.closeActiveEditor']) {
			s.answer = () => '```c\nint drei;\n```';
			await window.openFile(path);
			await window.select(0, 1);
			await window.run('eke.refactor');
			await window.preview();
			await window.run(command);
			await s.see('it is closed', () => window.api((vscode) => vscode.window.tabGroups.activeTabGroup.tabs.length === 1));
			assert.equal(await window.text(path), 'int one;\nint two;\n');
		}
	});

	test('a change is taken by parts', async () => {
		const lines = (one, last) => `int ${one};\n${'int between;\n'.repeat(12)}int ${last};\n`;
		const path = await s.open('parts.c', `${lines('one', 'last')}‸`);
		s.answer = () => `\`\`\`c\n${lines('uno', 'ultimo')}\`\`\`\n`;
		await window.select(0, 14);
		await window.run('eke.refactor');
		await window.preview();
		const parts = window.page.locator('.monaco-diff-editor .modified .char-insert');
		await s.see('both parts', async () => (await parts.count()) === 2);
		await window.picture('parts');
		await window.page.locator('.monaco-editor.modified-in-monaco-diff-editor .view-line').first().click();
		await window.run('diffEditor.revert'); // what the arrow between the sides does
		await s.see('one part is taken back', async () => (await parts.count()) === 1);
		await window.finish('eke.preview.accept');
		await s.text(path, lines('one', 'ultimo'));
	});

	test('an instruction about the selection', async () => {
		const path = await s.open('four.c', 'int one;\nint two;\n‸');
		s.answer = () => '```c\nlong one;\n```';
		await window.select(0, 1);
		await window.run('eke.edit');
		await window.answer('make it long');
		await window.preview();
		await window.page.locator('.modified-in-monaco-diff-editor .monaco-editor.focused, .monaco-editor.modified-in-monaco-diff-editor.focused').waitFor();
		await window.page.locator('.editor-actions .codicon-check').waitFor();
		await window.press('Control+Enter');
		await s.text(path, 'long one;\nint two;\n');
	});

	test('a command from the context menu answers in the chat', async () => {
		await s.open('five.c', 'int one;\nint two;\n‸');
		await window.select(0, 1);
		await window.page.locator('.editor-instance .view-line').first().click({ button: 'right', position: { x: 20, y: 5 } });
		const menu = window.page.locator('.monaco-menu .action-item', { hasText: 'eke' }).first();
		await menu.hover();
		await window.page.locator('.monaco-menu .action-item', { hasText: 'Explain' }).first().waitFor();
		await window.picture('context-menu');
		await window.press('Escape', 'Escape');
		await window.select(0, 1);
		await window.run('eke.explain');
		await s.said(/\/explain[^]*int zwei/);
	});

	test('the lightbulb has our actions; Explain answers in the chat', async () => {
		const path = await s.open('six.c', 'int one;\nint two;\n‸');
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
		s.answer = () => 'feat: add n';
		const found = (vscode) => vscode.extensions.getExtension('vscode.git')?.exports?.getAPI(1).repositories.length;
		await window.run('git.openRepository', folder);
		await s.see('the repository', () => window.api(found));
		await window.run('workbench.view.scm');
		await window.run('eke.commitMessage');
		const value = (vscode) => vscode.extensions.getExtension('vscode.git').exports.getAPI(1).repositories[0].inputBox.value;
		await s.see('the message', async () => (await window.api(value)) === 'feat: add n');
		const box = window.page.locator('.scm-editor .view-lines').first();
		await s.see('it in the box', async () => /feat: add n/.test((await box.innerText()).replaceAll('\u00a0', ' ')));
		await window.picture('commit-message');
		// In a window with several repositories it is about the one whose button was pressed.
		const inner = join(folder, 'inner');
		await mkdir(inner);
		await writeFile(join(inner, 'other.c'), 'int of_the_other;\n');
		for (const args of [['init', '-q'], ['add', 'other.c']]) await run('git', args, { cwd: inner });
		await window.run('git.openRepository', inner);
		await s.see('the other one', async () => (await window.api(found)) === 2);
		await window.api(async (vscode, inner) => void (await vscode.commands.executeCommand('eke.commitMessage', { rootUri: vscode.Uri.file(inner) })), inner);
		assert.match(upstream.requests.at(-1).body.messages.at(-1).content, /of_the_other/);
		await rm(inner, { recursive: true });
	});

	test('after a reload of the window in the middle of an answer the conversation is there', async () => {
		await s.newChat();
		await s.ask('First?');
		await s.said(/First\?[^]*int zwei/);
		upstream.next({ holdEvents: true });
		await s.ask('Second?');
		const held = await s.asked('Second?');
		await held.push('Half of it');
		await s.said(/Half of it/);
		await window.reload();
		await window.openChat();
		await s.said(/First\?[^]*int zwei[^]*Second\?/);
		await held.end();
	});

	test('history: found by its words, renamed, and gone on with', async () => {
		await s.first();
		s.answer = () => 'About zebras.';
		await window.openChat('eke.chat.new');
		await s.ask('Which animal has stripes?');
		await s.said(/zebras/);
		await window.openChat('eke.chat.new');
		await window.run('eke.chat.history');
		const input = window.page.locator('.quick-input-widget input').first();
		await input.waitFor();
		await input.fill('zebras');
		const row = window.page.locator('.quick-input-list .monaco-list-row', { hasText: 'Which animal' }).first();
		await row.waitFor();
		await s.see('nothing else', async () => (await window.page.locator('.quick-input-list .monaco-list-row').count()) === 1);
		await window.picture('history');
		await window.press('Enter');
		await s.said(/stripes\?[^]*zebras/);
	});

	test('the server is killed: it is started again, and the next question is answered', async () => {
		await s.first();
		await window.state('running', (state) => state === 'running');
		const { stdout } = await run('pgrep', ['-f', `^${EKE} serve`]);
		for (const pid of stdout.trim().split('\n')) process.kill(Number(pid), 'SIGKILL');
		await s.message(/eke ended \(status SIGKILL\)/);
		await window.picture('killed');
		await window.state('running', (state) => state === 'running');
		await window.openChat('eke.chat.new');
		await s.ask('Still there?');
		await s.said(/Still there\?[^]*int zwei/);
	});

	test('a file of 2 MB, and an answer of 1 MB', async () => {
		const line = 'static const char *const words = "0123456789 abcdefghijklmnopqrstuvwxyz";\n';
		const path = await s.open('big.c', `${line.repeat(28_000)}‸`);
		await window.type('static');
		await s.text(path, `${line.repeat(28_000)}static`);
		s.answer = () => `${'A paragraph of some words, and `code` in it.\n\n'.repeat(22_000)}The end.`;
		const isQuestion = ({ body }) => body?.messages?.at(-1)?.content.includes('Write a lot');
		upstream.script((record) => (isQuestion(record) ? { granularity: 100 } : undefined));
		await window.openChat('eke.chat.new');
		const begin = Date.now();
		await s.ask('Write a lot');
		// To look at all of its text takes the page longer than to show it: its end is enough.
		const isWhole = () => s.chat().locator('main').evaluate((main) => (main.lastElementChild?.querySelector('.body')?.lastElementChild?.textContent ?? '').trimEnd().endsWith('The end.'));
		await s.see('the end of the answer', isWhole, 120_000);
		const took = Date.now() - begin;
		await window.type('still quick');
		const typed = Date.now();
		await s.see('what is typed', async () => (await s.field().inputValue()) === 'still quick');
		console.log(`# an answer of 1 MB: ${took} ms until all of it is shown; typing then shows after ${Date.now() - typed} ms`);
		await s.field().fill('');
	});

	test('the budget is used up: told once, the status says when, completions are silent', async () => {
		await s.newChat();
		await s.configure(3); // more were sent
		assert.ok(upstream.counted.length > 3);
		await s.ask('One more?');
		await s.said(/used up|are used|limit/i);
		assert.equal(await s.field().inputValue(), 'One more?');
		await window.picture('exhausted-chat');
		await s.status(/eke 0\/\d · \d\d:\d\d/);
		await s.message(/No requests are left at test until/);
		await window.picture('exhausted');
		await window.page.locator('.statusbar-item[id*="eke"]').first().hover();
		await s.see('the hover', () => window.page.locator('.monaco-hover', { hasText: 'test' }).count());
		await window.picture('hover');
		await s.field().fill('');
		await s.configure(60);
		await s.ask('And now?');
		await s.said(/And now\?[^]*int zwei/);
		assert.doesNotMatch(await s.chatText(), /are used/);
		await s.status(/\d+\/60$/);
	});

	test('the menu behind the status', async () => {
		await s.first();
		await window.page.locator('.statusbar-item[id*="eke"]').first().click();
		await window.page.locator('.quick-input-list .monaco-list-row', { hasText: 'Pause' }).first().waitFor();
		await window.picture('menu');
		await window.answer('Turn off for c');
		await s.see('it is off', () =>
			window.api((vscode) => vscode.workspace.getConfiguration('eke').get('completion.languages')?.c === false),
		);
		await window.configure({ 'eke.completion.languages': undefined });
	});

	test('no process is left behind', async () => {
		await window.close();
		await s.workbench.stop();
		s.workbench = undefined;
		await until('there is none', async () => !(await run('pgrep', ['-f', `^${EKE} serve`]).catch(() => null)));
	});
});
