/*
 * Documents, and one editor with ghost text as VS Code draws it: an item is shown as long as the text between its range's start and
 * the cursor is the beginning of it; every change asks the provider anew and gives the question before up; an answer takes the
 * place of what was shown.
 */
const types = require('./types.cjs');

const { Position, Range, Selection } = types;

class TextDocument {
	version = 1;
	isClosed = false;
	isDirty = false;
	isUntitled = false;
	constructor(uri, languageId, text) {
		Object.assign(this, { uri, fileName: uri.fsPath, languageId, text, eol: text.includes('\r\n') ? 2 : 1 });
	}
	get lineCount() {
		return this.#lines().length;
	}
	#lines() {
		return this.text.split(/\r\n|\n/);
	}
	lineAt({ line }) {
		return { text: this.#lines()[line] };
	}
	getText(range) {
		return range ? this.text.slice(this.offsetAt(range.start), this.offsetAt(range.end)) : this.text;
	}
	offsetAt({ line, character }) {
		const lines = this.#lines();
		if (line >= lines.length) return this.text.length;
		const ending = this.eol === 2 ? 2 : 1;
		const before = lines.slice(0, line).reduce((sum, one) => sum + one.length + ending, 0);
		return before + Math.min(character, lines[line].length);
	}
	positionAt(offset) {
		const lines = this.text.slice(0, offset).split(/\r\n|\n/);
		return new Position(lines.length - 1, lines.at(-1).length);
	}
	validateRange(range) {
		return new Range(this.positionAt(this.offsetAt(range.start)), this.positionAt(this.offsetAt(range.end)));
	}
	save() {
		return Promise.resolve(true);
	}
}

class Editor {
	visible = true;
	items = [];
	index = 0;
	#asking;
	options = { tabSize: 4, insertSpaces: false };
	constructor(document, host) {
		Object.assign(this, { document, host, selection: new Selection(new Position(0, 0), new Position(0, 0)) });
	}

	get at() {
		return this.selection.active;
	}

	move(position) {
		this.selection = new Selection(position, position);
	}

	/* Lines end as the file's do. */
	replace(range, text) {
		const { document } = this;
		const written = document.eol === 2 ? text.replace(/\r?\n/g, '\r\n') : text;
		const start = document.offsetAt(range.start);
		const end = document.offsetAt(range.end);
		document.text = document.text.slice(0, start) + written + document.text.slice(end);
		document.version++;
		const change = { range, rangeOffset: start, rangeLength: end - start, text: written };
		this.host.changed.fire({ document, contentChanges: [change], reason: undefined });
		return document.positionAt(start + written.length);
	}

	type(char) {
		this.move(this.replace(this.selection, char));
		return this.ask(1);
	}

	backspace() {
		const end = this.document.offsetAt(this.at);
		const start = this.document.positionAt(end - 1);
		this.move(start);
		this.move(this.replace(new Range(start, this.document.positionAt(end)), ''));
		this.items = [];
		return this.ask(1);
	}

	/** Asks the provider; a newer question gives an older one up. */
	async ask(triggerKind) {
		this.#asking?.cancel();
		const asking = (this.#asking = new types.CancellationTokenSource());
		const position = this.at;
		const found = await this.host.provider?.provideInlineCompletionItems(
			this.document,
			position,
			{ triggerKind, selectedCompletionInfo: undefined },
			asking.token,
		);
		if (asking.token.isCancellationRequested || !this.visible) return;
		this.items = (found?.items ?? found ?? []).map((item) => ({ ...item, start: item.range.start, tail: this.#right(item) }));
		if (triggerKind === 1 || this.index >= this.items.length) this.index = 0;
	}

	/* How many characters behind the cursor an item replaces. */
	#right(item) {
		return this.document.offsetAt(item.range.end) - this.document.offsetAt(this.at);
	}

	#rest(item = this.items[this.index]) {
		if (!item || item.start.isAfter(this.at)) return undefined;
		const before = this.document.getText(new Range(item.start, this.at)).replace(/\r\n/g, '\n');
		return item.insertText.startsWith(before) && item.insertText.length > before.length
			? item.insertText.slice(before.length)
			: undefined;
	}

	/** What is drawn; what stands behind the cursor and comes again in the item is not drawn twice. */
	ghost() {
		const item = this.items[this.index];
		let rest = this.visible ? this.#rest(item) : undefined;
		if (rest === undefined) return null;
		const offset = this.document.offsetAt(this.at);
		for (const char of this.document.text.slice(offset, offset + item.tail)) {
			const found = rest.lastIndexOf(char);
			if (found >= 0) rest = rest.slice(0, found) + rest.slice(found + 1);
		}
		return rest;
	}

	async take(length) {
		const item = this.items[this.index];
		const rest = this.#rest(item);
		if (rest === undefined) return false;
		const part = rest.slice(0, length(rest));
		const isAll = part.length === rest.length;
		const end = this.document.positionAt(this.document.offsetAt(this.at) + (isAll ? item.tail : 0));
		this.move(this.replace(new Range(this.at, end), part));
		if (!isAll) return true;
		this.items = [];
		if (item.command) await this.host.execute(item.command.command, ...(item.command.arguments ?? []));
		return true;
	}

	hide() {
		this.#asking?.cancel();
		this.items = [];
	}

	leave() {
		this.visible = false;
		this.hide();
	}
}

module.exports = { Editor, TextDocument };
