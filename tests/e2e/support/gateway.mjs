/*
 * A gateway for a test: the real program before a test upstream, stopped and checked at the end.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';

import { endpointFor, makeHome, run, within } from '../harness.mjs';
import { EKE, Program } from './program.mjs';

const PLANS = { few: { windows: [{ scope: 'machine', limit: 2, period: '1h' }] }, many: { windows: [{ scope: 'machine', limit: 50, period: '1h' }] } };
const HELLO = [{ role: 'user', content: 'hello' }];

export const chat = (more) => ({ model: 'chatty', messages: HELLO, ...more });

/** A gateway before an upstream, or before endpoints: `call(path, {body, headers, method})`, `token`, `base`. */
export async function start(t, { upstream, plan = 'unlimited', plans = {}, endpoints, listen = '127.0.0.1:0', args = [], rest = {}, shell } = {}) {
	const home = makeHome(t, { endpoints: endpoints ?? [endpointFor(upstream, { plan })], plans: { ...PLANS, ...plans }, ...rest });
	const token = (await run(t, ['gateway', '--token'], { home })).stdout.trim();
	const words = ['gateway', ...(listen ? ['--listen', listen] : []), '--log-level', 'info', ...args];
	const program = new Program({ args: shell ? [EKE, ...words] : words, home, shell });
	const base = String((await within(once(program.child.stdout, 'data'), () => `no address\n${program.log}`))[0]).trim();

	t.after(async () => {
		/* One that the test killed had no proper end. */
		if (program.end?.signal === 'SIGKILL')
			return;
		if (!program.isStopping)
			program.kill('SIGTERM');
		assert.equal(await program.exit(), 143);
		assert.ok(!program.stderr.includes(token), 'the token is in the log');
	});
	if (!base.startsWith('http'))
		return { home, token, program, base, upstream };
	const call = (path, { body, headers, method = body === undefined ? 'GET' : 'POST', key = token } = {}) => fetch(new URL(base).origin + path, {
		method, body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
		headers: { ...(key ? { authorization: `Bearer ${key}` } : {}), 'content-type': 'application/json', ...headers },
	});
	return { home, token, program, base, call, port: new URL(base).port, upstream };
}

/** Until its log has a line, or so many of them. */
export async function logged(program, pattern, times = 1) {
	while ((program.stderr.match(new RegExp(pattern.source, 'g')) ?? []).length < times)
		await within(once(program.child.stderr, 'data'), () => `${pattern} was not logged\n${program.log}`);
}
