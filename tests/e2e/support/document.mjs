/*
 * A document as an editor has it: text, a cursor, versions. Edits go to eke as incremental changes.
 */

/** Lengths are UTF-16 units in JavaScript; in UTF-8 they are bytes. */
const lengthIn = (unit, text) => (unit === 'utf-8' ? Buffer.byteLength(text) : text.length);

export class Document {
	#client;

	constructor(client, text, { uri, languageId, version, unit }) {
		const cursor = text.indexOf('‸');

		this.#client = client;
		this.uri = uri;
		this.languageId = languageId;
		this.version = version;
		this.unit = unit;
		this.text = text.replace('‸', '');
		/** UTF-16 units from the start. */
		this.cursor = cursor < 0 ? this.text.length : cursor;
	}

	open() {
		const { uri, languageId, version, text } = this;

		return this.#client.notify('textDocument/didOpen', { textDocument: { uri, languageId, version, text } });
	}

	close() {
		return this.#client.notify('textDocument/didClose', { textDocument: { uri: this.uri } });
	}

	/** LSP's position of an offset, which must not be inside a line end of two characters. */
	position(offset = this.cursor) {
		const lines = this.text.slice(0, offset).split(/\r\n|\r|\n/);

		return { line: lines.length - 1, character: lengthIn(this.unit, lines.at(-1)) };
	}

	range(from, to) {
		return { start: this.position(from), end: this.position(to) };
	}

	/** Replaces [from, to) in the text; returns the content change. Tells nobody. */
	edit(from, to, text) {
		const range = this.range(from, to);

		this.text = this.text.slice(0, from) + text + this.text.slice(to);
		this.cursor = from + text.length;
		return { range, text };
	}

	/** Tells eke of content changes, as one new version. */
	send(contentChanges, version = ++this.version) {
		this.version = version;
		return this.#client.notify('textDocument/didChange', { textDocument: { uri: this.uri, version }, contentChanges });
	}

	/** Replaces [from, to) and tells eke. The cursor is behind it. */
	replace(from, to, text) {
		return this.send([this.edit(from, to, text)]);
	}

	/** Types at the cursor. */
	type(text) {
		return this.replace(this.cursor, this.cursor, text);
	}

	/** Takes n characters before the cursor away. */
	backspace(n = 1) {
		return this.replace(this.cursor - n, this.cursor, '');
	}

	/** inlineCompletion at the cursor, in two parts: { answer, cancel() }. */
	startComplete({ automatic = false, selectedCompletionInfo, ...more } = {}) {
		return this.#client.start('textDocument/inlineCompletion', {
			textDocument: { uri: this.uri },
			position: this.position(),
			context: { triggerKind: automatic ? 2 : 1, ...(selectedCompletionInfo ? { selectedCompletionInfo } : {}) },
			...more,
		});
	}

	/** Resolves to the result: { items } or null. */
	complete(options) {
		return this.startComplete(options).answer;
	}

	/** The text that the first item inserts, or null. */
	async suggestion(options) {
		const result = await this.complete(options);

		return result && result.items[0].insertText;
	}
}
