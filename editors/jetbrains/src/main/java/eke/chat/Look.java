package eke.chat;

import java.awt.Color;
import java.awt.Component;
import java.awt.Container;
import java.awt.Cursor;
import java.awt.Font;
import java.awt.Insets;
import java.awt.event.MouseWheelEvent;
import java.util.function.Supplier;
import javax.swing.BorderFactory;
import javax.swing.JButton;
import javax.swing.JComponent;
import javax.swing.JScrollPane;
import javax.swing.JTextArea;
import javax.swing.SwingUtilities;
import javax.swing.UIManager;
import javax.swing.border.Border;
import javax.swing.plaf.basic.BasicButtonUI;
import javax.swing.text.DefaultCaret;

/** Colours and parts in the look of whatever IDE this is. */
final class Look {
	private Look() {
	}

	/* A plain font: one of the look's own is taken back by components when the look changes. */
	static Font font() {
		Font font = UIManager.getFont("Label.font");
		return font == null ? new Font(Font.SANS_SERIF, Font.PLAIN, 13) : font.deriveFont(font.getStyle());
	}

	/* Worked out whenever it is drawn: the user may have chosen another theme meanwhile. */
	private static final class Live extends Color {
		private static final long serialVersionUID = 1;
		private final transient Supplier<Color> now;

		Live(Supplier<Color> now) {
			super(0);
			this.now = now;
		}

		@Override
		public int getRGB() {
			return now == null ? super.getRGB() : now.get().getRGB();
		}
	}

	static Color text() {
		return new Live(() -> color("Label.foreground", Color.BLACK));
	}

	static Color background() {
		return new Live(() -> color("Panel.background", Color.LIGHT_GRAY));
	}

	private static Color color(String key, Color otherwise) {
		Color color = UIManager.getColor(key);
		return color == null ? otherwise : color;
	}

	/** Between the colour of text and that of the background; 0 is the background. */
	static Color shade(double share) {
		return new Live(() -> {
			Color a = background();
			Color b = text();
			return new Color(mix(a.getRed(), b.getRed(), share), mix(a.getGreen(), b.getGreen(), share), mix(a.getBlue(), b.getBlue(), share));
		});
	}

	private static int mix(int a, int b, double share) {
		return (int)Math.round(a + (b - a) * share);
	}

	static Border line() {
		return BorderFactory.createLineBorder(shade(0.2));
	}

	/** A button that looks like a link. */
	static JButton link(String text, String tip, Runnable action) {
		JButton button = new JButton(text) {
			private static final long serialVersionUID = 1;

			/* The IDE's draws a box around it, whatever border it has. */
			@Override
			public void updateUI() {
				setUI(new BasicButtonUI());
			}
		};
		button.setToolTipText(tip);
		button.setBorder(BorderFactory.createEmptyBorder(1, 4, 1, 4));
		button.setMargin(new Insets(0, 0, 0, 0));
		button.setContentAreaFilled(false);
		button.setBorderPainted(false);
		button.setOpaque(false);
		button.setForeground(shade(0.75));
		button.setFont(font().deriveFont(font().getSize2D() - 1));
		button.setCursor(Cursor.getPredefinedCursor(Cursor.HAND_CURSOR));
		button.addActionListener(event -> action.run());
		return button;
	}

	/** Text that can be selected and copied, and not changed. */
	static JTextArea area(Font font, boolean wraps) {
		JTextArea area = new JTextArea();
		area.setEditable(false);
		// New text does not scroll to its end.
		((DefaultCaret)area.getCaret()).setUpdatePolicy(DefaultCaret.NEVER_UPDATE);
		area.setLineWrap(wraps);
		area.setWrapStyleWord(wraps);
		area.setTabSize(4);
		area.setFont(font);
		area.setOpaque(false);
		area.setForeground(text());
		area.setBorder(BorderFactory.createEmptyBorder());
		return area;
	}

	/** Scrolls sideways only; the wheel scrolls what is around it. */
	static JScrollPane sideways(JComponent inside) {
		JScrollPane pane = new JScrollPane(inside, JScrollPane.VERTICAL_SCROLLBAR_NEVER, JScrollPane.HORIZONTAL_SCROLLBAR_AS_NEEDED);
		pane.setBorder(BorderFactory.createEmptyBorder());
		pane.setOpaque(false);
		pane.getViewport().setOpaque(false);
		pane.setWheelScrollingEnabled(false);
		pane.addMouseWheelListener(event -> pass(pane, event));
		return pane;
	}

	private static void pass(Component from, MouseWheelEvent event) {
		Container parent = SwingUtilities.getAncestorOfClass(JScrollPane.class, from);
		if (parent != null)
			parent.dispatchEvent(SwingUtilities.convertMouseEvent(from, event, parent));
	}
}
