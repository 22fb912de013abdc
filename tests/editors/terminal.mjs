/*
 * A terminal for tests: tmux runs a program, keys go in, and what is on the screen comes back as cells with their colours.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
let serial = 0;

/** The lines of `capture-pane -e` as rows of cells { char, fg, bg, bold, italic, underline, reverse }. */
export function cells(captured) {
	const state = {};
	return captured
		.replace(/\n$/, '')
		.split('\n')
		.map((line) => row(line, state));
}

function row(line, state) {
	const found = [];
	for (const part of line.split(/(\x1b\[[0-9;:]*m)/)) {
		const sgr = /^\x1b\[([0-9;:]*)m$/.exec(part);
		if (sgr) apply(state, sgr[1].split(/[;:]/).map(Number));
		else for (const char of part.replace(/\x1b[()][A-Z0-9]|[\x0e\x0f]/g, '')) found.push({ char, ...state });
	}
	return found;
}

function apply(state, codes) {
	const reset = () => Object.keys(state).forEach((key) => delete state[key]);
	for (let i = 0; i < codes.length; i++) {
		const code = codes[i];
		if (code === 38 || code === 48) {
			const target = code === 38 ? 'fg' : 'bg';
			if (codes[i + 1] === 5) state[target] = codes[(i += 2)];
			else if (codes[i + 1] === 2)
				state[target] = `#${codes
					.slice(i + 2, (i += 4))
					.concat(codes[i])
					.map((c) => c.toString(16).padStart(2, '0'))
					.join('')}`;
		} else if (code === 0) reset();
		else if (code >= 30 && code <= 37) state.fg = code - 30;
		else if (code >= 90 && code <= 97) state.fg = code - 82;
		else if (code >= 40 && code <= 47) state.bg = code - 40;
		else if (code >= 100 && code <= 107) state.bg = code - 92;
		else if (code === 39) delete state.fg;
		else if (code === 49) delete state.bg;
		else if (code === 1) state.bold = true;
		else if (code === 3) state.italic = true;
		else if (code === 4) state.underline = true;
		else if (code === 7) state.reverse = true;
		else if (code === 22) delete state.bold;
		else if (code === 23) delete state.italic;
		else if (code === 24) delete state.underline;
		else if (code === 27) delete state.reverse;
	}
}

export class Terminal {
	#socket = `eke-test-${process.pid}-${++serial}`;

	/** Runs the command (a list) in a screen of that size. */
	async start(command, { columns = 80, rows = 24, env = {}, cwd } = {}) {
		const words = Object.entries({ TERM: 'tmux-256color', LC_ALL: 'C.UTF-8', ...env }).map(
			([name, value]) => `${name}=${value}`,
		);
		await this.#tmux(
			'-f',
			'/dev/null',
			'new-session',
			'-d',
			'-s',
			'test',
			'-x',
			columns,
			'-y',
			rows,
			...(cwd ? ['-c', cwd] : []),
			'env',
			'-u',
			'TMUX',
			...words,
			...command,
		);
		await this.#tmux('set-option', '-g', 'status', 'off');
		await this.#tmux('set-option', '-g', 'remain-on-exit', 'on');
		await this.#tmux('set-option', '-s', 'escape-time', '0');
		await this.resize(columns, rows);
	}

	async #tmux(...args) {
		const { stdout } = await run('tmux', ['-u', '-L', this.#socket, ...args.map(String)], {
			env: { ...process.env, LC_ALL: 'C.UTF-8' },
		});
		return stdout;
	}

	/** Named keys, as tmux calls them: Enter, Escape, C-x, F2. */
	async keys(...names) {
		await this.#tmux('send-keys', '-t', 'test', ...names);
	}

	/** Bytes as they are, control characters included. */
	async raw(text) {
		await this.#tmux(
			'send-keys',
			'-t',
			'test',
			'-H',
			...[...Buffer.from(text.replaceAll('\n', '\r'))].map((byte) => byte.toString(16)),
		);
	}

	/** Text as it is typed; a line break is the Enter key. */
	async type(text) {
		for (const [i, line] of text.split('\n').entries()) {
			if (i > 0) await this.keys('Enter');
			for (const part of line.split(/(\t)/))
				if (part === '\t') await this.keys('Tab');
				else if (part !== '')
					await this.#tmux('send-keys', '-t', 'test', '-l', '--', part.replace(/;$/, '\\;'));
		}
	}

	async text() {
		return this.#tmux('capture-pane', '-p', '-t', 'test');
	}

	async ansi() {
		return this.#tmux('capture-pane', '-e', '-p', '-t', 'test');
	}

	async cells() {
		return cells(await this.ansi());
	}

	async resize(columns, rows) {
		await this.#tmux('resize-window', '-t', 'test', '-x', columns, '-y', rows);
	}

	async cursor() {
		const [x, y] = (await this.#tmux('display-message', '-p', '-t', 'test', '#{cursor_x} #{cursor_y}'))
			.trim()
			.split(' ')
			.map(Number);
		return { x, y };
	}

	async stop() {
		await this.#tmux('kill-server').catch(() => {});
	}
}

/** Until the condition holds; looks often, gives up at the deadline with what state() says. */
export async function until(what, condition, { deadline = 10_000, state = () => '' } = {}) {
	const end = Date.now() + deadline;
	for (;;) {
		const value = await condition();
		if (value) return value;
		if (Date.now() > end) throw new Error(`never happened: ${what}\n${await state()}`);
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}
