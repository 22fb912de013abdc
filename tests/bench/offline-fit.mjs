// Fits the weights of src/offline/model.h: logistic regression by Newton's method, a set for each kind
// of evidence. Prints the table and how well they do, by tenths of what they predict.
//
//     build/bench/bench_offline features | node tests/bench/offline-fit.mjs
import { createInterface } from 'node:readline';

const RIDGE = 1;
const ROUNDS = 12;

function solve(a, b) {
	const n = b.length;
	for (let i = 0; i < n; i++) {
		for (let j = i + 1; j < n; j++) {
			const f = a[j][i] / a[i][i];
			for (let k = i; k < n; k++) {
				a[j][k] -= f * a[i][k];
			}
			b[j] -= f * b[i];
		}
	}
	for (let i = n - 1; i >= 0; i--) {
		for (let k = i + 1; k < n; k++) {
			b[i] -= a[i][k] * b[k];
		}
		b[i] /= a[i][i];
	}
	return b;
}

const predict = (w, x) => 1 / (1 + Math.exp(-x.reduce((sum, v, i) => sum + v * w[i], 0)));

function fit(samples) {
	const n = samples[0].x.length;
	const w = new Array(n).fill(0);
	for (let round = 0; round < ROUNDS; round++) {
		const gradient = w.map((v) => -RIDGE * v);
		const hessian = w.map((_, i) => w.map((__, j) => (i === j ? RIDGE : 0)));
		for (const { x, y } of samples) {
			const p = predict(w, x);
			const q = p * (1 - p);
			for (let i = 0; i < n; i++) {
				if (!x[i]) {
					continue;
				}
				gradient[i] += (y - p) * x[i];
				for (let j = 0; j < n; j++) {
					hessian[i][j] += q * x[i] * x[j];
				}
			}
		}
		solve(hessian, gradient).forEach((step, i) => {
			w[i] += step;
		});
	}
	return w;
}

function tell(w, samples) {
	const tenths = Array.from({ length: 10 }, () => ({ n: 0, right: 0, sum: 0 }));
	let loss = 0;
	for (const { x, y } of samples) {
		const p = predict(w, x);
		const tenth = tenths[Math.min(9, Math.floor(p * 10))];
		tenth.n++;
		tenth.right += y;
		tenth.sum += p;
		loss -= Math.log(y ? p : 1 - p);
	}
	console.log('\t{');
	for (let i = 0; i < w.length; i += 8) {
		console.log(`\t\t${w.slice(i, i + 8).map((v) => v.toFixed(3)).join(', ')},`);
	}
	console.log('\t},');
	console.error(`/* ${samples.length} samples, loss ${(loss / samples.length).toFixed(4)} */`);
	for (const { n, right, sum } of tenths) {
		console.error(`/* ${n} said ${(100 * sum / n).toFixed(1)}%, were ${(100 * right / n).toFixed(1)}% */`);
	}
}

const sets = [[], [], [], []];
for await (const line of createInterface({ input: process.stdin })) {
	const [evidence, y, ...x] = line.split(' ').map(Number);
	if (x.length) {
		sets[evidence].push({ x, y });
	}
}
console.log('static const double offline_weights[EVIDENCES][FEATURES] = {');
for (const set of sets) {
	tell(fit(set), set);
}
console.log('};');
