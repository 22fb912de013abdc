/*
 * A tiny HTTP proxy: forwards plain requests, and tunnels by CONNECT. Whatever host is asked for, it goes to one port of this
 * machine, so that names that do not exist can be used.
 */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';

/**
 * @param {Object} t the test, after which it closes
 * @param {{port: number, credentials?: string, refuses?: number}} options port: where everything goes; credentials: "user:password" that it
 *   wants; refuses: the status that it answers every CONNECT with
 * @returns {Promise<{url: string, host: string, requests: Object[]}>} requests: what came in, as { method, target, headers }
 */
export async function startProxy(t, { port, credentials, refuses }) {
	const requests = [];
	const sockets = new Set();
	const wanted = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
	const server = createServer((incoming, response) => {
		requests.push({ method: incoming.method, target: incoming.url, headers: incoming.headers });
		if (wanted && incoming.headers['proxy-authorization'] !== wanted) {
			response.writeHead(407, { 'proxy-authenticate': 'Basic realm="proxy"' }).end();
			return;
		}
		const url = new URL(incoming.url);
		const onward = request({ host: '127.0.0.1', port, method: incoming.method, path: url.pathname, headers: incoming.headers }, (answer) => {
			response.writeHead(answer.statusCode, answer.headers);
			answer.pipe(response);
		});
		onward.on('error', () => response.destroy());
		incoming.pipe(onward);
	});

	server.on('connection', (socket) => sockets.add(socket));
	server.on('connect', ({ method, url, headers }, socket) => {
		requests.push({ method, target: url, headers });
		socket.on('error', () => {});
		if (refuses) {
			socket.end(`HTTP/1.1 ${refuses} Forbidden\r\nContent-Length: 0\r\n\r\n`);
			return;
		}
		if (wanted && headers['proxy-authorization'] !== wanted) {
			socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"\r\nContent-Length: 0\r\n\r\n');
			return;
		}
		const onward = connect(port, '127.0.0.1', () => {
			socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
			onward.pipe(socket).pipe(onward);
		});
		sockets.add(onward);
		onward.on('error', () => socket.destroy());
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.after(() => {
		server.close();
		for (const socket of sockets)
			socket.destroy();
	});
	const host = `127.0.0.1:${server.address().port}`;
	return { url: `http://${host}`, host, requests };
}
