/*
 * What the retriever finds, on files in a directory of its own: what is imported, what is open, what was changed; that
 * nothing comes from where nothing may come from; that files are read again when they change.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/context/retriever.h"
#include "eke/text/buffer.h"
#include "eke/text/uri.h"
#include "state_dir.h"

#define ALL ((1u << CONTEXT_SOURCES) - 1)

struct bed {
	char dir[64];
	struct loop *loop;
	struct docs *docs;
	struct workspace *workspace;
	struct retriever *retriever;
	int ready;
	struct snippets found;
};

static void on_text(void *ctx, const struct docs_event *event)
{
	struct bed *b = ctx;

	retriever_observe(b->retriever, event);
}

static int setup(void **state)
{
	struct bed *b = xcalloc(1, sizeof(*b));
	char *top;

	snprintf(b->dir, sizeof(b->dir), "/tmp/eke-retriever-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	top = xasprintf("%s/project", b->dir);
	assert_int_equal(mkdir(top, 0700), 0);
	b->loop = loop_new();
	b->docs = docs_new();
	b->workspace = workspace_new(NULL);
	assert_true(workspace_add_folder(b->workspace, top));
	b->retriever = retriever_new(b->loop, b->docs, b->workspace);
	docs_observe(b->docs, on_text, b);
	free(top);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	docs_observe(b->docs, NULL, NULL);
	snippets_release(&b->found);
	retriever_free(b->retriever);
	docs_free(b->docs);
	workspace_free(b->workspace);
	loop_free(b->loop);
	remove_tree(b->dir);
	free(b);
	return 0;
}

static char *path_of(const struct bed *b, const char *name)
{
	return xasprintf("%s/%s", b->dir, name);
}

static void write_file(const struct bed *b, const char *name, const char *text)
{
	char *path = path_of(b, name);
	FILE *f;

	for (char *slash = path + strlen(b->dir) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	free(path);
}

static char *uri_of(const struct bed *b, const char *name)
{
	char *path = path_of(b, name);
	char *uri = uri_from_path(path);

	free(path);
	return uri;
}

static void open_doc(struct bed *b, const char *name, const char *language, const char *text)
{
	char *uri = uri_of(b, name);

	assert_int_equal(docs_open(b->docs, uri, language, 1, text, strlen(text)), DOCS_OK);
	free(uri);
}

static void on_ready(void *ctx)
{
	struct bed *b = ctx;

	b->ready++;
	loop_stop(b->loop);
}

/* What goes along at the end of that document, of which the prompt has the last `excerpt` bytes. */
static void retrieve_uri(struct bed *b, const char *uri, size_t excerpt, unsigned sources)
{
	struct strbuf text;
	struct retrieval in = { .uri = uri, .sources = sources, .tokens = 2000, .tokens_per_file = 10, .keep = true };
	const struct doc *doc = docs_find(b->docs, uri);
	int ready = b->ready;

	assert_non_null(doc);
	strbuf_init(&text, LIMIT_DOCUMENT);
	text_buffer_copy(doc_text(doc), 0, text_buffer_len(doc_text(doc)), &text);
	excerpt = excerpt < text.len ? excerpt : text.len;
	in.from = text.len - excerpt;
	in.to = text.len;
	in.cursor = (struct context_cursor){ .before = text.data + in.from, .before_len = excerpt, .after = "" };
	assert_true(retriever_prepare(b->retriever, uri, on_ready, b) > 0);
	loop_run(b->loop);
	assert_int_equal(b->ready, ready + 1);
	snippets_release(&b->found);
	retriever_choose(b->retriever, &in, &b->found);
	strbuf_release(&text);
}

static void retrieve(struct bed *b, const char *name, size_t excerpt, unsigned sources)
{
	char *uri = uri_of(b, name);

	retrieve_uri(b, uri, excerpt, sources);
	free(uri);
}

static const struct snippet *of_path(const struct bed *b, const char *path, enum context_role role)
{
	for (size_t i = 0; i < b->found.count; i++)
		if (!strcmp(b->found.items[i].path, path) && b->found.items[i].role == role)
			return &b->found.items[i];
	return NULL;
}

static bool shows(const struct bed *b, const char *text)
{
	for (size_t i = 0; i < b->found.count; i++)
		if (strstr(b->found.items[i].text, text))
			return true;
	return false;
}

static const char main_py[] = "from lib.reader import Reader\n"
							  "from secret import token\n"
							  "from outside import leaked\n"
							  "\n"
							  "def test_header():\n"
							  "    reader = Reader('x')\n"
							  "    reader.";

static void write_project(const struct bed *b)
{
	write_file(b, "project/lib/reader.py",
		"class Reader:\n    def __init__(self, path):\n        self.path = path\n\n"
		"    def read_header(self):\n        pass\n");
	write_file(b, "project/util.py", "def reader_of(text):\n    return text\n");
}

static void test_imports(void **state)
{
	struct bed *b = *state;
	const struct snippet *s;

	write_project(b);
	open_doc(b, "project/main.py", "python", main_py);
	retrieve(b, "project/main.py", 5000, ALL);
	s = of_path(b, "lib/reader.py", ROLE_IMPORTED);
	assert_non_null(s);
	assert_non_null(strstr(s->text, "    def read_header(self):\n"));
	assert_int_equal(s->sources, 1u << CONTEXT_SOURCE_IMPORTS);
	assert_string_equal(s->language, "python");
	assert_non_null(strstr(s->lines, "5"));
	/* Beside it, without being imported. */
	assert_non_null(of_path(b, "util.py", ROLE_BESIDE));
	assert_true(b->found.tokens <= 2000);
	retrieve(b, "project/main.py", 5000, ALL & ~(1u << CONTEXT_SOURCE_IMPORTS));
	assert_null(of_path(b, "lib/reader.py", ROLE_IMPORTED));
}

/* A package is a directory, and files of the same see each other. */
static void test_packages(void **state)
{
	struct bed *b = *state;

	write_file(b, "project/go.mod", "module example.com/me/app\n");
	write_file(b, "project/reader/header.go", "package reader\n\nfunc ReadHeader(n int) int {\n\treturn n\n}\n");
	write_file(b, "project/cmd/flags.go", "package main\n\nfunc readFlags() int {\n\treturn 1\n}\n");
	open_doc(b, "project/cmd/main.go", "go",
		"package main\n\nimport (\n\t\"fmt\"\n\t\"example.com/me/app/reader\"\n)\n\n"
		"func main() {\n\theader := reader.");
	retrieve(b, "project/cmd/main.go", 5000, ALL);
	assert_non_null(of_path(b, "reader/header.go", ROLE_IMPORTED));
	assert_true(shows(b, "func ReadHeader(n int) int {\n"));
	assert_non_null(of_path(b, "cmd/flags.go", ROLE_BESIDE));
}

static void test_nothing_forbidden(void **state)
{
	struct bed *b = *state;
	char *link = path_of(b, "project/outside.py");
	char *target = path_of(b, "elsewhere.py");
	char *fifo = path_of(b, "project/reader_fifo.py");
	char *huge = xmalloc(2 * LIMIT_CONTEXT_FILE + 1);
	char *real = path_of(b, "real");
	char *dir = path_of(b, "project/reader_dir");

	write_project(b);
	memset(huge, 'x', 2 * LIMIT_CONTEXT_FILE);
	memcpy(huge, "def reader_huge(x):\n", 20);
	huge[2 * LIMIT_CONTEXT_FILE] = '\0';
	write_file(b, "project/.gitignore", "secret.py\n");
	write_file(b, "project/secret.py", "def reader_secret(x):\n    pass\n");
	write_file(b, "elsewhere.py", "def reader_leaked(x):\n    pass\n");
	write_file(b, "project/reader_huge.py", huge);
	write_file(b, "real/__init__.py", "def reader_through_directory(x):\n    pass\n");
	assert_int_equal(symlink(target, link), 0);
	assert_int_equal(symlink(real, dir), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	open_doc(b, "project/main.py", "python",
		"import reader_fifo, reader_huge, secret, outside, reader_dir\nfrom .. import elsewhere\nimport lib.reader\n"
		"def test_reader():\n    reader.");
	retrieve(b, "project/main.py", 5000, ALL);
	assert_true(shows(b, "read_header") || shows(b, "class Reader"));
	assert_false(shows(b, "reader_secret"));
	assert_false(shows(b, "reader_leaked"));
	assert_false(shows(b, "reader_huge(x)"));
	assert_false(shows(b, "reader_through_directory"));
	free(link);
	free(target);
	free(fifo);
	free(huge);
	free(real);
	free(dir);
}

static void test_open_documents(void **state)
{
	struct bed *b = *state;

	write_project(b);
	/* Open, though in no folder: the user shows it. */
	open_doc(b, "elsewhere/other.py", "python",
		"def test_footer():\n    reader = Reader('y')\n    reader.read_footer(3)\n    reader.close_all()\n");
	open_doc(b, "project/.env", "plaintext", "reader = Reader('secret_value')\nreader.secret_call()\n");
	open_doc(b, "project/main.py", "python", main_py);
	retrieve(b, "project/main.py", 5000, ALL);
	assert_true(shows(b, "reader.read_footer(3)"));
	/* Of a path outside of the folders only the name is told. */
	assert_non_null(of_path(b, "other.py", ROLE_OPEN));
	assert_false(shows(b, "secret_call"));
	retrieve(b, "project/main.py", 5000, ALL & ~(1u << CONTEXT_SOURCE_SIMILAR));
	assert_false(shows(b, "reader.read_footer(3)"));
}

static void test_changes(void **state)
{
	struct bed *b = *state;
	char *uri = uri_of(b, "project/other.py");
	struct doc_edit edit = { .has_range = true, .range = { { 1, 10 }, { 1, 16 } }, .text = "header", .len = 6 };
	const struct snippet *s;

	open_doc(b, "project/other.py", "python", "def f(reader):\n    reader.footer()\n");
	open_doc(b, "project/main.py", "python", main_py);
	assert_int_equal(docs_change(b->docs, uri, 2, &edit, 1), DOCS_OK);
	edit = (struct doc_edit){ .has_range = true, .range = { { 1, 11 }, { 1, 17 } }, .text = "header", .len = 6 };
	assert_int_equal(docs_change(b->docs, uri, 3, &edit, 1), DOCS_OK);
	retrieve(b, "project/main.py", 5000, ALL);
	s = of_path(b, "other.py", ROLE_CHANGES);
	assert_non_null(s);
	assert_non_null(strstr(s->text, "@@ -2,1 +2,1 @@\n-    reader.footer()\n+    reade"));
	assert_string_equal(s->lines, "");
	retrieve(b, "project/main.py", 5000, ALL & ~(1u << CONTEXT_SOURCE_EDITS));
	assert_null(of_path(b, "other.py", ROLE_CHANGES));
	/* A file that was changed and closed is still what the user was at. */
	assert_int_equal(docs_close(b->docs, uri), DOCS_OK);
	retrieve(b, "project/main.py", 5000, ALL);
	assert_non_null(of_path(b, "other.py", ROLE_CHANGES));
	free(uri);
}

static void test_outline(void **state)
{
	struct bed *b = *state;
	struct strbuf text;

	strbuf_init(&text, LIMIT_DOCUMENT);
	strbuf_adds(&text, "from json import dumps\n\ndef header_of(reader):\n    return reader\n\n");
	for (int i = 0; i < 200; i++)
		strbuf_addf(&text, "value%d = %d\n", i, i);
	strbuf_adds(&text, "def test_header(reader):\n    header = ");
	open_doc(b, "project/main.py", "python", text.data);
	retrieve(b, "project/main.py", 300, ALL);
	assert_true(shows(b, "def header_of(reader):\n"));
	assert_true(shows(b, "from json import dumps\n"));
	assert_false(shows(b, "def test_header"));
	retrieve(b, "project/main.py", 300, ALL & ~(1u << CONTEXT_SOURCE_OUTLINE | 1u << CONTEXT_SOURCE_SIMILAR));
	assert_false(shows(b, "header_of"));
	strbuf_release(&text);
}

static void test_notebook(void **state)
{
	struct bed *b = *state;
	static const char above[] = "reader_frame = load_header('x')\n";
	static const char here[] = "reader_frame.";
	char *first = xasprintf("vscode-notebook-cell:%s/project/n.ipynb#W0", b->dir);
	char *second = xasprintf("vscode-notebook-cell:%s/project/n.ipynb#W1", b->dir);

	docs_open(b->docs, first, "python", 1, above, strlen(above));
	docs_open(b->docs, second, "python", 1, here, strlen(here));
	retrieve_uri(b, second, 5000, 1u << CONTEXT_SOURCE_NOTEBOOK);
	assert_int_equal(b->found.count, 1);
	assert_int_equal(b->found.items[0].role, ROLE_ABOVE);
	assert_non_null(strstr(b->found.items[0].text, "load_header"));
	/* Cells below are no such. */
	retrieve_uri(b, first, 5000, 1u << CONTEXT_SOURCE_NOTEBOOK);
	assert_int_equal(b->found.count, 0);
	free(first);
	free(second);
}

static void test_files_are_read_again(void **state)
{
	struct bed *b = *state;
	int64_t now = clock_mono_ms();

	clock_set_for_test(clock_wall_ms(), now);
	write_project(b);
	open_doc(b, "project/main.py", "python", main_py);
	retrieve(b, "project/main.py", 5000, ALL);
	assert_true(shows(b, "read_header"));
	write_file(b, "project/lib/reader.py", "class Reader:\n    def read_header_twice(self, more):\n        pass\n");
	clock_set_for_test(clock_wall_ms(), now + 2000);
	retrieve(b, "project/main.py", 5000, ALL);
	assert_true(shows(b, "read_header_twice"));
	/* A rule that comes later counts, too. */
	write_file(b, "project/.ekeignore", "lib/\n");
	clock_set_for_test(clock_wall_ms(), now + 4000);
	retrieve(b, "project/main.py", 5000, ALL);
	assert_false(shows(b, "read_header_twice"));
	clock_unset_for_test();
}

/* Typing on changes the end of a prompt, not its beginning: endpoints keep what they have seen. */
static void test_choices_stay(void **state)
{
	struct bed *b = *state;
	struct doc_edit typed = { .has_range = true, .range = { { 6, 11 }, { 6, 11 } }, .text = "re", .len = 2 };
	struct strbuf before;
	struct strbuf after;
	char *uri = uri_of(b, "project/main.py");

	strbuf_init(&before, LIMIT_DOCUMENT);
	strbuf_init(&after, LIMIT_DOCUMENT);
	write_project(b);
	for (int i = 0; i < 40; i++) {
		char name[32];
		char text[400];

		snprintf(name, sizeof(name), "project/beside%d.py", i);
		snprintf(text, sizeof(text), "def reader_of_%d(header):\n    pass\n\ndef read_%d(header):\n    pass\n", i, i);
		write_file(b, name, text);
	}
	open_doc(b, "project/main.py", "python", main_py);
	retrieve(b, "project/main.py", 5000, ALL);
	for (size_t i = 0; i < b->found.count; i++)
		strbuf_addf(&before, "%s\n%s", b->found.items[i].path, b->found.items[i].text);
	assert_int_equal(docs_change(b->docs, uri, 2, &typed, 1), DOCS_OK);
	retrieve(b, "project/main.py", 5000, ALL);
	for (size_t i = 0; i < b->found.count; i++)
		strbuf_addf(&after, "%s\n%s", b->found.items[i].path, b->found.items[i].text);
	assert_true(before.len > 200);
	assert_string_equal(after.data, before.data);
	strbuf_release(&before);
	strbuf_release(&after);
	free(uri);
}

/* Something else that wants a turn of the loop, all the time. */
struct beside {
	struct bed *bed;
	struct timer *timer;
	int turns;
	int edit_at; /* the turn in which the document changes */
	const char *uri;
};

static void on_turn(void *ctx)
{
	struct beside *beside = ctx;
	static const char text[] = "def header_of_late(reader):\n    return reader\n\n";
	struct doc_edit edit = { .has_range = true, .text = text, .len = strlen(text) };

	if (beside->turns++ == beside->edit_at)
		assert_int_equal(docs_change(beside->bed->docs, beside->uri, 2, &edit, 1), DOCS_OK);
	timer_start(beside->timer, 0);
}

static int turns_of_prepare(struct bed *b, const char *name, int edit_at)
{
	char *uri = uri_of(b, name);
	struct beside beside = { .bed = b, .edit_at = edit_at, .uri = uri };
	int ready = b->ready;

	beside.timer = timer_new(b->loop, on_turn, &beside);
	timer_start(beside.timer, 0);
	assert_true(retriever_prepare(b->retriever, uri, on_ready, b) > 0);
	loop_run(b->loop);
	assert_int_equal(b->ready, ready + 1);
	timer_free(beside.timer);
	free(uri);
	return beside.turns;
}

static void write_large(struct strbuf *text)
{
	strbuf_reset(text);
	strbuf_adds(text, "from lib.reader import Reader\n\n");
	for (int i = 0; text->len < LIMIT_CONTEXT_FILE - 2000; i++)
		strbuf_addf(text, "def value_%d(first, second):\n    return first + second * %d\n\n", i, i);
}

/* Others have their turns while a large text is looked through; what changes in between is known in the end. */
static void test_large_texts(void **state)
{
	struct bed *b = *state;
	struct strbuf text;

	strbuf_init(&text, LIMIT_DOCUMENT);
	write_large(&text);
	/* Of a file, which the document imports. */
	write_file(b, "project/lib/reader.py", text.data);
	open_doc(b, "project/small.py", "python", main_py);
	assert_in_range(turns_of_prepare(b, "project/small.py", -1), 14, 60);
	strbuf_adds(&text, "def test_header(reader):\n    header = ");
	open_doc(b, "project/main.py", "python", text.data);
	assert_in_range(turns_of_prepare(b, "project/main.py", 5), 18, 60);
	retrieve(b, "project/main.py", 300, ALL);
	assert_true(shows(b, "def header_of_late(reader):\n"));
	strbuf_release(&text);
}

static void test_waiting(void **state)
{
	struct bed *b = *state;
	char *uri;
	uint64_t id;

	write_project(b);
	open_doc(b, "project/main.py", "python", main_py);
	uri = uri_of(b, "project/main.py");
	assert_int_equal(retriever_prepare(b->retriever, "file:///nowhere.py", on_ready, b), 0);
	id = retriever_prepare(b->retriever, uri, on_ready, b);
	assert_true(id > 0);
	retriever_cancel(b->retriever, id);
	retriever_cancel(b->retriever, id);
	retrieve(b, "project/main.py", 5000, ALL);
	assert_int_equal(b->ready, 1);
	/* One is told for each that waits. */
	assert_true(retriever_prepare(b->retriever, uri, on_ready, b) > 0);
	assert_true(retriever_prepare(b->retriever, uri, on_ready, b) > 0);
	loop_run(b->loop);
	assert_int_equal(b->ready, 3);
	/* Whoever waits when all ends is not told. */
	assert_true(retriever_prepare(b->retriever, uri, on_ready, b) > 0);
	free(uri);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_imports, setup, teardown),
		cmocka_unit_test_setup_teardown(test_packages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_forbidden, setup, teardown),
		cmocka_unit_test_setup_teardown(test_open_documents, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_outline, setup, teardown),
		cmocka_unit_test_setup_teardown(test_notebook, setup, teardown),
		cmocka_unit_test_setup_teardown(test_files_are_read_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_choices_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_texts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waiting, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
