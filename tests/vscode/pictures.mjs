#!/usr/bin/env node
/* Makes the README's pictures, editors/vscode/pictures/{light,dark}.png: a completion, a chat, and what is left. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { CUT, EKE, withEke } from '../editors/session.mjs';
import { root, until, Workbench } from './workbench.mjs';

const ANSWER = `It adds up \`count\` integers. Nothing checks \`values\`, and the sum can overflow; with a wider type it cannot:

\`\`\`c
long long sum(const int *values, int count)
\`\`\`

The caller then prints it with \`%lld\`.
`;

const after = [];
const { folder, env } = await withEke({ after: (run) => after.push(run) }, { answer: ({ body }) =>
	body.messages?.at(-1)?.content.includes('overflow?') ? ANSWER : 'int i = 0; i < count; i++)\n\t\ttotal += values[i];' });
delete env.HOME;
const project = join(folder, 'project');
await mkdir(project);
const path = join(project, 'sum.c');
await writeFile(path, CUT.replace('‸', ''));
const workbench = await Workbench.start({ env });
after.unshift(() => workbench.stop());
try {
	await workbench.settings({ 'eke.command': [EKE, 'serve'] });
	const window = await workbench.open(project, { size: { width: 1100, height: 620 } });
	await window.openFile(path, 2, 0);
	await window.select(2, 9);
	await window.run('eke.attach');
	await window.openChat();
	await window.type('Where can this overflow?');
	await window.press('Enter');
	await until('the answer', async () => /lld/.test(await window.chat().locator('main').innerText()));
	await window.openFile(path);
	await window.goTo(6);
	await window.finish('editor.action.inlineSuggest.trigger');
	await window.type('for (');
	await until('ghost text', () => window.ghost());
	for (const [name, theme] of [['light', 'Default Light Modern'], ['dark', 'Default Dark Modern']]) {
		await window.configure({ 'workbench.colorTheme': theme });
		await until(name, () => window.chat().locator(`body.vscode-${name}`).count());
		await window.page.screenshot({ path: join(root, `editors/vscode/pictures/${name}.png`) });
	}
} finally {
	for (const run of after) await run();
}
