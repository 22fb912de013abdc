/*
 * Types of eke's protocol, for adapters. Made from eke.json by generate.mjs: do not edit.
 */

/** Version of the protocol: capabilities.experimental.eke.protocol. */
export type ProtocolVersion = 1;

/** A request's id. eke echoes it as it was written, digit for digit, whatever its size; its own ids are integers. */
export type Id = number | string | null;

/** Asks for an answer. */
export interface Request {
	jsonrpc: "2.0";
	id: Id;
	method: string;
	params?: Params;
}

/** Asks for none. An "id" makes it a request. */
export interface Notification {
	jsonrpc: "2.0";
	method: string;
	params?: Params;
}

/** An object. Absent, null, [] and {} are the same where nothing is required. */
export type Params = object | [] | null;

/** The one answer to a request: exactly one of result and error. */
export interface Response {
	jsonrpc: "2.0";
	id: Id;
	/** As the method says; null where it has nothing to say. */
	result?: unknown;
	error?: ResponseError;
}

/** -32700 ParseError, -32600 InvalidRequest, -32601 MethodNotFound, -32602 InvalidParams, -32603 InternalError, -32002 ServerNotInitialized, -32800 RequestCancelled, -32801 ContentModified, -32803 RequestFailed. */
export type ErrorCode = -32700 | -32600 | -32601 | -32602 | -32603 | -32002 | -32800 | -32801 | -32803;

/** Why a request failed. */
export type ErrorKind = "budget" | "auth" | "forbidden" | "promptTooLong" | "upstream" | "network" | "timeout" | "protocol" | "config" | "noEndpoint" | "ignored";

/** Why there is no result. */
export interface ResponseError {
	code: ErrorCode;
	/** A sentence for a person, that says what to do. */
	message: string;
	data?: ErrorData;
}

/** For programs. With -32803 there always is a kind, with other codes never. */
export interface ErrorData {
	kind?: ErrorKind;
	/** Name of the endpoint it is about. */
	endpoint?: string;
	/** Status of the service's answer. */
	httpStatus?: number;
	/** What the service said, in its own words and languages. */
	providerMessage?: string;
	retryAt?: Time;
	blockedScope?: Scope;
	/** What had arrived of the answer. */
	text?: string;
}

/** Nothing. */
export type Empty = object;

/** A point in time as RFC 3339 writes it, in UTC with seconds. */
export type Time = string;

/** A document's URI, as LSP's DocumentUri. */
export type Uri = string;

/** Chosen by the client, as LSP's ProgressToken. */
export type Token = number | string;

/** Between two characters. Both count from 0; character counts in units of the position encoding. */
export interface Position {
	line: number;
	character: number;
}

/** From start to before end. */
export interface Range {
	start: Position;
	end: Position;
}

/** Which document. */
export interface DocumentId {
	uri: Uri;
}

/** A root of the user's work. */
export interface WorkspaceFolder {
	uri: Uri;
	name: string;
}

/** How much to trace. */
export type Trace = "off" | "messages" | "verbose";

/** Who the client is and what it can do. Members of LSP that are not listed here are ignored. */
export interface InitializeParams {
	/** The process that eke shall not outlive. */
	processId?: number | null;
	clientInfo?: {
		name: string;
		version?: string;
	};
	locale?: string;
	/** LSP's, deprecated there. */
	rootPath?: string | null;
	/** Taken if there are no workspaceFolders. */
	rootUri?: string | null;
	workspaceFolders?: WorkspaceFolder[] | null;
	capabilities?: {
		general?: {
			/** Those that the client can do, the preferred one first. */
			positionEncodings?: string[];
		};
		window?: {
			/** Answers are shown by window/showDocument. */
			showDocument?: {
				support?: boolean;
			};
			/** Work of eke.command is told, and can be cancelled. */
			workDoneProgress?: boolean;
		};
		workspace?: {
			/** Without it eke.command changes nothing: new code comes as an answer to read. */
			applyEdit?: boolean;
			workspaceEdit?: {
				/** Edits name the version that they are for. */
				documentChanges?: boolean;
			};
		};
		textDocument?: {
			codeAction?: {
				/** Code actions have kinds; without it they are bare commands. */
				codeActionLiteralSupport?: object;
			};
		};
	};
	initializationOptions?: {
		eke?: Settings;
		/** The editor, where clientInfo names a plugin or library. */
		editor?: {
			name: string;
			version?: string;
		};
	} | null;
	trace?: Trace;
}

/** What eke can do. */
export interface InitializeResult {
	capabilities: ServerCapabilities;
	serverInfo: {
		name: "eke";
		version: string;
	};
}

/** Cells of a notebook, in their order. */
export type NotebookCells = {
	/** 1 text, 2 code. */
	kind?: number;
	/** The URI of its document. */
	document: string;
}[];

/** Documents of cells. */
export type NotebookCellDocuments = {
	uri: string;
	languageId?: string;
	version?: number;
	text: string;
}[];

/** A notebook. */
export interface NotebookIdentifier {
	uri: string;
	version?: number;
}

/** The notebook and its cells. */
export interface DidOpenNotebookParams {
	notebookDocument: {
		uri: string;
		notebookType?: string;
		version?: number;
		cells: NotebookCells;
	};
	cellTextDocuments: NotebookCellDocuments;
}

/** What has changed. */
export interface DidChangeNotebookParams {
	notebookDocument: NotebookIdentifier;
	change: {
		cells?: {
			structure?: {
				array: {
					start: number;
					deleteCount: number;
					cells?: NotebookCells;
				};
				didOpen?: NotebookCellDocuments;
				didClose?: NotebookIdentifier[];
			};
			textContent?: {
				document: NotebookIdentifier;
				/** As contentChanges of textDocument/didChange. */
				changes: object[];
			}[];
		};
	};
}

/** The notebook. */
export interface DidSaveNotebookParams {
	notebookDocument: NotebookIdentifier;
}

/** The notebook and its cells. */
export interface DidCloseNotebookParams {
	notebookDocument: NotebookIdentifier;
	cellTextDocuments: NotebookIdentifier[];
}

/** LSP's, and what eke adds under experimental.eke. */
export interface ServerCapabilities {
	positionEncoding: "utf-16" | "utf-8";
	textDocumentSync: {
		openClose: true;
		/** Incremental. */
		change: 2;
		save: {
			includeText: false;
		};
	};
	/** LSP 3.17, for clients that announce notebookDocument: all cells of all notebooks. */
	notebookDocumentSync?: {
		notebookSelector: object[];
	};
	inlineCompletionProvider: Record<string, never>;
	codeActionProvider: {
		codeActionKinds: ("quickfix" | "refactor.rewrite" | "")[];
	};
	executeCommandProvider: {
		commands: ("eke.accept" | "eke.reject" | "eke.command")[];
	};
	workspace: {
		workspaceFolders: {
			supported: true;
			changeNotifications: true;
		};
	};
	experimental: {
		eke: EkeCapabilities;
	};
}

/** What this eke offers besides LSP. Clients ignore members that they do not know and take a missing one for false. */
export interface EkeCapabilities {
	/** Version of this contract. */
	protocol: 1;
	/** chat/complete. */
	chat: boolean;
	/** edit/propose. */
	edit?: boolean;
	/** models/list. */
	models: boolean;
	/** streamToken, and pieces by $/progress. */
	streaming: boolean;
	/** chat/send and its kin. */
	conversations: boolean;
}

/** Which request. */
export interface CancelParams {
	id: Id;
}

/** How much to trace from now on. */
export interface SetTraceParams {
	value: Trace;
}

/** A line of the trace. */
export interface LogTraceParams {
	message: string;
	verbose?: string;
}

/** A piece of the answer to the request that gave the token. */
export interface ProgressParams {
	token: Token;
	value: Delta | WorkDone;
}

/** LSP's WorkDoneProgressBegin, Report and End. */
export type WorkDone = {
	kind: "begin";
	title: string;
	cancellable: true;
} | {
	kind: "report";
	message: string;
} | {
	kind: "end";
};

/** LSP's. */
export interface CodeActionParams {
	textDocument: DocumentId;
	range: Range;
	context?: {
		/** Each gets a fix of its own, at most 5 of them; all go with the commands. */
		diagnostics?: object[];
		/** Kinds that are wanted, with those below them. */
		only?: string[];
		triggerKind?: number;
	};
}

/** LSP's. */
export interface CodeAction {
	title: string;
	kind: "quickfix" | "refactor.rewrite" | "";
	/** What it fixes. */
	diagnostics?: object[];
	command: EkeCommand;
}

/** LSP's Command, to be sent by workspace/executeCommand. */
export interface EkeCommand {
	title: string;
	command: "eke.command";
	arguments: [CommandArgument];
}

/** Which command on what; clients may make it themselves. */
export interface CommandArgument {
	/** Of a chat command, as chat/commands lists them. */
	name: string;
	uri: Uri;
	range: Range;
	/** LSP's Diagnostic. */
	diagnostics?: object[];
}

/** LSP's. */
export interface ShowDocumentParams {
	uri: Uri;
	external: false;
	takeFocus: true;
}

/** LSP's. */
export interface ApplyWorkspaceEditParams {
	/** For the editor's list of what can be undone. */
	label: string;
	edit: WorkspaceEdit | PlainWorkspaceEdit;
}

/** LSP's, without versions. */
export interface PlainWorkspaceEdit {
	changes: Record<string, TextEdit[]>;
}

/** What to append. */
export interface Delta {
	kind: "delta";
	/** To the answer. */
	text?: string;
	/** To the thinking aloud before it. */
	reasoning?: string;
}

/** The document and its text. */
export interface DidOpenParams {
	textDocument: {
		uri: Uri;
		languageId: string;
		version: number;
		text: string;
	};
}

/** The edits of one version. */
export interface DidChangeParams {
	textDocument: {
		uri: Uri;
		/** Of the text after all the edits. Gaps are no error. */
		version?: number | null;
	};
	contentChanges: ContentChange[];
}

/** text in place of range, or of everything if there is none. */
export interface ContentChange {
	range?: Range;
	/** LSP's, deprecated there; ignored. */
	rangeLength?: number;
	text: string;
}

/** The document that was saved. */
export interface DidSaveParams {
	textDocument: DocumentId;
	text?: string;
}

/** The document that was closed. */
export interface DidCloseParams {
	textDocument: DocumentId;
}

/** What is to be done with which text. */
export interface EditProposeParams {
	textDocument: DocumentId;
	range: Range;
	instruction: string;
	/** Id of the model. */
	model?: string;
	/** Name of the endpoint. */
	endpoint?: string;
	streamToken?: Token;
}

/** LSP's. */
export interface TextEdit {
	range: Range;
	newText: string;
}

/** LSP's, with versioned documents. */
export interface WorkspaceEdit {
	documentChanges: {
		textDocument: {
			uri: Uri;
			version: number | null;
		};
		edits: TextEdit[];
	}[];
}

/** The proposal. */
export interface EditProposeResult {
	edit: WorkspaceEdit;
	/** All of what would stand in the range. */
	text: string;
	/** What went along of other places by itself: chat.contextTokens. */
	context?: ContextSnippet[];
	budget: Budget;
}

/** One of the answers offered. Clients may send it back with more members. */
export interface MessageActionItem {
	title: string;
}

/** The question and its answers. */
export interface ShowMessageRequestParams {
	/** 1 error, 2 warning, 3 information. */
	type: 1 | 2 | 3;
	message: string;
	actions: MessageActionItem[];
}

/** Where. */
export interface CompletionExplainParams {
	textDocument: DocumentId;
	position: Position;
}

/** A decision and its numbers. */
export interface CompletionExplainResult {
	decision: "cache" | "offline" | "ask" | "decline";
	/** A sentence for a person. */
	reason: string;
	score: number;
	budget: Budget | null;
	/** What would go along with the text around the cursor, in the prompt's order. Empty where completion.context turns all of it off, without an endpoint, and where nothing of the document may be sent. */
	context: ContextSnippet[];
	/** How many tokens the whole prompt would have, about; 0 if there would be none. */
	promptTokens: number;
}

/** Lines of one file, or what was changed in it in the last minutes. */
export interface ContextSnippet {
	/** Below the workspace's folder. */
	path: string;
	/** Which of completion.context brought it. */
	sources: ("imports" | "similar" | "edits" | "outline" | "notebook")[];
	/** From 1: "3-9, 14". Absent of changes. */
	lines?: string;
	/** About. */
	tokens: number;
	/** What the file is to the document: "this file imports it". */
	reason: string;
	/** As the model would see it; a line … stands for what is left out. */
	text: string;
}

/** Where, and why. */
export interface InlineCompletionParams {
	textDocument: DocumentId;
	position: Position;
	/** LSP requires it; without it the user counts as having asked. */
	context?: {
		/** 1: the user asked; 2: while typing. */
		triggerKind: 1 | 2;
		/** What is selected in the completion menu: an item then extends this text and has this range. */
		selectedCompletionInfo?: {
			range: Range;
			text: string;
		};
	};
	formattingOptions?: FormattingOptions;
	workDoneToken?: Token;
	streamToken?: Token;
}

/** What the editor indents the document with; LSP's, of which eke reads two members. The cursor's line and the document's other lines go before it, and so does what .editorconfig says about the file. */
export interface FormattingOptions {
	/** Columns of one level of indentation. Above 16 it counts as missing. */
	tabSize?: number;
	/** Spaces, not tabs. */
	insertSpaces?: boolean;
}

/** The best first. */
export interface InlineCompletionList {
	items: InlineCompletionItem[];
	/** More of the first item is coming: ask again at the same position to have it grow. */
	isIncomplete?: true;
}

/** One completion. */
export interface InlineCompletionItem {
	/** Takes the place of range. */
	insertText: string;
	/** On the cursor's line, from at or left of the cursor to at or right of it. What it has right of the cursor are closing brackets and quotes that insertText has in it, too: an editor's auto-pairs put them there. */
	range: Range;
	filterText?: string;
	command: AcceptCommand;
}

/** To be run by workspace/executeCommand after the insertion. */
export interface AcceptCommand {
	/** LSP's Command must have one. */
	title: string;
	command: "eke.accept";
	/** The item's id, which means something to eke only. */
	arguments: [number | string];
}

/** An item of a textDocument/inlineCompletion result, with at least its command. */
export interface ShownItem {
	insertText?: string;
	command: {
		command?: string;
		arguments: unknown[];
	};
}

/** The item that was shown. */
export interface DidShowCompletionParams {
	item: ShownItem;
}

/** The item, and how much of it. */
export interface DidPartiallyAcceptCompletionParams {
	item: ShownItem;
	/** From the start of insertText, in UTF-16 units whatever the position encoding. */
	acceptedLength: number;
}

/** The command and its arguments. */
export interface ExecuteCommandParams {
	command: string;
	arguments?: unknown[];
	workDoneToken?: Token;
}

/** The editor's settings, of which eke reads its own section. */
export interface DidChangeConfigurationParams {
	settings?: {
		eke?: Settings;
	} | [] | null;
}

/** What changed. */
export interface DidChangeWorkspaceFoldersParams {
	event: {
		added: WorkspaceFolder[];
		removed: WorkspaceFolder[];
	};
}

/** A message and how grave it is. */
export interface MessageParams {
	/** 1: error; 2: warning; 3: information; 4: log. */
	type: 1 | 2 | 3 | 4;
	message: string;
}

/** Something that goes with a question. */
export type Context = {
	kind: "selection" | "file";
	uri: Uri;
	range?: Range;
} | {
	kind: "text";
	/** What it is, for the model and for trimmed. */
	name?: string;
	text: string;
	/** Of the fence around it. */
	languageId?: string;
} | {
	kind: "changes";
	uri: Uri;
} | {
	kind: "diagnostics";
	uri: Uri;
	range?: Range;
	items?: ContextDiagnostic[];
};

/** LSP's Diagnostic; members that are not listed here are ignored. */
export interface ContextDiagnostic {
	range: Range;
	message: string;
	/** Error, warning, information, hint. */
	severity?: 1 | 2 | 3 | 4;
	source?: string;
	code?: number | string;
}

/** A question, and what goes with it. There must be a prompt, or a command that needs none. */
export interface ChatSendParams {
	/** The chat to go on with; none: a new one. */
	chatId?: string;
	/** What the user typed. */
	prompt?: string;
	/** Name of a command (chat/commands). */
	command?: string;
	context?: Context[];
	/** One of the user's turns in the chat: this question takes its place, and what came behind it is dropped. */
	editTurnId?: string;
	/** The folder that it is about: in it @path is looked for first, and git is asked for what is staged. None: the workspace's first. */
	folder?: Uri;
	/** Id of the model. */
	model?: string;
	/** Name of the endpoint. */
	endpoint?: string;
	temperature?: number;
	/** The most tokens of the answer. */
	maxTokens?: number;
	streamToken?: Token;
}

/** Which chat, and whom to ask this time. */
export interface ChatRegenerateParams {
	/** Of the chat. */
	chatId: string;
	/** Id of the model. */
	model?: string;
	/** Name of the endpoint. */
	endpoint?: string;
	temperature?: number;
	/** The most tokens of the answer. */
	maxTokens?: number;
	streamToken?: Token;
}

/** The whole answer, which is kept. */
export interface ChatSendResult {
	/** Of the chat. */
	chatId: string;
	/** Of the answer. */
	turnId: string;
	/** Of the user's turn. */
	questionTurnId?: string;
	/** Of the chat; made of its first question. */
	title?: string;
	text: string;
	/** What the model thought aloud. */
	reasoning?: string;
	finishReason: FinishReason;
	notice?: Notice;
	usage?: Usage;
	/** What was not sent, in words for the user: to keep to the plan's cap on prompts, or to an ignore rule. */
	trimmed?: string[];
	/** What went along by itself, beside what was attached (chat.contextTokens): declarations of what the attached code, or the diff, names. In a capped prompt it is the first to go; trimmed says so. */
	context?: ContextSnippet[];
	/** The model that answered. */
	model: string;
	/** Name of the endpoint that answered. */
	endpoint: string;
	budget: Budget;
}

/** Which chat. */
export interface ChatIdParams {
	/** Of the chat. */
	chatId: string;
}

/** Which conversations, and how many. */
export interface ChatListParams {
	/** Words to look for. */
	query?: string;
	/** @default 50 */
	limit?: number;
	/** Of the page before. */
	cursor?: string;
	/** Only those of this folder, by its URI or path. */
	workspace?: string;
}

/** A conversation in a list. usage is the sum over all answers, those that were replaced included. */
export interface ChatEntry {
	/** Of the chat. */
	chatId: string;
	title: string;
	createdAt?: Time;
	updatedAt: Time;
	/** URI of the folder in which it began. */
	workspace?: string;
	usage?: Usage;
	turns: number;
}

/** A page of conversations. */
export interface ChatListResult {
	chats: ChatEntry[];
	/** For the next page; none: this was the last. */
	cursor?: string;
}

/** One of the user's questions, or an answer. */
export interface ChatTurn {
	turnId: string;
	role: "user" | "assistant";
	/** As the user typed it; the answer. */
	text: string;
	createdAt: Time;
	/** The command of the question. */
	command?: string;
	/** What went with the question. */
	context?: {
		name: string;
	}[];
	model?: string;
	endpoint?: string;
	reasoning?: string;
	finishReason?: FinishReason;
	/** It was cancelled, or its process died. */
	interrupted?: true;
	/** It is still coming. */
	writing?: true;
	usage?: Usage;
}

/** A conversation. */
export interface ChatGetResult {
	/** Of the chat. */
	chatId: string;
	title: string;
	createdAt?: Time;
	updatedAt?: Time;
	/** URI of the folder in which it began. */
	workspace?: string;
	usage?: Usage;
	turns: ChatTurn[];
}

/** Which chat, and its title. */
export interface ChatRenameParams {
	/** Of the chat. */
	chatId: string;
	title: string;
}

/** Which chat, in which form. */
export interface ChatExportParams {
	/** Of the chat. */
	chatId: string;
	format: "markdown" | "json";
}

/** The text. */
export interface ChatExportResult {
	text: string;
}

/** The commands. */
export interface ChatCommandsResult {
	commands: ChatCommand[];
}

/** A name for a prompt. */
export interface ChatCommand {
	name: string;
	title: string;
	description: string;
	/** What must go with it: a selection (files or text will do, unless it is the user's own prompt that quotes it), a file, something staged in git, or nothing. */
	needs: "selection" | "file" | "diff" | "none";
}

/** The new chat. */
export interface ChatCreatedParams {
	/** Of the chat. */
	chatId: string;
	title: string;
	questionTurnId: string;
	turnId: string;
}

/** One message of a conversation. */
export interface ChatMessage {
	role: "system" | "user" | "assistant";
	content: string;
}

/** The conversation so far, and whom to ask. What is not said comes from the configuration. */
export interface ChatCompleteParams {
	messages: ChatMessage[];
	/** Id of the model. */
	model?: string;
	/** Name of the endpoint. */
	endpoint?: string;
	temperature?: number;
	/** The most tokens of the answer. */
	maxTokens?: number;
	streamToken?: Token;
}

/** The whole answer. */
export interface ChatCompleteResult {
	message: {
		role: "assistant";
		content: string;
	};
	/** What the model thought aloud. */
	reasoning?: string;
	finishReason: FinishReason;
	notice?: Notice;
	/** What of the messages was not sent, since the plan caps prompts, in words for the user. */
	trimmed?: string[];
	usage?: Usage;
	/** The model that answered, as the service names it, else as it was asked for. */
	model: string;
	/** Name of the endpoint that answered. */
	endpoint: string;
	budget: Budget;
}

/** What the user should know of the answer, in words: why it is not whole (with the provider's own words, if there are any), or that it has no text. */
export type Notice = string;

/** stop: the answer is complete; length: a limit on tokens cut it; filter: the service's content filter did; truncated: the stream broke off. */
export type FinishReason = "stop" | "length" | "filter" | "truncated";

/** Tokens that the answer cost. */
export interface Usage {
	promptTokens: number;
	completionTokens: number;
	totalTokens: number;
	/** true: eke's own estimate; false: the service's numbers. */
	estimated: boolean;
}

/** Whose models. */
export interface ModelsListParams {
	/** Name of the endpoint. Default: all. */
	endpoint?: string;
}

/** The models. */
export interface ModelsListResult {
	models: {
		id: string;
		endpoint: string;
	}[];
}

/** The budgets. */
export interface BudgetGetResult {
	budgets: Budget[];
}

/** What is counted together: the whole machine, or one key. */
export type Scope = "machine" | "key";

/** What an endpoint's plan still allows. */
export interface Budget {
	/** Its name in the configuration. */
	endpoint: string;
	/** Name of its plan. */
	plan: string;
	/** low: a fifth or less is left; exhausted: nothing is (windows of some models only do not count); blocked: the service said no; unlimited: the plan has no windows. */
	state: "ok" | "low" | "exhausted" | "blocked" | "unlimited";
	/** Each of them must have something left. */
	windows: BudgetWindow[];
	blockedUntil?: Time;
	/** Why the state is what it is, for a person: what the service said, also where it blocks one model only (the state then is of the others); or that a part of each window counts as used, because what was counted before is not known. */
	reason?: string;
}

/** One limit of a plan, in requests. */
export interface BudgetWindow {
	scope: Scope;
	/** Patterns of the models that it counts, with * as wildcard. Default: all. */
	models?: string[];
	limit: number;
	used: number;
	remaining: number;
	resetAt: Time;
}

/** The state of things. */
export interface StatusParams {
	state: "idle" | "busy" | "warning" | "error" | "offline";
	message: string;
	/** Of the error that the state is about: auth, there is no key or it is refused; noEndpoint, nothing is configured. */
	kind?: ErrorKind;
	budgets: Budget[];
}

/** What an editor may set: the configuration file without whatever decides where keys and text go. Made from config.schema.json. */
export interface Settings {
	completion?: CompletionSettings;
	chat?: ChatSettings;
	privacy?: PrivacySettings;
	log?: LogSettings;
}

/** Inline completion (ghost text). */
export interface CompletionSettings {
	/**
	 * When to complete. "auto": while you type; "manual": only when asked by a key or command; "off": never.
	 * @default "auto"
	 */
	trigger?: "auto" | "manual" | "off";
	/**
	 * Milliseconds to wait after the last keystroke before a request is sent, or "adaptive" to follow your typing rhythm and the remaining budget.
	 * @default "adaptive"
	 */
	debounceMs?: "adaptive" | number;
	/**
	 * The most lines of one completion.
	 * @default 24
	 */
	maxLines?: number;
	/**
	 * How many alternatives to ask for, all in one request.
	 * @default 1
	 */
	candidates?: number;
	/**
	 * Share of every limit, from 0 to 1, that completions while you type leave for chats and for completions you ask for.
	 * @default 0.34
	 */
	reserve?: number;
	/**
	 * Also complete from your open documents, at no cost and without a network.
	 * @default true
	 */
	offline?: boolean;
	/** Turns completion while you type on or off for a language, by its LSP language id; "*" stands for all others. */
	languages?: Record<string, boolean>;
	/** What goes along with the text around the cursor, from other files and from the rest of this one. */
	context?: ContextSettings;
}

/** Chat. */
export interface ChatSettings {
	/** What the model is told before every chat. Default: eke's own few sentences. */
	system?: string;
	/** How freely the model chooses its words, from 0 to 2. null: the service decides. */
	temperature?: number | null;
	/** The most tokens of an answer. null: the service decides. */
	maxTokens?: number | null;
	/** The language to answer in, in words. null: that of the question. */
	language?: string | null;
	/**
	 * The most tokens of context that goes along by itself with an attached selection or file, an edit, and a commit message: declarations of what that code names, from the workspace. At most a quarter of the plan's maxPromptTokens. 0: nothing goes along but what you attach.
	 * @default 1024
	 */
	contextTokens?: number;
	/** Your own chat commands: name and prompt. One of a built-in command's name takes its place. In a prompt {selection} stands for the selected text, {file} for the path of the current file, which goes along, {language} for its language, {framework} for the test framework it seems to use, {diff} has what is staged go along, and {input} is what you type with the command, which else follows the prompt. */
	commands?: Record<string, string>;
}

/** What stays on this machine. */
export interface PrivacySettings {
	/** Patterns of files that are never sent, as in .gitignore. They add to eke's own list of secret-looking files, and to the .gitignore and .ekeignore files of the workspace; patterns from an editor add to those of the file. */
	ignore?: string[];
	/**
	 * Keep chats, and the answers of completions, in the state directory of this machine. Set to false in the file, completions that were kept are removed, and conversations are had in memory only; those that were kept before stay in chats.db, unread. Set to false by an editor, this process keeps nothing, and what is there stays; an editor cannot set it to true where the file says false.
	 * @default true
	 */
	history?: boolean;
}

/** The log. */
export interface LogSettings {
	/**
	 * The least important lines to log. "broken": only eke's own faults; "io": every message, with your text but never with a key.
	 * @default "info"
	 */
	level?: "broken" | "warn" | "info" | "debug" | "io";
}

/** Sources of context for completions, each on or off. Nothing comes from files that may not be sent, and nothing but open documents from outside of the workspace. `eke complete --explain` shows what would go along. */
export interface ContextSettings {
	/**
	 * Declarations of the files that this file imports, and of files in the same directory.
	 * @default true
	 */
	imports?: boolean;
	/**
	 * Lines of open documents, and of the rest of this one, that look like those around the cursor.
	 * @default true
	 */
	similar?: boolean;
	/**
	 * What you changed in the last minutes, as a diff.
	 * @default true
	 */
	edits?: boolean;
	/**
	 * Imports and declarations of the rest of this file.
	 * @default true
	 */
	outline?: boolean;
	/**
	 * Cells above in the same notebook.
	 * @default true
	 */
	notebook?: boolean;
	/**
	 * The most tokens of context in one prompt; 0 turns all of it off. The plan's maxPromptTokens holds besides.
	 * @default 4096
	 */
	maxTokens?: number;
}

/** Requests to eke, by method. */
export interface Requests {
	/** Begins the conversation. */
	'initialize': { params: InitializeParams; result: InitializeResult };
	/** Ends the work. */
	'shutdown': { params: Empty; result: null };
	/** The completion at a position. */
	'textDocument/inlineCompletion': { params: InlineCompletionParams; result: InlineCompletionList | null };
	/** What would be done with an automatic completion here, and why. */
	'completion/explain': { params: CompletionExplainParams; result: CompletionExplainResult };
	/** What eke could do with a selection or a diagnostic. */
	'textDocument/codeAction': { params: CodeActionParams; result: (CodeAction | EkeCommand)[] };
	/** Runs a command of eke's. */
	'workspace/executeCommand': { params: ExecuteCommandParams; result: null };
	/** A replacement for a range. */
	'edit/propose': { params: EditProposeParams; result: EditProposeResult };
	/** A question in a conversation that is kept. */
	'chat/send': { params: ChatSendParams; result: ChatSendResult };
	/** Another answer to the last question. */
	'chat/regenerate': { params: ChatRegenerateParams; result: ChatSendResult };
	/** The conversations. */
	'chat/list': { params: ChatListParams; result: ChatListResult };
	/** One conversation. */
	'chat/get': { params: ChatIdParams; result: ChatGetResult };
	/** Another title. */
	'chat/rename': { params: ChatRenameParams; result: Empty };
	/** Deletes a conversation. */
	'chat/delete': { params: ChatIdParams; result: Empty };
	/** A conversation as one text. */
	'chat/export': { params: ChatExportParams; result: ChatExportResult };
	/** The commands of chat/send. */
	'chat/commands': { params: Empty; result: ChatCommandsResult };
	/** One answer to a list of messages. */
	'chat/complete': { params: ChatCompleteParams; result: ChatCompleteResult };
	/** The models that can be asked. */
	'models/list': { params: ModelsListParams; result: ModelsListResult };
	/** What is left of each endpoint's budget. */
	'budget/get': { params: Empty; result: BudgetGetResult };
}

/** Notifications to eke: their params, by method. */
export interface ClientNotifications {
	/** The client has read the capabilities. */
	'initialized': Empty;
	/** Ends the process. */
	'exit': Empty;
	/** Gives a request up. */
	'$/cancelRequest': CancelParams;
	/** How much of its doings eke tells. */
	'$/setTrace': SetTraceParams;
	/** A document is open. */
	'textDocument/didOpen': DidOpenParams;
	/** A document was edited. */
	'textDocument/didChange': DidChangeParams;
	/** A document was saved. */
	'textDocument/didSave': DidSaveParams;
	/** A document was closed. */
	'textDocument/didClose': DidCloseParams;
	/** A notebook is open. */
	'notebookDocument/didOpen': DidOpenNotebookParams;
	/** A notebook was edited. */
	'notebookDocument/didChange': DidChangeNotebookParams;
	/** A notebook was saved. */
	'notebookDocument/didSave': DidSaveNotebookParams;
	/** A notebook is closed. */
	'notebookDocument/didClose': DidCloseNotebookParams;
	/** A completion was shown. */
	'textDocument/didShowCompletion': DidShowCompletionParams;
	/** A part of a completion was accepted. */
	'textDocument/didPartiallyAcceptCompletion': DidPartiallyAcceptCompletionParams;
	/** The editor's settings changed. */
	'workspace/didChangeConfiguration': DidChangeConfigurationParams;
	/** Workspace folders were added or removed. */
	'workspace/didChangeWorkspaceFolders': DidChangeWorkspaceFoldersParams;
	/** The user cancels work that goes on. */
	'window/workDoneProgress/cancel': {
	token: Token;
};
}

/** Notifications from eke: their params, by method. */
export interface ServerNotifications {
	/** Gives a request up. */
	'$/cancelRequest': CancelParams;
	/** What eke does. */
	'$/logTrace': LogTraceParams;
	/** A piece of an answer. */
	'$/progress': ProgressParams;
	/** A line for the editor's log. */
	'window/logMessage': MessageParams;
	/** A message for the user. */
	'window/showMessage': MessageParams;
	/** A conversation began. */
	'eke/didCreateChat': ChatCreatedParams;
	/** What a status bar shows. */
	'eke/didChangeStatus': StatusParams;
}
