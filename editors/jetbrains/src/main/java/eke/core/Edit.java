package eke.core;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** New text in place of a range of a document. */
public final class Edit {
	public final Text text;
	public final int start;
	public final int end;
	public final String replacement;

	public Edit(Text text, int start, int end, String replacement) {
		this.text = text;
		this.start = start;
		this.end = end;
		this.replacement = replacement;
	}

	/** Thrown where an edit cannot be made, with the reason in words for the user. */
	public static final class Refused extends Exception {
		private static final long serialVersionUID = 1;

		Refused(String reason) {
			super(reason);
		}
	}

	/** The edits of a WorkspaceEdit, from the last to the first of each document, so that none moves another. */
	static List<Edit> of(JsonElement workspaceEdit, Documents documents, Host host) throws Refused {
		List<Edit> edits = new ArrayList<>();
		for (Map.Entry<String, JsonElement> entry : Json.sub(workspaceEdit, "changes").entrySet())
			collect(edits, host, entry.getKey(), Json.list(Json.sub(workspaceEdit, "changes"), entry.getKey()));
		for (JsonElement change : Json.list(workspaceEdit, "documentChanges")) {
			if (Json.get(change, "kind") != null)
				throw new Refused("files are not made, renamed or deleted by this plugin");
			JsonObject document = Json.sub(change, "textDocument");
			String uri = Json.string(document, "uri", "");
			Text text = host.text(uri);
			int version = Json.number(document, "version", -1);
			if (text != null && version >= 0 && documents.version(text) != version)
				throw new Refused(uri + " has changed since");
			collect(edits, host, uri, Json.list(change, "edits"));
		}
		return edits;
	}

	private static void collect(List<Edit> edits, Host host, String uri, List<JsonElement> list) throws Refused {
		Text text = host.text(uri);
		if (text == null)
			throw new Refused("there is no document " + uri);
		List<Edit> own = new ArrayList<>();
		for (JsonElement edit : list) {
			JsonObject range = Json.sub(edit, "range");
			int start = Documents.offset(text, Json.sub(range, "start"));
			int end = Documents.offset(text, Json.sub(range, "end"));
			own.add(new Edit(text, start, Math.max(start, end), Documents.unix(Json.string(edit, "newText", ""))));
		}
		own.sort(Comparator.comparingInt((Edit edit) -> edit.start));
		for (int i = own.size() - 1; i >= 0; i--)
			edits.add(own.get(i));
	}
}
