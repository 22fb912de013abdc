package eke.ide;

import com.google.gson.JsonObject;
import com.intellij.codeInsight.CodeInsightSettings;
import com.intellij.codeInsight.lookup.LookupElement;
import com.intellij.codeInsight.lookup.LookupElementBuilder;
import com.intellij.codeInsight.lookup.LookupManager;
import com.intellij.codeInsight.lookup.impl.LookupImpl;
import com.intellij.codeInsight.template.Template;
import com.intellij.codeInsight.template.TemplateManager;
import com.intellij.codeInsight.template.impl.TemplateManagerImpl;
import com.intellij.execution.impl.ConsoleViewImpl;
import com.intellij.execution.ui.ConsoleViewContentType;
import com.intellij.openapi.actionSystem.ActionManager;
import com.intellij.openapi.actionSystem.AnAction;
import com.intellij.openapi.actionSystem.AnActionEvent;
import com.intellij.openapi.actionSystem.DataContext;
import com.intellij.openapi.actionSystem.KeyboardShortcut;
import com.intellij.openapi.actionSystem.Presentation;
import com.intellij.openapi.editor.Editor;
import com.intellij.openapi.editor.Inlay;
import com.intellij.openapi.editor.colors.EditorColorsManager;
import com.intellij.openapi.editor.ex.EditorEx;
import com.intellij.openapi.fileEditor.FileDocumentManager;
import com.intellij.openapi.keymap.impl.ActionProcessor;
import com.intellij.openapi.keymap.impl.IdeKeyEventDispatcher;
import com.intellij.openapi.util.Disposer;
import com.intellij.testFramework.EditorTestUtil;

import eke.core.Json;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.event.FocusEvent;
import java.awt.event.FocusListener;
import java.awt.event.InputEvent;
import java.awt.event.KeyEvent;
import java.awt.image.BufferedImage;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import javax.swing.JComponent;
import javax.swing.KeyStroke;

/** What else is open in the real editor, the keys as the platform's dispatcher sends them, and what the editor paints. */
final class RealKeys {
	private static BufferedImage last;

	private RealKeys() {
	}

	static Object call(RealEditor real, String method, JsonObject params) throws Exception {
		Editor editor = real.editor();
		switch (method) {
		case "key":
			return key(editor, Json.string(params, "stroke", ""));
		case "focus":
			for (FocusListener listener : editor.getContentComponent().getFocusListeners())
				if (Json.is(params, "gained"))
					listener.focusGained(new FocusEvent(editor.getContentComponent(), FocusEvent.FOCUS_GAINED));
				else
					listener.focusLost(new FocusEvent(editor.getContentComponent(), FocusEvent.FOCUS_LOST));
			return null;
		case "save":
			FileDocumentManager.getInstance().saveAllDocuments();
			return null;
		case "pairs":
			CodeInsightSettings.getInstance().AUTOINSERT_PAIR_BRACKET = Json.is(params, "on");
			CodeInsightSettings.getInstance().AUTOINSERT_PAIR_QUOTE = Json.is(params, "on");
			return null;
		case "lookup":
			return lookup(real, editor, Json.string(params, "typed", ""), Json.strings(params, "items"));
		case "lookup.open":
			return Popups.isLookupOpen(editor);
		case "template":
			TemplateManagerImpl.setTemplateTesting(real.project(), real.service());
			TemplateManager templates = TemplateManager.getInstance(real.project());
			Template template = templates.createTemplate("eke", "eke", Json.string(params, "text", ""));
			template.addVariable("FIRST", "", "\"first\"", true);
			template.addVariable("SECOND", "", "\"second\"", true);
			templates.startTemplate(editor, template);
			return null;
		case "template.open":
			return Popups.isInTemplate(editor);
		case "carets":
			if (Json.get(params, "offset") != null)
				editor.getCaretModel().addCaret(editor.offsetToVisualPosition(Json.number(params, "offset", 0)));
			return editor.getCaretModel().getCaretCount();
		case "readOnly":
			editor.getDocument().setReadOnly(Json.is(params, "on"));
			return null;
		case "caret":
			editor.getCaretModel().moveToOffset(Json.number(params, "offset", 0));
			return null;
		case "wrap":
			return EditorTestUtil.configureSoftWraps(editor, Json.number(params, "columns", 80));
		case "console":
			return console(real, Json.string(params, "text", ""));
		case "inlays":
			List<Object> places = new ArrayList<>();
			for (Inlay inlay : editor.getInlayModel().getInlineElementsInRange(0, editor.getDocument().getTextLength()))
				places.add(Json.object("offset", inlay.getOffset(), "width", inlay.getBounds() == null ? -1 : inlay.getBounds().width,
					"x", inlay.getBounds() == null ? -1 : inlay.getBounds().x, "y", inlay.getBounds() == null ? -1 : inlay.getBounds().y));
			return places;
		case "scheme":
			EditorColorsManager.getInstance().setGlobalScheme(EditorColorsManager.getInstance().getScheme(Json.string(params, "name", "")));
			return null;
		case "paint":
			return paint(editor, Json.string(params, "path", ""));
		default:
			return RealProject.call(real, method, params);
		}
	}

	/**
	 * Sends a key as the keymap does: the actions that have it, in the order in which the promoters put them, and the first of them that is
	 * enabled is performed. Returns its id; null: no action wants it, and the key is the component's.
	 */
	private static String key(Editor editor, String stroke) {
		KeyStroke keyStroke = KeyStroke.getKeyStroke(stroke);
		IdeKeyEventDispatcher dispatcher = new IdeKeyEventDispatcher(null);
		DataContext context = ((EditorEx)editor).getDataContext();
		KeyEvent event = new KeyEvent(editor.getContentComponent(), KeyEvent.KEY_PRESSED, 0, keyStroke.getModifiers(), keyStroke.getKeyCode(),
			KeyEvent.CHAR_UNDEFINED);
		// No component that would have to be on a screen.
		DataContext here = name -> name.equals("contextComponent") ? null : context.getData(name);
		dispatcher.getContext().setDataContext(here);
		dispatcher.updateCurrentContext(editor.getContentComponent(), new KeyboardShortcut(keyStroke, null), false);
		String[] performed = {null};
		dispatcher.processAction(event, new ActionProcessor() {
			@Override
			public AnActionEvent createEvent(InputEvent input, DataContext data, String place, Presentation presentation, ActionManager manager) {
				return new AnActionEvent(input, data, place, presentation, manager, 0);
			}

			@Override
			public void onUpdatePassed(InputEvent input, AnAction action, AnActionEvent actionEvent) {
			}

			@Override
			public void performAction(InputEvent input, AnAction action, AnActionEvent actionEvent) {
				performed[0] = ActionManager.getInstance().getId(action);
				action.actionPerformed(actionEvent);
			}
		});
		dispatcher.dispose();
		return performed[0];
	}

	/* The list of completions, as a language would offer it. */
	private static boolean lookup(RealEditor real, Editor editor, String typed, List<String> items) {
		LookupElement[] elements = items.stream().map(LookupElementBuilder::create).toArray(LookupElement[]::new);
		LookupImpl lookup = (LookupImpl)LookupManager.getInstance(real.project()).showLookup(editor, elements, typed);
		return lookup != null && lookup.isShown();
	}

	/* A console with text in it: is it one of the editors that eke is in? */
	private static Object console(RealEditor real, String text) {
		ConsoleViewImpl console = new ConsoleViewImpl(real.project(), false);
		try {
			console.getComponent();
			console.print(text, ConsoleViewContentType.NORMAL_OUTPUT);
			console.flushDeferredText();
			Editor editor = console.getEditor();
			real.service().editors.focus(editor, true);
			return Json.object("kind", editor.getEditorKind().name(), "text", editor.getDocument().getText(),
				"known", real.service().editors.text(editor) != null, "suggest", RealEditor.perform(real.project(), editor, "eke.Suggest"));
		} finally {
			Disposer.dispose(console);
		}
	}

	/* As the platform's own tests do: without a screen. Counts the pixels in the colour of ghost text, and those unlike the last picture's. */
	private static Object paint(Editor editor, String path) throws Exception {
		EditorTestUtil.setEditorVisibleSize(editor, 60, 16);
		JComponent component = editor.getContentComponent();
		component.setSize(component.getPreferredSize().width + 40, Math.max(300, component.getPreferredSize().height));
		BufferedImage image = new BufferedImage(component.getWidth(), component.getHeight(), BufferedImage.TYPE_INT_RGB);
		Graphics2D graphics = image.createGraphics();
		try {
			component.paint(graphics);
		} finally {
			graphics.dispose();
		}
		if (!path.isEmpty())
			ImageIO.write(image, "png", new File(path));
		int ghost = 0;
		int changed = 0;
		Color color = GhostInlays.color(editor);
		for (int y = 0; y < image.getHeight(); y++)
			for (int x = 0; x < image.getWidth(); x++) {
				if ((image.getRGB(x, y) & 0xffffff) == (color.getRGB() & 0xffffff))
					ghost++;
				if (last != null && (x >= last.getWidth() || y >= last.getHeight() || image.getRGB(x, y) != last.getRGB(x, y)))
					changed++;
			}
		last = image;
		return Json.object("ghost", ghost, "changed", changed);
	}
}
