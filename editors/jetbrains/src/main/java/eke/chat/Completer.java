package eke.chat;

import eke.core.Chat;

import java.awt.event.ActionEvent;
import java.awt.event.KeyEvent;
import java.awt.event.MouseAdapter;
import java.awt.event.MouseEvent;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.swing.AbstractAction;
import javax.swing.Action;
import javax.swing.BorderFactory;
import javax.swing.DefaultListModel;
import javax.swing.JList;
import javax.swing.JPopupMenu;
import javax.swing.JScrollPane;
import javax.swing.JTextArea;
import javax.swing.KeyStroke;
import javax.swing.SwingUtilities;
import javax.swing.event.DocumentEvent;
import javax.swing.event.DocumentListener;
import javax.swing.text.BadLocationException;

/** In the question: the commands behind a slash at its beginning, and files behind an @. */
final class Completer implements DocumentListener {
	private static final Pattern COMMAND = Pattern.compile("^/(\\S*)$");
	private static final Pattern FILE = Pattern.compile("(?:^|\\s)@(\\S*)$");
	private static final int ROWS = 8;

	private final JTextArea area;
	private final Chat chat;
	private final Workplace workplace;
	private final DefaultListModel<String> model = new DefaultListModel<>();
	private final JList<String> list = new JList<>(model);
	private final JPopupMenu popup = new JPopupMenu();
	private final List<String> inserted = new ArrayList<>();
	private int start;
	private boolean choosing;

	Completer(JTextArea area, Chat chat, Workplace workplace) {
		this.area = area;
		this.chat = chat;
		this.workplace = workplace;
		popup.setFocusable(false);
		list.setFocusable(false);
		list.setFont(Look.font());
		JScrollPane pane = new JScrollPane(list);
		pane.setBorder(BorderFactory.createEmptyBorder());
		popup.add(pane);
		list.addMouseListener(new MouseAdapter() {
			@Override
			public void mouseClicked(MouseEvent event) {
				choose();
			}
		});
		area.getDocument().addDocumentListener(this);
		key(KeyEvent.VK_DOWN, () -> move(1));
		key(KeyEvent.VK_UP, () -> move(-1));
		key(KeyEvent.VK_TAB, this::choose);
		key(KeyEvent.VK_ENTER, this::choose);
		key(KeyEvent.VK_ESCAPE, this::hide);
	}

	/* The key is the list's while it is open, else whatever it was. */
	private void key(int code, Runnable action) {
		KeyStroke stroke = KeyStroke.getKeyStroke(code, 0);
		Object former = area.getInputMap().get(stroke);
		String name = "eke " + code;
		area.getInputMap().put(stroke, name);
		area.getActionMap().put(name, new AbstractAction() {
			private static final long serialVersionUID = 1;

			@Override
			public void actionPerformed(ActionEvent event) {
				Action other = former == null ? null : area.getActionMap().get(former);
				if (isOpen())
					action.run();
				else if (other != null)
					other.actionPerformed(event);
			}
		});
	}

	boolean isOpen() {
		return popup.isVisible();
	}

	private void hide() {
		popup.setVisible(false);
	}

	private void move(int step) {
		int index = Math.max(0, Math.min(model.size() - 1, list.getSelectedIndex() + step));
		list.setSelectedIndex(index);
		list.ensureIndexIsVisible(index);
	}

	private void choose() {
		int index = list.getSelectedIndex();
		hide();
		if (index < 0 || index >= inserted.size())
			return;
		choosing = true;
		area.replaceRange(inserted.get(index) + " ", start, area.getCaretPosition());
		choosing = false;
	}

	@Override
	public void insertUpdate(DocumentEvent event) {
		SwingUtilities.invokeLater(this::look);
	}

	@Override
	public void removeUpdate(DocumentEvent event) {
		SwingUtilities.invokeLater(this::look);
	}

	@Override
	public void changedUpdate(DocumentEvent event) {
	}

	private void look() {
		if (choosing || !area.isShowing())
			return;
		int caret = Math.min(area.getCaretPosition(), area.getDocument().getLength());
		String before = area.getText().substring(0, caret);
		Matcher command = COMMAND.matcher(before);
		Matcher file = FILE.matcher(before);
		if (command.find())
			chat.commands(commands -> commands(commands, command.group(1)));
		else if (file.find())
			workplace.files(file.group(1), found -> {
				if (area.getText().startsWith(before))
					offer(file.start(1) - 1, found, paths(found));
			});
		else
			hide();
	}

	private void commands(List<Chat.Command> commands, String beginning) {
		List<String> shown = new ArrayList<>();
		List<String> names = new ArrayList<>();
		for (Chat.Command command : commands)
			if (command.name.startsWith(beginning)) {
				shown.add("/" + command.name + "  —  " + command.description);
				names.add("/" + command.name);
			}
		offer(0, shown, names);
	}

	/* A path with a blank in it is quoted. */
	private static List<String> paths(List<String> paths) {
		List<String> quoted = new ArrayList<>();
		for (String path : paths)
			quoted.add(path.indexOf(' ') < 0 ? "@" + path : "@\"" + path + "\"");
		return quoted;
	}

	private void offer(int at, List<String> shown, List<String> texts) {
		start = at;
		inserted.clear();
		inserted.addAll(texts);
		model.clear();
		shown.forEach(model::addElement);
		if (shown.isEmpty() || !area.isShowing()) {
			hide();
			return;
		}
		list.setSelectedIndex(0);
		list.setVisibleRowCount(Math.min(ROWS, shown.size()));
		popup.pack();
		try {
			Rectangle2D place = area.modelToView(Math.min(at, area.getDocument().getLength()));
			popup.show(area, (int)place.getX(), (int)place.getY() - popup.getPreferredSize().height - 2);
		} catch (BadLocationException e) {
			hide();
		}
		area.requestFocusInWindow();
	}
}
