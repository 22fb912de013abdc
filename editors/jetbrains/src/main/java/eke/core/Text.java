package eke.core;

/** A document of the IDE. Offsets count its UTF-16 units; lines end with \n, whatever the file has. */
public interface Text {
	/** The file's URI as LSP has it, or another that no other document has. */
	String uri();

	/** LSP's language id. */
	String language();

	CharSequence chars();

	/** What stands for \n in the file, and so on the wire. */
	String separator();

	int line(int offset);

	/** The offset of a line's first unit; for a line past the end the length. */
	int lineStart(int line);
}
