package eke.test;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

import eke.core.Json;

/**
 * An editor that the conformance suite plays with: one request a line on standard input, one answer a line on standard output. Its other
 * end is tests/jetbrains/driver.mjs.
 */
public final class Remote {
	/** What is played with. */
	public interface Editor {
		/** Carries out a method of the suite's drivers, on whatever thread it needs; the result is JSON or null. */
		Object call(String method, JsonObject params) throws Exception;
	}

	private Remote() {
	}

	/** Until the end of standard input. */
	@SuppressWarnings("deprecation")
	public static void serve(Editor editor) throws IOException {
		PrintStream out = System.out;
		System.setOut(System.err);
		BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
		for (String line = in.readLine(); line != null; line = in.readLine()) {
			JsonObject request = new JsonParser().parse(line).getAsJsonObject();
			JsonObject answer = Json.object("id", Json.get(request, "id"));
			try {
				Object result = editor.call(Json.string(request, "method", ""), Json.sub(request, "params"));
				answer.add("result", result == null ? JsonNull.INSTANCE : Json.of(result));
			} catch (Throwable e) {
				e.printStackTrace();
				answer.addProperty("error", e.toString());
			}
			out.write((answer + "\n").getBytes(StandardCharsets.UTF_8));
			out.flush();
		}
	}
}
