// The plugin's core in Java, played with by the conformance suite. EKE_TRANSCRIPT plays one transcript.
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';

import { play, transcripts } from '../../editors/conformance/runner.mjs';
import { classPath, JavaDriver, unavailable } from './java.mjs';

const only = process.env.EKE_TRANSCRIPT;

describe('the core', { skip: unavailable('core') }, async () => {
	for (const transcript of await transcripts())
		if (!only || only === transcript.name)
			test(`conformance: ${transcript.name}`, { timeout: 60_000 }, () =>
				play(transcript, new JavaDriver(['java', '-cp', classPath(), 'eke.test.PlainEditor'])),
			);
});
