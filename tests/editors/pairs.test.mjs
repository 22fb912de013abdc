// Vim and Neovim with plugins that close brackets and quotes while one types: what is accepted keeps its line breaks and stands once,
// whether the closer was there before the answer or came when its beginning was typed. What cannot be had (tests/editors/plugins) is
// skipped, loudly.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { extractHole, knowsModel } from '../upstream/models.mjs';
import { open, startEditor, withEke } from './session.mjs';
import { until } from './terminal.mjs';
import { editor, PLUGINS, pluginMissing } from './vim-driver.mjs';

const wanted = (process.env.EKE_TEST_EDITORS ?? 'vim-9.0 vim-9.2 nvim-0.10 nvim-0.12').split(' ');
const vim = (name) => name.startsWith('vim');
const nvim = (name) => name.startsWith('nvim');

const setups = [
	{ plugin: 'auto-pairs', of: vim },
	{ plugin: 'delimitMate', of: vim, lines: ['let g:delimitMate_expand_cr = 1'] },
	{ plugin: 'lexima.vim', of: vim },
	{ plugin: 'nvim-autopairs', of: nvim, lines: ['lua require("nvim-autopairs").setup({})'] },
	{ plugin: 'mini.pairs', of: nvim, lines: ['lua require("mini.pairs").setup({})'] },
];

/* File, what is there (the cursor at the mark), what is typed, what the file then is. */
const cases = [
	['a.go', 'package a\n\n‸\n', 'func answer() int {', 'package a\n\nfunc answer() int {\n\treturn 42\n}'],
	['a.js', 'let seen = 0;\n‸\n', 'listen(() => {', 'let seen = 0;\nlisten(() => {\n\tseen++;\n\tprint(seen);\n})'],
	['a.py', 'name = "x"\n‸\n', 'user = dict(', 'name = "x"\nuser = dict(\n    name=name,\n    age=3,\n)'],
	['a.c', '#include "a.h"\n\n‸;\n', 'struct a first = {', '#include "a.h"\n\nstruct a first = {\n\t.one = 1,\n\t.two = 2,\n};'],
	['a.rs', '// sums\n‸\n', 'fn sum(', '// sums\nfn sum(a: u32, b: u32) -> u32 {\n    a + b\n}'],
];
const ENTERED = ['b.go', 'package b\n\n‸\n', 'func answer() int {\n', 'package b\n\nfunc answer() int {\n\treturn 42\n}'];

/* A model that minds no closers behind the cursor: it says all that follows. */
function regardless(body, route) {
	const hole = extractHole(body, route);
	return hole && { ...hole, suffix: '' };
}

function pairs(name, { plugin, lines = [] }) {
	const skip = editor(name).why ?? pluginMissing(plugin);
	const title = `${name} with ${plugin}`;
	if (skip) console.error(`\n*** SKIPPED, nothing was tested of ${title}: ${skip} ***\n`);
	test(title, { skip, timeout: 120_000 }, async (t) => {
		const { folder } = await withEke(t, {
			answer: knowsModel([...cases, ENTERED].map(([, , , text]) => text), { maxLines: 24, extractHole: regardless }),
		});
		const vim = await startEditor(t, name, {
			folder,
			lines: [`set runtimepath+=${join(PLUGINS, plugin)}`, 'autocmd FileType python,rust setlocal expandtab shiftwidth=4', ...lines],
		});
		const state = async () => `${await vim.picture()}\n${await vim.eval('execute("messages")')}`;
		const closers = (typed) => (typed.endsWith('(() => {') ? '})' : typed.endsWith('{') ? '}' : ')');

		for (const [file, text, typed, expected] of cases) {
			const path = await open(vim, folder, file, text);
			await vim.type(typed);
			const typedText = text.replace('‸', typed + closers(typed)).trimEnd();
			await until(`${file} has a closer`, async () => (await vim.text(path)) === typedText, { state });
			await until(`ghost text in ${file}`, () => vim.ghost(), { state });
			await vim.press('accept');
			await until(`${file} as it should be`, async () => (await vim.text(path)) === expected, {
				state: async () => `${await state()}\n${await vim.text(path)}`,
			});
		}
		const [file, text, typed, expected] = ENTERED;
		const path = await open(vim, folder, file, text);
		await vim.type(typed);
		await until('the line between', async () => /\{\n\s*\n\}$/.test(await vim.text(path)), { state });
		await until('ghost text on it', async () => (await vim.ghost())?.includes('return 42'), { state });
		await vim.press('accept');
		await until('it is taken, or the indent', async () => /\{\n\s*return|\{\n\t+\n/.test(await vim.text(path)), { state });
		if ((await vim.text(path)) !== expected) {
			await until('the rest', async () => (await vim.ghost())?.includes('return 42'), { state });
			await vim.press('accept');
		}
		await until('the line between as it should be', async () => (await vim.text(path)) === expected, {
			state: async () => `${await state()}\n${await vim.text(path)}`,
		});
		assert.doesNotMatch(await vim.eval('execute("messages")'), /\bE\d+:|[Ee]rror/);
	});
}

for (const name of wanted.filter((one) => /^n?vim/.test(one)))
	for (const setup of setups.filter(({ of }) => of(name))) pairs(name, setup);
