package eke.ide;

import com.intellij.openapi.command.WriteCommandAction;
import com.intellij.openapi.editor.Document;
import com.intellij.openapi.editor.Editor;
import com.intellij.openapi.editor.ScrollType;
import com.intellij.openapi.fileEditor.FileDocumentManager;

import eke.core.Ghost;
import eke.core.Text;

/** An editor, as ghost text sees it. */
final class EditorView implements Ghost.View {
	final Editor editor;
	private final IdeText text;
	private final GhostInlays inlays;
	private Ghost.Picture drawn;

	EditorView(Editor editor, IdeText text) {
		this.editor = editor;
		this.text = text;
		inlays = new GhostInlays(editor);
	}

	@Override
	public Text text() {
		return text;
	}

	@Override
	public int caret() {
		return editor.getCaretModel().getOffset();
	}

	@Override
	public long stamp() {
		return editor.getDocument().getModificationStamp();
	}

	@Override
	public boolean isReady() {
		return !editor.isDisposed() && !editor.isViewer() && editor.getDocument().isWritable()
			&& editor.getCaretModel().getCaretCount() == 1 && !editor.getSelectionModel().hasSelection()
			&& !editor.isColumnMode() && !Popups.isInTemplate(editor);
	}

	@Override
	public void draw(Ghost.Picture picture) {
		if (editor.isDisposed())
			return;
		if (picture == null)
			inlays.erase();
		else if (!picture.equals(drawn))
			inlays.draw(picture);
		drawn = picture;
	}

	@Override
	public void replace(int start, int end, String replacement) {
		Document document = editor.getDocument();
		if (!FileDocumentManager.getInstance().requestWriting(document, text.project))
			return;
		// Without a group: commands of one group are undone together.
		WriteCommandAction.runWriteCommandAction(text.project, "Take Completion", null, () -> {
			document.replaceString(start, end, replacement);
			editor.getCaretModel().moveToOffset(start + replacement.length());
			editor.getSelectionModel().removeSelection();
		});
		editor.getScrollingModel().scrollToCaret(ScrollType.MAKE_VISIBLE);
	}
}
