package eke.core;

import com.google.gson.JsonObject;

import java.io.File;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** What the core wants of the IDE. Called on the loop's thread, unless said otherwise. */
public interface Host {
	/** Program and arguments of the server. */
	List<String> command();

	/** Variables of the server's environment, the key among them. On a thread that may wait. */
	Map<String, String> environment();

	/** Where the server is started; null: anywhere. */
	File folder();

	/** The members of initialize's params that are the editor's: clientInfo, workspaceFolders. */
	JsonObject introduction();

	/** eke's settings, as initializationOptions.eke has them. */
	JsonObject settings();

	/** Milliseconds before the first restart after a crash; the following pauses double. */
	int restartDelay();

	/** The documents that the server shall know. */
	List<Text> texts();

	/** The document of a URI, also one that no editor shows; null if there is none. */
	Text text(String uri);

	/** Something that the user should act on. */
	void warn(String message);

	void log(String message);

	/** A question; the answer is one of the actions, or null. It must not take a key that the user types into an editor. */
	void ask(String message, List<String> actions, Consumer<String> answer);

	/** Shows a document; false if it cannot. */
	boolean show(String uri);

	/** Runs it on the loop's thread when documents may be changed. */
	void whenWritable(Runnable task);

	/** Makes all these changes as one that can be undone; null, or why not. Within whenWritable() only. */
	String apply(String label, List<Edit> edits);

	/** What a status bar shows has changed. */
	void statusChanged();

	/** The server is up, and knows the documents. */
	void ready();
}
