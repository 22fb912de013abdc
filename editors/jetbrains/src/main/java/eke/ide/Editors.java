package eke.ide;

import com.intellij.openapi.Disposable;
import com.intellij.openapi.application.ApplicationManager;
import com.intellij.openapi.editor.Document;
import com.intellij.openapi.editor.Editor;
import com.intellij.openapi.editor.EditorFactory;
import com.intellij.openapi.editor.EditorKind;
import com.intellij.openapi.editor.event.CaretEvent;
import com.intellij.openapi.editor.event.CaretListener;
import com.intellij.openapi.editor.event.DocumentEvent;
import com.intellij.openapi.editor.event.DocumentListener;
import com.intellij.openapi.editor.event.EditorFactoryEvent;
import com.intellij.openapi.editor.event.EditorFactoryListener;
import com.intellij.openapi.editor.event.SelectionEvent;
import com.intellij.openapi.editor.event.SelectionListener;
import com.intellij.openapi.editor.ex.EditorEx;
import com.intellij.openapi.editor.ex.FocusChangeListener;
import com.intellij.openapi.fileEditor.FileDocumentManager;
import com.intellij.openapi.fileEditor.FileDocumentManagerListener;
import com.intellij.openapi.project.Project;
import com.intellij.openapi.project.ProjectManager;
import com.intellij.openapi.util.Disposer;
import com.intellij.openapi.vfs.VirtualFile;

import eke.core.Session;
import eke.core.Text;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The project's editors of files: tells the session what happens in them. Consoles, previews, diffs and fields of dialogues are left
 * alone. All of it on the event dispatch thread.
 */
public final class Editors implements EditorFactoryListener {
	private static final class Tracked {
		final Disposable life = Disposer.newDisposable("eke editor");
		final EditorView view;
		final IdeText text;

		Tracked(EditorView view, IdeText text) {
			this.view = view;
			this.text = text;
		}
	}

	private final Project project;
	private final EkeService service;
	private final Session session;
	private final Map<Editor, Tracked> tracked = new HashMap<>();
	private final Map<Document, IdeText> texts = new HashMap<>();
	private final Map<Document, Disposable> listeners = new HashMap<>();
	private boolean changing; // a document of ours, right now
	private boolean asking; // the loop will

	Editors(Project project, EkeService service, Session session) {
		this.project = project;
		this.service = service;
		this.session = session;
	}

	/** From now on. */
	void open() {
		EditorFactory.getInstance().addEditorFactoryListener(this, service);
		for (Editor editor : EditorFactory.getInstance().getAllEditors())
			track(editor);
	}

	/** Tells the server what is saved, in whatever project. */
	public static final class Saving implements FileDocumentManagerListener {
		@Override
		public void beforeDocumentSaving(Document document) {
			for (Project project : ProjectManager.getInstance().getOpenProjects()) {
				EkeService service = project.isDisposed() ? null : EkeService.of(project);
				IdeText text = service == null ? null : service.editors.texts.get(document);
				if (text != null)
					ApplicationManager.getApplication().invokeLater(() -> service.session.documents.saved(text));
			}
		}
	}

	void close() {
		session.ghost.enter(null);
		for (Editor editor : new ArrayList<>(tracked.keySet()))
			release(editor);
	}

	List<Text> texts() {
		return new ArrayList<>(texts.values());
	}

	Text text(String uri) {
		for (IdeText text : texts.values())
			if (text.uri().equals(uri))
				return text;
		return null;
	}

	/** The document of an editor that is tracked; null: eke leaves it alone. */
	IdeText text(Editor editor) {
		Tracked known = tracked.get(editor);
		return known == null ? null : known.text;
	}

	// --- editors come and go ---

	@Override
	public void editorCreated(EditorFactoryEvent event) {
		track(event.getEditor());
	}

	@Override
	public void editorReleased(EditorFactoryEvent event) {
		release(event.getEditor());
	}

	private void track(Editor editor) {
		VirtualFile file = FileDocumentManager.getInstance().getFile(editor.getDocument());
		if (editor.getProject() != project || file == null || tracked.containsKey(editor) || !isOfFile(editor))
			return;
		IdeText text = texts.computeIfAbsent(editor.getDocument(), document -> listen(document, file));
		Tracked one = new Tracked(new EditorView(editor, text), text);
		tracked.put(editor, one);
		editor.getCaretModel().addCaretListener(new CaretListener() {
			@Override
			public void caretPositionChanged(CaretEvent event) {
				moved(editor);
			}

			@Override
			public void caretAdded(CaretEvent event) {
				moved(editor);
			}

			@Override
			public void caretRemoved(CaretEvent event) {
				moved(editor);
			}
		}, one.life);
		editor.getSelectionModel().addSelectionListener(new SelectionListener() {
			@Override
			public void selectionChanged(SelectionEvent event) {
				moved(editor);
			}
		}, one.life);
		if (editor instanceof EditorEx)
			((EditorEx)editor).addFocusListener(new FocusChangeListener() {
				@Override
				public void focusGained(Editor focused) {
					enter(one);
				}

				@Override
				public void focusLost(Editor focused) {
					leave(one);
				}
			}, one.life);
		if (EkeSettings.values().enabled) {
			session.server.start();
			session.documents.open(text);
		}
	}

	private static boolean isOfFile(Editor editor) {
		EditorKind kind = editor.getEditorKind();
		return (kind == EditorKind.MAIN_EDITOR || kind == EditorKind.UNTYPED) && !editor.isOneLineMode();
	}

	private IdeText listen(Document document, VirtualFile file) {
		IdeText text = new IdeText(project, document, file);
		Disposable life = Disposer.newDisposable("eke document");
		listeners.put(document, life);
		document.addDocumentListener(new DocumentListener() {
			@Override
			public void beforeDocumentChange(DocumentEvent event) {
				changing = true;
				int end = event.getOffset() + event.getOldLength();
				session.documents.changing(text, event.getOffset(), end, event.getNewFragment());
				session.ghost.changing(text, event.getOffset(), end, event.getNewFragment());
			}

			@Override
			public void documentChanged(DocumentEvent event) {
				changing = false;
				if (session.ghost.view() != null && session.ghost.view().text() == text)
					askSoon();
			}
		}, life);
		return text;
	}

	private void release(Editor editor) {
		Tracked gone = tracked.remove(editor);
		if (gone == null)
			return;
		if (session.ghost.view() == gone.view)
			session.ghost.enter(null);
		Disposer.dispose(gone.life);
		for (Tracked other : tracked.values())
			if (other.text == gone.text)
				return;
		session.documents.close(gone.text);
		texts.remove(gone.text.document);
		Disposer.dispose(listeners.remove(gone.text.document));
	}

	// --- what the user does ---

	/** As if the editor got the focus, or lost it: for tests. */
	void focus(Editor editor, boolean gained) {
		Tracked known = tracked.get(editor);
		if (known != null && gained)
			enter(known);
		else if (known != null)
			leave(known);
	}

	private void enter(Tracked one) {
		session.ghost.enter(one.view);
		if (!EkeSettings.values().enabled)
			return;
		session.documents.open(one.text); // it may have another name by now
		askSoon();
	}

	private void leave(Tracked one) {
		// Within the IDE's own popups the user still is where he was.
		if (session.ghost.view() == one.view && !Popups.isLookupOpen(one.view.editor))
			session.ghost.enter(null);
	}

	/* At once, so that nothing is painted that does not fit. Not amid a change of the document: that is followed by asking. */
	private void moved(Editor editor) {
		Tracked known = tracked.get(editor);
		if (known != null && session.ghost.view() == known.view && !changing)
			session.ghost.moved();
	}

	/** After what happens now: an action may change the text in several steps. */
	private void askSoon() {
		if (asking)
			return;
		asking = true;
		ApplicationManager.getApplication().invokeLater(() -> {
			asking = false;
			ask();
		});
	}

	private void ask() {
		if (project.isDisposed() || session.ghost.view() == null)
			return;
		session.ghost.moved();
		EkeSettings.Values values = EkeSettings.values();
		if (values.enabled && values.automatic && !(values.platformInline && EkeService.hasPlatformInline()) && !EkeSettings.isOff(session.ghost.view().text().language()))
			session.ghost.ask();
	}

	/** The server is up: the editor that has the focus may be waiting. */
	void ready() {
		if (!EkeSettings.values().enabled)
			return;
		for (Tracked one : tracked.values()) {
			session.documents.open(one.text);
			if (one.view.editor.getContentComponent().isFocusOwner())
				session.ghost.enter(one.view);
		}
		askSoon();
	}
}
