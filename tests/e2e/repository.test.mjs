/*
 * A repository that somebody else made: whatever its configuration, attributes and hooks name, eke runs none of it when it
 * looks at changes, and shows the changes all the same.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { configFor, makeHome, run, startServer, withUpstream } from './harness.mjs';

const git = (root, ...args) => execFileSync('git', ['-c', 'user.name=me', '-c', 'user.email=me@example.org', '-c', 'protocol.file.allow=always', ...args],
	{ cwd: root, stdio: 'pipe', encoding: 'utf8' });

/* A repository with a file that is staged, one that is only saved, and a submodule with a file that is only saved. */
function makeRepository(home) {
	const root = join(home, 'work');
	const sub = join(home, 'sub');

	mkdirSync(sub);
	git(sub, 'init', '-q');
	for (const name of ['s.c', 'same.c']) writeFileSync(join(sub, name), 'int s;\n');
	git(sub, 'add', '.');
	git(sub, 'commit', '-qm', 'first');
	git(root, 'init', '-q');
	for (const name of ['a.c', 'b.c', 'same.c']) writeFileSync(join(root, name), `int ${name[0]};\n`);
	git(root, 'submodule', '--quiet', 'add', sub, 'sub');
	git(root, 'add', '.');
	git(root, 'commit', '-qm', 'first');
	writeFileSync(join(root, 'a.c'), 'int staged;\n');
	git(root, 'add', 'a.c');
	writeFileSync(join(root, 'b.c'), 'int saved;\n');
	writeFileSync(join(root, 'sub', 's.c'), 'int other;\n');
	/* As if it had been saved without a change: git wants to know whether it has one. */
	for (const file of ['same.c', 'sub/same.c']) utimesSync(join(root, file), 1, 1);
	return root;
}

const script = (root, name, text) => {
	writeFileSync(join(root, name), `#!/bin/sh\n${text}\n`);
	chmodSync(join(root, name), 0o755);
	return join(root, name);
};

/* The object of HEAD's a.c is missing, as in a clone without it. */
function loseObject(root, path = 'HEAD:a.c') {
	const id = git(root, 'rev-parse', path).trim();

	rmSync(join(root, '.git', 'objects', id.slice(0, 2), id.slice(2)));
}

/* Each makes the repository want `pwn` (a shell command) to be run. `lost`: there is a diff only after it was. */
const attacks = {
	'core.fsmonitor': ({ root, pwn }) => git(root, 'config', 'core.fsmonitor', script(root, '.git/watch', pwn)),
	'diff.external': ({ root, pwn }) => git(root, 'config', 'diff.external', pwn),
	'diff.*.command by .gitattributes': ({ root, pwn }) => {
		git(root, 'config', 'diff.evil.command', pwn);
		writeFileSync(join(root, '.gitattributes'), '* diff=evil\n');
	},
	'diff.*.textconv by info/attributes': ({ root, pwn }) => {
		git(root, 'config', 'diff.evil.textconv', `${pwn}; cat`);
		writeFileSync(join(root, '.git/info/attributes'), '* diff=evil\n');
	},
	'filter.*.clean': ({ root, pwn }) => {
		git(root, 'config', 'filter.evil.clean', `${pwn}; cat`);
		writeFileSync(join(root, '.gitattributes'), '* filter=evil\n');
	},
	'filter.*.process, required': ({ root, pwn }) => {
		git(root, 'config', 'filter.evil.process', pwn);
		git(root, 'config', 'filter.evil.required', 'true');
		writeFileSync(join(root, '.git/info/attributes'), '* filter=evil\n');
	},
	'filter.*.smudge and clean, a name with a blank and a dot': ({ root, pwn }) => {
		for (const what of ['clean', 'smudge']) git(root, 'config', `filter.more evil.x.${what}`, `${pwn}; cat`);
		/* An attribute's value has no blanks: this one is not used, and must not disturb. */
		git(root, 'config', 'filter.evil.x.clean', `${pwn}; cat`);
		writeFileSync(join(root, '.gitattributes'), '*.c filter=evil.x\n');
	},
	'filter.*.clean, core.attributesFile': ({ root, pwn }) => {
		git(root, 'config', 'filter.evil.clean', `${pwn}; cat`);
		git(root, 'config', 'core.attributesFile', join(root, 'attributes'));
		writeFileSync(join(root, 'attributes'), '* filter=evil\n');
	},
	'include.path': ({ root, pwn }) => {
		writeFileSync(join(root, 'more'), `[filter "evil"]\n\tclean = "${pwn}; cat"\n[core]\n\tfsmonitor = "${pwn}"\n[diff]\n\texternal = "${pwn}"\n`);
		git(root, 'config', 'include.path', '../more');
		writeFileSync(join(root, '.gitattributes'), '* filter=evil\n');
	},
	'includeIf': ({ root, pwn }) => {
		writeFileSync(join(root, 'more'), `[filter "evil"]\n\tclean = "${pwn}; cat"\n[core]\n\tfsmonitor = "${pwn}"\n`);
		git(root, 'config', `includeIf.gitdir:${root}/.path`, join(root, 'more'));
		writeFileSync(join(root, '.gitattributes'), '* filter=evil\n');
	},
	'extensions.worktreeConfig': ({ root, pwn }) => {
		git(root, 'config', 'extensions.worktreeConfig', 'true');
		writeFileSync(join(root, '.git/config.worktree'), `[filter "evil"]\n\tclean = "${pwn}; cat"\n[core]\n\tfsmonitor = "${pwn}"\n`);
		writeFileSync(join(root, '.gitattributes'), '* filter=evil\n');
	},
	'hooks': ({ root, pwn }) => {
		mkdirSync(join(root, '.git/hooks'), { recursive: true });
		for (const name of ['post-index-change', 'fsmonitor-watchman', 'query-watchman', 'post-checkout', 'pre-commit', 'reference-transaction'])
			script(root, `.git/hooks/${name}`, pwn);
	},
	'core.hooksPath': ({ root, pwn }) => {
		mkdirSync(join(root, 'hooks'));
		script(root, 'hooks/post-index-change', pwn);
		git(root, 'config', 'core.hooksPath', 'hooks');
	},
	'pagers, editors, prompts': ({ root, pwn }) => {
		for (const key of ['core.pager', 'pager.diff', 'pager.config', 'core.editor', 'sequence.editor', 'core.askPass', 'credential.helper', 'interactive.diffFilter',
			'gpg.program', 'gpg.ssh.program', 'core.gitProxy', 'core.sshCommand', 'core.alternateRefsCommand', 'uploadpack.packObjectsHook', 'web.browser', 'browser.x.cmd'])
			git(root, 'config', key, `${pwn}; cat`);
	},
	'aliases of what is run': ({ root, pwn }) => {
		for (const key of ['alias.diff', 'alias.config', 'alias.rev-parse']) git(root, 'config', key, `!${pwn}`);
	},
	'merge drivers and trailers': ({ root, pwn }) => {
		for (const key of ['merge.evil.driver', 'trailer.evil.command', 'trailer.evil.cmd', 'diff.tool', 'difftool.evil.cmd', 'mergetool.evil.cmd', 'man.evil.cmd'])
			git(root, 'config', key, pwn);
		writeFileSync(join(root, '.gitattributes'), '* merge=evil\n');
	},
	'a submodule\'s fsmonitor': ({ root, pwn }) => {
		git(join(root, 'sub'), 'config', 'core.fsmonitor', script(root, '.git/watch', pwn));
		git(root, 'config', 'diff.ignoreSubmodules', 'none');
	},
	'a submodule\'s filters and hooks': ({ root, pwn }) => {
		git(join(root, 'sub'), 'config', 'filter.evil.clean', `${pwn}; cat`);
		writeFileSync(join(root, '.git/modules/sub/info/attributes'), '* filter=evil\n');
		script(root, '.git/modules/sub/hooks/post-index-change', pwn);
		git(root, 'config', 'submodule.sub.ignore', 'none');
	},
	'diff.submodule': ({ root, pwn }) => {
		git(root, 'config', 'diff.submodule', 'diff');
		git(join(root, 'sub'), 'config', 'diff.external', pwn);
		writeFileSync(join(root, 'sub', 'more.c'), 'int more;\n');
		git(join(root, 'sub'), 'add', '.');
		git(join(root, 'sub'), '-c', 'diff.external=', 'commit', '-qm', 'second');
		git(root, 'add', 'sub');
	},
	'a lazy fetch by remote.*.uploadpack': {
		lost: true, make({ root, pwn }) {
			for (const [key, value] of [['core.repositoryFormatVersion', '1'], ['extensions.partialClone', 'o'], ['remote.o.promisor', 'true'], ['remote.o.url', root], ['remote.o.uploadpack', `${pwn};`]])
				git(root, 'config', key, value);
			loseObject(root);
		},
	},
	'a lazy fetch by ssh': {
		lost: true, make({ root, pwn }) {
			for (const [key, value] of [['core.repositoryFormatVersion', '1'], ['extensions.partialClone', 'o'], ['remote.o.promisor', 'true'], ['remote.o.url', 'ssh://nowhere.invalid/x'], ['core.sshCommand', `${pwn};`]])
				git(root, 'config', key, value);
			loseObject(root);
		},
	},
	'a lazy fetch by ext::': {
		lost: true, make({ root, pwn }) {
			for (const [key, value] of [['core.repositoryFormatVersion', '1'], ['extensions.partialClone', 'o'], ['remote.o.promisor', 'true'], ['remote.o.url', `ext::sh -c ${pwn.replaceAll(' ', '% ')}`], ['protocol.ext.allow', 'always'], ['protocol.allow', 'always']])
				git(root, 'config', key, value);
			loseObject(root);
		},
	},
	'a lazy fetch through a proxy of git://': {
		lost: true, make({ root, pwn }) {
			for (const [key, value] of [['core.repositoryFormatVersion', '1'], ['remote.o.promisor', 'true'], ['remote.o.url', 'git://127.0.0.1:1/x'], ['core.gitProxy', script(root, '.git/proxy', pwn)]])
				git(root, 'config', key, value);
			loseObject(root);
		},
	},
	'a lazy fetch of the tree of HEAD': {
		lost: true, make({ root, pwn }) {
			for (const [key, value] of [['core.repositoryFormatVersion', '1'], ['extensions.partialClone', 'o'], ['remote.o.promisor', 'true'], ['remote.o.url', root], ['remote.o.uploadpack', `${pwn};`]])
				git(root, 'config', key, value);
			loseObject(root, 'HEAD^{tree}');
		},
	},
};

for (const [name, attack] of Object.entries(attacks)) {
	test(`nothing is run: ${name}`, async (t) => {
		const upstream = await withUpstream(t, { answer: () => 'Yes.' });
		const eke = await startServer(t, { config: configFor(upstream) });
		const root = makeRepository(eke.home);
		const pwned = join(eke.home, 'pwned');
		const file = (path) => ({ kind: 'changes', uri: pathToFileURL(join(root, path)).href });

		(attack.make ?? attack)({ root, pwn: `touch ${pwned}` });
		rmSync(pwned, { force: true });
		await eke.initialize({ workspaceFolders: [{ uri: pathToFileURL(root).href, name: 'work' }] });
		for (const context of [[], [file('a.c'), file('b.c'), file('same.c'), file('sub')]]) {
			const call = eke.send('', { command: 'commit', context });

			if (attack.lost)
				await assert.rejects(call, (error) => error.code === -32602 && /changes cannot be read/.test(error.message));
			else {
				await call;
				assert.match(upstream.requests.at(-1).body.messages.at(-1).content, context.length ? /\+int staged;[^]*\+int saved;/ : /\+int staged;/);
			}
			assert.ok(!existsSync(pwned), context.length ? 'by the changes of files' : 'by what is staged');
		}
		const { code } = await run(t, ['chat', '-c', 'commit'], { home: eke.home });
		assert.equal(code, attack.lost ? 1 : 0);
		assert.ok(!existsSync(pwned), 'by eke chat -c commit');
	});
}

test('a filter that the user has set up for all repositories goes on', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const eke = await startServer(t, { config: configFor(upstream) });
	const root = makeRepository(eke.home);

	writeFileSync(join(eke.home, '.gitconfig'), '[filter "upper"]\n\tclean = tr a-z A-Z\n');
	writeFileSync(join(root, '.gitattributes'), 'b.c filter=upper\n');
	await eke.initialize({ workspaceFolders: [{ uri: pathToFileURL(root).href, name: 'work' }] });
	await eke.send('', { command: 'commit', context: [{ kind: 'changes', uri: pathToFileURL(join(root, 'b.c')).href }] });
	assert.match(upstream.requests.at(-1).body.messages.at(-1).content, /\+INT SAVED;/);
});

test('a filter whose name cannot be given to git is no way around', async (t) => {
	const upstream = await withUpstream(t);
	const eke = await startServer(t, { config: configFor(upstream) });
	const root = makeRepository(eke.home);
	const pwned = join(eke.home, 'pwned');

	git(root, 'config', 'filter.e=vil.clean', `touch ${pwned}; cat`);
	writeFileSync(join(root, '.gitattributes'), '* filter=e=vil\n');
	await eke.initialize({ workspaceFolders: [{ uri: pathToFileURL(root).href, name: 'work' }] });
	await assert.rejects(eke.send('', { command: 'commit', context: [{ kind: 'changes', uri: pathToFileURL(join(root, 'b.c')).href }] }), /filter "e=vil"/);
	assert.ok(!existsSync(pwned));
});

test('core.worktree does not make other files changes of the repository', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const eke = await startServer(t, { config: configFor(upstream) });
	const root = makeRepository(eke.home);
	const elsewhere = join(eke.home, 'elsewhere');

	mkdirSync(elsewhere);
	writeFileSync(join(elsewhere, 'b.c'), 'int private;\n');
	git(root, 'config', 'core.worktree', elsewhere);
	await eke.initialize({ workspaceFolders: [{ uri: pathToFileURL(root).href, name: 'work' }] });
	await eke.send('', { command: 'commit', context: [{ kind: 'changes', uri: pathToFileURL(join(root, 'b.c')).href }] });
	assert.doesNotMatch(upstream.requests.at(-1).body.messages.at(-1).content, /private/);
	assert.match(upstream.requests.at(-1).body.messages.at(-1).content, /\+int saved;/);
});

test('a linked work tree and a repository of SHA-256 show their changes', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const home = makeHome(t, configFor(upstream));
	const root = makeRepository(home);
	const linked = join(home, 'linked');
	const other = join(home, 'sha256');

	git(root, 'worktree', 'add', '-q', linked);
	writeFileSync(join(linked, 'a.c'), 'int linked;\n');
	git(linked, 'add', '.');
	mkdirSync(other);
	git(other, 'init', '-q', '--object-format=sha256');
	writeFileSync(join(other, 'a.c'), 'int longer;\n');
	git(other, 'add', '.');
	for (const [folder, line] of [[linked, /\+int linked;/], [other, /\+int longer;/]]) {
		const eke = await startServer(t, { home });

		await eke.initialize({ workspaceFolders: [{ uri: pathToFileURL(folder).href, name: 'work' }] });
		await eke.send('', { command: 'commit' });
		assert.match(upstream.requests.at(-1).body.messages.at(-1).content, line);
		await eke.stop();
	}
});

/* --- in a sandbox, what is right goes on --- */

const inHome = (home, text) => writeFileSync(join(home, '.gitconfig'), text, { flag: 'a' });

/* Each makes the repository `root` as people have theirs; returns the folder that is opened. */
const arrangements = {
	'a git directory of its own': ({ home, root }) => {
		git(root, 'init', '-q', `--separate-git-dir=${join(home, 'elsewhere.git')}`);
		return root;
	},
	'alternates': ({ home, root }) => {
		const clone = join(home, 'clone');

		git(home, 'clone', '-q', '--shared', root, clone);
		for (const [name, text] of [['a.c', 'int staged;\n'], ['b.c', 'int saved;\n']]) writeFileSync(join(clone, name), text);
		git(clone, 'add', 'a.c');
		return clone;
	},
	'a submodule': ({ root }) => {
		for (const [name, text] of [['s.c', 'int staged;\n'], ['same.c', 'int saved;\n']]) writeFileSync(join(root, 'sub', name), text);
		git(join(root, 'sub'), 'add', 's.c');
		return join(root, 'sub');
	},
	'a git directory and objects behind links': ({ home, root }) => {
		renameSync(join(root, '.git/objects'), join(home, 'objects'));
		symlinkSync(join(home, 'objects'), join(root, '.git/objects'));
		renameSync(join(root, '.git'), join(home, 'repository'));
		symlinkSync(join(home, 'repository'), join(root, '.git'));
		return root;
	},
	'includes of the user\'s configuration': ({ home, root }) => {
		mkdirSync(join(home, '.config/git'), { recursive: true });
		mkdirSync(join(home, 'dotfiles'));
		inHome(home, '[include]\n\tpath = dotfiles/git\n[includeIf "gitdir:~/work/"]\n\tpath = ~/dotfiles/work\n');
		writeFileSync(join(home, 'dotfiles/git'), '[core]\n\tattributesFile = ~/dotfiles/attributes\n');
		writeFileSync(join(home, 'dotfiles/work'), '[diff]\n\tcontext = 1\n');
		writeFileSync(join(home, 'dotfiles/attributes'), '*.c diff=cpp\n');
		writeFileSync(join(home, '.config/git/config'), '[diff]\n\talgorithm = histogram\n');
		return root;
	},
	'the repository of another user, which is said to be safe': ({ home, root }) => {
		if (process.getuid?.() !== 0)
			return root;
		execFileSync('chown', ['-R', '65534', root]);
		inHome(home, `[safe]\n\tdirectory = ${root}\n`);
		return root;
	},
	'filters of the user that nothing staged needs': ({ home, root }) => {
		inHome(home, '[filter "lfs"]\n\tclean = false\n\tprocess = false\n\trequired = true\n');
		return root;
	},
	'hundreds of files, which git looks at by threads': ({ root }) => {
		mkdirSync(join(root, 'many'));
		for (let i = 0; i < 1200; i++) writeFileSync(join(root, 'many', `${i}.c`), `int i${i};\n`);
		git(root, 'add', 'many');
		git(root, 'commit', '-qm', 'many', 'many');
		git(root, 'config', 'core.preloadIndex', 'true');
		return root;
	},
};

for (const [name, arrange] of Object.entries(arrangements)) {
	test(`changes are shown: ${name}`, async (t) => {
		const upstream = await withUpstream(t, { answer: () => 'Yes.' });
		const home = makeHome(t, configFor(upstream));
		const root = arrange({ home, root: makeRepository(home) });
		const files = name === 'a submodule' ? ['s.c', 'same.c'] : ['a.c', 'b.c'];
		const eke = await startServer(t, { home });

		await eke.initialize({ workspaceFolders: [{ uri: pathToFileURL(root).href, name: 'work' }] });
		await eke.send('', { command: 'commit' });
		assert.match(upstream.requests.at(-1).body.messages.at(-1).content, /\+int staged;/);
		await eke.send('', { command: 'commit', context: files.map((file) => ({ kind: 'changes', uri: pathToFileURL(join(root, file)).href })) });
		assert.match(upstream.requests.at(-1).body.messages.at(-1).content, /\+int staged;[^]*\+int saved;/);
	});
}

test('a git that is a script runs without the sandbox, and so does one that the configuration lets out', async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'Yes.' });
	const home = makeHome(t);
	const root = makeRepository(home);
	const bin = join(home, 'bin');
	const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
	const PATH = `${bin}:${process.env.PATH}`;

	mkdirSync(bin);
	script(bin, 'git', `exec ${real} "$@"`);
	for (const [sandbox, env, says] of [['auto', { PATH }, /runs without a sandbox, as (it cannot be run in one|this system)/], ['off', {}, /runs without a sandbox, as "sandbox" in the configuration/],
		['auto', {}, /runs (without a sandbox, as this system|sandboxed)/], ['auto', { PATH: '/nonexistent' }, /commit messages cannot be written, as the command 'git' was not found/]]) {
		writeFileSync(join(home, 'config.json'), JSON.stringify(configFor(upstream, {}, { sandbox })));
		assert.match((await run(t, ['doctor'], { home, env })).stdout, new RegExp(`git: ${says.source}`));
		if (env.PATH === '/nonexistent')
			continue;
		const eke = await startServer(t, { home, env });

		await eke.initialize({ workspaceFolders: [{ uri: pathToFileURL(root).href, name: 'work' }] });
		await eke.send('', { command: 'commit' });
		assert.match(upstream.requests.at(-1).body.messages.at(-1).content, /\+int staged;/);
		await eke.stop();
	}
});
