/*
 * JSON Schema as TypeScript, and JSON as a person would lay it out. Pure, deterministic.
 */
const WIDTH = 120;
const TAB = 8;

function inline(value) {
	if (Array.isArray(value))
		return `[${value.map(inline).join(', ')}]`;
	if (value === null || typeof value !== 'object')
		return JSON.stringify(value);
	const members = Object.entries(value).map(([k, v]) => `${JSON.stringify(k)}: ${inline(v)}`);
	return members.length ? `{ ${members.join(', ')} }` : '{}';
}

/**
 * JSON text with tabs, where what fits into a line is one.
 * @param {*} value
 * @param {number} depth of indentation
 * @param {number} column where the value begins, less the indentation
 */
export function formatJson(value, depth = 0, column = 0) {
	const line = inline(value);
	const scalar = value === null || typeof value !== 'object' || !Object.keys(value).length;

	if (scalar || (depth > 0 && depth * TAB + column + line.length <= WIDTH))
		return line;
	const tabs = '\t'.repeat(depth + 1);
	const [open, close] = Array.isArray(value) ? '[]' : '{}';
	const parts = Object.entries(value).map(([k, v]) => {
		const key = Array.isArray(value) ? '' : `${JSON.stringify(k)}: `;
		return tabs + key + formatJson(v, depth + 1, key.length + 1);
	});
	return `${open}\n${parts.join(',\n')}\n${'\t'.repeat(depth)}${close}`;
}

const isName = (key) => /^[A-Za-z_$][\w$]*$/.test(key);

function comment(schema, tabs) {
	const lines = [];

	if (schema.description)
		lines.push(schema.description);
	if (schema.default !== undefined && typeof schema.default !== 'object')
		lines.push(`@default ${JSON.stringify(schema.default)}`);
	if (!lines.length)
		return '';
	return lines.length === 1 ? `${tabs}/** ${lines[0]} */\n` :
		`${tabs}/**\n${lines.map((l) => `${tabs} * ${l}\n`).join('')}${tabs} */\n`;
}

function members(schema, depth) {
	const tabs = '\t'.repeat(depth + 1);
	const required = new Set(schema.required ?? []);
	const lines = Object.entries(schema.properties).map(([key, value]) => {
		const name = (isName(key) ? key : JSON.stringify(key)) + (required.has(key) ? '' : '?');
		return `${comment(value, tabs)}${tabs}${name}: ${typeOf(value, depth + 1)};\n`;
	});
	return `{\n${lines.join('')}${'\t'.repeat(depth)}}`;
}

function objectType(schema, depth) {
	if (schema.properties && Object.keys(schema.properties).length)
		return members(schema, depth);
	if (schema.additionalProperties && typeof schema.additionalProperties === 'object')
		return `Record<string, ${typeOf(schema.additionalProperties, depth)}>`;
	return schema.additionalProperties === false ? 'Record<string, never>' : 'object';
}

function arrayType(schema, depth) {
	if (schema.maxItems === 0)
		return '[]';
	const item = schema.items ? typeOf(schema.items, depth) : 'unknown';
	if (schema.minItems === 1 && schema.maxItems === 1)
		return `[${item}]`;
	return item.includes(' | ') && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
}

function plainType(name, schema, depth) {
	switch (name) {
	case 'object': return objectType(schema, depth);
	case 'array': return arrayType(schema, depth);
	case 'integer': return 'number';
	default: return name;
	}
}

/** The TypeScript type of a schema, as it stands at that depth of indentation. */
export function typeOf(schema, depth = 0) {
	if (schema.$ref)
		return schema.$ref.split('/').pop();
	if ('const' in schema)
		return JSON.stringify(schema.const);
	if (schema.enum)
		return schema.enum.map((v) => JSON.stringify(v)).join(' | ');
	if (schema.anyOf)
		return [...new Set(schema.anyOf.map((s) => typeOf(s, depth)))].join(' | ');
	if (!schema.type)
		return 'unknown';
	return [...new Set([schema.type].flat().map((t) => plainType(t, schema, depth)))].join(' | ');
}

/** A definition as an exported declaration. */
export function declaration(name, schema, prefix = 'export ') {
	const doc = comment(schema, '');

	if (schema.type === 'object' && schema.properties && Object.keys(schema.properties).length)
		return `${doc}${prefix}interface ${name} ${members(schema, 0)}\n`;
	return `${doc}${prefix}type ${name} = ${typeOf(schema)};\n`;
}
