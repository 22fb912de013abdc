/* Questions and answers as elements. An answer that comes in pieces grows at its end; the rest of it stays as it is. */
import type { Words } from '../page.ts';
import type { CodeAction, FromWebview, Turn } from '../view.ts';
import { Blocks } from './blocks.ts';
import { h, iconButton } from './dom.ts';
import { GrowingCode } from './growing.ts';
import { render } from './markdown.ts';

/* Up to this an answer is rendered anew as a whole when it is complete, so that references across blocks are right. */
const MOST_WHOLE = 40_000;
const MOST_TOGETHER = 10_000;
const MOST_IN_SIGHT = 40_000;
/* So long what came is worked on at a time, about half a picture. */
const SLICE_MS = 8;
/* For the guess. */
const CHARS_IN_LINE = 50;
const LINE_HEIGHT = 16;

type Post = (message: FromWebview) => void;

export class TurnView {
	readonly element: HTMLElement;
	#body = h('div', { class: 'body' });
	#tail = h('div', { class: 'tail' });
	#notes = h('div', { class: 'notes' });
	#reasoning: HTMLElement | undefined;
	#text = '';
	#blocks = new Blocks();
	#code: GrowingCode | undefined;
	/* Blocks that are complete and not shown yet. */
	#waiting: string[] = [];
	#timer = 0;
	#isComplete = false;
	#turn: Turn;

	constructor(
		turn: Turn,
		private readonly words: Words,
		private readonly post: Post,
		private readonly grew: () => void,
	) {
		this.#turn = turn;
		const name = turn.role === 'user' ? words.you : 'eke';
		this.element = h('article', { class: turn.role, 'data-key': turn.key, 'aria-label': name });
		this.#make();
		if (turn.role === 'assistant' && turn.text) this.#append(turn.text);
	}

	/** Is it the same, as far as it can be seen? */
	isOf(turn: Turn): boolean {
		return this.#turn.key === turn.key && this.#turn.role === turn.role;
	}

	append(text: string, reasoning: string): void {
		if (reasoning) this.#addReasoning(reasoning);
		if (!text) return;
		this.#append(text);
		this.#notes.querySelector('.progress')?.replaceChildren();
	}

	/** What the extension knows now. */
	update(turn: Turn, isLast: boolean, isBusy: boolean): void {
		this.#turn = turn;
		if (turn.role === 'assistant') {
			if (turn.text !== this.#text) this.#reset(turn.text);
			this.#isComplete = !isBusy || !isLast;
			if (this.#isComplete && this.#tail.isConnected) this.#finish();
			if (turn.reasoning && !this.#reasoning) this.#addReasoning(turn.reasoning);
		}
		this.#drawNotes(isLast, isBusy);
	}

	#make(): void {
		const { turn, words } = { turn: this.#turn, words: this.words };
		if (turn.role === 'user') {
			this.element.append(
				h('h2', {}, words.you),
				h('div', { class: 'body' }, turn.command ? h('code', { class: 'command' }, `/${turn.command}`) : '', ` ${turn.text}`.trim()),
				this.#contextLine(),
				h('div', { class: 'actions' }, iconButton('edit', words.edit, () => this.#edit())),
			);
			return;
		}
		this.#body.append(this.#tail);
		this.element.append(h('h2', {}, 'eke', h('span', { class: 'model' })), this.#body, this.#notes);
	}

	#contextLine(): HTMLElement {
		const names = this.#turn.context ?? [];
		return h('div', { class: 'context' }, ...names.map((name) => h('span', { class: 'chip' }, name)));
	}

	#reset(text: string): void {
		this.#body.replaceChildren(this.#tail);
		this.#tail.replaceChildren();
		this.#text = '';
		this.#blocks = new Blocks();
		this.#waiting = [];
		this.#code = undefined;
		this.#append(text);
	}

	#append(text: string): void {
		this.#text += text;
		const pieces = this.#blocks.add(text);
		if (!this.#tail.isConnected) this.#body.append(this.#tail);
		if (pieces.length) this.#code = undefined;
		this.#waiting.push(...grouped(pieces));
		if (!this.#timer) this.#work();
	}

	/* So much that a key is not kept waiting; the rest in a moment. */
	#work(): void {
		this.#timer = 0;
		const end = performance.now() + SLICE_MS;
		for (let piece = this.#waiting.shift(); piece !== undefined; piece = this.#waiting.shift()) {
			this.#tail.before(this.#block(piece));
			if (performance.now() < end || !this.#waiting.length) continue;
			this.#timer = window.setTimeout(() => this.#work());
			return this.grew();
		}
		if (this.#isComplete) this.#finish();
		else this.#drawTail();
		this.grew();
	}

	/* Code that is still being written is plain: it takes its colours when it is complete. */
	#drawTail(): void {
		const more = this.#blocks.code(this.#code?.length ?? 0);
		if (more === undefined) {
			const { tail } = this.#blocks;
			this.#tail.replaceChildren(tail.trim() ? this.#dressed(render(tail)) : '');
			return;
		}
		if (!this.#code) {
			this.#code = new GrowingCode();
			this.#tail.replaceChildren(this.#code.element);
		}
		this.#code.append(more);
	}

	/* In a long answer what is out of sight is neither laid out nor painted; till it was, its height is a guess. */
	#block(text: string): HTMLElement {
		const block = h('div', { class: 'block' }, this.#dressed(render(text)));
		if (this.#text.length > MOST_IN_SIGHT) {
			block.classList.add('far');
			const lines = text.split('\n').length + text.length / CHARS_IN_LINE;
			block.style.containIntrinsicSize = `auto ${Math.round(lines * LINE_HEIGHT)}px`;
		}
		return block;
	}

	#finish(): void {
		if (this.#timer) return; // what waits comes first
		if (this.#text.length <= MOST_WHOLE) this.#body.replaceChildren(this.#block(this.#text));
		else this.#tail.replaceWith(this.#block(this.#blocks.tail));
	}

	/* Code blocks with their buttons. */
	#dressed(fragment: DocumentFragment): DocumentFragment {
		const { words } = this;
		for (const code of fragment.querySelectorAll<HTMLElement>('.code')) {
			const language = code.dataset['language'] ?? '';
			const act = (action: CodeAction) => (event: Event) => {
				const text = code.querySelector('code')?.textContent ?? '';
				this.post({ type: 'code', action, text, language, key: this.#turn.key });
				if (action === 'copy') flash(event.currentTarget as HTMLElement);
			};
			code.prepend(
				h(
					'div',
					{ class: 'codebar', role: 'toolbar', 'aria-label': language || 'code' },
					h('span', {}, language),
					iconButton('copy', words.copy, act('copy')),
					iconButton('insert', words.insert, act('insert')),
					iconButton('diff', words.apply, act('apply'), 'apply'),
					iconButton('new-file', words.newFile, act('newFile')),
				),
			);
		}
		return fragment;
	}

	#addReasoning(text: string): void {
		if (!this.#reasoning) {
			this.#reasoning = h('pre', {});
			this.#body.before(h('details', {}, h('summary', {}, this.words.thinking), this.#reasoning));
		}
		this.#reasoning.append(text);
	}

	#drawNotes(isLast: boolean, isBusy: boolean): void {
		const { words } = this;
		const turn = this.#turn;
		if (turn.role === 'user') return;
		const isOpen = isLast && isBusy;
		const model = this.element.querySelector('.model');
		if (model) model.textContent = turn.model ? ` · ${turn.model}` : '';
		this.element.classList.toggle('waiting', isOpen && !this.#text && !this.#reasoning);
		const cut =
			turn.notice ??
			words.cuts[(!turn.isCancelled && turn.finishReason) || 'stop'];
		this.#notes.replaceChildren(
			...(turn.trimmed?.length
				? [h('div', { class: 'note' }, words.trimmed, h('ul', {}, ...turn.trimmed.map((one) => h('li', {}, one))))]
				: []),
			...[cut, turn.isCancelled ? words.stopped : ''].filter(Boolean).map((one) => h('div', { class: 'note' }, one)),
			...(turn.error ? [h('div', { class: 'note error', role: 'alert' }, turn.error)] : []),
			...(isOpen
				? [h('div', { class: 'note progress' }, this.#text ? '' : words.waiting)]
				: [this.#actions(isLast)]),
		);
	}

	#actions(isLast: boolean): HTMLElement {
		const { words, post } = this;
		const tokens = this.#turn.tokens ? `${this.#turn.tokens} ${words.tokens}` : '';
		return h(
			'div',
			{ class: 'actions' },
			this.#text ? iconButton('copy', words.copy, () => post({ type: 'copy', text: this.#text })) : '',
			isLast && this.#text ? iconButton('refresh', words.regenerate, () => post({ type: 'regenerate' }), 'regenerate') : '',
			h('span', { class: 'tokens' }, tokens),
		);
	}

	/* The question in a field of its own; what came behind it goes when it is sent. */
	#edit(): void {
		const { words, post } = this;
		const body = this.element.querySelector('.body');
		if (!body || this.element.querySelector('textarea')) return;
		const field = h('textarea', { rows: '3', 'aria-label': words.edit });
		field.value = this.#turn.text;
		const close = () => {
			form.replaceWith(body);
			this.element.querySelector<HTMLElement>('.actions button')?.focus();
		};
		const send = () => {
			const { key, command } = this.#turn;
			close();
			post({ type: 'send', prompt: field.value, editKey: key, ...(command ? { command } : {}) });
		};
		const form = h(
			'div',
			{ class: 'edit' },
			field,
			this.#turn.isForgotten ? h('p', { class: 'note' }, words.forgotten) : '',
			h('div', {}, h('button', { type: 'button', class: 'primary', click: send }, words.send), h('button', { type: 'button', click: close }, words.cancel)),
		);
		field.addEventListener('keydown', (event) => {
			if (event.key === 'Escape') close();
			else if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
				event.preventDefault();
				send();
			}
		});
		body.replaceWith(form);
		field.focus();
	}
}

/* Many small blocks are slow to lay out: those that came together are one, up to that many characters. */
function grouped(pieces: string[]): string[] {
	const groups: string[] = [];
	for (const piece of pieces) {
		const last = groups.at(-1);
		if (last !== undefined && last.length < MOST_TOGETHER) groups[groups.length - 1] = last + piece;
		else groups.push(piece);
	}
	return groups;
}

function flash(button: HTMLElement): void {
	const icon = button.querySelector('.codicon');
	icon?.classList.replace('codicon-copy', 'codicon-check');
	setTimeout(() => icon?.classList.replace('codicon-check', 'codicon-copy'), 1200);
}
