package eke.core;

import java.io.File;
import java.util.Arrays;

/** Finds a program as a shell does, and where an IDE that was started from a menu does not look. */
final class Programs {
	private Programs() {
	}

	/** The path of a program, null if there is none. A name with a folder in it is taken as it is. */
	static String find(String name, String path) {
		String home = System.getProperty("user.home", "");
		if (name.startsWith("~/"))
			name = home + name.substring(1);
		if (name.contains("/") || name.contains(File.separator))
			return new File(name).canExecute() ? name : null;
		String usual = String.join(File.pathSeparator,
			Arrays.asList(home + "/.local/bin", "/usr/local/bin", "/opt/homebrew/bin"));
		for (String folder : ((path == null ? "" : path) + File.pathSeparator + usual).split(File.pathSeparator)) {
			File file = new File(folder, name);
			if (!folder.isEmpty() && file.isFile() && file.canExecute())
				return file.getPath();
		}
		return null;
	}
}
