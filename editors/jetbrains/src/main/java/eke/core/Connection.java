package eke.core;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * JSON-RPC messages over two streams, framed as LSP has it. A thread reads and parses, another writes: neither a slow server nor a
 * long document keeps the caller waiting. Messages are delivered on the reader's thread, in order.
 */
final class Connection {
	interface Listener {
		void received(JsonObject message);

		/** The stream has ended, or is not as it should be: then the reason. Once, the last call. */
		void closed(String reason);
	}

	/** No message of the server's is longer; a length beyond it is a mistake of framing. */
	private static final int MAX_BYTES = 64 << 20;
	private static final int MAX_HEADER = 4096;
	private static final JsonObject END = new JsonObject();

	private final BlockingQueue<JsonObject> queue = new LinkedBlockingQueue<>();
	private final InputStream in;
	private final OutputStream out;

	Connection(InputStream in, OutputStream out) {
		this.in = new BufferedInputStream(in);
		this.out = out;
	}

	void start(String name, Listener listener) {
		thread(name + " reader", () -> read(listener));
		thread(name + " writer", this::write);
	}

	private static void thread(String name, Runnable task) {
		Thread thread = new Thread(task, name);
		thread.setDaemon(true);
		thread.start();
	}

	/** Sends it after all that was sent before. The caller does not touch it any more. */
	void send(JsonObject message) {
		queue.add(message);
	}

	/** Ends the output when all that was sent is written. */
	void close() {
		queue.add(END);
	}

	private void write() {
		try (OutputStream stream = out) {
			for (JsonObject message = queue.take(); message != END; message = queue.take()) {
				byte[] body = message.toString().getBytes(StandardCharsets.UTF_8);
				byte[] head = ("Content-Length: " + body.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
				byte[] frame = new byte[head.length + body.length];
				System.arraycopy(head, 0, frame, 0, head.length);
				System.arraycopy(body, 0, frame, head.length, body.length);
				stream.write(frame);
				stream.flush();
			}
		} catch (IOException e) {
			// The process has ended: the reader tells.
			queue.clear();
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
		}
	}

	// The platform's oldest gson has no parseString().
	@SuppressWarnings("deprecation")
	private void read(Listener listener) {
		String reason = null;
		try (InputStream stream = in) {
			for (byte[] body = frame(stream); body != null; body = frame(stream)) {
				JsonElement message = new JsonParser().parse(new String(body, StandardCharsets.UTF_8));
				if (message.isJsonObject())
					listener.received(message.getAsJsonObject());
			}
		} catch (IOException | RuntimeException e) {
			reason = e.getMessage() == null ? e.toString() : e.getMessage();
		}
		listener.closed(reason);
	}

	/** The bytes of the next message; null at the end of the stream. */
	private static byte[] frame(InputStream in) throws IOException {
		int length = -1;
		for (String line = line(in); ; line = line(in)) {
			if (line == null) {
				if (length >= 0)
					throw new EOFException("the output ended in a header");
				return null;
			}
			if (line.isEmpty())
				break;
			int colon = line.indexOf(':');
			if (colon < 0)
				throw new IOException("no header of a message: " + line);
			if (line.substring(0, colon).trim().equalsIgnoreCase("Content-Length"))
				length = length(line.substring(colon + 1).trim());
		}
		if (length < 0)
			throw new IOException("a message without Content-Length");
		byte[] body = new byte[length];
		for (int at = 0; at < length; ) {
			int count = in.read(body, at, length - at);
			if (count < 0)
				throw new EOFException("the output ended in a message");
			at += count;
		}
		return body;
	}

	private static int length(String digits) throws IOException {
		try {
			int length = Integer.parseInt(digits);
			if (length >= 0 && length <= MAX_BYTES)
				return length;
		} catch (NumberFormatException e) {
			// said below
		}
		throw new IOException("a message of " + digits + " bytes");
	}

	private static String line(InputStream in) throws IOException {
		ByteArrayOutputStream line = new ByteArrayOutputStream();
		for (int next = in.read(); next != '\n'; next = in.read()) {
			if (next < 0)
				return line.size() == 0 ? null : line.toString("US-ASCII");
			if (line.size() > MAX_HEADER)
				throw new IOException("a header that does not end");
			if (next != '\r')
				line.write(next);
		}
		return line.toString("US-ASCII");
	}
}
