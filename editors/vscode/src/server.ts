/*
 * The server's life: found, started when it is first wanted, again after a crash with growing pauses, given up after the
 * fifth crash within three minutes. Documents, positions and edits are vscode-languageclient's; each process has a client
 * of its own.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';

import * as vscode from 'vscode';
import {
	CloseAction,
	ErrorAction,
	LanguageClient,
	MessageType,
	RevealOutputChannelOn,
	ShowMessageNotification,
	StreamMessageReader,
	StreamMessageWriter,
	type DynamicFeature,
	type LanguageClientOptions,
	type Middleware,
	type ShowMessageParams,
	type StaticFeature,
} from 'vscode-languageclient/node';

import type { ClientNotifications, EkeCapabilities, Requests, ServerNotifications } from '../../../protocol/eke.d.ts';
import { Crashes } from './crashes.ts';
import { findProgram } from './program.ts';
import { sentence } from './sentences.ts';
import { option, settings } from './settings.ts';

const PROTOCOL = 1;
/* How long a process may take to end after it was asked to. */
const END_MS = 2000;
const LAST_WORDS = 5;

/* Not what is no text of the user's: output, the SCM input box, diffs, our own previews. */
export const SELECTOR = ['file', 'untitled', 'vscode-notebook-cell', 'vscode-remote', 'vscode-vfs'].map((scheme) => ({
	scheme,
}));

export type State = 'off' | 'starting' | 'running' | 'restarting' | 'failed' | 'stopped';

/* Completions have a provider that outlives the process: ghost.ts. */
class Client extends LanguageClient {
	override registerFeature(feature: StaticFeature | DynamicFeature<unknown>): void {
		if ('registrationType' in feature && feature.registrationType.method === 'textDocument/inlineCompletion')
			feature.initialize = () => {};
		super.registerFeature(feature);
	}

	/* For the log: what a user must know of a process that ended, the server's life says. */
	override error(message: string, data?: unknown): void {
		super.error(message, data, false);
	}
}

/* As the client would, in the user's language. */
function showMessage({ type, message }: ShowMessageParams): void {
	const text = sentence(message, undefined);
	if (type === MessageType.Error) void vscode.window.showErrorMessage(text);
	else if (type === MessageType.Warning) void vscode.window.showWarningMessage(text);
	else void vscode.window.showInformationMessage(text);
}

export class Server implements vscode.Disposable {
	state: State = 'off';
	version = '';
	#client: LanguageClient | undefined;
	#process: ChildProcessWithoutNullStreams | undefined;
	#connecting: Promise<void> | undefined;
	#crashes = new Crashes();
	#words: string[] = [];
	#timer: NodeJS.Timeout | undefined;
	#changed = new vscode.EventEmitter<State>();
	#handlers = new Map<string, (params: unknown) => void>();
	#queue = Promise.resolve();
	#serial = 0;
	readonly onDidChangeState = this.#changed.event;

	constructor(
		private readonly context: vscode.ExtensionContext,
		readonly log: vscode.LogOutputChannel,
		private readonly secrets: () => Promise<Record<string, string>>,
		private readonly middleware: Middleware,
	) {}

	/** What to do with a notification of the server's; before the first start. */
	on<M extends keyof ServerNotifications>(method: M, handler: (params: ServerNotifications[M]) => void): void {
		this.#handlers.set(method, handler as (params: unknown) => void);
	}

	/** Starts the server if it was not wanted before; done when it runs, or was given up. */
	start(): Promise<void> {
		if (this.state === 'off') this.#begin();
		return this.#settled();
	}

	/* Processes are started and ended one after the other; of what was asked for meanwhile the last counts. */
	#turn(run: () => Promise<void>): Promise<void> {
		const mine = ++this.#serial;
		this.#queue = this.#queue
			.then(() => (mine === this.#serial ? run() : undefined))
			.catch((error: unknown) => this.#fail(String(error)));
		return this.#queue;
	}

	#begin(): void {
		this.#set('starting');
		void this.#turn(() => this.#start());
	}

	#settled(): Promise<void> {
		if (['running', 'failed', 'stopped'].includes(this.state)) return Promise.resolve();
		return new Promise((resolve) => {
			const listener = this.onDidChangeState((state) => {
				if (!['running', 'failed', 'stopped'].includes(state)) return;
				listener.dispose();
				resolve();
			});
		});
	}

	async restart(): Promise<void> {
		clearTimeout(this.#timer);
		this.#crashes.forget();
		this.#set('starting'); // who asks meanwhile waits for it
		await this.#turn(async () => {
			await this.#end();
			await this.#start();
		});
		await this.#settled();
	}

	async stop(): Promise<void> {
		clearTimeout(this.#timer);
		this.#set('stopped');
		await this.#turn(() => this.#end());
	}

	dispose(): Promise<void> {
		return this.stop();
	}

	/** Sends a request, and starts the server for it if need be. */
	async request<M extends keyof Requests>(
		method: M,
		params: Requests[M]['params'],
		token?: vscode.CancellationToken,
	): Promise<Requests[M]['result']> {
		await this.start();
		if (!this.#client || this.state !== 'running')
			throw new Error(vscode.l10n.t('eke is not running. "eke: Show log" says why, "eke: Restart" tries again.'));
		// An undefined token would be taken for a second parameter.
		return token
			? this.#client.sendRequest<Requests[M]['result']>(method, params, token)
			: this.#client.sendRequest<Requests[M]['result']>(method, params);
	}

	notify<M extends keyof ClientNotifications>(method: M, params: ClientNotifications[M]): void {
		if (this.state === 'running') void this.#client?.sendNotification(method, params);
	}

	get client(): LanguageClient | undefined {
		return this.#client;
	}

	/** The command line and environment with which programs of eke's are run. */
	async command(): Promise<{ program: string; arguments: string[]; env: NodeJS.ProcessEnv } | { missing: string }> {
		const found = await findProgram(option<string[]>('command', []), this.context.extensionPath);
		if ('missing' in found) return found;
		const env = { ...process.env, ...option<Record<string, string>>('env', {}), ...(await this.secrets()) };
		return { ...found, env };
	}

	#set(state: State): void {
		this.state = state;
		this.#changed.fire(state);
	}

	/* Done when the process is there. */
	async #start(): Promise<void> {
		const command = await this.command();
		if ('missing' in command) return this.#missing(command.missing);
		try {
			this.#process = await this.#spawn(command.program, command.arguments, command.env);
		} catch (error) {
			return this.#fail(
				vscode.l10n.t('{0} cannot be started: {1}', command.program, error instanceof Error ? error.message : ''),
			);
		}
		this.#connecting = this.#connect(this.#process);
	}

	async #connect(started: ChildProcessWithoutNullStreams): Promise<void> {
		const client = new Client('eke', 'eke', () => this.#streams(started), this.#options());
		for (const [method, handler] of this.#handlers) client.onNotification(method, handler);
		client.onNotification(ShowMessageNotification.type, showMessage);
		this.#client = client;
		try {
			await client.start();
		} catch {
			return; // its process has ended, which #ended tells
		}
		if (this.#client === client) this.#check(client);
	}

	#streams(child: ChildProcessWithoutNullStreams): Promise<{ reader: StreamMessageReader; writer: StreamMessageWriter }> {
		return Promise.resolve({
			reader: new StreamMessageReader(child.stdout),
			writer: new StreamMessageWriter(child.stdin),
		});
	}

	/* Another version of the contract is not spoken with. */
	#check(client: LanguageClient): void {
		const { capabilities, serverInfo } = client.initializeResult ?? { capabilities: {} };
		const eke = (capabilities.experimental as { eke?: EkeCapabilities } | undefined)?.eke;
		this.version = serverInfo?.version ?? '';
		if (eke?.protocol === PROTOCOL) {
			this.log.info(`eke ${this.version} runs, process ${this.#process?.pid}`);
			return this.#set('running');
		}
		void this.#end();
		return this.#fail(
			eke
				? vscode.l10n.t(
						'eke {0} speaks protocol {1} and this extension {2}: update the older of the two.',
						this.version,
						eke.protocol,
						PROTOCOL,
					)
				: vscode.l10n.t('The program that was started is no eke: see the setting eke.command.'),
		);
	}

	#options(): LanguageClientOptions {
		return {
			documentSelector: SELECTOR,
			outputChannel: this.log,
			revealOutputChannelOn: RevealOutputChannelOn.Never,
			initializationOptions: {
				eke: settings(this.context.extension),
				editor: { name: vscode.env.appName, version: vscode.version },
			},
			errorHandler: {
				error: () => ({ action: ErrorAction.Continue, handled: true }),
				closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
			},
			initializationFailedHandler: () => false,
			middleware: this.middleware,
		};
	}

	#spawn(program: string, args: string[], env: NodeJS.ProcessEnv): Promise<ChildProcessWithoutNullStreams> {
		const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')?.uri.fsPath;
		const child = spawn(program, args, { env, ...(folder ? { cwd: folder } : {}) });
		this.#words = [];
		createInterface({ input: child.stderr }).on('line', (line) => this.#said(line));
		child.stdin.on('error', () => {}); // it has ended, which 'exit' tells
		return new Promise((resolve, reject) => {
			child.once('error', reject);
			child.once('spawn', () => {
				// Only when what it wrote last has been read.
				child.once('close', (code, signal) => this.#ended(child, signal ?? String(code)));
				resolve(child);
			});
		});
	}

	#said(line: string): void {
		this.#words = [...this.#words.slice(1 - LAST_WORDS), line];
		const [, level] = /\b(broken|warn|info|debug|io)\b/.exec(line.slice(0, 60)) ?? [];
		if (level === 'broken') this.log.error(line);
		else if (level === 'warn') this.log.warn(line);
		else if (level === 'debug' || level === 'io') this.log.debug(line);
		else this.log.info(line);
	}

	/* By itself, or as it was asked to. */
	#ended(child: ChildProcessWithoutNullStreams, status: string): void {
		if (this.#process !== child) return;
		this.#process = undefined;
		this.#client = undefined;
		if (this.state === 'failed' || this.state === 'stopped') return;
		const pause = this.#crashes.note(Date.now(), option('restartDelay', 500));
		if (pause === undefined) {
			this.log.error(this.#words.join('\n'));
			return this.#fail(
				vscode.l10n.t(
					'eke ended {0} times within 3 minutes (status {1}), and is not started again. {2}',
					this.#crashes.count,
					status,
					this.#words.at(-1) ?? '',
				),
			);
		}
		const text = vscode.l10n.t('eke ended (status {0}) and is started again.', status);
		this.log.warn(text);
		if (this.#crashes.count === 1) void vscode.window.showWarningMessage(text);
		this.#set('restarting');
		this.#timer = setTimeout(() => {
			if (this.state === 'restarting') this.#begin();
		}, pause);
	}

	async #end(): Promise<void> {
		const client = this.#client;
		const child = this.#process;
		this.#client = undefined;
		this.#process = undefined;
		if (!child) return;
		const gone = new Promise((resolve) => child.once('exit', resolve));
		const kill = setTimeout(() => child.kill('SIGKILL'), END_MS);
		try {
			await this.#connecting; // a client that is being started cannot be stopped
			await client?.stop(END_MS);
		} catch {
			// it is ended all the same
		}
		child.stdin.end();
		if (child.exitCode === null && child.signalCode === null) await gone;
		clearTimeout(kill);
	}

	#missing(name: string): void {
		const install = vscode.l10n.t('How to install');
		this.#fail(
			vscode.l10n.t(
				'The program {0} cannot be found. Install eke, or name it in the setting eke.command, then "eke: Restart".',
				name,
			),
			install,
			() => vscode.commands.executeCommand('workbench.action.openWalkthrough', `${this.context.extension.id}#start`),
		);
	}

	#fail(why: string, more?: string, act?: () => void): void {
		this.log.error(why);
		this.#set('failed');
		const log = vscode.l10n.t('Show log');
		const settingsTitle = vscode.l10n.t('Open settings');
		void vscode.window.showErrorMessage(why, ...(more ? [more] : [log]), settingsTitle).then((chosen) => {
			if (chosen === log) this.log.show(true);
			else if (chosen === settingsTitle)
				void vscode.commands.executeCommand('workbench.action.openSettings', 'eke.command');
			else if (chosen) act?.();
		});
	}
}
