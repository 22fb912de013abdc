/*
 * The commands of the terminal: what they print, where, and their exit codes.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import Ajv from 'ajv';

import { loadConfigSchema } from '../../protocol/model.mjs';
import { knowsModel } from '../upstream/models.mjs';
import { configFor, endpointFor, makeHome, run, startProgram, withUpstream } from './harness.mjs';
import { EKE, within } from './support/program.mjs';
import { onTerminal } from './support/terminal.mjs';

const KEY = 'sk-test-0123456789abcdef';

/* --- what every command has --- */

test('--version and --help', async (t) => {
	for (const args of [['--version'], ['-V']])
		assert.match((await run(t, args)).stdout, /^eke \d+\.\d+\.\d+\n$/);
	for (const args of [['--help'], ['-h'], ['help']]) {
		const { code, stdout, stderr } = await run(t, args);
		assert.deepEqual([code, stderr], [0, '']);
		for (const word of ['serve', 'chat', 'complete', 'models', 'doctor', 'config', '--log-level'])
			assert.ok(stdout.includes(word), word);
		assert.ok(stdout.split('\n').every((line) => line.length <= 80));
	}
});

test('--help of each command', async (t) => {
	const all = (await run(t, ['--help'])).stdout;
	const commands = [...all.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);

	assert.deepEqual(commands, ['serve', 'acp', 'chat', 'complete', 'gateway', 'models', 'status', 'doctor', 'config']);
	for (const command of commands) {
		const help = await run(t, [command, '--help']);

		assert.deepEqual([help.code, help.stderr], [0, ''], command);
		assert.match(help.stdout, new RegExp(`^Usage: eke ${command} [^\n]+\n\n[A-Z]`));
		assert.match(help.stdout, /--log-level LEVEL/);
		assert.deepEqual(help.stdout.split('\n').filter((line) => line.length > 80), []);
		for (const args of [[command, '-h'], ['help', command], ['--help', command], [command, '--help', '--config', 'x'], [command, 'x', '--help']])
			assert.deepEqual((({ code, stdout }) => [code, stdout])(await run(t, args)), [0, help.stdout], args.join(' '));
		/* Whoever misuses it is sent there. */
		assert.match((await run(t, [command, '--fly'])).stderr, new RegExp(`see 'eke ${command} --help'\n$`));
	}
	assert.match((await run(t, ['chat', '--help'])).stdout, /-c, --command NAME.*explain.*commit.*-f, --file FILE.*--continue/s);
	assert.equal((await run(t, ['help', 'fly'])).code, 2);
});

const misused = [
	['fly'], ['--fly'], ['serve', 'x'], ['--config'], ['--log-level'], ['--log-level', 'loud'], ['--log-file', '/nonexistent/x', '--version'],
	['config'], ['config', '--fly'], ['config', '--path', '--print'], ['chat', '--fly'], ['chat', '-f'], ['chat', '-m'], ['complete'],
	['complete', 'file'], ['complete', 'file:1'], ['complete', 'file:0:1'], ['complete', 'file:1:x'], ['complete', ':1:1'],
	['complete', 'a:1:1', 'b:1:1'], ['models', 'x'], ['doctor', 'x'],
];

test('wrong usage: exit code 2, a sentence, and nothing on standard output', async (t) => {
	for (const args of misused) {
		await t.test(args.join(' '), async (t2) => {
			const { code, stdout, stderr } = await run(t2, args);
			assert.deepEqual([code, stdout], [2, '']);
			assert.match(stderr, /^eke[^\n]{10,}\n$/);
		});
	}
});

test('options before and behind the command, and with =', async (t) => {
	const home = makeHome(t, '{}');
	const path = join(home, 'other.json');

	for (const args of [['--config', path, 'config', '--path'], ['config', '--path', '--config', path], [`--config=${path}`, 'config', '--path']])
		assert.equal((await run(t, args, { home })).stdout, `${path}\n`);
});

/* --- without standard descriptors --- */

const SESSION = [
	{ jsonrpc: '2.0', id: 1, method: 'initialize', params: { processId: null, capabilities: {} } },
	{ jsonrpc: '2.0', id: 2, method: 'shutdown' },
	{ jsonrpc: '2.0', method: 'exit' },
].map((message) => `${JSON.stringify(message)}\n`).join('');

/* As a shell starts it: Node gives a child its three descriptors always. */
async function runRedirected(home, args, redirection, input = '') {
	const env = { PATH: process.env.PATH, HOME: home, EKE_CONFIG: join(home, 'config.json'), EKE_STATE_DIR: join(home, 'state'), EKE_LOCAL_SERVERS: '' };
	const child = spawn('sh', ['-c', `exec "$0" "$@" ${redirection}`, EKE, ...args], { env, cwd: join(home, 'work') });
	const got = { stdout: '', stderr: '' };

	for (const name of ['stdout', 'stderr'])
		child[name].setEncoding('utf8').on('data', (data) => (got[name] += data));
	child.stdin.on('error', () => {}).end(input);
	const [code, signal] = await within(once(child, 'close'), () => `${args} ${redirection} did not end`);

	return { code: signal ?? code, ...got };
}

test('started without a standard descriptor, nothing else takes its place', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'first' });
	const home = makeHome(t, configFor(upstream));

	assert.deepEqual(await runRedirected(home, ['serve'], '<&-'), { code: 1, stdout: '', stderr: '' });
	const deaf = await runRedirected(home, ['serve'], '>&-', SESSION);
	assert.equal(deaf.code, 1);
	assert.match(deaf.stderr, /^[^\n]* warn: standard output cannot be used: [^\n]*\n$/);
	const silent = await runRedirected(home, ['serve'], '2>&-', SESSION);
	assert.equal(silent.code, 0);
	assert.match(silent.stdout, /"id":2,"result":null/);
	assert.equal((await runRedirected(home, ['serve'], '<&- >&- 2>&-')).code, 1);

	assert.deepEqual(await runRedirected(home, ['chat', 'hello'], '<&- 2>&-'), { code: 0, stdout: 'first\n', stderr: '' });
	const { code, stderr } = await runRedirected(home, ['chat', 'hello'], '>&-');
	assert.equal(code, 1);
	assert.match(stderr, /^eke: the output could not be written completely/);
	for (const args of [['config', '--schema'], ['--version']])
		assert.equal((await runRedirected(home, args, '>/dev/full')).code, 1, args[0]);
	/* A reader that had enough: no message. */
	assert.deepEqual(await runRedirected(home, ['chat', 'hello'], '>/dev/full'), { code: 1, stdout: '', stderr });
	const early = startProgram(t, { home, args: ['chat', 'hello'] });
	early.child.stdin.end();
	early.child.stdout.destroy();
	assert.equal(await early.exit(), 1);
	assert.equal(early.stderr, '');
	for (const request of upstream.counted)
		assert.equal(request.body.messages.at(-1).content, 'hello');
});

/* --- config --- */

test('config --path', async (t) => {
	const home = makeHome(t);
	const path = async (env) => (await run(t, ['config', '--path'], { home, env })).stdout.trim();

	assert.equal(await path(), join(home, 'config.json'));
	assert.equal(await path({ EKE_CONFIG: undefined }), join(home, '.config/eke/config.json'));
	assert.equal(await path({ EKE_CONFIG: undefined, XDG_CONFIG_HOME: '/xdg' }), '/xdg/eke/config.json');
});

test('config --schema is the one in protocol/', async (t) => {
	const { code, stdout } = await run(t, ['config', '--schema']);

	assert.equal(code, 0);
	assert.deepEqual(JSON.parse(stdout), loadConfigSchema());
});

test('config --print: what is in force, without keys, and valid itself', async (t) => {
	const validate = new Ajv({ strictTypes: false, allowUnionTypes: true }).compile(loadConfigSchema());
	const secrets = ['sk-literal-key-1', 'hunter2', 'header-secret', 'argument-secret'];
	const full = {
		endpoints: [
			{ name: 'literal', baseUrl: 'localhost:1', key: secrets[0], proxy: `http://me:${secrets[1]}@localhost:3128`, headers: { 'X-Key': secrets[2] } },
			{ name: 'command', baseUrl: 'https://service.example', key: { command: ['pass', secrets[3]] }, models: { chat: 'a' }, plan: 'mine' },
			{ name: 'file', baseUrl: 'https://service.example', key: { file: '~/key' }, completionApi: 'mistral-fim' },
		],
		plans: { mine: { windows: [{ scope: 'key', models: ['a*', 'b'], limit: 5, period: '2h' }], maxPromptTokens: 99 } },
		whenExhausted: 'auto',
		completion: { trigger: 'manual', debounceMs: 5, languages: { '*': false, c: true } },
		chat: { system: 'Be "brief".\n', temperature: 0.5, maxTokens: 10, language: 'de', contextTokens: 512, commands: { shorten: 'Make it short:\n{selection}' } },
		privacy: { ignore: ['*.pem', '{[",]}'], history: false },
		log: { level: 'debug' },
	};

	for (const config of [full, {}, '', { endpoints: [{ baseUrl: 'localhost' }] }]) {
		const { code, stdout } = await run(t, ['config', '--print'], { config });
		const printed = JSON.parse(stdout);
		assert.equal(code, 0);
		assert.ok(validate(printed), JSON.stringify(validate.errors));
		for (const secret of secrets)
			assert.ok(!stdout.includes(secret), secret);
		if (config !== full)
			continue;
		assert.deepEqual([printed.chat, printed.privacy, printed.log, printed.whenExhausted], [full.chat, full.privacy, full.log, 'auto']);
		assert.deepEqual(printed.completion.languages, full.completion.languages);
		assert.deepEqual(printed.endpoints.map(({ name }) => name), ['literal', 'command', 'file']);
		assert.equal(printed.plans.mine.windows[0].limit, 5);
	}
});

test('a configuration that is wrong: file, line and field on standard error', async (t) => {
	for (const args of [['config', '--print'], ['chat', 'hello'], ['models'], ['complete', 'x:1:1']]) {
		const { code, stdout, stderr, home } = await run(t, args, { config: '{\n"log": {\n"level": "loud"}}' });
		assert.deepEqual([code, stdout], [1, '']);
		assert.ok(stderr.startsWith(`eke: ${home}/config.json:3: log.level must be one of`), stderr);
	}
});

/* --- doctor --- */

test('doctor: all is well', async (t) => {
	const upstream = await withUpstream(t, { key: KEY, models: ['chatty', 'coder'] });
	const { code, stdout } = await run(t, ['doctor'], { config: configFor(upstream, { key: { env: 'THE_KEY' } }), env: { THE_KEY: KEY } });

	assert.equal(code, 0, stdout);
	assert.doesNotMatch(stdout, /^BAD/m);
	for (const part of ['config.json', `a key of ${KEY.length} characters`, 'plan unlimited', 'offers 2 models', 'the model chatty is there', upstream.url])
		assert.ok(stdout.includes(part), `${part} in ${stdout}`);
	assert.doesNotMatch(stdout, new RegExp(KEY));
	assert.equal(upstream.counted.length, 0);
});

const illnesses = [
	['no configuration', () => undefined, /no endpoint/],
	['a wrong one', () => '{"endpoints": [{}]}', /config\.json:1: endpoints\[0\]\.baseUrl is missing/],
	['no key', (upstream) => configFor(upstream, { key: { env: 'NOT_SET' } }), /NOT_SET/],
	['a key that is refused', (upstream) => configFor(upstream, { key: KEY.replace('test', 'nope') }), /key was refused/],
	['nobody there', () => ({ endpoints: [{ baseUrl: 'localhost:1' }] }), /could not be reached/],
	['no API there', (upstream) => configFor(upstream, { baseUrl: `${upstream.url}/v1/what` }), /note .*no list of models/],
];

for (const [name, make, expected] of illnesses) {
	test(`doctor: ${name}`, async (t) => {
		const upstream = await withUpstream(t, { key: name === 'no API there' ? undefined : KEY });
		const { code, stdout, stderr } = await run(t, ['doctor'], { config: make(upstream) });

		assert.match(stdout, expected);
		assert.equal(code, /^BAD/m.test(stdout) ? 1 : 0);
		assert.equal(code, name === 'no API there' ? 0 : 1, stdout + stderr);
		assert.equal(upstream.counted.length, 0);
	});
}

test('doctor: proxies, without their passwords', async (t) => {
	const { stdout } = await run(t, ['doctor'], { config: '{}', env: { https_proxy: 'http://me:hunter2@proxy.example:3128' } });

	assert.match(stdout, /https_proxy is set.*proxy\.example:3128/);
	assert.doesNotMatch(stdout, /hunter2/);
});

/* --- models --- */

test('models', async (t) => {
	const [one, two] = [await withUpstream(t, { models: ['a', 'b'] }), await withUpstream(t, { models: ['c'] })];
	const endpoints = [endpointFor(one, { name: 'one' }), endpointFor(two, { name: 'two' })];
	const good = await run(t, ['models'], { config: { endpoints } });

	assert.deepEqual([good.code, good.stdout], [0, 'a\tone\nb\tone\nc\ttwo\n']);
	const half = await run(t, ['models'], { config: { endpoints: [{ name: 'gone', baseUrl: 'localhost:1' }, endpoints[1]] } });
	assert.deepEqual([half.code, half.stdout], [1, 'c\ttwo\n']);
	assert.match(half.stderr, /could not be reached/);
	const none = await run(t, ['models'], { config: '{}' });
	assert.deepEqual([none.code, none.stdout], [1, '']);
});

/* --- chat --- */

const lastMessage = (upstream) => upstream.counted.at(-1).body.messages.at(-1).content;

test('chat: the question as words, or on standard input', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'An answer\nof two lines' });
	const config = configFor(upstream);

	for (const [args, input, question] of [
		[['What', 'is', '"this"?'], '', 'What is "this"?'],
		[[], 'What is\nthis 😀?\n', 'What is\nthis 😀?\n'],
		[['--', '-f', '--json'], '', '-f --json'],
		[['-m', 'other', 'hello'], '', 'hello'],
	]) {
		const { code, stdout, stderr } = await run(t, ['chat', ...args], { config, input });
		assert.deepEqual([code, stdout, stderr], [0, 'An answer\nof two lines\n', '']);
		assert.equal(lastMessage(upstream), question);
	}
	assert.deepEqual(upstream.counted.map(({ body }) => body.model), ['chatty', 'chatty', 'chatty', 'other']);
});

test('chat: the system prompt, and files', async (t) => {
	const upstream = await withUpstream(t);
	const home = makeHome(t, configFor(upstream, {}, { chat: { system: 'Be brief.' } }));

	writeFileSync(join(home, 'work', 'a.c'), 'int a;');
	writeFileSync(join(home, 'work', 'b.md'), '```js\nx\n```\n');
	assert.equal((await run(t, ['chat', '-f', 'a.c', '-f', 'b.md', 'Why?'], { home })).code, 0);
	assert.deepEqual(upstream.counted[0].body.messages[0], { role: 'system', content: 'Be brief.' });
	const sent = upstream.counted[0].body.messages.map(({ content }) => content).join('\n\n');
	assert.match(sent, /a\.c:?\n```c\n1 \| int a;\n```/);
	assert.match(sent, /b\.md:?\n````markdown\n1 \| ```js\n2 \| x\n3 \| ```\n````/);
	assert.match(lastMessage(upstream), /\n\nWhy\?$/);
});

test('chat: files that are not sent', async (t) => {
	const upstream = await withUpstream(t);
	const home = makeHome(t, configFor(upstream));

	writeFileSync(join(home, 'work', '.env'), 'SECRET=1');
	writeFileSync(join(home, 'work', 'large.c'), 'x'.repeat(9 * 1024 * 1024));
	mkdirSync(join(home, 'work', 'folder'));
	for (const name of ['.env', 'large.c', 'folder', 'none.c']) {
		const { code, stdout, stderr } = await run(t, ['chat', '-f', name, 'Why?'], { home });
		assert.deepEqual([code, stdout], [1, ''], name);
		assert.ok(stderr.includes(name), stderr);
	}
	assert.equal(upstream.requests.length, 0);
});

test('chat: no message', async (t) => {
	const { code, stderr } = await run(t, ['chat'], { config: '{}', input: ' \n' });

	assert.equal(code, 1);
	assert.match(stderr, /no message/);
});

test('chat --json', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'An "answer"\n\u001b[31mred' });
	const { code, stdout } = await run(t, ['chat', '--json', 'hello'], { config: configFor(upstream) });
	const { text, finishReason, model, endpoint, usage, budget } = JSON.parse(stdout);

	assert.equal(code, 0);
	assert.equal(stdout.trimEnd().split('\n').length, 1);
	assert.deepEqual([text, finishReason, model, endpoint], ['An "answer"\n\u001b[31mred', 'stop', 'chatty', 'test']);
	assert.equal(usage.totalTokens, usage.promptTokens + usage.completionTokens);
	assert.equal(budget.state, 'unlimited');
});

const outcomes = [
	['plain', 0, /Hello, wörld/, /^$/],
	['reasoning-content', 0, /^Hello, wörld/, /^$/],
	['finish-length', 0, /Hello/, /maximum length/],
	['finish-filter', 0, /Hello/, /filter/],
	['eof-midway', 1, /^Hello, world\n$/, /was cut off/],
	['401-apikey', 1, /^$/, /API key was refused/],
	['400-arguments', 1, /^$/, /test says: /],
	['429-daily', 3, /^$/, /day/],
	['403-tokens', 1, /^$/, /longer/],
];

for (const [scenario, expected, out, err] of outcomes) {
	test(`chat: exit code ${expected} for ${scenario}`, async (t) => {
		const upstream = await withUpstream(t, { scenario });
		const { code, stdout, stderr } = await run(t, ['chat', 'hello'], { config: configFor(upstream) });

		assert.equal(code, expected, stderr);
		assert.match(stdout, out);
		assert.match(stderr, err);
	});
}

test('chat: a service that is not there, and none at all', async (t) => {
	for (const [config, expected] of [[{ endpoints: [{ baseUrl: 'localhost:1' }] }, /could not be reached/], ['{}', /no endpoint/]]) {
		const { code, stdout, stderr } = await run(t, ['chat', 'hello'], { config });
		assert.deepEqual([code, stdout], [1, '']);
		assert.match(stderr, expected);
	}
});

test('chat: streams, and ends with what there is when interrupted', async (t) => {
	const upstream = await withUpstream(t, { scenario: { holdEvents: true } });
	const program = startProgram(t, { config: configFor(upstream), args: ['chat', 'hello'] });
	program.child.stdin.end();
	const [record] = await upstream.waitForRequests(1);
	let stdout = '';

	program.child.stdout.setEncoding('utf8');
	await record.push('first');
	stdout += (await within(once(program.child.stdout, 'data'), () => 'nothing was printed'))[0];
	assert.equal(stdout, 'first');
	program.child.stdout.on('data', (data) => (stdout += data));
	program.kill('SIGINT');
	assert.equal(await program.exit(), 130);
	assert.equal(stdout, 'first\n');
	await record.closed;
	assert.ok(record.aborted);
});

const ESCAPES = 'a\u001b[31mb\u0007c\u009b2Jd\re\u007f\tf';

test('escape sequences of an answer do nothing on a terminal, and go through a pipe', async (t) => {
	const upstream = await withUpstream(t, { answer: () => ESCAPES });
	const home = makeHome(t, configFor(upstream));

	assert.equal((await run(t, ['chat', 'hello'], { home })).stdout, `${ESCAPES}\n`);
	for (const [env, tab] of [[{}, ' '], [{ TERM: 'dumb' }, '\t'], [{ NO_COLOR: '1' }, '\t']]) {
		const { code, text } = await onTerminal(t, home, ['chat', 'hello'], { env });
		assert.equal(code, 0);
		assert.equal(text, `a\ufffd[31mb\ufffdc\ufffd2Jd\ufffde\ufffd${tab}f\r\n`);
	}
});

/* --- complete --- */

const KNOWN = 'int sum(int n)\n{\n\tint total = 0;\n\treturn total;\n}\n';

test('complete FILE:LINE:COL', async (t) => {
	const upstream = await withUpstream(t, { answer: knowsModel(KNOWN) });
	const home = makeHome(t, configFor(upstream));
	const at = (place) => run(t, ['complete', place], { home });

	writeFileSync(join(home, 'work', 'sum.c'), 'int sum(int n)\n{\n\tint tot\n\treturn total;\n}\n');
	writeFileSync(join(home, 'work', 'a:b.c'), '/* ü😀 */\tint tot\n\n');
	assert.deepEqual((({ code, stdout, stderr }) => [code, stdout, stderr])(await at('sum.c:3:9')), [0, 'al = 0;\n', '']);
	assert.match(upstream.counted[0].body.messages.at(-1).content, /^Language: c$/m);
	/* Columns are characters; a name may have colons; past the end of a line is its end. */
	for (const place of ['a:b.c:1:17', 'a:b.c:1:99', join(home, 'work', 'a:b.c:1:17')])
		assert.match((await at(place)).stdout, /^al = 0;/, place);
	upstream.setDefault({ answer: '' });
	const nothing = await at('sum.c:1:1');
	assert.deepEqual([nothing.code, nothing.stdout], [0, '']);
	assert.match(nothing.stderr, /nothing to suggest/);
});

test('complete: what goes wrong', async (t) => {
	const upstream = await withUpstream(t);
	const home = makeHome(t, configFor(upstream));

	writeFileSync(join(home, 'work', 'x.c'), 'int x\n');
	writeFileSync(join(home, 'work', '.env'), 'KEY=1\n');
	for (const [place, expected] of [['none.c:1:1', /none\.c/], ['x.c:9:1', /has 2 lines, not 9/], ['.env:1:5', /this machine/]]) {
		const { code, stdout, stderr } = await run(t, ['complete', place], { home });
		assert.deepEqual([code, stdout], [1, ''], place);
		assert.match(stderr, expected);
	}
	upstream.setDefault('429-daily');
	assert.equal((await run(t, ['complete', 'x.c:1:6'], { home })).code, 3);
	assert.equal(upstream.counted.length, 1);
});

/* --- serve --- */

test('serve is the default, and --stdio is taken', async (t) => {
	const input = '{"jsonrpc":"2.0","id":1,"method":"shutdown"}\n';

	for (const args of [[], ['serve'], ['serve', '--stdio'], ['--stdio']]) {
		const { code, stdout } = await run(t, args, { input });
		assert.equal(code, 1);
		assert.equal(JSON.parse(stdout).error.code, -32002);
	}
});

test('--log-file and --log-level', async (t) => {
	const home = makeHome(t, '{}');
	const file = join(home, 'log');
	const input = '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}\n{"jsonrpc":"2.0","id":2,"method":"shutdown"}\n';

	for (const level of ['broken', 'warn', 'info', 'debug', 'io'])
		assert.equal((await run(t, ['--log-level', level, '--log-file', file], { home, input })).stderr, '');
	const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
	assert.ok(lines.every((line) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z eke\[\d+\] (info|debug|io): /.test(line)), lines.join('\n'));
	/* At debug and io, and at io alone. */
	assert.equal(lines.filter((line) => / debug: eke \d/.test(line)).length, 2);
	assert.equal(lines.filter((line) => / io: in /.test(line)).length, 2);
});
