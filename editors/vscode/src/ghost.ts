/*
 * Ghost text. VS Code draws it, and keeps it while the user types through it; here it asks, also while the server is being
 * started, and the server is told what became of an answer. The finished API tells only that an item was taken as a whole (its
 * command). That one was shown is told when it was handed over in time; parts, other candidates and Escape are noticed by
 * commands of ours, which do what VS Code's own do.
 */
import * as vscode from 'vscode';

import type { InlineCompletionItem, InlineCompletionList, InlineCompletionParams } from '../../../protocol/eke.d.ts';
import type { Server } from './server.ts';
import { option } from './settings.ts';

interface Shown {
	uri: string;
	version: number;
	position: vscode.Position;
	line: string;
	items: InlineCompletionItem[];
	index: number;
}

const AUTOMATIC = 2;

export class Ghost implements vscode.InlineCompletionItemProvider {
	isPaused = () => false;
	#shown: Shown | undefined;
	#cycling = false;

	constructor(private readonly server: Server) {}

	async provideInlineCompletionItems(
		document: vscode.TextDocument,
		position: vscode.Position,
		context: vscode.InlineCompletionContext,
		token: vscode.CancellationToken,
	): Promise<vscode.InlineCompletionItem[] | undefined> {
		if (!option('enabled', true)) return undefined;
		await this.server.start();
		const client = this.server.client;
		if (!client || token.isCancellationRequested) return undefined;
		const params: InlineCompletionParams = client.code2ProtocolConverter.asInlineCompletionParams(
			document,
			position,
			context,
		) as InlineCompletionParams;
		const isAutomatic = params.context?.triggerKind === AUTOMATIC;
		if (isAutomatic && (this.isPaused() || option('completion.trigger', 'auto') !== 'auto')) return undefined;
		const former = this.#cycling ? this.#at(document, position) : undefined;
		if (former && former.items.length > 1) return this.#convert(former.items, token);
		const line = document.lineAt(position).text;
		const result = await this.#ask({ ...params, formattingOptions: formatting(document) }, token);
		if (token.isCancellationRequested) return undefined;
		if (!result) return this.#convert(this.#kept(document, position), token);
		if (!result.items.length) return this.#clear(document, position);
		this.#shown = { uri: document.uri.toString(), version: document.version, position, line, items: result.items, index: 0 };
		this.#tellShown();
		return this.#convert(result.items, token);
	}

	/* null leaves what is shown, as far as it goes on with what was typed since; VS Code would take it away. */
	#kept(document: vscode.TextDocument, position: vscode.Position): InlineCompletionItem[] {
		const shown = this.#shown;
		if (shown?.uri !== document.uri.toString() || shown.position.line !== position.line) return [];
		const line = document.lineAt(position).text;
		return shown.items.flatMap((item) => {
			const { start, end } = item.range;
			/* Closing brackets right of the cursor go when they are typed over, and come; what is behind the range stays. */
			const behind = shown.line.slice(end.character);
			const character = line.length - behind.length;
			if (start.character > position.character || character < position.character || !line.endsWith(behind)) return [];
			const before = document.getText(new vscode.Range(start.line, start.character, position.line, position.character));
			const range = { start, end: { line: end.line, character } };
			const rest = item.insertText.slice(before.length);
			const fits = [...line.slice(position.character, character)].every((char) => rest.includes(char));
			return item.insertText.startsWith(before) && fits ? [{ ...item, range }] : [];
		});
	}

	/* An error of a completion is nobody's business: the status says what is to be said. */
	async #ask(params: object, token: vscode.CancellationToken): Promise<InlineCompletionList | null> {
		try {
			return (
				(await this.server.client?.sendRequest<InlineCompletionList | null>(
					'textDocument/inlineCompletion',
					params,
					token,
				)) ?? null
			);
		} catch {
			return null;
		}
	}

	/* Nothing, if the server has ended meanwhile. */
	#convert(
		items: InlineCompletionItem[],
		token: vscode.CancellationToken,
	): Promise<vscode.InlineCompletionItem[]> | undefined {
		return this.server.client?.protocol2CodeConverter.asInlineCompletionResult(items, token);
	}

	/* The server means that what is shown is wrong. */
	async #clear(document: vscode.TextDocument, position: vscode.Position): Promise<undefined> {
		const editor = vscode.window.activeTextEditor;
		this.#shown = undefined;
		if (editor?.document === document && editor.selection.active.isEqual(position))
			await vscode.commands.executeCommand('editor.action.inlineSuggest.hide');
	}

	#at(document: vscode.TextDocument, position: vscode.Position): Shown | undefined {
		const shown = this.#shown;
		return shown?.uri === document.uri.toString() &&
			shown.version === document.version &&
			shown.position.isEqual(position)
			? shown
			: undefined;
	}

	/* The item that stands at the cursor, and how many of its UTF-16 units are in the text already. */
	#current(): { item: InlineCompletionItem; taken: number } | undefined {
		const editor = vscode.window.activeTextEditor;
		const shown = this.#shown;
		if (!editor || !shown || shown.uri !== editor.document.uri.toString()) return undefined;
		const at = editor.selection.active;
		const first = shown.items[shown.index];
		const others = shown.items.filter((one) => one !== first);
		for (const item of [first, ...others]) {
			if (!item) continue;
			const start = new vscode.Position(item.range.start.line, item.range.start.character);
			if (start.isAfter(at)) continue;
			const before = editor.document.getText(new vscode.Range(start, at)).replace(/\r\n/g, '\n');
			if (item.insertText.startsWith(before)) return { item, taken: before.length };
		}
		return undefined;
	}

	#tellShown(): void {
		const item = this.#shown?.items[this.#shown.index];
		if (item) this.server.notify('textDocument/didShowCompletion', { item });
	}

	/** Takes a part, by a command of VS Code's. */
	async takePart(command: string): Promise<void> {
		const before = this.#current();
		const editor = vscode.window.activeTextEditor;
		await vscode.commands.executeCommand(command);
		if (!before || !editor) return;
		const now = this.#current();
		if (now?.item === before.item && now.taken > before.taken && now.taken < now.item.insertText.length)
			this.server.notify('textDocument/didPartiallyAcceptCompletion', { item: now.item, acceptedLength: now.taken });
	}

	/** The next candidate, or the one before. */
	async cycle(step: 1 | -1): Promise<void> {
		this.#cycling = true;
		try {
			await vscode.commands.executeCommand(
				`editor.action.inlineSuggest.${step > 0 ? 'showNext' : 'showPrevious'}`,
			);
		} finally {
			this.#cycling = false;
		}
		const shown = this.#shown;
		if (!shown || shown.items.length < 2) return;
		shown.index = (shown.index + step + shown.items.length) % shown.items.length;
		this.#tellShown();
	}

	/** Turns what is shown down. */
	async dismiss(): Promise<void> {
		const current = this.#current();
		await vscode.commands.executeCommand('editor.action.inlineSuggest.hide');
		this.#shown = undefined;
		if (current && current.taken < current.item.insertText.length)
			await this.server.request('workspace/executeCommand', {
				command: 'eke.reject',
				arguments: current.item.command.arguments ?? [],
			});
	}

	/** What would be done with a completion at the cursor, and why. */
	async explain(): Promise<void> {
		const editor = vscode.window.activeTextEditor;
		if (!editor) return;
		const { line, character } = editor.selection.active;
		const { reason } = await this.server.request('completion/explain', {
			textDocument: { uri: editor.document.uri.toString() },
			position: { line, character },
		});
		void vscode.window.showInformationMessage(reason);
	}
}

/* LSP's FormattingOptions, as the editor has them. */
function formatting(document: vscode.TextDocument): { tabSize: number; insertSpaces: boolean } {
	const editor = vscode.window.visibleTextEditors.find((one) => one.document === document);
	const { tabSize, insertSpaces } = editor?.options ?? {};
	return {
		tabSize: typeof tabSize === 'number' ? tabSize : 4,
		insertSpaces: typeof insertSpaces === 'boolean' ? insertSpaces : true,
	};
}
