/*
 * VS Code's real workbench: code-server with the packed extension in it, looked at with a headless Chromium. One server and one
 * browser for a test file; each test gets a window (a page) with a folder and settings of its own.
 *
 * What a user sees and does goes through the page. What the page does not show (the whole text of a file, the cursor) is asked of
 * VS Code's API, by the extension in probe/.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
export const OUT = join(root, 'build/vscode');
export const PICTURES = join(OUT, 'pictures');
const run = promisify(execFile);

/** Why the workbench cannot be had here; undefined: it can. */
export function unavailable() {
	if (existsSync(join(OUT, 'unavailable'))) return readFileSync(join(OUT, 'unavailable'), 'utf8').trim();
	if (!existsSync(join(OUT, 'code-server'))) return 'tests/vscode/setup was not run';
	if (!existsSync(join(OUT, 'eke.vsix'))) return 'make vsix was not run';
	return undefined;
}

const SETTINGS = {
	'workbench.startupEditor': 'none',
	'workbench.secondarySideBar.defaultVisibility': 'hidden',
	'workbench.tips.enabled': false,
	'security.workspace.trust.enabled': false,
	'editor.inlineSuggest.enabled': true,
	'editor.quickSuggestions': { other: 'off', comments: 'off', strings: 'off' },
	'editor.autoClosingBrackets': 'never',
	'editor.autoClosingQuotes': 'never',
	'editor.autoIndent': 'keep',
	'editor.detectIndentation': false,
	'editor.insertSpaces': false,
	'editor.wordBasedSuggestions': 'off',
	'editor.suggestOnTriggerCharacters': false,
	'editor.minimap.enabled': false,
	'editor.accessibilitySupport': 'off',
	'extensions.autoUpdate': false,
	'extensions.autoCheckUpdates': false,
	'chat.disableAIFeatures': true,
	'telemetry.telemetryLevel': 'off',
	'update.mode': 'none',
	'git.openRepositoryInParentFolders': 'never',
	'files.autoSave': 'off',
};

const freePort = () =>
	new Promise((resolve) => {
		const server = createServer().listen(0, '127.0.0.1', () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});

/** Waits until the condition gives something; it is looked at every 50 ms. */
export async function until(what, condition, { deadline = 30_000, state = () => '' } = {}) {
	const end = Date.now() + deadline;
	for (;;) {
		const value = await condition();
		if (value) return value;
		if (Date.now() > end) throw new Error(`never happened: ${what}. ${await state()}`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

export class Workbench {
	/** Starts server and browser. `env`: for the extension's host, and so for what it starts; `language`: see languagePack(). */
	static async start({ env = {}, language } = {}) {
		const made = new Workbench();
		made.language = language;
		made.folder = await mkdtemp(join(tmpdir(), 'eke-workbench-'));
		for (const place of ['User', 'Machine']) await mkdir(join(made.folder, 'user', place), { recursive: true });
		await mkdir(join(made.folder, 'extensions'));
		await mkdir(PICTURES, { recursive: true });
		made.port = await freePort();
		made.env = {
			...process.env,
			HOME: made.folder,
			XDG_CONFIG_HOME: join(made.folder, 'config'),
			XDG_STATE_HOME: join(made.folder, 'state'),
			EXTENSIONS_GALLERY: '{"serviceUrl":""}',
			EKE_PROBE: join(made.folder, 'probe.sock'),
			...env,
		};
		const places = ['--user-data-dir', join(made.folder, 'user'), '--extensions-dir', join(made.folder, 'extensions')];
		await run(join(OUT, 'code-server'), [...places, '--install-extension', join(OUT, 'eke.vsix')], { env: made.env });
		await made.#installProbe();
		if (language) await made.#languagePack(language);
		await made.settings({});
		made.server = spawn(
			join(OUT, 'code-server'),
			[
				'--bind-addr',
				`127.0.0.1:${made.port}`,
				...['--auth', 'none', '--disable-telemetry', '--disable-update-check', '--disable-workspace-trust'],
				...['--disable-getting-started-override', ...places],
				...(language ? ['--locale', language] : []),
			],
			{ env: made.env, stdio: ['ignore', 'pipe', 'pipe'] },
		);
		made.log = '';
		for (const stream of [made.server.stdout, made.server.stderr])
			stream.on('data', (data) => (made.log = `${made.log}${data}`.slice(-20_000)));
		await until('code-server listens', () => /listening on/.test(made.log), { state: () => made.log });
		const { chromium } = await import('playwright-core');
		made.browser = await chromium.launch({
			executablePath: join(OUT, 'chromium'),
			args: [
				...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
				...['--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
			],
		});
		return made;
	}

	async #installProbe() {
		const place = join(this.folder, 'extensions/eke-tests.probe-0.0.1');
		await cp(join(root, 'tests/vscode/probe'), place, { recursive: true });
		const list = join(this.folder, 'extensions/extensions.json');
		const installed = JSON.parse(await readFile(list, 'utf8'));
		installed.push({
			identifier: { id: 'eke-tests.probe' },
			version: '0.0.1',
			location: { $mid: 1, path: place, scheme: 'file' },
			relativeLocation: 'eke-tests.probe-0.0.1',
		});
		await writeFile(list, JSON.stringify(installed));
	}

	/* A language pack without words: VS Code's own stay English, and extensions are told the language. The real ones are not on npm. */
	async #languagePack(language) {
		const vscode = join(this.folder, 'words.json');
		await writeFile(vscode, JSON.stringify({ version: '1.0.0', contents: {} }));
		const extensions = [{ extensionIdentifier: { id: 'eke-tests.words' }, version: '1.0.0' }];
		const packs = { [language]: { hash: '0', extensions, translations: { vscode }, label: language } };
		await writeFile(join(this.folder, 'user/languagepacks.json'), JSON.stringify(packs));
	}

	/** The user's settings, besides those that keep the workbench quiet. */
	async settings(more) {
		for (const place of ['User', 'Machine']) // those of the scope "machine" count in the second alone
			await writeFile(join(this.folder, `user/${place}/settings.json`), JSON.stringify({ ...SETTINGS, ...more }));
	}

	/** A window with a folder in it. */
	async open(folder, { size = { width: 1280, height: 800 }, locale = 'en' } = {}) {
		this.context ??= await this.browser.newContext({
			viewport: size,
			locale,
			permissions: ['clipboard-read', 'clipboard-write'],
		});
		const window = new Window(await this.context.newPage(), this);
		await window.go(`http://127.0.0.1:${this.port}/?folder=${encodeURIComponent(folder)}`);
		return window;
	}

	async stop() {
		await this.browser?.close();
		if (this.server && this.server.exitCode === null) {
			const gone = new Promise((resolve) => this.server.once('exit', resolve));
			this.server.kill('SIGTERM');
			const hard = setTimeout(() => this.server.kill('SIGKILL'), 5000);
			await gone;
			clearTimeout(hard);
		}
		await rm(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
	}
}

/** One window of the workbench. */
export class Window {
	constructor(page, workbench) {
		this.page = page;
		this.workbench = workbench;
		this.toasts = [];
	}

	async go(url) {
		this.url = url;
		await this.page.goto(url, { waitUntil: 'commit', timeout: 120_000 });
		await this.ready();
	}

	async ready() {
		await this.page.waitForSelector('.monaco-workbench .part.statusbar', { timeout: 120_000 });
		await this.page.waitForSelector('.statusbar-item[id*="eke"]', { timeout: 120_000 });
		const isActive = (vscode) => vscode.extensions.getExtension('eke.eke').isActive;
		await until('the extension is active', () => this.api(isActive).catch(() => false), { deadline: 120_000 });
	}

	async reload() {
		await this.page.reload({ waitUntil: 'commit', timeout: 120_000 });
		await this.ready();
	}

	/** Is that so many times in what the browser keeps for extensions? It is written some seconds after the extension said so. */
	remembers(words, times) {
		return this.page.evaluate(async ({ words, times }) => {
			const done = (request) => new Promise((resolve, reject) => Object.assign(request, { onsuccess: () => resolve(request.result), onerror: reject }));
			for (const { name } of await indexedDB.databases()) {
				if (!/state-db/.test(name)) continue;
				const base = await done(indexedDB.open(name));
				const values = await done(base.transaction('ItemTable').objectStore('ItemTable').getAll());
				base.close();
				if (values.some((value) => String(value).split(words).length > times)) return true;
			}
			return false;
		}, { words, times });
	}

	/** Runs a command of the palette by its title. */
	async command(title) {
		await this.page.keyboard.press('F1');
		const input = this.page.locator('.quick-input-widget input').first();
		await input.waitFor({ state: 'visible' });
		await input.fill(`>${title}`);
		await this.page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().waitFor();
		await this.page.keyboard.press('Enter');
	}

	/** What stands in the field of a picker or an input box; Enter follows. */
	async answer(text) {
		const input = this.page.locator('.quick-input-widget input').first();
		await input.waitFor({ state: 'visible' });
		await input.fill(text);
		await this.page.keyboard.press('Enter');
	}

	/** Runs a function in the extension host; it gets VS Code's API and the argument, and must not use anything else. */
	async api(run, argument = null) {
		const id = ++this.#serial;
		const socket = connect(this.workbench.env.EKE_PROBE).setEncoding('utf8');
		return new Promise((resolve, reject) => {
			let text = '';
			socket.on('error', reject);
			socket.on('data', (data) => {
				text += data;
				if (!text.endsWith('\n')) return;
				socket.end();
				const { value, error } = JSON.parse(text);
				if (error) reject(new Error(error));
				else resolve(value);
			});
			socket.write(`${JSON.stringify({ id, code: `return (${run})(vscode, argument)`, argument })}\n`);
		});
	}

	#serial = 0;

	/** Opens a file and puts the cursor there (from 0, in UTF-16 units), ready to type. */
	async openFile(path, line = 0, character = 0) {
		await this.api(
			async (vscode, { path, line, character }) => {
				const at = new vscode.Position(line, character);
				const selection = new vscode.Range(at, at);
				await vscode.window.showTextDocument(vscode.Uri.file(path), { selection, preview: false });
			},
			{ path, line, character },
		);
		const name = path.split('/').at(-1);
		await this.page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor();
		await this.page.locator('.editor-instance .monaco-editor.focused').first().waitFor();
	}

	/** Moves the cursor to the end of a line, from 0, by keys: what is typed then comes behind it. */
	async goTo(line) {
		await this.press('Control+Home', ...Array(line).fill('ArrowDown'), 'End');
	}

	/** The text of a file that is open. */
	text(path) {
		return this.api((vscode, path) => vscode.workspace.textDocuments.find(({ uri }) => uri.fsPath === path)?.getText(), path);
	}

	/** The text of the editor, and what of it is before the cursor. */
	buffer() {
		return this.api((vscode) => {
			if (!vscode.window.activeTextEditor) return { text: '', before: '' };
			const { document, selection } = vscode.window.activeTextEditor;
			const start = new vscode.Position(0, 0);
			return { text: document.getText(), before: document.getText(new vscode.Range(start, selection.active)) };
		});
	}

	/** Sets settings of the user, one after the other; undefined: as it was. */
	configure(settings) {
		return this.api(async (vscode, entries) => {
			const config = () => vscode.workspace.getConfiguration();
			for (const [name, value] of entries)
				if (JSON.stringify(config().get(name)) !== JSON.stringify(value))
					await config().update(name, value ?? undefined, vscode.ConfigurationTarget.Global);
		}, Object.entries(settings));
	}

	/** Closes all files; what was not saved is lost. */
	async closeAll() {
		await this.api(async (vscode) => {
			while (vscode.window.tabGroups.activeTabGroup.tabs.length)
				await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
			await vscode.commands.executeCommand('notifications.clearAll');
		});
	}

	/** Waits until the extension's server is in such a state. */
	state(what, fits) {
		return until(`the server is ${what}`, async () =>
			fits(await this.api((vscode) => vscode.extensions.getExtension('eke.eke').exports.state)),
		);
	}

	/** The ghost text as it is drawn; null: there is none. */
	async ghost() {
		return this.page.evaluate(() => {
			const editor = document.querySelector('.editor-instance .monaco-editor');
			if (!editor) return null;
			const top = (element) => element.getBoundingClientRect().top;
			const left = (element) => element.getBoundingClientRect().left;
			const inline = [...editor.querySelectorAll('.ghost-text-decoration, .ghost-text-decoration-preview')]
				.sort((a, b) => top(a) - top(b) || left(a) - left(b))
				.map((element) => element.textContent)
				.join('');
			const lines = [...editor.querySelectorAll('.suggest-preview-text .view-line, .suggest-preview-text > div')]
				.filter((element) => !element.querySelector('.view-line'))
				.sort((a, b) => top(a) - top(b))
				.map((element) => element.textContent);
			const text = [inline, ...lines]
				.join('\n')
				.replace(/\u00a0/g, ' ')
				.replace(/\u200b/g, '')
				.split('\n')
				.map((line) => line.trimEnd())
				.join('\n');
			return text === '' ? null : text;
		});
	}

	async status() {
		return (await this.page.locator('.statusbar-item[id*="eke"]').first().innerText()).replace(/\s+/g, ' ').trim();
	}

	/** The messages that are on the screen, one after the other. */
	async messages() {
		const texts = await this.page.locator('.notification-list-item-message').allInnerTexts();
		return texts.join('\n');
	}

	async press(...keys) {
		for (const key of keys) await this.page.keyboard.press(key);
	}

	async type(text, enter = 'Enter') {
		for (const [i, line] of text.split('\n').entries()) {
			if (i) await this.page.keyboard.press(enter);
			if (line) await this.page.keyboard.type(line);
		}
	}

	async save() {
		await this.page.keyboard.press('Control+S');
	}

	/** The page within the webview of the chat. */
	chat() {
		return this.page.frameLocator('iframe.webview').frameLocator('iframe#active-frame');
	}

	/** Shows the chat by such a command, and waits until the next question can be typed: nothing takes the focus afterwards. */
	async openChat(command = 'eke.chat.open') {
		await this.finish(command);
		await this.chat().locator('footer textarea').waitFor();
		const hasFocus = (field) => document.hasFocus() && document.activeElement === field;
		await until('the chat has the focus', () => this.chat().locator('footer textarea').evaluate(hasFocus));
	}

	/** Runs a command; does not wait for its end. */
	run(command, ...rest) {
		return this.api((vscode, list) => void vscode.commands.executeCommand(...list), [command, ...rest]);
	}

	/** Runs a command, and waits for its end. */
	async finish(command, ...rest) {
		await this.api(async (vscode, list) => {
			await vscode.commands.executeCommand(...list);
		}, [command, ...rest]);
	}

	/** Selects lines, from 0, the last not included. */
	select(first, end) {
		return this.api(
			(vscode, [first, end]) => {
				vscode.window.activeTextEditor.selection = new vscode.Selection(first, 0, end, 0);
			},
			[first, end],
		);
	}

	/** Waits until a proposed change is shown. */
	preview() {
		return until('a proposed change is shown', () =>
			this.api((vscode) => vscode.window.tabGroups.activeTabGroup.activeTab?.input?.modified?.scheme === 'eke-edit'),
		);
	}

	async picture(name) {
		const path = join(PICTURES, `${name}.png`);
		await this.page.screenshot({ path });
		return path;
	}

	async close() {
		await this.page.close();
	}
}
