/*
 * How long an editor waits for eke: from posix_spawn() to the answer to `initialize`. The baseline is what a
 * program that links libcurl takes to print its first line, `curl --version`: by the same spawner, in turns, so
 * that both meet the same machine.
 *
 * portable: the program in BENCH_EKE, beside a relay that links nothing but the C library (plain_relay.c).
 */
#include "rig.h"

#define RUNS 60
#define WARM_UP 5

static double spawn_server(const char *program)
{
	const char *argv[] = { program, "serve", NULL };
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

static double spawn_relay(void)
{
	return spawn_server("build/bench/plain_relay");
}

int main(int argc, char **argv)
{
	bool portable = argc == 2 && !strcmp(argv[1], "portable");
	double (*other)(void) = portable ? spawn_relay : spawn_curl;
	double eke[RUNS];
	double base[RUNS];

	for (int i = -WARM_UP; i < RUNS; i++) {
		double a = spawn_server(rig_eke());
		double b = other();

		if (i < 0)
			continue;
		eke[i] = a / 1e6;
		base[i] = b / 1e6;
	}
	if (portable) {
		figure_tell(&(struct figure){ .key = "spawn-portable", .what = "the same of build/portable/eke", .unit = "ms",
					      .measured = bench_median(eke, RUNS), .baseline_name = "a relay in C alone",
					      .baseline = bench_median(base, RUNS), .kind = GOAL_RATIO, .goal = 1.6 });
		return 0;
	}
	figure_tell(&(struct figure){ .key = "spawn", .what = "spawn to initialize's answer", .unit = "ms",
				      .measured = bench_median(eke, RUNS), .baseline_name = "curl --version",
				      .baseline = bench_median(base, RUNS), .kind = GOAL_RATIO, .goal = 1.0 });
	return 0;
}
