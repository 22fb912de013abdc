/*
 * What went along with questions, so that one of them can be edited and asked again. This window knows all of it; after a reload it
 * is known by its place in a file, from the workspace's memory. Texts are not kept there: of a terminal's lines the name is left.
 */
import type * as vscode from 'vscode';

import type { Attachment } from './attach.ts';
import type { Turn } from './view.ts';

const MEMORY = 'eke.chat.along';
const MOST = 200;

type Kept = [turnId: string, attachments: Attachment[]];

export class Along {
	#here = new Map<string, Attachment[]>();

	constructor(private readonly memory: vscode.Memento) {}

	/** Of a question that is being asked. */
	note({ key }: Turn, attachments: Attachment[]): void {
		this.#here.set(key, attachments);
	}

	/** Once the server has a name for it. */
	keep({ key, turnId }: Turn): void {
		const attachments = this.#here.get(key) ?? [];
		const places = attachments.filter(({ context }) => context.kind === 'selection' || context.kind === 'file');
		if (!turnId || !places.length || places.length < attachments.length) return;
		const kept = this.#kept().filter(([id]) => id !== turnId);
		const made = places.map(({ text: _, ...place }): Attachment => place);
		void this.memory.update(MEMORY, [...kept, [turnId, made] satisfies Kept].slice(-MOST));
	}

	/** All that went along; undefined: not all of it is known any more. */
	of({ key, turnId, context }: Turn): Attachment[] | undefined {
		const found = this.#here.get(key) ?? this.#kept().find(([id]) => id === turnId)?.[1];
		return found ?? (context?.length ? undefined : []);
	}

	#kept(): Kept[] {
		return this.memory.get<Kept[]>(MEMORY, []);
	}
}
