/*
 * The list of spares that the processes of a machine share: answers of the shared ledger that they write down in
 * another order than they were given, what goes, and what belongs to a ledger that is gone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/budget/outbox.h"
#include "../../src/budget/replica.h"
#include "../../src/budget/spares.h"
#include "eke/base/clock.h"
#include "eke/base/zone.h"
#include "eke/budget/ledger.h"
#include "state_dir.h"

static const struct account account = { .service = "s", .plan = "p" };
static struct ledger *ledger;

static int setup(void **state)
{
	(void)state;
	state_dir_begin();
	ledger = ledger_new();
	outbox_enable(ledger, true);
	assert_int_equal(ledger_begin(ledger, STORE_WRITE), STORE_OK);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(ledger_commit(ledger), STORE_OK);
	ledger_free(ledger);
	state_dir_end();
	return 0;
}

static void put(const uint64_t *ids, size_t count, int64_t version)
{
	spares_put(ledger, &account, "m", ids, count, clock_wall_ms() + SPARE_MS, version);
}

static void test_order(void **state)
{
	static const uint64_t three[] = { 1, 2, 3 };

	(void)state;
	assert_int_equal(spares_version(ledger, &account, "m"), 0);
	put(three, 1, 20);
	/* An older answer, which another process writes down later; its own clock may be another. */
	spares_put(ledger, &account, "m", three, 3, clock_wall_ms() + 2 * SPARE_MS, 10);
	assert_int_equal(spares_count(ledger, &account, "m"), 1);
	assert_int_equal(spares_version(ledger, &account, "m"), 20);
	put(three, 3, 30);
	assert_int_equal(spares_count(ledger, &account, "m"), 3);
	assert_int_equal(spares_version(ledger, &account, "m"), 30);
	assert_int_equal(spares_count(ledger, &account, "other"), 0);
}

/* What is no longer among them is given back; what was sent is none any more. */
static void test_given_back(void **state)
{
	static const uint64_t three[] = { 1, 2, 3 };

	(void)state;
	put(three, 3, 1);
	assert_int_equal(spares_take(ledger, &account, "m"), 3);
	put(three, 1, 2);
	assert_true(outbox_has_removal(ledger, 2));
	assert_false(outbox_has_removal(ledger, 1));
	/* It was sent, and who sent it tells. */
	assert_false(outbox_has_removal(ledger, 3));
	outbox_add_removal(ledger, 3);
	put(three, 3, 3);
	assert_int_equal(spares_take(ledger, &account, "m"), 1);
	assert_int_equal(spares_take(ledger, &account, "m"), 0);
}

/* Who heard of spares in a ledger that was lost meanwhile does not write them down. */
static void test_lost_ledger(void **state)
{
	static const char old[SHARED_SALT_SIZE] = "00000000000000000000000000000000";
	static const char new[SHARED_SALT_SIZE] = "11111111111111111111111111111111";
	static const uint64_t ids[] = { 1, 2 };
	struct replica_identity identity;

	(void)state;
	assert_false(replica_knows(ledger, old));
	replica_read_identity(ledger, &identity);
	replica_meet(ledger, old, &identity);
	assert_true(replica_knows(ledger, old));
	put(ids, 2, 5);
	replica_meet(ledger, new, &identity);
	assert_false(replica_knows(ledger, old));
	assert_true(replica_knows(ledger, new));
	assert_int_equal(spares_count(ledger, &account, "m"), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_order), TEST(test_given_back), TEST(test_lost_ledger) };

	zone_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
