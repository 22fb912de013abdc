/*
 * Control sequences and bidirectional controls in what others wrote (a model, a provider, names of models and files, the
 * configuration): no command lets them drive a terminal, and the log has none.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { configFor, makeHome, run, startServer, withUpstream } from './harness.mjs';
import { onTerminal } from './support/terminal.mjs';

/* A title, a colour, the screen cleared in C1, an answerback, a bell, an override, an isolate, a mark. */
const EVIL = 'a\u001b]0;title\u0007b\u001b[31mc\u009b2Jd\u0005e\u0007f\u202eg\u2066h\u200fi';
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** What is left of a terminal's text when its line ends and eke's own styles are taken out. */
const foreign = (text) => text.replaceAll('\r\n', '\n').replace(/\u001b\[[0-9;]*m/g, '');

async function shows(t, home, args, words, { code = 0, env = {} } = {}) {
	for (const more of [{}, { NO_COLOR: '1' }, { TERM: 'dumb' }]) {
		const got = await onTerminal(t, home, args, { env: { ...env, ...more } });

		assert.equal(got.code, code, got.text);
		assert.doesNotMatch(foreign(got.text), CONTROLS, args.join(' '));
		assert.match(got.text, words);
		if (Object.keys(more).length)
			assert.ok(!got.text.includes('\u001b'), got.text);
	}
}

test('an answer, and what the provider says of an error', async (t) => {
	const upstream = await withUpstream(t, { answer: () => EVIL });
	const home = makeHome(t, configFor(upstream));

	await shows(t, home, ['chat', 'hello'], /^a.*i\r\n$/);
	upstream.setDefault({ status: 400, body: { error: { message: `no: ${EVIL}` } } });
	await shows(t, home, ['chat', 'hello'], /test says: no: abcdefghi/, { code: 1 });
	const { stderr } = await run(t, ['chat', 'hello'], { home });
	assert.match(stderr, /test says: no: abcdefghi\n/);
});

test('an answer whose characters come in halves', async (t) => {
	const bytes = Buffer.from(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'x\u009by\u202ez' }, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`);
	const upstream = await withUpstream(t, { scenario: { events: [{ bytes }], splitBytes: 1 } });

	await shows(t, makeHome(t, configFor(upstream)), ['chat', 'hello'], /^x\ufffdy\ufffdz\r\n$/);
});

test('names of models and files, and the configuration', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const home = makeHome(t, configFor(upstream, { name: `n${EVIL}`, models: { chat: EVIL } }));
	const name = `f${EVIL.replaceAll('\u0000', '')}.c`;

	upstream.options.models = [EVIL];
	writeFileSync(join(home, 'work', name), 'int a;\n');
	await shows(t, home, ['models'], /^abcdefghi\t/);
	await shows(t, home, ['status'], /na\ufffd/);
	await shows(t, home, ['config', '--print'], /\\u202e/);
	await shows(t, home, ['status', '--json'], /\\u202e/);
	await shows(t, home, ['chat', '--json', 'hello'], /"text":"Yes\."/);
	await shows(t, home, ['doctor'], /model a\ufffd/);
	await shows(t, home, ['chat', '-f', `none${EVIL}`, 'why?'], /cannot read none/, { code: 1 });
	await shows(t, home, ['complete', `${name}:9:1`], /has 2 lines, not 9/, { code: 1 });
	await shows(t, home, ['complete', EVIL], /is not a position/, { code: 2 });
	await shows(t, home, ['chat', `--${EVIL}`], /unknown option/, { code: 2 });
	await shows(t, home, [EVIL], /unknown command/, { code: 2 });
	await shows(t, home, ['--log-level', EVIL, 'status'], /--log-level must be/, { code: 2 });
	await shows(t, home, ['gateway', `--${EVIL}`], /unknown/, { code: 2 });
	/* A pipe gets the names that the configuration takes. */
	assert.match((await run(t, ['models'], { home })).stdout, new RegExp(EVIL.slice(0, 3).replace('\u001b]', '\u001b\\]')));
	writeFileSync(join(home, 'config.json'), JSON.stringify({ [EVIL]: 1 }));
	await shows(t, home, ['status'], /configuration: /);
	writeFileSync(join(home, 'config.json'), `{ "endpoints": "${EVIL}`);
	await shows(t, home, ['status'], /config\.json/, { code: 1 });
});

test('what git says of a repository that somebody else made', async (t) => {
	const upstream = await withUpstream(t);
	const home = makeHome(t, configFor(upstream));
	const file = join(home, 'log');

	writeFileSync(join(home, 'work/.git'), `gitdir: /none${EVIL.replaceAll('\u0007', '')}\n`);
	for (const args of [['chat', '-c', 'commit'], ['--log-level', 'io', 'chat', '-c', 'commit'], ['--log-level', 'io', '--log-file', file, 'chat', '-c', 'commit']])
		await shows(t, home, args, /the staged changes cannot be read: the command 'git' failed with exit code 128: fatal: not a git repository: .*none/, { code: 1 });
	assert.doesNotMatch(readFileSync(file, 'utf8'), CONTROLS);
});

test('the JSON of --json is the same value', async (t) => {
	const upstream = await withUpstream(t, { answer: () => EVIL });
	const home = makeHome(t, configFor(upstream));
	const { stdout } = await run(t, ['chat', '--json', 'hello'], { home });

	assert.doesNotMatch(stdout, CONTROLS);
	assert.equal(JSON.parse(stdout).text, EVIL);
});

test('the log', async (t) => {
	const upstream = await withUpstream(t, { scenario: { status: 400, body: { error: { message: EVIL } } } });
	const home = makeHome(t, configFor(upstream));
	const file = join(home, 'log');
	const eke = await startServer(t, { home, args: ['--log-level', 'io', '--log-file', file] });

	await eke.initialize();
	await assert.rejects(eke.request('chat/complete', { messages: [{ role: 'user', content: EVIL }] }));
	await eke.stop();
	assert.doesNotMatch(readFileSync(file, 'utf8'), CONTROLS);
});
