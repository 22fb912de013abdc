// Neovim's own client, vim.lsp.inline_completion, without this plugin: as editors/README.md says.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { play } from '../../editors/conformance/runner.mjs';
import { CUT, EKE, open, withEke } from './session.mjs';
import { until } from './terminal.mjs';
import { driver, editor, root, vimValue } from './vim-driver.mjs';

const wanted = (process.env.EKE_TEST_EDITORS ?? 'nvim-0.12').split(' ');

for (const name of wanted.filter((one) => one.startsWith('nvim-0.12'))) {
	const skip = editor(name).why;
	if (skip) console.error(`\n*** SKIPPED, nothing was tested in ${name}: ${skip} ***\n`);
	describe(name, { skip }, () => tests(name));
}

function tests(name) {
	/* As editors/README.md says, without this plugin. */
	const startNative = async (t, folder) => {
		const vim = driver(name);
		t.after(() => vim.stop());
		const [snippet] = await luaSnippets();
		vim.configuration = () =>
			'set notermguicolors noswapfile\nhighlight ComplHint ctermfg=201\nlua << END\n' +
			`${snippet.replace("{ 'eke', 'serve' }", `{ '${EKE}', 'serve' }`)}\nEND\n`;
		await vim.start({ command: [], folder });
		return vim;
	};

	test("Neovim's own client: indentation, and a range over closers", { timeout: 60_000 }, async () => {
		const vim = driver(name);
		const [snippet, formatting] = await luaSnippets();
		vim.configuration = ({ command }) =>
			'set notermguicolors noswapfile expandtab shiftwidth=3\nhighlight ComplHint ctermfg=201\nlua << END\n' +
			`${snippet.replace("{ 'eke', 'serve' }", vimValue(command).replace(/^\[(.*)\]$/, '{$1}'))}\n${formatting}\nEND\n`;
		const formattingOptions = { tabSize: 3, insertSpaces: true };
		const steps = [
			{ file: 'fn f(‸);\n', name: 'a.txt' },
			{ expect: { method: 'textDocument/didOpen' } },
			{ sync: true }, // by then it listens to keys
			{ type: 'n' },
			{
				expect: {
					method: 'textDocument/inlineCompletion',
					params: { position: { line: 0, character: 6 }, formattingOptions }, // not that of InsertEnter
				},
				as: 'a',
			},
			{ answer: 'a', items: [{ text: 'n: u32) -> u32 {\n   n\n}', left: 1, right: 1 }] },
			{ see: { ghost: ': u32) -> u32 {\n   n\n}' } },
			{ press: 'accept' },
			{ see: { text: 'fn f(n: u32) -> u32 {\n   n\n}‸;', ghost: null } },
		];
		await play({ name: 'native', steps }, vim);
	});

	test(
		'plain vim.lsp.config and vim.lsp.inline_completion, without this plugin',
		{ timeout: 60_000 },
		async (t) => {
			const { folder, upstream } = await withEke(t);
			const vim = await startNative(t, folder);
			await open(vim, folder, 'sum.c', CUT);
			await vim.type('for (');
			await until('ghost text', () => vim.ghost(), { state: () => vim.picture() });
			await vim.press('accept');
			const text = CUT.replace('‸', 'for (int i = 0; i < count; i++)\n\t\ttotal += values[i];');
			await until('all of it', async () => (await vim.buffer()).text === text.trimEnd(), {
				state: () => vim.picture(),
			});
			assert.equal(upstream.counted.length, 1);
		},
	);

	test("Neovim's own client: what is typed and taken at once stands there once", { timeout: 60_000 }, async (t) => {
		const { folder, upstream } = await withEke(t);
		const vim = await startNative(t, folder);
		await open(vim, folder, 'sum.c', CUT);
		await until('ghost text', async () => (await vim.ghost())?.startsWith('for (int i'), { state: () => vim.picture() });
		await vim.keys('for (\t');
		const text = CUT.replace('‸', 'for (int i = 0; i < count; i++)\n\t\ttotal += values[i];');
		await until('all of it', async () => (await vim.buffer()).text === text.trimEnd(), { state: () => vim.picture() });
		assert.equal(upstream.counted.length, 1);
	});

	test("Neovim's own client gets all of a slow answer at its second look, without a request", { timeout: 60_000 }, async (t) => {
		const { folder, upstream } = await withEke(t);
		const vim = await startNative(t, folder);
		await open(vim, folder, 'sum.c', CUT);
		const state = () => vim.picture();
		upstream.next({ holdEvents: true });
		await vim.type('tick');
		const [record] = await upstream.waitForRequests(1);
		await record.push('<completion>();\n\ttack();\n');
		await until('the first piece', async () => /^\(\);/.test((await vim.ghost()) ?? ''), { state });
		await record.push('\ttock();\n\ttuck();</completion>');
		record.end();
		await vim.type('(');
		await until('all of it', async () => /^\);\n\s*tack\(\);\n\s*tock\(\);\n\s*tuck\(\);$/.test((await vim.ghost()) ?? ''), { state });
		await vim.press('accept');
		await until('accepted', async () => (await vim.buffer()).text.includes('\ttick();\n\ttack();\n\ttock();\n\ttuck();\n'), { state });
		assert.equal(upstream.counted.length, 1);
	});
}

/* The snippets of editors/README.md, as a reader copies them. */
async function luaSnippets() {
	const readme = await readFile(join(root, 'editors/README.md'), 'utf8');
	return [...readme.matchAll(/```lua\n(vim\.lsp\.config\('eke'[\s\S]*?)```/g)].map(([, code]) => code);
}
