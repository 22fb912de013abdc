/*
 * Markdown in blocks, so that a long answer is rendered piece by piece: what cannot change any more is made once. A block ends
 * at a blank line outside of a fence that is followed by a line without indentation.
 */

/** Cuts `text` from `from` on; the end of the last block that is complete, and its pieces. */
export function settled(text: string, from: number): { pieces: string[]; end: number } {
	const pieces: string[] = [];
	let start = from;
	let at = from;
	let fence = '';
	let isAfterBlank = false;
	for (;;) {
		const newline = text.indexOf('\n', at);
		if (newline < 0) return { pieces, end: start };
		const line = text.slice(at, newline);
		if (isAfterBlank && !fence && line.trim() !== '' && !/^\s/.test(line)) {
			pieces.push(text.slice(start, at));
			start = at;
		}
		fence = fenceAfter(line, fence);
		isAfterBlank = line.trim() === '';
		at = newline + 1;
	}
}

/** The fence that is open after a line. */
function fenceAfter(line: string, open: string): string {
	const [, mark = '', rest = ''] = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
	if (!mark) return open;
	if (!open) return mark[0] === '`' && rest.includes('`') ? '' : mark;
	return mark[0] === open[0] && mark.length >= open.length && rest.trim() === '' ? '' : open;
}
