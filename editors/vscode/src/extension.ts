/* Where VS Code comes in: makes the parts and says which command is whose. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import * as vscode from 'vscode';

import { Chat } from './chat.ts';
import { setPreview } from './code.ts';
import { isOurs, previewEdit, registerCommands } from './commands.ts';
import { Ghost } from './ghost.ts';
import { Keys } from './keys.ts';
import { Preview } from './preview.ts';
import { sentenceOf, servedTitle } from './sentences.ts';
import { SELECTOR, Server, type State } from './server.ts';
import { option, settings } from './settings.ts';
import { showMenu, Status } from './status.ts';
import { transcript } from './view.ts';

let server: Server | undefined;

/** What other extensions, and tests, may ask. */
export interface Api {
	/** Of the server. */
	readonly state: State;
	/** The chat as text. */
	readonly transcript: string;
}

export function activate(context: vscode.ExtensionContext): Api {
	const log = vscode.window.createOutputChannel('eke', { log: true });
	const keys = new Keys(context);
	const preview = new Preview(context.subscriptions);
	setPreview(preview);
	const made: Server = new Server(context, log, () => keys.environment(), {
		provideCodeActions: async (document, range, context, token, next) =>
			(await next(document, range, context, token))?.map(inChat),
		workspace: {
			// Those of a command are looked at first.
			handleApplyEdit: async (params, next) =>
				params.label && made.client
					? { applied: await previewEdit(preview, made.client, params.label, params.edit) }
					: next(params, new vscode.CancellationTokenSource().token),
		},
	});
	server = keys.server = made;
	const ghost = new Ghost(made);
	const status = new Status(made, context.subscriptions);
	ghost.isPaused = () => status.isPaused;
	const chat = new Chat(context, made);
	chat.status = () => status.status;
	status.onDidChange = () => chat.statusChanged();

	const command = (name: string, run: (...args: never[]) => unknown) =>
		context.subscriptions.push(
			vscode.commands.registerCommand(name, async (...args: never[]) => {
				try {
					return await run(...args);
				} catch (error) {
					void vscode.window.showErrorMessage(sentenceOf(error));
					return undefined;
				}
			}),
		);
	registerCommands(command, chat, made, preview);
	command('eke.acceptWord', () => ghost.takePart('editor.action.inlineSuggest.acceptNextWord'));
	command('eke.acceptLine', () => ghost.takePart('editor.action.inlineSuggest.acceptNextLine'));
	command('eke.next', () => ghost.cycle(1));
	command('eke.previous', () => ghost.cycle(-1));
	command('eke.dismiss', () => ghost.dismiss());
	command('eke.explainCompletion', () => ghost.explain());
	command('eke.menu', () => showMenu(status, made));
	command('eke.togglePause', () => {
		status.isPaused = !status.isPaused;
		status.draw();
	});
	command('eke.setKey', (id?: string) => keys.setKey(id));
	command('eke.openConfiguration', () => keys.openConfiguration());
	command('eke.doctor', () => doctor(made, log));
	command('eke.showLog', () => log.show());
	command('eke.restart', () => made.restart());

	context.subscriptions.push(
		log,
		status,
		vscode.languages.registerInlineCompletionItemProvider(SELECTOR, ghost),
		vscode.window.registerWebviewViewProvider('eke.chat', chat),
		made.onDidChangeState((state) => vscode.commands.executeCommand('setContext', 'eke.running', state === 'running')),
		vscode.window.onDidChangeActiveTextEditor(begin),
		vscode.workspace.onDidChangeConfiguration((event) => {
			if (!event.affectsConfiguration('eke')) return;
			if (['command', 'env', 'enabled'].some((name) => event.affectsConfiguration(`eke.${name}`)))
				void (option('enabled', true) ? made.restart() : made.stop());
			else
				made.notify('workspace/didChangeConfiguration', { settings: { eke: settings(context.extension) } });
		}),
	);
	begin(vscode.window.activeTextEditor);
	return {
		get state() {
			return made.state;
		},
		get transcript() {
			return transcript(chat.turns, '');
		},
	};
}

export async function deactivate(): Promise<void> {
	await server?.stop();
}

/* The first file that could be typed into starts the server. */
function begin(editor: vscode.TextEditor | undefined): void {
	if (editor && option('enabled', true) && isOurs(editor.document)) void server?.start();
}

/* What `eke doctor` says, with the environment that the server has. */
async function doctor(running: Server, log: vscode.OutputChannel): Promise<void> {
	const command = await running.command();
	if ('missing' in command) return running.start();
	log.show(true);
	const { stdout, stderr } = await promisify(execFile)(command.program, ['doctor'], { env: command.env }).catch(
		(error: { stdout: string; stderr: string }) => error, // its report is of use then, too
	);
	log.appendLine(`$ ${command.program} doctor\n${stdout}${stderr}`);
}

/* Actions that answer in words do so in the chat, those that change text as the server says. */
function inChat(action: vscode.CodeAction | vscode.Command): vscode.CodeAction | vscode.Command {
	if ('kind' in action && action.kind?.value === '' && action.command?.command === 'eke.command')
		action.command = { ...action.command, command: 'eke.inChat' };
	action.title = servedTitle(action.title);
	return action;
}
