/*
 * Vim and Neovim in a terminal, as drivers for editors/conformance and for the tests beside this file. Keys go through the
 * terminal; ghost text is what the screen shows in its colour. Texts and cursors are asked of the editor itself: Vim connects to
 * a socket of ours, Neovim listens on one.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Terminal, until } from './terminal.mjs';

const run = promisify(execFile);
export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const GHOST = 201; // the colour of ghost text, which nothing else has

const KEYS = {
	accept: 'Tab',
	acceptWord: 'F2',
	acceptLine: 'F3',
	next: 'F4',
	previous: 'F5',
	dismiss: 'F6',
	suggest: 'F7',
	backspace: 'BSpace',
	left: 'Left',
	right: 'Right',
	up: 'Up',
	down: 'Down',
	leave: 'Escape',
	enter: 'Enter',
	tab: 'Tab',
};

const MAPS = `
imap <F2> <Plug>(eke-accept-word)
imap <F3> <Plug>(eke-accept-line)
imap <F4> <Plug>(eke-next)
imap <F5> <Plug>(eke-previous)
imap <F6> <Plug>(eke-dismiss)
imap <F7> <Plug>(eke-suggest)
`;

const COMMON = `
set nocompatible noswapfile nobackup viminfo= shada= hidden backspace=indent,eol,start
set ttimeout ttimeoutlen=10 encoding=utf-8 laststatus=2 autoindent noruler noshowcmd
set statusline=%f\\ %=[%{eke#statusline()}]
filetype plugin on | filetype indent off
highlight EkeGhost ctermfg=${GHOST} cterm=NONE
`.replace('viminfo= shada=', 'viminfo=');

/** Where tests/editors/setup put an editor, or why there is none. */
export function editor(name) {
	const path = join(root, 'build/editors', name);
	return existsSync(path)
		? { path }
		: { path: null, why: `no ${name}: see build/editors/${name}.unavailable, made by tests/editors/setup` };
}

/** Where tests/editors/plugins puts other plugins. */
export const PLUGINS = join(root, 'build/editors/plugins');

/** Why one of them cannot be had; undefined: all are there. */
export function pluginMissing(...names) {
	const missing = names.find((name) => !existsSync(join(PLUGINS, name)));
	return missing && `there is no ${missing} in build/editors/plugins; tests/editors/plugins fetches it`;
}

class Driver {
	constructor(program) {
		this.program = program;
		this.terminal = new Terminal();
	}

	async start({ command, folder, options = {}, settings = {}, lines = [], size = {} }) {
		this.folder = folder;
		const rc = join(folder, this.rcName);
		await writeFile(rc, this.configuration({ command, options, settings, lines }));
		await this.prepare();
		await this.terminal.start([this.program, ...this.arguments(rc)], { ...size, cwd: folder });
		await this.connected();
	}

	async open(path, { line, column }) {
		await this.terminal.keys('Escape');
		await this.normal();
		await this.ex(`edit ${path.replace(/ /g, '\\ ')}`);
		const prefix = `strpart(getline(${line + 1}), 0, byteidx(getline(${line + 1}), ${column}))`;
		await this.eval(`cursor(${line + 1}, len(${prefix}) + 1)`);
		const atEnd = await this.eval(`len(${prefix}) == len(getline(${line + 1}))`);
		await this.terminal.keys(atEnd ? 'A' : 'i');
		await until('Insert mode', async () => (await this.eval('mode()')) === 'i', { state: () => this.picture() });
	}

	async type(text) {
		await this.terminal.type(text);
	}

	/** Keys as bytes, control characters included: for this editor only. */
	async keys(text) {
		await this.terminal.raw(text);
	}

	/** Keys of Normal mode, and until they have been carried out. */
	async commands(text) {
		const number = ++this.#commands;
		await this.terminal.raw(`${text}\x1b:let g:test_done = ${number}\n`);
		await until(`${text} is done`, async () => (await this.eval('get(g:, "test_done", 0)')) === number, {
			state: () => this.picture(),
		});
	}

	#commands = 0;

	async press(key) {
		if (key === 'send') {
			await this.press('leave');
			await this.terminal.keys('Enter');
			return;
		}
		if (!(key in KEYS)) throw new Error(`no key ${key}`);
		await this.terminal.keys(KEYS[key]);
		if (key === 'leave') await until('Insert mode is left', () => this.hasLeft(), { state: () => this.picture() });
	}

	async hasLeft() {
		return !/^[iR]/.test(await this.eval('mode()'));
	}

	async normal() {
		await until('Normal mode', async () => (await this.eval('mode()')) === 'n', { state: () => this.picture() });
	}

	/** Cells in the ghost's colour, row by row; null where there are none. */
	async ghost() {
		const rows = (await this.terminal.cells())
			.map((row) =>
				row
					.filter((cell) => cell.fg === GHOST)
					.map((cell) => cell.char)
					.join(''),
			)
			.filter((text) => text !== '');
		return rows.length === 0 ? null : rows.map((text) => text.trimEnd()).join('\n');
	}

	async text(path) {
		const buffer = `bufnr('^${path.replace(/'/g, "''")}$')`;
		return this.eval(`join(getbufline(${buffer}, 1, '$'), "\\n")`);
	}

	async buffer() {
		const text = await this.eval('join(getline(1, "$"), "\\n")');
		const before = await this.eval(
			'join(add(line(".") > 1 ? getline(1, line(".") - 1) : [], strpart(getline("."), 0, col(".") - 1)), "\\n")',
		);
		return { text, before };
	}

	async messages() {
		const screen = await this.terminal.text();
		return `${screen.replace(/[│║╗╔╝╚═]/g, ' ').replace(/\s+/g, ' ')}\n${await this.eval('execute("messages")')}`;
	}

	async status() {
		return this.eval('eke#statusline()');
	}

	async picture() {
		return this.terminal.text();
	}

	/* What would become of the file is shown first: all of it is taken. */
	async take() {
		const shown = await until('a preview, or the text', async () => (await this.eval('eke#preview#visible()')) || this.patience-- < 0, {
			state: () => this.picture(),
		});
		if (shown === true) return;
		await this.terminal.keys('g', 'a');
		await until('it is taken', async () => !(await this.eval('eke#preview#visible()')), { state: () => this.picture() });
	}

	async command(command, argument = '', lines) {
		const range = lines ? `${lines[0]},${lines[1]}` : '';
		await this.press('leave');
		const commands = {
			chat: 'EkeChat',
			ask: 'EkeAsk',
			eke: 'Eke',
			edit: 'EkeEdit',
			apply: 'EkeApply',
			status: 'EkeStatus',
			restart: 'EkeRestart',
			cancel: 'EkeCancel',
			regenerate: 'EkeRegenerate',
			explain: 'EkeExplain',
		};
		await this.terminal.type(`:${range}${commands[command]} ${argument}`.trimEnd());
		await this.terminal.keys('Enter');
		if (command === 'apply') {
			this.patience = 20;
			await this.take();
		}
	}

	/** Answers a question that is on the screen by the number before the title. */
	async choose(title) {
		const number = await until(
			`"${title}" is offered`,
			async () => new RegExp(`(\\d)[\\]:)]* ${title}`).exec(await this.terminal.text())?.[1],
			{ state: () => this.picture() },
		);
		await this.terminal.keys(number, ...this.enterAfterChoice);
	}

	enterAfterChoice = [];

	async chat() {
		return this.eval('join(getbufline(bufnr("^eke://chat$"), 1, "$"), "\\n")');
	}

	async stop() {
		await this.terminal.stop();
		this.close();
	}

	close() {}
}

export class VimDriver extends Driver {
	rcName = 'vimrc';
	#answers = new Map();
	#id = 0;
	#socket = null;

	configuration({ command, options, settings, lines }) {
		return `${COMMON}${MAPS}
set runtimepath^=${root}/editors/vim
let g:eke_command = ${vimValue(command)}
let g:eke_settings = ${vimValue(settings)}
${Object.entries(options)
	.map(([name, value]) => `let g:eke_${name} = ${vimValue(value)}`)
	.join('\n')}
let g:eke_restart_delay = 50
autocmd VimEnter * let g:test_channel = ch_open('unix:${this.folder}/vim.sock', {'mode': 'json'})
${lines.join('\n')}
`;
	}

	arguments(rc) {
		return ['-N', '-u', rc, '-i', 'NONE'];
	}

	async prepare() {
		this.server = createServer((socket) => {
			this.#socket = socket;
			let rest = '';
			socket.setEncoding('utf8');
			socket.on('error', () => {});
			socket.on('data', (data) => {
				rest += data;
				for (;;) {
					const end = completeJson(rest);
					if (end < 0) return;
					const [id, value] = JSON.parse(rest.slice(0, end));
					rest = rest.slice(end);
					this.#answers.get(id)?.(value);
				}
			});
		});
		await new Promise((resolve) => this.server.listen(join(this.folder, 'vim.sock'), resolve));
	}

	connected() {
		return until('Vim is up', () => this.#socket, { state: () => this.picture() });
	}

	async eval(expression) {
		const id = --this.#id;
		const answer = new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`no answer to ${expression}`)), 10_000);
			this.#answers.set(id, (value) => {
				clearTimeout(timer);
				resolve(value);
			});
		});
		this.#socket.write(JSON.stringify(['expr', expression, id]));
		try {
			return await answer;
		} catch (error) {
			throw new Error(`${error.message}\n${await this.picture()}`);
		}
	}

	async ex(command) {
		this.#socket.write(JSON.stringify(['ex', command]));
		await this.eval('1');
	}

	close() {
		this.#socket?.destroy();
		this.server?.close();
	}
}

/* The end of the first JSON array in the text, -1 if it is not all there. */
function completeJson(text) {
	let depth = 0;
	let quoted = false;
	for (let i = 0; i < text.length; i++) {
		const char = text[i];
		if (quoted) {
			if (char === '\\') i++;
			else if (char === '"') quoted = false;
		} else if (char === '"') quoted = true;
		else if (char === '[' || char === '{') depth++;
		else if ((char === ']' || char === '}') && --depth === 0) return i + 1;
	}
	return -1;
}

/** A value as Vim script and Lua's vim.g write it. */
export function vimValue(value) {
	if (typeof value === 'boolean') return value ? 'v:true' : 'v:false';
	if (Array.isArray(value)) return `[${value.map(vimValue).join(', ')}]`;
	if (value !== null && typeof value === 'object')
		return `{${Object.entries(value)
			.map(([key, one]) => `'${key}': ${vimValue(one)}`)
			.join(', ')}}`;
	return typeof value === 'string' ? `'${value.replace(/'/g, "''")}'` : String(value);
}

export class NeovimDriver extends Driver {
	enterAfterChoice = ['Enter'];

	/* A question that is asked then keeps Neovim from answering ours. */
	async hasLeft() {
		return !(await this.terminal.text()).includes('-- INSERT --');
	}
	rcName = 'init.vim';

	configuration({ command, options, settings, lines }) {
		return `${COMMON}${MAPS}
set notermguicolors
set runtimepath^=${root}/editors/vim
let g:eke_command = ${vimValue(command)}
let g:eke_settings = ${vimValue(settings)}
${Object.entries(options)
	.map(([name, value]) => `let g:eke_${name} = ${vimValue(value)}`)
	.join('\n')}
let g:eke_restart_delay = 50
${lines.join('\n')}
`
			.replace('set nocompatible ', 'set ')
			.replace('viminfo=', 'shada=');
	}

	arguments(rc) {
		return ['--clean', '-u', rc, '--listen', join(this.folder, 'nvim.sock')];
	}

	prepare() {}

	async connected() {
		await until('Neovim is up', () => this.eval('v:vim_did_enter').catch(() => 0), {
			state: () => this.picture(),
		});
		this.#pid = await this.eval('getpid()');
	}

	#pid = 0;

	/* Neovim 0.12 may outlive its terminal: it ends by itself, with what other plugins have started, or else is ended. */
	async stop() {
		if (this.#pid) {
			await this.eval('timer_start(0, {-> execute("qall!")})').catch(() => {});
			await until('the end', () => !existsSync(join(this.folder, 'nvim.sock')), { deadline: 3000 }).catch(() =>
				process.kill(this.#pid, 'SIGKILL'),
			);
		}
		await super.stop();
	}

	async eval(expression) {
		const { stdout } = await run(
			this.program,
			['--server', join(this.folder, 'nvim.sock'), '--remote-expr', `json_encode(${expression})`],
			{ timeout: 10_000 },
		);
		return JSON.parse(stdout);
	}

	async ex(command) {
		await this.eval(`execute(${vimValue(command)})`);
	}
}

/** The driver for an editor of setup's, by its name. */
export function driver(name) {
	const { path } = editor(name);
	return name.startsWith('nvim') ? new NeovimDriver(path) : new VimDriver(path);
}
