/* What editors/jetbrains/build made, for tests. */
import { spawnSync } from 'node:child_process';
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

/** Why there is no display to be had; undefined: there is one, and all that java() needs. */
export function noDisplay() {
	if (unavailable()) return unavailable();
	if (spawnSync('xvfb-run', ['--help']).error) return 'there is no xvfb-run; Debian has it in the package xvfb';
	if (!spawnSync('java', ['-XshowSettings:none', '-version']).error && existsAwt()) return undefined;
	return 'this Java has no windows; Debian has them in the package default-jre';
}

/* A headless Java lacks the library that opens windows. */
function existsAwt() {
	const { stderr } = spawnSync('java', ['-XshowSettings:properties', '-version'], { encoding: 'utf8' });
	const home = /java\.home = (.*)/.exec(stderr)?.[1];
	return home !== undefined && existsSync(join(home, 'lib/libawt_xawt.so'));
}

/** The same with a display of its own. */
export function onDisplay(main, ...options) {
	return [
		...['xvfb-run', '-a', '-s', '-screen 0 1280x1000x24', 'java', '-XX:TieredStopAtLevel=1'],
		...['-cp', CLASS_PATH, main],
		...options.filter(Boolean),
	];
}
