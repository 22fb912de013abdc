/*
 * Answers that outlive the process and are shared by processes: what was paid for yesterday, or by another editor, is
 * not asked for again, and two editors at the same place ask once.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { knowsModel } from '../upstream/models.mjs';
import { configFor, makeHome, run, startServer, within, withUpstream } from './harness.mjs';

const KNOWN = `int sum(int n)
{
	int total = 0;

	for (int i = 0; i < n; i++) {
		total += i;
		log_step(i, total);
	}
	return total;
}
`;
const TEXT = `${KNOWN.slice(0, KNOWN.indexOf('int tot') + 7)}‸`;
const COUNTED = {
	endpoint: { plan: 'few' },
	rest: { plans: { few: { windows: [{ scope: 'machine', limit: 60, period: '1h' }] } } },
};

/** An upstream, and a home with its configuration; eke() starts a server there, or one more. */
async function shared(t, { answer = knowsModel(KNOWN), endpoint = {}, rest = {} } = {}) {
	const upstream = await withUpstream(t, { answer });
	const home = makeHome(t, configFor(upstream, endpoint, rest));
	const eke = async () => {
		const server = await startServer(t, { home, args: ['--log-level', 'debug'] });

		await server.initialize();
		return server;
	};
	return { upstream, home, eke };
}

const opened = (eke, text = TEXT, name = 'sum.c') => eke.open(text, { uri: eke.uri(name) });

/* Resolves when the server has logged that. */
function logged({ program }, pattern) {
	const seen = new Promise((resolve) => {
		const look = () => pattern.test(program.stderr) && resolve();

		program.child.stderr.on('data', look);
		look();
	});
	return within(seen, () => `${pattern} was not logged\n${program.log}`);
}

/* Names of the files in the state directory that contain a text. */
function filesWith(home, text) {
	const state = join(home, 'state');

	if (!existsSync(state))
		return [];
	return readdirSync(state).filter((name) => readFileSync(join(state, name)).includes(text));
}

/* --- restarts --- */

test('a new process answers from what the former one got', async (t) => {
	const { upstream, eke, home } = await shared(t);
	const first = await eke();
	const whole = await (await opened(first)).suggestion();

	assert.match(whole, /^al = 0;/);
	await first.stop();
	assert.deepEqual(filesWith(home, 'sum.c'), []);
	assert.notDeepEqual(filesWith(home, 'al = 0;'), []);

	const second = await eke();
	const doc = await opened(second);
	assert.equal(await doc.suggestion({ automatic: true }), whole);
	for (const character of 'al =') {
		doc.type(character);
		assert.match(await doc.suggestion({ automatic: true }), /^l? ?=? ?0?;?/);
	}
	assert.equal(await doc.suggestion(), whole.slice(4));
	assert.equal(upstream.counted.length, 1);
	/* The text before the cursor is another: then it is asked. */
	doc.replace(0, 3, 'long');
	doc.cursor = doc.text.length;
	await doc.complete();
	assert.equal(upstream.counted.length, 2);
});

test('… also that there was nothing to add, but who asks by hand gets another try', async (t) => {
	const { upstream, eke } = await shared(t, { answer: () => '<completion></completion>' });
	const first = await eke();

	assert.equal(await (await opened(first)).complete(), null);
	await first.stop();
	const doc = await opened(await eke());
	assert.equal(await doc.complete({ automatic: true }), null);
	assert.equal(upstream.counted.length, 1);
	assert.equal(await doc.complete(), null);
	assert.equal(upstream.counted.length, 2);
});

test('… and what was turned down stays that', async (t) => {
	const { upstream, eke } = await shared(t);
	const first = await eke();
	const { items: [item] } = await (await opened(first)).complete();

	await first.request('workspace/executeCommand', { command: 'eke.reject', arguments: item.command.arguments });
	await first.stop();
	assert.match(await (await opened(await eke())).suggestion(), /^al/);
	assert.equal(upstream.counted.length, 2);
});

test('a second candidate is there, too', async (t) => {
	const { upstream, eke } = await shared(t, {
		answer: () => '<completion>al = 1;</completion><completion>al = 2;</completion>',
		rest: { completion: { debounceMs: 0, candidates: 2 } },
	});
	const first = await eke();
	const texts = async (doc) => (await doc.complete()).items.map(({ insertText }) => insertText);
	const wanted = await texts(await opened(first));

	assert.deepEqual(wanted, ['al = 1;', 'al = 2;']);
	await first.stop();
	assert.deepEqual(await texts(await opened(await eke())), wanted);
	assert.equal(upstream.counted.length, 1);
});

test('another file, or another model, with the same text is asked for itself', async (t) => {
	const { upstream, eke, home } = await shared(t);
	const first = await eke();

	await (await opened(first)).complete();
	await first.stop();
	const second = await eke();
	await (await opened(second, TEXT, 'other.c')).complete();
	assert.equal(upstream.counted.length, 2);
	await second.stop();
	writeFileSync(join(home, 'config.json'), JSON.stringify(configFor(upstream, { models: { completion: 'another' } })));
	await (await opened(await eke())).complete();
	assert.equal(upstream.counted.length, 3);
	assert.equal(upstream.counted[2].body.model, 'another');
});

test('the terminal and the editor share, too', async (t) => {
	const { upstream, eke, home } = await shared(t);
	const file = join(home, 'work', 'sum.c');

	writeFileSync(file, TEXT.replace('‸', ''));
	for (let i = 0; i < 2; i++)
		assert.match((await run(t, ['complete', `${file}:3:9`], { home })).stdout, /^al = 0;/);
	assert.match(await (await opened(await eke())).suggestion(), /^al = 0;/);
	assert.equal(upstream.counted.length, 1);
});

test('explain opens nothing', async (t) => {
	const { eke, home } = await shared(t);
	const server = await eke();
	const doc = await opened(server);

	await server.request('completion/explain', { textDocument: { uri: doc.uri }, position: doc.position() });
	assert.ok(!existsSync(join(home, 'state', 'answers.db')));
});

test('a damaged file is set aside, and said so once', async (t) => {
	const { upstream, eke, home } = await shared(t);

	mkdirSync(join(home, 'state'), { mode: 0o700 });
	writeFileSync(join(home, 'state', 'answers.db'), 'this is no database, whatever its name may say');
	const server = await eke();
	const doc = await opened(server);
	assert.match(await doc.suggestion(), /^al = 0;/);
	doc.type('al');
	assert.match(await doc.suggestion(), /^ = 0;/);
	assert.equal(upstream.counted.length, 1);
	assert.equal(server.program.stderr.match(/ info: the store of completions was damaged/g).length, 1);
});

/* --- two at a time --- */

test('two editors at the same place: one request, and both get the answer', async (t) => {
	const { upstream, eke } = await shared(t);
	const servers = await Promise.all([eke(), eke()]);
	const docs = await Promise.all(servers.map((server) => opened(server)));

	upstream.next({ stall: 'firstByte' });
	const calls = docs.map((doc) => doc.startComplete({ automatic: true }));
	const [record] = await upstream.waitForRequests(1);
	await Promise.race(servers.map((server) => logged(server, /another process has this request under way/)));
	record.release();
	const answers = await Promise.all(calls.map(({ answer }) => answer));
	assert.match(answers[0].items[0].insertText, /^al = 0;/);
	assert.equal(answers[1].items[0].insertText, answers[0].items[0].insertText);
	assert.equal(upstream.counted.length, 1);
});

test('what one gets while both are open the other has at its next request', async (t) => {
	const { upstream, eke } = await shared(t);
	const [first, second] = await Promise.all([eke(), eke()]);
	const doc = await opened(second, TEXT.replace('tot‸', 't‸'));

	/* It has been asked about, so its answers were taken in before there were any. */
	await doc.complete();
	assert.equal(upstream.counted.length, 1);
	/* Before that place: what was answered there does not go on here. */
	const other = await opened(first, `${KNOWN.slice(0, KNOWN.indexOf('int total'))}‸`);
	const wanted = await other.suggestion();
	assert.equal(upstream.counted.length, 2);
	await first.stop();
	doc.replace(0, doc.text.length, other.text);
	assert.equal(await doc.suggestion(), wanted);
	assert.equal(upstream.counted.length, 2);
});

/* The first one asks, and nothing has come yet; the second waits for it. */
async function oneWaits(t, { next = { stall: 'firstByte' }, ...options } = {}) {
	const { upstream, eke } = await shared(t, options);
	const [first, second] = await Promise.all([eke(), eke()]);
	const docs = [await opened(first), await opened(second)];

	upstream.next(next);
	const calls = [docs[0].startComplete()];
	const [record] = await upstream.waitForRequests(1);
	calls.push(docs[1].startComplete());
	await logged(second, /another process has this request under way/);
	return { upstream, servers: [first, second], docs, calls, record };
}

test('who types on while another process asks waits on', async (t) => {
	const { upstream, docs, calls, record } = await oneWaits(t);

	docs[1].type('al');
	const third = docs[1].startComplete({ automatic: true });
	assert.equal(await calls[1].answer, null);
	record.release();
	assert.match((await third.answer).items[0].insertText, /^ = 0;/);
	assert.match((await calls[0].answer).items[0].insertText, /^al = 0;/);
	assert.equal(upstream.counted.length, 1);
});

test('the one who asks gives up: the other asks', async (t) => {
	const { upstream, calls, record } = await oneWaits(t);

	/* Nothing is paid for: the call is aborted. */
	calls[0].cancel();
	await assert.rejects(calls[0].answer, { code: -32800 });
	await record.closed;
	assert.match((await calls[1].answer).items[0].insertText, /^al = 0;/);
	assert.equal(upstream.counted.length, 2);
});

test('the one who asks fails: the other asks', async (t) => {
	const { upstream, calls, record } = await oneWaits(t, { next: { base: '500-server', stall: 'head' } });

	record.release();
	assert.equal(await calls[0].answer, null);
	assert.match((await calls[1].answer).items[0].insertText, /^al = 0;/);
	assert.equal(upstream.counted.length, 2);
});

test('the one who asks is killed: the other notices and asks', async (t) => {
	const { upstream, servers, calls } = await oneWaits(t, COUNTED);

	/* It is paid for, so it goes on though nobody waits. */
	calls[0].cancel();
	await assert.rejects(calls[0].answer, { code: -32800 });
	servers[0].program.kill('SIGKILL');
	assert.equal(await servers[0].ended(), 'SIGKILL');
	assert.match((await calls[1].answer).items[0].insertText, /^al = 0;/);
	assert.equal(upstream.counted.length, 2);
});

test('… but not for a text that is gone meanwhile', async (t) => {
	const { upstream, servers, docs, calls } = await oneWaits(t, COUNTED);

	docs[1].type('?');
	await servers[1].settle();
	calls[0].cancel();
	await assert.rejects(calls[0].answer, { code: -32800 });
	servers[0].program.kill('SIGKILL');
	assert.equal(await servers[0].ended(), 'SIGKILL');
	assert.equal(await calls[1].answer, null);
	assert.equal(upstream.counted.length, 1);
});

/* --- no history --- */

test('privacy.history false: no text on the disk, and what was there is removed', async (t) => {
	const { upstream, eke, home } = await shared(t);
	const keeping = configFor(upstream);

	/* Written into by one that keeps … */
	const first = await eke();
	await (await opened(first)).complete();
	await first.stop();
	assert.notDeepEqual(filesWith(home, 'al = 0;'), []);
	/* … then not wanted. */
	writeFileSync(join(home, 'config.json'), JSON.stringify({ ...keeping, privacy: { history: false } }));
	for (let i = 0; i < 2; i++) {
		const server = await eke();
		const doc = await opened(server);

		assert.match(await doc.suggestion(), /^al = 0;/);
		doc.type('al');
		assert.match(await doc.suggestion(), /^ = 0;/);
		await server.stop();
		assert.deepEqual(filesWith(home, 'al = 0;'), []);
		assert.deepEqual(filesWith(home, 'total'), []);
		assert.ok(!existsSync(join(home, 'state', 'answers.db')));
	}
	assert.equal(upstream.counted.length, 3);
});

test('privacy.history false of a workspace: nothing of it on the disk, and what others keep stays', async (t) => {
	const { upstream, eke, home } = await shared(t);
	const first = await eke();
	const settings = (history) => ({ initializationOptions: { eke: { privacy: { history } } } });

	await (await opened(first)).complete();
	await first.stop();
	assert.notDeepEqual(filesWith(home, 'al = 0;'), []);
	/* By its settings at the start, and by settings that come later. */
	for (const late of [false, true]) {
		const other = await startServer(t, { home });

		await other.initialize(late ? {} : settings(false));
		if (late)
			other.notify('workspace/didChangeConfiguration', { settings: { eke: { privacy: { history: false } } } });
		const doc = await opened(other, 'int other_text;\nint tot‸', 'other.c');
		await doc.complete();
		await other.stop();
		assert.deepEqual(filesWith(home, 'other.c'), []);
		assert.notDeepEqual(filesWith(home, 'al = 0;'), []);
	}
	const asked = upstream.counted.length;
	const last = await eke();
	assert.match(await (await opened(last)).suggestion(), /^al = 0;/);
	assert.equal(upstream.counted.length, asked, 'known from the disk');
	await last.stop();
	/* What the owner does not want kept, no workspace keeps. */
	writeFileSync(join(home, 'config.json'), JSON.stringify(configFor(upstream, {}, { privacy: { history: false } })));
	const wanting = await startServer(t, { home });
	await wanting.initialize(settings(true));
	await (await opened(wanting)).complete();
	await wanting.stop();
	assert.deepEqual(filesWith(home, 'al = 0;'), []);
});
