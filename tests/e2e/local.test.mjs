/*
 * Where nothing is configured: a server of models on this machine is found, offered once, and used if the user says yes.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { configFor, makeHome, run, startServer, within, withUpstream } from './harness.mjs';
import { EKE } from './support/program.mjs';

const MODELS = ['nomic-embed-text:latest', 'llama3.2:3b', 'qwen2.5-coder:7b'];

const ollama = (t, options) => withUpstream(t, { owner: 'library', models: MODELS, ...options });
const lookAt = (...upstreams) => ({ EKE_LOCAL_SERVERS: upstreams.map(({ url }) => url).join(',') });

/**
 * Starts eke where nothing is configured, and a client that answers its question.
 * @param {(params: Object) => Object|null} answer as vscode-jsonrpc takes it
 * @param {{upstreams?: Object[], config?: Object|string}} options
 */
async function start(t, answer, { upstreams, ...options }) {
	const eke = await startServer(t, { env: lookAt(...upstreams), ...options });
	const asked = [];
	let heard;
	const question = new Promise((resolve) => (heard = resolve));

	eke.onRequest('window/showMessageRequest', (params) => {
		asked.push(params);
		heard(params);
		return answer(params);
	});
	await eke.initialize({ trace: 'verbose' });
	return { eke, asked, question };
}

const yes = ({ actions }) => actions[0];
const no = ({ actions }) => actions[1];
const offline = (eke, sentence) => eke.waitForNotification('eke/didChangeStatus', ({ state, message }) => state === 'offline' && sentence.test(message));
const inUse = (eke, name) => eke.waitForNotification('eke/didChangeStatus', ({ state, message }) => state === 'idle' && message.startsWith(`${name}: `));

/* The configuration that a text ends with. */
const snippetIn = (text) => JSON.parse(/^ *(\{"endpoints":.*\})$/m.exec(text)?.[1] ?? /(\{"endpoints":.*\})$/.exec(text)[1]);

test('yes: it is in force for chats and completions, and eke says how to keep it', async (t) => {
	const upstream = await ollama(t);
	const { eke, asked, question } = await start(t, yes, { upstreams: [upstream] });
	const { type, message, actions } = await question;

	assert.equal(type, 3);
	assert.equal(message, 'Ollama answers on this machine, with the models nomic-embed-text:latest, llama3.2:3b and qwen2.5-coder:7b. '
		+ 'Use it for completions and chat?');
	assert.deepEqual(actions.map(({ title }) => title), ['Use it', 'Not now']);
	const { budgets } = await inUse(eke, 'ollama');
	assert.deepEqual(budgets.map(({ endpoint, plan, state }) => [endpoint, plan, state]), [['ollama', 'unlimited', 'unlimited']]);
	const told = await eke.waitForNotification('window/showMessage');
	assert.match(told.message, /^Ollama is used until this session ends\. To keep it, put this into .*config\.json: \{/);
	const { endpoint, model } = await eke.chat('hello');
	assert.deepEqual([endpoint, model], ['ollama', 'llama3.2:3b']);
	await (await eke.open('int total = ‸;\n')).complete();
	const { path, body, headers } = upstream.requests.at(-1);
	assert.deepEqual([path, body.model, body.prompt, body.suffix], ['/v1/completions', 'qwen2.5-coder:7b', 'int total = ', ';\n']);
	assert.equal(headers.authorization, undefined);
	/* What was said to keep it does. */
	eke.writeConfig(snippetIn(told.message));
	const next = await startServer(t, { home: eke.home });
	await next.initialize();
	await inUse(next, 'ollama');
	assert.equal((await next.chat('hello')).model, 'llama3.2:3b');
	assert.equal(asked.length, 1);
});

test('llama.cpp with a model that fills in the middle, and with one that does not', async (t) => {
	for (const [infill, path] of [[true, '/infill'], [false, '/v1/chat/completions']]) {
		const upstream = await withUpstream(t, { owner: 'llamacpp', models: ['/models/some.gguf'], infill });
		const { eke, question } = await start(t, yes, { upstreams: [upstream] });

		assert.match((await question).message, /^llama\.cpp answers on this machine, with the model \/models\/some\.gguf\. Use it/);
		await inUse(eke, 'llama.cpp');
		await (await eke.open('int total = ‸;\n')).complete();
		assert.equal(upstream.requests.at(-1).path, path);
	}
});

for (const [name, answer] of [['no', no], ['null', () => null], ['an error', () => { throw new Error('cannot show'); }]]) {
	test(`${name} is no: the status says that it is there, and nothing is sent`, async (t) => {
		const upstream = await ollama(t);
		const { eke, asked, question } = await start(t, answer, { upstreams: [upstream] });
		const address = upstream.url.slice('http://'.length);

		await question;
		const { budgets, message } = await offline(eke, /Ollama answers at/);
		assert.deepEqual(budgets, []);
		assert.ok(message.includes(address) && message.includes(join(eke.home, 'config.json')), message);
		const error = await eke.chat('hello').catch((e) => e);
		assert.equal(error.data.kind, 'noEndpoint');
		assert.ok(error.message.includes(`Ollama answers at ${address}`), error.message);
		const doc = await eke.open('int tot‸');
		assert.equal(await doc.complete(), null);
		assert.ok((await eke.waitForNotification('window/showMessage')).message.includes(address));
		await eke.settle();
		assert.equal(asked.length, 1);
		assert.equal(upstream.counted.length, 0);
	});
}

test('a client that knows no questions', async (t) => {
	const upstream = await ollama(t);
	const eke = await startServer(t, { env: lookAt(upstream) });

	await eke.initialize();
	await offline(eke, /Ollama answers at/);
	await assert.rejects(eke.chat('hello'), (e) => e.data.kind === 'noEndpoint');
});

const looked = (eke) => eke.waitForNotification('$/logTrace', ({ message }) => message === 'server of models on this machine: none');

test('none there, then one that is started: found when something is asked for', async (t) => {
	const gone = await withUpstream(t);

	await gone.close();
	const { eke, asked } = await start(t, yes, { upstreams: [gone] });
	await looked(eke);
	await offline(eke, /^no endpoint is configured$/);
	const upstream = await ollama(t, { port: gone.port });
	await eke.settle();
	assert.equal(upstream.requests.length, 0, 'nothing looks by itself');
	await assert.rejects(eke.chat('hello'), (e) => /no endpoint is configured: /.test(e.message));
	await inUse(eke, 'ollama');
	assert.equal((await eke.chat('hello')).endpoint, 'ollama');
	assert.equal(asked.length, 1);
});

test('… but not each time', async (t) => {
	const upstream = await withUpstream(t, { models: [] });
	const { eke, asked } = await start(t, yes, { upstreams: [upstream] });

	await looked(eke);
	await assert.rejects(eke.chat('hello'));
	await looked(eke);
	await assert.rejects(eke.chat('hello'));
	const doc = await eke.open('int tot‸');
	await doc.complete();
	await doc.complete({ automatic: true });
	await eke.settle();
	assert.equal(upstream.requests.length, 2);
	assert.equal(asked.length, 0);
});

test('one that does not answer in time is none, and the first that can chat is taken', async (t) => {
	const silent = await withUpstream(t);
	const empty = await ollama(t, { models: ['nomic-embed-text'] });
	const other = await withUpstream(t, { models: ['gpt-oss-20b'] });

	silent.script(() => ({ stall: 'head', body: {} }));
	const { eke, question } = await start(t, yes, { upstreams: [silent, empty, other] });
	assert.match((await question).message, /^A model server answers on this machine, with the model gpt-oss-20b\. /);
	await inUse(eke, 'local');
	assert.equal((await eke.chat('hello')).model, 'gpt-oss-20b');
});

test('it disappears: the status says so, and it is used again when it is back', async (t) => {
	const upstream = await ollama(t);
	const { eke } = await start(t, yes, { upstreams: [upstream] });

	await inUse(eke, 'ollama');
	await upstream.close();
	await assert.rejects(eke.chat('hello'), (e) => e.data.kind === 'network' && e.data.endpoint === 'ollama');
	await eke.waitForNotification('eke/didChangeStatus', ({ state }) => state === 'offline');
	await ollama(t, { port: upstream.port });
	assert.equal((await eke.chat('hello')).endpoint, 'ollama');
	await inUse(eke, 'ollama');
});

test('a configuration that comes to have an endpoint is what counts', async (t) => {
	const [local, configured] = [await ollama(t), await withUpstream(t)];
	const { eke } = await start(t, yes, { upstreams: [local], config: { completion: { debounceMs: 0 } } });

	await inUse(eke, 'ollama');
	/* Settings that change do not end it. */
	eke.notify('workspace/didChangeConfiguration', { settings: { eke: { chat: { system: 'Be brief.' } } } });
	assert.equal((await eke.chat('hello')).endpoint, 'ollama');
	const server = await startServer(t, { env: lookAt(local), config: configFor(configured) });
	await server.initialize();
	await inUse(server, 'test');
	await server.settle();
	assert.equal(local.requests.filter(({ route }) => route === 'models').length, 1, 'it was not looked for');
});

test('a wrong configuration is no missing one, and only this machine is asked', async (t) => {
	const upstream = await ollama(t);
	const wrong = await startServer(t, { env: lookAt(upstream), config: '{ "endpoints": 1 }' });
	const far = await startServer(t, { env: { EKE_LOCAL_SERVERS: 'http://192.0.2.1:11434, https://example.com' } });

	for (const eke of [wrong, far]) {
		await eke.initialize();
		await assert.rejects(eke.chat('hello'));
		await eke.settle();
	}
	assert.match(far.program.stderr, /EKE_LOCAL_SERVERS: http:\/\/192\.0\.2\.1:11434 is not an address of this machine/);
	assert.equal(upstream.requests.length, 0);
});

test('it goes past a proxy', async (t) => {
	const upstream = await ollama(t);
	const proxy = 'http://127.0.0.1:1';
	const eke = await startServer(t, { env: { ...lookAt(upstream), http_proxy: proxy, all_proxy: proxy } });

	await eke.initialize();
	await offline(eke, /Ollama answers at/);
});

/* --- in the terminal --- */

test('doctor: what answers, and a configuration that works as it is', async (t) => {
	const [full, empty] = [await ollama(t), await ollama(t, { models: ['nomic-embed-text'] })];
	const { code, stdout, home } = await run(t, ['doctor'], { env: lookAt(full, empty) });

	assert.equal(code, 1);
	assert.match(stdout, /^BAD {2}configuration: no endpoint/m);
	assert.ok(stdout.includes(`ok   local: Ollama answers at ${full.url.slice(7)}, with the models nomic-embed-text:latest, llama3.2:3b and qwen2.5-coder:7b. `
		+ `To use it, put this into ${join(home, 'config.json')}:\n`), stdout);
	assert.match(stdout, /^note local: Ollama answers at [\d.:]+, but has no model that can chat; for example: ollama pull qwen2\.5-coder$/m);
	writeFileSync(join(home, 'config.json'), JSON.stringify(snippetIn(stdout)));
	const again = await run(t, ['doctor'], { home });
	assert.equal(again.code, 0, again.stdout);
	assert.doesNotMatch(again.stdout, /local:/);
	const { stdout: text } = await run(t, ['chat', 'hello'], { home });
	assert.match(text, /`llama3\.2:3b`/);
	assert.equal(full.counted.length, 1);
});

test('doctor: none there, and none wanted', async (t) => {
	const gone = await withUpstream(t);

	await gone.close();
	assert.match((await run(t, ['doctor'], { env: lookAt(gone) })).stdout, /^note local: no Ollama, llama\.cpp or LM Studio answers on this machine$/m);
	assert.doesNotMatch((await run(t, ['doctor'])).stdout, /local:/);
});

test('chat and complete without an endpoint say what answers', async (t) => {
	const upstream = await ollama(t);
	const home = makeHome(t);

	writeFileSync(join(home, 'work', 'x.c'), 'int x\n');
	for (const args of [['chat', 'hello'], ['complete', 'x.c:1:6']]) {
		const { code, stdout, stderr } = await run(t, args, { home, env: lookAt(upstream) });

		assert.deepEqual([code, stdout], [1, '']);
		assert.match(stderr, /Ollama answers at [\d.:]+, with the models .*; to use it, put this into .*config\.json:\n/);
		assert.match(stderr, /no endpoint is configured/);
		assert.equal(snippetIn(stderr).endpoints[0].name, 'ollama');
	}
	assert.equal(upstream.counted.length, 0);
});

/* On a terminal of its own (util-linux's script makes one), where `reply` is typed. */
async function onTerminal(home, env, args, reply) {
	const command = [EKE, ...args].map((word) => `'${word}'`).join(' ');
	const child = spawn('script', ['-qec', command, join(home, 'typescript')], {
		env: { PATH: process.env.PATH, HOME: home, EKE_CONFIG: join(home, 'config.json'), EKE_STATE_DIR: join(home, 'state'), TERM: 'xterm', SHELL: '/bin/sh', ...env },
		stdio: ['pipe', 'pipe', 'inherit'],
	});
	let shown = '';

	child.stdout.setEncoding('utf8').on('data', (data) => {
		shown += data;
		if (reply && shown.includes('[y/N]')) {
			child.stdin.write(reply);
			reply = null;
		}
	});
	const [code] = await within(once(child, 'close'), () => `script did not end; it showed ${shown}`);
	return { code, shown };
}

test('on a terminal the person is asked', async (t) => {
	const upstream = await ollama(t, { answer: () => 'Here I am.' });
	const home = makeHome(t);

	const agreed = await onTerminal(home, lookAt(upstream), ['chat', 'hello'], 'y\n');
	assert.equal(agreed.code, 0, agreed.shown);
	assert.match(agreed.shown, /no endpoint is configured, but Ollama answers at [^]*Use it this time\? \[y\/N\][^]*Here I am\./);
	const refused = await onTerminal(home, lookAt(upstream), ['chat', 'hello'], '\n');
	assert.equal(refused.code, 1, refused.shown);
	assert.match(refused.shown, /to use it, put this into/);
	assert.equal(upstream.counted.length, 1);
});
