// check-source on small made-up trees: each of its checks sees its violation, at the right line, and a clean tree passes.
// Words and paths that this file could not contain without being a problem itself are put together from pieces.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('check-source', import.meta.url));
const ALLOWED = ['/*', 'allowed: a reason', '*/'].join(' ');
const UNFINISHED = ['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'];

const folders = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** Writes { path: text } into a new folder. */
function tree(files) {
	const root = mkdtempSync(join(tmpdir(), 'eke-check-'));
	folders.push(root);
	for (const [path, text] of Object.entries(files)) {
		mkdirSync(dirname(join(root, path)), { recursive: true });
		writeFileSync(join(root, path), text);
	}
	return root;
}

/** Runs check-source on a tree; `problems` are its lines, without the count at the end. */
function check(root) {
	const result = spawnSync(script, [root], { encoding: 'utf8' });
	return { status: result.status, stderr: result.stderr, problems: result.stdout.split('\n').filter(Boolean), stdout: result.stdout };
}

const COMMENT = '/*\n * What it is for.\n */\n';

function header(layer, name, body = '') {
	const guard = `EKE_${layer}_${name}_H`.toUpperCase().replaceAll('-', '_');
	return `#ifndef ${guard}\n#define ${guard}\n/* What it promises. */\n${body}#endif\n`;
}

/** A .c with its own header included, line 4; the body begins in line 5. */
function source(layer, name, body = '') {
	return `${COMMENT}#include "eke/${layer}/${name}.h"\n${body}`;
}

/** A module that is clean but for what the body of its .c brings. */
function module(layer, name, body, headerBody) {
	return {
		[`include/eke/${layer}/${name}.h`]: header(layer, name, headerBody),
		[`src/${layer}/${name}.c`]: source(layer, name, body),
	};
}

const CLEAN = {
	...module('base', 'mem', '\n#include <stdlib.h>\n\nvoid *xmalloc(size_t size)\n{\n\treturn malloc(size);\n}\n', '#include <stddef.h>\nvoid *xmalloc(size_t size);\n'),
	...module('base', 'json', '\n#include <stdlib.h>\n#include <string.h>\n\n#include "eke/base/mem.h"\n'),
	...module('io', 'loop', '#include "loop_private.h"\n\nint loop(void)\n{\n\treturn 0;\n}\n', 'int loop(void);\n'),
	'src/io/loop_private.h': header('io', 'loop_private'),
	'src/io/loop_watch_list.c': `${COMMENT}#include "loop_watch_private.h"\n`,
	'src/io/loop_watch_private.h': header('io', 'loop_watch_private'),
	...module('rpc', 'peer'),
	...module('text', 'doc', '\n/* "//" in a string is no comment. */\nconst char *doc_url = "https://example.org/";\nconst char doc_quote = \'"\';\n', 'extern const char *doc_url;\nextern const char doc_quote;\n'),
	...module('upstream', 'http'),
	...module('chat', 'turn'),
	...module('front', 'lsp', '\n#include "eke/chat/turn.h"\n#include "eke/front/lsp_doc.h"\n#include "eke/rpc/peer.h"\n'),
	...module('front', 'lsp_doc'),
	...module('front', 'terminal', '\n#include <stdio.h>\n\nvoid terminal(void)\n{\n\tputs("for a terminal");\n}\n', 'void terminal(void);\n'),
	...module('front', 'cli', '\n#include "eke/front/terminal.h"\n\nvoid cli(void)\n{\n\tterminal();\n}\n', 'void cli(void);\n'),
	'src/main.c': `${COMMENT}#include <stdio.h>\n\n#include "eke/front/cli.h"\n\nint main(void)\n{\n\treturn fflush(stdout);\n}\n`,
	'tests/unit/test_mem.c': '/* Tests may print and use malloc. */\n#include <stdlib.h>\n#include <stdio.h>\n\nint main(void)\n{\n\tfree(malloc(1));\n\treturn puts("ok");\n}\n',
	'tests/e2e/a.test.mjs': '// A path in an example is nobody\'s: file:///home/user/x.c\nsetTimeout(() => process.exit(1), 1000);\n',
	'tests/fuzz/corpus/sse/crlf': 'data: x \r\n',
	'README.md': '# Title\n\nTwo blanks break a line  \nhere.\n',
};

function lines(count, text) {
	return `${text}\n`.repeat(count);
}

// One module or file each; `at` is the file that is wrong, `problems` its [line, words] in order.
const VIOLATIONS = [
	// layering
	{ at: 'src/base/up.c', files: module('base', 'up', '\n#include "eke/io/loop.h"\n'), problems: [[6, 'layering: base is below io']] },
	{ at: 'include/eke/rpc/up.h', files: module('rpc', 'up', '', '#include "eke/chat/turn.h"\n'), problems: [[4, 'layering: rpc is below chat']] },
	...['text', 'store', 'budget', 'upstream', 'complete', 'chat'].map((layer) => ({
		at: `src/${layer}/knows.c`, files: module(layer, 'knows', '\n#include "eke/rpc/peer.h"\n'), problems: [[6, `${layer} must not know rpc`]],
	})),
	{ at: 'src/gateway/routes.c', files: module('gateway', 'routes', '\n#include "eke/front/lsp.h"\n'), problems: [[6, 'front ends do not know each other']] },
	{ at: 'src/front/cli_chat.c', files: module('front', 'cli_chat', '\n#include "eke/front/lsp_doc.h"\n'), problems: [[6, 'front ends do not know each other']] },
	{ at: 'src/io/ghost.c', files: module('io', 'ghost', '\n#include "eke/base/ghost.h"\n'), problems: [[6, 'include/eke/base/ghost.h does not exist']] },
	{ at: 'src/io/odd.c', files: module('io', 'odd', '\n#include "eke/odd/x.h"\n'), problems: [[6, 'eke/odd/ is no layer']] },
	{ at: 'src/rpc/private.c', files: module('rpc', 'private', '\n#include "io/loop_private.h"\n'), problems: [[6, 'nor a private header of src/rpc/']] },
	{ at: 'src/extra.c', files: { 'src/extra.c': COMMENT }, problems: [[1, 'in no layer']] },
	{ at: 'src/misc/x.h', files: { 'src/misc/x.h': header('misc', 'x') }, problems: [[1, 'unknown layer "misc"']] },
	// files that are pure
	{ at: 'src/budget/pace.c', files: module('budget', 'pace', '\n#include <unistd.h>\n\n#include "eke/io/loop.h"\n\nlong pace(void)\n{\n\treturn clock_wall_ms();\n}\n'),
		problems: [[6, '<unistd.h> in a file that is pure'], [8, 'eke/io/loop.h in a file that is pure'], [12, 'clock_wall_ms() in a file that is pure']] },
	{ at: 'include/eke/text/uri.h', files: module('text', 'uri', '', '#include <sys/stat.h>\n'), problems: [[4, '<sys/stat.h> in a file that is pure']] },
	// libraries
	{ at: 'src/base/value.c', files: module('base', 'value', '\n#include <cjson/cJSON.h>\n'), problems: [[6, '<cjson/cJSON.h> is for src/base/json*.c alone']] },
	{ at: 'src/rpc/event.c', files: module('rpc', 'event', '\n#include <ev.h>\n'), problems: [[6, '<ev.h> is for src/io/ alone']] },
	{ at: 'src/upstream/wire.c', files: module('upstream', 'wire', '\n#include <curl/curl.h>\n'), problems: [[6, '<curl/curl.h> is for src/upstream/http*.[ch] alone']] },
	{ at: 'src/budget/ledger.c', files: module('budget', 'ledger', '\n#include <sqlite3.h>\n'), problems: [[6, '<sqlite3.h> is for src/store/ alone']] },
	{ at: 'src/budget/remote.c', files: module('budget', 'remote', '\n#include <hiredis/async.h>\n'), problems: [[6, '<hiredis/async.h> is for src/budget/redis.c alone']] },
	// headers and openings
	{ at: 'include/eke/base/guard.h', files: { ...module('base', 'guard'), 'include/eke/base/guard.h': header('base', 'wrong') }, problems: [[1, '#ifndef and #define EKE_BASE_GUARD_H'], [2, '#define EKE_BASE_GUARD_H']] },
	{ at: 'include/eke/base/bare.h', files: { 'include/eke/base/bare.h': '/* No guard. */\nstruct bare;\n' }, problems: [[1, 'no include guard: #ifndef EKE_BASE_BARE_H']] },
	{ at: 'include/eke/base/mute.h', files: { 'include/eke/base/mute.h': '#ifndef EKE_BASE_MUTE_H\n#define EKE_BASE_MUTE_H\nstruct mute;\n#endif\n' }, problems: [[3, 'no opening comment']] },
	{ at: 'src/base/mute2.c', files: { ...module('base', 'mute2'), 'src/base/mute2.c': '#include "eke/base/mute2.h"\n' }, problems: [[1, 'no opening comment']] },
	// what is sent comes from one place, unless the line says why not
	{ at: 'src/chat/sent.c', files: module('chat', 'sent', `\nvoid f(void)\n{\n\tdoc_text(0);\n\tdoc_text(1); ${ALLOWED}\n}\n`), problems: [[8, 'doc_text() is not for chat/']] },
	{ at: 'src/text/unsent.c', files: module('text', 'unsent', '\nvoid f(void)\n{\n\tdoc_text(0);\n}\n'), problems: [] },
	// documents that are cited
	{ at: 'src/base/cites.c', files: { ...module('base', 'cites'), 'src/base/cites.c': source('base', 'cites', '\n/* README.md is there; notes.md 4.2 and docs/far.md are not. */\nconst char *name = "my.md"; /* see gone.md */\n') }, problems: [[6, 'cites notes.md'], [6, 'cites docs/far.md'], [7, 'cites gone.md']] },
	{ at: 'tests/e2e/cites.mjs', files: { 'tests/e2e/cites.mjs': '// As design-notes.md says.\nconst file = "a.md";\n' }, problems: [[1, 'cites design-notes.md']] },
	{ at: 'tests/unit/test_mute.c', files: { 'tests/unit/test_mute.c': 'int main(void)\n{\n\treturn 0;\n}\n' }, problems: [[1, 'no opening comment']] },
	{ at: 'src/base/orphan.c', files: { 'src/base/orphan.c': COMMENT }, problems: [[1, 'no header of its own: add include/eke/base/orphan.h']] },
	{ at: 'src/base/alone.c', files: { ...module('base', 'alone'), 'src/base/alone.c': COMMENT }, problems: [[1, 'its own header is not included']] },
	// include order
	{ at: 'src/base/own.c', files: { ...module('base', 'own'), 'src/base/own.c': `${COMMENT}#include <stdio.h>\n#include "eke/base/own.h"\n` }, problems: [[4, 'the first include must be its own header']] },
	{ at: 'src/io/groups.c', files: module('io', 'groups', '\n#include "eke/base/mem.h"\n\n#include <stdlib.h>\n'), problems: [[8, 'include order: its own header']] },
	{ at: 'src/io/alpha.c', files: module('io', 'alpha', '\n#include <string.h>\n#include <stdlib.h>\n'), problems: [[7, 'stdlib.h goes before string.h']] },
	// functions
	...['strcpy', 'strcat', 'strncpy', 'sprintf', 'vsprintf', 'gets', 'strtok', 'atoi', 'atol', 'sscanf', 'alloca', 'system', 'popen', 'sleep', 'usleep', 'nanosleep'].map((name) => ({
		at: `src/base/use_${name}.c`, files: module('base', `use_${name}`, `\nint x = ${name}(0);\n`), problems: [[6, `${name}() is banned`]],
	})),
	...['malloc', 'calloc', 'realloc', 'reallocarray', 'strdup', 'strndup', 'asprintf'].map((name) => ({
		at: `src/text/use_${name}.c`, files: module('text', `use_${name}`, `\nvoid *x = ${name} (1);\n`), problems: [[6, `${name}() outside base/mem.c`]],
	})),
	...['printf("")', 'puts("")', 'putchar(0)', 'vprintf("", a)', 'fprintf(stderr, "")', 'fputs("", f)', 'fwrite("", 1, 1, f)', 'dprintf(2, "")'].map((call, i) => ({
		at: `src/front/cli_out${i}.c`, files: module('front', `cli_out${i}`, `\nint x = ${call};\n`), problems: [[6, 'what drives it']],
	})),
	{ at: 'src/front/lsp_out.c', files: module('front', 'lsp_out', '\nint x = fflush(stdout);\n'), problems: [[6, 'to the protocol']] },
	{ at: 'tests/unit/test_sleep.c', files: { 'tests/unit/test_sleep.c': '/* Tests do not sleep. */\nint x = usleep(1);\nint y = poll(NULL, 0, 5);\n' }, problems: [[2, 'usleep() is banned'], [3, 'a sleep in disguise']] },
	{ at: 'tests/e2e/late.test.mjs', files: { 'tests/e2e/late.test.mjs': ['await sle', 'ep(5);\nawait new Promise((resolve) => setTimeout(res', 'olve, 5));\n'].join('') }, problems: [[1, 'a sleep in a test'], [2, 'a sleep in a test']] },
	{ at: 'tests/late', files: { 'tests/late': '#!/bin/sh\ntrue; sle' + 'ep 1\n' }, problems: [[2, 'a sleep in a script']] },
	// a member, a longer name, a comment or a string is no call; a macro is
	{ at: 'src/base/calls.c', files: module('base', 'calls', '\n/* strcpy(a, b) */\nint a = b.system(1) + b->printf(2) + my_atoi(3) + c("gets(x)");\n#define COPY(a, b) \\\n\tstrcpy(a, b)\n'), problems: [[9, 'strcpy() is banned']] },
	// escapes
	{ at: 'src/base/escaped.c', files: module('base', 'escaped', `\nint a = atoi(x); ${ALLOWED}\nint b = 1; ${ALLOWED}\n`), problems: [[7, 'this line needs no "allowed:" comment']] },
	// layout
	{ at: 'src/base/spaces.c', files: module('base', 'spaces', '\nint a(void)\n{\n    return 0;\n}\n'), problems: [[8, 'indented by spaces']] },
	{ at: 'src/base/mixed.c', files: module('base', 'mixed', '\nint a(void)\n{\n \treturn 0;\n}\n'), problems: [[8, 'indented by spaces']] },
	{ at: 'src/base/trailing.c', files: module('base', 'trailing', '\nint a; \nint b;\t\nint c;\r\n'), problems: [[6, 'blank at the end'], [7, 'blank at the end'], [8, 'blank at the end']] },
	{ at: 'tests/tool.mjs', files: { 'tests/tool.mjs': 'a(); \n' }, problems: [[1, 'blank at the end']] },
	{ at: 'src/base/wide.c', files: module('base', 'wide', `\n/* ${'x'.repeat(114)} */\n/* ${'é'.repeat(114)} */\n/* ${'x'.repeat(115)} */\n`), problems: [[8, '121 columns']] },
	{ at: 'src/base/slashes.c', files: module('base', 'slashes', '\nint a; // no\n'), problems: [[6, 'a // comment']] },
	{ at: 'src/base/cut.c', files: module('base', 'cut', '\nint cut;'), problems: [[6, 'no newline at the end of the file']] },
	{ at: 'protocol/empty.json', files: { 'protocol/empty.json': '' }, problems: [[1, 'an empty file']] },
	// sizes
	{ at: 'src/base/long.c', files: module('base', 'long', `\nstatic const int table[] = {\n${lines(200, '\t1,')}};\n\nint fits(void)\n{\n${lines(119, '\t;')}}\n\nint grown(struct x *x,\n\tint y)\n{\n${lines(120, '\t;')}}\n`), problems: [[334, 'grown() has 121 lines']] },
	{ at: 'src/base/huge.c', files: module('base', 'huge', lines(900, 'int x;')), problems: [[904, '904 lines: split the file']] },
	// words
	...UNFINISHED.map((word, i) => ({ at: `docs/later${i}.md`, files: { [`docs/later${i}.md`]: `Fine.\n${word}: more, but ${word}S and X${word} are words.\n` }, problems: [[2, 'unfinished']] })),
	{ at: 'src/base/later.c', files: module('base', 'later', `\n/* ${UNFINISHED[0]} */\n`), problems: [[6, 'unfinished']] },
	...['/wo' + 'rk/main', '/ro' + 'ot/x', '/ho' + 'me/jdoe/x', '/Us' + 'ers/jdoe/x', 'file://' + '/wo' + 'rk/x', '/tmp/ek' + 'e/x'].map((path, i) => ({
		at: `docs/path${i}.md`, files: { [`docs/path${i}.md`]: `See ${path}.\n` }, problems: [[1, 'a path of a developer\'s machine']],
	})),
	{ at: 'docs/fine.md', files: { 'docs/fine.md': 'https://work/root, a/wo' + 'rk/b, $DIR/ro' + 'ot/b and /home/user/x are fine.\n' }, problems: [] },
];

test('a clean tree passes', () => {
	const result = check(tree(CLEAN));
	assert.deepEqual(result.problems, [`check-source: ${Object.keys(CLEAN).length - 1} files, no problems`], result.stdout);
	assert.equal(result.status, 0);
	assert.equal(result.stderr, '');
});

test('the violations, all in one tree, and nothing but them', async (t) => {
	const files = Object.assign({}, CLEAN, ...VIOLATIONS.map((violation) => violation.files));
	const result = check(tree(files));
	assert.equal(result.status, 1);
	const found = new Map();
	for (const problem of result.problems) {
		const [, path, line, text] = /^([^:]+):(\d+): (.+)$/.exec(problem) ?? assert.fail(problem);
		found.set(path, [...(found.get(path) ?? []), [Number(line), text]]);
	}
	for (const { at, problems } of VIOLATIONS) {
		await t.test(at, () => {
			const here = (found.get(at) ?? []).sort((a, b) => a[0] - b[0]);
			assert.deepEqual(here.map(([line]) => line), problems.map(([line]) => line), JSON.stringify(here));
			here.forEach(([, text], i) => assert.ok(text.includes(problems[i][1]), `${text} | ${problems[i][1]}`));
			found.delete(at);
		});
	}
	await t.test('no other file has one', () => assert.deepEqual([...found], []));
	assert.match(result.stderr, new RegExp(`^check-source: ${result.problems.length} problems$`, 'm'));
});

test('a header that does not compile alone', () => {
	const root = tree({ ...CLEAN, 'include/eke/base/needy.h': header('base', 'needy', 'size_t needy(void);\n') });
	const result = check(root);
	assert.equal(result.status, 1);
	assert.ok(result.problems.length >= 1);
	for (const problem of result.problems)
		assert.match(problem, /^include\/eke\/base\/needy\.h:4: the header does not compile alone \((gcc|clang)\): /);
});

test('generated files that are not fresh', () => {
	const generate = (code) => ({ ...CLEAN, 'protocol/generate.mjs': `process.exit(process.argv[2] === '--check' ? ${code} : 9);\n` });
	assert.equal(check(tree(generate(0))).status, 0);
	const result = check(tree(generate(1)));
	assert.equal(result.status, 1);
	assert.match(result.stdout, /^protocol\/generate\.mjs:1: generated files are not fresh/m);
});

test('lists of built-in chat commands that differ from the table', () => {
	const entry = (name, edit) => `	{ .name = "${name}",\n	  .prompt = "x"${edit ? `,\n	  .code_action_kind = "${edit}",\n	  .edit_instruction =\n		"y"` : ''} },\n`;
	const files = (lists) => tree({
		...CLEAN,
		'src/chat/builtin_commands.h': header('chat', 'builtin_commands'),
		'src/chat/builtin_commands.c': `${COMMENT}#include "builtin_commands.h"\n\nconst struct command builtin_commands[] = {\n${entry('explain')}${entry('fix', 'quickfix')}};\n`,
		'src/front/lsp.c': `${CLEAN['src/front/lsp.c']}\nvoid f(void)\n{\n\tjson_put_string(w, "quickfix");\n}\n`,
		'src/front/completions/eke.bash': "	-W 'explain fix'\n",
		'editors/vim/lua/eke/chat.lua': "local COMMANDS = { 'explain', 'fix' }\n",
		'editors/acp.md': '| `/fix` with one file | a diff |\n',
		'src/front/man/eke.1': 'explain and fix\n',
		...lists,
	});
	assert.deepEqual(check(files({})).problems.map((line) => line.replace(/\d+ files/, '')), ['check-source: , no problems']);
	for (const [lists, words] of [
		[{ 'src/front/completions/eke.bash': "	-W 'explain fly'\n" }, /eke\.bash.*differs.*"fix"[^]*"fly"/],
		[{ 'editors/vim/lua/eke/chat.lua': "local COMMANDS = { 'fix' }\n" }, /chat\.lua.*differs.*"explain"/],
		[{ 'editors/acp.md': '| `/explain` with one file | a diff |\n' }, /acp\.md.*"explain"[^]*"fix"/],
		[{ 'src/front/man/eke.1': 'explain\n' }, /eke\.1.*does not name the chat command "fix"/],
		[{ 'src/front/lsp.c': CLEAN['src/front/lsp.c'] }, /codeActionKinds lack "quickfix"/],
	]) {
		const result = check(files(lists));
		assert.equal(result.status, 1);
		assert.match(result.stdout, words);
	}
});

test('a command or option that man page or completions forgot', () => {
	const help = 'Usage: eke [COMMAND]\n\nCommands:\n  serve        the server\n  chat [-f FILE]  one answer\n\nOptions:\n  --config FILE  another file\n  --log-level L\n';
	const chat = 'Usage: eke chat [OPTION]...\n\nOptions:\n  -m, --model NAME  this model\n';
	const files = {
		...CLEAN,
		'build/eke': `#!/bin/sh\n[ "$1" = chat ] && cat <<'END' && exit\n${chat}END\ncat <<'END'\n${help}END\n`,
		'src/front/man/eke.1': '.It Fl -config Ar FILE\n.It Ic serve\n.It \\-\\-log\\-level\n.It Ic chat\n.It Fl -model\n',
		'src/front/completions/eke.bash': 'serve chat --config --log-level --model\n',
		'src/front/completions/_eke': 'serve chatter --config --log-level\n',
		'src/front/completions/eke.fish': 'complete -c eke -l config -l model -a "serve chat"\n',
	};
	const root = tree(files);
	chmodSync(join(root, 'build/eke'), 0o755);
	const result = check(root);
	assert.deepEqual(result.problems, [
		'src/front/completions/_eke:1: does not name "--model", which build/eke --help does: describe it',
		'src/front/completions/_eke:1: does not name "chat", which build/eke --help does: describe it',
		'src/front/completions/eke.fish:1: does not name "--log-level", which build/eke --help does: describe it',
	]);

	writeFileSync(join(root, 'build/eke'), '#!/bin/sh\necho nothing to see\n');
	assert.match(check(root).stdout, /no commands under "Commands:"/);
});

test('in a git repository ignored files do not count, new ones do', (t) => {
	if (spawnSync('git', ['--version']).status !== 0)
		return t.skip('no git');
	const root = tree({ ...CLEAN, '.gitignore': 'ignored.md\n', 'ignored.md': 'blank \t\n', 'new.mjs': 'blank \n' });
	assert.equal(spawnSync('git', ['init', '-q', root]).status, 0);
	assert.deepEqual(check(root).problems, ['new.mjs:1: blank at the end of the line: remove it']);
});

test('an empty tree is no success', () => {
	assert.equal(check(tree({ 'LICENSE': 'x\n' })).status, 1);
});
