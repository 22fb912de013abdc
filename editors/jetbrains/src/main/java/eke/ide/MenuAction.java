package eke.ide;

import com.intellij.openapi.actionSystem.AnActionEvent;
import com.intellij.openapi.actionSystem.CommonDataKeys;
import com.intellij.openapi.editor.Editor;
import com.intellij.openapi.project.Project;

/** What eke's menus offer besides the chat. */
public abstract class MenuAction extends EkeAction {
	@Override
	public void update(AnActionEvent event) {
		event.getPresentation().setEnabled(event.getProject() != null);
	}

	@Override
	public void actionPerformed(AnActionEvent event) {
		Project project = event.getProject();
		if (project != null)
			perform(EkeService.of(project), event);
	}

	abstract void perform(EkeService service, AnActionEvent event);

	public static final class Budget extends MenuAction {
		@Override
		void perform(EkeService service, AnActionEvent event) {
			service.session.budgets(lines -> service.inform(String.join("\n", lines)));
		}
	}

	public static final class Explain extends MenuAction {
		@Override
		void perform(EkeService service, AnActionEvent event) {
			Editor editor = event.getData(CommonDataKeys.EDITOR);
			if (editor == null)
				editor = com.intellij.openapi.fileEditor.FileEditorManager.getInstance(service.project()).getSelectedTextEditor();
			IdeText text = editor == null ? null : service.editors.text(editor);
			if (text == null)
				service.inform("There is no editor of a file that eke knows.");
			else
				service.session.explain(text, editor.getCaretModel().getOffset(), service::inform);
		}
	}

	public static final class Toggle extends MenuAction {
		@Override
		public void update(AnActionEvent event) {
			super.update(event);
			event.getPresentation().setText(EkeSettings.values().automatic ? "Stop Suggesting While Typing" : "Suggest While Typing");
		}

		@Override
		void perform(EkeService service, AnActionEvent event) {
			EkeSettings.values().automatic = !EkeSettings.values().automatic;
		}
	}

	public static final class Restart extends MenuAction {
		@Override
		void perform(EkeService service, AnActionEvent event) {
			service.session.server.restart();
		}
	}

	public static final class Settings extends MenuAction {
		@Override
		void perform(EkeService service, AnActionEvent event) {
			service.openSettings();
		}
	}

	/** The server's last words, for a report. */
	public static final class Log extends MenuAction {
		@Override
		void perform(EkeService service, AnActionEvent event) {
			String words = String.join("\n", service.session.server.words());
			service.inform(words.isEmpty() ? "eke has said nothing on its standard error." : words);
		}
	}
}
