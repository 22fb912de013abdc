// Do documents still parse? Reads what bench_answers --documents wrote and asks real parsers: Node's own for JavaScript,
// `python3` and `ruby` where they are installed. Prints figures as tests/bench/bench.h has them.
//
//     node --experimental-vm-modules --no-warnings tests/bench/answers-parse.mjs FILE [--failures N]
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import vm from 'node:vm';

const [file, , failures = '0'] = process.argv.slice(2);

function parsesAsJavaScript(text) {
	try {
		new vm.Script(text);
		return true;
	} catch {
		try {
			new vm.SourceTextModule(text);
			return true;
		} catch {
			return false;
		}
	}
}

const has = (program) => !spawnSync(program, ['--version']).error;
const byProgram = (program, args) => has(program) && ((text) => spawnSync(program, args, { input: text }).status === 0);

const parsers = {
	javascript: parsesAsJavaScript,
	python: byProgram('python3', ['-c', 'import ast, sys; ast.parse(sys.stdin.read())']),
	ruby: byProgram('ruby', ['-c']),
};

const counts = { approved: 0, broken: 0, rejected: 0, worse: 0, unknown: 0 };
let shown = 0;

for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
	const record = JSON.parse(line);
	const parses = parsers[record.language];
	if (!parses) {
		counts.unknown++;
		continue;
	}
	const [total, fault] = record.verdict === 'approved' ? ['approved', 'broken'] : ['rejected', 'worse'];
	if (!parses(record.verbatim)) continue;
	counts[total]++;
	if (parses(record.processed)) continue;
	counts[fault]++;
	if (shown++ < Number(failures))
		console.log(`\n${fault}: ${record.id}, ${record.form}\n--- verbatim\n${record.verbatim}\n--- processed\n${record.processed}`);
}

const figure = (key, what, measured) => console.log(['figure', key, what, '', measured, '-', 0, 'max', 0].join('\t'));
figure('answers_unparsed', 'approved completions that no longer parse', counts.broken);
figure('answers_unparsed_rejected', 'rejected completions that no longer parse', counts.worse);
console.log(
	`note\tanswers: of those that parse as they stand ${counts.approved} approved, ${counts.rejected} rejected; ` +
		`${counts.unknown} in languages without a parser here`,
);
