package eke.chat;

import eke.core.Chat;

import java.awt.Font;
import java.util.List;
import java.util.function.Consumer;

/** What the chat pane wants of the IDE around it. */
public interface Workplace {
	/** The selection of the editor that the user was in last; null: nothing is selected. */
	Chat.Attachment selection();

	/** The file of that editor; null: there is none. */
	Chat.Attachment file();

	/** Has the user choose files. */
	void choose(Consumer<List<Chat.Attachment>> chosen);

	/** Paths within the project whose names fit, for @file; on the event dispatch thread, soon. */
	void files(String beginning, Consumer<List<String>> found);

	/** Puts code at the caret of the editor that the user was in last; false: there is none. */
	boolean insert(String code);

	/** Can code take the place of what a question was about? */
	boolean canReplace(Object origin);

	/** Shows code as a change of what the question was about, to be applied or not; of the current file without an origin. */
	void review(Object origin, String code);

	/** http and https only. */
	void browse(String address);

	/** Has the user choose a file for an exported chat. */
	void save(String name, String text);

	/** Something went wrong. */
	void warn(String message);

	Font codeFont();
}
