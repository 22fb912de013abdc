#ifndef EKE_BASE_CLOCK_H
#define EKE_BASE_CLOCK_H
/*
 * Time, which tests can set. Wall time is for what a user or a ledger sees; monotonic time is for durations.
 */
#include <stddef.h>
#include <stdint.h>

/* Milliseconds since the Unix epoch. */
int64_t clock_wall_ms(void);
/* Milliseconds of a clock that never steps. */
int64_t clock_mono_ms(void);
/*
 * What tells a step of the wall clock (somebody sets it) from time that passed: a clock that runs from the machine's
 * start on, sleep included, and never steps, and the name of that start. Within one start the difference of the two
 * clocks stays the same. NULL and 0 where the system has no such thing.
 */
const char *clock_boot_id(void);
int64_t clock_boot_ms(void);

/* In tests: both clocks stand at these values until moved again. The clock of the start moves with the wall's. */
void clock_set_for_test(int64_t wall_ms, int64_t mono_ms);
/* By how much the wall clock was stepped since the start of that name; NULL: a system that has none. */
void clock_set_step_for_test(const char *boot_id, int64_t step_ms);
void clock_unset_for_test(void);

#endif
