/*
 * ACP: prompts whose parts cannot all be sent, prompts without words, and threads in which nothing was asked yet.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { configFor, makeHome, withUpstream } from './harness.mjs';
import { startAcp } from './support/acp.mjs';

const text = (s) => ({ type: 'text', text: s });
const link = (path, name = path.split('/').at(-1)) => ({ type: 'resource_link', uri: path.includes('://') ? path : pathToFileURL(path).href, name });
const embedded = (path, content) => ({ type: 'resource', resource: { uri: pathToFileURL(path).href, ...content } });
const asked = (upstream) => upstream.counted.at(-1).body.messages.at(-1).content;
const NOT_SENT = /^\*\(Not sent: ([^]*)\.\)\*\n\nYes\.$/;

async function start(t, client = {}) {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const acp = await startAcp(t, { config: configFor(upstream), ...client });

	writeFileSync(join(acp.cwd, 'a.c'), 'int a;\n');
	writeFileSync(join(acp.cwd, 'picture.png'), Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 255]));
	mkdirSync(join(acp.cwd, 'sub'));
	return { upstream, acp, at: (name) => join(acp.cwd, name) };
}

/* What is said in a session of its own, and how it ends. */
async function say(acp, blocks) {
	const id = await acp.session();
	const { stopReason } = await acp.prompt(id, blocks);

	assert.equal(stopReason, 'end_turn');
	return acp.text(id);
}

for (const [client, initialize] of [['a client that reads files', {}], ['one that does not', { clientCapabilities: {} }]]) {
	test(`links alone, of ${client}`, async (t) => {
		const { acp, upstream, at } = await start(t, { initialize });

		assert.equal(await say(acp, [link(at('a.c'))]), 'Yes.');
		assert.match(asked(upstream), /^File a\.c:?\n```c\n1 \| int a;\n```\n\na\.c$/);
		assert.equal(await say(acp, [text(' '), link(at('a.c')), text('\n')]), 'Yes.');
		assert.match(asked(upstream), /int a;[^]*a\.c\s*$/);
		assert.equal(await say(acp, [link('https://example.org/doc', 'doc')]), 'Yes.');
		assert.match(asked(upstream), /https:\/\/example\.org\/doc/);
		assert.equal(await say(acp, [link(at('sub/'), 'sub')]), 'Yes.');
		assert.equal(asked(upstream), 'sub');
		assert.equal(await say(acp, [embedded(at('b.c'), { text: 'int b;' })]), 'Yes.');
		assert.match(asked(upstream), /int b;[^]*b\.c$/);
	});

	test(`what cannot be sent is told, and the rest is answered: ${client}`, async (t) => {
		const { acp, upstream, at } = await start(t, { initialize });

		for (const [block, words] of [
			[link(at('none.c')), /none\.c/], [link(at('picture.png')), /picture\.png is not a text file/], [link(at('sub')), /sub/],
			[embedded(at('x.bin'), { blob: 'AAEC' }), /x\.bin is not a text file/],
		]) {
			/* Beside a file that can, with and without words; and with words alone. */
			for (const blocks of [[text('Why?'), block, link(at('a.c'))], [link(at('a.c')), block], [block, text('Why?')]]) {
				const said = await say(acp, blocks);

				assert.match(said, NOT_SENT);
				assert.match(said.match(NOT_SENT)[1], words);
				assert.equal(/int a;/.test(asked(upstream)), blocks.some(({ name }) => name === 'a.c'));
			}
			/* Where nothing is left, nothing is spent. */
			const before = upstream.counted.length;
			await assert.rejects(acp.prompt(await acp.session(), [block]), (err) => err.code === -32602 && words.test(err.message));
			await assert.rejects(acp.prompt(await acp.session(), [text('/explain '), block]), (err) => err.code === -32602 && words.test(err.message));
			assert.equal(upstream.counted.length, before);
		}
		const said = await say(acp, [text('Why?'), link(at('none.c')), link(at('picture.png'))]);
		assert.match(said.match(NOT_SENT)[1], /none\.c.*; .*picture\.png/);
	});
}

test('a thread in which nothing was asked can be loaded, in this process and the next', async (t) => {
	const { acp, upstream } = await start(t);
	const [closed, open, other, asking, removed] = [await acp.session(), await acp.session(), await acp.session(), await acp.session(), await acp.session()];
	const load = (client, method, sessionId) => client.request(method, { sessionId, cwd: client.cwd, mcpServers: [] });
	const { home } = acp.program;

	await acp.request('session/close', { sessionId: closed });
	assert.ok((await load(acp, 'session/load', closed)).configOptions);
	assert.deepEqual(await acp.prompt(closed, 'one'), { stopReason: 'end_turn' });
	await acp.prompt(asking, 'two');
	await acp.request('session/delete', { sessionId: removed });
	await acp.request('session/delete', { sessionId: asking });
	await acp.stop();

	const next = await startAcp(t, { home });
	assert.ok((await load(next, 'session/load', open)).configOptions);
	assert.ok((await load(next, 'session/resume', other)).configOptions);
	assert.deepEqual(await next.prompt(open, 'three'), { stopReason: 'end_turn' });
	assert.equal(asked(upstream), 'three');
	/* What was asked in it is there the next time, and only once. */
	await next.request('session/close', { sessionId: open });
	await load(next, 'session/load', open);
	assert.equal(next.text(open, 'user_message_chunk'), 'three');
	for (const id of [removed, asking, '0123456789abcdef', '../acp-sessions'])
		await assert.rejects(load(next, 'session/load', id), { code: -32002 });
	assert.deepEqual(readdirSync(join(home, 'state', 'acp-sessions')), [other]);
	/* It is forgotten in time. */
	const past = Date.now() / 1000 - 31 * 86400;
	utimesSync(join(home, 'state', 'acp-sessions', other), past, past);
	const newest = await next.session();
	assert.deepEqual(readdirSync(join(home, 'state', 'acp-sessions')), [newest]);
});

test('privacy.history: false notes nothing', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const home = makeHome(t, configFor(upstream, {}, { privacy: { history: false } }));
	const acp = await startAcp(t, { home });
	const id = await acp.session();

	await acp.stop();
	const next = await startAcp(t, { home });
	await assert.rejects(next.request('session/load', { sessionId: id, cwd: next.cwd, mcpServers: [] }), { code: -32002 });
});

/* --- the history --- */

for (const first of ['a prompt', 'the session that is lost']) {
	test(`a damaged history is told in the thread, where ${first} comes first`, async (t) => {
		const upstream = await withUpstream(t, { answer: () => 'Yes.' });
		const home = makeHome(t, configFor(upstream));
		const before = await startAcp(t, { home });
		const old = await before.session();
		const said = /^\*\(The store of conversations was damaged \([^]*\); it is kept as (chats\.db\.damaged-\d{8}-\d{6}), and a new one is begun\.\)\*\n\nYes\.$/;

		await before.prompt(old, 'one');
		await before.stop();
		for (const part of ['-wal', '-shm']) rmSync(join(home, 'state', `chats.db${part}`), { force: true });
		writeFileSync(join(home, 'state', 'chats.db'), 'This is no database but a letter, and it goes on for a while so that it is long enough.');
		const acp = await startAcp(t, { home });
		if (first !== 'a prompt')
			await assert.rejects(acp.request('session/load', { sessionId: old, cwd: acp.cwd, mcpServers: [] }), (e) => e.code === -32002 && /there is no session .*: the store of conversations was damaged .* kept as chats\.db\.damaged/.test(e.message));
		const id = await acp.session();
		await acp.prompt(id, 'two');
		const kept = said.exec(acp.text(id));
		assert.ok(kept, acp.text(id));
		assert.ok(readdirSync(join(home, 'state')).includes(kept[1]));
		/* Once. */
		const next = await acp.session();
		await acp.prompt(next, 'three');
		assert.equal(acp.text(next), 'Yes.');
	});
}
