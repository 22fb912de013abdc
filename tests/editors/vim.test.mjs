// Vim and Neovim: the conformance suite, and what is theirs alone. Those of tests/editors/setup that EKE_TEST_EDITORS names, all by
// default; EKE_TRANSCRIPT plays one transcript.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';

import { play, transcripts } from '../../editors/conformance/runner.mjs';
import { CUT, open, startEditor, withEke } from './session.mjs';
import { until } from './terminal.mjs';
import { driver, editor, root } from './vim-driver.mjs';

const run = promisify(execFile);
const wanted = (process.env.EKE_TEST_EDITORS ?? 'vim-9.0 vim-9.2 nvim-0.10 nvim-0.12').split(' ');
const only = process.env.EKE_TRANSCRIPT;

for (const name of wanted.filter((one) => /^n?vim/.test(one))) {
	const skip = editor(name).why;
	if (skip) console.error(`\n*** SKIPPED, nothing was tested in ${name}: ${skip} ***\n`);
	describe(name, { skip }, async () => {
		for (const transcript of await transcripts())
			if (!only || only === transcript.name)
				test(`conformance: ${transcript.name}`, { timeout: 120_000 }, () => play(transcript, driver(name)));
		if (!only) own(name);
	});
}

function own(name) {
	test('the real eke: ghost text, accepted; the budget in the status line', { timeout: 60_000 }, async (t) => {
		const { folder, upstream } = await withEke(t);
		const vim = await startEditor(t, name, { folder });
		await open(vim, folder, 'sum.c', CUT);
		await vim.type('for (');
		await until('ghost text', () => vim.ghost(), { state: () => vim.picture() });
		assert.equal(await vim.ghost(), 'int i = 0; i < count; i++)\n                total += values[i];');
		assert.equal(await vim.status(), 'eke 59/60');
		await vim.press('acceptWord');
		await until('a word', async () => (await vim.buffer()).before.endsWith('\tfor (int'), {
			state: () => vim.picture(),
		});
		await vim.press('accept');
		const text = CUT.replace('‸', 'for (int i = 0; i < count; i++)\n\t\ttotal += values[i];');
		await until('all of it', async () => (await vim.buffer()).text === text.trimEnd(), {
			state: () => vim.picture(),
		});
		assert.equal(upstream.counted.length, 1);
	});

	test('undo takes back what was accepted, and nothing else', { timeout: 60_000 }, async (t) => {
		const { folder } = await withEke(t);
		const vim = await startEditor(t, name, { folder });
		await open(vim, folder, 'sum.c', CUT);
		await vim.type('for (');
		await until('ghost text', () => vim.ghost(), { state: () => vim.picture() });
		await vim.press('accept');
		await until('accepted', async () => (await vim.buffer()).text.includes('values[i];'));
		await vim.press('leave');
		await vim.terminal.keys('u');
		await until('undone', async () => (await vim.buffer()).text === CUT.replace('‸', 'for (').trimEnd(), {
			state: () => vim.picture(),
		});
	});

	test('undo takes back what was accepted in place of closers in one step', { timeout: 60_000 }, async () => {
		const steps = [
			{ file: 'print(‸)\n', name: 'a.py' },
			{ type: 'x' },
			{ ask: 'print(x‸)', as: 'a' },
			{ answer: 'a', items: [{ text: 'x) if (y) else print(z)', left: 1, right: 1 }] },
			{ see: { ghost: ' if (y) else print(z)' } },
			{ press: 'accept' },
			{ see: { text: 'print(x) if (y) else print(z)‸' } },
			{ press: 'leave' },
			{ commands: 'u' },
			{ see: { text: 'print(x)' } },
			{ commands: 'u' },
			{ see: { text: 'print()' } },
		];
		await play({ name: 'undo', steps }, driver(name));
	});

	test('brackets that auto-pairs add are not doubled', { timeout: 60_000 }, async () => {
		const vim = driver(name);
		const start = vim.start.bind(vim);
		const pairs = ['inoremap ( ()<C-G>U<Left>', 'inoremap " ""<C-G>U<Left>'];
		vim.start = (options) => start({ ...options, lines: pairs });
		const steps = [
			{ file: 'foo‸; # )\n', name: 'a.py' },
			{ ask: 'foo‸; # )', as: 'a' },
			{ answer: 'a', items: [{ text: 'foo(a, "b")', left: 3 }] },
			{ see: { ghost: '(a, "b")' } },
			{ type: '(' },
			{ ask: 'foo(‸); # )', as: 'b' },
			{ answer: 'b', result: null },
			{ see: { text: 'foo(‸); # )', ghost: 'a, "b"' } },
			{ type: 'a, "' },
			{ see: { text: 'foo(a, "‸"); # )', ghost: 'b' } },
			{ press: 'accept' },
			{ see: { text: 'foo(a, "b")‸; # )', ghost: null } },
			{ document: 'foo(a, "b"); # )\n', name: 'a.py' },
		];
		await play({ name: 'pairs', steps }, vim);
	});

	test("the buffer's indentation goes with a request", { timeout: 60_000 }, async () => {
		const asked = (line, tabSize, insertSpaces) => [
			{ press: 'leave' },
			{ commands: `:setlocal ${line}\n` },
			{ keys: 'Ax' },
			{ expect: { method: 'textDocument/inlineCompletion', params: { formattingOptions: { tabSize, insertSpaces } } } },
		];
		const steps = [
			{ file: '‸\n', name: 'a.txt' },
			...asked('expandtab shiftwidth=3 tabstop=8', 3, true),
			...asked('expandtab shiftwidth=0 tabstop=2', 2, true),
			...asked('noexpandtab shiftwidth=4 tabstop=8', 8, false),
		];
		await play({ name: 'formatting', steps }, driver(name));
	});

	test('what others have on the line and in registers stays when a completion is taken', { timeout: 60_000 }, async (t) => {
		const { folder } = await withEke(t);
		const vim = await startEditor(t, name, { folder });
		await open(vim, folder, 'sum.c', CUT);
		await vim.type('for (');
		await until('ghost text', () => vim.ghost(), { state: () => vim.picture() });
		const [mark, marks] = name.startsWith('nvim')
			? [
					`nvim_buf_set_extmark(0, nvim_create_namespace('other'), line('.') - 1, 1, {'end_col': 4, 'virt_text': [['OTHER']]})`,
					`map(nvim_buf_get_extmarks(0, nvim_create_namespace('other'), 0, -1, {}), 'v:val[1:]')`,
				]
			: [
					`[prop_type_add('other', {}), prop_add(line('.'), 2, {'type': 'other', 'length': 3}),` +
						` prop_add(line('.'), 0, {'type': 'other', 'text': 'OTHER', 'text_align': 'after'})]`,
					`map(filter(prop_list(7), {_, prop -> prop.type ==# 'other' && has_key(prop, 'length')})[:0], '[6, v:val.col - 1]')`,
				];
		await vim.eval(`[setreg('z', ['mine'], 'V'), setreg('"', 'last')]`);
		await vim.eval(mark);
		const stays = async () => {
			assert.deepEqual(await vim.eval(marks), [[6, 1]]);
			assert.match(await vim.picture(), /for \(.*OTHER/);
			assert.deepEqual(await vim.eval(`[getreg('z'), getregtype('z'), getreg('"')]`), ['mine\n', 'V', 'last']);
		};
		await vim.press('acceptWord');
		await until('a word', async () => (await vim.buffer()).before.endsWith('\tfor (int'), { state: () => vim.picture() });
		await stays();
		await vim.press('accept');
		await until('all of it', async () => (await vim.buffer()).before.endsWith('values[i];'), { state: () => vim.picture() });
		await stays();
	});

	test('edits of every kind reach the server as they are in the buffer', { timeout: 60_000 }, async () => {
		const edits = [
			'ggdd',
			'Gdd',
			'ggyyGp',
			'ggyyggP',
			'ggJ',
			':%s/e/EE/g\n',
			'u',
			'\x12',
			':2,3m0\n',
			':g/one/d\n',
			'u',
			'ggVGd',
			'u',
			'ggOnew\x1b',
			'Goend\x1b',
			':sort\n',
			'gg>G',
			'ggqaAx\x1bjq3@a',
			'ggv$y3p',
			':1,$j\n',
			'u',
			':t.\n',
			'ggi\n\n\x1b',
			'GkddGp',
			':2d\n:1d\n',
			'uu',
			'ggcwç日😀\x1b',
			'ggx',
			'gg~~',
			':%!sort -r\n',
			':%d\n',
			'u',
			':set noeol nofixeol\n',
			'Gonoeol\x1b',
			'Gdd',
			'Gx',
			'u',
			'u',
			':%d\n',
			'u',
		];
		const steps = edits.flatMap((keys) => [{ commands: keys }, { sync: true }, { agree: true }]);
		await play(
			{
				name: 'edits',
				steps: [{ file: 'one\ntwo\nthree\nfour ‸é\nfive\n', name: 'a.txt' }, { press: 'leave' }, ...steps],
			},
			driver(name),
		);
	});

	test('a file that another program changed is read again by the server, too', { timeout: 60_000 }, async () => {
		const vim = driver(name);
		const play1 = {
			name: 'reload',
			steps: [
				{ file: 'one\ntwo‸\n', name: 'a.txt' },
				{ type: '!' },
				{ document: 'one\ntwo!\n', name: 'a.txt' },
				{ press: 'leave' },
				{ commands: ':write | set autoread\n' },
				{ commands: ":silent !printf 'three\\ntwo\\nsix\\n' > %\n" },
				{ commands: ':checktime\n' },
				{ document: 'three\ntwo\nsix\n', name: 'a.txt' },
				{ commands: 'ggAx\x1b' },
				{ document: 'threex\ntwo\nsix\n', name: 'a.txt' },
				{ commands: ':edit!\n' },
				{ document: 'three\ntwo\nsix\n', name: 'a.txt' },
				{ commands: ':saveas b.txt\n' },
				{ document: 'three\ntwo\nsix\n', name: 'b.txt' },
			],
		};
		await play(play1, vim);
	});

	test('keys that come at once are taken in their order', { timeout: 60_000 }, async () => {
		await play(
			{
				name: 'burst',
				steps: [
					{ file: '‸\n', name: 'a.txt' },
					{ type: 'r' },
					{ ask: 'r‸', as: 'a' },
					{ answer: 'a', items: [{ text: 'return', left: 1 }] },
					{ see: { ghost: 'eturn' } },
					{ keys: '\tx' },
					{ see: { text: 'returnx‸' } },
					{ document: 'returnx\n', name: 'a.txt' },
				],
			},
			driver(name),
		);
	});

	test(
		'Tab: the menu, the indent and what was mapped before go first; else it is a Tab',
		{ timeout: 60_000 },
		async () => {
			const shown = (text, ghost) => [
				{ ask: `${text}‸`, as: 'a' },
				{ answer: 'a', items: [{ text: text.trim() + ghost, left: [...text.trim()].length }] },
				{ see: { ghost } },
			];
			await play(
				{
					name: 'tab',
					steps: [
						{ file: '‸\n', name: 'a.txt' },
						{ press: 'tab' },
						{ see: { text: '\t‸' } },
						{ press: 'backspace' },
						{ ask: '‸', as: 'b' },
						{ answer: 'b', items: [{ text: '\tif' }] },
						{ see: { ghost: '/if/' } },
						{ press: 'tab' },
						{ see: { text: '\t‸', ghost: 'if' } },
						{ press: 'tab' },
						{ see: { text: '\tif‸' } },
						{ file: 'alpha alps\nal‸\n', name: 'b.txt' },
						...shown('al', 'one'),
						{ keys: '\x0e' },
						{ see: { text: 'alpha alps\nalpha‸' } },
						{ press: 'tab' },
						{ see: { text: '/alpha\t‸$/' } },
					],
				},
				driver(name),
			);
			const mapped = driver(name);
			const start = mapped.start.bind(mapped);
			mapped.start = (options) =>
				start({
					...options,
					lines: [
						"inoremap <expr> <Tab> getline('.') =~# 'x$' ? 'MAPPED' : \"\\<Tab>\"",
						'inoremap <buffer> <Tab> LOCAL', // of the buffer that is there at the start
						'autocmd VimEnter * file start.txt', // which with a name does not become another
					],
				});
			await play(
				{
					name: 'mapped',
					steps: [
						{ file: 'x‸\n', name: 'a.txt' },
						{ press: 'tab' },
						{ see: { text: 'xMAPPED‸' } },
						...shown('xMAPPED', ' too'),
						{ press: 'tab' },
						{ see: { text: 'xMAPPED too‸' } },
						{ press: 'tab' },
						{ see: { text: 'xMAPPED too\t‸' } },
					],
				},
				mapped,
			);
			const off = driver(name);
			await play(
				{
					name: 'off',
					editor: { tab: 0 },
					steps: [
						{ file: 'x‸\n', name: 'a.txt' },
						...shown('x', 'yz'),
						{ press: 'tab' },
						{ see: { text: 'x\t‸' } },
					],
				},
				off,
			);
		},
	);

	test('nothing but <Plug> maps, Tab, commands and its own events is added; no option changes', async (t) => {
		const folder = await mkdtemp(join(tmpdir(), 'eke-editor-'));
		t.after(() => rm(folder, { recursive: true, force: true }));
		const state = (file) =>
			`call writefile(split(execute('map') .. "\\n" .. execute('map!') .. "\\n" .. execute('set all') .. "\\n" .. execute('autocmd'), "\\n"), '${file}')`;
		const script = join(folder, 'script.vim');
		await writeFile(
			script,
			[
				'filetype plugin on',
				'redir => none',
				state(`${folder}/before`),
				`set rtp^=${root}/editors/vim`,
				'runtime plugin/eke.vim',
				name.startsWith('nvim') ? 'runtime plugin/eke.lua' : '',
				'doautocmd VimEnter',
				`set rtp-=${root}/editors/vim`,
				state(`${folder}/after`),
				'qall!',
			].join('\n'),
		);
		await run(editor(name).path, [
			'-u',
			'NONE',
			'-i',
			'NONE',
			'-N',
			...(name.startsWith('nvim') ? ['--headless'] : ['-es']),
			'-S',
			script,
		]);
		const { stdout } = await run('diff', ['before', 'after'], { cwd: folder }).catch((error) => error);
		const lines = stdout
			.split('\n')
			.filter(
				(line) =>
					/^[<>]/.test(line) && !/^> eke |^> {2,}\*|^> i {2}<(Plug>\(eke-|Tab>)|^[<>] (--- |\s*$)/.test(line),
			)
			.filter((line) => !/eke|Cmd>|verbose|^> {4}|No mapping|^< .*(<Tab>|vim\.snippet)/.test(line));
		assert.deepEqual(
			lines.filter((line) => !/^> [A-Z]\w+$/.test(line)),
			[],
		);
	});

	test('chat with the real eke: asked about lines, answered, applied', { timeout: 60_000 }, async (t) => {
		const { folder } = await withEke(t);
		const vim = await startEditor(t, name, { folder });
		const path = await open(vim, folder, 'two.c', 'int one;\nint two;‸\n');
		await vim.command('ask', 'Make it x', [2, 2]);
		await until('an answer', async () => /int x;[\s\S]*## You\n\n$|update it/.test(await vim.chat()), {
			state: () => vim.picture(),
		});
		await vim.command('apply');
		await until('applied', async () => (await vim.text(path)) === 'int one;\nint x;', {
			state: () => vim.picture(),
		});
	});

	test('an edit of the real eke', { timeout: 60_000 }, async (t) => {
		const { folder } = await withEke(t, { answer: () => '```c\nint x;\n```' });
		const vim = await startEditor(t, name, { folder });
		const path = await open(vim, folder, 'two.c', 'int one;\nint two;‸\n');
		await vim.command('edit', 'Call it x', [2, 2]);
		await until('it is shown', () => vim.eval('eke#preview#visible()'), { state: () => vim.picture() });
		assert.equal(await vim.text(path), 'int one;\nint two;');
		await vim.terminal.keys('g', 'a');
		await until('edited', async () => (await vim.text(path)) === 'int one;\nint x;', {
			state: () => vim.picture(),
		});
		await vim.terminal.keys('u');
		await until('undone', async () => (await vim.text(path)) === 'int one;\nint two;', {
			state: () => vim.picture(),
		});
	});

	test('installed as a package, as the README says; the manual has its tags', { timeout: 60_000 }, async (t) => {
		const folder = await mkdtemp(join(tmpdir(), 'eke-editor-'));
		t.after(() => rm(folder, { recursive: true, force: true }));
		const readme = await readFile(join(root, 'editors/vim/README.md'), 'utf8');
		const [, vimInstall, neovimInstall] = /```sh\n(.*)\n```[^]*?```sh\n(.*)\n```/.exec(readme);
		const program = name.startsWith('nvim') ? 'nvim' : 'vim';
		const install = (program === 'nvim' ? neovimInstall : vimInstall).replace(
			` ${program} -c`,
			` '${editor(name).path}' ${program === 'vim' ? '-es' : '--headless'} -c`,
		);
		const env = {
			...process.env,
			HOME: folder,
			XDG_DATA_HOME: join(folder, '.local/share'),
			XDG_CONFIG_HOME: join(folder, '.config'),
		};
		await run('cp', ['-r', join(root, 'editors'), folder]);
		await run('sh', ['-c', install], { env, cwd: folder }).catch((error) => assert.fail(error.stderr));
		await run(
			editor(name).path,
			[
				...(program === 'vim'
					? ['-es', '-u', 'NONE', '-N', '--cmd', 'runtime! plugin/**/*.vim', '-c', 'packloadall']
					: ['--headless']),
				'-c',
				"call writefile([exists(':EkeChat'), empty(getcompletion('g:eke_command', 'help'))], 'found')",
				'-c',
				'qall!',
			],
			{ env, cwd: folder },
		);
		assert.deepEqual((await readFile(join(folder, 'found'), 'utf8')).trim().split(/\s+/), ['2', '0']);
	});

	test('the doctor says what is there', { timeout: 60_000 }, async (t) => {
		const { folder } = await withEke(t);
		const vim = await startEditor(t, name, { folder, size: { rows: 60, columns: 120 } });
		await open(vim, folder, 'sum.c', CUT);
		await until('it runs', async () => (await vim.status()).startsWith('eke'));
		await vim.press('leave');
		await vim.terminal.type(':EkeDoctor\n');
		await until('the report', async () => /running, version \d[\s\S]*endpoint/.test(await vim.terminal.text()), {
			deadline: 30_000,
			state: () => vim.picture(),
		});
	});
}

test('the README says how many lines of code there are', async () => {
	const readme = await readFile(join(root, 'editors/vim/README.md'), 'utf8');
	const count = async (comment, ...patterns) => {
		let lines = 0;
		for (const folder of patterns)
			for (const file of (await readdir(join(root, 'editors/vim', folder))).filter((one) =>
				one.endsWith(comment === '"' ? '.vim' : '.lua'),
			))
				lines += (await readFile(join(root, 'editors/vim', folder, file), 'utf8'))
					.split('\n')
					.filter((line) => line.trim() && !line.trim().startsWith(comment)).length;
		return lines;
	};
	const said = (what) => Number(new RegExp(`\\| ${what}: [^|]*\\| (\\d+) \\|`).exec(readme)[1]);
	assert.equal(said('Vim'), await count('"', 'plugin', 'autoload', 'autoload/eke'));
	assert.equal(said('Neovim'), await count('--', 'plugin', 'lua/eke'));
});
