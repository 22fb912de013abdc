/*
 * Which refusals stand, for whom, and until when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/upstream/refusals.h"

#define NOW INT64_C(1700000000)

static struct err err_of(enum err_kind kind, int status, int64_t retry_at)
{
	struct err err;

	err_set(&err, kind, "refused with %d", status);
	err.http_status = status;
	err.retry_at = retry_at;
	return err;
}

/* After so many in a row, of the model "m". */
static const struct {
	enum err_kind kind;
	int status;
	bool quota;
	int64_t wait;
	int times;
	bool same, other; /* does it stand for m, for another model? */
} cases[] = {
	{ ERR_AUTH, 401, false, 0, 1, true, true },
	{ ERR_AUTH, 400, false, 0, 1, true, true },
	{ ERR_FORBIDDEN, 402, false, 0, 1, true, true },
	{ ERR_BUDGET, 429, true, 0, 1, true, true },
	{ ERR_FORBIDDEN, 403, false, 0, 1, true, false },
	{ ERR_UPSTREAM, 404, false, 0, 1, true, false },
	/* Perhaps the request's own fault: not at once. */
	{ ERR_UPSTREAM, 400, false, 0, 2, false, false },
	{ ERR_UPSTREAM, 400, false, 0, 3, true, false },
	{ ERR_UPSTREAM, 422, false, 0, 3, true, false },
	/* What passes, and what the budget keeps. */
	{ ERR_BUDGET, 429, false, 60, 3, false, false },
	{ ERR_PROMPT_TOO_LONG, 400, false, 0, 3, false, false },
	{ ERR_TIMEOUT, 408, false, 0, 3, false, false },
	{ ERR_UPSTREAM, 500, false, 0, 3, false, false },
	{ ERR_UPSTREAM, 503, false, 0, 3, false, false },
	{ ERR_NETWORK, 0, false, 0, 3, false, false },
	{ ERR_PROTOCOL, 200, false, 0, 3, false, false },
	/* Until then. */
	{ ERR_UPSTREAM, 503, false, 30, 1, true, false },
	{ ERR_UPSTREAM, 503, false, -30, 1, false, false },
};

static void test_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct refusals r = { .count = 0 };
		struct err err = err_of(cases[i].kind, cases[i].status, cases[i].wait ? NOW + cases[i].wait : 0);

		for (int n = 0; n < cases[i].times; n++)
			refusals_note(&r, "m", &err, cases[i].quota);
		print_message("# case %zu\n", i);
		assert_int_equal(refusals_find(&r, "m", NOW) != NULL, cases[i].same);
		assert_int_equal(refusals_find(&r, "n", NOW) != NULL, cases[i].other);
		if (cases[i].wait > 0)
			assert_null(refusals_find(&r, "m", NOW + cases[i].wait));
		refusals_end(&r, "m");
		assert_null(refusals_find(&r, "m", NOW));
		refusals_release(&r);
	}
}

static void test_many(void **state)
{
	struct refusals r = { .count = 0 };
	struct err gone = err_of(ERR_UPSTREAM, 404, 0);
	char model[] = "a";

	(void)state;
	for (; model[0] <= 'z'; model[0]++)
		assert_true(refusals_note(&r, model, &gone, false));
	assert_non_null(refusals_find(&r, "z", NOW));
	assert_null(refusals_find(&r, "a", NOW));
	refusals_end(&r, "y");
	assert_non_null(refusals_find(&r, "z", NOW));
	refusals_end_all(&r);
	assert_null(refusals_find(&r, "z", NOW));
	refusals_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("refusals", tests, NULL, NULL);
}
