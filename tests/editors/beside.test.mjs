// Vim and Neovim with other plugins, set up as their manuals say: eke's ghost text comes, Tab takes it, and while a menu of theirs is
// open, from the third letter of a word on, Tab is theirs; what they say behind the line that is typed stays there. What cannot be
// had (tests/editors/plugins) is skipped, loudly.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { CUT, KNOWN, open, startEditor, withEke } from './session.mjs';
import { until } from './terminal.mjs';
import { play } from '../../editors/conformance/runner.mjs';
import { driver, editor, PLUGINS, pluginMissing, root } from './vim-driver.mjs';

const SERVER = ['node', join(root, 'tests/editors/words-server.mjs')];
/* The file where the next word is one that it has elsewhere. */
const WORD = KNOWN.replace('	return total;\n', '	‸\n').replace('total += values', 'total = total + values');
const wanted = (process.env.EKE_TEST_EDITORS ?? 'vim-9.0 vim-9.2 nvim-0.10 nvim-0.12').split(' ');

const words = (list) => `[${list.map((one) => `'${one}'`).join(', ')}]`;
const MENU_TAB = 'inoremap <expr> <Tab> pumvisible() ? "\\<C-n>" : "\\<Tab>"';

/* Neovim's own client of the language server. */
const NATIVE = `autocmd FileType c lua vim.lsp.start({ name = 'words', cmd = { ${SERVER.map((word) => `'${word}'`).join(', ')} } })
lua vim.diagnostic.config({ virtual_text = true })`;
const NATIVE_READY = `luaeval('#vim.lsp.get_clients({ bufnr = 0, name = "words" })')`;

const nvimCmp = (ghost) => ({
	name: `nvim-cmp${ghost ? ' with ghost text' : ''}`,
	of: (editorName) => editorName.startsWith('nvim'),
	plugins: ['nvim-cmp'],
	lines: () => [
		NATIVE,
		'lua << END',
		`local cmp = require('cmp')
local words = {}
function words:complete(_, callback)
	vim.lsp.buf_request(0, 'textDocument/completion', vim.lsp.util.make_position_params(0, 'utf-16'), function(_, items)
		callback(items)
	end)
end
cmp.register_source('words', words)
cmp.setup({
	sources = { { name = 'words', keyword_length = 3 } },
	experimental = { ghost_text = ${ghost} },
	mapping = {
		['<Tab>'] = cmp.mapping(function(fallback)
			if cmp.visible() then
				cmp.select_next_item()
			else
				fallback()
			end
		end, { 'i', 's' }),
		['<C-e>'] = cmp.mapping.abort(),
	},
})`,
		'END',
	],
	ready: NATIVE_READY,
	menu: 'luaeval("require([[cmp]]).visible()")',
	ghost,
});

const blink = (ghost) => ({
	name: `blink.cmp${ghost ? ' with ghost text' : ''}`,
	of: (editorName) => editorName.startsWith('nvim'),
	plugins: ['blink.cmp'],
	lines: () => [
		NATIVE,
		'lua << END',
		`require('blink.cmp').setup({
	fuzzy = { implementation = 'lua' },
	keymap = { preset = 'super-tab' },
	completion = { ghost_text = { enabled = ${ghost} } },
	sources = { default = { 'lsp' }, min_keyword_length = 3 },
})`,
		'END',
	],
	ready: NATIVE_READY,
	menu: 'luaeval("require([[blink.cmp]]).is_menu_visible()")',
	ghost,
});

/* of: in which editors, all by default; lines: of the vimrc; menu: an expression, true while the plugin's menu is open; ghost: it
 * shows ghost text of its own while that is open; end: one that ends its processes. */
const setups = [
	{
		name: 'coc.nvim',
		plugins: ['coc.nvim'],
		lines: (folder) => [
			`let g:coc_config_home = '${folder}/coc'`,
			`let g:coc_data_home = '${folder}/coc'`,
			'let g:coc_disable_startup_warning = 1',
			// As in its README.
			'inoremap <silent><expr> <TAB> coc#pum#visible() ? coc#pum#next(1) : CheckBackspace() ? "\\<Tab>" : coc#refresh()',
			'inoremap <expr><S-TAB> coc#pum#visible() ? coc#pum#prev(1) : "\\<C-h>"',
			'function! CheckBackspace() abort',
			"  let col = col('.') - 1",
			"  return !col || getline('.')[col - 1] =~# '\\s'",
			'endfunction',
		],
		async prepare(folder) {
			await mkdir(join(folder, 'coc'));
			const settings = {
				'suggest.noselect': true,
				'suggest.minTriggerInputLength': 3,
				'diagnostic.virtualText': true,
				languageserver: { words: { command: SERVER[0], args: SERVER.slice(1), filetypes: ['c'] } },
			};
			await writeFile(join(folder, 'coc/coc-settings.json'), JSON.stringify(settings));
		},
		ready: "get(g:, 'coc_service_initialized', 0) && CocAction('services')[0].state ==# 'running'",
		menu: 'coc#pum#visible()',
		end: 'coc#rpc#stop()',
	},
	{
		name: 'vim-lsp with asyncomplete.vim',
		plugins: ['vim-lsp', 'asyncomplete.vim', 'asyncomplete-lsp.vim'],
		lines: () => [
			`autocmd User lsp_setup call lsp#register_server({'name': 'words', 'cmd': ${words(SERVER)}, 'allowlist': ['c']})`,
			'let g:asyncomplete_min_chars = 3',
			'let g:lsp_diagnostics_virtual_text_insert_mode_enabled = 1',
			'let g:lsp_diagnostics_virtual_text_align = "after"',
			// As in their READMEs.
			MENU_TAB,
			'inoremap <expr> <S-Tab> pumvisible() ? "\\<C-p>" : "\\<S-Tab>"',
			'autocmd FileType c setlocal omnifunc=lsp#complete',
		],
		ready: "lsp#get_server_status('words') ==# 'running'",
		menu: 'pumvisible()',
	},
	{
		name: 'ALE',
		plugins: ['ale'],
		lines: () => [
			'let g:ale_virtualtext_cursor = "all"',
			'let g:ale_set_loclist = 0',
			'let g:ale_completion_enabled = 1',
			'let g:ale_linters_explicit = 1',
			`let g:ale_linters = {'c': ['words']}`,
			'set omnifunc=ale#completion#OmniFunc completeopt=menu,menuone,noselect',
			MENU_TAB,
			`autocmd VimEnter * call ale#linter#Define('c', {'name': 'words', 'lsp': 'stdio', 'executable': 'node', 'command': '${SERVER.join(' ')}', 'project_root': {-> getcwd()}})`,
		],
		// Its server is up: what comes from that after its buffer was left is an error of ALE's.
		ready: "!empty(get(get(get(g:, 'ale_buffer_info', {}), bufnr(), {}), 'loclist', []))",
		menu: 'pumvisible()',
	},
	nvimCmp(false),
	nvimCmp(true),
	blink(false),
	blink(true),
];

function beside(name, setup) {
	const skip = editor(name).why ?? pluginMissing(...setup.plugins);
	const title = `${name} beside ${setup.name}`;
	if (skip) console.error(`\n*** SKIPPED, nothing was tested of ${title}: ${skip} ***\n`);
	test(title, { skip, timeout: 120_000 }, async (t) => {
		const { folder, upstream } = await withEke(t);
		await setup.prepare?.(folder);
		const vim = await startEditor(t, name, {
			folder,
			size: { columns: 120 },
			lines: [
				...setup.plugins.map((plugin) => `set runtimepath+=${join(PLUGINS, plugin)}`),
				...setup.lines(folder),
			],
		});
		const state = async () => `${await vim.picture()}\n${await vim.eval('execute("messages")')}`;
		const see = (what, look) => until(what, look, { deadline: 30_000, state });

		const ghost = () => see('ghost text', async () => (await vim.ghost())?.startsWith('or (int i = 0;'));
		const accepted = async (path) => {
			await vim.press('accept');
			await see('accepted', async () => (await vim.text(path)) === KNOWN.trimEnd());
		};
		const fault = () => see('the fault', async () => /\n[^\n]* {8}(f.*\))? *\W? ?at fault\n/.test(await vim.picture()));

		let path = await open(vim, folder, 'sum.c', CUT);
		await vim.type('f');
		await ghost();
		await accepted(path);
		await see('the plugin is up', () => vim.eval(setup.ready));
		await open(vim, folder, 'word.c', WORD);
		await see('the plugin is up here, too', () => vim.eval(setup.ready));
		await vim.type('return tot');
		await see('a menu', () => vim.eval(setup.menu));
		if (setup.ghost) {
			await see('its ghost text alone', async () => /\breturn total\n/.test(await vim.picture()) && !(await vim.ghost()));
			await vim.terminal.keys('C-e');
			await see("eke's ghost text", async () => (await vim.ghost()) === 'al;' && !(await vim.eval(setup.menu)));
			await vim.press('backspace');
			await vim.type('t');
			await see('a menu again', () => vim.eval(setup.menu));
			await see('its ghost text alone again', async () => !(await vim.ghost()));
		} else await see("eke's ghost text beside it", async () => (await vim.ghost()) === 'al;');
		await vim.press('tab');
		await see("the menu's word", async () => (await vim.eval('getline(".")')) === '	return total');

		path = await open(vim, folder, 'again.c', CUT);
		await vim.press('leave');
		await fault();
		await vim.type('Af');
		await ghost();
		await fault();
		await vim.press('acceptWord');
		await see('a word', async () => (await vim.text(path)).includes('\n\tfor\n'));
		await fault();
		await accepted(path);
		await fault();
		// What the plugin knows to be wrong goes with /fix.
		await vim.press('leave');
		await vim.terminal.type(':%Eke fix\n');
		await see('what is at fault, asked about', () => upstream.requests.some(({ body }) => body && JSON.stringify(body.messages ?? '').includes('at fault')));
		assert.doesNotMatch(await vim.eval('execute("messages")'), /\bE\d+:|[Ee]rror/);
		if (setup.end) await vim.eval(setup.end);
	});
}

/* A plugin that maps Tab itself. It leaves the Tab of Neovim 0.11 and later alone, which has a meaning there. */
const SNIPMATE = ['vim-snipmate', 'vim-tlib', 'vim-addon-mw-utils'];

function besideSnippets(name) {
	const skip = editor(name).why ?? pluginMissing(...SNIPMATE);
	const title = `${name} beside snipMate`;
	if (skip) console.error(`\n*** SKIPPED, nothing was tested of ${title}: ${skip} ***\n`);
	test(title, { skip, timeout: 60_000 }, async (t) => {
		const { folder } = await withEke(t);
		await mkdir(join(folder, 'snippets'));
		await writeFile(join(folder, 'snippets/c.snippets'), 'snippet main\n\tint begin(${1:args})\n\t{\n\t\t${2:body}\n\t}\n');
		const vim = await startEditor(t, name, {
			folder,
			lines: [
				...SNIPMATE.map((plugin) => `set runtimepath+=${join(PLUGINS, plugin)}`),
				`set runtimepath+=${join(PLUGINS, 'vim-snipmate/after')},${folder}`,
				"let g:snipMate = {'snippet_version': 1}",
			],
		});
		const state = async () => `${await vim.picture()}\n${await vim.eval('execute("messages")')}`;
		const see = (what, path, text) => until(what, async () => (await vim.text(path)) === text, { state });

		/* The model does not know what the snippet says: where it offers something, Tab takes that. */
		let path = await open(vim, folder, 'sum.c', CUT);
		await vim.type('f');
		await until('ghost text', () => vim.ghost(), { state });
		await vim.press('accept');
		await see('accepted', path, KNOWN.trimEnd());
		path = await open(vim, folder, 'snippet.c', '‸\n');
		await vim.type('main\t');
		await see('a snippet', path, 'int begin(args)\n{\n\tbody\n}');
		await vim.type('void\tx');
		await see('its second field', path, 'int begin(void)\n{\n\tx\n}');
		await vim.type('\t\ty');
		await see('its end, and a Tab', path, 'int begin(void)\n{\n\tx\n}\ty');
		assert.doesNotMatch(await vim.eval('execute("messages")'), /\bE\d+:|[Ee]rror/);
	});
}

/* Within a snippet Tab goes to its next field, whatever the model has to say there. */
function inSnippet(name, title, plugins, lines, expand) {
	const skip = editor(name).why ?? pluginMissing(...plugins);
	if (skip) console.error(`\n*** SKIPPED, nothing was tested of ${name}: ${title}: ${skip} ***\n`);
	test(`${name}: ${title}`, { skip, timeout: 60_000 }, async () => {
		const vim = driver(name);
		const start = vim.start.bind(vim);
		vim.start = async (options) => {
			await mkdir(join(options.folder, 'snippets'));
			await writeFile(join(options.folder, 'snippets/c.snippets'), 'snippet main\n\tint begin(${1:args}, ${2:body})\n');
			await start({ ...options, lines: [...plugins.map((one) => `set runtimepath+=${join(PLUGINS, one)}`), ...lines(options.folder)] });
		};
		const steps = [
			{ file: '‸\n', name: 'a.c' },
			...expand,
			{ see: { text: '/args, body/' } },
			{ type: 'v' },
			{ ask: 'int begin(v‸, body)', as: 'a' },
			{ answer: 'a', items: [{ text: 'void', left: 1 }] },
			{ see: { ghost: 'oid' } },
			{ press: 'tab' },
			{ see: { message: '/SELECT/' } },
			{ type: 'w' },
			{ see: { text: 'int begin(v, w‸)' } },
		];
		await play({ name: 'snippet', steps }, vim);
	});
}

for (const name of wanted.filter((one) => /^n?vim/.test(one))) {
	if (!name.startsWith('nvim-0.12'))
		inSnippet(
			name,
			"snipMate's next field",
			SNIPMATE,
			(folder) => [
				`set runtimepath+=${join(PLUGINS, 'vim-snipmate/after')},${folder}`,
				"let g:snipMate = {'snippet_version': 1}",
			],
			[{ type: 'main\t' }],
		);
	if (name.startsWith('nvim'))
		inSnippet(
			name,
			"the next field of Neovim's own snippets",
			[],
			() => [
				'inoremap <F9> <Cmd>lua vim.snippet.expand("int begin(${1:args}, ${2:body})")<CR>',
				"lua vim.keymap.set({ 'i', 's' }, '<Tab>', function() return vim.snippet.active({ direction = 1 }) and '<Cmd>lua vim.snippet.jump(1)<CR>' or '<Tab>' end, { expr = true })",
			],
			[{ keys: '\x1b[20~' }],
		);
}
for (const name of wanted.filter((one) => /^(vim|nvim-0.10)/.test(one))) besideSnippets(name);
for (const name of wanted.filter((one) => /^n?vim/.test(one)))
	for (const setup of setups.filter(({ of }) => !of || of(name))) beside(name, setup);
