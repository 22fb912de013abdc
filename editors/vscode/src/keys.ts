/*
 * API keys: kept by VS Code's SecretStorage under the name of the environment variable that the configuration names, and handed
 * to the program by its environment alone.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

import * as vscode from 'vscode';

import { endpointsOf, otherService, SERVICES, withService, type Endpoint, type Service } from './services.ts';
import type { Server } from './server.ts';

const NAMES = 'eke.keys';
const secretOf = (variable: string) => `eke.key.${variable}`;
const run = promisify(execFile);

export class Keys {
	server!: Server;

	constructor(private readonly context: vscode.ExtensionContext) {
		context.globalState.setKeysForSync([]); // which keys there are is of this machine
		context.subscriptions.push(
			context.secrets.onDidChange(({ key }) => {
				if (key.startsWith('eke.key.') && !['off', 'stopped'].includes(this.server.state)) void this.server.restart();
			}),
		);
	}

	/** All keys, as the program's environment. */
	async environment(): Promise<Record<string, string>> {
		const found: Record<string, string> = {};
		for (const variable of this.context.globalState.get<string[]>(NAMES, [])) {
			const key = await this.context.secrets.get(secretOf(variable));
			if (key) found[variable] = key;
		}
		return found;
	}

	async #store(variable: string, key: string): Promise<void> {
		const names = new Set(this.context.globalState.get<string[]>(NAMES, []));
		names.add(variable);
		await this.context.globalState.update(NAMES, [...names]);
		if (key) await this.context.secrets.store(secretOf(variable), key);
		else await this.context.secrets.delete(secretOf(variable));
	}

	/** Path and text of the configuration file; no text: there is none yet. */
	async configuration(): Promise<{ path: string; text: string } | undefined> {
		const command = await this.server.command();
		if ('missing' in command) {
			await this.server.start(); // which says so
			return undefined;
		}
		const { stdout } = await run(command.program, ['config', '--path'], { env: command.env });
		const path = stdout.trim();
		const text = await readFile(path, 'utf8').catch(() => '');
		return { path, text };
	}

	/** Opens the configuration file, and makes one where there is none. */
	async openConfiguration(): Promise<void> {
		const found = await this.configuration();
		if (!found) return;
		if (!found.text) await this.#write(found.path, '{\n\t"endpoints": []\n}\n');
		await vscode.window.showTextDocument(vscode.Uri.file(found.path));
	}

	async #write(path: string, text: string): Promise<void> {
		await mkdir(dirname(path), { recursive: true });
		await writeFile(path, text, { mode: 0o600 });
	}

	/** Asks for a key: of an endpoint that there is, or of a new one. */
	async setKey(id?: string): Promise<void> {
		const found = await this.configuration();
		if (!found) return;
		const endpoints = endpointsOf(found.text);
		const service = SERVICES.find((one) => one.id === id);
		const there = service && endpoints.find((one) => one.name === service.endpoint['name']);
		const chosen = there ?? service ?? (await this.#choose(endpoints));
		if (!chosen) return;
		if ('endpoint' in chosen) return this.#begin(chosen, found);
		if (!chosen.variable) {
			const open = vscode.l10n.t('Open configuration file');
			const answer = await vscode.window.showInformationMessage(
				vscode.l10n.t('{0} takes its key from the configuration file, or needs none.', chosen.name),
				open,
			);
			if (answer) await this.openConfiguration();
			return;
		}
		await this.#askFor(chosen.name, chosen.variable);
	}

	async #choose(endpoints: Endpoint[]): Promise<Endpoint | Service | undefined> {
		const others = SERVICES.filter(({ endpoint }) => !endpoints.some(({ name }) => name === endpoint['name']));
		const choice = (label: string, description: string, value: Endpoint | Service | 'other') => ({
			label,
			description,
			value,
		});
		const chosen = await vscode.window.showQuickPick(
			[
				...endpoints.map((one) => choice(`$(key) ${one.name}`, one.baseUrl, one)),
				...others.map((one) => choice(`$(add) ${one.title}`, String(one.endpoint['baseUrl']), one)),
				choice(`$(add) ${vscode.l10n.t('Another service …')}`, vscode.l10n.t('any that speaks OpenAI\'s API'), 'other'),
			],
			{ title: vscode.l10n.t('eke: a key for which service?'), matchOnDescription: true },
		);
		if (chosen?.value !== 'other') return chosen?.value;
		const address = await vscode.window.showInputBox({
			title: vscode.l10n.t('Address of the service'),
			placeHolder: 'https://api.example.com/v1',
			ignoreFocusOut: true,
			validateInput: (value) => {
				try {
					otherService(value);
					return undefined;
				} catch {
					return vscode.l10n.t('This is no address: https://host, or https://host/v1');
				}
			},
		});
		return address ? otherService(address) : undefined;
	}

	/* A new endpoint: key first, so that nothing is written if the user gives up. */
	async #begin(service: Service, found: { path: string; text: string }): Promise<void> {
		if (service.variable && !(await this.#askFor(service.title, service.variable, service.keys))) return;
		await this.#write(found.path, withService(found.text, service));
		await this.server.restart();
		void vscode.window.showInformationMessage(
			vscode.l10n.t('{0} is in {1} now. Open a file and type.', service.title, found.path),
		);
	}

	async #askFor(name: string, variable: string, where?: string): Promise<boolean> {
		const key = await vscode.window.showInputBox({
			title: vscode.l10n.t('API key for {0}', name),
			prompt: where
				? vscode.l10n.t('Keys are to be had at {0}. Kept by VS Code, and given to eke alone.', where)
				: vscode.l10n.t('Kept by VS Code, and given to eke alone. Empty: forgets it.'),
			password: true,
			ignoreFocusOut: true,
		});
		if (key === undefined || (where && !key.trim())) return false;
		await this.#store(variable, key.trim());
		return true;
	}
}
