/* Commands on the selection, conversations, models, and the commit message. */
import { writeFile } from 'node:fs/promises';

import * as vscode from 'vscode';
import { ResponseError, type LanguageClient, type WorkspaceEdit } from 'vscode-languageclient/node';

import type { ChatEntry, CommandArgument } from '../../../protocol/eke.d.ts';
import { attach, diagnostic, problems, selection, terminal, type Attachment } from './attach.ts';
import type { Chat } from './chat.ts';
import type { Preview } from './preview.ts';
import { SELECTOR, type Server } from './server.ts';

/* Those whose answer is new text for the lines: the server makes an edit of them. */
const EDITS = ['fix', 'refactor', 'optimize', 'document'] as const;
const READS = ['explain', 'problems', 'tests'] as const;

type Register = (name: string, run: (...args: never[]) => unknown) => void;

export function registerCommands(register: Register, chat: Chat, server: Server, preview: Preview): void {
	for (const name of READS) register(`eke.${name}`, () => inChat(chat, name));
	for (const name of EDITS) register(`eke.${name}`, () => asEdit(server, name));
	register('eke.inChat', (argument: CommandArgument) => runInChat(chat, argument));
	register('eke.run', () => runAny(chat));
	register('eke.ask', () => ask(chat));
	register('eke.edit', () => edit(server, preview));
	register('eke.attach', () => addAndOpen(chat, selection() ?? attach()));
	register('eke.attachFiles', (uri?: vscode.Uri, all?: vscode.Uri[]) => addFiles(chat, all?.length ? all : [uri]));
	register('eke.attachProblems', () => addAndOpen(chat, problems()));
	register('eke.attachTerminal', async () => addAndOpen(chat, await terminal()));
	register('eke.chat.open', () => chat.open());
	register('eke.chat.new', async () => {
		chat.begin();
		await chat.open();
	});
	register('eke.chat.stop', () => chat.stop());
	register('eke.chat.regenerate', () => chat.regenerate());
	register('eke.chat.history', () => history(chat, server));
	register('eke.chat.pickModel', () => pickModel(chat, server));
	register('eke.chat.export', () => withOpen(chat, (chatId) => exportChat(server, chatId, chat.title)));
	register('eke.chat.rename', () => withOpen(chat, (chatId) => rename(chat, server, chatId, chat.title)));
	register('eke.chat.delete', () => withOpen(chat, (chatId) => remove(chat, server, chatId, chat.title)));
	register('eke.commitMessage', (control?: { rootUri?: vscode.Uri }) => commitMessage(server, control?.rootUri));
}

// --- on the selection ---

/* The selection; without one the lines of the function, or of the file, that the cursor is in. */
async function chosen(editor: vscode.TextEditor): Promise<vscode.Range> {
	if (!editor.selection.isEmpty) return editor.selection;
	const symbols = await vscode.commands.executeCommand<vscode.DocumentSymbol[] | undefined>(
		'vscode.executeDocumentSymbolProvider',
		editor.document.uri,
	);
	const at = editor.selection.active;
	const find = (list: vscode.DocumentSymbol[]): vscode.Range | undefined => {
		const one = list.find(({ range }) => range?.contains(at));
		return one && (find(one.children ?? []) ?? one.range);
	};
	const { document } = editor;
	return find(symbols ?? []) ?? new vscode.Range(0, 0, document.lineCount, 0);
}

function theEditor(): vscode.TextEditor | undefined {
	const editor = vscode.window.activeTextEditor;
	if (!editor) void vscode.window.showInformationMessage(vscode.l10n.t('Open a file first.'));
	return editor;
}

async function inChat(chat: Chat, command: string, prompt = ''): Promise<void> {
	const editor = theEditor();
	if (!editor) return;
	const what = selection(editor, editor.document.validateRange(await chosen(editor)));
	await chat.open();
	await chat.ask({ prompt, command, attachments: what ? [what] : [] });
}

/* An action of the lightbulb that answers in words. */
async function runInChat(chat: Chat, { name, uri, range, diagnostics }: CommandArgument): Promise<void> {
	const editor = vscode.window.visibleTextEditors.find(({ document }) => document.uri.toString() === uri);
	const { start, end } = range;
	const lines = new vscode.Range(start.line, start.character, end.line, end.character);
	const what: (Attachment | undefined)[] = [selection(editor, editor?.document.validateRange(lines))];
	if (diagnostics?.length)
		what.push({
			key: 'd',
			label: diagnostics.length === 1 ? vscode.l10n.t('1 problem') : vscode.l10n.t('{0} problems', diagnostics.length),
			icon: 'warning',
			detail: '',
			context: { kind: 'diagnostics', uri, items: diagnostics as never },
		});
	await chat.open();
	await chat.ask({ prompt: '', command: name, attachments: what.filter((one) => one !== undefined) });
}

/* The server asks, and sends the edit, which is looked at before it is made. */
async function asEdit(server: Server, name: string): Promise<void> {
	const editor = theEditor();
	if (!editor) return;
	const range = editor.document.validateRange(await chosen(editor));
	const found = vscode.languages
		.getDiagnostics(editor.document.uri)
		.filter((one) => one.range.intersection(range) !== undefined);
	const argument: CommandArgument = {
		name,
		uri: editor.document.uri.toString(),
		range: { start: plain(range.start), end: plain(range.end) },
		...(name === 'fix' && found.length ? { diagnostics: found.map(diagnostic) } : {}),
	};
	await server.start();
	try {
		await vscode.commands.executeCommand('eke.command', argument);
	} catch (error) {
		if (!(error instanceof ResponseError)) throw error; // the server has told its own
	}
}

const plain = ({ line, character }: vscode.Position) => ({ line, character });

async function runAny(chat: Chat): Promise<void> {
	const commands = await chat.loadCommands();
	const picked = await vscode.window.showQuickPick(
		commands.map(({ name, title, description, needs }) => ({
			label: title,
			description: `/${name}`,
			detail: description,
			name,
			needs,
		})),
		{ title: vscode.l10n.t('eke: run a command'), matchOnDetail: true, matchOnDescription: true },
	);
	if (!picked) return;
	if (picked.name === 'ask') return ask(chat);
	const what = selection() ?? (picked.needs === 'none' || picked.needs === 'diff' ? undefined : attach());
	await chat.open();
	await chat.ask({ prompt: '', command: picked.name, attachments: what ? [what] : [] });
}

async function ask(chat: Chat): Promise<void> {
	const what = selection();
	if (what) chat.add(what);
	await chat.open();
}

async function addAndOpen(chat: Chat, what: Attachment | undefined): Promise<void> {
	chat.add(what);
	if (what) await chat.open();
}

/* Files of the explorer, or of a tab; folders are none. */
async function addFiles(chat: Chat, uris: (vscode.Uri | undefined)[]): Promise<void> {
	for (const uri of uris) {
		const isFolder = uri && (await vscode.workspace.fs.stat(uri)).type & vscode.FileType.Directory;
		if (!isFolder) chat.add(attach(uri));
	}
	await chat.open();
}

/* An instruction in the user's words; what comes of it is looked at first. */
async function edit(server: Server, preview: Preview): Promise<void> {
	const editor = theEditor();
	if (!editor) return;
	const { document, selection: range } = editor;
	const instruction = await vscode.window.showInputBox({
		title: range.isEmpty ? vscode.l10n.t('eke: what to insert here') : vscode.l10n.t('eke: what to do with the selection'),
		placeHolder: vscode.l10n.t('check for a full buffer'),
		ignoreFocusOut: true,
	});
	if (!instruction) return;
	const proposal = await vscode.window.withProgress(
		{ location: vscode.ProgressLocation.Notification, title: `eke: ${instruction}`, cancellable: true },
		(progress, token) => propose(server, document, range, instruction, progress, token),
	);
	if (!proposal) return;
	const edits = proposal.flatMap(({ edits }) => edits).map(({ range: { start, end }, newText }) => {
		const at = new vscode.Range(start.line, start.character, end.line, end.character);
		return vscode.TextEdit.replace(at, newText);
	});
	if (!edits.length) void vscode.window.showInformationMessage(vscode.l10n.t('The model would leave it as it is.'));
	else await preview.propose(document, edits, `${vscode.workspace.asRelativePath(document.uri)}: ${instruction}`);
}

async function propose(
	server: Server,
	document: vscode.TextDocument,
	range: vscode.Range,
	instruction: string,
	progress: vscode.Progress<{ message: string }>,
	token: vscode.CancellationToken,
) {
	progress.report({ message: vscode.l10n.t('asking …') });
	try {
		const { edit } = await server.request(
			'edit/propose',
			{
				textDocument: { uri: document.uri.toString() },
				range: { start: plain(range.start), end: plain(range.end) },
				instruction,
			},
			token,
		);
		return edit.documentChanges;
	} catch (error) {
		if (token.isCancellationRequested) return undefined;
		throw error;
	}
}

/** Edits of the server's commands, as LSP's workspace/applyEdit brings them; those of another version are not made. */
export async function previewEdit(
	preview: Preview,
	client: LanguageClient,
	label: string,
	edit: WorkspaceEdit,
): Promise<boolean> {
	const isOfNow = (version: number | null, uri: string) =>
		version === null ||
		vscode.workspace.textDocuments.some((one) => one.uri.toString() === uri && one.version === version);
	for (const change of edit.documentChanges ?? [])
		if ('textDocument' in change && !isOfNow(change.textDocument.version, change.textDocument.uri)) return false;
	let isAccepted = true;
	for (const [uri, edits] of (await client.protocol2CodeConverter.asWorkspaceEdit(edit)).entries()) {
		const document = await vscode.workspace.openTextDocument(uri);
		const title = `${vscode.workspace.asRelativePath(uri)}: ${label}`;
		isAccepted = (await preview.propose(document, edits, title)) && isAccepted;
	}
	return isAccepted;
}

// --- conversations ---

async function withOpen(chat: Chat, run: (chatId: string) => Promise<void>): Promise<void> {
	if (chat.chatId) await run(chat.chatId);
	else void vscode.window.showInformationMessage(vscode.l10n.t('Nothing was asked in this chat yet.'));
}

type Item = vscode.QuickPickItem & { chatId: string; name: string };

/* All conversations of this machine; the search is the server's. */
async function history(chat: Chat, server: Server): Promise<void> {
	const button = (icon: string, tooltip: string) => ({ iconPath: new vscode.ThemeIcon(icon), tooltip });
	const renames = button('edit', vscode.l10n.t('Rename'));
	const exports_ = button('export', vscode.l10n.t('Export'));
	const deletes = button('trash', vscode.l10n.t('Delete'));
	const pick = vscode.window.createQuickPick<Item>();
	pick.title = vscode.l10n.t('eke: chats');
	pick.placeholder = vscode.l10n.t('Words of the chat');
	const item = ({ chatId, title, updatedAt, turns }: ChatEntry): Item => ({
		chatId,
		name: title,
		label: title,
		description: new Date(updatedAt).toLocaleString(),
		detail: vscode.l10n.t('{0} messages', turns),
		alwaysShow: true,
		buttons: [renames, exports_, deletes],
	});
	let serial = 0;
	const search = async () => {
		const mine = ++serial;
		pick.busy = true;
		const { chats } = await server.request('chat/list', pick.value ? { query: pick.value } : {});
		if (mine !== serial) return;
		pick.busy = false;
		pick.items = chats.map(item);
	};
	pick.onDidChangeValue(() => void search());
	pick.onDidTriggerItemButton(async ({ item: { chatId, name }, button: pressed }) => {
		if (pressed === exports_) return exportChat(server, chatId, name);
		if (pressed === renames) await rename(chat, server, chatId, name);
		else await remove(chat, server, chatId, name);
		pick.show();
		return search();
	});
	pick.onDidAccept(async () => {
		const [one] = pick.selectedItems;
		pick.hide();
		if (!one) return;
		await chat.goOn(one.chatId);
		await chat.open();
	});
	pick.ignoreFocusOut = true;
	pick.show();
	await search();
}

async function rename(chat: Chat, server: Server, chatId: string, name: string): Promise<void> {
	const title = await vscode.window.showInputBox({ title: vscode.l10n.t('Title of the chat'), value: name });
	if (!title) return;
	await server.request('chat/rename', { chatId, title });
	if (chat.chatId === chatId) {
		chat.title = title;
		chat.show();
	}
}

async function remove(chat: Chat, server: Server, chatId: string, name: string): Promise<void> {
	const yes = vscode.l10n.t('Delete');
	const answer = await vscode.window.showWarningMessage(
		vscode.l10n.t('Delete the chat "{0}"? It cannot be had back.', name),
		{ modal: true },
		yes,
	);
	if (answer !== yes) return;
	await server.request('chat/delete', { chatId });
	if (chat.chatId === chatId) chat.begin();
}

async function exportChat(server: Server, chatId: string, name: string): Promise<void> {
	const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
	const file = `${name.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '').slice(0, 60) || 'chat'}.md`;
	const uri = await vscode.window.showSaveDialog({
		...(folder ? { defaultUri: vscode.Uri.joinPath(folder, file) } : {}),
		filters: { Markdown: ['md'], JSON: ['json'] },
	});
	if (!uri) return;
	const { text } = await server.request('chat/export', {
		chatId,
		format: uri.path.endsWith('.json') ? 'json' : 'markdown',
	});
	if (uri.scheme === 'file') await writeFile(uri.fsPath, text);
	else await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
	await vscode.window.showTextDocument(uri);
}

async function pickModel(chat: Chat, server: Server): Promise<void> {
	const { models } = await vscode.window.withProgress(
		{ location: { viewId: 'eke.chat' } },
		() => server.request('models/list', {}),
	);
	const picked = await vscode.window.showQuickPick(
		[
			{ label: vscode.l10n.t('As configured'), description: '', model: undefined },
			...models.map((model) => ({ label: model.id, description: model.endpoint, model })),
		],
		{ title: vscode.l10n.t('eke: which model answers chats'), matchOnDescription: true },
	);
	if (picked) await chat.setModel(picked.model);
}

// --- git ---

interface GitRepository {
	rootUri: vscode.Uri;
	inputBox: { value: string };
}

/* A message for what is staged, into the box above the changes. What the user wrote there goes along as a wish. */
async function commitMessage(server: Server, root: vscode.Uri | undefined): Promise<void> {
	const extension = vscode.extensions.getExtension<{ getAPI(version: 1): { repositories: GitRepository[] } }>('vscode.git');
	const repositories = (await extension?.activate())?.getAPI(1).repositories ?? [];
	const repository = repositories.find(({ rootUri }) => rootUri.toString() === root?.toString()) ?? repositories[0];
	if (!repository) {
		void vscode.window.showInformationMessage(vscode.l10n.t('There is no git repository here.'));
		return;
	}
	await vscode.window.withProgress({ location: vscode.ProgressLocation.SourceControl }, async () => {
		const wish = repository.inputBox.value;
		const folder = repository.rootUri.toString();
		const { text, chatId } = await server.request('chat/send', { prompt: wish, command: 'commit', folder });
		repository.inputBox.value = text.trim();
		await server.request('chat/delete', { chatId }); // it is a message, not a conversation
	});
}

/** Are these documents eke's? */
export const isOurs = (document: vscode.TextDocument) => vscode.languages.match(SELECTOR, document) > 0;
