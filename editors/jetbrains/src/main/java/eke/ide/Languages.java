package eke.ide;

import com.intellij.openapi.vfs.VirtualFile;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** LSP's language ids. The file's name decides, as IDEs have one file type for several languages; else the file type's name does. */
final class Languages {
	private static final Map<String, String> BY_EXTENSION = new HashMap<>();
	private static final Map<String, String> BY_TYPE = new HashMap<>();

	static {
		put(BY_EXTENSION, "c c", "h c", "cc cpp", "cpp cpp", "cxx cpp", "hpp cpp", "hh cpp", "hxx cpp", "m objective-c", "mm objective-cpp",
			"cs csharp", "fs fsharp", "vb vb", "js javascript", "mjs javascript", "cjs javascript", "jsx javascriptreact",
			"ts typescript", "mts typescript", "cts typescript", "tsx typescriptreact", "py python", "pyi python", "rb ruby", "rs rust",
			"go go", "kt kotlin", "kts kotlin", "java java", "scala scala", "groovy groovy", "gradle groovy", "php php", "pl perl",
			"sh shellscript", "bash shellscript", "zsh shellscript", "ps1 powershell", "bat bat", "lua lua", "r r", "swift swift",
			"dart dart", "sql sql", "html html", "htm html", "css css", "scss scss", "less less", "xml xml", "json json", "jsonc jsonc",
			"yaml yaml", "yml yaml", "toml toml", "ini ini", "md markdown", "tex latex", "vue vue", "svelte svelte", "ex elixir",
			"exs elixir", "erl erlang", "hs haskell", "clj clojure", "jl julia", "zig zig", "mk makefile", "cmake cmake", "proto proto",
			"txt plaintext");
		put(BY_TYPE, "plain_text plaintext", "shell-script shellscript", "c++ cpp", "objectivec cpp", "c# csharp", "gnu-make makefile");
	}

	private Languages() {
	}

	private static void put(Map<String, String> map, String... pairs) {
		for (String pair : pairs)
			map.put(pair.substring(0, pair.indexOf(' ')), pair.substring(pair.indexOf(' ') + 1));
	}

	static String of(VirtualFile file) {
		String name = file.getName();
		if (name.equals("Makefile") || name.equals("GNUmakefile"))
			return "makefile";
		if (name.equals("Dockerfile"))
			return "dockerfile";
		String extension = file.getExtension();
		String known = extension == null ? null : BY_EXTENSION.get(extension.toLowerCase(Locale.ROOT));
		if (known != null)
			return known;
		String type = file.getFileType().getName().toLowerCase(Locale.ROOT).replace(' ', '-');
		return BY_TYPE.getOrDefault(type, type.isEmpty() ? "plaintext" : type);
	}
}
