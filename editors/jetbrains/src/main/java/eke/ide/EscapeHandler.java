package eke.ide;

import com.intellij.openapi.actionSystem.DataContext;
import com.intellij.openapi.editor.Caret;
import com.intellij.openapi.editor.Editor;
import com.intellij.openapi.editor.actionSystem.EditorActionHandler;

import eke.core.Ghost;

/** Escape: takes a completion away, once the list of completions or a live template has had its own. */
public final class EscapeHandler extends EditorActionHandler {
	private final EditorActionHandler original;

	public EscapeHandler(EditorActionHandler original) {
		this.original = original;
	}

	private static Ghost ghost(Editor editor) {
		Ghost ghost = GhostAction.ghost(editor.getProject(), editor);
		return ghost != null && ghost.isVisible() && !Popups.isLookupOpen(editor) && !Popups.isInTemplate(editor) ? ghost : null;
	}

	@Override
	protected boolean isEnabledForCaret(Editor editor, Caret caret, DataContext context) {
		return ghost(editor) != null || original.isEnabled(editor, caret, context);
	}

	@Override
	protected void doExecute(Editor editor, Caret caret, DataContext context) {
		Ghost ghost = ghost(editor);
		if (ghost != null)
			ghost.dismiss();
		else
			original.execute(editor, caret, context);
	}
}
