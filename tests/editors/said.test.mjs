// Vim and Neovim: what is said to the user, and where; keys; options.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { play } from '../../editors/conformance/runner.mjs';
import { until } from './terminal.mjs';
import { driver, editor } from './vim-driver.mjs';

const wanted = (process.env.EKE_TEST_EDITORS ?? 'vim-9.0 vim-9.2 nvim-0.10 nvim-0.12').split(' ');

for (const name of wanted.filter((one) => /^n?vim/.test(one))) {
	const skip = editor(name).why;
	if (skip) console.error(`\n*** SKIPPED, nothing was tested in ${name}: ${skip} ***\n`);
	describe(name, { skip }, () => tests(name));
}

const status = (state, more = {}, budget = {}) => ({
	notify: {
		method: 'eke/didChangeStatus',
		params: {
			state,
			message: '',
			budgets: [
				{
					endpoint: 'free',
					plan: 'mine',
					state: 'ok',
					windows: [{ scope: 'machine', limit: 60, used: 3, remaining: 57, resetAt: '2026-11-24T04:05:00Z' }],
					...budget,
				},
			],
			...more,
		},
	},
});
const typed = [{ file: 'x‸\n', name: 'a.c' }, { type: 'y' }, { ask: 'xy‸', as: 'first' }];
/* A driver whose configuration has these lines, and a screen of that size. */
function configured(name, lines, size) {
	const vim = driver(name);
	const start = vim.start.bind(vim);
	vim.start = (options) => start({ ...options, lines, size });
	return vim;
}

function tests(name) {
	test('the status line: blocked until when, busy, offline, no key', { timeout: 60_000 }, async () => {
		const steps = [
			...typed,
			status('idle'),
			{ see: { status: 'eke 57/60' } },
			status('busy'),
			{ see: { status: 'eke 57/60 …' } },
			status('warning', {}, { state: 'blocked', blockedUntil: '2026-11-24T05:07:00Z' }),
			{ see: { status: 'eke blocked until 05:07' } },
			status('offline'),
			{ see: { status: 'eke 57/60 offline' } },
			status('error', { kind: 'auth', message: 'There is no key.' }),
			{ see: { status: 'eke no key' } },
			status('offline', { kind: 'noEndpoint', budgets: [] }),
			{ see: { status: 'eke no key' } },
		];
		await play({ name: 'status', steps }, driver(name));
	});

	test('boxes: one at a time, words whole, <Esc> closes it', { timeout: 60_000 }, async () => {
		const vim = configured(name, [], { columns: 40, rows: 20 });
		const said = (message) => ({ notify: { method: 'window/showMessage', params: { type: 2, message } } });
		const words = 'The provider has an outage and nobody knows whenever this may come to an end again';
		const steps = [
			...typed,
			said('This is the first message of them all, and rather a long one'),
			{ see: { message: '/first message/' } },
			said(words),
			{ see: { message: '/outage\\W+and nobody knows whenever this\\W+may come to an end again/' } },
			{ see: { message: '/^(?!.*first message)[^\n]*\n/' } },
			{ press: 'leave' },
			{ press: 'leave' },
		];
		vim.commands = async () => {
			await vim.terminal.keys('Escape');
			await until('it is gone', async () => !/outage/.test(await vim.terminal.text()), { state: () => vim.picture() });
		};
		await play({ name: 'boxes', steps: [...steps, { commands: 'gone' }] }, vim);
	});

	test('why there is no completion, in plain words', { timeout: 60_000 }, async () => {
		const steps = [
			...typed,
			{ do: 'explain' },
			{ expect: { method: 'completion/explain' }, as: 'why' },
			{ answer: 'why', result: { decision: 'decline', reason: 'inside a word', score: 0.1, budget: null } },
			{ see: { message: '/None is asked for: inside a word/' } },
			status('error', { kind: 'auth', message: 'The key was refused.' }),
			{ do: 'explain' },
			{ expect: { method: 'completion/explain' }, as: 'key' },
			{ answer: 'key', result: { decision: 'ask', reason: 'a new statement', score: 0.9, budget: null } },
			{ see: { message: '/There is no key yet, or it is refused/' } },
			{ commands: ':let b:eke_enabled = 0\n' },
			{ do: 'explain' },
			{ see: { message: '/no completions here: b:eke_enabled/' } },
			{ commands: ':EkeToggle buffer\n' },
			{ commands: ':EkeToggle filetype\n' },
			{ do: 'explain' },
			{ see: { message: '/is against the\\W+filetype "c"/' } },
			{ commands: ':EkeToggle filetype\n' },
			{ commands: ':EkeToggle\n' },
			{ do: 'explain' },
			{ see: { message: '/eke is switched off; :EkeToggle switches it on/' } },
			{ commands: ':EkeToggle\n' },
			{ commands: ':help\n' },
			{ do: 'explain' },
			{ see: { message: "/this is no file/" } },
		];
		await play({ name: 'why', steps }, driver(name));
	});

	test('an option of a wrong type is said and does no harm', { timeout: 60_000 }, async () => {
		const vim = configured(name, ["let g:eke_max_bytes = '4 MB'"]);
		vim.commands = async () => {
			const log = name.startsWith('nvim') ? 'luaeval("require([[eke]]).log")' : 'eke#logged()';
			assert.match((await vim.eval(log)).join('\n'), /eke_max_bytes must be a number/);
		};
		await play({ name: 'types', steps: [...typed, { commands: 'said' }] }, vim);
	});

	test('keys as in copilot.vim, where they are free', { timeout: 60_000 }, async () => {
		const vim = configured(name, ['inoremap <M-C-Right> MINE']);
		const steps = [
			...typed,
			{ answer: 'first', items: [{ text: 'xy one two three', left: 2 }] },
			{ see: { ghost: ' one two three' } },
			{ keys: '\x1b[1;3C' },
			{ see: { text: 'xy one‸', ghost: ' two three' } },
			{ keys: '\x1d' },
			{ see: { text: 'xy one‸', ghost: null } },
			{ keys: '\x1b[1;7C' },
			{ see: { text: 'xy oneMINE‸' } },
			{ keys: 'ÜÝÛ' },
			{ see: { text: 'xy oneMINEÜÝÛ‸' } },
		];
		await play({ name: 'keys', steps }, vim);
	});

	/* modifyOtherKeys' form, and the kitty protocol's; Neovim reads Esc before the character as well. */
	const alt = [
		(char) => `\x1b[27;3;${char.charCodeAt(0)}~`,
		(char) => `\x1b[${char.charCodeAt(0)};3u`,
		...(name.startsWith('nvim') ? [(char) => `\x1b${char}`] : []),
	];
	test('Alt with a character, as in copilot.vim; the letters of the eighth bit stay letters', { timeout: 60_000 }, async () => {
		const vim = configured(name, ['imap <M-a> MINE']);
		const two = [{ text: 'xy one', left: 2 }, { text: 'xy two', left: 2 }].map((item, i) => ({ ...item, id: `c${i}` }));
		const steps = [
			...typed,
			{ answer: 'first', items: two },
			{ see: { ghost: ' one' } },
			...alt.flatMap((key) => [
				{ keys: key(']') },
				{ see: { ghost: ' two' } },
				{ keys: key('[') },
				{ see: { ghost: ' one' } },
			]),
			{ press: 'dismiss' },
			{ see: { ghost: null } },
			...alt.flatMap((key, i) => [
				{ keys: key('\\') },
				{ ask: 'xy‸', as: `asked${i}`, trigger: 1 },
				{ answer: `asked${i}`, items: two },
				{ see: { ghost: '/ (one|two)/' } },
				{ press: 'dismiss' },
				{ see: { ghost: null } },
			]),
			{ keys: `ÜÝÛ${alt[0]('a')}` },
			{ see: { text: 'xyÜÝÛMINE‸' } },
		];
		await play({ name: 'alt', steps }, vim);
	});

	test("one's own mapping of Alt with a character stays", { timeout: 60_000 }, async () => {
		const vim = configured(name, ['inoremap <M-]> MINE']);
		const steps = [...typed, { keys: alt[0](']') }, { see: { text: 'xyMINE‸' } }];
		await play({ name: 'own', steps }, vim);
	});

	test('a commit message goes into its buffer, where nothing is completed by itself', { timeout: 60_000 }, async () => {
		const steps = [
			{ file: 'x‸\n', name: 'a.txt' },
			{ type: 'y' },
			{ ask: 'xy‸', as: 'other' },
			{ file: '‸\n# Please enter the commit message\n', name: 'COMMIT_EDITMSG' },
			{ type: 'z' },
			{ never: { method: 'textDocument/inlineCompletion' } },
			{ press: 'backspace' },
			{ do: 'eke', with: 'commit' },
			{ expect: { method: 'chat/commands' }, as: 'commands' },
			{ answer: 'commands', result: { commands: [{ name: 'commit', title: 'c', description: 'c', needs: 'diff' }] } },
			{ expect: { method: 'chat/send', params: { command: 'commit' } }, as: 'send' },
			{
				answer: 'send',
				result: {
					chatId: 'k1',
					turnId: 't1',
					text: '```\nvim: say why\n\nBecause.\n```',
					model: 'small',
					endpoint: 'free',
					finishReason: 'stop',
					budget: { endpoint: 'free', plan: 'mine', state: 'ok', windows: [] },
				},
			},
			{ see: { text: 'vim: say why\n\nBecause.\n\n# Please enter the commit message' } },
		];
		await play({ name: 'commit', steps }, driver(name));
	});

	test('other candidates: when there are none, that is said', { timeout: 60_000 }, async () => {
		const steps = [
			...typed,
			{ answer: 'first', items: [{ text: 'z' }] },
			{ see: { ghost: 'z' } },
			{ press: 'next' },
			{ ask: 'xy‸', as: 'more', trigger: 1 },
			{ answer: 'more', items: [{ text: 'z' }] },
			{ see: { message: '/there is no other one here/', ghost: 'z' } },
			{ commands: 'ON THE SCREEN' },
		];
		const vim = configured(name, [], { columns: 120 });
		vim.commands = () =>
			until('it is on the screen', async () => /there is no other\s+one here/.test((await vim.terminal.text()).replace(/[│║]/g, ' ')), {
				state: () => vim.picture(),
			});
		await play({ name: 'others', steps }, vim);
	});

	if (name.startsWith('nvim'))
		test('without a message line nothing asks for a key', { timeout: 60_000 }, async () => {
			const vim = configured(name, ['set cmdheight=0']);
			const steps = [
				...typed,
				{ press: 'leave' },
				{ keys: ':EkeToggle\n' },
				{ see: { message: '/eke: off/' } },
				{ keys: ':EkeToggle\n' },
				{ see: { message: '/eke: on/' } },
				{ keys: 'Az' },
				{ ask: 'xyz‸', as: 'goes on' },
			];
			await play({ name: 'cmdheight', steps }, vim);
		});

	test('events, and what other plugins may ask', { timeout: 60_000 }, async () => {
		const events = ['Shown', 'Accepted', 'Dismissed', 'StatusChanged'];
		const vim = configured(name, [
			'let g:seen = []',
			...events.map((event) => `autocmd User Eke${event} call add(g:seen, '${event}')`),
		]);
		const nvim = name.startsWith('nvim');
		vim.commands = async () => {
			await until('the events', async () => (await vim.eval('len(g:seen)')) >= 3);
			assert.deepEqual(await vim.eval('g:seen'), ['StatusChanged', 'Shown', 'Accepted']);
			if (nvim) assert.equal(await vim.eval('luaeval("require([[eke]]).status().state")'), 'idle');
			if (nvim) assert.equal(await vim.eval('luaeval("require([[eke]]).visible()")'), false);
		};
		const steps = [
			...typed,
			status('idle'),
			{ see: { status: 'eke 57/60' } },
			{ answer: 'first', items: [{ text: 'z' }] },
			{ see: { ghost: 'z' } },
			{ press: 'accept' },
			{ see: { text: 'xyz‸' } },
			{ commands: 'events' },
		];
		await play({ name: 'events', steps }, vim);
	});
}
