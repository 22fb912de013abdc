/* The program that hosts the platform's own editor, compiled and started: for the tests of `make test-jetbrains-platform`. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { EKE } from '../editors/session.mjs';
import { JavaDriver } from './driver.mjs';
import { root } from './java.mjs';
import { platform, platformJava } from './platform.mjs';

const out = join(root, 'build/jetbrains');
const sources = join(root, 'editors/jetbrains/src/test/java/eke/platform');

/** A driver of its own process; end() ends it. */
export function realEditor() {
	const ours = ['core', 'ide', 'test', 'real', 'resources'].map((name) => join(out, name));
	const path = [...ours, platform()].join(':');
	mkdirSync(join(out, 'real'), { recursive: true });
	const files = readdirSync(sources).map((name) => join(sources, name));
	// A source path of its own: else javac would compile what of the platform's source is on the class path.
	const { status, stderr } = spawnSync(
		'javac',
		['-nowarn', '-proc:none', '-sourcepath', join(out, 'real'), '-cp', path, '-d', join(out, 'real'), ...files],
		{ encoding: 'utf8' },
	);
	if (status !== 0) throw new Error(stderr);
	return new JavaDriver(platformJava(path, 'eke.ide.RealEditor'), {}, { keep: true });
}

/** The command line of the real eke in an environment of its own: the plugin's settings are the whole process's. */
export const commandOf = (env, program = [EKE, 'serve']) => [
	'env',
	...Object.entries(env).map(([name, value]) => `${name}=${value}`),
	...program,
];
