// The set-up pages of editors/others, as a reader copies them, in the real editors with the real eke.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { CUT, EKE, KNOWN, withEke } from './session.mjs';
import { Terminal, until } from './terminal.mjs';
import { editor, root } from './vim-driver.mjs';

const TYPED = CUT.replace('‸', 'for (');
const wanted = process.env.EKE_TEST_EDITORS?.split(' ');

/** The blocks of code of a page in one language. */
async function snippets(page, language) {
	const text = await readFile(join(root, 'editors/others', page), 'utf8');
	return [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map((match) => match[1]);
}

/** A test in a terminal, with eke on the PATH, and sum.c cut after "for (" in a folder. */
function inTerminal(name, program, { skip, answer }, body) {
	if (wanted && !wanted.includes(program)) return;
	const why = skip ?? editor(program).why;
	if (why) console.error(`\n*** SKIPPED, nothing was tested in ${name}: ${why} ***\n`);
	test(name, { skip: why, timeout: 90_000 }, async (t) => {
		const { folder, upstream } = await withEke(t, { answer });
		await mkdir(join(folder, 'bin'));
		await symlink(EKE, join(folder, 'bin/eke'));
		await writeFile(join(folder, 'sum.c'), TYPED);
		const terminal = new Terminal();
		t.after(() => terminal.stop());
		const start = (args) =>
			terminal.start([editor(program).path, ...args], {
				rows: 30,
				cwd: folder,
				env: { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, XDG_CONFIG_HOME: join(folder, 'config') },
			});
		const see = (pattern, deadline = 20_000) =>
			until(`${pattern} is on the screen`, async () => pattern.test(await terminal.text()), {
				deadline,
				state: () => terminal.text(),
			});
		await body({ folder, terminal, start, see });
		assert.equal(upstream.counted.length, 1);
	});
}

const saved = (folder) => readFile(join(folder, 'sum.c'), 'utf8');

inTerminal('kakoune: the key of the page', 'kakoune', {}, async ({ folder, terminal, start, see }) => {
	const [rc] = await snippets('kakoune.md', 'kak');
	await writeFile(join(folder, 'page.kak'), rc);
	await start(['-n', '-e', `source ${folder}/page.kak; edit ${folder}/sum.c; execute-keys 7gghgl; execute-keys a`]);
	await see(/insert 1 sel/);
	await terminal.keys('M-e');
	await see(/values\[i\];/);
	await terminal.keys('Escape');
	await terminal.type(':write-quit\n');
	await until('saved', async () => (await saved(folder)) === KNOWN, { state: () => saved(folder) });
});

inTerminal('helix: the key of the page', 'helix', {}, async ({ folder, terminal, start, see }) => {
	const [, config] = await snippets('helix.md', 'toml');
	await mkdir(join(folder, 'config/helix'), { recursive: true });
	await writeFile(join(folder, 'config/helix/config.toml'), config);
	await start(['sum.c:7']);
	await see(/NOR/);
	await terminal.keys('A');
	await see(/INS/);
	await terminal.keys('M-e');
	await see(/values\[i\];/);
	await terminal.keys('Escape');
	await see(/NOR/);
	await terminal.type(':wq\n');
	await until('saved', async () => (await saved(folder)) === KNOWN, { state: () => saved(folder) });
});

inTerminal(
	'helix: a code action',
	'helix',
	{ answer: () => '```c\nint x;\n```' },
	async ({ folder, terminal, start, see }) => {
		const [languages] = await snippets('helix.md', 'toml');
		await mkdir(join(folder, 'config/helix'), { recursive: true });
		await writeFile(join(folder, 'config/helix/languages.toml'), languages.replace('"clangd", ', ''));
		await writeFile(join(folder, 'two.c'), 'int one;\nint two;\n');
		await start(['two.c:2']);
		await see(/NOR/);
		// Helix tells of no server that has come up: asked until there is one.
		await until(
			'eke offers something',
			async () => {
				await terminal.keys('Escape');
				await terminal.type('x a');
				return see(/eke: Refactor/, 300).catch(() => false);
			},
			{ deadline: 20_000, state: () => terminal.text() },
		);
		await terminal.keys('Enter');
		await see(/int x;/);
	},
);

inTerminal('emacs with eglot: the key of the page', 'emacs', {}, async ({ folder, terminal, start, see }) => {
	const [, eglot] = await snippets('emacs.md', 'elisp');
	await writeFile(
		join(folder, 'init.el'),
		`(package-initialize)\n(setq inhibit-startup-screen t make-backup-files nil)\n${eglot}`,
	);
	await start(['-nw', '-q', '-l', join(folder, 'init.el'), '+7:7', join(folder, 'sum.c')]);
	await see(/sum\.c/);
	await terminal.keys('M-x');
	await terminal.type('eglot\n');
	await see(/eglot:|managing/);
	await terminal.keys('C-e', 'C-c', 'Tab');
	await see(/values\[i\];/);
	await terminal.keys('C-x', 'C-s');
	await until('saved', async () => (await saved(folder)) === KNOWN, { state: () => terminal.text() });
});

const elpa = join(root, 'build/editors/sid/root/usr/share/emacs/site-lisp/elpa-src');

inTerminal(
	'emacs with lsp-mode: ghost text by itself',
	'emacs',
	{ skip: existsSync(elpa) ? undefined : "no lsp-mode: tests/editors/setup fetches it with Debian's sid" },
	async ({ folder, terminal, start, see }) => {
		const [lsp] = await snippets('emacs.md', 'elisp');
		const paths = readdirSync(elpa)
			.map((name) => `(add-to-list 'load-path "${join(elpa, name)}")`)
			.join('\n');
		await writeFile(
			join(folder, 'init.el'),
			`${paths}\n(load "lsp-mode-autoloads")\n(setq inhibit-startup-screen t make-backup-files nil lsp-auto-guess-root t lsp-enable-snippet nil\n` +
				`lsp-enable-suggest-server-download nil lsp-disabled-clients '(clangd ccls) lsp-session-file "${folder}/session" native-comp-async-report-warnings-errors nil lsp-diagnostics-provider :none)\n${lsp}\n(add-to-list 'lsp-language-id-configuration '(c-mode . "c"))`,
		);
		await mkdir(join(folder, '.git'));
		await start(['-nw', '-q', '-l', join(folder, 'init.el'), '+7:7', join(folder, 'sum.c')]);
		await see(/LSP\[eke:\d+\]/); // without "/starting"
		// Whatever Emacs does in the background at its start can take the ghost away again.
		await until(
			'ghost text',
			async () => {
				await terminal.keys('C-e', 'C-c', 'Tab');
				return see(/values\[i\];/, 2000).then(
					() => true,
					() => false,
				);
			},
			{ deadline: 30_000, state: () => terminal.text() },
		);
		await terminal.keys('Tab');
		await terminal.keys('C-x', 'C-s');
		await until('saved', async () => (await saved(folder)) === KNOWN, { state: () => terminal.text() });
	},
);
