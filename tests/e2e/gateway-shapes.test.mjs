/*
 * `eke gateway`: its responses, passed through, converted and its own, have the shapes that OpenAI publishes: the types of its
 * openai package, which TypeScript checks, with nothing in them that the types do not know.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { withUpstream } from './harness.mjs';
import { chat, start } from './support/gateway.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const TOOL = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } };

const eventsOf = (text) => text.split('\n\n').filter((event) => /^data: \{/.test(event)).map((event) => JSON.parse(event.slice(6)));

/** Resolves to what TypeScript complains about, or ''. */
async function check(values) {
	const file = join(HERE, `shapes-${process.pid}.ts`);
	const lines = values.map(([type, value], i) => `export const v${i}: ${type} = ${JSON.stringify(value)};`);

	writeFileSync(file, `import type OpenAI from 'openai';\ntype Failure = { error: OpenAI.ErrorObject };\n${lines.join('\n')}\n`);
	try {
		await promisify(execFile)(process.execPath, [join(HERE, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--module', 'nodenext', '--moduleResolution', 'nodenext', file]);
		return '';
	} catch (error) {
		return error.stdout + error.stderr;
	} finally {
		rmSync(file);
	}
}

test('the shapes that OpenAI publishes', async (t) => {
	const upstream = await withUpstream(t);
	const { call } = await start(t, { upstream, plan: 'many', plans: { many: { windows: [{ scope: 'machine', limit: 12, period: '1h' }] } } });
	const ask = async (path, body) => (await call(path, { body })).text();
	const object = async (path, body) => JSON.parse(await ask(path, body));
	const values = [];
	let seed = 0;
	const next = (more) => chat({ seed: seed++, ...more });

	values.push(['OpenAI.ChatCompletion', await object('/v1/chat/completions', next())]);
	upstream.next({ stream: true, usage: 'chunk' });
	values.push(['OpenAI.ChatCompletion', await object('/v1/chat/completions', next({ n: 2 }))]);
	upstream.next({ base: 'tool-calls', stream: true });
	values.push(['OpenAI.ChatCompletion', { ...await object('/v1/chat/completions', next()) }]);
	upstream.next({ base: 'cut-after-text', stream: true });
	values.push(['OpenAI.ChatCompletion', await object('/v1/chat/completions', next())]);
	upstream.next({ whole: true });
	values.push(...eventsOf(await ask('/v1/chat/completions', next({ stream: true, stream_options: { include_usage: true } }))).map((event) => ['OpenAI.ChatCompletionChunk', event]));
	upstream.next({ body: { id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: null, refusal: null, tool_calls: [TOOL] }, finish_reason: 'tool_calls', logprobs: null }] } });
	values.push(...eventsOf(await ask('/v1/chat/completions', next({ stream: true }))).map((event) => ['OpenAI.ChatCompletionChunk', event]));
	upstream.next({ stream: true });
	values.push(['OpenAI.Completion', await object('/v1/completions', { model: 'coder', prompt: 'x', seed: 1 })]);
	upstream.next({ whole: true });
	values.push(...eventsOf(await ask('/v1/completions', { model: 'coder', prompt: 'x', stream: true })).map((event) => ['OpenAI.Completion', event]));
	values.push(['OpenAI.CreateEmbeddingResponse', await object('/v1/embeddings', { model: 'embed', input: 'x' })]);
	const list = JSON.parse(await (await call('/v1/models')).text());
	values.push(...list.data.map((model) => ['OpenAI.Model', model]));
	for (const [path, more] of [['/v1/none', {}], ['/v1/models', { key: 'x' }], ['/v1/chat/completions', { body: '{' }], ['/v1/models/none', {}]])
		values.push(['Failure', await (await call(path, more)).json()]);
	for (let i = 0; i < 4; i++)
		await ask('/v1/chat/completions', next());
	const refused = await call('/v1/chat/completions', { body: next() });
	assert.equal(refused.status, 429);
	values.push(['Failure', await refused.json()]);

	assert.equal(await check(values), '');
	/* It does look. */
	assert.match(await check([['OpenAI.Model', { id: 1 }]]), /TS2739|TS2322/);
});
