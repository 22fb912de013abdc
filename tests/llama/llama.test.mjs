// End to end against a real OpenAI-compatible server: llama.cpp's, with a model whose one sentence is known.
// `make test-llama` runs it after tests/llama/setup; where the server cannot be had, every test is skipped and says why.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { SENTENCE, SENTENCE_TOKENS } from './gguf.mjs';
import { findWithDoctor, runEke, startEke, startLlama, unavailable } from './server.mjs';

const skip = unavailable();
if (skip)
	console.error(`\n*** SKIPPED, nothing was tested against llama.cpp: ${skip} ***\n`);

let llama;
before(async () => {
	if (!skip)
		llama = await startLlama();
});
after(() => llama?.stop());

/** Runs `body` with a fresh eke, which must then shut down cleanly. */
async function withEke(completionApi, body) {
	const eke = await startEke(llama.baseUrl, completionApi);
	try {
		await body(eke);
	} catch (error) {
		// A test that failed must not leave a program behind: the runner would wait for it.
		eke.kill();
		throw error;
	}
	const { code, stderr } = await eke.stop();
	assert.equal(code, 0, stderr);
	assert.doesNotMatch(stderr, /Sanitizer|runtime error|broken/);
}

const DOCUMENT = 'int add(int left, int right)\n{\n\t\n}\n\nint main(void)\n{\n\treturn add(1, 2);\n}\n';

/** Opens DOCUMENT and asks for a completion in the body of add(). */
async function completeInDocument(eke, extra = {}) {
	const textDocument = { uri: 'file:///home/user/add.c' };
	await eke.notify('textDocument/didOpen', { textDocument: { ...textDocument, languageId: 'c', version: 1, text: DOCUMENT } });
	return eke.request('textDocument/inlineCompletion', {
		textDocument, position: { line: 2, character: 1 }, context: { triggerKind: 1 }, ...extra,
	});
}

/** Collects the deltas of a token. */
function deltasOf(eke, token) {
	const deltas = [];
	eke.onProgress(token, (value) => {
		assert.equal(value.kind, 'delta');
		deltas.push(value.text);
	});
	return deltas;
}

test('found where nothing is configured, and known to fill in the middle', { skip }, () => {
	const stdout = findWithDoctor(llama.baseUrl.replace('/v1', ''));

	assert.match(stdout, /^ok {3}local: llama\.cpp answers at [\d.:]+, with the model table\. /m);
	const { endpoints: [{ name, models, completionApi }] } = JSON.parse(/^ +(\{"endpoints":.*\})$/m.exec(stdout)[1]);
	assert.deepEqual([name, models, completionApi], ['llama.cpp', { chat: 'table', completion: 'table' }, 'llamacpp-infill']);
});

test('models/list', { skip }, () => withEke('chat', async (eke) => {
	const { models } = await eke.request('models/list', {});
	assert.deepEqual(models.map(({ id, endpoint }) => ({ id, endpoint })), [{ id: 'table', endpoint: 'llama' }]);
}));

test('chat/complete, streamed', { skip }, () => withEke('chat', async (eke) => {
	const deltas = deltasOf(eke, 'chat-1');
	const messages = [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'What now? 你好' }];
	const result = await eke.request('chat/complete', { messages, streamToken: 'chat-1' });
	assert.deepEqual(result.message, { role: 'assistant', content: SENTENCE });
	assert.equal(result.finishReason, 'stop');
	assert.equal(result.endpoint, 'llama');
	assert.equal(result.budget.state, 'unlimited');
	// The server counts the token that ends the text.
	assert.equal(result.usage.completionTokens, SENTENCE_TOKENS + 1);
	assert.ok(result.usage.promptTokens > 0);
	assert.ok(deltas.length >= 1);
	assert.equal(deltas.join(''), SENTENCE);
}));

test('chat/complete, cut by maxTokens', { skip }, () => withEke('chat', async (eke) => {
	const result = await eke.request('chat/complete', { messages: [{ role: 'user', content: 'What now?' }], maxTokens: 2 });
	assert.equal(result.message.content, 'return left');
	assert.equal(result.finishReason, 'length');
}));

for (const api of ['chat', 'completions', 'llamacpp-infill', 'auto']) {
	test(`textDocument/inlineCompletion through ${api}`, { skip }, () => withEke(api, async (eke) => {
		assert.ok(eke.capabilities.inlineCompletionProvider);
		const { items } = await completeInDocument(eke);
		assert.equal(items.length, 1);
		assert.equal(items[0].insertText, SENTENCE);
		assert.ok(items[0].range, 'an item carries its range');
	}));
}

test('a completion streams its text, too', { skip }, () => withEke('llamacpp-infill', async (eke) => {
	const deltas = deltasOf(eke, 7);
	const { items } = await completeInDocument(eke, { streamToken: 7 });
	assert.equal(items[0].insertText, SENTENCE);
	assert.ok(deltas.length >= 1);
}));

test('eke chat', { skip }, () => {
	const result = runEke(llama.baseUrl, ['chat', 'What now?']);
	assert.equal(result.status, 0, result.stderr);
	assert.equal(result.stdout.trimEnd(), SENTENCE);
});

test('eke models', { skip }, () => {
	const result = runEke(llama.baseUrl, ['models']);
	assert.equal(result.status, 0, result.stderr);
	assert.match(result.stdout, /^table\b/m);
});

test('eke doctor', { skip }, () => {
	const result = runEke(llama.baseUrl, ['doctor']);
	assert.equal(result.status, 0, result.stdout + result.stderr);
});
