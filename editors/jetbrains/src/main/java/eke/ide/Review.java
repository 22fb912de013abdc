package eke.ide;

import com.intellij.diff.DiffContentFactory;
import com.intellij.diff.DiffManager;
import com.intellij.diff.DiffRequestPanel;
import com.intellij.diff.requests.SimpleDiffRequest;
import com.intellij.openapi.command.WriteCommandAction;
import com.intellij.openapi.editor.Document;
import com.intellij.openapi.editor.RangeMarker;
import com.intellij.openapi.fileEditor.FileDocumentManager;
import com.intellij.openapi.project.Project;
import com.intellij.openapi.ui.DialogWrapper;
import com.intellij.openapi.vfs.VirtualFile;

import java.awt.Dimension;
import javax.swing.Action;
import javax.swing.JComponent;

/** A change as a diff of the whole file; "Apply" makes it, as one step that can be undone. */
final class Review extends DialogWrapper {
	private final Project project;
	private final Document document;
	private final RangeMarker range;
	private final String replacement;
	private final String label;
	private final DiffRequestPanel panel;

	private Review(Project project, Document document, int start, int end, String replacement, String label) {
		super(project, true);
		this.project = project;
		this.document = document;
		this.replacement = replacement;
		this.label = label;
		range = document.createRangeMarker(start, end);
		String before = document.getText();
		VirtualFile file = FileDocumentManager.getInstance().getFile(document);
		DiffContentFactory contents = DiffContentFactory.getInstance();
		String after = changed(before, start, end, replacement);
		panel = DiffManager.getInstance().createRequestPanel(project, getDisposable(), null);
		panel.setRequest(new SimpleDiffRequest(label,
			file == null ? contents.create(project, before) : contents.create(project, before, file.getFileType()),
			file == null ? contents.create(project, after) : contents.create(project, after, file.getFileType()), "Now", "Then"));
		setTitle(label + (file == null ? "" : ": " + file.getName()));
		setOKButtonText("Apply");
		setModal(false);
		init();
	}

	static void show(Project project, Document document, int start, int end, String replacement, String label) {
		of(project, document, start, end, replacement, label).show();
	}

	/** Not shown yet. */
	static Review of(Project project, Document document, int start, int end, String replacement, String label) {
		return new Review(project, document, start, end, replacement, label);
	}

	static String changed(String before, int start, int end, String replacement) {
		return before.substring(0, start) + replacement + before.substring(end);
	}

	@Override
	protected JComponent createCenterPanel() {
		panel.getComponent().setPreferredSize(new Dimension(900, 500));
		return panel.getComponent();
	}

	@Override
	public JComponent getPreferredFocusedComponent() {
		return panel.getPreferredFocusedComponent();
	}

	@Override
	protected String getDimensionServiceKey() {
		return "eke.Review";
	}

	@Override
	protected Action[] createActions() {
		return new Action[]{getOKAction(), getCancelAction()};
	}

	@Override
	protected void doOKAction() {
		if (apply(project, document, range, replacement, label))
			super.doOKAction();
		else
			setErrorText("The text has changed so that this no longer fits, or it cannot be written.");
	}

	static boolean apply(Project project, Document document, RangeMarker range, String replacement, String label) {
		if (!range.isValid() || !document.isWritable() || !FileDocumentManager.getInstance().requestWriting(document, project))
			return false;
		WriteCommandAction.runWriteCommandAction(project, label, null,
			() -> document.replaceString(range.getStartOffset(), range.getEndOffset(), replacement));
		return true;
	}
}
