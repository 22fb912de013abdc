package eke.ide;

import com.intellij.ide.BrowserUtil;
import com.intellij.openapi.application.ApplicationManager;
import com.intellij.openapi.application.ReadAction;
import com.intellij.openapi.command.WriteCommandAction;
import com.intellij.openapi.editor.Editor;
import com.intellij.openapi.editor.RangeMarker;
import com.intellij.openapi.editor.ScrollType;
import com.intellij.openapi.editor.colors.EditorColorsManager;
import com.intellij.openapi.editor.colors.EditorFontType;
import com.intellij.openapi.fileChooser.FileChooser;
import com.intellij.openapi.fileChooser.FileChooserDescriptorFactory;
import com.intellij.openapi.fileChooser.FileChooserFactory;
import com.intellij.openapi.fileChooser.FileSaverDescriptor;
import com.intellij.openapi.fileEditor.FileDocumentManager;
import com.intellij.openapi.fileEditor.FileEditorManager;
import com.intellij.openapi.project.Project;
import com.intellij.openapi.roots.ProjectRootManager;
import com.intellij.openapi.vfs.LocalFileSystem;
import com.intellij.openapi.vfs.VfsUtilCore;
import com.intellij.openapi.vfs.VirtualFile;
import com.intellij.openapi.vfs.VirtualFileWrapper;

import eke.chat.Workplace;
import eke.core.Chat;
import eke.core.Documents;
import eke.core.Json;

import java.awt.Font;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** The IDE around the chat pane. */
final class IdeWorkplace implements Workplace {
	private static final int MOST_FILES = 50;
	private static final int MOST_LOOKED_AT = 100_000;

	private final Project project;
	private final EkeService service;

	IdeWorkplace(Project project, EkeService service) {
		this.project = project;
		this.service = service;
	}

	/* The editor of a file that is in front; a tool window may have the focus. */
	private Editor editor() {
		return FileEditorManager.getInstance(project).getSelectedTextEditor();
	}

	@Override
	public Chat.Attachment selection() {
		// Newer platforms hold no lock while a button is pressed.
		return ReadAction.compute(() -> selection(service, editor()));
	}

	/** What is selected in an editor; null: nothing, or eke does not know the file. */
	static Chat.Attachment selection(EkeService service, Editor editor) {
		IdeText text = editor == null ? null : service.editors.text(editor);
		if (text == null || !editor.getSelectionModel().hasSelection())
			return null;
		return range(service, text, editor.getSelectionModel().getSelectionStart(), editor.getSelectionModel().getSelectionEnd());
	}

	/** A part of a document, as the server finds it in its copy; as text if it has none. */
	static Chat.Attachment range(EkeService service, IdeText text, int start, int end) {
		int first = text.line(start) + 1;
		int last = text.line(Math.max(start, end - 1)) + 1;
		String name = text.file.getName() + (first == last ? ":" + first : ":" + first + "-" + last);
		RangeMarker origin = text.document.createRangeMarker(start, end);
		origin.setGreedyToRight(true);
		String words = text.chars().subSequence(start, end).toString();
		return new Chat.Attachment(() -> {
			service.session.documents.open(text);
			service.session.documents.flush(text);
			return service.session.documents.isOpen(text) && origin.isValid() ? Json.object("kind", "selection", "uri", text.uri(),
				"range", Documents.range(text, origin.getStartOffset(), origin.getEndOffset()))
				: Json.object("kind", "text", "name", name, "languageId", text.language(), "text", words);
		}, name, origin);
	}

	@Override
	public Chat.Attachment file() {
		Editor editor = editor();
		IdeText text = editor == null ? null : service.editors.text(editor);
		return text == null ? null : ReadAction.compute(() -> file(service, text));
	}

	static Chat.Attachment file(EkeService service, IdeText text) {
		return new Chat.Attachment(() -> {
			service.session.documents.open(text);
			service.session.documents.flush(text);
			return Json.object("kind", "file", "uri", text.uri());
		}, text.file.getName(),
			text.document.createRangeMarker(0, text.document.getTextLength()));
	}

	@Override
	public void choose(Consumer<List<Chat.Attachment>> chosen) {
		VirtualFile[] files = FileChooser.chooseFiles(FileChooserDescriptorFactory.createMultipleFilesNoJarsDescriptor(), project,
			service.currentFile());
		List<Chat.Attachment> attachments = new ArrayList<>();
		for (VirtualFile file : files)
			attachments.add(new Chat.Attachment(Json.object("kind", "file", "uri", IdeText.uri(file)), file.getName(), null));
		chosen.accept(attachments);
	}

	@Override
	public void files(String beginning, Consumer<List<String>> found) {
		String wanted = beginning.replace("\"", "").toLowerCase(Locale.ROOT);
		ApplicationManager.getApplication().executeOnPooledThread(() -> {
			List<String> paths = ReadAction.compute(() -> project.isDisposed() ? Collections.<String>emptyList() : paths(wanted));
			ApplicationManager.getApplication().invokeLater(() -> found.accept(paths));
		});
	}

	private VirtualFile folder() {
		return project.getBasePath() == null ? null : LocalFileSystem.getInstance().findFileByPath(project.getBasePath());
	}

	/* Relative to the project's folder, as the server takes them; the shortest first. */
	private List<String> paths(String wanted) {
		List<String> paths = new ArrayList<>();
		VirtualFile base = folder();
		if (base == null)
			return paths;
		int[] looked = {0};
		ProjectRootManager.getInstance(project).getFileIndex().iterateContent(file -> {
			String path = file.isDirectory() ? null : VfsUtilCore.getRelativePath(file, base);
			if (path != null && path.toLowerCase(Locale.ROOT).contains(wanted))
				paths.add(path);
			return paths.size() < MOST_FILES && ++looked[0] < MOST_LOOKED_AT;
		});
		paths.sort((a, b) -> a.length() != b.length() ? Integer.compare(a.length(), b.length()) : a.compareTo(b));
		return paths;
	}

	@Override
	public boolean insert(String code) {
		Editor editor = editor();
		if (editor == null || !editor.getDocument().isWritable()
			|| !FileDocumentManager.getInstance().requestWriting(editor.getDocument(), project))
			return false;
		WriteCommandAction.runWriteCommandAction(project, "Insert from Chat", null, () -> {
			int start = editor.getSelectionModel().hasSelection() ? editor.getSelectionModel().getSelectionStart()
				: editor.getCaretModel().getOffset();
			int end = editor.getSelectionModel().hasSelection() ? editor.getSelectionModel().getSelectionEnd() : start;
			editor.getDocument().replaceString(start, end, code);
			editor.getCaretModel().moveToOffset(start + code.length());
			editor.getSelectionModel().removeSelection();
		});
		editor.getScrollingModel().scrollToCaret(ScrollType.MAKE_VISIBLE);
		editor.getContentComponent().requestFocusInWindow();
		return true;
	}

	@Override
	public boolean canReplace(Object origin) {
		return origin instanceof RangeMarker && ((RangeMarker)origin).isValid();
	}

	@Override
	public void review(Object origin, String code) {
		if (canReplace(origin)) {
			RangeMarker range = (RangeMarker)origin;
			Review.show(project, range.getDocument(), range.getStartOffset(), range.getEndOffset(),
				likeBefore(range, code), "Apply from Chat");
			return;
		}
		Editor editor = editor();
		if (editor == null) {
			service.warn("There is no file in front that the code could go into.");
			return;
		}
		int start = editor.getSelectionModel().hasSelection() ? editor.getSelectionModel().getSelectionStart()
			: editor.getCaretModel().getOffset();
		int end = editor.getSelectionModel().hasSelection() ? editor.getSelectionModel().getSelectionEnd() : start;
		Review.show(project, editor.getDocument(), start, end, code, "Apply from Chat");
	}

	/* Lines end as those that they replace did: an answer's block of code has no break at its end. */
	private static String likeBefore(RangeMarker range, String code) {
		CharSequence before = range.getDocument().getImmutableCharSequence().subSequence(range.getStartOffset(), range.getEndOffset());
		boolean ended = before.length() > 0 && before.charAt(before.length() - 1) == '\n';
		return ended && !code.endsWith("\n") ? code + "\n" : code;
	}

	@Override
	public void browse(String address) {
		BrowserUtil.browse(address);
	}

	@Override
	public void save(String name, String text) {
		VirtualFileWrapper file = FileChooserFactory.getInstance()
			.createSaveFileDialog(new FileSaverDescriptor("Export Chat", "", "md"), project).save(folder(), name);
		if (file == null)
			return;
		ApplicationManager.getApplication().executeOnPooledThread(() -> {
			try {
				Files.write(file.getFile().toPath(), text.getBytes(StandardCharsets.UTF_8));
			} catch (IOException e) {
				ApplicationManager.getApplication().invokeLater(() -> service.warn("The chat was not written: " + e.getMessage()));
			}
		});
	}

	@Override
	public void warn(String message) {
		service.warn(message);
	}

	@Override
	public Font codeFont() {
		return EditorColorsManager.getInstance().getGlobalScheme().getFont(EditorFontType.PLAIN);
	}
}
