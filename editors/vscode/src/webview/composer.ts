/* Where the next question is typed: / offers commands, @ files, # what goes along. */
import type { Words } from '../page.ts';
import type { Bar, CurrentChip, FromWebview } from '../view.ts';
import { h, iconButton } from './dom.ts';

interface Offer {
	label: string;
	detail: string;
	/** What becomes of the word at the cursor. */
	text: string;
	attach?: string;
}

type Post = (message: FromWebview) => void;

const MOST_ASKED = 100;

export class Composer {
	readonly element: HTMLElement;
	readonly field: HTMLTextAreaElement;
	#list = h('ul', { class: 'offers', role: 'listbox', id: 'offers' });
	#chips = h('div', { class: 'chips' });
	#send: HTMLButtonElement;
	#model: HTMLButtonElement;
	#left = h('span', { class: 'left' });
	#offers: Offer[] = [];
	#chosen = 0;
	#bar: Bar | undefined;
	/* Questions of this page, for the arrow up; which of them is in the field. */
	#asked: string[] = [];
	#recalled = 0;

	constructor(
		private readonly words: Words,
		private readonly post: Post,
		private readonly changed: (text: string) => void,
	) {
		this.field = h('textarea', {
			rows: '2',
			placeholder: words.placeholder,
			'aria-label': words.placeholder,
			'aria-controls': 'offers',
			'aria-autocomplete': 'list',
		});
		this.#list.setAttribute('aria-label', words.suggestions);
		this.#send = iconButton('send', words.send, () => this.#press(), 'send');
		this.#model = h('button', { type: 'button', class: 'model', title: words.model, click: () => post({ type: 'pickModel' }) });
		this.element = h(
			'form',
			{ class: 'composer', submit: (event) => event.preventDefault() },
			this.#list,
			this.#chips,
			this.field,
			h(
				'div',
				{ class: 'bar' },
				iconButton('attach', words.attach, () => this.#offerHash(), 'attach'),
				this.#model,
				this.#left,
				this.#send,
			),
		);
		this.field.addEventListener('input', () => this.#typed());
		this.field.addEventListener('keydown', (event) => this.#key(event));
		// It may have the focus again by then.
		this.field.addEventListener('blur', () => setTimeout(() => document.activeElement === this.field || this.#offer([]), 150));
		this.#list.hidden = true;
	}

	set(text: string): void {
		this.field.value = text;
		this.#grow();
	}

	update(bar: Bar): void {
		const isFirst = !this.#bar?.commands.length && bar.commands.length > 0;
		this.#bar = bar;
		if (isFirst && document.activeElement === this.field) this.#typed(); // who typed / before has them now
		const { words, post } = this;
		const hadFocus = this.#chips.querySelector('.current') === document.activeElement;
		this.#chips.replaceChildren(
			...bar.chips.map(({ key, label, icon, detail }) =>
				h(
					'span',
					{ class: 'chip', title: detail },
					h('span', { class: `codicon codicon-${icon}`, 'aria-hidden': 'true' }),
					label,
					iconButton('close', `${words.remove}: ${label}`, () => post({ type: 'removeChip', key })),
				),
			),
			...(bar.current ? [this.#currentChip(bar.current)] : []),
		);
		if (hadFocus) (this.#chips.querySelector<HTMLElement>('.current') ?? this.field).focus();
		this.#model.textContent = bar.model || words.modelDefault;
		this.#left.textContent = bar.left;
		const label = bar.isBusy ? words.stop : words.send;
		this.#send.title = label;
		this.#send.setAttribute('aria-label', label);
		this.#send.firstElementChild!.className = `codicon codicon-${bar.isBusy ? 'debug-stop' : 'send'}`;
	}

	/** What is in the editor: a button that says whether it goes along. */
	#currentChip({ label, icon, detail, isOn }: CurrentChip): HTMLElement {
		const about = isOn ? this.words.isOn : this.words.isOff;
		return h(
			'button',
			{
				type: 'button',
				class: isOn ? 'chip current on' : 'chip current',
				title: `${detail}: ${about}`,
				'aria-label': `${label}: ${about}`,
				'aria-pressed': String(isOn),
				click: () => this.post({ type: 'toggleCurrent' }),
			},
			h('span', { class: `codicon codicon-${isOn ? icon : 'add'}`, 'aria-hidden': 'true' }),
			label,
		);
	}

	/** A question that was asked: the arrow up brings it back. */
	remember(text: string): void {
		if (text && text !== this.#asked.at(-1)) this.#asked = [...this.#asked, text].slice(-MOST_ASKED);
		this.#recalled = this.#asked.length;
	}

	/* As a shell does: up from the first line, down from the last. */
	#recall(step: 1 | -1): boolean {
		const { value, selectionStart, selectionEnd } = this.field;
		const isEdge = step < 0 ? !value.slice(0, selectionStart).includes('\n') : !value.slice(selectionEnd).includes('\n');
		const isOurs = value === '' || value === this.#asked[this.#recalled];
		const next = this.#recalled + step;
		if (!isEdge || !isOurs || next < 0 || next > this.#asked.length) return false;
		this.#recalled = next;
		this.set(this.#asked[next] ?? '');
		this.changed(this.field.value);
		return true;
	}

	#press(): void {
		if (this.#bar?.isBusy) this.post({ type: 'stop' });
		else this.#ask();
	}

	#ask(): void {
		const text = this.field.value.trim();
		if (!text || this.#bar?.isBusy) return;
		const [, name = '', rest = ''] = /^\/(\S+)\s*([^]*)$/.exec(text) ?? [];
		const command = this.#bar?.commands.find((one) => one.name === name);
		this.set('');
		this.changed('');
		this.post(command ? { type: 'send', prompt: rest, command: name } : { type: 'send', prompt: text });
	}

	#typed(): void {
		this.changed(this.field.value);
		this.#grow();
		const word = this.#word();
		if (/^\/\S*$/.test(this.field.value)) {
			const found = (this.#bar?.commands ?? []).filter(({ name }) => `/${name}`.startsWith(this.field.value));
			this.#offer(found.map(({ name, description }) => ({ label: `/${name}`, detail: description, text: `/${name} ` })));
		} else if (word.startsWith('#')) {
			this.#offerHash(word);
		} else if (word.startsWith('@')) {
			this.post({ type: 'files', query: word.slice(1).replace(/^"/, '') });
		} else {
			this.#offer([]);
		}
	}

	/** Paths that fit what stands behind the @. */
	files({ query, paths, asChips }: { query: string; paths: string[]; asChips: boolean }): void {
		const word = this.#word();
		if (!word.startsWith('@') || word.slice(1).replace(/^"/, '') !== query) return;
		this.#offer(
			paths.map((path) => ({
				label: path.split('/').at(-1) ?? path,
				detail: path,
				...(asChips ? { text: '', attach: `@${path}` } : { text: `@${/\s/.test(path) ? `"${path}"` : path} ` }),
			})),
		);
	}

	#offerHash(word = ''): void {
		const { words } = this;
		const offers = [
			{ label: '#selection', detail: words.selection, attach: 'selection' },
			{ label: '#file', detail: words.file, attach: 'file' },
			{ label: '#problems', detail: words.problems, attach: 'problems' },
			{ label: '#terminal', detail: words.terminal, attach: 'terminal' },
		];
		this.#offer(offers.filter(({ label }) => label.startsWith(word)).map((one) => ({ ...one, text: '' })));
		this.field.focus();
	}

	/* The word that ends at the cursor. */
	#word(): string {
		return /\S*$/.exec(this.field.value.slice(0, this.field.selectionStart))?.[0] ?? '';
	}

	#offer(offers: Offer[]): void {
		this.#offers = offers;
		this.#chosen = 0;
		this.#list.hidden = !offers.length;
		this.#list.replaceChildren(
			...offers.map(({ label, detail }, i) =>
				h(
					'li',
					{ role: 'option', id: `offer-${i}`, mousedown: (event) => (event.preventDefault(), this.#take(i)) },
					h('span', { class: 'label' }, label),
					h('span', { class: 'detail' }, detail),
				),
			),
		);
		this.#mark();
	}

	#mark(): void {
		[...this.#list.children].forEach((item, i) => item.setAttribute('aria-selected', String(i === this.#chosen)));
		this.#list.children[this.#chosen]?.scrollIntoView({ block: 'nearest' });
		// A field with a list is a combobox; without one it is what it was.
		const { field } = this;
		if (this.#offers.length) {
			field.setAttribute('role', 'combobox');
			field.setAttribute('aria-expanded', 'true');
			field.setAttribute('aria-activedescendant', `offer-${this.#chosen}`);
		} else for (const name of ['role', 'aria-expanded', 'aria-activedescendant']) field.removeAttribute(name);
	}

	#take(index: number): void {
		const offer = this.#offers[index];
		if (!offer) return;
		const word = this.#word();
		const isWord = /^[/@#]/.test(word);
		const end = this.field.selectionStart;
		const start = isWord ? end - word.length : end;
		this.field.setRangeText(offer.text, start, end, 'end');
		if (offer.attach) this.post({ type: 'attach', what: offer.attach });
		this.#offer([]);
		this.changed(this.field.value);
	}

	#key(event: KeyboardEvent): void {
		if (event.isComposing) return; // an input method's
		if (this.#offers.length) {
			const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
			if (step) {
				this.#chosen = (this.#chosen + step + this.#offers.length) % this.#offers.length;
				this.#mark();
			} else if (event.key === 'Enter' || event.key === 'Tab') this.#take(this.#chosen);
			else if (event.key === 'Escape') this.#offer([]);
			else return;
			event.preventDefault();
			event.stopPropagation();
			return;
		}
		if (event.key === 'Enter' && !event.shiftKey) {
			event.preventDefault();
			this.#ask();
		} else if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
			if (this.#recall(event.key === 'ArrowUp' ? -1 : 1)) event.preventDefault();
		} else if (event.key === 'Escape' && this.#bar?.isBusy) this.post({ type: 'stop' });
	}

	#grow(): void {
		this.field.style.height = 'auto';
		this.field.style.height = `${Math.min(this.field.scrollHeight + 2, 240)}px`;
	}
}
