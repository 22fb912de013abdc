package eke.core;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import java.util.HashMap;
import java.util.Map;

/**
 * Which documents the server knows, and telling it every change of them. Changes are collected until something is asked, or the
 * loop's next turn: an action that makes thousands of them is one message.
 */
public final class Documents {
	/** More changes than this are sent as the whole text. */
	private static final int MAX_CHANGES = 500;
	/** Larger documents are left alone: the server would refuse them. */
	public static final int MAX_LENGTH = 4 << 20;

	private static final class Open {
		final String uri;
		final String language;
		int version = 1;
		JsonArray changes = new JsonArray();
		boolean whole;

		Open(String uri, String language) {
			this.uri = uri;
			this.language = language;
		}
	}

	private final Server server;
	private final Loop loop;
	private final Map<Text, Open> open = new HashMap<>();

	Documents(Server server, Loop loop) {
		this.server = server;
		this.loop = loop;
	}

	/** Opens the document, if it is not; opens it anew if it has got another name or language. */
	public void open(Text text) {
		Open known = open.get(text);
		if (known != null && known.uri.equals(text.uri()) && known.language.equals(text.language()))
			return;
		close(text);
		if (!server.isRunning() || text.chars().length() > MAX_LENGTH)
			return;
		Open opened = new Open(text.uri(), text.language());
		for (Open other : open.values())
			if (other.uri.equals(opened.uri))
				return;
		open.put(text, opened);
		server.notify("textDocument/didOpen", Json.object("textDocument", Json.object("uri", opened.uri,
			"languageId", opened.language, "version", 1, "text", wire(text, text.chars().toString()))));
	}

	public boolean isOpen(Text text) {
		return open.containsKey(text);
	}

	/** The version that the server knows, with all changes so far; 0 if it does not know the document. */
	public int version(Text text) {
		flush(text);
		Open known = open.get(text);
		return known == null ? 0 : known.version;
	}

	/** Before the document changes: old text is still there. */
	public void changing(Text text, int start, int end, CharSequence replacement) {
		Open known = open.get(text);
		if (known == null)
			return;
		boolean first = known.changes.size() == 0 && !known.whole;
		if (known.changes.size() >= MAX_CHANGES) {
			known.whole = true;
			known.changes = new JsonArray();
		} else if (!known.whole)
			known.changes.add(Json.object("range", range(text, start, end), "text", wire(text, replacement.toString())));
		if (first)
			loop.run(() -> flush(text));
	}

	/** Sends what has changed so far. Never between changing() and the change itself. */
	public void flush(Text text) {
		Open known = open.get(text);
		if (known == null || known.changes.size() == 0 && !known.whole)
			return;
		JsonArray changes = known.whole ? Json.array(Json.object("text", wire(text, text.chars().toString()))) : known.changes;
		known.changes = new JsonArray();
		known.whole = false;
		known.version++;
		server.notify("textDocument/didChange", Json.object("textDocument",
			Json.object("uri", known.uri, "version", known.version), "contentChanges", changes));
	}

	public void saved(Text text) {
		Open known = open.get(text);
		if (known == null)
			return;
		flush(text);
		server.notify("textDocument/didSave", Json.object("textDocument", Json.object("uri", known.uri)));
	}

	public void close(Text text) {
		Open known = open.remove(text);
		if (known != null)
			server.notify("textDocument/didClose", Json.object("textDocument", Json.object("uri", known.uri)));
	}

	/** The server is gone, and what it knew. */
	void forget() {
		open.clear();
	}

	public static JsonObject id(Text text) {
		return Json.object("uri", text.uri());
	}

	public static JsonObject position(Text text, int offset) {
		int line = text.line(offset);
		return Json.position(line, offset - text.lineStart(line));
	}

	public static JsonObject range(Text text, int start, int end) {
		return Json.object("start", position(text, start), "end", position(text, end));
	}

	/** The offset of a position; past the end of a line or of the text counts as that end. */
	public static int offset(Text text, JsonElement position) {
		int line = Math.max(0, Json.number(position, "line", 0));
		int start = text.lineStart(line);
		int next = text.lineStart(line + 1);
		boolean last = next >= text.chars().length() && (next == 0 || next == start || text.chars().charAt(next - 1) != '\n');
		int end = last ? text.chars().length() : next - 1;
		return (int)Math.min(end, (long)start + Math.max(0, Json.number(position, "character", 0)));
	}

	private static String wire(Text text, String unix) {
		return text.separator().equals("\n") ? unix : unix.replace("\n", text.separator());
	}

	/** Text of the server's as the IDE wants it. */
	public static String unix(String text) {
		return text.indexOf('\r') < 0 ? text : text.replace("\r\n", "\n").replace('\r', '\n');
	}
}
