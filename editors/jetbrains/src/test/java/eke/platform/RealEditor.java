package eke.ide;

import com.google.gson.JsonObject;
import com.intellij.notification.Notification;
import com.intellij.notification.Notifications;
import com.intellij.notification.NotificationsAdapter;
import com.intellij.openapi.actionSystem.ActionManager;
import com.intellij.openapi.actionSystem.AnAction;
import com.intellij.openapi.actionSystem.AnActionEvent;
import com.intellij.openapi.actionSystem.CommonDataKeys;
import com.intellij.openapi.actionSystem.DataContext;
import com.intellij.openapi.actionSystem.IdeActions;
import com.intellij.openapi.application.ApplicationManager;
import com.intellij.openapi.application.ModalityState;
import com.intellij.openapi.command.undo.UndoManager;
import com.intellij.openapi.editor.Document;
import com.intellij.openapi.editor.Editor;
import com.intellij.openapi.editor.Inlay;
import com.intellij.openapi.editor.RangeMarker;
import com.intellij.openapi.fileEditor.FileDocumentManager;
import com.intellij.openapi.fileEditor.FileEditor;
import com.intellij.openapi.fileEditor.FileEditorManager;
import com.intellij.openapi.fileEditor.OpenFileDescriptor;
import com.intellij.openapi.project.Project;
import com.intellij.openapi.vfs.LocalFileSystem;
import com.intellij.openapi.vfs.VirtualFile;
import com.intellij.openapi.vfs.newvfs.impl.VfsRootAccess;
import com.intellij.testFramework.EditorTestUtil;
import com.intellij.testFramework.fixtures.CodeInsightTestFixture;
import com.intellij.testFramework.fixtures.IdeaProjectTestFixture;
import com.intellij.testFramework.fixtures.IdeaTestFixtureFactory;

import eke.chat.ChatPane;
import eke.core.Chat;
import eke.core.Json;
import eke.core.Markdown;
import eke.test.Remote;
import eke.test.Transcript;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.FutureTask;

/**
 * The plugin in the platform's own editor, booted without a display by the platform's light test fixture: for the conformance suite and
 * for tests of what only the platform does. Keys go through the platform's typing handlers and actions; ghost text is what the
 * editor's inlay model has.
 */
public final class RealEditor implements Remote.Editor {
	private final StringBuilder messages = new StringBuilder();
	private final List<Notification> notifications = new ArrayList<>();
	private CodeInsightTestFixture fixture;
	private Project project;
	private EkeService service;
	private ChatPane pane;
	private Editor editor;
	private boolean inChat;

	public static void main(String[] arguments) throws Exception {
		RealEditor real = new RealEditor();
		real.boot();
		Remote.serve(real);
		// Without taking the project apart: the platform's checks for leaks are for its own tests.
		System.exit(0);
	}

	private void boot() throws Exception {
		IdeaTestFixtureFactory factory = IdeaTestFixtureFactory.getFixtureFactory();
		IdeaProjectTestFixture light = factory.createLightFixtureBuilder().getFixture();
		fixture = factory.createCodeInsightFixture(light);
		fixture.setUp();
		project = fixture.getProject();
		VfsRootAccess.allowRootAccess("/");
	}

	@Override
	public Object call(String method, JsonObject params) throws Exception {
		FutureTask<Object> task = new FutureTask<>(() -> handle(method, params));
		// As what the user does: documents may be changed.
		ApplicationManager.getApplication().invokeLater(task, ModalityState.NON_MODAL);
		Object result = task.get();
		// What the action has put off happens before the next one.
		ApplicationManager.getApplication().invokeAndWait(() -> { }, ModalityState.NON_MODAL);
		return result;
	}

	private Object handle(String method, JsonObject params) throws Exception {
		switch (method) {
		case "start":
			start(params);
			return null;
		case "stop":
			// The next one is played in the same project.
			for (VirtualFile open : FileEditorManager.getInstance(project).getOpenFiles())
				FileEditorManager.getInstance(project).closeFile(open);
			service.session.server.stop();
			return null;
		case "open":
			open(Json.string(params, "path", ""), Json.number(params, "line", 0), Json.number(params, "column", 0));
			return null;
		case "type":
			type(Json.string(params, "text", ""));
			return null;
		case "press":
			press(Json.string(params, "key", ""));
			return null;
		case "command":
			command(Json.string(params, "name", ""), Json.string(params, "with", ""), params);
			return null;
		case "choose":
			return choose(Json.string(params, "title", ""));
		case "ghost":
			return ghost();
		case "buffer":
			return Json.object("text", withoutLastBreak(editor.getDocument().getText()),
				"before", editor.getDocument().getText().substring(0, editor.getCaretModel().getOffset()));
		case "text":
			VirtualFile file = LocalFileSystem.getInstance().findFileByPath(Json.string(params, "path", ""));
			return withoutLastBreak(FileDocumentManager.getInstance().getDocument(file).getText());
		case "messages":
			return messages.toString();
		case "status":
			return new EkeWidget(project, service).getText();
		case "chat":
			return Transcript.of(service.session.chat, pane.draft());
		case "editor":
			return editor.getClass().getName();
		case "undo":
			FileEditor shown = FileEditorManager.getInstance(project).getSelectedEditor(FileDocumentManager.getInstance().getFile(editor.getDocument()));
			boolean can = UndoManager.getInstance(project).isUndoAvailable(shown);
			if (can)
				UndoManager.getInstance(project).undo(shown);
			return can;
		case "select":
			editor.getSelectionModel().setSelection(Json.number(params, "start", 0), Json.number(params, "end", 0));
			return null;
		case "perform":
			return perform(Json.string(params, "action", ""));
		default:
			return RealKeys.call(this, method, params);
		}
	}

	Project project() {
		return project;
	}

	EkeService service() {
		return service;
	}

	Editor editor() {
		return editor;
	}

	/** What follows happens in that project. */
	void use(Project other) {
		editor = null;
		notifications.clear();
		project = other;
		service = EkeService.of(other);
		listen();
	}

	private static String withoutLastBreak(String text) {
		return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
	}

	private void start(JsonObject params) {
		StringBuilder command = new StringBuilder();
		for (String word : Json.strings(params, "command"))
			command.append('"').append(word).append("\" ");
		EkeSettings.Values values = new EkeSettings.Values();
		values.command = command.toString();
		values.more = Json.sub(params, "settings").toString();
		JsonObject options = Json.sub(params, "options");
		values.automatic = Json.get(options, "auto") == null || Json.is(options, "auto");
		EkeSettings.getInstance().loadState(values);
		messages.setLength(0);
		notifications.clear();
		if (service != null) {
			service.session.chat.cancel();
			service.session.chat.renew();
			service.session.server.restart();
			pane = new ChatPane(service.session.chat, new IdeWorkplace(project, service), id -> { });
			return;
		}
		listen();
		service = EkeService.of(project);
		service.editors.open();
		pane = new ChatPane(service.session.chat, new IdeWorkplace(project, service), id -> { });
	}

	private void listen() {
		project.getMessageBus().connect().subscribe(Notifications.TOPIC, new NotificationsAdapter() {
			@Override
			public void notify(Notification notification) {
				messages.append(notification.getContent()).append('\n');
				notifications.add(notification);
			}
		});
	}

	private void open(String path, int line, int column) {
		VirtualFile file = LocalFileSystem.getInstance().refreshAndFindFileByPath(path);
		editor = FileEditorManager.getInstance(project).openTextEditor(new OpenFileDescriptor(project, file), true);
		Document document = editor.getDocument();
		int start = document.getLineCount() == 0 ? 0 : document.getLineStartOffset(line);
		editor.getCaretModel().moveToOffset(Character.offsetByCodePoints(document.getImmutableCharSequence(), start, column));
		inChat = false;
		service.editors.focus(editor, true);
	}

	private void type(String text) {
		if (inChat) {
			pane.draft(pane.draft() + text);
			return;
		}
		if (service.session.ghost.view() == null)
			service.editors.focus(editor, true);
		for (char c : text.toCharArray())
			EditorTestUtil.performTypingAction(editor, c);
	}

	private void press(String key) {
		switch (key) {
		case "accept":
			perform("eke.Accept");
			break;
		case "acceptWord":
			perform("eke.AcceptWord");
			break;
		case "acceptLine":
			perform("eke.AcceptLine");
			break;
		case "next":
			perform("eke.Next");
			break;
		case "previous":
			perform("eke.Previous");
			break;
		case "dismiss":
			EditorTestUtil.executeAction(editor, IdeActions.ACTION_EDITOR_ESCAPE);
			break;
		case "suggest":
			perform("eke.Suggest");
			break;
		case "backspace":
			EditorTestUtil.executeAction(editor, IdeActions.ACTION_EDITOR_BACKSPACE);
			break;
		case "right":
			EditorTestUtil.executeAction(editor, IdeActions.ACTION_EDITOR_MOVE_CARET_RIGHT);
			break;
		case "leave":
			service.editors.focus(editor, false);
			break;
		case "send":
			pane.sendDraft();
			break;
		default:
			throw new IllegalArgumentException(key);
		}
	}

	/* As the keymap does: asks the action whether it is there, and then runs it. */
	private boolean perform(String id) {
		return perform(project, editor, id);
	}

	static boolean perform(Project project, Editor editor, String id) {
		AnAction action = ActionManager.getInstance().getAction(id);
		DataContext context = name -> CommonDataKeys.PROJECT.is(name) ? project : CommonDataKeys.EDITOR.is(name) ? editor : null;
		AnActionEvent event = AnActionEvent.createFromAnAction(action, null, "eke test", context);
		action.update(event);
		if (event.getPresentation().isEnabled())
			action.actionPerformed(event);
		return event.getPresentation().isEnabled();
	}

	private void command(String name, String with, JsonObject params) {
		Chat chat = service.session.chat;
		switch (name) {
		case "chat":
			inChat = true;
			pane.draft(pane.draft().trim());
			break;
		case "ask":
			pane.ask(with, "", attachments(params));
			break;
		case "eke":
			chat.commands(commands -> pane.ask("", with, attachments(params)));
			break;
		case "cancel":
			chat.cancel();
			break;
		case "regenerate":
			chat.regenerate();
			break;
		case "restart":
			service.session.server.restart();
			break;
		case "apply":
			for (Chat.Turn turn : chat.turns())
				if (!turn.isQuestion && Markdown.lastCode(turn.text()) != null) {
					RangeMarker range = (RangeMarker)turn.origin;
					Review.apply(project, range.getDocument(), range, Markdown.lastCode(turn.text()) + "\n", "Apply");
				}
			break;
		default:
			throw new IllegalArgumentException(name);
		}
	}

	private List<Chat.Attachment> attachments(JsonObject params) {
		if (Json.list(params, "lines").isEmpty())
			return Collections.emptyList();
		IdeText text = service.editors.text(editor);
		return Collections.singletonList(IdeWorkplace.range(service, text, text.lineStart(Json.list(params, "lines").get(0).getAsInt() - 1),
			text.lineStart(Json.list(params, "lines").get(1).getAsInt())));
	}

	private boolean choose(String title) {
		for (Notification notification : notifications)
			for (AnAction action : notification.getActions())
				if (title.equals(action.getTemplatePresentation().getText())) {
					Notification.fire(notification, action);
					return true;
				}
		return false;
	}

	/* What the editor has drawn into it: within the line in order, then the lines below. */
	private String ghost() {
		int length = editor.getDocument().getTextLength();
		TreeMap<Integer, StringBuilder> within = new TreeMap<>();
		List<String> lines = new ArrayList<>(Collections.singletonList(""));
		boolean found = false;
		for (Inlay inlay : editor.getInlayModel().getInlineElementsInRange(0, length))
			if (inlay.getRenderer() instanceof GhostInlays.Renderer) {
				within.computeIfAbsent(inlay.getOffset(), offset -> new StringBuilder())
					.append(String.join("\n", ((GhostInlays.Renderer)inlay.getRenderer()).lines()));
				found = true;
			}
		lines.set(0, String.join("", within.values()));
		for (Inlay inlay : editor.getInlayModel().getBlockElementsInRange(0, length))
			if (inlay.getRenderer() instanceof GhostInlays.Renderer) {
				lines.addAll(((GhostInlays.Renderer)inlay.getRenderer()).lines());
				found = true;
			}
		if (!found)
			return null;
		lines.replaceAll(line -> line.replaceAll("\\s+$", ""));
		return String.join("\n", lines);
	}
}
