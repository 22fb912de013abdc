package eke.ide;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.intellij.notification.Notification;
import com.intellij.notification.NotificationAction;
import com.intellij.notification.NotificationType;
import com.intellij.notification.Notifications;
import com.intellij.openapi.Disposable;
import com.intellij.openapi.application.ApplicationInfo;
import com.intellij.openapi.application.ApplicationManager;
import com.intellij.openapi.application.ApplicationNamesInfo;
import com.intellij.openapi.application.ModalityState;
import com.intellij.openapi.command.WriteCommandAction;
import com.intellij.openapi.components.ServiceManager;
import com.intellij.openapi.diagnostic.Logger;
import com.intellij.openapi.editor.Document;
import com.intellij.openapi.fileEditor.FileDocumentManager;
import com.intellij.openapi.fileEditor.FileEditorManager;
import com.intellij.openapi.fileEditor.OpenFileDescriptor;
import com.intellij.openapi.options.ShowSettingsUtil;
import com.intellij.openapi.project.Project;
import com.intellij.openapi.vfs.LocalFileSystem;
import com.intellij.openapi.vfs.ReadonlyStatusHandler;
import com.intellij.openapi.vfs.VirtualFile;
import com.intellij.util.EnvironmentUtil;

import eke.core.Edit;
import eke.core.Host;
import eke.core.Json;
import eke.core.Markdown;
import eke.core.Session;
import eke.core.Text;

import java.io.File;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** eke in one project: its session with the server, and what the server wants of the IDE. Ends with the project. */
public final class EkeService implements Host, Disposable {
	static final String NOTIFICATIONS = "eke";
	private static final Logger LOG = Logger.getInstance(EkeService.class);
	private static final int RESTART_DELAY = 500;

	private final Project project;
	private final List<Runnable> statusListeners = new ArrayList<>();
	private boolean disposed;
	public final Session session;
	final Editors editors;

	public EkeService(Project project) {
		this.project = project;
		session = new Session(this, new IdeLoop(() -> disposed || project.isDisposed()));
		editors = new Editors(project, this, session);
	}

	public static EkeService of(Project project) {
		return ServiceManager.getService(project, EkeService.class);
	}

	@Override
	public void dispose() {
		editors.close();
		session.server.stop();
		statusListeners.clear();
		disposed = true;
	}

	/** Called at every change of what the status bar shows, until the parent goes. */
	void onStatus(Runnable listener) {
		statusListeners.add(listener);
	}

	Project project() {
		return project;
	}

	// --- the host: what starts the server ---

	@Override
	public List<String> command() {
		return EkeSettings.words(EkeSettings.values().command);
	}

	@Override
	public Map<String, String> environment() {
		// The shell's, which an IDE that was started from a menu does not have by itself on macOS.
		Map<String, String> environment = new HashMap<>(EnvironmentUtil.getEnvironmentMap());
		EkeSettings.Values values = EkeSettings.values();
		String key = Keys.get();
		if (key != null && !key.isEmpty())
			environment.put("EKE_API_KEY", key);
		put(environment, "EKE_BASE_URL", values.baseUrl);
		put(environment, "EKE_MODEL", values.model);
		put(environment, "EKE_PLAN", values.plan);
		return environment;
	}

	private static void put(Map<String, String> environment, String name, String value) {
		if (!value.trim().isEmpty())
			environment.put(name, value.trim());
	}

	@Override
	public File folder() {
		return project.getBasePath() == null ? null : new File(project.getBasePath());
	}

	@Override
	public JsonObject introduction() {
		String name = ApplicationNamesInfo.getInstance().getFullProductName();
		String version = ApplicationInfo.getInstance().getFullVersion();
		JsonArray folders = new JsonArray();
		String base = project.getBasePath();
		String root = base == null ? null : Paths.get(base).toUri().toString();
		if (root != null)
			folders.add(Json.object("uri", root, "name", project.getName()));
		return Json.object("processId", processId(), "clientInfo", Json.object("name", name, "version", version),
			"rootUri", root, "workspaceFolders", folders,
			"initializationOptions", Json.object("editor", Json.object("name", name, "version", version)));
	}

	/* Java 8 has no other way; null if this is not it. */
	private static Integer processId() {
		try {
			return Integer.valueOf(ManagementFactory.getRuntimeMXBean().getName().split("@")[0]);
		} catch (NumberFormatException e) {
			return null;
		}
	}

	@Override
	public JsonObject settings() {
		return EkeSettings.json();
	}

	@Override
	public int restartDelay() {
		return RESTART_DELAY;
	}

	// --- documents ---

	@Override
	public List<Text> texts() {
		return editors.texts();
	}

	@Override
	public Text text(String uri) {
		Text open = editors.text(uri);
		VirtualFile file = open == null ? file(uri) : null;
		Document document = file == null ? null : FileDocumentManager.getInstance().getDocument(file);
		return document == null ? open : new IdeText(project, document, file);
	}

	private static VirtualFile file(String uri) {
		try {
			URI parsed = URI.create(uri);
			if ("file".equals(parsed.getScheme()))
				return LocalFileSystem.getInstance().refreshAndFindFileByPath(Paths.get(parsed).toString().replace('\\', '/'));
		} catch (IllegalArgumentException e) {
			LOG.info("no file: " + uri);
		}
		return null;
	}

	@Override
	public boolean show(String uri) {
		VirtualFile file = file(uri);
		if (file == null)
			return false;
		whenWritable(() -> new OpenFileDescriptor(project, file).navigate(true));
		return true;
	}

	@Override
	public void whenWritable(Runnable task) {
		ApplicationManager.getApplication().invokeLater(() -> {
			if (!disposed)
				task.run();
		}, ModalityState.NON_MODAL);
	}

	@Override
	public String apply(String label, List<Edit> edits) {
		Collection<VirtualFile> files = new LinkedHashSet<>();
		for (Edit edit : edits)
			files.add(((IdeText)edit.text).file);
		if (ReadonlyStatusHandler.getInstance(project).ensureFilesWritable(files.toArray(VirtualFile.EMPTY_ARRAY)).hasReadonlyFiles())
			return "the file cannot be written";
		for (Edit edit : edits)
			if (!((IdeText)edit.text).document.isWritable())
				return edit.text.uri() + " cannot be changed";
		WriteCommandAction.runWriteCommandAction(project, label, null, () -> {
			for (Edit edit : edits)
				((IdeText)edit.text).document.replaceString(edit.start, edit.end, edit.replacement);
		});
		return null;
	}

	// --- the user ---

	@Override
	public void warn(String message) {
		LOG.info(message);
		if (!EkeSettings.values().notifications)
			return;
		Notification notification = new Notification(NOTIFICATIONS, "eke", Markdown.escape(message), NotificationType.WARNING);
		notification.addAction(NotificationAction.createSimple("Settings", this::openSettings));
		if (session.server.state() == eke.core.Server.State.FAILED)
			notification.addAction(NotificationAction.createSimple("Restart", () -> {
				notification.expire();
				session.server.restart();
			}));
		Notifications.Bus.notify(notification, project);
	}

	void inform(String message) {
		Notifications.Bus.notify(new Notification(NOTIFICATIONS, "eke", Markdown.escape(message).replace("\n", "<br>"),
			NotificationType.INFORMATION), project);
	}

	void openSettings() {
		ShowSettingsUtil.getInstance().showSettingsDialog(project, EkeConfigurable.class);
	}

	@Override
	public void log(String message) {
		LOG.info(message);
	}

	/* A balloon: no key that is typed into an editor is taken for the answer. Closing it is no answer, so the question stays. */
	@Override
	public void ask(String message, List<String> actions, Consumer<String> answer) {
		Notification notification = new Notification(NOTIFICATIONS, "eke", Markdown.escape(message), NotificationType.INFORMATION);
		notification.setImportant(true);
		for (String action : actions)
			notification.addAction(NotificationAction.createSimple(action, () -> {
				notification.expire();
				answer.accept(action);
			}));
		Notifications.Bus.notify(notification, project);
	}

	@Override
	public void statusChanged() {
		new ArrayList<>(statusListeners).forEach(Runnable::run);
	}

	@Override
	public void ready() {
		editors.ready();
		session.chat.commands(commands -> { }); // the editor's menu has the user's own, and cannot wait for them
	}

	/** The settings page was applied. {@code restart}: what the process is started with has changed. */
	void settingsChanged(boolean restart) {
		if (!EkeSettings.values().enabled) {
			session.ghost.enter(null);
			session.server.stop();
			return;
		}
		if (restart || session.server.state() == eke.core.Server.State.STOPPED)
			session.server.restart();
		else
			session.configure();
		ready();
	}

	/** Was this built with what src/inline has, and is this IDE one that has the API? */
	static boolean hasPlatformInline() {
		return isThere("eke.inline.EkeInlineCompletionProvider")
			&& isThere("com.intellij.codeInsight.inline.completion.suggestion.InlineCompletionSingleSuggestion");
	}

	private static boolean isThere(String name) {
		return EkeService.class.getClassLoader().getResource(name.replace('.', '/') + ".class") != null;
	}

	/** The file that the user is in; null: none. */
	VirtualFile currentFile() {
		VirtualFile[] files = FileEditorManager.getInstance(project).getSelectedFiles();
		return files.length == 0 ? null : files[0];
	}

}
