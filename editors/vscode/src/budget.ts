/* What the status bar says, as text. Numbers and words are the server's; here is how they look. */
import type { Budget, BudgetWindow, StatusParams } from '../../../protocol/eke.d.ts';

export const IDLE: StatusParams = { state: 'idle', message: '', budgets: [] };

/* Seconds are not shown: the minute in which it has come, as the server's sentences have it. */
const minuteOf = (time: string) => new Date(Math.ceil(Date.parse(time) / 60_000) * 60_000);

/** Hours and minutes here. */
export function clock(time: string, locale?: string): string {
	return minuteOf(time).toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}

/** The same, with the day if that is another. */
export function when(time: string, now: number, locale?: string): string {
	const at = minuteOf(time);
	if (at.toDateString() === new Date(now).toDateString()) return clock(time, locale);
	const days = at.getTime() - now > 6 * 86_400_000 ? ({ month: 'short', day: 'numeric' } as const) : ({ weekday: 'short' } as const);
	return `${at.toLocaleDateString(locale, days)} ${clock(time, locale)}`;
}

/** "12 min", "3 h 5 min", "1 h"; nothing if it is past. */
export function until(time: string, now: number): string {
	const minutes = Math.ceil((Date.parse(time) - now) / 60_000);
	if (!(minutes > 0)) return '';
	const hours = Math.floor(minutes / 60);
	return [hours ? `${hours} h` : '', minutes % 60 ? `${minutes % 60} min` : ''].filter(Boolean).join(' ');
}

/** The window of which least is left, as a share. Those that count some models only are for the hover. */
export function tightest(budget: Budget | undefined): BudgetWindow | undefined {
	const windows = budget?.windows ?? [];
	const general = windows.filter(({ models }) => !models);
	return (general.length ? general : windows).reduce<BudgetWindow | undefined>(
		(least, one) => (!least || one.remaining * least.limit < least.remaining * one.limit ? one : least),
		undefined,
	);
}

/** "37/60"; with nothing left "0/60 · 14:05 (12 min)"; "" where nothing is counted. */
export function left(status: StatusParams, now: number): string {
	const budget = status.budgets[0];
	const window = tightest(budget);
	const again = budget?.blockedUntil ?? (window?.remaining === 0 ? window.resetAt : undefined);
	const counted = window ? `${window.remaining}/${window.limit}` : '';
	if (!again) return counted;
	const wait = until(again, now);
	return `${counted ? `${counted} · ` : ''}${clock(again)}${wait ? ` (${wait})` : ''}`;
}

export function isEmpty(budget: Budget | undefined): boolean {
	return budget?.state === 'exhausted' || budget?.state === 'blocked';
}

/** Is a plan used up, and not only the service's "later"? */
export function isUsedUp(budget: Budget): boolean {
	return budget.state === 'exhausted' || budget.windows.some(({ remaining }) => remaining === 0);
}

/** Is there no endpoint yet? The server then says what is to be done. */
export function isUnset({ kind }: StatusParams): boolean {
	return kind === 'noEndpoint';
}
