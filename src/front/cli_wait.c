/*
 * Shows for how long the answer has been waited for. What is printed meanwhile takes the line away (terminal.h); it
 * comes back with the next second, unless the wait is over.
 */
#include "cli_wait.h"

#include <stdio.h>
#include <stdlib.h>

#include "eke/base/clock.h"
#include "eke/base/mem.h"
#include "eke/front/terminal.h"

/* Answers that begin sooner need none. */
#define STEP_MS 1000

struct cli_wait {
	struct timer *timer;
	int64_t since;
	bool thinks;
};

static void on_step(void *ctx)
{
	struct cli_wait *wait = ctx;
	char words[64];

	snprintf(words, sizeof(words), "%s, %lld s", wait->thinks ? "the model is thinking" : "waiting for the answer",
		 (long long)(clock_mono_ms() - wait->since + STEP_MS / 2) / 1000);
	terminal_show_wait(words);
	timer_start(wait->timer, STEP_MS);
}

struct cli_wait *cli_wait_new(struct loop *loop)
{
	struct cli_wait *wait = xcalloc(1, sizeof(*wait));

	wait->timer = timer_new(loop, on_step, wait);
	cli_wait_begin(wait);
	return wait;
}

void cli_wait_begin(struct cli_wait *wait)
{
	wait->since = clock_mono_ms();
	wait->thinks = false;
	timer_start(wait->timer, STEP_MS);
}

void cli_wait_free(struct cli_wait *wait)
{
	if (!wait)
		return;
	cli_wait_end(wait);
	timer_free(wait->timer);
	free(wait);
}

void cli_wait_thinks(struct cli_wait *wait)
{
	wait->thinks = true;
}

void cli_wait_end(struct cli_wait *wait)
{
	timer_stop(wait->timer);
	terminal_hide_wait();
}
