package eke.core;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The conversation that is on the screen. The server keeps conversations and makes prompts; here is what was said, what is being
 * said, and what each question was about.
 */
public final class Chat {
	/** What shows it. */
	public interface View {
		/** Turns came, went, or have other words than were streamed. */
		void changed();

		/** The last turn has got longer. */
		void streamed();

		/** What the user is writing. */
		String draft();

		void draft(String text);
	}

	/** A question, or an answer. */
	public static final class Turn {
		public final boolean isQuestion;
		/** The server's id of it; "" until it is known. */
		public String id = "";
		String text = "";
		/** What the model thought aloud. */
		public String reasoning = "";
		public String model = "";
		/** What to tell about an answer: what was left out of the question, why it is cut off, what went wrong. */
		public final List<String> notes = new ArrayList<>();
		/** What a question was about, as words. */
		public final List<String> about = new ArrayList<>();
		/** What it was about, as the IDE knows it; null: nothing that can be replaced. */
		public Object origin;
		public boolean streaming;
		final StringBuilder stream = new StringBuilder();

		Turn(boolean isQuestion) {
			this.isQuestion = isQuestion;
		}

		/** Markdown in an answer, plain text in a question. */
		public String text() {
			return streaming ? stream.toString() : text;
		}
	}

	/** Something that goes with a question. */
	public static final class Attachment {
		/** As the protocol's Context; asked for when the server is up and the question goes out. */
		final Supplier<JsonObject> context;
		public final String name;
		/** The place in the IDE that code of the answer may replace; null: none. */
		final Object origin;

		public Attachment(JsonObject context, String name, Object origin) {
			this(() -> context, name, origin);
		}

		public Attachment(Supplier<JsonObject> context, String name, Object origin) {
			this.context = context;
			this.name = name;
			this.origin = origin;
		}
	}

	/** A name for a prompt. */
	public static final class Command {
		public final String name;
		public final String title;
		public final String description;
		/** selection, file, diff or none. */
		public final String needs;

		Command(JsonElement command) {
			name = Json.string(command, "name", "");
			title = Json.string(command, "title", name);
			description = Json.string(command, "description", "");
			needs = Json.string(command, "needs", "none");
		}
	}

	/** A conversation in the history. */
	public static final class Entry {
		public final String id;
		public final String title;
		/** ISO 8601. */
		public final String updatedAt;

		Entry(JsonElement entry) {
			id = Json.string(entry, "chatId", "");
			title = Json.string(entry, "title", "");
			updatedAt = Json.string(entry, "updatedAt", "");
		}

		@Override
		public String toString() {
			return title;
		}
	}

	private static final int CANCELLED = -32800;
	private static final int UNKNOWN_METHOD = -32601;
	private static final int HISTORY_PAGE = 50;

	private final Server server;
	private final List<Turn> turns = new ArrayList<>();
	private final List<Command> commands = new ArrayList<>();
	private final List<Consumer<List<Command>>> askers = new ArrayList<>(); // who waits for them
	private View view;
	private Consumer<String> onChat = id -> { };
	private String id = "";
	private int token;
	private int request; // in flight; 0: none
	private Turn answer; // that is being written
	private Turn former; // which it is to take the place of
	private String asked = "";
	private int others; // conversations that begin, and are not shown

	/** The model to ask; "": the configuration's. */
	public String model = "";
	public String endpoint = "";

	Chat(Server server) {
		this.server = server;
	}

	/** Who shows it, and who remembers which conversation it is ("": a new one). */
	public void bind(View shown, Consumer<String> remember) {
		view = shown;
		onChat = remember;
	}

	public List<Turn> turns() {
		return Collections.unmodifiableList(turns);
	}

	public String id() {
		return id;
	}

	public boolean isAnswering() {
		return answer != null;
	}

	// --- asking ---

	/** Is there something that can be sent? */
	public static boolean isQuestion(String text, String command) {
		return !text.trim().isEmpty() || !command.isEmpty();
	}

	/**
	 * Asks. {@code command} is the name of a chat command or "", {@code edited} a question of the conversation that this one takes the
	 * place of, or null. False if nothing is asked, since an answer is still being written or there is no question.
	 */
	public boolean send(String text, String command, List<Attachment> attachments, Turn edited) {
		if (isAnswering() || !isQuestion(text, command))
			return false;
		server.whenRunning(() -> sendNow(text, command, attachments, edited));
		return true;
	}

	private void sendNow(String text, String command, List<Attachment> attachments, Turn edited) {
		if (isAnswering())
			return;
		JsonObject params = Json.object("prompt", text, "command", command.isEmpty() ? null : command);
		if (edited != null && turns.contains(edited) && !edited.id.isEmpty()) {
			params.addProperty("editTurnId", edited.id);
			turns.subList(turns.indexOf(edited), turns.size()).clear();
		}
		Turn question = new Turn(true);
		question.text = command.isEmpty() ? text : ("/" + command + " " + text).trim();
		JsonArray context = new JsonArray();
		for (Attachment attachment : attachments) {
			context.add(attachment.context.get());
			question.about.add(attachment.name);
			if (question.origin == null)
				question.origin = attachment.origin;
		}
		if (context.size() > 0)
			params.add("context", context);
		turns.add(question);
		asked = question.text;
		if (view != null)
			view.draft("");
		begin("chat/send", params, null, question.origin);
	}

	/** Gets an answer's text; or null and what went wrong. */
	public interface Once {
		void take(String text, String error);
	}

	/** A command in a chat of its own, which is not shown here. */
	public void once(String command, List<Attachment> attachments, Once once) {
		server.whenRunning(() -> {
			JsonArray context = new JsonArray();
			for (Attachment attachment : attachments)
				context.add(attachment.context.get());
			others++;
			server.request("chat/send", Json.object("prompt", "", "command", command, "context", context.size() > 0 ? context : null),
				(result, error) -> {
					others--;
					once.take(Json.string(result, "text", ""), message(error));
				});
		});
	}

	/** Asks the last question once more. False if there is nothing to ask again. */
	public boolean regenerate() {
		if (isAnswering() || id.isEmpty() || turns.isEmpty())
			return false;
		server.whenRunning(() -> {
			if (isAnswering() || turns.isEmpty())
				return;
			Turn last = turns.get(turns.size() - 1);
			asked = "";
			if (!last.isQuestion)
				turns.remove(last);
			begin("chat/regenerate", new JsonObject(), last.isQuestion ? null : last, last.origin);
		});
		return true;
	}

	private void begin(String method, JsonObject params, Turn replaced, Object origin) {
		answer = new Turn(false);
		answer.streaming = true;
		answer.origin = origin;
		former = replaced;
		turns.add(answer);
		params.addProperty("streamToken", ++token);
		if (!id.isEmpty())
			params.addProperty("chatId", id);
		if (!model.isEmpty())
			params.addProperty("model", model);
		if (!endpoint.isEmpty())
			params.addProperty("endpoint", endpoint);
		Turn own = answer;
		request = server.request(method, params, (result, error) -> answered(own, result, error));
		changed();
	}

	public void cancel() {
		if (isAnswering())
			server.cancel(request);
	}

	void created(JsonObject params) {
		// Which of two it is, is not said; the answer says it, too.
		if (isAnswering() && id.isEmpty() && others == 0) {
			become(Json.string(params, "chatId", ""));
			name(Json.string(params, "questionTurnId", ""), Json.string(params, "turnId", ""));
		}
	}

	private void name(String questionId, String answerId) {
		answer.id = answerId;
		int at = turns.indexOf(answer);
		if (at > 0 && turns.get(at - 1).isQuestion && !questionId.isEmpty())
			turns.get(at - 1).id = questionId;
	}

	void progress(JsonObject params) {
		if (answer == null || Json.number(params, "token", 0) != token)
			return;
		JsonObject value = Json.sub(params, "value");
		answer.stream.append(Documents.unix(Json.string(value, "text", "")));
		answer.reasoning += Json.string(value, "reasoning", "");
		if (view != null)
			view.streamed();
	}

	private void answered(Turn own, JsonElement result, JsonObject error) {
		if (answer != own)
			return;
		Turn replaced = former;
		own.text = own.text();
		own.streaming = false;
		if (error == null) {
			become(Json.string(result, "chatId", id));
			name(Json.string(result, "questionTurnId", ""), Json.string(result, "turnId", ""));
			own.text = Documents.unix(Json.string(result, "text", own.text)).trim();
			own.model = Json.string(result, "model", "");
			own.reasoning = Json.string(result, "reasoning", own.reasoning);
			own.notes.addAll(Json.strings(result, "trimmed"));
			String notice = Json.string(result, "notice", "");
			if (notice.isEmpty())
				note(own, Json.string(result, "finishReason", "stop"));
			else
				own.notes.add(notice);
		} else {
			Turn told = own;
			// No answer came: the former one, if there was one, is there again.
			if (replaced != null && own.text.isEmpty()) {
				turns.set(turns.indexOf(own), replaced);
				replaced.notes.clear();
				told = replaced;
			}
			boolean cancelled = Json.number(error, "code", 0) == CANCELLED;
			told.notes.add(Json.number(error, "code", 0) == UNKNOWN_METHOD
				? "This eke (" + server.version() + ") has no chat for editors yet: update it. `eke chat` in a terminal works."
				: cancelled ? "stopped" : Json.string(error, "message", "failed"));
			if (!cancelled && view != null && view.draft().trim().isEmpty())
				view.draft(asked);
		}
		answer = null;
		former = null;
		request = 0;
		changed();
	}

	private static void note(Turn turn, String finishReason) {
		if (finishReason.equals("length"))
			turn.notes.add("cut off: the answer is as long as it may be");
		else if (finishReason.equals("filter"))
			turn.notes.add("cut off by the service's content filter");
		else if (finishReason.equals("truncated"))
			turn.notes.add("cut off: the connection broke");
	}

	private void changed() {
		if (view != null)
			view.changed();
	}

	private void become(String chatId) {
		if (!id.equals(chatId)) {
			id = chatId;
			onChat.accept(id);
		}
	}

	// --- conversations ---

	/** A new conversation; this one stays in the history. False while an answer is being written. */
	public boolean renew() {
		if (isAnswering())
			return false;
		turns.clear();
		become("");
		changed();
		return true;
	}

	/** Shows a conversation of the history; {@code failed} gets why it cannot. */
	public void open(String chatId, Consumer<String> failed) {
		if (isAnswering()) {
			failed.accept("An answer is still being written: stop it first.");
			return;
		}
		server.whenRunning(() -> server.request("chat/get", Json.object("chatId", chatId), (result, error) -> {
			if (isAnswering())
				return;
			if (error != null) {
				failed.accept(Json.string(error, "message", ""));
				return;
			}
			turns.clear();
			for (JsonElement turn : Json.list(result, "turns"))
				turns.add(turn(turn));
			become(chatId);
			changed();
		}));
	}

	private static Turn turn(JsonElement json) {
		Turn turn = new Turn(Json.string(json, "role", "").equals("user"));
		turn.id = Json.string(json, "turnId", "");
		turn.text = Documents.unix(Json.string(json, "text", "")).trim();
		String command = Json.string(json, "command", "");
		if (turn.isQuestion && !command.isEmpty())
			turn.text = ("/" + command + " " + turn.text).trim();
		turn.model = Json.string(json, "model", "");
		turn.reasoning = Json.string(json, "reasoning", "");
		for (JsonElement one : Json.list(json, "context"))
			turn.about.add(Json.string(one, "name", ""));
		if (Json.is(json, "interrupted"))
			turn.notes.add("stopped");
		else
			note(turn, Json.string(json, "finishReason", "stop"));
		return turn;
	}

	/** Pages of the history, the newest first. */
	public interface Page {
		/** {@code next} is the cursor of the page that follows, null after the last. */
		void take(List<Entry> entries, String next, String error);
	}

	public void history(String query, String cursor, Page page) {
		server.whenRunning(() -> server.request("chat/list", Json.object("limit", HISTORY_PAGE,
			"query", query.trim().isEmpty() ? null : query.trim(), "cursor", cursor), (result, error) -> {
			List<Entry> entries = new ArrayList<>();
			for (JsonElement entry : Json.list(result, "chats"))
				entries.add(new Entry(entry));
			page.take(entries, Json.string(result, "cursor", null), message(error));
		}));
	}

	/** {@code done} gets null, or what went wrong. */
	public void rename(String chatId, String title, Consumer<String> done) {
		call("chat/rename", Json.object("chatId", chatId, "title", title), (result, error) -> done.accept(message(error)));
	}

	/** {@code done} gets null, or what went wrong. */
	public void delete(String chatId, Consumer<String> done) {
		call("chat/delete", Json.object("chatId", chatId), (result, error) -> {
			if (error == null && chatId.equals(id))
				renew();
			done.accept(message(error));
		});
	}

	/** The conversation as Markdown; or null and what went wrong. */
	public void export(String chatId, Server.Answer done) {
		call("chat/export", Json.object("chatId", chatId, "format", "markdown"), done);
	}

	private void call(String method, JsonObject params, Server.Answer answer) {
		server.whenRunning(() -> server.request(method, params, answer));
	}

	private static String message(JsonObject error) {
		return error == null ? null : Json.string(error, "message", "failed");
	}

	/** The chat commands, the user's own included. Asked for once, however many want them meanwhile. */
	public void commands(Consumer<List<Command>> take) {
		if (!commands.isEmpty()) {
			take.accept(commands);
			return;
		}
		server.whenRunning(() -> {
			askers.add(take);
			if (askers.size() > 1)
				return;
			server.request("chat/commands", new JsonObject(), (result, error) -> {
				commands.clear();
				for (JsonElement command : Json.list(result, "commands"))
					commands.add(new Command(command));
				List<Consumer<List<Command>>> told = new ArrayList<>(askers);
				askers.clear();
				told.forEach(one -> one.accept(commands));
			});
		});
	}

	/** Those that are known by now. */
	public List<Command> knownCommands() {
		return Collections.unmodifiableList(commands);
	}

	/** The models that can be asked, as {endpoint, id}. */
	public void models(Consumer<List<String[]>> take) {
		call("models/list", new JsonObject(), (result, error) -> {
			List<String[]> models = new ArrayList<>();
			for (JsonElement model : Json.list(result, "models"))
				models.add(new String[]{Json.string(model, "endpoint", ""), Json.string(model, "id", "")});
			take.accept(models);
		});
	}

	/** The server is up, or has other settings: it may have other commands than before. */
	void ready() {
		commands.clear();
	}
}
