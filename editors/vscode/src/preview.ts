/*
 * A change is looked at before it is made: the differences in VS Code's own editor, the text as it is on the left, as it would
 * be on the right. The right can be edited, and the arrows between the two take a part back; nothing is changed until it is
 * accepted. The right side is a file in memory.
 */
import * as vscode from 'vscode';

const SCHEME = 'eke-edit';

interface Open {
	target: vscode.Uri;
	version: number;
	decide: (accepted: boolean) => void;
}

export class Preview implements vscode.FileSystemProvider {
	#files = new Map<string, { bytes: Uint8Array; time: number }>();
	#open = new Map<string, Open>();
	#changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
	readonly onDidChangeFile = this.#changed.event;
	#serial = 0;

	constructor(subscriptions: vscode.Disposable[]) {
		subscriptions.push(
			vscode.workspace.registerFileSystemProvider(SCHEME, this, { isCaseSensitive: true }),
			vscode.commands.registerCommand('eke.preview.accept', () => this.#accept()),
			vscode.commands.registerCommand('eke.preview.discard', () => this.#discard()),
			// Closed without a word: discarded.
			vscode.window.tabGroups.onDidChangeTabs(({ closed }) => {
				this.#note();
				for (const { input } of closed)
					if (input instanceof vscode.TabInputTextDiff) this.#decide(input.modified, false);
			}),
		);
	}

	/** Shows what edits would make of a document; true: they were accepted and made. */
	async propose(document: vscode.TextDocument, edits: readonly vscode.TextEdit[], title: string): Promise<boolean> {
		const text = applied(document, edits);
		if (text === document.getText()) {
			void vscode.window.showInformationMessage(vscode.l10n.t('Nothing would change.'));
			return false;
		}
		const name = document.uri.path.split('/').at(-1) ?? 'edit';
		const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${++this.#serial}/${name}` });
		this.#files.set(uri.path, { bytes: new TextEncoder().encode(text), time: Date.now() });
		const decided = new Promise<boolean>((decide) =>
			this.#open.set(uri.path, { target: document.uri, version: document.version, decide }),
		);
		await vscode.workspace.openTextDocument(uri).then((made) =>
			vscode.languages.setTextDocumentLanguage(made, document.languageId),
		);
		await vscode.commands.executeCommand('vscode.diff', document.uri, uri, title, { preview: false });
		this.#note();
		return decided;
	}

	/* For keys: is a preview looked at? */
	#note(): void {
		void vscode.commands.executeCommand('setContext', 'eke.preview', this.#current() !== undefined);
	}

	/* The preview in the editor that is looked at. */
	#current(): vscode.Uri | undefined {
		const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
		return input instanceof vscode.TabInputTextDiff && input.modified.scheme === SCHEME ? input.modified : undefined;
	}

	async #accept(): Promise<void> {
		const uri = this.#current();
		const open = uri && this.#open.get(uri.path);
		if (!uri || !open) return;
		const target = await vscode.workspace.openTextDocument(open.target);
		if (target.version !== open.version) {
			void vscode.window.showWarningMessage(
				vscode.l10n.t('The file was changed meanwhile: it is left as it is. Ask again.'),
			);
			return;
		}
		const proposed = await vscode.workspace.openTextDocument(uri);
		const edit = new vscode.WorkspaceEdit();
		edit.set(open.target, [difference(target, proposed.getText())]);
		const isDone = await vscode.workspace.applyEdit(edit);
		this.#decide(uri, isDone);
		await this.#close(uri);
		if (isDone) await vscode.window.showTextDocument(target);
	}

	async #discard(): Promise<void> {
		const uri = this.#current();
		if (!uri) return;
		this.#decide(uri, false);
		await this.#close(uri);
	}

	#decide(uri: vscode.Uri, accepted: boolean): void {
		if (uri.scheme !== SCHEME) return;
		this.#open.get(uri.path)?.decide(accepted);
		this.#open.delete(uri.path);
	}

	async #close(uri: vscode.Uri): Promise<void> {
		await vscode.workspace.openTextDocument(uri).then((document) => document.save()); // so that nothing is asked
		const tabs = vscode.window.tabGroups.all
			.flatMap((group) => group.tabs)
			.filter(({ input }) => input instanceof vscode.TabInputTextDiff && input.modified.path === uri.path);
		await vscode.window.tabGroups.close(tabs);
		this.#files.delete(uri.path);
	}

	// --- the files ---

	watch(): vscode.Disposable {
		return new vscode.Disposable(() => {});
	}

	stat(uri: vscode.Uri): vscode.FileStat {
		const { bytes, time } = this.#file(uri);
		return { type: vscode.FileType.File, ctime: time, mtime: time, size: bytes.length };
	}

	readFile(uri: vscode.Uri): Uint8Array {
		return this.#file(uri).bytes;
	}

	writeFile(uri: vscode.Uri, bytes: Uint8Array): void {
		this.#files.set(uri.path, { bytes, time: Date.now() });
		this.#changed.fire([{ type: vscode.FileChangeType.Changed, uri }]);
	}

	readDirectory(): [string, vscode.FileType][] {
		return [];
	}

	createDirectory(): void {}

	delete(uri: vscode.Uri): void {
		this.#files.delete(uri.path);
	}

	rename(): void {
		throw vscode.FileSystemError.NoPermissions();
	}

	#file(uri: vscode.Uri): { bytes: Uint8Array; time: number } {
		const file = this.#files.get(uri.path);
		if (!file) throw vscode.FileSystemError.FileNotFound(uri);
		return file;
	}
}

/** The text with the edits made, all of them positions in the text as it is. */
export function applied(document: vscode.TextDocument, edits: readonly vscode.TextEdit[]): string {
	let text = document.getText();
	const last = [...edits].sort((a, b) => document.offsetAt(b.range.start) - document.offsetAt(a.range.start));
	for (const { range, newText } of last)
		text = text.slice(0, document.offsetAt(range.start)) + newText + text.slice(document.offsetAt(range.end));
	return text;
}

/** One edit that makes a document that text, no larger than it must be: marks and the cursor elsewhere stay. */
export function difference(document: vscode.TextDocument, text: string): vscode.TextEdit {
	const now = document.getText();
	const most = Math.min(now.length, text.length);
	let start = 0;
	while (start < most && now[start] === text[start]) start++;
	if (start && (isPair(now, start) || isPair(text, start))) start--;
	let end = 0;
	while (end < most - start && now[now.length - 1 - end] === text[text.length - 1 - end]) end++;
	if (end && (isPair(now, now.length - end) || isPair(text, text.length - end))) end--;
	return vscode.TextEdit.replace(
		new vscode.Range(document.positionAt(start), document.positionAt(now.length - end)),
		text.slice(start, text.length - end),
	);
}

/* Does the index stand between the halves of a character beyond U+FFFF? */
const isPair = (text: string, at: number) => (text.codePointAt(at - 1) ?? 0) > 0xffff;
