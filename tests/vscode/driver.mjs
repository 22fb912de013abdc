/*
 * A driver for editors/conformance: one window of the real workbench for all transcripts. Between two the server is stopped
 * and all files are closed; the window's folder is the one in which the runner makes its folders.
 */
import { readFile } from 'node:fs/promises';

const KEYS = {
	accept: 'Tab',
	acceptWord: 'Control+ArrowRight',
	acceptLine: 'Control+Alt+ArrowRight',
	next: 'Alt+]',
	previous: 'Alt+[',
	dismiss: 'Escape',
	backspace: 'Backspace',
	tab: 'Tab',
	enter: 'Enter',
	end: 'End',
	left: 'ArrowLeft',
	right: 'ArrowRight',
	up: 'ArrowUp',
	down: 'ArrowDown',
};

const plain = (text) => text.replace(/\r\n/g, '\n');

export class Driver {
	constructor(workbench, window) {
		this.workbench = workbench;
		this.window = window;
	}

	async start({ command, folder, options = {}, settings = {} }) {
		this.folder = folder;
		const ours = Object.entries(settings).flatMap(([section, values]) =>
			Object.entries(values).map(([key, value]) => [`eke.${section}.${key}`, value]),
		);
		this.#set = {
			'eke.command': command,
			'eke.restartDelay': 50,
			...(options.auto === false ? { 'eke.completion.trigger': 'manual' } : {}),
			...Object.fromEntries(ours),
		};
		await this.window.configure({ ...this.#set, 'eke.enabled': true });
	}

	#set = {};

	async stop() {
		const unset = Object.fromEntries(Object.keys(this.#set).map((name) => [name, undefined]));
		await this.window.configure({ 'eke.enabled': false, ...unset });
		await this.window.state('stopped', (state) => state === 'stopped');
		await this.window.closeAll();
		if (!this.#wasInChat) return;
		await this.window.chat().locator('footer textarea').fill('');
		await this.window.openChat('eke.chat.new');
	}

	async open(path, { line, column }) {
		const row = (await readFile(path, 'utf8')).split(/\r?\n/)[line] ?? '';
		this.#isInChat = false;
		await this.window.openFile(path, line, [...row].slice(0, column).join('').length);
	}

	async text(path) {
		return (await this.window.text(path))?.replace(/\r\n/g, '\n').replace(/\n$/, '');
	}

	async buffer() {
		const { text, before } = await this.window.buffer();
		return { text: plain(text).replace(/\n$/, ''), before: plain(before) };
	}

	/** In the chat Enter sends: a new line is Shift and Enter. */
	type(text) {
		return this.window.type(text, this.#isInChat ? 'Shift+Enter' : 'Enter');
	}

	#isInChat = false;
	#wasInChat = false;

	async press(key) {
		if (key === 'send') return this.window.press('Enter');
		if (key === 'leave')
			return this.window.api((vscode) => vscode.commands.executeCommand('workbench.action.focusSideBar'));
		if (key === 'suggest') {
			await this.window.state('running', (state) => state === 'running');
			return this.window.run('editor.action.inlineSuggest.trigger');
		}
		return this.window.press(KEYS[key]);
	}

	async command(command, argument = '', lines) {
		const { window } = this;
		if (lines) await window.select(lines[0] - 1, lines[1]);
		switch (command) {
			case 'chat':
				return this.#openChat();
			case 'ask':
				await window.run(lines ? 'eke.attach' : 'eke.chat.open');
				await this.#openChat();
				await this.type(argument);
				return window.press('Enter');
			case 'eke':
				return window.run(`eke.${argument}`);
			case 'apply':
				await window.chat().locator('button.apply').last().click();
				await window.preview();
				return window.finish('eke.preview.accept');
			default:
				return window.run({ regenerate: 'eke.chat.regenerate', cancel: 'eke.chat.stop', restart: 'eke.restart' }[command]);
		}
	}

	async #openChat() {
		await this.window.openChat();
		this.#isInChat = this.#wasInChat = true;
	}

	/** The extension's words, and what is typed on the screen. */
	async chat() {
		const said = await this.window.api((vscode) => vscode.extensions.getExtension('eke.eke').exports.transcript);
		return said.endsWith('## You\n\n') ? said + (await this.window.chat().locator('footer textarea').inputValue()) : said;
	}

	choose(title) {
		return this.window.page.locator('.notification-list-item-buttons-container a', { hasText: title }).first().click();
	}

	ghost() {
		return this.window.ghost();
	}

	messages() {
		return this.window.messages();
	}

	status() {
		return this.window.status();
	}

	async picture() {
		return `picture: ${await this.window.picture('conformance-failure')}`;
	}
}
