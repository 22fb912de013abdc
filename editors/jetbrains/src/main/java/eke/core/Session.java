package eke.core;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;

import java.util.List;
import java.util.function.Consumer;

/**
 * A project's conversation with its server: the server's process, the documents that it knows, ghost text, the chat and the budget.
 * All of it on the loop's thread.
 */
public final class Session implements Server.Listener {
	private static final int UNKNOWN_METHOD = -32601;

	private final Host host;
	public final Server server;
	public final Documents documents;
	public final Ghost ghost;
	public final Chat chat;
	private JsonObject status = Status.idle();

	public Session(Host host, Loop loop) {
		this.host = host;
		server = new Server(host, loop, this);
		documents = new Documents(server, loop);
		ghost = new Ghost(server, documents);
		chat = new Chat(server);
	}

	/** For the status bar. */
	public String statusLine() {
		return Status.line(server.state(), status);
	}

	/** What eke says about its state; "" if nothing. */
	public String statusMessage() {
		return Json.string(status, "message", "");
	}

	/** The settings have changed; they may name other commands. */
	public void configure() {
		chat.ready();
		server.notify("workspace/didChangeConfiguration", Json.object("settings", Json.object("eke", host.settings())));
	}

	/** Budgets in words, a line each. */
	public void budgets(Consumer<List<String>> show) {
		server.whenRunning(() -> server.request("budget/get", new JsonObject(), (result, error) -> {
			if (error != null)
				host.warn(Json.string(error, "message", ""));
			else
				show.accept(Status.lines(server.version(), status, result));
		}));
	}

	/** Why there is, or is not, a completion at a place. */
	public void explain(Text text, int offset, Consumer<String> show) {
		server.whenRunning(() -> {
			documents.open(text);
			documents.flush(text);
			server.request("completion/explain", Json.object("textDocument", Documents.id(text),
				"position", Documents.position(text, offset)), (result, error) -> show.accept(error != null
				? Json.string(error, "message", "")
				: Json.string(result, "decision", "") + ": " + Json.string(result, "reason", "")));
		});
	}

	/** A proposal for a range, told in words of the user's. */
	public interface Proposed {
		void take(String replacement, List<Edit> edits, String error);
	}

	/** Asks for an edit of a range; nothing is changed. Returns what gives it up. */
	public Runnable propose(Text text, int start, int end, String instruction, Proposed proposed) {
		int[] request = {0};
		server.whenRunning(() -> {
			documents.open(text);
			documents.flush(text);
			request[0] = server.request("edit/propose", Json.object("textDocument", Documents.id(text),
				"range", Documents.range(text, start, end), "instruction", instruction), (result, error) -> {
				if (error != null) {
					proposed.take(null, null, Json.number(error, "code", 0) == UNKNOWN_METHOD
						? "This eke (" + server.version() + ") proposes no edits yet: update it." : Json.string(error, "message", ""));
					return;
				}
				try {
					List<Edit> edits = Edit.of(Json.get(result, "edit"), documents, host);
					proposed.take(Documents.unix(Json.string(result, "text", "")), edits, null);
				} catch (Edit.Refused e) {
					proposed.take(null, null, e.getMessage());
				}
			});
		});
		return () -> server.cancel(request[0]);
	}

	@Override
	public void ready() {
		for (Text text : host.texts())
			documents.open(text);
		chat.ready();
		host.ready();
	}

	@Override
	public void gone() {
		documents.forget();
		ghost.forget();
		status = Status.idle();
		host.statusChanged();
	}

	@Override
	public void notified(String method, JsonObject params) {
		switch (method) {
		case "$/progress":
			chat.progress(params);
			break;
		case "eke/didChangeStatus":
			status = params;
			host.statusChanged();
			break;
		case "eke/didCreateChat":
			chat.created(params);
			break;
		case "window/showMessage":
			host.warn(Json.string(params, "message", ""));
			break;
		case "window/logMessage":
			host.log(Json.string(params, "message", ""));
			break;
		default:
			// Of a later version.
		}
	}

	@Override
	public void asked(JsonElement id, String method, JsonObject params) {
		switch (method) {
		case "window/showMessageRequest":
			List<JsonElement> actions = Json.list(params, "actions");
			List<String> titles = new java.util.ArrayList<>();
			for (JsonElement action : actions)
				titles.add(Json.string(action, "title", ""));
			host.ask(Json.string(params, "message", ""), titles, answer -> server.reply(id,
				titles.contains(answer) ? actions.get(titles.indexOf(answer)) : JsonNull.INSTANCE));
			break;
		case "workspace/applyEdit":
			host.whenWritable(() -> {
				String refused = apply(params);
				server.reply(id, refused == null ? Json.object("applied", true)
					: Json.object("applied", false, "failureReason", refused));
			});
			break;
		case "window/showDocument":
			server.reply(id, Json.object("success", !Json.is(params, "external") && host.show(Json.string(params, "uri", ""))));
			break;
		case "workspace/configuration":
			JsonArray settings = new JsonArray();
			for (JsonElement item : Json.list(params, "items"))
				settings.add(Json.string(item, "section", "eke").equals("eke") ? host.settings() : JsonNull.INSTANCE);
			server.reply(id, settings);
			break;
		case "client/registerCapability":
		case "client/unregisterCapability":
		case "window/workDoneProgress/create":
			server.reply(id, JsonNull.INSTANCE);
			break;
		default:
			server.refuse(id, UNKNOWN_METHOD, "this plugin does not know " + method);
		}
	}

	private String apply(JsonObject params) {
		try {
			return host.apply(Json.string(params, "label", "eke"), Edit.of(Json.get(params, "edit"), documents, host));
		} catch (Edit.Refused e) {
			return e.getMessage();
		}
	}
}
