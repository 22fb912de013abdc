#!/usr/bin/env node
/*
 * Writes into package.json and package.nls.json the settings that are made from protocol/config.schema.json: those of an editor.
 * With --check nothing is written; exit status 1 says that something is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const place = (name) => new URL(`../${name}`, import.meta.url);
const read = (name) => JSON.parse(readFileSync(place(name), 'utf8'));
const schema = read('../../protocol/config.schema.json');
const SECTIONS = ['completion', 'chat', 'privacy', 'log'];
/* They decide what is sent: not for a folder that was merely opened. */
const OF_THE_USER = /^(chat\.system|chat\.commands|log\.level)$/;

const definition = (value) => (value.$ref ? schema.definitions[value.$ref.replace('#/definitions/', '')] : value);

function setting(section, key, { description: _, examples: __, ...rest }) {
	return {
		...rest,
		...(rest.enum && !rest.type ? { type: 'string' } : {}),
		scope: OF_THE_USER.test(`${section}.${key}`) ? 'application' : 'window',
		markdownDescription: `%settings.${section}.${key}%`,
	};
}

const properties = {};
const words = {};
for (const section of SECTIONS) {
	const { properties: members } = definition(schema.properties[section]);
	for (const [key, value] of Object.entries(members)) {
		properties[`eke.${section}.${key}`] = setting(section, key, definition(value));
		words[`settings.${section}.${key}`] = definition(value).description;
	}
}

const manifest = read('package.json');
const nls = read('package.nls.json');
const generated = manifest.contributes.configuration.find(({ id }) => id === 'server');
generated.properties = properties;
const others = Object.entries(nls).filter(([name]) => !/^settings\.(completion|chat|privacy|log)\./.test(name));
const made = {
	'package.json': manifest,
	'package.nls.json': { ...Object.fromEntries(others), ...words },
};
for (const [name, value] of Object.entries(made)) {
	const text = `${JSON.stringify(value, null, '\t')}\n`;
	if (!process.argv.includes('--check')) writeFileSync(place(name), text);
	else if (readFileSync(place(name), 'utf8') !== text) {
		console.error(`editors/vscode/${name} is stale: node editors/vscode/tools/manifest.mjs`);
		process.exitCode = 1;
	}
}
