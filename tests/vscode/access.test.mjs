// The chat without a mouse, without a screen, with high contrast, and in Chinese.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { Session, skip } from './session.mjs';

const CHINESE = /[\u4e00-\u9fff]/;

/* What a screen reader is told of the chat's page: Chromium's accessibility tree, as a flat list of what is not ignored. */
async function spoken(window) {
	const session = await window.page.context().newCDPSession(window.page);
	const { frameTree } = await session.send('Page.getFrameTree');
	const frames = (tree) => [tree.frame, ...(tree.childFrames ?? []).flatMap(frames)];
	const ids = frames(frameTree).filter(({ name, url }) => name === 'active-frame' || /fake\.html|active-frame/.test(url)).map(({ id }) => id);
	const nodes = [];
	for (const frameId of ids) nodes.push(...(await session.send('Accessibility.getFullAXTree', { frameId })).nodes);
	await session.detach();
	return nodes
		.filter(({ ignored }) => !ignored)
		.map(({ role, name, properties = [] }) => ({
			role: role?.value,
			name: (name?.value ?? '').trim(),
			...Object.fromEntries(properties.map((one) => [one.name, one.value.value])),
		}));
}

describe('the chat for everybody', { skip }, () => {
	let s;
	let window;

	before(async () => {
		s = await Session.start({ language: 'zh-cn' });
		({ window } = s);
		await s.newChat();
		await s.ask('第一个问题？');
		await s.said(/第一个问题？[^]*int zwei/);
	});
	after(() => s?.stop());
	beforeEach(() => s.reset());

	test('it speaks Chinese where VS Code does: the chat, the menu, the commands, the settings', async () => {
		await s.newChat();
		assert.equal(await window.api((vscode) => vscode.env.language), 'zh-cn');
		assert.match(await s.chatText(), /尽管提问/);
		assert.match(await s.field().getAttribute('placeholder'), CHINESE);
		await window.picture('chinese-welcome');
		await s.ask('第二个问题？');
		await s.said(/第二个问题？[^]*int zwei/);
		for (const button of await s.chat().getByRole('button').all()) {
			const name = (await button.getAttribute('aria-label')) ?? (await button.innerText());
			assert.ok(CHINESE.test(name), name);
		}
		await window.picture('chinese-chat');
		await window.run('eke.menu');
		await window.page.locator('.quick-input-list .monaco-list-row', { hasText: '暂停' }).first().waitFor();
		await window.picture('chinese-menu');
		await window.press('Escape');
		const manifest = await window.api((vscode) => vscode.extensions.getExtension('eke.eke').packageJSON);
		for (const { command, title } of manifest.contributes.commands) assert.match(title.value ?? title, CHINESE, command);
		for (const { properties } of manifest.contributes.configuration)
			for (const [name, { markdownDescription }] of Object.entries(properties)) assert.match(markdownDescription, CHINESE, name);
		await window.run('workbench.action.openSettings', '@ext:eke.eke');
		await window.page.locator('.settings-editor .setting-item-contents').first().waitFor();
		await window.picture('chinese-settings');
		await window.run('workbench.action.openWalkthrough', 'eke.eke#start');
		await window.page.locator('.gettingStartedContainer .step-title').first().waitFor();
		await window.picture('chinese-walkthrough');
	});

	test('what the server says is Chinese, too: its commands, actions, and why there is no answer', async () => {
		await s.newChat();
		await window.openChat();
		await window.type('/');
		await s.see('the commands', async () => CHINESE.test((await s.chat().locator('.offers .detail').allInnerTexts()).join()));
		await window.picture('chinese-commands');
		await s.field().fill('');
		const path = `${s.folder}/first.c`;
		const titles = await s.see('actions', async () => {
			const found = await window.api(async (vscode, path) => {
				const list = await vscode.commands.executeCommand('vscode.executeCodeActionProvider', vscode.Uri.file(path), new vscode.Range(0, 0, 1, 0));
				return list.map(({ title }) => title).filter((title) => title.startsWith('eke: '));
			}, path);
			return found.length && found;
		});
		for (const title of titles) assert.match(title, CHINESE);
		s.upstream.next({ status: 403, body: { error: { message: '您无权使用此模型', type: 'permission' } } });
		await s.ask('为什么？');
		await s.said(/此密钥不能使用该模型或路径[^]*test 的原话：您无权使用此模型/);
		await window.picture('chinese-error');
		await s.field().fill('');
		await s.configure(1); // more were sent
		await s.ask('还有吗？');
		await s.said(/test 暂时不能发送请求，.*\d\d:\d\d 恢复。/);
		await window.page.locator('.statusbar-item[id*="eke"]').first().hover();
		await s.see('the hover', () => window.page.locator('.monaco-hover', { hasText: '剩余' }).count());
		await window.picture('chinese-hover');
		await s.field().fill('');
		await s.configure(60);
	});

	test('a screen reader: names for all, what is whose, and few announcements', async () => {
		await s.newChat();
		await window.select(0, 1);
		s.answer = () => 'Text with `code`.\n\n```c\nint x;\n```\n';
		await s.ask('Who reads this?');
		await s.said(/Who reads this\?[^]*int x/);
		await window.openChat();
		await window.type('/');
		await s.see('offers', () => s.chat().locator('.offers:not([hidden]) li').count());
		const nodes = await spoken(window);
		const of = (role) => nodes.filter((node) => node.role === role);
		assert.ok(of('main').length === 1 && of('main')[0].name, 'the conversation is the main landmark, with a name');
		assert.deepEqual(of('article').map(({ name }) => name), ['你', 'eke']);
		for (const button of of('button')) assert.ok(button.name, JSON.stringify(button));
		const field = of('combobox').concat(of('textbox'));
		assert.equal(field.length, 1);
		assert.ok(field[0].name && field[0].focused, JSON.stringify(field));
		assert.ok(of('listbox')[0]?.name);
		assert.equal(of('option').filter(({ selected }) => selected).length, 1);
		assert.ok(of('toolbar')[0]?.name);
		// The one that tells is not what is streamed: begin and end of an answer are said, its text is not.
		const live = nodes.filter((node) => node.live && node.live !== 'off');
		assert.deepEqual(live.map(({ role }) => role).sort(), ['status']);
		assert.equal(await s.chat().locator('[role="status"]').innerText(), '回答已完成。');
		await window.press('Escape');
		await s.field().fill('');
	});

	test('every control is reached by Tab, in the order of the eye, and the focus is seen', async () => {
		await s.newChat();
		await window.select(0, 1);
		s.answer = () => 'Text.\n\n```c\nint x;\n```\n\n[there](https://example.com)\n';
		await s.ask('Which way?');
		await s.said(/Which way\?[^]*there/);
		const page = s.chat();
		const all = await page.locator('body').evaluate(() => {
			const seen = [...document.querySelectorAll('button, a[href], textarea, [tabindex="0"]')].filter((one) => one.getClientRects().length && getComputedStyle(one).visibility !== 'hidden');
			seen.forEach((one, i) => one.setAttribute('data-n', String(i)));
			return seen.map((one) => one.getAttribute('aria-label') ?? one.textContent.slice(0, 20) ?? one.tagName);
		});
		await page.locator('main').focus();
		const reached = [];
		const bare = [];
		for (let i = 0; i < all.length; i++) {
			const now = await page.locator('body').evaluate(() => {
				const one = document.activeElement;
				const outline = (element) => getComputedStyle(element).outlineStyle !== 'none';
				const isSeen = outline(one) || one.closest('.composer:focus-within') !== null;
				return { n: one.getAttribute('data-n'), name: one.getAttribute('aria-label') ?? one.tagName, isSeen, opacity: getComputedStyle(one.closest('.actions') ?? one).opacity };
			});
			reached.push(now.n);
			if (!now.isSeen || now.opacity === '0') bare.push(now.name);
			await window.press('Tab');
		}
		assert.deepEqual(reached.map(Number), all.map((_, i) => i), `the page has ${all}`);
		assert.deepEqual(bare, [], 'focus that is not seen');
		// The buttons of a code block by Enter.
		await page.locator('.codebar button.apply').focus();
		await window.press('Enter');
		await window.preview();
		await window.run('eke.preview.discard');
	});

	test('a chat that was hidden has the focus in its field when it is opened again', async () => {
		for (let i = 0; i < 4; i++) {
			await window.finish('workbench.view.explorer');
			await s.first();
			await window.openChat(); // waits for it
			await window.type(`x${i}`);
			await s.see('what is typed', async () => (await s.field().inputValue()).endsWith(`x${i}`));
		}
		await s.field().fill('');
	});

	test('the focus stays where it is while an answer comes', async () => {
		await s.newChat();
		s.upstream.next({ holdEvents: true });
		await s.ask('Slowly?');
		const held = await s.asked('Slowly?');
		await s.first();
		await held.push('One ');
		await s.said(/One/);
		await window.type('x');
		await held.push('two.');
		await held.end();
		await s.said(/One two/);
		await window.type('y');
		await s.see('both are in the file', async () => /^xy/.test((await window.buffer()).text));
		assert.ok(await window.page.evaluate(() => document.activeElement.closest('.monaco-editor') !== null));
	});

	test('contrast: dark, light, high contrast, high contrast light', async () => {
		await s.newChat();
		await window.select(0, 1);
		s.answer = () => '> quoted\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nText with `code`, **bold** and [a link](https://example.com).\n\n```c\n/* comment */\nint x = "text"[3];\n```\n';
		await s.ask('All colours?');
		await s.said(/All colours\?[^]*comment/);
		for (const [name, theme, body] of [
			['light', 'Default Light Modern', 'vscode-light'],
			['dark', 'Default Dark Modern', 'vscode-dark'],
			['contrast', 'Default High Contrast', 'vscode-high-contrast'],
			['contrast-light', 'Default High Contrast Light', 'vscode-high-contrast-light'],
		]) {
			await window.configure({ 'workbench.colorTheme': theme });
			await s.see(theme, () => s.chat().locator(`body.${body}`).count());
			const poor = await s.chat().locator('body').evaluate((page) => {
				const rgb = (text) => (text.match(/[\d.]+/g) ?? []).map(Number);
				const light = ([r, g, b]) => {
					const part = (v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
					return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
				};
				const over = (top, below) => {
					const a = top[3] ?? 1;
					return [0, 1, 2].map((i) => top[i] * a + below[i] * (1 - a));
				};
				const behind = (element) => {
					const layers = [];
					for (let one = element; one; one = one.parentElement) layers.push(rgb(getComputedStyle(one).backgroundColor));
					const style = getComputedStyle(document.documentElement);
					const base = style.getPropertyValue('--vscode-sideBar-background').trim();
					const probe = document.body.appendChild(document.createElement('i'));
					probe.style.color = base;
					const root = rgb(getComputedStyle(probe).color);
					probe.remove();
					return layers.reverse().filter((one) => one.length).reduce((below, top) => over(top, below), root);
				};
				const found = [];
				const walker = document.createTreeWalker(page, NodeFilter.SHOW_TEXT);
				for (let node = walker.nextNode(); node; node = walker.nextNode()) {
					const element = node.parentElement;
					if (!node.data.trim() || !element.getClientRects().length || element.closest('script, .unseen')) continue;
					const back = behind(element);
					const text = over(rgb(getComputedStyle(element).color), back);
					const [a, b] = [light(text), light(back)].sort((x, y) => y - x);
					const ratio = (a + 0.05) / (b + 0.05);
					if (ratio < 4.5) found.push(`${node.data.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
				}
				return found;
			});
			await window.picture(`colours-${name}`);
			assert.deepEqual(poor, [], theme);
		}
		await window.configure({ 'workbench.colorTheme': undefined });
	});

	// The last one: nothing is asked for two minutes.
	test('a service that says "later" for a moment: the chat and the item say so, no message', async () => {
		await s.newChat();
		s.upstream.next({ status: 429, headers: { 'retry-after': '120' }, body: { error: { message: 'Rate limit reached' } } });
		await s.ask('现在呢？');
		await s.see('why', async () => (await s.chat().locator('.note.error').count()) > 0);
		await s.status(/\/60 · \d\d:\d\d/);
		assert.equal(await window.messages(), '');
	});
});
