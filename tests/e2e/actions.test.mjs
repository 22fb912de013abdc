/*
 * Code actions, for editors that know nothing of eke: what is offered, and what comes of it, for clients that can do
 * everything and for those that can do next to nothing.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { configFor, endpointFor, makeHome, startServer, within, withUpstream } from './harness.mjs';

const TEXT = `int sum(int n)
{
	int total = 0;

	for (int i = 0; i < n; i++)
		total += i;
	return total;
}
`;
const LOOP = '\tfor (int i = 0; i < n; i++)\n\t\ttotal += i;\n';

const ALL = {
	window: { showDocument: { support: true }, workDoneProgress: true },
	workspace: { applyEdit: true, workspaceEdit: { documentChanges: true } },
	textDocument: { codeAction: { codeActionLiteralSupport: { codeActionKind: { valueSet: ['', 'quickfix', 'refactor'] } } } },
};

/* A client with these capabilities, which does what it is asked to and remembers it. */
async function start(t, { capabilities = ALL, answer, endpoint = {}, rest = {} } = {}) {
	const upstream = await withUpstream(t, { answer });
	const eke = await startServer(t, { config: configFor(upstream, endpoint, rest) });
	const did = { shown: [], applied: [], tokens: [] };

	eke.onRequest('window/showDocument', (params) => {
		did.shown.push(params);
		return { success: did.success ?? true };
	});
	eke.onRequest('workspace/applyEdit', (params) => {
		did.applied.push(params);
		return did.refuse ? { applied: false, failureReason: did.refuse } : { applied: true };
	});
	eke.onRequest('window/workDoneProgress/create', ({ token }) => {
		if (did.noTokens)
			throw new Error('no progress here');
		did.tokens.push(token);
		return null;
	});
	await eke.initialize({ capabilities });
	return { upstream, eke, did };
}

function rangeOf(doc, text) {
	const at = doc.text.indexOf(text);

	assert.ok(at >= 0);
	return doc.range(at, at + text.length);
}

const diagnostic = (doc, text, message, more = {}) => ({ range: rangeOf(doc, text), message, severity: 1, source: 'cc', ...more });

const offered = (eke, doc, range, context = {}) =>
	eke.request('textDocument/codeAction', { textDocument: { uri: doc.uri }, range, context: { diagnostics: [], ...context } });

const command = (doc, name, text = LOOP, more = {}) => ({
	command: 'eke.command', arguments: [{ name, uri: doc.uri, range: rangeOf(doc, text), ...more }],
});
const execute = (eke, ...args) => eke.start('workspace/executeCommand', command(...args));

/* As an editor applies them: all positions are those of the text before. */
function apply(doc, edits) {
	const offset = ({ line, character }) => doc.text.split('\n').slice(0, line).reduce((sum, l) => sum + l.length + 1, 0) + character;
	let text = doc.text;

	for (const { range, newText } of [...edits].reverse())
		text = text.slice(0, offset(range.start)) + newText + text.slice(offset(range.end));
	return text;
}

/* --- what is offered --- */

test('a selection: the commands that work on one, and their kinds', async (t) => {
	const { upstream, eke } = await start(t, { rest: { chat: { commands: { rhyme: 'A rhyme on {selection}', mood: 'How are you?', optimize: 'Mine: {selection}' } } } });
	const doc = await eke.open(TEXT);
	const actions = await offered(eke, doc, rangeOf(doc, LOOP));

	assert.deepEqual(actions.map(({ title, kind }) => [title, kind]), [
		['eke: Explain', ''], ['eke: Find problems', ''], ['eke: Optimize', ''], ['eke: Refactor', 'refactor.rewrite'],
		['eke: Document', 'refactor.rewrite'], ['eke: Write tests', ''], ['eke: Fix', 'quickfix'], ['eke: Rhyme', ''],
	]);
	assert.deepEqual(actions[0].command, { title: 'eke: Explain', ...command(doc, 'explain') });
	for (const [only, count] of [[['quickfix'], 1], [['refactor'], 2], [['refactor.rewrite'], 2], [['refactor.re'], 0], [[''], 8], [['source.fixAll'], 0], [[], 0]])
		assert.equal((await offered(eke, doc, rangeOf(doc, LOOP), { only })).length, count, JSON.stringify(only));
	assert.equal(upstream.requests.length, 0);
});

test('diagnostics: a fix for each, where nothing is selected, too', async (t) => {
	const { eke } = await start(t);
	const doc = await eke.open(TEXT.repeat(8));
	const long = 'x'.repeat(100);
	const diagnostics = [diagnostic(doc, 'total', 'unused'), diagnostic(doc, 'int n', `${long}\nmore`, { code: 7 })];
	const actions = await offered(eke, doc, doc.range(0, 0), { diagnostics });

	assert.deepEqual(actions.map(({ title, kind }) => [title, kind]), [['eke: Fix: unused', 'quickfix'], [`eke: Fix: ${'x'.repeat(60)}…`, 'quickfix']]);
	assert.deepEqual(actions[0].diagnostics, [diagnostics[0]]);
	assert.deepEqual(actions[1].command.arguments, [{
		name: 'fix', uri: doc.uri, range: { start: { line: 0, character: 0 }, end: { line: 11, character: 0 } }, diagnostics: [diagnostics[1]],
	}]);
	assert.equal((await offered(eke, doc, rangeOf(doc, LOOP), { diagnostics })).length, 9);
	assert.equal((await offered(eke, doc, doc.range(0, 0), { diagnostics: Array(9).fill(diagnostics[0]) })).length, 5);
	/* What is no diagnostic of LSP's is nobody's trouble. */
	assert.deepEqual(await offered(eke, doc, doc.range(0, 0), { diagnostics: [{}, { message: 'x' }, { message: 1, range: doc.range(0, 0) }] }), []);
});

test('nothing where nothing could come of it', async (t) => {
	const { eke } = await start(t);
	const doc = await eke.open(TEXT);
	const secret = await eke.open('KEY=1\n', { uri: eke.uri('.env') });

	assert.deepEqual(await offered(eke, doc, doc.range(3, 3)), []);
	assert.deepEqual(await offered(eke, secret, secret.range(0, 5)), []);
	assert.deepEqual(await offered(eke, { uri: eke.uri('not-open.c') }, doc.range(0, 5)), []);
	await assert.rejects(eke.request('textDocument/codeAction', { textDocument: { uri: doc.uri } }), { code: -32602, message: /params\.range/ });
	eke.audit.problems.shift();

	const homeless = await startServer(t, { config: '{}' });
	await homeless.initialize({ capabilities: ALL });
	const other = await homeless.open(TEXT);
	assert.deepEqual(await offered(homeless, other, rangeOf(other, LOOP)), []);
	await assert.rejects(execute(homeless, other, 'fix').answer, (e) => e.data.kind === 'noEndpoint');
	await homeless.waitForNotification('window/showMessage', ({ message }) => /no endpoint/.test(message));
});

test('a client without literals gets commands', async (t) => {
	const { eke } = await start(t, { capabilities: {} });
	const doc = await eke.open(TEXT);
	const [first] = await offered(eke, doc, rangeOf(doc, LOOP));

	assert.deepEqual(first, { title: 'eke: Explain', ...command(doc, 'explain') });
	/* It cannot apply edits: all are answers to read, none of a kind that changes code. */
	assert.equal((await offered(eke, doc, rangeOf(doc, LOOP), { only: ['refactor', 'quickfix'] })).length, 0);
});

/* --- answers --- */

test('an answer is a file that is shown', async (t) => {
	const { upstream, eke, did } = await start(t, { answer: () => 'It sums.' });
	const doc = await eke.open(TEXT);
	const given = [diagnostic(doc, 'total += i', 'overflow', { code: 7 })];

	assert.equal(await execute(eke, doc, 'explain', LOOP, { diagnostics: given }).answer, null);
	const [{ uri, external, takeFocus }] = did.shown;
	assert.deepEqual([external, takeFocus], [false, true]);
	const path = fileURLToPath(uri);
	assert.ok(path.startsWith(join(eke.home, 'state/answers/')) && path.endsWith('-explain.md'), path);
	assert.match(readFileSync(path, 'utf8'), /^# eke: Explain: \S*file1\.c, from line 5\n\nIt sums\.\n\n---\n\nchatty at test\n$/);
	assert.equal(statSync(path).mode & 0o777, 0o600);
	assert.equal(statSync(join(eke.home, 'state/answers')).mode & 0o777, 0o700);
	const { content } = upstream.counted[0].body.messages.at(-1);
	assert.match(content, /overflow \(cc 7\)[^]*5 \| \tfor[^]*Explain the attached C code/);
	assert.deepEqual(eke.takeNotifications('window/showMessage'), []);
	/* A chat like any other. */
	assert.equal((await eke.request('chat/list', {})).chats.length, 1);
	/* Two of the same second have two names. */
	await execute(eke, doc, 'explain').answer;
	await execute(eke, doc, 'tests').answer;
	assert.equal(readdirSync(join(eke.home, 'state/answers')).length, 3);
});

for (const [name, capabilities, success] of [['cannot show documents', {}, true], ['does not', ALL, false]]) {
	test(`a client that ${name} is told where the answer is`, async (t) => {
		const { eke, did } = await start(t, { capabilities, answer: () => 'It sums.' });
		const doc = await eke.open(TEXT);

		did.success = success;
		assert.equal(await execute(eke, doc, 'problems').answer, null);
		const { message, type } = await eke.waitForNotification('window/showMessage');
		assert.equal(type, 3);
		assert.match(readFileSync(/the answer is in (\S+)/.exec(message)[1], 'utf8'), /It sums\./);
	});
}

test('answers go after a week, and at the end where nothing is to be kept', async (t) => {
	const home = makeHome(t);
	const answers = join(home, 'state/answers');

	mkdirSync(answers, { recursive: true, mode: 0o700 });
	for (const [name, days] of [['old.md', 8], ['young.md', 6], ['old.txt', 8]]) {
		writeFileSync(join(answers, name), 'x');
		utimesSync(join(answers, name), Date.now() / 1000 - days * 86400, Date.now() / 1000 - days * 86400);
	}
	const upstream = await withUpstream(t, { answer: () => 'It sums.' });
	writeFileSync(join(home, 'config.json'), JSON.stringify(configFor(upstream, {}, { privacy: { history: false } })));
	const eke = await startServer(t, { home });
	await eke.initialize();
	const doc = await eke.open(TEXT);
	await execute(eke, doc, 'explain').answer;
	assert.equal(readdirSync(answers).length, 3);
	assert.ok(!existsSync(join(answers, 'old.md')));
	await eke.stop();
	assert.deepEqual(readdirSync(answers).sort(), ['old.txt', 'young.md']);
});

test('a truncated answer, and one that was cut short, say so', async (t) => {
	const { upstream, eke, did } = await start(t);
	const doc = await eke.open(TEXT);

	for (const [scenario, words] of [['eof-midway', /was cut off/], ['finish-length', /reached its maximum length/], ['finish-filter', /content filter/]]) {
		upstream.next(scenario);
		await execute(eke, doc, 'explain').answer;
		assert.match(readFileSync(fileURLToPath(did.shown.at(-1).uri), 'utf8'), words);
	}
});

/* --- edits --- */

for (const documentChanges of [true, false]) {
	test(`an edit is applied by the client, ${documentChanges ? 'with' : 'without'} versions`, async (t) => {
		const better = LOOP.replace('i < n', 'i <= n');
		const { upstream, eke, did } = await start(t, {
			answer: () => `<edit>${better}</edit>`, capabilities: { ...ALL, workspace: { applyEdit: true, workspaceEdit: { documentChanges } } },
		});
		const doc = await eke.open(TEXT);

		assert.equal(await execute(eke, doc, 'fix', LOOP, { diagnostics: [diagnostic(doc, 'total += i', 'n is left out')] }).answer, null);
		const [{ label, edit }] = did.applied;
		assert.equal(label, 'eke: Fix');
		if (documentChanges)
			assert.deepEqual(edit.documentChanges[0].textDocument, { uri: doc.uri, version: 1 });
		assert.equal(apply(doc, documentChanges ? edit.documentChanges[0].edits : edit.changes[doc.uri]), TEXT.replace(LOOP, better));
		assert.match(upstream.counted[0].body.messages[1].content, /Fix what is wrong[^]*In the line `total \+= i;`: n is left out \(cc\)/);
	});
}

test('each of the editing commands; no change is no edit', async (t) => {
	const { upstream, eke, did } = await start(t, { answer: () => `<edit>${LOOP}</edit>` });
	const doc = await eke.open(TEXT);

	for (const [name, words] of [['refactor', /Refactor it/], ['optimize', /Make it faster/], ['document', /Add documentation/], ['fix', /Fix what/]]) {
		assert.equal(await execute(eke, doc, name).answer, null);
		assert.match(upstream.counted.at(-1).body.messages[1].content, words);
		await eke.waitForNotification('window/showMessage', ({ message, type }) => type === 3 && /nothing to change/.test(message));
	}
	assert.deepEqual(did.applied, []);
});

test('without applyEdit new code comes as an answer', async (t) => {
	const { upstream, eke } = await start(t, { capabilities: {}, answer: () => '```c\nnew\n```' });
	const doc = await eke.open(TEXT);

	await execute(eke, doc, 'fix').answer;
	const { message } = await eke.waitForNotification('window/showMessage');
	assert.match(readFileSync(/the answer is in (\S+)/.exec(message)[1], 'utf8'), /```c\nnew\n```/);
	assert.match(upstream.counted[0].body.messages.at(-1).content, /Fix the attached C code/);
});

test('refused when the document changed, or the editor does not apply it', async (t) => {
	const { upstream, eke, did } = await start(t, { answer: () => '<edit>x</edit>' });
	const doc = await eke.open(TEXT);

	upstream.next({ holdEvents: true });
	const call = execute(eke, doc, 'fix');
	const [record] = await upstream.waitForRequests(1);
	await doc.replace(0, 3, 'long');
	await eke.settle();
	await record.push('<edit>y</edit>');
	await record.end();
	await assert.rejects(call.answer, { code: -32801 });
	await eke.waitForNotification('window/showMessage', ({ message, type }) => type === 1 && message.startsWith('eke: Fix: '));
	assert.deepEqual(did.applied, []);
	did.refuse = 'somebody typed';
	await assert.rejects(execute(eke, doc, 'fix').answer, { code: -32801, message: /did not apply the edit: somebody typed/ });
});

/* --- progress and cancelling --- */

const work = (eke, token, kind) => eke.waitForNotification('$/progress', (p) => p.token === token && p.value.kind === kind);

for (const token of ['mine', 7, undefined]) {
	test(`work is told, under ${token === undefined ? 'a token of eke\'s' : `the client's ${token}`}`, async (t) => {
		const { upstream, eke, did } = await start(t);
		const doc = await eke.open(TEXT);

		upstream.next({ holdEvents: true });
		const call = eke.start('workspace/executeCommand', { ...command(doc, 'explain'), ...(token === undefined ? {} : { workDoneToken: token }) });
		const [record] = await upstream.waitForRequests(1);
		const begun = await eke.waitForNotification('$/progress', ({ value }) => value.kind === 'begin');
		assert.deepEqual(begun.value, { kind: 'begin', title: 'eke: Explain', cancellable: true });
		assert.equal(begun.token, token ?? did.tokens[0]);
		assert.equal(did.tokens.length, token === undefined ? 1 : 0);
		await record.push('one\ntwo');
		assert.equal((await work(eke, begun.token, 'report')).value.message, 'line 2');
		await record.end();
		assert.equal(await call.answer, null);
		await work(eke, begun.token, 'end');
	});
}

test('a client that makes no token is left alone', async (t) => {
	for (const capabilities of [{ ...ALL, window: { showDocument: { support: true } } }, ALL]) {
		const { eke, did } = await start(t, { capabilities, answer: () => 'It sums.' });
		const doc = await eke.open(TEXT);

		did.noTokens = true;
		await execute(eke, doc, 'explain').answer;
		assert.deepEqual(eke.takeNotifications('$/progress'), []);
	}
});

for (const name of ['explain', 'fix']) {
	for (const how of ['the request', 'the work']) {
		test(`cancelling ${how}: ${name}`, async (t) => {
			const { upstream, eke, did } = await start(t);
			const doc = await eke.open(TEXT);

			upstream.next({ holdEvents: true });
			const call = execute(eke, doc, name);
			const [record] = await upstream.waitForRequests(1);
			const { token } = await eke.waitForNotification('$/progress', ({ value }) => value.kind === 'begin');
			await record.push('<edit>half');
			await work(eke, token, 'report');
			if (how === 'the request')
				call.cancel();
			else
				eke.notify('window/workDoneProgress/cancel', { token });
			await assert.rejects(call.answer, (e) => e.code === -32800 && e.data.text.endsWith('half'));
			await work(eke, token, 'end');
			await record.closed;
			/* A token that is gone, or was none. */
			for (const gone of [token, 'none', 1, null])
				eke.notify('window/workDoneProgress/cancel', gone === null ? {} : { token: gone });
			eke.audit.problems.shift();
			await eke.settle();
			assert.deepEqual([did.shown, did.applied, eke.takeNotifications('window/showMessage')], [[], [], []]);
		});
	}
}

test('cancelled while the client shows or applies it; the end of the program', async (t) => {
	const { eke } = await start(t, { answer: () => '<edit>x</edit>' });
	const doc = await eke.open(TEXT);

	for (const [name, method] of [['explain', 'window/showDocument'], ['fix', 'workspace/applyEdit']]) {
		const asked = new Promise((resolve) => eke.onRequest(method, () => {
			resolve();
			return new Promise(() => {});
		}));
		const call = execute(eke, doc, name);
		await within(asked, () => `${method} did not come`);
		call.cancel();
		await assert.rejects(call.answer, { code: -32800 });
		const last = execute(eke, doc, name);
		await eke.settle();
		last.answer.catch(() => {});
	}
});

test('may the next endpoint be used?', async (t) => {
	for (const title of ['Use paid', 'Not now']) {
		const [one, two] = [await withUpstream(t, { scenario: '429-daily' }), await withUpstream(t, { answer: () => 'from the other' })];
		const eke = await startServer(t, {
			config: { whenExhausted: 'ask', endpoints: [endpointFor(one, { name: 'free', plan: 'chatanywhere-free' }), endpointFor(two, { name: 'paid' })] },
		});
		eke.onRequest('window/showMessageRequest', () => ({ title }));
		await eke.initialize();
		const doc = await eke.open(TEXT);
		if (title === 'Use paid')
			await execute(eke, doc, 'explain').answer;
		else
			await assert.rejects(execute(eke, doc, 'explain').answer, (e) => e.data.kind === 'budget');
		assert.equal(two.counted.length, title === 'Use paid' ? 1 : 0);
	}
});

/* --- what goes wrong --- */

const failures = [
	['a limit', '429-hourly', 'budget', /./],
	['a refused key', '401-apikey', 'auth', /key/],
	['a model that is not allowed', '403-model', 'forbidden', /model/],
	['a prompt that is too long', '403-tokens', 'promptTooLong', /./],
	['no answer', { stall: 'head' }, 'timeout', /./],
];

for (const [what, scenario, kind, words] of failures) {
	for (const name of ['explain', 'fix']) {
		test(`fails with a reason, in a message, too: ${what}, ${name}`, async (t) => {
			const { upstream, eke } = await start(t, { endpoint: { timeouts: { connect: 10, firstByte: 1, idle: 1 } } });
			const doc = await eke.open(TEXT);

			upstream.setDefault(scenario);
			const error = await execute(eke, doc, name).answer.catch((e) => e);
			assert.equal(error.code, -32803, error.message);
			assert.equal(error.data.kind, kind);
			assert.match(error.message, words);
			const { message, type } = await eke.waitForNotification('window/showMessage');
			assert.deepEqual([message, type], [`eke: ${name === 'fix' ? 'Fix' : 'Explain'}: ${error.message}`, 1]);
		});
	}
}

test('other failures', async (t) => {
	const { upstream, eke } = await start(t);
	const doc = await eke.open(TEXT);
	const secret = await eke.open('KEY=1\n', { uri: eke.uri('.env') });

	for (const [scenario, kind] of [['cut-before-head', 'network'], ['text-200', 'protocol']]) {
		upstream.setDefault(scenario);
		await assert.rejects(execute(eke, doc, 'explain').answer, (e) => e.data.kind === kind);
	}
	upstream.setDefault({ answer: 'I would rather not.' });
	await assert.rejects(execute(eke, doc, 'fix').answer, (e) => e.data.kind === 'upstream');
	const before = upstream.requests.length;
	for (const name of ['explain', 'fix'])
		await assert.rejects(execute(eke, secret, name, 'KEY').answer, (e) => e.data.kind === 'ignored' && /\.env/.test(e.message));
	for (const [params, words] of [
		[{ command: 'eke.command' }, /arguments\[0\]\.name/],
		[{ command: 'eke.command', arguments: [{ name: 'fix', uri: doc.uri }] }, /arguments\[0\]\.range/],
		[command(doc, 'fly'), /unknown command "fly"/],
		[command(doc, 'ask'), /needs a question/],
		[command(doc, 'fix', LOOP, { diagnostics: [{ message: 'x' }] }), /diagnostics\[\]\.range/],
		[{ command: 'eke.command', arguments: [{ name: 'fix', uri: eke.uri('x.c'), range: doc.range(0, 3) }] }, /not open/],
		[{ command: 'eke.command', arguments: [{ name: 'explain', uri: eke.uri('x.c'), range: doc.range(0, 3) }] }, /x\.c/],
	])
		await assert.rejects(eke.request('workspace/executeCommand', params), (e) => e.code === -32602 && words.test(e.message), JSON.stringify(params));
	assert.equal(upstream.requests.length, before);
});

test('a configuration that is wrong is the reason', async (t) => {
	const eke = await startServer(t, { config: { endpoints: [{}] } });

	await eke.initialize({ capabilities: ALL });
	const doc = await eke.open(TEXT);
	for (const name of ['explain', 'fix'])
		await assert.rejects(execute(eke, doc, name).answer, (e) => e.data.kind === 'config' && /baseUrl/.test(e.message));
});

test('an answer that cannot be kept', async (t) => {
	const { eke } = await start(t, { answer: () => 'It sums.' });
	const doc = await eke.open(TEXT);

	mkdirSync(join(eke.home, 'state'), { recursive: true });
	writeFileSync(join(eke.home, 'state/answers'), 'no directory');
	await assert.rejects(execute(eke, doc, 'explain').answer, (e) => e.code === -32603 && /answers/.test(e.message));
});
