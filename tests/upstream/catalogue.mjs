// The catalogue as the Markdown table of README.md, which a test keeps in step.

import { scenarios } from "./scenarios.mjs";

const short = (text) => JSON.stringify(text.length > 24 ? `${text.slice(0, 23)}…` : text);

/** What a client should make of it, in a few words. */
function outcome(expect) {
	if (expect.errorKind) return `error ${[expect.errorKind].flat().join(" or ")}`;
	const finish = [expect.finish].flat().join(" or ");
	if (expect.contains) return `${finish}; text with gaps`;
	return `${finish}; ${short(expect.text)}${expect.reasoning ? ", reasoning" : ""}`;
}

const cell = (text) => text.replaceAll("|", "\\|");

export function catalogueTable() {
	const rows = scenarios.map(({ name, about, section, expect }) => `| \`${name}\` | ${cell(about)} | ${cell(section)} | ${cell(outcome(expect))} |`);
	return ["| scenario | what it does | known from | a good client makes of it |", "|---|---|---|---|", ...rows, ""].join("\n");
}
