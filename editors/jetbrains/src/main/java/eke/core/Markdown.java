package eke.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model's Markdown as blocks: code, and other text as HTML. Every character of the text is escaped before any markup is made of it,
 * so that nothing but what is made here can be in the HTML: no tags, attributes, images or addresses other than http(s).
 */
public final class Markdown {
	/** A block of code, or HTML of what is between two of them. */
	public static final class Block {
		/** Code: its language, "" if none was given; null for HTML. */
		public final String language;
		/** The code as it is, or HTML without html and body around it. */
		public final String text;
		/** False for code whose end has not come yet. */
		public final boolean closed;

		Block(String language, String text, boolean closed) {
			this.language = language;
			this.text = text;
			this.closed = closed;
		}

		public boolean isCode() {
			return language != null;
		}
	}

	private static final Pattern FENCE = Pattern.compile("^( {0,3})(`{3,}|~{3,})\\s*([^`]*)$");
	private static final Pattern HEADING = Pattern.compile("^ {0,3}(#{1,6})\\s+(.*?)\\s*#*$");
	private static final Pattern RULE = Pattern.compile("^ {0,3}([-*_])(?:\\s*\\1){2,}\\s*$");
	private static final Pattern ITEM = Pattern.compile("^(\\s*)(?:[-*+]|(\\d{1,9})[.)])\\s+(.*)$");
	private static final Pattern QUOTE = Pattern.compile("^ {0,3}> ?(.*)$");
	private static final Pattern TABLE_RULE = Pattern.compile("^\\s*\\|?\\s*:?-+:?\\s*(\\|\\s*:?-+:?\\s*)*\\|?\\s*$");
	/* Code, or a link: nothing in either means anything else. */
	private static final Pattern SPAN = Pattern.compile("(`+)(.+?)(?<!`)\\1(?!`)"
		+ "|\\[([^\\]\\n]{1,500})\\]\\((https?://[^\\s()<>\"']{1,2000})\\)", Pattern.DOTALL);
	private static final Pattern BOLD = Pattern.compile("(\\*\\*|__)(?=\\S)(.+?)(?<=\\S)\\1", Pattern.DOTALL);
	private static final Pattern ITALIC = Pattern.compile("(?<![\\w*])([*_])(?=[^\\s*_])([^*_\\n]+?)(?<=\\S)\\1(?![\\w*])");
	private static final Pattern STRUCK = Pattern.compile("~~(?=\\S)(.+?)(?<=\\S)~~");
	private static final int MAX_DEPTH = 8; // of quotes and lists

	private Markdown() {
	}

	public static List<Block> blocks(String markdown) {
		List<Block> blocks = new ArrayList<>();
		List<String> prose = new ArrayList<>();
		String[] lines = markdown.split("\n", -1);
		for (int i = 0; i < lines.length; i++) {
			Matcher fence = FENCE.matcher(lines[i]);
			if (!fence.matches()) {
				prose.add(lines[i]);
				continue;
			}
			flush(blocks, prose);
			StringBuilder code = new StringBuilder();
			boolean closed = false;
			for (i++; i < lines.length && !closed; i++)
				if (isEnd(lines[i], fence.group(2)))
					closed = true;
				else
					code.append(unindent(lines[i], fence.group(1).length())).append('\n');
			i--;
			if (code.length() > 0)
				code.setLength(code.length() - 1);
			blocks.add(new Block(fence.group(3).trim().split("[\\s,{]", 2)[0], code.toString(), closed));
		}
		flush(blocks, prose);
		return blocks;
	}

	/** The code of the last block that is whole; null if there is none. */
	public static String lastCode(String markdown) {
		String code = null;
		for (Block block : blocks(markdown))
			if (block.isCode() && block.closed)
				code = block.text;
		return code;
	}

	private static boolean isEnd(String line, String fence) {
		String mark = line.trim();
		if (mark.length() < fence.length())
			return false;
		for (int i = 0; i < mark.length(); i++)
			if (mark.charAt(i) != fence.charAt(0))
				return false;
		return true;
	}

	private static String unindent(String line, int blanks) {
		int at = 0;
		while (at < blanks && at < line.length() && line.charAt(at) == ' ')
			at++;
		return line.substring(at);
	}

	private static void flush(List<Block> blocks, List<String> prose) {
		String html = html(prose, 0);
		prose.clear();
		if (!html.isEmpty())
			blocks.add(new Block(null, html, true));
	}

	private static String html(List<String> lines, int depth) {
		StringBuilder html = new StringBuilder();
		List<String> paragraph = new ArrayList<>();
		for (int i = 0; i < lines.size(); ) {
			String line = lines.get(i);
			Matcher heading = HEADING.matcher(line);
			if (line.trim().isEmpty()) {
				end(html, paragraph);
				i++;
			} else if (heading.matches()) {
				end(html, paragraph);
				int level = Math.min(6, heading.group(1).length() + 1);
				html.append("<h").append(level).append('>').append(inline(heading.group(2))).append("</h").append(level).append('>');
				i++;
			} else if (RULE.matcher(line).matches()) {
				end(html, paragraph);
				html.append("<hr>");
				i++;
			} else if (depth < MAX_DEPTH && QUOTE.matcher(line).matches()) {
				end(html, paragraph);
				List<String> quoted = new ArrayList<>();
				for (Matcher quote = QUOTE.matcher(line); quote.matches(); quote = QUOTE.matcher(i < lines.size() ? lines.get(i) : "")) {
					quoted.add(quote.group(1));
					i++;
				}
				html.append("<blockquote>").append(html(quoted, depth + 1)).append("</blockquote>");
			} else if (depth < MAX_DEPTH && ITEM.matcher(line).matches()) {
				end(html, paragraph);
				i = list(html, lines, i, depth);
			} else if (line.indexOf('|') >= 0 && i + 1 < lines.size() && TABLE_RULE.matcher(lines.get(i + 1)).matches()
				&& lines.get(i + 1).indexOf('|') >= 0) {
				end(html, paragraph);
				i = table(html, lines, i);
			} else {
				paragraph.add(line);
				i++;
			}
		}
		end(html, paragraph);
		return html.toString();
	}

	private static void end(StringBuilder html, List<String> paragraph) {
		if (!paragraph.isEmpty())
			html.append("<p>").append(inline(String.join("\n", paragraph))).append("</p>");
		paragraph.clear();
	}

	/* The items from line i on, with what is indented below them. Returns the line behind it. */
	private static int list(StringBuilder html, List<String> lines, int i, int depth) {
		Matcher first = ITEM.matcher(lines.get(i));
		first.matches();
		boolean ordered = first.group(2) != null;
		int indent = first.group(1).length();
		html.append(ordered ? "<ol" + (first.group(2).equals("1") ? "" : " start=" + first.group(2)) + ">" : "<ul>");
		while (i < lines.size()) {
			Matcher item = ITEM.matcher(lines.get(i));
			if (!item.matches() || item.group(1).length() != indent || (item.group(2) != null) != ordered)
				break;
			List<String> below = new ArrayList<>(Collections.singletonList(item.group(3)));
			for (i++; i < lines.size(); i++) {
				String line = lines.get(i);
				boolean blank = line.trim().isEmpty();
				boolean deeper = !blank && indentOf(line) > indent;
				boolean blankInside = blank && i + 1 < lines.size() && indentOf(lines.get(i + 1)) > indent;
				boolean lazy = !blank && !ITEM.matcher(line).matches() && !lines.get(i - 1).trim().isEmpty()
					&& !HEADING.matcher(line).matches() && !QUOTE.matcher(line).matches();
				if (!deeper && !blankInside && !lazy)
					break;
				below.add(unindent(line, indent + 2));
			}
			String content = html(below, depth + 1);
			// An item of one paragraph has no space around it.
			if (content.startsWith("<p>") && content.indexOf("<p>", 3) < 0)
				content = content.replaceFirst("<p>", "").replaceFirst("</p>", "");
			html.append("<li>").append(content).append("</li>");
			if (i + 1 < lines.size() && lines.get(i).trim().isEmpty() && ITEM.matcher(lines.get(i + 1)).matches()
				&& indentOf(lines.get(i + 1)) == indent)
				i++;
		}
		html.append(ordered ? "</ol>" : "</ul>");
		return i;
	}

	private static int indentOf(String line) {
		int at = 0;
		while (at < line.length() && line.charAt(at) == ' ')
			at++;
		return at < line.length() ? at : 0;
	}

	private static int table(StringBuilder html, List<String> lines, int i) {
		html.append("<table border=\"0\" cellpadding=\"4\">");
		row(html, lines.get(i), "th");
		for (i += 2; i < lines.size() && lines.get(i).indexOf('|') >= 0; i++)
			row(html, lines.get(i), "td");
		html.append("</table>");
		return i;
	}

	private static void row(StringBuilder html, String line, String tag) {
		String cells = line.trim().replaceAll("^\\||\\|$", "");
		html.append("<tr>");
		for (String cell : cells.split("(?<!\\\\)\\|", -1))
			html.append('<').append(tag).append(" align=\"left\">").append(inline(cell.trim().replace("\\|", "|")))
				.append("</").append(tag).append('>');
		html.append("</tr>");
	}

	private static String inline(String text) {
		StringBuilder html = new StringBuilder();
		Matcher span = SPAN.matcher(text);
		int at = 0;
		while (span.find()) {
			html.append(styled(text.substring(at, span.start())));
			if (span.group(2) != null)
				html.append("<code>").append(escape(span.group(2).trim())).append("</code>");
			else
				html.append("<a href=\"").append(escape(span.group(4))).append("\">").append(styled(span.group(3))).append("</a>");
			at = span.end();
		}
		return html.append(styled(text.substring(at))).toString();
	}

	private static String styled(String text) {
		String html = escape(text);
		html = BOLD.matcher(html).replaceAll("<b>$2</b>");
		html = ITALIC.matcher(html).replaceAll("<i>$2</i>");
		html = STRUCK.matcher(html).replaceAll("<strike>$1</strike>");
		return html.replace("  \n", "<br>").replace("\n", " ");
	}

	/** Text that means nothing to HTML. */
	public static String escape(String text) {
		StringBuilder html = new StringBuilder(text.length() + 16);
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			if (c == '&')
				html.append("&amp;");
			else if (c == '<')
				html.append("&lt;");
			else if (c == '>')
				html.append("&gt;");
			else if (c == '"')
				html.append("&quot;");
			else if (c >= ' ' || c == '\n' || c == '\t')
				html.append(c);
		}
		return html.toString();
	}
}
