/*
 * The configuration: what is taken, what is refused and how it is said, what happens when it changes, and what an editor may
 * set. The commands of the terminal are in cli.test.mjs.
 */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { configFor, endpointFor, makeHome, run, startServer, withUpstream } from './harness.mjs';

/* Tells eke that a file was saved: then it looks whether its configuration changed. */
const look = (eke) => eke.notify('textDocument/didSave', { textDocument: { uri: eke.uri('config.json') } });

test('comments, commas too many, and a byte order mark', async (t) => {
	const upstream = await withUpstream(t);
	const text = `\ufeff// at the top
{
	/* of several
	   lines */
	"endpoints": [
		{ "name": "commented", "baseUrl": "${upstream.url}/v1", }, // "name": "other"
	],
	"chat": { "temperature": 0.5 /* a // b */, },
}
// at the end`;
	const eke = await startServer(t, { config: text });

	await eke.initialize();
	assert.equal((await eke.chat('a // b /* c */ ,]')).endpoint, 'commented');
	assert.deepEqual([upstream.counted[0].body.temperature, upstream.counted[0].body.messages[0].content], [0.5, 'a // b /* c */ ,]']);
	assert.deepEqual(eke.takeNotifications('window/showMessage'), []);
});

for (const config of [undefined, '', '{}', ' \n', '// nothing\n']) {
	test(`no configuration: ${JSON.stringify(config)}`, async (t) => {
		const eke = await startServer(t, { config });

		await eke.initialize();
		assert.equal((await eke.waitForNotification('eke/didChangeStatus')).state, 'offline');
		assert.deepEqual(eke.takeNotifications('window/showMessage'), []);
	});
}

/* Whose plan an endpoint has that names none. */
for (const [baseUrl, plan] of [
	['https://api.chatanywhere.tech/v1', 'chatanywhere-free'],
	['API.ChatAnywhere.org.', 'chatanywhere-free'],
	['https://proxy.example.com/chatanywhere.tech/v1', 'unlimited'],
	['https://chatanywhere.example.com', 'unlimited'],
	['https://api.chatanywhere.tech.example.com/v1', 'unlimited'],
]) {
	test(`the plan of ${baseUrl}`, async (t) => {
		const { code, stdout } = await run(t, ['config', '--print'], { config: { endpoints: [{ baseUrl }] } });

		assert.deepEqual([code, JSON.parse(stdout).endpoints[0].plan], [0, plan]);
		const environment = await run(t, ['config', '--print'], { env: { EKE_BASE_URL: baseUrl } });
		assert.equal(JSON.parse(environment.stdout).endpoints[0].plan, plan);
	});
}

/* A configuration, the line, and what is said about it. */
const wrong = [
	['{\n\t"log": {\n\t\t"level" "io"\n\t}\n}', 3, /./],
	['{\n"chat": {\n"system": "unended\n}}', 3, /./],
	['[]', 1, /must hold an object, not an array/],
	['{\n\t"endpoints": {}\n}', 2, /endpoints must be an array/],
	['{\n\t"endpoints": [\n\t\t{ "name": "x" }\n\t]\n}', 3, /endpoints\[0\]\.baseUrl is missing/],
	['{"endpoints": [{"baseUrl": "localhost:1"},\n{"baseUrl": "localhost:2"}]}', 2, /endpoints\[1\]\.name must be different/],
	['{"endpoints": [{"baseUrl": "localhost:1",\n"plan": "gold"}]}', 2, /endpoints\[0\]\.plan: .*gold/],
	['{"endpoints": [{"baseUrl": "localhost:1",\n"key": {"env": "A", "file": "b"}}]}', 2, /endpoints\[0\]\.key must be/],
	['{"endpoints": [{"baseUrl": "localhost:1",\n"key": {"command": []}}]}', 2, /endpoints\[0\]\.key\.command/],
	['{"endpoints": [{"baseUrl": "localhost:1",\n"headers": {"Authorization": "x"}}]}', 2, /endpoints\[0\]\.headers/],
	['{"endpoints": [{"baseUrl": "localhost:1",\n"headers": {"X": "a\\nb"}}]}', 2, /endpoints\[0\]\.headers/],
	['{"endpoints": [{"baseUrl": "localhost:1",\n"completionApi": "fim"}]}', 2, /endpoints\[0\]\.completionApi must be one of/],
	['{"endpoints": [{"baseUrl": "localhost:1", "timeouts": {\n"connect": 0}}]}', 2, /endpoints\[0\]\.timeouts\.connect must be a number from/],
	['{"plans": {\n"p": {"windows": [{"scope": "ip",\n"limit": 1, "period": "1h"}]}}}', 2, /plans\.p\.windows\[0\]\.scope/],
	['{"plans": {"p": {"windows": [{"scope": "key", "limit": 1,\n"period": "1 hour"}]}}}', 2, /plans\.p\.windows\[0\]\.period/],
	['{"plans": {"p": {}}}', 1, /plans\.p\.windows is missing/],
	['{\n\n"whenExhausted": "always"}', 3, /whenExhausted must be one of never, ask, auto/],
	['{"completion": {\n"debounceMs": 10001}}', 2, /completion\.debounceMs must be/],
	['{"completion": {\n"debounceMs": "fast"}}', 2, /completion\.debounceMs must be/],
	['{"completion": {\n"maxLines": 2.5}}', 2, /completion\.maxLines must be a whole number/],
	['{"completion": {\n"languages": {"c": "no"}}}', 2, /completion\.languages\.c must be true or false/],
	['{"completion": {\n"offline": 1}}', 2, /completion\.offline must be true or false/],
	['{"chat": {\n"temperature": 5}}', 2, /chat\.temperature must be a number from 0 to 2/],
	['{"privacy": {\n"ignore": "x"}}', 2, /privacy\.ignore must be an array/],
	['{"privacy": {\n"ignore": [1]}}', 2, /privacy\.ignore must be a list of/],
	['{"log": {\n"level": "loud"}}', 2, /log\.level must be one of/],
	[`{"chat": {"system": "${'x'.repeat(2 * 1024 * 1024)}"}}`, null, /./],
	['{"chat": {"system": "\xff"}}', null, /./],
];

test('what is wrong is said with file, line and field, and the former stays in use', async (t) => {
	const upstream = await withUpstream(t);
	const eke = await startServer(t, { config: configFor(upstream) });
	const path = join(eke.home, 'config.json');

	await eke.initialize();
	for (const [text, line, expected] of wrong) {
		await t.test(JSON.stringify(text.slice(0, 60)), async () => {
			eke.writeConfig(text.includes('\xff') ? Buffer.from(text, 'latin1') : text);
			look(eke);
			const { type, message } = await eke.waitForNotification('window/showMessage');
			assert.equal(type, 1);
			assert.ok(line ? message.startsWith(`${path}:${line}: `) : message.includes(path), message);
			assert.match(message, expected);
			const status = await eke.waitForNotification('eke/didChangeStatus', ({ state }) => state === 'error');
			assert.equal(status.message, message);
			assert.equal((await eke.chat('hello')).endpoint, 'test');
			/* Put right again. */
			eke.writeConfig(configFor(upstream));
			look(eke);
			await eke.waitForNotification('eke/didChangeStatus', ({ state }) => state === 'idle');
			eke.takeNotifications('eke/didChangeStatus');
		});
	}
});

test('wrong from the start: said once the editor is ready, and put right without a restart', async (t) => {
	const upstream = await withUpstream(t);
	const eke = await startServer(t, { config: '{ "endpoints": [ {} ] }' });

	await eke.initialize();
	assert.match((await eke.waitForNotification('window/showMessage')).message, /config\.json:1: endpoints\[0\]\.baseUrl/);
	assert.equal((await eke.waitForNotification('eke/didChangeStatus')).state, 'error');
	for (const call of [eke.chat('hello'), eke.request('models/list', {})])
		await assert.rejects(call, ({ data, message }) => data.kind === 'config' && /config\.json:1: endpoints\[0\]\.baseUrl/.test(message));
	eke.writeConfig(configFor(upstream));
	look(eke);
	await eke.waitForNotification('eke/didChangeStatus', ({ state }) => state === 'idle');
	assert.equal((await eke.chat('hello')).endpoint, 'test');
});

test('fields that are not known are ignored with a warning', async (t) => {
	const upstream = await withUpstream(t);
	const config = configFor(upstream, { colour: 'red' }, { endpoint: [], completion: { maxLine: 3 }, chat: { stream: true } });
	const eke = await startServer(t, { config });

	await eke.initialize();
	const { type, message } = await eke.waitForNotification('window/showMessage');
	assert.equal(type, 2);
	for (const field of ['endpoint ', 'endpoints[0].colour', 'completion.maxLine', 'chat.stream'])
		assert.ok(message.includes(field), `${field} in ${message}`);
	assert.equal((await eke.chat('hello')).endpoint, 'test');
});

test('a changed file is taken while eke runs, also under an answer', async (t) => {
	const [one, two] = [await withUpstream(t), await withUpstream(t)];
	const eke = await startServer(t, { config: configFor(one) });

	await eke.initialize();
	one.next({ holdEvents: true });
	const call = eke.startChat('hello');
	const [record] = await one.waitForRequests(1);
	await record.push('from the ');
	eke.writeConfig(configFor(two, { name: 'second' }));
	look(eke);
	await eke.waitForNotification('eke/didChangeStatus', ({ budgets }) => budgets[0].endpoint === 'second');
	assert.equal((await eke.chat('hello')).endpoint, 'second');
	await record.push('first');
	await record.end();
	const { endpoint, message } = await call.answer;
	assert.deepEqual([endpoint, message.content], ['test', 'from the first']);
	/* And gone altogether. */
	eke.writeConfig('{}');
	look(eke);
	await eke.waitForNotification('eke/didChangeStatus', ({ state }) => state === 'offline');
});

test('the budget outlives a changed file', async (t) => {
	const upstream = await withUpstream(t);
	const plans = { two: { windows: [{ scope: 'machine', limit: 2, period: '1h' }] } };
	const config = configFor(upstream, { plan: 'two' }, { plans });
	const eke = await startServer(t, { config });

	await eke.initialize();
	await eke.chat('hello');
	eke.writeConfig({ ...config, chat: { temperature: 1 } });
	look(eke);
	await eke.chat('hello');
	assert.equal(upstream.counted[1].body.temperature, 1);
	await assert.rejects(eke.chat('hello'), (error) => error.data.kind === 'budget');
});

/* --- what an editor may set --- */

test('initializationOptions: settings are taken, what decides where text goes is not', async (t) => {
	const [upstream, evil] = [await withUpstream(t), await withUpstream(t)];
	const eke = await startServer(t, { config: configFor(upstream, {}, { chat: { temperature: 0.1, maxTokens: 50 } }) });
	const settings = {
		chat: { temperature: 0.9 },
		endpoints: [endpointFor(evil, { name: 'evil' })],
		plans: {}, whenExhausted: 'auto', ledger: { redis: 'redis://evil' }, sandbox: 'off',
	};

	await eke.initialize({ initializationOptions: { eke: settings, editor: { name: 'e2e', version: '2' } } });
	assert.equal((await eke.chat('hello')).endpoint, 'test');
	const { temperature, max_tokens: maxTokens } = upstream.counted[0].body;
	assert.deepEqual([temperature, maxTokens], [0.9, 50]);
	assert.equal(evil.requests.length, 0);
	const said = JSON.stringify(eke.notifications) + eke.program.stderr;
	for (const field of ['endpoints', 'plans', 'whenExhausted', 'ledger', 'sandbox'])
		assert.match(said, new RegExp(`${field} is unknown`));
});

test('didChangeConfiguration replaces what the editor said before', async (t) => {
	const [upstream, evil] = [await withUpstream(t), await withUpstream(t)];
	const eke = await startServer(t, { config: configFor(upstream, {}, { chat: { temperature: 0.1 } }) });
	const change = (settings) => eke.notify('workspace/didChangeConfiguration', { settings });
	const sent = async () => {
		await eke.chat('hello');
		const { temperature, max_tokens: maxTokens } = upstream.counted.at(-1).body;
		return [temperature, maxTokens];
	};

	await eke.initialize({ initializationOptions: { eke: { chat: { temperature: 0.2, maxTokens: 7 } } } });
	assert.deepEqual(await sent(), [0.2, 7]);
	change({ eke: { chat: { maxTokens: 9 }, endpoints: [endpointFor(evil)] }, other: { endpoints: [] } });
	assert.deepEqual(await sent(), [0.1, 9]);
	/* Without a section of eke's nothing changes. */
	for (const settings of [null, [], { other: {} }, undefined]) {
		change(settings);
		assert.deepEqual(await sent(), [0.1, 9]);
	}
	/* Refused as a whole. */
	change({ eke: { chat: { maxTokens: 11, temperature: 'hot' } } });
	assert.match((await eke.waitForNotification('window/showMessage', ({ type }) => type === 1)).message, /chat\.temperature must be a number/);
	assert.deepEqual(await sent(), [0.1, 9]);
	assert.match(eke.audit.problems.shift(), /didChangeConfiguration/);
	change({ eke: {} });
	assert.deepEqual(await sent(), [0.1, undefined]);
	assert.equal(evil.requests.length, 0);
});

test('settings of the editor stay when the file changes', async (t) => {
	const upstream = await withUpstream(t);
	const eke = await startServer(t, { config: configFor(upstream) });

	await eke.initialize({ initializationOptions: { eke: { chat: { temperature: 0.2 } } } });
	eke.writeConfig(configFor(upstream, {}, { chat: { temperature: 0.7, maxTokens: 5 } }));
	look(eke);
	await eke.chat('hello');
	const { temperature, max_tokens: maxTokens } = upstream.counted[0].body;
	assert.deepEqual([temperature, maxTokens], [0.2, 5]);
});

test('an editor can keep files back, and not let any go', async (t) => {
	const upstream = await withUpstream(t);
	const eke = await startServer(t, { config: configFor(upstream, {}, { completion: { debounceMs: 0 }, privacy: { ignore: ['*.mine'] } }) });

	await eke.initialize({ initializationOptions: { eke: { privacy: { ignore: ['*.theirs', '!*.mine', '!.env'] } } } });
	for (const name of ['a.theirs', 'a.mine', '.env']) {
		const doc = await eke.open('int x = ‸', { uri: eke.uri(name) });
		assert.equal(await doc.complete(), null, name);
	}
	assert.equal(upstream.requests.length, 0);
});

test('trigger off by the editor, and on again', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'x;' });
	const eke = await startServer(t, { config: configFor(upstream) });
	const trigger = (value) => eke.notify('workspace/didChangeConfiguration', { settings: { eke: { completion: { trigger: value } } } });
	const doc = await eke.initialize().then(() => eke.open('int a = '));

	trigger('off');
	assert.equal(await doc.complete(), null);
	trigger('auto');
	assert.ok(await doc.complete());
});

/* --- the environment --- */

const environments = [
	[{ EKE_BASE_URL: 'URL', EKE_API_KEY: 'sk-eke-1234567' }, 'sk-eke-1234567', 'unlimited'],
	[{ EKE_BASE_URL: 'URL' }, undefined, 'unlimited'],
	[{ OPENAI_BASE_URL: 'URL', OPENAI_API_KEY: 'sk-openai-1234567' }, 'sk-openai-1234567', 'unlimited'],
	[{ OPENAI_API_BASE: 'URL', OPENAI_API_KEY: 'sk-openai-1234567' }, 'sk-openai-1234567', 'unlimited'],
	[{ EKE_BASE_URL: 'URL', EKE_API_KEY: 'sk-eke-1234567', OPENAI_BASE_URL: 'http://127.0.0.1:1', OPENAI_API_KEY: 'sk-openai' }, 'sk-eke-1234567', 'unlimited'],
	[{ EKE_BASE_URL: 'URL', EKE_PLAN: 'chatanywhere-free' }, undefined, 'chatanywhere-free'],
];

for (const [env, key, plan] of environments) {
	test(`an endpoint from ${Object.keys(env).join(', ')}`, async (t) => {
		const upstream = await withUpstream(t);
		const eke = await startServer(t, { env: { ...env, ...Object.fromEntries(Object.entries(env).filter(([, v]) => v === 'URL').map(([k]) => [k, upstream.url])) } });

		await eke.initialize();
		assert.equal((await eke.chat('hello')).budget.plan, plan);
		assert.equal(upstream.counted[0].headers.authorization, key && `Bearer ${key}`);
	});
}

test('a file with endpoints goes before the environment', async (t) => {
	const [upstream, other] = [await withUpstream(t), await withUpstream(t)];
	const eke = await startServer(t, { config: configFor(upstream), env: { OPENAI_BASE_URL: other.url, OPENAI_API_KEY: 'sk-openai' } });

	await eke.initialize();
	assert.equal((await eke.chat('hello')).endpoint, 'test');
	assert.equal(other.requests.length, 0);
});

test('environments that are wrong', async (t) => {
	for (const [env, expected] of [[{ EKE_API_KEY: 'sk-x' }, /EKE_BASE_URL/], [{ EKE_BASE_URL: 'localhost:1', EKE_PLAN: 'gold' }, /EKE_PLAN.*gold/], [{ EKE_BASE_URL: 'http://far.example' }, /https/]]) {
		const eke = await startServer(t, { env });
		await eke.initialize();
		assert.match((await eke.waitForNotification('window/showMessage')).message, expected);
	}
});

test('--config, and no home', async (t) => {
	const upstream = await withUpstream(t);
	const eke = await startServer(t, { config: configFor(upstream, { name: 'named' }), env: { EKE_CONFIG: '/nonexistent/config.json' } });
	const named = await startServer(t, { home: eke.home, args: ['--config', join(eke.home, 'config.json')], env: { EKE_CONFIG: '/nonexistent/config.json' } });
	const homeless = await startServer(t, { env: { HOME: undefined, EKE_CONFIG: undefined, EKE_STATE_DIR: undefined, EKE_BASE_URL: upstream.url } });

	await eke.initialize();
	await assert.rejects(eke.chat('hello'), { code: -32803 });
	await named.initialize();
	assert.equal((await named.chat('hello')).endpoint, 'named');
	await homeless.initialize();
	assert.ok((await homeless.chat('hello')).message.content);
});

/* --- paths --- */

for (const [what, file] of Object.entries({ 'the default place': '.config/eke/config.json', 'a place that EKE_CONFIG names': 'elsewhere/mine.json' })) {
	test(`relative paths are from the folder of the configuration: ${what}`, async (t) => {
		const upstream = await withUpstream(t);
		const home = makeHome(t);
		const folder = join(home, dirname(file));
		const env = { EKE_CONFIG: /EKE_CONFIG/.test(what) ? join(home, file) : undefined, XDG_CONFIG_HOME: undefined };
		const sent = () => upstream.counted.at(-1).headers.authorization;

		mkdirSync(join(folder, 'keys'), { recursive: true });
		writeFileSync(join(folder, 'keys/one'), 'sk-of-the-file-1\n');
		writeFileSync(join(folder, 'print-key'), '#!/bin/sh\necho sk-of-the-command-2\n', { mode: 0o755 });
		for (const [key, wanted] of [[{ file: 'keys/one' }, 'sk-of-the-file-1'], [{ file: './keys/../keys/one' }, 'sk-of-the-file-1'], [{ command: ['./print-key'] }, 'sk-of-the-command-2']]) {
			writeFileSync(join(home, file), JSON.stringify(configFor(upstream, { key })));
			const { code, stderr } = await run(t, ['chat', 'hello'], { home, env, cwd: join(home, 'work') });
			assert.equal(code, 0, stderr);
			assert.equal(sent(), `Bearer ${wanted}`);
		}
		writeFileSync(join(home, file), JSON.stringify(configFor(upstream, { key: { file: 'keys/two' }, caFile: 'ca.pem' })));
		const { code, stderr } = await run(t, ['chat', 'hello'], { home, env, cwd: join(home, 'work') });
		assert.equal(code, 1, stderr);
		assert.ok(stderr.includes(join(folder, 'keys/two')), stderr);
		const { stdout } = await run(t, ['config', '--print'], { home, env, cwd: join(home, 'work') });
		assert.equal(JSON.parse(stdout).endpoints[0].caFile, join(folder, 'ca.pem'));
	});
}

/* --- a key in the wrong place --- */

const PASTED = ['sk-Zx81aaQ93kLmP0vB2nC4', '3f9c1e772a4b4d5e8f60718293a4b5c6', 'Q7xk2Vb9Lm4Rt8Wz1Yc6Np3Sd5Gh0Jf'];
const wrongPlaces = {
	env: (key) => ({ key: { env: key } }),
	file: (key) => ({ key: { file: key } }),
	'file below a folder': (key) => ({ key: { file: `~/keys/${key}` } }),
	command: (key) => ({ key: { command: [key] } }),
	'a path to a command': (key) => ({ key: { command: [`/usr/bin/${key}`, key] } }),
	plan: (key) => ({ plan: key }),
	completionApi: (key) => ({ completionApi: key }),
	baseUrl: (key) => ({ baseUrl: key }),
	proxy: (key) => ({ baseUrl: 'https://nowhere.invalid', proxy: key }),
	caFile: (key) => ({ caFile: key }),
	keyHeader: (key) => ({ keyHeader: key }),
	'a member of key': (key) => ({ key: { [key]: 'x' } }),
	'a member of the endpoint': (key) => ({ [key]: 'x', plan: 'nothing' }),
	'a type that is wrong': (key) => ({ models: key }),
};

for (const [place, endpoint] of Object.entries(wrongPlaces)) {
	test(`a key that was pasted into ${place} is not repeated`, async (t) => {
		const upstream = await withUpstream(t);

		for (const key of PASTED) {
			const config = configFor(upstream, endpoint(key));

			for (const args of [['doctor'], ['status'], ['status', '--json'], ['models'], ['chat', 'Why?'], ['config', '--print']]) {
				const { stdout, stderr } = await run(t, args, { config });

				/* A bare word is a host, which has to be shown. */
				if (place !== 'baseUrl' || key.startsWith('sk-'))
					assert.ok(!`${stdout}${stderr}`.toLowerCase().includes(key.toLowerCase()), `${args.join(' ')}: ${stdout}${stderr}`);
				assert.ok(stdout || stderr);
			}
			const eke = await startServer(t, { config });

			await eke.initialize();
			const error = await eke.chat('Why?').then(() => null, (e) => e);
			if (error && (place !== 'baseUrl' || key.startsWith('sk-')))
				assert.ok(!`${JSON.stringify(error)}${error.message}`.includes(key), error.message);
			if (place !== 'baseUrl' || key.startsWith('sk-'))
				assert.ok(!JSON.stringify(eke.notifications).includes(key) && !eke.program.stderr.includes(key));
			await eke.stop();
		}
	});
}

test('what may be a password or a key in ledger.redis is not printed', async (t) => {
	for (const redis of ['redis://me:hunter2@127.0.0.1:1', 'redis://127.0.0.1:1/?password=hunter2', 'redis://:hunter2@127.0.0.1:1/?timeout=9&auth=hunter2', 'http://hunter2@x', PASTED[0].replace('sk-', 'sk-hunter2')]) {
		for (const args of [['config', '--print'], ['status'], ['doctor']]) {
			const { stdout, stderr } = await run(t, args, { config: { ledger: { redis } } });

			assert.doesNotMatch(`${stdout}${stderr}`, /hunter2/);
			assert.match(`${stdout}${stderr}`, /redis/);
		}
	}
	assert.match((await run(t, ['config', '--print'], { config: { ledger: { redis: 'redis://127.0.0.1:1/?timeout=9&db=2' } } })).stdout, /"redis:\/\/127\.0\.0\.1:1\/\?timeout=9&db=2"/);
});

test('what stands in place of a key that was pasted says what is wanted', async (t) => {
	const { stderr } = await run(t, ['chat', 'Why?'], { config: configFor(await withUpstream(t), { key: { env: PASTED[0] } }) });

	assert.match(stderr, /"env" must be the name of an environment variable that holds the key/);
	const named = await run(t, ['chat', 'Why?'], { config: configFor(await withUpstream(t), { key: { env: 'MY_KEY_2' } }) });
	assert.match(named.stderr, /read from the environment variable MY_KEY_2, which is not set/);
});
