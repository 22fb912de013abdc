package eke.ide;

import com.google.gson.JsonObject;
import com.intellij.ide.DataManager;
import com.intellij.ide.IdeEventQueue;
import com.intellij.ide.impl.DataManagerImpl;
import com.intellij.ide.ui.laf.IntelliJLaf;
import com.intellij.ide.ui.laf.darcula.DarculaLaf;
import com.intellij.openapi.actionSystem.ActionManager;
import com.intellij.openapi.actionSystem.AnAction;
import com.intellij.openapi.actionSystem.AnActionEvent;
import com.intellij.openapi.actionSystem.CommonDataKeys;
import com.intellij.openapi.actionSystem.DataContext;
import com.intellij.openapi.application.ApplicationManager;
import com.intellij.openapi.application.ex.ApplicationManagerEx;
import com.intellij.openapi.components.impl.ComponentManagerImpl;
import com.intellij.openapi.options.Configurable;
import com.intellij.openapi.options.ConfigurableEP;
import com.intellij.openapi.project.Project;
import com.intellij.openapi.project.ex.ProjectManagerEx;
import com.intellij.openapi.ui.popup.ListPopup;
import com.intellij.openapi.ui.popup.ListPopupStep;
import com.intellij.openapi.util.Conditions;
import com.intellij.openapi.util.Disposer;
import com.intellij.openapi.vcs.CheckinProjectPanel;
import com.intellij.openapi.vcs.CommitMessageI;
import com.intellij.openapi.vcs.VcsDataKeys;
import com.intellij.openapi.vcs.ui.Refreshable;
import com.intellij.openapi.wm.StatusBarWidget;
import com.intellij.openapi.wm.ToolWindow;
import com.intellij.openapi.wm.ToolWindowEP;
import com.intellij.openapi.wm.ToolWindowManager;
import com.intellij.openapi.wm.WindowManager;
import com.intellij.openapi.wm.impl.ToolWindowHeadlessManagerImpl;
import com.intellij.openapi.wm.impl.status.IdeStatusBarImpl;
import com.intellij.openapi.wm.impl.status.TextPanel;
import com.intellij.openapi.wm.ex.StatusBarEx;
import com.intellij.testFramework.ThreadTracker;
import com.intellij.ui.content.Content;
import com.intellij.ui.content.ContentFactory;
import com.intellij.ui.content.ContentManager;
import com.intellij.ui.content.TabbedPaneContentUI;
import com.intellij.util.ref.DebugReflectionUtil;

import eke.chat.ChatPane;
import eke.core.Json;
import eke.test.Transcript;

import java.awt.Component;
import java.awt.Container;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.File;
import java.lang.ref.WeakReference;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import javax.swing.AbstractButton;
import javax.swing.JCheckBox;
import javax.swing.JComponent;
import javax.swing.JLabel;
import javax.swing.JPasswordField;
import javax.swing.JSpinner;
import javax.swing.SwingUtilities;
import javax.swing.UIManager;
import javax.swing.text.JTextComponent;

/** A project that is opened and closed for real, its tool window and status bar, and the settings page. */
final class RealProject {
	private static Project former;
	private static WeakReference<Object> closed = new WeakReference<>(null);
	private static Configurable page;
	private static JComponent form;

	private RealProject() {
	}

	static Object call(RealEditor real, String method, JsonObject params) throws Exception {
		switch (method) {
		case "project.open":
			open(real, Json.string(params, "path", ""));
			return null;
		case "project.close":
			close(real);
			return null;
		case "project.gone":
			System.gc();
			return closed.get() == null;
		case "project.holder":
			return holder(real);
		case "children":
			List<Object> children = new ArrayList<>();
			ProcessHandle.current().children().filter(ProcessHandle::isAlive).forEach(child -> children.add(child.pid()));
			return children;
		case "tool.ask":
			ChatToolWindow.show(real.project(), true, pane -> pane.ask(Json.string(params, "text", ""), "", Collections.emptyList()));
			return null;
		case "tool.open":
			ChatToolWindow.show(real.project(), true, ChatPane::focus);
			return null;
		case "tool.shown":
			return pane(real).shownTexts();
		case "tool.chat":
			return Transcript.of(real.service().session.chat, pane(real).draft());
		case "tool.answering":
			return real.service().session.chat.isAnswering();
		case "tool.click":
			return click(pane(real), Json.string(params, "text", ""));
		case "tool.paint":
			picture(pane(real), 420, 700, Json.string(params, "path", ""));
			return null;
		case "look":
			// The IDE's own, light or dark; what is open takes it as when the user chooses another theme.
			JComponent open = form == null ? pane(real) : form;
			UIManager.setLookAndFeel(Json.is(params, "dark") ? new DarculaLaf() : new IntelliJLaf());
			SwingUtilities.updateComponentTreeUI(open);
			return open.getBackground().getGreen();
		case "tool.close":
			ContentManager contents = ToolWindowManager.getInstance(real.project()).getToolWindow(ChatToolWindow.ID).getContentManager();
			contents.removeAllContents(true);
			return null;
		case "widget":
			return widget(real, Json.string(params, "path", ""));
		case "menu":
			return menu(real, Json.string(params, "choose", ""));
		case "settings.open":
			settings();
			return null;
		case "settings.ready":
			return find(form, JPasswordField.class).isEnabled();
		case "settings.set":
			set(Json.string(params, "label", ""), Json.string(params, "value", ""));
			return page.isModified();
		case "settings.get":
			return get(Json.string(params, "label", ""));
		case "settings.apply":
			page.apply();
			return page.isModified();
		case "settings.reset":
			page.reset();
			return null;
		case "settings.paint":
			picture(form, 700, 620, Json.string(params, "path", ""));
			return null;
		case "settings.save":
			ApplicationManagerEx.getApplicationEx().setSaveAllowed(true);
			ApplicationManager.getApplication().saveSettings();
			ApplicationManagerEx.getApplicationEx().setSaveAllowed(false);
			return System.getProperty("idea.home.path");
		case "settings.close":
			page.disposeUIResources();
			page = null;
			form = null;
			return null;
		case "commit":
			return commit(real, Json.strings(params, "files"));
		case "commit.message":
			return commitMessage;
		default:
			return RealMenus.call(real, method, params);
		}
	}

	// --- the project ---

	/* As from the list of recent projects: with what its folder keeps, and with what starts after it. */
	private static void open(RealEditor real, String path) throws Exception {
		former = real.project();
		Project project = ProjectManagerEx.getInstanceEx().loadAndOpenProject(path);
		((ComponentManagerImpl)project).registerComponentInstance(ToolWindowManager.class, new Windows(project));
		real.use(project);
	}

	private static void close(RealEditor real) {
		Project project = real.project();
		closed = new WeakReference<>(real.service());
		real.use(former);
		ApplicationManagerEx.getApplicationEx().setSaveAllowed(true);
		try {
			ProjectManagerEx.getInstanceEx().closeAndDispose(project);
		} finally {
			ApplicationManagerEx.getApplicationEx().setSaveAllowed(false);
		}
	}

	/* How what is left of the closed project is reached, for a message. */
	private static String holder(RealEditor real) {
		String[] found = {""};
		Map<Object, String> roots = new IdentityHashMap<>();
		roots.put(ApplicationManager.getApplication(), "the application");
		roots.put(Disposer.getTree(), "the disposer's tree");
		roots.put(IdeEventQueue.getInstance(), "the event queue");
		roots.put(ThreadTracker.getThreads(), "threads");
		roots.put(real, "the test");
		Object wanted = closed.get();
		DebugReflectionUtil.walkObjects(10_000, roots, EkeService.class, Conditions.alwaysTrue(), (value, link) -> {
			if (value == wanted)
				found[0] = link.toString();
			return value != wanted;
		});
		return found[0];
	}

	/* The platform's manager needs a frame. This one makes the content when the window is opened for the first time, as that does. */
	private static final class Windows extends ToolWindowHeadlessManagerImpl {
		private final Project project;
		private ToolWindow window;

		Windows(Project project) {
			super(project);
			this.project = project;
		}

		@Override
		public ToolWindow getToolWindow(String id) {
			if (window == null)
				for (ToolWindowEP declared : ToolWindowEP.EP_NAME.getExtensions())
					if (declared.id.equals(id))
						window = new Window(project, declared);
			return window;
		}
	}

	private static final class Window extends ToolWindowHeadlessManagerImpl.MockToolWindow {
		private final Project project;
		private final ToolWindowEP declared;
		private final ContentManager contents;

		Window(Project project, ToolWindowEP declared) {
			super(project);
			this.project = project;
			this.declared = declared;
			contents = ContentFactory.SERVICE.getInstance().createContentManager(new TabbedPaneContentUI(), false, project);
		}

		@Override
		public ContentManager getContentManager() {
			return contents;
		}

		@Override
		public void activate(Runnable then, boolean focus) {
			if (contents.getContentCount() == 0)
				declared.getToolWindowFactory().createToolWindowContent(project, this);
			if (then != null)
				then.run();
		}
	}

	private static ChatPane pane(RealEditor real) {
		Content content = ToolWindowManager.getInstance(real.project()).getToolWindow(ChatToolWindow.ID).getContentManager().getContent(0);
		return (ChatPane)content.getComponent();
	}

	private static boolean click(Container container, String text) {
		for (Component component : container.getComponents()) {
			if (component instanceof AbstractButton && text.equals(((AbstractButton)component).getText()) && component.isVisible()) {
				((AbstractButton)component).doClick(0);
				return true;
			}
			if (component instanceof Container && click((Container)component, text))
				return true;
		}
		return false;
	}

	static void picture(JComponent component, int width, int height, String path) throws Exception {
		component.setSize(width, height);
		for (int i = 0; i < 3; i++) // what wraps needs its width first
			layOut(component);
		BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
		Graphics2D graphics = image.createGraphics();
		graphics.setColor(component.getBackground());
		graphics.fillRect(0, 0, width, height);
		try {
			component.paint(graphics);
		} finally {
			graphics.dispose();
		}
		if (!path.isEmpty())
			ImageIO.write(image, "png", new File(path));
	}

	private static void layOut(Container container) {
		container.doLayout();
		for (Component component : container.getComponents())
			if (component instanceof Container)
				layOut((Container)component);
	}

	// --- the status bar ---

	/* What the startup has put into the project's status bar; and as the platform's own status bar shows it. */
	private static Object widget(RealEditor real, String path) throws Exception {
		StatusBarWidget widget = ((StatusBarEx)WindowManager.getInstance().getStatusBar(real.project())).getWidget(EkeWidget.ID);
		if (widget == null)
			return null;
		IdeStatusBarImpl bar = new IdeStatusBarImpl();
		bar.addWidget(widget, "before Position");
		bar.updateWidget(EkeWidget.ID);
		List<String> texts = new ArrayList<>();
		texts(bar, texts);
		picture(bar, 500, 24, path);
		bar.removeWidget(EkeWidget.ID);
		return Json.object("texts", texts, "tooltip", ((EkeWidget)widget).getTooltipText());
	}

	private static void texts(Container container, List<String> texts) {
		for (Component component : container.getComponents())
			if (component instanceof TextPanel)
				texts.add(String.valueOf(((TextPanel)component).getText()));
			else if (component instanceof Container)
				texts((Container)component, texts);
	}

	/* The menu that a click on it opens: its lines; and what one of them does, if it is chosen. */
	private static Object menu(RealEditor real, String choose) {
		// The real one, which asks components; the fixture's asks the fixture.
		ComponentManagerImpl application = (ComponentManagerImpl)ApplicationManager.getApplication();
		DataManager former = application.registerComponentInstance(DataManager.class, new DataManagerImpl());
		JLabel place = new JLabel();
		DataManager.registerDataProvider(place, name -> CommonDataKeys.PROJECT.is(name) ? real.project() : null); // as the frame does
		ListPopup popup = EkeWidget.menu(place);
		try {
			return choose(popup, choose);
		} finally {
			popup.dispose();
			application.registerComponentInstance(DataManager.class, former);
		}
	}

	@SuppressWarnings({"unchecked", "rawtypes"})
	static List<String> choose(ListPopup popup, String choose) {
		ListPopupStep step = popup.getListStep();
		List<String> lines = new ArrayList<>();
		for (Object value : step.getValues()) {
			String line = step.getTextFor(value);
			lines.add(line);
			if (!choose.isEmpty() && line.startsWith(choose)) {
				step.onChosen(value, true);
				Runnable then = step.getFinalRunnable();
				if (then != null)
					then.run();
			}
		}
		return lines;
	}

	// --- the settings page ---

	private static void settings() {
		for (ConfigurableEP<Configurable> declared : Configurable.APPLICATION_CONFIGURABLE.getExtensions())
			if ("eke".equals(declared.id))
				page = (Configurable)declared.createConfigurable();
		form = page.createComponent();
		page.reset();
	}

	private static Component labelled(Container container, String label) {
		for (Component component : container.getComponents()) {
			if (component instanceof JLabel && label.equals(((JLabel)component).getText()))
				return ((JLabel)component).getLabelFor();
			if (component instanceof JCheckBox && ((JCheckBox)component).getText().startsWith(label))
				return component;
			Component found = component instanceof Container ? labelled((Container)component, label) : null;
			if (found != null)
				return found;
		}
		return null;
	}

	private static Component field(String label) {
		Component field = labelled(form, label);
		if (field == null)
			throw new IllegalArgumentException("there is no field " + label);
		if (field instanceof JTextComponent || field instanceof JSpinner || field instanceof JCheckBox)
			return field;
		return find((Container)field, JTextComponent.class);
	}

	private static void set(String label, String value) {
		Component field = field(label);
		if (field instanceof JTextComponent)
			((JTextComponent)field).setText(value);
		else if (field instanceof JSpinner)
			((JSpinner)field).setValue(Integer.valueOf(value));
		else
			((JCheckBox)field).setSelected(Boolean.parseBoolean(value));
	}

	private static Object get(String label) {
		Component field = field(label);
		if (field instanceof JTextComponent)
			return ((JTextComponent)field).getText();
		return field instanceof JSpinner ? ((JSpinner)field).getValue() : (Object)((JCheckBox)field).isSelected();
	}

	private static <T extends Component> T find(Container container, Class<T> type) {
		for (Component component : container.getComponents()) {
			if (type.isInstance(component))
				return type.cast(component);
			T found = component instanceof Container ? find((Container)component, type) : null;
			if (found != null)
				return found;
		}
		return null;
	}

	// --- the commit dialogue ---

	private static String commitMessage;

	private static boolean commit(RealEditor real, List<String> files) {
		commitMessage = null;
		List<File> chosen = new ArrayList<>();
		files.forEach(path -> chosen.add(new File(path)));
		CommitMessageI control = text -> commitMessage = text;
		Object panel = Proxy.newProxyInstance(RealProject.class.getClassLoader(), new Class<?>[]{CheckinProjectPanel.class},
			(proxy, called, arguments) -> called.getName().equals("getFiles") ? chosen : null);
		DataContext context = name -> CommonDataKeys.PROJECT.is(name) ? real.project()
			: VcsDataKeys.COMMIT_MESSAGE_CONTROL.is(name) ? control : Refreshable.PANEL_KEY.is(name) ? panel : null;
		AnAction action = ActionManager.getInstance().getAction("eke.CommitMessage");
		AnActionEvent event = AnActionEvent.createFromAnAction(action, null, "eke test", context);
		action.update(event);
		if (event.getPresentation().isEnabledAndVisible())
			action.actionPerformed(event);
		return event.getPresentation().isEnabledAndVisible();
	}
}
