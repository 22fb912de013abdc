/*
 * What README.md, src/README.md, editors/README.md and SECURITY.md name exists: files, tests, functions, links, make targets,
 * commands; and eke takes the configurations that they show.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const EKE = process.env.EKE_BIN || join(ROOT, 'build/debug/eke');
const DOCS = ['README.md', 'src/README.md', 'editors/README.md'];

const read = (path) => readFileSync(join(ROOT, path), 'utf8');
const methods = new Set(JSON.parse(read('protocol/eke.json')).methods.map(({ method }) => method));

/** Every file and folder of the project, relative to its root; what is made is left out. */
function tree(folder = '', found = []) {
	for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
		const path = folder + entry.name;
		if (['.git', 'build', 'node_modules'].includes(entry.name)) continue;
		found.push(path);
		if (entry.isDirectory()) tree(`${path}/`, found);
	}
	return found;
}

const paths = tree();
const folders = new Set(paths.filter((path) => !path.includes('/')).concat(readdirSync(join(ROOT, 'src'))));
const sources = paths.filter((path) => /^(src|include|tests)\/.*\.(c|h|mjs)$/.test(path)).map(read).join('\n');

const blocks = (text, language) => Array.from(text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm')), ([, body]) => body);
const inline = (text) => Array.from(text.replace(/^```[^]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g), ([, code]) => code);

/** Whether a piece of code in the text names a file or a folder of the project. */
function isPath(code) {
	if (methods.has(code) || !/^[\w.+*-]+(\/[\w.+*-]+)*\/?$/.test(code)) return false;
	return code.includes('/') ? folders.has(code.split('/')[0]) : /\.(c|h|mjs|md|json|awk|txt|1)$/.test(code);
}

/** A bare name may stand for a file anywhere; a path begins at the project's root, in the text's own folder, or in a layer's two. */
function isThere(code, doc) {
	const wanted = code.replace(/\/$/, '').replace(/[.+]/g, '\\$&').replaceAll('*', '[^/]*');
	const from = code.includes('/') ? `^((${dirname(doc)}|src|include/eke)/)?` : '(^|/)';
	const pattern = new RegExp(`${from}${wanted}$`);
	return paths.some((path) => pattern.test(path));
}

test('what counts as the name of a file', () => {
	const names = ['src/main.c', 'include/eke/base/limits.h', 'base/json.c', 'json*.c', 'tests/unit/', 'tests/no', 'no.c', 'chat/complete', 'a b.c', '~/.x/y.json'];
	assert.deepEqual(names.filter(isPath), names.slice(0, 7));
	assert.deepEqual(names.filter((name) => isPath(name) && isThere(name, 'README.md')), names.slice(0, 5));
});

for (const doc of DOCS) {
	test(`${doc}: every file that it names exists`, () => {
		assert.deepEqual(inline(read(doc)).filter((code) => isPath(code) && !isThere(code, doc)), []);
	});

	test(`${doc}: every link leads somewhere`, () => {
		const links = Array.from(read(doc).matchAll(/\]\(([^)]+)\)/g), ([, link]) => link).filter((link) => !/^https:/.test(link));
		const anchors = (text) => Array.from(text.matchAll(/^#+ (.+)$/gm), ([, title]) => title.toLowerCase().replace(/[^\w\s-]/g, '').trim().replace(/\s/g, '-'));
		for (const link of links) {
			const [path, anchor] = link.split('#');
			const target = path === '' ? doc : join(dirname(doc), path);
			assert.ok(existsSync(join(ROOT, target)), link);
			if (anchor !== undefined) assert.ok(anchors(read(target)).includes(anchor), link);
		}
	});

	test(`${doc}: every function and struct that it names is in the source`, () => {
		const names = inline(read(doc)).flatMap((code) => code.match(/^[a-z]\w*(?=\(\)$)|(?<=^struct )\w+$/g) ?? []);
		assert.deepEqual(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(sources)), []);
	});

	test(`${doc}: every make target and command that it names exists`, () => {
		const code = [...inline(read(doc)), ...blocks(read(doc), 'sh').flatMap((body) => body.split('\n'))];
		const first = (pattern) => code.flatMap((line) => pattern.exec(line)?.[1] ?? []);
		const makefile = read('Makefile');
		for (const target of first(/^(?:sudo )?make ([a-z][\w-]*)/)) assert.match(makefile, new RegExp(`^${target}:|^[\\w -]+ ${target}[\\w -]*:`, 'm'), `make ${target}`);
		const help = (...words) => spawnSync(EKE, [...words, '--help'], { encoding: 'utf8' }).stdout;
		const all = help();
		for (const command of first(/^eke ([a-z]+)/)) assert.match(all, new RegExp(`^  ${command}\\b`, 'm'), `eke ${command}`);
		for (const line of code.filter((each) => /^(eke|cmd) /.test(each))) {
			const [, command] = /^eke ([a-z]+)/.exec(line) ?? [];
			const known = command ? help(command) : all;
			for (const option of line.match(/--[a-z][a-z-]+/g) ?? []) assert.ok(known.includes(option), line);
		}
	});

	test(`${doc}: eke takes its configurations without a complaint`, (t) => {
		const folder = mkdtempSync(join(tmpdir(), 'eke-docs-'));
		t.after(() => rmSync(folder, { recursive: true }));
		const file = join(folder, 'config.json');
		for (const body of blocks(read(doc), 'jsonc')) {
			writeFileSync(file, body);
			const run = spawnSync(EKE, ['--config', file, 'config', '--print'], { encoding: 'utf8', env: { ...process.env, EKE_STATE_DIR: folder } });
			assert.equal(run.stderr, '', body);
			assert.equal(run.status, 0, body);
			assert.ok(JSON.parse(run.stdout).endpoints.length > 0, body);
		}
	});
}

test('the packages that README.md installs are those that the build looks for', () => {
	const [, list] = /apt-get install -y (.+)$/m.exec(read('README.md'));
	const deps = read('.ci/deps');
	for (const name of list.split(' ')) assert.ok(deps.includes(name), name);
});

/** What is wrong with a line of SECURITY.md's table. */
function faultsOf([what, where, guards]) {
	const found = [];

	for (const code of inline(where))
		if (!isThere(code, 'src/README.md'))
			found.push(`${what}: there is no ${code}`);
	for (const [, name, quoted] of guards.matchAll(/`([^`]+)`((?:,? "[^"]+")*)/g)) {
		const folder = { test: 'tests/unit', fuzz: 'tests/fuzz' }[name.split('_')[0]];
		const pattern = name.endsWith('.test') ? `^tests/e2e/${name.replace('.', '\\.')}\\.mjs$` : `^${folder}/${name.replaceAll('*', '\\w*')}\\.c$`;
		const files = paths.filter((path) => new RegExp(pattern).test(path));
		/* The names of its tests, and what they are made of where a name is made. */
		const names = files.map((path) => Array.from(read(path).matchAll(/\b(?:test|plainTest)\((.+)$|^\t\[?(['"`].*)$/gm), ([line]) => line).join('\n')).join('\n');

		if (!files.length)
			found.push(`${what}: there is no ${name}`);
		for (const [, words] of quoted.matchAll(/"([^"]+)"/g))
			if (!names.includes(words))
				found.push(`${what}: ${name} has no test "${words}"`);
	}
	if (!/`/.test(guards))
		found.push(`${what}: no test`);
	return found;
}

test('.github/SECURITY.md: each row names files and tests that exist', () => {
	const rows = Array.from(read('.github/SECURITY.md').matchAll(/^\| (.+) \| (.+) \| (.+) \|$/gm), ([, ...cells]) => cells).slice(1);

	assert.ok(rows.length >= 15, `${rows.length} rows`);
	assert.deepEqual(rows.flatMap(faultsOf), []);
	assert.deepEqual(faultsOf(['x', '`base/nothing.c`', '`test_nothing`, `upstream.test` "a redirect", "no such words"']),
		['x: there is no base/nothing.c', 'x: there is no test_nothing', 'x: upstream.test has no test "no such words"']);
	assert.deepEqual(faultsOf(['x', '', 'none']), ['x: no test']);
});
