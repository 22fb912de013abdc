/*
 * An editor without a screen: one open document, a cursor, and the ghost text that the server offers there. Each edit goes out
 * as textDocument/didChange and is followed by an automatic textDocument/inlineCompletion, as in editors that people use.
 * Nothing is kept from an earlier answer: what the ghost shows is what the server said about this very position.
 */
export class Editor {
	#client;
	#version = 1;
	#asked = 0;

	constructor(client, { uri, languageId, text, at }) {
		this.#client = client;
		this.uri = uri;
		this.languageId = languageId;
		this.text = text;
		/** Offset of the cursor; JavaScript's units are LSP's (UTF-16). */
		this.at = at;
		/** { text, item } or null. */
		this.ghost = null;
		/** Keys pressed so far: letters, Enter, Backspace, Tab. */
		this.keys = 0;
		/** Called when a streaming answer has grown. */
		this.onGrowth = () => {};
		client.on('$/progress', ({ token, value }) => {
			if (token !== this.#asked) return;
			this.ghost = { text: (this.ghost?.text ?? '') + (value.text ?? '') };
			this.onGrowth();
		});
	}

	open() {
		const { uri, languageId, text } = this;
		this.#client.notify('textDocument/didOpen', { textDocument: { uri, languageId, version: this.#version, text } });
	}

	position(at = this.at) {
		const before = this.text.slice(0, at);
		return { line: before.split('\n').length - 1, character: at - before.lastIndexOf('\n') - 1 };
	}

	/** A key that inserts text. Resolves to the answer for the new position, or null; see ask(). */
	type(text) {
		this.#edit(this.at, this.at, text);
		return this.ask();
	}

	backspace() {
		this.#edit(this.at - 1, this.at, '');
		return this.ask();
	}

	/** Tab: inserts what the ghost shows and tells the server. */
	async accept() {
		const { text, item } = this.ghost;
		this.#edit(this.at, this.at, text);
		await this.#client.request('workspace/executeCommand', item.command);
	}

	#edit(from, to, text) {
		const range = { start: this.position(from), end: this.position(to) };
		this.text = this.text.slice(0, from) + text + this.text.slice(to);
		this.at = from + text.length;
		this.ghost = null;
		this.keys++;
		this.#client.notify('textDocument/didChange', {
			textDocument: { uri: this.uri, version: ++this.#version }, contentChanges: [{ range, text }],
		});
	}

	/** Resolves to { item, ms } for the cursor's position; item is null if there is nothing to show or another key came since. */
	async ask() {
		const number = ++this.#asked;
		const began = performance.now();
		const result = await this.#client.request('textDocument/inlineCompletion', {
			textDocument: { uri: this.uri }, position: this.position(), context: { triggerKind: 2 }, streamToken: number,
		});
		const ms = performance.now() - began;
		const item = result?.items[0] ?? null;
		if (number !== this.#asked) return { item: null, ms };
		this.ghost = item && { text: this.#insertion(item), item };
		return { item, ms };
	}

	/** What an item would add at the cursor: its text without what its range has already. */
	#insertion({ insertText, range }) {
		const there = this.text.slice(this.at - (this.position().character - range.start.character), this.at);
		if (!insertText.startsWith(there)) throw new Error(`eke's item does not begin with what it replaces: ${JSON.stringify(there)}`);
		return insertText.slice(there.length);
	}
}

/**
 * A function of a C file, half written: its body after the declarations (up to the first empty line) is taken out.
 * @returns {{text: string, at: number, rest: string, from: number, below: number, height: number}} the document, the cursor in it,
 *     what was taken out; and where the whole function stands: its first line (from 0), the lines below it, its own
 */
export function halfWritten(source, name) {
	const head = new RegExp(`^[^\\s#/*][^;{}]*\\b${name}\\([^;{}]*\\)\\n\\{\\n`, 'm').exec(source);
	if (!head) throw new Error(`there is no function ${name} with a body`);
	const end = source.indexOf('\n}\n', head.index);
	const body = head.index + head[0].length;
	const gap = source.slice(body, end).indexOf('\n\n');
	if (gap < 0) throw new Error(`${name} has no declarations with an empty line behind them`);
	const from = body + gap + 2 + /^\t*/.exec(source.slice(body + gap + 2))[0].length;
	const ends = (text) => text.split('\n').length - 1;
	return {
		text: source.slice(0, from) + source.slice(end), at: from, rest: source.slice(from, end),
		from: ends(source.slice(0, head.index)), below: ends(source.slice(end + 2)), height: ends(source.slice(head.index, end + 2)) + 1,
	};
}
