/*
 * `eke gateway` asked by pages in a real browser, headless: a page of an allowed origin gets answers and streams, one of another
 * origin does not even see why. The pages are served on this machine, at another port, which is another origin.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { withUpstream, within } from './harness.mjs';
import { chat, start } from './support/gateway.mjs';

const BROWSER = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const skip = !BROWSER && 'no Chromium is here: install chromium to run this';

/* What a page does; what it sees, it tells the server that it came from. */
const script = async (base, token, body) => {
	const seen = {};
	const ask = async (name, path, options) => {
		try {
			const response = await fetch(base + path, options);
			seen[name] = { status: response.status, text: await response.text(), left: response.headers.get('x-ratelimit-remaining-requests') };
		} catch (error) {
			seen[name] = { error: error.name };
		}
	};
	const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'x-stainless-lang': 'js' };

	await ask('models', '/models', { headers });
	await ask('chat', '/chat/completions', { method: 'POST', headers, body: JSON.stringify(body) });
	await ask('stream', '/chat/completions', { method: 'POST', headers, body: JSON.stringify({ ...body, stream: true }) });
	await ask('wrong', '/models', { headers: { authorization: 'Bearer wrong' } });
	/* Without a preflight: the request goes out, but must do nothing. */
	await ask('simple', '/chat/completions', { method: 'POST', mode: 'cors', body: JSON.stringify(body) });
	await fetch('/seen', { method: 'POST', body: JSON.stringify(seen) });
};

/** A server for one page: its origin, and what the page has seen. */
async function serve(t, html) {
	let told;
	const seen = new Promise((resolve) => (told = resolve));
	const server = createServer(async (request, response) => {
		let body = '';
		for await (const piece of request)
			body += piece;
		response.setHeader('content-type', 'text/html');
		response.end(request.method === 'POST' ? '' : html());
		if (request.method === 'POST')
			told(JSON.parse(body));
	}).listen(0, '127.0.0.1');

	await once(server, 'listening');
	t.after(() => server.close());
	return { origin: `http://127.0.0.1:${server.address().port}`, seen };
}

async function visit(t, url) {
	const profile = mkdtempSync(join(tmpdir(), 'eke-chromium-'));
	const browser = spawn(BROWSER, [...FLAGS, `--user-data-dir=${profile}`, '--remote-debugging-port=0', url], { stdio: 'ignore', detached: true });

	t.after(async () => {
		const exited = once(browser, 'exit');

		/* All of its processes: one that is left goes on writing into its profile. */
		process.kill(-browser.pid, 'SIGKILL');
		await exited;
		rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
	});
}

test('pages in Chromium: an allowed origin and another', { skip }, async (t) => {
	const upstream = await withUpstream(t, { answer: () => 'for the page' });
	let page = '';
	const [allowed, other] = [await serve(t, () => page), await serve(t, () => page)];
	const { base, token } = await start(t, { upstream, plan: 'many', rest: { gateway: { origins: [allowed.origin] } } });

	page = `<!doctype html><script>(${script})(${JSON.stringify(base)}, ${JSON.stringify(token)}, ${JSON.stringify(chat())})</script>`;
	await visit(t, allowed.origin);
	const yes = await within(allowed.seen, () => 'the page told nothing', 60_000);
	assert.deepEqual([yes.models.status, yes.chat.status, yes.chat.left, yes.stream.status], [200, 200, '49', 200]);
	assert.match(yes.chat.text, /for the page/);
	assert.match(yes.stream.text, /\[DONE\]/);
	assert.deepEqual([yes.wrong.status, yes.simple.status], [401, 401]);
	assert.equal(upstream.counted.length, 2);

	await visit(t, other.origin);
	const no = await within(other.seen, () => 'the other page told nothing', 60_000);
	assert.deepEqual(Object.values(no).map(({ error }) => error), Array(5).fill('TypeError'));
	assert.equal(upstream.counted.length, 2);
});
