/*
 * A table: for each language what a file may import and what that tells, and what is usual where it tells nothing.
 */
#include "frameworks.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "eke/base/attrs.h"

#define SIGNS 6

static const struct {
	const char *languages; /* languageIds, words */
	const char *usual;
	struct {
		const char *sign; /* stands in the file */
		const char *name;
	} signs[SIGNS];
} table[] = {
	{ "python",
	  "pytest",
	  { { "import pytest", "pytest" },
	    { "import unittest", "unittest" },
	    { "from unittest", "unittest" },
	    { "django.test", "Django's TestCase" } } },
	{ "javascript javascriptreact typescript typescriptreact",
	  "Jest",
	  { { "vitest", "Vitest" },
	    { "node:test", "node:test and node:assert" },
	    { "bun:test", "bun:test" },
	    { "mocha", "Mocha with Chai" },
	    { "jasmine", "Jasmine" },
	    { "Deno.", "Deno.test" } } },
	{ "c",
	  "cmocka",
	  { { "unity.h", "Unity" },
	    { "check.h", "Check" },
	    { "criterion/", "Criterion" },
	    { "glib.h", "GLib's g_test" },
	    { "greatest.h", "greatest" },
	    { "linux/module.h", "KUnit" } } },
	{ "cpp cuda-cpp objective-cpp",
	  "GoogleTest",
	  { { "catch2", "Catch2" },
	    { "catch.hpp", "Catch2" },
	    { "doctest", "doctest" },
	    { "boost/", "Boost.Test" },
	    { "QtTest", "Qt Test" },
	    { "QObject", "Qt Test" } } },
	{ "java", "JUnit 5", { { "org.junit.Test;", "JUnit 4" }, { "org.testng", "TestNG" }, { "android.", "JUnit 4" } } },
	{ "kotlin", "JUnit 5", { { "io.kotest", "Kotest" }, { "kotlin.test", "kotlin.test" } } },
	{ "scala", "ScalaTest", { { "munit", "MUnit" }, { "org.specs2", "specs2" } } },
	{ "go", "the testing package", { { "stretchr/testify", "testing with testify" }, { "onsi/ginkgo", "Ginkgo" } } },
	{ "rust", "#[test] functions in a mod tests under #[cfg(test)]", { { "tokio", "#[tokio::test] and #[test]" } } },
	{ "ruby", "RSpec", { { "minitest", "Minitest" }, { "ApplicationRecord", "RSpec for Rails" } } },
	{ "php", "PHPUnit", { { "Pest\\", "Pest" } } },
	{ "csharp",
	  "xUnit",
	  { { "using NUnit", "NUnit" }, { "Microsoft.VisualStudio.TestTools", "MSTest" }, { "UnityEngine", "NUnit" } } },
	{ "fsharp vb", "xUnit", { { NULL, NULL } } },
	{ "swift", "XCTest", { { "import Testing", "Swift Testing" } } },
	{ "objective-c", "XCTest", { { NULL, NULL } } },
	{ "dart", "package:test", { { "package:flutter", "flutter_test" } } },
	{ "elixir", "ExUnit", { { NULL, NULL } } },
	{ "erlang", "EUnit", { { NULL, NULL } } },
	{ "haskell", "Hspec", { { "Tasty", "Tasty" }, { "QuickCheck", "QuickCheck" } } },
	{ "lua", "busted", { { "luaunit", "LuaUnit" } } },
	{ "perl", "Test::More", { { NULL, NULL } } },
	{ "r", "testthat", { { NULL, NULL } } },
	{ "julia", "the Test standard library", { { NULL, NULL } } },
	{ "shellscript", "Bats", { { NULL, NULL } } },
	{ "powershell", "Pester", { { NULL, NULL } } },
	{ "clojure", "clojure.test", { { NULL, NULL } } },
	{ "zig", "test blocks and std.testing", { { NULL, NULL } } },
};

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = words; (p = strstr(p, word)); p += len)
		if ((p == words || p[-1] == ' ') && (!p[len] || p[len] == ' '))
			return true;
	return false;
}

const char *framework_of(const char *language, const char *head)
{
	for (size_t i = 0; language && *language && i < ARRAY_LEN(table); i++) {
		if (!has_word(table[i].languages, language))
			continue;
		for (size_t j = 0; head && j < SIGNS && table[i].signs[j].sign; j++)
			if (strstr(head, table[i].signs[j].sign))
				return table[i].signs[j].name;
		return table[i].usual;
	}
	return "the framework that is usual for it";
}
