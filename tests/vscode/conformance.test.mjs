// The conformance suite, in the real workbench. EKE_TRANSCRIPT plays one transcript.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { play, transcripts } from '../../editors/conformance/runner.mjs';
import { asInVsCode, notHere } from './adapt.mjs';
import { Driver } from './driver.mjs';
import { unavailable, Workbench } from './workbench.mjs';

const skip = unavailable();
if (skip) console.error(`\n*** SKIPPED, nothing was tested in VS Code's workbench: ${skip} ***\n`);
const only = process.env.EKE_TRANSCRIPT?.split(',');

describe('conformance in the workbench', { skip }, async () => {
	let workbench;
	let window;
	let folder;
	before(async () => {
		folder = await mkdtemp(join(tmpdir(), 'eke-conformance-'));
		workbench = await Workbench.start();
		process.env.TMPDIR = folder; // where the runner makes its folders: in that of the window
		await workbench.settings({ 'eke.enabled': false });
		window = await workbench.open(folder);
	});
	after(async () => {
		await workbench?.stop();
		await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
	});
	for (const transcript of await transcripts())
		if (!only || only.includes(transcript.name))
			test(transcript.name, { timeout: 120_000, skip: notHere[transcript.name] }, () =>
				play(asInVsCode(transcript), new Driver(workbench, window)),
			);
});
