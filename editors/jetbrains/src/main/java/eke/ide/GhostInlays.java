package eke.ide;

import com.intellij.openapi.Disposable;
import com.intellij.openapi.editor.DefaultLanguageHighlighterColors;
import com.intellij.openapi.editor.Editor;
import com.intellij.openapi.editor.EditorCustomElementRenderer;
import com.intellij.openapi.editor.Inlay;
import com.intellij.openapi.editor.colors.EditorFontType;
import com.intellij.openapi.editor.markup.EffectType;
import com.intellij.openapi.editor.markup.HighlighterLayer;
import com.intellij.openapi.editor.markup.HighlighterTargetArea;
import com.intellij.openapi.editor.markup.RangeHighlighter;
import com.intellij.openapi.editor.markup.TextAttributes;
import com.intellij.openapi.util.Disposer;
import com.intellij.ui.JBColor;

import eke.core.Ghost;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics;
import java.awt.Rectangle;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Draws a completion into an editor: within the line, below it, and struck out what it replaces. */
final class GhostInlays {
	private final Editor editor;
	private final List<Disposable> inlays = new ArrayList<>();
	private RangeHighlighter replaced;

	GhostInlays(Editor editor) {
		this.editor = editor;
	}

	void draw(Ghost.Picture picture) {
		erase();
		for (Ghost.Piece piece : picture.pieces)
			keep(editor.getInlayModel().addInlineElement(piece.offset, true,
				new Renderer(Collections.singletonList(piece.text), columnOf(piece.offset))));
		if (!picture.below.isEmpty())
			keep(editor.getInlayModel().addBlockElement(picture.replacedEnd, true, false, 0, new Renderer(picture.below, 0)));
		if (picture.replacedEnd > picture.replacedStart)
			replaced = editor.getMarkupModel().addRangeHighlighter(picture.replacedStart, picture.replacedEnd,
				HighlighterLayer.LAST, new TextAttributes(color(editor), null, color(editor), EffectType.STRIKEOUT, Font.PLAIN),
				HighlighterTargetArea.EXACT_RANGE);
	}

	private void keep(Inlay inlay) {
		if (inlay != null)
			inlays.add(inlay);
	}

	private int columnOf(int offset) {
		return editor.offsetToLogicalPosition(offset).column;
	}

	void erase() {
		for (Disposable inlay : inlays)
			Disposer.dispose(inlay);
		inlays.clear();
		if (replaced != null && replaced.isValid())
			editor.getMarkupModel().removeHighlighter(replaced);
		replaced = null;
	}

	/* As comments, but fainter where that would not show. */
	static Color color(Editor editor) {
		TextAttributes attributes = editor.getColorsScheme().getAttributes(DefaultLanguageHighlighterColors.LINE_COMMENT);
		Color color = attributes == null ? null : attributes.getForegroundColor();
		return color == null ? JBColor.GRAY : color;
	}

	/** Lines of ghost text, drawn as the editor would. */
	static final class Renderer implements EditorCustomElementRenderer {
		private final List<String> lines;
		private final int column;

		Renderer(List<String> lines, int column) {
			this.lines = lines;
			this.column = column;
		}

		/** What is drawn, for tests. */
		List<String> lines() {
			return lines;
		}

		private static Font font(Editor editor) {
			return editor.getColorsScheme().getFont(EditorFontType.ITALIC);
		}

		private static String printable(Editor editor, String line, int column) {
			int tab = Math.max(1, editor.getSettings().getTabSize(editor.getProject()));
			StringBuilder text = new StringBuilder();
			for (int i = 0; i < line.length(); i++) {
				char c = line.charAt(i);
				if (c == '\t')
					do
						text.append(' ');
					while ((column + text.length()) % tab != 0);
				else
					text.append(Character.isISOControl(c) ? ' ' : c);
			}
			return text.toString();
		}

		private int width(Editor editor) {
			FontMetrics metrics = editor.getContentComponent().getFontMetrics(font(editor));
			int width = 1;
			for (String line : lines)
				width = Math.max(width, metrics.stringWidth(printable(editor, line, column)));
			return width;
		}

		// The platform calls this up to 2018.2, the next one since.
		@Override
		@SuppressWarnings("deprecation")
		public int calcWidthInPixels(Editor editor) {
			return width(editor);
		}

		@Override
		public int calcWidthInPixels(Inlay inlay) {
			return width(inlay.getEditor());
		}

		@Override
		public int calcHeightInPixels(Inlay inlay) {
			return inlay.getEditor().getLineHeight() * lines.size();
		}

		@Override
		public void paint(Inlay inlay, Graphics g, Rectangle target, TextAttributes attributes) {
			Editor editor = inlay.getEditor();
			g.setFont(font(editor));
			g.setColor(color(editor));
			FontMetrics metrics = g.getFontMetrics();
			int descent = metrics.getDescent() + (editor.getLineHeight() - metrics.getHeight()) / 2;
			int y = target.y + editor.getLineHeight() - descent;
			for (String line : lines) {
				g.drawString(printable(editor, line, column), target.x, y);
				y += editor.getLineHeight();
			}
		}
	}
}
