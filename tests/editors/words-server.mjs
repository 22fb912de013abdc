/*
 * A language server beside which eke lives: it completes words that the document has, and finds fault with a file's seventh line.
 *
 *     node words-server.mjs
 */
import { frame, Framing } from '../../editors/conformance/framing.mjs';

const texts = new Map();
const send = (message) => process.stdout.write(frame({ jsonrpc: '2.0', ...message }));

function complete({ textDocument: { uri }, position: { line, character } }) {
	const before = texts.get(uri).split('\n')[line].slice(0, character);
	const start = /\w*$/.exec(before)[0];
	const words = new Set(texts.get(uri).match(/\w{3,}/g));
	return [...words].filter((word) => word !== start && word.startsWith(start)).map((label) => ({ label }));
}

const handlers = {
	initialize: () => ({
		capabilities: { textDocumentSync: 1, completionProvider: { triggerCharacters: [] } },
		serverInfo: { name: 'words' },
	}),
	shutdown: () => null,
	exit: () => process.exit(0),
	'textDocument/completion': complete,
	'textDocument/didOpen': ({ textDocument: { uri, text } }) => {
		texts.set(uri, text);
		const range = { start: { line: 6, character: 0 }, end: { line: 6, character: 1 } };
		send({ method: 'textDocument/publishDiagnostics', params: { uri, diagnostics: [{ range, severity: 2, message: 'at fault' }] } });
	},
	'textDocument/didChange': ({ textDocument: { uri }, contentChanges }) => texts.set(uri, contentChanges.at(-1).text),
};

const framing = new Framing(({ id, method, params }) => {
	const result = handlers[method]?.(params);
	if (id === undefined || !method) return;
	send(method in handlers ? { id, result } : { id, error: { code: -32601, message: `unknown method ${method}` } });
});
process.stdin.on('data', (data) => framing.push(data));
process.stdin.on('end', () => process.exit(0));
