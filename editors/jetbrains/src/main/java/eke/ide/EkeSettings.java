package eke.ide;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.intellij.openapi.components.PersistentStateComponent;
import com.intellij.openapi.components.ServiceManager;
import com.intellij.openapi.components.State;
import com.intellij.openapi.components.Storage;

import eke.core.Json;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What the settings page sets, for all projects. The key is not here, see Keys. */
@State(name = "EkeSettings", storages = @Storage("eke.xml"))
public final class EkeSettings implements PersistentStateComponent<EkeSettings.Values> {
	/** Written to the file as it is: names stay. */
	public static final class Values {
		/** The program and its arguments, separated by blanks; quotes keep blanks. */
		public String command = "eke serve";
		/** Address of the API; "": eke's own configuration says. */
		public String baseUrl = "";
		/** Model and plan for that address; "": eke's defaults. */
		public String model = "";
		public String plan = "";
		/** Off: nothing is asked but by a command. */
		public boolean enabled = true;
		/** Off: completions on demand alone. */
		public boolean automatic = true;
		public boolean tab = true;
		/** The platform's own inline completion in place of inlays of ours; of no effect where there is none. */
		public boolean platformInline = false;
		public int maxLines = 24;
		public int candidates = 1;
		public boolean offline = true;
		/** The language of answers, in words; "": that of the question. */
		public String language = "";
		/** Languages without completion while typing, by their LSP ids, separated by blanks. */
		public String languagesOff = "";
		/** More of eke's settings, as JSON. */
		public String more = "";
		/** Balloons; what goes wrong is in the event log all the same. */
		public boolean notifications = true;
	}

	private Values values = new Values();

	public static EkeSettings getInstance() {
		return ServiceManager.getService(EkeSettings.class);
	}

	public static Values values() {
		return getInstance().values;
	}

	@Override
	public Values getState() {
		return values;
	}

	@Override
	public void loadState(Values state) {
		values = state;
	}

	/** eke's settings, as initializationOptions.eke has them. */
	static JsonObject json() {
		Values values = values();
		JsonObject settings = parse(values.more);
		JsonObject completion = Json.sub(settings, "completion");
		settings.add("completion", completion);
		// What is as it is by default is left to the user's own configuration.
		if (values.maxLines != 24)
			completion.addProperty("maxLines", values.maxLines);
		if (values.candidates != 1)
			completion.addProperty("candidates", values.candidates);
		if (!values.offline)
			completion.addProperty("offline", false);
		JsonObject languages = Json.sub(completion, "languages");
		for (String language : values.languagesOff.trim().split("\\s+"))
			if (!language.isEmpty())
				languages.addProperty(language, false);
		if (languages.size() > 0)
			completion.add("languages", languages);
		JsonObject chat = Json.sub(settings, "chat");
		if (!values.language.trim().isEmpty())
			chat.addProperty("language", values.language.trim());
		if (chat.size() > 0)
			settings.add("chat", chat);
		return settings;
	}

	/** The object, or an empty one if it is none. */
	private static JsonObject parse(String more) {
		try {
			return check(more);
		} catch (JsonParseException e) {
			return new JsonObject();
		}
	}

	/** Throws JsonParseException where it is no object. */
	@SuppressWarnings("deprecation")
	static JsonObject check(String more) {
		if (more.trim().isEmpty())
			return new JsonObject();
		JsonElement json = new JsonParser().parse(more);
		if (!json.isJsonObject())
			throw new JsonParseException("no object");
		return json.getAsJsonObject();
	}

	static boolean isOff(String language) {
		return Arrays.asList(values().languagesOff.trim().split("\\s+")).contains(language);
	}

	/** Program and arguments of a command line. */
	static List<String> words(String line) {
		List<String> words = new ArrayList<>();
		StringBuilder word = new StringBuilder();
		boolean quoted = false;
		boolean begun = false;
		for (char c : line.toCharArray())
			if (c == '"') {
				quoted = !quoted;
				begun = true;
			} else if (Character.isWhitespace(c) && !quoted) {
				if (begun)
					words.add(word.toString());
				word.setLength(0);
				begun = false;
			} else {
				word.append(c);
				begun = true;
			}
		if (begun)
			words.add(word.toString());
		return words;
	}
}
