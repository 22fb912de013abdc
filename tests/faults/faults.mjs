/*
 * Every call of the file system and of the network fails once, at each place where it is made, in turn (shim.c). What must hold each
 * time: eke ends by itself, with an exit code of its own; where that is not 0, it says why; and the next start, without a fault,
 * is right: every request that the service got is counted, and a question is answered.
 *
 *	node tests/faults/faults.mjs [N/OF [FUNCTION]]
 *
 * Only each OF-th run, from the N-th on: the OF parts are all. Only the calls of that function. What fails is printed, and the rest
 * goes on.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startUpstream } from '../upstream/upstream.mjs';
import { within } from '../e2e/support/program.mjs';
import { frame, Splitter } from '../e2e/support/wire.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
/* The sanitizers' library wants to be the first that is loaded. */
const EKE = join(root, 'build/eke');
const SHIM = join(root, 'build/faults/shim.so');

/* Runs eke to its end: { code, signal, stdout, stderr } */
async function run(home, args, { input = '', env = {} } = {}) {
	const child = spawn(EKE, args, {
		cwd: join(home, 'work'), stdio: 'pipe',
		env: { PATH: process.env.PATH, HOME: home, EKE_CONFIG: join(home, 'config.json'), EKE_STATE_DIR: join(home, 'state'), EKE_LOCAL_SERVERS: '', ...env },
	});
	let [stdout, stderr] = ['', ''];

	child.stdout.setEncoding('utf8').on('data', (data) => (stdout += data));
	child.stderr.setEncoding('utf8').on('data', (data) => (stderr += data));
	child.stdin.on('error', () => {});
	child.stdin.end(input);
	const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
	try {
		return { ...await within(ended, () => `eke ${args.join(' ')} did not end\n${stderr}`, 30_000), stdout, stderr };
	} finally {
		child.kill('SIGKILL');
	}
}

/* An editor's whole session, which eke answers to the end of its input. */
const session = (() => {
	const uri = 'file:///nowhere/a.c';
	const messages = [
		{ id: 1, method: 'initialize', params: { capabilities: {} } }, { method: 'initialized', params: {} },
		{ method: 'textDocument/didOpen', params: { textDocument: { uri, languageId: 'c', version: 1, text: 'int f() { ret }\n' } } },
		{ id: 2, method: 'textDocument/inlineCompletion', params: { textDocument: { uri }, position: { line: 0, character: 13 }, context: { triggerKind: 1 } } },
		{ id: 3, method: 'chat/send', params: { prompt: 'Why?' } }, { id: 4, method: 'chat/list', params: {} }, { id: 5, method: 'budget/get', params: {} },
	];

	return messages.map((message) => frame['content-length'](JSON.stringify({ jsonrpc: '2.0', ...message }))).reduce((a, b) => Buffer.concat([Buffer.from(a), Buffer.from(b)]), Buffer.alloc(0));
})();

const scenarios = {
	chat: {
		args: ['chat', 'Why?'],
		check({ code, stdout, stderr }) {
			assert.ok([0, 1, 3].includes(code), `exit code ${code}`);
			if (code)
				assert.match(stderr, /^eke: ./m);
			else
				assert.match(stdout, /Because/);
		},
	},
	serve: {
		args: ['serve'], input: session,
		check({ code, stdout }) {
			/* Its input ends without shutdown, or cannot be read. */
			assert.equal(code, 1);
			const ids = new Splitter('content-length').feed(Buffer.from(stdout)).map((text) => JSON.parse(text)).filter((m) => 'id' in m && !m.method).map(({ id }) => id);
			assert.equal(new Set(ids).size, ids.length, 'one answer for each request');
		},
	},
};

/**
 * Runs them, at most so many of each function and scenario (evenly chosen), of these each `of`-th; of one function, of one scenario. Resolves to { runs, failures }; the
 * errors are `failed`'s.
 */
export async function faults({ most = Infinity, only = null, scenario: wanted = null, part = 1, of = 1, say = () => {}, failed = (error) => { throw error; } } = {}) {
	const upstream = await startUpstream({ answer: () => 'Because.' });
	const base = mkdtempSync(join(tmpdir(), 'eke-faults-'));
	const config = JSON.stringify({
		endpoints: [{ name: 'test', baseUrl: `${upstream.url}/v1`, plan: 'counted', models: { chat: 'chatty', completion: 'coder' } }],
		plans: { counted: { windows: [{ scope: 'machine', limit: 1000, period: '30d' }] } }, completion: { debounceMs: 0 },
	});
	let [runs, number, seen, failures] = [0, 0, 0, 0];

	/* A home of its own; `used`: with the state that a former run left. */
	async function makeHome(used) {
		const home = join(base, `${++number}`);

		mkdirSync(join(home, 'work'), { recursive: true });
		writeFileSync(join(home, 'config.json'), config);
		if (used)
			cpSync(join(base, 'used', 'state'), join(home, 'state'), { recursive: true });
		return home;
	}

	async function fault(name, scenario, used, what, n) {
		const home = await makeHome(used);
		const before = upstream.counted.length;
		const first = used ? 1 : 0; /* that the former run sent */
		const label = `${name}, ${used ? 'with' : 'without'} a state, call ${n} of ${what}`;

		try {
			const result = await run(home, scenario.args, { input: scenario.input, env: { LD_PRELOAD: SHIM, EKE_FAULT: `${what}:${n}` } });
			assert.equal(result.signal, null, result.stderr);
			scenario.check(result);
			const sent = upstream.counted.length - before;
			const status = await run(home, ['status', '--json']);
			assert.equal(status.code, 0, status.stderr);
			const { used: counted } = JSON.parse(status.stdout).budgets[0].windows[0];
			/* Where the ledger could not be used, this process counted by itself. */
			if (!/counted by each process|cannot be (read|written|opened|used|kept)|ledger/.test(result.stderr))
				assert.ok(counted >= first + sent, `${counted} counted, ${first + sent} sent\n${result.stderr}`);
			const again = await run(home, ['chat', 'Again?']);
			assert.equal(again.code, 0, again.stderr);
			assert.match(again.stdout, /Because/);
		} catch (error) {
			failures++;
			failed(new Error(label, { cause: error }));
		} finally {
			rmSync(home, { recursive: true, force: true });
			runs++;
		}
	}

	try {
		mkdirSync(join(base, 'used', 'work'), { recursive: true });
		writeFileSync(join(base, 'used', 'config.json'), config);
		assert.equal((await run(join(base, 'used'), ['chat', 'First?'])).code, 0);
		for (const [name, scenario] of Object.entries(scenarios)) {
			if (wanted && name !== wanted)
				continue;
			for (const used of [false, true]) {
				const home = await makeHome(used);
				const path = join(home, 'counts');

				scenario.check(await run(home, scenario.args, { input: scenario.input, env: { LD_PRELOAD: SHIM, EKE_FAULT_COUNT: path } }));
				for (const line of readFileSync(path, 'utf8').trim().split('\n')) {
					const [what, count] = [line.split(' ')[0], Number(line.split(' ')[1])];
					const step = Math.max(1, count / most);

					if (only && what !== only)
						continue;
					for (let at = 1; at <= count; at += step)
						if (seen++ % of === part - 1)
							await fault(name, scenario, used, what, Math.floor(at));
					say(`${name}, ${used ? 'with' : 'without'} a state: ${count} calls of ${what}`);
				}
			}
		}
		return { runs, failures };
	} finally {
		await upstream.close();
		rmSync(base, { recursive: true, force: true });
	}
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const [part, of] = (process.argv[2] ?? '1/1').split('/').map(Number);
	const { runs, failures } = await faults({ part, of, only: process.argv[3], say: console.log, failed: (error) => console.log(`FAILED: ${error.message}: ${error.cause.message}`) });

	console.log(`faults: ${runs} runs, ${failures} failures`);
	process.exitCode = failures ? 1 : 0;
}
