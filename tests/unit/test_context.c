/*
 * The pure parts of context/: names, which lines declare something, what is imported and where that may be, pieces of a
 * file, and which of them fill a budget.
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
#include "eke/context/declaration.h"
#include "eke/context/digest.h"
#include "eke/context/imports.h"
#include "eke/context/names.h"
#include "eke/context/packing.h"

/* --- names --- */

static uint32_t add(struct names *names, const char *text)
{
	return names_add(names, text, strlen(text));
}

static void test_names(void **state)
{
	struct names *names = names_new();
	uint32_t first = add(names, "first");
	const struct name *a;
	const struct name *b;

	(void)state;
	assert_int_equal(first, 1);
	assert_int_equal(add(names, "second"), 2);
	assert_int_equal(add(names, "first"), first);
	assert_int_equal(names_last(names), 2);
	/* Too short, too long. */
	assert_int_equal(add(names, "x"), 0);
	assert_int_equal(names_add(names, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 65), 0);
	/* Words of a name, in whatever spelling. */
	a = names_at(names, add(names, "getHTTPName"));
	assert_int_equal(a->part_count, 3);
	b = names_at(names, add(names, "GET_HTTP_NAME"));
	a = names_at(names, add(names, "getHTTPName"));
	assert_int_equal(b->part_count, 3);
	assert_memory_equal(a->parts, b->parts, 3 * sizeof(a->parts[0]));
	names_free(names);
	names_free(NULL);
}

static void test_names_are_bounded(void **state)
{
	struct names *names = names_new();
	char text[16];

	(void)state;
	for (int i = 0; i < LIMIT_CONTEXT_NAMES; i++) {
		snprintf(text, sizeof(text), "name%d", i);
		assert_int_equal(add(names, text), i + 1);
	}
	assert_true(names_is_full(names));
	assert_int_equal(add(names, "other"), 0);
	assert_int_equal(add(names, "name17"), 18);
	names_free(names);
}

static void test_names_next(void **state)
{
	static const char text[] = "a1 + 2b.c_d(\"e\xC3\xBC\")";
	static const char *const wanted[] = { "a1", "c_d", "e\xC3\xBC" };
	size_t at = 0;
	size_t start;
	size_t len;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		assert_true(names_next(text, strlen(text), &at, &start, &len));
		assert_int_equal(len, strlen(wanted[i]));
		assert_memory_equal(text + start, wanted[i], len);
	}
	assert_false(names_next(text, strlen(text), &at, &start, &len));
}

/* --- declarations --- */

static void test_declarations(void **state)
{
	static const struct {
		const char *language;
		const char *line;
		bool top, in_type;
		enum declaration_kind kind;
		const char *name;
	} table[] = {
		{ "python", "def parse(text):", true, false, DECLARATION_FUNCTION, "parse" },
		{ "python", "    async def read(self):", false, true, DECLARATION_FUNCTION, "read" },
		{ "python", "class Reader(Base):", true, false, DECLARATION_TYPE, "Reader" },
		{ "python", "LIMIT = 10", true, false, DECLARATION_VALUE, "LIMIT" },
		{ "python", "    size: int", false, true, DECLARATION_VALUE, "size" },
		{ "python", "    x = 1", false, false, DECLARATION_NONE, "" },
		{ "python", "if x:", true, false, DECLARATION_NONE, "" },
		{ "python", "print(x)", true, false, DECLARATION_NONE, "" },
		{ "python", "a.b = c", true, false, DECLARATION_NONE, "" },
		{ "c", "int add(int a, int b)", true, false, DECLARATION_FUNCTION, "add" },
		{ "c", "static struct x *make(void);", true, false, DECLARATION_FUNCTION, "make" },
		{ "c", "struct point {", true, false, DECLARATION_TYPE, "point" },
		{ "c", "struct point;", true, false, DECLARATION_VALUE, "point" },
		{ "c", "\tint x;", false, true, DECLARATION_VALUE, "x" },
		{ "c", "#define LIMIT 10", true, false, DECLARATION_VALUE, "LIMIT" },
		{ "c", "\tadd(1, 2);", false, false, DECLARATION_NONE, "" },
		{ "c", "\treturn add(1);", false, false, DECLARATION_NONE, "" },
		{ "c", "static const char *const names[] = {", true, false, DECLARATION_VALUE, "names" },
		{ "javascript", "export default async function load(url) {", true, false, DECLARATION_FUNCTION, "load" },
		{ "javascript", "export const limit = 10;", true, false, DECLARATION_VALUE, "limit" },
		{ "javascript", "  render(props) {", false, true, DECLARATION_FUNCTION, "render" },
		{ "javascript", "describe('x', () => {", true, false, DECLARATION_NONE, "" },
		{ "typescript", "export interface Options {", true, false, DECLARATION_TYPE, "Options" },
		{ "typescript", "  readonly name: string;", false, true, DECLARATION_VALUE, "name" },
		{ "java", "    public static int size(List<X> list) {", false, true, DECLARATION_FUNCTION, "size" },
		{ "java", "public final class Reader {", true, false, DECLARATION_TYPE, "Reader" },
		{ "java", "    public int size() { return 1; }", false, true, DECLARATION_FUNCTION, "size" },
		{ "typescript", "  size(of: string): number { return 1; }", false, true, DECLARATION_FUNCTION, "size" },
		{ "typescript", "    if (x) { return; }", false, true, DECLARATION_NONE, "" },
		{ "go", "func (r *Reader) Read(p []byte) (int, error) {", true, false, DECLARATION_FUNCTION, "Read" },
		{ "go", "type Reader struct {", true, false, DECLARATION_TYPE, "Reader" },
		{ "rust", "pub(crate) fn parse(s: &str) -> Tree {", true, false, DECLARATION_FUNCTION, "parse" },
		{ "rust", "pub const LIMIT: usize = 4;", true, false, DECLARATION_VALUE, "LIMIT" },
		{ "rust", "impl<T> Reader<T> {", true, false, DECLARATION_TYPE, "Reader" },
		{ "perl", "sub parse {", true, false, DECLARATION_FUNCTION, "parse" },
		{ "perl", "our $VERSION = '1';", true, false, DECLARATION_VALUE, "VERSION" },
		{ "ruby", "  def self.parse(text)", false, true, DECLARATION_FUNCTION, "self" },
		{ "php", "    public function parse(string $s): array", false, true, DECLARATION_FUNCTION, "parse" },
		{ "lua", "local function parse(s)", true, false, DECLARATION_FUNCTION, "parse" },
		{ "markdown", "class of things", true, false, DECLARATION_NONE, "" },
		{ "c", "", true, false, DECLARATION_NONE, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const char *line = table[i].line;
		struct declaration_scope scope = { table[i].top, table[i].in_type };
		struct declaration d = declaration_of(syntax_of(table[i].language), line, strlen(line), &scope);

		if (d.kind != table[i].kind ||
			(d.kind && (d.name_len != strlen(table[i].name) || memcmp(line + d.name, table[i].name, d.name_len))))
			fail_msg(
				"%s: %s: kind %d, name \"%.*s\"", table[i].language, line, (int)d.kind, (int)d.name_len, line + d.name);
	}
}

/* --- imports --- */

static void test_statements_and_targets(void **state)
{
	static const struct {
		const char *language;
		const char *text;
		size_t len;
		const char *targets; /* with blanks between them */
	} table[] = {
		{ "python", "import os\nx", 9, "os" },
		{ "python", "import a.b as c, d.e\n", 20, "a/b d/e" },
		{ "python", "from a.b import c, d as e\n", 25, "a/b a/b/c a/b/d" },
		{ "python", "from . import x\n", 15, "./ ./x" },
		{ "python", "from ..pkg import (\n\tx,\n\ty,\n)\nz\n", 29, "./../pkg ./../pkg/x ./../pkg/y" },
		{ "python", "important = 1\n", 0, "" },
		{ "javascript", "import x from './y.js';\n", 23, "./y.js" },
		{ "javascript", "import {\n\ta,\n\tb,\n} from \"../z\";\n", 31, "../z" },
		{ "javascript", "const { a } = require('./b');\n", 29, "./b" },
		{ "javascript", "export * from './c';\n", 20, "./c" },
		{ "javascript", "export const x = 1;\n", 0, "" },
		{ "c", "#include \"eke/base/mem.h\"\n", 25, "eke/base/mem.h" },
		{ "c", "#include <stdio.h>\n", 18, "stdio.h" },
		{ "perl", "use Foo::Bar qw(a b);\n", 21, "Foo/Bar" },
		{ "perl", "use parent 'Foo::Base';\n", 23, "Foo/Base" },
		{ "rust", "use crate::a::{b, c::d};\n", 24, "a a/b a/c/d" },
		{ "rust", "mod tree;\n", 9, "tree" },
		{ "go", "import (\n\t\"fmt\"\n\tx \"example.com/a/b\"\n)\n", 38, "fmt example.com/a/b" },
		{ "java", "import static a.b.C;\n", 20, "a/b/C" },
		{ "ruby", "require_relative 'x/y'\n", 22, "x/y" },
		{ "php", "use App\\Models\\User;\n", 20, "App/Models/User" },
		{ "php", "require_once __DIR__ . '/x.php';\n", 32, "/x.php" },
		{ "lua", "local m = require(\"a.b\")\n", 24, "a/b" },
		{ "shellscript", "source lib/x.sh\n", 15, "lib/x.sh" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct import_style *style = import_style_of(table[i].language);
		struct import_targets *targets = xcalloc(1, sizeof(*targets));
		size_t seen;
		size_t len = import_statement(style, table[i].text, strlen(table[i].text), &seen);
		struct strbuf all;

		strbuf_init(&all, 4096);
		if (len != table[i].len)
			fail_msg("%s: \"%s\": %zu bytes", table[i].language, table[i].text, len);
		if (len)
			import_targets_add(style, table[i].text, len, targets);
		for (size_t k = 0; k < targets->count; k++)
			strbuf_addf(&all, "%s%s", k ? " " : "", targets->path[k]);
		if (strcmp(all.data, table[i].targets) != 0)
			fail_msg("%s: \"%s\": \"%s\"", table[i].language, table[i].text, all.data);
		strbuf_release(&all);
		free(targets);
	}
	assert_null(import_style_of(NULL));
	assert_null(import_style_of("markdown"));
}

struct wanted {
	const char *path;
	size_t seen;
	size_t outside; /* of the folder */
};

static bool want(void *ctx, const char *path)
{
	struct wanted *w = ctx;

	w->seen++;
	w->outside += strncmp(path, "/p/", 3) || strstr(path, "/../") || strstr(path, "/./");
	return !strcmp(path, w->path);
}

static void test_resolving(void **state)
{
	static const struct {
		const char *language, *target, *file, *path;
		bool found;
	} table[] = {
		{ "python", "a/b", "/p/src/x/y.py", "/p/src/x/a/b.py", true },
		{ "python", "a/b", "/p/src/x/y.py", "/p/a/b/__init__.py", true },
		{ "python", "a/b", "/p/x/y.py", "/p/src/a/b.py", true },
		{ "python", "./../a", "/p/x/y/z.py", "/p/x/a.py", true },
		{ "python", "./../../../../etc/passwd", "/p/x/y.py", "/etc/passwd.py", false },
		{ "javascript", "./y.js", "/p/a.js", "/p/y.js", true },
		{ "javascript", "./y.js", "/p/a.ts", "/p/y.ts", true },
		{ "javascript", "./y", "/p/a.ts", "/p/y/index.tsx", true },
		{ "javascript", "@/x/y", "/p/src/a/b.ts", "/p/src/x/y.ts", true },
		{ "c", "eke/base/mem.h", "/p/src/complete/x.c", "/p/include/eke/base/mem.h", true },
		{ "c", "x.h", "/p/src/complete/x.c", "/p/src/complete/x.h", true },
		{ "typescript", "@app/x", "/p/src/a/b.ts", "/p/src/app/x.ts", true },
		{ "typescript", "#app/x", "/p/a/b.ts", "/p/app/x/index.ts", true },
		{ "rust", "a/b/NAME", "/p/src/main.rs", "/p/src/a/b.rs", true },
		{ "java", "a/b/C/pick", "/p/src/main/java/a/D.java", "/p/src/main/java/a/b/C.java", true },
		{ "java", "a/b", "/p/src/main/java/a/D.java", "/p/src/main/java/a/b", true },
		{ "perl", "Foo/Bar", "/p/t/x.t", "/p/lib/Foo/Bar.pm", true },
		{ "rust", "a/b", "/p/src/c/d.rs", "/p/src/a/b.rs", true },
		{ "rust", "tree", "/p/src/lib.rs", "/p/src/tree/mod.rs", true },
		{ "php", "App/Models/User", "/p/src/x.php", "/p/src/Models/User.php", true },
		{ "java", "a/b/C", "/p/src/main/java/a/D.java", "/p/src/main/java/a/b/C.java", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct wanted w = { .path = table[i].path };
		bool found = import_resolve(import_style_of(table[i].language), table[i].target, table[i].file, "/p", want, &w);

		if (found != table[i].found || w.outside)
			fail_msg("%s %s: %s, %zu tried, %zu outside", table[i].language, table[i].target,
				found ? "found" : "not found", w.seen, w.outside);
	}
}

static void test_resolving_below(void **state)
{
	static const struct {
		const char *language, *target, *directory, *path;
		bool found;
	} table[] = {
		{ "c", "frame/reader.h", "/p/lib/api", "/p/lib/api/frame/reader.h", true },
		{ "c", "reader.h", "/p/lib", "/p/lib/include/reader.h", true },
		{ "c", "../../../etc/reader.h", "/p/lib", "/etc/reader.h", false },
		{ "java", "a/b/C", "/p/core", "/p/core/src/main/java/a/b/C.java", true },
		{ "rust", "my_core/reader/Reader", "/p/crates/core", "/p/crates/core/src/reader.rs", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct import_style *style = import_style_of(table[i].language);
		struct wanted w = { .path = table[i].path };
		bool found = import_resolve_below(style, table[i].target, table[i].directory, "/p", want, &w);

		if (found != table[i].found || w.outside || !import_style_looks_below(style))
			fail_msg("%s %s: %s, %zu tried, %zu outside", table[i].language, table[i].target,
				found ? "found" : "not found", w.seen, w.outside);
	}
	assert_false(import_style_looks_below(import_style_of("javascript")));
}

/* --- digests --- */

static const char module[] = "\"\"\"Documentation names nothing_here.\"\"\"\n"
							 "import os\n"
							 "from .base import (\n"
							 "    Base,\n"
							 ")\n"
							 "\n"
							 "LIMIT = 10\n"
							 "\n"
							 "class Reader(Base):\n"
							 "    size: int\n"
							 "\n"
							 "    def __init__(self, path,\n"
							 "                 mode):\n"
							 "        self.path = path\n"
							 "        local = 1\n"
							 "\n"
							 "def parse(text):\n"
							 "    return text\n";

static void expect(const struct digest *d, struct names *names, enum piece_kind kind, const char *declares,
	const char *text, const char *parent)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct piece *p = &d->pieces[i];
		const struct name *name = p->declares ? names_at(names, p->declares) : NULL;

		if (p->kind != kind || p->end - p->start != strlen(text) || memcmp(d->text + p->start, text, strlen(text)))
			continue;
		if (declares) {
			assert_non_null(name);
			assert_int_equal(name->len, strlen(declares));
			assert_memory_equal(name->text, declares, name->len);
		}
		if (parent) {
			assert_true(p->parent > 0);
			assert_memory_equal(d->text + d->pieces[p->parent - 1].start, parent, strlen(parent));
		}
		return;
	}
	fail_msg("no piece of kind %d: %s", (int)kind, text);
}

static void test_digest(void **state)
{
	struct names *names = names_new();
	struct digest *d = digest_new(names, "python", module, strlen(module));
	uint32_t last;

	(void)state;
	expect(d, names, PIECE_IMPORT, NULL, "import os\n", NULL);
	expect(d, names, PIECE_IMPORT, NULL, "from .base import (\n    Base,\n)\n", NULL);
	expect(d, names, PIECE_DECLARATION, "LIMIT", "LIMIT = 10\n", NULL);
	expect(d, names, PIECE_DECLARATION, "Reader", "class Reader(Base):\n", NULL);
	expect(d, names, PIECE_MEMBER, "size", "    size: int\n", "class Reader");
	expect(
		d, names, PIECE_MEMBER, "__init__", "    def __init__(self, path,\n                 mode):\n", "class Reader");
	expect(d, names, PIECE_MEMBER, "path", "        self.path = path\n", "class Reader");
	expect(d, names, PIECE_DECLARATION, "parse", "def parse(text):\n", NULL);
	for (size_t i = 0; i < d->count; i++) {
		const struct piece *p = &d->pieces[i];

		assert_true(p->start < p->end && p->end <= d->len);
		assert_true(!p->start || d->text[p->start - 1] == '\n');
		if (p->declares)
			assert_true(
				names_at(names, p->declares)->len != 5 || memcmp(names_at(names, p->declares)->text, "local", 5));
	}
	/* What stands in documentation is in no piece. */
	last = names_last(names);
	assert_int_equal(add(names, "nothing_here"), last + 1);
	digest_free(d);
	digest_free(NULL);
	names_free(names);
}

/* Comments between the lines of a chunk are in it and counted, those behind its last one are not in it. */
static void test_lines_of_chunks(void **state)
{
	static const char text[] = "first = 1\n# one\n# two\nsecond = 2\n# about\n# third\n\nthird = 3\n";
	static const struct {
		const char *text;
		unsigned line, lines;
	} chunks[] = { { "first = 1\n# one\n# two\nsecond = 2\n", 0, 4 }, { "third = 3\n", 7, 1 } };
	struct names *names = names_new();
	struct digest *d = digest_new(names, "python", text, strlen(text));
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < d->count; i++) {
		const struct piece *p = &d->pieces[i];

		if (p->kind != PIECE_CHUNK)
			continue;
		assert_true(found < ARRAY_LEN(chunks));
		assert_int_equal(p->end - p->start, strlen(chunks[found].text));
		assert_memory_equal(d->text + p->start, chunks[found].text, p->end - p->start);
		assert_int_equal(p->line, chunks[found].line);
		assert_int_equal(p->lines, chunks[found++].lines);
	}
	assert_int_equal(found, ARRAY_LEN(chunks));
	for (size_t at = 0, line = 0; at <= d->len + 3; line += at < d->len && text[at] == '\n', at++)
		assert_int_equal(digest_line_at(d, at), line);
	digest_free(d);
	names_free(names);
}

static void test_digest_of_anything(void **state)
{
	static const char *const texts[] = { "", "\n", "x", "\r\n\r\n", "class", "def (", "}}}}", "\"\"\"", "@@",
		"import (", "class A:\n", "struct {", "\t\t\t" };
	static const char *const languages[] = { "python", "c", "javascript", "go", NULL };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		for (size_t k = 0; k < ARRAY_LEN(languages); k++) {
			struct names *names = names_new();

			digest_free(digest_new(names, languages[k], texts[i], strlen(texts[i])));
			digest_free(digest_of_diff(names, texts[i], strlen(texts[i])));
			names_free(names);
		}
}

static void test_digest_is_bounded(void **state)
{
	struct names *names = names_new();
	char *text = xmalloc(2 * LIMIT_CONTEXT_FILE);
	struct digest *d;

	(void)state;
	for (size_t i = 0; i < 2 * LIMIT_CONTEXT_FILE; i += 8)
		memcpy(text + i, "int ab;\n", 8);
	d = digest_new(names, "c", text, 2 * LIMIT_CONTEXT_FILE);
	assert_true(d->len <= LIMIT_CONTEXT_FILE);
	assert_true(d->count <= LIMIT_CONTEXT_PIECES);
	digest_free(d);
	names_free(names);
	free(text);
}

/* --- packing --- */

static bool is_packed(const struct packing *p, const struct context_file *files, const char *text)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct digest *d = files[p->items[i].file].digest;
		const struct piece *piece = &d->pieces[p->items[i].piece];

		if (piece->end - piece->start == strlen(text) && !memcmp(d->text + piece->start, text, strlen(text)))
			return true;
	}
	return false;
}

#define ALL_SOURCES ((1u << CONTEXT_SOURCES) - 1)

struct pack_case {
	struct names *names;
	struct digest *imported, *secret, *current;
	struct context_file files[3];
	struct packing_input input;
};

static void pack_case_init(struct pack_case *c)
{
	static const char imported[] =
		"class Reader:\n    def read_header(self):\n        pass\n\ndef write_footer(x):\n    pass\n";
	static const char secret[] = "def read_header_secret(x):\n    pass\n";
	static const char current[] = "from b import Reader\n\ndef test_header():\n    header = reader.\n";
	static const char before[] = "def test_header():\n    header = reader.";

	*c = (struct pack_case){ .names = names_new() };
	c->imported = digest_new(c->names, "python", imported, strlen(imported));
	c->secret = digest_new(c->names, "python", secret, strlen(secret));
	c->current = digest_new(c->names, "python", current, strlen(current));
	c->files[0] = (struct context_file){ .digest = c->imported, .role = ROLE_IMPORTED, .sendable = true };
	c->files[1] = (struct context_file){ .digest = c->secret, .role = ROLE_IMPORTED };
	c->files[2] = (struct context_file){
		.digest = c->current, .role = ROLE_CURRENT, .sendable = true, .hide_from = 22, .hide_to = strlen(current)
	};
	c->input = (struct packing_input){ .names = c->names,
		.cursor = { before, strlen(before), "\n", 1, false },
		.files = c->files,
		.file_count = 3,
		.sources = ALL_SOURCES,
		.tokens = 1000,
		.tokens_per_file = 10 };
}

static void pack_case_release(struct pack_case *c)
{
	digest_free(c->imported);
	digest_free(c->secret);
	digest_free(c->current);
	names_free(c->names);
}

static void test_packing(void **state)
{
	struct pack_case c;
	struct packing p;

	(void)state;
	pack_case_init(&c);
	pack(&c.input, &p);
	assert_true(is_packed(&p, c.files, "    def read_header(self):\n"));
	/* A member comes with its type, whatever that is worth. */
	assert_true(is_packed(&p, c.files, "class Reader:\n"));
	assert_true(is_packed(&p, c.files, "from b import Reader\n"));
	/* Nothing of what may not be sent, nor of what the prompt has. */
	assert_false(is_packed(&p, c.files, "def read_header_secret(x):\n"));
	assert_false(is_packed(&p, c.files, "def test_header():\n"));
	assert_true(p.tokens <= c.input.tokens);
	for (size_t i = 1; i < p.count; i++)
		assert_true(p.items[i - 1].file < p.items[i].file ||
			(p.items[i - 1].file == p.items[i].file && p.items[i - 1].piece < p.items[i].piece));
	packing_release(&p);
	/* A source that is turned off brings nothing. */
	c.input.sources = ALL_SOURCES & ~(1u << CONTEXT_SOURCE_IMPORTS);
	pack(&c.input, &p);
	assert_false(is_packed(&p, c.files, "    def read_header(self):\n"));
	assert_true(is_packed(&p, c.files, "from b import Reader\n"));
	packing_release(&p);
	c.input.sources = 0;
	pack(&c.input, &p);
	assert_int_equal(p.count, 0);
	packing_release(&p);
	pack_case_release(&c);
}

static void test_packing_keeps_to_the_budget(void **state)
{
	struct pack_case c;
	struct packing p;
	size_t last = 0;

	(void)state;
	pack_case_init(&c);
	for (size_t tokens = 0; tokens < 120; tokens += 3) {
		c.input.tokens = tokens;
		pack(&c.input, &p);
		assert_true(p.tokens <= tokens);
		last = p.count;
		packing_release(&p);
	}
	assert_true(last > 2);
	pack_case_release(&c);
}

static uint32_t piece_of(const struct digest *d, const char *text)
{
	for (uint32_t i = 0; i < d->count; i++)
		if (d->pieces[i].kind != PIECE_CHUNK && d->pieces[i].end - d->pieces[i].start == strlen(text) &&
			!memcmp(d->text + d->pieces[i].start, text, strlen(text)))
			return i;
	fail_msg("no piece: %s", text);
	return 0;
}

/* The pieces of items that stay, as "file/piece " each. */
static const char *staying(const struct packing *p)
{
	static char text[200];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < p->count && p->items[i].block; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%zu/%zu ", p->items[i].file, p->items[i].piece);
	return text;
}

static void test_blocks_that_stay(void **state)
{
	struct pack_case c;
	struct packing p;
	uint32_t footer, header, secret, import;
	char both[40];

	(void)state;
	pack_case_init(&c);
	footer = piece_of(c.imported, "def write_footer(x):\n");
	header = piece_of(c.imported, "    def read_header(self):\n");
	secret = piece_of(c.secret, "def read_header_secret(x):\n");
	import = piece_of(c.current, "from b import Reader\n");
	snprintf(both, sizeof(both), "0/%u 0/%u ", footer, header);
	{
		const struct packing_block blocks[] = {
			{ 0, &footer, 1 }, { 0, &header, 1 }, { 1, &secret, 1 }, { 2, &import, 1 }
		};

		c.input.blocks = blocks;
		c.input.block_count = 4;
		/* In their order, up to what may not be sent; nothing twice, and what else is needed comes behind. */
		pack(&c.input, &p);
		assert_string_equal(staying(&p), both);
		assert_true(is_packed(&p, c.files, "from b import Reader\n"));
		for (size_t i = 0; i < p.count; i++)
			for (size_t k = 0; k < i; k++)
				assert_true(p.items[i].file != p.items[k].file || p.items[i].piece != p.items[k].piece);
		assert_int_equal(packing_block_end(&p, 0), 1);
		assert_true(p.tokens <= c.input.tokens);
		packing_release(&p);
		/* Where room is dear, nothing that is not needed. */
		c.input.price = 1;
		pack(&c.input, &p);
		assert_string_equal(staying(&p), "");
		packing_release(&p);
		c.input.price = 0;
		/* Only what there is room for. */
		for (size_t tokens = 0; tokens < 60; tokens++) {
			c.input.tokens = tokens;
			pack(&c.input, &p);
			assert_true(p.tokens <= tokens);
			packing_release(&p);
		}
		c.input.tokens = 1000;
		/* What has come into the excerpt is there. */
		c.files[0].role = ROLE_CURRENT;
		c.files[0].hide_to = c.imported->pieces[header].end;
		pack(&c.input, &p);
		snprintf(both, sizeof(both), "0/%u ", footer);
		assert_string_equal(staying(&p), both);
		packing_release(&p);
		c.input.sources = ALL_SOURCES & ~(1u << CONTEXT_SOURCE_OUTLINE);
		pack(&c.input, &p);
		assert_string_equal(staying(&p), "");
		packing_release(&p);
	}
	pack_case_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_names_are_bounded),
		cmocka_unit_test(test_names_next),
		cmocka_unit_test(test_declarations),
		cmocka_unit_test(test_statements_and_targets),
		cmocka_unit_test(test_resolving),
		cmocka_unit_test(test_resolving_below),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_lines_of_chunks),
		cmocka_unit_test(test_digest_of_anything),
		cmocka_unit_test(test_digest_is_bounded),
		cmocka_unit_test(test_packing),
		cmocka_unit_test(test_packing_keeps_to_the_budget),
		cmocka_unit_test(test_blocks_that_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
