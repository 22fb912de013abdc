// Vim and Neovim: options of wrong types, where messages stand, events, what Lua may call, status lines of other plugins with the
// manual's own lines, export of a conversation, what goes along with /fix, the block that a command is about.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { play } from '../../editors/conformance/runner.mjs';
import { CUT, open, startEditor, withEke } from './session.mjs';
import { until } from './terminal.mjs';
import { driver, editor, PLUGINS, pluginMissing, root } from './vim-driver.mjs';

const wanted = (process.env.EKE_TEST_EDITORS ?? 'vim-9.0 vim-9.2 nvim-0.10 nvim-0.12').split(' ');
const manual = await readFile(join(root, 'editors/vim/doc/eke.txt'), 'utf8');

for (const name of wanted.filter((one) => /^n?vim/.test(one))) {
	const skip = editor(name).why;
	if (skip) console.error(`\n*** SKIPPED, nothing was tested in ${name}: ${skip} ***\n`);
	describe(name, { skip }, () => tests(name));
}

const typed = [{ file: 'x‸\n', name: 'a.c' }, { type: 'y' }, { ask: 'xy‸', as: 'first' }];
const window = { scope: 'machine', limit: 60, used: 3, remaining: 57, resetAt: '2026-11-24T04:05:00Z' };
const budget = { endpoint: 'free', plan: 'mine', state: 'ok', windows: [window] };
const status = { notify: { method: 'eke/didChangeStatus', params: { state: 'idle', message: '', budgets: [budget] } } };
const answered = (text) => ({
	result: { chatId: 'k1', turnId: 't1', title: 'Count', text, model: 'small', endpoint: 'free', finishReason: 'stop', budget },
});
const COMMANDS = { commands: [{ name: 'fix', title: 'fix', description: 'fix', needs: 'selection' }] };

/* A driver whose configuration has these lines, and whose { commands: NAME } does what does[NAME] does. */
function configured(name, lines, { size, does = {} } = {}) {
	const vim = driver(name);
	const start = vim.start.bind(vim);
	vim.start = (options) => start({ ...options, lines, size });
	const { commands } = vim;
	vim.commands = (text) => (does[text] ? does[text](vim) : commands.call(vim, text));
	return vim;
}

/* :EkeExplain says this. */
async function why(vim, pattern) {
	await vim.command('explain');
	await until(pattern, async () => pattern.test(await vim.messages()), { state: async () => `${await vim.picture()}\n${await vim.messages()}` });
	await vim.ex('messages clear');
	await vim.terminal.keys('Escape'); // the box
}

function tests(name) {
	const nvim = name.startsWith('nvim');
	const log = nvim ? 'luaeval("require([[eke]]).log")' : 'eke#logged()';

	test('every option of a wrong type is said, by name, and its default counts', { timeout: 60_000 }, async () => {
		const wrong = {
			enabled: "'yes'",
			auto: '[]',
			filetypes: "['markdown']",
			max_bytes: "'4 MB'",
			settings: "'x'",
			env: "['A=b']",
			tab: "'off'",
			chat_position: '1',
			chat_width: "'80'",
			restart_delay: '[]',
			notify: '3',
			keys: "'none'",
			preview: "'no'",
		};
		/* Later, too: at the next look at it. */
		const later = [{ commands: ":let g:eke_filetypes = 'c'\n" }, { type: 'Az' }, { ask: 'xyz‸', as: 'later' }, { commands: 'again' }];
		const does = {
			again: async (vim) => assert.equal((await vim.eval(log)).join('\n').match(/eke_filetypes must be/g).length, 2),
			said: async (vim) => {
				const said = (await vim.eval(log)).join('\n');
				for (const option of Object.keys(wrong)) assert.match(said, new RegExp(`eke_${option} must be`), option);
			},
		};
		const vim = configured(name, Object.entries(wrong).map(([option, value]) => `let g:eke_${option} = ${value}`), { does });
		const steps = [...typed, { commands: 'said' }, { press: 'leave' }, { commands: ':unlet g:eke_filetypes\n' }, ...later];
		await play({ name: 'types', steps }, vim);
	});

	test('a command that is no list is said when it is needed', { timeout: 60_000 }, async () => {
		const does = { said: (vim) => until('it is said', async () => /eke_command must be a list/.test((await vim.eval(log)).join('\n'))) };
		const vim = configured(name, ["let g:eke_command = 'eke serve'"], { does });
		await play({ name: 'command', command: [], steps: [{ file: 'x‸\n', name: 'a.c', closed: true }, { commands: 'said' }] }, vim);
	});

	for (const [place, lines, look] of [
		['topright', [], (text) => /outage/.test(text.split('\n').slice(0, 5).join('\n'))],
		['botright', ["let g:eke_notify = 'botright'"], (text) => /outage/.test(text.split('\n').slice(-6).join('\n'))],
		['message', ["let g:eke_notify = 'message'"], (text, messages) => /eke: The provider has an outage/.test(messages)],
		['a function', ['let g:seen = []', 'function! Tell(text, kind)', 'call add(g:seen, [a:text, a:kind])', 'endfunction', "let g:eke_notify = 'Tell'"], (text, messages, seen) =>
			JSON.stringify(seen) === '[["eke: The provider has an outage","warning"]]'],
	])
		test(`a message stands where g:eke_notify says: ${place}`, { timeout: 60_000 }, async () => {
			const does = {
				stands: (vim) =>
					until(place, async () => look(await vim.picture(), await vim.eval('execute("messages")'), await vim.eval('get(g:, "seen", [])')), {
						state: () => vim.picture(),
					}),
			};
			const said = { notify: { method: 'window/showMessage', params: { type: 2, message: 'The provider has an outage' } } };
			await play({ name: 'place', steps: [...typed, said, { commands: 'stands' }] }, configured(name, lines, { does }));
		});

	test('each event, once', { timeout: 60_000 }, async () => {
		const events = ['Shown', 'Accepted', 'Dismissed', 'StatusChanged', 'ChatDone'];
		const does = {
			events: async (vim) => {
				await until('the last event', async () => (await vim.eval('g:seen')).includes('ChatDone'));
				assert.deepEqual(await vim.eval('g:seen'), ['Shown', 'Dismissed', 'Shown', 'Accepted', 'ChatDone']);
			},
		};
		const vim = configured(name, ['let g:seen = []', ...events.map((event) => `autocmd User Eke${event} call add(g:seen, '${event}')`)], { does });
		const steps = [
			...typed,
			{ answer: 'first', items: [{ text: 'z', id: 'one' }] },
			{ see: { ghost: 'z' } },
			{ press: 'dismiss' },
			{ see: { ghost: null } },
			{ type: ' ' },
			{ ask: 'xy ‸', as: 'second' },
			{ answer: 'second', items: [{ text: 'a', id: 'two' }] },
			{ see: { ghost: 'a' } },
			{ press: 'accept' },
			{ see: { text: 'xy a‸' } },
			{ do: 'ask', with: 'Why?' },
			{ expect: { method: 'chat/send' }, as: 'chat' },
			{ answer: 'chat', ...answered('So.') },
			{ commands: 'events' },
		];
		await play({ name: 'events', steps }, vim);
	});

	if (nvim)
		test("what require('eke') has", { timeout: 60_000 }, async () => {
			const lua = (code) => `<Cmd>lua ${code}<CR>`;
			const lines = [
				`inoremap <F8> ${lua("vim.g.visible = require('eke').visible()")}`,
				`inoremap <F9> ${lua("require('eke').accept('word')")}`,
				`inoremap <F10> ${lua("require('eke').dismiss()")}`,
				`inoremap <F11> ${lua("require('eke').suggest()")}`,
				`inoremap <F12> ${lua("require('eke').accept()")}`,
				"lua require('eke').setup({ notify = 'message' })",
			];
			const is = (visible) => async (vim) => {
				await vim.terminal.keys('F8');
				await until(`visible is ${visible}`, async () => (await vim.eval('get(g:, "visible", v:null)')) === visible);
			};
			const key = (number) => (vim) => vim.terminal.keys(`F${number}`);
			const does = {
				visible: is(true),
				gone: is(false),
				word: key(9),
				dismiss: key(10),
				suggest: key(11),
				all: key(12),
				status: async (vim) => {
					assert.deepEqual(await vim.eval(`luaeval("require('eke').status()")`), {
						state: 'idle',
						message: '',
						budgets: [budget],
						running: true,
					});
					assert.equal(await vim.eval(`luaeval("require('eke').statusline()")`), 'eke 57/60');
					assert.match(await vim.eval(`luaeval("({pcall(require('eke').setup, { nosuch = 1 })})[2]")`), /there is no option nosuch/);
					await vim.eval(`luaeval("require('eke').setup({ chat_width = 'wide' })")`);
					assert.match((await vim.eval(log)).join('\n'), /eke_chat_width must be a number/);
				},
			};
			const steps = [
				...typed,
				status,
				{ see: { status: 'eke 57/60' } },
				{ answer: 'first', items: [{ text: ' one two' }] },
				{ see: { ghost: ' one two' } },
				{ commands: 'visible' },
				{ commands: 'word' },
				{ see: { text: 'xy one‸', ghost: ' two' } },
				{ commands: 'dismiss' },
				{ see: { ghost: null } },
				{ commands: 'gone' },
				{ commands: 'suggest' },
				{ ask: 'xy one‸', as: 'more', trigger: 1 },
				{ answer: 'more', items: [{ text: ' two' }] },
				{ see: { ghost: ' two' } },
				{ commands: 'all' },
				{ see: { text: 'xy one two‸' } },
				{ commands: 'status' },
			];
			await play({ name: 'lua', steps }, configured(name, lines, { does }));
		});

	/* The manual's block that has the word. */
	const block = (word) => manual.split(/\n<?(?=[A-Z])/).find((part) => part.includes(word)).replace(/^[^>]*>(lua)?\n/, '').replace(/\n<[^]*/, '').replace(/^\t/gm, '');
	for (const [plugin, lines] of [
		['lightline.vim', () => block('g:lightline').split('\n')],
		...(nvim ? [['lualine.nvim', () => ['lua << END', block("require('lualine')"), 'END']]] : []),
	]) {
		const skip = pluginMissing(plugin);
		if (skip) console.error(`\n*** SKIPPED, nothing was tested of ${plugin}: ${skip} ***\n`);
		test(`the manual's lines for ${plugin}`, { skip, timeout: 60_000 }, async () => {
			const row = async (vim) => (await vim.picture()).split('\n').find((line) => /a\.c/.test(line) && !/int/.test(line)) ?? '';
			const does = {
				shown: (vim) => until('what is left', async () => / eke 57\/60 /.test(await row(vim)), { state: () => vim.picture() }),
				changed: (vim) => until('the next', async () => / eke blocked until \d\d:\d\d /.test(await row(vim)), { state: () => vim.picture() }),
			};
			const vim = configured(name, [`set runtimepath+=${join(PLUGINS, plugin)}`, 'set statusline=', ...lines()], { size: { columns: 100 }, does });
			const blocked = { ...budget, state: 'blocked', blockedUntil: '2026-11-24T05:07:00Z' };
			const steps = [
				...typed,
				status,
				{ commands: 'shown' },
				{ notify: { method: 'eke/didChangeStatus', params: { state: 'warning', message: '', budgets: [blocked] } } },
				{ commands: 'changed' },
			];
			await play({ name: 'line', steps }, vim);
		});
	}

	test('a conversation is exported, to a file and to a buffer', { timeout: 60_000 }, async () => {
		const does = {
			written: async (vim) => {
				const lines = () => vim.eval(`filereadable('${vim.folder}/c.md') ? readfile('${vim.folder}/c.md') : []`);
				await until('the file', async () => (await lines()).join('\n') === '# Count\n\n1 2 3', { state: () => vim.picture() });
			},
			shown: (vim) =>
				until('the buffer', async () => (await vim.eval('[&filetype, getline(1, "$")]')).flat().join('\n') === 'markdown\n# Count\n\n1 2 3', {
					state: () => vim.picture(),
				}),
		};
		const steps = [
			{ file: 'int one;\n‸\n', name: 'a.c' },
			{ do: 'ask', with: 'Count' },
			{ expect: { method: 'chat/send' }, as: 'one' },
			{ answer: 'one', ...answered('1 2 3') },
			{ see: { chat: '/1 2 3/' } },
			{ keys: ':EkeExport c.md\n' },
			{ expect: { method: 'chat/export', params: { chatId: 'k1', format: 'markdown' } }, as: 'file' },
			{ answer: 'file', result: { text: '# Count\n\n1 2 3\n' } },
			{ commands: 'written' },
			{ keys: ':EkeExport c.json\n' },
			{ expect: { method: 'chat/export', params: { format: 'json' } }, as: 'json' },
			{ answer: 'json', result: { text: '{}\n' } },
			{ keys: ':EkeExport\n' },
			{ expect: { method: 'chat/export', params: { format: 'markdown' } }, as: 'buffer' },
			{ answer: 'buffer', result: { text: '# Count\n\n1 2 3\n' } },
			{ commands: 'shown' },
		];
		await play({ name: 'export', steps }, configured(name, [], { does }));
	});

	test('with :Eke fix goes what is known to be wrong, about the block that the cursor is in', { timeout: 60_000 }, async () => {
		const known = nvim
			? ':lua vim.diagnostic.set(vim.api.nvim_create_namespace("t"), 0, {{lnum = 4, col = 8, message = "no such x", severity = 1}, {lnum = 0, col = 0, message = "elsewhere"}})\n'
			: ':call setqflist([{"bufnr": bufnr(), "lnum": 5, "col": 9, "text": "no such x", "type": "E"}, {"bufnr": bufnr(), "lnum": 1, "text": "elsewhere"}])\n';
		const at = (line, first, last, as) => [
			{ press: 'leave' },
			{ commands: `:wincmd t\n:${line}\n` },
			{ keys: ':Eke fix\n' },
			...(as === 'one' ? [{ expect: { method: 'chat/commands' }, as: 'commands' }, { answer: 'commands', result: COMMANDS }] : []),
			{
				expect: {
					method: 'chat/send',
					params: {
						command: 'fix',
						context: [
							{ kind: 'selection', range: { start: { line: first, character: 0 }, end: { line: last, character: 0 } } },
							{ kind: 'diagnostics', items: [{ message: 'no such x', severity: 1, range: { start: { line: 4, character: 8 } } }] },
						],
					},
				},
				as,
			},
			{ answer: as, ...answered('It is y.') },
			{ see: { chat: '/It is y[^#]*## You\n\n$/' } },
		];
		const steps = [
			{ file: 'int one;‸\n\nint two(void)\n{\n\treturn x;\n\tfoo();\n\n\tbar();\n}\n\nint three;\n', name: 'a.c' },
			{ press: 'leave' },
			{ commands: known },
			...at(6, 2, 9, 'one'),
			...at(7, 2, 9, 'two'), // an empty line within
			...at(2, 2, 9, 'three'), // an empty line above
			...at(3, 2, 9, 'four'), // what stands before the brace
			...at(4, 2, 9, 'five'),
			...at(9, 2, 9, 'six'),
		];
		await play({ name: 'fix', steps }, driver(name));
	});

	test('why there is none, with the real eke: each reason in plain words', { timeout: 60_000 }, async (t) => {
		const { folder } = await withEke(t);
		const vim = await startEditor(t, name, { folder, options: { max_bytes: 1000 }, size: { columns: 100 } });
		await open(vim, folder, 'middle.c', 'int to‸tal = 0;\n');
		await why(vim, /None is asked for: in the middle of a word: not worth a request/);
		await open(vim, folder, '.env', 'KEY=1‸\n');
		await why(vim, /None is asked for: [^:]*this machine/);
		await open(vim, folder, 'large.c', `${'int x;\n'.repeat(200)}‸`);
		await why(vim, /no completions here: the file is larger than g:eke_max_bytes \(1000 bytes\)/);
		if (nvim) {
			await vim.press('leave');
			await vim.ex('enew');
			await why(vim, /no completions here: the buffer has no name; :write NAME gives it one/);
		}
	});

	test('why there is none: the budget', { timeout: 60_000 }, async (t) => {
		const { folder } = await withEke(t, { plan: { windows: [{ scope: 'machine', limit: 1, period: '1h', kind: 'sliding' }] } });
		const vim = await startEditor(t, name, { folder, size: { columns: 100 } });
		await open(vim, folder, 'sum.c', CUT);
		await why(vim, /None is asked for: the rest of the budget is kept/);
		await vim.terminal.keys('A');
		await vim.press('suggest');
		await until('the only request', async () => /eke 0\/1 \d\d:\d\d/.test(await vim.status()), { state: () => vim.picture() });
		await open(vim, folder, 'more.c', 'int main(void)\n{\n\t‸\n}\n');
		await why(vim, /None is asked for: the (rest|pace) of the budget/);
	});

	test('the block around a line', { timeout: 60_000 }, async () => {
		const blocks = [
			['static int\nfoo(int a,\n    int b)\n{\n\treturn a;\n\n\tif (a)\n\t\tb();\n}\n\nint x;\nint y;', { 1: [1, 9], 4: [1, 9], 5: [1, 9], 8: [7, 8], 9: [1, 9], 10: [11, 12], 12: [11, 12] }],
			['export function f(\n  a: number,\n  b: string,\n): void {\n  g(a);\n}\n\nconst x = {\n  b: [\n    2,\n  ],\n};', { 1: [1, 6], 2: [1, 6], 5: [1, 6], 7: [8, 12], 10: [9, 11], 12: [8, 12] }],
			['func f() {\n\tif a {\n\t\tb()\n\t} else {\n\t\tc()\n\t}\n\td()\n}', { 1: [1, 8], 3: [2, 6], 5: [2, 6], 6: [2, 6], 7: [1, 8] }],
			['def f(x):\n    for a in x:\n        print(a)\n\n    return 1\n\nclass B:\n    pass', { 1: [1, 5], 3: [2, 3], 4: [1, 5], 6: [7, 8] }],
			['fn f() -> u8 {\n    match x {\n        1 => 2,\n    }\n}\n\n', { 3: [2, 4], 5: [1, 5], 7: [1, 5] }],
		];
		const does = {
			blocks: async (vim) => {
				for (const [text, lines] of blocks)
					for (const [line, expected] of Object.entries(lines)) {
						const set = `[deletebufline('%', 1, '$'), setline(1, split('${text.replaceAll('\n', '|').replaceAll('\t', '^')}', '|', 1)), cursor(${line}, 1)]`;
						await vim.eval(set.replace("split('", "map(split('").replace("'|', 1)", `'|', 1), {_, one -> tr(one, '^', "\\t")})`));
						assert.deepEqual(await vim.eval('eke#context#block()'), expected, `line ${line} of\n${text}`);
					}
			},
		};
		await play({ name: 'blocks', steps: [...typed, { press: 'leave' }, { commands: 'blocks' }] }, configured(name, [], { does }));
	});
}
