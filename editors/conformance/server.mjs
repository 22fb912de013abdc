#!/usr/bin/env node
/*
 * The scripted server: what an editor starts instead of `eke serve` while the conformance suite runs. It knows nothing. Every
 * message of the editor goes to the runner, and every message of the runner to the editor, so that one process holds the whole
 * script, the editor's restarts included.
 *
 *     node server.mjs SOCKET
 *
 * SOCKET is where the runner listens. From here to there, one JSON object a line: { started: pid } first, { message }, { end }
 * at the end of standard input. From there to here: { message } to send, { stderr: text }, { exit: status }, { kill: signal }.
 */
import { connect } from 'node:net';

import { Framing, frame } from './framing.mjs';

const runner = connect(process.argv[2]);
const tell = (object) => runner.write(`${JSON.stringify(object)}\n`);
const framing = new Framing((message) => tell({ message }));

const commands = {
	message: (message) => process.stdout.write(frame(message)),
	stderr: (text) => process.stderr.write(text),
	exit: (status) => process.exit(status),
	kill: (signal) => process.kill(process.pid, signal),
};

let rest = '';
runner.setEncoding('utf8');
runner.on('data', (data) => {
	const lines = (rest + data).split('\n');
	rest = lines.pop();
	for (const line of lines) {
		const [[command, argument]] = Object.entries(JSON.parse(line));
		commands[command](argument);
	}
});
runner.on('error', () => process.exit(70));
runner.on('close', () => process.exit(0));

tell({ started: process.pid });
process.stdin.on('data', (data) => framing.push(data));
process.stdin.on('end', () => {
	tell({ end: true });
	runner.end();
});
