// Vim and Neovim against the conformance suite: those of tests/editors/setup that EKE_TEST_EDITORS names, all by default.
import { describe, test } from 'node:test';

import { play, transcripts } from '../../editors/conformance/runner.mjs';
import { driver, editor } from './vim-driver.mjs';

const wanted = (process.env.EKE_TEST_EDITORS ?? 'vim-9.0 vim-9.2 nvim-0.10 nvim-0.12').split(' ');

for (const name of wanted.filter((one) => /^n?vim/.test(one)))
	describe(name, { skip: editor(name).why }, async () => {
		for (const transcript of await transcripts())
			test(`conformance: ${transcript.name}`, { timeout: 120_000, skip: skipped(transcript) }, () => play(transcript, driver(name)));
	});

function skipped({ name }) {
	const only = process.env.EKE_TRANSCRIPT;
	return only ? only !== name : false;
}
