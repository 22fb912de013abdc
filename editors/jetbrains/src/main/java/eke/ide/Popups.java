package eke.ide;

import com.intellij.codeInsight.lookup.Lookup;
import com.intellij.codeInsight.lookup.LookupManager;
import com.intellij.codeInsight.template.TemplateManager;
import com.intellij.openapi.editor.Editor;
import com.intellij.openapi.project.Project;

/** What else waits for keys in an editor. */
final class Popups {
	private Popups() {
	}

	/** Is the list of completions open? Tab, Enter and Escape are its. */
	static boolean isLookupOpen(Editor editor) {
		Project project = editor.getProject();
		Lookup lookup = project == null ? null : LookupManager.getInstance(project).getActiveLookup();
		return lookup != null && lookup.getEditor() == editor;
	}

	/** Is a live template being filled in? Tab is its. */
	static boolean isInTemplate(Editor editor) {
		Project project = editor.getProject();
		return project != null && TemplateManager.getInstance(project).getActiveTemplate(editor) != null;
	}
}
