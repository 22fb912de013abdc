package eke.ide;

import com.intellij.openapi.actionSystem.AnActionEvent;
import com.intellij.openapi.actionSystem.CommonDataKeys;
import com.intellij.openapi.editor.Editor;
import com.intellij.openapi.project.Project;

import eke.core.Ghost;

/** Actions on ghost text. Those with keys of the editor's are there only while a completion is shown. */
public abstract class GhostAction extends EkeAction {
	/* The ghost of the event's editor; null if that is not the one with the focus. */
	static Ghost ghost(Project project, Editor editor) {
		if (project == null || editor == null || project.isDisposed())
			return null;
		Ghost ghost = EkeService.of(project).session.ghost;
		return ghost.view() instanceof EditorView && ((EditorView)ghost.view()).editor == editor ? ghost : null;
	}

	private static Ghost ghost(AnActionEvent event) {
		return ghost(event.getProject(), event.getData(CommonDataKeys.EDITOR));
	}

	@Override
	public void update(AnActionEvent event) {
		Ghost ghost = ghost(event);
		event.getPresentation().setEnabled(ghost != null && isEnabled(ghost, event.getData(CommonDataKeys.EDITOR)));
	}

	@Override
	public void actionPerformed(AnActionEvent event) {
		Ghost ghost = ghost(event);
		if (ghost != null)
			perform(ghost);
	}

	boolean isEnabled(Ghost ghost, Editor editor) {
		return ghost.isVisible();
	}

	abstract void perform(Ghost ghost);

	/** By Tab, unless that has something better to do. */
	public static final class Accept extends GhostAction {
		@Override
		boolean isEnabled(Ghost ghost, Editor editor) {
			return EkeSettings.values().tab && ghost.isVisible() && !ghost.indents() && !Popups.isLookupOpen(editor)
				&& !Popups.isInTemplate(editor);
		}

		@Override
		void perform(Ghost ghost) {
			ghost.accept(Ghost.Part.ALL);
		}
	}

	/** The same by a key of its own, also while the list of completions is open. */
	public static final class AcceptAlways extends GhostAction {
		@Override
		void perform(Ghost ghost) {
			ghost.accept(Ghost.Part.ALL);
		}
	}

	public static final class AcceptWord extends GhostAction {
		@Override
		void perform(Ghost ghost) {
			ghost.accept(Ghost.Part.WORD);
		}
	}

	public static final class AcceptLine extends GhostAction {
		@Override
		void perform(Ghost ghost) {
			ghost.accept(Ghost.Part.LINE);
		}
	}

	public static final class Next extends GhostAction {
		@Override
		void perform(Ghost ghost) {
			ghost.cycle(1);
		}
	}

	public static final class Previous extends GhostAction {
		@Override
		void perform(Ghost ghost) {
			ghost.cycle(-1);
		}
	}

	public static final class Dismiss extends GhostAction {
		@Override
		void perform(Ghost ghost) {
			ghost.dismiss();
		}
	}

	public static final class Suggest extends GhostAction {
		@Override
		boolean isEnabled(Ghost ghost, Editor editor) {
			return ghost.view().isReady();
		}

		@Override
		void perform(Ghost ghost) {
			ghost.suggest();
		}
	}
}
