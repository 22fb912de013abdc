package eke.ide;

import com.intellij.codeInsight.daemon.impl.HighlightInfo;
import com.intellij.lang.annotation.HighlightSeverity;
import com.intellij.openapi.editor.Editor;
import com.intellij.openapi.editor.impl.DocumentMarkupModel;
import com.intellij.openapi.editor.markup.MarkupModel;
import com.intellij.openapi.editor.markup.RangeHighlighter;
import com.intellij.openapi.project.Project;

import java.util.LinkedHashSet;
import java.util.Set;

/** What the IDE finds wrong in a selection. */
final class Problems {
	private static final int MOST = 5;

	private Problems() {
	}

	/** An instruction to fix it, with the IDE's words on it. */
	static String instruction(Project project, Editor editor) {
		Set<String> problems = new LinkedHashSet<>();
		int start = editor.getSelectionModel().getSelectionStart();
		int end = editor.getSelectionModel().getSelectionEnd();
		MarkupModel markup = DocumentMarkupModel.forDocument(editor.getDocument(), project, false);
		for (RangeHighlighter highlighter : markup == null ? RangeHighlighter.EMPTY_ARRAY : markup.getAllHighlighters()) {
			Object info = highlighter.getErrorStripeTooltip();
			if (problems.size() < MOST && highlighter.getStartOffset() < end && highlighter.getEndOffset() > start
				&& info instanceof HighlightInfo && ((HighlightInfo)info).getSeverity().compareTo(HighlightSeverity.WARNING) >= 0
				&& ((HighlightInfo)info).getDescription() != null)
				problems.add(((HighlightInfo)info).getDescription());
		}
		return problems.isEmpty() ? "Fix what is wrong here." : "Fix this: " + String.join("; ", problems);
	}
}
