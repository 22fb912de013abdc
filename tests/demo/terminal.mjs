/*
 * What the demo looks like: source lines with a little colour, wrapped text, and a region at the bottom of the terminal that is
 * drawn again in place. Plain output (no terminal, NO_COLOR, TERM=dumb, CI) has the same words without colours or motion.
 */
const STYLES = {
	bold: '1', dim: '2', ghost: '2;3', cursor: '7', keyword: '34', type: '36', string: '32', number: '33', comment: '32',
	good: '32', loud: '1;33', bar: '7', you: '1;36', eke: '1;35',
};

export class Terminal {
	#out;
	#drawn = 0;

	constructor(out = process.stdout, env = process.env) {
		const unset = (name) => env[name] === undefined || env[name] === '';
		const utf8 = /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '');
		this.#out = out;
		/** Colours, motion and human speed. */
		this.live = Boolean(out.isTTY) && unset('NO_COLOR') && unset('CI') && env.TERM !== 'dumb';
		this.signs = this.live && utf8 ? { rule: '─', more: '…', dot: '●', bar: '│', line: '·' } : { rule: '-', more: '>', dot: '*', bar: '|', line: '~' };
	}

	/** Of the text area; a line of it never wraps. */
	get columns() {
		return Math.min((this.live && this.#out.columns) || 80, 110) - 4;
	}

	/** Lines that can be drawn again: what has scrolled away is out of reach. */
	get rows() {
		return this.live ? Math.max((this.#out.rows ?? 24) - 1, 8) : Infinity;
	}

	style(name, text) {
		return this.live && text !== '' ? `\x1b[${STYLES[name]}m${text}\x1b[0m` : text;
	}

	/** Pieces [style or null, text] as one line of at most `columns`. */
	line(pieces, columns = this.columns) {
		const length = pieces.reduce((sum, [, text]) => sum + text.length, 0);
		let room = length > columns ? columns - 1 : columns;
		let out = '';
		for (const [style, text] of pieces) {
			const shown = text.slice(0, room);
			room -= shown.length;
			out += style ? this.style(style, shown) : shown;
		}
		return length > columns ? out + this.style('dim', this.signs.more) : out;
	}

	print(text = '') {
		this.#drawn = 0;
		this.#out.write(text === '' ? '\n' : `  ${text}\n`);
	}

	/** Text without a line end, for streams. */
	write(text) {
		this.#out.write(text);
	}

	/** Draws lines over those that the last draw() left. Only where `live`. */
	draw(lines) {
		const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : '';
		this.#out.write(`\x1b[?25l${up}${lines.map((line) => `\r\x1b[2K  ${line}\n`).join('')}`);
		this.#drawn = lines.length;
	}

	/** The cursor is the terminal's own again. */
	release() {
		if (this.live) this.#out.write('\x1b[0m\x1b[?25h');
	}

	rule(title = '') {
		const { rule } = this.signs;
		const text = title === '' ? '' : ` ${title} `;
		return this.line([['dim', rule.repeat(2)], ['bold', text], ['dim', rule.repeat(Math.max(this.columns - 2 - text.length, 2))]]);
	}
}

/** Text as it comes, broken between words; every line after the first begins with `indent` blanks. */
export class Wrapped {
	#terminal;
	#indent;
	#column;
	/* What waits for a word to come behind it. */
	#blank = '';
	#ends = 0;
	#word = '';

	constructor(terminal, indent) {
		this.#terminal = terminal;
		this.#indent = indent;
		this.#column = indent;
	}

	add(text) {
		for (const char of text) {
			if (char === '\n' || char === ' ') {
				this.#flush();
				if (char === '\n') this.#ends++;
				else this.#blank = ' ';
			} else {
				this.#word += char;
			}
		}
	}

	end() {
		this.#flush();
		this.#terminal.write('\n');
	}

	#flush() {
		if (this.#word === '') return;
		if (this.#ends === 0 && this.#column + 1 + this.#word.length > this.#terminal.columns) this.#ends = 1;
		if (this.#ends > 0 || this.#column === this.#indent) this.#blank = '';
		if (this.#ends > 0) {
			this.#terminal.write(`${'\n'.repeat(this.#ends)}${' '.repeat(this.#indent + 2)}`);
			this.#column = this.#indent;
		}
		this.#terminal.write(this.#blank + this.#word);
		this.#column += this.#blank.length + this.#word.length;
		this.#blank = '';
		this.#ends = 0;
		this.#word = '';
	}
}

const KEYWORDS = new Set('break case const continue default do else enum for goto if return sizeof static struct switch typedef union while'.split(' '));
const TYPES = /^(?:bool|char|double|float|int|long|short|signed|unsigned|void|size_t|ssize_t|u?int\d+_t)$/;
const C = /(\/\*.*?(?:\*\/|$))|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(\b\d\w*\b)|([A-Za-z_]\w*)|([^\w"'/]+|.)/g;

/** A line of C in pieces [style, text]. Comments of several lines are not known as such. */
export function highlight(line) {
	return Array.from(line.replaceAll('\t', '    ').matchAll(C), ([text, comment, string, number, word]) => {
		if (comment) return ['comment', text];
		if (string) return ['string', text];
		if (number) return ['number', text];
		if (word && KEYWORDS.has(word)) return ['keyword', text];
		return [word && TYPES.test(word) ? 'type' : null, text];
	});
}

/** Pieces cut in two at a column. */
function splitAt(pieces, column) {
	const left = [];
	const right = [];
	let at = 0;
	for (const [style, text] of pieces) {
		const n = Math.min(Math.max(column - at, 0), text.length);
		if (n > 0) left.push([style, text.slice(0, n)]);
		if (n < text.length) right.push([style, text.slice(n)]);
		at += text.length;
	}
	return [left, right];
}

/**
 * The lines of the editor's document from number `from` on, without the last `below`, and with the ghost after the cursor. On a
 * terminal exactly `height` of them, those around the cursor.
 */
export function editorLines(terminal, editor, { from, below, height }) {
	const rows = [];
	const { line: cursorLine, character } = editor.position();
	const ghost = (editor.ghost?.text ?? '').replaceAll('\t', '    ').split('\n');
	const add = (number, pieces) => rows.push(terminal.line([['dim', `${String(number).padStart(4)} ${terminal.signs.bar} `], ...pieces]));
	const lines = editor.text.split('\n');

	for (let n = from; n < lines.length - below; n++) {
		const pieces = highlight(lines[n]);
		if (n !== cursorLine) {
			add(n + 1, pieces);
			continue;
		}
		const [left, right] = splitAt(pieces, lines[n].slice(0, character).replaceAll('\t', '    ').length);
		add(n + 1, [...left, ...cursorAndGhost(terminal, ghost[0], right)]);
		for (const text of ghost.slice(1)) add(terminal.signs.line, [['ghost', text]]);
	}
	if (!terminal.live) return rows;
	while (rows.length < height) rows.push('');
	const last = Math.max(height, Math.min(rows.length, cursorLine - from + 3));
	return rows.slice(last - height, last);
}

/** The cursor stands on the first character behind it; without colours "[" and "]" show what is ghost. */
function cursorAndGhost(terminal, ghost, right) {
	if (!terminal.live) return [[null, ghost === '' ? '' : `[${ghost}]`], ...right];
	if (ghost !== '') return [['cursor', ghost[0]], ['ghost', ghost.slice(1)], ...right];
	const [under, rest] = splitAt(right, 1);
	return [['cursor', under[0]?.[1] ?? ' '], ...rest];
}
