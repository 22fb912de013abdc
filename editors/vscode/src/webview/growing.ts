/* Code that is still being written, or is too long to be coloured: in chunks, of which only the last is laid out anew. */
import { h } from './dom.ts';

const CHUNK_LINES = 200;
const CHUNK = 16_000;

export class GrowingCode {
	readonly element = h('div', { class: 'code open' });
	length = 0;
	#code = h('code', {});
	#last: Text | undefined;
	#lines = 0;

	constructor() {
		this.element.append(h('pre', {}, this.#code));
	}

	append(text: string): void {
		for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
			if (!this.#last || this.#lines >= CHUNK_LINES || this.#last.length > CHUNK) {
				this.#last = document.createTextNode('');
				this.#lines = 0;
				const chunk = h('span', { class: 'chunk' });
				chunk.append(this.#last);
				this.#code.append(chunk);
			}
			this.#last.appendData(line);
			if (line.endsWith('\n')) this.#lines++;
		}
		this.length += text.length;
	}
}

/** The same as HTML, of text that is escaped. */
export function chunked(escaped: string): string {
	const lines = escaped.match(/[^\n]*\n|[^\n]+$/g) ?? [];
	const chunks: string[] = [];
	for (let i = 0; i < lines.length; i += CHUNK_LINES)
		chunks.push(`<span class="chunk">${lines.slice(i, i + CHUNK_LINES).join('')}</span>`);
	return chunks.join('');
}
