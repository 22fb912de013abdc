/*
 * What is in the editor now, as something that may go along with a question without being added: a selection does, once in a chat; a
 * whole file only if the user says so, and then each time it has changed. The chat shows which, and a click changes it.
 */
import * as vscode from 'vscode';

import { attach, selection, type Attachment } from './attach.ts';
import { SELECTOR } from './server.ts';

const WITH_FILE = 'eke.chat.withFile';
/* A selection that is being made is not told piece by piece. */
const PAUSE_MS = 100;

export class Current {
	attachment: Attachment | undefined;
	#key = '';
	#sent = new Set<string>();
	/** What the user said of what is there now. */
	#choice: { key: string; isOn: boolean } | undefined;
	#timer: NodeJS.Timeout | undefined;

	constructor(
		private readonly memory: vscode.Memento,
		private readonly changed: () => void,
	) {
		this.look();
	}

	/** Looks again, soon. */
	touch(): void {
		this.#timer ??= setTimeout(() => {
			this.#timer = undefined;
			const before = this.#key;
			this.look();
			if (this.#key !== before) this.changed();
		}, PAUSE_MS);
	}

	look(): void {
		const editor = vscode.window.activeTextEditor;
		if (editor && !vscode.languages.match(SELECTOR, editor.document)) return; // output, a proposed change: as before
		this.attachment = editor && (selection(editor) ?? attach(editor.document.uri));
		const { context, text } = this.attachment ?? {};
		this.#key = editor ? JSON.stringify([context, text ?? editor.document.version]) : '';
	}

	get isOn(): boolean {
		if (!this.attachment) return false;
		if (this.#choice?.key === this.#key) return this.#choice.isOn;
		if (this.#sent.has(this.#key)) return false;
		return this.attachment.context.kind === 'selection' || this.memory.get(WITH_FILE, false);
	}

	async toggle(): Promise<void> {
		const isOn = !this.isOn;
		this.#choice = { key: this.#key, isOn };
		if (this.attachment?.context.kind === 'file') await this.memory.update(WITH_FILE, isOn);
	}

	/** What goes along now; the next question in this chat does not bring it again. */
	take(isWanted = this.isOn): Attachment | undefined {
		if (!this.attachment || !isWanted) return undefined;
		this.#sent.add(this.#key);
		this.#choice = undefined;
		return this.attachment;
	}

	/** Another chat: nothing was sent in it. */
	forget(): void {
		this.#sent.clear();
	}
}
