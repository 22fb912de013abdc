/*
 * The contract as an object: eke.json, with the definitions that are made from elsewhere put in, and whole messages made of
 * its examples.
 */
import { readFileSync } from 'node:fs';

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
const OWNER_ONLY = 'owner-only:';
const DEFINITION = '#/definitions/';

/** The configuration file's schema. */
export function loadConfigSchema() {
	return read('config.schema.json');
}

/*
 * A schema of the configuration as one for settings from an editor: fields that are not known are ignored there, not
 * refused, so that an older eke takes a newer editor's settings.
 */
function opened(schema) {
	if (Array.isArray(schema))
		return schema.map(opened);
	if (schema === null || typeof schema !== 'object')
		return schema;
	const out = {};
	for (const [key, value] of Object.entries(schema)) {
		if (key === '$comment' || (key === 'additionalProperties' && value === false))
			continue;
		if (key === 'default' || key === 'examples' || key === 'enum' || key === 'const')
			out[key] = value;
		else if (key === '$ref')
			out[key] = `${value}Settings`;
		else if (key === 'title')
			out[key] = `${value}Settings`;
		else
			out[key] = opened(value);
	}
	return out;
}

/** Names of the definitions that a schema refers to, each once, in order, and theirs in turn. */
export function reachable(schema, definitions, found = new Set()) {
	if (Array.isArray(schema)) {
		for (const value of schema)
			reachable(value, definitions, found);
	} else if (schema !== null && typeof schema === 'object') {
		for (const [key, value] of Object.entries(schema)) {
			if (key === 'examples' || key === 'default' || key === 'enum' || key === 'const')
				continue;
			if (key !== '$ref' || typeof value !== 'string') {
				reachable(value, definitions, found);
				continue;
			}
			const name = value.slice(DEFINITION.length);
			if (found.has(name))
				continue;
			if (!value.startsWith(DEFINITION) || !definitions[name])
				throw new Error(`${value} refers to nothing`);
			found.add(name);
			reachable(definitions[name], definitions, found);
		}
	}
	return found;
}

function deriveSettings(config) {
	const properties = {};
	const out = {};

	for (const [name, field] of Object.entries(config.properties))
		if (name !== '$schema' && !field.$comment?.startsWith(OWNER_ONLY))
			properties[name] = opened(field);
	out.Settings = {
		title: 'Settings',
		description: 'What an editor may set: the configuration file without whatever decides where keys and text go. Made from config.schema.json.',
		type: 'object',
		properties,
	};
	const all = Object.fromEntries(
		Object.entries(config.definitions).map(([name, schema]) => [`${name}Settings`, opened(schema)]));
	const used = reachable(properties, all);
	for (const name of Object.keys(all))
		if (used.has(name))
			out[name] = all[name];
	return out;
}

/** eke.json with its made definitions up to date. */
export function loadContract() {
	const contract = read('eke.json');
	const derived = {
		ErrorCode: {
			title: 'ErrorCode',
			description: contract.errorCodes.map((e) => `${e.code} ${e.name}`).join(', ') + '.',
			enum: contract.errorCodes.map((e) => e.code),
		},
		ErrorKind: {
			title: 'ErrorKind',
			description: 'Why a request failed.',
			enum: contract.errorKinds.map((e) => e.kind),
		},
		...deriveSettings(loadConfigSchema()),
	};
	Object.assign(contract.definitions, derived);
	checkContract(contract);
	return contract;
}

/* What a JSON Schema of the contract could not say. */
function checkContract(contract) {
	const codes = new Set(contract.errorCodes.map((e) => e.code));
	const kinds = new Set(contract.errorKinds.map((e) => e.kind));
	const used = new Set(['Request', 'Notification', 'Response']);

	for (const m of contract.methods) {
		const wrong = m.errors.filter((e) => !codes.has(e) && !kinds.has(e));
		if (wrong.length)
			throw new Error(`${m.method}: no such error: ${wrong}`);
		if (!m.examples.length)
			throw new Error(`${m.method}: no example`);
		if ((m.kind === 'request') !== ('result' in m))
			throw new Error(`${m.method}: a request has a result, a notification none`);
		reachable([m.params, m.result ?? {}], contract.definitions, used);
	}
	reachable([...used].map((name) => contract.definitions[name]), contract.definitions, used);
	const unused = Object.keys(contract.definitions).filter((name) => !used.has(name));
	if (unused.length)
		throw new Error(`definitions that nothing refers to: ${unused}`);
	for (const [name, d] of Object.entries(contract.definitions))
		if (d.title !== name || !d.description)
			throw new Error(`definition ${name}: needs its name as title, and a description`);
}

/**
 * Every example as the messages that go over the wire.
 * @returns {{name: string, method: string, messages: {direction: string, message: object}[]}[]}
 */
export function examples(contract = loadContract()) {
	const out = [];

	for (const m of contract.methods) {
		const back = m.direction === 'serverToClient' ? 'clientToServer' : 'serverToClient';
		const there = back === 'serverToClient' ? 'clientToServer' : 'serverToClient';

		m.examples.forEach((example, n) => {
			const id = m.kind === 'request' ? { id: 1 } : {};
			const messages = [{ direction: there, message: { jsonrpc: '2.0', ...id, method: m.method, params: example.params } }];

			if (m.kind === 'request' && 'error' in example)
				messages.push({ direction: back, message: { jsonrpc: '2.0', ...id, error: example.error } });
			else if (m.kind === 'request')
				messages.push({ direction: back, message: { jsonrpc: '2.0', ...id, result: example.result } });
			out.push({ name: `${m.method}: ${example.title ?? `example ${n + 1}`}`, method: m.method, messages });
		});
	}
	return out;
}
