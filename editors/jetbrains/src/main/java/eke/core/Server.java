package eke.core;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The server's life: started when the first document is there, started again after a crash with growing pauses, given up after the
 * fifth crash within three minutes. Requests and notifications go through here. All of it on the loop's thread.
 */
public final class Server {
	public enum State {
		/** Not started yet. */
		OFF,
		/** The process is being made, or has not answered initialize. */
		STARTING,
		RUNNING,
		/** It has ended, and is started again after a pause. */
		RESTARTING,
		/** It cannot be started, or ends again and again: restart() tries once more. */
		FAILED,
		/** It was ended on purpose: restart() starts it. */
		STOPPED
	}

	/** Gets a request's answer: result or error, the other is null. Once. */
	public interface Answer {
		void take(JsonElement result, JsonObject error);
	}

	/** What the server says by itself. */
	interface Listener {
		/** Before initialized is sent; what is told to the server now, it gets first. */
		void ready();

		void gone();

		void notified(String method, JsonObject params);

		void asked(JsonElement id, String method, JsonObject params);
	}

	private static final int PROTOCOL = 1;
	private static final int CRASHES = 5;
	private static final long CRASH_NANOS = TimeUnit.MINUTES.toNanos(3);
	private static final int PATIENCE = 10_000; // milliseconds for the answer to initialize
	private static final int WORDS = 50; // lines of standard error that are kept
	private static final int MAX_WORD = 2000; // characters of a line that are kept

	private final Host host;
	private final Loop loop;
	private final Listener listener;
	private final Map<Integer, Answer> pending = new HashMap<>();
	private final Deque<String> words = new ArrayDeque<>();
	private final List<Long> crashes = new ArrayList<>();
	private final List<Runnable> waiting = new ArrayList<>();
	private State state = State.OFF;
	private Connection connection;
	private JsonObject introduction = new JsonObject(); // its answer to initialize
	private List<String> command = new ArrayList<>();
	private int serial; // of the process: what belongs to a former one is ignored
	private int lastId;

	Server(Host host, Loop loop, Listener listener) {
		this.host = host;
		this.loop = loop;
		this.listener = listener;
	}

	public State state() {
		return state;
	}

	public boolean isRunning() {
		return state == State.RUNNING;
	}

	public String version() {
		return Json.string(Json.sub(introduction, "serverInfo"), "version", "");
	}

	/** The last lines of its standard error. */
	public List<String> words() {
		return new ArrayList<>(words);
	}

	private JsonObject abilities() {
		return Json.sub(Json.sub(Json.sub(introduction, "capabilities"), "experimental"), "eke");
	}

	/** Starts it, unless it has been, or was given up. */
	public void start() {
		if (state != State.OFF)
			return;
		command = new ArrayList<>(host.command());
		if (command.isEmpty()) {
			fail("The settings name no program: set one in Settings, Tools, eke.");
			return;
		}
		move(State.STARTING);
		int process = ++serial;
		words.clear();
		JsonObject params = introduce();
		File folder = host.folder();
		loop.background(() -> launch(process, folder, params));
	}

	/** Now if it runs, when it is up if it is being started; else the user learns why not. */
	public void whenRunning(Runnable task) {
		start();
		if (state == State.RUNNING)
			task.run();
		else if (state == State.STARTING || state == State.RESTARTING)
			waiting.add(task);
		else if (state == State.FAILED)
			host.warn("eke does not run; its menu in the status bar can restart it.");
	}

	private JsonObject introduce() {
		JsonObject params = host.introduction();
		// What the core does whatever the editor.
		params.add("capabilities", Json.object(
			"general", Json.object("positionEncodings", Json.array("utf-16")),
			"textDocument", Json.object("inlineCompletion", new JsonObject(),
				"synchronization", Json.object("didSave", true)),
			"window", Json.object("showDocument", Json.object("support", true)),
			"workspace", Json.object("applyEdit", true, "workspaceFolders", true,
				"workspaceEdit", Json.object("documentChanges", true))));
		JsonObject options = Json.sub(params, "initializationOptions");
		options.add("eke", host.settings());
		params.add("initializationOptions", options);
		return params;
	}

	/* On a thread that may wait. */
	private void launch(int process, File folder, JsonObject params) {
		Process child;
		try {
			Map<String, String> environment = host.environment();
			ProcessBuilder builder = new ProcessBuilder(command);
			builder.environment().putAll(environment);
			String program = Programs.find(command.get(0), builder.environment().get("PATH"));
			if (program == null) {
				loop.run(() -> failed(process, "Cannot find the program " + command.get(0)
					+ ". Install eke, or name it in Settings, Tools, eke."));
				return;
			}
			builder.command().set(0, program);
			if (folder != null && folder.isDirectory())
				builder.directory(folder);
			child = builder.start();
		} catch (IOException e) {
			loop.run(() -> failed(process, "Cannot start " + String.join(" ", command) + ": " + e.getMessage()));
			return;
		}
		Connection made = new Connection(child.getInputStream(), child.getOutputStream());
		loop.run(() -> started(process, made, params));
		Thread errors = new Thread(() -> listen(process, child), "eke errors");
		errors.setDaemon(true);
		errors.start();
		made.start("eke", new Connection.Listener() {
			@Override
			public void received(JsonObject message) {
				loop.run(() -> take(process, message));
			}

			@Override
			public void closed(String reason) {
				if (reason != null)
					loop.run(() -> word(process, "eke's output: " + reason));
				made.close();
				loop.run(() -> ended(process, status(child, errors)));
			}
		});
	}

	/* Its exit status; a process that has closed its output is ended, if it does not by itself. */
	private static int status(Process child, Thread errors) {
		try {
			if (!child.waitFor(2, TimeUnit.SECONDS))
				child.destroyForcibly();
			errors.join(1000);
			return child.waitFor();
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
			return -1;
		}
	}

	private void listen(int process, Process child) {
		try (BufferedReader reader = new BufferedReader(
			new InputStreamReader(child.getErrorStream(), StandardCharsets.UTF_8))) {
			for (String line = reader.readLine(); line != null; line = reader.readLine()) {
				String kept = line.length() > MAX_WORD ? line.substring(0, MAX_WORD) : line;
				loop.run(() -> word(process, kept));
			}
		} catch (IOException e) {
			// The process has ended.
		}
	}

	private void word(int process, String line) {
		if (process != serial)
			return;
		words.add(line);
		if (words.size() > WORDS)
			words.remove();
	}

	private void started(int process, Connection made, JsonObject params) {
		if (process != serial || state != State.STARTING) {
			made.close();
			return;
		}
		connection = made;
		request("initialize", params, this::initialized);
		loop.later(PATIENCE, () -> {
			if (process == serial && state == State.STARTING)
				host.warn(String.join(" ", command) + " does not answer. Is the program in Settings, Tools, eke the right one?");
		});
	}

	private void initialized(JsonElement result, JsonObject error) {
		if (state != State.STARTING)
			return;
		introduction = result != null && result.isJsonObject() ? result.getAsJsonObject() : new JsonObject();
		int protocol = Json.number(abilities(), "protocol", 0);
		if (error != null || protocol != PROTOCOL) {
			String program = String.join(" ", command);
			leave();
			fail(error != null ? Json.string(error, "message", "initialize failed")
				: protocol == 0 ? program + " is no eke: name another program in Settings, Tools, eke."
				: "eke " + version() + " speaks protocol " + protocol + " and this plugin " + PROTOCOL
					+ ": update the older of the two.");
			return;
		}
		notify("initialized", new JsonObject());
		move(State.RUNNING);
		listener.ready();
		List<Runnable> tasks = new ArrayList<>(waiting);
		waiting.clear();
		tasks.forEach(Runnable::run);
	}

	private void failed(int process, String why) {
		if (process == serial && state == State.STARTING)
			fail(why);
	}

	private void fail(String why) {
		waiting.clear();
		move(State.FAILED);
		host.warn(why);
	}

	private void ended(int process, int status) {
		if (process != serial)
			return;
		forget();
		long now = System.nanoTime();
		crashes.removeIf(when -> now - when > CRASH_NANOS);
		crashes.add(now);
		String last = "status " + status + (words.isEmpty() ? "" : ": " + words.getLast());
		if (crashes.size() > CRASHES) {
			fail("eke ended " + crashes.size() + " times within 3 minutes (" + last
				+ "). Its menu in the status bar can restart it.");
			return;
		}
		move(State.RESTARTING);
		if (crashes.size() == 1)
			host.warn("eke ended (" + last + ") and is started again.");
		else
			host.log("eke ended (" + last + ")");
		int process2 = serial;
		loop.later(host.restartDelay() << crashes.size() - 1, () -> {
			if (process2 == serial && state == State.RESTARTING) {
				state = State.OFF;
				start();
			}
		});
	}

	/* The process is gone: nothing will be answered, no document is open. */
	private void forget() {
		connection = null;
		List<Answer> answers = new ArrayList<>(pending.values());
		pending.clear();
		listener.gone();
		JsonObject error = Json.object("code", -32803, "message", "the server ended");
		for (Answer answer : answers)
			answer.take(null, error);
	}

	/** Ends it, until restart(). */
	public void stop() {
		leave();
		waiting.clear();
		move(State.STOPPED);
	}

	/** Also after stop(). */
	public void restart() {
		leave();
		crashes.clear();
		move(State.OFF);
		start();
	}

	/* Asks it to end; it does, at the latest when its input is closed. */
	private void leave() {
		serial++;
		if (connection != null) {
			send(Json.object("jsonrpc", "2.0", "id", ++lastId, "method", "shutdown", "params", new JsonObject()));
			notify("exit", new JsonObject());
			connection.close();
		}
		forget();
		state = State.OFF;
	}

	private void move(State to) {
		state = to;
		host.statusChanged();
	}

	// --- messages ---

	private void send(JsonObject message) {
		if (connection != null)
			connection.send(message);
	}

	/** Asks the server. The answer comes once, an error if it does not run. Returns the request's id for cancel(). */
	public int request(String method, JsonObject params, Answer answer) {
		int id = ++lastId;
		if (connection == null) {
			loop.run(() -> answer.take(null, Json.object("code", -32803, "message", "eke does not run")));
			return id;
		}
		pending.put(id, answer);
		send(Json.object("jsonrpc", "2.0", "id", id, "method", method, "params", params));
		return id;
	}

	public void notify(String method, JsonObject params) {
		send(Json.object("jsonrpc", "2.0", "method", method, "params", params));
	}

	/** The answer still comes. */
	public void cancel(int id) {
		if (pending.containsKey(id))
			notify("$/cancelRequest", Json.object("id", id));
	}

	void reply(JsonElement id, JsonElement result) {
		JsonObject message = Json.object("jsonrpc", "2.0", "id", id);
		message.add("result", result);
		send(message);
	}

	void refuse(JsonElement id, int code, String message) {
		send(Json.object("jsonrpc", "2.0", "id", id, "error", Json.object("code", code, "message", message)));
	}

	private void take(int process, JsonObject message) {
		if (process != serial)
			return;
		String method = Json.string(message, "method", null);
		JsonElement id = Json.get(message, "id");
		if (method == null) {
			Answer answer = id == null ? null : pending.remove(Json.number(message, "id", 0));
			JsonElement error = Json.get(message, "error");
			if (answer != null)
				answer.take(error == null ? Json.get(message, "result") : null,
					error != null && error.isJsonObject() ? error.getAsJsonObject() : null);
		} else if (id != null)
			listener.asked(id, method, Json.sub(message, "params"));
		else
			listener.notified(method, Json.sub(message, "params"));
	}
}
