// Vim and Neovim: the chat's buffer, whatever becomes of it, and what is typed there while an answer comes.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { play } from '../../editors/conformance/runner.mjs';
import { CUT, open, startEditor, withEke } from './session.mjs';
import { until } from './terminal.mjs';
import { driver, editor } from './vim-driver.mjs';

const wanted = (process.env.EKE_TEST_EDITORS ?? 'vim-9.0 vim-9.2 nvim-0.10 nvim-0.12').split(' ');

for (const name of wanted.filter((one) => /^n?vim/.test(one))) {
	const skip = editor(name).why;
	if (skip) console.error(`\n*** SKIPPED, nothing was tested in ${name}: ${skip} ***\n`);
	describe(name, { skip }, () => tests(name));
}

const budget = { endpoint: 'free', plan: 'mine', state: 'ok', windows: [] };
const answered = (text, more = {}) => ({
	result: { chatId: 'k1', turnId: 't1', title: 'Count', text, model: 'small', endpoint: 'free', finishReason: 'stop', budget, ...more },
});
const COMMANDS = {
	commands: ['explain:selection', 'fix:selection', 'commit:diff', 'ask:none'].map((one) => {
		const [name, needs] = one.split(':');
		return { name, title: name, description: name, needs };
	}),
};
const begun = [
	{ file: 'int one;\n‸\n', name: 'a.c' },
	{ do: 'chat' },
	{ type: 'Count' },
	{ press: 'send' },
	{ expect: { method: 'chat/send', params: { prompt: 'Count' } }, as: 'one' },
	{ delta: '1 ', of: 'one' },
	{ see: { chat: '/Count\n\n## eke\n\n1 \n\n## You\n\n$/' } },
];
const noErrors = { see: { message: '/^(?!.*E\\d+:)/' } };

function tests(name) {
	test('a terminal that becomes narrow: the chat leaves half of it to the text, till there is more', { timeout: 60_000 }, async (t) => {
		const { folder } = await withEke(t);
		const vim = await startEditor(t, name, { folder, size: { columns: 120 } });
		await open(vim, folder, 'a.c', 'int one;‸\n');
		await vim.press('leave');
		await vim.command('chat');
		const width = (expected) =>
			until(`${expected} columns`, async () => (await vim.eval('winwidth(0)')) === expected, { state: () => vim.picture() });
		await until('the chat', async () => /^eke:/.test(await vim.eval('bufname()')), { state: () => vim.picture() });
		const wide = await vim.eval('winwidth(0)');
		assert.ok(wide > 40 && wide <= 60, `${wide}`);
		await vim.terminal.resize(70, 24);
		await width(35);
		await vim.terminal.resize(60, 24);
		await width(30);
		await vim.terminal.resize(120, 24);
		await width(wide);
	});

	test('what is typed while an answer comes stays below it, with its undo', { timeout: 60_000 }, async () => {
		const steps = [
			...begun,
			{ keys: 'GAand' },
			{ see: { chat: '/1 \n\n## You\n\nand$/' } },
			{ delta: '2\n3 ', of: 'one' },
			{ see: { chat: '/1 2\n3 \n\n## You\n\nand$/' } },
			{ keys: ' then\nwhat?' },
			{ see: { chat: '/## You\n\nand then\nwhat\\?$/' } },
			{ delta: '4\n', of: 'one' },
			{ see: { chat: '/1 2\n3 4\n\n\n## You\n\nand then\nwhat\\?$/' } },
			{ press: 'leave' },
			{ keys: 'u' },
			{ see: { chat: '/1 2\n3 4\n\n\n## You\n\n$/' } },
			{ delta: '5', of: 'one' },
			{ keys: '\x12' },
			{ see: { chat: '/1 2\n3 4\n5\n\n## You\n\nand then\nwhat\\?$/' } },
			{ answer: 'one', ...answered('1 2\n3 4\n5') },
			{ see: { chat: '/## eke · small\n\n1 2\n3 4\n5\n\n## You\n\nand then\nwhat\\?$/' } },
			{ press: 'send' },
			{ expect: { method: 'chat/send', params: { prompt: 'and then\nwhat?', chatId: 'k1' } } },
			noErrors,
		];
		await play({ name: 'typing', steps }, driver(name));
	});

	test('what was said cannot be changed; typing goes into the draft', { timeout: 60_000 }, async () => {
		const steps = [
			...begun,
			{ answer: 'one', ...answered('1 2 3') },
			{ see: { chat: '/1 2 3\n\n## You\n\n$/' } },
			{ keys: 'ggdG' },
			{ see: { chat: '/^## You\n\nCount\n\n## eke · small\n\n1 2 3\n\n## You\n\n$/' } },
			{ keys: 'ggiAnd' },
			{ see: { chat: '/1 2 3\n\n## You\n\nAnd$/' } },
			{ press: 'leave' },
			{ keys: 'ggOx' },
			{ see: { chat: '/^## You\n\nCount.*1 2 3\n\n## You\n\nAndx$/' } },
			{ press: 'send' },
			{ expect: { method: 'chat/send', params: { prompt: 'Andx' } } },
		];
		await play({ name: 'readonly', steps }, driver(name));
	});

	for (const [what, keys] of [
		['bdelete', ':bdelete\n'],
		['bwipeout', ':bwipeout!\n'],
		['edit', ':edit\n:edit!\n'],
		['hide', ':hide\n'],
		['only', ':only\n'],
		['tabs', ':tabnew | EkeChat\n\x1b:tabprevious\n'],
		['close', ':quit\n'],
	])
		test(`the conversation outlives :${what}`, { timeout: 60_000 }, async () => {
			const after = [
				{ do: 'chat' },
				{ type: 'And?' },
				{ see: { chat: '/^## You\n\nCount\n\n## eke · small\n\n1 2 3\n\n## You\n\nAnd\\?$/' } },
				{ press: 'send' },
				{ expect: { method: 'chat/send', params: { prompt: 'And?', chatId: 'k1' } }, as: 'two' },
				{ delta: 'More', of: 'two' },
				{ see: { chat: '/And\\?\n\n## eke\n\nMore/' } },
			];
			const steps = [
				...begun,
				{ commands: keys },
				{ delta: '2 ', of: 'one' },
				{ delta: '3', of: 'one' },
				{ sync: true },
				{ answer: 'one', ...answered('1 2 3') },
				{ sync: true },
				...after,
				{ press: 'leave' },
				{ commands: keys },
				{ answer: 'two', ...answered('More and more') },
				{ sync: true },
				{ do: 'chat' },
				{ see: { chat: '/And\\?\n\n## eke · small\n\nMore and more\n\n## You\n\n$/' } },
				noErrors,
			];
			await play({ name: what, steps }, driver(name));
		});

	test('a session brings the last conversation back', { timeout: 60_000 }, async (t) => {
		const { folder } = await withEke(t);
		let vim = await startEditor(t, name, { folder });
		await open(vim, folder, 'sum.c', CUT);
		await vim.command('ask', 'Why?');
		const answer = /Why\?\n\n## eke · \w+\n\nRead this:[\s\S]*int x;[\s\S]*## You\n\n$/;
		await until('an answer', async () => answer.test(await vim.chat()), { state: () => vim.picture() });
		await vim.terminal.type(`:mksession! ${folder}/session.vim\n:qall!\n`);
		await until('the end', async () => /exited|dead|^\s*$/i.test(await vim.terminal.text()));
		await vim.stop();
		vim = await startEditor(t, name, { folder, lines: [`autocmd VimEnter * ++nested source ${folder}/session.vim`] });
		await until('the conversation', async () => answer.test(await vim.chat()), { state: () => vim.picture() });
		assert.equal(await vim.eval('getbufvar("eke://chat", "&filetype")'), 'ekechat');
		assert.doesNotMatch(await vim.eval('execute("messages")'), /\bE\d+:/);
	});

	test('several conversations at once', { timeout: 60_000 }, async () => {
		const steps = [
			...begun,
			{ keys: 'gn' },
			{ keys: 'Other' },
			{ press: 'send' },
			{ expect: { method: 'chat/send', params: { prompt: 'Other' } }, as: 'two' },
			{ never: { method: 'chat/send' } },
			{ delta: '2 ', of: 'one' },
			{ delta: 'x', of: 'two' },
			{ answer: 'two', ...answered('xyz', { chatId: 'k2' }) },
			{ answer: 'one', ...answered('1 2 3') },
			{ see: { chat: '/Count\n\n## eke · small\n\n1 2 3\n\n## You\n\n$/' } },
			{ keys: 'iMore' },
			{ press: 'send' },
			{ expect: { method: 'chat/send', params: { prompt: 'More', chatId: 'k2' } } },
		];
		await play({ name: 'several', steps }, driver(name));
	});

	test('commands in the chat; one that is none costs nothing', { timeout: 60_000 }, async () => {
		const steps = [
			{ file: 'int one;\n\nint two(void)\n{\n\treturn 2;‸\n}\n', name: 'a.c' },
			{ do: 'chat' },
			{ type: '/explai' },
			{ press: 'tab' },
			{ see: { chat: '/\n/explain$/' } },
			{ type: ' in short' },
			{ press: 'send' },
			{ expect: { method: 'chat/commands' }, as: 'commands' },
			{ answer: 'commands', result: COMMANDS },
			{
				expect: {
					method: 'chat/send',
					params: {
						command: 'explain',
						prompt: 'in short',
						context: [{ kind: 'selection', range: { start: { line: 2, character: 0 }, end: { line: 6, character: 0 } } }],
					},
				},
				as: 'one',
			},
			{ answer: 'one', ...answered('It is 2.') },
			{ see: { chat: '/explain in short \\(a.c:3-6\\).*It is 2/' } },
			{ do: 'chat' },
			{ type: '/explode it' },
			{ press: 'send' },
			{ see: { message: '/there is no command explode/' } },
			{ never: { method: 'chat/send' } },
			{ see: { chat: '/explode it$/' } },
			{ keys: 'ccWhat is @a.\t' },
			{ see: { chat: '/What is @a.c$/' } },
			{ press: 'leave' },
			{ keys: 'cc/usr/bin is what?' },
			{ press: 'send' },
			{ expect: { method: 'chat/send', params: { prompt: '/usr/bin is what?' } } },
		];
		await play({ name: 'commands', steps }, driver(name));
	});

	test('code has the colours of its language; an underscore is no fault', { timeout: 60_000 }, async () => {
		const vim = driver(name);
		const start = vim.start.bind(vim);
		vim.start = (options) => start({ ...options, lines: ['syntax on', 'set background=dark', 'highlight Type ctermfg=202'], size: { columns: 120 } });
		vim.commands = async () => {
			const cell = async (row, char) => {
				const rows = await vim.terminal.cells();
				const found = rows.find((one) => one.map((c) => c.char).join('').includes(row));
				const at = found?.map((c) => c.char).join('').indexOf(row);
				return found?.[at + row.indexOf(char)];
			};
			await until('int in its colour', async () => (await cell('int x = 1', 'i'))?.fg === 202, { state: () => vim.terminal.ansi() });
			const plain = await cell('so that_it is', 's');
			assert.deepEqual([(await cell('so that_it is', '_')).fg, (await cell('so that_it is', '_')).bg], [plain.fg, plain.bg]);
		};
		const steps = [
			...begun,
			{ answer: 'one', ...answered('so that_it is:\n\n```cpp\nint x = 1;\n```\n\n```python\nx = 2\n```') },
			{ see: { chat: '/x = 2/' } },
			{ commands: 'colours' },
			{ keys: ':bdelete\n' },
			{ do: 'chat' },
			{ commands: 'colours' },
		];
		await play({ name: 'colours', steps }, vim);
	});

	test('another model, another title, deleted', { timeout: 60_000 }, async () => {
		const steps = [
			...begun,
			{ answer: 'one', ...answered('1 2 3') },
			{ see: { chat: '/1 2 3\n\n## You/' } },
			{ commands: ':EkeModel big\n' },
			{ keys: 'GAMore' },
			{ press: 'send' },
			{ expect: { method: 'chat/send', params: { prompt: 'More', model: 'big' } }, as: 'two' },
			{ answer: 'two', ...answered('4 5', { model: 'big', finishReason: 'truncated', notice: 'It broke off.' }) },
			{ see: { chat: '/## eke · big\n\n4 5\n\n> It broke off\\.\n\n## You/' } },
			{ commands: ':EkeRename Counting\n' },
			{ expect: { method: 'chat/rename', params: { chatId: 'k1', title: 'Counting' } }, as: 'rename' },
			{ answer: 'rename', result: {} },
			{ see: { message: '/eke · Counting · big/' } },
			{ keys: ':EkeDelete\n' },
			{ commands: 'ASKED' },
			{ keys: 'y' },
			{ expect: { method: 'chat/delete', params: { chatId: 'k1' } }, as: 'delete' },
			{ answer: 'delete', result: {} },
			{ see: { chat: '/^## You\n\n$/' } },
		];
		const vim = driver(name);
		const { commands } = vim;
		/* Neovim answers nothing but the question then. */
		vim.commands = (text) =>
			text === 'ASKED'
				? until('a question', async () => /delete the conversation "Counting"/.test(await vim.terminal.text()))
				: commands.call(vim, text);
		await play({ name: 'model', steps }, vim);
	});

	test('reasoning is folded above the answer', { timeout: 60_000 }, async () => {
		const thought = (reasoning) => ({
			notify: { method: '$/progress', params: { token: 1, value: { kind: 'delta', reasoning } } },
		});
		const steps = [
			...begun.slice(0, -2),
			thought('First\nI count'),
			thought(' to three.'),
			{ see: { chat: '/## eke\n\n> First\n> I count to three\\.\n\n## You\n\n$/', message: '/> … I count to three/' } },
			{ delta: '1 2', of: 'one' },
			{ see: { chat: '/to three\\.\n\n1 2\n\n## You\n\n$/' } },
			{ answer: 'one', ...answered('1 2 3', { reasoning: 'First\nI count to three.' }) },
			{ see: { chat: '/## eke · small\n\n> First\n> I count to three\\.\n\n1 2 3\n\n## You\n\n$/' } },
		];
		await play({ name: 'reasoning', steps }, driver(name));
	});
}
