// The plugin's core, played with by the conformance suite. EKE_TRANSCRIPT plays one transcript.
import { describe, test } from 'node:test';

import { play, transcripts } from '../../editors/conformance/runner.mjs';
import { JavaDriver } from './driver.mjs';
import { java, unavailable } from './java.mjs';

const only = process.env.EKE_TRANSCRIPT;

describe('the core', { skip: unavailable() }, async () => {
	for (const transcript of await transcripts())
		if (!only || only === transcript.name)
			test(`conformance: ${transcript.name}`, { timeout: 60_000 }, () =>
				play(transcript, new JavaDriver(java('eke.test.PlainEditor'))),
			);
});
