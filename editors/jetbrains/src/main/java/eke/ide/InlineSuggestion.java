package eke.ide;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.intellij.openapi.application.ApplicationManager;
import com.intellij.openapi.application.ModalityState;
import com.intellij.openapi.editor.Editor;

import eke.core.Documents;
import eke.core.Ghost;
import eke.core.Json;
import eke.core.Session;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** A completion for the platform's own inline completion: see src/inline, which only Gradle builds. */
public final class InlineSuggestion {
	/** What is missing behind the caret. */
	public final String text;
	private final Session session;
	private final JsonObject reference;

	private InlineSuggestion(String text, Session session, JsonObject reference) {
		this.text = text;
		this.session = session;
		this.reference = reference;
	}

	/** Is it to be used, in place of inlays of our own? */
	public static boolean isEnabled() {
		return EkeSettings.values().enabled && EkeSettings.values().platformInline;
	}

	/**
	 * Asks for a completion at an offset; {@code answer} gets it, or null. What is returned gives the question up. From any thread;
	 * the answer comes on the event dispatch thread.
	 */
	public static Runnable ask(Editor editor, int offset, boolean manual, Consumer<InlineSuggestion> answer) {
		AtomicInteger request = new AtomicInteger();
		later(() -> {
			EkeService service = editor.isDisposed() || editor.getProject() == null ? null : EkeService.of(editor.getProject());
			IdeText text = service == null ? null : service.editors.text(editor);
			if (text == null || offset > text.chars().length() || !manual && EkeSettings.isOff(text.language())) {
				answer.accept(null);
				return;
			}
			Session session = service.session;
			session.documents.open(text);
			session.documents.flush(text);
			request.set(session.server.request("textDocument/inlineCompletion", Json.object("textDocument", Documents.id(text),
				"position", Documents.position(text, offset), "context", Json.object("triggerKind", manual ? Ghost.ASKED : Ghost.TYPING)),
				(result, error) -> answer.accept(first(session, text, offset, result))));
		});
		return () -> later(() -> {
			if (request.get() != 0 && editor.getProject() != null)
				EkeService.of(editor.getProject()).session.server.cancel(request.get());
		});
	}

	private static void later(Runnable task) {
		ApplicationManager.getApplication().invokeLater(task, ModalityState.any());
	}

	/* The first item, as far as the platform can draw it: what it says behind the caret, if it begins with what is before it. */
	private static InlineSuggestion first(Session session, IdeText text, int offset, JsonElement result) {
		List<JsonElement> items = Json.list(result, "items");
		if (items.isEmpty() || offset > text.chars().length())
			return null;
		JsonObject item = items.get(0).getAsJsonObject();
		String insert = Documents.unix(Json.string(item, "insertText", ""));
		int start = Documents.offset(text, Json.sub(Json.sub(item, "range"), "start"));
		String typed = start <= offset ? text.chars().subSequence(start, offset).toString() : "";
		if (!insert.startsWith(typed) || insert.length() == typed.length())
			return null;
		return new InlineSuggestion(insert.substring(typed.length()), session,
			Json.object("insertText", Json.string(item, "insertText", ""), "command", Json.sub(item, "command")));
	}

	public void shown() {
		later(() -> session.server.notify("textDocument/didShowCompletion", Json.object("item", reference)));
	}

	public void accepted() {
		later(() -> session.server.request("workspace/executeCommand", Json.object("command", "eke.accept",
			"arguments", Json.get(Json.sub(reference, "command"), "arguments")), (result, error) -> { }));
	}
}
