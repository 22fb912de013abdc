// .ci/deps on made-up machines: a PATH with nothing but stand-ins for compilers, pkg-config and package managers, so
// that every distribution's hint and every way through apt-get can be seen without that distribution.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../.ci/deps', import.meta.url));

// What the script itself and the stand-ins use of a system.
const TOOLS = ['sh', 'dirname', 'mkdir', 'rm', 'mv', 'cp', 'cat', 'env', 'tail', 'touch', 'true'];

// A stand-in's state is files in $STATE: `have/X` makes X exist, `fail/X` holds how often X still fails.
const STAND_INS = {
	// Compiles anything, but <ev.h>, the sanitizers and libFuzzer only if they are there.
	cc: `source=$(cat)
for word in "$@"; do case $word in
-fsanitize=fuzzer*) [ -e "$STATE/have/fuzzer" ] || exit 1 ;;
-fsanitize=*) [ -e "$STATE/have/sanitizers" ] || exit 1 ;;
esac; done
case $source in *ev.h*) [ -e "$STATE/have/ev" ] ;; esac`,
	clang: `case $1 in -dumpversion) echo 14.0.6; exit ;; esac
case " $* " in *-fsanitize=fuzzer*) [ -e "$STATE/have/fuzzer" ] ;; esac`,
	'pkg-config': `case $1 in
--exists) [ -e "$STATE/have/\${2%% *}" ] ;;
--modversion) [ -e "$STATE/old/$2" ] && cat "$STATE/old/$2" ;;
*) exit 1 ;;
esac`,
	node: 'cat "$STATE/node-version"',
	id: 'cat "$STATE/uid"',
	sudo: `echo "sudo $*" >>"$STATE/calls"
[ -e "$STATE/have/sudo-rights" ] || exit 1
[ "$1" = -n ] && shift
exec "$@"`,
	'apt-get': `echo "apt-get $*" >>"$STATE/calls"
echo "words of apt-get"
for action in update install; do case " $* " in *" $action "*) break ;; esac; done
if [ -s "$STATE/fail/$action" ]; then
	read -r times <"$STATE/fail/$action"
	[ "$times" -gt 0 ] && { echo "$((times - 1))" >"$STATE/fail/$action"; exit 100; }
fi
[ "$action" = update ] && { mkdir -p "$STATE/lists"; touch "$STATE/lists/mirror_main_Packages"; exit; }
for word in "$@"; do case $word in
gcc) cp "$STATE/spare/cc" "$STATE/bin/cc"; touch "$STATE/have/sanitizers" ;;
make | npm | openssl | git | curl | clang | pkg-config | vim | tmux) cp "$STATE/spare/$word" "$STATE/bin/$word" ;;
nodejs) cp "$STATE/spare/node" "$STATE/bin/node" ;;
libcurl4-openssl-dev) [ -e "$STATE/old/libcurl" ] || touch "$STATE/have/libcurl" ;;
libcjson-dev) touch "$STATE/have/libcjson" ;;
libsqlite3-dev) [ -e "$STATE/old/sqlite3" ] || touch "$STATE/have/sqlite3" ;;
libssl-dev) touch "$STATE/have/libcrypto" ;;
libcmocka-dev) touch "$STATE/have/cmocka" ;;
libhiredis-dev) touch "$STATE/have/hiredis" ;;
libeditorconfig-dev) touch "$STATE/have/editorconfig" ;;
libmicrohttpd-dev) touch "$STATE/have/libmicrohttpd" ;;
redis-server) cp "$STATE/spare/redis-server" "$STATE/bin/redis-server" ;;
tzdata) mkdir -p "$STATE/zoneinfo/Europe"; echo TZif >"$STATE/zoneinfo/Europe/Berlin" ;;
libev-dev) touch "$STATE/have/ev" ;;
libclang-rt-14-dev) touch "$STATE/have/fuzzer" ;;
ca-certificates) echo bundle >"$STATE/ca.crt" ;;
esac; done`,
	vim: `echo 'VIM - Vi IMproved 9.0 (2022 Jun 28)
+channel +job +textprop +timers'`, tmux: '', nginx: '',
	make: '', npm: '', openssl: '', 'redis-server': '', git: '', curl: '', brew: '', dnf: '', pacman: '', apk: '',
};

const OS_RELEASE = {
	debian: 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n',
	ubuntu: 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n',
	mint: 'ID=linuxmint\nID_LIKE="ubuntu debian"\n',
	fedora: 'ID=fedora\nVERSION_ID=41\n',
	rocky: 'ID="rocky"\nID_LIKE="rhel centos fedora"\n',
	arch: 'ID=arch\n',
	manjaro: 'ID=manjaro\nID_LIKE=arch\n',
	alpine: 'ID=alpine\n',
	solus: 'ID=solus\n',
};

const COMPLETE = {
	commands: ['cc', 'make', 'pkg-config', 'node', 'npm', 'openssl', 'git', 'curl', 'clang', 'redis-server', 'vim', 'tmux', 'nginx'],
	have: ['libcurl', 'libcjson', 'sqlite3', 'libcrypto', 'cmocka', 'hiredis', 'libmicrohttpd', 'editorconfig', 'ev', 'sanitizers', 'fuzzer', 'ca', 'zones'],
};

const folders = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A made-up machine; `run(...args)` runs .ci/deps there. */
function machine({ commands = [], have = [], os = 'debian', uname = 'Linux', uid = 0, node = 'v18.20.4', lists = true, fail = {}, old = {} }) {
	const state = mkdtempSync(join(tmpdir(), 'eke-deps-'));
	folders.push(state);
	const at = (...parts) => join(state, ...parts);
	for (const folder of ['bin', 'spare', 'have', 'fail', 'old', 'system', 'repo/.ci'])
		mkdirSync(at(folder), { recursive: true });
	for (const tool of TOOLS)
		symlinkSync(which(tool), at('system', tool));
	for (const [name, body] of Object.entries(STAND_INS)) {
		writeFileSync(at('spare', name), `#!/bin/sh\n${body}\n`);
		chmodSync(at('spare', name), 0o755);
	}
	for (const name of [...commands, 'id'])
		copyFileSync(at('spare', name), at('bin', name));
	mkdirSync(at('zoneinfo/Europe'), { recursive: true });
	const files = { ca: at('ca.crt'), zones: at('zoneinfo/Europe/Berlin') };
	for (const name of have)
		writeFileSync(files[name] ?? at('have', name), 'yes\n');
	for (const [name, times] of Object.entries(fail))
		writeFileSync(at('fail', name), `${times}\n`);
	for (const [name, version] of Object.entries(old))
		writeFileSync(at('old', name), `${version}\n`);
	if (lists) {
		mkdirSync(at('lists'));
		writeFileSync(at('lists', 'mirror_main_Packages'), '');
	}
	writeFileSync(at('uid'), `${uid}\n`);
	writeFileSync(at('node-version'), `${node}\n`);
	writeFileSync(at('os-release'), OS_RELEASE[os]);
	writeFileSync(at('calls'), '');
	copyFileSync(script, at('repo/.ci/deps'));
	const env = {
		PATH: [at('bin'), at('system')].join(delimiter), STATE: state, EKE_OS_RELEASE: at('os-release'), EKE_UNAME: uname,
		EKE_APT_LISTS: at('lists'), EKE_CA_FILE: at('ca.crt'), EKE_ZONEINFO: at('zoneinfo'), EKE_SBIN: at('bin'),
	};
	return {
		run(...args) {
			const result = spawnSync(at('repo/.ci/deps'), args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
			return { status: result.status, stdout: result.stdout, stderr: result.stderr };
		},
		calls: () => readFileSync(at('calls'), 'utf8').split('\n').filter(Boolean),
		remove: (name) => rmSync(at(name)),
		exists: (name) => existsSync(at(name)),
	};
}

function which(tool) {
	const folder = process.env.PATH.split(delimiter).find((candidate) => existsSync(join(candidate, tool)));
	assert.ok(folder, `${tool} is on this machine`);
	return join(folder, tool);
}

/** The command line of a hint: its only indented line that is no item of the list of what is missing. */
function commandOf(stderr) {
	const lines = stderr.split('\n').filter((line) => line.startsWith('    '));
	assert.equal(lines.length, 1, `one command in:\n${stderr}`);
	return lines[0].trim();
}

test('a complete machine: silence for every purpose', () => {
	const here = machine({ ...COMPLETE, commands: [...COMPLETE.commands, 'apt-get'] });
	for (const purpose of ['build', 'test', 'fuzz', 'demo', 'bench', 'all'])
		assert.deepEqual(here.run(purpose), { status: 0, stdout: '', stderr: '' }, purpose);
	assert.deepEqual(here.calls(), []);
	assert.equal(here.run('--dry-run', 'all').stdout, 'nothing is missing for all\n');
});

test('usage', () => {
	const here = machine(COMPLETE);
	for (const args of [[], ['nonsense'], ['build', 'test'], ['--dry-run'], ['--what', 'build']]) {
		const result = here.run(...args);
		assert.equal(result.status, 2, args.join(' '));
		assert.match(result.stderr, /^usage: /);
	}
});

test('a bare machine: what each distribution is told', () => {
	const expected = {
		fedora: 'sudo dnf install -y gcc make pkgconf-pkg-config libcurl-devel cjson-devel libev-devel sqlite-devel openssl-devel ca-certificates nodejs libasan libubsan libcmocka-devel nodejs-npm openssl git hiredis-devel libmicrohttpd-devel editorconfig-devel valkey tzdata vim-enhanced tmux',
		rocky: 'sudo dnf install -y gcc make pkgconf-pkg-config libcurl-devel cjson-devel libev-devel sqlite-devel openssl-devel ca-certificates nodejs libasan libubsan libcmocka-devel nodejs-npm openssl git hiredis-devel libmicrohttpd-devel editorconfig-devel valkey tzdata vim-enhanced tmux',
		arch: 'sudo pacman -S --needed gcc make pkgconf curl cjson libev sqlite openssl ca-certificates nodejs cmocka npm git hiredis libmicrohttpd editorconfig-core-c valkey tzdata vim tmux',
		manjaro: 'sudo pacman -S --needed gcc make pkgconf curl cjson libev sqlite openssl ca-certificates nodejs cmocka npm git hiredis libmicrohttpd editorconfig-core-c valkey tzdata vim tmux',
		alpine: 'sudo apk add gcc musl-dev make pkgconf curl-dev cjson-dev libev-dev sqlite-dev openssl-dev ca-certificates nodejs clang compiler-rt cmocka-dev npm openssl git hiredis-dev libmicrohttpd-dev editorconfig-dev valkey tzdata vim tmux',
	};
	for (const [os, command] of Object.entries(expected)) {
		const result = machine({ os, commands: ['dnf', 'pacman', 'apk'] }).run('test');
		assert.equal(result.status, 1, os);
		assert.equal(commandOf(result.stderr), command, os);
		assert.equal(result.stdout, '');
	}
});

test('the build alone needs neither node nor test tools', () => {
	const result = machine({ os: 'fedora' }).run('build');
	assert.equal(commandOf(result.stderr), 'sudo dnf install -y gcc make pkgconf-pkg-config libcurl-devel cjson-devel libev-devel sqlite-devel openssl-devel ca-certificates');
});

test('macOS: Homebrew, and the compiler from Apple', () => {
	const result = machine({ uname: 'Darwin', commands: ['brew'] }).run('test');
	assert.equal(result.status, 1);
	assert.equal(commandOf(result.stderr), 'brew install make pkgconf curl cjson libev sqlite openssl@3 ca-certificates node cmocka git hiredis libmicrohttpd editorconfig redis vim tmux');
	assert.match(result.stderr, /xcode-select --install/);
});

test('Alpine: a word on the sanitizers that its gcc lacks', () => {
	const commands = COMPLETE.commands.filter((name) => name !== 'clang');
	const have = COMPLETE.have.filter((name) => name !== 'sanitizers');
	const result = machine({ os: 'alpine', commands, have }).run('test');
	assert.equal(commandOf(result.stderr), 'sudo apk add clang compiler-rt');
	assert.match(result.stderr, /CC=clang/);
});

test('an unknown distribution: the needs in words, no made-up command', () => {
	const result = machine({ os: 'solus' }).run('build');
	assert.equal(result.status, 1);
	assert.match(result.stderr, /libcurl >= 7\.88 with headers/);
	assert.match(result.stderr, /package manager/);
	assert.doesNotMatch(result.stderr, /^ {4}/m);
});

test('only what is missing is named', () => {
	const have = COMPLETE.have.filter((name) => name !== 'libcjson');
	const result = machine({ ...COMPLETE, have, os: 'arch' }).run('all');
	assert.equal(commandOf(result.stderr), 'sudo pacman -S --needed cjson');
});

test('apt: a bare machine gets everything, lists first, and is silent from then on', () => {
	const here = machine({ commands: ['apt-get'], lists: false });
	const result = here.run('test');
	assert.equal(result.status, 0, result.stderr);
	assert.match(result.stderr, /eke: installing gcc libc6-dev make pkg-config libcurl4-openssl-dev libcjson-dev libev-dev libsqlite3-dev libssl-dev ca-certificates nodejs libcmocka-dev npm openssl git libhiredis-dev libmicrohttpd-dev libeditorconfig-dev redis-server tzdata vim tmux … \(apt\)/);
	assert.equal(result.stdout, '');
	const calls = here.calls();
	assert.equal(calls.length, 2);
	assert.match(calls[0], / update$/);
	assert.match(calls[1], / install -y --no-install-recommends gcc /);
	assert.deepEqual(here.run('test'), { status: 0, stdout: '', stderr: '' });
	assert.equal(here.calls().length, 2);
});

test('apt: lists that are there are not fetched again', () => {
	const here = machine({ commands: ['apt-get'] });
	assert.equal(here.run('build').status, 0);
	assert.equal(here.calls().length, 1);
});

test('apt: stale lists are refreshed once when an install fails', () => {
	const here = machine({ commands: ['apt-get'], fail: { install: 1 } });
	assert.equal(here.run('build').status, 0);
	assert.deepEqual(here.calls().map((call) => / (update|install)/.exec(call)[1]), ['install', 'update', 'install']);
});

test('apt: a network that fails once is asked once more', () => {
	const here = machine({ commands: ['apt-get'], lists: false, fail: { update: 1 } });
	assert.equal(here.run('build').status, 0);
	assert.deepEqual(here.calls().map((call) => / (update|install)/.exec(call)[1]), ['update', 'update', 'install']);
});

test('apt: a failure that stays ends with its words and the command', () => {
	const here = machine({ commands: ['apt-get'], fail: { install: 9 } });
	const result = here.run('build');
	assert.equal(result.status, 1);
	assert.match(result.stderr, /words of apt-get/);
	assert.match(commandOf(result.stderr), /^sudo apt-get update && sudo apt-get install -y --no-install-recommends gcc /);
});

test('apt: the fuzzer runtime is the one of the clang that is there', () => {
	const have = COMPLETE.have.filter((name) => name !== 'fuzzer');
	const present = machine({ ...COMPLETE, have, commands: [...COMPLETE.commands, 'apt-get'] });
	assert.equal(present.run('--dry-run', 'fuzz').stdout, 'would install with apt-get: libclang-rt-14-dev\n');
	assert.equal(present.run('fuzz').status, 0);

	// Without a clang the default's runtime is asked for; where that was not enough, the version is known afterwards.
	const commands = [...COMPLETE.commands.filter((name) => name !== 'clang'), 'apt-get'];
	const absent = machine({ commands, have });
	assert.equal(absent.run('--dry-run', 'fuzz').stdout, 'would install with apt-get: clang libclang-rt-dev\n');
	assert.equal(absent.run('fuzz').status, 0);
	assert.equal(absent.calls().length, 2);
	assert.match(absent.calls()[1], /libclang-rt-14-dev$/);
});

test('apt: derivatives of Debian count', () => {
	for (const os of ['ubuntu', 'mint'])
		assert.match(machine({ os, commands: ['apt-get'] }).run('--dry-run', 'build').stdout, /^would install with apt-get: gcc /, os);
});

test('apt: a system whose libcurl is too old is told so, without a loop', () => {
	const here = machine({ os: 'ubuntu', commands: ['apt-get'], old: { libcurl: '7.81.0' } });
	const result = here.run('build');
	assert.equal(result.status, 1);
	assert.match(result.stderr, /libcurl >= 7\.88 with headers \(found 7\.81\.0\)/);
	assert.match(result.stderr, /too old/);
	assert.equal(here.calls().length, 2);
});

test('an SQLite that is too old is named with its version', () => {
	const have = COMPLETE.have.filter((name) => name !== 'sqlite3');
	const result = machine({ ...COMPLETE, have, commands: [...COMPLETE.commands, 'apt-get'], old: { sqlite3: '3.34.1' } }).run('build');
	assert.equal(result.status, 1);
	assert.match(result.stderr, /SQLite >= 3\.40 with headers \(found 3\.34\.1\)/);
});

test('apt: an old node is named with its version', () => {
	const here = machine({ ...COMPLETE, commands: [...COMPLETE.commands, 'apt-get'], node: 'v12.22.9' });
	const result = here.run('demo');
	assert.equal(result.status, 1);
	assert.match(result.stderr, /node >= 18 \(found v12\.22\.9\)/);
});

test('apt without root: sudo if it asks nothing, else the command', () => {
	const allowed = machine({ commands: ['apt-get', 'sudo'], uid: 1000, have: ['sudo-rights'] });
	assert.equal(allowed.run('build').status, 0);
	assert.match(allowed.calls().find((call) => call.includes('install')), /^sudo -n env DEBIAN_FRONTEND=noninteractive /);

	for (const commands of [['apt-get', 'sudo'], ['apt-get']]) {
		const result = machine({ commands, uid: 1000 }).run('build');
		assert.equal(result.status, 1);
		assert.match(commandOf(result.stderr), /^sudo apt-get update && sudo apt-get install/);
		assert.match(result.stderr, /needs root/);
	}
});

test('--check and --dry-run never install', () => {
	const here = machine({ commands: ['apt-get'] });
	const checked = here.run('--check', 'build');
	assert.equal(checked.status, 1);
	assert.match(commandOf(checked.stderr), /^sudo apt-get update && sudo apt-get install .* libev-dev libsqlite3-dev libssl-dev ca-certificates$/);
	assert.equal(here.run('--dry-run', 'build').status, 0);
	assert.equal(machine({ os: 'fedora' }).run('--dry-run', 'build').status, 0);
	assert.deepEqual(here.calls(), []);
	assert.deepEqual(machine(COMPLETE).run('--check', 'build'), { status: 0, stdout: '', stderr: '' });
});

test('what is remembered is forgotten with another compiler or PATH', () => {
	const here = machine(COMPLETE);
	assert.equal(here.run('test').status, 0);
	assert.ok(here.exists('repo/build/.deps/ev'));
	here.remove('bin/cc');
	const result = here.run('--check', 'build');
	assert.equal(result.status, 1);
	assert.match(result.stderr, /a C compiler/);
});
