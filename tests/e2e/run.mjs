/*
 * Runs test files, each in a process of its own, two at a time: much of a test is waiting. Prints the results for people, and
 * writes them as TAP to the first argument; the others are the files. Exits 1 if a test failed.
 *
 * (node --test does the same, but leaves one of two processors idle.)
 */
import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec as Spec, tap } from 'node:test/reporters';

const AT_ONCE = 2;
/* A file that hangs is a failure, not a wait without end. */
const MOST_MS = 240_000;
const [destination, ...files] = process.argv.slice(2);
const events = run({ files: files.map((file) => resolve(file)), concurrency: AT_ONCE, timeout: MOST_MS });
const forPeople = new PassThrough({ objectMode: true });
const forPrograms = new PassThrough({ objectMode: true });

events.on('test:fail', ({ todo }) => {
	if (todo === undefined || todo === false)
		process.exitCode = 1;
});
events.pipe(forPeople);
events.pipe(forPrograms);
forPeople.compose(new Spec()).pipe(process.stdout);
await finished(forPrograms.compose(tap).pipe(createWriteStream(destination)));
