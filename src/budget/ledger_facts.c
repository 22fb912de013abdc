/*
 * Each transaction begins by reading the facts (salt, clock, doubt), because another process may have begun a new file
 * since the last one, and brings the dates of the rows in line with a clock that was set.
 */
#include "ledger_private.h"

#include <stdio.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/log.h"

/* A wall clock that is corrected little by little is no step. */
#define STEP_MS 2000

void ledger_put_fact(struct ledger *ledger, const char *name, int64_t value)
{
	store_start(ledger->open, SQL_PUT_FACT);
	store_put_text(ledger->open, name);
	store_put_int(ledger->open, value);
	store_run(ledger->open);
}

void ledger_put_fact_text(struct ledger *ledger, const char *name, const char *value)
{
	store_start(ledger->open, SQL_PUT_FACT);
	store_put_text(ledger->open, name);
	store_put_text(ledger->open, value);
	store_run(ledger->open);
}

static void put_salt(struct ledger *ledger)
{
	store_start(ledger->open, SQL_PUT_FACT);
	store_put_text(ledger->open, "salt");
	store_put_blob(ledger->open, ledger->salt, sizeof(ledger->salt));
	store_run(ledger->open);
}

void ledger_read_facts(struct ledger *ledger, struct ledger_clock *clock)
{
	ledger->has_salt = false;
	ledger->known_since = 0;
	ledger->tidied_at = 0;
	ledger->local_only_since = 0;
	ledger->has_met = false;
	*clock = (struct ledger_clock){ .known = false };
	store_start(ledger->open, SQL_FACTS);
	while (store_next(ledger->open)) {
		const char *name = store_text(ledger->open, 0);
		size_t len;

		if (!strcmp(name, "salt")) {
			const void *salt = store_blob(ledger->open, 1, &len);

			ledger->has_salt = len == sizeof(ledger->salt);
			if (ledger->has_salt)
				memcpy(ledger->salt, salt, len);
		} else if (!strcmp(name, "boot")) {
			const char *id = store_text(ledger->open, 1);

			snprintf(clock->boot_id, sizeof(clock->boot_id), "%s", id ? id : "");
		} else if (!strcmp(name, "clock")) {
			clock->offset = store_int(ledger->open, 1);
			clock->known = true;
		} else if (!strcmp(name, "known_since")) {
			ledger->known_since = store_int(ledger->open, 1);
		} else if (!strcmp(name, "tidied_at")) {
			ledger->tidied_at = store_int(ledger->open, 1);
		} else if (!strcmp(name, "alone_since")) {
			ledger->local_only_since = store_int(ledger->open, 1);
		} else if (!strcmp(name, "shared_salt")) {
			ledger->has_met = true;
		}
	}
}

static void write_clock(struct ledger *ledger, int64_t offset)
{
	store_start(ledger->open, SQL_PUT_FACT);
	store_put_text(ledger->open, "boot");
	store_put_text(ledger->open, clock_boot_id());
	store_run(ledger->open);
	ledger_put_fact(ledger, "clock", offset);
}

static void run_with(struct ledger *ledger, enum ledger_statement statement, int64_t value)
{
	store_start(ledger->open, statement);
	store_put_int(ledger->open, value);
	store_run(ledger->open);
}

static void shift_dates(struct ledger *ledger, int64_t step)
{
	log_info("the clock was set %s by %lld s: the ledger of requests follows", step < 0 ? "back" : "forward",
		(long long)(step < 0 ? -step : step) / 1000);
	for (unsigned s = SQL_SHIFT_REQUESTS; s <= SQL_SHIFT_FACTS; s++)
		run_with(ledger, s, step);
}

/* What is dated in the future, by a clock that was wrong then or is now, happened now at the latest. */
static void clamp_dates(struct ledger *ledger)
{
	for (unsigned s = SQL_CLAMP_REQUESTS; s <= SQL_CLAMP_FACTS; s++) {
		store_start(ledger->open, s);
		store_put_int(ledger->open, ledger->now);
		if (s == SQL_CLAMP_COOLDOWNS)
			store_put_int(ledger->open, ledger->now + (int64_t)LIMIT_RETRY_SECONDS * 1000);
		store_run(ledger->open);
	}
}

/*
 * Brings the dates of the open store in line with the clock. Where nothing may be written, ledger->shift says by how
 * much they are off. Returns the step.
 */
static int64_t settle_clock(struct ledger *ledger, const struct ledger_clock *was, enum store_mode mode)
{
	const char *boot = clock_boot_id();
	int64_t offset = ledger->now - clock_boot_ms();
	bool same_start = was->known && boot && !strcmp(boot, was->boot_id);
	int64_t step = same_start ? offset - was->offset : 0;

	ledger->shift = 0;
	if (same_start && step <= STEP_MS && step >= -STEP_MS)
		return 0;
	if (mode == STORE_READ) {
		ledger->shift = step;
		return step;
	}
	if (same_start)
		shift_dates(ledger, step);
	else
		clamp_dates(ledger);
	/* Without a clock of the start each transaction clamps, and there is nothing to keep. */
	if (boot)
		write_clock(ledger, offset);
	return step;
}

void ledger_take_up(struct ledger *ledger, enum store_mode mode)
{
	struct ledger_clock clock;
	int64_t step;

	ledger->now = clock_wall_ms();
	ledger_read_facts(ledger, &clock);
	step = settle_clock(ledger, &clock, mode);
	if (ledger->known_since > 0)
		ledger->known_since += step;
	if (ledger->local_only_since > 0)
		ledger->local_only_since += step;
	if (ledger->known_since < 0 && mode == STORE_WRITE) {
		ledger->known_since = ledger->now;
		ledger_put_fact(ledger, "known_since", ledger->known_since);
	}
	if (mode == STORE_READ || ledger->has_salt)
		return;
	key_random(ledger->salt, sizeof(ledger->salt));
	ledger->has_salt = true;
	put_salt(ledger);
}
