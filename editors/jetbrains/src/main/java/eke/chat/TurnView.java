package eke.chat;

import eke.core.Chat;
import eke.core.Markdown;

import java.awt.BorderLayout;
import java.awt.Component;
import java.awt.Dimension;
import java.awt.Font;
import java.awt.FlowLayout;
import java.awt.Toolkit;
import java.awt.datatransfer.StringSelection;
import java.util.List;
import javax.swing.BorderFactory;
import javax.swing.JComponent;
import javax.swing.JEditorPane;
import javax.swing.JLabel;
import javax.swing.JPanel;
import javax.swing.JScrollPane;
import javax.swing.JTextArea;
import javax.swing.event.HyperlinkEvent;
import javax.swing.text.DefaultCaret;
import javax.swing.text.html.HTMLEditorKit;
import javax.swing.text.html.StyleSheet;

/** A question or an answer on the screen. While an answer comes, only the part that changes is made anew. */
final class TurnView extends JPanel {
	private static final long serialVersionUID = 1;

	/** What can be done with the turn as a whole. */
	interface Actions {
		void edit(Chat.Turn question);

		void regenerate();
	}

	private final Chat.Turn turn;
	private final transient Workplace workplace;
	private final Stack body = new Stack(6);
	private final JLabel heading = new JLabel();
	private final JPanel buttons = row();
	private final Stack notes = new Stack(2);
	private final JTextArea reasoning = Look.area(Look.font().deriveFont(Font.ITALIC), true);
	private final JComponent reasoningRow;
	private boolean isLast;
	private final transient Actions actions;

	TurnView(Chat.Turn turn, Workplace workplace, Actions actions) {
		super(new BorderLayout(0, 4));
		this.turn = turn;
		this.workplace = workplace;
		this.actions = actions;
		setOpaque(turn.isQuestion);
		setBackground(Look.shade(0.07));
		setBorder(BorderFactory.createEmptyBorder(8, 10, 8, 10));
		heading.setFont(Look.font().deriveFont(Font.BOLD));
		heading.setForeground(Look.shade(0.7));
		JPanel top = new JPanel(new BorderLayout());
		top.setOpaque(false);
		top.add(heading, BorderLayout.CENTER);
		top.add(buttons, BorderLayout.EAST);
		add(top, BorderLayout.NORTH);
		body.setOpaque(false);
		notes.setOpaque(false);
		reasoning.setForeground(Look.shade(0.6));
		reasoning.setVisible(false);
		reasoningRow = Look.link("▸ Thinking", "What the model thought aloud", () -> {
			reasoning.setVisible(!reasoning.isVisible());
			revalidate();
		});
		Stack middle = new Stack(4);
		middle.setOpaque(false);
		JPanel left = row();
		((FlowLayout)left.getLayout()).setAlignment(FlowLayout.LEFT);
		left.add(reasoningRow);
		middle.add(left);
		middle.add(reasoning);
		middle.add(body);
		middle.add(notes);
		add(middle, BorderLayout.CENTER);
		update(false);
	}

	private static JPanel row() {
		JPanel row = new JPanel(new FlowLayout(FlowLayout.RIGHT, 0, 0));
		row.setOpaque(false);
		return row;
	}

	Chat.Turn turn() {
		return turn;
	}

	/** Shows the turn as it is now. */
	void update(boolean last) {
		isLast = last;
		heading.setText(turn.isQuestion ? "You" : turn.model.isEmpty() ? "eke" : "eke · " + turn.model);
		reasoningRow.getParent().setVisible(!turn.reasoning.isEmpty());
		if (!reasoning.getText().equals(turn.reasoning))
			reasoning.setText(turn.reasoning);
		if (turn.isQuestion)
			question();
		else
			answer();
		notes.removeAll();
		for (String note : turn.notes)
			notes.add(small(note, Font.ITALIC));
		for (String about : turn.about)
			notes.add(small("with " + about, Font.PLAIN));
		notes.setVisible(notes.getComponentCount() > 0);
		makeButtons();
		revalidate();
		repaint();
	}

	private static JTextArea small(String text, int style) {
		JTextArea area = Look.area(Look.font().deriveFont(style, Look.font().getSize2D() - 1), true);
		area.setForeground(Look.shade(0.65));
		area.setText(text);
		return area;
	}

	private void question() {
		if (body.getComponentCount() == 0)
			body.add(Look.area(Look.font(), true));
		JTextArea area = (JTextArea)body.getComponent(0);
		if (!area.getText().equals(turn.text()))
			area.setText(turn.text());
	}

	private void answer() {
		List<Markdown.Block> blocks = Markdown.blocks(turn.streaming ? turn.text() + "▌" : turn.text());
		for (int i = 0; i < blocks.size(); i++) {
			Markdown.Block block = blocks.get(i);
			BlockView known = i < body.getComponentCount() ? (BlockView)body.getComponent(i) : null;
			if (known == null || known.isCode != block.isCode()) {
				while (body.getComponentCount() > i)
					body.remove(i);
				known = new BlockView(block.isCode());
				body.add(known);
			}
			known.show(block);
		}
		while (body.getComponentCount() > blocks.size())
			body.remove(blocks.size());
	}

	private void makeButtons() {
		buttons.removeAll();
		if (turn.isQuestion)
			buttons.add(Look.link("Edit", "Write this question anew; what came behind it goes", () -> actions.edit(turn)));
		else if (!turn.streaming) {
			if (isLast)
				buttons.add(Look.link("Regenerate", "Another answer; it costs a request", actions::regenerate));
			if (!turn.text().isEmpty())
				buttons.add(Look.link("Copy", "Copy the answer as Markdown", () -> copy(turn.text())));
		}
	}

	static void copy(String text) {
		Toolkit.getDefaultToolkit().getSystemClipboard().setContents(new StringSelection(text), null);
	}

	/* HTML, or code with its buttons. */
	private final class BlockView extends JPanel {
		private static final long serialVersionUID = 1;
		final boolean isCode;
		private String shown = "";
		private final JTextArea code;
		private final JScrollPane scroll;
		private final JEditorPane html;
		private final JLabel language = new JLabel();
		private final JPanel tools = row();
		private transient Markdown.Block block;

		BlockView(boolean isCode) {
			super(new BorderLayout());
			this.isCode = isCode;
			setOpaque(isCode);
			if (isCode) {
				code = Look.area(workplace.codeFont(), false);
				html = null;
				code.setBorder(BorderFactory.createEmptyBorder(6, 8, 6, 8));
				setBackground(Look.shade(0.04));
				setBorder(Look.line());
				JPanel top = new JPanel(new BorderLayout());
				top.setBackground(Look.shade(0.1));
				language.setForeground(Look.shade(0.6));
				language.setFont(Look.font().deriveFont(Look.font().getSize2D() - 1));
				language.setBorder(BorderFactory.createEmptyBorder(2, 8, 2, 8));
				top.add(language, BorderLayout.WEST);
				top.add(tools, BorderLayout.EAST);
				add(top, BorderLayout.NORTH);
				scroll = Look.sideways(code);
				add(scroll, BorderLayout.CENTER);
			} else {
				code = null;
				scroll = null;
				html = new Html();
				add(html, BorderLayout.CENTER);
			}
		}

		/* The bar below lines that are too long has a place of its own. */
		@Override
		public Dimension getPreferredSize() {
			Dimension size = super.getPreferredSize();
			if (isCode && code.getPreferredSize().width > getWidth() - 2)
				size.height += scroll.getHorizontalScrollBar().getPreferredSize().height;
			return size;
		}

		void show(Markdown.Block now) {
			block = now;
			if (!isCode) {
				if (!now.text.equals(shown))
					html.setText("<html><body>" + now.text + "</body></html>");
				shown = now.text;
				return;
			}
			language.setText(now.language);
			if (!now.text.equals(shown) || shown.isEmpty())
				code.setText(now.text);
			shown = now.text;
			if (tools.getComponentCount() == 0 && now.closed && !turn.streaming)
				addTools();
		}

		private void addTools() {
			tools.add(Look.link("Copy", "Copy the code", () -> copy(block.text)));
			tools.add(Look.link("Insert", "Put the code at the caret", () -> {
				if (!workplace.insert(block.text))
					workplace.warn("There is no editor to put it into.");
			}));
			tools.add(Look.link("Apply…", workplace.canReplace(turn.origin)
				? "Show it as a change of what the question was about" : "Show it as a change of the current file",
				() -> workplace.review(turn.origin, block.text)));
		}
	}

	/* Our own HTML, see Markdown: without images, scripts, or addresses other than http(s). */
	private final class Html extends JEditorPane {
		private static final long serialVersionUID = 1;

		Html() {
			HTMLEditorKit kit = new HTMLEditorKit() {
				private static final long serialVersionUID = 1;
				private final StyleSheet own = new StyleSheet();

				@Override
				public StyleSheet getStyleSheet() {
					if (own.getStyleSheets() == null) {
						own.addStyleSheet(super.getStyleSheet());
						style(own);
					}
					return own;
				}
			};
			setEditorKit(kit);
			putClientProperty(HONOR_DISPLAY_PROPERTIES, Boolean.TRUE);
			setFont(Look.font());
			setForeground(Look.text());
			setEditable(false);
			setOpaque(false);
			setBorder(BorderFactory.createEmptyBorder());
			((DefaultCaret)getCaret()).setUpdatePolicy(DefaultCaret.NEVER_UPDATE);
			addHyperlinkListener(event -> {
				if (event.getEventType() == HyperlinkEvent.EventType.ACTIVATED && event.getDescription().matches("https?://.*"))
					workplace.browse(event.getDescription());
			});
		}

		private void style(StyleSheet sheet) {
			int size = Look.font().getSize();
			String code = hex(Look.shade(0.1));
			sheet.addRule("body { margin: 0; }");
			sheet.addRule("p { margin-top: 0; margin-bottom: " + size / 2 + "; }");
			sheet.addRule("ul, ol { margin-top: 0; margin-bottom: " + size / 2 + "; margin-left: " + size * 2 + "; }");
			sheet.addRule("li { margin-bottom: 2; }");
			sheet.addRule("h2, h3, h4, h5, h6 { margin-top: " + size / 2 + "; margin-bottom: " + size / 3 + "; }");
			sheet.addRule("h2 { font-size: " + (size + 4) + "pt; } h3 { font-size: " + (size + 2) + "pt; } h4, h5, h6 { font-size: " + size + "pt; }");
			sheet.addRule("code { font-family: '" + workplace.codeFont().getFamily() + "', monospaced; background-color: " + code + "; }");
			sheet.addRule("blockquote { margin: 0 0 " + size / 2 + " " + size + "; color: " + hex(Look.shade(0.7)) + "; }");
			sheet.addRule("a { color: " + hex(new java.awt.Color(0x3d7ddb)) + "; }");
		}

		private String hex(java.awt.Color color) {
			return String.format("#%06x", color.getRGB() & 0xffffff);
		}
	}

	/** The text as it is on the screen, without markup, and the notes below it: for tests. */
	String shownText() {
		StringBuilder text = new StringBuilder();
		for (Component part : body.getComponents())
			if (part instanceof JTextArea)
				text.append(((JTextArea)part).getText()).append('\n');
			else {
				BlockView block = (BlockView)part;
				try {
					text.append(block.isCode ? block.code.getText() : block.html.getDocument().getText(0, block.html.getDocument().getLength()));
				} catch (javax.swing.text.BadLocationException e) {
					throw new IllegalStateException(e);
				}
				text.append('\n');
			}
		for (String note : turn.notes)
			text.append("> ").append(note).append('\n');
		return text.toString();
	}
}
