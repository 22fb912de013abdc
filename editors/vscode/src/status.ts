/* The status bar's item: what is left, when there is more; its hover and its menu. */
import * as vscode from 'vscode';

import type { Budget, StatusParams } from '../../../protocol/eke.d.ts';
import { IDLE, isEmpty, isUnset, isUsedUp, left, until } from './budget.ts';
import { here, nothingLeft, reasonOf, sentenceOfStatus } from './sentences.ts';
import type { Server } from './server.ts';

const TICK_MS = 20_000;
/* A service that says "later", and means a moment, is told by the item alone. */
const MOMENT_MS = 5 * 60_000;

export class Status implements vscode.Disposable {
	status: StatusParams = IDLE;
	#item = vscode.window.createStatusBarItem('eke', vscode.StatusBarAlignment.Right, 90);
	#told = new Set<string>();
	#timer: NodeJS.Timeout;
	isPaused = false;
	onDidChange = () => {};

	constructor(
		private readonly server: Server,
		subscriptions: vscode.Disposable[],
	) {
		this.#item.name = vscode.l10n.t('eke: requests left');
		server.on('eke/didChangeStatus', (params) => this.#take(params));
		subscriptions.push(
			server.onDidChangeState((state) => {
				if (state !== 'running') this.status = IDLE;
				this.draw();
			}),
		);
		this.#timer = setInterval(() => this.draw(), TICK_MS); // the countdown
		this.draw();
		this.#item.show();
	}

	dispose(): void {
		clearInterval(this.#timer);
		this.#item.dispose();
	}

	get text(): string {
		return this.#item.text;
	}

	draw(): void {
		const { state, budgets } = this.status;
		const isDown = ['failed', 'stopped'].includes(this.server.state);
		const isNew = this.server.state === 'running' && isUnset(this.status);
		const counted = isNew
			? vscode.l10n.t('set up')
			: this.server.state === 'running'
				? left(this.status, Date.now())
				: '';
		this.#item.command = isNew ? 'eke.setKey' : 'eke.menu';
		const icon = isDown
			? '$(error)'
			: this.isPaused
				? '$(debug-pause)'
				: state === 'busy' || this.server.state === 'starting' || this.server.state === 'restarting'
					? '$(loading~spin)'
					: isNew
						? '$(key)'
						: state === 'offline'
							? '$(cloud-offline)'
							: state === 'error'
								? '$(warning)'
								: '$(sparkle)';
		this.#item.text = ['eke', counted].filter(Boolean).join(' ').replace(/^/, `${icon} `);
		this.#item.tooltip = this.#hover();
		this.#item.accessibilityInformation = { label: `eke ${counted} ${sentenceOfStatus(this.status)}`.trim(), role: 'button' };
		const isError = isDown || budgets.some(isEmpty);
		const isWarning = state === 'error' || state === 'warning' || budgets.some(({ state: one }) => one === 'low');
		this.#item.backgroundColor = isError
			? new vscode.ThemeColor('statusBarItem.errorBackground')
			: isWarning
				? new vscode.ThemeColor('statusBarItem.warningBackground')
				: undefined;
	}

	#take(params: StatusParams): void {
		this.status = { ...IDLE, ...params };
		this.draw();
		this.onDidChange();
		for (const budget of this.status.budgets) this.#tell(budget);
	}

	/* That nothing is left is told once, until there was something again; a message that takes no focus. */
	#tell(budget: Budget): void {
		if (!isEmpty(budget)) {
			this.#told.delete(budget.endpoint);
			return;
		}
		if (this.#told.has(budget.endpoint)) return;
		if (!isUsedUp(budget) && Date.parse(budget.blockedUntil ?? '') - Date.now() < MOMENT_MS) return;
		this.#told.add(budget.endpoint);
		const details = vscode.l10n.t('Show budget');
		void vscode.window
			.showInformationMessage(
				`${nothingLeft(budget)} ${vscode.l10n.t('Completions go on from your open files.')}`,
				details,
			)
			.then((chosen) => {
				if (chosen) void vscode.commands.executeCommand('eke.menu');
			});
	}

	#hover(): vscode.MarkdownString {
		const text = new vscode.MarkdownString('', true);
		const { budgets } = this.status;
		const message = sentenceOfStatus(this.status);
		text.appendMarkdown(`**eke** ${this.server.version}\n\n`);
		if (this.isPaused) text.appendText(`${vscode.l10n.t('Paused: nothing is asked while you type.')}\n\n`);
		if (this.server.state !== 'running') text.appendText(`${STATES()[this.server.state]}\n\n`);
		if (message) text.appendText(`${message}\n\n`);
		for (const budget of budgets) describe(text, budget);
		return text;
	}
}

export const STATES = () =>
	({
		off: vscode.l10n.t('Starts when you type.'),
		starting: vscode.l10n.t('Starting.'),
		running: vscode.l10n.t('Running.'),
		restarting: vscode.l10n.t('Ended, and will be started again.'),
		failed: vscode.l10n.t('Not running: "eke: Show log" says why.'),
		stopped: vscode.l10n.t('Stopped.'),
	}) as const;

const scopeWord = (scope: string) =>
	scope === 'machine' ? vscode.l10n.t('this machine') : scope === 'key' ? vscode.l10n.t('this key') : scope;

const cell = (text: string) => text.replace(/[\\|`*_{}[\]<>#]/g, '\\$&');

function describe(text: vscode.MarkdownString, budget: Budget): void {
	text.appendMarkdown(`**${cell(budget.endpoint)}** (${cell(budget.plan)})\n\n`);
	if (!budget.windows.length) text.appendText(`${vscode.l10n.t('Requests are not counted.')}\n\n`);
	else {
		text.appendMarkdown(
			`| ${vscode.l10n.t('left')} | ${vscode.l10n.t('counted')} | ${vscode.l10n.t('next')} |\n|--:|---|---|\n`,
		);
		for (const { remaining, limit, scope, models, resetAt } of budget.windows) {
			const wait = until(resetAt, Date.now());
			const what = [scopeWord(scope), ...(models ?? [])].map(cell).join(', ');
			text.appendMarkdown(
				`| ${remaining} / ${limit} | ${what} | ${remaining < limit ? `${here(resetAt)} ${wait && `(${wait})`}` : ''} |\n`,
			);
		}
		text.appendMarkdown('\n');
	}
	if (budget.reason) text.appendText(`${reasonOf(budget.reason)}\n\n`);
}

interface Choice extends vscode.QuickPickItem {
	run?: () => unknown;
}

/** The menu behind the item. */
export async function showMenu(status: Status, server: Server): Promise<void> {
	const language = vscode.window.activeTextEditor?.document.languageId;
	const config = vscode.workspace.getConfiguration('eke');
	const trigger = config.get<string>('completion.trigger', 'auto');
	const languages = config.get<Record<string, boolean>>('completion.languages', {});
	const isOff = language !== undefined && languages[language] === false;
	const set = (name: string, value: unknown) => config.update(name, value, vscode.ConfigurationTarget.Global);
	const command = (name: string, ...rest: unknown[]) => () => vscode.commands.executeCommand(name, ...rest);
	const budgets = status.status.budgets.map((budget): Choice => {
		const counted = left({ ...IDLE, budgets: [budget] }, Date.now());
		return {
			label: `$(pulse) ${budget.endpoint}`,
			description: counted || vscode.l10n.t('not counted'),
			detail: reasonOf(budget.reason ?? ''),
		};
	});
	const choices: Choice[] = [
		...budgets,
		{ label: vscode.l10n.t('Completions'), kind: vscode.QuickPickItemKind.Separator },
		status.isPaused
			? { label: `$(play) ${vscode.l10n.t('Go on')}`, run: command('eke.togglePause') }
			: {
					label: `$(debug-pause) ${vscode.l10n.t('Pause')}`,
					description: vscode.l10n.t('ask nothing while I type, until this window is closed'),
					run: command('eke.togglePause'),
				},
		{
			label: `$(zap) ${trigger === 'manual' ? vscode.l10n.t('Complete while I type') : vscode.l10n.t('Complete on a key only')}`,
			description: 'eke.completion.trigger',
			run: () => set('completion.trigger', trigger === 'manual' ? 'auto' : 'manual'),
		},
		...(language === undefined
			? []
			: [
					{
						label: `$(symbol-file) ${isOff ? vscode.l10n.t('Turn on for {0}', language) : vscode.l10n.t('Turn off for {0}', language)}`,
						description: 'eke.completion.languages',
						run: () => set('completion.languages', { ...languages, [language]: isOff }),
					},
					{
						label: `$(question) ${vscode.l10n.t('Why is there a completion here, or none?')}`,
						run: command('eke.explainCompletion'),
					},
				]),
		{ label: 'eke', kind: vscode.QuickPickItemKind.Separator },
		{ label: `$(comment-discussion) ${vscode.l10n.t('Open chat')}`, run: command('eke.chat.open') },
		{ label: `$(key) ${vscode.l10n.t('Set API key')}`, run: command('eke.setKey') },
		{ label: `$(gear) ${vscode.l10n.t('Open configuration file')}`, run: command('eke.openConfiguration') },
		{ label: `$(settings) ${vscode.l10n.t('Open settings')}`, run: command('workbench.action.openSettings', '@ext:eke.eke') },
		{ label: `$(heart) ${vscode.l10n.t('Doctor')}`, run: command('eke.doctor') },
		{ label: `$(output) ${vscode.l10n.t('Show log')}`, run: command('eke.showLog') },
		{ label: `$(debug-restart) ${vscode.l10n.t('Restart')}`, run: command('eke.restart') },
	];
	// What is left stands in the rows; the server's words are for what is wrong.
	const { state } = status.status;
	const trouble = ['idle', 'busy'].includes(state) ? '' : sentenceOfStatus(status.status);
	const chosen = await vscode.window.showQuickPick(choices, {
		title: `eke ${server.version} ${trouble && `· ${trouble}`}`.trim(),
		placeHolder: STATES()[server.state],
	});
	chosen?.run?.();
}
