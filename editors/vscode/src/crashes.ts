/* How often the server may end by itself before it stays down, and how long to wait before it is started again. */
const MOST = 5;
const WITHIN_MS = 180_000;

export class Crashes {
	#times: number[] = [];

	/** Notes one; the pause before the next start in ms, or undefined: enough. */
	note(now: number, firstPause: number): number | undefined {
		this.#times = this.#times.filter((time) => now - time < WITHIN_MS);
		this.#times.push(now);
		return this.#times.length > MOST ? undefined : firstPause * 2 ** (this.#times.length - 1);
	}

	get count(): number {
		return this.#times.length;
	}

	forget(): void {
		this.#times = [];
	}
}
