/*
 * The two clocks, and the switch by which tests hold them still.
 */
#include "eke/base/clock.h"

#include <stdbool.h>
#include <time.h>

static bool fake;
static int64_t fake_wall;
static int64_t fake_mono;

static int64_t read_ms(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void)
{
	return fake ? fake_wall : read_ms(CLOCK_REALTIME);
}

int64_t clock_mono_ms(void)
{
	return fake ? fake_mono : read_ms(CLOCK_MONOTONIC);
}

void clock_set_for_test(int64_t wall_ms, int64_t mono_ms)
{
	fake = true;
	fake_wall = wall_ms;
	fake_mono = mono_ms;
}

void clock_unset_for_test(void)
{
	fake = false;
}

void clock_rfc3339(int64_t unix_seconds, char *out, size_t size)
{
	time_t t = (time_t)unix_seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm))
		out[0] = '\0';
}
