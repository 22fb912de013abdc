// Vim and Neovim: ways to leave Insert mode, to name a buffer, to switch eke off, terminals with few colours, repeating.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { play } from '../../editors/conformance/runner.mjs';
import { CUT, open, startEditor, withEke } from './session.mjs';
import { until } from './terminal.mjs';
import { driver, editor } from './vim-driver.mjs';

const wanted = (process.env.EKE_TEST_EDITORS ?? 'vim-9.0 vim-9.2 nvim-0.10 nvim-0.12').split(' ');

for (const name of wanted.filter((one) => /^n?vim/.test(one))) {
	const skip = editor(name).why;
	if (skip) console.error(`\n*** SKIPPED, nothing was tested in ${name}: ${skip} ***\n`);
	describe(name, { skip }, () => tests(name));
}

const shown = (line, text, left = 0) => [
	{ ask: `${line}‸`, as: 'shown' },
	{ answer: 'shown', items: [{ text, left }] },
	{ see: { ghost: text.slice(left) } },
];

function tests(name) {
	test('CTRL-C out of Insert mode takes the ghost text away', { timeout: 60_000 }, async () => {
		const steps = [
			{ file: '‸\n', name: 'a.txt' },
			{ type: 'r' },
			...shown('r', 'return', 1),
			{ keys: '\x03' },
			{ see: { ghost: null, text: 'r' } },
			{ keys: 'A' },
			...shown('r', 'return', 1),
			{ keys: '\x0f0' }, // CTRL-O goes on
			{ keys: '\x05' },
			{ see: { text: '‸r' } },
		];
		await play({ name: 'interrupt', steps }, driver(name));
	});

	test('ghost text grows while one pauses', { timeout: 60_000 }, async () => {
		const steps = [
			{ file: 'x‸\n', name: 'a.txt' },
			{ ask: 'x‸', as: 'a' },
			{ answer: 'a', items: [{ text: ' = 1' }], incomplete: true },
			{ see: { ghost: ' = 1' } },
			{ ask: 'x‸', as: 'b' },
			{ answer: 'b', items: [{ text: ' = 1\ny = 2' }], incomplete: true },
			{ see: { ghost: ' = 1\ny = 2' } },
			{ ask: 'x‸', as: 'c' },
			{ type: ' ' },
			{ ask: 'x ‸', as: 'd' },
			{ answer: 'c', result: null },
			{ answer: 'd', items: [{ text: ' = 1\ny = 2\nz = 3', left: 1 }] },
			{ see: { ghost: '= 1\ny = 2\nz = 3' } },
			{ never: { method: 'textDocument/inlineCompletion' } },
			{ press: 'accept' },
			{ see: { text: 'x = 1\ny = 2\nz = 3‸' } },
		];
		await play({ name: 'grows', steps }, driver(name));
	});

	test('the real eke: of a slow answer the first line is there at once, and the others come by themselves', { timeout: 60_000 }, async (t) => {
		const { folder, upstream } = await withEke(t);
		const vim = await startEditor(t, name, { folder });
		upstream.next({ holdEvents: true });
		await open(vim, folder, 'sum.c', CUT);
		await vim.press('suggest');
		const [record] = await upstream.waitForRequests(1);
		const mark = /<CURSOR(\d*)\/>/.exec(record.body.messages.at(-1).content)[1];
		const see = (ghost) => until(ghost, async () => (await vim.ghost()) === ghost, { state: () => vim.picture() });
		await record.push(`<completion${mark}>total = first(values);\n\ttotal += se`);
		await see('total = first(values);');
		await record.push('cond(values);\n\ttotal += third(values);\n');
		await see('total = first(values);\n        total += second(values);\n        total += third(values);');
		await record.push(`\tcheck(total);</completion${mark}>`);
		await record.end();
		await see('total = first(values);\n        total += second(values);\n        total += third(values);\n        check(total);');
		assert.equal(upstream.counted.length, 1);
	});

	for (const settings of ['noautoindent', 'autoindent smartindent', 'autoindent cindent formatoptions+=ro', 'autoindent expandtab shiftwidth=4'])
		test(`what was accepted is repeated by a dot and by a count: ${settings}`, { timeout: 60_000 }, async () => {
			const text = 'if (a_b[1] < "é\\0") {\n\t\t/* one\n\t\t * two: 3 */\n\t}\n\telse\n\t\tüber();';
			const block = `\t${text}`;
			const taken = [
				{ ask: '\ti‸', as: 'a' },
				{ answer: 'a', items: [{ text, left: 1 }] },
				{ see: { ghost: '/one/' } },
				{ press: 'accept' },
			];
			const steps = [
				{ file: '\t‸\n', name: 'a.c' },
				{ press: 'leave' },
				{ commands: `:setlocal ${settings}\n:let g:before = map(['ai', 'cin', 'si', 'inde', 'tw', 'wm', 'fo', 'sts', 'et', 'ei'], {_, one -> eval('&' .. one)})\n` },
				{ keys: 'Ai' },
				...taken,
				{ see: { text: `${block}‸` } },
				{ press: 'leave' },
				{ commands: ":let g:same = g:before ==# map(['ai', 'cin', 'si', 'inde', 'tw', 'wm', 'fo', 'sts', 'et', 'ei'], {_, one -> eval('&' .. one)})\n" },
				{ commands: ':call append("$", "\\t")\nG.' },
				{ see: { text: `${block}\n${block}` } },
				{ commands: ':%d\n:call setline(1, "x")\n:echomsg "same:" g:same &eventignore\n' },
				{ see: { message: '/same: 1/' } },
				{ keys: '2A w' },
				{ ask: 'x w‸', as: 'b' },
				{ answer: 'b', items: [{ text: 'words;', left: 1 }] },
				{ see: { ghost: 'ords;' } },
				{ press: 'accept' },
				{ see: { text: 'x words;‸' } },
				{ press: 'leave' },
				{ see: { text: 'x words; words;' } },
			];
			await play({ name: 'repeat', steps }, driver(name));
		});

	test('a buffer gets its name by :write', { timeout: 60_000 }, async () => {
		const steps = [
			{ file: '‸\n', name: 'a.txt' },
			{ press: 'leave' },
			{ commands: ':enew\n' },
			{ commands: 'ione\x1b' },
			{ commands: ':write b.txt\n' },
			{ document: 'one\n', name: 'b.txt' },
			{ keys: 'A two' },
			...shown('one two', ' three'),
			{ press: 'leave' },
			{ commands: ':keepalt file c.txt\n' },
			{ document: 'one two\n', name: 'c.txt' },
		];
		await play({ name: 'names', steps }, driver(name));
	});

	test('b:eke_enabled acts at once, both ways', { timeout: 60_000 }, async () => {
		const steps = [
			{ file: '‸\n', name: 'a.txt' },
			{ type: 'r' },
			...shown('r', 'return', 1),
			{ keys: '\x0f:let b:eke_enabled = 0\n' },
			{ see: { ghost: null } },
			{ type: 'e' },
			{ see: { text: 're‸', ghost: null } },
			{ never: { method: 'textDocument/inlineCompletion' } },
			{ keys: '\x0f:let b:eke_enabled = 1\n' },
			{ type: 't' },
			...shown('ret', 'return', 3),
		];
		await play({ name: 'enabled', steps }, driver(name));
	});

	test('what is typed while the server is started again reaches the next one', { timeout: 60_000 }, async () => {
		const steps = [
			{ file: '‸\n', name: 'a.txt' },
			{ type: 'r' },
			...shown('r', 'return', 1),
			{ crash: 1 },
			{ gone: true },
			{ type: 'et' },
			{ started: 2 },
			{ document: 'ret\n', name: 'a.txt' },
			{ type: 'u' },
			{ document: 'retu\n', name: 'a.txt' },
			{ press: 'leave' },
			{ commands: ':EkeToggle\n' },
			{ commands: 'Arn\x1b' },
			{ commands: ':EkeToggle\n' },
			{ commands: 'A 0;\x1b' },
			{ document: 'return 0;\n', name: 'a.txt' },
		];
		await play({ name: 'restart', editor: { restart_delay: 500 }, steps }, driver(name));
	});

	if (name.startsWith('vim'))
		for (const [term, colors] of [['screen', '8'], ['vt220', '']])
			test(`in a terminal of ${colors || 'no'} colours ghost text does not look like text`, { timeout: 60_000 }, async (t) => {
				const { folder } = await withEke(t);
				const vim = await startEditor(t, name, {
					folder,
					size: { env: { TERM: term } },
					lines: ['highlight clear EkeGhost', 'set background=dark'],
				});
				assert.equal(await vim.eval('&t_Co'), colors);
				await open(vim, folder, 'sum.c', CUT);
				await vim.type('for (');
				let cell;
				await until('ghost text', async () => {
					const row = (await vim.terminal.cells()).find((one) => /for \(int i/.test(one.map(({ char }) => char).join('')));
					cell = row?.find(({ char }) => char === 'i');
					return cell;
				}, { state: () => vim.picture() });
				assert.ok(cell.underline || (cell.fg !== undefined && cell.fg !== 7), JSON.stringify(cell));
			});
}
