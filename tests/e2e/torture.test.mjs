/*
 * A short form of `make torture`: processes that share a state directory are killed at random, and nothing is lost.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { torture } from '../torture/torture.mjs';

test('processes are killed at random, and nothing that was answered is lost', async (t) => {
	const done = await torture({ seconds: 6 });

	t.diagnostic(JSON.stringify(done));
	assert.ok(done.kills >= 2 && done.requests >= 1, JSON.stringify(done));
});
