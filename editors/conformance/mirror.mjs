/*
 * The server's copy of an editor's documents, kept by didOpen, didChange and didClose as the protocol says, and intolerant of
 * what it does not allow.
 */

const EOL = /\r\n|\n|\r/;

/** The number of units that a text has in a position encoding. */
export function units(text, encoding) {
	return encoding === 'utf-8' ? Buffer.byteLength(text) : text.length;
}

/** The index, in a string of JavaScript, of so many units; past the end counts as the end. */
function index(text, count, encoding) {
	if (encoding === 'utf-16') return Math.min(count, text.length);
	return Buffer.from(text).subarray(0, count).toString('utf8').length;
}

export class Mirror {
	documents = new Map();
	encoding = 'utf-16';

	/** Takes a notification about documents; throws where it breaks the protocol. */
	take(method, params) {
		const { uri, version } = params.textDocument;
		const document = this.documents.get(uri);
		if (method === 'textDocument/didOpen') {
			if (document) throw new Error(`didOpen of ${uri}, which is open`);
			const { languageId, text } = params.textDocument;
			if (typeof languageId !== 'string' || typeof text !== 'string' || !Number.isInteger(version))
				throw new Error(`didOpen without languageId, version or text: ${JSON.stringify(params).slice(0, 200)}`);
			this.documents.set(uri, { uri, languageId, version, text });
			return;
		}
		if (!document) throw new Error(`${method} of ${uri}, which is not open`);
		if (method === 'textDocument/didClose') this.documents.delete(uri);
		if (method !== 'textDocument/didChange') return;
		if (!(version > document.version))
			throw new Error(`didChange of ${uri} from version ${document.version} to ${version}`);
		document.version = version;
		for (const change of params.contentChanges) this.#change(document, change);
	}

	#change(document, { range, text }) {
		if (!range) {
			document.text = text;
			return;
		}
		const start = this.offset(document.text, range.start);
		const end = this.offset(document.text, range.end);
		if (start > end) throw new Error(`a range that ends before it starts: ${JSON.stringify(range)}`);
		document.text = document.text.slice(0, start) + text + document.text.slice(end);
	}

	/** The offset of a position; past the end of a line or of the text counts as that end. */
	offset(text, { line, character }) {
		let at = 0;
		let rest = text;
		for (let i = 0; i < line; i++) {
			const match = EOL.exec(rest);
			if (!match) return text.length;
			at += match.index + match[0].length;
			rest = text.slice(at);
		}
		const end = EOL.exec(rest);
		const content = end ? rest.slice(0, end.index) : rest;
		return at + index(content, character, this.encoding);
	}

	/** The line of a position, and what of it is left of the position. */
	place(uri, { line, character }) {
		const document = this.documents.get(uri);
		if (!document) throw new Error(`a request about ${uri}, which is not open`);
		const content = document.text.split(EOL)[line] ?? '';
		if (character > units(content, this.encoding))
			throw new Error(`character ${character} in a line of ${units(content, this.encoding)}: ${content}`);
		const at = index(content, character, this.encoding);
		return { content, at, marked: `${content.slice(0, at)}‸${content.slice(at)}` };
	}

	/** The only open document whose name ends so. */
	named(name) {
		return [...this.documents.values()].find(({ uri }) => decodeURIComponent(uri).endsWith(`/${name}`));
	}
}
