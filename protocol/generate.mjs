#!/usr/bin/env node
/*
 * Makes from eke.json, config.schema.json and preamble.md what must agree with them: README.md, eke.d.ts, and in eke.json
 * itself the definitions that are derived and its layout. With --check nothing is written; exit status 1 says that
 * something is stale.
 */
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { examples, loadConfigSchema, loadContract, reachable } from './model.mjs';
import { declaration, formatJson, typeOf } from './render.mjs';

export { examples };

const DIRECTION = {
	clientToServer: 'client to eke',
	serverToClient: 'eke to client',
	both: 'either way',
};

const place = (name) => new URL(name, import.meta.url);
const fence = (kind, text) => `\`\`\`${kind}\n${text.trimEnd()}\n\`\`\`\n`;
const slug = (title) => title.toLowerCase().replace(/[^a-z0-9 _-]/g, '').replace(/ /g, '-');

/* --- eke.d.ts --- */

function methodMap(contract, name, doc, wanted) {
	const lines = contract.methods.filter(wanted).map((m) => {
		const types = m.kind === 'request' ? `{ params: ${typeOf(m.params)}; result: ${typeOf(m.result)} }` : typeOf(m.params);
		return `\t/** ${m.title}. */\n\t'${m.method}': ${types};\n`;
	});
	return `/** ${doc} */\nexport interface ${name} {\n${lines.join('')}}\n`;
}

function declarations(contract) {
	const is = (kind, direction) => (m) => m.kind === kind && (m.direction === direction || m.direction === 'both');

	return [
		'/*\n * Types of eke\'s protocol, for adapters. Made from eke.json by generate.mjs: do not edit.\n */\n',
		`/** Version of the protocol: capabilities.experimental.eke.protocol. */\nexport type ProtocolVersion = ${contract.protocol};\n`,
		...Object.entries(contract.definitions).map(([name, schema]) => declaration(name, schema)),
		methodMap(contract, 'Requests', 'Requests to eke, by method.', is('request', 'clientToServer')),
		methodMap(contract, 'ClientNotifications', 'Notifications to eke: their params, by method.', is('notification', 'clientToServer')),
		methodMap(contract, 'ServerNotifications', 'Notifications from eke: their params, by method.', is('notification', 'serverToClient')),
	].join('\n');
}

/* --- README.md --- */

/* Definitions that only one method needs stand with it; the others at the end. */
function owners(contract) {
	const users = new Map();

	for (const m of contract.methods)
		for (const name of reachable([m.params, m.result ?? {}], contract.definitions))
			users.set(name, [...(users.get(name) ?? []), m.method]);
	for (const name of reachable(contract.definitions.Response, contract.definitions))
		users.set(name, [...(users.get(name) ?? []), 'Response']);
	return users;
}

function shapes(contract, users, method, names) {
	const own = names.filter((name) => users.get(name).length === 1 && users.get(name)[0] === method);
	return own.map((name) => declaration(name, contract.definitions[name], '')).join('\n');
}

const linkType = (schema) => `\`${typeOf(schema)}\``;

function errorWords(m) {
	const codes = m.errors.filter((e) => typeof e === 'number');
	const kinds = m.errors.filter((e) => typeof e === 'string');
	const words = codes.map(String);

	if (kinds.length)
		words.push(`-32803 with kind ${kinds.map((k) => `\`${k}\``).join(', ')}`);
	return words.join(', ');
}

function exampleText(example, request) {
	const lines = [`${example.title ?? 'Example'}: params${request ? `, and ${'error' in example ? 'error' : 'result'}` : ''}.\n`];

	lines.push(fence('json', formatJson(example.params)));
	if (request)
		lines.push(fence('json', formatJson('error' in example ? example.error : example.result)));
	return lines.join('\n');
}

function methodText(contract, users, m) {
	const request = m.kind === 'request';
	const facts = [`${request ? 'Request' : 'Notification'}, ${DIRECTION[m.direction]}, since ${m.since}.`];
	const own = shapes(contract, users, m.method, [...reachable([m.params, m.result ?? {}], contract.definitions)]);

	facts.push(`Params: ${linkType(m.params)}.`);
	if (request)
		facts.push(`Result: ${linkType(m.result)}.`);
	if (m.streams)
		facts.push('Streams when `streamToken` is given.');
	if (request && m.errors.length)
		facts.push(`Errors: ${errorWords(m)}.`);
	return [
		`### \`${m.method}\`\n`,
		`**${m.title}.** ${m.doc}\n`,
		`${facts.join(' ')}\n`,
		...(own ? [fence('ts', own)] : []),
		...m.examples.map((e) => exampleText(e, request)),
	].join('\n');
}

function tables(contract) {
	const methods = contract.methods.map((m) =>
		`| [\`${m.method}\`](#${slug(m.method)}) | ${m.kind} | ${DIRECTION[m.direction]} | ${m.title} |`);
	const codes = contract.errorCodes.map((e) => `| ${e.code} | ${e.name} | ${e.doc} |`);
	const kinds = contract.errorKinds.map((e) => `| \`${e.kind}\` | ${e.doc} |`);

	return {
		methods: ['| method | kind | direction | |', '|---|---|---|---|', ...methods, ''].join('\n'),
		codes: ['| code | name | when |', '|---|---|---|', ...codes, ''].join('\n'),
		kinds: ['| kind | when |', '|---|---|', ...kinds, ''].join('\n'),
	};
}

function readme(contract) {
	const users = owners(contract);
	const table = tables(contract);
	const shared = Object.entries(contract.definitions)
		.filter(([name]) => users.get(name)?.length !== 1 || users.get(name)[0] === 'Response')
		.map(([name, schema]) => declaration(name, schema, ''));
	const preamble = readFileSync(place('preamble.md'), 'utf8')
		.replace('<!-- error codes -->\n', () => table.codes)
		.replace('<!-- error kinds -->\n', () => table.kinds);

	return [
		'<!-- Made by generate.mjs from preamble.md and eke.json: edit those. -->\n',
		preamble,
		'## Methods\n',
		table.methods,
		...contract.methods.map((m) => methodText(contract, users, m)),
		'## Types\n',
		'Those that several methods use, and the messages themselves.\n',
		fence('ts', shared.join('\n')),
	].join('\n');
}

/* --- files --- */

/** What each generated file should hold, by its name in this folder. */
export function outputs() {
	const contract = loadContract();

	return {
		'eke.json': `${formatJson(contract)}\n`,
		'config.schema.json': `${formatJson(loadConfigSchema())}\n`,
		'README.md': readme(contract),
		'eke.d.ts': declarations(contract),
	};
}

function current(name) {
	try {
		return readFileSync(place(name), 'utf8');
	} catch {
		return '';
	}
}

/* The differing middle of two texts, as diff -u would show its beginning. */
function difference(name, is, shall) {
	const a = is.split('\n');
	const b = shall.split('\n');
	let head = 0;
	let tail = 0;

	while (head < a.length && head < b.length && a[head] === b[head])
		head++;
	while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail])
		tail++;
	const cut = (lines, sign) => {
		const part = lines.slice(head, lines.length - tail);
		const shown = part.slice(0, 8).map((l) => sign + l);
		return part.length > 8 ? [...shown, `${sign}… ${part.length - 8} more`] : shown;
	};
	return [`--- protocol/${name}`, `+++ protocol/${name}, made anew`, `@@ line ${head + 1} @@`, ...cut(a, '-'), ...cut(b, '+')].join('\n');
}

function main(args) {
	const check = args.includes('--check');
	const unknown = args.filter((a) => a !== '--check');

	if (unknown.length) {
		console.error(`usage: node protocol/generate.mjs [--check], not ${unknown.join(' ')}`);
		return 2;
	}
	const stale = Object.entries(outputs()).filter(([name, text]) => current(name) !== text);
	for (const [name, text] of stale) {
		if (check)
			console.error(difference(name, current(name), text));
		else
			writeFileSync(place(name), text);
	}
	if (check && stale.length)
		console.error('\nRun node protocol/generate.mjs.');
	return check && stale.length ? 1 : 0;
}

/* Also when the way here has symbolic links, which import.meta.url does not keep. */
if (process.argv[1] && fileURLToPath(import.meta.url) === realpathSync(process.argv[1]))
	process.exitCode = main(process.argv.slice(2));
