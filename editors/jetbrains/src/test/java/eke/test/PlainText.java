package eke.test;

import eke.core.Text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A document that is a string. */
final class PlainText implements Text {
	final Path path;
	private final String separator;
	private final StringBuilder chars;
	int caret;
	long stamp;

	PlainText(Path path) throws IOException {
		this.path = path;
		String text = new String(Files.readAllBytes(path), StandardCharsets.UTF_8);
		separator = text.contains("\r\n") ? "\r\n" : "\n";
		chars = new StringBuilder(text.replace("\r\n", "\n"));
	}

	void replace(int start, int end, String replacement) {
		chars.replace(start, end, replacement);
		stamp++;
		if (caret >= end)
			caret += replacement.length() - (end - start);
		else if (caret > start)
			caret = start + replacement.length();
	}

	@Override
	public String uri() {
		return path.toUri().toString();
	}

	@Override
	public String language() {
		String name = path.getFileName().toString();
		return name.endsWith(".c") ? "c" : name.endsWith(".py") ? "python" : "plaintext";
	}

	@Override
	public CharSequence chars() {
		return chars;
	}

	@Override
	public String separator() {
		return separator;
	}

	@Override
	public int line(int offset) {
		int line = 0;
		for (int i = 0; i < offset; i++)
			if (chars.charAt(i) == '\n')
				line++;
		return line;
	}

	@Override
	public int lineStart(int line) {
		int at = 0;
		for (int i = 0; i < line; i++) {
			at = chars.indexOf("\n", at) + 1;
			if (at == 0)
				return chars.length();
		}
		return at;
	}
}
