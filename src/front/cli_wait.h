#ifndef EKE_FRONT_CLI_WAIT_H
#define EKE_FRONT_CLI_WAIT_H
/*
 * A sign of life on a terminal while nothing is printed: "waiting for the answer, 3 s".
 */
#include <stdbool.h>

#include "eke/io/loop.h"

struct cli_wait;

/* Begins to count; shown after a moment, and each second. */
struct cli_wait *cli_wait_new(struct loop *loop);
/* NULL is allowed. */
void cli_wait_free(struct cli_wait *wait);
/* The model thinks, which is not shown. */
void cli_wait_thinks(struct cli_wait *wait);
/* Something else is shown from now on. */
void cli_wait_end(struct cli_wait *wait);
/* Once more, as new. */
void cli_wait_begin(struct cli_wait *wait);

#endif
