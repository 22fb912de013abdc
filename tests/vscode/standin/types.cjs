/* Values of VS Code's API: those that the extension and vscode-languageclient look into. */
const { pathToFileURL, fileURLToPath } = require('node:url');

class Position {
	constructor(line, character) {
		Object.assign(this, { line, character });
	}
	compareTo(other) {
		return this.line - other.line || this.character - other.character;
	}
	isAfter(other) {
		return this.compareTo(other) > 0;
	}
	isEqual(other) {
		return this.compareTo(other) === 0;
	}
	isBeforeOrEqual(other) {
		return this.compareTo(other) <= 0;
	}
}

class Range {
	constructor(...ends) {
		const [start, end] = ends.length === 4 ? [new Position(ends[0], ends[1]), new Position(ends[2], ends[3])] : ends;
		[this.start, this.end] = start.isAfter(end) ? [end, start] : [start, end];
	}
	get isEmpty() {
		return this.start.isEqual(this.end);
	}
	contains(position) {
		return this.start.isBeforeOrEqual(position) && position.isBeforeOrEqual(this.end);
	}
}

class Selection extends Range {
	constructor(...ends) {
		super(...ends);
		this.active = this.end;
	}
}

class Uri {
	constructor(url) {
		const { protocol, pathname } = new URL(url);
		Object.assign(this, { url, scheme: protocol.slice(0, -1), path: decodeURIComponent(pathname), authority: '', query: '', fragment: '' });
	}
	get fsPath() {
		return this.scheme === 'file' ? fileURLToPath(this.url) : this.path;
	}
	toString() {
		return this.url;
	}
	static file(path) {
		return new Uri(pathToFileURL(path).href);
	}
	static parse(text) {
		return new Uri(text);
	}
	static from({ scheme, path }) {
		return new Uri(`${scheme}:${encodeURI(path)}`);
	}
	static joinPath(uri, ...parts) {
		return new Uri([uri.url, ...parts].join('/'));
	}
}

class Disposable {
	constructor(dispose = () => {}) {
		this.dispose = dispose;
	}
	static from(...list) {
		return new Disposable(() => list.forEach((one) => one.dispose()));
	}
}

class EventEmitter {
	#listeners = new Set();
	event = (listener, self, disposables) => {
		const call = self ? listener.bind(self) : listener;
		this.#listeners.add(call);
		const made = new Disposable(() => this.#listeners.delete(call));
		disposables?.push(made);
		return made;
	};
	fire(value) {
		for (const listener of [...this.#listeners]) listener(value);
	}
	dispose() {
		this.#listeners.clear();
	}
}

class CancellationTokenSource {
	#emitter = new EventEmitter();
	constructor() {
		this.token = { isCancellationRequested: false, onCancellationRequested: this.#emitter.event };
	}
	cancel() {
		if (this.token.isCancellationRequested) return;
		this.token.isCancellationRequested = true;
		this.#emitter.fire();
	}
	dispose() {}
}

class CancellationError extends Error {}

class TextEdit {
	constructor(range, newText) {
		Object.assign(this, { range, newText });
	}
	static replace(range, newText) {
		return new TextEdit(range, newText);
	}
}

class WorkspaceEdit {
	#entries = new Map();
	set(uri, edits) {
		this.#entries.set(uri.toString(), edits.map((one) => (Array.isArray(one) ? one[0] : one)));
	}
	entries() {
		return [...this.#entries].map(([uri, edits]) => [Uri.parse(uri), edits]);
	}
	get size() {
		return this.#entries.size;
	}
}

class InlineCompletionItem {
	constructor(insertText, range, command) {
		Object.assign(this, { insertText, range, command });
	}
}

class MarkdownString {
	value = '';
	appendMarkdown(text) {
		this.value += text;
		return this;
	}
	appendText(text) {
		return this.appendMarkdown(text);
	}
}

class TabInputTextDiff {
	constructor(original, modified) {
		Object.assign(this, { original, modified });
	}
}

/** What is only made, extended, or compared: a class whose members are numbers of their own. */
function anything(name) {
	const known = new Map();
	const made = { [name]: class {} }[name];
	return new Proxy(made, {
		get(target, member) {
			if (member in target || typeof member === 'symbol') return Reflect.get(target, member);
			if (!known.has(member)) known.set(member, known.size);
			return known.get(member);
		},
	});
}

module.exports = {
	Position, Range, Selection, Uri, Disposable, EventEmitter, CancellationTokenSource, CancellationError,
	TextEdit, WorkspaceEdit, InlineCompletionItem, MarkdownString, TabInputTextDiff, anything,
	InlineCompletionTriggerKind: { Invoke: 0, Automatic: 1 },
	TextDocumentChangeReason: { Undo: 1, Redo: 2 },
	LogLevel: { Off: 0, Trace: 1, Debug: 2, Info: 3, Warning: 4, Error: 5 },
	ConfigurationTarget: { Global: 1, Workspace: 2, WorkspaceFolder: 3 },
};
