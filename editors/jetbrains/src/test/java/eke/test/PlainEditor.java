package eke.test;

import com.google.gson.JsonObject;

import eke.core.Chat;
import eke.core.Documents;
import eke.core.Edit;
import eke.core.Ghost;
import eke.core.Host;
import eke.core.Json;
import eke.core.Loop;
import eke.core.Markdown;
import eke.core.Session;
import eke.core.Text;

import java.io.File;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The core in an editor without a screen, for the conformance suite. What a key does here, it does in the IDE's adapter. */
public class PlainEditor implements Remote.Editor, Host, Loop, Chat.View {
	private static final ThreadFactory DAEMON = task -> {
		Thread thread = new Thread(task);
		thread.setDaemon(true);
		return thread;
	};

	private final ScheduledExecutorService loop = Executors.newSingleThreadScheduledExecutor(DAEMON);
	private final ExecutorService background = Executors.newCachedThreadPool(DAEMON);
	private final Map<String, PlainText> texts = new LinkedHashMap<>();
	private final StringBuilder messages = new StringBuilder();
	private final Map<String, Consumer<String>> questions = new HashMap<>();
	private final List<String> command = new ArrayList<>();
	private JsonObject settings = new JsonObject();
	private boolean auto = true;
	private File folder;
	Session session;
	PlainText current;
	private String draft = "";
	private boolean inChat;
	private String screen; // the ghost text that is drawn, lines joined by \n

	public static void main(String[] arguments) throws Exception {
		Remote.serve(new PlainEditor());
	}

	@Override
	public Object call(String method, JsonObject params) throws Exception {
		Callable<Object> task = () -> handle(method, params);
		return loop.submit(task).get();
	}

	Object handle(String method, JsonObject params) throws Exception {
		switch (method) {
		case "start":
			command.addAll(Json.strings(params, "command"));
			folder = new File(Json.string(params, "folder", "."));
			settings = Json.sub(params, "settings");
			auto = Json.get(Json.sub(params, "options"), "auto") == null || Json.is(Json.sub(params, "options"), "auto");
			session = new Session(this, this);
			session.chat.bind(this, id -> { });
			return null;
		case "stop":
			if (session != null)
				session.server.stop();
			return null;
		case "open":
			open(params);
			return null;
		case "type":
			for (int i = 0; i < Json.string(params, "text", "").length(); ) {
				int next = Json.string(params, "text", "").offsetByCodePoints(i, 1);
				type(Json.string(params, "text", "").substring(i, next));
				i = next;
			}
			return null;
		case "press":
			press(Json.string(params, "key", ""));
			return null;
		case "command":
			command(Json.string(params, "name", ""), Json.string(params, "with", ""), Json.list(params, "lines").isEmpty() ? null
				: new int[]{Json.list(params, "lines").get(0).getAsInt(), Json.list(params, "lines").get(1).getAsInt()});
			return null;
		case "choose":
			Consumer<String> question = questions.remove(Json.string(params, "title", ""));
			if (question != null)
				question.accept(Json.string(params, "title", ""));
			return question != null;
		case "ghost":
			return screen;
		case "buffer":
			return Json.object("text", withoutLastBreak(current.chars().toString()),
				"before", current.chars().subSequence(0, current.caret).toString());
		case "text":
			return withoutLastBreak(texts.get(Json.string(params, "path", "")).chars().toString());
		case "messages":
			return messages.toString();
		case "status":
			return session.statusLine();
		case "chat":
			return Transcript.of(session.chat, draft);
		default:
			throw new IllegalArgumentException(method);
		}
	}

	private static String withoutLastBreak(String text) {
		return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
	}

	private void open(JsonObject params) throws Exception {
		String path = Json.string(params, "path", "");
		if (!texts.containsKey(path))
			texts.put(path, new PlainText(Paths.get(path)));
		current = texts.get(path);
		int start = current.lineStart(Json.number(params, "line", 0));
		current.caret = Character.offsetByCodePoints(current.chars(), start, Json.number(params, "column", 0));
		inChat = false;
		session.server.start();
		session.documents.open(current);
		enter();
	}

	private void enter() {
		session.ghost.enter(new View(current));
		session.ghost.moved();
		if (auto)
			session.ghost.ask();
	}

	void change(PlainText text, int start, int end, String replacement) {
		session.documents.changing(text, start, end, replacement);
		session.ghost.changing(text, start, end, replacement);
		text.replace(start, end, replacement);
	}

	private void type(String typed) {
		if (inChat) {
			draft += typed;
			return;
		}
		change(current, current.caret, current.caret, typed);
		edited();
	}

	private void edited() {
		if (session.ghost.view() == null)
			session.ghost.enter(new View(current));
		session.ghost.moved();
		if (auto)
			session.ghost.ask();
	}

	private void press(String key) {
		switch (key) {
		case "accept":
			session.ghost.accept(Ghost.Part.ALL);
			break;
		case "acceptWord":
			session.ghost.accept(Ghost.Part.WORD);
			break;
		case "acceptLine":
			session.ghost.accept(Ghost.Part.LINE);
			break;
		case "next":
			session.ghost.cycle(1);
			return;
		case "previous":
			session.ghost.cycle(-1);
			return;
		case "dismiss":
			session.ghost.dismiss();
			return;
		case "suggest":
			session.ghost.suggest();
			return;
		case "leave":
			session.ghost.enter(null);
			return;
		case "backspace":
			change(current, Character.offsetByCodePoints(current.chars(), current.caret, -1), current.caret, "");
			break;
		case "right":
			current.caret = Character.offsetByCodePoints(current.chars(), current.caret, 1);
			break;
		case "send":
			session.chat.send(draft, "", Collections.emptyList(), null);
			return;
		default:
			throw new IllegalArgumentException(key);
		}
		edited();
	}

	private void command(String name, String with, int[] lines) {
		switch (name) {
		case "chat":
			inChat = true;
			draft = draft.trim();
			break;
		case "ask":
			session.chat.send(with, "", attachments(lines), null);
			break;
		case "eke":
			session.chat.commands(commands -> session.chat.send("", with, attachments(lines), null));
			break;
		case "cancel":
			session.chat.cancel();
			break;
		case "regenerate":
			session.chat.regenerate();
			break;
		case "restart":
			session.server.restart();
			break;
		case "apply":
			apply();
			break;
		default:
			throw new IllegalArgumentException(name);
		}
	}

	private List<Chat.Attachment> attachments(int[] lines) {
		if (lines == null)
			return Collections.emptyList();
		int start = current.lineStart(lines[0] - 1);
		int end = current.lineStart(lines[1]);
		session.documents.flush(current);
		return Collections.singletonList(new Chat.Attachment(Json.object("kind", "selection", "uri", current.uri(),
			"range", Documents.range(current, start, end)), "a.c", new int[]{start, end}));
	}

	private void apply() {
		for (int i = session.chat.turns().size() - 1; i >= 0; i--) {
			Chat.Turn turn = session.chat.turns().get(i);
			String code = turn.isQuestion ? null : Markdown.lastCode(turn.text());
			if (code != null) {
				int[] range = (int[])turn.origin;
				change(current, range[0], range[1], code + "\n");
				return;
			}
		}
	}

	private final class View implements Ghost.View {
		private final PlainText text;

		View(PlainText text) {
			this.text = text;
		}

		@Override
		public Text text() {
			return text;
		}

		@Override
		public int caret() {
			return text.caret;
		}

		@Override
		public long stamp() {
			return text.stamp;
		}

		@Override
		public boolean isReady() {
			return true;
		}

		@Override
		public void draw(Ghost.Picture picture) {
			screen = null;
			if (picture == null)
				return;
			StringBuilder line = new StringBuilder();
			for (Ghost.Piece piece : picture.pieces)
				line.append(piece.text);
			List<String> lines = new ArrayList<>();
			lines.add(line.toString());
			lines.addAll(picture.below);
			lines.replaceAll(one -> one.replaceAll("\\s+$", ""));
			screen = String.join("\n", lines);
		}

		@Override
		public void replace(int start, int end, String replacement) {
			change(text, start, end, replacement);
			text.caret = start + replacement.length();
		}
	}

	// --- the host ---

	@Override
	public List<String> command() {
		return command;
	}

	@Override
	public Map<String, String> environment() {
		return Collections.emptyMap();
	}

	@Override
	public File folder() {
		return folder;
	}

	@Override
	public JsonObject introduction() {
		return Json.object("clientInfo", Json.object("name", "eke conformance"), "rootUri", folder.toURI().toString());
	}

	@Override
	public JsonObject settings() {
		return settings;
	}

	@Override
	public int restartDelay() {
		return 50;
	}

	@Override
	public List<Text> texts() {
		return new ArrayList<>(texts.values());
	}

	@Override
	public Text text(String uri) {
		for (PlainText text : texts.values())
			if (text.uri().equals(uri))
				return text;
		return null;
	}

	@Override
	public void warn(String message) {
		messages.append(message).append('\n');
	}

	@Override
	public void log(String message) {
	}

	@Override
	public void ask(String message, List<String> actions, Consumer<String> answer) {
		for (String action : actions)
			questions.put(action, answer);
	}

	@Override
	public boolean show(String uri) {
		return false;
	}

	@Override
	public void whenWritable(Runnable task) {
		task.run();
	}

	@Override
	public String apply(String label, List<Edit> edits) {
		for (Edit edit : edits)
			change((PlainText)edit.text, edit.start, edit.end, edit.replacement);
		return null;
	}

	@Override
	public void statusChanged() {
	}

	@Override
	public void ready() {
		if (session.ghost.view() != null && auto)
			session.ghost.ask();
	}

	// --- the loop ---

	@Override
	public void run(Runnable task) {
		loop.execute(() -> guarded(task));
	}

	@Override
	public void later(int milliseconds, Runnable task) {
		loop.schedule(() -> guarded(task), milliseconds, TimeUnit.MILLISECONDS);
	}

	@Override
	public void background(Runnable task) {
		background.execute(() -> guarded(task));
	}

	static void guarded(Runnable task) {
		try {
			task.run();
		} catch (RuntimeException | Error e) {
			e.printStackTrace();
			throw e;
		}
	}

	// --- the chat ---

	@Override
	public void changed() {
	}

	@Override
	public void streamed() {
	}

	@Override
	public String draft() {
		return draft;
	}

	@Override
	public void draft(String text) {
		draft = text;
	}
}
