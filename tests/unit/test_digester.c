/*
 * Digests that are made by the one before, against digests that are made from nothing: the same in every field, after
 * any edit. And how much of a text a step reads at most.
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
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/context/digest.h"

#define TEXT_BYTES KIB(14)
#ifndef ROUNDS
#define ROUNDS 60
#endif

/* --- texts --- */

/* Files of this project. */
static const struct {
	const char *language;
	const char *path;
} files[] = {
	{ "c", "src/context/imports.c" },
	{ "cpp", "src/text/docs.c" },
	{ "javascript", "tests/tools/check-source.test.mjs" },
	{ "typescriptreact", "editors/vscode/src/extension.ts" },
	{ "shellscript", "tests/tools/check-source" },
	{ "markdown", "src/README.md" },
};

/* Languages of which it has none: each is repeated. */
static const struct {
	const char *language;
	const char *text;
} written[] = {
	{ "python",
		"\"\"\"Documentation of\nseveral lines.\"\"\"\nimport os, sys\nfrom .base import (\n    Base,\n"
		"    Other as Another,\n)\n\n"
		"LIMIT%u = 10\n\n@decorated\nclass Reader%u(Base):\n    size: int\n    def __init__(self, path,\n"
		"                 mode):\n        self.path%u = path\n        local = f\"{path!r} # no comment\"\n\n"
		"    # about it\n    async def read(self):\n        '''Says nothing'''\n"
		"        return [x for x in self.path]\n\n\n"
		"def parse%u(text):\n    if text:\n        return text\n    raise ValueError('x')\n\n" },
	{ "ruby",
		"require_relative 'x%u'\nmodule Outer%u\n  class Reader < Base\n    NAMES = %%w[a b]\n    def text\n"
		"      <<~END\n"
		"        class Nothing\n      END\n    end\n=begin\nclass Neither\n=end\n    def size%u = @size\n  end\n"
		"end\n\n" },
	{ "javascriptreact",
		"import { a, b } from './x%u';\nexport default function View%u({ title }) {\n  const re = /a[/]b\\//g;\n"
		"  const s = `x ${title} ${`y ${1}`} class A {`;\n  return (\n    <div className=\"x\" onClick={() => go(1)}>\n"
		"      class Text {title} it's\n    </div>\n  );\n}\n\nclass Model%u {\n  size = 1;\n  read(a) {\n"
		"    return a;\n  }\n}\n\n" },
	{ "perl",
		"use Reader::Base%u;\n\npackage Reader%u;\n\nmy %%names = (\n    q => 1,\n);\n\nsub read%u {\n"
		"    my ($self) = @_;\n"
		"    $self =~ s{a (b)}\n        {c}x;\n    return q(text\nof lines);\n}\n\n=head1 sub none\n\n=cut\n\n" },
	{ "go",
		"package main\n\nimport (\n\t\"fmt\"\n\t\"a/b%u\"\n)\n\n// Reader reads.\ntype Reader%u struct {\n"
		"\tSize int\n}\n\n"
		"func (r *Reader%u) Read(n int) (int, error) {\n\ts := `raw\nfunc no() {`\n\treturn len(s), nil\n}\n\n" },
	{ "rust",
		"use crate::a::{b, c%u};\n\npub struct Reader%u<'a> {\n    name: &'a str,\n}\n\nimpl<'a> Reader%u<'a> {\n"
		"    pub fn read(&self) -> char {\n        let _ = r#\"struct \"No\" {\"#;\n        '\\''\n    }\n}\n\n" },
};

/* What changes the meaning of lines behind it, or ends what is open, or is nothing special. */
static const char *const insertions[] = { "/*", "*/", "\"\"\"", "'''", "\"", "'", "`", "${", "{", "}", "(", ")", "[",
	"#", "//", "<<EOF\n", "EOF\n", "\n", "\n\n", "\r\n", "class A:\n", "struct x {\n", "import (\n",
	"from x import (\n", "require('x", "<div a=\"", "</div>", "=begin\n", "=end\n", "=cut\n", "R\"x(", ")x\"", "r#\"",
	"\\\n", "\t", "    ", "q(", "s{", "/a\\", "x", "name", " = 1\n", "def f(a,\n", "static int f(void)\n",
	"\xE6\xBC\xA2" };

static uint32_t seed = 20261130;

static uint32_t below(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % n;
}

static void read_file(const char *path, struct strbuf *out)
{
	char block[4096];
	FILE *f = fopen(path, "r");
	size_t n;

	if (!f)
		fail_msg("%s: not here; the tests run at the project's root", path);
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		strbuf_add(out, block, n);
	fclose(f);
	if (out->len > TEXT_BYTES)
		strbuf_truncate(out, TEXT_BYTES);
	assert_true(out->len > 4000);
}

/* --- comparing --- */

static struct digest *digest_from(
	struct names *names, const char *language, const struct strbuf *text, const struct digest *before)
{
	struct digester *g = digester_new(names, language, xstrndup(text->data, text->len), text->len, text->len, before);

	for (uint32_t steps = below(3); steps; steps--)
		digester_step(g);
	return digester_finish(g);
}

static void expect_same(const struct digest *a, const struct digest *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->text, b->text, a->len);
	assert_ptr_equal(a->syntax, b->syntax);
	assert_ptr_equal(a->style, b->style);
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->name_count, b->name_count);
	assert_int_equal(a->use_count, b->use_count);
	assert_int_equal(a->chunk_count, b->chunk_count);
	for (size_t i = 0; i < a->count; i++) {
		const struct piece *p = &a->pieces[i];
		const struct piece *q = &b->pieces[i];

		assert_int_equal(p->start, q->start);
		assert_int_equal(p->end, q->end);
		assert_int_equal(p->line, q->line);
		assert_int_equal(p->tokens, q->tokens);
		assert_int_equal(p->first_name, q->first_name);
		assert_int_equal(p->declares, q->declares);
		assert_int_equal(p->hash, q->hash);
		assert_int_equal(p->parent, q->parent);
		assert_int_equal(p->lines, q->lines);
		assert_int_equal(p->name_count, q->name_count);
		assert_int_equal(p->kind, q->kind);
		assert_int_equal(p->file_local, q->file_local);
		assert_int_equal(p->underscored, q->underscored);
	}
	for (size_t i = 0; i < a->name_count; i++)
		assert_int_equal(a->names[i], b->names[i]);
	for (size_t i = 0; i < a->use_count; i++) {
		assert_int_equal(a->uses[i].name, b->uses[i].name);
		assert_int_equal(a->uses[i].chunks, b->uses[i].chunks);
	}
}

/* Some leave the length as it is, or change how a line begins. */
static void edit(struct strbuf *text)
{
	static const char *const words[] = { "x", "  ", "def", "sub ", "class", "struct", "    ", "\"", "name" };
	size_t at = text->len ? below((uint32_t)text->len) : 0;
	size_t gone = below(3) ? 0 : below(below(4) ? 20 : 800);
	const char *in = below(4) ? insertions[below(ARRAY_LEN(insertions))] : "";

	if (!below(3)) {
		in = words[below(ARRAY_LEN(words))];
		gone = below(3) ? strlen(in) : 0;
		if (below(2))
			while (at && text->data[at - 1] != '\n')
				at--;
	}
	if (gone > text->len - at)
		gone = text->len - at;
	strbuf_splice(text, at, gone, in, strlen(in));
}

static void edit_and_compare(const char *language, struct strbuf *text)
{
	struct names *names = names_new();
	struct digest *before = digest_from(names, language, text, NULL);

	for (int round = 0; round < ROUNDS; round++) {
		struct strbuf last;
		struct digest *made;
		struct digest *fresh;
		bool undo = below(2);

		strbuf_init(&last, LIMIT_DOCUMENT);
		strbuf_add(&last, text->data, text->len);
		for (uint32_t edits = below(8) ? 1 : below(4); edits; edits--)
			edit(text);
		made = digest_from(names, language, text, before);
		fresh = digest_new(names, language, text->data, text->len);
		expect_same(made, fresh);
		/* Few are undone by the digest: what was opened there would stay open. */
		if (undo) {
			strbuf_move(text, &last);
			digest_free(before);
			before = digest_from(names, language, text, made);
			digest_free(made);
			digest_free(fresh);
			fresh = digest_new(names, language, text->data, text->len);
			expect_same(before, fresh);
		} else {
			digest_free(before);
			before = made;
		}
		digest_free(fresh);
		strbuf_release(&last);
	}
	digest_free(before);
	names_free(names);
}

static void test_files_that_change(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct strbuf text;

		strbuf_init(&text, LIMIT_DOCUMENT);
		read_file(files[i].path, &text);
		edit_and_compare(files[i].language, &text);
		strbuf_release(&text);
	}
}

static void write_text(struct strbuf *out, const char *form, size_t len)
{
	for (unsigned n = 0; out->len < len; n++)
		for (const char *s = form; *s; s++) {
			if (s[0] != '%')
				strbuf_addch(out, *s);
			else if (*++s == 'u')
				strbuf_addf(out, "%u", n);
			else
				strbuf_addch(out, *s);
		}
}

static void test_texts_that_change(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(written); i++) {
		struct strbuf text;

		strbuf_init(&text, LIMIT_DOCUMENT);
		write_text(&text, written[i].text, TEXT_BYTES);
		edit_and_compare(written[i].language, &text);
		strbuf_release(&text);
	}
}

#define PARAMETERS \
	"\tconst struct a_type_with_a_long_name *a_parameter_with_a_long_name, int another_parameter_with_a_long_name,\n" \
	"\tconst struct another_type *another_parameter_with_a_long_name_of_that_type,\n"
#define PACKAGES \
	"\t\"example.com/a/long/path/of/a/package\"\n\t\"example.com/another/path/of/another/package\"\n" \
	"\t\"example.com/a/path/of/yet/another/package\"\n\t\"example.com/the/last/path/of/a/package/here\"\n"

/*
 * How something ends says what the lines before that are, of which one is where the digest before it may be gone on
 * from.
 */
static void test_what_is_far_away(void **state)
{
	static const struct {
		const char *language;
		const char *line; /* repeated */
		const char *from;
		const char *to;
	} table[] = {
		{ "javascript", "    first = second(third, fourth);\n", "x = /a\\\n `b;\n", "x = /a\\\n `b/;\n" },
		{ "perl", "    $first = $second + $third;\n", "$x = q(a\n\n" PARAMETERS PARAMETERS PARAMETERS "=head1 x\n",
			"$x = q(a\n\n" PARAMETERS PARAMETERS PARAMETERS "=head1 x\n)\n" },
		{ "c", "static int first;\n", "static int call(int a,\n" PARAMETERS PARAMETERS PARAMETERS "\tint c;\n",
			"static int call(int a,\n" PARAMETERS PARAMETERS PARAMETERS "\tint c);\n" },
		{ "go", "var first = second\n", "import (\n" PACKAGES PACKAGES PACKAGES PACKAGES "\n",
			"import (\n" PACKAGES PACKAGES PACKAGES PACKAGES ")\n" },
		{ "python", "    first = second\n\n", "class Reader:\n", "def reader():\n" },
		{ "python", "        first = second\n\n", "class Reader:\n    def read():\n",
			"class Reader:\n  def read():\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		for (size_t blanks = 0; blanks < 250; blanks += 3) {
			struct names *names = names_new();
			struct strbuf text;
			struct digest *before;
			struct digest *made;
			struct digest *fresh;
			size_t at;

			strbuf_init(&text, LIMIT_DOCUMENT);
			while (text.len < KIB(2) - 200)
				strbuf_adds(&text, table[i].line);
			strbuf_addf(&text, "%*s\n", (int)blanks, "");
			at = text.len;
			strbuf_adds(&text, table[i].from);
			for (size_t k = 0; k < 150; k++)
				strbuf_adds(&text, table[i].line);
			before = digest_from(names, table[i].language, &text, NULL);
			strbuf_splice(&text, at, strlen(table[i].from), table[i].to, strlen(table[i].to));
			made = digest_from(names, table[i].language, &text, before);
			fresh = digest_new(names, table[i].language, text.data, text.len);
			expect_same(made, fresh);
			digest_free(before);
			digest_free(made);
			digest_free(fresh);
			names_free(names);
			strbuf_release(&text);
		}
}

/* --- steps --- */

static size_t steps_of(
	struct names *names, const char *language, const struct strbuf *text, const struct digest *before)
{
	struct digester *g = digester_new(names, language, xstrndup(text->data, text->len), text->len, text->len, before);
	size_t steps = 1;

	while (!digester_step(g))
		steps++;
	digester_free(g);
	return steps;
}

/* Of a text that is longer than what is looked at another end is seen after each change. */
static void test_texts_that_are_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct names *names = names_new();
		struct strbuf text;
		struct digest *before;

		strbuf_init(&text, LIMIT_DOCUMENT);
		write_text(&text, written[i].text, LIMIT_CONTEXT_FILE + 3000);
		before = digest_new(names, written[i].language, text.data, text.len);
		assert_true(before->len < text.len);
		for (int round = 0; round < 8; round++) {
			const char *line = round % 2 ? "\n" : "    some = words\n";
			size_t at = below(LIMIT_CONTEXT_FILE);
			struct digest *made;
			struct digest *fresh;

			while (at && text.data[at - 1] != '\n')
				at--;
			strbuf_splice(&text, at, round < 6 ? 0 : 700, line, strlen(line));
			assert_true(steps_of(names, written[i].language, &text, before) <= (round < 6 ? 2 : 17));
			made = digest_from(names, written[i].language, &text, before);
			fresh = digest_new(names, written[i].language, text.data, text.len);
			expect_same(made, fresh);
			digest_free(fresh);
			digest_free(before);
			before = made;
		}
		digest_free(before);
		names_free(names);
		strbuf_release(&text);
	}
}

/* A step reads some 16 KiB, whatever the text: lines, or one long line. */
static void test_steps(void **state)
{
	struct names *names = names_new();
	struct digest *before;
	struct strbuf text;

	(void)state;
	strbuf_init(&text, LIMIT_DOCUMENT);
	write_text(&text, written[0].text, LIMIT_CONTEXT_FILE - 1000);
	assert_in_range(steps_of(names, "python", &text, NULL), 12, 40);
	/* A change in its middle is one. */
	before = digest_new(names, "python", text.data, text.len);
	strbuf_splice(&text, text.len / 2, 0, "x", 1);
	assert_int_equal(steps_of(names, "python", &text, before), 1);
	/* Unless it makes all behind it something else. */
	strbuf_splice(&text, text.len / 2, 0, "\n'''\n", 5);
	assert_in_range(steps_of(names, "python", &text, before), 6, 20);
	digest_free(before);
	strbuf_reset(&text);
	while (text.len < LIMIT_CONTEXT_FILE - 1000)
		strbuf_adds(&text, "f(require('a'), {b:[1,2]});");
	strbuf_adds(&text, "\nlast();\n");
	assert_in_range(steps_of(names, "javascript", &text, NULL), 12, 40);
	strbuf_release(&text);
	names_free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_that_change),
		cmocka_unit_test(test_texts_that_change),
		cmocka_unit_test(test_what_is_far_away),
		cmocka_unit_test(test_texts_that_are_cut),
		cmocka_unit_test(test_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
