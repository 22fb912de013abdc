/* A driver outside of the conformance suite: an editor in a folder of its own, with the real eke or the scripted server. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { knowsModel } from '../upstream/models.mjs';
import { startUpstream } from '../upstream/upstream.mjs';
import { driver, root } from './vim-driver.mjs';

export const EKE = process.env.EKE_BIN ?? join(root, 'build/eke');

/** A file that the upstream knows by heart, cut where a person would be typing. */
export const KNOWN = `#include <stdio.h>

int sum(const int *values, int count)
{
	int total = 0;

	for (int i = 0; i < count; i++)
		total += values[i];
	return total;
}

int main(void)
{
	int numbers[] = { 3, 1, 4 };

	printf("%d\\n", sum(numbers, 3));
	return 0;
}
`;
export const CUT = KNOWN.replace('	for (int i = 0; i < count; i++)\n		total += values[i];\n', '	‸\n');

/** An upstream with a budget, and a configuration that names it, in a folder that goes with the test. */
export async function withEke(
	t,
	{ answer, plan = { windows: [{ scope: 'machine', limit: 60, period: '1h', kind: 'sliding' }] } } = {},
) {
	const folder = await mkdtemp(join(tmpdir(), 'eke-editor-'));
	const upstream = await startUpstream({
		answer: answer ?? knowsModel(KNOWN, { maxLines: 24, otherwise: () => 'Read this:\n\n```c\nint x;\n```\n' }),
	});
	const config = {
		endpoints: [
			{
				name: 'test',
				baseUrl: `${upstream.url}/v1`,
				plan: 'mine',
				models: { chat: 'chatty', completion: 'coder' },
			},
		],
		plans: { mine: plan },
		completion: { debounceMs: 0, offline: false },
	};
	await writeFile(join(folder, 'config.json'), JSON.stringify(config));
	await mkdir(join(folder, 'state'));
	const env = { EKE_CONFIG: join(folder, 'config.json'), EKE_STATE_DIR: join(folder, 'state'), HOME: folder };
	Object.assign(process.env, env); // tmux and what it runs inherit it
	t.after(async () => {
		await upstream.close();
		// What is being ended may still be writing its last.
		await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
	});
	return { folder, upstream, env };
}

/** An editor with the real eke, ended after the test. */
export async function startEditor(t, name, { folder, command = [EKE, 'serve'], ...more }) {
	const editor = driver(name);
	t.after(() => editor.stop());
	await editor.start({ command, folder, ...more });
	return editor;
}

/** Opens a text with a mark in the editor. */
export async function open(editor, folder, name, marked) {
	const before = marked.slice(0, marked.indexOf('‸')).split('\n');
	const path = join(folder, name);
	await writeFile(path, marked.replace('‸', ''));
	await editor.open(path, { line: before.length - 1, column: [...before.at(-1)].length });
	return path;
}
