// Text in the pieces a model would send it in. Not a real tokenizer: a word with the blank before it, a run of line ends
// with the indentation after it, one ideograph or sign at a time. Deterministic, and the pieces joined are the text.

const TOKEN = /\n+[^\S\n]*|[^\S\n]?\p{Script=Han}|[^\S\n]?[^\s\p{Script=Han}\p{P}\p{S}]{1,12}|[^\S\n]?[\p{P}\p{S}]|\s/gu;

/**
 * @param {string|string[]} text an array is already in pieces and stays as it is, unless a granularity is given
 * @param {"token"|"char"|"word"|"line"|"whole"|number} [granularity] a number is that many UTF-16 units
 * @returns {string[]}
 */
export function splitPieces(text, granularity) {
	if (Array.isArray(text)) {
		if (granularity === undefined) return text;
		text = text.join("");
	}
	if (text === "") return [];
	if (typeof granularity === "number") return text.match(new RegExp(`[^]{1,${granularity}}`, "g"));
	switch (granularity ?? "token") {
	case "token": return text.match(TOKEN);
	case "char": return Array.from(text);
	case "word": return text.match(/\s*\S+\s*$|\s*\S+|\s+/g);
	case "line": return text.match(/[^\n]*\n|[^\n]+$/g);
	case "whole": return [text];
	default: throw new Error(`granularity ${JSON.stringify(granularity)}: token, char, word, line, whole or a number`);
	}
}

/** An estimate, as the usage figures of this server are: four bytes to a token. */
export function countTokens(text) {
	return Math.ceil(Buffer.byteLength(text) / 4);
}
