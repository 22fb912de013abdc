// Vim and Neovim: former conversations in the pickers that people have: telescope, fzf-lua, fzf, whatever has taken the place of
// vim.ui.select, and the editor's own. One is picked, renamed, deleted. What cannot be had (tests/editors/plugins) is skipped, loudly.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { CUT, EKE, open, startEditor, withEke } from './session.mjs';
import { until } from './terminal.mjs';
import { editor, PLUGINS, pluginMissing } from './vim-driver.mjs';

const run = promisify(execFile);
const wanted = (process.env.EKE_TEST_EDITORS ?? 'vim-9.0 vim-9.2 nvim-0.10 nvim-0.12').split(' ');
const nvim = (name) => name.startsWith('nvim');
const newer = (name) => nvim(name) && name !== 'nvim-0.10'; // telescope needs 0.11

/* up: how the screen shows that it is the plugin's; pick: takes the line that has these words. */
const filter = async (terminal, words, seen) => {
	await terminal.type(words);
	await seen();
	await terminal.keys('Enter');
};
const pickers = [
	{ name: "the editor's own", plugins: [], of: (name) => !nvim(name), up: /chats/, pick: walk },
	{ name: "the editor's own", plugins: [], of: nvim, up: /Chats[^]*1: /, pick: number },
	{ name: 'fzf', plugins: ['fzf'], of: () => true, lines: [`set runtimepath+=${join(PLUGINS, 'fzf/share/doc/fzf/examples')}`], up: /[cC]hats> /, pick: filter },
	{ name: 'telescope', plugins: ['telescope.nvim', 'plenary.nvim'], of: newer, up: /Results[^]*Chats|Chats[^]*Results/, pick: filter },
	{
		name: 'telescope in the place of vim.ui.select',
		plugins: ['telescope.nvim', 'plenary.nvim', 'telescope-ui-select.nvim'],
		of: newer,
		lines: ['lua require("telescope").setup({}) require("telescope").load_extension("ui-select")'],
		up: /╭─+ Chats ─+╮/,
		pick: filter,
	},
	{ name: 'fzf-lua', plugins: ['fzf-lua', 'fzf'], of: nvim, up: /Chats ?>?/, pick: filter },
	{
		name: 'fzf-lua in the place of vim.ui.select',
		plugins: ['fzf-lua', 'fzf'],
		of: nvim,
		lines: ['lua require("fzf-lua").register_ui_select()'],
		up: /Chats ?>?/,
		pick: filter,
	},
];

/* Vim's popup_menu(): down to the line. */
async function walk(terminal, words) {
	const lines = (await terminal.text()).split('\n').filter((line) => /\d\d-\d\d /.test(line));
	for (let i = lines.findIndex((line) => line.includes(words)); i > 0; i--) await terminal.keys('Down');
	await terminal.keys('Enter');
}

/* Neovim's: the number of the line. */
async function number(terminal, words) {
	await terminal.type(new RegExp(`(\\d+): [^\\n]*${words}`).exec(await terminal.text())[1]);
	await terminal.keys('Enter');
}

function picked(name, picker) {
	const skip = editor(name).why ?? pluginMissing(...picker.plugins);
	const title = `${name}: conversations in ${picker.name}`;
	if (skip) console.error(`\n*** SKIPPED, nothing was tested of ${title}: ${skip} ***\n`);
	test(title, { skip, timeout: 60_000 }, async (t) => {
		const path = process.env.PATH;
		t.after(() => (process.env.PATH = path));
		if (picker.plugins.includes('fzf')) process.env.PATH = `${join(PLUGINS, 'fzf/bin')}:${path}`;
		const { folder, env } = await withEke(t, { answer: ({ body: { messages } }) => `You said ${messages.at(-1).content.trim()}.` });
		for (const words of ['Count the apples', 'Weigh the pears']) {
			const asked = run(EKE, ['chat', words], { env: { ...process.env, ...env } });
			asked.child.stdin.end();
			await asked;
		}
		const vim = await startEditor(t, name, {
			folder,
			size: { columns: 120, rows: 30 },
			lines: [
				...picker.plugins.map((plugin) => `set runtimepath+=${join(PLUGINS, plugin)}`),
				...(picker.lines ?? []),
			],
		});
		const state = async () => vim.picture();
		const see = (what, look) => until(what, look, { state });
		const screen = (pattern) => see(pattern, async () => pattern.test(await vim.picture()));
		const list = /\d\d-\d\d [^\n]*/g;
		const history = async (...titles) => {
			await vim.terminal.type(':EkeHistory\n');
			await screen(picker.up);
			await see(`${titles} in the picker`, async () => {
				const lines = (await vim.picture()).match(list) ?? [];
				return lines.length === titles.length && titles.every((title) => lines.some((line) => line.includes(title)));
			});
		};

		await open(vim, folder, 'sum.c', CUT);
		await vim.press('leave');
		await history('Count the apples', 'Weigh the pears');
		await picker.pick(vim.terminal, 'apples', () => see('one alone', async () => (await vim.picture()).match(list).length === 1));
		await see('the conversation', async () => /Count the apples\n\n## eke · chatty\n\nYou said Count the apples/.test(await vim.chat()));
		await see('the picker is gone', async () => !list.test(await vim.picture()));
		await vim.terminal.type(':EkeRename Fruit\n');
		await screen(/eke · Fruit/);
		await history('Fruit', 'Weigh the pears');
		await picker.pick(vim.terminal, 'Fruit', () => see('one alone', async () => (await vim.picture()).match(list).length === 1));
		await see('the picker is gone', async () => !list.test(await vim.picture()));
		await vim.terminal.type(':EkeDelete\n');
		await screen(/delete the conversation "Fruit"/);
		await vim.terminal.type('y');
		await see('an empty chat', async () => (await vim.chat()) === '## You\n\n');
		await history('Weigh the pears');
		await vim.terminal.keys(...picker.quit ?? ['Escape']);
		assert.match(await vim.eval('execute("messages")'), /^(?!.*E\d+:)/s);
	});
}

for (const name of wanted.filter((one) => /^n?vim/.test(one)))
	for (const picker of pickers.filter(({ of }) => of(name))) picked(name, picker);
