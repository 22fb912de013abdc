package eke.ide;

import com.intellij.ide.util.PropertiesComponent;
import com.intellij.openapi.project.DumbAware;
import com.intellij.openapi.project.Project;
import com.intellij.openapi.wm.ToolWindow;
import com.intellij.openapi.wm.ToolWindowFactory;
import com.intellij.openapi.wm.ToolWindowManager;
import com.intellij.ui.content.Content;

import eke.chat.ChatPane;

import java.util.function.Consumer;

/** The chat's tool window; it shows the conversation that it showed when the project was closed. */
public final class ChatToolWindow implements ToolWindowFactory, DumbAware {
	static final String ID = "eke";
	private static final String CHAT = "eke.chat";

	@Override
	public void createToolWindowContent(Project project, ToolWindow window) {
		EkeService service = EkeService.of(project);
		PropertiesComponent properties = PropertiesComponent.getInstance(project);
		String former = properties.getValue(CHAT, "");
		ChatPane pane = new ChatPane(service.session.chat, new IdeWorkplace(project, service), id -> properties.setValue(CHAT, id, ""));
		Content content = window.getContentManager().getFactory().createContent(pane, null, false);
		content.setPreferredFocusableComponent(pane);
		content.setCloseable(false);
		window.getContentManager().addContent(content);
		if (!former.isEmpty() && service.session.chat.turns().isEmpty() && EkeSettings.values().enabled)
			service.session.chat.open(former, error -> properties.unsetValue(CHAT)); // deleted meanwhile, by another editor
	}

	/** Opens the tool window; {@code use} then gets the pane. */
	static void show(Project project, boolean focus, Consumer<ChatPane> use) {
		ToolWindow window = ToolWindowManager.getInstance(project).getToolWindow(ID);
		if (window == null)
			return;
		window.activate(() -> {
			Content content = window.getContentManager().getContent(0);
			if (content != null && content.getComponent() instanceof ChatPane)
				use.accept((ChatPane)content.getComponent());
		}, focus);
	}
}
