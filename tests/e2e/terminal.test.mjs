/*
 * eke chat as people use it: on a terminal, in pipes, with commands and files, and as a conversation that goes on.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { configFor, endpointFor, makeHome, run, startProgram, startServer, withUpstream } from './harness.mjs';
import { onTerminal, startOnTerminal } from './support/terminal.mjs';

const prompts = (upstream) => upstream.counted.map(({ body }) => body.messages.filter(({ role }) => role !== 'system'));
const lastPrompt = (upstream) => prompts(upstream).at(-1);
const question = (upstream) => lastPrompt(upstream).at(-1).content;
const git = (home, ...args) => execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: join(home, 'work'), stdio: 'pipe' });

/* --- the seed's sample, and what it fails on: each delta as it comes, the answer whole, or an error with a reason --- */

const SEED = [
	['choices-empty', 0, /^Hello, wörld: 你好 😀!\nA /, /^$/],
	['choices-empty-azure', 0, /^Hello, wörld/, /^$/],
	['choices-missing', 0, /^Hello, world\.\n$/, /^$/],
	['finish-length', 0, /^Hello/, /reached its maximum length/],
	['delta-unknown-keys', 0, /^Hello, wörld: 你好 😀!\nA /, /^$/],
	['reasoning-content', 0, /^Hello, wörld: 你好 😀!\nA /, /^$/],
	['tool-calls', 0, /^One moment\.\n$/, /^$/],
	['content-null', 0, /^Hello, wörld: 你好 😀!\nA /, /^$/],
	['role-every', 0, /^Hello, wörld: 你好 😀!\nA /, /^$/],
	['eof-midway', 1, /^Hello, world\n$/, /the answer was cut off here/],
	['empty-answer', 1, /^$/, /^eke: the model sent no text: /],
];

for (const [scenario, code, out, err] of SEED) {
	test(`what the seed's sample fails on: ${scenario}`, async (t) => {
		const upstream = await withUpstream(t, { scenario });
		const home = makeHome(t, configFor(upstream));
		const got = await run(t, ['chat', 'hello'], { home });

		assert.equal(got.code, code, got.stderr);
		assert.match(got.stdout, out);
		assert.match(got.stderr, err);
		if (scenario === 'empty-answer')
			return;
		/* The answer was appended: the next question brings it, truncated or not. */
		upstream.setDefault('plain');
		assert.equal((await run(t, ['chat', '--continue', 'and then?'], { home })).code, 0);
		assert.deepEqual(lastPrompt(upstream), [
			{ role: 'user', content: 'hello' }, { role: 'assistant', content: got.stdout.trimEnd() }, { role: 'user', content: 'and then?' },
		]);
	});
}

test('deltas as they come', async (t) => {
	const upstream = await withUpstream(t);
	const program = startProgram(t, { home: makeHome(t, configFor(upstream)), args: ['chat', 'hello'] });
	let stdout = '';
	let wake = () => {};

	upstream.next({ holdEvents: true });
	program.child.stdin.end();
	program.child.stdout.setEncoding('utf8').on('data', (data) => {
		stdout += data;
		wake();
	});
	const [record] = await upstream.waitForRequests(1);
	for (const [piece, whole] of [['**One', '**One'], [' two**', '**One two**'], ['\n```', '**One two**\n```']]) {
		await record.push(piece);
		while (stdout !== whole)
			await new Promise((resolve) => (wake = resolve));
	}
	await record.end();
	assert.equal(await program.exit(), 0);
	assert.equal(stdout, '**One two**\n```\n');
});

/* --- on a terminal --- */

const MARKDOWN = '# Sum\n\nUse **bold** and `code`:\n\n```c\nint a;\n```\n\n- one two three four five six seven\n';

test('Markdown is made readable on a terminal, and left alone elsewhere', async (t) => {
	const upstream = await withUpstream(t, { answer: () => MARKDOWN });
	const home = makeHome(t, configFor(upstream));

	assert.equal((await run(t, ['chat', 'hello'], { home })).stdout, MARKDOWN);
	for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }])
		assert.equal((await onTerminal(t, home, ['chat', 'hello'], { env })).text, MARKDOWN.replaceAll('\n', '\r\n'));
	const { code, text } = await onTerminal(t, home, ['chat', 'hello'], { columns: 24 });
	assert.equal(code, 0);
	assert.deepEqual(text.split('\r\n'), [
		'\u001b[0;1;4mSum\u001b[0m', '', 'Use \u001b[0;1mbold\u001b[0m and \u001b[0;36mcode\u001b[0m:', '', '    \u001b[0;2mc\u001b[0m', '    int a;', '',
		'• one two three four', '  five six seven', '',
	]);
	/* NO_COLOR that is empty is not set. */
	assert.match((await onTerminal(t, home, ['chat', 'hello'], { env: { NO_COLOR: '' } })).text, /\u001b\[0;1mbold/);
});

test('tables, headings below which a line is, quotes in lists: at several widths', async (t) => {
	const answer = 'Sum\n===\n\n| a | 你好 |\n|---|---:|\n| one two three four five | 😀 |\n\n- x &amp; y\n  > one two three four five six seven\n';
	const upstream = await withUpstream(t, { answer: () => answer });
	const home = makeHome(t, configFor(upstream));
	/* What a terminal shows: an erased row is gone. */
	const screen = async (columns) => (await onTerminal(t, home, ['chat', 'hello'], { columns })).text.replace(/[^\n]*\r\n\u001b\[A\u001b\[2K/, '')
		.replace(/\u001b\[[\d;]*m/g, '').split('\r\n').map((line) => line.trimEnd());

	assert.deepEqual(await screen(80), ['Sum', '', 'a                       │ 你好', '────────────────────────┼─────', 'one two three four five │   😀', '',
		'• x & y', '  │ one two three four five six seven', '']);
	assert.deepEqual(await screen(24), ['Sum', '', 'a                 │ 你好', '──────────────────┼─────', 'one two three     │   😀', 'four five         │', '',
		'• x & y', '  │ one two three four', '  │ five six seven', '']);
	assert.equal((await run(t, ['chat', 'hello'], { home })).stdout, answer);
});

test('half a mark is not shown', async (t) => {
	const upstream = await withUpstream(t);
	const terminal = startOnTerminal(t, makeHome(t, configFor(upstream)), ['chat', 'hello']);

	upstream.next({ holdEvents: true });
	const [record] = await upstream.waitForRequests(1);
	await record.push('plain words **bo');
	await terminal.shown('plain words');
	assert.doesNotMatch(terminal.text, /\*/);
	await record.push('ld** and');
	await terminal.shown('\u001b[0;1mbold');
	await record.push(' `open');
	await record.end();
	assert.equal(await terminal.exit(), 0);
	assert.equal(terminal.text, 'plain words \u001b[0;1mbold\u001b[0m and `open\r\n');
});

test('what the model thinks is faint on a terminal, and nowhere else', async (t) => {
	const upstream = await withUpstream(t, { scenario: { base: 'reasoning-content', reasoningText: 'Let me see.', answer: 'Yes.' } });
	const home = makeHome(t, configFor(upstream));

	assert.equal((await run(t, ['chat', 'hello'], { home })).stdout, 'Yes.\n');
	assert.equal((await onTerminal(t, home, ['chat', 'hello'])).text, '\u001b[0;2mLet me see.\u001b[0m\r\n\r\nYes.\r\n');
	assert.equal((await onTerminal(t, home, ['chat', 'hello'], { env: { NO_COLOR: '1' } })).text, 'Yes.\r\n');
});

test('what is left of the plan, at the end, on a terminal', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const home = makeHome(t, configFor(upstream, { name: 'free', plan: 'chatanywhere-free' }));

	assert.match((await onTerminal(t, home, ['chat', 'hello'])).text, /^Yes\.\r\neke: free: 59 of 60 left, the next resets (at|on \w+ at) \d\d:\d\d\r\n$/);
	assert.equal((await run(t, ['chat', 'hello'], { home })).stderr, '');
});

test('Ctrl-C keeps the partial answer', async (t) => {
	const upstream = await withUpstream(t);
	const home = makeHome(t, configFor(upstream));
	const terminal = startOnTerminal(t, home, ['chat', 'hello']);

	upstream.next({ holdEvents: true });
	const [record] = await upstream.waitForRequests(1);
	await record.push('half an **answ');
	await terminal.shown('half an');
	terminal.type('\u0003');
	assert.equal(await terminal.exit(), 130);
	assert.match(terminal.text, /half an \*\*answ\r\neke: interrupted\r\n$/);
	await record.closed;
	/* It stays in the conversation. */
	upstream.setDefault({ answer: 'more' });
	assert.equal((await run(t, ['chat', '--continue', 'go on'], { home })).code, 0);
	assert.deepEqual(lastPrompt(upstream).map(({ content }) => content), ['hello', 'half an **answ', 'go on']);
});

for (const [reply, code] of [['y\r', 0], ['\r', 3]]) {
	test(`may the next endpoint be used? ${JSON.stringify(reply)}`, async (t) => {
		const [one, two] = [await withUpstream(t, { scenario: '429-daily' }), await withUpstream(t, { answer: () => 'from the other' })];
		const home = makeHome(t, { whenExhausted: 'ask', endpoints: [endpointFor(one, { name: 'free', plan: 'chatanywhere-free' }), endpointFor(two, { name: 'paid' })] });
		const terminal = startOnTerminal(t, home, ['chat', 'hello']);

		await terminal.shown('Use paid instead? [y/N] ');
		terminal.type(reply);
		assert.equal(await terminal.exit(), code);
		assert.equal(terminal.text.includes('from the other'), code === 0, terminal.text);
		assert.equal(two.counted.length, code ? 0 : 1);
	});
}

/* --- words, standard input, files --- */

test('standard input: the question, or what goes with it', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const home = makeHome(t, configFor(upstream));
	const ask = async (args, input) => {
		const { code, stderr } = await run(t, ['chat', ...args], { home, input });
		assert.deepEqual([code, stderr], [0, '']);
		return question(upstream);
	};

	assert.equal(await ask([], 'What is this?\n'), 'What is this?\n');
	assert.match(await ask(['Why', 'this?'], 'error: no\n'), /Standard input:?\n```\nerror: no\n```\n\nWhy this\?$/);
	assert.equal(await ask(['Why?'], ' \n'), 'Why?');
	assert.match(await ask(['-c', 'explain'], 'int a;\n'), /Standard input:?\n```\nint a;\n```\n\nExplain the attached/);
	assert.match(await ask(['-c', 'ask'], 'What is C?\n'), /\n\nWhat is C\?\n$/);
	assert.match(await ask(['-c', 'write', '-m', 'x'], 'a loop'), /\n\na loop$/);
	assert.equal(upstream.counted.at(-1).body.model, 'x');
});

test('-c: commands, the user\'s own, and what is wrong', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const home = makeHome(t, configFor(upstream, {}, { chat: { commands: { rhyme: 'Make a rhyme of {input} in {language}.' } } }));

	writeFileSync(join(home, 'work', 'a.c'), 'int a;\n');
	assert.equal((await run(t, ['chat', '-c', 'fix', '-f', 'a.c', 'the types'], { home })).code, 0);
	assert.match(question(upstream), /File a\.c[^]*1 \| int a;[^]*Fix the attached C code[^]*the types$/);
	assert.equal((await run(t, ['chat', '--command=rhyme', '--file=a.c', 'moon'], { home })).code, 0);
	assert.match(question(upstream), /Make a rhyme of moon in C\.$/);
	for (const [args, words] of [[['-c', 'fly', 'x'], /unknown command "fly"; the commands are explain/], [['-c', 'explain'], /select some code, or attach a file/]]) {
		const { code, stdout, stderr } = await run(t, ['chat', ...args], { home });
		assert.deepEqual([code, stdout], [1, '']);
		assert.match(stderr, words);
	}
	assert.equal(upstream.counted.length, 2);
});

test('files: the rules of the repository hold, above the working directory, too', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const home = makeHome(t, configFor(upstream));

	git(home, 'init', '-q');
	mkdirSync(join(home, 'work', 'sub'));
	for (const [name, text] of [['.gitignore', '*.log\n'], ['a.log', 'x'], ['sub/b.log', 'x'], ['.env', 'KEY=1'], ['sub/c.c', 'int c;\n']])
		writeFileSync(join(home, 'work', name), text);
	for (const [name, words] of [['a.log', /\*\.log/], ['sub/b.log', /\*\.log/], ['.env', /\.env/], ['none', /none/], ['sub', /sub/]]) {
		const { code, stdout, stderr } = await run(t, ['chat', '-f', name, 'Why?'], { home });
		assert.deepEqual([code, stdout], [1, ''], name);
		assert.match(stderr, words);
	}
	assert.equal(upstream.counted.length, 0);
	assert.equal((await run(t, ['chat', '-f', 'sub/c.c', 'Why?'], { home })).code, 0);
	assert.match(question(upstream), /File sub\/c\.c:?\n```c\n1 \| int c;/);
	/* @file in the question does the same. */
	assert.equal((await run(t, ['chat', 'Why @sub/c.c?'], { home })).code, 0);
	assert.match(question(upstream), /File sub\/c\.c/);
	assert.equal((await run(t, ['chat', 'Why @.env?'], { home })).code, 1);
});

test('-c commit: a message for what is staged, and nothing else', async (t) => {
	const upstream = await withUpstream(t, { answer: () => '```\nfeat(sum): add **b**\n\n- why\n```\n' });
	const home = makeHome(t, configFor(upstream));

	const none = await run(t, ['chat', '-c', 'commit'], { home });
	assert.deepEqual([none.code, none.stdout], [1, '']);
	git(home, 'init', '-q');
	writeFileSync(join(home, 'work', 'a.c'), 'int a;\n');
	const nothing = await run(t, ['chat', '-c', 'commit'], { home });
	assert.equal(nothing.code, 1);
	assert.match(nothing.stderr, /staged/);
	git(home, 'add', 'a.c');
	assert.deepEqual((({ code, stdout, stderr }) => [code, stdout, stderr])(await run(t, ['chat', '-c', 'commit'], { home, input: 'not this' })),
		[0, 'feat(sum): add **b**\n\n- why\n', '']);
	assert.match(question(upstream), /\+int a;/);
	assert.doesNotMatch(question(upstream), /not this/);
	/* On a terminal as it is, too. */
	upstream.setDefault({ answer: 'fix: **x**\n' });
	assert.equal((await onTerminal(t, home, ['chat', '-c', 'commit'])).text, 'fix: **x**\r\n');
	assert.equal(upstream.counted.length, 2);
});

/* --- a conversation that goes on --- */

test('--continue: the last chat of this directory, else the last', async (t) => {
	const upstream = await withUpstream(t, { answer: ({ body }) => `re: ${body.messages.at(-1).content}` });
	const home = makeHome(t, configFor(upstream));
	const ask = async (args) => {
		const { code, stderr } = await run(t, ['chat', ...args], { home });
		assert.equal(code, 0, stderr);
		return lastPrompt(upstream).map(({ content }) => content);
	};
	const nothing = await run(t, ['chat', '--continue', 'x'], { home });

	assert.deepEqual([nothing.code, nothing.stdout], [1, '']);
	assert.match(nothing.stderr, /no chat to continue/);
	/* One that an editor has in another folder. */
	const editor = await startServer(t, { home });
	await editor.initialize({ workspaceFolders: [{ uri: 'file:///elsewhere', name: 'x' }] });
	await editor.request('chat/send', { prompt: 'elsewhere' });
	assert.deepEqual(await ask(['--continue', 'a']), ['elsewhere', 're: elsewhere', 'a']);
	assert.deepEqual(await ask(['b']), ['b']);
	await editor.request('chat/send', { prompt: 'elsewhere again' });
	assert.deepEqual(await ask(['--continue', 'c']), ['b', 're: b', 'c']);
	assert.deepEqual(await ask(['--continue', 'd']), ['b', 're: b', 'c', 're: c', 'd']);
	/* And the editor sees them. */
	const { chats } = await editor.request('chat/list', {});
	assert.deepEqual(chats.map(({ turns }) => turns), [6, 2, 4]);
});

test('--json names the chat and the turn', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const home = makeHome(t, configFor(upstream));
	const { chatId, turnId, text } = JSON.parse((await run(t, ['chat', '--json', 'hello'], { home })).stdout);
	const editor = await startServer(t, { home });

	await editor.initialize();
	const { turns } = await editor.request('chat/get', { chatId });
	assert.equal(turns.find((turn) => turn.turnId === turnId).text, text);
});

test('privacy.history: false keeps nothing', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const home = makeHome(t, configFor(upstream, {}, { privacy: { history: false } }));
	const { code, stdout } = await run(t, ['chat', '--json', 'hello'], { home });

	assert.equal(code, 0);
	assert.deepEqual(Object.keys(JSON.parse(stdout)).filter((name) => name.endsWith('Id')), []);
	assert.ok(!existsSync(join(home, 'state', 'chats.db')));
	const { stderr } = await run(t, ['chat', '--continue', 'x'], { home });
	assert.match(stderr, /privacy\.history is false/);
});
