// The conformance suite against the extension's own modules, without VS Code: what `make test` can run anywhere. The real workbench
// plays the same in conformance.test.mjs. EKE_TRANSCRIPT plays one transcript.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';

import { play, transcripts } from '../../editors/conformance/runner.mjs';
import { asInVsCode, notHere } from './adapt.mjs';

const { Host, root } = createRequire(import.meta.url)('./standin/host.cjs');
const types = createRequire(import.meta.url)('./standin/types.cjs');
const extension = `${root}/editors/vscode`;
const skip = !existsSync(`${extension}/dist/extension.js`) && 'editors/vscode/dist is not there: make test says why';
const only = process.env.EKE_TRANSCRIPT?.split(',');

const COMMANDS = {
	accept: 'editor.action.inlineSuggest.commit',
	acceptWord: 'eke.acceptWord',
	acceptLine: 'eke.acceptLine',
	next: 'eke.next',
	previous: 'eke.previous',
	dismiss: 'eke.dismiss',
	suggest: 'editor.action.inlineSuggest.trigger',
};

class Driver {
	#isInChat = false;

	async start({ command, folder, options = {}, settings = {} }) {
		this.host = new Host(folder, extension);
		this.host.settings.set('eke.command', command).set('eke.restartDelay', 50);
		if (options.auto === false) this.host.settings.set('eke.completion.trigger', 'manual');
		for (const [section, values] of Object.entries(settings))
			for (const [key, value] of Object.entries(values)) this.host.settings.set(`eke.${section}.${key}`, value);
		await this.host.start();
	}

	stop() {
		return this.host.stop();
	}

	async open(path, { line, column }) {
		this.#isInChat = false;
		const row = (await readFile(path, 'utf8')).split(/\r?\n/)[line] ?? '';
		this.host.open(path, new types.Position(line, [...row].slice(0, column).join('').length));
	}

	async type(text) {
		if (this.#isInChat) this.host.page.draft += text;
		else for (const char of text) void this.host.editor.type(char);
	}

	async press(key) {
		const { host } = this;
		if (key === 'send') this.#send();
		else if (key === 'leave') host.editor.leave();
		else if (key === 'backspace') void host.editor.backspace();
		else if (key in COMMANDS) void host.execute(COMMANDS[key]);
	}

	/* As the page does it at Enter. */
	#send() {
		const { page } = this.host;
		const prompt = page.draft.trim();
		if (!prompt) return;
		page.draft = '';
		page.heard.fire({ type: 'send', prompt });
	}

	async command(command, argument = '', lines) {
		const { host } = this;
		if (lines) host.editor.selection = new types.Selection(new types.Position(lines[0] - 1, 0), new types.Position(lines[1], 0));
		if (command === 'chat') await this.#openChat();
		else if (command === 'ask') {
			if (lines) await host.execute('eke.attach');
			await this.#openChat();
			host.page.draft += argument;
			this.#send();
		} else if (command === 'apply') {
			const code = /```\w*\n([^]*?)```/.exec(this.host.exports.transcript)[1];
			host.page.heard.fire({ type: 'code', action: 'apply', text: code, language: 'c', key: '' });
			await new Promise((resolve) => setImmediate(resolve));
			await host.execute('eke.preview.accept');
		} else {
			const name = { eke: `eke.${argument}`, regenerate: 'eke.chat.regenerate', cancel: 'eke.chat.stop', restart: 'eke.restart' }[command];
			void host.execute(name);
		}
	}

	async #openChat() {
		await this.host.execute('eke.chat.open');
		this.#isInChat = true;
	}

	chat() {
		const said = this.host.exports.transcript;
		return said.endsWith('## You\n\n') ? said + (this.host.page?.draft ?? '') : said;
	}

	async choose(title) {
		const isIt = (one) => one === title || one.title === title;
		const asked = ({ offered }) => offered.some(isIt);
		if (!this.host.questions.some(asked))
			await new Promise((resolve) => this.host.asked.event((question) => asked(question) && resolve()));
		const { offered, resolve } = this.host.questions.find(asked);
		resolve(offered.find(isIt));
	}

	ghost() {
		return this.host.editor.ghost();
	}

	buffer() {
		const { document, at } = this.host.editor;
		const plain = (text) => text.replace(/\r\n/g, '\n');
		return {
			text: plain(document.getText()).replace(/\n$/, ''),
			before: plain(document.text.slice(0, document.offsetAt(at))),
		};
	}

	text(path) {
		const document = this.host.documents.find(({ uri }) => uri.fsPath === path);
		return document?.getText().replace(/\r\n/g, '\n').replace(/\n$/, '');
	}

	messages() {
		return this.host.messages.join('\n');
	}

	status() {
		return this.host.item.text;
	}

	picture() {
		return this.host.log.slice(-10).join('\n');
	}
}

describe("conformance of the extension's modules", { skip }, async () => {
	for (const transcript of await transcripts())
		if (!only || only.includes(transcript.name))
			test(transcript.name, { timeout: 60_000, skip: notHere[transcript.name] }, () =>
				play(asInVsCode(transcript), new Driver()),
			);
});
