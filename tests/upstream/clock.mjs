/** Now, in nanoseconds of the machine's monotonic clock: comparable between the processes of one machine. */
export function monotonicNs() {
	return Number(process.hrtime.bigint());
}

/** A promise with its handles outside. */
export function deferred() {
	const out = {};
	out.promise = new Promise((resolve, reject) => Object.assign(out, { resolve, reject }));
	return out;
}
