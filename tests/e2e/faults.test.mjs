/*
 * A short form of `make faults`: a call of each function that fails, at some places where it is made.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { faults } from '../faults/faults.mjs';

const shim = fileURLToPath(new URL('../../build/faults/shim.so', import.meta.url));

test('whatever call fails, eke says so or goes on, and the next start is right', { skip: !existsSync(shim) && 'no shim on this system' }, async (t) => {
	const { runs } = await faults({ most: 1 });

	t.diagnostic(`${runs} runs`);
	assert.ok(runs >= 40, `${runs} runs`);
});

/* One that failed was taken for "there is no file", and the ledger that was there was removed. */
test('whichever look at a file fails, nothing that is counted goes', { skip: !existsSync(shim) && 'no shim on this system' }, async () => {
	await faults({ only: 'stat', scenario: 'chat' });
});
