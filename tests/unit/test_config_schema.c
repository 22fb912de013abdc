/*
 * The configuration's tables against protocol/config.schema.json, as the program carries it: every field is in both,
 * with the same type, limits and choices, and the schema's defaults are those that are in force without a file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/config/fields.h"
#include "eke/base/json.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/config/config.h"
#include "eke/config/print.h"
#include "eke/config/schema.h"

struct schemas {
	struct json_pool *pool;
	const struct json *root;
	const struct json *defaults; /* the configuration in force without a file, as it is printed */
};

static const struct json *parse(struct json_pool *pool, const char *text)
{
	char *copy = xstrdup(text);
	struct err err = ERR_INIT;
	const struct json *tree = json_parse(pool, copy, strlen(copy), JSON_STRICT, &err);

	free(copy);
	if (!tree)
		fail_msg("%s", err.message);
	return tree;
}

static int setup(void **state)
{
	struct schemas *s = xcalloc(1, sizeof(*s));
	struct config *config = config_defaults();
	struct strbuf printed;

	s->pool = json_pool_new();
	s->root = parse(s->pool, (const char *)config_schema);
	strbuf_init(&printed, MIB(1));
	config_print(config, &printed);
	s->defaults = parse(s->pool, printed.data);
	strbuf_release(&printed);
	config_unref(config);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct schemas *s = *state;

	json_pool_free(s->pool);
	free(s);
	return 0;
}

/* "#/definitions/Chat" is the only form that is used. */
static const struct json *resolve(const struct schemas *s, const struct json *schema)
{
	static const char prefix[] = "#/definitions/";
	const char *ref = json_string(json_get(schema, "$ref"));

	if (!ref)
		return schema;
	assert_int_equal(strncmp(ref, prefix, strlen(prefix)), 0);
	schema = json_get(json_get(s->root, "definitions"), ref + strlen(prefix));
	assert_non_null(schema);
	return schema;
}

/* Is `name` the schema's type, or one of several? Choices are strings. */
static bool has_type(const struct json *schema, const char *name)
{
	const struct json *type = json_get(schema, "type");

	if (json_string(type))
		return !strcmp(json_string(type), name);
	if (json_get(schema, "enum"))
		return !strcmp(name, "string");
	for (const struct json *t = json_first(type); t; t = json_next(t))
		if (!strcmp(json_string(t), name))
			return true;
	for (const struct json *t = json_first(json_get(schema, "anyOf")); t; t = json_next(t))
		if (has_type(t, name))
			return true;
	return false;
}

static void check_number(const struct json *schema, const char *key, double wanted, const char *path)
{
	double d = 0;

	if (!json_number(json_get(schema, key), &d) || fabs(d - wanted) > 1e-9)
		fail_msg("%s: the schema's %s is %g, the table's %g", path, key, d, wanted);
}

static void check_names(const struct json *schema, const char *const *names, const char *path)
{
	const struct json *choice = json_first(json_get(schema, "enum"));

	for (size_t i = 0; names[i]; i++, choice = json_next(choice))
		if (!choice || strcmp(json_string(choice), names[i]) != 0)
			fail_msg("%s: the table's choice \"%s\" is not the schema's at that place", path, names[i]);
	if (choice)
		fail_msg("%s: the schema's choice \"%s\" is not in the table", path, json_string(choice));
}

static void check_type(const struct json *schema, const struct decode_field *f, const char *path)
{
	static const char *const types[] = {
		[DECODE_BOOL] = "boolean", [DECODE_INT] = "integer",   [DECODE_DOUBLE] = "number", [DECODE_STRING] = "string",
		[DECODE_ENUM] = NULL,      [DECODE_OBJECT] = "object", [DECODE_ARRAY] = "array",   [DECODE_ANY] = NULL,
	};

	if (types[f->type] && !has_type(schema, types[f->type]))
		fail_msg("%s: the table says %s, the schema something else", path, types[f->type]);
	if (f->type == DECODE_ENUM)
		check_names(schema, f->names, path);
	if (f->type == DECODE_INT || f->type == DECODE_DOUBLE) {
		check_number(schema, "minimum", f->min, path);
		check_number(schema, "maximum", f->max, path);
	}
}

static void text_of(const struct json *tree, struct strbuf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_put_tree(&w, tree);
	json_writer_end(&w);
}

static void check_default(const struct json *schema, const struct json *printed, const char *path)
{
	const struct json *wanted = json_get(schema, "default");
	struct strbuf a;
	struct strbuf b;

	if (!wanted)
		return;
	strbuf_init(&a, KIB(4));
	strbuf_init(&b, KIB(4));
	text_of(wanted, &a);
	text_of(printed, &b);
	if (strcmp(a.data, b.data) != 0)
		fail_msg("%s: the schema's default is %s, but %s is in force", path, a.data, b.data);
	strbuf_release(&a);
	strbuf_release(&b);
}

static void check_table(const struct schemas *s, const struct json *schema, const struct decode_field *table,
	const struct json *printed, const char *parent)
{
	const struct json *properties = json_get(schema, "properties");
	const struct json *unknown = decode_unknown(properties, table, NULL);

	if (unknown)
		fail_msg("%s%s is in the schema, but not in the table", parent, json_key(unknown));
	for (const struct decode_field *f = table; f->name; f++) {
		const struct json *property = resolve(s, json_get(properties, f->name));
		char *path = xasprintf("%s%s", parent, f->name);

		if (!property)
			fail_msg("%s is in the table, but not in the schema", path);
		check_type(property, f, path);
		if (f->sub) {
			char *prefix = xasprintf("%s.", path);

			check_table(s, property, f->sub, json_get(printed, f->name), prefix);
			free(prefix);
		} else if (printed) {
			check_default(property, json_get(printed, f->name), path);
		}
		free(path);
	}
}

static void test_file(void **state)
{
	const struct schemas *s = *state;

	check_table(s, s->root, config_file_fields, s->defaults, "");
}

/* Of a definition; its defaults are told in words, as there is no endpoint and no plan without a file. */
static void test_definitions(void **state)
{
	static const struct {
		const char *name;
		const struct decode_field *fields;
	} tables[] = {
		{ "Endpoint", config_endpoint_fields },
		{ "Plan", config_plan_fields },
		{ "Window", config_window_fields },
	};
	const struct schemas *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		char *prefix = xasprintf("%s.", tables[i].name);

		check_table(s, json_get(json_get(s->root, "definitions"), tables[i].name), tables[i].fields, NULL, prefix);
		free(prefix);
	}
}

/* What a list may hold at most is told in the schema, too. */
static void test_list_limits(void **state)
{
	static const struct {
		const char *definition; /* NULL: the whole */
		const char *property;
		const char *key;
		double most;
	} lists[] = {
		{ NULL, "endpoints", "maxItems", LIMIT_ENDPOINTS },
		{ NULL, "plans", "maxProperties", LIMIT_PLANS },
		{ "Endpoint", "fallbackUrls", "maxItems", LIMIT_FALLBACK_URLS },
		{ "Endpoint", "headers", "maxProperties", LIMIT_HEADERS },
		{ "Plan", "windows", "maxItems", LIMIT_PLAN_WINDOWS },
		{ "Privacy", "ignore", "maxItems", LIMIT_IGNORE_PATTERNS },
		{ "Chat", "commands", "maxProperties", LIMIT_USER_COMMANDS },
		{ "Window", "limit", "maximum", LIMIT_WINDOW_ENTRIES },
	};
	const struct schemas *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		const struct json *object = lists[i].definition ?
						    json_get(json_get(s->root, "definitions"), lists[i].definition) : s->root;
		const struct json *property = resolve(s, json_get(json_get(object, "properties"), lists[i].property));

		check_number(property, lists[i].key, lists[i].most, lists[i].property);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_definitions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_list_limits, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
