/* What editors/jetbrains/build made, for tests. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const out = join(root, 'build/jetbrains');

/** Why the plugin is not there to be tested; undefined: it is. */
export function unavailable() {
	if (existsSync(join(out, 'test/eke/test/PlainEditor.class'))) return undefined;
	const reason = join(out, 'unavailable');
	const why = existsSync(reason) ? readFileSync(reason, 'utf8').trim() : 'make jetbrains makes it';
	console.error(`\n*** SKIPPED, nothing of the JetBrains plugin was tested: ${why} ***\n`);
	return why;
}

/** The core and the tests' own classes. */
export const CLASS_PATH = [join(out, 'core'), join(out, 'test'), '/usr/share/java/gson.jar'].join(':');

/** A Java program of the tests, quick to start. */
export function java(main, ...options) {
	return ['java', '-XX:TieredStopAtLevel=1', '-Djava.awt.headless=true', ...options, '-cp', CLASS_PATH, main];
}
