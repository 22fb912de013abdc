/* What can go along with a question: named, as far as the server can read it itself. */
import * as vscode from 'vscode';

import type { Context, ContextDiagnostic } from '../../../protocol/eke.d.ts';
import { SELECTOR } from './server.ts';

export interface Attachment {
	key: string;
	label: string;
	/** A codicon's name. */
	icon: string;
	detail: string;
	context: Context;
	/** The text that a selection had, to find the place again. */
	text?: string;
}

const MOST_FILES = 40;

let serial = 0;
const newKey = () => `a${++serial}`;

const plain = (range: vscode.Range) => ({
	start: { line: range.start.line, character: range.start.character },
	end: { line: range.end.line, character: range.end.character },
});

const shown = (uri: vscode.Uri) => vscode.workspace.asRelativePath(uri, false).split('/').at(-1) ?? uri.path;

/** The selection, or the lines of a range. */
export function selection(
	editor = vscode.window.activeTextEditor,
	range: vscode.Range | undefined = editor?.selection,
): Attachment | undefined {
	if (!editor || !range || range.isEmpty) return undefined;
	const { uri } = editor.document;
	const last = range.end.character === 0 && range.end.line > range.start.line ? range.end.line - 1 : range.end.line;
	return {
		key: newKey(),
		label: `${shown(uri)}:${range.start.line + 1}${last > range.start.line ? `-${last + 1}` : ''}`,
		icon: 'selection',
		detail: vscode.workspace.asRelativePath(uri),
		context: { kind: 'selection', uri: uri.toString(), range: plain(range) },
		text: editor.document.getText(range),
	};
}

/** A whole file. */
export function attach(uri = vscode.window.activeTextEditor?.document.uri): Attachment | undefined {
	if (!uri) return undefined;
	return {
		key: newKey(),
		label: shown(uri),
		icon: 'file',
		detail: vscode.workspace.asRelativePath(uri),
		context: { kind: 'file', uri: uri.toString() },
	};
}

export const diagnostic = ({ range, message, severity, source, code }: vscode.Diagnostic): ContextDiagnostic => ({
	range: plain(range),
	message,
	severity: (severity + 1) as 1 | 2 | 3 | 4,
	...(source ? { source } : {}),
	...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
});

/** The problems of the file in the editor. */
export function problems(): Attachment | undefined {
	const uri = vscode.window.activeTextEditor?.document.uri;
	const found = uri ? vscode.languages.getDiagnostics(uri) : [];
	if (!uri || !found.length) {
		void vscode.window.showInformationMessage(vscode.l10n.t('There are no problems in this file.'));
		return undefined;
	}
	return {
		key: newKey(),
		label:
			found.length === 1
				? vscode.l10n.t('1 problem of {0}', shown(uri))
				: vscode.l10n.t('{0} problems of {1}', found.length, shown(uri)),
		icon: 'warning',
		detail: found.map(({ message }) => message).join('\n'),
		context: { kind: 'diagnostics', uri: uri.toString(), items: found.map(diagnostic) },
	};
}

/** What is selected in the terminal. The API has no word for it; the clipboard is as before afterwards. */
export async function terminal(): Promise<Attachment | undefined> {
	const before = await vscode.env.clipboard.readText();
	await vscode.env.clipboard.writeText('');
	await vscode.commands.executeCommand('workbench.action.terminal.copySelection');
	const text = await vscode.env.clipboard.readText();
	await vscode.env.clipboard.writeText(before);
	if (!text.trim()) {
		void vscode.window.showInformationMessage(vscode.l10n.t('Nothing is selected in the terminal.'));
		return undefined;
	}
	const lines = text.trim().split('\n').length;
	return {
		key: newKey(),
		label: lines === 1 ? vscode.l10n.t('terminal, 1 line') : vscode.l10n.t('terminal, {0} lines', lines),
		icon: 'terminal',
		detail: text,
		context: { kind: 'text', name: 'terminal', text },
	};
}

/** What goes to the server: it reads files of its own machine and knows what is open; of anything else it gets the text. */
export async function readable({ context, label }: Attachment): Promise<Context> {
	if (context.kind !== 'selection' && context.kind !== 'file') return context;
	const uri = vscode.Uri.parse(context.uri, true);
	if (uri.scheme === 'file') return context;
	const document = await vscode.workspace.openTextDocument(uri); // the server is told of it
	if (vscode.languages.match(SELECTOR, document)) return context;
	const { start, end } = context.range ?? {};
	const range = start && end && new vscode.Range(start.line, start.character, end.line, end.character);
	return { kind: 'text', name: label, text: document.getText(range), languageId: document.languageId };
}

/* A glob is about case; who types a name is not. */
const eitherCase = (char: string) => {
	const [small, large] = [char.toLowerCase(), char.toUpperCase()];
	return small !== large && small.length === large.length ? `[${small}${large}]` : char;
};

/**
 * Files of the workspace whose paths have what was typed, else whose names have its letters one behind the other, by these paths:
 * first what is open, then names that begin with it, names that have it, the shortest.
 */
export async function findFiles(query: string): Promise<Map<string, vscode.Uri>> {
	const letters = [...query.replace(/[{}[\]*?,]/g, '')].map(eitherCase);
	const search = (middle: string) => vscode.workspace.findFiles(`**/*${middle}${middle && '*'}`, undefined, MOST_FILES);
	let found = await search(letters.join(''));
	if (!found.length && letters.length > 1) found = await search(letters.join('*'));
	const open = vscode.window.tabGroups.all
		.flatMap(({ tabs }) => tabs)
		.flatMap(({ input }) => (input instanceof vscode.TabInputText ? [input.uri] : []))
		.filter((uri) => vscode.workspace.getWorkspaceFolder(uri));
	const shownAs = (uri: vscode.Uri) => vscode.workspace.asRelativePath(uri);
	const wanted = query.toLowerCase();
	const openPaths = new Map(open.map((uri) => [shownAs(uri), uri]).filter(([path]) => String(path).toLowerCase().includes(wanted)) as [string, vscode.Uri][]);
	const rank = (path: string) => {
		if (openPaths.has(path)) return 0;
		const at = path.slice(path.lastIndexOf('/') + 1).toLowerCase().indexOf(wanted);
		return at === 0 ? 1 : at > 0 ? 2 : 3;
	};
	const paths = [...openPaths, ...found.map((uri) => [shownAs(uri), uri] as const)];
	return new Map(paths.sort(([a], [b]) => rank(a) - rank(b) || a.length - b.length || a.localeCompare(b)));
}
