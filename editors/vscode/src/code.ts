/* What the buttons of a code block do. */
import * as vscode from 'vscode';

import type { Attachment } from './attach.ts';
import { placeIn } from './place.ts';
import type { Preview } from './preview.ts';
import type { CodeAction } from './view.ts';

let preview: Preview;

export function setPreview(made: Preview): void {
	preview = made;
}

/** Copies, inserts, applies or opens the code; `target` is what the question was about. */
export async function runCode(
	action: CodeAction,
	text: string,
	language: string,
	target: Attachment | undefined,
): Promise<void> {
	switch (action) {
		case 'copy':
			return vscode.env.clipboard.writeText(text);
		case 'newFile': {
			const known = await vscode.languages.getLanguages();
			const document = await vscode.workspace.openTextDocument({
				content: text,
				...(known.includes(language) ? { language } : {}),
			});
			await vscode.window.showTextDocument(document);
			return;
		}
		case 'insert': {
			const editor = editorBeside();
			if (!editor) return;
			await editor.edit((edit) => editor.selections.forEach((one) => edit.replace(one, text)));
			await vscode.window.showTextDocument(editor.document, editor.viewColumn);
			return;
		}
		case 'apply': {
			await applyCode(text, target);
		}
	}
}

/* The editor that was used last: that of the webview has the focus. */
function editorBeside(): vscode.TextEditor | undefined {
	const editor = vscode.window.activeTextEditor ?? vscode.window.visibleTextEditors[0];
	if (!editor) void vscode.window.showInformationMessage(vscode.l10n.t('Open a file first.'));
	return editor;
}

/** Shows the code in the place of what was asked about, else of the selection, else of what it is a new version of. True: it was accepted. */
export async function applyCode(text: string, target: Attachment | undefined): Promise<boolean> {
	const place = (target && (await placeOf(target, text))) ?? here(text);
	if (!place) return false;
	const { document, range } = place;
	const now = document.getText(range);
	const isWholeLines = now.endsWith('\n') || (now === '' && range.start.character === 0);
	const code = isWholeLines ? text.replace(/\n?$/, '\n') : text.replace(/\n$/, '');
	const name = document.uri.path.split('/').at(-1) ?? '';
	return preview.propose(document, [vscode.TextEdit.replace(range, code)], vscode.l10n.t('{0}: as proposed', name));
}

interface Place {
	document: vscode.TextDocument;
	range: vscode.Range;
}

function here(code: string): Place | undefined {
	const editor = editorBeside();
	if (!editor) return undefined;
	const { document, selection } = editor;
	return (selection.isEmpty ? versionIn(document, code) : undefined) ?? { document, range: selection };
}

function versionIn(document: vscode.TextDocument, code: string): Place | undefined {
	const found = placeIn(document.getText(), code);
	return found && { document, range: document.validateRange(new vscode.Range(found.start, 0, found.end, 0)) };
}

/* Where what was asked about is now: there still, or elsewhere in the file and nowhere twice. */
async function placeOf({ context, text }: Attachment, code: string): Promise<Place | undefined> {
	if (context.kind === 'file') return versionIn(await vscode.workspace.openTextDocument(vscode.Uri.parse(context.uri, true)), code);
	if (context.kind !== 'selection' || !context.range || text === undefined) return undefined;
	const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(context.uri, true));
	const { start, end } = context.range;
	const range = new vscode.Range(start.line, start.character, end.line, end.character);
	if (document.getText(range) === text) return { document, range };
	const whole = document.getText();
	const at = whole.indexOf(text);
	if (at < 0 || whole.indexOf(text, at + 1) >= 0) return undefined;
	return { document, range: new vscode.Range(document.positionAt(at), document.positionAt(at + text.length)) };
}
