/*
 * The server's texts in the user's language; they come in English. Fixed ones are looked up. An error that names things is said anew
 * by its kind and data, and where its own words tell more (an address, a limit) these follow.
 */
import * as vscode from 'vscode';
import { ResponseError } from 'vscode-languageclient/node';

import type { Budget, ErrorData, ErrorKind, FinishReason, StatusParams } from '../../../protocol/eke.d.ts';
import { isEmpty, isUsedUp, when } from './budget.ts';
import type { Remedy, Trouble } from './view.ts';

/* Titles and descriptions of commands, and what a service's refusal means, as the server spells them. */
const SERVED = [
	'Explain',
	'What the code does, and why it does it so.',
	'Find problems',
	'Bugs and weaknesses of the code, the worst first, each with its remedy.',
	'Optimize',
	'The same, faster or with less memory.',
	'Refactor',
	'The same code, better to read and to change.',
	'Document',
	'The same code with documentation comments.',
	'Write tests',
	'Unit tests in the framework that the file seems to use.',
	'Fix',
	'The corrected code, and what was wrong.',
	'Commit message',
	'A message for what is staged, in the form of Conventional Commits.',
	'Ask',
	'A question, about what is attached or in general.',
	'Write code',
	'Code from a comment or a description.',
	'The provider has suspended this API key; get a new one from it.',
	'The provider refused the API key for this model; choose another model, or use another key.',
	'The API key was refused; check the key, and that baseUrl is the address of the provider that issued it.',
	'The balance does not cover this request (providers charge the prompt and max_tokens in advance); set a smaller maxTokens, or top up.',
	'The provider does not serve this country or network; use another endpoint.',
	'A filter in front of the provider took this program for a bot; set a User-Agent in the headers of this endpoint.',
	'The provider does not allow this model or path with this key; check the model, and baseUrl: a wrong base URL (for example one without /v1) gets the same answer.',
	'A gateway in front of the provider answered with an error page; try again later.',
	'The address answered with a web page instead of the API; check baseUrl, or whether a proxy or a login page is in between.',
	'This model cannot fill in the middle; set completionApi to chat, or choose another model.',
	'The provider does not know stream_options; set streamOptions to false for this endpoint.',
	'The provider knows no such path or model; check baseUrl and the model.',
	'The provider is overloaded or not ready; try again later.',
	'The provider had an internal error; try again later.',
	'The provider rejected the request; its message says why.',
	'The provider ended the answer with an error; try again.',
	"The account's quota or credit is used up; waiting does not help: top up, or use another endpoint.",
	"The provider's limit for the day is reached; it resets at midnight in the provider's time zone.",
	"The provider's request limit is reached; wait before you try again.",
	'The prompt is longer than the provider accepts for this key or model; send less context, or start a new chat.',
	'The provider did not answer in time; try again later.',
	'The address redirects to another one, but does not say to which; check baseUrl.',
	"The proxy requires a user name and a password; put them into the endpoint's proxy setting.",
	'nothing is staged: run git add first',
	'these files have no changes since the last commit: run git add on new files first',
];

const NONE = 'no endpoint is configured';
const REMEDIES: Partial<Record<ErrorKind, Remedy[]>> = {
	auth: ['setKey', 'showLog'],
	noEndpoint: ['setKey', 'openConfiguration'],
	config: ['openConfiguration', 'showLog'],
};

/** What the user must do something about, and by which buttons. */
export function troubleOf(status: StatusParams): Trouble | undefined {
	const remedies = status.kind && REMEDIES[status.kind];
	return remedies && { text: sentenceOfStatus(status), remedies };
}

/** A text of the server's; in English where it is none of those that are known. */
export const served = (text: string): string => (SERVED.includes(text) ? vscode.l10n.t(text) : text);

/** The title of a code action: "eke: Explain", "eke: Fix: what is wrong". */
export function servedTitle(title: string): string {
	const [, name, rest] = /^eke: ([^:]+)(:.*)?$/s.exec(title) ?? [];
	return name === undefined ? title : `eke: ${served(name)}${rest ?? ''}`;
}

/** Why there is no result; what the service itself said stands at the end. */
export function sentence(message: string, data: ErrorData | undefined): string {
	const theirs = data?.providerMessage;
	const isNew = data?.kind === 'noEndpoint' && message.startsWith(NONE); // its advice is for a shell
	const said = vscode.l10n.bundle || isNew ? anew(message, data ?? {}) : begun(message);
	if (!theirs || said.includes(theirs)) return said;
	return `${said} ${vscode.l10n.t('{0} says: {1}', data.endpoint ?? vscode.l10n.t('The service'), theirs)}`;
}

/** A time, as it is said here. */
export const here = (time: string) => when(time, Date.now(), vscode.env.language);

/* With a capital, but for a name. */
const begun = (text: string) => text.replace(/^(the|these|no|nothing|an?|this|there|it|all)\b/, (word) => word[0]!.toUpperCase() + word.slice(1));

export function sentenceOf(error: unknown): string {
	if (error instanceof ResponseError) return sentence(error.message, (error as ResponseError<ErrorData>).data);
	return error instanceof Error ? error.message : String(error);
}

/** What the status is about. */
export function sentenceOfStatus({ kind, state, message, budgets }: StatusParams): string {
	if (!vscode.l10n.bundle && message !== NONE) return begun(message);
	const [first] = budgets;
	const again = first?.blockedUntil ?? first?.windows.find(({ remaining }) => remaining === 0)?.resetAt;
	if (kind)
		return anew(message, { kind, ...(first ? { endpoint: first.endpoint } : {}), ...(again ? { retryAt: again } : {}) });
	if (state !== 'warning' || !first) return ''; // the numbers stand beside it
	if (!isEmpty(first)) return vscode.l10n.t('What is left at {0} is kept for chats and completions on a key.', first.endpoint);
	return nothingLeft(first);
}

/** That no request can go to an endpoint now, and until when. */
export function nothingLeft(budget: Budget): string {
	const { endpoint, windows, blockedUntil } = budget;
	const again = blockedUntil ?? windows.find(({ remaining }) => remaining === 0)?.resetAt;
	if (!isUsedUp(budget) && again) return vscode.l10n.t('No request can go to {0} until {1}.', endpoint, here(again));
	return again
		? vscode.l10n.t('No requests are left at {0} until {1}.', endpoint, here(again))
		: vscode.l10n.t('No requests are left at {0}.', endpoint);
}

/** Why an endpoint takes no requests: the beginning of a text of the server's. */
export function reasonOf(reason: string): string {
	const known = vscode.l10n.bundle && SERVED.find((one) => reason && one.startsWith(reason.replace(/\.$/, '')));
	return known ? vscode.l10n.t(known) : reason;
}

/** What is to be known of an answer that is not whole. */
export function noticeOf(notice: string | undefined, why: FinishReason | undefined): string | undefined {
	if (!notice || !vscode.l10n.bundle) return notice && begun(notice);
	const short = cuts()[why ?? 'stop'];
	const details = notice.replace(/^the answer was cut off here: /, '');
	return !short ? notice : why === 'truncated' ? `${short} (${details})` : short;
}

/** Why an answer ends where it does. */
export const cuts = (): Record<FinishReason, string> => ({
	stop: '',
	length: vscode.l10n.t('cut off at the limit on tokens'),
	filter: vscode.l10n.t("cut off by the service's content filter"),
	truncated: vscode.l10n.t('cut off: the connection broke'),
});

function anew(message: string, { kind, endpoint, retryAt }: ErrorData): string {
	const whom = endpoint ?? vscode.l10n.t('The service');
	if (SERVED.includes(message)) return vscode.l10n.t(message);
	const known = SERVED.find((one) => one.endsWith('.') && message.startsWith(one.slice(0, -1)));
	const until = kind === 'budget' && retryAt ? vscode.l10n.t('No request can go to {0} until {1}.', whom, here(retryAt)) : '';
	if (known) return vscode.l10n.t(known) + (until || message.slice(known.length - 1).replace(/^\./, ''));
	const details = ` (${message})`;
	switch (kind) {
		case 'budget':
			return until || vscode.l10n.t('No request can go to {0} now.', whom) + details;
		case 'auth':
			return vscode.l10n.t('The API key for {0} is missing or not usable: "eke: Set API key".', whom) + details;
		case 'forbidden':
			return vscode.l10n.t('{0} does not allow this, or the balance is too low.', whom) + details;
		case 'promptTooLong':
			return vscode.l10n.t('The prompt is too long: send less along, or begin a new chat.') + details;
		case 'upstream':
			return vscode.l10n.t('{0} answered with an error.', whom) + details;
		case 'network':
			return vscode.l10n.t('{0} cannot be reached: check the network, the proxy and the address.', whom) + details;
		case 'timeout':
			return vscode.l10n.t('{0} did not answer in time: try again.', whom) + details;
		case 'protocol':
			return vscode.l10n.t("What {0} sends is not OpenAI's API: check baseUrl.", whom) + details;
		case 'config':
			return vscode.l10n.t('The configuration is wrong, or does not allow it.') + details;
		case 'noEndpoint':
			return vscode.l10n.t('No service is set up yet: "eke: Set API key".') + (message.startsWith(NONE) ? '' : details);
		case 'ignored':
			return vscode.l10n.t('An ignore rule keeps this file on this machine.');
		default:
			return message;
	}
}
