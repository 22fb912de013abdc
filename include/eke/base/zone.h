#ifndef EKE_BASE_ZONE_H
#define EKE_BASE_ZONE_H
/*
 * Time zones by their names in the tz database ("Europe/Berlin"): how far a place's clocks are from UTC at a time.
 * "UTC" and "Asia/Shanghai", which built-in plans use, are known without that database.
 *
 * The C library knows one zone at a time, the one in TZ. Setting a variable while another thread (libcurl's
 * resolver) reads the environment is a race, so the variable is put there once, by zone_init(), and only its text
 * changes from then on; outside these functions it is always the user's own.
 */
#include <stdbool.h>
#include <stdint.h>

/* Once, before any thread: main() calls it first. */
void zone_init(void);

/* Is it the name of a zone that can be worked with here? */
bool zone_is_known(const char *name);
/* Seconds east of UTC. Of an unknown zone: 0. */
int zone_offset(const char *name, int64_t unix_seconds);
/* The same of the user's own zone. */
int zone_local_offset(int64_t unix_seconds);

#endif
