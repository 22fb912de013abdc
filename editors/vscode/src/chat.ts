/*
 * The chat's view: one conversation of the server's, its next question, and the messages to and from the webview. The server
 * keeps conversations; after a reload of the window the one that was open is fetched again.
 */
import { randomBytes } from 'node:crypto';

import * as vscode from 'vscode';
import { ResponseError } from 'vscode-languageclient/node';

import type {
	ChatCommand,
	ChatSendParams,
	ChatSendResult,
	ChatTurn,
	ErrorData,
	ProgressParams,
	StatusParams,
} from '../../../protocol/eke.d.ts';
import { Along } from './along.ts';
import { attach, findFiles, problems, readable, selection, terminal, type Attachment } from './attach.ts';
import { isUnset, left } from './budget.ts';
import { runCode } from './code.ts';
import { Current } from './current.ts';
import { page } from './page.ts';
import { noticeOf, sentenceOf, served, troubleOf } from './sentences.ts';
import type { Server } from './server.ts';
import { turnOf, type Bar, type FromWebview, type ToWebview, type Trouble, type Turn } from './view.ts';

const OPEN = 'eke.chat.open';
const MODEL = 'eke.chat.model';
/* Pieces of an answer are told together, so often. */
const BATCH_MS = 40;
const METHOD_NOT_FOUND = -32601;
const CANCELLED = -32800;

export interface Model {
	id: string;
	endpoint: string;
}

interface Asking {
	question: Turn | undefined;
	answer: Turn;
	token: string;
	cancel: vscode.CancellationTokenSource;
}

export interface Question {
	prompt: string;
	command?: string | undefined;
	attachments?: Attachment[] | undefined;
	/** The user's turn that it takes the place of. */
	edit?: Turn | undefined;
}

let serial = 0;
const newKey = () => `t${++serial}`;

export class Chat implements vscode.WebviewViewProvider {
	chatId: string | undefined;
	title = '';
	turns: Turn[] = [];
	draft = '';
	attachments: Attachment[] = [];
	commands: ChatCommand[] = [];
	status: () => StatusParams = () => ({ state: 'idle', message: '', budgets: [] });
	#view: vscode.WebviewView | undefined;
	#asking: Asking | undefined;
	#pending = { text: '', reasoning: '' };
	#batch: NodeJS.Timeout | undefined;
	/** Of a page that is being loaded. */
	#wantsFocus = false;
	#isReady = false;
	/** What the last question was about: where code of the answer goes. */
	target: Attachment | undefined;
	#along: Along;
	#offered = new Map<string, vscode.Uri>();
	#current: Current;

	constructor(
		private readonly context: vscode.ExtensionContext,
		private readonly server: Server,
	) {
		server.on('$/progress', (params) => this.#progress(params));
		server.on('eke/didCreateChat', ({ chatId, title, questionTurnId }) => {
			if (!this.#asking || this.chatId) return;
			this.#opened(chatId, title);
			this.#named(this.#asking.question, questionTurnId);
		});
		this.#along = new Along(context.workspaceState);
		this.#current = new Current(context.workspaceState, () => this.showBar());
		const touch = () => this.#view?.visible && this.#current.touch();
		context.subscriptions.push(
			vscode.window.onDidChangeTextEditorSelection(touch),
			vscode.window.onDidChangeActiveTextEditor(touch),
			server.onDidChangeState((state) => {
				this.showBar();
				if (state === 'running' && this.#view) void this.loadCommands().catch(() => {});
			}),
		);
	}

	get isBusy(): boolean {
		return this.#asking !== undefined;
	}

	get model(): Model | undefined {
		return this.context.workspaceState.get<Model>(MODEL);
	}

	async setModel(model: Model | undefined): Promise<void> {
		await this.context.workspaceState.update(MODEL, model);
		this.showBar();
	}

	// --- the webview ---

	resolveWebviewView(view: vscode.WebviewView): void {
		this.#view = view;
		this.#isReady = false;
		const media = vscode.Uri.joinPath(this.context.extensionUri, 'dist');
		view.webview.options = { enableScripts: true, localResourceRoots: [media] };
		view.webview.onDidReceiveMessage((message: FromWebview) => void this.#heard(message));
		view.onDidChangeVisibility(() => {
			this.#isReady &&= view.visible; // a hidden page is gone, and made again
			this.#current.touch();
		});
		view.onDidDispose(() => (this.#view = undefined));
		view.webview.html = page(view.webview, media, randomBytes(16).toString('base64'));
	}

	/** Shows the view; the cursor is where the next question is typed. */
	async open(): Promise<void> {
		await vscode.commands.executeCommand('eke.chat.focus');
		this.#wantsFocus = !this.#isReady;
		this.#post({ type: 'draft', text: '', isFocused: true });
	}

	/** Shows the conversation. */
	show(): void {
		this.#flush(); // what the page has is then what is said here
		if (this.#view) this.#view.description = this.title;
		this.#post({ type: 'view', view: { turns: this.turns, isBusy: this.isBusy } });
		this.showBar();
	}

	/** Shows what is around the field. */
	showBar(): void {
		const chip = ({ key, label, icon, detail }: Attachment) => ({ key, label, icon, detail });
		const { attachment, isOn } = this.#current;
		const isNew = attachment && !this.attachments.some(({ label }) => label === attachment.label);
		const bar: Bar = {
			isBusy: this.isBusy,
			chips: this.attachments.map(chip),
			current: isNew ? { ...chip(attachment), isOn } : undefined,
			model: this.model?.id ?? '',
			commands: this.commands,
			left: left(this.status(), Date.now()),
			trouble: this.#trouble(),
		};
		this.#post({ type: 'bar', bar });
	}

	/* What the user must do something about; an answer's error stands where the answer would. */
	#trouble(): Trouble | undefined {
		if (this.server.state !== 'failed') {
			const trouble = troubleOf(this.status());
			const said = this.turns.at(-1)?.error;
			return trouble && said?.startsWith(trouble.text) ? { ...trouble, text: '' } : trouble;
		}
		return { text: vscode.l10n.t('eke is not running: the log says why.'), remedies: ['showLog'] };
	}

	/** That no service is set up may be over. */
	statusChanged(): void {
		if (this.turns.at(-1)?.isUnset && this.server.state === 'running' && !isUnset(this.status())) {
			this.turns = this.turns.slice(0, -1);
			this.show();
		} else this.showBar();
	}

	#post(message: ToWebview): void {
		void this.#view?.webview.postMessage(message);
	}

	async #heard(message: FromWebview): Promise<void> {
		try {
			await this.#act(message);
		} catch (error) {
			void vscode.window.showErrorMessage(sentenceOf(error));
		}
	}

	async #act(message: FromWebview): Promise<void> {
		switch (message.type) {
			case 'ready':
				this.#isReady = true;
				this.#current.look();
				this.show();
				if (this.draft) this.setDraft(this.draft);
				if (this.#wantsFocus) this.#post({ type: 'draft', text: '', isFocused: true });
				this.#wantsFocus = false;
				return this.#restore();
			case 'send':
				return this.#send(message.prompt, message.command, message.editKey);
			case 'stop':
				return this.stop();
			case 'regenerate':
				return this.regenerate();
			case 'removeChip':
				this.attachments = this.attachments.filter(({ key }) => key !== message.key);
				return this.showBar();
			case 'attach':
				return this.#attach(message.what);
			case 'toggleCurrent':
				await this.#current.toggle();
				return this.showBar();
			case 'code':
				return runCode(message.action, message.text, message.language, this.target);
			case 'files':
				return this.#offerFiles(message.query);
			case 'copy':
				return vscode.env.clipboard.writeText(message.text);
			case 'drop': {
				const uris = message.uris.map((uri) => vscode.Uri.parse(uri, true));
				await vscode.commands.executeCommand('eke.attachFiles', undefined, uris);
				return;
			}
			case 'open':
				if (/^https?:/.test(message.url)) await vscode.env.openExternal(vscode.Uri.parse(message.url, true));
				return;
			default: {
				const isOfChat = ['pickModel', 'new', 'history'].includes(message.type);
				await vscode.commands.executeCommand(`eke.${isOfChat ? 'chat.' : ''}${message.type}`);
			}
		}
	}

	// --- what goes along ---

	/* An @path of the question is read by the server; where it cannot, the file becomes a chip. */
	async #offerFiles(query: string): Promise<void> {
		this.#offered = await findFiles(query);
		const isOnDisk = [...this.#offered.values()].every(({ scheme }) => scheme === 'file');
		this.#post({ type: 'files', query, paths: [...this.#offered.keys()], asChips: !isOnDisk });
	}

	async #attach(what: string): Promise<void> {
		const file = what.startsWith('@') ? this.#offered.get(what.slice(1)) : undefined;
		if (file) return this.add(attach(file));
		const made = { selection: () => selection(), file: () => attach(), problems, terminal }[what];
		if (made) this.add(await made());
	}

	/** Adds what will go along with the next question; the same thing once. */
	add(attachment: Attachment | undefined): void {
		if (!attachment) return;
		this.attachments = [...this.attachments.filter(({ label }) => label !== attachment.label), attachment];
		this.showBar();
	}

	/* What is in the editor goes along, if it is on, or if the command is about it and nothing else was added. */
	async #send(prompt: string, command: string | undefined, editKey: string | undefined): Promise<void> {
		const edit = this.turns.find(({ key }) => key === editKey);
		if (edit) {
			if (!edit.turnId) await this.#identify(edit);
			return this.ask({ prompt, command, attachments: this.#along.of(edit), edit });
		}
		const { attachments } = this;
		const needs = this.commands.find(({ name }) => name === command)?.needs;
		this.#current.look();
		const isAbout = !attachments.length && (needs === 'selection' || needs === 'file');
		const label = this.#current.attachment?.label;
		const isThere = attachments.some((one) => one.label === label);
		const current = isThere ? undefined : this.#current.take(isAbout || this.#current.isOn);
		return this.ask({ prompt, command, attachments: [...attachments, ...(current ? [current] : [])] });
	}

	// --- asking ---

	/** Asks; what is said of it comes into the view. */
	async ask({ prompt, command, attachments = [], edit }: Question): Promise<void> {
		if (this.isBusy || !(prompt.trim() || command)) return;
		this.turns = this.turns.filter(({ text, error }) => text || error === undefined); // what was only an error is over
		const former = this.turns;
		this.target = attachments.find(({ context }) => context.kind === 'selection' || context.kind === 'file');
		if (edit) this.turns = this.turns.slice(0, this.turns.indexOf(edit));
		const names = attachments.map(({ label }) => label);
		const question: Turn = { key: newKey(), role: 'user', text: prompt, command, context: names };
		this.#along.note(question, attachments);
		this.draft = '';
		if (!edit) this.attachments = [];
		const params: ChatSendParams = {
			prompt,
			...(command ? { command } : {}),
			...(this.chatId ? { chatId: this.chatId } : {}),
			...(edit?.turnId ? { editTurnId: edit.turnId } : {}),
			...this.#whom(),
		};
		await this.#ask(
			question,
			former,
			async (streamToken, token) => {
				const context = await Promise.all(attachments.map(readable));
				return this.server.request('chat/send', { ...params, ...(context.length ? { context } : {}), streamToken }, token);
			},
			attachments,
		);
		// What an edit that failed left of the conversation, the server knows.
		if (edit && this.turns.at(-1)?.error !== undefined && this.chatId) await this.#fetch(this.turns.at(-1));
	}

	/** Asks the last question once more. */
	async regenerate(): Promise<void> {
		const { chatId } = this;
		if (this.isBusy || !chatId || !this.turns.length) return;
		const former = this.turns;
		if (this.turns.at(-1)?.role === 'assistant') this.turns = this.turns.slice(0, -1);
		await this.#ask(undefined, former, (streamToken, token) =>
			this.server.request('chat/regenerate', { chatId, ...this.#whom(), streamToken }, token),
		);
	}

	stop(): void {
		this.#asking?.cancel.cancel();
	}

	#whom(): { model?: string; endpoint?: string } {
		return this.model ? { model: this.model.id, endpoint: this.model.endpoint } : {};
	}

	async #ask(
		question: Turn | undefined,
		former: Turn[],
		send: (streamToken: string, token: vscode.CancellationToken) => Promise<ChatSendResult>,
		attachments: Attachment[] = [],
	): Promise<void> {
		const answer: Turn = { key: newKey(), role: 'assistant', text: '' };
		const asking = (this.#asking = {
			question,
			answer,
			token: `chat-${process.pid}-${answer.key}`,
			cancel: new vscode.CancellationTokenSource(),
		});
		this.turns = [...this.turns, ...(question ? [question] : []), answer];
		this.show();
		try {
			const result = await send(asking.token, asking.cancel.token);
			this.#flush();
			this.#answered(result, question, answer);
		} catch (error) {
			this.#flush();
			this.#failed(error, question, former, answer, attachments);
		}
		this.#asking = undefined;
		asking.cancel.dispose();
		this.show();
	}

	#answered(result: ChatSendResult, question: Turn | undefined, answer: Turn): void {
		answer.turnId = result.turnId;
		answer.text = result.text;
		answer.reasoning = result.reasoning;
		answer.model = result.model;
		answer.finishReason = result.finishReason;
		answer.notice = noticeOf(result.notice, result.finishReason);
		answer.trimmed = result.trimmed;
		answer.tokens = result.usage?.totalTokens;
		this.#named(question, result.questionTurnId);
		this.#opened(result.chatId, result.title ?? this.title);
	}

	#failed(
		error: unknown,
		question: Turn | undefined,
		former: Turn[],
		answer: Turn,
		attachments: Attachment[],
	): void {
		const { code, data } = error instanceof ResponseError ? (error as ResponseError<ErrorData>) : {};
		if (code === CANCELLED) {
			answer.text = data?.text ?? answer.text;
			answer.isCancelled = true;
			return;
		}
		const why = code === METHOD_NOT_FOUND ? vscode.l10n.t('This eke has no chats: update it.') : sentenceOf(error);
		if (answer.text) {
			answer.error = why;
			return;
		}
		// Nothing came: the former answer is there again, or the question is where it was typed.
		this.turns = former.map((turn) => ({ ...turn, error: undefined }));
		if (!question) {
			const last = this.turns.at(-1);
			if (last) last.error = why;
			return;
		}
		const isFirst = data?.kind === 'noEndpoint' && isUnset(this.status());
		this.turns = [...this.turns, { key: answer.key, role: 'assistant', text: '', error: why, isUnset: isFirst }];
		this.attachments = attachments;
		this.setDraft([question.command && `/${question.command}`, question.text].filter(Boolean).join(' '));
	}

	/** Puts text where the next question is typed; kept for a view that is not there yet. */
	setDraft(text: string): void {
		this.draft = this.#view ? '' : text;
		this.#post({ type: 'draft', text, isFocused: false });
	}

	#progress({ token, value }: ProgressParams): void {
		if (!this.#asking || token !== this.#asking.token || value.kind !== 'delta') return;
		const { answer } = this.#asking;
		answer.text += value.text ?? '';
		if (value.reasoning) answer.reasoning = (answer.reasoning ?? '') + value.reasoning;
		this.#pending.text += value.text ?? '';
		this.#pending.reasoning += value.reasoning ?? '';
		this.#batch ??= setTimeout(() => this.#flush(), BATCH_MS);
	}

	#flush(): void {
		clearTimeout(this.#batch);
		this.#batch = undefined;
		const { text, reasoning } = this.#pending;
		this.#pending = { text: '', reasoning: '' };
		if (this.#asking && (text || reasoning))
			this.#post({ type: 'delta', key: this.#asking.answer.key, text, reasoning });
	}

	// --- conversations ---

	#opened(chatId: string, title: string): void {
		this.chatId = chatId;
		this.title = title;
		void this.context.workspaceState.update(OPEN, chatId);
	}

	/** A new conversation; the one that was is kept by the server. */
	begin(): void {
		this.stop();
		this.#current.forget();
		this.chatId = undefined;
		this.title = '';
		this.turns = [];
		this.target = undefined;
		void this.context.workspaceState.update(OPEN, undefined);
		this.show();
	}

	/** Goes on with a conversation. */
	async goOn(chatId: string): Promise<void> {
		this.stop();
		this.#current.forget();
		this.chatId = chatId;
		await this.#fetch();
	}

	async #fetch(more?: Turn): Promise<void> {
		const { chatId } = this;
		if (!chatId) return;
		const { title, turns } = await this.server.request('chat/get', { chatId });
		this.turns = [...turns.map((turn) => this.#asTurn(turn)), ...(more ? [more] : [])];
		this.#opened(chatId, title);
		this.show();
	}

	#asTurn(given: ChatTurn): Turn {
		const turn = turnOf(given, newKey());
		return { ...turn, isForgotten: this.#along.of(turn) === undefined };
	}

	#named(question: Turn | undefined, turnId: string | undefined): void {
		if (!question || !turnId) return;
		question.turnId = turnId;
		this.#along.keep(question);
	}

	/* A question whose answer did not come to its end has a name that only the server knows. */
	async #identify(question: Turn): Promise<void> {
		const { chatId } = this;
		if (!chatId) return;
		const { turns } = await this.server.request('chat/get', { chatId });
		const isIt = ({ role, text, turnId }: ChatTurn) =>
			role === 'user' && text === question.text && !this.turns.some((one) => one.turnId === turnId);
		const found = turns.find(isIt);
		if (found) this.#named(question, found.turnId);
	}

	/* What was open before the window was reloaded. */
	async #restore(): Promise<void> {
		const chatId = this.context.workspaceState.get<string>(OPEN);
		if (chatId && !this.chatId && !this.turns.length) {
			try {
				await this.goOn(chatId);
			} catch {
				await this.context.workspaceState.update(OPEN, undefined); // it was deleted elsewhere
			}
		}
		if (!this.commands.length && this.server.state === 'running') await this.loadCommands();
		else await this.server.start(); // which loads them
	}

	async loadCommands(): Promise<ChatCommand[]> {
		const { commands } = await this.server.request('chat/commands', {});
		this.commands = commands.map((one) => ({ ...one, title: served(one.title), description: served(one.description) }));
		this.showBar();
		return this.commands;
	}
}
