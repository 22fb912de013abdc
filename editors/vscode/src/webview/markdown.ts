/* Markdown of a model as safe HTML: no raw HTML, nothing remote, code in the theme's colours. */
import DOMPurify from 'dompurify';
import hljs from 'highlight.js/lib/common';
import MarkdownIt from 'markdown-it';

import { chunked } from './growing.ts';

/* Longer code is not coloured: it would take seconds. */
const MOST_COLOURED = 60_000;

const escape = (text: string) => markdown.utils.escapeHtml(text);

const markdown: MarkdownIt = new MarkdownIt({
	html: false,
	linkify: true,
	highlight: (code, language) => {
		if (code.length > MOST_COLOURED) return chunked(escape(code));
		if (!hljs.getLanguage(language)) return escape(code);
		return hljs.highlight(code, { language, ignoreIllegals: true }).value;
	},
});

markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });

/* A picture would be fetched from elsewhere: its words and its address instead. */
markdown.renderer.rules['image'] = (tokens, index) => {
	const token = tokens[index]!;
	const source = escape(token.attrGet('src') ?? '');
	return `<a href="${source}">${escape(token.content) || source}</a>`;
};

/* A wide table is scrolled by itself. */
markdown.renderer.rules['table_open'] = () => '<div class="table" tabindex="0"><table>\n';
markdown.renderer.rules['table_close'] = () => '</table></div>\n';

markdown.renderer.rules['fence'] = (tokens, index, options) => {
	const token = tokens[index]!;
	const language = token.info.trim().split(/[\s{,]/)[0] ?? '';
	const code = options.highlight?.(token.content, language, '') ?? escape(token.content);
	return `<div class="code" data-language="${escape(language)}"><pre tabindex="0"><code>${code}</code></pre></div>\n`;
};
markdown.renderer.rules['code_block'] = (tokens, index) =>
	`<div class="code" data-language=""><pre tabindex="0"><code>${escape(tokens[index]!.content)}</code></pre></div>\n`;

/* Formulas in TeX's brackets are shown as they are written: Markdown would take their signs for its own. */
markdown.inline.ruler.before('escape', 'formula', (state, silent) => {
	const [whole, a, b, c] = /^(?:\\\(([^]+?)\\\)|\\\[([^]+?)\\\]|\$\$([^]+?)\$\$)/.exec(state.src.slice(state.pos, state.posMax)) ?? [];
	if (!whole) return false;
	if (!silent) state.push('code_inline', 'code', 0).content = (a ?? b ?? c ?? '').trim();
	state.pos += whole.length;
	return true;
});

/* The boxes of a list of tasks. */
markdown.core.ruler.push('tasks', ({ tokens }) => {
	tokens.forEach(({ type, children }, i) => {
		const text = type === 'inline' && tokens[i - 2]?.type === 'list_item_open' ? children?.[0] : undefined;
		if (text) text.content = text.content.replace(/^\[([ xX])\](?= )/, (_, mark: string) => (mark === ' ' ? '☐' : '☑'));
	});
});

const ALLOWED = {
	ALLOWED_TAGS: [
		...['a', 'blockquote', 'br', 'code', 'div', 'em', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'li', 'ol', 'p', 'pre'],
		...['s', 'span', 'strong', 'table', 'tbody', 'td', 'th', 'thead', 'tr', 'ul'],
	],
	ALLOWED_ATTR: ['href', 'class', 'start', 'tabindex', 'data-language', 'title'],
	ALLOWED_URI_REGEXP: /^https?:/i,
	RETURN_DOM_FRAGMENT: true as const,
};

export function render(text: string): DocumentFragment {
	return DOMPurify.sanitize(markdown.render(text), ALLOWED);
}
