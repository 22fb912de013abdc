package eke.ide;

import com.google.gson.JsonObject;
import com.intellij.codeInsight.intention.IntentionAction;
import com.intellij.codeInsight.intention.IntentionManager;
import com.intellij.diff.DiffManager;
import com.intellij.diff.DiffRequestPanel;
import com.intellij.diff.contents.DiffContent;
import com.intellij.diff.contents.DocumentContent;
import com.intellij.diff.DiffManagerImpl;
import com.intellij.diff.requests.ContentDiffRequest;
import com.intellij.openapi.Disposable;
import com.intellij.openapi.actionSystem.ActionGroup;
import com.intellij.openapi.actionSystem.ActionManager;
import com.intellij.openapi.actionSystem.AnAction;
import com.intellij.openapi.actionSystem.AnActionEvent;
import com.intellij.openapi.actionSystem.CommonDataKeys;
import com.intellij.openapi.actionSystem.DataContext;
import com.intellij.openapi.actionSystem.Separator;
import com.intellij.openapi.application.ApplicationManager;
import com.intellij.openapi.application.CachedSingletonsRegistry;
import com.intellij.openapi.components.impl.ComponentManagerImpl;
import com.intellij.openapi.editor.Document;
import com.intellij.openapi.editor.Editor;
import com.intellij.openapi.editor.impl.EditorComponentImpl;
import com.intellij.openapi.progress.ProgressManager;
import com.intellij.openapi.progress.Task;
import com.intellij.openapi.progress.impl.ProgressManagerImpl;
import com.intellij.openapi.project.Project;
import com.intellij.openapi.ui.Messages;
import com.intellij.psi.PsiDocumentManager;
import com.intellij.psi.PsiFile;
import com.intellij.util.ui.UIUtil;

import org.picocontainer.MutablePicoContainer;

import eke.core.Json;

import java.awt.Window;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;

/** The editor's menu and its intentions, and changes that are shown as a diff. */
final class RealMenus {
	private static final List<String> shown = new ArrayList<>();
	private static boolean watching;
	private static Review review;

	private RealMenus() {
	}

	static Object call(RealEditor real, String method, JsonObject params) throws Exception {
		Editor editor = real.editor();
		switch (method) {
		case "editorMenu":
			return menu(real, Json.string(params, "choose", ""));
		case "intentions":
			return intentions(real, Json.string(params, "choose", ""), Json.string(params, "answer", ""));
		case "watch":
			watch();
			return null;
		case "shown":
			return shown;
		case "review.open":
			Document document = editor.getDocument();
			review = Review.of(real.project(), document, Json.number(params, "start", 0), Json.number(params, "end", 0),
				Json.string(params, "text", ""), "Apply from Chat");
			return review.getTitle();
		case "review.texts":
			List<String> sides = new ArrayList<>();
			for (EditorComponentImpl side : UIUtil.findComponentsOfType(review.createCenterPanel(), EditorComponentImpl.class))
				sides.add(side.getEditor().getDocument().getText());
			return sides;
		case "review.apply":
			review.doOKAction();
			return review.isOK();
		case "review.cancel":
			review.doCancelAction();
			return null;
		default:
			throw new IllegalArgumentException(method);
		}
	}

	/* From now on: what is shown as a diff is remembered, and tasks run in the background, as in an IDE; without a screen they do not. */
	private static void watch() {
		shown.clear();
		if (watching)
			return;
		watching = true;
		MutablePicoContainer services = ((ComponentManagerImpl)ApplicationManager.getApplication()).getPicoContainer();
		services.unregisterComponent(DiffManager.class.getName());
		services.registerComponentInstance(DiffManager.class.getName(), new DiffManagerImpl() {
			@Override
			public DiffRequestPanel createRequestPanel(Project project, Disposable parent, Window window) {
				DiffRequestPanel panel = super.createRequestPanel(project, parent, window);
				return (DiffRequestPanel)Proxy.newProxyInstance(RealMenus.class.getClassLoader(), new Class<?>[]{DiffRequestPanel.class},
					(proxy, called, arguments) -> {
						if (called.getName().equals("setRequest") && arguments[0] instanceof ContentDiffRequest)
							for (DiffContent content : ((ContentDiffRequest)arguments[0]).getContents())
								shown.add(((DocumentContent)content).getDocument().getText());
						return called.invoke(panel, arguments);
					});
			}
		});
		services.unregisterComponent(ProgressManager.class.getName());
		ProgressManager tasks = new ProgressManagerImpl() {
			@Override
			public void run(Task task) {
				if (task instanceof Task.Backgroundable)
					ApplicationManager.getApplication().executeOnPooledThread(() -> super.run(task));
				else
					super.run(task);
			}
		};
		services.registerComponentInstance(ProgressManager.class.getName(), tasks);
		CachedSingletonsRegistry.cleanupCachedFields();
	}

	private static Object menu(RealEditor real, String choose) {
		ActionGroup menu = (ActionGroup)ActionManager.getInstance().getAction("eke.EditorMenu");
		DataContext context = name -> CommonDataKeys.PROJECT.is(name) ? real.project() : CommonDataKeys.EDITOR.is(name) ? real.editor() : null;
		AnActionEvent event = AnActionEvent.createFromAnAction(menu, null, "eke test", context);
		menu.update(event);
		if (!event.getPresentation().isVisible())
			return null;
		List<String> titles = new ArrayList<>();
		for (AnAction action : menu.getChildren(event)) {
			if (action instanceof Separator)
				continue;
			String title = action.getTemplatePresentation().getText();
			titles.add(title);
			if (title.equals(choose))
				action.actionPerformed(AnActionEvent.createFromAnAction(action, null, "eke test", context));
		}
		return titles;
	}

	/* Those that Alt+Enter offers; a dialogue that one of them opens is answered. */
	private static Object intentions(RealEditor real, String choose, String answer) {
		PsiFile file = PsiDocumentManager.getInstance(real.project()).getPsiFile(real.editor().getDocument());
		List<String> offered = new ArrayList<>();
		for (IntentionAction action : IntentionManager.getInstance().getIntentionActions()) {
			if (!action.getFamilyName().equals("eke") || !action.isAvailable(real.project(), real.editor(), file))
				continue;
			offered.add(action.getText());
			if (!action.getText().equals(choose))
				continue;
			Messages.setTestInputDialog(message -> answer);
			action.invoke(real.project(), real.editor(), file);
		}
		return offered;
	}
}
