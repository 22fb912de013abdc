/*
 * Where the code of an answer belongs in a file of which nothing was selected: in the place of the lines that it is a new version
 * of. These are found by what both have in common. No VS Code in here.
 */

/* So many pairs of lines are compared; more would keep who waits. */
const MOST_PAIRS = 4_000_000;
/* "// ... the rest as it was": what stands for lines would take their place. */
const STANDS_FOR_MORE = /^\s*(\/\/|\/\*|#|--|;|%|<!--|\{\s*\/\*).*(\.\.\.|…)/;

/** Lines of the file, from 0, the last not included; undefined: the code is a new version of none. */
export function placeIn(text: string, code: string): { start: number; end: number } | undefined {
	const file = linesOf(text);
	const made = linesOf(code).filter((line) => line);
	const [first = ''] = made;
	if (!first || made.some((line) => STANDS_FOR_MORE.test(line)) || file.length * made.length > MOST_PAIRS) return undefined;
	const width = made.length + 1;
	/* How many lines the file from a line on has in common with the code from a line on, in their order. */
	const common = new Uint16Array((file.length + 1) * width);
	const at = (i: number, j: number) => common[i * width + j]!;
	for (let i = file.length - 1; i >= 0; i--)
		for (let j = made.length - 1; j >= 0; j--)
			common[i * width + j] = file[i] === made[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
	const filled = (start: number, end: number) => file.slice(start, end).filter((line) => line).length;
	const starts = file.flatMap((line, i) => (line === first && /\w/.test(line) ? [i] : []));
	if (!starts.length && at(0, 0) * 4 >= filled(0, file.length) * 3) return { start: 0, end: file.length };
	const most = Math.max(0, ...starts.map((start) => at(start, 0)));
	const [start, other] = starts.filter((one) => at(one, 0) === most);
	if (start === undefined || other !== undefined || most < 2) return undefined;
	let end = start;
	for (let i = start, j = 0; at(i, j); )
		if (file[i] === made[j]) (end = ++i), j++;
		else if (at(i, j + 1) === at(i, j)) j++;
		else i++;
	return most * 2 >= Math.min(made.length, filled(start, end)) ? { start, end } : undefined;
}

const linesOf = (text: string) => text.replace(/\r?\n$/, '').split(/\r?\n/).map((line) => line.trimEnd());
