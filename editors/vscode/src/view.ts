/* What passes between the extension and the chat's webview. The extension owns the conversation; the webview shows it. */
import type { ChatCommand, ChatTurn, FinishReason } from '../../../protocol/eke.d.ts';

/** One question, or one answer. */
export interface Turn {
	/** Unique in this window. */
	key: string;
	/** The server's, once it has one: needed to edit a question. */
	turnId?: string | undefined;
	role: 'user' | 'assistant';
	text: string;
	reasoning?: string | undefined;
	command?: string | undefined;
	/** Names of what went along. */
	context?: string[] | undefined;
	model?: string | undefined;
	finishReason?: FinishReason | undefined;
	/** Why the text is not whole, or that there is none; of answers of this session. */
	notice?: string | undefined;
	isCancelled?: boolean | undefined;
	/** What was not sent. */
	trimmed?: string[] | undefined;
	error?: string | undefined;
	/** It is that no service is set up yet. */
	isUnset?: boolean | undefined;
	tokens?: number | undefined;
	/** What went along is not known any more, but by name. */
	isForgotten?: boolean | undefined;
}

/** One that the server keeps. */
export function turnOf(given: ChatTurn, key: string): Turn {
	const { turnId, role, text, reasoning, command, model, finishReason, interrupted, usage, context } = given;
	return {
		...{ key, turnId, role, text, reasoning, command, model, finishReason },
		context: context?.map(({ name }) => name),
		isCancelled: interrupted,
		tokens: usage?.totalTokens,
	};
}

/** Something that will go along with the next question. */
export interface Chip {
	key: string;
	label: string;
	icon: string;
	detail: string;
}

/** What is in the editor, and whether it goes along. */
export interface CurrentChip extends Chip {
	isOn: boolean;
}

/** The conversation. */
export interface View {
	turns: Turn[];
	isBusy: boolean;
}

/** What is around the field for the next question. */
export interface Bar {
	isBusy: boolean;
	chips: Chip[];
	current?: CurrentChip | undefined;
	/** The model that is asked; empty: the configuration's. */
	model: string;
	commands: ChatCommand[];
	/** What is left, as in the status bar. */
	left: string;
	/** Why nothing can be asked; undefined: it can. */
	trouble?: Trouble | undefined;
}

export type Remedy = 'setKey' | 'openConfiguration' | 'showLog';

export interface Trouble {
	text: string;
	remedies: Remedy[];
}

/** What a code block's buttons do. */
export type CodeAction = 'copy' | 'insert' | 'apply' | 'newFile';

export type ToWebview =
	| { type: 'view'; view: View }
	| { type: 'bar'; bar: Bar }
	| { type: 'delta'; key: string; text?: string; reasoning?: string }
	| { type: 'draft'; text: string; isFocused: boolean }
	| { type: 'files'; query: string; paths: string[]; asChips: boolean };

export type FromWebview =
	| { type: 'ready' }
	| { type: 'send'; prompt: string; command?: string; editKey?: string }
	| { type: 'stop' | 'regenerate' | 'pickModel' | 'new' | 'history' | 'toggleCurrent' | Remedy }
	| { type: 'removeChip'; key: string }
	| { type: 'attach'; what: string }
	| { type: 'code'; action: CodeAction; text: string; language: string; key: string }
	| { type: 'files'; query: string }
	| { type: 'copy'; text: string }
	| { type: 'open'; url: string }
	| { type: 'drop'; uris: string[] };

/** The conversation as text, as it is shown: what a reader without a screen gets, and tests. */
export function transcript(turns: Turn[], draft: string): string {
	const parts = turns.map((turn) => {
		if (turn.role === 'user')
			return `## You\n\n${[turn.command && `/${turn.command}`, turn.text].filter(Boolean).join(' ')}`;
		return [`## eke${turn.model ? ` · ${turn.model}` : ''}`, turn.text, ...notes(turn).map((note) => `> ${note}`)]
			.filter(Boolean)
			.join('\n\n');
	});
	const last = turns.at(-1);
	const isOpen = last?.role === 'assistant' && !last.finishReason && !last.isCancelled && last.error === undefined;
	return [...parts, ...(isOpen ? [] : [`## You\n\n${draft}`])].join('\n\n');
}

export const CUT: Record<FinishReason, string> = {
	stop: '',
	length: 'cut off at the limit on tokens',
	filter: "cut off by the service's content filter",
	truncated: 'cut off: the connection broke',
};

/** What is to be said below an answer. */
export function notes(turn: Turn): string[] {
	return [
		...(turn.trimmed ?? []),
		turn.notice ?? (turn.finishReason && !turn.isCancelled ? CUT[turn.finishReason] : ''),
		turn.isCancelled ? 'stopped' : '',
		turn.error ?? '',
	].filter(Boolean);
}
