/* Elements in one expression. */
type Child = Node | string | null | undefined | false;

export function h<K extends keyof HTMLElementTagNameMap>(
	tag: K,
	attributes: Record<string, string | boolean | ((event: Event) => void)> = {},
	...children: Child[]
): HTMLElementTagNameMap[K] {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (typeof value === 'function') element.addEventListener(name, value);
		else if (typeof value === 'string') element.setAttribute(name, value);
		else if (value) element.setAttribute(name, '');
	}
	element.append(...children.filter((child): child is Node | string => Boolean(child)));
	return element;
}

/** A button that is a codicon; the label is for the hover and for screen readers. */
export function iconButton(icon: string, label: string, click: (event: Event) => void, name = ''): HTMLButtonElement {
	return h(
		'button',
		{ type: 'button', class: `icon ${name}`.trim(), title: label, 'aria-label': label, click },
		h('span', { class: `codicon codicon-${icon}`, 'aria-hidden': 'true' }),
	);
}
