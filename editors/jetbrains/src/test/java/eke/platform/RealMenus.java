package eke.ide;

import com.google.gson.JsonObject;
import com.intellij.codeInsight.intention.IntentionAction;
import com.intellij.codeInsight.intention.IntentionManager;
import com.intellij.openapi.actionSystem.ActionGroup;
import com.intellij.openapi.actionSystem.ActionManager;
import com.intellij.openapi.actionSystem.AnAction;
import com.intellij.openapi.actionSystem.AnActionEvent;
import com.intellij.openapi.actionSystem.CommonDataKeys;
import com.intellij.openapi.actionSystem.DataContext;
import com.intellij.openapi.actionSystem.Separator;
import com.intellij.openapi.editor.Document;
import com.intellij.openapi.editor.Editor;
import com.intellij.openapi.editor.impl.EditorComponentImpl;
import com.intellij.openapi.ui.Messages;
import com.intellij.psi.PsiDocumentManager;
import com.intellij.psi.PsiFile;
import com.intellij.util.ui.UIUtil;

import eke.core.Json;

import java.util.ArrayList;
import java.util.List;

/** The editor's menu and its intentions, and changes that are shown as a diff. */
final class RealMenus {
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
