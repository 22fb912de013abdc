package eke.test;

import eke.core.Chat;

/** A chat as an adapter that shows it in one buffer would: what the conformance suite looks at. */
public final class Transcript {
	private Transcript() {
	}

	public static String of(Chat chat, String draft) {
		StringBuilder text = new StringBuilder();
		for (Chat.Turn turn : chat.turns()) {
			text.append(turn.isQuestion ? "## You" : "## eke" + (turn.model.isEmpty() ? "" : " · " + turn.model)).append("\n\n");
			text.append(turn.text());
			for (String note : turn.notes)
				text.append(text.toString().endsWith("\n\n") ? "> " : "\n\n> ").append(note);
			if (!turn.streaming)
				text.append("\n\n");
		}
		return chat.isAnswering() ? text.toString() : text + "## You\n\n" + draft;
	}
}
