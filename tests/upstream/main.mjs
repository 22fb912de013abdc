// The test upstream from a terminal: prints its base URL on line 1 of stdout, and a line a request on stderr.
//   node tests/upstream/main.mjs --help

import { parseArgs } from "node:util";
import { catalogueTable } from "./catalogue.mjs";
import { knowsModel } from "./models.mjs";
import { startUpstream } from "./upstream.mjs";

const HELP = `usage: node tests/upstream/main.mjs [option…]

A loopback server that speaks OpenAI's wire. It has no model: it says what it got, or what a file says.

  --port N         default: any free port
  --scenario NAME  how to answer what names no scenario itself (see --list; NAME+NAME combines)
  --knows FILE     completions go on as FILE does after the text before the cursor; may be given again
  --delay-ms N     between the tokens, for people to look at
  --key KEY        demand Authorization: Bearer KEY
  --tls, --http2   with an own CA; its file is line 2 of stdout
  --list           print the scenarios and exit

A request names a scenario by the header x-scenario: NAME, or as the model scenario/NAME.
`;

const { values } = parseArgs({
	options: {
		port: { type: "string", default: "0" }, scenario: { type: "string" }, knows: { type: "string", multiple: true },
		"delay-ms": { type: "string", default: "0" }, key: { type: "string" }, tls: { type: "boolean" }, http2: { type: "boolean" },
		list: { type: "boolean" }, help: { type: "boolean" },
	},
});

function number(name, most) {
	const value = Number(values[name]);
	if (!Number.isInteger(value) || value < 0 || value > most) throw new Error(`--${name} ${values[name]}: a number from 0 to ${most}`);
	return value;
}

async function main() {
	if (values.help) return process.stdout.write(HELP);
	if (values.list) return process.stdout.write(catalogueTable());
	const delayMs = number("delay-ms", 60_000);
	const options = { port: number("port", 65535), tls: Boolean(values.tls || values.http2), http2: Boolean(values.http2), log: (line) => process.stderr.write(`${line}\n`) };
	if (values.key !== undefined) options.key = values.key;
	if (values.knows) options.answer = knowsModel({ files: values.knows });
	if (values.scenario !== undefined || delayMs > 0) options.scenario = { ...values.scenario !== undefined && { base: values.scenario }, ...delayMs > 0 && { delayMs } };
	const upstream = await startUpstream(options);
	process.stdout.write(`${upstream.url}\n`);
	if (upstream.caFile) process.stdout.write(`${upstream.caFile}\n`);
	const stop = () => upstream.close().then(() => process.exit(0), () => process.exit(1));
	process.once("SIGINT", stop);
	process.once("SIGTERM", stop);
}

try {
	await main();
} catch (error) {
	process.stderr.write(`upstream: ${error.message}\n`);
	process.exitCode = 1;
}
