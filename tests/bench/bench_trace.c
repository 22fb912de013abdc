/*
 * The trace player: what a completion client spends and shows while files are typed at human speed, eke's own engine
 * beside the policies of its peers, with the same typist, editor, model and provider. And the measured problem
 * (trace_problem.h). All in simulated time, and the same at every run.
 *
 *     bench_trace [--markdown] [--problem] [--only KEY] [--seed N] [--verbose] [--requests]
 *
 * Without an option it prints tables, and goals as tests/bench/bench.h has them. --markdown: the tables for the README.
 * --problem: that alone. --only: of the policies this one (eke, fixed-75, continue, adaptive, llama-vim, clairvoyant).
 * --verbose: counts of each run, and --requests: each request, on standard error.
 */
#include <stdbool.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "bench.h"
#include "trace_corpus.h"
#include "trace_problem.h"
#include "trace_rhythm.h"

/* People differ: as many, and the worst of them counts. */
#define PROBLEM_TYPISTS 20
#define PROVIDER_LIMIT 60

enum mode {
	MODE_COUNTED,   /* 60 an hour, everything is typed */
	MODE_UNLIMITED, /* no limit, likewise */
	MODE_ACCEPTING, /* 60 an hour, right suggestions are taken */
	MODES
};

static const struct trace_client_kind *const policies[] = {
	&trace_eke, &trace_fixed_75, &trace_continue, &trace_tabby, &trace_llama_vim, &trace_ideal,
};
static const struct trace_client_kind *const problem_policies[] = {
	&trace_eke,      &trace_every_key, &trace_fixed_75,  &trace_fixed_150,
	&trace_continue, &trace_tabby,     &trace_llama_vim,
};
static const double model_shares[] = { 1.0, 0.7, 0.4 };

#define POLICIES ARRAY_LEN(policies)
#define MODELS ARRAY_LEN(model_shares)

struct options {
	bool markdown, problem, verbose, requests;
	const char *only;
	uint64_t seed;
};

static struct trace_result results[POLICIES][MODELS][MODES];

static bool is_wanted(const struct options *o, const struct trace_client_kind *kind)
{
	return !o->only || !strcmp(o->only, kind->key);
}

static double percent(size_t part, size_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0.0;
}

static double per_thousand(size_t part, size_t whole)
{
	return 10.0 * percent(part, whole);
}

static double per_request(const struct trace_result *r)
{
	return r->net.sent ? (double)r->accepted / (double)r->net.sent : 0.0;
}

/* --- the traces --- */

static struct trace_settings settings_of(const struct options *o, double right, enum mode mode)
{
	return (struct trace_settings){
		.seed = o->seed,
		.right = right,
		.net = { .seed = o->seed,
			 .latency_ms = 320,
			 .sigma = 0.3,
			 .latency_min_ms = 200,
			 .latency_max_ms = 600,
			 .tokens_per_second = 60,
			 .limit = mode == MODE_UNLIMITED ? 0 : PROVIDER_LIMIT },
		.counted = mode != MODE_UNLIMITED,
		.pace = RHYTHM_AVERAGE,
		.mistakes = true,
		.second_thoughts = true,
		.accepts = mode == MODE_ACCEPTING,
	};
}

static void tell_details(const struct trace_client_kind *kind, double right, enum mode mode,
			 const struct trace_result *r, double seconds)
{
	static const char *const modes[] = { "60 an hour", "unlimited", "accepting" };

	fprintf(stderr,
		"%s, model %.0f%%, %s: %zu keys in %.2f h; %zu sent, of them %zu refused, %zu aborted, %zu about a text that "
		"the typist does not mean, %zu about another place than the cursor's; %zu held back by its budget; right %zu "
		"of %zu, and %zu where the model now is not; wrong %zu; %zu accepted; ranges %zu, late %zu; %.2f s\n",
		kind->key, 100.0 * right, modes[mode], r->keys, r->hours, r->net.sent, r->net.refused, r->net.aborted,
		r->net.lost, r->net.ahead, r->client.refused_by_budget, r->right, r->model_right, r->right_anyway, r->wrong,
		r->accepts, r->client.wrong_ranges, r->client.late_answers, seconds);
}

static void run_all(const struct options *o, const struct trace_corpus *corpus)
{
	for (size_t p = 0; p < POLICIES; p++) {
		for (size_t m = 0; m < MODELS && is_wanted(o, policies[p]); m++) {
			for (enum mode mode = 0; mode < MODES; mode++) {
				struct trace_settings settings = settings_of(o, model_shares[m], mode);
				int64_t start = bench_now();

				settings.net.log = o->requests ? stderr : NULL;
				if (policies[p] == &trace_ideal)
					settings.net = (struct sim_net_settings){ .limit = settings.net.limit,
								       .log = settings.net.log };
				results[p][m][mode] = trace_run(policies[p], corpus->files, corpus->count, &settings);
				if (o->verbose)
					tell_details(policies[p], model_shares[m], mode, &results[p][m][mode],
						     (double)(bench_now() - start) / 1e9);
			}
		}
	}
}

static const struct trace_result *any_result(const struct options *o)
{
	for (size_t p = 0; p < POLICIES; p++)
		if (is_wanted(o, policies[p]))
			return &results[p][0][MODE_COUNTED];
	bench_die("there is no policy \"%s\"", o->only);
}

static void print_subject(const struct options *o, const struct trace_corpus *corpus)
{
	const struct trace_result *r = any_result(o);

	printf("%zu keys of %zu files (%.0f kB), typed in %.1f simulated hours, %.0f keys a minute: ", r->keys,
	       corpus->count, (double)corpus->bytes / 1000.0, r->hours, (double)r->keys / r->hours / 60.0);
	for (size_t i = 0; i < corpus->count; i++)
		printf("%s%s", i ? ", " : "", corpus->paths[i]);
	printf(".\n");
}

static void print_row(const struct options *o, size_t p, size_t m)
{
	const struct trace_result *r = &results[p][m][MODE_COUNTED];
	const struct trace_result *u = &results[p][m][MODE_UNLIMITED];

	printf(o->markdown ? "| %s | %zu | %.1f | %zu | %.1f %% | %.1f | %.1f | %zu | %.1f | %.1f %% |\n" :
			     "%-46s  %8zu %8.1f %8zu  %7.1f%% %8.1f  %9.1f  %8zu %8.1f %7.1f%%\n",
	       policies[p]->name, r->net.sent, per_thousand(r->net.sent, r->keys), r->net.refused,
	       percent(r->right, r->model_right), per_thousand(r->wrong, r->keys),
	       per_request(&results[p][m][MODE_ACCEPTING]), u->net.sent, per_thousand(u->net.sent, u->keys),
	       percent(u->right, u->model_right));
}

static void print_traces(const struct options *o)
{
	const struct trace_result *any = any_result(o);

	for (size_t m = 0; m < MODELS; m++) {
		const struct trace_result *r = any + m * MODES;

		printf("\n%sA model that is right in %.0f%% of its answers (after %.1f%% of the keys)%s\n",
		       o->markdown ? "**" : "", 100.0 * model_shares[m], percent(r->model_right, r->keys),
		       o->markdown ? "**\n" : "");
		if (o->markdown)
			printf("| at 60 requests an hour | requests | per 1000 keys | refused (429) | right on screen | "
			       "wrong per 1000 keys | characters accepted per request | unlimited: requests | per 1000 keys | "
			       "right on screen |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
		else
			printf("%-46s  %8s %8s %8s  %8s %8s  %9s  %8s %8s %8s\n", "at 60 requests an hour", "requests",
			       "/1000", "refused", "right", "wrong/k", "chars/rq", "unlim.", "/1000", "right");
		for (size_t p = 0; p < POLICIES; p++)
			if (is_wanted(o, policies[p]))
				print_row(o, p, m);
	}
}

/* --- the measured problem --- */

static void print_problem(const struct options *o)
{
	printf("\n%s%d keys, three right lines after 200 ms, the request taken back at every key%s\n",
	       o->markdown ? "**" : "", TRACE_PROBLEM_KEYS, o->markdown ? "**\n" : "");
	printf(o->markdown ? "| %s | %s | %s | %s | %s |\n|---|--:|--:|--:|--:|\n" : "%-46s  %9s %9s  %9s %9s\n", "",
	       "steady: requests", "right", "human: requests", "right");
	for (size_t p = 0; p < ARRAY_LEN(problem_policies); p++) {
		struct trace_result steady;
		struct trace_result human;

		if (!is_wanted(o, problem_policies[p]))
			continue;
		steady = trace_problem(problem_policies[p], TRACE_PROBLEM_STEADY_MS, o->seed);
		human = trace_problem(problem_policies[p], 0, o->seed);
		printf(o->markdown ? "| %s | %zu | %zu | %zu | %zu |\n" : "%-46s  %16zu %9zu  %15zu %9zu\n",
		       problem_policies[p]->name, steady.net.sent, steady.right, human.net.sent, human.right);
	}
}

static void tell_problem_goals(void)
{
	struct trace_result steady = trace_problem(&trace_eke, TRACE_PROBLEM_STEADY_MS, 1);
	size_t most = 0;
	size_t fewest = TRACE_PROBLEM_KEYS;
	struct figure f[4];

	for (uint64_t seed = 1; seed <= PROBLEM_TYPISTS; seed++) {
		struct trace_result r = trace_problem(&trace_eke, 0, seed);

		most = r.net.sent > most ? r.net.sent : most;
		fewest = r.right < fewest ? r.right : fewest;
	}
	f[0] = (struct figure){ "problem-steady-requests", "300 keys, one every 120 ms: requests", "",
				(double)steady.net.sent, NULL, 0, GOAL_MAX, TRACE_PROBLEM_REQUESTS_MAX };
	f[1] = (struct figure){ "problem-steady-right", "  keys with a right suggestion", "", (double)steady.right, NULL, 0,
				GOAL_MIN, TRACE_PROBLEM_RIGHT_MIN };
	f[2] = (struct figure){ "problem-human-requests", "300 keys, human, the worst of 20: requests", "", (double)most,
				NULL, 0, GOAL_MAX, TRACE_PROBLEM_REQUESTS_MAX };
	f[3] = (struct figure){ "problem-human-right", "  keys with a right suggestion", "", (double)fewest, NULL, 0,
				GOAL_MIN, TRACE_PROBLEM_RIGHT_MIN };
	for (size_t i = 0; i < ARRAY_LEN(f); i++)
		figure_tell(&f[i]);
}

/* --- goals --- */

static void tell_right_share(size_t m)
{
	const struct trace_result *r = &results[0][m][MODE_COUNTED];
	char key[32];
	char what[64];
	struct figure f = { .key = key, .what = what, .unit = "%", .kind = GOAL_MIN, .goal = 80 };

	snprintf(key, sizeof(key), "trace-right-%.0f", 100.0 * model_shares[m]);
	snprintf(what, sizeof(what), "right on screen at 60/h, model right %.0f%%", 100.0 * model_shares[m]);
	f.measured = percent(r->right, r->model_right);
	figure_tell(&f);
}

static void tell_ratio(const char *key, const char *what, enum mode mode)
{
	struct figure f = { .key = key,
			    .what = what,
			    .unit = "",
			    .measured = (double)results[0][0][mode].net.sent,
			    .baseline_name = "75 ms debounce",
			    .baseline = (double)results[1][0][mode].net.sent,
			    .kind = GOAL_RATIO,
			    .goal = 0.1 };

	figure_tell(&f);
}

static void tell_goals(void)
{
	size_t refused = 0;
	size_t ranges = 0;
	struct figure f;

	for (size_t m = 0; m < MODELS; m++) {
		tell_right_share(m);
		for (enum mode mode = 0; mode < MODES; mode++) {
			const struct trace_result *r = &results[0][m][mode];

			refused += r->net.refused;
			ranges += r->client.wrong_ranges + r->client.late_answers;
		}
	}
	tell_ratio("trace-requests", "requests at 60/h", MODE_COUNTED);
	tell_ratio("trace-requests-unlimited", "requests without a limit", MODE_UNLIMITED);
	f = (struct figure){ "trace-exhausted", "requests sent while exhausted", "", (double)refused, NULL, 0, GOAL_MAX,
			       0 };
	figure_tell(&f);
	f = (struct figure){ "trace-ranges", "wrong ranges", "", (double)ranges, NULL, 0, GOAL_MAX, 0 };
	figure_tell(&f);
}

static struct options read_options(int argc, char **argv)
{
	struct options o = { .seed = 1 };

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--markdown"))
			o.markdown = true;
		else if (!strcmp(argv[i], "--problem"))
			o.problem = true;
		else if (!strcmp(argv[i], "--verbose"))
			o.verbose = true;
		else if (!strcmp(argv[i], "--requests"))
			o.requests = true;
		else if (!strcmp(argv[i], "--only") && i + 1 < argc)
			o.only = argv[++i];
		else if (!strcmp(argv[i], "--seed") && i + 1 < argc)
			o.seed = strtoull(argv[++i], NULL, 10);
		else
			bench_die("usage: bench_trace [--markdown] [--problem] [--only KEY] [--seed N] [--verbose] "
				  "[--requests]");
	}
	return o;
}

int main(int argc, char **argv)
{
	struct options o = read_options(argc, argv);
	struct trace_corpus corpus;

	if (!o.problem) {
		trace_corpus_load(&corpus);
		run_all(&o, &corpus);
		print_subject(&o, &corpus);
		print_traces(&o);
		trace_corpus_release(&corpus);
	}
	print_problem(&o);
	if (o.markdown)
		return 0;
	if (!o.only && !o.problem)
		tell_goals();
	if (!o.only || !strcmp(o.only, trace_eke.key))
		tell_problem_goals();
	return 0;
}
