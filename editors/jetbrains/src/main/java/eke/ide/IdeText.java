package eke.ide;

import com.intellij.openapi.editor.Document;
import com.intellij.openapi.fileEditor.FileDocumentManager;
import com.intellij.openapi.project.Project;
import com.intellij.openapi.vfs.VirtualFile;

import eke.core.Text;

import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Paths;

/** A document of the platform, as the core sees it. */
final class IdeText implements Text {
	final Project project;
	final Document document;
	final VirtualFile file;

	IdeText(Project project, Document document, VirtualFile file) {
		this.project = project;
		this.document = document;
		this.file = file;
	}

	@Override
	public String uri() {
		return uri(file);
	}

	static String uri(VirtualFile file) {
		if (file.isInLocalFileSystem())
			try {
				return Paths.get(file.getPath()).toUri().toString();
			} catch (InvalidPathException e) {
				// named as what is no file
			}
		StringBuilder name = new StringBuilder("untitled:");
		for (byte unit : file.getUrl().getBytes(StandardCharsets.UTF_8)) {
			char c = (char)(unit & 0xff);
			if (c < 0x80 && (Character.isLetterOrDigit(c) || "-._~/".indexOf(c) >= 0))
				name.append(c);
			else
				name.append(String.format("%%%02X", (int)c));
		}
		return name.toString();
	}

	@Override
	public String language() {
		return Languages.of(file);
	}

	@Override
	public CharSequence chars() {
		return document.getImmutableCharSequence();
	}

	@Override
	public String separator() {
		return FileDocumentManager.getInstance().getLineSeparator(file, project);
	}

	@Override
	public int line(int offset) {
		return document.getTextLength() == 0 ? 0 : document.getLineNumber(offset);
	}

	@Override
	public int lineStart(int line) {
		return line >= document.getLineCount() ? document.getTextLength() : document.getLineStartOffset(line);
	}
}
