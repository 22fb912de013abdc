/* text/diff: whatever two texts are, the edits make one of the other, and are as few lines as can be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/base/utf.h"
#include "eke/text/diff.h"

struct pair {
	const char *old;
	const char *new;
	const char *edits; /* "start-end:text|", in order */
};

static void tell(const struct pair *p, const struct diff_edit *edits, size_t count, struct strbuf *out)
{
	for (size_t i = 0; i < count; i++)
		strbuf_addf(out, "%zu-%zu:%.*s|", edits[i].start, edits[i].end, (int)(edits[i].new_end - edits[i].new_start),
			p->new + edits[i].new_start);
}

static void test_edits(void **state)
{
	static const struct pair pairs[] = {
		{ "", "", "" },
		{ "a\nb\n", "a\nb\n", "" },
		{ "", "a\n", "0-0:a\n|" },
		{ "a\n", "", "0-2:|" },
		{ "a\nb\nc\n", "a\nB\nc\n", "2-3:B|" },
		{ "a\nb\nc\n", "a\nc\n", "2-4:|" },
		{ "a\nb\nc", "a\nx\nb\nc", "2-2:x\n|" },
		{ "a\nb", "a\nb\n", "3-3:\n|" },
		{ "1\n2\n3\n4\n5\n", "1\nzwei\n3\nvier\n5\n", "2-3:zwei|6-7:vier|" },
		/* what both begin with reaches into what both end with */
		{ "x\nx\n", "x\nx\nx\n", "4-4:x\n|" },
		{ "x\nx\nx\n", "x\nx\n", "4-6:|" },
		/* a character, and a line end, stay whole */
		{ "caf\xC3\xA9\n", "caf\xC3\xA8\n", "3-5:\xC3\xA8|" },
		{ "a\r\nb\r\n", "a\rb\r\n", "1-3:\r|" },
		{ "a\rb\rc", "a\rB\rc", "2-3:B|" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		const struct pair *p = &pairs[i];
		size_t count;
		struct diff_edit *edits = diff_texts(p->old, strlen(p->old), p->new, strlen(p->new), &count);
		struct strbuf told;

		strbuf_init(&told, 1000);
		tell(p, edits, count, &told);
		if (strcmp(told.data, p->edits))
			fail_msg("pair %zu: %s instead of %s", i, told.data, p->edits);
		strbuf_release(&told);
		free(edits);
	}
}

/* --- random texts --- */

#define LINES 14

struct text {
	const char *line[LINES];
	size_t count;
	struct strbuf text;
};

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

/* Few different lines, so that many are the same; the last one may have no end. */
static void make(struct text *t, uint32_t *seed)
{
	static const char *const words[] = { "a\n", "b\n", "ab\n", "\n", "\xC3\xA9\r\n", "\xC3\xA8\r\n" };

	t->count = next_random(seed) % LINES;
	strbuf_init(&t->text, 1000);
	for (size_t i = 0; i < t->count; i++) {
		t->line[i] = words[next_random(seed) % ARRAY_LEN(words)];
		if (i + 1 == t->count && next_random(seed) % 2)
			t->line[i] = "b";
		strbuf_adds(&t->text, t->line[i]);
	}
}

/* Lines that both have, in order, at most: by the table of the textbooks. */
static size_t common_lines(const struct text *a, const struct text *b)
{
	size_t best[LINES + 1][LINES + 1] = { { 0 } };

	for (size_t i = a->count; i-- > 0;) {
		for (size_t j = b->count; j-- > 0;) {
			size_t skip = best[i + 1][j] > best[i][j + 1] ? best[i + 1][j] : best[i][j + 1];

			best[i][j] = strcmp(a->line[i], b->line[j]) ? skip : best[i + 1][j + 1] + 1;
		}
	}
	return best[0][0];
}

/* Lines of the text that [start, end) touches. */
static size_t lines_touched(const struct text *t, size_t start, size_t end)
{
	size_t touched = 0;
	size_t at = 0;

	for (size_t i = 0; i < t->count; i++) {
		size_t next = at + strlen(t->line[i]);

		touched += start < next && end > at;
		at = next;
	}
	return touched;
}

static void check(const struct text *a, const struct text *b)
{
	size_t count;
	struct diff_edit *edits = diff_texts(a->text.data, a->text.len, b->text.data, b->text.len, &count);
	struct strbuf made;
	size_t at = 0;
	size_t gone = 0;

	strbuf_init(&made, 1000);
	for (size_t i = 0; i < count; i++) {
		const struct diff_edit *e = &edits[i];

		assert_true(e->start >= at && (!i || e->start > at) && e->end >= e->start && e->end <= a->text.len);
		assert_true(e->end > e->start || e->new_end > e->new_start);
		assert_true(utf8_is_boundary(a->text.data, a->text.len, e->start) &&
			utf8_is_boundary(a->text.data, a->text.len, e->end));
		assert_false(e->start && a->text.data[e->start - 1] == '\r' && a->text.data[e->start] == '\n');
		strbuf_add(&made, a->text.data + at, e->start - at);
		strbuf_add(&made, b->text.data + e->new_start, e->new_end - e->new_start);
		gone += lines_touched(a, e->start, e->end);
		at = e->end;
	}
	strbuf_add(&made, a->text.data + at, a->text.len - at);
	assert_string_equal(made.data, b->text.data);
	assert_true(gone <= a->count - common_lines(a, b));
	strbuf_release(&made);
	free(edits);
}

static void test_random(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct text a;
		struct text b;

		make(&a, &seed);
		make(&b, &seed);
		check(&a, &b);
		strbuf_release(&a.text);
		strbuf_release(&b.text);
	}
}

/* Too much differs: one replacement, of what differs alone. */
static void test_too_much(void **state)
{
	struct strbuf old;
	struct strbuf new;
	struct diff_edit *edits;
	size_t count;

	(void)state;
	strbuf_init(&old, KIB(256));
	strbuf_init(&new, KIB(256));
	strbuf_adds(&old, "first\n");
	strbuf_adds(&new, "first\n");
	for (int i = 0; i <= LIMIT_DIFF_STEPS; i++) {
		strbuf_addf(&old, "old %d\n", i);
		strbuf_addf(&new, "new %d\n", i);
	}
	strbuf_adds(&old, "last\n");
	strbuf_adds(&new, "last\n");
	edits = diff_texts(old.data, old.len, new.data, new.len, &count);
	assert_int_equal(count, 1);
	assert_int_equal(edits[0].start, strlen("first\n"));
	assert_int_equal(old.len - edits[0].end, strlen(" 1000\nlast\n"));
	free(edits);
	strbuf_release(&old);
	strbuf_release(&new);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
