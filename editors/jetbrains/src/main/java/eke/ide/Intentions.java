package eke.ide;

import com.intellij.codeInsight.intention.IntentionAction;
import com.intellij.openapi.editor.Editor;
import com.intellij.openapi.project.DumbAware;
import com.intellij.openapi.project.Project;
import com.intellij.openapi.ui.Messages;
import com.intellij.psi.PsiFile;

import eke.core.Chat;

/** Alt+Enter: explains or edits what is selected. */
public abstract class Intentions implements IntentionAction, DumbAware {
	@Override
	public String getFamilyName() {
		return "eke";
	}

	@Override
	public boolean isAvailable(Project project, Editor editor, PsiFile file) {
		return EkeSettings.values().enabled && editor.getSelectionModel().hasSelection() && EkeService.of(project).editors.text(editor) != null;
	}

	@Override
	public boolean startInWriteAction() {
		return false;
	}

	/** Shows the answer in the chat. */
	public static final class Explain extends Intentions {
		@Override
		public String getText() {
			return "eke: explain selection";
		}

		@Override
		public void invoke(Project project, Editor editor, PsiFile file) {
			EkeService.of(project).session.chat.commands(commands -> {
				for (Chat.Command command : commands)
					if (command.name.equals("explain"))
						ChatActions.run(project, editor, command);
			});
		}
	}

	/** Shows the edit as a diff. */
	public static final class Edit extends Intentions {
		@Override
		public String getText() {
			return "eke: edit selection…";
		}

		@Override
		public boolean isAvailable(Project project, Editor editor, PsiFile file) {
			return super.isAvailable(project, editor, file) && editor.getDocument().isWritable();
		}

		@Override
		public void invoke(Project project, Editor editor, PsiFile file) {
			String instruction = Messages.showInputDialog(project, "What is to be done with these lines?", "eke: Edit", null);
			if (instruction != null && !instruction.trim().isEmpty())
				ChatActions.edit(project, editor, instruction.trim());
		}
	}

	/** Fixes what an inspection, the compiler or the user finds wrong there. */
	public static final class Fix extends Intentions {
		@Override
		public String getText() {
			return "eke: fix selection";
		}

		@Override
		public boolean isAvailable(Project project, Editor editor, PsiFile file) {
			return super.isAvailable(project, editor, file) && editor.getDocument().isWritable();
		}

		@Override
		public void invoke(Project project, Editor editor, PsiFile file) {
			ChatActions.edit(project, editor, Problems.instruction(project, editor));
		}
	}
}
