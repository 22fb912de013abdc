/* complete/offline: what it offers, what it keeps to itself, and that edits leave it as if it had just been told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/base/utf.h"
#include "eke/offline/offline.h"
#include "eke/offline/suggest.h"
#include "eke/text/docs.h"
#include "eke/text/lines.h"
#include "offline_driver.h"

#define URI "file:///x/a.c"
#define OTHER "file:///x/b.c"

/* Documents that have the same text, each several times: what stood in one place only is no habit. */
static const char *const others[] = { OTHER, "file:///x/c.c", "file:///x/d.c", "file:///x/e.c" };

static void see_others(struct offline *offline, const char *language, const char *text)
{
	struct strbuf again;

	strbuf_init(&again, KIB(16));
	for (size_t i = 0; i < 4; i++)
		strbuf_addf(&again, "%s\n", text);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		offline_seen(offline, others[i], language, again.data, again.len);
		offline_closed(offline, others[i]);
	}
	strbuf_release(&again);
}

/* --- what it offers --- */

/* A document's text with the cursor at '|'; asks there. NULL: nothing. */
static enum offline_reason ask_at(struct offline *offline, const char *language, const char *marked, size_t max_lines,
				  enum offline_level level, struct strbuf *out)
{
	const char *cursor = strchr(marked, '|');
	struct offline_verdict verdict;
	struct offline_request request = { .uri = URI, .language = language, .max_lines = max_lines, .level = level };
	struct strbuf text;
	bool offered;

	assert_non_null(cursor);
	strbuf_init(&text, KIB(64));
	strbuf_add(&text, marked, (size_t)(cursor - marked));
	request.before_len = text.len;
	strbuf_adds(&text, cursor + 1);
	offline_seen(offline, URI, language, text.data, text.len);
	request.line = lines_count(text.data, request.before_len);
	request.before = text.data;
	request.after = text.data + request.before_len;
	request.after_len = text.len - request.before_len;
	offered = offline_complete(offline, &request, out, &verdict);
	assert_true(offered == (verdict.reason == OFFLINE_OFFERED));
	assert_true(offered == (out->len > 0));
	assert_non_null(offline_reason_name(verdict.reason));
	assert_true(offline_is_sound(offline));
	strbuf_release(&text);
	return verdict.reason;
}

/* A block that is known from elsewhere, and where it begins again. */
#define BEGUN_TABS                                                                                            \
	"static int open_it(const char *name)\n{\n\tstruct thing *first = make_thing(name, sizeof(*first));\n" \
	"\tint status = thing_open(first);\n\n\tif (failed(first)) {\n\t\t"
#define BEGUN_BLANKS                                                                                             \
	"static int open_it(const char *name)\n{\n    struct thing *first = make_thing(name, sizeof(*first));\n" \
	"    int status = thing_open(first);\n\n    if (failed(first)) {\n        "
#define BLOCK_TABS BEGUN_TABS "release(first);\n\t\treturn -1;\n\t}\n\tkeep(first);\n\treturn 0;\n}\n"
#define BLOCK_BLANKS BEGUN_BLANKS "release(first);\n        return -1;\n    }\n    keep(first);\n    return 0;\n}\n"

#define UMLAUT "gr\xC3\xB6\xC3\x9F"

static const struct {
	const char *what;
	const char *language;
	const char *seen; /* other documents, of the same language; NULL: none */
	const char *text;
	const char *offered; /* NULL: nothing; with ... at its end: that or more */
	enum offline_reason reason;
	size_t max_lines;
} cases[] = {
	{ "the rest of a line", "c", BLOCK_TABS, BEGUN_TABS "release(fi|\n", "rst);", OFFLINE_OFFERED, 1 },
	{ "several lines, after the same lines", "c", BLOCK_TABS, BEGUN_TABS "|\n", "release(first);\n\t\treturn -1;",
	  OFFLINE_OFFERED, 0 },
	{ "no more lines than allowed", "c", BLOCK_TABS, BEGUN_TABS "|\n", "release(first);", OFFLINE_OFFERED, 1 },
	{ "tabs there, blanks here", "c", BLOCK_TABS, BEGUN_BLANKS "|\n", "release(first);\n        return -1;",
	  OFFLINE_OFFERED, 2 },
	{ "blanks there, tabs here", "c", BLOCK_BLANKS, BEGUN_TABS "|\n", "release(first);\n\t\treturn -1;",
	  OFFLINE_OFFERED, 2 },
	{ "deeper than there", "c", BLOCK_BLANKS,
	  "{\n\t\tstruct thing *first = make_thing(name, sizeof(*first));\n\t\tint status = thing_open(first);\n\n"
	  "\t\tif (failed(first)) {|\n", "\n\t\t\trelease(first);", OFFLINE_OFFERED, 2 },
	{ "line ends of the document", "c", BLOCK_TABS,
	  "static int open_it(const char *name)\r\n{\r\n\tstruct thing *first = make_thing(name, sizeof(*first));\r\n"
	  "\tint status = thing_open(first);\r\n\r\n\tif (failed(first)) {|\r\n",
	  "\r\n\t\trelease(first);", OFFLINE_OFFERED, 2 },
	{ "the longest context wins", "c",
	  "x = get(alpha, one);\ny = get(alpha, one);\nz = get(alpha, one);\nstart_here(now);\n"
	  "w = get(alpha, other_thing);\n",
	  "start_here(now);\nw = get(alpha, |\n", "other_thing);", OFFLINE_OFFERED, 1 },
	{ "a word of the document", "python", NULL,
	  "first_quantity = 1\nprint(first_quantity)\nreturn_it(first_quantity)\nx = 3\ny = first_q|\n", "uantity",
	  OFFLINE_OFFERED, 1 },
	{ "beyond ASCII", "python", NULL,
	  UMLAUT "enordnung = 1\nprint(" UMLAUT "enordnung)\nzeige(" UMLAUT "enordnung)\ny = gr\xC3\xB6|\n",
	  "\xC3\x9F" "enordnung", OFFLINE_OFFERED, 1 },
	{ "the editor closed the bracket", "c", BLOCK_TABS, BEGUN_TABS "release(|)\n", "first", OFFLINE_OFFERED, 1 },
	{ "and ended the statement", "c", BLOCK_TABS, BEGUN_TABS "release(|);\n", "first", OFFLINE_OFFERED, 1 },
	{ "the rest of the line stands there", "c", BLOCK_TABS, BEGUN_TABS "release|(first);\n", NULL, OFFLINE_THERE, 1 },
	{ "the next line stands there", "c", BLOCK_TABS, BEGUN_TABS "|\n\t\trelease(first);\n", NULL, OFFLINE_THERE, 0 },
	{ "the line after the next stands there", "c", BLOCK_TABS, BEGUN_TABS "|\n\t\treturn -1;\n", "release(first);",
	  OFFLINE_OFFERED, 0 },
	{ "before the rest of a word", "c", NULL, "int compute;\nint compute;\nx = comp|ute;\n", NULL, OFFLINE_IN_WORD, 1 },
	{ "nothing like it", "c", "int f(void);\n", "zebra|\n", NULL, OFFLINE_NOTHING, 1 },
	{ "nothing at all", "c", NULL, "|", NULL, OFFLINE_NOTHING, 0 },
	{ "not its own line", "c", NULL, "zebra_crossing = zebra|\n", NULL, OFFLINE_NOTHING, 0 },
	{ "candidates disagree", "c",
	  "call(alpha);\nq();\ncall(beta);\nr();\ncall(gamma);\ns();\ncall(delta);\nt();\ncall(epsilon);\nu();\n",
	  "w();\ncall(|\n", NULL, OFFLINE_UNSURE, 1 },
	{ "only brackets", "c", NULL, "f(g(x)\n);\nh();\nf(g(x)\n);\nh();\nf(g(x)\n|\n", NULL, OFFLINE_SHORT, 1 },
	{ "no word in a comment", "c", "int remarkable_word;\nint remarkable_word;\n",
	  "int remarkable_word;\nremarkable_word = 1;\n/* a remark|\n", NULL, OFFLINE_PROSE, 1 },
	{ "but the very sentence", "c", "/* Caller must hold the lock of the table. */\nint f(void);\n",
	  "/* Caller must hold the lock of the ta|\n", "ble...", OFFLINE_OFFERED, 1 },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct offline *offline = offline_new();
		struct strbuf out;
		enum offline_reason reason;
		const char *offered = cases[i].offered ? cases[i].offered : "";
		const char *more = strstr(offered, "...");
		size_t len = more ? (size_t)(more - offered) : strlen(offered);

		strbuf_init(&out, LIMIT_COMPLETION_TEXT);
		if (cases[i].seen)
			see_others(offline, cases[i].language, cases[i].seen);
		reason = ask_at(offline, cases[i].language, cases[i].text, cases[i].max_lines, OFFLINE_LIKELY, &out);
		if (reason != cases[i].reason || strncmp(out.data, offered, len) != 0 || (!more && out.len != len))
			fail_msg("%s: %s, \"%s\"", cases[i].what, offline_reason_name(reason), out.data);
		strbuf_release(&out);
		offline_free(offline);
	}
}

/* Sure is stricter: of two ways that were gone, neither; of one that was gone again and again, that. */
static void test_levels(void **state)
{
	struct strbuf out;
	struct offline *offline = offline_new();
	size_t likely;

	(void)state;
	strbuf_init(&out, LIMIT_COMPLETION_TEXT);
	see_others(offline, "c", BLOCK_TABS);
	ask_at(offline, "c", BEGUN_TABS "|\n", 0, OFFLINE_LIKELY, &out);
	likely = out.len;
	ask_at(offline, "c", BEGUN_TABS "|\n", 0, OFFLINE_SURE, &out);
	assert_true(out.len <= likely);
	assert_true(likely > 0);
	strbuf_release(&out);
	offline_free(offline);
}

/* What was written last counts more: of two documents, the one that is open here; and within it, what is near. */
static void test_recency(void **state)
{
	static const char far[] = "a();\nvalue_of_all = 1;\nvalue_of_all = 2;\nvalue_of_all = 3;\n";
	struct strbuf out;
	struct offline *offline = offline_new();

	(void)state;
	strbuf_init(&out, LIMIT_COMPLETION_TEXT);
	offline_seen(offline, OTHER, "c", far, strlen(far));
	ask_at(offline, "c", "b();\nvalue_of_none = 1;\nvalue_of_none = 2;\nvalue_of_none = 3;\nc();\nvalue_of|\n", 1,
	       OFFLINE_LIKELY, &out);
	assert_memory_equal(out.data, "_none", 5);
	strbuf_release(&out);
	offline_free(offline);
}

/* The line being typed is no evidence, nor are half words that stood there for a moment. */
static void test_typing(void **state)
{
	struct strbuf out;
	struct offline *offline = offline_new();
	struct offline_verdict verdict;
	struct offline_request r = {
		.uri = URI, .language = "c", .line = 1, .before = "\nzebr", .before_len = 5, .after = ""
	};
	struct offline_stats empty;

	(void)state;
	strbuf_init(&out, LIMIT_COMPLETION_TEXT);
	offline_seen(offline, URI, "c", "\n", 1);
	empty = offline_stats(offline);
	for (size_t i = 1; i <= 5; i++)
		assert_true(offline_edited(offline, URI, 1, 1, "zebra", i));
	assert_int_equal(offline_stats(offline).words, empty.words);
	assert_false(offline_complete(offline, &r, &out, &verdict));
	assert_true(offline_edited(offline, URI, 1, 1, "zebra\n", 6));
	assert_int_equal(offline_stats(offline).words, empty.words + 1);
	assert_true(offline_holds(offline, URI, "\nzebra\n", 7));
	assert_true(offline_edited(offline, URI, 0, 2, NULL, 0));
	assert_true(offline_holds(offline, URI, "", 0));
	assert_int_equal(offline_stats(offline).words, 0);
	/* Lines that are not there, a document that is not known. */
	assert_false(offline_edited(offline, URI, 0, 2, "x", 1));
	assert_false(offline_edited(offline, URI, 0, 1, NULL, 0));
	assert_false(offline_edited(offline, OTHER, 0, 1, "x", 1));
	assert_true(offline_is_sound(offline));
	strbuf_release(&out);
	offline_free(offline);
}

/* Texts beyond the bound: the closed one not used for longest goes, the open ones stay. */
static void test_bound(void **state)
{
	struct offline *offline = offline_new();
	struct strbuf text;
	size_t documents = 0;
	char uri[64];

	(void)state;
	strbuf_init(&text, MIB(2));
	while (text.len < MIB(1))
		strbuf_addf(&text, "line %zu of many that are long enough to be fewer than they could be\n", text.len);
	offline_seen(offline, URI, "c", text.data, text.len);
	for (unsigned i = 0; i < 24; i++) {
		snprintf(uri, sizeof(uri), "file:///%u", i);
		offline_seen(offline, uri, "c", text.data, text.len);
		offline_closed(offline, uri);
		assert_true(offline_stats(offline).text <= LIMIT_OFFLINE_BYTES);
	}
	documents = offline_stats(offline).documents;
	assert_true(documents > 10 && documents < 17);
	assert_true(offline_holds(offline, URI, text.data, text.len));
	assert_true(offline_holds(offline, "file:///23", text.data, text.len));
	assert_false(offline_holds(offline, "file:///0", text.data, text.len));
	assert_true(offline_is_sound(offline));

	/* One too large is not known; nor is it any more after it has become too large. */
	while (text.len < LIMIT_OFFLINE_DOCUMENT)
		strbuf_addch(&text, text.len % 50 ? 'x' : '\n');
	offline_seen(offline, URI, "c", text.data, LIMIT_OFFLINE_DOCUMENT);
	assert_true(offline_edited(offline, URI, 0, 1, text.data, 4096));
	assert_false(offline_edited(offline, URI, 0, 1, "x", 1));
	offline_forget(offline, "file:///23");
	assert_false(offline_holds(offline, "file:///23", text.data, text.len));
	assert_true(offline_is_sound(offline));
	strbuf_release(&text);
	offline_free(offline);
}

/* Random edits of documents leave the engine as if it had just been told their texts. */
static void test_edits(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 40; seed++) {
		uint8_t data[3000];
		uint32_t x = seed * 2654435761u;

		for (size_t i = 0; i < sizeof(data); i++) {
			x ^= x << 13;
			x ^= x >> 17;
			x ^= x << 5;
			data[i] = (uint8_t)(x >> 8);
		}
		drive(data, sizeof(data));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases), cmocka_unit_test(test_levels), cmocka_unit_test(test_recency),
		cmocka_unit_test(test_typing), cmocka_unit_test(test_bound), cmocka_unit_test(test_edits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
