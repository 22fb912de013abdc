/*
 * What a user must know besides an answer's text, in every front end: why it broke off, in the provider's own words; that
 * there is none; what a refusal says. And what `eke chat` shows while there is nothing yet.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { configFor, makeHome, run, startProgram, startServer, withUpstream } from './harness.mjs';
import { startAcp } from './support/acp.mjs';
import { EKE, within } from './support/program.mjs';
import { startOnTerminal } from './support/terminal.mjs';

const chunk = (delta, finish_reason = null) => ({ json: { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason }] } });
const DONE = { data: '[DONE]' };
const call = { index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } };

/* A scenario, what there is of text, and what is said of it. */
const ANSWERS = {
	'broken off with an error': [{ base: 'error-after-text', errorPayload: { error: { message: 'engine \u001b[31m7\u001b[0m\nis down', code: 500 } } }, true,
		/^the answer was cut off here: .*test says: engine 7 is down$/],
	'the connection broke': ['eof-midway', true, /^the answer was cut off here: /],
	empty: ['empty-answer', false, /^the model sent no text: /],
	'a tool that nobody offered': [{ events: [chunk({ role: 'assistant', content: null }), chunk({ tool_calls: [call] }), chunk({}, 'tool_calls'), DONE] }, false, /^the model sent no text, only a call of a tool, and eke offers none: /],
	'blanks alone': [{ answer: ' \n\n' }, false, /^the model sent no text: /],
	'thoughts alone': [{ base: 'reasoning-content', reasoningText: 'Hm.', answer: '' }, false, /^the model sent no text, only what it thought: /],
	'thoughts to the limit': [{ base: 'reasoning-content', reasoningText: 'Hm.', answer: '', finish: 'length' }, false, /^the answer reached its maximum length before any text came$/],
	'filtered at once': [{ answer: '', finish: 'content_filter' }, false, /^the provider's content filter stopped the answer$/],
};

for (const [name, [scenario, hasText, words]] of Object.entries(ANSWERS)) {
	test(name, async (t) => {
		const upstream = await withUpstream(t, { scenario });
		const home = makeHome(t, configFor(upstream));
		const failed = !hasText || words.source.includes('cut off') ? 1 : 0;

		const plain = await run(t, ['chat', 'hello'], { home });
		assert.equal(plain.code, failed);
		assert.equal(plain.stdout.trim() !== '', hasText);
		assert.match(plain.stderr.replace(/^eke: /, '').trimEnd(), words);
		const json = await run(t, ['chat', '--json', 'hello'], { home });
		assert.equal(json.code, failed);
		assert.match(JSON.parse(json.stdout).notice, words);

		const editor = await startServer(t, { home });
		await editor.initialize();
		assert.match((await editor.request('chat/send', { prompt: 'hello' })).notice, words);
		assert.match((await editor.request('chat/complete', { messages: [{ role: 'user', content: 'hello' }] })).notice, words);

		const acp = await startAcp(t, { home });
		const id = await acp.session();
		const { stopReason } = await acp.prompt(id, 'hello');
		assert.equal(stopReason, /maximum length/.test(words.source) ? 'max_tokens' : /filter/.test(words.source) ? 'refusal' : 'end_turn');
		const said = acp.text(id).match(/\*\(([^]*)\.\)\*$/)[1];
		assert.match(said[0].toLowerCase() + said.slice(1), words);
	});
}

test('nothing is said of an answer that is whole', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const home = makeHome(t, configFor(upstream));
	const acp = await startAcp(t, { home });
	const id = await acp.session();

	assert.equal((await run(t, ['chat', 'hello'], { home })).stderr, '');
	assert.ok(!('notice' in JSON.parse((await run(t, ['chat', '--json', 'hello'], { home })).stdout)));
	await acp.prompt(id, 'hello');
	assert.equal(acp.text(id), 'Yes.');
});

test('a refusal: the provider\'s words in ACP\'s message and in the status', async (t) => {
	const upstream = await withUpstream(t, { scenario: { status: 400, body: { error: { message: 'Model quux\nis \u001b]0;x\u0007retired.' } } } });
	const home = makeHome(t, configFor(upstream));
	const words = /test says: Model quux is retired$/;
	const acp = await startAcp(t, { home });

	await assert.rejects(acp.prompt(await acp.session(), 'hello'), (err) => words.test(err.message));
	const editor = await startServer(t, { home });
	await editor.initialize();
	const status = editor.waitForNotification('eke/didChangeStatus', ({ message }) => words.test(message));
	await assert.rejects(editor.request('chat/send', { prompt: 'hello' }));
	assert.equal((await status).state, 'error');
});

/* --- while there is nothing yet --- */

test('a sign of life on a terminal, which gives way to the text', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const home = makeHome(t, configFor(upstream));

	for (const [args, env, text] of [[['hello'], {}, 'Yes.\r\n'], [['hello'], { NO_COLOR: '1' }, 'Yes.\r\n'], [['--json', 'hello'], {}, '"text":"Yes."']]) {
		const terminal = startOnTerminal(t, home, ['chat', ...args], { env });

		upstream.next({ stall: 'head' });
		const record = (await upstream.waitForRequests(upstream.counted.length + 1)).at(-1);
		await terminal.shown('waiting for the answer, 1 s');
		await terminal.shown('\rwaiting for the answer, 2 s');
		record.release();
		assert.equal(await terminal.exit(), 0);
		assert.ok(terminal.text.split(/\r +\r/).at(-1).includes(text), terminal.text);
		assert.doesNotMatch(terminal.text.split(/\r +\r/).at(-1), /waiting/);
	}
});

test('where a terminal cannot erase, it is said once', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const terminal = startOnTerminal(t, makeHome(t, configFor(upstream)), ['chat', 'hello'], { env: { TERM: 'dumb' } });

	upstream.next({ stall: 'head' });
	const [record] = await upstream.waitForRequests(1);
	await terminal.shown('waiting for the answer, 1 s\r\n');
	record.release();
	assert.equal(await terminal.exit(), 0);
	assert.equal(terminal.text, 'waiting for the answer, 1 s\r\nYes.\r\n');
});

test('what the model thinks and is not shown is a sign of life', async (t) => {
	const upstream = await withUpstream(t, { scenario: { base: 'reasoning-content', reasoningText: ['Hm.', 'So.'], answer: 'Yes.', stall: 2 } });
	const terminal = startOnTerminal(t, makeHome(t, configFor(upstream)), ['chat', 'hello'], { env: { NO_COLOR: '1' } });
	const [record] = await upstream.waitForRequests(1);

	await terminal.shown('the model is thinking, ');
	record.release();
	assert.equal(await terminal.exit(), 0);
	assert.equal(terminal.text.split(/\r +\r/).at(-1), 'Yes.\r\n');
});

/* --- standard input that is late --- */

test('a pipe of a shell is waited for, however slow it is', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	/* cat's end of the pipe opens when we write: the shell's pipe to eke is there from the beginning. */
	const program = startProgram(t, { home: makeHome(t, configFor(upstream)), args: ['chat', 'Why?'], shell: `cat | "${EKE}" "$@"` });

	await program.stderrHas(/reading standard input until it ends/);
	assert.equal(upstream.counted.length, 0);
	program.child.stdin.end('error: no\n');
	assert.equal(await program.exit(), 0);
	assert.match(upstream.counted[0].body.messages.at(-1).content, /error: no/);
});

test('a socket that nobody writes to is not, and that is said', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const home = makeHome(t, configFor(upstream));
	const late = startProgram(t, { home, args: ['chat', 'Why?'] });

	await late.stderrHas(/waiting for standard input/);
	late.child.stdin.end('error: no\n');
	assert.equal(await late.exit(), 0);
	assert.match(upstream.counted[0].body.messages.at(-1).content, /error: no/);
	const never = startProgram(t, { home, args: ['chat', 'Why?'] });
	await never.stderrHas(/nothing came on standard input: the message goes without it/);
	assert.equal(await within(never.exit(), () => 'it did not end'), 0);
	assert.equal(upstream.counted[1].body.messages.at(-1).content, 'Why?');
});
