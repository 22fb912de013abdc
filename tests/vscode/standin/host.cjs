/*
 * As much of VS Code as the extension needs to run in Node without it: the module "vscode" for dist/extension.js. Not a test of what
 * VS Code does: that is `make test-vscode`. What is not here is an event that never happens, or a function that does nothing.
 */
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { dirname, extname, join } = require('node:path');

const { Editor, TextDocument } = require('./editor.cjs');
const types = require('./types.cjs');

const LANGUAGES = { '.c': 'c', '.py': 'python', '.txt': 'plaintext' };
const nothing = () => new types.Disposable();

/** Reads of an object; what it does not have is made by `other`. */
const withOthers = (object, other) =>
	new Proxy(object, {
		get(target, name) {
			if (!(name in target) && typeof name === 'string') target[name] = other(name);
			return target[name];
		},
	});

/* onDidX: an event that never happens; anything else: a function that does nothing. */
const quiet = (name) => (/^on[A-Z]/.test(name) ? nothing : /^[a-z]/.test(name) ? nothing : types.anything(name));

class Host {
	changed = new types.EventEmitter();
	opened = new types.EventEmitter();
	activated = new types.EventEmitter();
	configured = new types.EventEmitter();
	documents = [];
	editor = undefined;
	settings = new Map();
	messages = [];
	questions = [];
	asked = new types.EventEmitter();
	commands = new Map();
	contexts = new Map();
	page = undefined;
	diff = undefined;
	item = { text: '' };
	log = [];

	constructor(folder, extension) {
		Object.assign(this, { folder, extension });
		this.manifest = JSON.parse(readFileSync(join(extension, 'package.json'), 'utf8'));
		this.vscode = this.#api();
	}

	/** Loads and activates the extension. */
	async start() {
		const load = Module._load;
		Module._load = (name, ...rest) => (name === 'vscode' ? this.vscode : load.call(Module, name, ...rest));
		try {
			const path = join(this.extension, 'dist/extension.js');
			delete require.cache[path];
			this.module = require(path);
		} finally {
			Module._load = load;
		}
		const memory = () => {
			const kept = new Map();
			return {
				get: (name, otherwise) => kept.get(name) ?? otherwise,
				update: async (name, value) => void kept.set(name, value),
				setKeysForSync: () => {},
			};
		};
		this.context = {
			subscriptions: [],
			extensionPath: this.extension,
			extensionUri: types.Uri.file(this.extension),
			extension: { id: 'eke.eke', packageJSON: this.manifest },
			globalState: memory(),
			workspaceState: memory(),
			secrets: { get: async () => undefined, store: async () => {}, delete: async () => {}, onDidChange: nothing },
		};
		this.exports = this.module.activate(this.context);
	}

	async stop() {
		await this.module?.deactivate();
		for (const one of this.context?.subscriptions ?? []) one.dispose();
	}

	open(path, position) {
		const uri = types.Uri.file(path);
		const document = new TextDocument(uri, LANGUAGES[extname(path)] ?? 'plaintext', readFileSync(path, 'utf8'));
		this.documents.push(document);
		this.editor?.leave();
		this.editor = new Editor(document, this);
		this.editor.move(position);
		this.opened.fire(document);
		this.activated.fire(this.editor);
	}

	async execute(name, ...rest) {
		const { editor } = this;
		const built = {
			setContext: () => this.contexts.set(...rest),
			'eke.chat.focus': () => this.#showChat(),
			'editor.action.inlineSuggest.trigger': () => editor.ask(0),
			'editor.action.inlineSuggest.commit': () => editor.take((rest) => rest.length),
			'editor.action.inlineSuggest.acceptNextWord': () => editor.take((rest) => /^\s*(\w+|[^\w\s]+)/.exec(rest)?.[0].length ?? rest.length),
			'editor.action.inlineSuggest.acceptNextLine': () => editor.take((rest) => /^.*(\n|$)/.exec(rest)[0].length),
			'editor.action.inlineSuggest.hide': () => editor.hide(),
			'editor.action.inlineSuggest.showNext': () => this.#cycle(1),
			'editor.action.inlineSuggest.showPrevious': () => this.#cycle(-1),
			'vscode.diff': () => (this.diff = new types.TabInputTextDiff(rest[0], rest[1])),
			'vscode.executeDocumentSymbolProvider': () => [],
		}[name];
		return (built ?? this.commands.get(name))?.(...rest);
	}

	/* As VS Code: it asks for all candidates first. */
	async #cycle(step) {
		await this.editor.ask(0);
		const count = this.editor.items.length;
		if (count) this.editor.index = (this.editor.index + step + count) % count;
	}

	#showChat() {
		if (this.page) return;
		const heard = new types.EventEmitter();
		this.page = { draft: '', heard };
		this.chatProvider.resolveWebviewView({
			visible: true,
			onDidChangeVisibility: nothing,
			onDidDispose: nothing,
			webview: {
				cspSource: 'self',
				asWebviewUri: (uri) => uri,
				onDidReceiveMessage: heard.event,
				postMessage: async (message) => {
					if (message.type === 'draft' && (message.text || !message.isFocused)) this.page.draft = message.text;
				},
			},
		});
		heard.fire({ type: 'ready' });
	}

	#tell(message, ...actions) {
		this.messages.push(message);
		const offered = actions.filter((one) => typeof one === 'string' || one?.title);
		if (!offered.length) return Promise.resolve(undefined);
		return new Promise((resolve) => {
			this.questions.push({ offered, resolve });
			this.asked.fire(this.questions.at(-1));
		});
	}

	get(name) {
		const all = Object.assign({}, ...this.manifest.contributes.configuration.map(({ properties }) => properties));
		return this.settings.get(name) ?? all[name]?.default;
	}

	#configuration(section) {
		const whole = (name) => (section ? `${section}.${name}` : name);
		return {
			get: (name, otherwise) => this.get(whole(name)) ?? otherwise,
			inspect: (name) => ({ globalValue: this.settings.get(whole(name)) }),
			update: async (name, value) => void this.settings.set(whole(name), value),
		};
	}

	async #applyEdit(edit) {
		for (const [uri, edits] of edit.entries()) {
			const document = this.documents.find((one) => one.uri.toString() === uri.toString());
			if (!document) return false;
			const editor = this.editor.document === document ? this.editor : new Editor(document, this);
			const last = [...edits].sort((a, b) => b.range.start.compareTo(a.range.start));
			for (const { range, newText } of last) editor.replace(range, newText);
		}
		return true;
	}

	#document(uri) {
		return this.documents.find((one) => one.uri.toString() === uri.toString());
	}

	async #openDocument(uri) {
		const there = this.#document(uri);
		if (there) return there;
		const text = new TextDecoder().decode(this.files.readFile(uri));
		this.documents.push(new TextDocument(uri, 'plaintext', text));
		return this.documents.at(-1);
	}

	#api() {
		const host = this;
		const log = (level) => (text) => this.log.push(`${level}: ${text}`);
		const tab = () => (this.diff ? { input: this.diff } : undefined);
		const workspace = {
			textDocuments: this.documents,
			notebookDocuments: [],
			workspaceFolders: [{ uri: types.Uri.file(this.folder), name: 'folder', index: 0 }],
			onDidOpenTextDocument: this.opened.event,
			onDidChangeTextDocument: this.changed.event,
			onDidChangeConfiguration: this.configured.event,
			getConfiguration: (section) => this.#configuration(section),
			applyEdit: (edit) => this.#applyEdit(edit),
			asRelativePath: (uri) => (uri.fsPath ?? String(uri)).split('/').at(-1),
			openTextDocument: (uri) => this.#openDocument(uri),
			registerFileSystemProvider: (scheme, provider) => ((this.files = provider), nothing()),
			findFiles: async () => [],
			fs: { isWritableFileSystem: () => true },
		};
		const window = {
			get activeTextEditor() {
				return host.editor;
			},
			get visibleTextEditors() {
				return host.editor ? [host.editor] : [];
			},
			onDidChangeActiveTextEditor: this.activated.event,
			showErrorMessage: (...all) => this.#tell(...all),
			showWarningMessage: (...all) => this.#tell(...all),
			showInformationMessage: (...all) => this.#tell(...all),
			showTextDocument: async () => host.editor,
			createStatusBarItem: () => Object.assign(this.item, { show() {}, dispose() {} }),
			createOutputChannel: () => ({
				...{ logLevel: 3, onDidChangeLogLevel: nothing, show() {}, dispose() {}, append() {}, appendLine: log('line') },
				...Object.fromEntries(['trace', 'debug', 'info', 'warn', 'error'].map((level) => [level, log(level)])),
			}),
			registerWebviewViewProvider: (_, provider) => ((this.chatProvider = provider), nothing()),
			withProgress: (_, task) => task({ report() {} }, new types.CancellationTokenSource().token),
			tabGroups: {
				onDidChangeTabs: nothing,
				onDidChangeTabGroups: nothing,
				get activeTabGroup() {
					return { activeTab: tab(), tabs: tab() ? [tab()] : [] };
				},
				get all() {
					return [{ tabs: tab() ? [tab()] : [] }];
				},
				close: async () => void (this.diff = undefined),
			},
		};
		const languages = {
			match: (selector, { uri }) =>
				[selector].flat().some((one) => one === '*' || one.scheme === uri.scheme || (one.language && !one.scheme)) ? 10 : 0,
			registerInlineCompletionItemProvider: (_, provider) => ((this.provider = provider), nothing()),
			getDiagnostics: () => [],
			setTextDocumentLanguage: async (document) => document,
			createDiagnosticCollection: () => ({ clear() {}, dispose() {}, set() {}, delete() {} }),
		};
		const commands = {
			registerCommand: (name, run) => {
				this.commands.set(name, run);
				return new types.Disposable(() => this.commands.delete(name));
			},
			executeCommand: (name, ...rest) => this.execute(name, ...rest),
		};
		const l10n = { t: (text, ...values) => text.replace(/\{(\d)\}/g, (_, i) => values[i]) };
		// A bundler copies the names that a module has: all that are used must be there.
		const source = readFileSync(join(this.extension, 'dist/extension.js'), 'utf8');
		const used = [...new Set([...source.matchAll(/\.([A-Z][A-Za-z]+)\b/g)].map(([, name]) => name))].map((name) => [name, types.anything(name)]);
		return withOthers(
			{
				...Object.fromEntries(used),
				...types,
				version: '1.91.0',
				l10n,
				env: { appName: 'stand-in', language: 'en', openExternal: async () => true, clipboard: {} },
				workspace: withOthers(workspace, quiet),
				window: withOthers(window, quiet),
				languages: withOthers(languages, quiet),
				commands,
				extensions: { getExtension: () => undefined },
			},
			types.anything,
		);
	}
}

module.exports = { Host, root: join(dirname(__dirname), '../..') };
