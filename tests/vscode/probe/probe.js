/* Listens on the socket that EKE_PROBE names; a line is { id, code, argument }, the answer { id, value } or { id, error }. */
const { createServer } = require('node:net');
const { rmSync } = require('node:fs');
const vscode = require('vscode');

const AsyncFunction = (async () => {}).constructor;

async function run({ id, code, argument }) {
	try {
		return { id, value: (await new AsyncFunction('vscode', 'argument', code)(vscode, argument)) ?? null };
	} catch (error) {
		return { id, error: String(error?.stack ?? error) };
	}
}

exports.activate = (context) => {
	const path = process.env.EKE_PROBE;
	rmSync(path, { force: true }); // of the window that was reloaded
	const server = createServer((socket) => {
		let rest = '';
		socket.setEncoding('utf8');
		socket.on('error', () => {});
		socket.on('data', async (data) => {
			const lines = (rest + data).split('\n');
			rest = lines.pop();
			for (const line of lines) socket.write(`${JSON.stringify(await run(JSON.parse(line)))}\n`);
		});
	}).listen(path);
	context.subscriptions.push({ dispose: () => server.close() });
};
