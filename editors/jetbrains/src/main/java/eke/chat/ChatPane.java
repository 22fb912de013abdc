package eke.chat;

import eke.core.Chat;

import java.awt.BorderLayout;
import java.awt.CardLayout;
import java.awt.Component;
import java.awt.FlowLayout;
import java.awt.event.ActionEvent;
import java.awt.event.KeyEvent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import javax.swing.AbstractAction;
import javax.swing.BorderFactory;
import javax.swing.Box;
import javax.swing.JButton;
import javax.swing.JComboBox;
import javax.swing.JComponent;
import javax.swing.JLabel;
import javax.swing.JMenuItem;
import javax.swing.JPanel;
import javax.swing.JPopupMenu;
import javax.swing.JScrollBar;
import javax.swing.JScrollPane;
import javax.swing.JTextArea;
import javax.swing.KeyStroke;
import javax.swing.SwingUtilities;
import javax.swing.Timer;
import javax.swing.event.PopupMenuEvent;
import javax.swing.event.PopupMenuListener;

/**
 * The chat: the conversation, a field for the next question, and the history. Plain Swing; what it needs of the IDE is the
 * Workplace's.
 */
public final class ChatPane extends JPanel implements Chat.View {
	private static final long serialVersionUID = 1;
	/** Streamed text is drawn so often; less often where drawing takes long, so that most of the time is left for other things. */
	private static final int REDRAW_MS = 60;
	private static final int REDRAW_SHARE = 6;
	private static final String DEFAULT_MODEL = "default model";

	private final transient Chat chat;
	private final transient Workplace workplace;
	private final CardLayout cards = new CardLayout();
	private final Stack turns = new Stack(4);
	private final JTextArea welcome = Look.area(Look.font(), true);
	private final JScrollPane scroll = new JScrollPane(turns, JScrollPane.VERTICAL_SCROLLBAR_AS_NEEDED,
		JScrollPane.HORIZONTAL_SCROLLBAR_NEVER);
	private final JTextArea input = new JTextArea(3, 20);
	private final JPanel chips = new JPanel(new FlowLayout(FlowLayout.LEFT, 4, 0));
	private final JButton send = new JButton("Send");
	private final JComboBox<String> models = new JComboBox<>(new String[]{DEFAULT_MODEL});
	private final transient List<String[]> offered = new ArrayList<>();
	private final HistoryPane history;
	private final transient Completer completer;
	private final transient List<Chat.Attachment> attachments = new ArrayList<>();
	private final transient TurnView.Actions actions;
	private final Timer redraw = new Timer(REDRAW_MS, event -> redrawLast());
	private transient Chat.Turn edited;

	/** {@code remember} gets the id of the conversation that is shown, whenever that becomes another. */
	public ChatPane(Chat chat, Workplace workplace, Consumer<String> remember) {
		this.chat = chat;
		this.workplace = workplace;
		redraw.setRepeats(false);
		actions = new TurnView.Actions() {
			@Override
			public void edit(Chat.Turn question) {
				ChatPane.this.edit(question);
			}

			@Override
			public void regenerate() {
				chat.regenerate();
			}
		};
		history = new HistoryPane(chat, workplace, this::openFromHistory);
		completer = new Completer(input, chat, workplace);
		setLayout(cards);
		add(conversation(), "chat");
		add(history, "history");
		chat.bind(this, remember);
		changed();
	}

	/** Another theme: what has colours written into it is made anew. */
	@Override
	public void updateUI() {
		super.updateUI();
		if (chat == null)
			return; // amid construction
		turns.removeAll();
		changed();
	}

	private JPanel conversation() {
		JPanel panel = new JPanel(new BorderLayout());
		panel.add(top(), BorderLayout.NORTH);
		scroll.setBorder(BorderFactory.createMatteBorder(1, 0, 1, 0, Look.shade(0.15)));
		scroll.getViewport().setBackground(Look.background());
		turns.setBackground(Look.background());
		welcome.setBorder(BorderFactory.createEmptyBorder(16, 16, 16, 16));
		welcome.setForeground(Look.shade(0.65));
		welcome.setText("Ask about your code.\n\nType / for commands and @ for files of the project. Attach takes what is selected along. "
			+ "Code of an answer is shown as a change before it is made.");
		panel.add(scroll, BorderLayout.CENTER);
		panel.add(bottom(), BorderLayout.SOUTH);
		return panel;
	}

	private JPanel top() {
		JPanel top = new JPanel(new BorderLayout(4, 0));
		top.setBorder(BorderFactory.createEmptyBorder(4, 6, 4, 6));
		JPanel left = new JPanel(new FlowLayout(FlowLayout.LEFT, 2, 0));
		left.add(Look.link("New", "A new chat; this one stays in the history", this::renew));
		left.add(Look.link("History", "Earlier chats, of all editors", this::showHistory));
		top.add(left, BorderLayout.WEST);
		models.setToolTipText("The model that answers");
		models.setFont(Look.font().deriveFont(Look.font().getSize2D() - 1));
		models.addPopupMenuListener(new PopupMenuListener() {
			@Override
			public void popupMenuWillBecomeVisible(PopupMenuEvent event) {
				if (offered.isEmpty())
					chat.models(ChatPane.this::offer);
			}

			@Override
			public void popupMenuWillBecomeInvisible(PopupMenuEvent event) {
			}

			@Override
			public void popupMenuCanceled(PopupMenuEvent event) {
			}
		});
		models.addActionListener(event -> chooseModel());
		top.add(models, BorderLayout.EAST);
		return top;
	}

	private JPanel bottom() {
		JPanel bottom = new JPanel(new BorderLayout(0, 4));
		bottom.setBorder(BorderFactory.createEmptyBorder(6, 8, 8, 8));
		bottom.add(chips, BorderLayout.NORTH);
		input.setLineWrap(true);
		input.setWrapStyleWord(true);
		input.setFont(Look.font());
		input.setBorder(BorderFactory.createEmptyBorder(4, 6, 4, 6));
		// The completer has made Enter its own while its list is open; else it sends.
		bindEnter();
		JScrollPane field = new JScrollPane(input);
		field.setBorder(Look.line());
		bottom.add(field, BorderLayout.CENTER);
		JPanel row = new JPanel(new BorderLayout());
		JPanel left = new JPanel(new FlowLayout(FlowLayout.LEFT, 0, 0));
		left.add(Look.link("Attach ▾", "What goes with the question", () -> attachMenu(left)));
		JLabel hint = new JLabel("/ command   @ file   Shift+Enter: new line");
		hint.setForeground(Look.shade(0.5));
		hint.setFont(Look.font().deriveFont(Look.font().getSize2D() - 2));
		left.add(Box.createHorizontalStrut(8));
		left.add(hint);
		row.add(left, BorderLayout.WEST);
		send.addActionListener(event -> sendOrStop());
		row.add(send, BorderLayout.EAST);
		bottom.add(row, BorderLayout.SOUTH);
		showChips();
		return bottom;
	}

	private void bindEnter() {
		input.getActionMap().put("insert-break", new AbstractAction() {
			private static final long serialVersionUID = 1;

			@Override
			public void actionPerformed(ActionEvent event) {
				sendDraft();
			}
		});
		input.getInputMap().put(KeyStroke.getKeyStroke(KeyEvent.VK_ENTER, KeyEvent.SHIFT_DOWN_MASK), "eke-line");
		input.getActionMap().put("eke-line", new AbstractAction() {
			private static final long serialVersionUID = 1;

			@Override
			public void actionPerformed(ActionEvent event) {
				input.replaceSelection("\n");
			}
		});
	}

	// --- asking ---

	private void sendOrStop() {
		if (chat.isAnswering())
			chat.cancel();
		else
			sendDraft();
	}

	/** Sends what is written: "/name words" is a command. */
	public void sendDraft() {
		String text = input.getText().trim();
		if (text.isEmpty() || chat.isAnswering())
			return;
		if (!text.startsWith("/")) {
			ask(text, "");
			return;
		}
		String[] words = text.substring(1).split("\\s+", 2);
		chat.commands(commands -> {
			for (Chat.Command command : commands)
				if (command.name.equals(words[0])) {
					attachFor(command);
					ask(words.length > 1 ? words[1] : "", command.name);
					return;
				}
			ask(text, "");
		});
	}

	/* A command that needs a selection or a file gets that of the editor, if nothing was attached. */
	private void attachFor(Chat.Command command) {
		if (!attachments.isEmpty())
			return;
		Chat.Attachment selection = workplace.selection();
		if (command.needs.equals("selection") && selection != null)
			attachments.add(selection);
		else if (command.needs.equals("selection") || command.needs.equals("file"))
			attach(workplace.file());
	}

	private void ask(String text, String command) {
		if (chat.send(text, command, new ArrayList<>(attachments), edited)) {
			attachments.clear();
			edited = null;
			showChips();
		}
	}

	/** Asks at once, from a menu of the IDE. False while another answer is being written. */
	public boolean ask(String text, String command, List<Chat.Attachment> about) {
		showChat();
		return chat.send(text, command, about, null);
	}

	private void edit(Chat.Turn question) {
		if (chat.isAnswering())
			return;
		edited = question.id.isEmpty() ? null : question;
		input.setText(question.text());
		showChips();
		focus();
	}

	private void renew() {
		edited = null;
		if (!chat.renew())
			workplace.warn("An answer is still being written: stop it first.");
		focus();
	}

	/** Puts the keyboard's focus on the field for the question. */
	public void focus() {
		input.requestFocusInWindow();
	}

	// --- what goes along ---

	/** Attaches something to the next question. */
	public void attach(Chat.Attachment attachment) {
		if (attachment != null)
			attachments.add(attachment);
		showChips();
	}

	private void attachMenu(Component below) {
		JPopupMenu menu = new JPopupMenu();
		Chat.Attachment selection = workplace.selection();
		Chat.Attachment file = workplace.file();
		if (selection != null)
			item(menu, "Selection: " + selection.name, () -> attach(selection));
		if (file != null)
			item(menu, "File: " + file.name, () -> attach(file));
		item(menu, "Other files…", () -> workplace.choose(chosen -> chosen.forEach(this::attach)));
		menu.show(below, 0, -menu.getPreferredSize().height);
	}

	private static void item(JPopupMenu menu, String text, Runnable action) {
		JMenuItem item = new JMenuItem(text);
		item.addActionListener(event -> action.run());
		menu.add(item);
	}

	private void showChips() {
		chips.removeAll();
		if (edited != null)
			chips.add(Look.link("editing an earlier question ×", "Do not edit it", () -> {
				edited = null;
				input.setText("");
				showChips();
			}));
		for (Chat.Attachment attachment : attachments)
			chips.add(Look.link(attachment.name + " ×", "Leave it out", () -> {
				attachments.remove(attachment);
				showChips();
			}));
		chips.setVisible(chips.getComponentCount() > 0);
		chips.revalidate();
		chips.repaint();
	}

	// --- models ---

	private void offer(List<String[]> found) {
		offered.clear();
		offered.addAll(found);
		Object chosen = models.getSelectedItem();
		boolean shown = models.isPopupVisible();
		while (models.getItemCount() > 1)
			models.removeItemAt(1);
		for (String[] model : found)
			models.addItem(model[1] + " (" + model[0] + ")");
		models.setSelectedItem(chosen);
		// The list is as long as it was when it was opened.
		if (shown) {
			models.hidePopup();
			models.showPopup();
		}
	}

	private void chooseModel() {
		int index = models.getSelectedIndex() - 1;
		boolean isDefault = index < 0 || index >= offered.size();
		chat.endpoint = isDefault ? "" : offered.get(index)[0];
		chat.model = isDefault ? "" : offered.get(index)[1];
	}

	// --- the history ---

	private void showHistory() {
		cards.show(this, "history");
		history.shown();
	}

	private void showChat() {
		cards.show(this, "chat");
	}

	private void openFromHistory(String id) {
		showChat();
		edited = null;
		if (!id.isEmpty())
			chat.open(id, workplace::warn);
		focus();
	}

	// --- what the chat says ---

	@Override
	public void changed() {
		redraw.stop();
		boolean follow = isAtEnd();
		List<Chat.Turn> now = chat.turns();
		for (int i = 0; i < now.size(); i++) {
			TurnView known = i < turns.getComponentCount() ? (TurnView)turns.getComponent(i) : null;
			if (known != null && known.turn() == now.get(i)) {
				known.update(i == now.size() - 1);
				continue;
			}
			while (turns.getComponentCount() > i)
				turns.remove(i);
			TurnView made = new TurnView(now.get(i), workplace, actions);
			made.update(i == now.size() - 1);
			turns.add(made);
		}
		while (turns.getComponentCount() > now.size())
			turns.remove(now.size());
		send.setText(chat.isAnswering() ? "Stop" : "Send");
		JComponent shown = now.isEmpty() ? welcome : turns;
		if (scroll.getViewport().getView() != shown)
			scroll.setViewportView(shown);
		turns.revalidate();
		turns.repaint();
		if (follow || chat.isAnswering())
			scrollToEnd();
	}

	@Override
	public void streamed() {
		if (!redraw.isRunning())
			redraw.start();
	}

	private void redrawLast() {
		long begun = System.nanoTime();
		boolean follow = isAtEnd();
		if (turns.getComponentCount() > 0)
			((TurnView)turns.getComponent(turns.getComponentCount() - 1)).update(true);
		if (follow)
			scrollToEnd();
		// What it costs to lay it out comes behind this, in the same queue.
		SwingUtilities.invokeLater(() -> redraw.setInitialDelay((int)Math.min(5000,
			Math.max(REDRAW_MS, REDRAW_SHARE * (System.nanoTime() - begun) / 1_000_000))));
	}

	/* Who has scrolled up to read stays there. */
	private boolean isAtEnd() {
		JScrollBar bar = scroll.getVerticalScrollBar();
		return bar.getValue() + bar.getVisibleAmount() >= bar.getMaximum() - 40;
	}

	private void scrollToEnd() {
		SwingUtilities.invokeLater(() -> {
			turns.validate();
			scroll.validate();
			scroll.getVerticalScrollBar().setValue(scroll.getVerticalScrollBar().getMaximum());
		});
	}

	@Override
	public String draft() {
		return input.getText();
	}

	@Override
	public void draft(String text) {
		input.setText(text);
	}

	/** What is on the screen, without markup: for tests. */
	public List<String> shownTexts() {
		List<String> texts = new ArrayList<>();
		for (Component turn : turns.getComponents())
			texts.add(((TurnView)turn).shownText());
		return Collections.unmodifiableList(texts);
	}
}
