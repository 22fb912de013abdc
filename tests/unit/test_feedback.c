/*
 * The rhythm of the typing, and whether suggestions are followed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"

#include "../../src/complete/feedback.h"

static void test_rhythm(void **state)
{
	struct feedback *h = feedback_new();
	int64_t now = 1000;

	(void)state;
	assert_int_equal(feedback_gap_ms(h), 0);
	for (int i = 0; i < 100; i++)
		feedback_keystroke(h, now += 120);
	assert_in_range(feedback_gap_ms(h), 119, 121);
	/* Neither pauses nor what the editor does by itself. */
	feedback_keystroke(h, now += 60000);
	feedback_keystroke(h, now += 2);
	assert_in_range(feedback_gap_ms(h), 119, 121);
	for (int i = 0; i < 100; i++)
		feedback_keystroke(h, now += 300);
	assert_in_range(feedback_gap_ms(h), 295, 300);
	feedback_free(h);
}

/* A suggestion is offered behind "x = "; then the document has `typed` there. */
static void test_outcomes(void **state)
{
	static const struct {
		const char *offered;
		const char *typed; /* NULL: the cursor went back */
		unsigned rejected; /* from 1 */
	} table[] = {
		{ "compute(a, b);", "", 1 },
		{ "compute(a, b);", "comp", 1 },
		{ "compute(a, b);", "compute(a, b);", 0 },
		{ "compute(a, b);", "compute(a, b);\n\tnext", 0 },
		{ "compute(a, b);", "d", 2 },
		{ "compute(a, b);", "compx", 2 },
		/* Most of it was taken. */
		{ "compute(a, b);", "compute(a, c", 0 },
		{ "compute(a, b);", NULL, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct feedback *h = feedback_new();
		struct doc_feedback *doc = feedback_of_doc(h, "file:///a.c");
		char before[128];

		doc_feedback_rejected(doc);
		doc_feedback_offer(doc, 4, 0, table[i].offered, strlen(table[i].offered));
		snprintf(before, sizeof(before), "x = %s", table[i].typed ? table[i].typed : "");
		doc_feedback_observe(doc, table[i].typed ? strlen(before) : 2, before, strlen(before));
		if (doc->rejected != table[i].rejected)
			fail_msg("[%s] offered, [%s] typed: %u", table[i].offered, table[i].typed ? table[i].typed : "back",
				doc->rejected);
		feedback_free(h);
	}
}

static void test_lines(void **state)
{
	struct feedback *h = feedback_new();
	struct doc_feedback *doc = feedback_of_doc(h, "file:///a.c");

	(void)state;
	assert_int_equal(doc_feedback_requests_on(doc, 0), 0);
	doc_feedback_requested(doc, 7);
	doc_feedback_requested(doc, 7);
	assert_int_equal(doc_feedback_requests_on(doc, 7), 2);
	assert_int_equal(doc_feedback_requests_on(doc, 8), 0);
	doc_feedback_requested(doc, 8);
	assert_int_equal(doc_feedback_requests_on(doc, 8), 1);
	assert_int_equal(doc_feedback_requests_on(doc, 7), 0);
	feedback_free(h);
}

/* As many documents as there is room for, and the least recently used one goes. */
static void test_bound(void **state)
{
	struct feedback *h = feedback_new();
	char uri[32];

	(void)state;
	assert_null(feedback_latest(h));
	for (int i = 0; i < LIMIT_FEEDBACK_DOCUMENTS; i++) {
		snprintf(uri, sizeof(uri), "file:///%d", i);
		doc_feedback_rejected(feedback_of_doc(h, uri));
	}
	assert_int_equal(feedback_of_doc(h, "file:///0")->rejected, 1);
	assert_string_equal(feedback_latest(h)->uri, "file:///0");
	feedback_of_doc(h, "file:///new");
	assert_int_equal(feedback_of_doc(h, "file:///0")->rejected, 1);
	assert_int_equal(feedback_of_doc(h, "file:///1")->rejected, 0);
	feedback_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rhythm),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
