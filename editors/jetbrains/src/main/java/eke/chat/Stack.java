package eke.chat;

import java.awt.Component;
import java.awt.Container;
import java.awt.Dimension;
import java.awt.Insets;
import java.awt.LayoutManager;
import java.awt.Rectangle;
import javax.swing.JPanel;
import javax.swing.Scrollable;

/** Components one below the other, all as wide as the panel, each as high as it is at that width: text wraps. */
final class Stack extends JPanel implements Scrollable {
	private static final long serialVersionUID = 1;

	Stack(int gap) {
		super(new Below(gap));
	}

	@Override
	public Dimension getPreferredScrollableViewportSize() {
		return getPreferredSize();
	}

	@Override
	public int getScrollableUnitIncrement(Rectangle visible, int orientation, int direction) {
		return getFontMetrics(getFont()).getHeight() * 2;
	}

	@Override
	public int getScrollableBlockIncrement(Rectangle visible, int orientation, int direction) {
		return visible.height - getScrollableUnitIncrement(visible, orientation, direction);
	}

	@Override
	public boolean getScrollableTracksViewportWidth() {
		return true;
	}

	@Override
	public boolean getScrollableTracksViewportHeight() {
		return false;
	}

	private static final class Below implements LayoutManager {
		private final int gap;

		Below(int gap) {
			this.gap = gap;
		}

		@Override
		public void addLayoutComponent(String name, Component component) {
		}

		@Override
		public void removeLayoutComponent(Component component) {
		}

		@Override
		public Dimension preferredLayoutSize(Container parent) {
			Insets insets = parent.getInsets();
			int width = Math.max(0, width(parent) - insets.left - insets.right);
			int height = insets.top + insets.bottom;
			for (Component component : parent.getComponents())
				if (component.isVisible())
					height += height(component, width) + gap;
			return new Dimension(width + insets.left + insets.right, height);
		}

		/* Before it is laid out for the first time the width is not known. */
		private static int width(Container parent) {
			return parent.getWidth() > 0 ? parent.getWidth() : parent.getParent() == null ? 0 : parent.getParent().getWidth();
		}

		@Override
		public Dimension minimumLayoutSize(Container parent) {
			return new Dimension(0, preferredLayoutSize(parent).height);
		}

		@Override
		public void layoutContainer(Container parent) {
			Insets insets = parent.getInsets();
			int width = Math.max(0, parent.getWidth() - insets.left - insets.right);
			int y = insets.top;
			for (Component component : parent.getComponents()) {
				if (!component.isVisible())
					continue;
				int height = height(component, width);
				component.setBounds(insets.left, y, width, height);
				y += height + gap;
			}
		}

		/* Text says how high it is only for the width that it has. */
		private static int height(Component component, int width) {
			if (component.getWidth() != width)
				component.setSize(width, Math.max(1, component.getHeight()));
			return component.getPreferredSize().height;
		}
	}
}
