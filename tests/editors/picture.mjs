#!/usr/bin/env node
/*
 * Makes editors/vim/picture.svg: Vim in a terminal with the real eke and the loopback upstream, as the screen was.
 *
 *     node tests/editors/picture.mjs [EDITOR]
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { knowsModel } from '../upstream/models.mjs';
import { CUT, KNOWN, open, startEditor, withEke } from './session.mjs';
import { svg } from './svg.mjs';
import { until } from './terminal.mjs';
import { root } from './vim-driver.mjs';

const [columns, rows] = [112, 27];
const ANSWER = `It adds up \`count\` values. An unsigned count
cannot be negative:

\`\`\`c
int sum(const int *values, unsigned count)
\`\`\`

\`:EkeApply\` puts that in the place of line 3.`;

const after = [];
const t = { after: (fn) => after.unshift(fn) };
try {
	const { folder } = await withEke(t, { answer: knowsModel(KNOWN, { maxLines: 24, otherwise: () => ANSWER }) });
	const vim = await startEditor(t, process.argv[2] ?? 'vim-9.0', {
		folder,
		size: { columns, rows },
		options: { chat_width: 50 },
		lines: [
			'syntax on',
			'set background=dark fillchars=vert:│ laststatus=2',
			'highlight EkeGhost ctermfg=244',
			'highlight VertSplit cterm=NONE ctermfg=240',
			'highlight StatusLine cterm=NONE ctermbg=238 ctermfg=252',
			'highlight StatusLineNC cterm=NONE ctermbg=236 ctermfg=246',
			'set statusline=\\ %t\\ %m%=%{eke#statusline()}\\ ',
			'highlight MatchParen cterm=NONE ctermbg=NONE',
		],
	});
	await open(vim, folder, 'sum.c', CUT);
	await vim.press('leave');
	await vim.command('ask', 'What does this do, and can it be safer?', [3, 3]);
	await until('an answer', async () => /## You\n\n$/.test(await vim.chat()), { state: () => vim.picture() });
	await vim.ex('call cursor(7, 99)');
	await vim.terminal.keys('A');
	await vim.type('for (');
	await until('ghost text', async () => (await vim.terminal.text()).includes('values[i];'), {
		state: () => vim.picture(),
	});
	await writeFile(
		join(root, 'editors/vim/picture.svg'),
		svg(await vim.terminal.cells(), { columns, cursor: await vim.terminal.cursor() }),
	);
	console.log('editors/vim/picture.svg');
} finally {
	for (const fn of after) await fn();
}
