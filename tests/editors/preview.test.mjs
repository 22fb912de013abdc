// Vim and Neovim: what would become of a file is shown first, and taken as a whole, by change, or not at all.
import { describe, test } from 'node:test';

import { play } from '../../editors/conformance/runner.mjs';
import { until } from './terminal.mjs';
import { driver, editor } from './vim-driver.mjs';

const wanted = (process.env.EKE_TEST_EDITORS ?? 'vim-9.0 vim-9.2 nvim-0.10 nvim-0.12').split(' ');

const budget = { endpoint: 'free', plan: 'mine', state: 'ok', windows: [] };
const FILE = 'one\ntwo\nthree\nfour\nfive\nsix\nseven‸\n';
const TEXT = FILE.replace('‸\n', '');
const NEW = 'ONE\ntwo\nthree\nfour\nFIVE\n';
const proposal = { edit: { documentChanges: [] }, text: NEW, budget };

function tests(name) {
	/* A driver that waits for the preview where a step says so. */
	const shown = () => {
		const vim = driver(name);
		const { commands } = vim;
		vim.commands = (text) =>
			text === 'SHOWN'
				? until('a preview', () => vim.eval('eke#preview#visible()'), { state: () => vim.picture() })
				: commands.call(vim, text);
		return vim;
	};
	const asked = [
		{ file: FILE, name: 'a.txt' },
		{ do: 'edit', with: 'Shout', lines: [1, 5] },
		{ expect: { method: 'edit/propose' }, as: 'edit' },
	];

	test('all of an edit, and undo', { timeout: 60_000 }, async () => {
		const steps = [
			...asked,
			{ answer: 'edit', result: proposal },
			{ commands: 'SHOWN' },
			{ document: `${TEXT}\n`, name: 'a.txt' },
			{ keys: 'ga' },
			{ document: 'ONE\ntwo\nthree\nfour\nFIVE\nsix\nseven\n', name: 'a.txt' },
			{ keys: 'u' },
			{ document: `${TEXT}\n`, name: 'a.txt' },
		];
		await play({ name: 'all', steps }, shown());
	});

	test('one change of an edit', { timeout: 60_000 }, async () => {
		const steps = [
			...asked,
			{ answer: 'edit', result: proposal },
			{ commands: 'SHOWN' },
			{ keys: '5Gdp' },
			{ document: 'one\ntwo\nthree\nfour\nFIVE\nsix\nseven\n', name: 'a.txt' },
			{ keys: 'q' },
			{ commands: ':\n' },
			{ see: { text: 'one\ntwo\nthree\nfour\nFIVE\nsix\nseven' } },
			{ document: 'one\ntwo\nthree\nfour\nFIVE\nsix\nseven\n', name: 'a.txt' },
		];
		const vim = shown();
		await play({ name: 'one', steps }, vim);
	});

	test('nothing of it; and at once with a bang', { timeout: 60_000 }, async () => {
		const steps = [
			...asked,
			{ answer: 'edit', result: proposal },
			{ commands: 'SHOWN' },
			{ keys: 'q' },
			{ commands: ':let g:windows = winnr("$") .. &diff\n' },
			{ document: `${TEXT}\n`, name: 'a.txt' },
			{ commands: ':1,5EkeEdit! Shout\n' },
			{ expect: { method: 'edit/propose' }, as: 'again' },
			{ answer: 'again', result: proposal },
			{ document: 'ONE\ntwo\nthree\nfour\nFIVE\nsix\nseven\n', name: 'a.txt' },
		];
		await play({ name: 'none', steps }, shown());
	});

	test('an edit is moved along with its lines, and left out if these were changed', { timeout: 60_000 }, async () => {
		const changed = { code: -32801, message: 'the document changed', data: { text: NEW } };
		const steps = [
			...asked,
			{ commands: 'ggOzero\x1b' },
			{ answer: 'edit', error: changed },
			{ commands: 'SHOWN' },
			{ keys: 'ga' },
			{ document: 'zero\nONE\ntwo\nthree\nfour\nFIVE\nsix\nseven\n', name: 'a.txt' },
			{ do: 'edit', with: 'Shout', lines: [2, 6] },
			{ expect: { method: 'edit/propose' }, as: 'more' },
			{ commands: '3Gx' },
			{ answer: 'more', error: changed },
			{ see: { message: '/these lines have changed since/' } },
			{ document: 'zero\nONE\nwo\nthree\nfour\nFIVE\nsix\nseven\n', name: 'a.txt' },
		];
		await play({ name: 'moved', steps }, shown());
	});

	for (const [how, answer] of [
		['', { result: proposal }],
		[', in the lines below', { error: { code: -32801, message: 'the document changed', data: { text: NEW } } }],
	])
		test(`an edit that comes while one types waits for Normal mode${how}`, { timeout: 60_000 }, async () => {
			const steps = [
				...asked,
				{ keys: 'GA!' },
				{ see: { text: '/seven!‸/' } },
				{ answer: 'edit', ...answer },
				{ see: { message: '/the edit has come/' } },
				{ type: '?' },
				{ see: { text: '/seven!\\?‸/' } },
				{ press: 'leave' },
				{ commands: 'SHOWN' },
				{ keys: 'ga' },
				{ document: 'ONE\ntwo\nthree\nfour\nFIVE\nsix\nseven!?\n', name: 'a.txt' },
			];
			await play({ name: 'waits', steps }, shown());
		});

	test('an edit that is cancelled changes nothing', { timeout: 60_000 }, async () => {
		const steps = [
			...asked,
			{ see: { message: '/:EkeCancel takes that back/' } },
			{ commands: ':EkeCancel\n' },
			{ expect: { method: '$/cancelRequest' } },
			{ see: { message: '/eke: cancelled/' } },
			{ do: 'edit', with: 'Whisper', lines: [1, 5] },
			{ expect: { method: 'edit/propose' }, as: 'again' },
			{ answer: 'again', result: proposal },
			{ commands: 'SHOWN' },
			{ keys: 'ga' },
			{ document: 'ONE\ntwo\nthree\nfour\nFIVE\nsix\nseven\n', name: 'a.txt' },
		];
		await play({ name: 'cancelled', steps }, shown());
	});

	test("a commit's message is written above git's comments, unless it is cancelled", { timeout: 60_000 }, async () => {
		const text = '```\nserver: say why\n\nIt was not said.\n```\n';
		const answer = { chatId: 'k1', turnId: 't1', text, model: 'small', endpoint: 'free', finishReason: 'stop', budget };
		const steps = [
			{ file: '‸\n# Please enter the commit message\n', name: 'COMMIT_EDITMSG' },
			{ commands: '\x1b:set filetype=gitcommit\n' },
			{ commands: ':Eke commit\n' },
			{ expect: { method: 'chat/commands' }, as: 'commands' },
			{ answer: 'commands', result: { commands: [{ name: 'commit', title: 'Message', description: 'Of a commit', needs: 'diff' }] } },
			{ expect: { method: 'chat/send', params: { command: 'commit' } } },
			{ commands: ':EkeCancel\n' },
			{ expect: { method: '$/cancelRequest' } },
			{ see: { message: '/eke: cancelled/' } },
			{ commands: ':Eke commit\n' },
			{ expect: { method: 'chat/send', params: { command: 'commit' } }, as: 'second' },
			{ answer: 'second', result: answer },
			{ see: { message: '/u takes it back/', text: '/^server: say why\n\nIt was not said\\.\n+# Please enter/' } },
		];
		await play({ name: 'commit', steps }, shown());
	});

	test('what an explanation quotes is no replacement', { timeout: 60_000 }, async () => {
		const vim = shown();
		const text = 'The line\n\n```\n  two\n```\n\nis shouted as\n\n```\nTWO\n```\n\nwhere it was\n\n```\ntwo\nthree\n```\n';
		const steps = [
			{ file: FILE, name: 'a.txt' },
			{ do: 'ask', with: 'Why?', lines: [2, 4] },
			{ expect: { method: 'chat/send' }, as: 'one' },
			{ answer: 'one', result: { chatId: 'k1', turnId: 't1', text, model: 'small', endpoint: 'free', finishReason: 'stop', budget } },
			{ see: { chat: '/where it was.*## You/' } },
			{ commands: ':wincmd w\nG' }, // in the draft
			{ keys: 'ga' },
			{ commands: 'SHOWN' },
			{ keys: 'ga' },
			{ document: 'one\nTWO\nfive\nsix\nseven\n', name: 'a.txt' },
		];
		await play({ name: 'quotes', steps }, vim);
	});

	test("another answer's code goes where the first one's would have gone", { timeout: 60_000 }, async () => {
		const answered = (text) => ({ result: { chatId: 'k1', turnId: 't1', text, model: 'small', endpoint: 'free', finishReason: 'stop', budget } });
		const steps = [
			{ file: FILE, name: 'a.txt' },
			{ do: 'ask', with: 'Why?', lines: [2, 4] },
			{ expect: { method: 'chat/send' }, as: 'one' },
			{ answer: 'one', ...answered('So:\n\n```\nTWO\n```\n') },
			{ see: { chat: '/TWO.*## You/' } },
			{ do: 'regenerate' },
			{ expect: { method: 'chat/regenerate' }, as: 'two' },
			{ answer: 'two', ...answered('Or so:\n\n```\nTHREE\n```\n') },
			{ see: { chat: '/THREE.*## You/' } },
			{ keys: ':EkeApply\n' },
			{ commands: 'SHOWN' },
			{ keys: 'ga' },
			{ document: 'one\nTHREE\nfive\nsix\nseven\n', name: 'a.txt' },
		];
		await play({ name: 'again', steps }, shown());
	});
}

for (const name of wanted.filter((one) => /^n?vim/.test(one))) {
	const skip = editor(name).why;
	if (skip) console.error(`\n*** SKIPPED, nothing was tested in ${name}: ${skip} ***\n`);
	describe(name, { skip }, () => tests(name));
}
