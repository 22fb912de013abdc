package eke.ide;

import com.google.gson.JsonParseException;
import com.intellij.openapi.application.ApplicationManager;
import com.intellij.openapi.application.ModalityState;
import com.intellij.openapi.options.ConfigurationException;
import com.intellij.openapi.options.SearchableConfigurable;
import com.intellij.openapi.project.Project;
import com.intellij.openapi.project.ProjectManager;
import com.intellij.ui.components.JBCheckBox;
import com.intellij.ui.components.JBLabel;
import com.intellij.ui.components.JBPasswordField;
import com.intellij.ui.components.JBScrollPane;
import com.intellij.ui.components.JBTextArea;
import com.intellij.ui.components.JBTextField;
import com.intellij.util.ui.FormBuilder;
import com.intellij.util.ui.UIUtil;

import java.awt.BorderLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.swing.JComponent;
import javax.swing.JPanel;
import javax.swing.JSpinner;
import javax.swing.SpinnerNumberModel;

/** Settings, Tools, eke. */
public final class EkeConfigurable implements SearchableConfigurable {
	private static final String UNCHANGED = "\u0000unchanged";

	/* A component and the value that it edits. */
	private static final class Field<T> {
		final Function<EkeSettings.Values, T> stored;
		final java.util.function.Supplier<T> shown;
		final Consumer<T> show;
		final java.util.function.BiConsumer<EkeSettings.Values, T> store;

		Field(Function<EkeSettings.Values, T> stored, java.util.function.BiConsumer<EkeSettings.Values, T> store,
			java.util.function.Supplier<T> shown, Consumer<T> show) {
			this.stored = stored;
			this.store = store;
			this.shown = shown;
			this.show = show;
		}

		boolean isModified(EkeSettings.Values values) {
			return !stored.apply(values).equals(shown.get());
		}

		void reset(EkeSettings.Values values) {
			show.accept(stored.apply(values));
		}

		void apply(EkeSettings.Values values) {
			store.accept(values, shown.get());
		}
	}

	private final List<Field<?>> fields = new ArrayList<>();
	private final JBPasswordField key = new JBPasswordField();
	private final JBTextArea more = new JBTextArea(4, 40);
	private boolean keyIsKnown; // false: the password store has not answered yet
	private String storedKey = UNCHANGED;

	@Override
	public String getId() {
		return "eke";
	}

	@Override
	public String getDisplayName() {
		return "eke";
	}

	@Override
	public JComponent createComponent() {
		FormBuilder form = FormBuilder.createFormBuilder();
		form.addComponent(check("Use eke", v -> v.enabled, (v, x) -> v.enabled = x));
		form.addLabeledComponent("Program:", text(v -> v.command, (v, x) -> v.command = x));
		form.addComponent(hint("eke's configuration file (eke config --path names it) holds for all editors; what is set here goes on top of it."));
		form.addSeparator();
		form.addLabeledComponent("API key:", key);
		form.addLabeledComponent("Base URL:", text(v -> v.baseUrl, (v, x) -> v.baseUrl = x));
		form.addLabeledComponent("Model:", text(v -> v.model, (v, x) -> v.model = x));
		form.addLabeledComponent("Plan:", text(v -> v.plan, (v, x) -> v.plan = x));
		form.addComponent(hint("These four are for when eke's configuration file names no endpoint.",
			"The key is kept in the IDE's password store and reaches eke by its environment.",
			"Plans: chatanywhere-free, chatanywhere-free-daily, unlimited."));
		form.addSeparator();
		form.addComponent(check("Suggest while typing (else by the key of \"eke: Suggest\" alone)", v -> v.automatic, (v, x) -> v.automatic = x));
		form.addComponent(check("Tab takes a suggestion", v -> v.tab, (v, x) -> v.tab = x));
		if (EkeService.hasPlatformInline())
			form.addComponent(check("Draw suggestions by the IDE's own inline completion", v -> v.platformInline, (v, x) -> v.platformInline = x));
		form.addComponent(check("Complete from the open documents, too, at no cost", v -> v.offline, (v, x) -> v.offline = x));
		form.addLabeledComponent("Most lines of a suggestion:", number(1, 200, v -> v.maxLines, (v, x) -> v.maxLines = x));
		form.addLabeledComponent("Alternatives to ask for, in one request:", number(1, 3, v -> v.candidates, (v, x) -> v.candidates = x));
		form.addLabeledComponent("Not while typing in (language ids):", text(v -> v.languagesOff, (v, x) -> v.languagesOff = x));
		form.addSeparator();
		form.addLabeledComponent("Answer in:", text(v -> v.language, (v, x) -> v.language = x));
		form.addComponent(check("Show notifications", v -> v.notifications, (v, x) -> v.notifications = x));
		form.addLabeledComponent("More settings, as JSON:", new JBScrollPane(more), true);
		fields.add(new Field<>(v -> v.more, (v, x) -> v.more = x, more::getText, more::setText));
		form.addComponent(hint("For example { \"chat\": { \"commands\": { \"shorten\": \"Make this shorter:\\n{selection}\" } } }"));
		JPanel panel = new JPanel(new BorderLayout());
		panel.add(form.getPanel(), BorderLayout.NORTH);
		return panel;
	}

	private static JComponent hint(String... lines) {
		JBLabel label = new JBLabel("<html>" + eke.core.Markdown.escape(String.join("\n", lines)).replace("\n", "<br>") + "</html>",
			UIUtil.ComponentStyle.SMALL);
		label.setForeground(UIUtil.getInactiveTextColor());
		return label;
	}

	private JComponent check(String label, Function<EkeSettings.Values, Boolean> stored,
		java.util.function.BiConsumer<EkeSettings.Values, Boolean> store) {
		JBCheckBox box = new JBCheckBox(label);
		fields.add(new Field<>(stored, store, box::isSelected, box::setSelected));
		return box;
	}

	private JComponent text(Function<EkeSettings.Values, String> stored, java.util.function.BiConsumer<EkeSettings.Values, String> store) {
		JBTextField field = new JBTextField();
		fields.add(new Field<>(stored, store, field::getText, field::setText));
		return field;
	}

	private JComponent number(int least, int most, Function<EkeSettings.Values, Integer> stored,
		java.util.function.BiConsumer<EkeSettings.Values, Integer> store) {
		JSpinner spinner = new JSpinner(new SpinnerNumberModel(least, least, most, 1));
		fields.add(new Field<>(stored, store, () -> (Integer)spinner.getValue(), spinner::setValue));
		return spinner;
	}

	private String shownKey() {
		return new String(key.getPassword());
	}

	private boolean isKeyModified() {
		return keyIsKnown && !shownKey().equals(storedKey);
	}

	@Override
	public boolean isModified() {
		EkeSettings.Values values = EkeSettings.values();
		return isKeyModified() || fields.stream().anyMatch(field -> field.isModified(values));
	}

	@Override
	public void reset() {
		EkeSettings.Values values = EkeSettings.values();
		fields.forEach(field -> field.reset(values));
		keyIsKnown = false;
		key.setEnabled(false);
		ModalityState modality = ModalityState.stateForComponent(key);
		ApplicationManager.getApplication().executeOnPooledThread(() -> {
			String stored = Keys.get();
			ApplicationManager.getApplication().invokeLater(() -> {
				storedKey = stored == null ? "" : stored;
				key.setText(storedKey);
				key.setEnabled(true);
				keyIsKnown = true;
			}, modality);
		});
	}

	@Override
	public void apply() throws ConfigurationException {
		try {
			EkeSettings.check(more.getText());
		} catch (JsonParseException e) {
			throw new ConfigurationException("\"More settings\" is no JSON object: " + e.getMessage());
		}
		EkeSettings.Values values = EkeSettings.values();
		List<String> before = process(values);
		fields.forEach(field -> field.apply(values));
		boolean restart = !before.equals(process(values)) || isKeyModified();
		if (!isKeyModified()) {
			changed(restart);
			return;
		}
		storedKey = shownKey();
		String kept = storedKey;
		ApplicationManager.getApplication().executeOnPooledThread(() -> {
			Keys.set(kept);
			ApplicationManager.getApplication().invokeLater(() -> changed(true), ModalityState.any());
		});
	}

	/* What the process is started with. */
	private static List<String> process(EkeSettings.Values values) {
		return Arrays.asList(values.command, values.baseUrl, values.model, values.plan);
	}

	private static void changed(boolean restart) {
		for (Project project : ProjectManager.getInstance().getOpenProjects())
			if (!project.isDisposed())
				EkeService.of(project).settingsChanged(restart);
	}

	@Override
	public void disposeUIResources() {
		fields.clear();
	}
}
