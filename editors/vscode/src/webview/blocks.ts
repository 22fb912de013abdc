/*
 * Markdown in blocks, so that a long answer is rendered piece by piece: what cannot change any more is made once. A block ends
 * at a blank line outside of a fence that is followed by a line without indentation, before and behind a fence without one, and,
 * lest a paragraph or list without end is made anew for each word, where it has grown too long.
 */

/* From so many characters on a block ends at the next line that begins one of its own, or at a blank in a line without end. */
const LONG = 8_000;
const LONG_LINE = 16_000;

export class Blocks {
	#text = '';
	/** Where the block begins that is not complete, and the line that is not. */
	#start = 0;
	#at = 0;
	#fence = '';
	#isAfterBlank = false;
	/** Where the code of a fence begins that is open and a block of its own; -1: there is none. */
	#code = -1;

	/** Takes what came; the blocks that are complete with it. */
	add(text: string): string[] {
		this.#text += text;
		const pieces: string[] = [];
		for (;;) {
			const newline = this.#text.indexOf('\n', this.#at);
			if (newline < 0) break;
			this.#line(this.#text.slice(this.#at, newline), newline + 1, pieces);
		}
		if (!this.#fence && this.#text.length - this.#at > LONG_LINE) {
			const blank = this.#text.lastIndexOf(' ', this.#text.length - 2) + 1;
			if (blank > this.#at) this.#cut(blank, pieces);
		}
		return pieces;
	}

	/** What is not complete. */
	get tail(): string {
		return this.#text.slice(this.#start);
	}

	/** The code of an open fence from a place in it on, without a last line that may become the fence's end; undefined: there is none. */
	code(from: number): string | undefined {
		if (this.#code < 0) return undefined;
		const line = this.#text.slice(this.#at);
		const end = /^ {0,3}[`~]*$/.test(line) ? this.#at : this.#text.length;
		return this.#text.slice(this.#code + from, end);
	}

	#line(line: string, next: number, pieces: string[]): void {
		const was = this.#fence;
		this.#fence = fenceAfter(line, was);
		const isBlank = line.trim() === '';
		if (!was) {
			const opens = this.#fence !== '';
			const isTop = !isBlank && !/^\s/.test(line);
			const isLong = this.#at - this.#start > LONG && !line.startsWith('|');
			if (isTop && (this.#isAfterBlank || opens || isLong)) this.#cut(this.#at, pieces);
			if (opens && isTop) this.#code = next;
		}
		this.#isAfterBlank = isBlank;
		this.#at = next;
		if (was && !this.#fence && this.#code >= 0) {
			this.#code = -1;
			this.#cut(next, pieces);
		}
	}

	#cut(end: number, pieces: string[]): void {
		const piece = this.#text.slice(this.#start, end);
		if (!piece.trim()) return;
		pieces.push(piece);
		this.#start = end;
		this.#at = end;
	}
}

/** The fence that is open after a line. */
function fenceAfter(line: string, open: string): string {
	const [, mark = '', rest = ''] = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
	if (!mark) return open;
	if (!open) return mark[0] === '`' && rest.includes('`') ? '' : mark;
	return mark[0] === open[0] && mark.length >= open.length && rest.trim() === '' ? '' : open;
}
