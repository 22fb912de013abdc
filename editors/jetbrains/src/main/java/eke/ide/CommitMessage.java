package eke.ide;

import com.intellij.openapi.actionSystem.AnActionEvent;
import com.intellij.openapi.project.Project;
import com.intellij.openapi.vcs.CheckinProjectPanel;
import com.intellij.openapi.vcs.CommitMessageI;
import com.intellij.openapi.vcs.VcsDataKeys;
import com.intellij.openapi.vcs.ui.Refreshable;

import eke.core.Chat;
import eke.core.Json;

import java.io.File;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;

/** In the commit dialogue or tool window: a message for the changes that are chosen there. */
public final class CommitMessage extends EkeAction {
	@Override
	public void update(AnActionEvent event) {
		event.getPresentation().setEnabledAndVisible(event.getProject() != null && EkeSettings.values().enabled
			&& event.getData(VcsDataKeys.COMMIT_MESSAGE_CONTROL) != null);
	}

	@Override
	public void actionPerformed(AnActionEvent event) {
		Project project = event.getProject();
		CommitMessageI control = event.getData(VcsDataKeys.COMMIT_MESSAGE_CONTROL);
		if (project == null || control == null)
			return;
		EkeService service = EkeService.of(project);
		Refreshable panel = Refreshable.PANEL_KEY.getData(event.getDataContext());
		Collection<File> files = panel instanceof CheckinProjectPanel ? ((CheckinProjectPanel)panel).getFiles()
			: Collections.<File>emptyList();
		List<Chat.Attachment> changes = new ArrayList<>();
		for (File file : files)
			changes.add(new Chat.Attachment(Json.object("kind", "changes", "uri", file.toPath().toUri().toString()), file.getName(), null));
		service.session.chat.once("commit", changes, (text, error) -> {
			if (error != null)
				service.warn(error);
			else
				control.setCommitMessage(message(text));
		});
	}

	/* A model that puts its message into a block of code means the block. */
	static String message(String text) {
		String code = eke.core.Markdown.lastCode(text);
		return code == null ? text.trim() : code.trim();
	}
}
