/* The chat as it is seen. What is typed is remembered by VS Code; all else is the extension's. */
import type { Words } from '../page.ts';
import type { Bar, FromWebview, Remedy, ToWebview, View } from '../view.ts';
import { Composer } from './composer.ts';
import { h, iconButton } from './dom.ts';
import { TurnView } from './turns.ts';

declare function acquireVsCodeApi(): {
	postMessage(message: FromWebview): void;
	getState(): { draft?: string } | undefined;
	setState(state: { draft: string }): void;
};

/* So near to the end the view follows what comes. */
const NEAR = 40;
/* So long after the reader touched it, a movement is the reader's. */
const TOUCH_MS = 1000;

const api = acquireVsCodeApi();
const words = JSON.parse(document.body.dataset['words'] ?? '{}') as Words;
const post = (message: FromWebview) => api.postMessage(message);

const list = h('main', { class: 'turns', 'aria-label': words.conversation, tabindex: '0' });
const live = h('div', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
const trouble = h('div', { class: 'trouble' });
const toEnd = iconButton('arrow-down', words.toEnd, () => follow(true), 'to-end');
const composer = new Composer(words, post, (draft) => api.setState({ draft }));
const welcome = h(
	'div',
	{ class: 'welcome' },
	h('p', { class: 'large' }, words.welcome),
	h('p', {}, words.welcomeMore),
);

let shown: TurnView[] = [];
let isFollowing = true;
let frame = 0;
let touched = 0;
let wasBusy = false;

document.body.append(list, live, h('footer', {}, toEnd, trouble, composer.element));
composer.set(api.getState()?.draft ?? '');

/* Only the reader stops the following: the position moves also when the window changes its size. */
for (const name of ['wheel', 'keydown', 'pointerdown', 'touchmove'])
	list.addEventListener(name, () => (touched = Date.now()), { passive: true });
list.addEventListener('scroll', () => {
	const isNear = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
	if (isNear || Date.now() - touched < TOUCH_MS) isFollowing = isNear;
	noteFollowing();
});
const sizes = new ResizeObserver(() => follow());
sizes.observe(list);

function noteFollowing(): void {
	toEnd.hidden = isFollowing;
	list.classList.toggle('reading', !isFollowing);
}

function follow(always = false): void {
	if (always) isFollowing = true;
	noteFollowing();
	if (!isFollowing || frame || document.activeElement?.closest('.edit')) return;
	frame = requestAnimationFrame(() => {
		frame = 0;
		const end = list.scrollHeight - list.clientHeight;
		if (!isFollowing || list.scrollTop > end - 2) return;
		list.scrollTop = end;
		follow(); // till it is the end: what came into sight may be higher than it was guessed
	});
}

function draw(view: View): void {
	const kept = shown.filter((one, i) => view.turns[i] && one.isOf(view.turns[i]));
	const same = kept.length === Math.min(shown.length, view.turns.length) ? kept.length : 0;
	for (const { element } of shown.slice(same)) {
		sizes.unobserve(element);
		element.remove();
	}
	shown = shown.slice(0, same);
	for (const turn of view.turns.slice(same)) {
		const made = new TurnView(turn, words, post, () => follow());
		shown.push(made);
		list.append(made.element);
		sizes.observe(made.element);
		if (turn.role === 'user') composer.remember([turn.command && `/${turn.command}`, turn.text].filter(Boolean).join(' '));
	}
	view.turns.forEach((turn, i) => shown[i]?.update(turn, i === view.turns.length - 1, view.isBusy));
	if (view.turns.length) welcome.remove();
	else list.append(welcome);
	if (view.isBusy !== wasBusy) live.textContent = view.isBusy ? words.began : words.done;
	if (view.isBusy && !wasBusy) follow(true);
	wasBusy = view.isBusy;
	follow();
}

function drawBar(bar: Bar): void {
	const { text = '', remedies = [] } = bar.trouble ?? {};
	const button = (remedy: Remedy, i: number) =>
		h('button', { type: 'button', class: i ? '' : 'primary', click: () => post({ type: remedy }) }, words[remedy]);
	trouble.replaceChildren(...(text ? [h('span', {}, text)] : []), ...remedies.map(button));
	composer.update(bar);
}

window.addEventListener('message', ({ data }: MessageEvent<ToWebview>) => {
	switch (data.type) {
		case 'view':
			return draw(data.view);
		case 'bar':
			return drawBar(data.bar);
		case 'delta': {
			const turn = shown.at(-1);
			if (turn?.element.dataset['key'] === data.key) turn.append(data.text ?? '', data.reasoning ?? '');
			turn?.element.classList.remove('waiting');
			return follow();
		}
		case 'draft':
			if (data.text || !data.isFocused) {
				composer.set(data.text);
				api.setState({ draft: data.text });
			}
			if (data.isFocused) composer.field.focus();
			return;
		case 'files':
			return composer.files(data);
	}
});

/* Links are opened by VS Code; nothing else leaves the page. */
document.addEventListener('click', (event) => {
	const link = (event.target as Element).closest('a');
	if (!link) return;
	event.preventDefault();
	post({ type: 'open', url: link.href });
});
/* Files that are dropped here: of the explorer, a tab, or the desktop. */
document.addEventListener('drop', ({ dataTransfer }) => {
	const list = dataTransfer?.getData('application/vnd.code.uri-list') || dataTransfer?.getData('text/uri-list') || '';
	const uris = list.split(/\r?\n/).filter((uri) => /^(?!https?:|data:)[\w.+-]+:/.test(uri));
	if (uris.length) post({ type: 'drop', uris });
});

/* The page's focus is the field's, also where it has it before it can be told so. */
function takeFocus(): void {
	if (document.hasFocus() && document.activeElement === document.body) composer.field.focus();
}
window.addEventListener('focus', takeFocus);
takeFocus();

post({ type: 'ready' });
