/*
 * How long an editor waits for eke: from posix_spawn() to the answer to `initialize`. The baseline is what a
 * program that links libcurl takes to print its first line, `curl --version`: by the same spawner, in turns, so
 * that both meet the same machine.
 */
#include "rig.h"

#define RUNS 60
#define WARM_UP 5

static double spawn_eke(void)
{
	const char *argv[] = { rig_eke(), "serve", NULL };
	struct rig rig;
	int64_t start;
	int64_t id;
	double took;

	rig_init(&rig);
	start = bench_now();
	rig_spawn(&rig, argv);
	id = rig_request(&rig, "initialize", "{\"processId\":null,\"capabilities\":{}}");
	took = (double)(rig_answer(&rig, id).at - start);
	rig_stop(&rig);
	return took;
}

static double spawn_curl(void)
{
	static const char *const argv[] = { "curl", "--version", NULL };
	struct rig rig;
	int64_t start;
	double took;

	rig_init(&rig);
	start = bench_now();
	rig_spawn(&rig, argv);
	if (!rig_read(rig.from, &rig.in) || rig.in.len < 5 || memcmp(rig.in.data, "curl ", 5))
		bench_die("curl --version does not say its version");
	took = (double)(bench_now() - start);
	rig_stop(&rig);
	return took;
}

int main(void)
{
	double eke[RUNS];
	double curl[RUNS];

	for (int i = -WARM_UP; i < RUNS; i++) {
		double a = spawn_eke();
		double b = spawn_curl();

		if (i < 0)
			continue;
		eke[i] = a / 1e6;
		curl[i] = b / 1e6;
	}
	figure_tell(&(struct figure){ .key = "spawn", .what = "spawn to initialize's answer", .unit = "ms",
				      .measured = bench_median(eke, RUNS), .baseline_name = "curl --version",
				      .baseline = bench_median(curl, RUNS), .kind = GOAL_RATIO, .goal = 1.0 });
	return 0;
}
