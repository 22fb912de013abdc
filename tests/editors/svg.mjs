/* A terminal's screen as a picture: SVG, one text element for each run of cells that look the same. */

const WIDTH = 8.4;
const HEIGHT = 19;
const PAD = 14;
const BASIC = [
	'#2e3436',
	'#e06c75',
	'#98c379',
	'#e5c07b',
	'#61afef',
	'#c678dd',
	'#56b6c2',
	'#d0d4dc',
	'#5c6370',
	'#ef7f88',
	'#a9d48a',
	'#f0cc8c',
	'#72bfff',
	'#d78aee',
	'#67c7d3',
	'#ffffff',
];
const FOREGROUND = '#d0d4dc';
const BACKGROUND = '#20242c';

function colour(value, fallback) {
	if (value === undefined) return fallback;
	if (typeof value === 'string') return value;
	if (value < 16) return BASIC[value];
	const hex = (n) => n.toString(16).padStart(2, '0');
	if (value >= 232) return `#${hex(8 + (value - 232) * 10).repeat(3)}`;
	const level = (n) => hex(n === 0 ? 0 : 55 + n * 40);
	const index = value - 16;
	return `#${level(Math.floor(index / 36))}${level(Math.floor(index / 6) % 6)}${level(index % 6)}`;
}

/** How many columns a character takes; enough for what is in our pictures. */
function columns(char) {
	return /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}]/u.test(
		char,
	)
		? 2
		: 1;
}

const escape = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

function look({ fg, bg, bold, italic, underline, reverse }) {
	const [text, ground] = [colour(fg, FOREGROUND), colour(bg, null)];
	return JSON.stringify(
		reverse ? [ground ?? BACKGROUND, text, bold, italic, underline] : [text, ground, bold, italic, underline],
	);
}

/** rows of cells, as terminal.mjs gives them; cursor { x, y } is optional. */
export function svg(rows, { columns: wide = 80, cursor } = {}) {
	const [width, height] = [wide * WIDTH + 2 * PAD, rows.length * HEIGHT + 2 * PAD];
	const out = [
		`<svg xmlns="http://www.w3.org/2000/svg" width="${Math.ceil(width)}" height="${height}" viewBox="0 0 ${Math.ceil(width)} ${height}">`,
		`<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>`,
		`<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" xml:space="preserve">`,
	];
	rows.forEach((row, y) => {
		let x = 0;
		for (let i = 0; i < row.length;) {
			const style = look(row[i]);
			const start = x;
			let text = '';
			for (; i < row.length && look(row[i]) === style; i++) {
				text += row[i].char;
				x += columns(row[i].char);
			}
			out.push(...run(text, JSON.parse(style), start, x - start, y));
		}
	});
	if (cursor)
		out.push(
			`<rect x="${(PAD + cursor.x * WIDTH).toFixed(1)}" y="${PAD + cursor.y * HEIGHT}" width="2" height="${HEIGHT}" fill="#ffffff"/>`,
		);
	return `${out.join('\n')}\n</g>\n</svg>\n`;
}

function run(text, [fill, ground, bold, italic, underline], x, wide, y) {
	const left = (PAD + x * WIDTH).toFixed(1);
	const found = [];
	if (ground)
		found.push(
			`<rect x="${left}" y="${PAD + y * HEIGHT}" width="${(wide * WIDTH + 0.3).toFixed(1)}" height="${HEIGHT}" fill="${ground}"/>`,
		);
	if (text.trim() !== '')
		found.push(
			`<text x="${left}" y="${PAD + y * HEIGHT + 14}" fill="${fill}" textLength="${(wide * WIDTH).toFixed(1)}"` +
				`${bold ? ' font-weight="bold"' : ''}${italic ? ' font-style="italic"' : ''}${underline ? ' text-decoration="underline"' : ''}` +
				`>${escape(text)}</text>`,
		);
	return found;
}
