/*
 * Conversations that are kept: what is written when, who sees it, what a crash leaves, and how it is found again.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { configFor, endpointFor, makeHome, run, startProgram, startServer, withUpstream, within } from './harness.mjs';

const INIT = { workspaceFolders: null };

/* `again()` starts another server on the same state. */
async function start(t, { answer, rest, endpoint, init = INIT, ...options } = {}) {
	const upstream = await withUpstream(t, { answer: answer ?? (({ body }) => `Answer to ${body.messages.at(-1).content}`) });
	const home = makeHome(t, configFor(upstream, endpoint, rest));
	const again = async (more = init) => {
		const eke = await startServer(t, { home, ...options });

		await eke.initialize(more);
		return eke;
	};

	return { upstream, home, again, eke: await again() };
}

const failure = (call) => call.then((result) => assert.fail(`a result instead of an error: ${JSON.stringify(result)}`), (error) => error);
const list = (eke, params = {}) => eke.request('chat/list', params);
const get = (eke, chatId) => eke.request('chat/get', { chatId });
const brief = ({ turns }) => turns.map(({ role, text }) => `${role}: ${text}`);
const sent = (record) => record.body.messages.filter(({ role }) => role !== 'system');

/* --- a conversation --- */

test('a conversation goes on from what was said, and is there for the next server', async (t) => {
	const { upstream, eke, again } = await start(t);
	const first = await eke.send('Why?');

	assert.equal(first.text, 'Answer to Why?');
	assert.equal(first.title, 'Why?');
	const second = await eke.send('And then?', { chatId: first.chatId });
	assert.equal(second.chatId, first.chatId);
	assert.deepEqual(sent(upstream.requests[1]), [
		{ role: 'user', content: 'Why?' }, { role: 'assistant', content: 'Answer to Why?' }, { role: 'user', content: 'And then?' },
	]);
	assert.equal(upstream.requests[0].body.messages[0].role, 'system');
	const other = await again();
	const chat = await get(other, first.chatId);
	assert.deepEqual(brief(chat), ['user: Why?', 'assistant: Answer to Why?', 'user: And then?', 'assistant: Answer to And then?']);
	assert.deepEqual(chat.turns.map(({ turnId }) => turnId), [first.questionTurnId, first.turnId, second.questionTurnId, second.turnId]);
	assert.deepEqual([chat.turns[1].finishReason, chat.turns[1].model, chat.turns[1].endpoint], ['stop', second.model, 'test']);
	assert.equal(chat.usage.totalTokens, first.usage.totalTokens + second.usage.totalTokens);
	assert.equal(chat.turns[3].usage.totalTokens, second.usage.totalTokens);
	const { chats: [entry] } = await list(other);
	assert.deepEqual([entry.chatId, entry.title, entry.turns, entry.usage], [first.chatId, 'Why?', 4, chat.usage]);
	assert.ok(Date.parse(entry.updatedAt) >= Date.parse(entry.createdAt));
});

test('titles, without a request', async (t) => {
	const { upstream, eke } = await start(t);
	const titles = [];

	for (const prompt of ['\n\n## **Why** does `ring_push` lose the\n last element?', '```c\nint x;\n```\nWhat is this?', `${'word '.repeat(30)}`, '你好世界'.repeat(40)])
		titles.push((await eke.send(prompt)).title);
	titles.push((await eke.send('', { command: 'explain', context: [{ kind: 'text', name: 'x', text: 'x' }] })).title);
	assert.deepEqual(titles, [
		'Why does ring_push lose the', 'What is this?', `${'word '.repeat(11)}word…`, `${'你好世界'.repeat(15)}…`, 'Explain',
	]);
	assert.equal(upstream.counted.length, 5);
});

test('the system message: the user\'s own, and the language of answers', async (t) => {
	const { upstream, eke } = await start(t, { rest: { chat: { system: 'Be brief.', language: 'German' } } });

	await eke.send('Why?');
	assert.deepEqual(upstream.requests[0].body.messages[0], { role: 'system', content: 'Be brief.\nAnswer in this language, whatever the question\'s is: German.' });
});

test('whom to ask, how, and how much', async (t) => {
	const { upstream, eke } = await start(t);

	await eke.send('Why?', { model: 'other', maxTokens: 9, temperature: 0.5 });
	const { model, max_tokens: maxTokens, temperature } = upstream.requests[0].body;
	assert.deepEqual([model, maxTokens, temperature], ['other', 9, 0.5]);
});

test('an answer of a megabyte', async (t) => {
	const long = 'A line of the answer, which is long: 你好 😀.\n'.repeat(24_000);
	const { upstream, eke, again } = await start(t, { answer: () => long });

	/* In pieces as they come the test's own server needs most of the time. */
	upstream.next({ granularity: 100 });
	const { chatId, text } = await eke.send('Tell me all.');

	assert.equal(text, long);
	assert.equal((await get(eke, chatId)).turns[1].text, long);
	assert.equal((await get(await again(), chatId)).turns[1].text, long);
	const { text: markdown } = await eke.request('chat/export', { chatId, format: 'markdown' });
	assert.ok(markdown.includes(long));
	await eke.request('chat/delete', { chatId });
	assert.deepEqual((await list(eke)).chats, []);
});

test('what is asked again: the new answer takes the former one\'s place', async (t) => {
	let n = 0;
	const { upstream, eke } = await start(t, { answer: () => `Answer ${++n}` });
	const { chatId, turnId, questionTurnId } = await eke.send('Why?');
	const again = await eke.request('chat/regenerate', { chatId, streamToken: 1 });

	assert.deepEqual([again.text, again.questionTurnId], ['Answer 2', questionTurnId]);
	assert.notEqual(again.turnId, turnId);
	assert.deepEqual(sent(upstream.requests[1]), [{ role: 'user', content: 'Why?' }]);
	assert.deepEqual(brief(await get(eke, chatId)), ['user: Why?', 'assistant: Answer 2']);
	/* Where it fails the former one stays. */
	upstream.next('429-daily');
	assert.equal((await failure(eke.request('chat/regenerate', { chatId }))).data.kind, 'budget');
	assert.deepEqual(brief(await get(eke, chatId)), ['user: Why?', 'assistant: Answer 2']);
	assert.equal((await list(eke)).chats[0].turns, 2);
});

test('a question that failed stays, is asked again by chat/regenerate, and is no part of what follows', async (t) => {
	const { upstream, eke } = await start(t);

	upstream.next('401-apikey');
	assert.equal((await failure(eke.send('Why?'))).data.kind, 'auth');
	const { chatId, title } = await eke.waitForNotification('eke/didCreateChat');
	assert.equal(title, 'Why?');
	assert.deepEqual(brief(await get(eke, chatId)), ['user: Why?']);
	await eke.send('Something else?', { chatId });
	assert.deepEqual(sent(upstream.requests.at(-1)), [{ role: 'user', content: 'Something else?' }]);
	upstream.next('401-apikey');
	await failure(eke.send('And this?', { chatId }));
	assert.equal((await eke.request('chat/regenerate', { chatId })).text, 'Answer to And this?');
});

test('a question is edited and sent again: what came behind it is dropped', async (t) => {
	const { upstream, eke } = await start(t);
	const first = await eke.send('One?');
	const second = await eke.send('Two?', { chatId: first.chatId });

	await eke.send('Three?', { chatId: first.chatId });
	const edited = await eke.send('Two, better?', { chatId: first.chatId, editTurnId: second.questionTurnId });
	assert.deepEqual(sent(upstream.requests.at(-1)).map(({ content }) => content), ['One?', 'Answer to One?', 'Two, better?']);
	assert.deepEqual(brief(await get(eke, first.chatId)), ['user: One?', 'assistant: Answer to One?', 'user: Two, better?', 'assistant: Answer to Two, better?']);
	assert.equal((await list(eke)).chats[0].turns, 4);
	for (const editTurnId of [second.questionTurnId, edited.turnId, '99', 'x'])
		assert.equal((await failure(eke.send('x', { chatId: first.chatId, editTurnId }))).code, -32602);
	assert.equal((await get(eke, first.chatId)).turns.length, 4);
});

/* --- cut off --- */

const held = { answer: undefined };

async function holdOne(t, options = {}) {
	const all = await start(t, { ...held, ...options });

	all.upstream.next({ holdEvents: true });
	return all;
}

test('cancelled: what had come is kept and marked', async (t) => {
	const { upstream, eke, again } = await holdOne(t);
	const call = eke.startSend('Count to a thousand');
	const [record] = await upstream.waitForRequests(1);

	await record.push('1 2 3 4');
	await eke.waitForDelta(call.streamToken);
	call.cancel();
	const { code, data } = await failure(call.answer);
	assert.deepEqual([code, data.text], [-32800, '1 2 3 4']);
	await record.closed;
	const { chatId } = await eke.waitForNotification('eke/didCreateChat');
	const [, turn] = (await get(await again(), chatId)).turns;
	assert.deepEqual([turn.text, turn.finishReason, turn.interrupted, turn.writing], ['1 2 3 4', 'truncated', true, undefined]);
	/* It can be gone on with. */
	await eke.send('Go on', { chatId });
	assert.deepEqual(sent(upstream.requests.at(-1)).map(({ content }) => content), ['Count to a thousand', '1 2 3 4', 'Go on']);
});

test('cancelled before anything came, and cancelled while the service is asked again', async (t) => {
	const { upstream, eke } = await holdOne(t);
	const call = eke.startSend('Why?');

	await upstream.waitForRequests(1);
	call.cancel();
	const { code, data } = await failure(call.answer);
	assert.deepEqual([code, data.text], [-32800, '']);
	const { chatId } = await eke.waitForNotification('eke/didCreateChat');
	assert.deepEqual(brief(await get(eke, chatId)), ['user: Why?']);
	upstream.next('500-server');
	const second = eke.start('chat/regenerate', { chatId });
	await (await upstream.waitForRequests(2))[1].closed;
	await eke.settle();
	second.cancel();
	assert.equal((await failure(second.answer)).code, -32800);
	assert.deepEqual(brief(await get(eke, chatId)), ['user: Why?']);
	assert.equal((await eke.request('chat/regenerate', { chatId })).text, 'Answer to Why?');
});

test('cancelled at once', async (t) => {
	const { eke } = await start(t);
	const calls = Array.from({ length: 5 }, (_, n) => eke.startSend(`Question ${n}`));

	calls.forEach(({ cancel }) => cancel());
	for (const { answer } of calls)
		assert.equal((await failure(answer)).code, -32800);
	const looks = [eke.start('chat/list', {}), eke.start('chat/get', { chatId: 'x' })];
	looks.forEach(({ cancel }) => cancel());
	await Promise.allSettled(looks.map(({ answer }) => answer));
	await eke.settle();
});

test('a stream that breaks off: the answer so far, and it stays', async (t) => {
	const { upstream, eke } = await start(t);

	upstream.next('cut-after-text');
	const { text, finishReason, chatId } = await eke.send('Why?');
	assert.deepEqual([text, finishReason], ['Hello, ', 'truncated']);
	const [, turn] = (await get(eke, chatId)).turns;
	assert.deepEqual([turn.text, turn.finishReason, turn.interrupted], ['Hello, ', 'truncated', undefined]);
});

/* kill -9 at each step of a turn, and what the next server finds. */
const steps = [
	['the request is out', async () => {}, ['user: Why?']],
	['half a line has come', async (record, eke, token) => {
		await record.push('Because of');
		await eke.waitForDelta(token);
	}, ['user: Why?', 'assistant: Because of']],
	['much has come', async (record, eke, token) => {
		await record.push('A line of the answer.\n'.repeat(1000));
		await eke.waitForDelta(token);
	}, ['user: Why?', `assistant: ${'A line of the answer.\n'.repeat(1000)}`]],
];

for (const [name, step, expected] of steps) {
	test(`killed when ${name}`, async (t) => {
		const { upstream, eke, again } = await holdOne(t);
		const call = eke.startSend('Why?');
		const [record] = await upstream.waitForRequests(1);

		await step(record, eke, call.streamToken);
		const { chatId } = await eke.waitForNotification('eke/didCreateChat');
		/* Another server sees it being written, as far as it is; what was just on its way comes within a second. */
		const other = await again();
		let chat = await get(other, chatId);
		while (brief(chat).join() !== expected.join())
			chat = await get(other, chatId);
		if (expected.length > 1)
			assert.deepEqual([chat.turns[1].writing, chat.turns[1].finishReason], [true, undefined]);
		assert.match((await failure(other.send('Me too', { chatId }))).message, /being answered/);
		eke.program.kill('SIGKILL');
		eke.audit.inFlight.clear();
		assert.equal(await eke.ended(), 'SIGKILL');
		chat = await get(other, chatId);
		assert.deepEqual(brief(chat), expected);
		if (expected.length > 1)
			assert.deepEqual([chat.turns[1].interrupted, chat.turns[1].finishReason], [true, 'truncated']);
		assert.equal((await list(other)).chats[0].turns, expected.length);
		if (expected.length > 1)
			assert.equal((await list(other, { query: expected[1].slice(11, 18) })).chats.length, 1);
		/* And it goes on. */
		assert.equal((await other.request('chat/regenerate', { chatId })).text, 'Answer to Why?');
		assert.deepEqual(brief(await get(other, chatId)), ['user: Why?', 'assistant: Answer to Why?']);
	});
}

for (const [signal, code] of [['SIGTERM', 143], ['SIGINT', 130], ['SIGHUP', 129]]) {
	test(`${signal} in the middle: all that had come is kept, by the language server and in the terminal`, async (t) => {
		const { upstream, eke, home, again } = await holdOne(t);
		const call = eke.startSend('Why?');
		const [record] = await upstream.waitForRequests(1);

		await record.push('Because');
		await eke.waitForDelta(call.streamToken);
		eke.program.kill(signal);
		eke.audit.inFlight.clear();
		assert.equal(await eke.ended(), code);
		upstream.next({ holdEvents: true });
		const program = startProgram(t, { home, args: ['chat', 'How?'] });
		program.child.stdin.end();
		const [, second] = await upstream.waitForRequests(2);
		await second.push('By hand');
		await within(once(program.child.stdout, 'data'), () => 'nothing was printed');
		program.kill(signal);
		assert.equal(await program.exit(), code);
		const other = await again();
		const { chats } = await list(other);
		assert.deepEqual((await Promise.all(chats.map(({ chatId }) => get(other, chatId)))).map(brief).map(String).sort(),
			['user: How?,assistant: By hand', 'user: Why?,assistant: Because']);
	});
}

test('a piece is on the disk a quarter of a second after it came', async (t) => {
	const { upstream, eke, again } = await holdOne(t);
	const other = await again();
	const call = eke.startSend('Why?');
	const [record] = await upstream.waitForRequests(1);
	const { chatId } = await eke.waitForNotification('eke/didCreateChat');

	for (const text of ['Because', 'Because of', 'Because of that']) {
		await record.push(text.slice(text.lastIndexOf(' ') < 0 ? 0 : text.lastIndexOf(' ')));
		await eke.waitForDelta(call.streamToken);
		const before = performance.now();
		while (brief(await get(other, chatId)).at(-1) !== `assistant: ${text}`) {
			/* A machine under load may be late; it was a second and more on any. */
			assert.ok(performance.now() - before < 900, text);
		}
	}
	eke.program.kill('SIGKILL');
	eke.audit.inFlight.clear();
	assert.equal(await eke.ended(), 'SIGKILL');
	assert.deepEqual(brief(await get(other, chatId)), ['user: Why?', 'assistant: Because of that']);
});

/* flock(1), which macOS does not have. */
const LOCKS = { skip: spawnSync('flock', ['-h']).error && 'there is no flock' };

/* The lock under which a damaged file is repaired; who writes waits for it. Resolves to what gives it back. */
async function lockState(t, home) {
	const child = spawn('flock', [join(home, 'state'), 'sh', '-c', 'echo locked; exec cat']);
	const closed = once(child, 'close');

	t.after(() => child.kill('SIGKILL'));
	await within(once(child.stdout, 'data'), () => 'the lock was not given');
	return () => { child.stdin.end(); return closed; };
}

test('the file is in use when an answer ends: it is told when it is written, not before', LOCKS, async (t) => {
	const { upstream, eke, home, again } = await holdOne(t);
	const call = eke.startSend('Why?');
	const [record] = await upstream.waitForRequests(1);
	const unlock = await lockState(t, home);
	let told = false;

	call.answer.then(() => { told = true; }, () => {});
	await record.push('Because');
	await record.end();
	await eke.waitForDelta(call.streamToken);
	/* Turns of its loop: it has read the end of the answer by then. */
	for (let i = 0; i < 20; i++) await eke.request('budget/get');
	assert.equal(told, false, 'told, and not written');
	await unlock();
	const { chatId, text } = await call.answer;
	eke.program.kill('SIGKILL');
	assert.equal(await eke.ended(), 'SIGKILL');
	const { turns: [, turn] } = await get(await again(), chatId);
	assert.deepEqual([turn.text, turn.interrupted, turn.finishReason], [text, undefined, 'stop']);
});

/* Resolves to the answer's turn when it is no longer being written. */
async function whole(eke, chatId) {
	const { turns: [, turn] } = await get(eke, chatId);

	return turn && !turn.writing ? turn : whole(eke, chatId);
}

test('the file stays in use: after five seconds the answer is told, and written when the file is free', LOCKS, async (t) => {
	const { upstream, eke, home } = await holdOne(t);
	const call = eke.startSend('Why?');
	const [record] = await upstream.waitForRequests(1);
	const unlock = await lockState(t, home);

	await record.push('Because');
	await record.end();
	const { chatId, text } = await call.answer;
	assert.equal(text, 'Because');
	assert.equal((await get(eke, chatId)).turns.length, 1);
	await unlock();
	const turn = await within(whole(eke, chatId), () => 'the answer is not written');
	assert.deepEqual([turn.text, turn.interrupted, turn.finishReason], ['Because', undefined, 'stop']);
	await eke.stop();
});

test('ended while the file is in use: what had come is kept', LOCKS, async (t) => {
	const { upstream, eke, home, again } = await holdOne(t);
	const call = eke.startSend('Why?');
	const [record] = await upstream.waitForRequests(1);
	const { chatId } = await eke.waitForNotification('eke/didCreateChat');
	const unlock = await lockState(t, home);

	await record.push('Because');
	await eke.waitForDelta(call.streamToken);
	eke.program.kill('SIGTERM');
	eke.audit.inFlight.clear();
	await unlock();
	assert.equal(await eke.ended(), 143);
	assert.deepEqual(brief(await get(await again(), chatId)), ['user: Why?', 'assistant: Because']);
});

test('cancelled while its end waits for the file: nothing more is told, and the whole answer is kept', LOCKS, async (t) => {
	const { upstream, eke, home, again } = await holdOne(t);
	const call = eke.startSend('Why?');
	const [record] = await upstream.waitForRequests(1);
	const { chatId } = await eke.waitForNotification('eke/didCreateChat');
	const unlock = await lockState(t, home);

	await record.push('Because');
	await record.end();
	await eke.waitForDelta(call.streamToken);
	for (let i = 0; i < 20; i++) await eke.request('budget/get');
	call.cancel();
	assert.equal((await failure(call.answer)).code, -32800);
	await unlock();
	const turn = await within(whole(await again(), chatId), () => 'the answer is not written');
	assert.deepEqual([turn.text, turn.interrupted, turn.finishReason], ['Because', undefined, 'stop']);
	await eke.stop();
});

test('ended in the middle: what had come is kept', async (t) => {
	const { upstream, eke, again } = await holdOne(t);
	const call = eke.startSend('Why?');
	const [record] = await upstream.waitForRequests(1);

	await record.push('Because');
	await eke.waitForDelta(call.streamToken);
	await eke.stop();
	assert.equal((await failure(call.answer)).code, -32800);
	const other = await again();
	const { chats: [{ chatId }] } = await list(other);
	assert.deepEqual(brief(await get(other, chatId)), ['user: Why?', 'assistant: Because']);
});

/* --- several processes --- */

test('two servers on one chat', async (t) => {
	const { upstream, eke: one, again } = await start(t);
	const two = await again();
	const { chatId } = await one.send('One?');

	await two.send('Two?', { chatId });
	await one.send('Three?', { chatId });
	assert.deepEqual(sent(upstream.requests[2]).map(({ content }) => content), ['One?', 'Answer to One?', 'Two?', 'Answer to Two?', 'Three?']);
	assert.deepEqual(await get(one, chatId), await get(two, chatId));
	await two.request('chat/rename', { chatId, title: '  Another\n title ' });
	assert.equal((await get(one, chatId)).title, 'Another title');
	await two.request('chat/delete', { chatId });
	assert.match((await failure(one.send('Four?', { chatId }))).message, /no chat/);
});

test('one answer at a time in a chat', async (t) => {
	const { upstream, eke: one, again } = await holdOne(t);
	const two = await again();
	const call = one.startSend('One?');
	const [record] = await upstream.waitForRequests(1);
	const { chatId } = await one.waitForNotification('eke/didCreateChat');

	for (const eke of [one, two]) {
		assert.deepEqual((await failure(eke.send('Two?', { chatId }))).code, -32600);
		assert.deepEqual((await failure(eke.request('chat/regenerate', { chatId }))).code, -32600);
	}
	assert.equal(upstream.requests.length, 1);
	await record.push('Done.');
	await record.end();
	await call.answer;
	await two.send('Two?', { chatId });
	assert.equal((await get(one, chatId)).turns.length, 4);
});

test('a chat is deleted while it is answered: the answer goes to who asked, and nowhere else', async (t) => {
	const { upstream, eke, again } = await holdOne(t);
	const call = eke.startSend('One?');
	const [record] = await upstream.waitForRequests(1);
	const { chatId } = await eke.waitForNotification('eke/didCreateChat');

	await (await again()).request('chat/delete', { chatId });
	await record.push('Done.');
	await record.end();
	assert.equal((await call.answer).text, 'Done.');
	assert.deepEqual((await list(eke)).chats, []);
});

test('many chats at once, from two servers', async (t) => {
	const { eke: one, again } = await start(t);
	const two = await again();
	const prompts = Array.from({ length: 30 }, (_, n) => `Question ${n}?`);
	const answers = await Promise.all(prompts.map((prompt, n) => (n % 2 ? one : two).send(prompt)));

	assert.deepEqual(answers.map(({ text }) => text), prompts.map((prompt) => `Answer to ${prompt}`));
	const { chats } = await list(one);
	assert.deepEqual(chats.map(({ title }) => title).sort(), [...prompts].sort());
});

/* --- lists --- */

test('pages, the newest first', async (t) => {
	const { eke } = await start(t);
	const ids = [];

	for (let n = 0; n < 7; n++)
		ids.push((await eke.send(`Question ${n}`)).chatId);
	await eke.send('Once more', { chatId: ids[2] });
	const expected = [ids[2], ...ids.filter((id) => id !== ids[2]).reverse()];
	const seen = [];
	let cursor;
	do {
		const page = await list(eke, { limit: 3, ...(cursor ? { cursor } : {}) });

		assert.ok(page.chats.length <= 3);
		seen.push(...page.chats.map(({ chatId }) => chatId));
		cursor = page.cursor;
	} while (cursor);
	assert.deepEqual(seen, expected);
	for (const bad of ['x', '5', '5.', '5.x', '-1.2'])
		assert.equal((await failure(list(eke, { cursor: bad }))).code, -32602);
});

test('search, in titles and texts, in any script', async (t) => {
	const { eke, again } = await start(t, { answer: ({ body }) => `${body.messages.at(-1).content.includes('ring') ? 'Der Füllstand zählt.' : '缓存会在此处失效。 リングバッファ'}` });
	const ring = (await eke.send('Why does the ring buffer overflow?')).chatId;
	const cache = (await eke.send('为什么缓存失效？')).chatId;
	const search = async (server, query) => (await list(server, { query })).chats.map(({ chatId }) => chatId).sort();
	const cases = [
		['overflow', [ring]], ['RING buff', [ring]], ['ring nonsense', []], ['füllstand', [ring]], ['zählt.', [ring]], ['缓存', [cache]], ['缓存会在', [cache]],
		['リングバッファ', [cache]], ['バッファ 此处', [cache]], ['"', []], ['100%', []], ['_', []], ['\\', []], ['a* OR b NEAR(c)', []], ['', [cache, ring].sort()], ['  ', [cache, ring].sort()],
	];

	for (const server of [eke, await again()])
		for (const [query, expected] of cases)
			assert.deepEqual(await search(server, query), expected, query);
	await eke.request('chat/rename', { chatId: ring, title: 'Про буфер' });
	assert.deepEqual(await search(eke, 'буфер'), [ring]);
	await eke.request('chat/delete', { chatId: ring });
	assert.deepEqual(await search(eke, 'overflow'), []);
	assert.deepEqual(await search(eke, 'буфер'), []);
});

test('by workspace', async (t) => {
	const { eke, again } = await start(t, { init: { rootUri: 'file:///home/me/one', workspaceFolders: [{ uri: 'file:///home/me/one%20thing/', name: 'one' }, { uri: 'file:///x', name: 'x' }] } });
	const two = await again({ rootUri: 'file:///home/me/two' });
	const here = (await eke.send('One?')).chatId;
	const there = (await two.send('Two?')).chatId;
	const ids = async (params) => (await list(eke, params)).chats.map(({ chatId }) => chatId);

	assert.deepEqual(await ids({}), [there, here]);
	for (const workspace of ['file:///home/me/one%20thing', 'file:///home/me/one%20thing/', '/home/me/one thing'])
		assert.deepEqual(await ids({ workspace }), [here]);
	assert.deepEqual(await ids({ workspace: 'file:///home/me/two', query: 'two?' }), [there]);
	assert.deepEqual(await ids({ workspace: 'file:///home/me/three' }), []);
	assert.deepEqual((await list(eke)).chats.map(({ workspace }) => workspace), ['file:///home/me/two', 'file:///home/me/one%20thing']);
});

test('export', async (t) => {
	const { eke } = await start(t);
	const { chatId } = await eke.send('Why?', { context: [{ kind: 'text', name: 'Notes', text: 'a\n```\nb' }] });
	const { text: markdown } = await eke.request('chat/export', { chatId, format: 'markdown' });
	const { text: json } = await eke.request('chat/export', { chatId, format: 'json' });
	const chat = await get(eke, chatId);

	assert.match(markdown, /^# Why\?\n\n\S+Z to \S+Z\n\n## You\n\nNotes:\n````\na\n```\nb\n````\n\nWhy\?\n\n## \S+\n\nAnswer to /);
	const exported = JSON.parse(json);
	assert.equal(exported.turns[0].context[0].text, 'Notes:\n````\na\n```\nb\n````');
	delete exported.turns[0].context[0].text;
	assert.deepEqual(exported, chat);
});

test('what is not there, and what is no params', async (t) => {
	const { upstream, eke } = await start(t);
	const { chatId } = await eke.send('Why?');
	const bad = [
		['chat/send', {}], ['chat/send', { prompt: ' \n' }], ['chat/send', { prompt: 'x', chatId: 'none' }], ['chat/send', { prompt: 'x', command: 'none' }],
		['chat/send', { prompt: 'x', editTurnId: '1' }], ['chat/send', { prompt: 'x', context: [1] }], ['chat/send', { prompt: 'x', context: [{ kind: 'folder', uri: 'x' }] }],
		['chat/send', { prompt: 'x', context: [{ kind: 'file' }] }], ['chat/send', { prompt: 'x', context: [{ kind: 'text', uri: 'file:///x' }] }],
		['chat/send', { prompt: 'x', context: Array.from({ length: 65 }, () => ({ kind: 'text', text: 'x' })) }],
		['chat/send', { prompt: 'x', context: [{ kind: 'diagnostics', uri: 'file:///x', items: [{ message: 'x' }] }] }],
		['chat/regenerate', {}], ['chat/regenerate', { chatId: 'none' }], ['chat/get', {}], ['chat/get', { chatId: 'none' }], ['chat/get', { chatId: 5 }],
		['chat/rename', { chatId }], ['chat/rename', { chatId, title: ' \n' }], ['chat/rename', { chatId: 'none', title: 'x' }],
		['chat/delete', { chatId: 'none' }], ['chat/export', { chatId }], ['chat/export', { chatId, format: 'pdf' }], ['chat/export', { chatId: 'none', format: 'json' }],
		['chat/list', { limit: 0 }], ['chat/list', { limit: 10001 }],
	];

	for (const [method, params] of bad) {
		eke.audit.problems.length = 0; /* these params are not the contract's */
		const { code, message } = await failure(eke.request(method, params));
		assert.equal(code, -32602, `${method} ${JSON.stringify(params)}: ${message}`);
		assert.ok(message.length > 10, message);
	}
	eke.audit.problems.length = 0;
	assert.equal(upstream.counted.length, 1);
	assert.equal((await list(eke)).chats.length, 1);
});

/* --- the budget --- */

test('every error of the service is the client\'s, and the question stays', async (t) => {
	const { upstream, eke } = await start(t, { endpoint: { timeouts: { firstByte: 0.3, idle: 0.3 } } });
	const kinds = [['403-model', 'forbidden'], ['500-server', 'upstream'], ['text-200', 'protocol'], ['stall-first-byte', 'timeout'], ['403-tokens', 'promptTooLong']];
	const { chatId } = await eke.send('Why?');

	for (const [scenario, kind] of kinds) {
		upstream.script(() => scenario);
		assert.equal((await failure(eke.send(`Why, with ${scenario}?`, { chatId }))).data.kind, kind, scenario);
		assert.equal((await failure(eke.request('chat/regenerate', { chatId }))).data.kind, kind, scenario);
	}
	assert.equal((await get(eke, chatId)).turns.length, 2 + kinds.length);
	upstream.script(() => '401-apikey');
	assert.equal((await failure(eke.request('chat/regenerate', { chatId }))).data.kind, 'auth');
	await upstream.close();
	for (const call of [eke.send('Gone?', { chatId }), eke.request('chat/regenerate', { chatId })]) /* eslint-disable-line */
		assert.ok(['network', -32600].includes((await failure(call)).data?.kind ?? -32600));
	assert.equal((await failure(eke.request('chat/regenerate', { chatId }))).data.kind, 'network');
});

test('without an endpoint, and with a configuration that is wrong, nothing is kept', async (t) => {
	const { eke, home } = await start(t);
	const { chatId } = await eke.send('Why?');

	eke.writeConfig({});
	await eke.notify('textDocument/didSave', { textDocument: { uri: eke.uri('config.json') } });
	for (const call of [() => eke.send('Why?'), () => eke.request('chat/regenerate', { chatId })])
		assert.equal((await failure(call())).data.kind, 'noEndpoint');
	assert.equal((await list(eke)).chats.length, 1);
	eke.writeConfig('{');
	const other = await startServer(t, { home });
	await other.initialize();
	for (const call of [() => other.send('Why?'), () => other.request('chat/regenerate', { chatId })])
		assert.equal((await failure(call())).data.kind, 'config');
	other.takeNotifications('window/showMessage');
});

test('the budget is used up: whenExhausted asks for chats that are kept, too', async (t) => {
	const [first, second] = [await withUpstream(t, { answer: () => 'from the first' }), await withUpstream(t, { answer: () => 'from the second' })];
	const eke = await startServer(t, {
		config: {
			endpoints: [endpointFor(first, { name: 'free', plan: 'one' }), endpointFor(second, { name: 'paid' })],
			plans: { one: { windows: [{ scope: 'machine', limit: 1, period: '1h' }] } }, whenExhausted: 'ask',
		},
	});
	let say = ({ actions }) => actions[1];

	await eke.initialize();
	eke.onRequest('window/showMessageRequest', (params) => say(params));
	const { chatId } = await eke.send('One?');
	assert.equal((await failure(eke.send('Two?', { chatId }))).data.kind, 'budget');
	say = ({ actions }) => actions[0];
	const { endpoint, text } = await eke.request('chat/regenerate', { chatId });
	assert.deepEqual([endpoint, text], ['paid', 'from the second']);
	assert.equal((await get(eke, chatId)).turns[3].endpoint, 'paid');
});

test('an answer that was paid for and cancelled is there when it is asked for again', async (t) => {
	const { upstream, eke } = await holdOne(t, { endpoint: { plan: 'few' }, rest: { plans: { few: { windows: [{ scope: 'machine', limit: 5, period: '1h' }] } } } });
	const call = eke.startSend('Why?');
	const [record] = await upstream.waitForRequests(1);

	await record.push('Because ');
	await eke.waitForDelta(call.streamToken);
	call.cancel();
	await failure(call.answer);
	await record.push('of the tide.');
	await record.end();
	await record.closed;
	const { chatId } = await eke.waitForNotification('eke/didCreateChat');
	assert.equal((await eke.request('chat/regenerate', { chatId })).text, 'Because of the tide.');
	assert.equal(upstream.counted.length, 1);
	assert.deepEqual(brief(await get(eke, chatId)), ['user: Why?', 'assistant: Because of the tide.']);
});

/* --- privacy --- */

const everything = (directory) => readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
	.map((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name), 'latin1')).join('\n');

test('privacy.history false: nothing of it on the disk, and all of it works', async (t) => {
	const { eke, home, again } = await start(t, { rest: { privacy: { history: false } }, answer: () => 'The xylophone.' });
	const { chatId } = await eke.send('What is the quixotic answer?');

	await eke.send('And then?', { chatId });
	assert.equal((await get(eke, chatId)).turns.length, 4);
	assert.equal((await list(eke, { query: 'quixotic' })).chats.length, 1);
	assert.equal((await list(eke, { query: 'xylophone' })).chats.length, 1);
	assert.deepEqual((await list(await again())).chats, []);
	assert.ok(!existsSync(join(home, 'state', 'chats.db')));
	assert.doesNotMatch(existsSync(join(home, 'state')) ? everything(join(home, 'state')) : '', /quixotic|xylophone/);
});

test('without a place to keep them, conversations are had in memory', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Because.' });
	const home = makeHome(t, configFor(upstream));
	const eke = await startServer(t, { home, env: { EKE_STATE_DIR: '/dev/null/state' } });

	await eke.initialize();
	const { chatId } = await eke.send('Why?');
	await eke.send('And then?', { chatId });
	assert.equal((await get(eke, chatId)).turns.length, 4);
	eke.takeNotifications('window/logMessage');
});

/* --- a file that is damaged --- */

/* Ways to damage chats.db, which has some chats. */
const damages = {
	'it is no database': (path) => writeFileSync(path, 'This is no database but a letter, and it goes on for a while so that it is long enough.'),
	'its first bytes are others': (path) => writeFileSync(path, Buffer.concat([Buffer.alloc(64, 'x'), readFileSync(path).subarray(64)])),
	'a page in it is': (path) => {
		const bytes = readFileSync(path);

		/* All but the first page and some at the end. */
		bytes.fill(0xA5, 4096, bytes.length - 8192);
		writeFileSync(path, bytes);
	},
	'it is cut off': (path) => writeFileSync(path, readFileSync(path).subarray(0, 6000)),
	'it is empty pages': (path) => writeFileSync(path, Buffer.alloc(20_000)),
};

for (const [how, damage] of Object.entries(damages)) {
	test(`a damaged chats.db, ${how}: said in a message, by status and by doctor, with the name of what was kept`, async (t) => {
		const { eke, home, again } = await start(t);
		const path = join(home, 'state', 'chats.db');

		for (let i = 0; i < 20; i++) await eke.send(`Why ${i}? ${'x'.repeat(3000)}`);
		await eke.stop();
		damage(path);
		for (const part of ['-wal', '-shm']) rmSync(path + part, { force: true });
		const other = await again();
		await other.send('And now?');
		const { type, message } = await other.waitForNotification('window/showMessage');
		assert.equal(type, 2);
		const kept = /is kept as (chats\.db\.damaged-\d{8}-\d{6}(-\d+)?)/.exec(message)[1];
		assert.ok(existsSync(join(home, 'state', kept)));
		other.takeNotifications('window/logMessage');
		for (const args of [['status'], ['doctor'], ['status', '--json']]) {
			const { stdout } = await run(t, args, { home });
			assert.ok(stdout.includes(join(home, 'state', kept)), stdout);
			if (args[1])
				assert.deepEqual(JSON.parse(stdout).damaged.map(({ keptAs }) => keptAs), [join(home, 'state', kept)]);
		}
		assert.ok((await list(other, { query: 'now' })).chats.length >= 1);
		rmSync(join(home, 'state', kept));
		assert.deepEqual(JSON.parse((await run(t, ['status', '--json'], { home })).stdout).damaged, []);
	});
}

test('a damaged chats.db is found by status, by doctor and in the terminal, too', async (t) => {
	const { eke, home } = await start(t);
	const path = join(home, 'state', 'chats.db');

	await eke.send('Why?');
	await eke.stop();
	const good = readFileSync(path);
	for (const args of [['status'], ['doctor'], ['chat', 'And now?']]) {
		for (const name of readdirSync(join(home, 'state')).filter((n) => /^chats/.test(n))) rmSync(join(home, 'state', name));
		writeFileSync(path, Buffer.concat([good.subarray(0, 100), Buffer.alloc(good.length - 100, 0x5A)]));
		const { stdout, stderr } = await run(t, args, { home });
		assert.match(stdout + stderr, /chats\.db\.damaged-\d{8}-\d{6}/, args[0]);
	}
});
