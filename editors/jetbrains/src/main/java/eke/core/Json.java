package eke.core;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Reads what the server sends without trusting its shape, and builds what it is sent. */
public final class Json {
	private Json() {
	}

	/** An object of names and values in turn. Values are strings, numbers, booleans, JSON, lists, or null, which is left out. */
	public static JsonObject object(Object... members) {
		JsonObject object = new JsonObject();
		for (int i = 0; i < members.length; i += 2)
			if (members[i + 1] != null)
				object.add((String)members[i], of(members[i + 1]));
		return object;
	}

	public static JsonArray array(Object... elements) {
		JsonArray array = new JsonArray();
		for (Object element : elements)
			array.add(of(element));
		return array;
	}

	public static JsonElement of(Object value) {
		if (value instanceof JsonElement)
			return (JsonElement)value;
		if (value instanceof String)
			return new JsonPrimitive((String)value);
		if (value instanceof Number)
			return new JsonPrimitive((Number)value);
		if (value instanceof Boolean)
			return new JsonPrimitive((Boolean)value);
		if (value instanceof List)
			return array(((List<?>)value).toArray());
		if (value instanceof Map) {
			JsonObject object = new JsonObject();
			for (Map.Entry<?, ?> entry : ((Map<?, ?>)value).entrySet())
				object.add((String)entry.getKey(), of(entry.getValue()));
			return object;
		}
		throw new IllegalArgumentException("no JSON: " + value);
	}

	/** The member, or null if there is none, or no object. */
	public static JsonElement get(JsonElement object, String name) {
		if (object == null || !object.isJsonObject())
			return null;
		JsonElement member = object.getAsJsonObject().get(name);
		return member == null || member.isJsonNull() ? null : member;
	}

	/** The member that is an object, or an empty one. */
	public static JsonObject sub(JsonElement object, String name) {
		JsonElement member = get(object, name);
		return member != null && member.isJsonObject() ? member.getAsJsonObject() : new JsonObject();
	}

	public static String string(JsonElement object, String name, String otherwise) {
		JsonElement member = get(object, name);
		return member != null && member.isJsonPrimitive() ? member.getAsString() : otherwise;
	}

	public static int number(JsonElement object, String name, int otherwise) {
		JsonElement member = get(object, name);
		if (member == null || !member.isJsonPrimitive() || !member.getAsJsonPrimitive().isNumber())
			return otherwise;
		double number = member.getAsDouble();
		return number >= Integer.MIN_VALUE && number <= Integer.MAX_VALUE ? (int)number : otherwise;
	}

	public static boolean is(JsonElement object, String name) {
		JsonElement member = get(object, name);
		return member != null && member.isJsonPrimitive() && member.getAsJsonPrimitive().isBoolean() && member.getAsBoolean();
	}

	/** The elements of the member that is an array; none if it is no array. */
	public static List<JsonElement> list(JsonElement object, String name) {
		List<JsonElement> elements = new ArrayList<>();
		JsonElement member = get(object, name);
		if (member != null && member.isJsonArray())
			for (JsonElement element : member.getAsJsonArray())
				elements.add(element);
		return elements;
	}

	public static List<String> strings(JsonElement object, String name) {
		List<String> strings = new ArrayList<>();
		for (JsonElement element : list(object, name))
			if (element.isJsonPrimitive())
				strings.add(element.getAsString());
		return strings;
	}

	/** LSP's Position. */
	public static JsonObject position(int line, int character) {
		return object("line", line, "character", character);
	}

	/** LSP's Range. */
	public static JsonObject range(int startLine, int startCharacter, int endLine, int endCharacter) {
		return object("start", position(startLine, startCharacter), "end", position(endLine, endCharacter));
	}
}
