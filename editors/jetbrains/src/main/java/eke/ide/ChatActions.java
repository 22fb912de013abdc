package eke.ide;

import com.intellij.openapi.actionSystem.ActionGroup;
import com.intellij.openapi.actionSystem.ActionUpdateThread;
import com.intellij.openapi.actionSystem.AnAction;
import com.intellij.openapi.actionSystem.AnActionEvent;
import com.intellij.openapi.actionSystem.CommonDataKeys;
import com.intellij.openapi.actionSystem.Separator;
import com.intellij.openapi.editor.Editor;
import com.intellij.openapi.project.DumbAware;
import com.intellij.openapi.project.Project;
import com.intellij.openapi.ui.Messages;
import com.intellij.openapi.ui.popup.JBPopupFactory;

import eke.chat.ChatPane;
import eke.core.Chat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** The editor's menu: commands on the selection, questions, edits. */
public final class ChatActions {
	/* Until the server has said which commands there are. */
	private static final List<String> BUILT_IN = Arrays.asList("explain", "problems", "fix", "refactor", "optimize", "document", "tests");

	private ChatActions() {
	}

	/** The selection, else the caret's line; null if eke does not know the file. */
	static int[] range(Editor editor) {
		if (editor.getSelectionModel().hasSelection())
			return new int[]{editor.getSelectionModel().getSelectionStart(), editor.getSelectionModel().getSelectionEnd()};
		int line = editor.getDocument().getTextLength() == 0 ? 0 : editor.getDocument().getLineNumber(editor.getCaretModel().getOffset());
		int end = line + 1 < editor.getDocument().getLineCount() ? editor.getDocument().getLineStartOffset(line + 1)
			: editor.getDocument().getTextLength();
		return new int[]{editor.getDocument().getLineCount() == 0 ? 0 : editor.getDocument().getLineStartOffset(line), end};
	}

	/** Runs a chat command on what an editor has selected, and shows the answer in the chat. */
	static void run(Project project, Editor editor, Chat.Command command) {
		EkeService service = EkeService.of(project);
		IdeText text = editor == null ? null : service.editors.text(editor);
		List<Chat.Attachment> about = new ArrayList<>();
		if (text != null && command.needs.equals("file"))
			about.add(IdeWorkplace.file(service, text));
		else if (text != null && command.needs.equals("selection")) {
			int[] range = range(editor);
			about.add(IdeWorkplace.range(service, text, range[0], range[1]));
		}
		ask(project, "", command.name, about);
	}

	private static void ask(Project project, String words, String command, List<Chat.Attachment> about) {
		ChatToolWindow.show(project, false, pane -> {
			if (!pane.ask(words, command, about))
				EkeService.of(project).warn("An answer is still being written: stop it first.");
		});
	}

	/** The commands, by name; those that are not known are passed over. */
	private static void withCommand(EkeService service, String name, Consumer<Chat.Command> use) {
		service.session.chat.commands(commands -> commands.stream().filter(one -> one.name.equals(name)).findFirst().ifPresent(use));
	}

	/** Asks for an edit in the user's words, and shows it as a diff. */
	static void edit(Project project, Editor editor, String instruction) {
		EkeService service = EkeService.of(project);
		IdeText text = service.editors.text(editor);
		if (text == null) {
			service.warn("eke does not know this file.");
			return;
		}
		int[] range = range(editor);
		EditTask.run(service, text, range[0], range[1], instruction);
	}

	private static boolean isInEditor(AnActionEvent event) {
		Editor editor = event.getData(CommonDataKeys.EDITOR);
		return event.getProject() != null && editor != null && EkeSettings.values().enabled
			&& EkeService.of(event.getProject()).editors.text(editor) != null;
	}

	/** The submenu: the commands, the user's own among them. */
	public static final class Menu extends ActionGroup implements DumbAware {
		/** See EkeAction. */
		public ActionUpdateThread getActionUpdateThread() {
			return ActionUpdateThread.EDT;
		}

		@Override
		public void update(AnActionEvent event) {
			event.getPresentation().setVisible(isInEditor(event));
		}

		@Override
		public AnAction[] getChildren(AnActionEvent event) {
			List<AnAction> actions = new ArrayList<>(Arrays.asList(new AskSelection(), new EditSelection(), Separator.getInstance()));
			Project project = event == null ? null : event.getProject();
			List<Chat.Command> known = project == null ? Collections.emptyList() : EkeService.of(project).session.chat.knownCommands();
			if (known.isEmpty())
				for (String name : BUILT_IN)
					actions.add(new Run(name, name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1)));
			for (Chat.Command command : known)
				if (command.needs.equals("selection") || command.needs.equals("file"))
					actions.add(new Run(command.name, command.title));
			return actions.toArray(AnAction.EMPTY_ARRAY);
		}
	}

	private static final class Run extends EkeAction {
		private final String name;

		Run(String name, String title) {
			super(title);
			this.name = name;
		}

		@Override
		public void actionPerformed(AnActionEvent event) {
			Project project = event.getProject();
			Editor editor = event.getData(CommonDataKeys.EDITOR);
			if (project != null && editor != null)
				withCommand(EkeService.of(project), name, command -> run(project, editor, command));
		}
	}

	/** The same menu as a popup, by a key. */
	public static final class Popup extends EkeAction {
		@Override
		public void update(AnActionEvent event) {
			event.getPresentation().setEnabled(isInEditor(event));
		}

		@Override
		public void actionPerformed(AnActionEvent event) {
			Project project = event.getProject();
			if (project == null)
				return;
			JBPopupFactory.getInstance().createActionGroupPopup("eke", new Menu(), event.getDataContext(),
				JBPopupFactory.ActionSelectionAid.SPEEDSEARCH, false).showInBestPositionFor(event.getDataContext());
		}
	}

	public static final class AskSelection extends EkeAction {
		public AskSelection() {
			super("Ask About This…");
		}

		@Override
		public void update(AnActionEvent event) {
			event.getPresentation().setEnabled(isInEditor(event));
		}

		@Override
		public void actionPerformed(AnActionEvent event) {
			Project project = event.getProject();
			Editor editor = event.getData(CommonDataKeys.EDITOR);
			if (project == null || editor == null)
				return;
			EkeService service = EkeService.of(project);
			Chat.Attachment selection = IdeWorkplace.selection(service, editor);
			IdeText text = service.editors.text(editor);
			Chat.Attachment about = selection != null || text == null ? selection : IdeWorkplace.file(service, text);
			ChatToolWindow.show(project, true, pane -> {
				pane.attach(about);
				pane.focus();
			});
		}
	}

	public static final class EditSelection extends EkeAction {
		public EditSelection() {
			super("Edit by Instruction…");
		}

		@Override
		public void update(AnActionEvent event) {
			event.getPresentation().setEnabled(isInEditor(event) && event.getData(CommonDataKeys.EDITOR).getDocument().isWritable());
		}

		@Override
		public void actionPerformed(AnActionEvent event) {
			Project project = event.getProject();
			Editor editor = event.getData(CommonDataKeys.EDITOR);
			if (project == null || editor == null)
				return;
			String instruction = Messages.showInputDialog(project, "What is to be done with these lines?", "eke: Edit", null);
			if (instruction != null && !instruction.trim().isEmpty())
				edit(project, editor, instruction.trim());
		}
	}

	/** Opens the chat. */
	public static final class Open extends MenuAction {
		@Override
		void perform(EkeService service, AnActionEvent event) {
			ChatToolWindow.show(service.project(), true, ChatPane::focus);
		}
	}
}
