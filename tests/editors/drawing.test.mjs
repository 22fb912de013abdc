// Vim and Neovim: ghost text on the screen, in windows of any size: nothing of the text is hidden, nothing scrolls.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { play } from '../../editors/conformance/runner.mjs';
import { CUT } from './session.mjs';
import { until } from './terminal.mjs';
import { driver, editor } from './vim-driver.mjs';

const wanted = (process.env.EKE_TEST_EDITORS ?? 'vim-9.0 vim-9.2 nvim-0.10 nvim-0.12').split(' ');

for (const name of wanted.filter((one) => /^n?vim/.test(one))) {
	const skip = editor(name).why;
	if (skip) console.error(`\n*** SKIPPED, nothing was tested in ${name}: ${skip} ***\n`);
	describe(name, { skip }, () => tests(name));
}

function tests(name) {
	test('what is on the screen is what drawing all of it anew shows', { timeout: 60_000 }, async () => {
		const vim = driver(name);
		const start = vim.start.bind(vim);
		vim.start = (options) => start({ ...options, lines: ['syntax on', 'set background=dark'] });
		const settled = async () => {
			let last;
			await until('the screen stands still', async () => {
				const former = last;
				await vim.eval('1');
				last = await vim.terminal.text();
				return last === former;
			});
			return last;
		};
		vim.commands = async (when) => {
			const before = await settled();
			await vim.ex('redraw!');
			assert.equal(before, await settled(), when);
		};
		const text = 'for (int i = 0; i < count; i++)\n\t\ttotal += values[i];';
		const steps = ['f', 'fo', 'for', 'for ', 'for (', 'for (i'].flatMap((typed, i) => [
			{ type: typed.at(-1) },
			{ ask: `\t${typed}‸`, as: typed },
			i % 2 ? { answer: typed, result: null } : { answer: typed, items: [{ text, left: typed.length }] },
			{ sync: true },
			{ see: { ghost: '/total/' } },
			{ commands: typed },
		]);
		await play(
			{
				name: 'redraw',
				steps: [
					{ file: CUT, name: 'sum.c' },
					{ ask: '\t‸', as: 'a' },
					{ answer: 'a', items: [{ text }] },
					{ see: { ghost: '/total/' } },
					{ commands: 'shown' },
					...steps,
					{ type: 'x' },
					{ see: { ghost: null } },
					{ commands: 'gone' },
					{ press: 'backspace' },
					{ ask: '\tfor (i‸', as: 'again' },
					{ answer: 'again', items: [{ text, left: 6 }] },
					{ see: { ghost: '/total/' } },
					{ press: 'acceptLine' },
					{ see: { text: '/count; i..\\)‸/', ghost: '/total/' } },
					{ commands: 'a line' },
					{ press: 'accept' },
					{ see: { text: '/values.i.;‸/', ghost: null } },
					{ commands: 'all' },
					{ press: 'enter' },
					{ ask: '\t\t‸', as: 'more' },
					{ answer: 'more', items: [{ text: 'a\nb\nc' }] },
					{ see: { ghost: 'a\nb\nc' } },
					{ commands: 'more' },
					{ press: 'leave' },
					{ see: { ghost: null } },
					{ commands: 'left' },
				],
			},
			vim,
		);
	});

	test(
		'at the end of the window as much is shown as there is room for, and how much more there is; nothing scrolls',
		{ timeout: 60_000 },
		async () => {
			const lines = Array.from({ length: 30 }, (_, i) => `line ${i}`);
			await play(
				{
					name: 'bottom',
					steps: [
						{ file: `${'text\n'.repeat(100)}end‸\n`, name: 'a.txt' },
						{ ask: 'end‸', as: 'a' },
						{ answer: 'a', items: [{ text: ` of it\n${lines.join('\n')}` }] },
						{ see: { ghost: ' of it … 30 more' } },
						{ keys: '\x0fzz' },
						{ ask: 'end‸', as: 'b' },
						{ answer: 'b', items: [{ text: ` of it\n${lines.join('\n')}` }] },
						{ see: { ghost: `/^ of it\nline 0\nline 1\n.*line \\d+ … \\d\\d more$/` } },
						{ press: 'accept' },
						{ see: { ghost: null, text: '/line 29‸$/' } },
					],
				},
				driver(name),
			);
		},
	);

	for (const [title, length, ghost] of [
		['has just room', 20, ' of it! … 9 more'],
		['would wrap', 21, ' of it!'],
	])
		test(`at the end of a narrow window: how much more there is ${title}`, { timeout: 60_000 }, async () => {
			const vim = driver(name);
			const start = vim.start.bind(vim);
			vim.start = (options) => start({ ...options, size: { columns: 40 }, lines: ['set number'] });
			const line = 'e'.repeat(length);
			const steps = [
				{ file: `${'text\n'.repeat(100)}${line}‸\n`, name: 'a.txt' },
				{ ask: `${line}‸`, as: 'a' },
				{ answer: 'a', items: [{ text: ` of it!\n${'line\n'.repeat(8)}line` }] },
				{ see: { ghost } },
			];
			await play({ name: 'narrow', steps }, vim);
		});

	for (const [title, behind, ghost] of [
		['', '', ' and twenty more of it, a…'],
		[', with a closer behind it', ')', ' and twenty more of it, …'],
	])
		test(`the last row of the window is never given up for ghost text that would wrap${title}`, { timeout: 60_000 }, async () => {
			const vim = driver(name);
			const start = vim.start.bind(vim);
			vim.start = (options) => start({ ...options, size: { columns: 40 }, lines: ['set number scrolloff=0'] });
			vim.commands = async () => assert.match(await vim.picture(), /\n101 eeeeeeeeee and twenty more/);
			const steps = [
				{ file: `${'text\n'.repeat(100)}eeeeeeeeee‸${behind}\n`, name: 'a.txt' },
				{ ask: `eeeeeeeeee‸${behind}`, as: 'a' },
				{ answer: 'a', items: [{ text: ` and twenty more of it, and so on${behind}`, right: behind.length }] },
				{ see: { ghost } },
				{ commands: 'LINE' },
				{ press: 'accept' },
				{ see: { text: `/eeeeeeeeee and twenty more of it, and so on${behind && '\\)'}‸/` } },
			];
			await play({ name: 'last', steps }, vim);
		});

	test('… nor where lines are broken at words and indented', { timeout: 60_000 }, async () => {
		const vim = driver(name);
		const start = vim.start.bind(vim);
		const lines = ['set number scrolloff=0 linebreak breakindent showbreak=++++'];
		vim.start = (options) => start({ ...options, size: { columns: 40 }, lines });
		const { commands } = vim;
		vim.commands = async (text) => {
			if (text !== 'LINE') return commands.call(vim, text);
			assert.match(await vim.picture(), /\n101     eeeeee/);
			assert.doesNotMatch(await vim.picture(), /\n *@|@@@/);
		};
		const line = '    eeeeee';
		const steps = [
			{ file: `${'text\n'.repeat(100)}${line}‸\nmore\nmore\n`, name: 'a.txt' },
			{ press: 'leave' },
			{ commands: ':normal! Gzb\n' },
			{ commands: ':101\n' },
			{ keys: 'A' },
			{ ask: `${line}‸`, as: 'a' },
			{ answer: 'a', items: [{ text: ` ${'of_words_so_long '.repeat(8)}` }] },
			{ see: { ghost: '/^ of_words_so_long .*…$/' } },
			{ commands: 'LINE' },
		];
		await play({ name: 'broken', steps }, vim);
	});

	test('ghost text whose first line wraps leaves the window where it is', { timeout: 60_000 }, async () => {
		const vim = driver(name);
		const start = vim.start.bind(vim);
		vim.start = (options) => start({ ...options, size: { columns: 40 }, lines: ['set number scrolloff=0'] });
		let before;
		const where = () => vim.eval('[line("w0"), winline()]');
		const { commands } = vim;
		vim.commands = async (text) => {
			if (text === 'BEFORE') before = await where();
			else if (text === 'AFTER') {
				assert.deepEqual(await where(), before);
				assert.doesNotMatch(await vim.picture(), /\n@|@@@/);
			} else await commands.call(vim, text);
		};
		const line = 'e'.repeat(30);
		const steps = [
			{ file: `${'text\n'.repeat(100)}${line}‸\n${'more\n'.repeat(3)}`, name: 'a.txt' },
			{ press: 'leave' },
			{ commands: ':normal! Gzb\n' },
			{ commands: ':101\n' },
			{ keys: 'A' }, // three lines below it: one for the rest of its own, two for others
			{ ask: `${line}‸`, as: 'a' },
			{ commands: 'BEFORE' },
			{ answer: 'a', items: [{ text: ` and twenty more of it\n${'line\n'.repeat(8)}line` }] },
			{ see: { ghost: ' and t\nwenty more of it\nline\nline … 7 more' } },
			{ commands: 'AFTER' },
		];
		await play({ name: 'wraps', steps }, vim);
	});
}
