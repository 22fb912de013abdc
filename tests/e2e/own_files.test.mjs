/*
 * eke's own files stay on the machine, by whatever name and through whichever front end somebody comes to them: the
 * configuration with its keys, the files that hold keys, the state directory, and what a process was started with.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { linkSync, mkdirSync, openSync, closeSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { configFor, makeHome, run, startServer, withUpstream } from './harness.mjs';
import { startAcp } from './support/acp.mjs';
import { EKE } from './support/program.mjs';

const KEY = 'sk-never-to-be-sent-0123456789';

/* A home whose configuration holds a key, with a file that holds another, and names for these in the workspace. */
function makeOwn(t, upstream, more = {}) {
	const home = makeHome(t, configFor(upstream, { key: KEY }, { plans: { other: { windows: [] } }, ...more }));
	const work = join(home, 'work');
	const state = join(home, 'state');

	mkdirSync(state, { mode: 0o700 });
	writeFileSync(join(state, 'gateway-token'), `${KEY}\n`);
	writeFileSync(join(home, 'config.json~'), KEY);
	writeFileSync(join(home, '.config.json.swp'), KEY);
	symlinkSync('../config.json', join(work, 'settings.json'));
	symlinkSync('..', join(work, 'up'));
	symlinkSync(state, join(work, 'kept'));
	linkSync(join(home, 'config.json'), join(work, 'copy.json'));
	linkSync(join(state, 'gateway-token'), join(work, 'notes.txt'));
	return {
		home, work, state, ways: {
			'its path': join(home, 'config.json'),
			'a link': join(work, 'settings.json'),
			'a linked folder': join(work, 'up', 'config.json'),
			'a linked folder and back': `${work}/up/work/up/./config.json`,
			'two dots': `${work}/../config.json`,
			'a hard link': join(work, 'copy.json'),
			'a copy of an editor': join(home, 'config.json~'),
			'a swap file': join(home, '.config.json.swp'),
			'a file of the state': join(state, 'gateway-token'),
			'a linked state directory': join(work, 'kept', 'gateway-token'),
			'a file of the state that is not there yet': join(state, 'new', 'file.txt'),
			'a file of the linked state that is not there yet': join(work, 'kept', 'file.txt'),
			'a hard link to a file of the state': join(work, 'notes.txt'),
			'the environment of the process': '/proc/self/environ',
		},
	};
}

const uriOf = (path) => (path.includes('..') ? `file://${path}` : pathToFileURL(path).href);
const ignored = (error) => error.data?.kind === 'ignored' && /stays on this machine/.test(error.message);
const nothingSent = (upstream) => {
	assert.equal(upstream.counted.length, 0, JSON.stringify(upstream.counted.map((r) => r.body)));
};

test('language server: no file, selection, text, diagnostics, mention, edit or completion', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const { home, work, ways } = makeOwn(t, upstream);
	const eke = await startServer(t, { home });
	const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } };

	await eke.initialize({ workspaceFolders: [{ uri: pathToFileURL(work).href, name: 'work' }] });
	for (const [way, path] of Object.entries(ways)) {
		const uri = uriOf(path);

		await t.test(way, async () => {
			for (const context of [{ kind: 'file', uri }, { kind: 'selection', uri, range }, { kind: 'text', name: 'a', text: KEY, uri },
				{ kind: 'diagnostics', uri, items: [{ range, message: KEY }] }, { kind: 'file', uri: uri.replace(/c/g, '%63') }])
				await assert.rejects(eke.send('Why?', { context: [context] }), ignored, JSON.stringify(context));
			/* Whatever the editor says it holds. */
			const doc = await eke.open(`${KEY}\n`, { uri });
			await assert.rejects(eke.send('Why?', { context: [{ kind: 'file', uri }] }), ignored);
			await assert.rejects(eke.request('edit/propose', { textDocument: { uri: doc.uri }, range, instruction: 'better' }), ignored);
			assert.equal(await doc.complete(), null);
			await doc.close();
		});
	}
	for (const name of ['settings.json', 'up/config.json', 'copy.json', 'notes.txt', 'kept/gateway-token'])
		await eke.send(`Why @${name}?`).then(() => {}, (error) => assert.ok(ignored(error), error.message));
	/* A mention that leads out of the folder is a word like any other. */
	for (const { body } of upstream.counted)
		assert.ok(!JSON.stringify(body).includes(KEY));
});

test('terminal: -f, standard input from a file, and complete', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const { home, work, ways } = makeOwn(t, upstream);

	for (const [way, path] of Object.entries(ways).filter(([name]) => !/not there/.test(name))) {
		await t.test(way, async () => {
			const asked = await run(t, ['chat', '-f', relative(work, path), 'Why?'], { home });
			assert.equal(asked.code, 1);
			assert.match(asked.stderr, /stays on this machine/);
			if (path !== '/proc/self/environ') {
				for (const words of [['chat', 'Why?'], ['chat'], ['chat', '-f', '-', 'Why?']]) {
					const fd = openSync(path);
					const child = spawn(EKE, words, { cwd: work, stdio: [fd, 'pipe', 'pipe'], env: { ...process.env, HOME: home, EKE_CONFIG: join(home, 'config.json'), EKE_STATE_DIR: join(home, 'state') } });
					let said = '';

					child.stderr.on('data', (data) => (said += data));
					const code = await new Promise((resolve) => child.on('close', resolve));
					closeSync(fd);
					assert.equal(code, 1, words.join(' '));
					assert.match(said, /stays on this machine/);
				}
			}
			const completed = await run(t, ['complete', `${path}:1:1`], { home });
			assert.notEqual(completed.code, 0);
		});
	}
	nothingSent(upstream);
});

test('Agent Client Protocol: linked and embedded resources', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const { home, ways } = makeOwn(t, upstream);
	const acp = await startAcp(t, { home });
	const id = await acp.session();

	for (const [way, path] of Object.entries(ways)) {
		const uri = uriOf(path);

		for (const block of [{ type: 'resource_link', uri, name: 'x' }, { type: 'resource', resource: { uri, text: KEY } }])
			await acp.request('session/prompt', { sessionId: id, prompt: [{ type: 'text', text: 'Why?' }, block] }).catch(() => {});
		for (const { body } of upstream.counted)
			assert.ok(!JSON.stringify(body).includes(KEY), way);
	}
});

test('--config, EKE_CONFIG by a link, a configuration that is broken, and files that hold keys', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const home = makeHome(t);
	const work = join(home, 'work');
	const ask = (args, env) => run(t, [...args, 'Why?'], { home, env });

	writeFileSync(join(work, 'mine.jsonc'), JSON.stringify(configFor(upstream, { key: KEY })));
	writeFileSync(join(work, 'broken.jsonc'), `{ "endpoints": [ { "key": "${KEY}" `);
	writeFileSync(join(work, 'key'), KEY);
	writeFileSync(join(work, 'by-file.jsonc'), JSON.stringify(configFor(upstream, { key: { file: join(work, 'key') } })));
	writeFileSync(join(work, 'by-command.jsonc'), JSON.stringify(configFor(upstream, { key: { command: ['cat', '~/work/key'] } })));
	for (const copy of ['key~', '.key.swp', '#key#', 'key.bak']) writeFileSync(join(work, copy), KEY);
	symlinkSync('mine.jsonc', join(work, 'link.jsonc'));
	for (const [config, file] of [['mine.jsonc', 'mine.jsonc'], ['link.jsonc', 'mine.jsonc'], ['./mine.jsonc', 'link.jsonc'], ['by-file.jsonc', 'key'], ['by-command.jsonc', 'key'],
		...['key~', '.key.swp', '#key#', 'key.bak'].flatMap((copy) => [['by-file.jsonc', copy], ['by-command.jsonc', copy]])]) {
		for (const { code, stderr } of [await ask(['--config', config, 'chat', '-f', file]), await ask(['chat', '-f', file], { EKE_CONFIG: config })]) {
			assert.equal(code, 1);
			assert.match(stderr, /stays on this machine: it/, `${config} ${file}`);
		}
	}
	const { code, stderr } = await ask(['--config', 'broken.jsonc', 'chat', '-f', 'broken.jsonc']);
	assert.equal(code, 1);
	assert.ok(!stderr.includes(KEY));
	nothingSent(upstream);
	/* Others beside them may leave. */
	writeFileSync(join(work, 'other.json'), '{}');
	assert.equal((await ask(['--config', 'mine.jsonc', 'chat', '-f', 'other.json'])).code, 0);
	for (const name of ['keyboard.c', 'api-key.js']) {
		writeFileSync(join(work, name), 'int k;\n');
		assert.equal((await ask(['--config', 'by-command.jsonc', 'chat', '-f', name])).code, 0);
	}
});

test('a repository that has them: what is staged of them stays', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const home = makeHome(t);
	const work = join(home, 'work');
	const git = (...args) => spawn('git', args, { cwd: work, stdio: 'ignore' });
	const done = (child) => new Promise((resolve) => child.on('close', resolve));

	writeFileSync(join(work, 'mine.jsonc'), JSON.stringify(configFor(upstream, { key: KEY })));
	writeFileSync(join(work, 'a.c'), 'int a;\n');
	await done(git('init', '-q'));
	await done(git('add', '.'));
	const { code, stderr } = await run(t, ['--config', 'mine.jsonc', 'chat', '-c', 'commit'], { home });
	assert.equal(code, 0, stderr);
	assert.ok(!JSON.stringify(upstream.counted[0].body).includes(KEY));
	assert.match(upstream.counted[0].body.messages.at(-1).content, /\+int a;/);
});
