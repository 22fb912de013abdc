// eke in the completion menus of nvim-cmp and blink.cmp, set up as editors/vim/README.md says.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { CUT, KNOWN, open, startEditor, withEke } from './session.mjs';
import { until } from './terminal.mjs';
import { editor, PLUGINS, pluginMissing, root } from './vim-driver.mjs';

const wanted = (process.env.EKE_TEST_EDITORS ?? 'nvim-0.10 nvim-0.12').split(' ').filter((one) => one.startsWith('nvim'));
const readme = await readFile(join(root, 'editors/vim/README.md'), 'utf8');
/* The blocks of Lua that name a plugin. */
const snippet = (name) => [...readme.matchAll(/```lua\n([^]*?)```/g)].map(([, code]) => code).find((code) => code.includes(name));

const menus = [
	{
		name: 'nvim-cmp',
		lua: () => `require('cmp').setup({
	mapping = { ['<CR>'] = require('cmp').mapping.confirm({ select = true }) },
	performance = { debounce = 0, throttle = 0 },
})
${snippet("'cmp'")}`,
		visible: 'luaeval("require([[cmp]]).visible()")',
	},
	{
		name: 'blink.cmp',
		lua: () => `local blink = require('blink.cmp')
local setup = blink.setup
blink.setup = function(settings)
	settings.fuzzy = { implementation = 'lua' }
	settings.keymap = { preset = 'enter' }
	settings.completion = { list = { selection = { preselect = true, auto_insert = false } } }
	setup(settings)
end
${snippet("'blink.cmp'")}`,
		visible: 'luaeval("require([[blink.cmp]]).is_menu_visible()")',
	},
];

function inMenu(name, menu) {
	const skip = editor(name).why ?? pluginMissing(menu.name);
	const title = `${name}: eke in the menu of ${menu.name}`;
	if (skip) console.error(`\n*** SKIPPED, nothing was tested of ${title}: ${skip} ***\n`);
	test(title, { skip, timeout: 60_000 }, async (t) => {
		const { folder, upstream } = await withEke(t);
		const vim = await startEditor(t, name, {
			folder,
			options: { ghost: 0 },
			lines: [`set runtimepath+=${join(PLUGINS, menu.name)}`, 'lua << END', menu.lua(), 'END'],
		});
		const state = async () => `${await vim.picture()}\n${await vim.eval('execute("messages")')}`;
		const see = (what, look) => until(what, look, { state });
		const take = async (file, marked, typed, label) => {
			const path = await open(vim, folder, file, marked);
			await vim.type(typed);
			await see('the menu', async () => (await vim.eval(menu.visible)) && label.test(await vim.picture()));
			await vim.press('enter');
			return path;
		};

		let path = await take('sum.c', CUT, 'fo', /for \(int i = 0; i < count; i\+\+\) …/);
		await see('all of it', async () => (await vim.text(path)) === KNOWN.trimEnd());
		assert.equal(upstream.counted.length, 1);
		/* Where bytes, UTF-16 and characters differ, in the middle of a word, with text behind it. */
		upstream.next({ answer: '<completion>mme = 😀;</completion>' });
		path = await take('odd.c', 'char *ö = "äöü😀", Gr‸\n', 'ößensu', /Größensumme = 😀;/);
		await see('the word', async () => (await vim.text(path)) === 'char *ö = "äöü😀", Größensumme = 😀;');
		assert.doesNotMatch(await vim.eval('execute("messages")'), /\bE\d+:|[Ee]rror/);
	});
}

for (const name of wanted) for (const menu of menus) inMenu(name, menu);
