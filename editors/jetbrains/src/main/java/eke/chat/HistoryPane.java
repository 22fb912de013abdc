package eke.chat;

import eke.core.Chat;
import eke.core.Json;

import java.awt.BorderLayout;
import java.awt.Component;
import java.awt.FlowLayout;
import java.awt.event.ActionEvent;
import java.awt.event.KeyEvent;
import java.awt.event.MouseAdapter;
import java.awt.event.MouseEvent;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.format.FormatStyle;
import java.util.List;
import java.util.function.Consumer;
import javax.swing.AbstractAction;
import javax.swing.BorderFactory;
import javax.swing.DefaultListModel;
import javax.swing.JButton;
import javax.swing.JComponent;
import javax.swing.JLabel;
import javax.swing.JList;
import javax.swing.JOptionPane;
import javax.swing.JPanel;
import javax.swing.JScrollPane;
import javax.swing.JTextField;
import javax.swing.KeyStroke;
import javax.swing.ListCellRenderer;
import javax.swing.ListSelectionModel;
import javax.swing.Timer;
import javax.swing.event.DocumentEvent;
import javax.swing.event.DocumentListener;

/** The conversations that are kept: searched, opened, renamed, exported, deleted. */
final class HistoryPane extends JPanel {
	private static final long serialVersionUID = 1;
	private static final int TYPING_MS = 200;

	private final transient Chat chat;
	private final transient Workplace workplace;
	private final transient Consumer<String> open;
	private final JTextField search = new JTextField();
	private final DefaultListModel<Chat.Entry> model = new DefaultListModel<>();
	private final JList<Chat.Entry> list = new JList<>(model);
	private final JButton more = new JButton("More");
	private final JLabel none = new JLabel("No chats yet.", JLabel.CENTER);
	private final Timer typing = new Timer(TYPING_MS, event -> load(null));
	private String next;
	private int serial; // of the search: answers to former ones are late

	/** {@code open} gets the id of the chat that is chosen, "" for none. */
	HistoryPane(Chat chat, Workplace workplace, Consumer<String> open) {
		super(new BorderLayout(0, 6));
		this.chat = chat;
		this.workplace = workplace;
		this.open = open;
		typing.setRepeats(false);
		setBorder(BorderFactory.createEmptyBorder(8, 10, 8, 10));
		JPanel top = new JPanel(new BorderLayout(6, 0));
		top.add(new JLabel("Search:"), BorderLayout.WEST);
		top.add(search, BorderLayout.CENTER);
		top.add(Look.link("Back", "Back to the chat", () -> open.accept("")), BorderLayout.EAST);
		add(top, BorderLayout.NORTH);
		search.getDocument().addDocumentListener(new DocumentListener() {
			@Override
			public void insertUpdate(DocumentEvent event) {
				typing.restart();
			}

			@Override
			public void removeUpdate(DocumentEvent event) {
				typing.restart();
			}

			@Override
			public void changedUpdate(DocumentEvent event) {
			}
		});
		list.setSelectionMode(ListSelectionModel.SINGLE_SELECTION);
		list.setCellRenderer(new Row());
		list.setFixedCellWidth(1); // as wide as the pane
		list.addMouseListener(new MouseAdapter() {
			@Override
			public void mouseClicked(MouseEvent event) {
				if (event.getClickCount() == 2)
					openSelected();
			}
		});
		key(list, "ENTER", this::openSelected);
		key(list, "DELETE", this::delete);
		key(list, "F2", this::rename);
		key(search, "DOWN", list::requestFocusInWindow);
		key(search, "ENTER", this::openSelected);
		none.setForeground(Look.shade(0.6));
		add(new JScrollPane(list), BorderLayout.CENTER);
		JPanel bottom = new JPanel(new FlowLayout(FlowLayout.LEFT, 6, 0));
		bottom.add(button("Open", this::openSelected));
		bottom.add(button("Rename", this::rename));
		bottom.add(button("Export…", this::export));
		bottom.add(button("Delete", this::delete));
		more.addActionListener(event -> load(next));
		bottom.add(more);
		bottom.add(none);
		add(bottom, BorderLayout.SOUTH);
	}

	private static JButton button(String text, Runnable action) {
		JButton button = new JButton(text);
		button.addActionListener(event -> action.run());
		return button;
	}

	private static void key(JComponent component, String stroke, Runnable action) {
		component.getInputMap().put(KeyStroke.getKeyStroke(stroke), stroke);
		component.getActionMap().put(stroke, new AbstractAction() {
			private static final long serialVersionUID = 1;

			@Override
			public void actionPerformed(ActionEvent event) {
				action.run();
			}
		});
	}

	/** It is on the screen now. */
	void shown() {
		search.setText("");
		load(null);
		search.requestFocusInWindow();
	}

	private void load(String cursor) {
		int own = ++serial;
		chat.history(search.getText(), cursor, (entries, following, error) -> {
			if (own != serial)
				return;
			if (error != null)
				workplace.warn(error);
			if (cursor == null)
				model.clear();
			entries.forEach(model::addElement);
			next = following;
			more.setVisible(next != null);
			none.setVisible(model.isEmpty());
			none.setText(search.getText().trim().isEmpty() ? "No chats yet." : "Nothing found.");
			if (list.getSelectedIndex() < 0 && !model.isEmpty())
				list.setSelectedIndex(0);
		});
	}

	private void openSelected() {
		if (list.getSelectedValue() != null)
			open.accept(list.getSelectedValue().id);
	}

	private void rename() {
		Chat.Entry entry = list.getSelectedValue();
		Object title = entry == null ? null
			: JOptionPane.showInputDialog(this, "Title:", "Rename", JOptionPane.PLAIN_MESSAGE, null, null, entry.title);
		if (title != null && !title.toString().trim().isEmpty())
			chat.rename(entry.id, title.toString().trim(), this::done);
	}

	private void delete() {
		Chat.Entry entry = list.getSelectedValue();
		if (entry != null && JOptionPane.showConfirmDialog(this, "Delete \"" + entry.title + "\"? It is gone for all editors.",
			"Delete", JOptionPane.OK_CANCEL_OPTION) == JOptionPane.OK_OPTION)
			chat.delete(entry.id, this::done);
	}

	private void export() {
		Chat.Entry entry = list.getSelectedValue();
		if (entry != null)
			chat.export(entry.id, (result, error) -> {
				if (error != null)
					workplace.warn(Json.string(error, "message", ""));
				else
					workplace.save(entry.title.replaceAll("[^\\p{L}\\p{N} _-]", "").trim() + ".md", Json.string(result, "text", ""));
			});
	}

	private void done(String error) {
		if (error != null)
			workplace.warn(error);
		load(null);
	}

	List<Chat.Entry> entries() {
		return java.util.Collections.list(model.elements());
	}

	/* The title, as much of it as there is room for, and when. */
	private static final class Row extends JPanel implements ListCellRenderer<Chat.Entry> {
		private static final long serialVersionUID = 1;
		private static final DateTimeFormatter TIME = DateTimeFormatter.ofLocalizedDateTime(FormatStyle.SHORT);
		private final JLabel title = new JLabel();
		private final JLabel time = new JLabel();

		Row() {
			super(new BorderLayout(8, 0));
			setBorder(BorderFactory.createEmptyBorder(4, 6, 4, 6));
			time.setFont(Look.font().deriveFont(Look.font().getSize2D() - 2));
			// No HTML, whatever the title begins with.
			title.putClientProperty("html.disable", Boolean.TRUE);
			add(title, BorderLayout.CENTER);
			add(time, BorderLayout.EAST);
		}

		@Override
		public Component getListCellRendererComponent(JList<? extends Chat.Entry> list, Chat.Entry entry, int index, boolean selected,
			boolean focused) {
			title.setText(entry.title);
			time.setText(time(entry.updatedAt));
			setBackground(selected ? list.getSelectionBackground() : list.getBackground());
			title.setForeground(selected ? list.getSelectionForeground() : list.getForeground());
			time.setForeground(selected ? list.getSelectionForeground() : Look.shade(0.6));
			return this;
		}

		private static String time(String updatedAt) {
			try {
				return TIME.withZone(ZoneId.systemDefault()).format(Instant.parse(updatedAt));
			} catch (DateTimeParseException e) {
				return "";
			}
		}
	}
}
