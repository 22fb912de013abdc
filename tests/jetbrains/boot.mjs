#!/usr/bin/env node
/*
 * The plugin in the platform's own editor (EditorImpl), booted by the platform's light test fixture without a display: the conformance
 * suite, and what only the platform does. `make test-jetbrains-platform`; not part of make test, as platform.mjs takes its time.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { play, transcripts } from '../../editors/conformance/runner.mjs';
import { CUT, open, withEke } from '../editors/session.mjs';
import { until } from '../editors/terminal.mjs';
import { commandOf, realEditor } from './real.mjs';

const real = realEditor();
after(() => real.end());
/* The suite types into editors that close no brackets by themselves. */
const plain = {
	...Object.fromEntries(
		['open', 'type', 'press', 'command', 'choose', 'ghost', 'buffer', 'text', 'messages', 'status', 'chat', 'picture'].map((name) => [
			name,
			(...args) => real[name](...args),
		]),
	),
	async start(options) {
		await real.start(options);
		await real.call('pairs', { on: false });
	},
	async stop() {
		await real.call('pairs', { on: true });
		await real.stop();
	},
};
const only = process.env.EKE_TRANSCRIPT;

describe("the platform's own editor", async () => {
	for (const transcript of await transcripts())
		if (!only || only === transcript.name)
			test(`conformance: ${transcript.name}`, { timeout: 180_000 }, () => play(transcript, plain));

	test('the real eke: ghost text, a word, the rest by Tab, undone in one step; the budget', { timeout: 180_000 }, async (t) => {
		const { folder, upstream, env } = await withEke(t);
		t.after(() => real.stop());
		await real.start({ command: commandOf(env), folder });
		await open(real, folder, 'sum.c', CUT);
		assert.equal(await real.call('editor'), 'com.intellij.openapi.editor.impl.EditorImpl');
		await real.type('for (');
		await until('ghost text', () => real.ghost());
		// The platform has closed the bracket by itself, and the completion is what fits before it.
		assert.match((await real.buffer()).text, /\tfor \(\)\n/);
		assert.match(await real.ghost(), /^int i = 0; i < count; i\+\+(\n|$)/); // more lines, if they come in time
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
		t.after(() => real.stop());
		await real.start({ command: commandOf(env), folder });
		await open(real, folder, 'sum.c', CUT);
		assert.equal(await real.call('perform', { action: 'eke.Accept' }), false);
		await real.type('for (');
		await until('ghost text', () => real.ghost());
		await real.call('select', { start: 0, end: 5 });
		assert.equal(await real.ghost(), null);
		assert.equal(await real.call('perform', { action: 'eke.Accept' }), false);
	});
});
