#!/usr/bin/env node
/*
 * The plugin in the platform's own editor (EditorImpl), booted by the platform's light test fixture without a display: the conformance
 * suite, and what only the platform does. `make test-jetbrains-platform`; not part of make test, as platform.mjs takes its time.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import { play, transcripts } from '../../editors/conformance/runner.mjs';
import { CUT, EKE, open, withEke } from '../editors/session.mjs';
import { until } from '../editors/terminal.mjs';
import { JavaDriver } from './driver.mjs';
import { root } from './java.mjs';
import { platform, platformJava } from './platform.mjs';

const out = join(root, 'build/jetbrains');
const ours = ['core', 'ide', 'test', 'real', 'resources'].map((name) => join(out, name));
const path = [...ours, platform()].join(':');
mkdirSync(join(out, 'real'), { recursive: true });
const source = join(root, 'editors/jetbrains/src/test/java/eke/platform/RealEditor.java');
// A source path of its own: else javac would compile what of the platform's source is on the class path.
const { status, stderr } = spawnSync('javac', ['-nowarn', '-proc:none', '-sourcepath', join(out, 'real'), '-cp', path, '-d', join(out, 'real'), source], { encoding: 'utf8' });
assert.equal(status, 0, stderr);

const real = new JavaDriver(platformJava(path, 'eke.ide.RealEditor'), {}, { keep: true });
after(() => real.end());
const only = process.env.EKE_TRANSCRIPT;

describe("the platform's own editor", async () => {
	for (const transcript of await transcripts())
		if (!only || only === transcript.name)
			test(`conformance: ${transcript.name}`, { timeout: 180_000 }, () => play(transcript, real));

	test('the real eke: ghost text, a word, the rest by Tab, undone in one step; the budget', { timeout: 180_000 }, async (t) => {
		const { folder, upstream, env } = await withEke(t);
		// The plugin's own settings are the environment's here.
		const command = ['env', ...Object.entries(env).map(([name, value]) => `${name}=${value}`), EKE, 'serve'];
		t.after(() => real.stop());
		await real.start({ command, folder });
		await open(real, folder, 'sum.c', CUT);
		assert.equal(await real.call('editor'), 'com.intellij.openapi.editor.impl.EditorImpl');
		await real.type('for (');
		await until('ghost text', () => real.ghost());
		// The platform has closed the bracket by itself, and the completion is what fits before it.
		assert.match((await real.buffer()).text, /\tfor \(\)\n/);
		assert.equal(await real.ghost(), 'int i = 0; i < count; i++');
		await until('the budget', async () => (await real.status()) === 'eke 59/60');
		await real.press('acceptWord');
		assert.match((await real.buffer()).before, /\tfor \(int$/);
		const before = (await real.buffer()).text;
		assert.equal(await real.call('perform', { action: 'eke.Accept' }), true);
		assert.match((await real.buffer()).text, /\tfor \(int i = 0; i < count; i\+\+\)\n/);
		assert.equal(await real.call('undo'), true);
		assert.equal((await real.buffer()).text, before);
		assert.equal(upstream.counted.length, 1);
	});

	test('not with a selection; Tab is not taken where there is nothing to take', { timeout: 180_000 }, async (t) => {
		const { folder, env } = await withEke(t);
		const command = ['env', ...Object.entries(env).map(([name, value]) => `${name}=${value}`), EKE, 'serve'];
		t.after(() => real.stop());
		await real.start({ command, folder });
		await open(real, folder, 'sum.c', CUT);
		assert.equal(await real.call('perform', { action: 'eke.Accept' }), false);
		await real.type('for (');
		await until('ghost text', () => real.ghost());
		await real.call('select', { start: 0, end: 5 });
		assert.equal(await real.ghost(), null);
		assert.equal(await real.call('perform', { action: 'eke.Accept' }), false);
	});
});
