/*
 * `eke acp` through the official SDK's client. Each message both ways is checked against the SDK's schema (support/acp.mjs);
 * that no update of a turn comes outside one is, too.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { configFor, endpointFor, makeHome, withUpstream } from './harness.mjs';
import { METHODS, startAcp } from './support/acp.mjs';
import { run } from './support/program.mjs';

const text = (s) => ({ type: 'text', text: s });
const link = (path, name = path.split('/').at(-1), fragment = '') => ({ type: 'resource_link', uri: pathToFileURL(path).href + fragment, name });
const embedded = (uri, content) => ({ type: 'resource', resource: { uri, text: content } });

/** A client with a session. */
async function start(t, { answer, config = {}, endpoint = {}, upstream: options, ...rest } = {}) {
	const upstream = await withUpstream(t, { answer, ...options });
	const acp = await startAcp(t, { config: configFor(upstream, endpoint, config), ...rest });

	return { upstream, acp, id: await acp.session() };
}

/* All that was sent as the last message of the user. */
const asked = ({ body }) => body.messages.at(-1).content;
const last = (upstream) => upstream.counted.at(-1);
/* The request that asks this, when it comes. */
async function requestFor(upstream, prompt) {
	for (let n = 1; ; n++) {
		const found = (await upstream.waitForRequests(n)).find((r) => asked(r) === prompt);
		if (found)
			return found;
	}
}
const put = (acp, name, content) => {
	const path = join(acp.cwd, name);

	mkdirSync(join(path, '..'), { recursive: true });
	writeFileSync(path, content);
	return path;
};

/* Every method of the protocol that eke has, both ways, was used in some test. */
after(() => {
	const wanted = ['initialize', 'authenticate', ...['new', 'load', 'resume', 'list', 'close', 'delete', 'prompt', 'set_config_option'].map((m) => `session/${m}`),
		'session/request_permission', 'fs/read_text_file', 'fs/write_text_file'];
	const unseen = wanted.filter((m) => !METHODS.has(`request ${m}`));

	if (!process.execArgv.some((a) => a.startsWith('--test-name-pattern')))
		assert.deepEqual([...unseen, ...['session/update', 'session/cancel', '$/cancel_request'].filter((m) => !METHODS.has(`notification ${m}`))], []);
});

/* --- the beginning --- */

test('initialize: one version, whatever the client offers', async (t) => {
	for (const protocolVersion of [1, 2, 7, 0]) {
		const acp = await startAcp(t, { initialize: { protocolVersion } });
		const r = acp.initialized;

		assert.equal(r.protocolVersion, 1);
		assert.equal(r.agentInfo.name, 'eke');
		assert.deepEqual(r.authMethods, []);
		assert.deepEqual(r.agentCapabilities, {
			loadSession: true, promptCapabilities: { image: false, audio: false, embeddedContext: true },
			mcpCapabilities: { http: false, sse: false }, sessionCapabilities: { list: {}, delete: {}, resume: {}, close: {} },
		});
		assert.deepEqual(await acp.request('authenticate', { methodId: 'any' }), {});
		await acp.stop();
	}
});

test('before initialize nothing goes', async (t) => {
	const acp = await startAcp(t, { initialize: null });

	await assert.rejects(acp.request('session/new', { cwd: '/', mcpServers: [] }), { code: -32600 });
	await acp.initialize();
	await assert.rejects(acp.request('no/such', {}), { code: -32601 });
});

test('clients of other minds: no jsonrpc, no mcpServers, odd ids, unknown members, blank lines', async (t) => {
	const { acp } = await start(t, { answer: () => 'yes' });
	const first = await acp.ask({ id: null, method: 'session/new', params: { cwd: acp.cwd, unknown: [1], _meta: { x: 1 } } });
	const { sessionId } = first.result;

	acp.program.child.stdin.write('\n  \r\n');
	assert.deepEqual((await acp.ask({ id: 'ünï-☃', method: 'session/prompt', params: { sessionId, prompt: [text('hi')], more: {} } })).result, { stopReason: 'end_turn' });
	const big = acp.next('response');
	acp.raw('{"id":9007199254740993,"method":"session/list","params":{}}');
	assert.ok((await big).result.sessions);
	/* JSON.parse rounds: the id's text is what counts. */
	assert.equal((await acp.ask({ jsonrpc: '1.0', id: 5, method: 'session/list' })).error.code, -32600);
	const broken = acp.next('response', ({ error }) => error?.code === -32700);
	acp.raw('{"id":1,');
	await broken;
	const batch = acp.next('response', ({ id, error }) => id === null && error?.code === -32600);
	acp.raw('[{"id":1,"method":"session/list"}]');
	await batch;
	acp.audit.sent.clear();
});

test('no HOME, and an environment of PATH alone', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'here' });
	const home = makeHome(t, configFor(upstream));

	for (const env of [{ HOME: undefined }, { HOME: undefined, LANG: undefined, TMPDIR: undefined }]) {
		const acp = await startAcp(t, { home, env });
		const id = await acp.session();

		assert.deepEqual(await acp.prompt(id, 'hello'), { stopReason: 'end_turn' });
		await acp.stop();
	}
});

test('it ends with its input, and by SIGTERM', async (t) => {
	const acp = await startAcp(t);

	await acp.stop(0);
	const other = await startAcp(t);
	other.program.kill('SIGTERM');
	assert.equal(await other.ended(), 143);
	assert.equal((await run(t, ['acp', 'what'])).code, 2);
});

/* --- a turn --- */

test('a prompt: title, thoughts, text, usage, and only then the stop reason', async (t) => {
	const { acp, id, upstream } = await start(t, { upstream: { scenario: 'reasoning-content' } });

	assert.deepEqual(await acp.prompt(id, 'Why is the sky blue?'), { stopReason: 'end_turn' });
	assert.match(acp.text(id), /^Hello, wörld: 你好 😀!\n/);
	assert.ok(acp.text(id, 'agent_thought_chunk').length > 0);
	assert.equal(acp.of(id, 'session_info_update')[0].title, 'Why is the sky blue?');
	const usage = acp.of(id, 'usage_update').at(-1);
	assert.ok(usage.used > 0 && usage.used <= usage.size);
	assert.equal(usage.size, 128000);
	assert.equal(usage._meta.eke.budget.state, 'unlimited');
	const kinds = acp.updates.map((u) => u.update.sessionUpdate);
	assert.ok(kinds.indexOf('session_info_update') < kinds.indexOf('agent_thought_chunk'));
	assert.ok(kinds.indexOf('agent_thought_chunk') < kinds.indexOf('agent_message_chunk'));
	assert.ok(kinds.indexOf('usage_update') > kinds.lastIndexOf('agent_message_chunk'));
	assert.equal(new Set(acp.of(id, 'agent_message_chunk').map((u) => u.messageId)).size, 1);
	assert.equal(upstream.counted.length, 1);
});

test('the conversation goes along; two sessions do not mix', async (t) => {
	const { acp, id, upstream } = await start(t, { answer: ({ body: { messages } }) => `answer to ${messages.at(-1).content}` });
	const other = await acp.session();

	await acp.prompt(id, 'one');
	await acp.prompt(other, 'two');
	await acp.prompt(id, 'three');
	const sent = last(upstream).body.messages.filter((m) => m.role !== 'system').map((m) => m.content);
	assert.deepEqual(sent, ['one', 'answer to one', 'three']);
	assert.equal(acp.text(other), 'answer to two');
});

test('finish reasons become stop reasons', async (t) => {
	for (const [scenario, stopReason] of [['finish-length', 'max_tokens'], ['finish-filter', 'refusal'], ['plain', 'end_turn'], ['finish-missing', 'end_turn']]) {
		const { acp, id } = await start(t, { upstream: { scenario } });

		assert.deepEqual(await acp.prompt(id, 'go'), { stopReason });
		assert.equal(/was cut off/.test(acp.text(id)), scenario === 'finish-missing');
		await acp.stop();
	}
});

test('a prompt while one is being answered is refused', async (t) => {
	const { acp, id, upstream } = await start(t);

	upstream.next({ holdEvents: true });
	const first = acp.start(id, 'first');
	const [record] = await upstream.waitForRequests(1);
	await assert.rejects(acp.prompt(id, 'second'), { code: -32600 });
	await record.push('done');
	record.end();
	assert.deepEqual(await first.answer, { stopReason: 'end_turn' });
});

test('unknown sessions and wrong params', async (t) => {
	const { acp, id } = await start(t);
	const wrong = async (method, params, code) => assert.equal((await acp.ask({ jsonrpc: '2.0', id: `${method}${JSON.stringify(params)}`, method, params })).error?.code, code, method + JSON.stringify(params));

	await wrong('session/prompt', { sessionId: 'nope', prompt: [text('x')] }, -32002);
	await wrong('session/prompt', { prompt: [text('x')] }, -32602);
	await wrong('session/prompt', { sessionId: id }, -32602);
	await wrong('session/prompt', { sessionId: id, prompt: [] }, -32602);
	await wrong('session/prompt', { sessionId: id, prompt: [{ type: 'text' }] }, -32602);
	await wrong('session/prompt', { sessionId: id, prompt: [{ type: 'video' }] }, -32602);
	await wrong('session/prompt', { sessionId: id, prompt: [text('  ')] }, -32602);
	await wrong('session/prompt', { sessionId: id, prompt: [{ type: 'resource', resource: { uri: 'file:///x', blob: 'AA==' } }] }, -32602);
	await wrong('session/new', { cwd: 'relative', mcpServers: [] }, -32602);
	await wrong('session/new', {}, -32602);
	await wrong('session/load', { sessionId: '0123456789abcdef', cwd: '/tmp', mcpServers: [] }, -32002);
	await wrong('session/load', { sessionId: '\'; drop table chats', cwd: '/tmp', mcpServers: [] }, -32002);
	await wrong('session/resume', { sessionId: 'nope', cwd: '/tmp' }, -32002);
	await wrong('session/close', { sessionId: 'nope' }, -32002);
	await wrong('session/list', { cwd: 'relative' }, -32602);
	await wrong('session/set_config_option', { sessionId: id, configId: 'model', value: 'no/such' }, -32602);
	await wrong('session/set_config_option', { sessionId: id, configId: 'none', value: 'x' }, -32602);
	await wrong('session/set_config_option', { sessionId: id, configId: 'model', type: 'boolean', value: true }, -32602);
	for (const type of ['image', 'audio']) {
		const error = await acp.prompt(id, [text('see'), { type, data: 'AA==', mimeType: `${type}/x` }]).catch((e) => e);
		assert.equal(error.code, -32602);
		assert.match(error.message, new RegExp(`remove the ${type}`));
	}
});

/* --- cancelling --- */

test('cancel at every moment gives the stop reason, never an error', async (t) => {
	const { acp, id, upstream } = await start(t);
	const someText = async (moment, what) => {
		const told = acp.next('update', ({ update }) => update.sessionUpdate === 'agent_message_chunk');
		await (await requestFor(upstream, moment)).push(what);
		await told;
	};
	const moments = {
		'at once': async (turn) => turn.cancel(),
		'while the endpoint thinks': async (turn, moment) => {
			await requestFor(upstream, moment);
			await turn.cancel();
		},
		'after some text': async (turn, moment) => {
			await someText(moment, 'some text');
			await turn.cancel();
		},
		'twice': async (turn) => {
			await turn.cancel();
			await turn.cancel();
		},
		'by $/cancel_request': async (turn) => turn.abort(),
		'by $/cancel_request after some text': async (turn, moment) => {
			await someText(moment, 'more text');
			turn.abort();
		},
	};

	upstream.script(({ counted, body }) => (counted ? asked({ body }) === 'and now?' ? { answer: 'still there' } : { holdEvents: true } : {}));
	for (const [moment, cancel] of Object.entries(moments)) {
		const turn = acp.start(id, moment);
		await cancel(turn, moment);
		assert.deepEqual(await turn.answer, { stopReason: 'cancelled' }, moment);
	}
	/* With nothing to cancel, it is nothing. */
	await acp.notify('session/cancel', { sessionId: id });
	await acp.notify('session/cancel', { sessionId: 'nope' });
	assert.deepEqual(await acp.prompt(id, 'and now?'), { stopReason: 'end_turn' });
	assert.match(acp.text(id), /some text.*more text.*still there$/s);
});

test('cancel while a file is being read, and while a permission is asked for', async (t) => {
	const { acp, id, upstream } = await start(t, { answer: () => '<edit>\nint b;\n</edit>' });
	const path = put(acp, 'a.c', 'int a;\n');
	let release;

	acp.onRead = () => new Promise((resolve) => (release = resolve));
	const reading = acp.start(id, [text('what is '), link(path)]);
	await acp.next('read');
	await reading.cancel();
	assert.deepEqual(await reading.answer, { stopReason: 'cancelled' });
	release('int a;\n');
	assert.equal(upstream.counted.length, 0);

	/* The second of three that the words mention. */
	const second = put(acp, 'b.c', 'int b;\n');
	put(acp, 'c.c', 'int c;\n');
	for (const end of ['cancel', 'abort']) {
		acp.reads.length = 0;
		acp.onRead = (p) => (p.path === second ? new Promise((resolve) => (release = resolve)) : 'int a;\n');
		const mentioning = acp.start(id, 'what is @a.c @b.c @c.c');
		await acp.next('read', (p) => p.path === second);
		await mentioning[end]();
		assert.deepEqual(await mentioning.answer, { stopReason: 'cancelled' });
		release('int b;\n');
		assert.deepEqual(acp.reads, [path, second]);
		assert.equal(upstream.counted.length, 0);
	}

	acp.onRead = () => 'int a;\n';
	acp.onPermission = () => new Promise((resolve) => (release = resolve));
	const editing = acp.start(id, '/edit a.c rename it to b');
	await acp.next('permission');
	await editing.cancel();
	assert.deepEqual(await editing.answer, { stopReason: 'cancelled' });
	release({ outcome: 'cancelled' });
	assert.equal(acp.of(id, 'tool_call_update').at(-1).status, 'failed');
	/* The client's user may stop the turn by the question itself. */
	acp.onPermission = () => ({ outcome: 'cancelled' });
	assert.deepEqual(await acp.prompt(id, '/edit a.c rename it to b'), { stopReason: 'cancelled' });
	assert.deepEqual(acp.written, []);
});

/* --- what goes with a prompt --- */

test('a resource link is read through the client, else from the disk', async (t) => {
	const { acp, id, upstream } = await start(t, { answer: () => 'seen' });
	const path = put(acp, 'src/sum.c', 'int on_disk;\n');

	acp.buffers.set(path, 'int unsaved_ü;\n');
	await acp.prompt(id, [text('explain '), link(path), text(' please')]);
	assert.match(asked(last(upstream)), /int unsaved_ü;/);
	assert.doesNotMatch(asked(last(upstream)), /on_disk/);
	assert.match(asked(last(upstream)), /explain src\/sum\.c please$/);
	assert.deepEqual(acp.reads, [path]);

	acp.buffers.delete(path);
	await acp.prompt(await acp.session(), [link(path), text('explain')]);
	assert.match(asked(last(upstream)), /int on_disk;/);

	const plain = await startAcp(t, { home: acp.program.home, initialize: { read: false, write: false } });
	await plain.prompt(await plain.session(), [link(path), text('again')]);
	assert.match(asked(last(upstream)), /int on_disk;/);
	assert.deepEqual(plain.reads, []);
});

test('lines of a file, embedded texts, things that are no files', async (t) => {
	const { acp, id, upstream } = await start(t, { answer: () => 'seen' });
	const path = put(acp, 'n.txt', Array.from({ length: 30 }, (_, i) => `line ${i + 1}\n`).join(''));
	const send = async (...blocks) => {
		await acp.prompt(await acp.session(), blocks);
		return asked(last(upstream));
	};

	for (const fragment of ['#L10-12', '#L10:12', '#L10-L12', '#L10C1-L12C3', '#L12-10']) {
		const sent = await send(link(path, 'n.txt', fragment), text('what?'));
		assert.match(sent, /line 10\n/);
		assert.match(sent, /line 12\n/);
		assert.doesNotMatch(sent, /line 9\n|line 13\n/, fragment);
	}
	assert.match(await send(embedded(pathToFileURL(path).href, 'as the client has it\n'), text('what?')), /as the client has it/);
	const part = await send(embedded(`${pathToFileURL(path).href}#L3:4`, 'two of its lines\n'), text('what?'));
	assert.match(part, /two of its lines/);
	assert.doesNotMatch(part, /line 3/);
	assert.match(await send(embedded('zed:///agent/thread/1', 'another thread'), text('what?')), /another thread/);
	assert.match(await send(text('see '), { type: 'resource_link', uri: 'https://example.org/x', name: 'x' }), /see x <https:\/\/example\.org\/x>$/);
	assert.equal(await send(text('in '), link(`${acp.cwd}/`, 'work')), 'in work');
	assert.match(await send(text('first'), text('second')), /first\nsecond$/);
	await assert.rejects(acp.prompt(id, [link(join(acp.cwd, 'gone.c'))]), { code: -32602 });
});

test('@file is read through the client, else from the disk', async (t) => {
	const { acp, id, upstream } = await start(t, { answer: () => 'seen' });
	const lines = (what) => Array.from({ length: 30 }, (_, i) => `${what} ${i + 1}\n`).join('');
	const path = put(acp, 'src/a sum.c', lines('disk'));
	const send = async (prompt, of = acp) => {
		of.reads.length = 0;
		await of.prompt(await of.session(), prompt);
		return asked(last(upstream));
	};

	acp.buffers.set(path, lines('unsaved ü'));
	assert.match(await send('explain @"src/a sum.c", please'), /^File src\/a sum\.c:\n```c\n *1 \| unsaved ü 1\n[^]*30 \| unsaved ü 30\n```\n\nexplain @"src\/a sum\.c", please$/);
	assert.deepEqual(acp.reads, [path]);
	/* Parts of it, from one reading; also behind a command. */
	assert.match(await send('/explain @"src/a sum.c":10-11 and @"src/a sum.c":30'),
		/^File src\/a sum\.c, lines 10-11:\n```c\n10 \| unsaved ü 10\n11 \| unsaved ü 11\n```\n\nFile src\/a sum\.c, line 30:\n```c\n30 \| unsaved ü 30\n```\n\n/);
	assert.deepEqual(acp.reads, [path]);
	/* However it is spelled. */
	assert.equal((await send('@"./src/a sum.c" @"src//./a sum.c"')).match(/unsaved ü 7\n/g).length, 1);
	assert.deepEqual(acp.reads, [path]);

	for (const trouble of [new Error('not now'), undefined]) {
		acp.buffers.set(path, trouble);
		assert.match(await send('explain @"src/a sum.c"'), /^File src\/a sum\.c:\n```c\n *1 \| disk 1\n/);
		assert.deepEqual(acp.reads, [path]);
	}
	const plain = await startAcp(t, { home: acp.program.home, initialize: { read: false, write: false } });
	assert.match(await send('explain @"src/a sum.c":2', plain), /^File src\/a sum\.c, line 2:\n```c\n2 \| disk 2\n/);
	assert.deepEqual(plain.reads, []);
	assert.equal(await acp.prompt(id, 'and now?').then((r) => r.stopReason), 'end_turn');
});

test('a file that is mentioned and goes along anyway is read once, and one text of it is sent', async (t) => {
	const { acp, upstream } = await start(t, { answer: () => 'seen' });
	const path = put(acp, 'a.c', 'int disk;\n');
	const send = async (...blocks) => {
		let reading = 0;

		acp.reads.length = 0;
		/* It changes with each look at it. */
		acp.onRead = () => `int reading_${++reading};\nint second;\nint third;\n`;
		await acp.prompt(await acp.session(), blocks);
		return asked(last(upstream));
	};

	for (const blocks of [[text('what is @a.c?'), link(path)], [link(path), text('what is @a.c and @a.c?')], [link(path), link(path), text('what is @a.c?')]]) {
		const sent = await send(...blocks);
		assert.equal(sent.match(/reading_1/g).length, 1, sent);
		assert.deepEqual(acp.reads, [path]);
	}
	/* A part of it, linked: the same part is not sent twice, all of it is another thing. */
	assert.match(await send(text('what is @a.c:1-2?'), link(path, 'a.c', '#L1-2')),
		/^Selection in a\.c, lines 1-2:\n```c\n1 \| int reading_1;\n2 \| int second;\n```\n\nwhat is @a\.c:1-2\?$/);
	assert.deepEqual(acp.reads, [path]);
	const both = await send(text('what is @a.c?'), link(path, 'a.c', '#L2'));
	assert.match(both, /Selection in a\.c, line 2:\n/);
	assert.match(both, /File a\.c:\n```c\n1 \| int reading_1;\n/);
	assert.deepEqual(acp.reads, [path]);
	/* Embedded whole. */
	const given = await send(embedded(pathToFileURL(path).href, 'int given;\n'), text('what is @a.c?'));
	assert.equal(given.match(/int/g).length, 1, given);
	assert.match(given, /int given;/);
	assert.deepEqual(acp.reads, []);
});

test('what looks like @file and is none of the session\'s is left to the model', async (t) => {
	const { acp, id, upstream } = await start(t, { answer: () => 'seen' });
	const outside = put(acp, '../outside.c', 'int outside;\n');

	put(acp, 'in/a.c', 'int a;\n');
	symlinkSync(outside, join(acp.cwd, 'link.c'));
	acp.buffers.set(outside, 'int unsaved;\n').set(join(acp.cwd, 'link.c'), 'int unsaved;\n');
	for (const prompt of ['what is @../outside.c?', `what is @${outside}?`, 'what is @in/../../outside.c?', 'what is @link.c?', 'me@in/a.c @param @in @in/ @none.c']) {
		await acp.prompt(id, prompt);
		assert.equal(asked(last(upstream)), prompt);
	}
	assert.deepEqual(acp.reads, []);
});

test('a folder with a slash at its end is the folder', async (t) => {
	const { acp, id, upstream } = await start(t, { answer: () => '<edit>\nint b;\n</edit>' });
	const path = put(acp, 'a.c', 'int a;\n');
	const other = await acp.session(`${acp.cwd}//`);

	acp.buffers.set(path, 'int unsaved;\n');
	acp.onPermission = allow('allow_once');
	await acp.prompt(id, 'one');
	await acp.prompt(other, 'what is @a.c?');
	assert.match(asked(last(upstream)), /^File a\.c:\n```c\n1 \| int unsaved;\n/);
	await acp.prompt(other, '/edit a.c name it b');
	assert.deepEqual(acp.written, [{ path, content: 'int b;\n' }]);
	for (const cwd of [acp.cwd, `${acp.cwd}/`]) {
		const { sessions } = await acp.request('session/list', { cwd });
		assert.deepEqual(sessions.map((s) => [s.sessionId, s.cwd]), [[other, acp.cwd], [id, acp.cwd]]);
	}
});

test('more files than go along; /fix is about files that are attached', async (t) => {
	const { acp, id, upstream } = await start(t, { answer: () => '<edit>\nint b;\n</edit>' });
	const names = Array.from({ length: 65 }, (_, i) => `many/${i}.txt`);

	for (const name of names)
		acp.buffers.set(put(acp, name, 'disk\n'), `unsaved ${name}\n`);
	await acp.prompt(id, names.slice(0, 64).map((n) => `@${n} @${n}`).join(' '));
	assert.equal(asked(last(upstream)).match(/unsaved many/g).length, 64);
	assert.equal(acp.reads.length, 64);
	/* Words that name nothing do not hide those that do, up to a point. */
	await acp.prompt(await acp.session(), `${'@Override '.repeat(4000)}@many/0.txt`);
	assert.match(asked(last(upstream)), /^File many\/0\.txt:/);
	await acp.prompt(await acp.session(), `${'@Override '.repeat(5000)}@many/0.txt`);
	assert.match(asked(last(upstream)), /^@Override /);
	for (const blocks of [[text(names.map((n) => `@${n}`).join(' '))], [text('@many/0.txt @many/1.txt @many/2.txt'), ...names.slice(2).map((n) => link(join(acp.cwd, n)))]]) {
		acp.reads.length = 0;
		const error = await acp.prompt(id, blocks).catch((e) => e);
		assert.equal(error.code, -32602);
		assert.match(error.message, /at most 64 attachments/);
		assert.ok(acp.reads.length <= 64);
	}

	acp.onPermission = allow('allow_once');
	acp.buffers.clear();
	const [a, b] = ['a.c', 'b.c'].map((name) => put(acp, name, `int ${name[0]};\n`));
	acp.buffers.set(a, 'int a1;\n').set(b, 'int b1;\n');
	acp.reads.length = 0;
	await acp.prompt(id, '/fix @a.c');
	assert.match(asked(last(upstream)), /int a1;/);
	assert.deepEqual([acp.permissions, acp.written, acp.reads], [[], [], [a]]);
	await acp.prompt(id, [text('/fix as in @b.c '), link(a)]);
	assert.deepEqual(acp.written, [{ path: a, content: 'int b;\n' }]);
	assert.ok(!acp.reads.includes(b));
});

test('secrets and ignored files do not leave, by whatever way', async (t) => {
	const { acp, id, upstream } = await start(t, { config: { privacy: { ignore: ['*.priv'] } } });
	const secrets = [put(acp, '.env', 'KEY=sk-1\n'), put(acp, 'a.priv', 'x\n'), put(acp, 'dist/out.c', 'x\n')];

	put(acp, '.gitignore', 'dist/\n');
	for (const path of secrets) {
		acp.buffers.set(path, 'unsaved\n');
		for (const blocks of [[text('see '), link(path)], [embedded(pathToFileURL(path).href, 'x'), text('see')],
			[embedded(`${pathToFileURL(path).href}#L1-2`, 'x'), text('see')], [text(`/edit ${path} change it`)],
			[text('/fix it'), link(path)], [text(`see @${relative(acp.cwd, path)}`)], [text(`/explain @${relative(acp.cwd, path)}:1`)]]) {
			const error = await acp.prompt(id, blocks).catch((e) => e);
			assert.equal(error.code, -32803, JSON.stringify([blocks, error]));
			assert.equal(error.data.kind, 'ignored');
		}
	}
	assert.deepEqual(acp.reads, []);
	/* By another name, and beside a file that may go. */
	symlinkSync(secrets[0], join(acp.cwd, 'plain.txt'));
	acp.buffers.set(put(acp, 'a.c', 'int a;\n'), 'int a1;\n').set(join(acp.cwd, 'plain.txt'), 'KEY=1\n');
	const error = await acp.prompt(id, 'see @a.c and @plain.txt').catch((e) => e);
	assert.equal(error.data.kind, 'ignored');
	assert.match(error.message, /the built-in rule "\.env/);
	assert.equal(upstream.counted.length, 0);
	assert.ok(!acp.reads.includes(join(acp.cwd, 'plain.txt')));
	assert.deepEqual(acp.written, []);
});

test('a huge prompt, and odd Unicode', async (t) => {
	const { acp, id, upstream } = await start(t, { answer: ({ body: { messages } }) => messages.at(-1).content.slice(-40), endpoint: { plan: 'small' },
		config: { plans: { small: { windows: [], maxPromptTokens: 4096 } } } });
	const odd = 'a\u2028b\u2029c \ud83d\ude00 e\u0301 \u202eabc \u200d\ufeff \u0001 \u007f "\\"';

	await acp.prompt(id, odd);
	assert.equal(asked(last(upstream)), odd);
	assert.equal(acp.text(id), odd);
	const error = await acp.prompt(id, 'word '.repeat(100000)).catch((e) => e);
	assert.equal(error.data.kind, 'promptTooLong');
	assert.equal(upstream.counted.length, 1);
	const refused = acp.next('response', (m) => m.id === 'huge');
	acp.raw({ jsonrpc: '2.0', id: 'huge', method: 'session/prompt', params: { sessionId: id, prompt: [text('x'.repeat(33 * 1024 * 1024))] } });
	assert.equal((await refused).error.code, -32600);
	/* A lone surrogate has no place in UTF-8. */
	const lone = acp.next('response', (m) => m.id === 'lone');
	acp.raw(`{"jsonrpc":"2.0","id":"lone","method":"session/prompt","params":{"sessionId":"${id}","prompt":[{"type":"text","text":"a \\ud800 b"}]}}`);
	assert.deepEqual((await lone).result, { stopReason: 'end_turn' });
	assert.equal(asked(last(upstream)), 'a \ufffd b');
});

test('what the plan has no room for is told', async (t) => {
	const { acp, id, upstream } = await start(t, { answer: () => 'short', endpoint: { plan: 'small' },
		config: { plans: { small: { windows: [], maxPromptTokens: 1000 } } } });

	for (let i = 0; i < 6; i++)
		await acp.prompt(id, `question ${i} ${'some words of it '.repeat(60)}`);
	assert.match(acp.text(id, 'agent_thought_chunk'), /Not sent.*\n- .*beginning of the conversation/);
	const usage = acp.of(id, 'usage_update').at(-1);
	assert.equal(usage.size, 1000);
	assert.ok(usage._meta.eke.trimmed.length > 0);
	assert.match(asked(last(upstream)), /^question 5/);
});

/* --- slash commands --- */

test('commands are announced, and run by their names', async (t) => {
	const { acp, id, upstream } = await start(t, { answer: () => 'done', config: { chat: { commands: { pirate: 'Say {input} as a pirate' } } } });
	const { availableCommands } = await acp.update(id, 'available_commands_update');
	const names = availableCommands.map((c) => c.name);
	const path = put(acp, 'x.py', 'def f(): pass\n');

	for (const name of ['explain', 'problems', 'optimize', 'refactor', 'document', 'tests', 'fix', 'commit', 'ask', 'write', 'pirate', 'edit', 'budget'])
		assert.ok(names.includes(name), name);
	for (const s of ['/pirate hello there', '\n /pirate\nhello there']) {
		await acp.prompt(id, s);
		assert.equal(asked(last(upstream)), 'Say hello there as a pirate');
	}
	await acp.prompt(id, [text('/explain '), link(path)]);
	assert.match(asked(last(upstream)), /def f\(\): pass/);
	/* Not a command: just text. */
	for (const s of ['/etc/passwd is what?', '/nosuch thing', '/ explain', 'then /explain']) {
		await acp.prompt(await acp.session(), s);
		assert.equal(asked(last(upstream)), s);
	}
	const before = upstream.counted.length;
	acp.updates.length = 0;
	assert.deepEqual(await acp.prompt(id, '/budget'), { stopReason: 'end_turn' });
	assert.equal(acp.text(id), '- test: unlimited');
	await assert.rejects(acp.prompt(id, '/explain'), { code: -32602 });
	assert.equal(upstream.counted.length, before);
});

/* --- the model --- */

test('the model picker', async (t) => {
	const { acp, id, upstream } = await start(t, { answer: () => 'ok', upstream: { models: ['chatty', 'big', 'text-embedding-3-small'] } });
	const options = async () => (await acp.update(id, 'config_option_update', (u) => u.configOptions[0].options.length > 1)).configOptions;
	const [model] = await options();

	assert.deepEqual({ ...model, options: model.options.map((o) => o.value), description: '' }, {
		type: 'select', id: 'model', name: 'Model', description: '', category: 'model', currentValue: 'test/chatty', options: ['test/chatty', 'test/big'],
	});
	const { configOptions } = await acp.request('session/set_config_option', { sessionId: id, configId: 'model', value: 'test/big' });
	assert.deepEqual(configOptions.map((o) => [o.id, o.currentValue]), [['model', 'test/big'], ['edits', 'ask']]);
	await acp.prompt(id, 'hello');
	assert.equal(last(upstream).body.model, 'big');
	const other = await acp.request('session/new', { cwd: acp.cwd, mcpServers: [] });
	assert.equal(other.configOptions[0].currentValue, 'test/chatty');
	await acp.request('session/set_config_option', { sessionId: id, configId: 'model', value: 'test/chatty' });
	await acp.prompt(id, 'hello');
	assert.equal(last(upstream).body.model, 'chatty');
});

test('a configuration that changes brings other commands and models', async (t) => {
	const { acp, id, upstream } = await start(t, { answer: () => 'ok' });

	await acp.update(id, 'available_commands_update');
	acp.updates.length = 0;
	writeFileSync(join(acp.program.home, 'config.json'), JSON.stringify(configFor(upstream, { models: { chat: 'other' } }, { chat: { commands: { mine: 'x' } } })));
	/* It looks at most once a second. */
	while (!acp.of(id, 'available_commands_update').length)
		await acp.prompt(id, 'hello');
	assert.ok(acp.of(id, 'available_commands_update')[0].availableCommands.some((c) => c.name === 'mine'));
	await acp.update(id, 'config_option_update', (u) => u.configOptions[0].currentValue === 'test/other');
	await acp.prompt(id, 'hello');
	assert.equal(last(upstream).body.model, 'other');
});

/* --- the budget --- */

const PLANS = { two: { windows: [{ scope: 'machine', limit: 2, period: '1h' }] } };

async function startCounted(t, whenExhausted) {
	const [first, next] = [await withUpstream(t, { answer: () => 'from the first' }), await withUpstream(t, { answer: () => 'from the second' })];
	const acp = await startAcp(t, { config: {
		endpoints: [endpointFor(first, { name: 'free', plan: 'two' }), endpointFor(next, { name: 'paid' })], plans: PLANS, whenExhausted,
		completion: { reserve: 0 },
	} });

	return { first, next, acp, id: await acp.session() };
}

test('an empty budget is an error that says when it goes on', async (t) => {
	const { acp, id, next } = await startCounted(t, 'never');

	await acp.prompt(id, 'one');
	await acp.prompt(id, 'two');
	assert.equal(acp.of(id, 'usage_update').at(-1)._meta.eke.budget.windows[0].remaining, 0);
	const error = await acp.prompt(id, 'three').catch((e) => e);
	assert.equal(error.code, -32803);
	assert.equal(error.data.kind, 'budget');
	assert.ok(Date.parse(error.data.retryAt) > Date.now());
	assert.equal(next.counted.length, 0);
	acp.updates.length = 0;
	await acp.prompt(id, '/budget');
	assert.match(acp.text(id), /^- free: .*\n- paid: unlimited$/);
});

test('whenExhausted auto: the next endpoint answers, and the picker says so', async (t) => {
	const { acp, id } = await startCounted(t, 'auto');

	for (let i = 0; i < 3; i++)
		await acp.prompt(id, `${i}`);
	assert.equal(acp.text(id), 'from the firstfrom the firstfrom the second');
	assert.equal(acp.of(id, 'config_option_update').at(-1).configOptions[0].currentValue, 'paid/chatty');
	assert.equal(acp.of(id, 'usage_update').at(-1)._meta.eke.endpoint, 'paid');
});

test('whenExhausted ask: by a question for permission', async (t) => {
	const { acp, id, next } = await startCounted(t, 'ask');

	await acp.prompt(id, 'one');
	await acp.prompt(id, 'two');
	acp.onPermission = ({ options, toolCall }) => {
		assert.match(toolCall.title, /Use paid instead/);
		return { outcome: 'selected', optionId: options.find((o) => o.kind === 'reject_once').optionId };
	};
	await assert.rejects(acp.prompt(id, 'three'), (e) => e.data.kind === 'budget');
	assert.equal(next.counted.length, 0);
	assert.equal(acp.of(id, 'tool_call_update').at(-1).status, 'failed');
	acp.onPermission = ({ options }) => ({ outcome: 'selected', optionId: options.find((o) => o.kind === 'allow_once').optionId });
	assert.deepEqual(await acp.prompt(id, 'three'), { stopReason: 'end_turn' });
	assert.equal(acp.of(id, 'tool_call_update').at(-1).status, 'completed');
	assert.match(acp.text(id), /from the second$/);
	acp.permissions.length = 0;
	await acp.prompt(id, 'four');
	assert.equal(acp.permissions.length, 0);
});

test('no endpoint, a broken configuration, a key that is refused', async (t) => {
	const bare = await startAcp(t, { config: {} });
	const id = await bare.session();
	const error = await bare.prompt(id, 'hello').catch((e) => e);
	assert.equal(error.data.kind, 'noEndpoint');
	bare.updates.length = 0;
	await bare.prompt(id, '/budget');
	assert.equal(bare.text(id), 'No endpoint is configured.');

	const broken = await startAcp(t, { config: '{ "endpoints": 5 }' });
	const why = await broken.prompt(await broken.session(), 'hello').catch((e) => e);
	assert.equal(why.data.kind, 'config');

	const upstream = await withUpstream(t, { key: 'right' });
	const acp = await startAcp(t, { config: configFor(upstream, { key: { env: 'K' } }), env: { K: 'wrong-key-12345' } });
	await assert.rejects(acp.prompt(await acp.session(), 'hello'), { code: -32000 });
});

test('nothing configured: a server on this machine is offered, once', async (t) => {
	const upstream = await withUpstream(t, { owner: 'library', models: ['llama3.2:3b', 'nomic-embed-text'], answer: () => 'from here' });
	const env = { EKE_LOCAL_SERVERS: upstream.url };
	const acp = await startAcp(t, { config: {}, env });
	const id = await acp.session();

	acp.onPermission = ({ options, toolCall }) => {
		assert.match(toolCall.title, /^No endpoint is configured, but Ollama answers on this machine, with .*llama3\.2:3b/);
		return { outcome: 'selected', optionId: options.find((o) => o.kind === 'allow_once').optionId };
	};
	assert.deepEqual(await acp.prompt(id, 'hello'), { stopReason: 'end_turn' });
	assert.equal(acp.text(id), 'from here');
	assert.match(acp.text(id, 'agent_thought_chunk'), /To keep it, add this to .*config\.json: \{"endpoints":/);
	assert.equal(acp.of(id, 'config_option_update').at(-1).configOptions[0].currentValue, 'ollama/llama3.2:3b');
	assert.deepEqual(await acp.prompt(id, 'again'), { stopReason: 'end_turn' });
	assert.equal(acp.permissions.length, 1);

	const other = await startAcp(t, { config: {}, env });
	const theirs = await other.session();
	other.onPermission = ({ options }) => ({ outcome: 'selected', optionId: options.find((o) => o.kind === 'reject_once').optionId });
	await assert.rejects(other.prompt(theirs, 'hello'), (e) => e.data.kind === 'noEndpoint');
	await assert.rejects(other.prompt(theirs, 'hello'), (e) => e.data.kind === 'noEndpoint');
	assert.equal(other.permissions.length, 1);
	/* While it is looked for, a turn can be cancelled. */
	const third = await startAcp(t, { config: {}, env });
	const turn = third.start(await third.session(), 'hello');
	await turn.cancel();
	assert.deepEqual(await turn.answer, { stopReason: 'cancelled' });
});

/* --- sessions over time --- */

/* What was replayed, as [role, text] in order. */
const replayed = (acp, id) => acp.updates.filter((u) => u.sessionId === id && /_message_chunk$/.test(u.update.sessionUpdate))
	.map(({ update }) => [update.sessionUpdate.split('_')[0], update.content.text]);

test('load, resume, list, delete, close: in another process, too', async (t) => {
	const upstream = await withUpstream(t, { answer: ({ body: { messages } }) => `answer to ${messages.at(-1).content}` });
	const home = makeHome(t, configFor(upstream, {}, { chat: { commands: { shout: 'Shout {input}' } } }));
	const first = await startAcp(t, { home });
	const id = await first.session();
	const elsewhere = await first.session('/tmp');

	/* A session that was never asked anything is one of this process. */
	assert.ok((await first.request('session/load', { sessionId: id, cwd: first.cwd, mcpServers: [] })).configOptions);
	await first.prompt(id, 'one');
	await first.prompt(id, '/shout two');
	await first.prompt(elsewhere, 'three');
	await first.stop();

	const second = await startAcp(t, { home });
	const all = (await second.request('session/list', {})).sessions;
	assert.deepEqual(all.map((s) => [s.sessionId, s.cwd]), [[elsewhere, '/tmp'], [id, second.cwd]]);
	assert.ok(all.every((s) => s.title && Math.abs(Date.parse(s.updatedAt) - Date.now()) < 60000));
	assert.deepEqual((await second.request('session/list', { cwd: `${second.cwd}/` })).sessions.map((s) => s.sessionId), [id]);
	assert.deepEqual((await second.request('session/list', { cwd: '/nowhere' })).sessions, []);
	await assert.rejects(second.prompt(id, 'not open'), { code: -32002 });

	assert.ok((await second.request('session/load', { sessionId: id, cwd: second.cwd, mcpServers: [] })).configOptions);
	assert.deepEqual(replayed(second, id), [['user', 'one'], ['agent', 'answer to one'], ['user', '/shout two'], ['agent', 'answer to Shout two']]);
	second.updates.length = 0;
	await second.prompt(id, 'four');
	assert.equal(last(upstream).body.messages.filter((m) => m.role !== 'system').length, 5);

	assert.ok((await second.request('session/resume', { sessionId: elsewhere, cwd: '/tmp' })).configOptions);
	assert.deepEqual(replayed(second, elsewhere), []);
	await second.prompt(elsewhere, 'five');
	assert.equal(asked(last(upstream)), 'five');

	assert.deepEqual(await second.request('session/close', { sessionId: elsewhere }), {});
	await assert.rejects(second.prompt(elsewhere, 'closed'), { code: -32002 });
	assert.ok(await second.request('session/load', { sessionId: elsewhere, cwd: '/tmp', mcpServers: [] }));
	assert.deepEqual(await second.request('session/delete', { sessionId: elsewhere }), {});
	assert.deepEqual(await second.request('session/delete', { sessionId: elsewhere }), {});
	assert.deepEqual(await second.request('session/delete', { sessionId: 'never was' }), {});
	await assert.rejects(second.request('session/load', { sessionId: elsewhere, cwd: '/tmp', mcpServers: [] }), { code: -32002 });
	assert.deepEqual((await second.request('session/list', {})).sessions.map((s) => s.sessionId), [id]);
});

test('the list comes in pages', async (t) => {
	const { acp } = await start(t, { answer: () => 'ok' });
	const made = [];
	const seen = [];

	for (let i = 0; i < 53; i++) {
		made.unshift(await acp.session());
		await acp.prompt(made[0], `chat ${i}`);
	}
	for (let cursor; ;) {
		const page = await acp.request('session/list', { cwd: acp.cwd, ...(cursor ? { cursor } : {}) });
		seen.push(...page.sessions.map((s) => s.sessionId));
		cursor = page.nextCursor;
		if (!cursor)
			break;
	}
	assert.deepEqual(seen, made);
	await assert.rejects(acp.request('session/list', { cursor: 'garbage' }), { code: -32602 });
});

test('close and delete end the turn under way', async (t) => {
	const { acp, upstream } = await start(t);

	for (const method of ['session/close', 'session/delete']) {
		const id = await acp.session();
		upstream.next({ holdEvents: true });
		const turn = acp.start(id, method);
		await requestFor(upstream, method);
		assert.deepEqual(await acp.request(method, { sessionId: id }), {});
		assert.deepEqual(await turn.answer, { stopReason: 'cancelled' });
	}
});

test('killed in the middle of an answer: what had come is there', async (t) => {
	const upstream = await withUpstream(t);
	const home = makeHome(t, configFor(upstream));
	const first = await startAcp(t, { home });
	const id = await first.session();

	upstream.next({ holdEvents: true });
	const turn = first.start(id, 'tell me a story');
	const [record] = await upstream.waitForRequests(1);
	/* Over the 4 KiB after which it is written down. */
	const beginning = 'Once upon a time. '.repeat(400);
	await record.push(beginning);
	await first.update(id, 'agent_message_chunk');
	const kept = async () => {
		const other = await startAcp(t, { home });
		await other.request('session/load', { sessionId: id, cwd: other.cwd, mcpServers: [] });
		const told = replayed(other, id);
		await other.stop();
		return told;
	};
	/* Another process sees it while it is being written. */
	while (!(await kept()).some(([role, s]) => role === 'agent' && s.startsWith('Once')))
		assert.ok(!first.program.end);
	first.program.kill('SIGKILL');
	assert.equal(await first.ended(), 'SIGKILL');
	turn.answer.catch(() => {});
	const told = await kept();
	assert.deepEqual(told[0], ['user', 'tell me a story']);
	assert.ok(told[1][1].startsWith('Once upon a time.') && beginning.startsWith(told[1][1]));
	assert.match(told[2][1], /interrupted/);

	const second = await startAcp(t, { home });
	await second.request('session/resume', { sessionId: id, cwd: second.cwd });
	upstream.next({ answer: 'and so on' });
	assert.deepEqual(await second.prompt(id, 'go on'), { stopReason: 'end_turn' });
	assert.match(last(upstream).body.messages.map((m) => m.content).join('\n'), /Once upon a time/);
});

test('privacy.history false: sessions are of this process alone', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'ok' });
	const home = makeHome(t, configFor(upstream, {}, { privacy: { history: false } }));
	const first = await startAcp(t, { home });
	const id = await first.session();

	await first.prompt(id, 'hello');
	assert.deepEqual((await first.request('session/list', {})).sessions.map((s) => s.sessionId), [id]);
	await first.request('session/load', { sessionId: id, cwd: first.cwd, mcpServers: [] });
	await first.stop();
	const second = await startAcp(t, { home });
	assert.deepEqual((await second.request('session/list', {})).sessions, []);
	await assert.rejects(second.request('session/load', { sessionId: id, cwd: second.cwd, mcpServers: [] }), { code: -32002 });
});

/* --- edits --- */

const allow = (kind) => ({ options }) => ({ outcome: 'selected', optionId: options.find((o) => o.kind === kind).optionId });
const TEXT = 'int a;\nint b;\nint c;\n';

async function startEdit(t, answer = '<edit>\nint b2;\n</edit>', more = {}) {
	const started = await start(t, { answer: () => answer, ...more });
	const path = put(started.acp, 'src/a.c', TEXT);

	return { ...started, path };
}

test('an edit: the diff, the question, the writing', async (t) => {
	const { acp, id, path, upstream } = await startEdit(t);

	acp.buffers.set(path, TEXT.replace('int c;', 'int unsaved;'));
	acp.onPermission = allow('allow_once');
	assert.deepEqual(await acp.prompt(id, '/edit src/a.c:2 rename b to b2'), { stopReason: 'end_turn' });
	const written = 'int a;\nint b2;\nint unsaved;\n';
	assert.deepEqual(acp.written, [{ path, content: written }]);
	const [call] = acp.of(id, 'tool_call');
	assert.deepEqual({ ...call, toolCallId: '' }, {
		sessionUpdate: 'tool_call', toolCallId: '', title: 'Edit src/a.c', kind: 'edit', status: 'pending',
		content: [{ type: 'diff', path, oldText: 'int a;\nint b;\nint unsaved;\n', newText: written }], locations: [{ path, line: 2 }],
	});
	assert.deepEqual(acp.of(id, 'tool_call_update').map((u) => [u.toolCallId, u.status]), [[call.toolCallId, 'in_progress'], [call.toolCallId, 'completed']]);
	assert.equal(acp.permissions[0].toolCall.toolCallId, call.toolCallId);
	assert.deepEqual(acp.permissions[0].options.map((o) => o.kind), ['allow_once', 'allow_always', 'reject_once', 'reject_always']);
	assert.equal(acp.text(id), 'Changed `src/a.c`.');
	assert.match(asked(last(upstream)), /rename b to b2/);
	assert.equal(readFileSync(path, 'utf8'), TEXT, 'the client writes, not eke');
});

test('an edit is refused, once and for the session; allowed for the session', async (t) => {
	const { acp, id, path, upstream } = await startEdit(t);

	acp.onPermission = allow('reject_once');
	assert.deepEqual(await acp.prompt(id, '/edit src/a.c:2 rename'), { stopReason: 'end_turn' });
	assert.equal(acp.of(id, 'tool_call_update').at(-1).status, 'failed');
	acp.onPermission = allow('reject_always');
	await acp.prompt(id, '/edit src/a.c:2 rename');
	assert.deepEqual(acp.of(id, 'config_option_update').at(-1).configOptions.at(-1).currentValue, 'refuse');
	const before = upstream.counted.length;
	await acp.prompt(id, '/edit src/a.c:2 rename');
	assert.match(acp.text(id), /Edits are off/);
	assert.equal(upstream.counted.length, before);
	/* The command answers in the chat then. */
	await acp.prompt(id, [text('/fix '), link(path)]);
	assert.match(acp.text(id), /<edit>\nint b2;\n<\/edit>$/);
	assert.deepEqual(acp.written, []);

	await acp.request('session/set_config_option', { sessionId: id, configId: 'edits', value: 'ask' });
	acp.onPermission = allow('allow_always');
	acp.permissions.length = 0;
	await acp.prompt(id, '/edit src/a.c:2 rename');
	await acp.prompt(id, '/edit src/a.c:2 rename again');
	assert.equal(acp.permissions.length, 1);
	assert.equal(acp.written.length, 1, 'the second changed nothing');
	assert.match(acp.text(id), /Nothing is to be changed in `src\/a\.c`\.$/);
});

test('/fix and its kin with one file or a part of it', async (t) => {
	const { acp, id, path, upstream } = await startEdit(t);

	acp.onPermission = allow('allow_once');
	for (const command of ['fix', 'refactor', 'document', 'optimize']) {
		acp.buffers.clear();
		acp.written.length = 0;
		await acp.prompt(id, [text(`/${command} `), link(path, 'a.c', '#L2-2'), text(' carefully')]);
		assert.deepEqual(acp.written, [{ path, content: TEXT.replace('int b;', 'int b2;') }], command);
		assert.match(asked(last(upstream)), /carefully/);
	}
	/* Embedded whole, and as an excerpt of it. */
	acp.buffers.clear();
	await acp.prompt(id, [text('/fix it'), embedded(`${pathToFileURL(path).href}#L2:2`, 'int b;\n')]);
	assert.equal(acp.written.at(-1).content, TEXT.replace('int b;', 'int b2;'));
	/* Two files: an answer in the chat. */
	const n = acp.written.length;
	await acp.prompt(id, [text('/fix these '), link(path), link(put(acp, 'b.c', 'int x;\n'))]);
	assert.equal(acp.written.length, n);
});

test('the whole file, line ends, no newline at its end, a new file', async (t) => {
	const { acp, id, upstream } = await start(t);
	const edit = async (name, content, answer, instruction = 'do it') => {
		const path = join(acp.cwd, name);
		acp.written.length = 0;
		if (content !== null)
			acp.buffers.set(path, content);
		upstream.next({ answer });
		await acp.prompt(id, `/edit "${name}" ${instruction}`);
		return acp.written[0];
	};

	acp.onPermission = allow('allow_once');
	assert.equal((await edit('crlf.c', 'a\r\nb\r\n', '<edit>\na\nc\n</edit>')).content, 'a\r\nc\r\n');
	assert.equal((await edit('bare.c', 'a\nb', '<edit>\na\nc\n</edit>')).content, 'a\nc');
	assert.equal((await edit('ü ñ.txt', 'grün 😀\n', '<edit>\nblau 😀\n</edit>')).content, 'blau 😀\n');
	const made = await edit('new/file.py', null, '<edit>\nprint(1)\n</edit>', 'a program that prints 1');
	assert.equal(made.path, join(acp.cwd, 'new/file.py'));
	assert.equal(made.content, 'print(1)\n');
	assert.equal(acp.of(id, 'tool_call').at(-1).content[0].oldText, null);
	assert.match(acp.of(id, 'tool_call').at(-1).title, /^Write new\/file\.py/);
});

test('an edit is not written over what was typed meanwhile; a failed writing is told', async (t) => {
	const { acp, id, path } = await startEdit(t);

	acp.buffers.set(path, TEXT);
	acp.onPermission = (p) => {
		acp.buffers.set(path, `${TEXT}int typed;\n`);
		return allow('allow_once')(p);
	};
	await assert.rejects(acp.prompt(id, '/edit src/a.c:2 rename'), { code: -32801 });
	assert.equal(acp.of(id, 'tool_call_update').at(-1).status, 'failed');
	assert.deepEqual(acp.written, []);

	acp.buffers.set(path, TEXT);
	acp.onPermission = allow('allow_once');
	acp.onWrite = () => {
		throw new Error('the disk is full');
	};
	await assert.rejects(acp.prompt(id, '/edit src/a.c:2 rename'), { code: -32603 });
	assert.equal(acp.of(id, 'tool_call_update').at(-1).status, 'failed');
});

test('a client without permissions; two sessions and one file; 64 files; too many sessions', async (t) => {
	const { acp, id, path } = await startEdit(t);

	acp.onPermission = () => {
		throw new Error('what is that?');
	};
	assert.deepEqual(await acp.prompt(id, '/edit src/a.c:2 rename'), { stopReason: 'end_turn' });
	assert.match(acp.text(id), /^Not written/);

	acp.onPermission = allow('allow_once');
	acp.buffers.set(path, TEXT);
	const turns = [acp.start(id, '/edit src/a.c:2 rename'), acp.start(await acp.session(), '/edit src/a.c:2 rename')];
	const outcomes = (await Promise.allSettled(turns.map((turn) => turn.answer))).map((o) => o.value?.stopReason ?? o.reason.code);
	/* Whoever comes second finds the file changed, unless both looked before either wrote. */
	assert.ok(outcomes.includes('end_turn') && outcomes.every((o) => o === 'end_turn' || o === -32801), outcomes.join());
	assert.equal(acp.buffers.get(path), TEXT.replace('int b;', 'int b2;'));

	const files = Array.from({ length: 65 }, (_, i) => link(put(acp, `many/${i}.txt`, `file number ${i}\n`)));
	await acp.prompt(id, [text('what are these?'), ...files.slice(0, 64)]);
	await assert.rejects(acp.prompt(id, [text('and these?'), ...files]), { code: -32602 });

	const open = [];
	const tooMany = await (async () => {
		for (;;)
			open.push(await acp.session());
	})().catch((e) => e);
	assert.equal(tooMany.code, -32600);
	assert.equal(open.length, 254);
	await acp.request('session/close', { sessionId: open[0] });
	await acp.session();
});

test('edits are turns of the conversation: they come back, and the model knows of them', async (t) => {
	const { acp, id, path, upstream } = await startEdit(t);

	acp.onPermission = allow('allow_once');
	await acp.prompt(id, '/edit src/a.c:2 rename b to b2');
	acp.onPermission = allow('reject_once');
	acp.buffers.set(path, TEXT);
	await acp.prompt(id, [text('/fix '), link(path, 'a.c', '#L2')]);
	assert.equal(acp.of(id, 'session_info_update')[0].title, 'Change the file src/a.c: rename b to b2');
	upstream.next({ answer: 'I renamed it.' });
	await acp.prompt(id, 'what did you do?');
	const sent = last(upstream).body.messages.map((m) => m.content).join('\n');
	assert.match(sent, /Change the file src\/a\.c: rename b to b2/);
	assert.match(sent, /-int b;\n\+int b2;\n/);
	await acp.stop();

	const second = await startAcp(t, { home: acp.program.home });
	await second.request('session/load', { sessionId: id, cwd: second.cwd, mcpServers: [] });
	assert.deepEqual(replayed(second, id), [
		['user', '/edit src/a.c:2 rename b to b2'], ['agent', 'Changed `src/a.c`.\n\n```diff\n-int b;\n+int b2;\n```'],
		['user', '/fix src/a.c'], ['agent', 'Not written: `src/a.c` is as it was.'],
		['user', 'what did you do?'], ['agent', 'I renamed it.'],
	]);
});

test('edits that cannot be', async (t) => {
	const { acp, id, upstream, path } = await startEdit(t, 'I would rather talk.');
	const fails = async (prompt, code) => assert.rejects(acp.prompt(id, prompt), (e) => e.code === code || assert.fail(`${prompt}: ${e.code} ${e.message}`));

	await fails('/edit', -32602);
	await fails('/edit src/a.c', -32602);
	await fails('/edit src/a.c:99 x', -32602);
	await fails('/edit gone.c:3 x', -32002);
	assert.equal(upstream.counted.length, 0);
	await fails('/edit src/a.c talk', -32803);
	acp.buffers.set(path, 'x'.repeat(2 * 1024 * 1024));
	await fails('/edit src/a.c x', -32803);
	const plain = await startAcp(t, { home: acp.program.home, initialize: { write: false } });
	const other = await plain.session();
	const { availableCommands } = await plain.update(other, 'available_commands_update');
	assert.ok(!availableCommands.some((c) => c.name === 'edit'));
	assert.deepEqual(await plain.prompt(other, '/edit src/a.c x'), { stopReason: 'end_turn' });
	assert.match(plain.text(other), /does not allow agents to write/);
});
