// The plugin managers that editors/vim/README.md names, with its lines as a reader copies them: the plugin is there and works.
import assert from 'node:assert/strict';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { CUT, EKE, KNOWN, open, withEke } from './session.mjs';
import { until } from './terminal.mjs';
import { driver, editor, PLUGINS, pluginMissing, root } from './vim-driver.mjs';

const wanted = (process.env.EKE_TEST_EDITORS ?? 'vim-9.0 vim-9.2 nvim-0.10 nvim-0.12').split(' ');
const readme = await readFile(join(root, 'editors/vim/README.md'), 'utf8');
const vimPlug = /`(Plug '[^`]*)`/.exec(readme)[1];
const lazy = /`(\{ dir = [^`]*)`/.exec(readme)[1];

/* configuration: of the vimrc, which begins with nothing of eke's. */
const managers = [
	{
		name: 'vim-plug',
		of: () => true,
		configuration: (folder) => `source ${join(PLUGINS, 'vim-plug/plug.vim')}
call plug#begin('${folder}/plugged')
${vimPlug}
call plug#end()`,
	},
	{
		name: 'lazy.nvim',
		of: (editorName) => editorName.startsWith('nvim'),
		configuration: (folder) => `lua << END
vim.opt.runtimepath:prepend('${join(PLUGINS, 'lazy.nvim')}')
require('lazy').setup({ ${lazy} }, { root = '${folder}/lazy', lockfile = '${folder}/lazy-lock.json', rocks = { enabled = false } })
END`,
	},
];

function installed(name, manager) {
	const skip = editor(name).why ?? pluginMissing(manager.name);
	const title = `${name}: installed with ${manager.name}, as the README says`;
	if (skip) console.error(`\n*** SKIPPED, nothing was tested of ${title}: ${skip} ***\n`);
	test(title, { skip, timeout: 60_000 }, async (t) => {
		const vim = driver(name);
		t.after(() => vim.stop()); // before its folder goes: at its end lazy.nvim writes there
		const { folder } = await withEke(t);
		await cp(join(root, 'editors/vim'), join(folder, 'src/eke/editors/vim'), { recursive: true });
		const plain = vim.configuration.bind(vim);
		vim.configuration = (settings) =>
			`${plain(settings).replace(`set runtimepath^=${root}/editors/vim\n`, '')}\n${manager.configuration(folder)}\n`;
		await vim.start({ command: [EKE, 'serve'], folder });
		const path = await open(vim, folder, 'sum.c', CUT);
		const state = async () => `${await vim.picture()}\n${await vim.eval('execute("messages")')}`;
		await vim.type('f');
		await until('ghost text', async () => (await vim.ghost())?.startsWith('or (int i = 0;'), { state });
		await vim.press('accept');
		await until('accepted', async () => (await vim.text(path)) === KNOWN.trimEnd(), { state });
		assert.match(await vim.eval('execute("scriptnames")'), /src\/eke\/editors\/vim\/plugin\/eke/);
	});
}

for (const name of wanted.filter((one) => /^n?vim/.test(one)))
	for (const manager of managers.filter(({ of }) => of(name))) installed(name, manager);
