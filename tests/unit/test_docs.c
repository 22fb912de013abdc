/* text/docs: the life of documents, limits included. */
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
#include "eke/text/buffer.h"
#include "eke/text/docs.h"

#define URI "file:///x/a.c"
#define EMOJI "\xF0\x9F\x98\x80"

static enum docs_result open_text(struct docs *docs, const char *uri, int64_t version, const char *text)
{
	return docs_open(docs, uri, "c", version, text, strlen(text));
}

static enum docs_result change_all(struct docs *docs, const char *uri, int64_t version, const char *text)
{
	struct doc_edit edit = { .text = text, .len = strlen(text) };

	return docs_change(docs, uri, version, &edit, 1);
}

static void assert_text(const struct docs *docs, const char *uri, const char *text)
{
	struct doc *doc = docs_find(docs, uri);

	assert_non_null(doc);
	assert_true(doc_is_kept(doc));
	assert_true(text_buffer_equals(doc_text(doc), text, strlen(text)));
}

#define EDIT(l1, c1, l2, c2, s) { true, { { l1, c1 }, { l2, c2 } }, s, sizeof(s) - 1 }
#define WHOLE(s) { .text = s, .len = sizeof(s) - 1 }

static void test_changes(void **state)
{
	static const struct {
		const char *text;
		enum position_encoding encoding;
		size_t count;
		struct doc_edit edits[4];
		const char *result;
	} cases[] = {
		{ "one\ntwo\n", POSITION_UTF16, 1, { EDIT(1, 0, 1, 3, "2") }, "one\n2\n" },
		/* each on the result of the one before */
		{ "abc", POSITION_UTF16, 3, { EDIT(0, 3, 0, 3, "\nd"), EDIT(1, 1, 1, 1, "e"), EDIT(0, 0, 0, 1, "") },
		  "bc\nde" },
		{ "abc", POSITION_UTF16, 2, { WHOLE("x\ny"), EDIT(1, 0, 1, 0, "-") }, "x\n-y" },
		{ "abc", POSITION_UTF16, 2, { EDIT(0, 0, 0, 3, ""), EDIT(0, 0, 0, 0, "z") }, "z" },
		/* reversed */
		{ "abcd", POSITION_UTF16, 1, { EDIT(0, 3, 0, 1, "-") }, "a-d" },
		/* clamped */
		{ "ab\ncd", POSITION_UTF16, 1, { EDIT(0, 99, 99, 0, "!") }, "ab!" },
		{ "ab", POSITION_UTF16, 1, { EDIT(7, 7, 7, 7, "!") }, "ab!" },
		{ "a" EMOJI "b", POSITION_UTF16, 1, { EDIT(0, 1, 0, 3, "") }, "ab" },
		{ "a" EMOJI "b", POSITION_UTF8, 1, { EDIT(0, 1, 0, 5, "") }, "ab" },
		{ "a" EMOJI "b", POSITION_UTF16, 1, { EDIT(0, 2, 0, 2, "-") }, "a-" EMOJI "b" },
		{ "a\r\nb", POSITION_UTF16, 1, { EDIT(0, 1, 1, 0, "") }, "ab" },
		{ "a", POSITION_UTF16, 0, { WHOLE("") }, "a" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct docs *docs = docs_new();

		docs_set_encoding(docs, cases[i].encoding);
		assert_int_equal(docs_encoding(docs), cases[i].encoding);
		assert_int_equal(open_text(docs, URI, 1, cases[i].text), DOCS_OK);
		assert_int_equal(docs_change(docs, URI, 2, cases[i].edits, cases[i].count), DOCS_OK);
		assert_text(docs, URI, cases[i].result);
		assert_int_equal(docs_bytes(docs), strlen(cases[i].result));
		docs_free(docs);
	}
}

static void test_life(void **state)
{
	struct docs *docs = docs_new();
	struct doc *doc;
	uint64_t first;

	(void)state;
	assert_null(docs_find(docs, URI));
	assert_null(docs_first(docs));
	assert_int_equal(change_all(docs, URI, 1, "x"), DOCS_UNKNOWN);
	assert_int_equal(docs_close(docs, URI), DOCS_UNKNOWN);
	assert_int_equal(docs_save(docs, URI, NULL, 0), DOCS_UNKNOWN);
	assert_int_equal(docs_lose(docs, URI), DOCS_UNKNOWN);

	assert_int_equal(open_text(docs, URI, 3, "text"), DOCS_OK);
	doc = docs_find(docs, URI);
	assert_string_equal(doc_uri(doc), URI);
	assert_string_equal(doc_language(doc), "c");
	assert_int_equal(doc_version(doc), 3);
	first = doc_revision(doc);

	assert_int_equal(docs_save(docs, URI, "text", 4), DOCS_OK);
	assert_true(doc_revision(doc) == first);
	assert_int_equal(docs_save(docs, URI, "trimmed", 7), DOCS_OK);
	assert_true(doc_revision(doc) != first);
	assert_text(docs, URI, "trimmed");

	assert_int_equal(docs_open(docs, doc_uri(doc), "cpp", 1, "again", 5), DOCS_REOPENED);
	assert_int_equal(docs_count(docs), 1);
	assert_string_equal(doc_language(docs_find(docs, URI)), "cpp");
	assert_text(docs, URI, "again");

	assert_int_equal(docs_close(docs, URI), DOCS_OK);
	assert_int_equal(docs_count(docs), 0);
	assert_int_equal(docs_bytes(docs), 0);
	open_text(docs, URI, 1, "text");
	assert_true(doc_revision(docs_find(docs, URI)) > first); /* not taken for the text it had before */
	docs_free(docs);
}

static void test_versions(void **state)
{
	static const struct {
		int64_t version;
		enum docs_result result;
		int64_t after;
	} cases[] = {
		{ 6, DOCS_OK, 6 },
		{ 60, DOCS_OK, 60 }, /* a gap */
		{ 60, DOCS_OLD_VERSION, 60 },
		{ 7, DOCS_OLD_VERSION, 7 },
		{ DOC_NO_VERSION, DOCS_OK, 7 },
		{ 8, DOCS_OK, 8 },
	};
	struct docs *docs = docs_new();
	char text[2] = "a";

	(void)state;
	open_text(docs, URI, 5, "");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++, text[0]++) {
		assert_int_equal(change_all(docs, URI, cases[i].version, text), cases[i].result);
		assert_int_equal(doc_version(docs_find(docs, URI)), cases[i].after);
		assert_text(docs, URI, text); /* applied all the same */
	}
	docs_free(docs);
}

static void test_spellings(void **state)
{
	struct docs *docs = docs_new();

	(void)state;
	open_text(docs, "file:///c%3A/x/(a).c", 1, "windows");
	assert_text(docs, "file:///C:/x/%28a%29.c", "windows");
	assert_string_equal(doc_uri(docs_find(docs, "file:///C:/x/(a).c")), "file:///c%3A/x/(a).c");
	open_text(docs, "untitled:Untitled-1", 1, "new");
	assert_text(docs, "untitled:Untitled-1", "new");
	assert_null(docs_find(docs, "untitled:Untitled-2"));
	docs_free(docs);
}

static void test_order_of_use(void **state)
{
	struct docs *docs = docs_new();
	struct doc *doc;
	char order[8] = "";

	(void)state;
	open_text(docs, "x:a", 1, "");
	open_text(docs, "x:b", 1, "");
	open_text(docs, "x:c", 1, "");
	open_text(docs, "x:d", 1, "");
	change_all(docs, "x:b", 2, "!");
	docs_touch(docs, docs_find(docs, "x:a"));
	docs_touch(docs, docs_find(docs, "x:a"));
	docs_close(docs, "x:c");
	doc = docs_first(docs);
	for (size_t i = 0; doc; doc = doc_next(doc), i++)
		order[i] = doc_uri(doc)[2];
	assert_string_equal(order, "abd");
	docs_free(docs);
}

static void test_too_large(void **state)
{
	struct docs *docs = docs_new();
	char *text = xmalloc(LIMIT_DOCUMENT + 1);
	struct doc_edit one = { .has_range = true, .text = "x", .len = 1 };
	struct doc_edit back[] = { one, { .text = "small", .len = 5 } };
	struct doc *doc;
	uint64_t revision;

	(void)state;
	memset(text, 'x', LIMIT_DOCUMENT + 1);
	assert_int_equal(docs_open(docs, URI, "c", 1, text, LIMIT_DOCUMENT + 1), DOCS_NOT_KEPT);
	doc = docs_find(docs, URI);
	assert_false(doc_is_kept(doc));
	assert_null(doc_text(doc));
	assert_int_equal(docs_change(docs, URI, 2, &one, 1), DOCS_OK);
	assert_int_equal(doc_version(doc), 2);
	assert_int_equal(change_all(docs, URI, 3, "small"), DOCS_OK);
	assert_text(docs, URI, "small");

	/* over the limit by an edit, and back within one message */
	assert_int_equal(docs_open(docs, URI, "c", 4, text, LIMIT_DOCUMENT), DOCS_REOPENED);
	revision = doc_revision(doc);
	assert_int_equal(docs_change(docs, URI, 5, &one, 1), DOCS_NOT_KEPT);
	assert_false(doc_is_kept(doc));
	assert_true(doc_revision(doc) != revision);
	assert_int_equal(docs_bytes(docs), 0);
	assert_int_equal(docs_change(docs, URI, 6, &one, 1), DOCS_OK);
	assert_int_equal(docs_change(docs, URI, 7, back, 2), DOCS_OK);
	assert_text(docs, URI, "small");

	assert_int_equal(docs_lose(docs, URI), DOCS_NOT_KEPT);
	assert_false(doc_is_kept(doc));
	assert_int_equal(docs_save(docs, URI, "saved", 5), DOCS_OK);
	assert_text(docs, URI, "saved");

	/* all of them together */
	for (size_t i = 0; i < LIMIT_DOCUMENTS_BYTES / LIMIT_DOCUMENT; i++) {
		bool fits = docs_bytes(docs) + LIMIT_DOCUMENT <= LIMIT_DOCUMENTS_BYTES;
		char uri[32];

		snprintf(uri, sizeof(uri), "x:%zu", i);
		assert_int_equal(docs_open(docs, uri, "c", 1, text, LIMIT_DOCUMENT), fits ? DOCS_OK : DOCS_NOT_KEPT);
	}
	assert_true(docs_bytes(docs) <= LIMIT_DOCUMENTS_BYTES);
	assert_false(doc_is_kept(docs_first(docs)));
	free(text);
	docs_free(docs);
}

static void test_too_many(void **state)
{
	struct docs *docs = docs_new();
	char *uri = xmalloc(LIMIT_URI + 2);

	(void)state;
	for (int i = 0; i < LIMIT_DOCUMENTS_KNOWN; i++) {
		snprintf(uri, LIMIT_URI, "file:///dir/%d.c", i);
		assert_int_equal(open_text(docs, uri, 1, "t"), i < LIMIT_DOCUMENTS ? DOCS_OK : DOCS_NOT_KEPT);
	}
	assert_int_equal(open_text(docs, "file:///one/more", 1, "t"), DOCS_REFUSED);
	assert_int_equal(change_all(docs, "file:///dir/5000.c", 2, "u"), DOCS_OK);
	assert_false(doc_is_kept(docs_find(docs, "file:///dir/5000.c")));
	assert_int_equal(docs_close(docs, "file:///dir/7.c"), DOCS_OK);
	assert_int_equal(change_all(docs, "file:///dir/5000.c", 3, "v"), DOCS_OK);
	assert_text(docs, "file:///dir/5000.c", "v");
	assert_int_equal(docs_count(docs), LIMIT_DOCUMENTS_KNOWN - 1);

	memset(uri, 'x', LIMIT_URI + 1);
	uri[LIMIT_URI + 1] = '\0';
	assert_int_equal(open_text(docs, uri, 1, "t"), DOCS_REFUSED);
	assert_null(docs_find(docs, uri));
	free(uri);
	docs_free(docs);
}

static void test_language_is_cut(void **state)
{
	struct docs *docs = docs_new();
	char language[2 * LIMIT_LANGUAGE_ID];

	(void)state;
	memset(language, 'x', sizeof(language));
	language[sizeof(language) - 1] = '\0';
	docs_open(docs, URI, language, 1, "", 0);
	assert_int_equal(strlen(doc_language(docs_find(docs, URI))), LIMIT_LANGUAGE_ID);
	docs_free(docs);
}

/* --- the observer --- */

struct events {
	struct docs_event last;
	size_t count;
	size_t len; /* of the text at the last one; SIZE_MAX: none */
};

static void note_event(void *ctx, const struct docs_event *event)
{
	struct events *events = ctx;

	events->last = *event;
	events->len = doc_text(event->doc) ? text_buffer_len(doc_text(event->doc)) : SIZE_MAX;
	events->count++;
}

/* One call for each edit, with the lines that are others afterwards. */
static void test_observed_edits(void **state)
{
	static const struct {
		const char *text;
		struct doc_edit edit;
		enum docs_event_kind kind;
		size_t first;
		size_t old_last;
		size_t new_last;
	} cases[] = {
		{ "one\ntwo\nthree", EDIT(1, 3, 1, 3, "x"), DOCS_EDITED, 1, 1, 1 },
		{ "one\ntwo\nthree", EDIT(1, 3, 1, 3, "\n"), DOCS_EDITED, 1, 1, 2 },
		{ "one\ntwo\nthree", EDIT(0, 3, 2, 0, ""), DOCS_EDITED, 0, 2, 0 },
		{ "one\ntwo\nthree", EDIT(2, 0, 0, 1, "a\nb\nc\nd"), DOCS_EDITED, 0, 2, 3 },
		{ "one\ntwo\nthree", WHOLE("x"), DOCS_WHOLE, 0, 0, 0 },
		{ "", EDIT(0, 0, 0, 0, "x"), DOCS_EDITED, 0, 0, 0 },
		/* line ends of two characters, made and unmade */
		{ "a\r\nb", EDIT(0, 1, 1, 0, "\r"), DOCS_EDITED, 0, 1, 1 },
		{ "a\nb", EDIT(0, 1, 0, 1, "\r"), DOCS_EDITED, 0, 0, 0 },
		{ "a\rx\nb", EDIT(1, 0, 1, 1, ""), DOCS_EDITED, 1, 1, 0 },
		{ "a\rb", EDIT(1, 0, 1, 0, "\n"), DOCS_EDITED, 1, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct docs *docs = docs_new();
		struct events events = { .count = 0 };

		open_text(docs, URI, 1, cases[i].text);
		docs_observe(docs, note_event, &events);
		assert_int_equal(docs_change(docs, URI, 2, &cases[i].edit, 1), DOCS_OK);
		assert_int_equal(events.count, 1);
		assert_int_equal(events.last.kind, cases[i].kind);
		assert_true(events.last.doc == docs_find(docs, URI));
		assert_int_equal(events.last.first_line, cases[i].first);
		assert_int_equal(events.last.old_last_line, cases[i].old_last);
		assert_int_equal(events.last.new_last_line, cases[i].new_last);
		docs_free(docs);
	}
}

static void test_observed_life(void **state)
{
	struct docs *docs = docs_new();
	struct events events = { .count = 0 };
	struct doc_edit edits[] = { EDIT(0, 0, 0, 0, "a"), EDIT(0, 1, 0, 1, "b"), WHOLE("xyz") };

	(void)state;
	docs_observe(docs, note_event, &events);
	open_text(docs, URI, 1, "text");
	assert_int_equal(events.last.kind, DOCS_WHOLE);
	assert_int_equal(events.len, 4);
	docs_change(docs, URI, 2, edits, ARRAY_LEN(edits));
	assert_int_equal(events.count, 4);
	assert_int_equal(events.len, 3);
	docs_save(docs, URI, "xyz", 3); /* what there is: nothing changed */
	assert_int_equal(events.count, 4);
	docs_save(docs, URI, "xy", 2);
	assert_int_equal(events.last.kind, DOCS_WHOLE);
	docs_lose(docs, URI);
	assert_int_equal(events.last.kind, DOCS_LOST);
	assert_int_equal(events.len, SIZE_MAX);
	docs_lose(docs, URI);
	docs_change(docs, URI, 3, edits, 1);
	assert_int_equal(events.count, 6);
	docs_change(docs, URI, 4, &edits[2], 1);
	assert_int_equal(events.last.kind, DOCS_WHOLE);
	docs_close(docs, URI);
	assert_int_equal(events.last.kind, DOCS_CLOSED);
	assert_int_equal(events.len, 3);
	assert_int_equal(events.count, 8);
	docs_observe(docs, NULL, NULL);
	open_text(docs, URI, 1, "text");
	assert_int_equal(events.count, 8);
	docs_free(docs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_observed_edits), cmocka_unit_test(test_observed_life),
		cmocka_unit_test(test_changes),   cmocka_unit_test(test_life),
		cmocka_unit_test(test_versions),  cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_too_large), cmocka_unit_test(test_order_of_use),
		cmocka_unit_test(test_too_many),  cmocka_unit_test(test_language_is_cut),
	};

	docs_free(NULL);
	return cmocka_run_group_tests_name("text/docs", tests, NULL, NULL);
}
