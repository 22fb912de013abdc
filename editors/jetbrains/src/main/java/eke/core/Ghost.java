package eke.core;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Ghost text: asks for completions where the caret is, says what is to be drawn, and takes it as a whole or in parts. What is shown
 * stays while the user types what it says: then there is only less of it to draw.
 */
public final class Ghost {
	/** The editor that has the focus. */
	public interface View {
		Text text();

		int caret();

		/** Another number after every change of the document. */
		long stamp();

		/** Can text be completed here: it can be edited, there is one caret and no selection, and nothing else waits for keys. */
		boolean isReady();

		/** Draws this in place of what was drawn before; null: nothing. */
		void draw(Picture picture);

		/** Replaces text, with the caret behind it, as one step that can be undone. */
		void replace(int start, int end, String replacement);
	}

	/** What is to be drawn. */
	public static final class Picture {
		/** Text within the line, in order. */
		public final List<Piece> pieces = new ArrayList<>();
		/** Further lines, below the caret's. */
		public final List<String> below = new ArrayList<>();
		/** A range of the document that the completion takes the place of; equal if there is none. */
		public int replacedStart;
		public int replacedEnd;

		@Override
		public boolean equals(Object other) {
			return other instanceof Picture && toString().equals(other.toString());
		}

		@Override
		public int hashCode() {
			return toString().hashCode();
		}

		@Override
		public String toString() {
			return pieces + " " + below + " " + replacedStart + "-" + replacedEnd;
		}
	}

	public static final class Piece {
		public final int offset;
		public final String text;

		Piece(int offset, String text) {
			this.offset = offset;
			this.text = text;
		}

		@Override
		public String toString() {
			return offset + ":" + text;
		}
	}

	public enum Part { ALL, WORD, LINE }

	/** Why a completion is asked for, in LSP's numbers. */
	public static final int ASKED = 1;
	public static final int TYPING = 2;

	private static final Pattern WORD = Pattern.compile("^\\s*(?:[\\p{L}\\p{M}\\p{N}_]+|[^\\p{L}\\p{M}\\p{N}_\\s]+|$)");
	private static final Pattern LINE = Pattern.compile("^\n?[^\n]*");
	private static final Pattern CLOSERS = Pattern.compile("[\\])}>\"'`]+");
	private static final int MAX_SEEN = 200;

	/* One completion and where its text begins. */
	private static final class Item {
		final JsonObject json;
		final String insertText;
		int start;
		final String tail; // right of the caret, replaced by it
		final String behind; // what stands behind that on the line

		Item(JsonObject json, int start, String tail, String behind) {
			this.json = json;
			this.insertText = Documents.unix(Json.string(json, "insertText", ""));
			this.start = start;
			this.tail = tail;
			this.behind = behind;
		}

		JsonArray arguments() {
			JsonElement arguments = Json.get(Json.sub(json, "command"), "arguments");
			return arguments != null && arguments.isJsonArray() ? arguments.getAsJsonArray() : new JsonArray();
		}

		JsonObject reference() {
			return Json.object("insertText", Json.string(json, "insertText", ""), "command", Json.sub(json, "command"));
		}
	}

	/* A text and a place in it. */
	private static final class Place {
		final Text text;
		final long stamp;
		final int caret;

		Place(View view) {
			text = view.text();
			stamp = view.stamp();
			caret = view.caret();
		}

		boolean is(Place other) {
			return other != null && text == other.text && stamp == other.stamp && caret == other.caret;
		}
	}

	private static final class Rest {
		final String text;
		final String tail; // right of the caret, replaced by it
		final List<Integer> spots; // where the text has the characters of the tail, in order, as far as it has them

		Rest(String text, String tail) {
			this.text = text;
			this.tail = tail;
			this.spots = spots(text, tail);
		}
	}

	private final Server server;
	private final Documents documents;
	private View view;
	private List<Item> items = Collections.emptyList();
	private int index;
	private boolean drawn;
	private Place asked; // what the request in flight, or the last one, was about
	private int request; // in flight; 0: none
	private Place dismissed;
	private JsonArray chosen; // among candidates
	private final Set<String> seen = new HashSet<>(); // items that the server knows to be on the screen

	Ghost(Server server, Documents documents) {
		this.server = server;
		this.documents = documents;
	}

	// --- what happens in the editor ---

	/** The editor has the focus now; null: none has. */
	public void enter(View now) {
		if (view == now)
			return;
		if (view != null)
			leave();
		view = now;
	}

	public View view() {
		return view;
	}

	/** The document changes. */
	public void changing(Text text, int start, int end, CharSequence replacement) {
		if (view == null || view.text() != text)
			return;
		for (Item item : items)
			if (end <= item.start && start < item.start)
				item.start += replacement.length() - (end - start);
	}

	/** The caret has moved, or the text at it has changed: what is shown still fits, or goes. */
	public void moved() {
		if (view == null)
			return;
		draw();
	}

	/** After moved(), where the user types or has come to type: asks. */
	public void ask() {
		if (view == null || !view.isReady() || !documents.isOpen(view.text()))
			return;
		Place place = new Place(view);
		if (!place.is(asked) && !place.is(dismissed))
			send(place, TYPING);
	}

	/** The user asks. Nothing is asked that could not be shown. */
	public void suggest() {
		if (view == null || !view.isReady())
			return;
		documents.open(view.text());
		if (!documents.isOpen(view.text()))
			return;
		dismissed = null;
		send(new Place(view), ASKED);
	}

	private void send(Place place, int kind) {
		documents.flush(place.text);
		asked = place;
		// One that is still in flight is not cancelled: the server answers it at once, and keeps what it has asked for.
		request = server.request("textDocument/inlineCompletion", Json.object("textDocument", Documents.id(place.text),
			"position", Documents.position(place.text, place.caret), "context", Json.object("triggerKind", kind)),
			(result, error) -> answered(place, result));
	}

	/* An answer counts only if nothing has happened since its request; null lets stand what is shown. */
	private void answered(Place place, JsonElement result) {
		if (asked != place)
			return;
		request = 0;
		if (view == null || !place.is(new Place(view)) || !view.isReady() || result == null || result.isJsonNull())
			return;
		List<Item> offered = new ArrayList<>();
		for (JsonElement item : result.isJsonArray() ? Json.list(Json.object("items", result), "items") : Json.list(result, "items"))
			if (Json.string(item, "insertText", null) != null)
				offered.add(item(item.getAsJsonObject()));
		items = offered;
		index = 0;
		for (int i = 0; i < offered.size(); i++)
			if (chosen != null && chosen.equals(offered.get(i).arguments()))
				index = i;
		draw();
	}

	private Item item(JsonObject json) {
		int caret = view.caret();
		JsonObject range = Json.sub(json, "range");
		String right = right();
		if (Json.get(range, "start") == null)
			return new Item(json, caret, "", right);
		int start = Documents.offset(view.text(), Json.sub(range, "start"));
		int end = Documents.offset(view.text(), Json.sub(range, "end"));
		int tail = Math.min(Math.max(0, end - caret), right.length());
		return new Item(json, Math.min(start, caret), right.substring(0, tail), right.substring(tail));
	}

	/** The next candidate, or the one before. */
	public void cycle(int step) {
		if (items.size() < 2) {
			suggest();
			return;
		}
		index = Math.floorMod(index + step, items.size());
		chosen = items.get(index).arguments();
		draw();
	}

	/** The user does something else. */
	public void leave() {
		if (request != 0)
			server.cancel(request);
		request = 0;
		asked = null;
		dismissed = null;
		hide();
	}

	/** The user does not want it; it does not come back by itself at this place. */
	public void dismiss() {
		if (view == null)
			return;
		Rest rest = rest();
		Item item = rest == null ? null : items.get(index);
		leave();
		dismissed = new Place(view);
		if (item != null)
			server.request("workspace/executeCommand",
				Json.object("command", "eke.reject", "arguments", item.arguments()), (result, error) -> { });
	}

	/** Nothing is known any more: the server is gone, or eke is turned off. */
	void forget() {
		request = 0;
		asked = null;
		hide();
	}

	private void hide() {
		items = Collections.emptyList();
		erase();
	}

	private void erase() {
		if (drawn && view != null)
			view.draw(null);
		drawn = false;
	}

	// --- what there is to show ---

	/** Is a completion on the screen? */
	public boolean isVisible() {
		return drawn && rest() != null;
	}

	/** Would the key that accepts do better to indent: at the start of a line, where the completion goes on with blanks? */
	public boolean indents() {
		Rest rest = view == null ? null : rest();
		if (rest == null || rest.text.isEmpty() || !Character.isWhitespace(rest.text.charAt(0)))
			return false;
		Text text = view.text();
		int caret = view.caret();
		return text.chars().subSequence(text.lineStart(text.line(caret)), caret).toString().trim().isEmpty();
	}

	/* What of the shown item is not typed yet; null if the text at the caret is not its beginning, or nothing is left. */
	private Rest rest() {
		if (items.isEmpty())
			return null;
		Item item = items.get(index);
		CharSequence chars = view.text().chars();
		int caret = view.caret();
		int typed = caret - item.start;
		if (typed < 0 || caret > chars.length() || typed >= item.insertText.length())
			return null;
		if (!item.insertText.startsWith(chars.subSequence(item.start, caret).toString()))
			return null;
		Rest rest = new Rest(item.insertText.substring(typed), before(item.behind));
		boolean closers = CLOSERS.matcher(rest.tail).matches() && rest.spots.size() == rest.tail.length();
		return item.tail.endsWith(rest.tail) || closers ? rest : null;
	}

	/* What of the line stands right of the caret. */
	private String right() {
		Text text = view.text();
		int end = Documents.offset(text, Json.position(text.line(view.caret()), Integer.MAX_VALUE));
		return text.chars().subSequence(view.caret(), Math.max(view.caret(), end)).toString();
	}

	/*
	 * What stands between the caret and the text that stood behind the item's range. What the range had there goes when it is typed
	 * over or deleted; an IDE adds closers. All that is right of the caret, if it does not end in that text any more. A line break
	 * that was typed may have taken blanks away.
	 */
	private String before(String behind) {
		String right = right();
		if (right.endsWith(behind))
			return right.substring(0, right.length() - behind.length());
		return behind.replaceFirst("^[ \t]+", "").equals(right) ? "" : right;
	}

	private static List<Integer> spots(String text, String tail) {
		List<Integer> spots = new ArrayList<>();
		int from = 0;
		for (char one : tail.toCharArray()) {
			int at = find(text, one, from);
			if (at < 0)
				break;
			spots.add(at);
			from = at + 1;
		}
		return spots;
	}

	/* A bracket that closes what the text has not opened itself, if there is one; else the last. Others where they are first. */
	private static int find(String text, char wanted, int from) {
		int pair = ")]}".indexOf(wanted);
		if (pair < 0) {
			Matcher plain = Pattern.compile("(?<!\\\\)" + Pattern.quote(String.valueOf(wanted))).matcher(text);
			return plain.find(from) ? plain.start() : -1;
		}
		char opener = "([{".charAt(pair);
		Matcher matcher = Pattern.compile("\"(?:\\\\.|[^\"\\\\])*\"|'(?:\\\\.|[^'\\\\])*'|[\\" + opener + "\\" + wanted + "]").matcher(text);
		int depth = 0;
		for (int at = from; matcher.find(at); at = matcher.end()) {
			char found = text.charAt(matcher.start());
			if (found == wanted && depth-- == 0)
				return matcher.start();
			if (found == opener)
				depth++;
		}
		int last = text.lastIndexOf(wanted);
		return last >= from ? last : -1;
	}

	private void draw() {
		// It is there again when the other carets, the selection or the template are gone.
		if (view != null && !view.isReady()) {
			erase();
			return;
		}
		Rest rest = view == null || items.isEmpty() ? null : rest();
		if (rest == null) {
			hide();
			return;
		}
		view.draw(picture(view.caret(), right(), rest));
		drawn = true;
		Item item = items.get(index);
		if (seen.size() > MAX_SEEN)
			seen.clear();
		if (seen.add(item.arguments().toString()))
			server.notify("textDocument/didShowCompletion", Json.object("item", item.reference()));
	}

	private static Picture picture(int caret, String right, Rest rest) {
		Picture picture = new Picture();
		String[] lines = rest.text.split("\n", -1);
		String gone = rest.tail;
		if (lines.length > 1) {
			// What stands right of the caret goes down to the last line: it is shown there, and as gone from here.
			gone = right;
			lines[lines.length - 1] += right.substring(rest.tail.length());
		}
		drawLine(picture, caret, lines[0], gone, rest.spots);
		picture.below.addAll(Arrays.asList(lines).subList(1, lines.length));
		return picture;
	}

	/* The first line, around the characters that it has in it, too; what else it replaces, or takes down with it, is gone. */
	private static void drawLine(Picture picture, int offset, String text, String gone, List<Integer> spots) {
		int drawn = 0;
		int over = 0;
		for (int spot : spots) {
			if (spot >= text.length())
				break;
			if (spot > drawn)
				picture.pieces.add(new Piece(offset + over, text.substring(drawn, spot)));
			drawn = spot + 1;
			over++;
		}
		picture.replacedStart = offset + over;
		picture.replacedEnd = offset + gone.length();
		if (drawn < text.length())
			picture.pieces.add(new Piece(offset + over, text.substring(drawn)));
	}

	// --- taking it ---

	/** Takes what is shown: all of it, a word, or a line. */
	public void accept(Part what) {
		Rest rest = view == null ? null : rest();
		if (rest == null)
			return;
		Item item = items.get(index);
		String part = part(rest.text, what);
		boolean all = part.equals(rest.text);
		if (all)
			hide();
		else
			erase();
		int caret = view.caret();
		int over = 0;
		while (over < rest.spots.size() && rest.spots.get(over) < part.length())
			over++;
		view.replace(caret, caret + (all ? rest.tail.length() : over), part);
		documents.flush(view.text());
		if (all) {
			server.request("workspace/executeCommand", Json.object("command", Json.string(Json.sub(item.json, "command"),
				"command", "eke.accept"), "arguments", item.arguments()), (result, error) -> { });
			return;
		}
		draw();
		server.notify("textDocument/didPartiallyAcceptCompletion", Json.object("item", item.reference(),
			"acceptedLength", item.insertText.length() - (rest.text.length() - part.length())));
	}

	private static String part(String text, Part what) {
		if (what == Part.ALL)
			return text;
		Matcher matcher = (what == Part.WORD ? WORD : LINE).matcher(text);
		return matcher.find() && matcher.end() > 0 ? matcher.group() : text;
	}
}
