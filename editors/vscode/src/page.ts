/* The webview's page. Nothing remote, no inline script, no style but the file's. */
import * as vscode from 'vscode';

import { cuts } from './sentences.ts';

/** The words that the webview uses, in the user's language. */
const words = () => ({
	placeholder: vscode.l10n.t('Ask; / for commands, @ for a file, # for the selection'),
	send: vscode.l10n.t('Send'),
	stop: vscode.l10n.t('Stop'),
	attach: vscode.l10n.t('Add the selection, or the file'),
	model: vscode.l10n.t('Choose the model'),
	modelDefault: vscode.l10n.t('model: default'),
	you: vscode.l10n.t('You'),
	copy: vscode.l10n.t('Copy'),
	insert: vscode.l10n.t('Insert at the cursor'),
	apply: vscode.l10n.t('Apply, with a look at the differences'),
	newFile: vscode.l10n.t('New file with it'),
	edit: vscode.l10n.t('Edit and ask again'),
	forgotten: vscode.l10n.t('What went along with it has to be added again.'),
	cancel: vscode.l10n.t('Cancel'),
	regenerate: vscode.l10n.t('Ask again'),
	remove: vscode.l10n.t('Remove'),
	isOn: vscode.l10n.t('Goes along with the question'),
	isOff: vscode.l10n.t('Does not go along; a click adds it'),
	thinking: vscode.l10n.t('What the model thought'),
	waiting: vscode.l10n.t('asking …'),
	done: vscode.l10n.t('The answer is complete.'),
	began: vscode.l10n.t('An answer is coming.'),
	trimmed: vscode.l10n.t('Not sent, to fit the prompt:'),
	tokens: vscode.l10n.t('tokens'),
	toEnd: vscode.l10n.t('To the end'),
	selection: vscode.l10n.t('the selection in the editor'),
	file: vscode.l10n.t('the file in the editor'),
	problems: vscode.l10n.t('the problems of that file'),
	terminal: vscode.l10n.t('the selection in the terminal'),
	welcome: vscode.l10n.t('Ask anything about your code.'),
	welcomeMore: vscode.l10n.t(
		'A question is one request. What is selected in the editor goes along; type / to see the commands.',
	),
	setKey: vscode.l10n.t('Set API key'),
	openConfiguration: vscode.l10n.t('Open configuration file'),
	showLog: vscode.l10n.t('Show log'),
	cuts: cuts(),
	stopped: vscode.l10n.t('stopped'),
	conversation: vscode.l10n.t('Conversation'),
	suggestions: vscode.l10n.t('Suggestions'),
});

export type Words = ReturnType<typeof words>;

const escape = (text: string) =>
	text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

export function page(webview: vscode.Webview, dist: vscode.Uri, nonce: string): string {
	const file = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(dist, name)).toString();
	const policy = [
		"default-src 'none'",
		`script-src 'nonce-${nonce}'`,
		`style-src ${webview.cspSource}`,
		`font-src ${webview.cspSource}`,
		"base-uri 'none'",
		"form-action 'none'",
	].join('; ');
	return `<!DOCTYPE html>
<html lang="${escape(vscode.env.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${file('codicon.css')}">
<link rel="stylesheet" href="${file('chat.css')}">
<title>eke</title>
</head>
<body data-words="${escape(JSON.stringify(words()))}">
<script nonce="${nonce}" src="${file('chat.js')}"></script>
</body>
</html>`;
}
