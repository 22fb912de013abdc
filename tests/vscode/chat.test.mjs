// The chat in the real workbench, as far as a user reaches into it: completion in its field, what goes along, editing, models,
// conversations, and that it stays quick while a large answer comes.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';

import { CUT } from '../editors/session.mjs';
import { Session, skip } from './session.mjs';

describe('the chat in the workbench', { skip }, () => {
	let s;
	let window;

	before(async () => {
		const files = { 'with blank.txt': 'text of a name with a blank\n', 'bad.json': '{ "a": 1,, }\n', 'other.c': 'int other;\n' };
		const settings = { 'eke.chat.commands': { rhyme: 'Make a rhyme of {input}' } };
		s = await Session.start({ files, settings });
		({ window } = s);
	});
	after(() => s?.stop());
	beforeEach(() => s.reset());

	const offers = () => s.chat().locator('.offers:not([hidden]) .label').allInnerTexts();
	const offered = (list) => s.see(`the offers ${list}`, async () => (await offers()).join() === list.join());
	const value = () => s.field().inputValue();
	const last = () => s.upstream.requests.at(-1).body.messages.at(-1).content;
	const chips = () => s.chat().locator('footer .chip:not(.current)').allInnerTexts();

	test('/ offers the commands, the own ones too; @ files; # what there is', async () => {
		await s.newChat();
		await window.type('/');
		await s.see('all commands', async () => (await offers()).includes('/rhyme'));
		assert.ok((await offers()).includes('/explain'));
		await window.picture('offers-commands');
		await window.type('rh');
		await offered(['/rhyme']);
		assert.equal(await s.field().getAttribute('aria-expanded'), 'true');
		assert.equal(await s.field().getAttribute('aria-activedescendant'), 'offer-0');
		await window.press('Tab');
		assert.equal(await value(), '/rhyme ');
		assert.equal(await s.field().getAttribute('aria-expanded'), null);
		await window.type('of @blank');
		await offered(['with blank.txt']);
		await window.press('Enter');
		assert.equal(await value(), '/rhyme of @"with blank.txt" ');
		await window.type('@oth');
		await offered(['other.c']);
		await window.press('Escape');
		assert.deepEqual(await offers(), []);
		await window.press('Enter');
		await s.asked('Make a rhyme of of');
		await s.said(/int zwei/);
		assert.match(last(), /text of a name with a blank/);
		await window.type('#pro');
		await offered(['#problems']);
		await window.press('Escape');
		await s.field().fill('');
	});

	test('@ finds a name in either case, and what is open first; a file that is dropped goes along', async () => {
		await s.newChat();
		await window.type('@OTHER');
		await offered(['other.c']);
		await s.field().fill('');
		await window.type('@');
		await s.see('the open file first', async () => (await offers())[0] === 'first.c');
		await window.press('Escape');
		await s.field().fill('');
		// What VS Code's explorer puts into a drag; that it reaches the page (with Shift) is VS Code's.
		await s.chat().locator('body').evaluate((body, list) => {
			const dataTransfer = new DataTransfer();
			dataTransfer.setData('application/vnd.code.uri-list', list);
			body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
		}, `file://${s.folder}/other.c\r\nhttps://example.com/no-file\r\nfile://${encodeURI(`${s.folder}/with blank.txt`)}`);
		await s.see('both files', async () => (await chips()).map((one) => one.trim()).join() === 'other.c,with blank.txt');
		await s.ask('What of these files?');
		await s.asked('What of these files?');
		await s.said(/What of these files\?[^]*int zwei/);
		assert.match(last(), /int other;/);
		assert.match(last(), /text of a name with a blank/);
	});

	test('a long question leaves room for its answer; an earlier one is edited where it stands', async () => {
		await s.newChat();
		s.answer = () => '- [x] done\n- [ ] open\n\n| a | b |\n|---|---|\n| one word | another |\n\nThe end.';
		await s.ask('Short?');
		await s.said(/Short\?[^]*☑ done\s*☐ open[^]*The end/);
		await s.field().fill(`See this:\n${'a line of a log\n'.repeat(300)}`);
		await s.field().press('Enter');
		await s.said(/See this[^]*The end/);
		const { height, window: whole } = await s.chat().locator('article.user').last().evaluate((one) => ({ height: one.offsetHeight, window: innerHeight }));
		assert.ok(height < 0.7 * whole, `${height} of ${whole}`);
		const first = s.chat().locator('article.user').first();
		await first.getByRole('button').press('Enter');
		const field = first.locator('textarea');
		await window.type('x');
		const isSeen = () => field.evaluate((one) => {
			const { top, bottom } = one.getBoundingClientRect();
			return document.activeElement === one && top >= 0 && bottom <= document.querySelector('footer').getBoundingClientRect().top;
		});
		await s.see('the field', isSeen);
		await s.chat().locator('main').evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
		assert.ok(await isSeen(), 'it stays in sight');
		await window.press('Escape');
	});

	test('what is in the editor goes along: a selection by itself and once, a file when it is wanted', async () => {
		await s.newChat();
		const current = s.chat().locator('footer .chip.current');
		await s.see('the file, off', async () => (await current.getAttribute('aria-pressed')) === 'false');
		await s.ask('Without?');
		await s.asked('Without?');
		await s.said(/int zwei/);
		assert.doesNotMatch(last(), /int main/);
		await window.select(0, 1);
		await s.see('the selection, on', async () => (await current.innerText()).trim() === 'first.c:1' && (await current.getAttribute('aria-pressed')) === 'true');
		await window.picture('current-on');
		await s.ask('With it?');
		await s.asked('With it?');
		await s.said(/With it\?\s*first\.c:1[^]*int zwei/);
		assert.match(last(), /int main/);
		await s.see('it is not sent twice', async () => (await current.getAttribute('aria-pressed')) === 'false');
		await current.press('Enter');
		await s.see('unless the user says so', async () => (await current.getAttribute('aria-pressed')) === 'true');
		assert.ok(await current.evaluate((chip) => chip === document.activeElement), 'the focus stays');
		await current.press('Enter');
		await window.select(0, 0);
		await s.see('the file again', async () => (await current.innerText()).trim() === 'first.c');
		await window.openChat();
		await window.type('/explain');
		await window.press('Escape', 'Enter');
		await s.said(/\/explain\s*first\.c[^]*int zwei/);
		assert.match(last(), /int main/);
	});

	test('the arrow up brings back what was asked', async () => {
		await s.newChat();
		await s.ask('The first?');
		await s.said(/The first\?[^]*int zwei/);
		await s.ask('The second?');
		await s.said(/The second\?[^]*int zwei/);
		await window.openChat();
		await window.press('ArrowUp');
		await s.see('the last', async () => (await value()) === 'The second?');
		await window.press('ArrowUp');
		await s.see('the first', async () => (await value()) === 'The first?');
		await window.press('ArrowDown', 'ArrowDown');
		await s.see('nothing', async () => (await value()) === '');
	});

	test('problems, the selection of the terminal, and files of the explorer go along as chips', async () => {
		await window.openFile(join(s.folder, 'bad.json'));
		await s.see('a problem', () =>
			window.api((vscode) => vscode.languages.getDiagnostics(vscode.window.activeTextEditor.document.uri).length),
		);
		await window.openChat('eke.chat.new');
		await window.type('#problems');
		await offered(['#problems']);
		await window.press('Enter');
		await s.see('their chip', async () => /problems? of bad\.json/.test((await chips()).join()));
		assert.equal(await value(), '');
		await window.api(async (vscode) => {
			const terminal = vscode.window.createTerminal({ name: 'sh', shellPath: '/bin/sh' });
			terminal.show();
			terminal.sendText('echo words $((40 + 2)) of a shell');
		});
		await s.see('its output', async () => /words 42 of a shell/.test(await window.page.locator('.xterm-accessibility, .xterm-rows').allInnerTexts().then((all) => all.join('\n'))) || window.page.locator('.terminal-wrapper.active').count());
		await s.see('the selection', async () => {
			await window.finish('workbench.action.terminal.selectAll');
			await window.finish('eke.attachTerminal');
			return /terminal/.test((await chips()).join());
		});
		await window.finish('workbench.action.terminal.killAll');
		await window.api((vscode, path) => vscode.commands.executeCommand('eke.attachFiles', vscode.Uri.file(path)), join(s.folder, 'other.c'));
		await s.see('the file', async () => /other\.c/.test((await chips()).join()));
		await window.picture('chips-all');
		await s.ask('What of these?');
		await s.asked('What of these?');
		await s.said(/What of these\?[^]*int zwei/);
		assert.match(last(), /int other;/);
		assert.match(last(), /of a shell/);
		assert.match(last(), /bad\.json/);
		assert.deepEqual(await chips(), []);
		await window.openChat();
		await window.type('#file');
		await window.press('Enter');
		const remove = s.chat().getByRole('button', { name: /^Remove: / });
		await remove.first().press('Enter');
		await s.see('it is gone', async () => !(await chips()).length);
	});

	test('the model is chosen, is asked, and is remembered', async () => {
		await s.newChat();
		await s.chat().locator('.bar .model').click();
		await window.page.locator('.quick-input-list .monaco-list-row', { hasText: 'test' }).first().waitFor();
		const rows = await window.page.locator('.quick-input-list .monaco-list-row .label-name').allInnerTexts();
		await window.picture('models');
		const model = rows.find((row) => !/configured|chatty/i.test(row)) ?? rows.at(-1);
		await window.answer(model);
		await s.see('its name', async () => (await s.chat().locator('.bar .model').innerText()) === model);
		await s.ask('Who?');
		await s.said(/Who\?[^]*int zwei/);
		assert.equal(s.upstream.requests.at(-1).body.model, model);
		await window.run('eke.chat.pickModel');
		await window.answer('As configured');
		await s.see('the default', async () => /default/.test(await s.chat().locator('.bar .model').innerText()));
	});

	test('a question is edited: what came behind it goes, what went with it stays', async () => {
		await s.newChat();
		await window.select(0, 1);
		await s.see('the selection', async () => (await s.chat().locator('footer .chip.current.on').count()) === 1);
		await s.ask('Say one');
		await s.said(/Say one[^]*int zwei/);
		await s.ask('Say two');
		await s.said(/Say two[^]*int zwei/);
		s.answer = () => 'Three it is.';
		const question = s.chat().locator('article.user').first();
		await question.getByRole('button').press('Enter');
		const field = question.locator('textarea');
		assert.equal(await field.inputValue(), 'Say one');
		await window.picture('edit');
		await field.fill('Say three');
		await field.press('Enter');
		await s.said(/Say three[^]*Three it is/);
		assert.doesNotMatch(await s.chatText(), /Say one|Say two/);
		const { messages } = s.upstream.requests.at(-1).body;
		assert.equal(messages.filter(({ role }) => role === 'user').length, 1);
		assert.match(last(), /int main/);
		await question.getByRole('button').press('Enter');
		await question.locator('textarea').press('Escape');
		await s.see('as it was', async () => !(await question.locator('textarea').count()));
	});

	test('a question whose answer was stopped is edited, and after a reload of the window what went with it stays', async () => {
		const question = s.chat().locator('article.user').first();
		const edit = async (text) => {
			await question.getByRole('button').press('Enter');
			await question.locator('textarea').fill(text);
			await question.locator('textarea').press('Enter');
			await s.asked(text);
		};
		const questions = () => s.upstream.requests.at(-1).body.messages.filter(({ role }) => role === 'user').length;
		await s.newChat();
		await window.openFile(join(s.folder, 'other.c'));
		await window.select(0, 1);
		await s.see('the selection', async () => (await s.chat().locator('footer .chip.current.on').count()) === 1);
		s.upstream.next({ holdEvents: true });
		await s.ask('Say four');
		const held = await s.asked('Say four');
		await held.push('Half');
		await s.said(/Half/);
		await s.chat().locator('button.send').click();
		await s.said(/stopped/);
		await held.end();
		await edit('Say five');
		await s.said(/Say five[^]*int zwei/);
		assert.equal(questions(), 1);
		assert.match(last(), /int other/);
		await s.see('VS Code has written it down', () => window.remembers('other.c:1', 2));
		await window.reload();
		await window.openChat();
		await s.said(/Say five[^]*int zwei/);
		await edit('Say six');
		await s.said(/Say six[^]*int zwei/);
		assert.equal(questions(), 1);
		assert.match(last(), /int other/);
	});

	test('files that are on no disk, as of GitHub Repositories: ghost text, and their text goes along', async () => {
		await s.newChat();
		await window.api((vscode, files) => {
			const size = (uri) => ({ type: vscode.FileType.File, ctime: 0, mtime: 0, size: files[uri.path].length });
			const stat = (uri) => {
				if (!(uri.path in files)) throw vscode.FileSystemError.FileNotFound(uri);
				return size(uri);
			};
			const readFile = (uri) => new TextEncoder().encode(files[uri.path]);
			const provider = { onDidChangeFile: new vscode.EventEmitter().event, watch: () => ({ dispose() {} }), stat, readFile, readDirectory: () => [] };
			for (const name of ['createDirectory', 'writeFile', 'delete', 'rename']) provider[name] = () => {};
			for (const scheme of ['vscode-vfs', 'elsewhere']) vscode.workspace.registerFileSystemProvider(scheme, provider, { isReadonly: scheme === 'elsewhere' });
		}, { '/sum.c': CUT.replace('‸', ''), '/shut.c': 'int shut_one;\n', '/foreign.c': 'int foreign_one;\n' });
		const open = (uri) => window.api(async (vscode, uri) => void (await vscode.window.showTextDocument(vscode.Uri.parse(uri))), uri);
		await open('vscode-vfs://github/sum.c');
		await window.page.locator('.editor-instance .monaco-editor.focused').first().waitFor();
		await window.goTo(CUT.split('\n').findIndex((line) => line.includes('‸')));
		await window.type('for (');
		// By hand, since the chats above have used what is there for completions that come by themselves.
		await window.api((vscode) => void vscode.commands.executeCommand('editor.action.inlineSuggest.trigger'));
		await s.see('the ghost', async () => /int i = 0/.test((await window.ghost()) ?? ''));
		for (const uri of ['vscode-vfs://github/shut.c', 'elsewhere:/foreign.c'])
			await window.api((vscode, uri) => vscode.commands.executeCommand('eke.attachFiles', vscode.Uri.parse(uri)), uri);
		await s.see('both', async () => /shut\.c[^]*foreign\.c/.test((await chips()).join()));
		await s.ask('What of these two?');
		await s.asked('What of these two?');
		await s.said(/What of these two\?[^]*int zwei/);
		assert.match(last(), /int shut_one;/);
		assert.match(last(), /int foreign_one;/);
		await window.openChat();
		await window.type('@oth');
		await offered(['other.c']);
		// As where files are on no disk; VS Code searches such by proposed API alone.
		await s.chat().locator('body').evaluate(() => new Promise((resolve) => {
			window.addEventListener('message', resolve, { once: true }); // behind the page's own
			window.postMessage({ type: 'files', query: 'oth', paths: ['other.c'], asChips: true }, '*');
		}));
		await window.press('Enter');
		await s.see('that it is a chip', async () => /other\.c/.test((await chips()).join()));
		assert.equal(await value(), '');
	});

	test('a chat is renamed, exported and deleted', async () => {
		await s.newChat();
		await s.ask('About walruses');
		await s.said(/About walruses[^]*int zwei/);
		await window.run('eke.chat.history');
		const row = window.page.locator('.quick-input-list .monaco-list-row', { hasText: 'walruses' }).first();
		await row.hover();
		await row.locator('[class*="codicon-edit"]').click();
		const title = window.page.locator('.quick-input-widget .quick-input-title', { hasText: 'Title of the chat' });
		await title.waitFor();
		await window.answer('Sea animals');
		const renamed = window.page.locator('.quick-input-list .monaco-list-row', { hasText: 'Sea animals' }).first();
		await renamed.waitFor();
		await window.picture('history-renamed');
		await renamed.hover();
		await renamed.locator('[class*="codicon-export"]').click();
		const field = window.page.locator('.quick-input-widget input').first();
		await s.see('where to', async () => /Sea-animals\.md$/.test(await field.inputValue()));
		await window.press('Enter');
		const path = join(s.folder, 'Sea-animals.md');
		await s.see('the file', () => readFile(path, 'utf8').catch(() => ''));
		assert.match(await readFile(path, 'utf8'), /About walruses[^]*int zwei/);
		await s.see('it is shown', async () => /About walruses/.test((await window.text(path)) ?? ''));
		await window.run('eke.chat.delete');
		await window.page.locator('.monaco-dialog-box').waitFor();
		await window.picture('delete');
		await window.page.locator('.monaco-dialog-box .monaco-button', { hasText: 'Delete' }).click();
		await s.see('the chat is empty', async () => /Ask anything/.test(await s.chatText()));
		await window.run('eke.chat.history');
		const input = window.page.locator('.quick-input-widget input').first();
		await input.waitFor();
		await input.fill('walruses');
		await s.see('nothing is found', async () => !(await window.page.locator('.quick-input-list .monaco-list-row', { hasText: 'Sea animals' }).count()));
		await window.press('Escape');
	});

	test('code goes where it belongs: copied, inserted at the cursor, a new file', async () => {
		const path = await s.open('place.c', 'int a;\n‸int b;\n');
		await window.openChat('eke.chat.new');
		await s.ask('Code?');
		await s.said(/Code\?[^]*int zwei/);
		const button = (name) => s.chat().locator('.codebar').last().getByRole('button', { name });
		await button('Copy').click();
		await s.see('it is copied', () => window.api(async (vscode) => (await vscode.env.clipboard.readText()) === 'int zwei;\n'));
		await button('Insert at the cursor').click();
		await s.text(path, 'int a;\nint zwei;\nint b;\n');
		await button('New file with it').click();
		await s.see('a new file in the language', () =>
			window.api((vscode) => {
				const { document } = vscode.window.activeTextEditor ?? {};
				return document?.isUntitled && document.languageId === 'c' && document.getText() === 'int zwei;\n';
			}),
		);
	});

	test('the answer to a question about a whole file takes the place of what it changes', async () => {
		const path = await s.open('whole.c', 'int one(void)\n{\n\treturn 1;\n}\n\nint two(void)\n{\n\treturn 2;\n}\n‸');
		s.answer = () => 'Here, of \\(O(n_1 \\log n_2)\\):\n\n```c\nint one(void)\n{\n\treturn 11;\n}\n```\n';
		await window.openChat('eke.chat.new');
		await window.type('#file');
		await window.press('Enter');
		await window.type('Eleven');
		await window.press('Enter');
		await s.said(/Eleven[^]*O\(n_1 \\log n_2\):[^]*return 11/);
		await s.chat().locator('button.apply').last().click();
		await window.preview();
		await window.finish('eke.preview.accept');
		await s.text(path, 'int one(void)\n{\n\treturn 11;\n}\n\nint two(void)\n{\n\treturn 2;\n}\n');
	});

	test('an answer that is no edit is told once', async () => {
		await s.open('talk.c', 'int one;\nint two;\n‸');
		s.answer = () => 'I would rather not.';
		await window.select(0, 1);
		await window.finish('eke.refactor');
		await s.message(/with talk instead of an edit/);
		assert.equal((await window.messages()).match(/talk instead/g).length, 1);
	});

	test('while 1 MB of an answer comes, keys in the field show at once, and the reader may scroll', async () => {
		await s.newChat();
		s.upstream.next({ holdEvents: true });
		await s.ask('Write a lot');
		const held = await s.asked('Write a lot');
		const text = `${'A paragraph of some words, and `code` in it.\n\n'.repeat(70)}\n\n\`\`\`c\n${'int x = sum(values, 3);\n'.repeat(40)}\`\`\`\n\n`;
		const count = Math.ceil(1_000_000 / text.length);
		/* From the key to the picture that has it. */
		await s.field().evaluate((field) => {
			field.keyTimes = [];
			field.addEventListener('keydown', ({ timeStamp }) => {
				requestAnimationFrame(() => field.keyTimes.push(performance.now() - timeStamp));
			});
		});
		/* Half of the keys were quicker; how many there were, and the slowest. */
		const keys = async () => {
			const times = (await s.field().evaluate((field) => field.keyTimes.splice(0))).sort((one, other) => one - other);
			return { middle: Math.round(times[times.length >> 1]), most: Math.round(times.at(-1)), count: times.length };
		};
		await window.openChat();
		for (let i = 0; i < 30; i++) await window.page.keyboard.press('x');
		const idle = await keys();
		let isDone = false;
		const typing = (async () => {
			while (!isDone && !window.page.isClosed()) await window.page.keyboard.press('x', { delay: 80 }); // a quick typist
		})();
		const begin = Date.now();
		for (let i = 0; i < count; i++) for (const piece of text.match(/[^]{1,400}/g)) await held.push(piece);
		await held.push('The end of it.');
		// The page itself tells when it shows the end: to be asked for it, again and again, would be work, too.
		const page = await (await s.field().elementHandle()).ownerFrame();
		await page.evaluate(() => new Promise((resolve) => {
			const isShown = () => /The end of it/.test(document.querySelector('main article:last-child .tail')?.textContent ?? '');
			const timer = setInterval(() => isShown() && resolve(clearInterval(timer)), 100);
		}));
		const took = Date.now() - begin;
		isDone = true;
		await typing;
		const busy = await keys();
		console.log(`# 1 MB in ${took} ms; ${busy.count} keys meanwhile, shown after ${busy.middle} ms (${idle.middle} ms before it), ${busy.most} ms at most`);
		assert.ok(busy.count > 5, `${busy.count} keys`); // a quick machine is done with the answer after two seconds
		assert.ok(busy.middle < 100 + 5 * idle.middle, `half of the keys were shown after ${busy.middle} ms or later`); // other work on the machine slows both
		const main = s.chat().locator('main');
		const atEnd = () => main.evaluate((list) => list.scrollHeight - list.scrollTop - list.clientHeight < 40);
		await s.see('it follows', atEnd);
		await main.focus();
		await window.press('PageUp');
		await s.see('the reader scrolled', async () => !(await atEnd()));
		const top = () => main.evaluate((list) => list.scrollTop);
		let place;
		await s.see('it has come to rest', async () => place === (place = await top()));
		await held.push('\n\nOne more paragraph.\n\nAnd another.\n\n');
		await s.see('it came', () => s.chat().locator('main .tail').last().evaluate((tail) => /And another/.test(tail.textContent)));
		assert.equal(await top(), place);
		await window.picture('scrolled-up');
		await s.chat().locator('button.to-end').click();
		await s.see('the end again', atEnd);
		await held.end();
		await s.chat().locator('button.regenerate').last().waitFor();
		await s.field().fill('');
	});
});
