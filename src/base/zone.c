/*
 * Zones by way of the C library: its tables are the well-kept ones, and reading them again here (they end in a
 * little language of rules) would be a second copy of them. The state is the text of TZ, which belongs to the
 * environment for the life of the process, and the last answers.
 */
#include "eke/base/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "eke/base/attrs.h"

/* The longest names of the database have some 32 bytes. */
#define NAME_MAX_BYTES 63
/* A user's own TZ may be a whole rule. A longer one is left alone, and only the zones below are known. */
#define USER_MAX_BYTES 255
/* Offsets change on quarters of an hour at the finest. */
#define QUARTER 900
#define CACHED 4

static struct {
	bool ready;
	bool fixed_only;
	char users[USER_MAX_BYTES + 1];
	char variable[3 + USER_MAX_BYTES + 1]; /* "TZ=…", in the environment */
	struct {
		char name[NAME_MAX_BYTES + 1];
		int64_t quarter;
		int offset;
	} cache[CACHED];
	unsigned next;
} zones;

/* Where there is no database. China has had no summer time since 1991. */
static const struct {
	const char *name;
	int offset;
} fixed[] = { { "UTC", 0 }, { "Asia/Shanghai", 8 * 3600 } };

static void set_variable(const char *prefix, const char *text)
{
	snprintf(zones.variable + 3, sizeof(zones.variable) - 3, "%s%s", prefix, text);
	tzset();
}

void zone_init(void)
{
	const char *value = getenv("TZ");

	if (zones.ready)
		return;
	zones.ready = true;
	if (value && strlen(value) > USER_MAX_BYTES) {
		zones.fixed_only = true;
		return;
	}
	/* What the library takes where TZ is not set; an empty one would mean UTC. */
	snprintf(zones.users, sizeof(zones.users), "%s", value ? value : ":/etc/localtime");
	memcpy(zones.variable, "TZ=", 3);
	set_variable("", zones.users);
	putenv(zones.variable);
}

static bool is_name(const char *name)
{
	size_t len = strlen(name);

	return len && len <= NAME_MAX_BYTES && name[0] != '/' && name[0] != '.' && !strstr(name, "..") &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-_/.") == len;
}

static bool has_table(const char *dir, const char *name)
{
	char path[USER_MAX_BYTES + NAME_MAX_BYTES + 2];
	char magic[4];
	FILE *file;
	bool ok;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
		return false;
	file = fopen(path, "rbe");
	if (!file)
		return false;
	ok = fread(magic, 1, sizeof(magic), file) == sizeof(magic) && !memcmp(magic, "TZif", sizeof(magic));
	fclose(file);
	return ok;
}

/* Will the C library find it? */
static bool is_in_database(const char *name)
{
	static const char *const dirs[] = { "/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo",
					    "/etc/zoneinfo" };
	const char *own = getenv("TZDIR");

	if (!is_name(name))
		return false;
	if (own && *own)
		return has_table(own, name);
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		if (has_table(dirs[i], name))
			return true;
	return false;
}

static bool find_fixed(const char *name, int *offset)
{
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
		if (strcmp(fixed[i].name, name))
			continue;
		*offset = fixed[i].offset;
		return true;
	}
	return false;
}

bool zone_is_known(const char *name)
{
	int offset;

	zone_init();
	return find_fixed(name, &offset) || (!zones.fixed_only && is_in_database(name));
}

int zone_local_offset(int64_t unix_seconds)
{
	time_t t = (time_t)unix_seconds;
	struct tm tm;

	zone_init();
	tzset();
	return localtime_r(&t, &tm) ? (int)tm.tm_gmtoff : 0;
}

static int look_up(const char *name, int64_t unix_seconds)
{
	int offset = 0;

	if (zones.fixed_only || !is_in_database(name)) {
		find_fixed(name, &offset);
		return offset;
	}
	set_variable(":", name);
	offset = zone_local_offset(unix_seconds);
	set_variable("", zones.users);
	return offset;
}

int zone_offset(const char *name, int64_t unix_seconds)
{
	int64_t quarter = unix_seconds / QUARTER - (unix_seconds % QUARTER < 0);

	zone_init();
	if (!strcmp(name, "UTC") || strlen(name) > NAME_MAX_BYTES)
		return 0;
	for (size_t i = 0; i < CACHED; i++)
		if (zones.cache[i].quarter == quarter && !strcmp(zones.cache[i].name, name))
			return zones.cache[i].offset;
	zones.next = (zones.next + 1) % CACHED;
	snprintf(zones.cache[zones.next].name, sizeof(zones.cache[0].name), "%s", name);
	zones.cache[zones.next].quarter = quarter;
	zones.cache[zones.next].offset = look_up(name, unix_seconds);
	return zones.cache[zones.next].offset;
}
