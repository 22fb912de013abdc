/*
 * What the scenarios share: the packed extension and the real eke in a window of the workbench, an upstream that is ours, and
 * what a user sees and does there. One server for a file of tests; pictures are kept in build/vscode/pictures.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { KNOWN } from '../editors/session.mjs';
import { knowsModel } from '../upstream/models.mjs';
import { startUpstream } from '../upstream/upstream.mjs';
import { root, unavailable, until, Workbench } from './workbench.mjs';

const run = promisify(execFile);
export const EKE = process.env.EKE_BIN ?? join(root, 'build/eke');
export const ANSWER =
	'Read **this**:\n\n```c\nint zwei;\n```\n\nSee [there](https://example.com) ![x](https://example.com/x.png)\n';

export const skip = unavailable();
if (skip) console.error(`\n*** SKIPPED, nothing was tested in VS Code's workbench: ${skip} ***\n`);

/* The place in a text with a mark, as line and column. */
function place(marked) {
	const before = marked.slice(0, marked.indexOf('‸')).split('\n');
	return [before.length - 1, before.at(-1).length];
}

export class Session {
	answer = () => ANSWER;
	#failures = 0;

	/**
	 * `configured`: is there an endpoint; `settings`: the user's; `files`: what the folder has besides first.c; `language`: of
	 * the workbench; `size`: of the window.
	 */
	static async start({ configured = true, settings = {}, files = {}, language, size } = {}) {
		const made = new Session();
		made.home = await mkdtemp(join(tmpdir(), 'eke-home-'));
		made.folder = join(made.home, 'project');
		await mkdir(made.folder);
		await mkdir(join(made.home, 'state'));
		const knows = knowsModel(KNOWN, { maxLines: 24, otherwise: (...about) => made.answer(...about) });
		made.upstream = await startUpstream({ answer: knows });
		if (configured) await made.configure(60);
		const env = {
			EKE_CONFIG: join(made.home, 'config.json'),
			EKE_STATE_DIR: join(made.home, 'state'),
			EKE_KEY_TEST: 'sk-of-the-environment',
		};
		for (const name of ['EKE_API_KEY', 'EKE_BASE_URL', 'OPENAI_API_KEY', 'OPENAI_BASE_URL']) env[name] = '';
		made.workbench = await Workbench.start({ env, language });
		await made.workbench.settings({ 'eke.command': [EKE, 'serve'], 'editor.codeLens': false, ...settings });
		for (const [name, text] of Object.entries({ 'first.c': 'int main(void)\n{\n\treturn 0;\n}\n', ...files }))
			await writeFile(join(made.folder, name), text);
		made.window = await made.workbench.open(made.folder, { size });
		// VS Code makes its part for ghost text some time after the first editor; until then it asks for none.
		await made.first();
		await made.window.state('running', (state) => state === 'running');
		await made.window.finish('editor.action.inlineSuggest.trigger');
		return made;
	}

	async stop() {
		await this.workbench?.stop();
		this.workbench = undefined;
		await this.upstream?.close();
		await rm(this.home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
	}

	/** As at the start of a test. */
	async reset() {
		this.answer = () => ANSWER;
		this.upstream.script(() => undefined);
		await this.window.closeAll();
		await this.window.run('notifications.clearAll');
	}

	/** The configuration, with a plan of so many requests; written and saved in the editor once there is one. */
	async configure(limit) {
		const windows = [{ scope: 'machine', limit, period: '1h', kind: 'sliding' }];
		const endpoint = {
			...{ name: 'test', baseUrl: `${this.upstream.url}/v1`, plan: 'mine', key: { env: 'EKE_KEY_TEST' } },
			models: { chat: 'chatty', completion: 'coder' },
			timeouts: { firstByte: 600, idle: 600 }, // of a machine that has other things to do
		};
		const config = {
			endpoints: [endpoint],
			plans: { mine: { windows } },
			completion: { debounceMs: 0, offline: false, reserve: 0 },
		};
		const path = join(this.home, 'config.json');
		if (!this.window) return writeFile(path, JSON.stringify(config));
		await this.window.api(
			async (vscode, { path, text }) => {
				const document = await vscode.workspace.openTextDocument(path);
				const edit = new vscode.WorkspaceEdit();
				edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), text);
				await vscode.workspace.applyEdit(edit);
				await document.save();
			},
			{ path, text: JSON.stringify(config) },
		);
		await this.status(new RegExp(`/${limit}\\b`));
	}

	/** Makes a file, and opens it with the cursor at the mark. */
	async open(name, marked) {
		const path = join(this.folder, name);
		await writeFile(path, marked.replace('‸', ''));
		await this.window.openFile(path, ...place(marked));
		return path;
	}

	first() {
		return this.window.openFile(join(this.folder, 'first.c'));
	}

	// --- what is seen ---

	see(what, condition, deadline) {
		return until(what, condition, { deadline, state: () => this.window.picture(`failure-${process.pid}-${++this.#failures}`) });
	}

	ghost(expected) {
		return this.see(`the ghost ${expected}`, async () => (await this.window.ghost()) === expected);
	}

	text(path, expected) {
		return this.see(`the text ${expected}`, async () => (await this.window.text(path)) === expected);
	}

	status(pattern) {
		return this.see(`the status ${pattern}`, async () => pattern.test(await this.window.status()));
	}

	message(pattern) {
		return this.see(`the message ${pattern}`, async () => pattern.test(await this.window.messages()));
	}

	chat() {
		return this.window.chat();
	}

	field() {
		return this.chat().locator('footer textarea');
	}

	chatText() {
		return this.chat().locator('main').innerText();
	}

	said(pattern) {
		return this.see(`the chat says ${pattern}`, async () => pattern.test(await this.chatText()));
	}

	/** The request whose last message has those words, when it has come. */
	asked(words) {
		const find = () => this.upstream.requests.findLast(({ body }) => body?.messages?.at(-1)?.content.includes(words));
		return this.see(`the question ${words}`, find);
	}

	/** The environment of the servers that run now. */
	async environment() {
		const command = `for p in $(pgrep -f '^${EKE} serve'); do tr '\\0' '\\n' <"/proc/$p/environ"; done 2>/dev/null; true`;
		return (await run('sh', ['-c', command])).stdout;
	}

	// --- what is done ---

	async ask(question) {
		await this.window.openChat();
		await this.window.type(question, 'Shift+Enter');
		await this.window.press('Enter');
	}

	/** A new chat, with that file in the editor. */
	async newChat() {
		await this.first();
		await this.window.openChat('eke.chat.new');
	}
}
