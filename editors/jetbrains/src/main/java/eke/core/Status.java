package eke.core;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;

/** What a status bar shows of the server and its budgets, in words. */
public final class Status {
	private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm");

	private Status() {
	}

	/** "eke 37/60"; with nothing left and the time of the next one, "eke 0/60 14:05". */
	static String line(Server.State state, JsonElement status) {
		if (state != Server.State.RUNNING)
			return state == Server.State.OFF || state == Server.State.STOPPED ? "eke"
				: "eke: " + state.name().toLowerCase(java.util.Locale.ROOT);
		StringBuilder line = new StringBuilder("eke");
		JsonElement window = tightest(status);
		if (window != null) {
			int remaining = Json.number(window, "remaining", 0);
			line.append(' ').append(remaining).append('/').append(Json.number(window, "limit", 0));
			if (remaining == 0)
				line.append(' ').append(time(Json.string(window, "resetAt", "")));
		}
		String word = Json.string(status, "state", "idle");
		if (word.equals("offline") || word.equals("error"))
			line.append(' ').append(word);
		else if (word.equals("busy"))
			line.append(" …");
		return line.toString();
	}

	/* The window of the first budget that has the smallest part left. */
	private static JsonElement tightest(JsonElement status) {
		List<JsonElement> budgets = Json.list(status, "budgets");
		JsonElement found = null;
		for (JsonElement window : budgets.isEmpty() ? budgets : Json.list(budgets.get(0), "windows"))
			if (found == null || share(window) < share(found))
				found = window;
		return found;
	}

	private static double share(JsonElement window) {
		return Json.number(window, "remaining", 0) / (double)Math.max(1, Json.number(window, "limit", 1));
	}

	/** All that is known of the budgets, a line each. */
	static List<String> lines(String version, JsonElement status, JsonElement budgets) {
		List<String> lines = new ArrayList<>();
		String message = Json.string(status, "message", "");
		lines.add("eke " + version + ", " + Json.string(status, "state", "idle") + (message.isEmpty() ? "" : ": " + message));
		for (JsonElement budget : Json.list(budgets, "budgets")) {
			String name = Json.string(budget, "endpoint", "") + " (" + Json.string(budget, "plan", "") + "): ";
			List<JsonElement> windows = Json.list(budget, "windows");
			for (JsonElement window : windows) {
				List<String> models = Json.strings(window, "models");
				lines.add(name + Json.number(window, "remaining", 0) + " of " + Json.number(window, "limit", 0) + " left, per "
					+ Json.string(window, "scope", "") + (models.isEmpty() ? "" : " " + String.join(" ", models))
					+ ", next at " + time(Json.string(window, "resetAt", "")));
			}
			if (windows.isEmpty())
				lines.add(name + "not counted");
			if (Json.get(budget, "reason") != null)
				lines.add("  " + Json.string(budget, "reason", ""));
		}
		return lines;
	}

	/** "2026-11-24T04:00:00Z" as hours and minutes here; seconds are not shown, and the minute after is never too early. */
	static String time(String time) {
		try {
			return TIME.withZone(ZoneId.systemDefault()).format(Instant.parse(time).plusSeconds(59));
		} catch (DateTimeParseException e) {
			return time;
		}
	}

	static JsonObject idle() {
		return Json.object("state", "idle", "message", "", "budgets", Json.array());
	}
}
