/*
 * What a new file is indented with: its own lines, else .editorconfig, else what the client says, else what the model wrote. Skipped
 * where eke is built without libeditorconfig.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { configFor, makeHome, run, startServer, withUpstream } from './harness.mjs';

const skip = spawnSync('pkg-config', ['--exists', 'editorconfig']).status === 0 ? false : 'there is no libeditorconfig here';
const body = (unit) => `${unit}if (a) {\n${unit}${unit}return 1;\n${unit}}\n${unit}return 0;\n}`;
/* Asked on a new line behind this; no line is indented yet. */
const HEAD = '/* A comment that is long enough for a file that is no new one any more, as a licence at its top would be: there is text in it, line after\n * line of it, and none of these lines says anything about how the code below is indented. */\nint f(int a) {\n';
const TABS = { tabSize: 8, insertSpaces: false };
const SPACES = { tabSize: 3, insertSpaces: true };

async function start(t, answer) {
	const upstream = await withUpstream(t, { answer: () => `<completion>${answer}</completion>` });
	const home = makeHome(t, configFor(upstream));
	const project = join(home, 'work');
	const rules = (text, folder = '.') => {
		mkdirSync(join(project, folder), { recursive: true });
		writeFileSync(join(project, folder, '.editorconfig'), text);
	};

	return { upstream, home, project, rules };
}

async function serve(t, home) {
	const eke = await startServer(t, { home });

	await eke.initialize();
	/* With a streamToken the answer comes when all of it is there. */
	const suggestion = async (text, name, more) =>
		(await eke.open(text, { uri: eke.uri(name) })).suggestion({ streamToken: `${name}-${text.length}`, ...more });
	return { eke, suggestion };
}

test('.editorconfig says what a new file is indented with; the nearest one, and as it is now', { skip }, async (t) => {
	const { upstream, home, rules } = await start(t, body('    '));
	rules('root = true\n\n[*.c]\nindent_style = tab\n');
	rules('[*.c]\nindent_style = space\nindent_size = 2\n', 'sub');
	const { suggestion } = await serve(t, home);

	assert.equal(await suggestion(`${HEAD}‸`, 'a.c', { formattingOptions: SPACES }), body('\t'));
	assert.match(upstream.counted[0].body.messages.at(-1).content, /^Indentation: tabs$/m);
	assert.equal(await suggestion(`${HEAD}‸`, 'sub/b.c', { formattingOptions: TABS }), body('    '));
	assert.match(upstream.counted[1].body.messages.at(-1).content, /^Indentation: 2 spaces$/m);
	/* Another document, and the file has changed. */
	rules('root = true\n[*.h]\nindent_style = tab\n');
	assert.equal(await suggestion(`${HEAD}int b;\n‸`, 'c.c', { formattingOptions: SPACES }), body('    '));
	assert.match(upstream.counted[2].body.messages.at(-1).content, /^Indentation: 3 spaces$/m);
	rules('root = true\n[*.c]\nindent_style = tab\n');
	assert.equal(await suggestion(`${HEAD}int c;\n‸`, 'c.c', { formattingOptions: SPACES }), body('\t'));
});

test('.editorconfig: spaces where the model wrote tabs', { skip }, async (t) => {
	const { home, rules } = await start(t, body('\t'));
	rules('root = true\n[*]\nindent_style = space\nindent_size = 2\n');
	const { suggestion } = await serve(t, home);

	assert.equal(await suggestion(`${HEAD}‸`, 'a.c'), body('  '));
});

test('the lines of a document go before .editorconfig, as does the one of the cursor', { skip }, async (t) => {
	const { home, rules } = await start(t, body('    '));
	rules('root = true\n[*]\nindent_style = tab\n');
	const { suggestion } = await serve(t, home);
	const lines = 'int g(int b) {\n    b++;\n    b++;\n    b++;\n    b++;\n    return b;\n}\n';

	assert.equal(await suggestion(`${lines}${HEAD}‸`, 'a.c'), body('    '));
	assert.equal(await suggestion(`${HEAD}    ‸`, 'b.c'), body('    ').trimStart());
});

test('an .editorconfig that cannot be read, is too large or is wrong changes nothing', { skip }, async (t) => {
	const { home, project, rules } = await start(t, body('    '));
	const { eke, suggestion } = await serve(t, home);
	const tabs = '[*]\nindent_style = tab\n';
	const bad = [
		['a FIFO', () => execFileSync('mkfifo', [join(project, '.editorconfig')]), /not a regular file/],
		['a folder', () => mkdirSync(join(project, '.editorconfig')), /not a regular file/],
		['too large', () => rules(tabs + '# x\n'.repeat(40_000)), /larger than 131072 bytes/],
		['a long pattern', () => rules(`${tabs}[${'a'.repeat(300)}]\nindent_size = 2\n`), /longer than 256 bytes/],
		['many stars', () => rules(`${tabs}[${'*a'.repeat(20)}]\nindent_size = 2\n`), /wildcards/],
		['patterns that take minutes', () => rules(tabs + `[${'**?'.repeat(7)}**[!c]]\nindent_size = 2\n`.repeat(200)), /take too long to compare/],
		['alternatives that take minutes', () => rules(tabs + `[{${'**?**?**?**[!c],'.repeat(6)}x}{a*,*}{b*,*}{c*,*}]\nindent_size = 2\n`.repeat(200)), /take too long to compare/],
		['no syntax', () => rules(`${tabs}[*\nthis is nothing\n`), /neither \[pattern\] nor name = value/],
	];

	for (const [i, [what, make, log]] of bad.entries()) {
		rmSync(join(project, '.editorconfig'), { recursive: true, force: true });
		make();
		assert.equal(await suggestion(`${HEAD}int x${i};\n‸`, `bad${i}.c`), body('    '), what);
		assert.match(eke.program.stderr, log, what);
		assert.equal(await suggestion(`${HEAD}int x${i};\n‸`, `bad${i}.c`.replace('bad', 'worse')), body('    '), what);
	}
	/* What large projects have, many times over. */
	const large = '[src/{Compilers,Scripting}/**Test**/*.{cs,vb,c}]\nindent_size = 9\n[**/*-*.{spec,test}.{c,ts,tsx}]\nindent_size = 9\n[{src,test}/**/*Tests/**/*.c]\nindent_size = 9\n[*.{a,b,c,d,e,f,g,h}]\n'.repeat(20);
	for (const text of [tabs, large + tabs, `\u{feff}${tabs}`, `${tabs}indent_size = unset\ntab_width = 99999999999999999999\n`, `# c\n; c\n\n${tabs}`]) {
		rmSync(join(project, '.editorconfig'), { recursive: true, force: true });
		rules(text);
		assert.equal(await suggestion(`${HEAD}int ${'y'.repeat(text.length)};\n‸`, `good${text.length}.c`), body('\t'), text);
	}
	/* A document that is no file. */
	assert.equal(await (await eke.open(`${HEAD}int z;\n‸`, { uri: 'untitled:Untitled-1' })).suggestion({ streamToken: 'u' }), body('    '));
});

test('eke complete FILE:LINE:COL goes by .editorconfig, too', { skip }, async (t) => {
	const { home, project, rules } = await start(t, body('    '));
	rules('root = true\n[*]\nindent_style = tab\n');
	writeFileSync(join(project, 'a.c'), HEAD);
	const { code, stdout } = await run(t, ['complete', `a.c:${HEAD.split('\n').length}:1`], { home });

	assert.deepEqual([code, stdout], [0, `${body('\t')}\n`]);
});
