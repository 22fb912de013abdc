// The chat pane in a window on a display of its own (Xvfb), with the real eke and a loopback upstream. EKE_PICTURES names a folder to
// put pictures of it into.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { EKE, withEke } from '../editors/session.mjs';
import { until } from '../editors/terminal.mjs';
import { JavaDriver } from './driver.mjs';
import { noDisplay, onDisplay } from './java.mjs';

const skip = noDisplay();
const ANSWER = `Yes: \`total\` is never set, see **line 5** and [the manual](https://example.com/a_b_c).

## What to do

1. Set it. <img src="http://127.0.0.1/x.png"><script>alert(1)</script>
2. Test it:
   - with no values
   - with one

\`\`\`c
int sum(const int *values, int count)
{
	int total = 0; /* was not set, and this comment is so long that the line must be scrolled to be read as a whole */

	for (int i = 0; i < count; i++)
		total += values[i];
	return total;
}
\`\`\`

| flag | what it does |
|---|---|
| -Wall | warns |`;

async function startWindow(t, { answer = () => ANSWER, look = '', more = {} } = {}) {
	const { folder, upstream, env } = await withEke(t, { answer, ...more });
	const window = new JavaDriver(onDisplay('eke.test.ChatWindow', look), env);
	t.after(() => window.stop());
	await window.start({ command: [EKE, 'serve'], folder, options: { auto: false } });
	await writeFile(join(folder, 'sum.c'), 'int sum(const int *values, int count);\n');
	await window.open(join(folder, 'sum.c'), { line: 0, column: 0 });
	return { window, folder, upstream };
}

async function picture(window, name) {
	if (process.env.EKE_PICTURES)
		await window.call('picture', { path: join(process.env.EKE_PICTURES, `${name}.png`), screen: true });
}

const answered = (window) =>
	until('the answer is there', async () => !(await window.call('answering')) && (await window.call('shown')).length > 1, {
		state: async () => JSON.stringify(await window.call('shown')),
	});

async function ask(window, text) {
	await window.call('write', { text });
	assert.equal(await window.call('click', { text: 'Send' }), true);
	await answered(window);
}

for (const look of ['', 'dark'])
	test(`an answer: Markdown drawn, nothing of it is markup of the model's${look && ', in the dark'}`, { skip, timeout: 60_000 }, async (t) => {
		const { window, upstream } = await startWindow(t, { look });
		await window.call('attach');
		await ask(window, 'Can sum() be wrong?');
		const [question, answer] = await window.call('shown');
		assert.equal(question.trim(), 'Can sum() be wrong?');
		assert.match(answer, /Yes: total is never set, see line 5 and the manual\.\nWhat to do\nSet it\. <img src="http:\/\/127\.0\.0\.1\/x\.png"><script>alert\(1\)<\/script>\n/);
		assert.match(answer, /\tint total = 0;.*\n\n\tfor/);
		assert.equal(upstream.requests.length, 1, 'no image is fetched');
		assert.match(JSON.stringify(upstream.requests[0].json ?? upstream.requests[0].body), /int sum\(const int \*values, int count\);/);
		assert.equal(await window.call('click', { text: 'Insert' }), true);
		assert.match((await window.call('state')).inserted, /^int sum[^]*}$/);
		assert.equal(await window.call('click', { text: 'Apply…' }), true);
		assert.match((await window.call('state')).reviewed, /^int sum/);
		await picture(window, `answer${look && '-dark'}`);
	});

test('keys: a command is completed behind a slash, Enter sends', { skip, timeout: 60_000 }, async (t) => {
	const { window, upstream } = await startWindow(t);
	await until('the field has the focus', async () => (await window.call('state')).focus);
	await window.call('key', { key: 'SLASH e x p' });
	await until('the list is open', async () => /^\/explain/.test((await window.call('list')).join()));
	await picture(window, 'command');
	await window.call('key', { key: 'TAB' });
	assert.equal((await window.call('state')).draft, '/explain ');
	await window.call('write', { text: '/explain briefly' });
	await window.call('key', { key: 'ENTER' });
	await answered(window);
	assert.match((await window.call('shown'))[0], /^\/explain briefly/);
	assert.equal(upstream.counted.length, 1);
});

test('stop keeps what had come; regenerate; a new chat; the history finds both', { skip, timeout: 60_000 }, async (t) => {
	const { window, upstream } = await startWindow(t);
	upstream.next({ holdEvents: true });
	await window.call('write', { text: 'First question' });
	await window.call('click', { text: 'Send' });
	const [record] = await upstream.waitForRequests(1);
	await record.push('Half of');
	await until('it streams', async () => /Half of/.test((await window.call('shown'))[1] ?? ''));
	assert.equal(await window.call('click', { text: 'Stop' }), true);
	await answered(window);
	assert.match((await window.call('shown'))[1], /Half of/);
	await record.push(' the answer');
	await record.end();
	assert.equal(await window.call('click', { text: 'Regenerate' }), true);
	await until('what was paid for', async () => /Half of the answer/.test((await window.call('shown'))[1] ?? ''));
	await answered(window);
	assert.equal(upstream.counted.length, 1);
	assert.equal(await window.call('click', { text: 'Regenerate' }), true);
	await until('another answer', async () => /never set/.test((await window.call('shown'))[1] ?? ''));
	await answered(window);
	await window.call('click', { text: 'New' });
	assert.deepEqual(await window.call('shown'), []);
	await ask(window, 'Second matter');
	await window.call('click', { text: 'History' });
	await until('both are listed', async () => (await window.call('list')).length === 2);
	await picture(window, 'history');
	await window.call('search', { text: 'First' });
	await until('one is found', async () => (await window.call('list')).join() === 'First question');
	await window.call('click', { text: 'Open' });
	await until('it is opened', async () => (await window.call('shown'))[0]?.trim() === 'First question');
	assert.match((await window.call('shown'))[1], /never set/);
});

test('what goes wrong is told, and the question is there again', { skip, timeout: 60_000 }, async (t) => {
	const { window, upstream } = await startWindow(t);
	upstream.next('401-apikey');
	await ask(window, 'Anybody there?');
	assert.equal((await window.call('state')).draft, 'Anybody there?');
	await picture(window, 'refused');
});

test('a model is chosen, a file is named behind @, an earlier question is written anew', { skip, timeout: 60_000 }, async (t) => {
	const { window, folder, upstream } = await startWindow(t);
	await mkdir(join(folder, 'src'));
	await writeFile(join(folder, 'src/ring.c'), 'int ring_bell;\n');
	await until('the models are there', async () => (await window.call('models')).length > 1);
	const [, chosen] = await window.call('models');
	await window.call('model', { text: chosen });
	await window.call('write', { text: '@ri' });
	await until('files are offered', async () => (await window.call('list')).includes('src/ring.c'));
	await picture(window, 'file');
	await window.call('key', { key: 'TAB' });
	assert.equal((await window.call('state')).draft, '@src/ring.c ');
	await ask(window, '@src/ring.c What is it?');
	const [{ body }] = upstream.counted;
	assert.ok(chosen.startsWith(body.model), `${body.model} of ${chosen}`);
	assert.match(JSON.stringify(body.messages), /ring_bell/);
	assert.equal(await window.call('click', { text: 'Edit' }), true);
	assert.equal((await window.call('state')).draft, '@src/ring.c What is it?');
	await ask(window, 'Something else');
	assert.deepEqual((await window.call('shown')).map((text) => text.trim().split('\n')[0]), ['Something else', 'Yes: total is never set, see line 5 and the manual.']);
	assert.doesNotMatch(JSON.stringify(upstream.counted[1].body.messages), /What is it/);
});

test('a chat of the history is exported, and deleted', { skip, timeout: 60_000 }, async (t) => {
	const { window } = await startWindow(t);
	await ask(window, 'To be kept');
	await window.call('click', { text: 'History' });
	await until('it is listed', async () => (await window.call('list')).length === 1);
	await window.call('click', { text: 'Export…' });
	await until('it is written', async () => (await window.call('state')).inserted);
	assert.match((await window.call('state')).inserted, /^To be kept\.md\n[^]*To be kept[^]*is never set/);
	await window.call('click', { text: 'Delete', later: true });
	await until('it asks', async () => (await window.call('dialogue')) === 'Delete');
	await window.call('key', { key: 'ENTER' });
	await until('it is gone', async () => (await window.call('list')).length === 0);
});

test('another theme is taken while a chat is open', { skip, timeout: 60_000 }, async (t) => {
	const { window } = await startWindow(t);
	await ask(window, 'Can sum() be wrong?');
	await picture(window, 'theme-before');
	assert.ok((await window.call('contrast')) > 50);
	await window.call('theme');
	await picture(window, 'theme-after');
	assert.ok((await window.call('contrast')) > 50, `${await window.call('contrast')}`);
	assert.match((await window.call('shown'))[1], /never set/);
});
