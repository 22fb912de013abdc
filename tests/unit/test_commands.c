/*
 * Commands: placeholders, those of the user's own, and the frameworks that files seem to use.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/chat/commands.h"

#include "../../src/chat/frameworks.h"

static char warned[4096];

static void warn(void *ctx, const char *sentence)
{
	size_t n = strlen(warned);

	(void)ctx;
	snprintf(warned + n, sizeof(warned) - n, "%s\n", sentence);
}

static void test_expanded(void **state)
{
	static const struct command_values all = { .selection = "int x;", .file = "a.c", .language = "c",
						   .head = "#include <unity.h>", .input = "now" };
	static const struct {
		const char *prompt;
		const char *text;
	} cases[] = {
		{ "plain", "plain\n\nnow" },
		{ "{input}", "now" },
		{ "{selection}|{file}|{language}|{framework}|{input}", "int x;|a.c|C|Unity|now" },
		{ "{selection}{selection} {input}", "int x;int x; now" },
		{ "{ selection } {SELECTION} {} {x {nobody} {input}", "{ selection } {SELECTION} {} {x {nobody} now" },
		{ "{{input}}", "{now}" },
		{ "{diff}{input}", "(the diff of what is staged is attached)now" },
	};
	struct command command = { .name = "x" };
	struct strbuf out;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		command.prompt = cases[i].prompt;
		strbuf_init(&out, KIB(1));
		assert_true(command_expand(&command, &all, &out));
		assert_string_equal(out.data, cases[i].text);
		strbuf_release(&out);
	}
	/* What a selection holds is not expanded again. */
	command.prompt = "{selection}";
	strbuf_init(&out, KIB(1));
	command_expand(&command, &(struct command_values){ .selection = "{file}" }, &out);
	assert_string_equal(out.data, "{file}");
	strbuf_reset(&out);
	command.prompt = "the {language} code{input}";
	command_expand(&command, &(struct command_values){ .language = NULL }, &out);
	assert_string_equal(out.data, "the code");
	strbuf_release(&out);
	strbuf_init(&out, 3);
	assert_false(command_expand(&command, &all, &out));
	strbuf_release(&out);
}

static void test_builtin(void **state)
{
	static const char *const names[] = { "explain", "problems", "optimize", "refactor", "document", "tests", "fix",
					     "commit",  "ask",      "write" };
	struct config *config = config_defaults();
	struct command_set *set = commands_new(config, warn, NULL);
	struct err err;

	(void)state;
	assert_int_equal(commands_count(set), ARRAY_LEN(names));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct command *command = commands_find(set, names[i], &err);

		assert_ptr_equal(command, commands_at(set, i));
		assert_true(*command->title && *command->description);
		/* Built-in prompts quote nothing: what they work on is attached. */
		assert_false(command_quotes_selection(command));
		assert_true(!command->edit_instruction == !command->code_action_kind);
	}
	assert_null(commands_at(set, ARRAY_LEN(names)));
	assert_null(commands_find(set, "Explain", &err));
	assert_int_equal(err.kind, ERR_INVALID_PARAMS);
	assert_non_null(strstr(err.message, "explain, problems"));
	assert_string_equal(warned, "");
	commands_free(set);
	config_unref(config);
}

static size_t builtin_count(void)
{
	struct config *config = config_defaults();
	struct command_set *set = commands_new(config, warn, NULL);
	size_t count = commands_count(set);

	commands_free(set);
	config_unref(config);
	return count;
}

static void test_users(void **state)
{
	static const struct {
		const char *name;
		const char *title;
		const char *needs;
		const char *description;
	} cases[] = {
		{ "short", "Short", "selection", "Make {selection} short" },
		{ "explain", "Explain", "file", "About {file}" },
		{ "review", "Review", "diff", "{diff} and {selection}" },
		{ "odd", "Odd", "none", "{nobody}" },
	};
	char settings[] = "{\"chat\":{\"commands\":{\"short\":\"Make {selection} short\\nplease\","
			  "\"explain\":\"About {file}\",\"review\":\"{diff} and {selection}\",\"odd\":\"{nobody}\"}}}";
	struct err err;
	struct config *config;
	struct command_set *set;

	(void)state;
	unsetenv("EKE_BASE_URL");
	setenv("EKE_CONFIG", "/nonexistent/eke.json", 1);
	config = config_load(NULL, settings, NULL, NULL, &err);
	assert_non_null(config);
	warned[0] = '\0';
	set = commands_new(config, warn, NULL);
	config_unref(config);
	/* Three more than are built in: one takes the place of explain. */
	assert_int_equal(commands_count(set), builtin_count() + 3);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct command *command = commands_find(set, cases[i].name, &err);

		assert_string_equal(command->title, cases[i].title);
		assert_string_equal(command_needs_name(command->needs), cases[i].needs);
		assert_string_equal(command->description, cases[i].description);
	}
	assert_string_equal(warned, "chat.commands.odd: {nobody} is no placeholder and is kept as text; there are "
				    "{selection}, {file}, {language}, {diff}, {input}, {framework}\n");
	commands_free(set);
}

static void test_frameworks(void **state)
{
	static const struct {
		const char *language;
		const char *head;
		const char *name;
	} cases[] = {
		{ "c", "#include <stdio.h>", "cmocka" },
		{ "c", "#include <check.h>", "Check" },
		{ "cpp", NULL, "GoogleTest" },
		{ "cpp", "#include <catch2/catch_test_macros.hpp>", "Catch2" },
		{ "python", "import os", "pytest" },
		{ "python", "import unittest", "unittest" },
		{ "typescript", "import { it } from 'vitest'", "Vitest" },
		{ "javascript", "import test from 'node:test'", "node:test and node:assert" },
		{ "typescriptreact", "", "Jest" },
		{ "java", "import org.junit.Test;", "JUnit 4" },
		{ "java", "import org.junit.jupiter.api.Test;", "JUnit 5" },
		{ "go", "import \"github.com/stretchr/testify/assert\"", "testing with testify" },
		{ "csharp", "using NUnit.Framework;", "NUnit" },
		{ "nothing", "", "the framework that is usual for it" },
		{ "", "", "the framework that is usual for it" },
		{ NULL, NULL, "the framework that is usual for it" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(framework_of(cases[i].language, cases[i].head), cases[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expanded),
		cmocka_unit_test(test_builtin),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_frameworks),
	};

	return cmocka_run_group_tests_name("commands", tests, NULL, NULL);
}
