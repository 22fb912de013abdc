package eke.ide;

import com.intellij.ide.DataManager;
import com.intellij.openapi.project.Project;
import com.intellij.openapi.ui.popup.JBPopupFactory;
import com.intellij.openapi.ui.popup.ListPopup;
import com.intellij.openapi.wm.StatusBar;
import com.intellij.openapi.wm.StatusBarWidget;
import com.intellij.openapi.wm.WindowManager;
import com.intellij.openapi.actionSystem.ActionGroup;
import com.intellij.openapi.actionSystem.ActionManager;
import com.intellij.ui.awt.RelativePoint;
import com.intellij.util.Consumer;

import java.awt.Component;
import java.awt.Dimension;
import java.awt.Point;
import java.awt.event.MouseEvent;

/** What is left of the budget, in the status bar; a click opens eke's menu. */
public final class EkeWidget implements StatusBarWidget, StatusBarWidget.TextPresentation {
	static final String ID = "eke";
	static final String MENU = "eke.StatusMenu";

	private final Project project;
	private final EkeService service;

	EkeWidget(Project project, EkeService service) {
		this.project = project;
		this.service = service;
	}

	static void install(Project project, EkeService service) {
		StatusBar bar = WindowManager.getInstance().getStatusBar(project);
		if (bar == null)
			return;
		bar.addWidget(new EkeWidget(project, service), "before Position", service);
		service.onStatus(() -> bar.updateWidget(ID));
	}

	@Override
	public String ID() {
		return ID;
	}

	@Override
	public WidgetPresentation getPresentation(PlatformType type) {
		return this;
	}

	/** What newer platforms call instead; they have no PlatformType. */
	public WidgetPresentation getPresentation() {
		return this;
	}

	@Override
	public void install(StatusBar statusBar) {
	}

	@Override
	public void dispose() {
	}

	@Override
	public String getText() {
		return EkeSettings.values().enabled ? service.session.statusLine() : "eke off";
	}

	@Override
	public float getAlignment() {
		return Component.CENTER_ALIGNMENT;
	}

	@Override
	public String getTooltipText() {
		String message = service.session.statusMessage();
		return message.isEmpty() ? "eke: requests that are left. Click for more." : "eke: " + message;
	}

	@Override
	public Consumer<MouseEvent> getClickConsumer() {
		return event -> {
			ListPopup popup = menu(event.getComponent());
			Dimension size = popup.getContent().getPreferredSize();
			popup.show(new RelativePoint(event.getComponent(), new Point(0, -size.height)));
		};
	}

	/* component: of the status bar; the project is its frame's. */
	static ListPopup menu(Component component) {
		return JBPopupFactory.getInstance().createActionGroupPopup("eke", (ActionGroup)ActionManager.getInstance().getAction(MENU),
			DataManager.getInstance().getDataContext(component), JBPopupFactory.ActionSelectionAid.SPEEDSEARCH, false);
	}
}
