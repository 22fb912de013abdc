/*
 * After all end-to-end tests: did they see every method, result and declared error of protocol/eke.json? Each test process has
 * left what it saw in build/coverage/ (support/audit.mjs). Exits 1 with a line for each gap.
 */
import { readdirSync, readFileSync } from 'node:fs';

import { loadContract } from '../../protocol/model.mjs';
import { uncovered } from '../../protocol/validate.mjs';
import { COVERAGE } from './support/coverage.mjs';

/* LSP has it, and clients must be ready for it; eke answers null where it could be meant. */
const NEVER = new Set(['textDocument/inlineCompletion -32801']);

function missingErrors(coverages) {
	const gaps = [];

	for (const { method, errors } of loadContract().methods) {
		const seen = new Set(coverages.flatMap((c) => Object.keys(c[method]?.errors ?? {})).map((name) => name.split(' ').at(-1)));
		for (const error of errors)
			if (!seen.has(String(error)) && !NEVER.has(`${method} ${error}`))
				gaps.push(`${method}: never answered with error ${error}`);
	}
	return gaps;
}

const files = readdirSync(COVERAGE).filter((name) => name.endsWith('.json'));
const coverages = files.map((name) => JSON.parse(readFileSync(COVERAGE + name, 'utf8')));
const gaps = [...uncovered(coverages), ...missingErrors(coverages)];

for (const gap of gaps)
	console.log(gap);
console.log(`${files.length} test files, ${gaps.length} gaps in their coverage of the contract`);
process.exitCode = files.length && !gaps.length ? 0 : 1;
