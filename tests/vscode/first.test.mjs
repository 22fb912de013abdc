// The first minute in the real workbench, without an endpoint: the walkthrough, a service that is set up, its key, settings, and the
// configuration file. Then what concerns ghost text alone.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { CUT } from '../editors/session.mjs';
import { Session, skip } from './session.mjs';

const run = promisify(execFile);
const REST = 'int i = 0; i < count; i++)\n        total += values[i];';

describe('the first minute in the workbench', { skip }, () => {
	let s;
	let window;

	before(async () => {
		s = await Session.start({ configured: false });
		({ window } = s);
	});
	after(() => s?.stop());
	beforeEach(() => s.reset());

	const rows = (text) => window.page.locator('.quick-input-list .monaco-list-row', { hasText: text });
	const config = () => readFile(join(s.home, 'config.json'), 'utf8');

	test('without an endpoint the chat says what to do, with a button that does it', async () => {
		await s.status(/eke set up$/);
		await s.newChat();
		await s.ask('Anybody?');
		await s.said(/No service is set up yet/);
		await window.picture('no-endpoint');
		await s.chat().locator('footer').getByRole('button', { name: 'Set API key' }).click();
		await rows('DeepSeek').first().waitFor();
		await window.picture('services');
		await window.press('Escape');
		await s.field().fill('');
	});

	test('the walkthrough: its steps, and a service that one click begins', async () => {
		await window.run('workbench.action.openWalkthrough', 'eke.eke#start');
		const page = window.page.locator('.gettingStartedContainer');
		await page.getByText('eke: the first minute').first().waitFor();
		await page.locator('.step-title', { hasText: 'A key' }).first().click();
		const button = page.getByRole('button', { name: /chatanywhere/ }).or(page.locator('a.monaco-button', { hasText: 'chatanywhere' })).first();
		await button.waitFor();
		await window.picture('walkthrough');
		for (const name of ['DeepSeek', 'Ollama']) assert.ok(await page.getByText(name).count(), name);
		await button.click();
		const field = window.page.locator('.quick-input-widget input[type="password"]');
		await field.waitFor();
		assert.match(await window.page.locator('.quick-input-widget').innerText(), /chatanywhere/);
		await window.picture('walkthrough-key');
		await window.press('Escape');
		await field.waitFor({ state: 'hidden' });
		assert.equal(await config().catch(() => ''), '', 'nothing is written where the user gave up');
	});

	test('another service by its address: endpoint and key, and the key is in no file', async () => {
		await window.run('eke.setKey');
		await rows('Another service').first().waitFor();
		await window.answer('Another service');
		await s.see('its address', async () => /Address of the service/.test(await window.page.locator('.quick-input-widget').innerText()));
		await window.type('no address at all');
		await s.see('what is wrong', async () => /This is no address/.test(await window.page.locator('.quick-input-widget').innerText()));
		await window.answer(`${s.upstream.url}/v1`);
		const field = window.page.locator('.quick-input-widget input[type="password"]');
		await field.waitFor();
		await field.fill('sk-of-the-first-minute');
		await window.press('Enter');
		await s.message(/is in .*config\.json now/);
		await window.picture('service-added');
		assert.doesNotMatch(await window.messages(), /connection|error/i);
		await s.see('that there was no service is not said any more', async () => !/No service/.test(await s.chatText()));
		const text = await config();
		const [endpoint] = JSON.parse(text).endpoints;
		assert.equal(endpoint.baseUrl, `${s.upstream.url}/v1`);
		assert.doesNotMatch(text, /sk-of/);
		assert.equal((await stat(join(s.home, 'config.json'))).mode & 0o077, 0);
		await s.see('eke has the key', async () => (await s.environment()).includes(`${endpoint.key.env}=sk-of-the-first-minute`));
		const { stdout } = await run('sh', ['-c', "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '"]);
		assert.doesNotMatch(stdout, /sk-of-the-first-minute/);
		await window.state('running', (state) => state === 'running');
		await s.newChat();
		await s.ask('Is anybody there?');
		await s.said(/Is anybody there\?[^]*int zwei/);
		assert.equal(s.upstream.requests.at(-1).headers.authorization, 'Bearer sk-of-the-first-minute');
		const found = await run('grep', ['-rlF', 'sk-of-the-first-minute', s.home, s.workbench.folder]).catch((error) => error);
		assert.equal(found.stdout.trim(), '');
	});

	test('the key is there after a reload of the window', async () => {
		await window.reload();
		await s.newChat();
		await s.ask('Still there?');
		await s.said(/Still there\?[^]*int zwei/);
		assert.equal(s.upstream.requests.at(-1).headers.authorization, 'Bearer sk-of-the-first-minute');
	});

	test('the configuration file: VS Code checks and completes it', async () => {
		await window.run('eke.openConfiguration');
		const path = join(s.home, 'config.json');
		await s.see('the file', async () => /endpoints/.test((await window.text(path)) ?? ''));
		// The schema goes by the name that the file has on users' machines.
		const usual = join(s.home, 'eke/config.json');
		await window.api(async (vscode, { usual, text }) => {
			await vscode.workspace.fs.writeFile(vscode.Uri.file(usual), Buffer.from(text));
			await vscode.window.showTextDocument(vscode.Uri.file(usual));
		}, { usual, text: '{\n\t// a comment\n\t"endpoints": 3,\n\t"whenExhausted": ""\n}\n' });
		const problems = () =>
			window.api((vscode, path) => vscode.languages.getDiagnostics(vscode.Uri.file(path)).map(({ message }) => message), usual);
		await s.see('what is wrong with it', async () => /array/i.test((await problems()).join('\n')));
		assert.doesNotMatch((await problems()).join('\n'), /comment/i);
		const items = await window.api(async (vscode, path) => {
			const at = new vscode.Position(3, 19);
			const list = await vscode.commands.executeCommand('vscode.executeCompletionItemProvider', vscode.Uri.file(path), at);
			return list.items.map(({ label }) => label.label ?? label);
		}, usual);
		assert.ok(items.some((item) => /never/.test(item)), items.join());
		await window.picture('configuration');
	});

	test('the settings are there, and count at once', async () => {
		await window.run('workbench.action.openSettings', '@ext:eke.eke completion.trigger');
		await window.page.locator('.settings-editor .setting-item-contents', { hasText: 'When to complete' }).first().waitFor();
		await window.picture('settings');
		await window.closeAll();
		await window.configure({ 'eke.completion.trigger': 'manual', 'eke.completion.debounceMs': 0, 'eke.completion.offline': false });
		const path = await s.open('manual.c', CUT);
		const before = s.upstream.counted.length;
		await window.type('for (');
		await s.text(path, CUT.replace('‸', 'for ('));
		await window.press('Alt+\\');
		await s.ghost(REST);
		assert.equal(s.upstream.counted.length - before, 1);
		await window.configure({ 'eke.completion.trigger': undefined });
	});

	test('beside the popup: the completion goes on from what is selected there', async () => {
		await window.configure({ 'editor.wordBasedSuggestions': 'currentDocument', 'editor.quickSuggestions': { other: 'on', comments: 'off', strings: 'off' } });
		const path = await s.open('popup.c', CUT.replace('‸', 'for (int i = 0; i < count; i++)\n\t\t‸'));
		await window.type('to');
		const popup = window.page.locator('.suggest-widget.visible .monaco-list-row.focused');
		await popup.waitFor();
		if (!/total/.test(await popup.innerText())) await window.press('ArrowDown'); // the word itself may be the first
		await s.see('total is chosen', async () => /total/.test(await popup.innerText()));
		await s.see('the ghost goes on from it', async () => /\+= values\[i\];/.test((await window.ghost()) ?? ''));
		await window.picture('popup');
		await window.press('Tab');
		await s.text(path, CUT.replace('‸', 'for (int i = 0; i < count; i++)\n\t\ttotal'));
		await s.see('and is there behind it', async () => /\+= values\[i\];/.test((await window.ghost()) ?? ''));
		await window.press('Tab');
		await s.text(path, CUT.replace('‸', 'for (int i = 0; i < count; i++)\n\t\ttotal += values[i];'));
		await window.configure({ 'editor.wordBasedSuggestions': 'off', 'editor.quickSuggestions': { other: 'off', comments: 'off', strings: 'off' } });
	});

	test('in the box for commit messages nothing is asked and nothing shown', async () => {
		await run('git', ['init', '-q'], { cwd: s.folder });
		await window.run('git.openRepository', s.folder);
		await s.see('the repository', () => window.api((vscode) => vscode.extensions.getExtension('vscode.git')?.exports?.getAPI(1).repositories.length));
		await window.finish('workbench.view.scm');
		const box = window.page.locator('.scm-editor .monaco-editor').first();
		await box.click();
		const before = s.upstream.requests.length;
		await window.type('for (');
		const value = (vscode) => vscode.extensions.getExtension('vscode.git').exports.getAPI(1).repositories[0].inputBox.value;
		await s.see('it is typed', async () => (await window.api(value)) === 'for (');
		await window.finish('editor.action.inlineSuggest.trigger');
		assert.equal(await box.locator('.ghost-text-decoration').count(), 0);
		assert.equal(s.upstream.requests.length, before);
		await window.picture('scm-box');
	});
});
