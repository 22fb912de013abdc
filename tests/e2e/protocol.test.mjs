/*
 * The contract itself: its examples keep to it, what breaks it is found, and what is generated is up to date. Needs no
 * program.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import Ajv from 'ajv';

import { examples } from '../../protocol/generate.mjs';
import { loadConfigSchema, loadContract } from '../../protocol/model.mjs';
import { compile, uncovered } from '../../protocol/validate.mjs';

const strict = { allowUnionTypes: true, strictTypes: false };
const at = (schema, name) => new Ajv(strict).compile({ ...schema, $ref: `#/definitions/${name}` });
const pendingChat = new Map([[1, 'chat/complete'], [2, 'textDocument/inlineCompletion'], [3, null]]);

for (const example of examples()) {
	test(`example of ${example.name}`, () => {
		const { validate } = compile(Ajv);
		const pending = new Map([[1, example.method]]);
		for (const { direction, message } of example.messages)
			assert.equal(validate(direction, message, pending), null);
	});
}

test('the examples cover every method and result, and most errors', () => {
	const { validate, coverage } = compile(Ajv);
	for (const { method, messages } of examples())
		for (const { direction, message } of messages)
			validate(direction, message, new Map([[1, method]]));
	const seen = JSON.parse(JSON.stringify(coverage()));
	assert.deepEqual(seen['chat/complete'].errors, { '-32803 noEndpoint': 1, '-32803 budget': 1, '-32800': 1 });
	assert.deepEqual(uncovered([seen]), ['models/list: never answered with an error']);
	assert.equal(uncovered([]).filter((gap) => gap.startsWith('shutdown:')).length, 2);
});

const result = (id, value) => ({ jsonrpc: '2.0', id, result: value });
const error = (id, value) => ({ jsonrpc: '2.0', id, error: value });
const call = (method, params, id) => ({ jsonrpc: '2.0', ...(id === undefined ? {} : { id }), method, params });
const answer = { message: { role: 'assistant', content: '' }, finishReason: 'stop', model: 'm', endpoint: 'e' };
const budget = { endpoint: 'e', plan: 'p', state: 'ok', windows: [] };
const window = { scope: 'key', limit: 1, used: 0, remaining: 1, resetAt: '2026-11-24T04:00:00Z' };
const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } };
const item = { insertText: 'x', range, command: { title: 'Accept', command: 'eke.accept', arguments: [1] } };

/* What eke must not send: direction is always serverToClient. */
const badFromServer = [
	['an array', []],
	['text', 'x'],
	['no version', { id: 1, result: null }],
	['neither result nor error', { jsonrpc: '2.0', id: 1 }],
	['result and error', { ...result(1, null), error: { code: -32603, message: 'x' } }],
	['an unknown member', { ...error(1, { code: -32603, message: 'x' }), extra: 1 }],
	['a response to no request', result(9, null)],
	['an error for no request', error(9, { code: -32603, message: 'x' })],
	['a result for id null', result(null, null)],
	['a code of nobody', error(1, { code: -1, message: 'x' })],
	['an empty message', error(1, { code: -32603, message: '' })],
	['-32803 without data', error(1, { code: -32803, message: 'x' })],
	['-32803 without kind', error(1, { code: -32803, message: 'x', data: { text: '' } })],
	['an unknown kind', error(1, { code: -32803, message: 'x', data: { kind: 'moon' } })],
	['a kind with another code', error(1, { code: -32800, message: 'x', data: { kind: 'budget' } })],
	['an error that the method does not list', error(2, { code: -32803, message: 'x', data: { kind: 'budget' } })],
	['a request error for what had no method', error(3, { code: -32800, message: 'x' })],
	['a time with an offset', error(1, { code: -32803, message: 'x', data: { kind: 'budget', retryAt: '2026-11-24T04:00:00+01:00' } })],
	['an answer without budget', result(1, answer)],
	['an unknown member of an answer', result(1, { ...answer, budget, chatId: 'c' })],
	['an unknown finish reason', result(1, { ...answer, budget, finishReason: 'error' })],
	['a window without resetAt', result(1, { ...answer, budget: { ...budget, windows: [{ ...window, resetAt: undefined }] } })],
	['an item without range', result(2, { items: [{ ...item, range: undefined }] })],
	['an item with an empty text', result(2, { items: [{ ...item, insertText: '' }] })],
	['items as LSP allows them but eke does not', result(2, [item])],
	['a method that goes the other way', call('textDocument/didClose', { textDocument: { uri: 'x' } })],
	['a method of nobody', call('eke/moon', {})],
	['a notification with an id', call('window/logMessage', { type: 3, message: 'x' }, 1)],
	['a piece without text', call('$/progress', { token: 1, value: { kind: 'delta' } })],
	['an empty piece', call('$/progress', { token: 1, value: { kind: 'delta', text: '' } })],
	['a piece of another kind', call('$/progress', { token: 1, value: { kind: 'report', text: 'x' } })],
	['a notification without params', { jsonrpc: '2.0', method: 'eke/didChangeStatus' }],
	['a call with unknown members', { ...call('window/logMessage', { type: 3, message: 'x' }), extra: 1 }],
];

for (const [name, message] of badFromServer) {
	test(`eke may not send ${name}`, () => {
		/* Through JSON, as over the wire: members that are undefined are gone. */
		const wire = JSON.parse(JSON.stringify(message));
		assert.equal(typeof compile(Ajv).validate('serverToClient', wire, pendingChat), 'string');
	});
}

const good = [
	['an error for id null', 'serverToClient', error(null, { code: -32700, message: 'x' })],
	['a general error for what had no method', 'serverToClient', error(3, { code: -32600, message: 'x' })],
	['an item', 'serverToClient', result(2, { items: [item] })],
	['no params', 'clientToServer', { jsonrpc: '2.0', id: 1, method: 'budget/get' }],
	['null params', 'clientToServer', call('budget/get', null, 1)],
	['empty array params', 'clientToServer', call('initialize', [], 1)],
	['unknown members', 'clientToServer', { ...call('models/list', { moon: 1 }, 1), extra: 1 }],
	['unknown settings', 'clientToServer', call('workspace/didChangeConfiguration', { settings: { eke: { moon: 1 }, other: 2 } })],
	['an unknown request', 'clientToServer', call('client/own', { x: 1 }, 1)],
	['Vim\'s cancellation', 'clientToServer', { jsonrpc: '2.0', method: '$/cancelRequest', id: 7 }],
];

for (const [name, direction, message] of good)
	test(`${name} is fine`, () => assert.equal(compile(Ajv).validate(direction, message, pendingChat), null));

const badFromClient = [
	['params that are a string', call('budget/get', 'x', 1)],
	['params that are an array', call('budget/get', [1], 1)],
	['a missing required member', call('chat/complete', {}, 1)],
	['a setting of a wrong type', call('initialize', { initializationOptions: { eke: { log: { level: 'loud' } } } }, 1)],
	['a request without id', call('models/list', {})],
	['an id that is an object', call('models/list', {}, {})],
];

for (const [name, message] of badFromClient)
	test(`a client may not send ${name}`, () => assert.equal(typeof compile(Ajv).validate('clientToServer', message), 'string'));

test('the configuration\'s examples keep to its schema', () => {
	const schema = loadConfigSchema();
	const validate = new Ajv(strict).compile(schema);
	assert.ok(schema.examples.length);
	for (const example of schema.examples)
		assert.ok(validate(example), JSON.stringify(validate.errors));
});

/* Every schema with properties, with its place. */
function* objects(schema, path = '') {
	if (schema === null || typeof schema !== 'object')
		return;
	if (schema.properties)
		yield [path, schema];
	for (const [key, value] of Object.entries(schema))
		if (!['default', 'examples', 'enum', 'const'].includes(key) || schema.properties === undefined)
			yield* objects(value, `${path}/${key}`);
}

test('every field of the configuration is described, and its default and examples are valid', () => {
	const schema = loadConfigSchema();
	let fields = 0;
	for (const [path, object] of objects(schema)) {
		for (const [name, field] of Object.entries(object.properties)) {
			const meant = field.$ref ? schema.definitions[field.$ref.split('/').pop()] : field;
			const check = new Ajv(strict).compile({ definitions: schema.definitions, ...meant });
			const values = [...(meant.examples ?? []), ...('default' in meant ? [meant.default] : [])];
			assert.match(meant.description ?? '', /\.$/, `${path}/${name} needs a sentence`);
			for (const value of values)
				assert.ok(check(value), `${path}/${name}: ${JSON.stringify(value)} ${JSON.stringify(check.errors)}`);
			assert.ok(values.length, `${path}/${name} shows no value`);
			fields++;
		}
	}
	assert.ok(fields > 40, `found only ${fields}`);
});

test('the configuration refuses what is wrong', () => {
	const check = new Ajv(strict).compile(loadConfigSchema());
	const endpoint = { baseUrl: 'https://x' };
	const wrong = [
		{ endpoint: [] },
		{ endpoints: [{}] },
		{ endpoints: [{ ...endpoint, key: {} }] },
		{ endpoints: [{ ...endpoint, key: { env: 'A', file: 'b' } }] },
		{ endpoints: [{ ...endpoint, headers: { Authorization: 'x' } }] },
		{ endpoints: [{ ...endpoint, completionApi: 'fim' }] },
		{ plans: { p: { windows: [{ scope: 'ip', limit: 1, period: '1h' }] } } },
		{ plans: { p: { windows: [{ scope: 'key', limit: 1, period: '1 hour' }] } } },
		{ whenExhausted: 'always' },
		{ completion: { debounceMs: 10001 } },
		{ completion: { debounceMs: 'fast' } },
		{ log: { level: 'trace' } },
	];
	for (const config of wrong)
		assert.ok(!check(config), JSON.stringify(config));
});

test('an editor cannot set where keys and text go', () => {
	const { definitions } = loadContract();
	const names = Object.keys(definitions.Settings.properties);
	assert.deepEqual(names, ['completion', 'chat', 'privacy', 'log']);
	const check = at({ definitions }, 'Settings');
	assert.ok(check({ completion: { debounceMs: 300, unknown: 1 } }));
	assert.ok(!check({ completion: { debounceMs: -1 } }));
});

test('what is generated is up to date', () => {
	const script = fileURLToPath(new URL('../../protocol/generate.mjs', import.meta.url));
	const run = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
	assert.equal(run.status, 0, run.stderr);
});
