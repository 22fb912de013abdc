/*
 * The settings of eke that an editor may set. Only what the user set is told to the server: a default of VS Code's would go
 * before the configuration file.
 */
import * as vscode from 'vscode';

import type { Settings } from '../../../protocol/eke.d.ts';

const OURS = /^eke\.(completion|chat|privacy|log)\.(\w+)$/;

type Properties = Record<string, unknown>;

function names(extension: vscode.Extension<unknown>): string[] {
	const manifest = extension.packageJSON as { contributes: { configuration: { properties: Properties }[] } };
	return manifest.contributes.configuration.flatMap(({ properties }) => Object.keys(properties));
}

function isSet(name: string): boolean {
	const found = vscode.workspace.getConfiguration().inspect(name);
	return [found?.globalValue, found?.workspaceValue, found?.workspaceFolderValue].some((value) => value !== undefined);
}

/** What the user set, as initializationOptions.eke and workspace/didChangeConfiguration have it. */
export function settings(extension: vscode.Extension<unknown>): Settings {
	const result: Record<string, Record<string, unknown>> = {};
	for (const name of names(extension)) {
		const [, section, key] = OURS.exec(name) ?? [];
		if (section && key && isSet(name))
			(result[section] ??= {})[key] = vscode.workspace.getConfiguration().get(name);
	}
	return result as Settings;
}

/** One of the extension's own settings. */
export function option<T>(name: string, otherwise: T): T {
	return vscode.workspace.getConfiguration('eke').get<T>(name) ?? otherwise;
}
