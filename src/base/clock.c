/*
 * The two clocks, and the switch by which tests hold them still.
 */
#include "eke/base/clock.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool fake;
static int64_t fake_wall;
static int64_t fake_mono;
static int64_t fake_step;
static const char *fake_boot_id = "test";

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

const char *clock_boot_id(void)
{
#ifdef __linux__
	static char id[64];
	int fd;

	if (fake)
		return fake_boot_id;
	if (id[0])
		return id;
	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		ssize_t n = read(fd, id, sizeof(id) - 1);

		id[n > 0 ? n : 0] = '\0';
		id[strcspn(id, "\n")] = '\0';
		close(fd);
	}
	return id[0] ? id : NULL;
#else
	return fake ? fake_boot_id : NULL;
#endif
}

int64_t clock_boot_ms(void)
{
	if (fake)
		return fake_boot_id ? fake_wall - fake_step : 0;
#ifdef __linux__
	return read_ms(CLOCK_BOOTTIME);
#else
	return 0;
#endif
}

void clock_set_step_for_test(const char *boot_id, int64_t step_ms)
{
	fake_boot_id = boot_id;
	fake_step = step_ms;
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
	fake_step = 0;
	fake_boot_id = "test";
}
